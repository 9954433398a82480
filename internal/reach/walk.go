package reach

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// trail is one way through the network as far as it was followed: the beams that are under way, and the hops so far.
type trail struct {
	yes, maybe []beam
	hops       []Hop
	gaps       []estate.Gap
	why        string // why it is not known, where no gap says it

	// stopped says that a hop lets nothing through. What follows is then tried with the ghost, what would be under way
	// otherwise, so as to say what else would stop it.
	stopped bool
	ghost   []beam

	id        identity // how those at the far end see the sender's groups
	senders   []locus  // who the reply must find: the sender, then each NAT gateway that took its place
	transited bool     // it came over a transit gateway
	lost      bool     // who passed it on is not known: nor is the way back
	inspected []string // the firewall endpoints whose stateful engine saw it
	partly    []string // of those, where stateless rules let a part of it pass by the engine
	// either are the addresses of which a NAT gateway took one in the sender's place, nobody knows which.
	either netset.Addresses
	// referred says that an outgoing rule of the sender's admits it by a reference to a group only.
	referred bool
	steps    int
	quiet    bool // nobody reads the hops: they say what passes, without words

	// Of a survey: the edges of subnets that it crossed, and whether it got to the goal.
	edges    []edge
	arrived  bool
	firewall bool // it passed one
}

// locus is where a packet was sent from, as seen by what comes after.
type locus struct {
	subnet   *subnet
	address  netset.Addresses // private, or IPv6
	mapped   []mapping        // public addresses that stand for its own
	publicly bool             // it has one that is not known
	denies   bool             // it takes nothing from internet gateways over IPv6
	ports    netset.Ports     // it sent from
	service  bool             // through a gateway endpoint, straight from its subnet
	gateway  *vpc             // the VPC whose internet gateway it left through; nil if by none
	through  string           // that gateway's id; empty for an egress-only one, which no route table is for
}

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

// enoughSteps is how many routers a packet passes before its routes go in a circle.
const enoughSteps = 24

func (t trail) clone() trail {
	t.hops, t.gaps = slices.Clip(t.hops), slices.Clip(t.gaps)
	t.senders = slices.Clone(t.senders)
	t.inspected, t.partly = slices.Clip(t.inspected), slices.Clip(t.partly)
	return t
}

// live are the beams to follow: those under way, or the ghost.
func (t *trail) live() []beam {
	if t.stopped {
		return t.ghost
	}
	return append(slices.Clip(t.yes), t.maybe...)
}

// pass takes the trail through a filter.
func (t *trail) pass(h Hop, filter func(beam) verdict) {
	var yes, maybe []beam
	passes, may := false, false
	var gaps []estate.Gap
	why := ""
	take := func(b beam, sure bool) {
		v := filter(b)
		if !t.quiet && v.rule != nil && (h.Rule == "" || len(v.yes) > 0 && !passes) {
			h.Rule = v.rule()
		}
		passes, may = passes || len(v.yes) > 0, may || len(v.maybe) > 0
		if sure {
			yes, maybe = append(yes, v.yes...), append(maybe, v.maybe...)
		} else {
			maybe = append(append(maybe, v.yes...), v.maybe...)
		}
		if len(v.maybe) > 0 {
			gaps, why = append(gaps, v.gaps...), v.why
		}
	}
	if t.stopped {
		for _, b := range t.ghost {
			take(b, false)
		}
	} else {
		for _, b := range t.yes {
			take(b, true)
		}
		for _, b := range t.maybe {
			take(b, false)
		}
	}
	switch {
	case passes:
		h.Passes = estate.True
	case may:
		h.Passes, h.Gaps = estate.Unknown, gaps
	default:
		h.Passes = estate.False
	}
	if !passes && may || len(maybe) > 0 {
		t.doubt(gaps, why)
	}
	t.hops = append(t.hops, h)
	switch {
	case t.stopped:
		if len(maybe) > 0 {
			t.ghost = merged(maybe)
		}
	case h.Passes == estate.False:
		t.ghost, t.stopped = t.live(), true
		t.yes, t.maybe = nil, nil
	default:
		t.yes, t.maybe = merged(yes), merged(maybe)
	}
}

func (t *trail) doubt(gaps []estate.Gap, why string) {
	for _, g := range gaps {
		if !slices.Contains(t.gaps, g) {
			t.gaps = append(t.gaps, g)
		}
	}
	if t.why == "" {
		t.why = why
	}
}

// note adds a hop that everything passes.
func (t *trail) note(h Hop) {
	h.Passes = estate.True
	t.hops = append(t.hops, h)
}

// stop adds a hop that nothing passes.
func (t *trail) stop(h Hop) {
	h.Passes = estate.False
	t.hops = append(t.hops, h)
	if !t.stopped {
		t.ghost, t.stopped = t.live(), true
		t.yes, t.maybe = nil, nil
	}
}

// unsure adds a hop that everything may pass.
func (t *trail) unsure(h Hop, gaps []estate.Gap, why string) {
	h.Passes, h.Gaps = estate.Unknown, gaps
	if h.Text == "" {
		h.Text = why
	}
	t.hops = append(t.hops, h)
	if !t.stopped {
		t.maybe = merged(append(t.maybe, t.yes...))
		t.yes = nil
		t.doubt(gaps, why)
	}
}

