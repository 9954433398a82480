package estate

import (
	"strings"

	"github.com/onus-cloud/onus/internal/operation"
)

// Workload is something that runs as a role and of which little else is read: a build project, a stack, a notebook, a state
// machine. Who may change it or start it may have the role do as he likes. The kinds of references are those of WorkloadKinds.
type Workload struct {
	Resource
	// Roles are those that it has now, sorted; none where it acts as whoever uses it, as a stack may.
	Roles Known[[]RoleUse]
	// Inactive is what cannot be used as it stands: a stack that is being deleted, a stopped notebook.
	Inactive bool
	// VPC is where it runs, if in one of the account's and AWS says so.
	VPC            string
	Subnets        []string // sorted
	SecurityGroups []string // ids, sorted
}

// RoleUse is a role of a workload and what it has it for.
type RoleUse struct {
	ARN string
	For string // as the service calls it: "serviceRole", "roleArn", "executionRoleArn", "InstanceRoleArn"
}

// WorkloadKinds are the kinds of workloads' references, the prefix of the actions that change them, and the listing that tells
// which there are: nothing is known of a kind at a place where that is not complete.
var WorkloadKinds = []struct {
	Kind, Service string
	Listing       operation.ID
}{
	{"build-project", "codebuild", "codebuild:BatchGetProjects"},
	{"stack", "cloudformation", "cloudformation:DescribeStacks"},
	{"stack-set", "cloudformation", "cloudformation:ListStackSets"},
	{"glue-job", "glue", "glue:GetJobs"},
	{"glue-dev-endpoint", "glue", "glue:GetDevEndpoints"},
	{"state-machine", "states", "stepfunctions:ListStateMachines"},
	{"app-runner-service", "apprunner", "apprunner:ListServices"},
	{"job-definition", "batch", "batch:DescribeJobDefinitions"},
	{"notebook", "sagemaker", "sagemaker:ListNotebookInstances"},
	{"agent-runtime", "bedrock-agentcore", "bedrock-agentcore-control:ListAgentRuntimes"},
	{"code-interpreter", "bedrock-agentcore", "bedrock-agentcore-control:ListCodeInterpreters"},
	{"browser", "bedrock-agentcore", "bedrock-agentcore-control:ListBrowsers"},
}

// Workload returns a workload of a place by its kind and id, or nil.
func (c *Compute) Workload(p Place, kind, id string) *Workload { return find(c.Workloads, p, kind, id) }

// TaskDefinition is one revision of a task definition of ECS: one that a service or a running task has. Others are not read.
type TaskDefinition struct {
	Resource // ID is "family:revision"
	// Description is what DescribeTaskDefinition says.
	Description Known[TaskDescription]
}

// TaskDescription is as whom tasks run and how.
type TaskDescription struct {
	TaskRole      string   // ARN: what its containers are; empty for none
	ExecutionRole string   // ARN: what ECS is when it fetches the image and secrets; empty for none
	Network       string   // "awsvpc", "bridge", "host", "none"
	Launch        []string // "EC2", "FARGATE", ..., sorted
	Privileged    bool     // some container may do whatever its host may
	Secrets       []string // ARNs or names of secrets and parameters that its containers are given, sorted
	HostPaths     []string // of its host that it mounts, sorted
}

// TaskDefinition returns the task definition of that ARN, or nil.
func (c *Compute) TaskDefinition(arn string) *TaskDefinition {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return nil
	}
	return find(c.TaskDefinitions, Place{parts[4], parts[3]}, "task-definition", strings.TrimPrefix(parts[5], "task-definition/"))
}

// NodeGroup is a group of hosts that EKS keeps for a cluster. The hosts are among the instances.
type NodeGroup struct {
	Name string
	// Description is what DescribeNodegroup says.
	Description Known[NodeGroupDescription]
}

// NodeGroupDescription is as whom the hosts run and who may open them.
type NodeGroupDescription struct {
	Role              string // ARN
	KeyPair           string // for SSH; empty for none
	AutoScalingGroups []string
	Template          TemplateVersion
}

// PodIdentity gives a service account of a cluster a role.
type PodIdentity struct {
	ID                        string
	Namespace, ServiceAccount string
	// Role is told by a call of its own.
	Role Known[string] // ARN
}

// AccessEntry is a principal that may speak to a Kubernetes cluster.
type AccessEntry struct {
	Principal string // ARN
	// Detail is what DescribeAccessEntry says.
	Detail Known[AccessEntryDetail]
	// Policies are what EKS itself lets it do.
	Policies Known[[]AccessPolicy]
}

// AccessEntryDetail is who the principal is inside of the cluster.
type AccessEntryDetail struct {
	Type   string   // "STANDARD", "EC2_LINUX", "FARGATE_LINUX", ...
	User   string   // of Kubernetes
	Groups []string // of Kubernetes, sorted
}

// AccessPolicy is a policy of EKS that an entry has.
type AccessPolicy struct {
	ARN        string   // "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
	Scope      string   // "cluster", "namespace"
	Namespaces []string // sorted; of the second
}

// EventSource calls a function with what it finds in a queue, a stream or a table.
type EventSource struct {
	Resource        // ID is a UUID
	Source   string // ARN; empty where the source has none
	Function string // ARN
	Enabled  bool
}
