package estate

import (
	"net/netip"
	"time"

	"github.com/onus-cloud/onus/internal/netset"
)

// Network is what packets pass: VPCs, groups, routes. Each list is sorted by Ref.Key.
//
// What is shared belongs to the account that owns it, whoever sees it: a shared subnet, its VPC and their route tables to
// the VPC's owner, an interface and a security group to the participant that made it.
type Network struct {
	VPCs              []*VPC
	Subnets           []*Subnet
	RouteTables       []*RouteTable
	NetworkACLs       []*NetworkACL
	InternetGateways  []*InternetGateway
	NATGateways       []*NATGateway
	Peerings          []*Peering
	Endpoints         []*Endpoint
	Addresses         []*Address
	NetworkInterfaces []*NetworkInterface
	SecurityGroups    []*SecurityGroup
	PrefixLists       []*PrefixList
	FlowLogs          []*FlowLog
}

// VPC is a virtual network.
type VPC struct {
	Resource
	CIDRs   []netip.Prefix // sorted, IPv4 first
	Default bool           // the one that AWS made
}

// Subnet is a part of a VPC in one zone.
type Subnet struct {
	Resource
	VPC      string // id
	Zone     string // "us-east-1a"
	CIDRs    []netip.Prefix
	PublicIP bool // instances started in it get a public address
}

// RouteTable is the routes of the subnets that it is associated with.
type RouteTable struct {
	Resource
	VPC     string
	Main    bool     // it holds for the subnets that have no table of their own
	Subnets []string // ids, sorted
	Routes  []Route  // in the order AWS lists them
}

// Route sends packets to a destination on through a target.
type Route struct {
	CIDR       netip.Prefix // or
	PrefixList string       // the id of a list
	Target     string       // "local", "igw-0abc", "nat-0abc", "eni-0abc", ...
	Active     bool         // false: a blackhole
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
	VPC, Subnet string
	Public      bool // towards the Internet, not to other networks of one's own
	State       string
}

// Peering joins two VPCs.
type Peering struct {
	Resource
	Requester, Accepter PeeringSide
	Status              string // "active", "pending-acceptance", ...
}

// PeeringSide is one of the two VPCs of a peering.
type PeeringSide struct{ Account, Region, VPC string }

// Endpoint is a way from a VPC to a service without the Internet.
type Endpoint struct {
	Resource
	VPC            string
	Type           string // "Gateway", "Interface", "GatewayLoadBalancer", ...
	Service        string // "com.amazonaws.us-east-1.s3"
	SecurityGroups []string
}

// Address is an Elastic IP address.
type Address struct {
	Resource
	Public    netip.Addr
	Interface string // id; empty where it is associated with nothing
}

// NetworkInterface is what has addresses and security groups: of an instance, a load balancer, a database, a function.
type NetworkInterface struct {
	Resource
	VPC, Subnet    string
	Type           string // "interface", "nat_gateway", "network_load_balancer", ...
	Description    string
	Private        []netip.Addr
	Public         netip.Addr
	IPv6           []netip.Addr
	SecurityGroups []string // ids, sorted
	Instance       string   // id of the instance that it is attached to, if it is to one
	SourceDest     bool     // false: it may forward what is not for it
}

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
	Entries Known[netset.Addresses]
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
