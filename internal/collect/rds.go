package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
)

// readRDS reads databases and clusters (Aurora, Neptune and DocumentDB too), the account's own snapshots, and what waits to be
// applied. Automated snapshots are never shared.
func readRDS(ctx context.Context, p *place) {
	client := rds.NewFromConfig(p.config)
	many := aws.Int32(100)
	call(ctx, p, "rds:DescribeDBInstances", client.DescribeDBInstances, &rds.DescribeDBInstancesInput{MaxRecords: many})
	call(ctx, p, "rds:DescribeDBClusters", client.DescribeDBClusters, &rds.DescribeDBClustersInput{MaxRecords: many})
	call(ctx, p, "rds:DescribePendingMaintenanceActions", client.DescribePendingMaintenanceActions, &rds.DescribePendingMaintenanceActionsInput{MaxRecords: many})
	var snapshots, clusterSnapshots []*string
	for _, page := range call(ctx, p, "rds:DescribeDBSnapshots", client.DescribeDBSnapshots, &rds.DescribeDBSnapshotsInput{MaxRecords: many}) {
		for _, s := range page.DBSnapshots {
			if aws.ToString(s.SnapshotType) != "automated" {
				snapshots = append(snapshots, s.DBSnapshotIdentifier)
			}
		}
	}
	for _, page := range call(ctx, p, "rds:DescribeDBClusterSnapshots", client.DescribeDBClusterSnapshots, &rds.DescribeDBClusterSnapshotsInput{MaxRecords: many}) {
		for _, s := range page.DBClusterSnapshots {
			if aws.ToString(s.SnapshotType) != "automated" {
				clusterSnapshots = append(clusterSnapshots, s.DBClusterSnapshotIdentifier)
			}
		}
	}
	each(snapshots, itemsAtOnce, func(id *string) {
		call(ctx, p, "rds:DescribeDBSnapshotAttributes", client.DescribeDBSnapshotAttributes, &rds.DescribeDBSnapshotAttributesInput{DBSnapshotIdentifier: id})
	})
	each(clusterSnapshots, itemsAtOnce, func(id *string) {
		call(ctx, p, "rds:DescribeDBClusterSnapshotAttributes", client.DescribeDBClusterSnapshotAttributes, &rds.DescribeDBClusterSnapshotAttributesInput{DBClusterSnapshotIdentifier: id})
	})
}
