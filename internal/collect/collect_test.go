package collect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	cloudfronttypes "github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	organizationstypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

const here = "eu-west-1"

// refusal is an error that AWS answers with.
func refusal(code, message string) error {
	return &smithy.GenericAPIError{Code: code, Message: message}
}

// of are the responses of one operation in one Region.
func of(kept []responses.Response, region string, id operation.ID) []responses.Response {
	return slices.DeleteFunc(slices.Clone(kept), func(r responses.Response) bool { return r.Operation != id || r.Region != region })
}

// one is the only response of one operation in one Region.
func one(t *testing.T, kept []responses.Response, region string, id operation.ID) responses.Response {
	t.Helper()
	all := of(kept, region, id)
	if len(all) != 1 {
		t.Fatalf("%s in %s has %d responses, want 1", id, region, len(all))
	}
	return all[0]
}

// TestOutcomes: one listing is refused in some way; its response says how, and the others are read all the same.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		id      operation.ID
		region  string
		failure error
		outcome operation.Outcome
		code    string
	}{
		{"denied by EC2", "ec2:DescribeVolumes", here, refusal("UnauthorizedOperation", "no"), operation.Denied, "UnauthorizedOperation"},
		{"denied by a query service", "rds:DescribeDBInstances", here, refusal("AccessDenied", "no"), operation.Denied, "AccessDenied"},
		{"denied by a JSON service", "dynamodb:ListTables", here, refusal("AccessDeniedException", "no"), operation.Denied, "AccessDeniedException"},
		{"throttled", "ec2:DescribeVolumes", here, refusal("RequestLimitExceeded", "slowly"), operation.Throttled, "RequestLimitExceeded"},
		{"absent", "iam:GetAccountPasswordPolicy", "global", refusal("NoSuchEntity", "none"), operation.Absent, "NoSuchEntity"},
		{"absent elsewhere is a failure", "iam:GetAccountSummary", "global", refusal("NoSuchEntity", "none"), operation.Failed, "NoSuchEntity"},
		{"of AWS's own", "elb:DescribeLoadBalancers", here, refusal("InternalFailure", "oops"), operation.Failed, "InternalFailure"},
		{"broken connection", "backup:ListRestoreJobs", here, errors.New("connection reset by peer"), operation.Failed, ""},
		{"no host in this Region", "guardduty:ListDetectors", here, &net.DNSError{Name: "guardduty.eu-west-1.amazonaws.com", IsNotFound: true}, operation.Unavailable, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			kept, _, err := collectFrom(t, newFake(func(a asked, out any) error {
				if a.id == c.id {
					return c.failure
				}
				return plausible(a, out)
			}), Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := one(t, kept, c.region, c.id)
			if got.Outcome != c.outcome || got.Code != c.code || len(got.Pages) > 0 {
				t.Errorf("got %s with code %q and %d pages, want %s with code %q and none", got.Outcome, got.Code, len(got.Pages), c.outcome, c.code)
			}
			if other := one(t, kept, here, "ec2:DescribeSubnets"); other.Outcome != operation.OK {
				t.Errorf("%s is %s", other.Operation, other.Outcome)
			}
		})
	}
}

