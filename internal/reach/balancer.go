package reach

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// Backend is what a load balancer sends requests to.
type Backend struct {
	// Target is what people call it: an instance, a database, a function, another load balancer, else an interface. Where an
	// address belongs to nothing that was read it has the kind "address" and the address as its ID.
	Target    estate.Ref
	Interface string // id of its network interface; empty where none is known, or it has none
	Protocol  netset.Protocol
	Port      int // on which the target takes requests; 0 for a function
	Listener  int // the port of the load balancer; 0 where its listeners were not read
	// Certain is False nowhere; it is Unknown where what decides whether anything is sent there was not read.
	Certain estate.Truth
}

// Backends returns what a load balancer sends requests to by any of its listeners and rules, whatever their health and
// whether packets get there or not, sorted by target, port and listener. The gaps are the calls that would have told of
// more: without any, there is no more.
func (n *Network) Backends(lb *estate.LoadBalancer) ([]Backend, []estate.Gap) {
	var all []Backend
	var gaps []estate.Gap
	for _, b := range n.doors.leads[lb] {
		gaps = append(gaps, b.gaps...)
		if b.blind && !b.address.IsValid() {
			continue
		}
		certain := estate.True
		if b.doubt != "" {
			certain = estate.Unknown
		}
		x := Backend{Target: b.ref, Protocol: b.protocol, Port: int(b.targetPort), Listener: int(b.port), Certain: certain}
		if len(b.nodes) == 0 {
			all = append(all, x)
		}
		for _, t := range b.nodes {
			if t.iface != nil {
				x.Interface = t.iface.Reference.ID
			}
			all = append(all, x)
		}
	}
	slices.SortFunc(all, func(a, b Backend) int {
		return cmp.Or(strings.Compare(a.Target.Key(), b.Target.Key()), strings.Compare(a.Interface, b.Interface), cmp.Compare(a.Protocol, b.Protocol),
			cmp.Compare(a.Port, b.Port), cmp.Compare(a.Listener, b.Listener), -cmp.Compare(a.Certain, b.Certain))
	})
	all = slices.CompactFunc(all, func(a, b Backend) bool { a.Certain, a.Target.Name = b.Certain, b.Target.Name; return a == b })
	return all, distinctGaps(gaps)
}

// backend is one way on from a load balancer: from a port of its own, by a rule, to a target.
type backend struct {
	balancer *estate.LoadBalancer
	protocol netset.Protocol
	port     uint16 // of the listener; 0 where it was not read
	// hops are the listener, the rule and the target group.
	hops []Hop
	// sources are the addresses whose requests are sent this way; nil for all.
	sources *netset.Addresses
	group   *estate.TargetGroup // nil for a classic load balancer, and where it was not read
	zone    string              // as AWS tells it of the target; may be empty or "all"
	ref     estate.Ref          // what the target is called
	// nodes are where the target stands. Several are candidates of which only one is meant.
	nodes      []*node
	nested     *estate.LoadBalancer
	function   bool
	targetPort uint16
	// keeps says that the target sees the client's address, not the load balancer's; crosses that nodes send to targets in
	// other zones than their own.
	keeps, crosses estate.Truth
	// blind says that who the targets are was not read: they may be anything in the VPC, or where the address of one was read,
	// anything that may have that.
	blind   bool
	address netip.Addr
	// doubt is why it is not certain that anything is sent this way; empty where it is.
	doubt string
	gaps  []estate.Gap
}

