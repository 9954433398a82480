// Package recovery says of everything stateful in an estate which plan backs it up, which recovery points it has and which
// restores proved them.
//
// It is a pure function of the estate: no clock, no I/O. What could not be read is unknown, and each unknown comes with the
// calls that would have told. AWS Backup and Data Lifecycle Manager reach resources of their own account and Region, and so
// only what is in the same account and Region as a resource speaks for it: copies elsewhere are another question.
package recovery

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// Store is something stateful: an attached volume, a database instance that stands alone, a database cluster, a table.
//
// The instances of a cluster keep nothing of their own. Read replicas do not either: their data is that of their source.
type Store struct {
	estate.Subject
	// Stateless says that nothing but hosts which come and go keeps data there: a volume that is deleted with its host,
	// which an Auto Scaling group replaces at will.
	Stateless estate.Truth
	// Gaps are the calls that would have told whether it is stateless.
	Gaps []estate.Gap

	place  estate.Place
	volume *estate.Volume
	hosts  []host // that a volume is attached to
	source string // of a database: its name
	id     string // and AWS's own id of it
}

// Place returns where the store is.
func (s Store) Place() estate.Place { return s.place }

// host is an instance that a volume is attached to.
type host struct {
	attachment estate.Attachment
	arn        string
	instance   *estate.Instance // nil if it was not read, or is gone
	unread     bool
}

// Recovery is what is known of backups and restores. Make one with New.
type Recovery struct {
	estate    *estate.Estate
	plans     map[estate.Place][]*estate.BackupPlan
	policies  map[estate.Place][]*estate.LifecyclePolicy
	vaults    map[estate.Place][]*estate.BackupVault
	points    map[resourceKey][]Point
	protected map[resourceKey]bool
	snapshots map[resourceKey][]*estate.Snapshot   // by id of the volume
	databases map[resourceKey][]*estate.DBSnapshot // by kind and name
	jobs      map[estate.Place][]estate.RestoreJob
}

type resourceKey struct {
	estate.Place
	id string
}

// New looks through an estate.
func New(e *estate.Estate) *Recovery {
	r := &Recovery{
		estate:    e,
		plans:     map[estate.Place][]*estate.BackupPlan{},
		policies:  map[estate.Place][]*estate.LifecyclePolicy{},
		vaults:    map[estate.Place][]*estate.BackupVault{},
		points:    map[resourceKey][]Point{},
		protected: map[resourceKey]bool{},
		snapshots: map[resourceKey][]*estate.Snapshot{},
		databases: map[resourceKey][]*estate.DBSnapshot{},
		jobs:      map[estate.Place][]estate.RestoreJob{},
	}
	for _, p := range e.BackupPlans {
		r.plans[p.Place()] = append(r.plans[p.Place()], p)
	}
	for _, p := range e.LifecyclePolicies {
		r.policies[p.Place()] = append(r.policies[p.Place()], p)
	}
	for _, v := range e.BackupVaults {
		r.vaults[v.Place()] = append(r.vaults[v.Place()], v)
		points, _ := v.Points.Value()
		for _, p := range points {
			if usable(p.Status) {
				key := resourceKey{v.Place(), p.Of}
				r.points[key] = append(r.points[key], Point{p.Created, p.ARN, "recovery point in vault " + v.Ref().ID, "backup:ListRecoveryPointsByBackupVault"})
			}
		}
	}
	for _, p := range e.ProtectedResources {
		r.protected[resourceKey{p.Place, p.ARN}] = true
	}
	for _, s := range e.Snapshots {
		key := resourceKey{s.Place(), s.Volume}
		r.snapshots[key] = append(r.snapshots[key], s)
	}
	for _, s := range e.DBSnapshots {
		key := resourceKey{s.Place(), databaseKind(s.OfCluster) + "/" + s.Source}
		r.databases[key] = append(r.databases[key], s)
	}
	for _, j := range e.RestoreJobs {
		r.jobs[j.Place] = append(r.jobs[j.Place], j)
	}
	return r
}

// usable reports whether a recovery point can be restored. A partial one cannot in full, and an expired one is about to be
// deleted; a continuous backup that was stopped no longer moves on.
// https://docs.aws.amazon.com/aws-backup/latest/devguide/API_RecoveryPointByBackupVault.html
func usable(status string) bool { return status == "COMPLETED" || status == "AVAILABLE" }

func databaseKind(cluster bool) string {
	if cluster {
		return "db-cluster"
	}
	return "db-instance"
}

