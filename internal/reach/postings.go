package reach

import (
	"cmp"
	"net/netip"
	"slices"
)

// postings are the rules of one direction turned round: by whom they admit, who has them.
type postings struct {
	byPrefix, byGroup map[uint32][]entry
	any               []entry // rules of which nobody knows whom they admit
}

// entry is a rule with everybody who has one like it.
type entry struct {
	traffic traffic
	faces   []run
}

// post turns the rules of a direction round. Those who are free to admit everything of a family are left out of its prefixes.
func (c *classes) post(direction int, free *[2]bitset) postings {
	type key struct{ peer, traffic uint32 }
	var kinds trafficKinds
	byPrefix, byGroup := map[key][]uint32{}, map[key][]uint32{}
	unknown := map[key][]uint32{}
	for g := range c.groups {
		x := &c.groups[g]
		if x.missing {
			k := key{none, kinds.number(everything.traffic)}
			unknown[k] = append(unknown[k], uint32(g))
		}
		for _, r := range x.rules[direction] {
			switch {
			case r.unknown:
				k := key{none, kinds.number(r.traffic)}
				unknown[k] = append(unknown[k], uint32(g))
			case r.group != none:
				k := key{r.group, kinds.number(r.traffic)}
				byGroup[k] = append(byGroup[k], uint32(g))
			}
			for _, prefix := range r.prefixes {
				if family, whole := c.whole(prefix); free != nil && whole && r.traffic.everything() {
					free[family].setRuns(c.wears[g])
					continue
				}
				k := key{prefix, kinds.number(r.traffic)}
				byPrefix[k] = append(byPrefix[k], uint32(g))
			}
		}
	}
	scratch := make(bitset, c.words())
	union := func(groups []uint32, but bitset) []run {
		clear(scratch)
		for _, g := range groups {
			scratch.setRuns(c.wears[g])
		}
		if but != nil {
			for i := range scratch {
				scratch[i] &^= but[i]
			}
		}
		return scratch.runs()
	}
	all := postings{byPrefix: map[uint32][]entry{}, byGroup: map[uint32][]entry{}}
	inOrder := func(a, b key) int { return cmp.Or(cmp.Compare(a.peer, b.peer), cmp.Compare(a.traffic, b.traffic)) }
	for _, k := range sortedKeys(byPrefix, inOrder) {
		var but bitset
		if free != nil {
			but = free[familyOf(c.prefixes.all[k.peer].Addr())]
		}
		if faces := union(byPrefix[k], but); len(faces) > 0 {
			all.byPrefix[k.peer] = append(all.byPrefix[k.peer], entry{kinds.all[k.traffic], faces})
		}
	}
	for _, k := range sortedKeys(byGroup, inOrder) {
		if faces := union(byGroup[k], nil); len(faces) > 0 {
			all.byGroup[k.peer] = append(all.byGroup[k.peer], entry{kinds.all[k.traffic], faces})
		}
	}
	for _, k := range sortedKeys(unknown, inOrder) {
		if faces := union(unknown[k], nil); len(faces) > 0 {
			all.any = append(all.any, entry{kinds.all[k.traffic], faces})
		}
	}
	return all
}

// whole says whether a prefix is all addresses of a family.
func (c *classes) whole(prefix uint32) (family int, whole bool) {
	p := c.prefixes.all[prefix]
	return familyOf(p.Addr()), p == wholes[familyOf(p.Addr())]
}

var wholes = [2]netip.Prefix{four: netip.PrefixFrom(netip.IPv4Unspecified(), 0), six: netip.PrefixFrom(netip.IPv6Unspecified(), 0)}

func sortedKeys[K comparable, V any](m map[K]V, compare func(a, b K) int) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compare)
	return keys
}

// posted is what faces have in common that stand in one entry.
type posted struct {
	prefix, group uint32 // one of them; none and none: nobody knows whom
	traffic       traffic
}

// add puts faces into an entry, and remove takes them out.
func (p *postings) add(x posted, faces []run) { p.change(x, faces, unite) }

func (p *postings) remove(x posted, faces []run) { p.change(x, faces, subtract) }

func (p *postings) change(x posted, faces []run, change func(a, b []run) []run) {
	switch {
	case x.prefix != none:
		p.byPrefix[x.prefix] = changed(p.byPrefix[x.prefix], x.traffic, faces, change)
	case x.group != none:
		p.byGroup[x.group] = changed(p.byGroup[x.group], x.traffic, faces, change)
	default:
		p.any = changed(p.any, x.traffic, faces, change)
	}
}

func changed(list []entry, t traffic, faces []run, change func(a, b []run) []run) []entry {
	i := slices.IndexFunc(list, func(e entry) bool { return slices.Equal(e.traffic, t) })
	if i < 0 {
		i, list = len(list), append(list, entry{traffic: t})
	}
	if list[i].faces = change(list[i].faces, faces); len(list[i].faces) == 0 {
		list = slices.Delete(list, i, i+1)
	}
	return list
}

// posts are the entries that a rule puts its faces into.
func (r rule) posts() []posted {
	var all []posted
	switch {
	case r.unknown:
		all = append(all, posted{prefix: none, group: none, traffic: r.traffic})
	case r.group != none:
		all = append(all, posted{prefix: none, group: r.group, traffic: r.traffic})
	}
	for _, p := range r.prefixes {
		all = append(all, posted{prefix: p, group: none, traffic: r.traffic})
	}
	return all
}

func (x posted) equal(y posted) bool {
	return x.prefix == y.prefix && x.group == y.group && slices.Equal(x.traffic, y.traffic)
}

// unite is what is in either of two sorted lists of runs.
func unite(a, b []run) []run {
	all := make([]run, 0, len(a)+len(b))
	for len(a) > 0 || len(b) > 0 {
		if len(b) == 0 || len(a) > 0 && a[0].first <= b[0].first {
			all, a = joinRun(all, a[0]), a[1:]
		} else {
			all, b = joinRun(all, b[0]), b[1:]
		}
	}
	return all
}

func joinRun(runs []run, r run) []run {
	if n := len(runs); n > 0 && runs[n-1].end >= r.first {
		runs[n-1].end = max(runs[n-1].end, r.end)
		return runs
	}
	return append(runs, r)
}

// subtract is what is in the first of two sorted lists of runs and not in the second.
func subtract(a, b []run) []run {
	all := make([]run, 0, len(a)+len(b))
	for _, r := range a {
		for len(b) > 0 && b[0].end <= r.first {
			b = b[1:]
		}
		for _, cut := range b {
			if cut.first >= r.end {
				break
			}
			if cut.first > r.first {
				all = append(all, run{r.first, cut.first})
			}
			r.first = max(r.first, min(cut.end, r.end))
		}
		if r.first < r.end {
			all = append(all, r)
		}
	}
	return all
}
