package clientside

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
)

// KeyRecoverable is cse-key-recoverable: so many holders of the declared key opened a canary each within the period. A receipt's signature
// proves that somebody who has the key made it; the holder's name is what that one said, and that holders are independent of each
// other is theirs to see to. The answer says so.
var KeyRecoverable = &control.Control{
	ID:       "cse-key-recoverable",
	Practice: "client-side-encryption",
	Title:    "Two holders of every declared local key opened a canary lately",
	Sentence: "{number} holders of the local key each open a canary every {period}",
	Asked:    "2 holders of the local key each open a canary every 30 days",
	Heeds:    heeds(),
	Why:      "A key that one person or one disk holds is lost with them, and all data with it.",
	Fix:      "Give a copy or a share of the key to a second holder, and let each open the canary and write a receipt.",
	Severity: answer.High,
	Receipts: true,
	Judge: func(c *control.Case) {
		wanted, _ := c.Slots.Number("number")
		period := c.Period("period")
		eachKey(c, func(k localKey, receipts []estate.Receipt) {
			c.Note("a receipt proves that somebody who has the key opened the canary; the name of the holder is what that one said")
			last := map[string]estate.Receipt{}
			for _, r := range receipts {
				if _, other := altered(receipts, r); !other {
					last[strings.ToLower(strings.TrimSpace(r.Holder))] = r
				}
			}
			fresh := 0
			var facts []answer.Fact
			for _, holder := range slices.Sorted(maps.Keys(last)) {
				if r := last[holder]; !r.Opened.Before(c.Now.Add(-period)) {
					fresh++
				}
				facts = append(facts, receiptFact(last[holder]))
			}
			if fresh >= wanted {
				c.Holds(k)
				return
			}
			if len(facts) == 0 {
				facts = []answer.Fact{{Text: "no receipt in the folder is of " + k.Fingerprint}}
			}
			cause := noCanary(k)
			cause.Key, cause.Title = "key-holders/"+k.Name, fmt.Sprintf("local key %s has too few holders who show that it opens", k.Name)
			cause.Fix = answer.Fix{Text: "Give a copy or a share of the key to another holder outside this account, and let each holder open the canary on a schedule."}
			c.Breaks(k, control.Counter{
				Text:  fmt.Sprintf("%d of %d holders opened a canary with local key %s within %s", fresh, wanted, k.Name, control.Age(period)),
				Facts: facts,
				Cause: cause,
			})
		})
	},
}
