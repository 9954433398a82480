package policy

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/onus-cloud/onus/internal/iamdata"
)

// The alphabet of random requests and policies: small, so that they meet.
var (
	someActions = []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListAllMyBuckets", "iam:PassRole", "iam:TagRole", "sts:AssumeRole", "sts:TagSession",
		"sts:GetCallerIdentity", "kms:Decrypt", "kms:Sign", "kms:ScheduleKeyDeletion", "kms:DeleteAlias", "kms:RetireGrant", "lambda:InvokeFunction", "new:Thing", "S3:getobject", "s3:PutBucketPolicy", "iam:DeletePolicy", "kms:TagResource"}
	someActionPatterns = append([]string{"*", "s3:*", "s3:Get*", "*:*Object", "", " s3:GetObject", "new:*", "k?s:*", "sts:*", "*:*", "s3:GetObject,s3:PutObject"}, someActions...)
	someResources      = []string{"*", "arn:aws:s3:::b", "arn:aws:s3:::b/k", "arn:aws:s3:::b/a:k", "arn:aws:s3:::b/ann/x", "arn:aws:iam::111122223333:role/R",
		"arn:aws:iam::999988887777:role/R", "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/S", "arn:aws:kms:us-east-1:111122223333:key/1",
		"arn:aws:kms:us-east-1:999988887777:key/1", "arn:aws:kms:us-east-1:111122223333:alias/aws/s3", "arn:aws:lambda:us-east-1:111122223333:function:f:prod", "arn:aws:new:us-east-1:111122223333:thing", "arn:aws:iam::aws:policy/P"}
	someResourcePatterns = append([]string{"arn:aws:s3:::b/*", "arn:aws:s3:::*", "arn:aws:s3:*", "arn:*", "arn:aws:kms", "arn:aws:*:::b/k", "arn:aws:s3:::b/${aws:username}/*",
		"arn:aws:s3:::b/${aws:PrincipalTag/team, 'ann'}/*", "arn:aws:s3:::?/k", "arn:aws:lambda:*:*:*:prod", "arn:aws:lambda:*:*:function:*", "arn:aws:*:function:f:prod",
		"arn:aws:kms:*:key/1", "arn:aws:iam::*:role/*", "${*}", "arn:aws:s3:::b/${*}", "arn:aws:s3:::b/*k", "arn:aws:s3*:::b", "**", "b"}, someResources...)
	someCallers = []Caller{{}, {Kind: Service, ARN: "ec2.amazonaws.com"}, {Kind: WebIdentity, ARN: "accounts.google.com"},
		{Kind: User, ARN: "arn:aws:iam::111122223333:user/ann", Account: "111122223333"},
		{Kind: RoleSession, ARN: "arn:aws:sts::111122223333:assumed-role/R/s", Role: "arn:aws:iam::111122223333:role/R", Account: "111122223333"},
		{Kind: RoleSession, ARN: "arn:aws:sts::111122223333:assumed-role/R/s", Role: "arn:aws:iam::111122223333:role/R", AnyPath: true, Account: "111122223333"},
		{Kind: RoleSession, Role: "arn:aws:iam::111122223333:role/R", Account: "111122223333", ManagesOrganization: true},
		{Kind: RoleSession, Role: "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/S", Account: "111122223333"},
		{Kind: FederatedUser, ARN: "arn:aws:sts::111122223333:federated-user/f", User: "arn:aws:iam::111122223333:user/ann", Account: "111122223333"},
		{Kind: RootUser, ARN: "arn:aws:iam::111122223333:root", Account: "111122223333"}}
	someNames = []string{"111122223333", "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:user/ann", "arn:aws:iam::111122223333:role/R", "arn:aws:iam::111122223333:role/app/R", "*",
		"arn:aws:sts::111122223333:assumed-role/R/s", "arn:aws:sts::111122223333:federated-user/f", "AROAEXAMPLE", "arn:aws:iam::111122223333:user/*"}
	someKeys = []string{"aws:SourceIp", "aws:PrincipalArn", "aws:username", "aws:TagKeys", "aws:MultiFactorAuthPresent", "aws:CurrentTime", "s3:max-keys", "aws:PrincipalTag/team",
		"aws:PrincipalType", "AWS:principalaccount", "aws:SourceArn", "kms:EncryptionContext:k"}
	someValues = []string{"", "ann", "A", "a*", "?nn", "true", "FALSE", "10", "10.0", "9", "-3", "203.0.113.7", "203.0.113.0/24", "2001:db8::/32", "2001:db8::1", "2026-01-02T03:04:05Z",
		"2026-01-02", "1767323045", "111122223333", "User", "arn:aws:iam::111122223333:role/R", "arn:aws:iam::*:role/*", "arn:*:iam::1*:*", "${aws:username}", "${aws:nothing}", "${aws:nothing, 'ann'}",
		"YQ==", "*", "1e3", "x", "v"}
)

