package packets

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/reach"
)

// Target is something that load balancers send to, on one port.
type Target struct {
	Ref      estate.Ref // of the instance; of an address, of the interface that has it
	Address  netip.Addr // of a target that is an address
	Protocol netset.Protocol
	Port     uint16
	Group    *estate.TargetGroup // nil behind a classic load balancer
	// Balancers are the ARNs of those that send to it on that port, sorted.
	Balancers []string
}

// Is reports whether a flow ends at the target.
func (t Target) Is(x *Index, f reach.Flow) bool {
	if f.Protocol != t.Protocol || !f.Ports.Contains(t.Port) {
		return false
	}
	if t.Address.IsValid() {
		return slices.Contains(x.Addresses(f.To), t.Address)
	}
	return f.To.Ref.Key() == t.Ref.Key()
}

// Arrivals are flows by whom they come to.
type Arrivals struct {
	index     *Index
	byRef     map[string][]reach.Flow
	byAddress map[netip.Addr][]reach.Flow
}

// Arrivals sorts flows by whom they come to, each list in the order of all.
func (x *Index) Arrivals(flows []reach.Flow) Arrivals {
	a := Arrivals{x, map[string][]reach.Flow{}, map[netip.Addr][]reach.Flow{}}
	for _, f := range flows {
		a.byRef[f.To.Ref.Key()] = append(a.byRef[f.To.Ref.Key()], f)
		seen := map[netip.Addr]bool{}
		for _, address := range x.Addresses(f.To) {
			if !seen[address] {
				a.byAddress[address] = append(a.byAddress[address], f)
			}
			seen[address] = true
		}
	}
	return a
}

// At are the flows that end at a target.
func (a Arrivals) At(t Target) []reach.Flow {
	all := a.byRef[t.Ref.Key()]
	if t.Address.IsValid() {
		all = a.byAddress[t.Address]
	}
	return slices.DeleteFunc(slices.Clone(all), func(f reach.Flow) bool { return !t.Is(a.index, f) })
}

// Targets finds what load balancers send to, sorted: instances and addresses, on the ports on which they are registered. Functions
// are called, not sent packets to, and a load balancer that is a target is judged by its own targets. What is not known
// comes as gaps, by the ARN of the load balancer; targets whose interface or instance is not in the estate are left out.
func (x *Index) Targets() (all []Target, unread map[string][]estate.Gap) {
	unread = map[string][]estate.Gap{}
	byKey := map[string]int{}
	add := func(t Target, balancer string) {
		key := fmt.Sprint(t.Ref.Key(), " ", t.Address, " ", t.Protocol, " ", t.Port)
		i, ok := byKey[key]
		if !ok {
			i = len(all)
			byKey[key] = i
			all = append(all, t)
		}
		if !slices.Contains(all[i].Balancers, balancer) {
			all[i].Balancers = append(all[i].Balancers, balancer)
			slices.Sort(all[i].Balancers)
		}
	}
	named := x.names()
	for _, b := range x.estate.LoadBalancers {
		for _, op := range []operation.ID{"elbv2:DescribeTargetGroups", "ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces"} {
			if r := x.estate.Reading(b.Place(), op, ""); !r.Outcome.Complete() {
				unread[b.Ref().ARN] = append(unread[b.Ref().ARN], r.Gap())
			}
		}
	}
	for _, g := range x.estate.TargetGroups {
		if len(g.LoadBalancers) == 0 || g.Type != "instance" && g.Type != "ip" {
			continue
		}
		if gap, is := g.Targets.Unread(); is {
			for _, arn := range g.LoadBalancers {
				unread[arn] = append(unread[arn], gap)
			}
		}
		targets, _ := g.Targets.Value()
		for _, target := range targets {
			t := Target{Port: uint16(target.Port), Group: g}
			if address, err := netip.ParseAddr(target.ID); err == nil {
				t.Ref, t.Address = named.addresses[inVPC{g.VPC, address}], address
			} else {
				t.Ref = named.instances[target.ID]
			}
			if t.Ref.ID == "" || target.Port < 1 || target.Port > 65535 {
				continue
			}
			for _, t.Protocol = range protocolsOf(g.Protocol) {
				for _, arn := range g.LoadBalancers {
					add(t, arn)
				}
			}
		}
	}
	for _, b := range x.estate.LoadBalancers {
		listeners, _ := b.Listeners.Value()
		for _, id := range b.Instances {
			for _, l := range listeners {
				if ref, ok := named.instances[id]; ok && l.InstancePort > 0 && l.InstancePort <= 65535 {
					add(Target{Ref: ref, Protocol: netset.TCP, Port: uint16(l.InstancePort)}, b.Ref().ARN)
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b Target) int {
		return cmp.Or(strings.Compare(a.Ref.Key(), b.Ref.Key()), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Port, b.Port), a.Address.Compare(b.Address))
	})
	return all, unread
}

// names are what people call the ends of packets.
type names struct {
	instances map[string]estate.Ref // by id
	addresses map[inVPC]estate.Ref  // the instance or the task whose interface has it, else the interface
}

type inVPC struct {
	vpc     string
	address netip.Addr
}

func (x *Index) names() names {
	all := names{map[string]estate.Ref{}, map[inVPC]estate.Ref{}}
	for _, i := range x.estate.Instances {
		all.instances[i.Ref().ID] = i.Ref()
	}
	tasks := map[string]estate.Ref{}
	for _, t := range x.estate.ContainerTasks {
		for _, id := range t.Interfaces {
			tasks[id] = t.Ref()
		}
	}
	for _, n := range x.estate.NetworkInterfaces {
		ref := n.Ref()
		if instance, ok := all.instances[n.Instance]; ok {
			ref = instance
		} else if task, ok := tasks[ref.ID]; ok {
			ref = task
		}
		for _, a := range slices.Concat(n.Private, n.IPv6) {
			all.addresses[inVPC{n.VPC, a}] = ref
		}
	}
	return all
}

// protocolsOf are the IP protocols of a target group's: of those of HTTP and TLS it is TCP.
func protocolsOf(protocol string) []netset.Protocol {
	switch protocol {
	case "UDP", "QUIC":
		return []netset.Protocol{netset.UDP}
	case "TCP_UDP", "TCP_QUIC":
		return []netset.Protocol{netset.TCP, netset.UDP}
	case "GENEVE":
		return nil // what a gateway load balancer sends to is an appliance, and takes only what is wrapped
	}
	return []netset.Protocol{netset.TCP}
}
