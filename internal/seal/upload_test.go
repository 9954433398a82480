package seal

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// memory is a Store in memory that can be told to fail, or to stop as if the process had been killed.
type memory struct {
	mu      sync.Mutex
	object  []byte
	uploads map[string]map[int][]byte
	begun   map[string]time.Time
	calls   int
	failAt  int   // the call that fails; 0: none
	failure error // errKilled: all calls from then on fail too
	late    bool  // the failing call is carried out before it fails
	now     time.Time
}

var errKilled = errors.New("killed")

func newMemory() *memory {
	return &memory{uploads: map[string]map[int][]byte{}, begun: map[string]time.Time{}, now: noon}
}

func (m *memory) call(do func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	if m.failAt != 0 && (m.calls == m.failAt || m.calls > m.failAt && m.failure == errKilled) {
		if m.late && m.calls == m.failAt {
			do()
		}
		return m.failure
	}
	return do()
}

func (m *memory) Put(_ context.Context, body []byte) error {
	return m.call(func() error { m.object = bytes.Clone(body); return nil })
}

func (m *memory) Begin(context.Context) (id string, err error) {
	err = m.call(func() error {
		id = fmt.Sprintf("upload-%d", len(m.begun)+1)
		m.uploads[id], m.begun[id] = map[int][]byte{}, m.now
		return nil
	})
	return id, err
}

func (m *memory) PutPart(_ context.Context, upload string, number int, body []byte) (string, error) {
	return fmt.Sprint(number), m.call(func() error {
		if m.uploads[upload] == nil {
			return fs.ErrNotExist
		}
		m.uploads[upload][number] = bytes.Clone(body)
		return nil
	})
}

func (m *memory) Finish(_ context.Context, upload string, tags []string) error {
	return m.call(func() error {
		parts := m.uploads[upload]
		if parts == nil {
			return fs.ErrNotExist
		}
		var object []byte
		for i, tag := range tags {
			if tag != fmt.Sprint(i+1) || parts[i+1] == nil {
				return fmt.Errorf("part %d is %q", i+1, tag)
			}
			object = append(object, parts[i+1]...)
		}
		m.object = object
		delete(m.uploads, upload)
		return nil
	})
}

func (m *memory) End(_ context.Context, upload string) error {
	return m.call(func() error { delete(m.uploads, upload); return nil })
}

func (m *memory) Parts(_ context.Context, upload string) (map[int]string, map[int]int64, error) {
	tags, sizes := map[int]string{}, map[int]int64{}
	return tags, sizes, m.call(func() error {
		parts := m.uploads[upload]
		if parts == nil {
			return fs.ErrNotExist
		}
		for number, body := range parts {
			tags[number], sizes[number] = fmt.Sprint(number), int64(len(body))
		}
		return nil
	})
}

func (m *memory) Uploads(_ context.Context, until time.Time) (ids []string, err error) {
	err = m.call(func() error {
		for id := range m.uploads {
			if !m.begun[id].After(until) {
				ids = append(ids, id)
			}
		}
		return nil
	})
	return ids, err
}

func (m *memory) Start(_ context.Context, n int) (start []byte, err error) {
	err = m.call(func() error {
		if m.object == nil {
			return fs.ErrNotExist
		}
		start = m.object[:min(n, len(m.object))]
		return nil
	})
	return start, err
}

func (m *memory) tell(failAt int, failure error, late bool) *memory {
	m.calls, m.failAt, m.failure, m.late = 0, failAt, failure, late
	return m
}

const testPart = 2 * 64 << 10

// random is plaintext of some parts and a bit, the same for all tests.
var random = sync.OnceValue(func() []byte {
	plaintext := make([]byte, 3*testPart+12345)
	mathrand.NewChaCha8([32]byte{1}).Read(plaintext)
	return plaintext
})

func upload(m *memory, dir, source string, size int) *Upload {
	return &Upload{Store: m, Notes: NewNotes(dir), Target: "s3://b/k", Source: source, Size: int64(size), least: testPart, Now: func() time.Time { return m.now }}
}

