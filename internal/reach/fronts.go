package reach

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// front is a door other than a load balancer's own listeners: it leads to a load balancer, to a node, or to neither (a
// function, a cluster), where ref says to what.
type front struct {
	entrance
	hops     []Hop
	balancer *estate.LoadBalancer
	node     *node
	ref      estate.Ref
	protocol netset.Protocol
	ports    netset.Ports // of what it leads to; all that have listeners
	answer   Answer       // where it leads to neither
	doubt    string
	gaps     []estate.Gap
}

// allFronts returns the doors of every service that has some.
func (n *Network) allFronts() []*front {
	all := slices.Concat(n.distributionFronts(), n.acceleratorFronts(), n.apiFronts(), n.functionFronts(), n.clusterFronts())
	return append(all, n.maybeFronts(all)...)
}

// reachedBy calls yield with everything that a front leads to.
func (n *Network) reachedBy(f *front, yield func(protocol netset.Protocol, ports netset.Ports, to *node, a Answer)) {
	tell := func(protocol netset.Protocol, ports netset.Ports, to *node, a Answer) {
		a.Path = slices.Concat(f.hops, a.Path)
		a.Way = f.way
		yield(protocol, ports, to, doubted(a, f.doubt, f.gaps))
	}
	switch {
	case f.balancer != nil:
		for _, ports := range n.doorPorts(f) {
			var all []arrival
			for _, t := range n.doors.stands[f.balancer] {
				a := f.arrive(t, packet{protocol: f.protocol, port: ports.Ranges()[0].First, clients: clientPorts})
				a.To, a.Through = t.party(), f.through
				all = append(all, a)
			}
			tell(f.protocol, ports, n.doors.stands[f.balancer][0], furthest(all).Answer)
		}
		n.visit(f.balancer, f.entrance, f.protocol, f.ports, func(b *backend, to *node, a Answer) {
			port := b.targetPort
			if to == nil {
				port = b.port
			}
			tell(b.protocol, onePort(port), to, a)
		})
	case f.node != nil:
		for _, x := range n.atoms(f.node, nil, Filter{Protocol: f.protocol, Ports: f.ports}) {
			a := f.arrive(f.node, packet{protocol: f.protocol, port: x.ports.First, clients: clientPorts}).Answer
			a.To, a.Through = partyOf(f.node, f.node.ref), f.through
			tell(f.protocol, netset.PortsOf(x.ports), f.node, a)
		}
	default:
		a := f.answer
		a.To, a.Through = Party{Ref: f.ref}, f.through
		tell(f.protocol, f.ports, nil, a)
	}
}

// doorPorts returns the ports on which the load balancer that a front leads to listens, or may.
func (n *Network) doorPorts(f *front) []netset.Ports {
	var all []netset.Ports
	if _, unread := f.balancer.Listeners.Unread(); unread {
		for _, x := range n.atoms(n.doors.stands[f.balancer][0], nil, Filter{Protocol: f.protocol, Ports: f.ports}) {
			all = append(all, netset.PortsOf(x.ports))
		}
		return all
	}
	for _, port := range n.listenerPorts(f.balancer, f.protocol, f.ports) {
		all = append(all, onePort(port))
	}
	return all
}

// listenerPorts returns the ports among some on which a load balancer listens.
func (n *Network) listenerPorts(lb *estate.LoadBalancer, protocol netset.Protocol, among netset.Ports) []uint16 {
	var all []uint16
	listeners, _ := lb.Listeners.Value()
	for _, l := range listeners {
		if port, ok := portOf(l.Port); ok && among.Contains(port) && slices.Contains(transports(l.Protocol), protocol) {
			all = append(all, port)
		}
	}
	return all
}

// doorFlows returns what the Internet reaches, or may, through doors. Each flow is one way to one port of one node through
// the same doors.
func (n *Network) doorFlows() []Flow {
	c := newFlows()
	for _, lb := range n.estate.LoadBalancers {
		if !lb.Public {
			continue
		}
		for _, t := range n.doors.stands[lb] {
			if t.iface == nil { // nobody else asks for what only stands in
				c.all = append(c.all, n.flowsTo(t, Filter{}, nil, func(p packet) Answer { return n.admit(internet, t, p) })...)
			}
		}
		n.visit(lb, n.fromOutside(internet), 0, clientPorts, func(b *backend, to *node, a Answer) {
			port := b.targetPort
			if to == nil {
				port = b.port
			}
			c.add(b.protocol, onePort(port), a)
		})
	}
	for _, f := range n.doors.fronts {
		n.reachedBy(f, func(protocol netset.Protocol, ports netset.Ports, _ *node, a Answer) { c.add(protocol, ports, a) })
	}
	n.unseenFlows(c)
	sortFlows(c.all)
	return c.all
}

