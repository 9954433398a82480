package esdk

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func rawKey(t testing.TB, name string) *RawAES {
	t.Helper()
	secret := make([]byte, 32)
	copy(secret, name)
	key, err := NewRawAES("onus", name, secret)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

var rsaPair = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return p
}

func seal(t testing.TB, plaintext []byte, opts WriteOptions) []byte {
	t.Helper()
	message, err := Seal(t.Context(), nil, plaintext, opts)
	if err != nil {
		t.Fatal(err)
	}
	return message
}

func TestWhatIsSealedOpens(t *testing.T) {
	t.Parallel()
	key := rawKey(t, "a")
	for _, suite := range []Suite{AES256GCMCommit, AES256GCMCommitSigned} {
		for _, frame := range []int{1, 16, 4096, 200_000} {
			for _, size := range []int{0, 1, 15, 16, 17, 48, 4096, 5000, 3*4096 + 1, 400_000, 600_001} {
				if frame < 4096 && size > 5000 {
					continue
				}
				for _, parallel := range []int{1, 3} {
					t.Run(fmt.Sprintf("%v/%d/%d/%d", suite, frame, size, parallel), func(t *testing.T) {
						t.Parallel()
						plaintext := pattern(size)
						write := WriteOptions{Keys: []WrappingKey{key}, Suite: suite, FrameLength: frame, Parallel: parallel, Context: map[string]string{"a": "b", "": ""}}
						delete(write.Context, "")
						read := ReadOptions{Keys: []WrappingKey{key}, Parallel: parallel, Context: map[string]string{"a": "b"}}
						for how, message := range map[string][]byte{
							"Seal":         seal(t, plaintext, write),
							"Write":        written(t, plaintext, write, func(w *Writer) error { _, err := w.Write(plaintext); return err }),
							"short writes": written(t, plaintext, write, func(w *Writer) error { return writeShort(w, plaintext, 1000) }),
							"ReadFrom": written(t, plaintext, write, func(w *Writer) error {
								if _, err := w.Write(plaintext[:size/3]); err != nil {
									return err
								}
								_, err := w.ReadFrom(iotest.HalfReader(bytes.NewReader(plaintext[size/3:])))
								return err
							}),
						} {
							got, err := Open(t.Context(), []byte("before"), message, read)
							if err != nil || string(got[:6]) != "before" || !bytes.Equal(got[6:], plaintext) {
								t.Fatalf("%s, Open: %v, %d bytes", how, err, len(got))
							}
							r, err := NewReader(t.Context(), bytes.NewReader(message), read)
							if err != nil {
								t.Fatal(how, err)
							}
							got, err = io.ReadAll(iotest.HalfReader(r))
							if err != nil || !bytes.Equal(got, plaintext) {
								t.Fatalf("%s, Read: %v, %d bytes", how, err, len(got))
							}
							r, err = NewReader(t.Context(), iotest.HalfReader(bytes.NewReader(message)), read)
							if err != nil {
								t.Fatal(how, err)
							}
							var out bytes.Buffer
							if _, err = r.WriteTo(&out); err != nil || !bytes.Equal(out.Bytes(), plaintext) {
								t.Fatalf("%s, WriteTo: %v, %d bytes", how, err, out.Len())
							}
						}
					})
				}
			}
		}
	}
}

