package reach_test

import (
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/reach"
)

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
