package reach

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// transit is the transit gateways and what is attached to them.
type transit struct {
	gateways map[regional]*estate.TransitGateway
	// attachments by transit gateway and id: a peering has the same id at both ends.
	attachments map[[2]string]*estate.TransitGatewayAttachment
	ofVPC       map[[2]string]*estate.TransitGatewayAttachment // by transit gateway and VPC
	tables      map[regional]*estate.TransitGatewayRouteTable
	ordered     map[*estate.TransitGatewayRouteTable]*table // those of which the routes are known
}

func newTransit(e *estate.Estate) transit {
	t := transit{
		gateways:    index(e.TransitGateways),
		attachments: map[[2]string]*estate.TransitGatewayAttachment{},
		ofVPC:       map[[2]string]*estate.TransitGatewayAttachment{},
		tables:      index(e.TransitGatewayRouteTables),
		ordered:     map[*estate.TransitGatewayRouteTable]*table{},
	}
	for _, a := range e.TransitGatewayAttachments {
		key := [2]string{a.TransitGateway, a.Ref().ID}
		if t.attachments[key] == nil {
			t.attachments[key] = a
		}
		// An attachment that is gone is listed for a while beside the one that took its place.
		of := [2]string{a.TransitGateway, a.Of}
		if old := t.ofVPC[of]; a.Type == "vpc" && (old == nil || old.State != "available") {
			t.ofVPC[of] = a
		}
	}
	return t
}

// toTransit takes packets from a VPC to a transit gateway, through the attachment's subnet in the same zone: what comes from
// a zone without one is dropped.
// https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html
func (w *walk) toTransit(t trail, s *subnet, id string) {
	h := Hop{At: reference("transit-gateway", s.vpc.Place, id)}
	if g := n0(w.n.transit.gateways, s.Region, id); g != nil {
		h.At = g.Ref()
	}
	a := w.n.transit.ofVPC[[2]string{id, s.vpc.id}]
	if a == nil {
		gaps, why := w.n.unread(s.vpc.Place, "ec2:DescribeTransitGatewayAttachments"), ""
		if gaps == nil {
			why = "a route leads to " + id + " and is active, but no attachment of " + s.vpc.id + " to it was listed"
		}
		t.unsure(h, gaps, why)
		w.lost(t)
		return
	}
	h.At = a.Ref()
	if a.State != "available" && a.State != "" {
		h.Text = "the attachment is " + a.State
		t.stop(h)
		w.dead(t)
		return
	}
	t.note(h)
	doors, gaps := w.n.attached(a, s.vpc)
	switch near, sure := inZone(doors, s.zone()); {
	case gaps != nil:
		t.unsure(h, gaps, "the subnets of the attachment are not known")
	case near == nil && !sure:
		t.unsure(h, w.n.unread(s.Place, "ec2:DescribeSubnets"), "the zone of "+s.id+" is not known")
	case near == nil:
		t.stop(Hop{At: a.Ref(), Text: "the attachment has no subnet in " + s.zoneName()})
	default:
		w.aclAt(&t, near, false) // also where it is the same subnet
	}
	w.transitRoute(t, a, s.zone(), identity{known: estate.True})
}

// attached are the subnets through which a VPC is attached.
func (n *Network) attached(a *estate.TransitGatewayAttachment, v *vpc) ([]*subnet, []estate.Gap) {
	of, known := a.VPC.Value()
	if !known {
		if gap, unread := a.VPC.Unread(); unread {
			return nil, []estate.Gap{gap}
		}
		return nil, []estate.Gap{{Place: a.Place(), Operation: "ec2:DescribeTransitGatewayVpcAttachments", About: a.Ref().ID}}
	}
	var doors []*subnet
	for _, id := range of.Subnets {
		s := n.subnets[regional{v.Region, id}]
		if s == nil || s.read == nil {
			gaps := n.unread(v.Place, "ec2:DescribeSubnets")
			if gaps == nil {
				gaps = []estate.Gap{{Place: v.Place, Operation: "ec2:DescribeSubnets", Why: "subnet " + id + " was not among those that were read"}}
			}
			return nil, gaps
		}
		doors = append(doors, s)
	}
	return doors, nil
}

// inZone returns the one of some subnets that is in a zone, and whether it is known that there is none.
func inZone(subnets []*subnet, in zone) (near *subnet, sure bool) {
	sure = true
	for _, s := range subnets {
		switch s.zone().is(in) {
		case estate.True:
			return s, true
		case estate.Unknown:
			sure = false
		}
	}
	return nil, sure
}

