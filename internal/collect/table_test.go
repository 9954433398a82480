package collect

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	accounts "github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apprunner"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/batch"
	"github.com/aws/aws-sdk-go-v2/service/bedrockagentcorecontrol"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/directconnect"
	"github.com/aws/aws-sdk-go-v2/service/dlm"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/globalaccelerator"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/networkfirewall"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/redshift"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

// clients are the SDK's clients by the names of the operation table.
var clients = map[string]any{
	"account": &accounts.Client{}, "acm": &acm.Client{}, "autoscaling": &autoscaling.Client{}, "backup": &backup.Client{},
	"cloudfront": &cloudfront.Client{}, "cloudtrail": &cloudtrail.Client{}, "dlm": &dlm.Client{}, "dynamodb": &dynamodb.Client{},
	"ec2": &ec2.Client{}, "elb": &elb.Client{}, "elbv2": &elbv2.Client{}, "guardduty": &guardduty.Client{}, "iam": &iam.Client{},
	"kms": &kms.Client{}, "lambda": &lambda.Client{}, "organizations": &organizations.Client{}, "rds": &rds.Client{},
	"resourcegroupstaggingapi": &resourcegroupstaggingapi.Client{}, "s3": &s3.Client{}, "s3control": &s3control.Client{},
	"ssm": &ssm.Client{}, "sts": &sts.Client{}, "wafv2": &wafv2.Client{},
	"directconnect": &directconnect.Client{}, "network-firewall": &networkfirewall.Client{},
	"apigateway": &apigateway.Client{}, "apigatewayv2": &apigatewayv2.Client{}, "ecs": &ecs.Client{}, "eks": &eks.Client{},
	"elasticache": &elasticache.Client{}, "globalaccelerator": &globalaccelerator.Client{}, "redshift": &redshift.Client{},
	"apprunner": &apprunner.Client{}, "batch": &batch.Client{}, "bedrock-agentcore-control": &bedrockagentcorecontrol.Client{},
	"cloudformation": &cloudformation.Client{}, "codebuild": &codebuild.Client{}, "ecr": &ecr.Client{}, "identitystore": &identitystore.Client{},
	"efs": &efs.Client{}, "events": &eventbridge.Client{}, "logs": &cloudwatchlogs.Client{}, "opensearch": &opensearch.Client{},
	"sagemaker": &sagemaker.Client{}, "secretsmanager": &secretsmanager.Client{}, "sns": &sns.Client{}, "sqs": &sqs.Client{},
	"sso-admin": &ssoadmin.Client{}, "stepfunctions": &sfn.Client{}, "glue": &glue.Client{}, "cognito-identity": &cognitoidentity.Client{},
}

// fake is an AWS inside the process: it answers every operation with its SDK's own output type, every member of which is filled.
// It stands where the SDK would begin to make a request, so no protocol is involved.
type fake struct {
	services map[string]string // the SDK's name of a service to ours
	// answer may change what is answered, or refuse.
	answer func(c asked, out any) error

	mu    sync.Mutex
	asked []asked
}

// asked is one call.
type asked struct {
	id     operation.ID
	region string
	in     any
}

func newFake(answer func(asked, any) error) *fake {
	f := &fake{services: map[string]string{}, answer: answer}
	for name := range clients {
		id := name
		switch name { // the SDK's names, where they differ by more than case and spaces
		case "logs":
			id = "cloudwatchlogs"
		case "events":
			id = "eventbridge"
		case "elb":
			id = "elasticloadbalancing"
		case "elbv2":
			id = "elasticloadbalancingv2"
		case "network-firewall", "sso-admin", "bedrock-agentcore-control", "cognito-identity":
			id = strings.ReplaceAll(name, "-", "")
		case "stepfunctions":
			id = "sfn"
		}
		f.services[id] = name
	}
	return f
}

func (f *fake) stack(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Fake", func(ctx context.Context, in middleware.InitializeInput, _ middleware.InitializeHandler) (out middleware.InitializeOutput, _ middleware.Metadata, err error) {
		name := f.services[strings.ToLower(strings.ReplaceAll(awsmiddleware.GetServiceID(ctx), " ", ""))]
		method, ok := reflect.TypeOf(clients[name]).MethodByName(awsmiddleware.GetOperationName(ctx))
		if !ok {
			return out, middleware.Metadata{}, fmt.Errorf("the fake does not know %s of %q", awsmiddleware.GetOperationName(ctx), awsmiddleware.GetServiceID(ctx))
		}
		c := asked{id: operation.ID(name + ":" + method.Name), region: awsmiddleware.GetRegion(ctx), in: in.Parameters}
		answer := reflect.New(method.Type.Out(0).Elem())
		fill(answer.Elem(), 0)
		f.mu.Lock()
		f.asked = append(f.asked, c)
		f.mu.Unlock()
		out.Result = answer.Interface()
		if refusal := f.answer(c, out.Result); refusal != nil {
			return out, middleware.Metadata{}, &smithy.OperationError{ServiceID: name, OperationName: method.Name, Err: refusal}
		}
		return out, middleware.Metadata{}, nil
	}), middleware.After)
}

