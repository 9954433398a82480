package generate

import "time"

// rights is who may do what at Acme, beyond what the roles of hosts and functions say of themselves: the organisation's tree, single
// sign-on, the stores that have policies of their own, what else runs as a role, and the story that Jenkins begins.
func (c *acme) rights() {
	c.tree()
	c.directory()
	c.release()
	c.places()
	c.otherWorkloads()
	c.app()
	c.platform()
	c.rightsTruth()
}

// rightsTruth follows from the policies: PowerUserAccess, which developers and pipelines have, allows everything but IAM, and the vaults
// are locked in a way that whoever may change a vault takes off again.
func (c *acme) rightsTruth() {
	t := c.w.truth
	for _, user := range []string{"break-glass", "ci-upload", "maria.test", "jenkins-deploy"} {
		t.breaks("lp-rights-through-groups", user, "its policies are attached to itself")
	}
	t.breaks("lp-resource-policies-not-public", "shop-payment-webhook", "everybody may call its URL")
	for _, control := range []string{"lp-outsiders-are-declared", "contain-server-cannot-give-data-away", "rest-key-apart-from-data"} {
		t.hides(control, "acme-payroll-exports", "its policy could not be read")
	}

	// Jenkins may start a host as release-host, which may be ReleaseManager in production, which makes roles.
	server := c.tools.id("i", "jenkins")
	for control, why := range map[string]string{
		"contain-server-cannot-reach-iam":          "from its role two steps lead to a role that may write policies",
		"contain-exposed-host-is-weak":             "the Internet reaches it, and from its role three steps lead to administrator",
		"contain-server-cannot-blind-us":           "its role may delete flow logs",
		"contain-server-cannot-get-root-elsewhere": "its role may send commands to every managed host",
		"contain-server-cannot-give-data-away":     "its role may share snapshots and images",
	} {
		t.breaks(control, server, why)
	}
	developer := "AWSReservedSSO_Developer_" + c.legacy.global.digest(16, "sso", "developer")
	for name, why := range map[string]string{
		"jenkins-builder":             "it may start a host as release-host",
		"release-host":                "it may be ReleaseManager in production",
		"ReleaseManager":              "it may make a role and write its policies",
		"AWSBackupDefaultServiceRole": "it restores hosts, as any role that it is told; in the tools account release-host is one",
		"Deploy":                      "in the tools account it may change a launch template so that its hosts are release-host",
		"jenkins-deploy":              "it may change a launch template so that its hosts are release-host",
		developer:                     "it may change a launch template so that its hosts are release-host",
	} {
		t.breaks("lp-no-escalation-path", name, why)
		t.breaks("lp-effective-admins-are-declared", name, why)
	}
	for _, name := range []string{"jenkins-builder", "AWSBackupDefaultServiceRole"} {
		t.breaks("lp-pass-role-scoped", name, "it may start a host as a role that becomes an administrator")
	}
	t.breaks("contain-role-makers-bounded", "ReleaseManager", "no boundary is asked for")

	for _, name := range []string{"acme-invoices", "acme-shop-exports", "acme-shop-uploads", "acme-shop-uploads-eu", "billing/database", "shop/database",
		"orders", "carts", "sessions", "invoices", "orders-dead", "mail", "stock"} {
		t.breaks("rest-key-apart-from-data", name, "PowerUserAccess allows to read it, and to write the policy of its key")
	}
	for _, name := range []string{"shop", "shop-eu", "ledger", "billing", "crm", "orders", "carts", "sessions", "invoices", "stage-shop"} {
		t.breaks("backup-eraser-is-someone-else", name, "PowerUserAccess allows to delete it, to take the lock off the vault, and to delete what is in it")
	}
}

