package reach_test

import (
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html
func TestBlockPublicAccess(t *testing.T) {
	t.Parallel()
	blocked := func(mode string, exclusions ...string) func(b *builder) {
		return func(b *builder) {
			b.blockPublicAccess(mode)
			for _, x := range exclusions {
				of, how, _ := strings.Cut(x, " ")
				b.exclude(of, how)
			}
			natted("52.0.2.5")(b)
			inA2(b)
			b.eigw("eigw-b", "vpc-b")
			b.table("rtb-b", "vpc-b", b.locals("vpc-b", "::/0 eigw-b"))
			b.eni("eni-b1", "subnet-b1", "2600:1f18:2:1::20")
		}
	}
	const kind = ""
	check(t, []rule{
		{"off", blocked("off"), somebody, "eni-a2", "tcp 22", yes, yes, ""},
		{"both ways: nothing in", blocked("block-bidirectional"), somebody, "eni-a2", "tcp 22", no, no, kind},
		{"both ways: nothing out", blocked("block-bidirectional"), "eni-a2", somebody, "tcp 443", no, no, kind},
		{"both ways: nothing in over IPv6", blocked("block-bidirectional"), somebodyV6, "eni-a2", "tcp 22", no, no, kind},
		{"both ways: nothing out by NAT", blocked("block-bidirectional"), "eni-a1", somebody, "tcp 443", no, no, kind},
		{"both ways: nothing out by an egress-only gateway", blocked("block-bidirectional"), "eni-b1", somebodyV6, "tcp 443", no, no, kind},
		{"ingress: nothing in", blocked("block-ingress"), somebody, "eni-a2", "tcp 22", no, no, kind},
		{"ingress: out by NAT", blocked("block-ingress"), "eni-a1", somebody, "tcp 443", yes, yes, ""},
		{"ingress: out by an egress-only gateway", blocked("block-ingress"), "eni-b1", somebodyV6, "tcp 443", yes, yes, ""},
		// "Only traffic to and from NAT gateways and egress-only internet gateways is allowed": not an instance by itself.
		{"ingress: nothing out by itself", blocked("block-ingress"), "eni-a2", somebody, "tcp 443", no, no, kind},
		{"an excluded subnet", blocked("block-bidirectional", "subnet-a2 allow-bidirectional"), somebody, "eni-a2", "tcp 22", yes, yes, ""},
		{"an excluded VPC", blocked("block-bidirectional", "vpc-a allow-bidirectional"), somebody, "eni-a2", "tcp 22", yes, yes, ""},
		{"another subnet's exclusion", blocked("block-bidirectional", "subnet-a1 allow-bidirectional"), somebody, "eni-a2", "tcp 22", no, no, kind},
		{"excluded for egress: nothing in", blocked("block-bidirectional", "subnet-a2 allow-egress"), somebody, "eni-a2", "tcp 22", no, no, kind},
		{"excluded for egress: out", blocked("block-bidirectional", "subnet-a2 allow-egress"), "eni-a2", somebody, "tcp 443", yes, yes, ""},
		{"excluded for egress: out by NAT in the excluded subnet", blocked("block-bidirectional", "subnet-a2 allow-egress"), "eni-a1", somebody, "tcp 443", yes, yes, ""},
		{"excluded for egress means nothing where only ingress is blocked", blocked("block-ingress", "subnet-a2 allow-egress"), "eni-a2", somebody, "tcp 443", no, no, kind},
		{"inside it blocks nothing", blocked("block-bidirectional"), "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"a mode that was not read is unknown", func(b *builder) {
			inA1(b)
			b.BlockPublicAccess = []*estate.BlockPublicAccess{{Place: b.Place, Mode: estate.Unread[string](b.gap("ec2:DescribeVpcBlockPublicAccessOptions", ""))}}
			b.deny("ec2:DescribeVpcBlockPublicAccessOptions")
		}, somebody, "eni-a1", "tcp 22", unknown, unknown, ""},
		{"a mode that was not read means nothing to what is excluded", func(b *builder) {
			inA1(b)
			b.exclude("vpc-a", "allow-bidirectional")
			b.BlockPublicAccess = []*estate.BlockPublicAccess{{Place: b.Place, Mode: estate.Unread[string](b.gap("ec2:DescribeVpcBlockPublicAccessOptions", ""))}}
			b.deny("ec2:DescribeVpcBlockPublicAccessOptions")
		}, somebody, "eni-a1", "tcp 22", yes, yes, ""},
		{"exclusions that were not read are unknown", func(b *builder) {
			inA1(b)
			b.blockPublicAccess("block-bidirectional")
			b.deny("ec2:DescribeVpcBlockPublicAccessExclusions")
		}, somebody, "eni-a1", "tcp 22", unknown, unknown, ""},
	})
}

