package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

const (
	listRoots    operation.ID = "organizations:ListRoots"
	listUnits    operation.ID = "organizations:ListOrganizationalUnitsForParent"
	listChildren operation.ID = "organizations:ListAccountsForParent"
)

// organizationTree reads where the accounts stand in their organisation, from the root down, and to whom its management account
// has delegated services. Any account that may ask tells for all.
func (l *loader) organizationTree() {
	o := &l.estate.Organization
	type rootList struct {
		Roots []struct {
			ID          string `json:"Id"`
			Name        string
			PolicyTypes []struct{ Type, Status string }
		}
	}
	types := map[string]bool{}
	each(l, listRoots, func(p estate.Place, page *rootList) {
		for _, r := range page.Roots {
			o.Nodes = append(o.Nodes, estate.OrganizationNode{ID: r.ID, Name: r.Name})
			for _, t := range r.PolicyTypes {
				if t.Status == "ENABLED" {
					types[t.Type] = true
				}
			}
			l.below(p, r.ID, map[string]bool{})
		}
	})
	gaps := l.estate.Gaps(listRoots)
	switch {
	case len(gaps) > 0:
		o.PolicyTypes = estate.Unread[[]string](gaps[0])
		o.TreeGaps = append(gaps[:1], o.TreeGaps...)
	case o.ID.Absent():
		o.PolicyTypes = estate.None[[]string]()
	default:
		enabled := []string{}
		for t := range types {
			enabled = append(enabled, t)
		}
		o.PolicyTypes = estate.Know(sorted(enabled))
	}
	// Of two readings of one node that of the one who saw its parent stays.
	slices.SortStableFunc(o.Nodes, func(a, b estate.OrganizationNode) int { return cmp.Compare(a.ID, b.ID) })
	o.Nodes = slices.CompactFunc(o.Nodes, func(a, b estate.OrganizationNode) bool { return a.ID == b.ID })
	l.delegated()
	o.RootFeatures = l.rootFeatures()
}

// below reads the units and accounts of one parent, and of the units below it.
func (l *loader) below(p estate.Place, parent string, seen map[string]bool) {
	if seen[parent] {
		return // a unit that stands below itself is nothing that AWS answers
	}
	seen[parent] = true
	type unitList struct {
		OrganizationalUnits []struct {
			ID   string `json:"Id"`
			Name string
		}
	}
	type accountList struct {
		Accounts []struct {
			ID   string `json:"Id"`
			Name string
		}
	}
	o := &l.estate.Organization
	units := about(l, p, listUnits, parent, func(pages []unitList) (nodes []estate.OrganizationNode) {
		for _, page := range pages {
			for _, u := range page.OrganizationalUnits {
				nodes = append(nodes, estate.OrganizationNode{ID: u.ID, Name: u.Name, Parent: parent})
			}
		}
		return nodes
	})
	accounts := about(l, p, listChildren, parent, func(pages []accountList) (nodes []estate.OrganizationNode) {
		for _, page := range pages {
			for _, a := range page.Accounts {
				nodes = append(nodes, estate.OrganizationNode{ID: a.ID, Name: a.Name, Parent: parent})
			}
		}
		return nodes
	})
	for _, told := range []estate.Known[[]estate.OrganizationNode]{units, accounts} {
		nodes, _ := told.Value()
		o.Nodes = append(o.Nodes, nodes...)
		if gap, unread := told.Unread(); unread {
			o.TreeGaps = append(o.TreeGaps, gap)
		}
	}
	nodes, _ := units.Value()
	for _, u := range nodes {
		l.below(p, u.ID, seen)
	}
}

func (l *loader) delegated() {
	const list operation.ID = "organizations:ListDelegatedAdministrators"
	o := &l.estate.Organization
	type administratorList struct {
		DelegatedAdministrators []struct {
			ID string `json:"Id"`
		}
	}
	type serviceList struct {
		DelegatedServices []struct{ ServicePrincipal string }
	}
	all := []estate.DelegatedAdministrator{}
	each(l, list, func(p estate.Place, page *administratorList) {
		for _, a := range page.DelegatedAdministrators {
			all = append(all, estate.DelegatedAdministrator{Account: a.ID,
				Services: about(l, p, "organizations:ListDelegatedServicesForAccount", a.ID, func(pages []serviceList) []string {
					var names []string
					for _, page := range pages {
						for _, s := range page.DelegatedServices {
							names = append(names, s.ServicePrincipal)
						}
					}
					return distinct(names)
				})})
		}
	})
	slices.SortStableFunc(all, func(a, b estate.DelegatedAdministrator) int { return strings.Compare(a.Account, b.Account) })
	all = slices.CompactFunc(all, func(a, b estate.DelegatedAdministrator) bool { return a.Account == b.Account })
	gaps := l.estate.Gaps(list)
	switch {
	case o.ID.Absent():
		o.Delegated = estate.None[[]estate.DelegatedAdministrator]()
	case len(gaps) > 0:
		o.Delegated = estate.Unread[[]estate.DelegatedAdministrator](gaps[0])
	default:
		o.Delegated = estate.Know(all)
	}
}

// rootFeatures is what the first account told that could: only the management account and one delegated for IAM may ask.
func (l *loader) rootFeatures() estate.Known[[]string] {
	const list operation.ID = "iam:ListOrganizationsFeatures"
	type features struct{ EnabledFeatures []string }
	var unread estate.Known[[]string]
	for i, a := range l.estate.Accounts {
		told := only(l, estate.Place{Account: a.ID, Region: estate.Global}, list, func(f *features) []string { return sorted(f.EnabledFeatures) })
		if _, not := told.Unread(); !not {
			return told
		}
		if i == 0 {
			unread = told
		}
	}
	return unread
}
