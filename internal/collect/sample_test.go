package collect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/onus-cloud/onus/esdk"
	"github.com/onus-cloud/onus/internal/ciphertext"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

// vault is an S3 with one bucket of that many objects, of which each holds the text, with a private name in its metadata.
func vault(objects int, text string, calls *atomic.Int64) func(asked, any) error {
	return func(a asked, out any) error {
		if a.id == "s3:GetObject" || a.id == "s3:ListObjectsV2" {
			calls.Add(1)
		}
		switch out := out.(type) {
		case *s3.ListBucketsOutput:
			out.Buckets = []types.Bucket{{Name: aws.String("vault"), BucketRegion: aws.String("eu-west-1")}, {Name: aws.String("other"), BucketRegion: aws.String("eu-west-1")}}
		case *s3.ListObjectsV2Output:
			in := a.in.(*s3.ListObjectsV2Input)
			from := 0
			fmt.Sscan(aws.ToString(in.ContinuationToken), &from)
			out.Contents = nil
			for i := from; i < min(from+1000, objects); i++ {
				out.Contents = append(out.Contents, types.Object{Key: aws.String(fmt.Sprintf("%s/%07d", aws.ToString(in.Prefix), i)), Size: aws.Int64(int64(len(text)))})
			}
			if out.IsTruncated = aws.Bool(from+1000 < objects); *out.IsTruncated {
				out.NextContinuationToken = aws.String(fmt.Sprint(from + 1000))
			}
		case *s3.ListObjectVersionsOutput:
			calls.Add(1)
			in := a.in.(*s3.ListObjectVersionsInput)
			from := 0
			fmt.Sscan(aws.ToString(in.KeyMarker), &from)
			out.Versions, out.DeleteMarkers = nil, nil
			for i := from; i < min(from+500, objects); i++ { // of each object one older version
				key, size := aws.String(fmt.Sprintf("%s/%07d", aws.ToString(in.Prefix), i)), aws.Int64(int64(len(text)))
				out.Versions = append(out.Versions, types.ObjectVersion{Key: key, VersionId: aws.String("new"), IsLatest: aws.Bool(true), Size: size},
					types.ObjectVersion{Key: key, VersionId: aws.String("old"), IsLatest: aws.Bool(false), Size: size})
			}
			if out.IsTruncated = aws.Bool(from+500 < objects); *out.IsTruncated {
				out.NextKeyMarker = aws.String(fmt.Sprint(from + 500))
			}
		case *s3.GetBucketVersioningOutput:
			out.Status = types.BucketVersioningStatusSuspended
		case *s3.GetObjectOutput:
			if got := aws.ToString(a.in.(*s3.GetObjectInput).Range); got != "bytes=0-1023" {
				return fmt.Errorf("range %q", got)
			}
			out.Metadata = map[string]string{"patient": "Ann-Smith"}
			out.Body = io.NopCloser(strings.NewReader(text))
		default:
			return plausible(a, out)
		}
		return nil
	}
}

// TestSample: under a prefix all keys are counted, up to the bound, and so many objects are looked at; what is kept of them is facts.
func TestSample(t *testing.T) {
	t.Parallel()
	const secret = "Ann-Smith earns 1000. "
	for _, test := range []struct {
		there, want int
		objects     int64
		chosen      int
		bounded     bool
	}{
		{0, 5, 0, 0, false}, {3, 5, 3, 3, false}, {2500, 5, 2500, 5, false}, {MaxListed + 1500, 5, MaxListed, 5, true},
	} {
		var calls atomic.Int64
		kept, _, err := collectFrom(t, newFake(vault(test.there, strings.Repeat(secret, 40), &calls)), Options{Sample: Sample{Objects: test.want, Prefixes: []Prefix{{"vault", "payroll"}}}})
		if err != nil {
			t.Fatal(err)
		}
		var page struct {
			KeyCount int64
			Bounded  bool
			Contents []struct{ Key string }
		}
		r := one(t, kept, "global", "s3:ListObjectsV2")
		if err := json.Unmarshal(r.Pages[0], &page); err != nil {
			t.Fatal(err)
		}
		if page.KeyCount != test.objects || len(page.Contents) != test.chosen || page.Bounded != test.bounded || r.About() != "vault payroll" {
			t.Errorf("of %d: %s %s", test.there, r.About(), r.Pages[0])
		}
		// MaxListed bounds versions with all that are listed beside them.
		var versions struct {
			VersionCount int64
			Bounded      bool
			Versions     []struct{ Key, VersionId string }
		}
		r = one(t, kept, "global", "s3:ListObjectVersions")
		if err := json.Unmarshal(r.Pages[0], &versions); err != nil {
			t.Fatal(err)
		}
		if want := min(test.objects, MaxListed/2); versions.VersionCount != want || len(versions.Versions) != test.chosen || versions.Bounded != test.bounded {
			t.Errorf("older versions of %d: %s", test.there, r.Pages[0])
		}
		objects, older := of(kept, "global", "s3:GetObject"), 0
		for _, o := range objects {
			if o.Parameters["VersionId"] == "old" {
				older++
			}
		}
		if len(objects) != 2*test.chosen || older != test.chosen {
			t.Errorf("of %d: %d objects were looked at, %d of them older versions; want %d", test.there, len(objects), older, 2*test.chosen)
		}
		for _, o := range objects {
			if o.Outcome != operation.OK || !bytes.Contains(o.Pages[0], []byte(`"Readable":"text"`)) {
				t.Errorf("%v: %s", o.Outcome, o.Pages)
			}
		}
		noneHolds(t, kept, "Ann-Smith", "1000. ")
	}
}

