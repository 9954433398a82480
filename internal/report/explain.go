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

// NotFoundError says that nothing in the report goes by a name.
type NotFoundError struct {
	Key  string
	Near []string // what was meant perhaps, nearest first
}

func (e *NotFoundError) Error() string {
	s := fmt.Sprintf("nothing in these answers is called %q", e.Key)
	if len(e.Near) > 0 {
		return s + "; near it: " + strings.Join(e.Near, ", ")
	}
	return s + "; onus check lists what there is"
}

// All is the key of everything.
const All = "--all"

// Explain writes all there is to say of one thing: a practice, a control, a claim (its id or its sentence), a cause (its key,
// or the id of what to change), or a resource (its id, ARN or name). The key All explains every cause, worst first. It
// is never bounded. If nothing goes by the key it writes nothing and returns a *NotFoundError.
func Explain(w io.Writer, r *answer.Report, key string, o Options) error {
	x, t := newIndex(r), newTerminal(o)
	key = escape(strings.TrimSpace(key), false)
	found := false
	if key == All {
		t.Causes = -1
		t.meetings(x)
		t.worst(x, x.open, 0)
		t.reading(x)
		return t.flush(w)
	}
	for _, answers := range [][]answer.Answer{x.Practices, x.Controls, x.Claims} {
		for i := range answers {
			if a := &answers[i]; same(key, a.ID) || a.Kind == answer.OfClaim && same(key, sentence(a)) {
				t.separate(&found)
				t.explainAnswer(x, a)
			}
		}
	}
	if found { // an exact answer: what only shares its name is not asked for
		return t.flush(w)
	}
	if c := x.causes[key]; c != nil {
		t.explainCause(x, c)
		return t.flush(w)
	}
	for _, subject := range x.resources(key) {
		t.separate(&found)
		t.explainResource(x, subject)
	}
	if found { // it names the causes that break the resource, or that are the resource
		return t.flush(w)
	}
	for i := range x.Causes {
		if c := &x.Causes[i]; names(key, c.Subject) || same(key, c.Key) {
			t.separate(&found)
			t.explainCause(x, c)
		}
	}
	if !found {
		return &NotFoundError{Key: key, Near: x.near(key)}
	}
	return t.flush(w)
}

func same(a, b string) bool { return strings.EqualFold(a, b) }

// names reports whether people could call a resource so.
func names(key string, r estate.Ref) bool {
	return key != "" && (same(key, r.ID) || same(key, r.ARN) || same(key, r.Name) || same(key, r.Kind+"/"+r.ID))
}

// separate leaves a line between two explanations.
func (t *terminal) separate(found *bool) {
	if *found {
		t.blank()
	}
	*found = true
}

// explainAnswer explains a practice, a control or a claim.
func (t *terminal) explainAnswer(x *index, a *answer.Answer) {
	t.para("", "", t.in(bold, a.ID)+" · "+sentence(a))
	t.para("", "  ", t.verdict(a.Verdict)+" · "+x.line(a))
	if a.Why != "" {
		t.para("", "  ", "why it matters: "+a.Why)
	}
	t.para("", "  ", "decided by: "+a.Verdict.When())
	if a.Note != "" && !strings.Contains(x.line(a), a.Note) {
		t.para("", "  ", a.Note)
	}
	if a.Control != "" {
		t.para("", "  ", "judged by: "+a.Control)
	}
	if questions := x.questions(a); len(questions) > 0 {
		t.heading("its questions")
		var rows [][]string
		for _, q := range questions {
			rows = append(rows, []string{t.verdict(q.Verdict), q.ID, x.line(q)})
		}
		t.table("  ", rows)
	}
	if len(a.Unasked) > 0 {
		t.heading("not asked yet")
		t.para("  ", "  ", strings.Join(a.Unasked, ", "))
	}
	t.explainBroken(x, a)
	t.explainDoubts(x, x.doubts(a))
	t.explainHeld(a)
	t.explainRead(a.Read)
}

// explainBroken lists every counter-example, by cause.
func (t *terminal) explainBroken(x *index, a *answer.Answer) {
	by := map[string][]answer.CounterExample{}
	var keys []string
	for _, e := range x.evidence(a) {
		if by[e.Cause] == nil {
			keys = append(keys, e.Cause)
		}
		by[e.Cause] = append(by[e.Cause], e)
	}
	slices.SortStableFunc(keys, func(a, b string) int { return cmp.Compare(x.rankOf(a), x.rankOf(b)) })
	for _, key := range keys {
		c := x.causes[key]
		if c == nil {
			c = &answer.Cause{Key: key, Title: cmp.Or(key, "counter-examples without a common cause")}
		}
		t.heading("broken by: " + c.Title)
		t.causeFacts(x, c)
		t.members(x, by[key])
		t.fix(c.Fix)
	}
}

