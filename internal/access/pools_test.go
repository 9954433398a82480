package access

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

const shopPool = "us-east-1:11111111-2222-3333-4444-555555555555"

// pool adds an identity pool.
func (s *small) pool(account, id string, d estate.IdentityPoolDescription) *estate.IdentityPool {
	r := resourceOf(poolKind, account, id, "arn:aws:cognito-identity:us-east-1:"+account+":identitypool/"+id)
	r.Reference.Region, r.Reference.Name = "us-east-1", "shop"
	p := &estate.IdentityPool{Resource: r, Description: estate.Know(d), Roles: estate.Know(estate.IdentityPoolRoles{})}
	s.IdentityPools = append(s.IdentityPools, p)
	return p
}

// pooled adds a role that trusts identity pools, under conditions.
func (s *small) pooled(account, name, conditions, statements string) *estate.Role {
	r := s.role(account, name, `{"Federated": "`+cognito+`"}`, statements)
	r.Trust = estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Federated": "` + cognito + `"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {` + conditions + `}}}`))
	return r
}

const (
	ofShop   = `"StringEquals": {"cognito-identity.amazonaws.com:aud": "` + shopPool + `"}`
	guests   = `"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "unauthenticated"}`
	signedIn = `"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}`
	setsPool = `{"Effect": "Allow", "Action": ["iam:PassRole", "cognito-identity:SetIdentityPoolRoles"], "Resource": "*"}`
)

// Whoever sets a role for those who signed in must sign in: by his own word as a program of the account, or as the provider lets him.
func TestRolesGivenToIdentityPools(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.pooled(one, "admin", ofShop+", "+signedIn, everything)
	s.user(one, "sets", setsPool)
	s.user(one, "vouches", setsPool+`, {"Effect": "Allow", "Action": "cognito-identity:GetOpenIdTokenForDeveloperIdentity", "Resource": "arn:aws:cognito-identity:us-east-1:`+one+`:identitypool/`+shopPool+`"}`)
	s.user(one, "no-pass", `{"Effect": "Allow", "Action": "cognito-identity:SetIdentityPoolRoles", "Resource": "*"}`)
	s.user(one, "other-service", `{"Effect": "Allow", "Action": "cognito-identity:SetIdentityPoolRoles", "Resource": "*"}, {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}}`)
	s.user(one, "one-pool", `{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}, {"Effect": "Allow", "Action": "cognito-identity:SetIdentityPoolRoles", "Resource": "arn:aws:cognito-identity:*:*:identitypool/*"}`)
	s.want("sets", "no") // all pools were read, and there is none
	p := s.pool(one, "us-east-1:99999999-2222-3333-4444-555555555555", estate.IdentityPoolDescription{Developer: "login.shop", Providers: []string{"accounts.google.com"}})
	s.want("vouches", "no") // the role trusts another pool
	p.Reference.ID, p.Reference.ARN = shopPool, "arn:aws:cognito-identity:us-east-1:"+one+":identitypool/"+shopPool
	s.want("vouches", "yes pf:cognitoidentity-001")
	s.want("sets", "may pf:cognitoidentity-001") // whom the provider lets in
	s.want("no-pass", "no")
	s.want("other-service", "no")
	s.want("one-pool", "no") // the action knows no resources
	p.Description = estate.Know(estate.IdentityPoolDescription{Guests: true})
	s.want("sets", "no") // nobody can sign in, and guests the role does not trust
	p.Description = estate.Unread[estate.IdentityPoolDescription](estate.Gap{Operation: "cognito-identity:DescribeIdentityPool", Outcome: operation.Denied})
	s.want("sets", "unknown pf:cognitoidentity-001")
	s.IdentityPools = nil
	s.Withdraw(estate.Reading{Place: estate.Place{Account: one, Region: "us-east-1"}, Operation: "cognito-identity:ListIdentityPools", Outcome: operation.Denied})
	s.want("sets", "unknown pf:cognitoidentity-001")
	s.want("no-pass", "no")
}

