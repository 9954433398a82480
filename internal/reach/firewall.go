package reach

import (
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// firewall takes packets through an endpoint of AWS Network Firewall, and on from the subnet of the endpoint.
// https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-policy-processing.html
func (w *walk) firewall(t trail, s *subnet, f *estate.Firewall, endpoint string) {
	endpoints, _ := f.Endpoints.Value()
	var at *subnet
	for _, x := range endpoints {
		if x.Endpoint == endpoint && x.Subnet != "" {
			at = w.n.subnet(f.Place(), f.VPC, x.Subnet)
		}
	}
	if at != nil && at != s {
		w.aclAt(&t, at, false)
	}
	h := Hop{At: f.Ref()}
	t.firewall = true
	if t.referred && !t.stopped {
		t.unsure(h, nil, referredThroughFirewall)
	}
	policy, known := f.Policy.Value()
	switch {
	case !known:
		gap, _ := f.Policy.Unread()
		t.unsure(h, []estate.Gap{gap}, "")
	case w.reply != nil:
		h.Text = "the reply"
		seen := slices.Contains(w.reply.inspected, endpoint)
		t.inspects(policy, w.protocol, endpoint)
		t.pass(h, func(b beam) verdict { return answered(policy, w.protocol, b, seen) })
	default:
		t.inspects(policy, w.protocol, endpoint)
		t.pass(h, func(b beam) verdict { return inspect(policy, w.protocol, b) })
	}
	t.id = identity{known: estate.False}
	if at == nil {
		t.unsure(h, nil, "the subnet of "+endpoint+" is not known")
		w.lost(t)
		return
	}
	if w.goal.subnet != at {
		w.aclAt(&t, at, true)
	}
	w.route(t, at)
}

// referredThroughFirewall is what AWS does not tell: incoming rules do not know the groups of what comes through a middlebox, and
// whether outgoing rules do is not written.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html#security-group-referencing
const referredThroughFirewall = "whether an outgoing rule that refers to a group lets packets out that a firewall then inspects is not known"

// inspects notes that the stateful engine behind an endpoint sees the packets, if any of them come to it: each endpoint keeps its
// own flows, and needs to see both ways of one.
// https://docs.aws.amazon.com/network-firewall/latest/developerguide/asymmetric-routing.html
func (t *trail) inspects(p *estate.FirewallPolicy, protocol netset.Protocol, endpoint string) {
	for _, b := range t.live() {
		if passed, forwarded, doubtful := stateless(p, protocol, b); len(forwarded) > 0 {
			t.inspected = append(slices.Clip(t.inspected), endpoint)
			if len(passed)+len(doubtful) > 0 {
				t.partly = append(slices.Clip(t.partly), endpoint)
			}
			return
		}
	}
}

// oneWay is an endpoint whose stateful engine saw the way there and not the reply, or may have; empty for none.
func oneWay(there, back *trail) string {
	for _, e := range there.inspected {
		if !slices.Contains(back.inspected, e) || slices.Contains(there.partly, e) != slices.Contains(back.partly, e) {
			return e
		}
	}
	return ""
}

// inspect is what a firewall makes of the first packet of a flow.
func inspect(p *estate.FirewallPolicy, protocol netset.Protocol, b beam) verdict {
	passed, forwarded, doubtful := stateless(p, protocol, b)
	v := verdict{rule: says("the stateless rules drop it")}
	for _, f := range forwarded {
		ruled, rest, maybe := stateful(p, protocol, f)
		v.yes, v.maybe = append(v.yes, ruled...), append(v.maybe, maybe...)
		for _, b := range rest {
			switch unruled(p, protocol) {
			case estate.True:
				v.yes = append(v.yes, b)
			case estate.Unknown:
				v.maybe = append(v.maybe, b)
			}
		}
		v.rule = says("the stateful rules drop it")
	}
	v.maybe = append(v.maybe, doubtful...)
	v.yes, v.maybe = merged(append(v.yes, passed...)), merged(v.maybe)
	if len(v.maybe) > 0 {
		v.why = "the firewall has rules that are not about addresses and ports, or were not read"
		v.gap(unreadGroups(p)...)
	}
	if len(v.yes) > 0 {
		v.rule = says("the rules pass it")
	} else if len(v.maybe) > 0 {
		v.rule = nil
	}
	return v
}

// answered is what a firewall makes of a reply. The stateful engine lets through what belongs to a flow that it has seen; where
// it drops what is established and matches no rule, to a flow that a rule passed. Stateless rules see each packet by itself.
func answered(p *estate.FirewallPolicy, protocol netset.Protocol, b beam, seen bool) verdict {
	passed, forwarded, doubtful := stateless(p, protocol, b)
	v := verdict{yes: passed, maybe: doubtful, rule: says("the stateless rules drop it")}
	strict := slices.Contains(p.StatefulDefault, "aws:drop_established") || slices.Contains(p.StatefulDefault, "aws:drop_established_app_layer")
	for _, f := range forwarded {
		switch {
		case !seen:
			v.maybe = append(v.maybe, f)
			v.why = "the firewall's endpoint did not see the packet that this answers: what it makes of replies alone is not known"
		case !strict:
			v.yes = append(v.yes, f)
		default:
			ruled, rest, maybe := stateful(p, protocol, f.turned())
			for _, b := range ruled {
				v.yes = append(v.yes, b.turned())
			}
			for _, b := range append(rest, maybe...) {
				v.maybe = append(v.maybe, b.turned())
				v.why = "the firewall drops what is established unless a rule passes it"
			}
		}
	}
	v.yes, v.maybe = merged(v.yes), merged(v.maybe)
	switch {
	case len(v.yes) > 0:
		v.rule = says("the rules pass it")
	case len(v.maybe) > 0:
		v.rule = nil
	}
	if len(doubtful) > 0 {
		v.why = "the firewall has rules that are not about addresses and ports, or were not read"
	}
	return v
}

func unreadGroups(p *estate.FirewallPolicy) []estate.Gap {
	var gaps []estate.Gap
	for _, g := range slices.Concat(p.Stateless, p.Stateful) {
		if gap, unread := g.Rules.Unread(); unread {
			gaps = append(gaps, gap)
		}
	}
	return gaps
}

// matches is the part of a beam that a rule matches.
func matches(r *estate.FirewallRule, protocol netset.Protocol, b beam) (beam, bool) {
	if len(r.Protocols) > 0 && !slices.Contains(r.Protocols, protocol) {
		return beam{}, false
	}
	b.src, b.dst = intersect(b.src, r.Sources), intersect(b.dst, r.Destinations)
	if protocol == netset.TCP || protocol == netset.UDP {
		b.from, b.to = b.from.Intersect(r.SourcePorts), b.to.Intersect(r.DestinationPorts)
	}
	return b, !b.empty()
}

// unmatched is the rest of a beam that contains part.
func unmatched(b, part beam) []beam {
	var rest []beam
	cut := b
	cut.src = b.src.Minus(part.src)
	rest = append(rest, cut)
	cut = b
	cut.src, cut.dst = part.src, b.dst.Minus(part.dst)
	rest = append(rest, cut)
	cut = b
	cut.src, cut.dst, cut.from = part.src, part.dst, b.from.Minus(part.from)
	rest = append(rest, cut)
	cut = part
	cut.to = b.to.Minus(part.to)
	rest = append(rest, cut)
	return slices.DeleteFunc(rest, beam.empty)
}

// stateless applies the rules that look at each packet by itself: the first that matches decides, in the order of the groups'
// and then of the rules' priorities.
func stateless(p *estate.FirewallPolicy, protocol netset.Protocol, b beam) (passed, forwarded, doubtful []beam) {
	left := []beam{b}
	decide := func(actions []string, part beam) {
		switch {
		case slices.Contains(actions, "aws:pass"):
			passed = append(passed, part)
		case slices.Contains(actions, "aws:forward_to_sfe"):
			forwarded = append(forwarded, part)
		}
	}
	for _, g := range p.Stateless {
		rules, known := g.Rules.Value()
		if !known || g.Opaque {
			doubtful = append(doubtful, left...)
			return passed, forwarded, doubtful
		}
		for i := range rules {
			r := &rules[i]
			var rest []beam
			for _, part := range left {
				hit, ok := matches(r, protocol, part)
				if !ok {
					rest = append(rest, part)
					continue
				}
				rest = append(rest, unmatched(part, hit)...)
				if r.Flags && protocol == netset.TCP {
					doubtful = append(doubtful, hit)
				} else {
					decide(r.Actions, hit)
				}
			}
			left = merged(rest)
		}
	}
	for _, part := range left {
		decide(p.StatelessDefault, part)
	}
	return passed, forwarded, doubtful
}

// stateful applies the rules of the stateful engine to the first packet of a flow: what a rule passes, what none matches, and
// what one may.
// https://docs.aws.amazon.com/network-firewall/latest/developerguide/suricata-rule-evaluation-order.html
func stateful(p *estate.FirewallPolicy, protocol netset.Protocol, b beam) (yes, rest, maybe []beam) {
	type step struct {
		rule   *estate.FirewallRule
		opaque bool
	}
	var steps []step
	opaque := false
	for i := range p.Stateful {
		g := &p.Stateful[i]
		rules, known := g.Rules.Value()
		if !known || g.Opaque { // what is not understood may stand before what is
			steps = append(steps, step{opaque: true})
			opaque = true
		}
		for j := range rules {
			steps = append(steps, step{rule: &rules[j]})
		}
	}
	strict := p.Order == "STRICT_ORDER"
	if !strict { // pass before drop before reject before alert
		order := []string{"PASS", "DROP", "REJECT", "ALERT"}
		place := func(s step) int {
			if s.opaque || len(s.rule.Actions) == 0 {
				return len(order)
			}
			return slices.Index(order, s.rule.Actions[0])
		}
		slices.SortStableFunc(steps, func(a, b step) int { return place(a) - place(b) })
	}
	left, doubt := []beam{b}, false
	for _, s := range steps {
		if s.opaque {
			doubt = true
			continue
		}
		for _, way := range ways(s.rule) {
			var rest []beam
			for _, part := range left {
				hit, ok := matches(way, protocol, part)
				if !ok {
					rest = append(rest, part)
					continue
				}
				rest = append(rest, unmatched(part, hit)...)
				switch action := first(way.Actions); {
				case action == "ALERT":
					rest = append(rest, hit)
				case strict && doubt, !strict && opaque && action != "PASS":
					maybe = append(maybe, hit) // a rule that is not understood may have decided before
				case action == "PASS":
					yes = append(yes, hit)
				}
			}
			left = merged(rest)
		}
	}
	if opaque {
		return yes, nil, append(maybe, left...)
	}
	return yes, left, maybe
}

// unruled says whether the first packet of a flow that no rule matches passes.
func unruled(p *estate.FirewallPolicy, protocol netset.Protocol) estate.Truth {
	some := slices.Contains(p.StatefulDefault, "aws:drop_established") || slices.Contains(p.StatefulDefault, "aws:drop_established_app_layer")
	switch {
	case p.Order != "STRICT_ORDER":
	case slices.Contains(p.StatefulDefault, "aws:drop_strict"):
		return estate.False
	case some && protocol != netset.TCP:
		return estate.Unknown
	}
	return estate.True
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// ways are a rule, and its other direction where it is for both.
func ways(r *estate.FirewallRule) []*estate.FirewallRule {
	if !r.BothWays {
		return []*estate.FirewallRule{r}
	}
	back := *r
	back.Sources, back.Destinations = r.Destinations, r.Sources
	back.SourcePorts, back.DestinationPorts = r.DestinationPorts, r.SourcePorts
	return []*estate.FirewallRule{r, &back}
}
