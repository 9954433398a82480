package report

import (
	"cmp"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/estate"
)

// ChangesSchema names the JSON form of Changes.
const ChangesSchema = "onus.changes/1"

// Changes are what differs between two reports. Only what the reports name can differ: a resource that no control judged is
// in neither.
type Changes struct {
	Schema string    `json:"schema"`
	Before time.Time `json:"before"` // when the facts of each were observed
	After  time.Time `json:"after"`

	// Of practices, controls and claims, in the order of the later report.
	BecameTrue    []Turn `json:"becameTrue,omitempty"`    // holds now
	BecameFalse   []Turn `json:"becameFalse,omitempty"`   // broken now
	BecameUnknown []Turn `json:"becameUnknown,omitempty"` // unknown now
	Otherwise     []Turn `json:"otherwise,omitempty"`     // excused, nothing to judge or not declared now
	NewlyAsked    []Turn `json:"newlyAsked,omitempty"`    // only in the later report
	NoLongerAsked []Turn `json:"noLongerAsked,omitempty"` // only in the earlier report

	Appeared    []Break `json:"appeared,omitempty"`    // counter-examples that were not there before
	Disappeared []Break `json:"disappeared,omitempty"` // counter-examples whose subject holds now or is gone
	Found       []Break `json:"found,omitempty"`       // counter-examples of what was not judged before
	Lost        []Break `json:"lost,omitempty"`        // counter-examples whose subject is no longer judged
	// Resources that only the later, or only the earlier report names: new and gone, unless the other did not read them.
	NewResources  []estate.Ref `json:"newResources,omitempty"`
	GoneResources []estate.Ref `json:"goneResources,omitempty"`
}

// Turn is an answer whose verdict changed.
type Turn struct {
	Kind     answer.Kind     `json:"kind"`
	ID       string          `json:"id"`
	Sentence string          `json:"sentence"`
	Before   *answer.Verdict `json:"before,omitempty"` // nil where it was not asked
	After    *answer.Verdict `json:"after,omitempty"`  // nil where it is not asked
}

// Break is a counter-example that came or went.
type Break struct {
	Control string     `json:"control"` // the control, or the claim that no control of the list judges
	Subject estate.Ref `json:"subject"`
	Text    string     `json:"text"`
	Cause   string     `json:"cause"`
}

// Compare says what differs between two reports.
func Compare(before, after *answer.Report) Changes {
	c := Changes{Schema: ChangesSchema, Before: before.Observed, After: after.Observed}
	old, now := answersOf(before), answersOf(after)
	earlier, later := map[string]*answer.Answer{}, map[string]*answer.Answer{}
	for _, a := range old {
		earlier[identity(a)] = a
	}
	for _, a := range now {
		later[identity(a)] = a
		b := earlier[identity(a)]
		turn := Turn{Kind: a.Kind, ID: a.ID, Sentence: sentence(a), After: &a.Verdict}
		if b == nil {
			c.NewlyAsked = append(c.NewlyAsked, turn)
		} else if turn.Before = &b.Verdict; a.Verdict != b.Verdict {
			switch a.Verdict {
			case answer.Holds:
				c.BecameTrue = append(c.BecameTrue, turn)
			case answer.Broken:
				c.BecameFalse = append(c.BecameFalse, turn)
			case answer.Unknown:
				c.BecameUnknown = append(c.BecameUnknown, turn)
			default:
				c.Otherwise = append(c.Otherwise, turn)
			}
		}
		appeared, found := breaksOf(a, b)
		c.Appeared, c.Found = append(c.Appeared, appeared...), append(c.Found, found...)
	}
	for _, b := range old {
		a := later[identity(b)]
		if a == nil {
			c.NoLongerAsked = append(c.NoLongerAsked, Turn{Kind: b.Kind, ID: b.ID, Sentence: sentence(b), Before: &b.Verdict})
		}
		disappeared, lost := breaksOf(b, a)
		c.Disappeared, c.Lost = append(c.Disappeared, disappeared...), append(c.Lost, lost...)
	}
	for _, breaks := range []*[]Break{&c.Appeared, &c.Disappeared, &c.Found, &c.Lost} {
		*breaks = once(*breaks)
	}
	c.NewResources = onlyIn(after, before)
	c.GoneResources = onlyIn(before, after)
	return c
}

// answersOf lists practices, claims and controls.
func answersOf(r *answer.Report) []*answer.Answer {
	var all []*answer.Answer
	for _, answers := range [][]answer.Answer{r.Practices, r.Claims, r.Controls} {
		for i := range answers {
			all = append(all, &answers[i])
		}
	}
	return all
}

// identity tells answers apart across reports. A claim is its sentence: its number changes when a line is added above.
func identity(a *answer.Answer) string {
	if a.Kind == answer.OfClaim {
		return string(a.Kind) + " " + sentence(a)
	}
	return string(a.Kind) + " " + a.ID
}

// breaksOf returns the counter-examples of an answer that another answer to the same sentence does not have: those of
// subjects that the other could judge, and those of subjects that it could not, all of them if there is no other. A subject
// is doubted too where the doubt is about the place that it lies in.
func breaksOf(a, other *answer.Answer) (judged, doubted []Break) {
	if a.Kind == answer.OfPractice {
		return nil, nil // they are those of its controls
	}
	broken, doubt := map[string]bool{}, map[string]bool{}
	if other != nil {
		for i := range other.CounterExamples {
			broken[breakKey(&other.CounterExamples[i])] = true
		}
		for _, d := range other.Doubts {
			doubt[d.Subject.Key()] = true
			switch s := d.Subject; {
			case s.Kind == "account", s.Kind == "region" && (s.Region == estate.Global || s.Region == "*"):
				doubt[s.Account] = true // a bucket is listed globally and lies in a Region
			case s.Kind == "region":
				doubt[s.Account+"/"+s.Region] = true
			}
		}
	}
	for i := range a.CounterExamples {
		e := &a.CounterExamples[i]
		if broken[breakKey(e)] {
			continue
		}
		s := e.Subject
		b := Break{Control: a.ID, Subject: s, Text: e.Text, Cause: e.Cause}
		if other == nil || doubt[s.Key()] || doubt[s.Account] || doubt["*"] || doubt[s.Account+"/"+s.Region] {
			doubted = append(doubted, b)
		} else {
			judged = append(judged, b)
		}
	}
	return judged, doubted
}

