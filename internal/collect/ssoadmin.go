package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
)

// readIdentityCenter reads IAM Identity Center: its permission sets, who has them in which accounts, and the names of its users and
// groups. An instance stands in one Region; members of the organisation see it, but may not ask more about it.
func readIdentityCenter(ctx context.Context, p *place) {
	client := ssoadmin.NewFromConfig(p.config)
	many := aws.Int32(100)
	for _, page := range call(ctx, p, "sso-admin:ListInstances", client.ListInstances, &ssoadmin.ListInstancesInput{MaxResults: many}) {
		for _, i := range page.Instances {
			var sets []string
			for _, page := range call(ctx, p, "sso-admin:ListPermissionSets", client.ListPermissionSets, &ssoadmin.ListPermissionSetsInput{InstanceArn: i.InstanceArn, MaxResults: many}) {
				sets = append(sets, page.PermissionSets...)
			}
			each(sets, itemsAtOnce, func(set string) { readPermissionSet(ctx, p, client, i.InstanceArn, aws.String(set)) })
			if i.IdentityStoreId != nil {
				readDirectory(ctx, p, i.IdentityStoreId)
			}
		}
	}
}

func readPermissionSet(ctx context.Context, p *place, client *ssoadmin.Client, instance, set *string) {
	many := aws.Int32(100)
	call(ctx, p, "sso-admin:DescribePermissionSet", client.DescribePermissionSet, &ssoadmin.DescribePermissionSetInput{InstanceArn: instance, PermissionSetArn: set})
	call(ctx, p, "sso-admin:ListManagedPoliciesInPermissionSet", client.ListManagedPoliciesInPermissionSet, &ssoadmin.ListManagedPoliciesInPermissionSetInput{InstanceArn: instance, PermissionSetArn: set, MaxResults: many})
	call(ctx, p, "sso-admin:ListCustomerManagedPolicyReferencesInPermissionSet", client.ListCustomerManagedPolicyReferencesInPermissionSet, &ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetInput{InstanceArn: instance, PermissionSetArn: set, MaxResults: many})
	call(ctx, p, "sso-admin:GetInlinePolicyForPermissionSet", client.GetInlinePolicyForPermissionSet, &ssoadmin.GetInlinePolicyForPermissionSetInput{InstanceArn: instance, PermissionSetArn: set})
	call(ctx, p, "sso-admin:GetPermissionsBoundaryForPermissionSet", client.GetPermissionsBoundaryForPermissionSet, &ssoadmin.GetPermissionsBoundaryForPermissionSetInput{InstanceArn: instance, PermissionSetArn: set})
	var accounts []string
	for _, page := range call(ctx, p, "sso-admin:ListAccountsForProvisionedPermissionSet", client.ListAccountsForProvisionedPermissionSet, &ssoadmin.ListAccountsForProvisionedPermissionSetInput{InstanceArn: instance, PermissionSetArn: set, MaxResults: many}) {
		accounts = append(accounts, page.AccountIds...)
	}
	for _, account := range accounts {
		call(ctx, p, "sso-admin:ListAccountAssignments", client.ListAccountAssignments, &ssoadmin.ListAccountAssignmentsInput{InstanceArn: instance, PermissionSetArn: set, AccountId: aws.String(account), MaxResults: many})
	}
}

// readDirectory reads the users and groups of a directory. Of people nothing is kept but ids and the names they sign in with: the
// operation table names all other members as secret.
func readDirectory(ctx context.Context, p *place, store *string) {
	client := identitystore.NewFromConfig(p.config)
	many := aws.Int32(100)
	call(ctx, p, "identitystore:ListUsers", client.ListUsers, &identitystore.ListUsersInput{IdentityStoreId: store, MaxResults: many})
	var groups []*string
	for _, page := range call(ctx, p, "identitystore:ListGroups", client.ListGroups, &identitystore.ListGroupsInput{IdentityStoreId: store, MaxResults: many}) {
		for _, g := range page.Groups {
			groups = append(groups, g.GroupId)
		}
	}
	each(groups, itemsAtOnce, func(group *string) {
		call(ctx, p, "identitystore:ListGroupMemberships", client.ListGroupMemberships, &identitystore.ListGroupMembershipsInput{IdentityStoreId: store, GroupId: group, MaxResults: many})
	})
}
