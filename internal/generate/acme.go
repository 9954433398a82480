package generate

import (
	"time"
)

// daily is the value of the tag backup by which the plan selects.
const daily = "daily"

// hosts are the fleets behind the front doors, and the few hosts that stand alone.
func (c *acme) hosts() {
	for _, x := range []struct {
		at    *landing
		name  string
		tiers labels
		web   int
		app   int
	}{
		{c.virginia, "shop", labels{"app": "shop", "owner": "web", "environment": "production"}, 6, 6},
		{c.virginia, "billing", labels{"app": "billing", "owner": "billing", "environment": "production"}, 2, 4},
		{c.ireland, "shop-eu", labels{"app": "shop", "owner": "web", "environment": "production"}, 3, 3},
	} {
		host := x.at.account.profile(x.name+"-host-"+x.at.region, nil, managedCore)
		d := door{name: x.name, vpc: x.at.vpc, port: 443, certificate: x.at.certificate(x.name + ".acme.example"), labels: x.tiers.with("tier", "web")}
		balancer, front := x.at.open(d)
		x.at.webACL(x.name+"-public", []string{balancer})
		x.at.ruleGroup(x.name + "-partners")
		web := x.at.group(x.at.vpc, x.name+"-web", "web tier of "+x.name, x.tiers, tcp(443, front, "its load balancer"))
		app := x.at.group(x.at.vpc, x.name+"-app", "application tier of "+x.name, x.tiers, tcp(8443, web, "its web tier"))
		like := host0(c.base, host, x.at)
		like.kind, like.launched = "m7g.large", 17*day
		like.name, like.groups, like.labels = x.name+"-web", []string{web}, x.tiers.with("tier", "web")
		x.at.behind(d, balancer, x.at.scale(x.web, like, x.at.vpc.private, x.at.targetGroup(d.name)))
		like.name, like.groups, like.labels = x.name+"-app", []string{app}, x.tiers.with("tier", "app")
		like.kind = "c7g.xlarge"
		x.at.scale(x.app, like, x.at.vpc.private)
	}
	search := c.virginia.group(c.virginia.vpc, "search", "search cluster", labels{"owner": "web"}, rule{"tcp", 9200, 9300, c.virginia.vpc.cidr.String(), "inside"})
	lone := c.production.profile("search-host", nil, managedCore)
	for i, name := range []string{"search-1", "search-2", "search-3"} {
		h := host0(c.amazon, lone, c.virginia)
		h.name, h.kind, h.launched, h.groups, h.install = name, "r7g.xlarge", 34*day, []string{search}, true
		h.labels, h.subnet = labels{"app": "shop", "tier": "search", "owner": "web", "backup": daily, "environment": "production"}, c.virginia.vpc.private[i]
		c.virginia.kept(h, 60, 300)
	}

	tested := labels{"app": "shop", "owner": "web", "environment": "staging"}
	stage := c.staging.profile("stage-host", nil, managedCore)
	app := c.test.group(c.test.vpc, "stage-app", "application tier of staging", tested, tcp(8443, c.test.vpc.cidr.String(), "inside"))
	like := host0(c.base, stage, c.test)
	like.name, like.kind, like.launched, like.groups, like.labels = "stage-app", "t3.medium", 17*day, []string{app}, tested.with("tier", "app")
	c.test.scale(3, like, c.test.vpc.private)

	list := c.tools.prefixList("office", "203.0.113.0/24")
	office := c.tools.group(c.tools.vpc, "tools", "internal tools", labels{"owner": "ops"}, tcp(443, list, "office"), tcp(443, c.tools.vpc.cidr.String(), "builds"))
	c.tools.classic("intranet", c.tools.vpc, office)
	tools := c.legacy.profile("tools-host", nil, managedCore)
	for i, name := range []string{"wiki", "artifacts", "ldap"} {
		h := host0(c.amazon, tools, c.tools)
		h.name, h.kind, h.launched, h.groups, h.install = name, "t3.large", 35*day, []string{office}, true
		h.labels, h.subnet = labels{"app": "tools", "owner": "ops", "backup": daily}, c.tools.vpc.private[i]
		if name == "ldap" {
			h.silent = 12 * day
		}
		c.tools.kept(h, 30, 200)
	}
	c.tools.lifecyclePolicy("snapshot", "nightly")
}

