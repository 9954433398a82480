package reach

import (
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
)

// candidates finds the kinds that may talk to a node without looking at all of them: most rules name a group, and few wear it. It may
// name too many, for the sieve looks again, and never too few: whoever is not named is refused by the sieve.
type candidates struct {
	all     []uint32
	always  []uint32              // of which the sieve may say nothing for certain, as a sender or as a receiver
	wearing map[string][]uint32   // by the id of a group: who wears it
	naming  map[string][]uint32   // by what rules name: who wears a group with an incoming rule that does
	anybody []uint32              // who wears a group with an incoming rule about addresses, or about nobody knows what
	inside  map[regional][]uint32 // of anybody, by the VPC
	abroad  []uint32              // of anybody, those that are found from other VPCs too, if asked for at private addresses only
}

func (k *kinds) newCandidates() candidates {
	c := candidates{wearing: map[string][]uint32{}, naming: map[string][]uint32{}, inside: map[regional][]uint32{}}
	put := func(list *[]uint32, i uint32) {
		if len(*list) == 0 || (*list)[len(*list)-1] != i {
			*list = append(*list, i)
		}
	}
	under := func(m map[string][]uint32, key string, i uint32) {
		list := m[key]
		put(&list, i)
		m[key] = list
	}
	for n, nodes := range k.nodes {
		i := uint32(n)
		c.all = append(c.all, i)
		loose := false
		for j, x := range nodes {
			if !k.sieve.isCalm(x) {
				put(&c.always, i)
			}
			if j == 0 || !slices.Equal(x.groups, nodes[j-1].groups) || x.open != nodes[j-1].open || x.Region != nodes[j-1].Region {
				loose = k.isLoose(x)
				for _, id := range x.groups {
					under(c.wearing, id, i)
					if g := n0(k.n.groups, x.Region, id); g != nil {
						for _, r := range g.Rules {
							if !r.Egress {
								under(c.naming, r.Peer, i)
							}
						}
					}
				}
			}
			if !loose {
				continue
			}
			put(&c.anybody, i)
			list := c.inside[regional{x.Region, x.vpc}]
			put(&list, i)
			c.inside[regional{x.Region, x.vpc}] = list
			if !k.sieve.secluded(x) {
				put(&c.abroad, i)
			}
		}
	}
	return c
}

// isLoose reports whether what a node wears may admit somebody whom no rule names by a group.
func (k *kinds) isLoose(x *node) bool {
	return x.open || slices.ContainsFunc(x.groups, func(id string) bool {
		g := n0(k.n.groups, x.Region, id)
		return g == nil || len(g.Missing) > 0 ||
			slices.ContainsFunc(g.Rules, func(r *estate.SecurityGroupRule) bool { return !r.Egress && !r.Addresses.Absent() })
	})
}

// candidates returns the kinds that may send to a node, or may receive from it, in ascending order.
func (k *kinds) candidates(x *node, f Filter, sends bool) []uint32 {
	c := &k.index
	if !k.sieve.isCalm(x) {
		return c.all
	}
	list := slices.Clone(c.always)
	if !sends {
		for _, id := range x.groups {
			list = append(list, c.naming[id]...)
		}
		if !f.Private || x.vpc == "" {
			return ascending(append(list, c.anybody...))
		}
		return ascending(slices.Concat(list, c.abroad, c.inside[regional{x.Region, x.vpc}]))
	}
	if x.open {
		return c.all
	}
	for _, id := range x.groups {
		g := n0(k.n.groups, x.Region, id)
		if g == nil || len(g.Missing) > 0 {
			return c.all
		}
		for _, r := range g.Rules {
			if !asked(r, f) {
				continue
			}
			if !r.Addresses.Absent() {
				return c.all
			}
			list = append(list, c.wearing[r.Peer]...)
		}
	}
	return ascending(list)
}

func ascending(list []uint32) []uint32 {
	slices.Sort(list)
	return slices.Compact(list)
}
