package responses

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/onus-cloud/onus/internal/operation"
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
