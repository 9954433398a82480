package patches

import (
	"fmt"
	"time"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// grace is how long a host may run before it must have reported: the agent registers within minutes of the start.
const grace = time.Hour

// HostManaged is patch-host-managed. The subjects are the hosts that run, not those that Systems Manager knows: a host that
// never registered is silent there, and is the one that nobody patches. A host that is stopped, or that started less than
// an hour ago and has not reported yet, is not judged.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/fleet-manager-troubleshooting-managed-nodes.html
var HostManaged = &control.Control{
	ID:       "patch-host-managed",
	Practice: "patches",
	Title:    "Every running host reports to Systems Manager",
	Sentence: "every running host has reported to systems manager within {period}",
	Asked:    "every running host has reported to systems manager within 1 day",
	Why:      "A host that no tool reaches gets no patch, and nobody sees that it lacks one until somebody else has found it.",
	Fix:      "Give the host a role with AmazonSSMManagedInstanceCore and a running SSM Agent, or retire it.",
	Severity: answer.High,
	Lists:    []operation.ID{"ec2:DescribeInstances"},
	Reads:    []operation.ID{"ssm:DescribeInstanceInformation"},
	Judge: func(c *control.Case) {
		period := c.Period("period")
		for _, i := range c.Estate.Instances {
			if !i.Running() {
				continue
			}
			m, known := i.Managed.Value()
			switch gap, unread := i.Managed.Unread(); {
			case unread:
				c.Unknown(i, "", gap)
			case known && reports(m, c.Now, period):
				c.Holds(i)
			case c.Now.Sub(i.LaunchTime) < grace:
			case known:
				c.Breaks(i, silent(i, m, c.Now))
			default:
				c.Breaks(i, unmanaged(i, c.Now))
			}
		}
	},
}

// reports says whether a managed host reports now, or did within the period. "Online" is of the time of the call: in an import that
// says when the host last reported, the time counts.
func reports(m estate.Management, now time.Time, period time.Duration) bool {
	if m.LastPing.IsZero() {
		return m.PingStatus == "Online"
	}
	if m.PingStatus == "Online" { // it reports every few minutes, which no period is too short for
		period = max(period, grace)
	}
	return now.Sub(m.LastPing) <= period
}

func unmanaged(i *estate.Instance, now time.Time) control.Counter {
	ref, origin := i.Ref(), i.Origin()
	facts := []answer.Fact{
		{Text: "no InstanceInformation of " + ref.ID, Operation: "ssm:DescribeInstanceInformation"},
		{Text: "LaunchTime is " + i.LaunchTime.Format(time.RFC3339), Operation: "ec2:DescribeInstances"},
	}
	why := "Systems Manager does not know it"
	if i.Profile == "" {
		why += ", and it has no instance profile to register with"
		facts = append(facts, answer.Fact{Text: "IamInstanceProfile is not set", Operation: "ec2:DescribeInstances"})
	} else {
		facts = append(facts, answer.Fact{Text: "IamInstanceProfile is " + i.Profile, Operation: "ec2:DescribeInstances"})
	}
	return control.Counter{
		Text:  fmt.Sprintf("host %s has run for %s and never reported: %s", control.Called(ref), control.Age(now.Sub(i.LaunchTime)), why),
		Facts: facts,
		Cause: answer.Cause{
			Key:     control.CauseKey(origin, "systems-manager"),
			Subject: origin,
			Title:   hosts(origin) + " is not managed by Systems Manager",
			Fix:     manage(i, origin),
		},
	}
}

func silent(i *estate.Instance, m estate.Management, now time.Time) control.Counter {
	ref := i.Ref()
	last, fact := "at a time that AWS does not say", "LastPingDateTime is not set"
	if !m.LastPing.IsZero() {
		last, fact = control.Age(now.Sub(m.LastPing))+" ago", "LastPingDateTime is "+m.LastPing.Format(time.RFC3339)
	}
	return control.Counter{
		Text: fmt.Sprintf("host %s last reported to Systems Manager %s", control.Called(ref), last),
		Facts: []answer.Fact{
			{Text: "PingStatus is " + m.PingStatus, Operation: "ssm:DescribeInstanceInformation"},
			{Text: fact, Operation: "ssm:DescribeInstanceInformation"},
		},
		Cause: answer.Cause{
			Key:     control.CauseKey(ref, "systems-manager"),
			Subject: ref,
			Title:   fmt.Sprintf("host %s stopped reporting to Systems Manager", control.Called(ref)),
			Fix: answer.Fix{
				Text: "Restart the agent on the host; if it does not come back, look at its role and at its way to the ssm, ssmmessages and ec2messages endpoints, or retire it.",
				CLI: []string{
					fmt.Sprintf("aws ssm get-connection-status --region %s --target %s", ref.Region, ref.ID),
					fmt.Sprintf("aws ec2 reboot-instances --region %s --instance-ids %s", ref.Region, ref.ID),
				},
			},
		},
	}
}

// manage is the fix for a host that Systems Manager never heard of.
func manage(i *estate.Instance, origin estate.Ref) answer.Fix {
	ref := i.Ref()
	terraform := "resource \"aws_iam_role_policy_attachment\" \"ssm\" {\n  role       = aws_iam_role.host.name\n  policy_arn = \"arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore\"\n}"
	switch origin.Kind {
	case "auto-scaling-group":
		return answer.Fix{
			Text: "Move the group from its launch configuration to a launch template with an instance profile whose role has AmazonSSMManagedInstanceCore, then replace the hosts.",
			CLI: []string{
				fmt.Sprintf("aws autoscaling update-auto-scaling-group --region %s --auto-scaling-group-name %s --launch-template LaunchTemplateId=TEMPLATE", ref.Region, control.ShellQuote(origin.ID)),
				fmt.Sprintf("aws autoscaling start-instance-refresh --region %s --auto-scaling-group-name %s", ref.Region, control.ShellQuote(origin.ID)),
			},
			Terraform: terraform,
		}
	case "launch-template":
		return answer.Fix{
			Text: "Give the launch template an instance profile whose role has AmazonSSMManagedInstanceCore and an image with SSM Agent, then replace the hosts.",
			CLI: []string{
				fmt.Sprintf("aws ec2 create-launch-template-version --region %s --launch-template-id %s --source-version '$Latest' --launch-template-data '{\"IamInstanceProfile\":{\"Name\":\"PROFILE\"}}'", ref.Region, origin.ID),
				fmt.Sprintf("aws autoscaling start-instance-refresh --region %s --auto-scaling-group-name %s", ref.Region, control.ShellQuote(i.AutoScalingGroup)),
			},
			Terraform: terraform,
		}
	}
	fix := answer.Fix{
		Text:      "Give it an instance profile whose role has AmazonSSMManagedInstanceCore, install SSM Agent where the image has none, or retire it.",
		CLI:       []string{fmt.Sprintf("aws ec2 associate-iam-instance-profile --region %s --instance-id %s --iam-instance-profile Name=PROFILE", ref.Region, ref.ID)},
		Terraform: terraform,
	}
	if i.Profile != "" {
		fix.Text = "Allow its role AmazonSSMManagedInstanceCore, install SSM Agent where the image has none, give it a way to the ssm endpoints, or retire it."
		fix.CLI = []string{
			fmt.Sprintf("aws ec2 describe-iam-instance-profile-associations --region %s --filters Name=instance-id,Values=%s", ref.Region, ref.ID),
			"aws iam attach-role-policy --role-name ROLE --policy-arn arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
		}
	}
	return fix
}

// hosts names in a title what a cause concerns.
func hosts(origin estate.Ref) string {
	switch origin.Kind {
	case "launch-template":
		return "what launch template " + control.Called(origin) + " starts"
	case "auto-scaling-group":
		return "what Auto Scaling group " + control.Called(origin) + " starts"
	}
	return "host " + control.Called(origin)
}
