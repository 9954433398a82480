package policy

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSettle(t *testing.T) {
	t.Parallel()
	one := func(effect, condition string) string {
		return `{"Effect": "` + effect + `", "Action": "*", "Resource": "*", "Condition": ` + condition + `}`
	}
	const always = `{"Effect": "Allow", "Action": "*", "Resource": "*"}`
	for _, c := range []struct {
		statements string
		want       Result
	}{
		{one("Allow", `{"StringEquals": {"aws:x": "a"}}`), Depends},
		{one("Allow", `{"StringEquals": {"aws:x": "a"}}`) + "," + one("Allow", `{"StringNotEquals": {"AWS:x": "a"}}`), Allowed},
		{one("Allow", `{"StringEquals": {"aws:x": "a"}}`) + "," + one("Deny", `{"StringEquals": {"aws:x": "a"}}`), ImplicitDeny},
		{always + "," + one("Deny", `{"Null": {"aws:x": "true"}}`) + "," + one("Deny", `{"Null": {"aws:x": "false"}}`), ExplicitDeny},
		{always + "," + one("Deny", `{"Bool": {"aws:x": "true"}}`) + "," + one("Deny", `{"BoolIfExists": {"aws:x": "false"}}`), Depends}, // of a value that is neither
		{one("Allow", `{"NumericLessThan": {"aws:x": "5"}}`) + "," + one("Allow", `{"NumericGreaterThanEqualsIfExists": {"aws:x": "5"}}`), Depends},
		{one("Allow", `{"IpAddress": {"aws:x": "0.0.0.0/1"}}`) + "," + one("Allow", `{"NotIpAddress": {"aws:x": "0.0.0.0/1"}}`), Allowed},
		{one("Allow", `{"IpAddress": {"aws:x": "10.0.0.0/8"}, "NotIpAddress": {"aws:x": "10.0.0.0/7"}}`), ImplicitDeny},
		{one("Allow", `{"DateLessThan": {"aws:x": "2026-01-01"}, "DateGreaterThan": {"aws:x": "2026-01-02"}}`), ImplicitDeny},
		{one("Allow", `{"StringLike": {"aws:x": "a*"}}`) + "," + one("Allow", `{"StringNotLike": {"aws:x": "a*"}}`), Allowed},
		{one("Allow", `{"StringLikeIfExists": {"aws:x": "*"}}`), Allowed},
		{one("Allow", `{"StringLike": {"aws:x": "*"}}`), Depends},
		{one("Allow", `{"StringLike": {"aws:x": "a*"}, "StringEquals": {"aws:x": "b"}}`), ImplicitDeny},
		{one("Allow", `{"StringLike": {"aws:x": "a*b"}, "StringNotLike": {"aws:x": "*b"}}`), ImplicitDeny},
		{one("Allow", `{"StringLike": {"aws:x": ["a*", "??"]}, "StringEqualsIgnoreCase": {"aws:x": "A"}}`), Depends},
		{one("Allow", `{"ArnLike": {"aws:x": "arn:aws:s3:::b*"}, "StringLike": {"aws:x": "arn:aws:s3:us*"}}`), ImplicitDeny},
		{one("Allow", `{"ArnLike": {"aws:x": "arn:aws:s3:*:*:b*"}, "StringLike": {"aws:x": "arn:aws:s3:us*:c"}}`), Depends}, // a b that a colon follows
		{one("Allow", `{"ArnLike": {"aws:x": "arn:aws:s3:*:b*"}}`), ImplicitDeny},
		{one("Allow", `{"ForAnyValue:StringEquals": {"aws:x": "a"}, "Null": {"aws:x": "true"}}`), ImplicitDeny},
		{one("Allow", `{"ForAllValues:StringEquals": {"aws:x": "a"}, "Null": {"aws:x": "false"}}`), Depends},
		{one("Allow", `{"ForAllValues:StringLike": {"aws:x": "a*"}}`) + "," + one("Allow", `{"ForAnyValue:StringNotLike": {"aws:x": "a*"}}`), Allowed},
		{one("Allow", `{"ForAllValues:StringEquals": {"aws:x": "a"}}`) + "," + one("Allow", `{"StringNotEquals": {"aws:x": "a"}}`), Depends}, // of a and b
		{one("Allow", `{"ForAnyValue:StringEquals": {"aws:x": ["a", "b"]}, "ForAllValues:StringEquals": {"aws:x": "c"}}`), ImplicitDeny},
	} {
		s := source(t, "i", c.statements)
		d := Settle(&Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Caller: someCallers[3], Context: Context{Open: true}}, &Policies{Identity: []Source{s}})
		if d.Result != c.want {
			t.Errorf("%s: %s, want %s: %v %v", c.statements, d.Result, c.want, d.Because, d.DependsOn)
		}
	}
}

