package generate

import (
	"time"
)

// database is an RDS database; of a cluster, its members are made with it.
type database struct {
	name, engine, version string
	labels                labels
	groups                []string
	key                   string // ARN; empty: it is not encrypted
	public                bool
	retention             int
	pinned                bool // minor versions are not taken by themselves
}

var ports = map[string]int{"postgres": 5432, "aurora-postgresql": 5432, "mysql": 3306, "aurora-mysql": 3306, "sqlserver-web": 1433}

func worn(groups []string) []object {
	all := []object{}
	for _, g := range groups {
		all = append(all, object{"VpcSecurityGroupId": g, "Status": "active"})
	}
	return all
}

// database runs one database outside of any cluster, and returns its ARN.
func (s *site) database(d database, n *vpc) string {
	arn := s.arn("rds", "db:"+d.name)
	body := s.databaseInstance(d, n, d.name)
	body["AllocatedStorage"], body["MultiAZ"], body["StorageType"] = 200, true, "gp3"
	body["BackupRetentionPeriod"] = d.retention
	if d.retention > 0 {
		body["LatestRestorableTime"] = ago(5 * time.Minute)
	}
	s.count("rds:DescribeDBInstances", body)
	s.tag(arn, d.labels)
	return arn
}

func (s *site) databaseInstance(d database, v *vpc, name string) object {
	body := object{"DBInstanceIdentifier": name, "DBInstanceArn": s.arn("rds", "db:"+name), "DbiResourceId": "db-" + upper(s.digest(26, "db", name)), "DBInstanceClass": "db.r7g.large",
		"Engine": d.engine, "EngineVersion": d.version, "DBInstanceStatus": "available", "MasterUsername": "acme", "AvailabilityZone": v.data[0].zone, "InstanceCreateTime": "2022-02-07T09:30:00Z",
		"Endpoint":         object{"Address": name + "." + s.digest(12, "rds") + "." + s.region + ".rds.amazonaws.com", "Port": ports[d.engine], "HostedZoneId": "Z2R2ITUGPM61AM"},
		"StorageEncrypted": d.key != "", "PubliclyAccessible": d.public, "AutoMinorVersionUpgrade": !d.pinned, "DeletionProtection": !d.public, "IAMDatabaseAuthenticationEnabled": true,
		"VpcSecurityGroups": worn(d.groups), "DBSubnetGroup": v.dataGroup(), "BackupRetentionPeriod": d.retention,
		"PreferredMaintenanceWindow": "sun:03:00-sun:04:00", "PreferredBackupWindow": "01:00-02:00", "CopyTagsToSnapshot": true, "CACertificateIdentifier": "rds-ca-rsa2048-g1",
		"MultiAZ": false, "MonitoringInterval": 60, "PerformanceInsightsEnabled": true, "TagList": d.labels.list()}
	if d.key != "" {
		body["KmsKeyId"] = d.key
	}
	return body
}

// dataGroup is RDS's group of the subnets that databases stand in.
func (v *vpc) dataGroup() object {
	var subnets []object
	for _, n := range v.data {
		subnets = append(subnets, object{"SubnetIdentifier": n.id, "SubnetAvailabilityZone": object{"Name": n.zone}, "SubnetStatus": "Active"})
	}
	return object{"DBSubnetGroupName": v.name + "-data", "VpcId": v.id, "SubnetGroupStatus": "Complete", "Subnets": subnets}
}

// cluster runs an Aurora cluster of two, and returns its ARN.
func (s *site) cluster(d database, v *vpc) string {
	arn := s.arn("rds", "cluster:"+d.name)
	var of []object
	for i, suffix := range []string{"-a", "-b"} {
		of = append(of, object{"DBInstanceIdentifier": d.name + suffix, "IsClusterWriter": i == 0, "DBClusterParameterGroupStatus": "in-sync", "PromotionTier": 1})
		body := s.databaseInstance(d, v, d.name+suffix)
		body["DBClusterIdentifier"], body["StorageType"], body["AllocatedStorage"] = d.name, "aurora", 1
		s.count("rds:DescribeDBInstances", body)
		s.tag(s.arn("rds", "db:"+d.name+suffix), d.labels)
	}
	body := object{"DBClusterIdentifier": d.name, "DBClusterArn": arn, "DbClusterResourceId": "cluster-" + upper(s.digest(26, "cluster", d.name)), "Engine": d.engine, "EngineVersion": d.version,
		"EngineMode": "provisioned", "Status": "available", "MasterUsername": "acme", "Port": ports[d.engine], "MultiAZ": true,
		"Endpoint": d.name + ".cluster-" + s.digest(12, "rds") + "." + s.region + ".rds.amazonaws.com", "StorageEncrypted": d.key != "", "DeletionProtection": true,
		"AvailabilityZones": []string{v.data[0].zone, v.data[1].zone, v.data[2].zone}, "VpcSecurityGroups": worn(d.groups), "DBSubnetGroup": v.name + "-data",
		"BackupRetentionPeriod": d.retention, "EarliestRestorableTime": ago(time.Duration(d.retention) * day), "LatestRestorableTime": ago(5 * time.Minute), "ClusterCreateTime": "2022-02-07T09:30:00Z",
		"DBClusterMembers": of, "IAMDatabaseAuthenticationEnabled": true, "CopyTagsToSnapshot": true, "AutoMinorVersionUpgrade": !d.pinned, "TagList": d.labels.list()}
	if d.key != "" {
		body["KmsKeyId"] = d.key
	}
	s.count("rds:DescribeDBClusters", body)
	s.tag(arn, d.labels)
	return arn
}

