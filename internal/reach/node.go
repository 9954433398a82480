package reach

import (
	"net/netip"
	"slices"

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
	// only4 says that it has no IPv6 address, whichever of IPv4 it has.
	only4 bool
	// public is its public IPv4 address; publicly says that it has one, whichever.
	public   netip.Addr
	publicly bool
	// mapped are its public IPv4 addresses where there are several, or it is known for which of its own the one stands.
	mapped []mapping
	// prefixes are delegated to it: all their addresses are its own.
	prefixes []netip.Prefix
	// forwards says that it takes packets that are not for it: its source/destination check is off.
	forwards bool
	idle     string       // why nothing answers there: "the instance is stopped"; empty where something does, or may
	mute     string       // why nothing is sent from there
	idleGaps []estate.Gap // what would have told whether something runs there
}

// address is the addresses of a node in a subnet: those it has, or else any of the subnet's. An interface that has some of
// the other family has none of this one.
func (x *node) address(six bool, s *subnet) netset.Addresses {
	switch {
	case x.certain(six):
		return x.own(six)
	case six && x.only4:
		return netset.Addresses{}
	case x.iface != nil && x.certain(!six):
		return netset.Addresses{}
	}
	return s.addresses().Intersect(everywhere(six))
}

// own are the addresses of a family that a node is known to have.
func (x *node) own(six bool) netset.Addresses {
	list := x.private
	if six {
		list = x.v6
	}
	if len(x.prefixes) == 0 {
		return hosts(list...)
	}
	return hosts(list...).Union(intersect(netset.Of(x.prefixes...), everywhere(six)))
}

// certain reports whether its addresses are known, and not just those that it may have.
func (x *node) certain(six bool) bool {
	return six && len(x.v6) > 0 || !six && len(x.private) > 0 ||
		slices.ContainsFunc(x.prefixes, func(p netip.Prefix) bool { return p.Addr().Is6() == six })
}

// mapping is a public IPv4 address, and the private ones for which it stands: one, or those of which it is not known which.
type mapping struct {
	inside netset.Addresses
	public netip.Addr
}

// mappings are the public addresses of a node as far as they are known.
func (x *node) mappings(s *subnet) []mapping {
	switch {
	case len(x.mapped) > 0:
		return x.mapped
	case x.public.IsValid():
		return []mapping{{x.address(false, s), x.public}}
	}
	return nil
}

// party is the node as an answer names it.
func (x *node) party() Party {
	if x == nil {
		return Party{}
	}
	p := Party{Ref: x.ref}
	if x.iface != nil {
		p.Interface = x.iface.Ref().ID
	}
	return p
}

// packet is what the evaluation follows: one protocol and destination port, from some client ports.
type packet struct {
	protocol netset.Protocol
	port     uint16
	clients  netset.Ports // from which it may be sent; empty for all
	quiet    bool         // only the verdict is wanted, not the words of its hops
	private  bool         // not to public IPv4 addresses of nodes
	// src and dst are the addresses that a question names in the place of resources; empty for whichever the parties have.
	src, dst netset.Addresses
}

func (p packet) from() netset.Ports {
	switch {
	case p.protocol != netset.TCP && p.protocol != netset.UDP:
		return netset.PortsOf(netset.PortRange{}) // there are no source ports: one value stands for that
	case p.clients.Empty():
		return netset.PortsOf(netset.PortRange{First: 1, Last: 65535})
	}
	return p.clients
}

// sends is the addresses of a family from which a node in a subnet sends what was asked about. Public says that its public address
// was asked about, which only those see who are beyond an internet gateway.
func (x *node) sends(p packet, six bool, s *subnet) (src netset.Addresses, public bool) {
	if src = x.address(six, s); p.src.Empty() {
		return src, false
	}
	if some := src.Intersect(p.src); six || !some.Empty() {
		return some, false
	}
	var mapped netset.Addresses
	for _, m := range x.mappings(s) {
		if p.src.Contains(m.public) {
			mapped = mapped.Union(m.inside)
		}
	}
	return mapped, true
}

// takes is the addresses of a family at which a node in a subnet is asked about: its own, and its public one.
func (x *node) takes(p packet, six bool, s *subnet) (inside, public netset.Addresses) {
	if inside = x.address(six, s); !six {
		public = x.publicSet()
	}
	if !p.dst.Empty() {
		inside, public = inside.Intersect(p.dst), public.Intersect(p.dst)
	}
	return inside, public
}

// to is what stands for the destination port in filters.
func (p packet) to() netset.Ports {
	switch p.protocol {
	case netset.TCP, netset.UDP, netset.ICMP, netset.ICMPv6:
		return netset.PortsOf(netset.PortRange{First: p.port, Last: p.port})
	}
	return netset.PortsOf(netset.PortRange{})
}

// reply is what the destination ports of the reply are: of TCP and UDP the client's, of an echo request the echo reply.
func (p packet) reply(clients netset.Ports) netset.Ports {
	switch p.protocol {
	case netset.TCP, netset.UDP:
		return clients
	case netset.ICMP:
		if p.port == 8<<8 { // echo; RFC 792
			return netset.PortsOf(netset.PortRange{})
		}
	case netset.ICMPv6:
		if p.port == 128<<8 { // RFC 4443
			return netset.PortsOf(netset.PortRange{First: 129 << 8, Last: 129 << 8})
		}
	}
	return p.to()
}

// publicSet is the public IPv4 addresses of a node: empty for none, all where it has one that is not known.
func (x *node) publicSet() netset.Addresses {
	switch {
	case len(x.mapped) > 0:
		var list []netip.Addr
		for _, m := range x.mapped {
			list = append(list, m.public)
		}
		return hosts(list...)
	case x.public.IsValid():
		return hosts(x.public)
	case x.publicly:
		return publicAddresses(false)
	}
	return netset.Addresses{}
}
