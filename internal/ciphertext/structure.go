package ciphertext

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// magic are the first bytes of what is often stored: four or more, so that ciphertext does not begin so by chance.
var magic = []struct{ begins, name string }{
	{"\x1f\x8b\x08\x00", "gzip"}, {"\x1f\x8b\x08\x08", "gzip"}, {"PK\x03\x04", "zip"}, {"BZh9", "bzip2"}, {"\xfd7zXZ\x00", "xz"}, {"\x28\xb5\x2f\xfd", "zstd"}, {"7z\xbc\xaf\x27\x1c", "7z"},
	{"%PDF-", "PDF"}, {"\x89PNG\r\n", "PNG"}, {"\xff\xd8\xff\xe0", "JPEG"}, {"\xff\xd8\xff\xe1", "JPEG"}, {"\xff\xd8\xff\xdb", "JPEG"}, {"GIF8", "GIF"}, {"PAR1", "Parquet"}, {"Obj\x01", "Avro"},
	{"SQLite format 3\x00", "SQLite"}, {"\x7fELF", "ELF"}, {"MZ\x90\x00", "Windows program"}, {"\xd0\xcf\x11\xe0", "Office document"}, {"PGDMP", "PostgreSQL dump"},
}

const (
	enoughForText  = 16
	enoughForBytes = 512
	// The statistic of random bytes is 255 on average with a deviation of 22.6; this is ten deviations above.
	mostUneven = 481
)

// structure names what can be read in b, or "" where it looks like random bytes or is too short to tell.
func structure(b []byte) string {
	for _, m := range magic {
		if len(b) >= enoughForText && bytes.HasPrefix(b, []byte(m.begins)) {
			return m.name
		}
	}
	switch {
	case len(b) >= enoughForText && isText(b):
		return "text"
	case len(b) >= enoughForBytes && unevenness(b) > mostUneven:
		return "uneven bytes"
	}
	return ""
}

// isText says whether nineteen of twenty bytes are of printable characters: of random bytes, two of five are.
func isText(b []byte) bool {
	printable := 0
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r != utf8.RuneError && (unicode.IsPrint(r) || r == '\n' || r == '\r' || r == '\t') {
			printable += size
		}
		i += size
	}
	return 20*printable >= 19*len(b)
}

// unevenness is the chi-square statistic of the bytes against an even distribution.
func unevenness(b []byte) float64 {
	var counts [256]int
	for _, c := range b {
		counts[c]++
	}
	expected, sum := float64(len(b))/256, 0.0
	for _, n := range counts {
		d := float64(n) - expected
		sum += d * d / expected
	}
	return sum
}