// leadsOf returns every way on from a load balancer. Gateway load balancers have none: packets come to them by routes.
func (d *doors) leadsOf(lb *estate.LoadBalancer) []*backend {
	switch lb.Type {
	case "gateway":
		return nil
	case "classic":
		return d.classicLeads(lb)
	}
	listeners, ok := lb.Listeners.Value()
	if !ok {
		if lb.Listeners.Absent() {
			return nil
		}
		gap, _ := lb.Listeners.Unread()
		doubt := fmt.Sprintf("the listeners of %s were not read", called(lb.Reference))
		var all []*backend
		for _, g := range d.attachedTo[lb.Reference.ARN] {
			for _, protocol := range transports(g.Protocol) {
				all = append(all, d.targets(lb, forward{protocol: protocol, group: g.Reference.ARN, doubt: doubt, gaps: []estate.Gap{gap}})...)
			}
		}
		return append(all, &backend{balancer: lb, blind: true, doubt: doubt, gaps: []estate.Gap{gap}, protocol: netset.TCP})
	}
	var all []*backend
	for _, l := range listeners {
		for _, protocol := range transports(l.Protocol) {
			for _, f := range d.forwards(lb, l, protocol) {
				all = append(all, d.targets(lb, f)...)
			}
		}
	}
	return all
}

// transports are the protocols of the packets of a listener or target group.
func transports(protocol string) []netset.Protocol {
	switch protocol {
	case "UDP", "QUIC":
		return []netset.Protocol{netset.UDP}
	case "TCP_UDP", "TCP_QUIC":
		return []netset.Protocol{netset.TCP, netset.UDP}
	}
	return []netset.Protocol{netset.TCP}
}

func listenerRef(lb *estate.LoadBalancer, l *estate.Listener) estate.Ref {
	return estate.Ref{Kind: "listener", Account: lb.Reference.Account, Region: lb.Reference.Region, ARN: l.ARN,
		ID: lb.Reference.ID + "/" + strconv.Itoa(l.Port), Name: fmt.Sprintf("%s %d", l.Protocol, l.Port)}
}

// forward is one decision of a listener to send requests to a target group.
type forward struct {
	protocol netset.Protocol
	port     uint16
	hops     []Hop
	sources  *netset.Addresses
	group    string // ARN
	doubt    string
	gaps     []estate.Gap
}

// forwards returns where a listener sends requests: what some request can be made to do counts. Redirects and fixed
// responses send nothing on. Rules are tried in order, and the default is what none of them matches.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html
func (d *doors) forwards(lb *estate.LoadBalancer, l *estate.Listener, protocol netset.Protocol) []forward {
	port, ok := portOf(l.Port)
	if !ok {
		return nil
	}
	at := listenerRef(lb, l)
	listens := Hop{At: at, Passes: estate.True, Rule: fmt.Sprintf("%s %d", l.Protocol, l.Port),
		Text: fmt.Sprintf("%s listens on %s %d", called(lb.Reference), l.Protocol, l.Port)}
	base := forward{protocol: protocol, port: port}
	var all []forward
	add := func(actions []estate.ListenerAction, rule Hop, sources *netset.Addresses, doubt string, gaps ...estate.Gap) {
		login := ""
		for _, a := range actions {
			if strings.HasPrefix(a.Type, "authenticate-") {
				login = ", once the client has logged in"
			}
			for _, g := range a.TargetGroups {
				f := base
				rule := rule
				rule.Text += login
				f.hops, f.sources, f.group, f.doubt, f.gaps = []Hop{listens, rule}, sources, g, doubt, gaps
				all = append(all, f)
			}
		}
	}
	byDefault := Hop{At: at, Passes: estate.True, Rule: "default action", Text: "its default action forwards requests"}
	rules, known := l.Rules.Value()
	if !known && !l.Rules.Absent() {
		gap, _ := l.Rules.Unread()
		doubt := fmt.Sprintf("the rules of listener %d of %s were not read", l.Port, called(lb.Reference))
		byDefault.Passes = estate.Unknown
		add(l.Default, byDefault, nil, doubt, gap)
		for _, g := range d.attachedTo[lb.Reference.ARN] {
			f := base
			f.hops, f.group, f.doubt, f.gaps = []Hop{listens}, g.Reference.ARN, doubt, []estate.Gap{gap}
			all = append(all, f)
		}
		return append(all, forward{protocol: protocol, port: port, hops: []Hop{listens}, doubt: doubt, gaps: []estate.Gap{gap}})
	}
	// left are the addresses whose requests come as far as the rule at hand: a rule that looks at nothing but the address takes
	// all requests of its addresses.
	left := anyAddress
	for _, r := range rules {
		hop := Hop{At: estate.Ref{Kind: "listener-rule", Account: at.Account, Region: at.Region, ARN: r.ARN, ID: fmt.Sprintf("%s/%d", at.ID, r.Priority)},
			Passes: estate.True, Rule: fmt.Sprintf("rule %d", r.Priority), Text: fmt.Sprintf("rule %d forwards requests%s", r.Priority, conditionText(r))}
		sources := left
		if r.Sources != nil {
			sources = left.Intersect(*r.Sources)
		}
		if !sources.Empty() {
			add(r.Actions, hop, narrowed(sources), "")
		}
		if r.Always {
			return all
		}
		if r.Sources != nil && onlySources(r) {
			left = left.Minus(*r.Sources)
		}
	}
	if !left.Empty() {
		add(l.Default, byDefault, narrowed(left), "")
	}
	return all
}

