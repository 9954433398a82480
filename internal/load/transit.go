package load

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

const (
	transitVPCAttachments operation.ID = "ec2:DescribeTransitGatewayVpcAttachments"
	transitRoutes         operation.ID = "ec2:SearchTransitGatewayRoutes"
	transitPrefixLists    operation.ID = "ec2:GetTransitGatewayPrefixListReferences"
)

// transitGateways reads transit gateways, what is attached to them, and their routes. All of it belongs to the account that owns
// the gateway. An account with which a gateway is shared sees it, and the attachments of its own VPCs, but no route tables.
func (l *loader) transitGateways() {
	owners := map[string]estate.Place{} // of transit gateways, whose ids are unique
	type gatewayList struct {
		TransitGateways []struct {
			TransitGatewayID  string `json:"TransitGatewayId"`
			TransitGatewayArn string
			OwnerID           string `json:"OwnerId"`
			State             string
			Options           struct{ SecurityGroupReferencingSupport string }
			Tags              []tag
		}
	}
	var gateways seenBy[*estate.TransitGateway]
	each(l, "ec2:DescribeTransitGateways", func(p estate.Place, page *gatewayList) {
		for _, g := range page.TransitGateways {
			if g.State == "deleted" { // listed for a while more
				continue
			}
			own := owned(p, g.OwnerID)
			owners[g.TransitGatewayID] = own
			gateways.add(p, &estate.TransitGateway{
				Resource: resource(own, "transit-gateway", g.TransitGatewayID, cmp.Or(g.TransitGatewayArn, ec2ARN(own, "transit-gateway", g.TransitGatewayID)), g.Tags),
				State:    g.State, GroupReferences: g.Options.SecurityGroupReferencingSupport == "enable"})
		}
	})
	l.estate.TransitGateways = gateways.list()

	l.transitAttachments(owners)
	l.transitRouteTables(owners)
}

// transitAttachments reads attachments, told by one listing, and of those of VPCs also how, told by another. Whoever owns one of
// the two ends may have told either.
func (l *loader) transitAttachments(owners map[string]estate.Place) {
	vpcs := l.transitVPCs()
	type attachmentList struct {
		TransitGatewayAttachments []struct {
			TransitGatewayAttachmentID string `json:"TransitGatewayAttachmentId"`
			TransitGatewayID           string `json:"TransitGatewayId"`
			TransitGatewayOwnerID      string `json:"TransitGatewayOwnerId"`
			ResourceOwnerID            string `json:"ResourceOwnerId"`
			ResourceType               string
			ResourceID                 string `json:"ResourceId"`
			State                      string
			Association                *struct {
				TransitGatewayRouteTableID  string `json:"TransitGatewayRouteTableId"`
				TransitGatewayPolicyTableID string `json:"TransitGatewayPolicyTableId"`
				State                       string
			}
			Tags []tag
		}
	}
	const op = operation.ID("ec2:DescribeTransitGatewayAttachments")
	var all seenBy[*estate.TransitGatewayAttachment]
	each(l, op, func(p estate.Place, page *attachmentList) {
		for _, a := range page.TransitGatewayAttachments {
			if a.State == "deleted" {
				continue
			}
			own := owned(p, cmp.Or(a.TransitGatewayOwnerID, owners[a.TransitGatewayID].Account))
			attachment := &estate.TransitGatewayAttachment{Resource: ec2Resource(own, "transit-gateway-attachment", a.TransitGatewayAttachmentID, a.Tags),
				TransitGateway: a.TransitGatewayID, Type: a.ResourceType, Of: a.ResourceID, OfAccount: a.ResourceOwnerID, State: a.State}
			unknown := func(why string) estate.Known[string] {
				gap := l.estate.Reading(own, op, "").Gap()
				gap.Why = why
				return estate.Unread[string](gap)
			}
			switch s := a.Association; {
			case s == nil && p != own:
				attachment.RouteTable = unknown("only " + own.String() + ", which owns the transit gateway, is told the route table of " + a.TransitGatewayAttachmentID)
			case s == nil, s.State == "disassociated":
				attachment.RouteTable = estate.None[string]()
			case s.State == "associating", s.State == "disassociating":
				attachment.RouteTable = unknown("the route table of " + a.TransitGatewayAttachmentID + " was being changed")
			case s.TransitGatewayRouteTableID != "":
				attachment.RouteTable = estate.Know(s.TransitGatewayRouteTableID)
			case s.TransitGatewayPolicyTableID != "":
				attachment.RouteTable = unknown(a.TransitGatewayAttachmentID + " has the policy table " + s.TransitGatewayPolicyTableID + ", which is not read")
			default:
				attachment.RouteTable = estate.None[string]()
			}
			attachment.VPC = estate.None[estate.TransitGatewayVPC]()
			if a.ResourceType == "vpc" {
				attachment.VPC = vpcs(a.TransitGatewayAttachmentID, own, owned(p, a.ResourceOwnerID))
			}
			all.add(p, attachment)
		}
	})
	l.estate.TransitGatewayAttachments = all.list()
}

