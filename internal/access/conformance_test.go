package access

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/load"
	"github.com/onus-cloud/onus/internal/responses"
)

// gaad loads authorization details as `aws iam get-account-authorization-details` prints them.
func gaad(t testing.TB, file string) *estate.Estate {
	t.Helper()
	dir := t.TempDir()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "iam-get-account-authorization-details.json"), body, 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := responses.ReadAWSCLI(os.DirFS(dir), "test", time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), responses.NewRedactor(nil))
	if err != nil {
		t.Fatal(err)
	}
	e, problems := load.Load(set)
	for _, p := range append(set.Problems, problems...) {
		t.Log(p)
	}
	return e
}

func TestTryout(t *testing.T) {
	for _, f := range []string{"privesc-paths", "tool-testing"} {
		e := gaad(t, "/work/shared/conformance/permissions/iam-vulnerable/"+f+".gaad.json")
		w := New(e, Options{AsRead: true})
		t.Log(len(w.Principals()), len(w.classes), len(e.Accounts))
		x := w.Escalate(Administrator)
		for _, p := range w.Principals() {
			path := x.Of(p)
			if path == nil {
				t.Log("--", p.called())
				continue
			}
			s := ""
			for _, st := range path.Steps {
				s += " | " + st.ID + " " + st.Text + " (" + st.Strength.String() + ")"
			}
			_, unread := path.Depends()
			t.Log(path.Strength, p.called(), s, "=>", path.End, path.EndID, unread)
		}
	}
}
