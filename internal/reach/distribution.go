package reach

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// originFacing is the list of the addresses from which CloudFront fetches.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/LocationsOfEdgeServers.html
const originFacing = "com.amazonaws.global.cloudfront.origin-facing"

// originGroup is the security group that CloudFront gives its interfaces in a VPC.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
const originGroup = "CloudFront-VPCOrigins-Service-SG"

// distributionFronts are the origins of distributions that are load balancers or instances of the estate. Origins in S3 and
// elsewhere lead no packets to anything here.
func (n *Network) distributionFronts() []*front {
	d := n.doors
	origins := map[string]*estate.VPCOrigin{}
	for _, o := range n.estate.VPCOrigins {
		origins[o.Reference.ID] = o
	}
	var all []*front
	for _, x := range n.estate.Distributions {
		// A staging distribution has the viewers that its primary one sends to it.
		// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/continuous-deployment.html
		enabled, doubt, gaps := x.Enabled.Holds(false, func(on bool) bool { return on }), "", []estate.Gap(nil)
		switch enabled {
		case estate.False:
			continue
		case estate.Unknown:
			gap, _ := x.Enabled.Unread()
			doubt, gaps = fmt.Sprintf("whether %s is enabled was not read", called(x.Reference)), []estate.Gap{gap}
		}
		if x.Staging && doubt == "" {
			doubt = fmt.Sprintf("%s is a staging distribution: which viewers are sent to it was not read", called(x.Reference))
		}
		sources := x.Sources
		if len(sources) == 0 {
			for _, domain := range x.Origins {
				sources = append(sources, estate.Origin{ID: domain, Domain: domain, Protocol: "match-viewer", HTTPPort: 80, HTTPSPort: 443})
			}
		}
		for _, o := range sources {
			base := front{protocol: netset.TCP, doubt: doubt, gaps: gaps,
				hops:     []Hop{{At: outside, Passes: estate.True, Text: "anybody"}, {At: x.Reference, Passes: estate.True, Rule: "origin " + o.ID, Text: fmt.Sprintf("%s fetches from %s", called(x.Reference), o.Domain)}},
				entrance: entrance{way: ByDistribution, through: []estate.Ref{x.Reference}}}
			if o.VPCOrigin != "" {
				all = append(all, n.vpcOriginFronts(base, o, origins[o.VPCOrigin])...)
				continue
			}
			if o.Protocol == "" { // S3
				continue
			}
			base.ports = originPorts(o.Protocol, o.HTTPPort, o.HTTPSPort)
			base.arrive = n.fromCloudFront
			base.balancer, base.node = d.balancerNamed(o.Domain), d.hostNamed(o.Domain)
			if f := n.functionNamed(o.Domain); f != nil {
				all = append(all, n.functionOrigin(base, o, f)...)
				continue
			}
			switch {
			case base.balancer != nil || base.node != nil:
				all = append(all, &base)
			case !givenName(o.Domain): // what it leads to, the DNS knows
				base.doubt = cmp.Or(base.doubt, "where the name "+o.Domain+" leads to was not read")
				for _, f := range n.admitters(base) {
					f.ports = base.ports
					all = append(all, f)
				}
			}
		}
	}
	return all
}

// functionNamed returns the function whose URL has a host, or nil.
func (n *Network) functionNamed(domain string) *estate.Function {
	for _, f := range n.estate.Functions {
		u, _ := f.URL.Value()
		if host, ok := hostOf(u.URL); ok && strings.EqualFold(host, strings.TrimSuffix(domain, ".")) {
			return f
		}
	}
	return nil
}

// functionOrigin leads to a function by its URL. One that asks for credentials takes those of CloudFront where it signs its
// requests and the function's policy names it, which is not read of such functions; without a signature it takes nobody's.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-lambda.html
func (n *Network) functionOrigin(base front, o estate.Origin, f *estate.Function) []*front {
	url, _ := f.URL.Value()
	base.balancer, base.node, base.ref, base.ports = nil, nil, f.Reference, httpsPort
	base.answer = Answer{Arrives: estate.True, Session: estate.True, ClientPorts: clientPorts,
		Path: []Hop{{At: f.Reference, Passes: estate.True, Rule: "AuthType " + url.Auth, Text: called(f.Reference) + " answers at " + url.URL}}}.from(internet)
	switch {
	case url.Auth == "NONE":
		anyone, doubt := publicURL(f)
		if anyone == estate.False {
			return nil
		}
		if base.doubt == "" && anyone == estate.Unknown {
			base.doubt = doubt
		}
	case o.AccessControl == "":
		return nil
	default:
		base.doubt = cmp.Or(base.doubt, fmt.Sprintf("%s takes requests that CloudFront signs if its policy lets %s, which was not read", called(f.Reference), o.ID))
	}
	return []*front{&base}
}