// fill puts something into every member: one element into lists, "x" into texts, the first value into enumerations. Page tokens
// stay empty.
func fill(v reflect.Value, depth int) {
	if depth > 12 {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Struct:
		if v.Type() == timeType {
			v.Set(reflect.ValueOf(observed))
			return
		}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() && f.Name != "ResultMetadata" && !slices.ContainsFunc(tokens, func(t struct{ from, to string }) bool { return t.from == f.Name }) {
				fill(v.Field(i), depth+1)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, depth+1)
		fill(value, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("x")
		if values := v.MethodByName("Values"); values.IsValid() {
			v.Set(values.Call(nil)[0].Index(0))
		}
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8:
		v.SetUint('x')
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1)
	case reflect.Bool:
		v.SetBool(false)
	}
}

var observed = time.Date(2026, 11, 23, 20, 25, 0, 0, time.UTC)

// plausible makes those members agree on which others depend.
func plausible(c asked, out any) error {
	switch out := out.(type) {
	case *sts.GetCallerIdentityOutput:
		out.Account, out.Arn = aws.String("111122223333"), aws.String("arn:aws:iam::111122223333:user/auditor")
	case *accounts.ListRegionsOutput:
		out.Regions = []accounttypes.Region{
			{RegionName: aws.String("eu-west-1"), RegionOptStatus: accounttypes.RegionOptStatusEnabledByDefault},
			{RegionName: aws.String("af-south-1"), RegionOptStatus: accounttypes.RegionOptStatusDisabled},
		}
	case *kms.DescribeKeyOutput:
		out.KeyMetadata.KeyManager, out.KeyMetadata.KeySpec = kmstypes.KeyManagerTypeCustomer, kmstypes.KeySpecSymmetricDefault
	case *rds.DescribeDBSnapshotsOutput:
		out.DBSnapshots[0].SnapshotType = aws.String("manual")
	case *rds.DescribeDBClusterSnapshotsOutput:
		out.DBClusterSnapshots[0].SnapshotType = aws.String("manual")
	case *cloudtrail.DescribeTrailsOutput:
		out.TrailList[0].HomeRegion = aws.String(c.region)
	case *iam.GenerateCredentialReportOutput:
		out.State = iamtypes.ReportStateTypeComplete
	case *iam.GetServiceLastAccessedDetailsOutput:
		out.JobStatus = iamtypes.JobStatusTypeCompleted
	case *organizations.ListPoliciesOutput:
		out.Policies[0].Id = aws.String("p-" + string(c.in.(*organizations.ListPoliciesInput).Filter))
	case *ec2.DescribeTransitGatewaysOutput:
		out.TransitGateways[0].OwnerId, out.TransitGateways[0].TransitGatewayId = aws.String("111122223333"), aws.String("tgw-1")
	case *s3.ListBucketsOutput:
		out.Buckets[0].BucketRegion = nil
	case *s3.GetObjectOutput:
		out.Body = io.NopCloser(strings.NewReader("x"))
	}
	return nil
}

// collectFrom reads from a fake and returns what was kept.
func collectFrom(t *testing.T, f *fake, o Options) ([]responses.Response, responses.Scope, error) {
	t.Helper()
	var mu sync.Mutex
	var kept []responses.Response
	o.Keep = func(r responses.Response) error {
		if !mu.TryLock() {
			t.Error("Keep was called while it was running")
			mu.Lock()
		}
		defer mu.Unlock()
		kept = append(kept, r)
		return nil
	}
	o.Now = func() time.Time { return observed }
	o.delay = func(int) time.Duration { return 0 }
	o.stack = append(o.stack, f.stack)
	o.config = aws.Config{Region: "us-east-1", Credentials: testCredentials, HTTPClient: noNetwork{}}
	scope, err := Collect(t.Context(), o)
	return kept, scope, err
}

type noNetwork struct{}

func (noNetwork) Do(*http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("a test went to the network")
}

