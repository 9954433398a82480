package objects

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/onus-cloud/onus/internal/testbed"
)

// servers are two that speak S3 and that nobody here wrote.
var servers = map[string]func(t *testing.T) string{
	"moto": func(t *testing.T) string { return testbed.Start(t).URL },
	"gofakes3": func(t *testing.T) string {
		server := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
		t.Cleanup(server.Close)
		return server.URL
	},
}

func at(t *testing.T, url string) *Client {
	t.Helper()
	return newClient(aws.Config{Region: "us-east-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("AKIAONUS123456789012", "testing", "")})
}

func withBucket(t *testing.T, url string) *Client {
	t.Helper()
	c := at(t, url)
	if _, err := c.in("us-east-1").CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("box")}); err != nil {
		t.Fatal(err)
	}
	return c
}

func noise(n int) []byte {
	data := make([]byte, n)
	rand.NewChaCha8([32]byte{2}).Read(data)
	return data
}

func readAll(t *testing.T, c *Client, at Location) []byte {
	t.Helper()
	o, err := c.Stat(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	r := c.Read(t.Context(), o)
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestObjects(t *testing.T) {
	t.Parallel()
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := withBucket(t, start(t))
			key := Location{"box", "a folder/ünï+code%20 &?=.bin"}
			if _, err := c.Stat(t.Context(), key); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("before: %v", err)
			}
			if err := c.Target(key).Put(t.Context(), []byte("hello")); err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, c, key); string(got) != "hello" {
				t.Errorf("%q", got)
			}
			if err := c.Target(Location{"box", "empty"}).Put(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, c, Location{"box", "empty"}); len(got) != 0 {
				t.Errorf("%q", got)
			}
			var keys []string
			for o, err := range c.List(t.Context(), Location{"box", ""}) {
				if err != nil {
					t.Fatal(err)
				}
				keys = append(keys, o.Key)
			}
			if strings.Join(keys, "|") != key.Key+"|empty" {
				t.Errorf("listed %q", keys)
			}
			if err := c.Target(Location{"no-such-box", "a"}).Put(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "no bucket") {
				t.Errorf("no bucket: %v", err)
			}
			if start, err := c.Target(key).Start(t.Context(), 100); string(start) != "hello" {
				t.Errorf("start: %q, %v", start, err)
			}
		})
	}
}

// TestKeysThatXMLCannotCarry: one such key, which anybody who may write can make, does not hide the others.
func TestKeysThatXMLCannotCarry(t *testing.T) {
	t.Parallel()
	c := withBucket(t, servers["moto"](t))
	keys := []string{"p/a b+c%2Bd", "p/\x1b[31m", "p/ü"}
	for _, key := range keys {
		if err := c.Target(Location{"box", key}).Put(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for o, err := range c.List(t.Context(), Location{"box", "p/"}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, o.Key)
	}
	slices.Sort(keys)
	if !slices.Equal(got, keys) {
		t.Errorf("listed %q", got)
	}
}

func TestUploadInParts(t *testing.T) {
	t.Parallel()
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := withBucket(t, start(t))
			target := c.Target(Location{"box", "big"})
			whole := noise(5<<20 + 9<<20 + 17)
			begun := time.Now()
			upload, err := target.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if open, err := target.Uploads(t.Context(), begun.Add(time.Hour)); err != nil || len(open) != 1 || open[0] != upload {
				t.Errorf("open: %q, %v", open, err)
			}
			if open, err := c.Target(Location{"box", "bi"}).Uploads(t.Context(), begun.Add(time.Hour)); err != nil || len(open) != 0 {
				t.Errorf("open to another place: %q, %v", open, err)
			}
			tags := make([]string, 3)
			for i, cut := range [][2]int{{0, 5 << 20}, {5 << 20, 14 << 20}, {14 << 20, len(whole)}} {
				if tags[i], err = target.PutPart(t.Context(), upload, i+1, whole[cut[0]:cut[1]]); err != nil {
					t.Fatal(err)
				}
			}
			listed, sizes, err := target.Parts(t.Context(), upload)
			if err != nil || len(listed) != 3 || listed[2] != tags[1] || sizes[3] != 17 {
				t.Errorf("parts %v of %v, %v; sent %q", listed, sizes, err, tags)
			}
			if _, err := c.Stat(t.Context(), target.at); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("it is there too early: %v", err)
			}
			if err := target.Finish(t.Context(), upload, tags); err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, c, target.at); !bytes.Equal(got, whole) {
				t.Errorf("%d other bytes", len(got))
			}
			// S3 may answer a second time as the first, or not know the upload any more.
			if err := target.Finish(t.Context(), upload, tags); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("finished twice: %v", err)
			}
			if err := target.End(t.Context(), upload); err != nil {
				t.Errorf("ended after it was finished: %v", err)
			}
			if _, _, err := target.Parts(t.Context(), upload); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("parts after it was finished: %v", err)
			}
			if upload, err = target.Begin(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := target.End(t.Context(), upload); err != nil {
				t.Fatal(err)
			}
			if open, err := target.Uploads(t.Context(), begun.Add(time.Hour)); err != nil || len(open) != 0 {
				t.Errorf("left open: %q, %v", open, err)
			}
		})
	}
}

