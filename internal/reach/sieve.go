package reach

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// sieve says of most pairs, without following a packet, that the receiver's security groups refuse the sender. It looks only at
// calm VPCs: nothing there forwards packets as its own, is unread, or joins another network, so that a packet comes from an
// address of its sender or of a NAT gateway.
type sieve struct {
	n    *Network
	calm map[*vpc]bool
	nat  netset.Addresses // of all NAT gateways
}

func (n *Network) newSieve() sieve {
	s := sieve{n: n, calm: map[*vpc]bool{}}
	for _, g := range n.natGateways {
		for _, a := range g.Addresses {
			s.nat = s.nat.Union(hosts(a.Private), hosts(a.Public))
		}
	}
	for _, v := range n.vpcs {
		s.calm[v] = n.isCalm(v)
	}
	return s
}

func (n *Network) isCalm(v *vpc) bool {
	if v.read == nil || v.gateway != nil && n0(n.edges, v.Region, v.gateway.Ref().ID) != nil {
		return false
	}
	return !slices.ContainsFunc(v.subnets, func(s *subnet) bool {
		return s.table == nil || len(s.table.unread) > 0 || slices.ContainsFunc(s.table.Routes, func(r estate.Route) bool { return r.Active && !n.isPlain(v, r.Target) })
	})
}

// isPlain reports whether a route's target sends packets nowhere but to their receiver or the Internet.
func (n *Network) isPlain(v *vpc, target string) bool {
	switch kind, _, _ := strings.Cut(target, "-"); kind {
	case "local", "igw", "eigw":
		return true
	case "nat":
		g := n0(n.natGateways, v.Region, target)
		return g != nil && len(g.Addresses) > 0 && !slices.ContainsFunc(g.Addresses, func(a estate.NATAddress) bool {
			return !a.Private.IsValid() || g.Public && !a.Public.IsValid()
		})
	case "vpce":
		e := n0(n.endpoints, v.Region, target)
		return e != nil && e.Type == "Gateway"
	}
	return false
}

// refuses reports whether no incoming rule of the receiver can admit what of a filter the sender sends, or no route leads to the
// receiver; false where that is not certain.
func (s *sieve) refuses(to, from *node, f Filter) bool {
	if !s.isCalm(to) || !s.isCalm(from) {
		return false
	}
	if f.Private && s.apart(to, from) {
		return true
	}
	if to.open {
		return false
	}
	for _, id := range to.groups {
		g := n0(s.n.groups, to.Region, id)
		if g == nil || len(g.Missing) > 0 {
			return false
		}
		for _, r := range g.Rules {
			if asked(r, f) && (slices.Contains(from.groups, r.Peer) || !r.Addresses.Absent() && s.mayAdmit(r.Addresses, from)) {
				return false
			}
		}
	}
	return true
}

func (s *sieve) isCalm(x *node) bool { return s.calm[s.n.vpc(x.Place, x.vpc)] }

// asked reports whether an incoming rule is about packets of a filter.
func asked(r *estate.SecurityGroupRule, f Filter) bool {
	switch {
	case r.Egress:
		return false
	case f.Protocol == 0:
		return true
	case f.Ports.Empty():
		return !r.Traffic.Of(f.Protocol).Empty()
	}
	return !r.Traffic.Of(f.Protocol).Intersect(f.Ports).Empty()
}

// apart reports whether two nodes of calm VPCs stand in different ones, and the receiver is secluded in its own.
func (s *sieve) apart(to, from *node) bool {
	return (to.Region != from.Region || to.vpc != from.vpc) && to.vpc != "" && from.vpc != "" && s.secluded(to)
}

// secluded reports whether a node has only private IPv4 addresses besides its public ones: no gateway takes packets to them out of a
// VPC. IPv6 addresses lead through the Internet, and so may public ones that a VPC uses as its own.
func (s *sieve) secluded(x *node) bool {
	return !slices.ContainsFunc(s.n.places(x), func(p *subnet) bool {
		return !x.address(true, p).Empty() || !x.address(false, p).Intersect(public4).Empty()
	})
}

// mayAdmit reports whether the addresses of a rule may hold one from which packets of a node come.
func (s *sieve) mayAdmit(of estate.Known[netset.Addresses], from *node) bool {
	addresses, known := of.Value()
	if !known || from.publicly && !from.public.IsValid() || len(from.mapped) > 0 || len(from.prefixes) > 0 {
		return true
	}
	if slices.ContainsFunc(slices.Concat(from.private, from.v6, []netip.Addr{from.public}), addresses.Contains) || !addresses.Intersect(s.nat).Empty() {
		return true
	}
	// Of what only stands in any address of its subnets is possible.
	return (len(from.private) == 0 || len(from.v6) == 0) && slices.ContainsFunc(s.n.places(from), func(p *subnet) bool {
		return !addresses.Intersect(from.address(false, p)).Empty() || !addresses.Intersect(from.address(true, p)).Empty()
	})
}
