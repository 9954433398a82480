package load

import (
	"cmp"
	"math"
	"net/netip"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
)

// accelerators reads those of Global Accelerator, which have no Region.
func (l *loader) accelerators() {
	type acceleratorList struct {
		Accelerators []struct {
			AcceleratorArn string
			Name           string
			Enabled        bool
			DNSName        string `json:"DnsName"`
			IPSets         []struct {
				IPAddresses []string `json:"IpAddresses"`
			} `json:"IpSets"`
		}
	}
	for _, op := range []operation.ID{"globalaccelerator:ListAccelerators", "globalaccelerator:ListCustomRoutingAccelerators"} {
		each(l, op, func(p estate.Place, page *acceleratorList) {
			for _, a := range page.Accelerators {
				x := &estate.Accelerator{
					Resource: estate.Resource{
						Reference: estate.Ref{Kind: "accelerator", Account: p.Account, Region: estate.Global, ID: lastPart(a.AcceleratorArn), ARN: a.AcceleratorArn, Name: a.Name},
						Labels:    l.tagsOf(p, a.AcceleratorArn),
					},
					Enabled:       a.Enabled,
					DNSName:       a.DNSName,
					CustomRouting: op == "globalaccelerator:ListCustomRoutingAccelerators",
				}
				for _, set := range a.IPSets {
					for _, text := range set.IPAddresses {
						if address, err := netip.ParseAddr(text); err == nil {
							x.Addresses = append(x.Addresses, address)
						}
					}
				}
				slices.SortFunc(x.Addresses, netip.Addr.Compare)
				if x.CustomRouting {
					x.Listeners = estate.Unread[[]*estate.AcceleratorListener](estate.Gap{Place: p, Operation: op, Outcome: operation.NotTried,
						Why: "where the custom routing accelerator " + cmp.Or(a.Name, a.AcceleratorArn) + " leads is not read"})
				} else {
					x.Listeners = l.acceleratorListeners(p, a.AcceleratorArn)
				}
				l.estate.Accelerators = append(l.estate.Accelerators, x)
			}
		})
	}
	l.estate.Accelerators = byKey(l.estate.Accelerators)
}

func (l *loader) acceleratorListeners(p estate.Place, accelerator string) estate.Known[[]*estate.AcceleratorListener] {
	type listenerList struct {
		Listeners []struct {
			ListenerArn string
			Protocol    string
			PortRanges  []struct{ FromPort, ToPort int }
		}
	}
	return about(l, p, "globalaccelerator:ListListeners", accelerator, func(pages []listenerList) []*estate.AcceleratorListener {
		var all []*estate.AcceleratorListener
		for _, page := range pages {
			for _, x := range page.Listeners {
				listener := &estate.AcceleratorListener{ARN: x.ListenerArn, Protocol: x.Protocol, Groups: l.acceleratorGroups(p, x.ListenerArn)}
				for _, r := range x.PortRanges {
					from, to := max(r.FromPort, 0), min(r.ToPort, math.MaxUint16)
					if from <= to {
						listener.Ports = listener.Ports.Union(netset.PortsOf(netset.PortRange{First: uint16(from), Last: uint16(to)}))
					}
				}
				all = append(all, listener)
			}
		}
		slices.SortFunc(all, func(a, b *estate.AcceleratorListener) int { return cmp.Compare(a.ARN, b.ARN) })
		return all
	})
}

func (l *loader) acceleratorGroups(p estate.Place, listener string) estate.Known[[]*estate.AcceleratorGroup] {
	type groupList struct {
		EndpointGroups []struct {
			EndpointGroupArn      string
			EndpointGroupRegion   string
			TrafficDialPercentage *float64
			PortOverrides         []struct{ ListenerPort, EndpointPort uint16 }
			EndpointDescriptions  []struct {
				EndpointID                  string `json:"EndpointId"`
				Weight                      *int
				ClientIPPreservationEnabled bool
			}
		}
	}
	return about(l, p, "globalaccelerator:ListEndpointGroups", listener, func(pages []groupList) []*estate.AcceleratorGroup {
		var all []*estate.AcceleratorGroup
		for _, page := range pages {
			for _, x := range page.EndpointGroups {
				group := &estate.AcceleratorGroup{ARN: x.EndpointGroupArn, Region: x.EndpointGroupRegion, Dial: 100}
				if x.TrafficDialPercentage != nil {
					group.Dial = int(math.Ceil(min(max(*x.TrafficDialPercentage, 0), 100))) // a little is not nothing
				}
				for _, o := range x.PortOverrides {
					if group.Overrides == nil {
						group.Overrides = map[uint16]uint16{}
					}
					group.Overrides[o.ListenerPort] = o.EndpointPort
				}
				for _, e := range x.EndpointDescriptions {
					endpoint := estate.AcceleratorEndpoint{ID: e.EndpointID, Weight: 128, ClientIPPreserved: e.ClientIPPreservationEnabled}
					if e.Weight != nil {
						endpoint.Weight = *e.Weight
					}
					group.Endpoints = append(group.Endpoints, endpoint)
				}
				slices.SortFunc(group.Endpoints, func(a, b estate.AcceleratorEndpoint) int { return cmp.Compare(a.ID, b.ID) })
				all = append(all, group)
			}
		}
		slices.SortFunc(all, func(a, b *estate.AcceleratorGroup) int { return cmp.Compare(a.ARN, b.ARN) })
		return all
	})
}
