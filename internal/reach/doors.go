package reach

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// doors is what leads packets in by other ways than the direct one: load balancers, distributions, accelerators, APIs. It is
// made once and does not change.
type doors struct {
	*Network

	balancers  map[string]*estate.LoadBalancer  // by ARN
	byRef      map[string]*estate.LoadBalancer  // by key
	names      map[string]*estate.LoadBalancer  // by DNS name, in lower case
	targetOf   map[string]*estate.TargetGroup   // by ARN
	attachedTo map[string][]*estate.TargetGroup // by the load balancer's ARN
	functions  map[string]*estate.Function      // by ARN

	ofInstance map[regional][]*node
	described  map[describedAs][]*node // interfaces of load balancers, by what they say they are
	listNames  map[string]string       // of prefix lists, by id

	stands map[*estate.LoadBalancer][]*node
	leads  map[*estate.LoadBalancer][]*backend
	fronts []*front
	// before are the load balancers whose ways on lead to a node, or to a load balancer in front of it, by the node's key.
	before map[string][]*estate.LoadBalancer

	// What unseenWays looks at, by VPC: load balancers of which not all targets were read, other doors that may be there, the
	// subnets in which accelerators have interfaces, and those VPCs in which CloudFront has its group.
	strangers          map[string][]*estate.LoadBalancer
	unseen             map[string][]unseen
	acceleratedSubnets map[string][]string
	originVPCs         map[string]bool
}

type describedAs struct {
	estate.Place
	text string
}

// anyAddress are all addresses, and internet those that somebody on the Internet may have.
var (
	anyAddress = everywhere(false).Union(everywhere(true))
	internet   = anyAddress.Public()
)

// outside is the end of a path that is not in the estate.
var outside = estate.Ref{Kind: "internet", ID: "internet"}

// openDoors makes the estate's doors ready. The interfaces of load balancers are called by them from then on.
func (n *Network) openDoors() {
	e := n.estate
	d := &doors{
		Network:   n,
		balancers: map[string]*estate.LoadBalancer{}, byRef: map[string]*estate.LoadBalancer{}, names: map[string]*estate.LoadBalancer{},
		targetOf: map[string]*estate.TargetGroup{}, attachedTo: map[string][]*estate.TargetGroup{}, functions: map[string]*estate.Function{},
		ofInstance: map[regional][]*node{}, described: map[describedAs][]*node{}, listNames: map[string]string{},
		stands: map[*estate.LoadBalancer][]*node{}, leads: map[*estate.LoadBalancer][]*backend{}, before: map[string][]*estate.LoadBalancer{},
		strangers: map[string][]*estate.LoadBalancer{}, unseen: map[string][]unseen{}, acceleratedSubnets: map[string][]string{}, originVPCs: map[string]bool{},
	}
	n.doors = d
	for _, f := range e.Functions {
		d.functions[f.Reference.ARN] = f
	}
	for _, g := range e.SecurityGroups {
		if g.Reference.Name == originGroup {
			d.originVPCs[g.VPC] = true
		}
	}
	for _, l := range e.PrefixLists {
		d.listNames[l.Reference.ID] = l.Reference.Name
	}
	for _, t := range n.nodes {
		x := t.iface
		if x.Type == acceleratorInterface && !slices.Contains(d.acceleratedSubnets[x.VPC], x.Subnet) {
			d.acceleratedSubnets[x.VPC] = append(d.acceleratedSubnets[x.VPC], x.Subnet)
		}
		if x.Instance != "" {
			key := regional{t.Region, x.Instance}
			d.ofInstance[key] = append(d.ofInstance[key], t)
		} else if strings.HasPrefix(x.Description, "ELB ") { // anybody may describe an interface so, but not one that is attached to a load balancer
			key := describedAs{x.Place(), x.Description}
			d.described[key] = append(d.described[key], t)
		}
	}
	for _, g := range e.TargetGroups {
		d.targetOf[g.Reference.ARN] = g
		for _, lb := range g.LoadBalancers {
			d.attachedTo[lb] = append(d.attachedTo[lb], g)
		}
	}
	for _, lb := range e.LoadBalancers {
		d.byRef[lb.Reference.Key()] = lb
		if lb.Reference.ARN != "" {
			d.balancers[lb.Reference.ARN] = lb
		}
		if lb.DNSName != "" {
			d.names[strings.ToLower(lb.DNSName)] = lb
		}
		d.stands[lb] = d.stand(lb)
	}
	for _, lb := range e.LoadBalancers {
		d.leads[lb] = d.leadsOf(lb)
	}
	for _, lb := range e.LoadBalancers {
		d.noteBefore(lb, lb, 0)
	}
	n.lookForUnseen()
	d.fronts = n.allFronts()
}

// noteBefore notes that a load balancer leads to what the ways on of another lead to.
func (d *doors) noteBefore(first, lb *estate.LoadBalancer, depth int) {
	note := func(key string) {
		if !slices.Contains(d.before[key], first) {
			d.before[key] = append(d.before[key], first)
		}
	}
	for _, b := range d.leads[lb] {
		if b.nested != nil {
			note(b.nested.Reference.Key())
			if depth == 0 { // an application load balancer leads to no other
				d.noteBefore(first, b.nested, 1)
			}
			continue
		}
		for _, t := range b.nodes {
			note(keyOf(t))
		}
		if b.function {
			note(b.ref.Key())
		}
	}
}

