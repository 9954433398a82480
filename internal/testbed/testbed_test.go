package testbed

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onus-cloud/onus/internal/operation"
)

// ask has boto3 call the operations and returns what it understood of the answers.
func ask(t *testing.T, b *Bed, operations ...string) []any {
	t.Helper()
	seconds := "60"
	if b.proxy.rules != nil && b.proxy.rules[0].Fault.name == Hang.name {
		seconds = "1"
	}
	var answers []any
	for line := range strings.Lines(b.python(t, "testdata/ask.py", nil, append([]string{seconds}, operations...)...)) {
		var answer any
		if err := json.Unmarshal([]byte(line), &answer); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, answer)
	}
	return answers
}

func TestBed(t *testing.T) {
	t.Parallel()
	bed := Start(t)

	t.Run("answers and records", func(t *testing.T) {
		t.Parallel()
		b := bed.With(t)
		got := ask(t, b, "sts.get_caller_identity", "ec2.describe_vpcs", "s3control.get_public_access_block")
		want := []any{"answered", []any{1.0}, "NoSuchPublicAccessBlockConfiguration"}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		wantCalls := []Call{
			{"sts", "GetCallerIdentity", Account, "us-east-1", 200},
			{"ec2", "DescribeVpcs", Account, "us-east-1", 200},
			{"s3control", "GetPublicAccessBlock", Account, "us-east-1", 404},
		}
		if d := cmp.Diff(wantCalls, b.Calls()); d != "" {
			t.Error(d)
		}
	})

	// One service of each protocol, and those whose errors are their own.
	services := []string{"ec2.describe_vpcs", "iam.list_users", "s3.get_bucket_policy", "wafv2.list_web_acls", "backup.get_backup_plan"}
	for _, test := range []struct {
		fault Fault
		want  []any
	}{
		{Throttle, []any{"RequestLimitExceeded", "Throttling", "SlowDown", "ThrottlingException", "ThrottlingException"}},
		{Deny, []any{"UnauthorizedOperation", "AccessDenied", "AccessDenied", "AccessDeniedException", "AccessDeniedException"}},
		{DenyByOrganization, []any{"UnauthorizedOperation", "AccessDenied", "AccessDenied", "AccessDeniedException", "AccessDeniedException"}},
		{ServerError, []any{"InternalError", "InternalFailure", "InternalError", "InternalServerError", "InternalServerError"}},
		{ExpiredToken, []any{"RequestExpired", "ExpiredToken", "ExpiredToken", "ExpiredTokenException", "ExpiredTokenException"}},
		{RegionDisabled, []any{"AuthFailure", "InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException", "UnrecognizedClientException"}},
		{Code(501, "Whatever", "x"), slices.Repeat([]any{"Whatever"}, 5)},
		{Reset, slices.Repeat([]any{"ProxyConnectionError"}, 5)},
		{Hang, slices.Repeat([]any{"ReadTimeoutError"}, 5)},
	} {
		t.Run(test.fault.String(), func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(test.want, ask(t, bed.With(t, Rule{Fault: test.fault}), services...)); d != "" {
				t.Error(d)
			}
		})
	}

	t.Run("truncate", func(t *testing.T) {
		t.Parallel()
		resp, err := http.Get(bed.With(t, Rule{Fault: Truncate}).URL + "/moto-api/data.json") // boto3 does not mind a truncated body
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got %v, want a body that ends too soon", err)
		}
	})

	t.Run("rules choose calls", func(t *testing.T) {
		t.Parallel()
		b := bed.With(t,
			Rule{Operation: "DescribeVpcs", Nth: 2, Fault: Deny},
			Rule{Service: "iam", First: 1, Fault: Throttle},
			Rule{Service: "s3", About: "acme", Fault: ServerError},
			Rule{Account: "999999999999", Fault: Deny},
			Rule{Region: "eu-west-1", Fault: Deny},
		)
		got := ask(t, b, "ec2.describe_vpcs", "ec2.describe_vpcs", "ec2.describe_vpcs", "iam.list_users", "iam.list_users", "s3.get_bucket_policy", "kms.list_keys")
		want := []any{[]any{1.0}, "UnauthorizedOperation", []any{1.0}, "Throttling", []any{0.0}, "InternalError", []any{0.0}}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

// TestAWS: the AWS CLI's answers and complaints end up in files.
func TestAWS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	Start(t).AWS(t, []Command{
		{File: dir + "/a/vpcs", Account: "111122223333", Region: "eu-west-1", Service: "ec2", Operation: "DescribeVpcs"},
		{File: dir + "/a/policy", Account: "111122223333", Region: "us-east-1", Service: "s3api", Operation: "GetBucketPolicy", Parameters: map[string]any{"Bucket": "no-such-bucket"}},
	})
	for file, want := range map[string]string{"/a/vpcs": `"OwnerId": "111122223333"`, "/a/policy": "An error occurred (NoSuchBucket) when calling the GetBucketPolicy operation"} {
		if got, err := os.ReadFile(dir + file); err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s: got %q, %v; want %q in it", file, got, err, want)
		}
	}
}