func openTo(t *testing.T, message []byte, k *Key) []byte {
	t.Helper()
	got, err := Opened(t.Context(), message, OpenOptions{Keys: []*Key{k}})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func noteCount(t *testing.T, dir string) int {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return len(entries)
}

func TestUploadsOfAllLengths(t *testing.T) {
	t.Parallel()
	k, identity := newTestKey(t, "a", AES), newTestKey(t, "p", Age)
	for _, size := range []int{0, 1, testPart - 1, testPart, testPart + 1, 2 * testPart, len(random())} {
		for _, known := range []bool{true, false} {
			for _, opts := range []SealOptions{{Keys: []*Key{k}}, {Format: AgeFormat, Keys: []*Key{identity}}} {
				m, dir := newMemory(), t.TempDir()
				u := upload(m, dir, "", -1)
				if known {
					u = upload(m, dir, "/f", size)
				}
				plaintext := random()[:size]
				if err := u.Seal(t.Context(), bytes.NewReader(plaintext), opts); err != nil {
					t.Fatalf("%d bytes: %v", size, err)
				}
				if got := openTo(t, m.object, opts.Keys[0]); !bytes.Equal(got, plaintext) {
					t.Errorf("%d bytes of %s: other bytes come back", size, opts.Format)
				}
				if len(m.uploads) > 0 || noteCount(t, dir) > 0 {
					t.Errorf("%d bytes: %d uploads open, %d notes", size, len(m.uploads), noteCount(t, dir))
				}
			}
		}
	}
}

// TestEveryFailureLeavesNothing lets each call to the store fail in turn, before and after it was carried out.
func TestEveryFailureLeavesNothing(t *testing.T) {
	t.Parallel()
	k := newTestKey(t, "a", AES)
	for _, late := range []bool{false, true} {
		for failAt := 1; ; failAt++ {
			m, dir := newMemory(), t.TempDir()
			m.object = []byte("old")
			m.tell(failAt, errors.New("it failed"), late)
			err := upload(m, dir, "/f", len(random())).Seal(t.Context(), bytes.NewReader(random()), SealOptions{Keys: []*Key{k}})
			if err == nil && failAt == 1 {
				continue // that the store does not tell which uploads are open hinders nobody
			}
			if err == nil {
				if failAt < 8 {
					t.Errorf("call %d fails and nobody says so", failAt)
				}
				break
			}
			// Late: the answer to the last call, Finish, was lost. The object is there.
			finished := late && !bytes.Equal(m.object, []byte("old"))
			if len(m.uploads) > 0 || noteCount(t, dir) > 0 || finished && failAt != 7 {
				t.Errorf("call %d failed: %d uploads open, %d notes, object of %d bytes", failAt, len(m.uploads), noteCount(t, dir), len(m.object))
			}
		}
	}
}

// TestKilledAnywhere kills a run at each call to the store, before and after it was carried out; the next run makes the object and
// leaves nothing open, whether it goes on or starts again.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	k := newTestKey(t, "a", AES)
	opts := SealOptions{Keys: []*Key{k}}
	changed := bytes.Clone(random())
	changed[testPart+5] ^= 1
	for _, late := range []bool{false, true} {
		for failAt := 1; failAt <= 7; failAt++ {
			for _, next := range []struct {
				name      string
				source    string
				plaintext []byte
				goesOn    bool // may go on
			}{
				{"the same", "/f", random(), true},
				{"changed", "/f", changed, false},
				{"shorter", "/f", random()[:testPart+7], false},
				{"longer", "/f", append(bytes.Clone(random()), 1), true}, // if what was sealed of it is the same
				{"another", "/g", random(), false},
			} {
				name := fmt.Sprintf("killed at call %d (late: %v), then %s", failAt, late, next.name)
				m, dir := newMemory(), t.TempDir()
				m.object = []byte("old")
				m.tell(failAt, errKilled, late)
				if err := upload(m, dir, "/f", len(random())).Seal(t.Context(), bytes.NewReader(random()), opts); err == nil {
					t.Fatalf("%s: nobody noticed", name)
				}
				whole := m.object
				if !bytes.Equal(whole, []byte("old")) && !bytes.Equal(openTo(t, whole, k), random()) {
					t.Fatalf("%s: neither the old nor the new object is there", name)
				}
				sealed := frameMap(t, m)
				m.tell(0, nil, false)
				u := upload(m, dir, next.source, len(next.plaintext))
				if err := u.Seal(t.Context(), bytes.NewReader(next.plaintext), opts); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if !bytes.Equal(openTo(t, m.object, k), next.plaintext) {
					t.Errorf("%s: other bytes come back", name)
				}
				if len(m.uploads) > 0 || noteCount(t, dir) > 0 {
					t.Errorf("%s: %d uploads open, %d notes", name, len(m.uploads), noteCount(t, dir))
				}
				if u.Resumed() > 0 && !next.goesOn {
					t.Errorf("%s: it went on", name)
				}
				checkFrames(t, name, sealed, m.object)
			}
		}
	}
}

