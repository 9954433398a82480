package load_test

import (
	"fmt"
	"net/netip"
	"testing"
	"testing/fstest"
	"time"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/load"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/responses"
)

// network loads files of AWS CLI output.
func network(t *testing.T, files map[string]string) *estate.Estate {
	t.Helper()
	folder := fstest.MapFS{}
	for name, body := range files {
		folder[name] = &fstest.MapFile{Data: []byte(body)}
	}
	set, err := responses.ReadAWSCLI(folder, "test", time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), responses.NewRedactor([]byte("test")))
	if err != nil {
		t.Fatal(err)
	}
	e, problems := load.Load(set)
	for _, p := range problems {
		t.Errorf("problem: %s", p)
	}
	return e
}

func TestVPCBelongsToItsOwner(t *testing.T) {
	t.Parallel()
	e := network(t, map[string]string{
		"111122223333/us-east-1/ec2/describe-vpcs.json": `{"Vpcs": [{"VpcId": "vpc-1", "OwnerId": "444455556666", "CidrBlock": "10.0.0.0/16"}]}`,
		"444455556666/us-east-1/ec2/describe-vpcs.json": `{"Vpcs": [{"VpcId": "vpc-1", "OwnerId": "444455556666", "CidrBlock": "10.0.0.0/16",
			"CidrBlockAssociationSet": [{"CidrBlock": "10.0.0.0/16"}, {"CidrBlock": "10.9.0.0/16"}],
			"Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2600:1f00::/56"}], "Tags": [{"Key": "Name", "Value": "shop"}]}]}`,
	})
	if len(e.VPCs) != 1 {
		t.Fatalf("%d VPCs, want one", len(e.VPCs))
	}
	v := e.VPCs[0]
	if ref := v.Ref(); ref.Account != "444455556666" || ref.Name != "shop" || ref.ARN != "arn:aws:ec2:us-east-1:444455556666:vpc/vpc-1" {
		t.Errorf("the owner's reading does not stand: %+v", ref)
	}
	if got := fmt.Sprint(v.CIDRs); got != "[10.0.0.0/16 10.9.0.0/16 2600:1f00::/56]" {
		t.Errorf("CIDRs are %s", got)
	}
}

func TestRoutesAndACLs(t *testing.T) {
	t.Parallel()
	e := network(t, map[string]string{
		"111122223333/us-east-1/ec2/describe-route-tables.json": `{"RouteTables": [{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "OwnerId": "111122223333",
			"Associations": [{"Main": true}, {"Main": false, "SubnetId": "subnet-1"}],
			"Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
				{"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1", "State": "active"},
				{"DestinationPrefixListId": "pl-1", "NatGatewayId": "nat-1", "State": "blackhole"}]}]}`,
		"111122223333/us-east-1/ec2/describe-network-acls.json": `{"NetworkAcls": [{"NetworkAclId": "acl-1", "VpcId": "vpc-1", "OwnerId": "111122223333",
			"Associations": [{"SubnetId": "subnet-1"}],
			"Entries": [{"RuleNumber": 32767, "Egress": false, "RuleAction": "deny", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"},
				{"RuleNumber": 100, "Egress": false, "RuleAction": "allow", "Protocol": "6", "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 443, "To": 443}},
				{"RuleNumber": 110, "Egress": false, "RuleAction": "allow", "Protocol": "1", "CidrBlock": "0.0.0.0/0", "IcmpTypeCode": {"Type": 8, "Code": -1}}]}]}`,
	})
	table := e.RouteTables[0]
	want := []estate.Route{
		{CIDR: netip.MustParsePrefix("10.0.0.0/16"), Target: "local", Active: true},
		{CIDR: netip.MustParsePrefix("::/0"), Target: "eigw-1", Active: true},
		{PrefixList: "pl-1", Target: "nat-1"},
	}
	if fmt.Sprint(table.Routes) != fmt.Sprint(want) || !table.Main || fmt.Sprint(table.Subnets) != "[subnet-1]" {
		t.Errorf("route table is %+v", table)
	}
	entries := e.NetworkACLs[0].Entries
	if entries[0].Number != 100 || entries[0].Traffic.Of(netset.TCP).String() != "443" || !entries[0].Traffic.Of(netset.UDP).Empty() {
		t.Errorf("the first entry is %+v", entries[0])
	}
	if got := entries[1].Traffic.Of(netset.ICMP); got.Count() != 256 || !got.Contains(8<<8) {
		t.Errorf("echo requests of any code are %v", got)
	}
	if entries[2].Allow || !entries[2].Traffic.Equal(netset.AllTraffic()) {
		t.Errorf("the last entry is %+v", entries[2])
	}
}

