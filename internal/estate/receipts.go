package estate

import "time"

// Receipt says that a holder of a key opened an object. Its signature was verified with the key's fingerprint; the holder's name is what
// that holder said.
type Receipt struct {
	Holder      string
	Key         string // its name and version: "backup/2"
	Fingerprint string // of the key
	Object      string // "s3://bucket/key"
	Opened      time.Time
	Digest      string // of the plaintext: "sha256:" and hexadecimal digits
}
