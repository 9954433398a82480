package generate

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
)

// NetworkTruth is what is so in an estate of Network, whatever an analysis says of it.
type NetworkTruth struct {
	// Exposures are all that arrives from public addresses at an interface without a front door in between; sorted by
	// interface, family, protocol and ports, each interface, family and port once.
	Exposures []Exposure
	// NearMisses are interfaces that look exposed and where nothing arrives, with the reason, by id.
	NearMisses map[string]string
}

// Exposure is what one interface takes from the Internet by one family of addresses.
type Exposure struct {
	Interface string
	IPv6      bool
	Protocol  netset.Protocol
	Ports     netset.Ports
	Sources   netset.Addresses // public ones only
	// Answers says that the reply gets back too.
	Answers bool
}

// The plan of addresses: a Region has one half of 10.0.0.0/8, a VPC a /19 of it, a subnet a /23.
const (
	interfacesInVPC = 2000
	vpcsInSite      = 10 // of one account in one Region
	zonesInVPC      = 3
)

// The tiers of a VPC, each with a subnet in each zone.
const (
	tierPublic = iota
	tierApp
	tierData
	tierPods
	tierTransit // where the transit gateway is attached
	tiers
)

// Network is an estate of that many network interfaces, as large companies have them: accounts with two Regions, VPCs of
// some 2,000 interfaces with subnets for tiers in three zones, services with groups of their own that refer to one
// another, to CIDRs and to a prefix list, Internet and NAT gateways, network ACLs, IPv6 in every third VPC, peerings,
// transit gateways whose tables keep production and development apart, load balancers, and a few exposures and near misses
// in every VPC. The same arguments give the same estate.
func Network(interfaces int, seed uint64) (*estate.Estate, NetworkTruth) {
	return network(interfaces, seed, false)
}

// UnequalNetwork is the bad case for whoever groups what is equal: every interface wears a group that nobody else wears.
func UnequalNetwork(interfaces int, seed uint64) (*estate.Estate, NetworkTruth) {
	return network(interfaces, seed, true)
}

func network(interfaces int, seed uint64, unequal bool) (*estate.Estate, NetworkTruth) {
	vpcs := max(8, (interfaces+interfacesInVPC-1)/interfacesInVPC)
	m := &mesh{
		estate:  &estate.Estate{Observed: Time},
		truth:   NetworkTruth{NearMisses: map[string]string{}},
		random:  rand.New(rand.NewPCG(seed, 1)),
		unequal: unequal,
		traffic: map[string]netset.Traffic{},
		sets:    map[string]netset.Addresses{},
	}
	regions := []string{"eu-west-1", "us-east-1"}
	accounts := max(2, (vpcs+len(regions)*vpcsInSite-1)/(len(regions)*vpcsInSite))
	for i := range accounts {
		a := &estate.Account{ID: fmt.Sprintf("2%011d", i+1), Alias: fmt.Sprintf("network-%03d", i+1), Regions: estate.Know(regions), Seen: regions}
		m.estate.Accounts = append(m.estate.Accounts, a)
	}
	m.read()
	m.hubs = map[string]*hub{}
	for i, region := range regions {
		m.hubs[region] = m.hub(estate.Place{Account: m.estate.Accounts[0].ID, Region: region}, i)
	}
	m.joinHubs(m.hubs[regions[0]], m.hubs[regions[1]])
	// The last place lets nobody in or out, but for its last VPC.
	m.blocked = estate.Place{Account: m.estate.Accounts[accounts-1].ID, Region: regions[len(regions)-1]}
	made := 0
	var before *meshVPC
	for i := range vpcs {
		site := i * accounts * len(regions) / vpcs
		at := estate.Place{Account: m.estate.Accounts[site/len(regions)].ID, Region: regions[site%len(regions)]}
		until := (i + 1) * interfaces / vpcs
		v := m.vpc(i, at)
		v.blocked = at == m.blocked && (i+1 < vpcs)
		v.fill(until - made)
		made = until
		if before != nil && before.Region == v.Region && i%4 == 1 {
			m.peer(before, v)
		}
		before = v
	}
	m.exclude(before)
	m.finish()
	return m.estate, m.truth
}

// mesh is a network estate that grows.
type mesh struct {
	estate  *estate.Estate
	truth   NetworkTruth
	random  *rand.Rand
	unequal bool
	hubs    map[string]*hub // by Region
	blocked estate.Place    // where block public access is on
	ids     int
	dials   uint32                      // public addresses given out
	slab    []estate.NetworkInterface   // interfaces are many: they are allocated by the thousand
	traffic map[string]netset.Traffic   // by protocol and ports
	sets    map[string]netset.Addresses // by CIDR: equal sets share their memory
}

