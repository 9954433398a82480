package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// readStepFunctions reads the state machines and the roles that they run as. Their definitions are not asked for: where a customer's
// key encrypts them, that would need the right to decrypt.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html
func readStepFunctions(ctx context.Context, p *place) {
	client := sfn.NewFromConfig(p.config)
	var arns []*string
	for _, page := range call(ctx, p, "stepfunctions:ListStateMachines", client.ListStateMachines, &sfn.ListStateMachinesInput{MaxResults: 1000}) {
		for _, m := range page.StateMachines {
			arns = append(arns, m.StateMachineArn)
		}
	}
	each(arns, itemsAtOnce, func(arn *string) {
		call(ctx, p, "stepfunctions:DescribeStateMachine", client.DescribeStateMachine, &sfn.DescribeStateMachineInput{StateMachineArn: arn, IncludedData: types.IncludedDataMetadataOnly})
	})
}