// In the enhanced flow guests have no more of a role than Cognito lets through.
func TestGuestsOfIdentityPoolsAreNarrowed(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	r := s.pooled(one, "admin", ofShop+", "+guests, everything)
	s.role(one, "runs", `{"Service": "lambda.amazonaws.com"}`, everything)
	f := &estate.Function{Resource: resourceOf("function", one, "job", "arn:aws:lambda:us-east-1:"+one+":function:job"), Role: "arn:aws:iam::" + one + ":role/runs", ResourcePolicy: estate.None[*policy.Document]()}
	f.Reference.Region = "us-east-1"
	s.user(one, "sets", setsPool)
	p := s.pool(one, shopPool, estate.IdentityPoolDescription{Guests: true})
	s.want("sets", "yes pf:cognitoidentity-001 x:UpdateIdentityPool") // Cognito is among what guests may use: with that they lift it
	r.Attached = s.attached(everything + `, {"Effect": "Deny", "Action": "cognito-identity:*", "Resource": "*"}`)
	s.want("sets", "no") // neither IAM nor STS is
	s.Functions = append(s.Functions, f)
	s.want("sets", "yes pf:cognitoidentity-001 pf:lambda-003") // Lambda is
	p.Description = estate.Know(estate.IdentityPoolDescription{})
	s.want("sets", "no") // there are no guests
}

// Where a pool hands out tokens to guests, anybody takes on every role that trusts it, with all of its rights.
func TestOpenIdentityPoolsLetInAnybody(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.pooled(one, "admin", ofShop+", "+guests, everything)
	s.user(two, "nobody", "")
	p := s.pool(one, shopPool, estate.IdentityPoolDescription{Guests: true, Classic: true})
	s.want("nobody", "yes x:IdentityPoolGuests")
	p.Description = estate.Know(estate.IdentityPoolDescription{Classic: true, Providers: []string{"accounts.google.com"}})
	s.want("nobody", "no")
	p.Description = estate.Unread[estate.IdentityPoolDescription](estate.Gap{Operation: "cognito-identity:DescribeIdentityPool", Outcome: operation.Denied})
	s.want("nobody", "unknown x:IdentityPoolGuests")
}

// Whoever may change a pool opens it: he needs no right to pass what trusts it. A role of another account must ask for pool and way in.
func TestChangedIdentityPools(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.pool(one, shopPool, estate.IdentityPoolDescription{})
	s.pooled(one, "admin", ofShop+", "+signedIn, everything)
	s.user(one, "changes", `{"Effect": "Allow", "Action": "cognito-identity:UpdateIdentityPool", "Resource": "arn:aws:cognito-identity:us-east-1:`+one+`:identitypool/`+shopPool+`"}`)
	s.user(one, "changes-another", `{"Effect": "Allow", "Action": "cognito-identity:UpdateIdentityPool", "Resource": "arn:aws:cognito-identity:us-east-1:`+one+`:identitypool/us-east-1:9*"}`)
	s.user(two, "native", `{"Effect": "Allow", "Action": "cognito-identity:UpdateIdentityPool", "Resource": "*"}`)
	s.want("changes", "yes x:UpdateIdentityPool")
	s.want("changes-another", "no")
	s.want("native", "no")
	s.user(one, "tags", `{"Effect": "Allow", "Action": "cognito-identity:TagResource", "Resource": "*"}, {"Effect": "Allow", "Action": "cognito-identity:UpdateIdentityPool", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/stage": "dev"}}}`)
	s.want("tags", "yes x:ABACTagResource x:UpdateIdentityPool")
	s.Roles = nil
	s.pooled(one, "admin", ofShop+`, "ForAnyValue:StringEquals": {"cognito-identity.amazonaws.com:amr": "graph.facebook.com"}`, everything)
	s.want("changes", "may x:UpdateIdentityPool") // one must get in there
	s.Roles = nil
	s.pooled(one, "admin", `"StringEquals": {"cognito-identity.amazonaws.com:aud": "`+shopPool+`", "cognito-identity.amazonaws.com:sub": "us-east-1:0f"}`, everything)
	s.want("changes", "may x:UpdateIdentityPool") // who is let in is one identity alone
	s.Roles = nil
	r := s.pooled(two, "admin", ofShop, everything)
	s.want("changes", "no")
	r.Trust = s.pooled(two, "like", ofShop+", "+guests, "").Trust
	s.want("changes", "yes x:UpdateIdentityPool")
}

