// Package control says what a control is, gives it what it needs to judge, and runs all of them over an estate.
//
// A control judges subjects one by one; this package does what all controls share: it turns places that could not be
// read into doubts, keeps to the claim's system, applies excuses, groups counter-examples by cause and adds up the twelve
// practices. It promises the laws of the design (laws_test.go runs them over every control): same estate, same answer,
// same order; what is not read is unknown.
package control

import (
	"slices"
	"time"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/reach"
)

// Control knows how to verify one form of sentence.
type Control struct {
	ID       string // as in the catalogue: "rest-volume-encrypted"
	Practice string // the practice's id: "encryption-at-rest"
	Title    string // the desired condition, as a sentence a manager can read
	// Sentence is the form of its claims, with slots: "no rule admits the internet on {ports}".
	Sentence string
	// Asked is the sentence as its practice asks it where nobody made a claim: "no rule admits the internet on 22, 3389".
	Asked string
	// Declares are further forms of its claims, each with an example, where Sentence has no slots and only says that what
	// is declared is so: "{tier} talks to {tier2} on {ports}" beside "tiers talk as declared". Case.Slots tells what is asked.
	Declares []claims.Form
	// Heeds are forms of other controls' claims that it goes by: their Form.ID names that control. Case.Heeded returns such claims.
	Heeds    []claims.Form
	Why      string // one sentence that names the attack or the loss
	Fix      string // one sentence: the smallest change, in general; causes carry the concrete one
	Severity answer.Severity

	// Lists are the operations that list its subjects: a place where one of them is not complete is a doubt of its own.
	Lists []operation.ID
	// Reads are the further operations that a judgement may need.
	Reads []operation.ID
	// Receipts says that it rests on receipts (estate.Receipts) rather than on answers of AWS.
	Receipts bool
	// Packets says that it asks who can reach whom: it then needs all that package reach does.
	Packets bool
	// Permissions says that it asks who may do what: it then needs all that package access does.
	Permissions bool
	// Judge goes through the subjects. It must be pure: the same Case, the same judgements.
	Judge func(*Case)
}

// Case is what a control judges, and where it says what it found.
type Case struct {
	Estate *estate.Estate
	// Now is when the newest fact was read: facts are aged by it, never by the wall clock.
	Now time.Time
	// Slots are the values of the sentence's slots.
	Slots claims.Slots
	// Declared is the claims file: never nil, and empty where there is none.
	Declared *claims.File

	// Packets returns the analysis of who can reach whom, made once for all controls.
	Packets func() *reach.Network
	// Access returns the analysis of who may do what, made once for all controls.
	Access func() *access.World
	// Reaching says who gets to a goal, and how, made once for each goal.
	Reaching func(access.Goal) *access.Escalation

	control *Control
	form    *claims.Form // of the claim that is asked
	scope   claims.Tier  // what the claim is about; its zero value is everything
	found   []judgement
	notes   []string
	// undeclared says that the control needs a declaration that nobody made.
	undeclared bool
}

type judgement struct {
	subject estate.Subject
	ref     estate.Ref
	verdict answer.Verdict // Holds, Broken or Unknown
	text    string
	facts   []answer.Fact
	cause   answer.Cause
	affects []estate.Ref
	path    []answer.Hop
	gaps    []estate.Gap
}

// Holds says that the subject is as the sentence says.
func (c *Case) Holds(s estate.Subject) { c.add(judgement{subject: s, verdict: answer.Holds}) }

// Counter is a counter-example as a control states it.
type Counter struct {
	Text    string        // one sentence: what is there that should not be
	Facts   []answer.Fact // what a person can check by hand
	Cause   answer.Cause  // the one thing to change: Key, Subject, Title and Fix
	Affects []estate.Ref  // who suffers, where that is not the subject itself
	Path    []answer.Hop  // the way of the packet that should not be possible: PathOf
}

// Breaks says that the subject is a proved counter-example. A subject may have several, with different causes.
func (c *Case) Breaks(s estate.Subject, x Counter) {
	c.add(judgement{subject: s, verdict: answer.Broken, text: x.Text, facts: x.Facts, cause: x.Cause, affects: x.Affects, path: x.Path})
}

