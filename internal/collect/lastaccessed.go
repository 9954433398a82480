package collect

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	types "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/onus-cloud/onus/internal/operation"
)

// CodeReportNotMade stands in responses of reports that AWS had not made, or failed to make, when we stopped asking.
const CodeReportNotMade = "ReportNotMade"

// readLastAccessed reads what users, groups and roles have used of what they are granted, if that was asked for. AWS makes a report for
// each, in a second or so. Service-linked roles are left out: nobody but AWS can trim what they may do.
func readLastAccessed(ctx context.Context, p *place, client *iam.Client, details []*iam.GetAccountAuthorizationDetailsOutput) {
	if !p.LastAccessed {
		return
	}
	var arns []*string
	for _, page := range details {
		for _, u := range page.UserDetailList {
			arns = append(arns, u.Arn)
		}
		for _, g := range page.GroupDetailList {
			arns = append(arns, g.Arn)
		}
		for _, r := range page.RoleDetailList {
			if !strings.Contains(aws.ToString(r.Arn), ":role/aws-service-role/") {
				arns = append(arns, r.Arn)
			}
		}
	}
	each(arns, itemsAtOnce, func(arn *string) { readAccessed(ctx, p, client, arn) })
}

func readAccessed(ctx context.Context, p *place, client *iam.Client, arn *string) {
	const id = operation.ID("iam:GetServiceLastAccessedDetails")
	in := &iam.GenerateServiceLastAccessedDetailsInput{Arn: arn, Granularity: types.AccessAdvisorUsageGranularityTypeActionLevel}
	compose(p, id, func() (got reading[iam.GetServiceLastAccessedDetailsOutput]) {
		made := ask(ctx, p, id, client.GenerateServiceLastAccessedDetails, in)
		if len(made.pages) == 0 {
			return reading[iam.GetServiceLastAccessedDetailsOutput]{outcome: made.outcome, code: made.code, message: made.message, time: made.time}
		}
		status := types.JobStatusTypeInProgress
		for try := range 8 {
			got = ask(ctx, p, id, client.GetServiceLastAccessedDetails, &iam.GetServiceLastAccessedDetailsInput{JobId: made.pages[0].JobId, MaxItems: aws.Int32(1000)})
			if len(got.pages) == 0 || !got.outcome.Complete() {
				return got
			}
			if status = got.pages[0].JobStatus; status != types.JobStatusTypeInProgress || !p.wait(ctx, min(time.Second<<try, 10*time.Second)) {
				break
			}
		}
		if status != types.JobStatusTypeCompleted {
			got.outcome, got.code, got.message = operation.Failed, CodeReportNotMade, fmt.Sprintf("the report on %s is %s", aws.ToString(arn), status)
		}
		return got
	}, in)
}
