package osupdates

import (
	"fmt"
	"time"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// patchCycle is how long an installation of patches makes up for an old image: vendors release once a month.
const patchCycle = 31 * 24 * time.Hour

// ImageAge is os-image-age. Whoever owns the image, its age counts from its creation; where the image can no longer be
// seen, the host's own disk shows that it is at least as old as that. An owner who marks an image as deprecated has given
// it up, however young it is. A host is patched in place if Systems Manager installed patches within a month and none is
// missing, failed, or waiting for a restart to be in force.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deprecate.html
var ImageAge = &control.Control{
	ID:       "os-image-age",
	Practice: "os-updates",
	Title:    "No running host was started from an old or deprecated image, unless it is patched in place",
	Sentence: "no running host was started from an image older than {period} or marked deprecated, unless it is patched in place",
	Asked:    "no running host was started from an image older than 180 days or marked deprecated, unless it is patched in place",
	Why:      "A host that came from an old image has every hole that was found in its software since, and the tools to use them are public.",
	Fix:      "Start hosts from a current image and replace those that run, or patch them in place every month.",
	Severity: answer.High,
	Lists:    []operation.ID{"ec2:DescribeInstances"},
	Reads:    []operation.ID{"ec2:DescribeImages", "ssm:DescribeInstanceInformation", "ssm:DescribeInstancePatchStates"},
	Judge: func(c *control.Case) {
		for _, i := range c.Estate.Instances {
			if !i.Running() {
				continue
			}
			image := c.Estate.Image(i.Place(), i.Image)
			stale := estate.Or(old(i, image, c.Now, c.Period("period")), deprecated(image, c.Now))
			patched := patchedInPlace(i, c.Now)
			switch estate.And(stale, patched.Not()) {
			case estate.True:
				c.Breaks(i, fromStaleImage(i, image, c.Now))
			case estate.False:
				c.Holds(i)
			default:
				var gaps []estate.Gap
				if stale == estate.Unknown {
					gaps = append(gaps, imageUnseen(c.Estate, i))
				}
				if gap, unread := i.Patches.Unread(); unread {
					gaps = append(gaps, gap)
				} else if s, ok := i.Patches.Value(); ok && patched == estate.Unknown {
					for _, n := range []estate.Known[int]{s.Missing, s.Failed} {
						if gap, unread := n.Unread(); unread {
							gaps = append(gaps, gap)
							break
						}
					}
				}
				c.Unknown(i, "", gaps...)
			}
		}
	},
}

// old says whether the host's image is older than the period. The image was there before the host's disk.
func old(i *estate.Instance, image *estate.Image, now time.Time, period time.Duration) estate.Truth {
	switch {
	case !i.Since.IsZero() && now.Sub(i.Since) > period:
		return estate.True
	case image != nil && !image.Created.IsZero():
		return estate.Is(now.Sub(image.Created) > period)
	}
	return estate.Unknown
}

func deprecated(image *estate.Image, now time.Time) estate.Truth {
	if image == nil {
		return estate.Unknown
	}
	return estate.Is(!image.Deprecated.IsZero() && image.Deprecated.Before(now))
}

func patchedInPlace(i *estate.Instance, now time.Time) estate.Truth {
	none := func(n int) bool { return n == 0 }
	s, ok := i.Patches.Value()
	if !ok {
		return i.Patches.Holds(false, nil)
	}
	return estate.And(estate.Is(s.Operation == "Install" && now.Sub(s.Ended) <= patchCycle && s.PendingReboot == 0), s.Missing.Holds(false, none), s.Failed.Holds(false, none))
}

// imageUnseen says why the age of a host's image is not known.
func imageUnseen(e *estate.Estate, i *estate.Instance) estate.Gap {
	reading := e.Reading(i.Place(), "ec2:DescribeImages", "")
	gap := reading.Gap()
	if e.Image(i.Place(), i.Image) != nil {
		gap.Why = fmt.Sprintf("ec2:DescribeImages in %s does not say when image %s was created", i.Place(), i.Image)
	} else if reading.Outcome.Complete() {
		gap.Why = fmt.Sprintf("image %s of %s is not shown in %s: it was deregistered, or is no longer shared", i.Image, i.Ref().ID, i.Place())
	}
	return gap
}

func fromStaleImage(i *estate.Instance, image *estate.Image, now time.Time) control.Counter {
	ref, origin := i.Ref(), i.Origin()
	var text string
	facts := []answer.Fact{{Text: "ImageId is " + i.Image, Operation: "ec2:DescribeInstances"}}
	switch {
	case image != nil && !image.Created.IsZero():
		text = fmt.Sprintf("its image %s is %s old", control.Called(image.Ref()), control.Age(now.Sub(image.Created)))
		facts = append(facts, answer.Fact{Text: "CreationDate is " + image.Created.Format(time.RFC3339), Operation: "ec2:DescribeImages"})
	case !i.Since.IsZero():
		text = fmt.Sprintf("its image %s is at least %s old", i.Image, control.Age(now.Sub(i.Since)))
		facts = append(facts, answer.Fact{Text: "its disk is there since " + i.Since.Format(time.RFC3339), Operation: "ec2:DescribeInstances"})
	default:
		text = "its image is " + i.Image
	}
	if deprecated(image, now) == estate.True {
		text += fmt.Sprintf(", deprecated since %s", image.Deprecated.Format(time.DateOnly))
		facts = append(facts, answer.Fact{Text: "DeprecationTime is " + image.Deprecated.Format(time.RFC3339), Operation: "ec2:DescribeImages"})
	}
	switch s, scanned := i.Patches.Value(); {
	case !scanned:
		text += ", and Systems Manager has never patched it"
		facts = append(facts, answer.Fact{Text: "no InstancePatchState of " + ref.ID, Operation: "ssm:DescribeInstancePatchStates"})
	default:
		text += ", and it is not patched in place"
		facts = append(facts, answer.Fact{Text: patchFact(s), Operation: "ssm:DescribeInstancePatchStates"})
	}
	return control.Counter{
		Text:  fmt.Sprintf("host %s: %s", control.Called(ref), text),
		Facts: facts,
		Cause: answer.Cause{Key: control.CauseKey(origin, "image"), Subject: origin, Title: title(i, image), Fix: renew(i, origin)},
	}
}

func patchFact(s estate.PatchState) string {
	text := fmt.Sprintf("the last Operation is %s, ended %s", s.Operation, s.Ended.Format(time.RFC3339))
	if n, ok := s.Missing.Value(); ok {
		text += fmt.Sprintf(", MissingCount %d", n)
	}
	if n, ok := s.Failed.Value(); ok {
		text += fmt.Sprintf(", FailedCount %d", n)
	}
	if s.PendingReboot > 0 {
		text += fmt.Sprintf(", InstalledPendingRebootCount %d", s.PendingReboot)
	}
	return text
}

func title(i *estate.Instance, image *estate.Image) string {
	name := i.Image
	if image != nil {
		name = control.Called(image.Ref())
		if !image.Created.IsZero() {
			name += " of " + image.Created.Format(time.DateOnly)
		}
	}
	switch origin := i.Origin(); origin.Kind {
	case "launch-template":
		return fmt.Sprintf("launch template %s starts hosts from image %s", control.Called(origin), name)
	case "auto-scaling-group":
		return fmt.Sprintf("Auto Scaling group %s starts hosts from image %s", control.Called(origin), name)
	}
	return fmt.Sprintf("host %s runs on image %s", control.Called(i.Ref()), name)
}

func renew(i *estate.Instance, origin estate.Ref) answer.Fix {
	const terraform = "data \"aws_ssm_parameter\" \"image\" {\n  name = \"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64\"\n}\n# image_id = data.aws_ssm_parameter.image.value"
	ref := i.Ref()
	refresh := fmt.Sprintf("aws autoscaling start-instance-refresh --region %s --auto-scaling-group-name %s", ref.Region, control.ShellQuote(i.AutoScalingGroup))
	switch origin.Kind {
	case "launch-template":
		return answer.Fix{
			Text: "Make a template version with a current image, then replace the hosts with an instance refresh.",
			CLI: []string{
				fmt.Sprintf("aws ec2 create-launch-template-version --region %s --launch-template-id %s --source-version '$Latest' --launch-template-data '{\"ImageId\":\"CURRENT_IMAGE\"}'", ref.Region, origin.ID),
				refresh,
			},
			Terraform: terraform,
		}
	case "auto-scaling-group":
		return answer.Fix{
			Text: "Move the group from its launch configuration to a launch template with a current image, then replace the hosts.",
			CLI: []string{
				fmt.Sprintf("aws autoscaling update-auto-scaling-group --region %s --auto-scaling-group-name %s --launch-template LaunchTemplateId=TEMPLATE", ref.Region, control.ShellQuote(i.AutoScalingGroup)),
				refresh,
			},
			Terraform: terraform,
		}
	}
	return answer.Fix{
		Text: "Start a host from a current image in its place, or, until then, install patches in place every month.",
		CLI: []string{
			fmt.Sprintf("aws ssm send-command --region %s --document-name AWS-RunPatchBaseline --parameters Operation=Install --instance-ids %s", ref.Region, ref.ID),
		},
		Terraform: terraform,
	}
}
