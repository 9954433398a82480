package estate

import (
	"net/netip"
	"time"

	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/policy"
)

// Network is what packets pass: VPCs, groups, routes. Each list is sorted by Ref.Key.
//
// What is shared belongs to the account that owns it, whoever sees it: a shared subnet, its VPC and their route tables to
// the VPC's owner, an interface and a security group to the participant that made it.
type Network struct {
	VPCs                        []*VPC
	Subnets                     []*Subnet
	RouteTables                 []*RouteTable
	NetworkACLs                 []*NetworkACL
	InternetGateways            []*InternetGateway
	EgressOnlyGateways          []*EgressOnlyGateway
	NATGateways                 []*NATGateway
	Peerings                    []*Peering
	Endpoints                   []*Endpoint
	Addresses                   []*Address
	NetworkInterfaces           []*NetworkInterface
	SecurityGroups              []*SecurityGroup
	PrefixLists                 []*PrefixList
	FlowLogs                    []*FlowLog
	EndpointServices            []*EndpointService
	ConnectEndpoints            []*ConnectEndpoint
	BlockPublicAccess           []*BlockPublicAccess // one for each place where it was asked
	BlockPublicAccessExclusions []*BlockPublicAccessExclusion
	Transit
	Firewalls []*Firewall
}

// VPC is a virtual network.
type VPC struct {
	Resource
	CIDRs   []netip.Prefix // sorted, IPv4 first; those that are associated, not those that were
	Default bool           // the one that AWS made
}

// Subnet is a part of a VPC in one zone.
type Subnet struct {
	Resource
	VPC      string // id
	Zone     string // "us-east-1a", as its owner calls it: another account may call it otherwise
	ZoneID   string // "use1-az1", which is the same for everybody
	CIDRs    []netip.Prefix
	PublicIP bool // instances started in it get a public address
}

// RouteTable is the routes of the subnets that it is associated with.
type RouteTable struct {
	Resource
	VPC     string
	Main    bool     // it holds for the subnets that have no table of their own
	Subnets []string // ids, sorted
	// Gateways are the ids of the internet and virtual private gateways whose incoming packets it routes, sorted.
	Gateways []string
	Routes   []Route // in the order AWS lists them
}

// Route sends packets to a destination on through a target.
type Route struct {
	CIDR       netip.Prefix // or
	PrefixList string       // the id of a list
	// Target is "local", or the id of what takes the packet on: "igw-0abc", "eigw-0abc", "nat-0abc", "eni-0abc", "pcx-0abc",
	// "tgw-0abc", "vgw-0abc", "vpce-0abc" (of a gateway or Gateway Load Balancer endpoint), "lgw-0abc", "cagw-0abc", or the ARN
	// of a core network. Of an instance it is its interface where AWS says both, else "i-0abc". It is empty where AWS tells none
	// that is known.
	Target     string
	Active     bool // false: a blackhole
	Propagated bool // told by a virtual private gateway or a route server, not written by somebody
}

// NetworkACL is the ordered, stateless rules at the edge of subnets.
type NetworkACL struct {
	Resource
	VPC     string
	Default bool
	Subnets []string          // ids, sorted
	Entries []NetworkACLEntry // the lowest number first, as they are tried
}

// NetworkACLEntry is a rule of a network ACL.
type NetworkACLEntry struct {
	Number  int
	Egress  bool
	Allow   bool
	Traffic netset.Traffic
	CIDR    netip.Prefix
}

// InternetGateway joins VPCs to the Internet.
type InternetGateway struct {
	Resource
	VPC string // empty: attached to none
}

// NATGateway lets hosts without a public address out.
type NATGateway struct {
	Resource
	VPC, Subnet string // Subnet is empty for a regional one
	Public      bool   // towards the Internet, not to other networks of one's own
	Regional    bool   // it spans the zones of its VPC
	State       string // "available", "pending", "failed", "deleting", "deleted"
	Addresses   []NATAddress
}

// NATAddress is one address that a NAT gateway sends from.
type NATAddress struct {
	Private   netip.Addr
	Public    netip.Addr // of a public gateway
	Interface string     // id
	Zone      string     // of a regional one: the zone that it serves, where AWS says it
}

// EgressOnlyGateway lets hosts out over IPv6, and nobody in.
type EgressOnlyGateway struct {
	Resource
	VPC string // empty: attached to none
}

// Peering joins two VPCs.
type Peering struct {
	Resource
	Requester, Accepter PeeringSide
	Status              string // "active", "pending-acceptance", ...
}

// PeeringSide is one of the two VPCs of a peering.
type PeeringSide struct {
	Account, Region, VPC string
	CIDRs                []netip.Prefix // as the peering shows them; empty where it does not (before it is accepted)
}

// Endpoint is a way from a VPC to a service without the Internet.
type Endpoint struct {
	Resource
	VPC            string
	Type           string // "Gateway", "Interface", "GatewayLoadBalancer", "Resource", "ServiceNetwork"
	Service        string // "com.amazonaws.us-east-1.s3"
	State          string // "available", "pendingAcceptance", ...
	SecurityGroups []string
	Subnets        []string // ids, sorted
	Interfaces     []string // ids, sorted
	RouteTables    []string // ids, sorted; of gateway endpoints
	// Policy bounds what requests through it may do; absent where the listing has none, which means that it bounds nothing.
	Policy Known[*policy.Document]
}

