package leastprivilege

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// OutsidersAreDeclared is lp-outsiders-are-declared: each account outside the organisation that a trust policy, a resource's policy or a
// bucket's access control list lets in is one of a system of the claims file, with an owner:
//
//	systems: {backup-vendor: {accounts: [999988887777], owner: ops}}
//
// Its subjects are the outsiders. A statement is enough, whatever the outsider lets its own principals do: that is the outsider's to
// change. Where a policy was not read the resource is in doubt itself. Another organisation as a whole is an outsider that nobody can
// declare: name its accounts. Who is let in with everybody else is lp-resource-policies-not-public's.
var OutsidersAreDeclared = &control.Control{
	ID:       "lp-outsiders-are-declared",
	Practice: "least-privilege",
	Title:    "Every account outside the organisation that can act inside is declared, with an owner",
	Sentence: "accounts outside the organisation that can act inside are declared",
	Asked:    "accounts outside the organisation that can act inside are declared",
	Why:      "Whoever breaks into the vendor of three years ago is inside; nobody remembers that the vendor still was.",
	Fix:      "Take the outsider out of the policies; or declare its account as a system with an owner.",
	Severity: answer.Medium,
	Lists:    append([]operation.ID{authorizationDetails}, permissions.HolderLists()...),
	Reads: append(permissions.HolderReads(), "s3:GetBucketAcl", "s3:GetBucketOwnershipControls", "cloudfront:ListCloudFrontOriginAccessIdentities",
		"organizations:DescribeOrganization", "organizations:ListAccounts"),
	Judge: func(c *control.Case) {
		for _, o := range permissions.Outsiders(c.Estate) {
			judgeOutsider(c, o)
		}
		for _, h := range permissions.Holders(c.Estate) {
			if gap, unread := h.Policy.Unread(); unread {
				c.Unknown(h, "whom its policy lets in was not read", gap)
			}
		}
		for _, b := range c.Estate.Buckets {
			if gap, unread := permissions.ListUnread(b); unread {
				c.Unknown(b, "whom its access control list lets in was not read", gap)
			}
		}
		for _, role := range c.Estate.Roles {
			if gap, unread := role.Trust.Unread(); unread {
				c.Unknown(role, "whom its trust policy lets in could not be understood", gap)
			}
		}
	},
}

func judgeOutsider(c *control.Case, o *permissions.Outsider) {
	system, owned := permissions.Declared(c.Declared, o.ID)
	switch {
	case owned:
		c.Holds(o.Subject())
		return
	case o.Ours == estate.Unknown:
		c.Unknown(o.Subject(), fmt.Sprintf("whether %s is one of ours could not be read", o.ID), o.Gaps...)
		return
	}
	text := fmt.Sprintf("%s %s, outside the organisation, is let into %s, and nobody declares it", o.Kind, o.ID, permissions.Places(o.Ways))
	if system != "" {
		text = fmt.Sprintf("%s %s, outside the organisation, is let into %s, and its system %s has no owner", o.Kind, o.ID, permissions.Places(o.Ways), system)
	}
	var facts []answer.Fact
	var affects []estate.Ref
	for _, w := range o.Ways {
		facts = append(facts, answer.Fact{Text: w.Text + ": " + w.Quote, Operation: w.Tells})
		affects = append(affects, w.Into.Ref())
	}
	fix := answer.Fix{Text: "Take it out of the policies, if nobody knows it; or declare its account as a system of the claims file, with an owner: " +
		fmt.Sprintf("systems: {NAME: {accounts: [%q], owner: WHO}}.", o.ID)}
	if o.Kind == "organization" {
		fix.Text = "Name the accounts that are meant in the place of the whole organisation, and declare those as systems with an owner."
	}
	c.Breaks(o.Subject(), control.Counter{Text: text, Facts: facts, Affects: affects, Cause: answer.Cause{
		Key: "outsider/" + o.ID, Subject: o.Subject().Ref(), Title: text, Fix: fix,
	}})
}
