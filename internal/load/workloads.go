package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// workloads reads what runs as a role and of which little else matters, service by service.
func (l *loader) workloads() {
	l.buildProjects()
	l.stacks()
	l.stackSets()
	l.glue()
	l.stateMachines()
	l.appRunnerServices()
	l.jobDefinitions()
	l.notebooks()
	l.agentCore()
	l.estate.Workloads = byKey(l.estate.Workloads)
}

func (l *loader) workload(p estate.Place, kind, id, arn string, roles estate.Known[[]estate.RoleUse]) *estate.Workload {
	w := &estate.Workload{Resource: l.stored(p, kind, id, arn), Roles: roles}
	l.estate.Workloads = append(l.estate.Workloads, w)
	return w
}

// uses lists the roles that are given, in pairs of what for and ARN.
func uses(pairs ...string) []estate.RoleUse {
	var all []estate.RoleUse
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			all = append(all, estate.RoleUse{For: pairs[i], ARN: pairs[i+1]})
		}
	}
	slices.SortFunc(all, func(a, b estate.RoleUse) int {
		return cmp.Or(strings.Compare(a.ARN, b.ARN), strings.Compare(a.For, b.For))
	})
	return slices.Compact(all)
}

// describedRoles are the roles that a call about one workload tells.
func describedRoles[Page any](l *loader, p estate.Place, op operation.ID, id string, read func(Page) []estate.RoleUse) estate.Known[[]estate.RoleUse] {
	return about(l, p, op, id, func(pages []Page) []estate.RoleUse { return read(last(pages)) })
}

func (l *loader) buildProjects() {
	type projectList struct {
		Projects []struct {
			Name, Arn, ServiceRole, ResourceAccessRole string
			BuildBatchConfig                           struct{ ServiceRole string }
			VpcConfig                                  struct {
				VpcID            string `json:"vpcId"`
				Subnets          []string
				SecurityGroupIDs []string `json:"securityGroupIds"`
			}
		}
	}
	each(l, "codebuild:BatchGetProjects", func(p estate.Place, page *projectList) {
		for _, b := range page.Projects {
			w := l.workload(p, "build-project", b.Name, cmp.Or(b.Arn, arn("codebuild", p, "project/"+b.Name)), estate.Know(uses(
				"serviceRole", b.ServiceRole, "buildBatchConfig.serviceRole", b.BuildBatchConfig.ServiceRole, "resourceAccessRole", b.ResourceAccessRole)))
			w.VPC, w.Subnets, w.SecurityGroups = b.VpcConfig.VpcID, sorted(b.VpcConfig.Subnets), sorted(b.VpcConfig.SecurityGroupIDs)
		}
	})
}

func (l *loader) stacks() {
	type stackList struct {
		Stacks []struct {
			StackID     string `json:"StackId"`
			StackName   string
			RoleARN     string
			StackStatus string
			Tags        []tag
		}
	}
	each(l, "cloudformation:DescribeStacks", func(p estate.Place, page *stackList) {
		for _, s := range page.Stacks {
			w := l.workload(p, "stack", cmp.Or(s.StackName, s.StackID), s.StackID, estate.Know(uses("RoleARN", s.RoleARN)))
			w.Labels = estate.Know(tagMap(s.Tags))
			w.Inactive = strings.HasPrefix(s.StackStatus, "DELETE_") && s.StackStatus != "DELETE_FAILED"
		}
	})
}

// stackSets reads those that are in force. One that the organisation manages acts as roles that AWS made for it; one that an account
// manages acts as its administration role, which takes on the execution role of each account that it writes to.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-prereqs-self-managed.html
func (l *loader) stackSets() {
	type setList struct {
		Summaries []struct {
			StackSetName, Status string
			StackSetID           string `json:"StackSetId"`
		}
	}
	type description struct {
		StackSet struct {
			AdministrationRoleARN, StackSetARN string
			Tags                               []tag
		}
	}
	const describe operation.ID = "cloudformation:DescribeStackSet"
	each(l, "cloudformation:ListStackSets", func(p estate.Place, page *setList) {
		for _, s := range page.Summaries {
			if s.Status == "DELETED" {
				continue
			}
			w := l.workload(p, "stack-set", s.StackSetName, arn("cloudformation", p, "stackset/"+s.StackSetID), describedRoles(l, p, describe, s.StackSetName,
				func(d description) []estate.RoleUse {
					return uses("AdministrationRoleARN", d.StackSet.AdministrationRoleARN)
				}))
			d, known := about(l, p, describe, s.StackSetName, func(pages []description) description { return last(pages) }).Value()
			if known {
				w.Labels = estate.Know(tagMap(d.StackSet.Tags))
			}
		}
	})
}

