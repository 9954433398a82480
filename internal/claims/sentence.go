package claims

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxSentence bounds the work that one sentence can make, in bytes.
const maxSentence = 4000

// regular makes white space and the full stop of a sentence regular.
func regular(text string) string {
	return strings.TrimSpace(strings.TrimSuffix(strings.Join(strings.Fields(text), " "), "."))
}

// words of a sentence: commas at the end of a word stand alone.
func split(sentence string) []string {
	var words []string
	for _, field := range strings.Fields(sentence) {
		word := strings.TrimRight(field, ",")
		if word != "" {
			words = append(words, word)
		}
		if len(word) < len(field) {
			words = append(words, ",")
		}
	}
	return words
}

// bind matches a sentence word by word. Where a slot can end in several places the first way that leaves words for the rest
// is taken. It returns the text of each slot, in order.
func (c compiled) bind(words []string) ([]string, bool) {
	type state struct{ p, w int }
	dead := map[state]bool{}
	var texts []string
	var walk func(p, w int) bool
	walk = func(p, w int) bool {
		for w < len(words) && words[w] == "," {
			w++
		}
		if p == len(c.pieces) {
			return w == len(words)
		}
		if w == len(words) || dead[state{p, w}] {
			return false
		}
		piece := c.pieces[p]
		if piece.kind == nil {
			if strings.ToLower(words[w]) == piece.word && walk(p+1, w+1) {
				return true
			}
			dead[state{p, w}] = true
			return false
		}
		longest := w + 1
		if piece.kind.many {
			longest = len(words)
		}
		for end := w + 1; end <= longest; end++ {
			texts = append(texts, join(words[w:end]))
			if walk(p+1, end) {
				return true
			}
			texts = texts[:len(texts)-1]
		}
		dead[state{p, w}] = true
		return false
	}
	ok := walk(0, 0)
	return texts, ok
}

func join(words []string) string {
	return strings.Trim(strings.ReplaceAll(strings.Join(words, " "), " ,", ","), ", ")
}

// Sentence reads one sentence, with or without a scope ("shop: ..."), as the claims of a file are read: names are those of
// the file, which may be nil. Lines and columns of mistakes are of the text.
func (l *Language) Sentence(f *File, text string) (Claim, []Mistake) {
	if f == nil {
		f = &File{}
	}
	c, problems := l.sentence(f, text, true)
	var mistakes []Mistake
	for _, p := range problems {
		column := 1
		if i := strings.Index(text, p.at); i > 0 {
			column += len([]rune(text[:i]))
		}
		mistakes = append(mistakes, Mistake{Line: 1, Column: column, Text: p.text, Hint: p.hint})
	}
	c.Line, c.Column = 1, 1
	return c, mistakes
}

func (l *Language) sentence(f *File, text string, hints bool) (Claim, []problem) {
	if scope, rest, ok := strings.Cut(text, ": "); ok && couldBeName(strings.TrimSpace(scope)) {
		return l.scoped(f, strings.TrimSpace(scope), rest, hints)
	}
	return l.unscoped(f, text, hints)
}

func (l *Language) scoped(f *File, scope, text string, hints bool) (Claim, []problem) {
	t, problems := f.tier(scope)
	c, more := l.unscoped(f, text, hints)
	c.Scope = t
	return c, append(problems, more...)
}

func (l *Language) unscoped(f *File, text string, hints bool) (Claim, []problem) {
	if len(text) > maxSentence {
		return Claim{}, one("", fmt.Sprintf("this sentence is longer than %d bytes", maxSentence), "name groups instead of long lists")
	}
	claim := Claim{Text: regular(text)}
	words := split(claim.Text)
	if len(words) == 0 {
		return claim, one("", "no sentence is written here", "onus sentences lists them")
	}
	// Two forms may have the same words about slots of different kinds; the one whose slots are right is meant.
	var best Claim
	var wrong []problem
	for _, c := range l.forms {
		texts, ok := c.bind(words)
		if !ok {
			continue
		}
		slots, problems := c.fill(f, texts)
		if best.Form == nil || len(problems) < len(wrong) {
			best, wrong = Claim{Form: c.form, Slots: slots, Text: claim.Text}, problems
		}
	}
	if best.Form != nil {
		return best, wrong
	}
	hint := "onus sentences lists all"
	if hints {
		if near := l.nearest(words); len(near) > 0 {
			hint = "perhaps " + strings.Join(near, "; or ")
		}
	}
	return claim, one("", fmt.Sprintf("no sentence reads %q", shorten(claim.Text)), hint)
}

