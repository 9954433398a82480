package containment

import (
	"fmt"
	"slices"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/estate"
)

// power is something that whoever gets into a server can do, and should not.
type power struct {
	text  string // "can change users or privileges: assumes role Deploy, and then ..."
	facts []answer.Fact
	path  func(server estate.Subject) []answer.Hop // nil for none
	cause answer.Cause
	// meant says whether somebody declared that the server may; nil for powers that nobody can declare.
	meant func(server estate.Subject) (estate.Truth, []estate.Gap)
}

// judgeServers asks what the role of each server can do. Servers are hosts, functions and tasks; what each can do is asked once for
// each role. A server without a role can do nothing.
func judgeServers(c *control.Case, ask func(p *access.Principal) ([]power, []estate.Gap)) {
	judgeThose(c, func(estate.Subject) bool { return true }, ask)
}

// judgeThose is judgeServers of some.
func judgeThose(c *control.Case, among func(estate.Subject) bool, ask func(p *access.Principal) ([]power, []estate.Gap)) {
	type known struct {
		powers []power
		doubts []estate.Gap
	}
	asked := map[string]known{}
	for _, s := range permissions.Servers(c.Estate) {
		if !c.Concerns(s) || !among(s) {
			continue
		}
		role, has := s.Role.Value()
		if gap, unread := s.Role.Unread(); unread {
			c.Unknown(s, "which role it has was not read", gap)
			continue
		}
		if !has {
			c.Holds(s)
			continue
		}
		of, ok := asked[role]
		if !ok {
			if p := c.Access().ByARN(role); p != nil {
				of.powers, of.doubts = ask(p)
			} else {
				of.doubts = missing(c.Estate, s, role)
			}
			asked[role] = of
		}
		powers, doubts := undeclared(s, of.powers, of.doubts)
		switch {
		case len(powers) > 0:
			for _, x := range powers {
				counter := control.Counter{Text: fmt.Sprintf("%s %s %s", s.Noun, control.Called(s.Ref()), x.text), Facts: x.facts, Cause: x.cause}
				if x.path != nil {
					counter.Path = x.path(s)
				}
				c.Breaks(s, counter)
			}
		case len(doubts) > 0:
			c.Unknown(s, "what its role can do was not read in full", doubts...)
		default:
			c.Holds(s)
		}
	}
}

// undeclared leaves out what somebody declared that the server may do.
func undeclared(s estate.Subject, powers []power, doubts []estate.Gap) ([]power, []estate.Gap) {
	var rest []power
	for _, x := range powers {
		if x.meant == nil {
			rest = append(rest, x)
			continue
		}
		switch truth, gaps := x.meant(s); truth {
		case estate.False:
			rest = append(rest, x)
		case estate.Unknown:
			doubts = append(slices.Clone(doubts), gaps...)
		}
	}
	return rest, doubts
}

// missing is why a role of a server is not among the principals: its account was not read, or it is gone.
func missing(e *estate.Estate, s permissions.Server, role string) []estate.Gap {
	account := s.Ref().Account
	if place := roleOf(e, role).Ref(); place.Account != "" {
		account = place.Account
	}
	reading := e.Reading(estate.Place{Account: account, Region: estate.Global}, "iam:GetAccountAuthorizationDetails", "")
	if e.Account(account) != nil && reading.Outcome.Complete() {
		return nil // it is gone, and with it what it could do
	}
	return []estate.Gap{reading.Gap()}
}

// escalates asks how a role gets to a goal.
func escalates(c *control.Case, p *access.Principal, goal access.Goal, what string, concerns func(*access.Path) bool) ([]power, []estate.Gap) {
	e := c.Reaching(goal)
	switch strength := e.Strength(p); permissions.Truth(strength) {
	case estate.False:
		return nil, nil
	case estate.Unknown:
		path := e.Of(p)
		if path == nil || !concerns(path) {
			return nil, nil
		}
		return nil, permissions.Gaps(path)
	}
	path := e.Of(p)
	if path == nil || !concerns(path) {
		return nil, nil
	}
	return []power{{
		text:  fmt.Sprintf("%s %s, as role %s: it %s", what, permissions.Count(path), p.Name, permissions.Steps(path)),
		facts: permissions.Facts(path),
		path:  func(server estate.Subject) []answer.Hop { return permissions.Hops(server, path) },
		cause: permissions.Permit(permissions.First(path), "role "+p.Name+" leads further than it should"),
	}}, nil
}
