package responses

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/onus-cloud/onus/internal/operation"
)

// ReadAWSCLI reads a folder of what `aws ... --output json` printed, one file a command. It is an import at the edge and
// takes what people have:
//
//   - The operation is the file's name in any of the ways people name such files ("describe-volumes.json",
//     "ec2-describe-volumes.json", "ec2/DescribeVolumes.json", "aws_ec2_describe_volumes_us-east-1.json").
//   - The account and the Region are folders or parts of the name ("111122223333/us-east-1/..."); else the account that
//     sts get-caller-identity names, or that all ARNs and owner ids in the file agree on; and the Region that all ARNs
//     and zones in the file agree on, or else the only one that the folder shows.
//   - A command about one resource has the resource in its name ("get-bucket-policy-acme-logs.json",
//     "get-bucket-policy--Bucket=acme-logs.json") or, better, in its body.
//   - A file that holds the CLI's error text instead ("An error occurred (NoSuchBucketPolicy) when calling ...") is that
//     outcome. An empty file is unknown: the CLI prints nothing both for "there is none" and for "failed".
//
// asOf is the time of all of it. What is not in the folder was not tried. A file that cannot be understood is a Problem.
// Secrets in the files go no further: redactor takes them out.
func ReadAWSCLI(folder fs.FS, source string, asOf time.Time, redactor *Redactor) (*Set, error) {
	set := &Set{Source: source}
	var files []*cliFile
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			set.problem(name, "%v", err)
			return nil
		}
		if entry.IsDir() || !slices.Contains([]string{".json", ".txt", ".err", ""}, path.Ext(name)) || strings.HasPrefix(path.Base(name), ".") {
			return nil
		}
		body, err := fs.ReadFile(folder, name)
		if err != nil {
			set.problem(name, "%v", err)
			return nil
		}
		f := &cliFile{name: name, body: bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))}
		if why := f.identify(); why != "" {
			if path.Ext(name) == ".json" {
				set.problem(name, "%s", why)
			}
			return nil
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	if len(files) == 0 && len(set.Problems) == 0 {
		return nil, fmt.Errorf("%s holds neither a recording nor AWS CLI output: expected recording.json, or files such as 111122223333/us-east-1/ec2/describe-instances.json", source)
	}
	place(files)
	for _, f := range files {
		r, why := f.response(asOf)
		if why != "" {
			set.problem(f.name, "%s", why)
		}
		if r != nil {
			r.redact(f.op, redactor)
			set.Responses = append(set.Responses, *r)
		}
	}
	set.joinPages()
	return set, nil
}

// cliFile is one file, as far as it is understood.
type cliFile struct {
	name    string
	body    []byte
	object  map[string]json.RawMessage // the body, when it is a JSON object
	op      operation.Operation
	words   string // what the name says besides the operation: account, Region and parameters live here
	account string
	region  string
}

var (
	accountPattern = regexp.MustCompile(`(?:^|[^0-9])([0-9]{12})(?:[^0-9]|$)`)
	regionPattern  = regexp.MustCompile(`(?:^|[^a-z0-9])((?:us|eu|ap|sa|ca|me|af|il|mx|cn)(?:-gov|-iso|-isob)?-(?:north|south|east|west|central|northeast|northwest|southeast|southwest)-[0-9])(?:[^0-9]|$)`)
	errorPattern   = regexp.MustCompile(`An error occurred \(([A-Za-z0-9._-]+)\)(?: when calling the ([A-Za-z0-9]+) operation)?(?: \(reached max retries: [0-9]+\))?:? ?(.*)`)
	arnPattern     = regexp.MustCompile(`arn:aws[a-z-]*:[a-z0-9-]+:([a-z0-9-]*):([0-9]{12})?:`)
	zonePattern    = regexp.MustCompile(`"((?:us|eu|ap|sa|ca|me|af|il|mx|cn)(?:-gov)?-[a-z]+-[0-9])[a-f]"`)
	ownerPattern   = regexp.MustCompile(`(?i)"(?:OwnerId|Account|AccountId)": *"([0-9]{12})"`)
)

