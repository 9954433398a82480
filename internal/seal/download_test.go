package seal

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const downloadPart = 256 << 10

// remote is an object in memory. Where a read starts between two offsets it does what it is told to, once.
type remote struct {
	body     []byte
	from, to int64
	then     func() error

	mu   sync.Mutex
	read int64
}

func (r *remote) ReadAt(p []byte, off int64) (int, error) {
	r.mu.Lock()
	r.read += int64(len(p))
	var then func() error
	if off >= r.from && off < r.to {
		then, r.then = r.then, nil
	}
	r.mu.Unlock()
	if then != nil {
		if err := then(); err != nil {
			return 0, err
		}
	}
	return bytes.NewReader(r.body).ReadAt(p, off)
}

// A site is a folder with its notes.
type site struct{ dir, notes string }

func newSite(t *testing.T) site {
	dir := t.TempDir()
	return site{filepath.Join(dir, "out"), filepath.Join(dir, "notes")}
}

// files are all there are.
func (s site) files(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, dir := range []string{s.dir, s.notes} {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		for _, entry := range entries {
			path := filepath.Join(dir, entry.Name())
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all[path] = text
		}
	}
	return all
}

func (s site) download(t *testing.T, object *remote, k *Key, etag string) (*Download, error) {
	t.Helper()
	folder, err := OpenFolder(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	d := &Download{
		Notes: NewNotes(s.notes), Source: "s3://b/k", ETag: etag, Size: int64(len(object.body)), Mode: 0o600, part: downloadPart,
		Now: func() time.Time { return noon },
	}
	d.Notes.Keep(folder)
	_, err = d.Open(t.Context(), object, OpenOptions{Keys: []*Key{k}}, folder, "file")
	return d, err
}

// killed leaves what kill -9 leaves of a download of a dozen parts, after three of them or more.
func (s site) killed(t *testing.T, sealed []byte, k *Key) {
	t.Helper()
	left := map[string][]byte{}
	// Four parts are fetched at once: when one of these is, three are in the file and noted. The end is read first.
	object := &remote{body: sealed, from: 7 * downloadPart, to: 9 * downloadPart}
	object.then = func() error {
		maps.Copy(left, s.files(t))
		return errKilled
	}
	if _, err := s.download(t, object, k, "one"); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	if now := s.files(t); len(now) > 0 {
		t.Fatalf("a download that failed left %v", now)
	}
	for path, text := range left {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if len(left) != 2 {
		t.Fatalf("%d files are left of one that was killed", len(left))
	}
}

// alone says whether the file is there, whole, and nothing beside it.
func (s site) alone(t *testing.T, what string, plaintext []byte) {
	t.Helper()
	files := s.files(t)
	if len(files) != 1 || !bytes.Equal(files[filepath.Join(s.dir, "file")], plaintext) {
		t.Errorf("%s: %d files are there, the one that is wanted has %d bytes of %d", what, len(files), len(files[filepath.Join(s.dir, "file")]), len(plaintext))
	}
}

func noiseOf(n int) []byte {
	text := make([]byte, n)
	for i := range text {
		text[i] = byte(i >> 3 * i)
	}
	return text
}

func TestADownloadGoesOn(t *testing.T) {
	t.Parallel()
	plaintext := noiseOf(12*downloadPart + 100)
	for _, kind := range []Kind{AES, RSA, Age} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			k := newTestKey(t, "backup", kind)
			seal := func(plaintext []byte) []byte {
				opts := SealOptions{Keys: []*Key{k}}
				if kind == Age {
					opts.Format = AgeFormat
				}
				sealed, err := Sealed(t.Context(), plaintext, opts)
				if err != nil {
					t.Fatal(err)
				}
				return sealed
			}
			sealed := seal(plaintext)
			s := newSite(t)
			s.killed(t, sealed, k)
			object := &remote{body: sealed}
			d, err := s.download(t, object, k, "one")
			if err != nil {
				t.Fatal(err)
			}
			s.alone(t, "gone on with", plaintext)
			if d.Resumed() < 3*downloadPart || object.read > int64(len(sealed))-d.Resumed()+256<<10 {
				t.Errorf("%d bytes were there, and %d of %d were read", d.Resumed(), object.read, len(sealed))
			}

			// What starts again, and why.
			another := seal(plaintext)
			for what, change := range map[string]func(path string, text []byte) (_, object []byte, etag string){
				"another object":                   func(_ string, text []byte) ([]byte, []byte, string) { return text, another, "two" },
				"another object of the same ETag":  func(_ string, text []byte) ([]byte, []byte, string) { return text, another, "one" },
				"no ETag":                          func(_ string, text []byte) ([]byte, []byte, string) { return text, sealed, "" },
				"a byte of the partial is changed": func(_ string, text []byte) ([]byte, []byte, string) { return flip(text, 5), sealed, "one" },
				"the partial is cut off": func(path string, text []byte) ([]byte, []byte, string) {
					if strings.HasSuffix(path, tempSuffix) {
						text = text[:downloadPart]
					}
					return text, sealed, "one"
				},
				"the partial is another's": func(path string, text []byte) ([]byte, []byte, string) {
					if strings.HasSuffix(path, tempSuffix) {
						text = make([]byte, len(text))
					}
					return text, sealed, "one"
				},
			} {
				s := newSite(t)
				s.killed(t, sealed, k)
				body, etag := sealed, "one"
				for path, text := range s.files(t) {
					if strings.HasPrefix(what, "a byte") && !strings.HasSuffix(path, tempSuffix) {
						continue
					}
					text, body, etag = change(path, text)
					if err := os.WriteFile(path, text, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				d, err := s.download(t, &remote{body: body}, k, etag)
				if err != nil || d.Resumed() > 0 {
					t.Errorf("%s: %v, and %d bytes were taken over", what, err, d.Resumed())
				}
				s.alone(t, what, plaintext)
			}

			// What another key, or nobody's, wrote in the note is not believed: the file is not taken over.
			s = newSite(t)
			s.killed(t, sealed, k)
			other := newTestKey(t, "other", AES)
			message, err := Sealed(t.Context(), noiseOf(len(plaintext)-1), SealOptions{Keys: []*Key{other}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.download(t, &remote{body: message}, k, "one"); err == nil {
				t.Error("what no key opens was opened")
			}
			if left := s.files(t); len(left) > 0 {
				t.Errorf("it did not open, and left %d files", len(left))
			}

			// What was not fetched yet is proved by the run that goes on, and a failure leaves nothing.
			for what, altered := range map[string][]byte{
				"a later frame": flip(sealed, len(sealed)-100_000),
				"the end":       flip(sealed, len(sealed)-1),
				"cut off":       sealed[:len(sealed)-1],
				"extended":      append(bytes.Clone(sealed), 0),
			} {
				s := newSite(t)
				s.killed(t, sealed, k)
				d, err := s.download(t, &remote{body: altered}, k, "one")
				if !errors.Is(err, ErrOpen) {
					t.Errorf("%s: %v", what, err)
				}
				if left := s.files(t); len(left) > 0 {
					t.Errorf("%s: it did not open, and left %d files (%d bytes were taken over)", what, len(left), d.Resumed())
				}
			}

			// Abandoned, and swept by nobody before that.
			s = newSite(t)
			s.killed(t, sealed, k)
			if left := NewNotes(s.notes).Unfinished(); len(left) != 1 || left[0] != filepath.Join(s.dir, "file") {
				t.Errorf("unfinished: %v", left)
			}
			for path := range s.files(t) {
				if err := os.Chtimes(path, noon.AddDate(-1, 0, 0), noon.AddDate(-1, 0, 0)); err != nil {
					t.Fatal(err)
				}
			}
			folder, err := OpenFolder(s.dir)
			if err != nil {
				t.Fatal(err)
			}
			defer folder.Close()
			NewNotes(s.notes).Keep(folder)
			f, err := folder.Create("beside", 0o600)
			if err != nil {
				t.Fatal(err)
			}
			f.Abort()
			if left := s.files(t); len(left) != 2 {
				t.Errorf("another run left %d files of a download that can go on", len(left))
			}
			if targets, err := NewNotes(s.notes).Discard(); err != nil || len(targets) != 1 {
				t.Errorf("%v, %v", targets, err)
			}
			if left := s.files(t); len(left) > 0 {
				t.Errorf("abandoned, and %d files are left", len(left))
			}
		})
	}
}

// flip changes one byte.
func flip(text []byte, at int) []byte {
	text = bytes.Clone(text)
	text[at] ^= 1
	return text
}

// TestADownloadNobodyElseReads: plaintext that is not whole is its owner's alone, whatever mode the file is to have.
func TestADownloadNobodyElseReads(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	folder, err := OpenFolder(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	f, err := folder.CreatePrivate("file", 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := f.Stat(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("in work: %v, %v", info.Mode(), err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(s.dir, "file")); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("whole: %v, %v", info.Mode(), err)
	}
	// What others may read is not gone on with.
	temp := filepath.Join(s.dir, tempPrefix+"0123456789abcdef"+tempSuffix)
	if err := errors.Join(os.WriteFile(temp, nil, 0o600), os.Chmod(temp, 0o644)); err != nil {
		t.Fatal(err)
	}
	if f, err := folder.resume("file", temp, 0o600); err == nil {
		f.Abort()
		t.Error("what others may read was gone on with")
	}
}

// TestASignedMessageIsNoDownload: its signature is about all of it, so that it is opened as a stream, from its start.
func TestASignedMessageIsNoDownload(t *testing.T) {
	t.Parallel()
	k := newTestKey(t, "backup", AES)
	sealed, err := Sealed(t.Context(), noiseOf(1000), SealOptions{Keys: []*Key{k}, Suite: 0x0578})
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	if _, err := s.download(t, &remote{body: sealed}, k, "one"); !errors.Is(err, ErrNoRanges) || !errors.Is(err, ErrRefused) {
		t.Errorf("%v", err)
	}
	if left := s.files(t); len(left) > 0 {
		t.Errorf("%d files are left", len(left))
	}
}
