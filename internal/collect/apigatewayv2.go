package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
)

// readAPIGatewayV2 reads the HTTP and WebSocket APIs with their stages and what they call, and the VPC links of their kind.
func readAPIGatewayV2(ctx context.Context, p *place) {
	client := apigatewayv2.NewFromConfig(p.config)
	many := aws.String("100")
	var apis []*string
	for _, page := range call(ctx, p, "apigatewayv2:GetApis", client.GetApis, &apigatewayv2.GetApisInput{MaxResults: many}) {
		for _, api := range page.Items {
			apis = append(apis, api.ApiId)
		}
	}
	each(apis, itemsAtOnce, func(id *string) {
		call(ctx, p, "apigatewayv2:GetStages", client.GetStages, &apigatewayv2.GetStagesInput{ApiId: id, MaxResults: many})
		call(ctx, p, "apigatewayv2:GetIntegrations", client.GetIntegrations, &apigatewayv2.GetIntegrationsInput{ApiId: id, MaxResults: many})
	})
	call(ctx, p, "apigatewayv2:GetVpcLinks", client.GetVpcLinks, &apigatewayv2.GetVpcLinksInput{MaxResults: many})
}
