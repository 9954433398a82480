package leastprivilege

import (
	"fmt"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// UnusedRolesGone is lp-unused-roles-gone. A role that was never used counts as unused since it was made. AWS remembers the last
// use for 400 days: a role of which it remembers none, and that is older, has rested for at least that long, and whether it was
// used within a longer period nobody knows. Roles that AWS's services made for themselves are theirs to keep.
//
// A role that has to wait for its day, such as one for emergencies, is excused by its owner, with a reason and an end.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html#access_policies_last-accessed-track-roles
var UnusedRolesGone = &control.Control{
	ID:       "lp-unused-roles-gone",
	Practice: "least-privilege",
	Title:    "Every role was used lately",
	Sentence: "every role was used within {period}",
	Asked:    "every role was used within 90 days",
	Why:      "A role that nobody uses is one that nobody watches: whoever finds a way into it may stay for years.",
	Fix:      "Deny the role everything for a while, then delete it; or excuse it, if it waits for its day.",
	Severity: answer.Low,
	Lists:    []operation.ID{authorizationDetails},
	Judge: func(c *control.Case) {
		period := c.Period("period")
		for _, role := range c.Estate.Roles {
			if !role.ServiceLinked() {
				judgeUse(c, role, period)
			}
		}
	},
}

// remembered is how long AWS remembers when a role was used.
const remembered = 400 * 24 * time.Hour

func judgeUse(c *control.Case, role *estate.Role, period time.Duration) {
	ref := role.Ref()
	since, last := role.Created, role.LastUsed
	if last.After(since) {
		since = last
	}
	place := estate.Place{Account: ref.Account, Region: estate.Global}
	silence := func(why string) estate.Gap {
		return estate.Gap{Place: place, Operation: authorizationDetails, Outcome: operation.OK, Why: why}
	}
	switch {
	case since.IsZero():
		c.Unknown(role, "when it was made is not told", silence("the details of role "+ref.ID+" do not say when it was made"))
		return
	case c.Now.Sub(since) < period:
		c.Holds(role)
		return
	case last.IsZero() && period > remembered:
		c.Unknown(role, "AWS remembers the use of roles for 400 days only", silence("AWS does not say whether role "+ref.ID+" was used more than 400 days ago"))
		return
	}
	use, fact := fmt.Sprintf("was last used %d days ago", days(c.Now.Sub(last))), "RoleLastUsed.LastUsedDate is "+last.Format("2006-01-02")
	if role.LastUsedRegion != "" {
		fact += ", in " + role.LastUsedRegion
	}
	if last.IsZero() {
		use, fact = fmt.Sprintf("was made %d days ago, and no use of it is known", days(c.Now.Sub(role.Created))), "RoleLastUsed is empty"
	}
	c.Breaks(role, control.Counter{
		Text: fmt.Sprintf("role %s %s", ref.ID, use),
		Facts: []answer.Fact{{Text: fact, Operation: authorizationDetails},
			{Text: "CreateDate is " + role.Created.Format("2006-01-02"), Operation: authorizationDetails}},
		Cause: answer.Cause{
			Key:     "role/" + ref.ARN + "/unused",
			Subject: ref,
			Title:   fmt.Sprintf("role %s %s", ref.ID, use),
			Fix:     unusedRoleFix(role),
		},
	})
}

func unusedRoleFix(role *estate.Role) answer.Fix {
	ref, name := role.Ref(), control.ShellQuote(role.Ref().ID)
	if strings.Contains(ref.ARN, ":role/aws-reserved/sso.amazonaws.com/") {
		return answer.Fix{Text: "It belongs to a permission set of IAM Identity Center: remove the assignments of the set in this account, and the role goes.",
			CLI: []string{"aws sso-admin list-account-assignments --instance-arn INSTANCE --permission-set-arn SET --account-id " + ref.Account,
				"aws sso-admin delete-account-assignment --instance-arn INSTANCE --permission-set-arn SET --target-type AWS_ACCOUNT --target-id " + ref.Account + " --principal-type GROUP --principal-id ID"}}
	}
	deny := "arn:" + partition(ref.ARN) + ":iam::aws:policy/AWSDenyAll"
	cli := []string{fmt.Sprintf("aws iam attach-role-policy --role-name %s --policy-arn %s   # and wait for complaints", name, deny),
		fmt.Sprintf("aws iam detach-role-policy --role-name %s --policy-arn %s", name, deny)}
	for _, arn := range role.Managed {
		cli = append(cli, fmt.Sprintf("aws iam detach-role-policy --role-name %s --policy-arn %s", name, control.ShellQuote(arn)))
	}
	for _, inline := range role.Inline {
		cli = append(cli, fmt.Sprintf("aws iam delete-role-policy --role-name %s --policy-name %s", name, control.ShellQuote(inline.Name)))
	}
	for _, profile := range role.Profiles {
		cli = append(cli, fmt.Sprintf("aws iam remove-role-from-instance-profile --role-name %s --instance-profile-name %s", name, control.ShellQuote(profile[strings.LastIndexByte(profile, '/')+1:])))
	}
	return answer.Fix{
		Text: "Deny the role everything for a while, wait for complaints, then delete it; or excuse it, with an owner, if it waits for its day.",
		CLI:  append(cli, "aws iam delete-role --role-name "+name),
	}
}
