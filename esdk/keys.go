package esdk

import (
	"context"
	"crypto"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
	"strings"
	"unicode/utf8"
)

// RawAES is a wrapping key held by the caller, wrapping with AES-GCM as AWS's raw AES keyrings do. Each message takes
// a random 96-bit vector: replace the key before it has wrapped 2^32 messages.
type RawAES struct {
	namespace, name string
	aead            cipher.AEAD
}

// NewRawAES returns the key of that namespace and name (the "provider" and "key id" of AWS's command line). Both are readable in
// every message. A key has 32 bytes; 16 and 24 are for messages of others, whose data keys are no safer than what wraps them.
func NewRawAES(namespace, name string, key []byte) (*RawAES, error) {
	if n := len(key); n != 16 && n != 24 && n != 32 {
		return nil, fmt.Errorf("esdk: a raw AES key has 32 bytes (or 16 or 24, for messages of others), this has %d", n)
	}
	if err := checkNames(namespace, name); err != nil {
		return nil, err
	}
	aead, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	return &RawAES{namespace, name, aead}, nil
}

func checkNames(namespace, name string) error {
	if namespace == "" || name == "" || len(namespace) > 1024 || len(name) > 1024 {
		return fmt.Errorf("esdk: a raw key needs a namespace and a name, each at most 1,024 bytes")
	}
	if !utf8.ValidString(namespace) || !utf8.ValidString(name) {
		return fmt.Errorf("esdk: the namespace %q or the name %q is not UTF-8", namespace, name)
	}
	if strings.HasPrefix(namespace, kmsProvider) {
		return fmt.Errorf("esdk: the namespace %q is that of AWS KMS", namespace)
	}
	return nil
}

// Wrap implements [WrappingKey].
func (k *RawAES) Wrap(_ context.Context, dataKey []byte, encryptionContext map[string]string) (WrappedKey, error) {
	info := make([]byte, 0, len(k.name)+8+ivLength)
	info = append(info, k.name...)
	info = binary.BigEndian.AppendUint32(info, tagLength*8) // in bits
	info = binary.BigEndian.AppendUint32(info, ivLength)    // in bytes
	info = info[:cap(info)]
	iv := info[len(info)-ivLength:]
	rand.Read(iv)
	sealed := k.aead.Seal(nil, iv, dataKey, appendContext(nil, encryptionContext))
	return WrappedKey{Provider: k.namespace, Info: info, Ciphertext: sealed}, nil
}

// Unwrap implements [WrappingKey].
func (k *RawAES) Unwrap(_ context.Context, wrapped WrappedKey, encryptionContext map[string]string) ([]byte, error) {
	rest, ok := strings.CutPrefix(string(wrapped.Info), k.name)
	if !ok || wrapped.Provider != k.namespace || len(rest) != 8+ivLength ||
		binary.BigEndian.Uint32([]byte(rest)) != tagLength*8 || binary.BigEndian.Uint32([]byte(rest[4:])) != ivLength {
		return nil, ErrOpen
	}
	dataKey, err := k.aead.Open(nil, []byte(rest[8:]), wrapped.Ciphertext, appendContext(nil, encryptionContext))
	if err != nil {
		return nil, ErrOpen
	}
	return dataKey, nil
}

// RawRSA is an RSA key pair held by the caller, or only its public half, wrapping with OAEP as AWS's raw RSA keyrings do. The
// wrapped key is not bound to the encryption context; the header's authentication, under the data key, is.
type RawRSA struct {
	namespace, name string
	public          *rsa.PublicKey
	private         *rsa.PrivateKey
	newHash         func() hash.Hash // nil: PKCS #1 v1.5
}

// NewRawRSA returns the key of that namespace and name. Without a private key it wraps and does not unwrap. The hash is that
// of OAEP and of its mask: crypto.SHA256, SHA384, SHA512 or, to read old messages, SHA1.
func NewRawRSA(namespace, name string, public *rsa.PublicKey, private *rsa.PrivateKey, hash crypto.Hash) (*RawRSA, error) {
	key, err := newRawRSA(namespace, name, public, private)
	if err != nil {
		return nil, err
	}
	switch hash {
	case crypto.SHA1:
		key.newHash = sha1.New
	case crypto.SHA256:
		key.newHash = sha256.New
	case crypto.SHA384:
		key.newHash = sha512.New384
	case crypto.SHA512:
		key.newHash = sha512.New
	default:
		return nil, fmt.Errorf("esdk: OAEP with hash %v is not of the format", hash)
	}
	return key, nil
}

// NewRawRSAPKCS1 returns the key of that namespace and name for reading old messages whose data keys are wrapped with the padding of
// PKCS #1 v1.5. It does not wrap. Whoever can send many messages and see how long each takes to fail may learn a data key
// (Bleichenbacher's attack): use it on messages at rest, and not in a service.
func NewRawRSAPKCS1(namespace, name string, private *rsa.PrivateKey) (*RawRSA, error) {
	return newRawRSA(namespace, name, nil, private)
}

