package containment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/estate"
)

// RoleNotShared is contain-role-not-shared: the servers that have a role belong to one system of the claims file. Servers of no system
// do not count, nor do two tiers of one. Without a system nothing is declared.
//
// Its subjects are the roles that servers have: hosts by their instance profile, functions, and tasks by their task role.
var RoleNotShared = &control.Control{
	ID:       "contain-role-not-shared",
	Practice: "containment",
	Title:    "No role is shared by the servers of two systems",
	Sentence: "no role is shared by the servers of two systems",
	Asked:    "no role is shared by the servers of two systems",
	Why:      "Whoever gets into the weaker of the two systems has what the stronger one may do.",
	Fix:      "Give each system a role of its own, with what it needs and no more.",
	Severity: answer.Medium,
	Lists:    permissions.ServerLists(),
	Reads:    append(permissions.ServerReads(), "resourcegroupstaggingapi:GetResources"),
	Judge: func(c *control.Case) {
		if len(c.Declared.Systems) == 0 {
			c.NotDeclared()
			return
		}
		servers := permissions.Servers(c.Estate)
		roles, of := permissions.ByRole(servers)
		for _, role := range roles {
			judgeSharing(c, role, of[role], servers)
		}
		for _, s := range servers {
			if gap, unread := s.Role.Unread(); unread {
				c.Unknown(s, "which role it has was not read", gap)
			}
		}
	},
}

// roleOf is a role as a subject, be it in the estate or of an account that was not read.
func roleOf(e *estate.Estate, arn string) estate.Subject {
	if role := e.Role(arn); role != nil {
		return role
	}
	ref := estate.Ref{Kind: "role", Region: estate.Global, ID: arn[strings.LastIndexByte(arn, '/')+1:], ARN: arn}
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		ref.Account = parts[4]
	}
	return &estate.Resource{Reference: ref, Labels: estate.None[map[string]string]()}
}

func judgeSharing(c *control.Case, arn string, servers, all []permissions.Server) {
	role := roleOf(c.Estate, arn)
	var systems, words []string
	var facts []answer.Fact
	doubts := permissions.ServerGaps(c.Estate, all, role.Ref().Account)
	var affects []estate.Ref
	for _, system := range c.Declared.Systems {
		for _, s := range servers {
			switch system.Selects(s) {
			case estate.Unknown:
				gap, _ := s.Tags().Unread()
				doubts = append(doubts, gap)
			case estate.True:
				if !slices.Contains(systems, system.Name) {
					systems = append(systems, system.Name)
					words = append(words, fmt.Sprintf("%s %s of %s", s.Noun, control.Called(s.Ref()), system.Name))
				}
				facts = append(facts, answer.Fact{Text: fmt.Sprintf("%s %s, of system %s, has the role", s.Noun, control.Called(s.Ref()), system.Name)})
				affects = append(affects, s.Ref())
			}
		}
	}
	switch {
	case len(systems) > 1:
		text := fmt.Sprintf("role %s is shared: %s", role.Ref().ID, strings.Join(words, ", "))
		c.Breaks(role, control.Counter{Text: text, Facts: facts, Affects: affects, Cause: answer.Cause{
			Key: "role/" + arn + "/shared", Subject: role.Ref(), Title: "role " + role.Ref().ID + " is shared by " + strings.Join(systems, " and "),
			Fix: answer.Fix{Text: "Make a role for each of the systems, with what it needs and no more, and give it to its servers.", CLI: []string{
				"aws iam create-role --role-name NEW --assume-role-policy-document file://trust.json",
				"aws ec2 replace-iam-instance-profile-association --association-id ASSOCIATION --iam-instance-profile Name=NEW   # of a host",
				"aws lambda update-function-configuration --function-name FUNCTION --role arn:aws:iam::ACCOUNT:role/NEW   # of a function",
			}},
		}})
	case len(doubts) > 0:
		c.Unknown(role, "whether its servers belong to two systems was not read", doubts...)
	default:
		c.Holds(role)
	}
}
