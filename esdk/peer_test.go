package esdk

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The tests of this file hold this package against AWS's Encryption SDK for Python and AWS's command line, both ways.

type peerAsk struct {
	Do      string            `json:"do"`
	Keys    []string          `json:"keys"`
	Data    []byte            `json:"data"`
	Suite   Suite             `json:"suite"`
	Frame   int               `json:"frame"`
	Context map[string]string `json:"context"`
}

type peerAnswer struct {
	Data    []byte            `json:"data"`
	Context map[string]string `json:"context"`
	Error   string            `json:"error"`
}

func peerTool(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", ".tools", "venv", "bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is missing: run tools/setup", path)
	}
	return path
}

// peerEnv is the environment in which the peers find the keys of these tests. They must not find AWS.
func peerEnv(t *testing.T) []string {
	t.Helper()
	pair, err := rsaPair()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rsa.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(pair)})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	plugin, err := filepath.Abs(filepath.Join("testdata", "peer"))
	if err != nil {
		t.Fatal(err)
	}
	return append(os.Environ(), "PEER_RSA="+file, "PYTHONPATH="+plugin, "PYTHONDONTWRITEBYTECODE=1", "AWS_CONFIG_FILE=/dev/null",
		"AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true")
}

// startPeer starts the Python SDK and returns how to ask it.
func startPeer(t *testing.T) func(peerAsk) peerAnswer {
	t.Helper()
	python := exec.Command(peerTool(t, "python"), filepath.Join("testdata", "peer", "peer.py"))
	python.Env = peerEnv(t)
	log := new(bytes.Buffer)
	python.Stderr = log
	in, err := python.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := python.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := python.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		python.Wait()
	})
	lines := bufio.NewReaderSize(out, 1<<20)
	return func(ask peerAsk) peerAnswer {
		t.Helper()
		line, err := json.Marshal(ask)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := in.Write(append(line, '\n')); err != nil {
			t.Fatal(err)
		}
		var said peerAnswer
		raw, err := lines.ReadBytes('\n')
		if err != nil {
			t.Fatalf("the peer ended: %v\n%s", err, log)
		}
		if err := json.Unmarshal(raw, &said); err != nil {
			t.Fatalf("%v in %q", err, raw)
		}
		return said
	}
}

