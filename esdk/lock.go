package esdk

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
)

// start makes the header of a new message with its authentication, the cipher of its frames, and the signer if there is one.
func start(ctx context.Context, opts *WriteOptions) ([]byte, *frames, *signer, error) {
	suite := opts.Suite
	if suite == 0 {
		suite = AES256GCMCommit
	}
	length, err := opts.frameLength()
	switch {
	case err != nil:
		return nil, nil, nil, err
	case !suite.Commits():
		return nil, nil, nil, fmt.Errorf("esdk: suite %v is not written: use %v or %v", suite, AES256GCMCommit, AES256GCMCommitSigned)
	case len(opts.Keys) == 0:
		return nil, nil, nil, errors.New("esdk: no wrapping key given")
	case len(opts.Keys) > 0xFFFF:
		return nil, nil, nil, fmt.Errorf("esdk: %d wrapping keys are more than a header holds", len(opts.Keys))
	}
	for name := range opts.BoundContext {
		if _, twice := opts.Context[name]; twice {
			return nil, nil, nil, fmt.Errorf("esdk: encryption context: %q is both stored and bound", name)
		}
	}
	if err := checkContext(union(opts.Context, opts.BoundContext), suite); err != nil {
		return nil, nil, nil, err
	}
	h := &Header{Version: 2, Suite: suite, Context: opts.Context, FrameLength: length}
	var sign *signer
	if suite.Signed() {
		if sign, err = newSigner(suite); err != nil {
			return nil, nil, nil, err
		}
		h.Context = maps.Clone(opts.Context)
		if h.Context == nil {
			h.Context = map[string]string{}
		}
		if h.Context[publicKeyName], err = encodePublicKey(&sign.key.PublicKey); err != nil {
			return nil, nil, nil, err
		}
	}
	secret := make([]byte, 32+32) // data key, message id
	rand.Read(secret)
	dataKey := secret[:32:32]
	h.MessageID = secret[32:]
	defer clear(dataKey)
	whole := union(h.Context, opts.BoundContext)
	h.Keys = make([]WrappedKey, 0, len(opts.Keys))
	for _, key := range opts.Keys {
		wrapped, err := key.Wrap(ctx, dataKey, whole)
		if err != nil {
			return nil, nil, nil, err
		}
		h.Keys = append(h.Keys, wrapped)
	}
	f := &frames{messageID: h.MessageID, length: length}
	if f.aead, h.commitment, err = suite.derive(dataKey, h.MessageID); err != nil {
		return nil, nil, nil, err
	}
	if err := h.encode(); err != nil {
		return nil, nil, nil, err
	}
	header := h.raw
	covered := appendContext(header[:len(header):len(header)], opts.BoundContext)
	header = f.aead.Seal(header, make([]byte, ivLength), nil, covered)
	if most := maxHeader(len(opts.Keys)); len(header) > most {
		return nil, nil, nil, fmt.Errorf("esdk: the header is longer than %d bytes: use fewer wrapping keys", most)
	}
	return header, f, sign, nil
}

// unlock reads the header's authentication, finds the data key, and returns the cipher of the message's frames once commitment, header
// and context are proved; and the verifier if the message is signed.
func unlock(ctx context.Context, h *Header, src io.Reader, opts *ReadOptions) (*frames, *verifier, error) {
	iv, auth := make([]byte, ivLength), make([]byte, tagLength, ivLength+tagLength)
	if h.Version == 1 {
		auth = auth[:ivLength+tagLength]
	}
	if _, err := io.ReadFull(src, auth); err != nil {
		return nil, nil, sourceError(err)
	}
	tag := auth
	if h.Version == 1 {
		iv, tag = auth[:ivLength], auth[ivLength:]
	}
	bound := map[string]string{}
	matches := true
	for name, value := range opts.Context {
		if stored, ok := h.Context[name]; !ok {
			bound[name] = value
		} else if stored != value {
			matches = false
		}
	}
	if !matches {
		return nil, nil, ErrOpen
	}
	dataKey, err := unwrap(ctx, h, union(h.Context, bound), opts.Keys)
	if err != nil {
		return nil, nil, err
	}
	defer clear(dataKey)
	f := &frames{messageID: slices.Clone(h.MessageID), length: h.FrameLength}
	var commitment []byte
	if f.aead, commitment, err = h.Suite.derive(dataKey, h.MessageID); err != nil {
		return nil, nil, err
	}
	if h.Suite.Commits() && !equal(commitment, h.commitment) {
		return nil, nil, ErrOpen
	}
	covered := appendContext(h.raw[:len(h.raw):len(h.raw)], bound)
	if _, err := f.aead.Open(nil, iv, tag, covered); err != nil {
		return nil, nil, ErrOpen
	}
	if !h.Suite.Signed() {
		return f, nil, nil
	}
	verify, err := newVerifier(h.Suite, h.Context[publicKeyName])
	if err != nil {
		return nil, nil, err
	}
	verify.Write(h.raw)
	verify.Write(auth)
	return f, verify, nil
}

