package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/batch"
)

// readBatch reads the job definitions that are in force and the roles that their jobs run as.
func readBatch(ctx context.Context, p *place) {
	client := batch.NewFromConfig(p.config)
	call(ctx, p, "batch:DescribeJobDefinitions", client.DescribeJobDefinitions, &batch.DescribeJobDefinitionsInput{Status: aws.String("ACTIVE"), MaxResults: aws.Int32(100)})
}
