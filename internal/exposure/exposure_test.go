package exposure_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/catalog"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/demo"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/exposure"
	"github.com/onus-cloud/onus/internal/load"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/reach"
	"github.com/onus-cloud/onus/internal/responses"
)

func ranked(t *testing.T, set *responses.Set) *answer.Report {
	t.Helper()
	e, problems := load.Load(set)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	suite, err := catalog.Suite()
	if err != nil {
		t.Fatal(err)
	}
	of := control.AnalysesOf(e)
	r := control.RunOver(e, of, suite, nil, e.Observed)
	exposure.Rank(e, exposure.Analyses{Packets: of.Packets(), Access: of.Access(), Reaching: of.Reaching}, r)
	return r
}

// TestTheForgottenServerComesFirst: of the whole demo, the host in which most practices meet is the forgotten Jenkins, its power
// is said, and the worst cause is the rule that lets strangers in.
func TestTheForgottenServerComesFirst(t *testing.T) {
	t.Parallel()
	set, err := demo.Recording()
	if err != nil {
		t.Fatal(err)
	}
	r := ranked(t, set)
	if len(r.Meeting) == 0 || r.Meeting[0].Subject.Name != "jenkins" {
		t.Fatalf("meetings are %+v, want jenkins first", r.Meeting)
	}
	m := r.Meeting[0]
	if len(m.Facts) != len(m.Practices) || len(m.Practices) < 5 {
		t.Errorf("jenkins is broken in %v, with facts %v", m.Practices, m.Facts)
	}
	if !slices.ContainsFunc(m.Rank.Why, func(why string) bool { return why == "its role leads to administrator, in 3 steps" }) {
		t.Errorf("what its role leads to is not said: %v", m.Rank.Why)
	}
	worst := r.Causes[0]
	if worst.Subject.Kind != "security-group-rule" || !strings.Contains(strings.Join(worst.Rank.Why, "; "), "reachable from the internet on") {
		t.Errorf("the worst cause is %q because %v", worst.Title, worst.Rank.Why)
	}
	for i := 1; i < len(r.Causes); i++ {
		if r.Causes[i].Rank.Score > r.Causes[i-1].Rank.Score {
			t.Errorf("cause %d has a higher score than the one before it", i)
		}
	}
	for _, c := range r.Causes {
		if len(c.Rank.Why) == 0 {
			t.Errorf("nothing is said of why %s stands where it stands", c.Key)
		}
	}
}

// three groups admit the Internet on 22: one is worn by a host that packets reach, one by a host in a private subnet, one by nobody.
const groups = `{"SecurityGroups": [
	{"GroupId": "sg-open", "VpcId": "vpc-1", "OwnerId": "111122223333", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]},
	{"GroupId": "sg-shut", "VpcId": "vpc-1", "OwnerId": "111122223333", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]},
	{"GroupId": "sg-idle", "VpcId": "vpc-1", "OwnerId": "111122223333", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}]}`

const instances = `{"Reservations": [{"OwnerId": "111122223333", "Instances": [
	{"InstanceId": "i-open", "State": {"Name": "running"}, "VpcId": "vpc-1", "SubnetId": "subnet-public", "PublicIpAddress": "54.1.1.1", "SecurityGroups": [{"GroupId": "sg-open"}], "NetworkInterfaces": [{"NetworkInterfaceId": "eni-open"}]},
	{"InstanceId": "i-shut", "State": {"Name": "running"}, "VpcId": "vpc-1", "SubnetId": "subnet-private", "SecurityGroups": [{"GroupId": "sg-shut"}], "NetworkInterfaces": [{"NetworkInterfaceId": "eni-shut"}]}]}]}`

const interfaces = `{"NetworkInterfaces": [
	{"NetworkInterfaceId": "eni-open", "OwnerId": "111122223333", "VpcId": "vpc-1", "SubnetId": "subnet-public", "InterfaceType": "interface", "Status": "in-use", "PrivateIpAddress": "10.0.1.1", "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.1"}], "Groups": [{"GroupId": "sg-open"}], "Attachment": {"InstanceId": "i-open"}, "SourceDestCheck": true, "Association": {"PublicIp": "54.1.1.1"}},
	{"NetworkInterfaceId": "eni-shut", "OwnerId": "111122223333", "VpcId": "vpc-1", "SubnetId": "subnet-private", "InterfaceType": "interface", "Status": "in-use", "PrivateIpAddress": "10.0.2.1", "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.2.1"}], "Groups": [{"GroupId": "sg-shut"}], "Attachment": {"InstanceId": "i-shut"}, "SourceDestCheck": true}]}`