func oneOf[T any](t *rapid.T, name string, values []T) T {
	return rapid.SampledFrom(values).Draw(t, name)
}

func drawStatement(t *rapid.T, named bool) Statement {
	s := Statement{Effect: oneOf(t, "effect", []Effect{Allow, Allow, Deny})}
	some := func(name string, values []string) []string {
		return rapid.SliceOfN(rapid.SampledFrom(values), 1, 3).Draw(t, name)
	}
	if rapid.IntRange(0, 5).Draw(t, "negates actions") == 0 {
		s.NotAction = some("NotAction", someActionPatterns)
	} else {
		s.Action = some("Action", someActionPatterns)
	}
	switch rapid.IntRange(0, 7).Draw(t, "resources") {
	case 0:
		s.NotResource = some("NotResource", someResourcePatterns)
	case 1:
	default:
		s.Resource = some("Resource", someResourcePatterns)
	}
	if named {
		p := &Principal{Everyone: rapid.Bool().Draw(t, "everyone")}
		if !p.Everyone {
			p.AWS = some("AWS", someNames)
			p.Service = []string{"ec2.amazonaws.com"}
			if rapid.Bool().Draw(t, "canonical") {
				p.Canonical = some("Canonical", []string{"79a5", "c0de", "ffff"})
			}
		}
		if rapid.IntRange(0, 5).Draw(t, "negates principals") == 0 {
			s.NotPrincipal = p
		} else {
			s.Principal = p
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "conditions") {
		c := Condition{Key: oneOf(t, "key", someKeys), Values: rapid.SliceOfN(rapid.SampledFrom(someValues), 0, 3).Draw(t, "values")}
		c.Operator.Name = oneOf(t, "operator", operators)
		switch rapid.IntRange(0, 5).Draw(t, "qualifier") {
		case 0:
			c.Operator.ForAllValues = true
		case 1:
			c.Operator.ForAnyValue = true
		}
		c.Operator.IfExists = c.Operator.Name != "Null" && rapid.IntRange(0, 3).Draw(t, "if exists") == 0
		c.Operator.Unknown = rapid.IntRange(0, 20).Draw(t, "unknown") == 0
		s.Condition = append(s.Condition, c)
	}
	return s
}

func drawSources(t *rapid.T, named bool, most int) []Source {
	if rapid.Bool().Draw(t, "applies") {
		return nil
	}
	all := []Source{}
	for i := range rapid.IntRange(0, most).Draw(t, "policies") {
		if rapid.IntRange(0, 15).Draw(t, "unread") == 0 {
			all = append(all, Source{Name: fmt.Sprint(i)})
			continue
		}
		d := &Document{Version: oneOf(t, "version", []string{"2012-10-17", "2012-10-17", "2008-10-17", ""})}
		for range rapid.IntRange(0, 3).Draw(t, "statements") {
			d.Statements = append(d.Statements, drawStatement(t, named))
		}
		all = append(all, Source{Name: fmt.Sprint(i), Document: d})
	}
	return all
}

func drawPolicies(t *rapid.T) *Policies {
	p := &Policies{Identity: drawSources(t, false, 2), Boundary: drawSources(t, false, 1), Session: drawSources(t, false, 1), Endpoint: drawSources(t, true, 1)}
	if r := drawSources(t, true, 1); len(r) > 0 {
		p.Resource = &r[0]
	}
	levels := func(named bool) (all []Level) {
		for range rapid.IntRange(0, 2).Draw(t, "levels") {
			all = append(all, Level{Sources: drawSources(t, named, 1)})
		}
		return all
	}
	p.ServiceControl, p.ResourceControl = levels(false), levels(true)
	if rapid.IntRange(0, 3).Draw(t, "grants") == 0 {
		p.Grants = []Grant{{ID: "g", Grantee: oneOf(t, "grantee", someNames), Operations: []string{"Decrypt", oneOf(t, "operation", []string{"RetireGrant", "Sign"})},
			SourceARN: oneOf(t, "source", []string{"", "arn:aws:iam::111122223333:role/R"}), RetiringPrincipal: oneOf(t, "retiring", someNames)}}
		if rapid.Bool().Draw(t, "context wanted") {
			p.Grants[0].ContextSubset = map[string]string{"k": "v"}
		}
	}
	if rapid.Bool().Draw(t, "canonical ids") {
		p.Canonical = map[string]string{"c0de": oneOf(t, "whose", []string{"111122223333", "999988887777", "cloudfront"})}
	}
	if rapid.IntRange(0, 3).Draw(t, "s3") == 0 {
		p.S3 = &S3Access{Granted: []string{oneOf(t, "granted", []string{"READ", "FULL_CONTROL", "WRITE"})}, RestrictPublic: rapid.Bool().Draw(t, "restrict"), IgnoreACLs: rapid.Bool().Draw(t, "ignore")}
		if a := drawSources(t, true, 1); len(a) > 0 {
			p.S3.AccessPoint, p.S3.AccessPointARN = &a[0], oneOf(t, "access point", []string{"", "arn:aws:s3:us-east-1:111122223333:accesspoint/a"})
			p.S3.Bucket = oneOf(t, "bucket behind", []string{"", "arn:aws:s3:::b"})
		}
		if rapid.Bool().Draw(t, "lists unread") {
			p.S3.MayGrant, p.S3.ListsUnread = []string{oneOf(t, "may be granted", []string{"READ", "FULL_CONTROL"})}, &Source{}
		}
		if rapid.Bool().Draw(t, "restriction unread") {
			p.S3.RestrictUnread = &Source{}
		}
	}
	return p
}

func drawRequest(t *rapid.T) *Request {
	r := &Request{Action: oneOf(t, "action", someActions), Resource: oneOf(t, "resource", someResources), Caller: oneOf(t, "caller", someCallers),
		ResourceAccount: oneOf(t, "account", []string{"", "", "111122223333", "999988887777"}), Context: Context{Values: map[string][]string{}, Absent: map[string]bool{}}}
	r.Context.Open = rapid.Bool().Draw(t, "open")
	r.AWSManagedKey, r.ResourceManagesOrganization = rapid.IntRange(0, 3).Draw(t, "key") == 0, rapid.IntRange(0, 3).Draw(t, "manages") == 0
	if rapid.Bool().Draw(t, "canonical id") {
		r.Caller.CanonicalID = oneOf(t, "caller's canonical id", []string{"79a5", "ffff"})
	}
	for _, k := range someKeys {
		switch rapid.IntRange(0, 3).Draw(t, k) {
		case 0:
			r.Context.Values[strings.ToLower(k)] = rapid.SliceOfN(rapid.SampledFrom(someValues), 0, 2).Draw(t, "values of "+k)
		case 1:
			r.Context.Absent[strings.ToLower(k)] = true
		}
	}
	return r
}

func TestEvaluatorAgreesWithDecide(t *testing.T) {
	t.Parallel()
	library := NewLibrary()
	seen := map[Result]int{}
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicies(t)
		e := library.Evaluator(p)
		for range 40 {
			r := drawRequest(t)
			want := Decide(r, p)
			seen[want.Result]++
			if got := e.Result(r); got != want.Result {
				t.Fatalf("%+v: the evaluator says %s, the rules %s: %v %v", r, got, want.Result, want.Because, want.DependsOn)
			}
			if (want.Result == Depends) != (len(want.DependsOn) > 0) || want.Result != Depends && len(want.Because) == 0 {
				t.Fatalf("%s because %v depends on %v", want.Result, want.Because, want.DependsOn)
			}
		}
	})
	if !testing.Short() && len(seen) != 4 { // a short run draws too few to say
		t.Errorf("only these results occurred: %v", seen)
	}
}

