package access

import (
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/policy"
)

func TestMeet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		ok   bool
	}{
		{"arn:aws:lambda:*:1:function:team-*", "arn:aws:lambda:*:*:function:*", true},
		{"arn:aws:lambda:eu-*:1:function:a*z", "arn:aws:lambda:*:1:function:*b*", true},
		{"arn:aws:iam::aws:policy/fp4-*", "arn:aws:iam::123456789012:policy/*", false},
		{"a?c", "ab*", true}, {"*", "", true}, {"", "", true}, {"a", "b", false}, {"a*", "*b", true}, {"??", "?", false},
	} {
		got, ok := meet(c.a, c.b)
		if ok != c.ok {
			t.Errorf("meet(%q, %q) = %q, %t", c.a, c.b, got, ok)
		}
	}
}

// FuzzMeet holds what two patterns have in common against both.
func FuzzMeet(f *testing.F) {
	f.Add("arn:aws:s3:::a*", "arn:aws:*:::*b")
	f.Add("a?c*", "*b?d")
	f.Add("***a", "?*?")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a) > 60 || len(b) > 60 || strings.IndexFunc(a+b, func(r rune) bool { return r > 126 }) >= 0 {
			return
		}
		got, ok := meet(a, b)
		if !ok {
			return
		}
		name := strings.ReplaceAll(got, "*", "")
		if !policy.Match(a, name) || !policy.Match(b, name) {
			t.Errorf("meet(%q, %q) = %q, which one of them does not match", a, b, got)
		}
	})
}
