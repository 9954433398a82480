package reach

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

const (
	acct  = "111111111111"
	reg   = "us-east-1"
	elbV2 = "arn:aws:elasticloadbalancing:us-east-1:111111111111:"
)

var here = estate.Place{Account: acct, Region: reg}

// town is a small estate: one VPC with an internet gateway, a public subnet in each of two zones, and a private one in the
// first, behind ACLs that let everything pass. All listings were read, but those that a test withdraws.
type town struct {
	*estate.Estate
	unread map[operation.ID]bool
}

func newTown() *town {
	w := &town{Estate: &estate.Estate{}, unread: map[operation.ID]bool{}}
	w.Accounts = []*estate.Account{{ID: acct, Regions: estate.Know([]string{reg}), Seen: []string{reg}}}
	w.VPCs = []*estate.VPC{{Resource: named("vpc", "vpc-1"), CIDRs: netPrefixes("10.0.0.0/16")}}
	w.Subnets = []*estate.Subnet{
		{Resource: named("subnet", "subnet-a"), VPC: "vpc-1", Zone: "us-east-1a", CIDRs: netPrefixes("10.0.1.0/24")},
		{Resource: named("subnet", "subnet-b"), VPC: "vpc-1", Zone: "us-east-1b", CIDRs: netPrefixes("10.0.2.0/24")},
		{Resource: named("subnet", "subnet-p"), VPC: "vpc-1", Zone: "us-east-1a", CIDRs: netPrefixes("10.0.11.0/24")},
		{Resource: named("subnet", "subnet-q"), VPC: "vpc-1", Zone: "us-east-1c", CIDRs: netPrefixes("10.0.12.0/24")},
	}
	w.InternetGateways = []*estate.InternetGateway{{Resource: named("internet-gateway", "igw-1"), VPC: "vpc-1"}}
	local := estate.Route{CIDR: netip.MustParsePrefix("10.0.0.0/16"), Target: "local", Active: true}
	w.RouteTables = []*estate.RouteTable{
		{Resource: named("route-table", "rtb-main"), VPC: "vpc-1", Main: true, Routes: []estate.Route{local}},
		{Resource: named("route-table", "rtb-public"), VPC: "vpc-1", Subnets: []string{"subnet-a", "subnet-b"}, Routes: []estate.Route{local,
			{CIDR: netip.MustParsePrefix("0.0.0.0/0"), Target: "igw-1", Active: true}}},
	}
	w.NetworkACLs = []*estate.NetworkACL{{Resource: named("network-acl", "acl-1"), VPC: "vpc-1", Subnets: []string{"subnet-a", "subnet-b", "subnet-p", "subnet-q"},
		Entries: []estate.NetworkACLEntry{
			{Number: 100, Allow: true, Traffic: netset.AllTraffic(), CIDR: netip.MustParsePrefix("0.0.0.0/0")},
			{Number: 100, Allow: true, Egress: true, Traffic: netset.AllTraffic(), CIDR: netip.MustParsePrefix("0.0.0.0/0")}}}}
	return w
}

func named(kind, id string) estate.Resource {
	return estate.Resource{Reference: estate.Ref{Kind: kind, Account: acct, Region: reg, ID: id}}
}

