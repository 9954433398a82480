package reach

import (
	"net/netip"
	"slices"
	"sync"

	"github.com/onus-cloud/onus/internal/estate"
)

// acls is the network ACLs as sets of faces. Most let everything through and cost nothing.
type acls struct {
	c     *classes
	lists map[*estate.NetworkACL]*acl
	// of are the subnets' ACLs, by the number of the subnet; nil for one that was not read.
	of    []*acl
	doubt bool
	cuts  []uint32 // headers at which an entry begins or ends to match
	// guards are the faces of those ACLs that do not let everything of a family out, and leaves the longest prefix of
	// their entries that holds an atom.
	guards [2][]guard
	leaves []uint32

	sync.RWMutex
	in, out map[aclKey]bitset // remembered
}

type guard struct {
	*acl
	faces []run
}

// acl is a network ACL: its entries of one direction, in the order in which they are tried.
type acl struct {
	entries [2][]aclEntry
	open    [2][2]bool // by direction and family: the first that matters lets everything through
}

type aclEntry struct {
	traffic traffic
	prefix  uint32
	allow   bool
}

type aclKey struct {
	acl         *acl
	leaf        uint32
	header      uint32 // the cut at or before it
	mode, which int
}

func newACLs(c *classes) *acls {
	a := &acls{c: c, lists: map[*estate.NetworkACL]*acl{}, of: make([]*acl, len(c.subnets)), in: map[aclKey]bitset{}, out: map[aclKey]bitset{}}
	whole := [2]uint32{c.prefixes.number(netip.PrefixFrom(netip.IPv4Unspecified(), 0)), c.prefixes.number(netip.PrefixFrom(netip.IPv6Unspecified(), 0))}
	a.cuts = []uint32{0}
	leaf := make([]bool, len(c.prefixes.all))
	for _, read := range c.n.estate.NetworkACLs {
		x := &acl{}
		a.lists[read] = x
		for _, e := range read.Entries {
			t := trafficOf(e.Traffic)
			if len(t) == 0 || !e.CIDR.IsValid() {
				continue
			}
			direction := incoming
			if e.Egress {
				direction = outgoing
			}
			entry := aclEntry{t, c.prefixes.number(e.CIDR.Masked()), e.Allow}
			x.entries[direction] = append(x.entries[direction], entry)
			leaf[entry.prefix] = true
			if t.everything() {
				continue
			}
			for _, i := range t {
				a.cuts = append(a.cuts, i.first)
				if i.last < allHeaders {
					a.cuts = append(a.cuts, i.last+1)
				}
			}
		}
		for direction, entries := range x.entries {
			for family := range whole {
				for _, e := range entries {
					if familyOf(c.prefixes.all[e.prefix].Addr()) == family {
						x.open[direction][family] = e.allow && e.prefix == whole[family] && e.traffic.everything()
						break
					}
				}
			}
		}
	}
	slices.Sort(a.cuts)
	a.cuts = slices.Compact(a.cuts)
	a.leaves = make([]uint32, len(leaf))
	for i := range leaf {
		switch parent := c.prefixes.parent[i]; {
		case leaf[i]:
			a.leaves[i] = uint32(i)
		case parent == none:
			a.leaves[i] = none
		default:
			a.leaves[i] = a.leaves[parent]
		}
	}
	guarding := map[*acl]int{}
	for i, s := range c.subnets {
		if s.acl == nil {
			a.doubt = true
		} else {
			a.of[i] = a.lists[s.acl]
		}
	}
	for i, faces := range c.within {
		x := a.of[i]
		for family := range a.guards {
			if x == nil || x.open[outgoing][family] || faces.end == 0 {
				continue
			}
			j, ok := guarding[x]
			if !ok {
				j = len(a.guards[four])
				guarding[x] = j
				// One that is open to one family only is asked for both: it answers right.
				a.guards[four], a.guards[six] = append(a.guards[four], guard{acl: x}), append(a.guards[six], guard{acl: x})
			}
			a.guards[family][j].faces = append(a.guards[family][j].faces, faces)
		}
	}
	return a
}

// at returns the cut at or before a header: what holds there holds for the header.
func (a *acls) at(header uint32) uint32 {
	i, found := slices.BinarySearch(a.cuts, header)
	if !found {
		i--
	}
	return a.cuts[i]
}

// open says whether an edge lets everything of a family through.
func (a *acls) open(e edge, family int) bool {
	direction := incoming
	if e.egress {
		direction = outgoing
	}
	return e.subnet.acl != nil && a.lists[e.subnet.acl].open[direction][family]
}

// into is the sources whose packets a subnet's ACL lets in, nil for all.
func (a *acls) into(mode, family int, subnet, header uint32) bitset {
	return a.sourcesOf(a.of[subnet], mode, family, header)
}

