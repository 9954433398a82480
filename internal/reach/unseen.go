package reach

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// What was not read may be a door. Each of AWS's doors into a VPC leaves something in it that another listing shows: an
// interface, a security group. Only where that is there too, or was not read either, is it unknown whether the door is.

const acceleratorInterface = "global_accelerator_managed"

// unseen is a door that may lead to nodes of a VPC.
type unseen struct {
	doubt   string
	gaps    []estate.Gap
	way     Way
	subnets []string // in which what it leads to stands; empty: in any
	outside bool     // it lets in what comes from outside only
}

// lookForUnseen finds what may be doors: load balancers that only their interfaces show, and in each VPC those of which not
// even that was read.
func (n *Network) lookForUnseen() {
	d := n.doors
	claimed := map[*node]bool{}
	for _, lb := range n.estate.LoadBalancers {
		for _, x := range d.described[elbDescription(lb)] {
			claimed[x] = true
		}
	}
	for key, list := range d.described {
		kind, op := "classic", operation.ID("elb:DescribeLoadBalancers")
		if strings.Contains(key.text, "/") {
			kind, op = "application", "elbv2:DescribeLoadBalancers"
			if strings.HasPrefix(key.text, "ELB net/") {
				kind = "network"
			}
		}
		gaps := d.unread(key.Place, op)
		if claimed[list[0]] || len(gaps) == 0 || strings.HasPrefix(key.text, "ELB gwy/") {
			continue
		}
		name := strings.TrimPrefix(key.text, "ELB ")
		if parts := strings.Split(name, "/"); len(parts) > 1 {
			name = parts[1]
		}
		ref := "load-balancer"
		if kind == "classic" {
			ref = "classic-load-balancer"
		}
		lb := &estate.LoadBalancer{Resource: estate.Resource{Reference: estate.Ref{Kind: ref, Account: key.Account, Region: key.Region, ID: name, Name: name}},
			Type: kind, VPC: list[0].vpc, Public: slices.ContainsFunc(list, func(t *node) bool { return t.publicly })}
		for _, t := range list {
			t.ref = lb.Reference
		}
		if kind != "classic" {
			lb.Reference.ARN = fmt.Sprintf("arn:%s:elasticloadbalancing:%s:%s:loadbalancer/%s", estate.Partition(key.Region), key.Region, key.Account, strings.TrimPrefix(key.text, "ELB "))
			d.balancers[lb.Reference.ARN] = lb
		}
		d.byRef[lb.Reference.Key()], d.stands[lb] = lb, list
		lb.Listeners = estate.Unread[[]*estate.Listener](gaps[0])
		d.leads[lb] = []*backend{{balancer: lb, blind: true, doubt: fmt.Sprintf("load balancer %s was not read", name), gaps: gaps}}
		d.strangers[lb.VPC] = append(d.strangers[lb.VPC], lb)
	}
	for vpc := range d.strangers {
		slices.SortFunc(d.strangers[vpc], func(a, b *estate.LoadBalancer) int {
			return strings.Compare(a.Reference.Key(), b.Reference.Key())
		})
	}
	for _, lb := range n.estate.LoadBalancers {
		if slices.ContainsFunc(d.leads[lb], func(b *backend) bool { return b.blind }) {
			d.strangers[lb.VPC] = append(d.strangers[lb.VPC], lb)
		}
	}
	accelerators := n.unreadAccelerators()
	origins := d.estate.Gaps("cloudfront:ListVpcOrigins")
	for _, v := range n.estate.VPCs {
		id, p := v.Reference.ID, v.Place()
		interfaces := d.unread(p, "ec2:DescribeNetworkInterfaces")
		if balancers := slices.Concat(d.unread(p, "elbv2:DescribeLoadBalancers"), d.unread(p, "elb:DescribeLoadBalancers")); len(interfaces) > 0 && len(balancers) > 0 {
			d.unseen[id] = append(d.unseen[id], unseen{doubt: "the load balancers of " + p.String() + " were not read", gaps: balancers, way: ByLoadBalancer})
		}
		if len(accelerators) > 0 {
			u := unseen{doubt: "what accelerators lead to was not read", gaps: accelerators, way: ByAccelerator, outside: true, subnets: d.acceleratedSubnets[id]}
			if len(u.subnets) > 0 || len(interfaces) > 0 {
				if len(interfaces) > 0 {
					u.subnets = nil
				}
				d.unseen[id] = append(d.unseen[id], u)
			}
		}
		if len(origins) > 0 {
			groups := d.unread(p, "ec2:DescribeSecurityGroups")
			if d.originVPCs[id] || len(groups) > 0 {
				d.unseen[id] = append(d.unseen[id], unseen{doubt: "the VPC origins of CloudFront were not read", gaps: origins, way: ByDistribution, outside: true})
			}
		}
	}
}

