package reach_test

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// internetGateway passes a packet out of a VPC, translated to its interface's public address.
// https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
func (w *walk) internetGateway(subnet, vpc, id string, p packet, goal *estate.NetworkInterface, out estate.Truth) estate.Truth {
	var gateway *estate.InternetGateway
	for _, g := range w.InternetGateways {
		if g.Ref().ID == id {
			gateway = g
		}
	}
	if gateway == nil { // what any gateway refuses, this one does too
		*w.strayed = true
		out = estate.And(out, unknown)
		gateway = &estate.InternetGateway{Resource: estate.Resource{Reference: estate.Ref{ID: id}}, VPC: vpc}
	}
	if gateway.VPC != vpc {
		return no
	}
	if w.returning() {
		return no // what comes out has another address than the packet that it answers
	}
	seen, inner, owner, ok := w.publicly(p.src, vpc)
	if !ok || !outside(p.dst) {
		return no
	}
	kind := "igw"
	if owner != nil && owner.Type == "nat_gateway" {
		kind = "nat"
	}
	passes := estate.And(out, w.block(owner.Subnet, vpc, true, kind))
	here := p
	w.leg(func(client uint16) estate.Truth {
		reply := here
		reply.from = client
		reply = reply.reply()
		reply.dst = inner
		r := &walk{oracle: w.oracle, course: w.course, sender: replies, firewall: map[string]string{}}
		got := r.inside(gateway, reply, owner)
		return estate.And(got, w.sameFirewalls(r))
	})
	p.src = seen
	w.lost = true
	if goal == nil {
		return passes
	}
	return estate.And(passes, w.enterAgain(p, goal))
}

// enterAgain takes a packet that left by an internet gateway into the VPC of the interface that it is for.
func (w *walk) enterAgain(p packet, goal *estate.NetworkInterface) estate.Truth {
	outer := &walk{oracle: w.oracle, course: w.course, firewall: map[string]string{}}
	got := outer.enter(p, goal)
	for i, legs := range outer.legs {
		n := min(i+w.translated, len(w.legs)-1)
		w.legs[n] = append(w.legs[n], legs...)
	}
	return got
}

// publicly returns the public address that stands for one of a VPC at its internet gateway, and the interface that has it.
func (o oracle) publicly(src netip.Addr, vpc string) (public, private netip.Addr, owner *estate.NetworkInterface, ok bool) {
	for _, i := range o.NetworkInterfaces {
		if i.VPC == vpc && has(i, src) {
			if src.Is6() {
				return src, src, i, true
			}
			for _, a := range publicsOf(i) {
				if a.Private == src {
					return a.Public, src, i, true
				}
			}
			return netip.Addr{}, src, i, false
		}
	}
	return netip.Addr{}, netip.Addr{}, nil, false
}

// outside says whether an address can be on the other side of an internet gateway.
func outside(a netip.Addr) bool {
	for _, private := range prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7") {
		if private.Contains(a) {
			return false
		}
	}
	return true
}

// enter brings a packet from outside through the internet gateway of the VPC of the interface that has its destination.
func (w *walk) enter(p packet, goal *estate.NetworkInterface) estate.Truth {
	if !outside(p.src) {
		return no
	}
	var gateway *estate.InternetGateway
	for _, g := range w.InternetGateways {
		if g.VPC == goal.VPC {
			gateway = g
		}
	}
	if gateway == nil {
		if w.told(goal.Subnet, goal.VPC, "ec2:DescribeInternetGateways") {
			return no
		}
		return estate.And(w.answers(goal), w.acl(goal.Subnet, false, p.src, p), w.admits(goal, false, p.src, nil, p), unknown)
	}
	own := yes
	for _, a := range w.Addresses {
		if a.Public == p.dst && a.Pool != "" {
			own = unknown // nobody read whether its range is advertised
		}
	}
	if p.dst.Is4() {
		of := slices.IndexFunc(publicsOf(goal), func(a estate.Association) bool { return a.Public == p.dst })
		if of < 0 {
			return no
		}
		p.dst = publicsOf(goal)[of].Private
	} else if !has(goal, p.dst) {
		return no
	}
	w.lost = true
	passes := estate.And(w.inside(gateway, p, goal), own)
	w.leg(func(client uint16) estate.Truth {
		reply := p
		reply.from = client
		reply = reply.reply()
		r := &walk{oracle: w.oracle, course: w.course, sender: replies, firewall: map[string]string{}}
		got := r.out(goal.Subnet, goal.VPC, gateway, reply)
		return estate.And(got, w.sameFirewalls(r))
	})
	return estate.And(passes, w.block(goal.Subnet, goal.VPC, false, "igw"), w.answers(goal), w.admits(goal, false, p.src, nil, p))
}