func TestRangesAreOfOneObject(t *testing.T) {
	t.Parallel()
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := withBucket(t, start(t))
			key := Location{"box", "big"}
			whole := noise(2*RangeBytes + 100)
			if err := c.Target(key).Put(t.Context(), whole); err != nil {
				t.Fatal(err)
			}
			o, err := c.Stat(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			r := c.At(t.Context(), o)
			for _, span := range [][2]int64{{0, 1}, {5, 100}, {RangeBytes, 7}, {o.Size - 3, 3}, {o.Size - 3, 30}, {o.Size, 1}} {
				p := make([]byte, span[1])
				n, err := r.ReadAt(p, span[0])
				want := whole[min(span[0], o.Size):min(span[0]+span[1], o.Size)]
				if !bytes.Equal(p[:n], want) || (err == io.EOF) != (n < len(p)) || err != nil && err != io.EOF {
					t.Errorf("%d bytes from %d: %d, %v", span[1], span[0], n, err)
				}
			}
			stream := c.Read(t.Context(), o)
			defer stream.Close()
			if _, err := io.ReadFull(stream, make([]byte, 10)); err != nil {
				t.Fatal(err)
			}
			whole[0] ^= 1
			if err := c.Target(key).Put(t.Context(), whole); err != nil {
				t.Fatal(err)
			}
			if _, err := r.ReadAt(make([]byte, 10), 0); !errors.Is(err, ErrChanged) {
				t.Errorf("replaced: %v", err)
			}
			if err := c.Replacing(o).Put(t.Context(), []byte("mine")); !errors.Is(err, ErrChanged) {
				t.Errorf("replacing what was replaced: %v", err)
			}
			if o, err = c.Stat(t.Context(), key); err != nil {
				t.Fatal(err)
			}
			if err := c.Replacing(o).Put(t.Context(), []byte("mine")); err != nil {
				t.Errorf("replacing what is there: %v", err)
			}
		})
	}
}

// wire is a server that gives one object, and answers as a test wants it to.
func wire(t *testing.T, object []byte, answer func(n int64, w http.ResponseWriter, r *http.Request) bool) (*Client, Object) {
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"x"`)
		if answer(calls.Add(1), w, r) {
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(object))
	}))
	t.Cleanup(server.Close)
	return at(t, server.URL), Object{Location: Location{"box", "k"}, Size: int64(len(object)), ETag: `"x"`}
}

func TestAnswersThatBreakOffAreAskedAgain(t *testing.T) {
	t.Parallel()
	whole := noise(100_000)
	c, o := wire(t, whole, func(n int64, w http.ResponseWriter, r *http.Request) bool {
		if n > 2 {
			return false
		}
		from := len(whole) / 4 * int(n-1)
		w.Header().Set("Content-Range", "bytes "+strings.TrimPrefix(r.Header.Get("Range"), "bytes=")+"/100000")
		w.Header().Set("Content-Length", "100000")
		if n == 2 {
			w.Header().Set("Content-Length", "75000")
		}
		w.WriteHeader(http.StatusPartialContent)
		w.Write(whole[from : from+len(whole)/4])
		return true // and the connection is closed, since more was promised
	})
	got := make([]byte, len(whole))
	if n, err := c.At(t.Context(), o).ReadAt(got, 0); n != len(whole) || err != nil || !bytes.Equal(got, whole) {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestRangesThatWereNotAskedForAreRefused(t *testing.T) {
	t.Parallel()
	whole := noise(1000)
	for _, say := range []string{"bytes 0-99/1000", "bytes 100-199/2000", "", "nonsense"} {
		c, o := wire(t, whole, func(_ int64, w http.ResponseWriter, _ *http.Request) bool {
			if say != "" {
				w.Header().Set("Content-Range", say)
			}
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(http.StatusPartialContent)
			w.Write(whole[:100])
			return true
		})
		if _, err := c.At(t.Context(), o).ReadAt(make([]byte, 100), 100); err == nil {
			t.Errorf("%q is taken for bytes 100 to 199 of 1000", say)
		}
	}
}

func TestStreamIsBounded(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now, most := 0, 0
	release := make(chan struct{}, 100)
	c, o := wire(t, noise(8*RangeBytes), func(_ int64, _ http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		<-release
		mu.Lock()
		now--
		mu.Unlock()
		return false
	})
	for range 100 {
		release <- struct{}{}
	}
	r := c.Read(t.Context(), o)
	if n, err := io.Copy(io.Discard, r); n != o.Size || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := r.Close(); err != nil || most > Ranges {
		t.Errorf("%d ranges in work, %v", most, err)
	}
	for len(release) > 0 { // from here on nothing is answered
		<-release
	}
	ctx, cancel := context.WithCancel(t.Context())
	r = c.Read(ctx, o)
	cancel()
	if _, err := io.Copy(io.Discard, r); err == nil {
		t.Error("a stream goes on after its context")
	}
	for range cap(release) {
		release <- struct{}{}
	}
	r.Close()
}

func TestErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"AccessDenied": "s3:PutObject", "InvalidAccessKeyId": "--profile", "NoSuchBucket": "check its name"} {
		c, o := wire(t, nil, func(_ int64, w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, "<Error><Code>"+code+"</Code><Message>m</Message></Error>")
			return true
		})
		err := c.Target(o.Location).Put(t.Context(), []byte("x"))
		var r interface{ Rejected() bool }
		if err == nil || !strings.Contains(err.Error(), want) || !errors.As(err, &r) {
			t.Errorf("%s: %v", code, err)
		}
	}
	for _, url := range []string{"s3:/a/b", "s3:///b", "http://a/b", "s3://b/" + strings.Repeat("x", 1025)} {
		if _, err := ParseLocation(url); err == nil {
			t.Errorf("%q is taken", url)
		}
	}
}

func TestKMS(t *testing.T) {
	t.Parallel()
	for _, arn := range []string{"alias/backup", "arn:aws:kms:us-east-1:123456789012:alias/backup", "arn:aws:s3:::b"} {
		if _, err := at(t, "http://127.0.0.1:9").KMS(arn); err == nil {
			t.Errorf("%q is taken", arn)
		}
	}
}
