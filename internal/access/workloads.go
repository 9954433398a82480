package access

import (
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// Workload is something that exists and runs as a role: who may change it, or open a shell on it, may act as the role.
type Workload struct {
	Kind    string // "instance", "function", "task", "build-project", ...
	ARN     string
	Ref     estate.Ref
	Account string
	Region  string
	Role    string // ARN; empty where it has none
	// Unread says what would have told something about it that a step needs, by what needs it; see opens.
	unread map[string]string
	bars   map[string]bool // what surely does not work on it: "ssm", "exec", "serial", "entry"
	// cluster is the Kubernetes cluster in which it runs; nil for what runs in none.
	cluster *cluster
	pool    *estate.IdentityPool // nil for what is none
}

// listings are the calls that tell the workloads of a kind. A kind that has none is not read at all.
var listings = map[string]operation.ID{
	"instance": "ec2:DescribeInstances", "function": "lambda:ListFunctions", "task": "ecs:ListTasks", "launch-template": "ec2:DescribeLaunchTemplates",
	"auto-scaling-group": "autoscaling:DescribeAutoScalingGroups", "container-cluster": "ecs:ListClusters", clusterKind: "eks:ListClusters",
	poolKind: "cognito-identity:ListIdentityPools",
}

// listing is the call that tells the workloads of a kind, or none.
func listing(kind string) operation.ID {
	if id, ok := listings[kind]; ok {
		return id
	}
	for _, k := range estate.WorkloadKinds {
		if k.Kind == kind {
			return k.Listing
		}
	}
	return ""
}

// listWorkloads gathers what runs as a role.
func (w *World) listWorkloads() []*Workload {
	var all []*Workload
	profile := map[string]string{} // role by account and profile, named by ARN and by name
	for _, r := range w.estate.Roles {
		for _, arn := range r.Profiles {
			profile[r.Reference.Account+" "+arn] = r.Reference.ARN
			profile[r.Reference.Account+" "+arn[strings.LastIndexByte(arn, '/')+1:]] = r.Reference.ARN
		}
	}
	add := func(r estate.Ref, role string) *Workload {
		x := &Workload{Kind: r.Kind, ARN: ARNOf(r), Ref: r, Account: r.Account, Region: r.Region, Role: role, unread: map[string]string{}, bars: map[string]bool{}}
		all = append(all, x)
		return x
	}
	for _, i := range w.estate.Instances {
		x := add(i.Reference, profile[i.Reference.Account+" "+i.Profile])
		if _, managed := i.Managed.Value(); !managed {
			if gap, unread := i.Managed.Unread(); unread {
				x.unread["ssm"] = gap.String()
			} else {
				x.bars["ssm"] = true
			}
		}
		serial := w.estate.DefaultsOf(i.Place()).SerialConsole
		if on, ok := serial.Value(); ok {
			x.bars["serial"] = !on
		} else if gap, unread := serial.Unread(); unread {
			x.unread["serial"] = gap.String()
			if gap.Operation == "" {
				x.unread["serial"] = "whether the serial console is open in " + i.Place().String() + " was not read (ec2:GetSerialConsoleAccessStatus)"
			}
		}
	}
	for _, f := range w.estate.Functions {
		add(f.Reference, f.Role)
	}
	for _, t := range w.estate.ContainerTasks {
		role := t.TaskRole
		if d := w.estate.TaskDefinition(t.Definition); role == "" && d != nil {
			if is, ok := d.Description.Value(); ok {
				role = is.TaskRole
			}
		}
		x := add(t.Reference, role)
		x.bars["exec"] = !t.Exec
	}
	for _, t := range w.estate.LaunchTemplates {
		for _, v := range t.Versions {
			if role := profile[t.Reference.Account+" "+v.Profile]; role != "" && v.Profile != "" {
				add(t.Reference, role)
				break
			}
		}
	}
	for _, g := range w.estate.AutoScalingGroups {
		add(g.Reference, "")
	}
	for _, c := range w.estate.ContainerClusters {
		add(c.Reference, "")
	}
	for _, x := range w.estate.Workloads {
		roles, known := x.Roles.Value()
		if gap, unread := x.Roles.Unread(); unread {
			add(x.Reference, "").unread["role"] = gap.String()
		} else if !known || len(roles) == 0 {
			add(x.Reference, "")
		}
		for _, r := range roles {
			add(x.Reference, r.ARN)
		}
	}
	w.listClusters(add)
	for _, x := range w.estate.IdentityPools {
		add(x.Reference, "").pool = x
	}
	slices.SortStableFunc(all, func(a, b *Workload) int { return strings.Compare(a.ARN, b.ARN) })
	return all
}

// kindUnread says what would have told the workloads of a kind in an account; empty where all were read.
func (w *World) kindUnread(kind, account string) string {
	key := kind + " " + account
	why, ok := w.kinds[key]
	if !ok {
		why = w.whyUnread(kind, account)
		w.kinds[key] = why
	}
	return why
}

func (w *World) whyUnread(kind, account string) string {
	id := listing(kind)
	if id == "" {
		return "Onus does not read what of kind " + strings.ReplaceAll(kind, "-", " ") + " there is"
	}
	a := w.estate.Account(account)
	if a == nil {
		return "account " + account + " was not read"
	}
	for _, gap := range w.estate.Gaps(id) {
		if gap.Account != account && gap.Account != "*" {
			continue
		}
		if gap.Operation != id { // Regions that nothing named: it could not be asked there
			return "what of kind " + strings.ReplaceAll(kind, "-", " ") + " there is in account " + account + " was not read (" + string(id) + ")"
		}
		return gap.String()
	}
	return ""
}