// inside takes a packet from an internet gateway to an interface: past the gateway's own route table, which may send it
// through a firewall, and the network ACL.
// https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html
func (w *walk) inside(gateway *estate.InternetGateway, p packet, goal *estate.NetworkInterface) estate.Truth {
	if p.dst.Is6() && goal.DeniesGateway {
		return no
	}
	direct := w.acl(goal.Subnet, false, p.src, p)
	for _, t := range w.RouteTables {
		if !slices.Contains(t.Gateways, gateway.Ref().ID) {
			continue
		}
		targets := w.choose(t, p.dst)
		switch target := targets[w.pick(t.Ref().ID+p.dst.String(), len(targets))]; {
		case target == "local":
			return direct
		case strings.HasPrefix(target, "vpce-"):
			return w.inspect(target, p, goal, func(subnet string) estate.Truth { return w.within(subnet, goal.VPC, p, goal) })
		case strings.HasPrefix(target, "eni-"):
			return estate.And(w.appliance("", goal.VPC, target, p, goal, yes), unknown)
		}
		return no
	}
	if !w.told(goal.Subnet, goal.VPC, "ec2:DescribeRouteTables") {
		return estate.And(direct, unknown) // the gateway may have one
	}
	return direct
}

// out carries a reply to an internet gateway: the one through which the packet came.
func (w *walk) out(subnet, vpc string, gateway *estate.InternetGateway, p packet) estate.Truth {
	if w.depth++; w.depth > 12 {
		return no
	}
	targets, found := w.lookup(subnet, vpc, p.dst)
	if !found {
		return estate.And(w.acl(subnet, true, p.dst, p), unknown)
	}
	leaves := w.acl(subnet, true, p.dst, p)
	target := targets[w.pick(subnet+p.dst.String(), len(targets))]
	switch {
	case target == gateway.Ref().ID:
		return leaves
	case strings.HasPrefix(target, "igw-") && !slices.ContainsFunc(w.InternetGateways, func(g *estate.InternetGateway) bool { return g.Ref().ID == target }):
		return estate.And(leaves, unknown) // which may have taken the other's place
	case strings.HasPrefix(target, "vpce-"):
		return estate.And(leaves, w.inspect(target, p, nil, func(next string) estate.Truth { return w.out(next, vpc, gateway, p) }))
	case strings.HasPrefix(target, "eni-"):
		return estate.And(leaves, w.appliance(subnet, vpc, target, p, nil, yes))
	}
	return w.pass(subnet, vpc, target, p, nil) // by another way it comes out with another address, if at all
}

// egressOnly passes a packet of IPv6 out; only what answers it comes back in.
// https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html
func (w *walk) egressOnly(subnet, vpc, id string, p packet, goal *estate.NetworkInterface, out estate.Truth) estate.Truth {
	var gateway *estate.EgressOnlyGateway
	for _, g := range w.EgressOnlyGateways {
		if g.Ref().ID == id {
			gateway = g
		}
	}
	if gateway == nil {
		*w.strayed = true
		out = estate.And(out, unknown)
		gateway = &estate.EgressOnlyGateway{VPC: vpc}
	}
	if gateway.VPC != vpc || p.dst.Is4() || !outside(p.dst) || w.returning() {
		return no
	}
	_, _, owner, ok := w.publicly(p.src, vpc)
	if !ok {
		return no
	}
	passes := estate.And(out, w.block(owner.Subnet, vpc, true, "eigw"))
	w.leg(func(client uint16) estate.Truth {
		reply := p
		reply.from = client
		reply = reply.reply()
		return w.acl(owner.Subnet, false, reply.src, reply)
	})
	w.lost = true
	if goal == nil {
		return passes
	}
	return estate.And(passes, w.enterAgain(p, goal))
}