// explainCause explains one cause, with the counter-examples of every control that finds it.
func (t *terminal) explainCause(x *index, c *answer.Cause) {
	t.para("", "", t.in(bold, c.Title))
	state := t.verdict(answer.Broken)
	if c.Excused {
		state = t.verdict(answer.Excused)
	}
	t.para("", "  ", state+" · "+kinds(c.Members)+" · "+strings.Join(x.practicesOf(c), ", "))
	t.causeFacts(x, c)
	t.see(c.Subject)
	for _, id := range c.Controls {
		a := x.controls[id]
		if a == nil {
			continue
		}
		var members []answer.CounterExample
		for _, e := range a.CounterExamples {
			if e.Cause == c.Key {
				members = append(members, e)
			}
		}
		t.heading("it breaks: " + a.Sentence + " (" + a.ID + ")")
		if a.Why != "" {
			t.para("  ", "  ", "why it matters: "+a.Why)
		}
		t.members(x, members)
	}
	t.fix(c.Fix)
	var read []answer.Read
	for _, id := range c.Controls {
		if a := x.controls[id]; a != nil {
			read = append(read, a.Read...)
		}
	}
	t.explainRead(read)
}

// causeFacts says which cause it is, whom it concerns and why it stands where it stands.
func (t *terminal) causeFacts(x *index, c *answer.Cause) {
	place := x.place(c.Subject)
	if n := x.number[c.Key]; n > 0 {
		place = strings.Join(present([]string{fmt.Sprintf("number %s of %s", number(n), number(len(x.open))), place}), " · ")
	}
	t.para("  ", "  ", strings.Join(present([]string{t.in(dim, c.Key), place, concerns(c.Owners)}), " · "))
	if len(c.Rank.Why) > 0 {
		t.para("  ", "  ", "because "+strings.Join(c.Rank.Why, "; "))
	}
}

// members lists counter-examples, every one. What all of them say alike is said once.
func (t *terminal) members(x *index, all []answer.CounterExample) {
	if len(all) == 0 {
		return
	}
	t.para("  ", "  ", t.in(bold, count(len(all), "counter-example")))
	last, lastRules := "", ""
	for i := range all {
		e := &all[i]
		mark := t.in(red, "✗")
		if e.Excuse != nil {
			mark = t.in(cyan, "~")
		}
		t.para("  "+mark+" ", "    ", strings.Join(present([]string{noun(e.Subject.Kind) + " " + called(e.Subject), x.place(e.Subject)}), " · "))
		if says := said(e); says != last {
			last = says
			t.para("    ", "    ", e.Text)
			for _, f := range e.Facts {
				text := f.Text
				if f.Operation != "" {
					text += " " + t.in(dim, "("+string(f.Operation)+")")
				}
				t.para("      ", "      ", text)
			}
		}
		if len(e.Path) > 0 {
			t.para("    path: ", "          ", pathLine(e.Path))
			if rules := pathRules(e.Path); strings.Join(rules, "\n") != lastRules {
				lastRules = strings.Join(rules, "\n")
				for _, rule := range rules {
					t.para("      ", "        ", rule)
				}
			}
		}
		if e.Excuse != nil && *e.Excuse >= 0 && *e.Excuse < len(x.Excuses) {
			excuse := x.Excuses[*e.Excuse]
			t.para("    ", "    ", "excused until "+excuse.Until+": "+excuse.Why+" · "+excuse.Owner)
		}
		if len(e.Affects) > 0 {
			t.para("    ", "    ", "affects "+kinds(e.Affects)+":")
			for _, r := range e.Affects {
				t.para("      ", "        ", strings.Join(present([]string{noun(r.Kind) + " " + called(r), x.place(r)}), " · "))
			}
		}
		if i == 0 {
			t.see(e.Subject)
		}
	}
}

// see says where the console shows a resource.
func (t *terminal) see(r estate.Ref) {
	if r.ID == "" || t.seen == r.Key() {
		return
	}
	t.seen = r.Key()
	address, path := Console(r)
	account := ""
	if r.Account != "" {
		account = " (in account " + r.Account + ")"
	}
	t.para("    ", "      ", "see it: "+path+account)
	if address != "" {
		t.block("      ", address)
	}
}