// identify finds the operation; it returns why it could not.
func (f *cliFile) identify() string {
	if len(f.body) > 0 && f.body[0] == '{' {
		if err := json.Unmarshal(f.body, &f.object); err != nil {
			if f.byName() {
				return "" // response says what is wrong with the body
			}
			return fmt.Sprintf("it is not JSON (%v) and its name is not that of an operation: it is passed over", err)
		}
	}
	if f.byName() || f.byBody() {
		return ""
	}
	return "neither its name nor its content is that of an operation that onus reads: name it like 111122223333/us-east-1/ec2/describe-instances.json"
}

// squash reduces a name to what all spellings share: "describe-db-instances", "DescribeDBInstances" and
// "describe_db_instances" are one.
func squash(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// cliNames are other names of services, as the AWS CLI and people have them.
var cliNames = map[string][]string{
	"s3": {"s3api"}, "elbv2": {"elasticloadbalancingv2"}, "elb": {"elasticloadbalancing"},
	"resourcegroupstaggingapi": {"tagging"}, "sts": {}, "organizations": {"organisations"},
}

// byName finds the operation whose name stands in the file's name, the longest that fits; where two services have one of
// that name, the service must be named too, in the file's name or a folder's.
func (f *cliFile) byName() bool {
	base := strings.TrimSuffix(path.Base(f.name), path.Ext(f.name))
	// Words that start an operation: cut the parameters off first where they are marked.
	head, marked, _ := strings.Cut(base, "--")
	whole := squash(path.Dir(f.name)) + squash(head)
	squashed := squash(head)
	best, bestScore := operation.Operation{}, 0
	rest := ""
	for _, op := range operation.All() {
		name := squash(op.ID.Name())
		i := strings.Index(squashed, name)
		if i < 0 {
			continue
		}
		score := 10 * len(name)
		for _, service := range append([]string{op.ID.Service()}, cliNames[op.ID.Service()]...) {
			if namesService(f.name, service) {
				score += 1 + len(service)
			}
		}
		if op.ID.Service() == "s3" && strings.Contains(whole, "s3control") {
			score -= 5
		}
		if score > bestScore {
			best, bestScore = op, score
			rest = squashed[:i] + " " + squashed[i+len(name):]
		}
	}
	if bestScore == 0 {
		return false
	}
	// Of two services with an operation of one name, the body may decide: DescribeLoadBalancers of elb and elbv2.
	if other := f.sibling(best); other.ID != "" {
		best = other
	}
	f.op, f.words = best, marked+" "+base+" "+rest
	return true
}

// namesService reports whether a word of the path is the service's name.
func namesService(name, service string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }),
		func(word string) bool { return strings.EqualFold(word, service) })
}

// sibling returns the operation of the same name that the body fits better.
func (f *cliFile) sibling(op operation.Operation) operation.Operation {
	has := func(key string) bool { _, ok := f.object[key]; return ok }
	switch op.ID {
	case "elbv2:DescribeLoadBalancers":
		if has("LoadBalancerDescriptions") {
			other, _ := operation.Get("elb:DescribeLoadBalancers")
			return other
		}
	case "elb:DescribeLoadBalancers":
		if has("LoadBalancers") {
			other, _ := operation.Get("elbv2:DescribeLoadBalancers")
			return other
		}
	case "elb:DescribeLoadBalancerAttributes":
		if has("Attributes") {
			other, _ := operation.Get("elbv2:DescribeLoadBalancerAttributes")
			return other
		}
	case "elbv2:DescribeLoadBalancerAttributes":
		if has("LoadBalancerAttributes") {
			other, _ := operation.Get("elb:DescribeLoadBalancerAttributes")
			return other
		}
	}
	return operation.Operation{}
}