// nat passes a packet through a NAT gateway of the same VPC.
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
func (w *walk) nat(subnet, vpc, id string, p packet, goal *estate.NetworkInterface, out estate.Truth) estate.Truth {
	var gateway *estate.NATGateway
	for _, g := range w.NATGateways {
		if g.Ref().ID == id {
			gateway = g
		}
	}
	if gateway == nil {
		return estate.And(out, w.astray(p, goal))
	}
	if gateway.VPC != vpc || gateway.State != "available" || p.dst.Is6() || w.returning() ||
		p.protocol != netset.TCP && p.protocol != netset.UDP && p.protocol != netset.ICMP {
		return no
	}
	if len(gateway.Addresses) == 0 {
		return estate.And(out, w.astray(p, goal))
	}
	if gateway.Regional {
		return w.regionalNAT(subnet, vpc, gateway, p, goal, out)
	}
	var own *estate.NetworkInterface
	for _, i := range w.NetworkInterfaces {
		if i.Ref().ID == gateway.Addresses[0].Interface {
			own = i
		}
	}
	if own == nil {
		return estate.And(out, w.astray(p, goal))
	}
	passes := yes
	if gateway.Subnet != subnet {
		passes = estate.And(out, w.acl(gateway.Subnet, false, p.src, p))
	}
	sender, here := w.sender, p
	w.leg(func(client uint16) estate.Truth { // from the gateway, with the sender's address again
		reply := here
		reply.from = client
		return w.replyTo(gateway.Subnet, vpc, reply.reply(), sender)
	})
	w.translated++
	w.lost = true
	p.src, p.from = gateway.Addresses[0].Private, 1024
	w.legNATBack(gateway, p, own, goal)
	return estate.And(passes, w.carry(gateway.Subnet, vpc, p, goal))
}

// regionalNAT passes a packet through a NAT gateway that stands in no subnet, and straight out. It takes an address of the zone.
func (w *walk) regionalNAT(subnet, vpc string, gateway *estate.NATGateway, p packet, goal *estate.NetworkInterface, out estate.Truth) estate.Truth {
	var mine []estate.NATAddress
	for _, a := range gateway.Addresses {
		if s := w.subnet(subnet); s != nil && a.Zone == s.Zone {
			mine = append(mine, a)
		}
	}
	if len(mine) == 0 {
		mine = gateway.Addresses
	}
	if !outside(p.dst) || !slices.ContainsFunc(w.InternetGateways, func(g *estate.InternetGateway) bool { return g.VPC == vpc }) {
		return no
	}
	sender, here := w.sender, p
	w.leg(func(client uint16) estate.Truth { // the sender's subnet is the first on the way back
		if sender.VPC != vpc {
			return unknown // the gateway's own routes were not read
		}
		reply := here
		reply.from = client
		reply = reply.reply()
		return w.acl(sender.Subnet, false, reply.src, reply)
	})
	w.translated++
	w.lost = true
	p.src, p.from = mine[w.pick(gateway.Ref().ID+subnet, len(mine))].Public, 1024
	passes := estate.And(out, w.block(subnet, vpc, true, "nat"))
	if goal == nil {
		return passes
	}
	return estate.And(passes, w.enterAgain(p, goal))
}

// legNATBack adds the reply's way to the gateway itself where no internet gateway says it: to a private one.
func (w *walk) legNATBack(gateway *estate.NATGateway, p packet, own, goal *estate.NetworkInterface) {
	if goal == nil || !has(goal, p.dst) {
		return
	}
	w.leg(func(client uint16) estate.Truth {
		reply := p
		reply.from = client
		return w.replyTo(goal.Subnet, goal.VPC, reply.reply(), own)
	})
}

