package esdk

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// A Writer seals what is written to it. The message is complete only once Close has returned nil.
type Writer struct {
	dst     io.Writer
	frames  *frames
	sign    *signer
	number  uint64 // of the next frame
	pending []byte // plaintext of a piece that is not full yet
	ring    []piece
	err     error
	closed  bool
}

// A piece is one frame or several, sealed or opened at once by one goroutine.
type piece struct {
	plain, sealed []byte
	done          chan struct{}
}

// NewWriter writes the header of a new message to dst and returns the writer of its plaintext. The context is for
// the wrapping keys, and not kept.
func NewWriter(ctx context.Context, dst io.Writer, opts WriteOptions) (*Writer, error) {
	header, f, sign, err := start(ctx, &opts)
	if err != nil {
		return nil, err
	}
	w := &Writer{dst: dst, frames: f, sign: sign, number: 1, ring: make([]piece, pieces(opts.Parallel))}
	for i := range w.ring {
		w.ring[i].done = make(chan struct{}, 1)
	}
	if err := w.emit(header); err != nil {
		return nil, err
	}
	return w, nil
}

var errClosed = errors.New("esdk: write to a closed message")

// emit writes sealed bytes, in order.
func (w *Writer) emit(sealed []byte) error {
	if w.sign != nil {
		w.sign.Write(sealed)
	}
	if n, err := w.dst.Write(sealed); err != nil {
		w.err = err
	} else if n != len(sealed) {
		w.err = io.ErrShortWrite
	}
	return w.err
}

// Write implements [io.Writer]. Whole frames are sealed straight from p; the rest is kept. After an error the message is lost.
func (w *Writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if w.closed {
		return 0, errClosed
	}
	total := len(p)
	if len(w.pending) > 0 {
		n := min(len(p), w.batch()-len(w.pending))
		w.pending = append(w.pending, p[:n]...)
		p = p[n:]
		if len(w.pending) < w.batch() {
			return total, nil
		}
		if err := w.sealAll(w.pending); err != nil {
			return 0, err
		}
		w.pending = w.pending[:0]
	}
	whole := len(p) - len(p)%w.frames.length
	if err := w.sealAll(p[:whole]); err != nil {
		return 0, err
	}
	w.pending = append(w.pending, p[whole:]...)
	return total, nil
}

// batch is how much plaintext of short writes is kept until it is sealed: one frame, or a piece for each goroutine.
func (w *Writer) batch() int {
	if len(w.ring) == 1 {
		return w.frames.length
	}
	return len(w.ring) * w.frames.perPiece(len(w.ring)) * w.frames.length
}

// sealAll seals and writes plaintext that is a multiple of the frame length.
func (w *Writer) sealAll(plaintext []byte) error {
	size := w.frames.perPiece(len(w.ring)) * w.frames.length
	return w.pump(func(*piece) ([]byte, error) {
		n := min(len(plaintext), size)
		next := plaintext[:n:n]
		plaintext = plaintext[n:]
		return next, nil
	})
}

// ReadFrom implements [io.ReaderFrom]: it seals all that src holds, reading while it seals.
func (w *Writer) ReadFrom(src io.Reader) (int64, error) {
	if w.err != nil {
		return 0, w.err
	}
	if w.closed {
		return 0, errClosed
	}
	var total int64
	// What is pending starts the first piece, without the whole frames that short writes left in it.
	whole := len(w.pending) - len(w.pending)%w.frames.length
	if err := w.sealAll(w.pending[:whole]); err != nil {
		return 0, err
	}
	carry := w.pending[whole:]
	w.pending = nil
	size := w.frames.perPiece(len(w.ring)) * w.frames.length
	ended := false
	err := w.pump(func(p *piece) ([]byte, error) {
		if ended {
			return nil, nil
		}
		if cap(p.plain) < size {
			p.plain = make([]byte, size)
		}
		p.plain = p.plain[:size]
		kept := copy(p.plain, carry)
		carry = nil
		n, err := io.ReadFull(src, p.plain[kept:])
		total += int64(n)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			ended, err = true, nil
		}
		got := p.plain[:kept+n]
		if ended {
			whole := len(got) - len(got)%w.frames.length
			w.pending = append([]byte(nil), got[whole:]...)
			got = got[:whole]
		}
		return got, err
	})
	return total, err
}

