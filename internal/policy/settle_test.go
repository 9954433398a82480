package policy

import (
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
		{one("Allow", `{"StringLike": {"aws:x": "a*"}}`) + "," + one("Allow", `{"StringNotLike": {"aws:x": "a*"}}`), Depends}, // patterns are not tried
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
			for _, o := range before.DependsOn {
				if v := rapid.SampledFrom(append([]string{missing}, someValues...)).Draw(t, o.Key); v != missing {
					r.Context.Values[strings.ToLower(o.Key)] = []string{v}
				}
			}
			r.Context.Open = false
			if got := Decide(&r, p).Result; (got == Allowed) != (d.Result == Allowed) {
				t.Fatalf("settled as %s, and with %v it is %s", d.Result, r.Context.Values, got)
			}
		}
	})
}
