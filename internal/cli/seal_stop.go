package cli

import (
	"context"
	"io"
	"os"
)

// stopping is a source that fails when the context ends. An end that it came to by then is none: a signal of the terminal also stops the program
// that writes to the pipe, and half of a stream would pass for the whole.
type stopping struct {
	ctx context.Context
	io.Reader
}

func (s stopping) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.Reader.Read(p)
	if stopped := s.ctx.Err(); stopped != nil {
		return 0, stopped
	}
	return n, err
}

// waiting is a source that may keep its reader waiting for ever, a pipe or a terminal, and fails when the context ends. A read that waits then is
// left behind, and nobody sees what it gives.
type waiting struct {
	ctx  context.Context
	src  io.Reader
	room []byte
	got  chan chunk
	rest []byte // of room
	err  error  // after the rest
}

type chunk struct {
	n   int
	err error
}

func newWaiting(ctx context.Context, src io.Reader) io.Reader {
	return &waiting{ctx: ctx, src: src, room: make([]byte, 64<<10), got: make(chan chunk, 1)}
}

func (w *waiting) Read(p []byte) (int, error) {
	if len(w.rest) == 0 && w.err == nil && len(p) > 0 {
		go func() {
			n, err := w.src.Read(w.room)
			w.got <- chunk{n, err}
		}()
		select {
		case c := <-w.got:
			w.rest, w.err = w.room[:c.n], c.err
		case <-w.ctx.Done():
			w.err = w.ctx.Err()
		}
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	if len(w.rest) > 0 {
		return n, nil
	}
	return n, w.err
}

// openWaiting opens what is no regular file. A named pipe lets itself be opened once somebody writes to it.
func openWaiting(ctx context.Context, path string) (io.ReadCloser, error) {
	type opened struct {
		f   *os.File
		err error
	}
	got := make(chan opened, 1)
	go func() {
		f, err := os.Open(path)
		got <- opened{f, err}
	}()
	select {
	case o := <-got:
		if o.err != nil {
			return nil, o.err
		}
		return struct {
			io.Reader
			io.Closer
		}{newWaiting(ctx, o.f), o.f}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
