package reach_test

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
)

// builder makes small estates in few words. Everything is read in full unless a test denies it. What it adds belongs to
// its place, which at changes.
type builder struct {
	estate.Place
	*estate.Estate
	*built
}

// built is what all builders of one estate have in common.
type built struct {
	denied []estate.Reading
	filled bool
}

var observed = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// here is where resources are that say nothing else.
var here = estate.Place{Account: "111122223333", Region: "us-east-1"}

func newBuilder() *builder { return &builder{here, &estate.Estate{}, &built{}} }

// at returns a builder of the same estate that adds things elsewhere.
func (b *builder) at(account, region string) *builder {
	return &builder{estate.Place{Account: account, Region: region}, b.Estate, b.built}
}

func (b *builder) resource(kind, id string) estate.Resource {
	return estate.Resource{
		Reference: estate.Ref{Kind: kind, Account: b.Place.Account, Region: b.Region, ID: id},
		Labels:    estate.None[map[string]string](),
	}
}

// done sorts the lists as load does and notes that all was read.
func (b *builder) done() *estate.Estate {
	e := b.Estate
	seen := map[estate.Place]bool{b.Place: true}
	for _, s := range e.Subnets {
		seen[s.Place()] = true
	}
	for _, i := range e.NetworkInterfaces {
		seen[i.Place()] = true
	}
	for _, t := range e.TransitGateways {
		seen[t.Place()] = true
	}
	regions := map[string][]string{}
	for p := range seen {
		regions[p.Account] = append(regions[p.Account], p.Region)
		for _, op := range allOperations() {
			e.Note(estate.Reading{Place: p, Operation: op, Time: observed, Outcome: operation.OK})
			e.Note(estate.Reading{Place: estate.Place{Account: p.Account, Region: estate.Global}, Operation: op, Time: observed, Outcome: operation.OK})
		}
		if !slices.ContainsFunc(e.BlockPublicAccess, func(x *estate.BlockPublicAccess) bool { return x.Place == p }) {
			e.BlockPublicAccess = append(e.BlockPublicAccess, &estate.BlockPublicAccess{Place: p, Mode: estate.Know("off")})
		}
	}
	for _, r := range b.denied {
		e.Withdraw(r)
	}
	e.Accounts = nil
	for id, r := range regions {
		slices.Sort(r)
		e.Accounts = append(e.Accounts, &estate.Account{ID: id, Regions: estate.Know(r), Seen: r})
	}
	slices.SortFunc(e.Accounts, func(a, b *estate.Account) int { return cmp.Compare(a.ID, b.ID) })
	sortAll(e)
	return e
}

func sortAll(e *estate.Estate) {
	slices.SortFunc(e.BlockPublicAccess, func(a, b *estate.BlockPublicAccess) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region))
	})
	byKey(e.Instances)
	byKey(e.VPCs)
	byKey(e.Subnets)
	byKey(e.RouteTables)
	byKey(e.NetworkACLs)
	byKey(e.InternetGateways)
	byKey(e.EgressOnlyGateways)
	byKey(e.NATGateways)
	byKey(e.Peerings)
	byKey(e.Endpoints)
	byKey(e.NetworkInterfaces)
	byKey(e.SecurityGroups)
	byKey(e.PrefixLists)
	byKey(e.BlockPublicAccessExclusions)
	byKey(e.TransitGateways)
	byKey(e.TransitGatewayAttachments)
	byKey(e.TransitGatewayRouteTables)
	byKey(e.VPNGateways)
	byKey(e.VPNConnections)
	byKey(e.DirectConnectAssociations)
	byKey(e.Firewalls)
}

func byKey[R estate.Subject](list []R) {
	slices.SortFunc(list, func(a, b R) int { return strings.Compare(a.Ref().Key(), b.Ref().Key()) })
}