// transitRoute takes packets that came in by an attachment on, by the route table that it is associated with: the longest
// prefix, and of equal ones a static route before a propagated one.
// https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html#tgw-routing-overview
func (w *walk) transitRoute(t trail, a *estate.TransitGatewayAttachment, from zone, id identity) {
	h := Hop{At: a.Ref()}
	if t.steps++; t.steps > enoughSteps {
		h.Text = "the routes go in a circle"
		t.stop(h)
		w.dead(t)
		return
	}
	with, known := a.RouteTable.Value()
	if !known {
		if gap, unread := a.RouteTable.Unread(); unread {
			t.unsure(h, []estate.Gap{gap}, "")
			w.lost(t)
			return
		}
		h.Text = "the attachment is associated with no route table"
		t.stop(h)
		w.dead(t)
		return
	}
	r := n0(w.n.transit.tables, a.Place().Region, with)
	h.At = reference("transit-gateway-route-table", a.Place(), with)
	if r == nil {
		gaps := w.n.unread(a.Place(), "ec2:DescribeTransitGatewayRouteTables")
		t.unsure(h, gaps, "transit gateway route table "+with+" was not read")
		w.lost(t)
		return
	}
	h.At = r.Ref()
	if _, known := r.Routes.Value(); !known {
		gap, _ := r.Routes.Unread()
		t.unsure(h, []estate.Gap{gap}, "")
		w.lost(t)
		return
	}
	table := w.n.transit.ordered[r]
	w.choose(t, table.choose(destinations(t.live())), r.Ref(), table.gaps, func(t trail, x *route) {
		next := strings.Split(x.Target, ",")
		if len(next) > 1 {
			t.unsure(Hop{At: r.Ref()}, nil, "it goes to one of several attachments")
		}
		for _, to := range next {
			w.fromTransit(t.clone(), a, w.n.transit.attachments[[2]string{a.TransitGateway, to}], to, from, id)
		}
	})
}

func (n *Network) transitTable(r *estate.TransitGatewayRouteTable, routes []estate.TransitGatewayRoute) *table {
	t := &table{}
	for _, x := range routes {
		one := estate.Route{CIDR: x.CIDR, PrefixList: x.PrefixList, Target: strings.Join(x.Attachments, ","),
			Active: !x.Blackhole && len(x.Attachments) > 0, Propagated: !x.Static}
		if x.PrefixList == "" {
			if x.CIDR.IsValid() {
				t.routes = append(t.routes, route{prefix: x.CIDR.Masked(), Route: one})
			}
			continue
		}
		entries, gaps := n.prefixList(r.Place(), x.PrefixList)
		if gaps != nil {
			t.unread, t.gaps = append(t.unread, route{Route: one}), append(t.gaps, gaps...)
			continue
		}
		for _, p := range entries {
			t.routes = append(t.routes, route{prefix: p.Masked(), Route: one})
		}
	}
	slices.SortStableFunc(t.routes, func(a, b route) int {
		return cmp.Or(cmp.Compare(b.prefix.Bits(), a.prefix.Bits()), cmp.Compare(rank(a), rank(b)))
	})
	return t
}

// fromTransit takes packets out of a transit gateway by an attachment.
func (w *walk) fromTransit(t trail, in, out *estate.TransitGatewayAttachment, name string, from zone, id identity) {
	h := Hop{At: reference("transit-gateway-attachment", in.Place(), name)}
	if out == nil {
		gaps := w.n.unread(in.Place(), "ec2:DescribeTransitGatewayAttachments")
		t.unsure(h, gaps, "attachment "+name+" was not read")
		w.lost(t)
		return
	}
	h.At = out.Ref()
	if out.State != "available" && out.State != "" {
		h.Text = "the attachment is " + out.State
		t.stop(h)
		w.dead(t)
		return
	}
	switch out.Type {
	case "vpc":
		t.note(h)
		v := w.n.vpcs[regional{out.Place().Region, out.Of}]
		if v == nil || v.read == nil && (w.goal.subnet == nil || w.goal.vpc() != v) {
			place := estate.Place{Account: cmp.Or(out.OfAccount, out.Place().Account), Region: out.Place().Region}
			t.unsure(Hop{At: reference("vpc", place, out.Of)}, w.n.unread(place, "ec2:DescribeVpcs"), out.Of+" was not read")
			w.lost(t)
			return
		}
		t.id = w.n.overTransit(in, out, id)
		w.enter(t, out, v, from)
	case "peering":
		t.note(h)
		far := w.n.transit.attachments[[2]string{out.Of, out.Ref().ID}]
		if far == nil {
			t.unsure(Hop{At: reference("transit-gateway", out.Place(), out.Of)}, nil, "transit gateway "+out.Of+", at the other end of the peering, was not read")
			w.lost(t)
			return
		}
		w.transitRoute(t, far, from, identity{known: estate.False})
	case "vpn", "direct-connect-gateway":
		t.unsure(h, nil, "it leaves the estate: what is behind "+out.Of+" (VPN or Direct Connect) is not read")
		w.lost(t)
	default:
		t.unsure(h, nil, "what attachment "+out.Ref().ID+" ("+out.Type+") does is not followed")
		w.lost(t)
	}
}