// firewallRule is a rule for TCP to some ports, from and to everywhere.
func firewallRule(action string, ports ...uint16) estate.FirewallRule {
	to := netset.AllPorts()
	if len(ports) > 0 {
		to = netset.Ports{}
		for _, p := range ports {
			to = to.Union(netset.PortsOf(netset.PortRange{First: p, Last: p}))
		}
	}
	return estate.FirewallRule{Actions: []string{action}, Protocols: []netset.Protocol{netset.TCP}, Sources: everywhere, Destinations: everywhere,
		SourcePorts: netset.AllPorts(), DestinationPorts: to}
}

func firewallGroup(rules ...estate.FirewallRule) estate.FirewallGroup {
	for i := range rules {
		rules[i].Priority = i + 1
	}
	return estate.FirewallGroup{ARN: "arn:aws:network-firewall:us-east-1:111122223333:stateful-rulegroup/g", Priority: 1, Rules: estate.Know(rules)}
}

// passes is a policy that lets everything through.
func passes() estate.FirewallPolicy {
	return estate.FirewallPolicy{StatelessDefault: []string{"aws:pass"}, FragmentDefault: []string{"aws:pass"}, Order: "DEFAULT_ACTION_ORDER"}
}

// inspects is a policy that hands everything to its stateful rules.
func inspects(order string, defaults []string, groups ...estate.FirewallGroup) estate.FirewallPolicy {
	return estate.FirewallPolicy{StatelessDefault: []string{"aws:forward_to_sfe"}, FragmentDefault: []string{"aws:forward_to_sfe"},
		Order: order, StatefulDefault: defaults, Stateful: groups}
}

// betweenSubnets puts a firewall between a1 and a2, both ways, by routes more specific than the local one.
func betweenSubnets(b *builder, policy estate.FirewallPolicy) *estate.Firewall {
	b.subnet("subnet-fw", "vpc-a", "a", "10.0.9.0/24")
	b.table("rtb-a1", "vpc-a", b.locals("vpc-a", "10.0.2.0/24 vpce-fw"), "subnet-a1")
	b.table("rtb-a2", "vpc-a", b.locals("vpc-a", "10.0.1.0/24 vpce-fw"), "subnet-a2")
	return b.firewall("fw-1", "vpc-a", "vpce-fw", "subnet-fw", policy)
}

