package reach_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/load"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/reach"
	"github.com/onus-cloud/onus/internal/responses"
)

// accepted are the rows that differ, each with the reason and the AWS page that it rests on. A row that is not here agrees.
var accepted = map[string]string{}

// notApplicable are the rows that say nothing that can be asked.
var notApplicable = map[string]string{}

// TestConformance scores what two public projects expect of their own fixtures. Run it with -v for the rows.
func TestConformance(t *testing.T) {
	t.Parallel()
	score(t, func(e *estate.Estate) asks { return reach.Of(e).Ask })
}

// TestOracleConforms scores the oracle.
func TestOracleConforms(t *testing.T) {
	t.Parallel()
	score(t, func(e *estate.Estate) asks { return oracleOf(e).answer })
}

// asks answers questions about one estate.
type asks func(q reach.Question) reach.Answer

func score(t *testing.T, of func(e *estate.Estate) asks) {
	t.Helper()
	rows := conformanceRows(t)
	differences := map[string]string{}
	networks := map[string]*guarded{}
	for _, r := range rows {
		var differs string
		if strings.HasPrefix(r.id, "reach-") {
			differs = r.luhring(of)
		} else {
			g := networks[r.file]
			if g == nil {
				g = guard(t, r.file, of)
				networks[r.file] = g
			}
			differs = g.compare(r, rows)
		}
		if differs != "" {
			differences[r.id] = differs
		}
	}
	agree := 0
	for _, r := range rows {
		differs := differences[r.id]
		switch {
		case notApplicable[r.id] != "":
			t.Logf("%s: not applicable: %s", r.id, notApplicable[r.id])
		case differs == "" && accepted[r.id] != "":
			t.Errorf("%s agrees now: take it off the list of accepted differences", r.id)
		case differs == "":
			agree++
		case accepted[r.id] != "":
			t.Logf("%s differs: %s: %s", r.id, differs, accepted[r.id])
		default:
			t.Errorf("%s (%s to %s: %s) differs: %s", r.id, r.source, r.destination, r.expected, differs)
		}
	}
	t.Logf("%d rows agree, %d differ with a reason, %d do not apply", agree, len(accepted), len(notApplicable))
}

// expectation is one row of expected.tsv.
type expectation struct{ id, file, test, source, destination, expected string }

func conformanceRows(t *testing.T) []expectation {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "conformance", "expected.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(bytes.NewReader(body))
	r.Comma, r.LazyQuotes = '\t', true
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range lines[0] {
		column[name] = i
	}
	var rows []expectation
	for _, l := range lines[1:] {
		get := func(name string) string { return l[column[name]] }
		rows = append(rows, expectation{get("id"), get("data_file"), get("test"), get("source"), get("destination"), get("expected")})
	}
	return rows
}

// connection is what passes by one line of a report: a protocol (0 for all), from some ports to some.
type connection struct {
	none     bool
	protocol netset.Protocol
	from, to netset.Ports
	blocked  netset.Ports // source ports whose reply does not get back
}

var (
	portWords = regexp.MustCompile(`(src-ports|dst-ports|dst):? ([0-9,-]+)`)
	blockedBy = regexp.MustCompile(`response blocked for src-ports ([0-9,-]+)`)
)

// connection understands "All Connections", "No Connections (...)", "protocol: TCP src-ports: 1-1024 dst-ports: 9080 ; TCP response
// BLOCKED", "TCP dst 9080; response blocked for src-ports 1-1024".
func (r expectation) connection() connection {
	c := connection{from: netset.AllPorts(), to: netset.AllPorts()}
	text := r.expected
	switch {
	case strings.HasPrefix(text, "No Connections"):
		c.none = true
		return c
	case strings.HasPrefix(text, "All Connections"):
		return c
	case strings.Contains(text, "TCP"):
		c.protocol = netset.TCP
	case strings.Contains(text, "UDP"):
		c.protocol = netset.UDP
	}
	if m := blockedBy.FindStringSubmatch(text); m != nil {
		c.blocked = portList(m[1])
		text = strings.Replace(text, m[0], "", 1)
	}
	for _, m := range portWords.FindAllStringSubmatch(text, -1) {
		if m[1] == "src-ports" {
			c.from = portList(m[2])
		} else {
			c.to = portList(m[2])
		}
	}
	if strings.Contains(text, "response BLOCKED") {
		c.blocked = c.from
	}
	return c
}