func narrowed(a netset.Addresses) *netset.Addresses {
	if a.ContainsAll(anyAddress) {
		return nil
	}
	return &a
}

func onlySources(r *estate.ListenerRule) bool {
	for key := range r.Conditions {
		if key != "source-ip" {
			return false
		}
	}
	return true
}

func conditionText(r *estate.ListenerRule) string {
	var parts []string
	for key, values := range r.Conditions {
		if len(values) > 0 {
			key += " " + strings.Join(values, " or ")
		}
		parts = append(parts, key)
	}
	if len(parts) == 0 {
		return ""
	}
	slices.Sort(parts)
	return " with " + strings.Join(parts, ", ")
}

// targets returns the ways on that a forward to a target group makes. Targets that are not healthy count, as they may become so.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#deregistration-delay
func (d *doors) targets(lb *estate.LoadBalancer, f forward) []*backend {
	base := backend{balancer: lb, protocol: f.protocol, port: f.port, hops: f.hops, sources: f.sources, doubt: f.doubt, gaps: f.gaps}
	blind := func(doubt string, gaps ...estate.Gap) []*backend {
		b := base
		b.blind, b.doubt, b.gaps = true, cmp.Or(b.doubt, doubt), slices.Concat(b.gaps, gaps)
		return []*backend{&b}
	}
	if f.group == "" {
		return blind(f.doubt)
	}
	g := d.targetOf[f.group]
	if g == nil {
		gaps := d.unread(lb.Place(), "elbv2:DescribeTargetGroups")
		return blind(fmt.Sprintf("target group %s was not read", afterLast(f.group, "targetgroup/")), gaps...)
	}
	base.group = g
	base.keeps, base.crosses = keepsClient(lb, g, f.protocol), crosses(lb, g)
	targets, ok := g.Targets.Value()
	if !ok {
		if g.Targets.Absent() {
			return nil
		}
		gap, _ := g.Targets.Unread()
		return blind(fmt.Sprintf("the targets of %s were not read", called(g.Reference)), gap)
	}
	var all []*backend
	for _, t := range targets {
		if t.Health == "draining" { // it was taken out of the group: what is new goes to others
			continue
		}
		b := base
		b.zone = t.Zone
		port, ok := portOf(t.Port)
		if !ok {
			port, ok = portOf(g.Port)
		}
		if !ok && g.Type != "lambda" {
			continue
		}
		b.targetPort = port
		hop := Hop{At: g.Reference, Passes: estate.True, Text: fmt.Sprintf("%s sends to %s", called(g.Reference), t.ID)}
		if g.Type != "lambda" {
			hop.Rule = fmt.Sprintf("%s on %s %d", t.ID, f.protocol, port)
			hop.Text += fmt.Sprintf(" on %d", port)
		}
		if t.Health != "" && t.Health != "healthy" {
			hop.Text += fmt.Sprintf(" (now %s, which may change)", t.Health)
		}
		b.hops = append(slices.Clip(b.hops), hop)
		switch g.Type {
		case "lambda":
			b.function, b.targetPort, b.ref = true, 0, d.functionRef(lb.Place(), t.ID)
		case "alb":
			b.nested = d.balancers[t.ID]
			if b.nested == nil {
				b.blind, b.doubt = true, cmp.Or(b.doubt, fmt.Sprintf("load balancer %s was not read", afterLast(t.ID, "loadbalancer/")))
				b.gaps = slices.Concat(b.gaps, d.unread(lb.Place(), "elbv2:DescribeLoadBalancers"))
			} else {
				b.ref, b.nodes = b.nested.Reference, nil
			}
		case "ip":
			d.addressTarget(&b, cmp.Or(g.VPC, lb.VPC), t.ID)
		default:
			d.instanceTarget(&b, t.ID)
		}
		all = append(all, &b)
	}
	return all
}