// https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-rules-engines.html
// inspectedBetween joins VPCs a and b by a transit gateway that sends what passes between them through a firewall in VPC c, which
// has an endpoint in each zone. The client is in one zone, the server in the other.
func inspectedBetween(b *builder, appliance bool) {
	b.tgw("tgw-1", false)
	b.attach("att-a", "tgw-1", "vpc-a", "tgw-rtb-1", false, "subnet-a1", "subnet-a2")
	b.attach("att-b", "tgw-1", "vpc-b", "tgw-rtb-1", false, "subnet-b1", "subnet-b2")
	b.subnet("subnet-t1", "vpc-c", "a", "10.2.7.0/28")
	b.subnet("subnet-t2", "vpc-c", "b", "10.2.7.16/28")
	b.subnet("subnet-f1", "vpc-c", "a", "10.2.8.0/28")
	b.subnet("subnet-f2", "vpc-c", "b", "10.2.8.16/28")
	b.attach("att-c", "tgw-1", "vpc-c", "tgw-rtb-2", false, "subnet-t1", "subnet-t2")
	b.TransitGatewayAttachments[2].VPC = estate.Know(estate.TransitGatewayVPC{Subnets: []string{"subnet-t1", "subnet-t2"}, ApplianceMode: appliance})
	b.transitTable("tgw-rtb-1", "tgw-1", "0.0.0.0/0 att-c static")
	b.transitTable("tgw-rtb-2", "tgw-1", "10.0.0.0/16 att-a", "10.1.0.0/16 att-b")
	b.table("rtb-a", "vpc-a", b.locals("vpc-a", "10.1.0.0/16 tgw-1"))
	b.table("rtb-b", "vpc-b", b.locals("vpc-b", "10.0.0.0/16 tgw-1"))
	b.table("rtb-t1", "vpc-c", b.locals("vpc-c", "0.0.0.0/0 vpce-1"), "subnet-t1")
	b.table("rtb-t2", "vpc-c", b.locals("vpc-c", "0.0.0.0/0 vpce-2"), "subnet-t2")
	b.table("rtb-f", "vpc-c", b.locals("vpc-c", "0.0.0.0/0 tgw-1"), "subnet-f1", "subnet-f2")
	f := b.firewall("fw-1", "vpc-c", "vpce-1", "subnet-f1", inspects("DEFAULT_ACTION_ORDER", nil))
	first, _ := f.Endpoints.Value()
	f.Endpoints = estate.Know(append(first, estate.FirewallEndpoint{Endpoint: "vpce-2", Subnet: "subnet-f2", Zone: "us-east-1b"}))
	alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
	alone(b, "eni-b2", "subnet-b2", "10.1.2.20")
}

