package permissions

import (
	"maps"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// Server is something that runs somebody's code and has a role: a host, a function, a task, a build project, a service account of a
// Kubernetes cluster. Whoever gets into it has what the role may do.
type Server struct {
	estate.Subject
	Noun string // "host", "function", "task"
	// Role is the ARN of its role: its task role, not the one with which ECS starts it.
	Role estate.Known[string] // absent where it has none
}

// ServerLists are the operations that list servers.
func ServerLists() []operation.ID {
	return []operation.ID{"ec2:DescribeInstances", "ecs:ListClusters", "lambda:ListFunctions"}
}

// ServerReads are the operations that tell their roles.
func ServerReads() []operation.ID {
	return []operation.ID{"iam:GetAccountAuthorizationDetails", "ecs:ListTasks", "ecs:DescribeTasks", "ecs:DescribeTaskDefinition"}
}

// Servers are all servers, by the key of their reference. Stopped hosts are servers: somebody will start them.
func Servers(e *estate.Estate) []Server {
	var all []Server
	for _, i := range e.Instances {
		all = append(all, Server{i, "host", profileRole(e, i)})
	}
	for _, f := range e.Functions {
		role := estate.Know(f.Role)
		if f.Role == "" {
			role = estate.None[string]()
		}
		all = append(all, Server{f, "function", role})
	}
	for _, t := range e.ContainerTasks {
		all = append(all, Server{t, "task", taskRole(e, t)})
	}
	slices.SortStableFunc(all, func(a, b Server) int { return strings.Compare(a.Ref().Key(), b.Ref().Key()) })
	return all
}

func profileRole(e *estate.Estate, i *estate.Instance) estate.Known[string] {
	if i.Profile == "" {
		return estate.None[string]()
	}
	account := i.Ref().Account
	if parts := strings.SplitN(i.Profile, ":", 6); len(parts) == 6 {
		account = parts[4]
	}
	if roles := e.ProfileRoles(account, i.Profile); len(roles) > 0 {
		return estate.Know(roles[0].Ref().ARN)
	}
	place := estate.Place{Account: account, Region: estate.Global}
	reading := e.Reading(place, "iam:GetAccountAuthorizationDetails", "")
	if reading.Outcome.Complete() {
		return estate.None[string]() // a profile without a role, or one that is gone
	}
	return estate.Unread[string](reading.Gap())
}

func taskRole(e *estate.Estate, t *estate.ContainerTask) estate.Known[string] {
	if t.TaskRole != "" {
		return estate.Know(t.TaskRole)
	}
	d := e.TaskDefinition(t.Definition)
	if d == nil {
		return estate.Unread[string](estate.Gap{Place: t.Place(), Operation: "ecs:DescribeTaskDefinition", About: t.Definition})
	}
	description, known := d.Description.Value()
	switch gap, _ := d.Description.Unread(); {
	case !known:
		return estate.Unread[string](gap)
	case description.TaskRole == "":
		return estate.None[string]()
	}
	return estate.Know(description.TaskRole)
}

// ByRole gathers servers by the ARN of their role, and returns the ARNs, sorted.
func ByRole(servers []Server) (roles []string, of map[string][]Server) {
	of = map[string][]Server{}
	for _, s := range servers {
		if role, ok := s.Role.Value(); ok {
			of[role] = append(of[role], s)
		}
	}
	return slices.Sorted(maps.Keys(of)), of
}

// ServerGaps are what would have told of more servers of an account, or of their roles.
func ServerGaps(e *estate.Estate, servers []Server, account string) []estate.Gap {
	var gaps []estate.Gap
	for _, op := range ServerLists() {
		for _, gap := range e.Gaps(op) {
			if gap.Account == account || gap.Account == "*" {
				gaps = append(gaps, gap)
			}
		}
	}
	for _, c := range e.ContainerClusters {
		if gap, unread := c.Tasks.Unread(); unread && c.Ref().Account == account {
			gaps = append(gaps, gap)
		}
	}
	for _, s := range servers {
		if gap, unread := s.Role.Unread(); unread && s.Ref().Account == account {
			gaps = append(gaps, gap)
		}
	}
	return gaps
}