// Stores returns everything stateful, in the order of the estate's lists: volumes, instances, clusters, tables.
func (r *Recovery) Stores() []Store {
	var all []Store
	e := r.estate
	for _, v := range e.Volumes {
		if len(v.Attachments) > 0 {
			all = append(all, r.volume(v))
		}
	}
	for _, d := range e.DBInstances {
		if d.Cluster == "" && d.ReplicaOf == "" {
			all = append(all, Store{Subject: d, Stateless: estate.False, place: d.Place(), source: d.Ref().ID, id: d.ResourceID})
		}
	}
	for _, d := range e.DBClusters {
		if d.ReplicaOf == "" {
			all = append(all, Store{Subject: d, Stateless: estate.False, place: d.Place(), source: d.Ref().ID, id: d.ResourceID})
		}
	}
	for _, t := range e.Tables {
		all = append(all, Store{Subject: t, Stateless: estate.False, place: t.Place()})
	}
	return all
}

func (r *Recovery) volume(v *estate.Volume) Store {
	s := Store{Subject: v, Stateless: estate.True, place: v.Place(), volume: v}
	complete := r.estate.Complete(s.place, "ec2:DescribeInstances")
	for _, a := range v.Attachments {
		h := host{attachment: a, instance: r.estate.Instance(s.place, a.Instance), arn: strings.TrimSuffix(v.Ref().ARN, "volume/"+v.Ref().ID) + "instance/" + a.Instance}
		h.unread = h.instance == nil && !complete
		s.hosts = append(s.hosts, h)
		group := estate.Is(h.instance != nil && h.instance.AutoScalingGroup != "")
		if h.unread {
			group = estate.Unknown
		}
		s.Stateless = estate.And(s.Stateless, estate.Is(a.DeleteOnTermination), group)
	}
	if s.Stateless == estate.Unknown {
		s.Gaps = r.gaps(s.place, "ec2:DescribeInstances")
	}
	return s
}

// gaps returns what is missing of the listings of a place.
func (r *Recovery) gaps(p estate.Place, ops ...operation.ID) []estate.Gap {
	var gaps []estate.Gap
	for _, op := range ops {
		if !r.estate.Complete(p, op) {
			gaps = append(gaps, r.estate.Reading(p, op, "").Gap())
		}
	}
	return gaps
}

// Coverage says whether some plan backs a store up.
type Coverage struct {
	Covered estate.Truth
	// By names what covers it: "plan nightly", "lifecycle policy policy-0abc".
	By string
	// Gaps are the calls that would have told, where it is unknown.
	Gaps []estate.Gap
	// Excluded is the selection that would cover it if it did not leave it out by name, and its plan; nil for none.
	Excluded     *estate.BackupSelection
	ExcludedFrom *estate.BackupPlan
	// BackupPlans and LifecyclePolicies say how many are seen where the store is; of policies, those that are enabled.
	BackupPlans, LifecyclePolicies int
}

// Coverage tells whether a plan of AWS Backup or an enabled policy of Data Lifecycle Manager chooses a store. A volume is
// backed up with an instance that it is attached to, too. Automated backups of RDS and point-in-time recovery are not a
// plan: they go when the database goes, unless somebody keeps them.
func (r *Recovery) Coverage(s Store) Coverage {
	c := Coverage{Covered: estate.False, BackupPlans: len(r.plans[s.place])}
	targets := []target{{arn: s.Ref().ARN, tags: s.Tags()}}
	for _, h := range s.hosts {
		targets = append(targets, r.hostTarget(s.place, h))
	}
	for _, plan := range r.plans[s.place] {
		selections, _ := plan.Selections.Value()
		if gap, ok := plan.Selections.Unread(); ok {
			c.may(gap)
		}
		for i, selection := range selections {
			body, ok := selection.Body.Value()
			if !ok {
				if gap, ok := selection.Body.Unread(); ok {
					c.may(gap)
				}
				continue
			}
			for _, t := range targets {
				switch Selects(body, t.arn, t.tags) {
				case estate.True:
					return c.by("plan " + cmp.Or(plan.Ref().Name, plan.Ref().ID))
				case estate.Unknown:
					c.may(tagGap(s.place, t.tags, "how conditions and tags of selection "+cmp.Or(selection.Name, selection.ID)+" combine is not documented"))
				case estate.False:
					open := body
					open.NotResources = nil
					if c.Excluded == nil && Excludes(body, t.arn) == estate.True && Selects(open, t.arn, t.tags) == estate.True {
						c.Excluded, c.ExcludedFrom = &selections[i], plan
					}
				}
			}
		}
	}
	for _, gap := range r.gaps(s.place, "backup:ListBackupPlans") {
		c.may(gap)
	}
	if s.volume == nil {
		return c
	}
	for _, policy := range r.policies[s.place] {
		if policy.State != "ENABLED" || policy.Type == "EVENT_BASED_POLICY" {
			continue
		}
		c.LifecyclePolicies++
		detail, ok := policy.Detail.Value()
		if !ok {
			if gap, ok := policy.Detail.Unread(); ok {
				c.may(gap)
			}
			continue
		}
		switch truth, gaps := r.lifecycle(detail, s); truth {
		case estate.True:
			return c.by("lifecycle policy " + policy.Ref().ID)
		case estate.Unknown:
			for _, gap := range gaps {
				c.may(gap)
			}
			if len(gaps) == 0 {
				c.may(estate.Gap{Place: s.place, Operation: "ec2:DescribeVolumes", Why: "lifecycle policy " + policy.Ref().ID +
					" reaches Outposts and Local Zones, and whether the volume is there is not read"})
			}
		}
	}
	for _, gap := range r.gaps(s.place, "dlm:GetLifecyclePolicies") {
		c.may(gap)
	}
	return c
}

