package reach

import (
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

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
