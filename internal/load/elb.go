package load

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// classicLoadBalancers reads load balancers of the first generation, whose listing has their listeners.
func (l *loader) classicLoadBalancers() {
	type balancerList struct {
		LoadBalancerDescriptions []struct {
			LoadBalancerName  string
			DNSName           string
			Scheme            string
			VPCId             string
			AvailabilityZones []string
			Subnets           []string
			Instances         []struct {
				InstanceID string `json:"InstanceId"`
			}
			SecurityGroups       []string
			ListenerDescriptions []struct {
				Listener struct {
					Protocol         string
					LoadBalancerPort int
					InstancePort     int
					SSLCertificateID string `json:"SSLCertificateId"`
				}
				PolicyNames []string
			}
		}
	}
	type attributes struct {
		LoadBalancerAttributes struct {
			CrossZoneLoadBalancing struct{ Enabled bool }
			AccessLog              struct{ Enabled bool }
		}
	}
	each(l, "elb:DescribeLoadBalancers", func(p estate.Place, page *balancerList) {
		for _, b := range page.LoadBalancerDescriptions {
			name := arn("elasticloadbalancing", p, "loadbalancer/"+b.LoadBalancerName)
			var listeners []*estate.Listener
			for _, d := range b.ListenerDescriptions {
				x := &estate.Listener{Port: d.Listener.LoadBalancerPort, InstancePort: d.Listener.InstancePort, Protocol: strings.ToUpper(d.Listener.Protocol),
					Policy: strings.Join(sorted(d.PolicyNames), ", "), Rules: estate.None[[]*estate.ListenerRule]()}
				if c := d.Listener.SSLCertificateID; c != "" {
					x.Certificates = []string{c}
				}
				listeners = append(listeners, x)
			}
			var instances []string
			for _, i := range b.Instances {
				instances = append(instances, i.InstanceID)
			}
			slices.SortFunc(listeners, func(a, b *estate.Listener) int { return cmp.Compare(a.Port, b.Port) })
			l.estate.LoadBalancers = append(l.estate.LoadBalancers, &estate.LoadBalancer{
				Resource: estate.Resource{
					Reference: estate.Ref{Kind: "classic-load-balancer", Account: p.Account, Region: p.Region, ID: b.LoadBalancerName, ARN: name, Name: b.LoadBalancerName},
					Labels:    l.tagsOf(p, name),
				},
				Type:           "classic",
				Public:         b.Scheme != "internal",
				DNSName:        b.DNSName,
				VPC:            b.VPCId,
				Zones:          slices.Compact(sorted(b.AvailabilityZones)),
				Subnets:        distinct(b.Subnets),
				SecurityGroups: sorted(b.SecurityGroups),
				Instances:      distinct(instances),
				Listeners:      estate.Know(listeners),
				WebACL:         estate.None[string](),
				Attributes: about(l, p, "elb:DescribeLoadBalancerAttributes", b.LoadBalancerName, func(pages []attributes) map[string]string {
					m := map[string]string{}
					for _, page := range pages {
						m["CrossZoneLoadBalancing.Enabled"] = strconv.FormatBool(page.LoadBalancerAttributes.CrossZoneLoadBalancing.Enabled)
						m["AccessLog.Enabled"] = strconv.FormatBool(page.LoadBalancerAttributes.AccessLog.Enabled)
					}
					return m
				}),
			})
		}
	})
}
