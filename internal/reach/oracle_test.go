package reach_test

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/reach"
)

// The oracle is the plain, obvious twin of the evaluation: one concrete packet is followed hop by hop through the estate,
// by loops over its lists. It has no sets, no indexes and nothing in common with the code under test but the estate's types.

const (
	no      = estate.False
	unknown = estate.Unknown
	yes     = estate.True
)

// packet is one packet.
type packet struct {
	protocol netset.Protocol
	src, dst netip.Addr
	from, to uint16 // ports; of ICMP to is the type times 256 plus the code, and from has no meaning
}

func (p packet) hasPorts() bool { return p.protocol == netset.TCP || p.protocol == netset.UDP }

// reply is the answer to a packet; of ICMP that to an echo request.
func (p packet) reply() packet {
	r := packet{protocol: p.protocol, src: p.dst, dst: p.src, from: p.to, to: p.from}
	switch {
	case p.protocol == netset.ICMP && p.to == 8<<8:
		r.from, r.to = 0, 0
	case p.protocol == netset.ICMPv6 && p.to == 128<<8:
		r.from, r.to = 0, 129<<8
	}
	return r
}

type oracle struct {
	*estate.Estate
	ports []uint16 // see edges
	// strayed is set when a packet went astray. The oracle does not ask then whether a reply could get back.
	strayed *bool
	// src and dst are the addresses of interfaces that a question names; not valid for whichever they have.
	src, dst netip.Addr
}

func oracleOf(e *estate.Estate) oracle {
	return oracle{Estate: e, ports: edges(e), strayed: new(bool)}
}

// courses runs something once for each course that it may take where what was read leaves several open (a prefix list that
// was not read, one of several zones), and returns what all of them agree on.
func courses(run func(*course) verdict) verdict {
	var all []verdict
	for c := new(course); ; {
		c.at, c.turns = 0, map[string]int{}
		all = append(all, run(c))
		c.taken = c.taken[:min(c.at, len(c.taken))]
		for len(c.taken) > 0 && c.taken[len(c.taken)-1]+1 >= c.of[len(c.taken)-1] {
			c.taken = c.taken[:len(c.taken)-1]
		}
		c.of = c.of[:len(c.taken)]
		if len(c.taken) == 0 {
			break
		}
		c.taken[len(c.taken)-1]++
	}
	var arrives, session []estate.Truth
	for _, v := range all {
		arrives, session = append(arrives, v.arrives), append(session, v.session)
	}
	return verdict{agreed(arrives), agreed(session)}
}

// course is one way through what is open: which of how many was taken at each turn. At the same turn the same is taken.
type course struct {
	taken, of []int
	at        int
	turns     map[string]int
}

// pick takes one of n.
func (c *course) pick(turn string, n int) int {
	if n == 1 {
		return 0
	}
	if i, again := c.turns[turn]; again {
		return c.taken[i]
	}
	if c.at == len(c.taken) {
		c.taken, c.of = append(c.taken, 0), append(c.of, n)
	}
	c.turns[turn] = c.at
	c.at++
	return c.taken[c.at-1]
}

// agreed is what several possible courses of things have in common.
func agreed(all []estate.Truth) estate.Truth {
	if slices.Min(all) == slices.Max(all) {
		return all[0]
	}
	return unknown
}

// verdict is what becomes of a packet: it arrives; its reply gets back too.
type verdict struct{ arrives, session estate.Truth }

func (v verdict) or(w verdict) verdict {
	return verdict{estate.Or(v.arrives, w.arrives), estate.Or(v.session, w.session)}
}

// answer answers a question between interfaces and single addresses outside as Ask does: without a client's port, of all
// client's ports that could differ.
func (o oracle) answer(q reach.Question) reach.Answer {
	clients := []uint16{q.SourcePort}
	if q.SourcePort == 0 && (packet{protocol: q.Protocol}).hasPorts() {
		clients = o.ports
	}
	find := func(e reach.End) (*estate.NetworkInterface, netip.Addr) {
		for _, i := range o.NetworkInterfaces {
			if len(e.Refs) == 1 && e.Refs[0].Key() == i.Ref().Key() {
				return i, netip.Addr{}
			}
		}
		if len(e.Refs) == 0 && !e.Internet {
			named := e.Addresses.Prefixes()[0].Addr()
			for _, i := range o.NetworkInterfaces {
				if has(i, named) || slices.ContainsFunc(publicsOf(i), func(a estate.Association) bool { return a.Public == named }) {
					return i, named
				}
			}
		}
		return nil, netip.Addr{}
	}
	var from, to *estate.NetworkInterface
	from, o.src = find(q.From)
	to, o.dst = find(q.To)
	best := verdict{no, no}
	var replied []netset.PortRange
	after := append(slices.Clone(clients), 0) // the last one's range ends at 65535
	for i, client := range clients {
		var v verdict
		switch {
		case from != nil && to != nil:
			v = o.ask(from, to, q.Protocol, client, q.Port)
		case from != nil:
			v = o.leave(from, q.To.Addresses.Prefixes()[0].Addr(), q.Protocol, client, q.Port)
		default:
			v = o.admit(q.From.Addresses.Prefixes()[0].Addr(), to, q.Protocol, client, q.Port)
		}
		if v.session == yes {
			replied = append(replied, netset.PortRange{First: client, Last: after[i+1] - 1})
		}
		best = best.or(v)
	}
	return reach.Answer{Arrives: best.arrives, Session: best.session, ClientPorts: netset.PortsOf(replied...)}
}

// ask follows a packet from one interface to another by any of their addresses, and back.
func (o oracle) ask(from, to *estate.NetworkInterface, protocol netset.Protocol, client, port uint16) verdict {
	best := verdict{no, no}
	for _, src := range addressesOf(from) {
		// A public address stands for a private one beyond the internet gateway only.
		if o.src.IsValid() && o.src != src && !standsFor(from, o.src, src) {
			continue
		}
		for _, dst := range addressesOf(to) {
			if src.Is4() == dst.Is4() && speaks(protocol, src) && (!o.dst.IsValid() || o.dst == dst) && (!o.src.IsValid() || o.src == src) {
				best = best.or(o.follow(from, to, packet{protocol, src, dst, client, port}))
			}
		}
		for _, a := range publicsOf(to) {
			if src.Is4() && speaks(protocol, src) && (!o.dst.IsValid() || o.dst == a.Public) {
				best = best.or(o.follow(from, to, packet{protocol, src, a.Public, client, port}))
			}
		}
	}
	return best
}

// leave follows a packet from an interface to an address that none of the estate has.
func (o oracle) leave(from *estate.NetworkInterface, dst netip.Addr, protocol netset.Protocol, client, port uint16) verdict {
	best := verdict{no, no}
	for _, src := range addressesOf(from) {
		if src.Is4() == dst.Is4() && speaks(protocol, src) && (!o.src.IsValid() || o.src == src || standsFor(from, o.src, src)) {
			best = best.or(o.follow(from, nil, packet{protocol, src, dst, client, port}))
		}
	}
	return best
}

