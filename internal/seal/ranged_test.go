package seal

import (
	"bytes"
	"io"
	"sync"
	"testing"
)

// counted counts what is read of a source.
type counted struct {
	io.ReaderAt
	mu    sync.Mutex
	reads int
	bytes int
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	c.mu.Lock()
	c.reads++
	c.bytes += len(p)
	c.mu.Unlock()
	return c.ReaderAt.ReadAt(p, off)
}

func TestRangesFetchTheFramesThatHoldThem(t *testing.T) {
	t.Parallel()
	plaintext := bytes.Repeat([]byte("0123456789abcdef"), (2*windowBytes+5*64<<10)/16)
	for _, kind := range []Kind{AES, Age} {
		k := newTestKey(t, "a", kind)
		format := ESDK
		if kind == Age {
			format = AgeFormat
		}
		sealed, err := Sealed(t.Context(), plaintext, SealOptions{Format: format, Keys: []*Key{k}})
		if err != nil {
			t.Fatal(err)
		}
		source := &counted{ReaderAt: bytes.NewReader(sealed)}
		r, size, err := DecryptAt(t.Context(), source, int64(len(sealed)), OpenOptions{Keys: []*Key{k}})
		if err != nil || size != int64(len(plaintext)) {
			t.Fatalf("%d, %v", size, err)
		}
		for _, span := range [][2]int64{{0, 1}, {5, 64 << 10}, {64 << 10, 64 << 10}, {0, size}, {windowBytes - 3, windowBytes + 7}, {size - 10, 10}, {size - 10, 100}, {0, 0}} {
			off, n := span[0], span[1]
			source.reads, source.bytes = 0, 0
			var got bytes.Buffer
			if err := r.Range(t.Context(), &got, off, n); err != nil {
				t.Fatalf("%s: %d bytes from %d: %v", kind, n, off, err)
			}
			if want := plaintext[off:min(off+n, size)]; !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%s: %d bytes from %d: %d other bytes", kind, n, off, got.Len())
			}
			const frame = 64<<10 + 48
			if most := int(n)/(64<<10)*frame + 4*frame; source.bytes > most || source.reads > 4 {
				t.Errorf("%s: %d bytes from %d: %d reads of %d bytes", kind, n, off, source.reads, source.bytes)
			}
		}
		// Frames that were altered are not handed out, whatever was before.
		altered := bytes.Clone(sealed)
		altered[len(altered)/2] ^= 1
		if r, _, err = DecryptAt(t.Context(), bytes.NewReader(altered), int64(len(sealed)), OpenOptions{Keys: []*Key{k}}); err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := r.Range(t.Context(), &got, 0, size); err != ErrOpen || !bytes.HasPrefix(plaintext, got.Bytes()) {
			t.Errorf("%s: altered: %d bytes, %v", kind, got.Len(), err)
		}
		if err := r.Range(t.Context(), &got, 0, 10); err != nil {
			t.Errorf("%s: far from what was altered: %v", kind, err)
		}
	}
}
