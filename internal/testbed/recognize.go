package testbed

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// keyPrefix and twelve digits of an account make an access key id of AWS's length: the administrator of that account.
const keyPrefix = "AKIATEST"

// Call is one request as AWS would understand it, and how it was answered.
type Call struct {
	Service   string // as in internal/operation: "ec2", "s3control", "elb" for classic load balancers
	Operation string // "DescribeInstances"; "" where it was not recognised
	Account   string
	Region    string
	Status    int // of HTTP; 0 where the connection was broken instead
}

// protocol is how a service writes its errors.
type protocol int

const (
	awsQuery protocol = iota
	ec2Query
	awsJSON
	restJSON
	restXML
)

// recognize tells what a signed request asks: the service and Region from the scope that it was signed for, the operation from
// wherever the service's protocol puts it. The account is set only for keys of Env.
func recognize(r *http.Request, body []byte) (Call, protocol) {
	var c Call
	var key, signing string
	if m := scope.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		key, c.Region, signing = m[1], m[2], m[3]
	}
	if account, ok := strings.CutPrefix(key, keyPrefix); ok && len(account) == 12 {
		c.Account = account
	}
	c.Service = signing
	switch signing {
	case "tagging":
		c.Service = "resourcegroupstaggingapi"
	case "monitoring":
		c.Service = "cloudwatch"
	case "sso":
		c.Service = "sso-admin"
	case "states":
		c.Service = "stepfunctions"
	case "elasticfilesystem":
		c.Service = "efs"
	case "es":
		c.Service = "opensearch"
	case "bedrock-agentcore":
		c.Service = "bedrock-agentcore-control"
	case "apigateway": // both generations sign for it
		if strings.HasPrefix(r.URL.Path, "/v2/") {
			c.Service = "apigatewayv2"
		}
	}

	if target := r.Header.Get("X-Amz-Target"); target != "" {
		c.Operation = target[strings.LastIndex(target, ".")+1:]
		return c, awsJSON
	}
	if r.Method == http.MethodPost && bytes.Contains(body, []byte("Action=")) {
		form, _ := url.ParseQuery(string(body))
		c.Operation = form.Get("Action")
		switch {
		case signing == "ec2":
			return c, ec2Query
		case signing == "elasticloadbalancing" && form.Get("Version") == "2012-06-01":
			c.Service = "elb"
		case signing == "elasticloadbalancing":
			c.Service = "elbv2"
		}
		return c, awsQuery
	}
	if signing == "s3" && strings.HasPrefix(r.URL.Path, "/v20180820/") {
		c.Service = "s3control"
	}
	request := r.Method + " " + r.URL.Path
	if c.Service == "s3" {
		request += "?" + r.URL.RawQuery
	}
	for _, route := range routes {
		if route.service == c.Service && route.request.MatchString(request) {
			c.Operation = route.operation
			break
		}
	}
	switch c.Service {
	case "s3", "s3control", "cloudfront":
		return c, restXML
	}
	return c, restJSON
}

// scope is the part of an Authorization header that names key, Region and service:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
var scope = regexp.MustCompile(`Credential=([^/,]+)/\d{8}/([^/]*)/([^/]+)/aws4_request`)

type route struct {
	service   string
	request   *regexp.Regexp // of "METHOD path", for S3 with "?query"
	operation string
}

