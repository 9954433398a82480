package reach

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// A service's packet may come to a node with an address that is not its sender's: a client's that a network load balancer
// or an accelerator keeps. Routes and gateways then have no say in its way in, and groups and ACLs see that address.

// inside follows packets with foreign addresses from a node to another of the same VPC. Besides the answer it returns the
// addresses that pass.
func (n *Network) inside(from, to *node, seen netset.Addresses, p packet) (Answer, netset.Addresses) {
	a := Answer{Arrives: estate.True, Session: estate.True, From: partyOf(from, from.ref), To: partyOf(to, to.ref), ClientPorts: p.clients}
	if from.vpc != to.vpc {
		// The load balancer keeps the address in peered VPCs too, but what the way there lets pass is a question of routes that
		// know the other address only.
		return doubted(n.send(from, to, p), "the client's address is kept across VPCs, which is not followed", nil), seen
	}
	stop := func(h Hop) bool {
		a.Path = append(a.Path, h)
		switch h.Passes {
		case estate.False:
			if a.Arrives != estate.False {
				a.Reason = h.Text
			}
			a.Arrives, a.Session = estate.False, estate.False
		case estate.Unknown:
			a = doubted(a, h.Text, h.Gaps)
		}
		return h.Passes == estate.False
	}
	if !from.open {
		if stop(n.lets(from, true, n.doors.within(to), to.groups, p).hop) {
			return a, netset.Addresses{}
		}
	}
	if !sameSubnet(from, to) {
		if stop(n.aclHop(from, true, to, p.protocol, p.port)) {
			return a, netset.Addresses{}
		}
	}
	passing, stopped := n.enter(to, seen, from.groups, sameSubnet(from, to), p, stop)
	if stopped {
		return a, netset.Addresses{}
	}
	n.answers(to, passing, sameSubnet(from, to), p, &a)
	a.Addresses = passing
	return a, passing
}

// enter follows packets from the edge of a node's subnet to the node: through the ACL unless they are in the subnet, and the
// groups. It returns those addresses that pass, or else may.
func (n *Network) enter(to *node, seen netset.Addresses, refs []string, within bool, p packet, stop func(Hop) bool) (netset.Addresses, bool) {
	if !within {
		yes, maybe, hop := n.aclLets(to, false, seen, p.protocol, p.port)
		if stop(hop) {
			return netset.Addresses{}, true
		}
		if seen = yes; hop.Passes == estate.Unknown {
			seen = maybe
		}
	}
	if !to.open {
		f := n.lets(to, false, seen, refs, p)
		if stop(f.hop) {
			return netset.Addresses{}, true
		}
		if seen = f.yes; f.hop.Passes == estate.Unknown {
			seen = f.maybe
		}
	}
	if to.idle != "" && stop(Hop{At: to.ref, Passes: estate.False, Text: to.idle}) {
		return netset.Addresses{}, true
	}
	return seen, false
}

// answers sets whether the reply gets out of a node's subnet, and from which client ports it may be asked.
func (n *Network) answers(to *node, clients netset.Addresses, within bool, p packet, a *Answer) {
	if within || a.Arrives == estate.False {
		return
	}
	back := netset.Ports{}
	worst := Hop{Passes: estate.False}
	for _, ports := range portAtoms(p.clients, n.aclBounds(to, true, p.protocol)) {
		_, _, hop := n.aclLets(to, true, clients, p.protocol, ports.Ranges()[0].First)
		if hop.Passes == estate.True {
			back = back.Union(ports)
		}
		if hop.Passes >= worst.Passes {
			worst = hop
		}
	}
	a.Return = append(a.Return, worst)
	a.ClientPorts = back
	switch worst.Passes {
	case estate.False:
		a.Session, a.ClientPorts = estate.False, netset.Ports{}
		if a.Arrives == estate.True {
			a.Reason = "the reply is stopped: " + worst.Text
		}
	case estate.Unknown:
		a.Session = min(a.Session, estate.Unknown)
		if a.Arrives == estate.True && a.Reason == "" {
			a.Reason = worst.Text
		}
		a.Gaps = distinctGaps(slices.Concat(a.Gaps, worst.Gaps))
	}
}

// edge is what the ACL of a subnet says to packets between two nodes of it, and to their replies: only a classic load
// balancer's are asked.
func (n *Network) edge(from, to *node, p packet) Answer {
	a := Answer{Arrives: estate.True, Session: estate.True, ClientPorts: clientPorts}
	for _, h := range []Hop{n.aclHop(from, true, to, p.protocol, p.port), n.aclHop(to, false, from, p.protocol, p.port)} {
		a.Path = append(a.Path, h)
		if h.Passes < a.Arrives {
			a.Arrives, a.Session, a.Reason, a.Gaps = h.Passes, h.Passes, h.Text, h.Gaps
		}
	}
	n.answers(to, n.doors.within(from), false, p, &a)
	return a
}

