package containment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/exposure"
)

// ServerCannotGetRootElsewhere is contain-server-cannot-get-root-elsewhere: the role of no server opens a shell on another one: by a
// session or a command of Systems Manager, a key pushed by EC2 Instance Connect or to the serial console, changed user data, another
// root volume, or ecs:ExecuteCommand. Whether packets get there besides is another matter; the key is pushed already.
//
// The claim "only group/Ops can open a shell on shop.web" asks who can, of people and roles alike, server by server of the tier, with
// packets joined: Instance Connect and key pairs open no shell where no packet gets to port 22 and back (exposure.Shells). Where one does,
// a key pair names nobody, for whoever has its private key gets in: then it is not known, and the doubt says from where the port is open.
// Root users are not judged.
var ServerCannotGetRootElsewhere = &control.Control{
	ID:          "contain-server-cannot-get-root-elsewhere",
	Practice:    "containment",
	Title:       "From no server can a shell be opened on another",
	Sentence:    "servers cannot open a shell on other servers",
	Asked:       "servers cannot open a shell on other servers",
	Declares:    []claims.Form{{Text: "only {principals} can open a shell on {tier}", Example: "only group/Ops can open a shell on shop.web"}},
	Why:         "One stolen server is then all of them: a command to every host is one call.",
	Fix:         "Take the actions out of the role's policies; people open shells, servers do not.",
	Severity:    answer.Critical,
	Lists:       permissions.ServerLists(),
	Permissions: true,
	Packets:     true,
	Judge: func(c *control.Case) {
		if only, ok := c.Slots.Principals("principals"); ok {
			tier, _ := c.Slots.Tier("tier")
			judgeShells(c, only, tier)
			return
		}
		servers := permissions.Servers(c.Estate)
		open := map[string][]access.Shell{} // by the account of the servers
		judgeServers(c, func(p *access.Principal) ([]power, []estate.Gap) {
			if !slices.ContainsFunc(shellActions, func(action string) bool { return !permissions.Targets(p, action).None() }) {
				return nil, nil
			}
			shells, read := open[p.Account]
			if !read {
				for _, s := range servers {
					if s.Noun != "function" && s.Ref().Account == p.Account {
						shells = append(shells, c.Access().Shells(s.Ref())...)
					}
				}
				open[p.Account] = shells
			}
			return opens(c, p, shells, permissions.ServerGaps(c.Estate, servers, p.Account))
		})
	},
}

// shellActions are those of which every way to a shell takes one.
var shellActions = []string{"ssm:StartSession", "ssm:SendCommand", "ec2-instance-connect:SendSSHPublicKey", "ec2-instance-connect:SendSerialConsoleSSHPublicKey",
	"ec2:ModifyInstanceAttribute", "ec2:CreateReplaceRootVolumeTask", "ecs:ExecuteCommand"}

// opens are the shells that a role opens, those of one statement together.
func opens(c *control.Case, p *access.Principal, shells []access.Shell, hidden []estate.Gap) (powers []power, doubts []estate.Gap) {
	on := map[string][]access.Shell{} // by cause
	var order []string
	causes := map[string]answer.Cause{}
	for _, s := range shells {
		if s.Principal != p {
			continue
		}
		switch permissions.Truth(s.Strength) {
		case estate.Unknown:
			doubts = append(doubts, shellGaps(s)...)
		case estate.True:
			cause := permissions.Permit(s.Answers[0], "role "+p.Name+" opens shells on servers")
			if on[cause.Key] == nil {
				order = append(order, cause.Key)
				causes[cause.Key] = cause
			}
			on[cause.Key] = append(on[cause.Key], s)
		}
	}
	for _, key := range order {
		all := on[key]
		var facts []answer.Fact
		for _, s := range all[:min(len(all), 3)] {
			for _, a := range s.Answers {
				facts = append(facts, permissions.AnswerFacts(a)...)
			}
		}
		powers = append(powers, power{
			text: fmt.Sprintf("may, as role %s, open a shell on %s", p.Name, listed(all)), facts: facts, cause: causes[key],
			meant: func(server estate.Subject) (estate.Truth, []estate.Gap) { // on itself it is at home
				return estate.Is(!slices.ContainsFunc(all, func(s access.Shell) bool { return s.Server.Key() != server.Ref().Key() })), nil
			},
		})
	}
	return powers, append(doubts, hidden...)
}

