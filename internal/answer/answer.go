// Package answer holds what Onus says: verdicts, counter-examples, causes and evidence. Values only; it judges nothing but
// which word a tally of judged subjects earns.
package answer

import (
	"fmt"
	"slices"
	"time"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// Verdict is what a claim or a control earns.
type Verdict int

const (
	Unknown        Verdict = iota // no proved counter-example, but something needed was not read, is too old or is not asked yet
	Broken                        // at least one proved counter-example that no excuse covers
	Excused                       // every counter-example is excused
	Holds                         // everything concerned was read and judged
	NothingToJudge                // everything was read, and nothing of the kind exists
	NotDeclared                   // it needs a declaration that nobody made
)

var verdicts = [...]string{"unknown", "broken", "excused", "holds", "nothing to judge", "not declared"}

func (v Verdict) String() string {
	if v < 0 || int(v) >= len(verdicts) {
		return fmt.Sprintf("verdict %d", int(v))
	}
	return verdicts[v]
}

// MarshalText writes the verdict's word.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (v *Verdict) UnmarshalText(text []byte) error {
	i := slices.Index(verdicts[:], string(text))
	if i < 0 {
		return fmt.Errorf("unknown verdict %q", text)
	}
	*v = Verdict(i)
	return nil
}

// Tally counts the subjects of a claim by what became of them. Of an umbrella it is the sum over its questions.
type Tally struct {
	Broken  int `json:"broken"`  // counter-examples that no excuse covers
	Excused int `json:"excused"` // counter-examples that one covers
	Unknown int `json:"unknown"` // subjects and places that could not be judged
	Holds   int `json:"holds"`
	// Undeclared says that the claim needs a declaration that nobody made.
	Undeclared bool `json:"undeclared,omitempty"`
	// Of an umbrella: how many of its questions are asked, of how many, and how many of those asked need a declaration
	// that nobody made.
	Asked     int `json:"asked,omitempty"`
	Questions int `json:"questions,omitempty"`
}

// Verdict is the verdict algebra: the rows are tried from the top.
func (t Tally) Verdict() Verdict {
	for _, row := range algebra {
		if row.when(t) {
			return row.verdict
		}
	}
	return NothingToJudge
}

// When says in words which row of the algebra earns the verdict: each verdict has one.
func (v Verdict) When() string {
	for _, row := range algebra {
		if row.verdict == v {
			return row.words + ": " + v.String()
		}
	}
	return v.String()
}

// algebra is the table of the design, row by row.
var algebra = []struct {
	words   string
	when    func(Tally) bool
	verdict Verdict
}{
	{"one or more proved counter-examples, not all excused", func(t Tally) bool { return t.Broken > 0 }, Broken},
	{"none un-excused, and something unknown, stale or not asked yet", func(t Tally) bool { return t.Unknown > 0 || t.Asked < t.Questions }, Unknown},
	{"counter-examples, all excused", func(t Tally) bool { return t.Excused > 0 }, Excused},
	{"everything concerned was read, none broken, at least one subject", func(t Tally) bool { return t.Holds > 0 }, Holds},
	{"everything concerned was read, no subject", func(t Tally) bool { return !t.Undeclared }, NothingToJudge},
	{"it needs a declaration that nobody made", func(t Tally) bool { return t.Undeclared }, NotDeclared},
}

// Add returns the sum of two tallies. Undeclared is neutral: a sum never is.
func (t Tally) Add(u Tally) Tally {
	return Tally{
		Broken: t.Broken + u.Broken, Excused: t.Excused + u.Excused, Unknown: t.Unknown + u.Unknown, Holds: t.Holds + u.Holds,
		Asked: t.Asked + u.Asked, Questions: t.Questions + u.Questions,
	}
}

// Severity says how bad a broken control is by itself, before anything is known of what it concerns.
type Severity int

const (
	Low Severity = iota + 1
	Medium
	High
	Critical
)

var severities = [...]string{"", "low", "medium", "high", "critical"}

func (s Severity) String() string {
	if s < 0 || int(s) >= len(severities) {
		return fmt.Sprintf("severity %d", int(s))
	}
	return severities[s]
}

// MarshalText writes the severity's word.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *Severity) UnmarshalText(text []byte) error {
	i := slices.Index(severities[:], string(text))
	if i < 0 {
		return fmt.Errorf("unknown severity %q", text)
	}
	*s = Severity(i)
	return nil
}

