package reach

import (
	"iter"
	"math/bits"
	"runtime"
	"slices"
	"sync"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// Pairs is who can reach whom among all interfaces of the estate, by their private IPv4 and their IPv6 addresses: exactly,
// for every protocol and port, and without ever listing the pairs.
//
// Interfaces that packets do not tell apart are one class (see classes), and the answer is factored: for each class, and
// each interval of headers for which it is the same, the set of classes whose packets arrive. A set is a row of bits, one
// for each class, and what a packet must pass are sets too:
//
//	row = (the sources that the class's incoming rules admit)
//	    & (those whose outgoing rules admit the class)
//	    & (those whose routes lead there, by the walk that answers single questions)
//	    & (those that the network ACLs on the way let through)
//
// but for the class's own subnet, where there are neither routes nor ACLs. What is not known counts as no in one row and as
// yes in another; where both say the same it does not matter. Since nothing that is looked up turns a yes into a no
// elsewhere, that is Kleene's logic exactly.
//
// Rows are made on demand and kept by nobody. With C classes, and A intervals of headers to a class, all of them cost
// C·A·C/64 word operations, and much less where rules admit few: a row touches only the words between the first and the
// last source that the rules admit. Routes are asked once for each route table and each range of addresses that no route
// tells apart. If no two interfaces are equal the same holds with as many classes as interfaces: it takes longer, and is no
// less exact.
type Pairs struct {
	*classes
	free    [2]bitset     // faces whose outgoing rules admit everything of a family
	has     [2]bitset     // faces with an address of a family
	canSend [modes]bitset // faces that send, surely or perhaps
	canTake [modes]bitset // faces that answer
	extra   []uint32      // faces that are not the first of their class
	doors   []bool        // subnets by which a transit gateway is attached
	peered  map[*vpc]*[modes][]run
	out     postings // outgoing rules, but of those who are free
	// origin is the longest prefix of a route that holds an atom.
	origin []uint32
	ways   map[destination]*approach
	acls   *acls
	sizes  []uint32 // how many interfaces each face stands for: none, if it is not the first of its class
	sums   []uint64 // of the sizes of each word
	doubt  bool     // something was not read
	zonal  bool     // the zones of senders matter beyond their VPCs
	strays bool     // packets may go where nobody follows them
}

// A mode is how a row takes what is not known.
const (
	surely  = 0 // as no
	perhaps = 1 // as yes
	modes   = 2
)

// Pairs makes the estate ready for questions about all pairs at once.
func (n *Network) Pairs() *Pairs {
	return pairsOf(classify(n))
}

func pairsOf(c *classes) *Pairs {
	p := &Pairs{classes: c}
	p.senders()
	for family := range p.free {
		p.free[family] = make(bitset, p.words())
	}
	for i, f := range p.faces {
		if !f.vacant() && p.all[f.class].traits.open {
			p.free[four].set(uint32(i))
			p.free[six].set(uint32(i))
		}
	}
	p.out = p.post(outgoing, &p.free)
	p.acls = newACLs(p.classes)
	p.route()
	p.sizes, p.sums = make([]uint32, len(p.faces)), make([]uint64, p.words())
	for i := range p.all {
		c := &p.all[i]
		p.sizes[c.first] = c.size
		p.sums[c.first/64] += uint64(c.size)
	}
	return p
}

func (c *classes) words() int { return (len(c.faces) + 63) / 64 }

// senders finds what sends, and whether anything is in doubt.
func (p *Pairs) senders() {
	for mode := range p.canSend {
		p.canSend[mode], p.canTake[mode] = make(bitset, p.words()), make(bitset, p.words())
	}
	for i, f := range p.faces {
		if f.vacant() {
			continue
		}
		c := &p.all[f.class]
		p.enlist(uint32(i), c.traits)
		p.doubt = p.doubt || c.traits.sends == estate.Unknown || c.traits.answers == estate.Unknown
	}
	for _, g := range p.groups {
		p.doubt = p.doubt || g.missing
		for _, r := range slices.Concat(g.rules[incoming], g.rules[outgoing]) {
			p.doubt = p.doubt || r.unknown
		}
	}
}

// enlist notes whether a face sends and takes packets.
func (p *Pairs) enlist(i uint32, t traits) {
	for mode := range modes {
		if t.sends == estate.True || mode == perhaps && t.sends == estate.Unknown {
			p.canSend[mode].set(i)
		}
		if t.answers == estate.True || mode == perhaps && t.answers == estate.Unknown {
			p.canTake[mode].set(i)
		}
	}
}

// trafficKinds numbers distinct traffic.
type trafficKinds struct {
	lists lists
	all   []traffic
	flat  []uint32
}

func (k *trafficKinds) number(t traffic) uint32 {
	k.flat = k.flat[:0]
	for _, i := range t {
		k.flat = append(k.flat, i.first, i.last)
	}
	// A list's numbers are sorted, and may stand in it once only: an interval of one header would lose its end.
	for j := 1; j < len(k.flat); j += 2 {
		k.flat[j] |= 1 << 31
	}
	n := k.lists.number(k.flat)
	if int(n) == len(k.all) {
		k.all = append(k.all, t)
	}
	return n
}

// around is the words that hold all faces of the classes of which some are in a window.
func (p *Pairs) around(w span) span {
	if w.empty() {
		return w
	}
	for _, i := range []uint32{w.first * 64, min(w.end*64, uint32(len(p.faces))) - 1} {
		if f := p.faces[i]; !f.vacant() {
			x := &p.all[f.class]
			w = w.cover(span{x.first / 64, (x.first+x.faces-1)/64 + 1})
		}
	}
	return w
}

// Reaches says whether a packet arrives that one interface sends to another.
func (p *Pairs) Reaches(from, to string, protocol netset.Protocol, port uint16) estate.Truth {
	source, there := p.find(from)
	target, here := p.find(to)
	if !there || !here || source == target {
		return estate.False
	}
	s := &p.all[p.of[source]]
	r := p.newRow()
	window := span{s.first / 64, (s.first+s.faces-1)/64 + 1}
	truth := estate.False
	for mode := range p.used() {
		r.compute(mode, p.of[target], header(protocol, port), window)
		if r.bits.has(s.first) {
			truth = estate.Unknown
			if mode == surely {
				return estate.True
			}
		}
	}
	return truth
}

// used is how many modes there is a difference between.
func (p *Pairs) used() int {
	if p.doubt {
		return modes
	}
	return 1
}

func (p *Pairs) find(id string) (int, bool) {
	// Interfaces stand in the order of accounts and Regions: within each, in that of ids. Asking is rare, so it looks at all.
	for i, x := range p.n.nodes {
		if x.iface.Ref().ID == id {
			return i, true
		}
	}
	return 0, false
}

// Entry is one line of the factored answer: packets of some headers from some classes arrive at one class.
type Entry struct {
	p        *Pairs
	to       uint32
	headers  interval
	sure     bitset
	possible bitset
}

// Protocol and Ports say which packets: of protocols without ports all.
func (e Entry) Protocol() netset.Protocol { return netset.Protocol(e.headers.first >> 16) }

// Last is the protocol up to which the entry goes on: rules for all traffic make entries over many protocols.
func (e Entry) Last() netset.Protocol { return netset.Protocol(e.headers.last >> 16) }

// Entries returns the factored answer, by class and header. An entry is good until the next.
func (p *Pairs) Entries() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		r := p.newRows()
		for c := range p.all {
			if !r.of(uint32(c), yield) {
				return
			}
		}
	}
}

