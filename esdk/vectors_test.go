package esdk

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

// vectorFile is what testdata/vectors/generate.py writes.
type vectorFile struct {
	PEM     string   `json:"pem"`
	Vectors []vector `json:"vectors"`
}

// A vector is a message and what the format says of it.
type vector struct {
	Name      string            `json:"name"`
	Suite     Suite             `json:"suite"`
	Keys      []string          `json:"keys"`
	Context   map[string]string `json:"context"`
	Message   []byte            `json:"message"`
	Plaintext []byte            `json:"plaintext"`
	Fails     string            `json:"fails"` // "": it opens
}

func readVectors(t *testing.T) (vectors []vector, pair *rsa.PrivateKey) {
	t.Helper()
	f, err := os.Open("testdata/vectors/vectors.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all vectorFile
	if err := json.NewDecoder(unpacked).Decode(&all); err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(all.PEM))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return all.Vectors, key.(*rsa.PrivateKey)
}

// vectorKey is the key that the generator makes of a name.
func vectorKey(t *testing.T, name string, pair *rsa.PrivateKey) WrappingKey {
	t.Helper()
	var key WrappingKey
	var err error
	hashes := map[string]crypto.Hash{"rsa-sha1": crypto.SHA1, "rsa-sha256": crypto.SHA256, "rsa-sha384": crypto.SHA384, "rsa-sha512": crypto.SHA512}
	if hash, ok := hashes[name]; ok {
		key, err = NewRawRSA("onus", name, nil, pair, hash)
	} else if name == "rsa-pkcs1" {
		key, err = NewRawRSAPKCS1("onus", name, pair)
	} else {
		bits := 256
		if _, text, ok := strings.Cut(name, "-"); ok {
			bits, _ = strconv.Atoi(text)
		}
		secret := sha256.Sum256([]byte(name))
		key, err = NewRawAES("onus", name, secret[:bits/8])
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestVectors reads messages that were laid out by hand, in every way to read: each opens, or fails by the error that is meant and without a
// byte that was not sealed.
func TestVectors(t *testing.T) {
	t.Parallel()
	vectors, pair := readVectors(t)
	if len(vectors) < 300 {
		t.Fatalf("%d vectors", len(vectors))
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			opts := ReadOptions{Suites: []Suite{v.Suite}, Context: v.Context}
			for _, name := range v.Keys {
				opts.Keys = append(opts.Keys, vectorKey(t, name, pair))
			}
			judge := func(how string, got []byte, err error) {
				t.Helper()
				switch {
				case v.Fails == "" && (err != nil || !bytes.Equal(got, v.Plaintext)):
					t.Errorf("%s: %d bytes of %d, %v", how, len(got), len(v.Plaintext), err)
				case v.Fails == "open" && err != ErrOpen, v.Fails == "refused" && !errors.Is(err, ErrRefused):
					t.Errorf("%s: %d bytes, %v", how, len(got), err)
				}
			}
			got, err := Open(t.Context(), []byte("before"), v.Message, opts)
			if err == nil {
				got = bytes.TrimPrefix(got, []byte("before"))
			} else if got != nil {
				t.Errorf("Open: %d bytes and %v", len(got), err)
			}
			judge("Open", got, err)
			for _, parallel := range []int{1, 3} {
				opts.Parallel = parallel
				for how, src := range map[string]func() io.Reader{
					"memory":       func() io.Reader { return bytes.NewReader(v.Message) },
					"stream":       func() io.Reader { return io.MultiReader(bytes.NewReader(v.Message)) },
					"byte by byte": func() io.Reader { return iotest.OneByteReader(bytes.NewReader(v.Message)) },
				} {
					got, err := readThrough(t, src(), opts, func(r *Reader) ([]byte, error) { return io.ReadAll(r) })
					judge("Read from "+how, got, err)
					got, err = readThrough(t, src(), opts, func(r *Reader) ([]byte, error) {
						var all bytes.Buffer
						buffer := make([]byte, 7)
						for {
							n, err := r.Read(buffer)
							all.Write(buffer[:n])
							if err == io.EOF {
								return all.Bytes(), nil
							} else if err != nil {
								return all.Bytes(), err
							}
						}
					})
					judge("Read by sevens from "+how, got, err)
					got, err = readThrough(t, src(), opts, func(r *Reader) ([]byte, error) {
						var all bytes.Buffer
						_, err := r.WriteTo(&all)
						return all.Bytes(), err
					})
					judge("WriteTo from "+how, got, err)
				}
				r, err := NewReaderAt(t.Context(), bytes.NewReader(v.Message), int64(len(v.Message)), opts)
				if errors.Is(err, ErrNoRanges) && (v.Suite.Signed() || isSingle(v.Message, opts)) {
					continue
				}
				var got []byte
				if err == nil {
					got = make([]byte, r.Size())
					var n int
					n, err = r.ReadAt(got, 0)
					got = got[:n]
					if err == io.EOF {
						err = nil
					}
				}
				judge("ReadAt", got, err)
			}
		})
	}
}

