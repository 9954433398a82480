package reach

import (
	"cmp"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// destination is addresses that routes do not tell apart: those of a VPC under one longest prefix of all routes. A subnet by
// which a transit gateway enters is one of its own.
type destination struct {
	origin uint32
	door   uint32 // subnet, or none
	vpc    *vpc
	family int
}

// approach is the sources whose packets are routed to a destination. What they pass on the way are network ACLs of subnets in
// between, at transit gateways: those who pass only open ones are in routed.
type approach struct {
	faces  []run // of the destination
	routed [modes]bitset
	known  [modes]bitset // of routed, those whose groups incoming rules know
	// walled are those of routed whose packets a firewall inspects: surely, as far as outgoing rules refer to groups, none of them.
	walled   bitset
	filtered []way
	// lost are the sources whose packets go where nobody follows them: they may come from anywhere, under any address.
	lost []run
}

// way is sources that pass the same network ACLs.
type way struct {
	faces []run
	edges []edge
	sure  bool // the routes are; else they may lead there
	lost  bool
	known [modes]bool
	// walled says that a firewall is on the way.
	walled bool
}

// edge is a crossing of a subnet's edge.
type edge struct {
	subnet *subnet
	egress bool
}

// route asks the routes of every subnet for every destination. The walk that answers single questions does it, with the
// network ACLs left for later, once for all subnets from where it takes the same way.
func (p *Pairs) route() {
	p.findOrigins()
	p.zonal = p.n.zonesMatter()
	p.ways = map[destination]*approach{}
	var wanted []destination
	var examples []uint32 // a class at each
	var faces [][]run
	numbers := map[destination]int{}
	for i := range p.all {
		x := &p.all[i]
		for first := x.first; first < x.first+x.faces; first++ {
			for family, atom := range p.faces[first].atom {
				if atom == none {
					continue
				}
				d := p.destinationOf(x.subnet, family, atom)
				at, seen := numbers[d]
				if !seen {
					at = len(wanted)
					numbers[d] = at
					wanted, examples, faces = append(wanted, d), append(examples, uint32(i)), append(faces, nil)
				}
				faces[at] = appendRun(faces[at], run{first, first + 1})
			}
		}
	}
	exits := p.exits()
	found := make([]*approach, len(wanted))
	var next sync.Mutex
	at := 0
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for {
				next.Lock()
				i := at
				at++
				next.Unlock()
				if i >= len(wanted) {
					return
				}
				found[i] = p.survey(exits, wanted[i], examples[i])
			}
		})
	}
	wait.Wait()
	for i, d := range wanted {
		p.ways[d], found[i].faces = found[i], faces[i]
		p.doubt = p.doubt || slices.ContainsFunc(found[i].walled, func(w uint64) bool { return w != 0 }) || slices.ContainsFunc(found[i].filtered, func(w way) bool { return w.walled })
		p.strays = p.strays || len(found[i].lost) > 0
		p.doubt = p.doubt || len(found[i].lost) > 0 || slices.ContainsFunc(found[i].filtered, func(w way) bool { return !w.sure || w.known[surely] != w.known[perhaps] }) ||
			!slices.Equal(found[i].routed[surely], found[i].routed[perhaps]) || !slices.Equal(found[i].known[surely], found[i].known[perhaps])
	}
	p.doubt = p.doubt || p.acls.doubt
	p.findPeers()
}

func (p *Pairs) destinationOf(subnet uint32, family int, atom uint32) destination {
	return destination{p.origin[atom], p.doorOf(subnet), p.subnets[subnet].vpc, family}
}

