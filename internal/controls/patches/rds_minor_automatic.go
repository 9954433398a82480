package patches

import (
	"fmt"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// RDSMinorAutomatic is patch-rds-minor-automatic. Aurora upgrades a cluster only if every instance of it has the flag, so
// each instance is judged and the cluster, which sets it for all, is the cause. A Multi-AZ DB cluster has a flag of its own.
//
// Not concerned are DocumentDB, which ignores the flag, and RDS Custom, which must have it off. A version that is pinned on
// purpose is an excuse, with an owner and an end.
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Maintenance.AMVU.html
// https://docs.aws.amazon.com/documentdb/latest/developerguide/API_DBInstance.html
var RDSMinorAutomatic = &control.Control{
	ID:       "patch-rds-minor-automatic",
	Practice: "patches",
	Title:    "Databases take minor engine upgrades by themselves",
	Sentence: "databases take minor engine upgrades by themselves",
	Asked:    "databases take minor engine upgrades by themselves",
	Why:      "Minor versions carry the engine's security fixes; a database that waits for somebody to apply them stays open to what is published.",
	Fix:      "Switch automatic minor version upgrades on.",
	Severity: answer.Medium,
	Lists:    []operation.ID{"rds:DescribeDBInstances", "rds:DescribeDBClusters"},
	Judge: func(c *control.Case) {
		for _, d := range c.Estate.DBInstances {
			switch {
			case d.Engine == "docdb", strings.HasPrefix(d.Engine, "custom-"):
			case d.Cluster != "" && !d.Aurora(): // of a Multi-AZ DB cluster, which is judged itself
			case d.MinorUpgrades:
				c.Holds(d)
			case strings.HasPrefix(d.Engine, "aurora"):
				c.Breaks(d, control.Counter{
					Text:  fmt.Sprintf("database instance %s of cluster %s does not take minor versions by itself, and so the cluster does not", d.Ref().ID, d.Cluster),
					Facts: minorFacts("rds:DescribeDBInstances", d.Engine, d.EngineVersion),
					Cause: clusterNotUpgraded(clusterRef(c.Estate, d)),
				})
			default:
				c.Breaks(d, control.Counter{
					Text:  fmt.Sprintf("database %s (%s %s) does not take minor versions by itself", d.Ref().ID, d.Engine, d.EngineVersion),
					Facts: minorFacts("rds:DescribeDBInstances", d.Engine, d.EngineVersion),
					Cause: instanceNotUpgraded(d.Ref()),
				})
			}
		}
		for _, d := range c.Estate.DBClusters {
			switch {
			case d.Aurora():
			case d.MinorUpgrades:
				c.Holds(d)
			default:
				c.Breaks(d, control.Counter{
					Text:  fmt.Sprintf("database cluster %s (%s %s) does not take minor versions by itself", d.Ref().ID, d.Engine, d.EngineVersion),
					Facts: minorFacts("rds:DescribeDBClusters", d.Engine, d.EngineVersion),
					Cause: clusterNotUpgraded(d.Ref()),
				})
			}
		}
	},
}

// clusterRef names the cluster of an instance, also where clusters could not be read.
func clusterRef(e *estate.Estate, d *estate.DBInstance) estate.Ref {
	if cluster := e.DBCluster(d.Place(), d.Cluster); cluster != nil {
		return cluster.Ref()
	}
	ref := d.Ref()
	arn := strings.TrimSuffix(ref.ARN, "db:"+ref.ID) + "cluster:" + d.Cluster
	return estate.Ref{Kind: "db-cluster", Account: ref.Account, Region: ref.Region, ID: d.Cluster, ARN: arn, Name: d.Cluster}
}

func minorFacts(op operation.ID, engine, version string) []answer.Fact {
	return []answer.Fact{
		{Text: "AutoMinorVersionUpgrade is false", Operation: op},
		{Text: fmt.Sprintf("Engine is %s, EngineVersion is %s", engine, version), Operation: op},
	}
}

func instanceNotUpgraded(ref estate.Ref) answer.Cause {
	return answer.Cause{
		Key:     control.CauseKey(ref, "minor-versions"),
		Subject: ref,
		Title:   "database " + ref.ID + " does not take minor versions by itself",
		Fix: answer.Fix{
			Text:      "Switch automatic minor version upgrades on; they are applied in its maintenance window.",
			CLI:       []string{fmt.Sprintf("aws rds modify-db-instance --region %s --db-instance-identifier %s --auto-minor-version-upgrade --apply-immediately", ref.Region, control.ShellQuote(ref.ID))},
			Terraform: "resource \"aws_db_instance\" \"this\" {\n  auto_minor_version_upgrade = true\n}",
		},
	}
}

func clusterNotUpgraded(ref estate.Ref) answer.Cause {
	return answer.Cause{
		Key:     control.CauseKey(ref, "minor-versions"),
		Subject: ref,
		Title:   "database cluster " + ref.ID + " does not take minor versions by itself",
		Fix: answer.Fix{
			Text:      "Switch automatic minor version upgrades on for the cluster, which sets it for all its instances.",
			CLI:       []string{fmt.Sprintf("aws rds modify-db-cluster --region %s --db-cluster-identifier %s --auto-minor-version-upgrade --apply-immediately", ref.Region, control.ShellQuote(ref.ID))},
			Terraform: "resource \"aws_rds_cluster_instance\" \"this\" {\n  auto_minor_version_upgrade = true\n}",
		},
	}
}
