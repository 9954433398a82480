package reach

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
)

// A leg is one stretch between parties without a front door on it. Answers are made of legs: a direct way is one, a way
// through a load balancer is two.

// send follows a packet from one node to another, by any of their addresses.
func (n *Network) send(from, to *node, p packet) Answer {
	return best(n.sendAll(from, to, p))
}

func (n *Network) sendAll(from, to *node, p packet) []Answer {
	var all []Answer
	if from == to {
		return []Answer{{Arrives: estate.True, Session: estate.True, From: from.party(), To: to.party(), Way: Direct, ClientPorts: p.from(),
			Path: []Hop{{At: from.ref, Passes: estate.True, Text: "sends to itself"}}}}
	}
	for _, six := range families(p.protocol) {
		var standing []Answer // of each subnet where the parties may stand
		for _, fs := range n.places(from) {
			for _, ts := range n.places(to) {
				src, out := from.sends(p, six, fs)
				dst, public := to.takes(p, six, ts)
				var ways []Answer
				if !src.Empty() && !dst.Empty() && !out {
					ways = append(ways, n.leg(from, fs, goal{node: to, subnet: ts}, beam{src, dst, p.from(), p.to()}, p, six))
				}
				if !p.private && !src.Empty() && !public.Empty() {
					ways = append(ways, n.leg(from, fs, goal{node: to, subnet: ts}, beam{src, public, p.from(), p.to()}, p, six))
				}
				if len(ways) > 0 {
					standing = append(standing, best(ways))
				}
			}
		}
		if len(standing) > 0 {
			all = append(all, agreed(standing))
		}
	}
	if len(all) == 0 {
		reason := "they have no addresses of one family for " + p.protocol.String()
		if !p.src.Empty() || !p.dst.Empty() {
			reason = "no packet between them has such addresses: an internet gateway changes a private address into the public one"
		}
		all = append(all, Answer{Arrives: estate.False, Session: estate.False, From: from.party(), To: to.party(), Way: Direct, Reason: reason})
	}
	return all
}

// admit follows a packet from addresses outside to a node: from public ones over the Internet, from others over whatever
// joins the node's VPC to networks that are not read.
func (n *Network) admit(sources netset.Addresses, to *node, p packet) Answer {
	return best(n.admitAll(sources, to, p))
}

func (n *Network) admitAll(sources netset.Addresses, to *node, p packet) []Answer {
	var all []Answer
	for _, six := range families(p.protocol) {
		family := intersect(sources, everywhere(six))
		public := intersect(family, routed)
		private := family.Minus(public)
		var standing []Answer
		for _, s := range n.places(to) {
			var ways []Answer
			if dst := to.dialled(six, s); !public.Empty() && !dst.Empty() {
				ways = append(ways, n.leg(nil, nil, goal{node: to, subnet: s}, beam{public, dst, p.from(), p.to()}, p, six))
			}
			if dst := to.address(six, s); !private.Empty() && !dst.Empty() {
				ways = append(ways, n.fromBehind(private, to, s, beam{private, dst, p.from(), p.to()}, p, six))
			}
			if len(ways) > 0 {
				standing = append(standing, best(ways))
			}
		}
		if len(standing) > 0 {
			all = append(all, agreed(standing))
		}
	}
	if len(all) == 0 {
		all = append(all, Answer{Arrives: estate.False, Session: estate.False, To: to.party(), Way: Direct,
			Path:   []Hop{{At: to.ref, Passes: estate.False, Text: called(to.ref) + " has no public address"}},
			Reason: called(to.ref) + " has no public address"})
	}
	return all
}

// dialled is the addresses by which a node is reached from the Internet.
func (x *node) dialled(six bool, s *subnet) netset.Addresses {
	if !six {
		return x.publicSet()
	}
	if !x.certain(true) {
		return netset.Addresses{}
	}
	return intersect(x.address(true, s), routed)
}

