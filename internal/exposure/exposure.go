// Package exposure argues which cause to mend first, from facts of the estate: who can reach it, how powerful it is, how old,
// how many. It takes a report whose causes are known and orders them, each with the facts that put it where it is, and
// finds the resources in which several practices meet.
//
// What packets from the Internet reach stands above what a rule merely admits: an open group on nothing is untidy, not
// urgent. Where it is not known whether they do, a cause stands between the two. What a thief could make of a server by its
// role counts as far as it is proved, in any number of steps. A resource about which a fact is not known is ranked without it.
package exposure

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// fact is one argument for mending something sooner.
type fact struct {
	weight int
	text   string
}

// facts are what is known of one resource that makes it matter more.
type facts struct {
	reached  []reached // how the Internet reaches it, or may
	admitted bool      // a rule of its groups admits the Internet
	unread   bool      // its network interfaces were not read: nobody knows what reaches it
	power    power     // what whoever gets in can make of its role
	since    time.Time // how long it has been there
}

// factsOf gathers what is known of each resource, by Ref.Key.
func factsOf(e *estate.Estate, a Analyses) map[string]*facts {
	open := map[string]bool{} // by group id: whether it admits the Internet
	for _, g := range e.SecurityGroups {
		open[g.Ref().ID] = admitsInternet(g)
	}
	power := powersOf(a)
	all := map[string]*facts{}
	of := func(r estate.Ref) *facts {
		if all[r.Key()] == nil {
			all[r.Key()] = &facts{}
		}
		return all[r.Key()]
	}
	wears := func(r estate.Ref, groups []string) *facts {
		f := of(r)
		f.admitted = f.admitted || slices.ContainsFunc(groups, func(id string) bool { return open[id] })
		f.unread = !e.Complete(estate.Place{Account: r.Account, Region: r.Region}, "ec2:DescribeNetworkInterfaces")
		return f
	}
	for _, i := range e.Instances {
		f := wears(i.Ref(), i.SecurityGroups)
		f.since = i.Since
		if f.since.IsZero() {
			f.since = i.LaunchTime
		}
	}
	for _, b := range e.LoadBalancers {
		wears(b.Ref(), b.SecurityGroups)
	}
	for _, d := range e.DBInstances {
		wears(d.Ref(), d.SecurityGroups)
	}
	for _, i := range e.NetworkInterfaces {
		wears(i.Ref(), i.SecurityGroups)
	}
	for key, p := range power {
		if all[key] == nil {
			all[key] = &facts{}
		}
		all[key].power = p
	}
	for key, r := range reachedOf(a.Packets) {
		if all[key] == nil {
			all[key] = &facts{}
		}
		all[key].reached = r
	}
	return all
}

// admitsInternet reports whether a group's incoming rules admit the Internet to anything, rules of the same traffic taken together.
func admitsInternet(g *estate.SecurityGroup) bool {
	type admitted struct {
		traffic netset.Traffic
		from    netset.Addresses
	}
	var all []*admitted
	for _, rule := range g.Rules {
		from, known := rule.Addresses.Value()
		if rule.Egress || !known {
			continue
		}
		i := slices.IndexFunc(all, func(a *admitted) bool { return a.traffic.Equal(rule.Traffic) })
		if i < 0 {
			i = len(all)
			all = append(all, &admitted{traffic: rule.Traffic})
		}
		all[i].from = all[i].from.Union(from)
	}
	return slices.ContainsFunc(all, func(a *admitted) bool { return !a.traffic.Empty() && a.from.CoversInternet() })
}

// Rank orders the causes of a report, worst first, says of each why, and finds the resources in which practices meet. The
// analyses are the estate's.
func Rank(e *estate.Estate, a Analyses, r *answer.Report) {
	known, admits := factsOf(e, a), trafficOf(e)
	controls := map[string]*answer.Answer{}
	for i := range r.Controls {
		controls[r.Controls[i].ID] = &r.Controls[i]
	}
	for i := range r.Causes {
		c := &r.Causes[i]
		c.Rank = rank(argue(e, c, controls, known, admits(c.Subject), r.Observed))
		if c.Excused {
			c.Rank.Score = 0
		}
	}
	slices.SortStableFunc(r.Causes, func(a, b answer.Cause) int {
		return cmp.Or(cmp.Compare(b.Rank.Score, a.Rank.Score), strings.Compare(a.Key, b.Key))
	})
	place := map[string]int{}
	for i, c := range r.Causes {
		place[c.Key] = i
	}
	for _, answers := range [][]answer.Answer{r.Practices, r.Controls, r.Claims} {
		for i := range answers {
			slices.SortFunc(answers[i].Causes, func(a, b string) int { return cmp.Compare(place[a], place[b]) })
		}
	}
	r.Meeting = meetings(e, r, known)
}

