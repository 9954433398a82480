package reach

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// parties are what an end stands for: nodes, and addresses that none of them has.
type parties struct {
	nodes    []*node
	outside  netset.Addresses
	internet bool
	// same says that the nodes are one address in several networks: nobody knows which is meant.
	same bool
}

func (n *Network) parties(e End) parties {
	switch {
	case e.Internet:
		return parties{outside: publicAddresses(false).Union(publicAddresses(true)), internet: true}
	case len(e.Refs) > 0:
		var p parties
		for _, r := range e.Refs {
			for _, x := range n.nodesOf(r) {
				if !slices.Contains(p.nodes, x) {
					p.nodes = append(p.nodes, x)
				}
			}
		}
		return p
	}
	p := parties{outside: e.Addresses}
	if one, ok := e.Addresses.Single(); ok {
		if p.nodes = n.thoseAt(one); len(p.nodes) > 0 {
			return parties{nodes: p.nodes, same: len(p.nodes) > 1}
		}
		return p
	}
	var taken []netset.Addresses
	for _, x := range n.nodes {
		has := x.own(false).Union(x.own(true), hosts(x.public)).Intersect(e.Addresses)
		for _, m := range x.mapped {
			has = has.Union(hosts(m.public).Intersect(e.Addresses))
		}
		if !has.Empty() {
			p.nodes = append(p.nodes, x)
			taken = append(taken, has)
		}
	}
	p.outside = p.outside.Minus(netset.Addresses{}.Union(taken...))
	return p
}

// nodesOf returns the nodes of a resource.
func (n *Network) nodesOf(r estate.Ref) []*node {
	var interfaces []string // of what has several
	switch key := (regional{r.Region, r.ID}); r.Kind {
	case "natgateway":
		if g := n.natGateways[key]; g != nil {
			for _, a := range g.Addresses {
				interfaces = append(interfaces, a.Interface)
			}
		}
	case "vpc-endpoint":
		if e := n.endpoints[key]; e != nil {
			interfaces = e.Interfaces
		}
	}
	here := func(x *node) bool { return x.Region == r.Region && (r.Account == "" || x.Account == r.Account) }
	all := slices.DeleteFunc(n.lookUp().of(r, interfaces), func(x *node) bool { return !here(x) })
	if len(all) > 0 {
		return all
	}
	return n.standIns(r)
}

// Ask answers one question.
func (n *Network) Ask(q Question) Answer {
	p := packet{protocol: q.Protocol, port: q.Port}
	if q.SourcePort != 0 {
		p.clients = netset.PortsOf(netset.PortRange{First: q.SourcePort, Last: q.SourcePort})
	}
	p.src, p.dst = q.From.Addresses, q.To.Addresses
	a := n.ask(n.parties(q.From), n.parties(q.To), p)
	if a.Reason == nowhere {
		for _, r := range slices.Concat(q.To.Refs, q.From.Refs) {
			switch r.Kind {
			case "accelerator", "api", "distribution":
				a.Reason = called(r) + " stands in no VPC: what the internet reaches through it is in the list of what the internet reaches"
			}
		}
	}
	return a
}

// nowhere is why nothing is known of ends that stand in no VPC.
const nowhere = "neither end is a resource with an address in a VPC that was read"