// classicLeads returns the ways on from a classic load balancer, which sends from every listener to every instance.
func (d *doors) classicLeads(lb *estate.LoadBalancer) []*backend {
	listeners, ok := lb.Listeners.Value()
	var all []*backend
	if !ok {
		if lb.Listeners.Absent() {
			return nil
		}
		gap, _ := lb.Listeners.Unread()
		return []*backend{{balancer: lb, protocol: netset.TCP, blind: true, doubt: "the listeners of " + called(lb.Reference) + " were not read", gaps: []estate.Gap{gap}}}
	}
	for _, l := range listeners {
		port, ok := portOf(l.Port)
		to, toOK := portOf(l.InstancePort)
		if !ok || !toOK {
			continue
		}
		for _, id := range lb.Instances {
			b := &backend{balancer: lb, protocol: netset.TCP, port: port, targetPort: to, keeps: estate.False, crosses: crosses(lb, nil),
				hops: []Hop{{At: listenerRef(lb, l), Passes: estate.True, Rule: fmt.Sprintf("%s %d to %d", l.Protocol, l.Port, l.InstancePort),
					Text: fmt.Sprintf("%s listens on %s %d and sends to %s on %d", called(lb.Reference), l.Protocol, l.Port, id, l.InstancePort)}}}
			d.instanceTarget(b, id)
			all = append(all, b)
		}
	}
	return all
}

// instanceTarget finds an instance as a target: packets go to its primary interface.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-target-groups.html#target-type
func (d *doors) instanceTarget(b *backend, id string) {
	b.ref = estate.Ref{Kind: "instance", Account: b.balancer.Reference.Account, Region: b.balancer.Reference.Region, ID: id}
	key := regional{b.balancer.Place().Region, id}
	if b.nodes = d.instanceNodes(key.region, key.id); len(b.nodes) > 0 {
		b.ref = b.nodes[0].ref
		return
	}
	p := b.balancer.Place()
	gaps := slices.Concat(d.unread(p, "ec2:DescribeInstances"), d.unread(p, "ec2:DescribeNetworkInterfaces"))
	b.blind, b.doubt, b.gaps = true, cmp.Or(b.doubt, fmt.Sprintf("instance %s was not read", id)), slices.Concat(b.gaps, gaps)
}

// addressTarget finds what has an address that is a target.
func (d *doors) addressTarget(b *backend, vpc, text string) {
	b.ref = estate.Ref{Kind: "address", Account: b.balancer.Reference.Account, Region: b.balancer.Reference.Region, ID: text}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		b.blind, b.doubt = true, cmp.Or(b.doubt, fmt.Sprintf("%q is not an address", text))
		return
	}
	var own, others []*node
	for _, t := range d.having(addr) {
		if t.vpc == vpc {
			own = append(own, t)
		} else {
			others = append(others, t)
		}
	}
	if len(own) == 0 && d.vpc(b.balancer.Place(), vpc).read != nil && !d.vpc(b.balancer.Place(), vpc).cidrs.Contains(addr) {
		own = others // in another VPC: peers may not overlap, strangers may
	}
	if len(own) > 0 {
		b.ref, b.nodes = own[0].ref, own
		return
	}
	// What service keeps its interface to itself may have it, or a host in another network.
	b.address = addr
	b.blind, b.doubt = true, cmp.Or(b.doubt, fmt.Sprintf("no interface that was read has %s", addr))
	b.gaps = slices.Concat(b.gaps, d.unread(b.balancer.Place(), "ec2:DescribeNetworkInterfaces"))
}

