package reach_test

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
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

func (o oracle) vpc(id string) *estate.VPC {
	for _, v := range o.VPCs {
		if v.Ref().ID == id {
			return v
		}
	}
	return nil
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

// within carries a packet from a firewall's subnet on to an interface, without asking whether it is let in.
func (w *walk) within(subnet, vpc string, p packet, goal *estate.NetworkInterface) estate.Truth {
	inner := &walk{oracle: w.oracle, course: w.course, sender: replies, depth: w.depth, firewall: map[string]string{}}
	got := inner.carry(subnet, vpc, p, goal)
	for endpoint, engine := range inner.firewall {
		w.firewall[endpoint] = engine
	}
	return got
}