func (c *Coverage) may(gap estate.Gap) {
	c.Covered = estate.Unknown
	if !slices.Contains(c.Gaps, gap) {
		c.Gaps = append(c.Gaps, gap)
	}
}

func (c *Coverage) by(what string) Coverage { return Coverage{Covered: estate.True, By: what} }

// target is what a selection may choose.
type target struct {
	arn  string
	tags estate.Known[map[string]string]
}

func (r *Recovery) hostTarget(p estate.Place, h host) target {
	t := target{arn: h.arn, tags: estate.None[map[string]string]()}
	switch {
	case h.instance != nil:
		t.tags = h.instance.Tags()
	case h.unread:
		t.tags = estate.Unread[map[string]string](r.estate.Reading(p, "ec2:DescribeInstances", "").Gap())
	}
	return t
}

func tagGap(p estate.Place, tags estate.Known[map[string]string], otherwise string) estate.Gap {
	if gap, ok := tags.Unread(); ok {
		return gap
	}
	return estate.Gap{Place: p, Operation: "backup:GetBackupSelection", Why: otherwise}
}

// lifecycle reports whether an enabled policy copies a volume, by itself or with a host
// (https://docs.aws.amazon.com/dlm/latest/APIReference/API_PolicyDetails.html).
func (r *Recovery) lifecycle(d estate.LifecycleDetail, s Store) (estate.Truth, []estate.Gap) {
	var gaps []estate.Gap
	tags := s.Tags()
	reached := estate.False
	if d.Kind == "VOLUME" {
		reached = bears(tags, d.Targets)
		if d.Default {
			reached = estate.Or(bears(tags, d.ExcludeTags), estate.Is(slices.Contains(d.ExcludeTypes, s.volume.Type))).Not()
		}
		if d.ExcludeBoot {
			boot := estate.False
			for _, h := range s.hosts {
				boot = estate.Or(boot, h.boot())
			}
			reached = estate.And(reached, boot.Not())
		}
	}
	if d.Kind == "INSTANCE" {
		for _, h := range s.hosts {
			chosen := bears(r.hostTarget(s.place, h).tags, d.Targets)
			left := estate.And(estate.Is(d.ExcludeBoot), h.boot())
			if d.Default {
				chosen = bears(r.hostTarget(s.place, h).tags, d.ExcludeTags).Not()
			} else {
				left = estate.Or(left, estate.And(h.boot().Not(), bears(tags, d.ExcludeTags)))
			}
			reached = estate.Or(reached, estate.And(chosen, left.Not()))
		}
	}
	if len(d.Locations) > 0 && !slices.Contains(d.Locations, "CLOUD") {
		reached = estate.And(reached, estate.Unknown)
	}
	if reached == estate.Unknown {
		if gap, ok := tags.Unread(); ok {
			gaps = append(gaps, gap)
		}
		if slices.ContainsFunc(s.hosts, func(h host) bool { return h.unread }) {
			gaps = append(gaps, r.gaps(s.place, "ec2:DescribeInstances")...)
		}
	}
	return reached, gaps
}

// boot reports whether a volume is what its host starts from.
func (h host) boot() estate.Truth {
	if h.unread {
		return estate.Unknown
	}
	return estate.Is(h.instance != nil && h.instance.RootDevice != "" && h.instance.RootDevice == h.attachment.Device)
}

