package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
)

// readGuardDuty reads the detector of the Region.
func readGuardDuty(ctx context.Context, p *place) {
	client := guardduty.NewFromConfig(p.config)
	for _, page := range call(ctx, p, "guardduty:ListDetectors", client.ListDetectors, &guardduty.ListDetectorsInput{MaxResults: aws.Int32(50)}) {
		for _, id := range page.DetectorIds {
			call(ctx, p, "guardduty:GetDetector", client.GetDetector, &guardduty.GetDetectorInput{DetectorId: aws.String(id)})
		}
	}
}