// leave follows a packet from a node to addresses outside.
func (n *Network) leave(from *node, to netset.Addresses, p packet) Answer {
	var all []Answer
	for _, six := range families(p.protocol) {
		var standing []Answer
		for _, s := range n.places(from) {
			if src, _ := from.sends(p, six, s); !src.Empty() && !intersect(to, everywhere(six)).Empty() {
				dst := intersect(to, everywhere(six))
				standing = append(standing, n.leg(from, s, goal{outside: true}, beam{src, dst, p.from(), p.to()}, p, six))
			}
		}
		if len(standing) > 0 {
			all = append(all, agreed(standing))
		}
	}
	if len(all) == 0 {
		return Answer{Arrives: estate.False, Session: estate.False, From: from.party(), Way: Direct, Reason: called(from.ref) + " has no address of that family"}
	}
	return best(all)
}

// families are the address families that a protocol is of: ICMP has one of its own for each.
func families(p netset.Protocol) []bool {
	switch p {
	case netset.ICMP:
		return []bool{false}
	case netset.ICMPv6:
		return []bool{true}
	}
	return []bool{false, true}
}

func (n *Network) places(x *node) []*subnet {
	var list []*subnet
	for _, id := range x.subnets {
		list = append(list, n.subnet(x.Place, x.vpc, id))
	}
	return list
}

// fromBehind is a packet from private addresses that nothing in the estate has: a network behind a VPN, Direct Connect or an
// unread VPC. Whether any such host is there is never known, only whether something keeps it out.
func (n *Network) fromBehind(sources netset.Addresses, to *node, s *subnet, b beam, p packet, six bool) Answer {
	w := &walk{n: n, protocol: p.protocol, six: six, goal: goal{node: to, subnet: s}}
	t := trail{yes: []beam{b}, id: identity{known: estate.Unknown}, quiet: p.quiet}
	t.hops = []Hop{{At: estate.Ref{Kind: "network", ID: sources.String()}, Passes: estate.True, Text: "a network that was not read"}}
	joins, gaps := n.joins(s.vpc, sources)
	switch {
	case s.vpc.cidrs.ContainsAll(b.src) && !s.vpc.cidrs.Empty():
		h := Hop{At: reference("vpc", s.vpc.Place, s.vpc.id), Text: "no interface of " + s.vpc.id + " has that address"}
		if gaps := n.unread(s.vpc.Place, "ec2:DescribeNetworkInterfaces"); gaps != nil {
			t.unsure(h, gaps, "")
		} else {
			t.stop(h)
		}
	case len(joins) > 0:
		t.unsure(Hop{At: joins[0]}, nil, "what is behind "+joins[0].ID+" was not read")
	case gaps != nil:
		t.unsure(Hop{At: reference("vpc", s.vpc.Place, s.vpc.id)}, gaps, "")
	default:
		t.stop(Hop{At: reference("vpc", s.vpc.Place, s.vpc.id), Text: "nothing joins " + s.vpc.id + " to such a network"})
	}
	w.arrive(t, false)
	a := w.conclude(b, true)
	a.From, a.To = Party{}, to.party()
	if a.Arrives == estate.False {
		return a
	}
	// Whether the reply gets there is not known either, only whether something here leads it elsewhere.
	r := &walk{n: n, protocol: p.protocol, six: six, reply: &t, goal: goal{outside: true}}
	reply := trail{yes: []beam{{src: b.dst, dst: b.src, from: b.to, to: p.reply(b.from)}}, id: identity{known: estate.False}, quiet: p.quiet}
	reply.senders = []locus{{subnet: s, address: b.dst, mapped: to.mappings(s), publicly: to.publicly}}
	r.aclAt(&reply, s, true)
	r.route(reply, s)
	back := r.together()
	if a.Return = back.hops; len(back.yes)+len(back.maybe) > 0 {
		a.Session = estate.Unknown
	}
	return a
}

