package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
)

// readEKS reads the Kubernetes clusters and where their API servers answer.
func readEKS(ctx context.Context, p *place) {
	client := eks.NewFromConfig(p.config)
	var names []string
	for _, page := range call(ctx, p, "eks:ListClusters", client.ListClusters, &eks.ListClustersInput{MaxResults: aws.Int32(100)}) {
		names = append(names, page.Clusters...)
	}
	each(names, itemsAtOnce, func(name string) {
		call(ctx, p, "eks:DescribeCluster", client.DescribeCluster, &eks.DescribeClusterInput{Name: aws.String(name)})
	})
}
