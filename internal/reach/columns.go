package reach

import (
	"cmp"
	"slices"
)

// columns are rows turned round: for a class and a header, the faces that its packets reach. They say the same as rows do, from
// the other end.
type columns struct {
	*Pairs
	in       postings // incoming rules
	bare     []run    // faces that no group filters
	ways     [2][]*approach
	guardsIn []aclFaces // network ACLs that do not let everything in
}

// aclFaces are the faces in the subnets of a network ACL; nil for those of which it was not read.
type aclFaces struct {
	*acl
	faces []run
}

func newColumns(p *Pairs) *columns {
	c := &columns{Pairs: p, in: p.post(incoming, nil)}
	for i, f := range p.faces {
		if !f.vacant() && p.all[f.class].traits.open {
			c.bare = appendRun(c.bare, run{uint32(i), uint32(i) + 1})
		}
	}
	for d, w := range p.ways {
		c.ways[d.family] = append(c.ways[d.family], w)
		inOrder := func(a, b run) int { return cmp.Compare(a.first, b.first) }
		slices.SortFunc(w.lost, inOrder)
		for i := range w.filtered {
			slices.SortFunc(w.filtered[i].faces, inOrder)
		}
	}
	numbers := map[*acl]int{}
	for i, faces := range p.within {
		x := p.acls.of[i]
		if faces.end == 0 || x != nil && x.open[incoming][four] && x.open[incoming][six] {
			continue
		}
		j, ok := numbers[x]
		if !ok {
			j = len(c.guardsIn)
			numbers[x] = j
			c.guardsIn = append(c.guardsIn, aclFaces{acl: x})
		}
		c.guardsIn[j].faces = append(c.guardsIn[j].faces, faces)
	}
	return c
}

// outlet is where the packets of one family from one subnet are routed to.
type outlet struct {
	routed, known [modes]bitset
	// odd are faces to which packets pass network ACLs on the way, or may come from anywhere: of those, rows are asked.
	odd []run
}

func (c *columns) outletOf(subnet uint32, family int) *outlet {
	o := &outlet{}
	for mode := range c.used() {
		o.routed[mode], o.known[mode] = make(bitset, c.words()), make(bitset, c.words())
	}
	i := c.within[subnet].first // whoever stands in the subnet takes the same ways
	for _, w := range c.ways[family] {
		for mode := range c.used() {
			if !w.routed[mode].has(i) {
				continue
			}
			o.routed[mode].setRuns(w.faces)
			if w.known[mode].has(i) {
				o.known[mode].setRuns(w.faces)
			}
		}
		if among(w.lost, i) || slices.ContainsFunc(w.filtered, func(f way) bool { return among(f.faces, i) }) {
			o.odd = append(o.odd, w.faces...)
		}
	}
	return o
}

// among reports whether a number is in one of some sorted runs.
func among(runs []run, i uint32) bool {
	return slices.ContainsFunc(overlapping(runs, i, i+1), func(r run) bool { return i >= r.first && i < r.end })
}

// column is what it takes to find columns.
type column struct {
	*columns
	row                   *row
	outlets               map[outletKey]*outlet
	part, refs, base, may bitset
	number                uint32 // of a group
	cuts                  []uint32
}

type outletKey struct {
	subnet uint32
	family int
}

func (c *columns) newColumn() *column {
	return &column{columns: c, row: c.newRow(), outlets: map[outletKey]*outlet{}, part: make(bitset, c.words()), refs: make(bitset, c.words()),
		base: make(bitset, c.words()), may: make(bitset, c.words())}
}

// compute finds whom a class reaches with a header, once for each of some versions of the group with the column's number.
func (c *column) compute(mode int, s, header uint32, versions []*group, into []bitset) {
	x := &c.all[s]
	for i := range into {
		clear(into[i])
	}
	if !c.canSend[mode].has(x.first) {
		return
	}
	for i := x.first; i < x.first+x.faces; i++ {
		for family, atom := range c.faces[i].atom {
			if atom == none {
				continue
			}
			c.passing(mode, family, x, i, atom, header)
			for v, version := range versions {
				c.permitted(mode, family, x, header, version)
				for j := range c.base {
					into[v][j] |= c.base[j] & c.may[j]
				}
			}
		}
	}
	for i := range into {
		for _, j := range c.extra {
			if into[i].has(j) {
				into[i].unset(j)
				into[i].set(c.all[c.faces[j].class].first)
			}
		}
		if x.size == 1 {
			into[i].unset(x.first)
		}
	}
}

