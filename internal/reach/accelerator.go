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
					all = append(all, n.acceleratorEndpoint(f, e, g.Region)...)
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

func (n *Network) acceleratorEndpoint(f front, e estate.AcceleratorEndpoint, region string) []*front {
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
		holders := d.byAddress[n.estate.Addresses[i].Public]
		if len(holders) == 0 {
			return nil
		}
		f.arrive = func(to *node, p packet) arrival {
			return n.fromSome(to, p, "the addresses from which Global Accelerator sends are not known", nil)
		}
		if f.balancer = d.byRef[holders[0].ref.Key()]; f.balancer == nil {
			f.node = holders[0]
		}
		return []*front{&f}
	}
	f.arrive = n.accelerated(true) // instances always see the client
	return n.toEach(f, d.instanceNodes(region, id))
}

// accelerated is the leg from an accelerator to an endpoint inside a VPC. Groups see the client where its address is kept, else
// the accelerator's interfaces in the endpoint's subnets. ACLs apply to what leaves; AWS's pages do not agree on what comes
// in, so that an ACL that denies it leaves it unknown. Only IPv4 is followed.
// https://docs.aws.amazon.com/global-accelerator/latest/dg/secure-vpc-connections.html
// https://docs.aws.amazon.com/global-accelerator/latest/dg/about-endpoints.sipp-caveats.html
func (n *Network) accelerated(keeps bool) func(*node, packet) arrival {
	return func(to *node, p packet) arrival {
		seen := func(s *subnet) netset.Addresses {
			if keeps {
				return publicAddresses(false)
			}
			return intersect(s.addresses(), everywhere(false))
		}
		a := n.brought(to, seen, p, func(w *walk, t *trail, s *subnet) {
			if !keeps { // the accelerator's interface is in the subnet
				before := t.live()
				w.groupsAt(t, to, false, nil, t.id)
				if len(t.yes) > 0 && !sources(t.yes).ContainsAll(sources(before)) {
					t.unsure(Hop{At: to.ref}, nil, "which addresses the accelerator has in "+called(s.ref())+" was not read")
				}
				return
			}
			sure := true
			for _, b := range t.live() {
				v := s.byACL(false, p.protocol, b)
				sure = sure && sources(v.yes).ContainsAll(b.src)
			}
			if !sure {
				t.unsure(Hop{At: s.ref()}, s.aclGaps, "whether the network ACL of "+called(s.ref())+" applies to what comes from Global Accelerator is not known")
			}
			w.groupsAt(t, to, false, nil, t.id)
		}, func(w *walk, reply *trail, s *subnet) {
			if keeps {
				w.aclAt(reply, s, true)
			}
		})
		if keeps {
			return arrival{Answer: a, seen: a.possible, mine: true}
		}
		return arrival{Answer: a.behalf(internet), seen: n.addressesOf(&node{Place: to.Place, vpc: to.vpc, subnets: to.subnets})}
	}
}
