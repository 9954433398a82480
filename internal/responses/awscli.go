package responses

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

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
// asOf is the time of all of it. regions are those that were asked for: where there is one, it is that of the files that name none. What is not in the folder was not tried. A file that cannot be understood is a Problem.
// Secrets in the files go no further: redactor takes them out.
func ReadAWSCLI(folder fs.FS, source string, asOf time.Time, redactor *Redactor, regions ...string) (*Set, error) {
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
		f := &cliFile{name: name, body: bytes.TrimSpace(asUTF8(body))}
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
	place(files, regions)
	names := namesOf(files)
	var read []readFile
	for _, f := range files {
		complaint := path.Ext(f.name) == ".err"
		if len(f.body) == 0 && (complaint || f.beside(files)) || complaint && !errorPattern.Match(f.body) && f.beside(files) {
			continue // nothing was said there but warnings, and what was said is in the other file
		}
		r, why := f.response(asOf, names)
		if why != "" {
			set.problem(f.name, "%s", why)
		}
		if r != nil {
			r.redact(f.op, redactor)
			read = append(read, readFile{*r, f.goesOn})
		}
	}
	set.joinPages(read)
	return set, nil
}

// cliFile is one file, as far as it is understood.
type cliFile struct {
	name    string
	body    []byte
	object  map[string]json.RawMessage // the body, when it is a JSON object
	op      operation.Operation
	base    string // the name in which the operation stands, without its extension
	account string
	region  string
	goesOn  int // how many of its pages say that another follows
}

var (
	accountPattern   = regexp.MustCompile(`(?:^|[^0-9])([0-9]{12})(?:[^0-9]|$)`)
	regionPattern    = regexp.MustCompile(`(?:^|[^a-z0-9])((?:us|eu|ap|sa|ca|me|af|il|mx|cn)(?:-gov|-iso|-isob)?-(?:north|south|east|west|central|northeast|northwest|southeast|southwest)-[0-9])(?:[^0-9]|$)`)
	errorPattern     = regexp.MustCompile(`An error occurred \(([A-Za-z0-9._-]+)\)(?: when calling the ([A-Za-z0-9]+) operation)?(?: \(reached max retries: [0-9]+\))?:? ?(.*)`)
	arnPattern       = regexp.MustCompile(`arn:aws[a-z-]*:[a-z0-9-]+:([a-z0-9-]*):([0-9]{12})?:`)
	principalPattern = regexp.MustCompile(`"Arn": *"arn:aws[a-z-]*:iam::([0-9]{12}):(?:user|role|group)/`)
	zonePattern      = regexp.MustCompile(`"((?:us|eu|ap|sa|ca|me|af|il|mx|cn)(?:-gov)?-[a-z]+-[0-9])[a-f]"`)
	ownerPattern     = regexp.MustCompile(`(?i)"(?:OwnerId|Account|AccountId)": *"([0-9]{12})"`)
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
	if f.byName() {
		return ""
	}
	switch found := f.byBody(); {
	case len(found) == 1:
		return ""
	case len(found) > 1:
		return fmt.Sprintf("it holds the output of several commands (%s): save each to a file of its own", strings.Join(found, ", "))
	}
	return "neither its name nor its content is that of an operation that onus reads: name it like 111122223333/us-east-1/ec2/describe-instances.json"
}

