package claims

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Form is one sentence that a claims file may hold, with typed slots in braces: "port {port} is reachable only from {sources}".
//
// A slot's name is its type, with a number after it where a sentence has two of a kind ({period}, {period2}):
//
//	ports       22 | 22, 3389 | 8000-8100 | 53/udp
//	port        22
//	period      30 days | 36 hours | 1 day | 2 weeks | 5 minutes
//	number      14
//	sources     groups, addresses, CIDRs, accounts, systems, tiers, the internet
//	tier        shop.web | shop
//	principals  role/Admin in every account, permission-set/Operators in 111122223333
//	action      s3:GetObject | iam:*
//	location    s3://bucket/prefix | table/orders | an ARN
//	word        any one word
//	text        any words
//
// Case, white space, commas between words and a full stop at the end make no difference to which form a sentence has.
type Form struct {
	// Text is the sentence with its slots.
	Text string
	// ID names who answers it: a control, a practice, or an engine still to come.
	ID string
	// Example is one sentence of this form. It may be left empty where Text has no slots.
	Example string
	// Pending, if not empty, says why a claim of this form is accepted and yet reads unknown: "the packet engine is not built yet".
	Pending string
}

// Language is a set of forms that no sentence can confuse.
type Language struct {
	forms []compiled
}

type compiled struct {
	form   *Form
	pieces []piece
}

// piece is one word of a form, or one slot.
type piece struct {
	word string // lower case; empty for a slot
	slot string // the slot's name
	kind *kind
}

var slotName = regexp.MustCompile(`^\{([a-z]+)[0-9]*\}$`)

// CompileForms makes a Language of forms. It refuses an unknown kind of slot, a slot named twice, an example that is not a
// sentence of its form, and two forms that one sentence could have both.
func CompileForms(forms []Form) (*Language, error) {
	l := &Language{}
	for _, f := range forms {
		c, err := compile(f)
		if err != nil {
			return nil, fmt.Errorf("form %q: %w", f.Text, err)
		}
		for _, other := range l.forms {
			if overlap(expand(c.pieces), expand(other.pieces)) {
				return nil, fmt.Errorf("form %q: a sentence could have this form and %q; change the words of one", f.Text, other.form.Text)
			}
		}
		if c.form.Example == "" {
			if len(c.slots()) > 0 {
				return nil, fmt.Errorf("form %q: it has slots and so needs an example", f.Text)
			}
			c.form.Example = f.Text
		}
		texts, ok := c.bind(split(regular(c.form.Example)))
		if !ok {
			return nil, fmt.Errorf("form %q: its example %q is not a sentence of this form", f.Text, c.form.Example)
		}
		for i, p := range c.slots() {
			if p.kind.names {
				continue // the names in an example are of a file that is not here
			}
			if _, _, problems := p.kind.parse(&File{}, texts[i]); len(problems) > 0 {
				return nil, fmt.Errorf("form %q: its example: %s", f.Text, problems[0].text)
			}
		}
		l.forms = append(l.forms, c)
	}
	return l, nil
}

func compile(f Form) (compiled, error) {
	c := compiled{form: &f}
	for _, field := range strings.Fields(regular(f.Text)) {
		field = strings.Trim(field, ",")
		if field == "" {
			continue
		}
		if !strings.ContainsAny(field, "{}") {
			c.pieces = append(c.pieces, piece{word: strings.ToLower(field)})
			continue
		}
		m := slotName.FindStringSubmatch(field)
		if m == nil {
			return c, fmt.Errorf("%s is not a slot; write it as {port} or {port2}", field)
		}
		k, ok := kinds[m[1]]
		if !ok {
			return c, fmt.Errorf("no slot is of the kind %q", m[1])
		}
		name := strings.Trim(field, "{}")
		if slices.ContainsFunc(c.pieces, func(p piece) bool { return p.slot == name }) {
			return c, fmt.Errorf("slot {%s} comes twice; number them", name)
		}
		c.pieces = append(c.pieces, piece{slot: name, kind: k})
	}
	if len(c.pieces) == 0 {
		return c, fmt.Errorf("it has no words")
	}
	return c, nil
}

func (c compiled) slots() []piece {
	return slices.DeleteFunc(slices.Clone(c.pieces), func(p piece) bool { return p.kind == nil })
}

// Sentences returns all forms in the order they were given, each with an example.
func (l *Language) Sentences() []Form {
	forms := make([]Form, len(l.forms))
	for i, c := range l.forms {
		forms[i] = *c.form
	}
	return forms
}

// element is a piece that stands for one word exactly, or for any number of words.
type element struct {
	piece
	star bool
}

func expand(pieces []piece) []element {
	var elements []element
	for _, p := range pieces {
		elements = append(elements, element{piece: p})
		if p.kind != nil && p.kind.many {
			elements = append(elements, element{piece: p, star: true})
		}
	}
	return elements
}

// overlap reports whether some sentence matches both.
func overlap(a, b []element) bool {
	type pair struct{ i, j int }
	seen := map[pair]bool{}
	var meet func(i, j int) bool
	meet = func(i, j int) bool {
		if i == len(a) && j == len(b) {
			return true
		}
		if seen[pair{i, j}] {
			return false
		}
		seen[pair{i, j}] = true
		if i < len(a) && a[i].star && (meet(i+1, j) || j < len(b) && common(a[i].piece, b[j].piece) && meet(i, j+1)) {
			return true
		}
		if j < len(b) && b[j].star && (meet(i, j+1) || i < len(a) && common(a[i].piece, b[j].piece) && meet(i+1, j)) {
			return true
		}
		return i < len(a) && j < len(b) && common(a[i].piece, b[j].piece) && meet(i+1, j+1)
	}
	return meet(0, 0)
}

// common reports whether some word could stand in both places.
func common(a, b piece) bool {
	switch {
	case a.kind == nil && b.kind == nil:
		return a.word == b.word
	case a.kind == nil:
		return b.kind.takes(a.word)
	case b.kind == nil:
		return a.kind.takes(b.word)
	}
	// Of two slots: some word that is typical of one would do in the other.
	return slices.ContainsFunc(a.kind.typical, b.kind.takes) || slices.ContainsFunc(b.kind.typical, a.kind.takes)
}
