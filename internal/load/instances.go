package load

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// metadataOptions are the settings of the metadata service as instances, templates and defaults have them.
type metadataOptions struct {
	HTTPEndpoint            string `json:"HttpEndpoint"`
	HTTPTokens              string `json:"HttpTokens"`
	HTTPPutResponseHopLimit int    `json:"HttpPutResponseHopLimit"`
}

func (m metadataOptions) estate() estate.MetadataOptions {
	return estate.MetadataOptions{Endpoint: m.HTTPEndpoint, Tokens: m.HTTPTokens, HopLimit: m.HTTPPutResponseHopLimit}
}

// instances reads EC2 instances. An account sees its own only, also where their subnet is shared by another.
func (l *loader) instances() {
	type instanceList struct {
		Reservations []struct {
			Instances []struct {
				InstanceID         string `json:"InstanceId"`
				ImageID            string `json:"ImageId"`
				InstanceType       string
				LaunchTime         when
				Platform           string
				PlatformDetails    string
				PublicIPAddress    string `json:"PublicIpAddress"`
				VpcID              string `json:"VpcId"`
				SubnetID           string `json:"SubnetId"`
				State              struct{ Name string }
				IamInstanceProfile struct{ Arn string }
				KeyName            string
				SecurityGroups     []struct {
					GroupID string `json:"GroupId"`
				}
				NetworkInterfaces []struct {
					NetworkInterfaceID string `json:"NetworkInterfaceId"`
				}
				RootDeviceName      string
				BlockDeviceMappings []struct {
					DeviceName string
					Ebs        struct{ AttachTime when }
				}
				MetadataOptions metadataOptions
				Tags            []tag
			}
		}
	}
	each(l, "ec2:DescribeInstances", func(p estate.Place, page *instanceList) {
		for _, reservation := range page.Reservations {
			for _, i := range reservation.Instances {
				switch i.State.Name {
				case "terminated", "shutting-down":
					continue // it will not serve again
				}
				tags := tagMap(i.Tags)
				instance := &estate.Instance{
					Resource:         resource(p, "instance", i.InstanceID, arn("ec2", p, "instance/"+i.InstanceID), i.Tags),
					State:            i.State.Name,
					LaunchTime:       i.LaunchTime.Time,
					Since:            i.LaunchTime.Time,
					Image:            i.ImageID,
					Type:             i.InstanceType,
					RootDevice:       i.RootDeviceName,
					Platform:         i.PlatformDetails,
					Profile:          i.IamInstanceProfile.Arn,
					KeyPair:          i.KeyName,
					VPC:              i.VpcID,
					Subnet:           i.SubnetID,
					Metadata:         i.MetadataOptions.estate(),
					AutoScalingGroup: tags["aws:autoscaling:groupName"],
					Template:         estate.TemplateVersion{ID: tags["aws:ec2launchtemplate:id"], Version: tags["aws:ec2launchtemplate:version"]},
				}
				if instance.Platform == "" {
					instance.Platform = i.Platform
				}
				instance.PublicAddress, _ = netip.ParseAddr(i.PublicIPAddress) // the zero Addr where there is none
				for _, g := range i.SecurityGroups {
					instance.SecurityGroups = append(instance.SecurityGroups, g.GroupID)
				}
				for _, n := range i.NetworkInterfaces {
					instance.Interfaces = append(instance.Interfaces, n.NetworkInterfaceID)
				}
				for _, d := range i.BlockDeviceMappings {
					// A root volume that was replaced from a newer image is younger than the last start.
					if d.DeviceName == i.RootDeviceName && !d.Ebs.AttachTime.IsZero() {
						instance.Since = d.Ebs.AttachTime.Time
					}
				}
				slices.Sort(instance.SecurityGroups)
				slices.Sort(instance.Interfaces)
				instance.UserData = l.userData(p, i.InstanceID)
				l.estate.Instances = append(l.estate.Instances, instance)
			}
		}
	})
	l.estate.Instances = byKey(l.estate.Instances)
}

func (l *loader) userData(p estate.Place, instance string) estate.Known[string] {
	type attribute struct {
		UserData struct{ Value string }
	}
	data := about(l, p, "ec2:DescribeInstanceAttribute", instance+" userData", func(pages []attribute) string {
		for _, page := range pages {
			if page.UserData.Value != "" {
				return page.UserData.Value
			}
		}
		return ""
	})
	if text, ok := data.Value(); ok && text == "" {
		return estate.None[string]()
	}
	return data
}

// arn builds an ARN in the partition of the place's Region, for resources whose listing does not give one.
func arn(service string, p estate.Place, rest string) string {
	return strings.Join([]string{"arn", estate.Partition(p.Region), service, p.Region, p.Account, rest}, ":")
}