// peering passes a packet to the VPC on the other side, and no further.
// https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html
func (w *walk) peering(vpc, id string, p packet, goal *estate.NetworkInterface) estate.Truth {
	var c *estate.Peering
	for _, x := range w.Peerings {
		if x.Ref().ID == id {
			c = x
		}
	}
	if c == nil {
		return w.astray(p, goal) // an active route to what nobody listed
	}
	if c.Status != "active" {
		return no
	}
	var other estate.PeeringSide
	switch vpc {
	case c.Requester.VPC:
		other = c.Accepter
	case c.Accepter.VPC:
		other = c.Requester
	default:
		return no
	}
	if w.beyond || !w.inVPC(vpc, p.src) {
		return no // it came from elsewhere: a peering carries what its two VPCs say to each other
	}
	if goal == nil || goal.VPC != other.VPC || !has(goal, p.dst) {
		for _, v := range w.VPCs {
			if v.Ref().ID == other.VPC {
				if goal == nil && slices.ContainsFunc(v.CIDRs, func(c netip.Prefix) bool { return c.Contains(p.dst) }) {
					return w.nobody(other.VPC)
				}
				return no
			}
		}
		if goal != nil {
			return no
		}
		return unknown // nobody read the other side
	}
	if c.Requester.Region == c.Accepter.Region {
		w.peered = true
	} else {
		w.apart = true
	}
	return estate.And(w.acl(goal.Subnet, false, p.src, p), w.arrive(p, goal))
}

// inVPC says whether an address is one of a VPC's own; where the VPC was not read it is taken for one.
func (o oracle) inVPC(vpc string, a netip.Addr) bool {
	for _, v := range o.VPCs {
		if v.Ref().ID == vpc {
			return slices.ContainsFunc(v.CIDRs, func(c netip.Prefix) bool { return c.Contains(a) })
		}
	}
	return true
}

// transitGateway passes a packet to what the transit gateway's route table names.
// https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html
func (w *walk) transitGateway(subnet, vpc, id string, p packet, goal *estate.NetworkInterface) estate.Truth {
	var gateway *estate.TransitGateway
	for _, g := range w.TransitGateways {
		if g.Ref().ID == id {
			gateway = g
		}
	}
	if gateway != nil && gateway.State != "available" {
		return no
	}
	from := w.attachmentOf(id, "vpc", vpc)
	if from == nil {
		return w.astray(p, goal)
	}
	if from.State != "available" {
		return no
	}
	how, ok := from.VPC.Value()
	// It enters by the attachment's subnet in the sender's zone, or not at all. That subnet's ACL sees it come in, even
	// where it is the sender's own: https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html
	enters, zone := no, ""
	s := w.subnet(subnet)
	if s == nil || !ok {
		enters = unknown
	}
	if s != nil {
		zone = s.ZoneID
	}
	for _, at := range how.Subnets {
		switch other := w.subnet(at); {
		case other == nil && enters == no:
			enters = unknown
		case other != nil && s != nil && other.ZoneID == s.ZoneID:
			enters = w.acl(at, false, p.src, p)
		}
	}
	if ok && p.dst.Is6() && !how.IPv6 {
		enters = no
	}
	w.transit = id
	w.refers = unknown
	if gateway != nil {
		w.refers = estate.Is(gateway.GroupReferences && how.GroupReferences)
	}
	return estate.And(enters, w.through(id, from, zone, p, goal))
}

func (o oracle) attachmentOf(gateway, kind, of string) *estate.TransitGatewayAttachment {
	for _, a := range o.TransitGatewayAttachments {
		if a.TransitGateway == gateway && a.Type == kind && a.Of == of {
			return a
		}
	}
	return nil
}

