package reach

import (
	"cmp"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
)

// lookup finds nodes by what names them, each list in the order of the estate.
type lookup struct {
	order    map[*node]int
	by       map[naming][]*node // of interfaces
	byRef    map[string][]*node
	services map[string][]*node
}

// naming is an id of a kind: ids may be the same in two Regions, which the asker tells apart.
type naming struct{ kind, id string }

func (n *Network) newLookup() *lookup {
	l := &lookup{order: map[*node]int{}, by: map[naming][]*node{}, byRef: map[string][]*node{}, services: map[string][]*node{}}
	for i, x := range n.nodes {
		l.order[x] = i
		put := func(kind, id string) { // a group that is worn twice is worn
			if of := l.by[naming{kind, id}]; len(of) == 0 || of[len(of)-1] != x {
				l.by[naming{kind, id}] = append(of, x)
			}
		}
		put("instance", x.iface.Instance)
		put("network-interface", x.iface.Ref().ID)
		put("subnet", x.iface.Subnet)
		put("vpc", x.iface.VPC)
		for _, id := range x.iface.SecurityGroups {
			put("security-group", id)
		}
		l.byRef[x.ref.Key()] = append(l.byRef[x.ref.Key()], x)
	}
	for _, x := range n.services {
		l.services[x.ref.Key()] = append(l.services[x.ref.Key()], x)
	}
	return l
}

// of returns the nodes of a resource, or of interfaces that it has, in a list of the caller's own.
func (l *lookup) of(r estate.Ref, interfaces []string) []*node {
	switch r.Kind {
	case "instance", "network-interface", "subnet", "vpc", "security-group":
		return slices.Clone(l.by[naming{r.Kind, r.ID}])
	}
	all := slices.Clone(l.byRef[r.Key()])
	for _, id := range interfaces {
		all = append(all, l.by[naming{"network-interface", id}]...)
	}
	slices.SortFunc(all, func(a, b *node) int { return cmp.Compare(l.order[a], l.order[b]) })
	return slices.Compact(all)
}