// id makes the next id of a kind; those of one kind ascend.
func (m *mesh) id(kind string) string {
	m.ids++
	return fmt.Sprintf("%s-%017x", kind, m.ids)
}

func (m *mesh) resource(p estate.Place, kind, id, name string) estate.Resource {
	return estate.Resource{
		Reference: estate.Ref{Kind: kind, Account: p.Account, Region: p.Region, ID: id, Name: name},
		Labels:    estate.Know[map[string]string](nil),
	}
}

// read says that every listing was answered everywhere.
func (m *mesh) read() {
	for _, o := range operation.All() {
		if !o.Lists() {
			continue
		}
		for _, p := range m.estate.Places(o.ID) {
			m.estate.Note(estate.Reading{Place: p, Operation: o.ID, Time: Time, Outcome: operation.OK})
		}
	}
}

// hub is a Region's transit gateway and prefix lists, which the first account owns.
type hub struct {
	estate.Place
	gateway                       string
	half                          netip.Prefix // the Region's half of 10.0.0.0/8
	production, development, core *estate.TransitGatewayRouteTable
	office, storage               string // prefix lists
	used                          int    // VPCs given a part of half
	monitors                      string // the group of the Region's first VPC that looks after all others
}

// office are the addresses of a company's own offices, and storage those of a service of AWS.
var (
	office    = netset.Of(netip.MustParsePrefix("8.36.8.0/22"), netip.MustParsePrefix("8.40.16.128/25"))
	storage   = netset.Of(netip.MustParsePrefix("52.216.0.0/15"), netip.MustParsePrefix("3.5.0.0/19"))
	everyone4 = netip.MustParsePrefix("0.0.0.0/0")
	everyone6 = netip.MustParsePrefix("::/0")
	inside    = netip.MustParsePrefix("10.0.0.0/8")
)

func (m *mesh) hub(p estate.Place, i int) *hub {
	h := &hub{Place: p, gateway: m.id("tgw"), half: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(128 * i), 0, 0}), 9)}
	m.estate.TransitGateways = append(m.estate.TransitGateways, &estate.TransitGateway{
		Resource: m.resource(p, "transit-gateway", h.gateway, "hub"), State: "available", GroupReferences: i == 0})
	for _, t := range []struct {
		name  string
		table **estate.TransitGatewayRouteTable
	}{{"production", &h.production}, {"development", &h.development}, {"core", &h.core}} {
		*t.table = &estate.TransitGatewayRouteTable{Resource: m.resource(p, "transit-gateway-route-table", m.id("tgw-rtb"), t.name), TransitGateway: h.gateway}
		m.estate.TransitGatewayRouteTables = append(m.estate.TransitGatewayRouteTables, *t.table)
	}
	list := func(name string, entries netset.Addresses) string {
		l := &estate.PrefixList{Resource: m.resource(p, "prefix-list", m.id("pl"), name), Entries: estate.Know(entries.Prefixes())}
		m.estate.PrefixLists = append(m.estate.PrefixLists, l)
		return l.Reference.ID
	}
	h.office, h.storage = list("office", office), list("com.amazonaws."+p.Region+".s3", storage)
	return h
}

// joinHubs peers two transit gateways: what is in the core of either Region meets.
func (m *mesh) joinHubs(a, b *hub) {
	id := m.id("tgw-attach") // both sides show one peering under one id
	for _, side := range [][2]*hub{{a, b}, {b, a}} {
		near, far := side[0], side[1]
		m.estate.TransitGatewayAttachments = append(m.estate.TransitGatewayAttachments, &estate.TransitGatewayAttachment{
			Resource: m.resource(near.Place, "transit-gateway-attachment", id, ""), TransitGateway: near.gateway, Type: "peering",
			Of: far.gateway, OfAccount: far.Account, State: "available", RouteTable: estate.Know(near.core.Reference.ID), VPC: estate.None[estate.TransitGatewayVPC]()})
		propagate(near.core, estate.TransitGatewayRoute{CIDR: far.half, Attachments: []string{id}, Static: true})
	}
}

func propagate(t *estate.TransitGatewayRouteTable, r estate.TransitGatewayRoute) {
	routes, _ := t.Routes.Value()
	t.Routes = estate.Know(append(routes, r))
}

// meshVPC is one VPC of a mesh.
type meshVPC struct {
	*mesh
	estate.Place
	i          int
	hub        *hub
	vpc        *estate.VPC
	cidr       netip.Prefix
	ipv6       bool
	attached   bool // the Internet gateway is
	blocked    bool // by block public access
	tables     [tiers][zonesInVPC]*estate.RouteTable
	subnets    [tiers][zonesInVPC]*meshSubnet
	base, door *estate.SecurityGroup
	services   []*estate.SecurityGroup
	made       int // interfaces
}