// guarded is what has policies and nothing else that is asked of.
func (c *acme) guarded(at *landing, shop labels) {
	files, domain := at.id("fs", "shop-media"), at.arn("es", "domain/shop-products")
	at.count("efs:DescribeFileSystems", object{"OwnerId": at.account.id, "FileSystemId": files, "FileSystemArn": at.arn("elasticfilesystem", "file-system/"+files), "Name": "shop-media",
		"LifeCycleState": "available", "Encrypted": true, "KmsKeyId": at.keys["rds"], "NumberOfMountTargets": 3, "CreationTime": "2023-03-06T10:00:00Z", "Tags": shop.list()})
	at.about("efs:DescribeFileSystemPolicy", object{"FileSystemId": files, "Policy": string(encode(policy(object{"Sid": "Mounted", "Effect": "Allow", "Principal": object{"AWS": "*"},
		"Action": []string{"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"}, "Condition": object{"Bool": object{"elasticfilesystem:AccessedViaMountTarget": "true"}}})))}, files)
	at.count("events:ListEventBuses", object{"Name": "default", "Arn": at.arn("events", "event-bus/default")})
	at.count("events:ListEventBuses", object{"Name": "orders", "Arn": at.arn("events", "event-bus/orders"), "Policy": string(encode(policy(object{"Sid": "Acme", "Effect": "Allow", "Principal": "*",
		"Action": "events:PutEvents", "Resource": at.arn("events", "event-bus/orders"), "Condition": object{"StringEquals": object{"aws:PrincipalOrgID": organizationID}}})))})
	at.list("opensearch:ListDomainNames", object{"DomainName": "shop-products", "EngineType": "OpenSearch"})
	at.about("opensearch:DescribeDomain", object{"DomainStatus": object{"DomainName": "shop-products", "DomainId": at.account.id + "/shop-products", "ARN": domain, "Created": true, "EngineVersion": "OpenSearch_2.19",
		"VPCOptions": object{"VPCId": at.vpc.id}, "AdvancedSecurityOptions": object{"Enabled": true}, "AccessPolicies": string(encode(policy(object{"Effect": "Allow", "Principal": object{"AWS": "*"},
			"Action": "es:ESHttp*", "Resource": domain + "/*"})))}}, "shop-products")
	at.tag(domain, shop)
	at.list("logs:DescribeResourcePolicies", object{"policyName": "route53", "policyDocument": string(encode(policy(object{"Effect": "Allow", "Principal": object{"Service": "route53.amazonaws.com"},
		"Action": []string{"logs:CreateLogStream", "logs:PutLogEvents"}, "Resource": at.arn("logs", "log-group:/aws/route53/*"), "Condition": object{"StringEquals": object{"aws:SourceAccount": at.account.id}}})))})
	c.w.truth.Resources++ // the domain
}

// tree is the organisation: the tools stand in a unit of their own, which nothing limits further.
func (c *acme) tree() {
	g, manager := c.production.global, c.production.id
	arn := "arn:aws:organizations::" + manager + ":"
	g.list("organizations:ListRoots", object{"Id": rootID, "Arn": arn + "root/" + organizationID + "/" + rootID, "Name": "Root",
		"PolicyTypes": []object{{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}}})
	account := func(a *account) object {
		return object{"Id": a.id, "Name": a.name, "Status": "ACTIVE", "Arn": arn + "account/" + organizationID + "/" + a.id, "JoinedMethod": "CREATED", "JoinedTimestamp": "2019-05-14T09:12:00Z"}
	}
	g.about("organizations:ListOrganizationalUnitsForParent", object{"OrganizationalUnits": []object{{"Id": toolsUnit, "Arn": arn + "ou/" + organizationID + "/" + toolsUnit, "Name": "Tools"}}}, rootID)
	g.about("organizations:ListAccountsForParent", object{"Accounts": []object{account(c.production), account(c.staging)}}, rootID)
	g.about("organizations:ListOrganizationalUnitsForParent", object{"OrganizationalUnits": []object{}}, toolsUnit)
	g.about("organizations:ListAccountsForParent", object{"Accounts": []object{account(c.legacy)}}, toolsUnit)
	g.list("organizations:ListDelegatedAdministrators", object{"Id": c.staging.id, "Arn": arn + "account/" + organizationID + "/" + c.staging.id, "Name": c.staging.name, "Status": "ACTIVE",
		"JoinedMethod": "CREATED", "JoinedTimestamp": "2019-05-14T09:12:00Z", "DelegationEnabledDate": "2022-03-01T08:00:00Z"})
	g.about("organizations:ListDelegatedServicesForAccount", object{"DelegatedServices": []object{{"ServicePrincipal": "guardduty.amazonaws.com", "DelegationEnabledDate": "2022-03-01T08:00:00Z"}}}, c.staging.id)
	g.whole("iam:ListOrganizationsFeatures", object{"OrganizationId": organizationID, "EnabledFeatures": []string{"RootCredentialsManagement"}})
}