// listed names servers and the ways to them: "i-0abc (shop), by run command, and 11 more".
func listed(all []access.Shell) string {
	var servers []string
	for _, s := range all {
		if !slices.Contains(servers, s.Server.Key()) {
			servers = append(servers, s.Server.Key())
		}
	}
	text := fmt.Sprintf("%s, by %s", control.Called(all[0].Server), strings.ReplaceAll(all[0].Way, "-", " "))
	if len(servers) > 1 {
		text += fmt.Sprintf(", and %d more", len(servers)-1)
	}
	return text
}

func shellGaps(s access.Shell) []estate.Gap {
	var gaps []estate.Gap
	for _, a := range s.Answers {
		gaps = append(gaps, permissions.AnswerGaps(a)...)
	}
	for _, text := range s.Unread {
		gaps = append(gaps, estate.Gap{Place: estate.Place{Account: s.Server.Account, Region: s.Server.Region}, Why: text})
	}
	return gaps
}

// judgeShells answers "only ... can open a shell on ...", server by server.
func judgeShells(c *control.Case, only []claims.Principal, tier claims.Tier) {
	w := c.Access()
	for _, s := range permissions.Servers(c.Estate) {
		in := c.Declared.Selects(tier, s)
		if in == estate.False || s.Noun == "function" || !c.Concerns(s) {
			continue
		}
		if in == estate.Unknown {
			gap, _ := s.Tags().Unread()
			c.Unknown(s, "whether it belongs to "+tier.String()+" was not read", gap)
			continue
		}
		var doubts []estate.Gap
		broken := map[string]bool{}
		for _, shell := range shellsOn(c, w, s.Ref()) {
			if shell.Principal == nil {
				doubts = append(doubts, estate.Gap{Place: estate.Place{Account: s.Ref().Account, Region: s.Ref().Region}, Why: strings.Join(append([]string{shell.Note}, shell.Unread...), "; ")})
				continue
			}
			if shell.Principal.Kind == "root" {
				continue
			}
			named, gaps := permissions.Named(w, only, shell.Principal)
			switch truth := permissions.Truth(shell.Strength); {
			case named == estate.True:
			case truth == estate.True && named == estate.False:
				text := fmt.Sprintf("%s can open a shell on %s %s by %s, and is not among those who may", permissions.Call(w, shell.Principal), s.Noun, control.Called(s.Ref()), strings.ReplaceAll(shell.Way, "-", " "))
				cause := permissions.Permit(shell.Answers[0], permissions.Call(w, shell.Principal)+" opens shells on servers")
				if broken[cause.Key] {
					continue
				}
				broken[cause.Key] = true
				var facts []answer.Fact
				for _, a := range shell.Answers {
					facts = append(facts, permissions.AnswerFacts(a)...)
				}
				c.Breaks(s, control.Counter{Text: text, Facts: facts, Cause: cause})
			default:
				if truth == estate.Unknown {
					gaps = append(gaps, shellGaps(shell)...)
				}
				doubts = append(doubts, gaps...)
			}
		}
		place := estate.Place{Account: s.Ref().Account, Region: estate.Global}
		if reading := c.Estate.Reading(place, "iam:GetAccountAuthorizationDetails", ""); !reading.Outcome.Complete() {
			doubts = append(doubts, reading.Gap())
		}
		switch {
		case len(broken) > 0:
		case len(doubts) > 0:
			c.Unknown(s, "who can open a shell on it was not read in full", doubts...)
		default:
			c.Holds(s)
		}
	}
}

// shellsOn are the ways to a shell on a server. Of hosts that nobody opens by their SSH port packets need not be asked.
func shellsOn(c *control.Case, w *access.World, server estate.Ref) []access.Shell {
	all := w.Shells(server)
	if !slices.ContainsFunc(all, func(s access.Shell) bool { return s.Way == "key-pair" || s.Way == "instance-connect" }) {
		return all
	}
	return exposure.Shells(w, c.Packets(), server)
}
