package generate

import (
	"strconv"
	"time"
)

// mistakes is everything else that is not in order at Acme, each with whose verdict it changes. The believable ones: what
// was meant for a day, what nobody looked at again, what a template repeats.
func (c *acme) mistakes() {
	c.openFarm()
	c.staleTemplate()
	c.plainFrontDoor()
	c.countedRules()
	c.publicDatabase()
	c.sharedSnapshots()
	c.untestedRestores()
	c.openBuckets()
	c.silentHost()
	c.forgottenSettings()
	c.refusals()
	c.oldKeys()
}

// openFarm: one group opened for a day in 2023 and worn by thirty hosts. One rule to change.
func (c *acme) openFarm() {
	at, t := c.tools, c.w.truth
	windows := image{owner: "801119661308", alias: "amazon", name: "Windows_Server-2022-English-Full-Base-2026.10.14", created: Time.Add(-37 * day), windows: true}
	group := at.group(at.vpc, "legacy-web", "reporting farm", labels{"owner": "ops"}, rule{"tcp", 0, 65535, "0.0.0.0/0", "TEMP for vendor, remove after 2023-06-30"})
	like := host0(windows, c.legacy.profile("legacy-web-host", nil, managedCore), at)
	like.name, like.kind, like.launched, like.groups, like.public = "legacy-web", "m5.large", 16*day, []string{group}, true
	like.labels = labels{"app": "reports", "owner": "ops"}
	for _, h := range at.scale(30, like, at.vpc.public).hosts {
		t.breaks("net-no-admin-port-reachable", h.id, "it has a public address, and the group lets everybody in")
		t.breaks("lb-every-public-app-behind-one", h.id, "it has a public address, and the group lets everybody in")
	}
	t.breaks("net-no-ssh-from-internet", group, "every port is open to the Internet, 22 and 3389 among them")
	t.breaks("net-no-all-ports-from-internet", group, "every TCP port is open to the Internet")
}

// staleTemplate: a launch template that still leaves version 1 of the metadata service on, and the hosts that it made.
func (c *acme) staleTemplate() {
	at, t := c.test, c.w.truth
	tags := labels{"app": "shop", "tier": "web", "owner": "web", "environment": "staging"}
	group := at.group(at.vpc, "stage-web", "web tier of staging", tags, tcp(443, at.vpc.cidr.String(), "inside"))
	like := host0(c.base, c.staging.profile("stage-web-host", nil, managedCore), at)
	like.name, like.kind, like.launched, like.groups, like.labels, like.version1 = "stage-web", "t3.medium", 17*day, []string{group}, tags, true
	d := door{name: "stage", vpc: at.vpc, port: 443, certificate: at.certificate("stage.acme.example"), labels: tags}
	balancer, _ := at.open(d)
	f := at.scale(3, like, at.vpc.private, at.targetGroup(d.name))
	at.behind(d, balancer, f)
	t.breaks("contain-metadata-v2-only", f.template, "the launch template leaves version 1 on")
	for _, h := range f.hosts {
		t.breaks("contain-metadata-v2-only", h.id, "it was started from that template")
	}
	c.stage = balancer
}

// countedRules: a web ACL whose core rules were set to Count for a trial, years ago.
func (c *acme) countedRules() {
	arn := c.test.webACL("stage-public", []string{c.stage}, "AWSManagedRulesCommonRuleSet")
	c.w.truth.breaks("waf-blocks-rather-than-counts", arn[lastSlash(arn)+1:], "its core rules only count")
}

