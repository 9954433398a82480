package reach

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// acceleratorFronts are the endpoints of accelerators. With a dial or a weight of 0 nothing is sent to them.
// https://docs.aws.amazon.com/global-accelerator/latest/dg/about-endpoint-groups-traffic-dial.html
func (n *Network) acceleratorFronts() []*front {
	var all []*front
	for _, x := range n.estate.Accelerators {
		if !x.Enabled {
			continue
		}
		listeners, _ := x.Listeners.Value()
		for _, l := range listeners {
			protocol := netset.TCP
			if l.Protocol == "UDP" {
				protocol = netset.UDP
			}
			groups, _ := l.Groups.Value()
			for _, g := range groups {
				if g.Dial == 0 {
					continue
				}
				// An override names the endpoint's port for one of the listener's; the others stay.
				// https://docs.aws.amazon.com/global-accelerator/latest/dg/about-endpoint-groups-port-override.html
				ports := l.Ports
				for from := range g.Overrides {
					ports = without(ports, from)
				}
				for from, to := range g.Overrides {
					if l.Ports.Contains(from) {
						ports = ports.Union(netset.PortsOf(netset.PortRange{First: to, Last: to}))
					}
				}
				for _, e := range g.Endpoints {
					if e.Weight == 0 {
						continue
					}
					f := front{protocol: protocol, ports: ports,
						hops: []Hop{{At: outside, Passes: estate.True, Text: "anybody"}, {At: x.Reference, Passes: estate.True,
							Rule: fmt.Sprintf("%s %s to %s", protocol, l.Ports, e.ID), Text: fmt.Sprintf("%s takes %s %s and sends to %s", called(x.Reference), protocol, l.Ports, e.ID)}},
						entrance: entrance{way: ByAccelerator, through: []estate.Ref{x.Reference}}}
					all = append(all, n.acceleratorEndpoint(f, e, protocol)...)
				}
			}
		}
	}
	return all
}

func without(ports netset.Ports, port uint16) netset.Ports {
	var rest []netset.PortRange
	for _, r := range ports.Ranges() {
		if port < r.First || port > r.Last {
			rest = append(rest, r)
			continue
		}
		if port > r.First {
			rest = append(rest, netset.PortRange{First: r.First, Last: port - 1})
		}
		if port < r.Last {
			rest = append(rest, netset.PortRange{First: port + 1, Last: r.Last})
		}
	}
	return netset.PortsOf(rest...)
}

func (n *Network) acceleratorEndpoint(f front, e estate.AcceleratorEndpoint, protocol netset.Protocol) []*front {
	d := n.doors
	id := e.ID
	if strings.HasPrefix(id, "arn:") { // those of other accounts are named by ARN
		id = afterLast(afterLast(id, "/"), ":")
	}
	if lb := d.balancers[e.ID]; lb != nil {
		f.balancer = lb
		// Network load balancers keep what they see; without groups they see the accelerator.
		f.arrive = n.accelerated(e.ClientIPPreserved && !(lb.Type == "network" && len(lb.SecurityGroups) == 0))
		return []*front{&f}
	}
	if strings.HasPrefix(id, "eipalloc-") {
		// It is reached by its public address like from anywhere, but from the accelerator's.
		i := slices.IndexFunc(n.estate.Addresses, func(a *estate.Address) bool { return a.Reference.ID == id })
		if i < 0 {
			return nil
		}
		x := d.publics[n.estate.Addresses[i].Public]
		if x == nil {
			return nil
		}
		f.node, f.arrive = d.node(x), n.fromAccelerator
		if lb := d.byRef[f.node.ref.Key()]; lb != nil {
			f.node, f.balancer = nil, lb
		}
		return []*front{&f}
	}
	if i := d.instances[id]; i != nil {
		f.arrive = n.accelerated(true) // instances always see the client
		return n.toEach(f, d.primary(i), i.Reference)
	}
	return nil
}

// fromAccelerator is the leg to a public address from the accelerator's own addresses, which AWS publishes and nothing here
// reads: only what admits everybody, or nobody, is certain.
func (n *Network) fromAccelerator(to *node, p packet) arrival {
	a := n.admit(internet, to, p)
	seen := a.Addresses
	if a.Arrives == estate.True && !seen.ContainsAll(everyIPv4.Public()) {
		a = doubted(a, "the addresses from which Global Accelerator sends are not known", nil)
	}
	a.Addresses = internet
	return arrival{Answer: a, seen: seen}
}

