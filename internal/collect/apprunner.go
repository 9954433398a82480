package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apprunner"
	"github.com/aws/aws-sdk-go-v2/service/apprunner/types"
)

// readAppRunner reads the services of App Runner and the roles that they run as.
func readAppRunner(ctx context.Context, p *place) {
	client := apprunner.NewFromConfig(p.config)
	var arns []*string
	for _, page := range call(ctx, p, "apprunner:ListServices", client.ListServices, &apprunner.ListServicesInput{MaxResults: aws.Int32(20)}) {
		for _, s := range page.ServiceSummaryList {
			if s.Status != types.ServiceStatusDeleted {
				arns = append(arns, s.ServiceArn)
			}
		}
	}
	each(arns, itemsAtOnce, func(arn *string) {
		call(ctx, p, "apprunner:DescribeService", client.DescribeService, &apprunner.DescribeServiceInput{ServiceArn: arn})
	})
}
