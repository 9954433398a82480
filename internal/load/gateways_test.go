package load_test

import (
	"fmt"
	"strings"
	"testing"
)

const virginia = "111122223333/us-east-1/ec2/"

func TestVPCHasItsCIDRsInUse(t *testing.T) {
	t.Parallel()
	e := network(t, map[string]string{
		virginia + "describe-vpcs.json": `{"Vpcs": [{"VpcId": "vpc-1", "OwnerId": "111122223333", "CidrBlock": "10.0.0.0/16",
			"CidrBlockAssociationSet": [{"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}}, {"CidrBlock": "10.1.0.0/16", "CidrBlockState": {"State": "associating"}},
				{"CidrBlock": "10.2.0.0/16", "CidrBlockState": {"State": "disassociated"}}],
			"Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2600:1f00::/56", "Ipv6CidrBlockState": {"State": "failed"}}]}]}`,
		virginia + "describe-subnets.json": `{"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "OwnerId": "111122223333", "CidrBlock": "10.0.0.0/24",
			"Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2600:1f00::/64", "Ipv6CidrBlockState": {"State": "disassociated"}}, {"Ipv6CidrBlock": "2600:1f00:1::/64", "Ipv6CidrBlockState": {"State": "associated"}}]}]}`,
	})
	if got := fmt.Sprint(e.VPCs[0].CIDRs, e.Subnets[0].CIDRs); got != "[10.0.0.0/16 10.1.0.0/16] [10.0.0.0/24 2600:1f00:1::/64]" {
		t.Errorf("CIDRs are %s", got)
	}
}

