// Package reach answers who can reach whom by packets: from the estate alone it says whether a packet arrives, whether its
// reply gets back, by which way, and which rule decides at each hop.
//
// It is exact for IPv4 and IPv6, across VPCs, Regions and accounts, as AWS evaluates a packet: security groups, network
// ACLs, routes, gateways, transit gateways, load balancers and the other front doors. It is three-valued: what was not read
// or is not understood (an appliance, a domain rule, an account that nobody read) makes the answer unknown, with the
// reason, and only where it could change the answer. It is pure: the same estate, the same answers.
//
// The rules are those of the Amazon VPC User Guide, https://docs.aws.amazon.com/vpc/latest/userguide/, and are cited where
// they surprise.
package reach

import (
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// End is one end of a question: the Internet, addresses, or resources of the estate. One of its fields is set.
type End struct {
	// Internet is everybody: an answer of yes means that a set of addresses that covers the Internet
	// (netset.Addresses.CoversInternet) gets through, not that one lone address does.
	Internet bool
	// Addresses is an address or a CIDR. Those that interfaces of the estate have mean those interfaces; the others are outside.
	Addresses netset.Addresses
	// Refs are resources: instances, interfaces, load balancers, databases, subnets, VPCs, ...: any of them.
	Refs []estate.Ref
}

// Question is one packet, or all packets like it.
type Question struct {
	From, To End
	Protocol netset.Protocol
	// Port is the destination port; of ICMP the type times 256 plus the code; of other protocols it has no meaning.
	Port uint16
	// SourcePort is the port that the client sends from; 0 for whichever lets the reply back.
	SourcePort uint16
}

// Answer is what becomes of a packet. Where several senders, addresses or ways are possible it is about the one that comes
// furthest: yes before unknown before no.
type Answer struct {
	// Arrives says whether the packet is delivered, and Session whether the reply gets back too: a TCP session is possible.
	Arrives, Session estate.Truth
	// From and To are the parties that it is about; their zero value stands for addresses outside the estate.
	From, To Party
	Way      Way
	// Through are the front doors on the way, in order.
	Through []estate.Ref
	// Addresses are those outside from which, or to which, packets arrive; where Arrives is Unknown, those that may.
	Addresses netset.Addresses
	// Sessions are those of Addresses to which the reply gets back; of a source outside.
	Sessions netset.Addresses
	// possible are Addresses and those for which it is not known, and mayTalk the same of Sessions.
	possible, mayTalk netset.Addresses
	// ClientPorts are the ports of the client to which the reply gets back, where Session is True.
	ClientPorts netset.Ports
	// Path is the way there, to its end or to what stops it and beyond as far as that is known; Return is the reply's, where
	// something other than security groups, which let replies through, has a say in it.
	Path, Return []Hop
	// Reason is one sentence: what stops it, or why it is not known. Empty for a plain yes.
	Reason string
	// Gaps are the calls that would have told what is not known.
	Gaps []estate.Gap
}

// Stops returns the hops of the path that stop the packet: the first is what stops it, the others what else would.
func (a Answer) Stops() []Hop {
	var stops []Hop
	for _, h := range a.Path {
		if h.Passes == estate.False {
			stops = append(stops, h)
		}
	}
	return stops
}

// FromInternet says whether everybody on the Internet, and not some addresses only, can send such a packet, and have a session.
// It is for answers about senders outside.
func (a Answer) FromInternet() (arrives, session estate.Truth) {
	return covering(a.Addresses, a.possible, a.Arrives), covering(a.Sessions, a.mayTalk, a.Session)
}

// Perhaps are the addresses outside from which such packets arrive or may, and those with which a session is possible or may be.
func (a Answer) Perhaps() (arrive, talk netset.Addresses) { return a.possible, a.mayTalk }

func covering(sure, possible netset.Addresses, verdict estate.Truth) estate.Truth {
	switch {
	case verdict == estate.True && sure.CoversInternet():
		return estate.True
	case verdict != estate.False && possible.CoversInternet():
		return estate.Unknown
	}
	return estate.False
}

// Party is one end of an answer as a person finds it.
type Party struct {
	// Ref is what people call it: the instance, the load balancer, the database; else the interface. Its zero value is outside.
	Ref estate.Ref
	// Interface is the id of the network interface, where one is known.
	Interface string
	// Address is the address as the other end sees it; empty for a set.
	Address string
}

// Hop is one thing that a packet passes, or that stops it.
type Hop struct {
	At     estate.Ref   // "security-group", "network-acl", "route-table", "internet-gateway", "instance", ...; kind "internet" outside
	Passes estate.Truth // False: this stops it
	// Rule is the rule that decides, as AWS shows it: "rule 100 allows tcp 22 from 0.0.0.0/0", "10.0.0.0/16 to local".
	Rule string
	// Text is one sentence, for a person.
	Text string
	Gaps []estate.Gap
}

// Way is how a packet gets to where it goes.
type Way string

// Direct is without any front door. The others are named after the first door that a packet from the Internet comes through.
const (
	Direct            Way = "direct"
	ByLoadBalancer    Way = "load-balancer"
	ByDistribution    Way = "cloudfront"
	ByAccelerator     Way = "global-accelerator"
	ByAPI             Way = "api-gateway"
	ByEndpointService Way = "endpoint-service" // of a VPC endpoint in another VPC
	ByFunctionURL     Way = "function-url"
	ByClusterEndpoint Way = "cluster-endpoint" // of a Kubernetes API server
)

// Flow is what passes between two parties by one way: the ports that share an answer.
type Flow struct {
	Protocol netset.Protocol
	Ports    netset.Ports
	Answer
}

// Filter narrows lists of flows. Its zero value lets everything through.
type Filter struct {
	Protocol netset.Protocol // 0 for all
	Ports    netset.Ports    // empty for all
	// Direct leaves out what front doors send on: a packet to a load balancer ends there.
	Direct bool
	// Private leaves out what is sent to the public IPv4 address of something inside, over the Internet.
	Private bool
	// Terse leaves out the hops of what certainly passes from one node to another: Network.Way tells them.
	Terse bool
}
