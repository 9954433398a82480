package policy

import (
	"strings"
	"testing"
)

func parse(t *testing.T, statement string) *Document {
	t.Helper()
	d, err := Parse([]byte(`{"Version": "2012-10-17", "Statement": [` + statement + `]}`))
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return d
}

func TestDeniesWithoutTLS(t *testing.T) {
	t.Parallel()
	const rest = `"Action": "s3:*", "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]`
	for _, c := range []struct {
		statement string
		why       string // what the reason must hold; empty where the policy denies
	}{
		{`{"Effect": "Deny", "Principal": "*", ` + rest + `, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}`, ""},
		{`{"Effect": "Deny", "Principal": "*", ` + rest + `, "Condition": {"Bool": {"aws:SecureTransport": ["true", "false"]}}}`, ""},
		{`{"Effect": "Deny", "Principal": "*", ` + rest + `, "Condition": {"StringNotEquals": {"aws:SecureTransport": "true"}}}`, ""},
		{`{"Effect": "Deny", "Principal": "*", ` + rest + `, "Condition": {"Null": {"s3:TlsVersion": "true"}}}`, ""},
		{`{"Effect": "Deny", "Principal": "*", ` + rest + `}`, ""},
		{`{"Effect": "Deny", "Principal": "*", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::other/*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}`, ""},
		{`{"Effect": "Deny", "Principal": "*", "NotAction": "s3:GetObject", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}`, "leaves out s3:GetObject"},
		{`{"Effect": "Deny", "Principal": "*", "NotAction": "s?:Get*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}`, "leaves out"},
		{`{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "NotResource": "arn:aws:s3:::b/open/*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}`, "on the bucket but not on its objects"},
		{`{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/${aws:username}/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}`, "not on its objects"},
		{`{"Effect": "Deny", "Principal": {"AWS": "111122223333"}, ` + rest + `, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}`, "does not deny everybody"},
		{`{"Effect": "Deny", "Principal": "*", ` + rest + `, "Condition": {"Bool": {"aws:SecureTransport": "false"}, "NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}`, "NotIpAddress aws:SourceIp"},
		{`{"Effect": "Deny", "Principal": "*", ` + rest + `, "Condition": {"NumericLessThan": {"s3:TlsVersion": 1.2}}}`, "NumericLessThan"},
		{`{"Effect": "Allow", "Principal": "*", ` + rest + `, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}`, "denies nothing"},
		{`{"Effect": "Allow", "Principal": "*", ` + rest + `}`, "no statement denies"},
	} {
		ok, why := DeniesWithoutTLS(parse(t, c.statement), "b")
		if ok != (c.why == "") || !strings.Contains(why, c.why) {
			t.Errorf("%s: got %t %q, want %q", c.statement, ok, why, c.why)
		}
	}
}

func TestGrantsPublic(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		principal, condition string
		want                 bool
	}{
		{`"*"`, `{}`, true},
		{`{"AWS": "*"}`, `{}`, true},
		{`{"AWS": "111122223333"}`, `{}`, false},
		{`{"Service": "logs.amazonaws.com"}`, `{}`, false},
		{`"*"`, `{"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}`, false},
		{`"*"`, `{"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}`, true},
		{`"*"`, `{"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}`, false},
		{`"*"`, `{"IpAddress": {"aws:SourceIp": "2000::/3"}}`, true},
		{`"*"`, `{"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}`, true},
		{`"*"`, `{"StringEquals": {"aws:SourceVpce": "vpce-1"}}`, false},
		{`"*"`, `{"StringLike": {"aws:SourceVpc": "vpc-*"}}`, true},
		{`"*"`, `{"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}`, true},
		{`"*"`, `{"StringNotEquals": {"aws:SourceAccount": "111122223333"}}`, true},
		{`"*"`, `{"StringEquals": {"aws:PrincipalOrgID": "o-acme"}}`, false},
		{`"*"`, `{"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}`, true},
		{`"*"`, `{"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:topic"}}`, false},
		{`"*"`, `{"Bool": {"aws:SecureTransport": "true"}}`, true},
		{`"*"`, `{"StringEquals": {"s3:prefix": "public"}}`, true},
		{`"*"`, `{"StringLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-east-1:111122223333:accesspoint/*"}}`, false},
	} {
		d := parse(t, `{"Effect": "Allow", "Principal": `+c.principal+`, "Action": "s3:GetObject", "Resource": "*", "Condition": `+c.condition+`}`)
		if got := d.GrantsPublic(); got != c.want {
			t.Errorf("%s if %s: public is %t", c.principal, c.condition, got)
		}
	}
}
