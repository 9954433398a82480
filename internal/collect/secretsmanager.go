package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// readSecretsManager reads which secrets there are and who may read them, never their values.
func readSecretsManager(ctx context.Context, p *place) {
	client := secretsmanager.NewFromConfig(p.config)
	var arns []*string
	for _, page := range call(ctx, p, "secretsmanager:ListSecrets", client.ListSecrets, &secretsmanager.ListSecretsInput{MaxResults: aws.Int32(100)}) {
		for _, s := range page.SecretList {
			arns = append(arns, s.ARN)
		}
	}
	each(arns, itemsAtOnce, func(arn *string) {
		call(ctx, p, "secretsmanager:GetResourcePolicy", client.GetResourcePolicy, &secretsmanager.GetResourcePolicyInput{SecretId: arn})
	})
}
