package reach

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// clientPorts are those that clients on the Internet may send from, and proxyPorts those that load balancers and other
// services of AWS do.
// https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
var (
	clientPorts = netset.PortsOf(netset.PortRange{First: 1, Last: 65535})
	proxyPorts  = netset.PortsOf(netset.PortRange{First: 1024, Last: 65535})
)

// arrival is an answer about a packet that came as far as a node that may send it on.
type arrival struct {
	Answer
	// seen are the source addresses that the node sees, and mine says that they are those of the clients themselves.
	seen netset.Addresses
	mine bool
}

// entrance is how packets come to a load balancer.
type entrance struct {
	way     Way
	through []estate.Ref
	from    *node // nil: outside
	arrive  func(to *node, p packet) arrival
	// hides says that a network load balancer cannot keep the client's address, whatever its attributes say.
	hides bool
}

// visit calls yield with every target that a load balancer leads to by an entrance, and what becomes of the packets. Only
// listeners on the ports count.
func (n *Network) visit(lb *estate.LoadBalancer, e entrance, protocol netset.Protocol, ports netset.Ports, yield func(*backend, *node, Answer)) {
	for _, b := range n.doors.leads[lb] {
		if b.blind || b.protocol != protocol && protocol != 0 || b.port != 0 && !ports.Contains(b.port) {
			continue
		}
		switch {
		case b.nested != nil:
			inner := e
			inner.through = append(slices.Clip(e.through), lb.Reference)
			inner.arrive = func(to *node, p packet) arrival { return n.pass(b, e, to, inner.through) }
			for _, t := range n.doors.stands[b.nested] {
				yield(b, t, n.pass(b, e, t, inner.through).Answer)
			}
			if b.nested.Type == "application" { // it has no ways on to other load balancers: this ends
				n.visit(b.nested, inner, b.protocol, netset.PortsOf(netset.PortRange{First: b.targetPort, Last: b.targetPort}), yield)
			}
		case b.function:
			yield(b, nil, n.pass(b, e, nil, append(slices.Clip(e.through), lb.Reference)).Answer)
		default:
			through := append(slices.Clip(e.through), lb.Reference)
			for _, t := range b.nodes {
				a := n.pass(b, e, t, through).Answer
				if len(b.nodes) > 1 {
					a = doubted(a, fmt.Sprintf("which of its interfaces %s is meant by was not read", called(b.ref)), nil)
				}
				yield(b, t, a)
			}
		}
	}
}

// pass follows packets through a load balancer to a target: to any of its nodes and from there on. A nil target is a
// function, which is called and not sent packets.
func (n *Network) pass(b *backend, e entrance, to *node, through []estate.Ref) arrival {
	var all []arrival
	for _, stand := range n.doors.stands[b.balancer] {
		var first arrival
		if b.port == 0 { // its listeners were not read
			first = arrival{Answer: Answer{}.from(internet), seen: anyAddress, mine: true}
		} else {
			first = e.arrive(stand, packet{protocol: b.protocol, port: b.port, clients: clientPorts})
		}
		first.Path = append(slices.Clip(first.Path), b.hops...)
		if b.sources != nil && first.Arrives != estate.False {
			first = onlyFrom(first, *b.sources, b)
		}
		if first.Arrives != estate.False {
			first = n.secondLeg(b, e, stand, to, first)
		}
		first.Answer = doubted(first.Answer, b.doubt, b.gaps)
		first.To, first.Way, first.Through = partyOf(to, b.ref), e.way, through
		if e.from != nil {
			first.From = partyOf(e.from, e.from.ref)
		}
		all = append(all, first)
	}
	return furthest(all)
}

// onlyFrom narrows an arrival to what a listener's rule takes.
func onlyFrom(a arrival, sources netset.Addresses, b *backend) arrival {
	seen := a.seen.Intersect(sources)
	if seen.Empty() && !a.seen.Empty() {
		a.Arrives, a.Session = estate.False, estate.False
		a.Reason = fmt.Sprintf("the listener sends on only what comes from %s", sources)
		a.Path = append(a.Path, Hop{At: b.balancer.Reference, Passes: estate.False, Text: a.Reason})
		return a
	}
	a.seen = seen
	if a.mine {
		a.Answer = a.Answer.only(sources)
	}
	return a
}

