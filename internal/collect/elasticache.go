package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
)

// readElastiCache reads the cache clusters with their nodes, and the subnets that they stand in.
func readElastiCache(ctx context.Context, p *place) {
	client := elasticache.NewFromConfig(p.config)
	many := aws.Int32(100)
	call(ctx, p, "elasticache:DescribeCacheClusters", client.DescribeCacheClusters, &elasticache.DescribeCacheClustersInput{ShowCacheNodeInfo: aws.Bool(true), MaxRecords: many})
	call(ctx, p, "elasticache:DescribeCacheSubnetGroups", client.DescribeCacheSubnetGroups, &elasticache.DescribeCacheSubnetGroupsInput{MaxRecords: many})
}
