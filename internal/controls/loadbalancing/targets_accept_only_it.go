package loadbalancing

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/packets"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/reach"
)

// TargetsAcceptOnlyIt is lb-targets-accept-only-it: what load balancers send to takes connections on the port on which it is
// registered from them and from nobody else, inside or outside. It is about packets, not about rules: a rule that admits a
// whole subnet is in order where only the load balancer stands in it.
//
//   - A target of several load balancers takes connections from each of them.
//   - A network load balancer hands on the client's address unless told otherwise, so its targets must admit clients. What gets
//     there around it is judged all the same: give the load balancer a security group and admit that
//     (https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html).
//   - The port of a health check, if it is another, is not asked for. Functions are called by API, and are not targets of packets.
//   - Targets that are addresses outside of the estate are not judged: nobody reads what filters there.
var TargetsAcceptOnlyIt = &control.Control{
	ID:       "lb-targets-accept-only-it",
	Practice: "load-balancing",
	Title:    "Targets accept the application port only from their load balancer",
	Sentence: "targets take connections on their port only from their load balancers",
	Asked:    "targets take connections on their port only from their load balancers",
	Why:      "Whoever reaches a target around the load balancer meets none of its rules, its sign-in or its web ACL.",
	Fix:      "Admit the load balancer's security group to the target port, and nobody else.",
	Severity: answer.Medium,
	Lists: []operation.ID{"elbv2:DescribeLoadBalancers", "elbv2:DescribeTargetGroups", "elb:DescribeLoadBalancers", "ec2:DescribeInstances",
		"ec2:DescribeNetworkInterfaces"},
	Reads:   []operation.ID{"elbv2:DescribeTargetHealth"},
	Packets: true,
	Judge: func(c *control.Case) {
		x, n := packets.Of(c.Estate), c.Packets()
		targets, unread := x.Targets()
		for _, b := range c.Estate.LoadBalancers {
			if gaps := unread[b.Ref().ARN]; len(gaps) > 0 {
				c.Unknown(b, "what it sends to was not read", gaps...)
			}
		}
		said := x.Subjects()
		for _, t := range targets {
			if subject := x.Subject(t.Ref); c.Concerns(subject) {
				said.Judged(subject)
				judgeTarget(c, x, n, said, subject, t)
			}
		}
		said.Say(c)
	},
}

// judgeTarget follows the packets that arrive at a target's port.
func judgeTarget(c *control.Case, x *packets.Index, n *reach.Network, said *packets.Subjects, subject estate.Subject, t packets.Target) {
	type others struct {
		counter control.Counter
		senders []string
	}
	var keys []string
	by := map[string]*others{}
	port := netset.PortsOf(netset.PortRange{First: t.Port, Last: t.Port})
	for _, f := range n.To(reach.End{Refs: []estate.Ref{t.Ref}}, reach.Filter{Protocol: t.Protocol, Ports: port, Terse: true}) {
		if !t.Is(x, f) || sentBy(f, t) || f.From.Ref.Key() == t.Ref.Key() {
			continue
		}
		sender := packets.Party(f.From, f.Answer)
		passes := packets.Passes(f)
		if gaps := strangers(c, t, f); passes == estate.True && len(gaps) > 0 {
			said.Doubts(subject, fmt.Sprintf("whether %s, which reaches it on %s, is its load balancer could not be read", sender, packets.Ports(t.Protocol, port)), gaps...)
			continue
		}
		switch passes {
		case estate.Unknown:
			said.Doubts(subject, packets.Doubt(f, fmt.Sprintf("whether %s reaches it on %s around its load balancer", sender, packets.Ports(t.Protocol, port))), f.Gaps...)
		case estate.True:
			causes := x.AdmittingCauses(f)
			if packets.FromInternet(f, packets.Everybody) == estate.True {
				causes = x.Openings(f, port)
			}
			for _, blame := range causes {
				o := by[blame.Cause.Key]
				if o == nil {
					keys = append(keys, blame.Cause.Key)
					o = &others{counter: control.Counter{Facts: blame.Facts, Cause: blame.Cause, Path: control.PathOf(n.Way(f))}}
					by[blame.Cause.Key] = o
				}
				if !slices.Contains(o.senders, sender) {
					o.senders = append(o.senders, sender)
				}
			}
		}
	}
	for _, key := range keys {
		o := by[key]
		o.counter.Text = fmt.Sprintf("%s takes connections on %s from %s, and not only from %s", packets.Party(reach.Party{Ref: t.Ref}, reach.Answer{}),
			packets.Ports(t.Protocol, port), andMore(o.senders), balancerNames(t))
		said.Breaks(subject, o.counter)
	}
}

// sentBy reports whether a flow comes from a load balancer of the target.
func sentBy(f reach.Flow, t packets.Target) bool {
	return slices.ContainsFunc(append(packets.Doors(f.Answer), f.From.Ref), func(r estate.Ref) bool { return slices.Contains(t.Balancers, r.ARN) })
}

// strangers are what would have told whether the sender of a flow is a load balancer of the target: of load balancers that were not
// read only interfaces show.
func strangers(c *control.Case, t packets.Target, f reach.Flow) []estate.Gap {
	if f.From.Ref.Kind != "network-interface" && !packets.IsBalancer(f.From.Ref) && len(packets.Doors(f.Answer)) == 0 {
		return nil
	}
	var gaps []estate.Gap
	for _, op := range []operation.ID{"elbv2:DescribeLoadBalancers", "elb:DescribeLoadBalancers"} {
		if r := c.Estate.Reading(estate.Place{Account: t.Ref.Account, Region: t.Ref.Region}, op, ""); !r.Outcome.Complete() {
			gaps = append(gaps, r.Gap())
		}
	}
	return gaps
}

// andMore names the first of some senders: "instance i-0abc and 11 others".
func andMore(names []string) string {
	switch n := len(names) - 1; n {
	case 0:
		return names[0]
	case 1:
		return names[0] + " and " + names[1]
	default:
		return fmt.Sprintf("%s and %d others", names[0], n)
	}
}

// balancerNames names the load balancers of a target, by the name in their ARN.
func balancerNames(t packets.Target) string {
	var all []string
	for _, arn := range t.Balancers {
		name := arn[strings.LastIndex(arn, ":")+1:] // "loadbalancer/app/shop/50dc6c495c0c9188", "loadbalancer/legacy"
		if parts := strings.Split(name, "/"); len(parts) > 2 {
			name = parts[2]
		} else {
			name = parts[len(parts)-1]
		}
		all = append(all, name)
	}
	word := "load balancer "
	if len(all) > 1 {
		word = "load balancers "
	}
	return word + strings.Join(all, " and ")
}
