package policy

import (
	"net/netip"
	"strconv"
	"strings"
)

// Evaluator answers as Decide does, faster, and without the reasons: for one set of policies, compiled once. It is for one
// goroutine at a time; many evaluators may share a library.
//
// In the steady state it does not allocate, except where a policy variable must be filled in.
type Evaluator struct {
	policies *Policies

	identity, boundary, session, endpoint, resource, accessPoint layerOf
	serviceControl, resourceControl                              []layerOf
	public                                                       bool // the policy of the bucket, or of the access point, is public

	facts map[string]*actionFacts
	judge judge
	one   [1]string // the value of a key that follows from the request
}

// layerOf is the compiled documents of one layer; unread says that one is missing.
type layerOf struct {
	layer     Layer
	documents []*compiled
	unread    bool
}

// Evaluator compiles policies, which must not change afterwards.
func (l *Library) Evaluator(p *Policies) *Evaluator {
	e := &Evaluator{policies: p, facts: map[string]*actionFacts{}}
	e.identity = l.layer(IdentityLayer, p.Identity)
	e.boundary = l.layer(BoundaryLayer, p.Boundary)
	e.session = l.layer(SessionLayer, p.Session)
	e.endpoint = l.layer(EndpointLayer, p.Endpoint)
	if p.Resource != nil {
		e.resource = l.layer(ResourceLayer, []Source{*p.Resource})
	}
	e.public = p.S3 != nil && p.grantPublic()
	if p.S3 != nil && p.S3.AccessPoint != nil {
		e.accessPoint = l.layer(AccessPointLayer, []Source{*p.S3.AccessPoint})
	}
	for _, level := range p.ServiceControl {
		e.serviceControl = append(e.serviceControl, l.layer(ServiceControlLayer, level.Sources))
	}
	for _, level := range p.ResourceControl {
		e.resourceControl = append(e.resourceControl, l.layer(ResourceControlLayer, level.Sources))
	}
	return e
}

func (l *Library) layer(layer Layer, sources []Source) layerOf {
	o := layerOf{layer: layer}
	for _, s := range sources {
		if s.Document == nil {
			o.unread = true
			continue
		}
		o.documents = append(o.documents, l.compile(s.Document, layer))
	}
	return o
}

// Result is Decide(r, p).Result.
func (e *Evaluator) Result(r *Request) Result {
	f, ok := e.facts[r.Action]
	if !ok {
		facts := factsOf(r.Action)
		f = &facts
		if len(e.facts) < 1<<16 { // a caller may ask about any text
			e.facts[r.Action] = f
		}
	}
	j := &e.judge
	j.take(r, e.policies, *f)
	particular := f.service == "sts" || f.writesRole || f.ofAlias || f.ofManaged || f.ofKey || f.ofPolicy
	if particular {
		if d, special := j.special(); special {
			return d.Result
		}
	}
	var w weights
	w.signed, w.sameAccount = r.Caller.signed(), j.sameAccount()
	w.mandatory, w.identityOnly = j.mandatory(), j.identityOnly()
	w.identity, w.boundary, w.session, w.endpoint, w.serviceControl, w.resourceControl = yes, yes, yes, yes, yes, yes
	hear := func(o *layerOf) forms {
		allow, deny := e.hear(o)
		w.deny = max(w.deny, deny)
		return allow
	}
	p := e.policies
	if w.signed {
		w.identity = hear(&e.identity).any()
		if p.Boundary != nil {
			w.boundary = hear(&e.boundary).any()
		}
		if p.Session != nil {
			w.session = hear(&e.session).any()
		}
	}
	if p.Endpoint != nil {
		w.endpoint = hear(&e.endpoint).any()
	}
	if j.underServiceControl() {
		for i := range e.serviceControl {
			w.serviceControl = min(w.serviceControl, hear(&e.serviceControl[i]).any())
		}
	}
	if j.underResourceControl() {
		for i := range e.resourceControl {
			hear(&e.resourceControl[i])
		}
	}
	if p.Resource != nil && !w.identityOnly && !j.keepsPolicy() {
		resource := j.resource
		j.resource = j.behindAccessPoint().resource
		w.resource = hear(&e.resource)
		j.resource = resource
	}
	if r.Caller.Kind == RootUser {
		w.identity = yes
	}
	e.beside(&w)
	result := w.result()
	if particular && result != ExplicitDeny && j.forbidden() != "" {
		return ImplicitDeny
	}
	return result
}

// beside weighs what stands beside policies, as weighBeside does.
func (e *Evaluator) beside(w *weights) {
	j, p := &e.judge, e.policies
	var besides hearing
	if len(p.Grants) > 0 {
		besides.grants = j.hearGrants()
	}
	if s3 := p.S3; s3 != nil && j.act.service == "s3" {
		if s3.AccessPoint != nil {
			resource := j.resource
			if s3.AccessPointARN != "" {
				j.resource = s3.throughAccessPoint(resource)
			}
			besides.accessPoint.applies = true
			besides.accessPoint.allow, besides.accessPoint.deny = e.hear(&e.accessPoint)
			j.resource = resource
			w.deny = max(w.deny, besides.accessPoint.deny)
		}
		besides.acl.allow = j.listed()
		if e.public && j.request.Caller.Kind != Service && !w.sameAccount {
			besides.public = s3.restricts()
		}
	}
	besides.weights = *w
	j.weighBeside(&besides)
	*w = besides.weights
}

