package reach_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/reach"
)

// rule is one rule of AWS, stated on a small estate: what becomes of one packet.
type rule struct {
	name     string
	build    func(b *builder)
	from, to string // an interface or an address
	packet   string // "tcp 22", "tcp 22 from 40000", "esp", "icmp 8/0"
	arrives  estate.Truth
	session  estate.Truth
	stops    string // the kind of the first hop that stops it, where it is a no
}

const (
	somebody   = "8.8.8.8"              // on the Internet
	somebodyV6 = "2001:4860:4860::8888" // with IPv6
)

// inA1 puts a client into subnet a1 of VPC a; it is 10.0.1.10 with the public address 52.0.1.10.
func inA1(b *builder, groups ...string) {
	b.eni("eni-a1", "subnet-a1", append(groups, "10.0.1.10", "public=52.0.1.10", "2600:1f18:1:1::10")...)
}

// inA2 puts a server into subnet a2 of VPC a.
func inA2(b *builder, groups ...string) {
	b.eni("eni-a2", "subnet-a2", append(groups, "10.0.2.20", "public=52.0.2.20", "2600:1f18:1:2::20")...)
}

// alone puts one without a public address or IPv6 into a subnet.
func alone(b *builder, id, subnet, address string, groups ...string) *estate.NetworkInterface {
	return b.eni(id, subnet, append(groups, address)...)
}

