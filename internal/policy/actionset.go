package policy

import (
	"math/bits"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/onus-cloud/onus/internal/iamdata"
)

// ActionSet is the actions that an element of a statement is about: a bit for each that the catalogue knows, and the element's
// text for those that it does not. It does not change once it is made.
type ActionSet struct {
	bits     []uint64 // nil where making them would take too long: then the text decides
	patterns []string // in lower case
	negated  bool     // of a NotAction
}

// Has reports whether an action is in the set. One that is not in the catalogue is matched by its text.
func (a *ActionSet) Has(action string) bool {
	f := factsOf(action)
	return a.has(&f)
}

func (a *ActionSet) has(f *actionFacts) bool {
	if f.index >= 0 && f.index>>6 < len(a.bits) {
		return a.bits[f.index>>6]&(1<<(f.index&63)) != 0
	}
	for _, p := range a.patterns {
		if p != "" && Match(p, f.lower) {
			return !a.negated
		}
	}
	return a.negated
}

// HasIndex reports whether the action at a place of the catalogue is in the set.
func (a *ActionSet) HasIndex(i int) bool {
	if a.bits == nil {
		return a.Has(iamdata.Current().Actions()[i].String())
	}
	return a.bits[i>>6]&(1<<(i&63)) != 0
}

// Len counts the actions of the catalogue that are in the set.
func (a *ActionSet) Len() int {
	n := 0
	if a.bits == nil {
		for i := range iamdata.Current().Actions() {
			if a.HasIndex(i) {
				n++
			}
		}
	}
	for _, word := range a.bits {
		n += bits.OnesCount64(word)
	}
	return n
}

// lowerNames are the actions of the catalogue in lower case with their places, in the order of the names.
type lowerNames struct {
	of    *iamdata.Catalogue
	names []string
	index []int32
}

var sortedNames struct {
	sync.Mutex
	lowerNames
}

func namesOf(c *iamdata.Catalogue) lowerNames {
	sortedNames.Lock()
	defer sortedNames.Unlock()
	if sortedNames.of == c {
		return sortedNames.lowerNames
	}
	actions := c.Actions()
	n := lowerNames{of: c, index: make([]int32, len(actions)), names: make([]string, len(actions))}
	lower := make([]string, len(actions))
	for i := range actions {
		lower[i], n.index[i] = strings.ToLower(actions[i].String()), int32(i)
	}
	slices.SortFunc(n.index, func(a, b int32) int { return strings.Compare(lower[a], lower[b]) })
	for k, i := range n.index {
		n.names[k] = lower[i]
	}
	sortedNames.lowerNames = n
	return n
}

// mostTried bounds the work of making one set: ten thousand patterns that begin with a star would try every action each.
const mostTried = 1_000_000

// actionSet makes the set of an Action element, or of a NotAction.
func actionSet(patterns []string, negated bool) *ActionSet {
	c := iamdata.Current()
	names := namesOf(c)
	a := &ActionSet{bits: make([]uint64, (len(names.names)+63)/64), negated: negated}
	tried := 0
	for _, p := range patterns {
		lower := strings.ToLower(p)
		a.patterns = append(a.patterns, lower)
		if lower == "" || a.bits == nil {
			continue
		}
		// Only names that begin as the pattern does, up to its first wildcard, can match it.
		prefix := lower
		if i := strings.IndexAny(lower, "*?"); i >= 0 {
			prefix = lower[:i]
		}
		from := sort.SearchStrings(names.names, prefix)
		for k := from; k < len(names.names) && strings.HasPrefix(names.names[k], prefix); k++ {
			if tried++; tried > mostTried {
				a.bits = nil
				break
			}
			if len(prefix)+1 == len(lower) && lower[len(prefix)] == '*' || Match(lower, names.names[k]) {
				i := names.index[k]
				a.bits[i>>6] |= 1 << (i & 63)
			}
		}
	}
	if negated && a.bits != nil {
		for i := range a.bits {
			a.bits[i] = ^a.bits[i]
		}
		if rest := len(names.names) & 63; rest != 0 {
			a.bits[len(a.bits)-1] &= 1<<rest - 1
		}
	}
	return a
}
