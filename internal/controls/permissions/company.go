// Package permissions turns what documents and package access say of permissions into what controls say of subjects: whose an
// account is, which resources have policies, who is meant by a name of the claims file, and how a witness reads.
//
// It judges nothing by itself and reads nothing but the estate; the same estate gives the same words.
package permissions

import (
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
)

// Company tells our accounts from others': ours are those in scope and the members of their organisation.
type Company struct {
	estate *estate.Estate
}

// CompanyOf returns the company of an estate.
func CompanyOf(e *estate.Estate) Company { return Company{e} }

// Owns says whether an account is ours. It is not known where the members of the organisation were not read.
func (c Company) Owns(account string) (estate.Truth, []estate.Gap) {
	o := &c.estate.Organization
	if c.estate.Account(account) != nil || account != "" && account == o.Management {
		return estate.True, nil
	}
	members, known := o.Members.Value()
	switch {
	case known && len(members) > 0:
		return estate.Is(slices.Contains(members, account)), nil
	case known: // an account that is in no organisation answered, and others are in one
		return estate.Unknown, []estate.Gap{{Place: estate.Place{Account: "*", Region: estate.Global}, Operation: "organizations:ListAccounts",
			Why: "the accounts of the organisation were not listed (organizations:ListAccounts)"}}
	case o.Members.Absent():
		if gaps := c.unsaid(); len(gaps) > 0 {
			return estate.Unknown, gaps
		}
		return estate.False, nil
	}
	gap, _ := o.Members.Unread()
	return estate.Unknown, []estate.Gap{gap}
}

// OwnsOrganization says whether an organisation is ours: whether one of our accounts is in it.
func (c Company) OwnsOrganization(id string) (estate.Truth, []estate.Gap) {
	if id == c.estate.Organization.Listed.ID {
		return estate.True, nil
	}
	for _, a := range c.estate.Accounts {
		if own, _ := a.Organization.Value(); own == id {
			return estate.True, nil
		}
	}
	if gaps := c.unsaid(); len(gaps) > 0 {
		return estate.Unknown, gaps
	}
	return estate.False, nil
}

// unsaid are what would have told to which organisation our accounts belong.
func (c Company) unsaid() []estate.Gap {
	var gaps []estate.Gap
	o := &c.estate.Organization
	members, _ := o.Members.Value()
	for _, a := range c.estate.Accounts {
		if o.Listed.ID != "" && slices.Contains(members, a.ID) {
			continue // the list names the organisation
		}
		if gap, unread := a.Organization.Unread(); unread {
			gaps = append(gaps, gap)
		}
	}
	return gaps
}
