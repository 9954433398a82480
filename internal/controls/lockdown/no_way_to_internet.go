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
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/reach"
)

// VPCInternetBlocked is net-vpc-internet-blocked-where-declared: what is declared without Internet has no route there. The
// claim "vault has no way to the internet" is about the VPCs, the subnets and the hosts that its system or tier selects.
//
//   - A way is what active routes to internet gateways, egress-only and carrier gateways and public NAT gateways cover
//     together, if that is the Internet (netset.Addresses.CoversInternet): two halves are a default route.
//   - VPC block public access in both directions, without an exclusion for the VPC or one of its subnets, closes all of these.
//     Blocking only what comes in does not.
//   - Where only other routes cover the Internet (a transit gateway, a peering, an appliance), packets are followed: there is a way
//     if something in it gets out.
//   - A host is judged by the table of its subnet, a subnet by its own, a VPC by all of its tables.
//
// https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html
var VPCInternetBlocked = &control.Control{
	ID:       "net-vpc-internet-blocked-where-declared",
	Practice: "network-lockdown",
	Title:    "What is declared without Internet has no way to it",
	Sentence: "what is declared without internet has no way to it",
	Asked:    "what is declared without internet has no way to it",
	Declares: []claims.Form{{Text: "{tier} has no way to the internet", Example: "vault has no way to the internet"}},
	Why:      "One route makes a closed network an open one, and everything in it follows.",
	Fix:      "Delete the route to the gateway, or block public access in both directions.",
	Severity: answer.High,
	Lists:    []operation.ID{"ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeInstances"},
	Packets:  true,
	Judge: func(c *control.Case) {
		var tiers []claims.Tier
		if tier, claimed := c.Slots.Tier("tier"); claimed {
			tiers = []claims.Tier{tier}
		} else {
			for _, claim := range c.Declarations() {
				tier, _ := claim.Slots.Tier("tier")
				tiers = append(tiers, tier)
			}
		}
		if len(tiers) == 0 {
			c.NotDeclared()
			return
		}
		x := packets.Of(c.Estate)
		w := ways{c: c, x: x, said: x.Subjects()}
		w.judge(func(s estate.Subject) estate.Truth {
			closed := estate.False
			for _, tier := range tiers {
				closed = estate.Or(closed, c.Declared.Selects(tier, s))
			}
			return closed
		})
		w.said.Say(c)
	},
}

// ways judges ways to the Internet.
type ways struct {
	c    *control.Case
	x    *packets.Index
	said *packets.Subjects
}

func (w *ways) judge(closed func(estate.Subject) estate.Truth) {
	e := w.c.Estate
	for _, v := range e.VPCs {
		w.judgeOne(v, closed(v), v.Ref().ID, "", func(t *estate.RouteTable) bool { return t.VPC == v.Ref().ID })
	}
	tableOf := func(vpc, subnet string) func(*estate.RouteTable) bool {
		own := slices.ContainsFunc(e.RouteTables, func(t *estate.RouteTable) bool { return slices.Contains(t.Subnets, subnet) })
		return func(t *estate.RouteTable) bool {
			return slices.Contains(t.Subnets, subnet) || !own && t.Main && t.VPC == vpc
		}
	}
	for _, s := range e.Subnets {
		w.judgeOne(s, closed(s), s.VPC, s.Ref().ID, tableOf(s.VPC, s.Ref().ID))
	}
	for _, i := range e.Instances {
		w.judgeOne(i, closed(i), i.VPC, i.Subnet, tableOf(i.VPC, i.Subnet))
	}
}

// judgeOne judges a subject of a VPC, or of one subnet of it, by its route tables.
func (w *ways) judgeOne(s estate.Subject, closed estate.Truth, vpc, subnet string, its func(*estate.RouteTable) bool) {
	switch closed {
	case estate.False:
		return
	case estate.Unknown:
		gap, _ := s.Tags().Unread()
		w.said.Doubts(s, "whether it is declared without internet could not be read", gap)
		return
	}
	w.said.Concerned(s)
	e, place := w.c.Estate, estate.Place{Account: s.Ref().Account, Region: s.Ref().Region}
	blocked, blockGaps := w.blocked(place, vpc, subnet)
	if blocked == estate.True {
		return
	}
	found := false
	for _, t := range e.RouteTables {
		if !its(t) {
			continue
		}
		found = true
		w.judgeTable(s, t, blocked, blockGaps)
	}
	if !found || subnet == "" {
		if r := e.Reading(place, "ec2:DescribeRouteTables", ""); !r.Outcome.Complete() {
			w.said.Doubts(s, "its routes could not be read", r.Gap())
		}
	}
}

