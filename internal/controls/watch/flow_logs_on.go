package watch

import (
	"fmt"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

const describeFlowLogs operation.ID = "ec2:DescribeFlowLogs"

// FlowLogsOn is watch-flow-logs-on. A VPC has flow logs if one of its own is active, or if each of its subnets has one; a log
// that AWS says it fails to deliver is not on.
//
//   - Any traffic type counts: the sentence asks that logs are on, and CIS and EC2.6 ask for rejected traffic only.
//   - A VPC with nothing in it counts too, the one that AWS made as well: who breaks in starts hosts where nobody looks.
//   - A VPC that is seen because a subnet of it is shared is its owner's to log. Where the owner is not in scope it is not judged.
//
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html
var FlowLogsOn = &control.Control{
	ID:       "watch-flow-logs-on",
	Practice: "watch",
	Title:    "Flow logs are on for every VPC",
	Sentence: "flow logs are on for every vpc",
	Asked:    "flow logs are on for every vpc",
	Why:      "Without them nobody can say, after a break-in, where the data went and which hosts were tried.",
	Fix:      "Create a flow log for the VPC, to CloudWatch Logs or to a bucket.",
	Severity: answer.Medium,
	Lists:    []operation.ID{"ec2:DescribeVpcs"},
	Reads:    []operation.ID{describeFlowLogs, "ec2:DescribeSubnets"},
	Judge: func(c *control.Case) {
		logs := map[string][]*estate.FlowLog{} // by what they are of
		for _, f := range c.Estate.FlowLogs {
			logs[f.Of] = append(logs[f.Of], f)
		}
		subnets := map[string][]*estate.Subnet{}
		for _, s := range c.Estate.Subnets {
			subnets[s.VPC] = append(subnets[s.VPC], s)
		}
		known := map[string]bool{}
		for _, s := range c.Estate.Subnets {
			known[s.Ref().ID] = true
		}
		strangers := map[estate.Place]bool{}
		for _, f := range c.Estate.FlowLogs {
			if f.Delivers() && strings.HasPrefix(f.Of, "subnet-") && !known[f.Of] {
				strangers[f.Place()] = true
			}
		}
		for _, v := range c.Estate.VPCs {
			if c.Estate.Account(v.Ref().Account) != nil {
				judgeFlowLogs(c, v, logs, subnets[v.Ref().ID], strangers[v.Place()])
			}
		}
	},
}

// judgeFlowLogs judges one VPC. strangers says that in its place there are logs of subnets that were not read, and whose VPC is
// therefore not known.
func judgeFlowLogs(c *control.Case, v *estate.VPC, logs map[string][]*estate.FlowLog, subnets []*estate.Subnet, strangers bool) {
	readLogs := c.Estate.Complete(v.Place(), describeFlowLogs)
	logged := func(id string) estate.Truth {
		for _, f := range logs[id] {
			if f.Delivers() {
				return estate.True
			}
		}
		if !readLogs {
			return estate.Unknown
		}
		return estate.False
	}
	readSubnets := c.Estate.Complete(v.Place(), "ec2:DescribeSubnets")
	each := estate.Is(len(subnets) > 0)
	if !readSubnets && (strangers || !readLogs || len(subnets) > 0) {
		each = estate.Unknown // it may have subnets that were not read, and logs of those
	}
	for _, s := range subnets {
		each = estate.And(each, logged(s.Ref().ID))
	}
	switch estate.Or(logged(v.Ref().ID), each) {
	case estate.True:
		c.Holds(v)
	case estate.False:
		c.Breaks(v, noFlowLog(v, logs[v.Ref().ID]))
	default:
		var gaps []estate.Gap
		if !readLogs {
			gaps = append(gaps, c.Estate.Reading(v.Place(), describeFlowLogs, "").Gap())
		}
		if !readSubnets {
			gaps = append(gaps, c.Estate.Reading(v.Place(), "ec2:DescribeSubnets", "").Gap())
		}
		c.Unknown(v, "whether all of it is logged could not be read", gaps...)
	}
}

func noFlowLog(v *estate.VPC, dead []*estate.FlowLog) control.Counter {
	ref := v.Ref()
	name := ref.ID
	if ref.Name != "" {
		name += " (" + ref.Name + ")"
	}
	x := control.Counter{
		Text:  "VPC " + name + " has no flow log",
		Facts: []answer.Fact{{Text: "no active flow log names " + ref.ID + ", or each of its subnets, as ResourceId", Operation: describeFlowLogs}},
		Cause: answer.Cause{
			Key:     "flow-log/" + ref.ID,
			Subject: ref,
			Title:   "VPC " + name + " has no flow log that is delivered",
			Fix: answer.Fix{
				Text: "Create a flow log of all traffic, to a bucket or to CloudWatch Logs.",
				CLI: []string{fmt.Sprintf("aws ec2 create-flow-logs --region %s --resource-type VPC --resource-ids %s --traffic-type ALL --log-destination-type s3 --log-destination arn:aws:s3:::BUCKET",
					ref.Region, ref.ID)},
				Terraform: "resource \"aws_flow_log\" \"this\" {\n  vpc_id               = \"" + ref.ID + "\"\n  traffic_type         = \"ALL\"\n  log_destination_type = \"s3\"\n  log_destination      = aws_s3_bucket.flow_logs.arn\n}",
			},
		},
	}
	for _, f := range dead {
		x.Text = fmt.Sprintf("the flow log of VPC %s is not delivered", name)
		status := "FlowLogStatus is not ACTIVE"
		if f.Active {
			status = "DeliverLogsStatus is " + f.Delivery
		}
		if f.Error != "" {
			status += ": " + f.Error
		}
		x.Facts = append(x.Facts, answer.Fact{Text: f.Ref().ID + ": " + status, Operation: describeFlowLogs})
		x.Cause.Fix.Text = "Mend the delivery of the flow log (its role, its log group or its bucket's policy), or create another."
	}
	return x
}
