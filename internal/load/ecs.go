package load

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// containers reads the clusters of ECS with their services and running tasks. Tags are told by the tagging API alone.
func (l *loader) containers() {
	type clusterList struct{ ClusterArns []string }
	each(l, "ecs:ListClusters", func(p estate.Place, page *clusterList) {
		for _, cluster := range page.ClusterArns {
			name := lastPart(cluster)
			l.estate.ContainerClusters = append(l.estate.ContainerClusters, &estate.ContainerCluster{
				Resource: estate.Resource{
					Reference: estate.Ref{Kind: "container-cluster", Account: p.Account, Region: p.Region, ID: name, ARN: cluster, Name: name},
					Labels:    l.tagsOf(p, cluster),
				},
				Services: l.containerServices(p, cluster),
				Tasks:    l.containerTasks(p, cluster),
			})
		}
	})
	l.estate.ContainerClusters = byKey(l.estate.ContainerClusters)
	l.estate.ContainerServices = byKey(l.estate.ContainerServices)
	l.estate.ContainerTasks = byKey(l.estate.ContainerTasks)
	l.taskDefinitions()
}

// failure is a service or task of which AWS told nothing: one that is MISSING is gone since it was listed.
type failure struct {
	Arn    string
	Reason string
}

func (l *loader) containerServices(p estate.Place, cluster string) estate.Known[[]string] {
	type arnList struct{ ServiceArns []string }
	type description struct {
		Services []struct {
			ServiceArn           string
			ServiceName          string
			Status               string
			LaunchType           string
			TaskDefinition       string
			EnableExecuteCommand bool
			NetworkConfiguration struct {
				AwsvpcConfiguration *struct {
					Subnets        []string
					SecurityGroups []string
					AssignPublicIP string `json:"assignPublicIp"`
				}
			}
			LoadBalancers []struct{ TargetGroupArn string }
		}
		Failures []failure
	}
	listed := about(l, p, "ecs:ListServices", cluster, func(pages []arnList) (arns []string) {
		for _, page := range pages {
			arns = append(arns, page.ServiceArns...)
		}
		return arns
	})
	return describedOf(l, p, cluster, listed, "ecs:DescribeServices", func(pages []description) (all, gone []string) {
		for _, page := range pages {
			for _, f := range page.Failures {
				if f.Reason == "MISSING" {
					gone = append(gone, f.Arn)
				}
			}
			for _, s := range page.Services {
				if s.Status == "INACTIVE" { // deleted, and shown for a while
					gone = append(gone, s.ServiceArn)
					continue
				}
				name := s.ServiceName
				if name == "" {
					name = lastPart(s.ServiceArn)
				}
				x := &estate.ContainerService{
					Resource: estate.Resource{
						Reference: estate.Ref{Kind: "container-service", Account: p.Account, Region: p.Region, ID: lastPart(cluster) + "/" + name, ARN: s.ServiceArn, Name: name},
						Labels:    l.tagsOf(p, s.ServiceArn),
					},
					Cluster:    cluster,
					LaunchType: s.LaunchType,
					Definition: s.TaskDefinition,
					Exec:       s.EnableExecuteCommand,
				}
				if v := s.NetworkConfiguration.AwsvpcConfiguration; v != nil {
					x.Network, x.Subnets, x.SecurityGroups, x.PublicIP = "awsvpc", sorted(v.Subnets), sorted(v.SecurityGroups), v.AssignPublicIP == "ENABLED"
				}
				for _, b := range s.LoadBalancers {
					if b.TargetGroupArn != "" {
						x.TargetGroups = append(x.TargetGroups, b.TargetGroupArn)
					}
				}
				x.TargetGroups = distinct(x.TargetGroups)
				l.estate.ContainerServices = append(l.estate.ContainerServices, x)
				all = append(all, s.ServiceArn)
			}
		}
		return all, gone
	})
}

