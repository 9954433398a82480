package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
)

// sealS3EC writes what the Amazon S3 Encryption Client writes, from its specification and with the standard library alone.
func sealS3EC(t testing.TB, version int, k *Key, plaintext []byte) ([]byte, map[string]string) {
	t.Helper()
	gcm := func(key []byte) cipher.AEAD {
		block, err := aes.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			t.Fatal(err)
		}
		return aead
	}
	random := func(n int) []byte { p := make([]byte, n); rand.Read(p); return p }
	b64 := base64.StdEncoding.EncodeToString
	dataKey, algorithm := random(32), cekV2
	if version == 3 {
		algorithm = cekV3
	}
	wrap, wrapped := "AES/GCM", []byte(nil)
	if k.Kind == RSA {
		wrap = "RSA-OAEP-SHA1"
		pair, err := k.pair()
		if err != nil {
			t.Fatal(err)
		}
		if wrapped, err = rsa.EncryptOAEP(sha1.New(), rand.Reader, &pair.PublicKey, slices.Concat([]byte{32}, dataKey, []byte(algorithm)), nil); err != nil {
			t.Fatal(err)
		}
	} else {
		iv := random(12)
		wrapped = gcm(k.secret).Seal(iv, iv, dataKey, []byte(algorithm))
	}
	if version == 2 {
		iv := random(12)
		return gcm(dataKey).Seal(nil, iv, plaintext, nil), map[string]string{
			"x-amz-key-v2": b64(wrapped), "x-amz-iv": b64(iv), "x-amz-cek-alg": algorithm, "x-amz-wrap-alg": wrap, "x-amz-tag-len": "128", "x-amz-matdesc": "{}",
		}
	}
	id := random(28)
	derive := func(label string, n int) []byte {
		key, err := hkdf.Key(sha512.New, dataKey, id, "\x00\x73"+label, n)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	body := gcm(derive("DERIVEKEY", 32)).Seal(nil, bytes.Repeat([]byte{1}, 12), plaintext, []byte{0, 0x73})
	return body, map[string]string{
		"x-amz-3": b64(wrapped), "x-amz-c": algorithm, "x-amz-w": map[string]string{"AES/GCM": "02", "RSA-OAEP-SHA1": "22"}[wrap],
		"x-amz-d": b64(derive("COMMITKEY", 28)), "x-amz-i": b64(id), "x-amz-m": "{}",
	}
}

func opener(body []byte) func() io.ReadCloser {
	return func() io.ReadCloser { return io.NopCloser(bytes.NewReader(body)) }
}

func openS3EC(t testing.TB, body []byte, metadata map[string]string, keys ...*Key) ([]byte, error) {
	p, err := DecryptS3EC(t.Context(), opener(body), int64(len(body)), metadata, OpenOptions{Format: S3EC, Keys: keys})
	if err != nil {
		return nil, err
	}
	return io.ReadAll(p)
}

func TestS3ECObjectsOpen(t *testing.T) {
	t.Parallel()
	k, pair := newTestKey(t, "a", AES), newTestKey(t, "r", RSA)
	for _, version := range []int{2, 3} {
		for _, by := range []*Key{k, pair} {
			for _, size := range []int{0, 1, 15, 16, 17, 100_000} {
				plaintext := random()[:size]
				body, metadata := sealS3EC(t, version, by, plaintext)
				got, err := openS3EC(t, body, metadata, newTestKey(t, "other", AES), pair, k)
				if err != nil || !bytes.Equal(got, plaintext) {
					t.Errorf("version %d, %s, %d bytes: %d, %v", version, by.Kind, size, len(got), err)
				}
				if in := Inspect(nil, metadata); in.Format != S3EC || in.Commits != (version == 3) {
					t.Errorf("inspected %+v", in)
				}
			}
		}
	}
}