// network is a public and a private subnet, and all that else could have a say.
var network = map[string]string{
	"describe-vpcs":    `{"Vpcs": [{"VpcId": "vpc-1", "OwnerId": "111122223333", "CidrBlock": "10.0.0.0/16", "CidrBlockAssociationSet": [{"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}}]}]}`,
	"describe-subnets": `{"Subnets": [{"SubnetId": "subnet-public", "OwnerId": "111122223333", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24"}, {"SubnetId": "subnet-private", "OwnerId": "111122223333", "VpcId": "vpc-1", "CidrBlock": "10.0.2.0/24"}]}`,
	"describe-route-tables": `{"RouteTables": [
		{"RouteTableId": "rtb-main", "OwnerId": "111122223333", "VpcId": "vpc-1", "Associations": [{"Main": true}], "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}]},
		{"RouteTableId": "rtb-public", "OwnerId": "111122223333", "VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-public"}], "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}, {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}]}]}`,
	"describe-network-acls":                    `{"NetworkAcls": [{"NetworkAclId": "acl-1", "OwnerId": "111122223333", "VpcId": "vpc-1", "IsDefault": true, "Associations": [{"SubnetId": "subnet-public"}, {"SubnetId": "subnet-private"}], "Entries": [{"RuleNumber": 100, "Egress": false, "Protocol": "-1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}, {"RuleNumber": 100, "Egress": true, "Protocol": "-1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}]}]}`,
	"describe-internet-gateways":               `{"InternetGateways": [{"InternetGatewayId": "igw-1", "OwnerId": "111122223333", "Attachments": [{"State": "available", "VpcId": "vpc-1"}]}]}`,
	"describe-vpc-block-public-access-options": `{"VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": "off"}}`,
}

// nothing is there of what the analysis of packets asks for besides.
func nothing(files fstest.MapFS, set *responses.Set) *responses.Set {
	for _, id := range reach.Needs() {
		op, _ := operation.Get(id)
		if !op.Lists() || slices.ContainsFunc(set.Responses, func(r responses.Response) bool { return r.Operation == id }) || left(files, id) {
			continue
		}
		region := "us-east-1"
		if op.Scope != operation.PerRegion && op.Scope != operation.PerRegionGlobal {
			region = estate.Global
		}
		set.Responses = append(set.Responses, responses.Response{Account: "111122223333", Region: region, Operation: id, Time: set.Responses[0].Time,
			Outcome: operation.OK, Pages: []json.RawMessage{json.RawMessage("{}")}})
	}
	return set
}

// left are the listings that a test leaves out on purpose.
func left(files fstest.MapFS, id operation.ID) bool {
	return id == "ec2:DescribeNetworkInterfaces" && files["111122223333/us-east-1/ec2/describe-network-interfaces.json"] == nil ||
		id == "ec2:DescribeRouteTables" && files["111122223333/us-east-1/ec2/describe-route-tables.json"] == nil
}

// TestExposureDecidesAmongEqualRules: the same rule is urgent where packets get through, less so where nobody knows whether they do,
// little where they do not, and untidy where nobody wears it; that nobody does is said only if everything was looked at.
func TestExposureDecidesAmongEqualRules(t *testing.T) {
	t.Parallel()
	const place = "111122223333/us-east-1/ec2/"
	files := fstest.MapFS{
		place + "describe-security-groups.json":    {Data: []byte(groups)},
		place + "describe-instances.json":          {Data: []byte(instances)},
		place + "describe-network-interfaces.json": {Data: []byte(interfaces)},
	}
	for name, text := range network {
		files[place+name+".json"] = &fstest.MapFile{Data: []byte(text)}
	}
	order := func() (order []string, why map[string]string) {
		set, err := responses.ReadAWSCLI(files, "test", time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), responses.NewRedactor(nil))
		if err != nil {
			t.Fatal(err)
		}
		why = map[string]string{}
		for _, c := range ranked(t, nothing(files, set)).Causes {
			if i := slices.Index(c.Controls, "net-no-ssh-from-internet"); i >= 0 {
				group, _, _ := strings.Cut(c.Subject.ID, "/")
				order = append(order, group)
				why[group] = strings.Join(c.Rank.Why, "; ")
			}
		}
		return order, why
	}
	expect := func(what string, wantWhy map[string]string) {
		t.Helper()
		got, why := order()
		if diff := cmp.Diff([]string{"sg-open", "sg-shut", "sg-idle"}, got); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", what, diff)
		}
		for group, want := range wantWhy {
			if !strings.Contains(why[group], want) {
				t.Errorf("%s: of %s it says %q, want %q", what, group, why[group], want)
			}
		}
	}
	expect("all is read", map[string]string{
		"sg-open": "reachable from the internet on 22, directly",
		"sg-shut": "a rule admits the internet, but no packet from there arrives",
		"sg-idle": "nothing uses it",
	})
	delete(files, place+"describe-route-tables.json")
	expect("routes were not read", map[string]string{"sg-open": "perhaps reachable from the internet on 22, directly"})
	delete(files, place+"describe-network-interfaces.json")
	if _, why := order(); strings.Contains(why["sg-idle"], "nothing uses it") || !strings.Contains(why["sg-shut"], "is not known") {
		t.Errorf("interfaces were not read, and it says %q", why)
	}
}