type meshSubnet struct {
	*estate.Subnet
	tier, zone int
	used       int
}

func (m *mesh) vpc(i int, p estate.Place) *meshVPC {
	h := m.hubs[p.Region]
	v := &meshVPC{mesh: m, Place: p, i: i, hub: h, ipv6: i%3 == 0, attached: i%6 != 5}
	v.cidr = netip.PrefixFrom(nth(h.half.Addr(), h.used<<13), 19)
	name := fmt.Sprintf("vpc-%04d", i)
	v.vpc = &estate.VPC{Resource: m.resource(p, "vpc", m.id("vpc"), name), CIDRs: []netip.Prefix{v.cidr}}
	if v.ipv6 {
		v.vpc.CIDRs = append(v.vpc.CIDRs, v.network6(56, 0))
	}
	m.estate.VPCs = append(m.estate.VPCs, v.vpc)
	for tier := range tiers {
		for zone := range zonesInVPC {
			v.subnet(tier, zone)
		}
	}
	v.gateways()
	v.acls()
	v.attach()
	h.used++
	return v
}

// network6 is the VPC's IPv6 network, or that of its nth subnet.
func (v *meshVPC) network6(bits, n int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom16([16]byte{0x26, 0x00, 0x1f, 0x18, byte(v.i >> 8), byte(v.i), byte(v.i >> 16), byte(n)}), bits)
}

func (v *meshVPC) subnet(tier, zone int) {
	n := tier*zonesInVPC + zone
	s := &meshSubnet{tier: tier, zone: zone, Subnet: &estate.Subnet{
		Resource: v.resource(v.Place, "subnet", v.id("subnet"), fmt.Sprintf("%s-%d", [...]string{"public", "app", "data", "pods", "transit"}[tier], zone)),
		VPC:      v.vpc.Reference.ID, Zone: v.Region + string(rune('a'+zone)),
		CIDRs:    []netip.Prefix{netip.PrefixFrom(nth(v.cidr.Addr(), n<<9), 23)},
		PublicIP: tier == tierPublic,
	}}
	if v.ipv6 {
		s.CIDRs = append(s.CIDRs, v.network6(64, n))
	}
	v.subnets[tier][zone] = s
	v.estate.Subnets = append(v.estate.Subnets, s.Subnet)
}

// gateways makes the ways out and the route tables: public subnets route to the Internet, those of applications and pods to a
// NAT gateway in their zone, the data's only inside.
func (v *meshVPC) gateways() {
	internet := v.id("igw")
	gateway := &estate.InternetGateway{Resource: v.resource(v.Place, "internet-gateway", internet, "")}
	if v.attached {
		gateway.VPC = v.vpc.Reference.ID
	}
	v.estate.InternetGateways = append(v.estate.InternetGateways, gateway)
	egress := v.id("eigw")
	if v.ipv6 {
		v.estate.EgressOnlyGateways = append(v.estate.EgressOnlyGateways, &estate.EgressOnlyGateway{
			Resource: v.resource(v.Place, "egress-only-internet-gateway", egress, ""), VPC: v.vpc.Reference.ID})
	}
	endpoint := &estate.Endpoint{Resource: v.resource(v.Place, "vpc-endpoint", v.id("vpce"), "s3"), VPC: v.vpc.Reference.ID, Type: "Gateway",
		Service: "com.amazonaws." + v.Region + ".s3", State: "available"}
	v.estate.Endpoints = append(v.estate.Endpoints, endpoint)
	to := func(cidr netip.Prefix, target string) estate.Route {
		return estate.Route{CIDR: cidr, Target: target, Active: true}
	}
	table := func(name string, subnets []*meshSubnet, routes ...estate.Route) *estate.RouteTable {
		t := &estate.RouteTable{Resource: v.resource(v.Place, "route-table", v.id("rtb"), name), VPC: v.vpc.Reference.ID, Main: len(subnets) == 0}
		for _, cidr := range v.vpc.CIDRs {
			t.Routes = append(t.Routes, to(cidr, "local"))
		}
		t.Routes = append(t.Routes, routes...)
		for _, s := range subnets {
			t.Subnets = append(t.Subnets, s.Reference.ID)
			v.tables[s.tier][s.zone] = t
		}
		slices.Sort(t.Subnets)
		v.estate.RouteTables = append(v.estate.RouteTables, t)
		return t
	}
	var out []estate.Route
	if v.attached {
		out = append(out, to(everyone4, internet))
		if v.ipv6 {
			out = append(out, to(everyone6, internet))
		}
	} else {
		out = append(out, estate.Route{CIDR: everyone4, Target: internet}) // a blackhole, since its gateway is gone
	}
	transit := to(inside, v.hub.gateway)
	table("main", nil)
	table("public", v.subnets[tierPublic][:], append(out, transit)...)
	for zone := range zonesInVPC {
		routes := []estate.Route{transit, {PrefixList: v.hub.storage, Target: endpoint.Reference.ID, Active: true}}
		if v.attached {
			routes = append(routes, to(everyone4, v.nat(zone)))
		}
		if v.ipv6 {
			routes = append(routes, to(everyone6, egress))
		}
		t := table(fmt.Sprintf("private-%d", zone), []*meshSubnet{v.subnets[tierApp][zone], v.subnets[tierPods][zone]}, routes...)
		endpoint.RouteTables = append(endpoint.RouteTables, t.Reference.ID)
	}
	table("data", v.subnets[tierData][:], transit)
	table("transit", v.subnets[tierTransit][:])
}

