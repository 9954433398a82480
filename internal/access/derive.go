package access

import (
	"math/bits"
	"slices"
	"strings"
)

// changing are the actions that change what somebody may do.
var changing = need("iam:PutUserPolicy", "iam:AttachUserPolicy", "iam:PutGroupPolicy", "iam:AttachGroupPolicy", "iam:PutRolePolicy", "iam:AttachRolePolicy",
	"iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:AddUserToGroup", "iam:DeleteUserPermissionsBoundary", "iam:DeleteRolePermissionsBoundary",
	"iam:PutUserPermissionsBoundary", "iam:PutRolePermissionsBoundary", "iam:DetachUserPolicy", "iam:DetachRolePolicy", "iam:DetachGroupPolicy",
	"iam:DeleteUserPolicy", "iam:DeleteRolePolicy", "iam:DeleteGroupPolicy", "iam:RemoveUserFromGroup")

// changers are the actions by which changes are followed in this estate: of tags where some policy asks for tags.
func (w *World) changers() actionSet {
	all := changing
	if len(w.tagKeys) > 0 {
		all = all.union(tagsPrincipals)
	}
	if len(w.labelKeys) > 0 {
		all = all.union(labellers)
	}
	return all
}

// jointly are those that are looked for where it takes two. Tags of other things than users and roles are set by who acts, or by who can act
// as him.
func (w *World) jointly() actionSet {
	all := changing
	if len(w.tagKeys)+len(w.labelKeys) > 0 {
		all = all.union(tagsPrincipals)
	}
	return all
}

// maxChanges is how many changes one after the other are followed: a boundary off, a denial off, a group joined, everything allowed.
const maxChanges = 4

// derive finds what principals can be made into, by themselves or by who can act as them, and adds it to the nodes. Most of it is
// alike: two users without boundary who were allowed everything are one node.
func (f *field) derive() {
	for i := 0; i < len(f.groups); i++ { // grows as it goes
		g := f.groups[i]
		if f.sessionable != nil && f.nodes[g.members[0]].made < maxChanges {
			f.beginSessions(g)
		}
		f.letIn(g)
		if !g.allows.meets(f.changing) || f.nodes[g.members[0]].made >= maxChanges {
			continue
		}
		if !f.thorough && f.prover(g, false).administrator(f.nodes[g.members[0]].p).strength == Yes {
			continue // nothing is missing
		}
		unlimited := Yes
		for _, n := range g.members {
			unlimited = min(unlimited, f.changeSelf(n))
		}
		if unlimited < Yes || f.thorough {
			unlimited = max(unlimited, f.mint(g, unlimited))
		}
		if unlimited < Yes {
			f.changeOthers(g, unlimited)
		}
	}
}

// mint adds the new principals that the members of a group can make, where that is surer than what they can make of themselves, and
// says how surely that is one that may do everything.
func (f *field) mint(g *group, unlimited Strength) Strength {
	all := f.prover(g, false).mints(f.nodes[g.members[0]].p, g.allows)
	unlimited = max(unlimited, unlimitedBy(all))
	for _, d := range all {
		if d.made.unlimited() && d.proof.strength == unlimited || d.proof.strength > unlimited || f.thorough {
			for _, n := range g.members {
				f.make(n, move{to: n, change: &d, made: -1}, d.proof.strength)
			}
		}
	}
	return unlimited
}

// changeSelf adds what a node can make of itself, and says how surely that is everything there could be.
func (f *field) changeSelf(n int) Strength {
	p, g := f.nodes[n].p, f.nodes[n].group
	if !f.mayChange(g, p) {
		return No
	}
	all := f.w.prover().modifies(p, p, g.allows)
	unlimited := unlimitedBy(all)
	for _, d := range all {
		if d.made.unlimited() || d.proof.strength > unlimited || f.thorough { // else there is nothing to be had that everything is not
			f.make(n, move{to: n, change: &d, made: -1}, d.proof.strength)
		}
	}
	return unlimited
}

// unlimitedBy is how surely one of some changes makes somebody who is unlimited.
func unlimitedBy(all []derivation) Strength {
	most := No
	for _, d := range all {
		if d.made.unlimited() {
			most = max(most, d.proof.strength)
		}
	}
	return most
}

// unlimited reports whether a principal was allowed everything and nothing holds it back but its organisation.
func (p *Principal) unlimited() bool {
	return p.class < 0 && p.Policies.Boundary == nil && p.Policies.Session == nil && len(p.Policies.Identity) == 1 && strings.HasSuffix(p.how, "allowed everything")
}

