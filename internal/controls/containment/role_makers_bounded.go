package containment

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// RoleMakersBounded is contain-role-makers-bounded: who may make roles, and is no administrator, may make only roles that have a
// permissions boundary, and may not take it off again. The boundary is asked for by a condition on iam:PermissionsBoundary; who
// may do without one can give a new role more than he has.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate
var RoleMakersBounded = &control.Control{
	ID:          "contain-role-makers-bounded",
	Practice:    "containment",
	Title:       "Who may make roles may only make bounded ones",
	Sentence:    "who may make roles may only make bounded ones",
	Asked:       "who may make roles may only make bounded ones",
	Why:         "A pipeline that may make any role may make one that is stronger than itself, and whoever gets into the pipeline uses that one.",
	Fix:         "Allow iam:CreateRole only where iam:PermissionsBoundary is the boundary that is meant, and do not allow to take boundaries off.",
	Severity:    answer.High,
	Lists:       []operation.ID{"iam:GetAccountAuthorizationDetails"},
	Permissions: true,
	Judge: func(c *control.Case) {
		e := c.Reaching(access.Administrator)
		for _, p := range c.Access().Principals() {
			s := permissions.Subject(p)
			if p.Kind != "root" && !p.ServiceLinked() && c.Concerns(s) && !permissions.Targets(p, "iam:CreateRole").None() {
				judgeMaker(c, e, p, s)
			}
		}
	},
}

func judgeMaker(c *control.Case, e *access.Escalation, p *access.Principal, s estate.Subject) {
	w := c.Access()
	may, _ := w.CanMake(p, "iam:CreateRole", nil)
	if may == access.No {
		return // a policy speaks of it, and nothing comes of that
	}
	if path := e.Of(p); path != nil && len(path.Steps) == 0 && path.EndID == "" && path.Strength == access.Yes {
		return // an administrator, whom no boundary binds
	}
	bare, answers := w.CanMake(p, "iam:CreateRole", map[string][]string{"iam:permissionsboundary": nil})
	freed, off := w.CanMake(p, "iam:DeleteRolePermissionsBoundary", nil)
	var doubts []estate.Gap
	for _, a := range append(answers, off...) {
		if permissions.Decided(a.Decision) == estate.Unknown {
			doubts = append(doubts, permissions.AnswerGaps(a)...)
		}
	}
	breaks := func(a access.Answer, text string) {
		text = permissions.Call(w, p) + " " + text
		c.Breaks(s, control.Counter{Text: text, Facts: permissions.AnswerFacts(a), Cause: permissions.Permit(a, text)})
	}
	switch {
	case bare == access.Yes:
		breaks(answers[0], "may make roles without a permissions boundary")
	case freed == access.Yes && may != access.No:
		breaks(off[0], fmt.Sprintf("must bound the roles that it makes, and may take the boundary off again (%s)", off[0].Action))
	case bare == access.No && freed == access.No:
		c.Holds(s)
	default:
		c.Unknown(s, "whether the roles that it makes must be bounded was not read in full", doubts...)
	}
}
