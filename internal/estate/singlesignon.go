package estate

import (
	"slices"
	"time"

	"github.com/onus-cloud/onus/internal/policy"
)

// SingleSignOn is IAM Identity Center: who of a directory gets which permissions in which accounts. Each list is sorted by Ref.Key.
// Of people it knows no more than the name that they sign in with.
type SingleSignOn struct {
	IdentityCenters []*IdentityCenter
	PermissionSets  []*PermissionSet
}

// IdentityCenter is one instance of IAM Identity Center; its ID is that of the instance ("ssoins-...").
type IdentityCenter struct {
	Resource
	Store string // id of its directory, "d-..."
	// Users and Groups of the directory, sorted by id.
	Users  Known[[]DirectoryUser]
	Groups Known[[]DirectoryGroup]
	// Sets are the ARNs of its permission sets, sorted: those that stand among the PermissionSets.
	Sets Known[[]string]
}

// Called is how people know a user or a group of the directory, whose kind is "USER" or "GROUP": "group Ops". Where its name was not
// read its id stands for it.
func (c *IdentityCenter) Called(kind, id string) string {
	if kind == "GROUP" {
		groups, _ := c.Groups.Value()
		if i := slices.IndexFunc(groups, func(g DirectoryGroup) bool { return g.ID == id }); i >= 0 {
			return "group " + groups[i].Name
		}
		return "group " + id
	}
	users, _ := c.Users.Value()
	if i := slices.IndexFunc(users, func(u DirectoryUser) bool { return u.ID == id }); i >= 0 {
		return "user " + users[i].Name
	}
	return "user " + id
}

// DirectoryUser is a person.
type DirectoryUser struct{ ID, Name string }

// DirectoryGroup is a group of people.
type DirectoryGroup struct {
	ID, Name string
	Members  Known[[]string] // ids of users, sorted
}

// PermissionSet becomes a role in each account to which it is assigned: "AWSReservedSSO_NAME_0123456789abcdef" under the path
// "/aws-reserved/sso.amazonaws.com/". Its ID is "ssoins-.../ps-...", its Name what
// people gave it, or nothing where that was not read; Session is known where it was.
type PermissionSet struct {
	Resource
	Center  string // ARN of its IdentityCenter
	Session Known[time.Duration]
	Managed Known[[]string] // ARNs of AWS's policies, sorted
	// Customer are the customer's own policies, which each account has of its own under that path and name; sorted.
	Customer Known[[]PolicyName]
	Inline   Known[*policy.Document] // absent where there is none
	// Boundary is absent where there is none.
	Boundary Known[SetBoundary]
	// Accounts are ids of those in which there is a role of it, sorted.
	Accounts Known[[]string]
	// Assignments are who has it where: those of the accounts that are known, sorted by account, kind and id. It is unknown where
	// some account's are.
	Assignments Known[[]Assignment]
}

// PolicyName names a policy that each account has of its own.
type PolicyName struct{ Path, Name string }

// SetBoundary is the permissions boundary of a permission set: one of the two is given.
type SetBoundary struct {
	Managed  string // ARN of AWS's
	Customer PolicyName
}

// Assignment gives a permission set to a user or a group in an account.
type Assignment struct {
	Account string
	Kind    string // "USER" or "GROUP"
	ID      string // of the directory
}
