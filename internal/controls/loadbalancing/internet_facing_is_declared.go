package loadbalancing

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/packets"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/reach"
)

// InternetFacingIsDeclared is lb-internet-facing-is-declared: each load balancer that faces the Internet is one that somebody
// meant to. That one does is no fault; that nobody knows of it is. Without a claim "internet-facing load balancers are
// exactly ..." nothing is declared.
//
//   - A load balancer faces the Internet by its scheme, whatever its security groups say. An internal one does too where packets from
//     the Internet reach it through Global Accelerator or a VPC origin of CloudFront, which need no public address.
//   - The claim names them by name or ARN, in any order. Exactly means both ways: a name that is declared and faces nobody is an old
//     declaration, and breaks the claim as well.
//   - A claim about a system speaks of that system's load balancers only.
//
// https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html#load-balancer-scheme
var InternetFacingIsDeclared = &control.Control{
	ID:       "lb-internet-facing-is-declared",
	Practice: "load-balancing",
	Title:    "Each internet-facing load balancer is declared",
	Sentence: "each internet-facing load balancer is declared",
	Asked:    "each internet-facing load balancer is declared",
	Declares: []claims.Form{{Text: facingExactly, Example: "internet-facing load balancers are exactly shop, www"}},
	Why:      "An entrance that nobody knows of is one that nobody guards.",
	Fix:      "Declare the load balancer in the claims file, or make it internal.",
	Severity: answer.Medium,
	Lists:    []operation.ID{"elbv2:DescribeLoadBalancers", "elb:DescribeLoadBalancers"},
	Packets:  true,
	Judge:    judgeDeclared,
}

const facingExactly = "internet-facing load balancers are exactly {text}"

// declaration is what one claim declares, and of which system.
type declaration struct {
	claim claims.Claim
	names []string
}

func declared(claim claims.Claim) declaration {
	text, _ := claim.Slots.Text("text")
	d := declaration{claim: claim}
	for _, item := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		if item != "and" {
			d.names = append(d.names, item)
		}
	}
	return d
}

func (d declaration) has(b *estate.LoadBalancer) bool {
	return slices.Contains(d.names, b.Ref().ARN) || slices.Contains(d.names, b.Ref().Name) || slices.Contains(d.names, b.Ref().ID)
}

func judgeDeclared(c *control.Case) {
	var all []declaration
	_, exactly := c.Slots.Text("text")
	if exactly {
		all = append(all, declared(claims.Claim{Slots: c.Slots}))
	} else {
		for _, claim := range c.Declarations() {
			all = append(all, declared(claim))
		}
	}
	if len(all) == 0 {
		c.NotDeclared()
		return
	}
	around := aroundScheme(c.Packets())
	for _, b := range c.Estate.LoadBalancers {
		isDeclared := estate.False
		for _, d := range all {
			if d.has(b) {
				isDeclared = estate.Or(isDeclared, c.Declared.Selects(d.claim.Scope, b))
			}
		}
		flows, any := around[b.Ref().Key()]
		if !any {
			flows.faces = estate.False // the zero value would be unknown
		}
		switch facing := estate.Or(estate.Is(b.Public), flows.faces); {
		case facing == estate.False && isDeclared == estate.True && exactly:
			c.Breaks(b, declaredInVain(b.Ref(), "is internal, and nothing from the Internet reaches it"))
		case facing == estate.False:
		case isDeclared == estate.True && facing == estate.True:
			c.Holds(b)
		case isDeclared == estate.Unknown:
			gap, _ := b.Tags().Unread()
			c.Unknown(b, "whether it belongs to the system that declares it could not be read", gap)
		case facing == estate.Unknown:
			c.Unknown(b, packets.Doubt(flows.flow, "whether the internet reaches this internal load balancer"), flows.flow.Gaps...)
		default:
			c.Breaks(b, undeclared(b, flows))
		}
	}
	if !exactly {
		return
	}
	for _, name := range all[0].names {
		if !slices.ContainsFunc(c.Estate.LoadBalancers, func(b *estate.LoadBalancer) bool { return declaration{names: []string{name}}.has(b) }) && everyListed(c.Estate) {
			ref := estate.Ref{Kind: "load-balancer", ID: name, Name: name}
			c.Breaks(&estate.Resource{Reference: ref, Labels: estate.None[map[string]string]()}, declaredInVain(ref, "does not exist"))
		}
	}
}

// everyListed reports whether no place could hide a load balancer.
func everyListed(e *estate.Estate) bool {
	return len(e.Gaps("elbv2:DescribeLoadBalancers")) == 0 && len(e.Gaps("elb:DescribeLoadBalancers")) == 0
}

// facing is whether packets reach a load balancer from the Internet whatever its scheme says, and a flow by which they do or may.
type facing struct {
	faces estate.Truth
	flow  reach.Flow
}

// aroundScheme finds the load balancers that the Internet reaches through another front door, by Ref.Key.
func aroundScheme(n *reach.Network) map[string]facing {
	all := map[string]facing{}
	for _, f := range n.Internet() {
		if !packets.IsBalancer(f.To.Ref) || len(f.Through) == 0 {
			continue
		}
		key := f.To.Ref.Key()
		was, seen := all[key]
		if passes := packets.FromInternet(f, packets.Everybody); passes != estate.False && (!seen || passes > was.faces) {
			all[key] = facing{passes, f}
		}
	}
	return all
}

func undeclared(b *estate.LoadBalancer, by facing) control.Counter {
	ref := b.Ref()
	x := control.Counter{
		Text:  fmt.Sprintf("%s load balancer %s faces the internet, and nobody declares it", b.Type, ref.ID),
		Facts: []answer.Fact{{Text: "Scheme is not internal", Operation: listing(b)}},
		Cause: answer.Cause{
			Key:     "load-balancer-declaration/" + ref.ARN,
			Subject: ref,
			Title:   fmt.Sprintf("load balancer %s faces the internet, and nobody declares it", ref.ID),
			Fix: answer.Fix{
				Text: fmt.Sprintf("If it is meant to face the Internet, add %s to the claim; if not, make an internal one in its place: the scheme of a load balancer cannot be changed.", ref.ID),
			},
		},
	}
	if !b.Public {
		x.Text = fmt.Sprintf("internal load balancer %s is reachable from the internet%s, and nobody declares it", ref.ID, packets.Through(by.flow.Answer))
		x.Facts = []answer.Fact{{Text: "Scheme is internal", Operation: listing(b)}}
		x.Path = control.PathOf(by.flow.Answer)
		x.Cause.Fix.Text = fmt.Sprintf("If it is meant to face the Internet, add %s to the claim; if not, take it out of what leads to it.", ref.ID)
	}
	return x
}

func declaredInVain(ref estate.Ref, why string) control.Counter {
	return control.Counter{
		Text:  fmt.Sprintf("load balancer %s is declared to face the internet, and %s", ref.ID, why),
		Facts: []answer.Fact{{Text: "no internet-facing load balancer has that name or ARN", Operation: "elbv2:DescribeLoadBalancers"}},
		Cause: answer.Cause{
			Key:     "load-balancer-declaration/" + ref.ID,
			Subject: ref,
			Title:   fmt.Sprintf("the declaration of load balancer %s is out of date", ref.ID),
			Fix:     answer.Fix{Text: "Take the name out of the claim, or correct it."},
		},
	}
}

func listing(b *estate.LoadBalancer) operation.ID {
	if b.Type == "classic" {
		return "elb:DescribeLoadBalancers"
	}
	return "elbv2:DescribeLoadBalancers"
}
