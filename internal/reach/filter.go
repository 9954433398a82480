package reach

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// verdict is what a filter makes of a beam: the parts that pass and those that may.
type verdict struct {
	yes, maybe []beam
	rule       func() string // that decides, as AWS shows it; made only for those who read it
	gaps       []estate.Gap
	why        string // why it is not known, where no gap says it
}

func says(text string) func() string { return func() string { return text } }

func (v *verdict) gap(gaps ...estate.Gap) {
	for _, g := range gaps {
		if !slices.Contains(v.gaps, g) {
			v.gaps = append(v.gaps, g)
		}
	}
}

// identity says whether the security groups of the sender are known to those who filter: a rule that refers to a group
// matches the private addresses of its members, as long as nothing on the way takes their place.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html#security-group-referencing
type identity struct {
	known   estate.Truth
	inbound bool // known to rules for incoming packets only, as over a transit gateway
	gaps    []estate.Gap
}

// byGroups filters a beam by the security groups of a node. Rules of all its groups count together; they only allow.
func (n *Network) byGroups(x *node, egress bool, protocol netset.Protocol, b beam, peer *node, id identity) verdict {
	if x.open {
		return verdict{yes: []beam{b}, rule: says("has no security groups")}
	}
	var v verdict
	all, none := b.src, true
	if egress {
		all = b.dst
	}
	for _, group := range x.groups {
		g := n.groups[regional{x.Region, group}]
		if g == nil {
			v.maybe = append(v.maybe, b)
			if gaps := n.unread(x.Place, "ec2:DescribeSecurityGroups"); gaps != nil {
				v.gap(gaps...)
			} else {
				v.why = group + " was not among the security groups that were read"
			}
			continue
		}
		if len(g.Missing) > 0 {
			v.maybe = append(v.maybe, b)
			v.gap(g.Missing...)
		}
		for _, rule := range g.Rules {
			if rule.Egress != egress {
				continue
			}
			none = false
			ports := rule.Traffic.Of(protocol)
			if ports.Intersect(b.to).Empty() {
				continue
			}
			addresses, known := rule.Addresses.Value()
			gap, unread := rule.Addresses.Unread()
			switch {
			case known:
				if hit := b.within(!egress, addresses, ports); !hit.empty() {
					if len(v.yes) == 0 {
						v.rule = func() string { return ruleText(g, rule) }
					}
					v.yes = append(v.yes, hit)
				}
			case unread:
				v.maybe = append(v.maybe, b.within(!egress, all, ports))
				v.gap(gap)
			case strings.HasPrefix(rule.Peer, "sg-"):
				if egress && id.inbound || peer == nil && id.known != estate.Unknown || peer != nil && !slices.Contains(peer.groups, rule.Peer) {
					continue
				}
				hit := b.within(!egress, all, ports)
				switch id.known {
				case estate.True:
					if len(v.yes) == 0 {
						v.rule = func() string { return ruleText(g, rule) }
					}
					v.yes = append(v.yes, hit)
				case estate.Unknown:
					v.maybe = append(v.maybe, hit)
					v.gap(id.gaps...)
				}
			}
		}
	}
	v.yes, v.maybe = merged(v.yes), merged(v.maybe)
	if v.rule == nil {
		v.rule = says("no rule allows it")
		if none && len(v.maybe) == 0 {
			v.rule = says("has no " + direction(egress) + " rules")
		}
	}
	return v
}

func direction(egress bool) string {
	if egress {
		return "outgoing"
	}
	return "incoming"
}

func ruleText(g *estate.SecurityGroup, r *estate.SecurityGroupRule) string {
	words := "from"
	if r.Egress {
		words = "to"
	}
	text := fmt.Sprintf("allows %s %s %s", trafficText(r.Traffic), words, r.Peer)
	if r.Named {
		return r.ID + " of " + g.Ref().ID + " " + text
	}
	return g.Ref().ID + " " + text
}

var allTraffic = netset.AllTraffic() // which is slow to make

// trafficText is traffic as a person writes it: "tcp 22", "all traffic".
func trafficText(t netset.Traffic) string {
	if t.Equal(allTraffic) {
		return "all traffic"
	}
	for _, p := range []netset.Protocol{netset.TCP, netset.UDP, netset.ICMP, netset.ICMPv6} {
		if ports := t.Of(p); !ports.Empty() {
			return flowText(p, ports)
		}
	}
	for p := range 256 {
		if !t.Of(netset.Protocol(p)).Empty() {
			return netset.Protocol(p).String()
		}
	}
	return "nothing"
}

