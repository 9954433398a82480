package load

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/onus-cloud/onus/internal/policy"
	"github.com/onus-cloud/onus/internal/responses"
)

// TestBareDocuments: what `--query Policy` and `--query PublicAccessBlockConfiguration` print is the document itself, and a
// bucket that nothing was asked of is unknown.
func TestBareDocuments(t *testing.T) {
	t.Parallel()
	set, err := responses.ReadAWSCLI(fstest.MapFS{
		"111122223333/s3api/list-buckets.json":                       {Data: []byte(`{"Buckets": [{"Name": "asked"}, {"Name": "unasked"}]}`)},
		"111122223333/s3api/get-bucket-policy-asked.json":            {Data: []byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::asked", "arn:aws:s3:::asked/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}}`)},
		"111122223333/s3api/get-public-access-block-asked.json":      {Data: []byte(`{"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true}`)},
		"111122223333/global/s3control/get-public-access-block.json": {Data: []byte(`{"BlockPublicAcls": false, "IgnorePublicAcls": false, "BlockPublicPolicy": true, "RestrictPublicBuckets": false}`)},
	}, "test", time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), responses.NewRedactor(nil))
	if err != nil {
		t.Fatal(err)
	}
	e, problems := Load(set)
	if len(problems) > 0 || len(set.Problems) > 0 || len(e.Buckets) != 2 {
		t.Fatalf("%d buckets, problems %v %v", len(e.Buckets), set.Problems, problems)
	}
	asked, unasked := e.Buckets[0], e.Buckets[1]
	document, known := asked.Policy.Value()
	if !known {
		t.Fatal("the bare policy was not read")
	}
	if ok, why := policy.DeniesWithoutTLS(document, "asked"); !ok {
		t.Errorf("the bare policy does not deny: %s", why)
	}
	if block, known := asked.Block.Value(); !known || !block.RestrictPublicBuckets || !block.BlockPublicAcls {
		t.Errorf("the bare settings are %+v, known %v", block, known)
	}
	if block, known := asked.AccountBlock.Value(); !known || !block.BlockPublicPolicy || block.BlockPublicAcls {
		t.Errorf("the account's bare settings are %+v, known %v", block, known)
	}
	if _, unread := unasked.Policy.Unread(); !unread {
		t.Error("the policy of a bucket that was not asked is known")
	}
}
