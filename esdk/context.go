package esdk

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// publicKeyName is the pair in which a signed message carries the key that verifies it. Names that start with the prefix are AWS's.
const (
	publicKeyName  = "aws-crypto-public-key"
	reservedPrefix = "aws-crypto-"
	publicKeySize  = 4 + len(publicKeyName) + 68 // of P-384: 49 bytes, in base64
)

// appendContext appends the pairs in the order of their names' bytes, after their number. No pairs are no bytes at all.
func appendContext(dst []byte, pairs map[string]string) []byte {
	if len(pairs) == 0 {
		return dst
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(pairs)))
	for _, name := range slices.Sorted(maps.Keys(pairs)) {
		dst = appendString(dst, name)
		dst = appendString(dst, pairs[name])
	}
	return dst
}

func appendString[T string | []byte](dst []byte, s T) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(s)))
	return append(dst, s...)
}

// checkContext says what cannot be written by a suite.
func checkContext(pairs map[string]string, suite Suite) error {
	room := math.MaxUint16
	if suite.Signed() {
		room -= publicKeySize
	}
	size := 2
	for name, value := range pairs {
		switch {
		case name == "":
			return fmt.Errorf("esdk: encryption context: a name is empty")
		case strings.HasPrefix(name, reservedPrefix):
			return fmt.Errorf("esdk: encryption context: names that start with %q are reserved", reservedPrefix)
		case !utf8.ValidString(name) || !utf8.ValidString(value):
			return fmt.Errorf("esdk: encryption context: %q is not UTF-8", name)
		}
		size += 4 + len(name) + len(value)
	}
	if size > room {
		return fmt.Errorf("esdk: encryption context: its %d bytes are more than %d", size, room)
	}
	return nil
}

// parseContext reads what appendContext writes, and more, as AWS's own readers do: any order of names, and no pairs as a count of none, which some
// tools once wrote. https://github.com/aws/aws-encryption-sdk-dafny/blob/mainline/AwsEncryptionSDK/dafny/AwsEncryptionSdk/src/Serialize/EncryptionContext.dfy
func parseContext(raw []byte) (map[string]string, bool) {
	pairs := map[string]string{}
	if len(raw) == 0 {
		return pairs, true
	}
	if len(raw) < 2 {
		return nil, false
	}
	count := int(binary.BigEndian.Uint16(raw))
	raw = raw[2:]
	for range count {
		var name, value string
		var ok1, ok2 bool
		name, raw, ok1 = cutString(raw)
		value, raw, ok2 = cutString(raw)
		if _, twice := pairs[name]; !ok1 || !ok2 || twice || !utf8.ValidString(name) || !utf8.ValidString(value) {
			return nil, false
		}
		pairs[name] = value
	}
	return pairs, len(raw) == 0
}

func cutString(raw []byte) (string, []byte, bool) {
	if len(raw) < 2 {
		return "", nil, false
	}
	n := int(binary.BigEndian.Uint16(raw))
	if len(raw) < 2+n {
		return "", nil, false
	}
	return string(raw[2 : 2+n]), raw[2+n:], true
}

// union returns the pairs of both; stored wins nothing, since callers refuse names that differ.
func union(stored, bound map[string]string) map[string]string {
	if len(bound) == 0 {
		return stored
	}
	all := maps.Clone(stored)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, bound)
	return all
}
