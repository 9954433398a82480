package seal

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"time"

	"github.com/onus-cloud/onus/esdk"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// rsaSecret is one pair for all tests: making one takes a second.
var rsaSecret = sync.OnceValue(func() []byte {
	k, err := NewKey("rsa", 1, RSA, noon)
	if err != nil {
		panic(err)
	}
	return k.secret
})

func newTestKey(t *testing.T, name string, kind Kind) *Key {
	t.Helper()
	if kind == RSA {
		k, err := newKey(name, 1, kind, noon, rsaSecret())
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	k, err := NewKey(name, 1, kind, noon)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestEveryKindOfKeyWorksAndSurvivesItsFile(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{AES, RSA, Age} {
		k := newTestKey(t, "backup", kind)
		ring := NewRing(filepath.Join(t.TempDir(), "keys"))
		path, err := ring.Add(k)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ring.Add(k); err == nil || !strings.Contains(err.Error(), "exists already") {
			t.Errorf("%s: added twice: %v", kind, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", kind, info.Mode(), err)
		}
		got, err := ring.Versions("backup")
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %v", kind, err)
		}
		if err := got[0].Check(t.Context()); err != nil || got[0].Fingerprint() != k.Fingerprint() {
			t.Errorf("%s: %v, fingerprint %s, want %s", kind, err, got[0].Fingerprint(), k.Fingerprint())
		}
		half, err := k.PublicHalf()
		if kind == AES {
			if err == nil {
				t.Error("an AES key has a public half")
			}
			continue
		}
		if err != nil || half.CanOpen() || half.Fingerprint() != k.Fingerprint() {
			t.Errorf("%s: public half %v", kind, err)
		}
		text, err := half.Encode()
		if err != nil || bytes.Contains(text, []byte("secret")) {
			t.Errorf("%s: %v: %s", kind, err, text)
		}
		if back, err := ReadKeys(bytes.NewReader(text)); err != nil || back[0].Check(t.Context()) != nil {
			t.Errorf("%s: the public half is not read: %v", kind, err)
		}
	}
}

func TestPassphrase(t *testing.T) {
	t.Parallel()
	k := newTestKey(t, "backup", AES)
	if err := k.Protect("correct horse"); err != nil {
		t.Fatal(err)
	}
	text, err := k.Encode()
	if err != nil || bytes.Contains(text, []byte(`"secret"`)) {
		t.Fatalf("%v: %s", err, text)
	}
	keys, err := ReadKeys(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	got := keys[0]
	if !got.Locked() || got.CanOpen() {
		t.Error("the key is not locked")
	}
	if err := got.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "passphrase") {
		t.Errorf("a locked key is checked: %v", err)
	}
	if err := got.Unlock("correct house"); err == nil || got.CanOpen() {
		t.Error("a wrong passphrase opens")
	}
	if err := got.Unlock("correct horse"); err != nil {
		t.Fatal(err)
	}
	if err := got.Check(t.Context()); err != nil || !bytes.Equal(got.secret, k.secret) {
		t.Errorf("unlocked: %v", err)
	}
	// A locked secret of another key, put into this file, is none of this key's.
	other := newTestKey(t, "backup", AES)
	other.locked, other.secret = k.locked, nil
	if err := other.Unlock("correct horse"); err == nil {
		t.Error("the secret of another key is taken")
	}
}

func TestLooseModesAreRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	ring := NewRing(dir)
	path, err := ring.Add(newTestKey(t, "backup", AES))
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := ring.Versions("backup"); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %o is taken: %v", mode, err)
		}
	}
	if err := errors.Join(os.Chmod(path, 0o600), os.Chmod(dir, 0o770)); err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Versions("backup"); err == nil || !strings.Contains(err.Error(), "chmod 700") {
		t.Errorf("a folder that others write to is taken: %v", err)
	}
}

func TestRingRefusesWhatWasMoved(t *testing.T) {
	t.Parallel()
	ring := NewRing(filepath.Join(t.TempDir(), "keys"))
	path, err := ring.Add(newTestKey(t, "backup", AES))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, ring.path("other", 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Versions("other"); err == nil {
		t.Error("a key under another's name is taken")
	}
	if _, err := ring.Versions("backup"); !errors.Is(err, ErrNoKey) {
		t.Errorf("backup: %v", err)
	}
	keys, err := ring.Keys()
	if len(keys) != 0 || err == nil {
		t.Errorf("%d keys, %v", len(keys), err)
	}
}

// TestKeyFileFields: each member of a key file that is altered makes it refused, or is none that matters.
func TestAlteredKeyFilesAreRefused(t *testing.T) {
	t.Parallel()
	k := newTestKey(t, "backup", AES)
	text, err := k.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{`"onus.key/1"`, `"onus.key/2"`}, {`"aes-256"`, `"age"`}, {`"version": 1`, `"version": 0`}, {`"namespace": "onus"`, `"namespace": ""`},
		{`"fingerprint": "`, `"fingerprint": "x`}, {`"secret": "`, `"secret": "AAAA`}, {`"name": "backup"`, `"name": "../backup"`},
		{`"schema"`, `"more": 1, "schema"`}, {"}", ""},
	} {
		altered := strings.Replace(string(text), change[0], change[1], 1)
		if altered == string(text) {
			t.Fatalf("%s is not in the file", change[0])
		}
		if _, err := ReadKeys(strings.NewReader(altered)); err == nil {
			t.Errorf("%s for %s is taken", change[1], change[0])
		} else if secret := secretText(t, text); strings.Contains(err.Error(), secret) {
			t.Errorf("the error holds the secret: %v", err)
		}
	}
}

