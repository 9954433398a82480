package reach

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
)

// Network is an estate made ready for questions about packets. It does not change and may be asked by many at once.
type Network struct {
	estate *estate.Estate

	vpcs       map[regional]*vpc
	subnets    map[regional]*subnet
	groups     map[regional]*estate.SecurityGroup
	instances  map[regional]*estate.Instance
	interfaces map[regional]*node // by the interface's id
	nodes      []*node            // of interfaces, in the order of the estate
	byAddress  map[netip.Addr][]*node
	delegates  []*node               // those that prefixes are delegated to
	pooled     map[netip.Addr]string // public addresses of ranges of one's own, with the pool
	services   []*node               // that stand in for interfaces which are not known

	internetGateways map[regional]*estate.InternetGateway
	egressGateways   map[regional]*estate.EgressOnlyGateway
	natGateways      map[regional]*estate.NATGateway
	peerings         map[string][]*estate.Peering // by id: both sides may have read it
	endpoints        map[regional]*estate.Endpoint
	firewalls        map[regional]*estate.Firewall // by the endpoint's id
	vpnGateways      map[regional]*estate.VPNGateway
	blocks           map[estate.Place]*estate.BlockPublicAccess
	exclusions       map[regional]*estate.BlockPublicAccessExclusion // by what they exempt
	edges            map[regional]*table                             // by the gateway's id: the table that routes what comes in
	transit          transit

	doors     *doors
	beyond    sync.Map      // of *vpc: its strangers, found when they are first asked for
	flows     func() []Flow // everything from the Internet, once
	arrivals  func() map[string][]Flow
	kinds     func() *kinds // found when they are first asked for
	lookUp    func() *lookup
	wardrobes wardrobes
	ends      ends
}

// regional is the id of a resource in a Region. AWS's ids are not given twice in one.
type regional struct{ region, id string }

// vpc is a VPC with what belongs to it. One that was not read is known by its id alone.
type vpc struct {
	estate.Place // of its owner
	id           string
	read         *estate.VPC // nil: not read
	cidrs        netset.Addresses
	subnets      []*subnet
	main         *table
	gateway      *estate.InternetGateway
	vpn          *estate.VPNGateway
}

// subnet is a subnet with what decides at its edge.
type subnet struct {
	estate.Place // of its owner
	id           string
	read         *estate.Subnet // nil: not read
	vpc          *vpc
	table        *table
	tableGaps    []estate.Gap
	acl          *estate.NetworkACL
	aclGaps      []estate.Gap
	bare         bool // it stands for something that is in no subnet, and has no network ACL
}

// zone is a zone as far as it can be told from others. Accounts call zones by names of their own; only ids are the same for
// all. https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html
type zone struct{ id, name, account string }

func (s *subnet) zone() zone {
	switch {
	case s.read == nil:
		return zone{}
	case s.read.ZoneID != "":
		return zone{id: s.read.ZoneID}
	case s.read.Zone != "":
		return zone{name: s.read.Zone, account: s.Account}
	}
	return zone{}
}

// is says whether two zones are one.
func (z zone) is(other zone) estate.Truth {
	switch {
	case z == zone{} || other == zone{}, (z.id == "") != (other.id == ""), z.account != other.account:
		return estate.Unknown
	}
	return estate.Is(z == other)
}

// zoneName is what the owner of a subnet calls its zone; empty where it was not read.
func (s *subnet) zoneName() string {
	if s.read == nil {
		return ""
	}
	return s.read.Zone
}

func (s *subnet) addresses() netset.Addresses {
	if s.read == nil {
		return netset.Addresses{}
	}
	return netset.Of(s.read.CIDRs...)
}

func (s *subnet) ref() estate.Ref {
	if s.read != nil {
		return s.read.Ref()
	}
	return reference("subnet", s.Place, s.id)
}

func reference(kind string, p estate.Place, id string) estate.Ref {
	return estate.Ref{Kind: kind, Account: p.Account, Region: p.Region, ID: id}
}