// accelerated is the leg from an accelerator to an endpoint inside a VPC. The VPC must have an internet gateway, which no
// packet passes, and its block of public access counts; the endpoint needs no public address and no route. Groups see the
// client where its address is kept, else the accelerator's interfaces in the endpoint's subnets. ACLs apply to what leaves;
// AWS's pages do not agree on what comes in, so that an ACL that denies it leaves it unknown.
// https://docs.aws.amazon.com/global-accelerator/latest/dg/secure-vpc-connections.html
// https://docs.aws.amazon.com/global-accelerator/latest/dg/about-endpoints.sipp-caveats.html
func (n *Network) accelerated(keeps bool) func(*node, packet) arrival {
	return func(to *node, p packet) arrival {
		a := n.joined(to)
		leg := Answer{Arrives: estate.True, Session: estate.True, ClientPorts: p.clients}
		add := func(h Hop) {
			leg.Path = append(leg.Path, h)
			if h.Passes < leg.Arrives {
				leg.Arrives, leg.Session, leg.Reason, leg.Gaps = h.Passes, h.Passes, h.Text, h.Gaps
			}
		}
		seen := everyIPv4.Public() // dual-stack accelerators are not told apart: IPv6 has an answer of its own by the direct path
		if !keeps {
			seen = n.doors.within(&node{Place: to.Place, vpc: to.vpc, subnets: to.subnets})
		}
		if _, _, hop := n.aclLets(to, false, seen, p.protocol, p.port); hop.Passes != estate.True {
			hop.Passes = estate.Unknown
			hop.Text = "whether the network ACL applies to what comes from Global Accelerator is not known: " + hop.Text
			add(hop)
		}
		if !to.open {
			v := n.lets(to, false, seen, nil, p)
			switch {
			case v.hop.Passes == estate.True && !keeps && !v.yes.ContainsAll(seen):
				v.hop.Passes, v.hop.Text = estate.Unknown, "which addresses the accelerator has in the subnet was not read"
			case v.hop.Passes == estate.True:
				seen = v.yes
			case v.hop.Passes == estate.Unknown:
				seen = v.maybe
			}
			add(v.hop)
		}
		if to.idle != "" {
			add(Hop{At: to.ref, Passes: estate.False, Text: to.idle})
		}
		leg.Addresses = internet
		if keeps {
			leg.Addresses = seen
			n.answers(to, seen, false, p, &leg)
		}
		joined := then(a, leg)
		joined.Addresses = leg.Addresses
		return arrival{Answer: joined, seen: seen, mine: keeps}
	}
}

// joined says whether a service of AWS may bring what comes from the Internet to a node straight: its VPC has an internet
// gateway, and its block of public access does not stop it.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html
func (n *Network) joined(to *node) Answer {
	a := Answer{Arrives: estate.True, Session: estate.True, ClientPorts: clientPorts}
	for _, h := range []Hop{n.gatewayOf(to), n.publicAccess(to)} {
		if h.Text == "" {
			continue
		}
		a.Path = append(a.Path, h)
		if h.Passes < a.Arrives {
			a.Arrives, a.Session, a.Reason, a.Gaps = h.Passes, h.Passes, h.Text, h.Gaps
		}
	}
	return a
}

// gatewayOf says whether the VPC of a node has an internet gateway.
func (n *Network) gatewayOf(to *node) Hop {
	for _, g := range n.estate.InternetGateways {
		if g.VPC == to.vpc && to.vpc != "" {
			return Hop{At: g.Reference, Passes: estate.True, Text: fmt.Sprintf("%s has an internet gateway", to.vpc)}
		}
	}
	place := to.Place
	if v := n.doors.vpcs[to.vpc]; v != nil {
		place = v.Place()
	}
	hop := Hop{At: estate.Ref{Kind: "vpc", Account: place.Account, Region: place.Region, ID: to.vpc}, Passes: estate.False,
		Text: fmt.Sprintf("%s has no internet gateway", to.vpc)}
	if gaps := n.doors.unread(place, "ec2:DescribeInternetGateways"); len(gaps) > 0 || to.vpc == "" {
		hop.Passes, hop.Gaps, hop.Text = estate.Unknown, gaps, "whether "+to.vpc+" has an internet gateway was not read"
	}
	return hop
}
