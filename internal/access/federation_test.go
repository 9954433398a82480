package access

import (
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/policy"
)

func TestGetFederationToken(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.user(one, "stays", `{"Effect": "Allow", "Action": "sts:GetFederationToken", "Resource": "arn:aws:sts::*:federated-user/app-*"}`)
	s.user(one, "other", `{"Effect": "Allow", "Action": "sts:GetFederationToken", "Resource": "arn:aws:sts::*:federated-user/x"}`)
	s.user(one, "goes", `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}`)
	s.role(one, "role", `{"AWS": "`+one+`"}`, `{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}`)
	b := estate.Resource{Labels: estate.None[map[string]string](), Reference: estate.Ref{Kind: "bucket", Account: one, Region: "us-east-1", ID: "payroll", ARN: "arn:aws:s3:::payroll"}}
	s.Buckets = append(s.Buckets, &estate.Bucket{Resource: b, Ownership: estate.Know("BucketOwnerEnforced"), Policy: estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
		"Principal": {"AWS": "arn:aws:sts::` + one + `:federated-user/app-1"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::payroll/*"}}`))})
	w := New(s.Estate, Options{})
	stores := w.Escalate(Goal{Kind: "stores", Stores: []string{"arn:aws:s3:::payroll"}})
	for name, want := range map[string]struct{ persists, reads Strength }{"stays": {Yes, Yes}, "other": {Yes, No}, "goes": {No, No}, "role": {No, No}} {
		p, err := w.Principal(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, answers := w.Persists(p); got != want.persists || got == Yes && answers[0].Result != policy.Allowed {
			t.Errorf("%s keeps a session: %s, want %s", name, got, want.persists)
		}
		path := stores.Of(p)
		if got := stores.Strength(p); got != want.reads {
			t.Errorf("%s reads: %s, want %s\n%s", name, got, want.reads, describe(path))
		}
		if path != nil && (path.EndID != federatedToken || len(path.Because) != 2) {
			t.Errorf("%s: %s %s", name, path.EndID, describe(path))
		}
	}
	s.want("stays", "no") // it is no escalation
}
