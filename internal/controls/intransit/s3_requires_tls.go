package intransit

import (
	"fmt"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// S3RequiresTLS is tls-s3-required. S3 answers over plain HTTP unless a policy forbids it, so a bucket holds if its policy
// denies everybody every action on it and on all its objects without TLS; see policy.DeniesWithoutTLS for what counts. A
// denial that leaves anything out leaves plain HTTP open there. It is the bucket's own policy that is judged: a resource
// control policy of the organisation may deny the same, and is no part of the sentence.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html#transit
var S3RequiresTLS = &control.Control{
	ID:       "tls-s3-required",
	Practice: "encryption-in-transit",
	Title:    "Every bucket's policy denies requests without TLS",
	Sentence: "every bucket refuses requests without tls",
	Asked:    "every bucket refuses requests without tls",
	Why:      "A client that is set to plain HTTP sends data, and what it signs requests with, readable by everybody on the way.",
	Fix:      "Add a statement to the bucket's policy that denies everything to everybody where aws:SecureTransport is false.",
	Severity: answer.Medium,
	Lists:    []operation.ID{"s3:ListBuckets"},
	Reads:    []operation.ID{bucketPolicy},
	Judge: func(c *control.Case) {
		for _, b := range c.Estate.Buckets {
			document, known := b.Policy.Value()
			gap, unread := b.Policy.Unread()
			switch {
			case unread:
				c.Unknown(b, "", gap)
			case !known:
				c.Breaks(b, plainHTTP(b, "it has no policy"))
			default:
				if ok, why := policy.DeniesWithoutTLS(document, b.Ref().ID); ok {
					c.Holds(b)
				} else {
					c.Breaks(b, plainHTTP(b, why))
				}
			}
		}
	},
}

const bucketPolicy operation.ID = "s3:GetBucketPolicy"

func plainHTTP(b *estate.Bucket, why string) control.Counter {
	ref := b.Ref()
	statement := fmt.Sprintf(`{"Sid":"DenyWithoutTLS","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["%s","%[1]s/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`, ref.ARN)
	fix := answer.Fix{
		Text: "Add to the bucket's policy, beside the statements that are there, one that denies requests without TLS.",
		CLI: []string{
			fmt.Sprintf("aws s3api get-bucket-policy --bucket %s --query Policy --output text | jq '.Statement = ([.Statement] | flatten) + [%s]' > policy.json", ref.ID, statement),
			fmt.Sprintf("aws s3api put-bucket-policy --bucket %s --policy file://policy.json", ref.ID),
		},
		Terraform: terraformStatement(ref.ARN),
	}
	if b.Policy.Absent() {
		fix.Text = "Give the bucket a policy that denies requests without TLS."
		fix.CLI = []string{fmt.Sprintf(`aws s3api put-bucket-policy --bucket %s --policy '{"Version":"2012-10-17","Statement":[%s]}'`, ref.ID, statement)}
	}
	return control.Counter{
		Text:  fmt.Sprintf("bucket %s answers over plain HTTP: %s", ref.ID, why),
		Facts: []answer.Fact{{Text: why, Operation: bucketPolicy}},
		Cause: answer.Cause{
			Key:     "bucket-policy/" + ref.ID,
			Subject: ref,
			Title:   fmt.Sprintf("the policy of bucket %s lets requests without TLS through", ref.ID),
			Fix:     fix,
		},
	}
}

func terraformStatement(arn string) string {
	return strings.Join([]string{
		`data "aws_iam_policy_document" "this" {`,
		`  statement {`,
		`    sid       = "DenyWithoutTLS"`,
		`    effect    = "Deny"`,
		`    actions   = ["s3:*"]`,
		fmt.Sprintf(`    resources = [%q, %q]`, arn, arn+"/*"),
		`    principals {`,
		`      type        = "*"`,
		`      identifiers = ["*"]`,
		`    }`,
		`    condition {`,
		`      test     = "Bool"`,
		`      variable = "aws:SecureTransport"`,
		`      values   = ["false"]`,
		`    }`,
		`  }`,
		`}`,
	}, "\n")
}