// ConnectEndpoint is an EC2 Instance Connect endpoint: a way from the Internet to the SSH port of hosts without public addresses,
// for who may ec2-instance-connect:OpenTunnel.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/connect-with-ec2-instance-connect-endpoint.html
type ConnectEndpoint struct {
	Resource
	VPC, Subnet    string
	State          string   // "create-complete", ...
	SecurityGroups []string // ids, sorted
	Interfaces     []string // ids, sorted
}

// EndpointService offers load balancers of one's own to endpoints in other VPCs.
type EndpointService struct {
	Resource
	Service       string   // "com.amazonaws.vpce.us-east-1.vpce-svc-0abc"
	LoadBalancers []string // ARNs, sorted: network, or else gateway load balancers
}

// BlockPublicAccess is what a Region of an account says about traffic between its VPCs and the Internet.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html
type BlockPublicAccess struct {
	Place
	Mode Known[string] // "off", "block-bidirectional", "block-ingress"
}

// BlockPublicAccessExclusion exempts a VPC or a subnet.
type BlockPublicAccessExclusion struct {
	Resource
	Of   string // "vpc-0abc" or "subnet-0abc"
	Mode string // "allow-bidirectional", "allow-egress"
}

// Address is an Elastic IP address.
type Address struct {
	Resource
	Public    netip.Addr
	Interface string // id; empty where it is associated with nothing
	// Pool is the id of a pool of addresses of one's own that it is of; empty for those of Amazon.
	Pool string
}

// NetworkInterface is what has addresses and security groups: of an instance, a load balancer, a database, a function.
type NetworkInterface struct {
	Resource
	VPC, Subnet string
	Type        string // "interface", "nat_gateway", "network_load_balancer", "lambda", "vpc_endpoint", ...
	Status      string // "in-use", "available" (attached to nothing), ...
	Requester   string // the account or service that made it for itself: "amazon-elb", "amazon-rds"; empty for one's own
	Description string
	Private     []netip.Addr
	Public      netip.Addr // the first of Associations; of the primary address where that has one
	// Associations are the public IPv4 addresses, each with the private one that it stands for; sorted by that. Empty where only
	// Public is known.
	Associations []Association
	IPv6         []netip.Addr
	// Prefixes are delegated to the interface: it has all of their addresses, for what runs behind it.
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-prefix-eni.html
	Prefixes       []netip.Prefix
	SecurityGroups []string // ids, sorted
	Instance       string   // id of the instance that it is attached to, if it is to one
	Host           string   // the account of that instance
	SourceDest     bool     // false: it may forward what is not for it
	// DeniesGateway says that over IPv6 it takes nothing from an internet gateway, as internal load balancers by default.
	DeniesGateway bool
}

// Association is a public IPv4 address that stands for a private one.
type Association struct{ Private, Public netip.Addr }

// SecurityGroup is a set of rules that interfaces wear.
type SecurityGroup struct {
	Resource
	VPC   string // id; empty where the group itself was not read
	Rules []*SecurityGroupRule
	// Missing is what would have told of further rules; empty where Rules are all there are.
	Missing []Gap
}

// SecurityGroupRule admits traffic from a source (or, outgoing, to a destination).
type SecurityGroupRule struct {
	ID          string // "sgr-0abc", or made of what it says where only the group was read: "sg-0abc/ingress/tcp/22-22/0.0.0.0/0"
	Named       bool   // ID is AWS's own
	Egress      bool
	Protocol    string // as AWS writes it: "tcp", "-1", "47"
	Traffic     netset.Traffic
	Description string
	// Peer is the source or destination as it is written: a CIDR, "pl-0abc", "sg-0abc".
	Peer string
	// Addresses is what Peer stands for. It is absent for a security group, which stands for the private addresses of its
	// members, and unknown for a prefix list whose entries were not read.
	Addresses Known[netset.Addresses]
}

// PrefixList is a named list of CIDRs, one's own or AWS's.
type PrefixList struct {
	Resource
	// Entries are as they are listed, sorted: to routes the length of each matters.
	Entries Known[[]netip.Prefix]
}

// Addresses are those of all entries together.
func (l *PrefixList) Addresses() Known[netset.Addresses] {
	if entries, ok := l.Entries.Value(); ok {
		return Know(netset.Of(entries...))
	}
	if gap, unread := l.Entries.Unread(); unread {
		return Unread[netset.Addresses](gap)
	}
	return None[netset.Addresses]()
}

// FlowLog records the traffic of a VPC, a subnet or an interface.
type FlowLog struct {
	Resource
	Of         string // "vpc-0abc", "subnet-0abc", "eni-0abc", "tgw-0abc"
	Active     bool
	Delivery   string // "SUCCESS", "FAILED", or empty while nothing was delivered yet
	Error      string // why it failed
	Traffic    string // "ALL", "ACCEPT", "REJECT"; empty for transit gateways
	CreateTime time.Time
}

// Delivers reports whether the log is active and, as far as AWS says, arrives.
func (f *FlowLog) Delivers() bool { return f.Active && f.Delivery != "FAILED" }