// Fact is one thing that was read and that a person can check by hand.
type Fact struct {
	Text      string       `json:"text"`                // "Encrypted is false"
	Operation operation.ID `json:"operation,omitempty"` // where it was read
}

// CounterExample is one concrete thing that breaks a claim.
type CounterExample struct {
	Subject estate.Ref `json:"subject"`
	Text    string     `json:"text"` // one sentence: what is there that should not be
	Facts   []Fact     `json:"facts,omitempty"`
	Cause   string     `json:"cause"` // Cause.Key
	// Affects are the resources that suffer where the subject is not one itself: the hosts behind an open group.
	Affects []estate.Ref `json:"affects,omitempty"`
	// Path is the way that a packet takes to do what should not be possible, in order, both ends included.
	Path []Hop `json:"path,omitempty"`
	// Excuse is the index in Report.Excuses of the excuse that covers it, or nil.
	Excuse *int `json:"excuse,omitempty"`
}

// Hop is one thing that a packet passes: the Internet, a gateway, a network ACL, a security group, a load balancer, a host.
type Hop struct {
	Kind   string  `json:"kind"` // as of estate.Ref; "internet" outside
	ID     string  `json:"id"`
	Name   string  `json:"name,omitempty"`
	Passes Passage `json:"passes"`
	Rule   string  `json:"rule,omitempty"` // what decides, as AWS shows it: "rule 100 allows tcp 22 from 0.0.0.0/0"
	Text   string  `json:"text,omitempty"` // one sentence, for a person
}

// Passage says whether a packet passes a hop.
type Passage string

const (
	Passes  Passage = "yes"
	Stops   Passage = "no"
	MayPass Passage = "unknown"
)

// Doubt is one subject or place that could not be judged, and what would have told.
type Doubt struct {
	Subject estate.Ref   `json:"subject"`
	Text    string       `json:"text,omitempty"`
	Gaps    []estate.Gap `json:"gaps"`
}

// Cause is the one thing whose change would remove a set of counter-examples: a rule, a launch template, a statement.
type Cause struct {
	// Key is "kind/id", the same for every control that finds the same cause: "security-group-rule/sgr-0abc".
	Key     string     `json:"key"`
	Subject estate.Ref `json:"subject"` // the thing to change
	Title   string     `json:"title"`   // "rule sgr-0abc of jenkins-sg admits 0.0.0.0/0 on tcp 22"
	Fix     Fix        `json:"fix"`
	// The rest is filled when all controls have run.
	Controls []string     `json:"controls"` // ids of the controls that it breaks
	Members  []estate.Ref `json:"members"`  // everything it affects, or else every subject it breaks, each once
	Excused  bool         `json:"excused,omitempty"`
	Owners   []string     `json:"owners,omitempty"` // whom it concerns
	Rank     Rank         `json:"rank"`
}

// Rank argues from facts why a cause stands where it stands.
type Rank struct {
	Score int      `json:"score"` // comparable within one report only
	Why   []string `json:"why"`   // the facts, strongest first: "open to the internet on 8080"
}

// Fix is the smallest change that removes a cause, as text.
type Fix struct {
	Text      string   `json:"text"`                // one sentence
	CLI       []string `json:"cli,omitempty"`       // AWS CLI commands
	Terraform string   `json:"terraform,omitempty"` // where it is natural
	Policy    string   `json:"policy,omitempty"`    // the policy document to put in the place of what is there
}

// Kind tells the three things that are answered apart.
type Kind string

const (
	OfPractice Kind = "practice" // an umbrella sentence
	OfControl  Kind = "control"  // a question of an umbrella
	OfClaim    Kind = "claim"    // a line of the claims file
)

