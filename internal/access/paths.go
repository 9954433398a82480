package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/policy"
)

// Path is how one principal gets to a goal.
type Path struct {
	Principal *Principal
	Strength  Strength
	Steps     []Step
	// End says what the last principal is at the goal by, with the decisions.
	End     string
	EndID   string // of the catalogue, where that takes a step of its own
	Because []Answer
	Unread  []string // what was not read, and would tell of the end
}

// Step is one move of a path: who, what he does, whom he can then act as.
type Step struct {
	From, To   *Principal
	Technique  *Technique // nil where the catalogue has none
	ID         string
	Text       string // "assumes role Deploy"
	Strength   Strength
	Workload   *Workload // that it goes through; nil for none
	Answers    []Answer  // the decisions that it rests on
	Unread     []string  // what was not read and would tell
	Unverified bool      // by our own reasoning, not a published finding
}

// Of returns how a principal gets to the goal, or nil where it does not. Every step is decided anew, so that what is shown is what
// holds.
func (e *Escalation) Of(p *Principal) *Path {
	if p.Kind == "root" {
		f, id, text := e.w.prover().ends(p, everyAction, e.Goal)
		if f.strength == No {
			return nil
		}
		return &Path{Principal: p, Strength: f.strength, End: text, EndID: id, Because: f.answers, Unread: f.unread}
	}
	n, ok := e.f.byARN[p.ARN]
	if !ok || e.reached[n] == nil {
		return nil
	}
	path := &Path{Principal: p, Strength: e.reached[n].strength}
	current := p                   // nodes stand for all that are like them: what is shown is who it is here
	for range len(e.f.nodes) + 1 { // steps grow fewer at each: the bound is for safety alone
		r := e.reached[n]
		if r.cut {
			path.End = current.called() + " may get there by tags"
			path.Unread = []string{fmt.Sprintf("not looked at: more than %d choices of tags that it can make together with others", tagsTogether)}
			break
		}
		if len(r.before) > 0 {
			for _, h := range r.before {
				q := e.f.nodes[h.to].p
				steps, made := e.w.stepsOf(e.f.nodes[h.from].p, q, &h.move, nil)
				path.Steps = append(path.Steps, steps...)
				if current = q; made != nil {
					current = made
				}
			}
			n = r.last
			continue
		}
		if r.move == nil {
			f, id, text := e.w.prover().ends(current, e.f.nodes[n].group.allows, e.Goal)
			path.End, path.EndID, path.Unread = current.state()+" "+text, id, f.unread
			tagged, because := e.w.tagSteps(f.answers)
			path.Steps, path.Because = append(path.Steps, tagged...), because
			break
		}
		target := e.f.nodes[r.move.to].p
		if r.move.rule == nil {
			target = current // he changes himself
		}
		steps, made := e.w.stepsOf(current, target, r.move, e.goesOn(e.towards(*r.move)))
		path.Steps = append(path.Steps, steps...)
		n, current = e.towards(*r.move), target
		if made != nil {
			current = made
		}
	}
	path.Steps = told(path.Steps)
	return path
}

// Strength says whether a principal gets to the goal, without the path.
func (e *Escalation) Strength(p *Principal) Strength {
	if p.Kind == "root" {
		f, _, _ := e.w.prover().ends(p, everyAction, e.Goal)
		return f.strength
	}
	n, ok := e.f.byARN[p.ARN]
	if !ok || e.reached[n] == nil {
		return No
	}
	return e.reached[n].strength
}

// Paths returns the paths of all principals that get to the goal, in the order of principals; root users are left out.
func (e *Escalation) Paths() []*Path {
	var all []*Path
	for _, p := range e.w.principals {
		if p.Kind == "root" {
			continue
		}
		if path := e.Of(p); path != nil {
			all = append(all, path)
		}
	}
	return all
}

// state is what a principal is called where it was changed: "user bob, allowed everything,".
func (p *Principal) state() string {
	if p.how == "" {
		return p.called()
	}
	return p.called() + ", " + p.how + ","
}

// goesOn says of who was made into what stands for a node whether his way goes on as the node's; nil where that takes more than one look.
func (e *Escalation) goesOn(n int) func(made *Principal) bool {
	r := e.reached[n]
	switch {
	case len(r.before) > 0 || r.cut:
		return nil
	case r.move == nil:
		return func(made *Principal) bool {
			f, _, _ := e.w.prover().ends(made, e.w.allows(&made.Policies, made.Kind), e.Goal)
			return f.strength >= r.strength
		}
	case r.move.change == nil:
		return func(made *Principal) bool {
			return e.w.prover().become(made, r.move.rule, e.f.nodes[r.move.to].p, r.move.workload).strength >= r.strength
		}
	case r.move.rule == nil && r.move.change.made.unlimited():
		return func(made *Principal) bool {
			steps, _ := e.w.stepsOf(made, made, r.move, nil)
			return len(steps) > 0 && steps[len(steps)-1].Strength >= r.strength
		}
	}
	return nil
}

