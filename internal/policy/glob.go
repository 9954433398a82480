package policy

import (
	"iter"
	"strings"
)

// glob is a pattern whose variables are filled in: its text, and which bytes of it stand for more than themselves. What a
// variable brought in stands for itself, even where it is a star: ${*} is how a policy writes one.
type glob struct {
	text string
	wild []bool // nil where every * and ? is wild
}

func (g glob) wildAt(i int) bool {
	return (g.text[i] == '*' || g.text[i] == '?') && (g.wild == nil || g.wild[i])
}

// everything reports whether the pattern is nothing but stars.
func (g glob) everything() bool {
	for i := range len(g.text) {
		if g.text[i] != '*' || !g.wildAt(i) {
			return false
		}
	}
	return g.text != ""
}

// hasWildcard reports whether anything in the pattern stands for more than itself.
func (g glob) hasWildcard() bool {
	for i := range len(g.text) {
		if g.wildAt(i) {
			return true
		}
	}
	return false
}

func (g glob) slice(from, to int) glob {
	s := glob{text: g.text[from:to]}
	if g.wild != nil {
		s.wild = g.wild[from:to]
	}
	return s
}

func (g glob) append(pattern string) glob {
	s := glob{text: g.text + pattern}
	if g.wild != nil {
		s.wild = append(append([]bool(nil), g.wild...), make([]bool, len(pattern))...)
		for i := range pattern {
			s.wild[len(g.text)+i] = true
		}
	}
	return s
}

// parts splits the pattern at its colons into at most n.
func (g glob) parts(n int) []glob {
	var all []glob
	for len(all) < n-1 {
		i := strings.IndexByte(g.text, ':')
		if i < 0 {
			break
		}
		all = append(all, g.slice(0, i))
		g = g.slice(i+1, len(g.text))
	}
	return append(all, g)
}

func (g glob) colons() int { return strings.Count(g.text, ":") }

// matches reports whether the whole of s matches.
func (g glob) matches(s string) bool { return g.match(s, func(int) bool { return true }) }

// match is matches, in which a star takes a colon only where crosses says so of its place in the pattern. Like Match it
// comes back only to the last star, and to the last one that takes colons where the last is one that does not.
func (g glob) match(s string, crosses func(at int) bool) bool {
	type place struct{ p, i int }
	var inner, outer place // the last star that stays between colons, and the last that does not
	hasInner, hasOuter := false, false
	p, i := 0, 0
	for i < len(s) || p < len(g.text) {
		switch {
		case p < len(g.text) && g.wildAt(p) && g.text[p] == '*':
			if crosses(p) {
				outer, hasOuter, hasInner = place{p, i}, true, false
			} else {
				inner, hasInner = place{p, i}, true
			}
			p++
			continue
		case i < len(s) && p < len(g.text) && g.wildAt(p) && g.text[p] == '?':
			p++
			i += width(s, i)
			continue
		case i < len(s) && p < len(g.text) && g.text[p] == s[i]:
			p++
			i++
			continue
		}
		switch {
		case hasInner && inner.i < len(s) && s[inner.i] != ':':
			inner.i += width(s, inner.i)
			p, i = inner.p+1, inner.i
		case hasOuter && outer.i < len(s):
			outer.i += width(s, outer.i)
			p, i, hasInner = outer.p+1, outer.i, false
		default:
			return false
		}
	}
	return true
}

// expand fills in the policy variables of a text: ${key}, ${key, 'default'}, and ${*}, ${?}, ${$}, which stand for the
// characters themselves. A variable that has no value, or more than one, makes that the text matches nothing: no. One that
// is not known makes it maybe; then open holds its key, and the glob has a star in its place.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func (j *judge) expand(text string) (g glob, known truth, open string) {
	if !j.variables || !strings.Contains(text, "${") {
		return glob{text: text}, yes, ""
	}
	return j.fill(text, true)
}

// fill is expand of a text with variables; patterns says whether stars and question marks of the text itself are wildcards.
func (j *judge) fill(text string, patterns bool) (g glob, known truth, open string) {
	var b strings.Builder
	var wild []bool
	add := func(s string, isWild bool) {
		b.WriteString(s)
		for range len(s) {
			wild = append(wild, isWild)
		}
	}
	known = yes
	for {
		before, name, rest, found := cutVariable(text)
		if !found {
			break
		}
		add(before, patterns)
		text = rest
		if name == "*" || name == "?" || name == "$" {
			add(name, false)
			continue
		}
		key, fallback, hasFallback := defaultOf(name)
		values, there := j.key(key)
		switch {
		case there == maybe:
			known, open = min(known, maybe), key
			add("*", true)
		case there == yes && len(values) == 1:
			add(values[0], false)
		case hasFallback:
			add(fallback, false)
		default:
			known = no
		}
	}
	add(text, patterns)
	return glob{text: b.String(), wild: wild}, known, open
}

// cutVariable takes the first variable out of a text: what stands between its braces, and what stands before and behind them.
func cutVariable(text string) (before, name, rest string, found bool) {
	before, after, found := strings.Cut(text, "${")
	if !found {
		return text, "", "", false
	}
	name, rest, found = strings.Cut(after, "}")
	return before, name, rest, found
}

// openVariables are the keys that a text has as variables and that nobody knows.
func (j *judge) openVariables(text string) (keys []string) {
	if !j.variables {
		return nil
	}
	for key := range Variables(text) {
		if _, there := j.key(key); there == maybe {
			keys = append(keys, key)
		}
	}
	return keys
}

// Variables are the keys that a text has as policy variables, in order, without their defaults. ${*}, ${?} and ${$} are none.
func Variables(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for {
			_, name, rest, found := cutVariable(text)
			if !found {
				return
			}
			text = rest
			if key, _, _ := defaultOf(name); key != "*" && key != "?" && key != "$" && !yield(key) {
				return
			}
		}
	}
}

// defaultOf takes a variable apart: "aws:PrincipalTag/team, 'company-wide'".
func defaultOf(variable string) (key, fallback string, ok bool) {
	key, rest, found := strings.Cut(variable, ",")
	key = strings.TrimSpace(key)
	if !found {
		return key, "", false
	}
	rest = strings.TrimSpace(rest)
	if len(rest) < 2 || rest[0] != '\'' || rest[len(rest)-1] != '\'' {
		return key, "", false
	}
	return key, rest[1 : len(rest)-1], true
}