// plainFrontDoor: a demonstration for a customer that stayed: HTTP only, and no web ACL.
func (c *acme) plainFrontDoor() {
	at, t := c.test, c.w.truth
	tags := labels{"app": "preview", "owner": "web", "environment": "staging"}
	d := door{name: "preview", vpc: at.vpc, port: 443, plain: true, labels: tags}
	balancer, front := at.open(d)
	at.about("wafv2:GetWebACLForResource", object{}, balancer)
	group := at.group(at.vpc, "preview", "hosts of the preview", tags, tcp(443, front, "its load balancer"))
	like := host0(c.base, c.staging.profile("preview-host", nil, managedCore), at)
	like.name, like.kind, like.launched, like.groups, like.labels = "preview", "t3.small", 17*day, []string{group}, tags
	at.behind(d, balancer, at.scale(2, like, at.vpc.private, at.targetGroup(d.name)))
	t.breaks("tls-alb-no-plain-http", d.name, "it serves plain HTTP")
	t.breaks("waf-on-every-public-app", d.name, "it has no web ACL")
}

// publicDatabase: a copy of the shop for testers at home, with a public address.
func (c *acme) publicDatabase() {
	at, t := c.test, c.w.truth
	tags := labels{"app": "shop", "tier": "db", "owner": "data", "backup": daily, "environment": "staging"}
	group := at.group(at.vpc, "stage-db", "database of staging", tags, tcp(5432, "203.0.113.0/24", "office"), tcp(5432, at.vpc.cidr.String(), "inside"))
	arn := at.database(database{name: "stage-shop", engine: "postgres", version: "16.9", labels: tags, groups: []string{group}, key: at.keys["rds"], public: true, retention: 3}, at.vpc)
	at.vault.keeps(arn, "RDS", 3)
	at.vault.restored(arn, "RDS", 10*day, "SUCCESSFUL")
	t.breaks("net-database-not-public", "stage-shop", "it is publicly accessible")
}

// sharedSnapshots: copies that left the company.
func (c *acme) sharedSnapshots() {
	t := c.w.truth
	const old = "crm-before-migration-2019"
	c.virginia.databaseSnapshot(old, "crm", "mysql", "5.7.26", "", 2600*day, "999988887777")
	t.breaks("backup-not-public", old, "it is shared with account 999988887777, which nobody declared")
	t.breaks("rest-database-encrypted", old, "it is not encrypted")
	demo := c.test.snapshot(c.test.id("vol", "demo-appliance"), false, "", 900*day, "appliance for the trade fair", labels{"owner": "web"}, "all")
	t.breaks("backup-not-public", demo, "everybody may use it")
	c.test.snapshot(c.test.id("vol", "fixtures"), true, c.test.keys["ebs"], 3*day, "fixtures", labels{"owner": "data"})
}

// untestedRestores: one database that was restored but never looked at, and one that never was. The latter takes no upgrades
// either.
func (c *acme) untestedRestores() {
	at, t := c.virginia, c.w.truth
	for _, x := range []struct {
		name, engine, version string
		labels                labels
	}{
		{"billing", "postgres", "16.9", labels{"app": "billing", "tier": "db", "owner": "billing", "backup": daily, "environment": "production"}},
		{"crm", "mysql", "8.0.40", labels{"app": "crm", "tier": "db", "owner": "data", "backup": daily, "environment": "production"}},
	} {
		group := at.group(at.vpc, x.name+"-db", "database "+x.name, x.labels, tcp(ports[x.engine], at.vpc.cidr.String(), "inside"))
		arn := at.database(database{name: x.name, engine: x.engine, version: x.version, labels: x.labels, groups: []string{group}, key: at.keys["rds"], retention: 14, pinned: x.name == "crm"}, at.vpc)
		at.vault.keeps(arn, "RDS", 7)
		if x.name == "billing" {
			at.vault.restored(arn, "RDS", 6*day, "")
		}
	}
	t.breaks("backup-restored-and-verified", "billing", "it was restored, but nobody looked at what came out")
	t.breaks("backup-restored-and-verified", "crm", "it was never restored")
	t.breaks("patch-rds-minor-automatic", "crm", "it does not take minor upgrades by itself")
}