// frameMap returns the frames that were sent, by message id and number.
func frameMap(t *testing.T, m *memory) map[string][]byte {
	frames := map[string][]byte{}
	for _, parts := range m.uploads {
		if first := parts[1]; first != nil {
			id := string(first[3:35])
			for number, body := range parts {
				frames[fmt.Sprint(id, number)] = body
			}
		}
	}
	return frames
}

// checkFrames: a message that goes on is made of the very bytes that were sent before. Where the first part is missing
// the id is not known, and nothing is compared.
func checkFrames(t *testing.T, name string, sealed map[string][]byte, object []byte) {
	id := string(object[3:35])
	for number := 1; ; number++ {
		body, ok := sealed[fmt.Sprint(id, number)]
		if !ok {
			return
		}
		if !bytes.Contains(object, body) {
			t.Errorf("%s: part %d was sealed twice for different bytes", name, number)
		}
	}
}

func TestAnUploadGoesOn(t *testing.T) {
	t.Parallel()
	k := newTestKey(t, "a", AES)
	m, dir := newMemory(), t.TempDir()
	m.tell(7, errKilled, false) // all parts are there; Finish was not asked
	u := upload(m, dir, "/f", len(random()))
	if err := u.Seal(t.Context(), bytes.NewReader(random()), SealOptions{Keys: []*Key{k}}); err == nil || !strings.Contains(err.Error(), "--abandon") {
		t.Fatalf("killed: %v", err)
	}
	m.tell(0, nil, false)
	// With another key or another context it is another message.
	for _, opts := range []SealOptions{{Keys: []*Key{newTestKey(t, "a", AES)}}, {Keys: []*Key{k}, Context: map[string]string{"a": "b"}}} {
		if alone := (SealOptions{Keys: []*Key{k}}); opts.Plan() == alone.Plan() {
			t.Error("the plan does not tell")
		}
	}
	u = upload(m, dir, "/f", len(random()))
	if err := u.Seal(t.Context(), bytes.NewReader(random()), SealOptions{Keys: []*Key{k}}); err != nil || u.Resumed() != 4 {
		t.Errorf("%d parts were there: %v", u.Resumed(), err)
	}
	if !bytes.Equal(openTo(t, m.object, k), random()) {
		t.Error("other bytes come back")
	}
}