// TestTable: every operation of the table is called, and nothing else is but what has AWS make reports; each is recorded
// where its scope says, with its By parameters.
func TestTable(t *testing.T) {
	t.Parallel()
	f := newFake(func(c asked, out any) error {
		if c.id == "account:ListRegions" {
			return &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}
		}
		if regions, ok := out.(*ec2.DescribeRegionsOutput); ok {
			regions.Regions[0].RegionName = aws.String("eu-west-1")
		}
		return plausible(c, out)
	})
	kept, _, err := collectFrom(t, f, Options{LastAccessed: true, Sample: Sample{Objects: 1, Prefixes: []Prefix{{Bucket: "x", Prefix: "x"}}}})
	if err != nil {
		t.Fatal(err)
	}
	called := map[operation.ID]bool{"iam:GenerateCredentialReport": true, "iam:GenerateServiceLastAccessedDetails": true}
	for _, op := range operation.All() {
		called[op.ID] = true
	}
	for _, c := range f.asked {
		if _, ok := called[c.id]; !ok {
			t.Errorf("%s is called, but is not in the table", c.id)
		}
		called[c.id] = false
	}
	for id, missed := range called {
		if missed {
			t.Errorf("%s is in the table, but is not called", id)
		}
	}

	places := map[operation.ID]map[string]bool{}
	for _, r := range kept {
		op, _ := operation.Get(r.Operation)
		if r.Outcome != operation.OK && r.Operation != "account:ListRegions" {
			t.Errorf("%s in %s is %s (%s %s)", r.Operation, r.Region, r.Outcome, r.Code, r.Message)
		}
		if r.Account != "111122223333" || !r.Time.Equal(observed) {
			t.Errorf("%s is of account %q at %s", r.Operation, r.Account, r.Time)
		}
		if got, want := slices.Sorted(maps.Keys(r.Parameters)), slices.Sorted(slices.Values(op.By)); !slices.Equal(got, want) {
			t.Errorf("%s has the parameters %q, want %q", r.Operation, got, want)
		}
		for name, value := range r.Parameters {
			if value == "" && name != "VersionId" || strings.Contains(value, "invalid Value") {
				t.Errorf("%s: parameter %s is %q", r.Operation, name, value)
			}
		}
		if places[r.Operation] == nil {
			places[r.Operation] = map[string]bool{}
		}
		places[r.Operation][r.Region] = true
	}
	for _, op := range operation.All() {
		want := map[operation.Scope][]string{
			operation.PerRegion: {"eu-west-1"}, operation.PerAccount: {"global"}, operation.PerOrganization: {"global"},
			operation.PerRegionGlobal: {"eu-west-1", "global"},
		}[op.Scope]
		if got := slices.Sorted(maps.Keys(places[op.ID])); !slices.Equal(got, want) {
			t.Errorf("%s is recorded in %q, want %q", op.ID, got, want)
		}
	}
}

// TestListingsOnce: no listing is recorded twice at a place, nor anything asked twice about one thing.
func TestListingsOnce(t *testing.T) {
	t.Parallel()
	kept, _, err := collectFrom(t, newFake(plausible), Options{Regions: []string{"eu-west-1"}, OrgRole: ""})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range kept {
		key := strings.Join([]string{r.Account, r.Region, string(r.Operation), r.About()}, "/")
		if seen[key] {
			t.Errorf("%s is recorded twice", key)
		}
		seen[key] = true
	}
}

// TestAnswersAreWrittenWhole: of each answer, every member that the SDK has is in the response.
func TestAnswersAreWrittenWhole(t *testing.T) {
	t.Parallel()
	kept, _, err := collectFrom(t, newFake(plausible), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range kept {
		method, ok := reflect.TypeOf(clients[r.Operation.Service()]).MethodByName(r.Operation.Name())
		if !ok || r.Outcome != operation.OK || len(r.Pages) == 0 {
			continue
		}
		out := method.Type.Out(0).Elem()
		for i := range out.NumField() {
			name := out.Field(i).Name
			if !out.Field(i).IsExported() || name == "ResultMetadata" || out.Field(i).Type.Kind() == reflect.Interface ||
				slices.ContainsFunc(tokens, func(t struct{ from, to string }) bool { return t.from == name }) {
				continue
			}
			if !strings.Contains(string(r.Pages[0]), `"`+name+`":`) {
				t.Errorf("%s: %s is not in %.200s", r.Operation, name, r.Pages[0])
			}
		}
	}
}

var testCredentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, nil
})
