package lockdown

import (
	"fmt"
	"slices"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/packets"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/reach"
)

// EgressDeclared is net-egress-declared: a tier starts connections only to declared destinations on declared ports.
//
//   - A claim "shop.web connects only to shop.app, 203.0.113.0/24 on 443" is about each member of the tier by itself: hosts that
//     are not stopped, databases, tasks. Destinations are addresses, groups, accounts, systems and tiers.
//   - Several claims about one tier add up where the practice asks: its destinations on its ports, or another's on its.
//   - A port without protocol means TCP and UDP. Of TCP a session must be possible, of UDP a packet must arrive.
//   - Name resolution and the other services of the VPC itself, which no security group filters, are not connections.
var EgressDeclared = &control.Control{
	ID:       "net-egress-declared",
	Practice: "network-lockdown",
	Title:    "Tiers start connections only to declared destinations and ports",
	Sentence: "tiers connect only to declared destinations",
	Asked:    "tiers connect only to declared destinations",
	Declares: []claims.Form{{Text: packets.EgressForm, Example: "shop.web connects only to 10.0.0.0/8, 203.0.113.0/24 on 443"}},
	Why:      "An intruder fetches tools from, and sends data to, wherever the host may connect; miners talk to their pool.",
	Fix:      "Replace the outgoing rule that admits everything by one for each destination that is needed.",
	Severity: answer.Medium,
	Lists:    packets.Lists(),
	Reads:    []operation.ID{"resourcegroupstaggingapi:GetResources"},
	Packets:  true,
	Judge: func(c *control.Case) {
		x := packets.Of(c.Estate)
		var all []egress
		if tier, claimed := c.Slots.Tier("tier"); claimed {
			all = []egress{egressOf(tier, c.Slots)}
		} else {
			for _, claim := range c.Declarations() {
				tier, _ := claim.Slots.Tier("tier")
				all = append(all, egressOf(tier, claim.Slots))
			}
		}
		if len(all) == 0 {
			c.NotDeclared()
			return
		}
		said := x.Subjects()
		for _, s := range x.Answering() {
			if !c.Concerns(s) || packets.Relays(reach.Party{Ref: s.Ref()}) {
				continue
			}
			var of []egress
			is := estate.False
			for _, e := range all {
				truth := c.Declared.Selects(e.tier, s)
				is = estate.Or(is, truth)
				if truth == estate.True {
					of = append(of, e)
				}
			}
			switch {
			case is == estate.True:
				judgeEgress(c, x, said, s, of)
			case is == estate.Unknown:
				gap, _ := s.Tags().Unread()
				said.Doubts(s, "whether it belongs to a declared tier could not be read", gap)
			}
		}
		said.Say(c)
	},
}

// egress is one declaration.
type egress struct {
	tier    claims.Tier
	sources []claims.Source
	ports   []claims.PortRange
}

func egressOf(tier claims.Tier, slots claims.Slots) egress {
	e := egress{tier: tier}
	e.sources, _ = slots.Sources("sources")
	e.ports, _ = slots.Ports("ports")
	return e
}

func judgeEgress(c *control.Case, x *packets.Index, said *packets.Subjects, s estate.Subject, declared []egress) {
	said.Judged(s)
	calls, _ := packets.Calls(c.Packets(), x.End(s))
	for f := range calls {
		passes := packets.Passes(f)
		if passes == estate.False || f.Protocol != netset.TCP && f.Protocol != netset.UDP {
			continue
		}
		for _, rest := range beyond(c, x, f, declared) {
			f := f
			f.Ports = rest.ports
			if packets.Outside(f.To) {
				f.Addresses = rest.Addresses
			}
			to, on := packets.Party(f.To, f.Answer), packets.Ports(f.Protocol, f.Ports)
			switch estate.And(passes, rest.Is) {
			case estate.True:
				said.LetsOut(c.Packets(), f, s, fmt.Sprintf("%s can start a connection to %s on %s", packets.Party(f.From, f.Answer), to, on))
			case estate.Unknown:
				said.Doubts(s, packets.Doubt(f, "whether it can start a connection to "+to+" on "+on), slices.Concat(rest.Gaps, f.Gaps)...)
			}
		}
	}
}

// remainder is what of a flow no declaration permits: on some ports, to some addresses.
type remainder struct {
	ports netset.Ports
	packets.Undeclared
}

// beyond takes off a flow what declarations permit. A declaration permits its destinations on its ports, so what is left may
// differ from port to port.
func beyond(c *control.Case, x *packets.Index, f reach.Flow, declared []egress) []remainder {
	left := []remainder{{f.Ports, packets.Undeclared{Is: estate.True, Addresses: f.Addresses}}}
	for _, d := range declared {
		var next []remainder
		ports := packets.Asked(d.ports, f.Protocol)
		for _, r := range left {
			if off := r.ports.Minus(ports); !off.Empty() {
				next = append(next, remainder{off, r.Undeclared})
			}
			on := r.ports.Intersect(ports)
			if on.Empty() {
				continue
			}
			u := x.Undeclared(c.Declared, d.sources, f.To, r.Addresses)
			u.Is = estate.And(u.Is, r.Is)
			u.Gaps = slices.Concat(r.Gaps, u.Gaps)
			if u.Is != estate.False {
				next = append(next, remainder{on, u})
			}
		}
		left = next
	}
	return left
}