func TestGroups(t *testing.T) {
	t.Parallel()
	pair := func(rules ...string) func(b *builder) { // a1 asks a2, which wears sg-server with those rules
		return func(b *builder) {
			b.group("sg-client", "vpc-a", "out all 0.0.0.0/0", "out all ::/0")
			b.group("sg-server", "vpc-a", rules...)
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10", "sg-client")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20", "sg-server")
		}
	}
	peered := func(region, status string, rules ...string) func(b *builder) {
		return func(b *builder) {
			there := b.at("111122223333", region)
			there.vpc("vpc-far", "10.7.0.0/16")
			there.subnet("subnet-far", "vpc-far", "a", "10.7.1.0/24")
			b.peering("pcx-1", "vpc-a", "vpc-far", status)
			b.table("rtb-a", "vpc-a", b.locals("vpc-a", "10.7.0.0/16 pcx-1"))
			there.table("rtb-far", "vpc-far", b.locals("vpc-far", "10.0.0.0/16 pcx-1"))
			b.group("sg-client", "vpc-a", "out all 0.0.0.0/0")
			there.group("sg-server", "vpc-far", rules...)
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10", "sg-client")
			alone(there, "eni-far", "subnet-far", "10.7.1.20", "sg-server")
		}
	}
	transit := func(gateway, attachment bool, client, server string) func(b *builder) {
		return func(b *builder) {
			overTransit(b, gateway, attachment)
			b.group("sg-client", "vpc-a", client)
			b.group("sg-server", "vpc-b", server)
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10", "sg-client")
			alone(b, "eni-b1", "subnet-b1", "10.1.1.20", "sg-server")
		}
	}
	check(t, []rule{
		{"an interface admits what any of its groups admits", func(b *builder) {
			b.group("sg-web", "vpc-a", "in tcp 80 0.0.0.0/0")
			b.group("sg-ssh", "vpc-a", "in tcp 22 0.0.0.0/0")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20", "sg-web", "sg-ssh")
		}, "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"groups are an interface's, not its instance's", func(b *builder) {
			b.group("sg-web", "vpc-a", "in tcp 80 0.0.0.0/0")
			b.group("sg-ssh", "vpc-a", "in tcp 22 0.0.0.0/0")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-1", "subnet-a2", "10.0.2.20", "sg-ssh")
			alone(b, "eni-2", "subnet-a2", "10.0.2.21", "sg-web")
			b.instance("i-1", "eni-1", "running")
			b.networkInterface("eni-2").Instance = "i-1"
		}, "eni-a1", "eni-2", "tcp 22", no, no, "security-group"},
		{"what no rule admits is stopped", pair("in tcp 22 10.0.1.11/32"), "eni-a1", "eni-a2", "tcp 22", no, no, "security-group"},
		{"a port beyond the range is stopped", pair("in tcp 20-21 0.0.0.0/0"), "eni-a1", "eni-a2", "tcp 22", no, no, "security-group"},
		{"a group lets nothing out without a rule", func(b *builder) {
			b.group("sg-mute", "vpc-a", "in all 0.0.0.0/0")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10", "sg-mute")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20")
		}, "eni-a1", "eni-a2", "tcp 22", no, no, "security-group"},
		{"replies need no rule", pair("in tcp 22 10.0.1.10/32"), "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"a reference admits members by their private address", pair("in tcp 22 sg-client"), "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"a reference does not take over the other group's rules", func(b *builder) {
			b.group("sg-open", "vpc-a", openGroup...)
			b.group("sg-server", "vpc-a", "in tcp 22 sg-open")
			b.group("sg-client", "vpc-a", "out all 0.0.0.0/0")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10", "sg-client")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20", "sg-server")
		}, "eni-a1", "eni-a2", "tcp 22", no, no, "security-group"},
		// The way inside is closed by a network ACL; through the gateway the sender is its public address, which no reference means.
		{"a reference does not admit members by their public address", func(b *builder) {
			b.acl("acl-a2", "vpc-a", append([]string{"90 in deny all 10.0.0.0/8", "91 in deny all 2600:1f18::/32"}, openACL...), "subnet-a2")
			b.group("sg-client", "vpc-a", "out all 0.0.0.0/0", "out all ::/0")
			b.group("sg-server", "vpc-a", "in tcp 22 sg-client")
			inA1(b, "sg-client")
			inA2(b, "sg-server")
		}, "eni-a1", "eni-a2", "tcp 22", no, no, ""},
		{"a CIDR admits members by their public address", func(b *builder) {
			b.acl("acl-a2", "vpc-a", append([]string{"90 in deny all 10.0.0.0/8", "91 in deny all 2600:1f18::/32"}, openACL...), "subnet-a2")
			b.group("sg-client", "vpc-a", "out all 0.0.0.0/0", "out all ::/0")
			b.group("sg-server", "vpc-a", "in tcp 22 52.0.1.10/32")
			inA1(b, "sg-client")
			inA2(b, "sg-server")
		}, "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"a reference to itself admits members to each other", func(b *builder) {
			b.group("sg-self", "vpc-a", "in all sg-self", "out all sg-self")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10", "sg-self")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20", "sg-self")
		}, "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"a reference to a group that is gone matches nothing", pair("in all sg-gone"), "eni-a1", "eni-a2", "tcp 22", no, no, "security-group"},
		{"a reference holds over a peering", peered("us-east-1", "active", "in tcp 22 sg-client"), "eni-a1", "eni-far", "tcp 22", yes, yes, ""},
		{"a reference does not hold between Regions", peered("eu-west-1", "active", "in tcp 22 sg-client"), "eni-a1", "eni-far", "tcp 22", no, no, "security-group"},
		{"a CIDR holds between Regions", peered("eu-west-1", "active", "in tcp 22 10.0.0.0/16"), "eni-a1", "eni-far", "tcp 22", yes, yes, ""},
		// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security
		{"a reference holds over a transit gateway", transit(true, true, "out all 0.0.0.0/0", "in tcp 22 sg-client"), "eni-a1", "eni-b1", "tcp 22", yes, yes, ""},
		{"a reference needs the transit gateway's switch", transit(false, true, "out all 0.0.0.0/0", "in tcp 22 sg-client"), "eni-a1", "eni-b1", "tcp 22", no, no, "security-group"},
		{"a reference needs the attachment's switch", transit(true, false, "out all 0.0.0.0/0", "in tcp 22 sg-client"), "eni-a1", "eni-b1", "tcp 22", no, no, "security-group"},
		{"an outgoing reference does not hold over a transit gateway", transit(true, true, "out all sg-server", "in tcp 22 10.0.0.0/16"), "eni-a1", "eni-b1", "tcp 22", no, no, "security-group"},
		{"a reference does not hold through a firewall", func(b *builder) {
			betweenSubnets(b, passes())
			b.group("sg-client", "vpc-a", "out all 0.0.0.0/0")
			b.group("sg-server", "vpc-a", "in tcp 22 sg-client")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10", "sg-client")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20", "sg-server")
		}, "eni-a1", "eni-a2", "tcp 22", no, no, "security-group"},
		// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html#security-group-referencing speaks of sources only.
		{"whether an outgoing reference holds through a firewall is unknown", func(b *builder) {
			betweenSubnets(b, passes())
			b.group("sg-client", "vpc-a", "out all sg-server")
			b.group("sg-server", "vpc-a", "in tcp 22 10.0.1.0/24")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10", "sg-client")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20", "sg-server")
		}, "eni-a1", "eni-a2", "tcp 22", unknown, unknown, ""},
		{"an outgoing CIDR beside a reference holds through a firewall", func(b *builder) {
			betweenSubnets(b, passes())
			b.group("sg-client", "vpc-a", "out all sg-server", "out tcp 22 10.0.2.0/24")
			b.group("sg-server", "vpc-a", "in tcp 22 10.0.1.0/24")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10", "sg-client")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20", "sg-server")
		}, "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"a CIDR holds through a firewall", func(b *builder) {
			betweenSubnets(b, passes())
			b.group("sg-server", "vpc-a", "in tcp 22 10.0.1.0/24")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20", "sg-server")
		}, "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"a prefix list stands for its entries", func(b *builder) {
			b.prefixList("pl-office", "10.0.1.0/24")
			pair("in tcp 22 pl-office")(b)
		}, "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"a prefix list that was not read is unknown", pair("in tcp 22 pl-unread"), "eni-a1", "eni-a2", "tcp 22", unknown, unknown, ""},
		{"a prefix list that was not read says nothing of other ports", pair("in tcp 23 pl-unread"), "eni-a1", "eni-a2", "tcp 22", no, no, "security-group"},
		{"a rule that admits makes an unread prefix list irrelevant", pair("in tcp 22 pl-unread", "in tcp 22 10.0.0.0/8"), "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"protocols are told apart by number", pair("in 50 0.0.0.0/0"), "eni-a1", "eni-a2", "esp", yes, yes, ""},
		{"a rule for one protocol admits no other", pair("in 50 0.0.0.0/0"), "eni-a1", "eni-a2", "tcp 50", no, no, "security-group"},
		{"ICMP has a type", pair("in icmp 8/0 0.0.0.0/0"), "eni-a1", "eni-a2", "icmp 8/0", yes, yes, ""},
		{"another type of ICMP is another packet", pair("in icmp 3/4 0.0.0.0/0"), "eni-a1", "eni-a2", "icmp 8/0", no, no, "security-group"},
		{"a group of another VPC may be associated", func(b *builder) {
			b.group("sg-shared", "vpc-b", "in tcp 22 10.0.1.0/24")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20", "sg-shared")
		}, "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"a group that was not read is unknown", func(b *builder) {
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20", "sg-unread")
			b.deny("ec2:DescribeSecurityGroups")
			b.deny("ec2:DescribeSecurityGroupRules")
		}, "eni-a1", "eni-a2", "tcp 22", unknown, unknown, ""},
		{"rules that were not read are unknown", func(b *builder) {
			b.group("sg-half", "vpc-a", "in tcp 23 0.0.0.0/0").Missing = []estate.Gap{b.gap("ec2:DescribeSecurityGroupRules", "")}
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20", "sg-half")
		}, "eni-a1", "eni-a2", "tcp 22", unknown, unknown, ""},
		{"a rule that was read decides, whatever else there is", func(b *builder) {
			b.group("sg-half", "vpc-a", "in tcp 22 0.0.0.0/0").Missing = []estate.Gap{b.gap("ec2:DescribeSecurityGroupRules", "")}
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20", "sg-half")
		}, "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
	})
}

