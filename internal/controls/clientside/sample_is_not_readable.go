package clientside

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/ciphertext"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/operation"
)

// SampleIsNotReadable is cse-sample-is-not-readable: whatever an object says of itself, the bytes behind its header do not read as text, as
// a known kind of file, or as bytes of which some are more frequent than others. That nothing was found is no proof of encryption, and of
// fewer than 16 bytes nothing is said.
var SampleIsNotReadable = &control.Control{
	ID:       "cse-sample-is-not-readable",
	Practice: "client-side-encryption",
	Title:    "Nothing can be read in the objects that were looked at where a local key is declared",
	Sentence: "nothing can be read in sampled objects of declared data",
	Asked:    "nothing can be read in sampled objects of declared data",
	Heeds:    heeds(),
	Why:      "A header is quickly written: only the bytes behind it show whether anything was encrypted.",
	Fix:      "Encrypt the objects with the local key, and find what wrote them in the clear.",
	Severity: answer.High,
	Lists:    []operation.ID{"s3:ListBuckets"},
	Reads:    sampleReads(),
	Judge: func(c *control.Case) {
		each(c, func(p *place) {
			judge(c, p, asked{}, readable, func(bad []finding) control.Counter {
				x := inPlaintext(p, bad)
				x.Text = fmt.Sprintf("something can be read in %s at %s", objects(len(bad)), p.text)
				return x
			})
		})
	},
}

// enoughBytes is what it takes to tell text from random bytes.
const enoughBytes = 16

func readable(f ciphertext.Facts) (bad, doubt string) {
	switch {
	case f.Readable != "":
		return "reads as " + f.Readable, ""
	case f.Seen < enoughBytes:
		return "", fmt.Sprintf("only %d bytes of what would be ciphertext were looked at", f.Seen)
	}
	return "", ""
}