func (n *Network) ask(from, to parties, p packet) Answer {
	byDoors := p // which have addresses of their own
	byDoors.src, byDoors.dst = netset.Addresses{}, netset.Addresses{}
	var groups [][]Answer // each of what one of several possible senders gets
	for _, x := range from.nodes {
		var one []Answer
		for _, y := range to.nodes {
			one = append(one, n.sendAll(x, y, p)...)
			one = append(one, n.throughDoors(x, y, byDoors)...)
		}
		if !to.outside.Empty() {
			one = append(one, n.leave(x, to.outside, p))
		}
		groups = append(groups, one)
	}
	var outside []Answer
	if !from.outside.Empty() {
		for _, y := range to.nodes {
			outside = append(outside, n.admitAll(from.outside, y, p)...)
			outside = append(outside, n.throughDoorsOf(nil, from.outside, y, byDoors)...)
		}
	}
	var all []Answer
	for _, one := range groups {
		if len(one) > 0 {
			all = append(all, best(one))
		}
	}
	switch {
	case from.same && len(all) > 1:
		for _, a := range all[1:] {
			if a.Arrives != all[0].Arrives || a.Session != all[0].Session {
				return Answer{Way: Direct, Reason: "several interfaces have that address, and not all of them get there: name one by its id"}
			}
		}
	case from.internet:
		for i, a := range outside {
			arrives, session := a.FromInternet()
			if a.Arrives == estate.True && arrives != estate.True && a.Reason == "" {
				a.Reason = "only " + few(a.Addresses) + " can get there, not the whole internet"
			}
			a.Arrives, a.Session = arrives, session
			outside[i] = a
		}
		if len(outside) > 1 {
			sum := best(outside)
			if arrives, session := sum.FromInternet(); arrives > sum.Arrives {
				sum.Arrives, sum.Session = arrives, session
			}
			outside = []Answer{sum}
		}
	}
	all = append(all, outside...)
	if len(all) == 0 {
		return Answer{Way: Direct, Reason: nowhere}
	}
	return best(all)
}

// few lists addresses, and of many only the first.
func few(a netset.Addresses) string {
	list := a.Prefixes()
	var words []string
	for i, p := range list {
		if i == 4 && len(list) > 5 {
			words = append(words, "and more")
			break
		}
		words = append(words, strings.TrimSuffix(strings.TrimSuffix(p.String(), "/32"), "/128"))
	}
	return strings.Join(words, ", ")
}

// Internet returns everything that any address outside can reach, or may, by every way: each flow once for each node, way
// and set of ports. Flows of some addresses only are among them: ask Answer.FromInternet. Sorted by party, way and ports.
func (n *Network) Internet() []Flow { return slices.Clone(n.flows()) }

func (n *Network) internet() []Flow {
	everybody := publicAddresses(false).Union(publicAddresses(true))
	var all []Flow
	for _, x := range slices.Concat(n.nodes, n.services) {
		if !x.publicly && !x.certain(true) {
			continue
		}
		all = append(all, n.flowsTo(x, Filter{}, nil, func(p packet) Answer { return n.admit(everybody, x, p) })...)
	}
	all = append(all, n.doorFlows()...)
	sortFlows(all)
	return all
}

func sortFlows(all []Flow) {
	slices.SortStableFunc(all, func(a, b Flow) int {
		return cmp.Or(strings.Compare(a.To.Ref.Key(), b.To.Ref.Key()), strings.Compare(a.To.Interface, b.To.Interface),
			strings.Compare(a.From.Ref.Key(), b.From.Ref.Key()), strings.Compare(a.From.Interface, b.From.Interface),
			strings.Compare(string(a.Way), string(b.Way)), cmp.Compare(a.Protocol, b.Protocol), strings.Compare(a.Ports.String(), b.Ports.String()))
	})
}

// flowsTo asks for each set of ports that the rules of a node (and of the sender, if it is one) may tell apart, and puts
// equal answers together. Those that certainly do not arrive are left out.
func (n *Network) flowsTo(to *node, f Filter, from *node, ask func(packet) Answer) []Flow {
	all := n.verdicts(to, f, from, ask)
	for i := range all {
		all[i].Answer = ask(packet{protocol: all[i].Protocol, port: all[i].Ports.Ranges()[0].First, private: f.Private})
	}
	return all
}