// openBuckets: the website's pictures, which everybody may read and the claims file says so; and a forgotten log bucket.
// Neither insists on TLS. For the pictures' sake the account does not block public policies.
func (c *acme) openBuckets() {
	at, t := c.virginia, c.w.truth
	const assets, logs = "acme-marketing-assets", "acme-alb-logs"
	c.production.bucket(bucket{name: assets, home: at.site, labels: labels{"app": "marketing", "owner": "web"}, open: true, public: true})
	c.production.bucket(bucket{name: logs, home: at.site, labels: labels{"owner": "ops"}, open: true})
	c.production.global.correct("s3control:GetPublicAccessBlock", object{"PublicAccessBlockConfiguration": object{
		"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": false, "RestrictPublicBuckets": false}})
	c.production.distribution("www.acme.example", assets, at.certificate("www.acme.example"), c.production.global.webACL("www", nil))
	c.production.global.correct("s3:GetBucketEncryption", object{"ServerSideEncryptionConfiguration": object{"Rules": []object{{
		"ApplyServerSideEncryptionByDefault": object{"SSEAlgorithm": "AES256"}, "BlockedEncryptionTypes": object{"EncryptionType": []string{"NONE"}}}}}}, logs)
	t.breaks("cse-provided-key-uploads-blocked", logs, "its settings let uploads bring their own key")
	t.breaks("tls-s3-required", assets, "it has no statement that denies requests without TLS")
	t.breaks("tls-s3-required", logs, "it has no policy")
}

// silentHost: the directory server stopped reporting; hosts() made it so.
func (c *acme) silentHost() {
	id, t := c.tools.id("i", "ldap"), c.w.truth
	t.breaks("patch-host-managed", id, "it stopped reporting 12 days ago")
	t.breaks("patch-compliance-evidence-fresh", id, "it was last scanned 12 days ago")
}

// forgottenSettings: what was turned on by hand everywhere, but for one place.
func (c *acme) forgottenSettings() {
	t := c.w.truth
	c.toolsIreland.correct("ec2:GetEbsEncryptionByDefault", object{"EbsEncryptionByDefault": false})
	t.breaks("rest-volume-default-every-region", c.legacy.id+"/eu-west-1", "it is off")
	v := c.testIreland.newVPC("experiment", "10.12.0.0/16", 2)
	t.breaks("watch-flow-logs-on", v.id, "it has no flow log")
}

// refusals: what the reader of this recording was not allowed to see.
func (c *acme) refusals() {
	const secret = "acme-payroll-exports"
	c.production.global.denied("s3:GetBucketPolicy", "AccessDenied", "Access Denied", secret)
	c.w.truth.hides("tls-s3-required", secret, "its policy could not be read")
	key := c.virginia.keys["rds"]
	id := key[lastSlash(key)+1:]
	c.virginia.denied("kms:GetKeyRotationStatus", "AccessDeniedException", "not authorized to perform: kms:GetKeyRotationStatus", id)
}

// leftovers are the users that should have become roles.
func (c *acme) leftovers(a *account) []person {
	switch a {
	case c.production:
		return []person{{name: "ci-upload", policies: []string{awsManaged + "AmazonS3FullAccess"}, made: 1300 * day, keys: []accessKey{{made: 760 * day, used: 2 * time.Hour}}, labels: labels{"owner": "ops"}}}
	case c.staging:
		return []person{{name: "maria.test", policies: []string{awsManaged + "PowerUserAccess"}, password: true, signedIn: 61 * day, made: 500 * day, labels: labels{"owner": "web"}}}
	}
	return []person{{name: "jenkins-deploy", policies: []string{awsManaged + "PowerUserAccess"}, made: 2040 * day, keys: []accessKey{{made: 2040 * day, used: 300 * day}, {made: 30 * day, used: time.Hour}}}}
}

func (c *acme) oldKeys() {
	t := c.w.truth
	for user, why := range map[string]string{"ci-upload": "it is two years old", "jenkins-deploy": "it is five years old and unused"} {
		t.breaks("lp-keys-young-and-used", user+"/key-"+strconv.Itoa(1), why)
	}
	t.breaks("lp-console-users-mfa", "maria.test", "a password alone lets her in")
}
