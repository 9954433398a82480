package lockdown

import (
	"fmt"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// BucketBlocked is net-bucket-blocked. All four settings of S3 Block Public Access must be on for a bucket, each of them on
// the bucket or on its account: S3 applies the stricter of the two. So the account's block decides for a bucket whose own
// could not be read. A bucket of a system that the claims file calls "data: public" is meant to be public and holds as it is.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
//
// Whether something makes the bucket public today, a policy or an access control list, does not change the verdict: the
// block is what keeps tomorrow's mistake from counting. It is said in the facts, as far as it could be read.
var BucketBlocked = &control.Control{
	ID:       "net-bucket-blocked",
	Practice: "network-lockdown",
	Title:    "Public access is blocked on every bucket that is not declared public",
	Sentence: "public access to buckets is blocked",
	Asked:    "public access to buckets is blocked",
	Why:      "One wrong policy or access control list then publishes the bucket's data to everybody.",
	Fix:      "Turn all four settings of Block Public Access on for the account, or for each bucket where one must stay public.",
	Severity: answer.High,
	Lists:    []operation.ID{"s3:ListBuckets"},
	Reads:    []operation.ID{accountBlock, bucketBlock, "resourcegroupstaggingapi:GetResources"},
	Judge: func(c *control.Case) {
		meant := map[string]bool{} // accounts with a bucket that is, or may be, meant to be public
		for _, b := range c.Estate.Buckets {
			if declaredPublic(c.Declared, b) != estate.False {
				meant[b.Ref().Account] = true
			}
		}
		for _, b := range c.Estate.Buckets {
			public := declaredPublic(c.Declared, b)
			truths, gaps := blocked(b)
			switch estate.Or(public, estate.And(truths[:]...)) {
			case estate.True:
				c.Holds(b)
			case estate.False:
				c.Breaks(b, unblocked(b, truths, !meant[b.Ref().Account]))
			default:
				if gap, unread := b.Tags().Unread(); unread && public == estate.Unknown {
					gaps = append(gaps, gap)
				}
				c.Unknown(b, "", gaps...)
			}
		}
	},
}

const (
	accountBlock operation.ID = "s3control:GetPublicAccessBlock"
	bucketBlock  operation.ID = "s3:GetPublicAccessBlock"
)

// declaredPublic reports whether the claims file calls a system of the bucket's public.
func declaredPublic(declared *claims.File, b *estate.Bucket) estate.Truth {
	public := estate.False
	for _, s := range declared.Systems {
		if s.Data == claims.Public {
			public = estate.Or(public, s.Selects(b))
		}
	}
	return public
}

var settings = [4]struct {
	name string
	of   func(estate.PublicAccessBlock) bool
}{
	{"BlockPublicAcls", func(p estate.PublicAccessBlock) bool { return p.BlockPublicAcls }},
	{"IgnorePublicAcls", func(p estate.PublicAccessBlock) bool { return p.IgnorePublicAcls }},
	{"BlockPublicPolicy", func(p estate.PublicAccessBlock) bool { return p.BlockPublicPolicy }},
	{"RestrictPublicBuckets", func(p estate.PublicAccessBlock) bool { return p.RestrictPublicBuckets }},
}

// blocked says of each setting whether it is on for the bucket, and what would have told where that is unknown.
func blocked(b *estate.Bucket) (truths [4]estate.Truth, gaps []estate.Gap) {
	for i, setting := range settings {
		truths[i] = estate.Or(b.AccountBlock.Holds(false, setting.of), b.Block.Holds(false, setting.of))
	}
	for _, block := range []estate.Known[estate.PublicAccessBlock]{b.AccountBlock, b.Block} {
		if gap, unread := block.Unread(); unread {
			gaps = append(gaps, gap)
		}
	}
	return truths, gaps
}

func unblocked(b *estate.Bucket, truths [4]estate.Truth, wholeAccount bool) control.Counter {
	ref := b.Ref()
	var off []string
	for i, setting := range settings {
		if truths[i] == estate.False {
			off = append(off, setting.name)
		}
	}
	facts := []answer.Fact{blockFact("the account "+ref.Account, b.AccountBlock, accountBlock), blockFact("the bucket", b.Block, bucketBlock)}
	ways := publicNow(b)
	text := fmt.Sprintf("bucket %s may be made public: %s off", ref.ID, offList(off))
	if len(ways) > 0 {
		var by []string
		for _, way := range ways {
			by = append(by, way.Text)
		}
		text = fmt.Sprintf("bucket %s is public now: %s", ref.ID, strings.Join(by, "; "))
	}
	x := control.Counter{Text: text, Facts: append(facts, ways...)}
	if wholeAccount {
		x.Cause = accountCause(ref)
	} else {
		x.Cause = bucketCause(ref, offList(off))
	}
	return x
}

func offList(off []string) string {
	if len(off) == 1 {
		return off[0] + " is"
	}
	return strings.Join(off[:len(off)-1], ", ") + " and " + off[len(off)-1] + " are"
}

func blockFact(whose string, block estate.Known[estate.PublicAccessBlock], op operation.ID) answer.Fact {
	if gap, unread := block.Unread(); unread {
		return answer.Fact{Text: "the public access block of " + whose + " could not be read: " + gap.String(), Operation: op}
	}
	if block.Absent() {
		return answer.Fact{Text: whose + " has no public access block", Operation: op}
	}
	value, _ := block.Value()
	var on []string
	for _, setting := range settings {
		on = append(on, fmt.Sprintf("%s is %t", setting.name, setting.of(value)))
	}
	return answer.Fact{Text: "of " + whose + " " + strings.Join(on, ", "), Operation: op}
}

// publicNow says what gives everybody access today. What could not be read is not said.
func publicNow(b *estate.Bucket) []answer.Fact {
	on := func(setting func(estate.PublicAccessBlock) bool) bool {
		return estate.Or(b.AccountBlock.Holds(false, setting), b.Block.Holds(false, setting)) != estate.False
	}
	var ways []answer.Fact
	if public := b.PolicyPublic; !on(settings[3].of) {
		_, unread := public.Unread()
		document, known := b.Policy.Value()
		switch said, _ := public.Value(); {
		case said:
			ways = append(ways, answer.Fact{Text: "S3 calls its policy public", Operation: "s3:GetBucketPolicyStatus"})
		case unread && known && document.GrantsPublic():
			ways = append(ways, answer.Fact{Text: "its policy allows everybody", Operation: "s3:GetBucketPolicy"})
		}
	}
	ownership, known := b.Ownership.Value()
	aclsOn := b.Ownership.Absent() || known && ownership != "BucketOwnerEnforced"
	if grants, _ := b.PublicGrants.Value(); len(grants) > 0 && aclsOn && !on(settings[1].of) {
		ways = append(ways, answer.Fact{Text: "its access control list grants " + strings.Join(grants, ", "), Operation: "s3:GetBucketAcl"})
	}
	return ways
}

const allFour = "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"

// accountCause is one change for all buckets of the account: none is meant to be public.
func accountCause(bucket estate.Ref) answer.Cause {
	account := estate.Ref{Kind: "account", Account: bucket.Account, Region: estate.Global, ID: bucket.Account}
	return answer.Cause{
		Key:     "s3-account-block/" + account.ID,
		Subject: account,
		Title:   "account " + account.ID + " does not block public access to its buckets",
		Fix: answer.Fix{
			Text: "Turn all four settings on for the account: no bucket of it is declared public. First look at the buckets that are public now, which would stop being so.",
			CLI:  []string{fmt.Sprintf("aws s3control put-public-access-block --account-id %s --public-access-block-configuration %s", account.ID, allFour)},
			Terraform: fmt.Sprintf("resource \"aws_s3_account_public_access_block\" \"this\" {\n  account_id              = %q\n"+
				"  block_public_acls       = true\n  ignore_public_acls      = true\n  block_public_policy     = true\n  restrict_public_buckets = true\n}", account.ID),
		},
	}
}

func bucketCause(ref estate.Ref, off string) answer.Cause {
	return answer.Cause{
		Key:     "bucket-public-access-block/" + ref.ID,
		Subject: ref,
		Title:   fmt.Sprintf("public access to bucket %s is not blocked: %s off", ref.ID, off),
		Fix: answer.Fix{
			Text: "Turn all four settings on for the bucket: its account has others that are declared public.",
			CLI:  []string{fmt.Sprintf("aws s3api put-public-access-block --bucket %s --public-access-block-configuration %s", ref.ID, allFour)},
			Terraform: fmt.Sprintf("resource \"aws_s3_bucket_public_access_block\" \"this\" {\n  bucket                  = %q\n"+
				"  block_public_acls       = true\n  ignore_public_acls      = true\n  block_public_policy     = true\n  restrict_public_buckets = true\n}", ref.ID),
		},
	}
}
