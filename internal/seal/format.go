package seal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	"filippo.io/age/armor"

	"github.com/onus-cloud/onus/esdk"
)

// A Format is how sealed data is laid out.
type Format string

// The formats. S3EC is read and never written.
const (
	ESDK      Format = "esdk" // message of the AWS Encryption SDK
	AgeFormat Format = "age"  // age-encryption.org/v1
	S3EC      Format = "s3ec" // object of the Amazon S3 Encryption Client, version 2 or 3
	Unknown   Format = ""
)

// HeadLength is how many bytes of the start of an object Inspect wants, to see the whole header of any message that is common.
const HeadLength = 16 << 10

// An Inspection is what everybody can read of sealed data. It proves nothing: only what opens was sealed.
type Inspection struct {
	Format Format
	// Algorithm names what the data is encrypted with: "0x0478" of esdk, "115" or "AES/GCM/NoPadding" of s3ec.
	Algorithm string
	// Commits says whether the format ties the ciphertext to one key.
	Commits bool
	// Keys name the keys that are said to open it: of esdk by namespace and id, of age by the types of its recipients.
	Keys []KeyName
	// Context is what an esdk message stores in the clear.
	Context map[string]string
}

// A KeyName is how a message names a wrapping key.
type KeyName struct {
	Namespace string // "aws-kms" for a KMS key, "age" for a recipient of age
	ID        string // an ARN for a KMS key, the type for a recipient of age
}

// Is says whether the name is that of a key.
func (n KeyName) Is(k *Key) bool { return k.Kind != Age && n.Namespace == k.Namespace && n.ID == k.ID }

var allSuites = []esdk.Suite{
	esdk.AES256GCMCommit, esdk.AES256GCMCommitSigned, esdk.AES128GCM, esdk.AES192GCM, esdk.AES256GCM, esdk.AES128GCMHKDF, esdk.AES192GCMHKDF,
	esdk.AES256GCMHKDF, esdk.AES128GCMHKDFSigned, esdk.AES192GCMHKDFSigned, esdk.AES256GCMHKDFSigned,
}

const ageMagic = "age-encryption.org/v1\n"

// startLength is how many bytes tell the formats apart.
const startLength = max(len(ageMagic), len(armor.Header))

// Inspect reads the start of an object (HeadLength bytes, or all if it is shorter) and its user metadata (names without
// "x-amz-meta-"), which may be nil.
func Inspect(head []byte, metadata map[string]string) Inspection {
	if algorithm, commits, ok := inspectS3EC(metadata); ok {
		return Inspection{Format: S3EC, Algorithm: algorithm, Commits: commits}
	}
	if rest, ok := bytes.CutPrefix(head, []byte(ageMagic)); ok {
		found := Inspection{Format: AgeFormat, Algorithm: "age-encryption.org/v1", Commits: true}
		for line := range bytes.Lines(rest) {
			if bytes.HasPrefix(line, []byte("---")) {
				break
			}
			if args := strings.Fields(string(line)); len(args) > 1 && args[0] == "->" {
				found.Keys = append(found.Keys, KeyName{"age", args[1]})
			}
		}
		return found
	}
	h, err := esdk.ReadHeader(bytes.NewReader(head), esdk.ReadOptions{Suites: allSuites, MaxDataKeys: 1 << 16})
	if err != nil {
		return Inspection{}
	}
	found := Inspection{Format: ESDK, Algorithm: h.Suite.String(), Commits: h.Suite.Commits(), Context: h.Context}
	for _, wrapped := range h.Keys {
		found.Keys = append(found.Keys, KeyName{wrapped.Provider, keyID(wrapped)})
	}
	return found
}

// keyID is the name in a wrapped key's information. A raw AES key has behind it the lengths of its tag, 128 bits, and of its vector, 12 bytes, and
// the vector:
// https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/message-format.html
func keyID(wrapped esdk.WrappedKey) string {
	const behind = 4 + 4 + 12
	if at := len(wrapped.Info) - behind; at >= 0 && binary.BigEndian.Uint64(wrapped.Info[at:]) == 128<<32|12 {
		return string(wrapped.Info[:at])
	}
	return string(wrapped.Info)
}

// String is the name as one word.
func (n KeyName) String() string { return fmt.Sprintf("%s:%s", n.Namespace, n.ID) }
