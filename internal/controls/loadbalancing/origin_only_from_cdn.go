package loadbalancing

import (
	"fmt"
	"slices"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/packets"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/reach"
)

// OriginOnlyFromCDN is lb-origin-only-from-cdn: a load balancer that a CloudFront distribution fetches from does nothing for
// whoever addresses it without the distribution. Any of three things is enough:
//
//   - No address that covers the Internet gets to its listeners: its groups admit CloudFront's prefix list, or it is internal
//     and a VPC origin. That list admits the distributions of everybody; a header tells one's own.
//   - What gets there is sent on only with a header that the distribution adds. Each listener that the Internet reaches must
//     ask for it in every rule that sends on, and its default must not. Values of headers are secrets and are not read.
//   - What gets there is redirected or answered by the listener itself.
//
// A distribution whose origin is a name of one's own that leads to a load balancer is not seen as one: names are not
// resolved. A disabled distribution fetches from nobody.
//
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/restrict-access-to-load-balancer.html
var OriginOnlyFromCDN = &control.Control{
	ID:       "lb-origin-only-from-cdn",
	Practice: "load-balancing",
	Title:    "A load balancer behind a distribution cannot be reached around it",
	Sentence: "load balancers behind a distribution are not reachable around it",
	Asked:    "load balancers behind a distribution are not reachable around it",
	Why:      "Whoever finds the load balancer's own name comes in without the distribution's web ACL, its geographic limits and its protection from floods.",
	Fix:      "Admit only CloudFront's prefix list to the load balancer, and have its listeners ask for a secret header that the distribution adds; or make it internal and a VPC origin.",
	Severity: answer.Medium,
	Lists:    []operation.ID{"elbv2:DescribeLoadBalancers", "elb:DescribeLoadBalancers", "cloudfront:ListDistributions", "cloudfront:ListVpcOrigins"},
	Reads:    []operation.ID{"elbv2:DescribeListeners", "elbv2:DescribeRules"},
	Packets:  true,
	Judge: func(c *control.Case) {
		x := packets.Of(c.Estate)
		origins := packets.Origins(c.Estate)
		around := packets.AroundDistributions(c.Packets())
		for _, b := range c.Estate.LoadBalancers {
			behind := origins[b.Ref().ARN]
			if len(behind) == 0 {
				continue
			}
			is, why, gaps := around.Closed(b, behind)
			switch enabled := enabledAny(behind); {
			case is == estate.True:
				c.Holds(b)
			case is == estate.Unknown:
				c.Unknown(b, "whether it is reachable around the distribution is not known: "+why, gaps...)
			case enabled == estate.Unknown:
				gap, _ := behind[0].Distribution.Enabled.Unread()
				c.Unknown(b, "whether the distribution that fetches from it is enabled was not read", gap)
			default:
				for _, f := range around.Open(b) {
					for _, counter := range aroundCounters(x, f, b, behind[0].Distribution.Ref(), why) {
						c.Breaks(b, counter)
					}
				}
			}
		}
	},
}

// enabledAny says whether any of the distributions is enabled.
func enabledAny(behind []packets.Behind) estate.Truth {
	is := estate.False
	for _, b := range behind {
		is = estate.Or(is, b.Distribution.Enabled.Holds(false, func(on bool) bool { return on }))
	}
	return is
}

// aroundCounters are the counter-examples of one flow that gets to a load balancer without the distribution before it.
func aroundCounters(x *packets.Index, f reach.Flow, b *estate.LoadBalancer, d estate.Ref, why string) []control.Counter {
	listening := listenerPorts(b).Intersect(f.Ports)
	if listening.Empty() {
		listening = f.Ports
	}
	text := fmt.Sprintf("the internet reaches load balancer %s on %s without distribution %s: %s", b.Ref().ID, packets.Ports(f.Protocol, listening), control.Called(d), why)
	counters := x.Counters(f, f.Ports, text)
	for i := range counters {
		if counters[i].Cause.Subject.Kind == "security-group-rule" {
			counters[i].Cause.Fix.Text = "Admit CloudFront's prefix list in place of everybody, and have the listeners ask for a header that the distribution adds."
			counters[i].Cause.Fix.CLI = slices.Concat(
				[]string{fmt.Sprintf("aws ec2 describe-managed-prefix-lists --region %s --filters Name=prefix-list-name,Values=com.amazonaws.global.cloudfront.origin-facing", b.Ref().Region)},
				counters[i].Cause.Fix.CLI)
		}
	}
	return counters
}

// listenerPorts are the ports on which a load balancer takes requests, as far as they were read.
func listenerPorts(b *estate.LoadBalancer) netset.Ports {
	var all []netset.PortRange
	listeners, _ := b.Listeners.Value()
	for _, l := range listeners {
		if l.Port > 0 && l.Port <= 65535 {
			all = append(all, netset.PortRange{First: uint16(l.Port), Last: uint16(l.Port)})
		}
	}
	return netset.PortsOf(all...)
}
