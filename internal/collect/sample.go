package collect

import (
	"cmp"
	"context"
	"hash/maphash"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/onus-cloud/onus/internal/ciphertext"
	"github.com/onus-cloud/onus/internal/operation"
)

// Sample says which objects to look into: nobody's, unless the user wants it.
type Sample struct {
	// Objects is how many are looked at under each prefix, at most; 0: none, and nothing is listed.
	Objects  int
	Prefixes []Prefix
}

// Prefix is what the keys of some objects of a bucket begin with.
type Prefix struct{ Bucket, Prefix string }

// MaxListed is how many keys are listed under a prefix at most: a thousand calls.
const MaxListed = 1_000_000

// listed is what is kept of a listing, in the place of the listing.
type listed struct {
	Prefix   string
	KeyCount int64
	// Bounded says that there are more keys than MaxListed.
	Bounded bool
	// Contents are the objects that were chosen to be looked at.
	Contents []chosen
}

type chosen struct {
	Key  string
	Size int64

	rank uint64
}

// looked is what is kept of an object, in the place of the object: facts about its encryption, and nothing that it holds.
type looked struct{ Sample ciphertext.Facts }

// sampleObjects looks at the first bytes of some objects under a prefix. Every object that is listed has the same chance to be
// chosen, and who writes objects cannot know which will be.
func sampleObjects(ctx context.Context, p *place, client *s3.Client, prefix Prefix) {
	seed := maphash.MakeSeed()
	in := &s3.ListObjectsV2Input{Bucket: aws.String(prefix.Bucket), Prefix: aws.String(prefix.Prefix)}
	pages := compose(p, "s3:ListObjectsV2", func() reading[listed] { return listObjects(ctx, p, client, prefix, seed) }, in)
	for _, page := range pages {
		each(page.Contents, itemsAtOnce, func(o chosen) {
			if o.Size > 0 { // S3 answers a range of an empty object with an error
				lookAt(ctx, p, client, prefix.Bucket, o.Key)
			}
		})
	}
}

func listObjects(ctx context.Context, p *place, client *s3.Client, prefix Prefix, seed maphash.Seed) reading[listed] {
	got := reading[listed]{outcome: operation.OK, time: p.Now()}
	all := &listed{Prefix: prefix.Prefix}
	in := &s3.ListObjectsV2Input{Bucket: aws.String(prefix.Bucket), Prefix: aws.String(prefix.Prefix)}
	for {
		out, err := once(ctx, p, "s3:ListObjectsV2", client.ListObjectsV2, in)
		if err != nil {
			got.outcome, got.code, got.message = p.whatBecame("s3:ListObjectsV2", err)
			return got
		}
		all.add(out.Contents, p.Sample.Objects, seed)
		if !aws.ToBool(out.IsTruncated) || aws.ToString(out.NextContinuationToken) == "" {
			break
		}
		if all.KeyCount >= MaxListed {
			all.Bounded = true
			break
		}
		in.ContinuationToken = out.NextContinuationToken
	}
	slices.SortFunc(all.Contents, func(a, b chosen) int { return strings.Compare(a.Key, b.Key) })
	got.pages = []*listed{all}
	return got
}

// add counts objects and keeps the n of lowest rank, which is a keyed hash of the key.
func (l *listed) add(contents []types.Object, n int, seed maphash.Seed) {
	l.KeyCount += int64(len(contents))
	for _, o := range contents {
		key := aws.ToString(o.Key)
		l.Contents = append(l.Contents, chosen{Key: key, Size: aws.ToInt64(o.Size), rank: maphash.String(seed, key)})
	}
	if len(l.Contents) > n {
		slices.SortFunc(l.Contents, func(a, b chosen) int { return cmp.Or(cmp.Compare(a.rank, b.rank), strings.Compare(a.Key, b.Key)) })
		l.Contents = l.Contents[:n]
	}
}

// lookAt reads the metadata and the first bytes of an object, which go no further than ciphertext.Look.
func lookAt(ctx context.Context, p *place, client *s3.Client, bucket, key string) {
	in := &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key), Range: aws.String("bytes=0-1023")}
	compose(p, "s3:GetObject", func() reading[looked] {
		got := reading[looked]{outcome: operation.OK, time: p.Now()}
		fail := func(err error) reading[looked] {
			got.outcome, got.code, got.message = p.whatBecame("s3:GetObject", err)
			return got
		}
		out, err := once(ctx, p, "s3:GetObject", client.GetObject, in)
		if err != nil {
			return fail(err)
		}
		defer out.Body.Close()
		first, err := io.ReadAll(io.LimitReader(out.Body, ciphertext.Enough))
		if err != nil {
			return fail(err)
		}
		got.pages = []*looked{{ciphertext.Look(out.Metadata, first)}}
		return got
	}, in)
}