func TestInterface(t *testing.T) {
	t.Parallel()
	e := network(t, map[string]string{
		"111122223333/cn-north-1/ec2/describe-network-interfaces.json": `{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "OwnerId": "111122223333",
			"VpcId": "vpc-1", "SubnetId": "subnet-1", "InterfaceType": "interface", "SourceDestCheck": false, "DenyAllIgwTraffic": true, "PrivateIpAddress": "10.0.0.5",
			"PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.5"}, {"PrivateIpAddress": "10.0.0.4"}], "Ipv6Addresses": [{"Ipv6Address": "2400:7fc0::1"}],
			"Association": {"PublicIp": "52.80.0.1"}, "Attachment": {"InstanceId": "i-1"}, "Groups": [{"GroupId": "sg-2"}, {"GroupId": "sg-1"}]}]}`,
	})
	n := e.NetworkInterfaces[0]
	if got := fmt.Sprintf("%v %v %v %v %s %v %v", n.Private, n.Public, n.IPv6, n.SecurityGroups, n.Instance, n.SourceDest, n.DeniesGateway); got != "[10.0.0.4 10.0.0.5] 52.80.0.1 [2400:7fc0::1] [sg-1 sg-2] i-1 false true" {
		t.Errorf("interface is %s", got)
	}
	if got := n.Ref().ARN; got != "arn:aws-cn:ec2:cn-north-1:111122223333:network-interface/eni-1" {
		t.Errorf("ARN is %s", got)
	}
}

// An interface may be attached to another account's instance; of one's own AWS names the owner too.
func TestInterfaceOfAnotherAccountsInstance(t *testing.T) {
	t.Parallel()
	e := network(t, map[string]string{
		"111122223333/us-east-1/ec2/describe-network-interfaces.json": `{"NetworkInterfaces": [
			{"NetworkInterfaceId": "eni-1", "OwnerId": "111122223333", "Attachment": {"InstanceId": "i-1", "InstanceOwnerId": "999988887777"}},
			{"NetworkInterfaceId": "eni-2", "OwnerId": "111122223333", "Attachment": {"InstanceId": "i-2"}},
			{"NetworkInterfaceId": "eni-3", "OwnerId": "111122223333", "Attachment": {"InstanceOwnerId": "amazon-rds"}}]}`,
	})
	for i, want := range []string{"999988887777", "111122223333", ""} {
		if n := e.NetworkInterfaces[i]; n.Host != want {
			t.Errorf("%s is attached to an instance of %q, want %q", n.Ref().ID, n.Host, want)
		}
	}
}

func TestSubnetZone(t *testing.T) {
	t.Parallel()
	e := network(t, map[string]string{
		"111122223333/us-east-1/ec2/describe-subnets.json": `{"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "OwnerId": "111122223333",
			"CidrBlock": "10.0.0.0/24", "AvailabilityZone": "us-east-1a", "AvailabilityZoneId": "use1-az4"}]}`,
	})
	if s := e.Subnets[0]; s.Zone != "us-east-1a" || s.ZoneID != "use1-az4" {
		t.Errorf("subnet is in %s, %s", s.Zone, s.ZoneID)
	}
}

// A prefix list that another account shares may be read there only.
func TestPrefixListOfAnotherAccount(t *testing.T) {
	t.Parallel()
	e := network(t, map[string]string{
		"111122223333/us-east-1/ec2/describe-security-group-rules.json": `{"SecurityGroupRules": [{"SecurityGroupRuleId": "sgr-1", "GroupId": "sg-1",
			"GroupOwnerId": "111122223333", "IsEgress": false, "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "PrefixListId": "pl-1"}]}`,
		"444455556666/us-east-1/ec2/describe-managed-prefix-lists.json": `{"PrefixLists": [{"PrefixListId": "pl-1", "PrefixListName": "office", "OwnerId": "444455556666",
			"PrefixListArn": "arn:aws:ec2:us-east-1:444455556666:prefix-list/pl-1"}]}`,
		"444455556666/us-east-1/ec2/get-managed-prefix-list-entries--PrefixListId=pl-1.json": `{"Entries": [{"Cidr": "203.0.113.0/24"}]}`,
	})
	if a, ok := e.SecurityGroups[0].Rules[0].Addresses.Value(); !ok || a.String() != "203.0.113.0/24" {
		t.Errorf("the rule's source is %v, known %v", a, ok)
	}
	if a, ok := e.PrefixLists[0].Entries.Value(); !ok || len(a) != 1 || a[0].String() != "203.0.113.0/24" || e.PrefixLists[0].Ref().Name != "office" {
		t.Errorf("the list is %+v", e.PrefixLists[0])
	}
}

