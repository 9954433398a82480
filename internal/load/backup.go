package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// backup reads AWS Backup: plans with what they select, vaults with what is in them, what was ever backed up, and restores.
// Tags of plans and vaults are told by the tagging API alone.
func (l *loader) backup() {
	l.backupPlans()
	l.backupVaults()
	l.protectedResources()
	l.restoreJobs()
}

func (l *loader) backupPlans() {
	type planList struct {
		BackupPlansList []struct {
			BackupPlanID   string `json:"BackupPlanId"`
			BackupPlanArn  string
			BackupPlanName string
			DeletionDate   when
		}
	}
	type selectionList struct {
		BackupSelectionsList []struct {
			SelectionID   string `json:"SelectionId"`
			SelectionName string
		}
	}
	each(l, "backup:ListBackupPlans", func(p estate.Place, page *planList) {
		for _, b := range page.BackupPlansList {
			if !b.DeletionDate.IsZero() {
				continue // it no longer runs
			}
			planARN := cmp.Or(b.BackupPlanArn, arn("backup", p, "backup-plan:"+b.BackupPlanID))
			l.estate.BackupPlans = append(l.estate.BackupPlans, &estate.BackupPlan{
				Resource: estate.Resource{
					Reference: estate.Ref{Kind: "backup-plan", Account: p.Account, Region: p.Region, ID: b.BackupPlanID, ARN: planARN, Name: b.BackupPlanName},
					Labels:    l.tagsOf(p, planARN),
				},
				Selections: about(l, p, "backup:ListBackupSelections", b.BackupPlanID, func(pages []selectionList) (all []estate.BackupSelection) {
					for _, page := range pages {
						for _, s := range page.BackupSelectionsList {
							all = append(all, estate.BackupSelection{ID: s.SelectionID, Name: s.SelectionName, Body: l.selectionBody(p, b.BackupPlanID, s.SelectionID)})
						}
					}
					slices.SortFunc(all, func(a, b estate.BackupSelection) int { return strings.Compare(a.ID, b.ID) })
					return all
				}),
			})
		}
	})
	l.estate.BackupPlans = byKey(l.estate.BackupPlans)
}

func (l *loader) selectionBody(p estate.Place, plan, selection string) estate.Known[estate.SelectionBody] {
	type condition struct{ ConditionKey, ConditionValue string }
	type body struct {
		BackupSelection struct {
			Resources    []string
			NotResources []string
			ListOfTags   []condition // STRINGEQUALS is the only operator it has
			Conditions   struct{ StringEquals, StringNotEquals, StringLike, StringNotLike []condition }
		}
	}
	tags := func(operator string, list []condition) (all []estate.TagCondition) {
		for _, c := range list {
			all = append(all, estate.TagCondition{Operator: operator, Key: strings.TrimPrefix(c.ConditionKey, "aws:ResourceTag/"), Value: c.ConditionValue})
		}
		return all
	}
	return about(l, p, "backup:GetBackupSelection", plan+" "+selection, func(pages []body) (s estate.SelectionBody) {
		for _, page := range pages {
			b := page.BackupSelection
			s = estate.SelectionBody{Resources: b.Resources, NotResources: b.NotResources, AnyTag: tags("StringEquals", b.ListOfTags),
				AllTags: slices.Concat(tags("StringEquals", b.Conditions.StringEquals), tags("StringNotEquals", b.Conditions.StringNotEquals),
					tags("StringLike", b.Conditions.StringLike), tags("StringNotLike", b.Conditions.StringNotLike))}
		}
		return s
	})
}

func (l *loader) backupVaults() {
	type vaultList struct {
		BackupVaultList []struct {
			BackupVaultName  string
			BackupVaultArn   string
			EncryptionKeyArn string
			Locked           bool
			LockDate         when
		}
	}
	type answer struct{ Policy document }
	type pointList struct {
		RecoveryPoints []struct {
			RecoveryPointArn string
			ResourceArn      string
			ResourceType     string
			Status           string
			CreationDate     when
		}
	}
	each(l, "backup:ListBackupVaults", func(p estate.Place, page *vaultList) {
		for _, v := range page.BackupVaultList {
			vaultARN := cmp.Or(v.BackupVaultArn, arn("backup", p, "backup-vault:"+v.BackupVaultName))
			l.estate.BackupVaults = append(l.estate.BackupVaults, &estate.BackupVault{
				Resource: estate.Resource{
					Reference: estate.Ref{Kind: "backup-vault", Account: p.Account, Region: p.Region, ID: v.BackupVaultName, ARN: vaultARN, Name: v.BackupVaultName},
					Labels:    l.tagsOf(p, vaultARN),
				},
				KMSKey: v.EncryptionKeyArn, Locked: v.Locked, LockDate: v.LockDate.Time,
				Policy: policyOf(l, p, "backup:GetBackupVaultAccessPolicy", v.BackupVaultName, "the policy of vault "+v.BackupVaultName, func(a answer) document { return a.Policy }),
				Points: about(l, p, "backup:ListRecoveryPointsByBackupVault", v.BackupVaultName, func(pages []pointList) (all []estate.RecoveryPoint) {
					for _, page := range pages {
						for _, r := range page.RecoveryPoints {
							all = append(all, estate.RecoveryPoint{ARN: r.RecoveryPointArn, Of: r.ResourceArn, Type: r.ResourceType, Status: r.Status, Created: r.CreationDate.Time})
						}
					}
					slices.SortFunc(all, func(a, b estate.RecoveryPoint) int { return strings.Compare(a.ARN, b.ARN) })
					return all
				}),
			})
		}
	})
	l.estate.BackupVaults = byKey(l.estate.BackupVaults)
}

func (l *loader) protectedResources() {
	type resourceList struct {
		Results []struct{ ResourceArn, ResourceType string }
	}
	all := &l.estate.ProtectedResources
	each(l, "backup:ListProtectedResources", func(p estate.Place, page *resourceList) {
		for _, r := range page.Results {
			*all = append(*all, estate.ProtectedResource{Place: p, ARN: r.ResourceArn, Type: r.ResourceType})
		}
	})
	slices.SortStableFunc(*all, func(a, b estate.ProtectedResource) int {
		return cmp.Or(strings.Compare(a.ARN, b.ARN), strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region))
	})
	*all = slices.CompactFunc(*all, func(a, b estate.ProtectedResource) bool { return a.ARN == b.ARN && a.Place == b.Place })
}

func (l *loader) restoreJobs() {
	type jobList struct {
		RestoreJobs []struct {
			RestoreJobID      string `json:"RestoreJobId"`
			SourceResourceArn string
			RecoveryPointArn  string
			Status            string
			ValidationStatus  string
			CompletionDate    when
		}
	}
	all := &l.estate.RestoreJobs
	each(l, "backup:ListRestoreJobs", func(p estate.Place, page *jobList) {
		for _, j := range page.RestoreJobs {
			*all = append(*all, estate.RestoreJob{Place: p, ID: j.RestoreJobID, Source: j.SourceResourceArn, Point: j.RecoveryPointArn,
				Status: j.Status, Validation: j.ValidationStatus, Completed: j.CompletionDate.Time})
		}
	})
	slices.SortStableFunc(*all, func(a, b estate.RestoreJob) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region), strings.Compare(a.ID, b.ID),
			strings.Compare(a.Source, b.Source), a.Completed.Compare(b.Completed), strings.Compare(a.Point, b.Point))
	})
	*all = slices.Compact(*all) // an id that was cut out of an import must not make two jobs one
}
