package responses

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/operation"
)

// The secrets here are AWS's documentation examples or made up; none was ever valid. Those that scanners of repositories look for
// are put together from two parts.
const (
	accessKey = "AKIA" + "IOSFODNN7EXAMPLE"
	secretKey = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
	gitHub    = "ghp_" + "016C7d2eXkq9TzYbVnM4LsRwPa8UfHjG35Qe"
	gitLab    = "glpat-" + "Xy7Zk2Qw9RtLm4NvB8cD"
	slack     = "xoxb-" + "210987654321-Ab3dEf6hIj9kLm"
	stripe    = "sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc"
	webToken  = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
	private   = "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIEowIBAAKCAQEA3Tz2mr7SZiAMfQyuvBjM9Oi\nJ8xk0Q==\n-----END RSA PRIVATE KEY-----"
)

var planted = map[string]string{
	accessKey: "AWS access key id", secretKey: "AWS secret access key", gitHub: "GitHub token", gitLab: "GitLab token",
	slack: "Slack token", stripe: "Stripe key", webToken: "JSON web token", private: "private key",
}

var digests = regexp.MustCompile(`redacted:[0-9a-f]{16}`)

func redactor() *Redactor { return NewRedactor([]byte("a key of 32 bytes for the tests!")) }

func row(t testing.TB, id operation.ID) operation.Operation {
	op, ok := operation.Get(id)
	if !ok {
		t.Fatalf("%s is not in the table", id)
	}
	return op
}

func TestRecognise(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, secret, what string
	}{
		{"password=hunter2", "hunter2", "password"},
		{"the passwd: hunter2", "hunter2", "password"},
		{`{"dbPassword":"hun ter2"}`, "hun ter2", "password"},
		{`set PGPASSWORD='hunter2'`, "hunter2", "password"},
		{"Server=db;Uid=app;Pwd=hunter2;", "hunter2", "password"},
		{"mysql --password hunter2 -h db", "hunter2", "password"},
		{"deploy --auth-token 7f3a9c", "7f3a9c", "password"},
		{"client_secret=s3cr3t", "s3cr3t", "secret"},
		{"token = abcdef", "abcdef", "secret"},
		{"api_key: abcdef", "abcdef", "secret"},
		{`{"apiKey": "abcdef"}`, "abcdef", "secret"},
		{"postgres://app:hunter2@db.internal:5432/shop", "hunter2", "password in a URL"},
		{"redis://:hunter2@cache:6379", "hunter2", "password in a URL"},
		{"export AWS_SECRET_ACCESS_KEY=" + secretKey, secretKey, "AWS secret access key"},
		{accessKey + ":" + secretKey, secretKey, "AWS secret access key"},
		{"key " + secretKey + ".", secretKey, "AWS secret access key"},
	} {
		got := redactor().Text(c.text)
		if strings.Contains(got, c.secret) || !strings.Contains(got, "("+c.what+")") {
			t.Errorf("%q became %q: a %s is in it", c.text, got, c.what)
		}
		if again := redactor().Text(got); again != got {
			t.Errorf("%q is redacted again to %q", got, again)
		}
	}
	for secret, what := range planted {
		got := redactor().Text("found " + secret + " here")
		if strings.Contains(got, secret) || !strings.Contains(got, "("+what+")") || !strings.HasPrefix(got, "found redacted:") || !strings.HasSuffix(got, ") here") {
			t.Errorf("%q became %q: a %s is in it", secret, got, what)
		}
	}
}

