package responses

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onus-cloud/onus/internal/operation"
)

var asOf = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// read imports a folder and says of each response what it is, in one line.
func read(t *testing.T, files map[string]string) (lines []string, problems []string) {
	t.Helper()
	folder := fstest.MapFS{}
	for name, body := range files {
		folder[name] = &fstest.MapFile{Data: []byte(body)}
	}
	set, err := ReadAWSCLI(folder, "test", asOf, NewRedactor(nil))
	if err != nil {
		t.Fatal(err)
	}
	for r := range set.All() {
		lines = append(lines, fmt.Sprintf("%s/%s %s [%s] %s %d", r.Account, r.Region, r.Operation, r.About(), r.Outcome, len(r.Pages)))
	}
	for _, p := range set.Problems {
		problems = append(problems, p.String())
	}
	return lines, problems
}

func TestImportNames(t *testing.T) {
	t.Parallel()
	const volumes = `{"Volumes": []}`
	for name, test := range map[string]struct {
		file, body, want string
	}{
		"folders":                      {"111122223333/us-east-1/ec2/describe-volumes.json", volumes, "111122223333/us-east-1 ec2:DescribeVolumes [] ok 1"},
		"one name":                     {"aws_ec2_describe_volumes_111122223333_us-east-1.json", volumes, "111122223333/us-east-1 ec2:DescribeVolumes [] ok 1"},
		"the API's name":               {"111122223333/eu-west-1/DescribeVolumes.json", volumes, "111122223333/eu-west-1 ec2:DescribeVolumes [] ok 1"},
		"only content":                 {"111122223333/us-gov-west-1/mydump.json", `{"Volumes": [{"VolumeId": "vol-1"}]}`, "111122223333/us-gov-west-1 ec2:DescribeVolumes [] ok 1"},
		"place in the content":         {"describe-volumes.json", `{"Volumes": [{"AvailabilityZone": "eu-west-1a", "KmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/k"}]}`, "111122223333/eu-west-1 ec2:DescribeVolumes [] ok 1"},
		"account in the content":       {"us-east-1/describe-vpcs.json", `{"Vpcs": [{"VpcId": "vpc-1", "OwnerId": "111122223333"}]}`, "111122223333/us-east-1 ec2:DescribeVpcs [] ok 1"},
		"a global service":             {"111122223333/us-east-1/iam/get-account-summary.json", `{"SummaryMap": {}}`, "111122223333/global iam:GetAccountSummary [] ok 1"},
		"elbv2 by its body":            {"111122223333/us-east-1/describe-load-balancers.json", `{"LoadBalancers": []}`, "111122223333/us-east-1 elbv2:DescribeLoadBalancers [] ok 1"},
		"elb by its body":              {"111122223333/us-east-1/describe-load-balancers.json", `{"LoadBalancerDescriptions": []}`, "111122223333/us-east-1 elb:DescribeLoadBalancers [] ok 1"},
		"elb by its service":           {"111122223333/us-east-1/elb/describe-load-balancer-attributes--LoadBalancerName=web.json", `{"LoadBalancerAttributes": {}}`, "111122223333/us-east-1 elb:DescribeLoadBalancerAttributes [web] ok 1"},
		"the bucket after the name":    {"111122223333/s3api/get-bucket-policy-acme-logs.json", `{"Policy": "{}"}`, "111122223333/global s3:GetBucketPolicy [acme-logs] ok 1"},
		"the bucket marked":            {"111122223333/s3api/get-bucket-policy--Bucket=acme-logs.json", `{"Policy": "{}"}`, "111122223333/global s3:GetBucketPolicy [acme-logs] ok 1"},
		"the longest name":             {"111122223333/s3api/get-bucket-policy-status-acme-logs.json", `{"PolicyStatus": {}}`, "111122223333/global s3:GetBucketPolicyStatus [acme-logs] ok 1"},
		"s3control and s3":             {"111122223333/s3control/get-public-access-block.json", `{"PublicAccessBlockConfiguration": {}}`, "111122223333/global s3control:GetPublicAccessBlock [] ok 1"},
		"s3 and s3control":             {"111122223333/s3api/get-public-access-block-acme-logs.json", `{"PublicAccessBlockConfiguration": {}}`, "111122223333/global s3:GetPublicAccessBlock [acme-logs] ok 1"},
		"the resource in the content":  {"111122223333/us-east-1/ec2/snap.describe-snapshot-attribute.json", `{"SnapshotId": "snap-1", "CreateVolumePermissions": []}`, "111122223333/us-east-1 ec2:DescribeSnapshotAttribute [snap-1 createVolumePermission] ok 1"},
		"two parameters":               {"111122223333/us-east-1/backup/get-backup-selection--BackupPlanId=p1--SelectionId=s1.json", `{"BackupSelection": {}}`, "111122223333/us-east-1 backup:GetBackupSelection [p1 s1] ok 1"},
		"absent":                       {"111122223333/s3api/get-bucket-policy-acme-logs.json", "\nAn error occurred (NoSuchBucketPolicy) when calling the GetBucketPolicy operation: The bucket policy does not exist\n", "111122223333/global s3:GetBucketPolicy [acme-logs] absent 0"},
		"denied":                       {"111122223333/us-east-1/describe-volumes.txt", "An error occurred (UnauthorizedOperation) when calling the DescribeVolumes operation: You are not authorized", "111122223333/us-east-1 ec2:DescribeVolumes [] denied 0"},
		"throttled":                    {"111122223333/us-east-1/describe-volumes.json", "An error occurred (RequestLimitExceeded) when calling the DescribeVolumes operation (reached max retries: 4): Request limit exceeded.", "111122223333/us-east-1 ec2:DescribeVolumes [] throttled 0"},
		"pages in one file":            {"111122223333/us-east-1/describe-volumes.json", volumes + "\n" + volumes, "111122223333/us-east-1 ec2:DescribeVolumes [] ok 2"},
		"the operation as a folder":    {"111122223333/s3api/get-bucket-policy/acme-logs.json", `{"Policy": "{}"}`, "111122223333/global s3:GetBucketPolicy [acme-logs] ok 1"},
		"the resource in its list":     {"111122223333/us-east-1/describe-listeners.json", `{"Listeners": [{"LoadBalancerArn": "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/shop/50dc"}]}`, "111122223333/us-east-1 elbv2:DescribeListeners [arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/shop/50dc] ok 1"},
		"the listener of rules":        {"111122223333/us-east-1/describe-rules-http.json", `{"Rules": [{"RuleArn": "arn:aws:elasticloadbalancing:us-east-1:111122223333:listener-rule/app/shop/50dc/f2f7/9683"}]}`, "111122223333/us-east-1 elbv2:DescribeRules [arn:aws:elasticloadbalancing:us-east-1:111122223333:listener/app/shop/50dc/f2f7] ok 1"},
		"a scope in the content":       {"111122223333/us-east-1/list-web-acls.json", `{"NextMarker": "cdn", "WebACLs": [{"ARN": "arn:aws:wafv2:us-east-1:111122223333:global/webacl/cdn/1"}]}`, "111122223333/global wafv2:ListWebACLs [] ok 1"},
		"an error as a program has it": {"111122223333/us-east-1/describe-volumes.json", `{"Error": {"Code": "UnauthorizedOperation", "Message": "no"}, "ResponseMetadata": {}}`, "111122223333/us-east-1 ec2:DescribeVolumes [] denied 0"},
		"an error as a service has it": {"111122223333/us-east-1/describe-instance-information.json", `{"__type": "com.amazon.coral.service#AccessDeniedException", "message": "no"}`, "111122223333/us-east-1 ssm:DescribeInstanceInformation [] denied 0"},
		"a queue by its list":          {"111122223333/us-east-1/list-queues.json", `{"QueueUrls": []}`, "111122223333/us-east-1 sqs:ListQueues [] ok 1"},
		"queues of another service":    {"111122223333/us-east-1/mediaconvert/list-queues.json", `{"queues": []}`, ""},
		"users of another service":     {"111122223333/iam/list-users.json", `{"Users": []}`, ""},
		"users of a directory":         {"111122223333/us-east-1/list-users.json", `{"Users": [{"IdentityStoreId": "d-1", "UserId": "u-1"}]}`, "111122223333/us-east-1 identitystore:ListUsers [d-1] ok 1"},
		"aliases of another service":   {"111122223333/us-east-1/lambda/list-aliases-ship.json", `{"Aliases": []}`, ""},
		"services of App Runner":       {"111122223333/us-east-1/list-services.json", `{"ServiceSummaryList": []}`, "111122223333/us-east-1 apprunner:ListServices [] ok 1"},
		"instances by their service":   {"111122223333/us-east-1/sso-admin/list-instances.json", `{"Instances": []}`, "111122223333/us-east-1 sso-admin:ListInstances [] ok 1"},
		"the policy of a secret":       {"111122223333/us-east-1/get-resource-policy.json", `{"ARN": "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf", "Name": "db"}`, "111122223333/us-east-1 secretsmanager:GetResourcePolicy [arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf] ok 1"},
		"the policy of a table":        {"111122223333/us-east-1/dynamodb/get-resource-policy--ResourceArn=arn:aws:dynamodb:us-east-1:111122223333:table%2Fcarts.json", `{"Policy": "{}", "RevisionId": "1"}`, "111122223333/us-east-1 dynamodb:GetResourcePolicy [arn:aws:dynamodb:us-east-1:111122223333:table/carts] ok 1"},
		"a key by its ARN":             {"111122223333/us-east-1/list-grants.json", `{"Grants": [{"KeyId": "arn:aws:kms:us-east-1:111122223333:key/k-1"}]}`, "111122223333/us-east-1 kms:ListGrants [k-1] ok 1"},
		"details alone":                {"get-account-authorization-details.json", `{"RoleDetailList": [{"Arn": "arn:aws:iam::111122223333:role/r", "AssumeRolePolicyDocument": {"Statement": {"Principal": {"AWS": "arn:aws:iam::999999999999:root"}}}}]}`, "111122223333/global iam:GetAccountAuthorizationDetails [] ok 1"},
		"UTF-16":                       {"111122223333/us-east-1/describe-volumes.json", "\xff\xfe{\x00\"\x00V\x00o\x00l\x00u\x00m\x00e\x00s\x00\"\x00:\x00[\x00]\x00}\x00", "111122223333/us-east-1 ec2:DescribeVolumes [] ok 1"},
		"a byte order mark":            {"111122223333/us-east-1/describe-volumes.json", "\ufeff" + volumes, "111122223333/us-east-1 ec2:DescribeVolumes [] ok 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problems := read(t, map[string]string{test.file: test.body})
			if test.want == "" {
				if len(got) > 0 || len(problems) != 1 {
					t.Errorf("%s: got %q and the problems %q, want it to be passed over", test.file, got, problems)
				}
				return
			}
			if diff := cmp.Diff([]string{test.want}, got); diff != "" || len(problems) > 0 {
				t.Errorf("%s (-want +got):\n%s%s", test.file, diff, strings.Join(problems, "\n"))
			}
		})
	}
}