// directory is IAM Identity Center: three permission sets, each of a group of people, in every account.
func (c *acme) directory() {
	const instance, store = "arn:aws:sso:::instance/ssoins-7223a1b5c9d0e4f8", "d-9067a1b2c3"
	at := c.virginia.site
	at.list("sso-admin:ListInstances", object{"InstanceArn": instance, "IdentityStoreId": store, "OwnerAccountId": c.production.id, "CreatedDate": "2021-09-06T11:20:00Z", "Status": "ACTIVE"})
	c.w.truth.Resources++
	at.about("identitystore:ListUsers", object{"Users": []object{{"UserId": "u-ana", "UserName": "ana@acme.example", "IdentityStoreId": store},
		{"UserId": "u-ben", "UserName": "ben@acme.example", "IdentityStoreId": store}, {"UserId": "u-caro", "UserName": "caro@acme.example", "IdentityStoreId": store}}}, store)
	var groups []object
	var sets, accounts []string
	for _, a := range c.w.accounts {
		accounts = append(accounts, a.id)
	}
	for _, x := range []struct{ set, id, policy, group, member string }{
		{"Administrator", "ps-4f1c9a7e2b3d5c6f", "AdministratorAccess", "Ops", "u-ana"},
		{"Developer", "ps-8a2d4e6f1b3c5d7e", "PowerUserAccess", "Engineers", "u-ben"},
		{"ReadOnly", "ps-1c3e5a7b9d2f4e6a", "job-function/ViewOnlyAccess", "Everybody", "u-caro"},
	} {
		set := "arn:aws:sso:::permissionSet/ssoins-7223a1b5c9d0e4f8/" + x.id
		sets = append(sets, set)
		group := at.uuid("directory group", x.group)
		groups = append(groups, object{"GroupId": group, "DisplayName": x.group, "IdentityStoreId": store})
		at.about("identitystore:ListGroupMemberships", object{"GroupMemberships": []object{{"IdentityStoreId": store, "MembershipId": at.uuid("membership", x.group), "GroupId": group,
			"MemberId": object{"UserId": x.member}}}}, store, group)
		at.about("sso-admin:DescribePermissionSet", object{"PermissionSet": object{"Name": x.set, "PermissionSetArn": set, "SessionDuration": "PT8H", "CreatedDate": "2021-09-06T11:20:00Z"}}, set)
		at.about("sso-admin:ListManagedPoliciesInPermissionSet", object{"AttachedManagedPolicies": []object{{"Name": x.policy[lastSlash(x.policy)+1:], "Arn": awsManaged + x.policy}}}, set)
		at.about("sso-admin:ListCustomerManagedPolicyReferencesInPermissionSet", object{"CustomerManagedPolicyReferences": []object{}}, set)
		at.about("sso-admin:GetInlinePolicyForPermissionSet", object{"InlinePolicy": ""}, set)
		at.none("sso-admin:GetPermissionsBoundaryForPermissionSet", set)
		at.about("sso-admin:ListAccountsForProvisionedPermissionSet", object{"AccountIds": accounts}, set)
		for _, account := range accounts {
			at.about("sso-admin:ListAccountAssignments", object{"AccountAssignments": []object{{"AccountId": account, "PermissionSetArn": set, "PrincipalType": "GROUP", "PrincipalId": group}}}, account, set)
		}
		c.w.truth.Resources++
	}
	at.about("identitystore:ListGroups", object{"Groups": groups}, store)
	at.about("sso-admin:ListPermissionSets", object{"PermissionSets": sets}, instance)
	for _, a := range c.w.accounts {
		a.global.list("iam:ListSAMLProviders", object{"Arn": a.global.arn("iam", "saml-provider/AWSSSO_4f1c9a7e2b3d5c6f_DO_NOT_DELETE"), "ValidUntil": "2120-09-06T11:20:00Z", "CreateDate": "2021-09-06T11:20:00Z"})
		arn := a.global.arn("iam", "oidc-provider/token.actions.example.com")
		a.global.list("iam:ListOpenIDConnectProviders", object{"Arn": arn})
		a.global.about("iam:GetOpenIDConnectProvider", object{"Url": "token.actions.example.com", "ClientIDList": []string{"sts.amazonaws.com"}, "ThumbprintList": []string{}, "CreateDate": "2022-02-01T08:00:00Z", "Tags": []object{}}, arn)
		c.w.truth.Resources += 2
	}
}

