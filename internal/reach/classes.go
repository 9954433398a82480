package reach

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// classes is the estate's interfaces by what tells them apart for packets: two of one class wear the same groups, stand in
// the same subnet, and no CIDR that any rule, ACL or route names holds the address of one and not that of the other. So
// whatever is true of one is true of all, and the answers about a million interfaces are those about some ten thousand
// classes.
//
// Addresses are told apart by the longest of all CIDRs named that holds them (the atom): CIDRs nest or are disjoint, so
// that one decides which of the others hold the address too. An interface with addresses of several atoms has a face for
// each; all others have one. Faces are numbered by VPC and subnet, so that the sets that matter (a subnet, a group, a CIDR)
// are few runs of numbers.
type classes struct {
	n        *Network
	prefixes prefixes
	groups   []group
	numbers  map[regional]uint32 // of groups, as rules and interfaces name them
	sets     [][]uint32          // distinct sets of groups, each sorted
	subnets  []*subnet           // by VPC, then in the order of addresses
	all      []class
	of       []uint32   // node to class
	nodes    [][]uint32 // of each class
	faces    []face
	within   []run // the faces in each subnet, with the vacant ones
	// wears are the faces of a group, by its number.
	wears [][]run
	// under are the faces with an address in a prefix.
	under [][]run
}

// class is interfaces that packets do not tell apart.
type class struct {
	set    uint32 // of groups
	subnet uint32
	first  uint32 // face; those of a class follow one another
	faces  uint32
	size   uint32 // how many interfaces there are
	one    uint32 // one of them, by its number among the nodes
	traits traits
}

// traits are what else of an interface decides.
type traits struct {
	open           bool // no groups filter
	sends, answers estate.Truth
	public         bool // it has a public IPv4 address
	denies         bool // it takes nothing from internet gateways over IPv6
}

// face is the addresses of a class that share their atoms: of IPv4 and of IPv6 one, or none. A vacant one is a number that is
// kept free for a class that is yet to come: its class is none.
type face struct {
	class uint32
	atom  [2]uint32
}

func (f face) vacant() bool { return f.class == none }

// none stands for no atom, and for no prefix.
const none = ^uint32(0)

// The families of addresses, where something is kept for each.
const (
	four = 0
	six  = 1
)

func familyOf(a netip.Addr) int {
	if a.Is4() {
		return four
	}
	return six
}

// group is a security group with its rules as the engine reads them.
type group struct {
	rules [2][]rule // incoming, outgoing
	// missing says that there may be more rules than these.
	missing bool
}

// The directions of rules.
const (
	incoming = 0
	outgoing = 1
)

// rule is a security group's rule: it admits traffic from (or to) CIDRs, or the members of a group, or, where a prefix list
// was not read, nobody knows whom.
type rule struct {
	traffic  traffic
	prefixes []uint32
	group    uint32 // none: no group
	unknown  bool
}

// classify finds the classes. It looks once at each interface: its cost is that of reading them.
func classify(n *Network) *classes { return classifyFor(n, future{}) }

// future is what classes are to be ready for.
type future struct {
	// spare leaves numbers of faces vacant in each subnet, for classes that come apart.
	spare bool
	// named are CIDRs that nothing names yet.
	named []netip.Prefix
}

func classifyFor(n *Network, f future) *classes {
	c := &classes{n: n, numbers: map[regional]uint32{}}
	named := c.named()
	for _, p := range f.named {
		named[p] = true
	}
	c.prefixes = newPrefixes(named)
	for _, g := range n.estate.SecurityGroups {
		c.number(regional{g.Ref().Region, g.Ref().ID})
	}
	c.readSubnets()
	c.readNodes(f.spare)
	c.readRules()
	c.index()
	return c
}

// named returns every CIDR that something names, in no order and perhaps more than once.
func (c *classes) named() map[netip.Prefix]bool {
	all := map[netip.Prefix]bool{}
	add := func(p netip.Prefix) {
		if p.IsValid() {
			all[p.Masked()] = true
		}
	}
	e := c.n.estate
	for _, g := range e.SecurityGroups {
		for _, r := range g.Rules {
			if set, ok := r.Addresses.Value(); ok {
				for _, p := range set.Prefixes() {
					all[p] = true
				}
			}
		}
	}
	for _, a := range e.NetworkACLs {
		for _, entry := range a.Entries {
			add(entry.CIDR)
		}
	}
	for _, l := range e.PrefixLists {
		entries, _ := l.Entries.Value()
		for _, p := range entries {
			add(p)
		}
	}
	for _, t := range e.RouteTables {
		for _, r := range t.Routes {
			add(r.CIDR)
		}
	}
	for _, t := range e.TransitGatewayRouteTables {
		routes, _ := t.Routes.Value()
		for _, r := range routes {
			add(r.CIDR)
		}
	}
	for _, v := range e.VPCs {
		for _, p := range v.CIDRs {
			add(p)
		}
	}
	for _, p := range e.Peerings {
		for _, cidr := range slices.Concat(p.Requester.CIDRs, p.Accepter.CIDRs) {
			add(cidr)
		}
	}
	for _, f := range e.Firewalls {
		policy, _ := f.Policy.Value()
		if policy == nil {
			continue
		}
		for _, g := range slices.Concat(policy.Stateless, policy.Stateful) {
			rules, _ := g.Rules.Value()
			for _, r := range rules {
				for _, p := range slices.Concat(r.Sources.Prefixes(), r.Destinations.Prefixes()) {
					all[p] = true
				}
			}
		}
	}
	add(netip.PrefixFrom(netip.IPv4Unspecified(), 0))
	add(netip.PrefixFrom(netip.IPv6Unspecified(), 0))
	return all
}