// fix writes all of a fix.
func (t *terminal) fix(f answer.Fix) {
	if f.Text == "" && len(f.CLI) == 0 && f.Terraform == "" && f.Policy == "" {
		return
	}
	t.para("  ", "    ", t.in(bold, "fix")+" "+f.Text)
	for _, c := range f.CLI {
		t.command("    ", c)
	}
	if f.Terraform != "" {
		t.para("    ", "    ", t.in(dim, "or in Terraform:"))
		t.block("    ", f.Terraform)
	}
	t.block("    ", f.Policy)
}

// explainDoubts lists everything that could not be judged, and what would have told.
func (t *terminal) explainDoubts(x *index, doubts []answer.Doubt) {
	if len(doubts) == 0 {
		return
	}
	t.heading("could not be judged: " + number(len(doubts)) + verb(len(doubts), " subject or place", " subjects or places"))
	told := map[string]bool{}
	for _, d := range doubts {
		t.para("  "+t.in(yellow, "?")+" ", "    ", strings.Join(present([]string{noun(d.Subject.Kind) + " " + called(d.Subject), x.place(d.Subject), d.Text}), " · "))
		for _, g := range d.Gaps {
			t.para("    ", "      ", g.String())
			if cure := x.cure(g); cure != "" && !told[cure] {
				told[cure] = true
				t.para("    ", "      ", t.in(dim, cure))
			}
		}
	}
}

// cure says what to do about one gap.
func (x *index) cure(g estate.Gap) string {
	where := x.account(g.Account)
	switch g.Outcome {
	case operation.Denied:
		return fmt.Sprintf("to know: allow %s to the role that reads %s (onus policy prints all that is needed)", list(actionsOf(g.Operation)), where)
	case operation.Throttled, operation.Failed:
		return "to know: collect again; AWS did not answer in full"
	case operation.NotTried:
		if g.Operation != "" {
			return "to know: collect again; the recording does not have " + string(g.Operation) + " there"
		}
	}
	return ""
}

// explainHeld lists the subjects that hold.
func (t *terminal) explainHeld(a *answer.Answer) {
	if len(a.Held) == 0 {
		return
	}
	t.heading("holds for " + kinds(a.Held))
	var all []string
	for _, r := range a.Held {
		all = append(all, called(r))
	}
	t.para("  ", "  ", strings.Join(all, ", "))
}

// explainRead says what was read, and when. Several sums of one operation are the same reading, and said once.
func (t *terminal) explainRead(read []answer.Read) {
	if len(read) == 0 {
		return
	}
	read = slices.Clone(read)
	slices.SortStableFunc(read, func(a, b answer.Read) int { return cmp.Compare(a.Operation, b.Operation) })
	read = slices.CompactFunc(read, func(a, b answer.Read) bool { return a.Operation == b.Operation })
	t.heading("what was read")
	var rows [][]string
	for _, r := range read {
		complete := "answered in full"
		if r.Complete < r.Calls {
			complete = number(r.Complete) + " in full"
		}
		rows = append(rows, []string{string(r.Operation), count(r.Calls, "call"), complete, span(r)})
	}
	t.table("  ", rows)
}

func span(r answer.Read) string {
	if r.Newest.IsZero() {
		return "never"
	}
	if r.Oldest.IsZero() || when(r.Oldest) == when(r.Newest) {
		return when(r.Newest)
	}
	if r.Oldest.UTC().Format("2006-01-02") == r.Newest.UTC().Format("2006-01-02") {
		return r.Oldest.UTC().Format("2006-01-02 15:04") + " to " + r.Newest.UTC().Format("15:04 UTC")
	}
	return when(r.Oldest) + " to " + when(r.Newest)
}

// resources are the subjects that go by a key, each once, in the order in which the answers name them.
func (x *index) resources(key string) []estate.Ref {
	var all []estate.Ref
	seen := map[string]bool{}
	x.eachRef(func(r estate.Ref) {
		if names(key, r) && !seen[r.Key()] {
			seen[r.Key()] = true
			all = append(all, r)
		}
	})
	return all
}

// eachRef calls yield with every reference that the answers and causes make.
func (x *index) eachRef(yield func(estate.Ref)) {
	for _, answers := range [][]answer.Answer{x.Controls, x.Claims, x.Practices} {
		for i := range answers {
			for j := range answers[i].CounterExamples {
				e := &answers[i].CounterExamples[j]
				yield(e.Subject)
				for _, r := range e.Affects {
					yield(r)
				}
			}
			for j := range answers[i].Doubts {
				yield(answers[i].Doubts[j].Subject)
			}
			for _, r := range answers[i].Held {
				yield(r)
			}
		}
	}
	for i := range x.Causes {
		for _, r := range x.Causes[i].Members {
			yield(r)
		}
	}
	for i := range x.Meeting {
		yield(x.Meeting[i].Subject)
	}
}

