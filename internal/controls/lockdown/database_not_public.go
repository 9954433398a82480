package lockdown

import (
	"fmt"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// DatabaseNotPublic is net-database-not-public. "Publicly accessible" is the setting of that name: it gives the database's
// name a public address. Whether packets arrive there is for security groups, routes and ACLs to say, and another sentence;
// with the setting off none do.
//
// Instances have the setting, those of Aurora clusters too. A Multi-AZ DB cluster has it for all its instances and is
// judged in their place.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html
var DatabaseNotPublic = &control.Control{
	ID:       "net-database-not-public",
	Practice: "network-lockdown",
	Title:    "Databases are not publicly accessible",
	Sentence: "databases are not publicly accessible",
	Asked:    "databases are not publicly accessible",
	Why:      "A database with a public address is one wrong rule away from everybody who guesses passwords.",
	Fix:      "Make the database not publicly accessible and reach it from inside the network.",
	Severity: answer.High,
	Lists:    []operation.ID{"rds:DescribeDBInstances", "rds:DescribeDBClusters"},
	Judge: func(c *control.Case) {
		for _, d := range c.Estate.DBInstances {
			switch {
			case d.Cluster != "" && !d.Aurora():
			case d.Public:
				c.Breaks(d, publicDatabase(d.Ref(), "database", "rds:DescribeDBInstances", d.Engine, d.SecurityGroups))
			default:
				c.Holds(d)
			}
		}
		for _, d := range c.Estate.DBClusters {
			switch {
			case d.Aurora():
			case d.Public:
				c.Breaks(d, publicDatabase(d.Ref(), "database cluster", "rds:DescribeDBClusters", d.Engine, d.SecurityGroups))
			default:
				c.Holds(d)
			}
		}
	},
}

func publicDatabase(ref estate.Ref, what string, op operation.ID, engine string, groups []string) control.Counter {
	facts := []answer.Fact{{Text: "PubliclyAccessible is true", Operation: op}}
	if len(groups) > 0 {
		facts = append(facts, answer.Fact{Text: "its security groups are " + strings.Join(groups, ", "), Operation: op})
	}
	id := control.ShellQuote(ref.ID)
	fix := answer.Fix{
		Text:      "Make it not publicly accessible; clients outside of the VPC then need a VPN, a peering or a proxy.",
		CLI:       []string{fmt.Sprintf("aws rds modify-db-instance --region %s --db-instance-identifier %s --no-publicly-accessible --apply-immediately", ref.Region, id)},
		Terraform: "resource \"aws_db_instance\" \"this\" {\n  publicly_accessible = false\n}",
	}
	if ref.Kind == "db-cluster" {
		// PubliclyAccessible of a Multi-AZ DB cluster is set when it is created, and by no call after that.
		fix.Text = "Restore it from a snapshot as a cluster that is not publicly accessible; the setting cannot be changed later."
		fix.CLI = []string{fmt.Sprintf("aws rds restore-db-cluster-from-snapshot --region %s --db-cluster-identifier %s-private --snapshot-identifier SNAPSHOT --engine %s --no-publicly-accessible", ref.Region, id, control.ShellQuote(engine))}
		fix.Terraform = ""
	}
	return control.Counter{
		Text:  fmt.Sprintf("%s %s (%s) is publicly accessible", what, ref.ID, engine),
		Facts: facts,
		Cause: answer.Cause{Key: control.CauseKey(ref, "public"), Subject: ref, Title: what + " " + ref.ID + " is publicly accessible", Fix: fix},
	}
}
