package load

import (
	"cmp"

	"github.com/onus-cloud/onus/internal/estate"
)

// dlm reads the policies of Amazon Data Lifecycle Manager. Unlike others, the service lists tags as an object.
func (l *loader) dlm() {
	type policyList struct {
		Policies []struct {
			PolicyID    string `json:"PolicyId"`
			Description string
			State       string
			PolicyType  string
			Tags        map[string]string
		}
	}
	each(l, "dlm:GetLifecyclePolicies", func(p estate.Place, page *policyList) {
		for _, d := range page.Policies {
			l.estate.LifecyclePolicies = append(l.estate.LifecyclePolicies, &estate.LifecyclePolicy{
				Resource: estate.Resource{
					Reference: estate.Ref{Kind: "lifecycle-policy", Account: p.Account, Region: p.Region, ID: d.PolicyID,
						ARN: arn("dlm", p, "policy/"+d.PolicyID), Name: d.Description},
					Labels: estate.Know(d.Tags),
				},
				State:  d.State,
				Type:   d.PolicyType,
				Detail: l.lifecycleDetail(p, d.PolicyID),
			})
		}
	})
	l.estate.LifecyclePolicies = byKey(l.estate.LifecyclePolicies)
}

func (l *loader) lifecycleDetail(p estate.Place, id string) estate.Known[estate.LifecycleDetail] {
	type exclusions struct {
		ExcludeBootVolumes bool
		ExcludeVolumeTypes []string
		ExcludeTags        []tag
	}
	type body struct {
		Policy struct {
			DefaultPolicy bool
			PolicyDetails struct {
				ResourceTypes     []string // of a custom policy: one
				ResourceType      string   // of a default one
				PolicyLanguage    string
				ResourceLocations []string
				TargetTags        []tag
				Parameters        struct {
					ExcludeBootVolume     bool
					ExcludeDataVolumeTags []tag
				}
				Exclusions exclusions
			}
		}
	}
	pairs := func(tags []tag) (all []estate.TagPair) {
		for _, t := range tags {
			all = append(all, estate.TagPair(t))
		}
		return all
	}
	return about(l, p, "dlm:GetLifecyclePolicy", id, func(pages []body) (detail estate.LifecycleDetail) {
		for _, page := range pages {
			d := page.Policy.PolicyDetails
			if page.Policy.DefaultPolicy || d.PolicyLanguage == "SIMPLIFIED" {
				detail = estate.LifecycleDetail{Default: true, Kind: d.ResourceType, ExcludeBoot: d.Exclusions.ExcludeBootVolumes,
					ExcludeTags: pairs(d.Exclusions.ExcludeTags), ExcludeTypes: d.Exclusions.ExcludeVolumeTypes}
				continue
			}
			detail = estate.LifecycleDetail{Locations: d.ResourceLocations, Targets: pairs(d.TargetTags),
				ExcludeBoot: d.Parameters.ExcludeBootVolume, ExcludeTags: pairs(d.Parameters.ExcludeDataVolumeTags)}
			if len(d.ResourceTypes) > 0 {
				detail.Kind = d.ResourceTypes[0]
			}
			detail.Kind = cmp.Or(detail.Kind, "VOLUME")
		}
		return detail
	})
}
