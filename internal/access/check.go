package access

import (
	"maps"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/policy"
)

// Strength is how sure a step is: the weakest of what it rests on.
type Strength int

const (
	No      Strength = iota
	Unknown          // it rests on something that was not read
	May              // it rests on values of a request that the estate cannot know: a second factor, a secret, an address
	Yes
)

func (s Strength) String() string { return [...]string{"no", "unknown", "may", "yes"}[s] }

// strengthOf reads a decision.
func strengthOf(d *policy.Decision) Strength {
	switch d.Result {
	case policy.Allowed:
		return Yes
	case policy.Depends:
		for _, x := range d.DependsOn {
			if x.Key == "" {
				return Unknown
			}
		}
		return May
	}
	return No
}

// check decides a question for a caller who chooses what he may: the Region he calls, the names and tags of what he makes. The answer
// says what was chosen, so that it can be replayed.
func (w *prover) check(p *Principal, action, resource string, given map[string][]string) (Strength, Answer) {
	return w.checkOn(p, action, resource, given, false)
}

// checkOn is check; of something fresh, which does not exist yet and so has no policy of its own, if said so.
func (w *prover) checkOn(p *Principal, action, resource string, given map[string][]string, fresh bool) (Strength, Answer) {
	var key string
	if w.memo != nil {
		key = memoKey(action, resource, given)
		if fresh {
			key += "\x00fresh"
		}
		if m, ok := w.memo[key]; ok {
			return m.strength, m.answer
		}
	}
	request, policies := w.question(p, action, resource, given)
	if fresh {
		policies.Resource, policies.S3 = nil, nil
	}
	s, a := w.choose(p, request, policies, given)
	if w.memo != nil {
		a.Decision, a.tagging = policy.Decision{Result: a.Result}, nil
		w.memo[key] = remembered{s, a}
	}
	return s, a
}

// prover decides steps of one principal. With a memo it decides each question once, for principals that are alike, and keeps no
// reasons: those are for who shows a path, which is proved anew.
type prover struct {
	*World
	memo map[string]remembered
	asIs bool // nobody changes tags so that a decision passes
}

type remembered struct {
	strength Strength
	answer   Answer
}

func (w *World) prover() *prover { return &prover{World: w} }

// asItIs decides steps of one principal with all tags as they are.
func (w *World) asItIs() *prover { return &prover{World: w, asIs: true} }

func memoKey(action, resource string, given map[string][]string) string {
	key := action + "\x00" + resource
	if len(given) == 0 {
		return key
	}
	names := make([]string, 0, len(given))
	for k := range given {
		names = append(names, k)
	}
	slices.Sort(names)
	for _, k := range names {
		key += "\x00" + k + "=" + strings.Join(given[k], ",")
		if given[k] == nil {
			key += "!"
		}
	}
	return key
}

// choose decides a request and, where that depends on what the caller chooses, looks for values that pass; and where it does not pass by
// tags that are there, for tags that somebody may set.
func (w *prover) choose(p *Principal, request *policy.Request, policies *policy.Policies, given map[string][]string) (Strength, Answer) {
	asked := *request
	s, a := w.settle(p, request, policies, given)
	if p.tags != nil {
		s = min(s, p.tags.plain) // without tags, the session may not begin
	}
	if s == Yes || w.asIs || p.tags == nil && len(w.labelKeys) == 0 {
		return s, a
	}
	if better, b := w.retag(p, &asked, policies, given, s); better > s && b.Principal != nil {
		return better, b
	}
	return s, a
}