func TestImportOfSeveralFiles(t *testing.T) {
	t.Parallel()
	got, problems := read(t, map[string]string{
		"sts-get-caller-identity.json":    `{"UserId": "AIDA", "Account": "111122223333", "Arn": "arn:aws:iam::111122223333:user/ops"}`,
		"us-east-1/subnets.json":          `{"Subnets": []}`,
		"volumes-1/describe-volumes.json": `{"Volumes": [{"AvailabilityZone": "us-east-1a"}]}`,
		"volumes-2/describe-volumes.json": `{"Volumes": [{"AvailabilityZone": "us-east-1b"}]}`,
		"README.md":                       "not ours",
	})
	want := []string{
		"111122223333/global sts:GetCallerIdentity [] ok 1",
		"111122223333/us-east-1 ec2:DescribeSubnets [] ok 1",
		"111122223333/us-east-1 ec2:DescribeVolumes [] ok 2",
	}
	if diff := cmp.Diff(want, got); diff != "" || len(problems) > 0 {
		t.Errorf("(-want +got):\n%s%s", diff, strings.Join(problems, "\n"))
	}
}

// TestImportResolvesNames: a file that is about an ARN may be named by a part of it that only one ARN of the folder has.
func TestImportResolvesNames(t *testing.T) {
	t.Parallel()
	const shop = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/shop/50dc"
	const balancers = `{"LoadBalancers": [{"LoadBalancerArn": "` + shop + `"}, {"LoadBalancerArn": "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/shop/60ee"}, {"LoadBalancerArn": "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/blog/70ff"}]}`
	for name, want := range map[string]string{
		"describe-listeners-blog":                      "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/blog/70ff",
		"describe-listeners_app-shop-50dc":             shop,
		"describe-listeners-app-shop":                  shop,
		"describe-listeners-50dc":                      shop,
		"describe-listeners--LoadBalancerArn=app-shop": shop,
		"describe-listeners-" + strings.ReplaceAll(strings.ReplaceAll(shop, ":", "_"), "/", "_"): shop,
		"describe-listeners-shop": "", // two have that name
	} {
		got, problems := read(t, map[string]string{"111122223333/us-east-1/describe-load-balancers.json": balancers, "111122223333/us-east-1/" + name + ".json": `{"Listeners": []}`})
		line := "111122223333/us-east-1 elbv2:DescribeListeners [" + want + "] ok 1"
		if found := slices.Contains(got, line); found != (want != "") || want == "" && len(problems) != 1 {
			t.Errorf("%s: %q, problems %q, want %s", name, got, problems, line)
		}
	}
}

