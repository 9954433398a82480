package responses

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/onus-cloud/onus/internal/operation"
)

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