func netPrefixes(list ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, s := range list {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}

// group adds a security group that lets everything out. A rule is "tcp 443 0.0.0.0/0" for incoming, or "out tcp 443 sg-app".
func (w *town) group(id string, rules ...string) {
	g := &estate.SecurityGroup{Resource: named("security-group", id), VPC: "vpc-1"}
	if !slices.ContainsFunc(rules, func(r string) bool { return strings.HasPrefix(r, "out ") }) {
		rules = append(rules, "out all 0 0.0.0.0/0")
	}
	for i, text := range rules {
		text, egress := strings.CutPrefix(text, "out ")
		f := strings.Fields(text)
		port, _ := strconv.Atoi(f[1])
		protocol := map[string]netset.Protocol{"tcp": netset.TCP, "udp": netset.UDP}[f[0]]
		r := &estate.SecurityGroupRule{ID: fmt.Sprintf("sgr-%s-%d", id, i), Egress: egress, Protocol: f[0], Traffic: netset.TrafficOf(protocol, onePort(uint16(port))), Peer: f[2]}
		if f[0] == "all" {
			r.Protocol, r.Traffic = "-1", netset.AllTraffic()
		}
		switch {
		case strings.HasPrefix(f[2], "sg-"):
			r.Addresses = estate.None[netset.Addresses]()
		case strings.HasPrefix(f[2], "pl-"):
			i := slices.IndexFunc(w.PrefixLists, func(l *estate.PrefixList) bool { return l.Reference.ID == f[2] })
			r.Addresses = w.PrefixLists[i].Addresses()
		default:
			r.Addresses = estate.Know(netset.Of(netip.MustParsePrefix(f[2])))
		}
		g.Rules = append(g.Rules, r)
	}
	w.SecurityGroups = append(w.SecurityGroups, g)
}

func (w *town) acl(id, subnet string, entries ...estate.NetworkACLEntry) {
	for _, a := range w.NetworkACLs {
		a.Subnets = slices.DeleteFunc(a.Subnets, func(s string) bool { return s == subnet })
	}
	w.NetworkACLs = append(w.NetworkACLs, &estate.NetworkACL{Resource: named("network-acl", id), VPC: "vpc-1", Subnets: []string{subnet}, Entries: entries})
}

func (w *town) host(id, subnet, addr string, groups ...string) *estate.Instance {
	i := &estate.Instance{Resource: named("instance", id), State: "running", SecurityGroups: groups, Interfaces: []string{"eni-" + id}, VPC: "vpc-1", Subnet: subnet}
	w.Instances = append(w.Instances, i)
	w.NetworkInterfaces = append(w.NetworkInterfaces, &estate.NetworkInterface{Resource: named("network-interface", "eni-"+id), VPC: "vpc-1", Subnet: subnet, Type: "interface",
		Status: "in-use", Private: []netip.Addr{netip.MustParseAddr(addr)}, SecurityGroups: groups, Instance: id, SourceDest: true})
	return i
}

// balancer adds a load balancer with an interface in each of some subnets, a target group for each of "80>tg:8080", and a
// listener that forwards to it by default.
func (w *town) balancer(kind, name string, public bool, groups, subnets []string, listeners ...*estate.Listener) *estate.LoadBalancer {
	short := map[string]string{"application": "app", "network": "net"}[kind]
	arn := elbV2 + "loadbalancer/" + short + "/" + name + "/1"
	lb := &estate.LoadBalancer{Resource: named("load-balancer", name), Type: kind, Public: public, DNSName: name + ".elb.amazonaws.com", VPC: "vpc-1", Subnets: subnets,
		SecurityGroups: groups, Listeners: estate.Know(listeners), Attributes: estate.Know(map[string]string{})}
	lb.Reference.ARN, lb.Reference.Name = arn, name
	description := "ELB " + short + "/" + name + "/1"
	if kind == "classic" {
		lb.Reference.Kind, lb.Reference.ARN, description = "classic-load-balancer", "", "ELB "+name
	}
	for i, s := range subnets {
		x := &estate.NetworkInterface{Resource: named("network-interface", fmt.Sprintf("eni-%s-%d", name, i)), VPC: "vpc-1", Subnet: s, Type: "interface", Status: "in-use",
			Requester: "amazon-elb", Description: description, SecurityGroups: groups, SourceDest: true}
		for _, sub := range w.Subnets {
			if sub.Reference.ID == s {
				lb.Zones = append(lb.Zones, sub.Zone)
				x.Private = []netip.Addr{sub.CIDRs[0].Addr().Next().Next().Next().Next()}
				for range len(w.LoadBalancers) {
					x.Private[0] = x.Private[0].Next()
				}
			}
		}
		if public {
			x.Public = netip.AddrFrom4([4]byte{52, 0, byte(len(w.LoadBalancers)), byte(i + 1)})
		}
		if kind == "network" {
			x.Type = "network_load_balancer"
		}
		w.NetworkInterfaces = append(w.NetworkInterfaces, x)
	}
	w.LoadBalancers = append(w.LoadBalancers, lb)
	return lb
}

func listen(protocol string, port int, groups ...string) *estate.Listener {
	l := &estate.Listener{ARN: fmt.Sprintf("listener/%d", port), Port: port, Protocol: protocol, Rules: estate.None[[]*estate.ListenerRule]()}
	if len(groups) > 0 {
		l.Default = []estate.ListenerAction{forwardTo(groups...)}
	} else {
		l.Default = []estate.ListenerAction{{Type: "fixed-response"}}
	}
	return l
}

func forwardTo(groups ...string) estate.ListenerAction {
	a := estate.ListenerAction{Type: "forward"}
	for _, g := range groups {
		a.TargetGroups = append(a.TargetGroups, elbV2+"targetgroup/"+g)
	}
	return a
}

func (w *town) targets(name, kind, protocol string, targets ...estate.Target) *estate.TargetGroup {
	g := &estate.TargetGroup{Resource: named("target-group", name), Type: kind, Protocol: protocol, VPC: "vpc-1", Targets: estate.Know(targets), Attributes: estate.Know(map[string]string{})}
	g.Reference.ARN, g.Reference.Name = elbV2+"targetgroup/"+name, name
	for _, lb := range w.LoadBalancers {
		g.LoadBalancers = append(g.LoadBalancers, lb.Reference.ARN)
	}
	w.TargetGroups = append(w.TargetGroups, g)
	return g
}

func (w *town) network() *Network {
	when := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, p := range []estate.Place{here, {Account: acct, Region: estate.Global}} {
		for _, o := range operation.All() {
			if !w.unread[o.ID] {
				w.Note(estate.Reading{Place: p, Operation: o.ID, Time: when, Outcome: operation.OK})
			}
		}
		for _, id := range doorNeeds {
			if !w.unread[id] {
				w.Note(estate.Reading{Place: p, Operation: id, Time: when, Outcome: operation.OK})
			}
		}
	}
	sortByKey(w.VPCs, w.Subnets, w.RouteTables)
	slices.SortFunc(w.NetworkInterfaces, byRef)
	slices.SortFunc(w.Instances, byRef)
	slices.SortFunc(w.SecurityGroups, byRef)
	slices.SortFunc(w.NetworkACLs, byRef)
	slices.SortFunc(w.LoadBalancers, byRef)
	slices.SortFunc(w.TargetGroups, byRef)
	return Of(w.Estate)
}

func byRef[R estate.Subject](a, b R) int { return strings.Compare(a.Ref().Key(), b.Ref().Key()) }

func sortByKey(vpcs []*estate.VPC, subnets []*estate.Subnet, tables []*estate.RouteTable) {
	slices.SortFunc(vpcs, byRef)
	slices.SortFunc(subnets, byRef)
	slices.SortFunc(tables, byRef)
}

// flowsTo returns the flows through doors to what is called so, as "way protocol ports arrives session".
func flowsTo(n *Network, id string) []string {
	var all []string
	for _, f := range n.doorFlows() {
		if f.To.Ref.ID == id {
			all = append(all, fmt.Sprintf("%s %s %s %s %s", f.Way, f.Protocol, f.Ports, yes(f.Arrives), yes(f.Session)))
		}
	}
	return all
}

func yes(t estate.Truth) string { return map[estate.Truth]string{-1: "no", 0: "unknown", 1: "yes"}[t] }

func want(t *testing.T, n *Network, id string, flows ...string) {
	t.Helper()
	if got := flowsTo(n, id); !slices.Equal(got, flows) {
		t.Errorf("flows to %s: got %q, want %q", id, got, flows)
		for _, f := range n.doorFlows() {
			if f.To.Ref.ID == id {
				t.Logf("%s: %s", f.Way, f.Reason)
				for _, h := range f.Path {
					t.Logf("  %s %s %s: %s", yes(h.Passes), h.At.Kind, h.At.ID, h.Text)
				}
			}
		}
	}
}

// shop is a public application load balancer before a host in a private subnet.
func shop() *town {
	w := newTown()
	w.group("sg-lb", "tcp 443 0.0.0.0/0")
	w.group("sg-app", "tcp 8080 sg-lb")
	w.host("i-app", "subnet-p", "10.0.11.10", "sg-app")
	w.balancer("application", "shop", true, []string{"sg-lb"}, []string{"subnet-a", "subnet-b"}, listen("HTTPS", 443, "app"))
	w.targets("app", "instance", "HTTP", estate.Target{ID: "i-app", Port: 8080, Health: "healthy"})
	return w
}

func TestPrivateHostIsReachedThroughPublicLoadBalancer(t *testing.T) {
	t.Parallel()
	n := shop().network()
	want(t, n, "i-app", "load-balancer tcp 8080 yes yes")
	f := n.doorFlows()[0]
	if !f.Addresses.CoversInternet() {
		t.Errorf("addresses: got %s, want the Internet", f.Addresses)
	}
	if len(f.Through) != 1 || f.Through[0].ID != "shop" {
		t.Errorf("through: got %v, want shop", f.Through)
	}
	var kinds []string
	for _, h := range f.Path {
		kinds = append(kinds, h.At.Kind)
	}
	for _, kind := range []string{"listener", "target-group", "security-group"} {
		if !slices.Contains(kinds, kind) {
			t.Errorf("path: got %q, want a %s in it", kinds, kind)
		}
	}
}

func TestInternalLoadBalancerIsNoDoorFromTheInternet(t *testing.T) {
	t.Parallel()
	w := shop()
	w.LoadBalancers[0].Public = false
	for _, x := range w.NetworkInterfaces {
		x.Public = netip.Addr{}
	}
	want(t, w.network(), "i-app")
}

func TestTargetWhoseGroupDoesNotAdmitTheLoadBalancerIsNotReached(t *testing.T) {
	t.Parallel()
	w := shop()
	w.SecurityGroups[1].Rules = w.SecurityGroups[1].Rules[1:]
	want(t, w.network(), "i-app")
}

func TestLoadBalancerWhoseGroupAdmitsAFewLetsAFewThrough(t *testing.T) {
	t.Parallel()
	w := shop()
	w.SecurityGroups[0].Rules[0].Addresses = estate.Know(netset.Of(netPrefixes("198.0.0.0/24")...))
	n := w.network()
	want(t, n, "i-app", "load-balancer tcp 8080 yes yes")
	if f := n.doorFlows()[0]; f.Addresses.CoversInternet() || f.Addresses.String() != "198.0.0.0/24" {
		t.Errorf("addresses: got %s, want 198.0.0.0/24", f.Addresses)
	}
}

func TestLoadBalancerWithoutInterfacesStandsInItsSubnets(t *testing.T) {
	t.Parallel()
	w := shop()
	w.NetworkInterfaces = slices.DeleteFunc(w.NetworkInterfaces, func(x *estate.NetworkInterface) bool { return x.Requester == "amazon-elb" })
	want(t, w.network(), "i-app", "load-balancer tcp 8080 yes yes")
}

func TestRedirectsAndFixedResponsesForwardNothing(t *testing.T) {
	t.Parallel()
	w := shop()
	w.LoadBalancers[0].Listeners = estate.Know([]*estate.Listener{{Port: 443, Protocol: "HTTPS", Default: []estate.ListenerAction{{Type: "redirect"}},
		Rules: estate.Know([]*estate.ListenerRule{{Priority: 1, Actions: []estate.ListenerAction{{Type: "fixed-response"}}}})}})
	want(t, w.network(), "i-app")
}

func TestRuleWithConditionsForwardsSomeRequests(t *testing.T) {
	t.Parallel()
	w := shop()
	l := listen("HTTPS", 443)
	l.Rules = estate.Know([]*estate.ListenerRule{{Priority: 5, Conditions: map[string][]string{"path-pattern": {"/admin/*"}}, Actions: []estate.ListenerAction{forwardTo("app")}}})
	w.LoadBalancers[0].Listeners = estate.Know([]*estate.Listener{l})
	want(t, w.network(), "i-app", "load-balancer tcp 8080 yes yes")
}

func TestSourceConditionNarrowsTheAddresses(t *testing.T) {
	t.Parallel()
	w := shop()
	sources := netset.Of(netPrefixes("198.0.0.0/24")...)
	l := listen("HTTPS", 443)
	l.Rules = estate.Know([]*estate.ListenerRule{{Priority: 5, Sources: &sources, Actions: []estate.ListenerAction{forwardTo("app")}}})
	w.LoadBalancers[0].Listeners = estate.Know([]*estate.Listener{l})
	n := w.network()
	want(t, n, "i-app", "load-balancer tcp 8080 yes yes")
	if got := n.doorFlows()[0].Addresses.String(); got != "198.0.0.0/24" {
		t.Errorf("addresses: got %s, want 198.0.0.0/24", got)
	}
}

func TestRuleThatTakesAllRequestsOfSomeAddressesKeepsThemFromTheDefault(t *testing.T) {
	t.Parallel()
	w := shop()
	blocked := netset.Of(netPrefixes("0.0.0.0/1", "::/0")...)
	l := listen("HTTPS", 443, "app")
	l.Rules = estate.Know([]*estate.ListenerRule{{Priority: 5, Sources: &blocked, Conditions: map[string][]string{"source-ip": {"0.0.0.0/1"}}, Actions: []estate.ListenerAction{{Type: "fixed-response"}}}})
	w.LoadBalancers[0].Listeners = estate.Know([]*estate.Listener{l})
	n := w.network()
	want(t, n, "i-app", "load-balancer tcp 8080 yes yes")
	if n.doorFlows()[0].Addresses.Contains(netip.MustParseAddr("8.8.8.8")) {
		t.Error("8.8.8.8 gets to the default, past the rule that answers it")
	}
}

func TestRuleThatMatchesEverythingHidesTheDefault(t *testing.T) {
	t.Parallel()
	w := shop()
	l := listen("HTTPS", 443, "app")
	l.Rules = estate.Know([]*estate.ListenerRule{{Priority: 1, Always: true, Actions: []estate.ListenerAction{{Type: "fixed-response"}}}})
	w.LoadBalancers[0].Listeners = estate.Know([]*estate.Listener{l})
	want(t, w.network(), "i-app")
}

func TestUnreadRulesMakeWhatTheDefaultForwardsUnknown(t *testing.T) {
	t.Parallel()
	w := shop()
	l := listen("HTTPS", 443, "app")
	l.Rules = estate.Unread[[]*estate.ListenerRule](estate.Gap{Place: here, Operation: "elbv2:DescribeRules", Outcome: operation.Denied})
	w.LoadBalancers[0].Listeners = estate.Know([]*estate.Listener{l})
	want(t, w.network(), "i-app", "load-balancer tcp 8080 unknown unknown")
}

func TestUnreadListenersMakeTheTargetsUnknown(t *testing.T) {
	t.Parallel()
	w := shop()
	w.LoadBalancers[0].Listeners = estate.Unread[[]*estate.Listener](estate.Gap{Place: here, Operation: "elbv2:DescribeListeners", Outcome: operation.Denied})
	want(t, w.network(), "i-app", "load-balancer tcp 8080 unknown unknown")
}

func TestUnreadTargetsMayBeAnyHostThatAdmitsTheLoadBalancer(t *testing.T) {
	t.Parallel()
	w := shop()
	w.group("sg-other", "tcp 8080 10.9.0.0/16")
	w.host("i-other", "subnet-p", "10.0.11.11", "sg-other")
	w.TargetGroups[0].Targets = estate.Unread[[]estate.Target](estate.Gap{Place: here, Operation: "elbv2:DescribeTargetHealth", Outcome: operation.Denied})
	n := w.network()
	want(t, n, "i-app", "load-balancer tcp 8080 unknown unknown")
	want(t, n, "i-other")
}

func TestUnreadLoadBalancersMayLeadToWhatAdmitsTheirInterfaces(t *testing.T) {
	t.Parallel()
	w := shop()
	w.LoadBalancers, w.TargetGroups = nil, nil
	w.unread["elbv2:DescribeLoadBalancers"] = true
	want(t, w.network(), "i-app", "load-balancer tcp 8080 unknown unknown")
}

func TestUnhealthyTargetIsReached(t *testing.T) {
	t.Parallel()
	w := shop()
	w.TargetGroups[0].Targets = estate.Know([]estate.Target{{ID: "i-app", Port: 8080, Health: "unhealthy"}})
	want(t, w.network(), "i-app", "load-balancer tcp 8080 yes yes")
}

func TestTargetThatIsTakenOutIsNotReached(t *testing.T) {
	t.Parallel()
	w := shop()
	w.TargetGroups[0].Targets = estate.Know([]estate.Target{{ID: "i-app", Port: 8080, Health: "draining"}})
	want(t, w.network(), "i-app")
}

func TestStoppedTargetIsNotReached(t *testing.T) {
	t.Parallel()
	w := shop()
	w.Instances[0].State = "stopped"
	want(t, w.network(), "i-app")
}

func TestAddressTargetIsTheInterfaceThatHasIt(t *testing.T) {
	t.Parallel()
	w := shop()
	w.TargetGroups[0].Type = "ip"
	w.TargetGroups[0].Targets = estate.Know([]estate.Target{{ID: "10.0.11.10", Port: 8080}})
	want(t, w.network(), "i-app", "load-balancer tcp 8080 yes yes")
}

func TestAddressTargetInADelegatedPrefixIsTheInterfaceThatHasIt(t *testing.T) {
	t.Parallel()
	w := shop()
	w.NetworkInterfaces[0].Prefixes = netPrefixes("10.0.11.64/28")
	w.TargetGroups[0].Type = "ip"
	w.TargetGroups[0].Targets = estate.Know([]estate.Target{{ID: "10.0.11.70", Port: 8080}})
	want(t, w.network(), "i-app", "load-balancer tcp 8080 yes yes")
}

func TestAddressTargetThatNobodyHasIsNoneOfThoseWhoseAddressesWereRead(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"10.0.11.250", "192.168.7.7"} {
		w := shop()
		w.TargetGroups[0].Type = "ip"
		w.TargetGroups[0].Targets = estate.Know([]estate.Target{{ID: addr, Port: 8080}})
		n := w.network()
		want(t, n, "i-app")
		backends, _ := n.Backends(w.LoadBalancers[0])
		if len(backends) != 1 || backends[0].Target.Kind != "address" || backends[0].Target.ID != addr {
			t.Errorf("backends of %s: got %v, want the address", addr, backends)
		}
	}
}