// allOperations are those that the estate is told by, whether or not the table has them yet.
func allOperations() []operation.ID {
	var ids []operation.ID
	for _, o := range operation.All() {
		if o.Lists() {
			ids = append(ids, o.ID)
		}
	}
	return append(ids, "ec2:DescribeEgressOnlyInternetGateways", "ec2:DescribeVpcBlockPublicAccessOptions",
		"ec2:DescribeVpcBlockPublicAccessExclusions", "ec2:DescribeTransitGateways", "ec2:DescribeTransitGatewayAttachments",
		"ec2:DescribeTransitGatewayVpcAttachments", "ec2:DescribeTransitGatewayRouteTables", "ec2:DescribeVpnGateways",
		"ec2:DescribeVpnConnections", "network-firewall:ListFirewalls")
}

func prefixes(texts ...string) []netip.Prefix {
	var list []netip.Prefix
	for _, t := range texts {
		list = append(list, netip.MustParsePrefix(t))
	}
	return list
}

func (b *builder) vpc(id string, cidrs ...string) {
	b.VPCs = append(b.VPCs, &estate.VPC{Resource: b.resource("vpc", id), CIDRs: prefixes(cidrs...)})
}

// subnet adds a subnet; zone is the letter.
func (b *builder) subnet(id, vpc, zone string, cidrs ...string) {
	b.Subnets = append(b.Subnets, &estate.Subnet{Resource: b.resource("subnet", id), VPC: vpc, Zone: b.Region + zone, ZoneID: b.Region + "-az-" + zone, CIDRs: prefixes(cidrs...)})
}

func (b *builder) subnetOf(id string) *estate.Subnet {
	for _, s := range b.Subnets {
		if s.Ref().ID == id {
			return s
		}
	}
	panic("no subnet " + id)
}

// table adds a route table: the main one where no subnets are given. Routes are "10.0.0.0/16 local", "pl-1 tgw-1",
// "0.0.0.0/0 igw-1 blackhole", "10.9.0.0/16 vgw-1 propagated".
func (b *builder) table(id, vpc string, routes []string, subnets ...string) *estate.RouteTable {
	t := &estate.RouteTable{Resource: b.resource("route-table", id), VPC: vpc, Main: len(subnets) == 0, Subnets: subnets}
	slices.Sort(t.Subnets)
	for _, text := range routes {
		f := strings.Fields(text)
		r := estate.Route{Target: f[1], Active: true}
		if strings.HasPrefix(f[0], "pl-") {
			r.PrefixList = f[0]
		} else {
			r.CIDR = netip.MustParsePrefix(f[0])
		}
		if slices.Contains(f[2:], "blackhole") {
			r.Active = false
		}
		r.Propagated = slices.Contains(f[2:], "propagated")
		t.Routes = append(t.Routes, r)
	}
	b.RouteTables = append(b.RouteTables, t)
	return t
}

// edge adds the route table of a gateway.
func (b *builder) edge(id, vpc, gateway string, routes ...string) {
	t := b.table(id, vpc, routes)
	t.Main, t.Gateways = false, []string{gateway}
}

var openACL = []string{"100 in allow all 0.0.0.0/0", "101 in allow all ::/0", "100 out allow all 0.0.0.0/0", "101 out allow all ::/0"}

// acl adds a network ACL: "100 in allow tcp 22 0.0.0.0/0", "90 out deny all 10.0.0.0/8".
func (b *builder) acl(id, vpc string, entries []string, subnets ...string) {
	a := &estate.NetworkACL{Resource: b.resource("network-acl", id), VPC: vpc, Subnets: subnets}
	slices.Sort(a.Subnets)
	for _, text := range entries {
		f := strings.Fields(text)
		n, err := strconv.Atoi(f[0])
		if err != nil {
			panic(err)
		}
		_, t := parseTraffic(f[3 : len(f)-1])
		a.Entries = append(a.Entries, estate.NetworkACLEntry{Number: n, Egress: f[1] == "out", Allow: f[2] == "allow",
			Traffic: t, CIDR: netip.MustParsePrefix(f[len(f)-1])})
	}
	slices.SortStableFunc(a.Entries, func(x, y estate.NetworkACLEntry) int { return cmp.Compare(x.Number, y.Number) })
	b.NetworkACLs = append(b.NetworkACLs, a)
}

