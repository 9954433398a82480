package reach_test

import (
	"net/netip"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
)

// admit follows a packet from a public address outside to an interface.
func (o oracle) admit(src netip.Addr, to *estate.NetworkInterface, protocol netset.Protocol, client, port uint16) verdict {
	var dsts []netip.Addr
	for _, a := range addressesOf(to) {
		if src.Is6() && a.Is6() {
			dsts = append(dsts, a)
		}
	}
	for _, a := range publicsOf(to) {
		if src.Is4() {
			dsts = append(dsts, a.Public)
		}
	}
	best := verdict{no, no}
	if !outside(src) {
		for _, dst := range addressesOf(to) {
			if src.Is4() == dst.Is4() && speaks(protocol, dst) {
				best = best.or(o.behind(packet{protocol, src, dst, client, port}, to))
			}
		}
		return best
	}
	for _, dst := range dsts {
		if !speaks(protocol, dst) {
			continue
		}
		best = best.or(courses(func(c *course) verdict {
			w := &walk{oracle: o, course: c, firewall: map[string]string{}}
			arrives := w.enter(packet{protocol, src, dst, client, port}, to)
			return verdict{arrives, estate.And(arrives, w.back(client))}
		}))
	}
	return best
}

// behind is a packet from a private address that nothing in the estate has: it may come from what is joined to the VPC and was
// not read, if anything is.
func (o oracle) behind(p packet, to *estate.NetworkInterface) verdict {
	return courses(func(c *course) verdict {
		w := &walk{oracle: o, course: c, stray: true, firewall: map[string]string{}}
		joined := o.joined(to, p.src)
		if o.inVPC(to.VPC, p.src) && o.vpc(to.VPC) != nil {
			joined = o.nobody(to.VPC)
		}
		arrives := estate.And(joined, w.acl(to.Subnet, false, p.src, p), w.answers(to), w.admits(to, false, p.src, nil, p))
		reply := &walk{oracle: o, course: c, sender: replies, firewall: map[string]string{}}
		return verdict{arrives, estate.And(arrives, reply.carry(to.Subnet, to.VPC, p.reply(), nil), unknown)}
	})
}

// nobody is what becomes of a packet to an address of a VPC that no interface has which was read.
func (o oracle) nobody(vpc string) estate.Truth {
	if v := o.vpc(vpc); v != nil && o.Complete(v.Place(), "ec2:DescribeNetworkInterfaces") {
		return no
	}
	return unknown
}

// joined says whether something that was not read may have an address and send to an interface from it.
func (o oracle) joined(to *estate.NetworkInterface, src netip.Addr) estate.Truth {
	place, known := o.owner(to.Subnet, to.VPC)
	for _, op := range []operation.ID{"ec2:DescribeVpnGateways", "ec2:DescribeVpcPeeringConnections", "ec2:DescribeTransitGatewayAttachments"} {
		if !known || !o.Complete(place, op) {
			return unknown
		}
	}
	for _, g := range o.VPNGateways {
		if g.VPC == to.VPC {
			return unknown
		}
	}
	in := func(vpc string) estate.Truth {
		if v := o.vpc(vpc); v != nil && !slices.ContainsFunc(v.CIDRs, func(c netip.Prefix) bool { return c.Contains(src) }) {
			return no
		}
		return o.nobody(vpc)
	}
	all := no
	for _, c := range o.Peerings {
		if c.Status == "active" && c.Requester.VPC == to.VPC {
			all = estate.Or(all, in(c.Accepter.VPC))
		}
		if c.Status == "active" && c.Accepter.VPC == to.VPC {
			all = estate.Or(all, in(c.Requester.VPC))
		}
	}
	for _, a := range o.TransitGatewayAttachments {
		for _, b := range o.TransitGatewayAttachments {
			switch {
			case a.Type != "vpc" || a.Of != to.VPC || a.TransitGateway != b.TransitGateway:
			case b.Type != "vpc":
				all = unknown
			case b.Of != to.VPC:
				all = estate.Or(all, in(b.Of))
			}
		}
	}
	return all
}

