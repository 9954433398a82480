package reach_test

import (
	"net/netip"
	"slices"
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

func TestInternetGateways(t *testing.T) {
	t.Parallel()
	check(t, []rule{
		{"in to a public address", func(b *builder) { inA1(b) }, somebody, "eni-a1", "tcp 22", yes, yes, ""},
		// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-byoip.html
		{"whether an address of a range of one's own is advertised is unknown", func(b *builder) {
			inA1(b)
			b.Addresses = append(b.Addresses, &estate.Address{Resource: b.resource("elastic-ip", "eipalloc-1"), Public: netip.MustParseAddr("52.0.1.10"), Interface: "eni-a1", Pool: "ipv4pool-ec2-1"})
		}, somebody, "eni-a1", "tcp 22", unknown, unknown, ""},
		{"in needs a public address", func(b *builder) { alone(b, "eni-a1", "subnet-a1", "10.0.1.10") }, somebody, "eni-a1", "tcp 22", no, no, ""},
		{"out from a public address", func(b *builder) { inA1(b) }, "eni-a1", somebody, "tcp 443", yes, yes, ""},
		{"out needs a public address", func(b *builder) { alone(b, "eni-a1", "subnet-a1", "10.0.1.10") }, "eni-a1", somebody, "tcp 443", no, no, "internet-gateway"},
		// The way in asks no route table; the reply does.
		{"in without a route: it lands, and no reply leaves", func(b *builder) {
			b.table("rtb-a1", "vpc-a", b.locals("vpc-a"), "subnet-a1")
			inA1(b)
		}, somebody, "eni-a1", "tcp 22", yes, no, ""},
		{"a gateway must be attached", func(b *builder) { b.eni("eni-b1", "subnet-b1", "10.1.1.20", "public=52.1.1.20") }, somebody, "eni-b1", "tcp 22", no, no, "vpc"},
		{"a gateway that is attached elsewhere", func(b *builder) {
			b.table("rtb-b", "vpc-b", b.locals("vpc-b", "0.0.0.0/0 igw-a"))
			b.eni("eni-b1", "subnet-b1", "10.1.1.20", "public=52.1.1.20")
		}, "eni-b1", somebody, "tcp 443", no, no, ""},
		{"gateways that were not read are unknown", func(b *builder) {
			inA1(b)
			b.fill()
			b.InternetGateways = nil
			b.deny("ec2:DescribeInternetGateways")
		}, somebody, "eni-a1", "tcp 22", unknown, unknown, ""},
		{"a private address does not come in", func(b *builder) { inA1(b) }, "192.168.7.7", "eni-a1", "tcp 22", no, no, ""},
		{"a private address is not outside", func(b *builder) { inA1(b) }, "eni-a1", "192.168.7.7", "tcp 22", no, no, ""},
		{"the addresses of carriers are not outside", func(b *builder) { inA1(b) }, "eni-a1", "100.64.7.7", "tcp 22", no, no, ""},
		{"in over IPv6", func(b *builder) { inA1(b) }, somebodyV6, "eni-a1", "tcp 22", yes, yes, ""},
		{"an interface that denies gateways, over IPv6", func(b *builder) { inA1(b); b.NetworkInterfaces[0].DeniesGateway = true }, somebodyV6, "eni-a1", "tcp 22", no, no, "network-interface"},
		{"its own packets get no reply", func(b *builder) { inA1(b); b.NetworkInterfaces[0].DeniesGateway = true }, "eni-a1", somebodyV6, "tcp 22", yes, no, ""},
		{"over IPv4 it does not", func(b *builder) { inA1(b); b.NetworkInterfaces[0].DeniesGateway = true }, somebody, "eni-a1", "tcp 22", yes, yes, ""},
		{"a rule for 0.0.0.0/0 admits nobody over IPv6", func(b *builder) {
			b.group("sg-v4", "vpc-a", "in tcp 22 0.0.0.0/0")
			inA1(b, "sg-v4")
		}, somebodyV6, "eni-a1", "tcp 22", no, no, "security-group"},
		{"a rule for ::/0 admits everybody over IPv6", func(b *builder) {
			b.group("sg-v6", "vpc-a", "in tcp 22 ::/0")
			inA1(b, "sg-v6")
		}, somebodyV6, "eni-a1", "tcp 22", yes, yes, ""},
		{"out by an egress-only gateway, and the reply back", func(b *builder) {
			b.eigw("eigw-b", "vpc-b")
			b.table("rtb-b", "vpc-b", b.locals("vpc-b", "::/0 eigw-b"))
			b.eni("eni-b1", "subnet-b1", "2600:1f18:2:1::20")
		}, "eni-b1", somebodyV6, "tcp 443", yes, yes, ""},
		{"in by an egress-only gateway", func(b *builder) {
			b.eigw("eigw-b", "vpc-b")
			b.table("rtb-b", "vpc-b", b.locals("vpc-b", "::/0 eigw-b"))
			b.eni("eni-b1", "subnet-b1", "2600:1f18:2:1::20")
		}, somebodyV6, "eni-b1", "tcp 443", no, no, ""},
		{"an egress-only gateway knows no IPv4", func(b *builder) {
			b.eigw("eigw-b", "vpc-b")
			b.table("rtb-b", "vpc-b", b.locals("vpc-b", "0.0.0.0/0 eigw-b"))
			b.eni("eni-b1", "subnet-b1", "10.1.1.20", "public=52.1.1.20")
		}, "eni-b1", somebody, "tcp 443", no, no, ""},
		{"a stopped instance answers nothing", func(b *builder) {
			inA1(b)
			b.instance("i-1", "eni-a1", "stopped")
		}, somebody, "eni-a1", "tcp 22", no, no, "instance"},
		{"a running instance answers", func(b *builder) {
			inA1(b)
			b.instance("i-1", "eni-a1", "running")
		}, somebody, "eni-a1", "tcp 22", yes, yes, ""},
		{"an interface that is attached to nothing answers nothing", func(b *builder) {
			inA1(b)
			b.networkInterface("eni-a1").Status = "available"
		}, somebody, "eni-a1", "tcp 22", no, no, ""},
		{"an endpoint's interface takes packets", func(b *builder) {
			inA1(b)
			alone(b, "eni-ep", "subnet-a2", "10.0.2.30").Type = "vpc_endpoint"
		}, "eni-a1", "eni-ep", "tcp 443", yes, yes, ""},
		// https://docs.aws.amazon.com/vpc/latest/privatelink/concepts.html
		{"an endpoint's interface does not begin", func(b *builder) {
			inA1(b)
			alone(b, "eni-ep", "subnet-a2", "10.0.2.30").Type = "vpc_endpoint"
		}, "eni-ep", "eni-a1", "tcp 443", no, no, ""},
		// https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-load-balancer-endpoints.html
		{"a Gateway Load Balancer endpoint is reached by routes only", func(b *builder) {
			inA1(b)
			b.eni("eni-gwlbe", "subnet-a2", "10.0.2.30").Type = "gateway_load_balancer_endpoint"
		}, "eni-a1", "eni-gwlbe", "tcp 443", no, no, ""},
		{"a VPC link is not reached", func(b *builder) {
			inA1(b)
			alone(b, "eni-link", "subnet-a2", "10.0.2.30").Type = "api_gateway_managed"
		}, "eni-a1", "eni-link", "tcp 443", no, no, ""},
		{"a VPC link begins", func(b *builder) {
			inA1(b)
			alone(b, "eni-link", "subnet-a2", "10.0.2.30").Type = "api_gateway_managed"
		}, "eni-link", "eni-a1", "tcp 443", yes, yes, ""},
		// An interface may be attached to another account's instance:
		// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkInterfacePermission.html
		{"another account's instance that was not read may run", func(b *builder) {
			inA1(b)
			i := alone(b, "eni-theirs", "subnet-a2", "10.0.2.30")
			i.Instance, i.Host = "i-theirs", "999988887777"
		}, "eni-a1", "eni-theirs", "tcp 443", unknown, unknown, ""},
		{"a function is not reached", func(b *builder) {
			inA1(b)
			alone(b, "eni-fn", "subnet-a2", "10.0.2.30").Type = "lambda"
		}, "eni-a1", "eni-fn", "tcp 443", no, no, ""},
		{"a function begins", func(b *builder) {
			inA1(b)
			alone(b, "eni-fn", "subnet-a2", "10.0.2.30").Type = "lambda"
		}, "eni-fn", "eni-a1", "tcp 443", yes, yes, ""},
	})
}

// natted puts a NAT gateway into a2, whose subnet has the gateway, and a client without a public address into a1, routed to it.
func natted(public string) func(b *builder) {
	return func(b *builder) {
		b.nat("nat-a", "subnet-a2", "10.0.2.5", public)
		b.table("rtb-a1", "vpc-a", b.locals("vpc-a", "0.0.0.0/0 nat-a"), "subnet-a1")
		alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
	}
}

func TestNATGateways(t *testing.T) {
	t.Parallel()
	check(t, []rule{
		{"out, and the reply back", natted("52.0.2.5"), "eni-a1", somebody, "tcp 443", yes, yes, ""},
		{"nobody in", natted("52.0.2.5"), somebody, "eni-a1", "tcp 443", no, no, ""},
		{"its own interface takes nothing", natted("52.0.2.5"), somebody, "eni-nat-a", "tcp 443", no, no, ""},
		{"a private one is no way to the Internet", natted(""), "eni-a1", somebody, "tcp 443", no, no, ""},
		{"only TCP, UDP and ICMP", natted("52.0.2.5"), "eni-a1", somebody, "esp", no, no, ""},
		{"only where its own subnet has the Internet", func(b *builder) {
			natted("52.0.2.5")(b)
			b.table("rtb-a2", "vpc-a", b.locals("vpc-a"), "subnet-a2")
		}, "eni-a1", somebody, "tcp 443", no, no, ""},
		{"it must be available", func(b *builder) {
			natted("52.0.2.5")(b)
			b.NATGateways[0].State = "failed"
		}, "eni-a1", somebody, "tcp 443", no, no, ""},
		{"its subnet's ACL must let replies in, at its ports", func(b *builder) {
			natted("52.0.2.5")(b)
			b.acl("acl-a2", "vpc-a", []string{"100 in allow all 10.0.0.0/8", "101 in allow tcp 1-1023 0.0.0.0/0", "100 out allow all 0.0.0.0/0"}, "subnet-a2")
		}, "eni-a1", somebody, "tcp 443", yes, no, ""},
		{"its subnet's ACL must let packets in from the sender", func(b *builder) {
			natted("52.0.2.5")(b)
			b.acl("acl-a2", "vpc-a", append([]string{"90 in deny all 10.0.1.0/24"}, openACL...), "subnet-a2")
		}, "eni-a1", somebody, "tcp 443", no, no, "network-acl"},
		{"the sender's ACL must let replies in, at the client's ports", func(b *builder) {
			natted("52.0.2.5")(b)
			b.acl("acl-a1", "vpc-a", []string{"100 out allow all 0.0.0.0/0", "100 in allow tcp 1-1023 0.0.0.0/0"}, "subnet-a1")
		}, "eni-a1", somebody, "tcp 443 from 40000", yes, no, ""},
		// https://docs.aws.amazon.com/vpc/latest/peering/invalid-peering-configurations.html
		{"not from a peer", func(b *builder) {
			b.nat("nat-a", "subnet-a2", "10.0.2.5", "52.0.2.5")
			b.peering("pcx-ab", "vpc-a", "vpc-b", "active")
			b.table("rtb-b", "vpc-b", b.locals("vpc-b", "0.0.0.0/0 pcx-ab"))
			alone(b, "eni-b1", "subnet-b1", "10.1.1.20")
		}, "eni-b1", somebody, "tcp 443", no, no, ""},
		// https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-nat-igw.html
		{"from another VPC over a transit gateway", func(b *builder) {
			b.tgw("tgw-1", false)
			b.attach("att-a", "tgw-1", "vpc-a", "tgw-rtb", false, "subnet-a1", "subnet-a2")
			b.attach("att-b", "tgw-1", "vpc-b", "tgw-rtb", false, "subnet-b1")
			b.transitTable("tgw-rtb", "tgw-1", "0.0.0.0/0 att-a static", "10.1.0.0/16 att-b")
			b.nat("nat-a", "subnet-a2", "10.0.2.5", "52.0.2.5")
			b.table("rtb-a1", "vpc-a", b.locals("vpc-a", "0.0.0.0/0 nat-a"), "subnet-a1")
			b.table("rtb-a2", "vpc-a", b.locals("vpc-a", "0.0.0.0/0 igw-a", "10.1.0.0/16 tgw-1"), "subnet-a2")
			b.table("rtb-b", "vpc-b", b.locals("vpc-b", "0.0.0.0/0 tgw-1"))
			alone(b, "eni-b1", "subnet-b1", "10.1.1.20")
		}, "eni-b1", somebody, "tcp 443", yes, yes, ""},
	})
}

// TestGatewaysAsEnds: what has interfaces of its own is found by them.
func TestGatewaysAsEnds(t *testing.T) {
	t.Parallel()
	b := newBuilder().networks()
	natted("52.0.2.5")(b)
	b.eni("eni-ep", "subnet-a2", "10.0.2.40").Type = "vpc_endpoint"
	b.Endpoints = append(b.Endpoints, &estate.Endpoint{Resource: b.resource("vpc-endpoint", "vpce-1"), VPC: "vpc-a", Type: "Interface",
		Service: "com.amazonaws.us-east-1.ssm", State: "available", Interfaces: []string{"eni-ep"}})
	e := b.fill().done()
	for id, want := range map[string]estate.Truth{"natgateway/nat-a": no, "vpc-endpoint/vpce-1": yes} {
		kind, id, _ := strings.Cut(id, "/")
		to := reach.End{Refs: []estate.Ref{{Kind: kind, Account: here.Account, Region: here.Region, ID: id}}}
		if got := reach.Of(e).Ask(reach.Question{From: end(e, "eni-a1"), To: to, Protocol: netset.TCP, Port: 443}); got.Arrives != want {
			t.Errorf("a packet to %s arrives %v, want %v: %s", id, got.Arrives, want, got.Reason)
		}
	}
}

// TestAddressesAsEnds: an address is that one, not another of the same interface.
func TestAddressesAsEnds(t *testing.T) {
	t.Parallel()
	pair := func(b *builder) {
		b.group("sg-server", "vpc-a", "in tcp 80 10.0.1.11/32", "in tcp 81 sg-client", "in tcp 82 52.0.1.10/32", "out all 0.0.0.0/0")
		b.group("sg-client", "vpc-a", "out all 0.0.0.0/0")
		b.eni("eni-a1", "subnet-a1", "sg-client", "10.0.1.10", "10.0.1.11", "public=52.0.1.10")
		b.eni("eni-a2", "subnet-a2", "sg-server", "10.0.2.20", "public=52.0.2.20")
		alone(b, "eni-lone", "subnet-a1", "10.0.1.30")
	}
	check(t, []rule{
		{"an interface sends from any of its addresses", pair, "eni-a1", "eni-a2", "tcp 80", yes, yes, ""},
		{"from the one that is let in", pair, "10.0.1.11", "eni-a2", "tcp 80", yes, yes, ""},
		{"from the other", pair, "10.0.1.10", "eni-a2", "tcp 80", no, no, "security-group"},
		{"a group's members by the private address", pair, "eni-a1", "10.0.2.20", "tcp 81", yes, yes, ""},
		{"but not by the public one", pair, "eni-a1", "52.0.2.20", "tcp 81", no, no, "security-group"},
		{"a public sender at a public address", pair, "52.0.1.10", "52.0.2.20", "tcp 82", yes, yes, ""},
		{"not inside", pair, "52.0.1.10", "10.0.2.20", "tcp 82", no, no, ""},
		{"without a public address none is reached", pair, "eni-lone", "52.0.2.20", "tcp 81", no, no, "internet-gateway"},
	})
}

// https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
func TestGatewayEndpoints(t *testing.T) {
	t.Parallel()
	const bucket = "52.216.1.1"
	service := func(entries ...string) func(b *builder) {
		return func(b *builder) {
			b.prefixList("pl-s3", entries...)
			b.Endpoints = append(b.Endpoints, &estate.Endpoint{Resource: b.resource("vpc-endpoint", "vpce-s3"), VPC: "vpc-a", Type: "Gateway",
				Service: "com.amazonaws.us-east-1.s3", State: "available"})
			b.peering("pcx-ab", "vpc-a", "vpc-b", "active")
			b.table("rtb-a", "vpc-a", b.locals("vpc-a", "pl-s3 vpce-s3", "10.1.0.0/16 pcx-ab"))
			b.table("rtb-b", "vpc-b", b.locals("vpc-b", "10.0.0.0/16 pcx-ab"))
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-b1", "subnet-b1", "10.1.1.20")
		}
	}
	read := service("52.216.0.0/15")
	check(t, []rule{
		{"to the service, and back", read, "eni-a1", bucket, "tcp 443", yes, yes, ""},
		{"not to others", read, "eni-a1", somebody, "tcp 443", no, no, "route-table"},
		{"not UDP", read, "eni-a1", bucket, "udp 443", no, no, "vpc-endpoint"},
		{"pings", read, "eni-a1", bucket, "icmp 8/0", yes, yes, ""},
		{"the subnet's ACL sees what comes back", func(b *builder) {
			read(b)
			b.acl("acl-a1", "vpc-a", []string{"100 out allow all 0.0.0.0/0", "100 in allow all 10.0.0.0/8"}, "subnet-a1")
		}, "eni-a1", bucket, "tcp 443", yes, no, ""},
		{"without the entries nobody knows", service(), "eni-a1", bucket, "tcp 443", unknown, unknown, ""},
		{"whatever the entries, they are public", service(), "eni-a1", "eni-b1", "tcp 22", yes, yes, ""},
	})
}

func TestPeerings(t *testing.T) {
	t.Parallel()
	peer := func(status, back string) func(b *builder) {
		return func(b *builder) {
			b.peering("pcx-ab", "vpc-a", "vpc-b", status)
			b.table("rtb-a", "vpc-a", b.locals("vpc-a", "10.1.0.0/16 pcx-ab", "0.0.0.0/0 igw-a"))
			routes := b.locals("vpc-b")
			if back != "" {
				routes = append(routes, back+" pcx-ab")
			}
			b.table("rtb-b", "vpc-b", routes)
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-b1", "subnet-b1", "10.1.1.20")
		}
	}
	check(t, []rule{
		{"to the peer, and back", peer("active", "10.0.0.0/16"), "eni-a1", "eni-b1", "tcp 22", yes, yes, ""},
		{"without a route back there is no reply", peer("active", ""), "eni-a1", "eni-b1", "tcp 22", yes, no, ""},
		{"it must be active", peer("pending-acceptance", "10.0.0.0/16"), "eni-a1", "eni-b1", "tcp 22", no, no, ""},
		{"not through the peer to its peer", func(b *builder) {
			b.peering("pcx-ab", "vpc-a", "vpc-b", "active")
			b.peering("pcx-bc", "vpc-b", "vpc-c", "active")
			b.table("rtb-a", "vpc-a", b.locals("vpc-a", "10.2.0.0/16 pcx-ab"))
			b.table("rtb-b", "vpc-b", b.locals("vpc-b", "10.2.0.0/16 pcx-bc", "10.0.0.0/16 pcx-ab"))
			b.table("rtb-c", "vpc-c", b.locals("vpc-c", "10.0.0.0/16 pcx-bc"))
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-c1", "subnet-c1", "10.2.1.20")
		}, "eni-a1", "eni-c1", "tcp 22", no, no, ""},
		{"not through the peer to the Internet", func(b *builder) {
			b.peering("pcx-ab", "vpc-a", "vpc-b", "active")
			b.table("rtb-b", "vpc-b", b.locals("vpc-b", "0.0.0.0/0 pcx-ab"))
			b.eni("eni-b1", "subnet-b1", "10.1.1.20", "public=52.1.1.20")
		}, "eni-b1", somebody, "tcp 443", no, no, ""},
		{"over IPv6 too", func(b *builder) {
			b.peering("pcx-ab", "vpc-a", "vpc-b", "active")
			b.table("rtb-a", "vpc-a", b.locals("vpc-a", "2600:1f18:2::/56 pcx-ab"))
			b.table("rtb-b", "vpc-b", b.locals("vpc-b", "2600:1f18:1::/56 pcx-ab"))
			b.eni("eni-a1", "subnet-a1", "2600:1f18:1:1::10")
			b.eni("eni-b1", "subnet-b1", "2600:1f18:2:1::20")
		}, "eni-a1", "eni-b1", "tcp 22", yes, yes, ""},
		{"a peer that nobody read may send, and may be answered", func(b *builder) {
			b.peering("pcx-ax", "vpc-a", "vpc-unread", "active")
			b.table("rtb-a", "vpc-a", b.locals("vpc-a", "10.99.0.0/16 pcx-ax"))
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
		}, "10.99.0.1", "eni-a1", "tcp 22", unknown, unknown, ""},
		{"without a route it is not answered", func(b *builder) {
			b.peering("pcx-ax", "vpc-a", "vpc-unread", "active")
			b.table("rtb-a", "vpc-a", b.locals("vpc-a"))
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
		}, "10.99.0.1", "eni-a1", "tcp 22", unknown, no, ""},
		{"nobody sends from an address that no interface of the peer has", peer("active", "10.0.0.0/16"), "10.1.1.99", "eni-a1", "tcp 22", no, no, ""},
		{"unless its interfaces were not read", func(b *builder) {
			there := b.at("444455556666", "us-east-1")
			there.vpc("vpc-far", "10.7.0.0/16")
			there.subnet("subnet-far", "vpc-far", "a", "10.7.1.0/24")
			there.table("rtb-far", "vpc-far", there.locals("vpc-far", "10.0.0.0/16 pcx-1"))
			b.peering("pcx-1", "vpc-a", "vpc-far", "active")
			b.table("rtb-a", "vpc-a", b.locals("vpc-a", "10.7.0.0/16 pcx-1"))
			there.deny("ec2:DescribeNetworkInterfaces")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
		}, "10.7.1.99", "eni-a1", "tcp 22", unknown, unknown, ""},
		{"a peer that nobody read is unknown", func(b *builder) {
			b.peering("pcx-ax", "vpc-a", "vpc-unread", "active")
			b.table("rtb-a", "vpc-a", b.locals("vpc-a", "10.99.0.0/16 pcx-ax"))
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
		}, "eni-a1", "10.99.0.1", "tcp 22", unknown, unknown, ""},
	})
}

// overTransit joins VPCs a and b by a transit gateway: attached in a1 and b1, both with one table and routes to each other.
func overTransit(b *builder, gateway, attachment bool) {
	b.tgw("tgw-1", gateway)
	b.attach("att-a", "tgw-1", "vpc-a", "tgw-rtb", true, "subnet-a1")
	b.attach("att-b", "tgw-1", "vpc-b", "tgw-rtb", attachment, "subnet-b1")
	b.transitTable("tgw-rtb", "tgw-1", "10.0.0.0/16 att-a", "10.1.0.0/16 att-b")
	b.table("rtb-a", "vpc-a", b.locals("vpc-a", "10.1.0.0/16 tgw-1"))
	b.table("rtb-b", "vpc-b", b.locals("vpc-b", "10.0.0.0/16 tgw-1"))
}

// twoDoors joins VPCs a and b, b by two subnets, out of the second of which an ACL lets nothing; the server is in a third.
func twoDoors(b *builder, appliance bool) {
	overTransit(b, false, false)
	b.subnet("subnet-b3", "vpc-b", "a", "10.1.3.0/24")
	for _, a := range b.TransitGatewayAttachments {
		if a.Ref().ID == "att-b" {
			a.VPC = estate.Know(estate.TransitGatewayVPC{Subnets: []string{"subnet-b1", "subnet-b2"}, ApplianceMode: appliance})
		}
	}
	b.acl("acl-shut", "vpc-b", []string{"100 in allow all 0.0.0.0/0"}, "subnet-b2")
	alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
	alone(b, "eni-b3", "subnet-b3", "10.1.3.20")
}

func TestTransitGateways(t *testing.T) {
	t.Parallel()
	// The client's subnet, zone a or b, and the table of the transit gateway are the test's.
	joined := func(from string, table string, routes ...string) func(b *builder) {
		return func(b *builder) {
			b.tgw("tgw-1", false)
			b.attach("att-a", "tgw-1", "vpc-a", table, false, "subnet-a1")
			b.attach("att-b", "tgw-1", "vpc-b", "tgw-rtb-b", false, "subnet-b1")
			b.attach("att-c", "tgw-1", "vpc-c", "tgw-rtb-b", false, "subnet-c1")
			b.attachment("att-vpn", "tgw-1", "vpn", "vpn-1", "tgw-rtb-b")
			b.attachment("att-gre", "tgw-1", "connect", "att-vpn", "tgw-rtb-b")
			b.transitTable("tgw-rtb-a", "tgw-1", routes...)
			b.transitTable("tgw-rtb-b", "tgw-1", "10.0.0.0/16 att-a")
			b.table("rtb-a", "vpc-a", b.locals("vpc-a", "10.1.0.0/16 tgw-1", "192.168.0.0/16 tgw-1"))
			b.table("rtb-b", "vpc-b", b.locals("vpc-b", "10.0.0.0/16 tgw-1"))
			alone(b, "eni-a", from, map[string]string{"subnet-a1": "10.0.1.10", "subnet-a2": "10.0.2.10"}[from])
			alone(b, "eni-b1", "subnet-b2", "10.1.2.20")
		}
	}
	check(t, []rule{
		{"to another VPC, and back", joined("subnet-a1", "tgw-rtb-a", "10.1.0.0/16 att-b"), "eni-a", "eni-b1", "tcp 22", yes, no, ""},
		{"an attachment without a table goes nowhere", joined("subnet-a1", "", "10.1.0.0/16 att-b"), "eni-a", "eni-b1", "tcp 22", no, no, ""},
		{"the attachment's own table holds", joined("subnet-a1", "tgw-rtb-a"), "eni-a", "eni-b1", "tcp 22", no, no, ""},
		{"the longest prefix wins", joined("subnet-a1", "tgw-rtb-a", "10.0.0.0/8 att-c", "10.1.0.0/16 att-b"), "eni-a", "eni-b1", "tcp 22", yes, no, ""},
		{"static goes before propagated", joined("subnet-a1", "tgw-rtb-a", "10.1.0.0/16 att-c", "10.1.0.0/16 att-b static"), "eni-a", "eni-b1", "tcp 22", yes, no, ""},
		{"a blackhole", joined("subnet-a1", "tgw-rtb-a", "10.0.0.0/8 att-b", "10.1.0.0/16 blackhole"), "eni-a", "eni-b1", "tcp 22", no, no, ""},
		{"what goes into another VPC does not arrive", joined("subnet-a1", "tgw-rtb-a", "10.1.0.0/16 att-c static"), "eni-a", "eni-b1", "tcp 22", no, no, ""},
		// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html
		{"a zone without a subnet of the attachment has no way in", joined("subnet-a2", "tgw-rtb-a", "10.1.0.0/16 att-b"), "eni-a", "eni-b1", "tcp 22", no, no, ""},
		{"a VPN leads where nobody sees", joined("subnet-a1", "tgw-rtb-a", "192.168.0.0/16 att-vpn"), "eni-a", "192.168.7.7", "tcp 22", unknown, unknown, ""},
		{"a Connect attachment leads where nobody sees", joined("subnet-a1", "tgw-rtb-a", "192.168.0.0/16 att-gre"), "eni-a", "192.168.7.7", "tcp 22", unknown, unknown, ""},
		{"both in the zone of the attachments: a session", func(b *builder) {
			overTransit(b, false, false)
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-b1", "subnet-b1", "10.1.1.20")
		}, "eni-a1", "eni-b1", "tcp 22", yes, yes, ""},
		{"without a route back there is no reply", func(b *builder) {
			overTransit(b, false, false)
			b.table("rtb-b1", "vpc-b", b.locals("vpc-b"), "subnet-b1")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-b1", "subnet-b1", "10.1.1.20")
		}, "eni-a1", "eni-b1", "tcp 22", yes, no, ""},
		// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html: in the attachment's own subnet, what an instance sends is seen going out
		// and coming in, and what comes to it from the gateway is not seen at all.
		{"the attachment's ACL sees packets come in, also in the sender's subnet", func(b *builder) {
			overTransit(b, false, false)
			b.acl("acl-a1", "vpc-a", []string{"90 in deny tcp 22 10.0.1.0/24", "100 in allow all 0.0.0.0/0", "100 out allow all 0.0.0.0/0"}, "subnet-a1")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-b1", "subnet-b1", "10.1.1.20")
		}, "eni-a1", "eni-b1", "tcp 22", no, no, "network-acl"},
		{"the attachment's ACL does not see packets to its own subnet", func(b *builder) {
			overTransit(b, false, false)
			b.acl("acl-b1", "vpc-b", []string{"90 in deny tcp 22 10.0.1.0/24", "100 in allow all 0.0.0.0/0", "100 out allow all 0.0.0.0/0"}, "subnet-b1")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-b1", "subnet-b1", "10.1.1.20")
		}, "eni-a1", "eni-b1", "tcp 22", yes, yes, ""},
		{"the attachment's ACL sees packets leave for another subnet", func(b *builder) {
			overTransit(b, false, false)
			b.acl("acl-b1", "vpc-b", []string{"90 out deny tcp 22 10.1.2.0/24", "100 in allow all 0.0.0.0/0", "100 out allow all 0.0.0.0/0"}, "subnet-b1")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-b2", "subnet-b2", "10.1.2.20")
		}, "eni-a1", "eni-b2", "tcp 22", no, no, "network-acl"},
		// https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html
		{"zones are one by their ids, whatever another account calls them", func(b *builder) {
			twoDoors(b, false)
			b.subnetOf("subnet-b1").ZoneID, b.subnetOf("subnet-b2").ZoneID = b.subnetOf("subnet-b2").ZoneID, b.subnetOf("subnet-b1").ZoneID
		}, "eni-a1", "eni-b3", "tcp 22", no, no, "network-acl"},
		{"it enters by the subnet in the sender's zone", func(b *builder) { twoDoors(b, false) }, "eni-a1", "eni-b3", "tcp 22", yes, yes, ""},
		{"in appliance mode it may enter by any", func(b *builder) { twoDoors(b, true) }, "eni-a1", "eni-b3", "tcp 22", unknown, unknown, ""},
		{"in appliance mode, if all lead there", func(b *builder) {
			twoDoors(b, true)
			b.acl("acl-b2", "vpc-b", append([]string{"90 out allow all 10.1.3.0/24"}, openACL...), "subnet-b2")
			b.NetworkACLs = slices.DeleteFunc(b.NetworkACLs, func(a *estate.NetworkACL) bool { return a.Ref().ID == "acl-shut" })
		}, "eni-a1", "eni-b3", "tcp 22", yes, yes, ""},
		{"in appliance mode, if none does", func(b *builder) {
			twoDoors(b, true)
			b.acl("acl-b1", "vpc-b", nil, "subnet-b1")
		}, "eni-a1", "eni-b3", "tcp 22", no, no, "network-acl"},
		{"over a peering of transit gateways", func(b *builder) {
			there := b.at("111122223333", "eu-west-1")
			there.vpc("vpc-far", "10.7.0.0/16")
			there.subnet("subnet-far", "vpc-far", "a", "10.7.1.0/24")
			b.tgw("tgw-1", false)
			there.tgw("tgw-2", false)
			b.attach("att-a", "tgw-1", "vpc-a", "tgw-rtb-1", false, "subnet-a1")
			there.attach("att-far", "tgw-2", "vpc-far", "tgw-rtb-2", false, "subnet-far")
			b.attachment("att-peer", "tgw-1", "peering", "tgw-2", "tgw-rtb-1")
			there.attachment("att-peer", "tgw-2", "peering", "tgw-1", "tgw-rtb-2")
			b.transitTable("tgw-rtb-1", "tgw-1", "10.7.0.0/16 att-peer static", "10.0.0.0/16 att-a")
			there.transitTable("tgw-rtb-2", "tgw-2", "10.0.0.0/16 att-peer static", "10.7.0.0/16 att-far")
			b.table("rtb-a", "vpc-a", b.locals("vpc-a", "10.7.0.0/16 tgw-1"))
			there.table("rtb-far", "vpc-far", b.locals("vpc-far", "10.0.0.0/16 tgw-2"))
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(there, "eni-far", "subnet-far", "10.7.1.20")
		}, "eni-a1", "eni-far", "tcp 22", yes, yes, ""},
		{"a virtual private gateway leads where nobody sees", func(b *builder) {
			b.vgw("vgw-a", "vpc-a")
			b.table("rtb-a", "vpc-a", b.locals("vpc-a", "192.168.0.0/16 vgw-a propagated"))
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
		}, "eni-a1", "192.168.7.7", "tcp 22", unknown, unknown, ""},
		{"and what is behind it may send, and be answered", func(b *builder) {
			b.vgw("vgw-a", "vpc-a")
			b.table("rtb-a", "vpc-a", b.locals("vpc-a", "192.168.0.0/16 vgw-a propagated"))
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
		}, "192.168.7.7", "eni-a1", "tcp 22", unknown, unknown, ""},
		{"a group that lets nothing out decides before a virtual private gateway", func(b *builder) {
			b.vgw("vgw-a", "vpc-a")
			b.table("rtb-a", "vpc-a", b.locals("vpc-a", "192.168.0.0/16 vgw-a propagated"))
			b.group("sg-mute", "vpc-a")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10", "sg-mute")
		}, "eni-a1", "192.168.7.7", "tcp 22", no, no, "security-group"},
	})
}

// https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html
func TestBlockPublicAccess(t *testing.T) {
	t.Parallel()
	blocked := func(mode string, exclusions ...string) func(b *builder) {
		return func(b *builder) {
			b.blockPublicAccess(mode)
			for _, x := range exclusions {
				of, how, _ := strings.Cut(x, " ")
				b.exclude(of, how)
			}
			natted("52.0.2.5")(b)
			inA2(b)
			b.eigw("eigw-b", "vpc-b")
			b.table("rtb-b", "vpc-b", b.locals("vpc-b", "::/0 eigw-b"))
			b.eni("eni-b1", "subnet-b1", "2600:1f18:2:1::20")
		}
	}
	const kind = ""
	check(t, []rule{
		{"off", blocked("off"), somebody, "eni-a2", "tcp 22", yes, yes, ""},
		{"both ways: nothing in", blocked("block-bidirectional"), somebody, "eni-a2", "tcp 22", no, no, kind},
		{"both ways: nothing out", blocked("block-bidirectional"), "eni-a2", somebody, "tcp 443", no, no, kind},
		{"both ways: nothing in over IPv6", blocked("block-bidirectional"), somebodyV6, "eni-a2", "tcp 22", no, no, kind},
		{"both ways: nothing out by NAT", blocked("block-bidirectional"), "eni-a1", somebody, "tcp 443", no, no, kind},
		{"both ways: nothing out by an egress-only gateway", blocked("block-bidirectional"), "eni-b1", somebodyV6, "tcp 443", no, no, kind},
		{"ingress: nothing in", blocked("block-ingress"), somebody, "eni-a2", "tcp 22", no, no, kind},
		{"ingress: out by NAT", blocked("block-ingress"), "eni-a1", somebody, "tcp 443", yes, yes, ""},
		{"ingress: out by an egress-only gateway", blocked("block-ingress"), "eni-b1", somebodyV6, "tcp 443", yes, yes, ""},
		// "Only traffic to and from NAT gateways and egress-only internet gateways is allowed": not an instance by itself.
		{"ingress: nothing out by itself", blocked("block-ingress"), "eni-a2", somebody, "tcp 443", no, no, kind},
		{"an excluded subnet", blocked("block-bidirectional", "subnet-a2 allow-bidirectional"), somebody, "eni-a2", "tcp 22", yes, yes, ""},
		{"an excluded VPC", blocked("block-bidirectional", "vpc-a allow-bidirectional"), somebody, "eni-a2", "tcp 22", yes, yes, ""},
		{"another subnet's exclusion", blocked("block-bidirectional", "subnet-a1 allow-bidirectional"), somebody, "eni-a2", "tcp 22", no, no, kind},
		{"excluded for egress: nothing in", blocked("block-bidirectional", "subnet-a2 allow-egress"), somebody, "eni-a2", "tcp 22", no, no, kind},
		{"excluded for egress: out", blocked("block-bidirectional", "subnet-a2 allow-egress"), "eni-a2", somebody, "tcp 443", yes, yes, ""},
		{"excluded for egress: out by NAT in the excluded subnet", blocked("block-bidirectional", "subnet-a2 allow-egress"), "eni-a1", somebody, "tcp 443", yes, yes, ""},
		{"excluded for egress means nothing where only ingress is blocked", blocked("block-ingress", "subnet-a2 allow-egress"), "eni-a2", somebody, "tcp 443", no, no, kind},
		{"inside it blocks nothing", blocked("block-bidirectional"), "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"a mode that was not read is unknown", func(b *builder) {
			inA1(b)
			b.BlockPublicAccess = []*estate.BlockPublicAccess{{Place: b.Place, Mode: estate.Unread[string](b.gap("ec2:DescribeVpcBlockPublicAccessOptions", ""))}}
			b.deny("ec2:DescribeVpcBlockPublicAccessOptions")
		}, somebody, "eni-a1", "tcp 22", unknown, unknown, ""},
		{"a mode that was not read means nothing to what is excluded", func(b *builder) {
			inA1(b)
			b.exclude("vpc-a", "allow-bidirectional")
			b.BlockPublicAccess = []*estate.BlockPublicAccess{{Place: b.Place, Mode: estate.Unread[string](b.gap("ec2:DescribeVpcBlockPublicAccessOptions", ""))}}
			b.deny("ec2:DescribeVpcBlockPublicAccessOptions")
		}, somebody, "eni-a1", "tcp 22", yes, yes, ""},
		{"exclusions that were not read are unknown", func(b *builder) {
			inA1(b)
			b.blockPublicAccess("block-bidirectional")
			b.deny("ec2:DescribeVpcBlockPublicAccessExclusions")
		}, somebody, "eni-a1", "tcp 22", unknown, unknown, ""},
	})
}

