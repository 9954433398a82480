package reach

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
)

// doors is what leads packets in by other ways than the direct one: load balancers, distributions, accelerators, APIs. It is
// made once and does not change.
type doors struct {
	*Network

	balancers  map[string]*estate.LoadBalancer  // by ARN
	byRef      map[string]*estate.LoadBalancer  // by key
	names      map[string]*estate.LoadBalancer  // by DNS name, in lower case
	targetOf   map[string]*estate.TargetGroup   // by ARN
	attachedTo map[string][]*estate.TargetGroup // by the load balancer's ARN
	functions  map[string]*estate.Function      // by ARN

	ofInstance map[regional][]*node
	described  map[describedAs][]*node // interfaces of load balancers, by what they say they are
	listNames  map[string]string       // of prefix lists, by id

	stands map[*estate.LoadBalancer][]*node
	leads  map[*estate.LoadBalancer][]*backend
	fronts []*front
	// before are the load balancers whose ways on lead to a node, or to a load balancer in front of it, by the node's key.
	before map[string][]*estate.LoadBalancer

	// What unseenWays looks at, by VPC: load balancers of which not all targets were read, other doors that may be there, the
	// subnets in which accelerators have interfaces, and those VPCs in which CloudFront has its group.
	strangers          map[string][]*estate.LoadBalancer
	unseen             map[string][]unseen
	acceleratedSubnets map[string][]string
	originVPCs         map[string]bool
}

type describedAs struct {
	estate.Place
	text string
}

// anyAddress are all addresses, and internet those that somebody on the Internet may have.
var (
	anyAddress = everywhere(false).Union(everywhere(true))
	internet   = anyAddress.Public()
)

// outside is the end of a path that is not in the estate.
var outside = estate.Ref{Kind: "internet", ID: "internet"}

// clientPorts are those that clients on the Internet may send from, and proxyPorts those that load balancers and other
// services of AWS do.
// https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
var (
	clientPorts = netset.PortsOf(netset.PortRange{First: 1, Last: 65535})
	proxyPorts  = netset.PortsOf(netset.PortRange{First: 1024, Last: 65535})
)

// openDoors makes the estate's doors ready. The interfaces of load balancers are called by them from then on.
func (n *Network) openDoors() {
	e := n.estate
	d := &doors{
		Network:   n,
		balancers: map[string]*estate.LoadBalancer{}, byRef: map[string]*estate.LoadBalancer{}, names: map[string]*estate.LoadBalancer{},
		targetOf: map[string]*estate.TargetGroup{}, attachedTo: map[string][]*estate.TargetGroup{}, functions: map[string]*estate.Function{},
		ofInstance: map[regional][]*node{}, described: map[describedAs][]*node{}, listNames: map[string]string{},
		stands: map[*estate.LoadBalancer][]*node{}, leads: map[*estate.LoadBalancer][]*backend{}, before: map[string][]*estate.LoadBalancer{},
		strangers: map[string][]*estate.LoadBalancer{}, unseen: map[string][]unseen{}, acceleratedSubnets: map[string][]string{}, originVPCs: map[string]bool{},
	}
	n.doors = d
	for _, f := range e.Functions {
		d.functions[f.Reference.ARN] = f
	}
	for _, g := range e.SecurityGroups {
		if g.Reference.Name == originGroup {
			d.originVPCs[g.VPC] = true
		}
	}
	for _, l := range e.PrefixLists {
		d.listNames[l.Reference.ID] = l.Reference.Name
	}
	for _, t := range n.nodes {
		x := t.iface
		if x.Type == acceleratorInterface && !slices.Contains(d.acceleratedSubnets[x.VPC], x.Subnet) {
			d.acceleratedSubnets[x.VPC] = append(d.acceleratedSubnets[x.VPC], x.Subnet)
		}
		if x.Instance != "" {
			key := regional{t.Region, x.Instance}
			d.ofInstance[key] = append(d.ofInstance[key], t)
		} else if strings.HasPrefix(x.Description, "ELB ") { // anybody may describe an interface so, but not one that is attached to a load balancer
			key := describedAs{x.Place(), x.Description}
			d.described[key] = append(d.described[key], t)
		}
	}
	for _, g := range e.TargetGroups {
		d.targetOf[g.Reference.ARN] = g
		for _, lb := range g.LoadBalancers {
			d.attachedTo[lb] = append(d.attachedTo[lb], g)
		}
	}
	for _, lb := range e.LoadBalancers {
		d.byRef[lb.Reference.Key()] = lb
		if lb.Reference.ARN != "" {
			d.balancers[lb.Reference.ARN] = lb
		}
		if lb.DNSName != "" {
			d.names[strings.ToLower(lb.DNSName)] = lb
		}
		d.stands[lb] = d.stand(lb)
	}
	for _, lb := range e.LoadBalancers {
		d.leads[lb] = d.leadsOf(lb)
	}
	for _, lb := range e.LoadBalancers {
		d.noteBefore(lb, lb, 0)
	}
	n.lookForUnseen()
	d.fronts = n.allFronts()
}

// noteBefore notes that a load balancer leads to what the ways on of another lead to.
func (d *doors) noteBefore(first, lb *estate.LoadBalancer, depth int) {
	note := func(key string) {
		if !slices.Contains(d.before[key], first) {
			d.before[key] = append(d.before[key], first)
		}
	}
	for _, b := range d.leads[lb] {
		if b.nested != nil {
			note(b.nested.Reference.Key())
			if depth == 0 { // an application load balancer leads to no other
				d.noteBefore(first, b.nested, 1)
			}
			continue
		}
		for _, t := range b.nodes {
			note(keyOf(t))
		}
		if b.function {
			note(b.ref.Key())
		}
	}
}