// nat makes a NAT gateway in a public subnet. Its interface is one more than was asked for.
func (v *meshVPC) nat(zone int) string {
	id, s := v.id("nat"), v.subnets[tierPublic][zone]
	n := v.newInterface(s, false)
	n.Type, n.Requester, n.Description, n.Public, n.SourceDest = "nat_gateway", "amazon-aws", "Interface for NAT Gateway "+id, v.dial(), false
	v.estate.NATGateways = append(v.estate.NATGateways, &estate.NATGateway{
		Resource: v.resource(v.Place, "nat-gateway", id, ""), VPC: v.vpc.Reference.ID, Subnet: s.Reference.ID, Public: true, State: "available",
		Addresses: []estate.NATAddress{{Private: n.Private[0], Public: n.Public, Interface: n.Reference.ID}}})
	return id
}

// acls gives the VPC's subnets their network ACLs: the default one, and where i says so one that keeps the data to what is
// inside and one that keeps administration off the public subnets.
func (v *meshVPC) acls() {
	acl := func(isDefault bool, subnets []*meshSubnet, entries ...estate.NetworkACLEntry) *estate.NetworkACL {
		a := &estate.NetworkACL{Resource: v.resource(v.Place, "network-acl", v.id("acl"), ""), VPC: v.vpc.Reference.ID, Default: isDefault, Entries: entries}
		for _, s := range subnets {
			a.Subnets = append(a.Subnets, s.Reference.ID)
		}
		slices.Sort(a.Subnets)
		v.estate.NetworkACLs = append(v.estate.NetworkACLs, a)
		return a
	}
	entry := func(number int, egress, allow bool, t netset.Traffic, cidr netip.Prefix) estate.NetworkACLEntry {
		return estate.NetworkACLEntry{Number: number, Egress: egress, Allow: allow, Traffic: t, CIDR: cidr}
	}
	var open []estate.NetworkACLEntry
	for _, egress := range []bool{false, true} {
		open = append(open, entry(100, egress, true, v.all(), everyone4))
		if v.ipv6 {
			open = append(open, entry(101, egress, true, v.all(), everyone6))
		}
	}
	rest := slices.Concat(v.subnets[tierApp][:], v.subnets[tierPods][:], v.subnets[tierTransit][:])
	if v.guardsData() {
		acl(false, v.subnets[tierData][:],
			entry(90, false, false, v.tcp(22, 22), inside),
			entry(100, false, true, v.tcp(1024, 65535), inside),
			entry(110, false, true, v.tcp(22, 22), v.cidr),
			entry(100, true, true, v.all(), inside))
	} else {
		rest = append(rest, v.subnets[tierData][:]...)
	}
	if v.guardsPublic() {
		guard := slices.Clone(open)
		for i, cidr := range v.families() {
			guard = append(guard, entry(10+i, false, false, v.tcp(22, 22), cidr), entry(20+i, false, false, v.tcp(3389, 3389), cidr))
		}
		slices.SortStableFunc(guard, func(a, b estate.NetworkACLEntry) int { return cmp.Compare(a.Number, b.Number) })
		acl(false, v.subnets[tierPublic][:], guard...)
	} else {
		rest = append(rest, v.subnets[tierPublic][:]...)
	}
	acl(true, rest, open...)
}

func (v *meshVPC) guardsData() bool   { return v.i%4 != 3 }
func (v *meshVPC) guardsPublic() bool { return v.i%4 == 1 }

