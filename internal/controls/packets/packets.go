// Package packets turns what package reach says of packets into what controls say of subjects: which subject a flow is about,
// who it comes from in words, and the one security group rule whose removal would stop it.
//
// It judges nothing by itself and reads nothing but the estate; the same estate gives the same words.
package packets

import (
	"cmp"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/reach"
)

// Lists are the operations that list what answers packets: the subjects of most controls that ask about them.
func Lists() []operation.ID {
	return []operation.ID{"ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces", "elasticache:DescribeCacheClusters",
		"elb:DescribeLoadBalancers", "elbv2:DescribeLoadBalancers", "rds:DescribeDBInstances", "redshift:DescribeClusters"}
}

// Index finds the resources that answers about packets name.
type Index struct {
	estate     *estate.Estate
	answering  []estate.Subject
	subjects   map[string]estate.Subject
	groups     map[string]*estate.SecurityGroup
	interfaces map[string]*estate.NetworkInterface
	subnets    map[string]*estate.Subnet
	tasks      map[string]*estate.ContainerTask // by the ids of their interfaces
	worn       map[string][]string              // ids of security groups by the key of who wears them
}

// Of makes an index of an estate.
func Of(e *estate.Estate) *Index {
	x := &Index{estate: e, subjects: map[string]estate.Subject{}, groups: map[string]*estate.SecurityGroup{},
		interfaces: map[string]*estate.NetworkInterface{}, tasks: map[string]*estate.ContainerTask{}, subnets: map[string]*estate.Subnet{}, worn: map[string][]string{}}
	add := func(s estate.Subject, groups []string, answers bool) {
		key := s.Ref().Key()
		x.subjects[key], x.worn[key] = s, groups
		if answers {
			x.answering = append(x.answering, s)
		}
	}
	for _, i := range e.Instances {
		add(i, i.SecurityGroups, i.State != "stopped")
	}
	for _, b := range e.LoadBalancers {
		add(b, b.SecurityGroups, true)
	}
	for _, d := range e.DBInstances {
		add(d, d.SecurityGroups, true)
	}
	for _, d := range e.CacheClusters {
		add(d, d.SecurityGroups, true)
	}
	for _, d := range e.Warehouses {
		add(d, d.SecurityGroups, true)
	}
	for _, d := range e.DBClusters {
		add(d, d.SecurityGroups, false)
	}
	for _, t := range e.ContainerTasks {
		add(t, nil, len(t.Interfaces) > 0)
		for _, id := range t.Interfaces {
			x.tasks[id] = t
		}
	}
	for _, f := range e.Functions {
		add(f, f.SecurityGroups, false)
	}
	for _, n := range e.NetworkInterfaces {
		add(n, n.SecurityGroups, false)
		x.interfaces[n.Ref().ID] = n
	}
	for _, k := range e.KubernetesClusters {
		add(k, nil, false)
	}
	for _, a := range e.Accelerators {
		add(a, nil, false)
	}
	for _, a := range e.APIs {
		add(a, nil, false)
	}
	for _, d := range e.Distributions {
		add(d, nil, false)
	}
	for _, n := range e.Subnets {
		x.subnets[n.Ref().ID] = n
	}
	for _, g := range e.SecurityGroups {
		x.groups[g.Ref().ID] = g
	}
	return x
}

// Answering are what answers packets, as far as the estate knows it without following any: hosts that are not stopped, load
// balancers, databases, caches, and tasks with interfaces of their own.
func (x *Index) Answering() []estate.Subject { return x.answering }

// Subject returns what a reference names; the interface of a task stands for the task. Of what is not in the estate nothing is
// known but its name.
func (x *Index) Subject(ref estate.Ref) estate.Subject {
	if t := x.tasks[ref.ID]; t != nil {
		return t
	}
	if s, ok := x.subjects[ref.Key()]; ok {
		return s
	}
	return &estate.Resource{Reference: ref}
}

