package seal

import (
	"context"
	"io"
	"sync"
)

const (
	windowBytes  = 8 << 20
	windowsAhead = 4 // windows that are fetched at once
)

// Ranged reads any range of a plaintext.
type Ranged struct {
	// Key is the one that opened, if it is one of OpenOptions.Keys.
	Key *Key

	at     io.ReaderAt
	size   int64
	window int64 // of plaintext, fetched with one read of the source
	extent func(off, n int64) (from, to int64)
	held   *windows
}

// ReadAt implements io.ReaderAt.
func (r *Ranged) ReadAt(p []byte, off int64) (int, error) { return r.at.ReadAt(p, off) }

// Range writes n bytes of the plaintext from an offset to w. Of the source, it reads the frames that hold them, in a few large reads,
// several at once: at most 32 MiB of it and 8 MiB of plaintext are in memory.
func (r *Ranged) Range(ctx context.Context, w io.Writer, off, n int64) error {
	n = min(n, r.size-off)
	ctx, cancel := context.WithCancel(ctx)
	ready := make(chan chan window, windowsAhead-2)
	free := make(chan []byte, windowsAhead) // memory of windows that were handed out
	done := make(chan struct{})
	defer func() {
		cancel()
		for answer := range ready {
			<-answer
		}
		<-done
	}()
	go func() {
		defer close(done)
		defer close(ready)
		for at := off; at < off+n; at += r.window {
			answer := make(chan window, 1)
			var room []byte
			select {
			case room = <-free:
			default:
			}
			go func() { answer <- r.fetch(at, min(r.window, off+n-at), room) }()
			select {
			case ready <- answer:
			case <-ctx.Done():
				<-answer
				return
			}
		}
	}()
	plaintext := make([]byte, min(r.window, max(n, 0)))
	for answer := range ready {
		next := <-answer
		if next.err != nil {
			return next.err
		}
		p := plaintext[:next.n]
		r.held.hold(next)
		_, err := r.at.ReadAt(p, next.off)
		r.held.drop(next)
		if err != nil && err != io.EOF {
			return err
		}
		if _, err := w.Write(p); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		free <- next.data // there are never more than it holds
	}
	return ctx.Err()
}

func (r *Ranged) fetch(off, n int64, room []byte) window {
	from, to := r.extent(off, n)
	if int64(cap(room)) < to-from {
		room = make([]byte, to-from)
	}
	next := window{off: off, n: n, from: from, data: room[:to-from]}
	if len(next.data) > 0 {
		if _, err := r.held.src.ReadAt(next.data, from); err != nil && err != io.EOF {
			next.err = err
		}
	}
	return next
}

// A window is a run of the source that holds n bytes of the plaintext from off.
type window struct {
	off, n int64
	from   int64
	data   []byte
	err    error
}

// windows is a source of which some runs are in memory.
type windows struct {
	src  io.ReaderAt
	mu   sync.Mutex
	held []window
}

// startOf fetches the start of a source at once: a header is read in many small pieces, each of which would be a request to S3.
func startOf(src io.ReaderAt, size int64) (*windows, error) {
	start := window{off: -1, data: make([]byte, max(0, min(size, HeadLength)))}
	n, err := src.ReadAt(start.data, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	start.data = start.data[:n]
	return &windows{src: src, held: []window{start}}, nil
}

func (w *windows) hold(next window) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = append(w.held, next)
}

func (w *windows) drop(old window) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.held {
		if w.held[i].off == old.off && w.held[i].n == old.n {
			w.held = append(w.held[:i], w.held[i+1:]...)
			return
		}
	}
}

// ReadAt implements io.ReaderAt.
func (w *windows) ReadAt(p []byte, off int64) (int, error) {
	w.mu.Lock()
	for _, h := range w.held {
		if off >= h.from && off+int64(len(p)) <= h.from+int64(len(h.data)) {
			n := copy(p, h.data[off-h.from:])
			w.mu.Unlock()
			return n, nil
		}
	}
	w.mu.Unlock()
	return w.src.ReadAt(p, off)
}

// ageExtent says where the chunks of an age file lie: after its header and a nonce, 64 KiB of plaintext and a tag each:
// https://c2sp.org/age#payload
func ageExtent(size, plaintext int64) func(off, n int64) (from, to int64) {
	const chunk, tag = 64 << 10, 16
	chunks := max(1, (plaintext+chunk-1)/chunk)
	body := size - plaintext - chunks*tag // where the first chunk starts, behind the nonce
	return func(off, n int64) (from, to int64) {
		if off < 0 || n <= 0 || off >= plaintext {
			return 0, 0
		}
		last := min((off+n-1)/chunk, chunks-1)
		return body + off/chunk*(chunk+tag), min(size, body+(last+1)*(chunk+tag))
	}
}