func TestACLs(t *testing.T) {
	t.Parallel()
	server := func(entries ...string) func(b *builder) { // the ACL of a2's subnet
		return func(b *builder) {
			b.acl("acl-a2", "vpc-a", entries, "subnet-a2")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			b.eni("eni-a2", "subnet-a2", "10.0.2.20", "public=52.0.2.20", "2600:1f18:1:2::20")
		}
	}
	check(t, []rule{
		{"the lowest number decides: allow", server("100 in allow tcp 22 0.0.0.0/0", "200 in deny all 0.0.0.0/0", "100 out allow all 0.0.0.0/0"), "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"the lowest number decides: deny", server("90 in deny tcp 22 10.0.1.0/24", "100 in allow all 0.0.0.0/0", "100 out allow all 0.0.0.0/0"), "eni-a1", "eni-a2", "tcp 22", no, no, "network-acl"},
		{"a rule for others does not decide", server("90 in deny tcp 22 10.0.3.0/24", "100 in allow all 0.0.0.0/0", "100 out allow all 0.0.0.0/0"), "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"what no rule allows is stopped", server("100 out allow all 0.0.0.0/0"), "eni-a1", "eni-a2", "tcp 22", no, no, "network-acl"},
		{"the sender's subnet has a say", func(b *builder) {
			b.acl("acl-a1", "vpc-a", []string{"90 out deny tcp 22 10.0.2.20/32", "100 out allow all 0.0.0.0/0", "100 in allow all 0.0.0.0/0"}, "subnet-a1")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20")
		}, "eni-a1", "eni-a2", "tcp 22", no, no, "network-acl"},
		{"within a subnet there is no network ACL", func(b *builder) {
			b.acl("acl-a1", "vpc-a", nil, "subnet-a1")
			alone(b, "eni-1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-2", "subnet-a1", "10.0.1.11")
		}, "eni-1", "eni-2", "tcp 22", yes, yes, ""},
		{"replies need a rule", server("100 in allow all 0.0.0.0/0"), "eni-a1", "eni-a2", "tcp 22", yes, no, ""},
		{"replies go to the client's port: blocked", server("100 in allow all 0.0.0.0/0", "100 out allow tcp 32768-65535 0.0.0.0/0"), "eni-a1", "eni-a2", "tcp 22 from 1024", yes, no, ""},
		{"replies go to the client's port: allowed", server("100 in allow all 0.0.0.0/0", "100 out allow tcp 32768-65535 0.0.0.0/0"), "eni-a1", "eni-a2", "tcp 22 from 32768", yes, yes, ""},
		{"some client's port is enough", server("100 in allow all 0.0.0.0/0", "100 out allow tcp 32768-65535 0.0.0.0/0"), "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"replies of the other protocol do not help", server("100 in allow all 0.0.0.0/0", "100 out allow udp 0-65535 0.0.0.0/0"), "eni-a1", "eni-a2", "tcp 22", yes, no, ""},
		{"from the Internet it sees the stranger's address", server("90 in deny all 8.0.0.0/8", "100 in allow all 0.0.0.0/0", "100 out allow all 0.0.0.0/0"), somebody, "eni-a2", "tcp 22", no, no, "network-acl"},
		{"rules for IPv4 say nothing of IPv6", server("100 in allow all 0.0.0.0/0", "100 out allow all 0.0.0.0/0"), somebodyV6, "eni-a2", "tcp 22", no, no, "network-acl"},
		{"rules for IPv6 are its own", server("101 in allow all ::/0", "101 out allow all ::/0"), somebodyV6, "eni-a2", "tcp 22", yes, yes, ""},
		{"one that was not read is unknown", func(b *builder) {
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20")
			b.fill()
			b.NetworkACLs = nil
			b.deny("ec2:DescribeNetworkAcls")
		}, "eni-a1", "eni-a2", "tcp 22", unknown, unknown, ""},
		{"a group that stops it makes an unread one irrelevant", func(b *builder) {
			b.group("sg-closed", "vpc-a")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20", "sg-closed")
			b.fill()
			b.NetworkACLs = nil
			b.deny("ec2:DescribeNetworkAcls")
		}, "eni-a1", "eni-a2", "tcp 22", no, no, "security-group"},
	})
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	pair := func(b *builder) {
		alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
		alone(b, "eni-b1", "subnet-b1", "10.1.1.20")
	}
	// peerings from a to b, which has a route back; what a's table says is the test's.
	toB := func(routes ...string) func(b *builder) {
		return func(b *builder) {
			b.peering("pcx-ab", "vpc-a", "vpc-b", "active")
			b.peering("pcx-ac", "vpc-a", "vpc-c", "active")
			b.table("rtb-a", "vpc-a", b.locals("vpc-a", routes...))
			b.table("rtb-b", "vpc-b", b.locals("vpc-b", "10.0.0.0/16 pcx-ab"))
			b.vgw("vgw-a", "vpc-a")
			pair(b)
		}
	}
	fromOutside := func(routes ...string) func(b *builder) { // a1's subnet has those routes
		return func(b *builder) {
			b.table("rtb-a1", "vpc-a", b.locals("vpc-a", routes...), "subnet-a1")
			inA1(b)
		}
	}
	check(t, []rule{
		{"without a route there is no way", toB(), "eni-a1", "eni-b1", "tcp 22", no, no, "route-table"},
		{"the longest prefix wins", toB("10.1.0.0/16 pcx-ab", "10.1.1.0/24 pcx-ac"), "eni-a1", "eni-b1", "tcp 22", no, no, ""},
		{"the longest prefix wins, whatever else", toB("10.1.0.0/16 pcx-ac", "10.1.1.0/24 pcx-ab"), "eni-a1", "eni-b1", "tcp 22", yes, yes, ""},
		{"a blackhole wins by its prefix", toB("10.1.0.0/16 pcx-ab", "10.1.1.0/24 pcx-ab blackhole"), "eni-a1", "eni-b1", "tcp 22", no, no, "route-table"},
		{"of equal prefixes what somebody wrote goes before what is propagated", toB("10.1.0.0/16 vgw-a propagated", "10.1.0.0/16 pcx-ab"), "eni-a1", "eni-b1", "tcp 22", yes, yes, ""},
		{"a longer prefix that is propagated wins", toB("10.1.1.0/24 vgw-a propagated", "10.1.0.0/16 pcx-ab"), "eni-a1", "eni-b1", "tcp 22", unknown, unknown, ""},
		{"of equal prefixes a CIDR goes before a prefix list", func(b *builder) {
			b.prefixList("pl-b", "10.1.0.0/16")
			toB("pl-b pcx-ac", "10.1.0.0/16 pcx-ab")(b)
		}, "eni-a1", "eni-b1", "tcp 22", yes, yes, ""},
		{"of equal prefixes a prefix list goes before what is propagated", func(b *builder) {
			b.prefixList("pl-b", "10.1.0.0/16")
			toB("10.1.0.0/16 vgw-a propagated", "pl-b pcx-ab")(b)
		}, "eni-a1", "eni-b1", "tcp 22", yes, yes, ""},
		// Together they are 10.0.0.0/8, before which a CIDR would go.
		{"the entries of a prefix list keep their lengths", func(b *builder) {
			b.prefixList("pl-b", "10.0.0.0/9", "10.128.0.0/9")
			toB("10.0.0.0/8 pcx-ac", "pl-b pcx-ab")(b)
		}, "eni-a1", "eni-b1", "tcp 22", yes, yes, ""},
		{"the longest entry of a prefix list counts", func(b *builder) {
			b.prefixList("pl-b", "10.0.0.0/8", "10.1.1.0/24")
			toB("10.1.0.0/16 pcx-ac", "pl-b pcx-ab")(b)
		}, "eni-a1", "eni-b1", "tcp 22", yes, yes, ""},
		{"a route by a prefix list that was not read is unknown", toB("pl-unread pcx-ab"), "eni-a1", "eni-b1", "tcp 22", unknown, unknown, ""},
		{"a subnet's own table holds, not the main one", func(b *builder) {
			toB("10.1.0.0/16 pcx-ab")(b)
			b.table("rtb-a1", "vpc-a", b.locals("vpc-a"), "subnet-a1")
		}, "eni-a1", "eni-b1", "tcp 22", no, no, "route-table"},
		// A known scanner takes any main table of the Region for a subnet without one of its own.
		{"another VPC's main table is not this one's", func(b *builder) {
			b.table("rtb-b", "vpc-b", b.locals("vpc-b"))
			b.igw("igw-b", "vpc-b")
			b.eni("eni-b1", "subnet-b1", "10.1.1.20", "public=52.1.1.20")
		}, somebody, "eni-b1", "tcp 22", yes, no, ""},
		{"within a VPC the local route", func(b *builder) {
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20")
		}, "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"within a subnet no route is asked", func(b *builder) {
			b.table("rtb-a", "vpc-a", []string{"10.0.0.0/16 local", "10.0.1.0/24 eni-gone blackhole"})
			alone(b, "eni-1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-2", "subnet-a1", "10.0.1.11")
		}, "eni-1", "eni-2", "tcp 22", yes, yes, ""},
		{"the halves of the Internet are a default route", fromOutside("0.0.0.0/1 igw-a", "128.0.0.0/1 igw-a"), somebody, "eni-a1", "tcp 22", yes, yes, ""},
		{"half of the Internet is one half", fromOutside("128.0.0.0/1 igw-a"), somebody, "eni-a1", "tcp 22", yes, no, ""},
		{"a route to a deleted gateway is none", fromOutside("0.0.0.0/0 igw-gone blackhole"), "eni-a1", somebody, "tcp 443", no, no, "route-table"},
		{"tables that were not read are unknown", func(b *builder) {
			pair(b)
			b.peering("pcx-ab", "vpc-a", "vpc-b", "active")
			b.fill()
			b.RouteTables = nil
			b.deny("ec2:DescribeRouteTables")
		}, "eni-a1", "eni-b1", "tcp 22", unknown, unknown, ""},
		{"where networks overlap the own one is meant", func(b *builder) {
			b.vpc("vpc-twin", "10.0.0.0/16", "10.8.0.0/16")
			b.subnet("subnet-twin", "vpc-twin", "a", "10.0.1.0/24")
			b.peering("pcx-twin", "vpc-a", "vpc-twin", "active")
			b.table("rtb-a", "vpc-a", b.locals("vpc-a", "10.8.0.0/16 pcx-twin"))
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-twin", "subnet-twin", "10.0.1.20")
		}, "eni-a1", "eni-twin", "tcp 22", no, no, ""},
		{"an interface drops what is not for it", func(b *builder) {
			alone(b, "eni-box", "subnet-a2", "10.0.2.99")
			b.table("rtb-a1", "vpc-a", b.locals("vpc-a", "0.0.0.0/0 eni-box"), "subnet-a1")
			inA1(b)
		}, "eni-a1", somebody, "tcp 443", no, no, ""},
		{"an interface that forwards is an appliance, which is not understood", func(b *builder) {
			alone(b, "eni-box", "subnet-a2", "10.0.2.99").SourceDest = false
			b.table("rtb-a1", "vpc-a", b.locals("vpc-a", "0.0.0.0/0 eni-box"), "subnet-a1")
			inA1(b)
		}, "eni-a1", somebody, "tcp 443", unknown, unknown, ""},
		{"what is stopped before an appliance is stopped", func(b *builder) {
			alone(b, "eni-box", "subnet-a2", "10.0.2.99").SourceDest = false
			b.table("rtb-a1", "vpc-a", b.locals("vpc-a", "0.0.0.0/0 eni-box"), "subnet-a1")
			b.group("sg-mute", "vpc-a")
			inA1(b, "sg-mute")
		}, "eni-a1", somebody, "tcp 443", no, no, "security-group"},
	})
}

var everywhere = netset.Of(netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0"))

func check(t *testing.T, rules []rule) {
	t.Helper()
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			b := newBuilder().networks()
			r.build(b)
			e := b.fill().done()
			protocol, port, client := parsePacket(r.packet)
			if got := twin(e, r.from, r.to, protocol, client, port); got != (verdict{r.arrives, r.session}) {
				t.Errorf("the oracle: %s from %s to %s arrives %v, session %v; want %v and %v", r.packet, r.from, r.to, got.arrives, got.session, r.arrives, r.session)
			}
			got := reach.Of(e).Ask(reach.Question{From: end(e, r.from), To: end(e, r.to), Protocol: protocol, Port: port, SourcePort: client})
			if got.Arrives != r.arrives || got.Session != r.session {
				t.Errorf("%s from %s to %s arrives %v, session %v; want %v and %v\n%s", r.packet, r.from, r.to, got.Arrives, got.Session, r.arrives, r.session, told(got))
			}
			if r.stops != "" {
				if stops := got.Stops(); len(stops) == 0 || stops[0].At.Kind != r.stops {
					t.Errorf("%s from %s to %s is not stopped first by a %s\n%s", r.packet, r.from, r.to, r.stops, told(got))
				}
			}
			if r.arrives != yes && got.Reason == "" {
				t.Errorf("%s from %s to %s does not arrive, without a reason", r.packet, r.from, r.to)
			}
		})
	}
}