// admit follows a packet from a public address outside to an interface.
func (o oracle) admit(src netip.Addr, to *estate.NetworkInterface, protocol netset.Protocol, client, port uint16) verdict {
	var dsts []netip.Addr
	for _, a := range addressesOf(to) {
		if src.Is6() && a.Is6() {
			dsts = append(dsts, a)
		}
	}
	for _, a := range publicsOf(to) {
		if src.Is4() {
			dsts = append(dsts, a.Public)
		}
	}
	best := verdict{no, no}
	if !outside(src) {
		for _, dst := range addressesOf(to) {
			if src.Is4() == dst.Is4() && speaks(protocol, dst) {
				best = best.or(o.behind(packet{protocol, src, dst, client, port}, to))
			}
		}
		return best
	}
	for _, dst := range dsts {
		if !speaks(protocol, dst) {
			continue
		}
		best = best.or(courses(func(c *course) verdict {
			w := &walk{oracle: o, course: c, firewall: map[string]string{}}
			arrives := w.enter(packet{protocol, src, dst, client, port}, to)
			return verdict{arrives, estate.And(arrives, w.back(client))}
		}))
	}
	return best
}

// behind is a packet from a private address that nothing in the estate has: it may come from what is joined to the VPC and was
// not read, if anything is.
func (o oracle) behind(p packet, to *estate.NetworkInterface) verdict {
	return courses(func(c *course) verdict {
		w := &walk{oracle: o, course: c, stray: true, firewall: map[string]string{}}
		joined := o.joined(to, p.src)
		if o.inVPC(to.VPC, p.src) && o.vpc(to.VPC) != nil {
			joined = o.nobody(to.VPC)
		}
		arrives := estate.And(joined, w.acl(to.Subnet, false, p.src, p), w.answers(to), w.admits(to, false, p.src, nil, p))
		reply := &walk{oracle: o, course: c, sender: replies, firewall: map[string]string{}}
		return verdict{arrives, estate.And(arrives, reply.carry(to.Subnet, to.VPC, p.reply(), nil), unknown)}
	})
}

func (o oracle) vpc(id string) *estate.VPC {
	for _, v := range o.VPCs {
		if v.Ref().ID == id {
			return v
		}
	}
	return nil
}

// nobody is what becomes of a packet to an address of a VPC that no interface has which was read.
func (o oracle) nobody(vpc string) estate.Truth {
	if v := o.vpc(vpc); v != nil && o.Complete(v.Place(), "ec2:DescribeNetworkInterfaces") {
		return no
	}
	return unknown
}

// joined says whether something that was not read may have an address and send to an interface from it.
func (o oracle) joined(to *estate.NetworkInterface, src netip.Addr) estate.Truth {
	place, known := o.owner(to.Subnet, to.VPC)
	for _, op := range []operation.ID{"ec2:DescribeVpnGateways", "ec2:DescribeVpcPeeringConnections", "ec2:DescribeTransitGatewayAttachments"} {
		if !known || !o.Complete(place, op) {
			return unknown
		}
	}
	for _, g := range o.VPNGateways {
		if g.VPC == to.VPC {
			return unknown
		}
	}
	in := func(vpc string) estate.Truth {
		if v := o.vpc(vpc); v != nil && !slices.ContainsFunc(v.CIDRs, func(c netip.Prefix) bool { return c.Contains(src) }) {
			return no
		}
		return o.nobody(vpc)
	}
	all := no
	for _, c := range o.Peerings {
		if c.Status == "active" && c.Requester.VPC == to.VPC {
			all = estate.Or(all, in(c.Accepter.VPC))
		}
		if c.Status == "active" && c.Accepter.VPC == to.VPC {
			all = estate.Or(all, in(c.Requester.VPC))
		}
	}
	for _, a := range o.TransitGatewayAttachments {
		for _, b := range o.TransitGatewayAttachments {
			switch {
			case a.Type != "vpc" || a.Of != to.VPC || a.TransitGateway != b.TransitGateway:
			case b.Type != "vpc":
				all = unknown
			case b.Of != to.VPC:
				all = estate.Or(all, in(b.Of))
			}
		}
	}
	return all
}

func (o oracle) follow(from, to *estate.NetworkInterface, p packet) verdict {
	if from == to {
		return verdict{no, no}
	}
	return courses(func(c *course) verdict {
		w := &walk{oracle: o, course: c, sender: from, firewall: map[string]string{}}
		lets := w.admits(from, true, p.dst, to, p)
		byAddress := w.admits(from, true, p.dst, nil, p)
		arrives := w.carry(from.Subnet, from.VPC, p, to)
		if w.inspected { // AWS does not tell whether outgoing references hold then
			lets = estate.Or(byAddress, estate.And(lets, unknown))
		}
		arrives = estate.And(o.initiates(from), lets, arrives)
		return verdict{arrives, estate.And(arrives, w.back(p.from))}
	})
}

// speaks reports whether a protocol is one of an address's family: ICMP has one of its own for each.
func speaks(protocol netset.Protocol, a netip.Addr) bool {
	return protocol != netset.ICMP && protocol != netset.ICMPv6 || a.Is4() == (protocol == netset.ICMP)
}

// addressesOf are the addresses of an interface; of a prefix that is delegated to it the first and the last stand for all.
func addressesOf(i *estate.NetworkInterface) []netip.Addr {
	all := slices.Concat(i.Private, i.IPv6)
	for _, p := range i.Prefixes {
		all = append(all, p.Addr(), last(p))
	}
	return all
}

