package reach

import (
	"cmp"
	"net/netip"
	"slices"
)

// prefixes are CIDRs that nest or are disjoint, in the order of addresses, each before those within it.
type prefixes struct {
	all     []netip.Prefix
	parent  []uint32 // the next longer one that holds it; none
	numbers map[netip.Prefix]uint32
	// starts and owner cut all addresses into intervals: from one start to the next, owner is the longest prefix.
	starts []netip.Addr
	owner  []uint32
}

func newPrefixes(set map[netip.Prefix]bool) prefixes {
	p := prefixes{numbers: make(map[netip.Prefix]uint32, len(set))}
	for x := range set {
		p.all = append(p.all, x)
	}
	slices.SortFunc(p.all, func(a, b netip.Prefix) int {
		return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
	})
	p.parent = make([]uint32, len(p.all))
	var open []uint32 // those that hold the current address, the widest first
	begin := func(at netip.Addr, owner uint32) {
		if n := len(p.starts); n > 0 && p.starts[n-1] == at {
			p.owner[n-1] = owner
			return
		}
		p.starts, p.owner = append(p.starts, at), append(p.owner, owner)
	}
	// closeUntil ends the prefixes that do not hold an address; behind each, the one around it goes on.
	closeUntil := func(at netip.Addr) {
		for len(open) > 0 && !p.all[open[len(open)-1]].Contains(at) {
			after := lastOf(p.all[open[len(open)-1]]).Next()
			open = open[:len(open)-1]
			if !after.IsValid() {
				continue
			}
			owner := none
			if len(open) > 0 {
				owner = open[len(open)-1]
			}
			begin(after, owner)
		}
	}
	for i, x := range p.all {
		closeUntil(x.Addr())
		p.parent[i] = none
		if len(open) > 0 {
			p.parent[i] = open[len(open)-1]
		}
		p.numbers[x] = uint32(i)
		begin(x.Addr(), uint32(i))
		open = append(open, uint32(i))
	}
	closeUntil(netip.Addr{})
	return p
}

func (p *prefixes) number(x netip.Prefix) uint32 {
	if i, ok := p.numbers[x]; ok {
		return i
	}
	return none
}

// around returns the longest prefix that holds all of a CIDR.
func (p *prefixes) around(x netip.Prefix) uint32 {
	i := p.longest(x.Addr())
	for i != none && (p.all[i].Bits() > x.Bits() || !p.all[i].Contains(x.Addr())) {
		i = p.parent[i]
	}
	return i
}

// longest returns the longest prefix that holds an address.
func (p *prefixes) longest(a netip.Addr) uint32 {
	low, high := 0, len(p.starts)
	for low < high {
		if middle := (low + high) / 2; p.starts[middle].Compare(a) <= 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == 0 {
		return none
	}
	return p.owner[low-1]
}

// lastOf returns the last address of a prefix.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}