func readThrough(t *testing.T, src io.Reader, opts ReadOptions, read func(*Reader) ([]byte, error)) ([]byte, error) {
	t.Helper()
	r, err := NewReader(t.Context(), src, opts)
	if err != nil {
		return nil, err
	}
	return read(r)
}

func isSingle(message []byte, opts ReadOptions) bool {
	h, err := ReadHeader(bytes.NewReader(message), opts)
	return err == nil && h.FrameLength == 0
}

// TestHeadersAtTheirLimits: a context fills the length that the format has for it, and as many keys are written and, if admitted, read as
// the format counts.
func TestHeadersAtTheirLimits(t *testing.T) {
	t.Parallel()
	key := rawKey(t, "a")
	for _, suite := range []Suite{AES256GCMCommit, AES256GCMCommitSigned} {
		room := 1<<16 - 1
		if suite.Signed() {
			room -= publicKeySize
		}
		value := strings.Repeat("v", room-2-4-len("name"))
		opts := WriteOptions{Keys: []WrappingKey{key}, Suite: suite, Context: map[string]string{"name": value}}
		message := seal(t, []byte("hello"), opts)
		if got, err := Open(t.Context(), nil, message, ReadOptions{Keys: opts.Keys, Context: opts.Context}); string(got) != "hello" {
			t.Errorf("%v, a context of %d bytes: %q, %v", suite, room, got, err)
		}
		opts.Context["name"] += "v"
		if _, err := Seal(t.Context(), nil, nil, opts); err == nil {
			t.Errorf("%v: a context of %d bytes is written", suite, room+1)
		}
	}

	many := make([]WrappingKey, 1<<16-1)
	for i := range many {
		many[i] = key
	}
	message := seal(t, []byte("hello"), WriteOptions{Keys: many})
	read := ReadOptions{Keys: []WrappingKey{key}, MaxDataKeys: len(many)}
	if got, err := Open(t.Context(), nil, message, read); string(got) != "hello" {
		t.Errorf("%d wrapped keys: %q, %v", len(many), got, err)
	}
	read.MaxDataKeys--
	if _, err := Open(t.Context(), nil, message, read); !errors.Is(err, ErrRefused) {
		t.Errorf("%d wrapped keys, one too many: %v", len(many), err)
	}
}

// TestNamesAreUTF8: what no reader takes is not written.
func TestNamesAreUTF8(t *testing.T) {
	t.Parallel()
	for _, names := range [][2]string{{"\xff", "a"}, {"onus", "\xff"}} {
		if _, err := NewRawAES(names[0], names[1], make([]byte, 32)); err == nil {
			t.Errorf("a key of the names %q is made", names)
		}
	}
	if _, err := Seal(t.Context(), nil, nil, WriteOptions{Keys: []WrappingKey{strangeKey{}}}); err == nil {
		t.Error("a provider that is not UTF-8 is written")
	}
}

// strangeKey is a caller's own wrapping key whose provider is not UTF-8.
type strangeKey struct{ WrappingKey }

func (strangeKey) Wrap(context.Context, []byte, map[string]string) (WrappedKey, error) {
	return WrappedKey{Provider: "\xff"}, nil
}

