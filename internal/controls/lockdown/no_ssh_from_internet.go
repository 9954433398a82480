package lockdown

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/packets"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// NoSSHFromInternet is net-no-ssh-from-internet, and answers the same sentence for any other ports. It is about rules, not
// packets: a group that nothing wears, or that is worn behind a NAT gateway, breaks it too.
//
//   - Incoming rules only. A port without protocol means TCP or UDP; a rule for all traffic, for all ports or for a range that
//     holds the port counts like one for the port alone.
//   - Sources are sets of addresses: the rules of a group that hold the port are added up, so halves in two rules are the
//     Internet, and what one provider publishes is not (netset.Addresses.CoversInternet says where the line is).
//   - A prefix list counts as its entries. One whose entries were not read is unknown, unless other rules decide.
//
// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
var NoSSHFromInternet = &control.Control{
	ID:       "net-no-ssh-from-internet",
	Practice: "network-lockdown",
	Title:    "No security group admits the whole Internet on 22 or 3389",
	Sentence: "no rule admits the internet on {ports}",
	Asked:    "no rule admits the internet on 22, 3389",
	Why:      "Passwords and old vulnerabilities of SSH and RDP are tried on every address of the Internet, within minutes and without end.",
	Fix:      "Remove the rule and log in through Systems Manager, a VPN or a bastion; or admit only the networks that need it.",
	Severity: answer.High,
	Lists:    listsGroups,
	Reads:    readsRules,
	Judge: func(c *control.Case) {
		worn := wearersOf(c.Estate)
		for _, g := range c.Estate.SecurityGroups {
			judgePorts(c, g, worn, c.Ports("ports"))
		}
	},
}

func judgePorts(c *control.Case, g *estate.SecurityGroup, worn wearers, asked []claims.PortRange) {
	var found []admission
	for _, protocol := range []netset.Protocol{netset.TCP, netset.UDP} {
		var ports []netset.PortRange
		for _, r := range asked {
			if r.Protocol == "" || r.Protocol == protocol.String() {
				ports = append(ports, netset.PortRange{First: r.First, Last: r.Last})
			}
		}
		found = append(found, admissions(g, protocol, netset.PortsOf(ports...))...)
	}

	var gaps []estate.Gap
	broken := false
	alone := map[*estate.SecurityGroupRule][]admission{}
	var together []admission
	for _, a := range found {
		switch {
		case a.internet == estate.Unknown:
			gaps = append(gaps, a.gaps...)
		case a.internet == estate.True && len(a.alone) > 0:
			broken = true
			for _, r := range a.alone {
				alone[r] = append(alone[r], a)
			}
		case a.internet == estate.True:
			broken = true
			together = append(together, a)
		}
	}
	for _, r := range g.Rules {
		if on := alone[r]; on != nil {
			c.Breaks(g, counter(g, worn, onPorts(on), []*estate.SecurityGroupRule{r}, packets.RuleCause(g, r)))
		}
	}
	if len(together) > 0 {
		var rules []*estate.SecurityGroupRule
		for _, a := range together {
			for _, r := range a.together {
				if !slices.Contains(rules, r) {
					rules = append(rules, r)
				}
			}
		}
		title := fmt.Sprintf("the rules of %s together admit the internet on %s", packets.GroupName(g), onPorts(together))
		c.Breaks(g, counter(g, worn, onPorts(together), rules, packets.GroupCause(g, rules, title)))
	}
	switch {
	case broken:
	case len(gaps) > 0:
		c.Unknown(g, "whether its rules admit the internet could not be read", distinct(gaps)...)
	default:
		c.Holds(g)
	}
}

// onPorts names the ports of stretches: "tcp 22", "tcp 22 and udp 3389".
func onPorts(list []admission) string {
	var words []string
	for _, protocol := range []netset.Protocol{netset.TCP, netset.UDP} {
		var ports []netset.PortRange
		for _, a := range list {
			if a.protocol == protocol {
				ports = append(ports, a.ports)
			}
		}
		if len(ports) > 0 {
			words = append(words, protocol.String()+" "+netset.PortsOf(ports...).String())
		}
	}
	return strings.Join(words, " and ")
}

func distinct(gaps []estate.Gap) []estate.Gap {
	var once []estate.Gap
	for _, g := range gaps {
		if !slices.Contains(once, g) {
			once = append(once, g)
		}
	}
	return once
}