func (c *classes) number(group regional) uint32 {
	i, ok := c.numbers[group]
	if !ok {
		i = uint32(len(c.numbers))
		c.numbers[group] = i
	}
	return i
}

// readSubnets numbers the subnets: those of a VPC follow one another.
func (c *classes) readSubnets() {
	for _, s := range c.n.subnets {
		c.subnets = append(c.subnets, s)
	}
	lowest := func(s *subnet) netip.Addr {
		if s.read == nil || len(s.read.CIDRs) == 0 {
			return netip.Addr{}
		}
		return s.read.CIDRs[0].Addr()
	}
	slices.SortFunc(c.subnets, func(a, b *subnet) int {
		return cmp.Or(strings.Compare(a.Region, b.Region), strings.Compare(a.vpc.id, b.vpc.id), lowest(a).Compare(lowest(b)), strings.Compare(a.id, b.id))
	})
}

// classKey is what all interfaces of a class have in common.
type classKey struct {
	subnet, set uint32
	atoms       [2]uint32 // numbers of lists of atoms
	traits      traits
}

// readNodes puts each interface into its class, and numbers classes and faces.
func (c *classes) readNodes(spare bool) {
	subnets := make(map[regional]uint32, len(c.subnets))
	for i, s := range c.subnets {
		subnets[regional{s.Region, s.id}] = uint32(i)
	}
	sets, lists := lists{}, lists{}
	keys := map[classKey]uint32{}
	var found []classKey
	c.of = make([]uint32, len(c.n.nodes))
	var numbers []uint32
	for i, x := range c.n.nodes {
		key := classKey{subnet: subnets[regional{x.Region, x.subnets[0]}], traits: traitsOf(x)}
		numbers = numbers[:0]
		for _, g := range x.groups {
			numbers = append(numbers, c.number(regional{x.Region, g}))
		}
		key.set = sets.number(numbers)
		for family, addresses := range [2][]netip.Addr{x.private, x.v6} {
			numbers = numbers[:0]
			for _, a := range addresses {
				numbers = append(numbers, c.prefixes.longest(a))
			}
			key.atoms[family] = lists.number(numbers)
		}
		k, ok := keys[key]
		if !ok {
			k = uint32(len(found))
			keys[key] = k
			found = append(found, key)
		}
		c.of[i] = k
	}
	c.sets = sets.all

	order := make([]uint32, len(found))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int {
		x, y := &found[a], &found[b]
		return cmp.Or(cmp.Compare(x.subnet, y.subnet), slices.Compare(lists.all[x.atoms[four]], lists.all[y.atoms[four]]),
			slices.Compare(lists.all[x.atoms[six]], lists.all[y.atoms[six]]), slices.Compare(sets.all[x.set], sets.all[y.set]), cmp.Compare(a, b))
	})
	renumbered := make([]uint32, len(found))
	c.all = make([]class, len(found))
	c.within = make([]run, len(c.subnets))
	for i, k := range order {
		renumbered[k] = uint32(i)
		key := found[k]
		if within := &c.within[key.subnet]; within.end == 0 {
			within.first = uint32(len(c.faces))
		}
		x := class{set: key.set, subnet: key.subnet, first: uint32(len(c.faces)), traits: key.traits, one: none}
		atoms := [2][]uint32{lists.all[key.atoms[four]], lists.all[key.atoms[six]]}
		x.faces = uint32(max(1, len(atoms[four]), len(atoms[six])))
		for j := range int(x.faces) {
			f := face{class: uint32(i), atom: [2]uint32{none, none}}
			for family := range atoms {
				if j < len(atoms[family]) {
					f.atom[family] = atoms[family][j]
				}
			}
			c.faces = append(c.faces, f)
		}
		c.all[i] = x
		if last := i+1 == len(order) || found[order[i+1]].subnet != key.subnet; spare && last {
			for range 8 + len(c.faces) - int(c.within[key.subnet].first) {
				c.faces = append(c.faces, face{class: none, atom: [2]uint32{none, none}})
			}
		}
		c.within[key.subnet].end = uint32(len(c.faces))
	}
	for i, k := range c.of {
		c.of[i] = renumbered[k]
		x := &c.all[c.of[i]]
		if x.size++; x.one == none {
			x.one = uint32(i)
		}
	}
	c.nodes = make([][]uint32, len(c.all))
	left := make([]uint32, len(c.of))
	for i, x := range c.all {
		c.nodes[i], left = left[:0:x.size], left[x.size:]
	}
	for i, k := range c.of {
		c.nodes[k] = append(c.nodes[k], uint32(i))
	}
}

