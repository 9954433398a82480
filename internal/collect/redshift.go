package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/redshift"
)

// readRedshift reads the warehouses and the subnets that they stand in.
func readRedshift(ctx context.Context, p *place) {
	client := redshift.NewFromConfig(p.config)
	many := aws.Int32(100)
	call(ctx, p, "redshift:DescribeClusters", client.DescribeClusters, &redshift.DescribeClustersInput{MaxRecords: many})
	call(ctx, p, "redshift:DescribeClusterSubnetGroups", client.DescribeClusterSubnetGroups, &redshift.DescribeClusterSubnetGroupsInput{MaxRecords: many})
}