// End is a subject as an end of a question: a task is its interfaces.
func (x *Index) End(s estate.Subject) reach.End {
	t, ok := s.(*estate.ContainerTask)
	if !ok {
		return reach.End{Refs: []estate.Ref{s.Ref()}}
	}
	var refs []estate.Ref
	for _, id := range t.Interfaces {
		refs = append(refs, estate.Ref{Kind: "network-interface", Account: s.Ref().Account, Region: s.Ref().Region, ID: id})
	}
	return reach.End{Refs: refs}
}

// Groups are the security groups that a party wears where its packets pass: those of its interface where that is known.
// Groups that were not read are left out.
func (x *Index) Groups(p reach.Party) []*estate.SecurityGroup {
	ids := x.worn[p.Ref.Key()]
	if n := x.interfaces[p.Interface]; n != nil {
		ids = n.SecurityGroups
	}
	var groups []*estate.SecurityGroup
	for _, id := range ids {
		if g := x.groups[id]; g != nil {
			groups = append(groups, g)
		}
	}
	return groups
}

// Passes says whether a flow does harm or good: of TCP a session must be possible, for without the reply nothing is said; of what
// has no handshake one packet is enough.
func Passes(f reach.Flow) estate.Truth {
	if f.Protocol == netset.TCP {
		return estate.And(f.Arrives, f.Session)
	}
	return f.Arrives
}

// Outsiders are the addresses outside from which a flow does harm or good, and those of which that is not known.
func Outsiders(f reach.Flow) (sure, perhaps netset.Addresses) {
	arrive, talk := f.Perhaps()
	switch {
	case f.Protocol != netset.TCP:
		if f.Arrives == estate.True {
			sure = f.Addresses
		}
		perhaps = arrive
	case f.Session != estate.False:
		if f.Arrives == estate.True && f.Session == estate.True {
			sure = f.Sessions
		}
		perhaps = talk
	}
	return sure, perhaps.Minus(sure)
}

// Calls are the connections that a subject can start, each to whom it ends at: to servers and load balancers, not to what
// stands behind those. Where it can reach all of the Internet anyway (everywhere), what has a public address is part of that, and
// is not listed apart. Who stops early does not pay for what he did not ask for.
func Calls(n *reach.Network, from reach.End) (all iter.Seq[reach.Flow], everywhere bool) {
	out := n.Between(from, reach.End{Internet: true}, reach.Filter{})
	everywhere = len(out) > 0 && !slices.ContainsFunc(out, func(f reach.Flow) bool { return Passes(f) != estate.True || !f.Addresses.CoversInternet() })
	return n.Calls(from, reach.Filter{Private: everywhere, Terse: true}), everywhere
}

// FromInternet says whether everybody on the Internet, and not some addresses only, is among the senders of a flow.
func FromInternet(f reach.Flow, family netset.Addresses) estate.Truth {
	sure, perhaps := Outsiders(f)
	sure, perhaps = sure.Intersect(family), perhaps.Intersect(family)
	switch {
	case sure.CoversInternet():
		return estate.True
	case sure.Union(perhaps).CoversInternet():
		return estate.Unknown
	}
	return estate.False
}

// Everybody are all addresses, of IPv4 and of IPv6.
var (
	IPv4      = netset.Of(netip.MustParsePrefix("0.0.0.0/0"))
	IPv6      = netset.Of(netip.MustParsePrefix("::/0"))
	Everybody = IPv4.Union(IPv6)
)

// Outside reports whether a party is not of the estate.
func Outside(p reach.Party) bool { return p.Ref.Kind == "" || p.Ref.Kind == "internet" }

// Party names one end of an answer: "instance i-0abc (jenkins)", "the internet", "203.0.113.0/24".
func Party(p reach.Party, a reach.Answer) string {
	switch {
	case !Outside(p):
		return strings.ReplaceAll(p.Ref.Kind, "-", " ") + " " + control.Called(p.Ref)
	case a.Addresses.CoversInternet():
		return "the internet"
	case a.Addresses.Empty():
		return cmp.Or(p.Address, "somebody outside")
	}
	return Short(a.Addresses)
}

// Through words the front doors of an answer: ", through load balancer shop".
func Through(a reach.Answer) string {
	var words []string
	for _, door := range a.Through {
		words = append(words, strings.ReplaceAll(door.Kind, "-", " ")+" "+control.Called(door))
	}
	if len(words) == 0 {
		return ""
	}
	return ", through " + strings.Join(words, " and ")
}