// pump takes plaintext from next until it gives none, seals it in as many goroutines as there are places in the ring, and writes it in
// order. No goroutine is left when it returns.
func (w *Writer) pump(next func(*piece) ([]byte, error)) error {
	taken, written := 0, 0
	flush := func() error {
		p := &w.ring[written%len(w.ring)]
		written++
		if len(w.ring) > 1 {
			<-p.done
		}
		if w.err != nil {
			return w.err
		}
		return w.emit(p.sealed)
	}
	var failed error
	for {
		if taken-written == len(w.ring) {
			if failed = flush(); failed != nil {
				break
			}
		}
		p := &w.ring[taken%len(w.ring)]
		plaintext, err := next(p)
		if err != nil {
			failed = err
			break
		}
		if len(plaintext) == 0 {
			break
		}
		first := w.number
		w.number += uint64(len(plaintext) / w.frames.length)
		if w.number > maxRegular+1 {
			failed = fmt.Errorf("esdk: a message has at most %d frames: use a longer frame", uint64(maxRegular)+1)
			break
		}
		taken++
		if need := len(plaintext) / w.frames.length * w.frames.size(); cap(p.sealed) < need {
			p.sealed = make([]byte, 0, need)
		}
		if len(w.ring) == 1 {
			p.sealed = w.frames.seal(p.sealed[:0], uint32(first), plaintext)
			continue
		}
		go func() {
			p.sealed = w.frames.seal(p.sealed[:0], uint32(first), plaintext)
			p.done <- struct{}{}
		}()
	}
	if failed != nil {
		w.err = failed
	}
	for written < taken {
		if err := flush(); err != nil {
			failed = err
		}
	}
	return failed
}

// Close seals what is left as the final frame, signs the message if its suite says so, and does not close what it writes to. A
// message that was not closed does not open.
func (w *Writer) Close() error {
	if w.closed {
		return w.err
	}
	w.closed = true
	if w.err != nil {
		return w.err
	}
	whole := len(w.pending) - len(w.pending)%w.frames.length
	if err := w.sealAll(w.pending[:whole]); err != nil {
		return err
	}
	rest := w.pending[whole:]
	tail := w.frames.sealFinal(make([]byte, 0, finalExtra+len(rest)), uint32(w.number), rest)
	clear(w.pending)
	if err := w.emit(tail); err != nil || w.sign == nil {
		return err
	}
	footer, err := w.sign.footer()
	if err != nil {
		w.err = err
		return err
	}
	w.sign = nil
	return w.emit(footer)
}

// Seal appends the message of a whole plaintext to dst, in the caller's goroutine: for small objects. The plaintext must not
// overlap the room behind dst.
func Seal(ctx context.Context, dst, plaintext []byte, opts WriteOptions) ([]byte, error) {
	header, f, sign, err := start(ctx, &opts)
	if err != nil {
		return nil, err
	}
	count := len(plaintext) / f.length
	if uint64(count) > maxRegular {
		return nil, fmt.Errorf("esdk: a message has at most %d frames: use a longer frame", uint64(maxRegular)+1)
	}
	whole := count * f.length
	at := len(dst)
	need := at + len(header) + count*f.size() + finalExtra + len(plaintext) - whole + maxFooter
	if cap(dst) < need {
		dst = append(make([]byte, 0, need), dst...)
	}
	dst = append(dst, header...)
	dst = f.seal(dst, 1, plaintext[:whole])
	dst = f.sealFinal(dst, uint32(count+1), plaintext[whole:])
	if sign == nil {
		return dst, nil
	}
	sign.Write(dst[at:])
	footer, err := sign.footer()
	return append(dst, footer...), err
}
