package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// readS3Control reads the block of public access that stands above all buckets of the account.
func readS3Control(ctx context.Context, p *place) {
	client := s3control.NewFromConfig(p.config, func(o *s3control.Options) {
		if o.BaseEndpoint != nil {
			accountInHeaderOnly(o)
		}
	})
	call(ctx, p, "s3control:GetPublicAccessBlock", client.GetPublicAccessBlock, &s3control.GetPublicAccessBlockInput{AccountId: aws.String(p.id)})
}

// accountInHeaderOnly keeps the account's id out of the host's name, because an emulator has one host. It goes along as a
// header in any case.
func accountInHeaderOnly(o *s3control.Options) {
	o.EndpointResolverV2 = oneHost{o.EndpointResolverV2}
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("OneHost",
			func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
			}), middleware.Before)
	})
}

type oneHost struct{ s3control.EndpointResolverV2 }

func (h oneHost) ResolveEndpoint(ctx context.Context, q s3control.EndpointParameters) (smithyendpoints.Endpoint, error) {
	q.RequiresAccountId, q.AccountId = nil, nil
	return h.EndpointResolverV2.ResolveEndpoint(ctx, q)
}
