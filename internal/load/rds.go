package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// rds reads databases of RDS, Aurora, DocumentDB and Neptune, which all answer here, with their snapshots. A listing shows
// the caller's own; a snapshot that others share is passed over.
func (l *loader) rds() {
	l.dbInstances()
	l.dbClusters()
	l.dbSnapshots()
	l.pendingMaintenance()
}

type vpcSecurityGroups []struct {
	VpcSecurityGroupID string `json:"VpcSecurityGroupId"`
}

func (g vpcSecurityGroups) ids() []string {
	var ids []string
	for _, group := range g {
		ids = append(ids, group.VpcSecurityGroupID)
	}
	return sorted(ids)
}

// associatedRoles are those that a database may use.
type associatedRoles []struct{ RoleArn string }

func (r associatedRoles) arns() []string {
	var arns []string
	for _, role := range r {
		arns = append(arns, role.RoleArn)
	}
	return distinct(arns)
}

// named is a resource that people call by its id rather than by a Name tag.
func named(p estate.Place, kind, id, arn string, tags []tag) estate.Resource {
	r := resource(p, kind, id, arn, tags)
	r.Reference.Name = id
	return r
}

func (l *loader) dbInstances() {
	type instanceList struct {
		DBInstances []struct {
			DBInstanceIdentifier                  string
			DBInstanceArn                         string
			DbiResourceID                         string `json:"DbiResourceId"`
			Engine                                string
			EngineVersion                         string
			DBClusterIdentifier                   string
			ReadReplicaSourceDBInstanceIdentifier string
			ReadReplicaSourceDBClusterIdentifier  string
			StorageEncrypted                      bool
			KmsKeyID                              string `json:"KmsKeyId"`
			PubliclyAccessible                    bool
			AutoMinorVersionUpgrade               bool
			DeletionProtection                    bool
			VpcSecurityGroups                     vpcSecurityGroups
			AvailabilityZone                      string
			DBSubnetGroup                         struct {
				VpcID   string `json:"VpcId"`
				Subnets []struct{ SubnetIdentifier string }
			}
			Endpoint struct {
				Address string
				Port    int
			}
			BackupRetentionPeriod            int
			LatestRestorableTime             when
			InstanceCreateTime               when
			AssociatedRoles                  associatedRoles
			IAMDatabaseAuthenticationEnabled bool
			TagList                          []tag
		}
	}
	each(l, "rds:DescribeDBInstances", func(p estate.Place, page *instanceList) {
		for _, d := range page.DBInstances {
			if d.DBInstanceArn == "" {
				d.DBInstanceArn = arn("rds", p, "db:"+d.DBInstanceIdentifier)
			}
			var subnets []string
			for _, s := range d.DBSubnetGroup.Subnets {
				subnets = append(subnets, s.SubnetIdentifier)
			}
			l.estate.DBInstances = append(l.estate.DBInstances, &estate.DBInstance{
				Resource:          named(p, "db-instance", d.DBInstanceIdentifier, d.DBInstanceArn, d.TagList),
				ResourceID:        d.DbiResourceID,
				Engine:            d.Engine,
				EngineVersion:     d.EngineVersion,
				Cluster:           d.DBClusterIdentifier,
				ReplicaOf:         cmp.Or(d.ReadReplicaSourceDBInstanceIdentifier, d.ReadReplicaSourceDBClusterIdentifier),
				Encrypted:         d.StorageEncrypted,
				KMSKey:            d.KmsKeyID,
				Public:            d.PubliclyAccessible,
				MinorUpgrades:     d.AutoMinorVersionUpgrade,
				DeletionProtected: d.DeletionProtection,
				SecurityGroups:    d.VpcSecurityGroups.ids(),
				VPC:               d.DBSubnetGroup.VpcID,
				Subnets:           distinct(subnets),
				Zone:              d.AvailabilityZone,
				Port:              d.Endpoint.Port,
				Address:           d.Endpoint.Address,
				Retention:         d.BackupRetentionPeriod,
				Restorable:        d.LatestRestorableTime.Time,
				Created:           d.InstanceCreateTime.Time,
				Roles:             d.AssociatedRoles.arns(), IAMLogin: d.IAMDatabaseAuthenticationEnabled,
			})
		}
	})
	l.estate.DBInstances = byKey(l.estate.DBInstances)
}

