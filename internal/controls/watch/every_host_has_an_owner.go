package watch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// EveryHostHasAnOwner is watch-every-host-has-an-owner. The subjects are running hosts, functions, databases and database
// clusters; a database that is stopped counts, for RDS starts it again after a week. Of a cluster and its instances the
// cluster is judged.
//
// The owner is that of the declared system that a resource belongs to, or else stands in its owner tag. Where the claims
// file has people, it must be one of them: a tag that names somebody who has left is no owner.
// https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html
var EveryHostHasAnOwner = &control.Control{
	ID:       "watch-every-host-has-an-owner",
	Practice: "watch",
	Title:    "Every running resource has an owner",
	Sentence: "every running resource has an owner",
	Asked:    "every running resource has an owner",
	Why:      "A server that belongs to nobody is patched by nobody, and an alarm about it wakes nobody.",
	Fix:      "Tag the resource with its owner, where it is made: the group, the stack or the template.",
	Severity: answer.Medium,
	Lists:    []operation.ID{"ec2:DescribeInstances", "lambda:ListFunctions", "rds:DescribeDBInstances", "rds:DescribeDBClusters"},
	Reads:    []operation.ID{"resourcegroupstaggingapi:GetResources"},
	Judge: func(c *control.Case) {
		for _, i := range c.Estate.Instances {
			if i.Running() {
				judge(c, i, i.AutoScalingGroup, "ec2:DescribeInstances")
			}
		}
		for _, f := range c.Estate.Functions {
			judge(c, f, "", "resourcegroupstaggingapi:GetResources")
		}
		for _, d := range c.Estate.DBInstances {
			if d.Cluster == "" {
				judge(c, d, "", "rds:DescribeDBInstances")
			}
		}
		for _, d := range c.Estate.DBClusters {
			judge(c, d, "", "rds:DescribeDBClusters")
		}
	},
}

// judge asks for the owner of a resource that an Auto Scaling group started, or none, and whose tags op tells.
func judge(c *control.Case, s estate.Subject, group string, op operation.ID) {
	for _, system := range c.Declared.Systems {
		if system.Owner != "" && system.Selects(s) == estate.True {
			c.Holds(s)
			return
		}
	}
	if gap, unread := s.Tags().Unread(); unread {
		c.Unknown(s, "", gap)
		return
	}
	tags, _ := s.Tags().Value()
	var strangers []answer.Fact
	for _, key := range c.Declared.Owners() {
		value := strings.TrimSpace(tags[key])
		switch {
		case value == "":
		case onRoster(c.Declared.People, value):
			c.Holds(s)
			return
		default:
			strangers = append(strangers, answer.Fact{Text: fmt.Sprintf("tag %s is %q, who is not among the declared people", key, value), Operation: op})
		}
	}
	c.Breaks(s, ownerless(s, group, c.Declared.Owners(), strangers, op))
}

// onRoster reports whether an owner is one of the declared people, by name or by address; without people anybody is.
func onRoster(people map[string]string, owner string) bool {
	if len(people) == 0 {
		return true
	}
	for name, address := range people {
		if strings.EqualFold(owner, name) || strings.EqualFold(owner, address) {
			return true
		}
	}
	return false
}

func ownerless(s estate.Subject, group string, keys []string, strangers []answer.Fact, op operation.ID) control.Counter {
	ref := s.Ref()
	x := control.Counter{
		Text:  fmt.Sprintf("%s %s has no owner", kinds(ref.Kind), control.Called(ref)),
		Facts: strangers,
	}
	if len(strangers) > 0 {
		x.Text = fmt.Sprintf("the owner of %s %s is nobody of the declared people: %s", kinds(ref.Kind), control.Called(ref), strangers[0].Text)
	} else {
		x.Facts = []answer.Fact{{Text: "it has none of the tags " + strings.Join(slices.Compact(slices.Clone(keys)), ", "), Operation: op}}
	}
	tags, _ := s.Tags().Value()
	x.Cause = untagged(ref, group, tags["aws:cloudformation:stack-id"], keys[0])
	return x
}

// untagged is what to tag: the group or the stack that makes the resource, because they would make the next one without an
// owner again, or else the resource.
func untagged(ref estate.Ref, group, stack, key string) answer.Cause {
	tag := "Key=" + key + ",Value=PERSON"
	switch {
	case group != "":
		origin := estate.Ref{Kind: "auto-scaling-group", Account: ref.Account, Region: ref.Region, ID: group, Name: group}
		return answer.Cause{
			Key:     control.CauseKey(origin, "owner"),
			Subject: origin,
			Title:   fmt.Sprintf("Auto Scaling group %s starts hosts without an owner", origin.ID),
			Fix: answer.Fix{
				Text: "Tag the group with its owner, propagated to the hosts that it starts, and tag those that run.",
				CLI: []string{
					fmt.Sprintf("aws autoscaling create-or-update-tags --region %s --tags %s", ref.Region,
						control.ShellQuote("ResourceId="+origin.ID+",ResourceType=auto-scaling-group,PropagateAtLaunch=true,"+tag)),
					fmt.Sprintf("aws ec2 create-tags --region %s --resources %s --tags %s", ref.Region, ref.ID, control.ShellQuote(tag)),
				},
				Terraform: "resource \"aws_autoscaling_group\" \"this\" {\n  tag {\n    key                 = \"" + key + "\"\n    value               = \"PERSON\"\n    propagate_at_launch = true\n  }\n}",
			},
		}
	case stack != "":
		subject := estate.Ref{Kind: "stack", Account: ref.Account, Region: ref.Region, ID: stackName(stack), ARN: stack}
		return answer.Cause{
			Key:     "stack/" + stack + "/owner",
			Subject: subject,
			Title:   fmt.Sprintf("CloudFormation stack %s makes resources without an owner", subject.ID),
			Fix: answer.Fix{
				Text: "Tag the stack with its owner: CloudFormation hands the tag on to what the stack makes.",
				CLI: []string{fmt.Sprintf("aws cloudformation update-stack --region %s --stack-name %s --use-previous-template --capabilities CAPABILITY_NAMED_IAM --tags %s",
					ref.Region, control.ShellQuote(subject.ID), control.ShellQuote(tag))},
			},
		}
	}
	return answer.Cause{
		Key:     control.CauseKey(ref, "owner"),
		Subject: ref,
		Title:   fmt.Sprintf("%s %s has no owner", kinds(ref.Kind), control.Called(ref)),
		Fix: answer.Fix{
			Text: "Find out who needs it (who started it, whose network it is in, who signs in to it), tag it with that person, or retire it.",
			CLI: []string{
				fmt.Sprintf("aws resourcegroupstaggingapi tag-resources --region %s --resource-arn-list %s --tags %s", ref.Region, control.ShellQuote(ref.ARN), control.ShellQuote(key+"=PERSON")),
			},
			Terraform: "provider \"aws\" {\n  default_tags {\n    tags = { " + key + " = \"PERSON\" }\n  }\n}",
		},
	}
}

// stackName reads the name out of a stack's ARN: arn:aws:cloudformation:us-east-1:111122223333:stack/NAME/UUID.
func stackName(arn string) string {
	parts := strings.Split(arn, "/")
	if len(parts) < 2 {
		return arn
	}
	return parts[1]
}

// kinds is what people call the kinds of resources that are judged.
func kinds(kind string) string {
	switch kind {
	case "instance":
		return "host"
	case "db-instance":
		return "database"
	case "db-cluster":
		return "database cluster"
	}
	return kind
}
