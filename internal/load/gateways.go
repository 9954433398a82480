package load

import (
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
)

// egressOnlyGateways reads the gateways that let IPv6 out only. An account sees its own.
func (l *loader) egressOnlyGateways() {
	type gatewayList struct {
		EgressOnlyInternetGateways []struct {
			EgressOnlyInternetGatewayID string `json:"EgressOnlyInternetGatewayId"`
			Attachments                 []vpcAttachment
			Tags                        []tag
		}
	}
	each(l, "ec2:DescribeEgressOnlyInternetGateways", func(p estate.Place, page *gatewayList) {
		for _, g := range page.EgressOnlyInternetGateways {
			l.estate.EgressOnlyGateways = append(l.estate.EgressOnlyGateways, &estate.EgressOnlyGateway{
				Resource: ec2Resource(p, "egress-only-internet-gateway", g.EgressOnlyInternetGatewayID, g.Tags), VPC: attachedTo(g.Attachments)})
		}
	})
	l.estate.EgressOnlyGateways = byKey(l.estate.EgressOnlyGateways)
}

// endpointServices reads what an account offers to endpoints in other VPCs.
func (l *loader) endpointServices() {
	type serviceList struct {
		ServiceConfigurations []struct {
			ServiceID               string `json:"ServiceId"`
			ServiceName             string
			NetworkLoadBalancerArns []string
			GatewayLoadBalancerArns []string
			Tags                    []tag
		}
	}
	each(l, "ec2:DescribeVpcEndpointServiceConfigurations", func(p estate.Place, page *serviceList) {
		for _, s := range page.ServiceConfigurations {
			l.estate.EndpointServices = append(l.estate.EndpointServices, &estate.EndpointService{
				Resource: ec2Resource(p, "vpc-endpoint-service", s.ServiceID, s.Tags), Service: s.ServiceName,
				LoadBalancers: sorted(slices.Concat(s.NetworkLoadBalancerArns, s.GatewayLoadBalancerArns))})
		}
	})
	l.estate.EndpointServices = byKey(l.estate.EndpointServices)
}
