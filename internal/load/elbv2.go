package load

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// loadBalancers reads application, network and gateway load balancers, their listeners and their targets.
func (l *loader) loadBalancers() {
	type balancerList struct {
		LoadBalancers []struct {
			LoadBalancerArn  string
			LoadBalancerName string
			DNSName          string
			Scheme           string
			Type             string
			IPAddressType    string `json:"IpAddressType"`
			VpcID            string `json:"VpcId"`
			SecurityGroups   []string
			// "on" where it is not said: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetSecurityGroups.html
			EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic string
			AvailabilityZones                                    []struct {
				ZoneName string
				SubnetID string `json:"SubnetId"`
			}
		}
	}
	type attributeList struct {
		Attributes []struct{ Key, Value string }
	}
	each(l, "elbv2:DescribeLoadBalancers", func(p estate.Place, page *balancerList) {
		for _, b := range page.LoadBalancers {
			balancer := &estate.LoadBalancer{
				Resource: estate.Resource{
					Reference: estate.Ref{Kind: "load-balancer", Account: p.Account, Region: p.Region, ID: b.LoadBalancerName, ARN: b.LoadBalancerArn, Name: b.LoadBalancerName},
					Labels:    l.tagsOf(p, b.LoadBalancerArn),
				},
				Type: b.Type,
				// Gateway load balancers have no scheme; the others are internet-facing unless told otherwise
				// (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html).
				Public:         b.Scheme != "internal" && b.Type != "gateway",
				AddressType:    b.IPAddressType,
				Unfiltered:     b.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic == "off",
				DNSName:        b.DNSName,
				VPC:            b.VpcID,
				SecurityGroups: sorted(b.SecurityGroups),
				Listeners:      l.listeners(p, b.LoadBalancerArn, b.Type),
				WebACL:         estate.None[string](),
			}
			if b.Type == "application" {
				balancer.WebACL = l.webACLOf(p, b.LoadBalancerArn)
			}
			for _, z := range b.AvailabilityZones {
				balancer.Zones = append(balancer.Zones, z.ZoneName)
				if z.SubnetID != "" {
					balancer.Subnets = append(balancer.Subnets, z.SubnetID)
				}
			}
			balancer.Zones, balancer.Subnets = slices.Compact(sorted(balancer.Zones)), distinct(balancer.Subnets)
			balancer.Attributes = about(l, p, "elbv2:DescribeLoadBalancerAttributes", b.LoadBalancerArn, func(pages []attributeList) map[string]string {
				m := map[string]string{}
				for _, page := range pages {
					for _, a := range page.Attributes {
						m[a.Key] = a.Value
					}
				}
				return m
			})
			l.estate.LoadBalancers = append(l.estate.LoadBalancers, balancer)
		}
	})
	l.classicLoadBalancers()
	l.estate.LoadBalancers = byKey(l.estate.LoadBalancers)
	l.targetGroups()
}

// action is one of a listener or of a rule.
type action struct {
	Type           string
	Order          int
	RedirectConfig struct{ Protocol string }
	TargetGroupArn string // where there is one group
	ForwardConfig  struct {
		TargetGroups []struct {
			TargetGroupArn string
			Weight         *int
		}
	}
}

// targets are the target groups that a forward sends requests to.
func (a action) targets() []string {
	var arns []string
	for _, g := range a.ForwardConfig.TargetGroups {
		if g.TargetGroupArn != "" && (g.Weight == nil || *g.Weight > 0) {
			arns = append(arns, g.TargetGroupArn)
		}
	}
	if len(a.ForwardConfig.TargetGroups) == 0 && a.TargetGroupArn != "" {
		arns = []string{a.TargetGroupArn}
	}
	return distinct(arns)
}