// memberOf are the listings that the one telling member of their body gives away, for files of any other name.
var memberOf = map[string]operation.ID{
	"Reservations": "ec2:DescribeInstances", "SecurityGroups": "ec2:DescribeSecurityGroups", "SecurityGroupRules": "ec2:DescribeSecurityGroupRules",
	"Volumes": "ec2:DescribeVolumes", "Vpcs": "ec2:DescribeVpcs", "Subnets": "ec2:DescribeSubnets", "RouteTables": "ec2:DescribeRouteTables",
	"NetworkAcls": "ec2:DescribeNetworkAcls", "InternetGateways": "ec2:DescribeInternetGateways", "NetworkInterfaces": "ec2:DescribeNetworkInterfaces",
	"FlowLogs": "ec2:DescribeFlowLogs", "Buckets": "s3:ListBuckets", "DBInstances": "rds:DescribeDBInstances", "DBClusters": "rds:DescribeDBClusters",
	"UserDetailList": "iam:GetAccountAuthorizationDetails", "trailList": "cloudtrail:DescribeTrails", "Images": "ec2:DescribeImages",
	"InstanceInformationList": "ssm:DescribeInstanceInformation", "InstancePatchStates": "ssm:DescribeInstancePatchStates",
	"LoadBalancerDescriptions": "elb:DescribeLoadBalancers", "ResourceTagMappingList": "resourcegroupstaggingapi:GetResources",
	"SummaryMap": "iam:GetAccountSummary", "EbsEncryptionByDefault": "ec2:GetEbsEncryptionByDefault", "Functions": "lambda:ListFunctions",
}

func (f *cliFile) byBody() bool {
	for member, id := range memberOf {
		if _, ok := f.object[member]; ok {
			f.op, _ = operation.Get(id)
			f.words = strings.TrimSuffix(path.Base(f.name), path.Ext(f.name))
			return true
		}
	}
	return false
}

// place settles each file's account and Region.
func place(files []*cliFile) {
	accounts, regions := map[string]bool{}, map[string]bool{}
	for _, f := range files {
		f.account = inName(accountPattern, f.name)
		f.region = inName(regionPattern, f.name)
		if f.account == "" {
			f.account = agreed(f.body, arnPattern, 2)
		}
		if f.account == "" || f.op.ID == "sts:GetCallerIdentity" {
			if owner := agreed(f.body, ownerPattern, 1); owner != "" && f.account == "" {
				f.account = owner
			}
		}
		if f.region == "" && f.op.Scope != operation.PerAccount && f.op.Scope != operation.PerOrganization {
			if f.region = agreed(f.body, zonePattern, 1); f.region == "" {
				f.region = agreed(f.body, arnPattern, 1)
			}
		}
		if f.account != "" {
			accounts[f.account] = true
		}
		if f.region != "" {
			regions[f.region] = true
		}
	}
	identity := ""
	for _, f := range files {
		if f.op.ID == "sts:GetCallerIdentity" {
			identity = f.account
		}
	}
	for _, f := range files {
		if f.account == "" {
			f.account = identity
		}
		if f.account == "" && len(accounts) == 1 {
			f.account = only(accounts)
		}
		switch {
		case f.op.Scope == operation.PerAccount, f.op.Scope == operation.PerOrganization:
			f.region = "global"
		case f.op.Scope == operation.PerRegionGlobal && strings.Contains(strings.ToLower(f.name), "cloudfront"), namesService(f.name, "global"):
			f.region = "global"
		case f.region == "" && len(regions) == 1:
			f.region = only(regions)
		}
	}
}

// inName looks in the folders first: a file's name may hold the ARN of something in another place.
func inName(pattern *regexp.Regexp, name string) string {
	if s := lastMatch(pattern, path.Dir(name)); s != "" {
		return s
	}
	return lastMatch(pattern, path.Base(name))
}

func lastMatch(pattern *regexp.Regexp, s string) string {
	all := pattern.FindAllStringSubmatch(s, -1)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1][1]
}

