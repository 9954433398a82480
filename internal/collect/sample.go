package collect

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

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
	Prefix string
	// KeyCount is how many objects there are, VersionCount how many older versions of objects.
	KeyCount     *int64 `json:",omitempty"`
	VersionCount *int64 `json:",omitempty"`
	// Bounded says that there are more keys than MaxListed.
	Bounded bool
	// Contents are the objects that were chosen to be looked at, Versions the older versions.
	Contents []chosen `json:",omitempty"`
	Versions []chosen `json:",omitempty"`
}

type chosen struct {
	Key       string
	VersionId string `json:",omitempty"`
	IsLatest  *bool  `json:",omitempty"` // of an older version: false
	Size      int64

	rank uint64
}

// looked is what is kept of an object, in the place of the object: facts about its encryption, and nothing that it holds.
type looked struct{ Sample ciphertext.Facts }

// sampleObjects looks at the first bytes of some objects under a prefix and, in a bucket that keeps versions, of some older versions. Every
// object that is listed has the same chance to be chosen, and who writes objects cannot know which will be.
func sampleObjects(ctx context.Context, p *place, client *s3.Client, prefix Prefix, versions bool) {
	seed := maphash.MakeSeed()
	bucket, begins := aws.String(prefix.Bucket), aws.String(prefix.Prefix)
	objects := &s3.ListObjectsV2Input{Bucket: bucket, Prefix: begins}
	pages := compose(p, "s3:ListObjectsV2", func() reading[listed] {
		return listAll(ctx, p, "s3:ListObjectsV2", func(l *lot) (more bool, err error) {
			out, err := once(ctx, p, "s3:ListObjectsV2", client.ListObjectsV2, objects)
			if err != nil {
				return false, err
			}
			for _, o := range out.Contents {
				l.add(chosen{Key: aws.ToString(o.Key), Size: aws.ToInt64(o.Size)})
			}
			objects.ContinuationToken = out.NextContinuationToken
			return aws.ToBool(out.IsTruncated) && aws.ToString(out.NextContinuationToken) != "", nil
		}, seed, func(l *lot) *listed { return &listed{Prefix: prefix.Prefix, KeyCount: &l.count, Contents: l.chosen} })
	}, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: begins})
	for _, page := range pages {
		lookAtAll(ctx, p, client, prefix.Bucket, page.Contents)
	}
	if !versions {
		return
	}
	older := &s3.ListObjectVersionsInput{Bucket: bucket, Prefix: begins}
	pages = compose(p, "s3:ListObjectVersions", func() reading[listed] {
		return listAll(ctx, p, "s3:ListObjectVersions", func(l *lot) (more bool, err error) {
			out, err := once(ctx, p, "s3:ListObjectVersions", client.ListObjectVersions, older)
			if err != nil {
				return false, err
			}
			for _, o := range out.Versions {
				if l.seen++; !aws.ToBool(o.IsLatest) {
					l.add(chosen{Key: aws.ToString(o.Key), VersionId: aws.ToString(o.VersionId), IsLatest: aws.Bool(false), Size: aws.ToInt64(o.Size)})
				}
			}
			l.seen += int64(len(out.DeleteMarkers))
			older.KeyMarker, older.VersionIdMarker = out.NextKeyMarker, out.NextVersionIdMarker
			return aws.ToBool(out.IsTruncated) && aws.ToString(out.NextKeyMarker) != "", nil
		}, seed, func(l *lot) *listed {
			return &listed{Prefix: prefix.Prefix, VersionCount: &l.count, Versions: l.chosen}
		})
	}, &s3.ListObjectVersionsInput{Bucket: bucket, Prefix: begins})
	for _, page := range pages {
		lookAtAll(ctx, p, client, prefix.Bucket, page.Versions)
	}
}

// listAll goes through a listing up to its bound, page by page.
func listAll(ctx context.Context, p *place, id operation.ID, page func(*lot) (more bool, err error), seed maphash.Seed, keep func(*lot) *listed) reading[listed] {
	got := reading[listed]{outcome: operation.OK, time: p.Now()}
	l := &lot{most: p.Sample.Objects, seed: seed}
	for {
		more, err := page(l)
		if err != nil {
			got.outcome, got.code, got.message = p.whatBecame(id, err)
			return got
		}
		if l.draw(); !more {
			break
		}
		if max(l.count, l.seen) >= MaxListed {
			l.bounded = true
			break
		}
	}
	slices.SortFunc(l.chosen, func(a, b chosen) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.VersionId, b.VersionId))
	})
	kept := keep(l)
	kept.Bounded = l.bounded
	got.pages = []*listed{kept}
	return got
}

// A lot keeps those of lowest rank, which is a keyed hash of the key and the version.
type lot struct {
	count, seen int64
	bounded     bool
	chosen      []chosen

	most int
	seed maphash.Seed
}

func (l *lot) add(c chosen) {
	c.rank = maphash.String(l.seed, c.Key+"\x00"+c.VersionId)
	l.count++
	l.chosen = append(l.chosen, c)
}

// draw leaves as many as are wanted.
func (l *lot) draw() {
	if len(l.chosen) > l.most {
		slices.SortFunc(l.chosen, func(a, b chosen) int {
			return cmp.Or(cmp.Compare(a.rank, b.rank), strings.Compare(a.Key, b.Key), strings.Compare(a.VersionId, b.VersionId))
		})
		l.chosen = l.chosen[:l.most]
	}
}

func lookAtAll(ctx context.Context, p *place, client *s3.Client, bucket string, all []chosen) {
	each(all, itemsAtOnce, func(o chosen) {
		if o.Size > 0 { // S3 answers a range of an empty object with an error
			lookAt(ctx, p, client, bucket, o)
		}
	})
}

// lookAt reads the metadata and the first bytes of an object, which go no further than ciphertext.Look. Where its header is longer, more of
// it is read, of the very same object.
func lookAt(ctx context.Context, p *place, client *s3.Client, bucket string, o chosen) {
	in := &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(o.Key)}
	if o.VersionId != "" {
		in.VersionId = aws.String(o.VersionId)
	}
	compose(p, "s3:GetObject", func() reading[looked] {
		got := reading[looked]{outcome: operation.OK, time: p.Now()}
		var first []byte
		read := func(span string, most int64) (map[string]string, error) {
			in.Range = aws.String(span)
			out, err := once(ctx, p, "s3:GetObject", client.GetObject, in)
			if err != nil {
				return nil, err
			}
			defer out.Body.Close()
			in.IfMatch = out.ETag
			more, err := io.ReadAll(io.LimitReader(out.Body, most))
			first = append(first, more...)
			return out.Metadata, err
		}
		metadata, err := read(fmt.Sprintf("bytes=0-%d", ciphertext.Enough-1), ciphertext.Enough)
		facts := ciphertext.Look(metadata, first, o.Size)
		if err == nil && facts.HeaderGoesOn() && o.Size > ciphertext.Enough && len(first) == ciphertext.Enough {
			_, err = read(fmt.Sprintf("bytes=%d-%d", ciphertext.Enough, ciphertext.MostHeader-1), ciphertext.MostHeader-ciphertext.Enough)
			facts = ciphertext.Look(metadata, first, o.Size)
		}
		if err != nil {
			got.outcome, got.code, got.message = p.whatBecame("s3:GetObject", err)
			return got
		}
		got.pages = []*looked{{facts}}
		return got
	}, in)
}
