package load

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// network reads VPCs and what is in them, but for security groups. What is shared (a subnet, its VPC, route tables and
// network ACLs) belongs to the account that AWS names as its owner; that account's own reading comes first.
func (l *loader) network() {
	l.vpcs()
	l.subnets()
	l.routeTables()
	l.networkACLs()
	l.gateways()
	l.peerings()
	l.endpoints()
	l.addresses()
	l.interfaces()
	l.prefixLists()
	l.flowLogs()
}

// owned is where a resource belongs that is seen at p and whose owner AWS names.
func owned(p estate.Place, owner string) estate.Place {
	return estate.Place{Account: cmp.Or(owner, p.Account), Region: p.Region}
}

// seenBy collects resources that several accounts may see: byKey keeps the first, and the owner's own reading is that.
type seenBy[R interface{ Ref() estate.Ref }] struct{ owner, others []R }

func (s *seenBy[R]) add(p estate.Place, r R) {
	if ref := r.Ref(); p.Account == ref.Account && p.Region == ref.Region {
		s.owner = append(s.owner, r)
	} else {
		s.others = append(s.others, r)
	}
}

func (s *seenBy[R]) list() []R { return byKey(append(s.owner, s.others...)) }

func cidrs(texts ...string) []netip.Prefix {
	var list []netip.Prefix
	for _, text := range texts {
		if p, err := netip.ParsePrefix(text); err == nil {
			list = append(list, p.Masked())
		}
	}
	slices.SortFunc(list, netip.Prefix.Compare)
	return slices.Compact(list)
}

func cidr(text string) netip.Prefix {
	p, _ := netip.ParsePrefix(text) // the zero Prefix where there is none
	return p
}

func ec2ARN(p estate.Place, kind, id string) string { return arn("ec2", p, kind+"/"+id) }

// ec2Resource is a resource of EC2, whose kinds of ARN are our kinds.
func ec2Resource(p estate.Place, kind, id string, tags []tag) estate.Resource {
	return resource(p, kind, id, ec2ARN(p, kind, id), tags)
}

func (l *loader) vpcs() {
	type association struct{ CidrBlock, Ipv6CidrBlock string }
	type vpcList struct {
		Vpcs []struct {
			VpcID                       string `json:"VpcId"`
			OwnerID                     string `json:"OwnerId"`
			CidrBlock                   string
			CidrBlockAssociationSet     []association
			Ipv6CidrBlockAssociationSet []association
			IsDefault                   bool
			Tags                        []tag
		}
	}
	var all seenBy[*estate.VPC]
	each(l, "ec2:DescribeVpcs", func(p estate.Place, page *vpcList) {
		for _, v := range page.Vpcs {
			own := owned(p, v.OwnerID)
			texts := []string{v.CidrBlock}
			for _, a := range slices.Concat(v.CidrBlockAssociationSet, v.Ipv6CidrBlockAssociationSet) {
				texts = append(texts, a.CidrBlock, a.Ipv6CidrBlock)
			}
			all.add(p, &estate.VPC{Resource: ec2Resource(own, "vpc", v.VpcID, v.Tags), CIDRs: cidrs(texts...), Default: v.IsDefault})
		}
	})
	l.estate.VPCs = all.list()
}

func (l *loader) subnets() {
	type subnetList struct {
		Subnets []struct {
			SubnetID                    string `json:"SubnetId"`
			OwnerID                     string `json:"OwnerId"`
			VpcID                       string `json:"VpcId"`
			AvailabilityZone            string
			CidrBlock                   string
			MapPublicIPOnLaunch         bool `json:"MapPublicIpOnLaunch"`
			Ipv6CidrBlockAssociationSet []struct{ Ipv6CidrBlock string }
			Tags                        []tag
		}
	}
	var all seenBy[*estate.Subnet]
	each(l, "ec2:DescribeSubnets", func(p estate.Place, page *subnetList) {
		for _, s := range page.Subnets {
			own := owned(p, s.OwnerID)
			texts := []string{s.CidrBlock}
			for _, a := range s.Ipv6CidrBlockAssociationSet {
				texts = append(texts, a.Ipv6CidrBlock)
			}
			all.add(p, &estate.Subnet{Resource: ec2Resource(own, "subnet", s.SubnetID, s.Tags),
				VPC: s.VpcID, Zone: s.AvailabilityZone, CIDRs: cidrs(texts...), PublicIP: s.MapPublicIPOnLaunch})
		}
	})
	l.estate.Subnets = all.list()
}

