package atrest

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// VolumeEncrypted is rest-volume-encrypted. A volume that is attached to nothing serves nobody and is not judged.
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html
var VolumeEncrypted = &control.Control{
	ID:       "rest-volume-encrypted",
	Practice: "encryption-at-rest",
	Title:    "Every attached volume is encrypted",
	Sentence: "every attached volume is encrypted",
	Asked:    "every attached volume is encrypted",
	Why:      "A copied snapshot or a disk that leaves the data centre gives its data to whoever holds it.",
	Fix:      "Copy the volume through an encrypted snapshot and attach the copy in its place.",
	Severity: answer.Medium,
	Lists:    []operation.ID{"ec2:DescribeVolumes"},
	Judge: func(c *control.Case) {
		for _, v := range c.Estate.Volumes {
			switch {
			case len(v.Instances) == 0:
			case v.Encrypted:
				c.Holds(v)
			default:
				c.Breaks(v, volumeInPlaintext(v))
			}
		}
	},
}

func volumeInPlaintext(v *estate.Volume) control.Counter {
	ref := v.Ref()
	return control.Counter{
		Text:  fmt.Sprintf("volume %s of %s is not encrypted", ref.ID, v.Instances[0]),
		Facts: []answer.Fact{{Text: "Encrypted is false", Operation: "ec2:DescribeVolumes"}},
		Cause: answer.Cause{
			Key:     "volume/" + ref.ID,
			Subject: ref,
			Title:   "volume " + ref.ID + " is not encrypted",
			Fix: answer.Fix{
				Text: "Copy it through an encrypted snapshot, and attach the copy while the host is stopped.",
				CLI: []string{
					fmt.Sprintf("aws ec2 create-snapshot --region %s --volume-id %s", ref.Region, ref.ID),
					fmt.Sprintf("aws ec2 copy-snapshot --region %s --source-region %[1]s --source-snapshot-id SNAPSHOT --encrypted", ref.Region),
					fmt.Sprintf("aws ec2 create-volume --region %s --snapshot-id ENCRYPTED_SNAPSHOT --availability-zone ZONE", ref.Region),
				},
				Terraform: "resource \"aws_ebs_volume\" \"this\" {\n  encrypted = true\n}",
			},
		},
	}
}