// What Settle is sure of holds whatever the open keys are.
func TestSettleIsRight(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawPolicies(t), drawRequest(t)
		r.Context.Open = true
		before := Decide(r, p)
		d := Settle(r, p)
		if before.Result != Depends && d.Result != before.Result {
			t.Fatalf("settled %s as %s", before.Result, d.Result)
		}
		if d.Result == Depends {
			return
		}
		for range 10 {
			r := *r
			r.Context.Values, r.Context.Absent = cloneContext(&r.Context)
			for _, key := range someKeys {
				if _, there := newJudge(&r, p).key(key); there != maybe {
					continue
				}
				most := 1 // Settle tries single values, unless a set operator asks
				if before.Result != Depends || asksForSets(p, key) {
					most = 3
				}
				r.Context.Values[strings.ToLower(key)] = rapid.SliceOfN(rapid.SampledFrom(someValues), 0, most).Draw(t, key)
			}
			r.Context.Open = false
			if got := Decide(&r, p).Result; (got == Allowed) != (d.Result == Allowed) || got == Depends {
				t.Fatalf("settled as %s, and with %v it is %s", d.Result, r.Context.Values, got)
			}
		}
	})
}

func asksForSets(p *Policies, key string) bool {
	for _, s := range p.all() {
		if s.Document == nil {
			continue
		}
		for _, statement := range s.Document.Statements {
			if slices.ContainsFunc(statement.Condition, func(c Condition) bool { return c.Is(key) && (c.Operator.ForAllValues || c.Operator.ForAnyValue) }) {
				return true
			}
		}
	}
	return false
}

// Witnesses tell all texts apart: whatever values match a text, the same match one of them.
func TestWitnesses(t *testing.T) {
	t.Parallel()
	operators := []string{"StringEquals", "StringEqualsIgnoreCase", "StringLike", "StringNotLike", "ArnLike", "ArnNotEquals", "Bool"}
	rapid.Check(t, func(t *rapid.T) {
		var asked []*Condition
		text := rapid.StringMatching(`(arn:a:b:|[abA*?:]){0,6}|true|False`)
		for range rapid.IntRange(1, 4).Draw(t, "conditions") {
			asked = append(asked, &Condition{Operator: Operator{Name: oneOf(t, "operator", operators)}, Values: []string{text.Draw(t, "value")}})
		}
		withoutEmpty := rapid.Bool().Draw(t, "without the empty text")
		texts, ok := witnesses(asked, withoutEmpty)
		if !ok {
			return // too much to try
		}
		j := &judge{}
		matched := func(s string) (all string) {
			for _, c := range asked {
				one, _ := j.compare(strings.Replace(c.Operator.Name, "Not", "", 1), c.Values[0], s)
				all += []string{"n", "?", "y"}[one]
			}
			return all
		}
		known := map[string]bool{}
		for _, s := range texts {
			if known[matched(s)] {
				t.Fatalf("%q is one too many", s)
			}
			known[matched(s)] = true
		}
		for range 20 {
			if s := text.Draw(t, "text"); (s != "" || !withoutEmpty) && !known[matched(s)] {
				t.Fatalf("%q is %s, as none of %q", s, matched(s), texts)
			}
		}
	})
}