// Of makes an estate ready.
func Of(e *estate.Estate) *Network {
	n := &Network{
		estate:           e,
		vpcs:             map[regional]*vpc{},
		subnets:          map[regional]*subnet{},
		groups:           index(e.SecurityGroups),
		instances:        index(e.Instances),
		interfaces:       map[regional]*node{},
		byAddress:        map[netip.Addr][]*node{},
		internetGateways: index(e.InternetGateways),
		egressGateways:   index(e.EgressOnlyGateways),
		natGateways:      index(e.NATGateways),
		peerings:         map[string][]*estate.Peering{},
		endpoints:        index(e.Endpoints),
		firewalls:        map[regional]*estate.Firewall{},
		vpnGateways:      index(e.VPNGateways),
		blocks:           map[estate.Place]*estate.BlockPublicAccess{},
		exclusions:       map[regional]*estate.BlockPublicAccessExclusion{},
		edges:            map[regional]*table{},
	}
	for _, p := range e.Peerings {
		n.peerings[p.Ref().ID] = append(n.peerings[p.Ref().ID], p)
	}
	for _, f := range e.Firewalls {
		endpoints, _ := f.Endpoints.Value()
		for _, x := range endpoints {
			n.firewalls[regional{f.Place().Region, x.Endpoint}] = f
		}
	}
	for _, b := range e.BlockPublicAccess {
		n.blocks[b.Place] = b
	}
	for _, x := range e.BlockPublicAccessExclusions {
		n.exclusions[regional{x.Place().Region, x.Of}] = x
	}
	n.transit = newTransit(e)
	for _, r := range e.TransitGatewayRouteTables {
		if routes, known := r.Routes.Value(); known {
			n.transit.ordered[r] = n.transitTable(r, routes)
		}
	}
	n.pooled = map[netip.Addr]string{}
	for _, a := range e.Addresses {
		if a.Pool != "" {
			n.pooled[a.Public] = a.Pool
		}
	}
	n.readVPCs()
	n.readInterfaces()
	n.readServices()
	n.openDoors()
	n.flows = sync.OnceValue(n.internet)
	n.arrivals = sync.OnceValue(n.byReceiver)
	n.kinds = sync.OnceValue(n.findKinds)
	n.lookUp = sync.OnceValue(n.newLookup)
	return n
}

func index[R estate.Subject](list []R) map[regional]R {
	all := make(map[regional]R, len(list))
	for _, r := range list {
		key := regional{r.Ref().Region, r.Ref().ID}
		if _, twice := all[key]; !twice {
			all[key] = r
		}
	}
	return all
}

func (n *Network) readVPCs() {
	e := n.estate
	for _, v := range e.VPCs {
		n.vpcs[regional{v.Place().Region, v.Ref().ID}] = &vpc{Place: v.Place(), id: v.Ref().ID, read: v, cidrs: netset.Of(v.CIDRs...)}
	}
	for _, s := range e.Subnets {
		x := &subnet{Place: s.Place(), id: s.Ref().ID, read: s, vpc: n.vpc(s.Place(), s.VPC)}
		n.subnets[regional{s.Place().Region, s.Ref().ID}] = x
		x.vpc.subnets = append(x.vpc.subnets, x)
	}
	for _, g := range e.InternetGateways {
		if g.VPC != "" {
			n.vpc(g.Place(), g.VPC).gateway = g
		}
	}
	for _, g := range e.VPNGateways {
		if g.VPC != "" {
			n.vpc(g.Place(), g.VPC).vpn = g
		}
	}
	for _, r := range e.RouteTables {
		t := n.newTable(r)
		if r.Main {
			t.vpc.main = t
		}
		for _, id := range r.Subnets {
			n.subnet(r.Place(), r.VPC, id).table = t
		}
		for _, id := range r.Gateways {
			n.edges[regional{r.Place().Region, id}] = t
		}
	}
	for _, a := range e.NetworkACLs {
		for _, id := range a.Subnets {
			n.subnet(a.Place(), a.VPC, id).acl = a
		}
	}
	for _, s := range n.subnets {
		n.settle(s)
	}
}

