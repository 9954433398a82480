package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	ga "github.com/aws/aws-sdk-go-v2/service/globalaccelerator"

	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

// readGlobalAccelerator reads the accelerators and where they lead. The service has one host, which signs for us-west-2
// (https://docs.aws.amazon.com/global-accelerator/latest/dg/preserve-client-ip-address.regions.html), and is in the partition
// aws alone (https://docs.aws.amazon.com/general/latest/gr/global_accelerator.html).
func readGlobalAccelerator(ctx context.Context, p *place) {
	const accelerators, custom = operation.ID("globalaccelerator:ListAccelerators"), operation.ID("globalaccelerator:ListCustomRoutingAccelerators")
	if p.partition != "aws" {
		for _, id := range []operation.ID{accelerators, custom} {
			p.record(responses.Response{Account: p.id, Region: p.region, Operation: id, Time: p.Now().UTC(), Outcome: operation.Unavailable,
				Message: "there is no Global Accelerator in partition " + p.partition})
		}
		return
	}
	client := ga.NewFromConfig(p.config, func(o *ga.Options) { o.Region = "us-west-2" })
	many := aws.Int32(100)
	var arns []*string
	for _, page := range call(ctx, p, accelerators, client.ListAccelerators, &ga.ListAcceleratorsInput{MaxResults: many}) {
		for _, a := range page.Accelerators {
			arns = append(arns, a.AcceleratorArn)
		}
	}
	each(arns, itemsAtOnce, func(arn *string) {
		for _, page := range call(ctx, p, "globalaccelerator:ListListeners", client.ListListeners, &ga.ListListenersInput{AcceleratorArn: arn, MaxResults: many}) {
			for _, l := range page.Listeners {
				call(ctx, p, "globalaccelerator:ListEndpointGroups", client.ListEndpointGroups, &ga.ListEndpointGroupsInput{ListenerArn: l.ListenerArn, MaxResults: many})
			}
		}
	})
	call(ctx, p, custom, client.ListCustomRoutingAccelerators, &ga.ListCustomRoutingAcceleratorsInput{MaxResults: many})
}