// clusterSnapshot is one of a cluster that somebody made by hand and shared with nobody.
func (s *site) clusterSnapshot(name, of, engine, version, key string, taken time.Duration, l labels) {
	s.count("rds:DescribeDBClusterSnapshots", object{"DBClusterSnapshotIdentifier": name, "DBClusterSnapshotArn": s.arn("rds", "cluster-snapshot:"+name), "DBClusterIdentifier": of,
		"DbClusterResourceId": "cluster-" + upper(s.digest(26, "cluster", of)), "SnapshotCreateTime": ago(taken), "ClusterCreateTime": "2022-02-07T09:30:00Z", "Engine": engine, "EngineVersion": version,
		"EngineMode": "provisioned", "Status": "available", "SnapshotType": "manual", "PercentProgress": 100, "StorageEncrypted": true, "KmsKeyId": key, "Port": ports[engine],
		"AvailabilityZones": []string{s.region + "a", s.region + "b", s.region + "c"}, "MasterUsername": "acme", "IAMDatabaseAuthenticationEnabled": true, "TagList": l.list()})
	s.about("rds:DescribeDBClusterSnapshotAttributes", object{"DBClusterSnapshotAttributesResult": object{"DBClusterSnapshotIdentifier": name,
		"DBClusterSnapshotAttributes": []object{{"AttributeName": "restore", "AttributeValues": []string{}}}}}, name)
}

// databaseSnapshot is one that somebody made by hand, and whom it is shared with.
func (s *site) databaseSnapshot(name, of, engine, version, key string, taken time.Duration, sharedWith ...string) {
	body := object{"DBSnapshotIdentifier": name, "DBSnapshotArn": s.arn("rds", "snapshot:"+name), "DBInstanceIdentifier": of, "DbiResourceId": "db-" + upper(s.digest(26, "db", of)),
		"SnapshotCreateTime": ago(taken), "OriginalSnapshotCreateTime": ago(taken), "Engine": engine, "EngineVersion": version, "AllocatedStorage": 100, "Status": "available", "Port": ports[engine],
		"AvailabilityZone": s.region + "a", "InstanceCreateTime": "2019-08-01T10:00:00Z", "MasterUsername": "acme", "SnapshotType": "manual", "PercentProgress": 100, "StorageType": "gp2",
		"Encrypted": key != "", "TagList": []object{}}
	if key != "" {
		body["KmsKeyId"] = key
	}
	s.count("rds:DescribeDBSnapshots", body)
	if sharedWith == nil {
		sharedWith = []string{}
	}
	s.about("rds:DescribeDBSnapshotAttributes", object{"DBSnapshotAttributesResult": object{"DBSnapshotIdentifier": name,
		"DBSnapshotAttributes": []object{{"AttributeName": "restore", "AttributeValues": sharedWith}}}}, name)
}

