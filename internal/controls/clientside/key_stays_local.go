package clientside

import (
	"fmt"
	"slices"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/ciphertext"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/operation"
)

// opensWithKMS is about all objects of a place, nowhere about all of AWS.
var (
	opensWithKMS = claims.Form{Text: "no key of kms opens {location}", Example: "no key of kms opens s3://acme-vault/payroll"}
	nowhere      = claims.Form{Text: "the local key is nowhere in aws", Example: "the local key is nowhere in aws"}
)

// KeyStaysLocal is cse-key-stays-local. An object names the keys that open it, and one of KMS among them is a counter-example. The practice
// asks that of the objects that were looked at, which an auditor can check by hand; "no key of kms opens s3://..." asks it of all.
//
// That a copy of the local key lies in no secret, no parameter, no object and no key of KMS with imported material cannot be seen: their values
// are never read, and no name proves what they hold. So "the local key is nowhere in aws" is broken or unknown and never holds; what is named
// like the key is said, for somebody to look at.
var KeyStaysLocal = &control.Control{
	ID:       "cse-key-stays-local",
	Practice: "client-side-encryption",
	Title:    "No key of KMS opens sampled objects of declared data",
	Sentence: "no key of kms opens sampled objects of declared data",
	Asked:    "no key of kms opens sampled objects of declared data",
	Declares: []claims.Form{opensWithKMS, nowhere},
	Heeds:    heeds(),
	Why:      "A key that AWS holds beside the data opens it for whoever gets into the account: the encryption then protects against nobody new.",
	Fix:      "Seal the objects with local keys alone, and keep copies of these outside AWS.",
	Severity: answer.High,
	Lists:    []operation.ID{"s3:ListBuckets"},
	Reads:    sampleReads(),
	Judge: func(c *control.Case) {
		_, one := c.Slots.Text("location")
		q := asked{all: one}
		if c.Asks(nowhere) {
			q.unseen = append(alike(c), "that no secret, parameter, object or imported key of KMS holds a copy of the local key cannot be seen: their values are never read")
		} else if !one && len(places(c)) > 0 {
			c.Note("whether a secret, a parameter, a disk or an imported key of KMS holds a copy of a local key is not judged: their values are never read")
		}
		each(c, func(p *place) {
			judge(c, p, q, keptByAWS, func(bad []finding) control.Counter {
				return control.Counter{
					Text: fmt.Sprintf("a key of KMS opens %s at %s", objects(len(bad)), p.text),
					Cause: answer.Cause{
						Key:     "sealed-kms/" + p.text,
						Subject: p.ref,
						Title:   "what is written to " + p.text + " opens with a key of KMS",
						Fix: answer.Fix{
							Text: "Take the KMS key off the wrapping keys of what writes there, and seal these objects anew under local keys alone.",
							CLI:  p.mending(bad, "onus reseal %s --to KEY"),
						},
					},
				}
			})
		})
	},
}

func keptByAWS(f ciphertext.Facts) (bad, doubt string) {
	if i := slices.IndexFunc(f.Keys, ciphertext.Key.KMS); i >= 0 {
		if name := f.Keys[i].Name; name != "" {
			return "opens with " + name, ""
		}
		return "opens with a key of KMS", ""
	}
	switch {
	case !f.Encrypted() && f.Readable != "":
		return "", "" // nothing opens what is not encrypted; other controls say so of it
	case f.KeysUnseen || len(f.Keys) == 0 && (f.Format == ciphertext.ESDK || f.Format == ciphertext.S3Client):
		return "", "it does not name all keys that open it in what was looked at"
	case !f.Encrypted():
		return "", "it is of no format that is known"
	}
	return "", ""
}