// joins are what joins a VPC to networks that are not in the estate, and what could not be read of it.
func (n *Network) joins(v *vpc, sources netset.Addresses) ([]estate.Ref, []estate.Gap) {
	var all []estate.Ref
	var gaps []estate.Gap
	if v.vpn != nil {
		all = append(all, v.vpn.Ref())
	}
	for _, p := range n.estate.Peerings {
		near, far := p.Requester, p.Accepter
		if near.VPC != v.id {
			near, far = far, near
		}
		if near.VPC != v.id || p.Status != "active" {
			continue
		}
		other := n.vpcs[regional{far.Region, far.VPC}]
		cidrs := netset.Of(far.CIDRs...)
		switch possible := cidrs.Empty() || !cidrs.Intersect(sources).Empty(); {
		case !possible:
		case other == nil || other.read == nil:
			all = append(all, p.Ref())
		default: // it may hold interfaces that were not read
			gaps = append(gaps, n.unread(other.Place, "ec2:DescribeNetworkInterfaces")...)
		}
	}
	for _, a := range n.estate.TransitGatewayAttachments {
		if a.Type != "vpc" || a.Of != v.id {
			continue
		}
		for _, b := range n.estate.TransitGatewayAttachments { // what else is attached to it
			if b.TransitGateway != a.TransitGateway {
				continue
			}
			other := n.vpcs[regional{b.Place().Region, b.Of}]
			switch {
			case b.Type != "vpc" || other == nil || other.read == nil:
				all = append(all, b.Ref())
			case !other.cidrs.Intersect(sources).Empty():
				gaps = append(gaps, n.unread(other.Place, "ec2:DescribeNetworkInterfaces")...)
			}
		}
	}
	if slices.ContainsFunc(v.subnets, func(s *subnet) bool { return s.leadsElsewhere() }) {
		all = append(all, reference("route-table", v.Place, "of "+v.id))
	}
	for _, op := range []operation.ID{"ec2:DescribeVpnGateways", "ec2:DescribeVpcPeeringConnections", "ec2:DescribeTransitGatewayAttachments"} {
		gaps = append(gaps, n.unread(v.Place, op)...)
	}
	slices.SortFunc(all, func(a, b estate.Ref) int { return cmp.Compare(a.Key(), b.Key()) })
	return all, gaps
}

// leadsElsewhere reports whether a route leads to something that is not followed: a local gateway, a core network.
func (s *subnet) leadsElsewhere() bool {
	return s.table != nil && slices.ContainsFunc(s.table.routes, func(r route) bool {
		return r.Active && (strings.HasPrefix(r.Target, "lgw-") || strings.HasPrefix(r.Target, "arn:") || r.Target == "")
	})
}

// leg follows one beam, from a node in a subnet, or, without one, from the Internet, to a goal. If it may be delivered, its
// reply is followed too.
func (n *Network) leg(from *node, s *subnet, g goal, b beam, p packet, six bool) Answer {
	return ofCourses(func(c *course) Answer { return n.legBy(c, from, s, g, b, p, six) })
}

func (n *Network) legBy(c *course, from *node, s *subnet, g goal, b beam, p packet, six bool) Answer {
	w := &walk{n: n, protocol: p.protocol, six: six, goal: g, course: c}
	t := trail{yes: []beam{b}, quiet: p.quiet}
	if from == nil {
		t.hops = []Hop{{At: estate.Ref{Kind: "internet", ID: "internet"}, Passes: estate.True}}
		t.id = identity{known: estate.False}
		w.in(t)
	} else {
		w.start(t, from, s)
	}
	whole := (from == nil || from.certain(six)) && (g.node == nil || g.node.certain(six) && (g.node.public.IsValid() || len(g.node.mapped) > 0 || !g.node.publicly))
	delivered := b
	if from == nil && !six && g.node != nil { // the gateway put its private address in the place of the public one
		delivered.dst = g.node.address(false, g.subnet)
	}
	a := w.conclude(delivered, whole)
	if a.From = from.party(); from != nil {
		a.From.Address = b.src.String()
	}
	if a.To = g.node.party(); g.node != nil {
		a.To.Address = b.dst.String()
	}
	if a.Arrives != estate.False {
		n.session(&a, w, from, p)
	}
	return a
}

