package responses

import (
	"bytes"
	"fmt"
	"io/fs"
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
		"folders":                     {"111122223333/us-east-1/ec2/describe-volumes.json", volumes, "111122223333/us-east-1 ec2:DescribeVolumes [] ok 1"},
		"one name":                    {"aws_ec2_describe_volumes_111122223333_us-east-1.json", volumes, "111122223333/us-east-1 ec2:DescribeVolumes [] ok 1"},
		"the API's name":              {"111122223333/eu-west-1/DescribeVolumes.json", volumes, "111122223333/eu-west-1 ec2:DescribeVolumes [] ok 1"},
		"only content":                {"111122223333/us-gov-west-1/mydump.json", `{"Volumes": [{"VolumeId": "vol-1"}]}`, "111122223333/us-gov-west-1 ec2:DescribeVolumes [] ok 1"},
		"place in the content":        {"describe-volumes.json", `{"Volumes": [{"AvailabilityZone": "eu-west-1a", "KmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/k"}]}`, "111122223333/eu-west-1 ec2:DescribeVolumes [] ok 1"},
		"account in the content":      {"us-east-1/describe-vpcs.json", `{"Vpcs": [{"VpcId": "vpc-1", "OwnerId": "111122223333"}]}`, "111122223333/us-east-1 ec2:DescribeVpcs [] ok 1"},
		"a global service":            {"111122223333/us-east-1/iam/get-account-summary.json", `{"SummaryMap": {}}`, "111122223333/global iam:GetAccountSummary [] ok 1"},
		"elbv2 by its body":           {"111122223333/us-east-1/describe-load-balancers.json", `{"LoadBalancers": []}`, "111122223333/us-east-1 elbv2:DescribeLoadBalancers [] ok 1"},
		"elb by its body":             {"111122223333/us-east-1/describe-load-balancers.json", `{"LoadBalancerDescriptions": []}`, "111122223333/us-east-1 elb:DescribeLoadBalancers [] ok 1"},
		"elb by its service":          {"111122223333/us-east-1/elb/describe-load-balancer-attributes--LoadBalancerName=web.json", `{"LoadBalancerAttributes": {}}`, "111122223333/us-east-1 elb:DescribeLoadBalancerAttributes [web] ok 1"},
		"the bucket after the name":   {"111122223333/s3api/get-bucket-policy-acme-logs.json", `{"Policy": "{}"}`, "111122223333/global s3:GetBucketPolicy [acme-logs] ok 1"},
		"the bucket marked":           {"111122223333/s3api/get-bucket-policy--Bucket=acme-logs.json", `{"Policy": "{}"}`, "111122223333/global s3:GetBucketPolicy [acme-logs] ok 1"},
		"the longest name":            {"111122223333/s3api/get-bucket-policy-status-acme-logs.json", `{"PolicyStatus": {}}`, "111122223333/global s3:GetBucketPolicyStatus [acme-logs] ok 1"},
		"s3control and s3":            {"111122223333/s3control/get-public-access-block.json", `{"PublicAccessBlockConfiguration": {}}`, "111122223333/global s3control:GetPublicAccessBlock [] ok 1"},
		"s3 and s3control":            {"111122223333/s3api/get-public-access-block-acme-logs.json", `{"PublicAccessBlockConfiguration": {}}`, "111122223333/global s3:GetPublicAccessBlock [acme-logs] ok 1"},
		"the resource in the content": {"111122223333/us-east-1/ec2/snap.describe-snapshot-attribute.json", `{"SnapshotId": "snap-1", "CreateVolumePermissions": []}`, "111122223333/us-east-1 ec2:DescribeSnapshotAttribute [snap-1 createVolumePermission] ok 1"},
		"two parameters":              {"111122223333/us-east-1/backup/get-backup-selection--BackupPlanId=p1--SelectionId=s1.json", `{"BackupSelection": {}}`, "111122223333/us-east-1 backup:GetBackupSelection [p1 s1] ok 1"},
		"absent":                      {"111122223333/s3api/get-bucket-policy-acme-logs.json", "\nAn error occurred (NoSuchBucketPolicy) when calling the GetBucketPolicy operation: The bucket policy does not exist\n", "111122223333/global s3:GetBucketPolicy [acme-logs] absent 0"},
		"denied":                      {"111122223333/us-east-1/describe-volumes.txt", "An error occurred (UnauthorizedOperation) when calling the DescribeVolumes operation: You are not authorized", "111122223333/us-east-1 ec2:DescribeVolumes [] denied 0"},
		"throttled":                   {"111122223333/us-east-1/describe-volumes.json", "An error occurred (RequestLimitExceeded) when calling the DescribeVolumes operation (reached max retries: 4): Request limit exceeded.", "111122223333/us-east-1 ec2:DescribeVolumes [] throttled 0"},
		"pages in one file":           {"111122223333/us-east-1/describe-volumes.json", volumes + "\n" + volumes, "111122223333/us-east-1 ec2:DescribeVolumes [] ok 2"},
		"a byte order mark":           {"111122223333/us-east-1/describe-volumes.json", "\ufeff" + volumes, "111122223333/us-east-1 ec2:DescribeVolumes [] ok 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problems := read(t, map[string]string{test.file: test.body})
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

func TestImportNamesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ file, body, want, line string }{
		"an empty file is unknown":    {"111122223333/us-east-1/describe-volumes.json", " \n", "it is empty", "111122223333/us-east-1 ec2:DescribeVolumes [] failed 0"},
		"a body that is not JSON":     {"111122223333/us-east-1/describe-volumes.json", `{"Volumes": [`, "it is not JSON", "111122223333/us-east-1 ec2:DescribeVolumes [] failed 0"},
		"a table instead of JSON":     {"111122223333/us-east-1/describe-volumes.json", "-----\n|Describe|", "it is not JSON", "111122223333/us-east-1 ec2:DescribeVolumes [] failed 0"},
		"an unknown command":          {"111122223333/us-east-1/describe-unicorns.json", `{}`, "neither its name nor its content", ""},
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
