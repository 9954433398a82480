package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/onus-cloud/onus/internal/testbed"
)

// TestDemoPage: the demo's HTML report is accessible in every look, is one self-contained file, and fits a narrow window.
func TestDemoPage(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "report.html")
	if r := onus(t, os.Environ(), "demo", "--html", page); r.code != 0 {
		t.Fatalf("exit code %d: %s", r.code, r.stderr)
	}
	browser := testbed.OpenBrowser(t)
	for _, look := range []testbed.Look{
		{Width: 1280}, {Width: 1280, Dark: true}, {Width: 360}, {Width: 360, Dark: true}, {Width: 800, Print: true},
	} {
		for _, wrong := range browser.Audit(page, look) {
			t.Errorf("%s: %s", look, wrong)
		}
	}
}