// TestNotRecognised: what AWS's answers are full of is no secret.
func TestNotRecognised(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-AbCdEf",
		"arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/web/50dc6c495c0c9188",
		"arn:aws:iam::111122223333:role/aws-service-role/AWSServiceRoleForAutoScaling20261123Prod1",
		"da39a3ee5e6b4b0d3255bfef95601890afd80709",
		"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
		"1b4c2a3e-8a5d-4f0e-9c7b-2d1e0f3a4b5c",
		"XlvLyQQjXg5gQnXxkfbcmFSOO2kUuNTAUzZSHYIDuQI=",
		"sg-0123456789abcdef0", "AROAIOSFODNN7EXAMPLE:session", "AIDAIOSFODNN7EXAMPLE",
		"aws:SecureTransport", `{"Condition":{"StringEquals":{"aws:RequestTag/token":"required-value"}}}`,
		`{"Action":["secretsmanager:GetSecretValue","sts:GetSessionToken"]}`,
		`{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/web:*"}}`,
		"https://sqs.us-east-1.amazonaws.com/111122223333/queue", "https://example.com:8443/a@b",
		"password: required", "password=${DB_PASSWORD}", "token=$TOKEN_FROM_VAULT", "password={{resolve:secretsmanager:db}}",
		"The security token included in the request is expired",
		"You are not authorized to perform this operation. User: arn:aws:iam::111122223333:user/x is not authorized to perform: ec2:DescribeVpcs",
		"2026-11-23T20:25:00Z", "100%", "a%zzb=1", "10.0.0.0/16", "", "Windows/Server/2022/English/Full/Base20261",
	} {
		if got := redactor().Text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestRedactSecretMembers(t *testing.T) {
	t.Parallel()
	script := "#!/bin/sh\nexport AWS_ACCESS_KEY_ID=" + accessKey + "\n"
	for _, c := range []struct {
		name string
		op   operation.ID
		body string
		want string // of the member, with the digest as DIGEST
		gone string
	}{
		{"user data is looked into", "ec2:DescribeInstanceAttribute",
			`{"InstanceId":"i-1","UserData":{"Value":"` + base64.StdEncoding.EncodeToString([]byte(script)) + `"}}`,
			`{"InstanceId":"i-1","UserData":{"Value":"redacted:DIGEST (AWS access key id)"}}`, "IyEv"},
		{"user data in a list", "ec2:DescribeLaunchTemplateVersions",
			`{"LaunchTemplateVersions":[{"VersionNumber":1,"LaunchTemplateData":{"UserData":"AAEC/w=="}}]}`,
			`{"LaunchTemplateVersions":[{"VersionNumber":1,"LaunchTemplateData":{"UserData":"redacted:DIGEST (nothing recognised)"}}]}`, "AAEC"},
		{"each variable", "lambda:ListFunctions",
			`{"Functions": [ {"FunctionName":"f","Environment":{"Variables":{"STAGE":"prod-eu-7"}}} ] }`,
			`{"Functions": [ {"FunctionName":"f","Environment":{"Variables":{"STAGE":"redacted:DIGEST (nothing recognised)"}}} ] }`, "prod-eu-7"},
		{"a variable that is named like a secret", "lambda:ListFunctions",
			`{"Functions":[{"Environment":{"Variables":{"DB_PASSWORD":"x"}}}]}`,
			`{"Functions":[{"Environment":{"Variables":{"DB_PASSWORD":"redacted:DIGEST (named like a secret)"}}}]}`, `"x"`},
		{"lower case names of an import", "lambda:ListFunctions",
			`{"functions":[{"environment":{"variables":{"A":12345}}}]}`,
			`{"functions":[{"environment":{"variables":{"A":"redacted:DIGEST (nothing recognised)"}}}]}`, "12345"},
		{"both places of a VPN's shared keys", "ec2:DescribeVpnConnections",
			`{"VpnConnections":[{"VpnConnectionId":"vpn-1","CustomerGatewayConfiguration":"<ike><pre_shared_key>p5kTq</pre_shared_key></ike>","Options":{"TunnelOptions":[{"OutsideIpAddress":"203.0.113.1","PreSharedKey":"p5kTq"},{"PreSharedKey":"other"}]}}]}`,
			`{"VpnConnections":[{"VpnConnectionId":"vpn-1","CustomerGatewayConfiguration":"redacted:DIGEST (nothing recognised)","Options":{"TunnelOptions":[{"OutsideIpAddress":"203.0.113.1","PreSharedKey":"redacted:DIGEST (nothing recognised)"},{"PreSharedKey":"redacted:DIGEST (nothing recognised)"}]}}]}`, "p5kTq"},
		{"a header that a rule asks for", "elbv2:DescribeRules",
			`{"Rules":[{"Conditions":[{"Field":"http-header","HttpHeaderConfig":{"HttpHeaderName":"x-verify","Values":["p5kTq"]}},{"Field":"path-pattern","Values":["/a"]}]}]}`,
			`{"Rules":[{"Conditions":[{"Field":"http-header","HttpHeaderConfig":{"HttpHeaderName":"x-verify","Values":["redacted:DIGEST (nothing recognised)"]}},{"Field":"path-pattern","Values":["/a"]}]}]}`, "p5kTq"},
		{"what an API sends on", "apigateway:GetResources",
			`{"items":[{"resourceMethods":{"GET":{"methodIntegration":{"uri":"https://x/","requestParameters":{"integration.request.header.k":"'p5kTq'"}}}}}]}`,
			`{"items":[{"resourceMethods":{"GET":{"methodIntegration":{"uri":"https://x/","requestParameters":{"integration.request.header.k":"redacted:DIGEST (nothing recognised)"}}}}}]}`, "p5kTq"},
		{"stage variables", "apigateway:GetStages", `{"item":[{"stageName":"live","variables":{"k":"p5kTq"}}]}`,
			`{"item":[{"stageName":"live","variables":{"k":"redacted:DIGEST (nothing recognised)"}}]}`, "p5kTq"},
		{"environment of a task", "ecs:DescribeTasks",
			`{"tasks":[{"overrides":{"containerOverrides":[{"command":["run","p5kTq"],"environment":[{"name":"K","value":"p5kTq"}]}]}}]}`,
			`{"tasks":[{"overrides":{"containerOverrides":[{"command":["redacted:DIGEST (nothing recognised)","redacted:DIGEST (nothing recognised)"],"environment":[{"name":"K","value":"redacted:DIGEST (nothing recognised)"}]}]}}]}`, "p5kTq"},
		{"a tag that is named like a secret", "ec2:DescribeVolumes",
			`{"Volumes":[{"Tags":[{"Key":"db-password","Value":"hunter2"},{"Key":"Name","Value":"db"}]}]}`,
			`{"Volumes":[{"Tags":[{"Key":"db-password","Value":"redacted:DIGEST (named like a secret)"},{"Key":"Name","Value":"db"}]}]}`, "hunter2"},
		{"a secret within a tag", "ec2:DescribeVolumes",
			`{"Volumes":[{"Tags":[{"Key":"note","Value":"rotate ` + accessKey + ` soon"}]}]}`,
			`{"Volumes":[{"Tags":[{"Key":"note","Value":"rotate redacted:DIGEST (AWS access key id) soon"}]}]}`, accessKey},
		{"null and nothing stay", "ec2:DescribeInstanceAttribute", `{"UserData":{"Value":null}}`, `{"UserData":{"Value":null}}`, "redacted"},
		{"the empty string stays", "ec2:DescribeInstanceAttribute", `{"UserData":{"Value":""}}`, `{"UserData":{"Value":""}}`, "redacted"},
		{"a client token is no secret", "ec2:DescribeVpcs", `{"ClientToken":"0f1e2d","Token":true}`, `{"ClientToken":"0f1e2d","Token":true}`, "redacted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := redactor().Redact(row(t, c.op), json.RawMessage(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if same := digests.ReplaceAllString(string(got), "redacted:DIGEST"); same != c.want {
				t.Errorf("got  %s\nwant %s", same, c.want)
			}
			if strings.Contains(string(got), c.gone) {
				t.Errorf("%s still holds %s", got, c.gone)
			}
			again, err := redactor().Redact(row(t, c.op), got)
			if err != nil || string(again) != string(got) {
				t.Errorf("redacted again: %s, %v", again, err)
			}
		})
	}
}