func TestS3ECAlteredDoesNotOpen(t *testing.T) {
	t.Parallel()
	k := newTestKey(t, "a", AES)
	for _, version := range []int{2, 3} {
		body, metadata := sealS3EC(t, version, k, []byte("thirty-three bytes of a plaintext"))
		for at := range body {
			altered := bytes.Clone(body)
			altered[at] ^= 1
			if _, err := openS3EC(t, altered, metadata, k); err != ErrOpen {
				t.Errorf("version %d, byte %d: %v", version, at, err)
			}
		}
		for cut := range body {
			if _, err := openS3EC(t, body[:cut], metadata, k); err != ErrOpen {
				t.Errorf("version %d, cut to %d: %v", version, cut, err)
			}
		}
		if _, err := openS3EC(t, append(bytes.Clone(body), 0), metadata, k); err != ErrOpen {
			t.Errorf("version %d, extended: %v", version, err)
		}
		if _, err := openS3EC(t, body, metadata, newTestKey(t, "a", AES)); err != ErrOpen {
			t.Errorf("version %d, another key: %v", version, err)
		}
		for name, value := range metadata {
			if name == "x-amz-matdesc" || name == "x-amz-m" { // not authenticated, and not used
				continue
			}
			for _, other := range []string{"", "x", value + value, strings.ToLower(value) + "A"} {
				altered := maps.Clone(metadata)
				altered[name] = other
				if _, err := openS3EC(t, body, altered, k); err == nil {
					t.Errorf("version %d: %s of %q opens", version, name, other)
				}
			}
			if raw, err := base64.StdEncoding.DecodeString(value); err == nil && len(raw) >= 12 {
				for at := range raw {
					altered := bytes.Clone(raw)
					altered[at] ^= 1
					changed := maps.Clone(metadata)
					changed[name] = base64.StdEncoding.EncodeToString(altered)
					if _, err := openS3EC(t, body, changed, k); err != ErrOpen {
						t.Errorf("version %d: %s with byte %d altered: %v", version, name, at, err)
					}
				}
			}
		}
	}
}

