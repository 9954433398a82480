package reach

import (
	"fmt"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// throughServices adds the ways from a node through endpoints of its own side to the load balancers of a service, and from
// there to another node: from VPC to VPC, with no route between them.
// https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-share-your-services.html
func (n *Network) throughServices(from, to *node, p packet, all *[]Answer) {
	before := n.doors.before[keyOf(to)]
	if len(before) == 0 && !isBalancer(to.ref) {
		return
	}
	for _, s := range n.estate.EndpointServices {
		for _, arn := range s.LoadBalancers {
			lb := n.doors.balancers[arn]
			if lb == nil || lb.Type != "network" || lb.Reference.Key() != to.ref.Key() && !slices.Contains(before, lb) {
				continue
			}
			for _, e := range n.estate.Endpoints {
				if e.Type != "Interface" || e.Service != s.Service {
					continue
				}
				for _, door := range n.doors.endpointNodes(e) {
					f := &front{balancer: lb, protocol: p.protocol, ports: clientPorts,
						entrance: entrance{way: ByEndpointService, through: []estate.Ref{e.Reference, s.Reference}, from: from, hides: true}}
					if e.State != "available" {
						f.doubt = fmt.Sprintf("%s is %s", called(e.Reference), e.State)
					}
					f.arrive = func(stand *node, p packet) arrival {
						first := n.send(from, door, p)
						second := n.byPrivateLink(n.addressesOf(from), netset.Addresses{})(stand, p)
						second.Answer = then(first, second.Answer)
						return second
					}
					n.reachedBy(f, func(protocol netset.Protocol, ports netset.Ports, t *node, a Answer) {
						if t != nil && protocol == p.protocol && ports.Contains(p.port) && keyOf(t) == keyOf(to) {
							*all = append(*all, a)
						}
					})
				}
			}
		}
	}
}

// endpointNodes are where an interface endpoint stands.
func (d *doors) endpointNodes(e *estate.Endpoint) []*node {
	var all []*node
	for _, id := range e.Interfaces {
		if t := d.interfaces[regional{e.Place().Region, id}]; t != nil {
			all = append(all, t)
		}
	}
	if len(all) > 0 {
		return all
	}
	for _, s := range e.Subnets {
		all = append(all, &node{ref: e.Reference, Place: e.Place(), vpc: e.VPC, subnets: []string{s}, groups: e.SecurityGroups})
	}
	return all
}
