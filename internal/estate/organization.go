package estate

import (
	"slices"
	"strings"
)

// Organization is the organisation that the accounts belong to.
type Organization struct {
	ID         Known[string]
	Management string
	// Members are the ids of all its accounts, sorted.
	Members Known[[]string]
	// Listed is the organisation that the list of its accounts names in their ARNs; empty where there is no list.
	Listed struct{ ID, Management string }
	// AllFeatures says that the organisation does more than share a bill: without that it has no policies.
	AllFeatures Known[bool]

	// Nodes are the root, the units and the accounts of its tree, sorted by id, as far as they were read; Path reads them.
	Nodes []OrganizationNode
	// TreeGaps are the calls about the tree that were not answered, in a fixed order.
	TreeGaps []Gap
	// PolicyTypes are those that are enabled at the root ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"), sorted: policies
	// of another type apply to nothing, whatever they are attached to.
	PolicyTypes Known[[]string]
	// Delegated are the accounts to which the management account has delegated some service, sorted by account.
	Delegated Known[[]DelegatedAdministrator]
	// RootFeatures are what IAM may do centrally with the root users of members, sorted: "RootCredentialsManagement", "RootSessions".
	// Absent where IAM is not trusted by the organisation.
	RootFeatures Known[[]string]
}

// OrganizationNode is the root, a unit or an account of an organisation.
type OrganizationNode struct {
	ID     string // "r-abcd", "ou-abcd-11112222", an account's number
	Name   string
	Parent string // id of the node above; empty for the root
}

// DelegatedAdministrator is a member account that administers services for the whole organisation.
type DelegatedAdministrator struct {
	Account  string
	Services Known[[]string] // "sso.amazonaws.com", "iam.amazonaws.com", ..., sorted
}

// Path returns the ids on the way from the root down to an account, both ends included: policies attached to any of them
// apply to it. It is absent where there is no organisation, and unknown where the way was not read in full.
func (o *Organization) Path(account string) Known[[]string] {
	if o.ID.Absent() {
		return None[[]string]()
	}
	var path []string
	for id := account; ; {
		i, ok := slices.BinarySearchFunc(o.Nodes, id, func(n OrganizationNode, id string) int { return strings.Compare(n.ID, id) })
		if !ok || len(path) > len(o.Nodes) { // longer would be a circle
			return Unread[[]string](o.treeGap(account))
		}
		path = append(path, id)
		if id = o.Nodes[i].Parent; id == "" {
			slices.Reverse(path)
			return Know(path)
		}
	}
}

func (o *Organization) treeGap(account string) Gap {
	if len(o.TreeGaps) > 0 {
		return o.TreeGaps[0]
	}
	return Gap{Place: Place{Account: account, Region: Global}, Operation: "organizations:ListAccountsForParent",
		Why: "where account " + account + " stands in its organisation was not read (organizations:ListRoots, ListOrganizationalUnitsForParent, ListAccountsForParent)"}
}