// transitVPCs reads how VPCs are attached. What it returns finds that by the attachment's id, or else says which of the two
// owners' listings would have told.
func (l *loader) transitVPCs() func(id string, gateway, vpc estate.Place) estate.Known[estate.TransitGatewayVPC] {
	type attachmentList struct {
		TransitGatewayVpcAttachments []struct {
			TransitGatewayAttachmentID string   `json:"TransitGatewayAttachmentId"`
			SubnetIDs                  []string `json:"SubnetIds"`
			Options                    *struct {
				SecurityGroupReferencingSupport, ApplianceModeSupport, Ipv6Support string
			}
		}
	}
	told := map[string]estate.TransitGatewayVPC{}
	each(l, transitVPCAttachments, func(p estate.Place, page *attachmentList) {
		for _, a := range page.TransitGatewayVpcAttachments {
			if len(a.SubnetIDs) == 0 || a.Options == nil {
				continue // not told whole
			}
			told[a.TransitGatewayAttachmentID] = estate.TransitGatewayVPC{Subnets: sorted(a.SubnetIDs),
				GroupReferences: a.Options.SecurityGroupReferencingSupport == "enable",
				ApplianceMode:   a.Options.ApplianceModeSupport == "enable", IPv6: a.Options.Ipv6Support == "enable"}
		}
	})
	return func(id string, gateway, vpc estate.Place) estate.Known[estate.TransitGatewayVPC] {
		if t, ok := told[id]; ok {
			return estate.Know(t)
		}
		for _, p := range []estate.Place{vpc, gateway} {
			if r := l.estate.Reading(p, transitVPCAttachments, ""); !r.Outcome.Complete() {
				return estate.Unread[estate.TransitGatewayVPC](r.Gap())
			}
		}
		gap := l.estate.Reading(vpc, transitVPCAttachments, "").Gap()
		gap.Why = string(transitVPCAttachments) + " in " + vpc.String() + " does not tell the subnets of " + id
		return estate.Unread[estate.TransitGatewayVPC](gap)
	}
}

func (l *loader) transitRouteTables(owners map[string]estate.Place) {
	type tableList struct {
		TransitGatewayRouteTables []struct {
			TransitGatewayRouteTableID string `json:"TransitGatewayRouteTableId"`
			TransitGatewayID           string `json:"TransitGatewayId"`
			State                      string
			Tags                       []tag
		}
	}
	var all seenBy[*estate.TransitGatewayRouteTable]
	each(l, "ec2:DescribeTransitGatewayRouteTables", func(p estate.Place, page *tableList) {
		for _, t := range page.TransitGatewayRouteTables {
			if t.State == "deleted" {
				continue
			}
			own := owned(p, owners[t.TransitGatewayID].Account)
			all.add(p, &estate.TransitGatewayRouteTable{Resource: ec2Resource(own, "transit-gateway-route-table", t.TransitGatewayRouteTableID, t.Tags),
				TransitGateway: t.TransitGatewayID, Routes: l.transitRoutes(p, t.TransitGatewayRouteTableID)})
		}
	})
	l.estate.TransitGatewayRouteTables = all.list()
}