// verdict is what a filter says of a set of addresses: those that pass, and with those that may.
type verdict struct {
	yes, maybe netset.Addresses
	hop        Hop
}

func (v verdict) weigh() verdict {
	v.hop.Passes = estate.False
	if !v.maybe.Empty() {
		v.hop.Passes = estate.Unknown
	}
	if !v.yes.Empty() {
		v.hop.Passes = estate.True
	}
	return v
}

// lets asks the groups of a node about peers that have some addresses and wear some groups.
func (n *Network) lets(t *node, egress bool, peers netset.Addresses, refs []string, p packet) verdict {
	direction := "from"
	if egress {
		direction = "to"
	}
	var v verdict
	v.hop.At = estate.Ref{Kind: "security-group", Account: t.Account, Region: t.Region, ID: strings.Join(t.groups, ", ")}
	v.hop.Text = fmt.Sprintf("no rule of %s admits %s %d %s there", strings.Join(t.groups, ", "), p.protocol, p.port, direction)
	if len(t.groups) == 0 {
		v.hop.At, v.hop.Text = t.ref, fmt.Sprintf("%s has no security group that would admit it", called(t.ref))
		return v.weigh()
	}
	for _, id := range t.groups {
		g := n.doors.guards[id]
		if g == nil {
			v.maybe = peers
			v.hop.Text, v.hop.Gaps = fmt.Sprintf("security group %s was not read", id), append(v.hop.Gaps, n.doors.unread(t.Place, "ec2:DescribeSecurityGroups")...)
			continue
		}
		if len(g.Missing) > 0 {
			v.maybe = peers
			v.hop.Text, v.hop.Gaps = fmt.Sprintf("not all rules of %s were read", id), append(v.hop.Gaps, g.Missing...)
		}
		for _, r := range g.Rules {
			if r.Egress != egress || !r.Traffic.Of(p.protocol).Contains(p.port) {
				continue
			}
			rule := fmt.Sprintf("%s %s %s %s", r.Protocol, r.Traffic.Of(p.protocol), direction, r.Peer)
			addresses, ok := r.Addresses.Value()
			gap, unread := r.Addresses.Unread()
			switch {
			case ok:
				if pass := peers.Intersect(addresses); !pass.Empty() {
					v.yes = v.yes.Union(pass)
					v.hop.Rule, v.hop.At = rule, g.Reference
				}
			case unread:
				v.maybe = v.maybe.Union(peers)
				v.hop.Text, v.hop.Gaps = fmt.Sprintf("what %s stands for was not read", r.Peer), append(v.hop.Gaps, gap)
			case slices.Contains(refs, r.Peer):
				v.yes, v.hop.Rule, v.hop.At = peers, rule, g.Reference
			}
		}
	}
	if egress && !v.yes.ContainsAll(peers) { // a peer has one of these addresses, not all of them
		v.maybe, v.yes = v.maybe.Union(v.yes), netset.Addresses{}
	}
	v = v.weigh()
	if v.hop.Passes == estate.True {
		v.hop.Text, v.hop.Gaps = fmt.Sprintf("%s admits %s", called(v.hop.At), v.hop.Rule), nil
	}
	return v
}

// aclHop asks the ACLs of a node's subnets about packets between it and another: what lets only some of the addresses pass
// that the other may have may stop it.
func (n *Network) aclHop(t *node, egress bool, other *node, protocol netset.Protocol, port uint16) Hop {
	peers := n.doors.within(other)
	yes, _, hop := n.aclLets(t, egress, peers, protocol, port)
	if hop.Passes == estate.True && !yes.ContainsAll(peers) {
		hop.Passes, hop.Text = estate.Unknown, fmt.Sprintf("which address %s has was not read", called(other.ref))
	}
	return hop
}

// within are the addresses that a node may have inside its VPC: its own, or those of its subnets.
func (d *doors) within(t *node) netset.Addresses {
	if own := addressesOf(t); !own.Empty() {
		return own
	}
	var all netset.Addresses
	for _, s := range t.subnets {
		if x := d.subnets[s]; x != nil {
			all = all.Union(netset.Of(x.CIDRs...))
		}
	}
	if all.Empty() {
		return everywhere
	}
	return all
}

