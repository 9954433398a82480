package load

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
)

const (
	describeGroups    operation.ID = "ec2:DescribeSecurityGroups"
	describeRules     operation.ID = "ec2:DescribeSecurityGroupRules"
	prefixListEntries operation.ID = "ec2:GetManagedPrefixListEntries"
)

// permission is one element of a group's IpPermissions: several rules with one protocol and range.
type permission struct {
	IPProtocol string `json:"IpProtocol"`
	FromPort   *int
	ToPort     *int
	IPRanges   []struct {
		CidrIP      string `json:"CidrIp"`
		Description string
	} `json:"IpRanges"`
	Ipv6Ranges []struct {
		CidrIpv6    string
		Description string
	}
	PrefixListIDs []struct {
		PrefixListID string `json:"PrefixListId"`
		Description  string
	} `json:"PrefixListIds"`
	UserIDGroupPairs []struct {
		GroupID     string `json:"GroupId"`
		Description string
	} `json:"UserIdGroupPairs"`
}

// securityGroups reads groups and their rules. The rules are told twice: by a listing of their own, with ids, and within
// the groups. They are all there if either was read in full; a rule that only one of them shows (it was made in between) is
// there too. Where neither was, the rules that were read stand, and the group says what is missing.
//
// A group belongs to the account that made it, also where another sees it because it is shared.
func (l *loader) securityGroups() {
	groups := map[string]*groupRead{}
	get := func(p estate.Place, owner, id string) *groupRead {
		own := estate.Place{Account: cmp.Or(owner, p.Account), Region: p.Region}
		key := own.String() + "/" + id
		g := groups[key]
		if g == nil {
			gap := l.estate.Reading(own, describeGroups, "").Gap()
			g = &groupRead{own: own, group: &estate.SecurityGroup{Resource: estate.Resource{
				Reference: estate.Ref{Kind: "security-group", Account: own.Account, Region: own.Region, ID: id, ARN: arn("ec2", own, "security-group/"+id)},
				Labels:    estate.Unread[map[string]string](gap),
			}}}
			groups[key] = g
		}
		if !slices.Contains(g.seen, p) {
			g.seen = append(g.seen, p)
		}
		return g
	}

	type groupList struct {
		SecurityGroups []struct {
			GroupID             string `json:"GroupId"`
			GroupName           string
			OwnerID             string `json:"OwnerId"`
			VpcID               string `json:"VpcId"`
			Tags                []tag
			IPPermissions       *[]permission `json:"IpPermissions"`
			IPPermissionsEgress *[]permission `json:"IpPermissionsEgress"`
		}
	}
	each(l, describeGroups, func(p estate.Place, page *groupList) {
		for _, s := range page.SecurityGroups {
			g := get(p, s.OwnerID, s.GroupID)
			if g.described && p != g.own {
				continue // the owner's own reading was there first
			}
			g.described = true
			g.group.Resource = resource(g.own, "security-group", s.GroupID, g.group.Reference.ARN, s.Tags)
			if g.group.Reference.Name == "" {
				g.group.Reference.Name = s.GroupName
			}
			g.group.VPC = s.VpcID
			g.within = nil
			if s.IPPermissions != nil {
				g.told = true
				g.within = l.permissions(p, s.GroupID, false, *s.IPPermissions)
			}
			if s.IPPermissionsEgress != nil {
				g.within = append(g.within, l.permissions(p, s.GroupID, true, *s.IPPermissionsEgress)...)
			}
		}
	})

	type ruleList struct {
		SecurityGroupRules []struct {
			SecurityGroupRuleID string `json:"SecurityGroupRuleId"`
			GroupID             string `json:"GroupId"`
			GroupOwnerID        string `json:"GroupOwnerId"`
			IsEgress            bool
			IPProtocol          string `json:"IpProtocol"`
			FromPort            *int
			ToPort              *int
			CidrIpv4            string
			CidrIpv6            string
			PrefixListID        string `json:"PrefixListId"`
			Description         string
			ReferencedGroupInfo struct {
				GroupID string `json:"GroupId"`
			}
		}
	}
	each(l, describeRules, func(p estate.Place, page *ruleList) {
		for _, r := range page.SecurityGroupRules {
			g := get(p, r.GroupOwnerID, r.GroupID)
			rule := l.rule(p, r.GroupID, r.IsEgress, permission{IPProtocol: r.IPProtocol, FromPort: r.FromPort, ToPort: r.ToPort},
				cmp.Or(r.CidrIpv4, r.CidrIpv6, r.PrefixListID, r.ReferencedGroupInfo.GroupID), r.Description)
			if r.SecurityGroupRuleID != "" {
				rule.rule.ID, rule.rule.Named = r.SecurityGroupRuleID, true
			}
			g.listed = append(g.listed, rule)
		}
	})

	for _, g := range groups {
		l.estate.SecurityGroups = append(l.estate.SecurityGroups, g.settle(l.estate))
	}
	l.estate.SecurityGroups = byKey(l.estate.SecurityGroups)
}

