package reach

import (
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

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
