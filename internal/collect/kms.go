package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	types "github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// readKMS reads the keys and who may use them, and of those that the customer manages and AWS can rotate, whether it does.
func readKMS(ctx context.Context, p *place) {
	client := kms.NewFromConfig(p.config)
	var ids []*string
	for _, page := range listKeys(ctx, p) {
		for _, key := range page.Keys {
			ids = append(ids, key.KeyId)
		}
	}
	call(ctx, p, "kms:ListAliases", client.ListAliases, &kms.ListAliasesInput{Limit: aws.Int32(100)})
	each(ids, itemsAtOnce, func(id *string) {
		for _, page := range call(ctx, p, "kms:DescribeKey", client.DescribeKey, &kms.DescribeKeyInput{KeyId: id}) {
			if k := page.KeyMetadata; k != nil && k.KeyManager == types.KeyManagerTypeCustomer && k.KeySpec == types.KeySpecSymmetricDefault {
				call(ctx, p, "kms:GetKeyRotationStatus", client.GetKeyRotationStatus, &kms.GetKeyRotationStatusInput{KeyId: id})
			}
		}
		call(ctx, p, "kms:GetKeyPolicy", client.GetKeyPolicy, &kms.GetKeyPolicyInput{KeyId: id, PolicyName: aws.String("default")})
		call(ctx, p, "kms:ListGrants", client.ListGrants, &kms.ListGrantsInput{KeyId: id, Limit: aws.Int32(100)})
	})
}

// listKeys is apart because it is one of the two calls by which a Region is probed.
func listKeys(ctx context.Context, p *place) []*kms.ListKeysOutput {
	return call(ctx, p, "kms:ListKeys", kms.NewFromConfig(p.config).ListKeys, &kms.ListKeysInput{Limit: aws.Int32(1000)})
}