// fill types the texts of the slots.
func (c compiled) fill(f *File, texts []string) (Slots, []problem) {
	var slots Slots
	var problems []problem
	for i, p := range c.slots() {
		value, canonical, wrong := p.kind.parse(f, texts[i])
		for _, w := range wrong {
			if w.at == "" {
				w.at = texts[i]
			}
			problems = append(problems, w)
		}
		slots.values = append(slots.values, slotValue{p.slot, value, canonical})
	}
	return slots, problems
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 120 {
		return string(r[:117]) + "..."
	}
	return s
}

// nearest returns the texts of at most three forms that a sentence was perhaps meant to have, nearest first.
func (l *Language) nearest(words []string) []string {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "," })
	if len(words) > 60 {
		words = words[:60]
	}
	type near struct {
		text string
		cost int
	}
	var found []near
	for _, c := range l.forms {
		// Half of the words may be wrong, but half of the form's own words must be there.
		if cost := c.distance(words); c.resembles(words) && cost <= wrongWord*max(len(words), len(c.pieces))/2 {
			found = append(found, near{fmt.Sprintf("%q", c.form.Text), cost})
		}
	}
	slices.SortStableFunc(found, func(a, b near) int { return cmp.Compare(a.cost, b.cost) })
	var texts []string
	for _, n := range found {
		// What is twice as far as the best is noise beside it.
		if len(texts) == 3 || n.cost > 2*found[0].cost+wrongWord {
			break
		}
		texts = append(texts, n.text)
	}
	return texts
}

const (
	wrongWord    = 4 // a word that is missing, too much or another
	misspelt     = 1
	implausible  = 2 // a slot filled with what it cannot hold
	anotherValue = 1 // one more word in a slot that holds many
)

// resembles reports whether at least half of a form's own words stand somewhere in a sentence, if misspelt.
func (c compiled) resembles(words []string) bool {
	own, there := 0, 0
	for _, p := range c.pieces {
		if p.kind != nil {
			continue
		}
		own++
		if slices.ContainsFunc(words, func(w string) bool { return similar(strings.ToLower(w), p.word) }) {
			there++
		}
	}
	return 2*there >= own
}

// distance is the edit distance of a sentence from a form, word by word.
func (c compiled) distance(words []string) int {
	n := len(words)
	previous := make([]int, n+1) // cost of matching the pieces so far with words[:j]
	for j := range previous {
		previous[j] = j * wrongWord
	}
	for _, p := range c.pieces {
		current := make([]int, n+1)
		current[0] = previous[0] + wrongWord
		for j := 1; j <= n; j++ {
			word := strings.ToLower(words[j-1])
			current[j] = min(previous[j]+wrongWord, current[j-1]+wrongWord, previous[j-1]+p.cost(word))
			if p.kind != nil && p.kind.many {
				current[j] = min(current[j], current[j-1]+anotherValue+p.cost(word))
			}
		}
		previous = current
	}
	return previous[n]
}

func (p piece) cost(word string) int {
	switch {
	case p.kind != nil && p.kind.takes(word):
		return 0
	case p.kind != nil:
		return implausible
	case word == p.word:
		return 0
	case similar(word, p.word):
		return misspelt
	}
	return wrongWord
}

// similar reports whether one word is perhaps a misspelling of the other.
func similar(a, b string) bool {
	if len(a) > 64 || len(b) > 64 {
		return false
	}
	return a == b || editDistance(a, b) <= max(len(a), len(b))/3
}

// editDistance counts the characters to insert, delete, replace or swap with their neighbour.
func editDistance(a, b string) int {
	r, s := []rune(a), []rune(b)
	rows := make([][]int, len(r)+1)
	for i := range rows {
		rows[i] = make([]int, len(s)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(r); i++ {
		for j := 1; j <= len(s); j++ {
			change := 1
			if r[i-1] == s[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && r[i-1] == s[j-2] && r[i-2] == s[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(r)][len(s)]
}

// suggest returns the name that a text was perhaps meant to be, or else the fallback.
func suggest(text string, names []string, fallback string) string {
	best, cost := "", 0
	for _, n := range names {
		if !similar(strings.ToLower(text), strings.ToLower(n)) {
			continue
		}
		if c := editDistance(text, n); best == "" || c < cost {
			best, cost = n, c
		}
	}
	if best == "" {
		return fallback
	}
	return "perhaps " + best
}
