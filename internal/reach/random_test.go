package reach_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/reach"
)

// drawing makes random estates: small, with everything that the oracle knows, and with references to what is not there.
type drawing struct {
	*rapid.T
	*builder
	vpcs    []drawnVPC
	lists   []string
	groups  []string
	peers   map[string][]string // by VPC: the peerings
	transit map[string]bool     // by VPC: it is attached to the transit gateway
	hosts   int
}

type drawnVPC struct {
	id      string
	at      *builder
	cidr    string // of IPv4
	six     string // of IPv6; empty for none
	subnets []string
	guarded bool // its way to the Internet is through a firewall
}

func (d *drawing) chance(percent int, what string) bool {
	return rapid.IntRange(1, 100).Draw(d.T, what) <= percent
}

func (d *drawing) oneOf(list []string, what string) string {
	return rapid.SampledFrom(list).Draw(d.T, what)
}

func drawEstate(t *rapid.T) *builder {
	d := &drawing{T: t, builder: newBuilder(), peers: map[string][]string{}, transit: map[string]bool{}}
	places := []*builder{d.builder, d.at("444455556666", "us-east-1"), d.at("111122223333", "eu-west-1")}
	d.lists = []string{"pl-1"}
	entries := strings.Fields(d.oneOf([]string{"10.0.0.0/16", "10.1.0.0/16", "8.8.8.0/24", "0.0.0.0/0", "10.0.0.0/9 10.128.0.0/9", "10.0.0.0/8 10.1.1.0/24"}, "entries"))
	d.prefixList("pl-1", entries...)
	places[2].prefixList("pl-1", entries...)
	if d.chance(30, "unread list") {
		d.lists = append(d.lists, "pl-unread")
		d.prefixList("pl-unread")
	}
	for n := range rapid.IntRange(1, 3).Draw(t, "VPCs") {
		at := places[0]
		if d.chance(30, "elsewhere") {
			at = places[rapid.IntRange(1, 2).Draw(t, "place")]
		}
		d.drawVPC(at, fmt.Sprint("vpc-", n+1), n)
	}
	for i, v := range d.vpcs {
		for _, w := range d.vpcs[i+1:] {
			if d.chance(60, "peered") {
				id := "pcx-" + v.id + "-" + w.id
				status := "active"
				if d.chance(15, "not active") {
					status = "pending-acceptance"
				}
				v.at.peering(id, v.id, w.id, status)
				d.peers[v.id], d.peers[w.id] = append(d.peers[v.id], id), append(d.peers[w.id], id)
			}
		}
	}
	d.drawTransit()
	for n := range rapid.IntRange(2, 6).Draw(t, "interfaces") {
		d.drawInterface(fmt.Sprint("eni-", n+1))
	}
	for _, v := range d.vpcs {
		d.drawRoutes(v)
	}
	if len(d.Firewalls) == 0 { // the pages of AWS disagree on what blocking means to firewalls
		d.drawBlock(places)
	}
	return d.builder
}

