"""Seeds moto with an account of about 1,000 resources in two Regions, for the benchmark against another scanner."""

import json
import sys

import boto3

ENDPOINT = sys.argv[1]
REGIONS = ["us-east-1", "eu-west-1"]


def client(service, region="us-east-1"):
    return boto3.client(service, region_name=region, endpoint_url=ENDPOINT, aws_access_key_id="testing", aws_secret_access_key="testing")


def region(name):
    ec2 = client("ec2", name)
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    count = 0
    for v in range(2):
        vpc = ec2.create_vpc(CidrBlock=f"10.{v}.0.0/16")["Vpc"]["VpcId"]
        subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{v}.{n}.0/24", AvailabilityZone=name + zone)["Subnet"]["SubnetId"] for n, zone in enumerate("abc")]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        groups = []
        for n in range(40):
            group = ec2.create_security_group(GroupName=f"group-{v}-{n}", Description="benchmark", VpcId=vpc)["GroupId"]
            cidr, port = ("0.0.0.0/0", 22) if n % 10 == 0 else (f"10.{v}.0.0/16", 8000 + n)
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr}]}])
            groups.append(group)
        for n in range(50):
            ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.micro", SubnetId=subnets[n % 3], SecurityGroupIds=[groups[n % 40]],
                              TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "owner", "Value": "web"}]}])
        elb = client("elbv2", name)
        for n in range(5):
            elb.create_load_balancer(Name=f"lb-{v}-{n}", Subnets=subnets, SecurityGroups=[groups[n]], Scheme="internet-facing")
        count += 1 + 3 + 1 + 40 + 50 + 50 + 50 + 5  # with the volumes and interfaces of the instances
    for n in range(20):
        client("rds", name).create_db_instance(DBInstanceIdentifier=f"db-{n}", DBInstanceClass="db.t3.micro", Engine="postgres", AllocatedStorage=20,
                                               MasterUsername="owner", MasterUserPassword="benchmark-only", StorageEncrypted=n % 5 != 0, PubliclyAccessible=n % 7 == 0)
        client("dynamodb", name).create_table(TableName=f"table-{n}", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                                              AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
        client("kms", name).create_key()
        count += 3
    return count


def account():
    s3, iam = client("s3"), client("iam")
    for n in range(100):
        s3.create_bucket(Bucket=f"benchmark-{n}")
        if n % 3:
            s3.put_bucket_policy(Bucket=f"benchmark-{n}", Policy=json.dumps({"Version": "2012-10-17", "Statement": [{
                "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [f"arn:aws:s3:::benchmark-{n}", f"arn:aws:s3:::benchmark-{n}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}))
    for n in range(60):
        iam.create_user(UserName=f"user-{n}")
        if n % 4 == 0:
            iam.create_access_key(UserName=f"user-{n}")
        iam.create_role(RoleName=f"role-{n}", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}))
    return 100 + 120


print(account() + sum(region(name) for name in REGIONS), "resources")
