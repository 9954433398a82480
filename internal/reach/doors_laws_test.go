package reach

import (
	"fmt"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
)

// Whatever listing is taken away, what the Internet reached is reached still, or unknown; and what it did not is not, or
// unknown.
func TestWithoutAListingADoorsVerdictStaysOrIsUnknown(t *testing.T) {
	t.Parallel()
	towns := map[string]func() *town{
		"load balancer": shop, "kept addresses": func() *town { return relay("tcp 8443 0.0.0.0/0") }, "distribution": func() *town { return cdn(true) },
		"VPC origin": func() *town { return hidden("tcp 8080 sg-service") }, "accelerator": fast, "API": gateway,
		"closed": func() *town { return hidden("tcp 80 sg-service") },
	}
	losses := map[string]func(*town){
		"ec2:DescribeNetworkInterfaces":  func(w *town) { w.NetworkInterfaces = nil },
		"ec2:DescribeInstances":          func(w *town) { w.Instances = nil },
		"ec2:DescribeSecurityGroups":     func(w *town) { w.SecurityGroups = nil },
		"ec2:DescribeNetworkAcls":        func(w *town) { w.NetworkACLs = nil },
		"ec2:DescribeSubnets":            func(w *town) { w.Subnets = nil },
		"ec2:DescribeRouteTables":        func(w *town) { w.RouteTables = nil },
		"ec2:DescribeInternetGateways":   func(w *town) { w.InternetGateways = nil },
		"ec2:DescribeManagedPrefixLists": func(w *town) { w.loseLists() },
		"elbv2:DescribeLoadBalancers":    func(w *town) { w.LoadBalancers = nil },
		"elbv2:DescribeTargetGroups":     func(w *town) { w.TargetGroups = nil },
		"elbv2:DescribeListeners": func(w *town) {
			w.lose(func(lb *estate.LoadBalancer) { lb.Listeners = estate.Unread[[]*estate.Listener](lost) })
		},
		"elbv2:DescribeLoadBalancerAttributes": func(w *town) {
			w.lose(func(lb *estate.LoadBalancer) { lb.Attributes = estate.Unread[map[string]string](lost) })
		},
		"elbv2:DescribeTargetHealth": func(w *town) {
			for _, g := range w.TargetGroups {
				g.Targets = estate.Unread[[]estate.Target](lost)
			}
		},
		"elbv2:DescribeTargetGroupAttributes": func(w *town) {
			for _, g := range w.TargetGroups {
				g.Attributes = estate.Unread[map[string]string](lost)
			}
		},
		"cloudfront:ListDistributions":       func(w *town) { w.Distributions = nil },
		"cloudfront:ListVpcOrigins":          func(w *town) { w.VPCOrigins = nil },
		"globalaccelerator:ListAccelerators": func(w *town) { w.Accelerators = nil },
		"apigateway:GetRestApis":             func(w *town) { w.APIs = nil },
		"apigateway:GetVpcLinks":             func(w *town) { w.VPCLinks = nil },
	}
	for name, build := range towns {
		before := build()
		if name == "accelerator" { // it leaves interfaces
			before.NetworkInterfaces = append(before.NetworkInterfaces, acceleratorsInterface())
		}
		was := reached(before.network())
		for op, lose := range losses {
			t.Run(name+" without "+op, func(t *testing.T) {
				t.Parallel()
				w := build()
				if name == "accelerator" {
					w.NetworkInterfaces = append(w.NetworkInterfaces, acceleratorsInterface())
				}
				lose(w)
				w.unread[operation.ID(op)] = true
				is := reached(w.network())
				for key := range was {
					if was[key] != is[key] && is[key] != estate.Unknown && !vanished(op, key) {
						t.Errorf("%s: was %s, is %s", key, yes(was[key]), yes(is[key]))
					}
				}
			})
		}
	}
}

var lost = estate.Gap{Place: here, Outcome: operation.Denied}

func (w *town) lose(change func(*estate.LoadBalancer)) {
	for _, lb := range w.LoadBalancers {
		change(lb)
	}
}

func (w *town) loseLists() {
	w.PrefixLists = nil
	for _, g := range w.SecurityGroups {
		for _, r := range g.Rules {
			if r.Peer == "pl-cf" {
				r.Addresses = estate.Unread[netset.Addresses](lost)
			}
		}
	}
}

func acceleratorsInterface() *estate.NetworkInterface {
	return &estate.NetworkInterface{Resource: named("network-interface", "eni-ga"), VPC: "vpc-1", Subnet: "subnet-a", Type: acceleratorInterface, Status: "in-use",
		SecurityGroups: []string{"sg-lb"}, SourceDest: true}
}

// vanished reports whether a listing holds the subject itself, which nobody can then be asked about.
func vanished(op, key string) bool {
	return op == "elbv2:DescribeLoadBalancers" && !strings.HasPrefix(key, "i-app ")
}

// reached asks whether the Internet reaches each host and load balancer on the ports of the tests.
func reached(n *Network) map[string]estate.Truth {
	all := map[string]estate.Truth{}
	for _, r := range []estate.Ref{named("instance", "i-app").Reference, named("load-balancer", "shop").Reference, named("load-balancer", "relay").Reference} {
		for _, port := range []uint16{22, 80, 443, 8080, 8443} {
			key := fmt.Sprintf("%s %d", r.ID, port)
			all[key] = estate.False
			for _, f := range n.Internet() {
				if f.To.Ref.Key() == r.Key() && f.Protocol == netset.TCP && f.Ports.Contains(port) {
					arrives, _ := f.FromInternet()
					all[key] = max(all[key], arrives)
				}
			}
			asked := n.Ask(Question{From: End{Internet: true}, To: End{Refs: []estate.Ref{r}}, Protocol: netset.TCP, Port: port})
			if asked.Reason == nowhere {
				continue
			}
			if asked.Arrives != all[key] {
				all[key] = 9 // the two ways of asking differ
			}
		}
	}
	return all
}
