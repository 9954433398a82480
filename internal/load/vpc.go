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
	l.egressOnlyGateways()
	l.peerings()
	l.endpoints()
	l.connectEndpoints()
	l.endpointServices()
	l.addresses()
	l.interfaces()
	l.prefixLists()
	l.flowLogs()
	l.blockPublicAccess()
	l.transitGateways()
	l.vpn()
	l.directConnect()
	l.firewalls()
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

// cidrAssociation is a CIDR of a VPC or a subnet and whether it is one still.
type cidrAssociation struct {
	CidrBlock, Ipv6CidrBlock           string
	CidrBlockState, Ipv6CidrBlockState struct{ State string }
}

// associated are the CIDRs that are in use. Those that were given up, or never came to be, stay listed for a while.
func associated(lists ...[]cidrAssociation) []string {
	var texts []string
	for _, a := range slices.Concat(lists...) {
		switch cmp.Or(a.CidrBlockState.State, a.Ipv6CidrBlockState.State) {
		case "", "associated", "associating":
			texts = append(texts, a.CidrBlock, a.Ipv6CidrBlock)
		}
	}
	return texts
}

func (l *loader) vpcs() {
	type vpcList struct {
		Vpcs []struct {
			VpcID                       string `json:"VpcId"`
			OwnerID                     string `json:"OwnerId"`
			CidrBlock                   string
			CidrBlockAssociationSet     []cidrAssociation
			Ipv6CidrBlockAssociationSet []cidrAssociation
			IsDefault                   bool
			Tags                        []tag
		}
	}
	var all seenBy[*estate.VPC]
	each(l, "ec2:DescribeVpcs", func(p estate.Place, page *vpcList) {
		for _, v := range page.Vpcs {
			own := owned(p, v.OwnerID)
			texts := append([]string{v.CidrBlock}, associated(v.CidrBlockAssociationSet, v.Ipv6CidrBlockAssociationSet)...)
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
			AvailabilityZoneID          string `json:"AvailabilityZoneId"`
			CidrBlock                   string
			MapPublicIPOnLaunch         bool `json:"MapPublicIpOnLaunch"`
			Ipv6CidrBlockAssociationSet []cidrAssociation
			Tags                        []tag
		}
	}
	var all seenBy[*estate.Subnet]
	each(l, "ec2:DescribeSubnets", func(p estate.Place, page *subnetList) {
		for _, s := range page.Subnets {
			own := owned(p, s.OwnerID)
			texts := append([]string{s.CidrBlock}, associated(s.Ipv6CidrBlockAssociationSet)...)
			all.add(p, &estate.Subnet{Resource: ec2Resource(own, "subnet", s.SubnetID, s.Tags),
				VPC: s.VpcID, Zone: s.AvailabilityZone, ZoneID: s.AvailabilityZoneID, CIDRs: cidrs(texts...), PublicIP: s.MapPublicIPOnLaunch})
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
				Main             bool
				SubnetID         string `json:"SubnetId"`
				GatewayID        string `json:"GatewayId"`
				AssociationState struct{ State string }
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
				OdbNetworkArn               string
				Origin                      string
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
				if a.AssociationState.State == "disassociated" || a.AssociationState.State == "failed" {
					continue
				}
				table.Main = table.Main || a.Main
				if a.SubnetID != "" {
					table.Subnets = append(table.Subnets, a.SubnetID)
				}
				if a.GatewayID != "" {
					table.Gateways = append(table.Gateways, a.GatewayID)
				}
			}
			slices.Sort(table.Subnets)
			slices.Sort(table.Gateways)
			for _, r := range t.Routes {
				route := estate.Route{
					CIDR:       cidr(cmp.Or(r.DestinationCidrBlock, r.DestinationIpv6CidrBlock)),
					PrefixList: r.DestinationPrefixListID,
					Target: cmp.Or(r.GatewayID, r.NatGatewayID, r.EgressOnlyInternetGatewayID, r.TransitGatewayID, r.VpcPeeringConnectionID,
						r.NetworkInterfaceID, r.InstanceID, r.LocalGatewayID, r.CarrierGatewayID, r.CoreNetworkArn, r.OdbNetworkArn),
					Active: r.State != "blackhole",
					// A route server's routes come and go like those of a virtual private gateway.
					Propagated: r.Origin == "EnableVgwRoutePropagation" || r.Origin == "Advertisement",
				}
				if r.State == "filtered" {
					route.Target = "" // AWS does not say where packets go then
				}
				table.Routes = append(table.Routes, route)
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

// vpcAttachment is the VPC that a gateway is attached to, or was.
type vpcAttachment struct {
	VpcID string `json:"VpcId"`
	State string
}

// attachedTo is the one VPC that a gateway is attached to.
func attachedTo(attachments []vpcAttachment) string {
	vpc := ""
	for _, a := range attachments {
		if a.State != "detached" {
			vpc = a.VpcID
		}
	}
	return vpc
}

func (l *loader) gateways() {
	type internetList struct {
		InternetGateways []struct {
			InternetGatewayID string `json:"InternetGatewayId"`
			OwnerID           string `json:"OwnerId"`
			Attachments       []vpcAttachment
			Tags              []tag
		}
	}
	each(l, "ec2:DescribeInternetGateways", func(p estate.Place, page *internetList) {
		for _, g := range page.InternetGateways {
			l.estate.InternetGateways = append(l.estate.InternetGateways, &estate.InternetGateway{
				Resource: ec2Resource(owned(p, g.OwnerID), "internet-gateway", g.InternetGatewayID, g.Tags), VPC: attachedTo(g.Attachments)})
		}
	})
	l.estate.InternetGateways = byKey(l.estate.InternetGateways)

	type natList struct {
		NatGateways []struct {
			NatGatewayID        string `json:"NatGatewayId"`
			VpcID               string `json:"VpcId"`
			SubnetID            string `json:"SubnetId"`
			State               string
			ConnectivityType    string
			AvailabilityMode    string
			NatGatewayAddresses []struct {
				PrivateIP          string `json:"PrivateIp"`
				PublicIP           string `json:"PublicIp"`
				NetworkInterfaceID string `json:"NetworkInterfaceId"`
				AvailabilityZone   string
				Status             string
			}
			Tags []tag
		}
	}
	each(l, "ec2:DescribeNatGateways", func(p estate.Place, page *natList) {
		for _, g := range page.NatGateways {
			if g.State == "deleted" { // listed for an hour more
				continue
			}
			gateway := &estate.NATGateway{Resource: ec2Resource(p, "natgateway", g.NatGatewayID, g.Tags),
				VPC: g.VpcID, Subnet: g.SubnetID, Public: g.ConnectivityType != "private", Regional: g.AvailabilityMode == "regional", State: g.State}
			for _, a := range g.NatGatewayAddresses {
				if a.Status == "failed" {
					continue
				}
				address := estate.NATAddress{Interface: a.NetworkInterfaceID, Zone: a.AvailabilityZone}
				address.Private, _ = netip.ParseAddr(a.PrivateIP) // the zero Addr where there is none
				address.Public, _ = netip.ParseAddr(a.PublicIP)
				gateway.Addresses = append(gateway.Addresses, address)
			}
			l.estate.NATGateways = append(l.estate.NATGateways, gateway)
		}
	})
	l.estate.NATGateways = byKey(l.estate.NATGateways)
}

// peerings reads peerings. Both sides see one; it belongs to the side that asked for it.
func (l *loader) peerings() {
	type side struct {
		OwnerID          string `json:"OwnerId"`
		Region           string
		VpcID            string `json:"VpcId"`
		CidrBlock        string
		CidrBlockSet     []struct{ CidrBlock string }
		Ipv6CidrBlockSet []struct{ Ipv6CidrBlock string }
	}
	read := func(s side) estate.PeeringSide {
		texts := []string{s.CidrBlock}
		for _, c := range s.CidrBlockSet {
			texts = append(texts, c.CidrBlock)
		}
		for _, c := range s.Ipv6CidrBlockSet {
			texts = append(texts, c.Ipv6CidrBlock)
		}
		return estate.PeeringSide{Account: s.OwnerID, Region: s.Region, VPC: s.VpcID, CIDRs: cidrs(texts...)}
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
				Requester: read(c.RequesterVpcInfo), Accepter: read(c.AccepterVpcInfo), Status: c.Status.Code})
		}
	})
	l.estate.Peerings = all.list()
}

func (l *loader) endpoints() {
	type endpointList struct {
		VpcEndpoints []struct {
			VpcEndpointID            string `json:"VpcEndpointId"`
			OwnerID                  string `json:"OwnerId"`
			VpcID                    string `json:"VpcId"`
			VpcEndpointType          string
			ServiceName              string
			ServiceNetworkArn        string
			ResourceConfigurationArn string
			State                    string
			SubnetIDs                []string `json:"SubnetIds"`
			NetworkInterfaceIDs      []string `json:"NetworkInterfaceIds"`
			RouteTableIDs            []string `json:"RouteTableIds"`
			PolicyDocument           document
			Groups                   []struct {
				GroupID string `json:"GroupId"`
			}
			Tags []tag
		}
	}
	each(l, "ec2:DescribeVpcEndpoints", func(p estate.Place, page *endpointList) {
		for _, e := range page.VpcEndpoints {
			endpoint := &estate.Endpoint{Resource: ec2Resource(owned(p, e.OwnerID), "vpc-endpoint", e.VpcEndpointID, e.Tags),
				VPC: e.VpcID, Type: e.VpcEndpointType, Service: cmp.Or(e.ServiceName, e.ServiceNetworkArn, e.ResourceConfigurationArn), State: lowerFirst(e.State),
				Subnets: sorted(e.SubnetIDs), Interfaces: sorted(e.NetworkInterfaceIDs), RouteTables: sorted(e.RouteTableIDs)}
			for _, g := range e.Groups {
				endpoint.SecurityGroups = append(endpoint.SecurityGroups, g.GroupID)
			}
			slices.Sort(endpoint.SecurityGroups)
			endpoint.Policy = l.policy(p, "ec2:DescribeVpcEndpoints", "", "the policy of endpoint "+e.VpcEndpointID, e.PolicyDocument)
			l.estate.Endpoints = append(l.estate.Endpoints, endpoint)
		}
	})
	l.estate.Endpoints = byKey(l.estate.Endpoints)
}

func (l *loader) connectEndpoints() {
	type endpointList struct {
		InstanceConnectEndpoints []struct {
			InstanceConnectEndpointID string `json:"InstanceConnectEndpointId"`
			OwnerID                   string `json:"OwnerId"`
			VpcID                     string `json:"VpcId"`
			SubnetID                  string `json:"SubnetId"`
			State                     string
			SecurityGroupIDs          []string `json:"SecurityGroupIds"`
			NetworkInterfaceIDs       []string `json:"NetworkInterfaceIds"`
			Tags                      []tag
		}
	}
	each(l, "ec2:DescribeInstanceConnectEndpoints", func(p estate.Place, page *endpointList) {
		for _, e := range page.InstanceConnectEndpoints {
			l.estate.ConnectEndpoints = append(l.estate.ConnectEndpoints, &estate.ConnectEndpoint{
				Resource: ec2Resource(owned(p, e.OwnerID), "instance-connect-endpoint", e.InstanceConnectEndpointID, e.Tags),
				VPC:      e.VpcID, Subnet: e.SubnetID, State: e.State, SecurityGroups: sorted(e.SecurityGroupIDs), Interfaces: sorted(e.NetworkInterfaceIDs)})
		}
	})
	l.estate.ConnectEndpoints = byKey(l.estate.ConnectEndpoints)
}

// lowerFirst writes a state as the API answers it; the reference has the same ones in capitals.
func lowerFirst(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToLower(s[:1]) + s[1:]
}

func (l *loader) addresses() {
	type addressList struct {
		Addresses []struct {
			AllocationID       string `json:"AllocationId"`
			PublicIP           string `json:"PublicIp"`
			PublicIpv4Pool     string
			NetworkInterfaceID string `json:"NetworkInterfaceId"`
			Tags               []tag
		}
	}
	each(l, "ec2:DescribeAddresses", func(p estate.Place, page *addressList) {
		for _, a := range page.Addresses {
			address := &estate.Address{Resource: ec2Resource(p, "elastic-ip", cmp.Or(a.AllocationID, a.PublicIP), a.Tags), Interface: a.NetworkInterfaceID}
			address.Public, _ = netip.ParseAddr(a.PublicIP)
			if a.PublicIpv4Pool != "amazon" {
				address.Pool = a.PublicIpv4Pool
			}
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
