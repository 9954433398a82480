package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
)

// readCloudFront reads the distributions.
func readCloudFront(ctx context.Context, p *place) {
	call(ctx, p, "cloudfront:ListDistributions", cloudfront.NewFromConfig(p.config).ListDistributions, &cloudfront.ListDistributionsInput{})
}
