package reach

import (
	"math/bits"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
)

// Difference is what a change of rules made of who reaches whom.
type Difference struct {
	l *Live
	// rows are what changed for a receiver, by changed incoming rules, and columns what did for a sender, by outgoing ones.
	rows, columns []shift
	exposed       []uint32 // classes of which other things are exposed to the Internet, or may be
}

// shift is what changed for packets of some headers to, or from, one class: the faces at the other end.
type shift struct {
	class   uint32
	headers interval
	window  span
	// gained and lost are by mode, in the words of the window.
	gained, lost [modes]bitset
}

// Total counts ordered pairs of interfaces, a pair once for each interval of headers in which it changed: those between which
// packets now arrive, and those between which they no longer do.
func (d *Difference) Total() (gained, lost uint64) {
	for _, list := range [][]shift{d.rows, d.columns} {
		for _, s := range list {
			size := uint64(d.l.all[s.class].size)
			gained += d.weigh(s.class, s.gained[surely], s.window) * size
			lost += d.weigh(s.class, s.lost[surely], s.window) * size
		}
	}
	return gained, lost
}

func (d *Difference) weigh(self uint32, b bitset, window span) uint64 {
	var n uint64
	for i, w := range b {
		for at := (window.first + uint32(i)) * 64; w != 0; w &= w - 1 {
			n += uint64(d.l.sizes[at+uint32(bits.TrailingZeros64(w))])
		}
	}
	if first := d.l.all[self].first; n > 0 && first/64 >= window.first && first/64 < window.end && b.has(first-window.first*64) {
		n--
	}
	return n
}

// compareRows finds what changed incoming rules of a group make of the rows of those who wear it.
func (d *Difference) compareRows(number uint32, now *group, changed []rule, after *estate.SecurityGroup) {
	if len(changed) == 0 {
		return
	}
	l := d.l
	key := regional{after.Ref().Region, after.Ref().ID}
	before := l.n.groups[key]
	was, is := l.newRows(), l.newRow()
	is.number, is.with = number, now
	whole := span{0, uint32(l.words())}
	var window span
	for _, r := range changed {
		switch {
		case r.unknown:
			window = whole
		case r.group != none:
			window = window.cover(spanOf(l.wears[r.group]))
		}
		for _, p := range r.prefixes {
			window = window.cover(spanOf(l.under[p]))
		}
	}
	window = l.around(window)
	for _, c := range l.wearers(number) {
		if l.all[c].size == 0 || l.all[c].traits.open {
			continue
		}
		was.findCuts(c)
		for _, headers := range intervals(was.cuts, changed) {
			s := shift{class: c, headers: headers}
			for mode := range l.used() {
				l.n.groups[key] = before
				was.compute(mode, c, headers.first, window)
				l.n.groups[key] = after // walks ask it
				is.compute(mode, c, headers.first, window)
				s.note(mode, was.row.bits, is.bits, was.row.touched.cover(is.touched))
			}
			d.rows = s.addTo(d.rows)
		}
	}
}

// compareColumns finds what changed outgoing rules of a group make of the columns of those who wear it.
func (d *Difference) compareColumns(number uint32, old, now *group, changed []rule) {
	if len(changed) == 0 {
		return
	}
	l := d.l
	c := l.columns.newColumn()
	c.number = number
	both := []bitset{make(bitset, l.words()), make(bitset, l.words())}
	whole := span{0, uint32(l.words())}
	for _, x := range l.wearers(number) {
		if l.all[x].size == 0 || l.all[x].traits.open {
			continue
		}
		c.findCuts(x)
		for _, headers := range intervals(c.cuts, changed) {
			s := shift{class: x, headers: headers}
			for mode := range l.used() {
				c.compute(mode, x, headers.first, []*group{old, now}, both)
				s.note(mode, both[0], both[1], whole)
			}
			d.columns = s.addTo(d.columns)
		}
	}
}

// wearers are the classes that wear a group.
func (l *Live) wearers(number uint32) []uint32 {
	var all []uint32
	for _, faces := range l.wears[number] {
		for i := faces.first; i < faces.end; i++ {
			if c := l.faces[i].class; l.all[c].first == i {
				all = append(all, c)
			}
		}
	}
	return all
}

// intervals are the headers of some rules, cut where else the answer may change.
func intervals(cuts []uint32, rules []rule) []interval {
	cuts = slices.Clone(cuts)
	for _, r := range rules {
		cuts = r.traffic.cut(cuts)
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var all []interval
	for i, first := range cuts {
		if !slices.ContainsFunc(rules, func(r rule) bool { return r.traffic.has(first) }) {
			continue
		}
		last := uint32(allHeaders)
		if i+1 < len(cuts) {
			last = cuts[i+1] - 1
		}
		all = append(all, interval{first, last})
	}
	return all
}

// note takes down what differs between two sets of faces, as far as they are in a window.
func (s *shift) note(mode int, was, is bitset, window span) {
	for window.first < window.end && was[window.first] == is[window.first] {
		window.first++
	}
	for window.first < window.end && was[window.end-1] == is[window.end-1] {
		window.end--
	}
	if window.empty() {
		return
	}
	around := s.window.cover(window)
	for m := range modes {
		s.gained[m], s.lost[m] = widened(s.gained[m], s.window, around), widened(s.lost[m], s.window, around)
	}
	s.window = around
	for i := window.first; i < window.end; i++ {
		s.gained[mode][i-around.first], s.lost[mode][i-around.first] = is[i]&^was[i], was[i]&^is[i]
	}
}

func widened(b bitset, from, to span) bitset {
	wide := make(bitset, to.end-to.first)
	if !from.empty() {
		copy(wide[from.first-to.first:], b)
	}
	return wide
}

// addTo adds a shift, if it is one, to the last of some where it goes on with the same.
func (s *shift) addTo(all []shift) []shift {
	if s.window.empty() {
		return all
	}
	if n := len(all); n > 0 {
		last := &all[n-1]
		same := last.class == s.class && last.headers.last+1 == s.headers.first && last.window == s.window
		for m := range modes {
			same = same && slices.Equal(last.gained[m], s.gained[m]) && slices.Equal(last.lost[m], s.lost[m])
		}
		if same {
			last.headers.last = s.headers.last
			return all
		}
	}
	return append(all, *s)
}

// around is the words that hold all faces of the classes of which some are in a window.
func (l *Live) around(w span) span {
	if w.empty() {
		return w
	}
	for _, i := range []uint32{w.first * 64, min(w.end*64, uint32(len(l.faces))) - 1} {
		if f := l.faces[i]; !f.vacant() {
			x := &l.all[f.class]
			w = w.cover(span{x.first / 64, (x.first+x.faces-1)/64 + 1})
		}
	}
	return w
}

// spanOf is the words that runs are in.
func spanOf(runs []run) span {
	if len(runs) == 0 {
		return span{}
	}
	return span{runs[0].first / 64, (runs[len(runs)-1].end-1)/64 + 1}
}
