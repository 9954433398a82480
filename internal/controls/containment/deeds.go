package containment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// asking prepares to ask which deeds a role can do by itself. Deeds that one statement allows are one power.
func asking(c *control.Case, deeds []permissions.Deed) func(*access.Principal) ([]power, []estate.Gap) {
	return func(p *access.Principal) ([]power, []estate.Gap) {
		done, doubts := permissions.Able(c.Access(), nil, p, deeds)
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

// judgeHolders asks of each resource with a policy whether that lets the role of a server of its account do a deed on it, whatever the
// role's own policies say.
func judgeHolders(c *control.Case, holders []permissions.Holder, deeds []permissions.Deed) {
	mentions := permissions.MentionsOf(c.Estate)
	all := permissions.Servers(c.Estate)
	roles, servers := permissions.ByRole(all)
	hidden := map[string][]estate.Gap{} // what would have told of more servers, by account
	for _, a := range c.Estate.Accounts {
		hidden[a.ID] = permissions.ServerGaps(c.Estate, all, a.ID)
		if place := (estate.Place{Account: a.ID, Region: estate.Global}); !c.Estate.Complete(place, "iam:GetAccountAuthorizationDetails") {
			hidden[a.ID] = append(hidden[a.ID], c.Estate.Reading(place, "iam:GetAccountAuthorizationDetails", "").Gap())
		}
	}
	for _, h := range holders {
		if !c.Concerns(h) {
			continue
		}
		if gap, unread := h.Policy.Unread(); unread {
			c.Unknown(h, "whether its policy lets a server share it was not read", append(h.Doubt, gap)...)
			continue
		}
		broken := false
		for _, role := range roles {
			p := c.Access().ByARN(role)
			if p == nil || !mentions.Names(h.Ref().ARN, p) {
				continue
			}
			for _, deed := range deeds {
				if !slices.Contains(deed.On, h.Ref().ARN) || permissions.Targets(p, deed.Action).Has(h.Ref().ARN) {
					continue // its own policies let it: the server is the subject
				}
				a := c.Access().Can(p, deed.Action, h.Ref().ARN)
				if permissions.Decided(a.Decision) != estate.True {
					continue
				}
				broken = true
				text := fmt.Sprintf("the policy of %s lets role %s, which %s %s has, %s", h.Name(), p.Name, servers[role][0].Noun, control.Called(servers[role][0].Ref()), deed.Does)
				statement := 0
				for _, r := range a.Because {
					if r.Effect == policy.Allow {
						statement = max(r.Statement, 0)
					}
				}
				c.Breaks(h, control.Counter{Text: text, Facts: permissions.AnswerFacts(a), Cause: answer.Cause{Key: h.CauseKey(statement), Subject: h.Ref(), Title: text,
					Fix: answer.Fix{Text: "Take the action out of the statement.", CLI: h.Edit("")}}})
			}
		}
		switch gaps := hidden[h.Ref().Account]; {
		case broken:
		case len(gaps) > 0 && mentions.NamesRole(h.Ref().ARN):
			c.Unknown(h, "whether its policy lets the role of a server share it was not read in full", gaps...)
		case len(h.Doubt) > 0:
			c.Unknown(h, "whether it is a key of ours was not read", h.Doubt...)
		default:
			c.Holds(h)
		}
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
			bucket := "arn:" + estate.Partition(t.Ref().Region) + ":s3:::" + t.Bucket
			buckets, objects = append(buckets, bucket), append(objects, bucket+"/*")
		}
	}
	const trail, detector, alarm, group = "arn:PARTITION:cloudtrail:REGION:ACCOUNT:trail/onus0", "arn:PARTITION:guardduty:REGION:ACCOUNT:detector/onus0",
		"arn:PARTITION:cloudwatch:REGION:ACCOUNT:alarm:onus0", "arn:PARTITION:logs:REGION:ACCOUNT:log-group:onus0"
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
		{Action: "securityhub:DisableSecurityHub", Does: "switch Security Hub off", Any: "arn:PARTITION:securityhub:REGION:ACCOUNT:hub/default"},
		{Action: "config:StopConfigurationRecorder", Does: "stop the recording of changes", Any: "*"},
		{Action: "config:DeleteConfigurationRecorder", Does: "delete the recorder of changes", Any: "*"},
		{Action: "cloudwatch:DeleteAlarms", Does: "delete alarms", Any: alarm},
		{Action: "cloudwatch:DisableAlarmActions", Does: "silence alarms", Any: alarm},
		{Action: "events:DisableRule", Does: "switch event rules off", Any: "arn:PARTITION:events:REGION:ACCOUNT:rule/onus0"},
		{Action: "logs:DeleteLogGroup", Does: "delete logs", Any: group},
		{Action: "ec2:DeleteFlowLogs", Does: "delete flow logs", Any: "arn:PARTITION:ec2:REGION:ACCOUNT:vpc-flow-log/fl-00000000000000000"},
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
		{Action: "ec2:ModifySnapshotAttribute", Does: "share snapshots of disks", Any: "arn:PARTITION:ec2:REGION::snapshot/snap-00000000000000000"},
		{Action: "ec2:ModifyImageAttribute", Does: "share images", Any: "arn:PARTITION:ec2:REGION::image/ami-00000000000000000"},
		{Action: "rds:ModifyDBSnapshotAttribute", Does: "share snapshots of databases", Any: "arn:PARTITION:rds:REGION:ACCOUNT:snapshot:onus0"},
		{Action: "rds:ModifyDBClusterSnapshotAttribute", Does: "share snapshots of database clusters", Any: "arn:PARTITION:rds:REGION:ACCOUNT:cluster-snapshot:onus0"},
		{Action: "s3:PutBucketPolicy", Does: "open buckets by their policy", On: of["bucket"], Lists: []operation.ID{"s3:ListBuckets"}},
		{Action: "s3:PutBucketAcl", Does: "open buckets by their list", On: of["bucket"], Lists: []operation.ID{"s3:ListBuckets"}},
		{Action: "s3:PutReplicationConfiguration", Does: "have buckets copied elsewhere", On: of["bucket"], Lists: []operation.ID{"s3:ListBuckets"}},
		{Action: "kms:PutKeyPolicy", Does: "give keys away by their policy", On: of["key"], Lists: []operation.ID{"kms:ListKeys"}},
		{Action: "kms:CreateGrant", Does: "give keys away by grants", On: of["key"], Lists: []operation.ID{"kms:ListKeys"}},
		{Action: "secretsmanager:PutResourcePolicy", Does: "open secrets", On: of["secret"], Any: "arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:onus0-abcdef", Lists: []operation.ID{"secretsmanager:ListSecrets"}},
		{Action: "sqs:AddPermission", Does: "open queues", On: of["queue"], Lists: []operation.ID{"sqs:ListQueues"}},
		{Action: "sqs:SetQueueAttributes", Does: "write policies of queues", On: of["queue"], Lists: []operation.ID{"sqs:ListQueues"}},
		{Action: "sns:AddPermission", Does: "open topics", On: of["topic"], Lists: []operation.ID{"sns:ListTopics"}},
		{Action: "lambda:AddPermission", Does: "open functions", On: of["function"], Lists: []operation.ID{"lambda:ListFunctions"}},
		{Action: "ecr:SetRepositoryPolicy", Does: "open repositories of images", On: of["repository"], Lists: []operation.ID{"ecr:DescribeRepositories"}},
		{Action: "elasticfilesystem:PutFileSystemPolicy", Does: "open file systems", On: of["file system"], Lists: []operation.ID{"efs:DescribeFileSystems"}},
		{Action: "es:UpdateDomainConfig", Does: "open search domains", On: of["search domain"], Lists: []operation.ID{"opensearch:ListDomainNames"}},
		{Action: "backup:PutBackupVaultAccessPolicy", Does: "open backup vaults", On: of["backup vault"], Lists: []operation.ID{"backup:ListBackupVaults"}},
		{Action: "backup:StartCopyJob", Does: "copy backups elsewhere", Any: "arn:PARTITION:backup:REGION:ACCOUNT:recovery-point:onus0"},
		{Action: "ram:CreateResourceShare", Does: "share resources with other accounts", Any: "*"},
	}
}
