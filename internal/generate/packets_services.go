package generate

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// fill gives the VPC that many interfaces: what stands at its edge, a few exposures and near misses, and for the rest services.
func (v *meshVPC) fill(interfaces int) {
	v.base = v.newGroup("base")
	v.ingress(v.base, netset.ICMP, 0, 65535, inside.String())
	v.ingress(v.base, netset.TCP, 9100, 9100, v.cidr.String())
	if v.hub.monitors == "" {
		v.hub.monitors = v.base.Reference.ID
	} else {
		v.ingress(v.base, netset.TCP, 9100, 9100, v.hub.monitors)
	}
	v.doors()
	for _, plant := range v.plants() {
		if v.made < interfaces {
			plant()
		}
	}
	if v.unequal {
		v.alone(interfaces - v.made)
	} else {
		v.serve(interfaces - v.made)
	}
}

// newInterface makes one more interface in a subnet, as something of one's own that runs wears it.
func (v *meshVPC) newInterface(s *meshSubnet, ipv6 bool, groups ...*estate.SecurityGroup) *estate.NetworkInterface {
	if len(v.slab) == 0 {
		v.slab = make([]estate.NetworkInterface, 1024)
	}
	n := &v.slab[0]
	v.slab = v.slab[1:]
	s.used++
	v.made++
	*n = estate.NetworkInterface{Resource: v.resource(v.Place, "network-interface", v.id("eni"), ""), VPC: v.vpc.Reference.ID, Subnet: s.Reference.ID,
		Type: "interface", Status: "in-use", SourceDest: true, Private: []netip.Addr{nth(s.CIDRs[0].Addr(), 3+s.used)}}
	if ipv6 && len(s.CIDRs) > 1 {
		a := s.CIDRs[1].Addr().As16()
		a[14], a[15] = byte((3+s.used)>>8), byte(3+s.used)
		n.IPv6 = []netip.Addr{netip.AddrFrom16(a)}
	}
	for _, g := range groups {
		n.SecurityGroups = append(n.SecurityGroups, g.Reference.ID)
	}
	slices.Sort(n.SecurityGroups)
	v.estate.NetworkInterfaces = append(v.estate.NetworkInterfaces, n)
	return n
}

// run attaches an instance to the interface.
func (v *meshVPC) run(n *estate.NetworkInterface, state string) {
	n.Instance = v.id("i")
	v.estate.Instances = append(v.estate.Instances, &estate.Instance{Resource: v.resource(v.Place, "instance", n.Instance, ""), State: state,
		Type: "m7g.large", Platform: "Linux/UNIX", SecurityGroups: n.SecurityGroups, Interfaces: []string{n.Reference.ID},
		PublicAddress: n.Public, VPC: n.VPC, Subnet: n.Subnet})
}

// dial gives out the next public address.
func (m *mesh) dial() netip.Addr {
	m.dials++
	return nth(netip.AddrFrom4([4]byte{52, 0, 0, 0}), int(m.dials))
}

func (v *meshVPC) newGroup(name string) *estate.SecurityGroup {
	g := &estate.SecurityGroup{Resource: v.resource(v.Place, "security-group", v.id("sg"), name), VPC: v.vpc.Reference.ID}
	v.estate.SecurityGroups = append(v.estate.SecurityGroups, g)
	return g
}

func (v *meshVPC) ingress(g *estate.SecurityGroup, p netset.Protocol, first, last uint16, peer string) {
	v.rule(g, false, p.String(), v.of(p, first, last), peer)
}

func (v *meshVPC) egress(g *estate.SecurityGroup, p netset.Protocol, first, last uint16, peer string) {
	v.rule(g, true, p.String(), v.of(p, first, last), peer)
}

// egressAll lets the group's interfaces send everything everywhere, as AWS writes it into new groups.
func (v *meshVPC) egressAll(g *estate.SecurityGroup) {
	for _, cidr := range v.families() {
		v.rule(g, true, "-1", v.all(), cidr.String())
	}
}

// rule adds a rule with a CIDR, a group or a prefix list as its peer.
func (v *meshVPC) rule(g *estate.SecurityGroup, egress bool, protocol string, t netset.Traffic, peer string) {
	r := &estate.SecurityGroupRule{ID: v.id("sgr"), Named: true, Egress: egress, Protocol: protocol, Traffic: t, Peer: peer, Addresses: estate.None[netset.Addresses]()}
	if peer == v.hub.office {
		r.Addresses = estate.Know(office)
	} else if cidr, err := netip.ParsePrefix(peer); err == nil {
		set, ok := v.sets[peer]
		if !ok {
			set = netset.Of(cidr)
			v.sets[peer] = set
		}
		r.Addresses = estate.Know(set)
	}
	g.Rules = append(g.Rules, r)
}

func (m *mesh) all() netset.Traffic { return m.cached("all", netset.AllTraffic) }

func (m *mesh) tcp(first, last uint16) netset.Traffic { return m.of(netset.TCP, first, last) }