func (d *drawing) drawVPC(at *builder, id string, n int) {
	v := drawnVPC{id: id, at: at, cidr: fmt.Sprintf("10.%d.0.0/16", n)}
	if n == 2 && d.chance(50, "overlap") {
		v.cidr = "10.0.0.0/16"
	}
	cidrs := []string{v.cidr}
	if d.chance(50, "IPv6") {
		v.six = fmt.Sprintf("2600:1f18:%d::/56", n+1)
		cidrs = append(cidrs, v.six)
	}
	at.vpc(id, cidrs...)
	stem := strings.TrimSuffix(v.cidr, "0.0/16")
	for m := range rapid.IntRange(1, 2).Draw(d.T, "subnets") {
		s := fmt.Sprintf("subnet-%s-%d", id, m+1)
		within := []string{fmt.Sprintf("%s%d.0/24", stem, m+1)}
		if v.six != "" {
			within = append(within, fmt.Sprintf("2600:1f18:%d:%d::/64", n+1, m+1))
		}
		at.subnet(s, id, d.oneOf([]string{"a", "b"}, "zone"), within...)
		v.subnets = append(v.subnets, s)
	}
	if d.chance(75, "internet gateway") {
		at.igw("igw-"+id, id)
	}
	if v.six != "" && d.chance(50, "egress-only gateway") {
		at.eigw("eigw-"+id, id)
	}
	if d.chance(25, "VPN gateway") {
		at.vgw("vgw-"+id, id)
	}
	for m := range rapid.IntRange(1, 3).Draw(d.T, "groups") {
		g := fmt.Sprintf("sg-%s-%d", id, m+1)
		d.groups = append(d.groups, g)
	}
	for _, g := range d.groups {
		if strings.HasPrefix(g, "sg-"+id) {
			at.group(g, id, d.drawRules()...)
		}
	}
	acls := rapid.IntRange(1, 2).Draw(d.T, "ACLs")
	with := make([][]string, acls)
	for _, s := range v.subnets {
		m := rapid.IntRange(0, acls-1).Draw(d.T, "ACL")
		with[m] = append(with[m], s)
	}
	for m, subnets := range with {
		at.acl(fmt.Sprintf("acl-%s-%d", id, m+1), id, d.drawEntries(), subnets...)
	}
	if len(with[0]) > 0 && d.hasGateway("igw-"+id) && d.chance(25, "firewall") {
		v.guarded = true
	}
	d.vpcs = append(d.vpcs, v)
}

func (d *drawing) hasGateway(id string) bool {
	return slices.ContainsFunc(d.InternetGateways, func(g *estate.InternetGateway) bool { return g.Ref().ID == id })
}

var drawnTraffic = []string{"all", "all", "tcp 22", "tcp 443", "tcp 0-1023", "tcp 1024-65535", "tcp 32768-65535", "udp 53", "udp", "icmp 8/0", "icmp", "50"}

var drawnPeers = []string{"0.0.0.0/0", "0.0.0.0/0", "::/0", "10.0.0.0/16", "10.1.0.0/16", "10.0.1.0/24", "8.0.0.0/8", "52.0.0.0/8", "2600:1f18::/32"}

func (d *drawing) drawRules() []string {
	if d.chance(40, "open group") {
		return openGroup
	}
	var rules []string
	for range rapid.IntRange(0, 5).Draw(d.T, "rules") {
		peers := slices.Concat(drawnPeers, d.groups, d.groups, d.lists, []string{"sg-gone"})
		rules = append(rules, strings.Join([]string{d.oneOf([]string{"in", "out"}, "direction"), d.oneOf(drawnTraffic, "traffic"), d.oneOf(peers, "peer")}, " "))
	}
	if d.chance(60, "all out") {
		rules = append(rules, "out all 0.0.0.0/0", "out all ::/0")
	}
	return rules
}

func (d *drawing) drawEntries() []string {
	if d.chance(40, "open ACL") {
		return openACL
	}
	var entries []string
	for n := range rapid.IntRange(1, 5).Draw(d.T, "entries") {
		entries = append(entries, strings.Join([]string{fmt.Sprint(10 * (n + 1)), d.oneOf([]string{"in", "out"}, "direction"),
			d.oneOf([]string{"allow", "allow", "deny"}, "action"), d.oneOf(drawnTraffic, "traffic"), d.oneOf(drawnPeers, "CIDR")}, " "))
	}
	if d.chance(60, "else open") {
		entries = append(entries, openACL...)
	}
	return entries
}

