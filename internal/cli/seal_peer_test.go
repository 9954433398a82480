package cli

import (
	"bytes"
	"encoding/hex"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"filippo.io/age/armor"

	"github.com/onus-cloud/onus/internal/testbed"
)

// The tests of this file hold the commands against programs that nobody here wrote, both ways: age of Debian and AWS's command line of the
// Encryption SDK.

func (b *bucket) other(env []string, stdin []byte, name string, args ...string) []byte {
	b.t.Helper()
	cmd := exec.CommandContext(b.t.Context(), name, args...)
	cmd.Env = append(b.env, env...)
	var out, problems bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &problems
	if err := cmd.Run(); err != nil {
		b.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, &problems)
	}
	return out.Bytes()
}

func TestAgeBothWays(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"age", "age-keygen"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is missing: run tools/setup", program)
		}
	}
	b := newBucket(t, servers["gofakes3"](t))
	dir := t.TempDir()
	identity := string(b.other(nil, nil, "age-keygen"))
	recipient := regexp.MustCompile(`age1[0-9a-z]+`).FindString(identity)
	file := putFile(t, filepath.Join(dir, "identity"), []byte(identity))
	for _, size := range []int{0, 1, 64 << 10, 64<<10 + 1, 1_000_000} {
		plaintext := noise(size)
		src := putFile(t, filepath.Join(dir, "src"), plaintext)
		b.onus(nil, 0, "seal", "--format", "age", "--recipient", recipient, src, filepath.Join(dir, "a.age"))
		if got := b.other(nil, nil, "age", "-d", "-i", file, filepath.Join(dir, "a.age")); !bytes.Equal(got, plaintext) {
			t.Errorf("age opens %d bytes of %d", len(got), size)
		}
		putFile(t, filepath.Join(dir, "b.age"), b.other(nil, plaintext, "age", "-r", recipient))
		if got, _ := b.onus(nil, 0, "open", "--identity", file, filepath.Join(dir, "b.age"), "-"); got != string(plaintext) {
			t.Errorf("of what age sealed, %d bytes of %d open", len(got), size)
		}
		text := b.other(nil, plaintext, "age", "-a", "-r", recipient)
		putFile(t, filepath.Join(dir, "c.age"), text)
		b.onus(nil, 0, "open", "--identity", file, filepath.Join(dir, "c.age"), filepath.Join(dir, "c"))
		sameFile(t, filepath.Join(dir, "c"), plaintext)
		if _, problem := b.onus(nil, 1, "cat", "--range", "0-", "--identity", file, filepath.Join(dir, "c.age")); !strings.Contains(problem, "leave --range out") {
			t.Errorf("a range of text: %s", problem)
		}
		for _, cut := range []int{len(text) - 1 - len(armor.Footer), len(text) - 3, len(text) / 2, len(armor.Header)} {
			putFile(t, filepath.Join(dir, "d.age"), text[:cut])
			if _, problem := b.onus(nil, 1, "open", "--identity", file, filepath.Join(dir, "d.age"), filepath.Join(dir, "d")); problem != "onus: does not open: wrong key or context, or damaged\n" {
				t.Errorf("cut at %d of %d: %s", cut, len(text), problem)
			}
		}
	}
	// As a key of the ring, and through S3.
	b.onus(nil, 0, "key", "import", "--as", "friend", file)
	src := putFile(t, filepath.Join(dir, "src"), noise(20_000_000))
	b.onus(nil, 0, "seal", "--format", "age", "--key", "friend", src, "s3://box/a")
	if got := b.other(nil, b.object("a"), "age", "-d", "-i", file); !bytes.Equal(got, noise(20_000_000)) {
		t.Errorf("age opens %d bytes of the object", len(got))
	}
	// A key that was made here is one of age's.
	raw, _ := b.onus(nil, 0, "key", "export", "--raw", "friend")
	if !strings.Contains(identity, strings.TrimSpace(raw)) {
		t.Error("what is exported is not what was imported")
	}
}

