package collect

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/networkfirewall"
)

// readNetworkFirewall reads the firewalls, and the policies and rule groups that they use: those alone decide over packets. AWS
// does not tell the rules of its own groups.
func readNetworkFirewall(ctx context.Context, p *place) {
	client := networkfirewall.NewFromConfig(p.config)
	var policies, groups []string
	for _, page := range call(ctx, p, "network-firewall:ListFirewalls", client.ListFirewalls, &networkfirewall.ListFirewallsInput{MaxResults: aws.Int32(100)}) {
		for _, f := range page.Firewalls {
			for _, out := range call(ctx, p, "network-firewall:DescribeFirewall", client.DescribeFirewall, &networkfirewall.DescribeFirewallInput{FirewallArn: f.FirewallArn}) {
				if out.Firewall != nil {
					policies = append(policies, aws.ToString(out.Firewall.FirewallPolicyArn))
				}
			}
		}
	}
	for _, policy := range distinct(policies) {
		for _, out := range call(ctx, p, "network-firewall:DescribeFirewallPolicy", client.DescribeFirewallPolicy, &networkfirewall.DescribeFirewallPolicyInput{FirewallPolicyArn: aws.String(policy)}) {
			if out.FirewallPolicy == nil {
				continue
			}
			for _, g := range out.FirewallPolicy.StatelessRuleGroupReferences {
				groups = append(groups, aws.ToString(g.ResourceArn))
			}
			for _, g := range out.FirewallPolicy.StatefulRuleGroupReferences {
				groups = append(groups, aws.ToString(g.ResourceArn))
			}
		}
	}
	groups = slices.DeleteFunc(distinct(groups), func(arn string) bool { return strings.Contains(arn, ":aws-managed:") })
	each(groups, itemsAtOnce, func(group string) {
		call(ctx, p, "network-firewall:DescribeRuleGroup", client.DescribeRuleGroup, &networkfirewall.DescribeRuleGroupInput{RuleGroupArn: aws.String(group)})
	})
}

// distinct are the texts that say something, each once, sorted.
func distinct(texts []string) []string {
	slices.Sort(texts)
	return slices.DeleteFunc(slices.Compact(texts), func(s string) bool { return s == "" })
}
