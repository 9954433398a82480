package policy

import (
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/iamdata"
)

// usual is a caller as accounts have them: three managed policies, one of its own with conditions, a boundary, three levels of
// service control, and requests that each of the layers is about.
func usual(t testing.TB) (*Policies, []*Request) {
	managed := func(name string) Source {
		m, ok := iamdata.Managed(name)
		if !ok {
			t.Fatalf("no %s", name)
		}
		d, err := Parse(m.Document)
		if err != nil {
			t.Fatal(err)
		}
		return Source{Name: name, Document: d}
	}
	own := func(name, text string) Source {
		d, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return Source{Name: name, Document: d}
	}
	full := managed("AdministratorAccess")
	p := &Policies{
		Identity: []Source{managed("AmazonEC2FullAccess"), managed("AmazonSSMManagedInstanceCore"), managed("SecurityAudit"),
			own("inline", `{"Version": "2012-10-17", "Statement": [
				{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::data-*/*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-acme"}, "IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "203.0.113.0/24"]}}},
				{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "arn:aws:kms:*:111122223333:key/*", "Condition": {"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}}},
				{"Effect": "Deny", "NotAction": ["iam:Get*", "iam:List*", "s3:*", "ec2:*", "kms:*", "sts:*"], "Resource": "*", "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}]}`)},
		Boundary: []Source{managed("PowerUserAccess")},
		ServiceControl: []Level{{Name: "root", Sources: []Source{full}}, {Name: "unit", Sources: []Source{full, own("regions", `{"Version": "2012-10-17", "Statement": {
			"Effect": "Deny", "NotAction": ["iam:*", "sts:*", "organizations:*"], "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}, "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Break*"}}}}`)}},
			{Name: "account", Sources: []Source{full}}},
	}
	caller := Caller{Kind: RoleSession, ARN: "arn:aws:sts::111122223333:assumed-role/App/s", Role: "arn:aws:iam::111122223333:role/App", Account: "111122223333"}
	var requests []*Request
	for i, action := range []string{"s3:GetObject", "ec2:RunInstances", "ec2:DescribeInstances", "kms:Decrypt", "iam:CreateUser", "ssm:GetParameter", "dynamodb:PutItem", "s3:PutObject"} {
		resource := map[string]string{"s3": "arn:aws:s3:::data-7/2026/01/report.csv", "ec2": "arn:aws:ec2:eu-west-1:111122223333:instance/i-0abc", "kms": "arn:aws:kms:eu-west-1:111122223333:key/0abc",
			"iam": "arn:aws:iam::111122223333:user/eve", "ssm": "arn:aws:ssm:eu-west-1:111122223333:parameter/app", "dynamodb": "arn:aws:dynamodb:eu-west-1:111122223333:table/t"}[action[:strings.Index(action, ":")]]
		requests = append(requests, &Request{Action: action, Resource: resource, Caller: caller, Context: Context{Open: i%2 == 1, Values: map[string][]string{
			"aws:principalorgid": {"o-acme"}, "aws:sourceip": {"203.0.113.9"}, "aws:requestedregion": {"eu-west-1"}, "kms:viaservice": {"s3.eu-west-1.amazonaws.com"}}}})
	}
	return p, requests
}

func BenchmarkEvaluator(b *testing.B) {
	p, requests := usual(b)
	e := NewLibrary().Evaluator(p)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		e.Result(requests[i%len(requests)])
	}
}

func BenchmarkDecide(b *testing.B) {
	p, requests := usual(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Decide(requests[i%len(requests)], p)
	}
}

func BenchmarkCompileManagedPolicies(b *testing.B) {
	var documents []*Document
	for _, m := range iamdata.ManagedPolicies() {
		d, err := Parse(m.Document)
		if err != nil {
			b.Fatal(err)
		}
		documents = append(documents, d)
	}
	for b.Loop() {
		l := NewLibrary()
		for _, d := range documents {
			l.compile(d, IdentityLayer)
		}
	}
}

// A decision in the steady state allocates nothing.
func TestEvaluatorDoesNotAllocate(t *testing.T) {
	p, requests := usual(t)
	e := NewLibrary().Evaluator(p)
	for _, r := range requests {
		want := Decide(r, p).Result
		if got := e.Result(r); got != want {
			t.Errorf("%s: %s, the rules say %s", r.Action, got, want)
		}
		if n := testing.AllocsPerRun(50, func() { e.Result(r) }); n != 0 {
			t.Errorf("%s: %v allocations", r.Action, n)
		}
		t.Log(r.Action, want)
	}
}