func has(i *estate.NetworkInterface, a netip.Addr) bool {
	return slices.Contains(i.Private, a) || slices.Contains(i.IPv6, a) ||
		slices.ContainsFunc(i.Prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

// publicsOf are the public IPv4 addresses of an interface, with the private ones for which they stand.
func publicsOf(i *estate.NetworkInterface) []estate.Association {
	if len(i.Associations) > 0 || !i.Public.IsValid() {
		return i.Associations
	}
	for _, a := range i.Private {
		if a.Is4() {
			return []estate.Association{{Private: a, Public: i.Public}}
		}
	}
	return nil
}

// standsFor reports whether a public address of an interface stands for a private one.
func standsFor(i *estate.NetworkInterface, public, private netip.Addr) bool {
	return slices.Contains(publicsOf(i), estate.Association{Private: private, Public: public})
}

// runs says whether anything answers at an interface.
func (o oracle) runs(i *estate.NetworkInterface) estate.Truth {
	if i.Status == "available" {
		return no
	}
	if i.Instance == "" {
		return yes
	}
	for _, x := range o.Instances {
		if x.Ref().ID == i.Instance && x.Ref().Region == i.Ref().Region {
			return estate.Is(x.State == "running")
		}
	}
	return unknown // it was there when the interface was listed
}

// initiates says whether the interface sends packets of its own accord.
// Endpoints do not: https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
func (o oracle) initiates(i *estate.NetworkInterface) estate.Truth {
	if i.Type == "vpc_endpoint" || i.Type == "nat_gateway" || i.Type == "gateway_load_balancer_endpoint" {
		return no
	}
	return o.runs(i)
}

// answers says whether the interface takes packets that nobody asked for.
func (o oracle) answers(i *estate.NetworkInterface) estate.Truth {
	if i.Type == "lambda" || i.Type == "nat_gateway" || i.Type == "gateway_load_balancer_endpoint" || i.Type == "api_gateway_managed" {
		return no
	}
	return o.runs(i)
}

// walk is one packet's way there, with what it meets.
type walk struct {
	oracle
	*course
	sender *estate.NetworkInterface // nil outside
	depth  int
	stray  bool // it may be anybody's by now
	beyond bool // it came into its VPC from another, over a transit gateway
	// identity says whether rules that refer to security groups still know the sender, outgoing and incoming.
	lost      bool              // something on the way forwards for itself, or rewrites addresses
	peered    bool              // over a peering in one Region
	transit   string            // over this transit gateway,
	refers    estate.Truth      // which, with both attachments, takes part in references
	inspected bool              // by a firewall
	apart     bool              // over something that never carries references: a peering between Regions or transit gateways
	firewall  map[string]string // by endpoint: the engine that saw it
	feet      []string          // the subnets where an appliance that has the packet stands
	// translated counts NAT gateways. legs are the reply's ways, before the first NAT gateway and after.
	translated int
	legs       [3][]func(client uint16) estate.Truth
}

// back says whether the reply gets back. Each NAT gateway sends from a port of its own choice between 1024 and 65535.
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
func (w *walk) back(client uint16) estate.Truth {
	all := yes
	for i, legs := range w.legs {
		if len(legs) == 0 {
			continue
		}
		ports := []uint16{client}
		if i > 0 {
			ports = w.ephemeral()
		}
		any := no
		for _, port := range ports {
			got := yes
			for _, leg := range legs {
				got = estate.And(got, leg(port))
			}
			any = estate.Or(any, got)
		}
		all = estate.And(all, any)
	}
	return all
}

// ephemeral are the ports from 1024 on at which some rule of the estate may begin to say something else.
func (w *walk) ephemeral() []uint16 {
	ports := []uint16{1024}
	for _, port := range w.ports {
		if port > 1024 {
			ports = append(ports, port)
		}
	}
	return ports
}

// edges are the ports at which rules of network ACLs and firewalls begin, and those after their ends.
func edges(e *estate.Estate) []uint16 {
	ports := []uint16{1}
	add := func(list netset.Ports) {
		for _, r := range list.Ranges() {
			ports = append(ports, max(r.First, 1))
			if r.Last < 65535 {
				ports = append(ports, r.Last+1)
			}
		}
	}
	for _, a := range e.NetworkACLs {
		for _, x := range a.Entries {
			add(x.Traffic.Of(netset.TCP))
			add(x.Traffic.Of(netset.UDP))
		}
	}
	for _, f := range e.Firewalls {
		policy, ok := f.Policy.Value()
		if !ok {
			continue
		}
		for _, g := range slices.Concat(policy.Stateless, policy.Stateful) {
			rules, _ := g.Rules.Value()
			for _, r := range rules {
				add(r.SourcePorts)
				add(r.DestinationPorts)
			}
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

// leg adds one way of the reply, after the NAT gateways that are passed by now.
func (w *walk) leg(f func(client uint16) estate.Truth) {
	n := min(w.translated, len(w.legs)-1)
	w.legs[n] = append(w.legs[n], f)
}

// carry takes a packet on that is about to leave a subnet: to an interface, or with none to where it goes outside.
func (w *walk) carry(subnet, vpc string, p packet, goal *estate.NetworkInterface) estate.Truth {
	if w.depth++; w.depth > 12 {
		return no // it goes round until its hop limit ends it
	}
	defer func() { w.depth-- }()
	if goal != nil && goal.Subnet == subnet && has(goal, p.dst) {
		return w.arrive(p, goal) // neither routes nor network ACLs within a subnet
	}
	targets, found := w.lookup(subnet, vpc, p.dst)
	if !found {
		return estate.And(w.acl(subnet, true, p.dst, p), w.astray(p, goal))
	}
	return w.pass(subnet, vpc, targets[w.pick(subnet+p.dst.String(), len(targets))], p, goal)
}

func (w *walk) pass(subnet, vpc, target string, p packet, goal *estate.NetworkInterface) estate.Truth {
	out := w.acl(subnet, true, p.dst, p)
	kind, _, _ := strings.Cut(target, "-")
	switch kind {
	case "blackhole":
		return no
	case "local":
		if goal == nil {
			return estate.And(out, w.nobody(vpc))
		}
		if goal.VPC != vpc || !has(goal, p.dst) {
			return no
		}
		return estate.And(out, w.acl(goal.Subnet, false, p.src, p), w.arrive(p, goal))
	case "igw":
		return w.internetGateway(subnet, vpc, target, p, goal, out)
	case "eigw":
		return w.egressOnly(subnet, vpc, target, p, goal, out)
	case "nat":
		return w.nat(subnet, vpc, target, p, goal, out)
	case "pcx":
		return estate.And(out, w.peering(vpc, target, p, goal))
	case "tgw":
		return estate.And(out, w.transitGateway(subnet, vpc, target, p, goal))
	case "vpce":
		return w.endpoint(subnet, vpc, target, p, goal, out)
	case "eni":
		return w.appliance(subnet, vpc, target, p, goal, out)
	case "vgw":
		for _, g := range w.VPNGateways {
			if g.Ref().ID == target {
				return estate.And(out, estate.Is(g.VPC == vpc), w.astray(p, goal))
			}
		}
		return estate.And(out, w.astray(p, goal))
	}
	return estate.And(out, w.astray(p, goal))
}

// astray is a packet of which it is not known who passes it on, and from which address: it may still come to a goal that
// would let it in.
func (w *walk) astray(p packet, goal *estate.NetworkInterface) estate.Truth {
	*w.strayed = true
	if goal == nil || w.returning() {
		return unknown
	}
	lost := *w
	lost.sender, lost.stray = nil, true
	in := no
	for _, src := range w.starts(p.dst.Is6()) {
		from := p
		from.src = src
		enters := yes
		if !slices.Contains(w.feet, goal.Subnet) {
			enters = lost.acl(goal.Subnet, false, src, from)
		}
		in = estate.Or(in, estate.And(enters, lost.admits(goal, false, src, nil, from)))
	}
	return estate.And(unknown, w.answers(goal), in)
}

// starts are the addresses of a family at which some rule may begin to say something else.
func (o oracle) starts(six bool) []netip.Addr {
	all := []netip.Addr{netip.IPv4Unspecified()}
	if six {
		all[0] = netip.IPv6Unspecified()
	}
	add := func(c netip.Prefix) {
		if c.Addr().Is6() == six {
			all = append(all, c.Masked().Addr())
			if after := last(c).Next(); after.IsValid() {
				all = append(all, after)
			}
		}
	}
	for _, a := range o.NetworkACLs {
		for _, x := range a.Entries {
			add(x.CIDR)
		}
	}
	for _, g := range o.SecurityGroups {
		for _, r := range g.Rules {
			addresses, _ := r.Addresses.Value()
			for _, c := range addresses.Prefixes() {
				add(c)
			}
		}
	}
	return all
}

func last(c netip.Prefix) netip.Addr {
	b := c.Masked().Addr().AsSlice()
	for i := c.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 128 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// owner returns where a subnet belongs: a VPC and its subnets have one owner.
func (o oracle) owner(subnet, vpc string) (estate.Place, bool) {
	if s := o.subnet(subnet); s != nil {
		return s.Place(), true
	}
	for _, v := range o.VPCs {
		if v.Ref().ID == vpc {
			return v.Place(), true
		}
	}
	return estate.Place{}, false
}

// told reports whether a listing is complete where a subnet belongs.
func (o oracle) told(subnet, vpc string, op operation.ID) bool {
	p, ok := o.owner(subnet, vpc)
	return ok && o.Complete(p, op)
}

func (o oracle) subnet(id string) *estate.Subnet {
	for _, s := range o.Subnets {
		if s.Ref().ID == id {
			return s
		}
	}
	return nil
}

// arrive ends the way at an interface: it must answer, and its groups admit the packet.
func (w *walk) arrive(p packet, goal *estate.NetworkInterface) estate.Truth {
	if w.sender == nil && goal == nil {
		return no
	}
	if w.returning() {
		return yes // a reply: security groups let it through
	}
	sender := w.sender
	src := p.src
	w.leg(func(client uint16) estate.Truth {
		reply := p
		reply.from = client
		reply = reply.reply()
		if w.translated > 0 || sender == nil {
			return yes // the legs of what translates say it
		}
		return w.replyTo(goal.Subnet, goal.VPC, reply, sender)
	})
	return estate.And(w.answers(goal), w.admits(goal, false, src, sender, p))
}

// replies is the sender of walks of replies.
var replies = &estate.NetworkInterface{}

func (w *walk) returning() bool { return w.sender == replies }

// replyTo carries a reply from a subnet to an interface, by any way that does not rewrite its addresses.
func (w *walk) replyTo(subnet, vpc string, p packet, to *estate.NetworkInterface) estate.Truth {
	r := &walk{oracle: w.oracle, course: w.course, sender: replies, firewall: map[string]string{}}
	got := r.carry(subnet, vpc, p, to)
	return estate.And(got, w.sameFirewalls(r))
}

// sameFirewalls says whether a reply meets the firewall endpoints that its flow met: one that sees one direction only is not
// understood.
func (w *walk) sameFirewalls(r *walk) estate.Truth {
	for endpoint, engine := range r.firewall {
		if engine == "stateful" && w.firewall[endpoint] != "stateful" {
			return unknown
		}
	}
	for endpoint, engine := range w.firewall {
		if engine == "unmatched" || engine == "stateful" && r.firewall[endpoint] != "stateful" {
			return unknown
		}
	}
	return yes
}

// admits says whether the security groups of an interface let a packet through: to peer, outgoing, or from it. who is the interface
// that has the peer's address, nil for none that is known.
func (w *walk) admits(i *estate.NetworkInterface, egress bool, peer netip.Addr, who *estate.NetworkInterface, p packet) estate.Truth {
	if len(i.SecurityGroups) == 0 {
		return estate.Is(i.Type != "interface")
	}
	admitted := no
	for _, id := range i.SecurityGroups {
		var group *estate.SecurityGroup
		for _, g := range w.SecurityGroups {
			if g.Ref().ID == id && g.Ref().Region == i.Ref().Region {
				group = g
			}
		}
		if group == nil {
			admitted = estate.Or(admitted, unknown)
			continue
		}
		if len(group.Missing) > 0 {
			admitted = estate.Or(admitted, unknown)
		}
		for _, r := range group.Rules {
			if r.Egress != egress || !matches(r.Traffic, p) {
				continue
			}
			if addresses, ok := r.Addresses.Value(); ok {
				admitted = estate.Or(admitted, estate.Is(contains(addresses, peer)))
			} else if !r.Addresses.Absent() {
				admitted = estate.Or(admitted, unknown)
			} else if w.stray {
				admitted = estate.Or(admitted, unknown)
			} else if who != nil && slices.Contains(who.SecurityGroups, r.Peer) && has(who, peer) {
				admitted = estate.Or(admitted, w.known(i, who, egress))
			}
		}
	}
	return admitted
}

// known says whether a rule of i that refers to a security group knows that who wears it.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html#security-group-referencing
// Of what is outgoing the way is not walked yet when the rule is asked: it holds if there is a peering or none is needed.
func (w *walk) known(i, who *estate.NetworkInterface, egress bool) estate.Truth {
	if egress {
		// In the sender's rules a group stands for the addresses of its members: in its VPC, or over an active peering in its Region.
		if i.VPC == who.VPC {
			return yes
		}
		for _, c := range w.Peerings {
			if c.Status == "active" && c.Requester.Region == c.Accepter.Region &&
				(c.Requester.VPC == i.VPC && c.Accepter.VPC == who.VPC || c.Requester.VPC == who.VPC && c.Accepter.VPC == i.VPC) {
				return yes
			}
		}
		return w.missingPeering(i)
	}
	switch {
	case w.lost || w.apart:
		return no
	case w.transit != "":
		return w.refers
	case w.peered:
		return yes
	}
	return estate.Is(i.VPC == who.VPC)
}

func (w *walk) missingPeering(i *estate.NetworkInterface) estate.Truth {
	if w.Complete(i.Place(), "ec2:DescribeVpcPeeringConnections") {
		return no
	}
	return unknown
}

func matches(t netset.Traffic, p packet) bool {
	for _, r := range t.Of(p.protocol).Ranges() {
		if p.protocol != netset.TCP && p.protocol != netset.UDP && p.protocol != netset.ICMP && p.protocol != netset.ICMPv6 ||
			r.First <= p.to && p.to <= r.Last {
			return true
		}
	}
	return false
}

func contains(set netset.Addresses, a netip.Addr) bool {
	for _, c := range set.Prefixes() {
		if c.Contains(a) {
			return true
		}
	}
	return false
}

// acl asks the network ACL of a subnet about a packet that leaves it for remote, or enters it from there.
func (w *walk) acl(subnet string, egress bool, remote netip.Addr, p packet) estate.Truth {
	for _, a := range w.NetworkACLs {
		if !slices.Contains(a.Subnets, subnet) {
			continue
		}
		for _, x := range a.Entries { // the lowest number first
			if x.Egress == egress && x.CIDR.Contains(remote) && matches(x.Traffic, p) {
				return estate.Is(x.Allow)
			}
		}
		return no
	}
	return unknown
}

// lookup returns the targets to which a subnet's route table may send a packet: one, or several where a prefix list was
// not read; "blackhole" for none. It is not found where the table was not read.
// https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
func (o oracle) lookup(subnet, vpc string, dst netip.Addr) (targets []string, found bool) {
	var table *estate.RouteTable
	for _, t := range o.RouteTables {
		if slices.Contains(t.Subnets, subnet) {
			table = t
		}
	}
	if table == nil {
		if !o.told(subnet, vpc, "ec2:DescribeRouteTables") {
			return nil, false // another table may be the subnet's own
		}
		for _, t := range o.RouteTables {
			if t.Main && t.VPC == vpc {
				table = t
			}
		}
	}
	if table == nil {
		return nil, false
	}
	return o.choose(table, dst), true
}

func (o oracle) choose(table *estate.RouteTable, dst netip.Addr) []string {
	type candidate struct {
		bits, rank int // of equals: 2 a CIDR that somebody wrote, 1 a prefix list, 0 propagated
		target     string
	}
	best := candidate{-1, -1, "blackhole"}
	var may []string
	for _, r := range table.Routes {
		c := candidate{-1, 2, r.Target}
		if !r.Active {
			c.target = "blackhole"
		}
		if r.Propagated {
			c.rank = 0
		}
		if r.PrefixList != "" {
			c.rank = 1
			var list *estate.PrefixList
			for _, l := range o.PrefixLists {
				if l.Ref().ID == r.PrefixList {
					list = l
				}
			}
			// A gateway endpoint leads to a public service.
			service := !outside(dst) && slices.ContainsFunc(o.Endpoints, func(e *estate.Endpoint) bool { return e.Ref().ID == r.Target && e.Type == "Gateway" })
			if list == nil && !service {
				may = append(may, c.target)
			}
			if list == nil {
				continue
			}
			entries, ok := list.Entries.Value()
			if !ok && !service {
				may = append(may, c.target)
			}
			if !ok {
				continue
			}
			for _, e := range entries {
				if e.Contains(dst) {
					c.bits = max(c.bits, e.Bits())
				}
			}
		} else if r.CIDR.Contains(dst) {
			c.bits = r.CIDR.Bits()
		}
		if c.bits >= 0 && (c.bits > best.bits || c.bits == best.bits && c.rank > best.rank) {
			best = c
		}
	}
	if best.target == "local" {
		// Nothing but what stands in the VPC may be more specific than the local route.
		// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
		may = slices.DeleteFunc(may, func(target string) bool {
			kind, _, _ := strings.Cut(target, "-")
			return kind != "nat" && kind != "eni" && kind != "vpce"
		})
	}
	return append(may, best.target)
}

// internetGateway passes a packet out of a VPC, translated to its interface's public address.
// https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
func (w *walk) internetGateway(subnet, vpc, id string, p packet, goal *estate.NetworkInterface, out estate.Truth) estate.Truth {
	var gateway *estate.InternetGateway
	for _, g := range w.InternetGateways {
		if g.Ref().ID == id {
			gateway = g
		}
	}
	if gateway == nil { // what any gateway refuses, this one does too
		*w.strayed = true
		out = estate.And(out, unknown)
		gateway = &estate.InternetGateway{Resource: estate.Resource{Reference: estate.Ref{ID: id}}, VPC: vpc}
	}
	if gateway.VPC != vpc {
		return no
	}
	if w.returning() {
		return no // what comes out has another address than the packet that it answers
	}
	seen, inner, owner, ok := w.publicly(p.src, vpc)
	if !ok || !outside(p.dst) {
		return no
	}
	kind := "igw"
	if owner != nil && owner.Type == "nat_gateway" {
		kind = "nat"
	}
	passes := estate.And(out, w.block(owner.Subnet, vpc, true, kind))
	here := p
	w.leg(func(client uint16) estate.Truth {
		reply := here
		reply.from = client
		reply = reply.reply()
		reply.dst = inner
		r := &walk{oracle: w.oracle, course: w.course, sender: replies, firewall: map[string]string{}}
		got := r.inside(gateway, reply, owner)
		return estate.And(got, w.sameFirewalls(r))
	})
	p.src = seen
	w.lost = true
	if goal == nil {
		return passes
	}
	return estate.And(passes, w.enterAgain(p, goal))
}

// enterAgain takes a packet that left by an internet gateway into the VPC of the interface that it is for.
func (w *walk) enterAgain(p packet, goal *estate.NetworkInterface) estate.Truth {
	outer := &walk{oracle: w.oracle, course: w.course, firewall: map[string]string{}}
	got := outer.enter(p, goal)
	for i, legs := range outer.legs {
		n := min(i+w.translated, len(w.legs)-1)
		w.legs[n] = append(w.legs[n], legs...)
	}
	return got
}

// publicly returns the public address that stands for one of a VPC at its internet gateway, and the interface that has it.
func (o oracle) publicly(src netip.Addr, vpc string) (public, private netip.Addr, owner *estate.NetworkInterface, ok bool) {
	for _, i := range o.NetworkInterfaces {
		if i.VPC == vpc && has(i, src) {
			if src.Is6() {
				return src, src, i, true
			}
			for _, a := range publicsOf(i) {
				if a.Private == src {
					return a.Public, src, i, true
				}
			}
			return netip.Addr{}, src, i, false
		}
	}
	return netip.Addr{}, netip.Addr{}, nil, false
}

// outside says whether an address can be on the other side of an internet gateway.
func outside(a netip.Addr) bool {
	for _, private := range prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7") {
		if private.Contains(a) {
			return false
		}
	}
	return true
}

// enter brings a packet from outside through the internet gateway of the VPC of the interface that has its destination.
func (w *walk) enter(p packet, goal *estate.NetworkInterface) estate.Truth {
	if !outside(p.src) {
		return no
	}
	var gateway *estate.InternetGateway
	for _, g := range w.InternetGateways {
		if g.VPC == goal.VPC {
			gateway = g
		}
	}
	if gateway == nil {
		if w.told(goal.Subnet, goal.VPC, "ec2:DescribeInternetGateways") {
			return no
		}
		return estate.And(w.answers(goal), w.acl(goal.Subnet, false, p.src, p), w.admits(goal, false, p.src, nil, p), unknown)
	}
	own := yes
	for _, a := range w.Addresses {
		if a.Public == p.dst && a.Pool != "" {
			own = unknown // nobody read whether its range is advertised
		}
	}
	if p.dst.Is4() {
		of := slices.IndexFunc(publicsOf(goal), func(a estate.Association) bool { return a.Public == p.dst })
		if of < 0 {
			return no
		}
		p.dst = publicsOf(goal)[of].Private
	} else if !has(goal, p.dst) {
		return no
	}
	w.lost = true
	passes := estate.And(w.inside(gateway, p, goal), own)
	w.leg(func(client uint16) estate.Truth {
		reply := p
		reply.from = client
		reply = reply.reply()
		r := &walk{oracle: w.oracle, course: w.course, sender: replies, firewall: map[string]string{}}
		got := r.out(goal.Subnet, goal.VPC, gateway, reply)
		return estate.And(got, w.sameFirewalls(r))
	})
	return estate.And(passes, w.block(goal.Subnet, goal.VPC, false, "igw"), w.answers(goal), w.admits(goal, false, p.src, nil, p))
}

// inside takes a packet from an internet gateway to an interface: past the gateway's own route table, which may send it
// through a firewall, and the network ACL.
// https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html
func (w *walk) inside(gateway *estate.InternetGateway, p packet, goal *estate.NetworkInterface) estate.Truth {
	if p.dst.Is6() && goal.DeniesGateway {
		return no
	}
	direct := w.acl(goal.Subnet, false, p.src, p)
	for _, t := range w.RouteTables {
		if !slices.Contains(t.Gateways, gateway.Ref().ID) {
			continue
		}
		targets := w.choose(t, p.dst)
		switch target := targets[w.pick(t.Ref().ID+p.dst.String(), len(targets))]; {
		case target == "local":
			return direct
		case strings.HasPrefix(target, "vpce-"):
			return w.inspect(target, p, goal, func(subnet string) estate.Truth { return w.within(subnet, goal.VPC, p, goal) })
		case strings.HasPrefix(target, "eni-"):
			return estate.And(w.appliance("", goal.VPC, target, p, goal, yes), unknown)
		}
		return no
	}
	if !w.told(goal.Subnet, goal.VPC, "ec2:DescribeRouteTables") {
		return estate.And(direct, unknown) // the gateway may have one
	}
	return direct
}

// within carries a packet from a firewall's subnet on to an interface, without asking whether it is let in.
func (w *walk) within(subnet, vpc string, p packet, goal *estate.NetworkInterface) estate.Truth {
	inner := &walk{oracle: w.oracle, course: w.course, sender: replies, depth: w.depth, firewall: map[string]string{}}
	got := inner.carry(subnet, vpc, p, goal)
	for endpoint, engine := range inner.firewall {
		w.firewall[endpoint] = engine
	}
	return got
}

// out carries a reply to an internet gateway: the one through which the packet came.
func (w *walk) out(subnet, vpc string, gateway *estate.InternetGateway, p packet) estate.Truth {
	if w.depth++; w.depth > 12 {
		return no
	}
	targets, found := w.lookup(subnet, vpc, p.dst)
	if !found {
		return estate.And(w.acl(subnet, true, p.dst, p), unknown)
	}
	leaves := w.acl(subnet, true, p.dst, p)
	target := targets[w.pick(subnet+p.dst.String(), len(targets))]
	switch {
	case target == gateway.Ref().ID:
		return leaves
	case strings.HasPrefix(target, "igw-") && !slices.ContainsFunc(w.InternetGateways, func(g *estate.InternetGateway) bool { return g.Ref().ID == target }):
		return estate.And(leaves, unknown) // which may have taken the other's place
	case strings.HasPrefix(target, "vpce-"):
		return estate.And(leaves, w.inspect(target, p, nil, func(next string) estate.Truth { return w.out(next, vpc, gateway, p) }))
	case strings.HasPrefix(target, "eni-"):
		return estate.And(leaves, w.appliance(subnet, vpc, target, p, nil, yes))
	}
	return w.pass(subnet, vpc, target, p, nil) // by another way it comes out with another address, if at all
}

// egressOnly passes a packet of IPv6 out; only what answers it comes back in.
// https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html
func (w *walk) egressOnly(subnet, vpc, id string, p packet, goal *estate.NetworkInterface, out estate.Truth) estate.Truth {
	var gateway *estate.EgressOnlyGateway
	for _, g := range w.EgressOnlyGateways {
		if g.Ref().ID == id {
			gateway = g
		}
	}
	if gateway == nil {
		*w.strayed = true
		out = estate.And(out, unknown)
		gateway = &estate.EgressOnlyGateway{VPC: vpc}
	}
	if gateway.VPC != vpc || p.dst.Is4() || !outside(p.dst) || w.returning() {
		return no
	}
	_, _, owner, ok := w.publicly(p.src, vpc)
	if !ok {
		return no
	}
	passes := estate.And(out, w.block(owner.Subnet, vpc, true, "eigw"))
	w.leg(func(client uint16) estate.Truth {
		reply := p
		reply.from = client
		reply = reply.reply()
		return w.acl(owner.Subnet, false, reply.src, reply)
	})
	w.lost = true
	if goal == nil {
		return passes
	}
	return estate.And(passes, w.enterAgain(p, goal))
}

// nat passes a packet through a NAT gateway of the same VPC.
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
func (w *walk) nat(subnet, vpc, id string, p packet, goal *estate.NetworkInterface, out estate.Truth) estate.Truth {
	var gateway *estate.NATGateway
	for _, g := range w.NATGateways {
		if g.Ref().ID == id {
			gateway = g
		}
	}
	if gateway == nil {
		return estate.And(out, w.astray(p, goal))
	}
	if gateway.VPC != vpc || gateway.State != "available" || p.dst.Is6() || w.returning() ||
		p.protocol != netset.TCP && p.protocol != netset.UDP && p.protocol != netset.ICMP {
		return no
	}
	if len(gateway.Addresses) == 0 {
		return estate.And(out, w.astray(p, goal))
	}
	if gateway.Regional {
		return w.regionalNAT(subnet, vpc, gateway, p, goal, out)
	}
	var own *estate.NetworkInterface
	for _, i := range w.NetworkInterfaces {
		if i.Ref().ID == gateway.Addresses[0].Interface {
			own = i
		}
	}
	if own == nil {
		return estate.And(out, w.astray(p, goal))
	}
	passes := yes
	if gateway.Subnet != subnet {
		passes = estate.And(out, w.acl(gateway.Subnet, false, p.src, p))
	}
	sender, here := w.sender, p
	w.leg(func(client uint16) estate.Truth { // from the gateway, with the sender's address again
		reply := here
		reply.from = client
		return w.replyTo(gateway.Subnet, vpc, reply.reply(), sender)
	})
	w.translated++
	w.lost = true
	p.src, p.from = gateway.Addresses[0].Private, 1024
	w.legNATBack(gateway, p, own, goal)
	return estate.And(passes, w.carry(gateway.Subnet, vpc, p, goal))
}

// regionalNAT passes a packet through a NAT gateway that stands in no subnet, and straight out. It takes an address of the zone.
func (w *walk) regionalNAT(subnet, vpc string, gateway *estate.NATGateway, p packet, goal *estate.NetworkInterface, out estate.Truth) estate.Truth {
	var mine []estate.NATAddress
	for _, a := range gateway.Addresses {
		if s := w.subnet(subnet); s != nil && a.Zone == s.Zone {
			mine = append(mine, a)
		}
	}
	if len(mine) == 0 {
		mine = gateway.Addresses
	}
	if !outside(p.dst) || !slices.ContainsFunc(w.InternetGateways, func(g *estate.InternetGateway) bool { return g.VPC == vpc }) {
		return no
	}
	sender, here := w.sender, p
	w.leg(func(client uint16) estate.Truth { // the sender's subnet is the first on the way back
		if sender.VPC != vpc {
			return unknown // the gateway's own routes were not read
		}
		reply := here
		reply.from = client
		reply = reply.reply()
		return w.acl(sender.Subnet, false, reply.src, reply)
	})
	w.translated++
	w.lost = true
	p.src, p.from = mine[w.pick(gateway.Ref().ID+subnet, len(mine))].Public, 1024
	passes := estate.And(out, w.block(subnet, vpc, true, "nat"))
	if goal == nil {
		return passes
	}
	return estate.And(passes, w.enterAgain(p, goal))
}

// legNATBack adds the reply's way to the gateway itself where no internet gateway says it: to a private one.
func (w *walk) legNATBack(gateway *estate.NATGateway, p packet, own, goal *estate.NetworkInterface) {
	if goal == nil || !has(goal, p.dst) {
		return
	}
	w.leg(func(client uint16) estate.Truth {
		reply := p
		reply.from = client
		return w.replyTo(goal.Subnet, goal.VPC, reply.reply(), own)
	})
}

// peering passes a packet to the VPC on the other side, and no further.
// https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html
func (w *walk) peering(vpc, id string, p packet, goal *estate.NetworkInterface) estate.Truth {
	var c *estate.Peering
	for _, x := range w.Peerings {
		if x.Ref().ID == id {
			c = x
		}
	}
	if c == nil {
		return w.astray(p, goal) // an active route to what nobody listed
	}
	if c.Status != "active" {
		return no
	}
	var other estate.PeeringSide
	switch vpc {
	case c.Requester.VPC:
		other = c.Accepter
	case c.Accepter.VPC:
		other = c.Requester
	default:
		return no
	}
	if w.beyond || !w.inVPC(vpc, p.src) {
		return no // it came from elsewhere: a peering carries what its two VPCs say to each other
	}
	if goal == nil || goal.VPC != other.VPC || !has(goal, p.dst) {
		for _, v := range w.VPCs {
			if v.Ref().ID == other.VPC {
				if goal == nil && slices.ContainsFunc(v.CIDRs, func(c netip.Prefix) bool { return c.Contains(p.dst) }) {
					return w.nobody(other.VPC)
				}
				return no
			}
		}
		if goal != nil {
			return no
		}
		return unknown // nobody read the other side
	}
	if c.Requester.Region == c.Accepter.Region {
		w.peered = true
	} else {
		w.apart = true
	}
	return estate.And(w.acl(goal.Subnet, false, p.src, p), w.arrive(p, goal))
}

// inVPC says whether an address is one of a VPC's own; where the VPC was not read it is taken for one.
func (o oracle) inVPC(vpc string, a netip.Addr) bool {
	for _, v := range o.VPCs {
		if v.Ref().ID == vpc {
			return slices.ContainsFunc(v.CIDRs, func(c netip.Prefix) bool { return c.Contains(a) })
		}
	}
	return true
}

// transitGateway passes a packet to what the transit gateway's route table names.
// https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html
func (w *walk) transitGateway(subnet, vpc, id string, p packet, goal *estate.NetworkInterface) estate.Truth {
	var gateway *estate.TransitGateway
	for _, g := range w.TransitGateways {
		if g.Ref().ID == id {
			gateway = g
		}
	}
	if gateway != nil && gateway.State != "available" {
		return no
	}
	from := w.attachmentOf(id, "vpc", vpc)
	if from == nil {
		return w.astray(p, goal)
	}
	if from.State != "available" {
		return no
	}
	how, ok := from.VPC.Value()
	// It enters by the attachment's subnet in the sender's zone, or not at all. That subnet's ACL sees it come in, even
	// where it is the sender's own: https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html
	enters, zone := no, ""
	s := w.subnet(subnet)
	if s == nil || !ok {
		enters = unknown
	}
	if s != nil {
		zone = s.ZoneID
	}
	for _, at := range how.Subnets {
		switch other := w.subnet(at); {
		case other == nil && enters == no:
			enters = unknown
		case other != nil && s != nil && other.ZoneID == s.ZoneID:
			enters = w.acl(at, false, p.src, p)
		}
	}
	if ok && p.dst.Is6() && !how.IPv6 {
		enters = no
	}
	w.transit = id
	w.refers = unknown
	if gateway != nil {
		w.refers = estate.Is(gateway.GroupReferences && how.GroupReferences)
	}
	return estate.And(enters, w.through(id, from, zone, p, goal))
}

func (o oracle) attachmentOf(gateway, kind, of string) *estate.TransitGatewayAttachment {
	for _, a := range o.TransitGatewayAttachments {
		if a.TransitGateway == gateway && a.Type == kind && a.Of == of {
			return a
		}
	}
	return nil
}

// through routes what came by an attachment.
func (w *walk) through(gateway string, from *estate.TransitGatewayAttachment, zone string, p packet, goal *estate.NetworkInterface) estate.Truth {
	if w.depth++; w.depth > 12 {
		return no
	}
	defer func() { w.depth-- }()
	if from.RouteTable.Absent() {
		return no
	}
	id, ok := from.RouteTable.Value()
	if !ok {
		return w.astray(p, goal)
	}
	var routes []estate.TransitGatewayRoute
	ok = false
	for _, t := range w.TransitGatewayRouteTables {
		if t.Ref().ID == id {
			routes, ok = t.Routes.Value()
		}
	}
	if !ok {
		return w.astray(p, goal)
	}
	var best *estate.TransitGatewayRoute
	for i, r := range routes {
		if r.CIDR.Contains(p.dst) && (best == nil || r.CIDR.Bits() > best.CIDR.Bits() || r.CIDR.Bits() == best.CIDR.Bits() && r.Static && !best.Static) {
			best = &routes[i]
		}
	}
	if best == nil || best.Blackhole || len(best.Attachments) == 0 {
		return no
	}
	return w.towards(gateway, best.Attachments[w.pick(id+p.dst.String(), len(best.Attachments))], zone, p, goal)
}

func (w *walk) towards(gateway, id, zone string, p packet, goal *estate.NetworkInterface) estate.Truth {
	var a *estate.TransitGatewayAttachment
	for _, x := range w.TransitGatewayAttachments {
		if x.Ref().ID == id && x.TransitGateway == gateway {
			a = x
		}
	}
	if a == nil {
		return w.astray(p, goal)
	}
	if a.State != "available" {
		return no
	}
	switch a.Type {
	case "vpc":
	case "peering":
		w.apart = true
		for _, x := range w.TransitGatewayAttachments {
			if x.TransitGateway == a.Of && x.Type == "peering" && x.Of == gateway {
				return w.through(a.Of, x, "", p, goal)
			}
		}
		return w.astray(p, goal)
	default:
		return w.astray(p, goal) // a VPN, Direct Connect, an appliance: what is behind it is not known
	}
	how, ok := a.VPC.Value()
	if !ok {
		return w.astray(p, goal)
	}
	if p.dst.Is6() && !how.IPv6 {
		return no
	}
	w.refers = estate.And(w.refers, estate.Is(how.GroupReferences))
	var same []string // in the sender's zone, which a transit gateway keeps to where it can
	for _, at := range how.Subnets {
		if s := w.subnet(at); s != nil && s.ZoneID == zone {
			same = append(same, at)
		}
	}
	if len(same) == 0 || how.ApplianceMode {
		same = how.Subnets
	}
	if len(same) == 0 {
		return no
	}
	w.beyond = true
	if how.ApplianceMode {
		zone = "" // replies keep to the flow's
	}
	return w.carry(same[w.pick(a.Ref().ID+zone, len(same))], a.Of, p, goal)
}

// endpoint passes a packet into a VPC endpoint that is the target of a route: of a firewall, or of an appliance, or of S3.
func (w *walk) endpoint(subnet, vpc, id string, p packet, goal *estate.NetworkInterface, out estate.Truth) estate.Truth {
	for _, e := range w.Endpoints {
		if e.Ref().ID == id && e.Type == "Gateway" {
			echo := p.protocol == netset.ICMP && p.to == 8<<8 || p.protocol == netset.ICMPv6 && p.to == 128<<8
			if goal != nil || w.returning() || p.protocol != netset.TCP && !echo {
				return no
			}
			w.leg(func(client uint16) estate.Truth {
				reply := p
				reply.from = client
				reply = reply.reply()
				return w.acl(subnet, false, reply.src, reply)
			})
			return out
		}
		if e.Ref().ID == id && slices.Contains(e.Subnets, subnet) && !w.isFirewall(id) {
			w.feet = e.Subnets
			defer func() { w.feet = nil }()
			return w.astray(p, goal)
		}
	}
	return estate.And(out, w.inspect(id, p, goal, func(next string) estate.Truth {
		return w.carry(next, vpc, p, goal)
	}))
}

func (o oracle) isFirewall(endpoint string) bool {
	for _, f := range o.Firewalls {
		endpoints, _ := f.Endpoints.Value()
		if slices.ContainsFunc(endpoints, func(e estate.FirewallEndpoint) bool { return e.Endpoint == endpoint }) {
			return true
		}
	}
	return false
}

// inspect passes a packet through the firewall behind an endpoint, and from the endpoint's subnet on.
func (w *walk) inspect(id string, p packet, goal *estate.NetworkInterface, on func(subnet string) estate.Truth) estate.Truth {
	for _, f := range w.Firewalls {
		endpoints, ok := f.Endpoints.Value()
		if !ok {
			continue
		}
		for _, e := range endpoints {
			if e.Endpoint == id {
				w.lost, w.inspected = true, true
				return estate.And(w.acl(e.Subnet, false, p.src, p), w.firewalled(f, id, p), on(e.Subnet))
			}
		}
	}
	return w.astray(p, goal) // an appliance behind a Gateway Load Balancer, or a firewall that was not read
}

// appliance passes a packet to an interface that forwards: what becomes of it there is not known.
// https://docs.aws.amazon.com/vpc/latest/userguide/VPC_NAT_Instance.html#EIP_Disable_SrcDestCheck
func (w *walk) appliance(subnet, vpc, id string, p packet, goal *estate.NetworkInterface, out estate.Truth) estate.Truth {
	for _, i := range w.NetworkInterfaces {
		if i.Ref().ID != id {
			continue
		}
		if goal == i && has(i, p.dst) {
			return estate.And(out, w.acl(i.Subnet, false, p.src, p), w.arrive(p, goal))
		}
		if i.VPC != vpc || i.SourceDest {
			return no
		}
		passes := w.runs(i) // within its subnet nothing else is asked
		if i.Subnet != subnet {
			passes = estate.And(passes, out, w.acl(i.Subnet, false, p.src, p))
		}
		w.feet = nil
		for _, other := range w.NetworkInterfaces {
			if other == i || i.Instance != "" && other.Instance == i.Instance {
				w.feet = append(w.feet, other.Subnet)
			}
		}
		defer func() { w.feet = nil }()
		return estate.And(passes, w.astray(p, goal))
	}
	return estate.And(out, w.astray(p, goal))
}

// block asks VPC Block Public Access about a packet between a subnet and the Internet; out says that the subnet's side began.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html
func (w *walk) block(subnet, vpc string, out bool, kind string) estate.Truth {
	place, owned := w.owner(subnet, vpc)
	mode, ok := "", false
	for _, b := range w.BlockPublicAccess {
		if owned && b.Place == place {
			mode, ok = b.Mode.Value()
		}
	}
	if ok && mode == "off" {
		return yes
	}
	egress := false
	for _, x := range w.BlockPublicAccessExclusions {
		if x.Of != subnet && x.Of != vpc {
			continue
		}
		if x.Mode == "allow-bidirectional" {
			return yes
		}
		egress = egress || x.Mode == "allow-egress"
	}
	switch {
	case !ok:
		return unknown
	case mode == "block-ingress" && out && kind != "igw":
		return yes // only NAT gateways and egress-only internet gateways, which let nothing in
	case mode == "block-bidirectional" && out && egress:
		return yes
	case !w.Complete(place, "ec2:DescribeVpcBlockPublicAccessExclusions"):
		return unknown
	}
	return no
}

// firewalled asks a firewall about a packet.
// https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-rules-engines.html
func (w *walk) firewalled(f *estate.Firewall, endpoint string, p packet) estate.Truth {
	policy, ok := f.Policy.Value()
	if !ok {
		return unknown
	}
	actions := policy.StatelessDefault
	for _, g := range policy.Stateless {
		rules, ok := g.Rules.Value()
		if !ok || g.Opaque {
			return unknown
		}
		for _, r := range rules {
			if hits(r, p, false) {
				if r.Flags {
					return unknown
				}
				return w.stateless(endpoint, policy, r.Actions, p)
			}
		}
	}
	return w.stateless(endpoint, policy, actions, p)
}

func (w *walk) stateless(endpoint string, policy *estate.FirewallPolicy, actions []string, p packet) estate.Truth {
	switch {
	case slices.Contains(actions, "aws:drop"):
		return no
	case slices.Contains(actions, "aws:pass"):
		if w.firewall[endpoint] == "" {
			w.firewall[endpoint] = "stateless"
		}
		return yes
	case !slices.Contains(actions, "aws:forward_to_sfe"):
		return unknown
	}
	w.firewall[endpoint] = "stateful"
	if w.returning() {
		return yes // of a flow that it knows, or else sameFirewalls says so
	}
	passes, matched := stateful(policy, p)
	if !matched && slices.Contains(policy.StatefulDefault, "aws:drop_established") {
		w.firewall[endpoint] = "unmatched" // and what follows the first packet is dropped, sooner or later
		if p.protocol != netset.TCP {
			return unknown
		}
	}
	return passes
}

// stateful is what the stateful rules make of a flow's first packet, and whether one of them said it.
func stateful(policy *estate.FirewallPolicy, p packet) (passes estate.Truth, matched bool) {
	if policy.Order == "STRICT_ORDER" {
		for _, g := range policy.Stateful {
			rules, ok := g.Rules.Value()
			if !ok || g.Opaque {
				return unknown, true
			}
			for _, r := range rules {
				if hits(r, p, true) && r.Actions[0] != "ALERT" {
					return estate.Is(r.Actions[0] == "PASS"), true
				}
			}
		}
		return estate.Is(!slices.Contains(policy.StatefulDefault, "aws:drop_strict")), false
	}
	pass, drop, opaque := false, false, false
	for _, g := range policy.Stateful {
		rules, ok := g.Rules.Value()
		opaque = opaque || !ok || g.Opaque
		for _, r := range rules {
			if hits(r, p, true) {
				pass = pass || r.Actions[0] == "PASS"
				drop = drop || r.Actions[0] == "DROP" || r.Actions[0] == "REJECT"
			}
		}
	}
	switch {
	case pass: // pass rules come first
		return yes, true
	case opaque:
		return unknown, true
	}
	return estate.Is(!drop), true
}

func hits(r estate.FirewallRule, p packet, stateful bool) bool {
	if len(r.Protocols) > 0 && !slices.Contains(r.Protocols, p.protocol) {
		return false
	}
	one := func(src, dst netip.Addr, from, to uint16) bool {
		return contains(r.Sources, src) && contains(r.Destinations, dst) &&
			(!p.hasPorts() || inPorts(r.SourcePorts, from) && inPorts(r.DestinationPorts, to))
	}
	return one(p.src, p.dst, p.from, p.to) || stateful && r.BothWays && one(p.dst, p.src, p.to, p.from)
}

func inPorts(ports netset.Ports, port uint16) bool {
	for _, r := range ports.Ranges() {
		if r.First <= port && port <= r.Last {
			return true
		}
	}
	return false
}
