package backups

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// NotPublic is backup-not-public. Judged are EBS snapshots, snapshots of databases and images that the accounts in scope
// own. Declared are the accounts in scope, those of the same organisation, and those that a group or a system of the
// claims file names. While the accounts of the owner's organisation cannot be read, one that nothing else declares is unknown.
//
// RDS does not share automated snapshots.
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ShareSnapshot.html
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharing-amis.html
var NotPublic = &control.Control{
	ID:       "backup-not-public",
	Practice: "backups",
	Title:    "No snapshot or image is shared with everyone or with an undeclared account",
	Sentence: "no snapshot or image is shared with everyone or with an undeclared account",
	Asked:    "no snapshot or image is shared with everyone or with an undeclared account",
	Why:      "Whoever may restore a snapshot has all the data in it, and public ones are searched all day for keys and customers.",
	Fix:      "Take the permission back, and block public sharing for the account.",
	Severity: answer.Critical,
	Lists:    []operation.ID{"ec2:DescribeSnapshots", "ec2:DescribeImages", "rds:DescribeDBSnapshots", "rds:DescribeDBClusterSnapshots"},
	Reads: []operation.ID{"ec2:DescribeSnapshotAttribute", "ec2:DescribeImageAttribute", "rds:DescribeDBSnapshotAttributes",
		"rds:DescribeDBClusterSnapshotAttributes", "organizations:DescribeOrganization", "organizations:ListAccounts"},
	Judge: func(c *control.Case) {
		f := newFamily(c.Estate, c.Declared)
		for _, s := range c.Estate.Snapshots {
			f.judge(c, shared{s, s.Shared, "snapshot", "ec2:DescribeSnapshotAttribute"})
		}
		for _, i := range c.Estate.Images {
			if i.Owner != i.Ref().Account {
				continue
			}
			if i.Public {
				i := shared{i, estate.Know(estate.Sharing{Everybody: true}), "image", "ec2:DescribeImages"}
				f.judge(c, i)
				continue
			}
			f.judge(c, shared{i, i.Shared, "image", "ec2:DescribeImageAttribute"})
		}
		for _, s := range c.Estate.DBSnapshots {
			x := shared{s, s.Shared, "snapshot", "rds:DescribeDBSnapshotAttributes"}
			if s.OfCluster {
				x.operation = "rds:DescribeDBClusterSnapshotAttributes"
			}
			if s.Type == "automated" {
				x.with = estate.Know(estate.Sharing{})
			}
			f.judge(c, x)
		}
	},
}

// shared is a snapshot or an image, and with whom.
type shared struct {
	estate.Subject
	with      estate.Known[estate.Sharing]
	what      string
	operation operation.ID
}

// family knows which accounts are declared.
type family struct {
	estate   *estate.Estate
	declared []string // accounts in scope, or named by the claims file
	members  []string // accounts of an organisation that was read
}

func newFamily(e *estate.Estate, declared *claims.File) family {
	f := family{estate: e}
	for _, a := range e.Accounts {
		f.declared = append(f.declared, a.ID)
	}
	for _, members := range declared.Groups {
		for _, m := range members {
			if m.Account != "" {
				f.declared = append(f.declared, m.Account)
			}
		}
	}
	for _, s := range declared.Systems {
		f.declared = append(f.declared, s.Accounts...)
	}
	f.members, _ = e.Organization.Members.Value()
	return f
}

// foreign reports whether an account is undeclared to the owner of a snapshot. The list of an organisation that the owner
// is not in says nothing of who is in the owner's.
func (f family) foreign(owner, account string) (estate.Truth, estate.Gap) {
	switch {
	case slices.Contains(f.declared, account), slices.Contains(f.members, account):
		return estate.False, estate.Gap{}
	case f.organization(owner).Absent(), slices.Contains(f.members, owner):
		return estate.True, estate.Gap{}
	}
	gap, unread := f.estate.Organization.Members.Unread()
	if !unread {
		gap = estate.Gap{Place: estate.Place{Account: owner, Region: estate.Global}, Operation: "organizations:ListAccounts",
			Why: "which accounts are of the same organisation as " + owner + " could not be read"}
	}
	return estate.Unknown, gap
}

