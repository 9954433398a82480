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
}

// reached is the first step of the surest and then shortest way of a node to a goal.
type reached struct {
	strength Strength // of the whole way
	steps    int      // how many are left
	move     *move    // nil where the node is at the goal
	also     int      // of a step that needs another node besides; -1 for none
}

// Escalate finds who reaches a goal, in any number of steps: the surest way of each, and of those the shortest. The time is that of a
// few walks over the classes of principals from the goal backwards.
func (w *World) Escalate(g Goal) *Escalation {
	f := w.fieldOf()
	e := &Escalation{Goal: g, w: w, f: f, reached: make([]*reached, len(f.nodes))}
	starts := e.starts()
	for _, s := range []Strength{Yes, May, Unknown} {
		var frontier []int
		for n, r := range e.reached {
			if r != nil {
				frontier = append(frontier, n) // what was reached surely may be gone on from by steps that are not
			}
		}
		for n, at := range starts {
			if at >= s && at > No && e.reached[n] == nil {
				e.reached[n] = &reached{strength: at, also: -1}
				frontier = append(frontier, n)
			}
		}
		for {
			e.walk(frontier, s)
			if frontier = e.joint(s); len(frontier) == 0 {
				break
			}
		}
	}
	return e
}

func (w *World) fieldOf() *field {
	w.mu.Lock()
	f := w.field
	w.mu.Unlock()
	if f == nil {
		f = w.newField()
		w.mu.Lock()
		w.field = f
		w.mu.Unlock()
	}
	return f
}

// starts are the nodes that are at the goal, and how sure that is.
func (e *Escalation) starts() []Strength {
	at := make([]Strength, len(e.f.nodes))
	for _, g := range e.f.groups {
		first := e.f.nodes[g.members[0]].p
		personal := e.Goal.Kind == "stores" // their policies may name principals
		s, _, _ := e.w.ends(first, g.allows, e.Goal)
		for i, n := range g.members {
			if personal && i > 0 {
				s, _, _ = e.w.ends(e.f.nodes[n].p, g.allows, e.Goal)
			}
			at[n] = s.strength
		}
	}
	return at
}

// walk goes backwards from a frontier, level by level, over steps that are at least so sure.
func (e *Escalation) walk(frontier []int, s Strength) {
	f := e.f
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
				e.reached[n] = &reached{strength: min(strength, e.reached[e.towards(m)].strength), steps: level + 1, move: &m, also: -1}
				next = append(next, n)
			}
		}
		for _, n := range current {
			for _, l := range f.nodes[n].in {
				if l.strength >= s {
					m := l.move
					arriveAt := m
					arriveAt.made = n
					if e.reached[l.from] == nil {
						e.reached[l.from] = &reached{strength: min(l.strength, e.reached[n].strength), steps: level + 1, move: &arriveAt, also: -1}
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
			f.candidates(g, t, func(r *rule, to int, x *Workload) bool {
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

// towards is the node that a move leads to.
func (e *Escalation) towards(m move) int {
	if m.made >= 0 {
		return m.made
	}
	return m.to
}

// joint finds who gets to the goal by two ways together: one to a principal that changes another, one to that other. It returns the
// nodes that were reached so.
func (e *Escalation) joint(s Strength) []int {
	f := e.f
	var found []int
	for _, g := range f.groups {
		if !g.allows.meets(changing) {
			continue
		}
		for _, x := range g.members {
			if e.reached[x] != nil || f.nodes[x].p.Kind == "root" {
				continue
			}
			found = append(found, e.jointAt(x, s)...)
		}
	}
	return found
}

// jointAt looks for who reaches x, which is not at the goal, and somebody whom x can make reach it.
func (e *Escalation) jointAt(x int, s Strength) []int {
	f := e.f
	g := f.nodes[x].group
	var found []int
	before := f.before(x, s, func(n int) bool { return e.reached[n] != nil })
	if len(before) == 0 {
		return nil
	}
	changes := map[int][]jointChange{}
	for _, n := range before {
		for _, q := range f.after(n, s, func(m int) bool { return e.reached[m] != nil }) {
			if q == x || f.nodes[q].made > 0 || e.reached[n] != nil || !f.mayChange(g, f.nodes[q].p) {
				continue
			}
			list, ok := changes[q]
			if !ok {
				for _, d := range f.w.modifies(f.nodes[x].p, f.nodes[q].p, g.allows) {
					if d.proof.strength < s {
						continue
					}
					end, _, _ := e.w.ends(d.made, f.w.allows(&d.made.Policies, d.made.Kind), e.Goal)
					if end.strength >= s {
						list = append(list, jointChange{d, min(d.proof.strength, end.strength)})
					}
				}
				changes[q] = list
			}
			if len(list) > 0 {
				m := move{to: q, made: -1, change: &list[0].derivation}
				e.reached[n] = &reached{strength: min(s, list[0].strength), steps: 3, move: &m, also: x}
				found = append(found, n)
			}
		}
	}
	return found
}

type jointChange struct {
	derivation
	strength Strength
}

// before are the nodes that get to a node, itself not among them; stop says where not to go.
func (f *field) before(x int, s Strength, stop func(int) bool) []int {
	seen := map[int]bool{x: true}
	var found []int
	for frontier := []int{x}; len(frontier) > 0; {
		t := f.targets(frontier)
		frontier = nil
		add := func(n int) {
			if !seen[n] && !stop(n) {
				seen[n] = true
				found = append(found, n)
				frontier = append(frontier, n)
			}
		}
		for _, g := range f.groups {
			f.candidates(g, t, func(r *rule, to int, w *Workload) bool {
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

// after are the nodes that a node gets to, itself among them.
func (f *field) after(n int, s Strength, stop func(int) bool) []int {
	seen := map[int]bool{n: true}
	found := []int{n}
	for i := 0; i < len(found); i++ {
		at := found[i]
		f.steps(at, s, func(m move, _ Strength) {
			if to := m.to; !seen[to] && !stop(to) {
				seen[to] = true
				found = append(found, to)
			}
		})
	}
	return found
}

// steps visits every step from a node to another that is at least so sure, changes left out.
func (f *field) steps(n int, s Strength, visit func(m move, strength Strength)) {
	f.candidates(f.nodes[n].group, f.all, func(r *rule, to int, x *Workload) bool {
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