func portList(text string) netset.Ports {
	var ports netset.Ports
	for _, part := range strings.Split(text, ",") {
		first, last, ok := strings.Cut(part, "-")
		if !ok {
			last = first
		}
		ports = ports.Union(netset.PortsOf(netset.PortRange{First: number(first), Last: number(last)}))
	}
	return ports
}

// guarded is one of np-guard's estates.
type guarded struct {
	estate *estate.Estate
	ask    asks
}

// guard makes an estate of what np-guard's collector read: AWS's own shapes, in one document.
//
// The documents have no route tables. np-guard takes a subnet that gives out public addresses for a public one; so here:
// each of those has a table with a default route to the gateway of its VPC, the others have the main one without. Whatever
// else there could be (a firewall, a peering) is not there, and public access is not blocked.
func guard(t *testing.T, file string, of func(e *estate.Estate) asks) *guarded {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "conformance", "np-guard", filepath.Base(file)))
	if err != nil {
		t.Fatal(err)
	}
	var dump struct {
		Instances        []map[string]any `json:"instances"`
		InternetGateways []map[string]any `json:"internet_gateways"`
		NetworkACLs      []map[string]any `json:"network_acls"`
		SecurityGroups   []map[string]any `json:"security_groups"`
		Subnets          []map[string]any `json:"subnets"`
		VPCs             []map[string]any `json:"vpcs"`
	}
	for made, real := range map[string]string{"GroupId:": "sg-", "InternetGatewayId:": "igw-"} { // ids that do not look like AWS's
		body = bytes.ReplaceAll(body, []byte(`"`+made), []byte(`"`+real))
	}
	if err := json.Unmarshal(body, &dump); err != nil {
		t.Fatal(err)
	}
	zone := dump.Subnets[0]["AvailabilityZone"].(string)
	place := estate.Place{Account: dump.VPCs[0]["OwnerId"].(string), Region: zone[:len(zone)-1]}
	set := &responses.Set{Scope: responses.Scope{Accounts: []string{place.Account}, Regions: []string{place.Region}}}
	add := func(op operation.ID, member string, list any) {
		page, err := json.Marshal(map[string]any{member: list})
		if err != nil {
			t.Fatal(err)
		}
		set.Responses = append(set.Responses, responses.Response{Account: place.Account, Region: place.Region, Operation: op, Time: observed,
			Outcome: operation.OK, Pages: []json.RawMessage{page}})
	}
	var interfaces []any
	for _, i := range dump.Instances {
		list, _ := i["NetworkInterfaces"].([]any)
		for _, n := range list {
			n := n.(map[string]any)
			n["Attachment"].(map[string]any)["InstanceId"] = i["InstanceId"]
			interfaces = append(interfaces, n)
		}
	}
	add("ec2:DescribeInstances", "Reservations", []any{map[string]any{"Instances": dump.Instances}})
	add("ec2:DescribeNetworkInterfaces", "NetworkInterfaces", interfaces)
	add("ec2:DescribeInternetGateways", "InternetGateways", dump.InternetGateways)
	add("ec2:DescribeNetworkAcls", "NetworkAcls", dump.NetworkACLs)
	add("ec2:DescribeSecurityGroups", "SecurityGroups", dump.SecurityGroups)
	add("ec2:DescribeSubnets", "Subnets", dump.Subnets)
	add("ec2:DescribeVpcs", "Vpcs", dump.VPCs)
	e, problems := load.Load(set)
	for _, p := range problems {
		t.Errorf("%s: %s", file, p)
	}
	e.BlockPublicAccess = nil // which was not asked
	b := &builder{place, e, &built{}}
	for _, v := range e.VPCs {
		b.table("main of "+v.Ref().ID, v.Ref().ID, b.locals(v.Ref().ID))
	}
	for _, s := range e.Subnets {
		for _, g := range e.InternetGateways {
			if s.PublicIP && g.VPC == s.VPC {
				b.table("table of "+s.Ref().ID, s.VPC, b.locals(s.VPC, "0.0.0.0/0 "+g.Ref().ID), s.Ref().ID)
			}
		}
	}
	e = b.done()
	return &guarded{e, of(e)}
}