// conclude makes an answer of where the trails of a walk ended. Unless whole, the beam stands for one packet whose addresses
// are not known: it arrives only if all of the beam does.
func (w *walk) conclude(b beam, whole bool) Answer {
	a := Answer{Arrives: estate.False, Session: estate.False, Way: Direct}
	var yes, maybe []beam
	pick := func(t *trail) {
		a.Path, a.Gaps, a.Reason = t.hops, t.gaps, t.why
	}
	for i := range w.done {
		t := &w.done[i]
		if !t.either.Empty() && len(t.yes) > 0 && !sources(t.yes).ContainsAll(t.either) {
			t.maybe, t.yes = merged(append(t.maybe, t.yes...)), nil
			t.doubt(nil, "it depends on which of its addresses the NAT gateway takes, which is not known")
		}
		yes, maybe = append(yes, t.yes...), append(maybe, t.maybe...)
		switch {
		case len(t.yes) > 0 && a.Arrives != estate.True:
			a.Arrives = estate.True
			a.Path, a.Gaps, a.Reason = t.hops, nil, ""
		case len(t.maybe) > 0 && a.Arrives == estate.False:
			a.Arrives = estate.Unknown
			pick(t)
		case a.Arrives == estate.False && len(t.hops) > len(a.Path):
			pick(t)
		}
	}
	outside := w.goal.outside
	if a.Addresses = sources(yes); outside {
		a.Addresses = destinations(yes)
	}
	if !outside {
		a.possible = a.Addresses.Union(sources(maybe))
	}
	if a.Arrives == estate.Unknown {
		if a.Addresses = sources(maybe); outside {
			a.Addresses = destinations(maybe)
		}
	}
	if a.Arrives == estate.True && !whole && !covers(yes, b, outside) {
		a.Arrives, a.Reason = estate.Unknown, "it depends on its address, which is not known"
	}
	if a.Reason == "" && a.Arrives != estate.True {
		a.Reason = reason(a)
	}
	return a
}

func covers(yes []beam, b beam, outside bool) bool {
	dst := destinations(yes)
	return outside || dst.ContainsAll(b.dst) || b.dst.ContainsAll(dst) && sources(yes).ContainsAll(b.src)
}

// reason is the sentence for what stops a packet, or why it is not known.
func reason(a Answer) string {
	for _, h := range a.Path {
		if h.Passes == estate.False && a.Arrives == estate.False || h.Passes == estate.Unknown && a.Arrives == estate.Unknown {
			return h.sentence()
		}
	}
	return ""
}

func (h Hop) sentence() string {
	if h.Passes == estate.Unknown && len(h.Gaps) > 0 {
		return h.Gaps[0].String()
	}
	switch {
	case h.Text == "":
		return strings.TrimSpace(called(h.At) + ": " + h.Rule)
	case h.Rule == "":
		if strings.Contains(h.Text, h.At.ID) {
			return h.Text
		}
		return called(h.At) + ": " + h.Text
	}
	return called(h.At) + ", " + h.Text + ": " + h.Rule
}

// session follows the replies to what was delivered, and says whether any gets back.
func (n *Network) session(a *Answer, forward *walk, from *node, p packet) {
	if forward.goal.outside {
		n.sessionOutside(a, forward, p)
		return
	}
	var ports netset.Ports
	var addresses netset.Addresses
	var may []beam
	a.Session = estate.False
	for i := range forward.done {
		t := &forward.done[i]
		for _, part := range []struct {
			beams []beam
			sure  bool
		}{{t.yes, true}, {t.maybe, false}} {
			for _, f := range part.beams {
				back := bothWays(t, n.back(t, forward, f, p))
				if part.sure && len(back.yes) > 0 {
					if a.Session != estate.True {
						a.Session, a.Return = estate.True, back.hops
					}
					for _, y := range back.yes {
						ports, addresses = ports.Union(y.to), addresses.Union(y.dst)
					}
					may = append(may, back.maybe...)
				} else if may = append(append(may, back.yes...), back.maybe...); len(back.yes)+len(back.maybe) > 0 {
					if a.Session == estate.False {
						a.Session, a.Return = estate.Unknown, back.hops
						if a.Arrives == estate.True {
							a.Gaps, a.Reason = back.gaps, back.why
						}
					}
				} else if a.Session == estate.False && len(a.Return) == 0 {
					a.Return = back.hops
				}
			}
		}
	}
	if a.Session == estate.True {
		if a.ClientPorts = ports; p.protocol != netset.TCP && p.protocol != netset.UDP {
			a.ClientPorts = netset.Ports{}
		}
	}
	if from == nil {
		a.Sessions = addresses
		a.mayTalk = addresses.Union(destinations(may))
	}
	if a.Arrives == estate.Unknown {
		a.Session = min(a.Session, estate.Unknown)
	}
	if a.Arrives == estate.True && a.Session != estate.True && a.Reason == "" {
		for _, h := range a.Return {
			if h.Passes == estate.False || h.Passes == estate.Unknown && a.Session == estate.Unknown {
				a.Reason = "the reply does not get back: " + h.sentence()
				break
			}
		}
	}
}

