package load

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

const listSets operation.ID = "sso-admin:ListPermissionSets"

// singleSignOn reads the instances of IAM Identity Center with their permission sets and directories. Members of an
// organisation see an instance that they may not ask about, so it is read where somebody was answered.
func (l *loader) singleSignOn() {
	type instance struct {
		InstanceArn, IdentityStoreID, OwnerAccountID, Name string
	}
	type instanceList struct{ Instances []instance }
	type sighting struct {
		estate.Place
		instance
	}
	var seen []sighting
	each(l, "sso-admin:ListInstances", func(p estate.Place, page *instanceList) {
		for _, i := range page.Instances {
			if i.InstanceArn != "" {
				seen = append(seen, sighting{p, i})
			}
		}
	})
	// The best one of each instance first: answered, then its owner's.
	rank := func(s sighting) int {
		switch {
		case l.estate.Reading(s.Place, listSets, s.InstanceArn).Outcome.Complete():
			return 0
		case s.OwnerAccountID == s.Account:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(seen, func(a, b sighting) int {
		return cmp.Or(strings.Compare(a.InstanceArn, b.InstanceArn), cmp.Compare(rank(a), rank(b)))
	})
	seen = slices.CompactFunc(seen, func(a, b sighting) bool { return a.InstanceArn == b.InstanceArn })
	for _, s := range seen {
		owner := estate.Place{Account: cmp.Or(s.OwnerAccountID, s.Account), Region: s.Region}
		center := &estate.IdentityCenter{
			Resource: estate.Resource{Reference: estate.Ref{Kind: "identity-center", Account: owner.Account, Region: owner.Region,
				ID: lastPart(s.InstanceArn), ARN: s.InstanceArn, Name: s.Name}},
			Store:  s.IdentityStoreID,
			Users:  l.directoryUsers(s.Place, s.IdentityStoreID),
			Groups: l.directoryGroups(s.Place, s.IdentityStoreID),
		}
		center.Labels = l.tagsOf(owner, s.InstanceArn)
		l.estate.IdentityCenters = append(l.estate.IdentityCenters, center)
		center.Sets = l.permissionSets(s.Place, owner, s.InstanceArn)
	}
	l.estate.IdentityCenters = byKey(l.estate.IdentityCenters)
	l.estate.PermissionSets = byKey(l.estate.PermissionSets)
}

func (l *loader) directoryUsers(p estate.Place, store string) estate.Known[[]estate.DirectoryUser] {
	type userList struct {
		Users []struct {
			UserID   string `json:"UserId"`
			UserName string
		}
	}
	return about(l, p, "identitystore:ListUsers", store, func(pages []userList) (all []estate.DirectoryUser) {
		for _, page := range pages {
			for _, u := range page.Users {
				all = append(all, estate.DirectoryUser{ID: u.UserID, Name: u.UserName})
			}
		}
		slices.SortStableFunc(all, func(a, b estate.DirectoryUser) int { return strings.Compare(a.ID, b.ID) })
		return all
	})
}

func (l *loader) directoryGroups(p estate.Place, store string) estate.Known[[]estate.DirectoryGroup] {
	type groupList struct {
		Groups []struct {
			GroupID     string `json:"GroupId"`
			DisplayName string
		}
	}
	type membershipList struct {
		GroupMemberships []struct {
			MemberID struct {
				UserID string `json:"UserId"`
			} `json:"MemberId"`
		}
	}
	return about(l, p, "identitystore:ListGroups", store, func(pages []groupList) (all []estate.DirectoryGroup) {
		for _, page := range pages {
			for _, g := range page.Groups {
				all = append(all, estate.DirectoryGroup{ID: g.GroupID, Name: g.DisplayName,
					Members: about(l, p, "identitystore:ListGroupMemberships", store+" "+g.GroupID, func(pages []membershipList) []string {
						var ids []string
						for _, page := range pages {
							for _, m := range page.GroupMemberships {
								ids = append(ids, m.MemberID.UserID)
							}
						}
						return distinct(ids)
					})})
			}
		}
		slices.SortStableFunc(all, func(a, b estate.DirectoryGroup) int { return strings.Compare(a.ID, b.ID) })
		return all
	})
}

// permissionSets reads those of one instance, as asked at p, for its owner, and returns their ARNs.
func (l *loader) permissionSets(p, owner estate.Place, instance string) estate.Known[[]string] {
	type setList struct{ PermissionSets []string }
	type description struct {
		PermissionSet struct{ Name, SessionDuration string }
	}
	type managedList struct{ AttachedManagedPolicies []struct{ Arn string } }
	type policyName struct{ Name, Path string }
	type customerList struct{ CustomerManagedPolicyReferences []policyName }
	type inlineAnswer struct{ InlinePolicy document }
	type boundaryAnswer struct {
		PermissionsBoundary struct {
			ManagedPolicyArn               string
			CustomerManagedPolicyReference policyName
		}
	}
	type idList struct {
		AccountIDs []string `json:"AccountIds"`
	}
	name := func(n policyName) estate.PolicyName {
		return estate.PolicyName{Path: cmp.Or(n.Path, "/"), Name: n.Name}
	}
	sets := about(l, p, listSets, instance, func(pages []setList) (arns []string) {
		for _, page := range pages {
			arns = append(arns, page.PermissionSets...)
		}
		return distinct(arns)
	})
	arns, _ := sets.Value()
	for _, set := range arns {
		var d description
		session := about(l, p, "sso-admin:DescribePermissionSet", set, func(pages []description) time.Duration {
			d = last(pages)
			return hours(d.PermissionSet.SessionDuration)
		})
		what := "permission set " + cmp.Or(d.PermissionSet.Name, lastPart(set))
		x := &estate.PermissionSet{
			Resource: estate.Resource{Reference: estate.Ref{Kind: "permission-set", Account: owner.Account, Region: owner.Region,
				ID: lastPart(instance) + "/" + lastPart(set), ARN: set, Name: d.PermissionSet.Name}},
			Center:  instance,
			Session: session,
			Managed: about(l, p, "sso-admin:ListManagedPoliciesInPermissionSet", set, func(pages []managedList) []string {
				var arns []string
				for _, page := range pages {
					for _, m := range page.AttachedManagedPolicies {
						arns = append(arns, m.Arn)
					}
				}
				return distinct(arns)
			}),
			Customer: about(l, p, "sso-admin:ListCustomerManagedPolicyReferencesInPermissionSet", set, func(pages []customerList) (all []estate.PolicyName) {
				for _, page := range pages {
					for _, n := range page.CustomerManagedPolicyReferences {
						all = append(all, name(n))
					}
				}
				slices.SortFunc(all, func(a, b estate.PolicyName) int {
					return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Name, b.Name))
				})
				return all
			}),
			Inline: policyOf(l, p, "sso-admin:GetInlinePolicyForPermissionSet", set, "the policy of "+what, func(a inlineAnswer) document { return a.InlinePolicy }),
			Boundary: about(l, p, "sso-admin:GetPermissionsBoundaryForPermissionSet", set, func(pages []boundaryAnswer) estate.SetBoundary {
				b := last(pages).PermissionsBoundary
				if b.ManagedPolicyArn != "" || b.CustomerManagedPolicyReference.Name == "" {
					return estate.SetBoundary{Managed: b.ManagedPolicyArn}
				}
				return estate.SetBoundary{Customer: name(b.CustomerManagedPolicyReference)}
			}),
			Accounts: about(l, p, "sso-admin:ListAccountsForProvisionedPermissionSet", set, func(pages []idList) []string {
				var ids []string
				for _, page := range pages {
					ids = append(ids, page.AccountIDs...)
				}
				return distinct(ids)
			}),
		}
		if b, ok := x.Boundary.Value(); ok && b == (estate.SetBoundary{}) {
			x.Boundary = estate.None[estate.SetBoundary]()
		}
		x.Labels = l.tagsOf(owner, set)
		x.Assignments = l.assignments(p, set, x.Accounts)
		l.estate.PermissionSets = append(l.estate.PermissionSets, x)
	}
	return sets
}

