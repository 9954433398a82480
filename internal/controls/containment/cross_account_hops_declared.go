package containment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/policy"
)

// CrossAccountHopsDeclared is contain-cross-account-hops-declared: the role of a server may assume roles of other accounts only where a claim
// says so: "shop.app may act in 222233334444". Both sides must let it, the server's own policies and the trust of the other role;
// where the other account was not read, and the server's policies name a role in it, nobody knows.
//
// A claim of the form is judged for its tier; the practice asks it of every server, with all such claims added up.
var CrossAccountHopsDeclared = &control.Control{
	ID:          "contain-cross-account-hops-declared",
	Practice:    "containment",
	Title:       "Servers act in other accounts only where that is declared",
	Sentence:    "servers act in other accounts only as declared",
	Asked:       "servers act in other accounts only as declared",
	Declares:    []claims.Form{{Text: "{tier} may act in {sources}", Example: "shop.app may act in 222233334444"}},
	Why:         "The border of an account is the strongest there is; a role that crosses it carries a break-in from the weakest account into all others.",
	Fix:         "Take sts:AssumeRole on the role out of the server's policies, or the server's role out of the other role's trust; or declare the hop.",
	Severity:    answer.High,
	Lists:       permissions.ServerLists(),
	Permissions: true,
	Judge: func(c *control.Case) {
		all := c.Declarations()
		tier, of := c.Slots.Tier("tier")
		if of {
			all = []claims.Claim{{Slots: c.Slots}}
		}
		inTier := func(s estate.Subject) bool { return !of || c.Declared.Selects(tier, s) != estate.False }
		judgeThose(c, inTier, func(p *access.Principal) ([]power, []estate.Gap) {
			powers, doubts := hops(c, p)
			for i := range powers {
				account := powers[i].account
				powers[i].meant = func(s estate.Subject) (estate.Truth, []estate.Gap) {
					return mayActIn(c, all, s, account)
				}
			}
			plain := make([]power, 0, len(powers))
			for _, h := range powers {
				plain = append(plain, h.power)
			}
			return plain, doubts
		})
	},
}

// mayActIn says whether a claim lets a server act in an account.
func mayActIn(c *control.Case, all []claims.Claim, s estate.Subject, account string) (estate.Truth, []estate.Gap) {
	truth := estate.False
	for _, claim := range all {
		tier, _ := claim.Slots.Tier("tier")
		sources, _ := claim.Slots.Sources("sources")
		if slices.ContainsFunc(sources, func(x claims.Source) bool { return x.Account == account }) {
			truth = estate.Or(truth, c.Declared.Selects(tier, s))
		}
	}
	if truth == estate.Unknown {
		gap, _ := s.Tags().Unread()
		return truth, []estate.Gap{gap}
	}
	return truth, nil
}

type hop struct {
	power
	account string
}

// hops are the roles of other accounts that a principal may assume, those of one account that one statement allows together.
func hops(c *control.Case, p *access.Principal) (found []hop, doubts []estate.Gap) {
	w := c.Access()
	targets := permissions.Targets(p, "sts:AssumeRole")
	for _, q := range w.Principals() {
		if q.Account == p.Account || q.Kind != "role" || q.ServiceLinked() || !targets.Has(q.ARN) {
			continue
		}
		a := w.Can(p, "sts:AssumeRole", q.ARN)
		switch permissions.Decided(a.Decision) {
		case estate.Unknown:
			doubts = append(doubts, permissions.AnswerGaps(a)...)
		case estate.True:
			cause := permissions.Permit(a, fmt.Sprintf("role %s may act in account %s", p.Name, q.Account))
			cause.Key += "/" + q.Account
			cause.Title = fmt.Sprintf("role %s may act in account %s: %s", p.Name, q.Account, cause.Title)
			i := slices.IndexFunc(found, func(h hop) bool { return h.cause.Key == cause.Key })
			if i < 0 {
				i = len(found)
				found = append(found, hop{account: q.Account, power: power{cause: cause, text: fmt.Sprintf("may, as role %s, assume role %s in account %s", p.Name, q.Name, q.Account)}})
			}
			found[i].facts = append(found[i].facts, permissions.AnswerFacts(a)...)
		}
	}
	for _, pattern := range targets.Patterns {
		parts := strings.SplitN(pattern, ":", 6)
		if len(parts) < 6 || len(parts[4]) != 12 || strings.ContainsAny(parts[4], "*?") || parts[4] == p.Account || detailed(c.Estate, parts[4]) {
			continue
		}
		if a := w.Can(p, "sts:AssumeRole", strings.NewReplacer("*", "onus0", "?", "x").Replace(pattern)); a.Result == policy.ExplicitDeny {
			continue
		}
		doubts = append(doubts, estate.Gap{Place: estate.Place{Account: parts[4], Region: estate.Global}, Operation: "iam:GetAccountAuthorizationDetails",
			Why: fmt.Sprintf("role %s may assume %s, and whether that role lets it was not read", p.Name, pattern)})
	}
	return found, doubts
}

// detailed reports whether all roles of an account were read.
func detailed(e *estate.Estate, account string) bool {
	return e.Account(account) != nil && e.Complete(estate.Place{Account: account, Region: estate.Global}, "iam:GetAccountAuthorizationDetails")
}
