package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
)

// readEFS reads the file systems and who may mount them, never a file.
func readEFS(ctx context.Context, p *place) {
	client := efs.NewFromConfig(p.config)
	var ids []*string
	for _, page := range call(ctx, p, "efs:DescribeFileSystems", client.DescribeFileSystems, &efs.DescribeFileSystemsInput{}) {
		for _, f := range page.FileSystems {
			ids = append(ids, f.FileSystemId)
		}
	}
	each(ids, itemsAtOnce, func(id *string) {
		call(ctx, p, "efs:DescribeFileSystemPolicy", client.DescribeFileSystemPolicy, &efs.DescribeFileSystemPolicyInput{FileSystemId: id})
	})
}

// readEventBridge reads the event buses, whose listing says who may send to them.
func readEventBridge(ctx context.Context, p *place) {
	client := eventbridge.NewFromConfig(p.config)
	call(ctx, p, "events:ListEventBuses", client.ListEventBuses, &eventbridge.ListEventBusesInput{})
}

// readOpenSearch reads the search domains and who may ask them.
func readOpenSearch(ctx context.Context, p *place) {
	client := opensearch.NewFromConfig(p.config)
	var names []*string
	for _, page := range call(ctx, p, "opensearch:ListDomainNames", client.ListDomainNames, &opensearch.ListDomainNamesInput{}) {
		for _, d := range page.DomainNames {
			names = append(names, d.DomainName)
		}
	}
	each(names, itemsAtOnce, func(name *string) {
		call(ctx, p, "opensearch:DescribeDomain", client.DescribeDomain, &opensearch.DescribeDomainInput{DomainName: name})
	})
}

// readLogs reads who may write to CloudWatch Logs besides the account's own principals, never a log.
func readLogs(ctx context.Context, p *place) {
	client := cloudwatchlogs.NewFromConfig(p.config)
	call(ctx, p, "logs:DescribeResourcePolicies", client.DescribeResourcePolicies, &cloudwatchlogs.DescribeResourcePoliciesInput{})
}
