package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// Text writes what a tired person reads in half a minute: who and when, the twelve practices, what is worst and how to mend it,
// what the claims file says, what could not be read, and what to type next.
func Text(w io.Writer, r *answer.Report, o Options) error {
	x, t := newIndex(r), newTerminal(o)
	t.para("", "", t.in(bold, cmp.Or(x.Company, "these accounts"))+" · "+strings.Join(x.scope(), " · "))
	t.para("", "", t.in(dim, "read from "+cmp.Or(x.Source, "an unnamed source")+", observed "+when(x.Observed)))
	t.accounts(x)
	told := x.toldByMeetings(o.Causes)
	shown := x.prominent(cmp.Or(o.Causes, 10), told)
	t.practices(x, slices.Concat(told, shown))
	t.meetings(x)
	t.worst(x, shown, len(told))
	t.claims(x)
	t.excuses(x)
	t.reading(x)
	t.next()
	return t.flush(w)
}

// accounts names the accounts and their Regions; those with the same Regions share a line.
func (t *terminal) accounts(x *index) {
	regions := map[string][]string{}
	var order []string
	for _, a := range x.Reading.Accounts {
		key := strings.Join(a.Regions, ", ")
		if regions[key] == nil {
			order = append(order, key)
		}
		regions[key] = append(regions[key], strings.TrimSpace(a.Name+" "+a.ID))
	}
	for _, key := range order {
		names := regions[key]
		const most = 6
		if len(names) > most {
			names = append(names[:most:most], "and "+number(len(names)-most)+" more")
		}
		t.para("", "  ", t.in(dim, strings.Join(names, ", ")+" · "+cmp.Or(key, "Regions not known")))
	}
	if n := len(x.Reading.OtherAccounts); n > 0 {
		t.para("", "  ", t.in(dim, "not asked for: "+count(n, "other account")+" of the organisation"))
	}
}

// practices is the table of the twelve.
func (t *terminal) practices(x *index, shown []*answer.Cause) {
	t.blank()
	t.para("", "", x.summary())
	t.blank()
	var rows [][]string
	for i := range x.Practices {
		a := &x.Practices[i]
		line := x.line(a)
		if see := x.see(a, shown); see != "" {
			line += " · " + t.in(dim, see)
		}
		if t.width < 80 { // too narrow for a third column
			t.table("", [][]string{{t.verdict(a.Verdict), t.in(bold, a.ID)}})
			t.para("    ", "    ", line)
			continue
		}
		rows = append(rows, []string{t.verdict(a.Verdict), t.in(bold, a.ID), line})
	}
	t.table("", rows)
}

// see refers to the causes of an answer that are on the same page, by their numbers.
func (x *index) see(a *answer.Answer, shown []*answer.Cause) string {
	of := map[string]bool{}
	for _, key := range x.causesOf(a) {
		of[key] = true
	}
	var numbers []string
	for _, c := range shown {
		if of[c.Key] {
			numbers = append(numbers, number(x.number[c.Key]))
		}
	}
	if len(numbers) == 0 {
		return ""
	}
	const most = 4
	if len(numbers) > most {
		numbers = append(numbers[:most], "…")
	}
	return "see " + strings.Join(numbers, ", ")
}

// verdict is the sign and the word, in the verdict's colour.
func (t *terminal) verdict(v answer.Verdict) string {
	return t.in(verdictStyle(v), symbol(v)+" "+v.String())
}

func verdictStyle(v answer.Verdict) style {
	switch v {
	case answer.Broken:
		return red
	case answer.Unknown:
		return yellow
	case answer.Excused:
		return cyan
	case answer.Holds:
		return green
	}
	return plain
}

// mostMeetings is how many meetings the first screen shows.
const mostMeetings = 5

// toldByMeetings are the causes that concern nothing but a resource in which practices meet: they are told there, with
// their fixes, and not once more in the list. With all causes asked for, the list has them too.
func (x *index) toldByMeetings(causes int) []*answer.Cause {
	if causes < 0 {
		return nil
	}
	var told []*answer.Cause
	for i, m := range x.Meeting {
		if i == mostMeetings {
			break
		}
		for _, key := range m.Causes {
			if c := x.causes[key]; c != nil && !c.Excused && len(c.Members) == 1 { // the resource, or a part of it
				told = append(told, c)
			}
		}
	}
	return told
}