// AWS allows no groups within groups; a recording that has them, and one within itself, is read all the same.
func TestRuleGroupWithinItself(t *testing.T) {
	t.Parallel()
	const within = `{"Name": "g", "Priority": 0, "OverrideAction": {"None": {}}, "Statement": {"RuleGroupReferenceStatement": {"ARN": "arn:aws:wafv2:us-east-1:111122223333:regional/rulegroup/g/g"}}}`
	e := network(t, map[string]string{
		"111122223333/us-east-1/wafv2/list-web-acls.json":        `{"WebACLs": [{"Name": "a", "Id": "a", "ARN": "arn:aws:wafv2:us-east-1:111122223333:regional/webacl/a/a"}]}`,
		"111122223333/us-east-1/wafv2/get-web-acl--Id=a.json":    `{"WebACL": {"Name": "a", "Id": "a", "DefaultAction": {"Allow": {}}, "Rules": [` + within + `]}}`,
		"111122223333/us-east-1/wafv2/get-rule-group--Id=g.json": `{"RuleGroup": {"Name": "g", "Id": "g", "Rules": [` + within + `]}}`,
	})
	rules, ok := e.WebACLs[0].Rules.Value()
	if !ok || len(rules) != 1 || e.WebACLs[0].Default != "allow" {
		t.Fatalf("web ACL is %+v", e.WebACLs[0])
	}
	if inner, ok := rules[0].Group.Rules.Value(); !ok || len(inner) != 1 || inner[0].Group != nil {
		t.Errorf("the group's rules are %+v", inner)
	}
}

func TestAddressesOfAnInterface(t *testing.T) {
	t.Parallel()
	e := network(t, map[string]string{
		"111122223333/us-east-1/ec2/describe-network-interfaces.json": `{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "OwnerId": "111122223333",
			"VpcId": "vpc-1", "SubnetId": "subnet-1", "Status": "in-use", "InterfaceType": "interface", "PrivateIpAddress": "10.0.1.10",
			"PrivateIpAddresses": [{"Primary": true, "PrivateIpAddress": "10.0.1.10"},
				{"PrivateIpAddress": "10.0.1.12", "Association": {"PublicIp": "52.0.1.12"}},
				{"PrivateIpAddress": "10.0.1.11", "Association": {"PublicIp": "52.0.1.11"}}],
			"Ipv4Prefixes": [{"Ipv4Prefix": "10.0.1.32/28"}], "Ipv6Prefixes": [{"Ipv6Prefix": "2600:1f18:1:1:8000::/80"}]}]}`,
	})
	i := e.NetworkInterfaces[0]
	if got := fmt.Sprint(i.Associations); got != "[{10.0.1.11 52.0.1.11} {10.0.1.12 52.0.1.12}]" {
		t.Errorf("associations are %s", got)
	}
	if got := fmt.Sprint(i.Prefixes); got != "[10.0.1.32/28 2600:1f18:1:1:8000::/80]" {
		t.Errorf("prefixes are %s", got)
	}
}

func TestInstancesTellOfTheirInterfacesWhereNoneWereListed(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"111122223333/us-east-1/ec2/describe-instances.json": `{"Reservations": [{"OwnerId": "111122223333", "Instances": [{"InstanceId": "i-1", "State": {"Name": "running"}, "NetworkInterfaces": [
			{"NetworkInterfaceId": "eni-1", "OwnerId": "111122223333", "VpcId": "vpc-1", "SubnetId": "subnet-1", "PrivateIpAddress": "10.0.1.10", "SourceDestCheck": true, "Groups": [{"GroupId": "sg-1"}],
				"Association": {"PublicIp": "52.0.1.10"}, "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.10", "Association": {"PublicIp": "52.0.1.10"}}]},
			{"NetworkInterfaceId": "eni-2", "SubnetId": "subnet-1"}]}]}]}`,
	}
	e := network(t, files)
	if len(e.NetworkInterfaces) != 1 { // what is not told whole is left out
		t.Fatalf("%d interfaces, want one", len(e.NetworkInterfaces))
	}
	i := e.NetworkInterfaces[0]
	if got := fmt.Sprint(i.Ref().ID, i.Instance, i.Host, i.Private, i.Public, i.SecurityGroups, i.SourceDest); got != "eni-1i-1111122223333[10.0.1.10] 52.0.1.10 [sg-1] true" {
		t.Errorf("the interface is %s", got)
	}
	// Those that were listed are all there are.
	files["111122223333/us-east-1/ec2/describe-network-interfaces.json"] = `{"NetworkInterfaces": []}`
	if e := network(t, files); len(e.NetworkInterfaces) != 0 {
		t.Errorf("%d interfaces beside a listing of none", len(e.NetworkInterfaces))
	}
}
