package watch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// TrailEverywhere is watch-trail-everywhere. An account holds if one trail, its own or its organisation's, does all of it:
// covers every Region, logs now, records management events that read and that write, validates its files, and delivered
// within the last day without an error. Two trails do not add up: each is a record with holes.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/best-practices-security.html
//
// A multi-Region trail is shown in every Region of every account that it logs, so one Region's listing, wherever it could be
// read, proves that there is none.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html
var TrailEverywhere = &control.Control{
	ID:       "watch-trail-everywhere",
	Practice: "watch",
	Title:    "A multi-Region trail with validation logs every account and delivers",
	Sentence: "every account is logged by a multi-region trail",
	Asked:    "every account is logged by a multi-region trail",
	Why:      "What an intruder did in an account that nobody logs can be neither noticed nor found out later.",
	Fix:      "Make one multi-Region trail for the organisation, with log file validation, into a bucket of an account of its own.",
	Severity: answer.High,
	Reads:    []operation.ID{describeTrails, trailStatus, eventSelectors, "organizations:ListAccounts"},
	Judge: func(c *control.Case) {
		listings := trailListings(c.Estate)
		for _, a := range c.Estate.Accounts {
			judgeTrails(c, a, listings[a.ID])
		}
	},
}

const (
	describeTrails operation.ID = "cloudtrail:DescribeTrails"
	trailStatus    operation.ID = "cloudtrail:GetTrailStatus"
	eventSelectors operation.ID = "cloudtrail:GetEventSelectors"
	delivered                   = 24 * time.Hour
)

func judgeTrails(c *control.Case, a *estate.Account, listing trailListing) {
	gaps := listing.gaps
	truth := estate.False
	if !listing.told {
		truth = estate.Unknown // there may be trails that nobody showed
	}
	var nearest *checkedTrail
	for _, t := range c.Estate.Trails {
		logs := logsAccount(c.Estate, t, a, listing.told)
		checked := check(c, t)
		switch full := estate.And(logs, checked.truth); full {
		case estate.True:
			c.Holds(a)
			return
		case estate.Unknown:
			truth = estate.Unknown
			gaps = append(gaps, checked.gaps...)
			if gap, unread := c.Estate.Organization.Members.Unread(); unread && logs == estate.Unknown {
				gaps = append(gaps, gap)
			}
		}
		if logs == estate.True && (nearest == nil || checked.better(nearest)) {
			nearest = &checked
		}
	}
	if truth == estate.Unknown {
		c.Unknown(a, "", gaps...)
		return
	}
	c.Breaks(a, unlogged(c, a, nearest))
}

// trailListing says whether every multi-Region trail of an account is known, which one Region's listing tells; the gaps are
// those of all Regions where none does.
type trailListing struct {
	told bool
	gaps []estate.Gap
}

func trailListings(e *estate.Estate) map[string]trailListing {
	listings := map[string]trailListing{}
	for _, p := range e.Places(describeTrails) {
		l := listings[p.Account]
		if r := e.Reading(p, describeTrails, ""); r.Outcome.Complete() {
			l = trailListing{told: true}
		} else if !l.told {
			l.gaps = append(l.gaps, r.Gap())
		}
		listings[p.Account] = l
	}
	for _, a := range e.Accounts {
		if _, asked := listings[a.ID]; !asked {
			listings[a.ID] = trailListing{gaps: []estate.Gap{e.Reading(estate.Place{Account: a.ID, Region: "*"}, describeTrails, "").Gap()}}
		}
	}
	return listings
}

// logsAccount reports whether a trail logs an account. It does where the account sees it among its own; where the account's
// list could not be read, an organisation's trail logs every member.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/creating-trail-organization.html
func logsAccount(e *estate.Estate, t *estate.Trail, a *estate.Account, listed bool) estate.Truth {
	switch {
	case slices.Contains(t.SeenBy, a.ID):
		return estate.True
	case listed, !t.Organization:
		return estate.False
	case t.Ref().Account == a.ID:
		return estate.True
	}
	return e.Organization.Members.Holds(false, func(ids []string) bool {
		return slices.Contains(ids, a.ID) && slices.Contains(ids, t.Ref().Account)
	})
}