// passing finds, in base, what a face reaches as far as its own outgoing rules allow it.
func (c *column) passing(mode, family int, x *class, i, atom, header uint32) {
	clear(c.part)
	clear(c.refs)
	clear(c.base)
	whole := span{0, uint32(c.words())}
	touched := c.part.setRunsIn(c.bare, whole)
	for prefix := atom; prefix != none; prefix = c.prefixes.parent[prefix] {
		for _, e := range c.in.byPrefix[prefix] {
			if e.traffic.has(header) {
				touched = touched.cover(c.part.setRunsIn(e.faces, whole))
			}
		}
	}
	for _, g := range c.sets[x.set] {
		for _, e := range c.in.byGroup[g] {
			if e.traffic.has(header) {
				touched = touched.cover(c.refs.setRunsIn(e.faces, whole))
			}
		}
	}
	if mode == perhaps {
		touched = touched.cover(c.part.setRunsIn(c.in.any, whole))
	}
	o := c.outlet(x.subnet, family)
	for j := touched.first; j < touched.end; j++ {
		c.base[j] = o.routed[mode][j] & (c.part[j] | c.refs[j]&o.known[mode][j])
	}
	for _, a := range c.guardsIn {
		lets := a.acl == nil && mode == perhaps || a.acl != nil && (a.open[incoming][family] || a.lets(incoming, c.classes, atom, header))
		if !lets {
			c.base.unsetRuns(a.faces)
		}
	}
	switch own := c.acls.of[x.subnet]; {
	case own == nil && mode == surely:
		clear(c.base)
	case own != nil && !own.open[outgoing][family]:
		c.base.and(c.acls.reachedBy(own, family, header))
	}
	for _, faces := range o.odd {
		for j := faces.first; j < faces.end; j++ {
			if c.odd(mode, family, i, j, header) {
				c.base.set(j)
			}
		}
	}
	own := c.within[x.subnet]
	for j := own.first / 64; j < (own.end+63)/64; j++ {
		c.base[j] |= (c.part[j] | c.refs[j]) & own.word(j)
	}
	for j := range c.base {
		c.base[j] &= c.has[family][j] & c.canTake[mode][j]
	}
}

// odd asks the row of a face whether it takes packets of another, whatever that one's outgoing rules allow.
func (c *column) odd(mode, family int, from, to, header uint32) bool {
	f := c.faces[to]
	if f.vacant() || f.atom[family] == none {
		return false
	}
	r := c.row
	clear(r.bits[r.touched.first:r.touched.end])
	r.touched, r.unbound = span{}, true
	r.add(mode, family, &c.all[f.class], f.atom[family], header, span{from / 64, from/64 + 1})
	return r.bits.has(from)
}

func (c *column) outlet(subnet uint32, family int) *outlet {
	key := outletKey{subnet, family}
	o := c.outlets[key]
	if o == nil {
		o = c.outletOf(subnet, family)
		c.outlets[key] = o
	}
	return o
}

// permitted finds, in may, to whom the outgoing rules of a class let it send.
func (c *column) permitted(mode, family int, x *class, header uint32, version *group) {
	all := func() {
		for i := range c.may {
			c.may[i] = ^uint64(0)
		}
	}
	clear(c.may)
	if x.traits.open {
		all()
		return
	}
	for _, g := range c.sets[x.set] {
		group := &c.groups[g]
		if version != nil && g == c.number {
			group = version
		}
		if group.missing && mode == perhaps {
			all()
			return
		}
		for i := range group.rules[outgoing] {
			r := &group.rules[outgoing][i]
			switch {
			case r.unknown && mode == perhaps:
				all()
				return
			case !r.traffic.has(header):
				continue
			}
			for _, prefix := range r.prefixes {
				of, whole := c.whole(prefix)
				switch {
				case of != family:
				case whole:
					all()
					return
				default:
					c.may.setRuns(c.under[prefix])
				}
			}
			if r.group != none {
				for _, faces := range c.wears[r.group] {
					c.may.setRuns(c.knownTo(mode, x, faces))
				}
			}
		}
	}
}

// knownTo is the part of a run of faces whose groups the outgoing rules of a class know.
func (c *column) knownTo(mode int, x *class, faces run) []run {
	var all []run
	for i := faces.first; i < faces.end; i++ {
		f := c.faces[i]
		if f.vacant() {
			continue
		}
		for _, k := range c.peered[c.subnets[c.all[f.class].subnet].vpc][mode] {
			if x.first >= k.first && x.first < k.end {
				all = append(all, run{i, i + 1})
				break
			}
		}
	}
	return all
}

// findCuts finds where what a class reaches may change from one header to the next.
func (c *column) findCuts(s uint32) {
	x := &c.all[s]
	c.cuts = append(c.cuts[:0], 0)
	for _, g := range c.sets[x.set] {
		for i := range c.groups[g].rules[outgoing] {
			c.cuts = c.groups[g].rules[outgoing][i].traffic.cut(c.cuts)
		}
		for _, e := range c.in.byGroup[g] {
			c.cuts = e.traffic.cut(c.cuts)
		}
	}
	for _, f := range c.facesOf(s) {
		for _, atom := range f.atom {
			for prefix := atom; prefix != none; prefix = c.prefixes.parent[prefix] {
				for _, e := range c.in.byPrefix[prefix] {
					c.cuts = e.traffic.cut(c.cuts)
				}
			}
		}
	}
	c.cuts = append(c.cuts, c.acls.cuts...)
	slices.Sort(c.cuts)
	c.cuts = slices.Compact(c.cuts)
}

// cut adds the headers at which traffic begins, and the next after its ends.
func (t traffic) cut(cuts []uint32) []uint32 {
	if t.everything() {
		return cuts
	}
	for _, i := range t {
		cuts = append(cuts, i.first)
		if i.last < allHeaders {
			cuts = append(cuts, i.last+1)
		}
	}
	return cuts
}

func (b bitset) unsetRuns(runs []run) {
	for _, r := range runs {
		for i := r.first / 64; i < (r.end+63)/64; i++ {
			b[i] &^= r.word(i)
		}
	}
}

func (b bitset) and(o bitset) {
	for i := range b {
		b[i] &= o[i]
	}
}
