package reach

import (
	"net/netip"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
)

// name makes the CIDRs of a group's rules known.
func (l *Live) name(g *estate.SecurityGroup) {
	var fresh []netip.Prefix
	for _, r := range g.Rules {
		if set, ok := r.Addresses.Value(); ok {
			for _, p := range set.Prefixes() {
				if l.prefixes.number(p) == none && !slices.Contains(fresh, p) {
					fresh = append(fresh, p)
				}
			}
		}
	}
	for i, p := range fresh {
		if !l.part(p) {
			l.renewed++
			l.classify(l.n, fresh[i:])
			return
		}
	}
}

// parting is a class of which a new CIDR holds all addresses of some members under one atom, some of them of others, and none
// of the rest.
type parting struct {
	class           uint32
	rest, some, all []uint32 // nodes
}

// part tells those apart whom a new CIDR does; it reports false, and changes nothing, where there is no room for them.
func (l *Live) part(x netip.Prefix) bool {
	family, parent := familyOf(x.Addr()), l.prefixes.around(x)
	var partings []parting
	wanted := map[uint32]uint32{} // faces, by subnet
	for _, faces := range l.under[parent] {
		for i := faces.first; i < faces.end; i++ {
			f := l.faces[i]
			if f.vacant() || f.atom[family] != parent {
				continue
			}
			p := l.parting(f.class, family, parent, x)
			if len(p.some)+len(p.all) == 0 {
				continue
			}
			partings = append(partings, p)
			if len(p.some) > 0 {
				wanted[l.all[f.class].subnet] += l.all[f.class].faces + 1
			}
			if len(p.all) > 0 && len(p.rest) > 0 {
				wanted[l.all[f.class].subnet] += l.all[f.class].faces
			}
		}
	}
	for s, n := range wanted {
		if l.vacant[s].end-l.vacant[s].first < n {
			return false
		}
	}
	number := l.insert(x, parent)
	for _, p := range partings {
		l.divide(p, family, parent, number)
	}
	if len(partings) > 0 {
		l.acls.forget()
	}
	return true
}

func (l *Live) parting(class uint32, family int, parent uint32, x netip.Prefix) parting {
	p := parting{class: class}
	for _, i := range l.nodes[class] {
		addresses := l.n.nodes[i].private
		if family == six {
			addresses = l.n.nodes[i].v6
		}
		in, out := false, false
		for _, a := range addresses {
			if familyOf(a) == family && l.prefixes.longest(a) == parent {
				in, out = in || x.Contains(a), out || !x.Contains(a)
			}
		}
		switch {
		case !in:
			p.rest = append(p.rest, i)
		case out:
			p.some = append(p.some, i)
		default:
			p.all = append(p.all, i)
		}
	}
	return p
}

// insert adds a prefix between its parent and those that it holds. Its number is the next.
func (l *Live) insert(x netip.Prefix, parent uint32) uint32 {
	number := uint32(len(l.prefixes.all))
	held := l.prefixes.insert(x, parent)
	var under []run
	for _, child := range held {
		under = unite(under, l.under[child])
	}
	l.under = append(l.under, under)
	l.origin = append(l.origin, l.origin[parent])
	l.acls.leaves = append(l.acls.leaves, l.acls.leaves[parent])
	l.public = append(l.public, isPublic(x))
	return number
}

// insert adds a prefix and returns the longest ones within it.
func (p *prefixes) insert(x netip.Prefix, parent uint32) []uint32 {
	number := uint32(len(p.all))
	p.all, p.parent, p.numbers[x] = append(p.all, x), append(p.parent, parent), number
	var held []uint32
	first, _ := slices.BinarySearchFunc(p.starts, x.Addr(), netip.Addr.Compare)
	last := first // the intervals that begin within it
	for last < len(p.starts) && x.Contains(p.starts[last]) {
		last++
	}
	before := parent // who owns what is behind it
	if last > 0 {
		before = p.owner[last-1]
	}
	for i := first; i < last; i++ {
		child := p.owner[i]
		for child != parent && p.parent[child] != parent && p.parent[child] != number {
			child = p.parent[child]
		}
		if child == parent {
			p.owner[i] = number
		} else if p.parent[child] != number {
			p.parent[child] = number
			held = append(held, child)
		}
	}
	if first == len(p.starts) || p.starts[first] != x.Addr() {
		p.starts, p.owner = slices.Insert(p.starts, first, x.Addr()), slices.Insert(p.owner, first, number)
		last++
	}
	if after := lastOf(x).Next(); after.IsValid() && (last == len(p.starts) || p.starts[last] != after) {
		p.starts, p.owner = slices.Insert(p.starts, last, after), slices.Insert(p.owner, last, before)
	}
	return held
}