func TestAddressTargetThatNobodyHasMayBeADatabaseInItsSubnet(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]estate.Truth{"10.0.11.250": estate.Unknown, "10.0.12.250": estate.False} {
		w := shop()
		w.group("sg-db", "tcp 5432 sg-lb")
		w.DBInstances = []*estate.DBInstance{{Resource: named("db-instance", "orders"), VPC: "vpc-1", Subnets: []string{"subnet-p"}, SecurityGroups: []string{"sg-db"}}}
		w.TargetGroups[0].Type = "ip"
		w.TargetGroups[0].Targets = estate.Know([]estate.Target{{ID: addr, Port: 5432}})
		a := w.network().Ask(Question{From: End{Internet: true}, To: End{Refs: []estate.Ref{w.DBInstances[0].Reference}}, Protocol: netset.TCP, Port: 5432})
		if a.Arrives != want {
			t.Errorf("%s: got %s, want %s", addr, yes(a.Arrives), yes(want))
		}
	}
}

func TestLoadBalancerWithoutPublicIPv4HasNone(t *testing.T) {
	t.Parallel()
	w := shop()
	w.NetworkInterfaces = slices.DeleteFunc(w.NetworkInterfaces, func(x *estate.NetworkInterface) bool { return x.Requester != "" })
	w.LoadBalancers[0].AddressType = "dualstack-without-public-ipv4"
	want(t, w.network(), "i-app")
}

