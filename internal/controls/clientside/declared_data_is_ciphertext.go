package clientside

import (
	"fmt"
	"slices"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/ciphertext"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/operation"
)

// DeclaredDataIsCiphertext is cse-declared-data-is-ciphertext. An object is encrypted with a local key if its metadata or its first bytes are
// those of a format that is known, some key that opens it is not held by AWS, and nothing can be read where the ciphertext is.
//
// An object of no such format in which nothing can be read may be ciphertext of another tool: it is a doubt. Its practice asks
// of the objects that were looked at; the claim "s3://... is encrypted with a local key" asks of all.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingClientSideEncryption.html
var DeclaredDataIsCiphertext = &control.Control{
	ID:       declaredDataID,
	Practice: "client-side-encryption",
	Title:    "Objects that were looked at where a local key is declared are encrypted with one",
	Sentence: "sampled objects of declared data are encrypted with a local key",
	Asked:    "sampled objects of declared data are encrypted with a local key",
	Declares: declares,
	Why:      "One job that forgets to encrypt, and whoever reads the bucket reads the data: a stolen role, a wrong policy, a subpoena.",
	Fix:      "Encrypt the objects with the local key, and let what writes there write through onus seal or an SDK of the same format.",
	Severity: answer.High,
	Lists:    []operation.ID{"s3:ListBuckets"},
	Reads:    sampleReads(),
	Judge: func(c *control.Case) {
		_, one := c.Slots.Text("location")
		q := asked{all: one && c.Asks(declares[0])}
		each(c, func(p *place) {
			judge(c, p, q, plaintextOf, func(bad []finding) control.Counter { return inPlaintext(p, bad) })
		})
	},
}

func plaintextOf(f ciphertext.Facts) (bad, doubt string) {
	switch {
	case f.Encrypted() && f.Readable != "":
		return fmt.Sprintf("has the header of %v, and behind it %s can be read", f.Format, f.Readable), ""
	case f.Readable != "":
		return "is not encrypted: it reads as " + f.Readable, ""
	case !f.Encrypted():
		return "", "it is of no format that is known, and nothing in it can be read"
	case len(f.Keys) > 0 && !f.KeysUnseen && !slices.ContainsFunc(f.Keys, func(k ciphertext.Key) bool { return !k.KMS() }):
		return "is encrypted with a key of KMS alone, which AWS holds", ""
	}
	return "", ""
}

func inPlaintext(p *place, bad []finding) control.Counter {
	verb := "are"
	if len(bad) == 1 {
		verb = "is"
	}
	return control.Counter{
		Text: fmt.Sprintf("%s at %s %s not encrypted with a local key", objects(len(bad)), p.text, verb),
		Cause: answer.Cause{
			Key:     "sealed-place/" + p.text,
			Subject: p.ref,
			Title:   "what is written to " + p.text + " is not all encrypted with a local key",
			Fix: answer.Fix{
				Text: "Find what writes these objects and let it encrypt; seal what is there, and delete the old versions if the bucket keeps them.",
				CLI:  p.mending(bad, "aws s3 cp %s - | onus seal - %[1]s --key KEY"),
			},
		},
	}
}
