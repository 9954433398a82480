package backups

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/recovery"
)

// PlanCoversEverythingStateful is backup-plan-covers-everything-stateful. A plan is a plan of AWS Backup, by name, pattern
// or tag and less what it excludes, or an enabled policy of Data Lifecycle Manager. RDS's automated backups and DynamoDB's
// point-in-time recovery are no plan: they are asked for by controls of their own.
//
// Stateful are attached volumes, databases and tables. The volume of a host that an Auto Scaling group replaces, and that
// is deleted with it, keeps nothing. What is not worth backing up is an excuse: by tag, with a reason and an end.
// https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html
// https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-lifecycle.html
var PlanCoversEverythingStateful = &control.Control{
	ID:       "backup-plan-covers-everything-stateful",
	Practice: "backups",
	Title:    "Everything stateful is in a backup plan",
	Sentence: "everything stateful is in a backup plan",
	Asked:    "everything stateful is in a backup plan",
	Why:      "What no plan reaches is found out on the day it is lost.",
	Fix:      "Let a backup plan select by a tag or by everything, rather than by names that somebody must keep up to date.",
	Severity: answer.High,
	Lists:    stores,
	Reads: []operation.ID{"ec2:DescribeInstances", "resourcegroupstaggingapi:GetResources",
		"backup:ListBackupPlans", "backup:ListBackupSelections", "backup:GetBackupSelection",
		"dlm:GetLifecyclePolicies", "dlm:GetLifecyclePolicy"},
	Judge: func(c *control.Case) {
		r := recovery.New(c.Estate)
		for _, s := range r.Stores() {
			coverage := r.Coverage(s)
			switch {
			case coverage.Covered == estate.True:
				c.Holds(s.Subject)
			case coverage.Covered == estate.Unknown:
				c.Unknown(s.Subject, "whether a plan backs up "+describe(s.Subject)+" could not be read", coverage.Gaps...)
			case s.Stateless == estate.True:
			case s.Stateless == estate.Unknown:
				c.Unknown(s.Subject, "no plan backs up "+describe(s.Subject)+"; whether its host is one that comes and goes could not be read", s.Gaps...)
			case coverage.Excluded != nil:
				c.Breaks(s.Subject, leftOut(s, coverage))
			default:
				c.Breaks(s.Subject, inNoPlan(s, coverage))
			}
		}
	},
}

// stores are the operations that list what is stateful.
var stores = []operation.ID{"ec2:DescribeVolumes", "rds:DescribeDBInstances", "rds:DescribeDBClusters", "dynamodb:ListTables"}

// describe names a subject as a person would.
func describe(s estate.Subject) string {
	called := control.Called(s.Ref())
	switch s := s.(type) {
	case *estate.Volume:
		if len(s.Instances) > 0 {
			return "volume " + called + " of " + s.Instances[0]
		}
		return "volume " + called
	case *estate.DBInstance:
		return "database " + called
	case *estate.DBCluster:
		return "database cluster " + called
	case *estate.Table:
		return "table " + called
	}
	return called
}

func inNoPlan(s recovery.Store, coverage recovery.Coverage) control.Counter {
	region := estate.RegionOf(s.Place())
	facts := []answer.Fact{{Text: fmt.Sprintf("none of %d backup plans selects it", coverage.BackupPlans), Operation: "backup:GetBackupSelection"}}
	if coverage.BackupPlans == 0 {
		facts[0] = answer.Fact{Text: "there is no backup plan in " + region.Region, Operation: "backup:ListBackupPlans"}
	}
	if s.Ref().Kind == "volume" {
		facts = append(facts, answer.Fact{Text: fmt.Sprintf("none of %d enabled lifecycle policies reaches it", coverage.LifecyclePolicies), Operation: "dlm:GetLifecyclePolicies"})
	}
	return control.Counter{
		Text:  describe(s.Subject) + " is in no backup plan",
		Facts: facts,
		Cause: answer.Cause{
			Key:     "backup-plan/" + region.Account + "/" + region.Region,
			Subject: region.Ref(),
			Title:   "no backup plan of " + region.Account + "/" + region.Region + " reaches them",
			Fix: answer.Fix{
				Text: "Make a plan that selects by tag, and tag what it should keep; or let it select everything.",
				CLI: []string{
					fmt.Sprintf(`aws backup create-backup-plan --region %s --backup-plan '{"BackupPlanName":"daily","Rules":[{"RuleName":"daily","TargetBackupVaultName":"Default","ScheduleExpression":"cron(0 5 ? * * *)","Lifecycle":{"DeleteAfterDays":35}}]}'`, region.Region),
					fmt.Sprintf(`aws backup create-backup-selection --region %s --backup-plan-id PLAN --backup-selection '{"SelectionName":"everything","IamRoleArn":"arn:aws:iam::%s:role/service-role/AWSBackupDefaultServiceRole","Resources":["*"]}'`, region.Region, region.Account),
				},
				Terraform: "resource \"aws_backup_selection\" \"everything\" {\n  name         = \"everything\"\n  plan_id      = aws_backup_plan.daily.id\n  iam_role_arn = aws_iam_role.backup.arn\n  resources    = [\"*\"]\n}",
			},
		},
	}
}

// leftOut is a counter-example that a selection makes by naming it among what it does not back up.
func leftOut(s recovery.Store, coverage recovery.Coverage) control.Counter {
	plan, selection := coverage.ExcludedFrom.Ref(), coverage.Excluded
	called := fmt.Sprintf("selection %s of plan %s", nameOr(selection.Name, selection.ID), nameOr(plan.Name, plan.ID))
	return control.Counter{
		Text:  describe(s.Subject) + " is left out by " + called + ", and in no other plan",
		Facts: []answer.Fact{{Text: "NotResources of " + selection.ID + " matches " + s.Ref().ARN, Operation: "backup:GetBackupSelection"}},
		Cause: answer.Cause{
			Key:     "backup-selection/" + plan.ID + "/" + selection.ID,
			Subject: plan,
			Title:   called + " leaves out what no other plan reaches",
			Fix: answer.Fix{
				Text: "Take it out of NotResources: a selection cannot be changed, so make it anew without.",
				CLI: []string{
					fmt.Sprintf("aws backup get-backup-selection --region %s --backup-plan-id %s --selection-id %s", plan.Region, control.ShellQuote(plan.ID), control.ShellQuote(selection.ID)),
					fmt.Sprintf("aws backup create-backup-selection --region %s --backup-plan-id %s --backup-selection file://selection.json", plan.Region, control.ShellQuote(plan.ID)),
					fmt.Sprintf("aws backup delete-backup-selection --region %s --backup-plan-id %s --selection-id %s", plan.Region, control.ShellQuote(plan.ID), control.ShellQuote(selection.ID)),
				},
			},
		},
	}
}

func nameOr(name, id string) string {
	if name != "" {
		return name
	}
	return id
}