func TestFunctionTargetIsReached(t *testing.T) {
	t.Parallel()
	w := shop()
	f := &estate.Function{Resource: named("function", "cart"), URL: estate.None[estate.FunctionURL](), Policy: estate.None[*policy.Document]()}
	f.Reference.ARN = "arn:aws:lambda:us-east-1:111111111111:function:cart"
	w.Functions = []*estate.Function{f}
	w.TargetGroups[0].Type = "lambda"
	w.TargetGroups[0].Targets = estate.Know([]estate.Target{{ID: f.Reference.ARN + ":live"}})
	want(t, w.network(), "cart", "load-balancer tcp 443 yes yes")
}

func TestTargetInAZoneThatIsNotEnabledIsNotReached(t *testing.T) {
	t.Parallel()
	w := shop()
	w.host("i-far", "subnet-q", "10.0.12.10", "sg-app")
	w.TargetGroups[0].Targets = estate.Know([]estate.Target{{ID: "i-far", Port: 8080}})
	want(t, w.network(), "i-far")
}

func TestClassicLoadBalancerSendsToInstancePort(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.group("sg-lb", "tcp 80 0.0.0.0/0")
	w.group("sg-app", "tcp 8080 sg-lb")
	w.host("i-app", "subnet-p", "10.0.11.10", "sg-app")
	w.balancer("classic", "old", true, []string{"sg-lb"}, []string{"subnet-a"}, &estate.Listener{Port: 80, Protocol: "HTTP", InstancePort: 8080}).Instances = []string{"i-app"}
	want(t, w.network(), "i-app", "load-balancer tcp 8080 yes yes")
}

