package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
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
	type answer struct{ Policy document }
	aliases := l.aliases()
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
				Policy:  policyOf(l, p, "kms:GetKeyPolicy", k.KeyID, "the policy of key "+k.KeyID, func(a answer) document { return a.Policy }),
				Grants:  l.grants(p, k.KeyID),
				Aliases: aliases(p, k.KeyID),
			})
		}
	})
	l.estate.Keys = byKey(l.estate.Keys)
}

func (l *loader) grants(p estate.Place, key string) estate.Known[[]estate.Grant] {
	type grantList struct {
		Grants []struct {
			GrantID                             string `json:"GrantId"`
			GranteePrincipal, RetiringPrincipal string
			// A service as the grantee stands in a member of its own in newer answers.
			GranteeServicePrincipal, RetiringServicePrincipal string
			Operations                                        []string
			Constraints                                       struct {
				EncryptionContextSubset, EncryptionContextEquals map[string]string
				SourceARN                                        string `json:"SourceArn"`
			}
		}
	}
	return about(l, p, "kms:ListGrants", key, func(pages []grantList) (all []estate.Grant) {
		for _, page := range pages {
			for _, g := range page.Grants {
				all = append(all, estate.Grant{ID: g.GrantID, Grantee: cmp.Or(g.GranteePrincipal, g.GranteeServicePrincipal),
					Retiring: cmp.Or(g.RetiringPrincipal, g.RetiringServicePrincipal), Operations: distinct(g.Operations),
					ContextEquals: g.Constraints.EncryptionContextEquals, ContextSubset: g.Constraints.EncryptionContextSubset,
					SourceARN: g.Constraints.SourceARN})
			}
		}
		slices.SortFunc(all, func(a, b estate.Grant) int { return strings.Compare(a.ID, b.ID) })
		return all
	})
}

// aliases finds the names of a key; unknown where the listing of its place is not complete.
func (l *loader) aliases() func(p estate.Place, key string) estate.Known[[]string] {
	const list operation.ID = "kms:ListAliases"
	type keyAt struct {
		estate.Place
		id string
	}
	type aliasList struct {
		Aliases []struct {
			AliasName   string
			TargetKeyID string `json:"TargetKeyId"`
		}
	}
	names := map[keyAt][]string{}
	each(l, list, func(p estate.Place, page *aliasList) {
		for _, a := range page.Aliases {
			names[keyAt{p, a.TargetKeyID}] = append(names[keyAt{p, a.TargetKeyID}], a.AliasName)
		}
	})
	return func(p estate.Place, key string) estate.Known[[]string] {
		if !l.estate.Complete(p, list) {
			return estate.Unread[[]string](l.estate.Reading(p, list, "").Gap())
		}
		return estate.Know(distinct(slices.Clone(names[keyAt{p, key}])))
	}
}