// settle finds the tables that hold for a subnet which none names. An explicit association that nobody saw would decide, so
// the main route table holds only where all tables were read.
func (n *Network) settle(s *subnet) {
	if s.table == nil {
		if s.tableGaps = n.unread(s.Place, "ec2:DescribeRouteTables"); s.tableGaps == nil {
			if s.table = s.vpc.main; s.table == nil {
				s.tableGaps = []estate.Gap{{Place: s.Place, Operation: "ec2:DescribeRouteTables", Outcome: operation.Failed,
					Why: "no route table of " + s.vpc.id + " is its main one"}}
			}
		}
	}
	if s.acl == nil {
		if s.aclGaps = n.unread(s.Place, "ec2:DescribeNetworkAcls"); s.aclGaps == nil {
			s.aclGaps = []estate.Gap{{Place: s.Place, Operation: "ec2:DescribeNetworkAcls", Outcome: operation.Failed,
				Why: "no network ACL names " + s.id}}
		}
	}
}

// vpc returns a VPC; one that was not read is made up, in the account of whoever names it.
func (n *Network) vpc(p estate.Place, id string) *vpc {
	key := regional{p.Region, id}
	v := n.vpcs[key]
	if v == nil {
		v = &vpc{Place: p, id: id}
		n.vpcs[key] = v
	}
	return v
}

// subnet returns a subnet; one that was not read is made up.
func (n *Network) subnet(p estate.Place, vpc, id string) *subnet {
	key := regional{p.Region, id}
	s := n.subnets[key]
	if s == nil {
		v := n.vpc(p, vpc)
		s = &subnet{Place: v.Place, id: id, vpc: v} // a VPC and its subnets have one owner
		n.subnets[key] = s
		s.vpc.subnets = append(s.vpc.subnets, s)
	}
	return s
}

// nobody is the account of what has an owner that is not known.
const nobody = "*"

// unread returns the gap that a listing leaves at a place, and nothing where the listing is complete.
func (n *Network) unread(p estate.Place, op operation.ID) []estate.Gap {
	if n.estate.Complete(p, op) {
		return nil
	}
	gap := n.estate.Reading(p, op, "").Gap()
	if p.Account == nobody {
		gap.Why = "neither the subnet nor its VPC was read"
	} else if n.estate.Account(p.Account) == nil {
		gap.Why = "account " + p.Account + " was not read"
	}
	return []estate.Gap{gap}
}

func (n *Network) readInterfaces() {
	// There may be a million: what is the same size for all is made at once.
	n.nodes = make([]*node, 0, len(n.estate.NetworkInterfaces))
	n.interfaces = make(map[regional]*node, len(n.estate.NetworkInterfaces))
	n.byAddress = make(map[netip.Addr][]*node, len(n.estate.NetworkInterfaces))
	for _, i := range n.estate.NetworkInterfaces {
		x := n.newNode(i)
		n.nodes = append(n.nodes, x)
		n.interfaces[regional{i.Place().Region, i.Ref().ID}] = x
		// Its owner may be another than that of its subnet, which is shared with it: what neither the subnet nor the VPC tells is
		// not known.
		n.subnet(estate.Place{Account: nobody, Region: i.Place().Region}, i.VPC, i.Subnet)
		alone := n.nodes[len(n.nodes)-1 : len(n.nodes) : len(n.nodes)]
		at := func(a netip.Addr) {
			if !a.IsValid() {
				return
			}
			if others := n.byAddress[a]; len(others) == 0 {
				n.byAddress[a] = alone
			} else if !slices.Contains(others, x) {
				n.byAddress[a] = append(others, x)
			}
		}
		for _, a := range i.Private {
			at(a)
		}
		for _, a := range i.IPv6 {
			at(a)
		}
		at(i.Public)
		for _, a := range i.Associations {
			at(a.Public)
		}
		if len(x.prefixes) > 0 {
			n.delegates = append(n.delegates, x)
		}
	}
	for _, s := range n.subnets {
		if s.table == nil && s.tableGaps == nil { // made up just now
			n.settle(s)
		}
	}
}

