package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/ciphertext"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// samples reads what was looked at of objects. The listing names the objects that were chosen, so that one whose own answer is missing
// is an object that could not be read.
func (l *loader) samples() {
	const list, get operation.ID = "s3:ListObjectsV2", "s3:GetObject"
	type listing struct {
		KeyCount    *int64
		IsTruncated bool
		Bounded     bool // ours: that the listing was broken off at its bound
		Contents    []struct {
			Key  string
			Size int64
		}
	}
	type object struct{ Sample *ciphertext.Facts }
	for key, r := range l.single {
		if key.op != list {
			continue
		}
		s := &estate.Sample{Place: key.Place, Bucket: r.Parameters["Bucket"], Prefix: r.Parameters["Prefix"]}
		s.Listed = about(l, key.Place, list, key.about, func(pages []listing) (total estate.Listing) {
			for i, page := range pages {
				n := int64(len(page.Contents))
				if page.KeyCount != nil && *page.KeyCount > n {
					n = *page.KeyCount
				}
				total.Objects += n
				total.All = i == len(pages)-1 && !page.IsTruncated && !page.Bounded
				for _, o := range page.Contents {
					s.Objects = append(s.Objects, &estate.Object{Key: o.Key, Size: o.Size})
				}
			}
			return total
		})
		for _, o := range s.Objects {
			about := about(l, key.Place, get, s.Bucket+" "+o.Key, func(pages []object) *ciphertext.Facts { return last(pages).Sample })
			facts, ok := about.Value()
			switch {
			case o.Size == 0:
				o.Facts = estate.None[ciphertext.Facts]()
			case ok && facts != nil:
				o.Facts = estate.Know(*facts)
			default:
				gap, _ := about.Unread()
				if ok {
					gap = l.estate.Reading(key.Place, get, s.Bucket+" "+o.Key).Gap()
					gap.Why = "s3:GetObject of " + o.Key + " was recorded without what its first bytes show"
				}
				o.Facts = estate.Unread[ciphertext.Facts](gap)
			}
		}
		slices.SortFunc(s.Objects, func(a, b *estate.Object) int { return strings.Compare(a.Key, b.Key) })
		l.estate.Samples = append(l.estate.Samples, s)
	}
	slices.SortFunc(l.estate.Samples, func(a, b *estate.Sample) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Bucket, b.Bucket), strings.Compare(a.Prefix, b.Prefix))
	})
}
