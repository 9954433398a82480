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
	call(ctx, p, "s3control:GetPublicAccessBlock", s3ControlClient(p).GetPublicAccessBlock, &s3control.GetPublicAccessBlockInput{AccountId: aws.String(p.id)})
}

// readAccessPoints reads the access points of the Region and who may use them.
func readAccessPoints(ctx context.Context, p *place) {
	client, account := s3ControlClient(p), aws.String(p.id)
	var names []*string
	for _, page := range call(ctx, p, "s3control:ListAccessPoints", client.ListAccessPoints, &s3control.ListAccessPointsInput{AccountId: account, MaxResults: 1000}) {
		for _, a := range page.AccessPointList {
			names = append(names, a.Name)
		}
	}
	each(names, itemsAtOnce, func(name *string) {
		call(ctx, p, "s3control:GetAccessPoint", client.GetAccessPoint, &s3control.GetAccessPointInput{AccountId: account, Name: name})
		call(ctx, p, "s3control:GetAccessPointPolicy", client.GetAccessPointPolicy, &s3control.GetAccessPointPolicyInput{AccountId: account, Name: name})
		call(ctx, p, "s3control:GetAccessPointPolicyStatus", client.GetAccessPointPolicyStatus, &s3control.GetAccessPointPolicyStatusInput{AccountId: account, Name: name})
	})
}

func s3ControlClient(p *place) *s3control.Client {
	return s3control.NewFromConfig(p.config, func(o *s3control.Options) {
		if o.BaseEndpoint != nil {
			accountInHeaderOnly(o)
		}
	})
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
