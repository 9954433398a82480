package containment

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/packets"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
)

// PeeringNarrow is contain-peering-narrow: no route leads to a peering or a transit gateway for addresses that are not on its
// other side. Which of those that are there somebody needs is for the sentences about tiers to say.
//
//   - On the other side of a peering are the CIDRs of the peer VPC, as the peering shows them. So 10.0.0.0/8 and 0.0.0.0/0 are wider
//     than a peer of 10.2.0.0/16, and a part of the peer is not. Nobody gets on from a peer to its gateways.
//   - On the other side of a transit gateway is what the route table of the VPC's attachment leads to, blackholes left out: a
//     default route is as narrow as can be where that table has one, and a summary is not where it only has parts.
//   - The VPC's own addresses never leave it, so they do not make a route wide. Routes that lead nowhere (blackholes, peerings
//     that are not active) carry nothing.
//
// It is stricter in form and weaker in judgement than CIS 5.6, which leaves what is needed to a person.
// https://docs.aws.amazon.com/vpc/latest/peering/peering-configurations-partial-access.html
var PeeringNarrow = &control.Control{
	ID:       "contain-peering-narrow",
	Practice: "containment",
	Title:    "Routes to peerings and transit gateways are no wider than what is on the other side",
	Sentence: "peering and transit routes are no wider than what is on the other side",
	Asked:    "peering and transit routes are no wider than what is on the other side",
	Why:      "What is joined to the other network tomorrow is reachable at once, and nobody decided it.",
	Fix:      "Replace the route by one for each network that is needed.",
	Severity: answer.Low,
	Lists:    []operation.ID{"ec2:DescribeRouteTables"},
	Reads: []operation.ID{"ec2:DescribeVpcPeeringConnections", "ec2:DescribeVpcs", "ec2:DescribeManagedPrefixLists", "ec2:GetManagedPrefixListEntries",
		"ec2:DescribeTransitGatewayAttachments", "ec2:DescribeTransitGatewayRouteTables", "ec2:SearchTransitGatewayRoutes",
		"ec2:GetTransitGatewayPrefixListReferences"},
	Judge: func(c *control.Case) {
		x := packets.Of(c.Estate)
		for _, t := range c.Estate.RouteTables {
			said := x.Subjects()
			for _, r := range t.Routes {
				if r.Active && (strings.HasPrefix(r.Target, "pcx-") || strings.HasPrefix(r.Target, "tgw-")) {
					said.Concerned(t)
					judgeRoute(c.Estate, x, said, t, r)
				}
			}
			said.Say(c)
		}
	},
}

// beyond is what a route can lead to.
type beyond struct {
	nothing   bool // the route is dead
	addresses netset.Addresses
	gaps      []estate.Gap // of what else there may be
}

func judgeRoute(e *estate.Estate, x *packets.Index, said *packets.Subjects, t *estate.RouteTable, r estate.Route) {
	wanted, known := x.Destinations(t.Place(), r).Value()
	if gap, unread := x.Destinations(t.Place(), r).Unread(); unread {
		said.Doubts(t, "what "+r.PrefixList+" holds could not be read", gap)
		return
	}
	if !known {
		return
	}
	far := farSide(e, x, t, r.Target)
	if far.nothing {
		return
	}
	for _, v := range e.VPCs {
		if v.Ref().ID == t.VPC {
			far.addresses = far.addresses.Union(netset.Of(v.CIDRs...))
		}
	}
	wide := wanted.Minus(far.addresses)
	switch {
	case wide.Empty():
	case len(far.gaps) > 0:
		said.Doubts(t, "what is on the other side of "+r.Target+" could not be read", far.gaps...)
	default:
		cause := packets.RouteCause(t, r, "Route to it only the networks that are needed; add those routes before this one goes.",
			"resource \"aws_route\" \"this\" {\n  destination_cidr_block = \"10.2.8.0/24\" # what is needed there\n}")
		said.Breaks(t, control.Counter{
			Text: fmt.Sprintf("route table %s sends %s to %s, on whose other side %s is not", control.Called(t.Ref()), packets.Destination(r), r.Target, packets.Short(wide)),
			Facts: []answer.Fact{packets.RouteFact(t, r),
				{Text: "on the other side of " + r.Target + " and here are " + packets.Short(far.addresses)}},
			Cause: cause,
		})
	}
}