// keyOf tells nodes apart: by their interface, and where none is known by what they are.
func keyOf(t *node) string {
	if t.iface != nil {
		return t.iface.Reference.Key()
	}
	return t.ref.Key()
}

// primary returns the nodes that may be an instance's primary interface: the one in the instance's own subnet with the
// instance's own groups; where no interface was read, what stands in for it.
func (d *doors) primary(i *estate.Instance) []*node {
	own := d.ofInstance[regional{i.Place().Region, i.Reference.ID}]
	var all []*node
	for _, t := range own {
		if t.iface.Subnet == i.Subnet && slices.Equal(t.groups, i.SecurityGroups) {
			all = append(all, t)
		}
	}
	if len(all) > 0 {
		return all
	}
	if len(own) > 0 {
		return own
	}
	t := &node{ref: i.Reference, Place: i.Place(), vpc: i.VPC, groups: i.SecurityGroups, public: i.PublicAddress, publicly: i.PublicAddress.IsValid()}
	if i.Subnet != "" {
		t.subnets = []string{i.Subnet}
	}
	if i.State != "running" && i.State != "" {
		t.idle = "the instance is " + i.State
	}
	return []*node{t}
}

// zone returns the zone in which a node stands; empty where it is not known. Names of zones are those that the subnets'
// owner sees: other accounts may call them otherwise.
func (d *doors) zone(t *node) string {
	zone := ""
	for _, s := range d.places(t) {
		if s.zoneName() == "" || zone != "" && zone != s.zoneName() {
			return ""
		}
		zone = s.zoneName()
	}
	return zone
}

// having returns the nodes that have an address inside their VPC, by itself or in a prefix that is delegated to them.
func (d *doors) having(addr netip.Addr) []*node {
	return slices.DeleteFunc(slices.Clone(d.thoseAt(addr)), func(t *node) bool { return !t.own(addr.Is6()).Contains(addr) })
}

// mayBe reports whether a node may be the target of a way on whose target was not found among what was read. One whose
// addresses were read has no others.
func (d *doors) mayBe(b *backend, t *node) bool {
	switch {
	case !b.address.IsValid():
		return true
	case len(t.private)+len(t.v6) > 0:
		return slices.Contains(d.having(b.address), t)
	}
	places := d.places(t)
	return len(places) == 0 || slices.ContainsFunc(places, func(s *subnet) bool { return s.read == nil || s.addresses().Contains(b.address) })
}

func (d *doors) functionRef(p estate.Place, arn string) estate.Ref {
	for {
		if f := d.functions[arn]; f != nil {
			return f.Reference
		}
		// An alias or version is the function's own name with one more part.
		if strings.Count(arn, ":") <= 6 {
			break
		}
		arn = arn[:strings.LastIndexByte(arn, ':')]
	}
	return estate.Ref{Kind: "function", Account: p.Account, Region: p.Region, ID: afterLast(arn, "function:"), ARN: arn}
}

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

func partyOf(t *node, ref estate.Ref) Party {
	if t == nil {
		return Party{Ref: ref}
	}
	return t.party()
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

// doorNeeds are the operations that answers about doors may rest on.
var doorNeeds = []operation.ID{
	"apigateway:GetResources", "apigateway:GetRestApis", "apigateway:GetStages", "apigateway:GetVpcLinks",
	"apigatewayv2:GetApis", "apigatewayv2:GetIntegrations", "apigatewayv2:GetStages", "apigatewayv2:GetVpcLinks",
	"cloudfront:GetVpcOrigin", "cloudfront:ListDistributions", "cloudfront:ListVpcOrigins",
	"ec2:DescribeManagedPrefixLists", "ec2:DescribeVpcEndpointServiceConfigurations", "ec2:DescribeVpcEndpoints", "ec2:GetManagedPrefixListEntries",
	"eks:DescribeCluster", "eks:ListClusters",
	"elb:DescribeLoadBalancerAttributes", "elb:DescribeLoadBalancers",
	"elbv2:DescribeListeners", "elbv2:DescribeLoadBalancerAttributes", "elbv2:DescribeLoadBalancers", "elbv2:DescribeRules",
	"elbv2:DescribeTargetGroupAttributes", "elbv2:DescribeTargetGroups", "elbv2:DescribeTargetHealth",
	"globalaccelerator:ListAccelerators", "globalaccelerator:ListCustomRoutingAccelerators", "globalaccelerator:ListEndpointGroups", "globalaccelerator:ListListeners",
	"lambda:GetPolicy", "lambda:ListFunctionUrlConfigs", "lambda:ListFunctions",
}

// doorNodes returns the nodes of a load balancer, and what stands for that which doors lead to and that is in no VPC.
func (n *Network) doorNodes(r estate.Ref) []*node {
	if lb := n.doors.byRef[r.Key()]; lb != nil {
		return n.doors.stands[lb]
	}
	for _, f := range n.estate.Functions {
		if f.Reference.ID == r.ID && f.Reference.Key() == r.Key() && f.VPC == "" {
			return []*node{{ref: f.Reference, Place: f.Place(), open: true}}
		}
	}
	for _, e := range n.estate.Endpoints {
		if e.Reference.ID == r.ID && e.Reference.Key() == r.Key() && e.Type == "Interface" {
			return n.doors.endpointNodes(e)
		}
	}
	for _, k := range n.estate.KubernetesClusters {
		if k.Reference.ID == r.ID && k.Reference.Key() == r.Key() {
			return []*node{{ref: k.Reference, Place: k.Place(), open: true}}
		}
	}
	return nil
}
