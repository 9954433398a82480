package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base32"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/onus-cloud/onus/esdk"
)

// A Kind is what a key is made of.
type Kind string

// The kinds of keys.
const (
	// AES is a raw AES-256 key: who seals can open. It needs no replacement because of quantum computers.
	AES Kind = "aes-256"
	// RSA is a pair for RSA-OAEP with SHA-256: who has the public half alone seals and does not open.
	RSA Kind = "rsa-oaep"
	// Age is an age identity, of the post-quantum hybrid type when made here; its recipient alone seals and does not open.
	Age Kind = "age"
)

// Namespace is the key namespace ("provider" on AWS's command line) of keys made here.
const Namespace = "onus"

const rsaBits = 3072 // 128 bits of strength, NIST SP 800-57

// A Key is one version of a named key. A key that is locked, or only the public half, has no secret: it cannot open.
type Key struct {
	Name    string
	Version int // from 1; the highest seals, all open
	Kind    Kind
	Created time.Time
	// Namespace and ID name the key in messages of the AWS Encryption SDK format, readable by everybody.
	Namespace, ID string
	// Public is the public half: PEM of an RSA key, the recipient of an age identity. Empty for AES.
	Public string
	// Verifier verifies receipts (see Receipt). Nil for a public half that came from elsewhere.
	Verifier ed25519.PublicKey

	secret []byte // 32 bytes of AES; PKCS #8 of RSA; the age identity as text
	locked []byte // the secret as an age file under a passphrase
}

// NewKey makes version 1 of a key, or the version given.
func NewKey(name string, version int, kind Kind, now time.Time) (*Key, error) {
	switch kind {
	case AES:
		secret := make([]byte, 32)
		rand.Read(secret)
		return newKey(name, version, kind, now, secret)
	case RSA:
		pair, err := rsa.GenerateKey(rand.Reader, rsaBits)
		if err != nil {
			return nil, err
		}
		secret, err := x509.MarshalPKCS8PrivateKey(pair)
		if err != nil {
			return nil, err
		}
		return newKey(name, version, kind, now, secret)
	case Age:
		identity, err := age.GenerateHybridIdentity()
		if err != nil {
			return nil, err
		}
		return newKey(name, version, kind, now, []byte(identity.String()))
	default:
		return nil, fmt.Errorf("there is no kind of key %q: use %s, %s or %s", kind, AES, RSA, Age)
	}
}

// newKey completes a key from its secret.
func newKey(name string, version int, kind Kind, now time.Time, secret []byte) (*Key, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	if version < 1 {
		return nil, fmt.Errorf("key %s: versions count from 1", name)
	}
	k := &Key{Name: name, Version: version, Kind: kind, Created: now.UTC().Truncate(time.Second), Namespace: Namespace, ID: fmt.Sprintf("%s/%d", name, version)}
	if err := k.setSecret(secret); err != nil {
		return nil, fmt.Errorf("key %s: %w", k.Label(), err)
	}
	return k, nil
}

var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// CheckName says whether a name can be that of a key.
func CheckName(name string) error {
	if !validName.MatchString(name) {
		return fmt.Errorf("%q is no name for a key: use letters, digits, - and _, at most 64", name)
	}
	return nil
}

// setSecret takes the secret and derives what is public from it. Its errors name no key and quote nothing.
func (k *Key) setSecret(secret []byte) error {
	k.secret = secret
	signer, err := k.signer()
	if err != nil {
		return err
	}
	k.Verifier = signer.Public().(ed25519.PublicKey)
	switch k.Kind {
	case AES:
		if len(secret) != 32 {
			return fmt.Errorf("an AES-256 key has 32 bytes, this has %d", len(secret))
		}
	case RSA:
		pair, err := parsePair(secret)
		if err != nil {
			return err
		}
		if k.Public, err = encodePublic(&pair.PublicKey); err != nil {
			return err
		}
	case Age:
		identity, err := parseIdentity(secret)
		if err != nil {
			return err
		}
		switch identity := identity.(type) {
		case *age.HybridIdentity:
			k.Public = identity.Recipient().String()
		case *age.X25519Identity:
			k.Public = identity.Recipient().String()
		}
	}
	return nil
}

