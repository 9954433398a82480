package lockdown

import (
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/packets"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// NoAdminPortReachable is net-no-admin-port-reachable, and answers the same sentence for any other ports. It is about packets:
// routes, gateways, addresses, network ACLs, groups, load balancers and other front doors all have a say, IPv4 and IPv6.
//
//   - Reachable from the Internet means that a set of addresses that covers it (netset.Addresses.CoversInternet) gets there,
//     not that one lone address does.
//   - A port without protocol means TCP and UDP. Of TCP a session must be possible: a packet that arrives and whose reply never
//     gets back logs nobody in. Of UDP a packet that arrives is enough.
//   - Whatever answers packets is judged: hosts, load balancers, databases, and what else an address leads to. A stopped host
//     answers nothing and is not.
//
// The ports that its practice asks of are those at which people log in to hosts: SSH, Telnet, Remote Desktop, VNC and Windows
// Remote Management (https://attack.mitre.org/techniques/T1021/, of which AWS Security Hub names 22, 23 and 3389 in EC2.13,
// EC2.14 and EC2.19: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html).
var NoAdminPortReachable = &control.Control{
	ID:       "net-no-admin-port-reachable",
	Practice: "network-lockdown",
	Title:    "No packet from the Internet reaches an administration port of a running host",
	Sentence: "port {ports} is not reachable from the internet",
	Asked:    "port 22, 23, 3389, 5900-5903, 5985-5986 is not reachable from the internet",
	Why:      "Whoever finds a login on the Internet tries passwords and old vulnerabilities on it, within minutes and without end.",
	Fix:      "Close the way: log in through Systems Manager, a VPN or a bastion, or admit only the networks that need it.",
	Severity: answer.Critical,
	Lists:    packets.Lists(),
	Packets:  true,
	Judge: func(c *control.Case) {
		x := packets.Of(c.Estate)
		var said packets.Subjects
		judgeInternet(c, x, &said, func(_ estate.Subject, protocol netset.Protocol) netset.Ports {
			return packets.Asked(c.Ports("ports"), protocol)
		})
		said.Say(c)
	},
}

// judgeInternet judges everything that answers packets by the ports on which it must not answer the Internet.
func judgeInternet(c *control.Case, x *packets.Index, said *packets.Subjects, forbidden func(estate.Subject, netset.Protocol) netset.Ports) {
	for _, s := range x.Answering() {
		said.Judged(s)
	}
	for _, f := range c.Packets().Internet() {
		if f.Protocol != netset.TCP && f.Protocol != netset.UDP || !f.Addresses.CoversInternet() {
			continue
		}
		subject := x.Subject(f.To.Ref)
		ports := f.Ports.Intersect(forbidden(subject, f.Protocol))
		if ports.Empty() {
			continue
		}
		switch packets.Passes(f) {
		case estate.True:
			for _, counter := range fromInternetCounters(x, f, ports) {
				said.Breaks(subject, counter)
			}
		case estate.Unknown:
			said.Doubts(subject, packets.Doubt(f, "whether the internet reaches it on "+packets.Ports(f.Protocol, ports)), f.Gaps...)
		}
	}
}

// everyPortBut are the ports that are not among the declared.
func everyPortBut(allowed []claims.PortRange, protocol netset.Protocol) netset.Ports {
	var rest []netset.PortRange
	first := 0
	for _, r := range packets.Asked(allowed, protocol).Ranges() {
		if int(r.First) > first {
			rest = append(rest, netset.PortRange{First: uint16(first), Last: r.First - 1})
		}
		first = int(r.Last) + 1
	}
	if first <= 65535 {
		rest = append(rest, netset.PortRange{First: uint16(first), Last: 65535})
	}
	return netset.PortsOf(rest...)
}