// unlisted adds the hop of an active route whose target is not among those that were listed. AWS makes a route a blackhole when
// its target goes, so that the two contradict each other: it may have come, or gone, between the two calls.
func (t *trail) unlisted(h Hop, id string, gaps []estate.Gap) {
	why := ""
	if gaps == nil {
		why = "a route leads to " + id + " and is active, but " + id + " was not among those that were listed"
	}
	t.unsure(h, gaps, why)
}

// echo reports whether all that is under way is echo requests.
func (t *trail) echo(p netset.Protocol) bool {
	echo := map[netset.Protocol]uint16{netset.ICMP: 8 << 8, netset.ICMPv6: 128 << 8}[p] // RFC 792, RFC 4443
	only := netset.PortsOf(netset.PortRange{First: echo, Last: echo})
	return echo != 0 && !slices.ContainsFunc(t.live(), func(b beam) bool { return !b.to.Equal(only) })
}

// change rewrites all beams.
func (t *trail) change(f func(*beam)) {
	for _, list := range []*[]beam{&t.yes, &t.maybe, &t.ghost} {
		*list = slices.Clone(*list)
		for i := range *list {
			f(&(*list)[i])
		}
	}
}

const (
	outward = true
	inward  = false
)

// translate puts public addresses in the place of the private ones for which they stand, of senders on the way out, and the
// other way round of receivers on the way in. What has none goes no further.
func (t *trail) translate(mapped []mapping, out bool, none Hop) {
	change := func(list []beam) []beam {
		var all []beam
		for _, b := range list {
			for _, m := range mapped {
				x := b
				if out {
					if x.src = intersect(m.inside, b.src); !x.src.Empty() {
						x.src = hosts(m.public)
					}
				} else if x.dst = intersect(hosts(m.public), b.dst); !x.dst.Empty() {
					x.dst = m.inside
				}
				if !x.empty() {
					all = append(all, x)
				}
			}
		}
		return merged(all)
	}
	yes, maybe, ghost := change(t.yes), change(t.maybe), change(t.ghost)
	if !t.stopped && len(yes)+len(maybe) == 0 {
		t.stop(none)
		return
	}
	t.yes, t.maybe = yes, maybe
	if len(ghost) > 0 {
		t.ghost = ghost
	}
}

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

// aclAt filters at the edge of a subnet.
func (w *walk) aclAt(t *trail, s *subnet, egress bool) {
	if w.survey {
		t.edges = append(slices.Clip(t.edges), edge{s, egress})
		return
	}
	if s.bare {
		return
	}
	h := Hop{At: reference("network-acl", s.Place, "of "+s.id)}
	if s.acl != nil {
		h.At = s.acl.Ref()
	}
	switch {
	case t.quiet:
	case egress:
		h.Text = "out of " + called(s.ref())
	default:
		h.Text = "into " + called(s.ref())
	}
	t.pass(h, func(b beam) verdict { return s.byACL(egress, w.protocol, b) })
}

// groupsAt filters by the security groups of a node.
func (w *walk) groupsAt(t *trail, x *node, egress bool, peer *node, id identity) {
	if x.open {
		return
	}
	var h Hop
	if !t.quiet {
		h.Text = direction(egress) + " rules of " + called(x.ref)
	}
	if len(x.groups) > 0 {
		h.At = reference("security-group", x.Place, x.groups[0])
		if g := n0(w.n.groups, x.Region, x.groups[0]); g != nil {
			h.At = g.Ref()
		}
	}
	t.pass(h, func(b beam) verdict {
		return w.n.byGroups(x, egress, w.protocol, b, peer, id)
	})
	decides := t.hops[len(t.hops)-1].Rule
	// The group whose rule decides is the hop.
	for _, group := range x.groups {
		if g := n0(w.n.groups, x.Region, group); g != nil && strings.Contains(decides, group+" allows ") {
			t.hops[len(t.hops)-1].At = g.Ref()
		}
	}
}

func n0[R any](m map[regional]R, region, id string) R { return m[regional{region, id}] }

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

// lets reports whether everything of another trail is under way in this one too.
func (t *trail) lets(all *trail) bool {
	same := func(a, b []beam) bool {
		return len(a) == len(b) && !slices.ContainsFunc(b, func(b beam) bool {
			return !slices.ContainsFunc(a, func(a beam) bool {
				return a.src.Equal(b.src) && a.dst.Equal(b.dst) && a.from.Equal(b.from) && a.to.Equal(b.to)
			})
		})
	}
	return t.stopped == all.stopped && same(t.yes, all.yes) && same(t.maybe, all.maybe)
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

// bound leaves what is for some destinations.
func (t *trail) bound(to netset.Addresses) {
	for _, list := range []*[]beam{&t.yes, &t.maybe, &t.ghost} {
		var kept []beam
		for _, b := range *list {
			if b = b.within(false, to, b.to); !b.empty() {
				kept = append(kept, b)
			}
		}
		*list = kept
	}
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

// block asks VPC Block Public Access.
func (w *walk) block(t *trail, s *subnet, egress, onlyOut bool) {
	blocked, text, gaps := w.n.blocked(s, egress, onlyOut)
	h := Hop{At: reference("vpc-block-public-access", s.Place, s.Region), Rule: text}
	switch blocked {
	case estate.True:
		h.Text = "public access to VPCs is blocked"
		t.stop(h)
	case estate.Unknown:
		t.unsure(h, gaps, "")
	}
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