func TestClassicLoadBalancerObeysTheACLOfItsSubnetWithinIt(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.group("sg-lb", "tcp 80 0.0.0.0/0")
	w.group("sg-app", "tcp 8080 sg-lb")
	w.host("i-app", "subnet-a", "10.0.1.10", "sg-app")
	w.balancer("classic", "old", true, []string{"sg-lb"}, []string{"subnet-a"}, &estate.Listener{Port: 80, Protocol: "HTTP", InstancePort: 8080}).Instances = []string{"i-app"}
	everything := netip.MustParsePrefix("0.0.0.0/0")
	w.acl("acl-strict", "subnet-a",
		estate.NetworkACLEntry{Number: 10, Traffic: netset.TrafficOf(netset.TCP, onePort(8080)), CIDR: everything},
		estate.NetworkACLEntry{Number: 100, Allow: true, Traffic: netset.AllTraffic(), CIDR: everything},
		estate.NetworkACLEntry{Number: 100, Allow: true, Egress: true, Traffic: netset.AllTraffic(), CIDR: everything})
	want(t, w.network(), "i-app")
}

// relay is a public network load balancer without groups before a host in a private subnet.
func relay(rule string) *town {
	w := newTown()
	w.group("sg-app", rule)
	w.host("i-app", "subnet-p", "10.0.11.10", "sg-app")
	w.balancer("network", "relay", true, nil, []string{"subnet-a"}, listen("TCP", 443, "app"))
	w.targets("app", "instance", "TCP", estate.Target{ID: "i-app", Port: 8443})
	return w
}

