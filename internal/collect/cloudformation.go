package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
)

// readCloudFormation reads the stacks and the roles that they act as; of their parameters and outputs digests are kept.
func readCloudFormation(ctx context.Context, p *place) {
	client := cloudformation.NewFromConfig(p.config)
	call(ctx, p, "cloudformation:DescribeStacks", client.DescribeStacks, &cloudformation.DescribeStacksInput{})
}
