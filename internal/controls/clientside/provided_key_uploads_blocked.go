package clientside

import (
	"fmt"
	"slices"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// ProvidedKeyUploadsBlocked is cse-provided-key-uploads-blocked. Server-side encryption with a key that the uploader brings along (SSE-C) is
// blocked by the bucket's encryption settings, which S3 does by itself for buckets made since April 2026 and in accounts without such
// objects, or denied by the bucket's policy; see policy.DeniesProvidedKeys. Every bucket is judged: one that needs such uploads is excused
// in the claims file. Resource control policies are not looked at.
//
// Tools older than the setting leave it out of what they print: then it is unknown.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/blocking-unblocking-s3-c-encryption-gpb.html
var ProvidedKeyUploadsBlocked = &control.Control{
	ID:       "cse-provided-key-uploads-blocked",
	Practice: "client-side-encryption",
	Title:    "No bucket takes uploads under a key that only the uploader has",
	Sentence: "no bucket takes uploads under a key that only the uploader has",
	Asked:    "no bucket takes uploads under a key that only the uploader has",
	Why:      "Who steals credentials rewrites every object under a key of their own and sells it back: AWS cannot recover it.",
	Fix:      "Block SSE-C in the bucket's encryption settings.",
	Severity: answer.Medium,
	Lists:    []operation.ID{"s3:ListBuckets"},
	Reads:    []operation.ID{"s3:GetBucketEncryption", "s3:GetBucketPolicy"},
	Judge: func(c *control.Case) {
		for _, b := range c.Estate.Buckets {
			blocked, gap := blocksProvidedKeys(b)
			denied := b.Policy.Holds(false, func(d *policy.Document) bool { return policy.DeniesProvidedKeys(d, b.Ref().ID) })
			switch estate.Or(blocked, denied) {
			case estate.True:
				c.Holds(b)
			case estate.Unknown:
				var gaps []estate.Gap
				if blocked == estate.Unknown {
					gaps = append(gaps, gap)
				}
				if gap, unread := b.Policy.Unread(); unread {
					gaps = append(gaps, gap)
				}
				c.Unknown(b, "", gaps...)
			default:
				c.Breaks(b, takesProvidedKeys(b))
			}
		}
	},
}

func blocksProvidedKeys(b *estate.Bucket) (estate.Truth, estate.Gap) {
	settings, known := b.Encryption.Value()
	if !known {
		gap, _ := b.Encryption.Unread()
		return b.Encryption.Holds(false, func(estate.BucketEncryption) bool { return false }), gap
	}
	gap, _ := settings.Blocked.Unread()
	return settings.Blocked.Holds(false, func(kinds []string) bool { return slices.Contains(kinds, "SSE-C") }), gap
}

func takesProvidedKeys(b *estate.Bucket) control.Counter {
	ref := b.Ref()
	fact := "BlockedEncryptionTypes does not hold SSE-C"
	rule := `{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}`
	switch settings, ok := b.Encryption.Value(); {
	case !ok:
		fact = "the bucket has no encryption settings"
	case settings.Key != "":
		rule = fmt.Sprintf(`{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":%q,"KMSMasterKeyID":%q},"BucketKeyEnabled":true`, settings.Algorithm, settings.Key)
	case settings.Algorithm != "":
		rule = fmt.Sprintf(`{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":%q}`, settings.Algorithm)
	}
	return control.Counter{
		Text: fmt.Sprintf("bucket %s takes uploads under a key that only the uploader has", ref.ID),
		Facts: []answer.Fact{
			{Text: fact, Operation: "s3:GetBucketEncryption"},
			{Text: "no statement of its policy denies s3:PutObject with a customer's key", Operation: "s3:GetBucketPolicy"},
		},
		Cause: answer.Cause{
			Key:     "bucket-encryption/" + ref.ID,
			Subject: ref,
			Title:   "bucket " + ref.ID + " does not block encryption with provided keys",
			Fix: answer.Fix{
				Text: "Block SSE-C in the bucket's encryption settings; objects that were uploaded so can still be read. Check its bucket key setting, which this replaces.",
				CLI: []string{fmt.Sprintf("aws s3api put-bucket-encryption --bucket %s --server-side-encryption-configuration '{\"Rules\":[%s,\"BlockedEncryptionTypes\":{\"EncryptionType\":[\"SSE-C\"]}}]}'",
					control.ShellQuote(ref.ID), rule)},
			},
		},
	}
}