// checkedTrail is what is known of one trail.
type checkedTrail struct {
	trail *estate.Trail
	truth estate.Truth
	met   int      // how many of the conditions
	lacks []string // those known not to be met, in words
	facts []answer.Fact
	gaps  []estate.Gap
}

// better orders trails by how little is missing, and then by their names, so that the answer does not depend on the order read.
func (t checkedTrail) better(u *checkedTrail) bool {
	if t.met != u.met {
		return t.met > u.met
	}
	return t.trail.Ref().Key() < u.trail.Ref().Key()
}

func check(c *control.Case, t *estate.Trail) checkedTrail {
	k := checkedTrail{trail: t, truth: estate.True}
	must := func(truth estate.Truth, lack string, fact answer.Fact) {
		k.truth = estate.And(k.truth, truth)
		switch truth {
		case estate.True:
			k.met++
		case estate.False:
			k.lacks = append(k.lacks, lack)
			k.facts = append(k.facts, fact)
		}
	}
	must(estate.Is(t.MultiRegion), "covers one Region only", answer.Fact{Text: "IsMultiRegionTrail is false", Operation: describeTrails})
	must(estate.Is(t.Validation), "does not validate its files", answer.Fact{Text: "LogFileValidationEnabled is false", Operation: describeTrails})
	yes := func(b bool) bool { return b }
	must(t.Reads.Holds(false, yes), "leaves out events that read", answer.Fact{Text: "no event selector takes in all management events that read", Operation: eventSelectors})
	must(t.Writes.Holds(false, yes), "leaves out events that write", answer.Fact{Text: "no event selector takes in all management events that write", Operation: eventSelectors})

	status, _ := t.Status.Value()
	must(t.Status.Holds(false, func(s estate.TrailStatus) bool { return s.Logging }), "is switched off", answer.Fact{Text: "IsLogging is false", Operation: trailStatus})
	if t.Status.Holds(false, func(s estate.TrailStatus) bool { return s.Logging }) != estate.False {
		when := "never"
		if !status.LastDelivery.IsZero() {
			when = status.LastDelivery.Format("2006-01-02")
		}
		must(delivers(c, t), "does not deliver", answer.Fact{Text: strings.TrimSpace(fmt.Sprintf("LatestDeliveryTime is %s %s", when, status.DeliveryError)), Operation: trailStatus})
	}
	for _, gap := range []func() (estate.Gap, bool){t.Status.Unread, t.Reads.Unread} {
		if g, unread := gap(); unread {
			k.gaps = append(k.gaps, g)
		}
	}
	if status, known := t.Status.Value(); known && !status.Home && k.truth == estate.Unknown {
		k.gaps = append(k.gaps, c.Estate.Reading(t.Place(), trailStatus, t.Ref().ARN).Gap())
	}
	return k
}

// delivers reports whether the newest file is of the last day and the last attempt was no error. A trail that was started
// within the day need not have delivered yet. Another Region's answer proves delivery but not the lack of it: there may have
// been nothing to deliver.
func delivers(c *control.Case, t *estate.Trail) estate.Truth {
	status, known := t.Status.Value()
	if !known {
		return t.Status.Holds(false, nil)
	}
	newest := status.LastDelivery
	if newest.IsZero() {
		newest = status.Started
	}
	fresh := status.DeliveryError == "" && !newest.IsZero() && c.Now.Sub(newest) <= delivered
	if !fresh && !status.Home {
		return estate.Unknown
	}
	return estate.Is(fresh)
}

