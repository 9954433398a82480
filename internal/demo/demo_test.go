package demo_test

import (
	"archive/zip"
	"bytes"
	"flag"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/onus-cloud/onus/internal/demo"
	"github.com/onus-cloud/onus/internal/generate"
	"github.com/onus-cloud/onus/internal/responses"
)

var update = flag.Bool("update", false, "write acme.zip anew")

// most is how large the recording may be: it is in every binary.
const most = 550_000

// TestRecordingIsGenerated: the recording in the binary is what the generator makes, byte for byte.
func TestRecordingIsGenerated(t *testing.T) {
	t.Parallel()
	made := zipped(t)
	if *update {
		if err := os.WriteFile("acme.zip", made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile("acme.zip")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made, kept) {
		t.Error("acme.zip is not what the generator makes: run go generate ./internal/demo")
	}
	if len(kept) > most {
		t.Errorf("acme.zip has %d bytes, want at most %d", len(kept), most)
	}
}

// TestRecordingReads: the recording is read without a problem, and is all that the generator made.
func TestRecordingReads(t *testing.T) {
	t.Parallel()
	set, err := demo.Recording()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range set.Problems {
		t.Error(p)
	}
	want, _ := generate.Acme()
	if len(set.Responses) != len(want.Responses) || !slices.Equal(set.Scope.Accounts, want.Scope.Accounts) {
		t.Errorf("%d responses of accounts %v were read, want %d of %v", len(set.Responses), set.Scope.Accounts, len(want.Responses), want.Scope.Accounts)
	}
}

// zipped is the recording as a zip: files in the order of their names.
func zipped(t *testing.T) []byte {
	t.Helper()
	set, _ := generate.Acme()
	dir := filepath.Join(t.TempDir(), "acme")
	w, err := responses.Create(dir, generate.Time)
	if err != nil {
		t.Fatal(err)
	}
	for r := range set.All() {
		if err := w.Put(*r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(set.Scope, generate.Time); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	err = fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		// The files are compressed already, and nearly as small as what a zip says of each: no time, and the sizes once.
		file, err := z.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(body),
			CompressedSize64: uint64(len(body)), UncompressedSize64: uint64(len(body))})
		if err != nil {
			return err
		}
		_, err = file.Write(body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