// meetings are the resources that several independent sides break: each side with the cause's number, what is wrong, and
// the smallest fix.
func (t *terminal) meetings(x *index) {
	if len(x.Meeting) == 0 {
		return
	}
	t.heading("broken from several sides")
	for i, m := range x.Meeting {
		if i == mostMeetings && t.Causes >= 0 {
			t.para("  ", "  ", t.in(dim, fmt.Sprintf("… and %s more: onus explain --all", number(len(x.Meeting)-mostMeetings))))
			break
		}
		head := []string{t.in(bold, noun(m.Subject.Kind)+" "+called(m.Subject)), x.place(m.Subject), concerns(x.meetingOwners(&m))}
		t.para("  "+t.in(red, "✗")+" ", "    ", strings.Join(present(head), " · "))
		if len(m.Rank.Why) > 0 {
			t.para("    ", "    ", t.in(dim, strings.Join(m.Rank.Why, "; ")))
		}
		if path := x.pathTo(m.Subject); path != nil {
			t.para("    path: ", "          ", pathLine(path))
		}
		for side, fact := range m.Facts {
			c := x.causeOfSide(&m, side)
			if c == nil {
				t.para("     -  ", "        ", fact)
				continue
			}
			n := number(x.number[c.Key])
			t.para(strings.Repeat(" ", max(0, 6-len(n)))+n+". ", "        ", fact)
			t.para("        "+t.in(dim, "fix: "), "             ", t.in(dim, c.Fix.Text))
			if side == 0 && len(c.Fix.CLI) > 0 {
				t.command("        ", c.Fix.CLI[0])
			}
		}
		t.command("    ", "onus explain "+m.Subject.ID)
	}
}

// causeOfSide is the worst cause by which one practice of a meeting is broken.
func (x *index) causeOfSide(m *answer.Meeting, side int) *answer.Cause {
	if side >= len(m.Practices) {
		return nil
	}
	for _, key := range m.Causes {
		if c := x.causes[key]; c != nil && slices.Contains(x.practicesOf(c), m.Practices[side]) {
			return c
		}
	}
	return nil
}

// meetingOwners are the owners of the causes that meet.
func (x *index) meetingOwners(m *answer.Meeting) []string {
	var owners []string
	seen := map[string]bool{}
	for _, key := range m.Causes {
		if c := x.causes[key]; c != nil {
			for _, o := range c.Owners {
				if !seen[o] {
					seen[o] = true
					owners = append(owners, o)
				}
			}
		}
	}
	return owners
}

// worst lists causes: what, how many, whose, why here, and the smallest fix.
func (t *terminal) worst(x *index, shown []*answer.Cause, told int) {
	if len(shown) == 0 {
		return
	}
	t.heading("worst first")
	for _, c := range shown {
		t.cause(x, c)
	}
	if n := len(x.open) - len(shown) - told; n > 0 {
		t.para("  ", "  ", t.in(dim, "… and "+number(n)+" more: onus explain --all"))
	}
}

// cause is one of them, in short.
func (t *terminal) cause(x *index, c *answer.Cause) {
	n := number(x.number[c.Key])
	first := strings.Repeat(" ", max(0, 3-len(n))) + n + ". "
	const rest = "     "
	t.para(first, rest, t.in(bold, c.Title))
	parts := present([]string{kinds(c.Members), strings.Join(x.practicesOf(c), ", "), x.place(c.Subject), concerns(c.Owners)})
	t.para(rest, rest, strings.Join(parts, " · "))
	if len(c.Rank.Why) > 0 {
		t.para(rest, rest, t.in(dim, "because "+strings.Join(c.Rank.Why, "; ")))
	}
	if paths := x.pathsOf(c); len(paths) > 0 {
		line := pathLine(paths[0])
		if more := len(paths) - 1; more > 0 {
			line += t.in(dim, " · and "+count(more, "more path"))
		}
		t.para(rest+"path: ", rest+"      ", line)
	}
	t.para(rest+"fix: ", rest+"     ", cmp.Or(c.Fix.Text, "none is known; see onus explain "+c.Key))
	if len(c.Fix.CLI) > 0 {
		t.command(rest, c.Fix.CLI[0])
		if more := len(c.Fix.CLI) - 1; more > 0 {
			t.para(rest, rest, t.in(dim, "and "+count(more, "more command")+": onus explain "+c.Key))
		}
	}
}

