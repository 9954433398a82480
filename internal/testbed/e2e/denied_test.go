package e2e

import (
	"encoding/json"
	"testing"

	"github.com/onus-cloud/onus/internal/testbed"
)

// TestDenied: moto's own IAM denies all but EC2. What was denied is unknown, and what was read is answered as before.
func TestDenied(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t)
	var key struct{ ID, Secret string }
	if err := json.Unmarshal([]byte(bed.Seed(t, "limited.py")), &key); err != nil {
		t.Fatal(err)
	}
	admin, _ := check(t, bed.Env(""), "--region", "us-east-1")
	bed.Enforce(t)
	limited, _ := check(t, bed.EnvWith(key.ID, key.Secret), "--region", "us-east-1")
	weaker(t, "as the limited user", admin, limited)

	account := testbed.Account
	expected := verdicts{
		{"tls-s3-required", account, "global", account}:                         "unknown",
		{"lp-console-users-mfa", account, "global", account}:                    "unknown",
		{"rest-database-encrypted", account, "us-east-1", "us-east-1"}:          "unknown",
		{"rest-volume-default-every-region", account, "us-east-1", "us-east-1"}: "broken",
	}
	for q, want := range expected {
		if got := limited[q]; got != want {
			t.Errorf("%s: %q, want %s", q, got, want)
		}
	}
	if q := (question{"lp-console-users-mfa", account, "global", "careless"}); admin[q] != "broken" {
		t.Errorf("as administrator, %s: %q, want broken", q, admin[q])
	}
}