// verdicts is flowsTo without the words of the answers.
func (n *Network) verdicts(to *node, f Filter, from *node, ask func(packet) Answer) []Flow {
	var all []Flow
	for _, atom := range n.atoms(to, from, f) {
		a := ask(packet{protocol: atom.protocol, port: atom.ports.First, quiet: true, private: f.Private})
		if a.Arrives == estate.False {
			continue
		}
		ports := netset.PortsOf(atom.ports)
		if i := slices.IndexFunc(all, func(x Flow) bool {
			return x.Protocol == atom.protocol && x.Arrives == a.Arrives && x.Session == a.Session && x.Way == a.Way &&
				x.Addresses.Equal(a.Addresses) && x.Sessions.Equal(a.Sessions) && x.ClientPorts.Equal(a.ClientPorts)
		}); i >= 0 {
			all[i].Ports = all[i].Ports.Union(ports)
			continue
		}
		all = append(all, Flow{Protocol: atom.protocol, Ports: ports, Answer: a})
	}
	return all
}

type atom struct {
	protocol netset.Protocol
	ports    netset.PortRange
}

// atoms are the sets of ports within which no rule on the way to a node can tell packets apart, of those that its groups may
// let in.
func (n *Network) atoms(to, from *node, f Filter) []atom {
	open := n.admitted(to, false)
	if from != nil {
		out := n.admitted(from, true)
		both := make(map[netset.Protocol]netset.Ports, len(open))
		for p, ports := range open {
			if ports = ports.Intersect(out[p]); !ports.Empty() {
				both[p] = ports
			}
		}
		open = both
	}
	var all []atom
	for _, p := range slices.Sorted(mapsKeys(open)) {
		if f.Protocol != 0 && f.Protocol != p {
			continue
		}
		ports := open[p]
		if !f.Ports.Empty() {
			ports = ports.Intersect(f.Ports)
		}
		if p != netset.TCP && p != netset.UDP && p != netset.ICMP && p != netset.ICMPv6 {
			if !ports.Empty() {
				all = append(all, atom{p, netset.PortRange{First: 0, Last: 65535}})
			}
			continue
		}
		for _, r := range split(ports, n.cuts(to, from, p)) {
			all = append(all, atom{p, r})
		}
	}
	return all
}

// admitted are the ports that the groups of a node may let through from anybody.
func (n *Network) admitted(x *node, egress bool) map[netset.Protocol]netset.Ports {
	return n.wardrobes.of(x, egress, func() map[netset.Protocol]netset.Ports { return n.admittedBy(x, egress) })
}

func (n *Network) admittedBy(x *node, egress bool) map[netset.Protocol]netset.Ports {
	all := map[netset.Protocol]netset.Ports{}
	everything := func() {
		for _, p := range []netset.Protocol{netset.TCP, netset.UDP, netset.ICMP, netset.ICMPv6} {
			all[p] = netset.AllPorts()
		}
	}
	if x.open {
		everything()
	}
	for _, id := range x.groups {
		g := n.groups[regional{x.Region, id}]
		if g == nil || len(g.Missing) > 0 {
			everything()
		}
		if g == nil {
			continue
		}
		for _, r := range g.Rules {
			if r.Egress != egress {
				continue
			}
			whole := r.Traffic.Equal(allTraffic)
			for p := range 256 {
				protocol := netset.Protocol(p)
				ports := r.Traffic.Of(protocol)
				if whole && protocol != netset.TCP && protocol != netset.UDP && protocol != netset.ICMP && protocol != netset.ICMPv6 {
					continue // the others have no names that anybody asks for
				}
				if !ports.Empty() {
					all[protocol] = all[protocol].Union(ports)
				}
			}
		}
	}
	return all
}

