package simulate

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/onus-cloud/onus/internal/policy"
)

// exact is a line of testdata/exact.jsonl: a case of a rule, with the page of AWS that states it and the decision that follows. All
// were written from the pages, before anything was run.
type exact struct {
	ID          int
	Group, Rule string
	Page        string
	Want        string
	WantIfDeny  string // with unknownContext "deny", where nobody knows
}

// Each case is decided as AWS's page says, by the readable form of the rules and by the fast one.
func TestAgainstAWSPages(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/exact.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	groups := map[string]int{}
	for line := range bytes.Lines(text) {
		var c exact
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		groups[c.Group]++
		check := func(line []byte, want string) {
			a, _ := (&simulator{}).answer(c.ID, line)
			if a.Decision != want {
				t.Errorf("%d: %s: %s: %s, want %s by %s: %v %v %s\n%s", c.ID, c.Group, c.Rule, a.Decision, want, c.Page, a.Because, a.DependsOn, a.Error, line)
			}
			if a.Decision == "depends" && len(a.DependsOn) == 0 {
				t.Errorf("%d: %s: %s: it depends on nothing", c.ID, c.Group, c.Rule)
			}
			if len(a.Because)+len(a.DependsOn) == 0 {
				t.Errorf("%d: %s: %s: no reason is told", c.ID, c.Group, c.Rule)
			}
		}
		check(line, c.Want)
		if c.WantIfDeny != "" {
			check(bytes.Replace(line, []byte(`"unknownContext": "depends"`), []byte(`"unknownContext": "deny"`), 1), c.WantIfDeny)
		}
		bothWays(t, c, line)
	}
	t.Log(groups)
}

// bothWays decides each resource of a line by both forms.
func bothWays(t *testing.T, c exact, line []byte) {
	t.Helper()
	var r row
	if err := json.Unmarshal(line, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Request.Resource) == 0 {
		r.Request.Resource = stringOrList{"*"}
	}
	context, err := r.context()
	if err != nil {
		t.Fatal(err)
	}
	caller, err := r.caller()
	if err != nil {
		t.Fatal(err)
	}
	p := (&gather{simulator: &simulator{}}).policies(&r)
	fast := policy.NewLibrary().Evaluator(p)
	for _, resource := range r.Request.Resource {
		q := policy.Request{Action: r.Request.Action, Resource: resource, ResourceAccount: string(r.Request.ResourceAccount),
			ResourceManagesOrganization: r.ResourceInManagementAccount, AWSManagedKey: r.AWSManagedKey, Caller: caller, Context: context}
		if slow, quick := policy.Decide(&q, p).Result, fast.Result(&q); slow != quick {
			t.Errorf("%d: %s: %s: %s, and %s by the fast form", c.ID, c.Group, c.Rule, slow, quick)
		}
	}
}