func (w *ways) judgeTable(s estate.Subject, t *estate.RouteTable, blocked estate.Truth, gaps []estate.Gap) {
	var out, may netset.Addresses
	var routes []estate.Route
	for _, r := range t.Routes {
		if !r.Active || r.Target == "local" {
			continue
		}
		to := w.x.Destinations(t.Place(), r)
		addresses, known := to.Value()
		gap, unread := to.Unread()
		is, more := w.leadsOut(t.Place(), r.Target)
		switch {
		case unread && is != estate.False:
			may, gaps = may.Union(packets.Everybody), append(gaps, gap)
		case known && is == estate.True:
			out = out.Union(addresses)
			routes = append(routes, r)
		case known && is == estate.Unknown:
			may, gaps = may.Union(addresses), append(gaps, more...)
		}
	}
	switch {
	case out.CoversInternet() && blocked == estate.False:
		for _, r := range routes {
			cause := packets.RouteCause(t, r, "Delete the route; or block public access of the VPC in both directions, and gateways stay for what is excluded.", "")
			w.said.Breaks(s, control.Counter{
				Text:  fmt.Sprintf("%s has a way to the internet: %s routes %s to %s", packets.Party(reach.Party{Ref: s.Ref()}, reach.Answer{}), t.Ref().ID, packets.Destination(r), r.Target),
				Facts: []answer.Fact{packets.RouteFact(t, r)},
				Cause: cause,
			})
		}
	case out.Union(may).CoversInternet():
		if out.CoversInternet() || len(gaps) > 0 {
			w.said.Doubts(s, "whether its routes lead to the internet could not be read", gaps...)
			return
		}
		w.follow(s, t)
	}
}

// leadsOut says whether a target is a gateway to the Internet; of what leads to other networks it is for packets to say.
func (w *ways) leadsOut(p estate.Place, target string) (estate.Truth, []estate.Gap) {
	switch prefix, _, _ := strings.Cut(target, "-"); prefix {
	case "igw", "eigw", "cagw":
		return estate.True, nil
	case "nat":
		for _, g := range w.c.Estate.NATGateways {
			if g.Ref().ID == target {
				return estate.Is(g.Public), nil
			}
		}
		if r := w.c.Estate.Reading(p, "ec2:DescribeNatGateways", ""); !r.Outcome.Complete() {
			return estate.Unknown, []estate.Gap{r.Gap()}
		}
		return estate.False, nil
	}
	return estate.Unknown, nil
}

// follow asks whether any packet of a subject gets to the Internet.
func (w *ways) follow(s estate.Subject, t *estate.RouteTable) {
	for _, f := range w.c.Packets().Between(w.x.End(s), reach.End{Internet: true}, reach.Filter{}) {
		if !packets.Outside(f.To) || !f.Addresses.CoversInternet() {
			continue
		}
		switch f.Arrives {
		case estate.True:
			w.said.Breaks(s, control.Counter{
				Text: fmt.Sprintf("%s has a way to the internet on %s", packets.Party(f.From, f.Answer), packets.Ports(f.Protocol, f.Ports)),
				Path: control.PathOf(f.Answer),
				Cause: answer.Cause{Key: "route-table/" + t.Ref().ID + "/internet", Subject: t.Ref(), Title: "route table " + t.Ref().ID + " leads to the internet through another network",
					Fix: answer.Fix{Text: "Delete the default route, or narrow it to the networks that are needed.",
						CLI: []string{fmt.Sprintf("aws ec2 describe-route-tables --region %s --route-table-ids %s", t.Ref().Region, t.Ref().ID)}}},
			})
			return
		case estate.Unknown:
			w.said.Doubts(s, packets.Doubt(f, "whether it has a way to the internet"), f.Gaps...)
		}
	}
}

// blocked says whether VPC block public access closes both directions for a VPC, or for one subnet of it.
func (w *ways) blocked(p estate.Place, vpc, subnet string) (estate.Truth, []estate.Gap) {
	const exclusions = operation.ID("ec2:DescribeVpcBlockPublicAccessExclusions")
	mode := estate.Unread[string](w.c.Estate.Reading(p, "ec2:DescribeVpcBlockPublicAccessOptions", "").Gap())
	for _, b := range w.c.Estate.BlockPublicAccess {
		if b.Place == p {
			mode = b.Mode
		}
	}
	both := mode.Holds(false, func(mode string) bool { return mode == "block-bidirectional" })
	var gaps []estate.Gap
	if gap, unread := mode.Unread(); unread {
		gaps = append(gaps, gap)
	}
	excluded := estate.False
	for _, x := range w.c.Estate.BlockPublicAccessExclusions {
		of := x.Of == vpc || x.Of == subnet && subnet != ""
		if subnet == "" {
			of = of || slices.ContainsFunc(w.c.Estate.Subnets, func(s *estate.Subnet) bool { return s.VPC == vpc && s.Ref().ID == x.Of })
		}
		unknown := strings.HasPrefix(x.Of, "subnet-") && x.Place() == p && subnet == "" &&
			!slices.ContainsFunc(w.c.Estate.Subnets, func(s *estate.Subnet) bool { return s.Ref().ID == x.Of })
		switch {
		case of:
			excluded = estate.True
		case unknown && excluded == estate.False:
			excluded = estate.Unknown
			gaps = append(gaps, w.c.Estate.Reading(p, "ec2:DescribeSubnets", "").Gap())
		}
	}
	if r := w.c.Estate.Reading(p, exclusions, ""); excluded == estate.False && !r.Outcome.Complete() {
		excluded = estate.Unknown
		gaps = append(gaps, r.Gap())
	}
	return estate.And(both, excluded.Not()), gaps
}
