package seal

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/secretsharing"

	"github.com/onus-cloud/onus/esdk"
)

const (
	shareSchema = "onus.share/1"
	maxShares   = 100
	maxShare    = 16 << 20 // bytes of a share's file
)

// A Share is one of several, of which any Threshold restore keys and fewer tell nothing: Shamir's scheme over the scalars of Ristretto255, by
// circl. What is shared is a random scalar; the keys stand in every share, sealed under a key that is derived from it.
type Share struct {
	Schema    string `json:"schema"`
	Set       string `json:"set"` // the same in all shares of one split
	Name      string `json:"name"`
	Threshold int    `json:"threshold"`
	Of        int    `json:"of"`
	Number    int    `json:"number"` // from 1
	Value     []byte `json:"value"`
	Sealed    []byte `json:"sealed"` // the keys, a message of the AWS Encryption SDK format
	Sum       []byte `json:"sum"`    // SHA-256 of the above, against slips
}

var shareGroup = group.Ristretto255

// Split shares keys of one name among of holders. The keys go in with their secrets: unlocked, without a passphrase.
func Split(ctx context.Context, keys []*Key, of, threshold int) ([]*Share, error) {
	if threshold < 2 || of < threshold || of > maxShares {
		return nil, fmt.Errorf("%d of %d shares is no split: use a threshold of 2 or more, and up to %d shares", threshold, of, maxShares)
	}
	if len(keys) == 0 {
		return nil, errors.New("no key to split")
	}
	var plaintext bytes.Buffer
	for _, k := range keys {
		if !k.CanOpen() {
			return nil, k.noSecret()
		}
		bare := *k
		bare.locked = nil
		text, err := bare.Encode()
		if err != nil {
			return nil, err
		}
		plaintext.Write(text)
	}
	secret := shareGroup.RandomNonZeroScalar(rand.Reader)
	id := make([]byte, 8)
	rand.Read(id)
	set := hex.EncodeToString(id)
	wrapping, err := shareKey(set, secret)
	if err != nil {
		return nil, err
	}
	sealed, err := esdk.Seal(ctx, nil, plaintext.Bytes(), esdk.WriteOptions{Keys: []esdk.WrappingKey{wrapping}})
	clear(plaintext.Bytes())
	if err != nil {
		return nil, err
	}
	scheme := secretsharing.New(rand.Reader, uint(threshold-1), secret)
	shares := make([]*Share, of)
	for i := range shares {
		value, err := scheme.ShareWithID(shareGroup.NewScalar().SetUint64(uint64(i + 1))).Value.MarshalBinary()
		if err != nil {
			return nil, err
		}
		shares[i] = &Share{Schema: shareSchema, Set: set, Name: keys[0].Name, Threshold: threshold, Of: of, Number: i + 1, Value: value, Sealed: sealed}
		shares[i].Sum = shares[i].sum()
	}
	return shares, nil
}

// Join restores the keys from shares of one split.
func Join(ctx context.Context, shares []*Share) ([]*Key, error) {
	if len(shares) == 0 {
		return nil, errors.New("no share given")
	}
	first := shares[0]
	points := map[int]secretsharing.Share{}
	for _, s := range shares {
		if s.Set != first.Set || s.Threshold != first.Threshold || s.Name != first.Name || !bytes.Equal(s.Sealed, first.Sealed) {
			return nil, fmt.Errorf("share %d of %s and share %d of %s are of different splits", first.Number, first.Name, s.Number, s.Name)
		}
		value := shareGroup.NewScalar()
		if err := value.UnmarshalBinary(s.Value); err != nil {
			return nil, fmt.Errorf("share %d of %s is damaged", s.Number, s.Name)
		}
		points[s.Number] = secretsharing.Share{ID: shareGroup.NewScalar().SetUint64(uint64(s.Number)), Value: value}
	}
	if len(points) < first.Threshold {
		return nil, fmt.Errorf("%s needs %d different shares, and %d are given", first.Name, first.Threshold, len(points))
	}
	var enough []secretsharing.Share
	for number := 1; number <= maxShares && len(enough) < first.Threshold; number++ {
		if p, ok := points[number]; ok {
			enough = append(enough, p)
		}
	}
	secret, err := secretsharing.Recover(uint(first.Threshold-1), enough)
	if err != nil {
		return nil, fmt.Errorf("the shares of %s do not fit together", first.Name)
	}
	wrapping, err := shareKey(first.Set, secret)
	if err != nil {
		return nil, err
	}
	plaintext, err := esdk.Open(ctx, nil, first.Sealed, esdk.ReadOptions{Keys: []esdk.WrappingKey{wrapping}})
	if err != nil {
		return nil, fmt.Errorf("the shares of %s do not fit together: one of them was altered", first.Name)
	}
	defer clear(plaintext)
	return ReadKeys(bytes.NewReader(plaintext))
}

// shareKey wraps with a key that is derived from the shared scalar.
func shareKey(set string, secret group.Scalar) (esdk.WrappingKey, error) {
	raw, err := secret.MarshalBinary()
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, raw, nil, "onus shared key", 32)
	if err != nil {
		return nil, err
	}
	return esdk.NewRawAES("onus-shares", set, key)
}

func (s *Share) sum() []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s %d %d %d %x %x", s.Schema, s.Set, s.Name, s.Threshold, s.Of, s.Number, s.Value, s.Sealed))
	return sum[:]
}

// Write writes the share as JSON.
func (s *Share) Write(w io.Writer) error {
	return writeJSON(w, s)
}

// ReadShare reads what Write wrote.
func ReadShare(r io.Reader) (*Share, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxShare+1))
	if err != nil {
		return nil, err
	}
	s := new(Share)
	if len(raw) > maxShare || json.Unmarshal(raw, s) != nil || s.Schema != shareSchema {
		return nil, errors.New("this is no share of a key")
	}
	if s.Number < 1 || s.Number > maxShares || s.Threshold < 2 || s.Threshold > maxShares || CheckName(s.Name) != nil {
		return nil, errors.New("this share is damaged: its numbers make no sense")
	}
	if !bytes.Equal(s.Sum, s.sum()) {
		return nil, fmt.Errorf("share %d of %s is damaged: its sum is wrong", s.Number, s.Name)
	}
	return s, nil
}
