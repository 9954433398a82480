package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	types "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
)

// readELBv2 reads application, network and gateway load balancers, what they listen to, and what stands behind them.
func readELBv2(ctx context.Context, p *place) {
	client := elbv2.NewFromConfig(p.config)
	many := aws.Int32(400)
	var balancers, public, targets []*string
	for _, page := range call(ctx, p, "elbv2:DescribeLoadBalancers", client.DescribeLoadBalancers, &elbv2.DescribeLoadBalancersInput{PageSize: many}) {
		for _, b := range page.LoadBalancers {
			balancers = append(balancers, b.LoadBalancerArn)
			if b.Type == types.LoadBalancerTypeEnumApplication && b.Scheme != types.LoadBalancerSchemeEnumInternal {
				public = append(public, b.LoadBalancerArn)
			}
		}
	}
	each(balancers, itemsAtOnce, func(arn *string) {
		call(ctx, p, "elbv2:DescribeLoadBalancerAttributes", client.DescribeLoadBalancerAttributes, &elbv2.DescribeLoadBalancerAttributesInput{LoadBalancerArn: arn})
		for _, page := range call(ctx, p, "elbv2:DescribeListeners", client.DescribeListeners, &elbv2.DescribeListenersInput{LoadBalancerArn: arn, PageSize: many}) {
			for _, l := range page.Listeners {
				call(ctx, p, "elbv2:DescribeRules", client.DescribeRules, &elbv2.DescribeRulesInput{ListenerArn: l.ListenerArn, PageSize: many})
			}
		}
	})
	for _, page := range call(ctx, p, "elbv2:DescribeTargetGroups", client.DescribeTargetGroups, &elbv2.DescribeTargetGroupsInput{PageSize: many}) {
		for _, g := range page.TargetGroups {
			targets = append(targets, g.TargetGroupArn)
		}
	}
	each(targets, itemsAtOnce, func(arn *string) {
		call(ctx, p, "elbv2:DescribeTargetHealth", client.DescribeTargetHealth, &elbv2.DescribeTargetHealthInput{TargetGroupArn: arn})
		call(ctx, p, "elbv2:DescribeTargetGroupAttributes", client.DescribeTargetGroupAttributes, &elbv2.DescribeTargetGroupAttributesInput{TargetGroupArn: arn})
	})
	waf := wafv2.NewFromConfig(p.config)
	each(public, itemsAtOnce, func(arn *string) {
		call(ctx, p, "wafv2:GetWebACLForResource", waf.GetWebACLForResource, &wafv2.GetWebACLForResourceInput{ResourceArn: arn})
	})
}
