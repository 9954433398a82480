package containment

import (
	"cmp"
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
//   - "shop.web talks to shop.app on 8443" holds of each member of shop.web that can start a session to some member of shop.app on
//     each of these ports, and of each of shop.app to which some member of shop.web can: a system that runs in two Regions need
//     not talk across. A load balancer sends to its targets alone, so it need not talk where its tier has others. A port
//     without protocol means TCP.
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

// judgeTalks judges each member of a tier by whether it can start sessions to some member of another, and each of those by whether
// some member can start them to it.
func judgeTalks(c *control.Case, x *packets.Index, said *packets.Subjects, from, to claims.Tier, ports []claims.PortRange) {
	for i := range ports {
		if ports[i].Protocol == "" {
			ports = slices.Clone(ports)
			ports[i].Protocol = netset.TCP.String()
		}
	}
	talkers, listeners := x.Members(c.Declared, from), x.Members(c.Declared, to)
	relays := func(m packets.Member) bool { return packets.Relays(reach.Party{Ref: m.Ref()}) }
	if slices.ContainsFunc(talkers, func(m packets.Member) bool { return !relays(m) }) {
		talkers = slices.DeleteFunc(talkers, relays)
	}
	for _, protocol := range []netset.Protocol{netset.TCP, netset.UDP} {
		asked := packets.Asked(ports, protocol)
		if asked.Empty() {
			continue
		}
		t := talks{c: c, x: x, said: said, protocol: protocol, asked: asked, known: map[[2]string]talk{}}
		somebody := false // can talk
		for _, m := range talkers {
			somebody = t.judge(m, from, listeners, to, true) || somebody
		}
		if !somebody {
			continue // it is said of the talkers
		}
		for _, m := range listeners {
			t.judge(m, to, talkers, from, false)
		}
	}
}

// talks are who of two tiers can start sessions to whom, asked once for each pair.
type talks struct {
	c        *control.Case
	x        *packets.Index
	said     *packets.Subjects
	protocol netset.Protocol
	asked    netset.Ports
	known    map[[2]string]talk
}

// talk is what one can start to another: on which ports surely, on which perhaps, and why only perhaps.
type talk struct {
	possible, perhaps netset.Ports
	doubts            []reach.Flow
}

func (t talks) between(from, to estate.Subject) talk {
	key := [2]string{from.Ref().Key(), to.Ref().Key()}
	if known, ok := t.known[key]; ok {
		return known
	}
	var found talk
	for _, f := range t.c.Packets().Between(t.x.End(from), t.x.End(to), reach.Filter{Protocol: t.protocol, Ports: t.asked}) {
		switch packets.Passes(f) {
		case estate.True:
			found.possible = found.possible.Union(f.Ports)
		case estate.Unknown:
			found.perhaps = found.perhaps.Union(f.Ports)
			found.doubts = append(found.doubts, f)
		}
	}
	t.known[key] = found
	return found
}

// judge says of one member of a tier what keeps it from all of the peers, members of another tier, the nearest first. It
// reports whether nothing does.
func (t talks) judge(m packets.Member, of claims.Tier, peers []packets.Member, other claims.Tier, starts bool) bool {
	t.said.Judged(m.Subject)
	if m.Is == estate.Unknown {
		t.said.Doubts(m.Subject, "whether it belongs to "+of.String()+" could not be read", m.Gaps...)
		return false
	}
	if gaps := t.x.Unseen(m.Subject); len(gaps) > 0 {
		t.said.Doubts(m.Subject, "its network interfaces could not be read", gaps...)
		return false
	}
	peers = slices.DeleteFunc(slices.Clone(peers), func(p packets.Member) bool { return p.Ref().Key() == m.Ref().Key() })
	slices.SortStableFunc(peers, func(a, b packets.Member) int {
		return cmp.Compare(t.x.Apart(m.Subject, a.Subject), t.x.Apart(m.Subject, b.Subject))
	})
	missing, sure := t.asked, t.asked
	var nearest estate.Subject // that it surely cannot talk to
	var doubts []func()
	doubt := func(what string, gaps ...estate.Gap) {
		doubts = append(doubts, func() { t.said.Doubts(m.Subject, what, gaps...) })
		sure = netset.Ports{}
	}
	for _, p := range peers {
		if p.Is == estate.Unknown {
			doubt(fmt.Sprintf("whether %s belongs to %s could not be read", p.Ref().ID, other), p.Gaps...)
			continue
		}
		if gaps := t.x.Unseen(p.Subject); len(gaps) > 0 {
			doubt("the network interfaces of "+p.Ref().ID+" could not be read", gaps...)
			continue
		}
		from, to := m.Subject, p.Subject
		if !starts {
			from, to = to, from
		}
		found := t.between(from, to)
		missing, sure = missing.Minus(found.possible), sure.Minus(found.possible).Minus(found.perhaps)
		if missing.Empty() {
			return true
		}
		if nearest == nil && len(found.doubts) == 0 {
			nearest = p.Subject
		}
		for _, f := range found.doubts {
			what := fmt.Sprintf("whether %s can start a connection to %s on %s",
				packets.Party(reach.Party{Ref: from.Ref()}, reach.Answer{}), packets.Party(reach.Party{Ref: to.Ref()}, reach.Answer{}), packets.Ports(t.protocol, missing))
			doubts = append(doubts, func() { t.said.Doubts(m.Subject, packets.Doubt(f, what), f.Gaps...) })
		}
	}
	switch {
	case len(peers) == 0:
		return true // there is nobody to talk to
	case sure.Empty() || nearest == nil:
		for _, say := range doubts {
			say()
		}
		return false
	}
	t.breaks(m.Subject, nearest, of, other, len(peers), sure, starts)
	return false
}

func (t talks) breaks(s, nearest estate.Subject, of, other claims.Tier, peers int, ports netset.Ports, starts bool) {
	name := func(s estate.Subject) string { return packets.Party(reach.Party{Ref: s.Ref()}, reach.Answer{}) }
	anyOf := fmt.Sprintf("any of %d in %s", peers, other)
	from, to := s, nearest
	text := fmt.Sprintf("%s cannot start a connection to %s on %s", name(s), anyOf, packets.Ports(t.protocol, ports))
	if peers == 1 {
		text = fmt.Sprintf("%s cannot start a connection to %s on %s", name(s), name(nearest), packets.Ports(t.protocol, ports))
	}
	if !starts {
		from, to = nearest, s
		text = fmt.Sprintf("nothing in %s can start a connection to %s on %s", other, name(s), packets.Ports(t.protocol, ports))
	}
	a := t.c.Packets().Ask(reach.Question{From: t.x.End(from), To: t.x.End(to), Protocol: t.protocol, Port: ports.Ranges()[0].First})
	t.said.Breaks(s, control.Counter{
		Text: text, Facts: stopFacts(a), Path: control.PathOf(a),
		Cause: stopCause(a, from.Ref(), to.Ref(), t.protocol, ports),
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
		for _, f := range c.Packets().To(x.End(m.Subject), reach.Filter{Terse: true}) {
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
		}
		for _, found := range x.AdmittingCauses(lastLeg(f)) {
			counter := counter
			counter.Cause, counter.Facts = found.Cause, append(found.Facts, counter.Facts...)
			said.BreaksBy(c.Packets(), f, s, counter)
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