// release is where Jenkins leads: a role that deploys to production, which the old build server may still hand to hosts that it
// starts. Nobody thought of the two together.
func (c *acme) release() {
	host := c.legacy.profile("release-host", map[string]object{"release": policy(object{"Effect": "Allow", "Action": "sts:AssumeRole",
		"Resource": c.production.global.arn("iam", "role/ReleaseManager")})}, managedCore)
	c.production.role("/", "ReleaseManager", policy(object{"Effect": "Allow", "Principal": object{"AWS": host.role}, "Action": "sts:AssumeRole"}), nil,
		map[string]object{"release": policy(
			object{"Effect": "Allow", "Action": []string{"cloudformation:*", "ecs:UpdateService", "lambda:UpdateFunctionCode"}, "Resource": "*"},
			object{"Effect": "Allow", "Action": []string{"iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PassRole"}, "Resource": "*"})}, 5*time.Hour)
	c.legacy.global.about("iam:GetServiceLastAccessedDetails", object{"JobStatus": "COMPLETED", "JobType": "ACTION_LEVEL", "JobCreationDate": ago(time.Hour), "JobCompletionDate": ago(time.Hour), "IsTruncated": false,
		"ServicesLastAccessed": []object{
			{"ServiceName": "Amazon EC2", "ServiceNamespace": "ec2", "TotalAuthenticatedEntities": 0},
			{"ServiceName": "AWS Identity and Access Management", "ServiceNamespace": "iam", "TotalAuthenticatedEntities": 0},
			{"ServiceName": "AWS Systems Manager", "ServiceNamespace": "ssm", "TotalAuthenticatedEntities": 0},
			{"ServiceName": "Amazon S3", "ServiceNamespace": "s3", "TotalAuthenticatedEntities": 1, "LastAuthenticated": ago(20 * day), "LastAuthenticatedRegion": "us-east-1",
				"LastAuthenticatedEntity": c.legacy.global.arn("iam", "role/jenkins-builder"), "TrackedActionsLastAccessed": []object{
					{"ActionName": "GetObject"}, {"ActionName": "PutObject", "LastAccessedTime": ago(20 * day), "LastAccessedRegion": "us-east-1"}}}}},
		c.legacy.global.arn("iam", "role/jenkins-builder"))
}