func (d *drawing) drawTransit() {
	if !d.chance(50, "transit gateway") {
		return
	}
	d.tgw("tgw-1", d.chance(50, "references"))
	var attached []string
	for _, v := range d.vpcs {
		if v.at.Region != here.Region || !d.chance(80, "attached") {
			continue
		}
		table := d.oneOf([]string{"tgw-rtb-1", "tgw-rtb-1", "tgw-rtb-2", ""}, "association")
		var by []string
		zones := map[string]bool{}
		for _, s := range v.subnets {
			if zone := (oracle{Estate: d.Estate}).subnet(s).Zone; !zones[zone] && (len(by) == 0 || d.chance(70, "zone too")) {
				zones[zone] = true
				by = append(by, s)
			}
		}
		d.attach("att-"+v.id, "tgw-1", v.id, table, d.chance(70, "takes part in references"), by...)
		attached = append(attached, "att-"+v.id)
		d.transit[v.id] = true
	}
	d.attachment("att-vpn", "tgw-1", "vpn", "vpn-1", "tgw-rtb-1")
	for _, id := range []string{"tgw-rtb-1", "tgw-rtb-2"} {
		var routes []string
		for _, v := range d.vpcs {
			if d.transit[v.id] && d.chance(70, "propagated") {
				routes = append(routes, v.cidr+" att-"+v.id)
				if v.six != "" {
					routes = append(routes, v.six+" att-"+v.id)
				}
			}
		}
		for range rapid.IntRange(0, 2).Draw(d.T, "static") {
			target := d.oneOf(append(slices.Clone(attached), "blackhole", "att-vpn", "att-gone"), "target")
			route := d.oneOf([]string{"0.0.0.0/0", "::/0", "10.0.0.0/16", "10.1.0.0/16", "10.0.1.0/24", "192.168.0.0/16"}, "destination") + " " + target
			if target != "blackhole" {
				route += " static"
			}
			if !slices.ContainsFunc(routes, func(r string) bool {
				return strings.Fields(r)[0] == strings.Fields(route)[0] && (strings.HasSuffix(r, "static") || strings.HasSuffix(r, "blackhole"))
			}) {
				routes = append(routes, route)
			}
		}
		d.transitTable(id, "tgw-1", routes...)
	}
}

func (d *drawing) drawInterface(id string) {
	v := rapid.SampledFrom(d.vpcs).Draw(d.T, "VPC")
	s := d.oneOf(v.subnets, "subnet")
	subnet := (oracle{Estate: d.Estate}).subnet(s)
	d.hosts++
	words := []string{strings.TrimSuffix(subnet.CIDRs[0].Addr().String(), "0") + fmt.Sprint(100+d.hosts)}
	if len(subnet.CIDRs) > 1 && d.chance(70, "has IPv6") {
		six := subnet.CIDRs[1].Addr().String() + fmt.Sprint(d.hosts)
		if d.chance(20, "IPv6 only") {
			words = nil
		}
		words = append(words, six)
	}
	if len(words) > 0 && strings.Contains(words[0], ".") && d.chance(50, "public") {
		words = append(words, fmt.Sprintf("public=52.0.0.%d", 100+d.hosts))
	}
	if len(words) > 0 && strings.Contains(words[0], ".") {
		host := strings.TrimSuffix(words[0], fmt.Sprint(100+d.hosts))
		if d.chance(15, "a further address") {
			words = append(words, fmt.Sprintf("%s%d=>52.0.2.%d", host, 150+d.hosts, 100+d.hosts))
			if len(words) > 1 && strings.HasPrefix(words[len(words)-2], "public=") { // which then is the first one's
				words[0], words[len(words)-2] = words[0]+"=>"+strings.TrimPrefix(words[len(words)-2], "public="), words[0]
				words = slices.Delete(words, len(words)-2, len(words)-1)
			}
		}
		if d.chance(8, "delegated") {
			words = append(words, fmt.Sprintf("%s%d/32", host, 200+d.hosts))
		}
	}
	for range rapid.IntRange(1, 2).Draw(d.T, "wears") {
		g := d.oneOf(d.groups, "group")
		if !slices.Contains(words, g) && (strings.HasPrefix(g, "sg-"+v.id) || d.chance(20, "another's group")) {
			words = append(words, g)
		}
	}
	if !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, "sg-") }) {
		words = append(words, "sg-"+v.id+"-1")
	}
	i := v.at.eni(id, s, words...)
	switch n := rapid.IntRange(1, 100).Draw(d.T, "kind"); {
	case n <= 8:
		i.Type = "lambda"
	case n <= 16:
		i.Type = "vpc_endpoint"
	case n <= 22:
		i.Status = "available"
	case n <= 30:
		v.at.instance("i-"+id, id, "stopped")
	case n <= 50:
		v.at.instance("i-"+id, id, "running")
	}
	i.SourceDest = !d.chance(15, "forwards")
	i.DeniesGateway = d.chance(10, "denies gateways")
	if d.chance(4, "lost subnet") {
		i.Subnet = "subnet-lost-" + v.id
	}
}

