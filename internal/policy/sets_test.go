package policy

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// texts are all of up to four characters of a small alphabet, one of which no pattern spells.
func texts() []string {
	all := []string{""}
	for from, length := 0, 0; length < 5; length++ {
		to := len(all)
		for _, s := range all[from:to] {
			for _, c := range []string{"a", "b", "é", "z"} {
				all = append(all, s+c)
			}
		}
		from = to
	}
	return all
}

func shortPatterns() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.SampledFrom([]rune("ab*?é")), 0, 4, -1)
}

func TestOverlapAgreesWithItsDefinition(t *testing.T) {
	t.Parallel()
	all := texts()
	rapid.Check(t, func(t *rapid.T) {
		a, b := shortPatterns().Draw(t, "a"), shortPatterns().Draw(t, "b")
		want := ""
		found := false
		for _, s := range all {
			if Match(a, s) && Match(b, s) {
				want, found = s, true
				break
			}
		}
		// Two patterns of four letters that match a common text match one of at most eight: those beyond five are searched here.
		if got := Overlap(a, b); found && !got || got != Overlap(b, a) {
			t.Fatalf("%q and %q both match %q, and overlap is %t", a, b, want, got)
		}
		if strings.Count(a, "*")+strings.Count(b, "*") < 2 && Overlap(a, b) && !found {
			t.Fatalf("%q and %q have no text in common", a, b)
		}
	})
}

func TestCoversAgreesWithItsDefinition(t *testing.T) {
	t.Parallel()
	all := texts()
	rapid.Check(t, func(t *rapid.T) {
		union := rapid.SliceOfN(shortPatterns(), 1, 3).Draw(t, "union")
		pattern := shortPatterns().Draw(t, "pattern")
		missed := ""
		found := false
		for _, s := range all {
			if !Match(pattern, s) {
				continue
			}
			in := false
			for _, u := range union {
				in = in || Match(u, s)
			}
			if !in {
				missed, found = s, true
				break
			}
		}
		got := Covers(union, pattern)
		if got == IsCovered && found {
			t.Fatalf("%q covers %q, and not %q", union, pattern, missed)
		}
		// A text that is missed has one of the length of the longest pattern and one more.
		if got == NotCovered && !found {
			t.Fatalf("%q does not cover %q, and nothing is missed", union, pattern)
		}
	})
}

func TestCovers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		union   []string
		pattern string
		want    Covered
	}{
		{[]string{"*"}, "anything", IsCovered},
		{[]string{"arn:aws:s3:::*"}, "arn:aws:s3:::b/*", IsCovered},
		{[]string{"arn:aws:s3:::b/*"}, "arn:aws:s3:::*", NotCovered},
		{[]string{"arn:aws:s3:::b", "arn:aws:s3:::b/*"}, "arn:aws:s3:::b/k*", IsCovered},
		{[]string{"?*"}, "*x*", IsCovered},
		{[]string{"", "?", "??*"}, "*", IsCovered},
		{nil, "a", NotCovered},
		{[]string{"*a???????????????????????"}, "*b???????????????????????*", NotCovered},
		{[]string{"*a????????????????????"}, "*xa????????????????????", CoverUnknown},
	} {
		if got := Covers(c.union, c.pattern); got != c.want {
			t.Errorf("Covers(%q, %q) = %d, want %d", c.union, c.pattern, got, c.want)
		}
	}
}

func FuzzPatterns(f *testing.F) {
	f.Add("arn:aws:s3:::b/*", "arn:aws:s3:::*", "arn:aws:s3:::b/k")
	f.Add("a*b?c", "*", "aéb:c")
	f.Fuzz(func(t *testing.T, a, b, s string) {
		if len(a)+len(b)+len(s) > 200 {
			return
		}
		inA, inB := Match(a, s), Match(b, s)
		if inA && inB && !Overlap(a, b) {
			t.Errorf("%q and %q both match %q and do not overlap", a, b, s)
		}
		if got := (glob{text: a}).matches(s); got != inA {
			t.Errorf("glob %q matches %q: %t", a, s, got)
		}
		for layer := range len(layers) {
			p := newPattern(Layer(layer), Deny, a, false)
			if got, want := p.matches(s), resourceMatches(Layer(layer), Deny, glob{text: a}, s); got != want {
				t.Errorf("%s: %q matches %q: %t, by the rules %t", Layer(layer), a, s, got, want)
			}
		}
		like := likePattern(a)
		if got := like.like(s); got != inA {
			t.Errorf("like %q matches %q: %t", a, s, got)
		}
	})
}