// stepsOf decides a move again, as the steps of a path: one, or two where it changes whom it becomes. Of several gains at once it leaves
// out those without which it still suffices.
func (w *World) stepsOf(p, q *Principal, m *move, suffices func(made *Principal) bool) (steps []Step, made *Principal) {
	if m.rule != nil && m.rule.name == "guest" {
		made = w.asGuest(q)
	} else if m.change != nil && m.change.silent {
		made = w.withTags(q, p, *m.change.made.tags)
	} else if m.change != nil {
		changes := w.prover().modifies
		if m.change.minted {
			changes = func(p, _ *Principal, allows actionSet) []derivation { return w.prover().mints(p, allows) }
		}
		for _, d := range changes(p, q, w.allows(&p.Policies, p.Kind)) {
			if d.id == m.change.id && (d.text == m.change.text || m.rule == nil && d.made.how == m.change.made.how) {
				if suffices != nil {
					d = d.least(suffices)
				}
				if m.change.minted {
					q = d.made
				}
				steps, made = append(steps, w.steps(p, q, d.id, d.text, d.proof, nil)...), d.made
				break
			}
		}
	}
	if m.rule != nil {
		text := m.rule.verb + " " + q.called()
		if m.workload != nil {
			if m.rule.name == "cluster" {
				text = "becomes administrator of Kubernetes cluster " + m.workload.Ref.ID + ", in which something runs as " + q.called()
			} else if m.workload.pool != nil {
				text = poolText(m.rule, m.workload, q)
			} else if m.rule.name == "swap" {
				text = "puts " + strings.ReplaceAll(m.workload.Kind, "-", " ") + " " + m.workload.Ref.ID + " to work as " + q.called()
			} else {
				text = "takes over " + strings.ReplaceAll(m.workload.Kind, "-", " ") + " " + m.workload.Ref.ID + ", which runs as " + q.called()
			}
		}
		steps = append(steps, w.steps(p, q, m.rule.id, text, w.prover().become(p, m.rule, q, m.workload), m.workload)...)
	}
	return steps, made
}

// steps are a step, and before it those by which the tags are set that it takes.
func (w *World) steps(p, q *Principal, id, text string, f proof, x *Workload) []Step {
	tagged, answers := w.tagSteps(f.answers)
	f.answers = answers
	return append(tagged, w.step(p, q, id, text, f, x))
}

// told leaves out what was said already: tags that were set before, and a session without tags where the same is begun with some.
func told(steps []Step) []Step {
	var all []Step
	for i, s := range steps {
		if s.ID == "pf:sts-001" && again(steps[i+1:], s) {
			continue
		}
		if slices.ContainsFunc(all, func(b Step) bool {
			return strings.HasPrefix(s.ID, "x:ABAC") && b.Text == s.Text && b.From.ARN == s.From.ARN
		}) {
			continue
		}
		all = append(all, s)
	}
	return all
}

// again reports whether the role of a step is assumed anew, with tags, before anything is done as it.
func again(steps []Step, s Step) bool {
	for _, next := range steps {
		if next.ID == "x:SessionTags" && next.From.ARN == s.From.ARN && next.To.ARN == s.To.ARN {
			return true
		}
		if next.From.ARN == s.To.ARN {
			return false
		}
	}
	return false
}

func (w *World) step(p, q *Principal, id, text string, f proof, x *Workload) Step {
	s := Step{From: p, To: q, ID: id, Text: text, Strength: f.strength, Workload: x, Answers: f.answers, Unread: f.unread}
	if i := slices.IndexFunc(techniques, func(t *Technique) bool { return t.ID == id }); i >= 0 {
		s.Technique, s.Unverified = techniques[i], techniques[i].Unverified
	}
	return s
}

// Depends lists what a path depends on: the condition keys whose values nobody knows, each once, and what was not read.
func (p *Path) Depends() (keys, unread []string) {
	add := func(a Answer) {
		for _, d := range a.DependsOn {
			if d.Key == "" {
				unread = append(unread, d.Text)
			} else {
				keys = append(keys, d.Key)
			}
		}
	}
	for _, s := range p.Steps {
		unread = append(unread, s.Unread...)
		for _, a := range s.Answers {
			if a.Result == policy.Depends {
				add(a)
			}
		}
	}
	unread = append(unread, p.Unread...)
	for _, a := range p.Because {
		if a.Result == policy.Depends {
			add(a)
		}
	}
	return sortedSet(keys), sortedSet(unread)
}

// Latent is a principal that holds everything that ways of the catalogue take, while nothing is there yet to take: there is no role
// that it could pass and that leads further.
type Latent struct {
	Principal  *Principal
	Techniques []*Technique
}

// Latent lists who does not get to the goal and would, were there a powerful role that the services trust.
func (e *Escalation) Latent() []Latent {
	var all []Latent
	for _, p := range e.w.principals {
		n, ok := e.f.byARN[p.ARN]
		if !ok || e.reached[n] != nil {
			continue
		}
		g := e.f.nodes[n].group
		if !g.allows.has(passIndex) || e.f.scope(g, passIndex).empty() {
			continue
		}
		l := Latent{Principal: p}
		for i := range ruleset {
			if r := &ruleset[i]; r.name == "new" && g.allows.includes(r.needs) && e.w.holds(p, r.technique) {
				l.Techniques = append(l.Techniques, r.technique)
			}
		}
		if len(l.Techniques) > 0 {
			all = append(all, l)
		}
	}
	return all
}

// holds reports whether a principal may do all that a technique takes, for some name of each.
func (w *World) holds(p *Principal, t *Technique) bool {
	for _, action := range t.Actions {
		var given map[string][]string
		if action == "iam:PassRole" {
			given = map[string][]string{"iam:passedtoservice": {t.Trusts[0]}}
		}
		if s, _ := w.prover().checkNew(p, action, p.Account, given); s == No {
			return false
		}
	}
	return true
}
