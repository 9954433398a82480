// Package ciphertext tells how an object was encrypted before it was stored: its format, its algorithm, which keys wrap its data
// key. It produces Facts from the object's metadata and first bytes, and promises that Facts hold nothing of the object's content: neither
// bytes nor values of metadata nor values of an encryption context, only what a format itself says of its algorithms and keys.
//
// A header is what everybody can write, so Facts are no proof that a key opens the object: that proves a receipt. What does not look like a format
// that is known here is not therefore plaintext; Readable says where it is.
package ciphertext

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"unicode"

	"github.com/onus-cloud/onus/esdk"
)

// Enough is how many bytes of an object are looked at. A header that is longer is read up to MostHeader: some hundred wrapped keys.
const (
	Enough     = 1 << 10
	MostHeader = 64 << 10
)

// Format is how an encrypted object is laid out.
type Format string

// The formats that are known.
const (
	None     Format = ""         // no format that is known here
	ESDK     Format = "esdk"     // the AWS Encryption SDK's messages
	S3Client Format = "s3client" // objects of the Amazon S3 Encryption Client: the key is in the metadata
	Age      Format = "age"
	OpenSSL  Format = "openssl" // openssl enc with a password
	OpenPGP  Format = "openpgp" // in ASCII armor
	Rclone   Format = "rclone"
)

// String returns the format's name in a sentence.
func (f Format) String() string {
	switch f {
	case ESDK:
		return "AWS Encryption SDK"
	case S3Client:
		return "Amazon S3 Encryption Client"
	case Age:
		return "age"
	case OpenSSL:
		return "openssl enc"
	case OpenPGP:
		return "OpenPGP"
	case Rclone:
		return "rclone crypt"
	}
	return "no known format"
}

// Facts are what an object shows of its encryption. Their JSON is what a recording keeps in the place of the object's bytes.
type Facts struct {
	Format Format `json:",omitempty"`
	// Suite is the algorithm as its format names it: "0x0478", "AES/GCM/NoPadding". Empty where nothing says it.
	Suite string `json:",omitempty"`
	// Keys are those of which each opens the object, as far as they are named; KeysUnseen says that the header goes on beyond what was
	// looked at.
	Keys       []Key `json:",omitempty"`
	KeysUnseen bool  `json:",omitempty"`
	// Context are the names of the encryption context; values are not kept.
	Context []string `json:",omitempty"`
	// Readable names what can be read where ciphertext should be: "text", "gzip". Empty: nothing was found, which is no proof.
	Readable string `json:",omitempty"`
	// Seen is how many bytes Readable is about.
	Seen int
}

// Key is a key that wraps the data key.
type Key struct {
	Provider string // "aws-kms", or the namespace of a key that is not in AWS
	Name     string `json:",omitempty"` // the ARN in KMS, or the key's name
}

// KMS says whether AWS holds the key.
func (k Key) KMS() bool { return strings.HasPrefix(k.Provider, "aws-kms") }

// Encrypted says whether the object has the form of a known format.
func (f Facts) Encrypted() bool { return f.Format != None }

// Commits says whether the algorithm authenticates and commits to its key, so that an object opens under one key alone.
//
// Of the AWS Encryption SDK these are the suites with key commitment, and of the S3 client the one of its version 4
// (https://docs.aws.amazon.com/amazon-s3-encryption-client/latest/developerguide/encryption-algorithms.html). The header of
// age carries an HMAC under the file key (https://age-encryption.org/v1).
func (f Facts) Commits() bool {
	switch f.Format {
	case ESDK:
		return f.Suite == esdk.AES256GCMCommit.String() || f.Suite == esdk.AES256GCMCommitSigned.String()
	case S3Client:
		return f.Suite == s3Committing
	case Age:
		return true
	}
	return false
}

// Look returns what an object of that size shows. The names of metadata are without "x-amz-meta-", in lower case; first is the beginning of the
// object: Enough of it, or MostHeader where HeaderGoesOn. Of what follows the header no more than Enough is looked at.
func Look(metadata map[string]string, first []byte, size int64) Facts {
	first = first[:min(len(first), MostHeader)]
	f, rest := byMetadata(metadata), first
	if f.Format == None {
		f, rest = byHeader(first, size > int64(len(first)))
	}
	rest = rest[:min(len(rest), Enough)]
	f.Readable, f.Seen = structure(rest), len(rest)
	return f
}

