package testbed

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAudit: a page that is in order passes in every look, and each kind of mistake is found where it shows.
func TestAudit(t *testing.T) {
	t.Parallel()
	b := OpenBrowser(t)
	for _, test := range []struct {
		file string
		look Look
		want []string
	}{
		{"testdata/good.html", Look{Width: 1280}, nil},
		{"testdata/good.html", Look{Width: 360, Dark: true}, nil},
		{"testdata/good.html", Look{Width: 800, Print: true}, nil},
		{"testdata/bad.html", Look{Width: 1280}, []string{
			"html-has-lang (serious): html",
			"the page loads http://127.0.0.1:9/picture.png",
		}},
		{"testdata/bad.html", Look{Width: 360, Dark: true}, []string{
			"color-contrast (serious): p",
			"html-has-lang (serious): html",
			"the page scrolls sideways: it is 600 pixels wide",
			"the page loads http://127.0.0.1:9/picture.png",
		}},
	} {
		var got []string
		for _, line := range b.Audit(test.file, test.look) {
			if strings.HasPrefix(line, "color-contrast") || strings.HasPrefix(line, "html-has-lang") {
				line = strings.Join(strings.SplitN(line, ": ", 3)[:2], ": ") // the rest are axe-core's words
			}
			got = append(got, line)
		}
		if d := cmp.Diff(test.want, got); d != "" {
			t.Errorf("%s, %s: %s", test.file, test.look, d)
		}
	}
}