// TestPages: pages are followed to the end, a page that comes back ends the listing as failed, and pages that came before an
// error are kept with it.
func TestPages(t *testing.T) {
	t.Parallel()
	pages := func(after func(token string) (string, error)) []responses.Response {
		kept, _, err := collectFrom(t, newFake(func(a asked, out any) error {
			page, ok := out.(*dynamodb.ListTablesOutput)
			if !ok {
				return plausible(a, out)
			}
			token := aws.ToString(a.in.(*dynamodb.ListTablesInput).ExclusiveStartTableName)
			next, err := after(token)
			page.TableNames = []string{"after" + token}
			if next != "" {
				page.LastEvaluatedTableName = aws.String(next)
			}
			return err
		}), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return kept
	}

	three := one(t, pages(func(token string) (string, error) { return map[string]string{"": "a", "a": "b"}[token], nil }), here, "dynamodb:ListTables")
	if three.Outcome != operation.OK || fmt.Sprintf("%s", three.Pages) != `[{"TableNames":["after"]} {"TableNames":["aftera"]} {"TableNames":["afterb"]}]` {
		t.Errorf("three pages: %s %s", three.Outcome, three.Pages)
	}
	for name, after := range map[string]map[string]string{"same token": {"": "a", "a": "a"}, "circle": {"": "a", "a": "b", "b": "a"}} {
		kept := pages(func(token string) (string, error) { return after[token], nil })
		got := one(t, kept, here, "dynamodb:ListTables")
		if got.Outcome != operation.Failed || got.Code != CodeRepeatedPageToken || len(got.Pages) != len(after) {
			t.Errorf("%s: %s with code %q and %d pages", name, got.Outcome, got.Code, len(got.Pages))
		}
		if len(of(kept, here, "dynamodb:DescribeTable")) != len(after) {
			t.Errorf("%s: the tables of the pages that were read were not asked about", name)
		}
	}
	got := one(t, pages(func(token string) (string, error) {
		if token == "a" {
			return "", refusal("ThrottlingException", "slowly")
		}
		return "a", nil
	}), here, "dynamodb:ListTables")
	if got.Outcome != operation.Throttled || len(got.Pages) != 1 {
		t.Errorf("broken off: %s with %d pages", got.Outcome, len(got.Pages))
	}
}

// TestTurnPage: the ways in which AWS pages.
func TestTurnPage(t *testing.T) {
	t.Parallel()
	marker := aws.String("m")
	for _, c := range []struct {
		name    string
		in, out any
		want    string
	}{
		{"truncated", &iam.GetAccountAuthorizationDetailsInput{}, &iam.GetAccountAuthorizationDetailsOutput{IsTruncated: true, Marker: marker}, "m"},
		{"not truncated, with a marker all the same", &iam.GetAccountAuthorizationDetailsInput{}, &iam.GetAccountAuthorizationDetailsOutput{Marker: marker}, ""},
		{"marker of another name", &kms.ListKeysInput{}, &kms.ListKeysOutput{Truncated: true, NextMarker: marker}, "m"},
		{"next marker of next marker", &lambda.ListFunctionsInput{}, &lambda.ListFunctionsOutput{NextMarker: marker}, "m"},
		{"empty", &kms.ListKeysInput{}, &kms.ListKeysOutput{NextMarker: aws.String("")}, ""},
		{"in a list of CloudFront's", &cloudfront.ListVpcOriginsInput{}, &cloudfront.ListVpcOriginsOutput{VpcOriginList: &cloudfronttypes.VpcOriginList{IsTruncated: aws.Bool(true), NextMarker: marker}}, "m"},
		{"a position", &apigateway.GetRestApisInput{}, &apigateway.GetRestApisOutput{Position: marker}, "m"},
		{"no pages", &sts.GetCallerIdentityInput{}, &sts.GetCallerIdentityOutput{}, ""},
	} {
		if got := turnPage(c.in, c.out); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestExpiredToken: once the credentials have expired nothing more is asked, and what was not asked says why.
func TestExpiredToken(t *testing.T) {
	t.Parallel()
	var after atomic.Int32
	var expired atomic.Bool
	kept, _, err := collectFrom(t, newFake(func(a asked, out any) error {
		if a.id == "kms:ListKeys" {
			expired.Store(true)
		}
		if expired.Load() {
			after.Add(1)
			return refusal("ExpiredTokenException", "The security token included in the request is expired")
		}
		return plausible(a, out)
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := one(t, kept, here, "kms:ListKeys"); got.Outcome != operation.Failed || got.Code != "ExpiredTokenException" {
		t.Errorf("the call that met it is %s with code %q", got.Outcome, got.Code)
	}
	if got := one(t, kept, here, "rds:DescribeDBInstances"); got.Outcome != operation.NotTried || got.Code != "ExpiredTokenException" {
		t.Errorf("a later one is %s with code %q", got.Outcome, got.Code)
	}
	if n := after.Load(); n > 20 { // those in flight in other Regions and services
		t.Errorf("%d calls were made with expired credentials", n)
	}
}

// TestClosedRegion: a Region that an organisation policy closes is asked twice and said once.
func TestClosedRegion(t *testing.T) {
	t.Parallel()
	const message = "User: arn:aws:iam::111122223333:user/auditor is not authorized to perform: x with an explicit deny in a service control policy"
	f := newFake(func(a asked, out any) error {
		if a.region == here && a.id.Service() != "sts" {
			return refusal("AccessDeniedException", message)
		}
		return plausible(a, out)
	})
	kept, _, err := collectFrom(t, f, Options{Regions: []string{here, "af-south-1"}})
	if err != nil {
		t.Fatal(err)
	}
	var closed []responses.Response
	for _, r := range kept {
		if r.Region == here {
			closed = append(closed, r)
		}
	}
	if len(closed) != 1 || closed[0].Operation != "ec2:DescribeVpcs" || closed[0].Outcome != operation.Denied || closed[0].Code != CodeRegionClosed || closed[0].Message != message {
		t.Errorf("the closed Region has %d responses: %+v", len(closed), closed)
	}
	calls := 0
	for _, a := range f.asked {
		if a.region == here && a.id != "s3:GetBucketLocation" {
			calls++
		}
	}
	if calls != 2 {
		t.Errorf("%d calls were made in the closed Region, want 2", calls)
	}
	if other := one(t, kept, "af-south-1", "rds:DescribeDBInstances"); other.Outcome != operation.OK {
		t.Errorf("in the other Region %s is %s", other.Operation, other.Outcome)
	}
}

// TestDisabledRegion: what is denied for another reason is not closed, and the rest of the Region is named as not tried.
func TestDisabledRegion(t *testing.T) {
	t.Parallel()
	kept, _, err := collectFrom(t, newFake(func(a asked, out any) error {
		switch {
		case a.region == here && a.id == "ec2:DescribeVpcs":
			return refusal("AuthFailure", "AWS was not able to validate the provided access credentials")
		case a.region == here:
			return refusal("UnrecognizedClientException", "The security token included in the request is invalid.")
		}
		return plausible(a, out)
	}), Options{Regions: []string{here}})
	if err != nil {
		t.Fatal(err)
	}
	if got := one(t, kept, here, "ec2:DescribeVpcs"); got.Outcome != operation.Denied || got.Code != "AuthFailure" {
		t.Errorf("the probe is %s with code %q", got.Outcome, got.Code)
	}
	if got := one(t, kept, here, "rds:DescribeDBInstances"); got.Outcome != operation.NotTried || got.Code != CodeRegionDisabled {
		t.Errorf("the rest is %s with code %q", got.Outcome, got.Code)
	}
}

// TestInputIncomplete: patch states are asked for the hosts that are known; if not all are, that listing is not complete either.
func TestInputIncomplete(t *testing.T) {
	t.Parallel()
	kept, _, err := collectFrom(t, newFake(func(a asked, out any) error {
		if page, ok := out.(*ssm.DescribeInstanceInformationOutput); ok {
			if a.in.(*ssm.DescribeInstanceInformationInput).NextToken != nil {
				return refusal("ThrottlingException", "slowly")
			}
			page.NextToken = aws.String("more")
		}
		return plausible(a, out)
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := one(t, kept, here, "ssm:DescribeInstancePatchStates"); got.Outcome != operation.Failed || got.Code != CodeInputIncomplete || len(got.Pages) != 1 {
		t.Errorf("patch states are %s with code %q and %d pages", got.Outcome, got.Code, len(got.Pages))
	}
}

// TestContainersInBatches: what a cluster has is described as many at a time as AWS takes, and is one response, which is what the
// worst of its calls was.
func TestContainersInBatches(t *testing.T) {
	t.Parallel()
	kept, _, err := collectFrom(t, newFake(func(a asked, out any) error {
		switch page := out.(type) {
		case *ecs.ListServicesOutput:
			page.ServiceArns = make([]string, 11)
		case *ecs.ListTasksOutput:
			page.TaskArns = make([]string, 201)
		case *ecs.DescribeTasksOutput:
			if len(a.in.(*ecs.DescribeTasksInput).Tasks) == 1 {
				return refusal("AccessDeniedException", "no")
			}
		}
		return plausible(a, out)
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := one(t, kept, here, "ecs:DescribeServices"); got.Outcome != operation.OK || len(got.Pages) != 2 || got.About() != "x" {
		t.Errorf("services of %q are %s in %d pages, want ok in 2 of x", got.About(), got.Outcome, len(got.Pages))
	}
	if got := one(t, kept, here, "ecs:DescribeTasks"); got.Outcome != operation.Denied || len(got.Pages) != 2 {
		t.Errorf("tasks are %s in %d pages, want denied in 2", got.Outcome, len(got.Pages))
	}
}

// TestFunctionPolicies: who may use a function is asked of each, and of its aliases where anybody may reach them.
func TestFunctionPolicies(t *testing.T) {
	t.Parallel()
	kept, _, err := collectFrom(t, newFake(func(a asked, out any) error {
		if page, ok := out.(*lambda.ListFunctionUrlConfigsOutput); ok {
			const arn = "arn:aws:lambda:eu-west-1:111122223333:function:x"
			page.FunctionUrlConfigs = []lambdatypes.FunctionUrlConfig{
				{FunctionArn: aws.String(arn), AuthType: lambdatypes.FunctionUrlAuthTypeAwsIam},
				{FunctionArn: aws.String(arn + ":live"), AuthType: lambdatypes.FunctionUrlAuthTypeNone},
			}
		}
		return plausible(a, out)
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	for _, r := range kept {
		if r.Operation == "lambda:GetPolicy" {
			asked = append(asked, r.About())
		}
	}
	if want := []string{"x", "x:live"}; !slices.Equal(asked, want) {
		t.Errorf("the policies of %q were asked, want those of %q", asked, want)
	}
}

// TestLastAccessed: reports on what was used are made on demand only, of no service-linked role, and are waited for within bounds.
func TestLastAccessed(t *testing.T) {
	t.Parallel()
	const reports = "iam:GetServiceLastAccessedDetails"
	principals := func(out any) {
		if details, ok := out.(*iam.GetAccountAuthorizationDetailsOutput); ok {
			details.UserDetailList, details.GroupDetailList = []iamtypes.UserDetail{{UserName: aws.String("ann"), Arn: aws.String("ann")}}, nil
			details.RoleDetailList = []iamtypes.RoleDetail{
				{Arn: aws.String("arn:aws:iam::111122223333:role/slow")}, {Arn: aws.String("arn:aws:iam::111122223333:role/denied")},
				{Arn: aws.String("arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX")},
			}
		}
	}
	var polls atomic.Int64
	f := newFake(func(a asked, out any) error {
		principals(out)
		switch out := out.(type) {
		case *iam.GenerateServiceLastAccessedDetailsOutput:
			arn := aws.ToString(a.in.(*iam.GenerateServiceLastAccessedDetailsInput).Arn)
			out.JobId = &arn
			if strings.HasSuffix(arn, "denied") {
				return refusal("AccessDenied", "no")
			}
		case *iam.GetServiceLastAccessedDetailsOutput:
			out.JobStatus = iamtypes.JobStatusTypeCompleted
			if strings.HasSuffix(aws.ToString(a.in.(*iam.GetServiceLastAccessedDetailsInput).JobId), "slow") {
				polls.Add(1)
				out.JobStatus = iamtypes.JobStatusTypeInProgress
			}
			return nil
		}
		return plausible(a, out)
	})
	kept, _, err := collectFrom(t, f, Options{LastAccessed: true})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range kept {
		if r.Operation == reports {
			got[r.About()] = r.Outcome.String() + " " + r.Code
		}
	}
	want := map[string]string{"ann": "ok ", "arn:aws:iam::111122223333:role/slow": "failed ReportNotMade", "arn:aws:iam::111122223333:role/denied": "denied AccessDenied"}
	if !maps.Equal(got, want) {
		t.Errorf("reports: got %q, want %q", got, want)
	}
	if n := polls.Load(); n != 8 {
		t.Errorf("a report that never comes was asked for %d times, want 8", n)
	}

	kept, _, err = collectFrom(t, newFake(func(a asked, out any) error { principals(out); return plausible(a, out) }), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range kept {
		if r.Operation == reports {
			t.Errorf("nobody asked what was used last, and it was read of %s", r.About())
		}
	}
}

// TestAccessEntriesOfOldClusters: a cluster that keeps its principals in a map of its own is not asked for access entries.
func TestAccessEntriesOfOldClusters(t *testing.T) {
	t.Parallel()
	kept, _, err := collectFrom(t, newFake(func(a asked, out any) error {
		if page, ok := out.(*eks.DescribeClusterOutput); ok {
			page.Cluster.AccessConfig.AuthenticationMode = ekstypes.AuthenticationModeConfigMap
		}
		return plausible(a, out)
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range kept {
		if r.Operation == "eks:ListAccessEntries" {
			t.Error("AWS was asked what it refuses to say")
		}
	}
}

// TestProjectsOfHalfAList: what was not listed may be there all the same, so the description of what was is not complete.
func TestProjectsOfHalfAList(t *testing.T) {
	t.Parallel()
	kept, _, err := collectFrom(t, newFake(func(a asked, out any) error {
		if a.id == "codebuild:ListProjects" {
			return refusal("AccessDeniedException", "no")
		}
		return plausible(a, out)
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := one(t, kept, here, "codebuild:BatchGetProjects"); got.Outcome != operation.NotTried || got.Code != CodeInputIncomplete {
		t.Errorf("projects that nobody listed are %s %s", got.Outcome, got.Code)
	}
}

// TestMFAOfUsersWithPassword: users of whom the credential report says that they have no password are not asked about.
func TestMFAOfUsersWithPassword(t *testing.T) {
	t.Parallel()
	kept, _, err := collectFrom(t, newFake(func(a asked, out any) error {
		switch out := out.(type) {
		case *iam.GetAccountAuthorizationDetailsOutput:
			out.UserDetailList = []iamtypes.UserDetail{{UserName: aws.String("ann")}, {UserName: aws.String("robot")}, {UserName: aws.String("new")}}
		case *iam.GetCredentialReportOutput:
			out.Content = []byte("user,arn,password_enabled\nann,a,true\nrobot,b,false\n")
		}
		return plausible(a, out)
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range of(kept, "global", "iam:ListMFADevices") {
		names = append(names, r.About())
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"ann", "new"}) {
		t.Errorf("asked for %q", names)
	}
}

// TestOrganizationRole: each active account is read through the role; one that cannot be entered is in scope and said once.
func TestOrganizationRole(t *testing.T) {
	t.Parallel()
	f := newFake(nil)
	f.answer = func(a asked, out any) error {
		switch out := out.(type) {
		case *organizations.ListAccountsOutput:
			out.Accounts = nil
			for id, state := range map[string]organizationstypes.AccountState{
				"111122223333": organizationstypes.AccountStateActive, "222222222222": organizationstypes.AccountStateActive, "333333333333": organizationstypes.AccountStateActive, "444444444444": organizationstypes.AccountStateSuspended,
			} {
				out.Accounts = append(out.Accounts, organizationstypes.Account{Id: aws.String(id), State: state})
			}
			return nil
		case *sts.AssumeRoleOutput:
			arn := aws.ToString(a.in.(*sts.AssumeRoleInput).RoleArn)
			if strings.Contains(arn, "333333333333") {
				return refusal("AccessDenied", "not authorized to perform: sts:AssumeRole")
			}
			expires := time.Now().Add(time.Hour)
			out.Credentials = &ststypes.Credentials{AccessKeyId: aws.String("ASIA" + accountOf(arn)), SecretAccessKey: aws.String("x"), SessionToken: aws.String("x"), Expiration: &expires}
			return nil
		case *sts.GetCallerIdentityOutput:
			// The fake does not see who signs; the second to ask is the one account that can be entered.
			n := 0
			f.mu.Lock()
			for _, a := range f.asked {
				if a.id == "sts:GetCallerIdentity" {
					n++
				}
			}
			f.mu.Unlock()
			id := []string{"", "111122223333", "222222222222"}[n]
			out.Account, out.Arn = aws.String(id), aws.String("arn:aws:sts::"+id+":assumed-role/audit/onus")
			return nil
		}
		return plausible(a, out)
	}
	kept, scope, err := collectFrom(t, f, Options{OrgRole: "audit"})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"111122223333", "222222222222", "333333333333"}; !slices.Equal(scope.Accounts, want) {
		t.Errorf("the scope is %q, want %q", scope.Accounts, want)
	}
	count := map[string]int{}
	for _, r := range kept {
		count[r.Account]++
		if r.Account == "333333333333" && (r.Operation != "sts:GetCallerIdentity" || r.Outcome != operation.Denied || r.Code != "AccessDenied") {
			t.Errorf("%s of the account that cannot be entered is %s with code %q", r.Operation, r.Outcome, r.Code)
		}
	}
	if count["333333333333"] != 1 || count["222222222222"] < 80 || count["111122223333"] < 80 || len(count) != 3 {
		t.Errorf("responses by account: %v", count)
	}
	if n := len(of(kept, "global", "organizations:ListAccounts")); n != 1 {
		t.Errorf("the organisation's accounts are recorded %d times", n)
	}
}

// TestErrors: what keeps everything from being read is one line, in lower case, that says what to do.
func TestErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		refused error
		options Options
		want    string
	}{
		{"expired", refusal("ExpiredToken", "expired"), Options{}, "have expired"},
		{"unknown key", refusal("InvalidClientTokenId", "invalid"), Options{}, "check the access key"},
		{"throttled", refusal("Throttling", "slowly"), Options{}, "wait a minute"},
		{"no network", &net.OpError{Op: "dial", Err: errors.New("network is unreachable")}, Options{}, "check the network"},
		{"no host", &net.DNSError{Name: "sts.eu-wst-1.amazonaws.com", IsNotFound: true}, Options{}, "check the Region"},
		{"no such Region", nil, Options{Regions: []string{"eu-wst-1"}}, `no Region "eu-wst-1"`},
		{"no role", refusal("AccessDenied", "no"), Options{RoleARNs: []string{"arn:aws:iam::222222222222:role/audit"}}, "trust polic"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := collectFrom(t, newFake(func(a asked, out any) error {
				switch {
				case len(c.options.RoleARNs) > 0 && a.id == "sts:AssumeRole", len(c.options.RoleARNs) == 0 && a.id == "sts:GetCallerIdentity" && c.refused != nil:
					return c.refused
				}
				return plausible(a, out)
			}), c.options)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, c.want)
			}
		})
	}
}

// TestKeepFails: an error of Keep ends the reading and is returned.
func TestKeepFails(t *testing.T) {
	t.Parallel()
	full := errors.New("the disk is full")
	_, err := Collect(t.Context(), Options{
		Keep:   func(responses.Response) error { return full },
		config: aws.Config{Region: here, Credentials: testCredentials},
		stack:  append(Options{}.stack, newFake(plausible).stack),
	})
	if !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

// TestInterrupted: an interrupted reading is an error, and calls that were broken off are not data.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Collect(ctx, Options{
		Keep: func(r responses.Response) error {
			if r.Outcome == operation.Failed {
				t.Errorf("%s is %s: %s", r.Operation, r.Outcome, r.Message)
			}
			return nil
		},
		config: aws.Config{Region: here, Credentials: testCredentials},
		stack: append(Options{}.stack, newFake(func(a asked, out any) error {
			if a.id == "rds:DescribeDBInstances" {
				cancel()
				return ctx.Err()
			}
			return plausible(a, out)
		}).stack),
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestSecretsAreTakenOut: what the table calls secret, and what is recognised elsewhere, does not leave collect.
func TestSecretsAreTakenOut(t *testing.T) {
	t.Parallel()
	key := "AKIA" + "IOSFODNN7EXAMPLF"
	kept, _, err := collectFrom(t, newFake(func(a asked, out any) error {
		switch out := out.(type) {
		case *lambda.ListFunctionsOutput:
			out.Functions = []lambdatypes.FunctionConfiguration{{Environment: &lambdatypes.EnvironmentResponse{Variables: map[string]string{"STAGE": "plain-value"}}, Description: aws.String("uses " + key)}}
		case *kms.DescribeKeyOutput:
			return refusal("AccessDeniedException", "the key "+key+" may not")
		case *dynamodb.ListTablesOutput:
			out.TableNames = []string{key}
		}
		return plausible(a, out)
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range kept {
		text := fmt.Sprintf("%s %v %s", r.Message, r.Parameters, r.Pages)
		if strings.Contains(text, key) || strings.Contains(text, "plain-value") {
			t.Errorf("%s shows a secret: %s", r.Operation, text)
		}
	}
}

// TestWhatTheSDKRetriesAsAThrottleIsOne: what the SDK waits for must not read as something else when it gives up.
func TestWhatTheSDKRetriesAsAThrottleIsOne(t *testing.T) {
	t.Parallel()
	for code := range retry.DefaultThrottleErrorCodes {
		if got := responses.Classify(operation.Operation{}, code); got != operation.Throttled {
			t.Errorf("%s is %s", code, got)
		}
	}
}

// TestRetries: the SDK's retries are bounded, throttles are counted, and the page that a server of errors sends is no code of AWS's.
func TestRetries(t *testing.T) {
	t.Parallel()
	var throttled, broken atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch target := r.Header.Get("X-Amz-Target"); {
		case strings.Contains(string(body), "Action=GetCallerIdentity"):
			fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/a</Arn><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
		case target == "TrentService.ListKeys":
			if throttled.Add(1) <= 2 {
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(w, `{"__type":"ThrottlingException","message":"Rate exceeded"}`)
				return
			}
			fmt.Fprint(w, `{"Keys":[],"Truncated":false}`)
		case target == "DynamoDB_20120810.ListTables":
			broken.Add(1)
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, `<!doctype html>`)
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(server.Close)

	var kept []responses.Response
	var last Progress
	scope, err := Collect(t.Context(), Options{
		Regions: []string{here}, Keep: func(r responses.Response) error { kept = append(kept, r); return nil },
		Progress: func(p Progress) { last = p },
		config:   aws.Config{Region: here, BaseEndpoint: aws.String(server.URL), Credentials: testCredentials},
		delay:    func(int) time.Duration { return 0 },
	})
	if err != nil || !slices.Equal(scope.Accounts, []string{"111122223333"}) {
		t.Fatalf("read %v, %v", scope, err)
	}
	if got := one(t, kept, here, "kms:ListKeys"); got.Outcome != operation.OK || throttled.Load() != 3 {
		t.Errorf("kms:ListKeys is %s after %d attempts", got.Outcome, throttled.Load())
	}
	if got := one(t, kept, here, "dynamodb:ListTables"); got.Outcome != operation.Failed || got.Code != "HTTP 500" || broken.Load() != errorAttempts {
		t.Errorf("dynamodb:ListTables is %s with code %q after %d attempts", got.Outcome, got.Code, broken.Load())
	}
	if got := one(t, kept, here, "lambda:ListFunctions"); got.Outcome != operation.Denied {
		t.Errorf("lambda:ListFunctions is %s (%s)", got.Outcome, got.Code)
	}
	if last.Throttles != 2 || last.Done != last.Total || last.Done != len(global)+len(regional) || last.Accounts != 1 || last.Regions != 1 || last.Calls == 0 {
		t.Errorf("progress ended at %+v", last)
	}
}

// TestCredentialsEnd: when the credentials cannot be renewed, they are not asked for again and again.
func TestCredentialsEnd(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/a</Arn><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	}))
	t.Cleanup(server.Close)
	var retrieved atomic.Int32
	var kept []responses.Response
	_, err := Collect(t.Context(), Options{
		Regions: []string{here}, Keep: func(r responses.Response) error { kept = append(kept, r); return nil },
		config: aws.Config{Region: here, BaseEndpoint: aws.String(server.URL), Credentials: aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			if retrieved.Add(1) > 2 { // one to look whether there are any, one for the first call
				return aws.Credentials{}, refusal("UnauthorizedException", "Session token not found or invalid")
			}
			return testCredentials(ctx)
		})},
		delay: func(int) time.Duration { return 0 },
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := one(t, kept, here, "rds:DescribeDBInstances"); got.Outcome != operation.NotTried || got.Code != "UnauthorizedException" {
		t.Errorf("a later call is %s with code %q", got.Outcome, got.Code)
	}
	if n := retrieved.Load(); n > 2+callsPerAccount {
		t.Errorf("credentials were asked for %d times", n)
	}
}

// TestEncode: only what AWS sent is written.
func TestEncode(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 21, 0, 0, 5e8, time.FixedZone("", 3600))
	for _, c := range []struct {
		name string
		in   any
		want string
	}{
		{"nothing", &kms.ListKeysOutput{}, `{"Truncated":false}`},
		{"empty list", &kms.ListKeysOutput{Keys: []kmstypes.KeyListEntry{}}, `{"Keys":[],"Truncated":false}`},
		{"no token", &kms.ListKeysOutput{NextMarker: aws.String("t"), Truncated: true}, `{"Truncated":true}`},
		{"time in UTC, enumerations, zeros", &kms.DescribeKeyOutput{KeyMetadata: &kmstypes.KeyMetadata{KeyId: aws.String("k"), CreationDate: &at, Enabled: false, KeyState: kmstypes.KeyStateEnabled, PendingDeletionWindowInDays: aws.Int32(0)}},
			`{"KeyMetadata":{"KeyId":"k","CreationDate":"2026-11-23T20:00:00.5Z","Enabled":false,"KeyState":"Enabled","PendingDeletionWindowInDays":0}}`},
		{"bytes", &iam.GetCredentialReportOutput{Content: []byte("user\n")}, `{"Content":"dXNlcgo="}`},
		{"escapes", &kms.DescribeKeyOutput{KeyMetadata: &kmstypes.KeyMetadata{KeyId: aws.String("a\"<&\\é\n")}}, `{"KeyMetadata":{"KeyId":"a\"<&\\é\n","Enabled":false}}`},
		{"map in order", &lambda.ListFunctionsOutput{Functions: []lambdatypes.FunctionConfiguration{{Environment: &lambdatypes.EnvironmentResponse{Variables: map[string]string{"b": "2", "a": ""}}}}},
			`{"Functions":[{"CodeSize":0,"Environment":{"Variables":{"a":"","b":"2"}}}]}`},
	} {
		if got := string(encode(c.in)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