// through routes what came by an attachment.
func (w *walk) through(gateway string, from *estate.TransitGatewayAttachment, zone string, p packet, goal *estate.NetworkInterface) estate.Truth {
	if w.depth++; w.depth > 12 {
		return no
	}
	defer func() { w.depth-- }()
	if from.RouteTable.Absent() {
		return no
	}
	id, ok := from.RouteTable.Value()
	if !ok {
		return w.astray(p, goal)
	}
	var routes []estate.TransitGatewayRoute
	ok = false
	for _, t := range w.TransitGatewayRouteTables {
		if t.Ref().ID == id {
			routes, ok = t.Routes.Value()
		}
	}
	if !ok {
		return w.astray(p, goal)
	}
	var best *estate.TransitGatewayRoute
	for i, r := range routes {
		if r.CIDR.Contains(p.dst) && (best == nil || r.CIDR.Bits() > best.CIDR.Bits() || r.CIDR.Bits() == best.CIDR.Bits() && r.Static && !best.Static) {
			best = &routes[i]
		}
	}
	if best == nil || best.Blackhole || len(best.Attachments) == 0 {
		return no
	}
	return w.towards(gateway, best.Attachments[w.pick(id+p.dst.String(), len(best.Attachments))], zone, p, goal)
}

func (w *walk) towards(gateway, id, zone string, p packet, goal *estate.NetworkInterface) estate.Truth {
	var a *estate.TransitGatewayAttachment
	for _, x := range w.TransitGatewayAttachments {
		if x.Ref().ID == id && x.TransitGateway == gateway {
			a = x
		}
	}
	if a == nil {
		return w.astray(p, goal)
	}
	if a.State != "available" {
		return no
	}
	switch a.Type {
	case "vpc":
	case "peering":
		w.apart = true
		for _, x := range w.TransitGatewayAttachments {
			if x.TransitGateway == a.Of && x.Type == "peering" && x.Of == gateway {
				return w.through(a.Of, x, "", p, goal)
			}
		}
		return w.astray(p, goal)
	default:
		return w.astray(p, goal) // a VPN, Direct Connect, an appliance: what is behind it is not known
	}
	how, ok := a.VPC.Value()
	if !ok {
		return w.astray(p, goal)
	}
	if p.dst.Is6() && !how.IPv6 {
		return no
	}
	w.refers = estate.And(w.refers, estate.Is(how.GroupReferences))
	var same []string // in the sender's zone, which a transit gateway keeps to where it can
	for _, at := range how.Subnets {
		if s := w.subnet(at); s != nil && s.ZoneID == zone {
			same = append(same, at)
		}
	}
	if len(same) == 0 || how.ApplianceMode {
		same = how.Subnets
	}
	if len(same) == 0 {
		return no
	}
	w.beyond = true
	if how.ApplianceMode {
		zone = "" // replies keep to the flow's
	}
	return w.carry(same[w.pick(a.Ref().ID+zone, len(same))], a.Of, p, goal)
}

// endpoint passes a packet into a VPC endpoint that is the target of a route: of a firewall, or of an appliance, or of S3.
func (w *walk) endpoint(subnet, vpc, id string, p packet, goal *estate.NetworkInterface, out estate.Truth) estate.Truth {
	for _, e := range w.Endpoints {
		if e.Ref().ID == id && e.Type == "Gateway" {
			echo := p.protocol == netset.ICMP && p.to == 8<<8 || p.protocol == netset.ICMPv6 && p.to == 128<<8
			if goal != nil || w.returning() || p.protocol != netset.TCP && !echo {
				return no
			}
			w.leg(func(client uint16) estate.Truth {
				reply := p
				reply.from = client
				reply = reply.reply()
				return w.acl(subnet, false, reply.src, reply)
			})
			return out
		}
		if e.Ref().ID == id && slices.Contains(e.Subnets, subnet) && !w.isFirewall(id) {
			w.feet = e.Subnets
			defer func() { w.feet = nil }()
			return w.astray(p, goal)
		}
	}
	return estate.And(out, w.inspect(id, p, goal, func(next string) estate.Truth {
		return w.carry(next, vpc, p, goal)
	}))
}