// overTransit says whether groups of the sender are known over a transit gateway: incoming rules know them where the gateway and
// both attachments allow it.
// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-transit-gateways.html (security group referencing)
func (n *Network) overTransit(in, out *estate.TransitGatewayAttachment, id identity) identity {
	if id.known == estate.False || in.Type != "vpc" {
		return identity{known: estate.False}
	}
	allowed := estate.True
	var gaps []estate.Gap
	switch g := n0(n.transit.gateways, in.Place().Region, in.TransitGateway); {
	case g == nil:
		allowed, gaps = estate.Unknown, n.unread(in.Place(), "ec2:DescribeTransitGateways")
	default:
		allowed = estate.Is(g.GroupReferences)
	}
	for _, a := range []*estate.TransitGatewayAttachment{in, out} {
		allowed = estate.And(allowed, a.VPC.Holds(false, func(v estate.TransitGatewayVPC) bool { return v.GroupReferences }))
		if gap, unread := a.VPC.Unread(); unread {
			gaps = append(gaps, gap)
		}
	}
	return identity{known: allowed, inbound: true, gaps: gaps}
}

// enter takes packets from a transit gateway into a VPC, through the attachment's subnet in the zone that they came from, or
// another where it has none there. In appliance mode the gateway picks the subnet for each flow, whatever the zone. The
// network ACL of that subnet filters by its outgoing rules.
// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html
// https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-appliance-scenario.html
func (w *walk) enter(t trail, out *estate.TransitGatewayAttachment, v *vpc, from zone) {
	of, _ := out.VPC.Value()
	if w.six && !of.IPv6 {
		if _, known := out.VPC.Value(); known {
			t.stop(Hop{At: out.Ref(), Text: "the attachment does not take IPv6"})
		}
	}
	doors, gaps := w.n.attached(out, v)
	if gaps == nil && len(doors) == 0 {
		t.stop(Hop{At: out.Ref(), Text: "the attachment has no subnets"})
		w.dead(t)
		return
	}
	t.transited = true
	if gaps != nil {
		t.unsure(Hop{At: out.Ref()}, gaps, "the subnets of the attachment are not known")
		w.lost(t)
		return
	}
	key := out.Ref().Key()
	if !of.ApplianceMode {
		key += " from " + from.id + from.name + from.account
		if near, _ := inZone(doors, from); near != nil {
			doors = []*subnet{near}
		}
	}
	door, unlike := doors[0], w.unlike(doors)
	switch {
	case len(unlike) == 1:
	case w.course == nil:
		t.unsure(Hop{At: out.Ref()}, nil, "which subnet of the attachment it comes in by is not known")
		for _, door := range unlike {
			w.enterBy(t.clone(), door)
		}
		return
	default:
		t.note(Hop{At: out.Ref(), Text: entersByAny})
		door = doors[w.course.pick(key, len(doors))]
	}
	w.enterBy(t, door)
}

// unlike are the subnets that packets do not fare alike by.
func (w *walk) unlike(doors []*subnet) []*subnet {
	var all []*subnet
	for _, s := range doors {
		if !slices.ContainsFunc(all, func(x *subnet) bool {
			return x.table == s.table && x.acl == s.acl && s.table != nil && s.acl != nil && (x == w.goal.subnet) == (s == w.goal.subnet)
		}) {
			all = append(all, s)
		}
	}
	return all
}

// enterBy takes packets on from the subnet by which they come out of a transit gateway.
func (w *walk) enterBy(t trail, door *subnet) {
	if w.goal.subnet == door {
		w.arrive(t, true) // network ACLs are not evaluated
		return
	}
	w.aclAt(&t, door, true)
	w.route(t, door)
}
