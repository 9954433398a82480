package responses

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/operation"
)

// results are the members of what a command prints by which its output is known: a body has at least one of them. An empty object
// says "nothing is set" where the command is about one thing or one setting, but no listing prints it. A test holds this against the table of
// operations; the names are those of the API reference.
var results = map[operation.ID][]string{
	"account:GetAlternateContact":              {"AlternateContact"},
	"account:ListRegions":                      {"Regions"},
	"acm:DescribeCertificate":                  {"Certificate"},
	"acm:ListCertificates":                     {"CertificateSummaryList"},
	"autoscaling:DescribeAutoScalingGroups":    {"AutoScalingGroups"},
	"autoscaling:DescribeLaunchConfigurations": {"LaunchConfigurations"},
	"backup:GetBackupPlan":                     {"BackupPlan"},
	"backup:GetBackupSelection":                {"BackupSelection"},
	"backup:ListBackupPlans":                   {"BackupPlansList"},
	"backup:ListBackupSelections":              {"BackupSelectionsList"},
	"backup:ListBackupVaults":                  {"BackupVaultList"},
	"backup:ListProtectedResources":            {"Results"},
	"backup:ListRecoveryPointsByBackupVault":   {"RecoveryPoints"},
	"backup:ListRestoreJobs":                   {"RestoreJobs"},
	"cloudfront:ListDistributions":             {"DistributionList"},
	"cloudtrail:DescribeTrails":                {"trailList"},
	"cloudtrail:GetEventSelectors":             {"EventSelectors", "AdvancedEventSelectors", "TrailARN"},
	"cloudtrail:GetTrailStatus":                {"IsLogging"},
	"dlm:GetLifecyclePolicies":                 {"Policies"},
	"dlm:GetLifecyclePolicy":                   {"Policy"},
	"dynamodb:DescribeContinuousBackups":       {"ContinuousBackupsDescription"},
	"dynamodb:DescribeTable":                   {"Table"},
	"dynamodb:ListTables":                      {"TableNames"},
	"ec2:DescribeAddresses":                    {"Addresses"},
	"ec2:DescribeFlowLogs":                     {"FlowLogs"},
	"ec2:DescribeImageAttribute":               {"ImageId"},
	"ec2:DescribeImages":                       {"Images"},
	"ec2:DescribeInstanceAttribute":            {"InstanceId"},
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
	"ec2:DescribeSnapshotAttribute":            {"SnapshotId", "CreateVolumePermissions", "ProductCodes"},
	"ec2:DescribeSnapshots":                    {"Snapshots"},
	"ec2:DescribeSubnets":                      {"Subnets"},
	"ec2:DescribeVolumes":                      {"Volumes"},
	"ec2:DescribeVpcEndpoints":                 {"VpcEndpoints"},
	"ec2:DescribeVpcPeeringConnections":        {"VpcPeeringConnections"},
	"ec2:DescribeVpcs":                         {"Vpcs"},
	"ec2:GetEbsEncryptionByDefault":            {"EbsEncryptionByDefault", "SseType"},
	"ec2:GetInstanceMetadataDefaults":          {"AccountLevel"},
	"ec2:GetManagedPrefixListEntries":          {"Entries"},
	"elb:DescribeLoadBalancerAttributes":       {"LoadBalancerAttributes"},
	"elb:DescribeLoadBalancers":                {"LoadBalancerDescriptions"},
	"elbv2:DescribeListeners":                  {"Listeners"},
	"elbv2:DescribeLoadBalancerAttributes":     {"Attributes"},
	"elbv2:DescribeLoadBalancers":              {"LoadBalancers"},
	"elbv2:DescribeRules":                      {"Rules"},
	"elbv2:DescribeTargetGroups":               {"TargetGroups"},
	"elbv2:DescribeTargetHealth":               {"TargetHealthDescriptions"},
	"guardduty:GetDetector":                    {"Status"},
	"guardduty:ListDetectors":                  {"DetectorIds"},
	"iam:GetAccountAuthorizationDetails":       {"UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"},
	"iam:GetAccountPasswordPolicy":             {"PasswordPolicy"},
	"iam:GetAccountSummary":                    {"SummaryMap"},
	"iam:GetCredentialReport":                  {"Content"},
	"iam:ListMFADevices":                       {"MFADevices"},
	"iam:ListVirtualMFADevices":                {"VirtualMFADevices"},
	"kms:DescribeKey":                          {"KeyMetadata"},
	"kms:GetKeyRotationStatus":                 {"KeyRotationEnabled"},
	"kms:ListKeys":                             {"Keys"},
	"lambda:ListFunctions":                     {"Functions"},
	"organizations:DescribeOrganization":       {"Organization"},
	"organizations:DescribePolicy":             {"Policy"},
	"organizations:ListAccounts":               {"Accounts"},
	"organizations:ListPolicies":               {"Policies"},
	"organizations:ListTargetsForPolicy":       {"Targets"},
	"rds:DescribeDBClusterSnapshotAttributes":  {"DBClusterSnapshotAttributesResult"},
	"rds:DescribeDBClusterSnapshots":           {"DBClusterSnapshots"},
	"rds:DescribeDBClusters":                   {"DBClusters"},
	"rds:DescribeDBInstances":                  {"DBInstances"},
	"rds:DescribeDBSnapshotAttributes":         {"DBSnapshotAttributesResult"},
	"rds:DescribeDBSnapshots":                  {"DBSnapshots"},
	"rds:DescribePendingMaintenanceActions":    {"PendingMaintenanceActions"},
	"resourcegroupstaggingapi:GetResources":    {"ResourceTagMappingList"},
	"s3:GetBucketAcl":                          {"Owner", "Grants"},
	"s3:GetBucketEncryption":                   {"ServerSideEncryptionConfiguration"},
	"s3:GetBucketLocation":                     {"LocationConstraint"},
	"s3:GetBucketLogging":                      {"LoggingEnabled"},
	"s3:GetBucketOwnershipControls":            {"OwnershipControls"},
	"s3:GetBucketPolicy":                       {"Policy", "Statement"}, // the second of `--query Policy`
	"s3:GetBucketPolicyStatus":                 {"PolicyStatus"},
	"s3:GetBucketVersioning":                   {"Status", "MFADelete"},
	"s3:GetObjectLockConfiguration":            {"ObjectLockConfiguration"},
	"s3:GetPublicAccessBlock":                  {"PublicAccessBlockConfiguration", "BlockPublicAcls", "RestrictPublicBuckets"},
	"s3:GetObject":                             {"Sample", "Metadata", "ContentLength"}, // the first in recordings
	"s3:ListBuckets":                           {"Buckets"},
	"s3:ListObjectVersions":                    {"Versions", "DeleteMarkers", "VersionCount"}, // the last in recordings
	"s3:ListObjectsV2":                         {"Contents", "KeyCount", "RequestCharged"},
	"s3control:GetPublicAccessBlock":           {"PublicAccessBlockConfiguration", "BlockPublicAcls", "RestrictPublicBuckets"},
	"ssm:DescribeInstanceInformation":          {"InstanceInformationList"},
	"ssm:DescribeInstancePatchStates":          {"InstancePatchStates"},
	"sts:GetCallerIdentity":                    {"Account", "Arn"},
	"wafv2:GetLoggingConfiguration":            {"LoggingConfiguration"},
	"wafv2:GetRuleGroup":                       {"RuleGroup"},
	"wafv2:GetWebACL":                          {"WebACL", "ApplicationIntegrationURL"},
	"wafv2:GetWebACLForResource":               {"WebACL"},
	"wafv2:ListResourcesForWebACL":             {"ResourceArns"},
	"wafv2:ListRuleGroups":                     {"RuleGroups"},
	"wafv2:ListWebACLs":                        {"WebACLs"},

	// beyond a VPC
	"ec2:DescribeEgressOnlyInternetGateways":                 {"EgressOnlyInternetGateways"},
	"ec2:DescribeTransitGateways":                            {"TransitGateways"},
	"ec2:DescribeTransitGatewayAttachments":                  {"TransitGatewayAttachments"},
	"ec2:DescribeTransitGatewayVpcAttachments":               {"TransitGatewayVpcAttachments"},
	"ec2:DescribeTransitGatewayRouteTables":                  {"TransitGatewayRouteTables"},
	"ec2:SearchTransitGatewayRoutes":                         {"Routes"},
	"ec2:GetTransitGatewayPrefixListReferences":              {"TransitGatewayPrefixListReferences"},
	"ec2:DescribeVpnGateways":                                {"VpnGateways"},
	"ec2:DescribeVpnConnections":                             {"VpnConnections"},
	"ec2:DescribeVpcBlockPublicAccessOptions":                {"VpcBlockPublicAccessOptions"},
	"ec2:DescribeVpcBlockPublicAccessExclusions":             {"VpcBlockPublicAccessExclusions"},
	"ec2:DescribeVpcEndpointServiceConfigurations":           {"ServiceConfigurations"},
	"directconnect:DescribeDirectConnectGatewayAssociations": {"directConnectGatewayAssociations"},
	"network-firewall:ListFirewalls":                         {"Firewalls"},
	"network-firewall:DescribeFirewall":                      {"Firewall"},
	"network-firewall:DescribeFirewallPolicy":                {"FirewallPolicy"},
	"network-firewall:DescribeRuleGroup":                     {"RuleGroup", "RuleGroupResponse"},
	"apigateway:GetResources":                                {"items"},
	"apigateway:GetRestApis":                                 {"items"},
	"apigateway:GetStages":                                   {"item"},
	"apigateway:GetVpcLinks":                                 {"items"},
	"apigatewayv2:GetApis":                                   {"Items"},
	"apigatewayv2:GetIntegrations":                           {"Items"},
	"apigatewayv2:GetStages":                                 {"Items"},
	"apigatewayv2:GetVpcLinks":                               {"Items"},
	"cloudfront:GetVpcOrigin":                                {"VpcOrigin"},
	"cloudfront:ListCloudFrontOriginAccessIdentities":        {"CloudFrontOriginAccessIdentityList"},
	"cloudfront:ListVpcOrigins":                              {"VpcOriginList"},
	"ecs:DescribeServices":                                   {"services"},
	"ecs:DescribeTasks":                                      {"tasks"},
	"ecs:ListClusters":                                       {"clusterArns"},
	"ecs:ListServices":                                       {"serviceArns"},
	"ecs:ListTasks":                                          {"taskArns"},
	"eks:DescribeCluster":                                    {"cluster"},
	"eks:ListClusters":                                       {"clusters"},
	"elasticache:DescribeCacheClusters":                      {"CacheClusters"},
	"elasticache:DescribeCacheSubnetGroups":                  {"CacheSubnetGroups"},
	"elbv2:DescribeTargetGroupAttributes":                    {"Attributes"},
	"globalaccelerator:ListAccelerators":                     {"Accelerators"},
	"globalaccelerator:ListCustomRoutingAccelerators":        {"Accelerators"},
	"globalaccelerator:ListEndpointGroups":                   {"EndpointGroups"},
	"globalaccelerator:ListListeners":                        {"Listeners"},
	"lambda:GetPolicy":                                       {"Policy"},
	"lambda:ListFunctionUrlConfigs":                          {"FunctionUrlConfigs"},
	"redshift:DescribeClusterSubnetGroups":                   {"ClusterSubnetGroups"},
	"redshift:DescribeClusters":                              {"Clusters"},

	// who may do what, and what runs as whom
	"apprunner:DescribeService":                                    {"Service"},
	"apprunner:ListServices":                                       {"ServiceSummaryList"},
	"backup:GetBackupVaultAccessPolicy":                            {"Policy"},
	"batch:DescribeJobDefinitions":                                 {"jobDefinitions"},
	"bedrock-agentcore-control:GetAgentRuntime":                    {"agentRuntimeArn"},
	"bedrock-agentcore-control:GetBrowser":                         {"browserArn"},
	"bedrock-agentcore-control:GetCodeInterpreter":                 {"codeInterpreterArn"},
	"bedrock-agentcore-control:ListAgentRuntimes":                  {"agentRuntimes"},
	"bedrock-agentcore-control:ListBrowsers":                       {"browserSummaries"},
	"bedrock-agentcore-control:ListCodeInterpreters":               {"codeInterpreterSummaries"},
	"cloudformation:DescribeStackSet":                              {"StackSet"},
	"cloudformation:DescribeStacks":                                {"Stacks"},
	"cloudformation:ListStackSets":                                 {"Summaries"},
	"glue:GetDevEndpoints":                                         {"DevEndpoints"},
	"glue:GetJobs":                                                 {"Jobs"},
	"codebuild:BatchGetProjects":                                   {"projects"},
	"codebuild:ListProjects":                                       {"projects"},
	"cognito-identity:DescribeIdentityPool":                        {"IdentityPoolName"},
	"cognito-identity:GetIdentityPoolRoles":                        {"IdentityPoolId"},
	"cognito-identity:ListIdentityPools":                           {"IdentityPools"},
	"dynamodb:GetResourcePolicy":                                   {"Policy"},
	"ec2:DescribeInstanceConnectEndpoints":                         {"InstanceConnectEndpoints"},
	"ec2:GetSerialConsoleAccessStatus":                             {"SerialConsoleAccessEnabled"},
	"ecr:DescribeRepositories":                                     {"repositories"},
	"ecr:GetRepositoryPolicy":                                      {"policyText"},
	"ecs:DescribeTaskDefinition":                                   {"taskDefinition"},
	"eks:DescribeAccessEntry":                                      {"accessEntry"},
	"eks:DescribeNodegroup":                                        {"nodegroup"},
	"eks:DescribePodIdentityAssociation":                           {"association"},
	"eks:ListAccessEntries":                                        {"accessEntries"},
	"eks:ListAssociatedAccessPolicies":                             {"associatedAccessPolicies"},
	"eks:ListNodegroups":                                           {"nodegroups"},
	"eks:ListPodIdentityAssociations":                              {"associations"},
	"iam:GetOpenIDConnectProvider":                                 {"Url", "ClientIDList"},
	"iam:GetServiceLastAccessedDetails":                            {"ServicesLastAccessed", "JobStatus"},
	"iam:ListOpenIDConnectProviders":                               {"OpenIDConnectProviderList"},
	"iam:ListOrganizationsFeatures":                                {"EnabledFeatures", "OrganizationId"},
	"iam:ListSAMLProviders":                                        {"SAMLProviderList"},
	"identitystore:ListGroupMemberships":                           {"GroupMemberships"},
	"identitystore:ListGroups":                                     {"Groups"},
	"identitystore:ListUsers":                                      {"Users"},
	"kms:GetKeyPolicy":                                             {"Policy"},
	"kms:ListAliases":                                              {"Aliases"},
	"kms:ListGrants":                                               {"Grants"},
	"lambda:ListEventSourceMappings":                               {"EventSourceMappings"},
	"organizations:ListAccountsForParent":                          {"Accounts"},
	"organizations:ListDelegatedAdministrators":                    {"DelegatedAdministrators"},
	"organizations:ListDelegatedServicesForAccount":                {"DelegatedServices"},
	"organizations:ListOrganizationalUnitsForParent":               {"OrganizationalUnits"},
	"organizations:ListRoots":                                      {"Roots"},
	"s3control:GetAccessPoint":                                     {"Name", "Bucket"},
	"s3control:GetAccessPointPolicy":                               {"Policy"},
	"s3control:GetAccessPointPolicyStatus":                         {"PolicyStatus"},
	"s3control:ListAccessPoints":                                   {"AccessPointList"},
	"sagemaker:DescribeNotebookInstance":                           {"NotebookInstanceArn"},
	"sagemaker:ListNotebookInstances":                              {"NotebookInstances"},
	"secretsmanager:GetResourcePolicy":                             {"ResourcePolicy", "ARN"},
	"secretsmanager:ListSecrets":                                   {"SecretList"},
	"sns:GetTopicAttributes":                                       {"Attributes"},
	"efs:DescribeFileSystems":                                      {"FileSystems"},
	"efs:DescribeFileSystemPolicy":                                 {"FileSystemId", "Policy"},
	"events:ListEventBuses":                                        {"EventBuses"},
	"opensearch:ListDomainNames":                                   {"DomainNames"},
	"opensearch:DescribeDomain":                                    {"DomainStatus"},
	"logs:DescribeResourcePolicies":                                {"resourcePolicies"},
	"sns:ListTopics":                                               {"Topics"},
	"sqs:GetQueueAttributes":                                       {"Attributes"},
	"sqs:ListQueues":                                               {"QueueUrls"},
	"ssm:DescribeParameters":                                       {"Parameters"},
	"sso-admin:DescribePermissionSet":                              {"PermissionSet"},
	"sso-admin:GetInlinePolicyForPermissionSet":                    {"InlinePolicy"},
	"sso-admin:GetPermissionsBoundaryForPermissionSet":             {"PermissionsBoundary"},
	"sso-admin:ListAccountAssignments":                             {"AccountAssignments"},
	"sso-admin:ListAccountsForProvisionedPermissionSet":            {"AccountIds"},
	"sso-admin:ListCustomerManagedPolicyReferencesInPermissionSet": {"CustomerManagedPolicyReferences"},
	"sso-admin:ListInstances":                                      {"Instances"},
	"sso-admin:ListManagedPoliciesInPermissionSet":                 {"AttachedManagedPolicies"},
	"sso-admin:ListPermissionSets":                                 {"PermissionSets"},
	"stepfunctions:DescribeStateMachine":                           {"stateMachineArn", "roleArn"},
	"stepfunctions:ListStateMachines":                              {"stateMachines"},
}