func (l *loader) routeTables() {
	type tableList struct {
		RouteTables []struct {
			RouteTableID string `json:"RouteTableId"`
			OwnerID      string `json:"OwnerId"`
			VpcID        string `json:"VpcId"`
			Associations []struct {
				Main     bool
				SubnetID string `json:"SubnetId"`
			}
			Routes []struct {
				DestinationCidrBlock        string
				DestinationIpv6CidrBlock    string
				DestinationPrefixListID     string `json:"DestinationPrefixListId"`
				GatewayID                   string `json:"GatewayId"`
				NatGatewayID                string `json:"NatGatewayId"`
				EgressOnlyInternetGatewayID string `json:"EgressOnlyInternetGatewayId"`
				TransitGatewayID            string `json:"TransitGatewayId"`
				VpcPeeringConnectionID      string `json:"VpcPeeringConnectionId"`
				NetworkInterfaceID          string `json:"NetworkInterfaceId"`
				InstanceID                  string `json:"InstanceId"`
				LocalGatewayID              string `json:"LocalGatewayId"`
				CarrierGatewayID            string `json:"CarrierGatewayId"`
				CoreNetworkArn              string
				State                       string
			}
			Tags []tag
		}
	}
	var all seenBy[*estate.RouteTable]
	each(l, "ec2:DescribeRouteTables", func(p estate.Place, page *tableList) {
		for _, t := range page.RouteTables {
			own := owned(p, t.OwnerID)
			table := &estate.RouteTable{Resource: ec2Resource(own, "route-table", t.RouteTableID, t.Tags), VPC: t.VpcID}
			for _, a := range t.Associations {
				table.Main = table.Main || a.Main
				if a.SubnetID != "" {
					table.Subnets = append(table.Subnets, a.SubnetID)
				}
			}
			slices.Sort(table.Subnets)
			for _, r := range t.Routes {
				table.Routes = append(table.Routes, estate.Route{
					CIDR:       cidr(cmp.Or(r.DestinationCidrBlock, r.DestinationIpv6CidrBlock)),
					PrefixList: r.DestinationPrefixListID,
					Target: cmp.Or(r.GatewayID, r.NatGatewayID, r.EgressOnlyInternetGatewayID, r.TransitGatewayID, r.VpcPeeringConnectionID,
						r.NetworkInterfaceID, r.InstanceID, r.LocalGatewayID, r.CarrierGatewayID, r.CoreNetworkArn),
					Active: r.State != "blackhole",
				})
			}
			all.add(p, table)
		}
	})
	l.estate.RouteTables = all.list()
}

func (l *loader) networkACLs() {
	type aclList struct {
		NetworkAcls []struct {
			NetworkACLID string `json:"NetworkAclId"`
			OwnerID      string `json:"OwnerId"`
			VpcID        string `json:"VpcId"`
			IsDefault    bool
			Associations []struct {
				SubnetID string `json:"SubnetId"`
			}
			Entries []struct {
				RuleNumber    int
				Egress        bool
				RuleAction    string
				Protocol      string
				CidrBlock     string
				Ipv6CidrBlock string
				PortRange     struct{ From, To *int }
				IcmpTypeCode  struct{ Type, Code *int }
			}
			Tags []tag
		}
	}
	var all seenBy[*estate.NetworkACL]
	each(l, "ec2:DescribeNetworkAcls", func(p estate.Place, page *aclList) {
		for _, a := range page.NetworkAcls {
			own := owned(p, a.OwnerID)
			acl := &estate.NetworkACL{Resource: ec2Resource(own, "network-acl", a.NetworkACLID, a.Tags), VPC: a.VpcID, Default: a.IsDefault}
			for _, s := range a.Associations {
				acl.Subnets = append(acl.Subnets, s.SubnetID)
			}
			slices.Sort(acl.Subnets)
			for _, e := range a.Entries {
				from, to := e.PortRange.From, e.PortRange.To
				if e.Protocol == "1" || e.Protocol == "58" {
					from, to = e.IcmpTypeCode.Type, e.IcmpTypeCode.Code
				}
				acl.Entries = append(acl.Entries, estate.NetworkACLEntry{Number: e.RuleNumber, Egress: e.Egress, Allow: e.RuleAction == "allow",
					Traffic: traffic(e.Protocol, from, to), CIDR: cidr(cmp.Or(e.CidrBlock, e.Ipv6CidrBlock))})
			}
			slices.SortStableFunc(acl.Entries, func(a, b estate.NetworkACLEntry) int { return cmp.Compare(a.Number, b.Number) })
			all.add(p, acl)
		}
	})
	l.estate.NetworkACLs = all.list()
}

