package reach

import (
	"fmt"
	"slices"
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

	lock  sync.Mutex
	talks map[talk]bool
	lists map[peersKey][]*node
}

// talk is a question about two kinds.
type talk struct {
	from, to uint32
	filter   string
}

type peersKey struct {
	kind   uint32
	sends  bool // who reaches the kind, or else whom it reaches
	filter string
}

func (n *Network) findKinds() *kinds {
	k := &kinds{n: n, sieve: n.newSieve(), of: make(map[*node]uint32, len(n.nodes)), talks: map[talk]bool{}, lists: map[peersKey][]*node{}}
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
		put(x, is)
	}
	for _, x := range n.services {
		put(x, key{class: none, own: fmt.Sprint(x.Place, x.vpc, x.subnets, x.groups, x.open, x.private, x.v6, x.public, x.publicly, x.idle, x.mute, x.idleGaps,
			n.doors.byRef[x.ref.Key()] != nil, listenerName(n, x))})
	}
	return k
}

// listenerName tells load balancers apart, which listen each on their own ports.
func listenerName(n *Network, x *node) string {
	if n.doors.byRef[x.ref.Key()] == nil {
		return ""
	}
	return x.ref.Key()
}

// senders returns the nodes whose packets may come to a node by a direct way, itself perhaps among them.
func (k *kinds) senders(to *node, f Filter) []*node { return k.peers(to, f, true) }

// receivers returns the nodes to which packets of a node may come by a direct way, itself perhaps among them.
func (k *kinds) receivers(from *node, f Filter) []*node { return k.peers(from, f, false) }

func (k *kinds) peers(x *node, f Filter, sends bool) []*node {
	mine, known := k.of[x]
	key := peersKey{mine, sends, fmt.Sprint(f.Protocol, f.Ports, f.Private)}
	if known {
		k.lock.Lock()
		list, ok := k.lists[key]
		k.lock.Unlock()
		if ok {
			return list
		}
	}
	var all []*node
	for i, others := range k.nodes {
		other := others[0]
		if other == x {
			if len(others) == 1 {
				continue
			}
			other = others[1]
		}
		from, to := x, other
		if sends {
			from, to = other, x
		}
		if k.may(from, to, f, key.filter, known, mine, uint32(i), sends) {
			all = append(all, others...)
		}
	}
	if known && len(k.nodes[mine]) > 1 { // else nobody asks again
		k.lock.Lock()
		k.lists[key] = all
		k.lock.Unlock()
	}
	return all
}

// may reports whether any packet that a filter lets through gets from one node to another, or may.
func (k *kinds) may(from, to *node, f Filter, filter string, known bool, mine, other uint32, sends bool) bool {
	about := talk{mine, other, filter}
	if sends {
		about.from, about.to = other, mine
	}
	if known {
		k.lock.Lock()
		may, ok := k.talks[about]
		k.lock.Unlock()
		if ok {
			return may
		}
	}
	may := !k.sieve.refuses(to, from) && slices.ContainsFunc(k.n.atoms(to, from, f), func(a atom) bool {
		p := packet{protocol: a.protocol, port: a.ports.First, quiet: true, private: f.Private}
		return k.n.send(from, to, p).Arrives != estate.False
	})
	if known {
		k.lock.Lock()
		k.talks[about] = may
		k.lock.Unlock()
	}
	return may
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