// asUTF8 takes a byte order mark off, and reads what a Windows shell redirects: UTF-16.
func asUTF8(body []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(body, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(body, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	}
	var units []uint16
	for i := 2; i+1 < len(body); i += 2 {
		units = append(units, order.Uint16(body[i:]))
	}
	return []byte(string(utf16.Decode(units)))
}

// squash reduces a name to its letters and digits, in lower case.
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

// byName finds the operation whose name stands in the file's name, as words of their own, or else in that of its folder; the longest
// that fits. Where two services have one of that name, the service must be named too, in the file's name or a folder's; a file of a
// service that is none of ours is not ours.
func (f *cliFile) byName() bool {
	base := strings.TrimSuffix(path.Base(f.name), path.Ext(f.name))
	if f.named(base) {
		return true
	}
	folder := path.Base(path.Dir(f.name))
	return folder != "." && folder != "/" && f.named(folder+"-"+base)
}

// otherServices have commands of the names of ours.
var otherServices = []string{"apigateway", "apigatewayv2", "apprunner", "appstream", "appsync", "chime", "connect", "datasync", "dax", "dms", "docdb-elastic", "ecr", "ecs", "eks",
	"elasticache", "emr", "es", "globalaccelerator", "kafka", "redshift", "servicediscovery", "vpc-lattice",
	"fms", "fsx", "gamelift", "imagebuilder",
	"iot", "keyspaces", "memorydb", "opensearch", "s3tables", "snowball", "sso", "transfer", "verifiedpermissions", "workdocs", "workmail"}

// sharedNames are operations of whose name other services have one too, with a member that their own output has: either that or the
// path must name the service.
var sharedNames = map[operation.ID]string{
	"apprunner:DescribeService": "ServiceUrl", "apprunner:ListServices": "ServiceSummaryList", "codebuild:ListProjects": "projects",
	"dynamodb:GetResourcePolicy": "RevisionId", "identitystore:ListGroups": "IdentityStoreId", "identitystore:ListUsers": "IdentityStoreId",
	"kms:ListAliases": "TargetKeyId", "secretsmanager:GetResourcePolicy": "ARN", "sns:ListTopics": "TopicArn", "sqs:ListQueues": "QueueUrls",
	"sso-admin:ListInstances": "InstanceArn",
}

func (f *cliFile) named(base string) bool {
	// Words that start an operation: cut the parameters off first where they are marked.
	head, _, _ := strings.Cut(base, "--")
	whole := squash(path.Dir(f.name)) + squash(head)
	best, bestScore := operation.Operation{}, 0
	for _, op := range operation.All() {
		name := op.ID.Name()
		if start, _ := words(head, name); start < 0 {
			continue
		}
		score := 10 * len(name)
		named := false
		for _, service := range append([]string{op.ID.Service()}, cliNames[op.ID.Service()]...) {
			if namesService(f.name, service) {
				named = true
				score += 1 + len(service)
			}
		}
		if telling, shared := sharedNames[op.ID]; shared && !named && !bytes.Contains(f.body, []byte(`"`+telling+`"`)) {
			continue
		}
		if !named && (slices.ContainsFunc(otherServices, func(s string) bool { return namesService(f.name, s) }) || op.ID == "organizations:ListPolicies" && namesService(f.name, "iam")) {
			continue
		}
		if strings.Contains(whole, "wafregional") || strings.Contains(whole, "networkfirewall") && op.ID.Service() != "network-firewall" {
			continue
		}
		if op.ID.Service() == "s3" && strings.Contains(whole, "s3control") {
			score -= 5
		}
		if score > bestScore {
			best, bestScore = op, score
		}
	}
	if bestScore == 0 {
		return false
	}
	// Of two services with an operation of one name, the body may decide: DescribeLoadBalancers of elb and elbv2.
	if other := f.sibling(best); other.ID != "" {
		best = other
	}
	f.op, f.base = best, base
	return true
}

// words finds a name in a text, in whatever spelling: "describe-db-instances", "DescribeDBInstances" and "describe_db_instances" are one.
// It must begin and end with a word: "describe-instance-status" is not describe-instances. It returns where, or -1.
func words(text, name string) (start, end int) {
	letters := []rune(strings.ToLower(name))
	runes := []rune(text)
	isWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	for start := range runes {
		if !isWord(runes[start]) || start > 0 && isWord(runes[start-1]) && !unicode.IsUpper(runes[start]) {
			continue
		}
		at, i := 0, start
		for ; i < len(runes) && at < len(letters); i++ {
			if !isWord(runes[i]) {
				continue
			}
			if unicode.ToLower(runes[i]) != letters[at] {
				break
			}
			at++
		}
		if at == len(letters) && (i == len(runes) || !unicode.IsLetter(runes[i]) || unicode.IsUpper(runes[i])) {
			return start, i
		}
	}
	return -1, -1
}

// namesService reports whether a word of the path is the service's name; that of some is two words ("network-firewall").
func namesService(name, service string) bool {
	if strings.Contains(service, "-") {
		start, _ := words(name, squash(service))
		return start >= 0
	}
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

// byBody finds the listing by its telling member, and returns all that there are.
func (f *cliFile) byBody() (found []string) {
	for _, member := range slices.Sorted(maps.Keys(memberOf)) {
		if _, ok := f.object[member]; ok {
			f.op, _ = operation.Get(memberOf[member])
			found = append(found, kebab(f.op.ID.Name()))
		}
	}
	return found
}

// place settles each file's account and Region. Who asked, sts get-caller-identity knows for all that lies beside it and below; the
// content may name others, whose images are used and whose subnets are shared.
func place(files []*cliFile, asked []string) {
	identities := map[string]string{} // by folder; "" where two differ
	for _, f := range files {
		if f.op.ID != "sts:GetCallerIdentity" {
			continue
		}
		f.account = agreed(f.body, ownerPattern, 1)
		if old, seen := identities[path.Dir(f.name)]; seen && old != f.account {
			f.account = ""
		}
		identities[path.Dir(f.name)] = f.account
	}
	accounts, regions := map[string]bool{}, map[string]bool{}
	for _, f := range files {
		if named := inName(accountPattern, f.name); named != "" {
			f.account = named
		}
		f.region = inName(regionPattern, f.name)
		for folder := path.Dir(f.name); f.account == ""; folder = path.Dir(folder) {
			f.account = identities[folder]
			if folder == "." || folder == "/" {
				break
			}
		}
		if f.account == "" && f.op.ID == "iam:GetAccountAuthorizationDetails" { // its policies name other accounts
			f.account = agreed(f.body, principalPattern, 1)
		}
		if f.account == "" {
			f.account = agreed(f.body, arnPattern, 2)
		}
		if f.account == "" && f.op.ID != "ec2:DescribeImages" { // others' images
			f.account = agreed(f.body, ownerPattern, 1)
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
	identity := map[string]bool{}
	for _, account := range identities {
		identity[account] = true
	}
	for _, f := range files {
		if f.account == "" && len(identity) == 1 {
			f.account = only(identity)
		}
		if f.account == "" && len(accounts) == 1 {
			f.account = only(accounts)
		}
		switch {
		case f.op.Scope == operation.PerAccount, f.op.Scope == operation.PerOrganization:
			f.region = "global"
		case f.op.Scope == operation.PerRegionGlobal && (strings.Contains(strings.ToLower(f.name), "cloudfront") || bytes.Contains(f.body, []byte(":global/"))), namesService(f.name, "global"):
			f.region = "global"
		case f.region == "" && len(asked) == 1:
			f.region = asked[0]
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
func (f *cliFile) response(asOf time.Time, names *names) (*Response, string) {
	if f.account == "" {
		return nil, "no account is known for it: put it into a folder named after the account (111122223333/us-east-1/), or add the output of `aws sts get-caller-identity`"
	}
	if f.region == "" {
		return nil, "no Region is known for it: put it into a folder named after the Region (111122223333/us-east-1/)"
	}
	r := &Response{Account: f.account, Region: f.region, Operation: f.op.ID, Time: asOf, Origin: f.name, Outcome: operation.OK}
	var missing string
	if r.Parameters, missing = f.parameters(names); missing != "" {
		return nil, missing
	}
	switch m := errorPattern.FindSubmatch(f.body); {
	case len(f.body) == 0:
		r.Outcome, r.Code = operation.Failed, "EmptyFile"
		return r, "it is empty, which the AWS CLI prints both for \"there is none\" and for \"failed\": unknown"
	case f.object != nil:
		if code, message := savedError(f.object); code != "" {
			r.Code, r.Message = code, message
			r.Outcome = Classify(f.op, code)
			return r, ""
		}
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
	for _, page := range r.Pages {
		var object map[string]json.RawMessage
		if json.Unmarshal(page, &object) != nil {
			object = nil // of a page that is no object
		}
		if why := unfit(f.op, object); why != "" {
			r.Outcome, r.Code, r.Pages = operation.Failed, "BadBody", nil
			return r, why + "; what it would have told is unknown"
		}
		if goesOn(f.op, object) {
			f.goesOn++
		}
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
func (f *cliFile) parameters(names *names) (map[string]string, string) {
	if f.op.Lists() {
		return nil, ""
	}
	values := map[string]string{}
	for _, name := range f.op.By {
		switch value := marked(f.base, name); {
		case arnKinds[f.op.ID] != "" && bodyNames[name] != "" && f.member(bodyNames[name]) != "":
			values[name] = f.member(bodyNames[name]) // all of it, where the name has a part
		case value != "":
			values[name] = value
		case name == "VersionId":
			values[name] = "" // of the newest, whatever the answer says that it is
		case f.member(name) != "":
			values[name] = f.member(name)
		case bodyNames[name] != "" && f.member(bodyNames[name]) != "":
			values[name] = f.member(bodyNames[name])
		case name == "Attribute":
			values[name] = f.attribute()
		case name == "Prefix":
			values[name] = "" // all of the bucket
		case name == "ResourceType":
			values[name] = "APPLICATION_LOAD_BALANCER" // what the command asks about where nothing is said
		default:
			if len(f.op.By) > 1 && name != f.op.By[0] {
				return nil, fmt.Sprintf("which %s it is about is not said: name it like %s--%s=VALUE.json", name, kebab(f.op.ID.Name()), strings.Join(f.op.By, "=VALUE--"))
			}
			if values[name] = f.trailing(names); values[name] == "" {
				return nil, fmt.Sprintf("which %s it is about is not said: name it like %s--%s=VALUE.json", name, kebab(f.op.ID.Name()), name)
			}
		}
		switch {
		case name == "KeyId": // of some commands an ARN
			_, id, isARN := strings.Cut(values[name], ":key/")
			if isARN {
				values[name] = id
			}
		case name == "QueueUrl" && !strings.Contains(values[name], "://"):
			if values[name] = names.queue(f, values[name]); values[name] == "" {
				return nil, "which QueueUrl it is about is not said: name it after the queue, and add the output of `aws sqs list-queues`"
			}
		}
		if kind := arnKinds[f.op.ID]; name == f.op.By[0] && kind != "" && !strings.HasPrefix(values[name], "arn:") {
			if values[name] = names.arn(f, kind, values[name]); values[name] == "" {
				return nil, fmt.Sprintf("which %s it is about is not said by an ARN, nor by the name of one in the folder: name it like %s--%s=VALUE.json, with %%2F for /", name, kebab(f.op.ID.Name()), name)
			}
		}
	}
	return values, ""
}

// bodyNames are what outputs call a parameter where they have another name for it.
var bodyNames = map[string]string{"SecretId": "ARN", "TaskDefinition": "TaskDefinitionArn", "QueueUrl": "QueueArn"}

// queue is the one address of a queue in the file's account and Region that a name or an ARN means; "" where there is none.
func (n *names) queue(f *cliFile, value string) string {
	found := ""
	for word := range n.words {
		if strings.HasPrefix(word, "http") && strings.HasSuffix(word, "/"+f.account+"/"+value[strings.LastIndexByte(value, ':')+1:]) && inName(regionPattern, word) == f.region {
			if found != "" {
				return ""
			}
			found = word
		}
	}
	return found
}

// arnKinds are the operations that are asked about an ARN, and what stands in those ARNs: people name files by a part of them.
var arnKinds = map[operation.ID]string{
	"elbv2:DescribeListeners": ":loadbalancer/", "elbv2:DescribeLoadBalancerAttributes": ":loadbalancer/", "wafv2:GetWebACLForResource": ":loadbalancer/",
	"elbv2:DescribeRules": ":listener/", "elbv2:DescribeTargetHealth": ":targetgroup/", "elbv2:DescribeTargetGroupAttributes": ":targetgroup/",
	"ecs:ListServices": ":cluster/", "ecs:DescribeServices": ":cluster/", "ecs:ListTasks": ":cluster/", "ecs:DescribeTasks": ":cluster/",
	"globalaccelerator:ListListeners": ":accelerator/", "globalaccelerator:ListEndpointGroups": "/listener/",
	"wafv2:ListResourcesForWebACL": "/webacl/", "wafv2:GetLoggingConfiguration": "/webacl/", "acm:DescribeCertificate": ":certificate/",
	"network-firewall:DescribeFirewall": ":firewall/", "network-firewall:DescribeFirewallPolicy": ":firewall-policy/", "network-firewall:DescribeRuleGroup": "-rulegroup/",
	"dynamodb:GetResourcePolicy": ":table/", "ecs:DescribeTaskDefinition": ":task-definition/", "iam:GetOpenIDConnectProvider": ":oidc-provider/", "iam:GetServiceLastAccessedDetails": ":iam::",
	"sso-admin:ListPermissionSets": ":instance/", "sso-admin:DescribePermissionSet": ":permissionSet/", "sso-admin:ListManagedPoliciesInPermissionSet": ":permissionSet/", "sso-admin:ListCustomerManagedPolicyReferencesInPermissionSet": ":permissionSet/",
	"sso-admin:GetInlinePolicyForPermissionSet": ":permissionSet/", "sso-admin:GetPermissionsBoundaryForPermissionSet": ":permissionSet/", "sso-admin:ListAccountsForProvisionedPermissionSet": ":permissionSet/",
	"stepfunctions:DescribeStateMachine": ":stateMachine:", "apprunner:DescribeService": ":service/",
}

// names are what the files of a folder name: the ARNs, and all words in quotes.
type names struct {
	arns  map[string]bool
	words map[string]bool
}

var (
	wholeARN = regexp.MustCompile(`arn:aws[a-z-]*:[a-z0-9-]+:[^"\\\s,]*`)
	quoted   = regexp.MustCompile(`"([^"\\]{1,255})"`)
)

func namesOf(files []*cliFile) *names {
	n := &names{map[string]bool{}, map[string]bool{}}
	if !slices.ContainsFunc(files, func(f *cliFile) bool { return !f.op.Lists() }) {
		return n // nobody asks
	}
	for _, f := range files {
		for _, m := range wholeARN.FindAll(f.body, -1) {
			n.arns[string(m)] = true
		}
		for _, m := range quoted.FindAllSubmatch(f.body, -1) {
			n.words[string(m[1])] = true
		}
	}
	return n
}

// arn is the one ARN of a kind, in the file's account and Region, that a file's name means: by the name of the resource, by the end of
// the ARN, or by all of it in other spelling. It is "" where there is none or are several.
func (n *names) arn(f *cliFile, kind, value string) string {
	found := ""
	for arn := range n.arns {
		parts := strings.SplitN(arn, ":", 6)
		if len(parts) < 6 || parts[4] != f.account && parts[4] != "" || parts[3] != f.region && parts[3] != "" && f.region != "global" || !strings.Contains(arn, kind) {
			continue
		}
		if kind == ":iam::" && !strings.Contains(arn, ":role/") && !strings.Contains(arn, ":user/") && !strings.Contains(arn, ":group/") {
			continue // an instance profile has the name of its role as a rule
		}
		_, tail, _ := strings.Cut(arn, kind)
		if strings.Contains(tail, "/listener/") || strings.Contains(tail, "/endpoint-group/") {
			continue // of Global Accelerator: something within
		}
		segments := strings.Split(tail, "/")
		means := squash(arn) == squash(value) || slices.Contains(segments, value)
		for i := range segments {
			end := squash(strings.Join(segments[i:], ""))
			means = means || end == squash(value) || len(segments) > 1 && squash(strings.Join(segments[i:len(segments)-1], "")) == squash(value)
		}
		if !means {
			continue
		}
		if found != "" && found != arn {
			return ""
		}
		found = arn
	}
	return found
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

// member reads a top-level member of the body, or of its only object, that has the parameter's name, or the one that all items of its
// list have.
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
	all := map[string]bool{}
	for _, raw := range f.object {
		var items []map[string]json.RawMessage
		if json.Unmarshal(raw, &items) != nil {
			continue
		}
		for _, item := range items {
			for key, raw := range item {
				var s string
				switch isRule := f.op.ID == "elbv2:DescribeRules" && key == "RuleArn"; {
				case !isRule && squash(key) != squash(name) || json.Unmarshal(raw, &s) != nil:
				case isRule: // ...:listener-rule/app/NAME/BALANCER/LISTENER/RULE
					all[strings.Replace(s[:max(0, strings.LastIndex(s, "/"))], ":listener-rule/", ":listener/", 1)] = true
				default:
					all[s] = true
				}
			}
		}
	}
	if len(all) == 1 {
		return only(all)
	}
	return ""
}

// beside reports whether another file has the same name but for its end: what the command printed, next to what it complained of.
func (f *cliFile) beside(files []*cliFile) bool {
	stem := strings.TrimSuffix(f.name, path.Ext(f.name))
	return slices.ContainsFunc(files, func(o *cliFile) bool {
		return o != f && len(o.body) > 0 && path.Ext(o.name) != path.Ext(f.name) && (strings.TrimSuffix(o.name, path.Ext(o.name)) == stem || strings.TrimSuffix(o.name, path.Ext(o.name)) == f.name)
	})
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

// trailing is what follows the operation's name in the file's name: "get-bucket-policy-acme-logs" is about acme-logs. Where the
// account or the Region stands behind it, it is the part that some file of the folder names. Where nothing follows, the resource is what
// stands before, or the folder, if some file names it.
func (f *cliFile) trailing(names *names) string {
	const between = "-_. "
	start, end := words(f.base, f.op.ID.Name())
	if start < 0 {
		return ""
	}
	runes := []rune(f.base)
	if rest := strings.Trim(string(runes[end:]), between); rest != "" && rest != f.account && rest != f.region {
		if names.words[rest] {
			return rest
		}
		bare := rest
		for range 2 {
			bare = strings.Trim(strings.TrimSuffix(strings.TrimSuffix(bare, f.account), f.region), between)
		}
		if bare != "" && names.words[bare] {
			return bare
		}
		return rest
	}
	for _, before := range []string{strings.Trim(string(runes[:start]), between), path.Base(path.Dir(f.name))} {
		if names.words[before] && before != f.account && before != f.region {
			return before
		}
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

// readFile is a file's response, and how many of its pages say that another follows.
type readFile struct {
	Response
	goesOn int
}

// joinPages merges several files of one listing at one place: pages that were saved each to a file of its own. Where every page says
// that another follows, the last ones are missing.
func (s *Set) joinPages(read []readFile) {
	first := map[string]int{}
	kept := read[:0]
	for _, r := range read {
		key := strings.Join([]string{r.Account, r.Region, string(r.Operation), r.About()}, " ")
		i, seen := first[key]
		if !seen {
			first[key] = len(kept)
			kept = append(kept, r)
			continue
		}
		old := &kept[i]
		old.Pages = append(old.Pages, r.Pages...)
		old.goesOn += r.goesOn
		if old.Outcome.Complete() && !r.Outcome.Complete() {
			old.Outcome, old.Code = r.Outcome, r.Code
		}
	}
	for _, r := range kept {
		if r.Outcome == operation.OK && r.goesOn > 0 && r.goesOn >= len(r.Pages) {
			r.Outcome, r.Code = operation.Failed, "PagesMissing"
			s.problem(r.Origin, "its last page says that more follow (NextToken or Marker): what they would have told is unknown; leave --max-items and --no-paginate out, or save the other pages beside it")
		}
		s.Responses = append(s.Responses, r.Response)
	}
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