// findOrigins finds, for each prefix, the longest one that holds it and that a route names.
func (p *Pairs) findOrigins() {
	named := make([]bool, len(p.prefixes.all))
	name := func(x netip.Prefix) {
		if x.IsValid() {
			if i := p.prefixes.number(x.Masked()); i != none {
				named[i] = true
			}
		}
	}
	e := p.n.estate
	lists := map[string]bool{}
	for _, t := range e.RouteTables {
		for _, r := range t.Routes {
			name(r.CIDR)
			lists[r.PrefixList] = true
		}
	}
	for _, t := range e.TransitGatewayRouteTables {
		routes, _ := t.Routes.Value()
		for _, r := range routes {
			name(r.CIDR)
			lists[r.PrefixList] = true
		}
	}
	for _, l := range e.PrefixLists {
		if entries, _ := l.Entries.Value(); lists[l.Ref().ID] {
			for _, x := range entries {
				name(x)
			}
		}
	}
	for _, v := range e.VPCs {
		for _, x := range v.CIDRs {
			name(x)
		}
	}
	p.origin = make([]uint32, len(p.prefixes.all))
	for i := range p.origin { // parents come first
		switch parent := p.prefixes.parent[i]; {
		case named[i]:
			p.origin[i] = uint32(i)
		case parent == none:
			p.origin[i] = none
		default:
			p.origin[i] = p.origin[parent]
		}
	}
	doors := map[*subnet]bool{}
	for _, a := range e.TransitGatewayAttachments {
		of, _ := a.VPC.Value()
		for _, id := range of.Subnets {
			if s := p.n.subnets[regional{a.Place().Region, id}]; s != nil {
				doors[s] = true
			}
		}
	}
	p.doors = make([]bool, len(p.subnets))
	for i, s := range p.subnets {
		p.doors[i] = doors[s]
	}
	for i := range p.has {
		p.has[i] = make(bitset, p.words())
	}
	for i, f := range p.faces {
		if f.vacant() {
			continue
		}
		for family, atom := range f.atom {
			if atom != none {
				p.has[family].set(uint32(i))
			}
		}
		if p.all[f.class].first != uint32(i) {
			p.extra = append(p.extra, uint32(i))
		}
	}
}

func (p *Pairs) doorOf(subnet uint32) uint32 {
	if p.doors[subnet] {
		return subnet
	}
	return none
}

// exit is subnets from where packets take the same way: of one VPC, one zone and one route table.
type exit struct {
	subnet *subnet
	faces  []run
	// lanes are, by the transit gateway that a route leads to, what else decides how packets go on from there.
	lanes map[string][2]lane
}

// lane is how packets come into a transit gateway, as far as it matters for where they come out: two VPCs attached alike, to
// one route table, take the same way. Its zero value stands for one that has to be walked for itself.
type lane struct {
	gateway, table string
	zone           zone
	references     bool
}

