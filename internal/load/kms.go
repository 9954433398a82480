package load

import (
	"cmp"

	"github.com/onus-cloud/onus/internal/estate"
)

// kms reads keys, those of AWS's services in the account among them. Their tags are told by the tagging API alone.
func (l *loader) kms() {
	type keyList struct {
		Keys []struct {
			KeyID  string `json:"KeyId"`
			KeyArn string
		}
	}
	type description struct {
		KeyMetadata struct {
			KeyState              string
			KeyManager            string
			KeySpec               string
			CustomerMasterKeySpec string // the old name of KeySpec
			KeyUsage              string
			DeletionDate          when
		}
	}
	type rotation struct{ KeyRotationEnabled bool }
	each(l, "kms:ListKeys", func(p estate.Place, page *keyList) {
		for _, k := range page.Keys {
			keyARN := cmp.Or(k.KeyArn, arn("kms", p, "key/"+k.KeyID))
			l.estate.Keys = append(l.estate.Keys, &estate.Key{
				Resource: estate.Resource{
					Reference: estate.Ref{Kind: "key", Account: p.Account, Region: p.Region, ID: k.KeyID, ARN: keyARN},
					Labels:    l.tagsOf(p, keyARN),
				},
				Description: about(l, p, "kms:DescribeKey", k.KeyID, func(pages []description) (d estate.KeyDescription) {
					for _, page := range pages {
						m := page.KeyMetadata
						d = estate.KeyDescription{State: m.KeyState, Manager: m.KeyManager, Spec: cmp.Or(m.KeySpec, m.CustomerMasterKeySpec),
							Usage: m.KeyUsage, Deleted: m.DeletionDate.Time}
					}
					return d
				}),
				Rotated: about(l, p, "kms:GetKeyRotationStatus", k.KeyID, func(pages []rotation) (on bool) {
					for _, page := range pages {
						on = page.KeyRotationEnabled
					}
					return on
				}),
			})
		}
	})
	l.estate.Keys = byKey(l.estate.Keys)
}
