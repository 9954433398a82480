package leastprivilege

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// EffectiveAdminsAreDeclared is lp-effective-admins-are-declared: who is an administrator in effect is who is declared to be one, and the
// other way round. It answers "administrators are exactly role/Admin in every account, group/Ops"; without such a claim nothing is
// declared.
//
//   - An administrator in effect may do everything that the account's organisation leaves to anybody, after boundaries and denials; or
//     can get there by any chain of steps, such as roles that he may assume or pass. See NoEscalationPath.
//   - Exactly means both ways: who is declared and is none breaks the claim as well, and so does a name that nobody has.
//   - Root users are always administrators, and are no news; roles that AWS's services made for themselves nobody can be.
//   - A role of a permission set of IAM Identity Center is declared as permission-set/NAME, or by the groups that have it.
var EffectiveAdminsAreDeclared = &control.Control{
	ID:          "lp-effective-admins-are-declared",
	Practice:    "least-privilege",
	Title:       "The administrators are those that are declared, and nobody else",
	Sentence:    "the administrators are those that are declared",
	Asked:       "the administrators are those that are declared",
	Declares:    []claims.Form{{Text: administratorsExactly, Example: "administrators are exactly role/Admin in every account, permission-set/Operators in 111122223333"}},
	Why:         "An administrator that nobody knows of is not watched, not asked for a second factor, and not taken away when he leaves.",
	Fix:         "Take away what makes the undeclared an administrator; or declare it.",
	Severity:    answer.Critical,
	Lists:       []operation.ID{authorizationDetails},
	Reads:       permissions.DirectoryReads(),
	Permissions: true,
	Judge: func(c *control.Case) {
		declared, exactly := c.Slots.Principals("principals")
		if !exactly {
			for _, claim := range c.Declarations() {
				of, _ := claim.Slots.Principals("principals")
				declared = append(declared, of...)
			}
		}
		if len(declared) == 0 {
			c.NotDeclared()
			return
		}
		w := c.Access()
		e := c.Reaching(access.Administrator)
		for _, p := range w.Principals() {
			if p.Kind != "root" && !p.ServiceLinked() {
				judgeAdministrator(c, e, declared, p)
			}
		}
		for _, m := range permissions.MissingOf(w, declared) {
			judgeMissing(c, m)
		}
	},
}

const administratorsExactly = "administrators are exactly {principals}"

func judgeAdministrator(c *control.Case, e *access.Escalation, declared []claims.Principal, p *access.Principal) {
	w, s := c.Access(), permissions.Subject(p)
	is := permissions.Truth(e.Strength(p))
	named, gaps := permissions.Named(w, declared, p)
	switch {
	case is == estate.False && named == estate.False:
	case is == estate.True && named == estate.True:
		c.Holds(s)
	case is == estate.True && named == estate.False:
		path := e.Of(p)
		text := fmt.Sprintf("%s is an administrator %s, and is not declared: it %s", permissions.Call(w, p), permissions.Count(path), permissions.Steps(path))
		c.Breaks(s, control.Counter{Text: text, Facts: permissions.Facts(path), Path: permissions.Hops(nil, path),
			Cause: permissions.Permit(permissions.First(path), permissions.Call(w, p)+" is an administrator")})
	case is == estate.False && named == estate.True:
		text := permissions.Call(w, p) + " is declared as an administrator, and is none"
		c.Breaks(s, control.Counter{Text: text, Facts: []answer.Fact{{Text: "no way leads from it to everything", Operation: authorizationDetails}}, Cause: answer.Cause{
			Key: "claims/administrators/" + p.ARN, Subject: p.Ref, Title: text,
			Fix: answer.Fix{Text: "Take it out of the claim; or, if it should be one, find out who took its rights."},
		}})
	default:
		if is == estate.Unknown {
			gaps = append(gaps, permissions.Gaps(e.Of(p))...)
		}
		c.Unknown(s, "whether it is an administrator, and declared, was not read in full", gaps...)
	}
}

// judgeMissing is about a name that is declared and that nobody has, as far as everybody was read.
func judgeMissing(c *control.Case, m permissions.Missing) {
	ref := estate.Ref{Kind: "principal", Region: estate.Global, ID: m.Name}
	s := &estate.Resource{Reference: ref, Labels: estate.None[map[string]string]()}
	if len(m.Gaps) > 0 {
		c.Unknown(s, m.Name+" is declared, and not among those that were read", m.Gaps...)
		return
	}
	text := m.Name + " is declared as an administrator, and does not exist"
	if m.Near != "" {
		text += ": " + m.Near
	}
	c.Breaks(s, control.Counter{Text: text, Facts: []answer.Fact{{Text: "nobody of that name is in the details of any account that was read", Operation: authorizationDetails}},
		Cause: answer.Cause{Key: "claims/administrators/" + m.Name, Subject: ref, Title: text, Fix: answer.Fix{Text: "Take it out of the claim, or write it as it is."}}})
}
