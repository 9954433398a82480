package generate

import (
	"fmt"
	"time"
)

// sealed is the vault: two places whose data is encrypted with local keys before it reaches AWS, as the claims file says. Of the payroll all objects
// were looked at, and all are. Of the contracts so many were looked at, and among them is what a colleague uploaded by hand.
// The payroll's key has two holders; the contracts' has one, who has not opened anything for months (the receipts are beside the recording).
func (c *acme) sealed() {
	const vault = "acme-vault"
	t := c.w.truth
	c.production.bucket(bucket{name: vault, home: c.virginia.site, labels: labels{"owner": "data"}, locked: true})
	g := c.production.global
	sealedWith := func(key string) object {
		return object{"Format": "esdk", "Suite": "0x0478", "Keys": []object{{"Provider": "onus", "Name": key}}, "Context": []string{"bucket", "key"}, "Seen": 727}
	}
	look := func(prefix string, there int64, keys []string, facts func(key string) object) {
		var chosen []object
		for i, key := range keys {
			chosen = append(chosen, object{"Key": key, "Size": 18_431 + 7919*i%90_001})
			g.about("s3:GetObject", object{"Sample": facts(key)}, vault, key, "")
		}
		g.about("s3:ListObjectsV2", object{"Prefix": prefix, "KeyCount": there, "Contents": chosen}, vault, prefix)
		g.about("s3:ListObjectVersions", object{"Prefix": prefix, "VersionCount": 0}, vault, prefix)
	}

	months := []string{"payroll/canary"}
	for m := range 34 {
		months = append(months, "payroll/"+Time.AddDate(0, -m-1, -Time.Day()+1).Format("2006-01")+".csv.enc")
	}
	look("payroll", int64(len(months)), months, func(string) object { return sealedWith("payroll/1") })

	byHand := "contracts/2026/northwind-signed.pdf"
	contracts := []string{byHand}
	for i := range 199 {
		made := Time.Add(-time.Duration(i) * 5 * day)
		contracts = append(contracts, fmt.Sprintf("contracts/%d/%s.enc", made.Year(), g.digest(12, "contract", fmt.Sprint(i))))
	}
	look("contracts", 4_100_000, contracts, func(key string) object {
		if key == byHand {
			return object{"Readable": "PDF", "Seen": 1024}
		}
		return sealedWith("contracts/1")
	})
	const place = "s3://" + vault + "/contracts"
	t.breaks("cse-declared-data-is-ciphertext", place, "a PDF among the objects that were looked at")
	t.breaks("cse-sample-is-not-readable", place, "the same")
	t.breaks("cse-round-trip-works", "contracts", "its only receipt is of August")
	t.breaks("cse-key-recoverable", "contracts", "its one holder")
}