// groupRead is what two listings told of one group.
type groupRead struct {
	group     *estate.SecurityGroup
	own       estate.Place
	seen      []estate.Place // where it was listed
	described bool           // by DescribeSecurityGroups
	told      bool           // which said its rules
	within    []ruleRead
	listed    []ruleRead
}

// ruleRead is a rule and what it says, the same in both listings: "sg-0abc/ingress/tcp/22-22/0.0.0.0/0".
type ruleRead struct {
	rule *estate.SecurityGroupRule
	says string
}

func (g *groupRead) settle(e *estate.Estate) *estate.SecurityGroup {
	places := append([]estate.Place{g.own}, g.seen...)
	if !g.told && !slices.ContainsFunc(places, func(p estate.Place) bool { return e.Complete(p, describeRules) }) {
		g.group.Missing = []estate.Gap{e.Reading(g.own, describeRules, "").Gap()}
	}
	listed, ids := map[string]bool{}, map[string]bool{} // by what they say, and by id
	for _, r := range g.listed {
		if !ids[r.rule.ID] {
			ids[r.rule.ID] = true
			listed[r.says] = true
			g.group.Rules = append(g.group.Rules, r.rule)
		}
	}
	for _, r := range g.within {
		if !listed[r.says] {
			listed[r.says] = true
			g.group.Rules = append(g.group.Rules, r.rule)
		}
	}
	slices.SortFunc(g.group.Rules, func(a, b *estate.SecurityGroupRule) int { return strings.Compare(a.ID, b.ID) })
	return g.group
}

// permissions takes IpPermissions apart into rules.
func (l *loader) permissions(p estate.Place, group string, egress bool, list []permission) []ruleRead {
	var rules []ruleRead
	for _, perm := range list {
		for _, r := range perm.IPRanges {
			rules = append(rules, l.rule(p, group, egress, perm, r.CidrIP, r.Description))
		}
		for _, r := range perm.Ipv6Ranges {
			rules = append(rules, l.rule(p, group, egress, perm, r.CidrIpv6, r.Description))
		}
		for _, r := range perm.PrefixListIDs {
			rules = append(rules, l.rule(p, group, egress, perm, r.PrefixListID, r.Description))
		}
		for _, r := range perm.UserIDGroupPairs {
			rules = append(rules, l.rule(p, group, egress, perm, r.GroupID, r.Description))
		}
	}
	return rules
}

func (l *loader) rule(p estate.Place, group string, egress bool, perm permission, peer, description string) ruleRead {
	direction, ports := "ingress", bound(perm.FromPort)+"-"+bound(perm.ToPort)
	if egress {
		direction = "egress"
	}
	if perm.IPProtocol == "-1" || ports == "all-all" {
		ports = "all"
	}
	says := strings.Join([]string{group, direction, perm.IPProtocol, ports, peer}, "/")
	return ruleRead{says: says, rule: &estate.SecurityGroupRule{
		ID:          says,
		Egress:      egress,
		Protocol:    perm.IPProtocol,
		Traffic:     traffic(perm.IPProtocol, perm.FromPort, perm.ToPort),
		Description: description,
		Peer:        peer,
		Addresses:   l.peer(p, peer),
	}}
}

