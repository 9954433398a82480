package generate_test

import (
	"slices"
	"testing"

	"github.com/onus-cloud/onus/internal/generate"
	"github.com/onus-cloud/onus/internal/operation"
)

// unanswered are operations that the made-up company need not answer yet: what they would tell is unknown there. Whoever has it answer
// one, everywhere, takes it off the list.
var unanswered = []operation.ID{
	"apprunner:DescribeService", "apprunner:ListServices", "backup:GetBackupVaultAccessPolicy", "batch:DescribeJobDefinitions",
	"bedrock-agentcore-control:GetAgentRuntime", "bedrock-agentcore-control:GetBrowser", "bedrock-agentcore-control:GetCodeInterpreter",
	"bedrock-agentcore-control:ListAgentRuntimes", "bedrock-agentcore-control:ListBrowsers", "bedrock-agentcore-control:ListCodeInterpreters",
	"cloudformation:DescribeStacks", "codebuild:BatchGetProjects", "codebuild:ListProjects", "dynamodb:GetResourcePolicy",
	"ec2:DescribeInstanceConnectEndpoints", "ec2:GetSerialConsoleAccessStatus", "ecr:DescribeRepositories", "ecr:GetRepositoryPolicy",
	"ecs:DescribeTaskDefinition", "eks:DescribeAccessEntry", "eks:DescribeNodegroup", "eks:DescribePodIdentityAssociation", "eks:ListAccessEntries",
	"eks:ListAssociatedAccessPolicies", "eks:ListNodegroups", "eks:ListPodIdentityAssociations", "iam:GetOpenIDConnectProvider",
	"iam:GetServiceLastAccessedDetails", "iam:ListOpenIDConnectProviders", "iam:ListOrganizationsFeatures", "iam:ListSAMLProviders",
	"identitystore:ListGroupMemberships", "identitystore:ListGroups", "identitystore:ListUsers", "kms:GetKeyPolicy", "kms:ListAliases",
	"kms:ListGrants", "lambda:ListEventSourceMappings", "organizations:ListAccountsForParent", "organizations:ListDelegatedAdministrators",
	"organizations:ListDelegatedServicesForAccount", "organizations:ListOrganizationalUnitsForParent", "organizations:ListRoots",
	"s3control:GetAccessPoint", "s3control:GetAccessPointPolicy", "s3control:GetAccessPointPolicyStatus", "s3control:ListAccessPoints",
	"sagemaker:DescribeNotebookInstance", "sagemaker:ListNotebookInstances", "secretsmanager:GetResourcePolicy", "secretsmanager:ListSecrets",
	"sns:GetTopicAttributes", "sns:ListTopics", "sqs:GetQueueAttributes", "sqs:ListQueues", "ssm:DescribeParameters", "sso-admin:DescribePermissionSet",
	"sso-admin:GetInlinePolicyForPermissionSet", "sso-admin:GetPermissionsBoundaryForPermissionSet", "sso-admin:ListAccountAssignments",
	"sso-admin:ListAccountsForProvisionedPermissionSet", "sso-admin:ListCustomerManagedPolicyReferencesInPermissionSet", "sso-admin:ListInstances",
	"sso-admin:ListManagedPoliciesInPermissionSet", "sso-admin:ListPermissionSets", "stepfunctions:DescribeStateMachine",
	"stepfunctions:ListStateMachines",
}

// TestComplete: every listing of the table is answered everywhere, every other operation somewhere, and nothing twice.
func TestComplete(t *testing.T) {
	t.Parallel()
	set, _ := generate.Acme()
	answered, somewhere := map[string]bool{}, map[operation.ID]bool{}
	for r := range set.All() {
		key := r.Account + "/" + r.Region + " " + string(r.Operation) + " " + r.About()
		if answered[key] {
			t.Errorf("%s is answered twice", key)
		}
		answered[key], somewhere[r.Operation] = true, true
	}
	for _, op := range operation.All() {
		if !somewhere[op.ID] && slices.Contains(unanswered, op.ID) {
			continue
		}
		if !somewhere[op.ID] {
			t.Errorf("nothing answers %s", op.ID)
		}
		if !op.Lists() || op.Scope == operation.PerOrganization {
			continue
		}
		for _, account := range set.Scope.Accounts {
			var places []string
			if op.Scope != operation.PerAccount {
				places = append(places, "us-east-1", "eu-west-1")
			}
			if op.Scope != operation.PerRegion {
				places = append(places, "global")
			}
			for _, place := range places {
				if !answered[account+"/"+place+" "+string(op.ID)+" "] {
					t.Errorf("%s is not answered in %s/%s", op.ID, account, place)
				}
			}
		}
	}
}
