package policy

import (
	"slices"
	"strings"
)

// judge holds what all statements are asked about: one request.
type judge struct {
	request         *Request
	policies        *Policies
	act             actionFacts
	resource        string // "*" where the action knows none
	resourceAccount string
	variables       bool // whether the document at hand is of the version that has policy variables
}

func newJudge(r *Request, p *Policies) *judge {
	j := &judge{}
	j.take(r, p, factsOf(r.Action))
	return j
}

func (j *judge) take(r *Request, p *Policies, act actionFacts) {
	j.request, j.policies, j.act, j.resource, j.resourceAccount = r, p, act, r.Resource, r.ResourceAccount
	switch {
	case act.ofBuckets:
		j.resource = allBuckets(r.Caller.ARN)
	case act.noResource:
		j.resource = "*"
	}
	if j.resourceAccount == "" {
		j.resourceAccount = ownerOf(r.Resource)
	}
	if j.resourceAccount == "" {
		j.resourceAccount = r.Caller.Account
	}
}

// ownerOf is the account that an ARN names. Of what AWS keeps for everybody (arn:aws:iam::aws:policy/ReadOnlyAccess), and of names for
// many, there is none: the caller's own policies decide over those.
func ownerOf(arn string) string {
	account := arnPart(arn, 4)
	if account == "" || account[0] < '0' || account[0] > '9' {
		return ""
	}
	return account
}

// arnPart is one of the six parts of an ARN; empty where the text is none.
func arnPart(arn string, n int) string {
	for range n {
		i := strings.IndexByte(arn, ':')
		if i < 0 {
			return ""
		}
		arn = arn[i+1:]
	}
	i := strings.IndexByte(arn, ':')
	switch {
	case n == 5:
		return arn
	case i < 0:
		return ""
	}
	return arn[:i]
}

// sameAccount reports whether caller and resource are of one account. Callers of no account are of none.
func (j *judge) sameAccount() bool {
	return j.request.Caller.Account != "" && j.request.Caller.Account == j.resourceAccount
}

// hit is a statement that matches the request, or may.
type hit struct {
	Reason
	truth truth
	forms forms    // how its principal names the caller; only direct where the layer knows no principals
	keys  []string // that are not known and of which it depends
	whose string   // a canonical user id that may be the caller's
}

// opinion is what all policies of one layer, or of one level of it, say together.
type opinion struct {
	layer   Layer
	name    string // of the level
	applies bool
	hits    []hit
	unread  []Source
	allow   forms
	deny    truth
}

func (o *opinion) allows() truth {
	if !o.applies {
		return yes
	}
	return o.allow.any()
}

// hear asks every statement of a layer.
func (j *judge) hear(layer Layer, name string, applies bool, sources []Source) opinion {
	o := opinion{layer: layer, name: name, applies: applies}
	if !applies {
		return o
	}
	for _, s := range sources {
		if s.Document == nil {
			o.unread = append(o.unread, s)
			o.deny = max(o.deny, maybe)
			o.allow = o.allow.max(forms{direct: maybe})
			continue
		}
		j.variables = s.Document.Version == "2012-10-17"
		for i := range s.Document.Statements {
			h := j.ask(layer, &s.Document.Statements[i])
			if h.truth == no {
				continue
			}
			h.Reason = s.reason(layer, i)
			h.Level = name
			o.hits = append(o.hits, h)
			if h.Effect == Deny {
				o.deny = max(o.deny, h.truth)
			} else {
				o.allow = o.allow.max(h.forms)
			}
		}
	}
	return o
}

// ask judges one statement: it matches where its principal, action, resource and every condition do.
func (j *judge) ask(layer Layer, s *Statement) hit {
	h := hit{truth: j.action(s), forms: forms{direct: yes}}
	if h.truth == no {
		return h
	}
	if h.forms = j.principal(layer, s); h.forms.any() == no {
		return hit{}
	}
	if h.forms.any() == maybe {
		h.whose = j.whose(s)
	}
	also := func(t truth, keys ...string) bool {
		for _, key := range keys {
			if t == maybe && key != "" && !slices.Contains(h.keys, key) {
				h.keys = append(h.keys, key)
			}
		}
		h.truth = min(h.truth, t)
		return h.truth != no
	}
	if !also(h.forms.any()) {
		return hit{}
	}
	t, _ := j.resources(layer, s)
	if !also(t, j.openResources(t, layer, s)...) {
		return hit{}
	}
	for i := range s.Condition {
		c := &s.Condition[i]
		t, key := j.condition(c)
		if !also(t, j.openValues(t, key, c)...) {
			return hit{}
		}
	}
	h.forms = h.forms.min(h.truth)
	return h
}

// openResources are the keys that decide whether a statement is about the resource, where that is not known.
func (j *judge) openResources(t truth, layer Layer, s *Statement) (keys []string) {
	if t != maybe {
		return nil
	}
	for _, patterns := range [][]string{s.Resource, s.NotResource} {
		for _, p := range patterns {
			if one, _ := j.about(layer, s.Effect, p, j.resource); one == maybe {
				keys = append(keys, j.openVariables(p)...)
			}
		}
	}
	return keys
}

// openValues are the keys that decide whether a condition is met, where that is not known: first is one of them.
func (j *judge) openValues(t truth, first string, c *Condition) []string {
	if t != maybe {
		return nil
	}
	keys := []string{first}
	if c.Operator.takesVariables() {
		for _, v := range c.Values {
			keys = append(keys, j.openVariables(v)...)
		}
	}
	return keys
}

func (j *judge) action(s *Statement) truth {
	is := func(pattern string) bool { return pattern != "" && MatchAction(pattern, j.request.Action) }
	if s.NotAction != nil {
		return truthOf(!slices.ContainsFunc(s.NotAction, is))
	}
	return truthOf(slices.ContainsFunc(s.Action, is))
}

func (j *judge) resources(layer Layer, s *Statement) (truth, string) {
	patterns, negated := s.Resource, false
	switch {
	case s.NotResource != nil:
		patterns, negated = s.NotResource, true
	case s.Resource == nil:
		// Trust policies name no resource; elsewhere what names none is about none.
		return truthOf(layer == ResourceLayer), ""
	}
	t, open := no, ""
	for _, p := range patterns {
		one, key := j.about(layer, s.Effect, p, j.resource)
		if one == maybe {
			open = key
		}
		t = max(t, one)
	}
	if t != maybe {
		open = ""
	}
	if negated {
		return t.not(), open
	}
	return t, open
}

// principal finds how a statement names the caller. Only policies of resources name callers; where one of a resource names
// none, it is about nobody.
func (j *judge) principal(layer Layer, s *Statement) forms {
	switch layer {
	case ResourceLayer, AccessPointLayer:
	case ResourceControlLayer, EndpointLayer:
		if s.Principal == nil && s.NotPrincipal == nil {
			return forms{direct: yes}
		}
	default:
		return forms{direct: yes}
	}
	if s.NotPrincipal != nil {
		// Whoever has a boundary is denied, whomever the element lists.
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
		if s.Effect == Deny && j.policies.Boundary != nil && j.request.Caller.signed() {
			return forms{direct: yes}
		}
		return forms{direct: j.spared(s.Effect, s.NotPrincipal).not()}
	}
	if s.Principal == nil {
		return forms{}
	}
	return j.named(s.Principal)
}

func (s Source) reason(layer Layer, i int) Reason {
	statement := &s.Document.Statements[i]
	return Reason{Layer: layer, Source: s.Name, Statement: i, Sid: statement.Sid, Line: statement.Line, Effect: statement.Effect,
		Note: s.Note, words: statement}
}
