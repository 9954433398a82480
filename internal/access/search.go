package access

import (
	"cmp"
	"slices"
)

// Escalation is who reaches a goal, and how.
type Escalation struct {
	Goal Goal
	w    *World
	f    *field
	// reached says, by node, how: nil for who does not.
	reached []*reached
	// cut are nodes of which not all choices of tags were followed that others could make with them.
	cut map[int]bool
}

// reached is the first step of the surest and then shortest way of a node to a goal.
type reached struct {
	strength Strength // of the whole way
	steps    int      // how many are left
	move     *move    // nil where the node is at the goal
	// before and last are of a way that several principals take part in: its moves, and the node from which it goes on.
	before []hop
	last   int
	cut    bool // see Escalation.cut: nothing was found, and not everything was looked at
}

// tagsTogether is how many choices of tags are followed from one start where it takes several principals.
const tagsTogether = 256

// Escalate finds who reaches a goal, in any number of steps: the surest way of each, and of those the shortest. The time is that of a
// few walks over the classes of principals from the goal backwards.
func (w *World) Escalate(g Goal) *Escalation {
	// Policies of stores may ask for somebody whom an administrator must change first, and those of other accounts for tags.
	f := w.fieldOf(g.personal() || g.Kind == "organisation" && len(w.tagKeys) > 0)
	e := &Escalation{Goal: g, w: w, f: f, reached: make([]*reached, len(f.nodes)), cut: map[int]bool{}}
	starts := e.starts()
	for _, s := range []Strength{Yes, May, Unknown} {
		var frontier []int
		e.at(len(f.nodes) - 1)
		for n, r := range e.reached {
			if r != nil {
				frontier = append(frontier, n) // what was reached surely may be gone on from by steps that are not
			}
		}
		for n, at := range starts {
			if at >= s && at > No && e.reached[n] == nil {
				e.reached[n] = &reached{strength: at}
				frontier = append(frontier, n)
			}
		}
		for {
			e.walk(frontier, s)
			if frontier = e.atOnce(s); len(frontier) > 0 {
				continue
			}
			if frontier = e.joint(s); len(frontier) == 0 {
				break
			}
		}
	}
	for n := range e.cut {
		if e.at(n) == nil {
			e.reached[n] = &reached{strength: Unknown, cut: true}
		}
	}
	return e
}

func (w *World) fieldOf(thorough bool) *field {
	w.mu.Lock()
	f := w.fields[thorough]
	w.mu.Unlock()
	if f == nil {
		f = w.newField(thorough)
		w.mu.Lock()
		w.fields[thorough] = f
		w.mu.Unlock()
	}
	return f
}

// starts are the nodes that are at the goal, and how sure that is.
func (e *Escalation) starts() []Strength {
	at := make([]Strength, len(e.f.nodes))
	for _, g := range e.f.groups {
		first := e.f.nodes[g.members[0]].p
		personal := e.Goal.personal()
		s, _, _ := e.f.prover(g, personal).ends(first, g.allows, e.Goal)
		for i, n := range g.members {
			if personal && i > 0 {
				s, _, _ = e.w.prover().ends(e.f.nodes[n].p, g.allows, e.Goal)
			}
			at[n] = s.strength
		}
	}
	return at
}

// walk goes backwards from a frontier, level by level, over steps that are at least so sure.
func (e *Escalation) walk(frontier []int, s Strength) {
	f := e.f
	e.at(len(f.nodes) - 1)
	for len(frontier) > 0 {
		slices.SortFunc(frontier, func(a, b int) int { return cmp.Or(e.reached[a].steps-e.reached[b].steps, a-b) })
		// Ways may be of different lengths where a surer walk went before: those that are shorter come first.
		level := e.reached[frontier[0]].steps
		now := 0
		for now < len(frontier) && e.reached[frontier[now]].steps == level {
			now++
		}
		current, rest := frontier[:now:now], frontier[now:]
		var next []int
		arrive := func(n int, m move, strength Strength) {
			if e.reached[n] == nil {
				e.reached[n] = &reached{strength: min(strength, e.reached[e.towards(m)].strength), steps: level + 1, move: &m}
				next = append(next, n)
			}
		}
		for _, n := range current {
			for _, l := range f.nodes[n].in {
				if l.strength >= s && l.move.change.several == nil {
					m := l.move
					arriveAt := m
					arriveAt.made = n
					if e.reached[l.from] == nil {
						e.reached[l.from] = &reached{strength: min(l.strength, e.reached[n].strength), steps: level + 1, move: &arriveAt}
						next = append(next, l.from)
					}
				}
			}
		}
		t := f.targets(current)
		for _, g := range f.groups {
			open := 0
			for _, n := range g.members {
				if e.reached[n] == nil {
					open++
				}
			}
			if open == 0 {
				continue
			}
			f.candidates(g, t, s, func(r *rule, to int, x *Workload) bool {
				personal := f.personal(r, to, x)
				for _, n := range g.members {
					if e.reached[n] != nil || n == to {
						continue
					}
					strength := f.prove(n, r, to, x).strength
					if strength >= s {
						arrive(n, move{rule: r, to: to, workload: x, made: -1}, strength)
						open--
					} else if !personal {
						break
					}
				}
				return open > 0
			})
		}
		for arn, roles := range t.named {
			for _, n := range f.same[arn] {
				for _, to := range roles {
					if e.reached[n] == nil && n != to {
						if strength := f.prove(n, &ruleset[0], to, nil).strength; strength >= s {
							arrive(n, move{rule: &ruleset[0], to: to, made: -1}, strength)
						}
					}
				}
			}
		}
		frontier = append(rest, next...)
	}
}

