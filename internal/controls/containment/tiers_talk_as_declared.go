package containment

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
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/reach"
)

// TiersTalkAsDeclared is contain-tiers-talk-as-declared: who can start a connection to a declared tier is who was declared.
//
//   - "shop.web talks to shop.app on 8443" holds of each member of shop.web that can start a session to each of shop.app on each of
//     these ports. A port without protocol means TCP.
//   - "nothing else talks to shop.db" is broken by whoever can start a session to a member of shop.db, on whatever port, and is
//     of no tier that a claim "... talks to shop.db" of the file names: addresses outside, hosts, other members of shop.db. A load
//     balancer passes on what others send, so those others count; they are declared where the load balancer is of a declared tier.
//   - Its practice asks "nothing else" of each tier that either claim names.
//   - Members are hosts that are not stopped, load balancers, databases, caches and tasks with interfaces of their own.
var TiersTalkAsDeclared = &control.Control{
	ID:       "contain-tiers-talk-as-declared",
	Practice: "containment",
	Title:    "Only the declared connections between tiers are possible",
	Sentence: "only declared tiers talk to each other",
	Asked:    "only declared tiers talk to each other",
	Declares: []claims.Form{
		{Text: "{tier} talks to {tier2} on {ports}", Example: "shop.web talks to shop.app on 8443"},
		{Text: "nothing else talks to {tier}", Example: "nothing else talks to shop.db"},
	},
	Why:      "From one host that fell an intruder goes wherever packets go; the data is a few steps away.",
	Fix:      "Let the tier's security group admit only the groups of the tiers that are declared to talk to it.",
	Severity: answer.High,
	Lists:    packets.Lists(),
	Reads:    []operation.ID{"resourcegroupstaggingapi:GetResources"},
	Packets:  true,
	Judge: func(c *control.Case) {
		x := packets.Of(c.Estate)
		said := x.Subjects()
		to, claimed := c.Slots.Tier("tier2")
		tier, one := c.Slots.Tier("tier")
		switch {
		case claimed:
			ports, _ := c.Slots.Ports("ports")
			judgeTalks(c, x, said, tier, to, ports)
		case one:
			judgeNothingElse(c, x, said, tier)
		default:
			var tiers []claims.Tier
			for _, claim := range c.Declarations() {
				tier, ok := claim.Slots.Tier("tier2")
				if !ok {
					tier, _ = claim.Slots.Tier("tier")
				}
				if !slices.Contains(tiers, tier) {
					tiers = append(tiers, tier)
				}
			}
			if len(tiers) == 0 {
				c.NotDeclared()
				return
			}
			for _, tier := range tiers {
				judgeNothingElse(c, x, said, tier)
			}
		}
		said.Say(c)
	},
}

// judgeTalks judges each member of a tier by whether it can start sessions to each of another.
func judgeTalks(c *control.Case, x *packets.Index, said *packets.Subjects, from, to claims.Tier, ports []claims.PortRange) {
	for i := range ports {
		if ports[i].Protocol == "" {
			ports = slices.Clone(ports)
			ports[i].Protocol = netset.TCP.String()
		}
	}
	for _, talker := range x.Members(c.Declared, from) {
		said.Judged(talker.Subject)
		if talker.Is == estate.Unknown {
			said.Doubts(talker.Subject, "whether it belongs to "+from.String()+" could not be read", talker.Gaps...)
			continue
		}
		for _, listener := range x.Members(c.Declared, to) {
			if listener.Ref().Key() == talker.Ref().Key() {
				continue
			}
			if listener.Is == estate.Unknown {
				said.Doubts(talker.Subject, fmt.Sprintf("whether %s belongs to %s could not be read", listener.Ref().ID, to), listener.Gaps...)
				continue
			}
			if gaps := append(x.Unseen(talker.Subject), x.Unseen(listener.Subject)...); len(gaps) > 0 {
				said.Doubts(talker.Subject, "network interfaces could not be read", gaps...)
				continue
			}
			for _, protocol := range []netset.Protocol{netset.TCP, netset.UDP} {
				if asked := packets.Asked(ports, protocol); !asked.Empty() {
					judgeTalk(c, x, said, talker.Subject, listener.Subject, protocol, asked)
				}
			}
		}
	}
}

func judgeTalk(c *control.Case, x *packets.Index, said *packets.Subjects, from, to estate.Subject, protocol netset.Protocol, asked netset.Ports) {
	ends := [2]reach.End{x.End(from), x.End(to)}
	var possible, perhaps netset.Ports
	var doubts []reach.Flow
	for _, f := range c.Packets().Between(ends[0], ends[1], reach.Filter{Protocol: protocol, Ports: asked}) {
		switch packets.Passes(f) {
		case estate.True:
			possible = possible.Union(f.Ports)
		case estate.Unknown:
			perhaps = perhaps.Union(f.Ports)
			doubts = append(doubts, f)
		}
	}
	missing := asked.Minus(possible)
	if missing.Empty() {
		return
	}
	what := fmt.Sprintf("%s on %s", packets.Party(reach.Party{Ref: to.Ref()}, reach.Answer{}), packets.Ports(protocol, missing))
	sure := missing.Minus(perhaps)
	if sure.Empty() {
		for _, f := range doubts {
			said.Doubts(from, packets.Doubt(f, "whether it can start a connection to "+what), f.Gaps...)
		}
		return
	}
	a := c.Packets().Ask(reach.Question{From: ends[0], To: ends[1], Protocol: protocol, Port: sure.Ranges()[0].First})
	said.Breaks(from, control.Counter{
		Text:  fmt.Sprintf("%s cannot start a connection to %s", packets.Party(reach.Party{Ref: from.Ref()}, reach.Answer{}), what),
		Facts: stopFacts(a),
		Cause: stopCause(a, from.Ref(), to.Ref(), protocol, sure),
		Path:  control.PathOf(a),
	})
}