// once drops what a claim and its control both say.
func once(breaks []Break) []Break {
	seen := map[Break]bool{}
	var kept []Break
	for _, b := range breaks {
		same := b
		same.Control = ""
		if !seen[same] {
			seen[same] = true
			kept = append(kept, b)
		}
	}
	return kept
}

func breakKey(e *answer.CounterExample) string { return e.Subject.Key() + " " + e.Cause }

// onlyIn lists the resources that one report names and another does not.
func onlyIn(r, other *answer.Report) []estate.Ref {
	named := map[string]bool{}
	(&index{Report: other}).eachRef(func(s estate.Ref) { named[s.Key()] = true })
	var only []estate.Ref
	(&index{Report: r}).eachRef(func(s estate.Ref) {
		if key := s.Key(); !named[key] && s.Kind != "region" && s.Kind != "account" {
			named[key] = true
			only = append(only, s)
		}
	})
	slices.SortFunc(only, func(a, b estate.Ref) int { return cmp.Compare(a.Key(), b.Key()) })
	return only
}

// Empty reports whether nothing changed.
func (c Changes) Empty() bool {
	return len(c.BecameTrue)+len(c.BecameFalse)+len(c.BecameUnknown)+len(c.Otherwise)+len(c.NewlyAsked)+len(c.NoLongerAsked)+
		len(c.Appeared)+len(c.Disappeared)+len(c.Found)+len(c.Lost)+len(c.NewResources)+len(c.GoneResources) == 0
}

// DiffJSON writes what differs between two reports as JSON: a Changes.
func DiffJSON(w io.Writer, before, after *answer.Report) error {
	return writeJSON(w, Compare(before, after))
}

// Diff writes what differs between two reports as text.
func Diff(w io.Writer, before, after *answer.Report, o Options) error {
	before, after = scrub(before), scrub(after)
	x, t := newIndex(after), newTerminal(o)
	c := Compare(before, after)
	t.para("", "", t.in(bold, cmp.Or(x.Company, "these accounts"))+" · from "+when(c.Before)+" to "+when(c.After))
	if c.Empty() {
		t.para("", "", "nothing changed")
		return t.flush(w)
	}
	t.turns("became false", c.BecameFalse)
	t.turns("became true", c.BecameTrue)
	t.turns("is no longer known", c.BecameUnknown)
	t.turns("changed otherwise", c.Otherwise)
	t.turns("asked for the first time", c.NewlyAsked)
	t.turns("no longer asked", c.NoLongerAsked)
	t.broken(x, "appeared", "✗", red, c.Appeared)
	t.broken(x, "found in what was not judged before", "✗", red, c.Found)
	t.broken(x, "disappeared", "✓", green, c.Disappeared)
	t.broken(x, "no longer judged", "?", yellow, c.Lost)
	t.refs(x, "new resources", c.NewResources)
	t.refs(x, "resources that are gone, or no longer read", c.GoneResources)
	return t.flush(w)
}

func (t *terminal) turns(title string, turns []Turn) {
	if len(turns) == 0 {
		return
	}
	t.heading(title)
	for _, u := range turns {
		mark, what := "·", ""
		switch {
		case u.After == nil:
			what = "was " + u.Before.String()
		case u.Before == nil:
			mark, what = t.in(verdictStyle(*u.After), symbol(*u.After)), u.After.String()
		default:
			mark, what = t.in(verdictStyle(*u.After), symbol(*u.After)), u.Before.String()+" → "+u.After.String()
		}
		t.para("  "+mark+" ", "    ", strings.Join(present([]string{u.ID, u.Sentence, what}), " · "))
	}
}

// broken lists counter-examples that came or went, those of one cause and control together.
func (t *terminal) broken(x *index, title, mark string, s style, breaks []Break) {
	if len(breaks) == 0 {
		return
	}
	t.heading(title + ": " + count(len(breaks), "counter-example"))
	by := map[string][]Break{}
	var keys []string
	for _, b := range breaks {
		key := b.Control + " " + b.Cause
		if by[key] == nil {
			keys = append(keys, key)
		}
		by[key] = append(by[key], b)
	}
	for _, key := range keys {
		group := by[key]
		var subjects []estate.Ref
		for _, b := range group {
			subjects = append(subjects, b.Subject)
		}
		t.para("  "+t.in(s, mark)+" ", "    ", strings.Join(present([]string{group[0].Control, kinds(subjects), group[0].Cause}), " · "))
		text := ""
		for _, b := range group {
			if b.Text != text { // what several say alike is said once
				text = b.Text
				t.para("    ", "      ", text+":")
			}
			t.para("      ", "        ", strings.Join(present([]string{noun(b.Subject.Kind) + " " + called(b.Subject), x.place(b.Subject)}), " · "))
		}
	}
}

func (t *terminal) refs(x *index, title string, refs []estate.Ref) {
	if len(refs) == 0 {
		return
	}
	t.heading(title + ": " + kinds(refs))
	for _, r := range refs {
		t.para("    ", "      ", strings.Join(present([]string{noun(r.Kind) + " " + called(r), x.place(r)}), " · "))
	}
}
