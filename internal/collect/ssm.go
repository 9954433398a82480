package collect

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/onus-cloud/onus/internal/operation"
)

// readSSM reads the hosts that Systems Manager manages, how they are patched, and which parameters there are, without their values.
func readSSM(ctx context.Context, p *place) {
	client := ssm.NewFromConfig(p.config)
	call(ctx, p, "ssm:DescribeParameters", client.DescribeParameters, &ssm.DescribeParametersInput{MaxResults: aws.Int32(50)})
	const information, states = operation.ID("ssm:DescribeInstanceInformation"), operation.ID("ssm:DescribeInstancePatchStates")
	var managed reading[ssm.DescribeInstanceInformationOutput]
	compose(p, information, func() reading[ssm.DescribeInstanceInformationOutput] {
		managed = ask(ctx, p, information, client.DescribeInstanceInformation, &ssm.DescribeInstanceInformationInput{MaxResults: aws.Int32(50)})
		return managed
	}, nil)
	var ids []string
	for _, page := range managed.pages {
		for _, i := range page.InstanceInformationList {
			ids = append(ids, aws.ToString(i.InstanceId))
		}
	}
	compose(p, states, func() reading[ssm.DescribeInstancePatchStatesOutput] {
		var parts []reading[ssm.DescribeInstancePatchStatesOutput]
		for some := range slices.Chunk(ids, 50) { // the most that one call takes
			parts = append(parts, ask(ctx, p, states, client.DescribeInstancePatchStates, &ssm.DescribeInstancePatchStatesInput{InstanceIds: some, MaxResults: aws.Int32(100)}))
		}
		got := join(p.Now(), parts...)
		if got.outcome == operation.OK && !managed.outcome.Complete() {
			// Not every managed host is known, so a host that is missing here may have a state all the same.
			got.outcome, got.code, got.message = operation.NotTried, CodeInputIncomplete, "not all managed hosts are known, because "+string(information)+" was not answered in full"
			if len(ids) > 0 {
				got.outcome = operation.Failed
			}
		}
		return got
	}, nil)
}