// TestAlteredVectors flips a bit of each byte of sound messages of all suites, framed or not, and cuts them at each length.
func TestAlteredVectors(t *testing.T) {
	t.Parallel()
	vectors, pair := readVectors(t)
	tried := 0
	for _, v := range vectors {
		if !strings.HasPrefix(v.Name, "by hand ") {
			continue
		}
		tried++
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			opts := ReadOptions{Suites: []Suite{v.Suite}, Keys: []WrappingKey{vectorKey(t, "a", pair)}, Parallel: 1}
			fails := func(what string, at int, message []byte) {
				t.Helper()
				got, err := Open(t.Context(), nil, message, opts)
				if err != ErrOpen && !errors.Is(err, ErrRefused) || got != nil {
					t.Errorf("%s %d, Open: %d bytes, %v", what, at, len(got), err)
				}
				got, err = readThrough(t, io.MultiReader(bytes.NewReader(message)), opts, func(r *Reader) ([]byte, error) { return io.ReadAll(r) })
				if err != ErrOpen && !errors.Is(err, ErrRefused) || !bytes.HasPrefix(v.Plaintext, got) {
					t.Errorf("%s %d, Read: %d bytes, %v", what, at, len(got), err)
				}
			}
			for at := range v.Message {
				changed := bytes.Clone(v.Message)
				changed[at] ^= 1 << (at % 8)
				fails("byte", at, changed)
				fails("cut at", at, v.Message[:at])
			}
		})
	}
	if tried != 66 {
		t.Errorf("%d messages tried", tried)
	}
}

// TestRequiredContextOfAWS opens what AWS's material providers for Python (1.11.3, with the Encryption SDK 4.0.7) sealed with a required encryption
// context, which is not stored.
func TestRequiredContextOfAWS(t *testing.T) {
	t.Parallel()
	key, err := NewRawAES("onus", "a", bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	for suite, text := range map[Suite]string{
		AES256GCMCommit: "AgR4BYDwf4tZbndPD9XmYm9YY9WY9OpvhxH1bLj6RCIO5uoADQABAAZzdG9yZWQAAXMAAQAEb251cwAVYQAAAIAAAAAMRFLPWzryT4uFZEt6ADAEpBS44AVh" +
			"MaIW6vrIZsXWHitzQv4sLE9Jyhub6PZeUd/u0wHjEBfvaoD7AWfoAGYCAAAQABmzh5K58cfWEySfqorv+5pAtC/gxIao+vispXlq0Ka7/7tke9Cmb9n03KDw" +
			"iBLFpP////8AAAABAAAAAAAAAAAAAAABAAAABRqbZxbCAlsCXLaMUvc2oPCkokx5NA==",
		AES256GCMCommitSigned: "AgV4VINv8HagMsAPntvIR5Zp2PHArVNNU+9KSy4qYm7I9gcAagACABVhd3MtY3J5cHRvLXB1YmxpYy1rZXkAREEySWx6K2VLT3dERVNSZGJrQlNNb0xKbHBO" +
			"WmpMbXdSdTA5L2U3SUxvTGhnUlowb2RnWCtablVuQUFNK3ZTUkd1dz09AAZzdG9yZWQAAXMAAQAEb251cwAVYQAAAIAAAAAMSos01QNQIW6uv8AFADBdzCYJ" +
			"dwUCXg+4da5PPijHelSgidJip1YQ3NufayNu4jGRGw0KXvyb/qPrMvOn/JoCAAAQAHk/yjFpm4LRwmzRQ0aGVEiyPR39Mf8BpBnBeXaIzhk+HGoZmTncLQYd" +
			"M99I6DSsu/////8AAAABAAAAAAAAAAAAAAABAAAABb4BtnTPjBZ3Oi6r8mv/8q3QE2JBtQBnMGUCMHaMF6PenJtVJmJNsxWYhfCf++M6hWB2W1unJH9jip81" +
			"dNw4feo09GMCPXcWx2EXMAIxAL+TjXWlP+vyddg2aFsulFh4uxscLXSRVDvaSQXrsEIJLsT7SaG3GabGlI0R2Aq8jQ==",
	} {
		message, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			context map[string]string
			opens   bool
		}{
			{map[string]string{"bound": "b", "b2": "ü"}, true},
			{map[string]string{"bound": "b", "b2": "ü", "stored": "s"}, true},
			{map[string]string{"bound": "b", "b2": "u"}, false},
			{map[string]string{"bound": "b"}, false},
			{nil, false},
		} {
			got, err := Open(t.Context(), nil, message, ReadOptions{Keys: []WrappingKey{key}, Context: test.context})
			if test.opens && string(got) != "hello" || !test.opens && err != ErrOpen {
				t.Errorf("%v, %v: %q, %v", suite, test.context, got, err)
			}
		}
	}
}