var allTraffic = netset.AllTraffic()

// parseTraffic understands "all", "tcp 22", "udp 53-60", "icmp 8/0", "icmp" (all of it), "50" (a protocol by its number).
func parseTraffic(f []string) (protocol string, _ netset.Traffic) {
	if f[0] == "all" {
		return "-1", allTraffic
	}
	p, ok := map[string]netset.Protocol{"tcp": netset.TCP, "udp": netset.UDP, "icmp": netset.ICMP, "icmpv6": netset.ICMPv6}[f[0]]
	if !ok {
		n, err := strconv.ParseUint(f[0], 10, 8)
		if err != nil {
			panic(err)
		}
		p = netset.Protocol(n)
	}
	if len(f) == 1 {
		return f[0], netset.TrafficOf(p, netset.AllPorts())
	}
	if kind, code, ok := strings.Cut(f[1], "/"); ok {
		n := number(kind)<<8 | number(code)
		return f[0], netset.TrafficOf(p, netset.PortsOf(netset.PortRange{First: n, Last: n}))
	}
	first, last, ok := strings.Cut(f[1], "-")
	if !ok {
		last = first
	}
	return f[0], netset.TrafficOf(p, netset.PortsOf(netset.PortRange{First: number(first), Last: number(last)}))
}

func number(text string) uint16 {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		panic(err)
	}
	return uint16(n)
}

var openGroup = []string{"in all 0.0.0.0/0", "in all ::/0", "out all 0.0.0.0/0", "out all ::/0"}

// group adds a security group: "in tcp 22 0.0.0.0/0", "out all sg-b", "in tcp 443 pl-1".
func (b *builder) group(id, vpc string, rules ...string) *estate.SecurityGroup {
	g := &estate.SecurityGroup{Resource: b.resource("security-group", id), VPC: vpc}
	for i, text := range rules {
		f := strings.Fields(text)
		r := &estate.SecurityGroupRule{ID: fmt.Sprintf("sgr-%s-%d", id, i), Named: true, Egress: f[0] == "out", Peer: f[len(f)-1]}
		r.Protocol, r.Traffic = parseTraffic(f[1 : len(f)-1])
		switch {
		case strings.HasPrefix(r.Peer, "sg-"):
			r.Addresses = estate.None[netset.Addresses]()
		case strings.HasPrefix(r.Peer, "pl-"):
			r.Addresses = estate.Unread[netset.Addresses](b.gap("ec2:GetManagedPrefixListEntries", r.Peer))
			for _, l := range b.PrefixLists {
				if l.Ref().ID == r.Peer {
					r.Addresses = l.Addresses()
				}
			}
		default:
			r.Addresses = estate.Know(netset.Of(netip.MustParsePrefix(r.Peer)))
		}
		g.Rules = append(g.Rules, r)
	}
	b.SecurityGroups = append(b.SecurityGroups, g)
	return g
}

func (b *builder) gap(op operation.ID, about string) estate.Gap {
	return estate.Gap{Place: b.Place, Operation: op, About: about, Outcome: operation.Denied, Code: "UnauthorizedOperation"}
}

// prefixList adds a prefix list; without entries they were not read.
func (b *builder) prefixList(id string, entries ...string) {
	l := &estate.PrefixList{Resource: b.resource("prefix-list", id), Entries: estate.Unread[[]netip.Prefix](b.gap("ec2:GetManagedPrefixListEntries", id))}
	if len(entries) > 0 {
		l.Entries = estate.Know(prefixes(entries...))
	}
	b.PrefixLists = append(b.PrefixLists, l)
}

