package seal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

const (
	receiptSchema = "onus.receipt/1"
	maxReceipt    = 64 << 10 // bytes
)

// A Receipt says that a holder of a key opened an object at a time, and what it was. It is signed with a key that is derived from the
// holder's: whoever knows the fingerprint of the key can verify it, without any secret. All who hold the key can sign: a
// receipt proves that one of them opened the object, and the holder's name is what that one said.
type Receipt struct {
	Schema      string    `json:"schema"`
	Holder      string    `json:"holder"`
	Key         string    `json:"key"`         // name and version: "backup/2"
	Fingerprint string    `json:"fingerprint"` // of the key that opened
	Kind        Kind      `json:"kind"`
	Public      string    `json:"public,omitempty"` // public half of that key
	Object      string    `json:"object"`           // "s3://bucket/key", or a path
	Opened      time.Time `json:"opened"`           // in seconds, UTC
	Digest      string    `json:"digest"`           // "sha256:" and 64 hexadecimal digits of the plaintext
	Verifier    []byte    `json:"verifier"`         // the Ed25519 key that the fingerprint is of
	Signature   []byte    `json:"signature"`
}

// NewReceipt signs that holder opened the object with the key. The digest is the SHA-256 of its plaintext.
func NewReceipt(k *Key, holder, object string, opened time.Time, digest [sha256.Size]byte) (*Receipt, error) {
	if strings.TrimSpace(holder) == "" || object == "" {
		return nil, errors.New("a receipt needs a holder and an object")
	}
	signer, err := k.signer()
	if err != nil {
		return nil, err
	}
	r := &Receipt{
		Schema: receiptSchema, Holder: holder, Key: k.Label(), Fingerprint: k.Fingerprint(), Kind: k.Kind, Public: k.Public, Object: object,
		Opened: opened.UTC().Truncate(time.Second), Digest: "sha256:" + hex.EncodeToString(digest[:]), Verifier: k.Verifier,
	}
	r.Signature = ed25519.Sign(signer, r.signed())
	return r, nil
}

// Verify says whether the receipt was signed by a holder of the key with that fingerprint.
func (r *Receipt) Verify(fingerprintOfKey string) error {
	switch {
	case len(r.Verifier) != ed25519.PublicKeySize:
		return errors.New("the receipt has no key to verify it")
	case r.Fingerprint != fingerprintOfKey, fingerprint(r.Kind, r.Verifier, r.Public) != fingerprintOfKey:
		return fmt.Errorf("the receipt is of another key than %s", fingerprintOfKey)
	case !ed25519.Verify(r.Verifier, r.signed(), r.Signature):
		return errors.New("the receipt's signature is wrong: it was altered")
	default:
		return nil
	}
}

// signed are the bytes under the signature: every field with its length before it.
func (r *Receipt) signed() []byte {
	var b strings.Builder
	for _, field := range []string{
		"onus receipt", r.Schema, r.Holder, r.Key, r.Fingerprint, string(r.Kind), r.Public, r.Object, r.Opened.UTC().Format(time.RFC3339), r.Digest,
		string(r.Verifier),
	} {
		fmt.Fprintf(&b, "%d:%s", len(field), field)
	}
	return []byte(b.String())
}

// Write writes the receipt as JSON.
func (r *Receipt) Write(w io.Writer) error {
	return writeJSON(w, r)
}

// ReadReceipt reads what Write wrote. It verifies nothing.
func ReadReceipt(src io.Reader) (*Receipt, error) {
	raw, err := io.ReadAll(io.LimitReader(src, maxReceipt+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxReceipt {
		return nil, errors.New("this is no receipt: it is too long")
	}
	r := new(Receipt)
	if err := json.Unmarshal(raw, r); err != nil {
		return nil, fmt.Errorf("this is no receipt: %w", err)
	}
	digest, isSHA := strings.CutPrefix(r.Digest, "sha256:")
	raw, err = hex.DecodeString(digest)
	switch {
	case r.Schema != receiptSchema:
		return nil, fmt.Errorf("this is no receipt of a version that is known (%s)", receiptSchema)
	case r.Holder == "" || r.Object == "" || r.Opened.IsZero() || r.Opened.Nanosecond() != 0:
		return nil, errors.New("the receipt does not say who opened what, and in which second")
	case !isSHA || err != nil || len(raw) != sha256.Size:
		return nil, errors.New("the receipt's digest is no SHA-256")
	}
	return r, nil
}

// ReadReceipts reads all *.json of a folder, in the order of their names. Files that are no receipts are errors beside the
// receipts.
func ReadReceipts(dir fs.FS) ([]*Receipt, error) {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, err
	}
	var receipts []*Receipt
	var problems []error
	for _, entry := range entries {
		if entry.IsDir() || path.Ext(entry.Name()) != ".json" {
			continue
		}
		r, err := readReceiptFile(dir, entry.Name())
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", entry.Name(), err))
			continue
		}
		receipts = append(receipts, r)
	}
	return receipts, errors.Join(problems...)
}

func readReceiptFile(dir fs.FS, name string) (*Receipt, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadReceipt(f)
}

// FileName is a name for the receipt that no other receipt has.
func (r *Receipt) FileName() string {
	plain := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '-'
	}, strings.ToLower(r.Holder))
	sum := sha256.Sum256(slices.Concat(r.signed(), r.Signature))
	return fmt.Sprintf("receipt-%s-%s-%x.json", r.Opened.UTC().Format("20060102T150405Z"), plain[:min(len(plain), 40)], sum[:4])
}
