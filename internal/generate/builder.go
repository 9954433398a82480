package generate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

const global = "global"

// object is a JSON object with the member names of the API reference.
type object = map[string]any

// labels are tags.
type labels map[string]string

// with returns the labels and one more.
func (l labels) with(key, value string) labels {
	all := labels{key: value}
	for k, v := range l {
		if _, replaced := all[k]; !replaced {
			all[k] = v
		}
	}
	return all
}

// list is how most services write tags.
func (l labels) list() []object {
	all := []object{}
	for _, key := range sortedKeys(l) {
		all = append(all, object{"Key": key, "Value": l[key]})
	}
	return all
}

// members are the names under which a listing lists; a dot leads into an object. iam:GetAccountAuthorizationDetails has four.
var members = map[operation.ID][]string{
	"account:ListRegions":                      {"Regions"},
	"acm:ListCertificates":                     {"CertificateSummaryList"},
	"autoscaling:DescribeAutoScalingGroups":    {"AutoScalingGroups"},
	"autoscaling:DescribeLaunchConfigurations": {"LaunchConfigurations"},
	"backup:ListBackupPlans":                   {"BackupPlansList"},
	"backup:ListBackupVaults":                  {"BackupVaultList"},
	"backup:ListProtectedResources":            {"Results"},
	"backup:ListRestoreJobs":                   {"RestoreJobs"},
	"cloudfront:ListDistributions":             {"DistributionList.Items"},
	"cloudtrail:DescribeTrails":                {"trailList"},
	"dlm:GetLifecyclePolicies":                 {"Policies"},
	"dynamodb:ListTables":                      {"TableNames"},
	"ec2:DescribeAddresses":                    {"Addresses"},
	"ec2:DescribeFlowLogs":                     {"FlowLogs"},
	"ec2:DescribeImages":                       {"Images"},
	"ec2:DescribeInstances":                    {"Reservations"},
	"ec2:DescribeInternetGateways":             {"InternetGateways"},
	"ec2:DescribeLaunchTemplateVersions":       {"LaunchTemplateVersions"},
	"ec2:DescribeLaunchTemplates":              {"LaunchTemplates"},
	"ec2:DescribeManagedPrefixLists":           {"PrefixLists"},
	"ec2:DescribeNatGateways":                  {"NatGateways"},
	"ec2:DescribeNetworkAcls":                  {"NetworkAcls"},
	"ec2:DescribeNetworkInterfaces":            {"NetworkInterfaces"},
	"ec2:DescribeRegions":                      {"Regions"},
	"ec2:DescribeRouteTables":                  {"RouteTables"},
	"ec2:DescribeSecurityGroupRules":           {"SecurityGroupRules"},
	"ec2:DescribeSecurityGroups":               {"SecurityGroups"},
	"ec2:DescribeSnapshots":                    {"Snapshots"},
	"ec2:DescribeSubnets":                      {"Subnets"},
	"ec2:DescribeVolumes":                      {"Volumes"},
	"ec2:DescribeVpcEndpoints":                 {"VpcEndpoints"},
	"ec2:DescribeVpcPeeringConnections":        {"VpcPeeringConnections"},
	"ec2:DescribeVpcs":                         {"Vpcs"},
	"elb:DescribeLoadBalancers":                {"LoadBalancerDescriptions"},
	"elbv2:DescribeLoadBalancers":              {"LoadBalancers"},
	"elbv2:DescribeTargetGroups":               {"TargetGroups"},
	"guardduty:ListDetectors":                  {"DetectorIds"},
	"iam:GetAccountAuthorizationDetails":       {"UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"},
	"iam:ListVirtualMFADevices":                {"VirtualMFADevices"},
	"kms:ListKeys":                             {"Keys"},
	"lambda:ListFunctions":                     {"Functions"},
	"organizations:ListAccounts":               {"Accounts"},
	"organizations:ListPolicies":               {"Policies"},
	"rds:DescribeDBClusterSnapshots":           {"DBClusterSnapshots"},
	"rds:DescribeDBClusters":                   {"DBClusters"},
	"rds:DescribeDBInstances":                  {"DBInstances"},
	"rds:DescribeDBSnapshots":                  {"DBSnapshots"},
	"rds:DescribePendingMaintenanceActions":    {"PendingMaintenanceActions"},
	"resourcegroupstaggingapi:GetResources":    {"ResourceTagMappingList"},
	"s3:ListBuckets":                           {"Buckets"},
	"ssm:DescribeInstanceInformation":          {"InstanceInformationList"},
	"ssm:DescribeInstancePatchStates":          {"InstancePatchStates"},
	"wafv2:ListRuleGroups":                     {"RuleGroups"},
	"wafv2:ListWebACLs":                        {"WebACLs"},

	// beyond a VPC
	"ec2:DescribeEgressOnlyInternetGateways":          {"EgressOnlyInternetGateways"},
	"ec2:DescribeTransitGateways":                     {"TransitGateways"},
	"ec2:DescribeTransitGatewayAttachments":           {"TransitGatewayAttachments"},
	"ec2:DescribeTransitGatewayVpcAttachments":        {"TransitGatewayVpcAttachments"},
	"ec2:DescribeTransitGatewayRouteTables":           {"TransitGatewayRouteTables"},
	"ec2:DescribeVpnGateways":                         {"VpnGateways"},
	"ec2:DescribeVpnConnections":                      {"VpnConnections"},
	"ec2:DescribeVpcBlockPublicAccessExclusions":      {"VpcBlockPublicAccessExclusions"},
	"ec2:DescribeVpcEndpointServiceConfigurations":    {"ServiceConfigurations"},
	"network-firewall:ListFirewalls":                  {"Firewalls"},
	"apigateway:GetRestApis":                          {"items"},
	"apigateway:GetVpcLinks":                          {"items"},
	"apigatewayv2:GetApis":                            {"Items"},
	"apigatewayv2:GetVpcLinks":                        {"Items"},
	"cloudfront:ListCloudFrontOriginAccessIdentities": {"CloudFrontOriginAccessIdentityList.Items"},
	"cloudfront:ListVpcOrigins":                       {"VpcOriginList.Items"},
	"ecs:ListClusters":                                {"clusterArns"},
	"eks:ListClusters":                                {"clusters"},
	"elasticache:DescribeCacheClusters":               {"CacheClusters"},
	"elasticache:DescribeCacheSubnetGroups":           {"CacheSubnetGroups"},
	"globalaccelerator:ListAccelerators":              {"Accelerators"},
	"globalaccelerator:ListCustomRoutingAccelerators": {"Accelerators"},
	"redshift:DescribeClusterSubnetGroups":            {"ClusterSubnetGroups"},
	"redshift:DescribeClusters":                       {"Clusters"},

	// what permissions rest on
	"organizations:ListRoots":                        {"Roots"},
	"organizations:ListDelegatedAdministrators":      {"DelegatedAdministrators"},
	"sso-admin:ListInstances":                        {"Instances"},
	"iam:ListOpenIDConnectProviders":                 {"OpenIDConnectProviderList"},
	"iam:ListSAMLProviders":                          {"SAMLProviderList"},
	"kms:ListAliases":                                {"Aliases"},
	"s3control:ListAccessPoints":                     {"AccessPointList"},
	"sqs:ListQueues":                                 {"QueueUrls"},
	"efs:DescribeFileSystems":                        {"FileSystems"},
	"events:ListEventBuses":                          {"EventBuses"},
	"opensearch:ListDomainNames":                     {"DomainNames"},
	"logs:DescribeResourcePolicies":                  {"resourcePolicies"},
	"sns:ListTopics":                                 {"Topics"},
	"secretsmanager:ListSecrets":                     {"SecretList"},
	"ecr:DescribeRepositories":                       {"repositories"},
	"ssm:DescribeParameters":                         {"Parameters"},
	"lambda:ListEventSourceMappings":                 {"EventSourceMappings"},
	"ec2:DescribeInstanceConnectEndpoints":           {"InstanceConnectEndpoints"},
	"codebuild:ListProjects":                         {"projects"},
	"codebuild:BatchGetProjects":                     {"projects"},
	"cloudformation:DescribeStacks":                  {"Stacks"},
	"cloudformation:ListStackSets":                   {"Summaries"},
	"cognito-identity:ListIdentityPools":             {"IdentityPools"},
	"glue:GetJobs":                                   {"Jobs"},
	"glue:GetDevEndpoints":                           {"DevEndpoints"},
	"stepfunctions:ListStateMachines":                {"stateMachines"},
	"apprunner:ListServices":                         {"ServiceSummaryList"},
	"batch:DescribeJobDefinitions":                   {"jobDefinitions"},
	"sagemaker:ListNotebookInstances":                {"NotebookInstances"},
	"bedrock-agentcore-control:ListAgentRuntimes":    {"agentRuntimes"},
	"bedrock-agentcore-control:ListCodeInterpreters": {"codeInterpreterSummaries"},
	"bedrock-agentcore-control:ListBrowsers":         {"browserSummaries"},
}

