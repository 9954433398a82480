package lockdown

import (
	"fmt"
	"slices"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/packets"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// nearlyEveryPort is how many ports of TCP or of UDP are as good as every one: 95 % of 65,536. So 1-65535 and 1024-65535 count, and so does
// everything but a hole for 22; a range for replies (32768-65535) does not.
const nearlyEveryPort = 65536 * 95 / 100

// NoAllPortsFromInternet is net-no-all-ports-from-internet. Ports and sources are sets: all traffic, all of TCP or of UDP, nearly all
// of them, two halves in two rules, or halves of the Internet in two rules are the same.
//
// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
var NoAllPortsFromInternet = &control.Control{
	ID:       "net-no-all-ports-from-internet",
	Practice: "network-lockdown",
	Title:    "No rule opens every port to the Internet, whole or in halves or near-whole ranges",
	Sentence: "no rule admits the internet on every port",
	Asked:    "no rule admits the internet on every port",
	Why:      "Whatever a host listens on, today or after the next installation, is offered to everybody.",
	Fix:      "Replace the rule by one for each port that is meant to be public.",
	Severity: answer.High,
	Lists:    listsGroups,
	Reads:    readsRules,
	Judge: func(c *control.Case) {
		worn := wearersOf(c.Estate)
		for _, g := range c.Estate.SecurityGroups {
			judgeEveryPort(c, g, worn)
		}
	},
}

func judgeEveryPort(c *control.Case, g *estate.SecurityGroup, worn wearers) {
	broken := false
	var gaps []estate.Gap
	for _, protocol := range []netset.Protocol{netset.TCP, netset.UDP} {
		admitted, possible := 0, 0
		alone := map[*estate.SecurityGroupRule]int{}
		var rules []*estate.SecurityGroupRule
		var doubts []estate.Gap
		for _, a := range admissions(g, protocol, netset.AllPorts()) {
			n := int(a.ports.Last) - int(a.ports.First) + 1
			switch a.internet {
			case estate.True:
				admitted += n
				possible += n
				for _, r := range a.alone {
					alone[r] += n
				}
				for _, r := range slices.Concat(a.alone, a.together) {
					if !slices.Contains(rules, r) {
						rules = append(rules, r)
					}
				}
			case estate.Unknown:
				possible += n
				doubts = append(doubts, a.gaps...)
			}
		}
		if admitted < nearlyEveryPort {
			if possible >= nearlyEveryPort {
				gaps = append(gaps, doubts...)
			}
			continue
		}
		broken = true
		what := fmt.Sprintf("%d of 65536 %s ports", admitted, protocol)
		if admitted == 65536 {
			what = "every " + protocol.String() + " port"
		}
		single := false
		for _, r := range g.Rules {
			if alone[r] >= nearlyEveryPort {
				single = true
				if r.Protocol == "-1" {
					what = "every port"
				}
				c.Breaks(g, counter(g, worn, what, []*estate.SecurityGroupRule{r}, packets.RuleCause(g, r)))
			}
		}
		if !single {
			title := fmt.Sprintf("the rules of %s together admit the internet on %s", packets.GroupName(g), what)
			c.Breaks(g, counter(g, worn, what, rules, packets.GroupCause(g, rules, title)))
		}
	}
	switch {
	case broken:
	case len(gaps) > 0:
		c.Unknown(g, "whether its rules admit the internet could not be read", distinct(gaps)...)
	default:
		c.Holds(g)
	}
}
