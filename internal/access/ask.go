package access

import (
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// Of reads an estate as controls do: what nobody asked for is unknown, as what was denied is.
func Of(e *estate.Estate) *World { return New(e, Options{}) }

// Needs are the operations that answers may rest on, sorted: who there is, what binds them, whom resources let in, and what runs as whom.
func Needs() []operation.ID {
	needs := []operation.ID{
		"iam:GetAccountAuthorizationDetails", "iam:GetCredentialReport", "iam:ListMFADevices", "resourcegroupstaggingapi:GetResources",

		"organizations:DescribeOrganization", "organizations:ListAccounts", "organizations:ListPolicies", "organizations:DescribePolicy",
		"organizations:ListTargetsForPolicy", "organizations:ListRoots", "organizations:ListOrganizationalUnitsForParent",
		"organizations:ListAccountsForParent", "organizations:ListDelegatedAdministrators", "organizations:ListDelegatedServicesForAccount",

		"s3:ListBuckets", "s3:GetBucketPolicy", "s3:GetBucketAcl", "s3:GetBucketOwnershipControls", "s3:GetPublicAccessBlock",
		"s3control:GetPublicAccessBlock", "s3control:ListAccessPoints", "s3control:GetAccessPoint", "s3control:GetAccessPointPolicy", "kms:ListKeys", "kms:GetKeyPolicy", "kms:ListGrants", "kms:ListAliases",
		"efs:DescribeFileSystems", "efs:DescribeFileSystemPolicy", "events:ListEventBuses", "opensearch:ListDomainNames", "opensearch:DescribeDomain", logPolicies,
		"sqs:ListQueues", "sqs:GetQueueAttributes", "sns:ListTopics", "sns:GetTopicAttributes",
		"secretsmanager:ListSecrets", "secretsmanager:GetResourcePolicy", "ecr:DescribeRepositories", "ecr:GetRepositoryPolicy",
		"lambda:ListFunctions", "lambda:GetPolicy", "backup:ListBackupVaults", "backup:GetBackupVaultAccessPolicy",
		"dynamodb:ListTables", "dynamodb:GetResourcePolicy",

		"ec2:DescribeInstances", "ec2:GetSerialConsoleAccessStatus", "ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions",
		"autoscaling:DescribeAutoScalingGroups", "ssm:DescribeInstanceInformation", "ecs:ListClusters", "ecs:ListTasks", "ecs:DescribeTasks", "ecs:DescribeTaskDefinition",
		"eks:ListClusters", "eks:DescribeCluster", "eks:ListNodegroups", "eks:DescribeNodegroup", "eks:ListPodIdentityAssociations", "eks:DescribePodIdentityAssociation",
		"eks:ListAccessEntries", "eks:ListAssociatedAccessPolicies", "iam:ListOpenIDConnectProviders", "iam:GetOpenIDConnectProvider",
		"cognito-identity:ListIdentityPools", "cognito-identity:DescribeIdentityPool", "cognito-identity:GetIdentityPoolRoles",
		"codebuild:ListProjects", "stepfunctions:DescribeStateMachine", "apprunner:DescribeService", "sagemaker:DescribeNotebookInstance",
		"bedrock-agentcore-control:GetAgentRuntime", "bedrock-agentcore-control:GetCodeInterpreter", "bedrock-agentcore-control:GetBrowser",
	}
	for _, k := range estate.WorkloadKinds {
		needs = append(needs, k.Listing)
	}
	slices.Sort(needs)
	return slices.Compact(needs)
}

// ByARN returns a principal, or nil.
func (w *World) ByARN(arn string) *Principal { return w.byARN[arn] }

// CanMake says whether a principal may do an action on something that does not exist yet and that it names as it likes, in its own account,
// with the values of condition keys that are given (nil for a key that is not in the request).
func (w *World) CanMake(p *Principal, action string, given map[string][]string) (Strength, []Answer) {
	return w.asItIs().checkNew(p, action, p.Account, given)
}

// CanWith decides one question with values of condition keys that are given, and others that the caller may choose.
func (w *World) CanWith(p *Principal, action, resource string, given map[string][]string) (Strength, Answer) {
	return w.asItIs().check(p, action, resource, given)
}

// StoreAction is one action on a store, and what it does to the data: "reads", "writes" or "destroys".
type StoreAction struct{ Action, Resource, Effect string }

// StoreActions are the actions on a store that have an effect, by its ARN; none for what is no store.
func StoreActions(arn, effect string) []StoreAction {
	var all []StoreAction
	for _, a := range storeActions(arn) {
		if a.effect == effect {
			all = append(all, StoreAction{a.action, a.resource, a.effect})
		}
	}
	return all
}

// Starts are the ways to start something that runs as a role which trusts a service: the actions that each takes.
func Starts(service string) []*Technique {
	var all []*Technique
	for _, t := range techniques {
		if t.Rule == "new" && !t.Ended && slices.Contains(t.Trusts, strings.TrimSuffix(service, chinese)) {
			all = append(all, t)
		}
	}
	return all
}

// ActsAs are the principals that another can surely act as, in any number of steps, itself the first.
func (w *World) ActsAs(p *Principal) []*Principal {
	f := w.fieldOf(false)
	n, ok := f.byARN[p.ARN]
	if !ok {
		return []*Principal{p}
	}
	all, seen := []*Principal{p}, map[int]bool{n: true}
	for queue := []int{n}; len(queue) > 0; queue = queue[1:] {
		f.steps(queue[0], Yes, func(m move, _ Strength) {
			if !seen[m.to] {
				seen[m.to] = true
				all, queue = append(all, f.nodes[m.to].p), append(queue, m.to)
			}
		})
	}
	return all
}