func (l *loader) gateways() {
	type internetList struct {
		InternetGateways []struct {
			InternetGatewayID string `json:"InternetGatewayId"`
			OwnerID           string `json:"OwnerId"`
			Attachments       []struct {
				VpcID string `json:"VpcId"`
			}
			Tags []tag
		}
	}
	each(l, "ec2:DescribeInternetGateways", func(p estate.Place, page *internetList) {
		for _, g := range page.InternetGateways {
			gateway := &estate.InternetGateway{Resource: ec2Resource(owned(p, g.OwnerID), "internet-gateway", g.InternetGatewayID, g.Tags)}
			for _, a := range g.Attachments {
				gateway.VPC = a.VpcID
			}
			l.estate.InternetGateways = append(l.estate.InternetGateways, gateway)
		}
	})
	l.estate.InternetGateways = byKey(l.estate.InternetGateways)

	type natList struct {
		NatGateways []struct {
			NatGatewayID     string `json:"NatGatewayId"`
			VpcID            string `json:"VpcId"`
			SubnetID         string `json:"SubnetId"`
			State            string
			ConnectivityType string
			Tags             []tag
		}
	}
	each(l, "ec2:DescribeNatGateways", func(p estate.Place, page *natList) {
		for _, g := range page.NatGateways {
			if g.State == "deleted" { // listed for an hour more
				continue
			}
			l.estate.NATGateways = append(l.estate.NATGateways, &estate.NATGateway{Resource: ec2Resource(p, "natgateway", g.NatGatewayID, g.Tags),
				VPC: g.VpcID, Subnet: g.SubnetID, Public: g.ConnectivityType != "private", State: g.State})
		}
	})
	l.estate.NATGateways = byKey(l.estate.NATGateways)
}

// peerings reads peerings. Both sides see one; it belongs to the side that asked for it.
func (l *loader) peerings() {
	type side struct {
		OwnerID string `json:"OwnerId"`
		Region  string
		VpcID   string `json:"VpcId"`
	}
	type peeringList struct {
		VpcPeeringConnections []struct {
			VpcPeeringConnectionID string `json:"VpcPeeringConnectionId"`
			RequesterVpcInfo       side
			AccepterVpcInfo        side
			Status                 struct{ Code string }
			Tags                   []tag
		}
	}
	var all seenBy[*estate.Peering]
	each(l, "ec2:DescribeVpcPeeringConnections", func(p estate.Place, page *peeringList) {
		for _, c := range page.VpcPeeringConnections {
			own := estate.Place{Account: cmp.Or(c.RequesterVpcInfo.OwnerID, p.Account), Region: cmp.Or(c.RequesterVpcInfo.Region, p.Region)}
			all.add(p, &estate.Peering{Resource: ec2Resource(own, "vpc-peering-connection", c.VpcPeeringConnectionID, c.Tags),
				Requester: estate.PeeringSide{Account: c.RequesterVpcInfo.OwnerID, Region: c.RequesterVpcInfo.Region, VPC: c.RequesterVpcInfo.VpcID},
				Accepter:  estate.PeeringSide{Account: c.AccepterVpcInfo.OwnerID, Region: c.AccepterVpcInfo.Region, VPC: c.AccepterVpcInfo.VpcID},
				Status:    c.Status.Code})
		}
	})
	l.estate.Peerings = all.list()
}

