package report

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/estate"
)

//go:embed page/page.html.tmpl
var pageTemplate string

//go:embed page/style.css
var pageStyle string

// What the page lists at most. With these, and with each text cut at maxText, a report of any size stays below 5 MB; what is
// left out is counted, and the command that lists it stands beside the count.
const (
	maxCauses   = 250
	maxMeetings = 25
	maxMembers  = 50   // of one cause
	maxListed   = 2500 // of all causes together; a cause past it lists a few
	fewMembers  = 3
	maxFacts    = 4
	maxDoubts   = 20 // of one practice
	maxGaps     = 40
	maxAffected = 10
	maxText     = 400 // runes
	maxDrawn    = 10  // paths of one cause
	maxPictures = 200 // paths of all causes together
)

// HTML writes one self-contained page: no script, no reference to anything outside it but links to the AWS console, and a
// policy that lets the browser load nothing.
func HTML(w io.Writer, r *answer.Report) error {
	tmpl, err := template.New("page").Funcs(template.FuncMap{
		"sign":  symbol,
		"class": func(v answer.Verdict) string { return strings.ReplaceAll(v.String(), " ", "-") },
	}).Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("the page's template: %w", err)
	}
	if err := tmpl.Execute(w, newPageView(newIndex(r))); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// pageView is what the template shows.
type pageView struct {
	StyleHash string
	Style     template.CSS

	Company, Summary, Source, Observed, Evaluated string
	Scope                                         []string

	Practices    []answerView
	Meetings     []meetingView
	MoreMeetings string
	Causes       []causeView
	MoreCauses   string
	Claims       []answerView
	Excuses      []excuseView

	Accounts      []accountView
	OtherAccounts string
	Gaps          []gapView
	MoreGaps      string
	Unread        string
	Problems      []string
	Words         []answer.Verdict
}

type answerView struct {
	ID, Sentence, Why, Note, Line, When   string
	Verdict                               answer.Verdict
	Parts                                 []string
	Causes                                []int // the numbers of those on the page
	Questions                             []answerView
	Unasked                               []string
	Doubts                                []doubtView
	UnaskedTitle, DoubtsTitle, MoreDoubts string
}

type resourceView struct{ Kind, Name, ID, Place string }

type meetingView struct {
	Resource               resourceView
	Concerns, Why, Console string
	Facts, Practices       []string
	Causes                 []int
	Way                    *wayView
}

type causeView struct {
	Number                                   int
	Key, Title, Breaks, Place, Concerns, Why string
	Practices                                []string
	Fix                                      answer.Fix
	FixTitle, MembersTitle, More, Console    string
	Members                                  []memberView
	Way                                      *wayView // of the first of them that has one
}

type memberView struct {
	Resource resourceView
	Text     string
	Facts    []string
	Way      *wayView
	Excused  bool
}

type doubtView struct {
	Resource resourceView
	Text     string
	Gaps     []string
}

type excuseView struct {
	answer.Excuse
	Class, Covers string
}

type accountView struct{ ID, Name, Regions, Closed string }

type gapView struct{ Text, Cure string }

func newPageView(x *index) *pageView {
	sum := sha256.Sum256([]byte(pageStyle))
	v := &pageView{
		StyleHash: base64.StdEncoding.EncodeToString(sum[:]), Style: template.CSS(pageStyle),
		Company: cmp.Or(x.Company, "these accounts"), Summary: x.summary(), Source: cmp.Or(x.Source, "an unnamed source"), Observed: when(x.Observed),
		Scope: x.scope(),
		Words: []answer.Verdict{answer.Broken, answer.Unknown, answer.Excused, answer.Holds, answer.NothingToJudge, answer.NotDeclared},
	}
	if len(x.Excuses) > 0 {
		v.Evaluated = x.Evaluated.UTC().Format("2006-01-02")
	}
	shown := x.prominent(maxCauses, nil)
	numbers := map[string]int{}
	for _, c := range shown {
		numbers[c.Key] = x.number[c.Key]
	}
	for i := range x.Practices {
		a := &x.Practices[i]
		p := x.answerView(a, numbers)
		for _, q := range x.questions(a) {
			p.Questions = append(p.Questions, x.answerView(q, numbers))
		}
		p.Unasked, p.UnaskedTitle = a.Unasked, count(len(a.Unasked), "question")+" that nobody asks yet"
		x.pageDoubts(&p, a)
		v.Practices = append(v.Practices, p)
	}
	for i := range x.Claims {
		v.Claims = append(v.Claims, x.answerView(&x.Claims[i], numbers))
	}
	x.pageMeetings(v, numbers)
	x.pageCauses(v, shown)
	for _, e := range x.Excuses {
		class := "excused"
		if e.State != "in force" {
			class = "unknown"
		}
		v.Excuses = append(v.Excuses, excuseView{Excuse: e, Class: class, Covers: "covers " + number(e.Covered)})
	}
	x.pageReading(v)
	return v
}

