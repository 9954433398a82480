package atrest

import (
	"fmt"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// VolumeDefaultEveryRegion is rest-volume-default-every-region. Every Region of every account in scope is judged, with or
// without volumes: the setting matters on the day when somebody first uses the Region. It says nothing of volumes that exist.
// The setting is each Region's own, and what turns it on for one of an account turns it on for all: the account is the cause.
// https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html
var VolumeDefaultEveryRegion = &control.Control{
	ID:       "rest-volume-default-every-region",
	Practice: "encryption-at-rest",
	Title:    "New volumes are encrypted by default in every Region",
	Sentence: "new volumes are encrypted by default in every region",
	Asked:    "new volumes are encrypted by default in every region",
	Why:      "A volume that somebody creates in a hurry, in a Region that nobody looks at, keeps its data readable for whoever gets a copy of it.",
	Fix:      "Turn on EBS encryption by default in each Region of each account.",
	Severity: answer.Medium,
	Lists:    []operation.ID{"ec2:GetEbsEncryptionByDefault"},
	Judge: func(c *control.Case) {
		off := map[string][]string{} // Regions by account
		for _, d := range c.Estate.RegionDefaults {
			if on, ok := d.VolumesEncrypted.Value(); ok && !on {
				off[d.Account] = append(off[d.Account], d.Region)
			}
		}
		for _, d := range c.Estate.RegionDefaults {
			region := estate.RegionOf(d.Place)
			on, known := d.VolumesEncrypted.Value()
			switch {
			case on:
				c.Holds(region)
			case known:
				c.Breaks(region, volumesInPlaintextByDefault(c.Estate.Account(d.Account), d.Region, off[d.Account]))
			case c.Estate.Reading(d.Place, "ec2:GetEbsEncryptionByDefault", "").Outcome == operation.OK:
				gap, _ := d.VolumesEncrypted.Unread() // where the call itself failed is a doubt already
				c.Unknown(region, "", gap)
			}
		}
	},
}

func volumesInPlaintextByDefault(a *estate.Account, region string, off []string) control.Counter {
	fix := answer.Fix{
		Text:      "Turn on EBS encryption by default in " + strings.Join(off, ", ") + "; volumes that exist stay as they are.",
		Terraform: "resource \"aws_ebs_encryption_by_default\" \"this\" { # once for each Region\n  enabled = true\n}",
	}
	for _, r := range off {
		fix.CLI = append(fix.CLI, "aws ec2 enable-ebs-encryption-by-default --region "+r)
	}
	title := fmt.Sprintf("new volumes of account %s are not encrypted by default in %s", a.ID, off[0])
	if len(off) > 1 {
		title = fmt.Sprintf("new volumes of account %s are not encrypted by default in %d Regions", a.ID, len(off))
	}
	return control.Counter{
		Text:  fmt.Sprintf("a new volume of account %s in %s is not encrypted unless somebody asks for it", a.ID, region),
		Facts: []answer.Fact{{Text: "EbsEncryptionByDefault is false in " + region, Operation: "ec2:GetEbsEncryptionByDefault"}},
		Cause: answer.Cause{Key: "ebs-encryption-default/" + a.ID, Subject: a.Ref(), Title: title, Fix: fix},
	}
}
