package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// readCloudFormation reads the stacks and stack sets and the roles that they act as; of their templates, parameters and outputs digests are
// kept.
func readCloudFormation(ctx context.Context, p *place) {
	client := cloudformation.NewFromConfig(p.config)
	call(ctx, p, "cloudformation:DescribeStacks", client.DescribeStacks, &cloudformation.DescribeStacksInput{})
	var names []*string
	for _, page := range call(ctx, p, "cloudformation:ListStackSets", client.ListStackSets, &cloudformation.ListStackSetsInput{Status: types.StackSetStatusActive}) {
		for _, s := range page.Summaries {
			names = append(names, s.StackSetName)
		}
	}
	each(names, itemsAtOnce, func(name *string) {
		call(ctx, p, "cloudformation:DescribeStackSet", client.DescribeStackSet, &cloudformation.DescribeStackSetInput{StackSetName: name})
	})
}
