"""A bucket, a user without MFA, and a key that may see neither: its user may only describe EC2. Prints the key."""

import json

import boto3

boto3.client("s3").create_bucket(Bucket="hidden")
iam = boto3.client("iam")
iam.create_user(UserName="careless")
iam.create_login_profile(UserName="careless", Password="Careless-1")
iam.create_user(UserName="limited")
iam.put_user_policy(UserName="limited", PolicyName="limited", PolicyDocument=json.dumps({
    "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["ec2:Describe*", "ec2:Get*", "sts:GetCallerIdentity"], "Resource": "*"}]}))
key = iam.create_access_key(UserName="limited")["AccessKey"]
print(json.dumps({"ID": key["AccessKeyId"], "Secret": key["SecretAccessKey"]}))