// bears reports whether one of the tags is there.
func bears(tags estate.Known[map[string]string], any []estate.TagPair) estate.Truth {
	if len(any) == 0 {
		return estate.False
	}
	return tags.Holds(false, func(tags map[string]string) bool {
		return slices.ContainsFunc(any, func(t estate.TagPair) bool { value, ok := tags[t.Key]; return ok && value == t.Value })
	})
}

// Point is a state that a store can be restored to.
type Point struct {
	Time      time.Time
	ARN       string // of the recovery point or snapshot; empty for point-in-time recovery
	What      string // "snapshot snap-0abc", "automated backups"
	Operation operation.ID
}

// Points are the recovery points of a store.
type Points struct {
	Points []Point      // newest first
	Gaps   []estate.Gap // calls that may have told of more
}

// Newest returns the newest one; ok is false if none is known.
func (p Points) Newest() (newest Point, ok bool) {
	if len(p.Points) == 0 {
		return Point{}, false
	}
	return p.Points[0], true
}

// Points finds the recovery points of a store: in the vaults of AWS Backup, snapshots that are complete, and what automated
// backups and point-in-time recovery can restore. Backups of tables made by hand outside of AWS Backup are not read.
func (r *Recovery) Points(s Store) Points {
	p := Points{Points: slices.Clone(r.points[resourceKey{s.place, s.Ref().ARN}]), Gaps: r.vaultGaps(s.place)}
	add := func(point Point) {
		if !point.Time.IsZero() {
			p.Points = append(p.Points, point)
		}
	}
	switch subject := s.Subject.(type) {
	case *estate.Volume:
		for _, h := range s.hosts {
			for _, point := range r.points[resourceKey{s.place, h.arn}] {
				// A backup of the host has the volume only if it was attached then.
				if !h.attachment.Since.After(point.Time) {
					add(point)
				}
			}
		}
		for _, snapshot := range r.snapshots[resourceKey{s.place, subject.Ref().ID}] {
			if snapshot.Completed {
				add(Point{snapshot.Taken, snapshot.Ref().ARN, "snapshot " + snapshot.Ref().ID, "ec2:DescribeSnapshots"})
			}
		}
		p.Gaps = append(p.Gaps, r.gaps(s.place, "ec2:DescribeSnapshots")...)
	case *estate.DBInstance:
		if subject.Retention > 0 {
			add(Point{subject.Restorable, "", "automated backups", "rds:DescribeDBInstances"})
		}
		r.databasePoints(s, false, "rds:DescribeDBSnapshots", add)
		p.Gaps = append(p.Gaps, r.gaps(s.place, "rds:DescribeDBSnapshots")...)
	case *estate.DBCluster:
		add(Point{subject.Restorable, "", "automated backups", "rds:DescribeDBClusters"})
		r.databasePoints(s, true, "rds:DescribeDBClusterSnapshots", add)
		p.Gaps = append(p.Gaps, r.gaps(s.place, "rds:DescribeDBClusterSnapshots")...)
	case *estate.Table:
		recovery, _ := subject.Recovery.Value()
		add(Point{recovery.Latest, "", "point-in-time recovery", "dynamodb:DescribeContinuousBackups"})
		if gap, ok := subject.Recovery.Unread(); ok {
			p.Gaps = append(p.Gaps, gap)
		}
	}
	slices.SortStableFunc(p.Points, func(a, b Point) int { return cmp.Or(b.Time.Compare(a.Time), strings.Compare(a.ARN, b.ARN)) })
	return p
}

func (r *Recovery) databasePoints(s Store, cluster bool, op operation.ID, add func(Point)) {
	for _, snapshot := range r.databases[resourceKey{s.place, databaseKind(cluster) + "/" + s.source}] {
		// A name may have been another database's before.
		if snapshot.Available && (snapshot.SourceID == "" || s.id == "" || snapshot.SourceID == s.id) {
			add(Point{snapshot.Taken, snapshot.Ref().ARN, "snapshot " + snapshot.Ref().ID, op})
		}
	}
}

// vaultGaps are the vaults of a place that could not be looked into.
func (r *Recovery) vaultGaps(p estate.Place) []estate.Gap {
	gaps := r.gaps(p, "backup:ListBackupVaults")
	for _, v := range r.vaults[p] {
		if gap, ok := v.Points.Unread(); ok {
			gaps = append(gaps, gap)
		}
	}
	return gaps
}
