package reach

import (
	"fmt"
	"maps"
	"net/netip"
	"runtime"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
)

// Live is Pairs of an estate whose security group rules change: after each change it answers as Pairs of the changed estate
// would, and it says what the change made of who reaches whom. It costs what the change touches and not what the estate
// holds:
//
//	incoming rules   rows: the classes that wear the group, for the headers of the rules that changed and those whom they name
//	outgoing rules   columns: whom these classes reach, for those headers
//	a new CIDR       the classes come apart in which it holds the addresses of some and not of others
//
// Classes that a CIDR told apart stay apart when no rule names it any more: that costs a little and changes no answer. Each
// subnet has vacant numbers for new classes; when one has no more, everything is classified anew, which takes as long as
// Pairs does.
//
// Live is for one goroutine at a time. The estate that it was made of does not change.
type Live struct {
	*Pairs
	at      map[regional]int // groups among those of the estate
	vacant  []run            // the vacant faces of each subnet
	columns *columns
	public  []bool            // prefixes that hold a public address
	exposed map[uint32][]Flow // what the Internet reaches, by class
	renewed int               // how often everything was classified anew
	workers []*worker
}

// Live makes the estate ready for changes. It costs what Pairs and its Internet cost.
func (n *Network) Live() *Live {
	l := &Live{at: make(map[regional]int, len(n.estate.SecurityGroups))}
	own := n.withOwnGroups()
	for i, g := range own.estate.SecurityGroups {
		key := regional{g.Ref().Region, g.Ref().ID}
		if _, twice := l.at[key]; twice {
			i = -1 // nobody can say which is meant
		}
		l.at[key] = i
	}
	l.classify(own, nil)
	return l
}

// withOwnGroups is a network of the same things, whose groups may be replaced. Front doors go on knowing the old ones: no
// direct way asks them about groups.
func (n *Network) withOwnGroups() *Network {
	e := *n.estate
	e.SecurityGroups = slices.Clone(e.SecurityGroups)
	return &Network{
		estate: &e, vpcs: n.vpcs, subnets: n.subnets, groups: maps.Clone(n.groups), instances: n.instances, interfaces: n.interfaces, nodes: n.nodes,
		byAddress: n.byAddress, delegates: n.delegates, pooled: n.pooled, services: n.services, internetGateways: n.internetGateways, egressGateways: n.egressGateways,
		natGateways: n.natGateways, peerings: n.peerings, endpoints: n.endpoints, firewalls: n.firewalls, vpnGateways: n.vpnGateways, blocks: n.blocks,
		exclusions: n.exclusions, edges: n.edges, transit: n.transit, doors: n.doors,
	}
}

// Estate is the estate as it is now.
func (l *Live) Estate() *estate.Estate { return l.n.estate }

// Internet is what Pairs.Internet answers of the estate as it is now.
func (l *Live) Internet() []Exposed {
	var all []Exposed
	for _, c := range slices.Sorted(maps.Keys(l.exposed)) {
		all = append(all, Exposed{p: l.Pairs, class: c, Flows: l.exposed[c]})
	}
	return all
}

// classify makes everything anew, ready for some CIDRs besides those that are named.
func (l *Live) classify(n *Network, named []netip.Prefix) {
	c := classifyFor(n, future{spare: true, named: named})
	l.Pairs = pairsOf(c)
	l.columns = newColumns(l.Pairs)
	l.workers = nil
	for range runtime.GOMAXPROCS(0) {
		l.workers = append(l.workers, l.columns.newWorker())
	}
	l.vacant = make([]run, len(c.within))
	for s, faces := range c.within {
		for faces.first < faces.end && !c.faces[faces.first].vacant() { // the vacant ones are the last
			faces.first++
		}
		l.vacant[s] = faces
	}
	l.public = l.publicPrefixes()
	l.exposed = map[uint32][]Flow{}
	for _, x := range l.Pairs.Internet() {
		l.exposed[x.class] = x.Flows
	}
}

// Replace puts a group in the place of the one with its id, which must be one that was read, and says what that changed. Where
// both directions change, the incoming rules do first and the outgoing ones after them.
func (l *Live) Replace(g *estate.SecurityGroup) (*Difference, error) {
	key := regional{g.Ref().Region, g.Ref().ID}
	at, ok := l.at[key]
	if !ok || at < 0 {
		return nil, fmt.Errorf("%s is not among the security groups that were read: change one that is", g.Ref().ID)
	}
	l.name(g)
	number := l.numbers[key]
	old, now := l.groups[number], l.groupOf(g)
	l.doubt = l.doubt || now.missing || slices.ContainsFunc(slices.Concat(now.rules[incoming], now.rules[outgoing]), func(r rule) bool { return r.unknown })
	d := &Difference{l: l}

	in := changedRules(old, now, incoming)
	halfway := group{rules: [2][]rule{now.rules[incoming], old.rules[outgoing]}, missing: now.missing}
	d.compareRows(number, &halfway, in, g)
	l.turn(number, incoming, old, halfway, in)
	l.groups[number] = halfway
	out := changedRules(old, now, outgoing)
	d.compareColumns(number, &old, &now, out)
	l.groups[number] = now
	l.turn(number, outgoing, old, now, out)
	l.n.estate.SecurityGroups[at] = g
	l.n.groups[key] = g
	if l.n.wardrobes.known.Clear(); len(in) > 0 {
		l.expose(number, d)
	}
	return d, nil
}

