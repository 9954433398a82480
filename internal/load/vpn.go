package load

import (
	"cmp"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// vpn reads virtual private gateways and site-to-site VPNs. An account sees its own.
func (l *loader) vpn() {
	type gatewayList struct {
		VpnGateways []struct {
			VpnGatewayID   string `json:"VpnGatewayId"`
			State          string
			VpcAttachments []vpcAttachment
			Tags           []tag
		}
	}
	each(l, "ec2:DescribeVpnGateways", func(p estate.Place, page *gatewayList) {
		for _, g := range page.VpnGateways {
			if g.State == "deleted" { // listed for a while more
				continue
			}
			l.estate.VPNGateways = append(l.estate.VPNGateways, &estate.VPNGateway{Resource: ec2Resource(p, "vpn-gateway", g.VpnGatewayID, g.Tags),
				VPC: attachedTo(g.VpcAttachments), State: g.State})
		}
	})
	l.estate.VPNGateways = byKey(l.estate.VPNGateways)

	type connectionList struct {
		VpnConnections []struct {
			VpnConnectionID  string `json:"VpnConnectionId"`
			VpnGatewayID     string `json:"VpnGatewayId"`
			TransitGatewayID string `json:"TransitGatewayId"`
			State            string
			Routes           []struct{ DestinationCidrBlock, State string }
			Tags             []tag
		}
	}
	each(l, "ec2:DescribeVpnConnections", func(p estate.Place, page *connectionList) {
		for _, c := range page.VpnConnections {
			if c.State == "deleted" {
				continue
			}
			var routes []string
			for _, r := range c.Routes {
				if !strings.HasPrefix(r.State, "delet") {
					routes = append(routes, r.DestinationCidrBlock)
				}
			}
			l.estate.VPNConnections = append(l.estate.VPNConnections, &estate.VPNConnection{Resource: ec2Resource(p, "vpn-connection", c.VpnConnectionID, c.Tags),
				Gateway: cmp.Or(c.VpnGatewayID, c.TransitGatewayID), State: c.State, Routes: cidrs(routes...)})
		}
	})
	l.estate.VPNConnections = byKey(l.estate.VPNConnections)
}

// directConnect reads which Direct Connect gateways the gateways of VPCs are associated with. An association is a thing of the
// gateway that was asked about, so that it belongs there.
func (l *loader) directConnect() {
	const op = "directconnect:DescribeDirectConnectGatewayAssociations"
	type associationList struct {
		DirectConnectGatewayAssociations []struct {
			AssociationID          string `json:"AssociationId"`
			DirectConnectGatewayID string `json:"DirectConnectGatewayId"`
			AssociationState       string
			AssociatedGateway      struct {
				ID           string `json:"Id"`
				OwnerAccount string
				Region       string
			}
			VirtualGatewayID                      string `json:"VirtualGatewayId"`
			AllowedPrefixesToDirectConnectGateway []struct{ Cidr string }
		}
	}
	var all seenBy[*estate.DirectConnectAssociation]
	asked := func(p estate.Place, gateway string) {
		r := l.single[singleKey{p, op, gateway}]
		if r == nil {
			return
		}
		for i := range r.Pages {
			var page associationList
			if !l.decode(r, i, &page) {
				continue
			}
			for _, a := range page.DirectConnectGatewayAssociations {
				if a.AssociationState == "disassociated" {
					continue
				}
				own := estate.Place{Account: cmp.Or(a.AssociatedGateway.OwnerAccount, p.Account), Region: cmp.Or(a.AssociatedGateway.Region, p.Region)}
				var prefixes []string
				for _, x := range a.AllowedPrefixesToDirectConnectGateway {
					prefixes = append(prefixes, x.Cidr)
				}
				id := cmp.Or(a.AssociationID, a.DirectConnectGatewayID+"/"+gateway)
				all.add(p, &estate.DirectConnectAssociation{
					Resource: estate.Resource{Reference: estate.Ref{Kind: "direct-connect-association", Account: own.Account, Region: own.Region, ID: id}, Labels: estate.None[map[string]string]()},
					Gateway:  a.DirectConnectGatewayID, With: cmp.Or(a.AssociatedGateway.ID, a.VirtualGatewayID, gateway), State: a.AssociationState, Prefixes: cidrs(prefixes...)})
			}
		}
	}
	for _, g := range l.estate.VPNGateways {
		asked(g.Place(), g.Ref().ID)
	}
	for _, g := range l.estate.TransitGateways {
		asked(g.Place(), g.Ref().ID)
	}
	l.estate.DirectConnectAssociations = all.list()
}
