package containment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// asking prepares to ask which deeds a role can do by itself. Deeds that one statement allows are one power.
func asking(c *control.Case, deeds []permissions.Deed) func(*access.Principal) ([]power, []estate.Gap) {
	mentions := permissions.MentionsOf(c.Estate)
	return func(p *access.Principal) ([]power, []estate.Gap) {
		done, doubts := permissions.Able(c.Access(), mentions, p, deeds)
		var powers []power
		var does [][]string
		for _, d := range done {
			cause := permissions.Permit(d.Answer, "role "+p.Name+" may "+d.Does)
			i := slices.IndexFunc(powers, func(x power) bool { return x.cause.Key == cause.Key })
			if i < 0 {
				i = len(powers)
				powers, does = append(powers, power{cause: cause}), append(does, nil)
			}
			if !slices.Contains(does[i], d.Does) {
				does[i] = append(does[i], d.Does)
			}
			powers[i].facts = append(powers[i].facts, permissions.AnswerFacts(d.Answer)...)
		}
		for i := range powers {
			powers[i].text = fmt.Sprintf("may, as role %s, %s", p.Name, and(does[i]))
		}
		return powers, doubts
	}
}

func and(words []string) string {
	const most = 4
	if len(words) > most {
		return strings.Join(words[:most], ", ") + fmt.Sprintf(" and %d things more", len(words)-most)
	}
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// blinding are the deeds after which nobody sees what happens.
// https://attack.mitre.org/techniques/T1562/008/
func blinding(e *estate.Estate) []permissions.Deed {
	var trails, buckets, objects []string
	for _, t := range e.Trails {
		trails = append(trails, t.Ref().ARN)
		if t.Bucket != "" {
			buckets = append(buckets, "arn:aws:s3:::"+t.Bucket)
			objects = append(objects, "arn:aws:s3:::"+t.Bucket+"/*")
		}
	}
	const trail, detector, alarm, group = "arn:aws:cloudtrail:REGION:ACCOUNT:trail/onus0", "arn:aws:guardduty:REGION:ACCOUNT:detector/onus0",
		"arn:aws:cloudwatch:REGION:ACCOUNT:alarm:onus0", "arn:aws:logs:REGION:ACCOUNT:log-group:onus0"
	list := []operation.ID{"cloudtrail:DescribeTrails"}
	return []permissions.Deed{
		{Action: "cloudtrail:StopLogging", Does: "stop trails", On: trails, Any: trail, Lists: list},
		{Action: "cloudtrail:DeleteTrail", Does: "delete trails", On: trails, Any: trail, Lists: list},
		{Action: "cloudtrail:UpdateTrail", Does: "lead trails elsewhere", On: trails, Any: trail, Lists: list},
		{Action: "cloudtrail:PutEventSelectors", Does: "choose what trails leave out", On: trails, Any: trail, Lists: list},
		{Action: "s3:DeleteObject", Does: "delete what trails have written", On: objects, Lists: list},
		{Action: "s3:DeleteBucket", Does: "delete the bucket of a trail", On: buckets, Lists: list},
		{Action: "s3:PutBucketPolicy", Does: "lock a trail out of its bucket", On: buckets, Lists: list},
		{Action: "guardduty:DeleteDetector", Does: "delete detectors", Any: detector},
		{Action: "guardduty:UpdateDetector", Does: "switch detectors off", Any: detector},
		{Action: "guardduty:CreateFilter", Does: "have findings archived unseen", Any: detector},
		{Action: "guardduty:ArchiveFindings", Does: "archive findings", Any: detector},
		{Action: "securityhub:DisableSecurityHub", Does: "switch Security Hub off", Any: "arn:aws:securityhub:REGION:ACCOUNT:hub/default"},
		{Action: "config:StopConfigurationRecorder", Does: "stop the recording of changes", Any: "*"},
		{Action: "config:DeleteConfigurationRecorder", Does: "delete the recorder of changes", Any: "*"},
		{Action: "cloudwatch:DeleteAlarms", Does: "delete alarms", Any: alarm},
		{Action: "cloudwatch:DisableAlarmActions", Does: "silence alarms", Any: alarm},
		{Action: "events:DisableRule", Does: "switch event rules off", Any: "arn:aws:events:REGION:ACCOUNT:rule/onus0"},
		{Action: "logs:DeleteLogGroup", Does: "delete logs", Any: group},
		{Action: "ec2:DeleteFlowLogs", Does: "delete flow logs", Any: "arn:aws:ec2:REGION:ACCOUNT:vpc-flow-log/fl-00000000000000000"},
	}
}

// giving are the deeds by which data is another's.
// https://attack.mitre.org/techniques/T1537/
func giving(e *estate.Estate) []permissions.Deed {
	of := map[string][]string{}
	for _, h := range permissions.Holders(e) {
		of[h.Noun] = append(of[h.Noun], h.Ref().ARN)
	}
	return []permissions.Deed{
		{Action: "ec2:ModifySnapshotAttribute", Does: "share snapshots of disks", Any: "arn:aws:ec2:REGION::snapshot/snap-00000000000000000"},
		{Action: "ec2:ModifyImageAttribute", Does: "share images", Any: "arn:aws:ec2:REGION::image/ami-00000000000000000"},
		{Action: "rds:ModifyDBSnapshotAttribute", Does: "share snapshots of databases", Any: "arn:aws:rds:REGION:ACCOUNT:snapshot:onus0"},
		{Action: "rds:ModifyDBClusterSnapshotAttribute", Does: "share snapshots of database clusters", Any: "arn:aws:rds:REGION:ACCOUNT:cluster-snapshot:onus0"},
		{Action: "s3:PutBucketPolicy", Does: "open buckets by their policy", On: of["bucket"], Lists: []operation.ID{"s3:ListBuckets"}},
		{Action: "s3:PutBucketAcl", Does: "open buckets by their list", On: of["bucket"], Lists: []operation.ID{"s3:ListBuckets"}},
		{Action: "s3:PutReplicationConfiguration", Does: "have buckets copied elsewhere", On: of["bucket"], Lists: []operation.ID{"s3:ListBuckets"}},
		{Action: "kms:PutKeyPolicy", Does: "give keys away by their policy", On: of["key"], Lists: []operation.ID{"kms:ListKeys"}},
		{Action: "kms:CreateGrant", Does: "give keys away by grants", On: of["key"], Lists: []operation.ID{"kms:ListKeys"}},
		{Action: "secretsmanager:PutResourcePolicy", Does: "open secrets", On: of["secret"], Any: "arn:aws:secretsmanager:REGION:ACCOUNT:secret:onus0-abcdef", Lists: []operation.ID{"secretsmanager:ListSecrets"}},
		{Action: "sqs:AddPermission", Does: "open queues", On: of["queue"], Lists: []operation.ID{"sqs:ListQueues"}},
		{Action: "sqs:SetQueueAttributes", Does: "write policies of queues", On: of["queue"], Lists: []operation.ID{"sqs:ListQueues"}},
		{Action: "sns:AddPermission", Does: "open topics", On: of["topic"], Lists: []operation.ID{"sns:ListTopics"}},
		{Action: "lambda:AddPermission", Does: "open functions", On: of["function"], Lists: []operation.ID{"lambda:ListFunctions"}},
		{Action: "ecr:SetRepositoryPolicy", Does: "open repositories of images", On: of["repository"], Lists: []operation.ID{"ecr:DescribeRepositories"}},
		{Action: "backup:PutBackupVaultAccessPolicy", Does: "open backup vaults", On: of["backup vault"], Lists: []operation.ID{"backup:ListBackupVaults"}},
		{Action: "backup:StartCopyJob", Does: "copy backups elsewhere", Any: "arn:aws:backup:REGION:ACCOUNT:recovery-point:onus0"},
		{Action: "ram:CreateResourceShare", Does: "share resources with other accounts", Any: "*"},
	}
}