// TestImportPlaces: who asked is known from sts get-caller-identity beside or above a file, whomever the content names; and where one
// Region was asked for, it is that of what names none.
func TestImportPlaces(t *testing.T) {
	t.Parallel()
	set, err := ReadAWSCLI(fstest.MapFS{
		"prod/get-caller-identity.json": {Data: []byte(`{"Account": "111122223333", "Arn": "arn:aws:iam::111122223333:user/ops"}`)},
		"prod/describe-images.json":     {Data: []byte(`{"Images": [{"ImageId": "ami-1", "OwnerId": "137112412989"}]}`)},
		"prod/describe-vpcs.json":       {Data: []byte(`{"Vpcs": [{"VpcId": "vpc-1", "OwnerId": "999900001111"}]}`)},
		"dev/get-caller-identity.json":  {Data: []byte(`{"Account": "444455556666", "Arn": "arn:aws:iam::444455556666:user/ops"}`)},
		"dev/describe-vpcs.json":        {Data: []byte(`{"Vpcs": []}`)},
	}, "test", asOf, NewRedactor(nil), "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for r := range set.All() {
		got = append(got, fmt.Sprintf("%s/%s %s", r.Account, r.Region, r.Operation))
	}
	want := []string{"111122223333/eu-west-1 ec2:DescribeImages", "111122223333/eu-west-1 ec2:DescribeVpcs", "111122223333/global sts:GetCallerIdentity",
		"444455556666/eu-west-1 ec2:DescribeVpcs", "444455556666/global sts:GetCallerIdentity"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestImportOfPages: pages that were saved one by one are all there if one of them says that nothing follows.
func TestImportOfPages(t *testing.T) {
	t.Parallel()
	const more, last = `{"Volumes": [], "NextToken": "n"}`, `{"Volumes": []}`
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"a page that another follows": {map[string]string{"111122223333/us-east-1/describe-volumes.json": more}, "failed 1"},
		"and the last":                {map[string]string{"111122223333/us-east-1/describe-volumes-1.json": more, "111122223333/us-east-1/describe-volumes-2.json": last}, "ok 2"},
		"in one file":                 {map[string]string{"111122223333/us-east-1/describe-volumes.json": "[" + more + "," + last + "]"}, "ok 2"},
		"errors in a file beside it":  {map[string]string{"111122223333/us-east-1/describe-volumes.json": last, "111122223333/us-east-1/describe-volumes.err": ""}, "ok 1"},
		"an error beside nothing":     {map[string]string{"111122223333/us-east-1/describe-volumes.json": "", "111122223333/us-east-1/describe-volumes.err": "An error occurred (UnauthorizedOperation) when calling the DescribeVolumes operation: no"}, "denied 0"},
	} {
		got, _ := read(t, test.files)
		if want := "111122223333/us-east-1 ec2:DescribeVolumes [] " + test.want; len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestResultsOfEveryOperation: what a command prints is known of each.
func TestResultsOfEveryOperation(t *testing.T) {
	t.Parallel()
	for _, op := range operation.All() {
		if len(results[op.ID]) == 0 {
			t.Errorf("results say nothing of %s", op.ID)
		}
	}
}

func TestImportNamesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ file, body, want, line string }{
		"an empty file is unknown":    {"111122223333/us-east-1/describe-volumes.json", " \n", "it is empty", "111122223333/us-east-1 ec2:DescribeVolumes [] failed 0"},
		"a body that is not JSON":     {"111122223333/us-east-1/describe-volumes.json", `{"Volumes": [`, "it is not JSON", "111122223333/us-east-1 ec2:DescribeVolumes [] failed 0"},
		"a table instead of JSON":     {"111122223333/us-east-1/describe-volumes.json", "-----\n|Describe|", "it is not JSON", "111122223333/us-east-1 ec2:DescribeVolumes [] failed 0"},
		"an unknown command":          {"111122223333/us-east-1/describe-unicorns.json", `{}`, "neither its name nor its content", ""},
		"a part of an output":         {"111122223333/us-east-1/describe-volumes.json", `[{"VolumeId": "vol-1"}]`, "without --query", "111122223333/us-east-1 ec2:DescribeVolumes [] failed 0"},
		"the output of another":       {"111122223333/us-east-1/describe-volumes-modifications.json", `{"VolumesModifications": []}`, "it has no Volumes", "111122223333/us-east-1 ec2:DescribeVolumes [] failed 0"},
		"nothing where a list is":     {"111122223333/us-east-1/describe-volumes.json", `{}`, "it has no Volumes", "111122223333/us-east-1 ec2:DescribeVolumes [] failed 0"},
		"a longer name":               {"111122223333/us-east-1/describe-volume-status.json", `{"VolumeStatuses": []}`, "neither its name nor its content", ""},
		"another's command":           {"111122223333/us-east-1/ecr/describe-images.json", `{"imageDetails": []}`, "neither its name nor its content", ""},
		"several outputs in one":      {"111122223333/us-east-1/all.json", `{"Volumes": [], "Vpcs": []}`, "several commands (describe-volumes, describe-vpcs)", ""},
		"no account":                  {"us-east-1/describe-volumes.json", `{}`, "no account is known for it", ""},
		"no Region":                   {"111122223333/describe-volumes.json", `{}`, "no Region is known for it", ""},
		"which bucket is not said":    {"111122223333/s3api/get-bucket-policy.json", `{}`, "which Bucket it is about is not said", ""},
		"which selection is not said": {"111122223333/us-east-1/get-backup-selection-p1.json", `{}`, "which SelectionId it is about is not said", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problems := read(t, map[string]string{test.file: test.body})
			if len(problems) != 1 || !strings.HasPrefix(problems[0], test.file+": ") || !strings.Contains(problems[0], test.want) {
				t.Errorf("problems %q, want one of %s with %q", problems, test.file, test.want)
			}
			if strings.Join(got, "\n") != test.line {
				t.Errorf("responses %q, want %q", got, test.line)
			}
		})
	}
}

