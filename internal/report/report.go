// Package report renders an answer.Report: as text for a terminal, as JSON, as one self-contained HTML page, as an
// explanation of one part of it, and as the difference between two.
//
// Each rendering is a pure function of the report and its options: no clock, no environment, the same bytes for the same
// report. None drops a counter-example silently: where a list is bounded, the output says how many there are and where the
// rest is. None trusts a name: what AWS or a file provides is shown with its control characters escaped, so that a
// Name tag can neither recolour a terminal nor turn a line around.
package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/estate"
)

// index finds the parts of a report by their ids. The report it holds is scrubbed.
type index struct {
	*answer.Report
	controls map[string]*answer.Answer
	causes   map[string]*answer.Cause
	number   map[string]int    // of a cause that is not excused: its place, worst first, from 1
	accounts map[string]string // id to name
	open     []*answer.Cause   // the causes that no excuse covers, worst first
}

func newIndex(r *answer.Report) *index {
	r = scrub(r)
	x := &index{
		Report: r, controls: map[string]*answer.Answer{}, causes: map[string]*answer.Cause{},
		number: map[string]int{}, accounts: map[string]string{},
	}
	for i := range r.Controls {
		x.controls[r.Controls[i].ID] = &r.Controls[i]
	}
	for i := range r.Causes {
		c := &r.Causes[i]
		x.causes[c.Key] = c
		if !c.Excused {
			x.open = append(x.open, c)
			x.number[c.Key] = len(x.open)
		}
	}
	for _, a := range r.Reading.Accounts {
		x.accounts[a.ID] = a.Name
	}
	return x
}

// evidence returns an answer's own counter-examples; of an umbrella that carries none, those of its questions.
func (x *index) evidence(a *answer.Answer) []answer.CounterExample {
	if a.Kind != answer.OfPractice || len(a.CounterExamples) > 0 {
		return a.CounterExamples
	}
	var all []answer.CounterExample
	for _, q := range x.questions(a) {
		all = append(all, q.CounterExamples...)
	}
	return all
}

// doubts returns an answer's own doubts; of an umbrella that carries none, those of its questions.
func (x *index) doubts(a *answer.Answer) []answer.Doubt {
	if a.Kind != answer.OfPractice || len(a.Doubts) > 0 {
		return a.Doubts
	}
	var all []answer.Doubt
	for _, q := range x.questions(a) {
		all = append(all, q.Doubts...)
	}
	return all
}

// questions returns the answers of the controls that an umbrella asks.
func (x *index) questions(a *answer.Answer) []*answer.Answer {
	var all []*answer.Answer
	for _, id := range a.Questions {
		if q := x.controls[id]; q != nil {
			all = append(all, q)
		}
	}
	return all
}

// causesOf returns the keys of the causes of an answer that no excuse covers, worst first.
func (x *index) causesOf(a *answer.Answer) []string {
	seen := map[string]bool{}
	for _, key := range a.Causes {
		seen[key] = true
	}
	for _, e := range x.evidence(a) {
		if e.Excuse == nil && e.Cause != "" {
			seen[e.Cause] = true
		}
	}
	var keys []string
	for key := range seen {
		if c := x.causes[key]; c == nil || !c.Excused {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(x.rankOf(a), x.rankOf(b)), cmp.Compare(a, b))
	})
	return keys
}

func (x *index) rankOf(key string) int {
	if n, ok := x.number[key]; ok {
		return n
	}
	return len(x.Causes) + 1
}

// pathTo returns the path of the first counter-example that shows a way to a resource; nil if none does. Those that begin at it lead
// away.
func (x *index) pathTo(to estate.Ref) []answer.Hop {
	for i := range x.Controls {
		for j := range x.Controls[i].CounterExamples {
			e := &x.Controls[i].CounterExamples[j]
			leads := slices.IndexFunc(e.Path, func(h answer.Hop) bool { return h.Kind == to.Kind && h.ID == to.ID }) > 0
			if leads && slices.ContainsFunc(affected(*e), func(r estate.Ref) bool { return r.Key() == to.Key() }) {
				return e.Path
			}
		}
	}
	return nil
}

// pathsOf returns the paths that a cause opens, in the order of its counter-examples.
func (x *index) pathsOf(c *answer.Cause) [][]answer.Hop {
	var paths [][]answer.Hop
	for _, id := range c.Controls {
		a := x.controls[id]
		if a == nil {
			continue
		}
		for i := range a.CounterExamples {
			if e := &a.CounterExamples[i]; e.Cause == c.Key && len(e.Path) > 0 {
				paths = append(paths, e.Path)
			}
		}
	}
	return paths
}

// practicesOf returns the practices that a cause breaks, in the order of the design.
func (x *index) practicesOf(c *answer.Cause) []string {
	broken := map[string]bool{}
	for _, id := range c.Controls {
		if a := x.controls[id]; a != nil {
			broken[a.Practice] = true
		}
	}
	var ids []string
	for _, p := range x.Practices {
		if broken[p.ID] {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// place says where a resource is, in the words of the people who own it: "acme-prod us-east-1".
func (x *index) place(r estate.Ref) string {
	var parts []string
	if r.Account != "" && r.Kind != "account" {
		parts = append(parts, x.account(r.Account))
	}
	if r.Region != "" && r.Region != estate.Global && r.Kind != "region" {
		parts = append(parts, r.Region)
	}
	return strings.Join(parts, " ")
}

func (x *index) account(id string) string {
	if name := x.accounts[id]; name != "" {
		return name
	}
	return id
}

// prominent returns the causes that a bounded listing shows: the n worst, and the worst of each broken practice and claim
// that has none among them, so that every broken line has its fix on the same page. A negative n is all of them.
func (x *index) prominent(n int, told []*answer.Cause) []*answer.Cause {
	if n < 0 {
		return x.open
	}
	shown, elsewhere := map[string]bool{}, map[string]bool{}
	for _, c := range told {
		elsewhere[c.Key] = true
	}
	for _, c := range x.open {
		if len(shown) < n && !elsewhere[c.Key] {
			shown[c.Key] = true
		}
	}
	for _, answers := range [][]answer.Answer{x.Practices, x.Claims} {
		for i := range answers {
			keys := x.causesOf(&answers[i])
			if len(keys) > 0 && !slices.ContainsFunc(keys, func(k string) bool { return shown[k] || elsewhere[k] }) {
				shown[keys[0]] = true
			}
		}
	}
	var all []*answer.Cause
	for _, c := range x.open {
		if shown[c.Key] {
			all = append(all, c)
		}
	}
	return all
}