func (l *loader) containerTasks(p estate.Place, cluster string) estate.Known[[]string] {
	type arnList struct{ TaskArns []string }
	type description struct {
		Tasks []struct {
			TaskArn              string
			Group                string
			LastStatus           string
			ContainerInstanceArn string
			TaskDefinitionArn    string
			EnableExecuteCommand bool
			Overrides            struct{ TaskRoleArn, ExecutionRoleArn string }
			Attachments          []struct {
				Details []struct{ Name, Value string }
			}
		}
		Failures []failure
	}
	listed := about(l, p, "ecs:ListTasks", cluster, func(pages []arnList) (arns []string) {
		for _, page := range pages {
			arns = append(arns, page.TaskArns...)
		}
		return arns
	})
	return describedOf(l, p, cluster, listed, "ecs:DescribeTasks", func(pages []description) (all, gone []string) {
		for _, page := range pages {
			for _, f := range page.Failures {
				if f.Reason == "MISSING" {
					gone = append(gone, f.Arn)
				}
			}
			for _, t := range page.Tasks {
				if t.LastStatus == "STOPPED" {
					gone = append(gone, t.TaskArn)
					continue
				}
				x := &estate.ContainerTask{
					Resource: estate.Resource{
						Reference: estate.Ref{Kind: "container-task", Account: p.Account, Region: p.Region, ID: lastPart(t.TaskArn), ARN: t.TaskArn},
						Labels:    l.tagsOf(p, t.TaskArn),
					},
					Cluster:       cluster,
					Service:       t.Group,
					Host:          t.ContainerInstanceArn,
					Definition:    t.TaskDefinitionArn,
					Exec:          t.EnableExecuteCommand,
					TaskRole:      t.Overrides.TaskRoleArn,
					ExecutionRole: t.Overrides.ExecutionRoleArn,
				}
				for _, a := range t.Attachments {
					for _, d := range a.Details {
						if d.Name == "networkInterfaceId" && d.Value != "" {
							x.Interfaces = append(x.Interfaces, d.Value)
						}
					}
				}
				x.Interfaces = distinct(x.Interfaces)
				l.estate.ContainerTasks = append(l.estate.ContainerTasks, x)
				all = append(all, t.TaskArn)
			}
		}
		return all, gone
	})
}

// taskDefinitions reads those that services and running tasks have.
func (l *loader) taskDefinitions() {
	var arns []string
	for _, s := range l.estate.ContainerServices {
		arns = append(arns, s.Definition)
	}
	for _, t := range l.estate.ContainerTasks {
		arns = append(arns, t.Definition)
	}
	for _, definition := range distinct(arns) {
		parts := strings.SplitN(definition, ":", 6)
		if len(parts) < 6 {
			continue // no definition: a service whose tasks are deployed by somebody else
		}
		p := estate.Place{Account: parts[4], Region: parts[3]}
		x := &estate.TaskDefinition{Resource: l.stored(p, "task-definition", strings.TrimPrefix(parts[5], "task-definition/"), definition)}
		x.Description = l.taskDescription(p, definition)
		l.estate.TaskDefinitions = append(l.estate.TaskDefinitions, x)
	}
	l.estate.TaskDefinitions = byKey(l.estate.TaskDefinitions)
}

func (l *loader) taskDescription(p estate.Place, definition string) estate.Known[estate.TaskDescription] {
	type description struct {
		TaskDefinition struct {
			TaskRoleArn, ExecutionRoleArn, NetworkMode string
			RequiresCompatibilities                    []string
			ContainerDefinitions                       []struct {
				Privileged bool
				Secrets    []struct{ ValueFrom string }
			}
			Volumes []struct{ Host struct{ SourcePath string } }
		}
	}
	return about(l, p, "ecs:DescribeTaskDefinition", definition, func(pages []description) estate.TaskDescription {
		t := last(pages).TaskDefinition
		d := estate.TaskDescription{TaskRole: t.TaskRoleArn, ExecutionRole: t.ExecutionRoleArn, Network: t.NetworkMode, Launch: sorted(t.RequiresCompatibilities)}
		for _, c := range t.ContainerDefinitions {
			d.Privileged = d.Privileged || c.Privileged
			for _, s := range c.Secrets {
				d.Secrets = append(d.Secrets, s.ValueFrom)
			}
		}
		for _, v := range t.Volumes {
			if v.Host.SourcePath != "" {
				d.HostPaths = append(d.HostPaths, v.Host.SourcePath)
			}
		}
		d.Secrets, d.HostPaths = distinct(d.Secrets), distinct(d.HostPaths)
		return d
	})
}

// describedOf returns the ARNs of what is described of a cluster; unknown unless that is all that is listed, but for what is gone.
func describedOf[Page any](l *loader, p estate.Place, cluster string, listed estate.Known[[]string], op operation.ID, read func([]Page) (all, gone []string)) estate.Known[[]string] {
	var gone []string
	described := about(l, p, op, cluster, func(pages []Page) (all []string) {
		all, gone = read(pages)
		return distinct(all)
	})
	if gap, unread := listed.Unread(); unread {
		return estate.Unread[[]string](gap)
	}
	want, _ := listed.Value()
	if len(want) == 0 {
		if _, unread := described.Unread(); unread {
			return estate.Know([]string(nil)) // there was nothing to describe
		}
	}
	have, ok := described.Value()
	if !ok {
		return described
	}
	missing := 0
	for _, arn := range want {
		if _, ok := slices.BinarySearch(have, arn); !ok && !slices.Contains(gone, arn) {
			missing++
		}
	}
	if missing > 0 {
		return estate.Unread[[]string](estate.Gap{Place: p, Operation: op, About: cluster, Outcome: operation.OK,
			Why: fmt.Sprintf("of %d that were listed in cluster %s, %s does not tell of %d", len(want), lastPart(cluster), op, missing)})
	}
	return described
}

// lastPart is what follows the last slash.
func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
