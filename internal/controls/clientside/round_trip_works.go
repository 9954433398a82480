package clientside

import (
	"fmt"
	"time"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
)

// RoundTripWorks is cse-round-trip-works: a receipt, signed under the declared key, says that an object of S3 was opened with it
// within the period, and that its content was what it was at the first receipt of that object. A receipt of a file on a disk is none: what
// has to work is the way from S3.
var RoundTripWorks = &control.Control{
	ID:       "cse-round-trip-works",
	Practice: "client-side-encryption",
	Title:    "Every declared local key opened a canary lately",
	Sentence: "the local key opens a canary every {period}",
	Asked:    "the local key opens a canary every 30 days",
	Heeds:    heeds(),
	Why:      "A key that opens nothing any more, or whose tool was changed, is found on the day the data is needed.",
	Fix:      "Seal a canary object, and let a job open it and write its receipt, more often than the period.",
	Severity: answer.High,
	Receipts: true,
	Judge: func(c *control.Case) {
		period := c.Period("period")
		eachKey(c, func(k localKey, receipts []estate.Receipt) {
			cause := noCanary(k)
			if len(receipts) == 0 {
				c.Breaks(k, control.Counter{
					Text:  "no receipt says that local key " + k.Name + " opened an object of S3",
					Facts: []answer.Fact{{Text: "no receipt in the folder is of " + k.Fingerprint}},
					Cause: cause,
				})
				return
			}
			last := receipts[len(receipts)-1]
			first, other := altered(receipts, last)
			switch {
			case last.Opened.Before(c.Now.Add(-period)):
				c.Breaks(k, control.Counter{
					Text:  fmt.Sprintf("local key %s last opened a canary on %s, more than %s ago", k.Name, last.Opened.UTC().Format(time.DateOnly), control.Age(period)),
					Facts: []answer.Fact{receiptFact(last)},
					Cause: cause,
				})
			case other:
				c.Breaks(k, control.Counter{
					Text: fmt.Sprintf("%s is not what it was when local key %s first opened it", last.Object, k.Name),
					Facts: []answer.Fact{receiptFact(first), {Text: "its content then: " + first.Digest},
						receiptFact(last), {Text: "its content now: " + last.Digest}},
					Cause: cause,
				})
			default:
				c.Holds(k)
			}
		})
	},
}

func noCanary(k localKey) answer.Cause {
	return answer.Cause{
		Key:     "canary/" + k.Name,
		Subject: k.Ref(),
		Title:   "local key " + k.Name + " opens no canary, or too seldom",
		Fix: answer.Fix{
			Text: "Seal a small object with the key, open it from S3 on a schedule, and keep the receipts in the folder that the claims file names.",
			CLI:  []string{"onus open --key " + control.ShellQuote(k.Name) + " --receipt receipts --holder NAME s3://BUCKET/canary - > /dev/null"},
		},
	}
}
