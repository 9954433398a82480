package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// readSNS reads the topics and who may use them.
func readSNS(ctx context.Context, p *place) {
	client := sns.NewFromConfig(p.config)
	var arns []*string
	for _, page := range call(ctx, p, "sns:ListTopics", client.ListTopics, &sns.ListTopicsInput{}) {
		for _, t := range page.Topics {
			arns = append(arns, t.TopicArn)
		}
	}
	each(arns, itemsAtOnce, func(arn *string) {
		call(ctx, p, "sns:GetTopicAttributes", client.GetTopicAttributes, &sns.GetTopicAttributesInput{TopicArn: arn})
	})
}
