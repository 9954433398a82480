package collect

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/onus-cloud/onus/internal/operation"
)

// readEC2 reads hosts, storage and network.
func readEC2(ctx context.Context, p *place) {
	client := ec2.NewFromConfig(p.config)
	many := aws.Int32(1000)
	var instances []*ec2.DescribeInstancesOutput
	var versions []*ec2.DescribeLaunchTemplateVersionsOutput
	var groups []*ec2.DescribeSecurityGroupsOutput
	var rules []*ec2.DescribeSecurityGroupRulesOutput
	var routes []*ec2.DescribeRouteTablesOutput
	var transit []string
	listings := []func(){
		func() { describeVpcs(ctx, p) },
		func() {
			instances = call(ctx, p, "ec2:DescribeInstances", client.DescribeInstances, &ec2.DescribeInstancesInput{MaxResults: many})
		},
		func() { versions = describeLaunchTemplateVersions(ctx, p, client) },
		func() {
			groups = call(ctx, p, "ec2:DescribeSecurityGroups", client.DescribeSecurityGroups, &ec2.DescribeSecurityGroupsInput{MaxResults: many})
		},
		func() {
			rules = call(ctx, p, "ec2:DescribeSecurityGroupRules", client.DescribeSecurityGroupRules, &ec2.DescribeSecurityGroupRulesInput{MaxResults: many})
		},
		func() {
			routes = call(ctx, p, "ec2:DescribeRouteTables", client.DescribeRouteTables, &ec2.DescribeRouteTablesInput{MaxResults: aws.Int32(100)})
		},
		func() {
			call(ctx, p, "ec2:GetInstanceMetadataDefaults", client.GetInstanceMetadataDefaults, &ec2.GetInstanceMetadataDefaultsInput{})
		},
		func() {
			call(ctx, p, "ec2:GetSerialConsoleAccessStatus", client.GetSerialConsoleAccessStatus, &ec2.GetSerialConsoleAccessStatusInput{})
		},
		func() {
			call(ctx, p, "ec2:DescribeInstanceConnectEndpoints", client.DescribeInstanceConnectEndpoints, &ec2.DescribeInstanceConnectEndpointsInput{MaxResults: aws.Int32(50)})
		},
		func() {
			call(ctx, p, "ec2:DescribeVolumes", client.DescribeVolumes, &ec2.DescribeVolumesInput{MaxResults: many})
		},
		func() {
			call(ctx, p, "ec2:GetEbsEncryptionByDefault", client.GetEbsEncryptionByDefault, &ec2.GetEbsEncryptionByDefaultInput{})
		},
		func() {
			call(ctx, p, "ec2:DescribeNetworkInterfaces", client.DescribeNetworkInterfaces, &ec2.DescribeNetworkInterfacesInput{MaxResults: many})
		},
		func() {
			call(ctx, p, "ec2:DescribeSubnets", client.DescribeSubnets, &ec2.DescribeSubnetsInput{MaxResults: many})
		},
		func() {
			call(ctx, p, "ec2:DescribeNetworkAcls", client.DescribeNetworkAcls, &ec2.DescribeNetworkAclsInput{MaxResults: many})
		},
		func() {
			call(ctx, p, "ec2:DescribeInternetGateways", client.DescribeInternetGateways, &ec2.DescribeInternetGatewaysInput{MaxResults: many})
		},
		func() {
			call(ctx, p, "ec2:DescribeNatGateways", client.DescribeNatGateways, &ec2.DescribeNatGatewaysInput{MaxResults: many})
		},
		func() {
			call(ctx, p, "ec2:DescribeVpcPeeringConnections", client.DescribeVpcPeeringConnections, &ec2.DescribeVpcPeeringConnectionsInput{MaxResults: many})
		},
		func() {
			call(ctx, p, "ec2:DescribeVpcEndpoints", client.DescribeVpcEndpoints, &ec2.DescribeVpcEndpointsInput{MaxResults: many})
		},
		func() { call(ctx, p, "ec2:DescribeAddresses", client.DescribeAddresses, &ec2.DescribeAddressesInput{}) },
		func() {
			call(ctx, p, "ec2:DescribeFlowLogs", client.DescribeFlowLogs, &ec2.DescribeFlowLogsInput{MaxResults: many})
		},
		func() { readSnapshots(ctx, p, client) },
		func() { transit = readTransit(ctx, p, client) },
		func() { readBlockPublicAccess(ctx, p, client) },
		func() {
			call(ctx, p, "ec2:DescribeEgressOnlyInternetGateways", client.DescribeEgressOnlyInternetGateways, &ec2.DescribeEgressOnlyInternetGatewaysInput{MaxResults: aws.Int32(255)})
		},
		func() {
			call(ctx, p, "ec2:DescribeVpcEndpointServiceConfigurations", client.DescribeVpcEndpointServiceConfigurations, &ec2.DescribeVpcEndpointServiceConfigurationsInput{MaxResults: many})
		},
	}
	each(listings, len(listings), func(list func()) { list() })

	after := []func(){
		func() { readUserData(ctx, p, client, instances) },
		func() { readImages(ctx, p, client, instances, versions) },
		func() { readPrefixLists(ctx, p, client, groups, rules, routes, transit) },
	}
	each(after, len(after), func(read func()) { read() })
}

