package leastprivilege

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

const (
	cognito = estate.IdentityPoolIssuer

	listPools    operation.ID = "cognito-identity:ListIdentityPools"
	describePool operation.ID = "cognito-identity:DescribeIdentityPool"
	poolRoles    operation.ID = "cognito-identity:GetIdentityPoolRoles"
)

// guestsOf says which identity pools let in anybody on the Internet as a role by one statement of its trust policy: those that have guests,
// whose token the statement lets in, where a guest may take the token to STS himself (the basic flow), or the pool gives guests this role.
// Who signs in is whom the pool's provider knows, and no stranger. Denials of the document count.
// https://docs.aws.amazon.com/cognito/latest/developerguide/identity-pools.html#authenticated-and-unauthenticated-identities
func guestsOf(c *control.Case, role *estate.Role, d *policy.Document, i int) (found []control.Counter, gaps []estate.Gap) {
	s := d.Statements[i]
	if s.Principal == nil || !slices.Contains(s.Principal.Federated, cognito) {
		return nil, nil
	}
	known := map[string]bool{}
	for _, pool := range c.Estate.IdentityPools {
		known[pool.Reference.ID] = true
		if !admitsGuests(role, d, s, pool.Reference.ID, pool.Reference.Account) {
			continue
		}
		is, read := pool.Description.Value()
		if gap, unread := pool.Description.Unread(); unread {
			gaps = append(gaps, gap)
		}
		if !read || !is.Guests {
			continue
		}
		gives, _ := pool.Roles.Value()
		gap, unread := pool.Roles.Unread()
		switch {
		case is.Classic || gives.Guest == role.Reference.ARN:
			found = append(found, guestCounter(role, i, s, pool, is.Classic))
		case unread:
			gaps = append(gaps, gap)
		}
	}
	for _, id := range audiences(s) {
		elsewhere := !known[id] && admitsGuests(role, d, s, id, "")
		if known[id] || !elsewhere && !admitsGuests(role, d, s, id, role.Reference.Account) {
			continue
		}
		region, _, _ := strings.Cut(id, ":")
		place := estate.Place{Account: role.Reference.Account, Region: region}
		switch {
		case !c.Estate.Complete(place, listPools):
			gaps = append(gaps, c.Estate.Reading(place, listPools, "").Gap())
		case elsewhere:
			gaps = append(gaps, estate.Gap{Place: place, Operation: describePool, About: id, Outcome: operation.NotTried,
				Why: "identity pool " + id + " is in none of the accounts that were read, if it is still there: whether it has guests is not known"})
		}
	}
	return found, gaps
}

// admitsGuests reports whether a statement lets in a guest of a pool, who has nothing but the token. STS refuses tokens of pools of other
// accounts where the statement does not ask for both, the pool and the way in.
// https://docs.aws.amazon.com/cognito/latest/developerguide/identity-pools-security-best-practices.html
func admitsGuests(role *estate.Role, d *policy.Document, s policy.Statement, pool, account string) bool {
	if account != role.Reference.Account && !(s.Asks(cognito+":aud") && s.Asks(cognito+":amr")) {
		return false
	}
	alone := &policy.Document{Version: d.Version, Statements: []policy.Statement{s}}
	for _, other := range d.Statements {
		if other.Effect == policy.Deny {
			alone.Statements = append(alone.Statements, other)
		}
	}
	decision := policy.Decide(&policy.Request{Action: "sts:AssumeRoleWithWebIdentity", Resource: role.Reference.ARN, ResourceAccount: role.Reference.Account,
		Caller: policy.Caller{Kind: policy.WebIdentity, ARN: cognito},
		Context: policy.Context{Open: true, Absent: map[string]bool{}, Values: map[string][]string{
			"aws:federatedprovider": {cognito}, cognito + ":aud": {pool}, cognito + ":amr": {"unauthenticated"}}}},
		&policy.Policies{Resource: &policy.Source{Name: "trust policy", Document: alone}})
	return decision.Result == policy.Allowed
}

// audiences are the pools that a statement names.
func audiences(s policy.Statement) (all []string) {
	for _, c := range s.Condition {
		if c.Is(cognito + ":aud") {
			all = append(all, slices.DeleteFunc(slices.Clone(c.Values), func(v string) bool { return strings.ContainsAny(v, "*?$") })...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func guestCounter(role *estate.Role, i int, s policy.Statement, pool *estate.IdentityPool, classic bool) control.Counter {
	ref, at := role.Ref(), pool.Ref()
	called := fmt.Sprintf("identity pool %s (%s)", at.Name, at.ID)
	text := fmt.Sprintf("role %s: anybody on the Internet gets it as a guest of %s, as far as Cognito lets guests", ref.ID, called)
	facts := []answer.Fact{
		{Text: fmt.Sprintf("statement %s of AssumeRolePolicyDocument: %s", permissions.StatementName(i, s.Sid), s.Quote()), Operation: authorizationDetails},
		{Text: called + ": AllowUnauthenticatedIdentities: true", Operation: describePool},
	}
	if classic {
		text = fmt.Sprintf("role %s: anybody on the Internet gets it, with all its rights, with a guest's token of %s", ref.ID, called)
		facts[1].Text += ", AllowClassicFlow: true"
	} else {
		facts = append(facts, answer.Fact{Text: called + ": Roles.unauthenticated: " + ref.ARN, Operation: poolRoles})
	}
	fix := "Let the pool have no guests, or give them a role of their own that may do next to nothing."
	if classic {
		fix = "Let the pool have no guests, or forbid its basic (classic) flow."
	}
	return control.Counter{Text: text, Facts: facts, Cause: answer.Cause{
		Key:     "identity-pool/" + at.ARN,
		Subject: at,
		Title:   fmt.Sprintf("%s lets in anybody on the Internet", called),
		Fix: answer.Fix{Text: fix, CLI: []string{
			fmt.Sprintf("aws cognito-identity describe-identity-pool --region %s --identity-pool-id %s > pool.json", control.ShellQuote(at.Region), control.ShellQuote(at.ID)),
			fmt.Sprintf("aws cognito-identity update-identity-pool --region %s --cli-input-json file://pool.json   # after the change", control.ShellQuote(at.Region)),
		}},
	}}
}