// groupOf reads the rules of a group.
func (c *classes) groupOf(g *estate.SecurityGroup) group {
	x := group{missing: len(g.Missing) > 0}
	for _, r := range g.Rules {
		direction := incoming
		if r.Egress {
			direction = outgoing
		}
		x.rules[direction] = append(x.rules[direction], c.rule(g.Ref().Region, r))
	}
	return x
}

// everything is a rule that may admit everything: what stands for rules that were not read.
var everything = rule{traffic: traffic{{0, allHeaders}}, group: none, unknown: true}

// changedRules are the rules of one direction that only one of two groups has.
func changedRules(old, now group, direction int) []rule {
	a, b := slices.Clone(old.rules[direction]), slices.Clone(now.rules[direction])
	if old.missing != now.missing {
		a = append(a, everything)
	}
	a = slices.DeleteFunc(a, func(r rule) bool {
		i := slices.IndexFunc(b, r.equal)
		if i >= 0 {
			b = slices.Delete(b, i, i+1)
		}
		return i >= 0
	})
	return append(a, b...)
}

func (r rule) equal(o rule) bool {
	return r.group == o.group && r.unknown == o.unknown && slices.Equal(r.prefixes, o.prefixes) && slices.Equal(r.traffic, o.traffic)
}

// turn takes the rules of a group in one direction as they are now.
func (l *Live) turn(number uint32, direction int, old, now group, changed []rule) {
	postings := &l.out
	if direction == incoming {
		postings = &l.columns.in
	}
	for set, faces := range l.bySet(number) {
		was, is := l.rulesOf(set, number, &old, direction), l.rulesOf(set, number, &now, direction)
		var wasFree, isFree [2]bool
		if direction == outgoing {
			wasFree, isFree = l.freeBy(was), l.freeBy(is)
		}
		move := func(x posted) {
			family := none
			if x.prefix != none {
				family = uint32(familyOf(l.prefixes.all[x.prefix].Addr()))
			}
			stood, stands := posts(was, x), posts(is, x)
			if family != none {
				stood, stands = stood && !wasFree[family], stands && !isFree[family]
			}
			switch {
			case stood && !stands:
				postings.remove(x, faces)
			case !stood && stands:
				postings.add(x, faces)
			}
		}
		for _, r := range changed {
			for _, x := range r.posts() {
				move(x)
			}
		}
		for family := range isFree {
			if isFree[family] == wasFree[family] {
				continue
			}
			for _, r := range slices.Concat(was, is) {
				for _, x := range r.posts() {
					if x.prefix != none && familyOf(l.prefixes.all[x.prefix].Addr()) == family {
						move(x)
					}
				}
			}
			if isFree[family] {
				l.free[family].setRuns(faces)
			} else {
				l.free[family].unsetRuns(faces)
			}
		}
	}
}

// bySet are the faces that a group is worn by, by the sets of groups that they wear; none of those that no group filters.
func (l *Live) bySet(number uint32) map[uint32][]run {
	all := map[uint32][]run{}
	for _, faces := range l.wears[number] {
		for i := faces.first; i < faces.end; i++ {
			if x := &l.all[l.faces[i].class]; !x.traits.open {
				all[x.set] = appendRun(all[x.set], run{i, i + 1})
			}
		}
	}
	return all
}

// rulesOf are all rules of a set of groups, with now in the place of one of them.
func (l *Live) rulesOf(set, number uint32, now *group, direction int) []rule {
	var all []rule
	for _, g := range l.sets[set] {
		x := &l.groups[g]
		if g == number {
			x = now
		}
		all = append(all, x.rules[direction]...)
		if x.missing {
			all = append(all, everything)
		}
	}
	return all
}

// freeBy says by family whether rules admit everything.
func (l *Live) freeBy(rules []rule) (free [2]bool) {
	for _, r := range rules {
		for _, prefix := range r.prefixes {
			if family, whole := l.whole(prefix); whole && r.traffic.everything() {
				free[family] = true
			}
		}
	}
	return free
}

// posts reports whether any of some rules puts its faces into an entry.
func posts(rules []rule, x posted) bool {
	return slices.ContainsFunc(rules, func(r rule) bool { return slices.ContainsFunc(r.posts(), x.equal) })
}

// expose asks again what the Internet reaches of those who wear a group.
func (l *Live) expose(number uint32, d *Difference) {
	for _, faces := range l.wears[number] {
		for i := faces.first; i < faces.end; i++ {
			c := l.faces[i].class
			if l.all[c].first != i {
				continue
			}
			var flows []Flow
			if l.all[c].size > 0 && l.mayBeExposed(c, l.public) {
				flows = l.exposedFlows(c)
			}
			if len(flows) == 0 && len(l.exposed[c]) == 0 {
				continue
			}
			if d.exposed = append(d.exposed, c); len(flows) == 0 {
				delete(l.exposed, c)
			} else {
				l.exposed[c] = flows
			}
		}
	}
}
