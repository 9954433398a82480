package loadbalancing

import (
	"fmt"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// SpansZones is lb-spans-zones: every load balancer, of whatever type and scheme, is in two zones or more. That its targets are too,
// and that traffic crosses zones, are other questions.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html#availability-zones
var SpansZones = &control.Control{
	ID:       "lb-spans-zones",
	Practice: "load-balancing",
	Title:    "Load balancers span two or more zones",
	Sentence: "load balancers span two or more zones",
	Asked:    "load balancers span two or more zones",
	Why:      "When the one zone of a load balancer fails, so does everything behind it.",
	Fix:      "Add a subnet in another zone to the load balancer.",
	Severity: answer.Medium,
	Lists:    []operation.ID{"elbv2:DescribeLoadBalancers", "elb:DescribeLoadBalancers"},
	Judge: func(c *control.Case) {
		for _, b := range c.Estate.LoadBalancers {
			if len(b.Zones) >= 2 {
				c.Holds(b)
			} else {
				c.Breaks(b, inOneZone(b))
			}
		}
	},
}

func inOneZone(b *estate.LoadBalancer) control.Counter {
	ref := b.Ref()
	zones := strings.Join(b.Zones, ", ")
	if zones == "" {
		zones = "no zone"
	}
	op := operation.ID("elbv2:DescribeLoadBalancers")
	command := fmt.Sprintf("aws elbv2 set-subnets --region %s --load-balancer-arn %s --subnets ALL_SUBNETS_OLD_AND_NEW", ref.Region, ref.ARN)
	terraform := "resource \"aws_lb\" \"this\" {\n  subnets = [aws_subnet.a.id, aws_subnet.b.id] # in two zones\n}"
	if b.Type == "classic" {
		op = "elb:DescribeLoadBalancers"
		command = fmt.Sprintf("aws elb attach-load-balancer-to-subnets --region %s --load-balancer-name %s --subnets SUBNET_IN_ANOTHER_ZONE", ref.Region, ref.ID)
		terraform = "resource \"aws_elb\" \"this\" {\n  subnets = [aws_subnet.a.id, aws_subnet.b.id] # in two zones\n}"
	}
	return control.Counter{
		Text:  fmt.Sprintf("%s load balancer %s is in %s only", b.Type, ref.ID, zones),
		Facts: []answer.Fact{{Text: "AvailabilityZones is " + zones, Operation: op}},
		Cause: answer.Cause{
			Key:     "load-balancer-zones/" + ref.ARN,
			Subject: ref,
			Title:   fmt.Sprintf("load balancer %s is in %s only", ref.ID, zones),
			Fix:     answer.Fix{Text: "Add a subnet in another zone.", CLI: []string{command}, Terraform: terraform},
		},
	}
}