// originPorts are the ports on which a distribution fetches. Where the viewer decides it may be either.
func originPorts(policy string, http, https int) netset.Ports {
	var ports netset.Ports
	add := func(n int) {
		if p, ok := portOf(n); ok {
			ports = ports.Union(netset.PortsOf(netset.PortRange{First: p, Last: p}))
		}
	}
	if policy != "https-only" {
		add(http)
	}
	if policy != "http-only" {
		add(https)
	}
	return ports
}

// balancerNamed returns the load balancer that a name leads to, or nil. "dualstack." before the name leads to the same.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-internet-facing-load-balancers.html
func (d *doors) balancerNamed(domain string) *estate.LoadBalancer {
	domain = strings.TrimSuffix(strings.ToLower(domain), ".")
	if lb := d.names[domain]; lb != nil {
		return lb
	}
	return d.names[strings.TrimPrefix(domain, "dualstack.")]
}

// givenName reports whether AWS gave a name: such a name leads to what it was given to, and to nothing else.
func givenName(domain string) bool {
	domain = strings.TrimSuffix(strings.ToLower(domain), ".")
	return slices.ContainsFunc([]string{".amazonaws.com", ".amazonaws.com.cn", ".on.aws", ".awsapprunner.com", ".awsglobalaccelerator.com", ".cloudfront.net", ".amplifyapp.com"},
		func(suffix string) bool { return strings.HasSuffix(domain, suffix) })
}

// publicName is the name that AWS gives a public address: ec2-192-0-2-1.eu-west-1.compute.amazonaws.com.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html
var publicName = regexp.MustCompile(`^ec2-(\d+)-(\d+)-(\d+)-(\d+)\.(.+\.compute|compute-1)\.amazonaws\.com(\.cn)?$`)

// hostNamed returns what has the public address that a name leads to, or nil.
func (d *doors) hostNamed(domain string) *node {
	m := publicName.FindStringSubmatch(strings.TrimSuffix(strings.ToLower(domain), "."))
	if m == nil {
		return nil
	}
	addr, err := netip.ParseAddr(strings.Join(m[1:5], "."))
	if err != nil {
		return nil
	}
	for _, t := range d.byAddress[addr] {
		if t.publicSet().Contains(addr) && (t.public.IsValid() || len(t.mapped) > 0) {
			return t
		}
	}
	return nil
}

// fromCloudFront is the leg from CloudFront to an origin's public address. Whoever asks, CloudFront comes from its own
// addresses: where those were not read, only what admits everybody, or nobody, is certain.
func (n *Network) fromCloudFront(to *node, p packet) arrival {
	p.clients = proxyPorts
	sources, gaps := n.doors.cloudFrontAddresses()
	if len(gaps) == 0 {
		a := n.admit(sources, to, p)
		return arrival{Answer: a.behalf(internet), seen: a.possible}
	}
	return n.fromSome(to, p, "the addresses of CloudFront ("+originFacing+") were not read", gaps)
}

// fromSome is a leg from addresses of AWS's that are not known: what admits nobody admits none of them, what admits everybody
// all of them.
func (n *Network) fromSome(to *node, p packet, doubt string, gaps []estate.Gap) arrival {
	a := n.admit(internet, to, p)
	if all := publicAddresses(false); a.Arrives == estate.True && !a.Addresses.ContainsAll(all) {
		a = doubted(a, doubt, gaps)
	} else if a.Session == estate.True && !a.Sessions.ContainsAll(all) {
		a.Session, a.Reason, a.Gaps = estate.Unknown, doubt, gaps
	}
	return arrival{Answer: a.behalf(internet), seen: a.possible}
}

// cloudFrontAddresses returns the addresses of the origin-facing list where some account read it, else what would have told.
func (d *doors) cloudFrontAddresses() (netset.Addresses, []estate.Gap) {
	var gaps []estate.Gap
	for _, l := range d.estate.PrefixLists {
		if l.Reference.Name != originFacing {
			continue
		}
		if a, ok := l.Addresses().Value(); ok {
			return a, nil
		}
		if gap, ok := l.Entries.Unread(); ok {
			gaps = append(gaps, gap)
		}
	}
	if gaps == nil {
		gaps = d.estate.Gaps("ec2:DescribeManagedPrefixLists")
	}
	if gaps == nil { // every Region has it
		gaps = []estate.Gap{{Place: estate.Place{Account: "*", Region: "*"}, Operation: "ec2:DescribeManagedPrefixLists", Why: originFacing + " is not among the prefix lists that were read"}}
	}
	return netset.Addresses{}, gaps
}