// divide gives the members of a class that a new prefix tells apart classes of their own.
func (l *Live) divide(p parting, family int, parent, number uint32) {
	replaced := func(keep bool) [2][]uint32 {
		var atoms [2][]uint32
		for _, f := range l.facesOf(p.class) {
			for of, atom := range f.atom {
				if atom != none && (of != family || atom != parent || keep) {
					atoms[of] = append(atoms[of], atom)
				}
			}
		}
		atoms[family] = append(atoms[family], number)
		return atoms
	}
	if len(p.some) > 0 {
		l.bear(p.class, p.some, replaced(true))
	}
	switch {
	case len(p.all) == 0:
	case len(p.rest) > 0:
		l.bear(p.class, p.all, replaced(false))
	default: // all who are left: nobody has to move
		for i := l.all[p.class].first; i < l.all[p.class].first+l.all[p.class].faces; i++ {
			if f := &l.faces[i]; f.atom[family] == parent {
				f.atom[family] = number
				l.under[number] = unite(l.under[number], []run{{i, i + 1}})
			}
		}
		p.rest = p.all
	}
	l.keep(p.class, p.rest)
}

// keep leaves some of its members to a class. With none it is nobody's.
func (l *Live) keep(class uint32, members []uint32) {
	x := &l.all[class]
	gone := x.size - uint32(len(members))
	x.size, l.nodes[class] = uint32(len(members)), members
	l.sizes[x.first] -= gone
	l.sums[x.first/64] -= uint64(gone)
	if len(members) > 0 {
		x.one = members[0]
		return
	}
	x.traits.answers = estate.False
	delete(l.exposed, class)
	for i := x.first; i < x.first+x.faces; i++ {
		for mode := range modes {
			l.canSend[mode].unset(i)
			l.canTake[mode].unset(i)
		}
		l.has[four].unset(i)
		l.has[six].unset(i)
	}
}

// bear makes a class of some members of another, with atoms of their own, where there is room in their subnet.
func (l *Live) bear(of uint32, members []uint32, atoms [2][]uint32) {
	c := uint32(len(l.all))
	x := l.all[of]
	x.faces = uint32(max(1, len(atoms[four]), len(atoms[six])))
	x.first, x.size, x.one = l.vacant[x.subnet].first, uint32(len(members)), members[0]
	l.vacant[x.subnet].first += x.faces
	l.all, l.nodes = append(l.all, x), append(l.nodes, members)
	for _, i := range members {
		l.of[i] = c
	}
	l.sizes[x.first] += x.size
	l.sums[x.first/64] += uint64(x.size)
	all := []run{{x.first, x.first + x.faces}}
	for j := range x.faces {
		i := x.first + j
		f := face{class: c, atom: [2]uint32{none, none}}
		for family := range atoms {
			if int(j) < len(atoms[family]) {
				f.atom[family] = atoms[family][j]
				l.has[family].set(i)
			}
			for p := f.atom[family]; p != none; p = l.prefixes.parent[p] {
				l.under[p] = unite(l.under[p], []run{{i, i + 1}})
			}
			if atom := f.atom[family]; atom != none { // no route tells it from those that it was one of
				w := l.ways[l.destinationOf(x.subnet, family, atom)]
				w.faces = unite(w.faces, []run{{i, i + 1}})
			}
		}
		l.faces[i] = f
		l.enlist(i, x.traits)
		if j > 0 {
			l.extra = append(l.extra, i)
		}
	}
	for _, g := range l.sets[x.set] {
		l.wears[g] = unite(l.wears[g], all)
	}
	l.enter(x, all)
	if len(l.exposed[of]) > 0 {
		l.exposed[c] = l.exposedFlows(c)
	}
}

// enter puts the faces of a new class where the rules of its groups put them.
func (l *Live) enter(x class, faces []run) {
	if x.traits.open {
		l.free[four].setRuns(faces)
		l.free[six].setRuns(faces)
		l.columns.bare = unite(l.columns.bare, faces)
	}
	for _, direction := range []int{incoming, outgoing} {
		rules := l.rulesOf(x.set, none, nil, direction)
		var free [2]bool
		postings := &l.columns.in
		if direction == outgoing {
			free, postings = l.freeBy(rules), &l.out
		}
		for family, is := range free {
			if is {
				l.free[family].setRuns(faces)
			}
			free[family] = is || x.traits.open && direction == outgoing
		}
		for _, r := range rules {
			for _, p := range r.posts() {
				if p.prefix == none || !free[familyOf(l.prefixes.all[p.prefix].Addr())] {
					postings.add(p, faces)
				}
			}
		}
	}
}

// forget drops what was remembered of faces that are others now.
func (a *acls) forget() {
	clear(a.in)
	clear(a.out)
}
