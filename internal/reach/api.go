package reach

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/policy"
)

var httpsPort = netset.PortsOf(netset.PortRange{First: 443, Last: 443})

// apiFronts are what public APIs lead to: functions, and through VPC links load balancers. Whether an API asks for
// credentials is not a question of packets.
func (n *Network) apiFronts() []*front {
	links := map[string]*estate.VPCLink{}
	for _, l := range n.estate.VPCLinks {
		links[l.Reference.ID] = l
	}
	var all []*front
	for _, x := range n.estate.APIs {
		if x.Endpoint == "PRIVATE" {
			continue
		}
		base := front{protocol: netset.TCP, hops: []Hop{{At: outside, Passes: estate.True, Text: "anybody"}, {At: x.Reference, Passes: estate.True,
			Text: fmt.Sprintf("%s takes requests", called(x.Reference))}},
			entrance: entrance{way: ByAPI, through: []estate.Ref{x.Reference}}}
		switch x.Stages.Holds(false, func(s []estate.APIStage) bool { return len(s) > 0 }) {
		case estate.False:
			continue // it is not deployed
		case estate.Unknown:
			gap, _ := x.Stages.Unread()
			base.doubt, base.gaps = fmt.Sprintf("whether %s is deployed was not read", called(x.Reference)), []estate.Gap{gap}
		}
		if x.Disabled && base.doubt == "" {
			base.doubt = fmt.Sprintf("the endpoint of %s is disabled, and whether domains of its own lead to it was not read", called(x.Reference))
		}
		// Whom its policy names or keeps out is followed no further than that it lets in everybody.
		// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies.html
		if doc, ok := x.Policy.Value(); ok && doc != nil && publicly(doc, "execute-api:Invoke") != estate.True && base.doubt == "" {
			base.doubt = fmt.Sprintf("the policy of %s lets in some callers only, or keeps some out, which is not followed", called(x.Reference))
		} else if gap, unread := x.Policy.Unread(); unread && base.doubt == "" {
			base.doubt, base.gaps = fmt.Sprintf("the policy of %s was not read", called(x.Reference)), []estate.Gap{gap}
		}
		functions, _ := x.Functions.Value()
		for _, arn := range functions {
			f := base
			f.ref, f.ports = n.doors.functionRef(x.Place(), arn), httpsPort
			f.answer = Answer{Arrives: estate.True, Session: estate.True, ClientPorts: clientPorts,
				Path: []Hop{{At: f.ref, Passes: estate.True, Text: "an integration calls the function"}}}.from(internet)
			all = append(all, &f)
		}
		ids, _ := x.Links.Value()
		for _, id := range ids {
			if l := links[id]; l != nil {
				all = append(all, n.linkFronts(base, l, x.Targets)...)
			}
		}
	}
	return all
}

// linkFronts are what a VPC link leads to. One with targets leads to those network load balancers, as an endpoint service
// does; one with subnets has interfaces there, and leads to what integrations name: listeners, load balancers, or services of
// AWS Cloud Map, of which the members are not read.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-private-integration.html
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vpc-links.html
func (n *Network) linkFronts(base front, l *estate.VPCLink, named estate.Known[[]string]) []*front {
	if l.Status != "" && l.Status != "AVAILABLE" && l.Status != "INACTIVE" && base.doubt == "" {
		base.doubt = fmt.Sprintf("%s is %s", called(l.Reference), l.Status)
	}
	base.through = append(slices.Clip(base.through), l.Reference)
	base.hops = append(base.hops, Hop{At: l.Reference, Passes: estate.True, Text: fmt.Sprintf("%s leads into the VPC", called(l.Reference))})
	base.ports, base.hides = clientPorts, true
	var all []*front
	for _, arn := range l.Targets {
		lb := n.doors.balancers[arn]
		if lb == nil {
			continue
		}
		f := base
		f.balancer = lb
		f.arrive = n.byPrivateLink(netset.Addresses{}, internet)
		if len(n.listenerPorts(lb, netset.TCP, clientPorts)) != 1 && f.doubt == "" {
			f.doubt = fmt.Sprintf("on which listener of %s an integration calls is not read", called(lb.Reference))
		}
		all = append(all, &f)
	}
	if len(l.Subnets) == 0 {
		return all
	}
	vpc := ""
	for _, s := range l.Subnets {
		if x := n.subnets[regional{l.Place().Region, s}]; x != nil && x.read != nil {
			vpc = x.vpc.id
		}
	}
	link := &node{ref: l.Reference, Place: l.Place(), vpc: vpc, subnets: l.Subnets, groups: l.SecurityGroups}
	base.hides = false
	base.arrive = func(to *node, p packet) arrival {
		p.clients = proxyPorts
		a := n.send(link, to, p).behalf(internet)
		a.From = Party{} // the link sends for somebody outside
		return arrival{Answer: a, seen: n.addressesOf(link)}
	}
	targets, known := named.Value()
	for _, arn := range targets {
		if strings.Contains(arn, ":servicediscovery:") {
			for _, t := range n.nodes {
				if t.vpc == vpc && vpc != "" && t.idle == "" {
					f := base
					f.node = t
					f.doubt = cmp.Or(f.doubt, fmt.Sprintf("what the service %s of AWS Cloud Map has as its members is not read", afterLast(arn, "/")))
					all = append(all, &f)
				}
			}
			continue
		}
		f := base
		if f.balancer = n.doors.balancers[balancerOf(arn)]; f.balancer == nil {
			continue
		}
		listeners, _ := f.balancer.Listeners.Value()
		if i := slices.IndexFunc(listeners, func(x *estate.Listener) bool { return x.ARN == arn }); i >= 0 {
			if port, ok := portOf(listeners[i].Port); ok {
				f.ports = onePort(port)
			}
		} else if len(n.listenerPorts(f.balancer, netset.TCP, clientPorts)) != 1 {
			f.doubt = cmp.Or(f.doubt, fmt.Sprintf("on which listener of %s an integration calls is not read", called(f.balancer.Reference)))
		}
		all = append(all, &f)
	}
	if known {
		return all
	}
	for _, lb := range n.estate.LoadBalancers {
		if lb.VPC != vpc || vpc == "" || lb.Type != "application" && lb.Type != "network" || lb.Reference.Account != l.Reference.Account {
			continue
		}
		f := base
		f.balancer = lb
		f.doubt = cmp.Or(f.doubt, fmt.Sprintf("which load balancer integrations call through %s is not read", called(l.Reference)))
		all = append(all, &f)
	}
	return all
}

