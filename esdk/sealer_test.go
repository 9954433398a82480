package esdk

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func TestPiecesInAnyOrderMakeTheMessage(t *testing.T) {
	t.Parallel()
	key := rawKey(t, "a")
	for _, size := range []int{0, 1, 128, 1000, 1024, 5000} {
		plaintext := pattern(size)
		opts := WriteOptions{Keys: []WrappingKey{key}, FrameLength: 128, Context: map[string]string{"a": "b"}, BoundContext: map[string]string{"c": "d"}}
		s, err := NewSealer(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		read := ReadOptions{Keys: []WrappingKey{key}, Context: map[string]string{"a": "b", "c": "d"}}
		again, err := ResumeSealer(t.Context(), s.Header(), read)
		if err != nil {
			t.Fatal(err)
		}
		const part = 3 * 128
		var parts [][]byte
		for at := 0; ; at += part {
			first := uint32(at/128 + 1)
			rest := plaintext[at:]
			if len(rest) < part {
				end, err := again.SealEnd(nil, first, rest)
				if err != nil || len(end) != s.SealedLength(len(rest), true) {
					t.Fatalf("end: %d bytes, %v", len(end), err)
				}
				parts = append(parts, end)
				break
			}
			// Either of the two gives the same bytes.
			a, errA := s.Seal(nil, first, rest[:part])
			b, errB := again.Seal(nil, first, rest[:part])
			if errA != nil || errB != nil || !bytes.Equal(a, b) || len(a) != s.SealedLength(part, false) {
				t.Fatalf("piece at %d: %v, %v", at, errA, errB)
			}
			parts = append(parts, b)
		}
		message := append(bytes.Clone(s.Header()), bytes.Join(parts, nil)...)
		if got, err := Open(t.Context(), nil, message, read); err != nil || !bytes.Equal(got, plaintext) {
			t.Errorf("%d bytes: %d, %v", size, len(got), err)
		}
	}
}

func TestSealersRefuse(t *testing.T) {
	t.Parallel()
	key := rawKey(t, "a")
	if _, err := NewSealer(t.Context(), WriteOptions{Keys: []WrappingKey{key}, Suite: AES256GCMCommitSigned}); err == nil {
		t.Error("a signed suite is taken")
	}
	s, err := NewSealer(t.Context(), WriteOptions{Keys: []WrappingKey{key}, FrameLength: 128})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		first uint32
		size  int
	}{{0, 128}, {1, 127}, {maxRegular, 256}} {
		if _, err := s.Seal(nil, test.first, make([]byte, test.size)); err == nil {
			t.Errorf("%d bytes as frame %d are sealed", test.size, test.first)
		}
	}
	read := ReadOptions{Keys: []WrappingKey{key}}
	for at := range s.Header() {
		altered := bytes.Clone(s.Header())
		altered[at] ^= 1
		if _, err := ResumeSealer(t.Context(), altered, read); err == nil {
			t.Fatalf("a header with byte %d altered goes on", at)
		}
	}
	if _, err := ResumeSealer(t.Context(), append(bytes.Clone(s.Header()), 0), read); !errors.Is(err, ErrOpen) {
		t.Errorf("a header with a byte too many: %v", err)
	}
	if _, err := ResumeSealer(t.Context(), s.Header(), ReadOptions{Keys: []WrappingKey{rawKey(t, "b")}}); !errors.Is(err, ErrOpen) {
		t.Errorf("another key: %v", err)
	}
}

// TestExtentIsWhatIsFetched holds the extents against the reads that really happen.
func TestExtentIsWhatIsFetched(t *testing.T) {
	t.Parallel()
	plaintext := pattern(10*128 + 5)
	message := seal(t, plaintext, WriteOptions{Keys: []WrappingKey{rawKey(t, "a")}, FrameLength: 128})
	source := &tracked{ReaderAt: bytes.NewReader(message)}
	r, err := NewReaderAt(t.Context(), source, int64(len(message)), ReadOptions{Keys: []WrappingKey{rawKey(t, "a")}, Parallel: 1})
	if err != nil {
		t.Fatal(err)
	}
	for off := range len(plaintext) {
		for _, n := range []int{1, 127, 128, 129, 600, 5000} {
			source.from, source.to = 0, 0
			if _, err := r.ReadAt(make([]byte, n), int64(off)); err != nil && err != io.EOF {
				t.Fatal(err)
			}
			if from, to := r.Extent(int64(off), int64(n)); from != source.from || to != source.to {
				t.Fatalf("%d bytes from %d: extent %d to %d, fetched %d to %d", n, off, from, to, source.from, source.to)
			}
		}
	}
	if from, to := r.Extent(-1, 5); from != 0 || to != 0 {
		t.Errorf("before the start: %d to %d", from, to)
	}
}

type tracked struct {
	io.ReaderAt
	from, to int64
}

func (s *tracked) ReadAt(p []byte, off int64) (int, error) {
	if s.to == 0 {
		s.from = off
	}
	s.to = off + int64(len(p))
	return s.ReaderAt.ReadAt(p, off)
}
