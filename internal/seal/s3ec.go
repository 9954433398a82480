package seal

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Objects of the Amazon S3 Encryption Client are one AES-GCM ciphertext with its tag at the end; how to open it stands in the object's
// metadata. Format versions 2 and 3 are read, with data keys wrapped by AES-GCM or RSA-OAEP. Version 1 and version 2 with CBC do not
// authenticate and are refused. Nothing binds such an object to its place.
//
// The format: https://github.com/awslabs/aws-encryption-sdk-specification/tree/master/s3-encryption
const (
	cekV2 = "AES/GCM/NoPadding"
	cekV3 = "115" // suite 0x0073: AES-256-GCM, HKDF-SHA512, key commitment

	s3ecWhole = 64 << 20   // bytes up to which an object is opened in memory
	s3ecMost  = 1<<36 - 32 // bytes of plaintext under one vector, NIST SP 800-38D
	lengthV3  = 28         // bytes of message id and of commitment
)

var suiteV3 = []byte{0x00, 0x73}

// inspectS3EC recognizes the metadata of objects of the Amazon S3 Encryption Client.
func inspectS3EC(metadata map[string]string) (algorithm string, commits, ok bool) {
	if algorithm, ok := metadata["x-amz-c"]; ok {
		return algorithm, algorithm == cekV3, true
	}
	if _, ok := metadata["x-amz-key-v2"]; ok {
		return metadata["x-amz-cek-alg"], false, true
	}
	if _, ok := metadata["x-amz-key"]; ok {
		return "AES/CBC/PKCS5Padding", false, true
	}
	return "", false, false
}

// envelope is what the metadata says.
type envelope struct {
	version    int
	wrapped    []byte
	rsa        bool
	algorithm  string // bound into the wrapped key
	iv         []byte // of version 2
	messageID  []byte // of version 3
	commitment []byte
}

// parseEnvelope takes what is admitted and refuses all else. What it says of an object, everybody can read there.
func parseEnvelope(metadata map[string]string) (*envelope, error) {
	refuse := func(format string, args ...any) (*envelope, error) {
		return nil, fmt.Errorf("%w: "+format, append([]any{ErrRefused}, args...)...)
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { _, ok := metadata[name]; return ok })
	}
	// What one version alone writes is in no object of another: whoever mixes them wants to have one read as the other.
	v1 := has("x-amz-key")
	v2 := has("x-amz-key-v2", "x-amz-cek-alg", "x-amz-wrap-alg", "x-amz-tag-len") || !v1 && has("x-amz-iv")
	v3 := has("x-amz-c", "x-amz-3", "x-amz-w", "x-amz-d", "x-amz-i")
	e := &envelope{}
	var err error
	decode := func(name string) []byte {
		raw, decodeErr := base64.StdEncoding.DecodeString(metadata[name])
		if decodeErr != nil || len(raw) == 0 || len(raw) > 8192 {
			err = fmt.Errorf("%w: its metadata %s is missing or no base64", ErrRefused, name)
		}
		return raw
	}
	wrap := ""
	switch {
	case v1 && (v2 || v3) || v2 && v3:
		return refuse("its metadata is of two versions of the S3 Encryption Client at once")
	case v1:
		return refuse("it is of version 1 of the S3 Encryption Client, which does not authenticate")
	case v2:
		e.version, e.algorithm, wrap = 2, metadata["x-amz-cek-alg"], metadata["x-amz-wrap-alg"]
		if e.algorithm != cekV2 {
			return refuse("its content is of %q, and only %s is authenticated", e.algorithm, cekV2)
		}
		if tag, ok := metadata["x-amz-tag-len"]; ok && tag != "128" { // AWS's client for Python leaves it out
			return refuse("its tag is said to have %q bits, not 128", tag)
		}
		e.wrapped, e.iv = decode("x-amz-key-v2"), decode("x-amz-iv")
		if err == nil && len(e.iv) != 12 {
			return refuse("its vector has %d bytes, not 12", len(e.iv))
		}
	case v3:
		e.version, e.algorithm = 3, metadata["x-amz-c"]
		if e.algorithm != cekV3 {
			return refuse("its suite is %q, and %s is the only one known", e.algorithm, cekV3)
		}
		wrap = map[string]string{"02": "AES/GCM", "12": "kms+context", "22": "RSA-OAEP-SHA1"}[metadata["x-amz-w"]]
		e.wrapped, e.messageID, e.commitment = decode("x-amz-3"), decode("x-amz-i"), decode("x-amz-d")
		if err == nil && (len(e.messageID) != lengthV3 || len(e.commitment) != lengthV3) {
			return refuse("its message id and commitment have %d and %d bytes, not %d", len(e.messageID), len(e.commitment), lengthV3)
		}
	default:
		return refuse("it has no metadata of the S3 Encryption Client (which may be in an instruction file, and that is not read)")
	}
	switch wrap {
	case "AES/GCM":
	case "RSA-OAEP-SHA1":
		e.rsa = true
	case "kms", "kms+context":
		return refuse("its data key is wrapped by AWS KMS, and only AES and RSA wrapping are read")
	default:
		return refuse("its data key is wrapped in a way that is not read (%q)", metadata["x-amz-wrap-alg"]+metadata["x-amz-w"])
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

// DecryptS3EC opens an object of the Amazon S3 Encryption Client that has size bytes. open starts reading it from the front, each time
// the same object. Nothing is handed out before all of it is authenticated: up to 64 MiB are held in memory; of what is longer the tag
// is proved in a first pass, and in a second one each MiB is held against its digest of the first before it is decrypted.
func DecryptS3EC(ctx context.Context, open func() io.ReadCloser, size int64, metadata map[string]string, opts OpenOptions) (*Plain, error) {
	if len(opts.Context) > 0 {
		return nil, fmt.Errorf("%w: objects of the S3 Encryption Client have no context: leave --context out", ErrRefused)
	}
	e, err := parseEnvelope(metadata)
	if err != nil {
		return nil, err
	}
	if size-gcmTag > s3ecMost {
		return nil, fmt.Errorf("%w: its %d bytes are more than AES-GCM seals under one key", ErrRefused, size)
	}
	dataKey, key, err := e.unwrap(opts.Keys)
	if err != nil {
		return nil, err
	}
	defer clear(dataKey)
	block, iv, additional, err := e.content(dataKey)
	if err != nil {
		return nil, err
	}
	if size < gcmTag {
		return nil, ErrOpen
	}
	p := &Plain{Format: S3EC, Key: key}
	if size <= s3ecWhole {
		sealed, err := readObject(open, size)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, err
		}
		plaintext, err := aead.Open(sealed[:0], iv, sealed, additional)
		if err != nil {
			return nil, ErrOpen
		}
		p.src = bytes.NewReader(plaintext)
		return p, nil
	}
	digests, err := provePass(ctx, open, size, block, iv, additional)
	if err != nil {
		return nil, err
	}
	p.src = &secondPass{open: open, left: size - gcmTag, digests: digests, stream: newCTR(block, iv)}
	return p, nil
}

