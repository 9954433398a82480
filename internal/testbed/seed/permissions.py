"""What permissions rest on, as far as moto serves it, in one account and Region. Every policy allows one action, which tells where
it came from; every role is named after what runs as it. Prints a secret that was planted in all that may hold one."""

import base64
import io
import json
import zipfile

import boto3

PLANTED = "hunter2hunter2"
ACCOUNT = "111122223333"  # moto's first one has more than a thousand snapshots, each of which is asked about
key = boto3.client("sts").assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/Seed", RoleSessionName="seed")["Credentials"]
client = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"]).client
iam = client("iam")


def policy(action, resource=True):
    statement = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": action}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | ({"Resource": "*"} if resource else {})]})


def role(name, service):
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
    return iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]


# Resource policies
sqs = client("sqs")
queue = sqs.create_queue(QueueName="orders", Attributes={"Policy": policy("sqs:SendMessage"), "KmsMasterKeyId": "alias/shop"})["QueueUrl"]
sns = client("sns")
sns.set_topic_attributes(TopicArn=sns.create_topic(Name="alarms")["TopicArn"], AttributeName="Policy", AttributeValue=policy("sns:Publish"))
secrets = client("secretsmanager")
secrets.create_secret(Name="shop/db", SecretString=PLANTED)
secrets.put_resource_policy(SecretId="shop/db", ResourcePolicy=policy("secretsmanager:GetSecretValue"))
ecr = client("ecr")
ecr.create_repository(repositoryName="shop/web")
ecr.set_repository_policy(repositoryName="shop/web", policyText=policy("ecr:BatchGetImage", resource=False))
ecr.create_repository(repositoryName="shop/bare")
kms = client("kms")
key = kms.create_key(Policy=policy("kms:*"))["KeyMetadata"]["KeyId"]
kms.create_alias(AliasName="alias/shop", TargetKeyId=key)
kms.create_grant(KeyId=key, GranteePrincipal=role("grantee", "ec2.amazonaws.com"), Operations=["Decrypt"], Constraints={"EncryptionContextSubset": {"app": "shop"}})
dynamodb = client("dynamodb")
table = dynamodb.create_table(TableName="carts", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                              AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])["TableDescription"]["TableArn"]
dynamodb.put_resource_policy(ResourceArn=table, Policy=policy("dynamodb:GetItem"))
client("s3").create_bucket(Bucket="reports")
s3control = client("s3control")
s3control.create_access_point(AccountId=ACCOUNT, Name="readers", Bucket="reports")
s3control.put_access_point_policy(AccountId=ACCOUNT, Name="readers", Policy=policy("s3:GetObject"))
client("ssm").put_parameter(Name="/shop/db/url", Value=PLANTED, Type="SecureString")

# Instance profiles
iam.create_instance_profile(InstanceProfileName="host", Path="/hosts/")
role("host", "ec2.amazonaws.com")
iam.add_role_to_instance_profile(InstanceProfileName="host", RoleName="host")
ec2 = client("ec2")
ec2.create_key_pair(KeyName="ops")
image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, KeyName="ops", IamInstanceProfile={"Name": "host"})
ec2.create_launch_template(LaunchTemplateName="fleet", LaunchTemplateData={"ImageId": image, "KeyName": "ops", "IamInstanceProfile": {"Name": "host"}, "UserData": base64.b64encode(PLANTED.encode()).decode()})

# What runs as a role
code = io.BytesIO()
with zipfile.ZipFile(code, "w") as archive:
    archive.writestr("main.py", "def handler(event, context): pass")
functions = client("lambda")
functions.create_function(FunctionName="ship", Runtime="python3.13", Role=role("function", "lambda.amazonaws.com"), Handler="main.handler",
                          Code={"ZipFile": code.getvalue()}, Environment={"Variables": {"HOST": PLANTED}})
