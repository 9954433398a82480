package control

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/reach"
)

// Practice is one of the twelve: an umbrella sentence over the questions that it implies.
type Practice struct {
	ID       string // "encryption-at-rest"
	Sentence string // "data is encrypted at rest"
	// Questions are the ids of the controls that the sentence implies, built or not.
	Questions []string
	// Declared says that nothing of the practice can be asked before somebody declares what it is about.
	Declared string
}

// Suite is what can be asked: the practices in their order and the controls that exist.
type Suite struct {
	Practices []Practice
	Controls  []*Control
	Language  *claims.Language
}

// Run asks every practice and every claim of the estate. declared may be nil; now is the clock by which excuses end.
func Run(e *estate.Estate, s Suite, declared *claims.File, now time.Time) *answer.Report {
	return RunOver(e, AnalysesOf(e), s, declared, now)
}

// Analyses are what several controls ask, each made once, on demand.
type Analyses struct {
	Packets func() *reach.Network
	Access  func() *access.World
	// Reaching says who gets to a goal, made once for each goal.
	Reaching func(access.Goal) *access.Escalation
}

// AnalysesOf are the analyses of an estate.
func AnalysesOf(e *estate.Estate) Analyses {
	world := sync.OnceValue(func() *access.World { return access.Of(e) })
	reaching := map[string]*access.Escalation{}
	return Analyses{
		Packets: sync.OnceValue(func() *reach.Network { return reach.Of(e) }),
		Access:  world,
		Reaching: func(g access.Goal) *access.Escalation {
			key := g.Kind + " " + strings.Join(g.Stores, " ")
			if reaching[key] == nil {
				reaching[key] = world().Escalate(g)
			}
			return reaching[key]
		},
	}
}

// RunOver is Run with analyses that others use too.
func RunOver(e *estate.Estate, of Analyses, s Suite, declared *claims.File, now time.Time) *answer.Report {
	if declared == nil {
		declared = &claims.File{}
	}
	conditions := newRun(e, s, declared, of) // what it finds is nobody's answer but the excuses'
	r := newRun(e, s, declared, of)
	r.excuses = newExcuses(s, declared, now, func(c claims.Claim) answer.Verdict { return conditions.claim(c).Verdict })
	report := &answer.Report{Schema: answer.Schema, Company: declared.Company, Observed: e.Observed, Evaluated: now, Reading: reading(e)}

	byID := map[string]answer.Answer{}
	for _, c := range s.Controls {
		a := r.ask(c, r.claimOn(c), claims.Tier{})
		a.Kind, a.ID, a.Control = answer.OfControl, c.ID, c.ID
		byID[c.ID] = a
		report.Controls = append(report.Controls, a)
	}
	for _, p := range s.Practices {
		report.Practices = append(report.Practices, umbrella(p, byID))
	}
	for i, claim := range declared.Claims {
		a := r.claim(claim)
		a.Kind, a.ID, a.Sentence, a.System = answer.OfClaim, fmt.Sprintf("claim-%d", i+1), claim.Text, claim.Scope.String()
		report.Claims = append(report.Claims, a)
	}
	report.Causes = r.sortedCauses()
	report.Excuses = r.excuses.report()
	return report
}

type run struct {
	estate   *estate.Estate
	suite    Suite
	declared *claims.File
	excuses  *excuses // nil: none
	causes   map[string]*answer.Cause
	owners   map[string][]string
	sums     map[operation.ID]answer.Read
	Analyses
}

func newRun(e *estate.Estate, s Suite, declared *claims.File, of Analyses) *run {
	return &run{Analyses: of, estate: e, suite: s, declared: declared, causes: map[string]*answer.Cause{}, owners: map[string][]string{}}
}

// claimOn returns the sentence by which a practice asks a control: the default, or, where a claim over everything sets other
// periods ("a restore is tested every 90 days"), that one. A claim about other ports is another question, and stands beside.
func (r *run) claimOn(c *Control) claims.Claim {
	for _, claim := range r.declared.Claims {
		if claim.Form.ID == c.ID && claim.Form.Text == c.Sentence && claim.Scope == (claims.Tier{}) && strings.Count(c.Sentence, "{") == strings.Count(c.Sentence, "{period") {
			return claim
		}
	}
	claim, mistakes := r.suite.Language.Sentence(r.declared, c.Asked)
	if len(mistakes) > 0 {
		panic(fmt.Sprintf("control %s asks %q, which is no sentence: %v", c.ID, c.Asked, mistakes[0])) // catalog's test reads them all
	}
	return claim
}

