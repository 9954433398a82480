package generate

import (
	"net/netip"
	"strings"
)

// vpc is a network with subnets in several zones.
type vpc struct {
	*site
	id, name              string
	cidr                  netip.Prefix
	public, private, data []*subnet
	inside                string // the group of those who talk to one another
}

type subnet struct {
	*vpc
	id, zone string
	cidr     netip.Prefix
	used     int
}

// address gives out the subnet's next private address; AWS keeps the first four.
func (n *subnet) address() string {
	n.used++
	return nth(n.cidr.Addr(), 3+n.used).String()
}

// newVPC makes a VPC with public, private and data subnets in each zone, an Internet gateway, a NAT gateway, route tables, the
// default network ACL and an endpoint for S3.
func (s *site) newVPC(name, cidr string, zones int) *vpc {
	v := &vpc{site: s, id: s.id("vpc", name), name: name, cidr: netip.MustParsePrefix(cidr)}
	tags := labels{"Name": name, "owner": "ops"}
	s.count("ec2:DescribeVpcs", object{"VpcId": v.id, "OwnerId": s.account.id, "CidrBlock": cidr, "State": "available", "IsDefault": false, "InstanceTenancy": "default",
		"DhcpOptionsId":           s.id("dopt"),
		"CidrBlockAssociationSet": []object{{"AssociationId": s.id("vpc-cidr-assoc", name), "CidrBlock": cidr, "CidrBlockState": object{"State": "associated"}}},
		"Tags":                    tags.list()})
	gateway := s.id("igw", name)
	s.count("ec2:DescribeInternetGateways", object{"InternetGatewayId": gateway, "OwnerId": s.account.id,
		"Attachments": []object{{"State": "attached", "VpcId": v.id}}, "Tags": tags.list()})
	var all []string
	for zone := range zones {
		letter := string(rune('a' + zone))
		for i, tier := range []string{"public", "private", "data"} {
			n := &subnet{vpc: v, id: s.id("subnet", name, tier, letter), zone: s.region + letter, cidr: netip.PrefixFrom(nth(v.cidr.Addr(), (i*64+zone*16)<<8), 20)}
			s.count("ec2:DescribeSubnets", object{"SubnetId": n.id, "SubnetArn": s.arn("ec2", "subnet/"+n.id), "OwnerId": s.account.id, "VpcId": v.id, "State": "available",
				"AvailabilityZone": n.zone, "AvailabilityZoneId": zoneID(s.region, zone), "CidrBlock": n.cidr.String(), "AvailableIpAddressCount": 4000, "DefaultForAz": false,
				"MapPublicIpOnLaunch": tier == "public", "AssignIpv6AddressOnCreation": false,
				"Tags": labels{"Name": name + "-" + tier + "-" + letter, "owner": "ops", "tier": tier}.list()})
			all = append(all, n.id)
			switch tier {
			case "public":
				v.public = append(v.public, n)
			case "private":
				v.private = append(v.private, n)
			default:
				v.data = append(v.data, n)
			}
		}
	}
	nat := s.id("nat", name)
	s.count("ec2:DescribeNatGateways", object{"NatGatewayId": nat, "VpcId": v.id, "SubnetId": v.public[0].id, "State": "available", "ConnectivityType": "public",
		"CreateTime":          "2021-09-06T11:20:00Z",
		"NatGatewayAddresses": []object{{"AllocationId": s.id("eipalloc", name, "nat"), "PrivateIp": v.public[0].address(), "PublicIp": s.w.publicAddress(), "IsPrimary": true, "Status": "succeeded"}},
		"Tags":                tags.list()})
	local := object{"DestinationCidrBlock": cidr, "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"}
	v.routes("main", true, nil, local)
	v.routes("public", false, v.public, local, object{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway, "Origin": "CreateRoute", "State": "active"})
	v.routes("private", false, append(append([]*subnet{}, v.private...), v.data...), local,
		object{"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": nat, "Origin": "CreateRoute", "State": "active"})
	v.acl(all)
	s.count("ec2:DescribeVpcEndpoints", object{"VpcEndpointId": s.id("vpce", name, "s3"), "VpcEndpointType": "Gateway", "VpcId": v.id, "OwnerId": s.account.id,
		"ServiceName": "com.amazonaws." + s.region + ".s3", "State": "Available", "RouteTableIds": []string{s.id("rtb", name, "private")},
		"PrivateDnsEnabled": false, "RequesterManaged": false, "Tags": labels{"Name": name + "-s3", "owner": "ops"}.list()})
	s.group(v, "default", "default VPC security group", nil)
	v.inside = s.group(v, name+"-inside", "hosts of "+name+" talk to one another", labels{"owner": "ops"}, tcp(443, v.cidr.String(), "inside"), tcp(8443, v.cidr.String(), "inside"))
	return v
}

