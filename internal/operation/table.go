package operation

// table is what Onus reads. To add a service: rows here, a file in collect that makes the calls, a file in load that reads
// the responses (CONTRIBUTING.md goes through it). Action names are those of the Service Authorization Reference
// (https://docs.aws.amazon.com/service-authorization/latest/reference/); a test holds them against a copy of it.
var table = []Operation{
	// sts, account, organizations: who and where
	{ID: "sts:GetCallerIdentity", Scope: PerAccount, Actions: []string{"sts:GetCallerIdentity"}},
	{ID: "account:ListRegions", Scope: PerAccount, Actions: []string{"account:ListRegions"}},
	{ID: "account:GetAlternateContact", Scope: PerAccount, Actions: []string{"account:GetAlternateContact"}, By: []string{"AlternateContactType"}, Absent: []string{"ResourceNotFoundException"}},
	{ID: "organizations:DescribeOrganization", Scope: PerOrganization, Actions: []string{"organizations:DescribeOrganization"}, Absent: []string{"AWSOrganizationsNotInUseException"}},
	{ID: "organizations:ListAccounts", Scope: PerOrganization, Actions: []string{"organizations:ListAccounts"}, Absent: []string{"AWSOrganizationsNotInUseException"}},
	{ID: "organizations:ListPolicies", Scope: PerOrganization, Actions: []string{"organizations:ListPolicies"}, Absent: []string{"AWSOrganizationsNotInUseException"}},
	{ID: "organizations:DescribePolicy", Scope: PerOrganization, Actions: []string{"organizations:DescribePolicy"}, By: []string{"PolicyId"}},
	{ID: "organizations:ListTargetsForPolicy", Scope: PerOrganization, Actions: []string{"organizations:ListTargetsForPolicy"}, By: []string{"PolicyId"}},

	// ec2: hosts
	{ID: "ec2:DescribeRegions", Scope: PerAccount, Actions: []string{"ec2:DescribeRegions"}},
	{ID: "ec2:DescribeInstances", Scope: PerRegion, Actions: []string{"ec2:DescribeInstances"}},
	{ID: "ec2:DescribeInstanceAttribute", Scope: PerRegion, Actions: []string{"ec2:DescribeInstanceAttribute"}, By: []string{"InstanceId", "Attribute"}, Secret: []string{"UserData.Value"}},
	{ID: "ec2:DescribeImages", Scope: PerRegion, Actions: []string{"ec2:DescribeImages"}},
	{ID: "ec2:DescribeLaunchTemplates", Scope: PerRegion, Actions: []string{"ec2:DescribeLaunchTemplates"}},
	{ID: "ec2:DescribeLaunchTemplateVersions", Scope: PerRegion, Actions: []string{"ec2:DescribeLaunchTemplateVersions"}, Secret: []string{"LaunchTemplateVersions[].LaunchTemplateData.UserData"}},
	{ID: "ec2:GetInstanceMetadataDefaults", Scope: PerRegion, Actions: []string{"ec2:GetInstanceMetadataDefaults"}},
	{ID: "autoscaling:DescribeAutoScalingGroups", Scope: PerRegion, Actions: []string{"autoscaling:DescribeAutoScalingGroups"}},
	{ID: "autoscaling:DescribeLaunchConfigurations", Scope: PerRegion, Actions: []string{"autoscaling:DescribeLaunchConfigurations"}, Secret: []string{"LaunchConfigurations[].UserData"}},
	{ID: "ssm:DescribeInstanceInformation", Scope: PerRegion, Actions: []string{"ssm:DescribeInstanceInformation"}},
	{ID: "ssm:DescribeInstancePatchStates", Scope: PerRegion, Actions: []string{"ssm:DescribeInstancePatchStates"}},

	// ec2: storage
	{ID: "ec2:DescribeVolumes", Scope: PerRegion, Actions: []string{"ec2:DescribeVolumes"}},
	{ID: "ec2:DescribeSnapshots", Scope: PerRegion, Actions: []string{"ec2:DescribeSnapshots"}},
	{ID: "ec2:DescribeSnapshotAttribute", Scope: PerRegion, Actions: []string{"ec2:DescribeSnapshotAttribute"}, By: []string{"SnapshotId", "Attribute"}},
	{ID: "ec2:DescribeImageAttribute", Scope: PerRegion, Actions: []string{"ec2:DescribeImageAttribute"}, By: []string{"ImageId", "Attribute"}},
	{ID: "ec2:GetEbsEncryptionByDefault", Scope: PerRegion, Actions: []string{"ec2:GetEbsEncryptionByDefault"}},

	// ec2: network
	{ID: "ec2:DescribeNetworkInterfaces", Scope: PerRegion, Actions: []string{"ec2:DescribeNetworkInterfaces"}},
	{ID: "ec2:DescribeSecurityGroups", Scope: PerRegion, Actions: []string{"ec2:DescribeSecurityGroups"}},
	{ID: "ec2:DescribeSecurityGroupRules", Scope: PerRegion, Actions: []string{"ec2:DescribeSecurityGroupRules"}},
	{ID: "ec2:DescribeSubnets", Scope: PerRegion, Actions: []string{"ec2:DescribeSubnets"}},
	{ID: "ec2:DescribeVpcs", Scope: PerRegion, Actions: []string{"ec2:DescribeVpcs"}},
	{ID: "ec2:DescribeRouteTables", Scope: PerRegion, Actions: []string{"ec2:DescribeRouteTables"}},
	{ID: "ec2:DescribeNetworkAcls", Scope: PerRegion, Actions: []string{"ec2:DescribeNetworkAcls"}},
	{ID: "ec2:DescribeInternetGateways", Scope: PerRegion, Actions: []string{"ec2:DescribeInternetGateways"}},
	{ID: "ec2:DescribeNatGateways", Scope: PerRegion, Actions: []string{"ec2:DescribeNatGateways"}},
	{ID: "ec2:DescribeVpcPeeringConnections", Scope: PerRegion, Actions: []string{"ec2:DescribeVpcPeeringConnections"}},
	{ID: "ec2:DescribeVpcEndpoints", Scope: PerRegion, Actions: []string{"ec2:DescribeVpcEndpoints"}},
	{ID: "ec2:DescribeAddresses", Scope: PerRegion, Actions: []string{"ec2:DescribeAddresses"}},
	{ID: "ec2:DescribeFlowLogs", Scope: PerRegion, Actions: []string{"ec2:DescribeFlowLogs"}},
	{ID: "ec2:DescribeManagedPrefixLists", Scope: PerRegion, Actions: []string{"ec2:DescribeManagedPrefixLists"}},
	{ID: "ec2:GetManagedPrefixListEntries", Scope: PerRegion, Actions: []string{"ec2:GetManagedPrefixListEntries"}, By: []string{"PrefixListId"}},

	// ec2, directconnect, network-firewall: gateways beyond a VPC, and what may stop a packet there
	{ID: "ec2:DescribeEgressOnlyInternetGateways", Scope: PerRegion, Actions: []string{"ec2:DescribeEgressOnlyInternetGateways"}},
	{ID: "ec2:DescribeTransitGateways", Scope: PerRegion, Actions: []string{"ec2:DescribeTransitGateways"}},
	{ID: "ec2:DescribeTransitGatewayAttachments", Scope: PerRegion, Actions: []string{"ec2:DescribeTransitGatewayAttachments"}},
	{ID: "ec2:DescribeTransitGatewayVpcAttachments", Scope: PerRegion, Actions: []string{"ec2:DescribeTransitGatewayVpcAttachments"}},
	{ID: "ec2:DescribeTransitGatewayRouteTables", Scope: PerRegion, Actions: []string{"ec2:DescribeTransitGatewayRouteTables"}},
	{ID: "ec2:SearchTransitGatewayRoutes", Scope: PerRegion, Actions: []string{"ec2:SearchTransitGatewayRoutes"}, By: []string{"TransitGatewayRouteTableId"}},
	{ID: "ec2:GetTransitGatewayPrefixListReferences", Scope: PerRegion, Actions: []string{"ec2:GetTransitGatewayPrefixListReferences"}, By: []string{"TransitGatewayRouteTableId"}},
	{ID: "ec2:DescribeVpnGateways", Scope: PerRegion, Actions: []string{"ec2:DescribeVpnGateways"}},
	{ID: "ec2:DescribeVpnConnections", Scope: PerRegion, Actions: []string{"ec2:DescribeVpnConnections"}, Secret: []string{"VpnConnections[].CustomerGatewayConfiguration", "VpnConnections[].Options.TunnelOptions[].PreSharedKey"}},
	{ID: "ec2:DescribeVpcBlockPublicAccessOptions", Scope: PerRegion, Actions: []string{"ec2:DescribeVpcBlockPublicAccessOptions"}},
	{ID: "ec2:DescribeVpcBlockPublicAccessExclusions", Scope: PerRegion, Actions: []string{"ec2:DescribeVpcBlockPublicAccessExclusions"}},
	{ID: "ec2:DescribeVpcEndpointServiceConfigurations", Scope: PerRegion, Actions: []string{"ec2:DescribeVpcEndpointServiceConfigurations"}},
	{ID: "directconnect:DescribeDirectConnectGatewayAssociations", Scope: PerRegion, Actions: []string{"directconnect:DescribeDirectConnectGatewayAssociations"}, By: []string{"AssociatedGatewayId"}},
	{ID: "network-firewall:ListFirewalls", Scope: PerRegion, Actions: []string{"network-firewall:ListFirewalls"}},
	{ID: "network-firewall:DescribeFirewall", Scope: PerRegion, Actions: []string{"network-firewall:DescribeFirewall"}, By: []string{"FirewallArn"}},
	{ID: "network-firewall:DescribeFirewallPolicy", Scope: PerRegion, Actions: []string{"network-firewall:DescribeFirewallPolicy"}, By: []string{"FirewallPolicyArn"}},
	{ID: "network-firewall:DescribeRuleGroup", Scope: PerRegion, Actions: []string{"network-firewall:DescribeRuleGroup"}, By: []string{"RuleGroupArn"}},

	// load balancers
	{ID: "elbv2:DescribeLoadBalancers", Scope: PerRegion, Actions: []string{"elasticloadbalancing:DescribeLoadBalancers"}},
	{ID: "elbv2:DescribeListeners", Scope: PerRegion, Actions: []string{"elasticloadbalancing:DescribeListeners"}, By: []string{"LoadBalancerArn"}, Secret: []string{"Listeners[].DefaultActions[].AuthenticateOidcConfig.ClientSecret"}},
	{ID: "elbv2:DescribeRules", Scope: PerRegion, Actions: []string{"elasticloadbalancing:DescribeRules"}, By: []string{"ListenerArn"}, Secret: []string{"Rules[].Actions[].AuthenticateOidcConfig.ClientSecret",
		"Rules[].Conditions[].HttpHeaderConfig.Values", "Rules[].Conditions[].HttpHeaderConfig.RegexValues", "Rules[].Conditions[].RegexValues",
		"Rules[].Conditions[].QueryStringConfig.Values[].Value"}},
	{ID: "elbv2:DescribeLoadBalancerAttributes", Scope: PerRegion, Actions: []string{"elasticloadbalancing:DescribeLoadBalancerAttributes"}, By: []string{"LoadBalancerArn"}},
	{ID: "elbv2:DescribeTargetGroups", Scope: PerRegion, Actions: []string{"elasticloadbalancing:DescribeTargetGroups"}},
	{ID: "elbv2:DescribeTargetHealth", Scope: PerRegion, Actions: []string{"elasticloadbalancing:DescribeTargetHealth"}, By: []string{"TargetGroupArn"}},
	{ID: "elbv2:DescribeTargetGroupAttributes", Scope: PerRegion, Actions: []string{"elasticloadbalancing:DescribeTargetGroupAttributes"}, By: []string{"TargetGroupArn"}},
	{ID: "elb:DescribeLoadBalancers", Scope: PerRegion, Actions: []string{"elasticloadbalancing:DescribeLoadBalancers"}},
	{ID: "elb:DescribeLoadBalancerAttributes", Scope: PerRegion, Actions: []string{"elasticloadbalancing:DescribeLoadBalancerAttributes"}, By: []string{"LoadBalancerName"}},

	// iam
	{ID: "iam:GetAccountAuthorizationDetails", Scope: PerAccount, Actions: []string{"iam:GetAccountAuthorizationDetails"}},
	{ID: "iam:GetCredentialReport", Scope: PerAccount, Actions: []string{"iam:GenerateCredentialReport", "iam:GetCredentialReport"}},
	{ID: "iam:GetAccountSummary", Scope: PerAccount, Actions: []string{"iam:GetAccountSummary"}},
	{ID: "iam:GetAccountPasswordPolicy", Scope: PerAccount, Actions: []string{"iam:GetAccountPasswordPolicy"}, Absent: []string{"NoSuchEntity"}},
	{ID: "iam:ListVirtualMFADevices", Scope: PerAccount, Actions: []string{"iam:ListVirtualMFADevices"}},
	{ID: "iam:ListMFADevices", Scope: PerAccount, Actions: []string{"iam:ListMFADevices"}, By: []string{"UserName"}, Absent: []string{"NoSuchEntity"}},

	// s3
	{ID: "s3:ListBuckets", Scope: PerAccount, Actions: []string{"s3:ListAllMyBuckets"}},
	{ID: "s3:GetBucketLocation", Scope: PerAccount, Actions: []string{"s3:GetBucketLocation"}, By: []string{"Bucket"}},
	{ID: "s3:GetBucketEncryption", Scope: PerAccount, Actions: []string{"s3:GetEncryptionConfiguration"}, By: []string{"Bucket"}, Absent: []string{"ServerSideEncryptionConfigurationNotFoundError"}},
	{ID: "s3:GetBucketPolicy", Scope: PerAccount, Actions: []string{"s3:GetBucketPolicy"}, By: []string{"Bucket"}, Absent: []string{"NoSuchBucketPolicy"}},
	{ID: "s3:GetBucketPolicyStatus", Scope: PerAccount, Actions: []string{"s3:GetBucketPolicyStatus"}, By: []string{"Bucket"}, Absent: []string{"NoSuchBucketPolicy"}},
	{ID: "s3:GetBucketAcl", Scope: PerAccount, Actions: []string{"s3:GetBucketAcl"}, By: []string{"Bucket"}},
	{ID: "s3:GetPublicAccessBlock", Scope: PerAccount, Actions: []string{"s3:GetBucketPublicAccessBlock"}, By: []string{"Bucket"}, Absent: []string{"NoSuchPublicAccessBlockConfiguration"}},
	{ID: "s3:GetBucketOwnershipControls", Scope: PerAccount, Actions: []string{"s3:GetBucketOwnershipControls"}, By: []string{"Bucket"}, Absent: []string{"OwnershipControlsNotFoundError"}},
	{ID: "s3:GetBucketVersioning", Scope: PerAccount, Actions: []string{"s3:GetBucketVersioning"}, By: []string{"Bucket"}},
	{ID: "s3:GetBucketLogging", Scope: PerAccount, Actions: []string{"s3:GetBucketLogging"}, By: []string{"Bucket"}},
	{ID: "s3:GetObjectLockConfiguration", Scope: PerAccount, Actions: []string{"s3:GetBucketObjectLockConfiguration"}, By: []string{"Bucket"}, Absent: []string{"ObjectLockConfigurationNotFoundError"}},
	// Of a listing of objects are kept their number and the ones that were chosen to be looked at; of an object, what package ciphertext tells.
	{ID: "s3:ListObjectsV2", Scope: PerAccount, Actions: []string{"s3:ListBucket"}, By: []string{"Bucket", "Prefix"}, OptIn: true},
	{ID: "s3:GetObject", Scope: PerAccount, Actions: []string{"s3:GetObject"}, By: []string{"Bucket", "Key"}, Secret: []string{"Metadata.*"}, OptIn: true},
	{ID: "s3control:GetPublicAccessBlock", Scope: PerAccount, Actions: []string{"s3:GetAccountPublicAccessBlock"}, Absent: []string{"NoSuchPublicAccessBlockConfiguration"}},

	// kms
	{ID: "kms:ListKeys", Scope: PerRegion, Actions: []string{"kms:ListKeys"}},
	{ID: "kms:DescribeKey", Scope: PerRegion, Actions: []string{"kms:DescribeKey"}, By: []string{"KeyId"}},
	{ID: "kms:GetKeyRotationStatus", Scope: PerRegion, Actions: []string{"kms:GetKeyRotationStatus"}, By: []string{"KeyId"}, Absent: []string{"UnsupportedOperationException"}},

	// rds, dynamodb
	{ID: "rds:DescribeDBInstances", Scope: PerRegion, Actions: []string{"rds:DescribeDBInstances"}},
	{ID: "rds:DescribeDBClusters", Scope: PerRegion, Actions: []string{"rds:DescribeDBClusters"}},
	{ID: "rds:DescribeDBSnapshots", Scope: PerRegion, Actions: []string{"rds:DescribeDBSnapshots"}},
	{ID: "rds:DescribeDBClusterSnapshots", Scope: PerRegion, Actions: []string{"rds:DescribeDBClusterSnapshots"}},
	{ID: "rds:DescribeDBSnapshotAttributes", Scope: PerRegion, Actions: []string{"rds:DescribeDBSnapshotAttributes"}, By: []string{"DBSnapshotIdentifier"}},
	{ID: "rds:DescribeDBClusterSnapshotAttributes", Scope: PerRegion, Actions: []string{"rds:DescribeDBClusterSnapshotAttributes"}, By: []string{"DBClusterSnapshotIdentifier"}},
	{ID: "rds:DescribePendingMaintenanceActions", Scope: PerRegion, Actions: []string{"rds:DescribePendingMaintenanceActions"}},
	{ID: "dynamodb:ListTables", Scope: PerRegion, Actions: []string{"dynamodb:ListTables"}},
	{ID: "dynamodb:DescribeTable", Scope: PerRegion, Actions: []string{"dynamodb:DescribeTable"}, By: []string{"TableName"}},
	{ID: "dynamodb:DescribeContinuousBackups", Scope: PerRegion, Actions: []string{"dynamodb:DescribeContinuousBackups"}, By: []string{"TableName"}},

	// lambda
	{ID: "lambda:ListFunctions", Scope: PerRegion, Actions: []string{"lambda:ListFunctions"}, Secret: []string{"Functions[].Environment.Variables.*"}},

	{ID: "lambda:ListFunctionUrlConfigs", Scope: PerRegion, Actions: []string{"lambda:ListFunctionUrlConfigs"}, By: []string{"FunctionName"}},
	{ID: "lambda:GetPolicy", Scope: PerRegion, Actions: []string{"lambda:GetPolicy"}, By: []string{"FunctionName"}, Absent: []string{"ResourceNotFoundException"}},

	// ecs, eks
	{ID: "ecs:ListClusters", Scope: PerRegion, Actions: []string{"ecs:ListClusters"}},
	{ID: "ecs:ListServices", Scope: PerRegion, Actions: []string{"ecs:ListServices"}, By: []string{"Cluster"}},
	{ID: "ecs:DescribeServices", Scope: PerRegion, Actions: []string{"ecs:DescribeServices"}, By: []string{"Cluster"}, Secret: []string{"Services[].Deployments[].ServiceConnectConfiguration.LogConfiguration.Options.*"}},
	{ID: "ecs:ListTasks", Scope: PerRegion, Actions: []string{"ecs:ListTasks"}, By: []string{"Cluster"}},
	{ID: "ecs:DescribeTasks", Scope: PerRegion, Actions: []string{"ecs:DescribeTasks"}, By: []string{"Cluster"}, Secret: []string{"Tasks[].Overrides.ContainerOverrides[].Environment[].Value", "Tasks[].Overrides.ContainerOverrides[].Command[]"}},
	{ID: "eks:ListClusters", Scope: PerRegion, Actions: []string{"eks:ListClusters"}},
	{ID: "eks:DescribeCluster", Scope: PerRegion, Actions: []string{"eks:DescribeCluster"}, By: []string{"Name"}, Secret: []string{"Cluster.ConnectorConfig.ActivationCode"}},

	// elasticache, redshift
	{ID: "elasticache:DescribeCacheClusters", Scope: PerRegion, Actions: []string{"elasticache:DescribeCacheClusters"}},
	{ID: "elasticache:DescribeCacheSubnetGroups", Scope: PerRegion, Actions: []string{"elasticache:DescribeCacheSubnetGroups"}},
	{ID: "redshift:DescribeClusters", Scope: PerRegion, Actions: []string{"redshift:DescribeClusters"}, Secret: []string{"Clusters[].PendingModifiedValues.MasterUserPassword"}},
	{ID: "redshift:DescribeClusterSubnetGroups", Scope: PerRegion, Actions: []string{"redshift:DescribeClusterSubnetGroups"}},

	// apigateway, globalaccelerator
	{ID: "apigateway:GetRestApis", Scope: PerRegion, Actions: []string{"apigateway:GET"}},
	{ID: "apigateway:GetStages", Scope: PerRegion, Actions: []string{"apigateway:GET"}, By: []string{"RestApiId"}, Secret: []string{"Item[].Variables.*", "Item[].CanarySettings.StageVariableOverrides.*"}},
	{ID: "apigateway:GetResources", Scope: PerRegion, Actions: []string{"apigateway:GET"}, By: []string{"RestApiId"}, Secret: []string{"Items[].ResourceMethods.*.MethodIntegration.RequestParameters.*",
		"Items[].ResourceMethods.*.MethodIntegration.RequestTemplates.*", "Items[].ResourceMethods.*.MethodIntegration.IntegrationResponses.*.ResponseParameters.*",
		"Items[].ResourceMethods.*.MethodIntegration.IntegrationResponses.*.ResponseTemplates.*"}},
	{ID: "apigateway:GetVpcLinks", Scope: PerRegion, Actions: []string{"apigateway:GET"}},
	{ID: "apigatewayv2:GetApis", Scope: PerRegion, Actions: []string{"apigateway:GET"}},
	{ID: "apigatewayv2:GetStages", Scope: PerRegion, Actions: []string{"apigateway:GET"}, By: []string{"ApiId"}, Secret: []string{"Items[].StageVariables.*"}},
	{ID: "apigatewayv2:GetIntegrations", Scope: PerRegion, Actions: []string{"apigateway:GET"}, By: []string{"ApiId"}, Secret: []string{"Items[].RequestParameters.*", "Items[].RequestTemplates.*", "Items[].ResponseParameters.*"}},
	{ID: "apigatewayv2:GetVpcLinks", Scope: PerRegion, Actions: []string{"apigateway:GET"}},
	{ID: "globalaccelerator:ListAccelerators", Scope: PerAccount, Actions: []string{"globalaccelerator:ListAccelerators"}},
	{ID: "globalaccelerator:ListCustomRoutingAccelerators", Scope: PerAccount, Actions: []string{"globalaccelerator:ListCustomRoutingAccelerators"}},
	{ID: "globalaccelerator:ListListeners", Scope: PerAccount, Actions: []string{"globalaccelerator:ListListeners"}, By: []string{"AcceleratorArn"}},
	{ID: "globalaccelerator:ListEndpointGroups", Scope: PerAccount, Actions: []string{"globalaccelerator:ListEndpointGroups"}, By: []string{"ListenerArn"}},

	// cloudtrail, guardduty
	{ID: "cloudtrail:DescribeTrails", Scope: PerRegion, Actions: []string{"cloudtrail:DescribeTrails"}},
	{ID: "cloudtrail:GetTrailStatus", Scope: PerRegion, Actions: []string{"cloudtrail:GetTrailStatus"}, By: []string{"Name"}},
	{ID: "cloudtrail:GetEventSelectors", Scope: PerRegion, Actions: []string{"cloudtrail:GetEventSelectors"}, By: []string{"TrailName"}},
	{ID: "guardduty:ListDetectors", Scope: PerRegion, Actions: []string{"guardduty:ListDetectors"}},
	{ID: "guardduty:GetDetector", Scope: PerRegion, Actions: []string{"guardduty:GetDetector"}, By: []string{"DetectorId"}},

	// wafv2, cloudfront, acm
	{ID: "wafv2:ListWebACLs", Scope: PerRegionGlobal, Actions: []string{"wafv2:ListWebACLs"}},
	{ID: "wafv2:GetWebACL", Scope: PerRegionGlobal, Actions: []string{"wafv2:GetWebACL"}, By: []string{"Id"}},
	{ID: "wafv2:ListResourcesForWebACL", Scope: PerRegion, Actions: []string{"wafv2:ListResourcesForWebACL", "elasticloadbalancing:DescribeWebACLAssociation"}, By: []string{"WebACLArn", "ResourceType"}},
	{ID: "wafv2:GetWebACLForResource", Scope: PerRegion, Actions: []string{"wafv2:GetWebACLForResource", "wafv2:GetWebACL", "elasticloadbalancing:GetLoadBalancerWebACL"}, By: []string{"ResourceArn"}},
	{ID: "wafv2:GetLoggingConfiguration", Scope: PerRegionGlobal, Actions: []string{"wafv2:GetLoggingConfiguration"}, By: []string{"ResourceArn"}, Absent: []string{"WAFNonexistentItemException"}},
	{ID: "wafv2:ListRuleGroups", Scope: PerRegionGlobal, Actions: []string{"wafv2:ListRuleGroups"}},
	{ID: "wafv2:GetRuleGroup", Scope: PerRegionGlobal, Actions: []string{"wafv2:GetRuleGroup"}, By: []string{"Id"}},
	{ID: "cloudfront:ListDistributions", Scope: PerAccount, Actions: []string{"cloudfront:ListDistributions"}, Secret: []string{"DistributionList.Items[].Origins.Items[].CustomHeaders.Items[].HeaderValue"}},
	{ID: "cloudfront:ListVpcOrigins", Scope: PerAccount, Actions: []string{"cloudfront:ListVpcOrigins"}},
	{ID: "cloudfront:GetVpcOrigin", Scope: PerAccount, Actions: []string{"cloudfront:GetVpcOrigin"}, By: []string{"Id"}},
	{ID: "acm:ListCertificates", Scope: PerRegion, Actions: []string{"acm:ListCertificates"}},
	{ID: "acm:DescribeCertificate", Scope: PerRegion, Actions: []string{"acm:DescribeCertificate"}, By: []string{"CertificateArn"}},

	// backup, dlm
	{ID: "backup:ListBackupPlans", Scope: PerRegion, Actions: []string{"backup:ListBackupPlans"}},
	{ID: "backup:GetBackupPlan", Scope: PerRegion, Actions: []string{"backup:GetBackupPlan"}, By: []string{"BackupPlanId"}},
	{ID: "backup:ListBackupSelections", Scope: PerRegion, Actions: []string{"backup:ListBackupSelections"}, By: []string{"BackupPlanId"}},
	{ID: "backup:GetBackupSelection", Scope: PerRegion, Actions: []string{"backup:GetBackupSelection"}, By: []string{"BackupPlanId", "SelectionId"}},
	{ID: "backup:ListBackupVaults", Scope: PerRegion, Actions: []string{"backup:ListBackupVaults"}},
	{ID: "backup:ListRecoveryPointsByBackupVault", Scope: PerRegion, Actions: []string{"backup:ListRecoveryPointsByBackupVault"}, By: []string{"BackupVaultName"}},
	{ID: "backup:ListProtectedResources", Scope: PerRegion, Actions: []string{"backup:ListProtectedResources"}},
	{ID: "backup:ListRestoreJobs", Scope: PerRegion, Actions: []string{"backup:ListRestoreJobs"}},
	{ID: "dlm:GetLifecyclePolicies", Scope: PerRegion, Actions: []string{"dlm:GetLifecyclePolicies"}},
	{ID: "dlm:GetLifecyclePolicy", Scope: PerRegion, Actions: []string{"dlm:GetLifecyclePolicy"}, By: []string{"PolicyId"}},

	// every tagged resource, of any service
	{ID: "resourcegroupstaggingapi:GetResources", Scope: PerRegion, Actions: []string{"tag:GetResources"}},
}