// keyOf tells nodes apart: by their interface, and where none is known by what they are.
func keyOf(t *node) string {
	if t.iface != nil {
		return t.iface.Reference.Key()
	}
	return t.ref.Key()
}

// primary returns the nodes that may be an instance's primary interface: the one in the instance's own subnet with the
// instance's own groups; where no interface was read, what stands in for it.
func (d *doors) primary(i *estate.Instance) []*node {
	own := d.ofInstance[regional{i.Place().Region, i.Reference.ID}]
	var all []*node
	for _, t := range own {
		if t.iface.Subnet == i.Subnet && slices.Equal(t.groups, i.SecurityGroups) {
			all = append(all, t)
		}
	}
	if len(all) > 0 {
		return all
	}
	if len(own) > 0 {
		return own
	}
	t := &node{ref: i.Reference, Place: i.Place(), vpc: i.VPC, groups: i.SecurityGroups, public: i.PublicAddress, publicly: i.PublicAddress.IsValid()}
	if i.Subnet != "" {
		t.subnets = []string{i.Subnet}
	}
	if i.State != "running" && i.State != "" {
		t.idle = "the instance is " + i.State
	}
	return []*node{t}
}

// zone returns the zone in which a node stands; empty where it is not known. Names of zones are those that the subnets'
// owner sees: other accounts may call them otherwise.
func (d *doors) zone(t *node) string {
	zone := ""
	for _, s := range d.places(t) {
		if s.zoneName() == "" || zone != "" && zone != s.zoneName() {
			return ""
		}
		zone = s.zoneName()
	}
	return zone
}

// having returns the nodes that have an address inside their VPC, by itself or in a prefix that is delegated to them.
func (d *doors) having(addr netip.Addr) []*node {
	return slices.DeleteFunc(slices.Clone(d.thoseAt(addr)), func(t *node) bool { return !t.own(addr.Is6()).Contains(addr) })
}

// mayBe reports whether a node may be the target of a way on whose target was not found among what was read. One whose
// addresses were read has no others.
func (d *doors) mayBe(b *backend, t *node) bool {
	switch {
	case !b.address.IsValid():
		return true
	case len(t.private)+len(t.v6) > 0:
		return slices.Contains(d.having(b.address), t)
	}
	places := d.places(t)
	return len(places) == 0 || slices.ContainsFunc(places, func(s *subnet) bool { return s.read == nil || s.addresses().Contains(b.address) })
}

func (d *doors) functionRef(p estate.Place, arn string) estate.Ref {
	for {
		if f := d.functions[arn]; f != nil {
			return f.Reference
		}
		// An alias or version is the function's own name with one more part.
		if strings.Count(arn, ":") <= 6 {
			break
		}
		arn = arn[:strings.LastIndexByte(arn, ':')]
	}
	return estate.Ref{Kind: "function", Account: p.Account, Region: p.Region, ID: afterLast(arn, "function:"), ARN: arn}
}

func partyOf(t *node, ref estate.Ref) Party {
	if t == nil {
		return Party{Ref: ref}
	}
	return t.party()
}

// doorNeeds are the operations that answers about doors may rest on.
var doorNeeds = []operation.ID{
	"apigateway:GetResources", "apigateway:GetRestApis", "apigateway:GetStages", "apigateway:GetVpcLinks",
	"apigatewayv2:GetApis", "apigatewayv2:GetIntegrations", "apigatewayv2:GetStages", "apigatewayv2:GetVpcLinks",
	"cloudfront:GetVpcOrigin", "cloudfront:ListDistributions", "cloudfront:ListVpcOrigins",
	"ec2:DescribeManagedPrefixLists", "ec2:DescribeVpcEndpointServiceConfigurations", "ec2:DescribeVpcEndpoints", "ec2:GetManagedPrefixListEntries",
	"eks:DescribeCluster", "eks:ListClusters",
	"elb:DescribeLoadBalancerAttributes", "elb:DescribeLoadBalancers",
	"elbv2:DescribeListeners", "elbv2:DescribeLoadBalancerAttributes", "elbv2:DescribeLoadBalancers", "elbv2:DescribeRules",
	"elbv2:DescribeTargetGroupAttributes", "elbv2:DescribeTargetGroups", "elbv2:DescribeTargetHealth",
	"globalaccelerator:ListAccelerators", "globalaccelerator:ListCustomRoutingAccelerators", "globalaccelerator:ListEndpointGroups", "globalaccelerator:ListListeners",
	"lambda:GetPolicy", "lambda:ListFunctionUrlConfigs", "lambda:ListFunctions",
}

// doorNodes returns the nodes of a load balancer, and what stands for that which doors lead to and that is in no VPC.
func (n *Network) doorNodes(r estate.Ref) []*node {
	if lb := n.doors.byRef[r.Key()]; lb != nil {
		return n.doors.stands[lb]
	}
	for _, f := range n.estate.Functions {
		if f.Reference.ID == r.ID && f.Reference.Key() == r.Key() && f.VPC == "" {
			return []*node{{ref: f.Reference, Place: f.Place(), open: true}}
		}
	}
	for _, e := range n.estate.Endpoints {
		if e.Reference.ID == r.ID && e.Reference.Key() == r.Key() && e.Type == "Interface" {
			return n.doors.endpointNodes(e)
		}
	}
	for _, k := range n.estate.KubernetesClusters {
		if k.Reference.ID == r.ID && k.Reference.Key() == r.Key() {
			return []*node{{ref: k.Reference, Place: k.Place(), open: true}}
		}
	}
	return nil
}