func TestAWSEncryptionCLIBothWays(t *testing.T) {
	t.Parallel()
	b := newBucket(t, servers["gofakes3"](t))
	program := testbed.Tool(t, "venv/bin/aws-encryption-cli")
	env := []string{"PYTHONPATH=" + filepath.Join(testbed.Root(t), "esdk/testdata/peer"), "PYTHONDONTWRITEBYTECODE=1"}
	dir := t.TempDir()
	// The peer's key "a" is that letter and zeros, of the namespace "onus".
	key := putFile(t, filepath.Join(dir, "key"), append([]byte("a"), make([]byte, 31)...))
	b.onus(nil, 0, "key", "import", "--as", "peer", "--namespace", "onus", "--id", "a", key)
	plaintext := noise(300_000)
	src := putFile(t, filepath.Join(dir, "src"), plaintext)
	cli := func(stdin []byte, args ...string) []byte {
		t.Helper()
		return b.other(env, stdin, program, append(args, "--suppress-metadata", "--wrapping-keys", "provider=onus-peer", "key=a", "--input", "-", "--output", "-")...)
	}
	b.onus(nil, 0, "seal", "--key", "peer", "--context", "team=web", src, "s3://box/a")
	if got := cli(b.object("a"), "--decrypt", "--encryption-context", "team=web", "s3-bucket=box", "s3-key=a"); !bytes.Equal(got, plaintext) {
		t.Errorf("aws-encryption-cli opens %d bytes of %d", len(got), len(plaintext))
	}
	b.onus(nil, 0, "seal", "--key", "peer", "--sign", src, "s3://box/signed")
	if got := cli(b.object("signed"), "--decrypt", "--encryption-context", "s3-key=signed"); !bytes.Equal(got, plaintext) {
		t.Errorf("signed: aws-encryption-cli opens %d bytes of %d", len(got), len(plaintext))
	}
	putFile(t, filepath.Join(dir, "theirs"), cli(plaintext, "--encrypt", "--encryption-context", "team=web"))
	if got, _ := b.onus(nil, 0, "open", "--key", "peer", "--context", "team=web", filepath.Join(dir, "theirs"), "-"); got != string(plaintext) {
		t.Errorf("of what aws-encryption-cli sealed, %d bytes of %d open", len(got), len(plaintext))
	}
	// AWS's command line signs, and a signature is about the whole.
	if _, said := b.onus(nil, 1, "cat", "--key", "peer", filepath.Join(dir, "theirs"), "--range", "0-9"); said != "onus: refused: its signature is about all of it: read it as a stream: leave --range out\n" {
		t.Errorf("a range of what is signed: %s", said)
	}
}

func TestObjectsOfTheS3EncryptionClient(t *testing.T) {
	t.Parallel()
	b := newBucket(t, servers["moto"](t))
	dir := t.TempDir()
	key := noise(32)
	b.onus(nil, 0, "key", "import", "--as", "legacy", putFile(t, filepath.Join(dir, "key"), key))
	for _, version := range []string{"2", "3"} {
		plaintext := noise(100_000)
		b.other([]string{"PYTHONDONTWRITEBYTECODE=1"}, plaintext, testbed.Tool(t, "venv/bin/python"), "testdata/peer/s3ec.py", "box", "old"+version, version, hex.EncodeToString(key))
		dst := filepath.Join(dir, "dst"+version)
		// It has to be named: the metadata alone never chooses it.
		if _, said := b.onus(nil, 1, "open", "s3://box/old"+version, dst); !strings.Contains(said, "does not open") {
			t.Errorf("version %s, not named: %s", version, said)
		}
		b.onus(nil, 0, "open", "--format", "s3ec", "--key", "legacy", "s3://box/old"+version, dst)
		sameFile(t, dst, plaintext)
		if _, said := b.onus(nil, 1, "open", "--format", "s3ec", "--key", "backup", "s3://box/old"+version, filepath.Join(dir, "x")); said != "onus: does not open: wrong key or context, or damaged\n" {
			t.Errorf("version %s, another key: %s", version, said)
		}
	}
	// Moving away from it: sealed again in place, bound to its place, with the newest key.
	b.onus(nil, 0, "reseal", "--from-format", "s3ec", "--key", "legacy", "--to", "backup", "s3://box/")
	b.onus(nil, 0, "open", "--key", "backup", "s3://box/", filepath.Join(dir, "moved"))
	sameFile(t, filepath.Join(dir, "moved", "old2"), noise(100_000))
	sameFile(t, filepath.Join(dir, "moved", "old3"), noise(100_000))
	if _, said := b.onus(nil, 1, "open", "--format", "s3ec", "--key", "legacy", "s3://box/old3", filepath.Join(dir, "x")); !strings.Contains(said, "no metadata of the S3 Encryption Client") {
		t.Errorf("after the move: %s", said)
	}
}