// glue reads jobs and development endpoints. A job's role goes by its ARN or its name alone.
func (l *loader) glue() {
	type jobList struct{ Jobs []struct{ Name, Role string } }
	each(l, "glue:GetJobs", func(p estate.Place, page *jobList) {
		for _, j := range page.Jobs {
			l.workload(p, "glue-job", j.Name, arn("glue", p, "job/"+j.Name), l.namedRole(p, "Role", j.Role))
		}
	})
	type endpointList struct {
		DevEndpoints []struct {
			EndpointName, RoleArn string
			SubnetID              string   `json:"SubnetId"`
			VpcID                 string   `json:"VpcId"`
			SecurityGroupIDs      []string `json:"SecurityGroupIds"`
		}
	}
	each(l, "glue:GetDevEndpoints", func(p estate.Place, page *endpointList) {
		for _, e := range page.DevEndpoints {
			w := l.workload(p, "glue-dev-endpoint", e.EndpointName, arn("glue", p, "devEndpoint/"+e.EndpointName), l.namedRole(p, "RoleArn", e.RoleArn))
			if e.SubnetID != "" {
				w.VPC, w.Subnets, w.SecurityGroups = e.VpcID, []string{e.SubnetID}, sorted(e.SecurityGroupIDs)
			}
		}
	})
}

// namedRole is the use of a role that may go by its name alone: which path that has, if any, the details of the account say.
func (l *loader) namedRole(p estate.Place, what, name string) estate.Known[[]estate.RoleUse] {
	if name == "" || strings.HasPrefix(name, "arn:") {
		return estate.Know(uses(what, name))
	}
	for _, r := range l.estate.Roles {
		if r.Reference.Account == p.Account && r.Reference.ID == lastPart(name) {
			return estate.Know(uses(what, r.Reference.ARN))
		}
	}
	global := estate.Place{Account: p.Account, Region: estate.Global}
	if gap := l.estate.Reading(global, "iam:GetAccountAuthorizationDetails", "").Gap(); !l.estate.Complete(global, "iam:GetAccountAuthorizationDetails") {
		return estate.Unread[[]estate.RoleUse](gap)
	}
	return estate.Know(uses(what, "arn:"+estate.Partition(p.Region)+":iam::"+p.Account+":role/"+name)) // it is gone
}

func (l *loader) stateMachines() {
	type machineList struct {
		StateMachines []struct{ Name, StateMachineArn string }
	}
	type description struct{ RoleArn string }
	each(l, "stepfunctions:ListStateMachines", func(p estate.Place, page *machineList) {
		for _, m := range page.StateMachines {
			name := m.Name
			if name == "" {
				name = m.StateMachineArn[strings.LastIndexByte(m.StateMachineArn, ':')+1:]
			}
			l.workload(p, "state-machine", name, m.StateMachineArn, describedRoles(l, p, "stepfunctions:DescribeStateMachine", m.StateMachineArn,
				func(d description) []estate.RoleUse { return uses("roleArn", d.RoleArn) }))
		}
	})
}

func (l *loader) appRunnerServices() {
	type serviceList struct {
		ServiceSummaryList []struct{ ServiceName, ServiceArn, Status string }
	}
	type description struct {
		Service struct {
			InstanceConfiguration struct{ InstanceRoleArn string }
			SourceConfiguration   struct {
				AuthenticationConfiguration struct{ AccessRoleArn string }
			}
		}
	}
	each(l, "apprunner:ListServices", func(p estate.Place, page *serviceList) {
		for _, s := range page.ServiceSummaryList {
			if s.Status == "DELETED" {
				continue // shown for a while
			}
			// Another service may have the name of one that is gone, so the id is what follows "service/": NAME/ID.
			_, id, _ := strings.Cut(s.ServiceArn, ":service/")
			w := l.workload(p, "app-runner-service", cmp.Or(id, s.ServiceName), s.ServiceArn, describedRoles(l, p, "apprunner:DescribeService", s.ServiceArn,
				func(d description) []estate.RoleUse {
					return uses("InstanceRoleArn", d.Service.InstanceConfiguration.InstanceRoleArn,
						"AccessRoleArn", d.Service.SourceConfiguration.AuthenticationConfiguration.AccessRoleArn)
				}))
			w.Reference.Name, w.Inactive = s.ServiceName, s.Status == "PAUSED"
		}
	})
}