// unreadAccelerators returns what would have told where all accelerators lead to.
func (n *Network) unreadAccelerators() []estate.Gap {
	gaps := slices.Concat(n.estate.Gaps("globalaccelerator:ListAccelerators"), n.estate.Gaps("globalaccelerator:ListCustomRoutingAccelerators"))
	for _, x := range n.estate.Accelerators {
		if gap, ok := x.Listeners.Unread(); ok && x.Enabled {
			gaps = append(gaps, gap)
		}
		listeners, _ := x.Listeners.Value()
		for _, l := range listeners {
			if gap, ok := l.Groups.Unread(); ok && x.Enabled {
				gaps = append(gaps, gap)
			}
		}
	}
	return gaps
}

// unseenWays returns the ways to a node that may be there, and that what was not read would have told.
func (n *Network) unseenWays(from *node, sources netset.Addresses, to *node, p packet) []Answer {
	d := n.doors
	var all []Answer
	e := n.fromOutside(sources)
	if from != nil {
		e = n.fromInside(from)
	}
	for _, lb := range d.strangers[to.vpc] {
		if lb.Reference.Key() == to.ref.Key() {
			continue
		}
		if from != nil || lb.Public {
			all = append(all, n.blindWays(lb, e, clientPorts, to, p)...)
		}
		for _, f := range d.fronts {
			if f.balancer != lb || from != nil {
				continue
			}
			for _, a := range n.blindWays(lb, f.entrance, f.ports, to, p) {
				a.Path, a.Way = slices.Concat(f.hops, a.Path), f.way
				all = append(all, doubted(a, f.doubt, f.gaps).only(sources))
			}
		}
	}
	for _, u := range d.unseen[to.vpc] {
		if from != nil && u.outside || len(u.subnets) > 0 && !n.standsIn(to, u.subnets) || !n.mayEnter(to, p) {
			continue
		}
		a := Answer{Arrives: estate.Unknown, Session: estate.Unknown, To: partyOf(to, to.ref), Way: u.way, Reason: u.doubt, Gaps: u.gaps,
			Path: []Hop{{At: to.ref, Text: u.doubt, Gaps: u.gaps}}}
		if from == nil {
			a = a.from(sources)
		} else {
			a.From = from.party()
		}
		all = append(all, a)
	}
	return all
}

// blindWays returns the ways through a load balancer to a node that may be among its targets.
func (n *Network) blindWays(lb *estate.LoadBalancer, e entrance, ports netset.Ports, to *node, p packet) []Answer {
	var all []Answer
	for _, b := range n.doors.leads[lb] {
		if !b.blind || b.port != 0 && (b.protocol != p.protocol || !ports.Contains(b.port)) || b.address.IsValid() && b.targetPort != p.port || !n.doors.mayBe(b, to) {
			continue
		}
		may := *b
		may.blind, may.protocol, may.targetPort, may.nodes, may.ref = false, p.protocol, p.port, []*node{to}, to.ref
		may.keeps, may.crosses = estate.Unknown, estate.Unknown
		if lb.Type != "network" {
			may.keeps = estate.False
		}
		if a := n.pass(&may, e, to, append(slices.Clip(e.through), lb.Reference)).Answer; a.Arrives != estate.False {
			all = append(all, a)
		}
	}
	return all
}

// standsIn reports whether a node, or a load balancer in front of it, may stand in one of some subnets.
func (n *Network) standsIn(to *node, subnets []string) bool {
	in := func(t *node) bool {
		return len(t.subnets) == 0 || slices.ContainsFunc(t.subnets, func(s string) bool { return slices.Contains(subnets, s) })
	}
	return in(to) || slices.ContainsFunc(n.doors.before[keyOf(to)], func(lb *estate.LoadBalancer) bool { return slices.ContainsFunc(n.doors.stands[lb], in) })
}

// mayEnter reports whether the groups of a node may let in anybody at all.
func (n *Network) mayEnter(to *node, p packet) bool {
	return to.idle == "" && !n.admitted(to, false)[p.protocol].Intersect(p.to()).Empty()
}

// unseenFlows returns the ways from the Internet that may be there, to every node of the VPCs in which there may be some.
func (n *Network) unseenFlows(c *flows) {
	for _, to := range slices.Concat(n.nodes, n.services) {
		if to.idle != "" || len(n.doors.strangers[to.vpc]) == 0 && len(n.doors.unseen[to.vpc]) == 0 {
			continue
		}
		for _, x := range n.atoms(to, nil, Filter{}) {
			if x.protocol != netset.TCP && x.protocol != netset.UDP {
				continue
			}
			for _, a := range n.unseenWays(nil, internet, to, packet{protocol: x.protocol, port: x.ports.First, clients: clientPorts}) {
				c.add(x.protocol, netset.PortsOf(x.ports), a)
			}
		}
	}
}

