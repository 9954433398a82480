package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
)

// readTagging reads every resource that has or had a tag, of whatever service. Resources without Regions are shown in the
// partition's first Region.
func readTagging(ctx context.Context, p *place) {
	call(ctx, p, "resourcegroupstaggingapi:GetResources", resourcegroupstaggingapi.NewFromConfig(p.config).GetResources, &resourcegroupstaggingapi.GetResourcesInput{ResourcesPerPage: aws.Int32(100)})
}