func (d *drawing) drawRoutes(v drawnVPC) {
	if d.chance(40, "NAT gateway") {
		s := d.oneOf(v.subnets, "NAT's subnet")
		d.hosts++
		public := ""
		if d.chance(75, "public NAT") {
			public = fmt.Sprintf("52.0.1.%d", 100+d.hosts)
		}
		v.at.nat("nat-"+v.id, s, strings.TrimSuffix((oracle{Estate: d.Estate}).subnet(s).CIDRs[0].Addr().String(), "0")+fmt.Sprint(100+d.hosts), public)
	}
	if v.guarded {
		d.guard(v)
		return
	}
	tables := rapid.IntRange(1, 2).Draw(d.T, "tables")
	v.at.table("rtb-"+v.id, v.id, v.at.locals(v.id, d.drawTable(v)...))
	if tables > 1 {
		v.at.table("rtb-own-"+v.id, v.id, v.at.locals(v.id, d.drawTable(v)...), d.oneOf(v.subnets, "subnet with its own table"))
	}
}

func (d *drawing) drawTable(v drawnVPC) []string {
	targets := slices.Concat([]string{"igw-" + v.id, "igw-" + v.id, "pcx-gone", "igw-gone"}, d.peers[v.id], d.peers[v.id])
	if d.transit[v.id] {
		targets = append(targets, "tgw-1", "tgw-1")
	}
	if slices.ContainsFunc(d.NATGateways, func(g *estate.NATGateway) bool { return g.VPC == v.id }) {
		targets = append(targets, "nat-"+v.id, "nat-"+v.id)
	}
	if slices.ContainsFunc(d.VPNGateways, func(g *estate.VPNGateway) bool { return g.VPC == v.id }) {
		targets = append(targets, "vgw-"+v.id)
	}
	if slices.ContainsFunc(d.EgressOnlyGateways, func(g *estate.EgressOnlyGateway) bool { return g.VPC == v.id }) {
		targets = append(targets, "eigw-"+v.id)
	}
	for _, i := range d.NetworkInterfaces {
		if i.VPC == v.id && i.Type == "interface" {
			targets = append(targets, i.Ref().ID)
		}
	}
	destinations := []string{"0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0", "::/0", "8.8.8.0/24", "192.168.0.0/16", "0.0.0.0/1", "10.0.0.0/8"}
	for _, w := range d.vpcs {
		if w.id != v.id {
			destinations = append(destinations, w.cidr, w.cidr, w.cidr)
			if w.six != "" {
				destinations = append(destinations, w.six, w.six)
			}
		}
	}
	destinations = append(destinations, d.lists...)
	var routes []string
	taken := map[string]bool{v.cidr: true}
	for range rapid.IntRange(0, 6).Draw(d.T, "routes") {
		to, target := d.oneOf(destinations, "destination"), d.oneOf(targets, "target")
		route := to + " " + target
		if strings.HasPrefix(target, "vgw-") && d.chance(50, "told by the gateway") && !strings.HasPrefix(to, "pl-") {
			to, route = to+" propagated", route+" propagated"
		} else if d.chance(8, "blackhole") {
			route += " blackhole"
		}
		if !taken[to] {
			taken[to] = true
			routes = append(routes, route)
		}
	}
	return routes
}

// guard puts a firewall between a VPC and the Internet, both ways.
func (d *drawing) guard(v drawnVPC) {
	fw := "subnet-fw-" + v.id
	cidr := strings.TrimSuffix(v.cidr, "0.0/16") + "250.0/24"
	v.at.subnet(fw, v.id, "a", cidr)
	v.at.acl("acl-fw-"+v.id, v.id, openACL, fw)
	d.guardPolicy(v, fw)
	v.at.table("rtb-"+v.id, v.id, v.at.locals(v.id, "0.0.0.0/0 vpce-"+v.id))
	v.at.table("rtb-fw-"+v.id, v.id, v.at.locals(v.id, "0.0.0.0/0 igw-"+v.id), fw)
	edge := v.at.locals(v.id)
	for _, s := range v.subnets {
		edge = append(edge, (oracle{Estate: d.Estate}).subnet(s).CIDRs[0].String()+" vpce-"+v.id)
	}
	v.at.edge("rtb-edge-"+v.id, v.id, "igw-"+v.id, edge...)
}