func TestNetworkLoadBalancerKeepsTheClientsAddressForInstances(t *testing.T) {
	t.Parallel()
	want(t, relay("tcp 8443 10.0.0.0/16").network(), "i-app")
	n := relay("tcp 8443 198.0.0.0/24").network()
	want(t, n, "i-app", "load-balancer tcp 8443 yes yes")
	if got := n.doorFlows()[0].Addresses.String(); got != "198.0.0.0/24" {
		t.Errorf("addresses: got %s, want those that the target's group admits", got)
	}
}

func TestNetworkLoadBalancerDoesNotKeepTheClientsAddressForAddresses(t *testing.T) {
	t.Parallel()
	w := relay("tcp 8443 10.0.0.0/16")
	w.TargetGroups[0].Type = "ip"
	w.TargetGroups[0].Targets = estate.Know([]estate.Target{{ID: "10.0.11.10", Port: 8443}})
	n := w.network()
	want(t, n, "i-app", "load-balancer tcp 8443 yes yes")
	if !n.doorFlows()[0].Addresses.CoversInternet() {
		t.Errorf("addresses: got %s, want the Internet", n.doorFlows()[0].Addresses)
	}
}

func TestNetworkLoadBalancerKeepsTheClientsAddressWhereTheAttributeSays(t *testing.T) {
	t.Parallel()
	w := relay("tcp 8443 10.0.0.0/16")
	w.TargetGroups[0].Attributes = estate.Know(map[string]string{"preserve_client_ip.enabled": "false"})
	want(t, w.network(), "i-app", "load-balancer tcp 8443 yes yes")
}

