package reach

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// table is a route table with its routes in the order in which they are tried.
type table struct {
	*estate.RouteTable
	vpc    *vpc
	routes []route
	// unread are the routes by prefix lists whose entries are not known: they may match anything.
	unread []route
	gaps   []estate.Gap
	// appliances says that a route may lead to something in a subnet of the VPC.
	appliances bool
	// detours says that one of the unread may lead from the local route to something that stands in the VPC. Nothing else may be
	// more specific than the local route. https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
	detours bool
}

type route struct {
	prefix netip.Prefix
	estate.Route
	// service says that it leads to a gateway endpoint: whatever its prefix list holds, it is addresses of one public service.
	// https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
	service bool
}

// choice is where a table sends some destinations.
type choice struct {
	to      netset.Addresses
	route   *route // nil: no route matches
	unknown bool   // a prefix list whose entries are not known may send them elsewhere
}

// newTable orders the routes: the longest prefix first, whatever the origin; of equal ones, what somebody wrote before what
// was propagated, and a CIDR before a prefix list. The local routes of the VPC are in every table.
// https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
func (n *Network) newTable(r *estate.RouteTable) *table {
	t := &table{RouteTable: r, vpc: n.vpc(r.Place(), r.VPC)}
	for _, x := range r.Routes {
		kind, _, _ := strings.Cut(x.Target, "-")
		t.appliances = t.appliances || kind == "eni" || kind == "i" || kind == "vpce"
		if x.PrefixList == "" {
			if x.CIDR.IsValid() {
				t.routes = append(t.routes, route{prefix: x.CIDR.Masked(), Route: x})
			}
			continue
		}
		entries, gaps := n.prefixList(r.Place(), x.PrefixList)
		if gaps != nil {
			e := n.endpoints[regional{r.Place().Region, x.Target}]
			t.unread = append(t.unread, route{Route: x, service: e != nil && e.Type == "Gateway"})
			t.gaps = append(t.gaps, gaps...)
			t.detours = t.detours || n.standsInVPC(r.Place(), x.Target)
			continue
		}
		for _, p := range entries {
			t.routes = append(t.routes, route{prefix: p.Masked(), Route: x})
		}
	}
	if t.vpc.read != nil {
		for _, c := range t.vpc.read.CIDRs {
			if !slices.ContainsFunc(t.routes, func(r route) bool { return r.prefix == c && r.Target == "local" }) {
				t.routes = append(t.routes, route{prefix: c, Route: estate.Route{CIDR: c, Target: "local", Active: true}})
			}
		}
	}
	slices.SortStableFunc(t.routes, func(a, b route) int {
		return cmp.Or(cmp.Compare(b.prefix.Bits(), a.prefix.Bits()), cmp.Compare(rank(a), rank(b)))
	})
	return t
}

// open reports whether a route that was not read may go before this one for some destinations. Of the Internet as a whole, one to
// a public service takes nothing that matters; of private addresses it takes none.
func (t *table) open(r *route, to netset.Addresses) bool {
	if len(t.unread) == 0 || r != nil && r.Target == "local" && !t.detours {
		return false
	}
	return slices.ContainsFunc(t.unread, func(u route) bool {
		return !u.service || !to.CoversInternet() && !to.Intersect(routed).Empty()
	})
}

// standsInVPC reports whether a route's target is an appliance or the like within the VPC, or may be.
func (n *Network) standsInVPC(p estate.Place, target string) bool {
	switch kind, _, _ := strings.Cut(target, "-"); kind {
	case "nat", "eni", "i":
		return true
	case "vpce":
		e := n.endpoints[regional{p.Region, target}]
		return e != nil && e.Type != "Gateway"
	}
	return false
}

func rank(r route) int {
	switch {
	case r.Propagated:
		return 2
	case r.PrefixList != "":
		return 1
	}
	return 0
}

// prefixList returns the entries of a prefix list, or what would have told them.
func (n *Network) prefixList(p estate.Place, id string) ([]netip.Prefix, []estate.Gap) {
	gap := estate.Gap{Place: p, Operation: "ec2:GetManagedPrefixListEntries", About: id}
	for _, l := range n.estate.PrefixLists {
		if l.Ref().ID != id || l.Place().Region != p.Region {
			continue
		}
		if entries, ok := l.Entries.Value(); ok {
			return entries, nil
		}
		if g, unread := l.Entries.Unread(); unread {
			gap = g
		}
	}
	if gaps := n.unread(p, "ec2:DescribeManagedPrefixLists"); gaps != nil {
		return nil, gaps
	}
	return nil, []estate.Gap{gap}
}

// first returns the route that decides for an address, of those that are known; nil for none.
func (t *table) first(a netip.Addr) *route {
	for i := range t.routes {
		if t.routes[i].prefix.Contains(a) {
			return &t.routes[i]
		}
	}
	return nil
}

// choose says where the table sends each of some destinations.
func (t *table) choose(to netset.Addresses) []choice {
	var all []choice
	if one, ok := to.Single(); ok {
		r := t.first(one)
		return []choice{{to: to, route: r, unknown: t.open(r, to)}}
	}
	for i := range t.routes {
		hit := to.Intersect(netset.Of(t.routes[i].prefix))
		if hit.Empty() {
			continue
		}
		to = to.Minus(hit)
		r := &t.routes[i]
		if j := slices.IndexFunc(all, func(c choice) bool {
			return c.route.Target == r.Target && c.route.Active == r.Active && c.route.PrefixList == r.PrefixList
		}); j >= 0 {
			all[j].to = all[j].to.Union(hit)
			continue
		}
		all = append(all, choice{to: hit, route: r, unknown: t.open(r, hit)})
	}
	if !to.Empty() {
		all = append(all, choice{to: to, unknown: t.open(nil, to)})
	}
	return all
}

func (r *route) text() string {
	to := r.prefix.String()
	if r.PrefixList != "" {
		to = r.PrefixList
	}
	if !r.Active {
		return to + " to " + r.Target + ", which is a blackhole"
	}
	return to + " to " + r.Target
}