// bound is one end of a range as text: -1 and nothing are the same.
func bound(n *int) string {
	if n == nil || *n < 0 {
		return "all"
	}
	return strconv.Itoa(*n)
}

// peer is what a source or destination stands for.
func (l *loader) peer(p estate.Place, peer string) estate.Known[netset.Addresses] {
	switch {
	case strings.HasPrefix(peer, "pl-"):
		return (&estate.PrefixList{Entries: l.prefixList(p, peer)}).Addresses()
	case peer == "", strings.HasPrefix(peer, "sg-"):
		return estate.None[netset.Addresses]()
	}
	cidr, err := netip.ParsePrefix(peer)
	if err != nil {
		return estate.Unread[netset.Addresses](estate.Gap{Place: p, Operation: describeRules, Outcome: operation.Failed,
			Why: fmt.Sprintf("%q, the source of a rule, is not a CIDR", peer)})
	}
	return estate.Know(netset.Of(cidr))
}

// prefixList returns the entries of a prefix list, sorted: as the account itself reads it, or else the list's owner or whoever
// else it is shared with. Ids are unique in a Region.
func (l *loader) prefixList(p estate.Place, id string) estate.Known[[]netip.Prefix] {
	type entryList struct {
		Entries []struct{ Cidr string }
	}
	read := func(p estate.Place) estate.Known[[]netip.Prefix] {
		whole := true
		known := about(l, p, prefixListEntries, id, func(pages []entryList) []netip.Prefix {
			var entries []netip.Prefix
			for _, page := range pages {
				for _, e := range page.Entries {
					cidr, err := netip.ParsePrefix(e.Cidr)
					whole = whole && err == nil
					if err == nil {
						entries = append(entries, cidr.Masked())
					}
				}
			}
			slices.SortFunc(entries, netip.Prefix.Compare)
			return slices.Compact(entries)
		})
		if !whole {
			return estate.Unread[[]netip.Prefix](estate.Gap{Place: p, Operation: prefixListEntries, About: id, Outcome: operation.Failed,
				Why: "an entry of prefix list " + id + " is not a CIDR"})
		}
		return known
	}
	own := read(p)
	if _, unread := own.Unread(); !unread {
		return own
	}
	for _, a := range l.estate.Accounts {
		if addresses := read(estate.Place{Account: a.ID, Region: p.Region}); a.ID != p.Account {
			if _, ok := addresses.Value(); ok {
				return addresses
			}
		}
	}
	return own
}

// traffic reads a protocol and a range as security groups and network ACLs write them: "-1" is everything, -1 or nothing at a bound
// leaves that end open, and for ICMP the bounds are type and code. Protocols but for TCP, UDP and ICMP have no ports.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
func traffic(protocol string, from, to *int) netset.Traffic {
	var p netset.Protocol
	switch strings.ToLower(protocol) {
	case "-1", "all":
		return everything
	case "tcp":
		p = netset.TCP
	case "udp":
		p = netset.UDP
	case "icmp":
		p = netset.ICMP
	case "icmpv6":
		p = netset.ICMPv6
	default:
		n, err := strconv.ParseUint(protocol, 10, 8)
		if err != nil {
			return netset.Traffic{} // AWS has no other names
		}
		p = netset.Protocol(n)
	}
	end := func(n *int, open uint16) uint16 {
		if n == nil || *n < 0 || *n > 65535 {
			return open
		}
		return uint16(*n)
	}
	switch p {
	case netset.TCP, netset.UDP:
		return netset.TrafficOf(p, netset.PortsOf(netset.PortRange{First: end(from, 0), Last: end(to, 65535)}))
	case netset.ICMP, netset.ICMPv6:
		kind, code := end(from, 256), end(to, 256)
		switch {
		case kind > 255:
			return netset.TrafficOf(p, netset.AllPorts())
		case code > 255:
			return netset.TrafficOf(p, netset.PortsOf(netset.PortRange{First: kind << 8, Last: kind<<8 | 255}))
		}
		return netset.TrafficOf(p, netset.PortsOf(netset.PortRange{First: kind<<8 | code, Last: kind<<8 | code}))
	}
	return netset.TrafficOf(p, netset.AllPorts())
}

var everything = netset.AllTraffic()