func TestNetworkLoadBalancerKeepsTheClientsAddressForUDPWhateverTheAttributeSays(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.group("sg-app", "udp 53 10.0.0.0/16")
	w.host("i-app", "subnet-p", "10.0.11.10", "sg-app")
	w.balancer("network", "relay", true, nil, []string{"subnet-a"}, listen("UDP", 53, "app"))
	w.targets("app", "ip", "UDP", estate.Target{ID: "10.0.11.10", Port: 53}).Attributes = estate.Know(map[string]string{"preserve_client_ip.enabled": "false"})
	want(t, w.network(), "i-app")
}

func TestUnreadAttributesLeaveUnknownWhetherTheClientsAddressIsKept(t *testing.T) {
	t.Parallel()
	gap := estate.Gap{Place: here, Operation: "elbv2:DescribeTargetGroupAttributes", Outcome: operation.Denied}
	w := relay("tcp 8443 10.0.0.0/16")
	w.TargetGroups[0].Attributes = estate.Unread[map[string]string](gap)
	w.LoadBalancers[0].Attributes = estate.Know(map[string]string{"load_balancing.cross_zone.enabled": "true"})
	want(t, w.network(), "i-app", "load-balancer tcp 8443 unknown unknown")
	w = relay("tcp 8443 0.0.0.0/0")
	w.TargetGroups[0].Attributes = estate.Unread[map[string]string](gap)
	want(t, w.network(), "i-app", "load-balancer tcp 8443 yes yes")
}

func TestReferenceToTheNetworkLoadBalancersGroupMatchesKeptAddresses(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.group("sg-nlb", "tcp 443 0.0.0.0/0")
	w.group("sg-app", "tcp 8443 sg-nlb")
	w.host("i-app", "subnet-p", "10.0.11.10", "sg-app")
	w.balancer("network", "relay", true, []string{"sg-nlb"}, []string{"subnet-a"}, listen("TCP", 443, "app"))
	w.targets("app", "instance", "TCP", estate.Target{ID: "i-app", Port: 8443})
	n := w.network()
	want(t, n, "i-app", "load-balancer tcp 8443 yes yes")
	if !n.doorFlows()[0].Addresses.CoversInternet() {
		t.Errorf("addresses: got %s, want the Internet", n.doorFlows()[0].Addresses)
	}
}

func TestNetworkLoadBalancerDoesNotCrossZones(t *testing.T) {
	t.Parallel()
	far := func() *town {
		w := relay("tcp 8443 0.0.0.0/0")
		w.Subnets[2].Zone = "us-east-1b" // of subnet-p
		w.LoadBalancers[0].Subnets = []string{"subnet-a", "subnet-b"}
		for _, x := range w.NetworkInterfaces {
			if x.Subnet == "subnet-a" {
				x.SecurityGroups = nil
			}
		}
		return w
	}
	// The node in subnet-b, in the target's zone, has no way from the Internet; the one in subnet-a does not cross.
	closed := func(w *town) *town {
		w.RouteTables[1].Subnets = []string{"subnet-a"}
		w.acl("acl-closed", "subnet-b")
		return w
	}
	want(t, closed(far()).network(), "i-app")
	w := closed(far())
	w.LoadBalancers[0].Attributes = estate.Know(map[string]string{"load_balancing.cross_zone.enabled": "true"})
	want(t, w.network(), "i-app", "load-balancer tcp 8443 yes yes")
	w = closed(far())
	w.TargetGroups[0].Attributes = estate.Know(map[string]string{"load_balancing.cross_zone.enabled": "true"})
	want(t, w.network(), "i-app", "load-balancer tcp 8443 yes yes")
	w = closed(far())
	w.LoadBalancers[0].Attributes = estate.Unread[map[string]string](estate.Gap{Place: here, Operation: "elbv2:DescribeLoadBalancerAttributes"})
	want(t, w.network(), "i-app", "load-balancer tcp 8443 unknown unknown")
}

