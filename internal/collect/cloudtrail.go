package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
)

// readCloudTrail reads the trails that record this Region, also those whose home is elsewhere. What a trail does is asked in its
// home Region, and wherever an organisation's trail is seen, whose home may not be readable.
func readCloudTrail(ctx context.Context, p *place) {
	client := cloudtrail.NewFromConfig(p.config)
	for _, page := range call(ctx, p, "cloudtrail:DescribeTrails", client.DescribeTrails, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(true)}) {
		for _, trail := range page.TrailList {
			if aws.ToString(trail.HomeRegion) != p.region && !aws.ToBool(trail.IsOrganizationTrail) {
				continue
			}
			// The ARN also finds a trail that is at home elsewhere; its name does not.
			call(ctx, p, "cloudtrail:GetTrailStatus", client.GetTrailStatus, &cloudtrail.GetTrailStatusInput{Name: trail.TrailARN})
			call(ctx, p, "cloudtrail:GetEventSelectors", client.GetEventSelectors, &cloudtrail.GetEventSelectorsInput{TrailName: trail.TrailARN})
		}
	}
}