func (l *loader) jobDefinitions() {
	type container struct{ JobRoleArn, ExecutionRoleArn string }
	type tasks struct {
		TaskProperties []struct{ TaskRoleArn, ExecutionRoleArn string }
	}
	type definitionList struct {
		JobDefinitions []struct {
			JobDefinitionName, JobDefinitionArn, Status string
			ContainerProperties                         container
			EcsProperties                               tasks
			NodeProperties                              struct {
				NodeRangeProperties []struct {
					Container     container
					EcsProperties tasks
				}
			}
		}
	}
	each(l, "batch:DescribeJobDefinitions", func(p estate.Place, page *definitionList) {
		for _, d := range page.JobDefinitions {
			containers, ecs := []container{d.ContainerProperties}, []tasks{d.EcsProperties}
			for _, n := range d.NodeProperties.NodeRangeProperties {
				containers, ecs = append(containers, n.Container), append(ecs, n.EcsProperties)
			}
			var pairs []string
			for _, c := range containers {
				pairs = append(pairs, "jobRoleArn", c.JobRoleArn, "executionRoleArn", c.ExecutionRoleArn)
			}
			for _, e := range ecs {
				for _, t := range e.TaskProperties {
					pairs = append(pairs, "taskRoleArn", t.TaskRoleArn, "executionRoleArn", t.ExecutionRoleArn)
				}
			}
			w := l.workload(p, "job-definition", cmp.Or(lastPart(d.JobDefinitionArn), d.JobDefinitionName), d.JobDefinitionArn, estate.Know(uses(pairs...)))
			w.Inactive = d.Status == "INACTIVE"
		}
	})
}

func (l *loader) notebooks() {
	type notebookList struct {
		NotebookInstances []struct{ NotebookInstanceName, NotebookInstanceArn, NotebookInstanceStatus string }
	}
	type description struct {
		RoleArn        string
		SubnetID       string `json:"SubnetId"`
		SecurityGroups []string
	}
	const describe operation.ID = "sagemaker:DescribeNotebookInstance"
	each(l, "sagemaker:ListNotebookInstances", func(p estate.Place, page *notebookList) {
		for _, n := range page.NotebookInstances {
			w := l.workload(p, "notebook", n.NotebookInstanceName, n.NotebookInstanceArn, describedRoles(l, p, describe, n.NotebookInstanceName,
				func(d description) []estate.RoleUse { return uses("RoleArn", d.RoleArn) }))
			w.Inactive = n.NotebookInstanceStatus != "InService"
			d, _ := about(l, p, describe, n.NotebookInstanceName, func(pages []description) description { return last(pages) }).Value()
			if d.SubnetID != "" {
				w.Subnets, w.SecurityGroups = []string{d.SubnetID}, sorted(d.SecurityGroups)
			}
		}
	})
}

// agentCore reads the runtimes of agents, the interpreters of code and the browsers of Bedrock AgentCore. Those of AWS that
// everybody has run as no role of the account.
func (l *loader) agentCore() {
	type runtimeList struct {
		AgentRuntimes []struct {
			AgentRuntimeID, AgentRuntimeArn, AgentRuntimeName string
		}
	}
	type description struct{ RoleArn, ExecutionRoleArn string }
	roles := func(d description) []estate.RoleUse {
		return uses("roleArn", d.RoleArn, "executionRoleArn", d.ExecutionRoleArn)
	}
	each(l, "bedrock-agentcore-control:ListAgentRuntimes", func(p estate.Place, page *runtimeList) {
		for _, r := range page.AgentRuntimes {
			w := l.workload(p, "agent-runtime", r.AgentRuntimeID, r.AgentRuntimeArn, describedRoles(l, p, "bedrock-agentcore-control:GetAgentRuntime", r.AgentRuntimeID, roles))
			w.Reference.Name = r.AgentRuntimeName
		}
	})
	type interpreterList struct {
		CodeInterpreterSummaries []struct {
			CodeInterpreterID, CodeInterpreterArn, Name string
		}
	}
	each(l, "bedrock-agentcore-control:ListCodeInterpreters", func(p estate.Place, page *interpreterList) {
		for _, r := range page.CodeInterpreterSummaries {
			if strings.HasPrefix(r.CodeInterpreterID, "aws.") {
				continue
			}
			w := l.workload(p, "code-interpreter", r.CodeInterpreterID, r.CodeInterpreterArn, describedRoles(l, p, "bedrock-agentcore-control:GetCodeInterpreter", r.CodeInterpreterID, roles))
			w.Reference.Name = r.Name
		}
	})
	type browserList struct {
		BrowserSummaries []struct{ BrowserID, BrowserArn, Name string }
	}
	each(l, "bedrock-agentcore-control:ListBrowsers", func(p estate.Place, page *browserList) {
		for _, r := range page.BrowserSummaries {
			if strings.HasPrefix(r.BrowserID, "aws.") {
				continue
			}
			w := l.workload(p, "browser", r.BrowserID, r.BrowserArn, describedRoles(l, p, "bedrock-agentcore-control:GetBrowser", r.BrowserID, roles))
			w.Reference.Name = r.Name
		}
	})
}