// claims are the sentences of the claims file.
func (t *terminal) claims(x *index) {
	if len(x.Claims) == 0 {
		return
	}
	t.heading("what you claim")
	for i := range x.Claims {
		a := &x.Claims[i]
		t.para("  "+t.verdict(a.Verdict)+" ", "    ", sentence(a)+" "+t.in(dim, "("+a.ID+")"))
		if a.Verdict != answer.Unknown || len(a.Doubts) > 0 {
			t.para("    ", "    ", x.line(a))
		}
		// A claim that holds by a sample says so.
		if a.Note != "" && (a.Verdict == answer.Unknown || a.Verdict == answer.Holds) {
			t.para("    ", "    ", t.in(dim, a.Note))
		}
		keys := x.causesOf(a)
		if a.Verdict != answer.Broken || len(keys) == 0 {
			continue
		}
		if c := x.causes[keys[0]]; c != nil {
			t.para("    fix: ", "         ", strings.Join(present([]string{c.Fix.Text, concerns(c.Owners), fmt.Sprintf("see %d", x.number[c.Key])}), " · "))
		}
	}
}

// excuses are listed with what became of them.
func (t *terminal) excuses(x *index) {
	if len(x.Excuses) == 0 {
		return
	}
	t.heading("excuses")
	for _, e := range x.Excuses {
		mark, colour := "~", cyan
		if e.State != "in force" {
			mark, colour = "!", yellow
		}
		parts := []string{t.in(colour, e.State), "covers " + number(e.Covered), e.For, e.Claim, e.Why, e.Owner, "until " + e.Until}
		if e.While != "" {
			parts = append(parts, "while "+e.While)
		}
		t.para("  "+t.in(colour, mark)+" ", "    ", strings.Join(present(parts), " · "))
	}
}

// reading says what was not read, each reason once.
func (t *terminal) reading(x *index) {
	if len(x.Reading.Gaps) > 0 {
		t.heading("could not be read")
		const most = 8
		for i, g := range x.Reading.Gaps {
			if i == most && t.Causes >= 0 {
				t.para("  ", "  ", t.in(dim, "… and "+count(len(x.Reading.Gaps)-most, "more reason")+": onus explain --all"))
				break
			}
			t.para("  ? ", "    ", g.Text+" · "+count(g.Calls, "call"))
			if cure := cures(g.Gaps); cure != "" {
				t.para("    ", "    ", t.in(dim, cure))
			}
		}
	}
	if len(x.Reading.UnreadKinds) > 0 {
		t.heading("exists, but nothing reads it yet")
		var parts []string
		for _, k := range x.Reading.UnreadKinds {
			parts = append(parts, fmt.Sprintf("%s %s (%s)", k.Service, k.Type, number(k.Count)))
		}
		const most = 12
		if len(parts) > most && t.Causes >= 0 {
			parts = append(parts[:most], "… and "+count(len(parts)-most, "more kind"))
		}
		t.para("  ", "  ", strings.Join(parts, ", "))
	}
	if len(x.Reading.Problems) > 0 {
		t.heading("problems of the input")
		for _, p := range x.Reading.Problems {
			t.para("  ! ", "    ", p)
		}
	}
}

// cures says what would let the calls tell: the IAM actions to allow, or to try again.
func cures(gaps []estate.Gap) string {
	var actions []string
	seen := map[string]bool{}
	again := false
	for _, g := range gaps {
		switch g.Outcome {
		case operation.Denied:
			for _, a := range actionsOf(g.Operation) {
				if !seen[a] {
					seen[a] = true
					actions = append(actions, a)
				}
			}
		case operation.Throttled, operation.Failed:
			again = true
		}
	}
	var parts []string
	if len(actions) > 0 {
		parts = append(parts, "allow "+strings.Join(actions, ", "))
	}
	if again {
		parts = append(parts, "run it again")
	}
	return strings.Join(parts, "; ")
}

// actionsOf are the IAM actions that an operation needs; of one that the table does not know, its own name.
func actionsOf(id operation.ID) []string {
	if o, ok := operation.Get(id); ok && len(o.Actions) > 0 {
		return o.Actions
	}
	if id == "" {
		return nil
	}
	return []string{string(id)}
}

// next says where the page is and what to type.
func (t *terminal) next() {
	if t.HTMLPath == "" && len(t.Next) == 0 {
		return
	}
	t.heading("next")
	if t.HTMLPath != "" {
		t.para("  ", "  ", "the whole report: "+escape(t.HTMLPath, false))
	}
	for _, n := range t.Next {
		t.command("  ", escape(n, false))
	}
}

// present drops empty strings.
func present(parts []string) []string {
	kept := parts[:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return kept
}
