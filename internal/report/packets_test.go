package report

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/reach"
)

func thing(kind, id, name string) estate.Ref {
	return estate.Ref{Kind: kind, Account: "111122223333", Region: "us-east-1", ID: id, Name: name}
}

func port(first, last uint16) netset.Ports {
	return netset.PortsOf(netset.PortRange{First: first, Last: last})
}

var denied = estate.Gap{Place: estate.Place{Account: "111122223333", Region: "us-east-1"}, Operation: "ec2:DescribeRouteTables", Outcome: operation.Denied, Code: "UnauthorizedOperation"}

// onePacket is a packet whose reply does not get back.
func onePacket() *Packets {
	a := AnswerOf(reach.Answer{
		Arrives: estate.True, Session: estate.False, Way: reach.Direct, Addresses: everyIPv4,
		To: reach.Party{Ref: thing("instance", "i-0f3c9a7e51d2b8c46", "jenkins"), Interface: "eni-01", Address: "198.51.100.7/32"},
		Path: []reach.Hop{
			{At: estate.Ref{Kind: "internet", ID: "internet"}, Passes: estate.True},
			{At: thing("internet-gateway", "igw-0682eb9561d6080aa", "legacy"), Passes: estate.True},
			{At: thing("network-acl", "acl-0bbf2554b6ca50491", ""), Passes: estate.True, Rule: "rule 100 allows all traffic from 0.0.0.0/0", Text: "into subnet subnet-0c8f8383fa3050497 (legacy-public-a)"},
			{At: thing("security-group", "sg-099f806dac4bb906b", "jenkins-sg\x1b[31m"), Passes: estate.True, Rule: "sgr-01 allows tcp 8080 from 0.0.0.0/0", Text: "incoming rules of instance i-0f3c9a7e51d2b8c46 (jenkins)"},
		},
		Return: []reach.Hop{
			{At: thing("network-acl", "acl-0bbf2554b6ca50491", ""), Passes: estate.False, Rule: "rule 90 denies tcp 1024-65535 to 0.0.0.0/0"},
			{At: thing("route-table", "rtb-0c30a65d836f8e833", "main"), Passes: estate.False, Text: "no route leads to the internet"},
		},
		Reason: "the reply is stopped by acl-0bbf2554b6ca50491",
	})
	return &Packets{Schema: PacketsSchema, Source: "the recording monday", Observed: time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC),
		Question: PacketQuestion{Kind: "packet", From: "Internet", To: "jenkins", Protocol: "tcp", Ports: "8080"}, Answer: &a}
}

// manyPackets is one flow of each sort.
func manyPackets() *Packets {
	office := netset.Of(netip.MustParsePrefix("9.8.7.0/24"))
	flow := func(to estate.Ref, ports netset.Ports, from netset.Addresses, arrives, session estate.Truth) reach.Flow {
		return reach.Flow{Protocol: netset.TCP, Ports: ports, Answer: reach.Answer{Arrives: arrives, Session: session, Way: reach.Direct, Addresses: from, Sessions: from, To: reach.Party{Ref: to}}}
	}
	var flows []reach.Flow
	for _, name := range []string{"web-3", "web-1", "web-2", "web-5", "web-4", "web-6"} {
		f := flow(thing("instance", "i-0"+name, name), port(443, 443), everyIPv4, estate.True, estate.True)
		f.Way, f.Through = reach.ByLoadBalancer, []estate.Ref{thing("load-balancer", "shop", "shop")}
		flows = append(flows, f)
	}
	flows = append(flows,
		flow(thing("load-balancer", "shop", "shop"), port(443, 443), everyIPv4, estate.True, estate.True),
		flow(thing("instance", "i-0f3c9a7e51d2b8c46", "jenkins"), port(8080, 8080), everyIPv4, estate.True, estate.True),
		flow(thing("instance", "i-0f3c9a7e51d2b8c46", "jenkins"), port(22, 22), everyIPv4.Union(everyIPv6), estate.True, estate.True),
		flow(thing("instance", "i-0aaaaaaaaaaaaaaaa", "syslog"), netset.AllPorts(), everyIPv4, estate.True, estate.False),
		flow(thing("instance", "i-0bbbbbbbbbbbbbbbb", "bastion"), port(22, 22), office, estate.True, estate.True),
	)
	unsure := flow(thing("instance", "i-0cccccccccccccccc", "batch"), port(9000, 9100), everyIPv4, estate.Unknown, estate.Unknown)
	unsure.Reason, unsure.Gaps = "the route table of subnet-01 was not read", []estate.Gap{denied}
	flows = append(flows, unsure)
	return &Packets{Schema: PacketsSchema, Source: "the recording monday", Observed: time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC), Accounts: []PacketAccount{{"111122223333", "acme"}},
		Question: PacketQuestion{Kind: "internet", From: "internet"}, Flows: FlowsOf(flows), Unread: []estate.Gap{denied}}
}

