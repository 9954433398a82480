package patches

import (
	"fmt"
	"time"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// ComplianceEvidenceFresh is patch-compliance-evidence-fresh. "Compliant" is what the last scan said, however long ago it
// was: this asks when. An installation counts, for it scans too. The subjects are the running hosts that Systems Manager
// knows, also those that no longer report; patch-host-managed asks about the others. A host that was never scanned breaks
// it once it has run for an hour.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_InstancePatchState.html
var ComplianceEvidenceFresh = &control.Control{
	ID:       "patch-compliance-evidence-fresh",
	Practice: "patches",
	Title:    "Every managed host was scanned for patches lately",
	Sentence: "every managed host was scanned for patches within {period}",
	Asked:    "every managed host was scanned for patches within 7 days",
	Why:      "An old scan goes on saying \"compliant\" while the holes that were found since stay open.",
	Fix:      "Scan every managed host daily with AWS-RunPatchBaseline.",
	Severity: answer.Medium,
	Lists:    []operation.ID{"ec2:DescribeInstances"},
	Reads:    []operation.ID{"ssm:DescribeInstanceInformation", "ssm:DescribeInstancePatchStates"},
	Judge: func(c *control.Case) {
		period := c.Period("period")
		fresh := func(i *estate.Instance) bool {
			s, ok := i.Patches.Value()
			return ok && !s.Ended.IsZero() && c.Now.Sub(s.Ended) <= period
		}
		scanned := map[estate.Place]bool{} // where something scans
		for _, i := range c.Estate.Instances {
			if i.Running() && fresh(i) {
				scanned[i.Place()] = true
			}
		}
		for _, i := range c.Estate.Instances {
			if !i.Running() || i.Managed.Absent() {
				continue
			}
			noManagement, unreadManagement := i.Managed.Unread()
			noPatches, unreadPatches := i.Patches.Unread()
			s, known := i.Patches.Value()
			switch {
			case fresh(i):
				c.Holds(i)
			case unreadManagement:
				c.Unknown(i, "", noManagement)
			case unreadPatches:
				c.Unknown(i, "", noPatches)
			case known && s.Ended.IsZero():
				c.Unknown(i, "its patch state does not say when it was made", estate.Gap{Place: i.Place(),
					Operation: "ssm:DescribeInstancePatchStates", Outcome: operation.OK, Why: "OperationEndTime of " + i.Ref().ID + " is not set"})
			case !known && c.Now.Sub(i.LaunchTime) < grace:
			default:
				c.Breaks(i, notScanned(i, s, c.Now, scanned[i.Place()]))
			}
		}
	},
}

// notScanned blames the host if others at its place are scanned, and else what should scan them all.
func notScanned(i *estate.Instance, s estate.PatchState, now time.Time, others bool) control.Counter {
	ref := i.Ref()
	x := control.Counter{
		Text:  fmt.Sprintf("host %s was never scanned for patches", control.Called(ref)),
		Facts: []answer.Fact{{Text: "no InstancePatchState of " + ref.ID, Operation: "ssm:DescribeInstancePatchStates"}},
	}
	if !s.Ended.IsZero() {
		x.Text = fmt.Sprintf("host %s was last scanned for patches %s ago", control.Called(ref), control.Age(now.Sub(s.Ended)))
		x.Facts = []answer.Fact{
			{Text: "Operation is " + s.Operation, Operation: "ssm:DescribeInstancePatchStates"},
			{Text: "OperationEndTime is " + s.Ended.Format(time.RFC3339), Operation: "ssm:DescribeInstancePatchStates"},
		}
	}
	if others {
		x.Cause = answer.Cause{
			Key:     control.CauseKey(ref, "patch-scan"),
			Subject: ref,
			Title:   fmt.Sprintf("host %s is left out where others are scanned for patches", control.Called(ref)),
			Fix: answer.Fix{
				Text: "Scan it now, and let the association or patch policy that scans the others target it too.",
				CLI: []string{
					fmt.Sprintf("aws ssm send-command --region %s --document-name AWS-RunPatchBaseline --parameters Operation=Scan --instance-ids %s", ref.Region, ref.ID),
					fmt.Sprintf("aws ssm describe-instance-associations-status --region %s --instance-id %s", ref.Region, ref.ID),
				},
			},
		}
		return x
	}
	place := i.Place()
	x.Cause = answer.Cause{
		Key:     "patch-scan/" + place.String(),
		Subject: estate.RegionOf(place).Ref(),
		Title:   fmt.Sprintf("nothing scans the hosts of account %s in %s for patches", place.Account, place.Region),
		Fix: answer.Fix{
			Text:      "Scan every managed host of the Region once a day.",
			CLI:       []string{fmt.Sprintf("aws ssm create-association --region %s --name AWS-RunPatchBaseline --association-name patch-scan --targets Key=InstanceIds,Values='*' --parameters Operation=Scan --schedule-expression 'rate(1 day)'", place.Region)},
			Terraform: "resource \"aws_ssm_association\" \"patch_scan\" {\n  name                = \"AWS-RunPatchBaseline\"\n  parameters          = { Operation = \"Scan\" }\n  schedule_expression = \"rate(1 day)\"\n  targets {\n    key    = \"InstanceIds\"\n    values = [\"*\"]\n  }\n}",
		},
	}
	return x
}