// assignments are asked for account by account.
func (l *loader) assignments(p estate.Place, set string, accounts estate.Known[[]string]) estate.Known[[]estate.Assignment] {
	type assignmentList struct {
		AccountAssignments []struct {
			PrincipalType string
			PrincipalID   string `json:"PrincipalId"`
		}
	}
	if gap, unread := accounts.Unread(); unread {
		return estate.Unread[[]estate.Assignment](gap)
	}
	ids, _ := accounts.Value()
	all := []estate.Assignment{}
	for _, account := range ids {
		told := about(l, p, "sso-admin:ListAccountAssignments", account+" "+set, func(pages []assignmentList) (some []estate.Assignment) {
			for _, page := range pages {
				for _, a := range page.AccountAssignments {
					some = append(some, estate.Assignment{Account: account, Kind: a.PrincipalType, ID: a.PrincipalID})
				}
			}
			return some
		})
		if gap, unread := told.Unread(); unread {
			return estate.Unread[[]estate.Assignment](gap)
		}
		some, _ := told.Value()
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b estate.Assignment) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Kind, b.Kind), strings.Compare(a.ID, b.ID))
	})
	return estate.Know(slices.Compact(all))
}

// hours reads a duration of ISO 8601 as permission sets have it: "PT8H", "PT1H30M"; zero for anything else.
func hours(iso string) time.Duration {
	text, ok := strings.CutPrefix(iso, "PT")
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(strings.ToLower(text))
	if err != nil {
		return 0
	}
	return d
}
