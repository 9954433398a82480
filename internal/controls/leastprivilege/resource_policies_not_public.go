package leastprivilege

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/policy"
)

// ResourcePoliciesNotPublic is lp-resource-policies-not-public: no policy of a resource lets strangers in, judged by what its conditions
// prove (policy.Document.Strangers), not by whether there are some.
//
//   - S3's RestrictPublicBuckets, on the bucket, its access point or its account, leaves of a public policy only what it gives to the
//     own account and to services: such a bucket is not open.
//     https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
//   - A search domain in a VPC, or with users of its own, is not open by its policy alone.
//   - A resource of a system that the claims file calls "data: public" is meant to be open.
//   - Access control lists are another matter: net-bucket-blocked's.
var ResourcePoliciesNotPublic = &control.Control{
	ID:       "lp-resource-policies-not-public",
	Practice: "least-privilege",
	Title:    "No resource's policy lets everybody in",
	Sentence: "no resource policy lets everybody in",
	Asked:    "no resource policy lets everybody in",
	Why:      "Everybody with an AWS account, or without one, may then use the queue, read the secret or call the function; no key has to be stolen.",
	Fix:      "Name who may use the resource, or hold the statement to the own organisation: StringEquals aws:PrincipalOrgID.",
	Severity: answer.High,
	Lists:    permissions.HolderLists(),
	Reads:    append(permissions.HolderReads(), "s3:GetPublicAccessBlock", "s3control:GetPublicAccessBlock", "s3control:GetAccessPoint", "resourcegroupstaggingapi:GetResources"),
	Judge: func(c *control.Case) {
		for _, h := range permissions.Holders(c.Estate) {
			if c.Concerns(h) {
				judgeHolder(c, h)
			}
		}
	},
}

func judgeHolder(c *control.Case, h permissions.Holder) {
	if len(h.Doubt) > 0 {
		c.Unknown(h, "whether it is a key of ours or of a service was not read", h.Doubt...)
		return
	}
	document, known := h.Policy.Value()
	if h.Policy.Absent() || known && len(document.Strangers()) == 0 {
		c.Holds(h)
		return
	}
	shut, gaps := restricted(h.Subject)
	shut = estate.Or(shut, meantPublic(c.Declared, h.Subject))
	switch {
	case shut == estate.True:
		c.Holds(h)
	case !known:
		gap, _ := h.Policy.Unread()
		c.Unknown(h, "its policy was not read", append(gaps, gap)...)
	case shut == estate.Unknown:
		if gap, unread := h.Tags().Unread(); unread {
			gaps = append(gaps, gap)
		}
		c.Unknown(h, "its policy lets everybody in, and whether that is blocked or meant was not read", gaps...)
	default:
		for _, o := range document.Strangers() {
			c.Breaks(h, letsStrangersIn(h, o))
		}
	}
}

// restricted says whether a public policy gives strangers nothing all the same.
func restricted(s estate.Subject) (shut estate.Truth, gaps []estate.Gap) {
	var blocks []estate.Known[estate.PublicAccessBlock]
	switch s := s.(type) {
	case *estate.Bucket:
		blocks = append(blocks, s.Block, s.AccountBlock)
	case *estate.AccessPoint:
		blocks = append(blocks, s.Block)
	}
	shut = estate.False
	if g, ok := s.(*estate.Guarded); ok && g.Shut {
		return estate.True, nil
	}
	for _, block := range blocks {
		shut = estate.Or(shut, block.Holds(false, func(b estate.PublicAccessBlock) bool { return b.RestrictPublicBuckets }))
		if gap, unread := block.Unread(); unread {
			gaps = append(gaps, gap)
		}
	}
	return shut, gaps
}

// meantPublic says whether the claims file calls a system of the resource's public.
func meantPublic(declared *claims.File, s estate.Subject) estate.Truth {
	public := estate.False
	for _, system := range declared.Systems {
		if system.Data == claims.Public {
			public = estate.Or(public, system.Selects(s))
		}
	}
	return public
}

func letsStrangersIn(h permissions.Holder, o policy.Opening) control.Counter {
	text := fmt.Sprintf("%s: %s", h.Name(), o.Says())
	return control.Counter{
		Text:  text,
		Facts: []answer.Fact{{Text: fmt.Sprintf("statement %s of its policy: %s", o.Name(), o.Statement.Quote()), Operation: h.Tells}},
		Cause: answer.Cause{
			Key:     h.CauseKey(o.Index),
			Subject: h.Ref(),
			Title:   fmt.Sprintf("statement %s of the policy of %s lets everybody in", o.Name(), h.Name()),
			Fix: answer.Fix{
				Text: "Name who may use it, or add a condition that strangers cannot meet, such as StringEquals aws:PrincipalOrgID.",
				CLI:  h.Edit(o.Statement.Sid),
			},
		},
	}
}