// balancerOf is the ARN of the load balancer that an ARN of it or of one of its listeners names.
func balancerOf(arn string) string {
	name, listener, ok := strings.Cut(arn, ":listener/")
	if !ok {
		return arn
	}
	if i := strings.LastIndexByte(listener, '/'); i > 0 {
		listener = listener[:i]
	}
	return name + ":loadbalancer/" + listener
}

// byPrivateLink is the leg from an endpoint to the network load balancer of its service: no route, gateway or ACL has a say
// in it. The load balancer's groups have unless that is switched off, and it never keeps the client's address.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html#update-security-settings
func (n *Network) byPrivateLink(clients, senders netset.Addresses) func(*node, packet) arrival {
	return func(to *node, p packet) arrival {
		a := Answer{Arrives: estate.True, Session: estate.True, To: to.party(), ClientPorts: p.clients}.from(senders)
		seen := clients
		if seen.Empty() {
			seen = everywhere(false)
		}
		if lb := n.doors.byRef[to.ref.Key()]; !to.open && (lb == nil || !lb.Unfiltered) {
			v := n.byGroups(to, false, p.protocol, beam{seen, anyAddress, p.from(), p.to()}, nil, identity{known: estate.False})
			h := Hop{At: reference("security-group", to.Place, first(to.groups)), Passes: estate.True, Rule: v.text()}
			switch {
			case sources(v.yes).ContainsAll(seen):
			case len(v.yes)+len(v.maybe) == 0:
				h.Passes, h.Text = estate.False, "incoming rules of "+called(to.ref)
				a.Arrives, a.Session, a.Reason = estate.False, estate.False, h.sentence()
			default:
				h.Passes, h.Text, h.Gaps = estate.Unknown, "whether the groups of "+called(to.ref)+" admit those who come by PrivateLink is not known", v.gaps
				a = doubted(a, h.Text, h.Gaps)
			}
			a.Path = append(a.Path, h)
		}
		return arrival{Answer: a, seen: seen}
	}
}

// functionFronts are the functions that answer at an address of their own to anybody.
func (n *Network) functionFronts() []*front {
	var all []*front
	for _, f := range n.estate.Functions {
		url, known := f.URL.Value()
		gap, unread := f.URL.Unread()
		if !known && !unread || known && url.Auth != "NONE" { // others need credentials
			continue
		}
		x := front{protocol: netset.TCP, ports: httpsPort, ref: f.Reference, entrance: entrance{way: ByFunctionURL}}
		x.hops = []Hop{{At: outside, Passes: estate.True, Text: "anybody"}}
		x.answer = Answer{Arrives: estate.True, Session: estate.True, ClientPorts: clientPorts,
			Path: []Hop{{At: f.Reference, Passes: estate.True, Rule: "AuthType NONE", Text: fmt.Sprintf("%s answers at %s without credentials", called(f.Reference), url.URL)}}}.from(internet)
		if unread {
			x.doubt, x.gaps = fmt.Sprintf("whether %s has a function URL was not read", called(f.Reference)), []estate.Gap{gap}
		}
		switch anyone, doubt := publicURL(f); anyone {
		case estate.False:
			continue
		case estate.Unknown:
			if x.doubt == "" {
				x.doubt = doubt
			}
			if gap, ok := f.Policy.Unread(); ok {
				x.gaps = append(x.gaps, gap)
			}
		}
		all = append(all, &x)
	}
	return all
}

