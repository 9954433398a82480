package exposure_test

import (
	"slices"
	"testing"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/exposure"
	"github.com/onus-cloud/onus/internal/policy"
	"github.com/onus-cloud/onus/internal/reach"
)

// What a store of another account lets the role of a function do is lost with the function: by policies of every kind, and by an access
// control list. Without them nothing of that account is.
func TestWhatResourcePoliciesGiveIsLost(t *testing.T) {
	t.Parallel()
	const other = "222222222222"
	const reads = `{"Effect": "Allow", "Action": ["s3:*", "kms:Decrypt", "sqs:ReceiveMessage", "sns:Publish", "secretsmanager:GetSecretValue", "ecr:BatchGetImage", "dynamodb:GetItem", "es:ESHttpGet"], "Resource": "*"}`
	lost := func(p estate.Known[*policy.Document], list estate.ACL) []string {
		e, start := made(t, reads)
		e.Buckets, e.Snapshots, e.BackupVaults = nil, nil, nil
		e.Accounts = append(e.Accounts, &estate.Account{ID: other, Regions: estate.Know([]string{"us-east-1"}), Organization: estate.None[string]()})
		e.Account("111111111111").Canonical = "ours"
		at := func(kind, arn string) estate.Resource {
			return estate.Resource{Labels: estate.None[map[string]string](), Reference: estate.Ref{Kind: kind, Account: other, Region: "us-east-1", ID: kind, ARN: arn}}
		}
		regional := func(service, rest string) string { return "arn:aws:" + service + ":us-east-1:" + other + ":" + rest }
		e.Buckets = []*estate.Bucket{{Resource: at("bucket", "arn:aws:s3:::b"), Policy: p, Ownership: estate.Know("BucketOwnerEnforced"),
			Block: estate.None[estate.PublicAccessBlock](), AccountBlock: estate.None[estate.PublicAccessBlock]()},
			{Resource: at("listed", "arn:aws:s3:::listed"), Policy: estate.None[*policy.Document](), Ownership: estate.Know("ObjectWriter"), ACL: estate.Know(list),
				Block: estate.Know(estate.PublicAccessBlock{IgnorePublicAcls: true}), AccountBlock: estate.None[estate.PublicAccessBlock]()}}
		e.Keys = []*estate.Key{{Resource: at("key", regional("kms", "key/k")), Policy: p}}
		e.Queues = []*estate.Queue{{Resource: at("queue", regional("sqs", "q")), Policy: p}}
		e.Topics = []*estate.Topic{{Resource: at("topic", regional("sns", "t")), Policy: p}}
		e.Secrets = []*estate.Secret{{Resource: at("secret", regional("secretsmanager", "secret:s-AbCdEf")), Policy: p}}
		e.Repositories = []*estate.Repository{{Resource: at("repository", regional("ecr", "repository/r")), Policy: p}}
		e.Tables = []*estate.Table{{Resource: at("table", regional("dynamodb", "table/t")), Policy: p}}
		e.Guarded = []*estate.Guarded{{Resource: at("search-domain", regional("es", "domain/d")), Policy: p}}
		b, err := exposure.BlastOf(access.New(e, access.Options{}), reach.Of(e), start)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, s := range b.Stores {
			if max(s.Reads, s.Writes) == access.Yes {
				all = append(all, s.Ref.Kind)
			}
		}
		slices.Sort(all)
		return all
	}
	d, err := policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:role/runs"}, "Action": "*", "Resource": "*"}}`))
	if err != nil {
		t.Fatal(err)
	}
	none := estate.ACL{Owner: "theirs", Grants: []estate.ACLGrant{{Canonical: "theirs", Permission: "FULL_CONTROL"}}}
	ours := estate.ACL{Owner: "theirs", Grants: []estate.ACLGrant{{Canonical: "ours", Permission: "WRITE"}}}
	if got := lost(estate.None[*policy.Document](), none); len(got) > 0 {
		t.Errorf("without policies %v are lost", got)
	}
	want := []string{"bucket", "key", "listed", "queue", "repository", "search-domain", "secret", "table", "topic"}
	if got := lost(estate.Know(d), ours); !slices.Equal(got, want) {
		t.Errorf("%v are lost, want %v", got, want)
	}
}

// What is in a vault cannot be deleted by whom the vault's policy denies it.
func TestAVaultsPolicyKeepsItsPoints(t *testing.T) {
	t.Parallel()
	e, start := made(t, `{"Effect": "Allow", "Action": "backup:*", "Resource": "*"}`)
	e.BackupVaults[0].Locked = false
	destroys := func() bool {
		b, err := exposure.BlastOf(access.New(e, access.Options{}), reach.Of(e), start)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(b.Stores, func(s exposure.BlastStore) bool { return s.Ref.Kind == "recovery-point" && s.Destroys > access.No })
	}
	if !destroys() {
		t.Error("without a policy the recovery point cannot be deleted")
	}
	d, err := policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "backup:DeleteRecoveryPoint", "Resource": "*"}}`))
	if err != nil {
		t.Fatal(err)
	}
	e.BackupVaults[0].Policy = estate.Know(d)
	if destroys() {
		t.Error("the recovery point can be deleted though the vault's policy denies it")
	}
}
