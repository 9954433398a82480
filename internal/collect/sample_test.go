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
		objects := of(kept, "global", "s3:GetObject")
		if len(objects) != test.chosen {
			t.Errorf("of %d: %d objects were looked at, want %d", test.there, len(objects), test.chosen)
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

// TestSampleRefused: a listing and an object that may not be read are recorded as such.
func TestSampleRefused(t *testing.T) {
	t.Parallel()
	for _, id := range []operation.ID{"s3:ListObjectsV2", "s3:GetObject"} {
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
		if r := one(t, kept, "global", id); r.Outcome != operation.Denied || len(r.Pages) > 0 {
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