// agreed returns what all matches say, or "" if they differ or there is none.
func agreed(body []byte, pattern *regexp.Regexp, group int) string {
	value := ""
	for _, m := range pattern.FindAllSubmatch(body, -1) {
		switch got := string(m[group]); {
		case got == "" || got == value:
		case value == "":
			value = got
		default:
			return ""
		}
	}
	return value
}

func only(set map[string]bool) string {
	for s := range set {
		return s
	}
	return ""
}

// response builds the response of a file; if that cannot be, or only a failed one can, it says why.
func (f *cliFile) response(asOf time.Time) (*Response, string) {
	if f.account == "" {
		return nil, "no account is known for it: put it into a folder named after the account (111122223333/us-east-1/), or add the output of `aws sts get-caller-identity`"
	}
	if f.region == "" {
		return nil, "no Region is known for it: put it into a folder named after the Region (111122223333/us-east-1/)"
	}
	r := &Response{Account: f.account, Region: f.region, Operation: f.op.ID, Time: asOf, Origin: f.name, Outcome: operation.OK}
	var missing string
	if r.Parameters, missing = f.parameters(); missing != "" {
		return nil, missing
	}
	switch m := errorPattern.FindSubmatch(f.body); {
	case len(f.body) == 0:
		r.Outcome, r.Code = operation.Failed, "EmptyFile"
		return r, "it is empty, which the AWS CLI prints both for \"there is none\" and for \"failed\": unknown"
	case f.object != nil:
		r.Pages = []json.RawMessage{f.body}
	case m != nil:
		r.Code, r.Message = string(m[1]), string(m[3])
		r.Outcome = Classify(f.op, r.Code)
	default:
		pages, err := manyPages(f.body)
		if err != nil {
			r.Outcome, r.Code = operation.Failed, "BadBody"
			return r, fmt.Sprintf("it is not JSON (%v): what it would have told is unknown", err)
		}
		r.Pages = pages
	}
	return r, ""
}

// redact takes the secrets out of a response.
func (r *Response) redact(op operation.Operation, redactor *Redactor) {
	r.Message = redactor.Text(r.Message)
	for i, page := range r.Pages {
		clean, err := redactor.Redact(op, page)
		if err != nil { // response has read every page as JSON
			r.Outcome, r.Code, r.Pages = operation.Failed, "BadBody", nil
			return
		}
		r.Pages[i] = clean
	}
}