func (x *index) answerView(a *answer.Answer, numbers map[string]int) answerView {
	line := x.line(a)
	v := answerView{
		ID: a.ID, Sentence: sentence(a), Why: a.Why, Note: a.Note, Verdict: a.Verdict, When: a.Verdict.When(),
		Line: line, Parts: strings.Split(line, " · "),
	}
	const most = 12
	for _, key := range x.causesOf(a) {
		if n, ok := numbers[key]; ok && len(v.Causes) < most {
			v.Causes = append(v.Causes, n)
		}
	}
	return v
}

func (x *index) resourceView(r estate.Ref) resourceView {
	v := resourceView{Kind: noun(r.Kind), Name: clip(r.ID), Place: x.place(r)}
	if r.Name != "" && r.Name != r.ID {
		v.Name, v.ID = clip(r.Name), clip(r.ID)
	}
	return v
}

func (x *index) pageDoubts(v *answerView, a *answer.Answer) {
	doubts := x.doubts(a)
	v.DoubtsTitle = number(len(doubts)) + verb(len(doubts), " subject or place", " subjects or places") + " that could not be judged"
	for i, d := range doubts {
		if i == maxDoubts {
			v.MoreDoubts = fmt.Sprintf("%s more: onus explain %s", number(len(doubts)-maxDoubts), a.ID)
			break
		}
		view := doubtView{Resource: x.resourceView(d.Subject), Text: clip(d.Text)}
		for _, g := range d.Gaps[:min(maxFacts, len(d.Gaps))] {
			view.Gaps = append(view.Gaps, clip(g.String()))
			if cure := x.cure(g); cure != "" {
				view.Gaps = append(view.Gaps, clip(cure))
			}
		}
		v.Doubts = append(v.Doubts, view)
	}
}

func (x *index) pageMeetings(v *pageView, numbers map[string]int) {
	for i := range x.Meeting {
		if i == maxMeetings {
			v.MoreMeetings = number(len(x.Meeting)-maxMeetings) + " more: onus explain --all"
			break
		}
		m := &x.Meeting[i]
		console, _ := Console(m.Subject)
		view := meetingView{
			Resource: x.resourceView(m.Subject), Concerns: concerns(x.meetingOwners(m)), Why: strings.Join(m.Rank.Why, "; "),
			Facts: m.Facts, Practices: m.Practices, Console: console, Way: newWayView(x.pathTo(m.Subject)),
		}
		for _, key := range m.Causes {
			if n, ok := numbers[key]; ok {
				view.Causes = append(view.Causes, n)
			}
		}
		v.Meetings = append(v.Meetings, view)
	}
}

