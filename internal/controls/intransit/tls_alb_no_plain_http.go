package intransit

import (
	"fmt"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

const (
	describeListeners operation.ID = "elbv2:DescribeListeners"
	describeRules     operation.ID = "elbv2:DescribeRules"
)

// ALBNoPlainHTTP is tls-alb-no-plain-http. It judges internet-facing load balancers that speak HTTP: application load balancers,
// and classic ones, which cannot redirect.
//
//   - A listener on HTTP is fine if whatever it does with a request is a redirect to HTTPS or a fixed response: a redirect is not
//     unencrypted traffic, and a fixed response passes nothing on. A redirect that keeps the protocol is no such thing.
//   - Rules are tried in their order. One that matches every request hides the default and all that come after it, so that a
//     listener whose first rule redirects everything is fine although its default forwards; for the same reason nothing is proved of
//     an HTTP listener whose rules were not read.
//   - A load balancer that is meant to be reached only through CloudFront is judged by itself: it can be reached.
//   - TCP listeners of classic load balancers carry what they are given and are not judged.
//
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html
var ALBNoPlainHTTP = &control.Control{
	ID:       "tls-alb-no-plain-http",
	Practice: "encryption-in-transit",
	Title:    "Public application listeners speak HTTPS or redirect to it",
	Sentence: "public application load balancers serve https or redirect to it",
	Asked:    "public application load balancers serve https or redirect to it",
	Why:      "Whoever sits between a visitor and the load balancer reads passwords and sessions that go over HTTP, and changes pages.",
	Fix:      "Let the HTTP listener redirect to HTTPS, and nothing else.",
	Severity: answer.High,
	Lists:    []operation.ID{"elbv2:DescribeLoadBalancers", "elb:DescribeLoadBalancers"},
	Reads:    []operation.ID{describeListeners, describeRules},
	Judge: func(c *control.Case) {
		for _, b := range c.Estate.LoadBalancers {
			if b.Public && (b.Type == "application" || b.Type == "classic") {
				judgeListeners(c, b)
			}
		}
	},
}

func judgeListeners(c *control.Case, b *estate.LoadBalancer) {
	listeners, ok := b.Listeners.Value()
	if gap, unread := b.Listeners.Unread(); !ok && unread {
		c.Unknown(b, "its listeners could not be read", gap)
		return
	}
	broken := false
	var gaps []estate.Gap
	for _, l := range listeners {
		if l.Protocol != "HTTP" {
			continue
		}
		if b.Type == "classic" {
			broken = true
			c.Breaks(b, classicInPlaintext(b, l))
			continue
		}
		switch plain, facts := servesPlaintext(l); plain {
		case estate.True:
			broken = true
			c.Breaks(b, listenerInPlaintext(b, l, facts))
		case estate.Unknown:
			gap, unread := l.Rules.Unread()
			if !unread { // an action that says nothing
				gap = estate.Gap{Place: b.Place(), Operation: describeListeners, About: b.Ref().ARN, Outcome: operation.Failed,
					Why: "what " + l.ARN + " does with requests is not said"}
			}
			gaps = append(gaps, gap)
		}
	}
	switch {
	case broken:
	case len(gaps) > 0:
		c.Unknown(b, "whether its HTTP listeners only redirect could not be read", gaps...)
	default:
		c.Holds(b)
	}
}

// servesPlaintext reports whether an HTTP listener does anything with a request but turn it away to HTTPS, and which of its
// actions do.
func servesPlaintext(l *estate.Listener) (estate.Truth, []answer.Fact) {
	rules, _ := l.Rules.Value()
	if _, unread := l.Rules.Unread(); unread {
		return estate.Unknown, nil
	}
	serves := estate.False
	var facts []answer.Fact
	for _, r := range rules {
		t, what := passesOn(r.Actions)
		if serves = estate.Or(serves, t); t == estate.True {
			facts = append(facts, answer.Fact{Text: fmt.Sprintf("rule %d: %s", r.Priority, what), Operation: describeRules})
		}
		if r.Always {
			return serves, facts
		}
	}
	t, what := passesOn(l.Default)
	if serves = estate.Or(serves, t); t == estate.True {
		facts = append(facts, answer.Fact{Text: "DefaultActions: " + what, Operation: describeListeners})
	}
	return serves, facts
}

// passesOn reports whether actions do anything but redirect to HTTPS or answer by themselves, and what.
func passesOn(actions []estate.ListenerAction) (estate.Truth, string) {
	if len(actions) == 0 {
		return estate.Unknown, ""
	}
	for _, a := range actions {
		switch {
		case a.Type == "fixed-response", a.Type == "redirect" && strings.EqualFold(a.Protocol, "HTTPS"):
		case a.Type == "redirect":
			return estate.True, "redirect to " + a.Protocol
		default:
			return estate.True, a.Type
		}
	}
	return estate.False, ""
}

func listenerInPlaintext(b *estate.LoadBalancer, l *estate.Listener, facts []answer.Fact) control.Counter {
	ref := b.Ref()
	return control.Counter{
		Text:  fmt.Sprintf("application load balancer %s serves HTTP on port %d", ref.ID, l.Port),
		Facts: append([]answer.Fact{{Text: fmt.Sprintf("Protocol is HTTP, Port is %d", l.Port), Operation: describeListeners}}, facts...),
		Cause: answer.Cause{
			Key:     "listener/" + l.ARN,
			Subject: estate.Ref{Kind: "listener", Account: ref.Account, Region: ref.Region, ID: fmt.Sprintf("%s:%d", ref.ID, l.Port), ARN: l.ARN},
			Title:   fmt.Sprintf("the HTTP listener on port %d of %s does not redirect to HTTPS", l.Port, ref.ID),
			Fix: answer.Fix{
				Text: "Redirect to HTTPS by default, and delete the rules that do anything else.",
				CLI: []string{fmt.Sprintf("aws elbv2 modify-listener --region %s --listener-arn %s --default-actions "+
					`'[{"Type":"redirect","RedirectConfig":{"Protocol":"HTTPS","Port":"443","StatusCode":"HTTP_301"}}]'`, ref.Region, l.ARN)},
				Terraform: "resource \"aws_lb_listener\" \"http\" {\n  port     = " + fmt.Sprint(l.Port) + "\n  protocol = \"HTTP\"\n\n  default_action {\n    type = \"redirect\"\n    redirect {\n      protocol    = \"HTTPS\"\n      port        = \"443\"\n      status_code = \"HTTP_301\"\n    }\n  }\n}",
			},
		},
	}
}

func classicInPlaintext(b *estate.LoadBalancer, l *estate.Listener) control.Counter {
	ref := b.Ref()
	return control.Counter{
		Text:  fmt.Sprintf("classic load balancer %s serves HTTP on port %d", ref.ID, l.Port),
		Facts: []answer.Fact{{Text: fmt.Sprintf("Listener: Protocol is HTTP, LoadBalancerPort is %d", l.Port), Operation: "elb:DescribeLoadBalancers"}},
		Cause: answer.Cause{
			Key:     fmt.Sprintf("listener/%s:%d", ref.ARN, l.Port),
			Subject: estate.Ref{Kind: "listener", Account: ref.Account, Region: ref.Region, ID: fmt.Sprintf("%s:%d", ref.ID, l.Port)},
			Title:   fmt.Sprintf("classic load balancer %s serves HTTP on port %d and cannot redirect", ref.ID, l.Port),
			Fix: answer.Fix{
				Text: "Replace it by an application load balancer that redirects to HTTPS; until then, serve HTTPS and delete the HTTP listener.",
				CLI: []string{
					fmt.Sprintf("aws elb create-load-balancer-listeners --region %s --load-balancer-name %s --listeners Protocol=HTTPS,LoadBalancerPort=443,InstanceProtocol=HTTP,InstancePort=PORT,SSLCertificateId=CERTIFICATE_ARN", ref.Region, ref.ID),
					fmt.Sprintf("aws elb delete-load-balancer-listeners --region %s --load-balancer-name %s --load-balancer-ports %d", ref.Region, ref.ID, l.Port),
				},
			},
		},
	}
}