// Whoever may vouch for users of a pool has the role that it gives them; and every role that trusts it, where it hands out tokens.
func TestDevelopersOfIdentityPools(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	r := s.pooled(one, "admin", ofShop+", "+signedIn, everything)
	s.user(one, "vouches", `{"Effect": "Allow", "Action": "cognito-identity:GetOpenIdTokenForDeveloperIdentity", "Resource": "*"}`)
	p := s.pool(one, shopPool, estate.IdentityPoolDescription{Developer: "login.shop"})
	s.want("vouches", "no") // it gives no role
	p.Roles = estate.Know(estate.IdentityPoolRoles{Guest: r.Reference.ARN, SignedIn: r.Reference.ARN + "-2"})
	s.want("vouches", "no")
	p.Roles = estate.Know(estate.IdentityPoolRoles{SignedIn: r.Reference.ARN})
	s.want("vouches", "yes x:IdentityPoolDeveloper")
	p.Roles = estate.Unread[estate.IdentityPoolRoles](estate.Gap{Operation: "cognito-identity:GetIdentityPoolRoles", Outcome: operation.Denied})
	s.want("vouches", "unknown x:IdentityPoolDeveloper")
	p.Description = estate.Know(estate.IdentityPoolDescription{Developer: "login.shop", Classic: true})
	s.want("vouches", "yes x:IdentityPoolDeveloper")
	p.Description = estate.Know(estate.IdentityPoolDescription{Classic: true, Providers: []string{"accounts.google.com"}})
	s.want("vouches", "no") // the pool takes nobody's word but Google's
	r.Trust = s.pooled(one, "like", ofShop+", "+guests, "").Trust
	p.Description = estate.Know(estate.IdentityPoolDescription{Developer: "login.shop", Classic: true})
	s.want("vouches", "no")
}

// A role that does not say of which pool takes tokens of a new one of its account.
func TestNewIdentityPools(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.user(one, "makes", `{"Effect": "Allow", "Action": "cognito-identity:CreateIdentityPool", "Resource": "*"}`)
	s.user(one, "elsewhere", `{"Effect": "Allow", "Action": "cognito-identity:CreateIdentityPool", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}`)
	s.user(two, "native", `{"Effect": "Allow", "Action": "cognito-identity:CreateIdentityPool", "Resource": "*"}`)
	for conditions, want := range map[string][2]string{
		guests: {"yes x:CreateIdentityPool", "no"},
		`"StringLike": {"cognito-identity.amazonaws.com:aud": "us-east-1:*"}`: {"yes x:CreateIdentityPool", "no"},
		`"StringLike": {"cognito-identity.amazonaws.com:aud": "eu-west-1:*"}`: {"no", "no"},
		ofShop + ", " + guests: {"no", "no"},
	} {
		s.Roles = nil
		s.pooled(one, "admin", conditions, everything)
		s.want("makes", want[0])
		s.want("native", want[1])
		s.want("elsewhere", "no")
	}
}