func secretText(t *testing.T, text []byte) string {
	var f struct{ Secret string }
	if err := json.Unmarshal(text, &f); err != nil || f.Secret == "" {
		t.Fatal(err)
	}
	return f.Secret
}

func TestReceipts(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{AES, RSA, Age} {
		k := newTestKey(t, "backup", kind)
		receipt, err := NewReceipt(k, "Ada", "s3://b/canary", noon, sha256.Sum256([]byte("hello")))
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := receipt.Write(&text); err != nil {
			t.Fatal(err)
		}
		files := fstest.MapFS{receipt.FileName(): {Data: text.Bytes()}, "note.json": {Data: []byte("{}")}, "README": {Data: []byte("x")}}
		got, err := ReadReceipts(files)
		if err == nil || !strings.Contains(err.Error(), "note.json") || len(got) != 1 {
			t.Fatalf("%d receipts, %v", len(got), err)
		}
		if err := got[0].Verify(k.Fingerprint()); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if err := got[0].Verify(newTestKey(t, "backup", AES).Fingerprint()); err == nil {
			t.Errorf("%s: it verifies for another key", kind)
		}
		for name, change := range map[string]func(*Receipt){
			"holder":    func(r *Receipt) { r.Holder = "Bob" },
			"object":    func(r *Receipt) { r.Object += "x" },
			"opened":    func(r *Receipt) { r.Opened = r.Opened.Add(time.Second) },
			"digest":    func(r *Receipt) { r.Digest = "sha256:" + strings.Repeat("0", 64) },
			"key":       func(r *Receipt) { r.Key = "backup/2" },
			"kind":      func(r *Receipt) { r.Kind += "x" },
			"public":    func(r *Receipt) { r.Public += "x" },
			"verifier":  func(r *Receipt) { r.Verifier = newTestKey(t, "x", AES).Verifier },
			"signature": func(r *Receipt) { r.Signature = slices.Concat([]byte{r.Signature[0] ^ 1}, r.Signature[1:]) },
		} {
			altered := *got[0]
			change(&altered)
			if err := altered.Verify(k.Fingerprint()); err == nil {
				t.Errorf("%s: an altered %s verifies", kind, name)
			}
		}
	}
}

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	aes, pair, identity := newTestKey(t, "a", AES), newTestKey(t, "r", RSA), newTestKey(t, "p", Age)
	plaintext := bytes.Repeat([]byte("0123456789"), 14_000)
	for _, test := range []struct {
		format Format
		seal   []*Key
		open   []*Key
	}{
		{ESDK, []*Key{aes}, []*Key{aes}},
		{ESDK, []*Key{aes, pair}, []*Key{pair}},
		{AgeFormat, []*Key{identity}, []*Key{aes, identity}},
	} {
		opts := SealOptions{Format: test.format, Keys: test.seal}
		open := OpenOptions{Keys: test.open}
		if test.format == ESDK {
			opts.Context = map[string]string{"a": "b"}
			open.Context = opts.Context
		}
		sealed, err := Sealed(t.Context(), plaintext, opts)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Opened(t.Context(), sealed, open); err != nil || !bytes.Equal(got, plaintext) {
			t.Errorf("%s: %d bytes, %v", test.format, len(got), err)
		}
		at, size, err := DecryptAt(t.Context(), bytes.NewReader(sealed), int64(len(sealed)), open)
		if err != nil || size != int64(len(plaintext)) {
			t.Fatalf("%s: size %d, %v", test.format, size, err)
		}
		part := make([]byte, 70_000)
		if _, err := at.ReadAt(part, 65_000); err != nil || !bytes.Equal(part, plaintext[65_000:135_000]) {
			t.Errorf("%s: range: %v", test.format, err)
		}
		inspected := Inspect(sealed[:min(len(sealed), HeadLength)], nil)
		if inspected.Format != test.format || !inspected.Commits || len(inspected.Keys) != len(test.seal) {
			t.Errorf("%s: inspected %+v", test.format, inspected)
		}
		if test.format == ESDK && !inspected.Keys[0].Is(aes) {
			t.Errorf("the key of %v is not recognized", inspected.Keys)
		}
		// All ways of failing look alike.
		wrong := open
		wrong.Keys = []*Key{newTestKey(t, "a", AES), newTestKey(t, "p", Age)}
		if _, err := Opened(t.Context(), sealed, wrong); err != ErrOpen {
			t.Errorf("%s: other keys: %v", test.format, err)
		}
		for _, cut := range []int{len(sealed) - 1, len(sealed) / 2, 300, 10, 0} {
			if _, err := Opened(t.Context(), sealed[:cut], open); err != ErrOpen {
				t.Errorf("%s: cut to %d: %v", test.format, cut, err)
			}
		}
		if _, err := Opened(t.Context(), append(bytes.Clone(sealed), 0), open); err != ErrOpen {
			t.Errorf("%s: extended: %v", test.format, err)
		}
		for at := 0; at < len(sealed); at += 1 + at*at/20_000 {
			altered := bytes.Clone(sealed)
			altered[at] ^= 4
			if _, err := Opened(t.Context(), altered, open); err == nil || err != ErrOpen && !strings.Contains(err.Error(), "refused") {
				t.Errorf("%s: byte %d altered: %v", test.format, at, err)
			}
		}
		// What is no fault of the message is told.
		broken := errors.New("the disk is broken")
		if _, err := Decrypt(t.Context(), iotest.ErrReader(broken), open); !errors.Is(err, broken) {
			t.Errorf("%s: a broken source: %v", test.format, err)
		}
	}
}

