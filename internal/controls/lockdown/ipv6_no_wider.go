package lockdown

import (
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/packets"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/reach"
)

// IPv6NoWiderThanIPv4 is net-ipv6-no-wider-than-ipv4: what the Internet reaches over IPv6 it reaches over IPv4 too. An IPv6
// address is public by nature and needs no Elastic IP or NAT, so it is where a closed host is forgotten to be open.
//
//   - The two are compared for each thing that answers, protocol by protocol and port by port, whichever way packets take.
//   - A port that is open over IPv6 and, over IPv4, not known to be closed is unknown.
//   - What has no IPv4 address at all has nothing to be compared with, and holds.
//
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-ip-addressing.html
var IPv6NoWiderThanIPv4 = &control.Control{
	ID:       "net-ipv6-no-wider-than-ipv4",
	Practice: "network-lockdown",
	Title:    "What is reachable over IPv6 is no wider than over IPv4",
	Sentence: "what is reachable over IPv6 is no wider than over IPv4",
	Asked:    "what is reachable over IPv6 is no wider than over IPv4",
	Why:      "A host that is closed with care in IPv4 and open in IPv6 is open, and nobody looks there.",
	Fix:      "Remove the IPv6 rule, or route ::/0 through an egress-only internet gateway.",
	Severity: answer.High,
	Lists:    packets.Lists(),
	Packets:  true,
	Judge: func(c *control.Case) {
		x := packets.Of(c.Estate)
		said := x.Subjects()
		for _, s := range x.Answering() {
			said.Judged(s)
		}
		type end struct {
			party    string
			protocol netset.Protocol
		}
		open, perhaps := map[end]netset.Ports{}, map[end]netset.Ports{} // over IPv4
		flows := c.Packets().Internet()
		for _, f := range flows {
			at := end{f.To.Ref.Key(), f.Protocol}
			switch packets.FromInternet(f, packets.IPv4) {
			case estate.True:
				open[at] = open[at].Union(f.Ports)
			case estate.Unknown:
				perhaps[at] = perhaps[at].Union(f.Ports)
			}
		}
		for _, f := range flows {
			if !x.HasIPv4(f.To) {
				continue
			}
			f.Addresses = f.Addresses.Intersect(packets.IPv6)
			at := end{f.To.Ref.Key(), f.Protocol}
			wider := everythingBut(open[at])
			judgeIPv6(x, said, f, wider.Intersect(everythingBut(perhaps[at])), wider.Intersect(perhaps[at]))
		}
		said.Say(c)
	},
}

func judgeIPv6(x *packets.Index, said *packets.Subjects, f reach.Flow, forbidden, doubtful netset.Ports) {
	these := x.Subjects()
	judgeFromInternet(x, these, f, packets.IPv6, forbidden, doubtful)
	these.Each(func(s estate.Subject, counters []control.Counter) {
		for _, counter := range counters {
			counter.Text += " over IPv6, and not over IPv4"
			said.Breaks(s, counter)
		}
	}, said.Doubts)
}
