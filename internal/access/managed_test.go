package access

import (
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/policy"
)

// A filtered download of the authorization details leaves AWS's own policies out. What ships with Onus stands in, and the evidence says so.
func TestAWSsOwnPoliciesStandInForDocumentsThatWereNotRead(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:iam::aws:policy/PowerUserAccess"
	listed := func(version string) *estate.ManagedPolicy {
		return &estate.ManagedPolicy{Resource: resourceOf("policy", one, "PowerUserAccess", arn), Default: version,
			Document: estate.Unread[*policy.Document](estate.Gap{Operation: "iam:GetAccountAuthorizationDetails", Why: "no default version"})}
	}
	for _, c := range []struct {
		name   string
		policy *estate.ManagedPolicy
		says   string
	}{
		{"it is not in the details at all", nil, "AWS's version v12 as of 2026-"},
		{"the details do not say its version", listed(""), "AWS's version v12 as of 2026-"},
		{"the same version", listed("v12"), "AWS's version v12, which the account has"},
		{"another version", listed("v11"), "while the account has v11"},
	} {
		s := newSmall(t)
		u := s.user(one, "ann", "")
		u.Attached.Managed = []string{arn, "arn:aws:iam::aws:policy/NobodyKnowsThisOne"}
		if c.policy != nil {
			s.ManagedPolicies = append(s.ManagedPolicies, c.policy)
		}
		w := New(s.Estate, Options{})
		d := w.Can(w.ByARN(u.Reference.ARN), "ec2:RunInstances", "*")
		if d.Result != policy.Depends || len(d.DependsOn) != 1 || !strings.Contains(d.DependsOn[0].Text, "NobodyKnowsThisOne") {
			t.Errorf("%s: %s, which depends on %v: want on the policy that nobody knows alone", c.name, d.Result, d.DependsOn)
		}
		if len(d.Because) != 1 || !strings.Contains(d.Because[0].Text, c.says) {
			t.Errorf("%s: because %v, want it to say %q", c.name, d.Because, c.says)
		}
	}

	s := newSmall(t)
	u := s.user(one, "ann", "")
	u.Attached.Managed = []string{arn}
	p := listed("v11")
	p.Document = estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}`))
	s.ManagedPolicies = append(s.ManagedPolicies, p)
	s.answers("ann", "ec2:RunInstances", "*", policy.ImplicitDeny) // what the account told goes first
	if d := s.answers("ann", "s3:ListAllMyBuckets", "*", policy.Allowed); strings.Contains(d.Because[0].Text, "AWS's version") {
		t.Errorf("because %v: it was read", d.Because)
	}
}
