package load_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
)

// denial is what the AWS CLI prints where it may not ask.
func denial(operation string) string {
	return "An error occurred (UnauthorizedOperation) when calling the " + operation + " operation: You are not authorized to perform this operation."
}

// shared is a transit gateway of 111122223333 that 444455556666 uses, as both see it.
func shared() map[string]string {
	const (
		gateway    = `{"TransitGatewayId": "tgw-1", "OwnerId": "111122223333", "State": "available", "Options": {"SecurityGroupReferencingSupport": "enable"}`
		attachment = `{"TransitGatewayAttachmentId": "tgw-attach-2", "TransitGatewayId": "tgw-1", "TransitGatewayOwnerId": "111122223333", "ResourceOwnerId": "444455556666",
			"ResourceType": "vpc", "ResourceId": "vpc-2", "State": "available"`
	)
	return map[string]string{
		"111122223333/us-east-1/ec2/describe-transit-gateways.json": `{"TransitGateways": [` + gateway + `, "Tags": [{"Key": "Name", "Value": "hub"}]}, {"TransitGatewayId": "tgw-0", "State": "deleted"}]}`,
		"444455556666/us-east-1/ec2/describe-transit-gateways.json": `{"TransitGateways": [` + gateway + `}]}`,
		"111122223333/us-east-1/ec2/describe-transit-gateway-attachments.json": `{"TransitGatewayAttachments": [
			` + attachment + `, "Association": {"TransitGatewayRouteTableId": "tgw-rtb-1", "State": "associated"}},
			{"TransitGatewayAttachmentId": "tgw-attach-3", "TransitGatewayId": "tgw-1", "TransitGatewayOwnerId": "111122223333", "ResourceOwnerId": "777788889999",
				"ResourceType": "peering", "ResourceId": "tgw-9", "State": "available", "Association": {"TransitGatewayPolicyTableId": "tgw-ptb-1", "State": "associated"}},
			{"TransitGatewayAttachmentId": "tgw-attach-4", "TransitGatewayId": "tgw-1", "TransitGatewayOwnerId": "111122223333", "ResourceType": "vpn", "ResourceId": "vpn-1", "State": "available"}]}`,
		"444455556666/us-east-1/ec2/describe-transit-gateway-attachments.json":     `{"TransitGatewayAttachments": [` + attachment + `}]}`,
		"111122223333/us-east-1/ec2/describe-transit-gateway-vpc-attachments.json": `{"TransitGatewayVpcAttachments": []}`,
		"444455556666/us-east-1/ec2/describe-transit-gateway-vpc-attachments.json": `{"TransitGatewayVpcAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-2", "TransitGatewayId": "tgw-1",
			"VpcId": "vpc-2", "SubnetIds": ["subnet-2", "subnet-1"], "Options": {"SecurityGroupReferencingSupport": "enable", "Ipv6Support": "disable", "ApplianceModeSupport": "disable"}}]}`,
		"111122223333/us-east-1/ec2/describe-transit-gateway-route-tables.json": `{"TransitGatewayRouteTables": [{"TransitGatewayRouteTableId": "tgw-rtb-1", "TransitGatewayId": "tgw-1", "State": "available"}]}`,
		"111122223333/us-east-1/ec2/search-transit-gateway-routes--TransitGatewayRouteTableId=tgw-rtb-1.json": `{"Routes": [
			{"DestinationCidrBlock": "10.2.0.0/16", "Type": "propagated", "State": "active", "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-2"}]},
			{"DestinationCidrBlock": "10.9.0.0/16", "Type": "static", "State": "blackhole"},
			{"PrefixListId": "pl-2", "Type": "static", "State": "active", "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-3"}]},
			{"DestinationCidrBlock": "10.4.0.0/16", "PrefixListId": "pl-1", "Type": "static", "State": "active", "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-4"}]}],
			"AdditionalRoutesAvailable": false}`,
		"111122223333/us-east-1/ec2/get-transit-gateway-prefix-list-references--TransitGatewayRouteTableId=tgw-rtb-1.json": `{"TransitGatewayPrefixListReferences": [
			{"TransitGatewayRouteTableId": "tgw-rtb-1", "PrefixListId": "pl-1", "State": "available", "TransitGatewayAttachment": {"TransitGatewayAttachmentId": "tgw-attach-4"}},
			{"TransitGatewayRouteTableId": "tgw-rtb-1", "PrefixListId": "pl-2", "State": "available", "TransitGatewayAttachment": {"TransitGatewayAttachmentId": "tgw-attach-3"}},
			{"TransitGatewayRouteTableId": "tgw-rtb-1", "PrefixListId": "pl-3", "State": "available", "Blackhole": true}]}`,
	}
}

