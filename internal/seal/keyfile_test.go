package seal

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzKeyFile: what is read is written and read again, and no error quotes a secret.
func FuzzKeyFile(f *testing.F) {
	k, err := newKey("a", 1, AES, noon, bytes.Repeat([]byte{7}, 32))
	if err != nil {
		f.Fatal(err)
	}
	text, err := k.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(bytes.Replace(text, []byte(`"secret"`), []byte(`"locked"`), 1))
	f.Add([]byte("AGE-SECRET-KEY-1"))
	// A secret may have come to stand in any member, where an error would like to say what is wrong with it.
	for _, member := range []string{"onus.key/1", `"a"`, "aes-256", "onus", "a/1", "2026", k.Fingerprint()} {
		f.Add(bytes.Replace(text, []byte(member), []byte(strings.Replace(member, strings.Trim(member, `"`), "BwcHBwcHBwcHBwcHBwcH", 1)), 1))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		quiet := func(err error) {
			if err != nil && strings.Contains(err.Error(), "BwcHBwcH") {
				t.Errorf("the error holds the secret: %v", err)
			}
		}
		_, err := ImportKey("a", 1, text, noon, "", "")
		quiet(err)
		if err == nil && len(text) == 0 {
			t.Error("nothing is a key")
		}
		keys, err := ReadKeys(bytes.NewReader(text))
		quiet(err)
		for _, k := range keys {
			if again, err := k.Encode(); err != nil {
				t.Errorf("what was read is not written: %v", err)
			} else if back, err := ReadKeys(bytes.NewReader(again)); err != nil || back[0].Fingerprint() != k.Fingerprint() {
				t.Errorf("what was written is not read: %v", err)
			}
		}
	})
}