func listenerActions(list []action) []estate.ListenerAction {
	slices.SortStableFunc(list, func(a, b action) int { return cmp.Compare(a.Order, b.Order) })
	var actions []estate.ListenerAction
	for _, a := range list {
		x := estate.ListenerAction{Type: a.Type}
		if a.Type == "forward" {
			x.TargetGroups = a.targets()
		}
		if a.Type == "redirect" {
			x.Protocol = cmp.Or(a.RedirectConfig.Protocol, "#{protocol}") // what AWS takes where nothing is said
		}
		actions = append(actions, x)
	}
	return actions
}

func (l *loader) listeners(p estate.Place, balancer, kind string) estate.Known[[]*estate.Listener] {
	type listenerList struct {
		Listeners []struct {
			ListenerArn    string
			Port           int
			Protocol       string
			SslPolicy      string
			Certificates   []struct{ CertificateArn string }
			DefaultActions []action
		}
	}
	return about(l, p, "elbv2:DescribeListeners", balancer, func(pages []listenerList) []*estate.Listener {
		var all []*estate.Listener
		for _, page := range pages {
			for _, x := range page.Listeners {
				listener := &estate.Listener{ARN: x.ListenerArn, Port: x.Port, Protocol: x.Protocol, Policy: x.SslPolicy,
					Default: listenerActions(x.DefaultActions), Rules: estate.None[[]*estate.ListenerRule]()}
				for _, c := range x.Certificates {
					listener.Certificates = append(listener.Certificates, c.CertificateArn)
				}
				if kind == "application" {
					listener.Rules = l.listenerRules(p, x.ListenerArn)
				}
				all = append(all, listener)
			}
		}
		slices.SortFunc(all, func(a, b *estate.Listener) int {
			return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.ARN, b.ARN))
		})
		return all
	})
}

func (l *loader) listenerRules(p estate.Place, listener string) estate.Known[[]*estate.ListenerRule] {
	type ruleList struct {
		Rules []struct {
			RuleArn    string
			Priority   string // a number, or "default"
			IsDefault  bool
			Conditions []ruleCondition
			Actions    []action
		}
	}
	return about(l, p, "elbv2:DescribeRules", listener, func(pages []ruleList) []*estate.ListenerRule {
		var all []*estate.ListenerRule
		for _, page := range pages {
			for _, r := range page.Rules {
				if r.IsDefault || r.Priority == "default" {
					continue // the listener says it too
				}
				priority, err := strconv.Atoi(r.Priority)
				if err != nil {
					priority = math.MaxInt
				}
				conditions, sources := conditionsOf(r.Conditions)
				all = append(all, &estate.ListenerRule{ARN: r.RuleArn, Priority: priority, Conditions: conditions, Sources: sources, Actions: listenerActions(r.Actions),
					Always: len(r.Conditions) > 0 && !slices.ContainsFunc(r.Conditions, func(c ruleCondition) bool { return !c.always() })})
			}
		}
		slices.SortFunc(all, func(a, b *estate.ListenerRule) int {
			return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.ARN, b.ARN))
		})
		return all
	})
}

type ruleCondition struct {
	Field             string
	Values            []string
	RegexValues       []string
	PathPatternConfig struct{ Values, RegexValues []string }
	HostHeaderConfig  struct{ Values, RegexValues []string }
	HTTPHeaderConfig  struct {
		HTTPHeaderName string `json:"HttpHeaderName"`
	} `json:"HttpHeaderConfig"`
	HTTPRequestMethodConfig struct{ Values []string } `json:"HttpRequestMethodConfig"`
	QueryStringConfig       struct {
		Values []struct{ Key string }
	}
	SourceIPConfig struct{ Values []string } `json:"SourceIpConfig"`
}

