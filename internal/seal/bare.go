package seal

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Raw is the bare key for other tools: 32 bytes of AES, PEM of RSA, the age identity as a line; of the public half PEM or the
// recipient.
func (k *Key) Raw(public bool) ([]byte, error) {
	if public {
		if k.Kind == AES {
			return nil, errors.New("an aes-256 key has no public half")
		}
		return []byte(strings.TrimSpace(k.Public) + "\n"), nil
	}
	if k.secret == nil {
		return nil, k.noSecret()
	}
	switch k.Kind {
	case RSA:
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: k.secret}), nil
	case Age:
		return append(bytes.Clone(k.secret), '\n'), nil
	default:
		return bytes.Clone(k.secret), nil
	}
}

// ImportKey makes a key of a bare one: 32 bytes, also in base64 or hexadecimal, an RSA key in PEM, an age identity or
// recipient. namespace and id name it in messages; empty, they are as for a key made here. Errors do not quote the text.
func ImportKey(name string, version int, text []byte, now time.Time, namespace, id string) (*Key, error) {
	k, err := importBare(name, version, text, now)
	if err != nil {
		return nil, err
	}
	if k.Kind == Age && (namespace != "" || id != "") {
		return nil, errors.New("an age key has no namespace and no id")
	}
	if namespace != "" {
		k.Namespace = namespace
	}
	if id != "" {
		k.ID = id
	}
	return k, nil
}

func importBare(name string, version int, text []byte, now time.Time) (*Key, error) {
	trimmed := bytes.TrimSpace(text)
	if block, _ := pem.Decode(trimmed); block != nil {
		return importPEM(name, version, block, now)
	}
	if secret, recipient := ageLine(trimmed); secret != "" {
		return newKey(name, version, Age, now, []byte(secret))
	} else if recipient != "" {
		return newHalf(name, version, Age, now, recipient)
	}
	if len(text) == 32 {
		return newKey(name, version, AES, now, bytes.Clone(text))
	}
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.StdEncoding.DecodeString} {
		if secret, err := decode(string(trimmed)); err == nil && len(secret) == 32 {
			return newKey(name, version, AES, now, secret)
		}
	}
	return nil, errors.New("this is no key: 32 bytes (also in base64 or hexadecimal), an RSA key in PEM, or an age identity or recipient is wanted")
}

// ageLine finds the one identity or recipient among comments, as age-keygen writes them.
func ageLine(text []byte) (secret, recipient string) {
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "AGE-SECRET-KEY-") && secret == "":
			secret = line
		case strings.HasPrefix(line, "age1") && recipient == "":
			recipient = line
		case line != "" && !strings.HasPrefix(line, "#"):
			return "", ""
		}
	}
	return secret, recipient
}

func importPEM(name string, version int, block *pem.Block, now time.Time) (*Key, error) {
	switch block.Type {
	case "RSA PRIVATE KEY", "PRIVATE KEY":
		var pair *rsa.PrivateKey
		var err error
		if block.Type == "RSA PRIVATE KEY" {
			pair, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		} else {
			var parsed any
			parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
			var ok bool
			if pair, ok = parsed.(*rsa.PrivateKey); !ok {
				err = errors.New("it is none of RSA")
			}
		}
		if err != nil {
			return nil, errors.New("this PEM holds no RSA key that parses; one under a passphrase is opened with openssl first")
		}
		if pair.N.BitLen() < 2048 {
			return nil, fmt.Errorf("an RSA key of %d bits is too weak: use 2,048 or more", pair.N.BitLen())
		}
		secret, err := x509.MarshalPKCS8PrivateKey(pair)
		if err != nil {
			return nil, err
		}
		return newKey(name, version, RSA, now, secret)
	case "PUBLIC KEY":
		text := string(pem.EncodeToMemory(block))
		public, err := parsePublic(text)
		if err != nil {
			return nil, err
		}
		if public.N.BitLen() < 2048 {
			return nil, fmt.Errorf("an RSA key of %d bits is too weak: use 2,048 or more", public.N.BitLen())
		}
		return newHalf(name, version, RSA, now, text)
	default:
		return nil, errors.New("this PEM is of another type: RSA PRIVATE KEY, PRIVATE KEY or PUBLIC KEY is wanted")
	}
}

// newHalf is a public half that came from elsewhere: nothing verifies receipts of it, since that key is derived from the secret. Its
// fingerprint is another than the whole key's.
func newHalf(name string, version int, kind Kind, now time.Time, public string) (*Key, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	k := &Key{
		Name: name, Version: version, Kind: kind, Created: now.UTC().Truncate(time.Second), Namespace: Namespace,
		ID: fmt.Sprintf("%s/%d", name, version), Public: public,
	}
	if kind == Age {
		if _, err := parseRecipient(public); err != nil {
			return nil, errors.New("this is no age recipient")
		}
	}
	return k, nil
}
