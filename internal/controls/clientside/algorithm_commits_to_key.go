package clientside

import (
	"cmp"
	"fmt"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/ciphertext"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/operation"
)

// AlgorithmCommitsToKey is cse-algorithm-commits-to-key; see ciphertext.Facts.Commits for which do. AES-GCM alone does not: who can write
// to the bucket can make one object open to different plaintexts under different keys, and without authentication can change it at will
// (CVE-2020-8911, CVE-2020-8912, CVE-2025-14763).
//
// What is not encrypted has no algorithm; other controls say so of it.
// https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/concepts.html#key-commitment
var AlgorithmCommitsToKey = &control.Control{
	ID:       "cse-algorithm-commits-to-key",
	Practice: "client-side-encryption",
	Title:    "Sampled objects of declared data are encrypted with algorithms that commit to their key",
	Sentence: "sampled objects of declared data commit to their key",
	Asked:    "sampled objects of declared data commit to their key",
	Heeds:    heeds(),
	Why:      "Without commitment or authentication whoever can write to the bucket chooses what a reader decrypts.",
	Fix:      "Write with suite 0x0478 or 0x0578 of the AWS Encryption SDK, version 4 of the S3 client or age, and seal the old objects anew.",
	Severity: answer.Medium,
	Lists:    []operation.ID{"s3:ListBuckets"},
	Reads:    sampleReads(),
	Judge: func(c *control.Case) {
		each(c, func(p *place) {
			judge(c, p, asked{}, uncommitted, func(bad []finding) control.Counter {
				return control.Counter{
					Text: fmt.Sprintf("%s at %s: encrypted with an algorithm that does not commit to its key", objects(len(bad)), p.text),
					Cause: answer.Cause{
						Key:     "sealed-algorithm/" + p.text,
						Subject: p.ref,
						Title:   "what is written to " + p.text + " does not commit to its key",
						Fix: answer.Fix{
							Text: "Let what writes there use an algorithm with key commitment, and seal these objects anew.",
							CLI:  p.mending(bad, "onus reseal %s --to KEY"),
						},
					},
				}
			})
		})
	},
}

func uncommitted(f ciphertext.Facts) (bad, doubt string) {
	switch {
	case !f.Encrypted() && f.Readable != "":
		return "", ""
	case !f.Encrypted():
		return "", "it is of no format that is known"
	case f.Commits():
		return "", ""
	case f.Suite == "" && f.Format == ciphertext.S3Client:
		return "", "its metadata names no algorithm that is known"
	}
	return fmt.Sprintf("is of %v with %s, which does not commit to its key", f.Format, cmp.Or(f.Suite, "its one algorithm")), ""
}