// Answer is a sentence's verdict with its evidence.
type Answer struct {
	Kind     Kind   `json:"kind"`
	ID       string `json:"id"`                // the practice, the control, or "claim-3"
	Control  string `json:"control,omitempty"` // of a claim: the control that judged it, if one did
	Practice string `json:"practice,omitempty"`
	Sentence string `json:"sentence"`
	System   string `json:"system,omitempty"`
	Why      string `json:"why,omitempty"` // the attack or the loss
	// Note says in words what the counts do not: why a claim is unknown though all was read, which questions nobody asks yet.
	Note     string   `json:"note,omitempty"`
	Severity Severity `json:"severity,omitempty"`

	Verdict Verdict `json:"verdict"`
	Tally   Tally   `json:"tally"`
	// Until is the first end date of the excuses of an excused answer, as 2006-01-02.
	Until string `json:"until,omitempty"`

	CounterExamples []CounterExample `json:"counterExamples,omitempty"`
	Doubts          []Doubt          `json:"doubts,omitempty"`
	Held            []estate.Ref     `json:"held,omitempty"`      // the subjects that hold
	Questions       []string         `json:"questions,omitempty"` // of an umbrella: ids of the controls asked
	Unasked         []string         `json:"unasked,omitempty"`   // of an umbrella: ids of the questions nobody asks yet
	Read            []Read           `json:"read,omitempty"`      // what was read for it, and when
	Causes          []string         `json:"causes,omitempty"`    // keys, worst first
}

// Read sums up the calls of one operation.
type Read struct {
	Operation operation.ID `json:"operation"`
	Calls     int          `json:"calls"`
	Complete  int          `json:"complete"` // of them, answered in full
	Oldest    time.Time    `json:"oldest,omitzero"`
	Newest    time.Time    `json:"newest,omitzero"`
}

// Excuse is a line of the claims file as it applied.
type Excuse struct {
	Claim   string `json:"claim"`
	For     string `json:"for"`
	Why     string `json:"why"`
	Owner   string `json:"owner"`
	Until   string `json:"until"` // 2006-01-02
	While   string `json:"while,omitempty"`
	State   string `json:"state"` // "in force", "expired", "its condition is broken", "its condition is unknown", "covers nothing"
	Covered int    `json:"covered"`
}

// Schema names the JSON form of a Report.
const Schema = "onus.answers/1"

// Report is everything that one run says. Every output is a rendering of it, and its JSON can be read back.
type Report struct {
	Schema  string `json:"schema"`
	Company string `json:"company,omitempty"`
	Source  string `json:"source"` // "live", "the demo recording", a folder
	// Observed is when the newest fact was read; Evaluated is the clock by which excuses end.
	Observed  time.Time `json:"observed"`
	Evaluated time.Time `json:"evaluated"`

	Practices []Answer `json:"practices"` // the twelve, in the order of the design
	Controls  []Answer `json:"controls"`
	Claims    []Answer `json:"claims,omitempty"`
	Causes    []Cause  `json:"causes"` // worst first
	// Places are resources that several practices meet in, worst first: the forgotten server.
	Meeting []Meeting `json:"meeting,omitempty"`
	Excuses []Excuse  `json:"excuses,omitempty"`
	Reading Reading   `json:"reading"`
}

// Meeting is one resource that several causes break from independent sides.
type Meeting struct {
	Subject   estate.Ref `json:"subject"`
	Practices []string   `json:"practices"`
	Causes    []string   `json:"causes"`
	// Facts say what is wrong, one short phrase for each of Practices: "image 1,862 days old".
	Facts []string `json:"facts"`
	Rank  Rank     `json:"rank"`
}

// Reading says what was read and what was not.
type Reading struct {
	Accounts  []AccountRead `json:"accounts"`
	Calls     int           `json:"calls"`
	Resources int           `json:"resources"`
	// Gaps are calls that told nothing or not all, grouped so that one reason is said once.
	Gaps []GapGroup `json:"gaps,omitempty"`
	// UnreadKinds are resources that exist but that nothing reads yet: service and type, and how many.
	UnreadKinds []UnreadKind `json:"unreadKinds,omitempty"`
	// Problems are parts of the input that could not be understood: the file, the place and what to do.
	Problems []string `json:"problems,omitempty"`
	// OtherAccounts are accounts of the organisation that were not asked for.
	OtherAccounts []string `json:"otherAccounts,omitempty"`
}

// AccountRead is one account in scope.
type AccountRead struct {
	ID      string   `json:"id"`
	Name    string   `json:"name,omitempty"`
	Regions []string `json:"regions"`
	Closed  []string `json:"closed,omitempty"` // closed by an organisation policy
}

// GapGroup is one reason and the calls that it stopped.
type GapGroup struct {
	Text  string       `json:"text"`
	Calls int          `json:"calls"`
	Gaps  []estate.Gap `json:"gaps"` // at most a few; Calls counts all
}

// UnreadKind is a kind of resource that exists and that nothing reads.
type UnreadKind struct {
	Service string `json:"service"`
	Type    string `json:"type"`
	Count   int    `json:"count"`
}