// foreignOrganization reports whether the ARN of an organisation, or of a unit of one, is that of another than the
// owner's: arn:aws:organizations::111122223333:ou/o-abc/ou-def.
func (f family) foreignOrganization(owner, arn string) (estate.Truth, estate.Gap) {
	id := f.organization(owner)
	if _, unread := id.Unread(); unread && slices.Contains(f.members, owner) {
		id = f.estate.Organization.ID
	}
	gap, _ := id.Unread()
	return id.Holds(false, func(id string) bool { return slices.Contains(strings.Split(arn, "/"), id) }).Not(), gap
}

// organization is the id of the organisation that an account says it belongs to.
func (f family) organization(account string) estate.Known[string] {
	if a := f.estate.Account(account); a != nil {
		return a.Organization
	}
	return estate.Known[string]{}
}

func (f family) judge(c *control.Case, s shared) {
	with, ok := s.with.Value()
	if !ok {
		gap, _ := s.with.Unread()
		c.Unknown(s.Subject, "with whom "+s.what+" "+control.Called(s.Ref())+" is shared could not be read", gap)
		return
	}
	if with.Everybody {
		c.Breaks(s.Subject, f.counter(s, "everyone", []string{"all"}, []answer.Fact{{Text: "everybody may use it (group all)", Operation: s.operation}}))
		return
	}
	owner := s.Ref().Account
	var foreign, values []string
	var gaps []estate.Gap
	for _, account := range with.Accounts {
		switch truth, gap := f.foreign(owner, account); truth {
		case estate.True:
			foreign, values = append(foreign, "account "+account), append(values, account)
		case estate.Unknown:
			gaps = append(gaps, gap)
		}
	}
	for _, arn := range with.Organizations {
		switch truth, gap := f.foreignOrganization(owner, arn); truth {
		case estate.True:
			foreign = append(foreign, arn)
		case estate.Unknown:
			gaps = append(gaps, gap)
		}
	}
	switch {
	case len(foreign) > 0:
		c.Breaks(s.Subject, f.counter(s, strings.Join(foreign, ", ")+", which nobody declared", values,
			[]answer.Fact{{Text: "it is shared with " + strings.Join(foreign, ", "), Operation: s.operation}}))
	case len(gaps) > 0:
		c.Unknown(s.Subject, "whether those who share "+s.what+" "+control.Called(s.Ref())+" belong to the organisation could not be read", slices.Compact(gaps)...)
	default:
		c.Holds(s.Subject)
	}
}

func (f family) counter(s shared, whom string, values []string, facts []answer.Fact) control.Counter {
	ref := s.Ref()
	return control.Counter{
		Text:  fmt.Sprintf("%s %s is shared with %s", s.what, control.Called(ref), whom),
		Facts: facts,
		Cause: answer.Cause{
			Key:     control.CauseKey(ref, "sharing"),
			Subject: ref,
			Title:   fmt.Sprintf("%s %s is shared with %s", s.what, control.Called(ref), whom),
			Fix:     unshare(ref, values),
		},
	}
}

// unshare takes permissions back: of a database's snapshot those that are named, of others all.
func unshare(ref estate.Ref, values []string) answer.Fix {
	id, remove := control.ShellQuote(ref.ID), ""
	for _, value := range values {
		remove += " " + control.ShellQuote(value)
	}
	fix := answer.Fix{Text: "Take the permission back. Whoever copied it meanwhile keeps the copy: change the secrets that are in it."}
	switch ref.Kind {
	case "snapshot":
		fix.CLI = []string{
			fmt.Sprintf("aws ec2 reset-snapshot-attribute --region %s --snapshot-id %s --attribute createVolumePermission", ref.Region, id),
			fmt.Sprintf("aws ec2 enable-snapshot-block-public-access --region %s --state block-all-sharing", ref.Region),
		}
	case "image":
		fix.CLI = []string{
			fmt.Sprintf("aws ec2 reset-image-attribute --region %s --image-id %s --attribute launchPermission", ref.Region, id),
			fmt.Sprintf("aws ec2 enable-image-block-public-access --region %s --image-block-public-access-state block-new-sharing", ref.Region),
		}
	case "db-snapshot":
		fix.CLI = []string{fmt.Sprintf("aws rds modify-db-snapshot-attribute --region %s --db-snapshot-identifier %s --attribute-name restore --values-to-remove%s", ref.Region, id, remove)}
	case "db-cluster-snapshot":
		fix.CLI = []string{fmt.Sprintf("aws rds modify-db-cluster-snapshot-attribute --region %s --db-cluster-snapshot-identifier %s --attribute-name restore --values-to-remove%s", ref.Region, id, remove)}
	}
	return fix
}