func (m *mesh) of(p netset.Protocol, first, last uint16) netset.Traffic {
	return m.cached(fmt.Sprint(p, first, last), func() netset.Traffic {
		return netset.TrafficOf(p, netset.PortsOf(netset.PortRange{First: first, Last: last}))
	})
}

func (m *mesh) cached(key string, traffic func() netset.Traffic) netset.Traffic {
	t, ok := m.traffic[key]
	if !ok {
		t = traffic()
		m.traffic[key] = t
	}
	return t
}

// doors makes an application load balancer that the Internet reaches, with an interface in each zone.
func (v *meshVPC) doors() {
	v.door = v.newGroup("door")
	for _, cidr := range v.families() {
		v.ingress(v.door, netset.TCP, 443, 443, cidr.String())
	}
	v.egressAll(v.door)
	if !v.attached {
		return
	}
	name := fmt.Sprintf("web-%04d", v.i)
	arn := fmt.Sprintf("arn:aws:elasticloadbalancing:%s:%s:loadbalancer/app/%s/%016x", v.Region, v.Account, name, v.i)
	balancer := &estate.LoadBalancer{Resource: v.resource(v.Place, "load-balancer", name, name), Type: "application", Public: true,
		DNSName: name + "." + v.Region + ".elb.amazonaws.com", VPC: v.vpc.Reference.ID, SecurityGroups: []string{v.door.Reference.ID},
		Listeners: estate.Know([]*estate.Listener{{ARN: arn + "/l", Port: 443, Protocol: "HTTPS",
			Default: []estate.ListenerAction{{Type: "fixed-response"}}, Rules: estate.Know[[]*estate.ListenerRule](nil)}}),
		WebACL: estate.None[string](), Attributes: estate.Know(map[string]string{})}
	balancer.Reference.ARN = arn
	v.estate.LoadBalancers = append(v.estate.LoadBalancers, balancer)
	for zone, s := range v.subnets[tierPublic] {
		balancer.Zones = append(balancer.Zones, s.Zone)
		balancer.Subnets = append(balancer.Subnets, s.Reference.ID)
		n := v.newInterface(v.subnets[tierPublic][zone], false, v.door)
		n.Requester, n.Description, n.Public = "amazon-elb", fmt.Sprintf("ELB app/%s/%016x", name, v.i), v.dial()
		v.exposes(n, false, netset.TCP, 443, netset.Of(everyone4), true)
	}
	slices.Sort(balancer.Subnets)
}

// exposes writes down that the Internet reaches an interface in a public subnet; where something in the way that the
// whole VPC shares keeps it out, that it nearly does.
func (v *meshVPC) exposes(n *estate.NetworkInterface, ipv6 bool, p netset.Protocol, port uint16, from netset.Addresses, answers bool) {
	switch {
	case !v.attached:
		v.misses(n, "the Internet gateway is detached")
	case v.blocked:
		v.misses(n, "public access is blocked in the Region")
	case p == netset.TCP && port == 22 && v.guardsPublic() && n.Subnet != v.subnets[tierApp][0].Reference.ID:
		v.misses(n, "the network ACL denies port 22")
	default:
		v.truth.Exposures = append(v.truth.Exposures, Exposure{Interface: n.Reference.ID, IPv6: ipv6, Protocol: p,
			Ports: netset.PortsOf(netset.PortRange{First: port, Last: port}), Sources: from.Public(), Answers: answers})
	}
}

func (v *meshVPC) misses(n *estate.NetworkInterface, why string) {
	v.truth.NearMisses[n.Reference.ID] = why
}

// plants are the exposures and near misses of a VPC, each with an interface.
func (v *meshVPC) plants() []func() {
	// host is an instance with a group of its own.
	host := func(tier int, public, ipv6 bool, state string, p netset.Protocol, port uint16, peers ...string) *estate.NetworkInterface {
		g := v.newGroup(fmt.Sprintf("plant-%d", port))
		for _, peer := range peers {
			v.ingress(g, p, port, port, peer)
		}
		v.egressAll(g)
		n := v.newInterface(v.subnets[tier][v.i%zonesInVPC], ipv6, g, v.base)
		if public {
			n.Public = v.dial()
		}
		v.run(n, state)
		return n
	}
	both := netset.Of(everyone4)
	return []func(){
		func() {
			v.exposes(host(tierPublic, true, false, "running", netset.TCP, 22, "0.0.0.0/0"), false, netset.TCP, 22, both, true)
		},
		func() { // the whole in two halves
			v.exposes(host(tierPublic, true, false, "running", netset.TCP, 8080, "0.0.0.0/1", "128.0.0.0/1"), false, netset.TCP, 8080, both, true)
		},
		func() {
			v.misses(host(tierApp, false, false, "running", netset.TCP, 22, "0.0.0.0/0"), "it has no public address")
		},
		func() {
			if v.ipv6 {
				v.exposes(host(tierPublic, false, true, "running", netset.TCP, 5432, "::/0"), true, netset.TCP, 5432, netset.Of(everyone6), true)
			}
		},
		func() { // the offices only
			v.exposes(host(tierPublic, true, false, "running", netset.TCP, 22, v.hub.office), false, netset.TCP, 22, office, true)
		},
		func() {
			v.misses(host(tierPublic, true, false, "stopped", netset.TCP, 22, "0.0.0.0/0"), "its instance is stopped")
		},
		func() {
			eighth := netset.Of(netip.MustParsePrefix("8.0.0.0/8"))
			v.exposes(host(tierPublic, true, false, "running", netset.UDP, 1194, "8.0.0.0/8"), false, netset.UDP, 1194, eighth, true)
		},
		func() { // the packet comes in; the reply leaves by the NAT gateway and is lost
			v.exposes(host(tierApp, true, false, "running", netset.TCP, 3389, "0.0.0.0/0"), false, netset.TCP, 3389, both, false)
		},
		func() {
			if v.ipv6 {
				v.misses(host(tierPublic, false, true, "running", netset.TCP, 6379, "0.0.0.0/0"), "the rule admits IPv4 only, and it has no public address")
			}
		},
		func() {
			g := v.newGroup("plant-unattached")
			v.ingress(g, netset.TCP, 22, 22, "0.0.0.0/0")
			n := v.newInterface(v.subnets[tierPublic][0], false, g)
			n.Status, n.Public = "available", v.dial()
			v.misses(n, "it is attached to nothing")
		},
	}
}

