package seal

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"filippo.io/age"
)

const (
	keySchema   = "onus.key/1"
	maxKeyFile  = 64 << 10 // bytes of one key
	maxKeyFiles = 4 << 20  // bytes of a stream of keys
)

// keyFile is the JSON of one key. The secret stands in one of two members, or in none for a public half.
type keyFile struct {
	Schema      string    `json:"schema"`
	Name        string    `json:"name"`
	Version     int       `json:"version"`
	Kind        Kind      `json:"kind"`
	Created     time.Time `json:"created"`
	Namespace   string    `json:"namespace"`
	ID          string    `json:"id"`
	Fingerprint string    `json:"fingerprint"`
	Public      string    `json:"public,omitempty"`
	Verifier    []byte    `json:"verifier,omitempty"`
	Secret      []byte    `json:"secret,omitempty"`
	Locked      []byte    `json:"locked,omitempty"` // an age file: base64 -d | age -d gives the secret
}

// Encode is the key as a file: with the secret as it is, or under the passphrase if the key is protected.
func (k *Key) Encode() ([]byte, error) {
	f := keyFile{keySchema, k.Name, k.Version, k.Kind, k.Created, k.Namespace, k.ID, k.Fingerprint(), k.Public, k.Verifier, k.secret, k.locked}
	if k.locked != nil {
		f.Secret = nil
	}
	var out bytes.Buffer
	err := writeJSON(&out, f)
	return out.Bytes(), err
}

// writeJSON writes a key, a share or a receipt as people read it.
func writeJSON(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// ReadKeys reads keys as Encode wrote them, one after the other. Errors count keys and quote nothing of the file: in a damaged one
// a secret may stand anywhere.
func ReadKeys(r io.Reader) ([]*Key, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxKeyFiles+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxKeyFiles {
		return nil, errors.New("this is no file of keys: it is too long")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	var keys []*Key
	for {
		var f keyFile
		err := d.Decode(&f)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, errors.New("this is no whole key file: its JSON does not parse")
		}
		k, err := f.key()
		if err != nil {
			return nil, fmt.Errorf("key %d of the file: %w", len(keys)+1, err)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errors.New("this is no key file: it is empty")
	}
	return keys, nil
}

// key holds what the file says against what follows from its secret.
func (f *keyFile) key() (*Key, error) {
	k := &Key{Name: f.Name, Version: f.Version, Kind: f.Kind, Created: f.Created, Namespace: f.Namespace, ID: f.ID, Public: f.Public, locked: f.Locked}
	switch {
	case f.Schema != keySchema:
		return nil, fmt.Errorf("it is of no version that is known (%s)", keySchema)
	case CheckName(f.Name) != nil:
		return nil, errors.New("its name is no name for a key")
	case f.Version < 1:
		return nil, fmt.Errorf("its version is %d, and versions count from 1", f.Version)
	case f.Kind != AES && f.Kind != RSA && f.Kind != Age:
		return nil, fmt.Errorf("its kind is none of %s, %s and %s", AES, RSA, Age)
	case f.Namespace == "" || f.ID == "":
		return nil, errors.New("its namespace and id are missing")
	case len(f.Verifier) != 0 && len(f.Verifier) != ed25519.PublicKeySize:
		return nil, errors.New("its verifier is damaged")
	case f.Secret != nil && f.Locked != nil:
		return nil, errors.New("its secret is there both locked and not: make the file anew")
	case f.Kind == AES && len(f.Secret) == 0 && len(f.Locked) == 0:
		return nil, errors.New("its secret is missing")
	}
	if len(f.Verifier) > 0 {
		k.Verifier = f.Verifier
	}
	var err error
	switch {
	case len(f.Secret) > 0:
		err = k.setSecret(f.Secret)
	case k.Kind == RSA:
		_, err = parsePublic(k.Public)
	case k.Kind == Age:
		_, err = parseRecipient(k.Public)
	}
	if err != nil {
		return nil, err
	}
	if k.Fingerprint() != f.Fingerprint {
		return nil, errors.New("its fingerprint does not fit its contents: the file was damaged or altered")
	}
	return k, nil
}

// Protect puts the secret under a passphrase from now on: it is an age file for a scrypt recipient, which age itself can open. age
// was chosen over a use of scrypt or argon2id of our own because its format is known and others read it.
func (k *Key) Protect(passphrase string) error {
	if k.secret == nil {
		return k.noSecret()
	}
	if passphrase == "" {
		return errors.New("the passphrase is empty")
	}
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return err
	}
	var locked bytes.Buffer
	w, err := age.Encrypt(&locked, recipient)
	if err != nil {
		return err
	}
	if _, err := w.Write(k.secret); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	k.locked = locked.Bytes()
	return nil
}

// Unlock takes the secret from under the passphrase. It has to be the secret that the key's fingerprint is of.
func (k *Key) Unlock(passphrase string) error {
	if !k.Locked() {
		return nil
	}
	wrong := fmt.Errorf("key %s: wrong passphrase, or a damaged file", k.Label())
	if passphrase == "" {
		return wrong
	}
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return err
	}
	r, err := age.Decrypt(bytes.NewReader(k.locked), identity)
	if err != nil {
		return wrong
	}
	secret, err := io.ReadAll(io.LimitReader(r, maxKeyFile))
	if err != nil {
		return wrong
	}
	open := *k
	if err := open.setSecret(secret); err != nil || open.Fingerprint() != k.Fingerprint() {
		return wrong
	}
	k.secret = secret
	return nil
}

// Unprotect keeps the secret without a passphrase from now on.
func (k *Key) Unprotect() error {
	if k.secret == nil {
		return k.noSecret()
	}
	k.locked = nil
	return nil
}
