package policy

import (
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Library compiles documents, each once however many policies share it, and keeps what it made. It may be used by many
// goroutines at once.
type Library struct {
	mu        sync.Mutex
	texts     map[string]*Document
	documents map[documentKey]*compiled
	sets      map[string]*ActionSet
}

type documentKey struct {
	document *Document
	layer    Layer
}

// NewLibrary makes an empty library.
func NewLibrary() *Library {
	return &Library{texts: map[string]*Document{}, documents: map[documentKey]*compiled{}, sets: map[string]*ActionSet{}}
}

// Parse is Parse, and gives equal texts the same document.
func (l *Library) Parse(text []byte) (*Document, error) {
	l.mu.Lock()
	d, ok := l.texts[string(text)]
	l.mu.Unlock()
	if ok {
		return d, nil
	}
	d, err := Parse(text)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if d, ok := l.texts[string(text)]; ok {
		return d, nil
	}
	l.texts[string(text)] = d
	return d, nil
}

// Actions is what a statement's Action or NotAction is about. Statements with equal elements share one set.
func (l *Library) Actions(s *Statement) *ActionSet {
	patterns, negated := s.Action, s.NotAction != nil
	if negated {
		patterns = s.NotAction
	}
	key := strings.Join(patterns, "\x00")
	if negated {
		key = "!" + key
	}
	l.mu.Lock()
	set, ok := l.sets[key]
	l.mu.Unlock()
	if ok {
		return set
	}
	set = actionSet(patterns, negated)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sets[key] = set
	return set
}

// compiled is a document made ready for one kind of layer.
type compiled struct {
	statements []compiledStatement
	variables  bool
}

type compiledStatement struct {
	*Statement
	actions    *ActionSet
	resources  []pattern
	negated    bool  // the resources are of a NotResource
	everywhere truth // what a statement without resources is about: yes all, no none; maybe where it has some
	conditions []compiledCondition
}

func (l *Library) compile(d *Document, layer Layer) *compiled {
	key := documentKey{d, layer}
	l.mu.Lock()
	c, ok := l.documents[key]
	l.mu.Unlock()
	if ok {
		return c
	}
	c = &compiled{statements: make([]compiledStatement, len(d.Statements)), variables: d.Version == "2012-10-17"}
	for i := range d.Statements {
		s := &d.Statements[i]
		k := compiledStatement{Statement: s, actions: l.Actions(s), everywhere: maybe}
		patterns := s.Resource
		switch {
		case s.NotResource != nil:
			patterns, k.negated = s.NotResource, true
		case s.Resource == nil:
			k.everywhere = truthOf(layer == ResourceLayer)
		}
		for _, p := range patterns {
			k.resources = append(k.resources, newPattern(layer, s.Effect, p, c.variables))
		}
		for j := range s.Condition {
			k.conditions = append(k.conditions, newCondition(&s.Condition[j], c.variables))
		}
		c.statements[i] = k
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.documents[key] = c
	return c
}

// pattern is a pattern of resources, taken apart as far as that can be done before a request is known.
type pattern struct {
	text   string
	kind   patternKind
	prefix string // what comes before the first wildcard
	whole  glob   // completed
	tail   int    // where the sixth part begins
}

type patternKind int8

const (
	nothing    patternKind = iota
	everything             // *
	exactly                // no wildcard
	beginning              // one star, at the end
	general
	variableText // the plain form must fill it in
)

func newPattern(layer Layer, effect Effect, text string, variables bool) pattern {
	p := pattern{text: text}
	if variables && strings.Contains(text, "${") {
		p.kind = variableText
		return p
	}
	g := glob{text: text}
	if g.everything() {
		p.kind = everything
		return p
	}
	whole, ok := completed(layer, effect, g)
	if !ok {
		return p
	}
	p.whole, p.kind, p.tail = whole, general, sixth(whole.text)
	star := strings.IndexAny(whole.text, "*?")
	switch {
	case star < 0:
		p.kind, p.prefix = exactly, whole.text
	case star == len(whole.text)-1 && whole.text[star] == '*':
		p.kind, p.prefix = beginning, whole.text[:star]
	default:
		p.prefix = whole.text[:star]
	}
	return p
}

func (p *pattern) matches(resource string) bool {
	switch p.kind {
	case nothing:
		return false
	case everything:
		return true
	}
	if resource == "*" || !strings.HasPrefix(resource, p.prefix) {
		return false
	}
	switch p.kind {
	case exactly:
		return len(resource) == len(p.prefix)
	case beginning:
		return true
	}
	return p.whole.matchCrossing(resource, p.tail)
}

// compiledCondition is a condition whose values are read.
type compiledCondition struct {
	*Condition
	key       string // in lower case
	base      string // the operator without its negation
	negated   bool
	variables bool // the plain form must fill values in
	void      bool // negated, and a value is of another type than the operator compares: never met
	strings   []pattern
	arns      [][]glob // of six parts each; nil matches nothing
	numbers   []number
	dates     []time.Time
	ranges    []netip.Prefix
	bools     [2]bool // whether "false" and "true" are among the values
}

type number struct {
	integer   int64
	isInteger bool
	text      string
	ok        bool
}

func readNumber(s string) number {
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil && s[0] != '+' {
		return number{n, true, s, true}
	}
	_, ok := parseNumber(s)
	return number{text: s, ok: ok}
}

func newCondition(c *Condition, variables bool) compiledCondition {
	k := compiledCondition{Condition: c, key: strings.ToLower(c.Key), negated: c.Operator.Negated(),
		base: strings.Replace(c.Operator.Name, "Not", "", 1)}
	for _, v := range c.Values {
		if variables && strings.Contains(v, "${") {
			k.variables = true
		}
	}
	if k.variables || c.Operator.Unknown {
		return k
	}
	for _, v := range c.Values {
		switch {
		case k.base == "StringLike":
			k.strings = append(k.strings, likePattern(v))
		case strings.HasPrefix(k.base, "Arn"):
			parts := glob{text: v}.parts(6)
			switch {
			case glob{text: v}.everything():
				parts = []glob{}
			case len(parts) != 6:
				parts = nil
			}
			k.arns = append(k.arns, parts)
		case strings.HasPrefix(k.base, "Numeric"):
			n := readNumber(v)
			k.numbers = append(k.numbers, n)
			k.void = k.void || k.negated && !n.ok
		case strings.HasPrefix(k.base, "Date"):
			t, ok := parseDate(v)
			if ok {
				k.dates = append(k.dates, t)
			}
			k.void = k.void || k.negated && !ok
		case k.base == "IpAddress":
			if p, ok := parseRange(v); ok {
				k.ranges = append(k.ranges, p)
			}
		case k.base == "Bool":
			if isBool(v) {
				k.bools[len(v)&1^1] = true // "true" has four letters
			}
		}
	}
	return k
}

func likePattern(text string) pattern {
	p := pattern{text: text, kind: general, whole: glob{text: text}}
	star := strings.IndexAny(text, "*?")
	switch {
	case p.whole.everything():
		p.kind = everything
	case star < 0:
		p.kind, p.prefix = exactly, text
	case star == len(text)-1 && text[star] == '*':
		p.kind, p.prefix = beginning, text[:star]
	default:
		p.prefix = text[:star]
	}
	return p
}

// like reports whether a value of a string matches.
func (p *pattern) like(s string) bool {
	switch {
	case p.kind == everything:
		return true
	case !strings.HasPrefix(s, p.prefix):
		return false
	case p.kind == exactly:
		return len(s) == len(p.prefix)
	case p.kind == beginning:
		return true
	}
	return Match(p.text, s)
}
