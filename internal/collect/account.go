package collect

import (
	"context"

	accounts "github.com/aws/aws-sdk-go-v2/service/account"
	types "github.com/aws/aws-sdk-go-v2/service/account/types"
)

// readAccount reads whom AWS writes to when something is wrong. (The Regions of the account are read in regions.go.)
func readAccount(ctx context.Context, p *place) {
	client := accounts.NewFromConfig(p.config)
	for _, kind := range types.AlternateContactType("").Values() {
		call(ctx, p, "account:GetAlternateContact", client.GetAlternateContact, &accounts.GetAlternateContactInput{AlternateContactType: kind})
	}
}