func zoneID(region string, zone int) string {
	short := map[string]string{"us-east-1": "use1", "eu-west-1": "euw1"}[region]
	if short == "" {
		short = strings.ReplaceAll(region, "-", "")
	}
	return short + "-az" + string(rune('1'+zone))
}

func (v *vpc) routes(name string, main bool, of []*subnet, routes ...object) {
	id := v.site.id("rtb", v.name, name)
	associations := []object{}
	if main {
		associations = append(associations, object{"Main": true, "RouteTableAssociationId": v.site.id("rtbassoc", v.name, name), "RouteTableId": id, "AssociationState": object{"State": "associated"}})
	}
	for _, n := range of {
		associations = append(associations, object{"Main": false, "RouteTableAssociationId": v.site.id("rtbassoc", v.name, n.id), "RouteTableId": id, "SubnetId": n.id,
			"AssociationState": object{"State": "associated"}})
	}
	v.count("ec2:DescribeRouteTables", object{"RouteTableId": id, "VpcId": v.id, "OwnerId": v.account.id, "Associations": associations, "Routes": routes,
		"PropagatingVgws": []object{}, "Tags": labels{"Name": v.name + "-" + name, "owner": "ops"}.list()})
}

func (v *vpc) acl(subnets []string) {
	id := v.site.id("acl", v.name)
	var entries, associations []object
	for _, egress := range []bool{true, false} {
		entries = append(entries,
			object{"CidrBlock": "0.0.0.0/0", "Egress": egress, "Protocol": "-1", "RuleAction": "allow", "RuleNumber": 100},
			object{"CidrBlock": "0.0.0.0/0", "Egress": egress, "Protocol": "-1", "RuleAction": "deny", "RuleNumber": 32767})
	}
	for _, subnet := range subnets {
		associations = append(associations, object{"NetworkAclAssociationId": v.site.id("aclassoc", subnet), "NetworkAclId": id, "SubnetId": subnet})
	}
	v.count("ec2:DescribeNetworkAcls", object{"NetworkAclId": id, "VpcId": v.id, "OwnerId": v.account.id, "IsDefault": true, "Entries": entries,
		"Associations": associations, "Tags": []object{}})
}

// rule is an element of a group's IpPermissions with one source.
type rule struct {
	protocol    string
	from, to    int
	source      string // a CIDR, or the id of a group or prefix list
	description string
}

func tcp(port int, source, description string) rule {
	return rule{"tcp", port, port, source, description}
}

// group makes a security group, which lets everything out, and returns its id.
func (s *site) group(v *vpc, name, description string, l labels, rules ...rule) string {
	id := s.id("sg", v.name, name)
	s.named[id] = name
	var ingress []object
	for i, r := range rules {
		p := object{"IpProtocol": r.protocol, "IpRanges": []object{}, "Ipv6Ranges": []object{}, "PrefixListIds": []object{}, "UserIdGroupPairs": []object{}}
		line := object{"SecurityGroupRuleId": s.id("sgr", id, "in", string(rune('a'+i))), "GroupId": id, "GroupOwnerId": s.account.id, "IsEgress": false,
			"IpProtocol": r.protocol, "FromPort": r.from, "ToPort": r.to, "Description": r.description, "Tags": []object{}}
		if r.protocol != "-1" {
			p["FromPort"], p["ToPort"] = r.from, r.to
		}
		switch {
		case strings.HasPrefix(r.source, "sg-"):
			p["UserIdGroupPairs"] = []object{{"GroupId": r.source, "UserId": s.account.id, "Description": r.description}}
			line["ReferencedGroupInfo"] = object{"GroupId": r.source, "UserId": s.account.id}
		case strings.HasPrefix(r.source, "pl-"):
			p["PrefixListIds"] = []object{{"PrefixListId": r.source, "Description": r.description}}
			line["PrefixListId"] = r.source
		case strings.Contains(r.source, ":"):
			p["Ipv6Ranges"] = []object{{"CidrIpv6": r.source, "Description": r.description}}
			line["CidrIpv6"] = r.source
		default:
			p["IpRanges"] = []object{{"CidrIp": r.source, "Description": r.description}}
			line["CidrIpv4"] = r.source
		}
		ingress = append(ingress, p)
		s.list("ec2:DescribeSecurityGroupRules", line)
	}
	s.list("ec2:DescribeSecurityGroupRules", object{"SecurityGroupRuleId": s.id("sgr", id, "out"), "GroupId": id, "GroupOwnerId": s.account.id, "IsEgress": true,
		"IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIpv4": "0.0.0.0/0", "Tags": []object{}})
	if ingress == nil {
		ingress = []object{}
	}
	s.count("ec2:DescribeSecurityGroups", object{"GroupId": id, "GroupName": name, "Description": description, "OwnerId": s.account.id, "VpcId": v.id,
		"SecurityGroupArn": s.arn("ec2", "security-group/"+id), "IpPermissions": ingress,
		"IpPermissionsEgress": []object{{"IpProtocol": "-1", "IpRanges": []object{{"CidrIp": "0.0.0.0/0"}}, "Ipv6Ranges": []object{}, "PrefixListIds": []object{}, "UserIdGroupPairs": []object{}}},
		"Tags":                l.list()})
	return id
}

