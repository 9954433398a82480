package access

import "strings"

// storeAction is one action on a store and what it does to the data.
type storeAction struct{ action, resource, effect string }

// storeActions are the actions that read, write or destroy what a store holds, by its ARN.
func storeActions(arn string) []storeAction {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return nil
	}
	on := func(effects string, actions ...string) []storeAction {
		var all []storeAction
		words := strings.Fields(effects)
		for i, a := range actions {
			all = append(all, storeAction{a, arn, words[min(i, len(words)-1)]})
		}
		return all
	}
	rest := parts[5]
	switch parts[2] {
	case "s3":
		objects := arn + "/*"
		if strings.Contains(rest, "/") {
			objects = arn
		}
		return []storeAction{{"s3:GetObject", objects, "reads"}, {"s3:PutObject", objects, "writes"}, {"s3:DeleteObject", objects, "destroys"},
			{"s3:DeleteBucket", strings.TrimSuffix(strings.SplitN(arn, "/", 2)[0], "/"), "destroys"}}
	case "dynamodb":
		return on("reads reads writes destroys destroys", "dynamodb:GetItem", "dynamodb:Scan", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:DeleteTable")
	case "secretsmanager":
		return on("reads writes destroys", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:DeleteSecret")
	case "ssm":
		return on("reads writes destroys", "ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter")
	case "kms":
		return on("reads writes destroys destroys", "kms:Decrypt", "kms:Encrypt", "kms:ScheduleKeyDeletion", "kms:DisableKey")
	case "sqs":
		return on("reads writes destroys destroys", "sqs:ReceiveMessage", "sqs:SendMessage", "sqs:PurgeQueue", "sqs:DeleteQueue")
	case "sns":
		return on("reads writes destroys", "sns:Subscribe", "sns:Publish", "sns:DeleteTopic")
	case "ecr":
		return on("reads writes destroys", "ecr:BatchGetImage", "ecr:PutImage", "ecr:DeleteRepository")
	case "elasticfilesystem": // who mounts it is asked by packets, unless its policy says more
		return on("destroys", "elasticfilesystem:DeleteFileSystem")
	case "es":
		return []storeAction{{"es:ESHttpGet", arn + "/*", "reads"}, {"es:ESHttpPut", arn + "/*", "writes"}, {"es:DeleteDomain", arn, "destroys"}}
	case "rds":
		switch {
		case strings.HasPrefix(rest, "db:"):
			return on("writes destroys", "rds:ModifyDBInstance", "rds:DeleteDBInstance") // whoever sets the master password reads and writes
		case strings.HasPrefix(rest, "cluster:"):
			return on("writes destroys", "rds:ModifyDBCluster", "rds:DeleteDBCluster")
		case strings.HasPrefix(rest, "snapshot:"):
			return on("reads destroys", "rds:ModifyDBSnapshotAttribute", "rds:DeleteDBSnapshot")
		case strings.HasPrefix(rest, "cluster-snapshot:"):
			return on("destroys", "rds:DeleteDBClusterSnapshot")
		}
	case "ec2":
		switch {
		case strings.HasPrefix(rest, "snapshot/"):
			return on("reads destroys", "ec2:ModifySnapshotAttribute", "ec2:DeleteSnapshot")
		case strings.HasPrefix(rest, "volume/"):
			return on("reads destroys", "ec2:CreateSnapshot", "ec2:DeleteVolume")
		}
	case "elasticache":
		switch {
		case strings.HasPrefix(rest, "cluster:"):
			return on("destroys", "elasticache:DeleteCacheCluster")
		case strings.HasPrefix(rest, "replicationgroup:"):
			return on("reads destroys", "elasticache:Connect", "elasticache:DeleteReplicationGroup")
		}
	case "redshift":
		return on("destroys", "redshift:DeleteCluster")
	case "backup":
		if strings.HasPrefix(rest, "backup-vault:") {
			return on("destroys", "backup:DeleteBackupVault")
		}
		return on("destroys", "backup:DeleteRecoveryPoint")
	}
	return nil
}