// Label is the name with the version: "backup/2".
func (k *Key) Label() string { return fmt.Sprintf("%s/%d", k.Name, k.Version) }

// CanOpen says whether the secret is at hand.
func (k *Key) CanOpen() bool { return k.secret != nil }

// Locked says whether a passphrase is needed before the key opens.
func (k *Key) Locked() bool { return k.secret == nil && k.locked != nil }

// Protected says whether the key's file holds the secret under a passphrase only.
func (k *Key) Protected() bool { return k.locked != nil }

// Fingerprint identifies the key and reveals nothing about it: a hash of what is public and of the key that verifies receipts,
// which is derived from the secret. Whoever knows a fingerprint can verify receipts of that key, and do no more. It is 160 bits
// as eight groups of letters and digits.
func (k *Key) Fingerprint() string { return fingerprint(k.Kind, k.Verifier, k.Public) }

func fingerprint(kind Kind, verifier ed25519.PublicKey, public string) string {
	h := sha256.New()
	for _, field := range []string{"onus key fingerprint", string(kind), string(verifier), public} {
		fmt.Fprintf(h, "%d:%s", len(field), field)
	}
	text := strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)[:20]))
	var groups []string
	for ; len(text) > 0; text = text[4:] {
		groups = append(groups, text[:4])
	}
	return strings.Join(groups, "-")
}

// signer is the key that signs receipts. HKDF keeps it apart from the key itself: neither tells anything about the other.
func (k *Key) signer() (ed25519.PrivateKey, error) {
	if k.secret == nil {
		return nil, k.noSecret()
	}
	seed, err := hkdf.Key(sha256.New, k.secret, nil, "onus receipt signing key", ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

func (k *Key) noSecret() error {
	if k.Locked() {
		return fmt.Errorf("key %s is locked: give its passphrase", k.Label())
	}
	return fmt.Errorf("key %s is only the public half: it seals and does not open", k.Label())
}

// PublicHalf is the key without its secret, for those who only seal. An AES key has none.
func (k *Key) PublicHalf() (*Key, error) {
	if k.Kind == AES {
		return nil, fmt.Errorf("key %s is a symmetric key and has no public half: use a key of kind %s or %s", k.Label(), RSA, Age)
	}
	half := *k
	half.secret, half.locked = nil, nil
	return &half, nil
}

// WrappingKey is the key for messages of the AWS Encryption SDK format. A public half wraps and does not unwrap.
func (k *Key) WrappingKey() (esdk.WrappingKey, error) {
	switch k.Kind {
	case AES:
		if k.secret == nil {
			return nil, k.noSecret()
		}
		return esdk.NewRawAES(k.Namespace, k.ID, k.secret)
	case RSA:
		if k.secret == nil {
			public, err := parsePublic(k.Public)
			if err != nil {
				return nil, fmt.Errorf("key %s: %w", k.Label(), err)
			}
			return esdk.NewRawRSA(k.Namespace, k.ID, public, nil, crypto.SHA256)
		}
		pair, err := k.pair()
		if err != nil {
			return nil, err
		}
		// Messages do not say which hash their padding has. Here it is SHA-256; others write others.
		var all anyHash
		for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA1, crypto.SHA384, crypto.SHA512} {
			key, err := esdk.NewRawRSA(k.Namespace, k.ID, nil, pair, hash)
			if err != nil {
				return nil, err
			}
			all = append(all, key)
		}
		return all, nil
	default:
		return nil, fmt.Errorf("key %s is an age identity: use it with --format age", k.Label())
	}
}

// anyHash is one RSA key with all hashes that OAEP has in the format: it wraps with the first, and unwraps with whichever fits.
type anyHash []esdk.WrappingKey

func (k anyHash) Wrap(ctx context.Context, dataKey []byte, pairs map[string]string) (esdk.WrappedKey, error) {
	return k[0].Wrap(ctx, dataKey, pairs)
}

func (k anyHash) Unwrap(ctx context.Context, wrapped esdk.WrappedKey, pairs map[string]string) (dataKey []byte, err error) {
	for _, key := range k {
		if dataKey, err = key.Unwrap(ctx, wrapped, pairs); err == nil {
			break
		}
	}
	return dataKey, err
}

// Recipient is the public half of an age key.
func (k *Key) Recipient() (age.Recipient, error) {
	if k.Kind != Age {
		return nil, fmt.Errorf("key %s is no age identity: make one with onus key new NAME --kind age", k.Label())
	}
	recipient, err := parseRecipient(k.Public)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", k.Label(), err)
	}
	return recipient, nil
}