// farSide finds what is beyond a peering or a transit gateway.
func farSide(e *estate.Estate, x *packets.Index, t *estate.RouteTable, target string) beyond {
	unread := func(p estate.Place, op operation.ID, about string) []estate.Gap {
		if reading := e.Reading(p, op, about); !reading.Outcome.Complete() {
			return []estate.Gap{reading.Gap()}
		}
		return nil
	}
	own := vpcGaps(e, t)
	if strings.HasPrefix(target, "pcx-") {
		for _, p := range e.Peerings {
			if p.Ref().ID != target {
				continue
			}
			peer := p.Accepter
			if peer.VPC == t.VPC {
				peer = p.Requester
			}
			far := beyond{nothing: p.Status != "active", addresses: netset.Of(peer.CIDRs...), gaps: own}
			if len(peer.CIDRs) == 0 {
				far.gaps = append(far.gaps, estate.Gap{Place: p.Place(), Operation: "ec2:DescribeVpcPeeringConnections", Why: target + " does not show the addresses of " + peer.VPC})
			}
			return far
		}
		gaps := unread(t.Place(), "ec2:DescribeVpcPeeringConnections", "")
		return beyond{nothing: len(gaps) == 0, gaps: gaps}
	}
	for _, a := range e.TransitGatewayAttachments {
		if a.TransitGateway != target || a.Of != t.VPC {
			continue
		}
		table, known := a.RouteTable.Value()
		if gap, unread := a.RouteTable.Unread(); unread {
			return beyond{gaps: []estate.Gap{gap}}
		}
		if !known {
			return beyond{nothing: true}
		}
		for _, rt := range e.TransitGatewayRouteTables {
			if rt.Ref().ID == table {
				return transitSide(x, rt, own)
			}
		}
		gaps := unread(a.Place(), "ec2:DescribeTransitGatewayRouteTables", "")
		if len(gaps) == 0 {
			gaps = []estate.Gap{{Place: a.Place(), Operation: "ec2:DescribeTransitGatewayRouteTables", Why: table + " is not among the route tables of " + a.Place().String()}}
		}
		return beyond{gaps: gaps}
	}
	gaps := unread(t.Place(), "ec2:DescribeTransitGatewayAttachments", "")
	return beyond{nothing: len(gaps) == 0, gaps: gaps}
}

func transitSide(x *packets.Index, rt *estate.TransitGatewayRouteTable, gaps []estate.Gap) beyond {
	far := beyond{gaps: gaps}
	routes, _ := rt.Routes.Value()
	if gap, unread := rt.Routes.Unread(); unread {
		far.gaps = append(far.gaps, gap)
	}
	for _, r := range routes {
		if r.Blackhole || len(r.Attachments) == 0 {
			continue
		}
		to := x.Destinations(rt.Place(), estate.Route{CIDR: r.CIDR, PrefixList: r.PrefixList})
		if gap, unread := to.Unread(); unread {
			far.gaps = append(far.gaps, gap)
		}
		addresses, _ := to.Value()
		far.addresses = far.addresses.Union(addresses)
	}
	return far
}

// vpcGaps are what would have told the addresses of a route table's own VPC, where they are not known.
func vpcGaps(e *estate.Estate, t *estate.RouteTable) []estate.Gap {
	if slices.ContainsFunc(e.VPCs, func(v *estate.VPC) bool { return v.Ref().ID == t.VPC && !slices.Equal(v.CIDRs, []netip.Prefix(nil)) }) {
		return nil
	}
	return []estate.Gap{e.Reading(t.Place(), "ec2:DescribeVpcs", "").Gap()}
}