func TestPacketsText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		golden string
		p      *Packets
		o      Options
	}{
		{"packets-one-80.txt", onePacket(), Options{}},
		{"packets-one-140-color.txt", onePacket(), Options{Width: 140, Color: true}},
		{"packets-many-80.txt", manyPackets(), Options{Next: []string{"onus reach internet jenkins 8080"}}},
		{"packets-many-140-color.txt", manyPackets(), Options{Width: 140, Color: true}},
		{"packets-many-all-ascii.txt", manyPackets(), Options{Width: 100, ASCII: true, Causes: -1}},
	} {
		t.Run(test.golden, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := PacketsText(&b, test.p, test.o); err != nil {
				t.Fatal(err)
			}
			golden(t, test.golden, b.Bytes())
			for line := range strings.Lines(b.String()) {
				if n := columns(strings.TrimRight(line, "\n")); n > max(test.o.Width, 80) {
					t.Errorf("%d columns: %s", n, line)
				}
			}
		})
	}
}

func TestPacketsJSON(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]*Packets{"packets-one.json": onePacket(), "packets-many.json": manyPackets()} {
		var b bytes.Buffer
		if err := PacketsJSON(&b, p); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
		var back Packets
		if err := json.Unmarshal(b.Bytes(), &back); err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		if err := PacketsJSON(&again, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(b.String(), again.String()); diff != "" {
			t.Errorf("%s changes when it is read and written (-once +twice):\n%s", name, diff)
		}
	}
}

// TestSelectors: of ICMP whole types are one word, and the parts of a range that are not whole types keep their codes.
func TestSelectors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		protocol netset.Protocol
		ports    netset.Ports
		want     string
	}{
		{netset.TCP, port(22, 22), "22"}, {netset.TCP, port(22, 80).Union(port(443, 443)), "22-80 443"}, {netset.TCP, netset.AllPorts(), ""},
		{netset.ICMP, port(8<<8, 8<<8), "8/0"}, {netset.ICMP, port(8<<8, 8<<8|255), "8"}, {netset.ICMP, port(3<<8, 5<<8-1), "3-4"},
		{netset.ICMP, port(3<<8|4, 5<<8|1), "3/4-255 4 5/0-1"}, {netset.ICMP, port(3<<8|4, 3<<8|6), "3/4-6"}, {netset.ICMPv6, netset.AllPorts(), ""},
		{netset.ICMP, port(255<<8, 65535), "255"}, {47, netset.AllPorts(), ""},
	} {
		if got := strings.Join(Selectors(c.protocol, c.ports), " "); got != c.want {
			t.Errorf("%s %s is %q, want %q", c.protocol, c.ports, got, c.want)
		}
	}
}

// TestPublicAddressesAreShort: the public addresses are one word, what is more or less is not.
func TestPublicAddressesAreShort(t *testing.T) {
	t.Parallel()
	private := netset.Of(netip.MustParsePrefix("10.0.0.0/8"))
	for _, c := range []struct {
		set          netset.Addresses
		cidrs, words string
	}{
		{everyIPv4, "0.0.0.0/0", "all of IPv4"}, {everyIPv6, "::/0", "all of IPv6"}, {everyIPv4.Union(everyIPv6), "0.0.0.0/0 ::/0", "everywhere"},
		{everyIPv4.Union(private), "0.0.0.0/0 10.0.0.0/8", "all of IPv4 and 10.0.0.0/8"}, {private, "10.0.0.0/8", "10.0.0.0/8"},
	} {
		got := cidrs(c.set)
		if strings.Join(got, " ") != c.cidrs || addressesName(got) != c.words {
			t.Errorf("%v is %q, want %q and %q", got, addressesName(got), c.cidrs, c.words)
		}
	}
}