// keepsClient says whether targets see the client's address rather than the load balancer's. Only network load balancers do
// that: by default to all but addresses by TCP or TLS, and for UDP whatever the attribute says.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html#client-ip-preservation
func keepsClient(lb *estate.LoadBalancer, g *estate.TargetGroup, protocol netset.Protocol) estate.Truth {
	if lb.Type != "network" {
		return estate.False
	}
	if protocol == netset.UDP || len(transports(g.Protocol)) > 1 {
		return estate.True
	}
	byDefault := g.Type != "ip"
	return g.Attributes.Holds(byDefault, func(m map[string]string) bool {
		if v, ok := m["preserve_client_ip.enabled"]; ok {
			return v == "true"
		}
		return byDefault
	})
}

// crosses says whether the nodes of a load balancer send to targets in other zones: application load balancers do, others
// where an attribute says so, and a target group may say otherwise.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
func crosses(lb *estate.LoadBalancer, g *estate.TargetGroup) estate.Truth {
	const key = "load_balancing.cross_zone.enabled"
	own := estate.True
	switch lb.Type {
	case "network", "gateway":
		own = lb.Attributes.Holds(false, func(m map[string]string) bool { return m[key] == "true" })
	case "classic":
		own = lb.Attributes.Holds(false, func(m map[string]string) bool { return m["CrossZoneLoadBalancing.Enabled"] == "true" })
	}
	if g == nil || g.Attributes.Absent() {
		return own
	}
	m, ok := g.Attributes.Value()
	switch {
	case !ok:
		return estate.Unknown
	case m[key] == "true":
		return estate.True
	case m[key] == "false":
		return estate.False
	}
	return own
}

// stand returns the nodes of a load balancer: its interfaces, and for each of its subnets in which none was read, what
// stands in for one.
func (d *doors) stand(lb *estate.LoadBalancer) []*node {
	open := len(lb.SecurityGroups) == 0 && (lb.Type == "network" || lb.Type == "gateway")
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#ip-address-type
	publicly := lb.Public && lb.AddressType != "dualstack-without-public-ipv4"
	var all []*node
	var seen []string
	for _, t := range d.described[elbDescription(lb)] {
		t.ref, t.open = lb.Reference, open
		if len(lb.SecurityGroups) > 0 {
			t.groups = lb.SecurityGroups
		}
		all = append(all, t)
		seen = append(seen, t.iface.Subnet)
	}
	for _, s := range lb.Subnets {
		if !slices.Contains(seen, s) {
			all = append(all, &node{ref: lb.Reference, Place: lb.Place(), vpc: lb.VPC, subnets: []string{s}, groups: lb.SecurityGroups, open: open, publicly: publicly, only4: lb.AddressType == "ipv4"})
		}
	}
	if len(all) == 0 {
		all = append(all, &node{ref: lb.Reference, Place: lb.Place(), vpc: lb.VPC, groups: lb.SecurityGroups, open: open, publicly: publicly, only4: lb.AddressType == "ipv4"})
	}
	return all
}

// elbDescription is where interfaces say which load balancer they belong to: "ELB app/shop/0123", and of a classic one
// "ELB shop".
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
func elbDescription(lb *estate.LoadBalancer) describedAs {
	name := lb.Reference.ID
	if lb.Type != "classic" {
		name = afterLast(lb.Reference.ARN, "loadbalancer/")
	}
	return describedAs{lb.Place(), "ELB " + name}
}

