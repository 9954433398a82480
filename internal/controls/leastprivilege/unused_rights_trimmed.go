package leastprivilege

import (
	"fmt"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// UnusedRightsTrimmed is lp-unused-rights-trimmed: a principal has used each service that its policies grant within the period, and each
// action that AWS tracks. The report is about what was granted when it was made; what AWS does not track is not judged, and is kept
// in the smaller policy that the fix proposes. A principal that is younger than the period has time to use what it has.
//
// The report costs two calls or more for each principal, and is made on demand only (onus collect --last-accessed): an account in
// which somebody was not asked about is in doubt as a whole.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
var UnusedRightsTrimmed = &control.Control{
	ID:          "lp-unused-rights-trimmed",
	Practice:    "least-privilege",
	Title:       "What is granted was used lately",
	Sentence:    "granted services and actions were used within {period}",
	Asked:       "granted services and actions were used within 90 days",
	Why:         "A right that nobody uses is of use to a thief alone.",
	Fix:         "Take what was not used out of the policies.",
	Severity:    answer.Low,
	Lists:       []operation.ID{authorizationDetails},
	Reads:       []operation.ID{lastAccessed},
	Permissions: true,
	Judge: func(c *control.Case) {
		unasked := map[string]estate.Gap{}
		for _, p := range c.Access().Principals() {
			s := permissions.Subject(p)
			if p.Kind == "root" || p.ServiceLinked() || !c.Concerns(s) {
				continue
			}
			used, made := accessed(p)
			report, known := used.Value()
			if known {
				judgeUnused(c, p, s, report, made)
				continue
			}
			gap, _ := used.Unread()
			if gap.Outcome == operation.NotTried {
				unasked[p.Account] = gap
				continue
			}
			c.Unknown(s, "when it used what it is granted was not read", gap)
		}
		for _, a := range c.Estate.Accounts {
			if gap, some := unasked[a.ID]; some {
				gap.Operation, gap.Why = lastAccessed, "when rights were last used was not asked of everybody in "+a.ID+": onus collect --last-accessed"
				c.Unknown(a, "when rights were last used was not asked of everybody", gap)
			}
		}
	},
}

const lastAccessed operation.ID = "iam:GetServiceLastAccessedDetails"

func accessed(p *access.Principal) (used estate.Known[estate.Accessed], made time.Time) {
	if role := p.Role(); role != nil {
		return role.Accessed, role.Created
	}
	return p.User().Accessed, p.User().Created
}

func judgeUnused(c *control.Case, p *access.Principal, s estate.Subject, report estate.Accessed, made time.Time) {
	period := c.Period("period")
	at := report.Made
	if at.IsZero() {
		at = c.Now
	}
	idle := func(last time.Time) bool { return last.IsZero() || at.Sub(last) >= period }
	var never, services, actions []string
	var facts []answer.Fact
	fact := func(text string) { facts = append(facts, answer.Fact{Text: text, Operation: lastAccessed}) }
	for _, x := range report.Services {
		if idle(x.Last) {
			services = append(services, x.Namespace)
			if x.Last.IsZero() {
				never = append(never, x.Namespace)
			} else {
				fact(x.Namespace + " " + lastUse(x.Last))
			}
			continue
		}
		tracked, _ := x.Actions.Value()
		for _, a := range tracked {
			if idle(a.Last) {
				actions = append(actions, x.Namespace+":"+a.Name)
				fact(x.Namespace + ":" + a.Name + " " + lastUse(a.Last))
			}
		}
	}
	if len(services)+len(actions) == 0 || !made.IsZero() && at.Sub(made) < period {
		c.Holds(s)
		return
	}
	if len(never) > 0 {
		fact(fmt.Sprintf("%d of %d granted services were not used in the time that AWS remembers: %s", len(never), len(report.Services), some(never, 20)))
	}
	var what []string
	if len(services) > 0 {
		what = append(what, "all of "+some(services, 5))
	}
	if len(actions) > 0 {
		what = append(what, some(actions, 5))
	}
	w := c.Access()
	missed := fmt.Sprintf("is granted and has not used within %d days: %s", days(period), strings.Join(what, "; "))
	fix := answer.Fix{Text: "Take what was not used out of its policies."}
	if u := w.Unused(p); len(u.Smaller) > 0 {
		fix.Text, fix.Policy = "Put this in the place of its policies; it keeps what was used, and what nobody can tell.", string(u.Smaller)
		if len(u.Kept) > 0 {
			fix.Text += " Kept: " + strings.Join(u.Kept, "; ") + "."
		}
	}
	called := permissions.Call(w, p)
	c.Breaks(s, control.Counter{Text: called + " " + missed, Facts: facts,
		Cause: answer.Cause{Key: p.Kind + "/" + p.ARN + "/rights", Subject: p.Ref, Title: called + " " + missed, Fix: fix}})
}

func lastUse(last time.Time) string {
	if last.IsZero() {
		return "was not used in the time that AWS remembers"
	}
	return "was last used on " + last.Format("2006-01-02")
}

// some are the first of many.
func some(list []string, most int) string {
	if len(list) > most {
		return strings.Join(list[:most], ", ") + fmt.Sprintf(" and %d more", len(list)-most)
	}
	return strings.Join(list, ", ")
}
