package policy

import (
	"testing"

	"pgregory.net/rapid"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"*", "", true}, {"?", "", false}, {"a", "a", true}, {"a", "A", false},
		{"arn:aws:s3:::b/*", "arn:aws:s3:::b/x/y:z", true}, {"arn:aws:s3:::b/*", "arn:aws:s3:::b", false},
		{"arn:aws:s3:::b*", "arn:aws:s3:::bc/x", true}, {"a*b*c", "axxbyyc", true}, {"a*b*c", "axxbyy", false},
		{"a?c", "abc", true}, {"a?c", "aéc", true}, {"a??c", "aéc", false}, {"*é*", "aéc", true}, {"**", "x", true}, {"a*", "a*", true},
	} {
		if got := Match(c.pattern, c.s); got != c.want {
			t.Errorf("Match(%q, %q) = %t", c.pattern, c.s, got)
		}
	}
	for _, c := range []struct {
		pattern, action string
		want            bool
	}{
		{"S3:getobject", "s3:GetObject", true}, {"s3:*Object", "s3:PutObject", true}, {"*", "iam:PassRole", true},
		{" s3:GetObject", "s3:GetObject", false}, {"s3:Get?bject", "s3:GetObject", true}, {"", "s3:GetObject", false},
	} {
		if got := MatchAction(c.pattern, c.action); got != c.want {
			t.Errorf("MatchAction(%q, %q) = %t", c.pattern, c.action, got)
		}
	}
}

// plain is Match as its definition reads: slow, and obvious.
func plain(pattern, s []rune) bool {
	if len(pattern) == 0 {
		return len(s) == 0
	}
	switch pattern[0] {
	case '*':
		return plain(pattern[1:], s) || len(s) > 0 && plain(pattern, s[1:])
	case '?':
		return len(s) > 0 && plain(pattern[1:], s[1:])
	}
	return len(s) > 0 && pattern[0] == s[0] && plain(pattern[1:], s[1:])
}

func patterns() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.SampledFrom([]rune("ab/*?é")), 0, 8, -1)
}
func names() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.SampledFrom([]rune("ab/é")), 0, 10, -1)
}

func TestMatchAgreesWithItsDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pattern, s := patterns().Draw(t, "pattern"), names().Draw(t, "s")
		if got, want := Match(pattern, s), plain([]rune(pattern), []rune(s)); got != want {
			t.Fatalf("Match(%q, %q) = %t, want %t", pattern, s, got, want)
		}
	})
}

// What covers a prefix matches whatever begins with it; what does not even meet it matches nothing of the kind.
func TestPrefixes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pattern, prefix, rest := patterns().Draw(t, "pattern"), names().Draw(t, "prefix"), names().Draw(t, "rest")
		matches := Match(pattern, prefix+rest)
		if coversPrefix(pattern, prefix) && !matches {
			t.Fatalf("%q covers %q and does not match %q", pattern, prefix, prefix+rest)
		}
		if !meetsPrefix(pattern, prefix) && matches {
			t.Fatalf("%q does not meet %q and matches %q", pattern, prefix, prefix+rest)
		}
	})
}