func (l *loader) dbClusters() {
	type clusterList struct {
		DBClusters []struct {
			DBClusterIdentifier              string
			DBClusterArn                     string
			DbClusterResourceID              string `json:"DbClusterResourceId"`
			Engine                           string
			EngineVersion                    string
			ReplicationSourceIdentifier      string
			StorageEncrypted                 bool
			KmsKeyID                         string `json:"KmsKeyId"`
			PubliclyAccessible               bool
			AutoMinorVersionUpgrade          bool
			DeletionProtection               bool
			VpcSecurityGroups                vpcSecurityGroups
			Endpoint                         string
			Port                             int
			BackupRetentionPeriod            int
			LatestRestorableTime             when
			ClusterCreateTime                when
			DBClusterMembers                 []struct{ DBInstanceIdentifier string }
			AssociatedRoles                  associatedRoles
			IAMDatabaseAuthenticationEnabled bool
			HTTPEndpointEnabled              bool `json:"HttpEndpointEnabled"`
			TagList                          []tag
		}
	}
	each(l, "rds:DescribeDBClusters", func(p estate.Place, page *clusterList) {
		for _, d := range page.DBClusters {
			if d.DBClusterArn == "" {
				d.DBClusterArn = arn("rds", p, "cluster:"+d.DBClusterIdentifier)
			}
			cluster := &estate.DBCluster{
				Resource:          named(p, "db-cluster", d.DBClusterIdentifier, d.DBClusterArn, d.TagList),
				ResourceID:        d.DbClusterResourceID,
				Engine:            d.Engine,
				EngineVersion:     d.EngineVersion,
				ReplicaOf:         d.ReplicationSourceIdentifier,
				Encrypted:         d.StorageEncrypted,
				KMSKey:            d.KmsKeyID,
				Public:            d.PubliclyAccessible,
				MinorUpgrades:     d.AutoMinorVersionUpgrade,
				DeletionProtected: d.DeletionProtection,
				SecurityGroups:    d.VpcSecurityGroups.ids(),
				Port:              d.Port,
				Address:           d.Endpoint,
				Roles:             d.AssociatedRoles.arns(), IAMLogin: d.IAMDatabaseAuthenticationEnabled, DataAPI: d.HTTPEndpointEnabled,
				Retention:  d.BackupRetentionPeriod,
				Restorable: d.LatestRestorableTime.Time,
				Created:    d.ClusterCreateTime.Time,
			}
			for _, m := range d.DBClusterMembers {
				cluster.Members = append(cluster.Members, m.DBInstanceIdentifier)
			}
			slices.Sort(cluster.Members)
			l.estate.DBClusters = append(l.estate.DBClusters, cluster)
		}
	})
	l.estate.DBClusters = byKey(l.estate.DBClusters)
}

