package generate

import (
	"strings"
	"time"
)

// acme is the company: its accounts, and what several stories refer to.
type acme struct {
	w                           *world
	production, staging, legacy *account
	base, amazon                image // what hosts start from
	virginia, ireland           *landing
	test, testIreland           *landing
	tools, toolsIreland         *landing
	stage                       string // ARN of the load balancer of staging
}

// landing is what every Region of every account has before anything runs there.
type landing struct {
	*site
	vpc   *vpc
	keys  map[string]string // ARNs of KMS keys, by alias
	vault *vault
}

const (
	organizationID = "o-4xk2m9q7wz"
	rootID         = "r-7f2k"
	toolsUnit      = "ou-7f2k-4c8d1e9a"
)

var regionsInUse = []string{"us-east-1", "eu-west-1"}

// company sets up the accounts and everything that is in order.
func company(w *world) *acme {
	c := &acme{w: w}
	c.production = w.account("111122223333", "acme-production", regionsInUse...)
	c.staging = w.account("444455556666", "acme-staging", regionsInUse...)
	c.legacy = w.account("777788889999", "acme-legacy-tools", regionsInUse...)
	for _, a := range w.accounts {
		w.identify(a)
		a.signIn(c.leftovers(a)...)
	}
	w.organization("acme")
	c.virginia, c.ireland = c.production.land(0, "10.0.0.0/16"), c.production.land(1, "10.1.0.0/16")
	c.test, c.testIreland = c.staging.land(0, "10.10.0.0/16"), c.staging.land(1, "10.11.0.0/16")
	c.tools, c.toolsIreland = c.legacy.land(0, "10.20.0.0/16"), c.legacy.land(1, "10.21.0.0/16")
	c.transit()
	c.firewall()
	c.images()
	w.trail(c.virginia)
	c.hosts()
	c.databases()
	c.buckets()
	c.sealed()
	c.functions()
	c.unreadKinds()
	return c
}

// identify answers who an account is and which Regions it has enabled.
func (w *world) identify(a *account) {
	g := a.global
	g.whole("sts:GetCallerIdentity", object{"UserId": "AROA" + upper(g.digest(17, "caller")) + ":onus", "Account": a.id,
		"Arn": "arn:aws:sts::" + a.id + ":assumed-role/OnusReader/onus"})
	for _, s := range a.regions {
		g.list("account:ListRegions", object{"RegionName": s.region, "RegionOptStatus": "ENABLED_BY_DEFAULT"})
		g.list("ec2:DescribeRegions", object{"RegionName": s.region, "OptInStatus": "opt-in-not-required", "Endpoint": "ec2." + s.region + ".amazonaws.com"})
	}
	for _, kind := range []string{"BILLING", "OPERATIONS", "SECURITY"} {
		if kind == "SECURITY" {
			g.about("account:GetAlternateContact", object{"AlternateContact": object{"AlternateContactType": kind, "EmailAddress": "security@acme.example",
				"Name": "Acme Security", "PhoneNumber": "+1 555 0100", "Title": "On call"}}, kind)
			continue
		}
		g.none("account:GetAlternateContact", kind)
	}
	g.whole("s3control:GetPublicAccessBlock", object{"PublicAccessBlockConfiguration": allBlocked})
	for _, s := range a.regions {
		s.whole("ec2:GetEbsEncryptionByDefault", object{"EbsEncryptionByDefault": true})
		s.blockPublicAccess()
		s.whole("ec2:GetInstanceMetadataDefaults", object{"AccountLevel": object{"HttpTokens": "required", "HttpPutResponseHopLimit": 2}})
	}
}

// organization joins all accounts; the first one manages it.
func (w *world) organization(domain string) {
	manager := w.accounts[0]
	for _, a := range w.accounts {
		a.global.whole("organizations:DescribeOrganization", object{"Organization": object{
			"Id": organizationID, "Arn": "arn:aws:organizations::" + manager.id + ":organization/" + organizationID, "FeatureSet": "ALL",
			"MasterAccountId": manager.id, "MasterAccountEmail": "aws+" + manager.name + "@" + domain + ".example",
			"MasterAccountArn": "arn:aws:organizations::" + manager.id + ":account/" + organizationID + "/" + manager.id}})
		manager.global.list("organizations:ListAccounts", object{"Id": a.id, "Name": a.name, "Status": "ACTIVE", "JoinedMethod": "CREATED",
			"Arn":   "arn:aws:organizations::" + manager.id + ":account/" + organizationID + "/" + a.id,
			"Email": "aws+" + a.name + "@" + domain + ".example", "JoinedTimestamp": "2019-05-14T09:12:00Z"})
	}
	w.organizationPolicy("p-FullAWSAccess", "FullAWSAccess", true, object{"Effect": "Allow", "Action": "*", "Resource": "*"})
	w.organizationPolicy("p-4n8v2c6t", "OnlyOurRegions", false, object{"Sid": "OnlyOurRegions", "Effect": "Deny",
		"NotAction": []string{"account:*", "budgets:*", "cloudfront:*", "globalaccelerator:*", "iam:*", "organizations:*", "route53:*", "s3:GetAccountPublicAccessBlock", "s3:ListAllMyBuckets", "sts:*", "support:*", "wafv2:*"},
		"Resource":  "*", "Condition": object{"StringNotEquals": object{"aws:RequestedRegion": regionsInUse}}})
	w.organizationPolicy("p-9h3j5k7l", "KeepTheTrail", false, object{"Sid": "KeepTheTrail", "Effect": "Deny",
		"Action": []string{"cloudtrail:DeleteTrail", "cloudtrail:StopLogging", "cloudtrail:UpdateTrail", "guardduty:DeleteDetector"}, "Resource": "*"})
}