func (l *loader) endpoints() {
	type endpointList struct {
		VpcEndpoints []struct {
			VpcEndpointID   string `json:"VpcEndpointId"`
			OwnerID         string `json:"OwnerId"`
			VpcID           string `json:"VpcId"`
			VpcEndpointType string
			ServiceName     string
			Groups          []struct {
				GroupID string `json:"GroupId"`
			}
			Tags []tag
		}
	}
	each(l, "ec2:DescribeVpcEndpoints", func(p estate.Place, page *endpointList) {
		for _, e := range page.VpcEndpoints {
			endpoint := &estate.Endpoint{Resource: ec2Resource(owned(p, e.OwnerID), "vpc-endpoint", e.VpcEndpointID, e.Tags),
				VPC: e.VpcID, Type: e.VpcEndpointType, Service: e.ServiceName}
			for _, g := range e.Groups {
				endpoint.SecurityGroups = append(endpoint.SecurityGroups, g.GroupID)
			}
			slices.Sort(endpoint.SecurityGroups)
			l.estate.Endpoints = append(l.estate.Endpoints, endpoint)
		}
	})
	l.estate.Endpoints = byKey(l.estate.Endpoints)
}

func (l *loader) addresses() {
	type addressList struct {
		Addresses []struct {
			AllocationID       string `json:"AllocationId"`
			PublicIP           string `json:"PublicIp"`
			NetworkInterfaceID string `json:"NetworkInterfaceId"`
			Tags               []tag
		}
	}
	each(l, "ec2:DescribeAddresses", func(p estate.Place, page *addressList) {
		for _, a := range page.Addresses {
			address := &estate.Address{Resource: ec2Resource(p, "elastic-ip", cmp.Or(a.AllocationID, a.PublicIP), a.Tags), Interface: a.NetworkInterfaceID}
			address.Public, _ = netip.ParseAddr(a.PublicIP)
			l.estate.Addresses = append(l.estate.Addresses, address)
		}
	})
	l.estate.Addresses = byKey(l.estate.Addresses)
}

// prefixLists reads prefix lists. Those of AWS belong to the account that sees them, since AWS is no account in scope.
func (l *loader) prefixLists() {
	type prefixListList struct {
		PrefixLists []struct {
			PrefixListID   string `json:"PrefixListId"`
			PrefixListName string
			OwnerID        string `json:"OwnerId"`
			PrefixListArn  string
			Tags           []tag
		}
	}
	var all seenBy[*estate.PrefixList]
	each(l, "ec2:DescribeManagedPrefixLists", func(p estate.Place, page *prefixListList) {
		for _, x := range page.PrefixLists {
			own := p
			if x.OwnerID != "AWS" {
				own = owned(p, x.OwnerID)
			}
			r := resource(own, "prefix-list", x.PrefixListID, cmp.Or(x.PrefixListArn, ec2ARN(own, "prefix-list", x.PrefixListID)), x.Tags)
			r.Reference.Name = cmp.Or(x.PrefixListName, r.Reference.Name)
			all.add(p, &estate.PrefixList{Resource: r, Entries: l.prefixList(p, x.PrefixListID)})
		}
	})
	l.estate.PrefixLists = all.list()
}

// flowLogs reads flow logs; an account sees its own only.
func (l *loader) flowLogs() {
	type flowLogList struct {
		FlowLogs []struct {
			FlowLogID               string `json:"FlowLogId"`
			ResourceID              string `json:"ResourceId"`
			FlowLogStatus           string
			DeliverLogsStatus       string
			DeliverLogsErrorMessage string
			TrafficType             string
			CreationTime            when
			Tags                    []tag
		}
	}
	each(l, "ec2:DescribeFlowLogs", func(p estate.Place, page *flowLogList) {
		for _, f := range page.FlowLogs {
			l.estate.FlowLogs = append(l.estate.FlowLogs, &estate.FlowLog{
				Resource:   resource(p, "flow-log", f.FlowLogID, ec2ARN(p, "vpc-flow-log", f.FlowLogID), f.Tags),
				Of:         f.ResourceID,
				Active:     strings.EqualFold(f.FlowLogStatus, "ACTIVE"),
				Delivery:   strings.ToUpper(f.DeliverLogsStatus),
				Error:      f.DeliverLogsErrorMessage,
				Traffic:    strings.ToUpper(f.TrafficType),
				CreateTime: f.CreationTime.Time,
			})
		}
	})
	l.estate.FlowLogs = byKey(l.estate.FlowLogs)
}