// manyPages reads several JSON objects one after the other, or an array of them: pages that were saved as they came.
func manyPages(body []byte) ([]json.RawMessage, error) {
	var pages []json.RawMessage
	if body[0] == '[' {
		if err := json.Unmarshal(body, &pages); err != nil {
			return nil, err
		}
		return pages, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	for decoder.More() {
		var page json.RawMessage
		if err := decoder.Decode(&page); err != nil {
			return nil, err
		}
		if page[0] != '{' {
			return nil, fmt.Errorf("a page starts with %q, not with {", page[:1])
		}
		pages = append(pages, page)
	}
	return pages, nil
}

// parameters finds the values of the operation's By parameters: "--Bucket=acme-logs" in the name, a member of the body,
// or, of an operation with one parameter, the last words of the name.
func (f *cliFile) parameters() (map[string]string, string) {
	if f.op.Lists() {
		return nil, ""
	}
	values := map[string]string{}
	base := strings.TrimSuffix(path.Base(f.name), path.Ext(f.name))
	for _, name := range f.op.By {
		switch value := marked(base, name); {
		case value != "":
			values[name] = value
		case f.member(name) != "":
			values[name] = f.member(name)
		case name == "Attribute":
			values[name] = f.attribute()
		case name == "ResourceType":
			values[name] = "APPLICATION_LOAD_BALANCER" // what the command asks about where nothing is said
		default:
			if len(f.op.By) > 1 && name != f.op.By[0] {
				return nil, fmt.Sprintf("which %s it is about is not said: name it like %s--%s=VALUE.json", name, kebab(f.op.ID.Name()), strings.Join(f.op.By, "=VALUE--"))
			}
			if values[name] = f.trailing(base); values[name] == "" {
				return nil, fmt.Sprintf("which %s it is about is not said: name it like %s--%s=VALUE.json", name, kebab(f.op.ID.Name()), name)
			}
		}
	}
	return values, ""
}

// marked reads "--Name=value" out of a file's name; names match in any spelling.
func marked(base, name string) string {
	for _, part := range strings.Split(base, "--")[1:] {
		key, value, ok := strings.Cut(part, "=")
		if ok && squash(key) == squash(name) {
			return strings.ReplaceAll(value, "%2F", "/")
		}
	}
	return ""
}

// member reads a top-level member of the body, or of its only object, that has the parameter's name.
func (f *cliFile) member(name string) string {
	for _, object := range []map[string]json.RawMessage{f.object, f.nested()} {
		for key, raw := range object {
			if squash(key) == squash(name) {
				var s string
				if json.Unmarshal(raw, &s) == nil {
					return s
				}
			}
		}
	}
	return ""
}

func (f *cliFile) nested() map[string]json.RawMessage {
	for key, raw := range f.object {
		if key == "ResponseMetadata" || len(raw) == 0 || raw[0] != '{' {
			continue
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) == nil {
			return object
		}
	}
	return nil
}

// attribute names the attribute that the body of a Describe...Attribute call tells.
func (f *cliFile) attribute() string {
	for member, attribute := range map[string]string{"CreateVolumePermissions": "createVolumePermission", "LaunchPermissions": "launchPermission", "UserData": "userData"} {
		if _, ok := f.object[member]; ok {
			return attribute
		}
	}
	switch f.op.ID {
	case "ec2:DescribeSnapshotAttribute":
		return "createVolumePermission"
	case "ec2:DescribeImageAttribute":
		return "launchPermission"
	}
	return "userData"
}

// trailing is what follows the operation's name in the file's name: "get-bucket-policy-acme-logs" is about acme-logs.
func (f *cliFile) trailing(base string) string {
	name := f.op.ID.Name()
	// Walk along the name, letter by letter, passing over the operation's own.
	letters := []rune(strings.ToLower(name))
	start := strings.Index(squash(base), squash(name))
	at, passed := 0, 0
	for i, r := range base {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			continue
		}
		if passed < start {
			passed++
			continue
		}
		if at == len(letters) {
			return strings.TrimLeft(base[i:], "-_. ")
		}
		at++
	}
	return ""
}

func kebab(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// joinPages merges several files of one listing at one place: pages that were saved each to a file of its own.
func (s *Set) joinPages() {
	first := map[string]int{}
	kept := s.Responses[:0]
	for _, r := range s.Responses {
		key := strings.Join([]string{r.Account, r.Region, string(r.Operation), r.About()}, " ")
		i, seen := first[key]
		if !seen {
			first[key] = len(kept)
			kept = append(kept, r)
			continue
		}
		old := &kept[i]
		old.Pages = append(old.Pages, r.Pages...)
		if old.Outcome.Complete() && !r.Outcome.Complete() {
			old.Outcome, old.Code = r.Outcome, r.Code
		}
	}
	s.Responses = kept
}

// Classify says what an error code of AWS means for an operation.
func Classify(op operation.Operation, code string) operation.Outcome {
	switch {
	case slices.Contains(op.Absent, code):
		return operation.Absent
	case slices.Contains(denials, code):
		return operation.Denied
	case slices.Contains(throttles, code):
		return operation.Throttled
	}
	return operation.Failed
}

// The codes by which AWS services say "you may not" and "too fast"
// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and the services' own lists).
var (
	denials   = []string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "Forbidden", "403", "NotAuthorized", "UnauthorizedException", "AccessDeniedForDependencyException", "AllAccessDisabled"}
	throttles = []string{"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown", "ProvisionedThroughputExceededException", "LimitExceededException", "BandwidthLimitExceeded", "PriorRequestNotComplete", "TransactionInProgressException", "EC2ThrottledException"}
)