func written(t *testing.T, plaintext []byte, opts WriteOptions, fill func(*Writer) error) []byte {
	t.Helper()
	var message bytes.Buffer
	w, err := NewWriter(t.Context(), &message, opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := fill(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return message.Bytes()
}

func writeShort(w *Writer, plaintext []byte, step int) error {
	for len(plaintext) > 0 {
		n := min(step, len(plaintext))
		if _, err := w.Write(plaintext[:n]); err != nil {
			return err
		}
		plaintext = plaintext[n:]
	}
	return nil
}

func TestAnyOfSeveralKeysOpens(t *testing.T) {
	t.Parallel()
	pair, err := rsaPair()
	if err != nil {
		t.Fatal(err)
	}
	public, err := NewRawRSA("onus", "escrow", &pair.PublicKey, nil, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	private, err := NewRawRSA("onus", "escrow", nil, pair, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	kms := NewKMS(&memoryKMS{}, "arn:aws:kms:eu-west-1:111122223333:key/1")
	a, b := rawKey(t, "a"), rawKey(t, "b")
	message := seal(t, []byte("hello"), WriteOptions{Keys: []WrappingKey{a, b, public, kms}, Context: map[string]string{"bucket": "x"}})
	for _, key := range []WrappingKey{a, b, private, kms} {
		got, err := Open(t.Context(), nil, message, ReadOptions{Keys: []WrappingKey{rawKey(t, "other"), key}})
		if err != nil || string(got) != "hello" {
			t.Errorf("%T: %q, %v", key, got, err)
		}
	}
	for _, key := range []WrappingKey{rawKey(t, "other"), public} {
		if _, err := Open(t.Context(), nil, message, ReadOptions{Keys: []WrappingKey{key}}); err != ErrOpen {
			t.Errorf("%T: got %v, want ErrOpen", key, err)
		}
	}
	down := errors.New("no route to KMS")
	_, err = Open(t.Context(), nil, message, ReadOptions{Keys: []WrappingKey{NewKMS(&memoryKMS{fail: down}, kms.keyARN)}})
	if !errors.Is(err, ErrOpen) || !errors.Is(err, down) {
		t.Errorf("got %v, want ErrOpen with the reason that KMS was not asked", err)
	}
	if _, err = Open(t.Context(), nil, message, ReadOptions{Keys: []WrappingKey{a}, MaxDataKeys: 3}); !errors.Is(err, ErrRefused) {
		t.Errorf("four wrapped keys where three are admitted: got %v", err)
	}
}

// memoryKMS keeps what it wraps in the ciphertext: it stands for the service's two calls, not for its cryptography.
type memoryKMS struct{ fail error }

func (m *memoryKMS) Encrypt(_ context.Context, id string, plaintext []byte, pairs map[string]string) ([]byte, string, error) {
	return fmt.Appendf(nil, "%s%v%s", plaintext, pairs, id), id, m.fail
}

func (m *memoryKMS) Decrypt(_ context.Context, id string, ciphertext []byte, pairs map[string]string) ([]byte, error) {
	if m.fail != nil {
		return nil, m.fail
	}
	plaintext, ok := bytes.CutSuffix(ciphertext, fmt.Appendf(nil, "%v%s", pairs, id))
	if !ok {
		return nil, errors.New("InvalidCiphertextException")
	}
	return plaintext, nil
}

// TestReplicasOpen: a key of several Regions opens what its replica wrapped, and no other key does.
func TestReplicasOpen(t *testing.T) {
	t.Parallel()
	const replica = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1"
	message := seal(t, []byte("hello"), WriteOptions{Keys: []WrappingKey{NewKMS(anyKMS{}, replica)}})
	for arn, opens := range map[string]bool{
		replica: true,
		"arn:aws:kms:us-east-1:111122223333:key/mrk-1":      true,
		"arn:aws:kms:us-east-1:111122223333:key/mrk-2":      false,
		"arn:aws:kms:us-east-1:444455556666:key/mrk-1":      false,
		"arn:aws-cn:kms:eu-west-1:111122223333:key/mrk-1":   false,
		"arn:aws:kms:eu-west-1:111122223333:alias/mrk-1":    false,
		"arn:aws:kms:eu-west-1:111122223333:key/mrk-1/more": false,
	} {
		if got, err := Open(t.Context(), nil, message, ReadOptions{Keys: []WrappingKey{NewKMS(anyKMS{}, arn)}}); (err == nil) != opens || opens && string(got) != "hello" {
			t.Errorf("%s: %q, %v", arn, got, err)
		}
	}
	const single = "arn:aws:kms:eu-west-1:111122223333:key/1"
	message = seal(t, []byte("hello"), WriteOptions{Keys: []WrappingKey{NewKMS(anyKMS{}, single)}})
	if _, err := Open(t.Context(), nil, message, ReadOptions{Keys: []WrappingKey{NewKMS(anyKMS{}, "arn:aws:kms:us-east-1:111122223333:key/1")}}); err != ErrOpen {
		t.Errorf("a key of one Region: %v", err)
	}
}

// anyKMS opens whatever it is asked about: what is asked is the test.
type anyKMS struct{}

func (anyKMS) Encrypt(_ context.Context, id string, plaintext []byte, _ map[string]string) ([]byte, string, error) {
	return plaintext, id, nil
}

func (anyKMS) Decrypt(_ context.Context, _ string, ciphertext []byte, _ map[string]string) ([]byte, error) {
	return bytes.Clone(ciphertext), nil
}

// TestSignaturesOfAnyLength: DER of ECDSA varies in length, and not all that write messages sign again until it has the usual one.
func TestSignaturesOfAnyLength(t *testing.T) {
	t.Parallel()
	key := rawKey(t, "a")
	header, f, sign, err := start(t.Context(), &WriteOptions{Keys: []WrappingKey{key}, Suite: AES256GCMCommitSigned})
	if err != nil {
		t.Fatal(err)
	}
	body := f.sealFinal(header, 1, []byte("hello"))
	sign.Write(body)
	lengths := map[int]bool{}
	for len(lengths) < 3 {
		signature, err := ecdsa.SignASN1(rand.Reader, sign.key, sign.Sum(nil))
		if err != nil {
			t.Fatal(err)
		}
		if lengths[len(signature)] {
			continue
		}
		lengths[len(signature)] = true
		message := appendString(bytes.Clone(body), signature)
		if got, err := Open(t.Context(), nil, message, ReadOptions{Keys: []WrappingKey{key}}); err != nil || string(got) != "hello" {
			t.Errorf("a signature of %d bytes: %q, %v", len(signature), got, err)
		}
		for what, bad := range map[string][]byte{
			"longer than it says":  append(bytes.Clone(message), 0),
			"shorter than it says": message[:len(message)-1],
			"none":                 body,
			"empty":                append(bytes.Clone(body), 0, 0),
		} {
			if _, err := Open(t.Context(), nil, bad, ReadOptions{Keys: []WrappingKey{key}}); err != ErrOpen {
				t.Errorf("a signature that is %s: %v", what, err)
			}
		}
	}
}

// TestHeadersThatAreNone: what the format forbids does not open, even where whoever has the key authenticated it.
func TestHeadersThatAreNone(t *testing.T) {
	t.Parallel()
	key := rawKey(t, "a")
	pair := func(name, value string) []byte { return appendString(appendString([]byte(nil), name), value) }
	counted := func(n byte, pairs ...[]byte) []byte { return append([]byte{0, n}, slices.Concat(pairs...)...) }
	for what, context := range map[string][]byte{
		"sound":                           counted(2, pair("a", "1"), pair("b", "")),
		"a name twice":                    counted(2, pair("a", "1"), pair("a", "1")),
		"a count too small":               counted(1, pair("a", "1"), pair("b", "1")),
		"a count too large":               counted(2, pair("a", "1")),
		"bytes behind":                    append(counted(1, pair("a", "1")), 0),
		"a name that is not UTF-8":        counted(1, pair("\xff", "1")),
		"a value that is not UTF-8":       counted(1, pair("a", "\xed\xa0\x80")),
		"one byte":                        {0},
		"a public key and no signature":   counted(1, pair(publicKeyName, "AAAA")),
		"a length beyond the end":         {0, 1, 0, 9, 'a'},
		"a value's length beyond the end": {0, 1, 0, 1, 'a', 0xff, 0xff},
	} {
		h, err := parseHeader(bytes.NewReader(seal(t, nil, WriteOptions{Keys: []WrappingKey{key}})), &ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		// The header anew with this context, authenticated as its writer would.
		dataKey, err := key.Unwrap(t.Context(), h.Keys[0], nil)
		if err != nil {
			t.Fatal(err)
		}
		wrapped := key.aead.Seal(nil, h.Keys[0].Info[len(h.Keys[0].Info)-ivLength:], dataKey, context)
		raw := append([]byte{2, 0x04, 0x78}, h.MessageID...)
		raw = appendString(raw, context)
		raw = append(raw, 0, 1)
		raw = appendString(appendString(appendString(raw, "onus"), h.Keys[0].Info), wrapped)
		raw = append(raw, contentFramed, 0, 0, 0x10, 0)
		raw = append(raw, h.commitment...)
		aead, _, err := h.Suite.derive(dataKey, h.MessageID)
		if err != nil {
			t.Fatal(err)
		}
		raw = aead.Seal(raw, make([]byte, ivLength), nil, raw)
		message := (&frames{aead: aead, messageID: h.MessageID, length: 4096}).sealFinal(raw, 1, []byte("hello"))
		want := ErrOpen
		if what == "sound" { // so that the others fail by what they are about
			want = nil
		}
		if _, err := Open(t.Context(), nil, message, ReadOptions{Keys: []WrappingKey{key}}); err != want {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestContextMustMatch(t *testing.T) {
	t.Parallel()
	key := rawKey(t, "a")
	message := seal(t, []byte("hello"), WriteOptions{
		Keys:         []WrappingKey{key},
		Context:      map[string]string{"stored": "s", "more": "m"},
		BoundContext: map[string]string{"bound": "b"},
	})
	if bytes.Contains(message, []byte("bound")) {
		t.Error("what is bound is not stored")
	}
	for _, test := range []struct {
		name    string
		context map[string]string
		opens   bool
	}{
		{"all", map[string]string{"stored": "s", "more": "m", "bound": "b"}, true},
		{"what is bound", map[string]string{"bound": "b"}, true},
		{"nothing", nil, false},
		{"what is stored", map[string]string{"stored": "s"}, false},
		{"another stored value", map[string]string{"stored": "x", "bound": "b"}, false},
		{"another bound value", map[string]string{"bound": "x"}, false},
		{"one more", map[string]string{"bound": "b", "x": "y"}, false},
	} {
		_, err := Open(t.Context(), nil, message, ReadOptions{Keys: []WrappingKey{key}, Context: test.context})
		if test.opens && err != nil || !test.opens && err != ErrOpen {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	for _, bad := range []WriteOptions{
		{Context: map[string]string{"aws-crypto-x": ""}},
		{Context: map[string]string{"": "x"}},
		{Context: map[string]string{"x": "\xff"}},
		{Context: map[string]string{"x": strings.Repeat("x", 1<<16)}},
		{Context: map[string]string{"x": "1"}, BoundContext: map[string]string{"x": "1"}},
	} {
		bad.Keys = []WrappingKey{key}
		if _, err := Seal(t.Context(), nil, nil, bad); err == nil {
			t.Errorf("%.60v was written", bad.Context)
		}
	}
}

// TestNothingChangedOpens flips each byte of small messages in two ways, cuts them at each length, and puts bytes after them.
func TestNothingChangedOpens(t *testing.T) {
	t.Parallel()
	key := rawKey(t, "a")
	for _, suite := range []Suite{AES256GCMCommit, AES256GCMCommitSigned} {
		for _, size := range []int{0, 5, 32, 70} {
			t.Run(fmt.Sprintf("%v/%d", suite, size), func(t *testing.T) {
				t.Parallel()
				plaintext := pattern(size)
				message := seal(t, plaintext, WriteOptions{Keys: []WrappingKey{key}, Suite: suite, FrameLength: 16, Context: map[string]string{"a": "b"}})
				for at := range message {
					for _, mask := range []byte{1 << (at % 8), 0xFF} {
						changed := bytes.Clone(message)
						changed[at] ^= mask
						mustNotOpen(t, fmt.Sprintf("byte %d ^ %x", at, mask), changed, plaintext, key)
					}
				}
				for n := range message {
					mustNotOpen(t, fmt.Sprintf("cut at %d", n), message[:n], plaintext, key)
				}
				for _, extra := range []int{1, 16, 44, 400} {
					mustNotOpen(t, fmt.Sprintf("%d more bytes", extra), append(bytes.Clone(message), make([]byte, extra)...), plaintext, key)
				}
				mustNotOpen(t, "twice", append(bytes.Clone(message), message...), plaintext, key)
			})
		}
	}
}

// mustNotOpen holds that no way to read gives the whole plaintext with its end, or anything that is not of it.
func mustNotOpen(t *testing.T, what string, message, plaintext []byte, key WrappingKey) {
	t.Helper()
	refusal := func(err error) bool { return err == ErrOpen || errors.Is(err, ErrRefused) }
	opts := ReadOptions{Keys: []WrappingKey{key}}
	if got, err := Open(t.Context(), nil, message, opts); !refusal(err) || got != nil {
		t.Fatalf("%s, Open: %d bytes, %v", what, len(got), err)
	}
	for _, parallel := range []int{1, 2} {
		opts.Parallel = parallel
		// The bytes of the first source are opened from where they lie, those of the second are copied.
		for how, src := range map[string]io.Reader{"memory": bytes.NewReader(message), "stream": io.MultiReader(bytes.NewReader(message))} {
			r, err := NewReader(t.Context(), src, opts)
			if err == nil {
				var got []byte
				got, err = io.ReadAll(r)
				if !bytes.HasPrefix(plaintext, got) {
					t.Fatalf("%s, Read from %s: plaintext that was never sealed", what, how)
				}
			}
			if !refusal(err) {
				t.Fatalf("%s, Read from %s: %v", what, how, err)
			}
		}
	}
	at, err := NewReaderAt(t.Context(), bytes.NewReader(message), int64(len(message)), opts)
	if err == nil {
		got := make([]byte, len(plaintext))
		var n int
		n, err = at.ReadAt(got, 0)
		if !bytes.HasPrefix(plaintext, got[:n]) || err == nil || err == io.EOF {
			t.Fatalf("%s, ReadAt: %d bytes, %v", what, n, err)
		}
	}
	if !refusal(err) {
		t.Fatalf("%s, ReadAt: %v", what, err)
	}
}

// TestMessagesInMemory: a message is opened from where it lies, from the middle of what a bytes.Reader reads, and is not changed.
func TestMessagesInMemory(t *testing.T) {
	t.Parallel()
	keys := []WrappingKey{rawKey(t, "a")}
	const before = "what stands before"
	for _, size := range []int{0, 1, 4096, 5000, 300_000, 1_000_000} {
		for _, parallel := range []int{1, 3} {
			plaintext := pattern(size)
			lies := append([]byte(before), seal(t, plaintext, WriteOptions{Keys: keys, FrameLength: 4096})...)
			kept := bytes.Clone(lies)
			src := bytes.NewReader(lies)
			if _, err := io.CopyN(io.Discard, src, int64(len(before))); err != nil {
				t.Fatal(err)
			}
			r, err := NewReader(t.Context(), src, ReadOptions{Keys: keys, Parallel: parallel})
			if err != nil {
				t.Fatal(err)
			}
			first := make([]byte, min(size, 100))
			if _, err := io.ReadFull(r, first); err != nil {
				t.Fatal(err)
			}
			var rest bytes.Buffer
			if _, err := r.WriteTo(&rest); err != nil || !bytes.Equal(append(first, rest.Bytes()...), plaintext) {
				t.Errorf("%d bytes, %d at once: %v, %d bytes came out", size, parallel, err, len(first)+rest.Len())
			}
			if !bytes.Equal(lies, kept) {
				t.Errorf("%d bytes, %d at once: the message was changed", size, parallel)
			}
			if src.Len() != 0 {
				t.Errorf("%d bytes, %d at once: %d bytes of the source are left", size, parallel, src.Len())
			}
		}
	}
}

func TestFramesStayInPlace(t *testing.T) {
	t.Parallel()
	key := rawKey(t, "a")
	opts := WriteOptions{Keys: []WrappingKey{key}, FrameLength: 16}
	plaintext := pattern(16*4 + 3)
	message, other := seal(t, plaintext, opts), seal(t, plaintext, opts)
	const size, final = 16 + frameExtra, finalExtra + 3
	header := len(message) - 4*size - final
	frame := func(m []byte, i int) []byte { return m[header+i*size : min(header+(i+1)*size, len(m))] }
	end := message[header+4*size:]
	join := func(parts ...[]byte) []byte { return bytes.Join(append([][]byte{message[:header]}, parts...), nil) }
	f := func(i int) []byte { return frame(message, i) }
	if !bytes.Equal(join(f(0), f(1), f(2), f(3), end), message) {
		t.Fatal("the message is not laid out as this test has it")
	}
	for what, changed := range map[string][]byte{
		"two frames change places":     join(f(1), f(0), f(2), f(3), end),
		"a frame twice":                join(f(0), f(0), f(1), f(2), f(3), end),
		"a frame left out":             join(f(0), f(2), f(3), end),
		"a frame of another message":   join(f(0), frame(other, 1), f(2), f(3), end),
		"the end of another message":   join(f(0), f(1), f(2), f(3), other[header+4*size:]),
		"the end too early":            join(f(0), f(1), end),
		"the end twice":                join(f(0), f(1), f(2), f(3), end, end),
		"no end":                       join(f(0), f(1), f(2), f(3)),
		"only the end":                 join(end),
		"the body of another message":  join(other[header:]),
		"the header of another":        append(bytes.Clone(other[:header]), message[header:]...),
		"a frame after the end":        join(f(0), f(1), f(2), f(3), end, f(3)),
		"nothing at all":               nil,
		"a header of version 2, alone": message[:header],
	} {
		mustNotOpen(t, what, changed, plaintext, key)
	}
}

func TestOlderSuitesOnlyWhenNamed(t *testing.T) {
	t.Parallel()
	key := rawKey(t, "a")
	message := seal(t, []byte("x"), WriteOptions{Keys: []WrappingKey{key}})
	_, err := Open(t.Context(), nil, message, ReadOptions{Keys: []WrappingKey{key}, Suites: []Suite{AES256GCMCommitSigned}})
	if !errors.Is(err, ErrRefused) {
		t.Errorf("a suite that is not among those named: %v", err)
	}
	if _, err := Seal(t.Context(), nil, nil, WriteOptions{Keys: []WrappingKey{key}, Suite: AES256GCMHKDF}); err == nil {
		t.Error("a suite without commitment was written")
	}
}

// What counts is how long the frames are that a message has, not how long its header says that they may be.
func TestFramesAreAsLongAsAdmitted(t *testing.T) {
	t.Parallel()
	key := rawKey(t, "a")
	opts := ReadOptions{Keys: []WrappingKey{key}, MaxFrame: 16}
	for _, suite := range []Suite{AES256GCMCommit, AES256GCMCommitSigned} {
		for size := range 70 {
			message := seal(t, pattern(size), WriteOptions{Suite: suite, Keys: []WrappingKey{key}, FrameLength: 32})
			check := func(way string, got []byte, err error) {
				switch {
				case size > 16 && !errors.Is(err, ErrRefused):
					t.Errorf("%v, %s, %d bytes in frames of 32: %v", suite, way, size, err)
				case size <= 16 && (err != nil || !bytes.Equal(got, pattern(size))):
					t.Errorf("%v, %s, %d bytes in a final frame: %q, %v", suite, way, size, got, err)
				}
			}
			got, err := Open(t.Context(), nil, message, opts)
			check("whole", got, err)
			r, err := NewReader(t.Context(), bytes.NewBuffer(message), opts)
			if err == nil {
				got, err = io.ReadAll(r)
			}
			check("stream", got, err)
			if suite.Signed() {
				continue
			}
			at, err := NewReaderAt(t.Context(), bytes.NewReader(message), int64(len(message)), opts)
			if err == nil {
				got, err = io.ReadAll(io.NewSectionReader(at, 0, at.Size()))
			}
			check("at", got, err)
		}
	}
}

func TestFailingSourcesAndSinks(t *testing.T) {
	t.Parallel()
	key := rawKey(t, "a")
	broken := errors.New("cable cut")
	plaintext := pattern(500_000)
	message := seal(t, plaintext, WriteOptions{Keys: []WrappingKey{key}, FrameLength: 4096})
	for _, parallel := range []int{1, 4} {
		for _, at := range []int{0, 10, 300, 5000, 300_000} {
			src := io.MultiReader(bytes.NewReader(message[:at]), iotest.ErrReader(broken))
			r, err := NewReader(t.Context(), src, ReadOptions{Keys: []WrappingKey{key}, Parallel: parallel})
			if err == nil {
				_, err = io.Copy(io.Discard, r)
			}
			if err != broken {
				t.Errorf("source fails at %d: %v", at, err)
			}
			w, err := NewWriter(t.Context(), &failingSink{left: at, err: broken}, WriteOptions{Keys: []WrappingKey{key}, FrameLength: 4096, Parallel: parallel})
			if err == nil {
				_, err = w.Write(plaintext)
			}
			if err != broken {
				t.Errorf("sink fails at %d: %v", at, err)
			}
			if w != nil && w.Close() != broken {
				t.Errorf("sink fails at %d: Close does not say so", at)
			}
		}
	}
}

type failingSink struct {
	left int
	err  error
}

func (f *failingSink) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, f.err
	}
	return len(p), nil
}

func TestReadAtIsLikeTheBytes(t *testing.T) {
	t.Parallel()
	key := rawKey(t, "a")
	rapid.Check(t, func(rt *rapid.T) {
		frame := rapid.IntRange(1, 5000).Draw(rt, "frame")
		plaintext := pattern(rapid.IntRange(0, 20*frame+1).Draw(rt, "size"))
		message, err := Seal(t.Context(), nil, plaintext, WriteOptions{Keys: []WrappingKey{key}, FrameLength: frame})
		if err != nil {
			rt.Fatal(err)
		}
		r, err := NewReaderAt(t.Context(), bytes.NewReader(message), int64(len(message)), ReadOptions{
			Keys: []WrappingKey{key}, Parallel: rapid.IntRange(1, 3).Draw(rt, "parallel"),
		})
		if err != nil {
			rt.Fatal(err)
		}
		if r.Size() != int64(len(plaintext)) {
			rt.Fatalf("size %d, want %d", r.Size(), len(plaintext))
		}
		plain := bytes.NewReader(plaintext)
		for range 8 {
			off := rapid.Int64Range(0, int64(len(plaintext))+3).Draw(rt, "offset")
			got := make([]byte, rapid.IntRange(0, len(plaintext)+3).Draw(rt, "length"))
			want := make([]byte, len(got))
			n, err := r.ReadAt(got, off)
			wantN, wantErr := plain.ReadAt(want, off)
			if n != wantN || err != wantErr || !bytes.Equal(got[:n], want[:n]) {
				rt.Fatalf("ReadAt(%d bytes, %d) = %d, %v; want %d, %v", len(got), off, n, err, wantN, wantErr)
			}
		}
	})
}

func FuzzHeader(f *testing.F) {
	key := rawKey(f, "a")
	for _, suite := range []Suite{AES256GCMCommit, AES256GCMCommitSigned} {
		f.Add(seal(f, []byte("hello"), WriteOptions{Keys: []WrappingKey{key}, Suite: suite, Context: map[string]string{"a": "b"}}))
	}
	f.Add([]byte{1, 0x80, 0, 0x14})
	all := []Suite{AES256GCMCommit, AES256GCMCommitSigned, AES128GCM, AES192GCM, AES256GCM, AES128GCMHKDF, AES192GCMHKDF, AES256GCMHKDF, AES128GCMHKDFSigned, AES192GCMHKDFSigned, AES256GCMHKDFSigned}
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := ReadHeader(bytes.NewReader(raw), ReadOptions{Suites: all})
		if err != nil {
			if err != ErrOpen && !errors.Is(err, ErrRefused) {
				t.Fatalf("%v is neither of the two errors", err)
			}
			return
		}
		if !bytes.HasPrefix(raw, h.raw) {
			t.Fatal("the header kept is not what was read")
		}
	})
}

// FuzzFrames puts any bytes behind a good header: nothing but the sealed body may open.
func FuzzFrames(f *testing.F) {
	key := rawKey(f, "a")
	plaintext := pattern(50)
	message, err := os.ReadFile("testdata/message.bin") // one that stays, so that what was found before means the same again
	if err != nil {
		f.Fatal(err)
	}
	header := len(message) - 3*(16+frameExtra) - finalExtra - 2
	body := message[header:]
	f.Add(body)
	f.Add(body[:40])
	f.Add(body[3*(16+frameExtra):])
	f.Fuzz(func(t *testing.T, changed []byte) {
		got, err := Open(t.Context(), nil, append(bytes.Clone(message[:header]), changed...), ReadOptions{Keys: []WrappingKey{key}})
		if bytes.Equal(changed, body) {
			if err != nil || !bytes.Equal(got, plaintext) {
				t.Fatalf("the sealed body does not open: %v", err)
			}
		} else if err != ErrOpen {
			t.Fatalf("a changed body: %v", err)
		}
	})
}
