package load

import (
	"github.com/onus-cloud/onus/internal/estate"
)

// volumes reads EBS volumes.
func (l *loader) volumes() {
	type volumeList struct {
		Volumes []struct {
			VolumeID    string `json:"VolumeId"`
			Encrypted   bool
			KmsKeyID    string `json:"KmsKeyId"`
			VolumeType  string
			Tags        []tag
			Attachments []struct {
				InstanceID          string `json:"InstanceId"`
				State               string
				Device              string
				AttachTime          when
				DeleteOnTermination bool
			}
		}
	}
	each(l, "ec2:DescribeVolumes", func(p estate.Place, page *volumeList) {
		for _, v := range page.Volumes {
			volume := &estate.Volume{
				Resource:  resource(p, "volume", v.VolumeID, arn("ec2", p, "volume/"+v.VolumeID), v.Tags),
				Encrypted: v.Encrypted,
				KMSKey:    v.KmsKeyID,
				Type:      v.VolumeType,
			}
			for _, a := range v.Attachments {
				if a.State != "detached" && a.InstanceID != "" {
					volume.Instances = append(volume.Instances, a.InstanceID)
					volume.Attachments = append(volume.Attachments, estate.Attachment{Instance: a.InstanceID, Device: a.Device,
						Since: a.AttachTime.Time, DeleteOnTermination: a.DeleteOnTermination})
				}
			}
			l.estate.Volumes = append(l.estate.Volumes, volume)
		}
	})
	l.estate.Volumes = byKey(l.estate.Volumes)
}