func (d *drawing) guardPolicy(v drawnVPC, subnet string) {
	var rules []estate.FirewallRule
	for range rapid.IntRange(0, 3).Draw(d.T, "firewall rules") {
		r := firewallRule(d.oneOf([]string{"PASS", "DROP", "REJECT", "ALERT"}, "action"), rapid.SampledFrom([]uint16{22, 53, 443}).Draw(d.T, "port"))
		r.Protocols = rapid.SampledFrom([][]netset.Protocol{nil, {netset.TCP}, {netset.UDP}}).Draw(d.T, "protocols")
		if d.chance(30, "narrow") {
			r.Sources = netset.Of(netip.MustParsePrefix(d.oneOf([]string{"8.0.0.0/8", "10.0.0.0/8"}, "sources")))
		}
		r.BothWays = d.chance(20, "both ways")
		rules = append(rules, r)
	}
	group := firewallGroup(rules...)
	group.Opaque = d.chance(15, "domains")
	policy := inspects(d.oneOf([]string{"STRICT_ORDER", "DEFAULT_ACTION_ORDER"}, "order"), nil, group)
	if policy.Order == "STRICT_ORDER" && d.chance(50, "drops the rest") {
		policy.StatefulDefault = []string{"aws:drop_strict"}
	}
	if d.chance(30, "stateless") {
		policy.Stateless = []estate.FirewallGroup{firewallGroup(firewallRule(d.oneOf([]string{"aws:drop", "aws:forward_to_sfe"}, "action"), 22))}
	}
	v.at.firewall("fw-"+v.id, v.id, "vpce-"+v.id, subnet, policy)
}

func (d *drawing) drawBlock(places []*builder) {
	for _, p := range places {
		if !d.chance(25, "blocked") {
			continue
		}
		p.blockPublicAccess(d.oneOf([]string{"off", "block-bidirectional", "block-ingress"}, "mode"))
		for _, v := range d.vpcs {
			if v.at.Place == p.Place && d.chance(30, "exclusion") {
				p.exclude(d.oneOf(append(slices.Clone(v.subnets), v.id), "of"), d.oneOf([]string{"allow-bidirectional", "allow-egress"}, "exclusion mode"))
			}
		}
	}
}

// questions are those that are asked of every random estate: between all interfaces, and from and to some addresses
// outside, at the edges of the rules.
func questions(e *estate.Estate) []reach.Question {
	var ends []reach.End
	for _, i := range e.NetworkInterfaces {
		ends = append(ends, end(e, i.Ref().ID))
	}
	packets := []string{"tcp 22", "tcp 443 from 40000", "udp 53", "esp", "icmp 8/0"}
	var all []reach.Question
	ask := func(from, to reach.End) {
		for _, p := range packets {
			protocol, port, client := parsePacket(p)
			all = append(all, reach.Question{From: from, To: to, Protocol: protocol, Port: port, SourcePort: client})
		}
	}
	for i, from := range ends {
		for j, to := range ends {
			if i != j {
				ask(from, to)
			}
		}
		for _, outside := range []string{"8.8.8.8", "200.7.8.9", somebodyV6} {
			ask(from, end(e, outside))
			ask(end(e, outside), from)
		}
		ask(from, end(e, "192.168.7.7"))
		ask(end(e, "192.168.7.7"), from)
	}
	return all
}

func (q drawnQuestion) String() string {
	name := func(e reach.End) string {
		if len(e.Refs) > 0 {
			return e.Refs[0].ID
		}
		return e.Addresses.String()
	}
	return fmt.Sprintf("%v %d from %s (port %d) to %s", q.Protocol, q.Port, name(q.From), q.SourcePort, name(q.To))
}

type drawnQuestion reach.Question

// drawn is a random estate, and what is not read of it in the end.
type drawn struct {
	*builder
	gone []withdrawal
}

