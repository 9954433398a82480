package permissions

import (
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// Deed is one action that a principal should not be able to do.
type Deed struct {
	Action string
	Does   string   // "share snapshots"
	On     []string // ARNs of what there is
	// Any is an ARN like those that nothing has, with ACCOUNT and REGION to be filled in, so that who may do it to everything is found
	// where nothing is; or "*" for actions that know no resource. Empty for none.
	Any string
	// Lists are the operations that tell what there is.
	Lists []operation.ID
}

// Done is a deed that a principal can do, with the decision.
type Done struct {
	Deed
	access.Answer
}

// Able says which deeds a principal can do by itself, each once, and what would have told of more. Without mentions (nil) it is only
// what the principal's own policies let it; with them, what the policies of resources give it besides.
func Able(w *access.World, mentions Mentions, p *access.Principal, deeds []Deed) (done []Done, doubts []estate.Gap) {
	for _, deed := range deeds {
		on := Targets(p, deed.Action)
		if on.None() && mentions == nil {
			continue
		}
		targets := slices.Clone(deed.On)
		if deed.Any != "" && !on.None() {
			targets = append(anywhere(w.Estate(), p.Account, deed.Any), targets...)
		}
		able, perhaps := false, []estate.Gap(nil)
		for _, arn := range targets {
			if !on.Has(arn) && !mentions.Names(arn, p) {
				continue
			}
			a := w.Can(p, deed.Action, arn)
			switch Decided(a.Decision) {
			case estate.True:
				done, able = append(done, Done{deed, a}), true
			case estate.Unknown:
				if len(perhaps) == 0 && !onBehalf(a) {
					perhaps = AnswerGaps(a)
				}
			}
			if able {
				break
			}
		}
		if able {
			continue
		}
		doubts = append(doubts, perhaps...)
		for _, op := range deed.Lists {
			if on.None() && !slices.Contains(HolderLists(), op) {
				continue // what has no policy of its own lets nobody in
			}
			for _, gap := range w.Estate().Gaps(op) {
				if gap.Account == p.Account || gap.Account == "*" {
					doubts = append(doubts, gap)
				}
			}
		}
	}
	return done, doubts
}

// onBehalf reports whether a decision depends on a service asking for the principal: who asks himself does not meet that.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource
func onBehalf(a access.Answer) bool {
	return !slices.ContainsFunc(a.DependsOn, func(d policy.Dependence) bool { return !strings.EqualFold(d.Key, "kms:GrantIsForAWSResource") })
}

// anywhere is a made-up ARN in each Region of an account.
func anywhere(e *estate.Estate, account, template string) []string {
	regions := []string{"us-east-1"}
	if a := e.Account(account); a != nil {
		if known, ok := a.Regions.Value(); ok && len(known) > 0 {
			regions = known
		} else if seen := slices.DeleteFunc(slices.Clone(a.Seen), func(r string) bool { return r == estate.Global }); len(seen) > 0 {
			regions = seen
		}
	}
	var all []string
	for _, r := range regions {
		all = append(all, strings.NewReplacer("PARTITION", estate.Partition(r), "ACCOUNT", account, "REGION", r).Replace(template))
	}
	slices.Sort(all)
	return slices.Compact(all) // some name no Region
}

// Scope is on which resources the identity policies of a principal may allow an action: it leaves none out.
type Scope struct {
	All      bool
	Patterns []string
}

// None reports whether they allow it on nothing.
func (r Scope) None() bool { return !r.All && len(r.Patterns) == 0 }

// Has reports whether they may allow it on a resource.
func (r Scope) Has(arn string) bool {
	return r.All || slices.ContainsFunc(r.Patterns, func(p string) bool { return policy.Match(p, arn) })
}

// Targets reads the identity policies of a principal.
func Targets(p *access.Principal, action string) Scope {
	r := Scope{}
	for _, source := range p.Policies.Identity {
		if source.Document == nil {
			return Scope{All: true}
		}
		for _, s := range source.Document.Statements {
			if s.Effect != policy.Allow || !about(s, action) {
				continue
			}
			for _, pattern := range s.Resource {
				if variable := strings.Contains(pattern, "${"); variable || strings.Count(pattern, ":") < 5 {
					return Scope{All: true} // short forms and variables mean more than they say
				}
				r.Patterns = append(r.Patterns, pattern)
			}
			r.All = r.All || s.NotResource != nil || s.Resource == nil
		}
	}
	return r
}

func about(s policy.Statement, action string) bool {
	among := func(patterns []string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool { return policy.MatchAction(p, action) })
	}
	return among(s.Action) || s.NotAction != nil && !among(s.NotAction)
}

// Mentions says whom the policies of resources let in by name: within its own account that is enough.
type Mentions map[string]mention // by the ARN of the resource

type mention struct {
	account string
	who     []string // principals, or "*"
}

// MentionsOf reads the policies of all resources. One that was not read may let in anybody of the account.
func MentionsOf(e *estate.Estate) Mentions {
	m := Mentions{}
	for _, h := range Holders(e) {
		document, known := h.Policy.Value()
		x := mention{account: h.Ref().Account}
		if _, unread := h.Policy.Unread(); unread {
			x.who = append(x.who, "*")
		}
		if known {
			for _, s := range document.Statements {
				switch {
				case s.Effect != policy.Allow:
				case s.Principal.Anyone() || s.NotPrincipal != nil:
					x.who = append(x.who, "*")
				case s.Principal != nil:
					x.who = append(x.who, s.Principal.AWS...)
				}
			}
		}
		if len(x.who) > 0 {
			m[h.Ref().ARN] = x
		}
	}
	return m
}

// Names reports whether the policy of a resource lets in a principal of its account by name, or with everybody.
func (m Mentions) Names(resource string, p *access.Principal) bool {
	resource, _, _ = strings.Cut(resource, "/*")
	x := m[resource]
	return x.account == p.Account && slices.ContainsFunc(x.who, func(who string) bool { return who == "*" || who == p.ARN })
}

// NamesRole reports whether the policy of a resource lets in some role of its account by name, or everybody.
func (m Mentions) NamesRole(resource string) bool {
	x := m[resource]
	return slices.ContainsFunc(x.who, func(who string) bool { return who == "*" || strings.Contains(who, ":"+x.account+":role/") })
}

// Lets reports whether the policy of a resource may let in a principal, of whatever account.
func (m Mentions) Lets(resource string, p *access.Principal) bool {
	return slices.ContainsFunc(m[resource].who, func(who string) bool { return who == "*" || who == p.ARN || strings.Contains(who, p.Account) })
}