// The weights say what counts for more: exposure beats power beats severity beats number beats age. They are compared
// within one report only.
const (
	weightOpen     = 1000 // the rule by which the Internet reaches something directly
	weightDoor     = 800  // the rule by which it does through a load balancer or another front door
	weightExposed  = 700  // something else that is wrong with what the Internet reaches directly
	weightBehind   = 500  // the same of what it reaches through a front door
	weightPublic   = 900  // data that anybody can read or copy
	weightMay      = 450  // a rule admits the Internet, and whether it gets there is not known
	weightMayElse  = 300  // something else that is wrong with such a thing
	weightCrown    = 650  // from its role a way leads to administrator
	weightRights   = 550  // or to users and privileges
	weightPower    = 400  // or its role does other harm by itself
	weightShut     = 150  // a rule admits the Internet, and no packet from there arrives
	weightSeverity = 60   // by each step of severity
	weightMany     = 25   // by each doubling
	weightYear     = 12   // by each year, ten at most
	weightIdle     = -120
)

// data are the controls whose counter-examples are data of which anybody may have a copy.
var data = []string{"backup-not-public"}

func argue(e *estate.Estate, c *answer.Cause, controls map[string]*answer.Answer, known map[string]*facts, admits netset.Traffic, now time.Time) []fact {
	var all []fact
	severity, public, network := answer.Severity(0), false, false
	for _, id := range c.Controls {
		a := controls[id]
		if a == nil {
			continue
		}
		severity = max(severity, a.Severity)
		public = public || slices.Contains(data, id)
		network = network || a.Practice == "network-lockdown" && strings.HasPrefix(c.Key, "security-group")
	}
	var by ways
	admitted, unread, strongest := false, false, power{}
	oldest := time.Time{}
	for _, m := range append(slices.Clone(c.Members), c.Subject) {
		f := known[m.Key()]
		if f == nil {
			continue
		}
		for _, r := range f.reached {
			by.add(r, admits)
		}
		admitted, unread = admitted || f.admitted, unread || f.admitted && f.unread
		if f.power.weight > strongest.weight {
			strongest = f.power
		}
		if !f.since.IsZero() && (oldest.IsZero() || f.since.Before(oldest)) {
			oldest = f.since
		}
	}
	switch {
	case by.any() && by.certain:
		weight := weightExposed
		switch {
		case network && by.direct:
			weight = weightOpen
		case network:
			weight = weightDoor
		case !by.direct:
			weight = weightBehind
		}
		all = append(all, fact{weight, "reachable from the internet on " + by.String()})
	case public:
		all = append(all, fact{weightPublic, "anybody may have what is in it"})
	case by.any() || unread && network:
		weight := weightMayElse
		if network {
			weight = weightMay
		}
		text := "whether the internet reaches it is not known"
		if by.any() {
			text = "perhaps reachable from the internet on " + by.String()
		}
		all = append(all, fact{weight, text})
	case admitted && network:
		all = append(all, fact{weightShut, "a rule admits the internet, but no packet from there arrives"})
	case network && len(c.Members) == 1 && c.Members[0].Kind == "security-group" &&
		e.Complete(estate.Place{Account: c.Subject.Account, Region: c.Subject.Region}, "ec2:DescribeNetworkInterfaces"):
		all = append(all, fact{weightIdle, "nothing uses it"})
	}
	if strongest.weight > 0 {
		all = append(all, fact(strongest))
	}
	if severity > 0 {
		all = append(all, fact{weightSeverity * int(severity), severity.String() + " by itself"})
	}
	if n := len(c.Members); n > 1 {
		doublings := 0
		for m := n; m > 1; m /= 2 {
			doublings++
		}
		all = append(all, fact{weightMany * doublings, fmt.Sprintf("%d concerned", n)})
	}
	if len(c.Controls) > 1 {
		all = append(all, fact{weightMany * (len(c.Controls) - 1), "breaks " + count(len(c.Controls), "control")})
	}
	if !oldest.IsZero() {
		if years := int(now.Sub(oldest).Hours() / (24 * 365)); years > 0 {
			all = append(all, fact{weightYear * min(years, 10), "there for " + count(years, "year")})
		}
	}
	return all
}

