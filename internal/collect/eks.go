package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// readEKS reads the Kubernetes clusters, where their API servers answer, who may speak to them, and as whom their hosts and pods run.
func readEKS(ctx context.Context, p *place) {
	client := eks.NewFromConfig(p.config)
	var names []string
	for _, page := range call(ctx, p, "eks:ListClusters", client.ListClusters, &eks.ListClustersInput{MaxResults: aws.Int32(100)}) {
		names = append(names, page.Clusters...)
	}
	each(names, itemsAtOnce, func(name string) {
		readCluster(ctx, p, client, aws.String(name))
	})
}

func readCluster(ctx context.Context, p *place, client *eks.Client, cluster *string) {
	entries := true
	for _, page := range call(ctx, p, "eks:DescribeCluster", client.DescribeCluster, &eks.DescribeClusterInput{Name: cluster}) {
		if c := page.Cluster; c != nil && c.AccessConfig != nil && c.AccessConfig.AuthenticationMode == types.AuthenticationModeConfigMap {
			entries = false // it has none, and AWS refuses the question
		}
	}
	many := aws.Int32(100)
	for _, page := range call(ctx, p, "eks:ListNodegroups", client.ListNodegroups, &eks.ListNodegroupsInput{ClusterName: cluster, MaxResults: many}) {
		for _, group := range page.Nodegroups {
			call(ctx, p, "eks:DescribeNodegroup", client.DescribeNodegroup, &eks.DescribeNodegroupInput{ClusterName: cluster, NodegroupName: aws.String(group)})
		}
	}
	for _, page := range call(ctx, p, "eks:ListPodIdentityAssociations", client.ListPodIdentityAssociations, &eks.ListPodIdentityAssociationsInput{ClusterName: cluster, MaxResults: many}) {
		for _, a := range page.Associations {
			call(ctx, p, "eks:DescribePodIdentityAssociation", client.DescribePodIdentityAssociation, &eks.DescribePodIdentityAssociationInput{ClusterName: cluster, AssociationId: a.AssociationId})
		}
	}
	if !entries {
		return
	}
	for _, page := range call(ctx, p, "eks:ListAccessEntries", client.ListAccessEntries, &eks.ListAccessEntriesInput{ClusterName: cluster, MaxResults: many}) {
		for _, principal := range page.AccessEntries {
			call(ctx, p, "eks:DescribeAccessEntry", client.DescribeAccessEntry, &eks.DescribeAccessEntryInput{ClusterName: cluster, PrincipalArn: aws.String(principal)})
			call(ctx, p, "eks:ListAssociatedAccessPolicies", client.ListAssociatedAccessPolicies, &eks.ListAssociatedAccessPoliciesInput{ClusterName: cluster, PrincipalArn: aws.String(principal), MaxResults: many})
		}
	}
}