// newNode is an interface as a node. Those of an instance are called by it.
func (n *Network) newNode(i *estate.NetworkInterface) *node {
	x := &node{ref: i.Ref(), iface: i, Place: i.Place(), vpc: i.VPC, subnets: []string{i.Subnet}, groups: i.SecurityGroups,
		private: i.Private, v6: i.IPv6, public: i.Public, publicly: i.Public.IsValid(), forwards: !i.SourceDest,
		open: len(i.SecurityGroups) == 0, prefixes: i.Prefixes}
	if len(i.Associations) > 1 || len(i.Associations) == 1 && (len(i.Private) > 1 || len(i.Prefixes) > 0) {
		for _, a := range i.Associations {
			x.mapped = append(x.mapped, mapping{hosts(a.Private), a.Public})
		}
	}
	switch {
	case i.Instance != "":
		x.ref = reference("instance", x.Place, i.Instance)
		if host := n.instances[regional{x.Region, i.Instance}]; host != nil {
			x.ref = host.Ref()
			if host.State != "running" && host.State != "" {
				x.idle = "the instance is " + host.State
				x.mute = x.idle
			}
		} else if x.idleGaps = n.unread(estate.Place{Account: cmp.Or(i.Host, x.Account), Region: x.Region}, "ec2:DescribeInstances"); x.idleGaps == nil {
			x.idle = "its instance is gone"
			x.mute = x.idle
		}
	case i.Status == "available":
		x.idle = "the interface is attached to nothing"
		x.mute = x.idle
	case strings.EqualFold(i.Type, "lambda") || strings.HasPrefix(i.Description, "AWS Lambda VPC ENI"):
		// A function in a VPC only starts connections.
		// https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
		x.idle = "it belongs to a function, which takes no connections"
	case i.Type == "vpc_endpoint":
		// https://docs.aws.amazon.com/vpc/latest/privatelink/concepts.html
		x.mute = "it belongs to a VPC endpoint, which takes connections and starts none"
	case i.Type == "transit_gateway":
		x.idle = "it belongs to a transit gateway attachment, which only forwards"
		x.mute = x.idle
	case i.Type == "gateway_load_balancer_endpoint":
		// https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-load-balancer-endpoints.html
		x.idle = "it belongs to a Gateway Load Balancer endpoint, which takes what routes send to it only"
		x.mute = x.idle
	case i.Type == "api_gateway_managed":
		// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vpc-links.html
		x.idle = "it belongs to a VPC link, which takes no connections"
	case i.Type == "nat_gateway" || i.Type == "natGateway":
		x.idle = "it belongs to a NAT gateway, which takes no connections"
		x.mute = "it belongs to a NAT gateway, which starts no connections"
	}
	return x
}

// Needs returns the operations that answers may rest on, sorted.
func Needs() []operation.ID {
	all := slices.Concat(needs, doorNeeds)
	slices.Sort(all)
	return slices.Compact(all)
}

var needs = []operation.ID{
	"ec2:DescribeEgressOnlyInternetGateways",
	"ec2:DescribeInstances",
	"ec2:DescribeInternetGateways",
	"ec2:DescribeManagedPrefixLists",
	"ec2:DescribeNatGateways",
	"ec2:DescribeNetworkAcls",
	"ec2:DescribeNetworkInterfaces",
	"ec2:DescribeRouteTables",
	"ec2:DescribeSecurityGroupRules",
	"ec2:DescribeSecurityGroups",
	"ec2:DescribeSubnets",
	"ec2:DescribeTransitGatewayAttachments",
	"ec2:DescribeTransitGatewayRouteTables",
	"ec2:DescribeTransitGatewayVpcAttachments",
	"ec2:DescribeTransitGateways",
	"ec2:DescribeVpcBlockPublicAccessExclusions",
	"ec2:DescribeVpcBlockPublicAccessOptions",
	"ec2:DescribeVpcEndpoints",
	"ec2:DescribeVpcPeeringConnections",
	"ec2:DescribeVpcs",
	"ec2:DescribeVpnGateways",
	"ec2:GetManagedPrefixListEntries",
	"ec2:GetTransitGatewayPrefixListReferences",
	"ec2:SearchTransitGatewayRoutes",
	"elasticache:DescribeCacheClusters",
	"elasticache:DescribeCacheSubnetGroups",
	"network-firewall:DescribeFirewall",
	"network-firewall:DescribeFirewallPolicy",
	"network-firewall:DescribeRuleGroup",
	"network-firewall:ListFirewalls",
	"rds:DescribeDBClusters",
	"rds:DescribeDBInstances",
	"redshift:DescribeClusterSubnetGroups",
	"redshift:DescribeClusters",
}

// called is what people call a resource in a sentence.
func called(r estate.Ref) string {
	if r.Name != "" && r.Name != r.ID {
		return r.Kind + " " + r.ID + " (" + r.Name + ")"
	}
	return cmp.Or(r.Kind, "resource") + " " + r.ID
}
