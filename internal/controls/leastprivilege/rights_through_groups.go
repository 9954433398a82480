package leastprivilege

import (
	"fmt"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// RightsThroughGroups is lp-rights-through-groups: no policy is attached to a user or written into one. A permissions boundary
// grants nothing and does not count; nor does a user without any right.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_manage-attach-detach.html
var RightsThroughGroups = &control.Control{
	ID:       "lp-rights-through-groups",
	Practice: "least-privilege",
	Title:    "Users get their rights through groups",
	Sentence: "users get their rights through groups",
	Asked:    "users get their rights through groups",
	Why:      "Rights that hang on one person are forgotten when the person changes jobs, and nobody sees them when a group is reviewed.",
	Fix:      "Attach the policy to a group, put the user into it, and take it from the user.",
	Severity: answer.Low,
	Lists:    []operation.ID{authorizationDetails},
	Judge: func(c *control.Case) {
		for _, user := range c.Estate.Users {
			if len(user.Managed)+len(user.Inline) == 0 {
				c.Holds(user)
				continue
			}
			c.Breaks(user, directRights(user))
		}
	},
}

const authorizationDetails operation.ID = "iam:GetAccountAuthorizationDetails"

func directRights(user *estate.User) control.Counter {
	ref, name := user.Ref(), control.ShellQuote(user.Ref().ID)
	var facts []answer.Fact
	var policies, cli []string
	for _, arn := range user.Managed {
		policies = append(policies, arn[strings.LastIndexByte(arn, '/')+1:])
		facts = append(facts, answer.Fact{Text: "policy " + arn + " is attached to the user", Operation: authorizationDetails})
		cli = append(cli, "aws iam attach-group-policy --group-name GROUP --policy-arn "+control.ShellQuote(arn),
			fmt.Sprintf("aws iam detach-user-policy --user-name %s --policy-arn %s", name, control.ShellQuote(arn)))
	}
	for _, inline := range user.Inline {
		policies = append(policies, inline.Name)
		facts = append(facts, answer.Fact{Text: "policy " + inline.Name + " is written into the user", Operation: authorizationDetails})
		cli = append(cli, fmt.Sprintf("aws iam put-group-policy --group-name GROUP --policy-name %s --policy-document file://%s.json", control.ShellQuote(inline.Name), control.ShellQuote(inline.Name)),
			fmt.Sprintf("aws iam delete-user-policy --user-name %s --policy-name %s", name, control.ShellQuote(inline.Name)))
	}
	cli = append([]string{fmt.Sprintf("aws iam add-user-to-group --user-name %s --group-name GROUP", name)}, cli...)
	text := fmt.Sprintf("user %s has rights of its own: %s", ref.ID, strings.Join(policies, ", "))
	return control.Counter{Text: text, Facts: facts, Cause: answer.Cause{
		Key:     "user/" + ref.ARN + "/policies",
		Subject: ref,
		Title:   text,
		Fix: answer.Fix{
			Text: "Attach what the user needs to a group, put the user into it, and take it from the user.",
			CLI:  cli,
		},
	}}
}
