package access

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/iamdata"
	"github.com/onus-cloud/onus/internal/policy"
)

// Unused is what one principal is granted and did not use, as far back as AWS keeps track.
type Unused struct {
	Principal *Principal
	Unread    *estate.Gap // what would have told; nil where it was told
	// Services are granted and were never used; Actions are of services that are used, tracked by AWS, granted, and never used.
	Services, Actions []string
	// Kept says what was kept although nothing tells whether it is used.
	Kept []string
	// Smaller is what the identity policies allow without that, as one document; nil where nothing can be taken away.
	Smaller json.RawMessage
}

// Unused compares what a principal is granted with what it used. It has to do with its own policies and its groups'; what a
// resource's policy grants is left alone.
func (w *World) Unused(p *Principal) Unused {
	u := Unused{Principal: p}
	accessed := p.accessed()
	report, ok := accessed.Value()
	if !ok {
		gap, _ := accessed.Unread()
		if gap.Operation == "" {
			gap = estate.Gap{Place: estate.Place{Account: p.Account, Region: estate.Global}, Operation: "iam:GenerateServiceLastAccessedDetails", About: p.ARN}
		}
		u.Unread = &gap
		return u
	}
	used := map[string]*estate.AccessedService{}
	for i := range report.Services {
		s := &report.Services[i]
		if s.Last.IsZero() {
			if w.mayUse(p, s.Namespace) {
				u.Services = append(u.Services, s.Namespace)
			}
			continue
		}
		used[s.Namespace] = s
	}
	idle := map[string]bool{} // tracked actions that were not used
	var whole []string        // services that are used, and whose actions nothing tells apart
	for _, s := range report.Services {
		if s.Last.IsZero() {
			continue
		}
		actions, known := s.Actions.Value()
		if !known {
			whole = append(whole, s.Namespace)
			continue
		}
		tracked := map[string]bool{}
		for _, a := range actions {
			name := s.Namespace + ":" + a.Name
			tracked[lower(name)] = true
			if a.Last.IsZero() && w.mayAllow(p, name) {
				u.Actions = append(u.Actions, name)
				idle[lower(name)] = true
			}
		}
		untracked := 0
		for _, a := range iamdata.Current().Of(s.Namespace) {
			if !tracked[lower(a.String())] && w.mayAllow(p, a.String()) {
				untracked++
			}
		}
		if untracked > 0 {
			u.Kept = append(u.Kept, fmt.Sprintf("%d granted actions of %s are not tracked by AWS, and are kept", untracked, s.Namespace))
		}
	}
	if len(whole) > 0 {
		u.Kept = append(u.Kept, "AWS tells when it was used, and not by which actions: all that is granted of "+strings.Join(whole, ", ")+" is kept")
	}
	slices.Sort(u.Services)
	slices.Sort(u.Actions)
	for _, s := range p.Policies.Identity {
		if s.Document == nil {
			u.Kept = append(u.Kept, s.Name+" was not read, and is left as it is: "+s.Unread)
		}
	}
	if len(u.Services)+len(u.Actions) > 0 {
		u.Smaller = w.smaller(p, used, idle)
		if n := compactSize(u.Smaller); n > managedPolicyLimit {
			u.Kept = append(u.Kept, fmt.Sprintf("the smaller policy has %d characters without blanks, and a managed policy holds %d: divide it", n, managedPolicyLimit))
		}
	}
	return u
}

// managedPolicyLimit is how many characters a managed policy holds, blanks not counted.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const managedPolicyLimit = 6144

func compactSize(policy json.RawMessage) int {
	var b bytes.Buffer
	if json.Compact(&b, policy) != nil {
		return len(policy)
	}
	return b.Len()
}

func (p *Principal) accessed() estate.Known[estate.Accessed] {
	switch {
	case p.user != nil:
		return p.user.Accessed
	case p.role != nil:
		return p.role.Accessed
	}
	return estate.Known[estate.Accessed]{}
}

// mayUse reports whether something of a service is granted.
func (w *World) mayUse(p *Principal, service string) bool {
	return slices.ContainsFunc(iamdata.Current().Of(service), func(a iamdata.Action) bool { return w.mayAllow(p, a.String()) })
}

// statement is a policy statement as JSON, in the order in which people write them.
type statement struct {
	Sid         string                         `json:",omitempty"`
	Effect      string                         ``
	Action      []string                       `json:",omitempty"`
	NotAction   []string                       `json:",omitempty"`
	Resource    []string                       `json:",omitempty"`
	NotResource []string                       `json:",omitempty"`
	Condition   map[string]map[string][]string `json:",omitempty"`
}

// smaller writes the identity policies without the services that were not used and the actions that are idle. What denies stays.
func (w *World) smaller(p *Principal, used map[string]*estate.AccessedService, idle map[string]bool) json.RawMessage {
	var all []statement
	for _, source := range p.Policies.Identity {
		if source.Document == nil {
			continue
		}
		for i := range source.Document.Statements {
			s := &source.Document.Statements[i]
			out := statement{Sid: s.Sid, Effect: s.Effect.String(), Resource: s.Resource, NotResource: s.NotResource, Condition: conditionsOf(s)}
			if s.Effect == policy.Deny {
				out.Action, out.NotAction = s.Action, s.NotAction
				all = append(all, out)
				continue
			}
			for _, service := range sortedKeys(used) {
				out.Action = append(out.Action, keptOf(s, service, idle)...)
			}
			if len(out.Action) > 0 {
				all = append(all, out)
			}
		}
	}
	if all == nil {
		all = []statement{}
	}
	text, err := json.MarshalIndent(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", all}, "", "  ")
	if err != nil {
		return nil // strings always marshal
	}
	return text
}

// keptOf is what a statement keeps of a service: its own patterns where nothing of theirs is idle, so that they go on to match what
// is newer than our data; else the actions one by one.
func keptOf(s *policy.Statement, service string, idle map[string]bool) []string {
	var kept []string
	whole, cut := true, false
	for _, a := range iamdata.Current().Of(service) {
		switch {
		case !covers(s, a.String()):
			whole = false
		case idle[lower(a.String())]:
			cut = true
		default:
			kept = append(kept, a.String())
		}
	}
	if cut {
		return kept
	}
	if whole && len(kept) > 0 {
		return []string{service + ":*"}
	}
	if len(s.Action) == 0 {
		return kept
	}
	var patterns []string
	for _, pattern := range s.Action {
		if head, _, _ := strings.Cut(pattern, ":"); strings.EqualFold(head, service) {
			patterns = append(patterns, pattern)
		} else if policy.MatchAction(head, service) {
			return kept // a pattern that spans services
		}
	}
	return patterns
}

func conditionsOf(s *policy.Statement) map[string]map[string][]string {
	if len(s.Condition) == 0 {
		return nil
	}
	all := map[string]map[string][]string{}
	for _, c := range s.Condition {
		operator := c.Operator.String()
		if all[operator] == nil {
			all[operator] = map[string][]string{}
		}
		all[operator][c.Key] = c.Values
	}
	return all
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
