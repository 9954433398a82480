package exposure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/reach"
)

// Blast is what somebody gets who has taken over one thing: a server, a function, a task, a database, a cache, a KMS key, a user, a role.
type Blast struct {
	Start estate.Ref
	Note  string // how to read it, where that does not go without saying
	// Hops are what he holds, in the order in which he gets it, the start first. Each says from which hop before it.
	Hops []BlastHop
	// Packets are what packets from the hosts he holds arrive at.
	Packets []BlastPacket
	// Stores are what he can read, write or destroy, the backups among them.
	Stores []BlastStore
	// The rest are what he can make of it. Each is no, unknown, may or yes.
	Administrator, Users, Organisation, Blinds, Gives BlastPower
	// Persists is a session of a user that goes on when its keys are deleted.
	Persists BlastPower
	// Unread is what would have told more.
	Unread []string
}

// BlastHop is one thing that is held.
type BlastHop struct {
	Ref      estate.Ref // a role, a user, or something that runs as a role
	From     int        // index of the hop before; -1 for the start
	By       string     // "start", "runs as", "permission"
	Text     string     // "takes over function billing, which runs as role Admin"
	Strength access.Strength
	Steps    []access.Step
}

// BlastPacket is one receiver of packets from a host that is held.
type BlastPacket struct {
	From     estate.Ref
	To       estate.Ref
	Ports    string // "tcp 5432"
	Arrives  estate.Truth
	Internet bool // it is the Internet
}

// BlastStore is one store and what can be done to it.
type BlastStore struct {
	Ref                     estate.Ref
	Backup                  bool // a copy, or where copies are
	Reads, Writes, Destroys access.Strength
	By                      estate.Ref // as whom
	Answers                 []access.Answer
	Note                    string
}

// BlastPower is one thing that can be made of what is held.
type BlastPower struct {
	Strength access.Strength
	By       string // how
	Answers  []access.Answer
}

// BlastOf follows from one thing what is lost with it, by permissions and by packets. The network may be nil: then packets are not
// followed. It fails for what nobody can act as, and from where no packet comes.
func BlastOf(w *access.World, n *reach.Network, start estate.Ref) (*Blast, error) {
	b := &blasting{world: w, network: n, blast: &Blast{Start: start}, held: map[string]int{}}
	b.hold(BlastHop{Ref: start, From: -1, By: "start", Strength: access.Yes})
	var roles []string
	switch start.Kind {
	case "user", "role":
		roles = []string{start.ARN}
	case "key":
		i := slices.IndexFunc(w.Estate().Keys, func(k *estate.Key) bool { return k.Reference.Key() == start.Key() })
		if i < 0 {
			return nil, fmt.Errorf("key %s was not read", start.ID)
		}
		b.underKey(w.Estate().Keys[i])
	default:
		roles = b.rolesOf(start)
		if len(roles) == 0 && !hasPackets(start.Kind) {
			return nil, fmt.Errorf("%s %s runs as no role, and sends no packets: there is nothing to follow", strings.ReplaceAll(start.Kind, "-", " "), start.ID)
		}
	}
	for _, arn := range roles {
		p, err := w.Principal(arn)
		if err != nil {
			b.unread("role " + arn + ", which it runs as, was not read")
			continue
		}
		b.spread(p, start)
	}
	b.packets()
	b.stores()
	b.powers()
	slices.SortFunc(b.blast.Stores, func(a, c BlastStore) int {
		return cmp.Or(cmp.Compare(c.worst(), a.worst()), cmp.Compare(a.Ref.Kind, c.Ref.Kind), cmp.Compare(a.Ref.Key(), c.Ref.Key()))
	})
	slices.Sort(b.blast.Unread)
	b.blast.Unread = slices.Compact(b.blast.Unread)
	return b.blast, nil
}

func (s BlastStore) worst() access.Strength { return max(s.Reads, s.Writes, s.Destroys) }

// blasting is one blast being followed.
type blasting struct {
	world      *access.World
	network    *reach.Network
	blast      *Blast
	held       map[string]int      // hops by Ref.Key
	principals []*access.Principal // that are held, as they can be made
	strengths  []access.Strength
}

func (b *blasting) unread(text string) { b.blast.Unread = append(b.blast.Unread, text) }

func (b *blasting) hold(h BlastHop) int {
	if i, ok := b.held[h.Ref.Key()]; ok {
		return i
	}
	b.held[h.Ref.Key()] = len(b.blast.Hops)
	b.blast.Hops = append(b.blast.Hops, h)
	return len(b.blast.Hops) - 1
}