// pageSize is how many elements a listing puts on a page: as the services do, or less, so that the small estate has pages too.
var pageSize = map[operation.ID]int{
	"ec2:DescribeInstances":                 40,
	"ec2:DescribeSecurityGroupRules":        30,
	"iam:GetAccountAuthorizationDetails":    20,
	"resourcegroupstaggingapi:GetResources": 100,
	"ssm:DescribeInstanceInformation":       50,
}

// world collects what becomes a set of responses.
type world struct {
	accounts []*account
	truth    Truth
	secrets  *responses.Redactor
	dials    int // public addresses given out
}

func newWorld() *world {
	return &world{truth: Truth{Broken: map[string]map[string]string{}, Unknown: map[string]map[string]string{}}, secrets: responses.NewRedactor([]byte("made up"))}
}

// account is one account: global is where services without Regions are asked.
type account struct {
	id, name string
	global   *site
	regions  []*site
}

// site is one Region of an account, or its "global".
type site struct {
	w       *world
	account *account
	region  string
	lists   map[operation.ID][]listed
	singles []responses.Response
	seen    map[string]bool   // images that were listed here
	named   map[string]string // names of security groups
}

type listed struct {
	member string
	body   json.RawMessage
}

func (w *world) account(id, name string, regions ...string) *account {
	a := &account{id: id, name: name}
	at := func(region string) *site {
		return &site{w: w, account: a, region: region, lists: map[operation.ID][]listed{}, seen: map[string]bool{}, named: map[string]string{}}
	}
	a.global = at(global)
	for _, r := range regions {
		a.regions = append(a.regions, at(r))
	}
	w.accounts = append(w.accounts, a)
	return a
}