// flowText names a protocol and its ports: "tcp 80, 443", "icmp type 8 code 0", "all udp".
func flowText(p netset.Protocol, ports netset.Ports) string {
	switch {
	case ports.Equal(netset.AllPorts()):
		if p == netset.TCP || p == netset.UDP {
			return "all " + p.String()
		}
		return p.String()
	case p == netset.ICMP || p == netset.ICMPv6:
		r := ports.Ranges()[0]
		if r.First>>8 == r.Last>>8 && r.First&255 == 0 && r.Last&255 == 255 {
			return fmt.Sprintf("%v type %d", p, r.First>>8)
		}
		return fmt.Sprintf("%v type %d code %d", p, r.First>>8, r.First&255)
	case p == netset.TCP || p == netset.UDP:
		return p.String() + " " + ports.String()
	}
	return p.String()
}

// byACL filters a beam by the network ACL at the edge of a subnet. The entry with the lowest number that matches decides;
// what none matches is denied.
// https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html
func (s *subnet) byACL(egress bool, protocol netset.Protocol, b beam) verdict {
	if s.acl == nil {
		return verdict{maybe: []beam{b}, gaps: s.aclGaps}
	}
	var v verdict
	var denied func() string
	left := []beam{b}
	for _, entry := range s.acl.Entries {
		if entry.Egress != egress || len(left) == 0 {
			continue
		}
		ports := entry.Traffic.Of(protocol)
		if ports.Empty() || !entry.CIDR.IsValid() {
			continue
		}
		addresses := netset.Of(entry.CIDR)
		var rest []beam
		for _, part := range left {
			hit := part.within(!egress, addresses, ports)
			if hit.empty() {
				rest = append(rest, part)
				continue
			}
			rest = append(rest, part.without(!egress, addresses, ports)...)
			switch {
			case entry.Allow:
				if len(v.yes) == 0 {
					v.rule = func() string { return entryText(entry) }
				}
				v.yes = append(v.yes, hit)
			case denied == nil:
				denied = func() string { return entryText(entry) }
			}
		}
		left = merged(rest)
	}
	if v.yes = merged(v.yes); len(v.yes) == 0 {
		if v.rule = denied; denied == nil {
			v.rule = says("no " + direction(egress) + " rule allows it")
		}
	}
	return v
}

func entryText(e estate.NetworkACLEntry) string {
	word, way := "denies", "from"
	if e.Allow {
		word = "allows"
	}
	if e.Egress {
		way = "to"
	}
	number := fmt.Sprint(e.Number)
	if e.Number == 32767 { // what AWS shows as "*"
		number = "*"
	}
	return fmt.Sprintf("rule %s %s %s %s %s", number, word, trafficText(e.Traffic), way, e.CIDR)
}

// blocked says what VPC Block Public Access makes of traffic between a subnet and the Internet: whether it stops packets
// in that direction, by gateways of the kind (NAT and egress-only gateways only let out).
// https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html
func (n *Network) blocked(s *subnet, egress, onlyOut bool) (estate.Truth, string, []estate.Gap) {
	for _, of := range []string{s.id, s.vpc.id} { // whatever the mode
		if x := n.exclusions[regional{s.Region, of}]; x != nil && x.Mode == "allow-bidirectional" {
			return estate.False, x.Ref().ID + " exempts " + of, nil
		}
	}
	block := n.blocks[s.Place]
	if block == nil {
		gaps := n.unread(s.Place, "ec2:DescribeVpcBlockPublicAccessOptions")
		if gaps == nil {
			return estate.False, "", nil
		}
		return estate.Unknown, "", gaps
	}
	mode, known := block.Mode.Value()
	switch {
	case block.Mode.Absent():
		return estate.False, "", nil
	case !known:
		gap, _ := block.Mode.Unread()
		return estate.Unknown, "", []estate.Gap{gap}
	case mode == "off":
		return estate.False, "", nil
	case mode == "block-ingress" && onlyOut:
		return estate.False, "", nil
	}
	for _, of := range []string{s.id, s.vpc.id} {
		x := n.exclusions[regional{s.Region, of}]
		if x != nil && x.Mode == "allow-egress" && egress && mode == "block-bidirectional" {
			return estate.False, x.Ref().ID + " exempts " + of, nil
		}
	}
	if gaps := n.unread(s.Place, "ec2:DescribeVpcBlockPublicAccessExclusions"); gaps != nil {
		return estate.Unknown, "", gaps
	}
	return estate.True, mode, nil
}

func hosts(addresses ...netip.Addr) netset.Addresses {
	var list []netip.Prefix
	for _, a := range addresses {
		if a.IsValid() {
			list = append(list, netip.PrefixFrom(a, a.BitLen()))
		}
	}
	return netset.Of(list...)
}