// sessionOutside says whether replies from outside get back in: gateways remember flows, network ACLs do not.
func (n *Network) sessionOutside(a *Answer, forward *walk, p packet) {
	var ports netset.Ports
	a.Session = estate.False
	for i := range forward.done {
		t := &forward.done[i]
		for sure, list := range [][]beam{t.maybe, t.yes} {
			for _, f := range list {
				reply := trail{yes: []beam{{src: f.dst, dst: f.src, from: f.to, to: p.reply(f.from)}}, quiet: p.quiet}
				back := bothWays(t, n.home(t, forward, reply, len(t.senders)-1, p))
				switch {
				case len(back.yes) > 0 && sure == 1:
					if a.Session != estate.True {
						a.Session, a.Return = estate.True, back.hops
					}
					for _, y := range back.yes {
						ports = ports.Union(y.to)
					}
				case len(back.yes)+len(back.maybe) > 0 && a.Session == estate.False:
					a.Session, a.Return = estate.Unknown, back.hops
				case a.Session == estate.False && len(a.Return) == 0:
					a.Return = back.hops
				}
			}
		}
	}
	if a.Session == estate.True && (p.protocol == netset.TCP || p.protocol == netset.UDP) {
		a.ClientPorts = ports
	}
	if a.Arrives == estate.Unknown {
		a.Session = min(a.Session, estate.Unknown)
	}
	if a.Arrives == estate.True && a.Session != estate.True && a.Reason == "" {
		for _, h := range a.Return {
			if h.Passes != estate.True {
				a.Reason = "the reply does not get back: " + h.sentence()
				break
			}
		}
	}
}

// back follows the reply to one delivered beam, from the goal of the way there to the sender, or out to the Internet.
func (n *Network) back(t *trail, forward *walk, f beam, p packet) trail {
	g := forward.goal
	reply := trail{yes: []beam{{src: f.dst, dst: f.src, from: f.to, to: p.reply(f.from)}}, quiet: p.quiet}
	if t.lost {
		reply.yes, reply.maybe = nil, reply.yes
		return reply
	}
	w := &walk{n: n, protocol: p.protocol, six: forward.six, reply: t, course: forward.course}
	x := g.node
	reply.senders = []locus{{subnet: g.subnet, address: x.address(forward.six, g.subnet), mapped: x.mappings(g.subnet), publicly: x.publicly}}
	k := len(t.senders) - 1
	switch {
	case k < 0 || t.senders[k].gateway != nil:
		w.goal = goal{internet: true}
	default:
		w.goal = goal{subnet: t.senders[k].subnet, locus: true}
	}
	reply.id = identity{known: estate.False}
	if w.goal.locus && w.sameSubnet(&reply, g.subnet) {
		w.done = append(w.done, reply)
	} else {
		w.leave(reply, g.subnet)
	}
	came := w.together()
	if k < 0 {
		return came
	}
	if w.goal.internet { // and in again where it left from
		return n.home(t, forward, came, k, p)
	}
	return n.onward(t, forward, came, k, p)
}

// home takes a reply that comes from the Internet to the sender that left by a gateway, and on.
func (n *Network) home(t *trail, forward *walk, came trail, k int, p packet) trail {
	s := t.senders[k]
	if s.service && len(came.live()) > 0 {
		w := &walk{n: n, protocol: p.protocol, six: forward.six, reply: t, course: forward.course}
		w.aclAt(&came, s.subnet, false)
	}
	if s.gateway != nil && len(came.live()) > 0 {
		w := &walk{n: n, protocol: p.protocol, six: forward.six, reply: t, goal: goal{subnet: s.subnet, locus: true}, course: forward.course}
		switch {
		case forward.six && s.denies && s.through != "":
			came.stop(Hop{At: reference("internet-gateway", s.gateway.Place, s.through), Text: "the sender takes nothing from internet gateways"})
		case forward.six:
		case len(s.mapped) > 0:
			came.translate(s.mapped, inward, Hop{At: reference("internet-gateway", s.gateway.Place, s.through), Text: "nobody has that public address"})
		default:
			came.change(func(b *beam) { b.dst = s.address })
		}
		w.behind(came, s.gateway, s.through)
		came = w.together()
	}
	return n.onward(t, forward, came, k, p)
}