// host0 is what most hosts have in common.
func host0(i image, p profile, at *landing) host {
	return host{image: i, profile: p, key: at.keys["ebs"], managed: true, subnet: at.vpc.private[0]}
}

// kept runs a host whose data disk is backed up every day, and restored every month with a look at what came out.
func (at *landing) kept(h host, system, data int) started {
	h.disks = []disk{{device: "/dev/xvda", size: system}, {device: "/dev/sdf", size: data, kept: true, plain: h.plain}}
	up := at.start(h)
	for i, volume := range up.volumes {
		arn := at.arn("ec2", "volume/"+volume)
		at.vault.keeps(arn, "EBS", 3)
		at.vault.restored(arn, "EBS", time.Duration(8+i)*day, "SUCCESSFUL")
		at.w.truth.breaks("backup-eraser-is-someone-else", volume, "PowerUserAccess allows to delete it, to take the lock off the vault, and to delete what is in it")
	}
	return up
}

// databases are clusters, databases and tables, encrypted and backed up.
func (c *acme) databases() {
	for _, x := range []struct {
		at    *landing
		name  string
		kind  string
		owner labels
	}{
		{c.virginia, "shop", "aurora-postgresql", labels{"app": "shop", "tier": "db", "owner": "data", "backup": daily, "environment": "production"}},
		{c.ireland, "shop-eu", "aurora-postgresql", labels{"app": "shop", "tier": "db", "owner": "data", "backup": daily, "environment": "production"}},
		{c.virginia, "ledger", "aurora-mysql", labels{"app": "billing", "tier": "db", "owner": "billing", "backup": daily, "environment": "production"}},
	} {
		group := x.at.group(x.at.vpc, x.name+"-db", "database "+x.name, x.owner, tcp(ports[x.kind], x.at.vpc.cidr.String(), "inside"))
		version := map[string]string{"aurora-postgresql": "16.9", "aurora-mysql": "8.0.mysql_aurora.3.10.1"}[x.kind]
		arn := x.at.cluster(database{name: x.name, engine: x.kind, version: version, labels: x.owner, groups: []string{group}, key: x.at.keys["rds"], retention: 14}, x.at.vpc)
		x.at.vault.keeps(arn, "Aurora", 7)
		x.at.vault.restored(arn, "Aurora", 9*day, "SUCCESSFUL")
		x.at.vault.restored(arn, "Aurora", 39*day, "SUCCESSFUL")
	}
	c.virginia.clusterSnapshot("ledger-before-2026-close", "ledger", "aurora-mysql", "8.0.mysql_aurora.3.10.1", c.virginia.keys["rds"], 20*day, labels{"owner": "billing"})
	for _, x := range []struct{ name, app, owner string }{{"orders", "shop", "data"}, {"carts", "shop", "data"}, {"sessions", "shop", "web"}, {"invoices", "billing", "billing"}} {
		arn := c.virginia.table(x.name, c.virginia.keys["rds"], labels{"app": x.app, "owner": x.owner, "backup": daily})
		c.virginia.vault.keeps(arn, "DynamoDB", 3)
		c.virginia.vault.restored(arn, "DynamoDB", 11*day, "SUCCESSFUL")
	}
}