functions.add_permission(FunctionName="ship", StatementId="x", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
functions.create_event_source_mapping(FunctionName="ship", EventSourceArn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders")
ecs = client("ecs")
cluster = ecs.create_cluster(clusterName="shop")["cluster"]["clusterArn"]
ecs.register_task_definition(family="web", taskRoleArn=role("task", "ecs-tasks.amazonaws.com"), executionRoleArn=role("execution", "ecs-tasks.amazonaws.com"),
                             containerDefinitions=[{"name": "web", "image": "web", "memory": 64, "command": [PLANTED], "environment": [{"name": "HOST", "value": PLANTED}]}])
ecs.create_service(cluster=cluster, serviceName="web", taskDefinition="web", desiredCount=0)
eks = client("eks")
eks.create_cluster(name="k8s", roleArn=role("cluster", "eks.amazonaws.com"), resourcesVpcConfig={})
eks.create_nodegroup(clusterName="k8s", nodegroupName="big", nodeRole=role("nodes", "ec2.amazonaws.com"), subnets=[])
client("codebuild").create_project(name="deploy", source={"type": "S3", "location": "reports/source.zip", "buildspec": PLANTED}, artifacts={"type": "NO_ARTIFACTS"},
                                   environment={"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL",
                                                "environmentVariables": [{"name": "HOST", "value": PLANTED}]},
                                   serviceRole=role("build", "codebuild.amazonaws.com"))
client("stepfunctions").create_state_machine(name="flow", roleArn=role("flow", "states.amazonaws.com"),
                                             definition=json.dumps({"StartAt": "a", "States": {"a": {"Type": "Pass", "Comment": PLANTED, "End": True}}}))
client("batch").register_job_definition(jobDefinitionName="nightly", type="container", containerProperties={
    "image": "x", "vcpus": 1, "memory": 128, "command": [PLANTED], "jobRoleArn": role("job", "ecs-tasks.amazonaws.com")})
client("sagemaker").create_notebook_instance(NotebookInstanceName="lab", InstanceType="ml.t3.medium", RoleArn=role("notebook", "sagemaker.amazonaws.com"))
client("cloudformation").create_stack(StackName="net", RoleARN=role("stack", "cloudformation.amazonaws.com"), Parameters=[{"ParameterKey": "Where", "ParameterValue": PLANTED}],
                                      TemplateBody=json.dumps({"Parameters": {"Where": {"Type": "String"}}, "Resources": {"q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "of-stack"}}},
                                                               "Outputs": {"Where": {"Value": {"Ref": "Where"}}}}))
client("cloudformation").create_stack_set(StackSetName="base", AdministrationRoleARN=role("stack-set", "cloudformation.amazonaws.com"), ExecutionRoleName="deploy",
                                          Parameters=[{"ParameterKey": "Where", "ParameterValue": PLANTED}], TemplateBody=json.dumps({"Parameters": {"Where": {"Type": "String", "Default": PLANTED}}, "Resources": {}}))
client("glue").create_job(Name="etl", Role=role("etl", "glue.amazonaws.com"), Command={"Name": "glueetl", "ScriptLocation": "s3://reports/etl.py"}, DefaultArguments={"--password": PLANTED})
client("glue").create_dev_endpoint(EndpointName="try", RoleArn=role("try", "glue.amazonaws.com"), Arguments={"--password": PLANTED})
client("cognito-identity").create_identity_pool(IdentityPoolName="app", AllowUnauthenticatedIdentities=True, DeveloperProviderName="login.app", SupportedLoginProviders={"graph.facebook.com": "7346241598935555"})

# The organisation, its directory and those whose word is taken
organizations = client("organizations")
organizations.create_organization(FeatureSet="ALL")
root = organizations.list_roots()["Roots"][0]["Id"]
unit = organizations.create_organizational_unit(ParentId=root, Name="Production")["OrganizationalUnit"]["Id"]
member = organizations.create_account(Email="shop@acme.example", AccountName="shop")["CreateAccountStatus"]["AccountId"]
organizations.move_account(AccountId=member, SourceParentId=root, DestinationParentId=unit)
organizations.register_delegated_administrator(AccountId=member, ServicePrincipal="guardduty.amazonaws.com")
sso = client("sso-admin")
instance = sso.list_instances()["Instances"][0]
store, instance = instance["IdentityStoreId"], instance["InstanceArn"]
directory = client("identitystore")
ann = directory.create_user(IdentityStoreId=store, UserName="ann", DisplayName=PLANTED, Name={"GivenName": PLANTED, "FamilyName": PLANTED},
                            Emails=[{"Value": f"{PLANTED}@acme.example"}])["UserId"]
ops = directory.create_group(IdentityStoreId=store, DisplayName="Ops")["GroupId"]
directory.create_group_membership(IdentityStoreId=store, GroupId=ops, MemberId={"UserId": ann})
operators = sso.create_permission_set(InstanceArn=instance, Name="Operators", SessionDuration="PT2H")["PermissionSet"]["PermissionSetArn"]
sso.put_inline_policy_to_permission_set(InstanceArn=instance, PermissionSetArn=operators, InlinePolicy=json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ssm:StartSession", "Resource": "*"}]}))
sso.create_account_assignment(InstanceArn=instance, PermissionSetArn=operators, TargetId=member, TargetType="AWS_ACCOUNT", PrincipalType="GROUP", PrincipalId=ops)
iam.create_open_id_connect_provider(Url="https://oidc.example.com/id/ABC", ClientIDList=["sts.amazonaws.com"], ThumbprintList=["0" * 40])
iam.create_saml_provider(Name="adfs", SAMLMetadataDocument="x" * 1000)

print(json.dumps({"Planted": PLANTED, "Member": member, "Unit": unit, "Root": root}))