// places are the stores with policies of their own.
func (c *acme) places() {
	at := c.virginia
	shop := labels{"app": "shop", "owner": "web"}
	for _, name := range []string{"orders", "orders-dead", "mail", "stock", "invoices"} {
		url := "https://sqs." + at.region + ".amazonaws.com/" + at.account.id + "/" + name
		at.list("sqs:ListQueues", url)
		attributes := labels{"QueueArn": at.arn("sqs", name), "KmsMasterKeyId": at.keys["rds"]}
		if name == "mail" {
			attributes["Policy"] = string(encode(policy(object{"Sid": "alarms", "Effect": "Allow", "Principal": object{"AWS": "*"}, "Action": "sqs:SendMessage", "Resource": at.arn("sqs", name),
				"Condition": object{"ArnEquals": object{"aws:SourceArn": at.arn("sns", "alarms")}}})))
		}
		at.about("sqs:GetQueueAttributes", object{"Attributes": attributes}, url)
	}
	topic := at.arn("sns", "alarms")
	at.count("sns:ListTopics", object{"TopicArn": topic})
	at.about("sns:GetTopicAttributes", object{"Attributes": labels{"TopicArn": topic, "Owner": at.account.id, "KmsMasterKeyId": at.keys["rds"], "Policy": string(encode(policy(object{"Sid": "__default_statement_ID",
		"Effect": "Allow", "Principal": object{"AWS": "*"}, "Action": []string{"SNS:Publish", "SNS:Subscribe"}, "Resource": topic, "Condition": object{"StringEquals": object{"AWS:SourceOwner": at.account.id}}})))}}, topic)
	for _, name := range []string{"shop/database", "billing/database"} {
		arn := at.arn("secretsmanager", "secret:"+name+"-"+at.digest(6, "secret", name))
		l := labels{"app": name[:lastSlash(name)], "owner": "data"}
		at.count("secretsmanager:ListSecrets", object{"ARN": arn, "Name": name, "KmsKeyId": at.keys["rds"], "RotationEnabled": true, "LastChangedDate": ago(12 * day), "LastAccessedDate": ago(day), "Tags": l.list()})
		at.about("secretsmanager:GetResourcePolicy", object{"ARN": arn, "Name": name}, arn)
	}
	for _, name := range []string{"orders", "recommendations"} {
		at.count("ecr:DescribeRepositories", object{"repositoryArn": at.arn("ecr", "repository/"+name), "registryId": at.account.id, "repositoryName": name,
			"repositoryUri": at.account.id + ".dkr.ecr." + at.region + ".amazonaws.com/" + name, "imageTagMutability": "IMMUTABLE", "createdAt": "2023-03-06T10:00:00Z"})
		at.about("ecr:GetRepositoryPolicy", object{"registryId": at.account.id, "repositoryName": name, "policyText": string(encode(policy(object{"Sid": "Staging", "Effect": "Allow",
			"Principal": object{"AWS": "arn:aws:iam::" + c.staging.id + ":root"}, "Action": []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}})))}, name)
		at.tag(at.arn("ecr", "repository/"+name), shop)
	}
	c.guarded(at, shop)
	at.count("ssm:DescribeParameters", object{"Name": "/shop/flags", "ARN": at.arn("ssm", "parameter/shop/flags"), "Type": "SecureString", "KeyId": at.keys["rds"], "LastModifiedDate": ago(40 * day), "Version": 12, "Tier": "Standard"})
	point := at.arn("s3", "accesspoint/exports-finance")
	at.count("s3control:ListAccessPoints", object{"Name": "exports-finance", "NetworkOrigin": "VPC", "VpcConfiguration": object{"VpcId": at.vpc.id}, "Bucket": "acme-shop-exports", "BucketAccountId": at.account.id,
		"AccessPointArn": point, "Alias": "exports-finance-" + at.digest(24, "alias") + "-s3alias"})
	at.about("s3control:GetAccessPoint", object{"Name": "exports-finance", "Bucket": "acme-shop-exports", "NetworkOrigin": "VPC", "PublicAccessBlockConfiguration": allBlocked, "CreationDate": "2024-01-15T10:00:00Z"}, "exports-finance")
	at.about("s3control:GetAccessPointPolicy", object{"Policy": string(encode(policy(object{"Sid": "Finance", "Effect": "Allow", "Principal": object{"AWS": at.account.global.arn("iam", "role/service-role/billing-vat-report")},
		"Action": "s3:GetObject", "Resource": point + "/object/*"})))}, "exports-finance")
	at.about("s3control:GetAccessPointPolicyStatus", object{"PolicyStatus": object{"IsPublic": false}}, "exports-finance")
	at.list("lambda:ListEventSourceMappings", object{"UUID": at.uuid("mapping"), "EventSourceArn": at.arn("sqs", "orders"), "FunctionArn": at.arn("lambda", "function:shop-confirm-order"), "State": "Enabled", "BatchSize": 10})
	c.w.truth.Resources++
}

