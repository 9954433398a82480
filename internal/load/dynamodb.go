package load

import (
	"github.com/onus-cloud/onus/internal/estate"
)

// dynamodb reads tables. Their tags are told by the tagging API alone.
func (l *loader) dynamodb() {
	type tableList struct{ TableNames []string }
	type answer struct{ Policy document }
	each(l, "dynamodb:ListTables", func(p estate.Place, page *tableList) {
		for _, name := range page.TableNames {
			tableARN := arn("dynamodb", p, "table/"+name)
			l.estate.Tables = append(l.estate.Tables, &estate.Table{
				Resource: estate.Resource{
					Reference: estate.Ref{Kind: "table", Account: p.Account, Region: p.Region, ID: name, ARN: tableARN, Name: name},
					Labels:    l.tagsOf(p, tableARN),
				},
				Description: l.tableDescription(p, name),
				Recovery:    l.pointInTimeRecovery(p, name),
				Policy:      policyOf(l, p, "dynamodb:GetResourcePolicy", tableARN, "the policy of table "+name, func(a answer) document { return a.Policy }),
			})
		}
	})
	l.estate.Tables = byKey(l.estate.Tables)
}

func (l *loader) tableDescription(p estate.Place, name string) estate.Known[estate.TableDescription] {
	type description struct {
		Table struct {
			TableStatus               string
			DeletionProtectionEnabled bool
			SSEDescription            struct{ KMSMasterKeyArn string }
		}
	}
	return about(l, p, "dynamodb:DescribeTable", name, func(pages []description) (d estate.TableDescription) {
		for _, page := range pages {
			d = estate.TableDescription{Status: page.Table.TableStatus, KMSKey: page.Table.SSEDescription.KMSMasterKeyArn,
				DeletionProtected: page.Table.DeletionProtectionEnabled}
		}
		return d
	})
}

func (l *loader) pointInTimeRecovery(p estate.Place, name string) estate.Known[estate.PointInTimeRecovery] {
	type backups struct {
		ContinuousBackupsDescription struct {
			PointInTimeRecoveryDescription struct {
				PointInTimeRecoveryStatus  string
				EarliestRestorableDateTime when
				LatestRestorableDateTime   when
			}
		}
	}
	on := false
	recovery := about(l, p, "dynamodb:DescribeContinuousBackups", name, func(pages []backups) (r estate.PointInTimeRecovery) {
		for _, page := range pages {
			d := page.ContinuousBackupsDescription.PointInTimeRecoveryDescription
			on = d.PointInTimeRecoveryStatus == "ENABLED"
			r = estate.PointInTimeRecovery{Earliest: d.EarliestRestorableDateTime.Time, Latest: d.LatestRestorableDateTime.Time}
		}
		return r
	})
	if _, told := recovery.Value(); told && !on {
		return estate.None[estate.PointInTimeRecovery]()
	}
	return recovery
}