// TestImportOfNothing: a folder with neither a recording nor output is the user's mistake, and says what was expected.
func TestImportOfNothing(t *testing.T) {
	t.Parallel()
	_, err := ReadAWSCLI(fstest.MapFS{"notes.md": {}}, "notes", asOf, NewRedactor(nil))
	if err == nil || !strings.Contains(err.Error(), "describe-instances.json") {
		t.Errorf("got %v, want an error that shows how files are named", err)
	}
}

// TestEveryOperationImports: the CLI's own name of each operation in the table leads back to it.
func TestEveryOperationImports(t *testing.T) {
	t.Parallel()
	for _, op := range operation.All() {
		name := fmt.Sprintf("111122223333/us-east-1/%s/%s", op.ID.Service(), kebab(op.ID.Name()))
		for i, by := range op.By {
			name += fmt.Sprintf("--%s=value%d", by, i)
		}
		f := &cliFile{name: name + ".json", body: []byte("{}")}
		if why := f.identify(); why != "" || f.op.ID != op.ID {
			t.Errorf("%s is read as %q (%s), want %s", f.name, f.op.ID, why, op.ID)
		}
	}
}

func FuzzImport(f *testing.F) {
	f.Add("111122223333/us-east-1/describe-volumes.json", []byte(`{"Volumes": []}`))
	f.Add("s3api/get-bucket-policy-x.json", []byte("An error occurred (NoSuchBucketPolicy) when"))
	f.Add("a/--=.json", []byte(`[{"Buckets": 1}, 2]`))
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		if !fs.ValidPath(name) || name == "." {
			return // no file system has such a name
		}
		folder := fstest.MapFS{name: {Data: body}}
		set, err := ReadAWSCLI(folder, "fuzz", asOf, NewRedactor(nil))
		if err != nil {
			return
		}
		for _, r := range set.Responses {
			if r.Account == "" || r.Region == "" || r.Operation == "" {
				t.Errorf("a response without its place or operation: %+v", r)
			}
		}
	})
}