func newRawRSA(namespace, name string, public *rsa.PublicKey, private *rsa.PrivateKey) (*RawRSA, error) {
	if err := checkNames(namespace, name); err != nil {
		return nil, err
	}
	switch {
	case public == nil && private == nil:
		return nil, fmt.Errorf("esdk: an RSA key needs its public or its private half")
	case public == nil:
		public = &private.PublicKey
	case private != nil && !private.PublicKey.Equal(public):
		return nil, fmt.Errorf("esdk: the two halves of RSA key %q are not of one pair", name)
	}
	if public.N.BitLen() < 2048 {
		return nil, fmt.Errorf("esdk: RSA key %q has %d bits: use 2,048 or more", name, public.N.BitLen())
	}
	return &RawRSA{namespace: namespace, name: name, public: public, private: private}, nil
}

// Wrap implements [WrappingKey].
func (k *RawRSA) Wrap(_ context.Context, dataKey []byte, _ map[string]string) (WrappedKey, error) {
	if k.newHash == nil {
		return WrappedKey{}, fmt.Errorf("esdk: RSA key %q is for reading only: PKCS #1 v1.5 is not written; use NewRawRSA", k.name)
	}
	sealed, err := rsa.EncryptOAEP(k.newHash(), rand.Reader, k.public, dataKey, nil)
	if err != nil {
		return WrappedKey{}, fmt.Errorf("esdk: wrapping with RSA key %q: %w", k.name, err)
	}
	return WrappedKey{Provider: k.namespace, Info: []byte(k.name), Ciphertext: sealed}, nil
}

// Unwrap implements [WrappingKey].
func (k *RawRSA) Unwrap(_ context.Context, wrapped WrappedKey, _ map[string]string) ([]byte, error) {
	if k.private == nil || wrapped.Provider != k.namespace || string(wrapped.Info) != k.name {
		return nil, ErrOpen
	}
	var dataKey []byte
	var err error
	if k.newHash == nil {
		//lint:ignore SA1019 old messages have it, and NewRawRSAPKCS1 says where not to read them
		dataKey, err = rsa.DecryptPKCS1v15(nil, k.private, wrapped.Ciphertext)
	} else {
		dataKey, err = rsa.DecryptOAEP(k.newHash(), nil, k.private, wrapped.Ciphertext, nil)
	}
	if err != nil {
		return nil, ErrOpen
	}
	return dataKey, nil
}

const kmsProvider = "aws-kms"

// A KMSClient asks AWS KMS. This package knows no AWS SDK: the caller makes the two calls.
type KMSClient interface {
	// Encrypt is kms:Encrypt. It returns the ciphertext and the ARN of the key that was used.
	Encrypt(ctx context.Context, keyID string, plaintext []byte, encryptionContext map[string]string) (ciphertext []byte, keyARN string, err error)
	// Decrypt is kms:Decrypt with the key named, so that KMS refuses a ciphertext of any other key.
	Decrypt(ctx context.Context, keyID string, ciphertext []byte, encryptionContext map[string]string) (plaintext []byte, err error)
}

// KMS is a wrapping key that AWS KMS holds.
type KMS struct {
	client KMSClient
	keyARN string
}

// NewKMS returns the key of that ARN. A key of several Regions opens what its replicas wrapped: it is asked in the Region of its own ARN.
// https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
func NewKMS(client KMSClient, keyARN string) *KMS { return &KMS{client, keyARN} }

// Wrap implements [WrappingKey].
func (k *KMS) Wrap(ctx context.Context, dataKey []byte, encryptionContext map[string]string) (WrappedKey, error) {
	sealed, arn, err := k.client.Encrypt(ctx, k.keyARN, dataKey, encryptionContext)
	if err != nil {
		return WrappedKey{}, fmt.Errorf("esdk: wrapping with %s: %w", k.keyARN, err)
	}
	return WrappedKey{Provider: kmsProvider, Info: []byte(arn), Ciphertext: sealed}, nil
}

// Unwrap implements [WrappingKey]. It asks KMS only about data keys that name this key, or a replica of it in another Region.
func (k *KMS) Unwrap(ctx context.Context, wrapped WrappedKey, encryptionContext map[string]string) ([]byte, error) {
	if wrapped.Provider != kmsProvider || !sameMaterial(string(wrapped.Info), k.keyARN) {
		return nil, ErrOpen
	}
	return k.client.Decrypt(ctx, k.keyARN, wrapped.Ciphertext, encryptionContext)
}

// sameMaterial says whether two ARNs name one key, or two of one key of several Regions: those differ in the Region alone, and their
// id begins with mrk-.
func sameMaterial(a, b string) bool {
	if a == b {
		return true
	}
	as, bs := strings.SplitN(a, ":", 6), strings.SplitN(b, ":", 6) // arn:aws:kms:REGION:ACCOUNT:key/ID
	if len(as) != 6 || len(bs) != 6 || !strings.HasPrefix(as[5], "key/mrk-") {
		return false
	}
	as[3], bs[3] = "", ""
	return slices.Equal(as, bs)
}