// describeVpcs is apart because it is one of the two calls by which a Region is probed.
func describeVpcs(ctx context.Context, p *place) {
	call(ctx, p, "ec2:DescribeVpcs", ec2.NewFromConfig(p.config).DescribeVpcs, &ec2.DescribeVpcsInput{MaxResults: aws.Int32(1000)})
}

// describeLaunchTemplateVersions reads the default and the newest version of every template in one listing, as AWS allows
// where no template is named, and the versions that Auto Scaling groups pin besides.
func describeLaunchTemplateVersions(ctx context.Context, p *place, client *ec2.Client) []*ec2.DescribeLaunchTemplateVersionsOutput {
	const id = operation.ID("ec2:DescribeLaunchTemplateVersions")
	call(ctx, p, "ec2:DescribeLaunchTemplates", client.DescribeLaunchTemplates, &ec2.DescribeLaunchTemplatesInput{MaxResults: aws.Int32(200)})
	pinned := pinnedVersions(ctx, p)
	return compose(p, id, func() reading[ec2.DescribeLaunchTemplateVersionsOutput] {
		parts := []reading[ec2.DescribeLaunchTemplateVersionsOutput]{
			ask(ctx, p, id, client.DescribeLaunchTemplateVersions, &ec2.DescribeLaunchTemplateVersionsInput{
				Versions: []string{"$Default", "$Latest"}, MaxResults: aws.Int32(200)}),
		}
		for _, pin := range pinned {
			part := ask(ctx, p, id, client.DescribeLaunchTemplateVersions, &ec2.DescribeLaunchTemplateVersionsInput{
				LaunchTemplateId: aws.String(pin.template), Versions: []string{pin.version}})
			if slices.Contains(goneCodes, part.code) {
				continue // a group may pin what was deleted: that is an answer
			}
			parts = append(parts, part)
		}
		return join(p.Now(), parts...)
	}, nil)
}

// goneCodes say that a resource which another one refers to does not exist any more.
var goneCodes = []string{"InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateId.VersionNotFound", "InvalidLaunchTemplateName.NotFoundException"}

// readUserData reads the user data of each host. Terminated ones have none any more.
func readUserData(ctx context.Context, p *place, client *ec2.Client, pages []*ec2.DescribeInstancesOutput) {
	var ids []string
	for _, page := range pages {
		for _, reservation := range page.Reservations {
			for _, i := range reservation.Instances {
				if i.State == nil || i.State.Name != types.InstanceStateNameTerminated {
					ids = append(ids, aws.ToString(i.InstanceId))
				}
			}
		}
	}
	each(ids, itemsAtOnce, func(id string) {
		call(ctx, p, "ec2:DescribeInstanceAttribute", client.DescribeInstanceAttribute, &ec2.DescribeInstanceAttributeInput{
			InstanceId: aws.String(id), Attribute: types.InstanceAttributeNameUserData})
	})
}