// TestImportTakesSecretsOut: what people save holds user data and variables as AWS printed them.
func TestImportTakesSecretsOut(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-correct-horse"
	set, err := ReadAWSCLI(fstest.MapFS{
		"111122223333/us-east-1/lambda/list-functions.json": {Data: []byte(`{"Functions": [{"FunctionName": "f", "Environment": {"Variables": {"DB": "` + secret + `"}}}]}`)},
		"111122223333/us-east-1/ec2/describe-vpcs.json":     {Data: []byte(`{"Vpcs": [{"Tags": [{"Key": "note", "Value": "password=` + secret + `"}]}]}`)},
		"111122223333/us-east-1/ec2/describe-subnets.txt":   {Data: []byte("An error occurred (InternalError) when calling the DescribeSubnets operation: password=" + secret)},
	}, "test", asOf, NewRedactor([]byte("key")))
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Responses) != 3 {
		t.Errorf("%d responses, want 3", len(set.Responses))
	}
	for _, r := range set.Responses {
		if strings.Contains(r.Message+string(bytes.Join(rawPages(r), nil)), secret) {
			t.Errorf("%s still holds the secret", r.Operation)
		}
	}
}

func rawPages(r Response) [][]byte {
	var pages [][]byte
	for _, p := range r.Pages {
		pages = append(pages, p)
	}
	return pages
}