// routes are the operations that the product reads of those services whose requests are told apart by method and path.
var routes = []route{
	rest("apigateway", "GET /restapis", "GetRestApis"),
	rest("apigateway", "GET /restapis/[^/]+/stages", "GetStages"),
	rest("apigateway", "GET /restapis/[^/]+/resources", "GetResources"),
	rest("apigateway", "GET /vpclinks", "GetVpcLinks"),
	rest("apigatewayv2", "GET /v2/apis", "GetApis"),
	rest("apigatewayv2", "GET /v2/apis/[^/]+/stages", "GetStages"),
	rest("apigatewayv2", "GET /v2/apis/[^/]+/integrations", "GetIntegrations"),
	rest("apigatewayv2", "GET /v2/vpclinks", "GetVpcLinks"),
	rest("account", "POST /listRegions", "ListRegions"),
	rest("account", "POST /getAlternateContact", "GetAlternateContact"),
	rest("backup", "GET /backup/plans", "ListBackupPlans"),
	rest("backup", "GET /backup/plans/[^/]+", "GetBackupPlan"),
	rest("backup", "GET /backup/plans/[^/]+/selections", "ListBackupSelections"),
	rest("backup", "GET /backup/plans/[^/]+/selections/[^/]+", "GetBackupSelection"),
	rest("backup", "GET /backup-vaults", "ListBackupVaults"),
	rest("backup", "GET /backup-vaults/[^/]+/recovery-points", "ListRecoveryPointsByBackupVault"),
	rest("backup", "GET /backup-vaults/[^/]+/access-policy", "GetBackupVaultAccessPolicy"),
	rest("backup", "GET /resources", "ListProtectedResources"),
	rest("backup", "GET /restore-jobs", "ListRestoreJobs"),
	rest("batch", "POST /v1/describejobdefinitions", "DescribeJobDefinitions"),
	rest("bedrock-agentcore-control", "POST /runtimes", "ListAgentRuntimes"),
	rest("bedrock-agentcore-control", "GET /runtimes/[^/]+", "GetAgentRuntime"),
	rest("bedrock-agentcore-control", "POST /code-interpreters", "ListCodeInterpreters"),
	rest("bedrock-agentcore-control", "GET /code-interpreters/[^/]+", "GetCodeInterpreter"),
	rest("bedrock-agentcore-control", "POST /browsers", "ListBrowsers"),
	rest("bedrock-agentcore-control", "GET /browsers/[^/]+", "GetBrowser"),
	rest("cloudfront", `GET /2020-05-31/distribution`, "ListDistributions"),
	rest("cloudfront", `GET /2020-05-31/origin-access-identity/cloudfront`, "ListCloudFrontOriginAccessIdentities"),
	rest("cloudfront", `GET /2020-05-31/vpc-origin`, "ListVpcOrigins"),
	rest("cloudfront", `GET /2020-05-31/vpc-origin/[^/]+`, "GetVpcOrigin"),
	rest("dlm", "GET /policies", "GetLifecyclePolicies"),
	rest("dlm", "GET /policies/[^/]+", "GetLifecyclePolicy"),
	rest("guardduty", "GET /detector", "ListDetectors"),
	rest("guardduty", "GET /detector/[^/]+", "GetDetector"),
	rest("eks", "GET /clusters", "ListClusters"),
	rest("eks", "GET /clusters/[^/]+", "DescribeCluster"),
	rest("eks", "GET /clusters/[^/]+/node-groups", "ListNodegroups"),
	rest("eks", "GET /clusters/[^/]+/node-groups/[^/]+", "DescribeNodegroup"),
	rest("eks", "GET /clusters/[^/]+/pod-identity-associations", "ListPodIdentityAssociations"),
	rest("eks", "GET /clusters/[^/]+/pod-identity-associations/[^/]+", "DescribePodIdentityAssociation"),
	rest("eks", "GET /clusters/[^/]+/access-entries", "ListAccessEntries"),
	rest("eks", "GET /clusters/[^/]+/access-entries/.+/access-policies", "ListAssociatedAccessPolicies"),
	rest("eks", "GET /clusters/[^/]+/access-entries/.+", "DescribeAccessEntry"),
	rest("efs", "GET /2015-02-01/file-systems", "DescribeFileSystems"),
	rest("efs", "GET /2015-02-01/file-systems/[^/]+/policy", "DescribeFileSystemPolicy"),
	rest("lambda", "GET /2015-03-31/functions", "ListFunctions"),
	rest("lambda", "GET /2015-03-31/functions/[^/]+/policy", "GetPolicy"),
	rest("lambda", "GET /2015-03-31/event-source-mappings", "ListEventSourceMappings"),
	rest("lambda", "GET /2021-10-31/functions/[^/]+/urls", "ListFunctionUrlConfigs"),
	rest("opensearch", "GET /2021-01-01/domain", "ListDomainNames"),
	rest("opensearch", "GET /2021-01-01/opensearch/domain/[^/]+", "DescribeDomain"),
	rest("s3control", "GET /v20180820/configuration/publicAccessBlock", "GetPublicAccessBlock"),
	rest("s3control", "GET /v20180820/accesspoint", "ListAccessPoints"),
	rest("s3control", "GET /v20180820/accesspoint/[^/]+", "GetAccessPoint"),
	rest("s3control", "GET /v20180820/accesspoint/[^/]+/policy", "GetAccessPointPolicy"),
	rest("s3control", "GET /v20180820/accesspoint/[^/]+/policyStatus", "GetAccessPointPolicyStatus"),
	bucket("acl", "GetBucketAcl"),
	bucket("encryption", "GetBucketEncryption"),
	bucket("location", "GetBucketLocation"),
	bucket("logging", "GetBucketLogging"),
	bucket("object-lock", "GetObjectLockConfiguration"),
	bucket("ownershipControls", "GetBucketOwnershipControls"),
	bucket("policy", "GetBucketPolicy"),
	bucket("policyStatus", "GetBucketPolicyStatus"),
	bucket("publicAccessBlock", "GetPublicAccessBlock"),
	bucket("versioning", "GetBucketVersioning"),
	bucket("versions", "ListObjectVersions"),
	{"s3", regexp.MustCompile(`^GET /\?`), "ListBuckets"},
	bucket("list-type", "ListObjectsV2"),
	{"s3", regexp.MustCompile(`^GET /[^/?]+/[^?]+\?(.*&)?x-id=GetObject(&|$)`), "GetObject"},
}

func rest(service, request, operation string) route {
	return route{service, regexp.MustCompile("^" + request + "/?$"), operation}
}

func bucket(subresource, operation string) route {
	return route{"s3", regexp.MustCompile(`^GET /[^/?]+/?\?(.*&)?` + subresource + `(=|&|$)`), operation}
}