func rank(all []fact) answer.Rank {
	slices.SortStableFunc(all, func(a, b fact) int { return cmp.Compare(b.weight, a.weight) })
	r := answer.Rank{}
	for _, f := range all {
		r.Score += f.weight
		r.Why = append(r.Why, f.text)
	}
	r.Score = max(r.Score, 1)
	return r
}

// enoughSides is from how many practices on a resource counts as a meeting of them.
const enoughSides = 3

// meetings finds the resources that are broken from several independent sides, worst first: the forgotten server.
func meetings(e *estate.Estate, r *answer.Report, known map[string]*facts) []answer.Meeting {
	hosts := hostsOf(e)
	type side struct {
		practice, cause, text string
		score                 int
	}
	score := map[string]int{}
	for _, c := range r.Causes {
		score[c.Key] = c.Rank.Score
	}
	sides, refs := map[string][]side{}, map[string]estate.Ref{}
	for _, a := range slices.Concat(r.Controls, r.Claims) {
		for _, x := range a.CounterExamples {
			if x.Excuse != nil {
				continue
			}
			concerned := x.Affects
			if len(concerned) == 0 {
				concerned = []estate.Ref{x.Subject}
			}
			for _, ref := range concerned {
				if host, ok := hosts[ref.Key()]; ok {
					ref = host
				}
				key := ref.Key()
				refs[key] = ref
				sides[key] = append(sides[key], side{a.Practice, x.Cause, x.Text, score[x.Cause]})
			}
		}
	}
	var all []answer.Meeting
	for _, key := range slices.Sorted(maps.Keys(sides)) {
		m := answer.Meeting{Subject: refs[key]}
		slices.SortStableFunc(sides[key], func(a, b side) int { return cmp.Compare(b.score, a.score) })
		total := 0
		for _, s := range sides[key] {
			if !slices.Contains(m.Practices, s.practice) {
				m.Practices = append(m.Practices, s.practice)
				m.Facts = append(m.Facts, short(s.text, m.Subject))
				total += s.score
			}
			if !slices.Contains(m.Causes, s.cause) {
				m.Causes = append(m.Causes, s.cause)
			}
		}
		if len(m.Practices) < enoughSides {
			continue
		}
		m.Rank = answer.Rank{Score: total, Why: []string{fmt.Sprintf("%d practices meet in it", len(m.Practices))}}
		f := known[key]
		if f != nil {
			var by ways
			for _, r := range f.reached {
				by.add(r, netset.AllTraffic())
			}
			if by.any() && by.certain {
				m.Rank.Why = append(m.Rank.Why, "reachable from the internet on "+by.String())
			}
		}
		if f != nil && f.power.weight > 0 {
			m.Rank.Score += f.power.weight
			m.Rank.Why = append(m.Rank.Why, f.power.text)
		}
		all = append(all, m)
	}
	slices.SortStableFunc(all, func(a, b answer.Meeting) int {
		return cmp.Or(cmp.Compare(b.Rank.Score, a.Rank.Score), strings.Compare(a.Subject.Key(), b.Subject.Key()))
	})
	return all
}

// short is a counter-example's sentence without the name of the resource under which it stands.
func short(text string, r estate.Ref) string {
	called := r.ID
	if r.Name != "" && r.Name != r.ID {
		called += " (" + r.Name + ")"
	}
	for _, name := range []string{called, r.ID} {
		text = strings.NewReplacer(
			" reaches "+r.Kind+" "+name, " reaches it",
			noun(r.Kind)+" "+name+": ", "", noun(r.Kind)+" "+name+" ", "", ", on "+r.Kind+" "+name, "", " of "+name, "", r.Kind+" "+name+" ", "",
		).Replace(text)
	}
	return text
}

// noun is how counter-examples call a kind of resource.
func noun(kind string) string {
	if kind == "instance" {
		return "host"
	}
	return kind
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// hostsOf leads from what is part of a host to the host: from a volume to the instance that it is attached to.
func hostsOf(e *estate.Estate) map[string]estate.Ref {
	instances := map[string]estate.Ref{}
	for _, i := range e.Instances {
		instances[i.Ref().ID] = i.Ref()
	}
	hosts := map[string]estate.Ref{}
	for _, v := range e.Volumes {
		for _, id := range v.Instances {
			if host, ok := instances[id]; ok {
				hosts[v.Ref().Key()] = host
			}
		}
	}
	return hosts
}
