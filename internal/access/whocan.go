package access

import (
	"slices"
	"strconv"
	"strings"

	"github.com/onus-cloud/onus/internal/policy"
)

// WhoCan decides one question for every principal. Answers are in the order of Principals; those that are simply not allowed are
// left out. It decides once for all principals that nothing which bears on the question tells apart.
func (w *World) WhoCan(action, resource string) []Answer {
	q := w.asked(action, resource)
	answers := make([]Answer, 0, 16)
	memo := map[string]policy.Decision{}
	for _, p := range w.principals {
		if !q.object.lets() && !w.mayAllow(p, action) {
			continue
		}
		var d policy.Decision
		if key, alike := q.key(p); !alike {
			d = w.Can(p, action, resource).Decision
		} else if known, ok := memo[key]; ok {
			d = known
		} else {
			d = w.Can(p, action, resource).Decision
			memo[key] = d
		}
		if d.Result == policy.Allowed || d.Result == policy.Depends {
			answers = append(answers, Answer{Principal: p, Action: action, Resource: resource, Decision: d})
		}
	}
	return answers
}

// asked is one question about every principal, with what of all policies bears on it.
type asked struct {
	w                *World
	action, resource string
	object           *Object
	shared           []*document // that bear on it whoever asks: of the resource, and of its account
	names            map[string]bool
	sessions         []string // of the names, those of sessions of roles
	bears            map[*policy.Document]*document
	room             []byte // room for a key
}

func (w *World) asked(action, resource string) *asked {
	q := &asked{w: w, action: action, resource: resource, object: w.object(action, resource), names: map[string]bool{}, bears: map[*policy.Document]*document{}}
	add := func(s *policy.Source) {
		if s != nil && s.Document != nil {
			d := w.documents.of(s.Document)
			q.shared = append(q.shared, d)
			for name := range d.named {
				q.names[name] = true
				if strings.Contains(name, ":assumed-role/") {
					q.sessions = append(q.sessions, name)
				}
			}
		}
	}
	add(q.object.policy)
	if p := q.object.accessPoint; p != nil {
		add(w.accessPointPolicy(p))
	}
	for _, l := range w.resourceControl(q.object.account, action) {
		for i := range l.Sources {
			add(&l.Sources[i])
		}
	}
	return q
}

// key tells principals apart as far as the question goes: by account and kind, by those of their policies that speak of the action on the
// resource, and by how they answer the conditions of these. Not alike is who is asked about alone: whom a policy names, or whose
// name or tags are compared in ways that no key holds.
func (q *asked) key(p *Principal) (string, bool) {
	if len(q.object.grants) > 0 || q.names[p.ARN] ||
		slices.ContainsFunc(q.sessions, func(s string) bool { return strings.Contains(s, ":assumed-role/"+p.Name+"/") }) {
		return "", false
	}
	b := append(q.room[:0], p.Account...)
	b = append(b, p.Kind...)
	if p.ServiceLinked() {
		b = append(b, '!')
	}
	alike := true
	answer := func(d *document) {
		alike = alike && len(d.variables) == 0
		for _, k := range d.keys {
			value, one := principalValue(p, k)
			alike = alike && one
			b = append(append(b, 0), k...)
			if k != "aws:principalarn" || strings.Count(value, ":") != 5 {
				b = append(append(b, '='), value...)
				continue
			}
			// Of an ARN it matters only which patterns it is like: it is no number, no date and no address.
			for _, pattern := range d.patterns[k] {
				alike = alike && !strings.Contains(pattern, "${")
				switch {
				case !policy.Match(pattern, value) && !strings.EqualFold(pattern, value):
					b = append(b, '-')
				case pattern == value:
					b = append(b, '=')
				case strings.EqualFold(pattern, value):
					b = append(b, '~')
				default:
					b = append(b, '+')
				}
			}
		}
	}
	add := func(sources []policy.Source) {
		for i := range sources {
			s := &sources[i]
			d, bears := q.bearing(s)
			if !bears {
				continue
			}
			b = append(append(b, 1), s.Name...)
			if d == nil {
				b = append(append(b, 2), s.Unread...)
				continue
			}
			b = strconv.AppendInt(append(b, 3), int64(d.id), 10)
			answer(d)
		}
	}
	add(p.Policies.Identity)
	if p.Policies.Boundary != nil {
		b = append(b, 4)
		add(p.Policies.Boundary)
	}
	for i := range p.Policies.ServiceControl { // the same in all of an account, but for how they are answered
		b = append(b, 5)
		add(p.Policies.ServiceControl[i].Sources)
	}
	for _, d := range q.shared {
		answer(d)
	}
	if q.object.account == "" { // then it is taken for the caller's
		for _, l := range q.w.resourceControl(p.Account, q.action) {
			add(l.Sources)
		}
	}
	q.room = b
	return string(b), alike
}

// bearing returns what is known of a policy, nil where it was not read, and whether it may have a say in the question: no is sure.
func (q *asked) bearing(s *policy.Source) (*document, bool) {
	if s.Document == nil {
		return nil, true
	}
	d, ok := q.bears[s.Document]
	if !ok {
		if slices.ContainsFunc(s.Document.Statements, q.speaks) {
			d = q.w.documents.of(s.Document)
		}
		q.bears[s.Document] = d
	}
	return d, d != nil
}

// speaks reports whether a statement may be about the action on the resource.
func (q *asked) speaks(s policy.Statement) bool {
	switch {
	case !covers(&s, q.action):
		return false
	case len(s.Resource) == 0:
		return true // NotResource, or none
	}
	return slices.ContainsFunc(s.Resource, func(r string) bool {
		return strings.Contains(r, "${") || strings.Count(r, ":") < 5 || policy.Match(r, q.resource)
	})
}
