package report

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// AccessSchema names the form of Access; docs/permissions.md describes it.
const AccessSchema = "onus.access/1"

// Access is what `onus can`, `onus who-can` and `onus paths` say.
type Access struct {
	Schema   string         `json:"schema"`
	Source   string         `json:"source"`
	Observed time.Time      `json:"observed"`
	Question AccessQuestion `json:"question"`
	// Answers are decisions: one of `can`; of `who-can` those that allow or depend.
	Answers []AccessAnswer `json:"answers,omitzero"`
	// Paths are of `paths`: who reaches the goal, the surest first.
	Paths []AccessPath `json:"paths,omitzero"`
	// Latent hold all that a way of the catalogue takes, but nothing is there yet to take: no role to pass.
	Latent []AccessLatent `json:"latent,omitzero"`
	// Shells are of `who-can shell`: the ways into a server.
	Shells []AccessShell `json:"shells,omitzero"`
	// Unused are of `unused`.
	Unused []AccessUnused `json:"unused,omitzero"`
	// Assumed is what nobody asked for and was taken as not there: it may change any answer.
	Assumed []estate.Gap `json:"assumed,omitempty"`
	// Unread are the accounts whose users and roles were not read.
	Unread []estate.Gap `json:"unread,omitempty"`
}

// AccessQuestion is what was asked.
type AccessQuestion struct {
	Kind      string `json:"kind"`                // "can", "who-can", "paths", "shells", "unused"
	Principal string `json:"principal,omitempty"` // as it was typed
	Action    string `json:"action,omitempty"`
	Resource  string `json:"resource,omitempty"`
	Goal      string `json:"goal,omitempty"` // "administrator", "privileges", "organisation", "stores"
}

// AccessPrincipal is who may.
type AccessPrincipal struct {
	ARN     string `json:"arn"`
	Kind    string `json:"kind"`
	Account string `json:"account"`
	Name    string `json:"name"`
	// Set is the permission set of IAM Identity Center that a role stands for, People who has it in the account.
	Set    string   `json:"permissionSet,omitempty"`
	People []string `json:"people,omitempty"`
}

func principalOf(p *access.Principal) AccessPrincipal {
	if p == nil {
		return AccessPrincipal{}
	}
	return AccessPrincipal{ARN: p.ARN, Kind: p.Kind, Account: p.Account, Name: p.Name, Set: p.Set, People: p.People}
}

// called names a principal as texts do.
func (p AccessPrincipal) called() string {
	if p.Kind == "root" {
		return "root user"
	}
	if p.Set == "" {
		return p.Kind + " " + p.Name
	}
	text := "permission set " + p.Set
	if len(p.People) > 0 {
		text += " of " + brief(p.People, 2)
	}
	return text
}

// AccessAnswer is one decision.
type AccessAnswer struct {
	Principal AccessPrincipal     `json:"principal,omitzero"`
	Action    string              `json:"action"`
	Resource  string              `json:"resource"`
	Decision  string              `json:"decision"` // "allowed", "implicitDeny", "explicitDeny", "depends"
	Because   []AccessReason      `json:"because,omitempty"`
	DependsOn []AccessDependence  `json:"dependsOn,omitempty"`
	With      map[string][]string `json:"with,omitempty"` // what the caller chose so that it passes
}

// AccessReason is one statement that decided.
type AccessReason struct {
	Layer     string `json:"layer"`
	Policy    string `json:"policy"`
	Level     string `json:"level,omitempty"` // of an organisation's policy: where it is attached
	Statement int    `json:"statement"`       // counted from 0; -1 where nothing allows
	Sid       string `json:"sid,omitempty"`
	Line      int    `json:"line,omitempty"`
	Effect    string `json:"effect,omitempty"`
	Text      string `json:"text"`
	Quote     string `json:"quote,omitempty"` // the statement on one line
	Limits    bool   `json:"-"`               // allows, in a layer that grants nothing
}

// AccessDependence is one thing that is not known and that a decision rests on.
type AccessDependence struct {
	Key    string `json:"key,omitempty"`
	Policy string `json:"policy,omitempty"`
	Sid    string `json:"sid,omitempty"`
	Line   int    `json:"line,omitempty"`
	Unread bool   `json:"unread,omitempty"` // a policy that was not read
	Text   string `json:"text"`
}

// AccessPath is how one principal gets to the goal.
type AccessPath struct {
	Principal AccessPrincipal `json:"principal"`
	Reaches   string          `json:"reaches"` // "yes", "may" (it depends on values of requests), "unknown" (on what was not read)
	Steps     []AccessStep    `json:"steps"`
	End       string          `json:"end"`
	EndID     string          `json:"endId,omitempty"`
	Because   []AccessAnswer  `json:"because,omitempty"`
	DependsOn []string        `json:"dependsOn,omitempty"` // condition keys
	Unread    []string        `json:"unread,omitempty"`
}

// AccessStep is one move.
type AccessStep struct {
	From       AccessPrincipal `json:"from"`
	To         AccessPrincipal `json:"to"`
	ID         string          `json:"id"` // in the catalogue of escalations
	Text       string          `json:"text"`
	Sure       string          `json:"sure"` // "yes", "may", "unknown"
	Through    *estate.Ref     `json:"through,omitempty"`
	Decisions  []AccessAnswer  `json:"decisions"`
	Unread     []string        `json:"unread,omitempty"`
	Unverified bool            `json:"unverified,omitempty"` // our own reasoning, not a published finding
	Sources    string          `json:"sources,omitempty"`
}

// AccessLatent is a principal that holds a way's permissions.
type AccessLatent struct {
	Principal AccessPrincipal `json:"principal"`
	IDs       []string        `json:"ids"`
	Lacks     string          `json:"lacks"`
}

