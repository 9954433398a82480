package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
)

// readIdentityPools reads the identity pools of Cognito, whom they let in and the roles that they give, never an identity.
func readIdentityPools(ctx context.Context, p *place) {
	client := cognitoidentity.NewFromConfig(p.config)
	var ids []*string
	for _, page := range call(ctx, p, "cognito-identity:ListIdentityPools", client.ListIdentityPools, &cognitoidentity.ListIdentityPoolsInput{MaxResults: aws.Int32(60)}) {
		for _, pool := range page.IdentityPools {
			ids = append(ids, pool.IdentityPoolId)
		}
	}
	each(ids, itemsAtOnce, func(id *string) {
		call(ctx, p, "cognito-identity:DescribeIdentityPool", client.DescribeIdentityPool, &cognitoidentity.DescribeIdentityPoolInput{IdentityPoolId: id})
		call(ctx, p, "cognito-identity:GetIdentityPoolRoles", client.GetIdentityPoolRoles, &cognitoidentity.GetIdentityPoolRolesInput{IdentityPoolId: id})
	})
}
