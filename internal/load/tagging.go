package load

import (
	"cmp"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

const getResources operation.ID = "resourcegroupstaggingapi:GetResources"

// tagIndex finds the tags of any resource that the tagging API shows.
type tagIndex struct {
	tags map[taggedKey]map[string]string
	gaps map[string]estate.Known[map[string]string] // by account: what a resource without Region has that no Region shows
}

type taggedKey struct{ account, arn string }

// tagging reads what the tagging API shows, of every kind. It comes before the services that ask tagsOf.
func (l *loader) tagging() {
	type mappingList struct {
		ResourceTagMappingList []struct {
			ResourceARN string
			Tags        []tag
		}
	}
	l.tags = tagIndex{tags: map[taggedKey]map[string]string{}, gaps: map[string]estate.Known[map[string]string]{}}
	each(l, getResources, func(p estate.Place, page *mappingList) {
		for _, m := range page.ResourceTagMappingList {
			if m.ResourceARN == "" {
				continue
			}
			tags := tagMap(m.Tags)
			l.tags.tags[taggedKey{p.Account, m.ResourceARN}] = tags
			l.estate.Tagged = append(l.estate.Tagged, estate.Tagged{ARN: m.ResourceARN, Place: p, Tags: tags})
		}
	})
	slices.SortStableFunc(l.estate.Tagged, func(a, b estate.Tagged) int {
		return cmp.Or(cmp.Compare(a.ARN, b.ARN), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region))
	})
	l.estate.Tagged = slices.CompactFunc(l.estate.Tagged, func(a, b estate.Tagged) bool { return a.ARN == b.ARN && a.Place == b.Place })
}

// tagsOf returns the tags of a resource whose own listing does not tell them. What a complete listing of its Region does
// not show has none: GetResources shows whatever is or was tagged
// (https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html).
//
// A resource without Region is shown in one of them (a bucket in its own, IAM and CloudFront in us-east-1): asked with the
// Region estate.Global it is looked up in all of the account, and has no tags only if all of them were read.
func (l *loader) tagsOf(p estate.Place, arn string) estate.Known[map[string]string] {
	if tags, ok := l.tags.tags[taggedKey{p.Account, arn}]; ok {
		return estate.Know(tags)
	}
	if p.Region == estate.Global {
		return l.globalTags(p.Account)
	}
	if !l.estate.Complete(p, getResources) {
		return estate.Unread[map[string]string](l.estate.Reading(p, getResources, "").Gap())
	}
	return estate.Know(map[string]string(nil))
}

// globalTags is what a resource has that no Region of its account shows.
func (l *loader) globalTags(account string) estate.Known[map[string]string] {
	if tags, ok := l.tags.gaps[account]; ok {
		return tags
	}
	tags := estate.Know(map[string]string(nil))
	if l.estate.Account(account) == nil {
		tags = estate.Unread[map[string]string](l.estate.Reading(estate.Place{Account: account, Region: estate.Global}, getResources, "").Gap())
	}
	for _, gap := range l.estate.Gaps(getResources) {
		if gap.Account == account {
			tags = estate.Unread[map[string]string](gap)
			break
		}
	}
	l.tags.gaps[account] = tags
	return tags
}
