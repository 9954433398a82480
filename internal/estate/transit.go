package estate

import (
	"net/netip"

	"github.com/onus-cloud/onus/internal/netset"
)

// Transit is what joins networks beyond a VPC: transit gateways, virtual private gateways, VPN and Direct Connect.
type Transit struct {
	TransitGateways           []*TransitGateway
	TransitGatewayAttachments []*TransitGatewayAttachment
	TransitGatewayRouteTables []*TransitGatewayRouteTable
	VPNGateways               []*VPNGateway
	VPNConnections            []*VPNConnection
	DirectConnectAssociations []*DirectConnectAssociation
}

// TransitGateway is a router between VPCs and networks of one's own. It belongs to the account that owns it, whoever sees it.
type TransitGateway struct {
	Resource
	State string // "available", ...
	// GroupReferences says that rules of VPCs attached to it may refer to one another's security groups.
	GroupReferences bool
}

// TransitGatewayAttachment joins one network to a transit gateway. It belongs to the account that owns the transit gateway, as
// far as AWS says which that is, else to the account that sees it.
type TransitGatewayAttachment struct {
	Resource
	TransitGateway string
	Type           string // "vpc", "vpn", "direct-connect-gateway", "peering", "connect", "network-function", ...
	Of             string // what is attached: "vpc-0abc", "vpn-0abc", or the transit gateway at the other end of a peering
	OfAccount      string // the owner of that
	State          string // "available", ...
	// RouteTable is the transit gateway route table that its packets are routed by; absent for none.
	RouteTable Known[string]
	// VPC is what only attachments of VPCs have; absent for the others.
	VPC Known[TransitGatewayVPC]
}

// TransitGatewayVPC is how a VPC is attached: through one subnet in each of some zones.
type TransitGatewayVPC struct {
	Subnets         []string // ids, sorted
	GroupReferences bool     // the attachment takes part in references to security groups
	ApplianceMode   bool     // both ways of a flow stay in one zone
	IPv6            bool
}

// TransitGatewayRouteTable routes what comes in by the attachments that are associated with it.
type TransitGatewayRouteTable struct {
	Resource
	TransitGateway string
	// Routes are those in force. They are unknown where not all were told: AWS shows a thousand.
	Routes Known[[]TransitGatewayRoute]
}

// TransitGatewayRoute sends packets to a destination out through attachments.
type TransitGatewayRoute struct {
	CIDR        netip.Prefix // or
	PrefixList  string       // the id of a list
	Attachments []string     // ids; several: one of them, by equal cost; none: a blackhole
	Static      bool         // written by somebody, not propagated by an attachment
	Blackhole   bool
}

// VPNGateway is the VPC's side of VPN connections and of Direct Connect: a virtual private gateway.
type VPNGateway struct {
	Resource
	VPC   string // empty: attached to none
	State string // "available", ...
}

// VPNConnection is a site-to-site VPN.
type VPNConnection struct {
	Resource
	Gateway string         // "vgw-0abc" or "tgw-0abc"; empty where it has neither
	State   string         // "available", ...
	Routes  []netip.Prefix // those that were written; with BGP they are told by the other side and not read
}

// DirectConnectAssociation joins a Direct Connect gateway to a virtual private gateway or a transit gateway.
type DirectConnectAssociation struct {
	Resource
	Gateway  string         // the Direct Connect gateway's id
	With     string         // "vgw-0abc" or "tgw-0abc"
	State    string         // "associated", ...
	Prefixes []netip.Prefix // that are told to the other side; empty: all of the VPC's
}

// Firewall is one of AWS Network Firewall. Routes send packets through its endpoints.
type Firewall struct {
	Resource
	VPC       string
	Endpoints Known[[]FirewallEndpoint]
	Policy    Known[*FirewallPolicy]
}

// FirewallEndpoint is where packets enter a firewall in one zone.
type FirewallEndpoint struct{ Endpoint, Subnet, Zone string }

// FirewallPolicy is what a firewall does. A stateless rule decides by the lowest priority number that matches.
type FirewallPolicy struct {
	ARN string
	// StatelessDefault is what becomes of packets that no stateless rule matches, and FragmentDefault of fragments:
	// "aws:pass", "aws:drop", "aws:forward_to_sfe", or an action of one's own.
	StatelessDefault, FragmentDefault []string
	Stateless                         []FirewallGroup // by priority, the lowest number first
	// Order is "STRICT_ORDER" or "DEFAULT_ACTION_ORDER" (pass, drop, reject, alert), which AWS takes where none is given.
	Order string
	// StatefulDefault is what becomes of what no stateful rule matches, in strict order: "aws:drop_strict",
	// "aws:drop_established", "aws:alert_strict", ...; empty: it passes.
	StatefulDefault []string
	Stateful        []FirewallGroup // by priority in strict order
}

// FirewallGroup is one rule group as a policy uses it.
type FirewallGroup struct {
	ARN      string
	Priority int
	// Rules is unknown where the group was not read, or is one of AWS's, whose rules it does not tell.
	Rules Known[[]FirewallRule]
	// Opaque says that there is more in the group than Rules: domain lists, Suricata text, options that are not understood. Of
	// stateful rules in strict order, Rules are then those before the first that is not understood.
	Opaque bool
}

// FirewallRule is a rule by the five fields of a packet's header.
type FirewallRule struct {
	Priority int      // of stateless rules
	Actions  []string // stateless: "aws:pass", "aws:drop", "aws:forward_to_sfe"; stateful: one of "PASS", "DROP", "REJECT", "ALERT"
	// Protocols is empty for any. Those of stateful rules that are not IP protocols ("HTTP", "TLS") make their group opaque.
	Protocols                     []netset.Protocol
	Sources, Destinations         netset.Addresses
	SourcePorts, DestinationPorts netset.Ports
	BothWays                      bool // of stateful rules: also from the destinations to the sources
	Flags                         bool // of stateless rules: it looks at TCP flags
}
