package policy

import "strings"

// Overlap reports whether there is a text that both patterns match, for patterns in which * stands for any characters and ?
// for one: what a statement about one may say of the other.
func Overlap(a, b string) bool {
	// reach[j] says that the part of a that was read, and b[:j], match a common text.
	reach, next := make([]bool, len(b)+1), make([]bool, len(b)+1)
	reach[0] = true
	spread(reach, b)
	for i := 0; i < len(a); {
		clear(next)
		n := width(a, i)
		c := a[i : i+n]
		for j := 0; j <= len(b); j++ {
			if !reach[j] {
				continue
			}
			if c == "*" {
				next[j] = true
			}
			if j == len(b) {
				continue
			}
			m := width(b, j)
			d := b[j : j+m]
			switch {
			case d == "*" && c != "*":
				next[j] = true // the star takes the character
			case c == "*":
				next[j+m] = true // this star takes it, and stands there still
			case c == "?" || d == "?" || c == d:
				next[j+m] = true
			}
		}
		if c == "*" {
			for j := 0; j < len(b); { // it takes as much of b as it likes
				m := width(b, j)
				if next[j] {
					next[j+m] = true
				}
				j += m
			}
		}
		spread(next, b)
		reach, next = next, reach
		i += n
	}
	return reach[len(b)]
}

// OverlapARN is Overlap for patterns of ARNs, whose first five parts hold no colons: each is compared by itself where both
// patterns have all six.
func OverlapARN(a, b string) bool {
	x, y := glob{text: a}.parts(6), glob{text: b}.parts(6)
	if len(x) < 6 || len(y) < 6 {
		return Overlap(a, b)
	}
	for i := range x {
		if !Overlap(x[i].text, y[i].text) {
			return false
		}
	}
	return true
}

// spread lets the stars of a pattern stand for nothing.
func spread(reach []bool, b string) {
	for j := range len(b) {
		if reach[j] && b[j] == '*' {
			reach[j+1] = true
		}
	}
}

// Covered is what is known of a set of patterns that might cover another one.
type Covered int

const (
	NotCovered Covered = iota
	IsCovered
	CoverUnknown // the question was too hard: the cap was reached
)

// coverStates bounds the work of Covers: inclusion in a union of patterns may need exponentially many states.
const coverStates = 20_000

// Covers reports whether every text that a pattern matches is matched by one of a union of patterns: "arn:aws:s3:::b/*" is
// covered by "arn:aws:s3:::*". It is exact, and gives up rather than guess.
func Covers(union []string, pattern string) Covered {
	for _, u := range union {
		if u == pattern || !strings.Contains(u, "?") && Match(u, opaque.Replace(pattern)) {
			return IsCovered
		}
	}
	c := newCover(union, pattern)
	return c.walk()
}

// opaque makes a pattern's wildcards characters that only the star of another pattern takes: what then matches, covers.
var opaque = strings.NewReplacer("*", "\x00", "?", "\x01")

// cover walks the pattern and the union side by side: for every place in the pattern, all places in the union that a text may
// have led to. A text that ends the pattern and none of the union is a counter-example.
type cover struct {
	pattern  []rune
	union    [][]rune
	alphabet []rune // every character that either spells, and one that none does
}

const otherRune = rune(-1)

func newCover(union []string, pattern string) *cover {
	c := &cover{pattern: []rune(pattern)}
	seen := map[rune]bool{'*': true, '?': true}
	note := func(rs []rune) {
		for _, r := range rs {
			if !seen[r] {
				seen[r] = true
				c.alphabet = append(c.alphabet, r)
			}
		}
	}
	note(c.pattern)
	for _, u := range union {
		rs := []rune(u)
		note(rs)
		c.union = append(c.union, rs)
	}
	c.alphabet = append(c.alphabet, otherRune)
	return c
}

type coverState struct {
	at     int    // in the pattern
	places string // in the union: bytes of a bit set
}

func (c *cover) walk() Covered {
	size := 0
	for _, u := range c.union {
		size += len(u) + 1
	}
	start := make([]byte, (size+7)/8)
	for base, k := 0, 0; k < len(c.union); k++ {
		c.enter(start, base, c.union[k], 0)
		base += len(c.union[k]) + 1
	}
	todo := []coverState{{0, string(start)}}
	seen := map[coverState]bool{todo[0]: true}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if len(seen) > coverStates {
			return CoverUnknown
		}
		visit := func(at int, places string) {
			n := coverState{at, places}
			if !seen[n] {
				seen[n] = true
				todo = append(todo, n)
			}
		}
		if s.at == len(c.pattern) {
			if !c.accepts(s.places) {
				return NotCovered
			}
			continue
		}
		switch p := c.pattern[s.at]; p {
		case '*':
			visit(s.at+1, s.places)
			for _, r := range c.alphabet {
				visit(s.at, c.step(s.places, r))
			}
		case '?':
			for _, r := range c.alphabet {
				visit(s.at+1, c.step(s.places, r))
			}
		default:
			visit(s.at+1, c.step(s.places, p))
		}
	}
	return IsCovered
}

// enter marks a place of the union, and those behind stars that stand for nothing.
func (c *cover) enter(places []byte, base int, u []rune, i int) {
	for {
		places[(base+i)>>3] |= 1 << ((base + i) & 7)
		if i >= len(u) || u[i] != '*' {
			return
		}
		i++
	}
}

func (c *cover) step(places string, r rune) string {
	next := make([]byte, len(places))
	base := 0
	for _, u := range c.union {
		for i := range u {
			if places[(base+i)>>3]&(1<<((base+i)&7)) == 0 {
				continue
			}
			switch u[i] {
			case '*':
				c.enter(next, base, u, i)
			case '?', r:
				c.enter(next, base, u, i+1)
			}
		}
		base += len(u) + 1
	}
	return string(next)
}

func (c *cover) accepts(places string) bool {
	base := 0
	for _, u := range c.union {
		if end := base + len(u); places[end>>3]&(1<<(end&7)) != 0 {
			return true
		}
		base += len(u) + 1
	}
	return false
}
