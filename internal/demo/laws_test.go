package demo_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/demo"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

// TestLawOne: whatever is taken away, each subject keeps its verdict or becomes unknown. Of each operation the first
// response and every fifth after it are denied; in a short run every hundredth of all.
func TestLawOne(t *testing.T) {
	t.Parallel()
	a := newAsked(t)
	set, err := demo.Recording()
	if err != nil {
		t.Fatal(err)
	}
	for range set.All() { // sorts, so that the sample is the same each time
		break
	}
	whole, _ := a.report(set)
	before := verdicts(whole)
	seen := map[operation.ID]int{}
	for i, r := range set.Responses {
		seen[r.Operation]++
		if op, _ := operation.Get(r.Operation); op.OptIn && seen[r.Operation]%50 != 1 {
			continue // one object is like the other
		}
		if testing.Short() && i%100 != 0 || !testing.Short() && seen[r.Operation]%10 != 1 {
			continue
		}
		t.Run(fmt.Sprintf("%s/%s/%s/%s", r.Operation, r.Account, r.Region, r.About()), func(t *testing.T) {
			t.Parallel()
			without := &responses.Set{Source: set.Source, Scope: set.Scope, Responses: slices.Clone(set.Responses)}
			denied := &without.Responses[i]
			denied.Outcome, denied.Code, denied.Pages = operation.Denied, "AccessDenied", nil
			report, _ := a.report(without)
			for subject, is := range verdicts(report) {
				if was, judged := before[subject]; is == answer.Broken && was != answer.Broken || is == answer.Holds && was == answer.Broken {
					t.Errorf("%s was %v (judged: %t) and is now %v", subject, was, judged, is)
				}
			}
			for c, control := range report.Controls {
				if was := whole.Controls[c].Verdict; was != control.Verdict && control.Verdict != answer.Unknown {
					t.Errorf("%s was %v and is now %v", control.ID, was, control.Verdict)
				}
			}
		})
	}
}

// verdicts are those of every subject, by control and subject.
func verdicts(r *answer.Report) map[string]answer.Verdict {
	all := map[string]answer.Verdict{}
	for _, c := range r.Controls {
		for _, ref := range c.Held {
			all[c.ID+" "+ref.Key()] = answer.Holds
		}
		for _, d := range c.Doubts {
			all[c.ID+" "+d.Subject.Key()] = answer.Unknown
		}
		for _, x := range c.CounterExamples {
			all[c.ID+" "+x.Subject.Key()] = answer.Broken
		}
	}
	return all
}