// readImages reads the account's own images with whom they are shared with, and the images that hosts, launch templates and
// launch configurations use. They are asked for by a filter: by id, one image that is gone would fail all.
func readImages(ctx context.Context, p *place, client *ec2.Client, instances []*ec2.DescribeInstancesOutput, versions []*ec2.DescribeLaunchTemplateVersionsOutput) {
	var used []string
	for _, page := range instances {
		for _, reservation := range page.Reservations {
			for _, i := range reservation.Instances {
				used = append(used, aws.ToString(i.ImageId))
			}
		}
	}
	for _, page := range versions {
		for _, v := range page.LaunchTemplateVersions {
			if v.LaunchTemplateData != nil {
				used = append(used, aws.ToString(v.LaunchTemplateData.ImageId))
			}
		}
	}
	for _, page := range describeLaunchConfigurations(ctx, p) {
		for _, c := range page.LaunchConfigurations {
			used = append(used, aws.ToString(c.ImageId))
		}
	}

	const id = operation.ID("ec2:DescribeImages")
	var own []string
	compose(p, id, func() reading[ec2.DescribeImagesOutput] {
		mine := ask(ctx, p, id, client.DescribeImages, &ec2.DescribeImagesInput{
			Owners: []string{"self"}, IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true), MaxResults: aws.Int32(1000)})
		for _, page := range mine.pages {
			for _, image := range page.Images {
				own = append(own, aws.ToString(image.ImageId))
			}
		}
		slices.Sort(used)
		used = slices.DeleteFunc(slices.Compact(used), func(id string) bool { return id == "" || slices.Contains(own, id) })
		parts := []reading[ec2.DescribeImagesOutput]{mine}
		for some := range slices.Chunk(used, 200) { // the most values that a filter takes
			parts = append(parts, ask(ctx, p, id, client.DescribeImages, &ec2.DescribeImagesInput{
				Filters:           []types.Filter{{Name: aws.String("image-id"), Values: some}},
				IncludeDeprecated: aws.Bool(true), MaxResults: aws.Int32(1000)}))
		}
		return join(p.Now(), parts...)
	}, nil)
	each(own, itemsAtOnce, func(id string) {
		call(ctx, p, "ec2:DescribeImageAttribute", client.DescribeImageAttribute, &ec2.DescribeImageAttributeInput{
			ImageId: aws.String(id), Attribute: types.ImageAttributeNameLaunchPermission})
	})
}

// readSnapshots reads the account's own snapshots and with whom they are shared.
func readSnapshots(ctx context.Context, p *place, client *ec2.Client) {
	var ids []string
	for _, page := range call(ctx, p, "ec2:DescribeSnapshots", client.DescribeSnapshots, &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}, MaxResults: aws.Int32(1000)}) {
		for _, s := range page.Snapshots {
			ids = append(ids, aws.ToString(s.SnapshotId))
		}
	}
	each(ids, itemsAtOnce, func(id string) {
		call(ctx, p, "ec2:DescribeSnapshotAttribute", client.DescribeSnapshotAttribute, &ec2.DescribeSnapshotAttributeInput{
			SnapshotId: aws.String(id), Attribute: types.SnapshotAttributeNameCreateVolumePermission})
	})
}

// readPrefixLists reads the prefix lists, and the entries of those that security groups, routes and transit gateways refer to:
// AWS's own lists and other accounts' too.
func readPrefixLists(ctx context.Context, p *place, client *ec2.Client, groups []*ec2.DescribeSecurityGroupsOutput, rules []*ec2.DescribeSecurityGroupRulesOutput, routes []*ec2.DescribeRouteTablesOutput, transit []string) {
	call(ctx, p, "ec2:DescribeManagedPrefixLists", client.DescribeManagedPrefixLists, &ec2.DescribeManagedPrefixListsInput{MaxResults: aws.Int32(100)})
	used := slices.Clone(transit)
	for _, page := range groups {
		for _, g := range page.SecurityGroups {
			for _, permission := range slices.Concat(g.IpPermissions, g.IpPermissionsEgress) {
				for _, list := range permission.PrefixListIds {
					used = append(used, aws.ToString(list.PrefixListId))
				}
			}
		}
	}
	for _, page := range rules {
		for _, rule := range page.SecurityGroupRules {
			used = append(used, aws.ToString(rule.PrefixListId))
		}
	}
	for _, page := range routes {
		for _, table := range page.RouteTables {
			for _, route := range table.Routes {
				used = append(used, aws.ToString(route.DestinationPrefixListId))
			}
		}
	}
	slices.Sort(used)
	each(slices.Compact(used), itemsAtOnce, func(id string) {
		if id != "" {
			call(ctx, p, "ec2:GetManagedPrefixListEntries", client.GetManagedPrefixListEntries, &ec2.GetManagedPrefixListEntriesInput{
				PrefixListId: aws.String(id), MaxResults: aws.Int32(100)})
		}
	})
}
