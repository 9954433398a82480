package reach

import (
	"net/netip"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// node is one place where packets start or end: a network interface, or what stands for interfaces that a service keeps
// and AWS does not show (a database in one of some subnets).
type node struct {
	ref   estate.Ref               // what people call it
	iface *estate.NetworkInterface // nil where no interface is known
	estate.Place
	vpc     string
	subnets []string // where it may stand; the answer of several is what all of them agree on
	groups  []string // security groups, sorted
	// open says that it has no security groups by its nature (a NAT gateway, some network load balancers): nothing is filtered.
	open bool
	// Addresses; where private is empty it is any address of its subnets.
	private []netip.Addr
	v6      []netip.Addr
	// public is its public IPv4 address; publicly says that it has one, whichever.
	public   netip.Addr
	publicly bool
	idle     string // why nothing answers there: "the instance is stopped"; empty where something does
}

// packet is what the evaluation follows: one protocol and destination port, from some client ports.
type packet struct {
	protocol netset.Protocol
	port     uint16
	clients  netset.Ports // from which it may be sent
}

// The doors (load balancers and the like) are made of these three legs.

// send follows a packet from one node to another, by any of their addresses.
//   func (n *Network) send(from, to *node, p packet) Answer

// admit follows a packet from addresses outside (the Internet, or a network behind a VPN) to a node.
//   func (n *Network) admit(sources netset.Addresses, to *node, p packet) Answer

// leave follows a packet from a node to addresses outside.
//   func (n *Network) leave(from *node, to netset.Addresses, p packet) Answer
