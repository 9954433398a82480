package waf

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

// CannotBeWalkedAround is waf-cannot-be-walked-around. It judges the entries that have a web ACL (application load balancers and
// enabled distributions): no way from the Internet to what stands behind one avoids every entry that has a web ACL.
//
//   - Behind a load balancer stand its targets, on the ports on which they are registered. A target that answers the Internet by
//     itself, or through another load balancer without a web ACL, is a way around.
//   - Behind a distribution stand the load balancers that it fetches from, and their targets. A load balancer with a web ACL of its
//     own is an entry like the distribution. One whose listeners send on only what carries a header that the distribution
//     adds gives nothing to whoever comes without it.
//   - A distribution that fetches only from S3 has nothing behind it that packets reach; buckets are asked for elsewhere. Where
//     it fetches from a name that is nothing of the estate, what stands there is not known: names are not resolved.
//
// https://docs.aws.amazon.com/waf/latest/developerguide/how-aws-waf-works-resources.html
var CannotBeWalkedAround = &control.Control{
	ID:       "waf-cannot-be-walked-around",
	Practice: "waf",
	Title:    "No path from the Internet to an application's targets avoids its web ACL",
	Sentence: "nobody reaches an application around its web acl",
	Asked:    "nobody reaches an application around its web acl",
	Why:      "A web ACL stops nobody who addresses the load balancer or the host behind it.",
	Fix:      "Admit to the targets only the load balancer, and to the load balancer only what has the web ACL.",
	Severity: answer.High,
	Lists:    []operation.ID{"elbv2:DescribeLoadBalancers", "cloudfront:ListDistributions", "cloudfront:ListVpcOrigins"},
	Reads: []operation.ID{getForBalancer, listWebACLs, listResources, "elbv2:DescribeTargetHealth",
		"elbv2:DescribeListeners", "elbv2:DescribeRules"},
	Packets: true,
	Judge: func(c *control.Case) {
		w := newWalk(c)
		for _, b := range c.Estate.LoadBalancers {
			is, gaps := w.acls.of(b)
			switch {
			case !b.Public || b.Type != "application" || is == estate.False:
			case is == estate.Unknown:
				c.Unknown(b, "whether a web ACL protects it could not be read", gaps...)
			case c.Concerns(b):
				w.said.Judged(b)
				w.behindBalancer(b, b)
			}
		}
		for _, d := range c.Estate.Distributions {
			enabled, _ := d.Enabled.Value()
			gap, unread := d.Enabled.Unread()
			switch {
			case d.Staging || d.WebACL == "" || !enabled && !unread:
			case unread:
				c.Unknown(d, "", gap)
			case c.Concerns(d):
				w.said.Concerned(d) // it has no network interfaces
				w.behindDistribution(d)
			}
		}
		w.said.Say(c)
	},
}

// walk is all that judging the entries shares.
type walk struct {
	network *reach.Network
	index   *packets.Index
	acls    acls
	said    *packets.Subjects
	flows   packets.Arrivals // from the Internet, over TCP or UDP, that pass or may
	targets map[string][]packets.Target
	unread  map[string][]estate.Gap
	origins map[string][]packets.Behind
	around  packets.Around
	byARN   map[string]*estate.LoadBalancer
	listed  map[string]bool // ids of distributions that have a web ACL
}

func newWalk(c *control.Case) *walk {
	w := &walk{
		network: c.Packets(), index: packets.Of(c.Estate), acls: aclsOf(c.Estate), targets: map[string][]packets.Target{}, origins: packets.Origins(c.Estate),
		around: packets.AroundDistributions(c.Packets()), byARN: map[string]*estate.LoadBalancer{}, listed: map[string]bool{},
	}
	var flows []reach.Flow
	for _, f := range c.Packets().Internet() {
		if (f.Protocol == netset.TCP || f.Protocol == netset.UDP) && packets.FromInternet(f, packets.Everybody) != estate.False {
			flows = append(flows, f)
		}
	}
	w.flows = w.index.Arrivals(flows)
	w.said = w.index.Subjects()
	targets, unread := w.index.Targets()
	w.unread = unread
	for _, t := range targets {
		for _, arn := range t.Balancers {
			w.targets[arn] = append(w.targets[arn], t)
		}
	}
	for _, b := range c.Estate.LoadBalancers {
		w.byARN[b.Ref().ARN] = b
	}
	for _, d := range c.Estate.Distributions {
		w.listed[d.Ref().ID] = d.WebACL != ""
	}
	return w
}