func TestTransitGatewayBelongsToItsOwner(t *testing.T) {
	t.Parallel()
	e := network(t, shared())
	if len(e.TransitGateways) != 1 || len(e.TransitGatewayAttachments) != 3 || len(e.TransitGatewayRouteTables) != 1 {
		t.Fatalf("%d gateways, %d attachments, %d tables; want 1, 3, 1", len(e.TransitGateways), len(e.TransitGatewayAttachments), len(e.TransitGatewayRouteTables))
	}
	if g := e.TransitGateways[0]; g.Ref().Account != "111122223333" || g.Ref().Name != "hub" || !g.GroupReferences || g.Ref().ARN != "arn:aws:ec2:us-east-1:111122223333:transit-gateway/tgw-1" {
		t.Errorf("the gateway is %+v", g)
	}
	vpc := e.TransitGatewayAttachments[0]
	if table, ok := vpc.RouteTable.Value(); !ok || table != "tgw-rtb-1" || vpc.Ref().Account != "111122223333" || vpc.OfAccount != "444455556666" {
		t.Errorf("the VPC's attachment is %+v", vpc)
	}
	if how, ok := vpc.VPC.Value(); !ok || fmt.Sprint(how) != "{[subnet-1 subnet-2] true false false}" {
		t.Errorf("the VPC is attached as %+v, known %v", how, ok)
	}
	peering, vpn := e.TransitGatewayAttachments[1], e.TransitGatewayAttachments[2]
	if gap, unread := peering.RouteTable.Unread(); !unread || !strings.Contains(gap.Why, "policy table") || !peering.VPC.Absent() || peering.Of != "tgw-9" {
		t.Errorf("the peering is %+v", peering)
	}
	if !vpn.RouteTable.Absent() {
		t.Errorf("the route table of what has none is %+v", vpn.RouteTable)
	}
}

