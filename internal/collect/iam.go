package collect

import (
	"bytes"
	"context"
	"encoding/csv"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	types "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/onus-cloud/onus/internal/operation"
)

// readIAM reads the account's principals and policies, and the state of their credentials.
func readIAM(ctx context.Context, p *place) {
	client := iam.NewFromConfig(p.config)
	many := aws.Int32(1000)
	var users []string
	var report *iam.GetCredentialReportOutput
	var details []*iam.GetAccountAuthorizationDetailsOutput
	reads := []func(){
		func() {
			details = call(ctx, p, "iam:GetAccountAuthorizationDetails", client.GetAccountAuthorizationDetails, &iam.GetAccountAuthorizationDetailsInput{MaxItems: many})
			for _, page := range details {
				for _, u := range page.UserDetailList {
					users = append(users, aws.ToString(u.UserName))
				}
			}
		},
		func() { report = readCredentialReport(ctx, p, client) },
		func() { call(ctx, p, "iam:GetAccountSummary", client.GetAccountSummary, &iam.GetAccountSummaryInput{}) },
		func() {
			call(ctx, p, "iam:GetAccountPasswordPolicy", client.GetAccountPasswordPolicy, &iam.GetAccountPasswordPolicyInput{})
		},
		func() {
			call(ctx, p, "iam:ListVirtualMFADevices", client.ListVirtualMFADevices, &iam.ListVirtualMFADevicesInput{MaxItems: many})
		},
		func() { readProviders(ctx, p, client) },
	}
	each(reads, len(reads), func(read func()) { read() })

	each(withPassword(users, report), itemsAtOnce, func(name string) {
		call(ctx, p, "iam:ListMFADevices", client.ListMFADevices, &iam.ListMFADevicesInput{UserName: aws.String(name), MaxItems: many})
	})
	readLastAccessed(ctx, p, client, details)
}

// readProviders reads the identity providers whose word the account takes.
func readProviders(ctx context.Context, p *place, client *iam.Client) {
	for _, page := range call(ctx, p, "iam:ListOpenIDConnectProviders", client.ListOpenIDConnectProviders, &iam.ListOpenIDConnectProvidersInput{}) {
		for _, o := range page.OpenIDConnectProviderList {
			call(ctx, p, "iam:GetOpenIDConnectProvider", client.GetOpenIDConnectProvider, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: o.Arn})
		}
	}
	call(ctx, p, "iam:ListSAMLProviders", client.ListSAMLProviders, &iam.ListSAMLProvidersInput{})
}

// readCredentialReport has AWS make the credential report and reads it. AWS makes one in seconds to a minute, and gives out the
// last one for four hours, so that a report is read even where making one is denied.
func readCredentialReport(ctx context.Context, p *place, client *iam.Client) *iam.GetCredentialReportOutput {
	const id = operation.ID("iam:GetCredentialReport")
	pages := compose(p, id, func() reading[iam.GetCredentialReportOutput] {
		var made reading[iam.GenerateCredentialReportOutput]
		for try := range 8 {
			made = ask(ctx, p, id, client.GenerateCredentialReport, &iam.GenerateCredentialReportInput{})
			if len(made.pages) == 0 || made.pages[0].State == types.ReportStateTypeComplete || !p.wait(ctx, min(time.Second<<try, 10*time.Second)) {
				break
			}
		}
		got := ask(ctx, p, id, client.GetCredentialReport, &iam.GetCredentialReportInput{})
		if !got.outcome.Complete() && !made.outcome.Complete() {
			got.outcome, got.code, got.message = made.outcome, made.code, made.message
		}
		return got
	}, nil)
	if len(pages) == 0 {
		return nil
	}
	return pages[0]
}

// withPassword are the users that may have a password: all but those of which the credential report says that they have none.
func withPassword(users []string, report *iam.GetCredentialReportOutput) []string {
	if report == nil {
		return users
	}
	rows, err := csv.NewReader(bytes.NewReader(report.Content)).ReadAll()
	if err != nil || len(rows) == 0 {
		return users
	}
	name, password := slices.Index(rows[0], "user"), slices.Index(rows[0], "password_enabled")
	if name < 0 || password < 0 {
		return users
	}
	without := map[string]bool{}
	for _, row := range rows[1:] {
		without[row[name]] = row[password] == "false"
	}
	return slices.DeleteFunc(slices.Clone(users), func(user string) bool { return without[user] })
}
