package controltest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

// laws holds a fixture to the laws of the design that need no second control: 1, 2 and 4.
func (f *fixture) laws(t *testing.T) {
	before := f.judge(f.set)
	needs := f.control.Needs()
	for i, r := range f.set.Responses {
		for how, without := range takeAway(f.set, i) {
			after := f.judge(without)
			what := fmt.Sprintf("%s %s/%s %s, taken away as %s", r.Operation, r.Account, r.Region, r.About(), how)
			if !slices.Contains(needs, r.Operation) {
				if diff := cmp.Diff(before.lines, after.lines); diff != "" {
					t.Errorf("law 2: %s, which the control does not name, changes (-with +without):\n%s", what, diff)
				}
				continue
			}
			for _, broken := range lawOne(before, after) {
				t.Errorf("law 1: %s: %s", what, broken)
			}
		}
	}
	f.orderDoesNotMatter(t, before)
}

// takeAway yields the set without response i, in each way in which a response can be missing.
func takeAway(set *responses.Set, i int) map[string]*responses.Set {
	change := func(do func(r *responses.Response)) *responses.Set {
		s := &responses.Set{Source: set.Source, Scope: scopeOf(set), Responses: slices.Clone(set.Responses)}
		do(&s.Responses[i])
		return s
	}
	ways := map[string]*responses.Set{
		"denied": change(func(r *responses.Response) { r.Outcome, r.Code, r.Pages = operation.Denied, "AccessDenied", nil }),
		"failed": change(func(r *responses.Response) { r.Outcome, r.Code, r.Pages = operation.Failed, "InternalFailure", nil }),
	}
	gone := &responses.Set{Source: set.Source, Scope: scopeOf(set), Responses: slices.Delete(slices.Clone(set.Responses), i, i+1)}
	ways["not tried"] = gone
	if n := len(set.Responses[i].Pages); n > 1 {
		ways["last page throttled"] = change(func(r *responses.Response) {
			r.Outcome, r.Code, r.Pages = operation.Throttled, "Throttling", r.Pages[:n-1]
		})
	}
	return ways
}

// scopeOf keeps the accounts in scope that a set shows, so that taking the last response of one away does not hide it.
func scopeOf(set *responses.Set) responses.Scope {
	scope := set.Scope
	for _, r := range set.Responses {
		if !slices.Contains(scope.Accounts, r.Account) {
			scope.Accounts = append(scope.Accounts, r.Account)
		}
	}
	return scope
}

// lawOne says how taking something away did more than make subjects unknown.
func lawOne(before, after outcome) []string {
	var broken []string
	unknown := slices.Contains(slices.Collect(maps.Values(after.subjects)), "unknown")
	for _, subject := range slices.Sorted(maps.Keys(after.subjects)) {
		was, is := before.subjects[subject], after.subjects[subject]
		if is != "unknown" && is != was {
			broken = append(broken, fmt.Sprintf("%s was %q and is now %q", subject, was, is))
		}
	}
	for _, subject := range slices.Sorted(maps.Keys(before.subjects)) {
		if _, still := after.subjects[subject]; !still && !unknown {
			broken = append(broken, fmt.Sprintf("%s is gone and nothing is unknown", subject))
		}
	}
	if after.verdict != before.verdict && after.verdict != "unknown" {
		broken = append(broken, fmt.Sprintf("the verdict was %q and is now %q", before.verdict, after.verdict))
	}
	return broken
}

// orderDoesNotMatter is law 4: whatever order the collector worked in, a resource seen twice and an unrelated account
// change nothing.
func (f *fixture) orderDoesNotMatter(t *testing.T, before outcome) {
	shuffled := &responses.Set{Source: f.set.Source, Scope: f.set.Scope, Responses: slices.Clone(f.set.Responses)}
	shuffled.Responses = append(shuffled.Responses, f.set.Responses...)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled.Responses), func(i, j int) {
		shuffled.Responses[i], shuffled.Responses[j] = shuffled.Responses[j], shuffled.Responses[i]
	})
	if diff := cmp.Diff(before.lines, f.judge(shuffled).lines); diff != "" {
		t.Errorf("law 4: responses in another order and seen twice change (-before +after):\n%s", diff)
	}
	const stranger = "999999999999"
	more := &responses.Set{Source: f.set.Source, Scope: f.set.Scope, Responses: slices.Clone(f.set.Responses)}
	empty := empty(f.control, stranger)
	more.Responses = append(more.Responses, empty.Responses...)
	var lines []string
	for _, line := range f.judge(more).lines {
		if !strings.Contains(line, stranger) {
			lines = append(lines, line)
		}
	}
	if diff := cmp.Diff(before.lines, lines); diff != "" {
		t.Errorf("law 4: an unrelated account changes (-before +after):\n%s", diff)
	}
}

// empty is an account in which everything was read and nothing is there.
func empty(c *control.Control, account string) *responses.Set {
	set := &responses.Set{}
	for _, region := range []string{estate.Global, "us-east-1"} {
		set.Responses = append(set.Responses, responses.Response{Account: account, Region: region, Operation: "sts:GetCallerIdentity", Outcome: operation.OK})
	}
	return complete(c, set, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
}

// nothing is law 3: nothing read, everything unknown (or not declared, which no reading would change); everything read and
// nothing there, nothing to judge. A control
// that judges accounts or Regions themselves has those as subjects.
func nothing(t *testing.T, c *control.Control) {
	s, file, err := suite(c, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{control: c, suite: s, declared: file}
	for _, set := range []*responses.Set{{}, {Scope: responses.Scope{Accounts: []string{"111122223333"}}}} {
		if got := f.judge(set); got.verdict != "unknown" && got.verdict != "not declared" {
			t.Errorf("law 3: with nothing read (scope %v) the verdict is %q, want unknown: %v", set.Scope, got.verdict, got.lines)
		}
	}
	got := f.judge(empty(c, "111122223333"))
	if len(got.lines) == 0 && got.verdict != "nothing to judge" && got.verdict != "not declared" {
		t.Errorf("law 3: with everything read and nothing there the verdict is %q, want nothing to judge", got.verdict)
	}
	for _, line := range got.lines {
		subject, _, _ := strings.Cut(line, " by ")
		if !strings.HasSuffix(subject, " 111122223333") && !strings.HasSuffix(subject, " 111122223333/us-east-1") {
			t.Errorf("law 3: with everything read and nothing there it says %q", line)
		}
	}
}

// everyNeedMatters is the converse part of law 2: for each operation that the control names there is a fixture in which
// taking it away makes something unknown.
func everyNeedMatters(t *testing.T, c *control.Control, fixtures []*fixture) {
	for _, id := range slices.Concat(c.Lists, c.Reads) {
		matters := slices.ContainsFunc(fixtures, func(f *fixture) bool {
			before := f.judge(f.set)
			for i, r := range f.set.Responses {
				if r.Operation != id {
					continue
				}
				after := f.judge(takeAway(f.set, i)["denied"])
				for subject, verdict := range after.subjects {
					if verdict == "unknown" && before.subjects[subject] != "unknown" {
						return true
					}
				}
			}
			return false
		})
		if !matters {
			t.Errorf("law 2: no fixture of %s becomes unknown without %s: add one, or do not name it", c.ID, id)
		}
	}
}