// zoneHop says whether a node of a load balancer sends to a target, as far as their zones decide it. A zone in which the
// load balancer is not enabled gets nothing, whatever the attributes say.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html
func (d *doors) zoneHop(b *backend, from, to *node) (Hop, bool) {
	if to == nil || b.zone == "all" || to.vpc != "" && to.vpc != b.balancer.VPC {
		return Hop{}, false
	}
	hop := Hop{At: b.balancer.Reference}
	zone := d.zone(to)
	if zone == "" {
		zone = b.zone
	}
	enabled, unsure := false, len(d.stands[b.balancer]) == 0
	for _, s := range d.stands[b.balancer] {
		z := d.zone(s)
		enabled, unsure = enabled || z == zone, unsure || z == ""
	}
	if own := d.zone(from); zone != "" && own == zone {
		return hop, false
	}
	switch {
	case zone == "", !enabled && unsure && !slices.Contains(b.balancer.Zones, zone):
		hop.Text = fmt.Sprintf("in which zone %s stands was not read", called(to.ref))
		return hop, true
	case !enabled && !unsure:
		hop.Passes, hop.Text = estate.False, fmt.Sprintf("%s is not enabled in %s, where %s stands", called(b.balancer.Reference), zone, called(to.ref))
		return hop, true
	case b.crosses == estate.True:
		return hop, false
	case d.zone(from) == "":
		hop.Text = fmt.Sprintf("in which zone a node of %s stands was not read", called(b.balancer.Reference))
		return hop, true
	case b.crosses == estate.Unknown:
		hop.Text = fmt.Sprintf("whether %s sends to other zones was not read", called(b.balancer.Reference))
		if gap, ok := b.balancer.Attributes.Unread(); ok {
			hop.Gaps = append(hop.Gaps, gap)
		}
		if b.group != nil {
			if gap, ok := b.group.Attributes.Unread(); ok {
				hop.Gaps = append(hop.Gaps, gap)
			}
		}
		return hop, true
	}
	hop.Passes, hop.Text = estate.False, fmt.Sprintf("its node in %s does not send to other zones, and %s is in %s", d.zone(from), called(to.ref), zone)
	return hop, true
}

// listensAt asks the listeners of the load balancer that a node belongs to, if it does: without one for the port nothing
// answers. Gateway load balancers have none of that kind.
func (w *walk) listensAt(t *trail, x *node) {
	if w.n.doors == nil {
		return
	}
	lb := w.n.doors.byRef[x.ref.Key()]
	if lb == nil || lb.Type == "gateway" {
		return
	}
	h := Hop{At: lb.Reference}
	listeners, _ := lb.Listeners.Value()
	gap, unread := lb.Listeners.Unread()
	var ports netset.Ports
	for _, l := range listeners {
		if port, ok := portOf(l.Port); ok && slices.Contains(transports(l.Protocol), w.protocol) {
			ports = ports.Union(onePort(port))
		}
	}
	t.pass(h, func(b beam) verdict {
		if unread {
			return verdict{maybe: []beam{b}, gaps: []estate.Gap{gap}}
		}
		hit := b
		hit.to = b.to.Intersect(ports)
		if hit.to.Empty() {
			return verdict{rule: func() string { return "no listener on " + flowText(w.protocol, b.to) }}
		}
		return verdict{yes: []beam{hit}, rule: func() string { return "listens on " + flowText(w.protocol, hit.to) }}
	})
}

// listenerCuts are the ports on which a load balancer listens, of a node that belongs to one.
func (n *Network) listenerCuts(x *node) netset.Ports {
	var ports netset.Ports
	if n.doors == nil {
		return ports
	}
	if lb := n.doors.byRef[x.ref.Key()]; lb != nil {
		listeners, _ := lb.Listeners.Value()
		for _, l := range listeners {
			if port, ok := portOf(l.Port); ok {
				ports = ports.Union(onePort(port))
			}
		}
	}
	return ports
}

func portOf(n int) (uint16, bool) { return uint16(n), n >= 1 && n <= 65535 }

func afterLast(s, sep string) string {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[i+len(sep):]
	}
	return s
}

func distinctGaps(gaps []estate.Gap) []estate.Gap {
	var all []estate.Gap
	for _, g := range gaps {
		if !slices.Contains(all, g) {
			all = append(all, g)
		}
	}
	return all
}