func (p *Pairs) exits() []exit {
	type key struct {
		vpc   *vpc
		table *table
		zone  zone
	}
	numbers := map[key]int{}
	var all []exit
	for i, s := range p.subnets {
		faces := p.within[i]
		if faces.end == 0 {
			continue
		}
		k := key{s.vpc, s.table, s.zone()}
		j, ok := numbers[k]
		if !ok {
			j = len(all)
			numbers[k] = j
			all = append(all, exit{subnet: s, lanes: p.lanes(s)})
		}
		all[j].faces = append(all[j].faces, faces)
	}
	slices.SortStableFunc(all, func(a, b exit) int { // one table after the other, so that each is asked once
		if a.subnet.table == nil || b.subnet.table == nil {
			return compareBools(a.subnet.table == nil, b.subnet.table == nil)
		}
		return strings.Compare(a.subnet.table.Ref().Key(), b.subnet.table.Ref().Key())
	})
	return all
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// lanes finds how a subnet's packets come into the transit gateways that its routes lead to, by family.
func (p *Pairs) lanes(s *subnet) map[string][2]lane {
	all := map[string][2]lane{}
	if s.table == nil {
		return all
	}
	for _, r := range s.table.routes {
		a := p.n.transit.ofVPC[[2]string{r.Target, s.vpc.id}]
		if a == nil || a.State != "available" {
			continue
		}
		table, known := a.RouteTable.Value()
		of, told := a.VPC.Value()
		doors, gaps := p.n.attached(a, s.vpc)
		near, _ := inZone(doors, s.zone())
		if !known || !told || gaps != nil || near == nil {
			continue
		}
		var both [2]lane
		for family := range both {
			if p.acls.open(edge{near, false}, family) {
				both[family] = lane{r.Target, table, s.zone(), of.GroupReferences}
			}
		}
		all[r.Target] = both
	}
	return all
}

// zonesMatter reports whether packets fare differently by which subnet of an attachment a transit gateway enters: else the zone
// that they come from decides nothing beyond their own VPC.
func (n *Network) zonesMatter() bool {
	for _, a := range n.transit.attachments {
		v := n.vpcs[regional{a.Place().Region, a.Of}]
		if a.Type != "vpc" || v == nil {
			continue
		}
		if doors, gaps := n.attached(a, v); gaps == nil && len((&walk{n: n}).unlike(doors)) > 1 {
			return true
		}
	}
	return false
}

// survey finds the ways to one destination, of which a class is an example.
func (p *Pairs) survey(exits []exit, d destination, example uint32) *approach {
	x := &p.all[example]
	one := p.n.nodes[x.one]
	list := one.private
	if d.family == six {
		list = one.v6
	}
	var address netip.Addr
	for _, a := range list {
		if p.origin[p.prefixes.longest(a)] == d.origin {
			address = a
			break
		}
	}
	to := hosts(address)
	w := &approach{}
	for mode := range modes {
		w.routed[mode], w.known[mode] = make(bitset, p.words()), make(bitset, p.words())
	}
	w.walled = make(bitset, p.words())
	// One walk serves all exits whose first step is the same: a target, as seen from a VPC and, where that matters, a zone.
	type step struct {
		vpc    *vpc
		target string
		zone   zone
		subnet *subnet
		lane   lane
	}
	walked := map[step][]way{}
	var asked *table
	var chosen *route
	for _, e := range exits {
		k := step{vpc: e.subnet.vpc, subnet: e.subnet}
		if t := e.subnet.table; t != nil && len(t.unread) == 0 {
			if t != asked {
				asked, chosen = t, t.first(address)
			}
			if chosen == nil || !chosen.Active {
				continue
			}
			switch k.target = chosen.Target; {
			case k.target == "local":
				if k.vpc != d.vpc {
					continue
				}
				k.subnet = nil
			case strings.HasPrefix(k.target, "pcx-"):
				k.subnet = nil
			case strings.HasPrefix(k.target, "tgw-"):
				k.subnet, k.zone = nil, e.subnet.zone()
				if l := e.lanes[k.target][d.family]; l != (lane{}) && k.vpc != d.vpc {
					if !p.zonal && d.door == none {
						l.zone = zone{}
					}
					k = step{target: k.target, lane: l}
				}
			case strings.HasPrefix(k.target, "igw-") || strings.HasPrefix(k.target, "eigw-"):
				continue // out to the Internet
			}
		}
		found, ok := walked[k]
		if !ok {
			found = p.follow(e.subnet, p.subnets[x.subnet], to, d.family == six)
			walked[k] = found
		}
		for _, one := range found {
			p.addWay(w, one, e.faces, d.family)
		}
	}
	return w
}

// addWay takes down that some faces go a way. Network ACLs that let everything through need no second look.
func (p *Pairs) addWay(w *approach, one way, faces []run, family int) {
	if one.lost {
		w.lost = append(w.lost, faces...)
		return
	}
	if len(one.edges) > 0 {
		for i, other := range w.filtered {
			if slices.Equal(other.edges, one.edges) && other.sure == one.sure && other.known == one.known && other.walled == one.walled {
				w.filtered[i].faces = append(other.faces, faces...)
				return
			}
		}
		one.faces = slices.Clone(faces)
		w.filtered = append(w.filtered, one)
		return
	}
	for mode := range modes {
		if mode == surely && !one.sure {
			continue
		}
		w.routed[mode].setRuns(faces)
		if one.known[mode] {
			w.known[mode].setRuns(faces)
		}
	}
	if one.walled {
		w.walled.setRuns(faces)
	}
}

// follow walks from a subnet to addresses in another.
func (p *Pairs) follow(from, to *subnet, address netset.Addresses, six bool) []way {
	c := new(course)
	found := p.followBy(c, from, to, address, six)
	for n := 1; c.next(); n++ {
		other := p.followBy(c, from, to, address, six)
		if n == enoughCourses {
			found = append(found, way{lost: true})
			break
		}
		if slices.EqualFunc(found, other, func(a, b way) bool {
			return slices.Equal(a.edges, b.edges) && a.sure == b.sure && a.lost == b.lost && a.known == b.known && a.walled == b.walled
		}) {
			continue
		}
		found = append(found, other...)
		for i := range found { // by one course or another
			found[i].sure, found[i].known[surely] = false, false
		}
	}
	return found
}

// followBy walks one course.
func (p *Pairs) followBy(c *course, from, to *subnet, address netset.Addresses, six bool) []way {
	family := 0
	if six {
		family = 1
	}
	w := &walk{course: c, n: p.n, protocol: netset.TCP, six: six, goal: goal{subnet: to, locus: true}, survey: true}
	b := beam{src: address, dst: address, from: netset.AllPorts(), to: netset.AllPorts()} // no route asks who sends
	t := trail{quiet: true, yes: []beam{b}, id: identity{known: estate.Is(from.vpc == to.vpc)}}
	t.senders = []locus{{subnet: from, address: b.src, ports: b.from}}
	w.route(t, from)
	var found []way
	for _, t := range w.done {
		if len(t.live()) == 0 || t.stopped || t.senders[len(t.senders)-1].gateway != nil {
			continue // stopped, or out to the Internet
		}
		one := way{sure: len(t.yes) > 0, lost: !t.arrived, edges: t.edges, walled: t.firewall}
		one.known[surely], one.known[perhaps] = t.id.known == estate.True, t.id.known != estate.False
		if n := len(one.edges); n > 0 && one.edges[n-1] == (edge{to, false}) {
			one.edges = one.edges[:n-1] // its own, which depends on which subnet it is
		}
		one.edges = slices.DeleteFunc(slices.Clone(one.edges), func(x edge) bool { return p.acls.open(x, family) })
		found = append(found, one)
	}
	return found
}

// findPeers finds, for each VPC, the faces whose outgoing rules know its groups: its own, and those of the VPCs that it is
// peered with in its Region.
func (p *Pairs) findPeers() {
	of := map[*vpc]run{}
	for i, s := range p.subnets {
		faces := p.within[i]
		if faces.end == 0 {
			continue
		}
		r, ok := of[s.vpc]
		if !ok {
			r = faces
		}
		of[s.vpc] = run{min(r.first, faces.first), max(r.end, faces.end)}
	}
	p.peered = map[*vpc]*[modes][]run{}
	var all []*vpc
	for v := range of {
		all = append(all, v)
		p.peered[v] = &[modes][]run{{of[v]}, {of[v]}}
	}
	slices.SortFunc(all, func(a, b *vpc) int { return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.id, b.id)) })
	for _, x := range p.n.estate.Peerings {
		if x.Status != "active" || x.Requester.Region != x.Accepter.Region {
			continue
		}
		a, b := p.n.vpcs[regional{x.Requester.Region, x.Requester.VPC}], p.n.vpcs[regional{x.Accepter.Region, x.Accepter.VPC}]
		for _, pair := range [][2]*vpc{{a, b}, {b, a}} {
			near, far := p.peered[pair[0]], pair[1]
			if faces, there := of[far]; near != nil && there && !slices.Contains(near[surely], faces) {
				near[surely], near[perhaps] = append(near[surely], faces), append(near[perhaps], faces)
			}
		}
	}
	for _, v := range all {
		if p.n.unread(v.Place, "ec2:DescribeVpcPeeringConnections") == nil {
			continue
		}
		p.doubt = true // a peering that was not read may join it to any other
		for _, to := range all {
			if to != v && !slices.Contains(p.peered[to][perhaps], of[v]) {
				p.peered[to][perhaps] = append(p.peered[to][perhaps], of[v])
			}
		}
	}
}
