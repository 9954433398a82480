package packets

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/reach"
)

// Behind is a load balancer as an origin of a distribution.
type Behind struct {
	Distribution *estate.Distribution
	Origin       estate.Origin
}

// Origins finds the load balancers that distributions fetch from, by ARN: those that an origin names by their DNS name, or by a VPC
// origin. A name of one's own that leads to a load balancer is not seen as one: names are not resolved. Distributions that
// are known to be disabled fetch from nobody.
func Origins(e *estate.Estate) map[string][]Behind {
	byName, ofVPC := map[string]string{}, map[string]string{}
	for _, b := range e.LoadBalancers {
		if b.DNSName != "" {
			byName[hostName(b.DNSName)] = b.Ref().ARN
		}
	}
	for _, o := range e.VPCOrigins {
		ofVPC[o.Ref().ID] = o.Of
	}
	all := map[string][]Behind{}
	for _, d := range e.Distributions {
		if enabled, known := d.Enabled.Value(); known && !enabled {
			continue
		}
		for _, o := range OriginsOf(d) {
			arn := byName[hostName(o.Domain)]
			if o.VPCOrigin != "" {
				arn = ofVPC[o.VPCOrigin]
			}
			if arn != "" {
				all[arn] = append(all[arn], Behind{d, o})
			}
		}
	}
	return all
}

// OriginsOf are the origins of a distribution, with as much detail as was told.
func OriginsOf(d *estate.Distribution) []estate.Origin {
	if len(d.Sources) > 0 {
		return d.Sources
	}
	var all []estate.Origin
	for _, domain := range d.Origins {
		all = append(all, estate.Origin{ID: domain, Domain: domain})
	}
	return all
}

// hostName is a DNS name as it compares: load balancers answer to their name with and without "dualstack." before it.
func hostName(name string) string {
	return strings.TrimPrefix(strings.TrimSuffix(strings.ToLower(name), "."), "dualstack.")
}

// Guarded says whether every request that a listener of a load balancer takes on one of some ports and sends on must carry a
// header that those distributions add, and nobody else knows the value of. A listener that answers by itself or redirects
// sends nothing on. The text says what is so; gaps are what would have told.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/restrict-access-to-load-balancer.html
func Guarded(b *estate.LoadBalancer, by []Behind, at func(port uint16) bool) (is estate.Truth, text string, gaps []estate.Gap) {
	listeners, known := b.Listeners.Value()
	if gap, unread := b.Listeners.Unread(); unread {
		return estate.Unknown, "its listeners were not read", []estate.Gap{gap}
	}
	if !known {
		return estate.False, "it has no listeners", nil
	}
	is = estate.True
	for _, l := range listeners {
		if l.Port < 0 || l.Port > 65535 || !at(uint16(l.Port)) {
			continue
		}
		name := fmt.Sprintf("listener %d", l.Port)
		if b.Type != "application" {
			return estate.False, name + " looks at no headers", nil
		}
		rules, _ := l.Rules.Value()
		if gap, unread := l.Rules.Unread(); unread {
			is, text, gaps = min(is, estate.Unknown), "the rules of "+name+" were not read", append(gaps, gap)
			continue
		}
		always := false
		for _, r := range rules {
			if forwards(r.Actions) && !always && !narrowed(r) {
				switch asksFor(r, by) {
				case estate.False:
					return estate.False, fmt.Sprintf("rule %d of %s sends requests on without a header that the distribution adds", r.Priority, name), nil
				case estate.Unknown:
					is, text = min(is, estate.Unknown), "which headers the distribution adds was not told"
				}
			}
			always = always || r.Always
		}
		if !always && forwards(l.Default) {
			return estate.False, fmt.Sprintf("the default of %s sends every request on", name), nil
		}
	}
	if is == estate.True {
		text = "its listeners send on only what carries a header that the distribution adds"
	}
	return is, text, gaps
}

// forwards reports whether actions send a request on to targets.
func forwards(actions []estate.ListenerAction) bool {
	return slices.ContainsFunc(actions, func(a estate.ListenerAction) bool { return a.Type == "forward" })
}

// narrowed reports whether a rule takes requests from so few addresses only that they are not the Internet. CloudFront's own
// addresses are too many to be written there.
func narrowed(r *estate.ListenerRule) bool {
	return r.Sources != nil && !r.Sources.CoversInternet()
}

// asksFor says whether a rule looks for a header that all of the distributions' origins add.
func asksFor(r *estate.ListenerRule, by []Behind) estate.Truth {
	is := estate.False
	for condition := range r.Conditions {
		header, ok := strings.CutPrefix(condition, "http-header ")
		if !ok {
			continue
		}
		for _, b := range by {
			switch {
			case slices.ContainsFunc(b.Origin.Headers, func(h string) bool { return strings.EqualFold(h, header) }):
				return estate.True
			case len(b.Distribution.Sources) == 0: // the listing does not tell the headers
				is = estate.Unknown
			}
		}
	}
	return is
}

// Doors are the load balancers among the front doors of an answer, by ARN.
func Doors(a reach.Answer) []estate.Ref {
	var all []estate.Ref
	for _, d := range a.Through {
		if IsBalancer(d) {
			all = append(all, d)
		}
	}
	return all
}

// Around are the ways from the Internet to load balancers that no distribution stands on, by Ref.Key of the load balancer.
type Around struct{ flows map[string][]reach.Flow }

// AroundDistributions finds them.
func AroundDistributions(n *reach.Network) Around {
	a := Around{map[string][]reach.Flow{}}
	for _, f := range n.Internet() {
		if IsBalancer(f.To.Ref) && f.Way != reach.ByDistribution && FromInternet(f, Everybody) != estate.False {
			key := f.To.Ref.Key()
			a.flows[key] = append(a.flows[key], f)
		}
	}
	return a
}

// Open are the ways that are known to be open.
func (a Around) Open(b *estate.LoadBalancer) []reach.Flow {
	var open []reach.Flow
	for _, f := range a.flows[b.Ref().Key()] {
		if FromInternet(f, Everybody) == estate.True {
			open = append(open, f)
		}
	}
	return open
}

// Closed says whether nobody gets anything from a load balancer without one of the distributions before it, and why.
func (a Around) Closed(b *estate.LoadBalancer, by []Behind) (is estate.Truth, why string, gaps []estate.Gap) {
	flows := a.flows[b.Ref().Key()]
	if len(flows) == 0 {
		return estate.True, "the internet does not reach it otherwise", nil
	}
	on := func(flows []reach.Flow) func(uint16) bool {
		return func(port uint16) bool {
			return slices.ContainsFunc(flows, func(f reach.Flow) bool { return f.Ports.Contains(port) })
		}
	}
	if open := a.Open(b); len(open) > 0 {
		if is, why, gaps = Guarded(b, by, on(open)); is != estate.True {
			return is, why, gaps
		}
	}
	if is, why, gaps = Guarded(b, by, on(flows)); is == estate.True {
		return is, why, nil
	}
	for _, f := range flows {
		if FromInternet(f, Everybody) == estate.Unknown {
			gaps = append(gaps, f.Gaps...)
			why = f.Reason
		}
	}
	return estate.Unknown, why, gaps
}

// IsBalancer reports whether a reference is to a load balancer, of either generation.
func IsBalancer(r estate.Ref) bool {
	return r.Kind == "load-balancer" || r.Kind == "classic-load-balancer"
}