// otherWorkloads is what else runs as a role: each may do no more than it needs.
func (c *acme) otherWorkloads() {
	at := c.virginia
	run := func(name, service string, condition bool) string {
		trust := object{"Effect": "Allow", "Principal": object{"Service": service}, "Action": "sts:AssumeRole"}
		if condition {
			trust["Condition"] = object{"StringEquals": object{"aws:SourceAccount": at.account.id}}
		}
		return at.account.role("/service-role/", name, policy(trust), nil,
			map[string]object{"logs": policy(object{"Effect": "Allow", "Action": []string{"logs:CreateLogStream", "logs:PutLogEvents"}, "Resource": at.arn("logs", "log-group:/acme/"+name+":*")})}, 6*time.Hour)
	}
	c.w.truth.Resources += 9
	project := at.arn("codebuild", "project/shop-images")
	at.list("codebuild:ListProjects", "shop-images")
	at.list("codebuild:BatchGetProjects", object{"name": "shop-images", "arn": project, "serviceRole": run("build-shop-images", "codebuild.amazonaws.com", true), "created": "2023-03-06T10:00:00Z", "lastModified": "2026-02-01T10:00:00Z",
		"source": object{"type": "GITHUB", "location": "https://git.acme.example/shop.git"}, "environment": object{"type": "ARM_CONTAINER", "image": "aws/codebuild/amazonlinux-aarch64-standard:3.0", "computeType": "BUILD_GENERAL1_SMALL", "privilegedMode": false, "environmentVariables": []object{}}})
	at.list("cloudformation:DescribeStacks", object{"StackId": at.arn("cloudformation", "stack/shop-network/"+at.uuid("stack")), "StackName": "shop-network", "StackStatus": "UPDATE_COMPLETE", "CreationTime": "2022-02-07T09:30:00Z",
		"RoleARN": run("stack-shop-network", "cloudformation.amazonaws.com", false), "Tags": labels{"owner": "ops"}.list()})
	at.list("cloudformation:ListStackSets", object{"StackSetName": "baseline", "StackSetId": "baseline:" + at.uuid("stack-set"), "Status": "ACTIVE", "PermissionModel": "SELF_MANAGED"})
	at.about("cloudformation:DescribeStackSet", object{"StackSet": object{"StackSetName": "baseline", "StackSetId": "baseline:" + at.uuid("stack-set"), "StackSetARN": at.arn("cloudformation", "stackset/baseline:"+at.uuid("stack-set")),
		"Status": "ACTIVE", "PermissionModel": "SELF_MANAGED", "AdministrationRoleARN": run("stack-set-baseline", "cloudformation.amazonaws.com", true), "ExecutionRoleName": "stack-set-baseline-execution", "Tags": labels{"owner": "ops"}.list()}}, "baseline")
	at.list("glue:GetJobs", object{"Name": "clickstream", "Role": run("clickstream", "glue.amazonaws.com", true), "CreatedOn": "2024-09-02T08:00:00Z", "LastModifiedOn": "2026-02-01T10:00:00Z",
		"Command": object{"Name": "glueetl", "ScriptLocation": "s3://acme-scripts/clickstream.py", "PythonVersion": "3"}, "GlueVersion": "5.0", "WorkerType": "G.1X", "NumberOfWorkers": 2})
	machine := at.arn("states", "stateMachine:nightly-settlement")
	at.list("stepfunctions:ListStateMachines", object{"stateMachineArn": machine, "name": "nightly-settlement", "type": "STANDARD", "creationDate": "2022-06-01T08:00:00Z"})
	at.about("stepfunctions:DescribeStateMachine", object{"stateMachineArn": machine, "name": "nightly-settlement", "status": "ACTIVE", "roleArn": run("nightly-settlement", "states.amazonaws.com", true),
		"type": "STANDARD", "creationDate": "2022-06-01T08:00:00Z", "definition": "{\"StartAt\":\"Settle\"}"}, machine)
	service := at.arn("apprunner", "service/status-page/"+at.digest(32, "apprunner"))
	at.list("apprunner:ListServices", object{"ServiceName": "status-page", "ServiceArn": service, "Status": "RUNNING", "CreatedAt": "2024-01-15T10:00:00Z", "UpdatedAt": "2026-02-01T10:00:00Z"})
	at.about("apprunner:DescribeService", object{"Service": object{"ServiceName": "status-page", "ServiceArn": service, "Status": "RUNNING",
		"InstanceConfiguration": object{"Cpu": "256", "Memory": "512", "InstanceRoleArn": run("status-page", "tasks.apprunner.amazonaws.com", false)}, "SourceConfiguration": object{"ImageRepository": object{"ImageIdentifier": "public.ecr.aws/acme/status:3", "ImageRepositoryType": "ECR_PUBLIC"}}}}, service)
	at.list("batch:DescribeJobDefinitions", object{"jobDefinitionName": "thumbnails", "jobDefinitionArn": at.arn("batch", "job-definition/thumbnails:4"), "revision": 4, "status": "ACTIVE", "type": "container",
		"containerProperties": object{"image": "thumbnails:4", "jobRoleArn": run("thumbnails", "ecs-tasks.amazonaws.com", true), "environment": []object{}}})
	at.list("sagemaker:ListNotebookInstances", object{"NotebookInstanceName": "forecast", "NotebookInstanceArn": at.arn("sagemaker", "notebook-instance/forecast"), "NotebookInstanceStatus": "Stopped", "InstanceType": "ml.t3.medium"})
	at.about("sagemaker:DescribeNotebookInstance", object{"NotebookInstanceName": "forecast", "NotebookInstanceArn": at.arn("sagemaker", "notebook-instance/forecast"), "NotebookInstanceStatus": "Stopped",
		"RoleArn": run("forecast", "sagemaker.amazonaws.com", false), "SubnetId": at.vpc.private[0].id, "SecurityGroups": []string{}, "DirectInternetAccess": "Disabled", "RootAccess": "Disabled"}, "forecast")
	agent := run("support-agent", "bedrock-agentcore.amazonaws.com", true)
	at.list("bedrock-agentcore-control:ListAgentRuntimes", object{"agentRuntimeArn": at.arn("bedrock-agentcore", "runtime/support-1a2b3c4d5e"), "agentRuntimeId": "support-1a2b3c4d5e", "agentRuntimeName": "support", "agentRuntimeVersion": "3", "status": "READY"})
	at.about("bedrock-agentcore-control:GetAgentRuntime", object{"agentRuntimeArn": at.arn("bedrock-agentcore", "runtime/support-1a2b3c4d5e"), "agentRuntimeId": "support-1a2b3c4d5e", "agentRuntimeName": "support", "roleArn": agent, "status": "READY"}, "support-1a2b3c4d5e")
	at.list("bedrock-agentcore-control:ListCodeInterpreters", object{"codeInterpreterArn": at.arn("bedrock-agentcore", "code-interpreter/tables-9f8e7d6c5b"), "codeInterpreterId": "tables-9f8e7d6c5b", "name": "tables", "status": "READY"})
	at.about("bedrock-agentcore-control:GetCodeInterpreter", object{"codeInterpreterArn": at.arn("bedrock-agentcore", "code-interpreter/tables-9f8e7d6c5b"), "codeInterpreterId": "tables-9f8e7d6c5b", "name": "tables", "executionRoleArn": agent, "status": "READY"}, "tables-9f8e7d6c5b")
	at.list("bedrock-agentcore-control:ListBrowsers", object{"browserArn": at.arn("bedrock-agentcore", "browser/pages-5b6c7d8e9f"), "browserId": "pages-5b6c7d8e9f", "name": "pages", "status": "READY"})
	at.about("bedrock-agentcore-control:GetBrowser", object{"browserArn": at.arn("bedrock-agentcore", "browser/pages-5b6c7d8e9f"), "browserId": "pages-5b6c7d8e9f", "name": "pages", "executionRoleArn": agent, "status": "READY"}, "pages-5b6c7d8e9f")
	c.w.truth.Resources += 2
}

