// Package controltest runs a control over fixtures: small estates written down as what the AWS CLI prints, each with the
// verdicts that are expected. It produces test results from testdata/<control id>/*.txtar, and promises that every
// fixture also keeps the laws of the design: whatever one response is taken away, a subject keeps its verdict or becomes
// unknown.
//
// A fixture is a txtar archive. Its comment says what is expected, a line each, as
//
//	# why this case matters: the story, or the mistake of a scanner
//	now 2026-11-23T12:00:00Z
//	claim no rule admits the internet on 8080
//	holds   vol-1
//	broken  vol-2 by volume/vol-2
//	unknown 111122223333/us-east-1
//	verdict broken
//
// Lines that start with # are for people. "now" is the time of all responses; without it, 2026-11-23T12:00:00Z. "claim" asks that sentence instead of
// the one the control asks by itself; "practice" asks as the practice does although the claims file has claims of the control. A subject is named by its id, or, where it is a place that could not be read, by account/Region; "by"
// names the key of the cause, and a subject with two causes has two lines. "nothing" alone says that there is no subject. "declared" reads the member onus.yaml as
// the claims file, and the member receipts.json holds receipts that were verified. "verdict" is the claim's. Every subject must be named: one that is not is a failure.
//
// Members are responses, ACCOUNT/REGION/SERVICE/COMMAND[--Parameter=VALUE].json, in the CLI's own shape or as its error
// text. Accounts and Regions in scope are those of the members. Whatever else the control needs there is answered with
// "there is nothing" where it is a listing, and was not tried where it is about one resource; a member holding the word
// "unread" takes a listing away.
package controltest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/load"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

// Run tests a control over testdata/<id>/*.txtar, of which at least one must hold and one break.
func Run(t *testing.T, c *control.Control) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", c.ID, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var fixtures []*fixture
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parse(c, archive)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		fixtures = append(fixtures, f)
		for _, w := range f.want {
			seen[w.verdict] = true
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			f.check(t)
			f.laws(t)
		})
	}
	for _, verdict := range []string{"holds", "broken", "unknown"} {
		if !seen[verdict] {
			t.Errorf("no fixture of %s has a subject that is %s: add one to testdata/%s", c.ID, verdict, c.ID)
		}
	}
	t.Run("every need matters", func(t *testing.T) { t.Parallel(); everyNeedMatters(t, c, fixtures) })
	t.Run("nothing", func(t *testing.T) { t.Parallel(); nothing(t, c) })
}

type fixture struct {
	control  *control.Control
	suite    control.Suite
	declared *claims.File
	set      *responses.Set
	receipts estate.Known[[]estate.Receipt]
	want     []expectation
	verdict  string
	practice bool // ask what the practice asks, not the claim
}

type expectation struct {
	verdict string // holds, broken, unknown
	subject string
	cause   string
}

func (e expectation) String() string {
	s := fmt.Sprintf("%-7s %s", e.verdict, e.subject)
	if e.cause != "" {
		s += " by " + e.cause
	}
	return s
}

func parse(c *control.Control, archive *txtar.Archive) (*fixture, error) {
	f := &fixture{control: c}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	claim, declared := "", []byte(nil)
	for number, line := range strings.Split(string(archive.Comment), "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		rest := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), words[0]))
		switch words[0] {
		case "now":
			t, err := time.Parse(time.RFC3339, rest)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", number+1, err)
			}
			now = t
		case "claim":
			claim = rest
		case "verdict":
			f.verdict = rest
		case "nothing":
		case "practice":
			f.practice = true
		case "holds", "broken", "unknown":
			subject, cause, _ := strings.Cut(rest, " by ")
			f.want = append(f.want, expectation{words[0], subject, cause})
		default:
			return nil, fmt.Errorf("line %d: %q is not an expectation", number+1, words[0])
		}
	}

	folder, unread := fstest.MapFS{}, map[string]bool{}
	for _, member := range archive.Files {
		switch member.Name {
		case "onus.yaml":
			declared = member.Data
			continue
		case "receipts.json":
			var receipts []estate.Receipt
			if err := json.Unmarshal(member.Data, &receipts); err != nil {
				return nil, fmt.Errorf("receipts.json: %w", err)
			}
			f.receipts = estate.Know(receipts)
			continue
		}
		if strings.TrimSpace(string(member.Data)) == "unread" {
			unread[member.Name] = true
			member.Data = []byte("An error occurred (AccessDenied) when calling the operation: fixture")
		}
		folder[member.Name] = &fstest.MapFile{Data: bytes.Clone(member.Data)}
	}
	set, err := responses.ReadAWSCLI(folder, "fixture", now, responses.NewRedactor([]byte("fixture")))
	if err != nil {
		return nil, err
	}
	if len(set.Problems) > 0 {
		return nil, fmt.Errorf("%v", set.Problems[0])
	}
	f.set = complete(c, set, now)

	if f.suite, f.declared, err = suite(c, declared, claim); err != nil {
		return nil, err
	}
	return f, nil
}

// suite makes a suite of the one control, and its claims file.
func suite(c *control.Control, declared []byte, claim string) (control.Suite, *claims.File, error) {
	language, err := claims.CompileForms(slices.Concat(c.Forms(), c.Heeds))
	if err != nil {
		return control.Suite{}, nil, err
	}
	s := control.Suite{Controls: []*control.Control{c}, Language: language}
	file := &claims.File{}
	if declared != nil {
		var mistakes []claims.Mistake
		if file, mistakes = language.Parse("onus.yaml", declared); len(mistakes) > 0 {
			return s, nil, mistakes[0]
		}
	}
	if claim != "" {
		said, mistakes := language.Sentence(file, claim)
		if len(mistakes) > 0 {
			return s, nil, mistakes[0]
		}
		file.Claims = append(file.Claims, said)
	}
	return s, file, nil
}

