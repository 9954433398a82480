package access

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/policy"
)

// question is a request of a principal with all that bears on it. Values given replace what would otherwise be open.
func (w *World) question(p *Principal, action, resource string, given map[string][]string) (*policy.Request, *policy.Policies) {
	o := w.object(action, resource)
	request := &policy.Request{Action: action, Resource: resource, ResourceAccount: o.account, Caller: p.Caller,
		Context: w.context(p, action, o, given)}
	policies := p.Policies
	policies.Resource, policies.Grants, policies.S3 = o.policy, o.grants, w.s3Access(o, p.Account, action, resource)
	policies.Canonical = w.canonical
	if o.account != "" {
		policies.ResourceControl = w.resourceControl(o.account, action)
	} else {
		policies.ResourceControl = w.resourceControl(p.Account, action)
	}
	return request, &policies
}

// resourceControl are the resource control policies of an account, where they reach the service.
func (w *World) resourceControl(account, action string) []policy.Level {
	if !controlled[service(action)] {
		return nil
	}
	return w.guardrails(account).resource
}

// controlled are the services that resource control policies reach.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services
var controlled = func() map[string]bool {
	all := map[string]bool{}
	for s := range strings.FieldsSeq(`
		aoss appconfig appstream autoscaling cloudfront cloudsearch codebuild codecommit codepipeline cognito-identity
		cognito-idp comprehend comprehendmedical cost-optimization-hub dax dynamodb ecr events firehose fis health
		inspector-scan kendra kinesisvideo kms logs memorydb networkmonitor opensearch pca-connector-ad polly pricing s3
		secretsmanager signin sqs sts support textract timestream-influxdb transcribe transfer translate wafv2`) {
		all[s] = true
	}
	return all
}()

// context is what is known of a request: who calls, when, and on what. Everything else is open: what rests on it depends.
func (w *World) context(p *Principal, action string, o *Object, given map[string][]string) policy.Context {
	at := w.estate.Observed
	if at.IsZero() {
		at = time.Unix(1_700_000_000, 0)
	}
	now := at.UTC().Format(time.RFC3339)
	c := policy.Context{Open: true, Values: make(map[string][]string, 24+len(given)), Absent: make(map[string]bool, 8)}
	set := func(key, value string) { c.Values[key] = []string{value} }
	set("aws:principalarn", p.ARN)
	set("aws:principalaccount", p.Account)
	set("aws:principalisawsservice", "false")
	set("aws:viaawsservice", "false") // asked directly
	c.Absent["aws:calledvia"], c.Absent["aws:calledviafirst"], c.Absent["aws:calledvialast"] = true, true, true
	c.Absent["kms:viaservice"] = service(action) == "kms"
	set("aws:securetransport", "true")
	set("aws:currenttime", now)
	set("aws:epochtime", strconv.FormatInt(at.Unix(), 10))
	// Sessions begin now. A user may sign with a key that never expires, which has no such time, or ask for a session, which has.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-tokenissuetime
	set("aws:tokenissuetime", now)
	switch p.Kind {
	case "user":
		set("aws:principaltype", "User")
		set("aws:username", p.Name)
		if p.user.UniqueID != "" {
			set("aws:userid", p.user.UniqueID)
		}
	case "role":
		set("aws:principaltype", "AssumedRole")
		c.Absent["aws:username"] = true
	case "root":
		set("aws:principaltype", "Account")
		set("aws:userid", p.Account)
		c.Absent["aws:username"] = true
	}
	if labels, ok := p.labels(); ok {
		for k, v := range labels {
			set("aws:principaltag/"+strings.ToLower(k), v)
		}
		for _, key := range w.tagKeys {
			if c.Values[key] == nil && p.Kind != "role" { // sessions of a role may bring tags of their own
				c.Absent[key] = true
			}
		}
	}
	if a := w.estate.Account(p.Account); a != nil {
		if id, ok := a.Organization.Value(); ok {
			set("aws:principalorgid", id)
		} else if a.Organization.Absent() {
			c.Absent["aws:principalorgid"], c.Absent["aws:principalorgpaths"] = true, true
		}
	}
	if account := o.account; account != "" {
		set("aws:resourceaccount", account)
		if service(action) == "s3" {
			set("s3:resourceaccount", account)
		}
		if a := w.estate.Account(account); a != nil {
			if id, ok := a.Organization.Value(); ok {
				set("aws:resourceorgid", id)
			}
		}
	}
	if a := o.accessPoint; a != nil {
		// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html#access-points-condition-keys
		set("s3:dataaccesspointarn", o.ARN)
		set("s3:dataaccesspointaccount", o.Ref.Account)
		set("s3:accesspointnetworkorigin", "Internet")
		if a.VPC != "" { // it takes requests from there alone
			set("s3:accesspointnetworkorigin", "VPC")
			set("aws:sourcevpc", a.VPC)
		}
	}
	if o.region != "" {
		set("aws:requestedregion", o.region)
	} else if service(action) == "iam" {
		set("aws:requestedregion", "us-east-1") // where IAM's endpoint is
	}
	if o.tagsKnown {
		for k, v := range o.tags {
			k = strings.ToLower(k)
			for _, s := range tagServices(action) {
				set(s+":resourcetag/"+k, v)
			}
		}
		for _, key := range w.labelKeys {
			if s, _, _ := strings.Cut(key, ":"); c.Values[key] == nil && service(action) != "s3" && slices.Contains(tagServices(action), s) {
				c.Absent[key] = true // S3 sees tags of objects and, of buckets, those alone that are switched on for it
			}
		}
	}
	for k, v := range given {
		if v == nil {
			delete(c.Values, k)
			c.Absent[k] = true
			continue
		}
		c.Values[k] = v
		delete(c.Absent, k)
	}
	return c
}