// throughDoors returns every way through doors by which a packet comes to a node: from another node, or from addresses
// outside where there is none. The packet's port is that of the node, whatever port the doors take it on.
func (n *Network) throughDoors(from, to *node, p packet) []Answer {
	return n.throughDoorsOf(from, internet, to, p)
}

// throughDoorsOf is throughDoors for some addresses outside only.
func (n *Network) throughDoorsOf(from *node, sources netset.Addresses, to *node, p packet) []Answer {
	var all []Answer
	take := func(t *node, protocol netset.Protocol, ports netset.Ports, a Answer) {
		there := a.To.Ref.Key()
		if t != nil {
			there = keyOf(t)
		}
		if protocol == p.protocol && ports.Contains(p.port) && there == keyOf(to) {
			all = append(all, a)
		}
	}
	e := n.fromOutside(sources)
	if from != nil {
		e = n.fromInside(from)
	}
	through := func(lb *estate.LoadBalancer, e entrance) {
		n.visit(lb, e, p.protocol, clientPorts, func(b *backend, t *node, a Answer) { take(t, b.protocol, onePort(cmp.Or(b.targetPort, b.port)), a) })
	}
	for _, lb := range n.doors.before[keyOf(to)] {
		through(lb, e)
	}
	if from == nil {
		for _, f := range n.doors.fronts {
			if !n.leadsTo(f, to) {
				continue
			}
			n.reachedBy(f, func(protocol netset.Protocol, ports netset.Ports, t *node, a Answer) {
				a = a.only(sources)
				if a.Arrives != estate.False && a.possible.Empty() {
					a.Arrives, a.Session, a.Reason = estate.False, estate.False, "it lets in other addresses only"
				}
				take(t, protocol, ports, a)
			})
		}
	} else {
		n.throughServices(from, to, p, &all)
		if a, ok := n.aside(from, to); ok {
			all = append(all, a)
		}
	}
	return append(all, n.unseenWays(from, sources, to, p)...)
}

// aside is what is known of packets from a node to what stands in no VPC: the public endpoint of a cluster or a function is
// reached by ways out that are not followed to it, and a cluster's other endpoint by interfaces that are not told apart.
func (n *Network) aside(from, to *node) (Answer, bool) {
	if to.vpc != "" || to.iface != nil || to.ref.Kind != "kubernetes-cluster" && !slices.ContainsFunc(n.doors.fronts, func(f *front) bool { return n.leadsTo(f, to) }) {
		return Answer{}, false
	}
	text := fmt.Sprintf("the ways from inside to %s are not followed", called(to.ref))
	return Answer{Arrives: estate.Unknown, Session: estate.Unknown, From: from.party(), To: to.party(), Way: Direct, Reason: text, Path: []Hop{{At: to.ref, Text: text}}}, true
}

// leadsTo reports whether a front may lead to a node.
func (n *Network) leadsTo(f *front, to *node) bool {
	if f.node != nil {
		return keyOf(f.node) == keyOf(to)
	}
	if f.balancer == nil {
		return f.ref.Key() == to.ref.Key()
	}
	return f.balancer != nil && (f.balancer.Reference.Key() == to.ref.Key() || slices.Contains(n.doors.before[keyOf(to)], f.balancer))
}

// flows gathers flows, the same ones together.
type flows struct {
	at  map[flowKey]int
	all []Flow
}

type flowKey struct {
	to, way, through string
	protocol         netset.Protocol
	ports            string
}

// isBalancer reports whether a reference is to a load balancer of either generation.
func isBalancer(r estate.Ref) bool {
	return r.Kind == "load-balancer" || r.Kind == "classic-load-balancer"
}

func onePort(port uint16) netset.Ports {
	return netset.PortsOf(netset.PortRange{First: port, Last: port})
}

func newFlows() *flows { return &flows{at: map[flowKey]int{}} }

func (c *flows) add(protocol netset.Protocol, ports netset.Ports, a Answer) {
	if a.Arrives == estate.False {
		return
	}
	var through []string
	for _, r := range a.Through {
		through = append(through, r.Key())
	}
	to := a.To.Ref.Key()
	if a.To.Interface != "" && !isBalancer(a.To.Ref) { // the nodes of a load balancer are one door
		to += "/" + a.To.Interface
	}
	key := flowKey{to: to, way: string(a.Way), through: strings.Join(through, " "), protocol: protocol, ports: ports.String()}
	f := Flow{Protocol: protocol, Ports: ports, Answer: a}
	if i, ok := c.at[key]; ok {
		f.Answer = best([]Answer{c.all[i].Answer, a})
		c.all[i] = f
		return
	}
	c.at[key] = len(c.all)
	c.all = append(c.all, f)
}