// prefixList is a list of networks that groups may name, and returns its id.
func (s *site) prefixList(name string, cidrs ...string) string {
	id := s.id("pl", name)
	s.count("ec2:DescribeManagedPrefixLists", object{"PrefixListId": id, "PrefixListName": name, "PrefixListArn": s.arn("ec2", "prefix-list/"+id), "AddressFamily": "IPv4", "State": "create-complete",
		"MaxEntries": 10, "Version": 1, "OwnerId": s.account.id, "Tags": labels{"owner": "ops"}.list()})
	var entries []object
	for _, cidr := range cidrs {
		entries = append(entries, object{"Cidr": cidr, "Description": name})
	}
	s.about("ec2:GetManagedPrefixListEntries", object{"Entries": entries}, id)
	return id
}

// flowLog records a VPC's traffic in a bucket.
func (s *site) flowLog(vpc string) {
	s.count("ec2:DescribeFlowLogs", object{"FlowLogId": s.id("fl", vpc), "ResourceId": vpc, "FlowLogStatus": "ACTIVE", "DeliverLogsStatus": "SUCCESS", "TrafficType": "ALL",
		"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::acme-flow-logs", "CreationTime": "2021-09-06T11:20:00Z", "MaxAggregationInterval": 600,
		"LogFormat": "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}",
		"Tags":      labels{"owner": "security"}.list()})
}

// networkInterface is one that some service made; of the host's own, attachment names the host.
func (s *site) networkInterface(id string, n *subnet, private, public, kind, description string, attachment object, groups ...string) object {
	worn := []object{}
	for _, g := range groups {
		worn = append(worn, object{"GroupId": g, "GroupName": s.named[g]})
	}
	i := object{"NetworkInterfaceId": id, "OwnerId": s.account.id, "VpcId": n.vpc.id, "SubnetId": n.id, "AvailabilityZone": n.zone, "Status": "in-use",
		"InterfaceType": kind, "Description": description, "PrivateIpAddress": private, "MacAddress": "0a:" + mac(s.digest(10, "mac", id)), "SourceDestCheck": true,
		"PrivateIpAddresses": []object{{"Primary": true, "PrivateIpAddress": private}}, "Ipv6Addresses": []object{}, "Groups": worn, "Attachment": attachment,
		"RequesterManaged": attachment["InstanceId"] == nil, "TagSet": []object{}}
	if attachment["InstanceId"] == nil {
		i["RequesterId"] = attachment["InstanceOwnerId"]
	}
	if public != "" {
		i["Association"] = object{"PublicIp": public, "IpOwnerId": "amazon", "PublicDnsName": "ec2-" + strings.ReplaceAll(public, ".", "-") + ".compute-1.amazonaws.com"}
	}
	s.count("ec2:DescribeNetworkInterfaces", i)
	return i
}

func mac(hex string) string {
	return strings.Join([]string{hex[:2], hex[2:4], hex[4:6], hex[6:8], hex[8:10]}, ":")
}

func upper(s string) string { return strings.ToUpper(s) }
