package load

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

const describeTrails operation.ID = "cloudtrail:DescribeTrails"

type trailList struct {
	TrailList []struct {
		Name, S3BucketName, HomeRegion, TrailARN          string
		IsMultiRegionTrail, IsOrganizationTrail           bool
		LogFileValidationEnabled, HasCustomEventSelectors bool
	}
}

// trails reads CloudTrail trails.
func (l *loader) trails() {
	trails := map[string]*estate.Trail{}
	each(l, describeTrails, func(p estate.Place, page *trailList) {
		for _, t := range page.TrailList {
			home := estate.Place{Account: p.Account, Region: t.HomeRegion}
			if home.Region == "" {
				home.Region = p.Region
			}
			if t.TrailARN == "" {
				t.TrailARN = "arn:" + estate.Partition(home.Region) + ":cloudtrail:" + home.Region + ":" + home.Account + ":trail/" + t.Name
			}
			if parts := strings.SplitN(t.TrailARN, ":", 6); len(parts) == 6 {
				home.Account = parts[4] // an organisation's trail belongs to the account that manages it
			}
			trail := trails[t.TrailARN]
			if trail == nil {
				trail = &estate.Trail{
					Resource: estate.Resource{
						Reference: estate.Ref{Kind: "trail", Account: home.Account, Region: home.Region, ID: t.Name, ARN: t.TrailARN, Name: t.Name},
						Labels:    l.tagsOf(home, t.TrailARN),
					},
					MultiRegion: t.IsMultiRegionTrail, Organization: t.IsOrganizationTrail, Validation: t.LogFileValidationEnabled,
					Bucket: t.S3BucketName, Status: l.trailStatus(home, t.Name, t.TrailARN),
					// Of every management event, where it has no selectors of its own. Those that were asked for come before what
					// the list says of them.
					Reads: estate.Know(true), Writes: estate.Know(true),
				}
				if reads, writes, decides := l.eventSelectors(home, t.Name, t.TrailARN); decides || t.HasCustomEventSelectors {
					trail.Reads, trail.Writes = reads, writes
				}
				trails[t.TrailARN] = trail
				l.estate.Trails = append(l.estate.Trails, trail)
			}
			if !slices.Contains(trail.SeenBy, p.Account) {
				trail.SeenBy = append(trail.SeenBy, p.Account)
			}
		}
	})
	for _, t := range trails {
		slices.Sort(t.SeenBy)
	}
	l.estate.Trails = byKey(l.estate.Trails)
}

// ofTrail finds where an operation about a trail was answered: in its home by the owner, in its home by another account,
// elsewhere. The owner may ask by name, in the home Region; everybody else must ask by ARN, and an import that has the name
// all the same can mean only the one trail that is shown there by that name. Where nothing was answered it returns the gap.
func (l *loader) ofTrail(home estate.Place, op operation.ID, name, arn string) (*responses.Response, estate.Gap) {
	var best *responses.Response
	rank := func(p estate.Place) int {
		switch {
		case p == home:
			return 0
		case p.Region == home.Region:
			return 1
		}
		return 2
	}
	gap := l.estate.Reading(home, op, arn).Gap()
	for _, place := range l.estate.Places(describeTrails) {
		for _, resource := range []string{arn, name} {
			r := l.single[singleKey{place, op, resource}]
			if r == nil || resource == name && place != home && !l.onlyTrail(place, name, arn) {
				continue
			}
			if r.Outcome != operation.OK {
				if gap.Outcome == operation.NotTried {
					gap = l.estate.Reading(place, op, resource).Gap()
				}
				continue
			}
			if best == nil || rank(place) < rank(placeOf(best)) {
				best = r
			}
		}
	}
	return best, gap
}

// onlyTrail reports whether the account is shown a trail of this name and no other of it.
func (l *loader) onlyTrail(p estate.Place, name, arn string) bool {
	seen := false
	for _, r := range l.lists[describeTrails] {
		if r.Account != p.Account {
			continue
		}
		for _, raw := range r.Pages {
			var page trailList
			if json.Unmarshal(raw, &page) != nil {
				return false // trails has told of it
			}
			for _, t := range page.TrailList {
				if t.Name == name && t.TrailARN != arn {
					return false
				}
				seen = seen || t.TrailARN == arn
			}
		}
	}
	return seen
}

