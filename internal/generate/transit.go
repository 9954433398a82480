package generate

import "encoding/json"

// transit joins production and the tools of old by a transit gateway, over which tools deploy. Production owns it.
func (c *acme) transit() {
	home, guest := c.virginia, c.tools
	id := home.id("tgw", "acme")
	gateway := object{"TransitGatewayId": id, "TransitGatewayArn": home.arn("ec2", "transit-gateway/"+id), "OwnerId": home.account.id, "State": "available",
		"Description": "deployments", "CreationTime": "2021-10-11T08:30:00Z",
		"Options": object{"AmazonSideAsn": 64512, "AutoAcceptSharedAttachments": "disable", "DefaultRouteTableAssociation": "enable", "DefaultRouteTablePropagation": "enable",
			"AssociationDefaultRouteTableId": home.id("tgw-rtb", "acme"), "PropagationDefaultRouteTableId": home.id("tgw-rtb", "acme"), "VpnEcmpSupport": "enable", "DnsSupport": "enable",
			"SecurityGroupReferencingSupport": "disable", "MulticastSupport": "disable"},
		"Tags": labels{"Name": "acme", "owner": "ops"}.list()}
	home.count("ec2:DescribeTransitGateways", gateway)
	guest.list("ec2:DescribeTransitGateways", gateway)
	home.about("directconnect:DescribeDirectConnectGatewayAssociations", object{"directConnectGatewayAssociations": []object{}}, id)

	table := home.id("tgw-rtb", "acme")
	home.count("ec2:DescribeTransitGatewayRouteTables", object{"TransitGatewayRouteTableId": table, "TransitGatewayId": id, "State": "available",
		"DefaultAssociationRouteTable": true, "DefaultPropagationRouteTable": true, "CreationTime": "2021-10-11T08:30:00Z", "Tags": labels{"owner": "ops"}.list()})
	var routes []object
	for _, at := range []*landing{home, guest} {
		attachment := at.id("tgw-attach", at.vpc.name)
		general := object{"TransitGatewayAttachmentId": attachment, "TransitGatewayId": id, "TransitGatewayOwnerId": home.account.id, "ResourceOwnerId": at.account.id,
			"ResourceType": "vpc", "ResourceId": at.vpc.id, "State": "available", "CreationTime": "2021-10-11T09:00:00Z",
			"Association": object{"TransitGatewayRouteTableId": table, "State": "associated"}, "Tags": labels{"Name": at.vpc.name, "owner": "ops"}.list()}
		home.count("ec2:DescribeTransitGatewayAttachments", general)
		if at != home {
			at.list("ec2:DescribeTransitGatewayAttachments", general)
		}
		var subnets []string
		for _, n := range at.vpc.private {
			subnets = append(subnets, n.id)
			at.networkInterface(at.id("eni", "tgw", n.id), n, n.address(), "", "transit_gateway", "Network Interface for Transit Gateway Attachment "+attachment,
				object{"AttachmentId": at.id("ela-attach", "tgw", n.id), "InstanceOwnerId": "amazon-aws", "DeviceIndex": 1, "Status": "attached", "DeleteOnTermination": false})
		}
		at.list("ec2:DescribeTransitGatewayVpcAttachments", object{"TransitGatewayAttachmentId": attachment, "TransitGatewayId": id, "VpcId": at.vpc.id, "VpcOwnerId": at.account.id,
			"State": "available", "SubnetIds": subnets, "CreationTime": "2021-10-11T09:00:00Z",
			"Options": object{"DnsSupport": "enable", "SecurityGroupReferencingSupport": "disable", "Ipv6Support": "disable", "ApplianceModeSupport": "disable"},
			"Tags":    labels{"Name": at.vpc.name, "owner": "ops"}.list()})
		routes = append(routes, object{"DestinationCidrBlock": at.vpc.cidr.String(), "Type": "propagated", "State": "active",
			"TransitGatewayAttachments": []object{{"ResourceId": at.vpc.id, "TransitGatewayAttachmentId": attachment, "ResourceType": "vpc"}}})
	}
	home.about("ec2:SearchTransitGatewayRoutes", object{"Routes": routes, "AdditionalRoutesAvailable": false}, table)
	home.about("ec2:GetTransitGatewayPrefixListReferences", object{"TransitGatewayPrefixListReferences": []object{}}, table)

	home.vpc.routeOn("private", guest.vpc, id)
	guest.vpc.routeOn("private", home.vpc, id)
	guest.vpc.routeOn("public", home.vpc, id) // that the build server deploys, too
}

// routeOn adds a route to another VPC by a transit gateway to a route table that is there already.
func (v *vpc) routeOn(table string, to *vpc, gateway string) {
	const op = "ec2:DescribeRouteTables"
	id := v.site.id("rtb", v.name, table)
	for i, l := range v.lists[op] {
		body := object{}
		if err := json.Unmarshal(l.body, &body); err != nil {
			panic("generate: " + err.Error()) // it is what encode wrote
		}
		if body["RouteTableId"] == id {
			body["Routes"] = append(body["Routes"].([]any), object{"DestinationCidrBlock": to.cidr.String(), "TransitGatewayId": gateway, "Origin": "CreateRoute", "State": "active"})
			v.lists[op][i].body = encode(body)
		}
	}
}

