package reach

import (
	"cmp"
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

// rows makes the entries of one class after the other.
type rows struct {
	*row
	cuts           []uint32
	sure, possible bitset
	window         span // of the current entry
	before         [modes]bitset
	seen           span
}

func (p *Pairs) newRows() *rows {
	r := &rows{row: p.newRow()}
	for mode := range r.before {
		r.before[mode] = make(bitset, p.words())
	}
	r.sure, r.possible = make(bitset, p.words()), make(bitset, p.words())
	return r
}

// of yields the entries of a class. Neighbouring intervals with the same answer are one.
func (r *rows) of(c uint32, yield func(Entry) bool) bool {
	if r.all[c].traits.answers == estate.False {
		return true
	}
	r.findCuts(c)
	whole := span{0, uint32(r.words())}
	open, headers := false, interval{}
	flush := func() bool {
		if !open {
			return true
		}
		open = false
		r.window = r.seen
		sure, possible := r.before[surely], r.before[perhaps]
		if !r.doubt {
			possible = sure
		}
		return yield(Entry{p: r.Pairs, to: c, headers: headers, sure: sure, possible: possible})
	}
	for i := 0; i < len(r.cuts); i++ {
		first, last := r.cuts[i], uint32(allHeaders)
		if i+1 < len(r.cuts) {
			last = r.cuts[i+1] - 1
		}
		if !r.admits(c, first) {
			if !flush() {
				return false
			}
			continue
		}
		made := [modes]bitset{r.sure, r.possible}
		var window span
		empty := true
		for mode := range r.used() {
			r.compute(mode, c, first, whole)
			window = window.cover(r.row.touched)
			for j := r.row.touched.first; j < r.row.touched.end; j++ {
				made[mode][j] = r.row.bits[j]
				empty = empty && r.row.bits[j] == 0
			}
		}
		if open && !empty && r.same(made, window.cover(r.seen)) {
			headers.last = last
		} else {
			if !flush() {
				return false
			}
			if !empty {
				all := window.cover(r.seen)
				for mode := range r.used() {
					copy(r.before[mode][all.first:all.end], made[mode][all.first:all.end])
				}
				open, headers, r.seen = true, interval{first, last}, window
			}
		}
		for mode := range r.used() {
			clear(made[mode][window.first:window.end])
		}
	}
	ok := flush()
	for mode := range r.before {
		clear(r.before[mode][r.seen.first:r.seen.end])
	}
	r.seen = span{}
	return ok
}

func (r *rows) same(made [modes]bitset, window span) bool {
	for mode := range r.used() {
		if !slices.Equal(made[mode][window.first:window.end], r.before[mode][window.first:window.end]) {
			return false
		}
	}
	return true
}

// findCuts finds where the answer for a class may change: each interval begins at a cut.
func (r *rows) findCuts(c uint32) { r.cuts = r.cutsOf(r.cuts, c, incoming, &r.out) }

// cutsOf finds the headers at which something begins or ends that a class may feel: its own rules in one direction, the rules of
// others that name its groups or addresses, network ACLs, and the protocols of one family. It writes over cuts.
func (p *Pairs) cutsOf(cuts []uint32, class uint32, own int, others *postings) []uint32 {
	cuts = append(cuts[:0], 0)
	for _, g := range p.sets[p.all[class].set] {
		for i := range p.groups[g].rules[own] {
			cuts = p.groups[g].rules[own][i].traffic.cut(cuts)
		}
		for _, e := range others.byGroup[g] {
			cuts = e.traffic.cut(cuts)
		}
	}
	for _, f := range p.facesOf(class) {
		for _, atom := range f.atom {
			for prefix := atom; prefix != none; prefix = p.prefixes.parent[prefix] {
				for _, e := range others.byPrefix[prefix] {
					cuts = e.traffic.cut(cuts)
				}
			}
		}
	}
	for _, e := range others.any {
		cuts = e.traffic.cut(cuts)
	}
	cuts = append(append(cuts, p.acls.cuts...), familyCuts...)
	slices.Sort(cuts)
	return slices.Compact(cuts)
}

// familyCuts are where the protocols begin and end that are of one family of addresses only.
var familyCuts = []uint32{uint32(netset.ICMP) << 16, (uint32(netset.ICMP) + 1) << 16, uint32(netset.ICMPv6) << 16, (uint32(netset.ICMPv6) + 1) << 16}

// speaks reports whether a header is of a protocol that a family of addresses has.
func speaks(header uint32, family int) bool {
	switch netset.Protocol(header >> 16) {
	case netset.ICMP:
		return family == four
	case netset.ICMPv6:
		return family == six
	}
	return true
}

func (c *classes) facesOf(class uint32) []face {
	x := &c.all[class]
	return c.faces[x.first : x.first+x.faces]
}

// admits says whether any incoming rule of a class, or one that was not read, admits a header.
func (p *Pairs) admits(c, header uint32) bool {
	x := &p.all[c]
	if x.traits.open {
		return true
	}
	for _, g := range p.sets[x.set] {
		if p.groups[g].missing {
			return true
		}
		for i := range p.groups[g].rules[incoming] {
			if p.groups[g].rules[incoming][i].traffic.has(header) {
				return true
			}
		}
	}
	return false
}

// row is the sources of one class and header, and what it takes to find them.
type row struct {
	*Pairs
	bits             bitset
	touched          span // words of bits that may not be zero
	part, refs, from bitset
	to               bitset // who has an outgoing rule for a group of the class
	// with takes the place of the group of that number, if it is not nil: what would be if its incoming rules were others.
	number uint32
	with   *group
	// unbound says that outgoing rules are not asked: all admit everybody, by address or else by group.
	unbound, byGroup bool
}

func (r *row) group(g uint32) *group {
	if r.with != nil && g == r.number {
		return r.with
	}
	return &r.groups[g]
}

func (p *Pairs) newRow() *row {
	return &row{Pairs: p, bits: make(bitset, p.words()), part: make(bitset, p.words()), refs: make(bitset, p.words()), from: make(bitset, p.words()), to: make(bitset, p.words())}
}

// compute finds the sources of a class for a header, as far as they are in a window.
func (r *row) compute(mode int, c, header uint32, window span) {
	clear(r.bits[r.touched.first:r.touched.end])
	r.touched = span{}
	x := &r.all[c]
	if x.traits.answers == estate.False || x.traits.answers == estate.Unknown && mode == surely {
		return
	}
	for _, f := range r.facesOf(c) {
		for family, atom := range f.atom {
			if atom != none && speaks(header, family) {
				r.add(mode, family, x, atom, header, window)
			}
		}
	}
	r.fold()
	if x.size == 1 {
		r.bits.unset(x.first)
	}
}

// fold puts what was found of any face of a class to the first, which stands for the class.
func (r *row) fold() {
	for _, i := range r.extra {
		if r.bits.has(i) {
			r.bits.unset(i)
			first := r.all[r.faces[i].class].first
			r.bits.set(first)
			r.touched = r.touched.cover(span{first / 64, first/64 + 1})
		}
	}
}

// add finds the sources that reach an address of a class by one family.
func (r *row) add(mode, family int, x *class, atom, header uint32, window span) {
	// Incoming rules: by address, and by group.
	var by, byGroup span
	admit := func(into bitset, faces []run, touched *span) {
		*touched = touched.cover(into.setRunsIn(faces, window))
	}
	everybody := []run{{0, uint32(len(r.faces))}}
	if x.traits.open {
		admit(r.part, everybody, &by)
	}
	for _, g := range r.sets[x.set] {
		x := r.group(g)
		if x.missing && mode == perhaps {
			admit(r.part, everybody, &by)
		}
		rules := x.rules[incoming]
		for i := range rules {
			rule := &rules[i]
			if !rule.traffic.has(header) {
				continue
			}
			if rule.group != none {
				admit(r.refs, r.wears[rule.group], &byGroup)
			}
			for _, prefix := range rule.prefixes {
				if familyOf(r.prefixes.all[prefix].Addr()) == family {
					admit(r.part, r.under[prefix], &by)
				}
			}
			if rule.unknown && mode == perhaps {
				admit(r.part, everybody, &by)
			}
		}
	}
	way := r.ways[r.destinationOf(x.subnet, family, atom)]
	all := by.cover(byGroup)
	if mode == perhaps && way != nil && len(way.lost) > 0 {
		all = window
	}
	if all.empty() {
		return
	}
	// Outgoing rules of those who are not free to send everything.
	for i := all.first; i < all.end; i++ {
		if r.from[i], r.to[i] = r.free[family][i], 0; r.unbound {
			if r.from[i] = ^uint64(0); r.byGroup {
				r.from[i], r.to[i] = 0, ^uint64(0)
			}
		}
	}
	if !r.unbound {
		r.outgoingTo(mode, x, atom, header, all)
	}

	// Routes and network ACLs, but within the subnet.
	subnet := r.within[x.subnet]
	aclIn := r.acls.into(mode, family, x.subnet, header)
	aclOut := r.acls.outOf(mode, atom, header)
	hasFamily := r.has[family]
	for i := all.first; i < all.end; i++ {
		admitted := r.part[i] | r.refs[i]
		if admitted == 0 {
			continue
		}
		routed := uint64(0)
		if way != nil {
			routed = way.routed[mode][i] & (r.part[i] | r.refs[i]&way.known[mode][i])
		}
		if aclIn != nil {
			routed &= aclIn[i]
		}
		if aclOut != nil {
			routed &^= aclOut[i]
		}
		lets := r.from[i] | r.to[i]
		outside := lets
		if way != nil && mode == surely {
			outside &^= r.to[i] &^ r.from[i] & way.walled[i]
		}
		r.bits[i] |= (routed&outside | admitted&subnet.word(i)&lets) & r.canSend[mode][i] & hasFamily[i]
	}
	if way != nil && len(way.filtered) > 0 {
		r.filtered(mode, x, way, atom, header, all, aclIn, aclOut)
	}
	if mode == perhaps && way != nil && len(way.lost) > 0 {
		r.lost(x, way, family, header, all, aclOut)
	}
	clear(r.part[all.first:all.end])
	clear(r.refs[all.first:all.end])
	r.touched = r.touched.cover(all)
}

// outgoingTo adds to from the faces that have an outgoing rule for the address, and to to those that have one for a group of the
// class.
func (r *row) outgoingTo(mode int, x *class, atom, header uint32, window span) {
	for prefix := atom; prefix != none; prefix = r.prefixes.parent[prefix] {
		for _, e := range r.out.byPrefix[prefix] {
			if e.traffic.has(header) {
				r.from.setRunsIn(e.faces, window)
			}
		}
	}
	known := r.peered[r.subnets[x.subnet].vpc]
	for _, g := range r.sets[x.set] {
		for _, e := range r.out.byGroup[g] {
			if !e.traffic.has(header) {
				continue
			}
			for _, k := range known[mode] { // few: the VPC and those that it is peered with
				for _, f := range overlapping(e.faces, k.first, k.end) {
					r.to.setRun(f.intersect(k), window)
				}
			}
		}
	}
	if mode == perhaps {
		for _, e := range r.out.any {
			if e.traffic.has(header) {
				r.from.setRunsIn(e.faces, window)
			}
		}
	}
}

// filtered adds the sources whose packets pass network ACLs of subnets in between.
func (r *row) filtered(mode int, x *class, way *approach, atom, header uint32, window span, aclIn, aclOut bitset) {
	for _, f := range way.filtered {
		if mode == surely && !f.sure || !r.acls.passes(mode, f.edges, atom, header) {
			continue
		}
		in := r.acls.sources(mode, familyOf(r.prefixes.all[atom].Addr()), f.edges, header)
		for _, faces := range f.faces {
			for i := max(faces.first/64, window.first); i < min((faces.end+63)/64, window.end); i++ {
				w := faces.word(i)
				if in != nil {
					w &= in[i]
				}
				if aclIn != nil {
					w &= aclIn[i]
				}
				if aclOut != nil {
					w &^= aclOut[i]
				}
				if f.known[mode] {
					w &= r.part[i] | r.refs[i]
				} else {
					w &= r.part[i]
				}
				lets := r.from[i] | r.to[i]
				if f.walled && mode == surely {
					lets = r.from[i]
				}
				family := familyOf(r.prefixes.all[atom].Addr())
				r.bits[i] |= w & lets & r.canSend[mode][i] & r.has[family][i]
			}
		}
	}
}

// lost adds the sources whose packets may come from anywhere, as far as what stands around the class lets anybody in.
func (r *row) lost(x *class, way *approach, family int, header uint32, window span, aclOut bitset) {
	node := r.n.nodes[x.one]
	s := r.subnets[x.subnet]
	p := packet{protocol: netset.Protocol(header >> 16), port: uint16(header)}
	b := beam{everywhere(family == six), node.address(family == six, s), p.from(), p.to()}
	arrives := &walk{n: r.n, protocol: p.protocol, six: family == six, goal: goal{node: node, subnet: s}}
	arrives.arrive(trail{quiet: true, maybe: []beam{b}, id: identity{known: estate.Unknown}}, false)
	if len(arrives.done[0].maybe) == 0 {
		return
	}
	for _, faces := range way.lost {
		for i := max(faces.first/64, window.first); i < min((faces.end+63)/64, window.end); i++ {
			// Within the subnet no route is asked.
			w := faces.word(i) &^ r.within[x.subnet].word(i) & (r.from[i] | r.to[i]) & r.canSend[perhaps][i] & r.has[family][i]
			if aclOut != nil {
				w &^= aclOut[i]
			}
			r.bits[i] |= w
		}
	}
}

// bitset is a set of faces.
type bitset []uint64

func (b bitset) has(i uint32) bool { return b[i/64]>>(i%64)&1 != 0 }
func (b bitset) set(i uint32)      { b[i/64] |= 1 << (i % 64) }
func (b bitset) unset(i uint32)    { b[i/64] &^= 1 << (i % 64) }

func (b bitset) setRuns(runs []run) {
	whole := span{0, uint32(len(b))}
	for _, r := range runs {
		b.setRun(r, whole)
	}
}

// setRunsIn adds sorted runs, as far as they are in a window, and returns the words that it touched.
func (b bitset) setRunsIn(runs []run, window span) span {
	var touched span
	for _, r := range overlapping(runs, window.first*64, window.end*64) {
		touched = touched.cover(b.setRun(r, window))
	}
	return touched
}

// overlapping are those of sorted runs that have numbers from first up to, not including, end.
func overlapping(runs []run, first, end uint32) []run {
	if len(runs) > 8 {
		low, _ := slices.BinarySearchFunc(runs, first, func(r run, first uint32) int { return cmp.Compare(r.end, first+1) })
		high, _ := slices.BinarySearchFunc(runs, end, func(r run, end uint32) int { return cmp.Compare(r.first, end) })
		runs = runs[low:max(low, high)]
	}
	return runs
}

// setRun adds a run, as far as it is in a window, and returns the words that it touched.
func (b bitset) setRun(r run, window span) span {
	first, end := max(r.first, window.first*64), min(r.end, window.end*64)
	if first >= end {
		return span{}
	}
	low, high := first/64, (end-1)/64
	lowMask, highMask := ^uint64(0)<<(first%64), ^uint64(0)>>(63-(end-1)%64)
	if low == high {
		b[low] |= lowMask & highMask
		return span{low, low + 1}
	}
	b[low] |= lowMask
	for i := low + 1; i < high; i++ {
		b[i] = ^uint64(0)
	}
	b[high] |= highMask
	return span{low, high + 1}
}

func (b bitset) runs() []run {
	var all []run
	for i, w := range b {
		for w != 0 {
			low := uint32(bits.TrailingZeros64(w))
			length := uint32(bits.TrailingZeros64(^(w >> low)))
			first := uint32(i)*64 + low
			if n := len(all); n > 0 && all[n-1].end == first {
				all[n-1].end += length
			} else {
				all = append(all, run{first, first + length})
			}
			if low+length >= 64 {
				break
			}
			w &= ^uint64(0) << (low + length)
		}
	}
	return all
}

// word is the part of a run that is in one word of a bitset.
func (r run) word(i uint32) uint64 {
	first, end := max(r.first, i*64), min(r.end, i*64+64)
	if first >= end {
		return 0
	}
	return ^uint64(0) << (first % 64) & (^uint64(0) >> (63 - (end-1)%64))
}

func (r run) intersect(o run) run {
	return run{max(r.first, o.first), max(min(r.end, o.end), max(r.first, o.first))}
}

// span is words of a bitset, from first up to, not including, end.
type span struct{ first, end uint32 }

func (s span) empty() bool { return s.first >= s.end }

func (s span) cover(o span) span {
	switch {
	case s.empty():
		return o
	case o.empty():
		return s
	}
	return span{min(s.first, o.first), max(s.end, o.end)}
}
