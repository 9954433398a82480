package esdk

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"io"
	"testing"
)

// BenchmarkLimit is what AES-256-GCM of the standard library does on one core, a frame at a time: the limit of all else here.
func BenchmarkLimit(b *testing.B) {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	plaintext, iv := pattern(64<<20), make([]byte, 12)
	b.Run("seal", func(b *testing.B) {
		out := make([]byte, 0, DefaultFrameLength+16)
		b.SetBytes(int64(len(plaintext)))
		for b.Loop() {
			for at := 0; at < len(plaintext); at += DefaultFrameLength {
				gcm.Seal(out, iv, plaintext[at:at+DefaultFrameLength], nil)
			}
		}
	})
	b.Run("open", func(b *testing.B) {
		var sealed []byte
		for at := 0; at < len(plaintext); at += DefaultFrameLength {
			sealed = gcm.Seal(sealed, iv, plaintext[at:at+DefaultFrameLength], nil)
		}
		const size = DefaultFrameLength + 16
		out := make([]byte, 0, DefaultFrameLength)
		b.SetBytes(int64(len(plaintext)))
		for b.Loop() {
			for at := 0; at < len(sealed); at += size {
				if _, err := gcm.Open(out, iv, sealed[at:at+size], nil); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// BenchmarkStream seals and opens 64 MiB, in the caller's goroutine (1) and in four pieces at once (4).
func BenchmarkStream(b *testing.B) {
	keys := []WrappingKey{rawKey(b, "a")}
	plaintext := pattern(64 << 20)
	for _, frame := range []int{4096, DefaultFrameLength, 1 << 20} {
		for _, suite := range []Suite{AES256GCMCommit, AES256GCMCommitSigned} {
			if suite.Signed() && frame != DefaultFrameLength {
				continue
			}
			message := seal(b, plaintext, WriteOptions{Keys: keys, FrameLength: frame, Suite: suite})
			for _, parallel := range []int{1, 4} {
				name := fmt.Sprintf("%v/%dKiB/%d", suite, frame>>10, parallel)
				read := ReadOptions{Keys: keys, Parallel: parallel}
				b.Run("seal/"+name, func(b *testing.B) {
					b.SetBytes(int64(len(plaintext)))
					b.ReportAllocs()
					for b.Loop() {
						w, err := NewWriter(b.Context(), io.Discard, WriteOptions{Keys: keys, FrameLength: frame, Suite: suite, Parallel: parallel})
						if err != nil {
							b.Fatal(err)
						}
						if _, err := w.Write(plaintext); err != nil {
							b.Fatal(err)
						}
						if err := w.Close(); err != nil {
							b.Fatal(err)
						}
					}
				})
				b.Run("open/"+name, func(b *testing.B) {
					b.SetBytes(int64(len(plaintext)))
					b.ReportAllocs()
					for b.Loop() {
						r, err := NewReader(b.Context(), bytes.NewReader(message), read)
						if err != nil {
							b.Fatal(err)
						}
						if n, err := r.WriteTo(io.Discard); err != nil || n != int64(len(plaintext)) {
							b.Fatal(n, err)
						}
					}
				})
				if suite.Signed() {
					continue
				}
				b.Run("at/"+name, func(b *testing.B) {
					r, err := NewReaderAt(b.Context(), bytes.NewReader(message), int64(len(message)), read)
					if err != nil {
						b.Fatal(err)
					}
					p := make([]byte, 8<<20)
					b.SetBytes(int64(len(p)))
					for b.Loop() {
						if _, err := r.ReadAt(p, 12345); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

// BenchmarkSmall seals and opens objects of 4 KiB, on all cores.
func BenchmarkSmall(b *testing.B) {
	keys := []WrappingKey{rawKey(b, "a")}
	plaintext := make([]byte, 4096)
	rand.Read(plaintext)
	where := map[string]string{"bucket": "b", "key": "k"}
	opts := WriteOptions{Keys: keys, Context: where}
	message := seal(b, plaintext, opts)
	b.Run("seal", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			var buffer []byte
			for pb.Next() {
				var err error
				if buffer, err = Seal(b.Context(), buffer[:0], plaintext, opts); err != nil {
					b.Error(err)
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "objects/s")
	})
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			var buffer []byte
			for pb.Next() {
				var err error
				if buffer, err = Open(b.Context(), buffer[:0], message, ReadOptions{Keys: keys, Context: where}); err != nil {
					b.Error(err)
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "objects/s")
	})
}