// encode writes JSON; what this package builds always is.
func encode(v any) json.RawMessage {
	body, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("generate: %v", err))
	}
	return body
}

// list adds an element to a listing that lists one kind of thing.
func (s *site) list(op operation.ID, element any) { s.listAs(op, members[op][0], element) }

func (s *site) listAs(op operation.ID, member string, element any) {
	s.lists[op] = append(s.lists[op], listed{member, encode(element)})
}

// count is list for what is a resource.
func (s *site) count(op operation.ID, element any) {
	s.w.truth.Resources++
	s.list(op, element)
}

// whole answers an operation that has one page and lists nothing.
func (s *site) whole(op operation.ID, body any) {
	s.singles = append(s.singles, s.response(op, operation.OK, encode(body)))
}

// about answers a question about one resource; values are those of the operation's By parameters, in the table's order.
func (s *site) about(op operation.ID, body any, values ...string) {
	r := s.response(op, operation.OK, s.w.redacted(op, encode(body)))
	r.Parameters = parameters(op, values)
	s.singles = append(s.singles, r)
}

// redacted takes secrets out, as whatever records a real account does.
func (w *world) redacted(op operation.ID, body json.RawMessage) json.RawMessage {
	row, _ := operation.Get(op)
	if len(row.Secret) == 0 {
		return body
	}
	safe, err := w.secrets.Redact(row, body)
	if err != nil {
		panic(fmt.Sprintf("generate: %s: %v", op, err))
	}
	return safe
}

// none answers that there is none.
func (s *site) none(op operation.ID, values ...string) {
	row, _ := operation.Get(op)
	r := s.response(op, operation.Absent)
	r.Parameters, r.Code = parameters(op, values), row.Absent[0]
	s.singles = append(s.singles, r)
}

// denied replaces the answer to a question about one resource by a refusal.
func (s *site) denied(op operation.ID, code, message string, values ...string) {
	s.forget(op, values...)
	r := s.response(op, operation.Denied)
	r.Parameters, r.Code, r.Message = parameters(op, values), code, message
	s.singles = append(s.singles, r)
}

// correct replaces the answer to a question.
func (s *site) correct(op operation.ID, body any, values ...string) {
	s.forget(op, values...)
	s.about(op, body, values...)
}

func (s *site) forget(op operation.ID, values ...string) {
	about := responses.Response{Operation: op, Parameters: parameters(op, values)}.About()
	s.singles = slices.DeleteFunc(s.singles, func(old responses.Response) bool { return old.Operation == op && old.About() == about })
}

func (s *site) response(op operation.ID, outcome operation.Outcome, pages ...json.RawMessage) responses.Response {
	return responses.Response{Account: s.account.id, Region: s.region, Operation: op, Time: Time, Outcome: outcome, Pages: pages}
}

func parameters(op operation.ID, values []string) map[string]string {
	row, _ := operation.Get(op)
	if len(values) == 0 {
		return nil
	}
	m := map[string]string{}
	for i, name := range row.By {
		m[name] = values[i]
	}
	return m
}

