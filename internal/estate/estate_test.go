package estate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/onus-cloud/onus/internal/operation"
)

// TestKleene holds And, Or and Not against the truth tables: what is unknown is tried both ways, and the result is known
// only if both ways agree.
func TestKleene(t *testing.T) {
	t.Parallel()
	truths := []Truth{False, Unknown, True}
	ways := func(a Truth) []bool {
		switch a {
		case True:
			return []bool{true}
		case False:
			return []bool{false}
		}
		return []bool{false, true}
	}
	oracle := func(a, b Truth, f func(a, b bool) bool) Truth {
		seen := map[bool]bool{}
		for _, x := range ways(a) {
			for _, y := range ways(b) {
				seen[f(x, y)] = true
			}
		}
		if len(seen) == 2 {
			return Unknown
		}
		return Is(seen[true])
	}
	for _, a := range truths {
		if got, want := a.Not(), oracle(a, a, func(x, _ bool) bool { return !x }); got != want {
			t.Errorf("not %v is %v, want %v", a, got, want)
		}
		for _, b := range truths {
			if got, want := And(a, b), oracle(a, b, func(x, y bool) bool { return x && y }); got != want {
				t.Errorf("%v and %v is %v, want %v", a, b, got, want)
			}
			if got, want := Or(a, b), oracle(a, b, func(x, y bool) bool { return x || y }); got != want {
				t.Errorf("%v or %v is %v, want %v", a, b, got, want)
			}
		}
	}
}

// TestKnownIsThreeThings: nobody reads "absent" or a value out of "unknown".
func TestKnownIsThreeThings(t *testing.T) {
	t.Parallel()
	yes := func(b bool) bool { return b }
	for name, test := range map[string]struct {
		k                   Known[bool]
		value, known, isAbs bool
		unread              bool
		holds               Truth
	}{
		"the zero value": {Known[bool]{}, false, false, false, true, Unknown},
		"unread":         {Unread[bool](Gap{Operation: "ec2:DescribeVpcs"}), false, false, false, true, Unknown},
		"absent":         {None[bool](), false, false, true, false, True},
		"true":           {Know(true), true, true, false, false, True},
		"false":          {Know(false), false, true, false, false, False},
	} {
		value, known := test.k.Value()
		_, unread := test.k.Unread()
		if value != test.value || known != test.known || test.k.Absent() != test.isAbs || unread != test.unread {
			t.Errorf("%s: value %v known %v absent %v unread %v", name, value, known, test.k.Absent(), unread)
		}
		if got := test.k.Holds(true, yes); got != test.holds {
			t.Errorf("%s: holds is %v, want %v", name, got, test.holds)
		}
	}
}

// TestGaps: a listing is complete only where every place of its scope answered.
func TestGaps(t *testing.T) {
	t.Parallel()
	const a, b = "111122223333", "444455556666"
	base := func() *Estate {
		return &Estate{Accounts: []*Account{
			{ID: a, Regions: Know([]string{"eu-west-1", "us-east-1"})},
			{ID: b, Seen: []string{"us-east-1"}, Regions: Unread[[]string](Gap{Place: Place{b, "*"}})},
		}}
	}
	read := func(e *Estate, account, region string, op operation.ID, o operation.Outcome) {
		e.Note(Reading{Place: Place{account, region}, Operation: op, Outcome: o, Time: time.Unix(1, 0)})
	}
	places := func(gaps []Gap) []string {
		var all []string
		for _, g := range gaps {
			all = append(all, g.Place.String())
		}
		return all
	}
	for name, test := range map[string]struct {
		op   operation.ID
		read func(e *Estate)
		want []string
	}{
		"nothing read":                            {"ec2:DescribeVpcs", func(*Estate) {}, []string{a + "/eu-west-1", a + "/us-east-1", b + "/us-east-1", b + "/*"}},
		"one Region answered":                     {"ec2:DescribeVpcs", func(e *Estate) { read(e, a, "us-east-1", "ec2:DescribeVpcs", operation.OK) }, []string{a + "/eu-west-1", b + "/us-east-1", b + "/*"}},
		"a service that is not there has nothing": {"ec2:DescribeVpcs", func(e *Estate) { read(e, a, "us-east-1", "ec2:DescribeVpcs", operation.Unavailable) }, []string{a + "/eu-west-1", b + "/us-east-1", b + "/*"}},
		"denied is not answered":                  {"iam:GetAccountSummary", func(e *Estate) { read(e, a, Global, "iam:GetAccountSummary", operation.Denied) }, []string{a + "/global", b + "/global"}},
		"a global service asks once an account":   {"iam:GetAccountSummary", func(e *Estate) { read(e, a, Global, "iam:GetAccountSummary", operation.OK) }, []string{b + "/global"}},
		"one account answers for the organisation": {"organizations:ListAccounts", func(e *Estate) {
			read(e, a, Global, "organizations:ListAccounts", operation.Denied)
			read(e, b, Global, "organizations:ListAccounts", operation.OK)
		}, nil},
		"both WAF scopes": {"wafv2:ListWebACLs", func(e *Estate) {
			for _, region := range []string{"eu-west-1", "us-east-1"} {
				read(e, a, region, "wafv2:ListWebACLs", operation.OK)
				read(e, b, region, "wafv2:ListWebACLs", operation.OK)
			}
			read(e, a, Global, "wafv2:ListWebACLs", operation.OK)
		}, []string{b + "/global", b + "/*"}},
	} {
		e := base()
		test.read(e)
		if diff := cmp.Diff(test.want, places(e.Gaps(test.op))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if gaps := (&Estate{}).Gaps("ec2:DescribeVpcs"); len(gaps) != 1 {
		t.Errorf("an estate without accounts has gaps %v, want one", gaps)
	}
}

// TestNoteKeepsTheBetterReading: whatever order readings come in, the more complete one stays, then the newer.
func TestNoteKeepsTheBetterReading(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		reading := rapid.Custom(func(t *rapid.T) Reading {
			return Reading{Place: Place{"111122223333", "us-east-1"}, Operation: "ec2:DescribeVpcs",
				Outcome: operation.Outcome(rapid.IntRange(0, 6).Draw(t, "outcome")),
				Time:    time.Unix(int64(rapid.IntRange(1, 9).Draw(t, "time")), 0)}
		})
		readings := rapid.SliceOfN(reading, 1, 6).Draw(t, "readings")
		forward, backward := &Estate{}, &Estate{}
		for i := range readings {
			forward.Note(readings[i])
			backward.Note(readings[len(readings)-1-i])
		}
		x := forward.Reading(readings[0].Place, "ec2:DescribeVpcs", "")
		y := backward.Reading(readings[0].Place, "ec2:DescribeVpcs", "")
		if x.Outcome.Complete() != y.Outcome.Complete() || !x.Time.Equal(y.Time) {
			t.Fatalf("forward %+v, backward %+v", x, y)
		}
		for _, r := range readings {
			if r.Outcome.Complete() && !x.Outcome.Complete() {
				t.Fatalf("%+v was kept though %+v is complete", x, r)
			}
		}
	})
}
