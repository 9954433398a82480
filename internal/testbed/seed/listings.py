"""Three of each of some things that are listed in pages."""

import io
import zipfile

import boto3

ec2 = boto3.client("ec2")
for i in range(2):  # the default group is the third
    ec2.create_security_group(GroupName=f"group-{i}", Description="x")

iam = boto3.client("iam")
role = iam.create_role(RoleName="function", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
code = io.BytesIO()
with zipfile.ZipFile(code, "w") as archive:
    archive.writestr("main.py", "def handler(event, context): pass")

for i in range(3):
    iam.create_user(UserName=f"user-{i}")
    boto3.client("rds").create_db_instance(DBInstanceIdentifier=f"db-{i}", Engine="postgres", DBInstanceClass="db.t3.micro",
                                           MasterUsername="master", MasterUserPassword="long-enough", AllocatedStorage=20)
    boto3.client("kms").create_key()
    boto3.client("lambda").create_function(FunctionName=f"function-{i}", Runtime="python3.13", Role=role, Handler="main.handler",
                                           Code={"ZipFile": code.getvalue()})
    boto3.client("dynamodb").create_table(TableName=f"table-{i}", BillingMode="PAY_PER_REQUEST",
                                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    boto3.client("elbv2").create_target_group(Name=f"group-{i}", TargetType="lambda")
    boto3.client("cloudfront").create_distribution(DistributionConfig={
        "CallerReference": str(i), "Comment": "", "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [{"Id": "s3", "DomainName": "acme.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}]},
        "DefaultCacheBehavior": {"TargetOriginId": "s3", "ViewerProtocolPolicy": "https-only", "MinTTL": 0,
                                 "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}}}})
