package reach

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// behindGateway says what is behind a virtual private gateway, as far as its connections tell.
func (n *Network) behindGateway(id string) string {
	var by []string
	for _, c := range n.estate.VPNConnections {
		if c.Gateway == id && c.State != "deleted" {
			by = append(by, "VPN "+c.Ref().ID)
		}
	}
	for _, a := range n.estate.DirectConnectAssociations {
		if a.With == id && a.State != "disassociated" {
			by = append(by, "Direct Connect gateway "+a.Gateway)
		}
	}
	if len(by) == 0 {
		return "it leaves the estate: what is behind " + id + " (VPN or Direct Connect)"
	}
	slices.Sort(by)
	return "it leaves the estate through " + id + ": what is behind " + strings.Join(slices.Compact(by), " and ")
}

// thoseAt returns the nodes that have an address.
func (n *Network) thoseAt(a netip.Addr) []*node {
	all := n.byAddress[a]
	for _, x := range n.delegates {
		if !slices.Contains(all, x) && slices.ContainsFunc(x.prefixes, func(p netip.Prefix) bool { return p.Contains(a) }) {
			all = append(slices.Clip(all), x)
		}
	}
	return all
}

// stranger is a network that was not read and that something joins to a VPC, or may: whoever is there is not known.
type stranger struct {
	at      estate.Ref       // what joins it
	sources netset.Addresses // that may be there
	gaps    []estate.Gap
	why     string
}

// strangers are the networks behind VPN, Direct Connect and peers that were not read, as seen from a VPC.
func (n *Network) strangers(v *vpc) []stranger {
	if known, ok := n.beyond.Load(v); ok {
		return known.([]stranger)
	}
	private := all4.Minus(publicAddresses(false)).Union(all6.Minus(publicAddresses(true))).Minus(v.cidrs)
	var all []stranger
	joins, gaps := n.joins(v, private)
	for _, at := range joins {
		x := stranger{at: at, sources: private, why: "what is behind " + at.ID + " was not read"}
		if told := n.behind(at); !told.Empty() {
			x.sources = told.Minus(v.cidrs)
		}
		all = append(all, x)
	}
	if gaps != nil {
		all = append(all, stranger{at: reference("network", v.Place, "beyond "+v.id), sources: private, gaps: gaps})
	}
	n.beyond.Store(v, all)
	return all
}

// behind are the addresses of the network behind what joins it, where AWS tells them: the routes of a VPN without BGP, the
// CIDRs of a peer. It is empty where it does not.
func (n *Network) behind(at estate.Ref) netset.Addresses {
	var told []netip.Prefix
	switch at.Kind {
	case "vpn-gateway":
		for _, c := range n.estate.VPNConnections {
			if c.Gateway == at.ID && len(c.Routes) == 0 {
				return netset.Addresses{} // it is told by BGP
			}
			if c.Gateway == at.ID {
				told = append(told, c.Routes...)
			}
		}
		for _, a := range n.estate.DirectConnectAssociations {
			if a.With == at.ID {
				return netset.Addresses{}
			}
		}
		if !n.estate.Complete(estate.Place{Account: at.Account, Region: at.Region}, "ec2:DescribeVpnConnections") {
			return netset.Addresses{}
		}
	case "vpc-peering-connection":
		for _, p := range n.peerings[at.ID] {
			for _, side := range []estate.PeeringSide{p.Requester, p.Accepter} {
				if v := n.vpcs[regional{side.Region, side.VPC}]; v == nil || v.read == nil {
					told = append(told, side.CIDRs...)
				}
			}
		}
	}
	return netset.Of(told...)
}

// fromStrangers is what may come to a node from networks that were not read.
func (n *Network) fromStrangers(to *node, f Filter) []Flow {
	places := n.places(to)
	if len(places) == 0 {
		return nil
	}
	s := places[0] // where it may stand in several, the VPC is the same
	var all []Flow
	for _, x := range n.strangers(s.vpc) {
		all = append(all, n.flowsTo(to, f, nil, func(p packet) Answer { return x.asks(n, to, s, p) })...)
	}
	return all
}

// asks follows a packet of somebody in a network that was not read.
func (x stranger) asks(n *Network, to *node, s *subnet, p packet) Answer {
	ways := []Answer{{Arrives: estate.False, Session: estate.False, From: Party{Ref: x.at}, To: to.party(), Way: Direct}}
	for _, six := range families(p.protocol) {
		b := beam{intersect(x.sources, everywhere(six)), to.address(six, s), p.from(), p.to()}
		if b.empty() {
			continue
		}
		w := &walk{n: n, protocol: p.protocol, six: six, goal: goal{node: to, subnet: s}}
		t := trail{yes: []beam{b}, id: identity{known: estate.Unknown}, quiet: p.quiet}
		t.unsure(Hop{At: x.at}, x.gaps, x.why)
		w.arrive(t, false)
		a := w.conclude(b, true)
		a.From, a.To, a.Session = Party{Ref: x.at}, to.party(), min(a.Arrives, estate.Unknown)
		ways = append(ways, a)
	}
	return best(ways)
}