func unlogged(c *control.Case, a *estate.Account, nearest *checkedTrail) control.Counter {
	if nearest == nil {
		return noTrail(c, a)
	}
	ref := nearest.trail.Ref()
	lacks := strings.Join(nearest.lacks, ", ")
	var cli []string
	if !nearest.trail.MultiRegion || !nearest.trail.Validation {
		cli = append(cli, fmt.Sprintf("aws cloudtrail update-trail --region %s --name %s --is-multi-region-trail --enable-log-file-validation", ref.Region, ref.ARN))
	}
	if slices.ContainsFunc(nearest.lacks, func(s string) bool { return strings.HasPrefix(s, "leaves out") }) {
		cli = append(cli, fmt.Sprintf(`aws cloudtrail put-event-selectors --region %s --trail-name %s --event-selectors '[{"ReadWriteType":"All","IncludeManagementEvents":true}]'`, ref.Region, ref.ARN))
	}
	if slices.Contains(nearest.lacks, "is switched off") {
		cli = append(cli, fmt.Sprintf("aws cloudtrail start-logging --region %s --name %s", ref.Region, ref.ARN))
	}
	fix := "Change trail " + ref.ID + ", which " + lacks + "."
	if slices.Contains(nearest.lacks, "does not deliver") {
		fix += " Its bucket " + nearest.trail.Bucket + " must let CloudTrail write: look at the bucket's policy and its key."
		cli = append(cli, fmt.Sprintf("aws cloudtrail get-trail-status --region %s --name %s", ref.Region, ref.ARN))
	}
	return control.Counter{
		Text:  fmt.Sprintf("no trail logs all of account %s: the nearest, %s, %s", a.ID, ref.ID, lacks),
		Facts: nearest.facts,
		Cause: answer.Cause{
			Key:     "trail/" + ref.ARN,
			Subject: ref,
			Title:   fmt.Sprintf("trail %s %s", ref.ID, lacks),
			Fix: answer.Fix{Text: fix, CLI: cli,
				Terraform: "resource \"aws_cloudtrail\" \"this\" {\n  is_multi_region_trail         = true\n  enable_log_file_validation    = true\n  include_global_service_events = true\n  enable_logging                = true\n}"},
		},
	}
}

// noTrail is one change for all accounts of an organisation, where there is one.
func noTrail(c *control.Case, a *estate.Account) control.Counter {
	x := control.Counter{
		Text:  "no trail logs account " + a.ID,
		Facts: []answer.Fact{{Text: "the list of trails is empty", Operation: describeTrails}},
	}
	members, _ := c.Estate.Organization.Members.Value()
	if of := c.Estate.Organization.Listed; of.ID != "" && slices.Contains(members, a.ID) {
		x.Cause = answer.Cause{
			Key:     "organization-trail/" + of.ID,
			Subject: estate.Ref{Kind: "organization", Account: of.Management, Region: estate.Global, ID: of.ID},
			Title:   "organisation " + of.ID + " has no trail that logs its accounts",
			Fix: answer.Fix{
				Text: "Make one trail for the organisation in its management account, into a bucket that CloudTrail may write to.",
				CLI: []string{
					"aws organizations enable-aws-service-access --service-principal cloudtrail.amazonaws.com",
					"aws cloudtrail create-trail --name organization --s3-bucket-name BUCKET --is-organization-trail --is-multi-region-trail --enable-log-file-validation",
					"aws cloudtrail start-logging --name organization",
				},
				Terraform: "resource \"aws_cloudtrail\" \"organization\" {\n  name                       = \"organization\"\n  s3_bucket_name             = aws_s3_bucket.trail.id\n" +
					"  is_organization_trail      = true\n  is_multi_region_trail      = true\n  enable_log_file_validation = true\n}",
			},
		}
		return x
	}
	x.Cause = answer.Cause{
		Key:     "account-trail/" + a.ID,
		Subject: a.Ref(),
		Title:   "account " + a.ID + " has no trail",
		Fix: answer.Fix{
			Text: "Make a multi-Region trail, into a bucket that CloudTrail may write to.",
			CLI: []string{
				"aws cloudtrail create-trail --name account --s3-bucket-name BUCKET --is-multi-region-trail --enable-log-file-validation",
				"aws cloudtrail start-logging --name account",
			},
			Terraform: "resource \"aws_cloudtrail\" \"account\" {\n  name                       = \"account\"\n  s3_bucket_name             = aws_s3_bucket.trail.id\n" +
				"  is_multi_region_trail      = true\n  enable_log_file_validation = true\n}",
		},
	}
	return x
}