type withdrawal struct {
	op operation.ID
	at estate.Place
}

var estates = rapid.Custom(func(t *rapid.T) *drawn {
	d := &drawn{builder: drawEstate(t)}
	ops := slices.Sorted(maps.Keys(withdrawals(d.builder)))
	for range rapid.IntRange(1, 2).Draw(t, "withdrawn") {
		at := rapid.SampledFrom(append([]estate.Place{here}, d.places()...)).Draw(t, "place")
		d.gone = append(d.gone, withdrawal{rapid.SampledFrom(ops).Draw(t, "operation"), at})
	}
	return d
})

// places are where the VPCs are.
func (b *builder) places() []estate.Place {
	var all []estate.Place
	for _, v := range b.VPCs {
		all = append(all, v.Place())
	}
	return all
}

// failing is a test, of the testing package or of rapid.
type failing interface {
	Fatalf(format string, args ...any)
}

// onEstates checks a property on the same random estates every time. FuzzEstates looks for others.
func onEstates(t *testing.T, property func(t failing, d *drawn)) {
	t.Helper()
	for seed := range 120 {
		property(t, estates.Example(seed))
	}
}

// FuzzEstates looks for estates on which a property does not hold.
func FuzzEstates(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		d := estates.Draw(t, "estate")
		agrees(t, d)
		staysOrBecomesUnknown(t, d)
	}))
}

// TestLiveAgreesOnRandomEstates changes rules where routes pass firewalls, go by lists that were not read, and the like.
func TestLiveAgreesOnRandomEstates(t *testing.T) {
	t.Parallel()
	seed := uint64(0)
	onEstates(t, func(t failing, d *drawn) {
		e := d.done()
		if seed++; len(e.SecurityGroups) > 0 {
			reach.LiveAgrees(t, e, rand.New(rand.NewPCG(seed, 3)), 4, true)
		}
	})
}

// TestPairsOnRandomEstates compares all pairs at once with the walk of one.
func TestPairsOnRandomEstates(t *testing.T) {
	t.Parallel()
	onEstates(t, func(t failing, d *drawn) { reach.PairsAgree(t, d.done()) })
}

// TestAgreesWithTheOracle compares Ask with its plain twin.
func TestAgreesWithTheOracle(t *testing.T) {
	t.Parallel()
	onEstates(t, agrees)
}

func agrees(t failing, d *drawn) {
	e := d.done()
	n := reach.Of(e)
	twin, coarse := oracleOf(e), routesUnread(e)
	for _, q := range questions(e) {
		*twin.strayed = false
		got, want := n.Ask(q), twin.answer(q)
		if *twin.strayed && want.Session == unknown && got.Session == no {
			got.Session = unknown
		}
		if coarse && got.Arrives == unknown {
			continue
		}
		if got.Arrives != want.Arrives || got.Session != want.Session && !(coarse && got.Session == unknown) {
			t.Fatalf("%s: arrives %v, session %v; the oracle says %v and %v\n%s\n%s", drawnQuestion(q), got.Arrives, got.Session, want.Arrives, want.Session, told(got), sketch(e))
		}
		if got.Session == yes && q.SourcePort == 0 && (packet{protocol: q.Protocol}).hasPorts() && !got.ClientPorts.Equal(want.ClientPorts) {
			t.Fatalf("%s: a session from ports %s; the oracle says %s\n%s\n%s", drawnQuestion(q), got.ClientPorts, want.ClientPorts, told(got), sketch(e))
		}
		if got.Arrives != yes && got.Reason == "" {
			t.Fatalf("%s: arrives %v, without a reason", drawnQuestion(q), got.Arrives)
		}
	}
}

// routesUnread reports whether a route goes by a prefix list that was not read. The oracle tries the table with and without the
// route; Ask leaves it at unknown, even where both come to the same.
func routesUnread(e *estate.Estate) bool {
	return slices.ContainsFunc(e.RouteTables, func(t *estate.RouteTable) bool {
		return slices.ContainsFunc(t.Routes, func(r estate.Route) bool {
			return r.PrefixList != "" && !slices.ContainsFunc(e.PrefixLists, func(l *estate.PrefixList) bool {
				_, ok := l.Entries.Value()
				return ok && l.Ref().ID == r.PrefixList
			})
		})
	})
}