// unfit says what is wrong with a page that is no output of the operation: that of another command, a part of it that --query cut
// out, an error that a program saved. It is "" for one that is.
func unfit(op operation.Operation, page map[string]json.RawMessage) string {
	members := results[op.ID]
	for member := range page {
		if slices.ContainsFunc(members, func(m string) bool { return strings.EqualFold(m, member) }) {
			return ""
		}
	}
	if page != nil && !strings.HasPrefix(op.ID.Name(), "Describe") && !strings.HasPrefix(op.ID.Name(), "List") {
		return "" // of one setting or document, which load also takes bare, and which may have nothing in it
	}
	return fmt.Sprintf("it has no %s, so it is not all that %s prints: save the command's output as it is, without --query", strings.Join(members, " or "), kebab(op.ID.Name()))
}

// goesOn reports whether a page says that another follows it.
func goesOn(op operation.Operation, page map[string]json.RawMessage) bool {
	if op.ID.Service() == "wafv2" {
		return false // it hands out a NextMarker behind the last page, too
	}
	for member, raw := range page {
		switch member {
		case "NextToken", "nextToken", "Marker", "NextMarker", "PaginationToken", "LastEvaluatedTableName", "ContinuationToken", "position":
			var token string
			if json.Unmarshal(raw, &token) == nil && token != "" {
				return true
			}
		case "IsTruncated", "Truncated":
			if string(raw) == "true" {
				return true
			}
		}
	}
	return false
}

// savedError reads the error that a program saved in the place of an output: {"Error": {"Code": ...}} as boto3 has it, or
// {"__type": ...} as services send it.
func savedError(page map[string]json.RawMessage) (code, message string) {
	var e struct {
		Error struct{ Code, Message string }
		Type  string `json:"__type"`
		Text  string `json:"message"`
	}
	body, err := json.Marshal(page)
	if err != nil || json.Unmarshal(body, &e) != nil {
		return "", ""
	}
	if e.Error.Code != "" {
		return e.Error.Code, e.Error.Message
	}
	return e.Type[strings.LastIndex(e.Type, "#")+1:], e.Text
}