// speaks reports whether a protocol is one of an address's family: ICMP has one of its own for each.
func speaks(protocol netset.Protocol, a netip.Addr) bool {
	return protocol != netset.ICMP && protocol != netset.ICMPv6 || a.Is4() == (protocol == netset.ICMP)
}

// addressesOf are the addresses of an interface; of a prefix that is delegated to it the first and the last stand for all.
func addressesOf(i *estate.NetworkInterface) []netip.Addr {
	all := slices.Concat(i.Private, i.IPv6)
	for _, p := range i.Prefixes {
		all = append(all, p.Addr(), last(p))
	}
	return all
}

func has(i *estate.NetworkInterface, a netip.Addr) bool {
	return slices.Contains(i.Private, a) || slices.Contains(i.IPv6, a) ||
		slices.ContainsFunc(i.Prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

// publicsOf are the public IPv4 addresses of an interface, with the private ones for which they stand.
func publicsOf(i *estate.NetworkInterface) []estate.Association {
	if len(i.Associations) > 0 || !i.Public.IsValid() {
		return i.Associations
	}
	for _, a := range i.Private {
		if a.Is4() {
			return []estate.Association{{Private: a, Public: i.Public}}
		}
	}
	return nil
}

// standsFor reports whether a public address of an interface stands for a private one.
func standsFor(i *estate.NetworkInterface, public, private netip.Addr) bool {
	return slices.Contains(publicsOf(i), estate.Association{Private: private, Public: public})
}

// runs says whether anything answers at an interface.
func (o oracle) runs(i *estate.NetworkInterface) estate.Truth {
	if i.Status == "available" {
		return no
	}
	if i.Instance == "" {
		return yes
	}
	for _, x := range o.Instances {
		if x.Ref().ID == i.Instance && x.Ref().Region == i.Ref().Region {
			return estate.Is(x.State == "running")
		}
	}
	return unknown // it was there when the interface was listed
}

// initiates says whether the interface sends packets of its own accord.
// Endpoints do not: https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
func (o oracle) initiates(i *estate.NetworkInterface) estate.Truth {
	if i.Type == "vpc_endpoint" || i.Type == "nat_gateway" || i.Type == "gateway_load_balancer_endpoint" {
		return no
	}
	return o.runs(i)
}

// answers says whether the interface takes packets that nobody asked for.
func (o oracle) answers(i *estate.NetworkInterface) estate.Truth {
	if i.Type == "lambda" || i.Type == "nat_gateway" || i.Type == "gateway_load_balancer_endpoint" || i.Type == "api_gateway_managed" {
		return no
	}
	return o.runs(i)
}

// starts are the addresses of a family at which some rule may begin to say something else.
func (o oracle) starts(six bool) []netip.Addr {
	all := []netip.Addr{netip.IPv4Unspecified()}
	if six {
		all[0] = netip.IPv6Unspecified()
	}
	add := func(c netip.Prefix) {
		if c.Addr().Is6() == six {
			all = append(all, c.Masked().Addr())
			if after := last(c).Next(); after.IsValid() {
				all = append(all, after)
			}
		}
	}
	for _, a := range o.NetworkACLs {
		for _, x := range a.Entries {
			add(x.CIDR)
		}
	}
	for _, g := range o.SecurityGroups {
		for _, r := range g.Rules {
			addresses, _ := r.Addresses.Value()
			for _, c := range addresses.Prefixes() {
				add(c)
			}
		}
	}
	return all
}

func last(c netip.Prefix) netip.Addr {
	b := c.Masked().Addr().AsSlice()
	for i := c.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 128 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// owner returns where a subnet belongs: a VPC and its subnets have one owner.
func (o oracle) owner(subnet, vpc string) (estate.Place, bool) {
	if s := o.subnet(subnet); s != nil {
		return s.Place(), true
	}
	for _, v := range o.VPCs {
		if v.Ref().ID == vpc {
			return v.Place(), true
		}
	}
	return estate.Place{}, false
}

// told reports whether a listing is complete where a subnet belongs.
func (o oracle) told(subnet, vpc string, op operation.ID) bool {
	p, ok := o.owner(subnet, vpc)
	return ok && o.Complete(p, op)
}

// admits says whether the security groups of an interface let a packet through: to peer, outgoing, or from it. who is the interface
// that has the peer's address, nil for none that is known.
func (w *walk) admits(i *estate.NetworkInterface, egress bool, peer netip.Addr, who *estate.NetworkInterface, p packet) estate.Truth {
	if len(i.SecurityGroups) == 0 {
		return estate.Is(i.Type != "interface")
	}
	admitted := no
	for _, id := range i.SecurityGroups {
		var group *estate.SecurityGroup
		for _, g := range w.SecurityGroups {
			if g.Ref().ID == id && g.Ref().Region == i.Ref().Region {
				group = g
			}
		}
		if group == nil {
			admitted = estate.Or(admitted, unknown)
			continue
		}
		if len(group.Missing) > 0 {
			admitted = estate.Or(admitted, unknown)
		}
		for _, r := range group.Rules {
			if r.Egress != egress || !matches(r.Traffic, p) {
				continue
			}
			if addresses, ok := r.Addresses.Value(); ok {
				admitted = estate.Or(admitted, estate.Is(contains(addresses, peer)))
			} else if !r.Addresses.Absent() {
				admitted = estate.Or(admitted, unknown)
			} else if w.stray {
				admitted = estate.Or(admitted, unknown)
			} else if who != nil && slices.Contains(who.SecurityGroups, r.Peer) && has(who, peer) {
				admitted = estate.Or(admitted, w.known(i, who, egress))
			}
		}
	}
	return admitted
}

// known says whether a rule of i that refers to a security group knows that who wears it.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html#security-group-referencing
// Of what is outgoing the way is not walked yet when the rule is asked: it holds if there is a peering or none is needed.
func (w *walk) known(i, who *estate.NetworkInterface, egress bool) estate.Truth {
	if egress {
		// In the sender's rules a group stands for the addresses of its members: in its VPC, or over an active peering in its Region.
		if i.VPC == who.VPC {
			return yes
		}
		for _, c := range w.Peerings {
			if c.Status == "active" && c.Requester.Region == c.Accepter.Region &&
				(c.Requester.VPC == i.VPC && c.Accepter.VPC == who.VPC || c.Requester.VPC == who.VPC && c.Accepter.VPC == i.VPC) {
				return yes
			}
		}
		return w.missingPeering(i)
	}
	switch {
	case w.lost || w.apart:
		return no
	case w.transit != "":
		return w.refers
	case w.peered:
		return yes
	}
	return estate.Is(i.VPC == who.VPC)
}

func (w *walk) missingPeering(i *estate.NetworkInterface) estate.Truth {
	if w.Complete(i.Place(), "ec2:DescribeVpcPeeringConnections") {
		return no
	}
	return unknown
}

func matches(t netset.Traffic, p packet) bool {
	for _, r := range t.Of(p.protocol).Ranges() {
		if p.protocol != netset.TCP && p.protocol != netset.UDP && p.protocol != netset.ICMP && p.protocol != netset.ICMPv6 ||
			r.First <= p.to && p.to <= r.Last {
			return true
		}
	}
	return false
}

func contains(set netset.Addresses, a netip.Addr) bool {
	for _, c := range set.Prefixes() {
		if c.Contains(a) {
			return true
		}
	}
	return false
}

// acl asks the network ACL of a subnet about a packet that leaves it for remote, or enters it from there.
func (w *walk) acl(subnet string, egress bool, remote netip.Addr, p packet) estate.Truth {
	for _, a := range w.NetworkACLs {
		if !slices.Contains(a.Subnets, subnet) {
			continue
		}
		for _, x := range a.Entries { // the lowest number first
			if x.Egress == egress && x.CIDR.Contains(remote) && matches(x.Traffic, p) {
				return estate.Is(x.Allow)
			}
		}
		return no
	}
	return unknown
}