// Identity is an age key that opens.
func (k *Key) Identity() (age.Identity, error) {
	if k.Kind != Age {
		return nil, fmt.Errorf("key %s is no age identity", k.Label())
	}
	if k.secret == nil {
		return nil, k.noSecret()
	}
	identity, err := parseIdentity(k.secret)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", k.Label(), err)
	}
	return identity, nil
}

// Check proves that the key works: what it seals opens and, once altered, does not. Of a public half only the sealing is proved.
func (k *Key) Check(ctx context.Context) error {
	probe := make([]byte, 64)
	rand.Read(probe)
	var message []byte
	var open func([]byte) ([]byte, error)
	if k.Kind == Age {
		recipient, err := k.Recipient()
		if err != nil {
			return err
		}
		var sealed bytes.Buffer
		w, err := age.Encrypt(&sealed, recipient)
		if err != nil {
			return err
		}
		if _, err := w.Write(probe); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		message = sealed.Bytes()
		open = func(message []byte) ([]byte, error) {
			identity, err := k.Identity()
			if err != nil {
				return nil, err
			}
			r, err := age.Decrypt(bytes.NewReader(message), identity)
			if err != nil {
				return nil, err
			}
			return io.ReadAll(r)
		}
	} else {
		wrapping, err := k.WrappingKey()
		if err != nil {
			return err
		}
		keys := []esdk.WrappingKey{wrapping}
		if message, err = esdk.Seal(ctx, nil, probe, esdk.WriteOptions{Keys: keys}); err != nil {
			return err
		}
		open = func(message []byte) ([]byte, error) {
			return esdk.Open(ctx, nil, message, esdk.ReadOptions{Keys: keys})
		}
	}
	if !k.CanOpen() {
		return nil
	}
	if got, err := open(message); err != nil || !bytes.Equal(got, probe) {
		return fmt.Errorf("key %s does not open what it sealed: %w", k.Label(), errors.Join(err))
	}
	message[len(message)-1] ^= 1
	if _, err := open(message); err == nil {
		return fmt.Errorf("key %s opens what was altered", k.Label())
	}
	return nil
}

func (k *Key) pair() (*rsa.PrivateKey, error) {
	pair, err := parsePair(k.secret)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", k.Label(), err)
	}
	return pair, nil
}

// The errors of what follows quote nothing of the text, as those of the libraries may.

func parsePair(secret []byte) (*rsa.PrivateKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(secret)
	pair, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, errors.New("its secret is no RSA key in PKCS #8")
	}
	return pair, nil
}

func parseIdentity(secret []byte) (age.Identity, error) {
	identities, err := age.ParseIdentities(bytes.NewReader(secret))
	if err != nil || len(identities) != 1 {
		return nil, errors.New("its secret is no age identity")
	}
	return identities[0], nil
}

func parseRecipient(public string) (age.Recipient, error) {
	recipients, err := age.ParseRecipients(strings.NewReader(public))
	if err != nil || len(recipients) != 1 {
		return nil, errors.New("its public half is no age recipient")
	}
	return recipients[0], nil
}

func encodePublic(key *rsa.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

func parsePublic(text string) (*rsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("its public half is no PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	public, ok := parsed.(*rsa.PublicKey)
	if err != nil || !ok {
		return nil, errors.New("its public half is no RSA key")
	}
	return public, nil
}