// unwrap tries each key on each wrapped key.
func unwrap(ctx context.Context, h *Header, encryptionContext map[string]string, keys []WrappingKey) ([]byte, error) {
	if len(keys) == 0 {
		return nil, errors.New("esdk: no wrapping key given")
	}
	row, _ := h.Suite.row()
	var other []error
	for _, key := range keys {
		for _, wrapped := range h.Keys {
			dataKey, err := key.Unwrap(ctx, wrapped, encryptionContext)
			switch {
			case err == nil && len(dataKey) == row.keyLength:
				return dataKey, nil
			case err != nil && !errors.Is(err, ErrOpen):
				other = append(other, err)
			}
		}
	}
	if len(other) > 0 {
		return nil, fmt.Errorf("%w: %w", ErrOpen, errors.Join(other...))
	}
	return nil, ErrOpen
}

// signatureLength is what AWS's tools write for ECDSA P-384: DER of varying length is signed again until it has this many
// bytes, so that the length of a message is known before it is signed.
const signatureLength = 103

// A signer hashes a message and signs it with a key made for it alone.
type signer struct {
	hash.Hash
	key *ecdsa.PrivateKey
}

func newSigner(suite Suite) (*signer, error) {
	row, _ := suite.row()
	key, err := ecdsa.GenerateKey(row.curve, rand.Reader)
	if err != nil {
		return nil, err
	}
	return &signer{row.signing.New(), key}, nil
}

func (s *signer) footer() ([]byte, error) {
	digest := s.Sum(nil)
	for {
		signature, err := ecdsa.SignASN1(rand.Reader, s.key, digest)
		if err != nil {
			return nil, err
		}
		if len(signature) == signatureLength {
			return appendString(nil, signature), nil
		}
	}
}

// A verifier hashes a message and holds its signature against the key of its header.
type verifier struct {
	hash.Hash
	key *ecdsa.PublicKey
}

func newVerifier(suite Suite, encoded string) (*verifier, error) {
	row, _ := suite.row()
	point, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, ErrOpen
	}
	x, y := elliptic.UnmarshalCompressed(row.curve, point)
	if x == nil {
		return nil, ErrOpen
	}
	size := (row.curve.Params().BitSize + 7) / 8
	whole := make([]byte, 1+2*size)
	whole[0] = 4 // uncompressed, SEC 1 section 2.3.3
	x.FillBytes(whole[1 : 1+size])
	y.FillBytes(whole[1+size:])
	key, err := ecdsa.ParseUncompressedPublicKey(row.curve, whole)
	if err != nil {
		return nil, ErrOpen
	}
	return &verifier{row.signing.New(), key}, nil
}

// maxFooter is longer than any DER signature on the curves of the format, with its length before it.
const maxFooter = 2 + 256

func (v *verifier) verify(footer []byte) error {
	if len(footer) < 2 || int(footer[0])<<8|int(footer[1]) != len(footer)-2 || !ecdsa.VerifyASN1(v.key, v.Sum(nil), footer[2:]) {
		return ErrOpen
	}
	return nil
}

// encodePublicKey returns the compressed point in base64.
func encodePublicKey(key *ecdsa.PublicKey) (string, error) {
	whole, err := key.Bytes() // 4, x, y
	if err != nil {
		return "", err
	}
	point := whole[:1+len(whole)/2]
	point[0] = 2 | whole[len(whole)-1]&1
	return base64.StdEncoding.EncodeToString(point), nil
}
