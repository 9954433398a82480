package reach

import (
	"net/netip"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// out takes packets to the Internet through an internet gateway, which puts the public address of the sender in the place
// of its private one. Over IPv6 addresses stay.
// https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
func (w *walk) out(t trail, s *subnet, id string) {
	g := n0(w.n.internetGateways, s.Region, id)
	h := Hop{At: reference("internet-gateway", s.vpc.Place, id)}
	switch {
	case g == nil:
		t.unlisted(h, id, w.n.unread(s.vpc.Place, "ec2:DescribeInternetGateways"))
	case g.VPC != s.vpc.id:
		h.At, h.Text = g.Ref(), id+" is not attached to "+s.vpc.id
		t.stop(h)
	default:
		h.At = g.Ref()
		t.note(h)
	}
	from := &t.senders[len(t.senders)-1]
	switch {
	case w.reply != nil && !w.goal.internet:
		t.stop(Hop{At: h.At, Text: "the reply leaves to the internet, where the packet did not come from"})
		w.dead(t)
		return
	case from.subnet.vpc != s.vpc:
		t.stop(Hop{At: h.At, Text: "the sender has no address in " + s.vpc.id})
	}
	w.block(&t, s, true, len(t.senders) > 1)
	if !w.six {
		switch {
		case len(from.mapped) > 0:
			t.translate(from.mapped, outward, Hop{At: h.At, Text: "the sender has no public address"})
			if !t.either.Empty() {
				sum := trail{yes: []beam{{src: t.either, dst: all4, from: netset.AllPorts(), to: netset.AllPorts()}}}
				sum.translate(from.mapped, outward, Hop{})
				t.either = sources(sum.yes)
			}
		case from.publicly:
			t.change(func(b *beam) { b.src = publicAddresses(false) })
		default:
			t.stop(Hop{At: h.At, Text: "the sender has no public address"})
		}
	}
	from.gateway, from.through = s.vpc, id
	t.id = identity{known: estate.False}
	t.pass(Hop{At: h.At, Text: "takes packets between public addresses"}, func(b beam) verdict {
		b.dst = intersect(b.dst, routed)
		if b.src = intersect(b.src, routed); b.empty() {
			return verdict{rule: says("private addresses are not routed on the internet")}
		}
		return verdict{yes: []beam{b}}
	})
	if last := len(t.hops) - 1; t.hops[last].Passes == estate.True {
		t.hops = t.hops[:last] // it goes without saying
	}
	if w.goal.internet || w.goal.outside {
		w.done = append(w.done, t)
		return
	}
	w.in(t)
}

// routed are the addresses that internet gateways take: not the private ones of RFC 1918, RFC 6598 and RFC 4193. Addresses for
// documentation are among them, since people document with them.
var routed = netset.Of(netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("2000::/3")).Minus(netset.Of(
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/3"),
))

// publicAddresses are those where anybody may be.
func publicAddresses(six bool) netset.Addresses {
	if six {
		return public6
	}
	return public4
}

// in takes packets from the Internet to the goal through the internet gateway of its VPC.
func (w *walk) in(t trail) {
	g := w.goal
	v := g.subnet.vpc
	h := Hop{At: reference("internet-gateway", v.Place, "of "+v.id)}
	switch {
	case v.gateway != nil:
		h.At = v.gateway.Ref()
		t.note(h)
	default:
		if gaps := w.n.unread(v.Place, "ec2:DescribeInternetGateways"); gaps != nil {
			t.unsure(h, gaps, "")
			break
		}
		t.stop(Hop{At: reference("vpc", v.Place, v.id), Text: v.id + " has no internet gateway"})
	}
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html (denyAllIgwTraffic)
	if x := g.node; w.six && x != nil && x.iface != nil && x.iface.DeniesGateway {
		t.stop(Hop{At: x.ref, Text: called(x.ref) + " takes nothing from internet gateways"})
	}
	w.block(&t, g.subnet, false, false)
	w.advertised(&t, h)
	if !w.six && g.node != nil {
		if mapped := g.node.mappings(g.subnet); mapped != nil {
			t.translate(mapped, inward, Hop{At: h.At, Text: called(g.node.ref) + " does not have that public address"})
		} else {
			private := g.node.address(false, g.subnet)
			t.change(func(b *beam) { b.dst = private })
		}
	}
	if v.gateway == nil {
		w.arrive(t, false)
		return
	}
	w.behind(t, v, v.gateway.Ref().ID)
}

// advertised doubts what is sent to addresses of a range of one's own, which the Internet knows the way to only while it is
// advertised.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-byoip.html
func (w *walk) advertised(t *trail, h Hop) {
	if w.six || len(w.n.pooled) == 0 || t.stopped {
		return
	}
	for _, p := range destinations(t.live()).Prefixes() {
		if pool := w.n.pooled[p.Addr()]; pool != "" && p.IsSingleIP() {
			t.unsure(Hop{At: h.At}, nil, "whether the range of "+p.Addr().String()+", which is of the pool "+pool+", is advertised was not read")
			return
		}
	}
}

// behind takes packets from an internet gateway into its VPC, by the gateway's own route table if it has one.
// https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html
func (w *walk) behind(t trail, v *vpc, gateway string) {
	if edge := n0(w.n.edges, v.Region, gateway); edge != nil && gateway != "" {
		at := &subnet{Place: v.Place, id: gateway, vpc: v} // where it comes from is none of the VPC's subnets
		w.choose(t, edge.choose(destinations(t.live())), edge.Ref(), edge.gaps, func(t trail, r *route) {
			if r.Target == "local" {
				w.arrive(t, false)
			} else {
				w.target(t, at, r.Target)
			}
		})
		return
	}
	if gaps := w.n.unread(v.Place, "ec2:DescribeRouteTables"); gaps != nil && gateway != "" {
		at := Hop{At: reference("internet-gateway", v.Place, gateway), Text: "a route table of the gateway may send it elsewhere"}
		t.unsure(at, gaps, "")
	}
	w.arrive(t, false)
}

// outOnly takes packets out over IPv6 through an egress-only gateway.
// https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html
func (w *walk) outOnly(t trail, s *subnet, id string) {
	g := n0(w.n.egressGateways, s.Region, id)
	h := Hop{At: reference("egress-only-internet-gateway", s.vpc.Place, id)}
	if g != nil {
		h.At = g.Ref()
	}
	switch {
	case w.reply != nil: // what none of them lets through, one that was not read does not either
		h.Text = "lets out only what was started inside"
		t.stop(h)
	case !w.six:
		h.Text = "takes IPv6 only"
		t.stop(h)
	case t.senders[len(t.senders)-1].subnet.vpc != s.vpc:
		h.Text = "the sender has no address in " + s.vpc.id
		t.stop(h)
	case g == nil:
		t.unlisted(h, id, w.n.unread(s.vpc.Place, "ec2:DescribeEgressOnlyInternetGateways"))
	case g.VPC != s.vpc.id:
		h.Text = id + " is not attached to " + s.vpc.id
		t.stop(h)
	default:
		t.note(h)
	}
	w.block(&t, s, true, true)
	t.id = identity{known: estate.False}
	t.senders[len(t.senders)-1].gateway = s.vpc
	if w.goal.internet || w.goal.outside {
		w.done = append(w.done, t)
		return
	}
	if w.goal.node == nil {
		w.dead(t)
		return
	}
	w.in(t)
}

// nat takes packets through a NAT gateway, which sends them on from an address of its own.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html
func (w *walk) nat(t trail, s *subnet, id string) {
	g := n0(w.n.natGateways, s.Region, id)
	h := Hop{At: reference("nat-gateway", s.Place, id)}
	switch {
	case g == nil:
		t.unlisted(h, id, w.n.unread(s.vpc.Place, "ec2:DescribeNatGateways"))
		w.lost(t)
		return
	case w.reply != nil:
		h.At, h.Text = g.Ref(), "the reply leaves through a NAT gateway, under another address"
		t.stop(h)
	case g.State != "available" && g.State != "":
		h.At, h.Text = g.Ref(), id+" is "+g.State
		t.stop(h)
	case g.VPC != s.vpc.id:
		h.At, h.Text = g.Ref(), id+" belongs to "+g.VPC+": it takes nothing from "+s.vpc.id
		t.stop(h)
	case w.six && destinations(t.live()).Intersect(nat64).Empty():
		h.At, h.Text = g.Ref(), "takes IPv6 only to "+nat64.String()
		t.stop(h)
		w.dead(t)
		return
	case w.six:
		h.At = g.Ref()
		t.unsure(h, nil, "translation from IPv6 to IPv4 is not followed")
		w.lost(t)
		return
	case w.protocol != netset.TCP && w.protocol != netset.UDP && w.protocol != netset.ICMP:
		h.At, h.Text = g.Ref(), "a NAT gateway takes only TCP, UDP and ICMP"
		t.stop(h)
	}
	h.At = g.Ref()
	var at *subnet
	if g.Subnet == "" {
		at = w.n.regionalNAT(g, t.senders[len(t.senders)-1].subnet.vpc)
	} else if at = w.n.subnet(g.Place(), g.VPC, g.Subnet); at != s {
		w.aclAt(&t, at, false)
	}
	from := locus{subnet: at, ports: netset.PortsOf(netset.PortRange{First: 1024, Last: 65535}), publicly: g.Public}
	addresses := g.Addresses
	if zone := s.zoneName(); g.Regional && zone != "" { // it serves each zone by addresses of its own, as far as AWS says which
		if own := slices.DeleteFunc(slices.Clone(addresses), func(a estate.NATAddress) bool { return a.Zone != zone }); len(own) > 0 {
			addresses = own
		}
	}
	for _, a := range addresses {
		from.address = from.address.Union(hosts(a.Private))
		if a.Private.IsValid() && a.Public.IsValid() {
			from.mapped = append(from.mapped, mapping{hosts(a.Private), a.Public})
		}
	}
	t.either = netset.Addresses{}
	if len(addresses) > 1 {
		t.either = from.address
	}
	if from.address.Empty() {
		from.address = at.addresses()
	}
	if !t.stopped {
		t.note(Hop{At: h.At, Text: "sends it on from its own address"})
	}
	t.senders = append(t.senders, from)
	t.id = identity{known: estate.False}
	w.sender = nil
	ported := w.protocol == netset.TCP || w.protocol == netset.UDP
	t.change(func(b *beam) {
		if b.src = from.address; ported {
			b.from = from.ports
		}
	})
	if g.Subnet == "" { // a regional one stands in no subnet and leads to the VPC's internet gateway
		if s.vpc.gateway != nil {
			w.out(t, s, s.vpc.gateway.Ref().ID)
			return
		}
		at := Hop{At: reference("vpc", s.vpc.Place, s.vpc.id)}
		if gaps := w.n.unread(s.vpc.Place, "ec2:DescribeInternetGateways"); gaps != nil {
			t.unsure(at, gaps, "")
			w.lost(t)
			return
		}
		at.Text = s.vpc.id + " has no internet gateway"
		t.stop(at)
		w.dead(t)
		return
	}
	if w.goal.subnet == at && w.sameSubnet(&t, at) {
		w.arrive(t, true)
		return
	}
	w.aclAt(&t, at, true)
	w.route(t, at)
}

// regionalNAT is what stands for the subnet of a regional NAT gateway, which is in none: it has no network ACL, and the routes
// of the VPC, by which replies find senders there. Those by which they find others are not read.
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html
func (n *Network) regionalNAT(g *estate.NATGateway, sender *vpc) *subnet {
	v := n.vpc(g.Place(), g.VPC)
	at := &subnet{Place: v.Place, id: g.Ref().ID, vpc: v, bare: true, table: n0(n.edges, v.Region, g.Ref().ID)}
	switch {
	case at.table != nil:
	case sender == v:
		at.table = n.newTable(&estate.RouteTable{Resource: estate.Resource{Reference: reference("route-table", v.Place, "of "+at.id)}, VPC: v.id})
	default:
		at.tableGaps = []estate.Gap{{Place: v.Place, Operation: "ec2:DescribeRouteTables", About: at.id, Why: "the route table of " + at.id + " was not read"}}
	}
	return at
}

// nat64 are the addresses that stand for IPv4 behind a NAT gateway.
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-nat64-dns64.html
var nat64 = netset.Of(netip.MustParsePrefix("64:ff9b::/96"))