// vpcOriginFronts lead to a load balancer or an instance without a public address.
func (n *Network) vpcOriginFronts(base front, o estate.Origin, v *estate.VPCOrigin) []*front {
	d := n.doors
	if v == nil { // which of the estate it is cannot be said: unseenWays says so of all that it may be
		return nil
	}
	if v.Status != "" && v.Status != "Deployed" && base.doubt == "" {
		base.doubt = fmt.Sprintf("%s is %s", called(v.Reference), strings.ToLower(v.Status))
	}
	base.through = append(slices.Clip(base.through), v.Reference)
	base.hops = append(base.hops, Hop{At: v.Reference, Passes: estate.True, Text: fmt.Sprintf("%s leads to %s", called(v.Reference), v.Of)})
	base.ports = originPorts(v.Protocol, v.HTTPPort, v.HTTPSPort)
	if base.ports.Empty() { // the listing does not tell them
		base.ports = originPorts(o.Protocol, o.HTTPPort, o.HTTPSPort)
	}
	if base.ports.Empty() {
		base.ports = clientPorts
		if base.doubt == "" {
			base.doubt = fmt.Sprintf("the ports of %s were not read", called(v.Reference))
			base.gaps = n.estate.Gaps("cloudfront:ListVpcOrigins")
		}
	}
	base.arrive = n.fromVPCOrigin
	base.hides = false
	if base.balancer = d.balancers[v.Of]; base.balancer != nil {
		return []*front{&base}
	}
	if parts := strings.Split(v.Of, ":"); len(parts) > 3 {
		return n.toEach(base, d.instanceNodes(parts[3], afterLast(v.Of, "instance/")))
	}
	return nil
}

// toEach returns a front for each node of which only one is meant.
func (n *Network) toEach(base front, nodes []*node) []*front {
	var all []*front
	for _, t := range nodes {
		f := base
		f.node = t
		if len(nodes) > 1 && f.doubt == "" {
			f.doubt = fmt.Sprintf("which of its interfaces %s is meant by was not read", called(t.ref))
		}
		all = append(all, &f)
	}
	return all
}

// instanceNodes are the nodes that may be meant by an instance.
func (d *doors) instanceNodes(region, id string) []*node {
	if i := d.instances[regional{region, id}]; i != nil {
		return d.primary(i)
	}
	return d.ofInstance[regional{region, id}]
}

// fromVPCOrigin is the leg from CloudFront's interfaces in a VPC. The groups of the origin must admit CloudFront's list of
// addresses or the group of CloudFront's interfaces. What admits less may still admit the addresses that those have.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
func (n *Network) fromVPCOrigin(to *node, p packet) arrival {
	p.clients = proxyPorts
	var refs []string
	for _, g := range n.estate.SecurityGroups {
		if g.Reference.Name == originGroup && g.VPC == to.vpc {
			refs = append(refs, g.Reference.ID)
		}
	}
	listed, gaps := n.doors.cloudFrontAddresses()
	anybody := everywhere(false)
	a := n.brought(to, func(*subnet) netset.Addresses { return anybody }, p, func(w *walk, t *trail, s *subnet) {
		if to.open {
			return
		}
		v := n.byGroups(to, false, p.protocol, beam{anybody, to.address(false, s), p.from(), p.to()}, &node{groups: refs}, identity{known: estate.True})
		admitted := sources(v.yes)
		referred := n.refers(to, p, func(r *estate.SecurityGroupRule) bool { return n.doors.listNames[r.Peer] == originFacing })
		h := Hop{At: reference("security-group", to.Place, first(to.groups)), Rule: v.text(), Text: "rules for CloudFront of " + called(to.ref)}
		switch {
		case referred, admitted.ContainsAll(anybody.Public()), len(gaps) == 0 && admitted.ContainsAll(listed):
			t.note(h)
		case len(v.yes) > 0 || len(v.maybe) > 0:
			t.unsure(h, slices.Concat(v.gaps, gaps), "the groups of "+called(to.ref)+" admit some addresses, and whether CloudFront's are among them is not known")
		default:
			t.stop(h)
		}
	}, func(*walk, *trail, *subnet) {})
	return arrival{Answer: a.behalf(internet), seen: anybody}
}

// refers reports whether a rule of a node's groups that admits a packet is of some kind.
func (n *Network) refers(t *node, p packet, is func(*estate.SecurityGroupRule) bool) bool {
	return slices.ContainsFunc(t.groups, func(id string) bool {
		g := n.groups[regional{t.Region, id}]
		return g != nil && slices.ContainsFunc(g.Rules, func(r *estate.SecurityGroupRule) bool {
			return !r.Egress && !r.Traffic.Of(p.protocol).Intersect(p.to()).Empty() && is(r)
		})
	})
}
