package reach

import (
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// peer takes packets over a peering connection. It leads from addresses of the one VPC to addresses of the other, and no
// further.
// https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-limitations
func (w *walk) peer(t trail, s *subnet, id string) {
	h := Hop{At: reference("vpc-peering-connection", s.vpc.Place, id)}
	list := w.n.peerings[id]
	if len(list) == 0 {
		t.unlisted(h, id, w.n.unread(s.vpc.Place, "ec2:DescribeVpcPeeringConnections"))
		w.lost(t)
		return
	}
	p := list[0]
	h.At = p.Ref()
	near, far := p.Requester, p.Accepter
	if near.VPC != s.vpc.id {
		near, far = far, near
	}
	switch {
	case p.Status != "active":
		h.Text = id + " is " + p.Status
		t.stop(h)
	case near.VPC != s.vpc.id:
		h.Text = id + " does not join " + s.vpc.id
		t.stop(h)
	case t.transited:
		h.Text = "a peering takes nothing from beyond " + s.vpc.id
		t.stop(h)
	default:
		h.Text = "to " + far.VPC
		t.note(h)
	}
	other := w.n.vpcs[regional{far.Region, far.VPC}]
	t.id = identity{known: estate.Is(near.Region == far.Region)}
	if w.goal.subnet != nil && w.goal.vpc() == other && other != nil {
		w.inside(&t, other)
		w.arrive(t, false)
		return
	}
	if w.goal.subnet != nil || t.stopped {
		t.stop(Hop{At: h.At, Text: "leads to " + far.VPC + " only"})
		w.dead(t)
		return
	}
	if other == nil || other.read == nil {
		place := estate.Place{Account: far.Account, Region: far.Region}
		gaps := w.n.unread(place, "ec2:DescribeVpcs")
		t.unsure(Hop{At: reference("vpc", place, far.VPC)}, gaps, far.VPC+" was not read")
		w.done = append(w.done, t)
		return
	}
	if w.inside(&t, other); t.stopped {
		w.done = append(w.done, t)
		return
	}
	w.nobody(t, other)
}

// inside stops what is not addressed to a VPC's own addresses.
func (w *walk) inside(t *trail, v *vpc) {
	if v.cidrs.Empty() {
		return
	}
	h := Hop{At: reference("vpc", v.Place, v.id)}
	before := len(t.hops)
	t.pass(h, func(b beam) verdict {
		b.dst = intersect(b.dst, v.cidrs)
		if b.empty() {
			return verdict{rule: says("takes only what is for its own addresses")}
		}
		return verdict{yes: []beam{b}}
	})
	if t.hops[before].Passes == estate.True {
		t.hops = t.hops[:before]
	}
}

// vpn hands packets to a virtual private gateway: what is behind it is not in the estate.
func (w *walk) vpn(t trail, s *subnet, id string) {
	g := n0(w.n.vpnGateways, s.Region, id)
	h := Hop{At: reference("vpn-gateway", s.vpc.Place, id)}
	switch {
	case g == nil:
		t.unlisted(h, id, w.n.unread(s.vpc.Place, "ec2:DescribeVpnGateways"))
		w.lost(t)
		return
	case g.VPC != s.vpc.id:
		h.At, h.Text = g.Ref(), id+" is not attached to "+s.vpc.id
		t.stop(h)
		w.dead(t)
		return
	default:
		h.At = g.Ref()
	}
	t.unsure(h, nil, w.n.behindGateway(id)+" is not read")
	w.lost(t)
}

// endpoint takes packets to a VPC endpoint: a gateway to a service, or a firewall.
func (w *walk) endpoint(t trail, s *subnet, id string) {
	if f := w.n.firewalls[regional{s.Region, id}]; f != nil {
		w.firewall(t, s, f, id)
		return
	}
	h := Hop{At: reference("vpc-endpoint", s.vpc.Place, id)}
	e := n0(w.n.endpoints, s.Region, id)
	if e == nil {
		t.unlisted(h, id, w.n.unread(s.vpc.Place, "ec2:DescribeVpcEndpoints"))
		w.lost(t)
		return
	}
	h.At = e.Ref()
	switch {
	case e.Type != "Gateway":
		gaps := w.n.unread(s.vpc.Place, "network-firewall:ListFirewalls")
		t.unsure(h, gaps, "what is behind "+id+" ("+e.Service+") may pass or drop it")
		w.inSubnet = w.goal.subnet != nil && slices.Contains(e.Subnets, w.goal.subnet.id)
		w.lost(t)
		w.inSubnet = false
	case w.goal.outside && (w.protocol == netset.TCP || t.echo(w.protocol)):
		// https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html: network ACLs see what comes back
		h.Text = "to " + e.Service
		t.note(h)
		last := &t.senders[len(t.senders)-1]
		last.service = last.subnet == s
		w.done = append(w.done, t)
	default:
		h.Text = "leads to " + e.Service + " only"
		t.stop(h)
		w.dead(t)
	}
}

// appliance takes packets to an interface that is a route's target.
func (w *walk) appliance(t trail, s *subnet, id string) {
	x := w.n.appliance(s.Region, id)
	h := Hop{At: reference("network-interface", s.vpc.Place, id)}
	switch {
	case x == nil:
		t.unlisted(h, id, w.n.unread(s.vpc.Place, "ec2:DescribeNetworkInterfaces"))
		w.lost(t)
	case x == w.goal.node:
		w.arrive(t, false)
	case x.idle != "":
		h.At, h.Text = x.ref, x.idle
		t.stop(h)
		w.dead(t)
	case !x.forwards:
		// https://docs.aws.amazon.com/vpc/latest/userguide/work-with-nat-instances.html
		h.At, h.Text = x.ref, "its source/destination check drops what is not for it"
		t.stop(h)
		w.dead(t)
	default:
		h.At = x.ref
		t.unsure(h, nil, called(x.ref)+" forwards packets by rules of its own")
		w.inSubnet = w.goal.subnet != nil && w.n.hasFootIn(x, w.goal.subnet)
		w.lost(t)
		w.inSubnet = false
	}
}

// appliance is the node of an interface, or of an instance, that a route names.
func (n *Network) appliance(region, id string) *node {
	if strings.HasPrefix(id, "i-") {
		for _, x := range n.nodes {
			if x.iface.Instance == id && x.Region == region {
				return x
			}
		}
	}
	return n0(n.interfaces, region, id)
}

// hasFootIn reports whether an appliance has an interface in a subnet: what it hands on there passes no network ACL.
func (n *Network) hasFootIn(x *node, s *subnet) bool {
	return slices.Contains(x.subnets, s.id) || x.iface.Instance != "" && slices.ContainsFunc(n.nodes, func(y *node) bool {
		return y.iface.Instance == x.iface.Instance && slices.Contains(y.subnets, s.id)
	})
}