// conditionsOf returns the conditions of a rule by what they look at, and the sources that they admit. Values of headers are left
// out, since a header is how a distribution shows to its origin that it is no other; so are those of a query string.
func conditionsOf(list []ruleCondition) (map[string][]string, *netset.Addresses) {
	if len(list) == 0 {
		return nil, nil
	}
	conditions := map[string][]string{}
	var sources *netset.Addresses
	odd := false
	for _, c := range list {
		key, values := c.Field, slices.Clone(c.Values)
		switch c.Field {
		case "http-header":
			key, values = "http-header "+strings.ToLower(c.HTTPHeaderConfig.HTTPHeaderName), nil
		case "query-string":
			values = nil
			for _, v := range c.QueryStringConfig.Values {
				values = append(values, v.Key)
			}
		case "source-ip":
			values = append(values, c.SourceIPConfig.Values...)
			var prefixes []netip.Prefix
			for _, text := range values {
				cidr, err := netip.ParsePrefix(text)
				odd = odd || err != nil
				prefixes = append(prefixes, cidr)
			}
			admitted := netset.Of(prefixes...)
			if sources != nil {
				admitted = admitted.Intersect(*sources) // a request must satisfy all conditions
			}
			sources = &admitted
		default:
			values = slices.Concat(values, c.RegexValues, c.PathPatternConfig.Values, c.PathPatternConfig.RegexValues,
				c.HostHeaderConfig.Values, c.HostHeaderConfig.RegexValues, c.HTTPRequestMethodConfig.Values)
		}
		conditions[key] = distinct(append(conditions[key], values...))
	}
	if odd {
		sources = nil
	}
	return conditions, sources
}

// always reports whether the condition matches every request: paths of "*" and "/*", hosts of "*".
func (c ruleCondition) always() bool {
	switch c.Field {
	case "path-pattern":
		return slices.ContainsFunc(slices.Concat(c.Values, c.PathPatternConfig.Values), func(v string) bool { return v == "*" || v == "/*" })
	case "host-header":
		return slices.Contains(slices.Concat(c.Values, c.HostHeaderConfig.Values), "*")
	}
	return false
}

func (l *loader) targetGroups() {
	type groupList struct {
		TargetGroups []struct {
			TargetGroupArn   string
			TargetGroupName  string
			Protocol         string
			Port             int
			VpcID            string `json:"VpcId"`
			TargetType       string
			IPAddressType    string `json:"IpAddressType"`
			LoadBalancerArns []string
		}
	}
	type healthList struct {
		TargetHealthDescriptions []struct {
			Target struct {
				ID               string `json:"Id"`
				Port             int
				AvailabilityZone string
			}
			TargetHealth struct{ State string }
		}
	}
	type attributeList struct {
		Attributes []struct{ Key, Value string }
	}
	each(l, "elbv2:DescribeTargetGroups", func(p estate.Place, page *groupList) {
		for _, g := range page.TargetGroups {
			l.estate.TargetGroups = append(l.estate.TargetGroups, &estate.TargetGroup{
				Resource: estate.Resource{
					Reference: estate.Ref{Kind: "target-group", Account: p.Account, Region: p.Region, ID: g.TargetGroupName, ARN: g.TargetGroupArn, Name: g.TargetGroupName},
					Labels:    l.tagsOf(p, g.TargetGroupArn),
				},
				Type:          g.TargetType,
				Protocol:      g.Protocol,
				Port:          g.Port,
				VPC:           g.VpcID,
				LoadBalancers: sorted(g.LoadBalancerArns),
				IPv6:          g.IPAddressType == "ipv6",
				Attributes: about(l, p, "elbv2:DescribeTargetGroupAttributes", g.TargetGroupArn, func(pages []attributeList) map[string]string {
					m := map[string]string{}
					for _, page := range pages {
						for _, a := range page.Attributes {
							m[a.Key] = a.Value
						}
					}
					return m
				}),
				Targets: about(l, p, "elbv2:DescribeTargetHealth", g.TargetGroupArn, func(pages []healthList) []estate.Target {
					var targets []estate.Target
					for _, page := range pages {
						for _, t := range page.TargetHealthDescriptions {
							targets = append(targets, estate.Target{ID: t.Target.ID, Port: t.Target.Port, Zone: t.Target.AvailabilityZone, Health: t.TargetHealth.State})
						}
					}
					slices.SortFunc(targets, func(a, b estate.Target) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Port, b.Port)) })
					return targets
				}),
			})
		}
	})
	l.estate.TargetGroups = byKey(l.estate.TargetGroups)
}
