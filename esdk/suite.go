package esdk

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"hash"
)

// A Suite is an algorithm suite by its number in the format.
type Suite uint16

// The suites that are written and, unless ReadOptions say otherwise, read. Both encrypt with AES-256-GCM and commit to their key.
const (
	AES256GCMCommit       Suite = 0x0478
	AES256GCMCommitSigned Suite = 0x0578 // with an ECDSA P-384 signature
)

// The suites of messages of version 1, for reading old messages. They do not commit to their key: who can choose the wrapped
// keys can make one message open to different plaintexts under different keys.
const (
	AES128GCM           Suite = 0x0014
	AES192GCM           Suite = 0x0046
	AES256GCM           Suite = 0x0078
	AES128GCMHKDF       Suite = 0x0114
	AES192GCMHKDF       Suite = 0x0146
	AES256GCMHKDF       Suite = 0x0178
	AES128GCMHKDFSigned Suite = 0x0214 // ECDSA P-256
	AES192GCMHKDFSigned Suite = 0x0346 // ECDSA P-384
	AES256GCMHKDFSigned Suite = 0x0378 // ECDSA P-384
)

// suiteRow is what a suite is made of.
type suiteRow struct {
	version   byte
	keyLength int         // of the data key and of the key derived from it
	kdf       crypto.Hash // 0: the data key encrypts
	curve     elliptic.Curve
	signing   crypto.Hash
}

func (s Suite) row() (suiteRow, bool) {
	switch s {
	case AES256GCMCommit:
		return suiteRow{2, 32, crypto.SHA512, nil, 0}, true
	case AES256GCMCommitSigned:
		return suiteRow{2, 32, crypto.SHA512, elliptic.P384(), crypto.SHA384}, true
	case AES128GCM:
		return suiteRow{1, 16, 0, nil, 0}, true
	case AES192GCM:
		return suiteRow{1, 24, 0, nil, 0}, true
	case AES256GCM:
		return suiteRow{1, 32, 0, nil, 0}, true
	case AES128GCMHKDF:
		return suiteRow{1, 16, crypto.SHA256, nil, 0}, true
	case AES192GCMHKDF:
		return suiteRow{1, 24, crypto.SHA256, nil, 0}, true
	case AES256GCMHKDF:
		return suiteRow{1, 32, crypto.SHA256, nil, 0}, true
	case AES128GCMHKDFSigned:
		return suiteRow{1, 16, crypto.SHA256, elliptic.P256(), crypto.SHA256}, true
	case AES192GCMHKDFSigned:
		return suiteRow{1, 24, crypto.SHA384, elliptic.P384(), crypto.SHA384}, true
	case AES256GCMHKDFSigned:
		return suiteRow{1, 32, crypto.SHA384, elliptic.P384(), crypto.SHA384}, true
	default:
		return suiteRow{}, false
	}
}

// Commits says whether a message of the suite opens under one data key only.
func (s Suite) Commits() bool { return s == AES256GCMCommit || s == AES256GCMCommitSigned }

// Signed says whether a message of the suite ends with a signature.
func (s Suite) Signed() bool { row, _ := s.row(); return row.curve != nil }

// String returns the number as AWS's documentation writes it.
func (s Suite) String() string { return fmt.Sprintf("0x%04X", uint16(s)) }

const commitmentLength = 32

// derive returns the cipher of a message and, for a committing suite, the commitment to its data key.
func (s Suite) derive(dataKey, messageID []byte) (cipher.AEAD, []byte, error) {
	row, ok := s.row()
	if !ok || len(dataKey) != row.keyLength {
		return nil, nil, ErrOpen
	}
	if s.Commits() {
		extracted, err := hkdf.Extract(sha512.New, dataKey, messageID)
		if err != nil {
			return nil, nil, err
		}
		defer clear(extracted)
		commitment, err := hkdf.Expand(sha512.New, extracted, "COMMITKEY", commitmentLength)
		if err != nil {
			return nil, nil, err
		}
		key, err := hkdf.Expand(sha512.New, extracted, string(binary.BigEndian.AppendUint16(nil, uint16(s)))+"DERIVEKEY", row.keyLength)
		if err != nil {
			return nil, nil, err
		}
		defer clear(key)
		aead, err := newGCM(key)
		return aead, commitment, err
	}
	if row.kdf == 0 {
		aead, err := newGCM(dataKey)
		return aead, nil, err
	}
	var newHash func() hash.Hash = sha256.New
	if row.kdf == crypto.SHA384 {
		newHash = sha512.New384
	}
	info := append(binary.BigEndian.AppendUint16(nil, uint16(s)), messageID...)
	key, err := hkdf.Key(newHash, dataKey, nil, string(info), row.keyLength)
	if err != nil {
		return nil, nil, err
	}
	defer clear(key)
	aead, err := newGCM(key)
	return aead, nil, err
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
