package reach

import (
	"fmt"
	"strings"
	"sync"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// kinds are the nodes that no packet on a direct way tells apart: of one class, with public addresses under the same CIDRs,
// listening on the same ports. Whether packets of one kind get to another is asked once, of two of them, so that a list of
// who reaches whom costs what is in it and not what is not.
type kinds struct {
	n     *Network
	of    map[*node]uint32
	nodes [][]*node // of each kind, in the order of the estate
	sieve sieve
	index candidates

	lock  sync.Mutex
	flows map[talk][]Flow // without words
}

// talk is a question about two kinds.
type talk struct {
	from, to uint32
	filter   string
}

func (n *Network) findKinds() *kinds {
	k := &kinds{n: n, sieve: n.newSieve(), of: make(map[*node]uint32, len(n.nodes)), flows: map[talk][]Flow{}}
	c := classify(n)
	type key struct {
		class, public uint32
		own           string
	}
	numbers := map[key]uint32{}
	put := func(x *node, is key) {
		i, ok := numbers[is]
		if !ok {
			i = uint32(len(k.nodes))
			numbers[is] = i
			k.nodes = append(k.nodes, nil)
		}
		k.of[x], k.nodes[i] = i, append(k.nodes[i], x)
	}
	for i, x := range n.nodes {
		is := key{class: c.of[i], public: none}
		if x.public.IsValid() {
			is.public = c.prefixes.longest(x.public)
		}
		if n.doors.byRef[x.ref.Key()] != nil { // it listens on some ports only
			is.own = x.ref.Key()
		}
		if len(x.mapped) > 0 || len(x.prefixes) > 0 { // classes do not know these addresses
			is = key{class: none, public: none, own: x.ref.Key() + " " + x.iface.Ref().Key()}
		}
		put(x, is)
	}
	for _, x := range n.services {
		put(x, key{class: none, own: fmt.Sprint(x.Place, x.vpc, x.subnets, x.groups, x.open, x.private, x.v6, x.public, x.publicly, x.idle, x.mute, x.idleGaps,
			n.doors.byRef[x.ref.Key()] != nil, listenerName(n, x))})
	}
	k.index = k.newCandidates()
	return k
}

// listenerName tells load balancers apart, which listen each on their own ports.
func listenerName(n *Network, x *node) string {
	if n.doors.byRef[x.ref.Key()] == nil {
		return ""
	}
	return x.ref.Key()
}

// senders calls yield with each node whose packets may come to another by a direct way, and the flows of its kind.
func (k *kinds) senders(to *node, f Filter, yield func(*node, []Flow)) { k.peers(to, f, true, yield) }

// receivers calls yield with each node to which packets of another may come by a direct way, and the flows to its kind.
func (k *kinds) receivers(from *node, f Filter, yield func(*node, []Flow)) {
	k.peers(from, f, false, yield)
}

func (k *kinds) peers(x *node, f Filter, sends bool, yield func(*node, []Flow)) {
	filter := f.key()
	for _, i := range k.candidates(x, f, sends) {
		flows := k.withKind(x, i, f, filter, sends)
		if len(flows) == 0 {
			continue
		}
		for _, other := range k.nodes[i] {
			if other != x {
				yield(other, flows)
			}
		}
	}
}

// withKind returns the flows between a node and another of a kind.
func (k *kinds) withKind(x *node, i uint32, f Filter, filter string, sends bool) []Flow {
	from, to, about := x, k.another(i, x), talk{to: i, filter: filter}
	if to == nil {
		return nil
	}
	mine, known := k.of[x]
	if about.from = mine; sends {
		from, to, about.from, about.to = to, from, about.to, about.from
	}
	return k.between(from, to, f, about, known)
}

// another is a node of a kind that is not x; nil for none.
func (k *kinds) another(i uint32, x *node) *node {
	for _, y := range k.nodes[i] {
		if y != x {
			return y
		}
	}
	return nil
}

// key tells filters apart as far as packets do.
func (f Filter) key() string { return fmt.Sprint(f.Protocol, f.Ports, f.Private) }

// between asks for the flows between two nodes, once for their kinds where those are known.
func (k *kinds) between(from, to *node, f Filter, about talk, known bool) []Flow {
	if k.sieve.refuses(to, from, f) { // which is quicker told again than kept
		return nil
	}
	if known {
		k.lock.Lock()
		flows, ok := k.flows[about]
		k.lock.Unlock()
		if ok {
			return flows
		}
	}
	flows := k.n.verdicts(to, f, from, func(p packet) Answer { return k.n.send(from, to, p) })
	if known {
		k.lock.Lock()
		k.flows[about] = flows
		k.lock.Unlock()
	}
	return flows
}

// tell makes a flow between two kinds one between two nodes. Of a terse list what is certain has no words.
func (k *kinds) tell(of Flow, from, to *node, f Filter) Flow {
	if certain := of.Arrives == estate.True && (of.Session == estate.True || of.Protocol != netset.TCP); f.Terse && certain {
		of.From, of.To = from.party(), to.party()
		of.Path, of.Return = nil, nil
		return of
	}
	of.Answer = k.n.send(from, to, packet{protocol: of.Protocol, port: of.Ports.Ranges()[0].First, private: f.Private})
	return of
}

// Way returns the answer of a flow between two nodes with all its hops, which a terse list leaves out.
func (n *Network) Way(f Flow) Answer {
	from, to := n.nodeOf(f.From), n.nodeOf(f.To)
	if len(f.Path) > 0 || from == nil || to == nil {
		return f.Answer
	}
	return n.send(from, to, packet{protocol: f.Protocol, port: f.Ports.Ranges()[0].First})
}

// behindDoors reports whether packets may come to a node through a front door.
func (n *Network) behindDoors(x *node) bool {
	d := n.doors
	return isBalancer(x.ref) || len(d.before[keyOf(x)]) > 0 || len(d.strangers[x.vpc]) > 0 || len(d.unseen[x.vpc]) > 0
}

// wardrobes are the ports that the groups of nodes let through from anybody, by the groups: many wear the same.
type wardrobes struct{ known sync.Map }

type wardrobe struct {
	region, groups string
	open, egress   bool
}

func (w *wardrobes) of(x *node, egress bool, find func() map[netset.Protocol]netset.Ports) map[netset.Protocol]netset.Ports {
	key := wardrobe{x.Region, strings.Join(x.groups, " "), x.open, egress}
	if known, ok := w.known.Load(key); ok {
		return known.(map[netset.Protocol]netset.Ports)
	}
	found := find()
	w.known.Store(key, found)
	return found
}