func TestAbandon(t *testing.T) {
	t.Parallel()
	k := newTestKey(t, "a", AES)
	for failAt := 1; failAt <= 7; failAt++ {
		m, dir := newMemory(), t.TempDir()
		// An upload that somebody else began before stays.
		m.uploads["theirs"], m.begun["theirs"] = map[int][]byte{}, noon.Add(-time.Hour)
		m.tell(failAt, errKilled, true)
		if err := upload(m, dir, "/f", len(random())).Seal(t.Context(), bytes.NewReader(random()), SealOptions{Keys: []*Key{k}}); err == nil {
			t.Fatal("nobody noticed")
		}
		m.tell(0, nil, false)
		notes := NewNotes(dir)
		if ended, err := notes.Abandon(t.Context(), "http://elsewhere", nil); len(ended) > 0 || err != nil || notes.Elsewhere("http://elsewhere") != 1 {
			t.Errorf("at another endpoint: %v, %v", ended, err)
		}
		ended, err := notes.Abandon(t.Context(), "", func(string) (Store, error) { return m, nil })
		if err != nil || len(ended) != 1 || ended[0] != "s3://b/k" || len(m.uploads) != 1 || noteCount(t, dir) != 0 {
			t.Errorf("killed at call %d: ended %v, %v; %d uploads open, %d notes", failAt, ended, err, len(m.uploads), noteCount(t, dir))
		}
	}
}

func TestUploadInWorkIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o, err := NewNotes(dir).begin(intent{Target: "s3://b/k", Created: noon})
	if err != nil {
		t.Fatal(err)
	}
	if ended, err := NewNotes(dir).Abandon(t.Context(), "", nil); err != nil || len(ended) > 0 {
		t.Errorf("in work: %v, %v", ended, err)
	}
	o.close()
	if ended, err := NewNotes(dir).Abandon(t.Context(), "", func(string) (Store, error) { return newMemory(), nil }); err != nil || len(ended) != 1 {
		t.Errorf("after it: %v, %v", ended, err)
	}
}

func TestSourceThatFails(t *testing.T) {
	t.Parallel()
	k, identity := newTestKey(t, "a", AES), newTestKey(t, "p", Age)
	broken := errors.New("the disk is broken")
	for _, opts := range []SealOptions{{Keys: []*Key{k}}, {Format: AgeFormat, Keys: []*Key{identity}}} {
		for _, size := range []int{0, 10, 2*testPart + 10} {
			m, dir := newMemory(), t.TempDir()
			src := io.MultiReader(io.LimitReader(rand.Reader, int64(size)), failing{broken})
			if err := upload(m, dir, "", -1).Seal(t.Context(), src, opts); !errors.Is(err, broken) {
				t.Errorf("%v", err)
			}
			if m.object != nil || len(m.uploads) > 0 || noteCount(t, dir) > 0 {
				t.Errorf("%s, %d bytes: an object of %d bytes, %d uploads, %d notes", opts.Format, size, len(m.object), len(m.uploads), noteCount(t, dir))
			}
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestFilesAppearWhole(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "out")
	folder, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	f, err := folder.Create("a/b.txt", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a/b.txt")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is there too early: %v", err)
	}
	f.Abort()
	if entries, err := os.ReadDir(filepath.Join(dir, "a")); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	// What a run that was killed left is removed by the next; what is in work is not.
	old := filepath.Join(dir, "a", tempPrefix+"0123456789abcdef"+tempSuffix)
	theirs := filepath.Join(dir, "a", tempPrefix+"notes"+tempSuffix)
	if err := errors.Join(os.WriteFile(old, []byte("x"), 0o600), os.WriteFile(theirs, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	other, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	inWork, err := other.Create("a/c.txt", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	again, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if f, err = again.Create("a/b.txt", 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("whole")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Commit(), inWork.Commit()); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "a/b.txt")); string(got) != "whole" {
		t.Errorf("%q, %v", got, err)
	}
	if entries, err := os.ReadDir(filepath.Join(dir, "a")); err != nil || len(entries) != 3 { // b.txt, c.txt and what only looks like ours
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestNoNameLeadsOut(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	folder, err := OpenFolder(filepath.Join(base, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if err := os.Symlink(base, filepath.Join(base, "out", "link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../x", "/x", "a/../../x", "", ".", "a//b", "a/", "..", "link/x", "a/./b"} {
		if f, err := folder.Create(name, 0o600); err == nil {
			f.Abort()
			t.Errorf("%q is written", name)
		}
	}
	if entries, err := os.ReadDir(base); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}
