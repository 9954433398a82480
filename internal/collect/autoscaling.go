package collect

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	types "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// readAutoScaling reads the groups that make hosts, and the launch configurations of old.
func readAutoScaling(ctx context.Context, p *place) {
	describeGroups(ctx, p)
	describeLaunchConfigurations(ctx, p)
}

func describeGroups(ctx context.Context, p *place) []*autoscaling.DescribeAutoScalingGroupsOutput {
	return call(ctx, p, "autoscaling:DescribeAutoScalingGroups", autoscaling.NewFromConfig(p.config).DescribeAutoScalingGroups, &autoscaling.DescribeAutoScalingGroupsInput{MaxRecords: aws.Int32(100)})
}

func describeLaunchConfigurations(ctx context.Context, p *place) []*autoscaling.DescribeLaunchConfigurationsOutput {
	return call(ctx, p, "autoscaling:DescribeLaunchConfigurations", autoscaling.NewFromConfig(p.config).DescribeLaunchConfigurations, &autoscaling.DescribeLaunchConfigurationsInput{MaxRecords: aws.Int32(100)})
}

// pin is one version of a launch template that a group names by its number.
type pin struct{ template, version string }

// pinnedVersions are the versions of launch templates that groups name by their numbers, each once.
func pinnedVersions(ctx context.Context, p *place) []pin {
	var pins []pin
	add := func(t *types.LaunchTemplateSpecification) {
		if t == nil || t.LaunchTemplateId == nil {
			return
		}
		if v := aws.ToString(t.Version); v != "" && v[0] != '$' {
			pins = append(pins, pin{*t.LaunchTemplateId, v})
		}
	}
	for _, page := range describeGroups(ctx, p) {
		for _, g := range page.AutoScalingGroups {
			add(g.LaunchTemplate)
			if m := g.MixedInstancesPolicy; m != nil && m.LaunchTemplate != nil {
				add(m.LaunchTemplate.LaunchTemplateSpecification)
				for _, o := range m.LaunchTemplate.Overrides {
					add(o.LaunchTemplateSpecification)
				}
			}
		}
	}
	slices.SortFunc(pins, func(a, b pin) int { return strings.Compare(a.template+" "+a.version, b.template+" "+b.version) })
	return slices.Compact(pins)
}
