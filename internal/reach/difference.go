package reach

import (
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/onus-cloud/onus/internal/estate"
)

// Difference is what a change of rules made of who reaches whom. It is good until the next change.
type Difference struct {
	l *Live
	// rows are what changed for a receiver, by changed incoming rules, and columns what did for a sender, by outgoing ones.
	rows, columns []shift
	exposed       []uint32 // classes of which other things are exposed to the Internet, or may be
}

// shift is what changed for packets of some headers to, or from, one class: the faces at the other end, by mode.
type shift struct {
	class        uint32
	headers      interval
	gained, lost [modes][]word
}

// word is one word of a bitset.
type word struct {
	at   uint32
	bits uint64
}

// Total counts ordered pairs of interfaces, a pair once for each interval of headers in which it changed: those between which
// packets now arrive, and those between which they no longer do.
func (d *Difference) Total() (gained, lost uint64) {
	for _, list := range [][]shift{d.rows, d.columns} {
		for _, s := range list {
			size := uint64(d.l.all[s.class].size)
			gained += d.weigh(s.class, s.gained[surely]) * size
			lost += d.weigh(s.class, s.lost[surely]) * size
		}
	}
	return gained, lost
}

// Exposed is what the Internet reaches now of the interfaces of which it may be other than before; those of which it is nothing
// any more are not among them.
func (d *Difference) Exposed() []Exposed {
	var all []Exposed
	for _, c := range d.exposed {
		if flows := d.l.exposed[c]; len(flows) > 0 {
			all = append(all, Exposed{p: d.l.Pairs, class: c, Flows: flows})
		}
	}
	return all
}

func (d *Difference) weigh(self uint32, words []word) uint64 {
	var n uint64
	first := d.l.all[self].first
	for _, w := range words {
		if w.at == first/64 && w.bits>>(first%64)&1 != 0 {
			n-- // itself
		}
		for ; w.bits != 0; w.bits &= w.bits - 1 {
			n += uint64(d.l.sizes[w.at*64+uint32(bits.TrailingZeros64(w.bits))])
		}
	}
	return n
}

// compareRows finds what changed incoming rules of a group make of the rows of those who wear it.
func (d *Difference) compareRows(number uint32, now *group, changed []rule, after *estate.SecurityGroup) {
	if len(changed) == 0 {
		return
	}
	l := d.l
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
	if window = l.around(window); l.strays { // what is lost may come from anybody
		window = whole
	}
	classes := slices.DeleteFunc(l.wearers(number), func(c uint32) bool { return l.all[c].size == 0 || l.all[c].traits.open })
	workers := l.workers
	if l.strays { // walks are asked, about one state of the network at a time
		workers = workers[:1]
	}
	key := regional{after.Ref().Region, after.Ref().ID}
	before := l.n.groups[key]
	d.rows = compareAll(workers, classes, func(w *worker, c uint32) []shift {
		w.is.number, w.is.with = number, now
		var all []shift
		w.was.findCuts(c)
		for _, headers := range intervals(w.was.cuts, changed) {
			s := shift{class: c, headers: headers}
			for mode := range l.used() {
				if l.strays {
					l.n.groups[key] = before
				}
				w.was.compute(mode, c, headers.first, window)
				if l.strays {
					l.n.groups[key] = after
				}
				w.is.compute(mode, c, headers.first, window)
				touched := w.was.row.touched.cover(w.is.touched)
				for i := touched.first; i < touched.end; i++ {
					s.note(mode, i, w.was.row.bits[i], w.is.bits[i])
				}
			}
			all = s.addTo(all)
		}
		return all
	})
}

// compareAll shares classes out among workers, and returns what they find in the order of the classes.
func compareAll(workers []*worker, classes []uint32, compare func(*worker, uint32) []shift) []shift {
	found := make([][]shift, len(classes))
	var wait sync.WaitGroup
	var next atomic.Int32
	for _, w := range workers[:min(len(workers), len(classes))] {
		wait.Go(func() {
			for at := int(next.Add(1)) - 1; at < len(classes); at = int(next.Add(1)) - 1 {
				found[at] = compare(w, classes[at])
			}
		})
	}
	wait.Wait()
	return slices.Concat(found...)
}

// compareColumns finds what changed outgoing rules of a group make of the columns of those who wear it.
func (d *Difference) compareColumns(number uint32, old, now *group, changed []rule) {
	if len(changed) == 0 {
		return
	}
	l := d.l
	classes := slices.DeleteFunc(l.wearers(number), func(x uint32) bool {
		return l.all[x].size == 0 || l.all[x].traits.open || l.freeWithout(x, number)
	})
	for _, w := range l.workers {
		w.number = number
		w.forget()
	}
	d.columns = compareAll(l.workers, classes, func(w *worker, c uint32) []shift { return w.compare(c, []*group{old, now}, changed) })
}

// worker compares rows and columns. What it works with is as long as everything, and made once.
type worker struct {
	*column
	both []bitset
	was  *rows
	is   *row
}

func (c *columns) newWorker() *worker {
	return &worker{column: c.newColumn(), both: []bitset{make(bitset, c.words()), make(bitset, c.words())}, was: c.newRows(), is: c.newRow()}
}

func (w *worker) compare(class uint32, versions []*group, changed []rule) []shift {
	var all []shift
	w.findCuts(class)
	for _, headers := range intervals(w.cuts, changed) {
		s := shift{class: class, headers: headers}
		for mode := range w.used() {
			for _, i := range w.versions(mode, class, headers.first, versions, w.both) {
				s.note(mode, i, w.both[0][i], w.both[1][i])
				w.both[0][i], w.both[1][i] = 0, 0
			}
		}
		all = s.addTo(all)
	}
	return all
}

// freeWithout reports whether a class may send everything to everybody whatever the rules of one of its groups say.
func (l *Live) freeWithout(c, number uint32) bool {
	nothing := &group{}
	free := l.freeBy(l.rulesOf(l.all[c].set, number, nothing, outgoing))
	return free[four] && free[six] || free[four] && !slices.ContainsFunc(l.facesOf(c), func(f face) bool { return f.atom[six] != none })
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

// note takes down what differs between two words.
func (s *shift) note(mode int, at uint32, was, is uint64) {
	if more := is &^ was; more != 0 {
		s.gained[mode] = append(s.gained[mode], word{at, more})
	}
	if less := was &^ is; less != 0 {
		s.lost[mode] = append(s.lost[mode], word{at, less})
	}
}

// addTo adds a shift, if it is one, to the last of some where it goes on with the same.
func (s *shift) addTo(all []shift) []shift {
	empty := true
	for m := range modes {
		empty = empty && len(s.gained[m])+len(s.lost[m]) == 0
	}
	if empty {
		return all
	}
	if n := len(all); n > 0 {
		last := &all[n-1]
		same := last.class == s.class && last.headers.last+1 == s.headers.first
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

// spanOf is the words that runs are in.
func spanOf(runs []run) span {
	if len(runs) == 0 {
		return span{}
	}
	return span{runs[0].first / 64, (runs[len(runs)-1].end-1)/64 + 1}
}