// eni adds an interface in use. Words are its addresses ("public=198.18..." for the public one, "10.0.1.10=>198.18..." for one that
// stands for a certain private one), the prefixes that are delegated to it, and security groups.
func (b *builder) eni(id, subnet string, words ...string) *estate.NetworkInterface {
	i := &estate.NetworkInterface{Resource: b.resource("network-interface", id), Subnet: subnet, Type: "interface", Status: "in-use", SourceDest: true}
	for _, s := range b.Subnets {
		if s.Ref().ID == subnet {
			i.VPC = s.VPC
		}
	}
	for _, w := range words {
		public, isPublic := strings.CutPrefix(w, "public=")
		private, mapped, isMapped := strings.Cut(w, "=>")
		switch {
		case isMapped:
			a := estate.Association{Private: netip.MustParseAddr(private), Public: netip.MustParseAddr(mapped)}
			if i.Private = append(i.Private, a.Private); !i.Public.IsValid() {
				i.Public = a.Public
			}
			i.Associations = append(i.Associations, a)
		case strings.Contains(w, "/"):
			i.Prefixes = append(i.Prefixes, netip.MustParsePrefix(w))
		case strings.HasPrefix(w, "sg-"):
			i.SecurityGroups = append(i.SecurityGroups, w)
		case isPublic:
			i.Public = netip.MustParseAddr(public)
		case strings.Contains(w, ":"):
			i.IPv6 = append(i.IPv6, netip.MustParseAddr(w))
		default:
			i.Private = append(i.Private, netip.MustParseAddr(w))
		}
	}
	slices.Sort(i.SecurityGroups)
	slices.SortFunc(i.Private, netip.Addr.Compare)
	slices.SortFunc(i.IPv6, netip.Addr.Compare)
	b.NetworkInterfaces = append(b.NetworkInterfaces, i)
	return i
}

// instance puts an instance behind an interface that is there.
func (b *builder) instance(id, eni, state string) {
	x := &estate.Instance{Resource: b.resource("instance", id), State: state, Interfaces: []string{eni}}
	for _, i := range b.NetworkInterfaces {
		if i.Ref().ID == eni {
			i.Instance, x.VPC, x.Subnet, x.SecurityGroups = id, i.VPC, i.Subnet, i.SecurityGroups
		}
	}
	b.Instances = append(b.Instances, x)
}

func (b *builder) igw(id, vpc string) {
	b.InternetGateways = append(b.InternetGateways, &estate.InternetGateway{Resource: b.resource("internet-gateway", id), VPC: vpc})
}

func (b *builder) eigw(id, vpc string) {
	b.EgressOnlyGateways = append(b.EgressOnlyGateways, &estate.EgressOnlyGateway{Resource: b.resource("egress-only-internet-gateway", id), VPC: vpc})
}

// nat adds a NAT gateway with its interface; a private one where public is empty.
func (b *builder) nat(id, subnet, private, public string) {
	words := []string{private}
	a := estate.NATAddress{Private: netip.MustParseAddr(private), Interface: "eni-" + id}
	if public != "" {
		words = append(words, "public="+public)
		a.Public = netip.MustParseAddr(public)
	}
	i := b.eni("eni-"+id, subnet, words...)
	i.Type = "nat_gateway"
	i.SourceDest = false
	b.NATGateways = append(b.NATGateways, &estate.NATGateway{Resource: b.resource("natgateway", id), VPC: i.VPC, Subnet: subnet,
		Public: public != "", State: "available", Addresses: []estate.NATAddress{a}})
}

// peering joins two VPCs of the estate; status is "active" or another.
func (b *builder) peering(id, requester, accepter, status string) {
	p := &estate.Peering{Resource: b.resource("vpc-peering-connection", id), Requester: b.side(requester), Accepter: b.side(accepter), Status: status}
	b.Peerings = append(b.Peerings, p)
}

func (b *builder) side(vpc string) estate.PeeringSide {
	for _, v := range b.VPCs {
		if v.Ref().ID == vpc {
			return estate.PeeringSide{Account: v.Ref().Account, Region: v.Ref().Region, VPC: vpc, CIDRs: v.CIDRs}
		}
	}
	return estate.PeeringSide{Account: "999999999999", Region: b.Region, VPC: vpc}
}