// TestNoSampleUnasked: without the user's word no object is listed and none is read.
func TestNoSampleUnasked(t *testing.T) {
	t.Parallel()
	for name, sample := range map[string]Sample{
		"nothing":        {},
		"no prefix":      {Objects: 5},
		"no objects":     {Prefixes: []Prefix{{"vault", "payroll"}}},
		"another bucket": {Objects: 5, Prefixes: []Prefix{{"elsewhere", "payroll"}}},
	} {
		var calls atomic.Int64
		if _, _, err := collectFrom(t, newFake(vault(10, "text", &calls)), Options{Sample: sample}); err != nil {
			t.Fatal(err)
		}
		if n := calls.Load(); n > 0 {
			t.Errorf("%s: %d calls looked into buckets", name, n)
		}
	}
}

// TestSampleOfLongHeaders: where the first KiB does not tell all keys, more of the very same object is read, once and up to a bound.
func TestSampleOfLongHeaders(t *testing.T) {
	t.Parallel()
	var keys []esdk.WrappingKey
	for i := range 15 {
		k, err := esdk.NewRawAES("onus", fmt.Sprintf("%060d", i), make([]byte, 32))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	message, err := esdk.Seal(t.Context(), nil, make([]byte, 5000), esdk.WriteOptions{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int64
	answer := vault(1, string(message), &calls)
	var ranges []string
	kept, _, err := collectFrom(t, newFake(func(a asked, out any) error {
		object, ok := out.(*s3.GetObjectOutput)
		if !ok {
			return answer(a, out)
		}
		in := a.in.(*s3.GetObjectInput)
		var from, to int
		if _, err := fmt.Sscanf(aws.ToString(in.Range), "bytes=%d-%d", &from, &to); err != nil {
			return err
		}
		if in.VersionId == nil {
			ranges = append(ranges, aws.ToString(in.Range)+" "+aws.ToString(in.IfMatch))
		}
		object.ETag = aws.String("etag")
		object.Body = io.NopCloser(bytes.NewReader(message[from:min(to+1, len(message))]))
		return nil
	}), Options{Sample: Sample{Objects: 5, Prefixes: []Prefix{{"vault", "payroll"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(ranges, ", "), "bytes=0-1023 , bytes=1024-65535 etag"; got != want {
		t.Errorf("asked %q, want %q", got, want)
	}
	for _, o := range of(kept, "global", "s3:GetObject") {
		var page struct{ Sample ciphertext.Facts }
		if err := json.Unmarshal(o.Pages[0], &page); err != nil {
			t.Fatal(err)
		}
		if len(page.Sample.Keys) != 15 || page.Sample.KeysUnseen {
			t.Errorf("%s", o.Pages[0])
		}
	}
}

// TestSampleRefused: a listing and an object that may not be read are recorded as such.
func TestSampleRefused(t *testing.T) {
	t.Parallel()
	for _, id := range []operation.ID{"s3:ListObjectsV2", "s3:ListObjectVersions", "s3:GetObject"} {
		var calls atomic.Int64
		answer := vault(3, "text", &calls)
		kept, _, err := collectFrom(t, newFake(func(a asked, out any) error {
			if a.id == id {
				return refusal("AccessDenied", "no")
			}
			return answer(a, out)
		}), Options{Sample: Sample{Objects: 1, Prefixes: []Prefix{{"vault", "payroll"}}}})
		if err != nil {
			t.Fatal(err)
		}
		if r := of(kept, "global", id)[0]; r.Outcome != operation.Denied || len(r.Pages) > 0 {
			t.Errorf("%s: %v %s", id, r.Outcome, r.Pages)
		}
	}
}

func noneHolds(t *testing.T, kept []responses.Response, secrets ...string) {
	t.Helper()
	for _, r := range kept {
		raw, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			if bytes.Contains(raw, []byte(secret)) {
				t.Errorf("%s holds %q: %.300s", r.Operation, secret, raw)
			}
		}
	}
}
