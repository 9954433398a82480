package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/policy"
)

func parse(t *testing.T, statements string) *policy.Document {
	t.Helper()
	d, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[` + statements + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestStrangers: a condition keeps strangers out by what it proves.
func TestStrangers(t *testing.T) {
	t.Parallel()
	const allow = `{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*","Condition":{%s}}`
	for condition, open := range map[string]bool{
		``: true,
		`"StringEquals":{"aws:PrincipalOrgID":"o-acme"}`:                                           false,
		`"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-acme"}`:                                   true,
		`"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-acme"}`:                              true,
		`"StringNotEquals":{"aws:PrincipalOrgID":"o-other"}`:                                       true,
		`"StringLike":{"aws:PrincipalOrgID":"o-*"}`:                                                true,
		`"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-acme/*"}`:                            false,
		`"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"*/ou-1/*"}`:                            true,
		`"StringEquals":{"aws:SourceAccount":["111122223333","444455556666"]}`:                     false,
		`"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:111122223333:*"}`:                               false,
		`"ArnLike":{"aws:SourceArn":"arn:aws:sns:us-east-1:*:alarms"}`:                             true,
		`"ArnLike":{"aws:SourceArn":"arn:aws:s3:::acme-uploads"}`:                                  false,
		`"ArnLike":{"aws:SourceArn":"arn:aws:s3:::acme-*"}`:                                        true, // anybody may make acme-evil
		`"StringLike":{"aws:SourceArn":"*"}`:                                                       true,
		`"StringLike":{"aws:userid":"AROAEXAMPLE:*"}`:                                              false,
		`"StringLike":{"aws:userid":"*:jenkins"}`:                                                  true,
		`"StringEquals":{"aws:PrincipalTag/team":"ops"}`:                                           true, // tags of strangers are theirs to set
		`"StringLike":{"aws:UserAgent":"acme-*"}`:                                                  true,
		`"Bool":{"aws:SecureTransport":"true"}`:                                                    true,
		`"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}`:                                            false,
		`"IpAddress":{"aws:SourceIp":["0.0.0.0/1","128.0.0.0/1"]}`:                                 true,
		`"IpAddress":{"aws:SourceIp":["3.0.0.0/9","3.128.0.0/9"]}`:                                 false,
		`"IpAddress":{"aws:SourceIp":["3.0.0.0/9","3.128.0.0/9","4.0.0.0/32"]}`:                    true, // one address more than a /8
		`"IpAddress":{"aws:SourceIp":["3.0.0.0/8","3.1.0.0/16"]}`:                                  false,
		`"IpAddress":{"aws:SourceIp":["2001:db8::/32","2001:db9::/128"]}`:                          true,
		`"IpAddress":{"aws:SourceIp":"somewhere"}`:                                                 true,
		`"IpAddressIfExists":{"aws:SourceIp":"203.0.113.0/24"}`:                                    true,
		`"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}`:                                         true,
		`"IpAddress":{"aws:VpcSourceIp":"10.0.0.0/16"}`:                                            true, // everybody's VPC may have it
		`"StringEquals":{"aws:SourceVpce":"vpce-1a2b"}`:                                            false,
		`"StringEquals":{"aws:SourceVpce":"${aws:PrincipalTag/vpce}"}`:                             true,
		`"Bool":{"aws:PrincipalIsAWSService":"true"}`:                                              false,
		`"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}`:                           true,
		`"StringEquals":{"kms:ViaService":"s3.amazonaws.com","kms:CallerAccount":"111122223333"}`:  false,
		`"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::*:role/Admin"}`:                             true,
		`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/ci/*"}`:                     false,
		`"StringEquals":{"aws:PrincipalOrgID":"o-acme"},"Bool":{"aws:MultiFactorAuthPresent":"x"}`: false,
	} {
		got := len(parse(t, fmt.Sprintf(allow, condition)).Strangers()) > 0
		if got != open {
			t.Errorf("with {%s} strangers get in: %t, want %t", condition, got, open)
		}
	}
}

// TestStrangersDenied: what a Deny surely takes from every stranger is not open.
func TestStrangersDenied(t *testing.T) {
	t.Parallel()
	const allow = `{"Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]},`
	for deny, open := range map[string]bool{
		`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-acme"}}}`:                    false,
		`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-a"}}}`: false,
		`{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-acme"}}}`:            true,
		`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-acme"}}}`:       true,
		`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"ForAnyValue:StringNotEquals":{"aws:PrincipalOrgID":"o-acme"}}}`:        true,
		`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-evil"}}}`:                       true,
		`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`:                               true,
		`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}`:                     false,
		`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":["0.0.0.0/1","128.0.0.0/1"]}}}`:          true,
		`{"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"Action":"s3:*","Resource":"*"}`:                                                              false,
		`{"Effect":"Deny","Principal":{"AWS":"444455556666"},"Action":"s3:*","Resource":"*"}`:                                                                 true,
	} {
		if got := len(parse(t, allow+deny).Strangers()) > 0; got != open {
			t.Errorf("with %s strangers get in: %t, want %t", deny, got, open)
		}
	}
}

// TestNamed: who is let in by name, whatever form the name has.
func TestNamed(t *testing.T) {
	t.Parallel()
	d := parse(t, `
		{"Effect":"Allow","Principal":{"AWS":["111122223333","arn:aws:iam::444455556666:root","arn:aws:iam::444455556666:role/x","AROAGONE","arn:aws:iam::cloudfront:user/OAI E1"]},"Action":"*","Resource":"*"},
		{"Effect":"Allow","Principal":{"CanonicalUser":"79a5"},"Action":"*","Resource":"*"},
		{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-acme"}}},
		{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::777788889999:role/*"}}},
		{"Effect":"Deny","Principal":{"AWS":"999999999999"},"Action":"*","Resource":"*"}`)
	var got []string
	for _, n := range d.Named() {
		got = append(got, n.Name()+" "+n.Account+n.Organization+n.Canonical)
	}
	want := []string{"1 111122223333", "1 444455556666", "2 79a5", "3 o-acme", "4 777788889999"}
	if !slices.Equal(got, want) {
		t.Errorf("named are %s, want %s", strings.Join(got, ", "), strings.Join(want, ", "))
	}
}