// told is an answer in full, for failures.
func told(a reach.Answer) string {
	var lines []string
	line := func(h reach.Hop) {
		lines = append(lines, strings.Join([]string{"  " + h.Passes.String(), h.At.Kind, h.At.ID, h.Rule, h.Text}, " | "))
	}
	for _, h := range a.Path {
		line(h)
	}
	if len(a.Return) > 0 {
		lines = append(lines, "back:")
	}
	for _, h := range a.Return {
		line(h)
	}
	return a.Reason + "\n" + strings.Join(lines, "\n")
}

func parsePacket(text string) (protocol netset.Protocol, port, client uint16) {
	text, from, _ := strings.Cut(text, " from ")
	if from != "" {
		client = number(from)
	}
	f := strings.Fields(text)
	protocol = map[string]netset.Protocol{"tcp": netset.TCP, "udp": netset.UDP, "icmp": netset.ICMP, "icmpv6": netset.ICMPv6, "esp": 50}[f[0]]
	if len(f) > 1 {
		if kind, code, ok := strings.Cut(f[1], "/"); ok {
			return protocol, number(kind)<<8 | number(code), client
		}
		port = number(f[1])
	}
	return protocol, port, client
}

func end(e *estate.Estate, text string) reach.End {
	for _, i := range e.NetworkInterfaces {
		if i.Ref().ID == text {
			return reach.End{Refs: []estate.Ref{i.Ref()}}
		}
	}
	a := netip.MustParseAddr(text)
	return reach.End{Addresses: netset.Of(netip.PrefixFrom(a, a.BitLen()))}
}

// twin asks the oracle as Ask is asked.
func twin(e *estate.Estate, from, to string, protocol netset.Protocol, client, port uint16) verdict {
	a := oracleOf(e).answer(reach.Question{From: end(e, from), To: end(e, to), Protocol: protocol, Port: port, SourcePort: client})
	return verdict{a.Arrives, a.Session}
}
