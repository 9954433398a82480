package claims

import (
	"cmp"
	"fmt"
	"slices"
)

// Mistake is one thing in a claims file that cannot be understood.
type Mistake struct {
	File   string
	Line   int    // from 1
	Column int    // from 1, in characters
	Text   string // what is wrong
	Hint   string // what was meant perhaps, or what to do; may be empty
}

func (m Mistake) Error() string {
	s := m.Text
	if m.File != "" {
		s = fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Text)
	}
	if m.Hint != "" {
		s += " (" + m.Hint + ")"
	}
	return s
}

func sortMistakes(mistakes []Mistake) []Mistake {
	slices.SortStableFunc(mistakes, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(mistakes)
}
