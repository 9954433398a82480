package reach

import (
	"cmp"
	"slices"
	"sync"
)

// columns are rows turned round: for a class and a header, the faces that its packets reach. They say the same as rows do, from
// the other end.
type columns struct {
	*Pairs
	in       postings // incoming rules
	bare     []run    // faces that no group filters
	ways     [2][]*approach
	guardsIn []aclFaces // network ACLs that do not let everything in

	sync.RWMutex
	shut map[aclKey]bitset // remembered
}

// aclFaces are the faces in the subnets of a network ACL; nil for those of which it was not read.
type aclFaces struct {
	*acl
	faces []run
}

func newColumns(p *Pairs) *columns {
	c := &columns{Pairs: p, shut: map[aclKey]bitset{}, in: p.post(incoming, nil)}
	for i, f := range p.faces {
		if !f.vacant() && p.all[f.class].traits.open {
			c.bare = appendRun(c.bare, run{uint32(i), uint32(i) + 1})
		}
	}
	for d, w := range p.ways {
		c.ways[d.family] = append(c.ways[d.family], w)
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
	walled        bitset // reached through a firewall
	// odd are faces to which packets pass network ACLs on the way, or may come from anywhere: of those, rows are asked.
	odd []run
}

// find fills an outlet, which is empty.
func (o *outlet) find(c *columns, subnet uint32, family int) {
	for mode := range c.used() {
		if o.routed[mode] == nil {
			o.routed[mode], o.known[mode] = make(bitset, c.words()), make(bitset, c.words())
		}
	}
	if o.walled == nil {
		o.walled = make(bitset, c.words())
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
		if w.walled.has(i) {
			o.walled.setRuns(w.faces)
		}
		if among(w.lost, i) || slices.ContainsFunc(w.filtered, func(f way) bool { return among(f.faces, i) }) {
			o.odd = append(o.odd, w.faces...)
		}
	}
	slices.SortFunc(o.odd, inOrder)
}

func inOrder(a, b run) int { return cmp.Compare(a.first, b.first) }

// among reports whether a number is in one of some sorted runs.
func among(runs []run, i uint32) bool {
	return slices.ContainsFunc(overlapping(runs, i, i+1), func(r run) bool { return i >= r.first && i < r.end })
}

// column is what it takes to find columns.
type column struct {
	*columns
	row     *row
	outlets map[outletKey]*outlet
	idle    []*outlet // empty
	number  uint32    // of a group
	cuts    []uint32
	// part, refs and base are empty but while a class is computed, and found are their words that are not.
	part, refs, base bitset
	walled           bitset // of base, those that outgoing references do not surely let reach
	found            []uint32
	permits          [2][2]permit // by family and version
}

// permit is to whom outgoing rules let a class send.
type permit struct {
	all            bool
	faces, byGroup bitset // by their addresses, and by their groups
	words          span   // of both that may not be zero
}

// word is one word of those to whom it lets send, but for those who are walled, if only their groups are named.
func (p *permit) word(i uint32, walled uint64) uint64 {
	if p.all {
		return ^uint64(0)
	}
	return p.faces[i] | p.byGroup[i]&^walled
}

type outletKey struct {
	subnet uint32
	family int
}

func (c *columns) newColumn() *column {
	x := &column{columns: c, row: c.newRow(), outlets: map[outletKey]*outlet{}, part: make(bitset, c.words()), refs: make(bitset, c.words()), base: make(bitset, c.words()), walled: make(bitset, c.words())}
	for family := range x.permits {
		for v := range x.permits[family] {
			x.permits[family][v].faces, x.permits[family][v].byGroup = make(bitset, c.words()), make(bitset, c.words())
		}
	}
	return x
}

// forget drops the outlets that were found: the ways of new classes are not in them.
func (c *column) forget() {
	for key, o := range c.outlets {
		for mode := range modes {
			clear(o.routed[mode])
			clear(o.known[mode])
		}
		clear(o.walled)
		o.odd = o.odd[:0]
		c.idle = append(c.idle, o)
		delete(c.outlets, key)
	}
}

// compute finds whom a class reaches with a header, and returns the words in which somebody is.
func (c *column) compute(mode int, s, header uint32, into bitset) []uint32 {
	return c.versions(mode, s, header, []*group{nil}, []bitset{into})
}

// versions finds whom a class reaches with a header, for each of one or two versions of the group with the column's number; of
// two, only as far as not both may send there. It returns the words that may not be zero, some of them twice; into must be
// empty.
func (c *column) versions(mode int, s, header uint32, versions []*group, into []bitset) []uint32 {
	x := &c.all[s]
	c.found = c.found[:0]
	if !c.canSend[mode].has(x.first) {
		return nil
	}
	var window span
	var differs [2]bool
	for family := range c.permits {
		for v, version := range versions {
			c.permit(mode, family, x, header, version, &c.permits[family][v])
		}
		part := apart(c.permits[family][:len(versions)], uint32(c.words()))
		differs[family] = !part.empty()
		window = window.cover(part)
	}
	if window = c.around(window); window.empty() {
		return nil
	}
	reach := func(window span, of bool) {
		for i := x.first; i < x.first+x.faces; i++ {
			for family, atom := range c.faces[i].atom {
				if atom == none || !speaks(header, family) || differs[family] != of {
					continue
				}
				begin := len(c.found)
				c.passing(mode, family, x, i, atom, header, window)
				for _, j := range c.found[begin:] {
					for v := range versions {
						into[v][j] |= c.base[j] & c.permits[family][v].word(j, c.walled[j])
					}
					c.part[j], c.refs[j], c.base[j], c.walled[j] = 0, 0, 0, 0
				}
			}
		}
	}
	reach(window, true)
	if len(versions) > 1 { // the other family matters only where that made a difference
		window = span{}
		for _, j := range c.found {
			if into[0][j] != into[1][j] {
				window = window.cover(span{j, j + 1})
			}
		}
		window = c.around(window)
	}
	if !window.empty() {
		reach(window, false)
	}
	if len(c.found) == 0 {
		return nil
	}
	for i := range into {
		for _, j := range c.extra {
			if into[i].has(j) {
				into[i].unset(j)
				first := c.all[c.faces[j].class].first
				into[i].set(first)
				c.found = append(c.found, first/64)
			}
		}
		if x.size == 1 {
			into[i].unset(x.first)
		}
	}
	return c.found
}

// apart is the words in which two versions do not let a class send to the same, or in which one lets it send.
func apart(versions []permit, words uint32) span {
	a := &versions[0]
	whole := span{0, words}
	if len(versions) == 1 {
		return whole
	}
	b := &versions[1]
	switch {
	case a.all && b.all:
		return span{}
	case a.all || b.all:
		return whole
	}
	window := a.words.cover(b.words)
	for window.first < window.end && a.faces[window.first] == b.faces[window.first] && a.byGroup[window.first] == b.byGroup[window.first] {
		window.first++
	}
	for window.first < window.end && a.faces[window.end-1] == b.faces[window.end-1] && a.byGroup[window.end-1] == b.byGroup[window.end-1] {
		window.end--
	}
	return window
}

// put adds runs of faces to a set, as far as they are in a window and in words where somebody is routed to or within a subnet,
// and adds the words to those that were found.
func (c *column) put(into bitset, runs []run, window span, routed bitset, within span) {
	for _, r := range overlapping(runs, window.first*64, window.end*64) {
		for i := max(r.first/64, window.first); i < min((r.end+63)/64, window.end); i++ {
			if routed[i] == 0 && (i < within.first || i >= within.end) {
				continue
			}
			if c.part[i]|c.refs[i]|c.base[i] == 0 {
				c.found = append(c.found, i)
			}
			into[i] |= r.word(i)
		}
	}
}

// passing finds, in base, what a face reaches in a window as far as its own outgoing rules allow it.
func (c *column) passing(mode, family int, x *class, i, atom, header uint32, window span) {
	begin := len(c.found)
	o := c.outlet(x.subnet, family)
	within := c.within[x.subnet]
	routed, own := o.routed[mode], spanOf([]run{within})
	c.put(c.part, c.bare, window, routed, own)
	for prefix := atom; prefix != none; prefix = c.prefixes.parent[prefix] {
		for _, e := range c.in.byPrefix[prefix] {
			if e.traffic.has(header) {
				c.put(c.part, e.faces, window, routed, own)
			}
		}
	}
	for _, g := range c.sets[x.set] {
		for _, e := range c.in.byGroup[g] {
			if e.traffic.has(header) {
				c.put(c.refs, e.faces, window, routed, own)
			}
		}
	}
	if mode == perhaps {
		for _, e := range c.in.any {
			if e.traffic.has(header) {
				c.put(c.part, e.faces, window, routed, own)
			}
		}
	}
	blocked := c.blocked(mode, family, atom, header)
	var allowed bitset
	shut := false
	switch own := c.acls.of[x.subnet]; {
	case own == nil:
		shut = mode == surely
	case !own.open[outgoing][family]:
		allowed = c.acls.reachedBy(own, family, header)
	}
	for _, j := range c.found[begin:] {
		admitted := c.part[j] | c.refs[j]
		routed := o.routed[mode][j] & (c.part[j] | c.refs[j]&o.known[mode][j])
		if blocked != nil {
			routed &^= blocked[j]
		}
		if allowed != nil {
			routed &= allowed[j]
		}
		if shut {
			routed = 0
		}
		if c.base[j] = (routed | admitted&within.word(j)) & c.has[family][j] & c.canTake[mode][j]; mode == surely {
			c.walled[j] = o.walled[j] &^ (admitted & within.word(j))
		}
	}
	for _, faces := range overlapping(o.odd, window.first*64, window.end*64) {
		for j := faces.first; j < faces.end; j++ {
			if !c.canTake[mode].has(j) || !c.odd(mode, family, i, j, header, false) {
				continue
			}
			c.put(c.base, []run{{j, j + 1}}, span{j / 64, j/64 + 1}, routed, span{j / 64, j/64 + 1})
			if c.walled.unset(j); mode == surely && !c.odd(mode, family, i, j, header, true) {
				c.walled.set(j)
			}
		}
	}
}

// blocked is the faces whose own subnet's ACL does not let a header in from an address.
func (c *columns) blocked(mode, family int, atom, header uint32) bitset {
	if len(c.guardsIn) == 0 {
		return nil
	}
	key := aclKey{leaf: c.acls.leaves[atom], header: c.acls.at(header), mode: mode, which: family}
	c.RLock()
	set, ok := c.shut[key]
	c.RUnlock()
	if ok {
		return set
	}
	set = make(bitset, c.words())
	for _, a := range c.guardsIn {
		if a.acl == nil && mode == surely || a.acl != nil && !a.open[incoming][family] && !a.lets(incoming, c.classes, atom, header) {
			set.setRuns(a.faces)
		}
	}
	c.Lock()
	c.shut[key] = set
	c.Unlock()
	return set
}

// odd asks the row of a face whether it takes packets of another, if that one's outgoing rules admit its address, or else its
// group.
func (c *column) odd(mode, family int, from, to, header uint32, byGroup bool) bool {
	f := c.faces[to]
	if f.vacant() || f.atom[family] == none {
		return false
	}
	r := c.row
	clear(r.bits[r.touched.first:r.touched.end])
	r.touched, r.unbound, r.byGroup = span{}, true, byGroup
	r.add(mode, family, &c.all[f.class], f.atom[family], header, span{from / 64, from/64 + 1})
	return r.bits.has(from)
}

func (c *column) outlet(subnet uint32, family int) *outlet {
	key := outletKey{subnet, family}
	o := c.outlets[key]
	if o == nil {
		if o = new(outlet); len(c.idle) > 0 {
			o, c.idle = c.idle[len(c.idle)-1], c.idle[:len(c.idle)-1]
		}
		o.find(c.columns, subnet, family)
		c.outlets[key] = o
	}
	return o
}

// permit finds to whom the outgoing rules of a class let it send.
func (c *column) permit(mode, family int, x *class, header uint32, version *group, p *permit) {
	clear(p.faces[p.words.first:p.words.end])
	clear(p.byGroup[p.words.first:p.words.end])
	p.words, p.all = span{}, x.traits.open
	whole := span{0, uint32(c.words())}
	for _, g := range c.sets[x.set] {
		group := &c.groups[g]
		if version != nil && g == c.number {
			group = version
		}
		p.all = p.all || group.missing && mode == perhaps
		for i := 0; i < len(group.rules[outgoing]) && !p.all; i++ {
			r := &group.rules[outgoing][i]
			switch {
			case !r.traffic.has(header):
				continue
			case r.unknown:
				p.all = mode == perhaps
				continue
			}
			for _, prefix := range r.prefixes {
				if of, all := c.whole(prefix); of == family {
					if p.all = p.all || all; !all {
						p.words = p.words.cover(p.faces.setRunsIn(c.under[prefix], whole))
					}
				}
			}
			if r.group != none {
				for _, faces := range c.wears[r.group] {
					p.words = p.words.cover(p.byGroup.setRunsIn(c.knownTo(mode, x, faces), whole))
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
func (c *column) findCuts(s uint32) { c.cuts = c.cutsOf(c.cuts, s, outgoing, &c.in) }

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