// Total is what Count finds.
type Total struct {
	// Pairs are ordered pairs of two interfaces between which some packet arrives, and Unknown those between which some may.
	Pairs, Unknown uint64
	// Entries are the lines of the factored answer, and Atoms the pairs of interfaces that they stand for: one pair once for
	// each interval of headers.
	Entries, Atoms uint64
}

// Count goes through the whole factored answer, on all processors.
func (p *Pairs) Count() Total {
	const chunk = 64
	workers := runtime.GOMAXPROCS(0)
	totals := make([]Total, workers)
	var next sync.Mutex
	at := 0
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			r := p.newRows()
			any, maybe := make(bitset, p.words()), make(bitset, p.words())
			t := &totals[w]
			for {
				next.Lock()
				first := at
				at += chunk
				next.Unlock()
				if first >= len(p.all) {
					return
				}
				for c := first; c < min(first+chunk, len(p.all)); c++ {
					size := uint64(p.all[c].size)
					var seen span
					r.of(uint32(c), func(e Entry) bool {
						t.Entries++
						t.Atoms += r.weigh(uint32(c), e.sure, r.window) * size
						seen = seen.cover(r.window)
						for i := r.window.first; i < r.window.end; i++ {
							any[i] |= e.sure[i]
							maybe[i] |= e.possible[i]
						}
						return true
					})
					for i := seen.first; i < seen.end; i++ {
						maybe[i] &^= any[i]
					}
					t.Pairs += r.weigh(uint32(c), any, seen) * size
					t.Unknown += r.weigh(uint32(c), maybe, seen) * size
					clear(any[seen.first:seen.end])
					clear(maybe[seen.first:seen.end])
				}
			}
		})
	}
	wait.Wait()
	var sum Total
	for _, t := range totals {
		sum.Pairs += t.Pairs
		sum.Unknown += t.Unknown
		sum.Entries += t.Entries
		sum.Atoms += t.Atoms
	}
	return sum
}

// weigh counts the interfaces of a row's classes as one interface of a class sees them: all but itself.
func (p *Pairs) weigh(self uint32, b bitset, window span) uint64 {
	var n uint64
	for i := window.first; i < window.end; i++ {
		switch w := b[i]; w {
		case 0:
		case ^uint64(0):
			n += p.sums[i]
		default:
			sizes := p.sizes[i*64:]
			sign, sum := uint64(1), uint64(0)
			if bits.OnesCount64(w) > 32 && len(sizes) >= 64 { // count those that are missing
				w, sign, n = ^w, ^uint64(0), n+p.sums[i]
			}
			for ; w != 0; w &= w - 1 {
				sum += uint64(sizes[bits.TrailingZeros64(w)])
			}
			n += sign * sum
		}
	}
	if n > 0 && b.has(p.all[self].first) {
		n--
	}
	return n
}