// publicURL says whether a function's policy lets anybody call its URL. New URLs need lambda:InvokeFunction besides
// lambda:InvokeFunctionUrl since October 2025; when a URL was made is not read.
// https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
func publicURL(f *estate.Function) (estate.Truth, string) {
	doc, ok := f.Policy.Value()
	if f.Policy.Absent() {
		return estate.False, ""
	}
	if !ok || doc == nil {
		return estate.Unknown, fmt.Sprintf("the policy of %s was not read", called(f.Reference))
	}
	url, call := publicly(doc, "lambda:InvokeFunctionUrl"), publicly(doc, "lambda:InvokeFunction")
	switch {
	case url == estate.True && call == estate.False:
		return estate.Unknown, fmt.Sprintf("the policy of %s does not allow lambda:InvokeFunction, which URLs made since October 2025 need", called(f.Reference))
	case estate.And(url, call) == estate.Unknown:
		return estate.Unknown, fmt.Sprintf("the policy of %s has conditions or denials that are not followed", called(f.Reference))
	}
	return estate.And(url, call), ""
}

// publicly says whether a policy lets anybody do something: yes with no condition but that the URL is called and asks for no
// credentials, and no denial.
func publicly(doc *policy.Document, action string) estate.Truth {
	allowed, denied := estate.False, estate.False
	for _, s := range doc.Statements {
		about := slices.ContainsFunc(s.Action, func(p string) bool { return policy.MatchAction(p, action) })
		if s.NotAction != nil {
			about = !slices.ContainsFunc(s.NotAction, func(p string) bool { return policy.MatchAction(p, action) })
		}
		if !about {
			continue
		}
		applies := estate.True
		switch {
		case s.NotPrincipal != nil:
			applies = estate.Unknown
		case s.Principal.Anyone():
		case s.Effect == policy.Allow:
			continue // those that it names must show who they are
		default:
			continue // nobody without credentials is denied by it
		}
		for _, c := range s.Condition {
			applies = min(applies, metByURL(c))
		}
		if s.Effect == policy.Deny {
			denied = max(denied, applies)
		} else {
			allowed = max(allowed, applies)
		}
	}
	return estate.And(allowed, denied.Not())
}

func metByURL(c policy.Condition) estate.Truth {
	equals := c.Operator.Name == "StringEquals" || c.Operator.Name == "StringLike" || c.Operator.Name == "Bool" || c.Operator.Name == "StringEqualsIgnoreCase"
	switch {
	case !equals || c.Operator.ForAnyValue || c.Operator.ForAllValues:
	case c.Is("lambda:FunctionUrlAuthType"):
		return estate.Is(slices.Contains(c.Values, "NONE"))
	case c.Is("lambda:InvokedViaFunctionUrl"):
		return estate.Is(slices.Contains(c.Values, "true"))
	case c.Is("aws:PrincipalOrgID"), c.Is("aws:PrincipalAccount"), c.Is("aws:SourceAccount"), c.Is("aws:SourceArn"), c.Is("aws:SourceVpc"), c.Is("aws:SourceVpce"):
		if !c.Operator.IfExists {
			return estate.False // a request without credentials from the Internet has none of these
		}
	}
	return estate.Unknown
}

// clusterFronts are the API servers of Kubernetes clusters that have a public endpoint.
// https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
func (n *Network) clusterFronts() []*front {
	var all []*front
	for _, k := range n.estate.KubernetesClusters {
		x := front{protocol: netset.TCP, ports: httpsPort, ref: k.Reference, entrance: entrance{way: ByClusterEndpoint}}
		x.hops = []Hop{{At: outside, Passes: estate.True, Text: "anybody"}}
		x.answer = Answer{Arrives: estate.True, Session: estate.True, ClientPorts: clientPorts}.from(internet)
		text := fmt.Sprintf("the API server of %s has a public endpoint", called(k.Reference))
		if desc, ok := k.Description.Value(); ok {
			if !desc.Public {
				continue
			}
			cidrs := desc.PublicCIDRs
			if len(cidrs) == 0 { // what AWS takes where none is given
				cidrs = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
			}
			x.answer = x.answer.from(netset.Of(cidrs...).Public())
			text += " for " + netset.Of(cidrs...).String()
			if x.answer.Addresses.Empty() {
				continue
			}
		} else if gap, unread := k.Description.Unread(); unread {
			x.doubt, x.gaps = fmt.Sprintf("whether %s has a public endpoint was not read", called(k.Reference)), []estate.Gap{gap}
		} else {
			continue
		}
		x.answer.Path = []Hop{{At: k.Reference, Passes: estate.True, Text: text}}
		all = append(all, &x)
	}
	return all
}