// Found is a rule of a group.
type Found struct {
	Group *estate.SecurityGroup
	Rule  *estate.SecurityGroupRule
}

// Ports words what is asked of a protocol: "tcp 22".
func Ports(p netset.Protocol, ports netset.Ports) string {
	if ports.Equal(netset.AllPorts()) {
		return "every " + p.String() + " port"
	}
	return p.String() + " " + ports.String()
}

// Admitting are the rules that let a flow in at its end by themselves: each must go for it to stop. Addresses narrows those
// of senders outside to the ones that should not get in.
func (x *Index) Admitting(f reach.Flow, ports netset.Ports, addresses netset.Addresses) []Found {
	return x.rules(f.To, f.From, false, f.Protocol, ports, addresses)
}

// LettingOut are the rules that let a flow out at its beginning.
func (x *Index) LettingOut(f reach.Flow, ports netset.Ports, addresses netset.Addresses) []Found {
	return x.rules(f.From, f.To, true, f.Protocol, ports, addresses)
}

func (x *Index) rules(of, peer reach.Party, egress bool, protocol netset.Protocol, ports netset.Ports, addresses netset.Addresses) []Found {
	var peers []string
	if !Outside(peer) {
		addresses = x.addresses(peer)
		for _, g := range x.Groups(peer) {
			peers = append(peers, g.Ref().ID)
		}
	}
	var found []Found
	for _, g := range x.Groups(of) {
		for _, r := range g.Rules {
			if r.Egress != egress || r.Traffic.Of(protocol).Intersect(ports).Empty() {
				continue
			}
			of, known := r.Addresses.Value()
			if slices.Contains(peers, r.Peer) || known && !of.Intersect(addresses).Empty() {
				found = append(found, Found{g, r})
			}
		}
	}
	return found
}

// addresses are those of a party inside: its private ones and those of IPv6; of what shows no interface those of its subnets.
func (x *Index) addresses(p reach.Party) netset.Addresses {
	var prefixes []netip.Prefix
	for _, a := range x.Addresses(p) {
		prefixes = append(prefixes, netip.PrefixFrom(a, a.BitLen()))
	}
	if len(prefixes) == 0 {
		subnets, _ := standing(x.subjects[p.Ref.Key()])
		for _, id := range subnets {
			if s := x.subnets[id]; s != nil {
				prefixes = append(prefixes, s.CIDRs...)
			}
		}
	}
	return netset.Of(prefixes...)
}

// Apart says how far two subjects are from each other: 0 in one VPC, 1 in one Region, 2 in one account, 3 otherwise.
func (x *Index) Apart(a, b estate.Subject) int {
	switch {
	case a.Ref().Account != b.Ref().Account && a.Ref().Region != b.Ref().Region:
		return 3
	case a.Ref().Region != b.Ref().Region:
		return 2
	case !slices.ContainsFunc(x.vpcs(a), func(id string) bool { return slices.Contains(x.vpcs(b), id) }):
		return 1
	}
	return 0
}

// vpcs are those of the groups that a subject wears.
func (x *Index) vpcs(s estate.Subject) []string {
	var ids []string
	for _, id := range x.worn[s.Ref().Key()] {
		if g := x.groups[id]; g != nil {
			ids = append(ids, g.VPC)
		}
	}
	return ids
}

// standing are the subnets in which something without interfaces of its own may stand, and the call that tells them.
func standing(s estate.Subject) ([]string, operation.ID) {
	switch r := s.(type) {
	case *estate.LoadBalancer:
		return r.Subnets, ""
	case *estate.DBInstance:
		return r.Subnets, "rds:DescribeDBInstances"
	case *estate.CacheCluster:
		return r.Subnets, "elasticache:DescribeCacheSubnetGroups"
	case *estate.Warehouse:
		return r.Subnets, "redshift:DescribeClusterSubnetGroups"
	}
	return nil, ""
}

