package leastprivilege

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// PassRoleScoped is lp-pass-role-scoped: nobody may pass a role that is stronger than himself to a service in which he may start
// something that runs as it. What is passed has three strengths, the last of which everybody has:
//
//	administrator   it may do everything, or can get there
//	privileges      it may change users or what somebody may do, or can get there
//	the rest        whatever it may do to data is for other controls to say
//
// He himself is measured by what he may do at once. The role must trust the service, the condition iam:PassedToService must let
// it, and he must be allowed all that the start takes; each is one decision. Administrators may pass what they like.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
var PassRoleScoped = &control.Control{
	ID:          "lp-pass-role-scoped",
	Practice:    "least-privilege",
	Title:       "Nobody can start something as a role that is stronger than himself",
	Sentence:    "nobody can pass a role that is stronger than himself to a service",
	Asked:       "nobody can pass a role that is stronger than himself to a service",
	Why:         "Whoever may pass every role is whatever the strongest of them is, one function or one host later.",
	Fix:         "Allow iam:PassRole only on the roles that are meant, and only to the service: StringEquals iam:PassedToService.",
	Severity:    answer.High,
	Lists:       []operation.ID{authorizationDetails},
	Permissions: true,
	Judge: func(c *control.Case) {
		r := ranks{c.Reaching(access.Administrator), c.Reaching(access.Goal{Kind: "privileges"})}
		for _, p := range c.Access().Principals() {
			s := permissions.Subject(p)
			if p.Kind == "root" || p.ServiceLinked() || !c.Concerns(s) {
				continue
			}
			if r.own(p) < administrator {
				judgePassing(c, r, p, s)
			}
		}
	},
}

// Ranks of roles and people.
const (
	ordinary = iota
	privileged
	administrator
)

type ranks struct{ administrator, privileges *access.Escalation }

// own is what a principal may do at once.
func (r ranks) own(p *access.Principal) int {
	if path := r.administrator.Of(p); path != nil && path.Strength == access.Yes && len(path.Steps) == 0 && path.EndID == "" {
		return administrator
	}
	if path := r.privileges.Of(p); path != nil && path.Strength == access.Yes && len(path.Steps) == 0 {
		return privileged
	}
	return ordinary
}

// of is what a role may do or get to, surely and perhaps.
func (r ranks) of(q *access.Principal) (sure, perhaps int) {
	for rank, e := range []*access.Escalation{privileged: r.privileges, administrator: r.administrator} {
		if e == nil {
			continue
		}
		switch permissions.Truth(e.Strength(q)) {
		case estate.True:
			sure, perhaps = rank, rank
		case estate.Unknown:
			perhaps = rank
		}
	}
	return sure, perhaps
}

var words = [...]string{privileged: "may change users or privileges, or gets there", administrator: "is an administrator, or becomes one"}

func judgePassing(c *control.Case, r ranks, p *access.Principal, s estate.Subject) {
	w := c.Access()
	own := r.own(p)
	targets := permissions.Targets(p, "iam:PassRole")
	var doubts []estate.Gap
	broken := map[string]bool{}
	for _, q := range w.Principals() {
		if q.Account != p.Account || q.Role() == nil || q == p || q.ServiceLinked() || !targets.Has(q.ARN) {
			continue
		}
		sure, perhaps := r.of(q)
		if perhaps <= own {
			continue
		}
		strength, found := starts(w, p, q)
		switch {
		case strength == access.No:
		case strength == access.Yes && sure > own:
			pass := found[0]
			cause := permissions.Permit(pass, permissions.Call(w, p)+" may pass roles that are stronger than itself")
			if broken[cause.Key] {
				continue
			}
			broken[cause.Key] = true
			var facts []answer.Fact
			for _, a := range found {
				facts = append(facts, permissions.AnswerFacts(a)...)
			}
			service := strings.Join(pass.With["iam:passedtoservice"], ", ")
			c.Breaks(s, control.Counter{Text: fmt.Sprintf("%s may start something in %s as role %s, which %s", permissions.Call(w, p), service, q.Name, words[sure]), Facts: facts, Cause: cause})
		default:
			for _, a := range found {
				if permissions.Decided(a.Decision) == estate.Unknown {
					doubts = append(doubts, permissions.AnswerGaps(a)...)
				}
			}
			for _, e := range []*access.Escalation{r.administrator, r.privileges} {
				if permissions.Truth(e.Strength(q)) == estate.Unknown {
					doubts = append(doubts, permissions.Gaps(e.Of(q))...)
				}
			}
		}
	}
	switch {
	case len(broken) > 0:
	case len(doubts) > 0:
		c.Unknown(s, "whether it may pass a role that is stronger than itself was not read in full", doubts...)
	default:
		c.Holds(s)
	}
}

// starts says how surely a principal may start something that runs as a role, by the best way, with the decisions: the pass first.
func starts(w *access.World, p, q *access.Principal) (best access.Strength, answers []access.Answer) {
	trust, known := q.Role().Trust.Value()
	if !known {
		return access.Unknown, nil
	}
	var services []string
	for _, s := range trust.Statements {
		if s.Principal != nil {
			services = append(services, s.Principal.Service...)
		}
	}
	slices.Sort(services)
	for _, service := range slices.Compact(services) {
		pass, a := w.CanWith(p, "iam:PassRole", q.ARN, map[string][]string{"iam:passedtoservice": {service}})
		if pass == access.No {
			continue
		}
		for _, t := range access.Starts(service) {
			strength, all := pass, []access.Answer{a}
			for _, action := range t.Actions {
				if action == "iam:PassRole" {
					continue
				}
				s, more := w.CanMake(p, action, nil)
				strength, all = min(strength, s), append(all, more...)
				if strength == access.No {
					break
				}
			}
			if strength > best {
				best, answers = strength, all
			}
		}
	}
	return best, answers
}