// TestS3ECRefuses what does not authenticate or mixes versions: the algorithm is never the metadata's choice (CVE-2020-8912).
func TestS3ECRefuses(t *testing.T) {
	t.Parallel()
	k := newTestKey(t, "a", AES)
	body, v2 := sealS3EC(t, 2, k, []byte("hello"))
	_, v3 := sealS3EC(t, 3, k, []byte("hello"))
	with := func(base map[string]string, pairs ...string) map[string]string {
		all := maps.Clone(base)
		for i := 0; i < len(pairs); i += 2 {
			all[pairs[i]] = pairs[i+1]
		}
		return all
	}
	mixed := maps.Clone(v2)
	maps.Copy(mixed, v3)
	for name, metadata := range map[string]map[string]string{
		"none":            nil,
		"version 1":       {"x-amz-key": "AAAA", "x-amz-iv": "AAAA"},
		"CBC":             with(v2, "x-amz-cek-alg", "AES/CBC/PKCS5Padding"),
		"CTR":             with(v2, "x-amz-cek-alg", "AES/CTR/NoPadding"),
		"short tag":       with(v2, "x-amz-tag-len", "32"),
		"KMS":             with(v2, "x-amz-wrap-alg", "kms+context"),
		"KMS, version 3":  with(v3, "x-amz-w", "12"),
		"AESWrap":         with(v2, "x-amz-wrap-alg", "AESWrap"),
		"two versions":    mixed,
		"with version 1":  with(v2, "x-amz-key", "AAAA"),
		"a part of 3":     with(v2, "x-amz-d", v3["x-amz-d"]),
		"a part of 2":     with(v3, "x-amz-iv", v2["x-amz-iv"]),
		"no wrapped key":  {"x-amz-iv": v2["x-amz-iv"], "x-amz-cek-alg": cekV2, "x-amz-wrap-alg": "AES/GCM"},
		"another suite":   with(v3, "x-amz-c", "114"),
		"GCM, version 3":  with(v3, "x-amz-c", cekV2),
		"short id":        with(v3, "x-amz-i", "AAAA"),
		"without wrapped": with(v3, "x-amz-3", ""),
	} {
		if _, err := openS3EC(t, body, metadata, k); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := openS3EC(t, body, v2, newTestKey(t, "p", Age)); err == nil || !strings.Contains(err.Error(), "import") {
		t.Errorf("without a fitting key: %v", err)
	}
}

// twoPasses opens as DecryptS3EC does what is too long for memory.
func twoPasses(t *testing.T, key, iv, additional, first, second []byte) ([]byte, error) {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	digests, err := provePass(t.Context(), opener(first), int64(len(first)), block, iv, additional)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(&secondPass{open: opener(second), left: int64(len(first) - gcmTag), digests: digests, stream: newCTR(block, iv)})
}

// TestTwoPassesAreAESGCM holds the two passes against the standard library.
func TestTwoPassesAreAESGCM(t *testing.T) {
	t.Parallel()
	key, iv := random()[:32], random()[40:52]
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	long := bytes.Repeat(random(), 8)
	for _, additional := range [][]byte{nil, {0, 0x73}, random()[:100]} {
		for _, size := range []int{0, 1, 15, 16, 17, 4096, passBytes - 1, passBytes, passBytes + 1, passBytes + 16, 2*passBytes + 5, len(long)} {
			sealed := aead.Seal(nil, iv, long[:size], additional)
			got, err := twoPasses(t, key, iv, additional, sealed, sealed)
			if err != nil || !bytes.Equal(got, long[:size]) {
				t.Errorf("%d bytes, %d additional: %d, %v", size, len(additional), len(got), err)
			}
			for _, at := range []int{0, size / 2, size, size + 15} {
				altered := bytes.Clone(sealed)
				altered[at] ^= 1
				if got, err := twoPasses(t, key, iv, additional, altered, sealed); err != ErrOpen || len(got) > 0 {
					t.Errorf("%d bytes, %d altered: %d handed out, %v", size, at, len(got), err)
				}
				// What changes between the passes is not handed out either.
				if at < size {
					if got, err := twoPasses(t, key, iv, additional, sealed, altered); err != ErrOpen || !bytes.HasPrefix(long, got) {
						t.Errorf("%d bytes, %d altered after the first pass: %d handed out, %v", size, at, len(got), err)
					}
				}
			}
			if size > 16 {
				if _, err := twoPasses(t, key, iv, additional, sealed, sealed[:size/2]); err != ErrOpen {
					t.Errorf("%d bytes, cut off after the first pass: %v", size, err)
				}
			}
		}
	}
}

func TestLargeS3ECObjectTakesTwoPasses(t *testing.T) {
	t.Parallel()
	k := newTestKey(t, "a", AES)
	plaintext := bytes.Repeat(random()[:1<<16], s3ecWhole>>16+1)
	body, metadata := sealS3EC(t, 3, k, plaintext)
	opened := 0
	p, err := DecryptS3EC(t.Context(), func() io.ReadCloser { opened++; return opener(body)() }, int64(len(body)), metadata, OpenOptions{Keys: []*Key{k}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(p)
	if err != nil || !bytes.Equal(got, plaintext) || opened != 2 {
		t.Errorf("%d bytes in %d passes, %v", len(got), opened, err)
	}
}

func TestFieldOfGHASH(t *testing.T) {
	t.Parallel()
	one := element{hi: 1 << 63}
	for i := range 100 {
		a, b, c := elementOf(random()[i*48:]), elementOf(random()[i*48+16:]), elementOf(random()[i*48+32:])
		if a.times(b) != b.times(a) || a.times(b).times(c) != a.times(b.times(c)) || a.times(b.add(c)) != a.times(b).add(a.times(c)) {
			t.Fatalf("%x, %x, %x: not a field", a, b, c)
		}
		if a.times(one) != a || a.times(a.inverse()) != one {
			t.Fatalf("%x: no inverse", a)
		}
	}
}

func FuzzS3ECMetadata(f *testing.F) {
	k, err := newKey("a", 1, AES, noon, bytes.Repeat([]byte{7}, 32))
	if err != nil {
		f.Fatal(err)
	}
	for _, version := range []int{2, 3} {
		body, m := sealS3EC(f, version, k, []byte("hello"))
		f.Add(version == 3, m["x-amz-3"]+m["x-amz-key-v2"], m["x-amz-i"]+m["x-amz-iv"], m["x-amz-d"], m["x-amz-c"]+m["x-amz-cek-alg"], m["x-amz-w"]+m["x-amz-wrap-alg"], body)
	}
	f.Fuzz(func(t *testing.T, v3 bool, wrapped, id, commitment, algorithm, wrap string, body []byte) {
		metadata := map[string]string{"x-amz-key-v2": wrapped, "x-amz-iv": id, "x-amz-cek-alg": algorithm, "x-amz-wrap-alg": wrap, "x-amz-tag-len": "128"}
		if v3 {
			metadata = map[string]string{"x-amz-3": wrapped, "x-amz-i": id, "x-amz-d": commitment, "x-amz-c": algorithm, "x-amz-w": wrap}
		}
		got, err := openS3EC(t, body, metadata, k)
		if err == nil && string(got) != "hello" {
			t.Errorf("%q opens without the key", got)
		}
		if err != nil && err != ErrOpen && !errors.Is(err, ErrRefused) && !strings.Contains(err.Error(), "onus key import") {
			t.Errorf("another kind of failure: %v", err)
		}
	})
}
