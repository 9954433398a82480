package policy

import (
	"math/bits"
	"slices"

	"github.com/onus-cloud/onus/internal/iamdata"
)

// Bits is a set of places in the catalogue's list of actions.
type Bits []uint64

// Has reports whether a place is in the set.
func (b Bits) Has(i int) bool { return i>>6 < len(b) && b[i>>6]&(1<<(i&63)) != 0 }

// Len counts the places.
func (b Bits) Len() int {
	n := 0
	for _, word := range b {
		n += bits.OnesCount64(word)
	}
	return n
}

func (b Bits) or(c []uint64) {
	for i := range min(len(b), len(c)) {
		b[i] |= c[i]
	}
}

func (b Bits) without(c []uint64) {
	for i := range min(len(b), len(c)) {
		b[i] &^= c[i]
	}
}

// Given is what policies of a caller give it on all resources that a pattern names, as two sets of the catalogue's actions:
// those that they surely allow on every one of them, and those that they may allow on one of them, in some request.
// Between them lies what depends on the resource or on the request. Actions that know no resource are in neither, unless the
// pattern is "*".
//
// A source that was not read may give anything and deny anything. Where comparing patterns is too hard, the answer is that
// it may be.
func (l *Library) Given(sources []Source, pattern string) (surely, perhaps Bits) {
	actions := iamdata.Current().Actions()
	n := (len(actions) + 63) / 64
	surely, perhaps = make(Bits, n), make(Bits, n)
	denied, open := make(Bits, n), make(Bits, n) // surely on all; perhaps on some
	for _, s := range sources {
		if s.Document == nil {
			for i := range perhaps {
				perhaps[i], open[i] = ^uint64(0), ^uint64(0)
			}
			continue
		}
		for i := range s.Document.Statements {
			statement := &s.Document.Statements[i]
			every, some := statement.about(pattern, s.Document.Version == "2012-10-17")
			if !some {
				continue
			}
			set := l.Actions(statement).asBits(n)
			all, any := surely, perhaps
			if statement.Effect == Deny {
				all, any = denied, open
			}
			any.or(set)
			if every && len(statement.Condition) == 0 {
				all.or(set)
			}
		}
	}
	perhaps.without(denied)
	surely.without(open)
	if pattern != "*" {
		none := make(Bits, n)
		for i := range actions {
			if len(actions[i].Resources) == 0 {
				none[i>>6] |= 1 << (i & 63)
			}
		}
		surely.without(none)
		perhaps.without(none)
	}
	if rest := len(actions) & 63; rest != 0 {
		surely[n-1] &= 1<<rest - 1
		perhaps[n-1] &= 1<<rest - 1
	}
	return surely, perhaps
}

// asBits is the set as bits, made one by one where its text decides.
func (a *ActionSet) asBits(n int) []uint64 {
	if a.bits != nil {
		return a.bits
	}
	b := make(Bits, n)
	for i := range iamdata.Current().Actions() {
		if a.HasIndex(i) {
			b[i>>6] |= 1 << (i & 63)
		}
	}
	return b
}

// about reports whether a statement of an identity policy is about every resource that a pattern names, and whether about some.
func (s *Statement) about(pattern string, variables bool) (every, some bool) {
	texts, negated := s.Resource, false
	if s.NotResource != nil {
		texts, negated = s.NotResource, true
	}
	var plain []string
	for _, t := range texts {
		g, ok := completed(IdentityLayer, s.Effect, glob{text: t})
		switch {
		case variables && variable(t):
			some = true // a variable may be anything
		case g.everything():
			plain = append(plain, "*")
		case ok:
			plain = append(plain, g.text)
		}
	}
	covered := Covers(plain, pattern)
	// A star between colons stays there, unless it ends its part: such a pattern covers less than it looks.
	every = covered == IsCovered && !slices.ContainsFunc(plain, bounded)
	if negated {
		return !some && covered == NotCovered && !slices.ContainsFunc(plain, func(p string) bool { return OverlapARN(p, pattern) }), !every
	}
	return every, some || covered == CoverUnknown || slices.ContainsFunc(plain, func(p string) bool { return Overlap(p, pattern) })
}

// bounded reports whether a pattern has a star in its first five parts that does not cross colons, or a question mark, which
// takes any character.
func bounded(pattern string) bool {
	tail := sixth(pattern)
	for i := range tail {
		if pattern[i] == '*' && i+1 < len(pattern) && pattern[i+1] != ':' {
			return true
		}
	}
	return false
}
