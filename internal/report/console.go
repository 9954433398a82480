package report

import (
	"net/url"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// Console says how a person finds a resource in the AWS console: an address, empty where none is known to be stable, and the
// way there in words. The reader has to be signed in to the resource's account.
func Console(r estate.Ref) (address, path string) {
	page, ok := pages[r.Kind]
	if !ok {
		page.path = "search for {id} in the console's search bar"
	}
	if page.address == "" && strings.HasPrefix(r.ARN, "arn:") {
		page.address = "go/view?arn={arn}" // the console finds the page of most ARNs itself
	}
	region := r.Region
	if region == "" || region == estate.Global || region == "*" {
		region = globalRegion(r)
	}
	name := r.Name
	if name == "" {
		name = r.ID
	}
	fill := func(text string, escape func(string) string) string {
		return strings.NewReplacer("{id}", escape(r.ID), "{name}", escape(name), "{arn}", escape(r.ARN), "{region}", escape(region), "{last}", escape(last(r.ID))).Replace(text)
	}
	path = fill(page.path, func(s string) string { return s })
	if page.address == "" || !plainRegion(region) {
		return "", path
	}
	host := "https://" + region + "." + consoleHost(region) + "/"
	return host + fill(page.address, pathEscape), path
}

// page is where the console shows one kind of resource: the address behind the Region's host, and the way in words.
type page struct{ address, path string }

// pages are the kinds whose page is known. Names in braces stand for the parts of a reference; "last" is what follows the last
// slash of an id that is an ARN.
var pages = map[string]page{
	"account":            {"iam/home#/home", "IAM > Dashboard"},
	"root":               {"iam/home#/security_credentials", "sign in as the root user > account menu > Security credentials"},
	"region":             {"console/home?region={region}", "choose the Region {region} at the top right"},
	"user":               {"iam/home#/users/details/{id}", "IAM > Users > {id}"},
	"access-key":         {"iam/home#/users", "IAM > Users > the key's user > Security credentials > {id}"},
	"group":              {"iam/home#/groups/details/{id}", "IAM > User groups > {id}"},
	"role":               {"iam/home#/roles/details/{id}", "IAM > Roles > {id}"},
	"policy":             {"iam/home#/policies/details/{arn}", "IAM > Policies > {name}"},
	"instance":           {"ec2/home?region={region}#InstanceDetails:instanceId={id}", "EC2 > Instances > {id}"},
	"image":              {"ec2/home?region={region}#ImageDetails:imageId={id}", "EC2 > AMIs > {id}"},
	"launch-template":    {"ec2/home?region={region}#LaunchTemplateDetails:launchTemplateId={id}", "EC2 > Launch Templates > {id}"},
	"auto-scaling-group": {"ec2/home?region={region}#AutoScalingGroupDetails:id={name};view=details", "EC2 > Auto Scaling Groups > {name}"},
	"local-key":          {"", "the key is not in AWS: onus key list, where it is kept"},
	"place":              {"s3/buckets?region={region}", "S3 > Buckets > the objects of {id}"},
	"volume":             {"ec2/home?region={region}#VolumeDetails:volumeId={id}", "EC2 > Volumes > {id}"},
	"snapshot":           {"ec2/home?region={region}#SnapshotDetails:snapshotId={id}", "EC2 > Snapshots > {id}"},
	"network-interface":  {"ec2/home?region={region}#NetworkInterface:networkInterfaceId={id}", "EC2 > Network Interfaces > {id}"},
	"security-group":     {"ec2/home?region={region}#SecurityGroup:groupId={id}", "EC2 > Security Groups > {id}"},
	// The console shows rules only under their group; its search finds a group by none of them.
	"security-group-rule":   {"ec2/home?region={region}#SecurityGroups:", "EC2 > Security Groups > the rule's group > Inbound rules > {id}"},
	"load-balancer":         {"ec2/home?region={region}#LoadBalancers:search={name}", "EC2 > Load Balancers > {name}"},
	"classic-load-balancer": {"ec2/home?region={region}#LoadBalancers:search={name}", "EC2 > Load Balancers > {name}"},
	"stack":                 {"cloudformation/home?region={region}#/stacks/stackinfo?stackId={arn}", "CloudFormation > Stacks > {name}"},
	"listener":              {"ec2/home?region={region}#LoadBalancers:", "EC2 > Load Balancers > the listener's load balancer > Listeners and rules"},
	"target-group":          {"ec2/home?region={region}#TargetGroups:search={name}", "EC2 > Target Groups > {name}"},
	"vpc":                   {"vpcconsole/home?region={region}#VpcDetails:VpcId={id}", "VPC > Your VPCs > {id}"},
	"subnet":                {"vpcconsole/home?region={region}#SubnetDetails:subnetId={id}", "VPC > Subnets > {id}"},
	"route-table":           {"vpcconsole/home?region={region}#RouteTableDetails:RouteTableId={id}", "VPC > Route tables > {id}"},
	"network-acl":           {"vpcconsole/home?region={region}#NetworkAclDetails:networkAclId={id}", "VPC > Network ACLs > {id}"},
	"internet-gateway":      {"vpcconsole/home?region={region}#InternetGateway:internetGatewayId={id}", "VPC > Internet gateways > {id}"},
	"nat-gateway":           {"vpcconsole/home?region={region}#NatGatewayDetails:natGatewayId={id}", "VPC > NAT gateways > {id}"},
	"flow-log":              {"vpcconsole/home?region={region}#vpcs:", "VPC > Your VPCs > the VPC > Flow logs > {id}"},
	"prefix-list":           {"vpcconsole/home?region={region}#ManagedPrefixLists:", "VPC > Managed prefix lists > {id}"},
	"bucket":                {"s3/buckets/{id}", "S3 > Buckets > {id}"},
	"key":                   {"kms/home?region={region}#/kms/keys/{last}", "KMS > Customer managed keys > {last}"},
	"db-instance":           {"rds/home?region={region}#database:id={id};is-cluster=false", "RDS > Databases > {id}"},
	"db-cluster":            {"rds/home?region={region}#database:id={id};is-cluster=true", "RDS > Databases > {id}"},
	"db-snapshot":           {"rds/home?region={region}#snapshots-list:", "RDS > Snapshots > {id}"},
	"db-cluster-snapshot":   {"rds/home?region={region}#snapshots-list:", "RDS > Snapshots > {id}"},
	"table":                 {"dynamodbv2/home?region={region}#table?name={id}", "DynamoDB > Tables > {id}"},
	"function":              {"lambda/home?region={region}#/functions/{name}", "Lambda > Functions > {name}"},
	"trail":                 {"cloudtrailv2/home?region={region}#/trails", "CloudTrail > Trails > {name}"},
	"detector":              {"guardduty/home?region={region}#/settings", "GuardDuty > Settings"},
	"web-acl":               {"wafv2/homev2/web-acls?region={region}", "WAF & Shield > Web ACLs > {name}"},
	"distribution":          {"cloudfront/v4/home#/distributions/{id}", "CloudFront > Distributions > {id}"},
	"certificate":           {"acm/home?region={region}#/certificates/{last}", "Certificate Manager > {last}"},
	"backup-plan":           {"backup/home?region={region}#/backupplan/details/{id}", "AWS Backup > Backup plans > {name}"},
	"backup-vault":          {"backup/home?region={region}#/backupvaults/details/{name}", "AWS Backup > Vaults > {name}"},
	"recovery-point":        {"backup/home?region={region}#/backupvaults", "AWS Backup > Vaults > the recovery point's vault > {last}"},
	"lifecycle-policy":      {"ec2/home?region={region}#Lifecycle:", "EC2 > Lifecycle Manager > {id}"},
	"permission-set":        {"", "IAM Identity Center > Permission sets > {name}"},
	"organization":          {"organizations/v2/home/accounts", "AWS Organizations > AWS accounts"},
	"organization-policy":   {"organizations/v2/home/policies", "AWS Organizations > Policies > {name}"},
	"launch-configuration":  {"ec2/home?region={region}#LaunchConfigurations:", "EC2 > Auto Scaling > Launch Configurations > {name}"},
}

// globalRegion is where the console shows services without Regions, by the partition of the ARN.
func globalRegion(r estate.Ref) string {
	switch {
	case strings.HasPrefix(r.ARN, "arn:aws-cn:"):
		return "cn-north-1"
	case strings.HasPrefix(r.ARN, "arn:aws-us-gov:"):
		return "us-gov-west-1"
	}
	return "us-east-1"
}

// consoleHost is the console of a Region's partition.
func consoleHost(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "console.amazonaws.cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "console.amazonaws-us-gov.com"
	}
	return "console.aws.amazon.com"
}

// plainRegion reports whether a Region's name can stand in a host name; a recording may say anything.
func plainRegion(region string) bool {
	return !strings.ContainsFunc(region, func(r rune) bool {
		return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
}

func last(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

// pathEscape escapes for any part of an address. Spaces become %20, which also holds in a fragment.
func pathEscape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