// settle decides a request and chooses all but tags that are set beforehand.
func (w *World) settle(p *Principal, request *policy.Request, policies *policy.Policies, given map[string][]string) (Strength, Answer) {
	a := Answer{Principal: p, Action: request.Action, Resource: request.Resource, Decision: policy.Decide(request, policies)}
	best := strengthOf(&a.Decision)
	if len(given) > 0 {
		a.With = given
	}
	const rounds, tries = 4, 12
	for range rounds {
		if a.Result != policy.Depends {
			break
		}
		key := ""
		for _, d := range a.DependsOn {
			if k := strings.ToLower(d.Key); k != "" && choosable(request.Action, k) && request.Context.Values[k] == nil && !request.Context.Absent[k] {
				key = k
				break
			}
		}
		if key == "" {
			break
		}
		found := false
		values := valuesOf(policies, key, &request.Context)
		for _, value := range values[:min(len(values), tries)] {
			context := request.Context
			context.Values = maps.Clone(context.Values)
			context.Absent = maps.Clone(context.Absent)
			if value == "" {
				context.Absent[key] = true
			} else {
				context.Values[key] = []string{value}
				if name, ok := strings.CutPrefix(key, "aws:requesttag/"); ok && context.Values["aws:tagkeys"] != nil {
					context.Values["aws:tagkeys"] = append(slices.Clone(context.Values["aws:tagkeys"]), name)
				}
			}
			r := *request
			r.Context = context
			d := policy.Decide(&r, policies)
			if s := strengthOf(&d); s > best || s == best && d.Result == policy.Depends && len(d.DependsOn) < len(a.DependsOn) {
				best, a.Decision, *request, found = s, d, r, true
				with := maps.Clone(a.With)
				if with == nil {
					with = map[string][]string{}
				}
				with[key] = context.Values[key]
				a.With = with
				break
			}
		}
		if !found {
			break
		}
	}
	return best, a
}

// choosable reports whether who asks decides the value of a condition key himself: what he calls things, which Region he goes to, how
// what he makes is to be. Tags that things have already, his own tags and where he comes from he does not.
func choosable(action, key string) bool {
	switch key {
	case "aws:requestedregion", "aws:tagkeys", "iam:passedtoservice", "iam:associatedresourcearn", "iam:policyarn", "sts:rolesessionname", "sts:sourceidentity", "sts:transitivetagkeys",
		"iam:permissionsboundary":
		return true
	}
	if strings.HasPrefix(key, "aws:requesttag/") {
		return true
	}
	if strings.Contains(key, "resourcetag") || strings.HasPrefix(key, "sts:") || strings.HasPrefix(key, "iam:") || strings.HasPrefix(key, "kms:") || strings.HasPrefix(key, "s3:") {
		return false
	}
	return strings.HasPrefix(key, service(action)+":")
}

// valuesOf are the values worth trying for a key: those that conditions name, none at all (""), and one that nothing names.
func valuesOf(ps *policy.Policies, key string, known *policy.Context) []string {
	values := []string{}
	for _, v := range comparedWith(ps, key) {
		if strings.Contains(v, "${") {
			if v = expanded(v, known); v != "" {
				values = append(values, v)
			}
		} else {
			values = append(values, strings.ReplaceAll(strings.ReplaceAll(v, "*", "onus0"), "?", "x"))
		}
	}
	values = append(values, "", "onus0")
	seen := map[string]bool{}
	return slices.DeleteFunc(values, func(v string) bool {
		dup := seen[v]
		seen[v] = true
		return dup
	})
}

// comparedWith are the values that conditions compare a key with, as they are written.
func comparedWith(ps *policy.Policies, key string) []string {
	var values []string
	each(ps, func(s *policy.Source) {
		if s == nil || s.Document == nil {
			return
		}
		for i := range s.Document.Statements {
			for _, c := range s.Document.Statements[i].Condition {
				if c.Is(key) {
					values = append(values, c.Values...)
				}
			}
		}
	})
	return values
}

// each visits all policies of a question.
func each(ps *policy.Policies, visit func(*policy.Source)) {
	for _, list := range [][]policy.Source{ps.Identity, ps.Boundary, ps.Session, ps.Endpoint} {
		for i := range list {
			visit(&list[i])
		}
	}
	visit(ps.Resource)
	if ps.S3 != nil {
		visit(ps.S3.AccessPoint)
	}
	for _, levels := range [][]policy.Level{ps.ServiceControl, ps.ResourceControl} {
		for _, l := range levels {
			for i := range l.Sources {
				visit(&l.Sources[i])
			}
		}
	}
}

// checkNew decides whether a principal may do an action on something that does not exist yet, and that he names as he likes: for each
// kind of resource that the action needs one name must pass. It tries the names that his policies speak of.
func (w *prover) checkNew(p *Principal, action, account string, given map[string][]string) (Strength, []Answer) {
	return w.checkSome(p, action, account, given, true)
}