func TestFirewalls(t *testing.T) {
	t.Parallel()
	// At the edge: the gateway's table sends packets for a1 to the firewall, and a1's default route goes there.
	edge := func(policy estate.FirewallPolicy) func(b *builder) {
		return func(b *builder) {
			b.subnet("subnet-fw", "vpc-a", "a", "10.0.9.0/24")
			b.table("rtb-a1", "vpc-a", b.locals("vpc-a", "0.0.0.0/0 vpce-fw"), "subnet-a1")
			b.table("rtb-fw", "vpc-a", b.locals("vpc-a", "0.0.0.0/0 igw-a"), "subnet-fw")
			b.edge("rtb-edge", "vpc-a", "igw-a", "10.0.0.0/16 local", "10.0.1.0/24 vpce-fw")
			b.firewall("fw-1", "vpc-a", "vpce-fw", "subnet-fw", policy)
			inA1(b)
		}
	}
	between := func(policy estate.FirewallPolicy) func(b *builder) {
		return func(b *builder) {
			betweenSubnets(b, policy)
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20")
		}
	}
	drop22, pass22 := firewallGroup(firewallRule("DROP", 22)), firewallGroup(firewallRule("PASS", 22))
	both := firewallGroup(firewallRule("DROP", 22), firewallRule("PASS", 22))
	opaque := estate.FirewallGroup{ARN: "arn:aws:network-firewall:us-east-1:111122223333:stateful-rulegroup/domains", Priority: 2, Rules: estate.Know([]estate.FirewallRule{}), Opaque: true}
	stateless := func(def string, rules ...estate.FirewallRule) estate.FirewallPolicy {
		p := inspects("DEFAULT_ACTION_ORDER", nil)
		p.StatelessDefault = []string{def}
		p.Stateless = []estate.FirewallGroup{firewallGroup(rules...)}
		return p
	}
	flags := firewallRule("aws:drop", 22)
	flags.Flags = true
	drop, order, strict := []string{"aws:drop_strict"}, "DEFAULT_ACTION_ORDER", "STRICT_ORDER"
	check(t, []rule{
		{"what drops the established passes a flow that a rule passed", between(inspects(strict, []string{"aws:drop_established"}, pass22)), "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"what drops the established may drop what no rule passed", between(inspects(strict, []string{"aws:drop_established"}, pass22)), "eni-a1", "eni-a2", "tcp 23", yes, unknown, ""},
		// https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-appliance-scenario.html
		{"an endpoint does not know what another has seen", func(b *builder) { inspectedBetween(b, false) }, "eni-a1", "eni-b2", "tcp 22", yes, unknown, ""},
		{"in appliance mode replies come by the same endpoint", func(b *builder) { inspectedBetween(b, true) }, "eni-a1", "eni-b2", "tcp 22", yes, yes, ""},
		{"one that passes everything, from the Internet", edge(passes()), somebody, "eni-a1", "tcp 22", yes, yes, ""},
		{"one that passes everything, to the Internet", edge(passes()), "eni-a1", somebody, "tcp 443", yes, yes, ""},
		{"stateful, from the Internet", edge(inspects(order, nil)), somebody, "eni-a1", "tcp 22", yes, yes, ""},
		{"stateful, to the Internet", edge(inspects(order, nil)), "eni-a1", somebody, "tcp 443", yes, yes, ""},
		{"a drop, from the Internet", edge(inspects(order, nil, drop22)), somebody, "eni-a1", "tcp 22", no, no, "firewall"},
		{"a drop between subnets", between(inspects(order, nil, drop22)), "eni-a1", "eni-a2", "tcp 22", no, no, "firewall"},
		{"a drop of another port", between(inspects(order, nil, drop22)), "eni-a1", "eni-a2", "tcp 23", yes, yes, ""},
		{"by default pass goes before drop", between(inspects(order, nil, both)), "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"in strict order the first decides", between(inspects(strict, nil, both)), "eni-a1", "eni-a2", "tcp 22", no, no, "firewall"},
		{"in strict order the default is pass where none is said", between(inspects(strict, nil, pass22)), "eni-a1", "eni-a2", "tcp 23", yes, yes, ""},
		{"in strict order the default may drop", between(inspects(strict, drop, pass22)), "eni-a1", "eni-a2", "tcp 23", no, no, "firewall"},
		{"in strict order what passes passes", between(inspects(strict, drop, pass22)), "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"domain rules are not understood", between(inspects(order, nil, opaque)), "eni-a1", "eni-a2", "tcp 443", unknown, unknown, ""},
		{"pass makes domain rules irrelevant", between(inspects(order, nil, pass22, opaque)), "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"in strict order a drop before domain rules decides", between(inspects(strict, nil, drop22, opaque)), "eni-a1", "eni-a2", "tcp 22", no, no, "firewall"},
		{"a stateless drop", between(stateless("aws:pass", firewallRule("aws:drop", 22))), "eni-a1", "eni-a2", "tcp 22", no, no, "firewall"},
		{"the lowest stateless priority decides", between(stateless("aws:pass", firewallRule("aws:pass", 22), firewallRule("aws:drop", 22))), "eni-a1", "eni-a2", "tcp 22", yes, yes, ""},
		{"a stateless default that drops", between(stateless("aws:drop")), "eni-a1", "eni-a2", "tcp 22", no, no, "firewall"},
		{"a stateless pass needs another for the reply", between(stateless("aws:drop", firewallRule("aws:pass", 22))), "eni-a1", "eni-a2", "tcp 22 from 40000", yes, no, ""},
		{"TCP flags are not understood", between(stateless("aws:pass", flags)), "eni-a1", "eni-a2", "tcp 22", unknown, unknown, ""},
		{"a policy that was not read is unknown", func(b *builder) {
			betweenSubnets(b, passes()).Policy = estate.Unread[*estate.FirewallPolicy](b.gap("network-firewall:DescribeFirewallPolicy", "fw-1"))
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20")
		}, "eni-a1", "eni-a2", "tcp 22", unknown, unknown, ""},
		{"an appliance behind a Gateway Load Balancer is not understood", func(b *builder) {
			betweenSubnets(b, passes())
			b.Firewalls = nil
			alone(b, "eni-a1", "subnet-a1", "10.0.1.10")
			alone(b, "eni-a2", "subnet-a2", "10.0.2.20")
		}, "eni-a1", "eni-a2", "tcp 22", unknown, unknown, ""},
	})
}