func traitsOf(x *node) traits {
	t := traits{open: x.open, sends: estate.True, answers: estate.True, public: x.publicly, denies: x.iface.DeniesGateway}
	if x.idleGaps != nil {
		t.sends, t.answers = estate.Unknown, estate.Unknown
	}
	if x.mute != "" {
		t.sends = estate.False
	}
	if x.idle != "" {
		t.answers = estate.False
	}
	return t
}

// lists numbers distinct lists of numbers. The order of a list and what stands in it twice do not matter.
type lists struct {
	numbers map[string]uint32
	all     [][]uint32
	key     []byte
}

func (l *lists) number(list []uint32) uint32 {
	slices.Sort(list)
	list = slices.Compact(list)
	l.key = l.key[:0]
	for _, n := range list {
		l.key = binary.LittleEndian.AppendUint32(l.key, n)
	}
	i, ok := l.numbers[string(l.key)]
	if !ok {
		if l.numbers == nil {
			l.numbers = map[string]uint32{}
		}
		i = uint32(len(l.all))
		l.numbers[string(l.key)] = i
		l.all = append(l.all, slices.Clone(list))
	}
	return i
}

// readRules reads the rules of all groups. A group that an interface wears and nobody read may admit anything.
func (c *classes) readRules() {
	c.groups = make([]group, len(c.numbers))
	for i := range c.groups {
		c.groups[i].missing = true
	}
	for _, g := range c.n.estate.SecurityGroups {
		x := &c.groups[c.numbers[regional{g.Ref().Region, g.Ref().ID}]]
		x.missing = len(g.Missing) > 0
		for _, r := range g.Rules {
			direction := incoming
			if r.Egress {
				direction = outgoing
			}
			x.rules[direction] = append(x.rules[direction], c.rule(g.Ref().Region, r))
		}
	}
}

func (c *classes) rule(region string, r *estate.SecurityGroupRule) rule {
	x := rule{traffic: trafficOf(r.Traffic), group: none}
	set, known := r.Addresses.Value()
	_, unread := r.Addresses.Unread()
	switch {
	case known:
		for _, p := range set.Prefixes() {
			x.prefixes = append(x.prefixes, c.prefixes.number(p))
		}
	case unread:
		x.unknown = true
	case strings.HasPrefix(r.Peer, "sg-"):
		if g, ok := c.numbers[regional{region, r.Peer}]; ok {
			x.group = g
		}
	}
	return x
}

// index finds the faces of each group and of each prefix. A prefix that holds all addresses of a subnet has its vacant faces
// too: who may come to stand there has his address in it.
func (c *classes) index() {
	c.wears = make([][]run, len(c.groups))
	c.under = make([][]run, len(c.prefixes.all))
	for s, faces := range c.within {
		if faces.end == 0 {
			continue
		}
		whole := c.wholeOf(s)
		for _, around := range whole {
			for p := around; p != none; p = c.prefixes.parent[p] {
				c.under[p] = appendRun(c.under[p], faces)
			}
		}
		for i := faces.first; i < faces.end; i++ {
			f := c.faces[i]
			if f.vacant() {
				continue
			}
			for _, g := range c.sets[c.all[f.class].set] {
				c.wears[g] = appendRun(c.wears[g], run{i, i + 1})
			}
			for family, atom := range f.atom {
				for p := atom; p != none && p != whole[family]; p = c.prefixes.parent[p] {
					c.under[p] = appendRun(c.under[p], run{i, i + 1})
				}
			}
		}
	}
}

// wholeOf is, by family, the longest prefix that holds all addresses of a subnet and of what stands in it; none where there is
// none, or the subnet has not exactly one CIDR.
func (c *classes) wholeOf(s int) [2]uint32 {
	all := [2]uint32{none, none}
	var read []netip.Prefix
	if x := c.subnets[s].read; x != nil {
		read = x.CIDRs
	}
	for family := range all {
		var one netip.Prefix
		several := false
		for _, p := range read {
			if familyOf(p.Addr()) == family {
				several, one = several || one.IsValid(), p
			}
		}
		if several || !one.IsValid() {
			continue
		}
		p := c.prefixes.around(one)
		for i := c.within[s].first; i < c.within[s].end && p != none; i++ {
			if atom := c.faces[i].atom[family]; atom != none && !c.prefixes.holds(p, atom) {
				p = none
			}
		}
		all[family] = p
	}
	return all
}