// AccessShell is one way into a server.
type AccessShell struct {
	Server    estate.Ref      `json:"server"`
	Way       string          `json:"way"` // "session-manager", "run-command", ...
	Principal AccessPrincipal `json:"principal"`
	Opens     string          `json:"opens"` // "yes", "may", "unknown"
	Decisions []AccessAnswer  `json:"decisions,omitempty"`
	DependsOn []string        `json:"dependsOn,omitempty"`
	Unread    []string        `json:"unread,omitempty"`
	Note      string          `json:"note,omitempty"`
}

// AccessUnused is what one principal was granted and never used.
type AccessUnused struct {
	Principal AccessPrincipal `json:"principal"`
	Services  []string        `json:"services"`          // granted, never used
	Actions   []string        `json:"actions,omitempty"` // of services that are used: tracked actions that are not
	Kept      []string        `json:"kept,omitempty"`    // why something was kept that may be unused
	Policy    Block           `json:"policy,omitempty"`  // the smaller policy, as JSON
	Unread    string          `json:"unread,omitempty"`
	NotAsked  bool            `json:"notAsked,omitempty"` // nobody asked AWS for the report: onus collect --last-accessed
}

// AnswerOfAccess turns an answer into the words of JSON.
func AnswerOfAccess(a access.Answer) AccessAnswer {
	x := AccessAnswer{Principal: principalOf(a.Principal), Action: a.Action, Resource: a.Resource, Decision: a.Result.String(), With: a.With}
	for _, r := range a.Because {
		x.Because = append(x.Because, reasonOf(r))
	}
	for _, d := range a.DependsOn {
		x.DependsOn = append(x.DependsOn, AccessDependence{Key: d.Key, Policy: d.Source, Sid: d.Sid, Line: d.Line, Unread: d.Key == "", Text: d.Text})
	}
	return x
}

func reasonOf(r policy.Reason) AccessReason {
	x := AccessReason{Layer: r.Layer.String(), Policy: r.Source, Level: r.Level, Quote: r.Quote(), Statement: r.Statement, Sid: r.Sid, Line: r.Line, Text: r.Text,
		Limits: r.Effect == policy.Allow && r.Layer.Limits()}
	if r.Effect != 0 {
		x.Effect = r.Effect.String()
	}
	return x
}

// PathOf turns a path into the words of JSON.
func PathOf(p *access.Path) AccessPath {
	x := AccessPath{Principal: principalOf(p.Principal), Reaches: p.Strength.String(), Steps: []AccessStep{}, End: p.End, EndID: p.EndID}
	x.DependsOn, x.Unread = p.Depends()
	for _, a := range p.Because {
		x.Because = append(x.Because, AnswerOfAccess(a))
	}
	for _, s := range p.Steps {
		x.Steps = append(x.Steps, stepOf(s))
	}
	return x
}

func stepOf(s access.Step) AccessStep {
	step := AccessStep{From: principalOf(s.From), To: principalOf(s.To), ID: s.ID, Text: s.Text, Sure: s.Strength.String(), Unread: s.Unread, Unverified: s.Unverified,
		Decisions: []AccessAnswer{}}
	if s.Technique != nil {
		step.Sources = s.Technique.Sources
	}
	if s.Workload != nil {
		step.Through = &s.Workload.Ref
	}
	for _, a := range s.Answers {
		step.Decisions = append(step.Decisions, AnswerOfAccess(a))
	}
	return step
}

// AccessJSON writes onus.access/1.
func AccessJSON(w io.Writer, a *Access) error { return writeJSON(w, a) }

// SortPaths puts the surest first, then the shortest, then by name.
func SortPaths(paths []AccessPath) {
	order := map[string]int{"yes": 0, "may": 1, "unknown": 2}
	slices.SortStableFunc(paths, func(a, b AccessPath) int {
		if d := order[a.Reaches] - order[b.Reaches]; d != 0 {
			return d
		}
		if d := len(a.Steps) - len(b.Steps); d != 0 {
			return d
		}
		return strings.Compare(a.Principal.ARN, b.Principal.ARN)
	})
}

// LatentOf turns what is missing of a way into the words of JSON.
func LatentOf(l access.Latent) AccessLatent {
	x := AccessLatent{Principal: principalOf(l.Principal), Lacks: "there is no powerful role that it may pass and that the service would take"}
	for _, t := range l.Techniques {
		x.IDs = append(x.IDs, t.ID)
	}
	return x
}

// ShellOf turns a way to a shell into the words of JSON.
func ShellOf(s access.Shell) AccessShell {
	x := AccessShell{Server: s.Server, Way: s.Way, Principal: principalOf(s.Principal), Opens: s.Strength.String(), Unread: s.Unread, Note: s.Note}
	for _, a := range s.Answers {
		answer := AnswerOfAccess(a)
		x.Decisions = append(x.Decisions, answer)
		for _, d := range answer.DependsOn {
			if d.Key != "" && !slices.Contains(x.DependsOn, d.Key) {
				x.DependsOn = append(x.DependsOn, d.Key)
			}
		}
	}
	return x
}

// UnusedOf turns what is not used into the words of JSON.
func UnusedOf(u access.Unused) AccessUnused {
	x := AccessUnused{Principal: principalOf(u.Principal), Services: u.Services, Actions: u.Actions, Kept: u.Kept, Policy: Block(u.Smaller)}
	if u.Unread != nil {
		x.Unread, x.NotAsked = u.Unread.String(), u.Unread.Outcome == operation.NotTried
	}
	if x.Services == nil {
		x.Services = []string{}
	}
	return x
}
