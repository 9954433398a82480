package lockdown

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
)

// admission is whether a group's rules, taken together, admit the Internet on one stretch of ports on which all of its
// rules say the same.
type admission struct {
	protocol netset.Protocol
	ports    netset.PortRange
	internet estate.Truth
	alone    []*estate.SecurityGroupRule // the rules that admit it each by itself
	together []*estate.SecurityGroupRule // where no rule does alone: those that add up to it
	gaps     []estate.Gap                // where it is unknown
}

// admissions goes through the ports of a protocol, stretch by stretch. What the Internet is, netset says
// (Addresses.CoversInternet). A security group as source stands for private addresses and admits nobody from there; the
// entries of a prefix list count as if they were rules, and a list that was not read may hold anything.
func admissions(g *estate.SecurityGroup, protocol netset.Protocol, within netset.Ports) []admission {
	type source struct {
		rule  *estate.SecurityGroupRule
		ports netset.Ports
	}
	var sources []source
	starts := []int{}
	for _, r := range within.Ranges() {
		starts = append(starts, int(r.First), int(r.Last)+1)
	}
	for _, rule := range g.Rules {
		ports := rule.Traffic.Of(protocol).Intersect(within)
		if rule.Egress || ports.Empty() || rule.Addresses.Holds(true, func(a netset.Addresses) bool { return a.Public().Empty() }) == estate.True {
			continue
		}
		sources = append(sources, source{rule, ports})
		for _, r := range ports.Ranges() {
			starts = append(starts, int(r.First), int(r.Last)+1)
		}
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)

	var all []admission
	for i := 0; i+1 < len(starts); i++ {
		a := admission{protocol: protocol, ports: netset.PortRange{First: uint16(starts[i]), Last: uint16(starts[i+1] - 1)}}
		if !within.Contains(a.ports.First) {
			continue
		}
		var union netset.Addresses
		for _, s := range sources {
			if !s.ports.Contains(a.ports.First) {
				continue
			}
			if gap, unread := s.rule.Addresses.Unread(); unread {
				a.gaps = append(a.gaps, gap)
				continue
			}
			addresses, _ := s.rule.Addresses.Value()
			a.together = append(a.together, s.rule)
			union = union.Union(addresses)
			if addresses.CoversInternet() {
				a.alone = append(a.alone, s.rule)
			}
		}
		a.gaps = append(a.gaps, g.Missing...)
		switch {
		case len(a.alone) > 0:
			a.internet, a.together = estate.True, nil
		case union.CoversInternet():
			a.internet = estate.True
		case len(a.gaps) > 0:
			a.internet = estate.Unknown
		default:
			a.internet = estate.False
		}
		all = append(all, a)
	}
	return all
}

// wearers finds who has a group's rules: the instances of its interfaces, and the interfaces of everything else (load
// balancers, databases, functions). It rests on what was read of them; a group is judged without it.
type wearers struct {
	of       map[string][]estate.Ref
	complete func(p estate.Place) bool
}

func wearersOf(e *estate.Estate) wearers {
	w := wearers{of: map[string][]estate.Ref{}, complete: func(p estate.Place) bool { return e.Complete(p, "ec2:DescribeNetworkInterfaces") }}
	instances := map[string]estate.Ref{}
	for _, i := range e.Instances {
		instances[i.Ref().ID] = i.Ref()
		for _, group := range i.SecurityGroups {
			w.of[group] = append(w.of[group], i.Ref())
		}
	}
	for _, n := range e.NetworkInterfaces {
		ref := n.Ref()
		if n.Instance != "" {
			instance, ok := instances[n.Instance]
			if !ok {
				instance = estate.Ref{Kind: "instance", Account: ref.Account, Region: ref.Region, ID: n.Instance}
			}
			ref = instance
		}
		for _, group := range n.SecurityGroups {
			w.of[group] = append(w.of[group], ref)
		}
	}
	for group, refs := range w.of {
		slices.SortFunc(refs, func(a, b estate.Ref) int { return strings.Compare(a.Key(), b.Key()) })
		w.of[group] = slices.CompactFunc(refs, func(a, b estate.Ref) bool { return a.Key() == b.Key() })
	}
	return w
}

// say tells who wears a group, for the end of a sentence and as a fact. An unattached group admits nobody today and is
// broken all the same: whoever attaches it opens the host.
func (w wearers) say(g *estate.SecurityGroup) (words string, facts []answer.Fact) {
	n := len(w.of[g.Ref().ID])
	switch {
	case n == 0 && !w.complete(g.Place()):
		return "", []answer.Fact{{Text: "what wears the group could not be read", Operation: "ec2:DescribeNetworkInterfaces"}}
	case n == 0:
		return ", on nothing today", []answer.Fact{{Text: "no network interface wears the group", Operation: "ec2:DescribeNetworkInterfaces"}}
	case n == 1:
		ref := w.of[g.Ref().ID][0]
		return ", on " + ref.Kind + " " + ref.ID, nil
	}
	return fmt.Sprintf(", on %d hosts and interfaces", n), nil
}

func groupName(g *estate.SecurityGroup) string {
	if ref := g.Ref(); ref.Name != "" {
		return ref.ID + " (" + ref.Name + ")"
	}
	return g.Ref().ID
}