// The search and the plain one agree on estates with pools.
func TestSearchOfIdentityPoolsAgreesWithPlainSearch(t *testing.T) {
	t.Parallel()
	reached, notReached, through, asGuests := 0, 0, 0, 0
	for seed := range uint64(32) {
		r := rand.New(rand.NewPCG(seed, 17))
		s := &small{t, randomEstate(r, false)}
		some := func(p float64) bool { return r.Float64() < p }
		pick := func(of ...string) string { return of[r.IntN(len(of))] }
		for _, a := range []string{one, two} {
			if some(0.8) {
				s.Note(estate.Reading{Place: estate.Place{Account: a, Region: "us-east-1"}, Operation: "cognito-identity:ListIdentityPools", Outcome: operation.OK})
			}
		}
		for _, id := range []string{shopPool, "us-east-1:99999999-2222-3333-4444-555555555555"} {
			d := estate.IdentityPoolDescription{Guests: some(0.5) || seed%3 == 0, Classic: some(0.15) && seed%3 > 0}
			if some(0.4) && seed%3 > 0 {
				d.Developer = "login.shop"
			}
			if some(0.4) {
				d.Providers = []string{"accounts.google.com"}
			}
			p := s.pool(pick(one, two), id, d)
			p.Roles = estate.Know(estate.IdentityPoolRoles{SignedIn: s.Roles[r.IntN(len(s.Roles))].Reference.ARN})
			if some(0.1) {
				p.Description = estate.Unread[estate.IdentityPoolDescription](estate.Gap{Operation: "cognito-identity:DescribeIdentityPool", Outcome: operation.Denied})
			}
		}
		if seed%3 == 0 { // what guests may take over
			s.role(one, "runs", `{"Service": "lambda.amazonaws.com"}`, everything)
			s.Functions = append(s.Functions, &estate.Function{Resource: resourceOf("function", one, "job", "arn:aws:lambda:us-east-1:"+one+":function:job"), Role: "arn:aws:iam::" + one + ":role/runs", ResourcePolicy: estate.None[*policy.Document]()})
			s.pooled(one, "guest", guests, `{"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}`)
		}
		for _, role := range s.Roles {
			if some(0.5) && role.Reference.ID != "runs" {
				role.Trust = s.pooled(one, "like", pick(ofShop+", "+guests, ofShop+", "+signedIn, guests, ofShop), "").Trust
				s.Roles = s.Roles[:len(s.Roles)-1]
			}
			if some(0.3) {
				role.Inline = append(role.Inline, s.attached(pick(setsPool, everything+`, {"Effect": "Deny", "Action": "cognito-identity:*", "Resource": "*"}`)).Inline...)
			}
		}
		for _, u := range s.Users {
			if some(0.6) {
				u.Inline = append(u.Inline, s.attached(pick(setsPool, setsPool+`, {"Effect": "Allow", "Action": "cognito-identity:Get*", "Resource": "*"}`,
					`{"Effect": "Allow", "Action": "cognito-identity:UpdateIdentityPool", "Resource": "*"}`, `{"Effect": "Allow", "Action": "cognito-identity:CreateIdentityPool", "Resource": "*"}`, `{"Effect": "Allow", "Action": "cognito-identity:GetOpenIdTokenForDeveloperIdentity", "Resource": "*"}`)).Inline...)
			}
		}
		goals := []Goal{Administrator, {Kind: "privileges"}}
		did, didNot := agrees(t, fmt.Sprint("seed ", seed), s.Estate, Options{AsRead: seed%2 == 0}, goals)
		reached, notReached = reached+did, notReached+didNot
		w := New(s.Estate, Options{})
		for _, g := range goals {
			for _, p := range w.Escalate(g).Paths() {
				for _, step := range p.Steps {
					if step.Workload != nil && step.Workload.pool != nil || step.ID == newPool {
						through++
					}
					if strings.Contains(step.Text, "give guests") {
						asGuests++
					}
				}
			}
		}
	}
	if reached < 100 || notReached < 100 || through < 20 || asGuests < 3 {
		t.Errorf("%d reached, %d not, %d steps through pools, %d of guests: the estates tell nothing", reached, notReached, through, asGuests)
	}
}
