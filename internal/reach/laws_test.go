package reach_test

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/generate"
	"github.com/onus-cloud/onus/internal/load"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/reach"
	"github.com/onus-cloud/onus/internal/responses"
)

// drop takes away what an operation listed at a place.
func drop[R estate.Subject](list *[]R, p estate.Place) {
	*list = slices.DeleteFunc(slices.Clone(*list), func(r R) bool { return r.Ref().Account == p.Account && r.Ref().Region == p.Region })
}

// withdrawals are the operations that tell of the network, and what goes when one of them is denied at a place.
func withdrawals(b *builder) map[operation.ID]func(p estate.Place) {
	e := b.Estate
	return map[operation.ID]func(p estate.Place){
		"ec2:DescribeInstances":                      func(p estate.Place) { drop(&e.Instances, p) },
		"ec2:DescribeVpcs":                           func(p estate.Place) { drop(&e.VPCs, p) },
		"ec2:DescribeSubnets":                        func(p estate.Place) { drop(&e.Subnets, p) },
		"ec2:DescribeRouteTables":                    func(p estate.Place) { drop(&e.RouteTables, p) },
		"ec2:DescribeNetworkAcls":                    func(p estate.Place) { drop(&e.NetworkACLs, p) },
		"ec2:DescribeInternetGateways":               func(p estate.Place) { drop(&e.InternetGateways, p) },
		"ec2:DescribeEgressOnlyInternetGateways":     func(p estate.Place) { drop(&e.EgressOnlyGateways, p) },
		"ec2:DescribeNatGateways":                    func(p estate.Place) { drop(&e.NATGateways, p) },
		"ec2:DescribeVpcEndpoints":                   func(p estate.Place) { drop(&e.Endpoints, p) },
		"ec2:DescribeNetworkInterfaces":              func(p estate.Place) { drop(&e.NetworkInterfaces, p) },
		"ec2:DescribeSecurityGroups":                 func(p estate.Place) { drop(&e.SecurityGroups, p) },
		"ec2:DescribeVpnGateways":                    func(p estate.Place) { drop(&e.VPNGateways, p) },
		"ec2:DescribeTransitGateways":                func(p estate.Place) { drop(&e.TransitGateways, p) },
		"ec2:DescribeTransitGatewayRouteTables":      func(p estate.Place) { drop(&e.TransitGatewayRouteTables, p) },
		"network-firewall:ListFirewalls":             func(p estate.Place) { drop(&e.Firewalls, p) },
		"ec2:DescribeVpcBlockPublicAccessExclusions": func(p estate.Place) { drop(&e.BlockPublicAccessExclusions, p) },
		"ec2:DescribeTransitGatewayAttachments":      func(p estate.Place) { drop(&e.TransitGatewayAttachments, p) },
		"ec2:DescribeVpcBlockPublicAccessOptions": func(p estate.Place) {
			for _, x := range e.BlockPublicAccess {
				if x.Place == p {
					x.Mode = estate.Unread[string](estate.Gap{Place: p, Operation: "ec2:DescribeVpcBlockPublicAccessOptions", Outcome: operation.Denied})
				}
			}
		},
		"ec2:DescribeTransitGatewayVpcAttachments": func(p estate.Place) {
			for _, a := range e.TransitGatewayAttachments {
				if a.Type == "vpc" {
					a.VPC = estate.Unread[estate.TransitGatewayVPC](estate.Gap{Place: p, Operation: "ec2:DescribeTransitGatewayVpcAttachments", Outcome: operation.Denied})
				}
			}
		},
		"ec2:DescribeSecurityGroupRules": func(p estate.Place) { // the groups are there, with some of their rules
			for _, g := range e.SecurityGroups {
				if g.Place() == p {
					g.Rules = g.Rules[:len(g.Rules)/2]
					g.Missing = []estate.Gap{{Place: p, Operation: "ec2:DescribeSecurityGroupRules", Outcome: operation.Denied}}
				}
			}
		},
	}
}

