package access

import (
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/policy"
)

// scope is on which resources a principal may do an action, as far as that can be said without a request: it never leaves one
// out that a decision could allow by identity policies. Most questions are answered by it, so that few need a decision.
type scope struct {
	allow []*patterns // all must match: identity policies, boundary, each level of the organisation
	deny  *patterns   // what is denied whatever the request says
}

// patterns are the resources of some statements.
type patterns struct {
	all  bool
	some []string
	not  [][]string // of NotResource: matches what none of a list matches
}

func (p *patterns) has(arn string) bool {
	return p.all || slices.ContainsFunc(p.some, func(pattern string) bool { return policy.Match(pattern, arn) }) ||
		slices.ContainsFunc(p.not, func(list []string) bool {
			return !slices.ContainsFunc(list, func(pattern string) bool { return policy.Match(pattern, arn) })
		})
}

func (p *patterns) empty() bool { return !p.all && len(p.some) == 0 && len(p.not) == 0 }

func (s *scope) has(arn string) bool {
	for _, p := range s.allow {
		if !p.has(arn) {
			return false
		}
	}
	return !s.deny.has(arn)
}

// empty says that nothing is in it.
func (s *scope) empty() bool {
	return s.deny.all || slices.ContainsFunc(s.allow, func(p *patterns) bool { return p.empty() })
}

// scopeOf reads the policies of a principal.
func (w *World) scopeOf(p *Principal, action string) *scope {
	s := &scope{deny: &patterns{}}
	read := func(sources []policy.Source, levels bool) *patterns {
		allowed := &patterns{}
		for _, source := range sources {
			if source.Document == nil {
				allowed.all = true
				continue
			}
			for i := range source.Document.Statements {
				st := &source.Document.Statements[i]
				if !covers(st, action) {
					continue
				}
				holds := w.holdsFor(p, st)
				if st.Effect == policy.Allow {
					if holds != estate.False {
						w.addResources(allowed, p, st, true)
					}
				} else if holds == estate.True {
					w.addResources(s.deny, p, st, false)
				}
			}
		}
		return allowed
	}
	s.allow = append(s.allow, read(p.Policies.Identity, false))
	if p.Policies.Boundary != nil {
		s.allow = append(s.allow, read(p.Policies.Boundary, false))
	}
	if !p.Caller.ManagesOrganization {
		for _, l := range p.Policies.ServiceControl {
			s.allow = append(s.allow, read(l.Sources, true))
		}
	}
	return s
}

// holdsFor says whether the conditions of a statement hold for a principal whatever it asks. Only those on who asks can be told; where
// there are others, no is told by one, yes never.
func (w *World) holdsFor(p *Principal, st *policy.Statement) estate.Truth {
	truth := estate.True
	for i := range st.Condition {
		c := &st.Condition[i]
		if key := strings.ToLower(c.Key); key != "aws:principalarn" && key != "aws:principalaccount" && key != "aws:principaltype" && key != "aws:username" ||
			slices.ContainsFunc(c.Values, func(v string) bool { return strings.Contains(v, "${") }) {
			truth = min(truth, estate.Unknown)
			continue
		}
		// Asked as a policy of its own: a statement that allows under this condition alone.
		d := &policy.Document{Version: "2012-10-17", Statements: []policy.Statement{{Effect: policy.Allow, Action: []string{"onus:Ask"}, Resource: []string{"*"}, Condition: []policy.Condition{*c}}}}
		caller := p.Caller
		answer := policy.Decide(&policy.Request{Action: "onus:Ask", Resource: "*", Caller: caller, Context: w.context(p, "onus:Ask", &Object{}, nil)},
			&policy.Policies{Identity: []policy.Source{{Document: d}}})
		switch answer.Result {
		case policy.ImplicitDeny:
			return estate.False
		case policy.Depends:
			truth = min(truth, estate.Unknown)
		}
	}
	return truth
}

// addResources adds those of a statement: of one that allows no fewer than it means, of one that denies no more.
func (w *World) addResources(to *patterns, p *Principal, st *policy.Statement, wide bool) {
	if len(st.NotResource) > 0 {
		for _, r := range st.NotResource {
			if strings.Contains(r, "${") {
				to.all = to.all || wide
				return
			}
		}
		to.not = append(to.not, st.NotResource)
		return
	}
	if len(st.Resource) == 0 {
		to.all = to.all || wide
	}
	for _, r := range st.Resource {
		switch {
		case r == "*":
			to.all = true
		case strings.Count(r, ":") < 5: // short forms mean more than they say
			to.all = to.all || wide
		case strings.Contains(r, "${"):
			if wide {
				to.some = append(to.some, w.filled(p, r))
			}
		default:
			to.some = append(to.some, r)
		}
	}
}

// roster is nodes in the order of their ARNs.
type roster struct {
	arns     []string
	nodes    []int
	accounts []string // of the nodes, sorted
}

func (r *roster) add(arn, account string, node int) {
	r.arns, r.nodes = append(r.arns, arn), append(r.nodes, node)
	if i, ok := slices.BinarySearch(r.accounts, account); !ok {
		r.accounts = slices.Insert(r.accounts, i, account)
	}
}

// each visits the nodes that a scope may have, until visit says to stop. ARNs must have been added in order.
func (r *roster) each(s *scope, visit func(node int) bool) bool {
	if r == nil || len(r.arns) == 0 || s.empty() {
		return true
	}
	p := s.allow[0]
	if p.all || len(p.not) > 0 {
		for i, arn := range r.arns {
			if s.has(arn) && !visit(r.nodes[i]) {
				return false
			}
		}
		return true
	}
	for _, pattern := range p.some {
		if !r.matching(pattern, func(i int) bool { return !s.has(r.arns[i]) || visit(r.nodes[i]) }) {
			return false
		}
	}
	return true
}

// matching visits what begins as a pattern does. A pattern that leaves the account open is looked up in each.
func (r *roster) matching(pattern string, visit func(i int) bool) bool {
	parts := strings.SplitN(pattern, ":", 6)
	if len(parts) == 6 && parts[4] == "*" && !strings.ContainsAny(strings.Join(parts[:4], ""), "*?") {
		for _, account := range r.accounts {
			parts[4] = account
			if !r.beginning(strings.Join(parts, ":"), visit) {
				return false
			}
		}
		return true
	}
	return r.beginning(pattern, visit)
}

func (r *roster) beginning(pattern string, visit func(i int) bool) bool {
	prefix := pattern
	if i := strings.IndexAny(pattern, "*?"); i >= 0 {
		prefix = pattern[:i]
	}
	at, _ := slices.BinarySearch(r.arns, prefix)
	for ; at < len(r.arns) && strings.HasPrefix(r.arns[at], prefix); at++ {
		if !visit(at) {
			return false
		}
	}
	return true
}