// TestPages cuts listings of every protocol.
func TestPages(t *testing.T) {
	t.Parallel()
	bed := Start(t)
	bed.Seed(t, "listings.py")
	listings := []string{"ec2.describe_security_groups", "iam.list_users", "rds.describe_db_instances", "kms.list_keys",
		"lambda.list_functions", "dynamodb.list_tables", "elbv2.describe_target_groups", "cloudfront.list_distributions"}

	want := slices.Repeat([]any{[]any{2.0, 1.0}}, len(listings))
	if d := cmp.Diff(want, ask(t, bed.With(t, Rule{Fault: Pages(2)}), listings...)); d != "" {
		t.Errorf("pages of 2: %s", d)
	}
	want = slices.Repeat([]any{"PaginationError"}, len(listings))
	if d := cmp.Diff(want, ask(t, bed.With(t, Rule{Fault: RepeatToken(2)}), listings...)); d != "" {
		t.Errorf("repeated token: %s", d)
	}
}

// TestRoutes: of the services whose operations are told apart by path, all operations that the product reads are known.
func TestRoutes(t *testing.T) {
	t.Parallel()
	byPath := map[string]bool{}
	known := map[operation.ID]bool{}
	for _, r := range routes {
		byPath[r.service] = true
		known[operation.ID(r.service+":"+r.operation)] = true
	}
	for _, op := range operation.All() {
		if byPath[op.ID.Service()] && !known[op.ID] {
			t.Errorf("recognize.go has no route for %s", op.ID)
		}
	}
}

func TestRecognize(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ method, url, service, want string }{
		{"GET", "/acme?policyStatus", "s3", "GetBucketPolicyStatus"},
		{"GET", "/acme?policy", "s3", "GetBucketPolicy"},
		{"GET", "/acme?x-id=GetBucketAcl&acl=", "s3", "GetBucketAcl"},
		{"GET", "/?x-id=ListBuckets", "s3", "ListBuckets"},
		{"GET", "/acme/key?list-type=2", "s3", ""},
		{"GET", "/acme?list-type=2&prefix=a%2F", "s3", "ListObjectsV2"},
		{"GET", "/acme?versions&prefix=a%2F", "s3", "ListObjectVersions"},
		{"GET", "/acme/a/b?x-id=GetObject", "s3", "GetObject"},
		{"GET", "/backup/plans/p1/selections/s1", "backup", "GetBackupSelection"},
		{"GET", "/backup/plans/", "backup", "ListBackupPlans"},
		{"GET", "/detector/d1", "guardduty", "GetDetector"},
	} {
		r, err := http.NewRequest(test.method, test.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIATEST111122223333/20261123/eu-west-1/"+test.service+"/aws4_request, SignedHeaders=host, Signature=0")
		got, _ := recognize(r, nil)
		want := Call{Service: test.service, Operation: test.want, Account: "111122223333", Region: "eu-west-1"}
		if got != want {
			t.Errorf("%s %s: got %+v, want %+v", test.method, test.url, got, want)
		}
	}
}