// AWS's own policies, as somebody's identity policies, with an effect turned here and there.
func TestEvaluatorAgreesOnManagedPolicies(t *testing.T) {
	t.Parallel()
	library := NewLibrary()
	all := iamdata.ManagedPolicies()
	actions := iamdata.Current().Actions()
	rapid.Check(t, func(t *rapid.T) {
		p := &Policies{}
		for range rapid.IntRange(1, 3).Draw(t, "policies") {
			d, err := Parse(all[rapid.IntRange(0, len(all)-1).Draw(t, "policy")].Document)
			if err != nil {
				t.Fatal(err)
			}
			for i := range d.Statements {
				if rapid.IntRange(0, 4).Draw(t, "turned") == 0 {
					d.Statements[i].Effect = Allow + Deny - d.Statements[i].Effect
				}
			}
			p.Identity = append(p.Identity, Source{Document: d})
		}
		e := library.Evaluator(p)
		for range 10 {
			r := drawRequest(t)
			d := p.Identity[0].Document
			s := d.Statements[rapid.IntRange(0, len(d.Statements)-1).Draw(t, "statement")]
			r.Action = actions[rapid.IntRange(0, len(actions)-1).Draw(t, "action")].String()
			if len(s.Action) > 0 {
				r.Action = strings.ReplaceAll(s.Action[rapid.IntRange(0, len(s.Action)-1).Draw(t, "its action")], "*", "X")
			}
			if len(s.Resource) > 0 {
				r.Resource = strings.ReplaceAll(s.Resource[rapid.IntRange(0, len(s.Resource)-1).Draw(t, "its resource")], "*", "x")
			}
			if got, want := e.Result(r), Decide(r, p).Result; got != want {
				t.Fatalf("%+v: the evaluator says %s, the rules %s", r, got, want)
			}
		}
	})
}