// Unknown says that the subject could not be judged, and which calls would have told. The text may be empty.
func (c *Case) Unknown(s estate.Subject, text string, gaps ...estate.Gap) {
	c.add(judgement{subject: s, verdict: answer.Unknown, text: text, gaps: gaps})
}

// NotDeclared says that there is nothing to judge before somebody declares something.
func (c *Case) NotDeclared() { c.undeclared = true }

// Note adds a sentence to the answer that qualifies it whatever its verdict: how much of what is there was looked at.
func (c *Case) Note(text string) {
	if !slices.Contains(c.notes, text) {
		c.notes = append(c.notes, text)
	}
}

// add keeps to the claim's scope: what is outside is not judged, and what may be outside is a doubt.
func (c *Case) add(j judgement) {
	j.ref = j.subject.Ref()
	switch c.Declared.Selects(c.scope, j.subject) {
	case estate.False:
		return
	case estate.Unknown:
		gap, _ := j.subject.Tags().Unread()
		j = judgement{subject: j.subject, ref: j.ref, verdict: answer.Unknown, gaps: []estate.Gap{gap},
			text: "whether it belongs to " + c.scope.String() + " could not be read"}
	}
	c.found = append(c.found, j)
}

// Concerns says whether what is asked is about a subject: whether it is in the claim's system. What is not is not judged,
// whatever is said of it; this spares the work.
func (c *Case) Concerns(s estate.Subject) bool { return c.Declared.Selects(c.scope, s) != estate.False }

// Declarations are the claims of the file that are of the control's Declares, in the order of the file.
func (c *Case) Declarations() []claims.Claim {
	var all []claims.Claim
	for _, claim := range c.Declared.Claims {
		if claim.Form.ID == c.control.ID && claim.Form.Text != c.control.Sentence {
			all = append(all, claim)
		}
	}
	return all
}

// Heeded are the claims of the file that are of the control's Declares or Heeds, in the order of the file.
func (c *Case) Heeded() []claims.Claim {
	var all []claims.Claim
	for _, claim := range c.Declared.Claims {
		same := func(f claims.Form) bool { return f.Text == claim.Form.Text }
		if slices.ContainsFunc(c.control.Declares, same) || slices.ContainsFunc(c.control.Heeds, same) {
			all = append(all, claim)
		}
	}
	return all
}

// Asks says whether what is asked is a claim of that form.
func (c *Case) Asks(f claims.Form) bool { return c.form != nil && c.form.Text == f.Text }

// Period returns the value of a {period} slot.
func (c *Case) Period(slot string) time.Duration { d, _ := c.Slots.Period(slot); return d }

// Ports returns the value of a {ports} slot.
func (c *Case) Ports(slot string) []claims.PortRange { p, _ := c.Slots.Ports(slot); return p }

// Forms are the forms of its claims, the one that its practice asks first.
func (c *Control) Forms() []claims.Form {
	forms := []claims.Form{{ID: c.ID, Text: c.Sentence, Example: c.Asked}}
	for _, f := range c.Declares {
		f.ID = c.ID
		forms = append(forms, f)
	}
	return forms
}

// Needs returns every operation that the control's answer may rest on, sorted: those it names, and what tells which
// Regions there are where it lists subjects Region by Region.
func (c *Control) Needs() []operation.ID {
	needs := slices.Concat(c.Lists, c.Reads)
	if c.Packets {
		needs = append(needs, reach.Needs()...)
	}
	if c.Permissions {
		needs = append(needs, access.Needs()...)
	}
	for _, id := range slices.Concat(c.Lists, needs[len(c.Lists)+len(c.Reads):]) {
		if op, _ := operation.Get(id); op.Scope == operation.PerRegion || op.Scope == operation.PerRegionGlobal {
			needs = append(needs, "account:ListRegions", "ec2:DescribeRegions")
		}
	}
	slices.Sort(needs)
	return slices.Compact(needs)
}