func peerKeys(t *testing.T) map[string]WrappingKey {
	t.Helper()
	pair, err := rsaPair()
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]WrappingKey{"a": rawKey(t, "a"), "b": rawKey(t, "b")}
	for name, hash := range map[string]crypto.Hash{"rsa-sha1": crypto.SHA1, "rsa-sha256": crypto.SHA256, "rsa-sha384": crypto.SHA384, "rsa-sha512": crypto.SHA512} {
		if keys[name], err = NewRawRSA("onus", name, nil, pair, hash); err != nil {
			t.Fatal(err)
		}
	}
	for name, size := range map[string]int{"aes-128": 16, "aes-192": 24} {
		secret := make([]byte, size)
		copy(secret, name)
		if keys[name], err = NewRawAES("onus", name, secret); err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

func TestPythonReadsWhatIsWritten(t *testing.T) {
	t.Parallel()
	ask := startPeer(t)
	keys := peerKeys(t)
	contexts := []map[string]string{nil, {"bucket": "b", "Key": "ü/ö", "a": ""}}
	for _, suite := range []Suite{AES256GCMCommit, AES256GCMCommitSigned} {
		for _, size := range []int{0, 1, 4095, 4096, 4097, 70_000} {
			for i, context := range contexts {
				for _, frame := range []int{4096, DefaultFrameLength} {
					name := fmt.Sprintf("%v, %d bytes in frames of %d, context %d", suite, size, frame, i)
					plaintext := pattern(size)
					message := seal(t, plaintext, WriteOptions{Keys: []WrappingKey{keys["a"], keys["b"]}, Suite: suite, FrameLength: frame, Context: context})
					said := ask(peerAsk{Do: "decrypt", Keys: []string{"b"}, Data: message})
					delete(said.Context, publicKeyName)
					if said.Error != "" || !bytes.Equal(said.Data, plaintext) || !maps.Equal(said.Context, context) {
						t.Errorf("%s: %d bytes, context %v, %s", name, len(said.Data), said.Context, said.Error)
					}
				}
			}
		}
	}
	for name, key := range keys {
		message := seal(t, []byte("hello"), WriteOptions{Keys: []WrappingKey{key}, Context: contexts[1]})
		if said := ask(peerAsk{Do: "decrypt", Keys: []string{name}, Data: message}); string(said.Data) != "hello" {
			t.Errorf("wrapped by %s: %+v", name, said)
		}
		message[len(message)-1] ^= 1
		if said := ask(peerAsk{Do: "decrypt", Keys: []string{name}, Data: message}); said.Error == "" {
			t.Errorf("wrapped by %s: the peer opens an altered message, so its silence proves nothing", name)
		}
	}
}

func TestWhatPythonWritesIsRead(t *testing.T) {
	t.Parallel()
	ask := startPeer(t)
	keys := peerKeys(t)
	for _, suite := range []Suite{
		AES256GCMCommit, AES256GCMCommitSigned, AES128GCM, AES192GCM, AES256GCM, AES128GCMHKDF, AES192GCMHKDF, AES256GCMHKDF,
		AES128GCMHKDFSigned, AES192GCMHKDFSigned, AES256GCMHKDFSigned,
	} {
		for _, frame := range []int{0, 128, 4096} {
			for _, size := range []int{0, 1, 127, 128, 129, 4096, 10_000} {
				name := fmt.Sprintf("%v, %d bytes in frames of %d", suite, size, frame)
				plaintext := pattern(size)
				said := ask(peerAsk{Do: "encrypt", Keys: []string{"a", "rsa-sha256"}, Data: plaintext, Suite: suite, Frame: frame, Context: map[string]string{"bucket": "b"}})
				if said.Error != "" {
					t.Fatalf("%s: %s", name, said.Error)
				}
				opts := ReadOptions{Keys: []WrappingKey{keys["rsa-sha256"]}, Suites: []Suite{suite}, Context: map[string]string{"bucket": "b"}, Parallel: 2}
				r, err := NewReader(t.Context(), bytes.NewReader(said.Data), opts)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, plaintext) {
					t.Errorf("%s: %d bytes, %v", name, len(got), err)
				}
				if h := r.Header(); h.FrameLength != frame || h.Suite != suite || len(h.Keys) != 2 {
					t.Errorf("%s: header %+v", name, h)
				}
				if size == 129 && (frame == 128 || frame == 0) {
					opts.Parallel = 1
					for at := range said.Data {
						changed := bytes.Clone(said.Data)
						changed[at] ^= 0x10
						opts.Keys = []WrappingKey{keys["a"]}
						if _, err := Open(t.Context(), nil, changed, opts); err == nil {
							t.Fatalf("%s: byte %d of %d changed, and it opens", name, at, len(said.Data))
						}
					}
				}
				if suite.Commits() {
					continue
				}
				opts.Suites = nil
				if _, err := NewReader(t.Context(), bytes.NewReader(said.Data), opts); err == nil {
					t.Errorf("%s: read without naming its suite", name)
				}
			}
		}
	}
}