func (b *builder) tgw(id string, references bool) {
	b.TransitGateways = append(b.TransitGateways, &estate.TransitGateway{Resource: b.resource("transit-gateway", id), State: "available", GroupReferences: references})
}

// attach attaches a VPC through subnets, with the route table that its packets are routed by; an empty one is none.
func (b *builder) attach(id, tgw, vpc, table string, references bool, subnets ...string) {
	a := b.attachment(id, tgw, "vpc", vpc, table)
	slices.Sort(subnets)
	a.VPC = estate.Know(estate.TransitGatewayVPC{Subnets: subnets, GroupReferences: references, IPv6: true})
	a.OfAccount = b.side(vpc).Account
}

// attachment attaches something else: "vpn", "peering", ...
func (b *builder) attachment(id, tgw, kind, of, table string) *estate.TransitGatewayAttachment {
	a := &estate.TransitGatewayAttachment{Resource: b.resource("transit-gateway-attachment", id), TransitGateway: tgw, Type: kind, Of: of,
		OfAccount: b.Place.Account, State: "available", RouteTable: estate.Know(table), VPC: estate.None[estate.TransitGatewayVPC]()}
	if table == "" {
		a.RouteTable = estate.None[string]()
	}
	b.TransitGatewayAttachments = append(b.TransitGatewayAttachments, a)
	return a
}

// transitTable adds a table of a transit gateway: "10.1.0.0/16 att-b", "10.1.0.0/16 att-b static", "10.0.0.0/8 blackhole".
func (b *builder) transitTable(id, tgw string, routes ...string) {
	var list []estate.TransitGatewayRoute
	for _, text := range routes {
		f := strings.Fields(text)
		r := estate.TransitGatewayRoute{CIDR: netip.MustParsePrefix(f[0]), Static: slices.Contains(f, "static")}
		if f[1] == "blackhole" {
			r.Blackhole, r.Static = true, true
		} else {
			r.Attachments = []string{f[1]}
		}
		list = append(list, r)
	}
	b.TransitGatewayRouteTables = append(b.TransitGatewayRouteTables, &estate.TransitGatewayRouteTable{
		Resource: b.resource("transit-gateway-route-table", id), TransitGateway: tgw, Routes: estate.Know(list)})
}

func (b *builder) vgw(id, vpc string) {
	b.VPNGateways = append(b.VPNGateways, &estate.VPNGateway{Resource: b.resource("vpn-gateway", id), VPC: vpc, State: "available"})
}

func (b *builder) blockPublicAccess(mode string) {
	b.BlockPublicAccess = append(b.BlockPublicAccess, &estate.BlockPublicAccess{Place: b.Place, Mode: estate.Know(mode)})
}

func (b *builder) exclude(of, mode string) {
	b.BlockPublicAccessExclusions = append(b.BlockPublicAccessExclusions,
		&estate.BlockPublicAccessExclusion{Resource: b.resource("vpc-block-public-access-exclusion", "exclude-"+of), Of: of, Mode: mode})
}

// firewall adds a firewall with one endpoint.
func (b *builder) firewall(id, vpc, endpoint, subnet string, policy estate.FirewallPolicy) *estate.Firewall {
	zone := ""
	for _, s := range b.Subnets {
		if s.Ref().ID == subnet {
			zone = s.Zone
		}
	}
	f := &estate.Firewall{Resource: b.resource("firewall", id), VPC: vpc, Policy: estate.Know(&policy),
		Endpoints: estate.Know([]estate.FirewallEndpoint{{Endpoint: endpoint, Subnet: subnet, Zone: zone}})}
	b.Firewalls = append(b.Firewalls, f)
	b.Endpoints = append(b.Endpoints, &estate.Endpoint{Resource: b.resource("vpc-endpoint", endpoint), VPC: vpc, Type: "GatewayLoadBalancer",
		State: "available", Subnets: []string{subnet}})
	return f
}

