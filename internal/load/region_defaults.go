package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// regionDefaults reads what new hosts and volumes get in each Region if they ask for nothing else.
func (l *loader) regionDefaults() {
	type encryption struct{ EbsEncryptionByDefault *bool }
	type metadata struct{ AccountLevel metadataOptions }
	type console struct{ SerialConsoleAccessEnabled bool }
	for _, p := range l.estate.Places("ec2:GetEbsEncryptionByDefault") {
		encrypted := only(l, p, "ec2:GetEbsEncryptionByDefault", func(page *encryption) *bool { return page.EbsEncryptionByDefault })
		d := &estate.RegionDefaults{
			Place:         p,
			Metadata:      only(l, p, "ec2:GetInstanceMetadataDefaults", func(page *metadata) estate.MetadataOptions { return page.AccountLevel.estate() }),
			SerialConsole: only(l, p, "ec2:GetSerialConsoleAccessStatus", func(page *console) bool { return page.SerialConsoleAccessEnabled }),
		}
		gap, unread := encrypted.Unread()
		switch on, _ := encrypted.Value(); {
		case on != nil:
			d.VolumesEncrypted = estate.Know(*on)
		case unread:
			d.VolumesEncrypted = estate.Unread[bool](gap)
		default:
			gap = l.estate.Reading(p, "ec2:GetEbsEncryptionByDefault", "").Gap()
			gap.Why = "ec2:GetEbsEncryptionByDefault in " + p.String() + " does not say whether it is on"
			d.VolumesEncrypted = estate.Unread[bool](gap)
		}
		l.estate.RegionDefaults = append(l.estate.RegionDefaults, d)
	}
	slices.SortFunc(l.estate.RegionDefaults, func(a, b *estate.RegionDefaults) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region))
	})
}