// stopFacts are what stops a packet, or its reply.
func stopFacts(a reach.Answer) []answer.Fact {
	var facts []answer.Fact
	if a.Reason != "" {
		facts = append(facts, answer.Fact{Text: a.Reason})
	}
	for _, h := range stops(a) {
		if text := strings.TrimSpace(h.Text); text != "" && text != a.Reason {
			facts = append(facts, answer.Fact{Text: text})
		}
	}
	return facts
}

// stops are the hops that stop a packet, or, where none does, its reply.
func stops(a reach.Answer) []reach.Hop {
	if list := a.Stops(); len(list) > 0 {
		return list
	}
	return reach.Answer{Path: a.Return}.Stops()
}

// stopCause is the first thing that stops a packet which should pass.
func stopCause(a reach.Answer, from, to estate.Ref, protocol netset.Protocol, ports netset.Ports) answer.Cause {
	at := to
	if list := stops(a); len(list) > 0 {
		at = list[0].At
	}
	cause := answer.Cause{
		Key: control.CauseKey(at, "stops-declared"), Subject: at,
		Title: fmt.Sprintf("%s stops %s to %s on %s", packets.Party(reach.Party{Ref: at}, reach.Answer{}), from.ID, to.ID, packets.Ports(protocol, ports)),
		Fix:   answer.Fix{Text: "Let it pass; or change the claim, if the two need not talk."},
	}
	if at.Kind == "security-group" {
		first := ports.Ranges()[0]
		cause.Fix.CLI = []string{fmt.Sprintf("aws ec2 authorize-security-group-ingress --region %s --group-id %s --protocol %s --port %d-%d --source-group GROUP_OF_%s",
			at.Region, at.ID, protocol, first.First, first.Last, strings.ToUpper(strings.ReplaceAll(from.Kind, "-", "_")))}
		cause.Fix.Terraform = "resource \"aws_vpc_security_group_ingress_rule\" \"this\" {\n  referenced_security_group_id = aws_security_group.talker.id\n}"
	}
	return cause
}

// judgeNothingElse judges each member of a tier by who can start sessions to it.
func judgeNothingElse(c *control.Case, x *packets.Index, said *packets.Subjects, tier claims.Tier) {
	var declared []claims.Source
	for _, claim := range c.Declarations() {
		to, ok := claim.Slots.Tier("tier2")
		if ok && (to == tier || to == claims.Tier{System: tier.System}) {
			from, _ := claim.Slots.Tier("tier")
			declared = append(declared, claims.Source{Name: from.String(), Tier: from})
		}
	}
	for _, m := range x.Members(c.Declared, tier) {
		said.Judged(m.Subject)
		if m.Is == estate.Unknown {
			said.Doubts(m.Subject, "whether it belongs to "+tier.String()+" could not be read", m.Gaps...)
			continue
		}
		for _, f := range c.Packets().To(x.End(m.Subject), reach.Filter{}) {
			judgeTalker(c, x, said, m.Subject, tier, f, declared)
		}
	}
}

func judgeTalker(c *control.Case, x *packets.Index, said *packets.Subjects, s estate.Subject, tier claims.Tier, f reach.Flow, declared []claims.Source) {
	passes := packets.Passes(f)
	if passes == estate.False || f.Protocol != netset.TCP && f.Protocol != netset.UDP || packets.Relays(f.From) {
		return
	}
	u := x.Undeclared(c.Declared, declared, f.From, f.Addresses)
	if n := len(f.Through); n > 0 {
		by := x.Undeclared(c.Declared, declared, reach.Party{Ref: f.Through[n-1]}, netset.Addresses{})
		u.Is, u.Gaps = estate.And(u.Is, by.Is), append(u.Gaps, by.Gaps...)
	}
	who := packets.Party(f.From, f.Answer)
	switch on := packets.Ports(f.Protocol, f.Ports); estate.And(passes, u.Is) {
	case estate.True:
		counter := control.Counter{
			Text: fmt.Sprintf("%s can start a connection to %s on %s%s, and is not declared to", who, packets.Party(f.To, f.Answer), on, packets.Through(f.Answer)),
			Path: control.PathOf(f.Answer),
		}
		for _, found := range x.AdmittingCauses(lastLeg(f)) {
			counter := counter
			counter.Cause, counter.Facts = found.Cause, append(found.Facts, counter.Facts...)
			said.Breaks(s, counter)
		}
	case estate.Unknown:
		what := "whether " + who + " can start a connection to it on " + on
		if passes == estate.True {
			what = "whether " + who + " is of a tier that is declared to talk to " + tier.String()
		}
		said.Doubts(s, packets.Doubt(f, what), append(u.Gaps, f.Gaps...)...)
	}
}

// lastLeg is the part of a flow that its end's security groups see: from the last front door where there is one.
func lastLeg(f reach.Flow) reach.Flow {
	if n := len(f.Through); n > 0 && !packets.Outside(f.To) {
		f.From = reach.Party{Ref: f.Through[n-1]}
	}
	return f
}
