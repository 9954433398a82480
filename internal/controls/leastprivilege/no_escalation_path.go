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

// NoEscalationPath is lp-no-escalation-path: who is no administrator cannot make himself one, by any chain of steps that his rights allow:
// assuming roles, passing them to what he starts, changing what runs as them, writing policies, making keys of others. Each step is
// one decision over real policies, on something that exists or that he may make; a chain goes through accounts too.
//
// Who may do everything as it stands is an administrator, and is EffectiveAdminsAreDeclared's; who is declared as one is meant to
// get there. Root users and roles of AWS's services are not judged.
var NoEscalationPath = &control.Control{
	ID:          "lp-no-escalation-path",
	Practice:    "least-privilege",
	Title:       "Nobody who is no administrator can become one",
	Sentence:    "nobody who is no administrator can become one",
	Asked:       "nobody who is no administrator can become one",
	Why:         "Whoever steals the weaker rights helps himself to the rest: the account falls with its least guarded user.",
	Fix:         "Take away the right with which the way begins, or hold it to the resources that are meant.",
	Severity:    answer.Critical,
	Lists:       []operation.ID{authorizationDetails},
	Permissions: true,
	Judge: func(c *control.Case) {
		declared := declaredAdministrators(c.Declared)
		w := c.Access()
		e := c.Reaching(access.Administrator)
		for _, p := range w.Principals() {
			if p.Kind == "root" || p.ServiceLinked() || !c.Concerns(permissions.Subject(p)) {
				continue
			}
			judgeEscalation(c, e, declared, p)
		}
	},
}

// declaredAdministrators are those of all claims about them.
func declaredAdministrators(f *claims.File) []claims.Principal {
	var all []claims.Principal
	for _, claim := range f.Claims {
		if claim.Form.Text == administratorsExactly {
			of, _ := claim.Slots.Principals("principals")
			all = append(all, of...)
		}
	}
	return all
}

func judgeEscalation(c *control.Case, e *access.Escalation, declared []claims.Principal, p *access.Principal) {
	w, s := c.Access(), permissions.Subject(p)
	strength := e.Strength(p)
	if strength == access.No {
		c.Holds(s)
		return
	}
	path := e.Of(p)
	if path == nil || strength == access.Yes && len(path.Steps) == 0 && path.EndID == "" {
		return // an administrator
	}
	named, gaps := permissions.Named(w, declared, p)
	switch {
	case named == estate.True:
		if strength == access.Yes {
			c.Holds(s)
			return
		}
		c.Unknown(s, "whether it becomes an administrator was not read in full", permissions.Gaps(path)...)
	case strength == access.Yes && named == estate.False:
		text := fmt.Sprintf("%s becomes an administrator %s: it %s", permissions.Call(w, p), permissions.Count(path), permissions.Steps(path))
		c.Breaks(s, control.Counter{Text: text, Facts: permissions.Facts(path), Path: permissions.Hops(nil, path),
			Cause: permissions.Permit(permissions.First(path), permissions.Call(w, p)+" can become an administrator")})
	default:
		c.Unknown(s, "whether it becomes an administrator was not read in full", append(gaps, permissions.Gaps(path)...)...)
	}
}