// explainResource says what every control and claim found of one resource.
func (t *terminal) explainResource(x *index, r estate.Ref) {
	t.para("", "", t.in(bold, noun(r.Kind)+" "+called(r))+" · "+x.place(r))
	key := r.Key()
	for _, m := range x.Meeting {
		if m.Subject.Key() == key {
			t.para("", "  ", "broken from several sides: "+strings.Join(m.Facts, " · "))
		}
	}
	t.see(r)
	var causes []string
	var rows [][]string
	for _, answers := range [][]answer.Answer{x.Controls, x.Claims} {
		for i := range answers {
			a := &answers[i]
			for j := range a.CounterExamples {
				e := &a.CounterExamples[j]
				if e.Subject.Key() != key && !slices.ContainsFunc(e.Affects, func(s estate.Ref) bool { return s.Key() == key }) {
					continue
				}
				verdict := answer.Broken
				if e.Excuse != nil {
					verdict = answer.Excused
				}
				rows = append(rows, []string{t.verdict(verdict), a.ID, e.Text})
				if !slices.Contains(causes, e.Cause) {
					causes = append(causes, e.Cause)
				}
			}
			for j := range a.Doubts {
				if d := &a.Doubts[j]; d.Subject.Key() == key {
					var gaps []string
					for _, g := range d.Gaps {
						gaps = append(gaps, g.String())
					}
					rows = append(rows, []string{t.verdict(answer.Unknown), a.ID, strings.Join(present(append([]string{d.Text}, gaps...)), "; ")})
				}
			}
			for _, h := range a.Held {
				if h.Key() == key {
					rows = append(rows, []string{t.verdict(answer.Holds), a.ID, a.Sentence})
				}
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b []string) int { return cmp.Compare(order(a[0]), order(b[0])) })
	if len(rows) > 0 {
		t.heading("what the answers say of it")
		t.table("  ", rows)
	}
	for i := range x.Causes { // it may be what breaks others
		if c := &x.Causes[i]; c.Subject.Key() == key && !slices.Contains(causes, c.Key) {
			causes = append(causes, c.Key)
		}
	}
	slices.SortStableFunc(causes, func(a, b string) int { return cmp.Compare(x.rankOf(a), x.rankOf(b)) })
	for _, key := range causes {
		if c := x.causes[key]; c != nil {
			t.heading("broken by: " + c.Title)
			t.causeFacts(x, c)
			if len(c.Members) > 1 {
				t.para("  ", "  ", "it breaks "+kinds(c.Members)+": onus explain "+c.Key)
			}
			t.fix(c.Fix)
		}
	}
}

// order ranks the rows of a resource: broken first.
func order(verdict string) int {
	for i, v := range []answer.Verdict{answer.Broken, answer.Unknown, answer.Excused, answer.Holds} {
		if strings.Contains(verdict, v.String()) {
			return i
		}
	}
	return 9
}

// near lists what a mistyped key may have meant: at most five, nearest first.
func (x *index) near(key string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var all []candidate
	seen := map[string]bool{}
	consider := func(name string) {
		if name == "" || seen[name] {
			return
		}
		seen[name] = true
		a, b := strings.ToLower(key), strings.ToLower(name)
		d := distance(a, b)
		if len(a) > 2 && strings.Contains(b, a) {
			d = min(d, 2)
		}
		if d <= max(2, len(key)/3) {
			all = append(all, candidate{name, d})
		}
	}
	for _, answers := range [][]answer.Answer{x.Practices, x.Controls, x.Claims} {
		for i := range answers {
			consider(answers[i].ID)
		}
	}
	for i := range x.Causes {
		consider(x.Causes[i].Key)
		consider(x.Causes[i].Subject.ID)
	}
	x.eachRef(func(r estate.Ref) {
		consider(r.ID)
		consider(r.Name)
	})
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name))
	})
	var near []string
	for _, c := range all[:min(5, len(all))] {
		near = append(near, c.name)
	}
	return near
}

// distance counts the edits between two words (Levenshtein). Words of very different length are far apart without counting.
func distance(a, b string) int {
	if d := len(a) - len(b); d > 24 || d < -24 || len(a) > 200 {
		return 200
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