// checkSome is checkNew, for something fresh, or for something that may exist and was not read.
func (w *prover) checkSome(p *Principal, action, account string, given map[string][]string, fresh bool) (Strength, []Answer) {
	if w.memo == nil {
		return w.decideNew(p, action, account, given, fresh)
	}
	key := "some\x00" + memoKey(action, account, given)
	if fresh {
		key = "new\x00" + key
	}
	if m, ok := w.memo[key]; ok {
		return m.strength, nil
	}
	s, answers := w.decideNew(p, action, account, given, fresh)
	w.memo[key] = remembered{strength: s}
	return s, answers
}

func (w *prover) decideNew(p *Principal, action, account string, given map[string][]string, fresh bool) (Strength, []Answer) {
	templates := objectsOf(action)
	if len(templates) == 0 {
		s, a := w.check(p, action, "*", given)
		return s, []Answer{a}
	}
	strength := Yes
	var answers []Answer
	optional := No
	for _, t := range templates {
		s, a := w.bestOf(p, action, t.pattern(w.partition, account), account, given, fresh)
		if t.optional {
			if s > optional {
				optional, answers = s, append(answers[:0:0], a)
			}
			continue
		}
		strength = min(strength, s)
		answers = append(answers, a)
		if s == No {
			return No, answers[len(answers)-1:]
		}
	}
	if templates[0].optional {
		return optional, answers
	}
	return strength, answers
}

// bestOf tries the names that fit a pattern and that policies speak of.
func (w *prover) bestOf(p *Principal, action, pattern, account string, given map[string][]string, fresh bool) (Strength, Answer) {
	region := w.regionOf(account)
	var best Strength
	var answer Answer
	tried := map[string]bool{}
	for _, candidate := range w.names(p, action, pattern) {
		name := made(candidate, region, account)
		if tried[name] {
			continue
		}
		tried[name] = true
		s, a := w.checkOn(p, action, name, given, fresh)
		if s > best || answer.Principal == nil {
			best, answer = s, a
		}
		if best == Yes || len(tried) > 24 {
			break
		}
	}
	return best, answer
}

// names are patterns of names that fit a pattern, the likeliest to be allowed first.
func (w *World) names(p *Principal, action, pattern string) []string {
	var allowed, spared []string
	each(&p.Policies, func(s *policy.Source) {
		if s == nil || s.Document == nil {
			return
		}
		for i := range s.Document.Statements {
			st := &s.Document.Statements[i]
			if !covers(st, action) {
				continue
			}
			from := st.Resource
			if st.Effect == policy.Deny {
				from = st.NotResource
			}
			for _, r := range from {
				if m, ok := meet(w.filled(p, r), pattern); ok {
					if st.Effect == policy.Deny {
						spared = append(spared, m)
					} else {
						allowed = append(allowed, m)
					}
				}
			}
		}
	})
	all := []string{pattern}
	all = append(all, allowed...)
	for _, s := range spared {
		all = append(all, s)
		for _, a := range allowed[:min(len(allowed), 8)] {
			if m, ok := meet(a, s); ok {
				all = append(all, m)
			}
		}
	}
	if len(allowed) > 1 { // identity and boundary or organisation speak of different names
		for i, a := range allowed[:min(len(allowed), 6)] {
			for _, b := range allowed[i+1 : min(len(allowed), 6)] {
				if m, ok := meet(a, b); ok {
					all = append(all, m)
				}
			}
		}
	}
	return all
}

// filled puts a principal's name where a pattern has a variable for it, and anything where it has another.
func (w *World) filled(p *Principal, pattern string) string {
	for strings.Contains(pattern, "${") {
		before, after, _ := strings.Cut(pattern, "${")
		name, rest, ok := strings.Cut(after, "}")
		if !ok {
			return pattern
		}
		value := "*"
		if strings.EqualFold(name, "aws:username") && p.Kind == "user" {
			value = p.Name
		}
		pattern = before + value + rest
	}
	return pattern
}

// regionOf is a Region of an account to make things in.
func (w *World) regionOf(account string) string {
	if a := w.estate.Account(account); a != nil {
		if regions, ok := a.Regions.Value(); ok && len(regions) > 0 {
			return regions[0]
		}
		for _, r := range a.Seen {
			if r != "global" {
				return r
			}
		}
	}
	switch w.partition {
	case "aws-cn":
		return "cn-north-1"
	case "aws-us-gov":
		return "us-gov-west-1"
	}
	return "us-east-1"
}
