package esdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// A ReaderAt reads a message at any offset of its plaintext. It fetches and opens only the frames that hold what is asked for. It
// is safe for use by several goroutines if its source is.
//
// The final frame was proved when it was opened, so the length is too. What is read is proved frame by frame; that the frames never read are
// whole is not known.
type ReaderAt struct {
	header   Header
	src      io.ReaderAt
	frames   *frames
	body     int64 // where the first frame starts
	count    int64 // regular frames
	final    []byte
	parallel int
}

// NewReaderAt opens a message of that many bytes. Messages without frames are refused with ErrNoRanges, and so are signed ones: a signature is
// about the whole message.
func NewReaderAt(ctx context.Context, src io.ReaderAt, size int64, opts ReadOptions) (*ReaderAt, error) {
	if size < 0 {
		return nil, errors.New("esdk: the size of a message is not negative")
	}
	section := io.NewSectionReader(src, 0, size)
	h, err := parseHeader(section, &opts)
	if err != nil {
		return nil, err
	}
	switch {
	case h.FrameLength == 0:
		return nil, fmt.Errorf("%w: it has no frames: read it as a stream", ErrNoRanges)
	case h.Suite.Signed():
		return nil, fmt.Errorf("%w: its signature is about all of it: read it as a stream", ErrNoRanges)
	}
	f, _, err := unlock(ctx, h, section, &opts)
	if err != nil {
		return nil, err
	}
	body, err := section.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, err
	}
	r := &ReaderAt{header: *h, src: src, frames: f, body: body, parallel: pieces(opts.Parallel)}
	// n regular frames and a final one of length l make n*size + finalExtra + l bytes. Since l <= length < size, there is one
	// way, or none, to read a total.
	rest := size - body - finalExtra
	if rest < 0 || rest%int64(f.size()) > int64(f.length) || rest/int64(f.size()) > maxRegular {
		return nil, ErrOpen
	}
	if most := opts.maxFrame(); h.FrameLength > most {
		head := make([]byte, finalHead)
		if err := readAt(src, head, body); err != nil {
			return nil, err
		}
		if length, err := onlyFinal(head, most); err != nil {
			return nil, err
		} else if int64(length) != rest {
			return nil, ErrOpen
		}
	}
	r.count = rest / int64(f.size())
	raw := make([]byte, finalExtra+rest%int64(f.size()))
	if err := readAt(src, raw, body+r.count*int64(f.size())); err != nil {
		return nil, err
	}
	frame, extra, err := f.cutFinal(raw)
	if err != nil || len(extra) > 0 {
		return nil, ErrOpen
	}
	if r.final, err = f.openFinal(nil, frame, uint32(r.count+1)); err != nil {
		return nil, err
	}
	return r, nil
}

// readAt reads all of p. A source that ends before it is a message cut off.
func readAt(src io.ReaderAt, p []byte, off int64) error {
	n, err := src.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return sourceError(err)
}

// Header returns the message's header, which is proved.
func (r *ReaderAt) Header() Header { return r.header }

// Size returns the length of the plaintext.
func (r *ReaderAt) Size() int64 { return r.count*int64(r.frames.length) + int64(len(r.final)) }

// ReadAt implements [io.ReaderAt]. On an error, what it returns as read is proved; the rest of p may be overwritten.
func (r *ReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("esdk: read at a negative offset")
	}
	if off >= r.Size() {
		return 0, io.EOF
	}
	var end error
	if left := r.Size() - off; int64(len(p)) > left {
		p, end = p[:left], io.EOF
	}
	type span struct {
		p   []byte
		off int64
		n   int
		err error
	}
	length := int64(r.frames.length)
	step := int64(r.frames.perPiece(r.parallel)) * length
	var spans []*span
	for at := 0; at < len(p); {
		from := off + int64(at)
		n := int(min(int64(len(p)-at), step-from%length))
		spans = append(spans, &span{p: p[at : at+n : at+n], off: from})
		at += n
	}
	if r.parallel == 1 || len(spans) == 1 {
		for _, s := range spans {
			if s.n, s.err = r.readSpan(s.p, s.off); s.err != nil {
				break
			}
		}
	} else {
		var wait sync.WaitGroup
		work := make(chan *span)
		for range min(r.parallel, len(spans)) {
			wait.Go(func() {
				for s := range work {
					s.n, s.err = r.readSpan(s.p, s.off)
				}
			})
		}
		for _, s := range spans {
			work <- s
		}
		close(work)
		wait.Wait()
	}
	total := 0
	for _, s := range spans {
		total += s.n
		if s.err != nil {
			return total, s.err
		}
	}
	return total, end
}

// readSpan reads frames that lie side by side with one read of the source.
func (r *ReaderAt) readSpan(p []byte, off int64) (int, error) {
	length, size := int64(r.frames.length), int64(r.frames.size())
	first, last := off/length, (off+int64(len(p))-1)/length
	last = min(last, r.count-1)
	total := 0
	if first <= last {
		raw := make([]byte, (last-first+1)*size)
		if err := readAt(r.src, raw, r.body+first*size); err != nil {
			return 0, err
		}
		var s scratch
		skip := int(off % length)
		for number := first; number <= last; number++ {
			at := (number - first) * size
			into := []byte(nil)
			if skip == 0 && int64(len(p)-total) >= length {
				into = p[total : total+int(length) : total+int(length)]
			}
			plaintext, err := r.frames.open(&s, into, raw[at:at+size:at+size], uint32(number+1))
			if err != nil {
				return total, err
			}
			if into != nil {
				total += int(length)
				continue
			}
			total += copy(p[total:], plaintext[skip:])
			skip = 0
		}
	}
	if total < len(p) { // the rest is of the final frame
		total += copy(p[total:], r.final[off+int64(total)-r.count*length:])
	}
	return total, nil
}

// Range returns a reader of n bytes of the plaintext from an offset.
func (r *ReaderAt) Range(off, n int64) *io.SectionReader { return io.NewSectionReader(r, off, n) }
