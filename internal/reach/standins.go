package reach

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

func mapsKeys[K cmp.Ordered, V any](m map[K]V) func(func(K) bool) { return maps.Keys(m) }

// readServices makes the nodes of data services. They keep their interfaces to themselves: where an interface can be told to
// be that of one database, the database has its addresses; else a node stands in for it in the subnets where it may be.
func (n *Network) readServices() {
	var all []*node
	for _, d := range n.estate.DBInstances {
		all = append(all, n.standIn(d.Ref(), d.Place(), d.VPC, d.Subnets, d.Zone, d.SecurityGroups, d.Public))
	}
	for _, c := range n.estate.CacheClusters {
		all = append(all, n.standIn(c.Ref(), c.Place(), c.VPC, c.Subnets, single(c.Zones), c.SecurityGroups, false))
	}
	for _, c := range n.estate.Warehouses {
		all = append(all, n.standIn(c.Ref(), c.Place(), c.VPC, c.Subnets, c.Zone, c.SecurityGroups, c.Public))
	}
	all = slices.DeleteFunc(all, func(x *node) bool { return x == nil })
	takes := map[*node][]*node{} // by interface: whose it may be
	given := map[*node][]*node{}
	for _, x := range n.nodes {
		kind := serviceOf(x.iface)
		if kind == "" {
			continue
		}
		for _, d := range all {
			if d.ref.Kind == kind && d.Place == x.Place && d.vpc == x.vpc && slices.Contains(d.subnets, x.subnets[0]) && slices.Equal(d.groups, x.groups) {
				takes[x] = append(takes[x], d)
				given[d] = append(given[d], x)
			}
		}
	}
	for _, d := range all {
		if len(given[d]) == 1 && len(takes[given[d][0]]) == 1 {
			given[d][0].ref = d.ref
			continue
		}
		n.services = append(n.services, d)
	}
}

// serviceOf is the kind of resource that an interface belongs to, as AWS describes it.
func serviceOf(i *estate.NetworkInterface) string {
	switch {
	case i.Description == "RDSNetworkInterface":
		return "db-instance"
	case i.Description == "RedshiftNetworkInterface":
		return "warehouse"
	case strings.HasPrefix(i.Description, "ElastiCache "):
		return "cache-cluster"
	}
	return ""
}

func single(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return ""
}

// standIn is a node for a service in one of some subnets: those of its zone, where that is known.
func (n *Network) standIn(ref estate.Ref, p estate.Place, vpc string, subnets []string, zone string, groups []string, public bool) *node {
	if vpc == "" || len(subnets) == 0 {
		return nil
	}
	here := slices.DeleteFunc(slices.Clone(subnets), func(id string) bool {
		s := n.subnets[regional{p.Region, id}]
		return zone != "" && s != nil && s.Account == p.Account && s.zoneName() != "" && s.zoneName() != zone
	})
	if len(here) == 0 {
		here = subnets
	}
	return &node{ref: ref, Place: p, vpc: vpc, subnets: here, groups: groups, publicly: public}
}

// standIns returns the nodes of a resource that has no interface of its own among those that were read.
func (n *Network) standIns(r estate.Ref) []*node {
	all := slices.Clone(n.lookUp().services[r.Key()])
	switch r.Kind {
	case "db-cluster":
		if c := n.estate.DBCluster(estate.Place{Account: r.Account, Region: r.Region}, r.ID); c != nil {
			for _, x := range n.services {
				if x.ref.Kind == "db-instance" && x.Account == r.Account && x.Region == r.Region && slices.Contains(c.Members, x.ref.ID) {
					all = append(all, x)
				}
			}
		}
	case "function":
		for _, f := range n.estate.Functions {
			if f.Reference.ID == r.ID && f.Ref().Key() == r.Key() {
				if x := n.standIn(r, f.Place(), f.VPC, f.Subnets, "", f.SecurityGroups, false); x != nil {
					x.idle = "it is a function, which takes no connections"
					all = append(all, x)
				}
			}
		}
	}
	return append(all, n.doorNodes(r)...)
}