// Addresses are the private and IPv6 addresses of a party inside, as far as they are known.
func (x *Index) Addresses(p reach.Party) []netip.Addr {
	var all []netip.Addr
	if n := x.interfaces[p.Interface]; n != nil {
		all = slices.Concat(n.Private, n.IPv6)
	}
	if a, err := netip.ParseAddr(p.Address); err == nil && !slices.Contains(all, a) {
		all = append(all, a)
	}
	return all
}

// Asked are the ports that a sentence means of a protocol: without protocol both of TCP and of UDP.
func Asked(ranges []claims.PortRange, protocol netset.Protocol) netset.Ports {
	var ports []netset.PortRange
	for _, r := range ranges {
		if r.Protocol == "" || r.Protocol == protocol.String() {
			ports = append(ports, netset.PortRange{First: r.First, Last: r.Last})
		}
	}
	return netset.PortsOf(ports...)
}

// EgressForm is the claim of net-egress-declared: where a tier may start connections to.
const EgressForm = "{tier} connects only to {sources} on {ports}"

// Subjects collects what is found about subjects one flow at a time, and says it at the end: a subject about which nothing
// is found holds.
type Subjects struct {
	index *Index
	found map[string]*finding
}

// Subjects starts a collection.
func (x *Index) Subjects() *Subjects { return &Subjects{index: x, found: map[string]*finding{}} }

type finding struct {
	subject estate.Subject
	broken  []control.Counter
	doubts  []doubt
}

type doubt struct {
	text string
	gaps []estate.Gap
}

func (s *Subjects) of(subject estate.Subject) *finding {
	key := subject.Ref().Key()
	if s.found[key] == nil {
		s.found[key] = &finding{subject: subject}
	}
	return s.found[key]
}

// Judged says that a subject is judged, and holds if nothing else is found. Where network interfaces were not all read nothing
// may be found because of that.
func (s *Subjects) Judged(subject estate.Subject) {
	if gaps := s.index.Unseen(subject); len(gaps) > 0 {
		s.Doubts(subject, "its network interfaces could not be read", gaps...)
		return
	}
	s.of(subject)
}

// Concerned says that a subject is judged, and holds if nothing else is found, whatever is known of network interfaces.
func (s *Subjects) Concerned(subject estate.Subject) { s.of(subject) }

// Unseen are what would have told where a subject stands: all network interfaces there, or, of what shows none, its subnets.
func (x *Index) Unseen(s estate.Subject) []estate.Gap {
	place := estate.Place{Account: s.Ref().Account, Region: s.Ref().Region}
	ask := []operation.ID{"ec2:DescribeNetworkInterfaces"}
	if subnets, told := standing(s); told != "" {
		if len(subnets) == 0 {
			ask = append(ask, told)
		} else if slices.ContainsFunc(subnets, func(id string) bool { return x.subnets[id] == nil }) {
			ask = append(ask, "ec2:DescribeSubnets")
		}
	}
	var gaps []estate.Gap
	for _, op := range ask {
		if r := x.estate.Reading(place, op, ""); !r.Outcome.Complete() {
			gaps = append(gaps, r.Gap())
		}
	}
	return gaps
}

// Breaks notes a counter-example. Of several with one cause the first is kept.
func (s *Subjects) Breaks(subject estate.Subject, x control.Counter) {
	f := s.of(subject)
	if !slices.ContainsFunc(f.broken, func(y control.Counter) bool { return y.Cause.Key == x.Cause.Key }) {
		f.broken = append(f.broken, x)
	}
}

// BreaksBy is Breaks by a flow: its way is told only where the cause is not known yet.
func (s *Subjects) BreaksBy(n *reach.Network, f reach.Flow, subject estate.Subject, x control.Counter) {
	if !slices.ContainsFunc(s.of(subject).broken, func(y control.Counter) bool { return y.Cause.Key == x.Cause.Key }) {
		x.Path = control.PathOf(n.Way(f))
		s.Breaks(subject, x)
	}
}

// LetsOut says that a subject can start a connection, and which outgoing rules let it.
func (s *Subjects) LetsOut(n *reach.Network, f reach.Flow, subject estate.Subject, text string) {
	for _, found := range s.index.LettingOutCauses(f) {
		s.BreaksBy(n, f, subject, control.Counter{Text: text, Facts: found.Facts, Cause: found.Cause})
	}
}

