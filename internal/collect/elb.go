package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
)

// readELB reads the classic load balancers.
func readELB(ctx context.Context, p *place) {
	client := elb.NewFromConfig(p.config)
	var names []*string
	for _, page := range call(ctx, p, "elb:DescribeLoadBalancers", client.DescribeLoadBalancers, &elb.DescribeLoadBalancersInput{PageSize: aws.Int32(400)}) {
		for _, b := range page.LoadBalancerDescriptions {
			names = append(names, b.LoadBalancerName)
		}
	}
	each(names, itemsAtOnce, func(name *string) {
		call(ctx, p, "elb:DescribeLoadBalancerAttributes", client.DescribeLoadBalancerAttributes, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerName: name})
	})
}
