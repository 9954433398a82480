package lockdown

import (
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/packets"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/reach"
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
		said := x.Subjects()
		for _, s := range x.Answering() {
			said.Judged(s)
		}
		for _, f := range c.Packets().Internet() {
			judgeFromInternet(x, said, f, packets.Everybody, packets.Asked(c.Ports("ports"), f.Protocol), netset.Ports{})
		}
		said.Say(c)
	},
}

// judgeFromInternet judges one flow by the ports on which its end must not answer the Internet, and by those of which it is not
// known whether it may.
func judgeFromInternet(x *packets.Index, said *packets.Subjects, f reach.Flow, family netset.Addresses, forbidden, doubtful netset.Ports, gaps ...estate.Gap) {
	if f.Protocol != netset.TCP && f.Protocol != netset.UDP {
		return
	}
	subject, passes := x.Subject(f.To.Ref), packets.FromInternet(f, family)
	if ports := f.Ports.Intersect(forbidden); !ports.Empty() {
		if passes == estate.True {
			for _, counter := range fromInternetCounters(x, f, ports) {
				said.Breaks(subject, counter)
			}
		} else if passes == estate.Unknown {
			said.Doubts(subject, packets.Doubt(f, "whether the internet reaches it on "+packets.Ports(f.Protocol, ports)), f.Gaps...)
		}
	}
	if ports := f.Ports.Intersect(doubtful); !ports.Empty() && passes != estate.False {
		said.Doubts(subject, "whether it may answer the internet on "+packets.Ports(f.Protocol, ports)+" could not be read", append(gaps, f.Gaps...)...)
	}
}