func (l *loader) dbSnapshots() {
	type snapshot struct {
		Status       string
		SnapshotType string
		KmsKeyID     string `json:"KmsKeyId"`
		TagList      []tag
		// When it was made; of a copy SnapshotCreateTime is when it was copied.
		SnapshotCreateTime         when
		OriginalSnapshotCreateTime when
	}
	type instanceSnapshots struct {
		DBSnapshots []struct {
			snapshot
			DBSnapshotIdentifier string
			DBSnapshotArn        string
			DBInstanceIdentifier string
			DbiResourceID        string `json:"DbiResourceId"`
			Encrypted            bool
		}
	}
	type clusterSnapshots struct {
		DBClusterSnapshots []struct {
			snapshot
			DBClusterSnapshotIdentifier string
			DBClusterSnapshotArn        string
			DBClusterIdentifier         string
			DbClusterResourceID         string `json:"DbClusterResourceId"`
			StorageEncrypted            bool
		}
	}
	add := func(p estate.Place, s snapshot, d estate.DBSnapshot, kind, id, arn string) {
		if owner := arnAccount(arn); owner != "" && owner != p.Account {
			return // shared by another account
		}
		d.Resource = named(p, kind, id, arn, s.TagList)
		d.Type, d.Available, d.KMSKey = s.SnapshotType, s.Status == "available", s.KmsKeyID
		d.Taken = s.SnapshotCreateTime.Time
		if original := s.OriginalSnapshotCreateTime.Time; !original.IsZero() {
			d.Taken = original
		}
		l.estate.DBSnapshots = append(l.estate.DBSnapshots, &d)
	}
	each(l, "rds:DescribeDBSnapshots", func(p estate.Place, page *instanceSnapshots) {
		for _, s := range page.DBSnapshots {
			id := s.DBSnapshotIdentifier
			add(p, s.snapshot, estate.DBSnapshot{Source: s.DBInstanceIdentifier, SourceID: s.DbiResourceID, Encrypted: s.Encrypted,
				Shared: l.dbSharing(p, "rds:DescribeDBSnapshotAttributes", id)},
				"db-snapshot", id, cmp.Or(s.DBSnapshotArn, arn("rds", p, "snapshot:"+id)))
		}
	})
	each(l, "rds:DescribeDBClusterSnapshots", func(p estate.Place, page *clusterSnapshots) {
		for _, s := range page.DBClusterSnapshots {
			id := s.DBClusterSnapshotIdentifier
			add(p, s.snapshot, estate.DBSnapshot{OfCluster: true, Source: s.DBClusterIdentifier, SourceID: s.DbClusterResourceID, Encrypted: s.StorageEncrypted,
				Shared: l.dbSharing(p, "rds:DescribeDBClusterSnapshotAttributes", id)},
				"db-cluster-snapshot", id, cmp.Or(s.DBClusterSnapshotArn, arn("rds", p, "cluster-snapshot:"+id)))
		}
	})
	l.estate.DBSnapshots = byKey(l.estate.DBSnapshots)
}

// dbSharing reads who may restore a snapshot: the attribute "restore" lists account ids, or "all" for everybody
// (https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBSnapshotAttribute.html).
func (l *loader) dbSharing(p estate.Place, op operation.ID, snapshot string) estate.Known[estate.Sharing] {
	type attributes []struct {
		AttributeName   string
		AttributeValues []string
	}
	type result struct {
		DBSnapshotAttributesResult        struct{ DBSnapshotAttributes attributes }
		DBClusterSnapshotAttributesResult struct{ DBClusterSnapshotAttributes attributes }
	}
	return about(l, p, op, snapshot, func(pages []result) estate.Sharing {
		var s estate.Sharing
		for _, page := range pages {
			for _, a := range slices.Concat(page.DBSnapshotAttributesResult.DBSnapshotAttributes, page.DBClusterSnapshotAttributesResult.DBClusterSnapshotAttributes) {
				if a.AttributeName != "restore" {
					continue
				}
				for _, value := range a.AttributeValues {
					if value == "all" {
						s.Everybody = true
					} else {
						s.Accounts = append(s.Accounts, value)
					}
				}
			}
		}
		slices.Sort(s.Accounts)
		return s
	})
}

func (l *loader) pendingMaintenance() {
	type actionList struct {
		PendingMaintenanceActions []struct {
			ResourceIdentifier              string
			PendingMaintenanceActionDetails []struct {
				Action           string
				ForcedApplyDate  when
				CurrentApplyDate when
			}
		}
	}
	each(l, "rds:DescribePendingMaintenanceActions", func(p estate.Place, page *actionList) {
		for _, r := range page.PendingMaintenanceActions {
			for _, a := range r.PendingMaintenanceActionDetails {
				l.estate.PendingMaintenance = append(l.estate.PendingMaintenance, estate.PendingMaintenance{Place: p, Of: r.ResourceIdentifier,
					Action: a.Action, Forced: a.ForcedApplyDate.Time, Due: a.CurrentApplyDate.Time})
			}
		}
	})
	slices.SortStableFunc(l.estate.PendingMaintenance, func(a, b estate.PendingMaintenance) int {
		return cmp.Or(strings.Compare(a.Of, b.Of), strings.Compare(a.Action, b.Action))
	})
	l.estate.PendingMaintenance = slices.CompactFunc(l.estate.PendingMaintenance, func(a, b estate.PendingMaintenance) bool {
		return a.Of == b.Of && a.Action == b.Action
	})
}

// arnAccount returns the account that an ARN names; empty if it names none.
func arnAccount(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}
