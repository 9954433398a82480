package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
)

// readCloudFront reads the distributions, the identities by which they ask S3, and the VPC origins, whose listing does not say their
// ports.
func readCloudFront(ctx context.Context, p *place) {
	client := cloudfront.NewFromConfig(p.config)
	call(ctx, p, "cloudfront:ListDistributions", client.ListDistributions, &cloudfront.ListDistributionsInput{})
	call(ctx, p, "cloudfront:ListCloudFrontOriginAccessIdentities", client.ListCloudFrontOriginAccessIdentities, &cloudfront.ListCloudFrontOriginAccessIdentitiesInput{})
	for _, page := range call(ctx, p, "cloudfront:ListVpcOrigins", client.ListVpcOrigins, &cloudfront.ListVpcOriginsInput{}) {
		if page.VpcOriginList == nil {
			continue
		}
		for _, o := range page.VpcOriginList.Items {
			call(ctx, p, "cloudfront:GetVpcOrigin", client.GetVpcOrigin, &cloudfront.GetVpcOriginInput{Id: o.Id})
		}
	}
}
