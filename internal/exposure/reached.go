package exposure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/reach"
)

// reached is how the Internet reaches one resource by one way.
type reached struct {
	passes   estate.Truth // True, or Unknown where it may
	direct   bool
	how      string // ", directly", ", through load balancer shop"
	protocol netset.Protocol
	ports    netset.Ports
}

// reachedOf gathers who can be reached from the Internet, or may be, over TCP or UDP, by Ref.Key. Of TCP a session must be
// possible. Interfaces of a host count as the host.
func reachedOf(n *reach.Network) map[string][]reached {
	all := map[string][]reached{}
	for _, f := range n.Internet() {
		arrives, session := f.FromInternet()
		passes := arrives
		if f.Protocol == netset.TCP {
			passes = estate.And(arrives, session)
		}
		if passes == estate.False || f.Protocol != netset.TCP && f.Protocol != netset.UDP {
			continue
		}
		r := reached{passes: passes, direct: len(f.Through) == 0, how: directly, protocol: f.Protocol, ports: f.Ports}
		if !r.direct {
			door := f.Through[len(f.Through)-1]
			r.how = ", through " + strings.ReplaceAll(door.Kind, "-", " ") + " " + door.ID
			if door.Name != "" {
				r.how = ", through " + strings.ReplaceAll(door.Kind, "-", " ") + " " + door.Name
			}
		}
		all[f.To.Ref.Key()] = append(all[f.To.Ref.Key()], r)
		if f.To.Interface != "" && f.To.Interface != f.To.Ref.ID {
			key := estate.Ref{Kind: "network-interface", Account: f.To.Ref.Account, Region: f.To.Ref.Region, ID: f.To.Interface}.Key()
			all[key] = append(all[key], r)
		}
	}
	return all
}

// ways adds up how resources are reached.
type ways struct {
	certain bool // one of them is reached; else one may be
	direct  bool
	by      map[string]*[2]netset.Ports // by how: of TCP and of UDP
	order   []string
}

// add takes in one way, on the ports that matter. What is certain drives out what is not, and what is direct comes first.
func (w *ways) add(r reached, within netset.Traffic) {
	ports := r.ports.Intersect(within.Of(r.protocol))
	if ports.Empty() {
		return
	}
	certain := r.passes == estate.True
	if w.by == nil || certain && !w.certain {
		*w = ways{certain: certain, by: map[string]*[2]netset.Ports{}}
	}
	if certain != w.certain {
		return
	}
	w.direct = w.direct || r.direct
	if w.by[r.how] == nil {
		w.by[r.how] = new([2]netset.Ports)
		w.order = append(w.order, r.how)
	}
	of := &w.by[r.how][0]
	if r.protocol == netset.UDP {
		of = &w.by[r.how][1]
	}
	*of = of.Union(ports)
}

func (w *ways) any() bool { return len(w.by) > 0 }

// String says it: "8080, directly", "443, through load balancer shop; and 1 more way".
func (w *ways) String() string {
	slices.SortFunc(w.order, func(a, b string) int {
		switch { // what is direct first
		case a == b:
			return 0
		case a == directly:
			return -1
		case b == directly:
			return 1
		}
		return strings.Compare(a, b)
	})
	how := w.order[0]
	s := portWords(w.by[how][0], w.by[how][1]) + how
	if more := len(w.order) - 1; more > 0 {
		s += ", and by " + count(more, "more way")
	}
	return s
}

const directly = ", directly"

// portWords writes ports: "22, 8080", "53 udp", "every port".
func portWords(tcp, udp netset.Ports) string {
	var words []string
	for _, of := range []struct {
		ports netset.Ports
		after string
	}{{tcp, ""}, {udp, " udp"}} {
		ranges := of.ports.Ranges()
		const few = 5
		switch {
		case of.ports.Empty():
		case of.ports.Count() >= 65535: // nothing can be sent to port 0
			words = append(words, "every port"+of.after)
		case len(ranges) > few:
			words = append(words, fmt.Sprintf("%s and %d more%s", netset.PortsOf(ranges[:few]...), of.ports.Count()-netset.PortsOf(ranges[:few]...).Count(), of.after))
		default:
			words = append(words, of.ports.String()+of.after)
		}
	}
	if len(words) == 2 && words[0] == "every port" && words[1] == "every port udp" {
		return "every port"
	}
	return strings.Join(words, ", ")
}

// trafficOf is what a cause admits, where it is one rule or one group; of other causes everything.
func trafficOf(e *estate.Estate) func(estate.Ref) netset.Traffic {
	rules, groups := map[string]netset.Traffic{}, map[string]netset.Traffic{}
	for _, g := range e.SecurityGroups {
		for _, r := range g.Rules {
			if from, known := r.Addresses.Value(); r.Egress || known && from.Public().Empty() {
				continue
			}
			rules[r.ID] = r.Traffic
			groups[g.Ref().ID] = groups[g.Ref().ID].Union(r.Traffic)
		}
	}
	return func(r estate.Ref) netset.Traffic {
		switch r.Kind {
		case "security-group-rule":
			return rules[r.ID]
		case "security-group":
			return groups[r.ID]
		}
		return netset.AllTraffic()
	}
}