// servicePorts are those that services listen on.
var servicePorts = []uint16{80, 443, 3000, 3306, 5000, 5432, 5672, 6379, 7000, 8080, 8443, 9000, 9092, 9200, 11211, 27017}

// serve gives the VPC services of some 50 interfaces, spread over the zones.
func (v *meshVPC) serve(interfaces int) {
	count := max(3, interfaces/50)
	for k := range count {
		v.services = append(v.services, v.newGroup(fmt.Sprintf("service-%d", k)))
	}
	offers := func(k int) uint16 { return servicePorts[(k*7+v.i)%len(servicePorts)] }
	for k, g := range v.services {
		port := offers(k)
		v.ingress(g, netset.TCP, port, port, v.services[(k+count-1)%count].Reference.ID)
		if tier := v.tier(k); tier == tierApp {
			v.ingress(g, netset.TCP, port, port, v.door.Reference.ID)
		}
		if v.random.IntN(4) == 0 {
			v.ingress(g, netset.TCP, port, port, v.cidr.String())
		}
		if v.random.IntN(10) == 0 {
			v.ingress(g, netset.TCP, port, port, inside.String())
		}
		if v.random.IntN(8) == 0 {
			v.ingress(g, netset.TCP, 22, 22, v.hub.office)
		}
		if v.random.IntN(5) == 0 {
			v.rule(g, false, "-1", v.all(), g.Reference.ID)
		}
		if v.random.IntN(4) == 0 {
			v.ingress(g, netset.TCP, 8000, 8999, v.subnets[v.random.IntN(tiers-1)][v.random.IntN(zonesInVPC)].CIDRs[0].String())
		}
		if v.random.IntN(10) == 0 { // one host
			host := nth(v.subnets[tierApp][v.random.IntN(zonesInVPC)].CIDRs[0].Addr(), 4+v.random.IntN(200))
			v.ingress(g, netset.TCP, 22, 22, host.String()+"/32")
		}
		if v.random.IntN(10) < 7 {
			v.egressAll(g)
			continue
		}
		next := (k + 1) % count
		v.egress(g, netset.TCP, 443, 443, "0.0.0.0/0")
		v.egress(g, netset.UDP, 53, 53, v.cidr.String())
		v.egress(g, netset.TCP, offers(next), offers(next), v.services[next].Reference.ID)
	}
	for j := range interfaces {
		k := j % count
		tier := v.tier(k)
		n := v.newInterface(v.subnets[tier][j/count%zonesInVPC], v.ipv6 && k%2 == 0, v.base, v.services[k])
		switch {
		case tier == tierApp:
			v.run(n, "running")
		case tier == tierData:
			n.Requester, n.Description = "amazon-rds", "RDSNetworkInterface"
		case k%10 == 9:
			n.Type, n.Requester = "lambda", "amazon-lambda"
		}
	}
}

func (v *meshVPC) tier(k int) int {
	return [...]int{tierApp, tierPods, tierData, tierPods, tierPods}[k%5]
}

// alone gives the VPC interfaces of which each wears a group of its own, which admits the one before it.
func (v *meshVPC) alone(interfaces int) {
	var before *estate.SecurityGroup
	for j := range interfaces {
		g := v.newGroup(fmt.Sprintf("alone-%d", j))
		port := servicePorts[j%len(servicePorts)]
		v.ingress(g, netset.TCP, 443, 443, v.cidr.String())
		if before != nil {
			v.ingress(g, netset.TCP, port, port, before.Reference.ID)
		}
		if j%20 == 0 {
			v.ingress(g, netset.TCP, port, port, inside.String())
		}
		v.egressAll(g)
		v.newInterface(v.subnets[v.tier(j)][j%zonesInVPC], false, g)
		before = g
	}
}