// onward takes a reply from a NAT gateway back to whom it stood for, down to the first sender.
func (n *Network) onward(t *trail, forward *walk, came trail, k int, p packet) trail {
	for ; k > 0; k-- {
		if len(came.live()) == 0 {
			return came
		}
		here, there := t.senders[k], t.senders[k-1]
		w := &walk{n: n, protocol: p.protocol, six: forward.six, reply: t, goal: goal{subnet: there.subnet, locus: true}, course: forward.course}
		came.change(func(b *beam) { b.dst, b.to = there.address, p.reply(there.ports) })
		came.senders = []locus{{subnet: here.subnet, address: here.address}}
		if w.sameSubnet(&came, here.subnet) {
			continue
		}
		w.leave(came, here.subnet)
		came = w.together()
	}
	return came
}

// bothWays doubts a reply that passes by a firewall which saw the packet that it answers.
func bothWays(t *trail, back trail) trail {
	if e := oneWay(t, &back); e != "" && len(back.yes)+len(back.maybe) > 0 {
		back.unsure(Hop{At: estate.Ref{Kind: "vpc-endpoint", ID: e}}, nil, "the firewall behind "+e+" sees one direction of the flow only")
	}
	return back
}

// together is what the trails of a reply add up to, with the hops of the best.
func (w *walk) together() trail {
	var sum trail
	for i, t := range w.done {
		if i == 0 {
			sum.inspected, sum.partly = t.inspected, t.partly
		} else if len(t.live()) > 0 { // what not all of it meets does not count
			sum.inspected = slices.DeleteFunc(slices.Clone(sum.inspected), func(e string) bool { return !slices.Contains(t.inspected, e) })
			sum.partly = append(slices.Clip(sum.partly), t.partly...)
		}
		sum.quiet = t.quiet
		if better := len(sum.hops) == 0 || len(sum.yes) == 0 && len(t.yes) > 0 || len(sum.yes)+len(sum.maybe) == 0 && len(t.maybe) > 0; better {
			sum.hops, sum.why = t.hops, t.why
		}
		sum.yes, sum.maybe = append(sum.yes, t.yes...), append(sum.maybe, t.maybe...)
		sum.gaps = append(sum.gaps, t.gaps...)
	}
	return sum
}

// best is the answer that comes furthest: the first of those that arrive with a session, else that arrive, else that may.
func best(all []Answer) Answer {
	first := 0
	for i, a := range all {
		b := all[first]
		if cmp.Or(cmp.Compare(a.Arrives, b.Arrives), cmp.Compare(a.Session, b.Session)) > 0 {
			first = i
		}
	}
	a := all[first]
	for _, b := range all { // of two families or addresses each may let others through
		if b.Arrives == a.Arrives {
			a.Addresses = a.Addresses.Union(b.Addresses)
			a.Sessions = a.Sessions.Union(b.Sessions)
		}
		a.possible, a.mayTalk = a.possible.Union(b.possible), a.mayTalk.Union(b.mayTalk)
	}
	return a
}

// agreed is the answer for a party that stands in one of several subnets, nobody knows which.
func agreed(all []Answer) Answer {
	a := all[0]
	for _, b := range all[1:] {
		if b.Arrives != a.Arrives {
			a.Arrives, a.Session = estate.Unknown, estate.Unknown
			a.Reason = "it depends on the subnet that " + called(cmp.Or(b.To.Ref, b.From.Ref)) + " stands in, which is not known"
			return a
		}
		if b.Session != a.Session {
			a.Session = estate.Unknown
		}
		a.Addresses = a.Addresses.Intersect(b.Addresses)
	}
	return a
}
