package collect

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/directconnect"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// readTransit reads transit gateways with their routes, and VPN. It returns the prefix lists that the routes refer to.
func readTransit(ctx context.Context, p *place, client *ec2.Client) []string {
	many := aws.Int32(1000)
	var tables []*string
	listings := []func(){
		func() { describeTransitGateways(ctx, p) },
		func() { describeVpnGateways(ctx, p) },
		func() {
			call(ctx, p, "ec2:DescribeTransitGatewayAttachments", client.DescribeTransitGatewayAttachments, &ec2.DescribeTransitGatewayAttachmentsInput{MaxResults: many})
		},
		func() {
			call(ctx, p, "ec2:DescribeTransitGatewayVpcAttachments", client.DescribeTransitGatewayVpcAttachments, &ec2.DescribeTransitGatewayVpcAttachmentsInput{MaxResults: many})
		},
		func() {
			for _, page := range call(ctx, p, "ec2:DescribeTransitGatewayRouteTables", client.DescribeTransitGatewayRouteTables, &ec2.DescribeTransitGatewayRouteTablesInput{MaxResults: many}) {
				for _, t := range page.TransitGatewayRouteTables {
					if t.State != types.TransitGatewayRouteTableStateDeleted { // listed for a while more
						tables = append(tables, t.TransitGatewayRouteTableId)
					}
				}
			}
		},
		func() {
			call(ctx, p, "ec2:DescribeVpnConnections", client.DescribeVpnConnections, &ec2.DescribeVpnConnectionsInput{})
		},
	}
	each(listings, len(listings), func(list func()) { list() })

	var mu sync.Mutex
	var lists []string
	add := func(id *string) {
		mu.Lock()
		defer mu.Unlock()
		lists = append(lists, aws.ToString(id))
	}
	each(tables, itemsAtOnce, func(table *string) {
		// AWS wants a filter, and these are the states in which a route decides.
		for _, page := range call(ctx, p, "ec2:SearchTransitGatewayRoutes", client.SearchTransitGatewayRoutes, &ec2.SearchTransitGatewayRoutesInput{
			TransitGatewayRouteTableId: table, MaxResults: many, Filters: []types.Filter{{Name: aws.String("state"), Values: []string{"active", "blackhole"}}}}) {
			for _, route := range page.Routes {
				add(route.PrefixListId)
			}
		}
		for _, page := range call(ctx, p, "ec2:GetTransitGatewayPrefixListReferences", client.GetTransitGatewayPrefixListReferences, &ec2.GetTransitGatewayPrefixListReferencesInput{
			TransitGatewayRouteTableId: table, MaxResults: many}) {
			for _, reference := range page.TransitGatewayPrefixListReferences {
				add(reference.PrefixListId)
			}
		}
	})
	return lists
}

func describeTransitGateways(ctx context.Context, p *place) []*ec2.DescribeTransitGatewaysOutput {
	return call(ctx, p, "ec2:DescribeTransitGateways", ec2.NewFromConfig(p.config).DescribeTransitGateways, &ec2.DescribeTransitGatewaysInput{MaxResults: aws.Int32(1000)})
}

func describeVpnGateways(ctx context.Context, p *place) []*ec2.DescribeVpnGatewaysOutput {
	return call(ctx, p, "ec2:DescribeVpnGateways", ec2.NewFromConfig(p.config).DescribeVpnGateways, &ec2.DescribeVpnGatewaysInput{})
}

// readBlockPublicAccess reads what the Region says about VPCs and the Internet, and what is exempt.
func readBlockPublicAccess(ctx context.Context, p *place, client *ec2.Client) {
	call(ctx, p, "ec2:DescribeVpcBlockPublicAccessOptions", client.DescribeVpcBlockPublicAccessOptions, &ec2.DescribeVpcBlockPublicAccessOptionsInput{})
	call(ctx, p, "ec2:DescribeVpcBlockPublicAccessExclusions", client.DescribeVpcBlockPublicAccessExclusions, &ec2.DescribeVpcBlockPublicAccessExclusionsInput{MaxResults: aws.Int32(1000)})
}

// readDirectConnect asks of each gateway of the Region which Direct Connect gateways it is associated with. They may belong to
// other accounts, so a list of one's own would not do, and none is needed.
func readDirectConnect(ctx context.Context, p *place) {
	var gateways []*string
	for _, page := range describeVpnGateways(ctx, p) {
		for _, g := range page.VpnGateways {
			if g.State != types.VpnStateDeleted {
				gateways = append(gateways, g.VpnGatewayId)
			}
		}
	}
	for _, page := range describeTransitGateways(ctx, p) {
		for _, g := range page.TransitGateways {
			if g.State != types.TransitGatewayStateDeleted && aws.ToString(g.OwnerId) == p.id { // another's is its owner's to ask about
				gateways = append(gateways, g.TransitGatewayId)
			}
		}
	}
	client := directconnect.NewFromConfig(p.config)
	each(gateways, itemsAtOnce, func(gateway *string) {
		call(ctx, p, "directconnect:DescribeDirectConnectGatewayAssociations", client.DescribeDirectConnectGatewayAssociations, &directconnect.DescribeDirectConnectGatewayAssociationsInput{
			AssociatedGatewayId: gateway, MaxResults: aws.Int32(100)})
	})
}