// secondLeg is the second leg: from a node of a load balancer to the target.
func (n *Network) secondLeg(b *backend, e entrance, stand, to *node, first arrival) arrival {
	if to == nil {
		first.Path = append(first.Path, Hop{At: b.ref, Passes: estate.True, Text: called(b.balancer.Reference) + " calls the function"})
		return first
	}
	zone, tells := n.doors.zoneHop(b, stand, to)
	if tells {
		first.Path = append(first.Path, zone)
		if zone.Passes == estate.False {
			first.Arrives, first.Session, first.Reason = estate.False, estate.False, zone.Text
			return first
		}
	}
	p := packet{protocol: b.protocol, port: b.targetPort, clients: proxyPorts}
	keeps := b.keeps
	if e.hides {
		keeps = estate.False
	}
	var second arrival
	switch keeps {
	case estate.False:
		second = n.proxied(b, stand, to, first, p)
	case estate.True:
		second = n.kept(b, stand, to, first, p)
	default:
		masked, kept := n.proxied(b, stand, to, first, p), n.kept(b, stand, to, first, p)
		second = furthest([]arrival{kept, masked})
		same := masked.Arrives == kept.Arrives && masked.Session == kept.Session && masked.Addresses.Equal(kept.Addresses)
		if second.Arrives != estate.False && !same {
			second.Answer = doubted(second.Answer, fmt.Sprintf("whether %s keeps the addresses of clients was not read", called(b.balancer.Reference)), gapsOf(b.group))
		}
	}
	if tells {
		second.Answer = doubted(second.Answer, zone.Text, zone.Gaps)
	}
	return second
}

func gapsOf(g *estate.TargetGroup) []estate.Gap {
	if g != nil {
		if gap, ok := g.Attributes.Unread(); ok {
			return []estate.Gap{gap}
		}
	}
	return nil
}

// proxied is a second leg with the load balancer's own address. A classic load balancer obeys the ACLs of its subnet even
// where the target is in the same one.
// https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html (ELB_ACL_RESTRICTION)
func (n *Network) proxied(b *backend, stand, to *node, first arrival, p packet) arrival {
	leg := n.send(stand, to, p)
	if b.balancer.Type == "classic" && sameSubnet(stand, to) {
		leg = then(n.edge(stand, to, p), leg)
	}
	return arrival{Answer: then(first.Answer, leg), seen: n.addressesOf(stand)}
}

// kept is a second leg with the client's address: the target's groups must admit it, or the load balancer's own groups, and
// packets pass inside the VPC whatever ways to the Internet the target has. An address of the other family than the
// target's cannot be kept: the target then sees the load balancer's.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html
func (n *Network) kept(b *backend, stand, to *node, first arrival, p packet) arrival {
	six := b.group != nil && b.group.IPv6
	var all []arrival
	if same := first.seen.Intersect(everywhere(six)); !same.Empty() {
		p := p
		p.clients = first.clientPorts()
		leg := n.inside(stand, to, same, six, p)
		a := arrival{Answer: then(first.Answer, leg), seen: leg.possible, mine: first.mine}
		if leg.Arrives == estate.True {
			a.seen = leg.Addresses
		}
		if first.mine { // each leg has its say about each client
			a.Addresses, a.possible = first.Addresses.Intersect(leg.Addresses), first.possible.Intersect(leg.possible)
			a.Sessions, a.mayTalk = first.Sessions.Intersect(leg.Sessions), first.mayTalk.Intersect(leg.mayTalk)
		}
		all = append(all, a)
	}
	if other := first.seen.Intersect(everywhere(!six)); !other.Empty() || len(all) == 0 {
		rest := first
		if first.mine && !other.Empty() {
			rest.Answer = first.Answer.only(other)
		}
		all = append(all, n.proxied(b, stand, to, rest, p))
	}
	return furthest(all)
}

