package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// readSQS reads the queues and who may use them, never what is in them.
func readSQS(ctx context.Context, p *place) {
	client := sqs.NewFromConfig(p.config)
	var urls []string
	for _, page := range call(ctx, p, "sqs:ListQueues", client.ListQueues, &sqs.ListQueuesInput{MaxResults: aws.Int32(1000)}) {
		urls = append(urls, page.QueueUrls...)
	}
	each(urls, itemsAtOnce, func(url string) {
		call(ctx, p, "sqs:GetQueueAttributes", client.GetQueueAttributes, &sqs.GetQueueAttributesInput{QueueUrl: aws.String(url), AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	})
}