// TestForeignPaddingsOpen: messages do not say which hash the padding of an RSA key has, and others write others.
func TestForeignPaddingsOpen(t *testing.T) {
	t.Parallel()
	k := newTestKey(t, "theirs", RSA)
	pair, err := k.pair()
	if err != nil {
		t.Fatal(err)
	}
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		key, err := esdk.NewRawRSA(k.Namespace, k.ID, &pair.PublicKey, nil, hash)
		if err != nil {
			t.Fatal(err)
		}
		message, err := esdk.Seal(t.Context(), nil, []byte("hello"), esdk.WriteOptions{Keys: []esdk.WrappingKey{key}})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Opened(t.Context(), message, OpenOptions{Keys: []*Key{k}}); err != nil || string(got) != "hello" {
			t.Errorf("%v: %q, %v", hash, got, err)
		}
	}
}

func TestContextIsDemanded(t *testing.T) {
	t.Parallel()
	k, identity := newTestKey(t, "a", AES), newTestKey(t, "p", Age)
	here := map[string]string{"s3-key": "a"}
	sealed, err := Sealed(t.Context(), []byte("hello"), SealOptions{Keys: []*Key{k}, Context: here})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Opened(t.Context(), sealed, OpenOptions{Keys: []*Key{k}, Context: map[string]string{"s3-key": "b"}}); err != ErrOpen {
		t.Errorf("in another place: %v", err)
	}
	if sealed, err = Sealed(t.Context(), []byte("hello"), SealOptions{Format: AgeFormat, Keys: []*Key{identity}}); err != nil {
		t.Fatal(err)
	}
	if _, err := Opened(t.Context(), sealed, OpenOptions{Keys: []*Key{identity}, Context: here}); !errors.Is(err, ErrRefused) {
		t.Errorf("age, with a context demanded: %v", err)
	}
	if got, err := Opened(t.Context(), sealed, OpenOptions{Keys: []*Key{identity}, Context: here, Unbound: true}); string(got) != "hello" {
		t.Errorf("unbound: %v", err)
	}
}

// FuzzFiles reads what stands in files of ours that others may have written to: receipts, shares and notes of uploads.
func FuzzFiles(f *testing.F) {
	k, err := newKey("a", 1, AES, noon, bytes.Repeat([]byte{7}, 32))
	if err != nil {
		f.Fatal(err)
	}
	receipt, err := NewReceipt(k, "Ada", "s3://b/k", noon, [32]byte{})
	if err != nil {
		f.Fatal(err)
	}
	shares, err := Split(f.Context(), []*Key{k}, 2, 2)
	if err != nil {
		f.Fatal(err)
	}
	for _, w := range []interface{ Write(io.Writer) error }{receipt, shares[0]} {
		var text bytes.Buffer
		if err := w.Write(&text); err != nil {
			f.Fatal(err)
		}
		f.Add(text.Bytes())
	}
	f.Add([]byte(`{"schema":"onus.upload/1","target":"s3://b/k"}` + "\n" + `{"upload":"u"}` + "\n" + `{"digest":"AAAA"}` + "\n" + `{"dig`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := ReadReceipt(bytes.NewReader(text)); err == nil && r.Verify(k.Fingerprint()) == nil && !bytes.Equal(r.signed(), receipt.signed()) {
			t.Error("a receipt that was not signed verifies")
		}
		if s, err := ReadShare(bytes.NewReader(text)); err == nil {
			if _, err := Join(t.Context(), []*Share{s, s}); err == nil {
				t.Error("one share is enough")
			}
		}
		o := &note{}
		if o.parse(text) == nil && !bytes.HasSuffix(text, []byte("\n")) && o.Source != "" {
			t.Error("an upload goes on behind a line that was cut off")
		}
	})
}