// behindBalancer looks for ways to the targets of a load balancer that pass no web ACL. The entry is what they are judged as.
func (w *walk) behindBalancer(entry estate.Subject, b *estate.LoadBalancer) {
	if gaps := w.unread[b.Ref().ARN]; len(gaps) > 0 {
		w.said.Doubts(entry, "what "+b.Ref().ID+" sends to was not read", gaps...)
	}
	for _, t := range w.targets[b.Ref().ARN] {
		port := netset.PortsOf(netset.PortRange{First: t.Port, Last: t.Port})
		for _, f := range w.flows.At(t) {
			guarded, why, gaps := w.guards(f)
			if guarded == estate.True {
				continue
			}
			what := fmt.Sprintf("%s on %s%s", packets.Party(f.To, f.Answer), packets.Ports(f.Protocol, port), way(f))
			w.find(entry, f, port, guarded, what, why, gaps)
		}
	}
}

// behindDistribution looks for ways to the load balancers that a distribution fetches from, and to their targets.
func (w *walk) behindDistribution(d *estate.Distribution) {
	for _, o := range packets.OriginsOf(d) {
		b := w.balancer(d, o)
		if b == nil {
			if isS3(o) {
				continue
			}
			w.said.Doubts(d, fmt.Sprintf("what stands at its origin %s is not known: names are not resolved", o.Domain))
			continue
		}
		by := w.origins[b.Ref().ARN]
		w.behindBalancer(d, b)
		own, ownGaps := w.acls.of(b)
		closed, why, gaps := w.around.Closed(b, by)
		is := estate.Or(own, closed)
		if is == estate.True {
			continue
		}
		if is == estate.Unknown {
			if own == estate.Unknown {
				why, gaps = "whether "+b.Ref().ID+" has a web ACL of its own could not be read", ownGaps
			}
			w.said.Doubts(d, why, gaps...)
			continue
		}
		for _, f := range w.around.Open(b) {
			w.find(d, f, f.Ports, estate.False, fmt.Sprintf("%s on %s%s", packets.Party(f.To, f.Answer), packets.Ports(f.Protocol, f.Ports), way(f)), why, nil)
		}
	}
}

// find says that a flow is a way around, or may be.
func (w *walk) find(entry estate.Subject, f reach.Flow, ports netset.Ports, guarded estate.Truth, what, why string, gaps []estate.Gap) {
	if guarded == estate.Unknown || packets.FromInternet(f, packets.Everybody) == estate.Unknown {
		text := packets.Doubt(f, "whether the internet reaches "+what+" around the web ACL")
		if guarded == estate.Unknown {
			text = why
		}
		w.said.Doubts(entry, text, slices.Concat(gaps, f.Gaps)...)
		return
	}
	text := fmt.Sprintf("the internet reaches %s, and passes no web ACL", what)
	f = packets.OnPort(w.network, f, ports)
	at := atDoor(f)
	if len(packets.Doors(f.Answer)) > 0 {
		ports = at.Ports // the door takes requests on ports of its own
	}
	for _, counter := range w.index.Counters(at, ports, text) {
		counter.Path = control.PathOf(f.Answer)
		counter.Affects = []estate.Ref{f.To.Ref}
		w.said.Breaks(entry, counter)
	}
}

// atDoor is a flow as it enters: what lets the Internet in through a load balancer is what admits it there.
func atDoor(f reach.Flow) reach.Flow {
	if doors := packets.Doors(f.Answer); len(doors) > 0 {
		f.To, f.Ports = reach.Party{Ref: doors[0]}, netset.AllPorts()
	}
	return f
}

