package access

import (
	"reflect"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// Object is what a request is about, with what it says itself about who may.
type Object struct {
	ARN string
	Ref estate.Ref // zero where the estate does not have it

	account     string // who owns it; empty where that is not known
	region      string
	assumed     *estate.Gap    // what would have told its policy, where that is taken as not there
	policy      *policy.Source // nil where it has none, or can have none
	grants      []policy.Grant
	bucket      *estate.Bucket // where it is one, or is of one
	accessPoint *estate.AccessPoint
	tags        map[string]string
	tagsKnown   bool
}

// listObjects indexes everything with an ARN, so that questions and policies may name it.
func (w *World) listObjects() {
	subject := reflect.TypeFor[estate.Subject]()
	e := w.estate
	for _, area := range []any{e.Compute, e.Network, e.Data, e.Backups, e.Identity, e.Watching, e.FrontDoors} {
		w.listIn(reflect.ValueOf(area), subject)
	}
	for _, b := range e.Buckets {
		w.hold(b, b.Policy, "bucket policy of "+b.Reference.ID)
	}
	w.listBuckets()
	for _, k := range e.Keys {
		o := w.hold(k, k.Policy, "key policy of "+k.Reference.ID)
		if grants, ok := k.Grants.Value(); ok && o != nil {
			for _, g := range grants {
				o.grants = append(o.grants, policy.Grant{ID: g.ID, Grantee: g.Grantee, Operations: g.Operations, ContextEquals: g.ContextEquals,
					ContextSubset: g.ContextSubset, SourceARN: g.SourceARN, RetiringPrincipal: g.Retiring})
			}
		}
	}
	for _, q := range e.Queues {
		w.hold(q, q.Policy, "policy of queue "+q.Reference.ID)
	}
	for _, t := range e.Topics {
		w.hold(t, t.Policy, "policy of topic "+t.Reference.ID)
	}
	for _, s := range e.Secrets {
		w.hold(s, s.Policy, "policy of secret "+s.Reference.ID)
	}
	for _, r := range e.Repositories {
		w.hold(r, r.Policy, "policy of repository "+r.Reference.ID)
	}
	for _, f := range e.Functions {
		w.hold(f, f.ResourcePolicy, "policy of function "+f.Reference.ID)
	}
	for _, v := range e.BackupVaults {
		w.holdPoints(v, w.hold(v, v.Policy, "policy of backup vault "+v.Reference.ID))
	}
	for _, t := range e.Tables {
		w.hold(t, t.Policy, "policy of table "+t.Reference.ID)
	}
	for _, g := range e.Guarded {
		w.hold(g, g.Policy, "policy of "+strings.ReplaceAll(g.Reference.Kind, "-", " ")+" "+g.Reference.ID)
	}
	for _, a := range e.APIs {
		if o := w.hold(a, a.Policy, "policy of API "+a.Reference.ID); o != nil {
			w.apis[a.Reference.Region+" "+a.Reference.Account+" "+a.Reference.ID] = o
		}
	}
	for _, r := range e.Roles {
		w.hold(r, r.Trust, "trust policy of role "+r.Reference.ID)
	}
}

func (w *World) listIn(area reflect.Value, subject reflect.Type) {
	for i := range area.NumField() {
		f := area.Field(i)
		switch {
		case f.Kind() == reflect.Slice && f.Type().Elem().Implements(subject):
			for j := range f.Len() {
				if s, ok := f.Index(j).Interface().(estate.Subject); ok {
					w.list(s)
				}
			}
		case f.Kind() == reflect.Struct && area.Type().Field(i).Anonymous:
			w.listIn(f, subject)
		}
	}
}

func (w *World) list(s estate.Subject) {
	arn := ARNOf(s.Ref())
	if arn == "" || w.objects[arn] != nil {
		return
	}
	o := &Object{ARN: arn, Ref: s.Ref(), account: s.Ref().Account}
	if r := s.Ref().Region; r != estate.Global {
		o.region = r
	}
	labels := s.Tags()
	if tags, ok := labels.Value(); ok || labels.Absent() {
		o.tags, o.tagsKnown = tags, true
	}
	w.objects[arn] = o
}

// ARNOf returns a resource's ARN, made up from its place and id for the kinds of EC2 whose listings do not tell it; empty where there is
// none.
func ARNOf(r estate.Ref) string {
	if r.ARN != "" {
		return r.ARN
	}
	switch r.Kind {
	case "instance", "volume", "snapshot", "image", "security-group", "subnet", "vpc", "network-interface", "launch-template", "route-table",
		"network-acl", "internet-gateway":
		owner := r.Account
		if r.Kind == "image" || r.Kind == "snapshot" {
			owner = "" // such ARNs name no account
		}
		return "arn:" + estate.Partition(r.Region) + ":ec2:" + r.Region + ":" + owner + ":" + r.Kind + "/" + r.ID
	case "bucket":
		return "arn:" + estate.Partition(r.Region) + ":s3:::" + r.ID
	}
	return ""
}

// hold gives an object its policy.
func (w *World) hold(s estate.Subject, d estate.Known[*policy.Document], name string) *Object {
	o := w.objects[ARNOf(s.Ref())]
	if o == nil {
		return nil
	}
	if document, ok := d.Value(); ok {
		o.policy = &policy.Source{Name: name, Document: w.documents.intern(document)}
	} else if gap, unread := d.Unread(); unread {
		if w.options.AsRead && gap.Outcome == notTried {
			o.assumed = &gap
		} else {
			o.policy = &policy.Source{Name: name, Unread: gap.String()}
		}
	}
	return o
}

// holdPoints has the policy of a vault count for what is in it, as far as AWS Backup is asked: a recovery point may be a snapshot besides, of
// which EC2 asks no vault.
// https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault-access-policy.html
func (w *World) holdPoints(v *estate.BackupVault, vault *Object) {
	points, _ := v.Points.Value()
	if vault == nil {
		return
	}
	inside := *vault
	inside.tags, inside.tagsKnown = nil, false // those of the vault
	for _, p := range points {
		w.points[p.ARN] = &inside
	}
}

// mayHold is what would have told what is in the vaults of a place, where of one that is not known.
func (w *World) mayHold(place estate.Place) (estate.Gap, bool) {
	for _, v := range w.estate.BackupVaults {
		if gap, unread := v.Points.Unread(); unread && v.Reference.Account == place.Account && v.Reference.Region == place.Region && !v.Policy.Absent() {
			return gap, true
		}
	}
	return estate.Gap{}, false
}

// lets reports whether something other than the policies of who asks may let him in: false is sure.
func (o *Object) lets() bool {
	if o.policy != nil || len(o.grants) > 0 {
		return true
	}
	if o.bucket == nil {
		return false
	}
	ownership, known := o.bucket.Ownership.Value()
	return !known || ownership != enforced
}

// object is what an action on a resource is about.
func (w *World) object(action, resource string) *Object {
	o := w.find(resource)
	if p := w.points[resource]; p != nil && service(action) == "backup" {
		o = p
	}
	if o == nil {
		o = &Object{ARN: resource}
		parts := strings.SplitN(resource, ":", 6)
		if len(parts) == 6 {
			o.region, o.account = parts[3], parts[4]
			if strings.ContainsAny(o.region, "*?") {
				o.region = ""
			}
			if strings.ContainsAny(o.account, "*?") || len(o.account) != 12 {
				o.account = ""
			}
		}
		if o.policy = w.ofLogs(o, resource); o.policy == nil {
			o.policy = w.notRead(resource)
		}
		if o.policy == nil {
			o.policy = w.notListed(action, resource, o)
		}
		return o
	}
	if o.policy == nil && o.assumed == nil {
		if s := w.notRead(resource); s != nil {
			c := *o
			c.policy = s
			return &c
		}
	}
	if o.assumed != nil {
		w.assume(*o.assumed)
	}
	if o.policy != nil && strings.HasPrefix(o.Ref.Kind, "role") && !assumes(action) {
		c := *o // what a trust policy says is about taking on the role alone
		c.policy = nil
		return &c
	}
	return o
}

// assumes reports whether an action takes on a role: those that its trust policy is about.
func assumes(action string) bool {
	return service(action) == "sts"
}

// find looks a resource up: itself, or what holds it.
func (w *World) find(resource string) *Object {
	if o := w.objects[resource]; o != nil {
		return o
	}
	parts := strings.SplitN(resource, ":", 6)
	if len(parts) < 6 {
		return nil
	}
	head := strings.Join(parts[:5], ":") + ":"
	switch parts[2] {
	case "s3": // an object of a bucket
		if point, ok := accessPointOf(resource); ok {
			return w.objects[point]
		}
		name, _, _ := strings.Cut(parts[5], "/")
		return w.objects[head+name]
	case "elasticfilesystem", "es": // what is in a file system or a search domain
		if p := strings.SplitN(parts[5], "/", 3); len(p) == 3 {
			return w.objects[head+p[0]+"/"+p[1]]
		}
	case "events": // a rule of an event bus
		if rest, ok := strings.CutPrefix(parts[5], "rule/"); ok {
			bus, _, other := strings.Cut(rest, "/")
			if !other {
				bus = "default"
			}
			return w.objects[head+"event-bus/"+bus]
		}
	case "execute-api": // a method of an API
		id, _, _ := strings.Cut(parts[5], "/")
		return w.apis[parts[3]+" "+parts[4]+" "+id]
	case "lambda": // a version or an alias of a function
		if p := strings.SplitN(parts[5], ":", 3); len(p) == 3 {
			return w.objects[head+p[0]+":"+p[1]]
		}
	case "dynamodb": // an index or a stream of a table
		if p := strings.SplitN(parts[5], "/", 3); len(p) == 3 {
			return w.objects[head+p[0]+"/"+p[1]]
		}
	case "kms": // a key by its alias
		for _, k := range w.estate.Keys {
			if strings.HasPrefix(parts[5], "alias/") && k.Means(resource, estate.Place{}) == estate.True {
				return w.objects[ARNOf(k.Reference)]
			}
		}
	}
	return nil
}

// policed are the services whose resources have policies that Onus reads, and the call that lists them.
var policed = map[string]operation.ID{
	"s3": "s3:ListBuckets", "kms": "kms:ListKeys", "sqs": "sqs:ListQueues", "sns": "sns:ListTopics", "secretsmanager": "secretsmanager:ListSecrets",
	"lambda": "lambda:ListFunctions", "ecr": "ecr:DescribeRepositories", "dynamodb": "dynamodb:ListTables", "sts": details,
	"elasticfilesystem": "efs:DescribeFileSystems", "es": "opensearch:ListDomainNames", "events": "events:ListEventBuses", "logs": logPolicies,
	"backup": "backup:ListBackupVaults", "execute-api": "apigateway:GetRestApis",
}

// notListed is the policy of a resource that the estate does not have: none where its kind has none, or where its listing is
// complete, so that it is not there; else unknown.
func (w *World) notListed(action, resource string, o *Object) *policy.Source {
	listing, ok := policed[service(action)]
	if !ok || !strings.HasPrefix(resource, "arn:") || strings.ContainsAny(resource, "*?") || service(action) == "sts" && !strings.Contains(resource, ":role/") {
		return nil
	}
	place := estate.Place{Account: o.account, Region: o.region}
	if place.Region == "" {
		place.Region = estate.Global
	}
	gap := w.estate.Reading(place, listing, "").Gap()
	if place.Account == "" {
		gaps := w.estate.Gaps(listing)
		if len(gaps) == 0 {
			gap = estate.Gap{Operation: listing, Outcome: operation.Denied, Why: resource + " is in none of the accounts that were read"}
		} else {
			gap = gaps[0]
		}
	} else if w.estate.Complete(place, listing) {
		held, unread := w.mayHold(place)
		if service(action) != "backup" || !unread {
			return nil
		}
		gap = held
	} else if w.estate.Account(place.Account) == nil {
		gap.Outcome, gap.Why = operation.Denied, "account "+place.Account+", which has "+resource+", was not read"
	}
	if source, ok := w.unread("policy of "+resource, gap); ok {
		return &source
	}
	return nil
}
