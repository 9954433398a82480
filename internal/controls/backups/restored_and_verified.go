package backups

import (
	"fmt"
	"time"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/recovery"
)

// RestoredAndVerified is backup-restored-and-verified. Each thing that has a recovery point is judged, whatever made it: a
// restore job of AWS Backup must have been completed within the period and its ValidationStatus be SUCCESSFUL. A restore
// that nobody validated is not enough: AWS Backup looks at nothing itself, somebody has to say what was found.
//
// What has no recovery point has nothing to restore and is for other controls to say. A restore of a host counts for the
// volumes attached to it; one of a copy in another account or Region does not.
// https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing-validation.html
var RestoredAndVerified = &control.Control{
	ID:       "backup-restored-and-verified",
	Practice: "backups",
	Title:    "A restore of everything that is backed up is tested",
	Sentence: "a restore is tested every {period}",
	Asked:    "a restore is tested every 30 days",
	Why:      "A backup that was never restored is a hope: wrong keys, empty dumps and missing tables show on the day it is needed.",
	Fix:      "Make a restore testing plan, and let what it restores be validated.",
	Severity: answer.High,
	Lists:    append([]operation.ID{"backup:ListProtectedResources"}, stores...),
	Reads: []operation.ID{"ec2:DescribeInstances", "ec2:DescribeSnapshots", "rds:DescribeDBSnapshots", "rds:DescribeDBClusterSnapshots",
		"dynamodb:DescribeContinuousBackups", "backup:ListBackupVaults", "backup:ListRecoveryPointsByBackupVault", "backup:ListRestoreJobs"},
	Judge: func(c *control.Case) {
		r := recovery.New(c.Estate)
		period := c.Period("period")
		for _, b := range r.Backed() {
			proof := r.Proof(b, c.Now.Add(-period))
			switch {
			case b.Backed == estate.False && proof.Verified == estate.False:
				// There is nothing to restore, and nothing was.
			case b.Gone == estate.Unknown:
				c.Unknown(b.Subject, "whether "+describe(b.Subject)+" is still there could not be read", b.Gaps...)
			case proof.Verified == estate.True:
				c.Holds(b.Subject)
			case proof.Verified == estate.Unknown:
				c.Unknown(b.Subject, "whether a restore of "+describe(b.Subject)+" was tested could not be read", proof.Gaps...)
			case b.Backed == estate.Unknown:
				c.Unknown(b.Subject, "whether "+describe(b.Subject)+" has a recovery point could not be read", b.Gaps...)
			case b.Stateless == estate.True:
			case b.Stateless == estate.Unknown:
				c.Unknown(b.Subject, "no restore of "+describe(b.Subject)+" was tested; whether its host is one that comes and goes could not be read", b.Gaps...)
			default:
				c.Breaks(b.Subject, notVerified(b, proof, period))
			}
		}
	},
}

func notVerified(b recovery.Backed, proof recovery.Proof, period time.Duration) control.Counter {
	ref := b.Ref()
	x := control.Counter{
		Text:  describe(b.Subject) + " was never restored, as far as AWS Backup remembers",
		Facts: []answer.Fact{{Text: "no restore job names " + ref.ARN + " as its source", Operation: "backup:ListRestoreJobs"}},
	}
	if last := proof.Last; last != nil {
		day := last.Completed.UTC().Format(time.DateOnly)
		x.Facts = []answer.Fact{
			{Text: fmt.Sprintf("restore job %s was completed on %s", last.ID, day), Operation: "backup:ListRestoreJobs"},
			{Text: "ValidationStatus is " + nameOr(last.Validation, "not set"), Operation: "backup:ListRestoreJobs"},
		}
		switch last.Validation {
		case "SUCCESSFUL":
			x.Text = fmt.Sprintf("a restore of %s was last tested on %s, more than %s ago", describe(b.Subject), day, control.Age(period))
		case "FAILED":
			x.Text = fmt.Sprintf("%s was restored on %s, and its validation failed", describe(b.Subject), day)
		case "TIMED_OUT", "VALIDATING":
			x.Text = fmt.Sprintf("%s was restored on %s, and its validation did not finish", describe(b.Subject), day)
		default:
			x.Text = fmt.Sprintf("%s was restored on %s, but nobody validated it", describe(b.Subject), day)
		}
	}
	region := estate.RegionOf{Account: ref.Account, Region: ref.Region}
	x.Cause = answer.Cause{
		Key:     "restore-testing/" + region.Account + "/" + region.Region,
		Subject: region.Ref(),
		Title:   "restores are not tested in " + region.Account + "/" + region.Region + ", or not of everything",
		Fix: answer.Fix{
			Text: "Make a restore testing plan with a selection for each kind of resource, and a function that looks into what was restored and reports it.",
			CLI: []string{
				fmt.Sprintf(`aws backup create-restore-testing-plan --region %s --restore-testing-plan '{"RestoreTestingPlanName":"monthly","ScheduleExpression":"cron(0 6 1 * ? *)","RecoveryPointSelection":{"Algorithm":"LATEST_WITHIN_WINDOW","IncludeVaults":["*"],"RecoveryPointTypes":["SNAPSHOT"]}}'`, region.Region),
				fmt.Sprintf(`aws backup create-restore-testing-selection --region %s --restore-testing-plan-name monthly --restore-testing-selection '{"RestoreTestingSelectionName":"all","ProtectedResourceType":"EBS","IamRoleArn":"arn:aws:iam::%s:role/service-role/AWSBackupDefaultServiceRole","ProtectedResourceArns":["*"],"ValidationWindowHours":8}'`, region.Region, region.Account),
				fmt.Sprintf("aws backup put-restore-validation-result --region %s --restore-job-id JOB --validation-status SUCCESSFUL", region.Region),
			},
		},
	}
	return x
}