func hasPackets(kind string) bool {
	switch kind {
	case "instance", "function", "task", "container-task", "db-instance", "db-cluster", "cache-cluster", "warehouse", "network-interface", "container-service":
		return true
	}
	return false
}

// rolesOf are the roles that a thing runs as, or may use.
func (b *blasting) rolesOf(r estate.Ref) []string {
	e := b.world.Estate()
	var roles []string
	for _, x := range b.world.Workloads() {
		if x.Ref.Key() == r.Key() && x.Role != "" {
			roles = append(roles, x.Role)
		}
	}
	for _, d := range e.DBInstances {
		if d.Ref().Key() == r.Key() {
			roles = append(roles, d.Roles...)
		}
	}
	for _, d := range e.DBClusters {
		if d.Ref().Key() == r.Key() {
			roles = append(roles, d.Roles...)
		}
	}
	for _, d := range e.Warehouses {
		if d.Ref().Key() == r.Key() {
			roles = append(roles, d.Roles...)
		}
	}
	for _, i := range e.Instances {
		if i.Ref().Key() == r.Key() && i.Profile != "" && len(roles) == 0 {
			b.unread("which role instance profile " + i.Profile + " carries was not read")
		}
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}

// spread follows permissions from a principal.
func (b *blasting) spread(p *access.Principal, start estate.Ref) {
	spread := b.world.Spread(p)
	at := make([]int, len(spread))
	for i, s := range spread {
		b.principals, b.strengths = append(b.principals, s.Principal), append(b.strengths, s.Strength)
		if i == 0 {
			by := "runs as"
			if start.Key() == p.Ref.Key() {
				at[i] = 0
				continue
			}
			at[i] = b.hold(BlastHop{Ref: p.Ref, From: 0, By: by, Text: "runs as " + p.Kind + " " + p.Name, Strength: access.Yes})
			continue
		}
		from := at[s.From]
		var texts []string
		for _, step := range s.Steps {
			texts = append(texts, step.Text)
			b.blast.Unread = append(b.blast.Unread, step.Unread...)
			if x := step.Workload; x != nil && len(s.Steps) > 0 {
				from = b.hold(BlastHop{Ref: x.Ref, From: at[s.From], By: "permission", Text: step.Text, Strength: s.Strength, Steps: s.Steps})
			}
		}
		if s.Principal.Ref.Key() == spread[s.From].Principal.Ref.Key() {
			at[i] = at[s.From] // what he makes of himself is no other
			b.blast.Hops[at[i]].Steps = append(b.blast.Hops[at[i]].Steps, s.Steps...)
			continue
		}
		at[i] = b.hold(BlastHop{Ref: s.Principal.Ref, From: from, By: "permission", Text: strings.Join(texts, ", and "), Strength: s.Strength, Steps: s.Steps})
	}
	b.commands()
}

// commands adds the hosts that are commanded though they have no role to take.
func (b *blasting) commands() {
	for _, x := range b.world.Workloads() {
		if x.Kind != "instance" && x.Kind != "task" {
			continue
		}
		if _, ok := b.held[x.Ref.Key()]; ok {
			continue
		}
		shells := slices.DeleteFunc(b.world.Shells(x.Ref), func(s access.Shell) bool {
			return s.Principal == nil || s.Way == "instance-connect" // packets must get there besides
		})
		slices.SortStableFunc(shells, func(a, c access.Shell) int {
			return cmp.Or(cmp.Compare(c.Strength, a.Strength), cmp.Compare(quiet[a.Way], quiet[c.Way]))
		})
		for _, s := range shells {
			if from, ok := b.held[s.Principal.Ref.Key()]; ok {
				b.hold(BlastHop{Ref: x.Ref, From: from, By: "permission", Text: "opens a shell by " + strings.ReplaceAll(s.Way, "-", " "), Strength: min(s.Strength, b.blast.Hops[from].Strength)})
				break
			}
		}
	}
}

// quiet orders the ways to a shell: an attacker takes the one that disturbs least.
var quiet = map[string]int{"session-manager": 0, "run-command": 1, "ecs-exec": 2, "serial-console": 3, "user-data": 4, "root-volume": 5}

// packets follows packets from every host that is held, one hop: whom they arrive at is not held thereby.
func (b *blasting) packets() {
	if b.network == nil {
		return
	}
	type pair struct{ from, to string }
	ports := map[pair]*BlastPacket{}
	sets := map[pair]map[netset.Protocol]netset.Ports{}
	var order []pair
	for _, h := range b.blast.Hops {
		if !hasPackets(h.Ref.Kind) || h.Strength == access.Unknown {
			continue
		}
		for _, f := range b.network.From(reach.End{Refs: []estate.Ref{h.Ref}}, reach.Filter{Direct: true, Terse: true}) {
			if f.Arrives == estate.False || f.To.Ref.Key() == h.Ref.Key() {
				continue
			}
			to := f.To.Ref
			internet := to.ID == "" && to.Kind == ""
			if internet {
				to = estate.Ref{Kind: "internet", ID: "internet", Name: "the Internet"}
			}
			k := pair{h.Ref.Key(), to.Key()}
			if ports[k] == nil {
				ports[k] = &BlastPacket{From: h.Ref, To: to, Arrives: f.Arrives, Internet: internet}
				sets[k] = map[netset.Protocol]netset.Ports{}
				order = append(order, k)
			}
			ports[k].Arrives = max(ports[k].Arrives, f.Arrives)
			sets[k][f.Protocol] = sets[k][f.Protocol].Union(f.Ports)
		}
	}
	for _, k := range order {
		p := ports[k]
		p.Ports = portWords(sets[k][netset.TCP], sets[k][netset.UDP])
		b.blast.Packets = append(b.blast.Packets, *p)
	}
	slices.SortStableFunc(b.blast.Packets, func(a, c BlastPacket) int {
		return cmp.Or(cmp.Compare(a.From.Key(), c.From.Key()), cmp.Compare(c.Arrives, a.Arrives), cmp.Compare(a.To.Key(), c.To.Key()))
	})
}

// stores decides what can be done to each store by somebody who is held.
func (b *blasting) stores() {
	for _, s := range storesOf(b.world.Estate()) {
		arn := access.ARNOf(s.ref)
		if arn == "" {
			continue
		}
		found := BlastStore{Ref: s.ref, Backup: s.backup, Note: s.note}
		for i, p := range b.principals {
			e := b.world.Effects(p, arn)
			if e.Any() == access.No {
				continue
			}
			sure := b.strengths[i]
			if e := min(e.Any(), sure); e > found.worst() {
				found.By = p.Ref
			}
			found.Reads = max(found.Reads, min(e.Reads, sure))
			found.Writes = max(found.Writes, min(e.Writes, sure))
			found.Destroys = max(found.Destroys, min(e.Destroys, sure))
			found.Answers = append(found.Answers, e.Answers...)
		}
		if s.locked {
			found.Destroys = access.No
		}
		if found.worst() > access.No {
			b.blast.Stores = append(b.blast.Stores, found)
		}
	}
}

type store struct {
	ref    estate.Ref
	backup bool
	locked bool // nobody can destroy it before its time
	note   string
}

// storesOf are all stores of an estate, the backups last.
func storesOf(e *estate.Estate) []store {
	var all []store
	for _, x := range e.Buckets {
		all = append(all, store{ref: x.Ref()})
	}
	for _, x := range e.DBInstances {
		all = append(all, store{ref: x.Ref()})
	}
	for _, x := range e.DBClusters {
		all = append(all, store{ref: x.Ref()})
	}
	for _, x := range e.Tables {
		all = append(all, store{ref: x.Ref()})
	}
	for _, x := range e.Secrets {
		all = append(all, store{ref: x.Ref()})
	}
	for _, x := range e.Parameters {
		all = append(all, store{ref: x.Ref()})
	}
	for _, x := range e.Keys {
		all = append(all, store{ref: x.Ref()})
	}
	for _, x := range e.Queues {
		all = append(all, store{ref: x.Ref()})
	}
	for _, x := range e.Topics {
		all = append(all, store{ref: x.Ref()})
	}
	for _, x := range e.Repositories {
		all = append(all, store{ref: x.Ref()})
	}
	for _, x := range e.Guarded {
		if access.ARNOf(x.Ref()) != "" && x.Ref().Kind != "event-bus" {
			all = append(all, store{ref: x.Ref()})
		}
	}
	for _, x := range e.Volumes {
		all = append(all, store{ref: x.Ref()})
	}
	for _, x := range e.CacheClusters {
		all = append(all, store{ref: x.Ref()})
	}
	for _, x := range e.Warehouses {
		all = append(all, store{ref: x.Ref()})
	}
	for _, x := range e.Snapshots {
		all = append(all, store{ref: x.Ref(), backup: true})
	}
	for _, x := range e.DBSnapshots {
		all = append(all, store{ref: x.Ref(), backup: true})
	}
	for _, x := range e.BackupVaults {
		note := ""
		if x.Locked {
			note = "locked: nothing in it can be deleted before its time"
		}
		all = append(all, store{ref: x.Ref(), backup: true, locked: x.Locked, note: note})
		points, _ := x.Points.Value()
		for _, p := range points {
			at := estate.Ref{Kind: "recovery-point", Account: x.Reference.Account, Region: x.Reference.Region, ID: p.ARN[strings.LastIndexByte(p.ARN, ':')+1:], ARN: p.ARN}
			all = append(all, store{ref: at, backup: true, locked: x.Locked, note: note})
		}
	}
	return all
}

// powers says what can be made of everything that is held.
func (b *blasting) powers() {
	for _, g := range []struct {
		goal  access.Goal
		power *BlastPower
	}{{access.Administrator, &b.blast.Administrator}, {access.Goal{Kind: "privileges"}, &b.blast.Users}, {access.Goal{Kind: "organisation"}, &b.blast.Organisation}} {
		if len(b.principals) == 0 {
			break
		}
		path := b.world.Escalate(g.goal).Of(b.principals[0])
		if path == nil {
			continue
		}
		var steps []string
		for _, s := range path.Steps {
			steps = append(steps, s.From.Kind+" "+s.From.Name+" "+s.Text)
			g.power.Answers = append(g.power.Answers, s.Answers...)
		}
		steps = append(steps, path.End)
		g.power.Strength, g.power.By = path.Strength, strings.Join(steps, "; ")
		g.power.Answers = append(g.power.Answers, path.Because...)
	}
	for i, p := range b.principals {
		for _, x := range []struct {
			power *BlastPower
			ask   func(*access.Principal) (access.Strength, []access.Answer)
		}{{&b.blast.Blinds, b.world.Blinds}, {&b.blast.Gives, b.world.Gives}, {&b.blast.Persists, b.world.Persists}} {
			s, answers := x.ask(p)
			if s = min(s, b.strengths[i]); s > x.power.Strength {
				x.power.Strength, x.power.Answers = s, answers
				var actions []string
				for _, a := range answers {
					if !slices.Contains(actions, a.Action) {
						actions = append(actions, a.Action)
					}
				}
				x.power.By = p.Kind + " " + p.Name + " may " + strings.Join(actions, ", ")
			}
		}
	}
}

// Shells are the ways to a shell on a server, permissions and packets joined: a key pair, and Instance Connect, open it only where
// its SSH port can be reached.
func Shells(w *access.World, n *reach.Network, server estate.Ref) []access.Shell {
	all := w.Shells(server)
	if n == nil || server.Kind != "instance" {
		return all
	}
	flows := n.To(reach.End{Refs: []estate.Ref{server}}, reach.Filter{Protocol: netset.TCP, Ports: netset.PortsOf(netset.PortRange{First: 22, Last: 22}), Terse: true})
	arrives := estate.False
	if r := w.Estate().Reading(estate.Place{Account: server.Account, Region: server.Region}, "ec2:DescribeNetworkInterfaces", ""); !r.Outcome.Complete() {
		arrives = estate.Unknown // where it stands, nobody knows
	}
	var from []string
	for _, f := range flows {
		passes := estate.And(f.Arrives, f.Session) // without replies nobody logs in
		arrives = max(arrives, passes)
		if passes == estate.False {
			continue
		}
		name := cmp.Or(f.From.Ref.Name, f.From.Ref.ID)
		if name == "" {
			name = "addresses outside"
			if internet, _ := f.FromInternet(); internet == estate.True {
				name = "the Internet"
			}
		}
		if !slices.Contains(from, name) {
			from = append(from, name)
		}
	}
	const few = 3
	open := strings.Join(from[:min(few, len(from))], ", ")
	if len(from) > few {
		open += fmt.Sprintf(" and %d more", len(from)-few)
	}
	var kept []access.Shell
	for _, s := range all {
		if s.Way == "key-pair" || s.Way == "instance-connect" {
			switch arrives {
			case estate.False:
				continue // no packet gets to its SSH port
			case estate.Unknown:
				s.Strength = min(s.Strength, access.Unknown)
				s.Unread = append(slices.Clone(s.Unread), "whether packets get to its SSH port is not known: onus reach --to "+server.ID+" 22")
			default:
				s.Note = strings.TrimSuffix(s.Note, ", if its SSH port can be reached")
				s.Note = strings.TrimPrefix(strings.TrimPrefix(s.Note, "if its SSH port can be reached")+"; its SSH port is open to "+open, "; ")
			}
		}
		kept = append(kept, s)
	}
	return kept
}