func (a *acls) sourcesOf(x *acl, mode, family int, header uint32) bitset {
	if x == nil {
		if mode == perhaps {
			return nil
		}
		return a.nobody()
	}
	if x.open[incoming][family] {
		return nil
	}
	key := aclKey{acl: x, header: a.at(header), which: family}
	a.RLock()
	set, ok := a.in[key]
	a.RUnlock()
	if ok {
		return set
	}
	set = a.matched(x, incoming, family, header)
	a.Lock()
	a.in[key] = set
	a.Unlock()
	return set
}

// reachedBy is the faces to which an ACL lets a header out.
func (a *acls) reachedBy(x *acl, family int, header uint32) bitset {
	key := aclKey{acl: x, header: a.at(header), mode: outgoing, which: family}
	a.RLock()
	set, ok := a.in[key]
	a.RUnlock()
	if !ok {
		set = a.matched(x, outgoing, family, header)
		a.Lock()
		a.in[key] = set
		a.Unlock()
	}
	return set
}

// matched is the faces with which an ACL lets a header pass in a direction: the first entry that matches decides.
func (a *acls) matched(x *acl, direction, family int, header uint32) bitset {
	set, left := make(bitset, a.c.words()), make(bitset, a.c.words())
	for i := range left {
		left[i] = ^uint64(0)
	}
	for _, e := range x.entries[direction] {
		if familyOf(a.c.prefixes.all[e.prefix].Addr()) != family || !e.traffic.has(header) {
			continue
		}
		for _, f := range a.c.under[e.prefix] {
			for i := f.first / 64; i < (f.end+63)/64; i++ {
				hit := f.word(i) & left[i]
				left[i] &^= hit
				if e.allow {
					set[i] |= hit
				}
			}
		}
	}
	return set
}

// nobody is an empty set of faces.
func (a *acls) nobody() bitset {
	key := aclKey{which: -1}
	a.Lock()
	defer a.Unlock()
	if a.in[key] == nil {
		a.in[key] = make(bitset, a.c.words())
	}
	return a.in[key]
}

// outOf is the sources whose own subnet's ACL does not let a header out to an address, nil for none.
func (a *acls) outOf(mode int, atom, header uint32) bitset {
	family := familyOf(a.c.prefixes.all[atom].Addr())
	if len(a.guards[family]) == 0 && (!a.doubt || mode == perhaps) {
		return nil
	}
	key := aclKey{leaf: a.leaves[atom], header: a.at(header), mode: mode, which: family}
	a.RLock()
	set, ok := a.out[key]
	a.RUnlock()
	if ok {
		return set
	}
	set = make(bitset, a.c.words())
	for _, g := range a.guards[family] {
		if !g.lets(outgoing, a.c, atom, header) {
			set.setRuns(g.faces)
		}
	}
	if a.doubt && mode == surely {
		for i, faces := range a.c.within {
			if a.of[i] == nil {
				set.setRuns([]run{faces})
			}
		}
	}
	a.Lock()
	a.out[key] = set
	a.Unlock()
	return set
}

// lets says whether an ACL lets a header through, to or from an address.
func (x *acl) lets(direction int, c *classes, atom, header uint32) bool {
	for _, e := range x.entries[direction] {
		if e.traffic.has(header) && c.prefixes.holds(e.prefix, atom) {
			return e.allow
		}
	}
	return false
}

// passes says whether the outgoing entries at some edges let a header through to an address.
func (a *acls) passes(mode int, edges []edge, atom, header uint32) bool {
	for _, e := range edges {
		switch {
		case !e.egress:
		case e.subnet.acl == nil:
			if mode == surely {
				return false
			}
		case !a.lists[e.subnet.acl].lets(outgoing, a.c, atom, header):
			return false
		}
	}
	return true
}

// sources are those whom the incoming entries at some edges let through, nil for all.
func (a *acls) sources(mode, family int, edges []edge, header uint32) bitset {
	var all bitset
	for _, e := range edges {
		if e.egress {
			continue
		}
		var x *acl
		if e.subnet.acl != nil {
			x = a.lists[e.subnet.acl]
		}
		one := a.sourcesOf(x, mode, family, header)
		switch {
		case one == nil:
		case all == nil:
			all = slices.Clone(one)
		default:
			for i := range all {
				all[i] &= one[i]
			}
		}
	}
	return all
}

// holds says whether a prefix holds another, or is the same.
func (p *prefixes) holds(outer, inner uint32) bool {
	for ; inner != none; inner = p.parent[inner] {
		if inner == outer {
			return true
		}
	}
	return false
}
