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

		"s3:ListBuckets", "s3:GetBucketPolicy", "kms:ListKeys", "kms:GetKeyPolicy", "kms:ListGrants", "kms:ListAliases",
		"sqs:ListQueues", "sqs:GetQueueAttributes", "sns:ListTopics", "sns:GetTopicAttributes",
		"secretsmanager:ListSecrets", "secretsmanager:GetResourcePolicy", "ecr:DescribeRepositories", "ecr:GetRepositoryPolicy",
		"lambda:ListFunctions", "lambda:GetPolicy", "backup:ListBackupVaults", "backup:GetBackupVaultAccessPolicy",
		"dynamodb:ListTables", "dynamodb:GetResourcePolicy",

		"ec2:DescribeInstances", "ec2:GetSerialConsoleAccessStatus", "ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions",
		"autoscaling:DescribeAutoScalingGroups", "ssm:DescribeInstanceInformation", "ecs:ListClusters", "ecs:ListTasks", "ecs:DescribeTasks", "ecs:DescribeTaskDefinition",
		"codebuild:ListProjects", "stepfunctions:DescribeStateMachine", "apprunner:DescribeService", "sagemaker:DescribeNotebookInstance",
		"bedrock-agentcore-control:GetAgentRuntime", "bedrock-agentcore-control:GetCodeInterpreter", "bedrock-agentcore-control:GetBrowser",
	}
	for _, k := range estate.WorkloadKinds {
		needs = append(needs, k.Listing)
	}
	slices.Sort(needs)
	return slices.Compact(needs)
}

// Reaching is Escalate, made once for each goal: several controls ask the same.
func (w *World) Reaching(g Goal) *Escalation {
	key := g.Kind + " " + strings.Join(g.Stores, " ")
	w.mu.Lock()
	e := w.reaching[key]
	w.mu.Unlock()
	if e == nil {
		e = w.Escalate(g)
		w.mu.Lock()
		if w.reaching == nil {
			w.reaching = map[string]*Escalation{}
		}
		w.reaching[key] = e
		w.mu.Unlock()
	}
	return e
}

// ByARN returns a principal, or nil.
func (w *World) ByARN(arn string) *Principal { return w.byARN[arn] }