// sketch is an estate in few lines, for failures.
func sketch(e *estate.Estate) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	for _, v := range e.VPCs {
		line("vpc %s %s %v", v.Place(), v.Ref().ID, v.CIDRs)
	}
	for _, s := range e.Subnets {
		line("subnet %s of %s %s %v", s.Ref().ID, s.VPC, s.Zone, s.CIDRs)
	}
	for _, t := range e.RouteTables {
		line("table %s of %s main %v subnets %v gateways %v", t.Ref().ID, t.VPC, t.Main, t.Subnets, t.Gateways)
		for _, r := range t.Routes {
			line("  %v%s %s active %v propagated %v", r.CIDR, r.PrefixList, r.Target, r.Active, r.Propagated)
		}
	}
	for _, a := range e.NetworkACLs {
		line("acl %s %v", a.Ref().ID, a.Subnets)
		for _, x := range a.Entries {
			line("  %d egress %v allow %v tcp [%s] udp [%s] icmp [%s] %v", x.Number, x.Egress, x.Allow, x.Traffic.Of(netset.TCP), x.Traffic.Of(netset.UDP), x.Traffic.Of(netset.ICMP), x.CIDR)
		}
	}
	for _, g := range e.SecurityGroups {
		line("group %s of %s missing %d", g.Ref().ID, g.VPC, len(g.Missing))
		for _, r := range g.Rules {
			line("  egress %v %s tcp [%s] udp [%s] %s", r.Egress, r.Protocol, r.Traffic.Of(netset.TCP), r.Traffic.Of(netset.UDP), r.Peer)
		}
	}
	for _, i := range e.NetworkInterfaces {
		line("interface %s %s in %s of %s %v %v public %v %v %v wears %v instance %s status %s checks %v", i.Ref().ID, i.Type, i.Subnet, i.VPC, i.Private, i.IPv6, i.Public, i.Associations, i.Prefixes, i.SecurityGroups, i.Instance, i.Status, i.SourceDest)
	}
	for _, x := range e.Instances {
		line("instance %s %s", x.Ref().ID, x.State)
	}
	for _, g := range e.InternetGateways {
		line("%s of %s", g.Ref().ID, g.VPC)
	}
	for _, g := range e.NATGateways {
		line("%s in %s %s %v", g.Ref().ID, g.Subnet, g.State, g.Addresses)
	}
	for _, p := range e.Peerings {
		line("%s %s %s %s", p.Ref().ID, p.Requester.VPC, p.Accepter.VPC, p.Status)
	}
	for _, l := range e.PrefixLists {
		v, ok := l.Entries.Value()
		line("%s %s %v", l.Ref().ID, v, ok)
	}
	for _, a := range e.TransitGatewayAttachments {
		r, _ := a.RouteTable.Value()
		v, _ := a.VPC.Value()
		line("%s of %s to %s by %s: %v", a.Ref().ID, a.TransitGateway, a.Of, r, v)
	}
	for _, r := range e.TransitGatewayRouteTables {
		v, ok := r.Routes.Value()
		line("%s %v %v", r.Ref().ID, v, ok)
	}
	for _, f := range e.Firewalls {
		p, _ := f.Policy.Value()
		if p == nil {
			continue
		}
		line("firewall %s %s default %v", f.Ref().ID, p.Order, p.StatefulDefault)
		for _, g := range slices.Concat(p.Stateless, p.Stateful) {
			rules, _ := g.Rules.Value()
			for _, r := range rules {
				line("  %v %v from %s [%s] to %s [%s] both %v", r.Actions, r.Protocols, r.Sources, r.SourcePorts, r.Destinations, r.DestinationPorts, r.BothWays)
			}
			line("  opaque %v", g.Opaque)
		}
	}
	for _, x := range e.BlockPublicAccess {
		m, _ := x.Mode.Value()
		line("block %s %s", x.Place, m)
	}
	for _, x := range e.BlockPublicAccessExclusions {
		line("exclusion %s %s", x.Of, x.Mode)
	}
	return b.String()
}
