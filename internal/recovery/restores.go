package recovery

import (
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// Backed is something that could be restored: a store with a recovery point, or whatever else AWS Backup has backed up and
// that is still there.
type Backed struct {
	estate.Subject
	// Backed says whether there is anything to restore; Stateless is as for Store. Gone is unknown where the listing that
	// would show whether it is still there could not be read, and false otherwise.
	Backed    estate.Truth
	Stateless estate.Truth
	Gone      estate.Truth
	// Gaps are the calls that would have told, where one of them is unknown.
	Gaps []estate.Gap

	place   estate.Place
	sources []string // ARNs of what a restore of it may name as its source
	points  []string // ARNs of its recovery points
	partial bool     // points may not be all
}

// Backed returns what a restore can be tested of: stores first, then other protected resources by ARN. What another
// account or Region keeps copies of belongs to its own.
func (r *Recovery) Backed() []Backed {
	var all []Backed
	stores := map[string]bool{}
	for _, s := range r.Stores() {
		stores[s.Ref().Key()] = true
		points := r.Points(s)
		b := Backed{Subject: s.Subject, Stateless: s.Stateless, Gone: estate.False, place: s.place, sources: []string{s.Ref().ARN}, partial: len(points.Gaps) > 0}
		for _, h := range s.hosts {
			b.sources = append(b.sources, h.arn)
		}
		for _, p := range points.Points {
			if p.ARN != "" {
				b.points = append(b.points, p.ARN)
			}
		}
		gaps := append(points.Gaps, r.gaps(s.place, "backup:ListProtectedResources")...)
		switch {
		case len(points.Points) > 0 || r.protected[resourceKey{s.place, s.Ref().ARN}]:
			b.Backed = estate.True
		case len(gaps) > 0:
			b.Gaps = gaps
		default:
			b.Backed = estate.False
		}
		b.Gaps = append(b.Gaps, s.Gaps...)
		all = append(all, b)
	}
	for _, p := range r.estate.ProtectedResources {
		if b, ok := r.other(p, stores); ok {
			all = append(all, b)
		}
	}
	return all
}

// other makes a protected resource that is no store a subject, if it is still there.
func (r *Recovery) other(p estate.ProtectedResource, stores map[string]bool) (Backed, bool) {
	parts := strings.SplitN(p.ARN, ":", 6)
	if len(parts) < 6 || parts[3] != "" && parts[3] != p.Region || parts[4] != "" && parts[4] != p.Account {
		return Backed{}, false
	}
	id := parts[5][strings.LastIndexAny(parts[5], ":/")+1:]
	kind, listing := parts[2], operation.ID("")
	e := r.estate
	var found estate.Subject
	look := func(as string, op operation.ID, subject estate.Subject, ok bool) {
		if kind, listing = as, op; ok {
			found = subject
		}
	}
	switch typed := parts[2] + ":" + strings.TrimRight(strings.TrimSuffix(parts[5], id), ":/"); typed {
	case "ec2:instance":
		i := e.Instance(p.Place, id)
		look("instance", "ec2:DescribeInstances", i, i != nil)
	case "ec2:volume":
		v := e.Volume(p.Place, id)
		look("volume", "ec2:DescribeVolumes", v, v != nil)
	case "rds:db":
		d := e.DBInstance(p.Place, id)
		look("db-instance", "rds:DescribeDBInstances", d, d != nil)
	case "rds:cluster":
		d := e.DBCluster(p.Place, id)
		look("db-cluster", "rds:DescribeDBClusters", d, d != nil)
	case "dynamodb:table":
		t := e.Table(p.Place, id)
		look("table", "dynamodb:ListTables", t, t != nil)
	}
	b := Backed{Subject: found, Backed: estate.True, Stateless: estate.False, Gone: estate.False, place: p.Place, sources: []string{p.ARN}}
	if found == nil {
		ref := estate.Ref{Kind: kind, Account: p.Account, Region: p.Region, ID: id, ARN: p.ARN}
		b.Subject = &estate.Resource{Reference: ref, Labels: r.tags(p)}
		if listing != "" {
			gaps := r.gaps(p.Place, listing)
			if len(gaps) == 0 {
				return Backed{}, false // it was deleted
			}
			b.Gone, b.Gaps = estate.Unknown, gaps
		}
	}
	if stores[b.Ref().Key()] {
		return Backed{}, false
	}
	for _, point := range r.points[resourceKey{p.Place, p.ARN}] {
		b.points = append(b.points, point.ARN)
	}
	b.partial = len(r.vaultGaps(p.Place)) > 0
	return b, true
}

// tags finds the tags of a resource of a kind that is not read, in what the tagging API shows.
func (r *Recovery) tags(p estate.ProtectedResource) estate.Known[map[string]string] {
	const op = "resourcegroupstaggingapi:GetResources"
	i, ok := slices.BinarySearchFunc(r.estate.Tagged, p.ARN, func(t estate.Tagged, arn string) int { return strings.Compare(t.ARN, arn) })
	switch {
	case ok:
		return estate.Know(r.estate.Tagged[i].Tags)
	case r.estate.Complete(p.Place, op):
		return estate.Know(map[string]string(nil))
	}
	return estate.Unread[map[string]string](r.estate.Reading(p.Place, op, "").Gap())
}

// Proof is what restore jobs prove of one thing.
type Proof struct {
	Verified estate.Truth
	Gaps     []estate.Gap // where it is unknown
	// Last is the newest completed restore that is known, validated or not; nil for none.
	Last *estate.RestoreJob
}

// Proof tells whether a restore was completed after since and its content validated with success. AWS Backup keeps what a
// validation reports (PutRestoreValidationResult) with the job; it validates nothing by itself, and a restore that nobody
// validated shows that a copy could be made, not that it is any good.
// https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing-validation.html
func (r *Recovery) Proof(b Backed, since time.Time) Proof {
	proof := Proof{Verified: estate.False}
	for i, j := range r.jobs[b.place] {
		if j.Status != "COMPLETED" {
			continue
		}
		verified := j.Validation == "SUCCESSFUL" && j.Completed.After(since)
		switch {
		case j.Source != "" && slices.Contains(b.sources, j.Source), j.Point != "" && slices.Contains(b.points, j.Point):
		case j.Source == "" && b.partial && verified:
			// It may have been one of the recovery points that could not be listed.
			proof.Verified = estate.Or(proof.Verified, estate.Unknown)
			proof.Gaps = r.vaultGaps(b.place)
			continue
		default:
			continue
		}
		if verified {
			proof.Verified = estate.True
		}
		if proof.Last == nil || j.Completed.After(proof.Last.Completed) {
			proof.Last = &r.jobs[b.place][i]
		}
	}
	if gaps := r.gaps(b.place, "backup:ListRestoreJobs"); len(gaps) > 0 {
		proof.Verified = estate.Or(proof.Verified, estate.Unknown)
		proof.Gaps = append(gaps, proof.Gaps...)
	}
	return proof
}