func TestNetworkLoadBalancerLeadsThroughAnApplicationLoadBalancer(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.group("sg-alb", "tcp 80 0.0.0.0/0")
	w.group("sg-app", "tcp 8080 sg-alb")
	w.host("i-app", "subnet-p", "10.0.11.10", "sg-app")
	inner := w.balancer("application", "inner", false, []string{"sg-alb"}, []string{"subnet-a"}, listen("HTTP", 80, "app"))
	w.targets("app", "instance", "HTTP", estate.Target{ID: "i-app", Port: 8080})
	w.balancer("network", "outer", true, nil, []string{"subnet-a"}, listen("TCP", 443, "nested"))
	w.targets("nested", "alb", "TCP", estate.Target{ID: inner.Reference.ARN, Port: 80})
	n := w.network()
	want(t, n, "i-app", "load-balancer tcp 8080 yes yes")
	want(t, n, "inner", "load-balancer tcp 80 yes yes")
}

func TestPortWithoutListenerStopsAtTheLoadBalancer(t *testing.T) {
	t.Parallel()
	w := shop()
	w.SecurityGroups[0].Rules[0].Traffic = netset.AllTraffic()
	n := w.network()
	for port, arrives := range map[uint16]estate.Truth{443: estate.True, 22: estate.False} {
		a := n.Ask(Question{From: End{Internet: true}, To: End{Refs: []estate.Ref{w.LoadBalancers[0].Reference}}, Protocol: netset.TCP, Port: port})
		if a.Arrives != arrives {
			t.Errorf("port %d: got %s, want %s: %s", port, yes(a.Arrives), yes(arrives), a.Reason)
		}
		if port == 22 && !strings.Contains(a.Reason, "no listener on tcp 22") {
			t.Errorf("reason: got %q, want the missing listener", a.Reason)
		}
	}
	for _, f := range n.Internet() {
		if f.To.Ref.ID == "shop" && f.Ports.String() != "443" {
			t.Errorf("flow to the load balancer: got ports %s, want 443", f.Ports)
		}
	}
}

func TestHostReachesTargetThroughInternalLoadBalancer(t *testing.T) {
	t.Parallel()
	w := shop()
	w.LoadBalancers[0].Public = false
	w.group("sg-web")
	w.host("i-web", "subnet-p", "10.0.11.20", "sg-web")
	w.SecurityGroups[0].Rules[0] = &estate.SecurityGroupRule{Protocol: "tcp", Traffic: netset.TrafficOf(netset.TCP, onePort(443)), Peer: "sg-web", Addresses: estate.None[netset.Addresses]()}
	n := w.network()
	from, to := n.interfaces[regional{reg, "eni-i-web"}], n.interfaces[regional{reg, "eni-i-app"}]
	got := n.throughDoors(from, to, packet{protocol: netset.TCP, port: 8080, clients: clientPorts})
	if len(got) != 1 || got[0].Arrives != estate.True || got[0].Through[0].ID != "shop" {
		t.Errorf("got %+v, want one way through shop", got)
	}
	if got := n.throughDoors(from, to, packet{protocol: netset.TCP, port: 22, clients: clientPorts}); len(got) != 0 {
		t.Errorf("port 22: got %+v, want no way", got)
	}
}

func TestBackendsAreWhatAListenerCanSendTo(t *testing.T) {
	t.Parallel()
	w := shop()
	n := w.network()
	got, gaps := n.Backends(w.LoadBalancers[0])
	if len(got) != 1 || got[0].Target.ID != "i-app" || got[0].Interface != "eni-i-app" || got[0].Port != 8080 || got[0].Listener != 443 || got[0].Certain != estate.True {
		t.Errorf("got %+v", got)
	}
	if len(gaps) != 0 {
		t.Errorf("gaps: got %v, want none", gaps)
	}
	w.TargetGroups[0].Targets = estate.Unread[[]estate.Target](estate.Gap{Place: here, Operation: "elbv2:DescribeTargetHealth"})
	if got, gaps := w.network().Backends(w.LoadBalancers[0]); len(got) != 0 || len(gaps) != 1 {
		t.Errorf("unread targets: got %v and %v, want no backend and one gap", got, gaps)
	}
}

func TestLoadBalancerOfIPv4HasNoAddressOfIPv6(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]estate.Truth{"ipv4": estate.False, "dualstack": estate.Unknown} {
		w := shop()
		w.NetworkInterfaces = slices.DeleteFunc(w.NetworkInterfaces, func(x *estate.NetworkInterface) bool { return x.Requester == "amazon-elb" })
		for _, s := range w.Subnets {
			s.CIDRs = append(s.CIDRs, netip.MustParsePrefix("2600:1f18:9:1::/64"))
		}
		lb := w.LoadBalancers[0]
		lb.AddressType = address
		n := w.network()
		stand := n.doors.stands[lb][0]
		if got := stand.address(true, n.places(stand)[0]); got.Empty() != (want == estate.False) {
			t.Errorf("%s: %v", address, got)
		}
	}
}