// app is the identity pool of the shop's app: who signed in with the shop's own directory gets at his own uploads.
func (c *acme) app() {
	const issuer = "cognito-identity.amazonaws.com"
	at := c.virginia
	id := at.region + ":" + at.uuid("identity-pool")
	users := c.production.role("/", "shop-app-users", policy(object{"Effect": "Allow", "Principal": object{"Federated": issuer}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": object{
		"StringEquals": object{issuer + ":aud": id}, "ForAnyValue:StringLike": object{issuer + ":amr": "authenticated"}}}), nil,
		map[string]object{"uploads": policy(object{"Effect": "Allow", "Action": []string{"s3:GetObject", "s3:PutObject"}, "Resource": "arn:aws:s3:::acme-shop-uploads/users/${" + issuer + ":sub}/*"})}, time.Hour)
	at.list("cognito-identity:ListIdentityPools", object{"IdentityPoolId": id, "IdentityPoolName": "shop-app"})
	at.about("cognito-identity:DescribeIdentityPool", object{"IdentityPoolId": id, "IdentityPoolName": "shop-app", "AllowUnauthenticatedIdentities": false, "AllowClassicFlow": false,
		"CognitoIdentityProviders": []object{{"ProviderName": "cognito-idp." + at.region + ".amazonaws.com/" + at.region + "_Ab1cD2eF3", "ClientId": at.digest(26, "app-client"), "ServerSideTokenCheck": true}}, "IdentityPoolTags": object{}}, id)
	at.about("cognito-identity:GetIdentityPoolRoles", object{"IdentityPoolId": id, "Roles": object{"authenticated": users}}, id)
	c.w.truth.Resources++
}

