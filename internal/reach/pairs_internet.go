package reach

import (
	"net/netip"
	"runtime"
	"sync"

	"github.com/onus-cloud/onus/internal/netset"
)

// Exposed is what arrives from the Internet at each of some interfaces that packets do not tell apart.
type Exposed struct {
	p     *Pairs
	class uint32
	// Flows are as those of Network.Internet by the way Direct, and say of an address of the interface where they name one
	// that of an example.
	Flows []Flow
}

// Interfaces returns the ids of the interfaces.
func (e Exposed) Interfaces() []string {
	var ids []string
	for _, i := range e.p.nodes[e.class] {
		ids = append(ids, e.p.n.nodes[i].iface.Ref().ID)
	}
	return ids
}

// Internet is the answer about the whole Internet, factored: one element for each class at which a packet from a public
// address arrives, or may, without a front door in between. A class is asked about once, by the walk that answers single
// questions; those are left out whose rules admit no public address, or who have none.
func (p *Pairs) Internet() []Exposed {
	public := p.publicPrefixes()
	var asked []uint32
	for c := range p.all {
		if p.mayBeExposed(uint32(c), public) {
			asked = append(asked, uint32(c))
		}
	}
	flows := make([][]Flow, len(asked))
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
				if i >= len(asked) {
					return
				}
				flows[i] = p.exposedFlows(asked[i])
			}
		})
	}
	wait.Wait()
	var all []Exposed
	for i, c := range asked {
		if len(flows[i]) > 0 {
			all = append(all, Exposed{p: p, class: c, Flows: flows[i]})
		}
	}
	return all
}

// exposedFlows are what arrives from public addresses at one interface of a class.
func (p *Pairs) exposedFlows(c uint32) []Flow {
	x := p.n.nodes[p.all[c].one]
	return p.n.flowsTo(x, Filter{}, nil, func(q packet) Answer { return p.n.admit(internet, x, q) })
}

// publicPrefixes are the prefixes with a public address.
func (p *Pairs) publicPrefixes() []bool {
	public := make([]bool, len(p.prefixes.all))
	for i, x := range p.prefixes.all {
		public[i] = isPublic(x)
	}
	return public
}

// isPublic reports whether a prefix holds a public address.
func isPublic(x netip.Prefix) bool { return !netset.Of(x).Public().Empty() }

// mayBeExposed says whether a class has an address that the Internet may send to, and a rule that admits public addresses
// of that family.
func (p *Pairs) mayBeExposed(c uint32, public []bool) bool {
	x := &p.all[c]
	node := p.n.nodes[x.one]
	reached := [2]bool{four: node.publicly, six: len(node.v6) > 0}
	if !reached[four] && !reached[six] {
		return false
	}
	if x.traits.open {
		return true
	}
	for _, g := range p.sets[x.set] {
		if p.groups[g].missing {
			return true
		}
		for _, r := range p.groups[g].rules[incoming] {
			if r.unknown {
				return true
			}
			for _, prefix := range r.prefixes {
				if reached[familyOf(p.prefixes.all[prefix].Addr())] && public[prefix] {
					return true
				}
			}
		}
	}
	return false
}
