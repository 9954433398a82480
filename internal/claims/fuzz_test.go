package claims_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/onus-cloud/onus/internal/claims"
)

// FuzzParse looks for panics, for mistakes outside the file, and for claims that change their meaning when they are written out.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{ofTheDesign, namesForSlots, "", "claims: [x]", "a: *a\nb: &b", "{", "- [", "? a\n: b", "a: |\n  x", "a: \"\\u0000\"",
		"excuses:\n- {claim: {shop: every public application is behind a web application firewall}, for: [\"*\", {tags: {a: [b, c]}}], why: x, owner: y, until: 2027-01-31, while: a restore is tested every day}",
		"systems: {s: {arns: arn:aws:s3:::x, accounts: [012345678901]}}\nclaims:\n - s: a restore is tested every 2 weeks\n - 's: nothing else talks to s'\n"} {
		f.Add(seed)
	}
	l := language(f)
	f.Fuzz(func(t *testing.T, src string) {
		file, mistakes := l.Parse("onus.yaml", []byte(src))
		if (file == nil) != (len(mistakes) > 0) {
			t.Fatalf("file %v with mistakes %v", file, mistakes)
		}
		lines := 1 + strings.Count(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(src), "\n")
		for _, m := range mistakes {
			if m.Line < 1 || m.Line > lines || m.Column < 1 || m.Text == "" || !utf8.ValidString(m.Error()) {
				t.Errorf("mistake outside of %d lines, or without words: %+v", lines, m)
			}
		}
		if !slices.IsSortedFunc(mistakes, func(a, b claims.Mistake) int {
			return (a.Line-b.Line)*1_000_000 + a.Column - b.Column
		}) {
			t.Errorf("not in order: %v", mistakes)
		}
		if file == nil {
			return
		}
		for _, c := range file.Claims {
			again, mistakes := l.Sentence(file, c.String())
			if len(mistakes) > 0 || again.Key() != c.Key() {
				t.Errorf("%q reads back as %q, %v", c, again, mistakes)
			}
		}
	})
}