// TestRedactEncoded: policy documents come URL-encoded, and stay documents.
func TestRedactEncoded(t *testing.T) {
	t.Parallel()
	document := `{"Version":"2012-10-17","Statement":[{"Sid":"` + accessKey + `","Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::a+b"}]}`
	body, _ := json.Marshal(map[string]string{"AssumeRolePolicyDocument": strings.ReplaceAll(url.QueryEscape(document), "+", "%20")})
	got, err := redactor().Redact(row(t, "iam:GetAccountAuthorizationDetails"), body)
	if err != nil {
		t.Fatal(err)
	}
	var back map[string]string
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	plain, err := url.PathUnescape(back["AssumeRolePolicyDocument"])
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(document, accessKey, "redacted:DIGEST (AWS access key id)", 1)
	if same := digests.ReplaceAllString(plain, "redacted:DIGEST"); same != want {
		t.Errorf("got  %s\nwant %s", same, want)
	}
}

// TestDigests: equal secrets show as equal within a recording, and not across recordings.
func TestDigests(t *testing.T) {
	t.Parallel()
	one, two := NewRedactor([]byte("one")), NewRedactor([]byte("two"))
	if first, again := one.Text("a "+accessKey), one.Text("a "+accessKey); first != again {
		t.Error("equal secrets show as different")
	}
	if one.Text(accessKey) == two.Text(accessKey) {
		t.Error("two recordings show the same digest")
	}
	if one.Text(accessKey) == one.Text(strings.Replace(accessKey, "7", "8", 1)) {
		t.Error("different secrets show as equal")
	}
}