// TestPeerCorners: what is rare in messages is read and written as the peer does.
func TestPeerCorners(t *testing.T) {
	t.Parallel()
	ask := startPeer(t)
	keys := peerKeys(t)
	long := map[string]string{"many": strings.Repeat("x", 60_000)}
	for i := range 200 {
		long[fmt.Sprintf("name %d", i)] = ""
	}
	contexts := map[string]map[string]string{
		"none":  nil,
		"order": {"\uff61": "last but one by UTF-8, last by UTF-16", "\U00010000": "", "a": "ä", "B": "\x00", "a\x00": " "},
		"long":  long,
	}
	for what, context := range contexts {
		// The key that opens is the last of several, of which one is nobody's and one has a name that begins like it.
		stranger, err := NewRawAES("acme", "b", make([]byte, 32))
		if err != nil {
			t.Fatal(err)
		}
		message := seal(t, []byte("hello"), WriteOptions{Keys: []WrappingKey{stranger, rawKey(t, "bb"), rawKey(t, "a"), keys["b"]}, Context: context})
		if said := ask(peerAsk{Do: "decrypt", Keys: []string{"b"}, Data: message}); string(said.Data) != "hello" || !maps.Equal(said.Context, context) {
			t.Errorf("%s: the peer opens %q, %s", what, said.Data, said.Error)
		}
		for _, suite := range []Suite{AES256GCMCommit, AES256GCMCommitSigned, AES128GCMHKDFSigned} {
			said := ask(peerAsk{Do: "encrypt", Keys: []string{"bb", "a", "rsa-sha1", "b"}, Data: []byte("hello"), Suite: suite, Frame: 128, Context: context})
			if said.Error != "" {
				t.Fatalf("%s: %s", what, said.Error)
			}
			got, err := Open(t.Context(), nil, said.Data, ReadOptions{Keys: []WrappingKey{stranger, keys["b"]}, Suites: []Suite{suite}, Context: context})
			if err != nil || string(got) != "hello" {
				t.Errorf("%s, %v: %q, %v", what, suite, got, err)
			}
		}
	}

	// Keys of other lengths and paddings.
	pair, err := rsaPair()
	if err != nil {
		t.Fatal(err)
	}
	old, err := NewRawRSAPKCS1("onus", "rsa-pkcs1", pair)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Wrap(t.Context(), make([]byte, 32), nil); err == nil {
		t.Error("PKCS #1 v1.5 is written")
	}
	for name, key := range map[string]WrappingKey{"rsa-pkcs1": old, "aes-128": keys["aes-128"], "aes-192": keys["aes-192"]} {
		for _, suite := range []Suite{AES256GCMCommit, AES128GCM} {
			said := ask(peerAsk{Do: "encrypt", Keys: []string{name}, Data: []byte("hello"), Suite: suite, Frame: 0, Context: contexts["order"]})
			got, err := Open(t.Context(), nil, said.Data, ReadOptions{Keys: []WrappingKey{key}, Suites: []Suite{suite}})
			if err != nil || string(got) != "hello" {
				t.Errorf("wrapped by %s: %q, %v, %s", name, got, err, said.Error)
			}
			// A key of the same name and another padding does not open it.
			if name == "rsa-pkcs1" {
				other, err := NewRawRSA("onus", name, nil, pair, crypto.SHA256)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := Open(t.Context(), nil, said.Data, ReadOptions{Keys: []WrappingKey{other}, Suites: []Suite{suite}}); err != ErrOpen {
					t.Errorf("another padding: %v", err)
				}
			}
		}
	}

	// More wrapped keys than are admitted.
	many := make([]string, 20)
	for i := range many {
		many[i] = fmt.Sprintf("k%d", i)
	}
	said := ask(peerAsk{Do: "encrypt", Keys: many, Data: []byte("hello"), Suite: AES256GCMCommit, Frame: 4096})
	opts := ReadOptions{Keys: []WrappingKey{rawKey(t, "k19")}}
	if _, err := Open(t.Context(), nil, said.Data, opts); !errors.Is(err, ErrRefused) {
		t.Errorf("twenty wrapped keys: %v", err)
	}
	opts.MaxDataKeys = 20
	if got, err := Open(t.Context(), nil, said.Data, opts); err != nil || string(got) != "hello" {
		t.Errorf("twenty wrapped keys that are admitted: %q, %v", got, err)
	}
}

func TestCommandLineBothWays(t *testing.T) {
	t.Parallel()
	env, program := peerEnv(t), peerTool(t, "aws-encryption-cli")
	key := rawKey(t, "a")
	plaintext := pattern(100_000)
	run := func(stdin []byte, args ...string) []byte {
		t.Helper()
		cmd := exec.Command(program, append(args, "--suppress-metadata", "--wrapping-keys", "provider=onus-peer", "key=a", "--input", "-", "--output", "-")...)
		cmd.Env, cmd.Stdin = env, bytes.NewReader(stdin)
		log := new(bytes.Buffer)
		cmd.Stderr = log
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, log)
		}
		return out
	}
	message := seal(t, plaintext, WriteOptions{Keys: []WrappingKey{key}, Context: map[string]string{"bucket": "b"}})
	if got := run(message, "--decrypt", "--encryption-context", "bucket=b"); !bytes.Equal(got, plaintext) {
		t.Errorf("aws-encryption-cli opens %d bytes of %d", len(got), len(plaintext))
	}
	message = run(plaintext, "--encrypt", "--encryption-context", "bucket=b")
	got, err := Open(t.Context(), nil, message, ReadOptions{Keys: []WrappingKey{key}, Context: map[string]string{"bucket": "b"}})
	if err != nil || !bytes.Equal(got, plaintext) {
		t.Errorf("what aws-encryption-cli sealed: %d bytes, %v", len(got), err)
	}
}