func TestRouteTargets(t *testing.T) {
	t.Parallel()
	targets := []struct{ member, want string }{
		{`"GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"`, "vgw-1 propagated"},
		{`"GatewayId": "vpce-1"`, "vpce-1"},
		{`"EgressOnlyInternetGatewayId": "eigw-1"`, "eigw-1"},
		{`"TransitGatewayId": "tgw-1"`, "tgw-1"},
		{`"VpcPeeringConnectionId": "pcx-1"`, "pcx-1"},
		{`"InstanceId": "i-1", "InstanceOwnerId": "111122223333", "NetworkInterfaceId": "eni-1"`, "eni-1"},
		{`"InstanceId": "i-1"`, "i-1"},
		{`"LocalGatewayId": "lgw-1"`, "lgw-1"},
		{`"CarrierGatewayId": "cagw-1"`, "cagw-1"},
		{`"CoreNetworkArn": "arn:aws:networkmanager::111122223333:core-network/core-network-1"`, "arn:aws:networkmanager::111122223333:core-network/core-network-1"},
	}
	var routes, want, got []string
	for i, target := range targets {
		routes = append(routes, fmt.Sprintf(`{"DestinationCidrBlock": "10.%d.0.0/16", "State": "active", %s}`, i, target.member))
		want = append(want, target.want)
	}
	e := network(t, map[string]string{virginia + "describe-route-tables.json": `{"RouteTables": [{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "OwnerId": "111122223333",
		"Associations": [{"GatewayId": "igw-1", "AssociationState": {"State": "associated"}}, {"SubnetId": "subnet-1", "AssociationState": {"State": "disassociated"}}],
		"Routes": [` + strings.Join(routes, ",") + `]}]}`})
	table := e.RouteTables[0]
	for _, r := range table.Routes {
		text := r.Target
		if r.Propagated {
			text += " propagated"
		}
		got = append(got, text)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("targets are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if table.Main || len(table.Subnets) != 0 || fmt.Sprint(table.Gateways) != "[igw-1]" {
		t.Errorf("it is the table of %v and %v, main %v", table.Subnets, table.Gateways, table.Main)
	}
}

func TestGateways(t *testing.T) {
	t.Parallel()
	e := network(t, map[string]string{
		virginia + "describe-internet-gateways.json": `{"InternetGateways": [{"InternetGatewayId": "igw-1", "OwnerId": "111122223333", "Attachments": [{"VpcId": "vpc-1", "State": "available"}]}]}`,
		virginia + "describe-egress-only-internet-gateways.json": `{"EgressOnlyInternetGateways": [{"EgressOnlyInternetGatewayId": "eigw-1", "Attachments": [{"VpcId": "vpc-1", "State": "attached"}]},
			{"EgressOnlyInternetGatewayId": "eigw-2", "Attachments": [{"VpcId": "vpc-1", "State": "detached"}]}]}`,
		virginia + "describe-nat-gateways.json": `{"NatGateways": [
			{"NatGatewayId": "nat-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "State": "available", "ConnectivityType": "public",
				"NatGatewayAddresses": [{"PrivateIp": "10.0.0.4", "PublicIp": "198.51.100.4", "NetworkInterfaceId": "eni-4", "Status": "succeeded"}, {"PrivateIp": "10.0.0.5", "Status": "failed"}]},
			{"NatGatewayId": "nat-2", "VpcId": "vpc-1", "State": "available", "ConnectivityType": "public", "AvailabilityMode": "regional",
				"NatGatewayAddresses": [{"PublicIp": "198.51.100.5", "AvailabilityZone": "us-east-1a", "Status": "succeeded"}]}]}`,
	})
	if e.InternetGateways[0].VPC != "vpc-1" || e.EgressOnlyGateways[0].VPC != "vpc-1" || e.EgressOnlyGateways[1].VPC != "" {
		t.Errorf("gateways are attached to %q, %q and %q", e.InternetGateways[0].VPC, e.EgressOnlyGateways[0].VPC, e.EgressOnlyGateways[1].VPC)
	}
	zonal, regional := e.NATGateways[0], e.NATGateways[1]
	if got := fmt.Sprint(zonal.Regional, zonal.Addresses); got != "false [{10.0.0.4 198.51.100.4 eni-4 }]" {
		t.Errorf("the zonal NAT gateway is %s", got)
	}
	if got := fmt.Sprint(regional.Regional, regional.Addresses); got != "true [{invalid IP 198.51.100.5  us-east-1a}]" {
		t.Errorf("the regional NAT gateway is %s", got)
	}
}

func TestPeeringAndEndpoints(t *testing.T) {
	t.Parallel()
	e := network(t, map[string]string{
		virginia + "describe-vpc-peering-connections.json": `{"VpcPeeringConnections": [{"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active"},
			"RequesterVpcInfo": {"OwnerId": "111122223333", "Region": "us-east-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "CidrBlockSet": [{"CidrBlock": "10.0.0.0/16"}, {"CidrBlock": "10.1.0.0/16"}],
				"Ipv6CidrBlockSet": [{"Ipv6CidrBlock": "2600:1f00::/56"}]},
			"AccepterVpcInfo": {"OwnerId": "444455556666", "Region": "eu-west-1", "VpcId": "vpc-2"}}]}`,
		virginia + "describe-vpc-endpoints.json": `{"VpcEndpoints": [
			{"VpcEndpointId": "vpce-1", "VpcEndpointType": "Interface", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.us-east-1.sqs", "State": "available", "SubnetIds": ["subnet-2", "subnet-1"],
				"NetworkInterfaceIds": ["eni-2", "eni-1"], "Groups": [{"GroupId": "sg-1"}]},
			{"VpcEndpointId": "vpce-2", "VpcEndpointType": "Gateway", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.us-east-1.s3", "State": "PendingAcceptance", "RouteTableIds": ["rtb-1"]}]}`,
		virginia + "describe-vpc-endpoint-service-configurations.json": `{"ServiceConfigurations": [{"ServiceId": "vpce-svc-1", "ServiceName": "com.amazonaws.vpce.us-east-1.vpce-svc-1",
			"NetworkLoadBalancerArns": ["arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/b/2", "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/a/1"]}]}`,
	})
	p := e.Peerings[0]
	if got := fmt.Sprint(p.Requester.CIDRs, p.Accepter.CIDRs); got != "[10.0.0.0/16 10.1.0.0/16 2600:1f00::/56] []" {
		t.Errorf("CIDRs of the peering are %s", got)
	}
	door, table := e.Endpoints[0], e.Endpoints[1]
	if got := fmt.Sprint(door.State, door.Subnets, door.Interfaces, door.SecurityGroups); got != "available[subnet-1 subnet-2] [eni-1 eni-2] [sg-1]" {
		t.Errorf("the interface endpoint is %s", got)
	}
	if got := fmt.Sprint(table.State, table.RouteTables); got != "pendingAcceptance[rtb-1]" {
		t.Errorf("the gateway endpoint is %s", got)
	}
	if s := e.EndpointServices[0]; s.Service != "com.amazonaws.vpce.us-east-1.vpce-svc-1" || len(s.LoadBalancers) != 2 || !strings.HasSuffix(s.LoadBalancers[0], "/a/1") {
		t.Errorf("the service is %+v", s)
	}
}

func TestRequesterOfInterface(t *testing.T) {
	t.Parallel()
	e := network(t, map[string]string{virginia + "describe-network-interfaces.json": `{"NetworkInterfaces": [
		{"NetworkInterfaceId": "eni-1", "Status": "in-use", "RequesterId": "amazon-elb", "RequesterManaged": true},
		{"NetworkInterfaceId": "eni-2", "Status": "available", "RequesterId": "AROAEXAMPLE:somebody", "RequesterManaged": false}]}`})
	service, own := e.NetworkInterfaces[0], e.NetworkInterfaces[1]
	if got := fmt.Sprint(service.Status, " ", service.Requester, " ", own.Status, " ", own.Requester); got != "in-use amazon-elb available " {
		t.Errorf("interfaces are %q", got)
	}
}

// An interface may be public by a further address of its own only.
func TestPublicByAFurtherAddress(t *testing.T) {
	t.Parallel()
	e := network(t, map[string]string{virginia + "describe-network-interfaces.json": `{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "PrivateIpAddress": "10.0.0.4",
		"PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.4"}, {"PrivateIpAddress": "10.0.0.5", "Association": {"PublicIp": "198.51.100.5"}}]}]}`})
	if got := e.NetworkInterfaces[0].Public.String(); got != "198.51.100.5" {
		t.Errorf("the public address is %s", got)
	}
}