// atOnce reaches who gets there by several groups or policies at once, and not by any one of them. It returns the nodes that were reached so.
func (e *Escalation) atOnce(s Strength) []int {
	var found []int
	for n := range e.f.nodes {
		r := e.at(n)
		if r == nil {
			continue
		}
		for _, l := range e.f.nodes[n].in {
			if l.strength >= s && l.move.change.several != nil && e.at(l.from) == nil {
				m := l.move
				m.made = n
				e.reached[l.from] = &reached{strength: min(l.strength, r.strength), steps: r.steps + 1, move: &m}
				found = append(found, l.from)
			}
		}
	}
	return found
}

// towards is the node that a move leads to.
func (e *Escalation) towards(m move) int {
	if m.made >= 0 {
		return m.made
	}
	return m.to
}

// joint finds who gets to the goal by several ways together: one to a principal that changes another, one to that other. Only who is
// not there yet is looked at, so what it searches is small. It returns the nodes that were reached so.
func (e *Escalation) joint(s Strength) []int {
	f := e.f
	var changers []int
	for n := range f.nodes {
		if e.at(n) == nil && (s < Yes && f.nodes[n].group.allows.meets(f.jointly) || f.nodes[n].group.sure.meets(f.jointly)) && f.mayChangeAny(f.nodes[n].group) {
			changers = append(changers, n)
		}
	}
	if len(changers) == 0 {
		return nil
	}
	var found []int
	for _, n := range append(f.before(changers, s, func(n int) bool { return e.at(n) != nil }), changers...) {
		if f.nodes[n].made > 0 || e.at(n) != nil {
			continue
		}
		if r := e.together(n, s); r != nil {
			e.reached[n] = r
			found = append(found, n)
		}
	}
	return found
}

// at is how a node reaches the goal: nil for not, or not yet. Nodes may have been added since.
func (e *Escalation) at(n int) *reached {
	for len(e.reached) <= n {
		e.reached = append(e.reached, nil)
	}
	if n < 0 {
		return nil // an estate in which nobody was read
	}
	return e.reached[n]
}