func TestTransitRoutes(t *testing.T) {
	t.Parallel()
	e := network(t, shared())
	routes, ok := e.TransitGatewayRouteTables[0].Routes.Value()
	var got []string
	for _, r := range routes {
		got = append(got, fmt.Sprintf("%v%s %v static %v blackhole %v", r.CIDR, r.PrefixList, r.Attachments, r.Static, r.Blackhole))
	}
	want := []string{
		"10.2.0.0/16 [tgw-attach-2] static false blackhole false",
		"10.9.0.0/16 [] static true blackhole true",
		"10.4.0.0/16 [tgw-attach-4] static true blackhole false", // by pl-1, whose reference is the same route
		"invalid Prefixpl-2 [tgw-attach-3] static true blackhole false",
		"invalid Prefixpl-3 [] static true blackhole true",
	}
	if !ok || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("known %v, routes are\n%s\nwant\n%s", ok, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What was not told is unknown, and nothing else is.
func TestTransitUnread(t *testing.T) {
	t.Parallel()
	const search = "111122223333/us-east-1/ec2/search-transit-gateway-routes--TransitGatewayRouteTableId=tgw-rtb-1.json"
	for _, c := range []struct {
		name, file, body string
		why              string
		routes           bool // are unknown, else how the VPC is attached
	}{
		{"routes denied", search, denial("SearchTransitGatewayRoutes"), "SearchTransitGatewayRoutes of tgw-rtb-1", true},
		{"more routes than are shown", search, `{"Routes": [], "AdditionalRoutesAvailable": true}`, "more routes", true},
		{"a destination that is none", search, `{"Routes": [{"DestinationCidrBlock": "10.0.0.0/160", "State": "active"}], "AdditionalRoutesAvailable": false}`, "is not a CIDR", true},
		{"references denied", "111122223333/us-east-1/ec2/get-transit-gateway-prefix-list-references--TransitGatewayRouteTableId=tgw-rtb-1.json",
			denial("GetTransitGatewayPrefixListReferences"), "GetTransitGatewayPrefixListReferences of tgw-rtb-1", true},
		{"attachments of VPCs denied", "444455556666/us-east-1/ec2/describe-transit-gateway-vpc-attachments.json",
			denial("DescribeTransitGatewayVpcAttachments"), "DescribeTransitGatewayVpcAttachments in 444455556666/us-east-1", false},
		{"the VPC's account tells nothing", "444455556666/us-east-1/ec2/describe-transit-gateway-vpc-attachments.json",
			`{"TransitGatewayVpcAttachments": []}`, "does not tell the subnets of tgw-attach-2", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := shared()
			files[c.file] = c.body
			e := network(t, files)
			gap, unread := e.TransitGatewayRouteTables[0].Routes.Unread()
			other, otherUnread := e.TransitGatewayAttachments[0].VPC.Unread()
			if !c.routes {
				gap, unread, otherUnread = other, otherUnread, unread
			}
			if !unread || otherUnread || !strings.Contains(gap.String(), c.why) {
				t.Errorf("unread %v (the other %v): %s; want %s", unread, otherUnread, gap, c.why)
			}
		})
	}
	t.Run("the owner was not read", func(t *testing.T) {
		t.Parallel()
		files := shared()
		for name := range files {
			if strings.HasPrefix(name, "111122223333") {
				delete(files, name)
			}
		}
		e := network(t, files)
		if len(e.TransitGatewayAttachments) != 1 {
			t.Fatalf("%d attachments, want one", len(e.TransitGatewayAttachments))
		}
		a := e.TransitGatewayAttachments[0]
		if gap, unread := a.RouteTable.Unread(); !unread || !strings.Contains(gap.Why, "111122223333") {
			t.Errorf("the route table is %+v, want it unknown", a.RouteTable)
		}
		if _, ok := a.VPC.Value(); !ok {
			t.Error("how the VPC is attached is unknown, though its account told it")
		}
	})
}

func TestVPNAndDirectConnect(t *testing.T) {
	t.Parallel()
	e := network(t, map[string]string{
		"111122223333/us-east-1/ec2/describe-vpn-gateways.json": `{"VpnGateways": [{"VpnGatewayId": "vgw-1", "State": "available",
			"VpcAttachments": [{"VpcId": "vpc-0", "State": "detached"}, {"VpcId": "vpc-1", "State": "attached"}]}, {"VpnGatewayId": "vgw-0", "State": "deleted"}]}`,
		"111122223333/us-east-1/ec2/describe-vpn-connections.json": `{"VpnConnections": [{"VpnConnectionId": "vpn-1", "VpnGatewayId": "vgw-1", "State": "available",
			"CustomerGatewayConfiguration": "<pre_shared_key>p5kTq</pre_shared_key>", "Options": {"TunnelOptions": [{"PreSharedKey": "p5kTq"}]},
			"Routes": [{"DestinationCidrBlock": "192.168.0.0/16", "State": "available"}, {"DestinationCidrBlock": "172.16.0.0/12", "State": "deleted"}]},
			{"VpnConnectionId": "vpn-2", "TransitGatewayId": "tgw-1", "State": "available"}]}`,
		"111122223333/us-east-1/directconnect/describe-direct-connect-gateway-associations--AssociatedGatewayId=vgw-1.json": `{"directConnectGatewayAssociations": [
			{"directConnectGatewayId": "dx-1", "directConnectGatewayOwnerAccount": "444455556666", "associationState": "associated", "associationId": "assoc-1",
				"associatedGateway": {"id": "vgw-1", "type": "virtualPrivateGateway", "ownerAccount": "111122223333", "region": "us-east-1"},
				"allowedPrefixesToDirectConnectGateway": [{"cidr": "10.0.0.0/16"}]},
			{"directConnectGatewayId": "dx-0", "associationState": "disassociated", "associationId": "assoc-0"}]}`,
	})
	if g := e.VPNGateways; len(g) != 1 || g[0].VPC != "vpc-1" {
		t.Errorf("gateways are %+v", g)
	}
	if c := e.VPNConnections; len(c) != 2 || c[0].Gateway != "vgw-1" || c[1].Gateway != "tgw-1" || fmt.Sprint(c[0].Routes) != "[192.168.0.0/16]" {
		t.Errorf("connections are %+v", c)
	}
	if a := e.DirectConnectAssociations; len(a) != 1 || a[0].With != "vgw-1" || a[0].Gateway != "dx-1" || fmt.Sprint(a[0].Prefixes) != "[10.0.0.0/16]" || a[0].Ref().Account != "111122223333" {
		t.Errorf("associations are %+v", a)
	}
}

func TestBlockPublicAccess(t *testing.T) {
	t.Parallel()
	const (
		options    = "111122223333/us-east-1/ec2/describe-vpc-block-public-access-options.json"
		exclusions = "111122223333/us-east-1/ec2/describe-vpc-block-public-access-exclusions.json"
		blocking   = `{"VpcBlockPublicAccessOptions": {"AwsAccountId": "111122223333", "AwsRegion": "us-east-1", "State": "update-complete", "InternetGatewayBlockMode": "block-ingress"}}`
		excluding  = `{"VpcBlockPublicAccessExclusions": [
			{"ExclusionId": "vpcbpa-exclude-1", "InternetGatewayExclusionMode": "allow-egress", "ResourceArn": "arn:aws:ec2:us-east-1:111122223333:subnet/subnet-1", "State": "create-complete"},
			{"ExclusionId": "vpcbpa-exclude-2", "InternetGatewayExclusionMode": "allow-bidirectional", "ResourceArn": "arn:aws:ec2:us-east-1:111122223333:vpc/vpc-1", "State": "delete-complete"}]}`
	)
	for _, c := range []struct {
		name, options, exclusions string
		mode, why                 string
	}{
		{"as it is", blocking, excluding, "block-ingress", ""},
		{"denied", denial("DescribeVpcBlockPublicAccessOptions"), excluding, "", "DescribeVpcBlockPublicAccessOptions in 111122223333/us-east-1: denied"},
		{"in change", strings.Replace(blocking, "update-complete", "update-in-progress", 1), excluding, "", "being changed"},
		{"an exclusion in change", blocking, strings.Replace(excluding, "delete-complete", "delete-in-progress", 1), "", "vpcbpa-exclude-2"},
		{"an exclusion in change from nothing", strings.Replace(blocking, "block-ingress", "off", 1), strings.Replace(excluding, "delete-complete", "create-in-progress", 1), "off", ""},
		{"says nothing", `{"VpcBlockPublicAccessOptions": {}}`, excluding, "", "does not say"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := network(t, map[string]string{options: c.options, exclusions: c.exclusions})
			if len(e.BlockPublicAccess) != 1 || e.BlockPublicAccess[0].Place != (estate.Place{Account: "111122223333", Region: "us-east-1"}) {
				t.Fatalf("the block is %+v", e.BlockPublicAccess)
			}
			mode, _ := e.BlockPublicAccess[0].Mode.Value()
			gap, _ := e.BlockPublicAccess[0].Mode.Unread()
			if mode != c.mode || c.why != "" && !strings.Contains(gap.String(), c.why) {
				t.Errorf("mode %q, %s; want %q, %s", mode, gap, c.mode, c.why)
			}
			if x := e.BlockPublicAccessExclusions; len(x) != 1 || x[0].Of != "subnet-1" || x[0].Mode != "allow-egress" {
				t.Errorf("exclusions are %+v", x)
			}
		})
	}
}
