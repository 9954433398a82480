package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// kindsRead are the resources, as their ARNs name service and type, that some file of this package reads. What the
// tagging API shows besides is named in the report, so that nothing is claimed over what was never looked at.
var kindsRead = map[string][]string{
	"ec2": {"instance", "volume", "snapshot", "image", "launch-template", "vpc", "subnet", "route-table", "network-acl", "internet-gateway", "natgateway",
		"vpc-peering-connection", "vpc-endpoint", "elastic-ip", "network-interface", "security-group", "security-group-rule", "vpc-flow-log", "prefix-list",
		"egress-only-internet-gateway", "transit-gateway", "transit-gateway-attachment", "transit-gateway-route-table", "vpn-gateway", "vpn-connection",
		"vpc-endpoint-service", "vpc-block-public-access-exclusion", "instance-connect-endpoint"},
	"network-firewall":     {"firewall", "firewall-policy", "stateful-rulegroup", "stateless-rulegroup"},
	"autoscaling":          {"autoScalingGroup", "launchConfiguration"},
	"elasticloadbalancing": {"loadbalancer", "listener", "listener-rule", "targetgroup"},
	"s3":                   {""},
	"kms":                  {"key"},
	"rds":                  {"db", "cluster", "snapshot", "cluster-snapshot"},
	"dynamodb":             {"table"},
	"lambda":               {"function", "event-source-mapping"},
	"cloudtrail":           {"trail"},
	"guardduty":            {"detector"},
	"wafv2":                {"regional", "global"},
	"cloudfront":           {"distribution", "vpcorigin"},
	"acm":                  {"certificate"},
	"backup":               {"backup-plan", "backup-vault", "recovery-point"},
	"dlm":                  {"policy"},
	"iam":                  {"user", "role", "policy", "group", "mfa", "instance-profile", "oidc-provider", "saml-provider"},
	"ssm":                  {"managed-instance", "parameter"},
	"sqs":                  {""},
	"sns":                  {""},
	"secretsmanager":       {"secret"},
	"ecr":                  {"repository"},
	"elasticfilesystem":    {"file-system"},
	"es":                   {"domain"},
	"events":               {"event-bus"},
	"sso":                  {"instance", "permissionSet"},
	"codebuild":            {"project"},
	"cloudformation":       {"stack", "stackset"},
	"glue":                 {"job", "devEndpoint"},
	"cognito-identity":     {"identitypool"},
	"states":               {"stateMachine"},
	"apprunner":            {"service"},
	"batch":                {"job-definition"},
	"sagemaker":            {"notebook-instance"},
	"bedrock-agentcore":    {"runtime", "code-interpreter-custom", "browser-custom"},

	"apigateway":        {"restapis", "apis", "vpclinks"},
	"ecs":               {"cluster", "service", "task", "task-definition"},
	"eks":               {"cluster", "nodegroup", "podidentityassociation", "access-entry"},
	"elasticache":       {"cluster", "subnetgroup"},
	"globalaccelerator": {"accelerator"},
	"redshift":          {"cluster", "subnetgroup"},
}

// unreadKinds counts the tagged resources that nothing reads, by service and type.
func (l *loader) unreadKinds() {
	counts := map[estate.UnreadKind]int{}
	for _, t := range l.estate.Tagged {
		service, kind := arnKind(t.ARN)
		if service == "" || slices.Contains(kindsRead[service], kind) {
			continue
		}
		counts[estate.UnreadKind{Service: service, Type: kind}]++
	}
	for k, n := range counts {
		k.Count = n
		l.estate.UnreadKinds = append(l.estate.UnreadKinds, k)
	}
	slices.SortFunc(l.estate.UnreadKinds, func(a, b estate.UnreadKind) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), strings.Compare(a.Type, b.Type))
	})
}

// arnKind reads service and type out of an ARN: "arn:aws:sqs:us-east-1:111122223333:orders" is sqs and says no type.
func arnKind(arn string) (service, kind string) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return "", ""
	}
	resource := strings.TrimPrefix(parts[5], "/") // API Gateway's begin with one
	if i := strings.IndexAny(resource, ":/"); i > 0 {
		kind = resource[:i]
	}
	if parts[2] == "s3" || parts[2] == "sqs" || parts[2] == "sns" {
		kind = ""
	}
	return parts[2], kind
}