// TestWhatIsNotReadOnlyMakesUnknown is law 1: whatever is taken away, a verdict stays or becomes unknown.
func TestWhatIsNotReadOnlyMakesUnknown(t *testing.T) {
	t.Parallel()
	onEstates(t, staysOrBecomesUnknown)
}

func staysOrBecomesUnknown(t failing, d *drawn) {
	e := d.done()
	asked := questions(e)
	whole := reach.Of(e)
	before := make([]reach.Answer, len(asked))
	for i, q := range asked {
		before[i] = whole.Ask(q)
	}
	all := withdrawals(d.builder)
	for _, w := range d.gone {
		all[w.op](w.at)
		e.Withdraw(estate.Reading{Place: w.at, Operation: w.op, Time: observed, Outcome: operation.Denied})
	}
	half := reach.Of(e)
	for i, q := range asked {
		got := half.Ask(q)
		if got.Arrives != unknown && got.Arrives != before[i].Arrives || got.Session != unknown && got.Session != before[i].Session {
			t.Fatalf("%s: arrives %v, session %v; without %v %v and %v\n%s\n%s", drawnQuestion(q), before[i].Arrives, before[i].Session,
				d.gone, got.Arrives, got.Session, told(got), sketch(e))
		}
	}
}

// TestSameNetworkSameAnswers: rules whose CIDR is split into halves, lists in another order and an unrelated VPC change nothing.
func TestSameNetworkSameAnswers(t *testing.T) {
	t.Parallel()
	onEstates(t, func(t failing, b *drawn) {
		e := b.done()
		asked := questions(e)
		first := reach.Of(e)
		before := make([]reach.Answer, len(asked))
		for i, q := range asked {
			before[i] = first.Ask(q)
		}
		for _, g := range e.SecurityGroups {
			var rules []*estate.SecurityGroupRule
			for _, r := range g.Rules {
				if a, ok := r.Addresses.Value(); ok && len(a.Prefixes()) == 1 && a.Prefixes()[0].Bits() < a.Prefixes()[0].Addr().BitLen() {
					c := a.Prefixes()[0]
					lower := b.halves(c.String())
					for n, half := range lower {
						x := *r
						x.ID, x.Peer, x.Addresses = fmt.Sprint(r.ID, "-", n), half.String(), estate.Know(netset.Of(half))
						rules = append(rules, &x)
					}
					continue
				}
				rules = append(rules, r)
			}
			g.Rules = rules
			rules = nil
			slices.Reverse(g.Rules)
		}
		b.vpc("vpc-unrelated", "10.0.0.0/16")
		b.subnet("subnet-unrelated", "vpc-unrelated", "a", "10.0.1.0/24")
		b.eni("eni-unrelated", "subnet-unrelated", "10.0.1.250", "sg-unrelated")
		b.group("sg-unrelated", "vpc-unrelated", openGroup...)
		sortAll(e)
		second := reach.Of(e)
		for i, q := range asked {
			if got := second.Ask(q); got.Arrives != before[i].Arrives || got.Session != before[i].Session || !got.ClientPorts.Equal(before[i].ClientPorts) {
				t.Fatalf("%s: arrives %v, session %v; written otherwise %v and %v\n%s\n%s", drawnQuestion(q), before[i].Arrives, before[i].Session, got.Arrives, got.Session, told(got), sketch(e))
			}
		}
	})
}

// TestNamesMeanNothing: with other ids, and so in another order, everything is answered as before.
func TestNamesMeanNothing(t *testing.T) {
	t.Parallel()
	onEstates(t, func(t failing, d *drawn) {
		e := d.done()
		asked := questions(e)
		n := reach.Of(e)
		before := make([]reach.Answer, len(asked))
		for i, q := range asked {
			before[i] = n.Ask(q)
		}
		renameIn(reflect.ValueOf(e).Elem(), map[uintptr]bool{})
		sortAll(e)
		n = reach.Of(e)
		for i, q := range asked {
			for _, x := range []*reach.End{&q.From, &q.To} {
				x.Refs = slices.Clone(x.Refs)
				for k := range x.Refs {
					x.Refs[k].ID = renamed(x.Refs[k].ID)
				}
			}
			if got := n.Ask(q); got.Arrives != before[i].Arrives || got.Session != before[i].Session || !got.ClientPorts.Equal(before[i].ClientPorts) {
				t.Fatalf("%s: arrives %v, session %v; with other names %v and %v\n%s\n%s", drawnQuestion(asked[i]), before[i].Arrives, before[i].Session, got.Arrives, got.Session, told(got), sketch(e))
			}
		}
	})
}