// HeaderGoesOn says whether more bytes of the object would tell more: its header is longer than what was looked at.
func (f Facts) HeaderGoesOn() bool {
	return f.Format == ESDK && (f.KeysUnseen || f.Seen == 0) || f.Format == Age && f.Seen == 0
}

// byHeader recognises the formats that begin with a header of their own, and returns what follows it.
func byHeader(first []byte, more bool) (Facts, []byte) {
	for _, m := range headers {
		if bytes.HasPrefix(first, []byte(m.begins)) {
			rest := first[len(m.begins):]
			if m.format == Age {
				rest = afterAge(first)
			}
			if m.armor {
				rest = nil // base64 reads as text whatever it holds
			}
			return Facts{Format: m.format}, rest
		}
	}
	return byMessage(first, more)
}

// headers are formats by their first bytes.
var headers = []struct {
	begins string
	format Format
	armor  bool
}{
	{"age-encryption.org/v1\n", Age, false},
	{"-----BEGIN AGE ENCRYPTED FILE-----", Age, true},
	{"-----BEGIN PGP MESSAGE-----", OpenPGP, true},
	{"Salted__", OpenSSL, false},
	{"RCLONE\x00\x00", Rclone, false},
}

// afterAge returns what follows the line of the header's MAC.
func afterAge(first []byte) []byte {
	if _, rest, ok := bytes.Cut(first, []byte("\n---")); ok {
		if _, rest, ok = bytes.Cut(rest, []byte("\n")); ok {
			return rest
		}
	}
	return nil
}

var allSuites = []esdk.Suite{esdk.AES256GCMCommit, esdk.AES256GCMCommitSigned, esdk.AES128GCM, esdk.AES192GCM, esdk.AES256GCM, esdk.AES128GCMHKDF,
	esdk.AES192GCMHKDF, esdk.AES256GCMHKDF, esdk.AES128GCMHKDFSigned, esdk.AES192GCMHKDFSigned, esdk.AES256GCMHKDFSigned}

// byMessage reads a header of the AWS Encryption SDK.
// https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/message-format.html
func byMessage(first []byte, more bool) (Facts, []byte) {
	src := bytes.NewReader(first)
	h, err := esdk.ReadHeader(src, esdk.ReadOptions{Suites: allSuites, MaxDataKeys: 0xFFFF})
	if err != nil {
		if suite, ok := cutOff(first, src.Len()); ok && more {
			return Facts{Format: ESDK, Suite: suite.String(), KeysUnseen: true}, nil
		}
		return Facts{}, first
	}
	f := Facts{Format: ESDK, Suite: h.Suite.String()}
	for _, k := range h.Keys {
		f.Keys = append(f.Keys, Key{Provider: clean(k.Provider), Name: clean(keyName(k))})
	}
	for name := range h.Context {
		f.Context = append(f.Context, clean(name))
	}
	slices.Sort(f.Context)
	return f, body(first[len(first)-src.Len():], h)
}

// cutOff says whether what could not be read is a header that goes on beyond what was looked at.
func cutOff(first []byte, left int) (esdk.Suite, bool) {
	if len(first) < 4 || left > 0 {
		return 0, false
	}
	suite := esdk.Suite(binary.BigEndian.Uint16(first[1:]))
	if first[0] == 1 {
		suite = esdk.Suite(binary.BigEndian.Uint16(first[2:]))
	}
	return suite, first[0] <= 2 && slices.Contains(allSuites, suite)
}

// keyName is the name within a wrapped key's information: of a raw AES key it is followed by the lengths of tag and vector, and the vector.
func keyName(k esdk.WrappedKey) string {
	const lengths = 4 + 4 + 12
	info := k.Info
	if at := len(info) - lengths; at > 0 && binary.BigEndian.Uint32(info[at:]) == 128 && binary.BigEndian.Uint32(info[at+4:]) == 12 {
		info = info[:at]
	}
	return string(info)
}

// body skips the header's authentication and what stands before the ciphertext of the first frame.
func body(rest []byte, h esdk.Header) []byte {
	skip := 16
	if h.Version == 1 {
		skip += 12
	}
	switch {
	case h.FrameLength == 0:
		skip += 12 + 8
	case len(rest) >= skip+4 && binary.BigEndian.Uint32(rest[skip:]) == 0xFFFFFFFF:
		skip += 4 + 4 + 12 + 4
	default:
		skip += 4 + 12
	}
	return rest[min(skip, len(rest)):]
}

// clean keeps a name that people can read; what a stranger wrote into a header goes no further.
func clean(s string) string {
	if len(s) > 256 || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "(unreadable)"
	}
	return s
}
