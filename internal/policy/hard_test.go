package policy

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/iamdata"
)

// What would take an exponential time if anything here did: each ends, and with the right answer.
func TestHardPolicies(t *testing.T) {
	t.Parallel()
	stars := strings.Repeat("*a", 5000) + "b"
	letters := strings.Repeat("a", 4000)
	many := make([]string, 10_000)
	for i := range many {
		many[i] = fmt.Sprintf("*%d*:*%d*", i, i)
	}
	actions, err := json.Marshal(many)
	if err != nil {
		t.Fatal(err)
	}
	statement := `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"},`
	for _, c := range []struct {
		name, policy string
		want         Result
	}{
		{"ten thousand wildcards in a resource", `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::` + stars + `"}}`, ImplicitDeny},
		{"ten thousand wildcards in a condition", `{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringLike": {"aws:x": "` + stars + `"}}}}`, ImplicitDeny},
		{"ten thousand wildcards between colons", `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:*:s3:` + strings.Repeat("*a", 5000) + `b:*:c"}}`, ImplicitDeny},
		{"ten thousand actions that begin with a star", `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ` + string(actions) + `, "Resource": "*"}}`, ImplicitDeny},
		{"a hundred kilobytes", `{"Version": "2012-10-17", "Statement": [` + strings.Repeat(statement, 1400) + statement[:len(statement)-1] + `]}`, Allowed},
		{"many variables", `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::b/` + strings.Repeat("*${aws:x}", 4) + `b"}}`, ImplicitDeny},
	} {
		d, _, err := Check(IdentityPolicy, []byte(c.policy))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		p := &Policies{Identity: []Source{{Name: c.name, Document: d}}}
		r := &Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/" + letters, Caller: someCallers[3], Context: Context{Values: map[string][]string{"aws:x": {letters}}}}
		if got := Decide(r, p).Result; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if got := NewLibrary().Evaluator(p).Result(r); got != c.want {
			t.Errorf("%s: the evaluator says %s, want %s", c.name, got, c.want)
		}
	}
	if Overlap(strings.Repeat("*a", 2000), strings.Repeat("b*", 2000)) != true || Overlap(strings.Repeat("*a", 2000)+"x", strings.Repeat("*b", 2000)) {
		t.Error("long patterns overlap")
	}
}

// A set is the same whether its bits or its text decide.
func TestActionSets(t *testing.T) {
	t.Parallel()
	all := iamdata.Current().Actions()
	for _, negated := range []bool{false, true} {
		set := actionSet([]string{"s3:Get*", "*:*Tag*", "iam:passrole", "", " ec2:*", "?ms:*"}, negated)
		text := *set
		text.bits = nil
		for i := range all {
			name := all[i].String()
			if set.HasIndex(i) != set.Has(name) || set.Has(name) != text.Has(name) {
				t.Errorf("%s: %t %t %t", name, set.HasIndex(i), set.Has(name), text.Has(name))
			}
		}
		if set.Len() != text.Len() || set.Has("new:GetThing") != negated || set.Has("new:TagThing") == negated {
			t.Errorf("%d actions, by their text %d", set.Len(), text.Len())
		}
	}
}

// Decide never panics, and the evaluator says what it says.
func FuzzDecide(f *testing.F) {
	f.Add(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/${aws:x}*"}}`,
		`{"Statement": {"Effect": "Deny", "NotPrincipal": {"AWS": "111122223333"}, "NotAction": "s3:Put*", "NotResource": "*", "Condition": {"ForAllValues:DateLessThanIfExists": {"aws:x": ["2026-01-02", 5]}}}}`,
		"s3:GetObject", "arn:aws:s3:::b/k", "arn:aws:sts::111122223333:assumed-role/R/s", "aws:x", "k", true)
	f.Add(`{"Statement": [{"Effect": "Allow", "Action": ["kms:*", "*"], "Resource": ["arn:*", "arn:aws:kms:*"]}]}`, `{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Condition": {"IpAddress": {"aws:x": "::/0"}, "ArnLike": {"aws:x": "*:*"}}}}`,
		"kms:Decrypt", "arn:aws:kms:us-east-1:111122223333:key/1", "111122223333", "aws:x", "10.0.0.1", false)
	f.Fuzz(func(t *testing.T, identity, resource, action, arn, caller, key, value string, open bool) {
		i, _, err := Check(IdentityPolicy, []byte(identity))
		if err != nil {
			return
		}
		p := &Policies{Identity: []Source{{Name: "i", Document: i}}, Boundary: []Source{{Name: "i", Document: i}}}
		if d, _, err := Check(ResourcePolicy, []byte(resource)); err == nil {
			p.Resource = &Source{Name: "r", Document: d}
			p.ServiceControl = []Level{{Name: "l", Sources: []Source{*p.Resource, p.Identity[0]}}}
			p.ResourceControl = []Level{{Name: "l", Sources: []Source{*p.Resource}}}
		}
		r := &Request{Action: action, Resource: arn, Context: Context{Values: map[string][]string{strings.ToLower(key): {value}}, Open: open}}
		if r.Caller, err = CallerOf(caller, ""); err != nil {
			return
		}
		if got, want := NewLibrary().Evaluator(p).Result(r), Decide(r, p).Result; got != want {
			t.Errorf("the evaluator says %s, the rules %s", got, want)
		}
	})
}
