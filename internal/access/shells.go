package access

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// Shell is one way of one principal to a shell on a server: an instance, or a container of a task.
type Shell struct {
	Server    estate.Ref
	Way       string     // "session-manager", "run-command", "instance-connect", "serial-console", "user-data", "root-volume", "ecs-exec", "key-pair"
	Principal *Principal // nil for a key pair: whoever has the private key
	Strength  Strength
	Answers   []Answer
	Unread    []string
	Note      string // what else it takes
}

// shellWay is a way to a shell on an instance, and what it takes.
type shellWay struct {
	name    string
	actions []string
	needs   string // see Workload.bars
	note    string
}

// shellWays are the ways that permissions open. What it takes besides, packets say: package exposure joins the two.
var shellWays = []shellWay{
	{"session-manager", []string{"ssm:StartSession"}, "ssm", ""},
	{"run-command", []string{"ssm:SendCommand"}, "ssm", ""},
	{"instance-connect", []string{"ec2-instance-connect:SendSSHPublicKey"}, "", "if its SSH port can be reached"},
	{"serial-console", []string{"ec2-instance-connect:SendSerialConsoleSSHPublicKey"}, "serial", "on instance types that have one"},
	{"user-data", []string{"ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"}, "", "by a restart with other user data"},
	{"root-volume", []string{"ec2:CreateReplaceRootVolumeTask"}, "", "with another root volume"},
}

// Shells says who can open a shell on an instance or a task, by any way, by permissions alone; key pairs are in it where the
// instance has one. They are sorted by way and principal.
func (w *World) Shells(server estate.Ref) []Shell {
	var found []Shell
	x := w.workload(server)
	if x == nil {
		return nil
	}
	if x.Kind == "task" {
		if !x.bars["exec"] {
			found = w.shellsBy(x, shellWay{"ecs-exec", []string{"ecs:ExecuteCommand"}, "exec", ""})
		}
		return sortShells(found)
	}
	for _, way := range shellWays {
		if !x.bars[way.needs] {
			found = append(found, w.shellsBy(x, way)...)
		}
	}
	if i := w.estate.Instance(estate.Place{Account: server.Account, Region: server.Region}, server.ID); i != nil && i.KeyPair != "" {
		found = append(found, Shell{Server: server, Way: "key-pair", Strength: May, Note: "whoever has the private key of key pair " + i.KeyPair + ", if its SSH port can be reached"})
	}
	return sortShells(found)
}

func sortShells(all []Shell) []Shell {
	slices.SortStableFunc(all, func(a, b Shell) int {
		return cmp.Or(-cmp.Compare(a.Strength, b.Strength), strings.Compare(a.Way, b.Way), strings.Compare(arnOf(a.Principal), arnOf(b.Principal)))
	})
	return all
}

func arnOf(p *Principal) string {
	if p == nil {
		return ""
	}
	return p.ARN
}

// workload is what a reference names, as a workload; nil where nothing of the kind was read.
func (w *World) workload(r estate.Ref) *Workload {
	if w.byRef == nil {
		w.byRef = map[string]*Workload{}
		for _, x := range w.listWorkloads() {
			w.byRef[x.Ref.Key()] = x
		}
	}
	return w.byRef[r.Key()]
}

// Workload returns what runs as a role under a reference, or nil.
func (w *World) Workload(r estate.Ref) *Workload { return w.workload(r) }

// Workloads returns everything that runs as a role, by ARN.
func (w *World) Workloads() []*Workload {
	return slices.DeleteFunc(w.listWorkloads(), func(x *Workload) bool { return x.pool != nil }) // they give roles and run as none
}

// shellsBy decides one way for every principal.
func (w *World) shellsBy(x *Workload, way shellWay) []Shell {
	var found []Shell
	needs := need(way.actions...)
	memo := map[int]*proof{}
	for _, p := range w.principals {
		if p.Account != x.Account || p.ServiceLinked() {
			continue // none of these actions crosses accounts
		}
		f := memo[p.class]
		if f == nil {
			f = &proof{}
			if w.classes[p.class].allows.includes(needs) {
				*f = w.openShell(p, x, way)
			}
			memo[p.class] = f
		}
		if f.strength > No {
			found = append(found, Shell{Server: x.Ref, Way: way.name, Principal: p, Strength: f.strength, Answers: f.answers, Unread: f.unread, Note: way.note})
		}
	}
	return found
}

func (w *World) openShell(p *Principal, x *Workload, way shellWay) proof {
	f := proof{strength: Yes}
	f.missing(x.unread[way.needs])
	for _, action := range way.actions {
		s, answers := w.prover().onWorkload(p, action, x.Account, x)
		if !f.also(s, answers...) {
			return f
		}
	}
	return f
}
