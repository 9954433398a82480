package reach

import (
	"iter"
	"maps"
	"math/bits"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// Class is interfaces that packets do not tell apart, as people find them.
type Class struct {
	// ID is its number in one answer.
	ID   int
	Size int
	estate.Place
	VPC, Subnet string
	Groups      []estate.Ref // security groups
	// Some are the first of the interfaces: as people call what they belong to.
	Some []Party
}

// Classes returns all classes, by their numbers.
func (p *Pairs) Classes() iter.Seq[Class] {
	return func(yield func(Class) bool) {
		for i := range p.all {
			if p.all[i].size > 0 && !yield(p.classOf(uint32(i))) {
				return
			}
		}
	}
}

func (p *Pairs) classOf(i uint32) Class {
	const some = 3
	x := &p.all[i]
	one, s := p.n.nodes[x.one], p.subnets[x.subnet]
	c := Class{ID: int(i), Size: int(x.size), Place: one.Place, VPC: s.vpc.id, Subnet: s.id}
	for _, id := range one.groups {
		ref := reference("security-group", one.Place, id)
		if g := n0(p.n.groups, one.Region, id); g != nil {
			ref = g.Ref()
		}
		c.Groups = append(c.Groups, ref)
	}
	for _, node := range p.nodes[i][:min(some, len(p.nodes[i]))] {
		c.Some = append(c.Some, p.n.nodes[node].party())
	}
	return c
}

// Passage is what arrives at one class from the same others.
type Passage struct {
	To      int
	Traffic netset.Traffic
	// From are the classes from which it arrives, and Perhaps those from which it may; sorted.
	From, Perhaps []int
}

// Passages returns the factored answer, by the class that packets arrive at: each set of senders once. A class among its own
// senders means its other members.
func (p *Pairs) Passages() iter.Seq[Passage] {
	type key struct{ sure, possible string }
	return func(yield func(Passage) bool) {
		r := p.newRows()
		for c := range p.all {
			if p.all[c].size == 0 {
				continue
			}
			var order []key
			found := map[key]*Passage{}
			r.of(uint32(c), func(e Entry) bool {
				x := Passage{To: c, Traffic: e.headers.traffic(), From: p.classesIn(e.sure, nil, r.window), Perhaps: p.classesIn(e.possible, e.sure, r.window)}
				k := key{listKey(x.From), listKey(x.Perhaps)}
				if same := found[k]; same != nil {
					same.Traffic = same.Traffic.Union(x.Traffic)
				} else {
					order, found[k] = append(order, k), &x
				}
				return true
			})
			for _, k := range order {
				if !yield(*found[k]) {
					return
				}
			}
		}
	}
}

// classesIn are the classes of a set of faces that are not in another set.
func (p *Pairs) classesIn(b, but bitset, window span) []int {
	found := map[uint32]bool{}
	for i := window.first; i < window.end; i++ {
		w := b[i]
		if but != nil {
			w &^= but[i]
		}
		for ; w != 0; w &= w - 1 {
			found[p.faces[i*64+uint32(bits.TrailingZeros64(w))].class] = true
		}
	}
	var all []int
	for _, c := range slices.Sorted(maps.Keys(found)) {
		all = append(all, int(c))
	}
	return all
}

func listKey(list []int) string {
	b := make([]byte, 0, 4*len(list))
	for _, i := range list {
		b = append(b, byte(i), byte(i>>8), byte(i>>16), byte(i>>24))
	}
	return string(b)
}

// traffic is headers as a set of packets.
func (i interval) traffic() netset.Traffic {
	var all netset.Traffic
	for p := i.first >> 16; p <= i.last>>16; p++ {
		first, last := max(i.first, p<<16), min(i.last, p<<16|65535)
		all = all.Union(netset.TrafficOf(netset.Protocol(p), netset.PortsOf(netset.PortRange{First: uint16(first), Last: uint16(last)})))
	}
	return all
}
