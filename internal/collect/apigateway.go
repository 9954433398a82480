package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
)

// readAPIGateway reads the REST APIs with their stages and what their methods call, and the VPC links of their kind.
func readAPIGateway(ctx context.Context, p *place) {
	client := apigateway.NewFromConfig(p.config)
	many := aws.Int32(500)
	var apis []*string
	for _, page := range call(ctx, p, "apigateway:GetRestApis", client.GetRestApis, &apigateway.GetRestApisInput{Limit: many}) {
		for _, api := range page.Items {
			apis = append(apis, api.Id)
		}
	}
	each(apis, itemsAtOnce, func(id *string) {
		call(ctx, p, "apigateway:GetStages", client.GetStages, &apigateway.GetStagesInput{RestApiId: id})
		call(ctx, p, "apigateway:GetResources", client.GetResources, &apigateway.GetResourcesInput{RestApiId: id, Embed: []string{"methods"}, Limit: many})
	})
	call(ctx, p, "apigateway:GetVpcLinks", client.GetVpcLinks, &apigateway.GetVpcLinksInput{Limit: many})
}