// maybeFronts are the doors that a listing that was not read may hold, where something else shows that there may be one: an
// origin that admits CloudFront's addresses, a VPC link without its API.
func (n *Network) maybeFronts(known []*front) []*front {
	d := n.doors
	var all []*front
	used := map[string]bool{}
	for _, f := range known {
		for _, r := range f.through {
			used[r.Key()] = true
		}
	}
	if gaps := n.estate.Gaps("cloudfront:ListDistributions"); len(gaps) > 0 {
		base := front{protocol: netset.TCP, doubt: "the distributions of CloudFront were not read", gaps: gaps, entrance: entrance{way: ByDistribution},
			hops: []Hop{{At: outside, Passes: estate.True, Text: "anybody"}}}
		for _, v := range n.estate.VPCOrigins {
			if !used[v.Reference.Key()] {
				all = append(all, n.vpcOriginFronts(base, estate.Origin{VPCOrigin: v.Reference.ID}, v)...)
			}
		}
		all = append(all, n.admitters(base)...)
	}
	gaps := n.unreadAPIs()
	if len(gaps) == 0 {
		return all
	}
	base := front{protocol: netset.TCP, doubt: "what APIs lead to was not read", gaps: gaps, entrance: entrance{way: ByAPI},
		hops: []Hop{{At: outside, Passes: estate.True, Text: "anybody"}}}
	for _, l := range n.estate.VPCLinks {
		if !used[l.Reference.Key()] {
			all = append(all, n.linkFronts(base, l, estate.Unread[[]string](gaps[0]))...)
		}
	}
	if len(n.unreadLinks()) > 0 {
		for _, lb := range n.estate.LoadBalancers {
			if lb.Type == "network" && !lb.Public && !used[lb.Reference.Key()] {
				f := base
				f.balancer, f.ports, f.hides, f.arrive = lb, clientPorts, true, n.byPrivateLink(netset.Addresses{}, internet)
				all = append(all, &f)
			}
		}
	}
	for _, x := range n.estate.Functions {
		if !d.calledBy(x, "apigateway.amazonaws.com") {
			continue
		}
		f := base
		f.ref, f.ports = x.Reference, httpsPort
		f.answer = Answer{Arrives: estate.True, Session: estate.True, ClientPorts: clientPorts, Path: []Hop{{At: x.Reference, Passes: estate.Unknown, Text: f.doubt}}}.from(internet)
		all = append(all, &f)
	}
	return all
}

// admitters are fronts to all that admits CloudFront's addresses at an address of its own.
func (n *Network) admitters(base front) []*front {
	d := n.doors
	var all []*front
	base.ports, base.arrive = clientPorts, n.fromCloudFront
	for _, lb := range n.estate.LoadBalancers {
		if lb.Public && d.admitsCloudFront(lb.Place(), lb.SecurityGroups) {
			f := base
			f.balancer = lb
			all = append(all, &f)
		}
	}
	for _, t := range n.nodes {
		if t.publicly && t.iface.Instance != "" && d.admitsCloudFront(t.Place, t.groups) {
			f := base
			f.node = t
			all = append(all, &f)
		}
	}
	return all
}

// unreadAPIs returns what would have told which APIs there are and what they lead to.
func (n *Network) unreadAPIs() []estate.Gap {
	gaps := slices.Concat(n.estate.Gaps("apigateway:GetRestApis"), n.estate.Gaps("apigatewayv2:GetApis"))
	for _, x := range n.estate.APIs {
		if gap, ok := x.Links.Unread(); ok && x.Endpoint != "PRIVATE" {
			gaps = append(gaps, gap)
		}
		if gap, ok := x.Functions.Unread(); ok && x.Endpoint != "PRIVATE" {
			gaps = append(gaps, gap)
		}
	}
	return append(gaps, n.unreadLinks()...)
}

// unreadLinks returns what would have told which VPC links there are.
func (n *Network) unreadLinks() []estate.Gap {
	return slices.Concat(n.estate.Gaps("apigateway:GetVpcLinks"), n.estate.Gaps("apigatewayv2:GetVpcLinks"))
}

func (d *doors) admitsCloudFront(p estate.Place, groups []string) bool {
	return slices.ContainsFunc(groups, func(id string) bool {
		g := d.groups[regional{p.Region, id}]
		return g != nil && slices.ContainsFunc(g.Rules, func(r *estate.SecurityGroupRule) bool { return !r.Egress && d.listNames[r.Peer] == originFacing })
	})
}

// calledBy reports whether a function's policy lets a service call it, or was not read.
func (d *doors) calledBy(f *estate.Function, service string) bool {
	doc, ok := f.Policy.Value()
	if !ok || doc == nil {
		return !f.Policy.Absent()
	}
	return slices.ContainsFunc(doc.Statements, func(s policy.Statement) bool {
		return s.Effect == policy.Allow && s.Principal != nil && (s.Principal.Anyone() || slices.Contains(s.Principal.Service, service))
	})
}
