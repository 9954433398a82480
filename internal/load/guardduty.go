package load

import (
	"github.com/onus-cloud/onus/internal/estate"
)

// detectors reads GuardDuty detectors.
func (l *loader) detectors() {
	type detectorList struct{ DetectorIds []string }
	type detector struct{ Status string }
	each(l, "guardduty:ListDetectors", func(p estate.Place, page *detectorList) {
		for _, id := range page.DetectorIds {
			arn := "arn:" + estate.Partition(p.Region) + ":guardduty:" + p.Region + ":" + p.Account + ":detector/" + id
			l.estate.Detectors = append(l.estate.Detectors, &estate.Detector{
				Resource: estate.Resource{
					Reference: estate.Ref{Kind: "detector", Account: p.Account, Region: p.Region, ID: id, ARN: arn},
					Labels:    l.tagsOf(p, arn),
				},
				Enabled: about(l, p, "guardduty:GetDetector", id, func(pages []detector) bool { return last(pages).Status == "ENABLED" }),
			})
		}
	})
	l.estate.Detectors = byKey(l.estate.Detectors)
}
