package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
)

// readGlue reads the jobs and the development endpoints, and the roles that they run as; of what they are given digests are kept.
func readGlue(ctx context.Context, p *place) {
	client := glue.NewFromConfig(p.config)
	call(ctx, p, "glue:GetJobs", client.GetJobs, &glue.GetJobsInput{MaxResults: aws.Int32(100)})
	call(ctx, p, "glue:GetDevEndpoints", client.GetDevEndpoints, &glue.GetDevEndpointsInput{MaxResults: aws.Int32(100)})
}