func TestRedactNotJSON(t *testing.T) {
	t.Parallel()
	if got, err := redactor().Redact(operation.Operation{}, json.RawMessage(`{"a":`)); err == nil {
		t.Errorf("got %s, want an error", got)
	}
}

// FuzzRedact: the output is JSON, redacting it again changes nothing, and a planted secret does not survive.
func FuzzRedact(f *testing.F) {
	for secret := range planted {
		f.Add(`{"Tags":[{"Key":"a","Value":"b"}],"X":1}`, "before "+secret, "after")
	}
	f.Add(`{"Functions":[{"Environment":{"Variables":{"A":["x",{"b":null}]}}}]}`, `password="a" token: b`, "%3D%zz")
	f.Add(`[[],{},"`+`\u0041KIA`+accessKey[4:]+`"]`, "https://a:b@c", "-----BEGIN PRIVATE KEY-----")
	f.Add(`"eyJwYXNzd29yZCI6Imh1bnRlcjIifQ=="`, "%41password%3dx", "pwd=redacted:0123456789abcdef (x) y")
	f.Add("0", "\xba"+accessKey[1:], "after")
	op := row(f, "lambda:ListFunctions")
	f.Fuzz(func(t *testing.T, body, before, after string) {
		r := redactor()
		if json.Valid([]byte(body)) {
			once, err := r.Redact(op, json.RawMessage(body))
			if err != nil || !json.Valid(once) {
				t.Fatalf("%q became %q, %v", body, once, err)
			}
			twice, err := r.Redact(op, once)
			if err != nil || string(twice) != string(once) {
				t.Fatalf("%q became %q and then %q, %v", body, once, twice, err)
			}
		}
		for secret := range planted {
			if own := before + " " + after; strings.Contains(own, secret) || strings.Contains(url.PathEscape(own), secret) {
				continue // the fuzzer's own copy may be glued to other letters, or to an escape ("%BAKIA..."), and then it is no secret
			}
			text := before + " " + secret + " " + after
			page, _ := json.Marshal(map[string]any{"Description": text, "Encoded": url.PathEscape(text), "List": []string{text}})
			got, err := r.Redact(op, page)
			if err != nil || !json.Valid(got) {
				t.Fatalf("%q became %q, %v", page, got, err)
			}
			var back map[string]any
			json.Unmarshal(got, &back)
			for _, shown := range []string{fmt.Sprint(back), url.PathEscape(fmt.Sprint(back)), fmt.Sprint(unescape(fmt.Sprint(back["Encoded"])))} {
				if strings.Contains(shown, secret) {
					t.Fatalf("%q survives in %q", secret, shown)
				}
			}
			if again, _ := r.Redact(op, got); string(again) != string(got) {
				t.Fatalf("%q became %q and then %q", page, got, again)
			}
		}
	})
}

func unescape(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

func BenchmarkRedact(b *testing.B) {
	var page strings.Builder
	page.WriteString(`{"Volumes":[`)
	for i := range 1000 {
		if i > 0 {
			page.WriteByte(',')
		}
		fmt.Fprintf(&page, `{"VolumeId":"vol-%017x","Encrypted":true,"KmsKeyId":"arn:aws:kms:us-east-1:111122223333:key/1b4c2a3e-8a5d-4f0e-9c7b-%012x","State":"in-use","CreateTime":"2026-11-23T20:25:00Z","Tags":[{"Key":"Name","Value":"web-%d"},{"Key":"owner","Value":"team-a"}]}`, i, i, i)
	}
	page.WriteString(`]}`)
	r, op := redactor(), row(b, "ec2:DescribeVolumes")
	b.SetBytes(int64(page.Len()))
	for b.Loop() {
		if _, err := r.Redact(op, json.RawMessage(page.String())); err != nil {
			b.Fatal(err)
		}
	}
}