// deny withdraws what an operation told here: nothing of it was read. What it listed is for the caller to take away.
func (b *builder) deny(op operation.ID) {
	b.denied = append(b.denied, estate.Reading{Place: b.Place, Operation: op, Time: observed, Outcome: operation.Denied, Code: "UnauthorizedOperation"})
}

// fill adds what AWS would have made: an open network ACL for subnets without one, a main route table (its own networks,
// and the Internet if a gateway is there) for VPCs without one, an open group for interfaces without any. It does so once:
// what a test takes away afterwards stays away.
func (b *builder) fill() *builder {
	if b.filled {
		return b
	}
	b.filled = true
	for _, v := range b.VPCs {
		in := b.at(v.Ref().Account, v.Ref().Region)
		if !slices.ContainsFunc(b.RouteTables, func(t *estate.RouteTable) bool { return t.Main && t.VPC == v.Ref().ID }) {
			routes := b.locals(v.Ref().ID)
			for _, g := range b.InternetGateways {
				if g.VPC == v.Ref().ID {
					routes = append(routes, "0.0.0.0/0 "+g.Ref().ID, "::/0 "+g.Ref().ID)
				}
			}
			in.table("rtb-main-"+v.Ref().ID, v.Ref().ID, routes)
		}
		var bare []string
		for _, s := range b.Subnets {
			if s.VPC == v.Ref().ID && !slices.ContainsFunc(b.NetworkACLs, func(a *estate.NetworkACL) bool { return slices.Contains(a.Subnets, s.Ref().ID) }) {
				bare = append(bare, s.Ref().ID)
			}
		}
		if len(bare) > 0 {
			in.acl("acl-default-"+v.Ref().ID, v.Ref().ID, openACL, bare...)
		}
	}
	for _, i := range b.NetworkInterfaces {
		if i.Type == "nat_gateway" || len(i.SecurityGroups) > 0 {
			continue
		}
		id := "sg-open-" + i.VPC
		if !slices.ContainsFunc(b.SecurityGroups, func(g *estate.SecurityGroup) bool { return g.Ref().ID == id }) {
			b.at(i.Ref().Account, i.Ref().Region).group(id, i.VPC, openGroup...)
		}
		i.SecurityGroups = []string{id}
	}
	return b
}

// locals are the local routes of a VPC, and others.
func (b *builder) locals(vpc string, others ...string) []string {
	var routes []string
	for _, v := range b.VPCs {
		if v.Ref().ID == vpc {
			for _, c := range v.CIDRs {
				routes = append(routes, c.String()+" local")
			}
		}
	}
	return append(routes, others...)
}

// networks adds VPCs a, b and c with subnets a1 (zone a), a2 (zone b), b1, b2 and c1, c2, and an internet gateway of a.
func (b *builder) networks() *builder {
	for n, name := range []string{"a", "b", "c"} {
		b.vpc("vpc-"+name, fmt.Sprintf("10.%d.0.0/16", n), fmt.Sprintf("2600:1f18:%d::/56", n+1))
		for m, zone := range []string{"a", "b"} {
			b.subnet(fmt.Sprintf("subnet-%s%d", name, m+1), "vpc-"+name, zone,
				fmt.Sprintf("10.%d.%d.0/24", n, m+1), fmt.Sprintf("2600:1f18:%d:%d::/64", n+1, m+1))
		}
	}
	b.igw("igw-a", "vpc-a")
	return b
}

func (b *builder) networkInterface(id string) *estate.NetworkInterface {
	for _, i := range b.NetworkInterfaces {
		if i.Ref().ID == id {
			return i
		}
	}
	return nil
}

// halves are the two halves of a CIDR.
func (b *builder) halves(cidr string) [2]netip.Prefix {
	c := netip.MustParsePrefix(cidr)
	lower := netip.PrefixFrom(c.Addr(), c.Bits()+1)
	return [2]netip.Prefix{lower, netip.PrefixFrom(last(lower).Next(), c.Bits()+1)}
}
