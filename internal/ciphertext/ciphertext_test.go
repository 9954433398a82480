package ciphertext

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onus-cloud/onus/esdk"
)

func key(t testing.TB, namespace, name string) esdk.WrappingKey {
	t.Helper()
	k, err := esdk.NewRawAES(namespace, name, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sealed(t testing.TB, plaintext []byte, o esdk.WriteOptions) []byte {
	t.Helper()
	message, err := esdk.Seal(t.Context(), nil, plaintext, o)
	if err != nil {
		t.Fatal(err)
	}
	return message
}

// random is the same bytes each time.
func random(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestLook(t *testing.T) {
	t.Parallel()
	one := []esdk.WrappingKey{key(t, "onus", "payroll/1")}
	text := []byte(strings.Repeat("name,salary\nann,1000\n", 100))
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write(random(2000))
	z.Close()
	message := sealed(t, text, esdk.WriteOptions{Keys: one, Context: map[string]string{"bucket": "vault", "patient": "Ann Smith"}})
	small := sealed(t, []byte("x"), esdk.WriteOptions{Keys: one})
	var many []esdk.WrappingKey
	for i := range 12 {
		many = append(many, key(t, "onus", fmt.Sprintf("%060d", i)))
	}
	for name, test := range map[string]struct {
		metadata map[string]string
		first    []byte
		want     Facts
	}{
		"a message":             {nil, message, Facts{Format: ESDK, Suite: "0x0478", Keys: []Key{{"onus", "payroll/1"}}, Context: []string{"bucket", "patient"}}},
		"a message of one byte": {nil, small, Facts{Format: ESDK, Suite: "0x0478", Keys: []Key{{"onus", "payroll/1"}}}},
		"a signed message": {nil, sealed(t, text, esdk.WriteOptions{Keys: one, Suite: esdk.AES256GCMCommitSigned}),
			Facts{Format: ESDK, Suite: "0x0578", Keys: []Key{{"onus", "payroll/1"}}, Context: []string{"aws-crypto-public-key"}}},
		"a header longer than what is looked at": {nil, sealed(t, text, esdk.WriteOptions{Keys: many}), Facts{Format: ESDK, Suite: "0x0478", KeysUnseen: true}},
		"a header with text behind it":           {nil, append(bytes.Clone(message[:len(message)-len(text)]), text...), Facts{Format: ESDK, Suite: "0x0478", Keys: []Key{{"onus", "payroll/1"}}, Context: []string{"bucket", "patient"}, Readable: "text"}},
		"names that nobody can read": {nil, sealed(t, text, esdk.WriteOptions{Keys: []esdk.WrappingKey{key(t, "on\nus", "\x1b[31m")}}),
			Facts{Format: ESDK, Suite: "0x0478", Keys: []Key{{"(unreadable)", "(unreadable)"}}}},
		"the S3 client, version 4": {map[string]string{"x-amz-c": "115", "x-amz-3": "k", "x-amz-d": "d", "x-amz-i": "i", "x-amz-w": "02"}, random(900), Facts{Format: S3Client, Suite: "0x0073", Keys: []Key{{Provider: "client"}}}},
		"with an instruction file": {map[string]string{"x-amz-c": "115", "x-amz-d": "d", "x-amz-i": "i"}, random(900), Facts{Format: S3Client, Suite: "0x0073", KeysUnseen: true}},
		"the S3 client, version 3": {map[string]string{"x-amz-key-v2": "k", "x-amz-iv": "i", "x-amz-cek-alg": "AES/GCM/NoPadding", "x-amz-wrap-alg": "kms+context"}, random(900), Facts{Format: S3Client, Suite: "AES/GCM/NoPadding", Keys: []Key{{Provider: "aws-kms"}}}},
		"the S3 client, version 1": {map[string]string{"x-amz-key": "k", "x-amz-iv": "i"}, random(900), Facts{Format: S3Client, Suite: "AES/CBC/PKCS5Padding", Keys: []Key{{Provider: "client"}}}},
		"an algorithm of its own":  {map[string]string{"x-amz-key-v2": "k", "x-amz-iv": "i", "x-amz-cek-alg": "Ann Smith", "x-amz-wrap-alg": "Ann"}, random(900), Facts{Format: S3Client}},
		"metadata over plaintext":  {map[string]string{"x-amz-key-v2": "k", "x-amz-iv": "i", "x-amz-cek-alg": "AES/GCM/NoPadding", "x-amz-wrap-alg": "AES/GCM"}, text, Facts{Format: S3Client, Suite: "AES/GCM/NoPadding", Keys: []Key{{Provider: "client"}}, Readable: "text"}},
		"age":                      {nil, append([]byte("age-encryption.org/v1\n-> X25519 abc\ndef\n--- mac\n"), random(900)...), Facts{Format: Age}},
		"age over plaintext":       {nil, append([]byte("age-encryption.org/v1\n-> X25519 abc\ndef\n--- mac\n"), text...), Facts{Format: Age, Readable: "text"}},
		"armor":                    {nil, []byte("-----BEGIN PGP MESSAGE-----\n\n" + strings.Repeat("abcd", 100)), Facts{Format: OpenPGP}},
		"openssl":                  {nil, append([]byte("Salted__"), random(900)...), Facts{Format: OpenSSL}},
		"text":                     {nil, text, Facts{Readable: "text"}},
		"text of other languages":  {nil, []byte(strings.Repeat("naïve Größe 会社 ", 20)), Facts{Readable: "text"}},
		"gzip":                     {nil, zipped.Bytes(), Facts{Readable: "gzip"}},
		"zeros":                    {nil, make([]byte, 1024), Facts{Readable: "uneven bytes"}},
		"random bytes":             {nil, random(1024), Facts{}},
		"a few bytes":              {nil, []byte("hello"), Facts{}},
		"nothing":                  {nil, nil, Facts{}},
	} {
		got := Look(test.metadata, test.first[:min(len(test.first), Enough)], int64(len(test.first)))
		if want := strings.HasPrefix(name, "a header longer"); got.HeaderGoesOn() != want && len(test.first) > Enough {
			t.Errorf("%s: its header goes on: %t", name, got.HeaderGoesOn())
		}
		test.want.Seen = got.Seen
		if d := cmp.Diff(test.want, got); d != "" {
			t.Errorf("%s: (-want +got)\n%s", name, d)
		}
		if got.Seen > Enough {
			t.Errorf("%s: %d bytes were looked at", name, got.Seen)
		}
	}
}

// TestLongHeaders: where the first KiB is not all of a header, more of it tells the keys.
func TestLongHeaders(t *testing.T) {
	t.Parallel()
	text := []byte(strings.Repeat("name,salary\nann,1000\n", 100))
	for _, n := range []int{12, 150} {
		var many []esdk.WrappingKey
		for i := range n {
			many = append(many, key(t, "onus", fmt.Sprintf("%060d", i)))
		}
		message := sealed(t, text, esdk.WriteOptions{Keys: many})
		first := Look(nil, message[:Enough], int64(len(message)))
		if !first.HeaderGoesOn() || !first.KeysUnseen {
			t.Errorf("%d keys: %+v", n, first)
		}
		if got := Look(nil, message[:min(len(message), MostHeader)], int64(len(message))); len(got.Keys) != n || got.KeysUnseen || got.HeaderGoesOn() || got.Readable != "" || got.Seen == 0 {
			t.Errorf("%d keys: %d are seen: %+v", n, len(got.Keys), got)
		}
	}
	// What ends in its header is no message.
	if got := Look(nil, []byte("\x02\x04\x78 and some more"), 17); got.Format != None {
		t.Errorf("%+v", got)
	}
	var recipients strings.Builder
	recipients.WriteString("age-encryption.org/v1\n")
	for range 20 {
		recipients.WriteString("-> X25519 " + strings.Repeat("a", 43) + "\n" + strings.Repeat("b", 43) + "\n")
	}
	aged := append([]byte(recipients.String()+"--- mac\n"), text...)
	if got := Look(nil, aged[:Enough], int64(len(aged))); !got.HeaderGoesOn() {
		t.Errorf("age: %+v", got)
	}
	if got := Look(nil, aged, int64(len(aged))); got.Readable != "text" {
		t.Errorf("age over plaintext: %+v", got)
	}
}

// TestRandomBytesAreNotReadable: ciphertext is never taken for plaintext, whatever its length.
func TestRandomBytesAreNotReadable(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		b := make([]byte, r.IntN(Enough+1))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if what := structure(b); what != "" {
			t.Fatalf("%d random bytes read as %s", len(b), what)
		}
	}
}

// TestFactsHoldNoContent: what is recorded of an object holds nothing that it, its metadata or its context held.
func TestFactsHoldNoContent(t *testing.T) {
	t.Parallel()
	const secret = "Ann-Smith-42"
	plain := []byte(strings.Repeat(secret+" ", 50))
	keys := []esdk.WrappingKey{key(t, "onus", "payroll/1")}
	for name, facts := range map[string]Facts{
		"plaintext": Look(map[string]string{"patient": secret, secret: "x", "x-amz-iv": secret, "x-amz-key": secret, "x-amz-w": secret}, plain, 600),
		"context":   Look(nil, sealed(t, plain, esdk.WriteOptions{Keys: keys, Context: map[string]string{"patient": secret}}), 5000),
		"algorithm": Look(map[string]string{"x-amz-key-v2": secret, "x-amz-iv": secret, "x-amz-cek-alg": secret, "x-amz-wrap-alg": secret, "x-amz-matdesc": secret}, plain, 600),
	} {
		raw, err := json.Marshal(facts)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%s: %s", name, raw)
		}
	}
}

func TestCommits(t *testing.T) {
	t.Parallel()
	for facts, want := range map[struct {
		Format
		suite string
	}]bool{
		{ESDK, "0x0478"}: true, {ESDK, "0x0578"}: true, {ESDK, "0x0178"}: false, {ESDK, "0x0378"}: false, {Age, ""}: true,
		{S3Client, "0x0073"}: true, {S3Client, "AES/GCM/NoPadding"}: false, {S3Client, ""}: false, {OpenSSL, ""}: false, {None, ""}: false,
	} {
		if got := (Facts{Format: facts.Format, Suite: facts.suite}).Commits(); got != want {
			t.Errorf("%v %s: %t, want %t", facts.Format, facts.suite, got, want)
		}
	}
}

// FuzzLook: whatever an object begins with, looking at it gives facts of bounded size, the same each time.
func FuzzLook(f *testing.F) {
	f.Add("x-amz-iv", sealed(f, []byte("hello"), esdk.WriteOptions{Keys: []esdk.WrappingKey{key(f, "onus", "a")}}))
	f.Add("x-amz-c", []byte("age-encryption.org/v1\n---"))
	f.Add("", []byte("\x02\x04\x78"))
	f.Fuzz(func(t *testing.T, name string, first []byte) {
		got := Look(map[string]string{name: name}, first, 1<<20)
		if d := cmp.Diff(got, Look(map[string]string{name: name}, first, 1<<20)); d != "" {
			t.Error(d)
		}
		if raw, err := json.Marshal(got); err != nil || len(raw) > 100*MostHeader {
			t.Errorf("%d bytes, %v", len(raw), err)
		}
	})
}
