package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// killAt kills the process when it asks for an object.
func (b *bucket) killAt(method, key string, args ...string) {
	b.t.Helper()
	b.killWhen(func(r *http.Request) bool { return r.Method == method && strings.HasSuffix(r.URL.Path, key) }, args...)
}

// requests counts the requests for objects below a prefix that a run makes.
func (b *bucket) requests(method, prefix string, do func()) int {
	var n atomic.Int32
	b.watch(func(_ int, _ http.ResponseWriter, r *http.Request, _ func() *httptest.ResponseRecorder) bool {
		if r.Method == method && strings.Contains(r.URL.Path, prefix) {
			n.Add(1)
		}
		return false
	})
	do()
	b.watch(nil)
	return int(n.Load())
}

// TestAFolderGoesOn: of a folder whose transfer was killed, the next run of the same command does what is missing, and again what changed on
// either side. With four at once, at least five of twelve are done when the ninth is asked for.
func TestAFolderGoesOn(t *testing.T) {
	t.Parallel()
	b := newBucket(t, servers["gofakes3"](t))
	src, dst := t.TempDir(), filepath.Join(t.TempDir(), "dst")
	name := func(i int) string { return fmt.Sprintf("f%02d", i) }
	for i := range 12 {
		putFile(t, filepath.Join(src, name(i)), noise(1000+i))
	}
	remembered := func() int {
		found, err := filepath.Glob(filepath.Join(b.state, "jobs", "*.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	same := func() {
		t.Helper()
		b.onus(nil, 0, "open", "s3://box/p/", dst)
		for i := range 12 {
			want, err := os.ReadFile(filepath.Join(src, name(i)))
			if err != nil {
				t.Fatal(err)
			}
			sameFile(t, filepath.Join(dst, name(i)), want)
		}
	}

	b.killAt("PUT", name(8), "seal", src, "s3://box/p/")
	if remembered() != 1 {
		t.Fatal("what is done is not remembered")
	}
	var said string
	if n := b.requests("PUT", "/box/p/", func() { said, _ = b.onus(nil, 0, "seal", src, "s3://box/p/") }); n > 7 || !strings.Contains(said, "12 files") || !strings.Contains(said, "an earlier run had done") {
		t.Errorf("%d of 12 are sealed by the second run: %s", n, said)
	}
	if remembered() != 0 {
		t.Error("what is done is remembered when all is")
	}
	if n := b.requests("PUT", "/box/p/", func() { b.onus(nil, 0, "seal", src, "s3://box/p/") }); n != 12 {
		t.Errorf("%d of 12 are sealed by a run after all was done", n)
	}
	same()

	// Whatever was done before: a source that changed is sealed again, and one whose object is another.
	b.killAt("PUT", name(8), "seal", src, "s3://box/p/")
	for i := range 4 {
		putFile(t, filepath.Join(src, name(i)), noise(2000+i))
		b.http("PUT", "/box/p/"+name(4+i), []byte("not what was sealed"))
	}
	b.onus(nil, 0, "seal", src, "s3://box/p/")
	os.RemoveAll(dst)
	same()

	// The other way round.
	os.RemoveAll(dst)
	b.killAt("GET", name(8), "open", "s3://box/p/", dst)
	if n := b.requests("GET", "/box/p/", func() { said, _ = b.onus(nil, 0, "open", "s3://box/p/", dst) }); n > 7 || !strings.Contains(said, "an earlier run had done") {
		t.Errorf("%d of 12 are opened by the second run: %s", n, said)
	}
	os.RemoveAll(dst)
	b.killAt("GET", name(8), "open", "s3://box/p/", dst)
	for i := range 4 {
		os.Remove(filepath.Join(dst, name(i)))
		os.WriteFile(filepath.Join(dst, name(4+i)), []byte("changed"), 0o600)
	}
	same()

	b.killAt("GET", name(8), "open", "s3://box/p/", dst)
	if said, _ = b.onus(nil, 0, "seal", "--abandon"); !strings.Contains(said, "forgot what was done of 1 folder") || remembered() != 0 {
		t.Errorf("after --abandon: %s", said)
	}
}

// TestAFolderThatCannotBeRead is named, and what lies beside it is taken. Its path is longer than the system takes, which holds for root, too.
func TestAFolderThatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := root.MkdirAll(filepath.Join("b", strings.Repeat(strings.Repeat("d", 200)+"/", 25)), 0o700); err != nil {
		t.Fatal(err)
	}
	putFile(t, filepath.Join(dir, "a"), nil)
	putFile(t, filepath.Join(dir, "c", "c"), nil)
	var names []string
	var problems int
	for i, err := range walk(dir) {
		if err != nil {
			problems++
			continue
		}
		names = append(names, i.name)
	}
	if problems != 1 || !slices.Equal(names, []string{"a", "c/c"}) {
		t.Errorf("%d problems, %q", problems, names)
	}
}