// together searches everything that one node gets to, and what those can make of each other.
func (e *Escalation) together(start int, s Strength) *reached {
	f := e.f
	came := map[int]hop{start: {from: -1, also: -1}}
	order := []int{start}
	end := -1
	add := func(n int, h hop) {
		if _, ok := came[n]; !ok && end < 0 {
			came[n] = h
			order = append(order, n)
			if r := e.at(n); r != nil && r.strength >= s {
				end = n
			}
		}
	}
	changed := map[[2]int]bool{}
	tagged := 0
	rules := map[int]bool{} // who may do everything in his account: there is nothing to tag for him
	for i := 0; i < len(order) && end < 0; i++ {
		n := order[i]
		rules[n] = !f.thorough && f.prover(f.nodes[n].group, false).administrator(f.nodes[n].p).strength == Yes
		f.steps(n, s, func(m move, _ Strength) { add(m.to, hop{from: n, also: -1, move: m}) })
		f.guests(f.nodes[n].group, func(m move, strength Strength) {
			if strength >= s && m.to != n {
				m.made = e.grow(m.change.made, f.nodes[m.to].made+1, s)
				add(m.made, hop{from: n, also: -1, move: m})
			}
		})
		if g := f.nodes[n].group; g.allows.meets(f.changing) && f.nodes[n].made < maxChanges {
			for _, d := range f.prover(g, true).mints(f.nodes[n].p, g.allows) {
				if d.proof.strength >= s {
					to := e.grow(d.made, f.nodes[n].made+1, s)
					add(to, hop{from: n, also: -1, move: move{to: n, change: &d, made: to}})
				}
			}
		}
		for j := 0; j <= i && end < 0; j++ {
			for _, pair := range [][2]int{{n, order[j]}, {order[j], n}} {
				x, q := pair[0], pair[1]
				g := f.nodes[x].group
				if f.sessionable != nil && x != q && !rules[q] && !changed[pair] && f.nodes[q].made < maxChanges {
					for _, d := range e.w.prover().sessions(f.nodes[x].p, f.nodes[q].p) {
						if d.proof.strength >= s {
							if tagged++; tagged > tagsTogether {
								e.cut[start] = true
								break
							}
							to := e.grow(d.made, f.nodes[q].made+1, s)
							add(to, hop{from: x, also: -1, move: move{rule: &ruleset[0], to: q, change: &d, made: to}})
						}
					}
				}
				if changed[pair] || !g.allows.meets(f.changing) || f.nodes[q].made >= maxChanges || !f.mayChange(g, f.nodes[q].p) {
					continue
				}
				changed[pair] = true
				for _, d := range f.prover(g, x == q).modifies(f.nodes[x].p, f.nodes[q].p, g.allows) {
					if d.proof.strength < s {
						continue
					}
					if d.silent {
						if rules[x] || rules[q] {
							continue
						}
						if tagged++; tagged > tagsTogether {
							e.cut[start] = true
							continue
						}
					}
					to := e.grow(d.made, f.nodes[q].made+1, s)
					add(to, hop{from: x, also: q, move: move{to: q, change: &d, made: to}})
				}
			}
		}
	}
	if end < 0 {
		return nil
	}
	r := &reached{strength: s, steps: e.reached[end].steps, last: end}
	listed := map[int]bool{start: true}
	var list func(n int)
	list = func(n int) {
		if listed[n] {
			return
		}
		listed[n] = true
		h := came[n]
		list(h.from)
		if h.also >= 0 {
			list(h.also)
		}
		r.before = append(r.before, h)
	}
	list(end)
	r.steps += len(r.before)
	return r
}

// grow returns the node of a principal as it was made; a new one may be at the goal as it stands.
func (e *Escalation) grow(made *Principal, changes int, s Strength) int {
	to, fresh := e.f.node(made, changes)
	if fresh && e.at(to) == nil {
		if ends, _, _ := e.w.prover().ends(made, e.f.nodes[to].group.allows, e.Goal); ends.strength >= s {
			e.reached[to] = &reached{strength: ends.strength}
		}
	}
	return to
}

// hop is one move of a way that several principals take part in.
type hop struct {
	from, also int // also is who is changed; -1 for nobody
	move
}

// before are the nodes that get to some of others, those not among them; stop says where not to go.
func (f *field) before(of []int, s Strength, stop func(int) bool) []int {
	seen := map[int]bool{}
	for _, n := range of {
		seen[n] = true
	}
	var found []int
	for frontier := of; len(frontier) > 0; {
		t, last := f.targets(frontier), frontier
		frontier = nil
		add := func(n int) {
			if !seen[n] && !stop(n) {
				seen[n] = true
				found = append(found, n)
				frontier = append(frontier, n)
			}
		}
		for _, n := range last {
			for _, l := range f.nodes[n].in {
				if l.strength >= s && l.move.rule != nil && l.move.rule.name == "guest" {
					add(l.from)
				}
			}
		}
		for _, g := range f.groups {
			f.candidates(g, t, s, func(r *rule, to int, w *Workload) bool {
				for _, n := range g.members {
					if !seen[n] && f.prove(n, r, to, w).strength >= s {
						add(n)
					}
				}
				return true
			})
		}
		for arn, roles := range t.named {
			for _, n := range f.same[arn] {
				for _, to := range roles {
					if !seen[n] && f.prove(n, &ruleset[0], to, nil).strength >= s {
						add(n)
					}
				}
			}
		}
	}
	return found
}

// steps visits every step from a node to another that is at least so sure, changes left out.
func (f *field) steps(n int, s Strength, visit func(m move, strength Strength)) {
	f.candidates(f.nodes[n].group, f.all, s, func(r *rule, to int, x *Workload) bool {
		if to != n {
			if strength := f.prove(n, r, to, x).strength; strength >= s {
				visit(move{rule: r, to: to, workload: x, made: -1}, strength)
			}
		}
		return true
	})
	for _, to := range f.all.named[f.nodes[n].p.ARN] {
		if to != n {
			if strength := f.prove(n, &ruleset[0], to, nil).strength; strength >= s {
				visit(move{rule: &ruleset[0], to: to, made: -1}, strength)
			}
		}
	}
}