// aclLets asks the ACLs of a node's subnets about peers that have some addresses. Where it may stand in several subnets,
// what one lets pass and another does not may pass.
func (n *Network) aclLets(t *node, egress bool, peers netset.Addresses, protocol netset.Protocol, port uint16) (yes, maybe netset.Addresses, hop Hop) {
	direction := "from"
	if egress {
		direction = "to"
	}
	v := verdict{yes: peers}
	for i, s := range t.subnets {
		one := n.aclOf(t, s, egress, direction, peers, protocol, port)
		if i == 0 {
			v = one
			continue
		}
		all := v.yes.Union(v.maybe, one.yes, one.maybe)
		v.yes = v.yes.Intersect(one.yes)
		v.maybe = all.Minus(v.yes)
		v.hop.Gaps = append(v.hop.Gaps, one.hop.Gaps...)
		if v.yes.Empty() && !v.maybe.Empty() {
			v.hop.Text = fmt.Sprintf("in which subnet %s stands was not read", called(t.ref))
		}
	}
	if len(t.subnets) == 0 {
		v = verdict{maybe: peers, hop: Hop{At: t.ref, Text: fmt.Sprintf("in which subnet %s stands was not read", called(t.ref))}}
	}
	v = v.weigh()
	if v.hop.Passes == estate.True {
		v.hop.Gaps = nil
	}
	return v.yes, v.maybe, v.hop
}

func (n *Network) aclOf(t *node, subnet string, egress bool, direction string, peers netset.Addresses, protocol netset.Protocol, port uint16) verdict {
	acl := n.doors.aclOf(subnet)
	if acl == nil {
		place := t.Place
		if s := n.doors.subnets[subnet]; s != nil {
			place = s.Place()
		}
		return verdict{maybe: peers, hop: Hop{At: estate.Ref{Kind: "subnet", Account: place.Account, Region: place.Region, ID: subnet},
			Text: fmt.Sprintf("the network ACL of %s was not read", subnet), Gaps: n.doors.unread(place, "ec2:DescribeNetworkAcls")}}
	}
	v := verdict{hop: Hop{At: acl.Reference}}
	left := peers
	for _, e := range acl.Entries {
		if e.Egress != egress || !e.Traffic.Of(protocol).Contains(port) {
			continue
		}
		match := left.Intersect(netset.Of(e.CIDR))
		if match.Empty() {
			continue
		}
		left = left.Minus(match)
		word := "denies"
		if e.Allow {
			word = "allows"
		}
		rule := fmt.Sprintf("rule %d %s %s %d %s %s", e.Number, word, protocol, port, direction, e.CIDR)
		if e.Allow && v.yes.Empty() || !e.Allow && v.hop.Rule == "" {
			v.hop.Rule, v.hop.Text = rule, fmt.Sprintf("%s: %s", called(acl.Reference), rule)
		}
		if e.Allow {
			v.yes = v.yes.Union(match)
		}
	}
	if v.hop.Rule == "" {
		v.hop.Rule = fmt.Sprintf("no rule allows %s %d %s there", protocol, port, direction)
		v.hop.Text = fmt.Sprintf("%s: %s", called(acl.Reference), v.hop.Rule)
	}
	return v.weigh()
}

func (d *doors) aclOf(subnet string) *estate.NetworkACL { return d.acls[subnet] }

// aclBounds returns the ports at which the ACLs of a node's subnets begin or end to say something else.
func (n *Network) aclBounds(t *node, egress bool, protocol netset.Protocol) []uint32 {
	var bounds []uint32
	for _, s := range t.subnets {
		if acl := n.doors.aclOf(s); acl != nil {
			for _, e := range acl.Entries {
				if e.Egress == egress {
					bounds = appendBounds(bounds, e.Traffic.Of(protocol))
				}
			}
		}
	}
	return bounds
}

func appendBounds(bounds []uint32, ports netset.Ports) []uint32 {
	for _, r := range ports.Ranges() {
		bounds = append(bounds, uint32(r.First), uint32(r.Last)+1)
	}
	return bounds
}

// portAtoms cuts a set of ports at bounds: within each part nothing changes.
func portAtoms(ports netset.Ports, bounds []uint32) []netset.Ports {
	slices.Sort(bounds)
	bounds = slices.Compact(bounds)
	var all []netset.Ports
	for _, r := range ports.Ranges() {
		first := uint32(r.First)
		for _, b := range bounds {
			if b > first && b <= uint32(r.Last) {
				all = append(all, netset.PortsOf(netset.PortRange{First: uint16(first), Last: uint16(b - 1)}))
				first = b
			}
		}
		all = append(all, netset.PortsOf(netset.PortRange{First: uint16(first), Last: r.Last}))
	}
	return all
}

// admittedPorts returns the parts of a set of ports that the groups of a node may tell apart and let somebody in on.
func (n *Network) admittedPorts(t *node, protocol netset.Protocol, among netset.Ports) []netset.Ports {
	bounds := n.aclBounds(t, false, protocol)
	for _, id := range t.groups {
		if g := n.doors.guards[id]; g != nil {
			for _, r := range g.Rules {
				if !r.Egress {
					bounds = appendBounds(bounds, r.Traffic.Of(protocol))
				}
			}
		}
	}
	return portAtoms(among, bounds)
}