// transitRoutes reads the routes of a table. A route by a prefix list stands in its own listing, and may show among the routes
// too, with or without the CIDRs of the list.
func (l *loader) transitRoutes(p estate.Place, table string) estate.Known[[]estate.TransitGatewayRoute] {
	type via struct {
		TransitGatewayAttachmentID string `json:"TransitGatewayAttachmentId"`
	}
	type search struct {
		Routes []struct {
			DestinationCidrBlock      string
			PrefixListID              string `json:"PrefixListId"`
			TransitGatewayAttachments []via
			Type, State               string
		}
		AdditionalRoutesAvailable bool
	}
	more, odd := false, ""
	listed := map[string]bool{} // prefix lists whose CIDRs show among the routes
	routes := about(l, p, transitRoutes, table, func(pages []search) []estate.TransitGatewayRoute {
		var all []estate.TransitGatewayRoute
		for _, page := range pages {
			more = page.AdditionalRoutesAvailable // the last page decides
			for _, r := range page.Routes {
				if r.State != "active" && r.State != "blackhole" && r.State != "" {
					continue
				}
				route := estate.TransitGatewayRoute{Static: r.Type != "propagated", Blackhole: r.State == "blackhole"}
				for _, a := range r.TransitGatewayAttachments {
					route.Attachments = append(route.Attachments, a.TransitGatewayAttachmentID)
				}
				slices.Sort(route.Attachments)
				switch cidr, err := netip.ParsePrefix(r.DestinationCidrBlock); {
				case err == nil:
					route.CIDR = cidr.Masked()
					listed[r.PrefixListID] = true
				case r.DestinationCidrBlock == "" && r.PrefixListID != "":
					continue // the reference says it
				default:
					odd = cmp.Or(r.DestinationCidrBlock, "nothing")
					continue
				}
				all = append(all, route)
			}
		}
		return all
	})
	unknown := func(op operation.ID, why string) estate.Known[[]estate.TransitGatewayRoute] {
		gap := l.estate.Reading(p, op, table).Gap()
		gap.Why = why
		return estate.Unread[[]estate.TransitGatewayRoute](gap)
	}
	all, ok := routes.Value()
	switch {
	case !ok:
		return routes
	case more:
		return unknown(transitRoutes, table+" in "+p.String()+" has more routes than AWS shows")
	case odd != "":
		return unknown(transitRoutes, odd+", the destination of a route of "+table+", is not a CIDR")
	}

	type referenceList struct {
		TransitGatewayPrefixListReferences []struct {
			PrefixListID             string `json:"PrefixListId"`
			State                    string
			Blackhole                bool
			TransitGatewayAttachment via
		}
	}
	changing := ""
	references := about(l, p, transitPrefixLists, table, func(pages []referenceList) []estate.TransitGatewayRoute {
		var all []estate.TransitGatewayRoute
		for _, page := range pages {
			for _, r := range page.TransitGatewayPrefixListReferences {
				if r.State == "pending" || r.State == "modifying" || r.State == "deleting" {
					changing = r.PrefixListID
				}
				if listed[r.PrefixListID] {
					continue
				}
				route := estate.TransitGatewayRoute{PrefixList: r.PrefixListID, Static: true, Blackhole: r.Blackhole}
				if id := r.TransitGatewayAttachment.TransitGatewayAttachmentID; id != "" {
					route.Attachments = []string{id}
				}
				all = append(all, route)
			}
		}
		return all
	})
	byList, ok := references.Value()
	switch {
	case !ok:
		return references
	case changing != "":
		return unknown(transitPrefixLists, "the route of "+table+" to "+changing+" was being changed")
	}
	return estate.Know(append(all, byList...))
}
