package lockdown

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/packets"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/reach"
)

// AdminSourcesDeclared is net-admin-sources-declared: administration ports are reachable only from where somebody said. It
// answers the claim "port 8080 is reachable only from office" for any port.
//
//   - Everybody counts who can start a session: addresses outside, hosts of the estate in the same subnet, behind a
//     peering or a transit gateway. Each must be among the sources: by an address, an account, a system or a tier.
//   - A load balancer passes on what others send. Whoever reaches a host through it counts, and itself it does not.
//   - Its practice asks it of the ports of NoAdminPortReachable, on what a claim of this form is about: the sources of all such
//     claims are added up. Without one nothing is declared.
//   - Which ports are reachable is as in NoAdminPortReachable, but for the Internet: here one address is enough.
var AdminSourcesDeclared = &control.Control{
	ID:       "net-admin-sources-declared",
	Practice: "network-lockdown",
	Title:    "Administration ports are reachable only from declared sources",
	Sentence: "administration ports are reachable only from declared sources",
	Asked:    "administration ports are reachable only from declared sources",
	Declares: []claims.Form{{Text: "port {ports} is reachable only from {sources}", Example: "port 8080 is reachable only from 203.0.113.0/24"}},
	Why:      "Whoever is inside already, through one weak host or a forgotten VPN, finds the next login in no time.",
	Fix:      "Let the rule admit only the declared sources; or declare the source, if it is meant to get in.",
	Severity: answer.High,
	Lists:    packets.Lists(),
	Packets:  true,
	Judge: func(c *control.Case) {
		x := packets.Of(c.Estate)
		said := x.Subjects()
		ports, claimed := c.Slots.Ports("ports")
		if claimed {
			sources, _ := c.Slots.Sources("sources")
			for _, s := range x.Answering() {
				if c.Concerns(s) {
					judgeSources(c, x, said, s, ports, sources)
				}
			}
			said.Say(c)
			return
		}
		var declared []claims.Claim
		for _, claim := range c.Declarations() {
			ports, _ := claim.Slots.Ports("ports")
			if !packets.Asked(ports, netset.TCP).Intersect(packets.Asked(administrationPorts(), netset.TCP)).Empty() {
				declared = append(declared, claim)
			}
		}
		if len(declared) == 0 {
			c.NotDeclared()
			return
		}
		for _, s := range x.Answering() {
			if !c.Concerns(s) {
				continue
			}
			for _, port := range administrationPorts() {
				var sources []claims.Source
				is := estate.False
				for _, claim := range declared {
					its, _ := claim.Slots.Ports("ports")
					if packets.Asked(its, netset.TCP).Intersect(packets.Asked([]claims.PortRange{port}, netset.TCP)).Empty() {
						continue
					}
					truth := c.Declared.Selects(claim.Scope, s)
					is = estate.Or(is, truth)
					if truth == estate.True {
						more, _ := claim.Slots.Sources("sources")
						sources = append(sources, more...)
					}
				}
				switch is {
				case estate.True:
					judgeSources(c, x, said, s, []claims.PortRange{port}, sources)
				case estate.Unknown:
					gap, _ := s.Tags().Unread()
					said.Doubts(s, "whether a claim is about it could not be read", gap)
				}
			}
		}
		said.Say(c)
	},
}

// administrationPorts are those that NoAdminPortReachable asks of.
func administrationPorts() []claims.PortRange {
	return []claims.PortRange{{First: 22, Last: 22}, {First: 23, Last: 23}, {First: 3389, Last: 3389}, {First: 5900, Last: 5903}, {First: 5985, Last: 5986}}
}

// judgeSources judges who reaches a subject on some ports.
func judgeSources(c *control.Case, x *packets.Index, said *packets.Subjects, s estate.Subject, ports []claims.PortRange, sources []claims.Source) {
	said.Judged(s)
	for _, protocol := range []netset.Protocol{netset.TCP, netset.UDP} {
		asked := packets.Asked(ports, protocol)
		if asked.Empty() {
			continue
		}
		for _, f := range c.Packets().To(x.End(s), reach.Filter{Protocol: protocol, Ports: asked, Terse: true}) {
			on := f.Ports.Intersect(asked)
			passes := packets.Passes(f)
			if passes == estate.False || on.Empty() || packets.Relays(f.From) {
				continue
			}
			if packets.Outside(f.From) {
				sure, perhaps := packets.Outsiders(f)
				sure = x.Undeclared(c.Declared, sources, f.From, sure).Addresses
				perhaps = x.Undeclared(c.Declared, sources, f.From, perhaps).Addresses
				switch {
				case !sure.Empty():
					f.Addresses, passes = sure, estate.True
				case !perhaps.Empty():
					f.Addresses, passes = perhaps, estate.Unknown
				default:
					continue
				}
			}
			u := x.Undeclared(c.Declared, sources, f.From, f.Addresses)
			switch estate.And(passes, u.Is) {
			case estate.True:
				text := fmt.Sprintf("%s reaches %s on %s%s", packets.Party(f.From, f.Answer), packets.Party(f.To, f.Answer),
					packets.Ports(protocol, on), packets.Through(f.Answer))
				for _, found := range causesOfFlow(x, f, on) {
					said.BreaksBy(c.Packets(), f, s, control.Counter{Text: text, Facts: found.Facts, Cause: found.Cause})
				}
			case estate.Unknown:
				what := fmt.Sprintf("whether %s reaches it on %s", packets.Party(f.From, f.Answer), packets.Ports(protocol, on))
				if passes == estate.True {
					what = fmt.Sprintf("whether %s is among the sources", packets.Party(f.From, f.Answer))
				}
				said.Doubts(s, packets.Doubt(f, what), append(u.Gaps, f.Gaps...)...)
			}
		}
	}
}

// causesOfFlow are the rules that let a flow in, each by itself; where no group filters, what answers.
func causesOfFlow(x *packets.Index, f reach.Flow, ports netset.Ports) []packets.Blame {
	if packets.Outside(f.From) && f.Addresses.CoversInternet() {
		return causesFromInternet(x, f, ports)
	}
	at := f
	if packets.Outside(f.From) {
		at.To = gate(f)
		if len(f.Through) > 0 {
			ports = netset.AllPorts()
		}
	}
	at.Ports = ports
	return x.AdmittingCauses(at)
}