// families are everybody's addresses, of the families that the VPC has.
func (v *meshVPC) families() []netip.Prefix {
	if v.ipv6 {
		return []netip.Prefix{everyone4, everyone6}
	}
	return []netip.Prefix{everyone4}
}

// attach joins the VPC to the Region's transit gateway. Each seventh is of the core, which meets all; of the others one half
// is production and one half development, which meet their own.
func (v *meshVPC) attach() {
	h, id := v.hub, v.id("tgw-attach")
	table, learn := h.development, []*estate.TransitGatewayRouteTable{h.core, h.development}
	switch {
	case v.i%7 == 3:
		table, learn = h.core, []*estate.TransitGatewayRouteTable{h.core, h.production, h.development}
	case v.i%2 == 0:
		table, learn = h.production, []*estate.TransitGatewayRouteTable{h.core, h.production}
	}
	vpc := estate.TransitGatewayVPC{GroupReferences: v.i%5 != 0}
	for _, s := range v.subnets[tierTransit] {
		vpc.Subnets = append(vpc.Subnets, s.Reference.ID)
	}
	slices.Sort(vpc.Subnets)
	v.estate.TransitGatewayAttachments = append(v.estate.TransitGatewayAttachments, &estate.TransitGatewayAttachment{
		Resource: v.resource(h.Place, "transit-gateway-attachment", id, ""), TransitGateway: h.gateway, Type: "vpc",
		Of: v.vpc.Reference.ID, OfAccount: v.Account, State: "available", RouteTable: estate.Know(table.Reference.ID), VPC: estate.Know(vpc)})
	for _, t := range learn {
		propagate(t, estate.TransitGatewayRoute{CIDR: v.cidr, Attachments: []string{id}})
		if h.used%16 == 3 {
			// In quarantine: a blackhole for half of its addresses, more specific than what the attachment tells.
			propagate(t, estate.TransitGatewayRoute{CIDR: netip.PrefixFrom(v.cidr.Addr(), 20), Static: true, Blackhole: true})
		}
	}
}

// peer joins two VPCs, both ways, from the subnets of applications.
func (m *mesh) peer(a, b *meshVPC) {
	id := m.id("pcx")
	side := func(v *meshVPC) estate.PeeringSide {
		return estate.PeeringSide{Account: v.Account, Region: v.Region, VPC: v.vpc.Reference.ID, CIDRs: slices.Clone(v.vpc.CIDRs)}
	}
	m.estate.Peerings = append(m.estate.Peerings, &estate.Peering{Resource: m.resource(a.Place, "vpc-peering", id, ""),
		Requester: side(a), Accepter: side(b), Status: "active"})
	for _, pair := range [][2]*meshVPC{{a, b}, {b, a}} {
		near, far := pair[0], pair[1]
		for zone := range zonesInVPC {
			t := near.tables[tierApp][zone]
			t.Routes = append(t.Routes, estate.Route{CIDR: far.cidr, Target: id, Active: true})
		}
	}
}

// exclude exempts a VPC from block public access.
func (m *mesh) exclude(v *meshVPC) {
	m.estate.BlockPublicAccessExclusions = append(m.estate.BlockPublicAccessExclusions, &estate.BlockPublicAccessExclusion{
		Resource: m.resource(v.Place, "vpc-block-public-access-exclusion", m.id("vpcbpa-exclude"), ""), Of: v.vpc.Reference.ID, Mode: "allow-bidirectional"})
}

// finish puts the lists in order. Interfaces, instances and groups are made in order: there are too many to sort by keys
// made of text.
func (m *mesh) finish() {
	inOrder(m.estate.TransitGatewayAttachments)
	inOrder(m.estate.LoadBalancers)
	slices.SortStableFunc(m.truth.Exposures, func(a, b Exposure) int {
		return cmp.Or(cmp.Compare(a.Interface, b.Interface), compareBool(a.IPv6, b.IPv6), cmp.Compare(a.Protocol, b.Protocol),
			cmp.Compare(a.Ports.Ranges()[0].First, b.Ports.Ranges()[0].First))
	})
	for _, p := range m.estate.Places("ec2:DescribeVpcs") {
		mode := "off"
		if p == m.blocked {
			mode = "block-bidirectional"
		}
		m.estate.BlockPublicAccess = append(m.estate.BlockPublicAccess, &estate.BlockPublicAccess{Place: p, Mode: estate.Know(mode)})
	}
}

func inOrder[R interface{ Ref() estate.Ref }](list []R) {
	slices.SortFunc(list, func(a, b R) int { return strings.Compare(a.Ref().Key(), b.Ref().Key()) })
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
