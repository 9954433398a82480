package reach_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
)

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
