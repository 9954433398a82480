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
	const list, versions, get operation.ID = "s3:ListObjectsV2", "s3:ListObjectVersions", "s3:GetObject"
	type entry struct {
		Key, VersionId string
		IsLatest       bool
		Size           int64
	}
	type listing struct {
		KeyCount, VersionCount *int64
		IsTruncated            bool
		Bounded                bool // ours: that the listing was broken off at its bound
		Contents, Versions     []entry
	}
	// add gathers one listing: how many there are, and those that are named.
	add := func(into *[]*estate.Object, pages []listing, count func(listing) *int64, entries func(listing) []entry) (total estate.Listing) {
		for i, page := range pages {
			before := len(*into)
			for _, o := range entries(page) {
				*into = append(*into, &estate.Object{Key: o.Key, Version: o.VersionId, Size: o.Size})
			}
			n := int64(len(*into) - before)
			if told := count(page); told != nil && *told > n {
				n = *told
			}
			total.Objects += n
			total.All = i == len(pages)-1 && !page.IsTruncated && !page.Bounded
		}
		return total
	}
	type object struct{ Sample *ciphertext.Facts }
	for key, r := range l.single {
		if key.op != list {
			continue
		}
		s := &estate.Sample{Place: key.Place, Bucket: r.Parameters["Bucket"], Prefix: r.Parameters["Prefix"]}
		s.Listed = about(l, key.Place, list, key.about, func(pages []listing) estate.Listing {
			return add(&s.Objects, pages, func(p listing) *int64 { return p.KeyCount }, func(p listing) []entry { return p.Contents })
		})
		s.Older = about(l, key.Place, versions, key.about, func(pages []listing) estate.Listing {
			return add(&s.Versions, pages, func(p listing) *int64 { return p.VersionCount }, func(p listing) []entry {
				return slices.DeleteFunc(p.Versions, func(e entry) bool { return e.IsLatest })
			})
		})
		for i, o := range slices.Concat(s.Objects, s.Versions) {
			name := s.Bucket + " " + o.Key
			if i >= len(s.Objects) {
				name += " " + o.Version
			}
			about := about(l, key.Place, get, name, func(pages []object) *ciphertext.Facts { return last(pages).Sample })
			facts, ok := about.Value()
			switch {
			case o.Size == 0:
				o.Facts = estate.None[ciphertext.Facts]()
			case ok && facts != nil:
				o.Facts = estate.Know(*facts)
			default:
				gap, _ := about.Unread()
				if ok {
					gap = l.estate.Reading(key.Place, get, name).Gap()
					gap.Why = "s3:GetObject of " + o.Key + " was recorded without what its first bytes show"
				}
				o.Facts = estate.Unread[ciphertext.Facts](gap)
			}
		}
		slices.SortFunc(s.Versions, func(a, b *estate.Object) int {
			return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.Version, b.Version))
		})
		slices.SortFunc(s.Objects, func(a, b *estate.Object) int { return strings.Compare(a.Key, b.Key) })
		l.estate.Samples = append(l.estate.Samples, s)
	}
	slices.SortFunc(l.estate.Samples, func(a, b *estate.Sample) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Bucket, b.Bucket), strings.Compare(a.Prefix, b.Prefix))
	})
}