// table makes a DynamoDB table with point-in-time recovery, and returns its ARN.
func (s *site) table(name, key string, l labels) string {
	arn := s.arn("dynamodb", "table/"+name)
	s.count("dynamodb:ListTables", name)
	s.about("dynamodb:DescribeTable", object{"Table": object{"TableName": name, "TableArn": arn, "TableId": s.uuid("table", name), "TableStatus": "ACTIVE", "CreationDateTime": "2022-04-11T07:45:00Z",
		"AttributeDefinitions": []object{{"AttributeName": "id", "AttributeType": "S"}}, "KeySchema": []object{{"AttributeName": "id", "KeyType": "HASH"}},
		"BillingModeSummary": object{"BillingMode": "PAY_PER_REQUEST"}, "ItemCount": 184203, "TableSizeBytes": 90412331, "DeletionProtectionEnabled": true,
		"SSEDescription": object{"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}}}, name)
	s.about("dynamodb:DescribeContinuousBackups", object{"ContinuousBackupsDescription": object{"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": object{
		"PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": 35, "EarliestRestorableDateTime": ago(35 * day), "LatestRestorableDateTime": ago(5 * time.Minute)}}}, name)
	s.tag(arn, l)
	return arn
}

var allBlocked = object{"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true}

// bucket is an S3 bucket. Its zero value but for name and place is in order.
type bucket struct {
	name      string
	home      *site
	labels    labels
	open      bool     // it does not insist on TLS
	public    bool     // everybody may read it
	locked    bool     // objects cannot be deleted for a year
	key       string   // ARN; empty: S3's own key
	statement []object // of its policy, besides
	listed    []grant  // what its access control list gives others; with none, lists are off
}

// grant is a permission that an access control list gives an account.
type grant struct {
	to         *account
	permission string
}

// bucket makes one. S3 is asked once for an account.
func (a *account) bucket(b bucket) {
	g, name := a.global, b.name
	arn := "arn:aws:s3:::" + name
	g.count("s3:ListBuckets", object{"Name": name, "CreationDate": "2021-09-06T11:20:00Z", "BucketRegion": b.home.region, "BucketArn": arn})
	location := object{"LocationConstraint": b.home.region}
	if b.home.region == "us-east-1" {
		location = object{}
	}
	g.about("s3:GetBucketLocation", location, name)
	encryption := object{"SSEAlgorithm": "AES256"}
	if b.key != "" {
		encryption = object{"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": b.key}
	}
	g.about("s3:GetBucketEncryption", object{"ServerSideEncryptionConfiguration": object{"Rules": []object{{"ApplyServerSideEncryptionByDefault": encryption, "BucketKeyEnabled": b.key != "",
		"BlockedEncryptionTypes": object{"EncryptionType": []string{"SSE-C"}}}}}}, name)
	statements := b.statement
	if !b.open {
		statements = append([]object{{"Sid": "OnlyTLS", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": []string{arn, arn + "/*"},
			"Condition": object{"Bool": object{"aws:SecureTransport": "false"}}}}, statements...)
	}
	if b.public {
		statements = append(statements, object{"Sid": "PublicRead", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": arn + "/*"})
	}
	if len(statements) > 0 {
		g.about("s3:GetBucketPolicy", object{"Policy": string(encode(policy(statements...)))}, name)
		g.about("s3:GetBucketPolicyStatus", object{"PolicyStatus": object{"IsPublic": b.public}}, name)
	} else {
		g.none("s3:GetBucketPolicy", name)
		g.none("s3:GetBucketPolicyStatus", name)
	}
	owner, ownership := a.canonical(), "BucketOwnerEnforced"
	grants := []object{{"Grantee": object{"ID": owner, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}}
	for _, l := range b.listed {
		grants = append(grants, object{"Grantee": object{"ID": l.to.canonical(), "Type": "CanonicalUser"}, "Permission": l.permission})
		ownership = "ObjectWriter"
	}
	g.about("s3:GetBucketAcl", object{"Owner": object{"ID": owner}, "Grants": grants}, name)
	if b.public {
		g.about("s3:GetPublicAccessBlock", object{"PublicAccessBlockConfiguration": object{"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": false, "RestrictPublicBuckets": false}}, name)
	} else {
		g.about("s3:GetPublicAccessBlock", object{"PublicAccessBlockConfiguration": allBlocked}, name)
	}
	g.about("s3:GetBucketOwnershipControls", object{"OwnershipControls": object{"Rules": []object{{"ObjectOwnership": ownership}}}}, name)
	g.about("s3:GetBucketVersioning", object{"Status": "Enabled"}, name)
	g.about("s3:GetBucketLogging", object{"LoggingEnabled": object{"TargetBucket": "acme-access-logs", "TargetPrefix": name + "/"}}, name)
	if b.locked {
		g.about("s3:GetObjectLockConfiguration", object{"ObjectLockConfiguration": object{"ObjectLockEnabled": "Enabled", "Rule": object{"DefaultRetention": object{"Mode": "COMPLIANCE", "Days": 365}}}}, name)
	} else {
		g.none("s3:GetObjectLockConfiguration", name)
	}
	b.home.tag(arn, b.labels)
}

func (a *account) canonical() string {
	return a.global.digest(32, "canonical") + a.global.digest(32, "canonical", "2")
}

// function makes a Lambda function.
func (s *site) function(name, runtime, role string, l labels, variables ...labels) {
	arn := s.arn("lambda", "function:"+name)
	body := object{"FunctionName": name, "FunctionArn": arn, "Runtime": runtime, "Role": role, "Handler": "main.handler", "CodeSize": 1834021, "Timeout": 30, "MemorySize": 512,
		"LastModified": "2026-10-02T08:14:11.000+0000", "CodeSha256": "q1Yd0m1Xo0cJm4v7w9Q2b8s5t6u3z1a0n9k8j7h6g5E=", "Version": "$LATEST", "TracingConfig": object{"Mode": "Active"}, "PackageType": "Zip",
		"Architectures": []string{"arm64"}, "EphemeralStorage": object{"Size": 512}, "RevisionId": s.uuid("revision", name), "LoggingConfig": object{"LogFormat": "JSON", "LogGroup": "/aws/lambda/" + name}}
	for _, v := range variables {
		body["Environment"] = object{"Variables": v}
	}
	s.count("lambda:ListFunctions", body)
	s.about("lambda:ListFunctionUrlConfigs", object{"FunctionUrlConfigs": []object{}}, name)
	s.tag(arn, l)
}
