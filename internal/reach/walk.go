package reach

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// goal is where a walk wants to get.
type goal struct {
	node     *node   // to be delivered to; nil for addresses outside, or for a locus
	subnet   *subnet // where that stands
	internet bool    // out to the Internet through a gateway that knows the flow
	outside  bool    // to addresses that nothing in the estate has
	locus    bool    // back to a sender at subnet: its groups let replies in
}

func (g goal) vpc() *vpc {
	if g.subnet == nil {
		return nil
	}
	return g.subnet.vpc
}

// walk follows beams from a subnet towards a goal, as routers would. It ends up with one trail for each way.
type walk struct {
	n        *Network
	protocol netset.Protocol
	six      bool
	goal     goal
	reply    *trail // of which this is the reply; nil for the way there
	sender   *node
	done     []trail
	// inSubnet says that whoever a packet is lost to may hand it to the goal within its subnet.
	inSubnet bool
	// survey says that only routes are asked: network ACLs are taken down, and let everything through.
	survey bool
	// course says which subnets transit gateways enter by where nobody can tell; without one, all of them are followed.
	course *course
}

const (
	outward = true
	inward  = false
)

// lost ends a trail whose further way is not known: a packet that may go on from there may come from anywhere, so that
// only what lets nobody in still says no.
func (w *walk) lost(t trail) {
	if w.goal.node != nil && len(t.live()) > 0 {
		anywhere := everywhere(w.six)
		t.change(func(b *beam) { b.src, b.dst = anywhere, w.goal.node.address(w.six, w.goal.subnet) })
		t.id, t.lost = identity{known: estate.Unknown, gaps: t.gaps}, true
		sender := w.sender
		w.sender = nil // whoever it passes may send it on as its own
		w.arrive(t, w.inSubnet)
		w.sender = sender
		return
	}
	w.done = append(w.done, t)
}

// dead ends a trail that is stopped for good. What the far end's own rules would do to it is tried still.
func (w *walk) dead(t trail) {
	if w.goal.node != nil && t.stopped && len(t.ghost) > 0 {
		t.id = identity{known: estate.Unknown}
		before := len(t.hops)
		w.arrive(t, false)
		last := &w.done[len(w.done)-1]
		kept := last.hops[:before:before]
		for _, h := range last.hops[before:] {
			if h.Passes == estate.False {
				kept = append(kept, h)
			}
		}
		last.hops = kept
		return
	}
	w.done = append(w.done, t)
}

var (
	all4    = netset.Of(netip.PrefixFrom(netip.IPv4Unspecified(), 0))
	all6    = netset.Of(netip.PrefixFrom(netip.IPv6Unspecified(), 0))
	public4 = all4.Public()
	public6 = all6.Public()
)

func everywhere(six bool) netset.Addresses {
	if six {
		return all6
	}
	return all4
}

// start sends the beams off from a node that stands in a subnet.
func (w *walk) start(t trail, x *node, s *subnet) {
	w.sender = x
	t.senders = []locus{{subnet: s, address: x.address(w.six, s), mapped: x.mappings(s), publicly: x.publicly, denies: x.iface != nil && x.iface.DeniesGateway, ports: t.live()[0].from}}
	switch {
	case x.mute != "":
		t.stop(Hop{At: x.ref, Text: x.mute})
	case x.idleGaps != nil:
		t.unsure(Hop{At: x.ref, Text: "whether it runs is not known"}, x.idleGaps, "")
	default:
		t.note(Hop{At: x.ref, Text: "sends"})
	}
	t.id = w.n.identify(s.vpc, w.goal, t.live())
	byAddress := t.clone()
	w.groupsAt(&t, x, true, w.goal.node, t.id)
	if t.id.known != estate.False && w.n.refersOut(x) {
		w.groupsAt(&byAddress, x, true, w.goal.node, identity{known: estate.False})
		if t.referred = !byAddress.lets(&t); t.referred && !byAddress.stopped {
			w.depart(byAddress, s)
		}
	}
	w.depart(t, s)
}

// depart sends packets on from the sender's subnet.
func (w *walk) depart(t trail, s *subnet) {
	if w.sameSubnet(&t, s) {
		w.arrive(t, true)
		return
	}
	w.leave(t, s)
}

// refersOut reports whether an outgoing rule of a node refers to a group.
func (n *Network) refersOut(x *node) bool {
	return slices.ContainsFunc(x.groups, func(id string) bool {
		g := n.groups[regional{x.Region, id}]
		return g != nil && slices.ContainsFunc(g.Rules, func(r *estate.SecurityGroupRule) bool { return r.Egress && strings.HasPrefix(r.Peer, "sg-") })
	})
}

// leave takes packets out of a subnet: past its network ACL and by its routes. What a route hands to an appliance in the same
// subnet does not leave it, and the ACL does not see it.
func (w *walk) leave(t trail, s *subnet) {
	var near netset.Addresses
	if s.table != nil && s.table.appliances {
		for _, c := range s.table.choose(destinations(t.live())) {
			if c.route != nil && c.route.Active && w.n.within(s, c.route.Target) ||
				c.unknown && slices.ContainsFunc(s.table.unread, func(r route) bool { return w.n.within(s, r.Target) }) {
				near = near.Union(c.to)
			}
		}
	}
	if near.Empty() {
		w.aclAt(&t, s, true)
		w.route(t, s)
		return
	}
	for _, only := range []netset.Addresses{near, everywhere(w.six).Minus(near)} {
		part := t.clone()
		part.bound(only)
		if len(part.live()) == 0 {
			continue
		}
		if !only.Equal(near) {
			w.aclAt(&part, s, true)
		}
		w.route(part, s)
	}
}