// claim answers one line of the claims file.
func (r *run) claim(claim claims.Claim) answer.Answer {
	if claim.Form.Pending != "" {
		tally := answer.Tally{Unknown: 1}
		return answer.Answer{Verdict: tally.Verdict(), Tally: tally, Note: claim.Form.Pending}
	}
	for _, c := range r.suite.Controls {
		if c.ID == claim.Form.ID {
			a := r.ask(c, claim, claim.Scope)
			a.Control = c.ID
			return a
		}
	}
	for _, p := range r.suite.Practices {
		if p.ID != claim.Form.ID {
			continue
		}
		byID := map[string]answer.Answer{}
		for _, c := range r.suite.Controls {
			if c.Practice == p.ID {
				byID[c.ID] = r.ask(c, r.claimOn(c), claim.Scope)
			}
		}
		a := umbrella(p, byID)
		for _, id := range p.Questions {
			a.CounterExamples = append(a.CounterExamples, byID[id].CounterExamples...)
			a.Doubts = append(a.Doubts, byID[id].Doubts...)
		}
		return a
	}
	tally := answer.Tally{Unknown: 1}
	return answer.Answer{Verdict: tally.Verdict(), Tally: tally, Note: "nothing answers this sentence yet"}
}

// ask lets a control judge, and makes its answer.
func (r *run) ask(c *Control, claim claims.Claim, scope claims.Tier) answer.Answer {
	bench := &Case{Estate: r.estate, Now: r.estate.Observed, Slots: claim.Slots, Declared: r.declared,
		Packets: r.Packets, Access: r.Access, Reaching: r.Reaching, control: c, form: claim.Form, scope: scope}
	c.Judge(bench)
	a := answer.Answer{Practice: c.Practice, Sentence: claim.Text, Why: c.Why, Severity: c.Severity}
	if bench.undeclared && len(bench.found) == 0 {
		a.Tally.Undeclared = true
		a.Verdict, a.Note = a.Tally.Verdict(), "nothing is declared that it could be asked of"
		return a
	}

	for _, gap := range r.unreadPlaces(c, scope) {
		a.Doubts = append(a.Doubts, answer.Doubt{Subject: placeRef(gap.Place), Gaps: []estate.Gap{gap}})
	}
	slices.SortStableFunc(bench.found, func(x, y judgement) int {
		return cmp.Or(strings.Compare(x.ref.Key(), y.ref.Key()), strings.Compare(x.cause.Key, y.cause.Key))
	})
	causes := map[string]bool{}
	for start := 0; start < len(bench.found); {
		end := start + 1
		for end < len(bench.found) && bench.found[end].ref.Key() == bench.found[start].ref.Key() {
			end++
		}
		r.settle(c, claim, &a, bench.found[start:end], causes)
		start = end
	}
	a.Tally.Unknown = len(a.Doubts)
	a.Verdict = a.Tally.Verdict()
	if a.Verdict == answer.Excused {
		a.Until = r.excuses.until(a.CounterExamples)
	}
	a.Note = strings.Join(bench.notes, "; ")
	a.Causes = slices.Sorted(maps.Keys(causes))
	a.Read = r.read(c)
	return a
}

// settle makes one subject's part of the answer: a proved counter-example beats what could not be read, which beats what holds.
func (r *run) settle(c *Control, claim claims.Claim, a *answer.Answer, of []judgement, causes map[string]bool) {
	broken, excused, seen := false, true, map[string]bool{}
	for _, j := range of {
		if j.verdict != answer.Broken || seen[j.cause.Key] {
			continue
		}
		seen[j.cause.Key] = true
		broken = true
		x := answer.CounterExample{Subject: j.ref, Text: j.text, Facts: j.facts, Cause: j.cause.Key, Affects: j.affects, Path: j.path}
		x.Excuse = r.excuses.cover(c, claim, j)
		excused = excused && x.Excuse != nil
		a.CounterExamples = append(a.CounterExamples, x)
		causes[j.cause.Key] = true
		r.blame(c, j, x.Excuse != nil)
	}
	switch {
	case broken && excused:
		a.Tally.Excused++
		return
	case broken:
		a.Tally.Broken++
		return
	}
	if i := slices.IndexFunc(of, func(j judgement) bool { return j.verdict == answer.Unknown }); i >= 0 {
		d := answer.Doubt{Subject: of[i].ref, Text: of[i].text}
		for _, j := range of {
			d.Gaps = append(d.Gaps, j.gaps...)
		}
		a.Doubts = append(a.Doubts, d)
		return
	}
	a.Tally.Holds++
	a.Held = append(a.Held, of[0].ref)
}

// blame adds a counter-example to its cause.
func (r *run) blame(c *Control, j judgement, excused bool) {
	cause := r.causes[j.cause.Key]
	if cause == nil {
		first := j.cause
		first.Controls, first.Members, first.Excused = nil, nil, true
		cause = &first
		r.causes[j.cause.Key] = cause
	}
	cause.Excused = cause.Excused && excused
	if !slices.Contains(cause.Controls, c.ID) {
		cause.Controls = append(cause.Controls, c.ID)
	}
	members := j.affects
	if len(members) == 0 {
		members = []estate.Ref{j.ref}
	}
	cause.Members = append(cause.Members, members...)
	if owner := r.owner(j.subject); owner != "" {
		r.owners[cause.Key] = append(r.owners[cause.Key], owner)
	}
}

