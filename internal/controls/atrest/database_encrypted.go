package atrest

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// DatabaseEncrypted is rest-database-encrypted. The instances of a cluster share its storage, and so the cluster is judged
// and they are not. A snapshot has the encryption of the database as it was when it was taken; that of a database that is
// long gone counts too.
//
// DynamoDB tables are always encrypted (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/EncryptionAtRest.html).
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html
var DatabaseEncrypted = &control.Control{
	ID:       "rest-database-encrypted",
	Practice: "encryption-at-rest",
	Title:    "Databases and their snapshots are encrypted",
	Sentence: "databases and their snapshots are encrypted",
	Asked:    "databases and their snapshots are encrypted",
	Why:      "A snapshot that is copied or shared by mistake gives the whole database to whoever holds it.",
	Fix:      "Copy a snapshot with encryption, restore it, and move the clients to the copy.",
	Severity: answer.High,
	Lists:    []operation.ID{"rds:DescribeDBInstances", "rds:DescribeDBClusters", "rds:DescribeDBSnapshots", "rds:DescribeDBClusterSnapshots"},
	Judge: func(c *control.Case) {
		for _, d := range c.Estate.DBInstances {
			switch {
			case d.Cluster != "":
			case d.Encrypted:
				c.Holds(d)
			default:
				c.Breaks(d, control.Counter{
					Text:  fmt.Sprintf("database %s (%s) is not encrypted", d.Ref().ID, d.Engine),
					Facts: []answer.Fact{{Text: "StorageEncrypted is false", Operation: "rds:DescribeDBInstances"}},
					Cause: databaseInPlaintext(d.Ref()),
				})
			}
		}
		for _, d := range c.Estate.DBClusters {
			if d.Encrypted {
				c.Holds(d)
				continue
			}
			c.Breaks(d, control.Counter{
				Text:  fmt.Sprintf("database cluster %s (%s) is not encrypted", d.Ref().ID, d.Engine),
				Facts: []answer.Fact{{Text: "StorageEncrypted is false", Operation: "rds:DescribeDBClusters"}},
				Cause: databaseInPlaintext(d.Ref()),
			})
		}
		for _, s := range c.Estate.DBSnapshots {
			if s.Encrypted {
				c.Holds(s)
				continue
			}
			fact := answer.Fact{Text: "Encrypted is false", Operation: "rds:DescribeDBSnapshots"}
			if s.OfCluster {
				fact = answer.Fact{Text: "StorageEncrypted is false", Operation: "rds:DescribeDBClusterSnapshots"}
			}
			c.Breaks(s, control.Counter{
				Text:  fmt.Sprintf("snapshot %s of database %s is not encrypted", s.Ref().ID, s.Source),
				Facts: []answer.Fact{fact, {Text: "SnapshotType is " + s.Type, Operation: fact.Operation}},
				Cause: snapshotInPlaintext(c.Estate, s),
			})
		}
	},
}

func databaseInPlaintext(ref estate.Ref) answer.Cause {
	cause := answer.Cause{Key: control.CauseKey(ref, "encryption"), Subject: ref, Title: "database " + ref.ID + " is not encrypted"}
	id := control.ShellQuote(ref.ID)
	cause.Fix = answer.Fix{
		Text: "Encryption can only be chosen when storage is made: copy a snapshot with a key, restore the copy, and move the clients.",
		CLI: []string{
			fmt.Sprintf("aws rds create-db-snapshot --region %s --db-instance-identifier %s --db-snapshot-identifier %[2]s-plain", ref.Region, id),
			fmt.Sprintf("aws rds copy-db-snapshot --region %s --source-db-snapshot-identifier %s-plain --target-db-snapshot-identifier %[2]s-encrypted --kms-key-id alias/aws/rds", ref.Region, id),
			fmt.Sprintf("aws rds restore-db-instance-from-db-snapshot --region %s --db-snapshot-identifier %s-encrypted --db-instance-identifier %[2]s-encrypted", ref.Region, id),
		},
		Terraform: "resource \"aws_db_instance\" \"this\" {\n  storage_encrypted = true\n}",
	}
	if ref.Kind == "db-cluster" {
		cause.Title = "database cluster " + ref.ID + " is not encrypted"
		cause.Fix.Text = "Encryption can only be chosen when storage is made: restore a snapshot into an encrypted cluster, and move the clients."
		cause.Fix.CLI = []string{
			fmt.Sprintf("aws rds create-db-cluster-snapshot --region %s --db-cluster-identifier %s --db-cluster-snapshot-identifier %[2]s-plain", ref.Region, id),
			fmt.Sprintf("aws rds restore-db-cluster-from-snapshot --region %s --snapshot-identifier %s-plain --db-cluster-identifier %[2]s-encrypted --engine ENGINE --kms-key-id alias/aws/rds", ref.Region, id),
		}
		cause.Fix.Terraform = "resource \"aws_rds_cluster\" \"this\" {\n  storage_encrypted = true\n}"
	}
	return cause
}

// snapshotInPlaintext is the snapshot itself, or, of those that RDS makes every day, the database that they are made of.
func snapshotInPlaintext(e *estate.Estate, s *estate.DBSnapshot) answer.Cause {
	if s.Type == "automated" {
		if d := e.DBInstance(s.Place(), s.Source); d != nil && !s.OfCluster && !d.Encrypted {
			return databaseInPlaintext(d.Ref())
		}
		if d := e.DBCluster(s.Place(), s.Source); d != nil && s.OfCluster && !d.Encrypted {
			return databaseInPlaintext(d.Ref())
		}
	}
	ref := s.Ref()
	id := control.ShellQuote(ref.ID)
	fix := answer.Fix{
		Text: "Copy it with a key, check the copy, and delete the plain one.",
		CLI: []string{
			fmt.Sprintf("aws rds copy-db-snapshot --region %s --source-db-snapshot-identifier %s --target-db-snapshot-identifier %[2]s-encrypted --kms-key-id alias/aws/rds", ref.Region, id),
			fmt.Sprintf("aws rds delete-db-snapshot --region %s --db-snapshot-identifier %s", ref.Region, id),
		},
	}
	if s.OfCluster {
		// A copy of a plain cluster snapshot stays plain; what is restored from it need not.
		fix = answer.Fix{
			Text: "Restore it into an encrypted cluster, take a snapshot of that, and delete the plain one.",
			CLI: []string{
				fmt.Sprintf("aws rds restore-db-cluster-from-snapshot --region %s --snapshot-identifier %s --db-cluster-identifier ENCRYPTED_CLUSTER --engine ENGINE --kms-key-id alias/aws/rds", ref.Region, id),
				fmt.Sprintf("aws rds create-db-cluster-snapshot --region %s --db-cluster-identifier ENCRYPTED_CLUSTER --db-cluster-snapshot-identifier %s-encrypted", ref.Region, id),
				fmt.Sprintf("aws rds delete-db-cluster-snapshot --region %s --db-cluster-snapshot-identifier %s", ref.Region, id),
			},
		}
	}
	return answer.Cause{Key: control.CauseKey(ref, "encryption"), Subject: ref, Title: "snapshot " + ref.ID + " of database " + s.Source + " is not encrypted", Fix: fix}
}