var anID = regexp.MustCompile(`^(acl|att|eigw|eni|exclude|fw|i|igw|nat|pcx|pl|rtb|sg|subnet|tgw|vgw|vpc|vpce)-`)

// renamed is another id of the same kind, which sorts elsewhere.
func renamed(id string) string {
	kind := anID.FindString(id)
	if kind == "" {
		return id
	}
	h := fnv.New64a()
	h.Write([]byte(id))
	return fmt.Sprintf("%s%016x", kind, h.Sum64()*0x9e3779b97f4a7c15)
}

// renameIn gives every id in a value another name, also within what is Known.
func renameIn(v reflect.Value, seen map[uintptr]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && !seen[v.Pointer()] {
			seen[v.Pointer()] = true
			renameIn(v.Elem(), seen)
		}
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String && v.Len() > 0 {
			if key := v.Pointer(); seen[key] { // two hold the same list
				return
			} else {
				seen[key] = true
			}
		}
		for i := range v.Len() {
			renameIn(v.Index(i), seen)
		}
	case reflect.Struct:
		known := strings.HasPrefix(v.Type().Name(), "Known[")
		for i := range v.NumField() {
			switch field := v.Type().Field(i); {
			case field.Name == "Kind": // "vpc-peering-connection"
			case field.IsExported():
				renameIn(v.Field(i), seen)
			case known && field.Name == "value":
				renameIn(reflect.NewAt(field.Type, v.Field(i).Addr().UnsafePointer()).Elem(), seen)
			}
		}
	case reflect.String:
		v.SetString(renamed(v.String()))
	}
}

// FuzzResponses puts any bytes in the place of one response of a company and asks. It must not panic, and what does not
// arrive or is not known has a reason.
func FuzzResponses(f *testing.F) {
	set, _ := generate.Acme()
	for i, r := range set.Responses {
		if r.Operation.Service() == "ec2" && len(r.Pages) > 0 {
			f.Add(uint16(i), []byte(r.Pages[0]))
		}
	}
	f.Add(uint16(0), []byte(`{"Subnets":[{"SubnetId":"subnet-0"}],"NetworkInterfaces":[{"NetworkInterfaceId":"eni-0","PrivateIpAddress":"::1"}]}`))
	f.Fuzz(func(t *testing.T, i uint16, body []byte) {
		at := int(i) % len(set.Responses)
		mutated := &responses.Set{Scope: set.Scope, Responses: slices.Clone(set.Responses)}
		mutated.Responses[at].Outcome = operation.OK
		mutated.Responses[at].Pages = []json.RawMessage{slices.Clone(body)}
		e, _ := load.Load(mutated)
		n := reach.Of(e)
		ends := []reach.End{{Internet: true}, end(e, somebody), end(e, "10.0.0.1")}
		for k := 0; k < len(e.NetworkInterfaces) && len(ends) < 7; k += 1 + len(e.NetworkInterfaces)/4 {
			ends = append(ends, reach.End{Refs: []estate.Ref{e.NetworkInterfaces[k].Ref()}})
		}
		for _, from := range ends {
			for _, to := range ends {
				if got := n.Ask(reach.Question{From: from, To: to, Protocol: netset.TCP, Port: 22}); got.Arrives != yes && got.Reason == "" {
					t.Errorf("arrives %v, without a reason", got.Arrives)
				}
			}
		}
	})
}