var everywhere = netset.Of(netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0"))

// firewallRule is a rule for TCP to some ports, from and to everywhere.
func firewallRule(action string, ports ...uint16) estate.FirewallRule {
	to := netset.AllPorts()
	if len(ports) > 0 {
		to = netset.Ports{}
		for _, p := range ports {
			to = to.Union(netset.PortsOf(netset.PortRange{First: p, Last: p}))
		}
	}
	return estate.FirewallRule{Actions: []string{action}, Protocols: []netset.Protocol{netset.TCP}, Sources: everywhere, Destinations: everywhere,
		SourcePorts: netset.AllPorts(), DestinationPorts: to}
}

func firewallGroup(rules ...estate.FirewallRule) estate.FirewallGroup {
	for i := range rules {
		rules[i].Priority = i + 1
	}
	return estate.FirewallGroup{ARN: "arn:aws:network-firewall:us-east-1:111122223333:stateful-rulegroup/g", Priority: 1, Rules: estate.Know(rules)}
}

// passes is a policy that lets everything through.
func passes() estate.FirewallPolicy {
	return estate.FirewallPolicy{StatelessDefault: []string{"aws:pass"}, FragmentDefault: []string{"aws:pass"}, Order: "DEFAULT_ACTION_ORDER"}
}

// inspects is a policy that hands everything to its stateful rules.
func inspects(order string, defaults []string, groups ...estate.FirewallGroup) estate.FirewallPolicy {
	return estate.FirewallPolicy{StatelessDefault: []string{"aws:forward_to_sfe"}, FragmentDefault: []string{"aws:forward_to_sfe"},
		Order: order, StatefulDefault: defaults, Stateful: groups}
}

// betweenSubnets puts a firewall between a1 and a2, both ways, by routes more specific than the local one.
func betweenSubnets(b *builder, policy estate.FirewallPolicy) *estate.Firewall {
	b.subnet("subnet-fw", "vpc-a", "a", "10.0.9.0/24")
	b.table("rtb-a1", "vpc-a", b.locals("vpc-a", "10.0.2.0/24 vpce-fw"), "subnet-a1")
	b.table("rtb-a2", "vpc-a", b.locals("vpc-a", "10.0.1.0/24 vpce-fw"), "subnet-a2")
	return b.firewall("fw-1", "vpc-a", "vpce-fw", "subnet-fw", policy)
}

// https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-rules-engines.html
// inspectedBetween joins VPCs a and b by a transit gateway that sends what passes between them through a firewall in VPC c, which
// has an endpoint in each zone. The client is in one zone, the server in the other.
func inspectedBetween(b *builder, appliance bool) {
	b.tgw("tgw-1", false)
	b.attach("att-a", "tgw-1", "vpc-a", "tgw-rtb-1", false, "subnet-a1", "subnet-a2")
	b.attach("att-b", "tgw-1", "vpc-b", "tgw-rtb-1", false, "subnet-b1", "subnet-b2")
	b.subnet("subnet-t1", "vpc-c", "a", "10.2.7.0/28")
	b.subnet("subnet-t2", "vpc-c", "b", "10.2.7.16/28")
	b.subnet("subnet-f1", "vpc-c", "a", "10.2.8.0/28")
	b.subnet("subnet-f2", "vpc-c", "b", "10.2.8.16/28")
	b.attach("att-c", "tgw-1", "vpc-c", "tgw-rtb-2", false, "subnet-t1", "subnet-t2")
	b.TransitGatewayAttachments[2].VPC = estate.Know(estate.TransitGatewayVPC{Subnets: []string{"subnet-t1", "subnet-t2"}, ApplianceMode: appliance})
	b.transitTable("tgw-rtb-1", "tgw-1", "0.0.0.0/0 att-c static")
	b.transitTable("tgw-rtb-2", "tgw-1", "10.0.0.0/16 att-a", "10.1.0.0/16 att-b")
	b.table("rtb-a", "vpc-a", b.locals("vpc-a", "10.1.0.0/16 tgw-1"))
	b.table("rtb-b", "vpc-b", b.locals("vpc-b", "10.0.0.0/16 tgw-1"))
	b.table("rtb-t1", "vpc-c", b.locals("vpc-c", "0.0.0.0/0 vpce-1"), "subnet-t1")
	b.table("rtb-t2", "vpc-c", b.locals("vpc-c", "0.0.0.0/0 vpce-2"), "subnet-t2")
	b.table("rtb-f", "vpc-c", b.locals("vpc-c", "0.0.0.0/0 tgw-1"), "subnet-f1", "subnet-f2")
	f := b.firewall("fw-1", "vpc-c", "vpce-1", "subnet-f1", inspects("DEFAULT_ACTION_ORDER", nil))
	first, _ := f.Endpoints.Value()
	f.Endpoints = estate.Know(append(first, estate.FirewallEndpoint{Endpoint: "vpce-2", Subnet: "subnet-f2", Zone: "us-east-1b"}))
	alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
	alone(b, "eni-b2", "subnet-b2", "10.1.2.20")
}

func TestFirewalls(t *testing.T) {
	t.Parallel()
	// At the edge: the gateway's table sends packets for a1 to the firewall, and a1's default route goes there.
	edge := func(policy estate.FirewallPolicy) func(b *builder) {
		return func(b *builder) {
			b.subnet("subnet-fw", "vpc-a", "a", "10.0.9.0/24")
			b.table("rtb-a1", "vpc-a", b.locals("vpc-a", "0.0.0.0/0 vpce-fw"), "subnet-a1")
			b.table("rtb-fw", "vpc-a", b.locals("vpc-a", "0.0.0.0/0 igw-a"), "subnet-fw")
			b.edge("rtb-edge", "vpc-a", "igw-a", "10.0.0.0/16 local", "10.0.1.0/24 vpce-fw")
			b.firewall("fw-1", "vpc-a", "vpce-fw", "subnet-fw", policy)
			inA1(b)
		}
	}
	between := func(policy estate.FirewallPolicy) func(b *builder) {
		return func(b *builder) {
			betweenSubnets(b, policy)
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20")
		}
	}
	drop22, pass22 := firewallGroup(firewallRule("DROP", 22)), firewallGroup(firewallRule("PASS", 22))
	both := firewallGroup(firewallRule("DROP", 22), firewallRule("PASS", 22))
	opaque := estate.FirewallGroup{ARN: "arn:aws:network-firewall:us-east-1:111122223333:stateful-rulegroup/domains", Priority: 2, Rules: estate.Know([]estate.FirewallRule{}), Opaque: true}
	stateless := func(def string, rules ...estate.FirewallRule) estate.FirewallPolicy {
		p := inspects("DEFAULT_ACTION_ORDER", nil)
		p.StatelessDefault = []string{def}
		p.Stateless = []estate.FirewallGroup{firewallGroup(rules...)}
		return p
	}
	flags := firewallRule("aws:drop", 22)
	flags.Flags = true
	drop, order, strict := []string{"aws:drop_strict"}, "DEFAULT_ACTION_ORDER", "STRICT_ORDER"
	check(t, []rule{
		{"what drops the established passes a flow that a rule passed", between(inspects(strict, []string{"aws:drop_established"}, pass22)), "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"what drops the established may drop what no rule passed", between(inspects(strict, []string{"aws:drop_established"}, pass22)), "eni-a1", "eni-a2", "tcp 23", yes, unknown, ""},
		// https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-appliance-scenario.html
		{"an endpoint does not know what another has seen", func(b *builder) { inspectedBetween(b, false) }, "eni-a1", "eni-b2", "tcp 22", yes, unknown, ""},
		{"in appliance mode replies come by the same endpoint", func(b *builder) { inspectedBetween(b, true) }, "eni-a1", "eni-b2", "tcp 22", yes, yes, ""},
		{"one that passes everything, from the Internet", edge(passes()), somebody, "eni-a1", "tcp 22", yes, yes, ""},
		{"one that passes everything, to the Internet", edge(passes()), "eni-a1", somebody, "tcp 443", yes, yes, ""},
		{"stateful, from the Internet", edge(inspects(order, nil)), somebody, "eni-a1", "tcp 22", yes, yes, ""},
		{"stateful, to the Internet", edge(inspects(order, nil)), "eni-a1", somebody, "tcp 443", yes, yes, ""},
		{"a drop, from the Internet", edge(inspects(order, nil, drop22)), somebody, "eni-a1", "tcp 22", no, no, "firewall"},
		{"a drop between subnets", between(inspects(order, nil, drop22)), "eni-a1", "eni-a2", "tcp 22", no, no, "firewall"},
		{"a drop of another port", between(inspects(order, nil, drop22)), "eni-a1", "eni-a2", "tcp 23", yes, yes, ""},
		{"by default pass goes before drop", between(inspects(order, nil, both)), "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"in strict order the first decides", between(inspects(strict, nil, both)), "eni-a1", "eni-a2", "tcp 22", no, no, "firewall"},
		{"in strict order the default is pass where none is said", between(inspects(strict, nil, pass22)), "eni-a1", "eni-a2", "tcp 23", yes, yes, ""},
		{"in strict order the default may drop", between(inspects(strict, drop, pass22)), "eni-a1", "eni-a2", "tcp 23", no, no, "firewall"},
		{"in strict order what passes passes", between(inspects(strict, drop, pass22)), "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"domain rules are not understood", between(inspects(order, nil, opaque)), "eni-a1", "eni-a2", "tcp 443", unknown, unknown, ""},
		{"pass makes domain rules irrelevant", between(inspects(order, nil, pass22, opaque)), "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"in strict order a drop before domain rules decides", between(inspects(strict, nil, drop22, opaque)), "eni-a1", "eni-a2", "tcp 22", no, no, "firewall"},
		{"a stateless drop", between(stateless("aws:pass", firewallRule("aws:drop", 22))), "eni-a1", "eni-a2", "tcp 22", no, no, "firewall"},
		{"the lowest stateless priority decides", between(stateless("aws:pass", firewallRule("aws:pass", 22), firewallRule("aws:drop", 22))), "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"a stateless default that drops", between(stateless("aws:drop")), "eni-a1", "eni-a2", "tcp 22", no, no, "firewall"},
		{"a stateless pass needs another for the reply", between(stateless("aws:drop", firewallRule("aws:pass", 22))), "eni-a1", "eni-a2", "tcp 22 from 40000", yes, no, ""},
		{"TCP flags are not understood", between(stateless("aws:pass", flags)), "eni-a1", "eni-a2", "tcp 22", unknown, unknown, ""},
		{"a policy that was not read is unknown", func(b *builder) {
			betweenSubnets(b, passes()).Policy = estate.Unread[*estate.FirewallPolicy](b.gap("network-firewall:DescribeFirewallPolicy", "fw-1"))
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20")
		}, "eni-a1", "eni-a2", "tcp 22", unknown, unknown, ""},
		{"an appliance behind a Gateway Load Balancer is not understood", func(b *builder) {
			betweenSubnets(b, passes())
			b.Firewalls = nil
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20")
		}, "eni-a1", "eni-a2", "tcp 22", unknown, unknown, ""},
	})
}

// TestSendersThatWereNotRead lists who may reach an interface from beyond what was read.
func TestSendersThatWereNotRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		build func(b *builder)
		want  string // kind and id of who joins the unknown, from where, on which ports; all of it unknown
	}{
		{"nothing joins it", func(*builder) {}, ""},
		{"a VPN that is told its routes by BGP", func(b *builder) {
			b.vgw("vgw-a", "vpc-a")
			b.VPNConnections = append(b.VPNConnections, &estate.VPNConnection{Resource: b.resource("vpn-connection", "vpn-1"), Gateway: "vgw-a", State: "available"})
		}, "vpn-gateway vgw-a 10.9.0.0/24 22"},
		{"a VPN with routes", func(b *builder) {
			b.vgw("vgw-a", "vpc-a")
			b.VPNConnections = append(b.VPNConnections, &estate.VPNConnection{Resource: b.resource("vpn-connection", "vpn-1"), Gateway: "vgw-a", State: "available",
				Routes: prefixes("10.9.0.128/25")})
		}, "vpn-gateway vgw-a 10.9.0.128/25 22"},
		{"a VPN with routes, and Direct Connect", func(b *builder) {
			b.vgw("vgw-a", "vpc-a")
			b.VPNConnections = append(b.VPNConnections, &estate.VPNConnection{Resource: b.resource("vpn-connection", "vpn-1"), Gateway: "vgw-a", State: "available",
				Routes: prefixes("10.9.0.128/25")})
			b.DirectConnectAssociations = append(b.DirectConnectAssociations, &estate.DirectConnectAssociation{
				Resource: b.resource("direct-connect-association", "dxa-1"), Gateway: "dx-1", With: "vgw-a", State: "associated"})
		}, "vpn-gateway vgw-a 10.9.0.0/24 22"},
		{"a VPN whose routes are others", func(b *builder) {
			b.vgw("vgw-a", "vpc-a")
			b.VPNConnections = append(b.VPNConnections, &estate.VPNConnection{Resource: b.resource("vpn-connection", "vpn-1"), Gateway: "vgw-a", State: "available",
				Routes: prefixes("192.168.0.0/16")})
		}, ""},
		{"a peer that was not read", func(b *builder) {
			b.peering("pcx-1", "vpc-a", "vpc-unread", "active")
			b.Peerings[0].Accepter.CIDRs = prefixes("10.9.0.0/16")
		}, "vpc-peering-connection pcx-1 10.9.0.0/24 22"},
		{"a peer that was not read, and is elsewhere", func(b *builder) {
			b.peering("pcx-1", "vpc-a", "vpc-unread", "active")
			b.Peerings[0].Accepter.CIDRs = prefixes("172.16.0.0/16")
		}, ""},
		{"a peering that is not active", func(b *builder) { b.peering("pcx-1", "vpc-a", "vpc-unread", "deleted") }, ""},
		{"a VPN at a transit gateway", func(b *builder) {
			b.tgw("tgw-1", false)
			b.attach("att-a", "tgw-1", "vpc-a", "tgw-rtb", false, "subnet-a1")
			b.attachment("att-vpn", "tgw-1", "vpn", "vpn-1", "tgw-rtb")
		}, "transit-gateway-attachment att-vpn 10.9.0.0/24 22"},
		{"VPN gateways that were not read", func(b *builder) { b.deny("ec2:DescribeVpnGateways") }, "network beyond vpc-a 10.9.0.0/24 22"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBuilder().networks()
			b.group("sg-server", "vpc-a", "in tcp 22 10.9.0.0/24")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20", "sg-server")
			c.build(b)
			e := b.fill().done()
			var got []string
			for _, f := range reach.Of(e).To(end(e, "eni-a2"), reach.Filter{}) {
				got = append(got, strings.Join([]string{f.From.Ref.Kind, f.From.Ref.ID, f.Addresses.String(), f.Ports.String()}, " "))
				if f.Arrives != unknown || f.Session != unknown || f.Reason == "" {
					t.Errorf("arrives %v, session %v, because %q; want unknown", f.Arrives, f.Session, f.Reason)
				}
			}
			if got := strings.Join(got, "; "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html
func TestSeveralAddresses(t *testing.T) {
	t.Parallel()
	// In a1, an interface with two public addresses and a private one that has none. The gateway's table drops what is for .11.
	three := func(edge ...string) func(b *builder) {
		return func(b *builder) {
			b.edge("rtb-edge", "vpc-a", "igw-a", append([]string{"10.0.0.0/16 local"}, edge...)...)
			b.eni("eni-a1", "subnet-a1", "10.0.1.10", "10.0.1.11=>52.0.1.11", "10.0.1.12=>52.0.1.12")
			inA2(b)
		}
	}
	first, second := "10.0.1.11/32 vpce-gone blackhole", "10.0.1.12/32 vpce-gone blackhole"
	delegated := func(rules ...string) func(b *builder) {
		return func(b *builder) {
			b.group("sg-server", "vpc-a", rules...)
			b.eni("eni-pods", "subnet-a1", "10.0.1.10", "10.0.1.32/28", "2600:1f18:1:1:8000::/80")
			b.eni("eni-a2", "subnet-a2", "10.0.2.20", "2600:1f18:1:2::20", "sg-server")
		}
	}
	check(t, []rule{
		{"in by the first", three(second), somebody, "eni-a1", "tcp 22", yes, yes, ""},
		{"in by the second", three(first), somebody, "eni-a1", "tcp 22", yes, yes, ""},
		{"in by none", three(first, second), somebody, "eni-a1", "tcp 22", no, no, "route-table"},
		{"out, with replies to the second only", three(first), "eni-a1", somebody, "tcp 443", yes, yes, ""},
		{"out, with replies to none", three(first, second), "eni-a1", somebody, "tcp 443", yes, no, ""},
		{"each private address goes out as its own public one", func(b *builder) {
			b.acl("acl-a2", "vpc-a", append([]string{"90 in deny all 10.0.0.0/8"}, openACL...), "subnet-a2")
			b.group("sg-server", "vpc-a", "in tcp 22 52.0.1.12/32")
			b.eni("eni-a1", "subnet-a1", "10.0.1.10", "10.0.1.11=>52.0.1.11", "10.0.1.12=>52.0.1.12")
			inA2(b, "sg-server")
		}, "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"an address that none of them goes out as", func(b *builder) {
			b.acl("acl-a2", "vpc-a", append([]string{"90 in deny all 10.0.0.0/8"}, openACL...), "subnet-a2")
			b.group("sg-server", "vpc-a", "in tcp 22 52.0.1.13/32")
			b.eni("eni-a1", "subnet-a1", "10.0.1.10", "10.0.1.11=>52.0.1.11", "10.0.1.12=>52.0.1.12")
			inA2(b, "sg-server")
		}, "eni-a1", "eni-a2", "tcp 22", no, no, ""},
		{"it sends from a prefix that is delegated to it", delegated("in tcp 22 10.0.1.32/28"), "eni-pods", "eni-a2", "tcp 22", yes, yes, ""},
		{"it sends from a prefix of IPv6", delegated("in tcp 22 2600:1f18:1:1:8000::/80"), "eni-pods", "eni-a2", "tcp 22", yes, yes, ""},
		{"it sends from nothing else", delegated("in tcp 22 10.0.1.48/28"), "eni-pods", "eni-a2", "tcp 22", no, no, "security-group"},
		{"it is reached in its prefix", delegated("out tcp 22 10.0.1.32/28"), "eni-a2", "eni-pods", "tcp 22", yes, yes, ""},
		{"from outside it is reached in its prefix of IPv6", delegated(), somebodyV6, "eni-pods", "tcp 22", yes, yes, ""},
		{"from outside it is not reached in its prefix of IPv4", delegated(), somebody, "eni-pods", "tcp 22", no, no, ""},
	})
	// An address of a prefix is the interface's.
	b := newBuilder().networks()
	delegated("in tcp 22 10.0.1.32/28")(b)
	e := b.fill().done()
	for address, want := range map[string]estate.Truth{"10.0.1.40": yes, "10.0.1.60": no} {
		if got := reach.Of(e).Ask(reach.Question{From: end(e, address), To: end(e, "eni-a2"), Protocol: netset.TCP, Port: 22}); got.Arrives != want {
			t.Errorf("tcp 22 from %s to eni-a2 arrives %v (%s), want %v", address, got.Arrives, got.Reason, want)
		}
	}
}

// https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html
func TestRepliesFromOutside(t *testing.T) {
	t.Parallel()
	// a1 leaves by out; what comes in for it goes by in.
	edged := func(out, in string, policy estate.FirewallPolicy) func(b *builder) {
		return func(b *builder) {
			b.subnet("subnet-fw", "vpc-a", "a", "10.0.9.0/24")
			b.table("rtb-a1", "vpc-a", b.locals("vpc-a", "0.0.0.0/0 "+out), "subnet-a1")
			b.table("rtb-fw", "vpc-a", b.locals("vpc-a", "0.0.0.0/0 igw-a"), "subnet-fw")
			b.edge("rtb-edge", "vpc-a", "igw-a", "10.0.0.0/16 local", "10.0.1.0/24 "+in)
			b.firewall("fw-1", "vpc-a", "vpce-fw", "subnet-fw", policy)
			alone(b, "eni-box", "subnet-a2", "10.0.2.99").SourceDest = false
			inA1(b)
		}
	}
	fromPort := func(action string, port uint16) estate.FirewallRule {
		r := firewallRule(action)
		r.SourcePorts = netset.PortsOf(netset.PortRange{First: port, Last: port})
		return r
	}
	dropsReplies, passesReplies := passes(), inspects("DEFAULT_ACTION_ORDER", nil)
	dropsReplies.Stateless = []estate.FirewallGroup{firewallGroup(fromPort("aws:drop", 443))}
	passesReplies.Stateless = []estate.FirewallGroup{firewallGroup(fromPort("aws:pass", 443))}
	stateful := inspects("DEFAULT_ACTION_ORDER", nil)
	check(t, []rule{
		{"a stateless rule drops them", edged("vpce-fw", "vpce-fw", dropsReplies), "eni-a1", somebody, "tcp 443", yes, no, ""},
		{"a stateless rule drops others", edged("vpce-fw", "vpce-fw", dropsReplies), "eni-a1", somebody, "tcp 80", yes, yes, ""},
		{"also where only they pass the firewall", edged("igw-a", "vpce-fw", dropsReplies), "eni-a1", somebody, "tcp 443", yes, no, ""},
		{"a firewall knows the flow that it saw begin", edged("vpce-fw", "vpce-fw", stateful), "eni-a1", somebody, "tcp 443", yes, yes, ""},
		// https://docs.aws.amazon.com/network-firewall/latest/developerguide/asymmetric-routing.html
		{"a firewall that sees them only is not understood", edged("igw-a", "vpce-fw", stateful), "eni-a1", somebody, "tcp 443", yes, unknown, ""},
		{"a firewall that does not see them is not understood", edged("vpce-fw", "local", stateful), "eni-a1", somebody, "tcp 443", yes, unknown, ""},
		{"a firewall whose engine does not see them is not understood", edged("vpce-fw", "vpce-fw", passesReplies), "eni-a1", somebody, "tcp 443 from 40000", yes, unknown, ""},
		{"a firewall without state sees each by itself", edged("igw-a", "vpce-fw", passes()), "eni-a1", somebody, "tcp 443", yes, yes, ""},
		{"a route of the gateway that is a blackhole", edged("igw-a", "vpce-gone blackhole", passes()), "eni-a1", somebody, "tcp 443", yes, no, ""},
		{"a route of the gateway to an appliance", edged("igw-a", "eni-box", passes()), "eni-a1", somebody, "tcp 443", yes, unknown, ""},
		{"packets from outside go the same way", edged("igw-a", "vpce-fw", dropsReplies), somebody, "eni-a1", "tcp 443 from 443", no, no, "firewall"},
		{"the ACL of the firewall's subnet sees them", func(b *builder) {
			b.acl("acl-fw", "vpc-a", []string{"90 in deny all 8.0.0.0/8", "100 in allow all 0.0.0.0/0", "100 out allow all 0.0.0.0/0"}, "subnet-fw")
			edged("igw-a", "vpce-fw", passes())(b)
		}, "eni-a1", somebody, "tcp 443", yes, no, ""},
		{"a NAT gateway's come by the route of its subnet", func(b *builder) {
			natted("52.0.2.5")(b)
			b.subnet("subnet-fw", "vpc-a", "a", "10.0.9.0/24")
			b.edge("rtb-edge", "vpc-a", "igw-a", "10.0.0.0/16 local", "10.0.2.0/24 vpce-fw")
			b.firewall("fw-1", "vpc-a", "vpce-fw", "subnet-fw", dropsReplies)
		}, "eni-a1", somebody, "tcp 443", yes, no, ""},
		{"of an egress-only gateway there are no routes", func(b *builder) {
			b.eigw("eigw-a", "vpc-a")
			b.edge("rtb-edge", "vpc-a", "igw-a", "10.0.0.0/16 local", "2600:1f18:1:1::/64 vpce-gone blackhole")
			b.table("rtb-a1", "vpc-a", b.locals("vpc-a", "::/0 eigw-a"), "subnet-a1")
			inA1(b)
		}, "eni-a1", somebodyV6, "tcp 443", yes, yes, ""},
	})
}

func TestAppliances(t *testing.T) {
	t.Parallel()
	// a1 asks outside by an appliance, of which the subnet is the test's; a1's ACL lets nothing out.
	closed := []string{"100 in allow all 0.0.0.0/0"}
	by := func(subnet, address string) func(b *builder) {
		return func(b *builder) {
			alone(b, "eni-box", subnet, address).SourceDest = false
			b.table("rtb-a1", "vpc-a", b.locals("vpc-a", "0.0.0.0/0 eni-box", "10.0.2.0/24 eni-box"), "subnet-a1")
			b.acl("acl-a1", "vpc-a", closed, "subnet-a1")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
		}
	}
	check(t, []rule{
		{"to one in its own subnet a packet passes no ACL", by("subnet-a1", "10.0.1.99"), "eni-a1", somebody, "tcp 443", unknown, unknown, ""},
		{"to one in another subnet it does", by("subnet-a2", "10.0.2.99"), "eni-a1", somebody, "tcp 443", no, no, "network-acl"},
		{"one that is stopped hands nothing on", func(b *builder) {
			by("subnet-a1", "10.0.1.99")(b)
			b.instance("i-box", "eni-box", "stopped")
		}, "eni-a1", somebody, "tcp 443", no, no, ""},
		{"one in the receiver's subnet passes no ACL there", func(b *builder) {
			by("subnet-a1", "10.0.1.99")(b)
			b.instance("i-box", "eni-box", "running")
			alone(b, "eni-foot", "subnet-a2", "10.0.2.99").Instance = "i-box"
			b.acl("acl-a2", "vpc-a", nil, "subnet-a2")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20")
		}, "eni-a1", "eni-a2", "tcp 443", unknown, unknown, ""},
		{"the receiver's groups decide for whatever an appliance hands on", func(b *builder) {
			by("subnet-a1", "10.0.1.99")(b)
			b.group("sg-closed", "vpc-a")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20", "sg-closed")
		}, "eni-a1", "eni-a2", "tcp 443", no, no, ""},
	})
}

// AWS makes a route a blackhole when its target goes: one that is active and leads to what is not listed contradicts the listing.
func TestTargetsThatWereNotListed(t *testing.T) {
	t.Parallel()
	lead := func(target string) func(b *builder) {
		return func(b *builder) {
			b.table("rtb-a1", "vpc-a", b.locals("vpc-a", "0.0.0.0/0 "+target, "10.1.0.0/16 "+target, "::/0 "+target), "subnet-a1")
			inA1(b)
			alone(b, "eni-b1", "subnet-b1", "10.1.1.20")
		}
	}
	var rules []rule
	for _, target := range []string{"igw-gone", "nat-gone", "pcx-gone", "tgw-gone", "vgw-gone", "vpce-gone", "eni-gone", "i-gone", "lgw-gone"} {
		rules = append(rules, rule{target + ", to the Internet", lead(target), "eni-a1", somebody, "tcp 443", unknown, unknown, ""})
		if target != "igw-gone" { // private addresses are no destination for any internet gateway
			rules = append(rules, rule{target + ", to a peer", lead(target), "eni-a1", "eni-b1", "tcp 443", unknown, unknown, ""})
		}
	}
	check(t, append(rules, []rule{
		{"eigw-gone", lead("eigw-gone"), "eni-a1", somebodyV6, "tcp 443", unknown, unknown, ""},
		{"no internet gateway takes private addresses", lead("igw-gone"), "eni-a1", "eni-b1", "tcp 443", no, no, ""},
		{"one that is a blackhole is known to be gone", lead("nat-gone blackhole"), "eni-a1", somebody, "tcp 443", no, no, "route-table"},
		{"a target that AWS does not tell", func(b *builder) {
			lead("igw-a")(b)
			for i := range b.RouteTables[0].Routes {
				if r := &b.RouteTables[0].Routes[i]; r.Target == "igw-a" {
					r.Target = "" // a filtered route, or a kind that nobody knows yet
				}
			}
		}, "eni-a1", somebody, "tcp 443", unknown, unknown, ""},
		{"a gateway's route to what was not listed", func(b *builder) {
			b.edge("rtb-edge", "vpc-a", "igw-a", "10.0.0.0/16 local", "10.0.1.0/24 vpce-gone")
			inA1(b)
		}, somebody, "eni-a1", "tcp 443", unknown, unknown, ""},
	}...))
}

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

// regional puts a NAT gateway that stands in no subnet into VPC a, with addresses "52.0.3.1 us-east-1a", and a client into a1, routed to it.
func regional(b *builder, addresses ...string) {
	g := &estate.NATGateway{Resource: b.resource("natgateway", "nat-r"), VPC: "vpc-a", Public: true, Regional: true, State: "available"}
	for n, text := range addresses {
		public, zone, _ := strings.Cut(text, " ")
		g.Addresses = append(g.Addresses, estate.NATAddress{Private: netip.AddrFrom4([4]byte{10, 0, 8, byte(n + 1)}), Public: netip.MustParseAddr(public), Zone: zone})
	}
	b.NATGateways = append(b.NATGateways, g)
	b.table("rtb-a1", "vpc-a", b.locals("vpc-a", "0.0.0.0/0 nat-r"), "subnet-a1")
	alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
}

// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html
func TestRegionalNATGateways(t *testing.T) {
	t.Parallel()
	with := func(addresses ...string) func(b *builder) { return func(b *builder) { regional(b, addresses...) } }
	// b1 admits one address only.
	admits := func(admitted string, addresses ...string) func(b *builder) {
		return func(b *builder) {
			regional(b, addresses...)
			b.igw("igw-b", "vpc-b")
			b.group("sg-b", "vpc-b", "in tcp 443 "+admitted)
			b.eni("eni-b1", "subnet-b1", "10.1.1.20", "public=52.1.1.20", "sg-b")
		}
	}
	check(t, []rule{
		{"out, and the reply back", with("52.0.3.1 us-east-1a"), "eni-a1", somebody, "tcp 443", yes, yes, ""},
		{"nobody in", with("52.0.3.1 us-east-1a"), somebody, "eni-a1", "tcp 443", no, no, ""},
		{"only TCP, UDP and ICMP", with("52.0.3.1 us-east-1a"), "eni-a1", somebody, "esp", no, no, ""},
		{"the VPC needs an internet gateway", func(b *builder) {
			regional(b, "52.0.3.1 us-east-1a")
			b.InternetGateways = nil
		}, "eni-a1", somebody, "tcp 443", no, no, ""},
		{"the sender's ACL must let replies in, at the client's ports", func(b *builder) {
			regional(b, "52.0.3.1 us-east-1a")
			b.acl("acl-a1", "vpc-a", []string{"100 out allow all 0.0.0.0/0", "100 in allow tcp 1-1023 0.0.0.0/0"}, "subnet-a1")
		}, "eni-a1", somebody, "tcp 443 from 40000", yes, no, ""},
		{"the sender's ACL sees the client's ports, not the gateway's", func(b *builder) {
			regional(b, "52.0.3.1 us-east-1a")
			b.acl("acl-a1", "vpc-a", []string{"100 out allow all 0.0.0.0/0", "100 in allow tcp 1-1023 0.0.0.0/0"}, "subnet-a1")
		}, "eni-a1", somebody, "tcp 443 from 1000", yes, yes, ""},
		{"it sends from an address of the sender's zone", admits("52.0.3.1/32", "52.0.3.1 us-east-1a", "52.0.3.2 us-east-1b"), "eni-a1", "eni-b1", "tcp 443", yes, yes, ""},
		{"it sends from no address of another zone", admits("52.0.3.2/32", "52.0.3.1 us-east-1a", "52.0.3.2 us-east-1b"), "eni-a1", "eni-b1", "tcp 443", no, no, ""},
		{"from which of several is not known", admits("52.0.3.2/32", "52.0.3.1 us-east-1a", "52.0.3.2 us-east-1a"), "eni-a1", "eni-b1", "tcp 443", unknown, unknown, ""},
		{"where all of several are admitted it does not matter", admits("52.0.3.0/24", "52.0.3.1 us-east-1a", "52.0.3.2 us-east-1a"), "eni-a1", "eni-b1", "tcp 443", yes, yes, ""},
	})
}

// https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html#tgw-ecmp
func TestEqualCostRoutes(t *testing.T) {
	t.Parallel()
	// VPC a asks b; the transit gateway's route there has several attachments.
	over := func(attachments ...string) func(b *builder) {
		return func(b *builder) {
			overTransit(b, false, false)
			b.attach("att-c", "tgw-1", "vpc-c", "tgw-rtb", false, "subnet-c1")
			b.attachment("att-vpn-1", "tgw-1", "vpn", "vpn-1", "tgw-rtb")
			b.attachment("att-vpn-2", "tgw-1", "vpn", "vpn-2", "tgw-rtb")
			routes, _ := b.TransitGatewayRouteTables[0].Routes.Value()
			for i := range routes {
				if routes[i].CIDR.String() == "10.1.0.0/16" {
					routes[i].Attachments = attachments
				}
			}
			b.table("rtb-a1", "vpc-a", b.locals("vpc-a", "10.1.0.0/16 tgw-1"), "subnet-a1")
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-b1", "subnet-b1", "10.1.1.20")
		}
	}
	check(t, []rule{
		{"one of two may lead there", over("att-b", "att-c"), "eni-a1", "eni-b1", "tcp 22", unknown, unknown, ""},
		{"one of two tunnels leads where nobody sees", over("att-vpn-1", "att-vpn-2"), "eni-a1", "10.1.9.9", "tcp 22", unknown, unknown, ""},
		{"none leads there", over("att-c"), "eni-a1", "eni-b1", "tcp 22", no, no, ""},
		{"a group that lets nothing in decides for all", func(b *builder) {
			over("att-b", "att-vpn-1")(b)
			b.group("sg-closed", "vpc-b")
			b.networkInterface("eni-b1").SecurityGroups = []string{"sg-closed"}
		}, "eni-a1", "eni-b1", "tcp 22", no, no, ""},
	})
}