// onTraffic is what a rule admits, in words: "tcp 22", "tcp 0-65535", "all traffic".
func onTraffic(r *estate.SecurityGroupRule) string {
	if r.Protocol == "-1" {
		return "all traffic"
	}
	for _, p := range []netset.Protocol{netset.TCP, netset.UDP} {
		if ports := r.Traffic.Of(p); !ports.Empty() {
			if ports.Equal(netset.AllPorts()) {
				return p.String() + " on every port"
			}
			return p.String() + " " + ports.String()
		}
	}
	return "protocol " + r.Protocol
}

func ruleFact(r *estate.SecurityGroupRule) answer.Fact {
	f := answer.Fact{Text: fmt.Sprintf("%s: %s from %s", r.ID, onTraffic(r), r.Peer), Operation: "ec2:DescribeSecurityGroups"}
	if r.Named {
		f.Operation = "ec2:DescribeSecurityGroupRules"
	}
	if entries, ok := r.Addresses.Value(); ok && strings.HasPrefix(r.Peer, "pl-") {
		f.Text += ", which is " + short(entries)
	}
	return f
}

// short lists the first few prefixes of a set.
func short(a netset.Addresses) string {
	const few = 4
	var words []string
	for i, p := range a.Prefixes() {
		if i == few {
			return strings.Join(words, ", ") + fmt.Sprintf(" and %d more", len(a.Prefixes())-few)
		}
		words = append(words, p.String())
	}
	return strings.Join(words, ", ")
}

// ruleCause is one rule that admits the Internet by itself. Every control that finds it says the same of it.
func ruleCause(g *estate.SecurityGroup, r *estate.SecurityGroupRule) answer.Cause {
	ref := estate.Ref{Kind: "security-group-rule", Account: g.Ref().Account, Region: g.Ref().Region, ID: r.ID}
	if r.Named {
		ref.ARN = strings.Replace(g.Ref().ARN, "security-group/"+g.Ref().ID, "security-group-rule/"+r.ID, 1)
	}
	title := fmt.Sprintf("rule %s of %s admits %s on %s", r.ID, groupName(g), r.Peer, onTraffic(r))
	if !r.Named {
		title = fmt.Sprintf("a rule of %s admits %s on %s", groupName(g), r.Peer, onTraffic(r))
	}
	return answer.Cause{
		Key:     "security-group-rule/" + r.ID,
		Subject: ref,
		Title:   title,
		Fix: answer.Fix{
			Text:      "Remove the rule, or admit only the networks that need it; connections that are open now stay until they end.",
			CLI:       []string{revoke(g, r)},
			Terraform: "resource \"aws_vpc_security_group_ingress_rule\" \"this\" {\n  cidr_ipv4 = \"203.0.113.0/24\" # the networks that need it\n}",
		},
	}
}

// groupCause is rules that admit the Internet only together.
func groupCause(g *estate.SecurityGroup, rules []*estate.SecurityGroupRule, title string) answer.Cause {
	var commands []string
	for _, r := range rules {
		commands = append(commands, revoke(g, r))
	}
	return answer.Cause{
		Key:     "security-group/" + g.Ref().ID,
		Subject: g.Ref(),
		Title:   title,
		Fix: answer.Fix{
			Text: "Remove the rules that are not needed, and admit only the networks that need the others; connections that are open now stay until they end.",
			CLI:  commands,
		},
	}
}

// revoke is the AWS CLI command that removes an ingress rule.
func revoke(g *estate.SecurityGroup, r *estate.SecurityGroupRule) string {
	head := fmt.Sprintf("aws ec2 revoke-security-group-ingress --region %s --group-id %s ", g.Ref().Region, g.Ref().ID)
	if r.Named {
		return head + "--security-group-rule-ids " + r.ID
	}
	permission := map[string]any{"IpProtocol": r.Protocol}
	for _, p := range []netset.Protocol{netset.TCP, netset.UDP} {
		if ranges := r.Traffic.Of(p).Ranges(); r.Protocol != "-1" && len(ranges) == 1 {
			permission["FromPort"], permission["ToPort"] = ranges[0].First, ranges[0].Last
		}
	}
	switch {
	case strings.HasPrefix(r.Peer, "pl-"):
		permission["PrefixListIds"] = []map[string]string{{"PrefixListId": r.Peer}}
	case strings.Contains(r.Peer, ":"):
		permission["Ipv6Ranges"] = []map[string]string{{"CidrIpv6": r.Peer}}
	default:
		permission["IpRanges"] = []map[string]string{{"CidrIp": r.Peer}}
	}
	text, _ := json.Marshal([]any{permission}) // strings and numbers always marshal
	return head + "--ip-permissions '" + string(text) + "'"
}

// counter is what both controls say of a group.
func counter(g *estate.SecurityGroup, w wearers, what string, rules []*estate.SecurityGroupRule, cause answer.Cause) control.Counter {
	words, facts := w.say(g)
	var told []answer.Fact
	for _, r := range rules {
		told = append(told, ruleFact(r))
	}
	return control.Counter{
		Text:    fmt.Sprintf("security group %s admits the internet on %s%s", groupName(g), what, words),
		Facts:   append(told, facts...),
		Cause:   cause,
		Affects: w.of[g.Ref().ID],
	}
}

// The operations that tell a group's rules. Who wears the group is read too (ec2:DescribeNetworkInterfaces, ec2:DescribeInstances),
// but decides nothing, so neither control names it.
var (
	listsGroups = []operation.ID{"ec2:DescribeSecurityGroups"}
	readsRules  = []operation.ID{"ec2:DescribeSecurityGroupRules", "ec2:GetManagedPrefixListEntries"}
)