func (l *loader) trailStatus(home estate.Place, name, arn string) estate.Known[estate.TrailStatus] {
	r, gap := l.ofTrail(home, "cloudtrail:GetTrailStatus", name, arn)
	if r == nil {
		return estate.Unread[estate.TrailStatus](gap)
	}
	type status struct {
		IsLogging                            bool
		StartLoggingTime, LatestDeliveryTime when
		LatestDeliveryError                  string
	}
	return about(l, placeOf(r), r.Operation, r.About(), func(pages []status) estate.TrailStatus {
		s := last(pages)
		return estate.TrailStatus{Logging: s.IsLogging, Started: s.StartLoggingTime.Time, LastDelivery: s.LatestDeliveryTime.Time,
			DeliveryError: s.LatestDeliveryError, Home: r.Region == home.Region}
	})
}

// selectors are a trail's event selectors: basic or advanced ones, never both.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
type selectors struct {
	EventSelectors []struct {
		ReadWriteType           string // All, ReadOnly, WriteOnly; All where it is not said
		IncludeManagementEvents *bool  // true where it is not said
	}
	AdvancedEventSelectors []struct {
		FieldSelectors []fieldSelector
	}
}

type fieldSelector struct {
	Field                                                               string
	Equals, StartsWith, EndsWith, NotEquals, NotStartsWith, NotEndsWith []string
}

// eventSelectors also says whether it decides: some selector was read, or they were asked for in vain.
func (l *loader) eventSelectors(home estate.Place, name, arn string) (reads, writes estate.Known[bool], decides bool) {
	r, gap := l.ofTrail(home, "cloudtrail:GetEventSelectors", name, arn)
	if r == nil {
		return estate.Unread[bool](gap), estate.Unread[bool](gap), gap.Outcome != operation.NotTried
	}
	all := about(l, placeOf(r), r.Operation, r.About(), func(pages []selectors) [2]bool {
		var reads, writes bool
		s := last(pages)
		decides = len(s.EventSelectors)+len(s.AdvancedEventSelectors) > 0
		for _, basic := range s.EventSelectors {
			if basic.IncludeManagementEvents == nil || *basic.IncludeManagementEvents {
				reads = reads || basic.ReadWriteType != "WriteOnly"
				writes = writes || basic.ReadWriteType != "ReadOnly"
			}
		}
		for _, advanced := range s.AdvancedEventSelectors {
			r, w := managementEvents(advanced.FieldSelectors)
			reads, writes = reads || r, writes || w
		}
		return [2]bool{reads, writes}
	})
	if gap, unread := all.Unread(); unread {
		return estate.Unread[bool](gap), estate.Unread[bool](gap), true
	}
	both, _ := all.Value()
	return estate.Know(both[0]), estate.Know(both[1]), decides
}

// managementEvents reports whether an advanced selector selects all management events that read, and all that write. It does
// not where it is about one more field; but to leave out KMS and the RDS Data API is what AWS offers for cost, and counts as all.
func managementEvents(fields []fieldSelector) (reads, writes bool) {
	management := false
	reads, writes = true, true
	for _, f := range fields {
		other := len(f.StartsWith)+len(f.EndsWith)+len(f.NotStartsWith)+len(f.NotEndsWith) > 0
		switch {
		case other:
			return false, false
		case f.Field == "eventCategory":
			management = slices.Contains(f.Equals, "Management")
		case f.Field == "readOnly" && len(f.NotEquals) == 0:
			reads, writes = reads && slices.Contains(f.Equals, "true"), writes && slices.Contains(f.Equals, "false")
		case f.Field == "eventSource" && len(f.Equals) == 0 && !slices.ContainsFunc(f.NotEquals, func(source string) bool {
			return source != "kms.amazonaws.com" && source != "rdsdata.amazonaws.com"
		}):
		default:
			return false, false
		}
	}
	return management && reads, management && writes
}