// unwrap finds the data key.
func (e *envelope) unwrap(keys []*Key) ([]byte, *Key, error) {
	fitting := 0
	for _, k := range keys {
		if !k.CanOpen() || e.rsa && k.Kind != RSA || !e.rsa && k.Kind != AES {
			continue
		}
		fitting++
		var dataKey []byte
		var err error
		if e.rsa {
			dataKey, err = e.unwrapRSA(k)
		} else {
			dataKey, err = e.unwrapAES(k)
		}
		if err == nil && len(dataKey) == 32 {
			return dataKey, k, nil
		}
	}
	if fitting == 0 && e.rsa {
		return nil, nil, errors.New("its data key is wrapped by RSA: import that key with `onus key import --as NAME`")
	}
	if fitting == 0 {
		return nil, nil, errors.New("its data key is wrapped by AES: import that key with `onus key import --as NAME`")
	}
	return nil, nil, ErrOpen
}

// unwrapAES: a vector of 12 bytes, then the data key under AES-GCM, which covers the name of the content's algorithm.
func (e *envelope) unwrapAES(k *Key) ([]byte, error) {
	block, err := aes.NewCipher(k.secret)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil || len(e.wrapped) < 12 {
		return nil, ErrOpen
	}
	return aead.Open(nil, e.wrapped[:12], e.wrapped[12:], []byte(e.algorithm))
}

// unwrapRSA: under OAEP with SHA-1 the key's length in a byte, the key, and the name of the content's algorithm.
func (e *envelope) unwrapRSA(k *Key) ([]byte, error) {
	pair, err := k.pair()
	if err != nil {
		return nil, err
	}
	raw, err := rsa.DecryptOAEP(sha1.New(), nil, pair, e.wrapped, nil)
	if err != nil || len(raw) != 1+32+len(e.algorithm) || raw[0] != 32 || string(raw[33:]) != e.algorithm {
		return nil, ErrOpen
	}
	return raw[1:33], nil
}

// content is the cipher of the content, its vector, and what else its tag covers, once the commitment of version 3 is proved.
func (e *envelope) content(dataKey []byte) (block cipher.Block, iv, additional []byte, err error) {
	if e.version == 2 {
		block, err = aes.NewCipher(dataKey)
		return block, e.iv, nil, err
	}
	commitment, err := hkdf.Key(sha512.New, dataKey, e.messageID, string(suiteV3)+"COMMITKEY", lengthV3)
	if err != nil {
		return nil, nil, nil, err
	}
	if subtle.ConstantTimeCompare(commitment, e.commitment) != 1 {
		return nil, nil, nil, ErrOpen
	}
	key, err := hkdf.Key(sha512.New, dataKey, e.messageID, string(suiteV3)+"DERIVEKEY", 32)
	if err != nil {
		return nil, nil, nil, err
	}
	defer clear(key)
	block, err = aes.NewCipher(key)
	return block, bytes.Repeat([]byte{1}, 12), suiteV3, err
}

func readObject(open func() io.ReadCloser, size int64) ([]byte, error) {
	src := open()
	defer src.Close()
	sealed := make([]byte, size)
	if _, err := io.ReadFull(src, sealed); err != nil {
		return nil, cutOff(err)
	}
	return sealed, nil
}

// cutOff tells a source that ended too early from one that failed.
func cutOff(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return ErrOpen
	}
	return err
}
