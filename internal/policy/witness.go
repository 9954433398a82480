package policy

import (
	"slices"
	"strings"
	"unicode"
)

// mostStates and mostPieces bound the work of witnesses: states times patterns, and how long those are together.
const (
	mostStates = 1 << 14
	mostPieces = 1 << 10
)

// piece is one thing that a pattern wants of a text: a character, any character, or any number of them.
type piece struct {
	char          rune
	any, many     bool // one character of any kind; any number of characters
	fold, noColon bool // the character's case does not matter; colons are not taken
}

func (p piece) takes(char rune) bool {
	switch {
	case p.any || p.many:
		return !p.noColon || char != ':'
	case p.fold:
		return strings.EqualFold(string(p.char), string(char))
	}
	return p.char == char
}

// pieces takes a value of a condition apart, as its operator reads it; nil where it matches nothing.
func pieces(operator, value string) []piece {
	all := []piece{}
	colons := 0
	arn := strings.HasPrefix(operator, "Arn")
	if arn && (glob{text: value}).everything() {
		return []piece{{many: true}}
	}
	for _, char := range value {
		p := piece{char: char, fold: operator == "StringEqualsIgnoreCase" || operator == "Bool", noColon: arn && colons < 5}
		if arn || operator == "StringLike" {
			p.any, p.many = char == '?', char == '*'
		}
		if char == ':' {
			colons++
		}
		all = append(all, p)
	}
	if arn && colons < 5 || operator == "Bool" && !isBool(value) {
		return nil
	}
	return all
}

// witnesses finds texts such that every text is matched by the same values of the conditions as one of them is, the empty one perhaps left
// aside; not ok where there is too much to try. It walks all texts at once, character by character, and keeps one way to each set of places that the patterns can be in.
func witnesses(asked []*Condition, withoutEmpty bool) (texts []string, ok bool) {
	var patterns [][]piece
	alphabet := []rune{':'}
	for _, c := range asked {
		for _, v := range c.Values {
			p := pieces(strings.Replace(c.Operator.Name, "Not", "", 1), v)
			if p == nil {
				continue
			}
			patterns = append(patterns, p)
			for _, one := range p {
				alphabet = append(alphabet, one.char, unicode.ToUpper(one.char), unicode.ToLower(one.char))
			}
		}
	}
	if len(alphabet) > 3*mostPieces {
		return nil, false
	}
	slices.Sort(alphabet)
	alphabet = slices.Compact(alphabet)
	for other := rune('~'); ; other++ { // stands for all characters that no pattern names
		if !slices.Contains(alphabet, other) {
			alphabet = append(alphabet, other)
			break
		}
	}
	type state struct {
		places [][]int // of each pattern, in order
		text   string
	}
	settle := func(p []piece, places []int) []int { // a star may take nothing
		for i := 0; i < len(places); i++ {
			if at := places[i]; at < len(p) && p[at].many && !slices.Contains(places, at+1) {
				places = append(places, at+1)
			}
		}
		slices.Sort(places)
		return slices.Compact(places)
	}
	first := state{}
	for _, p := range patterns {
		first.places = append(first.places, settle(p, []int{0}))
	}
	key := func(s state) string {
		var b strings.Builder
		for _, places := range s.places {
			for _, at := range places {
				b.WriteRune(rune(at))
			}
			b.WriteByte(0xff)
		}
		return b.String()
	}
	queue, seen, told := []state{first}, map[string]bool{key(first): !withoutEmpty}, map[string]bool{}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		matched := make([]byte, len(patterns))
		for i, places := range s.places {
			if slices.Contains(places, len(patterns[i])) {
				matched[i] = 1
			}
		}
		if !told[string(matched)] && (s.text != "" || !withoutEmpty) {
			told[string(matched)] = true
			texts = append(texts, s.text)
		}
		for _, char := range alphabet {
			next := state{text: s.text + string(char)}
			for i, p := range patterns {
				var places []int
				for _, at := range s.places[i] {
					if at < len(p) && p[at].takes(char) {
						if p[at].many {
							places = append(places, at)
						} else {
							places = append(places, at+1)
						}
					}
				}
				next.places = append(next.places, settle(p, places))
			}
			if k := key(next); !seen[k] {
				if seen[k] = true; len(seen)*len(patterns) > mostStates {
					return nil, false
				}
				queue = append(queue, next)
			}
		}
	}
	return texts, true
}