var (
	inBrackets = regexp.MustCompile(`\[([0-9.]+)\]`)
	anAddress  = regexp.MustCompile(`[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+(/[0-9]+)?`)
)

// addresses are those that stand for an end of a row: an interface's own, or some of the Internet.
func (g *guarded) addresses(text string) []netip.Addr {
	if m := inBrackets.FindStringSubmatch(text); m != nil {
		return []netip.Addr{netip.MustParseAddr(m[1])}
	}
	m := anAddress.FindString(text)
	if m == "" {
		return []netip.Addr{netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("200.7.8.9")}
	}
	if p, err := netip.ParsePrefix(m); err == nil {
		if p.Bits() == 32 {
			return []netip.Addr{p.Addr()}
		}
		return []netip.Addr{p.Addr().Next(), p.Addr()}
	}
	return []netip.Addr{netip.MustParseAddr(m)}
}

func (g *guarded) end(a netip.Addr) reach.End {
	for _, i := range g.estate.NetworkInterfaces {
		if has(i, a) {
			return reach.End{Refs: []estate.Ref{i.Ref()}}
		}
	}
	return reach.End{Addresses: netset.Of(netip.PrefixFrom(a, 32))}
}

// compare asks at ports in and beside those of the row, and returns the first difference. What several rows of a report say
// of one pair is one expectation.
func (g *guarded) compare(r expectation, rows []expectation) string {
	var lines []connection
	for _, x := range rows {
		if x.file == r.file && x.test == r.test && x.source == r.source && x.destination == r.destination {
			lines = append(lines, x.connection())
		}
	}
	for _, src := range g.addresses(r.source) {
		for _, dst := range g.addresses(r.destination) {
			if differs := g.pair(src, dst, r.connection(), lines); differs != "" {
				return differs
			}
		}
	}
	return ""
}

func (g *guarded) pair(src, dst netip.Addr, own connection, lines []connection) string {
	from, to := g.end(src), g.end(dst)
	for _, q := range []struct {
		protocol netset.Protocol
		clients  []uint16
		ports    []uint16
	}{
		{netset.TCP, []uint16{1, 1024, 1025, 5000, 5001, 9080, 65535}, []uint16{22, 1024, 1025, 5000, 5001, 9080}},
		{netset.UDP, []uint16{40000}, []uint16{53, 9080}},
		{netset.ICMP, []uint16{0}, []uint16{8 << 8}},
	} {
		for _, port := range q.ports {
			replied := netset.Ports{} // the client's ports to which the reply gets back
			for _, c := range lines {
				if !c.none && (c.protocol == 0 || c.protocol == q.protocol) && c.to.Contains(port) {
					replied = replied.Union(c.from.Intersect(without(c.blocked)))
				}
			}
			if q.protocol == netset.TCP {
				got := g.ask(reach.Question{From: from, To: to, Protocol: q.protocol, Port: port})
				replied = replied.Intersect(netset.PortsOf(netset.PortRange{First: 1, Last: 65535}))
				if clients := got.ClientPorts.Intersect(netset.PortsOf(netset.PortRange{First: 1, Last: 65535})); got.Session == yes && !clients.Equal(replied) {
					return fmt.Sprintf("tcp %d has a session from %s, want %s", port, clients, replied)
				}
				if got.Session != estate.Is(!replied.Empty()) {
					return fmt.Sprintf("tcp %d has a session: %v, want %v", port, got.Session, !replied.Empty())
				}
			}
			for _, client := range q.clients {
				in, session := false, false
				for _, c := range lines {
					if !c.none && (c.protocol == 0 || c.protocol == q.protocol) && (q.protocol == netset.ICMP || c.from.Contains(client) && c.to.Contains(port)) {
						in, session = true, !c.blocked.Contains(client)
					}
				}
				got := g.ask(reach.Question{From: from, To: to, Protocol: q.protocol, Port: port, SourcePort: client})
				if got.Arrives != estate.Is(in) {
					return fmt.Sprintf("%v %d from port %d arrives: %v, want %v: %s", q.protocol, port, client, got.Arrives, in, told(got))
				}
				// The reports say of TCP only whether the reply gets back.
				if q.protocol == netset.TCP && got.Session != estate.Is(session) {
					return fmt.Sprintf("%v %d from port %d has a session: %v, want %v: %s", q.protocol, port, client, got.Session, session, told(got))
				}
			}
		}
	}
	return ""
}

