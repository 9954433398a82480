package collect

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/networkfirewall"
	firewalltypes "github.com/aws/aws-sdk-go-v2/service/networkfirewall/types"

	"github.com/onus-cloud/onus/internal/operation"
)

// TestOnlyWhatThereIs: nothing is asked about what the listings do not have, what is deleted, what another account owns, and
// what AWS does not tell.
func TestOnlyWhatThereIs(t *testing.T) {
	t.Parallel()
	kept, _, err := collectFrom(t, newFake(func(c asked, out any) error {
		switch out := out.(type) {
		case *ec2.DescribeTransitGatewayRouteTablesOutput:
			out.TransitGatewayRouteTables[0].State = ec2types.TransitGatewayRouteTableStateDeleted
		case *ec2.DescribeVpnGatewaysOutput:
			out.VpnGateways = nil
		case *ec2.DescribeTransitGatewaysOutput:
			out.TransitGateways[0].OwnerId = aws.String("444455556666")
			return nil
		case *networkfirewall.DescribeFirewallPolicyOutput:
			out.FirewallPolicy.StatelessRuleGroupReferences = nil
			out.FirewallPolicy.StatefulRuleGroupReferences = []firewalltypes.StatefulRuleGroupReference{
				{ResourceArn: aws.String("arn:aws:network-firewall:eu-west-1:aws-managed:stateful-rulegroup/ThreatSignaturesBotnetStrictOrder")}}
		}
		return plausible(c, out)
	}), Options{Regions: []string{here}})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []operation.ID{"ec2:SearchTransitGatewayRoutes", "ec2:GetTransitGatewayPrefixListReferences",
		"directconnect:DescribeDirectConnectGatewayAssociations", "network-firewall:DescribeRuleGroup"} {
		if got := of(kept, here, id); len(got) > 0 {
			t.Errorf("%s was asked about %q", id, got[0].About())
		}
	}
}

// TestTransitPrefixLists: the entries of the lists that routes of a transit gateway name are read, and routes in the states that decide.
func TestTransitPrefixLists(t *testing.T) {
	t.Parallel()
	f := newFake(func(c asked, out any) error {
		switch out := out.(type) {
		case *ec2.SearchTransitGatewayRoutesOutput:
			out.Routes[0].PrefixListId = aws.String("pl-search")
			filter := c.in.(*ec2.SearchTransitGatewayRoutesInput).Filters[0]
			if *filter.Name != "state" || strings.Join(filter.Values, " ") != "active blackhole" {
				t.Errorf("routes are searched for by %s %q", *filter.Name, filter.Values)
			}
		case *ec2.GetTransitGatewayPrefixListReferencesOutput:
			out.TransitGatewayPrefixListReferences[0].PrefixListId = aws.String("pl-reference")
		}
		return plausible(c, out)
	})
	kept, _, err := collectFrom(t, f, Options{Regions: []string{here}})
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]bool{}
	for _, r := range of(kept, here, "ec2:GetManagedPrefixListEntries") {
		read[r.About()] = true
	}
	if !read["pl-search"] || !read["pl-reference"] {
		t.Errorf("the lists that were read are %v", read)
	}
}

// TestVPNKeys: neither of the two places where AWS tells the shared keys of a VPN is kept.
func TestVPNKeys(t *testing.T) {
	t.Parallel()
	const key = "p5kTq0plainly"
	kept, _, err := collectFrom(t, newFake(func(c asked, out any) error {
		if out, ok := out.(*ec2.DescribeVpnConnectionsOutput); ok {
			out.VpnConnections[0].CustomerGatewayConfiguration = aws.String("<ike><pre_shared_key>" + key + "</pre_shared_key></ike>")
			out.VpnConnections[0].Options.TunnelOptions[0].PreSharedKey = aws.String(key)
		}
		return plausible(c, out)
	}), Options{Regions: []string{here}})
	if err != nil {
		t.Fatal(err)
	}
	if body := string(one(t, kept, here, "ec2:DescribeVpnConnections").Pages[0]); strings.Contains(body, key) || strings.Count(body, "redacted:") != 2 {
		t.Errorf("the response is %s", body)
	}
}