// pageCauses lists the causes with what they break.
func (x *index) pageCauses(v *pageView, shown []*answer.Cause) {
	if more := len(x.open) - len(shown); more > 0 {
		v.MoreCauses = number(more) + " more: onus explain --all, or onus check --format json"
	}
	members := map[string][]*answer.CounterExample{}
	for i := range x.Controls {
		for j := range x.Controls[i].CounterExamples {
			e := &x.Controls[i].CounterExamples[j]
			members[e.Cause] = append(members[e.Cause], e)
		}
	}
	listed, drawn := 0, 0
	for _, c := range shown {
		console, _ := Console(c.Subject)
		view := causeView{
			Number: x.number[c.Key], Key: c.Key, Title: clip(c.Title), Breaks: kinds(c.Members), Place: x.place(c.Subject), Concerns: clip(concerns(c.Owners)),
			Why: clip(strings.Join(c.Rank.Why, "; ")), Practices: x.practicesOf(c), Fix: c.Fix, Console: console,
		}
		view.FixTitle = strings.Join(present([]string{oneIf(len(c.Fix.CLI) > 0, "AWS CLI"), oneIf(c.Fix.Terraform != "", "Terraform"), oneIf(c.Fix.Policy != "", "policy")}), " and ")
		all := members[c.Key]
		view.MembersTitle = count(len(all), "counter-example")
		most := maxMembers
		if listed >= maxListed {
			most = fewMembers
		}
		last, ways := "", 0
		for i, e := range all {
			if i == most {
				view.More = fmt.Sprintf("%s more: onus explain %s, or onus check --format json", number(len(all)-most), c.Key)
				break
			}
			listed++
			m := memberView{Resource: x.resourceView(e.Subject), Excused: e.Excuse != nil}
			if way := newWayView(e.Path); way != nil {
				if ways++; ways > maxDrawn || drawn >= maxPictures {
					way.Pictures = nil
				} else {
					drawn++
				}
				if view.Way == nil {
					view.Way = way
				} else {
					m.Way = way
				}
			}
			// What several say alike is said once.
			if says := said(e); says != last {
				last = says
				m.Text = clip(e.Text)
				for _, f := range e.Facts[:min(maxFacts, len(e.Facts))] {
					text := f.Text
					if f.Operation != "" {
						text += " (" + string(f.Operation) + ")"
					}
					m.Facts = append(m.Facts, clip(text))
				}
			}
			if n := len(e.Affects); n > 0 {
				var names []string
				for _, r := range e.Affects[:min(n, maxAffected)] {
					names = append(names, called(r))
				}
				if n > maxAffected {
					names = append(names, number(n-maxAffected)+" more")
				}
				m.Facts = append(m.Facts, clip("affects "+kinds(e.Affects)+": "+strings.Join(names, ", ")))
			}
			view.Members = append(view.Members, m)
		}
		v.Causes = append(v.Causes, view)
	}
}

func (x *index) pageReading(v *pageView) {
	for _, a := range x.Reading.Accounts {
		v.Accounts = append(v.Accounts, accountView{
			ID: a.ID, Name: a.Name, Regions: cmp.Or(strings.Join(a.Regions, ", "), "not known"), Closed: strings.Join(a.Closed, ", "),
		})
	}
	if n := len(x.Reading.OtherAccounts); n > 0 {
		v.OtherAccounts = count(n, "other account") + " of the organisation: " + clip(strings.Join(x.Reading.OtherAccounts, ", "))
	}
	for i, g := range x.Reading.Gaps {
		if i == maxGaps {
			v.MoreGaps = count(len(x.Reading.Gaps)-maxGaps, "more reason") + ": onus check --format json"
			break
		}
		v.Gaps = append(v.Gaps, gapView{Text: clip(g.Text) + " · " + count(g.Calls, "call"), Cure: clip(cures(g.Gaps))})
	}
	var unread []string
	for _, k := range x.Reading.UnreadKinds {
		unread = append(unread, fmt.Sprintf("%s %s (%s)", k.Service, k.Type, number(k.Count)))
	}
	v.Unread = strings.Join(unread, ", ")
	for _, p := range x.Reading.Problems[:min(maxGaps, len(x.Reading.Problems))] {
		v.Problems = append(v.Problems, clip(p))
	}
	if n := len(x.Reading.Problems) - maxGaps; n > 0 {
		v.Problems = append(v.Problems, count(n, "more problem")+": onus check --format json")
	}
}

// said is all that a counter-example says besides whom it is about.
func said(e *answer.CounterExample) string {
	s := e.Text
	for _, f := range e.Facts {
		s += "\n" + f.Text + string(f.Operation)
	}
	return s
}

// clip cuts a text that nobody would read to its end.
func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	if runes := []rune(s); len(runes) > maxText {
		return string(runes[:maxText]) + "…"
	}
	return s
}

func oneIf(so bool, s string) string {
	if so {
		return s
	}
	return ""
}