// without is the complement.
func without(ports netset.Ports) netset.Ports {
	var list []netset.PortRange
	next := 0
	for _, r := range ports.Ranges() {
		if int(r.First) > next {
			list = append(list, netset.PortRange{First: uint16(next), Last: r.First - 1})
		}
		next = int(r.Last) + 1
	}
	if next <= 65535 {
		list = append(list, netset.PortRange{First: uint16(next), Last: 65535})
	}
	return netset.PortsOf(list...)
}

// fixtures are the ten estates of luhring/reach, by the file that each row names. In their subnets nothing else stands.
var fixtures = map[string]func(b *builder){
	"reach-01": within([]string{"sg-no-rules"}, []string{"sg-no-rules"}),
	"reach-02": within([]string{"sg-no-rules", "sg-out-tcp", "sg-out-udp-to-no-rules", "sg-out-esp"},
		[]string{"sg-no-rules", "sg-in-dns-from-no-rules", "sg-in-ssh", "sg-in-esp"}),
	"reach-03": within([]string{"sg-no-rules", "sg-out-udp-to-no-rules"}, []string{"sg-no-rules", "sg-in-dns-from-no-rules"}),
	"reach-04": within([]string{"sg-out-https-to-subnet"}, []string{"sg-in-https-from-subnet"}),
	"reach-05": within([]string{"sg-out-all"}, []string{"sg-in-ssh"}),
	"reach-06": within([]string{"sg-out-all"}, []string{"sg-in-all"}),
	"reach-07": across([]string{"sg-out-all"}, []string{"sg-in-all"},
		[]string{"100 out allow all 0.0.0.0/0", "100 in allow all 0.0.0.0/0"}, nil),
	"reach-08": across([]string{"sg-out-all"}, []string{"sg-in-all"}, []string{}, nil),
	"reach-09": across([]string{"sg-out-esp"}, []string{"sg-in-all"},
		[]string{"100 out allow tcp 0-65535 0.0.0.0/0", "100 in allow tcp 0-65535 0.0.0.0/0"}, nil),
	"reach-10": across([]string{"sg-no-rules", "sg-out-postgres-to-no-rules"}, []string{"sg-no-rules", "sg-in-postgres-from-no-rules"},
		[]string{"100 out allow tcp 5432 10.0.2.0/24", "100 in allow tcp 0-65535 10.0.2.0/24"},
		[]string{"100 out allow tcp 0-65535 10.0.1.0/24", "100 in allow tcp 5432 10.0.1.0/24"}),
}

