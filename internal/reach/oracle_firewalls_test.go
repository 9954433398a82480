package reach_test

import (
	"net/netip"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// sameFirewalls says whether a reply meets the firewall endpoints that its flow met: one that sees one direction only is not
// understood.
func (w *walk) sameFirewalls(r *walk) estate.Truth {
	for endpoint, engine := range r.firewall {
		if engine == "stateful" && w.firewall[endpoint] != "stateful" {
			return unknown
		}
	}
	for endpoint, engine := range w.firewall {
		if engine == "unmatched" || engine == "stateful" && r.firewall[endpoint] != "stateful" {
			return unknown
		}
	}
	return yes
}

func (o oracle) isFirewall(endpoint string) bool {
	for _, f := range o.Firewalls {
		endpoints, _ := f.Endpoints.Value()
		if slices.ContainsFunc(endpoints, func(e estate.FirewallEndpoint) bool { return e.Endpoint == endpoint }) {
			return true
		}
	}
	return false
}

// inspect passes a packet through the firewall behind an endpoint, and from the endpoint's subnet on.
func (w *walk) inspect(id string, p packet, goal *estate.NetworkInterface, on func(subnet string) estate.Truth) estate.Truth {
	for _, f := range w.Firewalls {
		endpoints, ok := f.Endpoints.Value()
		if !ok {
			continue
		}
		for _, e := range endpoints {
			if e.Endpoint == id {
				w.lost, w.inspected = true, true
				return estate.And(w.acl(e.Subnet, false, p.src, p), w.firewalled(f, id, p), on(e.Subnet))
			}
		}
	}
	return w.astray(p, goal) // an appliance behind a Gateway Load Balancer, or a firewall that was not read
}

// appliance passes a packet to an interface that forwards: what becomes of it there is not known.
// https://docs.aws.amazon.com/vpc/latest/userguide/VPC_NAT_Instance.html#EIP_Disable_SrcDestCheck
func (w *walk) appliance(subnet, vpc, id string, p packet, goal *estate.NetworkInterface, out estate.Truth) estate.Truth {
	for _, i := range w.NetworkInterfaces {
		if i.Ref().ID != id {
			continue
		}
		if goal == i && has(i, p.dst) {
			return estate.And(out, w.acl(i.Subnet, false, p.src, p), w.arrive(p, goal))
		}
		if i.VPC != vpc || i.SourceDest {
			return no
		}
		passes := w.runs(i) // within its subnet nothing else is asked
		if i.Subnet != subnet {
			passes = estate.And(passes, out, w.acl(i.Subnet, false, p.src, p))
		}
		w.feet = nil
		for _, other := range w.NetworkInterfaces {
			if other == i || i.Instance != "" && other.Instance == i.Instance {
				w.feet = append(w.feet, other.Subnet)
			}
		}
		defer func() { w.feet = nil }()
		return estate.And(passes, w.astray(p, goal))
	}
	return estate.And(out, w.astray(p, goal))
}

// block asks VPC Block Public Access about a packet between a subnet and the Internet; out says that the subnet's side began.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html
func (w *walk) block(subnet, vpc string, out bool, kind string) estate.Truth {
	place, owned := w.owner(subnet, vpc)
	mode, ok := "", false
	for _, b := range w.BlockPublicAccess {
		if owned && b.Place == place {
			mode, ok = b.Mode.Value()
		}
	}
	if ok && mode == "off" {
		return yes
	}
	egress := false
	for _, x := range w.BlockPublicAccessExclusions {
		if x.Of != subnet && x.Of != vpc {
			continue
		}
		if x.Mode == "allow-bidirectional" {
			return yes
		}
		egress = egress || x.Mode == "allow-egress"
	}
	switch {
	case !ok:
		return unknown
	case mode == "block-ingress" && out && kind != "igw":
		return yes // only NAT gateways and egress-only internet gateways, which let nothing in
	case mode == "block-bidirectional" && out && egress:
		return yes
	case !w.Complete(place, "ec2:DescribeVpcBlockPublicAccessExclusions"):
		return unknown
	}
	return no
}

// firewalled asks a firewall about a packet.
// https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-rules-engines.html
func (w *walk) firewalled(f *estate.Firewall, endpoint string, p packet) estate.Truth {
	policy, ok := f.Policy.Value()
	if !ok {
		return unknown
	}
	actions := policy.StatelessDefault
	for _, g := range policy.Stateless {
		rules, ok := g.Rules.Value()
		if !ok || g.Opaque {
			return unknown
		}
		for _, r := range rules {
			if hits(r, p, false) {
				if r.Flags {
					return unknown
				}
				return w.stateless(endpoint, policy, r.Actions, p)
			}
		}
	}
	return w.stateless(endpoint, policy, actions, p)
}

func (w *walk) stateless(endpoint string, policy *estate.FirewallPolicy, actions []string, p packet) estate.Truth {
	switch {
	case slices.Contains(actions, "aws:drop"):
		return no
	case slices.Contains(actions, "aws:pass"):
		if w.firewall[endpoint] == "" {
			w.firewall[endpoint] = "stateless"
		}
		return yes
	case !slices.Contains(actions, "aws:forward_to_sfe"):
		return unknown
	}
	w.firewall[endpoint] = "stateful"
	if w.returning() {
		return yes // of a flow that it knows, or else sameFirewalls says so
	}
	passes, matched := stateful(policy, p)
	if !matched && slices.Contains(policy.StatefulDefault, "aws:drop_established") {
		w.firewall[endpoint] = "unmatched" // and what follows the first packet is dropped, sooner or later
		if p.protocol != netset.TCP {
			return unknown
		}
	}
	return passes
}

// stateful is what the stateful rules make of a flow's first packet, and whether one of them said it.
func stateful(policy *estate.FirewallPolicy, p packet) (passes estate.Truth, matched bool) {
	if policy.Order == "STRICT_ORDER" {
		for _, g := range policy.Stateful {
			rules, ok := g.Rules.Value()
			if !ok || g.Opaque {
				return unknown, true
			}
			for _, r := range rules {
				if hits(r, p, true) && r.Actions[0] != "ALERT" {
					return estate.Is(r.Actions[0] == "PASS"), true
				}
			}
		}
		return estate.Is(!slices.Contains(policy.StatefulDefault, "aws:drop_strict")), false
	}
	pass, drop, opaque := false, false, false
	for _, g := range policy.Stateful {
		rules, ok := g.Rules.Value()
		opaque = opaque || !ok || g.Opaque
		for _, r := range rules {
			if hits(r, p, true) {
				pass = pass || r.Actions[0] == "PASS"
				drop = drop || r.Actions[0] == "DROP" || r.Actions[0] == "REJECT"
			}
		}
	}
	switch {
	case pass: // pass rules come first
		return yes, true
	case opaque:
		return unknown, true
	}
	return estate.Is(!drop), true
}

func hits(r estate.FirewallRule, p packet, stateful bool) bool {
	if len(r.Protocols) > 0 && !slices.Contains(r.Protocols, p.protocol) {
		return false
	}
	one := func(src, dst netip.Addr, from, to uint16) bool {
		return contains(r.Sources, src) && contains(r.Destinations, dst) &&
			(!p.hasPorts() || inPorts(r.SourcePorts, from) && inPorts(r.DestinationPorts, to))
	}
	return one(p.src, p.dst, p.from, p.to) || stateful && r.BothWays && one(p.dst, p.src, p.to, p.from)
}

func inPorts(ports netset.Ports, port uint16) bool {
	for _, r := range ports.Ranges() {
		if r.First <= port && port <= r.Last {
			return true
		}
	}
	return false
}
