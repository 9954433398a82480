package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	types "github.com/aws/aws-sdk-go-v2/service/wafv2/types"

	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

// readWAF reads the web ACLs of a Region, with what they protect.
func readWAF(ctx context.Context, p *place) {
	readWebACLs(ctx, p, wafv2.NewFromConfig(p.config), types.ScopeRegional)
}

// readWAFForCloudFront reads the web ACLs of CloudFront, which WAF keeps in us-east-1.
func readWAFForCloudFront(ctx context.Context, p *place) {
	if p.partition != "aws" {
		for _, id := range []operation.ID{"wafv2:ListWebACLs", "wafv2:ListRuleGroups"} {
			p.record(responses.Response{Account: p.id, Region: p.region, Operation: id, Time: p.Now().UTC(), Outcome: operation.NotTried,
				Message: "where WAF keeps the web ACLs of CloudFront in partition " + p.partition + " is not known"})
		}
		return
	}
	readWebACLs(ctx, p, wafv2.NewFromConfig(p.config, func(o *wafv2.Options) { o.Region = "us-east-1" }), types.ScopeCloudfront)
}

func readWebACLs(ctx context.Context, p *place, client *wafv2.Client, scope types.Scope) {
	many := aws.Int32(100)
	for _, page := range call(ctx, p, "wafv2:ListWebACLs", client.ListWebACLs, &wafv2.ListWebACLsInput{Scope: scope, Limit: many}) {
		for _, acl := range page.WebACLs {
			call(ctx, p, "wafv2:GetWebACL", client.GetWebACL, &wafv2.GetWebACLInput{Id: acl.Id, Name: acl.Name, Scope: scope})
			call(ctx, p, "wafv2:GetLoggingConfiguration", client.GetLoggingConfiguration, &wafv2.GetLoggingConfigurationInput{ResourceArn: acl.ARN})
			if scope == types.ScopeCloudfront {
				continue // a distribution names its web ACL itself
			}
			for _, kind := range []types.ResourceType{types.ResourceTypeApplicationLoadBalancer, types.ResourceTypeApiGateway} {
				call(ctx, p, "wafv2:ListResourcesForWebACL", client.ListResourcesForWebACL, &wafv2.ListResourcesForWebACLInput{WebACLArn: acl.ARN, ResourceType: kind})
			}
		}
	}
	for _, page := range call(ctx, p, "wafv2:ListRuleGroups", client.ListRuleGroups, &wafv2.ListRuleGroupsInput{Scope: scope, Limit: many}) {
		for _, g := range page.RuleGroups {
			call(ctx, p, "wafv2:GetRuleGroup", client.GetRuleGroup, &wafv2.GetRuleGroupInput{Id: g.Id, Name: g.Name, Scope: scope})
		}
	}
}