// cuts are the ports at which a rule on the way begins, or the next after its end, sorted.
func (n *Network) cuts(to, from *node, p netset.Protocol) []uint16 {
	var cuts []uint16
	add := func(ports netset.Ports) {
		for _, r := range ports.Ranges() {
			cuts = append(cuts, r.First)
			if r.Last < 65535 {
				cuts = append(cuts, r.Last+1)
			}
		}
	}
	groups := func(x *node, egress bool) {
		for _, id := range x.groups {
			if g := n.groups[regional{x.Region, id}]; g != nil {
				for _, r := range g.Rules {
					if r.Egress == egress {
						add(r.Traffic.Of(p))
					}
				}
			}
		}
	}
	groups(to, false)
	add(n.listenerCuts(to))
	edges := n.places(to)
	if from != nil {
		groups(from, true)
		edges = append(edges, n.places(from)...)
	}
	if from != nil && from.vpc != to.vpc || to.publicly { // it may pass other subnets on its way
		edges = append(edges, n.vpc(to.Place, to.vpc).subnets...)
		if from != nil {
			edges = append(edges, n.vpc(from.Place, from.vpc).subnets...)
		}
	}
	seen := map[*estate.NetworkACL]bool{}
	for _, s := range edges {
		if s.acl == nil || seen[s.acl] {
			continue
		}
		seen[s.acl] = true
		for _, e := range s.acl.Entries {
			add(e.Traffic.Of(p))
		}
	}
	for _, f := range n.estate.Firewalls {
		if policy, ok := f.Policy.Value(); ok {
			for _, g := range slices.Concat(policy.Stateless, policy.Stateful) {
				rules, _ := g.Rules.Value()
				for _, r := range rules {
					add(r.DestinationPorts)
					add(r.SourcePorts)
				}
			}
		}
	}
	slices.Sort(cuts)
	return slices.Compact(cuts)
}

// Between returns what passes from one end to another, or may.
func (n *Network) Between(from, to End, f Filter) []Flow {
	a, b := n.parties(from), n.parties(to)
	var all []Flow
	for _, y := range b.nodes {
		for _, x := range a.nodes {
			if x != y {
				all = append(all, n.flowsTo(y, f, x, func(p packet) Answer {
					p.src, p.dst = from.Addresses, to.Addresses
					return n.ways(x, y, p, f)
				})...)
			}
		}
		if !a.outside.Empty() {
			only := parties{outside: a.outside, internet: a.internet}
			all = append(all, n.flowsTo(y, f, nil, func(p packet) Answer { return n.ask(only, parties{nodes: []*node{y}}, p) })...)
		}
	}
	if !b.outside.Empty() {
		for _, x := range a.nodes {
			all = append(all, n.flowsOut(x, b.outside, f)...)
		}
	}
	sortFlows(all)
	return all
}

// ways is the best way from one node to another.
func (n *Network) ways(from, to *node, p packet, f Filter) Answer {
	all := n.sendAll(from, to, p)
	p.src, p.dst = netset.Addresses{}, netset.Addresses{}
	if !f.Direct {
		all = append(all, n.throughDoors(from, to, p)...)
	}
	return best(all)
}

// flowsOut is what a node can send to addresses outside.
func (n *Network) flowsOut(x *node, to netset.Addresses, f Filter) []Flow {
	out := n.admitted(x, true)
	var all []Flow
	for _, p := range slices.Sorted(mapsKeys(out)) {
		if f.Protocol != 0 && f.Protocol != p {
			continue
		}
		ports := out[p]
		if !f.Ports.Empty() {
			ports = ports.Intersect(f.Ports)
		}
		for _, r := range split(ports, n.outCuts(x, p)) {
			one := packet{protocol: p, port: r.First, quiet: true}
			a := n.leave(x, to, one)
			if a.Arrives == estate.False {
				continue
			}
			if i := slices.IndexFunc(all, func(y Flow) bool {
				return y.Protocol == p && y.Arrives == a.Arrives && y.Session == a.Session && y.Addresses.Equal(a.Addresses)
			}); i >= 0 {
				all[i].Ports = all[i].Ports.Union(netset.PortsOf(r))
				continue
			}
			one.quiet = false
			all = append(all, Flow{Protocol: p, Ports: netset.PortsOf(r), Answer: n.leave(x, to, one)})
		}
	}
	return all
}

// outCuts are the cuts of a node's outgoing rules and of what it may pass.
func (n *Network) outCuts(x *node, p netset.Protocol) []uint16 {
	return n.cuts(&node{Place: x.Place, vpc: x.vpc, subnets: x.subnets, publicly: true}, x, p)
}

