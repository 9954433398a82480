package access

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/onus-cloud/onus/internal/load"
	"github.com/onus-cloud/onus/internal/responses"
)

// FuzzAuthorizationDetails asks everything of what any bytes in the place of authorization details make: nothing panics, nothing takes
// long, and each path can be told.
func FuzzAuthorizationDetails(f *testing.F) {
	for _, name := range []string{"testdata/iam-vulnerable/tool-testing.gaad.json",
		"testdata/pathfinding-labs/single-account~privesc-one-hop~to-admin~iam-016-iam-createpolicyversion+sts-assumerole.gaad.json",
		"testdata/pathfinding-labs/cross-account~dev-to-prod~multi-hop~passrole-lambda-admin.gaad.json"} {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"UserDetailList": [{"Arn": "arn:aws:iam::1:user/a", "UserName": "a", "GroupList": ["none"]}], "RoleDetailList": [{"Arn": "x", "RoleName": "x"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > 64<<10 {
			return
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "iam-get-account-authorization-details.json"), body, 0o600); err != nil {
			t.Fatal(err)
		}
		set, err := responses.ReadAWSCLI(os.DirFS(dir), "fuzz", time.Unix(1_700_000_000, 0).UTC(), responses.NewRedactor(nil))
		if err != nil {
			return
		}
		e, _ := load.Load(set)
		if len(e.Users)+len(e.Roles) > 200 {
			return
		}
		w := New(e, Options{AsRead: true})
		for _, g := range []Goal{Administrator, {Kind: "privileges"}} {
			for _, p := range w.Escalate(g).Paths() {
				if p.End == "" {
					t.Errorf("%s: a path without an end:\n%s", p.Principal.ARN, describe(p))
				}
			}
		}
		w.WhoCan("s3:GetObject", "arn:aws:s3:::b/x")
	})
}
