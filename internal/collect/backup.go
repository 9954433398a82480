package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
)

// readBackup reads what is to be backed up (plans and selections), what is (vaults with who may use them, and recovery points), and what was restored.
func readBackup(ctx context.Context, p *place) {
	client := backup.NewFromConfig(p.config)
	many := aws.Int32(1000)
	var plans, vaults []*string
	for _, page := range call(ctx, p, "backup:ListBackupPlans", client.ListBackupPlans, &backup.ListBackupPlansInput{MaxResults: many}) {
		for _, plan := range page.BackupPlansList {
			plans = append(plans, plan.BackupPlanId)
		}
	}
	each(plans, itemsAtOnce, func(plan *string) {
		call(ctx, p, "backup:GetBackupPlan", client.GetBackupPlan, &backup.GetBackupPlanInput{BackupPlanId: plan})
		for _, page := range call(ctx, p, "backup:ListBackupSelections", client.ListBackupSelections, &backup.ListBackupSelectionsInput{BackupPlanId: plan, MaxResults: many}) {
			for _, s := range page.BackupSelectionsList {
				call(ctx, p, "backup:GetBackupSelection", client.GetBackupSelection, &backup.GetBackupSelectionInput{BackupPlanId: plan, SelectionId: s.SelectionId})
			}
		}
	})
	for _, page := range call(ctx, p, "backup:ListBackupVaults", client.ListBackupVaults, &backup.ListBackupVaultsInput{MaxResults: many}) {
		for _, v := range page.BackupVaultList {
			vaults = append(vaults, v.BackupVaultName)
		}
	}
	each(vaults, itemsAtOnce, func(vault *string) {
		call(ctx, p, "backup:ListRecoveryPointsByBackupVault", client.ListRecoveryPointsByBackupVault, &backup.ListRecoveryPointsByBackupVaultInput{BackupVaultName: vault, MaxResults: many})
		call(ctx, p, "backup:GetBackupVaultAccessPolicy", client.GetBackupVaultAccessPolicy, &backup.GetBackupVaultAccessPolicyInput{BackupVaultName: vault})
	})
	call(ctx, p, "backup:ListProtectedResources", client.ListProtectedResources, &backup.ListProtectedResourcesInput{MaxResults: many})
	call(ctx, p, "backup:ListRestoreJobs", client.ListRestoreJobs, &backup.ListRestoreJobsInput{MaxResults: many})
}