func split(ports netset.Ports, cuts []uint16) []netset.PortRange {
	var all []netset.PortRange
	for _, r := range ports.Ranges() {
		first := uint32(r.First)
		for _, cut := range cuts {
			if uint32(cut) > first && cut <= r.Last {
				all = append(all, netset.PortRange{First: uint16(first), Last: cut - 1})
				first = uint32(cut)
			}
		}
		all = append(all, netset.PortRange{First: uint16(first), Last: r.Last})
	}
	return all
}

// From returns what an end can reach, or may, inside the estate and outside of it.
func (n *Network) From(end End, f Filter) []Flow {
	var all []Flow
	a := n.parties(end)
	for _, x := range a.nodes {
		k := n.kinds()
		k.receivers(x, f, func(y *node, flows []Flow) {
			if y.idle != "" || !f.Direct && n.behindDoors(y) {
				return
			}
			for _, one := range flows {
				all = append(all, k.tell(one, x, y, f))
			}
		})
		if !f.Direct {
			for _, y := range slices.Concat(n.nodes, n.services) {
				if x != y && y.idle == "" && n.behindDoors(y) {
					all = append(all, n.flowsTo(y, f, x, func(p packet) Answer { return n.ways(x, y, p, f) })...)
				}
			}
		}
		all = append(all, n.flowsOut(x, publicAddresses(false).Union(publicAddresses(true)), f)...)
	}
	if a.internet {
		for _, x := range n.flows() {
			if x, ok := n.narrowed(x, n.nodeOf(x.To), f); ok {
				all = append(all, x)
			}
		}
	}
	sortFlows(all)
	return all
}

// To returns who can reach an end, or may.
func (n *Network) To(end End, f Filter) []Flow {
	var all []Flow
	for _, y := range n.parties(end).nodes {
		if y.idle != "" {
			continue
		}
		k := n.kinds()
		k.senders(y, f, func(x *node, flows []Flow) {
			if x.mute != "" || x.iface == nil {
				return
			}
			for _, one := range flows {
				all = append(all, k.tell(one, x, y, f))
			}
		})
		for _, x := range n.arrivals()[partyKey(y.party())] {
			if x, ok := n.narrowed(x, y, f); ok {
				all = append(all, x)
			}
		}
		all = append(all, n.fromStrangers(y, f)...)
	}
	sortFlows(all)
	return all
}

// partyKey tells the parties of flows apart: a resource may have several interfaces.
func partyKey(p Party) string { return p.Ref.Key() + " " + p.Interface }

// byReceiver is what comes from outside, by the party to which it comes.
func (n *Network) byReceiver() map[string][]Flow {
	all := map[string][]Flow{}
	for _, f := range n.flows() {
		key := partyKey(f.To)
		all[key] = append(all[key], f)
	}
	return all
}

// narrowed is what a filter leaves of a flow from the Internet to a node: its way is that of the first port that is left.
func (n *Network) narrowed(x Flow, to *node, f Filter) (Flow, bool) {
	if f.Direct && x.Way != Direct || f.Protocol != 0 && f.Protocol != x.Protocol {
		return x, false
	}
	if f.Ports.Empty() {
		return x, true
	}
	first := x.Ports.Ranges()[0].First
	if x.Ports = x.Ports.Intersect(f.Ports); x.Ports.Empty() {
		return x, false
	}
	if left := x.Ports.Ranges()[0].First; left != first && x.Way == Direct && to != nil {
		x.Answer = n.admit(publicAddresses(false).Union(publicAddresses(true)), to, packet{protocol: x.Protocol, port: left})
	}
	return x, true
}

// nodeOf is the node of a party; nil where it has no interface that is known.
func (n *Network) nodeOf(p Party) *node {
	if x := n0(n.interfaces, p.Ref.Region, p.Interface); x != nil {
		return x
	}
	for _, x := range n.nodesOf(p.Ref) {
		if x.party() == p {
			return x
		}
	}
	return nil
}
