package lockdown

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/packets"
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

// counter is what both controls say of a group.
func counter(g *estate.SecurityGroup, w wearers, what string, rules []*estate.SecurityGroupRule, cause answer.Cause) control.Counter {
	words, facts := w.say(g)
	var told []answer.Fact
	for _, r := range rules {
		told = append(told, packets.RuleFact(r))
	}
	return control.Counter{
		Text:    fmt.Sprintf("security group %s admits the internet on %s%s", packets.GroupName(g), what, words),
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
