package waf

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

const (
	listWebACLs    operation.ID = "wafv2:ListWebACLs"
	listResources  operation.ID = "wafv2:ListResourcesForWebACL"
	getForBalancer operation.ID = "wafv2:GetWebACLForResource"
)

// OnEveryPublicApp is waf-on-every-public-app. It judges the public entries that can have a web ACL and are read:
// internet-facing application load balancers, and enabled CloudFront distributions.
//
//   - Each entry is judged by itself. A load balancer behind a distribution that has a web ACL can still be reached without it.
//   - An association is told from both sides, and either side is enough: the load balancer's own, or that of the web ACLs, of which
//     one that names it decides and only all of the Region prove that none does. A distribution names its web ACL itself; one of AWS WAF Classic counts as one.
//   - Network load balancers cannot have a web ACL and are not judged, nor is a staging distribution, which has no viewers of its own.
//
// https://docs.aws.amazon.com/waf/latest/developerguide/how-aws-waf-works-resources.html
var OnEveryPublicApp = &control.Control{
	ID:       "waf-on-every-public-app",
	Practice: "waf",
	Title:    "Every public application entry has a web ACL",
	Sentence: "every public application has a web acl",
	Asked:    "every public application has a web acl",
	Why:      "Without one, every probe for a known hole reaches the application.",
	Fix:      "Associate a web ACL that blocks common attacks with the load balancer or the distribution.",
	Severity: answer.Medium,
	Lists:    []operation.ID{"elbv2:DescribeLoadBalancers", "cloudfront:ListDistributions"},
	Reads:    []operation.ID{getForBalancer, listWebACLs, listResources},
	Judge: func(c *control.Case) {
		acls := aclsOf(c.Estate)
		for _, b := range c.Estate.LoadBalancers {
			if !b.Public || b.Type != "application" {
				continue
			}
			switch has, gaps := acls.of(b); has {
			case estate.True:
				c.Holds(b)
			case estate.Unknown:
				c.Unknown(b, "whether a web ACL protects it could not be read", gaps...)
			default:
				c.Breaks(b, balancerWithoutACL(b))
			}
		}
		for _, d := range c.Estate.Distributions {
			enabled, _ := d.Enabled.Value()
			gap, unread := d.Enabled.Unread()
			switch {
			case d.Staging || !enabled && !unread:
			case unread:
				c.Unknown(d, "", gap)
			case d.WebACL != "":
				c.Holds(d)
			default:
				c.Breaks(d, distributionWithoutACL(d))
			}
		}
	},
}

func balancerWithoutACL(b *estate.LoadBalancer) control.Counter {
	ref := b.Ref()
	told := answer.Fact{Text: "no web ACL of the Region lists it among its resources", Operation: listResources}
	if b.WebACL.Absent() {
		told = answer.Fact{Text: "WebACL is not there", Operation: getForBalancer}
	}
	return control.Counter{
		Text: "public application load balancer " + ref.ID + " has no web ACL",
		Facts: []answer.Fact{
			{Text: "Scheme is not internal", Operation: "elbv2:DescribeLoadBalancers"},
			told,
		},
		Cause: answer.Cause{
			Key:     "web-acl-association/" + ref.ARN,
			Subject: ref,
			Title:   "load balancer " + ref.ID + " has no web ACL",
			Fix: answer.Fix{
				Text:      "Associate a web ACL; let new rules count for a day or two first, and then block.",
				CLI:       []string{fmt.Sprintf("aws wafv2 associate-web-acl --region %s --web-acl-arn WEB_ACL_ARN --resource-arn %s", ref.Region, ref.ARN)},
				Terraform: "resource \"aws_wafv2_web_acl_association\" \"this\" {\n  resource_arn = \"" + ref.ARN + "\"\n  web_acl_arn  = aws_wafv2_web_acl.this.arn\n}",
			},
		},
	}
}

func distributionWithoutACL(d *estate.Distribution) control.Counter {
	ref := d.Ref()
	return control.Counter{
		Text:  fmt.Sprintf("distribution %s (%s) has no web ACL", ref.ID, ref.Name),
		Facts: []answer.Fact{{Text: "Enabled is true, WebACLId is empty", Operation: "cloudfront:ListDistributions"}},
		Cause: answer.Cause{
			Key:     "web-acl-association/" + ref.ARN,
			Subject: ref,
			Title:   fmt.Sprintf("distribution %s (%s) has no web ACL", ref.ID, ref.Name),
			Fix: answer.Fix{
				Text: "Put the ARN of a web ACL of scope CLOUDFRONT (they are made in us-east-1) into the distribution's configuration.",
				CLI: []string{
					fmt.Sprintf("aws cloudfront get-distribution-config --id %s", ref.ID),
					fmt.Sprintf("aws cloudfront update-distribution --id %s --if-match ETAG --distribution-config file://config-with-WebACLId.json", ref.ID),
				},
				Terraform: "resource \"aws_cloudfront_distribution\" \"this\" {\n  web_acl_id = aws_wafv2_web_acl.this.arn\n}",
			},
		},
	}
}