// owner names whom a subject concerns: the owner of its system, else its owner tag.
func (r *run) owner(s estate.Subject) string {
	for i := range r.declared.Systems {
		if system := r.declared.Systems[i]; system.Owner != "" && system.Selects(s) == estate.True {
			return r.declared.Address(system.Owner)
		}
	}
	tags, _ := s.Tags().Value()
	for _, key := range r.declared.Owners() {
		for k, v := range tags {
			if k == key && v != "" {
				return r.declared.Address(v)
			}
		}
	}
	return ""
}

// sortedCauses returns the causes by key, each member and owner once; their rank is exposure's to say.
func (r *run) sortedCauses() []answer.Cause {
	var all []answer.Cause
	for _, key := range slices.Sorted(maps.Keys(r.causes)) {
		c := r.causes[key]
		slices.SortFunc(c.Members, func(a, b estate.Ref) int { return strings.Compare(a.Key(), b.Key()) })
		c.Members = slices.CompactFunc(c.Members, func(a, b estate.Ref) bool { return a.Key() == b.Key() })
		slices.Sort(c.Controls)
		owners := r.owners[key]
		slices.Sort(owners)
		c.Owners = slices.Compact(owners)
		all = append(all, *c)
	}
	return all
}

// unreadPlaces are the places whose subjects are not all known, one gap each, for each operation that lists subjects.
func (r *run) unreadPlaces(c *Control, scope claims.Tier) []estate.Gap {
	system, _ := r.declared.System(scope.System)
	if len(c.Lists) == 0 && len(r.estate.Accounts) == 0 { // a control of accounts themselves
		return r.estate.Gaps("sts:GetCallerIdentity")
	}
	var gaps []estate.Gap
	for _, op := range c.Lists {
		for _, gap := range r.estate.Gaps(op) {
			if len(system.Accounts) > 0 && gap.Account != "*" && !slices.Contains(system.Accounts, gap.Account) {
				continue // nothing of the system is there
			}
			same := func(g estate.Gap) bool { return g.Place == gap.Place && (g.Why != "" && g.Why == gap.Why) }
			if !slices.ContainsFunc(gaps, same) {
				gaps = append(gaps, gap)
			}
		}
	}
	return gaps
}

// placeRef names a place that could not be read as the subject of a doubt.
func placeRef(p estate.Place) estate.Ref {
	if p.Region == estate.Global || p.Region == "*" {
		return estate.Ref{Kind: "account", Account: p.Account, Region: p.Region, ID: p.Account}
	}
	return estate.Ref{Kind: "region", Account: p.Account, Region: p.Region, ID: p.Region}
}

// read sums up the calls that a control rests on.
func (r *run) read(c *Control) []answer.Read {
	if r.sums == nil {
		r.sums = map[operation.ID]answer.Read{}
		for _, reading := range r.estate.Readings() {
			s := r.sums[reading.Operation]
			s.Operation = reading.Operation
			s.Calls++
			if reading.Outcome.Complete() {
				s.Complete++
			}
			if s.Oldest.IsZero() || reading.Time.Before(s.Oldest) {
				s.Oldest = reading.Time
			}
			if reading.Time.After(s.Newest) {
				s.Newest = reading.Time
			}
			r.sums[reading.Operation] = s
		}
	}
	var all []answer.Read
	for _, op := range c.Needs() {
		if s, ok := r.sums[op]; ok {
			all = append(all, s)
		} else if slices.Contains(c.Lists, op) || slices.Contains(c.Reads, op) {
			all = append(all, answer.Read{Operation: op})
		}
	}
	return all
}

// umbrella adds a practice's questions up. What nobody asks yet is unknown; what needs a declaration, or has nothing to
// judge, is neutral.
func umbrella(p Practice, answers map[string]answer.Answer) answer.Answer {
	a := answer.Answer{Kind: answer.OfPractice, ID: p.ID, Practice: p.ID, Sentence: p.Sentence}
	undeclared := p.Declared != ""
	causes := map[string]bool{}
	var notes []string
	for _, id := range p.Questions {
		question, asked := answers[id]
		if !asked {
			a.Unasked = append(a.Unasked, id)
			continue
		}
		a.Questions = append(a.Questions, id)
		if question.Note != "" && !slices.Contains(notes, question.Note) && !question.Tally.Undeclared {
			notes = append(notes, question.Note)
		}
		a.Tally = a.Tally.Add(question.Tally)
		undeclared = undeclared && question.Tally.Undeclared
		a.Severity = max(a.Severity, question.Severity)
		for _, key := range question.Causes {
			causes[key] = true
		}
		if question.Until != "" && (a.Until == "" || question.Until < a.Until) {
			a.Until = question.Until
		}
	}
	if undeclared {
		// Its questions cannot be asked of anything: they are not declared rather than not asked.
		a.Unasked = nil
		a.Tally = answer.Tally{}
		a.Note = p.Declared
	} else {
		a.Tally.Asked, a.Tally.Questions = len(a.Questions), len(p.Questions)
	}
	a.Verdict = a.Tally.Verdict()
	if a.Verdict == answer.Holds { // and what it holds by: a sample is said to be one
		a.Note = strings.Join(notes, "; ")
	}
	if a.Verdict != answer.Excused {
		a.Until = ""
	}
	a.Causes = slices.Sorted(maps.Keys(causes))
	return a
}