// within reports whether what takes packets on stands in a subnet: an appliance, or the endpoint of one.
func (n *Network) within(s *subnet, target string) bool {
	if e := n.endpoints[regional{s.Region, target}]; e != nil {
		return e.Type != "Gateway" && n.firewalls[regional{s.Region, target}] == nil && slices.Contains(e.Subnets, s.id)
	}
	x := n.appliance(s.Region, target)
	return x != nil && slices.Contains(x.subnets, s.id)
}

// sameSubnet reports whether the packets stay within a subnet: nothing but the groups sees them.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
func (w *walk) sameSubnet(t *trail, s *subnet) bool {
	if w.goal.subnet != s || w.goal.internet {
		return false
	}
	inside := s.vpc.cidrs
	return !slices.ContainsFunc(t.live(), func(b beam) bool { return !inside.Empty() && !inside.ContainsAll(b.dst) })
}

// route asks the route table of a subnet, and follows each of its answers.
func (w *walk) route(t trail, s *subnet) {
	if t.steps++; t.steps > enoughSteps {
		t.stop(Hop{At: s.ref(), Text: "the routes go in a circle"})
		w.dead(t)
		return
	}
	if s.table == nil {
		t.unsure(Hop{At: reference("route-table", s.Place, "of "+s.id), Text: "the route table of " + called(s.ref()) + " is not known"}, s.tableGaps, "")
		w.lost(t)
		return
	}
	w.choose(t, s.table.choose(destinations(t.live())), s.table.Ref(), s.table.gaps, func(t trail, r *route) { w.target(t, s, r.Target) })
}

// choose follows each choice of a table.
func (w *walk) choose(t trail, choices []choice, at estate.Ref, gaps []estate.Gap, follow func(trail, *route)) {
	for _, c := range choices {
		part := t.clone()
		part.bound(c.to)
		h := Hop{At: at}
		if c.unknown {
			h.Text = "a prefix list whose entries were not read may route it"
			part.unsure(h, gaps, h.Text)
			w.lost(part)
			continue
		}
		switch {
		case c.route == nil:
			h.Rule = "no route"
			part.stop(h)
			w.dead(part)
		case !c.route.Active:
			h.Rule = c.route.text()
			part.stop(h)
			w.dead(part)
		default:
			h.Rule = c.route.text()
			part.note(h)
			follow(part, c.route)
		}
	}
}

// target takes packets on from a subnet by the target of a route.
func (w *walk) target(t trail, s *subnet, target string) {
	kind, _, _ := strings.Cut(target, "-")
	switch {
	case target == "local":
		w.local(t, s)
	case kind == "igw":
		w.out(t, s, target)
	case kind == "eigw":
		w.outOnly(t, s, target)
	case kind == "nat":
		w.nat(t, s, target)
	case kind == "pcx":
		w.peer(t, s, target)
	case kind == "tgw":
		w.toTransit(t, s, target)
	case kind == "vgw":
		w.vpn(t, s, target)
	case kind == "vpce":
		w.endpoint(t, s, target)
	case kind == "eni" || kind == "i":
		w.appliance(t, s, target)
	default:
		why := "what " + target + " leads to is not followed"
		t.unsure(Hop{At: estate.Ref{Kind: "gateway", Account: s.Account, Region: s.Region, ID: target}}, nil, why)
		w.lost(t)
	}
}

// local delivers within the VPC of the subnet that packets come from.
func (w *walk) local(t trail, s *subnet) {
	switch {
	case w.goal.subnet != nil && w.goal.vpc() == s.vpc:
		w.arrive(t, w.goal.subnet == s && !t.transited)
	case w.goal.subnet != nil:
		t.stop(Hop{At: reference("vpc", s.vpc.Place, s.vpc.id), Text: fmt.Sprintf("the address belongs to %s itself, not to %s", s.vpc.id, w.goal.vpc().id)})
		w.dead(t)
	default:
		w.nobody(t, s.vpc)
	}
}

// nobody ends a trail to addresses of a VPC that no interface has.
func (w *walk) nobody(t trail, v *vpc) {
	h := Hop{At: reference("vpc", v.Place, v.id), Text: "no interface of " + v.id + " has the address"}
	if gaps := w.n.unread(v.Place, "ec2:DescribeNetworkInterfaces"); gaps != nil {
		t.unsure(h, gaps, "")
	} else {
		t.stop(h)
	}
	w.done = append(w.done, t)
}

// arrive delivers to the goal.
func (w *walk) arrive(t trail, inSubnet bool) {
	g := w.goal
	t.arrived = true
	if !inSubnet {
		w.aclAt(&t, g.subnet, false)
	}
	if x := g.node; x != nil {
		w.groupsAt(&t, x, false, w.sender, t.id)
		switch {
		case x.idle != "":
			t.stop(Hop{At: x.ref, Text: x.idle})
		case x.idleGaps != nil:
			t.unsure(Hop{At: x.ref, Text: "whether it runs is not known"}, x.idleGaps, "")
		default:
			t.note(Hop{At: x.ref, Text: "receives"})
		}
		w.listensAt(&t, x)
	}
	w.done = append(w.done, t)
}