// Exhausted reports whether every outgoing rule of what a subject wears, and of what a flow of it starts at, is a cause already: other
// flows that rules let out have no causes but these.
func (s *Subjects) Exhausted(subject estate.Subject, f reach.Flow) bool {
	broken, any := s.of(subject).broken, false
	for _, party := range []reach.Party{f.From, {Ref: subject.Ref()}} {
		for _, g := range s.index.Groups(party) {
			for _, r := range g.Rules {
				if !r.Egress {
					continue
				}
				if any = true; !slices.ContainsFunc(broken, func(x control.Counter) bool { return x.Cause.Key == ruleKey(r) }) {
					return false
				}
			}
		}
	}
	return any
}

// Doubts notes that something about a subject is not known.
func (s *Subjects) Doubts(subject estate.Subject, text string, gaps ...estate.Gap) {
	f := s.of(subject)
	if len(f.doubts) < mostDoubts {
		f.doubts = append(f.doubts, doubt{text, gaps})
	}
}

// mostDoubts bounds what is said of one subject: the first reasons lead to the others.
const mostDoubts = 4

// Say says it all. What is broken is broken whatever else is not known.
func (s *Subjects) Say(c *control.Case) {
	for _, f := range s.found {
		switch {
		case len(f.broken) > 0:
			for _, x := range f.broken {
				c.Breaks(f.subject, x)
			}
		case len(f.doubts) > 0:
			var gaps []estate.Gap
			for _, d := range f.doubts {
				for _, g := range d.gaps {
					if !slices.Contains(gaps, g) {
						gaps = append(gaps, g)
					}
				}
			}
			c.Unknown(f.subject, f.doubts[0].text, gaps...)
		default:
			c.Holds(f.subject)
		}
	}
}

// Doubt words why a flow is not known.
func Doubt(f reach.Flow, what string) string {
	if f.Reason != "" {
		return what + " is not known: " + f.Reason
	}
	return fmt.Sprintf("%s could not be read", what)
}

// Each hands on what was found about each subject.
func (s *Subjects) Each(broken func(estate.Subject, []control.Counter), doubts func(estate.Subject, string, ...estate.Gap)) {
	for _, f := range s.found {
		broken(f.subject, f.broken)
		for _, d := range f.doubts {
			doubts(f.subject, d.text, d.gaps...)
		}
	}
}

// HasIPv4 reports whether a party has an IPv4 address, as far as is known: of what shows no addresses it is so.
func (x *Index) HasIPv4(p reach.Party) bool {
	n := x.interfaces[p.Interface]
	return n == nil || len(n.Private) > 0 || len(n.IPv6) == 0
}

// Blame is one thing to change, with what a person can check of it.
type Blame struct {
	Cause answer.Cause
	Facts []answer.Fact
}

// LettingOutCauses are the rules that let a flow out, each of which must go for it to stop; where no group filters, it is what
// sends.
func (x *Index) LettingOutCauses(f reach.Flow) []Blame {
	return blames(x.LettingOut(f, f.Ports, f.Addresses), f.From.Ref, "egress", " can start connections with no rule between",
		"Put it into a security group whose outgoing rules lead only to what it needs.")
}

// AdmittingCauses are the rules that let a flow in at its end, each of which must go for it to stop; where no group filters, it is
// what answers.
func (x *Index) AdmittingCauses(f reach.Flow) []Blame {
	return blames(x.Admitting(f, f.Ports, f.Addresses), f.To.Ref, "reachable", " is reachable with no rule between",
		"Put it into a security group that admits only what is meant to get there.")
}

func blames(rules []Found, bare estate.Ref, aspect, title, fix string) []Blame {
	var all []Blame
	for _, found := range rules {
		all = append(all, Blame{RuleCause(found.Group, found.Rule), []answer.Fact{RuleFact(found.Rule)}})
	}
	if len(all) == 0 {
		all = append(all, Blame{Cause: answer.Cause{Key: control.CauseKey(bare, aspect), Subject: bare,
			Title: Party(reach.Party{Ref: bare}, reach.Answer{}) + title, Fix: answer.Fix{Text: fix}}})
	}
	return all
}