// guards says whether a way passes an entry with a web ACL, or a load balancer that sends on only what comes from one.
func (w *walk) guards(f reach.Flow) (is estate.Truth, why string, gaps []estate.Gap) {
	is = estate.False
	for _, door := range f.Through {
		switch door.Kind {
		case "distribution":
			if w.listed[door.ID] {
				return estate.True, "", nil
			}
		case "load-balancer", "classic-load-balancer":
			b := w.byARN[door.ARN]
			if b == nil {
				continue
			}
			has, unread := w.acls.of(b)
			if has == estate.Unknown {
				why, gaps = "whether load balancer "+door.ID+" has a web ACL could not be read", append(gaps, unread...)
			}
			if behind := w.withACL(w.origins[door.ARN]); len(behind) > 0 && f.Way != reach.ByDistribution {
				header, text, unread := packets.Guarded(b, behind, func(uint16) bool { return true })
				if header == estate.Unknown && has == estate.False {
					why, gaps = text, append(gaps, unread...)
				}
				has = estate.Or(has, header)
			}
			is = estate.Or(is, has)
		case "api":
			is = estate.Or(is, estate.Unknown) // a stage may have a web ACL; which one a way takes is not told
			why = "whether the stage of API " + door.ID + " has a web ACL is not known"
		}
	}
	return is, why, gaps
}

// withACL are the origins of distributions that have a web ACL.
func (w *walk) withACL(all []packets.Behind) []packets.Behind {
	var with []packets.Behind
	for _, b := range all {
		if b.Distribution.WebACL != "" {
			with = append(with, b)
		}
	}
	return with
}

// balancer finds the load balancer that an origin is.
func (w *walk) balancer(d *estate.Distribution, o estate.Origin) *estate.LoadBalancer {
	for arn, all := range w.origins {
		for _, b := range all {
			if b.Distribution == d && b.Origin.ID == o.ID {
				return w.byARN[arn]
			}
		}
	}
	return nil
}

// isS3 reports whether an origin is a bucket, or the website of one.
func isS3(o estate.Origin) bool {
	host := strings.ToLower(o.Domain)
	for _, suffix := range []string{".amazonaws.com", ".amazonaws.com.cn"} {
		if name, ok := strings.CutSuffix(host, suffix); ok {
			return slices.ContainsFunc(strings.Split(name, "."), func(label string) bool {
				return label == "s3" || strings.HasPrefix(label, "s3-")
			})
		}
	}
	return false
}

// way says how a flow comes in: ", directly", ", through load balancer net".
func way(f reach.Flow) string {
	if len(f.Through) == 0 {
		return ", directly"
	}
	return packets.Through(f.Answer)
}

// acls tells which load balancers have a web ACL.
type acls struct {
	estate    *estate.Estate
	protected map[string]bool               // ARNs of load balancers
	unread    map[estate.Place][]estate.Gap // associations
}

// aclsOf gathers what the web ACLs say of load balancers.
func aclsOf(e *estate.Estate) acls {
	a := acls{e, map[string]bool{}, map[estate.Place][]estate.Gap{}}
	for _, acl := range e.WebACLs {
		arns, _ := acl.LoadBalancers.Value()
		for _, arn := range arns {
			a.protected[arn] = true
		}
		if gap, missing := acl.LoadBalancers.Unread(); missing {
			a.unread[acl.Place()] = append(a.unread[acl.Place()], gap)
		}
	}
	return a
}

// of says whether a load balancer has a web ACL. An association is told from both sides, and either side is enough: its own, or
// that of the web ACLs, of which one that names it decides and only all of the Region prove that none does.
func (a acls) of(b *estate.LoadBalancer) (has estate.Truth, gaps []estate.Gap) {
	if b.Type != "application" {
		return estate.False, nil
	}
	gaps = slices.Clone(a.unread[b.Place()])
	if !a.estate.Complete(b.Place(), listWebACLs) {
		gaps = append(gaps, a.estate.Reading(b.Place(), listWebACLs, "").Gap())
	}
	own, unknown := b.WebACL.Unread()
	switch _, has := b.WebACL.Value(); {
	case has || a.protected[b.Ref().ARN]:
		return estate.True, nil
	case unknown && len(gaps) > 0:
		return estate.Unknown, append(gaps, own)
	}
	return estate.False, nil
}