// tag shows a resource in the tagging API, which lists what has tags.
func (s *site) tag(arn string, l labels) {
	if len(l) > 0 {
		s.list("resourcegroupstaggingapi:GetResources", object{"ResourceARN": arn, "Tags": l.list()})
	}
}

// arn names a resource of the place.
func (s *site) arn(service, rest string) string {
	region := s.region
	if region == global {
		region = ""
	}
	return "arn:aws:" + service + ":" + region + ":" + s.account.id + ":" + rest
}

// id makes an id as EC2 does, the same for the same name in the same place: "i-0f3c1a2b4d5e6f708".
func (s *site) id(prefix string, name ...string) string {
	return prefix + "-0" + s.digest(16, prefix, name...)
}

// uuid makes an id as KMS and AWS Backup do.
func (s *site) uuid(kind string, name ...string) string {
	d := s.digest(32, kind, name...)
	return strings.Join([]string{d[:8], d[8:12], "4" + d[13:16], "a" + d[17:20], d[20:]}, "-")
}

func (s *site) digest(length int, kind string, name ...string) string {
	sum := sha256.Sum256([]byte(s.account.id + "/" + s.region + "/" + kind + "/" + strings.Join(name, "/")))
	return hex.EncodeToString(sum[:])[:length]
}

// publicAddress gives out the addresses of the ranges that are kept for documentation and benchmarks.
func (w *world) publicAddress() string {
	w.dials++
	if w.dials < 250 {
		return fmt.Sprintf("198.51.100.%d", w.dials)
	}
	return nth(netip.MustParseAddr("198.18.0.0"), w.dials%(1<<17)).String()
}

// nth is the address that lies n behind an IPv4 address.
func nth(a netip.Addr, n int) netip.Addr {
	b := a.As4()
	v := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	v += uint32(n)
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
}

// ago is a time before Time, as AWS writes it.
func ago(d time.Duration) string { return stamp(Time.Add(-d)) }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

const day = 24 * time.Hour

// set turns all into responses, every listing of the table answered everywhere.
func (w *world) set(source string) *responses.Set {
	set := &responses.Set{Source: source}
	for _, a := range w.accounts {
		set.Scope.Accounts = append(set.Scope.Accounts, a.id)
		for _, s := range append([]*site{a.global}, a.regions...) {
			set.Responses = append(set.Responses, s.responses()...)
		}
	}
	for range set.All() { // sorts
		break
	}
	return set
}

func (s *site) responses() []responses.Response {
	all := s.singles
	for _, row := range operation.All() {
		if _, listing := members[row.ID]; listing && s.asked(row) {
			r := s.response(row.ID, operation.OK, s.pages(row.ID)...)
			all = append(all, r)
		}
	}
	s.lists, s.singles = nil, nil
	return all
}

// asked reports whether an operation that lists is asked at the place.
func (s *site) asked(row operation.Operation) bool {
	switch row.Scope {
	case operation.PerRegion:
		return s.region != global
	case operation.PerAccount:
		return s.region == global
	case operation.PerOrganization:
		return s.region == global && s.account == s.w.accounts[0] // the one that manages it
	}
	return true
}

// pages lays a listing out on pages of its size; one that lists nothing has one empty page.
func (s *site) pages(op operation.ID) []json.RawMessage {
	size := pageSize[op]
	if size == 0 {
		size = 1000
	}
	elements := s.lists[op]
	var pages []json.RawMessage
	for {
		n := min(size, len(elements))
		p := page(op, elements[:n])
		if op == "s3:ListBuckets" {
			p = append(p[:len(p)-1], `,"Owner":{"ID":"`+s.account.canonical()+`"}}`...)
		}
		pages = append(pages, s.w.redacted(op, p))
		if elements = elements[n:]; len(elements) == 0 {
			return pages
		}
	}
}

// page is written by hand rather than through maps, since a large estate is mostly this.
func page(op operation.ID, elements []listed) json.RawMessage {
	var b []byte
	outer, _, nested := strings.Cut(members[op][0], ".")
	if nested {
		b = append(b, `{"`+outer+`":`...)
	}
	for i, member := range members[op] {
		if _, inner, ok := strings.Cut(member, "."); ok {
			member = inner
		}
		b = append(b, "{,"[min(i, 1)])
		b = append(b, `"`+member+`":[`...)
		first := true
		for _, e := range elements {
			if !strings.HasSuffix(e.member, member) {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(b, e.body...)
		}
		b = append(b, ']')
	}
	if nested { // CloudFront says how many, and whether there are more
		b = fmt.Appendf(b, `,"IsTruncated":false,"Marker":"","MaxItems":100,"Quantity":%d}`, len(elements))
	}
	return append(b, '}')
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
