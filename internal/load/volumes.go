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
			Tags        []tag
			Attachments []struct {
				InstanceID string `json:"InstanceId"`
				State      string
			}
		}
	}
	each(l, "ec2:DescribeVolumes", func(p estate.Place, page *volumeList) {
		for _, v := range page.Volumes {
			volume := &estate.Volume{
				Resource:  resource(p, "volume", v.VolumeID, arn("ec2", p, "volume/"+v.VolumeID), v.Tags),
				Encrypted: v.Encrypted,
				KMSKey:    v.KmsKeyID,
			}
			for _, a := range v.Attachments {
				if a.State != "detached" && a.InstanceID != "" {
					volume.Instances = append(volume.Instances, a.InstanceID)
				}
			}
			l.estate.Volumes = append(l.estate.Volumes, volume)
		}
	})
	l.estate.Volumes = byKey(l.estate.Volumes)
}