// platform is who may speak to the Kubernetes cluster, and as whom its hosts and pods run.
func (c *acme) platform() {
	at, g := c.virginia, c.production.global
	const name = "platform"
	c.production.role("/", "eks-"+name, trustService("eks.amazonaws.com"), []string{awsManaged + "AmazonEKSClusterPolicy"}, nil, time.Hour)
	nodes := c.production.role("/", "eks-"+name+"-nodes", trustService("ec2.amazonaws.com"), []string{awsManaged + "AmazonEKSWorkerNodePolicy"}, nil, time.Hour)
	pod := c.production.role("/", "pod-catalogue", policy(object{"Effect": "Allow", "Principal": object{"Service": "pods.eks.amazonaws.com"}, "Action": []string{"sts:AssumeRole", "sts:TagSession"}}), nil,
		map[string]object{"uploads": policy(object{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-shop-uploads/*"})}, time.Hour)
	at.about("eks:ListNodegroups", object{"nodegroups": []string{"general"}}, name)
	at.about("eks:DescribeNodegroup", object{"nodegroup": object{"nodegroupName": "general", "clusterName": name, "nodegroupArn": at.arn("eks", "nodegroup/platform/general/"+at.uuid("nodegroup")), "status": "ACTIVE", "nodeRole": nodes,
		"scalingConfig": object{"minSize": 0, "maxSize": 4, "desiredSize": 0}, "resources": object{"autoScalingGroups": []object{}}}}, name, "general")
	at.about("eks:ListPodIdentityAssociations", object{"associations": []object{{"clusterName": name, "namespace": "shop", "serviceAccount": "catalogue", "associationId": "a-1b2c3d4e5f6a7b8c9"}}}, name)
	at.about("eks:DescribePodIdentityAssociation", object{"association": object{"clusterName": name, "namespace": "shop", "serviceAccount": "catalogue", "roleArn": pod, "associationId": "a-1b2c3d4e5f6a7b8c9"}}, name, "a-1b2c3d4e5f6a7b8c9")
	admin := g.arn("iam", "role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Administrator_"+g.digest(16, "sso", "admin"))
	at.about("eks:ListAccessEntries", object{"accessEntries": []string{admin}}, name)
	at.about("eks:DescribeAccessEntry", object{"accessEntry": object{"clusterName": name, "principalArn": admin, "kubernetesGroups": []string{}, "type": "STANDARD", "username": "admin"}}, name, admin)
	at.about("eks:ListAssociatedAccessPolicies", object{"clusterName": name, "principalArn": admin, "associatedAccessPolicies": []object{{"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
		"accessScope": object{"type": "cluster", "namespaces": []string{}}}}}, name, admin)
}
