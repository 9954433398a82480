package backups

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/recovery"
)

// PointWithinRPO is backup-point-within-rpo: the period is the recovery point objective, how much work one is ready to
// lose. Evidence is asked for, not intent: recovery points and snapshots that are complete, and the moment to which
// automated backups and point-in-time recovery can restore. A plan that never ran has made none.
//
// A recovery point's age is counted from when it was begun, which is the state that it keeps. One in another account or
// Region does not count here: it is that one's copy.
// https://docs.aws.amazon.com/aws-backup/latest/devguide/API_RecoveryPointByBackupVault.html
var PointWithinRPO = &control.Control{
	ID:       "backup-point-within-rpo",
	Practice: "backups",
	Title:    "Everything stateful has a recent recovery point",
	Sentence: "the newest recovery point is younger than {period}",
	Asked:    "the newest recovery point is younger than 2 days",
	Why:      "Whatever was written since the newest recovery point is gone after a loss, and a backup that stopped running says nothing.",
	Fix:      "Find out why the backups stopped, and alarm on backup jobs that fail.",
	Severity: answer.High,
	Lists:    stores,
	Reads: []operation.ID{"ec2:DescribeInstances", "ec2:DescribeSnapshots", "rds:DescribeDBSnapshots", "rds:DescribeDBClusterSnapshots",
		"dynamodb:DescribeContinuousBackups", "backup:ListBackupVaults", "backup:ListRecoveryPointsByBackupVault"},
	Judge: func(c *control.Case) {
		r := recovery.New(c.Estate)
		period := c.Period("period")
		for _, s := range r.Stores() {
			points := r.Points(s)
			newest, any := points.Newest()
			switch {
			case any && c.Now.Sub(newest.Time) < period:
				c.Holds(s.Subject)
			case len(points.Gaps) > 0:
				c.Unknown(s.Subject, "whether "+describe(s.Subject)+" has a recovery point younger than "+control.Age(period)+" could not be read", points.Gaps...)
			case s.Stateless == estate.True:
			case s.Stateless == estate.Unknown:
				c.Unknown(s.Subject, describe(s.Subject)+" has no such recovery point; whether its host is one that comes and goes could not be read", s.Gaps...)
			case any:
				age := control.Age(c.Now.Sub(newest.Time))
				c.Breaks(s.Subject, control.Counter{
					Text:  fmt.Sprintf("the newest recovery point of %s, %s, is %s old", describe(s.Subject), newest.What, age),
					Facts: []answer.Fact{{Text: fmt.Sprintf("%s is of %s", newest.What, newest.Time.UTC().Format("2006-01-02 15:04 MST")), Operation: newest.Operation}},
					Cause: noRecentPoint(s),
				})
			default:
				c.Breaks(s.Subject, control.Counter{
					Text:  describe(s.Subject) + " has no recovery point at all",
					Facts: noPointFacts(s),
					Cause: noRecentPoint(s),
				})
			}
		}
	},
}

// noPointFacts says where a person can look for the recovery points that are not there.
func noPointFacts(s recovery.Store) []answer.Fact {
	facts := []answer.Fact{{Text: "no completed recovery point of it is in any vault of " + s.Place().Region, Operation: "backup:ListRecoveryPointsByBackupVault"}}
	switch subject := s.Subject.(type) {
	case *estate.Volume:
		facts = append(facts, answer.Fact{Text: "no completed snapshot names it as VolumeId", Operation: "ec2:DescribeSnapshots"})
	case *estate.DBInstance:
		facts = append(facts, answer.Fact{Text: fmt.Sprintf("BackupRetentionPeriod is %d", subject.Retention), Operation: "rds:DescribeDBInstances"},
			answer.Fact{Text: "no available snapshot is of it", Operation: "rds:DescribeDBSnapshots"})
	case *estate.DBCluster:
		facts = append(facts, answer.Fact{Text: "it has no LatestRestorableTime", Operation: "rds:DescribeDBClusters"},
			answer.Fact{Text: "no available snapshot is of it", Operation: "rds:DescribeDBClusterSnapshots"})
	case *estate.Table:
		facts = append(facts, answer.Fact{Text: "point-in-time recovery cannot restore it", Operation: "dynamodb:DescribeContinuousBackups"})
	}
	return facts
}

func noRecentPoint(s recovery.Store) answer.Cause {
	region := estate.RegionOf(s.Place())
	return answer.Cause{
		Key:     "recovery-points/" + region.Account + "/" + region.Region,
		Subject: region.Ref(),
		Title:   "backups of " + region.Account + "/" + region.Region + " do not run often enough, or not at all",
		Fix: answer.Fix{
			Text: "See which backup jobs failed and why; what no job is for needs a plan.",
			CLI: []string{
				fmt.Sprintf("aws backup list-backup-jobs --region %s --by-state FAILED", region.Region),
				fmt.Sprintf("aws backup start-backup-job --region %s --backup-vault-name Default --resource-arn %s --iam-role-arn arn:aws:iam::%s:role/service-role/AWSBackupDefaultServiceRole", region.Region, control.ShellQuote(s.Ref().ARN), region.Account),
			},
		},
	}
}
