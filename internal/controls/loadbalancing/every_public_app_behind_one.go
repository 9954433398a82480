package loadbalancing

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/packets"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/reach"
)

// EveryPublicAppBehindOne is lb-every-public-app-behind-one. As its practice asks it, no host, task or other interface answers
// the Internet by itself: whoever reaches one on a TCP or UDP port comes through a load balancer, a distribution or an API.
//
//   - Reachable from the Internet means that addresses that cover it get there (netset.Addresses.CoversInternet), over IPv4 or IPv6.
//     Of TCP a session must be possible, of UDP a packet that arrives is enough.
//   - Global Accelerator is no load balancer: it hands packets on as they are. Behind one, a host answers the Internet directly
//     unless a load balancer stands between, however private its subnet.
//   - Ports at which people log in to hosts are no application; net-no-admin-port-reachable asks for them. Databases are asked for by
//     net-database-not-public.
//   - A load balancer that does not check anything is one all the same; what it lets through is asked elsewhere.
//
// Its claim, "only load balancers are reachable from the internet, on {ports}", means what it says: whatever else answers the
// Internet on any port, by any way that has no load balancer on it, breaks it, and so does a load balancer on another port. The
// ports are those at which clients address the load balancers themselves; what a distribution asks of one is the distribution's.
//
// https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_network_protection_create_layers.html
var EveryPublicAppBehindOne = &control.Control{
	ID:       "lb-every-public-app-behind-one",
	Practice: "load-balancing",
	Title:    "Hosts are reachable from the Internet only through a load balancer",
	Sentence: "hosts are reachable from the internet only through a load balancer",
	Asked:    "hosts are reachable from the internet only through a load balancer",
	Declares: []claims.Form{{Text: onlyLoadBalancers, Example: "only load balancers are reachable from the internet, on 443"}},
	Why:      "A host that answers the Internet by itself is scanned within minutes, and nothing stands before it when the next hole in it is known.",
	Fix:      "Put the application behind a load balancer, and admit only the load balancer's security group to the host.",
	Severity: answer.High,
	Lists:    packets.Lists(),
	Packets:  true,
	Judge: func(c *control.Case) {
		x := packets.Of(c.Estate)
		said := x.Subjects()
		ports, strict := c.Slots.Ports("ports")
		for _, s := range x.Answering() {
			if strict || isHost(s.Ref()) {
				said.Judged(s)
			}
		}
		for _, f := range c.Packets().Internet() {
			if f.Protocol != netset.TCP && f.Protocol != netset.UDP {
				continue
			}
			open := directly(f)
			if strict {
				open = notOnlyBalancers(f, ports)
			}
			if open.Empty() {
				continue
			}
			subject := x.Subject(f.To.Ref)
			what := fmt.Sprintf("%s on %s", packets.Party(f.To, f.Answer), packets.Ports(f.Protocol, open))
			switch packets.FromInternet(f, packets.Everybody) {
			case estate.True:
				for _, counter := range x.Counters(packets.OnPort(c.Packets(), f, open), open, "the internet reaches "+what+directWords(f)) {
					said.Breaks(subject, counter)
				}
			case estate.Unknown:
				said.Doubts(subject, packets.Doubt(f, "whether the internet reaches "+what+directWords(f)), f.Gaps...)
			}
		}
		said.Say(c)
	},
}

const onlyLoadBalancers = "only load balancers are reachable from the internet, on {ports}"

// isHost reports whether something is what an application runs on. An interface is of something that nobody knows by another name.
func isHost(r estate.Ref) bool {
	return r.Kind == "instance" || r.Kind == "container-task" || r.Kind == "network-interface"
}

// directly are the ports of a flow on which a host answers the Internet as an application without a load balancer between.
func directly(f reach.Flow) netset.Ports {
	if !isHost(f.To.Ref) || len(packets.Doors(f.Answer)) > 0 || f.Way != reach.Direct && f.Way != reach.ByAccelerator {
		return netset.Ports{}
	}
	return f.Ports.Minus(packets.AdminPorts())
}

// notOnlyBalancers are the ports of a flow on which something is reachable that should not be where only load balancers are,
// on some ports.
func notOnlyBalancers(f reach.Flow, allowed []claims.PortRange) netset.Ports {
	switch {
	case packets.IsBalancer(f.To.Ref) && (f.Way == reach.Direct || f.Way == reach.ByAccelerator):
		return f.Ports.Minus(packets.Asked(allowed, f.Protocol))
	case packets.IsBalancer(f.To.Ref), len(packets.Doors(f.Answer)) > 0:
		return netset.Ports{}
	}
	return f.Ports
}

// directWords say how: ", directly", ", through accelerator web".
func directWords(f reach.Flow) string {
	if len(f.Through) == 0 {
		return ", directly"
	}
	return packets.Through(f.Answer)
}