func (c *acme) buckets() {
	write := func(service string) []object {
		return []object{{"Sid": "Delivery", "Effect": "Allow", "Principal": object{"Service": service}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::*",
			"Condition": object{"StringEquals": object{"aws:SourceOrgID": organizationID}}}}
	}
	v, i := c.virginia.site, c.ireland.site
	for _, b := range []bucket{
		{name: "acme-audit-trail", home: v, labels: labels{"owner": "security"}, locked: true, key: c.virginia.keys["rds"], statement: write("cloudtrail.amazonaws.com")},
		{name: "acme-flow-logs", home: v, labels: labels{"owner": "security"}, statement: write("delivery.logs.amazonaws.com")},
		{name: "acme-access-logs", home: v, labels: labels{"owner": "security"}, statement: write("logging.s3.amazonaws.com")},
		{name: "aws-waf-logs-acme", home: v, labels: labels{"owner": "security"}, statement: write("delivery.logs.amazonaws.com")},
		{name: "acme-shop-uploads", home: v, labels: labels{"owner": "web", "app": "shop"}, key: c.virginia.keys["rds"]},
		{name: "acme-shop-exports", home: v, labels: labels{"owner": "data", "app": "shop"}, key: c.virginia.keys["rds"]},
		{name: "acme-shop-uploads-eu", home: i, labels: labels{"owner": "web", "app": "shop"}, key: c.ireland.keys["rds"]},
		{name: "acme-invoices", home: v, labels: labels{"owner": "billing", "app": "billing"}, key: c.virginia.keys["rds"], locked: true},
		{name: "acme-payroll-exports", home: v, labels: labels{"owner": "billing", "app": "billing"}, key: c.virginia.keys["rds"]},
		{name: "acme-build-artifacts", home: v, labels: labels{"owner": "ops"}},
		{name: "acme-release-drop", home: v, labels: labels{"owner": "ops"}, listed: []grant{{c.legacy, "READ"}, {c.legacy, "WRITE"}}}, // from before bucket policies
		{name: "acme-terraform-state", home: v, labels: labels{"owner": "ops"}, key: c.virginia.keys["rds"]},
	} {
		c.production.bucket(b)
	}
	c.staging.bucket(bucket{name: "acme-staging-uploads", home: c.test.site, labels: labels{"owner": "web", "app": "shop"}})
	c.staging.bucket(bucket{name: "acme-staging-fixtures", home: c.test.site, labels: labels{"owner": "data"}})
	c.legacy.bucket(bucket{name: "acme-tools-backup", home: c.tools.site, labels: labels{"owner": "ops"}})
}

func (c *acme) functions() {
	at := c.virginia
	for _, x := range []struct{ name, runtime, app, owner string }{
		{"shop-resize-image", "python3.13", "shop", "web"}, {"shop-confirm-order", "nodejs22.x", "shop", "web"}, {"shop-stock-sync", "python3.13", "shop", "data"},
		{"shop-search-index", "python3.13", "shop", "web"}, {"billing-dunning", "java21", "billing", "billing"}, {"billing-vat-report", "python3.12", "billing", "billing"},
		{"ops-rotate-logs", "python3.13", "", "ops"}, {"backup-validate-restore", "python3.13", "", "ops"},
	} {
		role := c.production.role("/service-role/", x.name, trustService("lambda.amazonaws.com"), []string{awsManaged + "service-role/AWSLambdaBasicExecutionRole"}, nil, 2*time.Hour)
		l := labels{"owner": x.owner}
		if x.app != "" {
			l = l.with("app", x.app)
		}
		at.function(x.name, x.runtime, role, l, labels{"LOG_LEVEL": "info", "API_TOKEN": "made-up-" + x.name})
	}
	role := c.staging.role("/service-role/", "stage-reset", trustService("lambda.amazonaws.com"), []string{awsManaged + "service-role/AWSLambdaBasicExecutionRole"}, nil, 9*time.Hour)
	c.test.function("stage-reset", "python3.13", role, labels{"owner": "web", "app": "shop"})
}

// unreadKinds are resources that only their tags show.
func (c *acme) unreadKinds() {
	shop, at := labels{"app": "shop", "owner": "web"}, c.virginia
	for _, queue := range []string{"orders", "orders-dead", "mail", "stock", "invoices"} {
		at.tag(at.arn("sqs", queue), shop)
	}
	at.tag(at.arn("elasticache", "replicationgroup:shop-sessions"), shop)
	at.tag(at.arn("states", "stateMachine:nightly-settlement"), labels{"app": "billing", "owner": "billing"})
	c.w.truth.Resources += 7
}

// close lists what was gathered until now.
func (c *acme) close() {
	for _, l := range []*landing{c.virginia, c.ireland, c.test, c.testIreland, c.tools, c.toolsIreland} {
		l.vault.close()
	}
}
