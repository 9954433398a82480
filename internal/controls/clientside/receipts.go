package clientside

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
)

// localKey is a declared local key as what is judged.
type localKey claims.LocalKey

func (k localKey) Ref() estate.Ref {
	return estate.Ref{Kind: "local-key", Region: estate.Global, ID: k.Name, Name: k.Name}
}

// Tags returns none: the key is not in AWS.
func (k localKey) Tags() estate.Known[map[string]string] { return estate.None[map[string]string]() }

// eachKey judges every declared local key by the receipts of canaries in S3 that it opened, oldest first.
func eachKey(c *control.Case, do func(k localKey, receipts []estate.Receipt)) {
	if len(c.Declared.LocalKeys) == 0 {
		if len(c.Heeded()) == 0 {
			c.NotDeclared()
			return
		}
		const why = "which key is meant is not declared: write its fingerprint (onus key list) under local keys: of the claims file"
		c.Unknown(localKey{Name: "local key"}, why, estate.Gap{Why: why})
		return
	}
	all, _ := c.Estate.Receipts.Value()
	gap, unread := c.Estate.Receipts.Unread()
	for _, declared := range c.Declared.LocalKeys {
		k := localKey(declared)
		if unread {
			gap.Why = cmp.Or(gap.Why, "where receipts are was not said: --receipts DIR, or receipts: in the claims file")
			c.Unknown(k, "no receipts were read: "+gap.Why, gap)
			continue
		}
		var mine []estate.Receipt
		for _, r := range all {
			if r.Fingerprint == k.Fingerprint && strings.HasPrefix(r.Object, "s3://") && !r.Opened.After(c.Now.Add(skew)) {
				mine = append(mine, r)
			}
		}
		slices.SortStableFunc(mine, func(a, b estate.Receipt) int {
			return cmp.Or(a.Opened.Compare(b.Opened), strings.Compare(a.Holder, b.Holder), strings.Compare(a.Object, b.Object))
		})
		do(k, mine)
	}
}

// skew is how much later than the newest answer of AWS a receipt may be dated: clocks differ. One dated far ahead would be good for ever.
const skew = 24 * time.Hour

// altered says whether an object had another content at a receipt than at the first of it, and which receipt that was.
func altered(receipts []estate.Receipt, r estate.Receipt) (first estate.Receipt, ok bool) {
	i := slices.IndexFunc(receipts, func(o estate.Receipt) bool { return o.Object == r.Object })
	return receipts[i], receipts[i].Digest != r.Digest
}

func receiptFact(r estate.Receipt) answer.Fact {
	return answer.Fact{Text: "receipt of " + r.Holder + ": " + r.Key + " opened " + r.Object + " on " + r.Opened.UTC().Format(time.DateOnly)}
}
