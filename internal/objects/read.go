package objects

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	// RangeBytes is how much one request of a Reader asks for, and Ranges how many are in work: at most RangeBytes times Ranges of an
	// object are in memory.
	RangeBytes = 8 << 20
	Ranges     = 4

	attempts = 4 // to read one range: the SDK repeats a request, not the reading of its answer
)

// At reads any range of one version of an object, one request each. The context is for all its requests.
func (c *Client) At(ctx context.Context, o Object) *ReaderAt {
	return &ReaderAt{ctx, c.bucket(ctx, o.Bucket), o}
}

// A ReaderAt is an io.ReaderAt over an object that is safe for use by several goroutines.
type ReaderAt struct {
	ctx    context.Context
	client *s3.Client
	object Object
}

// ReadAt implements io.ReaderAt.
func (r *ReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("read at a negative offset")
	}
	if off >= r.object.Size {
		return 0, io.EOF
	}
	var end error
	if left := r.object.Size - off; int64(len(p)) > left {
		p, end = p[:left], io.EOF
	}
	if len(p) == 0 {
		return 0, end
	}
	got := 0
	var err error
	for range attempts {
		var n int
		n, err = r.fetch(p[got:], off+int64(got))
		if got += n; got == len(p) {
			return got, end
		}
		if r.ctx.Err() != nil {
			return got, r.ctx.Err()
		}
		if !errors.Is(err, errCutOff) {
			break
		}
	}
	return got, err
}

// errCutOff is an answer that ended before its end: worth another request.
var errCutOff = errors.New("the connection broke")

// fetch makes one request. That the ETag is still the same is demanded, so that what is read is of one object.
func (r *ReaderAt) fetch(p []byte, off int64) (int, error) {
	input := &s3.GetObjectInput{
		Bucket: &r.object.Bucket, Key: &r.object.Key,
		Range: aws.String(fmt.Sprintf("bytes=%d-%d", off, off+int64(len(p))-1)),
	}
	if r.object.ETag != "" {
		input.IfMatch = &r.object.ETag
	}
	if r.object.Version != "" && r.object.Version != "null" {
		input.VersionId = &r.object.Version
	}
	out, err := r.client.GetObject(r.ctx, input)
	if err != nil {
		return 0, explain("s3:GetObject", r.object.Location, err)
	}
	defer out.Body.Close()
	want := fmt.Sprintf("bytes %d-%d/%d", off, off+int64(len(p))-1, r.object.Size)
	if got := aws.ToString(out.ContentRange); got != want && (got != "" || off != 0 || int64(len(p)) != r.object.Size) {
		return 0, fmt.Errorf("%s: asked for %q, S3 sent %q", r.object.Location, want, got)
	}
	n, err := io.ReadFull(out.Body, p)
	if err != nil {
		return n, fmt.Errorf("%s: %w: %w", r.object.Location, errCutOff, err)
	}
	return n, nil
}

// Read returns the object as a stream, whose ranges are fetched in parallel and handed out in order. Close ends all that is in work.
func (c *Client) Read(ctx context.Context, o Object) io.ReadCloser {
	ctx, cancel := context.WithCancel(ctx)
	r := &stream{cancel: cancel, done: make(chan struct{}), ranges: make(chan chan fetched, Ranges-2)}
	go r.fetchAll(ctx, c.At(ctx, o), o.Size)
	return r
}

type fetched struct {
	data []byte
	err  error
}

// stream hands out ranges in the order in which they were asked for.
type stream struct {
	cancel context.CancelFunc
	done   chan struct{}
	ranges chan chan fetched // at most Ranges in work: those queued, the one waiting to be queued, the one being handed out
	rest   []byte
	err    error
	broken error // why not all ranges were asked for; set before ranges is closed
}

func (r *stream) fetchAll(ctx context.Context, at *ReaderAt, size int64) {
	defer close(r.done)
	defer close(r.ranges)
	for off := int64(0); off < size; off += RangeBytes {
		answer := make(chan fetched, 1)
		go func() {
			data := make([]byte, min(RangeBytes, size-off))
			_, err := at.ReadAt(data, off)
			if err == io.EOF {
				err = nil
			}
			answer <- fetched{data, err}
		}()
		select {
		case r.ranges <- answer:
		case <-ctx.Done():
			<-answer
			r.broken = ctx.Err()
			return
		}
	}
}

func (r *stream) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		answer, ok := <-r.ranges
		if !ok {
			if r.err = r.broken; r.err == nil {
				r.err = io.EOF // all was asked for, and all was handed out
			}
			continue
		}
		next := <-answer
		if next.err != nil {
			r.err = next.err
			r.cancel()
			continue
		}
		r.rest = next.data
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Close ends what is in work and waits for it.
func (r *stream) Close() error {
	r.cancel()
	for answer := range r.ranges {
		<-answer
	}
	<-r.done
	if r.err == nil {
		r.err = errors.New("read from a closed object")
	}
	return nil
}