func (a arrival) clientPorts() netset.Ports {
	if a.mine && !a.ClientPorts.Empty() {
		return a.ClientPorts
	}
	return clientPorts
}

func sameSubnet(a, b *node) bool {
	return len(a.subnets) == 1 && len(b.subnets) == 1 && a.subnets[0] == b.subnets[0]
}

// addressesOf are the addresses of a node inside its VPC: its own, or those of its subnets.
func (n *Network) addressesOf(t *node) netset.Addresses {
	all := hosts(t.private...).Union(hosts(t.v6...))
	if all.Empty() {
		for _, s := range n.places(t) {
			all = all.Union(s.addresses())
		}
	}
	return all
}

// then joins two legs of one way. What a leg forbids decides; what the first leg says of the clients holds for both.
func then(first, second Answer) Answer {
	a := Answer{
		Arrives: estate.And(first.Arrives, second.Arrives), Session: estate.And(first.Session, second.Session),
		From: first.From, To: second.To, Way: first.Way, Through: first.Through,
		Addresses: first.Addresses, Sessions: first.Sessions, possible: first.possible, mayTalk: first.mayTalk, ClientPorts: first.ClientPorts,
		Path: slices.Concat(first.Path, second.Path), Return: slices.Concat(second.Return, first.Return),
	}
	a.Session = min(a.Session, a.Arrives)
	for _, leg := range []Answer{first, second} {
		decides := leg.Arrives == a.Arrives && a.Arrives != estate.True || a.Arrives == estate.True && leg.Session == a.Session && a.Session != estate.True
		if decides && a.Reason == "" {
			a.Reason = leg.Reason
		}
		if leg.Arrives == estate.Unknown || leg.Session == estate.Unknown {
			a.Gaps = append(a.Gaps, leg.Gaps...)
		}
	}
	if a.Arrives == estate.False || a.Arrives == estate.True && a.Session != estate.Unknown {
		a.Gaps = nil
	}
	a.Gaps = distinctGaps(a.Gaps)
	return a
}

// doubted makes a yes unknown, for a reason; an empty reason changes nothing, and so does a no.
func doubted(a Answer, reason string, gaps []estate.Gap) Answer {
	if reason == "" || a.Arrives == estate.False {
		return a
	}
	if a.Arrives == estate.True || a.Reason == "" {
		a.Reason = reason
	}
	a.Arrives, a.Session = estate.Unknown, min(a.Session, estate.Unknown)
	a.Gaps = distinctGaps(slices.Concat(a.Gaps, gaps))
	return a
}

// furthest returns the answer that comes furthest, with the addresses of all that come as far.
func furthest(all []arrival) arrival {
	if len(all) == 0 {
		return arrival{Answer: Answer{Arrives: estate.False, Session: estate.False, Reason: "nothing stands there"}}
	}
	answers := make([]Answer, len(all))
	first := 0
	for i, a := range all {
		answers[i] = a.Answer
		if cmp.Or(cmp.Compare(a.Arrives, all[first].Arrives), cmp.Compare(a.Session, all[first].Session)) > 0 {
			first = i
		}
	}
	sum := all[first]
	sum.Answer = best(answers)
	for _, a := range all {
		if a.Arrives == sum.Arrives {
			sum.seen = sum.seen.Union(a.seen)
		}
	}
	return sum
}

// fromOutside returns the entrance of packets from outside straight to load balancers, and fromInside that of those from a node.
func (n *Network) fromOutside(sources netset.Addresses) entrance {
	return entrance{way: ByLoadBalancer, arrive: func(to *node, p packet) arrival {
		a := n.admit(sources, to, p)
		seen := a.Addresses
		if a.Arrives == estate.Unknown {
			seen = a.possible
		}
		return arrival{Answer: a, seen: seen, mine: true}
	}}
}

func (n *Network) fromInside(from *node) entrance {
	return entrance{way: ByLoadBalancer, from: from, arrive: func(to *node, p packet) arrival {
		return arrival{Answer: n.send(from, to, p), seen: n.addressesOf(from)}
	}}
}