// firewall is one that somebody tried in staging: it is paid for, and no route leads through it.
func (c *acme) firewall() {
	at := c.testIreland
	name := "trial"
	arn, policy := at.arn("network-firewall", "firewall/"+name), at.arn("network-firewall", "firewall-policy/"+name)
	stateless, stateful := at.arn("network-firewall", "stateless-rulegroup/no-telnet"), at.arn("network-firewall", "stateful-rulegroup/web-only")
	tags := labels{"owner": "ops"}
	at.count("network-firewall:ListFirewalls", object{"FirewallName": name, "FirewallArn": arn})
	n := at.vpc.public[0]
	endpoint := at.id("vpce", "firewall", n.id)
	at.about("network-firewall:DescribeFirewall", object{
		"UpdateToken": at.uuid("token", name),
		"Firewall": object{"FirewallName": name, "FirewallArn": arn, "FirewallPolicyArn": policy, "VpcId": at.vpc.id, "SubnetMappings": []object{{"SubnetId": n.id, "IPAddressType": "IPV4"}},
			"DeleteProtection": false, "SubnetChangeProtection": false, "FirewallPolicyChangeProtection": false, "FirewallId": at.uuid("firewall", name), "NumberOfAssociations": 0, "Tags": tags.list()},
		"FirewallStatus": object{"Status": "READY", "ConfigurationSyncStateSummary": "IN_SYNC",
			"SyncStates": object{n.zone: object{"Attachment": object{"SubnetId": n.id, "EndpointId": endpoint, "Status": "READY"},
				"Config": object{policy: object{"SyncStatus": "IN_SYNC", "UpdateToken": at.uuid("token", "policy")}}}}}}, arn)
	at.about("network-firewall:DescribeFirewallPolicy", object{
		"UpdateToken":            at.uuid("token", "policy"),
		"FirewallPolicyResponse": object{"FirewallPolicyName": name, "FirewallPolicyArn": policy, "FirewallPolicyId": at.uuid("firewall-policy", name), "FirewallPolicyStatus": "ACTIVE", "Tags": tags.list(), "NumberOfAssociations": 1},
		"FirewallPolicy": object{"StatelessRuleGroupReferences": []object{{"ResourceArn": stateless, "Priority": 10}}, "StatelessDefaultActions": []string{"aws:forward_to_sfe"},
			"StatelessFragmentDefaultActions": []string{"aws:drop"}, "StatefulRuleGroupReferences": []object{{"ResourceArn": stateful, "Priority": 1}},
			"StatefulDefaultActions": []string{"aws:drop_established"}, "StatefulEngineOptions": object{"RuleOrder": "STRICT_ORDER"}}}, policy)
	group := func(arn, name, kind string, rules object) {
		at.about("network-firewall:DescribeRuleGroup", object{"UpdateToken": at.uuid("token", name), "RuleGroup": rules,
			"RuleGroupResponse": object{"RuleGroupArn": arn, "RuleGroupName": name, "RuleGroupId": at.uuid("rule-group", name), "Type": kind, "Capacity": 100, "RuleGroupStatus": "ACTIVE", "Tags": tags.list()}}, arn)
	}
	group(stateless, "no-telnet", "STATELESS", object{"RulesSource": object{"StatelessRulesAndCustomActions": object{"StatelessRules": []object{{"Priority": 1, "RuleDefinition": object{
		"Actions":         []string{"aws:drop"},
		"MatchAttributes": object{"Protocols": []int{6}, "DestinationPorts": []object{{"FromPort": 23, "ToPort": 23}}}}}}}}})
	group(stateful, "web-only", "STATEFUL", object{"StatefulRuleOptions": object{"RuleOrder": "STRICT_ORDER"}, "RulesSource": object{"StatefulRules": []object{{"Action": "PASS",
		"Header":      object{"Protocol": "TCP", "Source": at.vpc.cidr.String(), "SourcePort": "ANY", "Direction": "FORWARD", "Destination": "ANY", "DestinationPort": "443"},
		"RuleOptions": []object{{"Keyword": "sid", "Settings": []string{"1"}}}}}}})

	at.count("ec2:DescribeVpcEndpoints", object{"VpcEndpointId": endpoint, "VpcEndpointType": "GatewayLoadBalancer", "VpcId": at.vpc.id, "OwnerId": at.account.id,
		"ServiceName": "com.amazonaws.vpce." + at.region + "." + at.id("vpce-svc", "firewall"), "State": "Available", "SubnetIds": []string{n.id},
		"NetworkInterfaceIds": []string{at.id("eni", "firewall", n.id)}, "PrivateDnsEnabled": false, "RequesterManaged": true,
		"Tags": []object{{"Key": "Firewall", "Value": arn}, {"Key": "AWSNetworkFirewallManaged", "Value": "true"}}})
	at.networkInterface(at.id("eni", "firewall", n.id), n, n.address(), "", "gateway_load_balancer_endpoint", "VPC Endpoint Interface "+endpoint,
		object{"AttachmentId": at.id("ela-attach", "firewall", n.id), "InstanceOwnerId": "amazon-aws", "DeviceIndex": 1, "Status": "attached", "DeleteOnTermination": false})
}

// blockPublicAccess answers for a Region in which VPCs block nothing, which is how AWS hands it out.
func (s *site) blockPublicAccess() {
	s.whole("ec2:DescribeVpcBlockPublicAccessOptions", object{"VpcBlockPublicAccessOptions": object{"AwsAccountId": s.account.id, "AwsRegion": s.region,
		"State": "default-state", "InternetGatewayBlockMode": "off", "ManagedBy": "account", "ExclusionsAllowed": "allowed"}})
}
