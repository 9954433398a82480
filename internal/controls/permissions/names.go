package permissions

import (
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// Named says whether a principal is one of those that a sentence names, and what would have told where that is not known.
//
//	role/Admin in every account                  the role of that name, whatever its path; role/team/Admin with the path; * stands for any text
//	user/ann in 111122223333                     the user
//	group/Ops                                    users in the IAM group; and roles of permission sets that only groups of that name have
//	permission-set/Operators in 111122223333     the role that IAM Identity Center made of the permission set
//	root                                         the root user
//	arn:aws:iam::111122223333:role/Admin         itself
//
// A role of a permission set is as good as the people who have it: it is named where each of its assignments in the account goes to
// a named group or user of the directory.
func Named(w *access.World, of []claims.Principal, p *access.Principal) (estate.Truth, []estate.Gap) {
	truth := estate.Is(slices.ContainsFunc(of, func(c claims.Principal) bool { return is(c, p) }))
	if truth == estate.True || p.Set == "" {
		return truth, nil
	}
	return assigned(w.Estate(), of, p)
}

func is(c claims.Principal, p *access.Principal) bool {
	if c.ARN != "" {
		return c.ARN == p.ARN
	}
	if c.Account != "" && c.Account != p.Account {
		return false
	}
	switch c.Kind {
	case "root":
		return p.Kind == "root"
	case "role", "user":
		_, path, _ := strings.Cut(p.ARN, ":"+c.Kind+"/")
		return p.Kind == c.Kind && (policy.Match(c.Name, p.Name) || strings.Contains(c.Name, "/") && policy.Match(c.Name, path))
	case "group":
		return slices.ContainsFunc(p.Groups, func(g string) bool { return policy.Match(c.Name, g) })
	case "permission-set":
		return p.Set != "" && policy.Match(c.Name, p.Set)
	}
	return false
}

// assigned says whether all who have a permission set in the account of its role are named.
func assigned(e *estate.Estate, of []claims.Principal, p *access.Principal) (estate.Truth, []estate.Gap) {
	if !slices.ContainsFunc(of, func(c claims.Principal) bool {
		return (c.Kind == "group" || c.Kind == "user") && (c.Account == "" || c.Account == p.Account)
	}) {
		return estate.False, nil
	}
	named := func(kind, name string) bool {
		return slices.ContainsFunc(of, func(c claims.Principal) bool {
			return c.Kind == kind && (c.Account == "" || c.Account == p.Account) && policy.Match(c.Name, name)
		})
	}
	var gaps []estate.Gap
	for _, set := range e.PermissionSets {
		if set.Ref().Name != p.Set {
			continue
		}
		all, known := set.Assignments.Value()
		if !known {
			gap, _ := set.Assignments.Unread()
			gaps = append(gaps, gap)
			continue
		}
		found, truth := false, estate.True
		for _, a := range all {
			if a.Account != p.Account {
				continue
			}
			found = true
			kind, name, gap := person(e, set.Center, a)
			switch {
			case gap != nil:
				truth = estate.And(truth, estate.Unknown)
				gaps = append(gaps, *gap)
			default:
				truth = estate.And(truth, estate.Is(named(kind, name)))
			}
		}
		if found && truth != estate.Unknown {
			return truth, nil
		}
		if found {
			return truth, gaps
		}
	}
	if len(gaps) > 0 {
		return estate.Unknown, gaps
	}
	for _, gap := range e.Gaps("sso-admin:ListInstances") {
		return estate.Unknown, []estate.Gap{gap}
	}
	return estate.False, nil
}

// person is the name of who has an assignment.
func person(e *estate.Estate, center string, a estate.Assignment) (kind, name string, unread *estate.Gap) {
	for _, c := range e.IdentityCenters {
		if c.Ref().ARN != center {
			continue
		}
		if a.Kind == "GROUP" {
			groups, known := c.Groups.Value()
			if gap, _ := c.Groups.Unread(); !known {
				return "group", "", &gap
			}
			for _, g := range groups {
				if g.ID == a.ID {
					return "group", g.Name, nil
				}
			}
			return "group", a.ID, nil
		}
		users, known := c.Users.Value()
		if gap, _ := c.Users.Unread(); !known {
			return "user", "", &gap
		}
		for _, u := range users {
			if u.ID == a.ID {
				return "user", u.Name, nil
			}
		}
	}
	return strings.ToLower(a.Kind), a.ID, nil
}

// Call is how a sentence names a principal: "role Admin", "user ann", "permission set Operators", with its account where several were
// read.
func Call(w *access.World, p *access.Principal) string {
	text := p.Kind + " " + p.Name
	switch {
	case p.Set != "":
		text = "permission set " + p.Set
	case p.Kind == "root":
		text = "the root user"
	}
	if len(w.Estate().Accounts) > 1 {
		text += " in " + p.Account
	}
	return text
}

// Subject is a principal as a control's subject.
func Subject(p *access.Principal) estate.Subject {
	switch {
	case p.Role() != nil:
		return p.Role()
	case p.User() != nil:
		return p.User()
	}
	return &estate.Resource{Reference: p.Ref, Labels: estate.None[map[string]string]()}
}

// Written is how the claims file would name a principal as written there.
func Written(c claims.Principal) string {
	if c.ARN != "" {
		return c.ARN
	}
	text := c.Kind
	if c.Name != "" {
		text += "/" + c.Name
	}
	if c.Account != "" {
		return text + " in " + c.Account
	}
	return text
}

// Missing is a name that a sentence names exactly and that nobody has.
type Missing struct {
	Name string
	Near string       // who has a name like it: "there is arn:aws:iam::111122223333:role/Admin"
	Gaps []estate.Gap // what would have told of more who might have it
}

// MissingOf are the names that nobody has, in the order of the sentence. A group or a user may be of the directory of IAM Identity Center.
func MissingOf(w *access.World, of []claims.Principal) []Missing {
	var all []Missing
	for _, c := range of {
		if strings.ContainsAny(c.Name, "*?") || slices.ContainsFunc(w.Principals(), func(p *access.Principal) bool { return is(c, p) }) {
			continue
		}
		if c.Kind == "group" && slices.ContainsFunc(w.Estate().Groups, func(g *estate.Group) bool { return policy.Match(c.Name, g.Ref().ID) }) {
			continue // a group without members
		}
		m := Missing{Name: Written(c), Gaps: slices.Clone(w.Gaps())}
		if c.Kind == "group" || c.Kind == "user" {
			found, gaps := inDirectory(w.Estate(), c)
			if found {
				continue
			}
			m.Gaps = append(m.Gaps, gaps...)
		}
		for _, p := range w.Principals() {
			if p.Kind == c.Kind && strings.EqualFold(p.Name, c.Name) || c.Kind == "permission-set" && p.Set != "" && strings.EqualFold(p.Set, c.Name) {
				m.Near = "there is " + p.ARN
				break
			}
		}
		all = append(all, m)
	}
	return all
}

// inDirectory reports whether a directory has a group or a user of that name.
func inDirectory(e *estate.Estate, c claims.Principal) (found bool, gaps []estate.Gap) {
	gaps = e.Gaps("sso-admin:ListInstances")
	for _, center := range e.IdentityCenters {
		if c.Kind == "group" {
			groups, _ := center.Groups.Value()
			found = found || slices.ContainsFunc(groups, func(g estate.DirectoryGroup) bool { return policy.Match(c.Name, g.Name) })
			if gap, unread := center.Groups.Unread(); unread {
				gaps = append(gaps, gap)
			}
			continue
		}
		users, _ := center.Users.Value()
		found = found || slices.ContainsFunc(users, func(u estate.DirectoryUser) bool { return policy.Match(c.Name, u.Name) })
		if gap, unread := center.Users.Unread(); unread {
			gaps = append(gaps, gap)
		}
	}
	return found, gaps
}

// DirectoryReads are the operations that tell who of a directory has which permission sets where.
func DirectoryReads() []operation.ID {
	return []operation.ID{"sso-admin:ListInstances", "sso-admin:ListPermissionSets", "sso-admin:DescribePermissionSet", "sso-admin:ListAccountsForProvisionedPermissionSet",
		"sso-admin:ListAccountAssignments", "identitystore:ListGroups", "identitystore:ListUsers"}
}
