package collect

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/onus-cloud/onus/internal/operation"
)

// readOrganizations reads each organisation that the accounts belong to, once. Any member may describe it. Its accounts and
// policies are told to the management account and to delegated administrators only, so the members are asked in turn, the
// likeliest first, until one is answered; if none is, the first one's denial is the answer.
func readOrganizations(ctx context.Context, accounts []*account) {
	type member struct {
		*account
		manages bool
	}
	var mu sync.Mutex
	members := map[string][]member{}
	each(accounts, itemsAtOnce, func(a *account) {
		client := organizations.NewFromConfig(a.config)
		// Who is alone, or may not know, is an organisation of one.
		id, manages := a.id, true
		for _, page := range call(ctx, a.global, "organizations:DescribeOrganization", client.DescribeOrganization, &organizations.DescribeOrganizationInput{}) {
			if o := page.Organization; o != nil {
				id, manages = aws.ToString(o.Id), aws.ToString(o.MasterAccountId) == a.id
			}
		}
		mu.Lock()
		defer mu.Unlock()
		members[id] = append(members[id], member{a, manages})
	})
	for _, id := range slices.Sorted(maps.Keys(members)) {
		asked := members[id]
		slices.SortFunc(asked, func(a, b member) int {
			return cmp.Or(compareTrueFirst(a.manages, b.manages), compareTrueFirst(a.base, b.base), cmp.Compare(a.id, b.id))
		})
		chosen, answer := asked[0], askAccounts(ctx, asked[0].global)
		for _, m := range asked[1:] {
			if answer.outcome.Complete() {
				break
			}
			if trial := askAccounts(ctx, m.global); trial.outcome.Complete() {
				chosen, answer = m, trial
			}
		}
		compose(chosen.global, listAccounts, func() reading[organizations.ListAccountsOutput] { return answer }, nil)
		readPolicies(ctx, chosen.global)
		readTree(ctx, chosen.global)
	}
}

const listAccounts = operation.ID("organizations:ListAccounts")

func askAccounts(ctx context.Context, p *place) reading[organizations.ListAccountsOutput] {
	client := organizations.NewFromConfig(p.config)
	return ask(ctx, p, listAccounts, client.ListAccounts, &organizations.ListAccountsInput{MaxResults: aws.Int32(20)})
}

// activeMembers are the ids of the organisation's active accounts, but for the one that asks.
func activeMembers(ctx context.Context, a *account) []string {
	var ids []string
	for _, page := range compose(a.global, listAccounts, func() reading[organizations.ListAccountsOutput] { return askAccounts(ctx, a.global) }, nil) {
		for _, m := range page.Accounts {
			active := m.State == types.AccountStateActive || m.State == "" && m.Status == types.AccountStatusActive
			if id := aws.ToString(m.Id); active && id != a.id {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// policyTypes are the kinds of policies that bound what accounts may do.
var policyTypes = []types.PolicyType{types.PolicyTypeServiceControlPolicy, types.PolicyTypeResourceControlPolicy}

// readPolicies reads the organisation's policies and what they are attached to. AWS lists one kind at a time.
func readPolicies(ctx context.Context, p *place) {
	client := organizations.NewFromConfig(p.config)
	const id = operation.ID("organizations:ListPolicies")
	pages := compose(p, id, func() reading[organizations.ListPoliciesOutput] {
		var parts []reading[organizations.ListPoliciesOutput]
		for _, kind := range policyTypes {
			parts = append(parts, ask(ctx, p, id, client.ListPolicies, &organizations.ListPoliciesInput{Filter: kind, MaxResults: aws.Int32(20)}))
		}
		return join(p.Now(), parts...)
	}, nil)
	for _, page := range pages {
		for _, policy := range page.Policies {
			call(ctx, p, "organizations:DescribePolicy", client.DescribePolicy, &organizations.DescribePolicyInput{PolicyId: policy.Id})
			call(ctx, p, "organizations:ListTargetsForPolicy", client.ListTargetsForPolicy, &organizations.ListTargetsForPolicyInput{PolicyId: policy.Id, MaxResults: aws.Int32(20)})
		}
	}
}

// readTree reads where the accounts stand in the organisation, which of them administer services for all, and what IAM may do centrally
// with root users.
func readTree(ctx context.Context, p *place) {
	client := organizations.NewFromConfig(p.config)
	many := aws.Int32(20)
	seen := map[string]bool{}
	var below func(parent *string)
	below = func(parent *string) {
		if seen[aws.ToString(parent)] {
			return
		}
		seen[aws.ToString(parent)] = true
		call(ctx, p, "organizations:ListAccountsForParent", client.ListAccountsForParent, &organizations.ListAccountsForParentInput{ParentId: parent, MaxResults: many})
		for _, page := range call(ctx, p, "organizations:ListOrganizationalUnitsForParent", client.ListOrganizationalUnitsForParent, &organizations.ListOrganizationalUnitsForParentInput{ParentId: parent, MaxResults: many}) {
			for _, unit := range page.OrganizationalUnits {
				below(unit.Id)
			}
		}
	}
	for _, page := range call(ctx, p, "organizations:ListRoots", client.ListRoots, &organizations.ListRootsInput{MaxResults: many}) {
		for _, root := range page.Roots {
			below(root.Id)
		}
	}
	for _, page := range call(ctx, p, "organizations:ListDelegatedAdministrators", client.ListDelegatedAdministrators, &organizations.ListDelegatedAdministratorsInput{MaxResults: many}) {
		for _, a := range page.DelegatedAdministrators {
			call(ctx, p, "organizations:ListDelegatedServicesForAccount", client.ListDelegatedServicesForAccount, &organizations.ListDelegatedServicesForAccountInput{AccountId: a.Id, MaxResults: many})
		}
	}
	call(ctx, p, "iam:ListOrganizationsFeatures", iam.NewFromConfig(p.config).ListOrganizationsFeatures, &iam.ListOrganizationsFeaturesInput{})
}