// hear asks the statements of a layer that are about the action.
func (e *Evaluator) hear(o *layerOf) (allow forms, deny truth) {
	if o.unread {
		allow, deny = forms{direct: maybe}, maybe
	}
	j := &e.judge
	for _, c := range o.documents {
		j.variables = c.variables
		for i := range c.statements {
			s := &c.statements[i]
			if !s.actions.has(&j.act) {
				continue
			}
			f := e.ask(o.layer, s)
			if s.Effect == Deny {
				deny = max(deny, f.any())
			} else {
				allow = allow.max(f)
			}
		}
	}
	return allow, deny
}

func (e *Evaluator) ask(layer Layer, s *compiledStatement) forms {
	j := &e.judge
	f := j.principal(layer, s.Statement)
	t := f.any()
	if t == no {
		return forms{}
	}
	if t = min(t, e.resources(layer, s)); t == no {
		return forms{}
	}
	for i := range s.conditions {
		if t = min(t, e.condition(&s.conditions[i])); t == no {
			return forms{}
		}
	}
	return f.min(t)
}

func (e *Evaluator) resources(layer Layer, s *compiledStatement) truth {
	if s.everywhere != maybe {
		return s.everywhere
	}
	t := no
	for i := range s.resources {
		p := &s.resources[i]
		if p.kind == variableText {
			one, _ := e.judge.about(layer, s.Effect, p.text, e.judge.resource)
			t = max(t, one)
		} else if p.matches(e.judge.resource) {
			t = yes
		}
		if t == yes {
			break
		}
	}
	if s.negated {
		return t.not()
	}
	return t
}

// key is judge.key for a name in lower case.
func (e *Evaluator) key(name string) ([]string, truth) {
	c := &e.judge.request.Context
	if values, ok := c.Values[name]; ok {
		return values, yes
	}
	if c.Absent[name] {
		return nil, no
	}
	value, t := e.judge.derived(name)
	switch {
	case t == yes:
		e.one[0] = value
		return e.one[:], yes
	case t == maybe && c.Open:
		return nil, maybe
	}
	return nil, no
}

func (e *Evaluator) condition(c *compiledCondition) truth {
	o := c.Operator
	if o.Unknown {
		return no
	}
	if c.variables {
		t, _ := e.judge.condition(c.Condition)
		return t
	}
	values, there := e.key(c.key)
	if o.Name == "Null" {
		t, _ := null(c.Condition, there, len(values))
		return t
	}
	switch {
	case there == maybe:
		return maybe
	case there == no || len(values) == 0, (o.ForAllValues || o.ForAnyValue) && len(values) == 1 && values[0] == "":
		return o.ofMissing()
	case len(values) > 1 && !o.ForAllValues && !o.ForAnyValue:
		return no
	}
	every := !o.ForAnyValue
	for _, v := range values {
		met := !c.void && c.meets(v) != c.negated
		if met && c.negated && c.unlike(v) {
			met = false
		}
		if met != every {
			return truthOf(!every)
		}
	}
	return truthOf(every)
}

// unlike reports whether a value of the request is of another type than the operator compares.
func (c *compiledCondition) unlike(v string) bool {
	switch {
	case len(c.Values) == 0:
		return false
	case c.base == "NumericEquals":
		return !isNumber(v)
	case c.base == "DateEquals":
		return !isDate(v)
	}
	return false
}

// meets reports whether a value of the request matches any of the condition's.
func (c *compiledCondition) meets(v string) bool {
	switch c.base {
	case "StringEquals":
		for _, w := range c.Values {
			if w == v {
				return true
			}
		}
	case "StringEqualsIgnoreCase":
		for _, w := range c.Values {
			if strings.EqualFold(w, v) {
				return true
			}
		}
	case "StringLike":
		for i := range c.strings {
			if c.strings[i].like(v) {
				return true
			}
		}
	case "ArnEquals", "ArnLike":
		for _, parts := range c.arns {
			if sameARN(parts, v) {
				return true
			}
		}
	case "Bool":
		return isBool(v) && c.bools[len(v)&1^1]
	case "BinaryEquals":
		for _, w := range c.Values {
			if sameBinary(w, v) {
				return true
			}
		}
	case "IpAddress":
		return c.holds(v)
	default:
		return c.ordered(v)
	}
	return false
}

// sameARN compares part by part with a pattern in six parts; one without parts matches everything, nil nothing.
func sameARN(parts []glob, arn string) bool {
	if len(parts) != 6 {
		return parts != nil
	}
	rest := arn
	for i := range 5 {
		at := strings.IndexByte(rest, ':')
		if at < 0 || !parts[i].matches(rest[:at]) {
			return false
		}
		rest = rest[at+1:]
	}
	return parts[5].matches(rest)
}

func (c *compiledCondition) holds(v string) bool {
	address, ok := parseRange(v)
	if !ok {
		return false
	}
	for _, within := range c.ranges {
		if contains(within, address) {
			return true
		}
	}
	return false
}

func contains(within, address netip.Prefix) bool {
	return within.Addr().Is4() == address.Addr().Is4() && within.Bits() <= address.Bits() && within.Contains(address.Addr())
}

func (c *compiledCondition) ordered(v string) bool {
	if order, ok := strings.CutPrefix(c.base, "Numeric"); ok {
		n, err := strconv.ParseInt(v, 10, 64)
		isInteger := err == nil && v[0] != '+'
		for i := range c.numbers {
			w := &c.numbers[i]
			switch {
			case !w.ok:
			case isInteger && w.isInteger:
				if inOrder(order, compareInts(n, w.integer)) {
					return true
				}
			case compareNumbers(order, w.text, v):
				return true
			}
		}
		return false
	}
	order, ok := strings.CutPrefix(c.base, "Date")
	if !ok {
		return false
	}
	t, ok := parseDate(v)
	if !ok {
		return false
	}
	for _, w := range c.dates {
		if inOrder(order, t.Compare(w)) {
			return true
		}
	}
	return false
}

func compareInts(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