// complete answers "there is nothing" for every listing that the control needs and that the fixture does not have.
func complete(c *control.Control, set *responses.Set, now time.Time) *responses.Set {
	places := map[estate.Place]bool{}
	accounts, regions := map[string]bool{}, map[string]bool{}
	for _, r := range set.Responses {
		places[estate.Place{Account: r.Account, Region: r.Region}] = true
		accounts[r.Account] = true
		if r.Region != estate.Global {
			regions[r.Region] = true
		}
	}
	have := map[string]bool{}
	key := func(account, region string, op operation.ID) string { return account + " " + region + " " + string(op) }
	for _, r := range set.Responses {
		if op, _ := operation.Get(r.Operation); op.Lists() {
			have[key(r.Account, r.Region, r.Operation)] = true
		}
	}
	add := func(account, region string, op operation.ID, body string) {
		if !have[key(account, region, op)] {
			set.Responses = append(set.Responses, responses.Response{Account: account, Region: region, Operation: op, Time: now,
				Outcome: operation.OK, Pages: []json.RawMessage{json.RawMessage(body)}})
		}
	}
	for account := range accounts {
		var list []string
		for place := range places {
			if place.Account == account && place.Region != estate.Global {
				list = append(list, fmt.Sprintf(`{"RegionName":%q,"RegionOptStatus":"ENABLED_BY_DEFAULT"}`, place.Region))
			}
		}
		slices.Sort(list)
		add(account, estate.Global, "account:ListRegions", `{"Regions":[`+strings.Join(list, ",")+`]}`)
		for _, id := range c.Needs() {
			op, _ := operation.Get(id)
			if !op.Lists() || id == "account:ListRegions" || id == "ec2:DescribeRegions" {
				continue
			}
			for place := range places {
				if place.Account == account && place.Region != estate.Global && (op.Scope == operation.PerRegion || op.Scope == operation.PerRegionGlobal) {
					add(account, place.Region, id, nothingOf(id))
				}
			}
			if op.Scope != operation.PerRegion {
				add(account, estate.Global, id, nothingOf(id))
			}
		}
	}
	return set
}

// nothingOf is what an operation answers where there is nothing: an empty list, or a setting that nobody touched.
func nothingOf(id operation.ID) string {
	switch id {
	case "ec2:DescribeVpcBlockPublicAccessOptions":
		return `{"VpcBlockPublicAccessOptions":{"InternetGatewayBlockMode":"off","State":"default-state"}}`
	case "s3control:GetPublicAccessBlock":
		return `{"PublicAccessBlockConfiguration":{"BlockPublicAcls":false,"IgnorePublicAcls":false,"BlockPublicPolicy":false,"RestrictPublicBuckets":false}}`
	}
	return "{}"
}

// judge runs the control over the responses and returns what it says, a line a subject, sorted.
func (f *fixture) judge(set *responses.Set) outcome {
	e, problems := load.Load(set)
	e.Receipts = f.receipts
	report := control.Run(e, f.suite, f.declared, e.Observed)
	a := report.Controls[0]
	for i, claim := range f.declared.Claims {
		if claim.Form.ID == f.control.ID && !f.practice {
			a = report.Claims[i]
		}
	}
	o := outcome{verdict: a.Verdict.String(), problems: problems, subjects: map[string]string{}}
	for _, ref := range a.Held {
		o.add(expectation{"holds", name(ref), ""})
	}
	for _, d := range a.Doubts {
		o.add(expectation{"unknown", name(d.Subject), ""})
	}
	for _, x := range a.CounterExamples {
		o.add(expectation{"broken", name(x.Subject), x.Cause})
	}
	slices.Sort(o.lines)
	o.lines = slices.Compact(o.lines)
	return o
}

type outcome struct {
	verdict  string
	lines    []string
	subjects map[string]string // verdict by subject
	problems []responses.Problem
}

func (o *outcome) add(e expectation) {
	o.lines = append(o.lines, e.String())
	if o.subjects[e.subject] != "broken" {
		o.subjects[e.subject] = e.verdict
	}
}

// name is how fixtures call a subject.
func name(r estate.Ref) string {
	switch {
	case r.Kind == "region":
		return r.Account + "/" + r.Region
	case r.Kind == "account" && r.Region == "*":
		return r.Account + "/*"
	}
	return r.ID
}

func (f *fixture) check(t *testing.T) {
	got := f.judge(f.set)
	for _, p := range got.problems {
		t.Errorf("problem: %s", p)
	}
	var want []string
	for _, w := range f.want {
		want = append(want, w.String())
	}
	// A cause is compared where the fixture names it.
	var lines []string
	for _, line := range got.lines {
		bare, _, _ := strings.Cut(line, " by ")
		if slices.Contains(want, line) || !slices.Contains(want, bare) {
			lines = append(lines, line)
		} else {
			lines = append(lines, bare)
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Compact(lines)); diff != "" {
		t.Errorf("subjects (-want +got):\n%s", diff)
	}
	if f.verdict != "" && got.verdict != f.verdict {
		t.Errorf("verdict is %q, want %q", got.verdict, f.verdict)
	}
}