func luhringGroups(b *builder) {
	b.vpc("vpc-1", "10.0.0.0/16")
	for id, rule := range map[string]string{
		"sg-no-rules":                  "",
		"sg-out-all":                   "out all 0.0.0.0/0",
		"sg-out-tcp":                   "out tcp 0-65535 0.0.0.0/0",
		"sg-out-esp":                   "out 50 0.0.0.0/0",
		"sg-out-udp-to-no-rules":       "out udp 0-65535 sg-no-rules",
		"sg-out-https-to-subnet":       "out tcp 443 10.0.1.0/24",
		"sg-out-postgres-to-no-rules":  "out tcp 5432 sg-no-rules",
		"sg-in-all":                    "in all 0.0.0.0/0",
		"sg-in-esp":                    "in 50 0.0.0.0/0",
		"sg-in-ssh":                    "in tcp 22 0.0.0.0/0",
		"sg-in-dns-from-no-rules":      "in udp 53 sg-no-rules",
		"sg-in-https-from-subnet":      "in tcp 443 10.0.1.0/24",
		"sg-in-postgres-from-no-rules": "in tcp 5432 sg-no-rules",
	} {
		if rule == "" {
			b.group(id, "vpc-1")
		} else {
			b.group(id, "vpc-1", rule)
		}
	}
}

// within puts both instances into one subnet.
func within(source, destination []string) func(b *builder) {
	return func(b *builder) {
		luhringGroups(b)
		b.subnet("subnet-1", "vpc-1", "a", "10.0.1.0/24")
		alone(b, "eni-source", "subnet-1", "10.0.1.10", source...)
		alone(b, "eni-destination", "subnet-1", "10.0.1.20", destination...)
	}
}

// across puts them into two subnets, with one network ACL for both or one for each.
func across(source, destination, first, second []string) func(b *builder) {
	return func(b *builder) {
		luhringGroups(b)
		b.subnet("subnet-1", "vpc-1", "a", "10.0.1.0/24")
		b.subnet("subnet-2", "vpc-1", "a", "10.0.2.0/24")
		if second == nil {
			b.acl("acl-both", "vpc-1", first, "subnet-1", "subnet-2")
		} else {
			b.acl("acl-source", "vpc-1", first, "subnet-1")
			b.acl("acl-destination", "vpc-1", second, "subnet-2")
		}
		alone(b, "eni-source", "subnet-1", "10.0.1.10", source...)
		alone(b, "eni-destination", "subnet-2", "10.0.2.20", destination...)
	}
}

// luhring compares one of luhring/reach's rows: "forward=udp 53; tcp 22; proto 50 (ESP) ; return=all". Of the way back it says
// what network ACLs alone permit; of what does not arrive we say nothing. Row 09 leaves its own to do.
func (r expectation) luhring(of func(e *estate.Estate) asks) string {
	forward, back, _ := strings.Cut(strings.TrimPrefix(r.expected, "forward="), " ; return=")
	passes := func(words, packet string) bool {
		return slices.ContainsFunc(strings.Split(words, ";"), func(one string) bool {
			one = strings.TrimSpace(one)
			protocol, _, _ := strings.Cut(packet, " ")
			return one == "all" || one == packet || one == protocol+" all" || packet == "esp" && strings.HasPrefix(one, "proto 50")
		})
	}
	b := newBuilder()
	fixtures[r.id](b)
	e := b.fill().done()
	ask := of(e)
	for _, packet := range []string{"tcp 22", "tcp 53", "tcp 443", "tcp 5432", "tcp 65535", "udp 53", "udp 443", "esp", "icmp 8/0"} {
		protocol, port, _ := parsePacket(packet)
		got := ask(reach.Question{From: end(e, "eni-source"), To: end(e, "eni-destination"), Protocol: protocol, Port: port})
		want := passes(forward, packet)
		if got.Arrives != estate.Is(want) {
			return fmt.Sprintf("%s arrives: %v, want %v: %s", packet, got.Arrives, want, told(got))
		}
		if want && got.Session != estate.Is(passes(back, packet)) {
			return fmt.Sprintf("%s has a session: %v, want %v: %s", packet, got.Session, passes(back, packet), told(got))
		}
	}
	return ""
}