// changeOthers adds what the members of a group can make of principals that they can act as, where that is surer than what they can
// make of themselves: everything.
func (f *field) changeOthers(g *group, unlimited Strength) {
	done := false
	known := map[int][]derivation{} // what a member makes of somebody
	try := func(members []int, r *rule, to int, x *Workload) {
		q := f.nodes[to].p
		if q.Account != g.account {
			return
		}
		changes, ok := known[to]
		if !ok {
			if !q.reserved() && f.mayChange(g, q) {
				changes = slices.DeleteFunc(f.prover(g, false).modifies(f.nodes[members[0]].p, q, g.allows), func(d derivation) bool { return d.proof.strength <= unlimited })
			}
			known[to] = changes
		}
		if len(changes) == 0 {
			return
		}
		s := f.prove(members[0], r, to, x).strength
		if s == No {
			return
		}
		for _, d := range changes {
			for _, n := range members {
				f.make(n, move{rule: r, to: to, workload: x, change: &d, made: -1}, min(s, d.proof.strength))
			}
			done = done || min(s, d.proof.strength) == Yes && d.made.unlimited()
		}
		if s == Yes && len(members) == len(g.members) {
			known[to] = nil // nothing is surer
		}
	}
	f.candidates(g, f.all, Unknown, func(r *rule, to int, x *Workload) bool {
		if !f.personal(r, to, x) {
			try(g.members, r, to, x)
			return !done
		}
		for _, n := range g.members {
			try([]int{n}, r, to, x)
		}
		return true
	})
	for _, n := range g.members {
		for _, to := range f.all.named[f.nodes[n].p.ARN] {
			try([]int{n}, &ruleset[0], to, nil)
		}
	}
}

// beginSessions adds the sessions that the members of a group begin with tags that they choose.
func (f *field) beginSessions(g *group) {
	begin := func(members []int, to int) {
		for _, d := range f.w.prover().sessions(f.nodes[members[0]].p, f.nodes[to].p) {
			for _, n := range members {
				f.make(n, move{rule: &ruleset[0], to: to, change: &d, made: -1}, d.proof.strength)
			}
		}
	}
	f.candidates(g, f.sessionable, Unknown, func(r *rule, to int, x *Workload) bool {
		if r.name != "assume" {
			return false // the first of the rules
		}
		if f.personal(r, to, x) {
			for _, n := range g.members {
				begin([]int{n}, to)
			}
		} else {
			begin(g.members, to)
		}
		return true
	})
	for _, n := range g.members {
		for _, to := range f.sessionable.named[f.nodes[n].p.ARN] {
			begin([]int{n}, to)
		}
	}
}

// mayChange reports whether a group might change what q may do: no is sure.
func (f *field) mayChange(g *group, q *Principal) bool {
	for i := range f.changing {
		for left := f.changing[i] & g.allows[i]; left != 0; left &= left - 1 {
			action := i*64 + bits.TrailingZeros64(left)
			s := f.scope(g, action)
			if s.empty() {
				continue
			}
			switch name := actions[action]; {
			case labellers.has(action) && !tagsPrincipals.has(action):
				if f.w.asksLabels(q) {
					return true
				}
			case tagsPrincipals.has(action) && f.w.asksLabels(q):
				return true
			case name == "iam:AddUserToGroup":
				if q.Kind == "user" {
					return true
				}
			case strings.Contains(name, "Group"):
				for _, group := range q.Groups {
					if x := f.w.groups[q.Account+"/"+group]; x != nil && s.has(x.Reference.ARN) {
						return true
					}
				}
			case strings.HasSuffix(name, "PolicyVersion"):
				if slices.ContainsFunc(f.w.versioned(q), s.has) {
					return true
				}
			case strings.Contains(name, "User") == (q.Kind == "user"):
				if s.has(q.ARN) {
					return true
				}
			}
		}
	}
	return false
}

// node returns the node of a principal as it was made, and whether it is new.
func (f *field) node(p *Principal, changes int) (n int, fresh bool) {
	content := f.w.madeKey(p)
	if n, ok := f.byContent[content]; ok {
		return n, false
	}
	n = len(f.nodes)
	f.byContent[content] = n
	g := &group{members: []int{n}, allows: f.w.allows(&p.Policies, p.Kind), sure: f.w.sure(&p.Policies), account: p.Account, scopes: map[int]*scope{}}
	f.groups = append(f.groups, g)
	f.nodes = append(f.nodes, &node{p: p, made: changes, group: g})
	f.same[p.ARN] = append(f.same[p.ARN], n)
	return n, true
}

// make adds a link to what a change makes, and the node if there is none like it.
func (f *field) make(from int, m move, s Strength) {
	to, _ := f.node(m.change.made, max(f.nodes[from].made, f.nodes[m.to].made)+1)
	if to == from {
		return
	}
	in := f.nodes[to].in
	for i := range in {
		if in[i].from == from {
			if s > in[i].strength {
				in[i] = link{from, m, s}
			}
			return
		}
	}
	f.nodes[to].in = append(in, link{from, m, s})
}

// mayChangeAny reports whether a group might change anybody: no is sure.
func (f *field) mayChangeAny(g *group) bool {
	for i := range f.jointly {
		for left := f.jointly[i] & g.allows[i]; left != 0; left &= left - 1 {
			if !f.scope(g, i*64+bits.TrailingZeros64(left)).empty() {
				return true
			}
		}
	}
	return false
}
