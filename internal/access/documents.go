package access

import (
	"crypto/sha256"
	"encoding/json"
	"math/bits"
	"slices"
	"strings"
	"sync"

	"github.com/onus-cloud/onus/internal/policy"
)

// documents keeps one copy of each policy text, whoever has it, with what can be said of it once for all: thousands of
// principals have a few hundred different ones.
type documents struct {
	mu      sync.Mutex
	byText  map[[32]byte]*policy.Document
	same    map[*policy.Document]*policy.Document // what stands for each that was seen
	compile map[*policy.Document]*document
	list    []*document
}

func newDocuments() *documents {
	return &documents{byText: map[[32]byte]*policy.Document{}, same: map[*policy.Document]*policy.Document{}, compile: map[*policy.Document]*document{}}
}

// intern returns the copy of a document that stands for all of its text.
func (ds *documents) intern(d *policy.Document) *policy.Document {
	ds.mu.Lock()
	seen, ok := ds.same[d]
	ds.mu.Unlock()
	if ok {
		return seen
	}
	text, err := json.Marshal(d)
	if err != nil {
		return d // a document holds nothing that JSON refuses
	}
	key := sha256.Sum256(text)
	ds.mu.Lock()
	defer ds.mu.Unlock()
	if same, ok := ds.byText[key]; ok {
		ds.same[d] = same
		return same
	}
	ds.byText[key], ds.same[d] = d, d
	return d
}

// of returns what is known of a document.
func (ds *documents) of(d *policy.Document) *document {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	if c, ok := ds.compile[d]; ok {
		return c
	}
	c := newDocument(d, len(ds.list))
	ds.compile[d] = c
	ds.list = append(ds.list, c)
	return c
}

// document is what can be said of a policy text without a request.
type document struct {
	*policy.Document
	id int
	// keys are the condition keys that differ between principals and that it asks for, in lower case, sorted: "aws:principalarn",
	// "aws:principaltag/team". Those that stand in variables are in variables instead.
	keys      []string
	patterns  map[string][]string // by key: the values it is compared with
	variables []string
	labels    []string        // the condition keys on tags of resources that it asks for, in lower case
	named     map[string]bool // the ARNs that its Principal elements name
	allows    actionSet       // of the actions that escalations need: what some statement might allow
	sure      actionSet       // of those: what some statement might allow without asking for what nobody can know
	denies    bool            // some statement denies
	picks     bool            // some statement is about changes of some users or roles and not of others
	mu        sync.Mutex
	may       map[string]bool // by action
}

// principalKeys are the condition keys that differ between principals of one account and kind.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principal-properties
func principalKey(key string) bool {
	switch key {
	case "aws:principalarn", "aws:username", "aws:userid":
		return true
	}
	return strings.HasPrefix(key, "aws:principaltag/")
}

func newDocument(d *policy.Document, id int) *document {
	c := &document{Document: d, id: id, patterns: map[string][]string{}, named: map[string]bool{}, may: map[string]bool{}}
	variables := func(texts []string) {
		for _, t := range texts {
			for name := range policy.Variables(t) {
				if name = strings.ToLower(name); principalKey(name) {
					c.variables = append(c.variables, name)
				} else if _, principal, ok := tagName(name); ok && !principal {
					c.labels = append(c.labels, name)
				}
			}
		}
	}
	for i := range d.Statements {
		s := &d.Statements[i]
		c.denies = c.denies || s.Effect == policy.Deny
		if len(s.NotResource) > 0 || slices.ContainsFunc(s.Resource, func(r string) bool { return r != "*" }) {
			for a := range actions {
				c.picks = c.picks || onThemselves.has(a) && covers(s, actions[a])
			}
		}
		variables(s.Resource)
		variables(s.NotResource)
		for _, k := range s.Condition {
			variables(k.Values)
			if key := strings.ToLower(k.Key); principalKey(key) {
				c.keys = append(c.keys, key)
				c.patterns[key] = append(c.patterns[key], k.Values...)
			} else if _, principal, ok := tagName(key); ok && !principal {
				c.labels = append(c.labels, key)
			}
		}
		for _, p := range []*policy.Principal{s.Principal, s.NotPrincipal} {
			if p != nil {
				for _, arn := range p.AWS {
					c.named[arn] = true
				}
			}
		}
		if s.Effect == policy.Allow {
			for a := range actions {
				if covers(s, actions[a]) {
					c.allows.add(a)
					if !asksUnknowable(s) {
						c.sure.add(a)
					}
				}
			}
		}
	}
	c.keys, c.variables, c.labels = sortedSet(c.keys), sortedSet(c.variables), sortedSet(c.labels)
	for k, v := range c.patterns {
		c.patterns[k] = sortedSet(v)
	}
	return c
}

// asksUnknowable reports whether a statement has a condition on what no estate can tell: then it never surely matches.
func asksUnknowable(s *policy.Statement) bool {
	return slices.ContainsFunc(s.Condition, func(c policy.Condition) bool {
		switch strings.ToLower(c.Key) {
		case "aws:multifactorauthpresent", "aws:multifactorauthage", "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip", "aws:useragent", "aws:referer", "sts:externalid":
			return true
		}
		return false
	})
}

func sortedSet(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}

// varies reports whether what it says may differ between two principals of one account.
func (c *document) varies() bool { return len(c.keys) > 0 || len(c.variables) > 0 }

// tells reports whether it may tell apart two principals of one account that are like each other but for their names.
func (c *document) tells() bool {
	if c.varies() {
		return true
	}
	for arn := range c.named {
		if arn != "*" && !isAccount(arn) && !strings.HasSuffix(arn, ":root") {
			return true
		}
	}
	return false
}

// mayAllow reports whether some statement could allow an action.
func (c *document) mayAllow(action string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	may, ok := c.may[action]
	if !ok {
		for i := range c.Statements {
			if s := &c.Statements[i]; s.Effect == policy.Allow && covers(s, action) {
				may = true
				break
			}
		}
		c.may[action] = may
	}
	return may
}

// covers reports whether a statement is about an action.
func covers(s *policy.Statement, action string) bool {
	if len(s.Action) > 0 {
		return slices.ContainsFunc(s.Action, func(p string) bool { return policy.MatchAction(p, action) })
	}
	return !slices.ContainsFunc(s.NotAction, func(p string) bool { return policy.MatchAction(p, action) })
}

// actionSet is a set of the actions that escalations need, by their index in actions.
type actionSet [5]uint64

func (s *actionSet) add(i int)     { s[i/64] |= 1 << (i % 64) }
func (s actionSet) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }
func (s actionSet) union(t actionSet) actionSet {
	for i := range s {
		s[i] |= t[i]
	}
	return s
}

// meet are the actions that are in both.
func (s actionSet) meet(t actionSet) actionSet {
	for i := range s {
		s[i] &= t[i]
	}
	return s
}

// size is how many actions are in it.
func (s actionSet) size() int {
	n := 0
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// includes reports whether all of t are in s.
func (s actionSet) includes(t actionSet) bool {
	for i := range s {
		if t[i]&^s[i] != 0 {
			return false
		}
	}
	return true
}

// meets reports whether the sets have something in common.
func (s actionSet) meets(t actionSet) bool {
	for i := range s {
		if s[i]&t[i] != 0 {
			return true
		}
	}
	return false
}
