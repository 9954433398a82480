package generate

import (
	"fmt"
	"time"

	"github.com/onus-cloud/onus/internal/responses"
)

// A large estate repeats one application, of some 70 resources, until it is as large as asked; these say which of the
// applications have something wrong, so that each control finds about as much as in real estates.
const (
	everyOpen     = 40 // a group that admits the Internet on 22
	everyPlain    = 25 // a disk that is not encrypted
	everyVersion1 = 10 // a launch template that leaves version 1 of the metadata service on
	everyUnowned  = 15 // a host without an owner
	everyPublic   = 60 // a database with a public address
	everyNoTLS    = 8  // a bucket that does not insist on TLS
)

// Large is an estate of about n resources, over accounts of one organisation and two Regions. Every account, Region and
// application is like the next, so that times grow with n and nothing else.
func Large(n int) (*responses.Set, Truth) {
	w := newWorld()
	for i := range min(max(n/10_000, 2), 200) {
		w.account(fmt.Sprintf("1%011d", i+1), fmt.Sprintf("large-%03d", i+1), regionsInUse...)
	}
	for _, a := range w.accounts {
		w.identify(a)
		a.signIn(person{name: "upload", made: 1300 * day, keys: []accessKey{{made: 760 * day, used: 2 * time.Hour}}, labels: labels{"owner": "ops"}})
		w.truth.breaks("lp-keys-young-and-used", "upload/key-1", "it is two years old")
		w.truth.breaks("lp-rights-through-groups", "break-glass", "its policy is attached to itself")
	}
	w.organization("large")
	base := image{owner: w.accounts[0].id, name: "base-2026.11.02", created: Time.Add(-18 * day)}
	for _, a := range w.accounts[1:] {
		base.shared = append(base.shared, a.id)
	}
	var places []*landing
	for i, a := range w.accounts {
		for region := range a.regions {
			places = append(places, a.land(region, fmt.Sprintf("10.%d.0.0/16", (2*i+region)%256)))
		}
	}
	w.trail(places[0])
	runs := map[*account]profile{}
	for _, a := range w.accounts {
		runs[a] = a.profile("host", nil, managedCore)
	}
	for i := 0; w.truth.Resources < n; i++ {
		at := places[i%len(places)]
		at.application(i, base, runs[at.account])
	}
	for _, at := range places {
		at.vault.close()
	}
	for _, a := range w.accounts {
		a.answerRights()
		a.answerUse()
	}
	return w.set("a large estate"), w.truth
}

// application is a front door, a fleet, hosts that stand alone, a database, a table, a bucket and functions.
func (at *landing) application(i int, base image, run profile) {
	t, name, one := at.w.truth, fmt.Sprintf("app-%05d", i), func(every int) bool { return i%every == every-1 }
	tags := labels{"app": name, "owner": "ops", "backup": daily}

	d := door{name: name, vpc: at.vpc, port: 443, certificate: at.arn("acm", "certificate/"+at.uuid("certificate", name)), labels: tags}
	balancer, front := at.open(d)
	at.webACL(name, []string{balancer})
	rules := []rule{tcp(443, front, "its load balancer")}
	if one(everyOpen) {
		rules = append(rules, tcp(22, "0.0.0.0/0", "for a day"))
	}
	group := at.group(at.vpc, name, "hosts of "+name, tags, rules...)
	if one(everyOpen) {
		t.breaks("net-no-ssh-from-internet", group, "it admits the Internet on 22")
	}

	like := host0(base, run, at)
	like.name, like.kind, like.launched, like.groups, like.labels, like.version1 = name+"-web", "m7g.large", 17*day, []string{group}, tags, one(everyVersion1)
	f := at.scale(6, like, at.vpc.private, at.targetGroup(d.name))
	at.behind(d, balancer, f)
	if like.version1 {
		t.breaks("contain-metadata-v2-only", f.template, "it leaves version 1 on")
		for _, h := range f.hosts {
			t.breaks("contain-metadata-v2-only", h.id, "it answers version 1")
		}
	}
	for k := range 4 {
		h := host0(base, run, at)
		h.name, h.kind, h.launched, h.groups, h.labels, h.subnet = fmt.Sprintf("%s-worker-%d", name, k), "r7g.large", 17*day, []string{group}, tags, at.vpc.private[k%3]
		if k == 0 && one(everyUnowned) {
			h.labels = labels{"app": name, "backup": daily}
		}
		h.plain = k == 0 && one(everyPlain)
		up := at.kept(h, 30, 200)
		if k == 0 && one(everyUnowned) {
			t.breaks("watch-every-host-has-an-owner", up.id, "it has no owner")
		}
		if h.plain {
			t.breaks("rest-volume-encrypted", up.volumes[1], "it is not encrypted")
		}
	}

	db := database{name: name, engine: "postgres", version: "16.9", labels: tags, groups: []string{group}, key: at.keys["rds"], public: one(everyPublic), retention: 14}
	arn := at.database(db, at.vpc)
	at.vault.keeps(arn, "RDS", 3)
	at.vault.restored(arn, "RDS", 9*day, "SUCCESSFUL")
	t.breaks("contain-database-cannot-call-out", name, "its group lets everything out, and its subnet routes to a NAT gateway")
	if db.public {
		t.breaks("net-database-not-public", name, "it is publicly accessible")
	}
	arn = at.table(name, at.keys["rds"], tags)
	at.vault.keeps(arn, "DynamoDB", 1)
	at.vault.restored(arn, "DynamoDB", 9*day, "SUCCESSFUL")

	t.breaks("backup-eraser-is-someone-else", name, "PowerUserAccess allows to delete it, to take the lock off the vault, and to delete what is in it")

	at.account.bucket(bucket{name: "large-" + name, home: at.site, labels: tags, open: one(everyNoTLS)})
	if one(everyNoTLS) {
		t.breaks("tls-s3-required", "large-"+name, "it has no policy")
	}
	for _, function := range []string{"-import", "-report"} {
		at.function(name+function, "python3.13", run.role, tags)
	}
}
