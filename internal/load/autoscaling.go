package load

import (
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
)

// autoScaling reads Auto Scaling groups and launch configurations.
func (l *loader) autoScaling() {
	type templateVersion struct {
		LaunchTemplateID   string `json:"LaunchTemplateId"`
		LaunchTemplateName string
		Version            string
	}
	type groupList struct {
		AutoScalingGroups []struct {
			AutoScalingGroupName    string
			AutoScalingGroupARN     string
			LaunchConfigurationName string
			LaunchTemplate          *templateVersion
			MixedInstancesPolicy    struct {
				LaunchTemplate struct {
					LaunchTemplateSpecification *templateVersion
					Overrides                   []struct{ LaunchTemplateSpecification *templateVersion }
				}
			}
			Instances []struct {
				InstanceID string `json:"InstanceId"`
			}
			Tags []tag
		}
	}
	each(l, "autoscaling:DescribeAutoScalingGroups", func(p estate.Place, page *groupList) {
		for _, g := range page.AutoScalingGroups {
			group := &estate.AutoScalingGroup{
				Resource:            resource(p, "auto-scaling-group", g.AutoScalingGroupName, g.AutoScalingGroupARN, g.Tags),
				LaunchConfiguration: g.LaunchConfigurationName,
			}
			if group.Reference.Name == "" {
				group.Reference.Name = g.AutoScalingGroupName
			}
			mixed := g.MixedInstancesPolicy.LaunchTemplate
			specifications := []*templateVersion{g.LaunchTemplate, mixed.LaunchTemplateSpecification}
			for _, o := range mixed.Overrides {
				specifications = append(specifications, o.LaunchTemplateSpecification)
			}
			for _, s := range specifications {
				if s == nil {
					continue
				}
				if v := (estate.TemplateVersion{ID: s.LaunchTemplateID, Name: s.LaunchTemplateName, Version: s.Version}); !slices.Contains(group.Templates, v) {
					group.Templates = append(group.Templates, v)
				}
			}
			for _, i := range g.Instances {
				group.Instances = append(group.Instances, i.InstanceID)
			}
			slices.Sort(group.Instances)
			l.estate.AutoScalingGroups = append(l.estate.AutoScalingGroups, group)
		}
	})
	l.estate.AutoScalingGroups = byKey(l.estate.AutoScalingGroups)

	type configurationList struct {
		LaunchConfigurations []struct {
			LaunchConfigurationName string
			LaunchConfigurationARN  string
			ImageID                 string `json:"ImageId"`
			MetadataOptions         metadataOptions
			IamInstanceProfile      string // ARN or name
			KeyName                 string
		}
	}
	each(l, "autoscaling:DescribeLaunchConfigurations", func(p estate.Place, page *configurationList) {
		for _, c := range page.LaunchConfigurations {
			l.estate.LaunchConfigurations = append(l.estate.LaunchConfigurations, &estate.LaunchConfiguration{
				Resource: resource(p, "launch-configuration", c.LaunchConfigurationName, c.LaunchConfigurationARN, nil),
				Image:    c.ImageID,
				Metadata: c.MetadataOptions.estate(),
				Profile:  c.IamInstanceProfile, KeyPair: c.KeyName,
			})
		}
	})
	l.estate.LaunchConfigurations = byKey(l.estate.LaunchConfigurations)
}
