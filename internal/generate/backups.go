package generate

import (
	"strconv"
	"time"
)

// vault is where AWS Backup keeps the recovery points of a place.
type vault struct {
	*site
	name, plan string
	points     []object
}

// backupPlan makes a vault, and a plan that backs up every day what bears the tag backup: daily.
func (s *site) backupPlan() *vault {
	v := &vault{site: s, name: "acme-vault", plan: s.uuid("plan")}
	arn := s.arn("backup", "backup-plan:"+v.plan)
	version := s.digest(48, "plan version")
	s.count("backup:ListBackupPlans", object{"BackupPlanArn": arn, "BackupPlanId": v.plan, "BackupPlanName": "daily-35-days", "VersionId": version, "CreationDate": "2022-01-10T09:00:00Z",
		"LastExecutionDate": ago(23 * time.Hour)})
	s.about("backup:GetBackupPlan", object{"BackupPlanArn": arn, "BackupPlanId": v.plan, "VersionId": version, "CreationDate": "2022-01-10T09:00:00Z", "BackupPlan": object{"BackupPlanName": "daily-35-days",
		"Rules": []object{{"RuleName": "daily", "RuleId": s.uuid("plan rule"), "TargetBackupVaultName": v.name, "ScheduleExpression": "cron(0 5 ? * * *)", "StartWindowMinutes": 60,
			"CompletionWindowMinutes": 360, "Lifecycle": object{"DeleteAfterDays": 35}, "EnableContinuousBackup": false}}}}, v.plan)
	selection := s.uuid("selection")
	role := "arn:aws:iam::" + s.account.id + ":role/service-role/AWSBackupDefaultServiceRole"
	s.about("backup:ListBackupSelections", object{"BackupSelectionsList": []object{{"SelectionId": selection, "SelectionName": "tagged-daily", "BackupPlanId": v.plan, "IamRoleArn": role,
		"CreationDate": "2022-01-10T09:05:00Z"}}}, v.plan)
	s.about("backup:GetBackupSelection", object{"BackupPlanId": v.plan, "SelectionId": selection, "CreationDate": "2022-01-10T09:05:00Z", "BackupSelection": object{"SelectionName": "tagged-daily",
		"IamRoleArn": role, "Resources": []string{}, "NotResources": []string{}, "Conditions": object{},
		"ListOfTags": []object{{"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "daily"}}}}, v.plan, selection)
	return v
}

// keeps makes the recovery points that the plan would have made of a resource on the last days.
func (v *vault) keeps(arn, kind string, days int) {
	v.w.truth.Resources += days
	for n := range days {
		v.points = append(v.points, object{"RecoveryPointArn": v.point(arn, n), "BackupVaultName": v.name, "BackupVaultArn": v.arn("backup", "backup-vault:"+v.name), "ResourceArn": arn,
			"ResourceType": kind, "Status": "COMPLETED", "CreationDate": ago(time.Duration(n)*day + 23*time.Hour), "CompletionDate": ago(time.Duration(n)*day + 22*time.Hour),
			"BackupSizeInBytes": 21474836480, "IsEncrypted": true, "EncryptionKeyArn": v.arn("kms", "key/"+v.uuid("key", "rds")),
			"IamRoleArn": "arn:aws:iam::" + v.account.id + ":role/service-role/AWSBackupDefaultServiceRole", "Lifecycle": object{"DeleteAfterDays": 35},
			"CreatedBy": object{"BackupPlanId": v.plan, "BackupPlanArn": v.arn("backup", "backup-plan:"+v.plan)}})
	}
	v.count("backup:ListProtectedResources", object{"ResourceArn": arn, "ResourceType": kind, "LastBackupTime": ago(22 * time.Hour), "LastBackupVaultArn": v.arn("backup", "backup-vault:"+v.name),
		"LastRecoveryPointArn": v.point(arn, 0)})
}

func (v *vault) point(arn string, n int) string {
	return v.arn("backup", "recovery-point:"+v.uuid("point", arn, strconv.Itoa(n)))
}

// restored is a restore of a resource's newest backup; validation is "SUCCESSFUL", "FAILED", or empty if nobody looked.
func (v *vault) restored(arn, kind string, when time.Duration, validation string) {
	job := object{"RestoreJobId": v.uuid("restore", arn, strconv.Itoa(int(when/time.Hour))), "AccountId": v.account.id, "RecoveryPointArn": v.point(arn, 0), "SourceResourceArn": arn,
		"ResourceType": kind, "Status": "COMPLETED", "PercentDone": "100.00%", "CreationDate": ago(when + 2*time.Hour), "CompletionDate": ago(when), "BackupSizeInBytes": 21474836480,
		"IamRoleArn": "arn:aws:iam::" + v.account.id + ":role/service-role/AWSBackupDefaultServiceRole", "CreatedResourceArn": arn + "-restored"}
	if validation != "" {
		job["ValidationStatus"] = validation
		job["CreatedBy"] = object{"RestoreTestingPlanArn": v.arn("backup", "restore-testing-plan:monthly")}
	}
	v.count("backup:ListRestoreJobs", job)
}

// close lists the vault with what it came to hold.
func (v *vault) close() {
	points := v.points
	if points == nil {
		points = []object{}
	}
	v.count("backup:ListBackupVaults", object{"BackupVaultName": v.name, "BackupVaultArn": v.arn("backup", "backup-vault:"+v.name), "CreationDate": "2022-01-10T08:55:00Z",
		"EncryptionKeyArn": v.arn("kms", "key/"+v.uuid("key", "rds")), "NumberOfRecoveryPoints": len(points), "Locked": true, "MinRetentionDays": 7, "MaxRetentionDays": 400})
	v.about("backup:ListRecoveryPointsByBackupVault", object{"RecoveryPoints": points}, v.name)
}

// lifecyclePolicy makes a policy of Data Lifecycle Manager that takes a snapshot of tagged volumes every night.
func (s *site) lifecyclePolicy(key, value string) {
	id := "policy-0" + s.digest(16, "dlm", key, value)
	s.count("dlm:GetLifecyclePolicies", object{"PolicyId": id, "Description": "nightly snapshots", "State": "ENABLED", "PolicyType": "EBS_SNAPSHOT_MANAGEMENT", "Tags": labels{"owner": "ops"}, "DefaultPolicy": false})
	s.about("dlm:GetLifecyclePolicy", object{"Policy": object{"PolicyId": id, "Description": "nightly snapshots", "State": "ENABLED", "StatusMessage": "ENABLED", "PolicyArn": s.arn("dlm", "policy/"+id),
		"ExecutionRoleArn": "arn:aws:iam::" + s.account.id + ":role/service-role/AWSDataLifecycleManagerDefaultRole", "DateCreated": "2022-05-02T08:00:00Z", "DateModified": "2022-05-02T08:00:00Z",
		"Tags": labels{"owner": "ops"}, "DefaultPolicy": false, "PolicyDetails": object{"PolicyType": "EBS_SNAPSHOT_MANAGEMENT", "ResourceTypes": []string{"VOLUME"}, "ResourceLocations": []string{"CLOUD"},
			"TargetTags": []object{{"Key": key, "Value": value}}, "Schedules": []object{{"Name": "nightly", "CopyTags": true, "CreateRule": object{"Interval": 24, "IntervalUnit": "HOURS", "Times": []string{"02:00"}},
				"RetainRule": object{"Count": 14}}}}}}, id)
}

// snapshot takes one of a volume and says with whom it is shared: "all" is everybody.
func (s *site) snapshot(volume string, encrypted bool, key string, taken time.Duration, description string, l labels, sharedWith ...string) string {
	id := s.id("snap", volume, ago(taken))
	body := object{"SnapshotId": id, "VolumeId": volume, "OwnerId": s.account.id, "State": "completed", "Progress": "100%", "StartTime": ago(taken), "CompletionTime": ago(taken - 10*time.Minute),
		"Encrypted": encrypted, "VolumeSize": 20, "Description": description, "StorageTier": "standard", "Tags": l.list()}
	if encrypted {
		body["KmsKeyId"] = key
	}
	s.count("ec2:DescribeSnapshots", body)
	permissions := []object{}
	for _, who := range sharedWith {
		if who == "all" {
			permissions = append(permissions, object{"Group": "all"})
		} else {
			permissions = append(permissions, object{"UserId": who})
		}
	}
	s.about("ec2:DescribeSnapshotAttribute", object{"SnapshotId": id, "CreateVolumePermissions": permissions}, id, "createVolumePermission")
	return id
}
