package control

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/estate"
)

// excuses are the lines of the claims file that say why something may be broken for a while.
type excuses struct {
	declared *claims.File
	practice map[string]string // by control id: the umbrella sentence of its practice
	applied  []answer.Excuse
	subjects []map[string]bool // by excuse: the subjects it covered
	force    []bool            // by excuse: whether it excuses anything at all
}

// newExcuses settles which excuses are in force: not past their end, and with a condition only while that is proved true.
func newExcuses(s Suite, declared *claims.File, now time.Time, verdict func(claims.Claim) answer.Verdict) *excuses {
	e := &excuses{declared: declared, practice: map[string]string{}}
	for _, p := range s.Practices {
		for _, id := range p.Questions {
			e.practice[id] = p.ID
		}
	}
	for _, line := range declared.Excuses {
		var covers []string
		for _, c := range line.For {
			covers = append(covers, coverText(c))
		}
		x := answer.Excuse{Claim: line.Claim.String(), For: strings.Join(covers, ", "), Why: line.Why, Owner: line.Owner,
			Until: line.Until.Format(time.DateOnly), State: "in force"}
		if !line.InForce(now) {
			x.State = "expired"
		} else if line.While != nil {
			x.While = line.While.String()
			switch v := verdict(*line.While); v {
			case answer.Holds, answer.NothingToJudge:
			case answer.Broken:
				x.State = "its condition is broken"
			default:
				x.State = "its condition is unknown"
			}
		}
		e.applied = append(e.applied, x)
		e.subjects = append(e.subjects, map[string]bool{})
		e.force = append(e.force, x.State == "in force")
	}
	return e
}

// cover returns the first excuse in force that covers a counter-example, or nil. An excuse is for the sentence it names,
// as that was asked: a control's, a claim's, or a practice's for all its questions; with a scope, only for what is in it.
func (e *excuses) cover(c *Control, asked claims.Claim, j judgement) *int {
	if e == nil {
		return nil
	}
	for i, line := range e.declared.Excuses {
		if !e.force[i] || !e.about(line.Claim, c, asked) ||
			e.declared.Selects(line.Claim.Scope, j.subject) != estate.True ||
			e.declared.Covers(line, j.subject, j.cause.Key) != estate.True {
			continue
		}
		e.subjects[i][j.ref.Key()] = true
		return &i
	}
	return nil
}

func (e *excuses) about(excused claims.Claim, c *Control, asked claims.Claim) bool {
	if excused.Form.ID == e.practice[c.ID] {
		return true
	}
	bare := func(c claims.Claim) string { c.Scope = claims.Tier{}; return c.Key() }
	return excused.Form.ID == c.ID && bare(excused) == bare(asked)
}

// until returns the first end date among the excuses of the counter-examples.
func (e *excuses) until(of []answer.CounterExample) string {
	first := ""
	for _, x := range of {
		if x.Excuse != nil && (first == "" || e.applied[*x.Excuse].Until < first) {
			first = e.applied[*x.Excuse].Until
		}
	}
	return first
}

// report returns the excuses with what became of them.
func (e *excuses) report() []answer.Excuse {
	for i := range e.applied {
		e.applied[i].Covered = len(e.subjects[i])
		if e.force[i] && e.applied[i].Covered == 0 {
			e.applied[i].State = "covers nothing"
		}
	}
	return e.applied
}

// coverText says what an excuse covers, as the claims file would.
func coverText(c claims.Cover) string {
	switch {
	case len(c.Tags) > 0:
		var tags []string
		for _, key := range slices.Sorted(maps.Keys(c.Tags)) {
			tags = append(tags, key+"="+strings.Join(c.Tags[key], "|"))
		}
		return "tags " + strings.Join(tags, ", ")
	case c.Scope != (claims.Tier{}):
		return c.Scope.String()
	}
	return c.Pattern
}