func (w *world) organizationPolicy(id, name string, aws bool, statement object) {
	g, owner := w.accounts[0].global, w.accounts[0].id
	arn := "arn:aws:organizations::" + owner + ":policy/" + organizationID + "/service_control_policy/" + id
	if aws {
		arn = "arn:aws:organizations::aws:policy/service_control_policy/" + id
	}
	summary := object{"Id": id, "Arn": arn, "Name": name, "Description": "", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": aws}
	g.list("organizations:ListPolicies", summary)
	g.about("organizations:DescribePolicy", object{"Policy": object{"PolicySummary": summary, "Content": string(encode(policy(statement)))}}, id)
	targets := []object{{"TargetId": rootID, "Name": "Root", "Type": "ROOT", "Arn": "arn:aws:organizations::" + owner + ":root/" + organizationID + "/" + rootID}}
	if aws { // AWS attaches it to everything, so that something is allowed at each step down the tree
		targets = append(targets, object{"TargetId": toolsUnit, "Name": "Tools", "Type": "ORGANIZATIONAL_UNIT", "Arn": "arn:aws:organizations::" + owner + ":ou/" + organizationID + "/" + toolsUnit})
		for _, a := range w.accounts {
			targets = append(targets, object{"TargetId": a.id, "Name": a.name, "Type": "ACCOUNT", "Arn": "arn:aws:organizations::" + owner + ":account/" + organizationID + "/" + a.id})
		}
	}
	g.about("organizations:ListTargetsForPolicy", object{"Targets": targets}, id)
}

// policy is a policy document of some statements.
func policy(statements ...object) object {
	return object{"Version": "2012-10-17", "Statement": statements}
}

// land makes the VPC, keys, detector and flow log that a Region starts with.
func (a *account) land(region int, cidr string) *landing {
	l := &landing{site: a.regions[region], keys: map[string]string{}}
	l.vpc = l.newVPC(strings.TrimPrefix(a.name, "acme-"), cidr, 3)
	l.flowLog(l.vpc.id)
	for _, alias := range []string{"ebs", "rds"} {
		l.keys[alias] = l.key(alias, labels{"owner": "security", "alias": alias})
	}
	l.detector()
	l.vault = l.backupPlan()
	return l
}

// trail is what would notice: the organisation's trail, seen from everywhere.
func (w *world) trail(home *landing) {
	arn := home.arn("cloudtrail", "trail/acme-organization")
	for _, a := range w.accounts {
		for _, s := range a.regions {
			s.list("cloudtrail:DescribeTrails", object{"Name": "acme-organization", "TrailARN": arn, "HomeRegion": home.region, "S3BucketName": "acme-audit-trail",
				"IsMultiRegionTrail": true, "IsOrganizationTrail": true, "LogFileValidationEnabled": true, "IncludeGlobalServiceEvents": true,
				"HasCustomEventSelectors": false, "HasInsightSelectors": false, "KmsKeyId": home.keys["rds"]})
			s.about("cloudtrail:GetTrailStatus", object{"IsLogging": true, "LatestDeliveryTime": ago(4 * time.Minute), "StartLoggingTime": "2019-06-02T10:00:00Z",
				"LatestDigestDeliveryTime": ago(40 * time.Minute)}, arn)
			s.about("cloudtrail:GetEventSelectors", object{"TrailARN": arn, "EventSelectors": []object{{"ReadWriteType": "All",
				"IncludeManagementEvents": true, "DataResources": []object{}, "ExcludeManagementEventSources": []string{}}}}, arn)
		}
	}
	w.truth.Resources++
	home.tag(arn, labels{"owner": "security"})
}

func (s *site) detector() {
	id := s.digest(32, "detector")
	s.count("guardduty:ListDetectors", id)
	s.about("guardduty:GetDetector", object{"Status": "ENABLED", "CreatedAt": "2022-03-01T08:00:00.000Z", "UpdatedAt": "2026-02-11T08:00:00.000Z",
		"FindingPublishingFrequency": "FIFTEEN_MINUTES", "ServiceRole": "arn:aws:iam::" + s.account.id + ":role/aws-service-role/guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty",
		"Tags": labels{"owner": "security"}}, id)
}

// key makes a KMS key with rotation, and returns its ARN.
func (s *site) key(alias string, l labels) string {
	id := s.uuid("key", alias)
	arn := s.arn("kms", "key/"+id)
	s.count("kms:ListKeys", object{"KeyId": id, "KeyArn": arn})
	s.about("kms:DescribeKey", object{"KeyMetadata": object{"AWSAccountId": s.account.id, "KeyId": id, "Arn": arn, "CreationDate": "2021-09-06T11:20:00Z", "Enabled": true,
		"Description": alias, "KeyUsage": "ENCRYPT_DECRYPT", "KeyState": "Enabled", "Origin": "AWS_KMS", "KeyManager": "CUSTOMER",
		"CustomerMasterKeySpec": "SYMMETRIC_DEFAULT", "KeySpec": "SYMMETRIC_DEFAULT", "EncryptionAlgorithms": []string{"SYMMETRIC_DEFAULT"}, "MultiRegion": false}}, id)
	s.about("kms:GetKeyRotationStatus", object{"KeyRotationEnabled": true, "KeyId": id, "RotationPeriodInDays": 365, "NextRotationDate": "2027-09-06T11:20:00Z"}, id)
	s.tag(arn, l)
	return arn
}
