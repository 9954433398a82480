package cli

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/onus-cloud/onus/internal/testbed"
)

// bucket is an S3 server with one bucket, seen through a proxy of the test's own.
type bucket struct {
	t     *testing.T
	url   string
	env   []string
	state string

	mu    sync.Mutex
	calls int
	// hook may answer a request itself. pass carries it out and returns the answer.
	hook func(n int, w http.ResponseWriter, r *http.Request, pass func() *httptest.ResponseRecorder) bool
}

// servers are two that speak S3 and that nobody here wrote.
var servers = map[string]func(t *testing.T) string{
	"moto": func(t *testing.T) string { return testbed.Start(t).URL },
	"gofakes3": func(t *testing.T) string {
		server := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
		t.Cleanup(server.Close)
		return server.URL
	},
}

func newBucket(t *testing.T, server string) *bucket {
	t.Helper()
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	b := &bucket{t: t}
	proxy := &httputil.ReverseProxy{ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host }}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		b.calls++
		n, hook := b.calls, b.hook
		b.mu.Unlock()
		pass := func() *httptest.ResponseRecorder {
			answer := httptest.NewRecorder()
			proxy.ServeHTTP(answer, r)
			return answer
		}
		if hook == nil || !hook(n, w, r, pass) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(front.Close)
	b.url = front.URL
	dir := t.TempDir()
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") && !strings.HasPrefix(v, "ONUS_") {
			b.env = append(b.env, v)
		}
	}
	b.state = filepath.Join(dir, "state")
	b.env = append(b.env, "AWS_ENDPOINT_URL="+b.url, "AWS_ACCESS_KEY_ID=AKIAONUS123456789012", "AWS_SECRET_ACCESS_KEY=testing", "AWS_REGION=us-east-1",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=none", "AWS_SHARED_CREDENTIALS_FILE=none",
		"ONUS_KEYS="+filepath.Join(dir, "keys"), "ONUS_STATE="+b.state, "ONUS_TEST_STATUS="+filepath.Join(dir, "status"))
	b.http("PUT", "/box", nil)
	b.onus(nil, 0, "key", "new", "backup")
	return b
}

// watch sets the hook and counts from one.
func (b *bucket) watch(hook func(n int, w http.ResponseWriter, r *http.Request, pass func() *httptest.ResponseRecorder) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls, b.hook = 0, hook
}

// http talks to the server as somebody who may do everything there: a hostile bucket.
func (b *bucket) http(method, path string, body []byte) (int, []byte) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAONUS123456789012/20261127/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// object is what is there, nil if there is nothing.
func (b *bucket) object(key string) []byte {
	b.t.Helper()
	status, body := b.http("GET", "/box/"+key, nil)
	if status == http.StatusNotFound {
		return nil
	}
	if status != http.StatusOK {
		b.t.Fatalf("GET %s: %d: %s", key, status, body)
	}
	return body
}

// uploads counts those that are open.
func (b *bucket) uploads() int {
	b.t.Helper()
	_, body := b.http("GET", "/box?uploads", nil)
	var list struct{ Upload []struct{ Key string } }
	if err := xml.Unmarshal(body, &list); err != nil {
		b.t.Fatalf("%v: %s", err, body)
	}
	return len(list.Upload)
}

func (b *bucket) command(ctx context.Context, stdin []byte, args ...string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
	cmd := exec.CommandContext(ctx, "onus", args...)
	cmd.Env = b.env
	out, problems := new(bytes.Buffer), new(bytes.Buffer)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), out, problems
	return cmd, out, problems
}

// onus runs the command and wants an exit code.
func (b *bucket) onus(stdin []byte, code int, args ...string) (stdout, stderr string) {
	b.t.Helper()
	cmd, out, problems := b.command(b.t.Context(), stdin, args...)
	err := cmd.Run()
	if exited := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exited) {
		b.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		b.t.Fatalf("onus %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, out, problems)
	}
	return out.String(), problems.String()
}

func noise(n int) []byte {
	data := make([]byte, n)
	rand.NewChaCha8([32]byte{3}).Read(data)
	return data
}

func putFile(t *testing.T, path string, data []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func sameFile(t *testing.T, path string, want []byte) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %d bytes, want %d: %v", path, len(got), len(want), err)
	}
}

func TestSealToS3AndBack(t *testing.T) {
	t.Parallel()
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBucket(t, start(t))
			dir := t.TempDir()
			for _, size := range []int{0, 18, 8<<20 - 1, 8 << 20, 20_000_000} {
				plaintext := noise(size)
				src := putFile(t, filepath.Join(dir, "src"), plaintext)
				b.onus(nil, 0, "seal", src, "s3://box/a/file")
				if body := b.object("a/file"); size > 0 && bytes.Contains(body, plaintext[:min(size, 16)]) {
					t.Errorf("%d bytes: they are there in the clear", size)
				}
				b.onus(nil, 0, "open", "s3://box/a/file", filepath.Join(dir, "dst"))
				sameFile(t, filepath.Join(dir, "dst"), plaintext)
				if got, _ := b.onus(nil, 0, "cat", "s3://box/a/file"); got != string(plaintext) {
					t.Errorf("%d bytes: cat shows %d", size, len(got))
				}
			}
			plaintext := noise(20_000_000)
			if got, _ := b.onus(nil, 0, "cat", "s3://box/a/file", "--range", "9999990-10000009"); got != string(plaintext[9_999_990:10_000_010]) {
				t.Errorf("range: %d bytes", len(got))
			}
			b.onus(plaintext, 0, "seal", "-", "s3://box/piped")
			if got, _ := b.onus(nil, 0, "open", "s3://box/piped", "-"); got != string(plaintext) {
				t.Errorf("piped: %d bytes", len(got))
			}
			// Folders and prefixes, S3 to S3 too.
			for _, name := range []string{"one", "deep/er/two", "deep/three & four"} {
				putFile(t, filepath.Join(dir, "tree", name), []byte(name))
			}
			b.onus(nil, 0, "seal", filepath.Join(dir, "tree"), "s3://box/tree")
			b.onus(nil, 0, "open", "s3://box/tree/", filepath.Join(dir, "back"))
			b.onus(nil, 0, "open", "s3://box/tree/", "s3://box/plain/")
			if got := b.object("plain/deep/er/two"); string(got) != "deep/er/two" {
				t.Errorf("opened to S3: %q", got)
			}
			b.onus(nil, 0, "seal", "s3://box/plain/", "s3://box/again/")
			b.onus(nil, 0, "open", "s3://box/again/", filepath.Join(dir, "again"))
			for _, name := range []string{"one", "deep/er/two", "deep/three & four"} {
				sameFile(t, filepath.Join(dir, "back", name), []byte(name))
				sameFile(t, filepath.Join(dir, "again", name), []byte(name))
			}
			if _, said := b.onus(nil, 2, "open", "s3://box/tree", filepath.Join(dir, "x")); !strings.Contains(said, "write s3://box/tree/") {
				t.Errorf("a prefix without its slash: %s", said)
			}
			if _, said := b.onus(nil, 1, "open", "s3://box/none/", filepath.Join(dir, "x")); !strings.Contains(said, "there is nothing in s3://box/none/") {
				t.Errorf("an empty prefix: %s", said)
			}
			if _, said := b.onus(nil, 1, "open", "s3://box/none", filepath.Join(dir, "x")); !strings.Contains(said, "there is no object s3://box/none") {
				t.Errorf("what is not there: %s", said)
			}
			if _, said := b.onus(nil, 1, "seal", filepath.Join(dir, "src"), "s3://no-such-box/x"); !strings.Contains(said, "no bucket") {
				t.Errorf("no bucket: %s", said)
			}
			// A new key for all of it.
			b.onus(nil, 0, "key", "new", "backup", "--next")
			b.onus(nil, 0, "reseal", "s3://box/tree/")
			b.onus(nil, 0, "reseal", "s3://box/a/file")
			b.onus(nil, 0, "open", "--key", "backup/2", "s3://box/tree/", filepath.Join(dir, "new"))
			sameFile(t, filepath.Join(dir, "new", "deep/er/two"), []byte("deep/er/two"))
			b.onus(nil, 0, "open", "--key", "backup/2", "s3://box/a/file", filepath.Join(dir, "dst"))
			sameFile(t, filepath.Join(dir, "dst"), plaintext)
			if n := b.uploads(); n > 0 {
				t.Errorf("%d uploads are open", n)
			}
		})
	}
}

// TestHostileBucket: whoever writes to the bucket gets nothing opened that was not sealed as that very object.
func TestHostileBucket(t *testing.T) {
	t.Parallel()
	b := newBucket(t, servers["gofakes3"](t))
	dir := t.TempDir()
	src := putFile(t, filepath.Join(dir, "src"), noise(200_000))
	b.onus(nil, 0, "seal", src, "s3://box/a")
	b.onus(nil, 0, "seal", putFile(t, filepath.Join(dir, "other"), noise(1000)), "s3://box/b")
	sealed := b.object("a")
	dst := filepath.Join(dir, "dst")
	fails := func(what string, args ...string) {
		t.Helper()
		_, said := b.onus(nil, 1, append([]string{"open"}, args...)...)
		if said != "onus: does not open: wrong key or context, or damaged\n" {
			t.Errorf("%s: %s", what, said)
		}
		if _, err := os.Stat(dst); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: a file is there: %v", what, err)
		}
	}
	b.http("PUT", "/box/b", sealed)
	fails("swapped", "s3://box/b", dst)
	b.http("PUT", "/box/moved", sealed)
	fails("moved", "s3://box/moved", dst)
	b.http("PUT", "/other", nil)
	b.http("PUT", "/other/a", sealed)
	fails("in another bucket", "s3://other/a", dst)
	for _, change := range map[string][]byte{
		"cut":      sealed[:len(sealed)-1],
		"extended": append(bytes.Clone(sealed), 0),
		"frames swapped": slices.Concat(sealed[:len(sealed)-200_000], sealed[len(sealed)-100_000:],
			sealed[len(sealed)-200_000:len(sealed)-100_000]),
		"empty": nil,
	} {
		b.http("PUT", "/box/a", change)
		fails("altered", "s3://box/a", dst)
	}
	for at := 0; at < len(sealed); at += 1 + len(sealed)/7 {
		altered := bytes.Clone(sealed)
		altered[at] ^= 8
		b.http("PUT", "/box/a", altered)
		_, said := b.onus(nil, 1, "open", "s3://box/a", dst)
		if !strings.Contains(said, "does not open") && !strings.Contains(said, "refused") {
			t.Errorf("byte %d: %s", at, said)
		}
	}
	if _, err := os.Stat(dst); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file is there: %v", err)
	}
	// Who knows where it comes from, or does not care, opens what was moved.
	b.onus(nil, 0, "open", "--sealed-as", "s3://box/a", "s3://box/moved", dst)
	sameFile(t, dst, noise(200_000))
	b.onus(nil, 0, "open", "--unbound", "s3://box/moved", dst)
	// What is of age is bound to nothing: it opens only where that is said.
	b.onus(nil, 0, "key", "new", "escrow", "--kind", "age")
	b.onus(nil, 0, "seal", "--format", "age", src, "s3://box/aged")
	if _, said := b.onus(nil, 1, "open", "s3://box/aged", dst); !strings.Contains(said, "binds nothing to its place") {
		t.Errorf("age: %s", said)
	}
	b.onus(nil, 0, "open", "--format", "age", "s3://box/aged", dst)
	b.onus(nil, 0, "open", "--key", "escrow", "s3://box/aged", dst)
	sameFile(t, dst, noise(200_000))
	// Names that lead out of the folder are not written.
	b.onus(nil, 0, "seal", src, "s3://box/evil/../../../escaped")
	b.onus(nil, 0, "seal", src, "s3://box/evil/good")
	if _, said := b.onus(nil, 1, "open", "s3://box/evil/", filepath.Join(dir, "in")); !strings.Contains(said, "no name of a file in a folder") {
		t.Errorf("leading out: %s", said)
	}
	if _, err := os.Stat(filepath.Join(dir, "in", "good")); err != nil {
		t.Error(err)
	}
}

// TestReplacedWhileItIsRead: what is read is one object from start to end.
func TestReplacedWhileItIsRead(t *testing.T) {
	t.Parallel()
	b := newBucket(t, servers["gofakes3"](t))
	dir := t.TempDir()
	src := putFile(t, filepath.Join(dir, "src"), noise(30_000_000))
	b.onus(nil, 0, "seal", src, "s3://box/a")
	sealed := b.object("a")
	var once sync.Once
	b.watch(func(n int, w http.ResponseWriter, r *http.Request, _ func() *httptest.ResponseRecorder) bool {
		if r.Method == "GET" && rangeOf(r) > 8<<20 {
			once.Do(func() {
				req := httptest.NewRequest("PUT", "/box/a", bytes.NewReader(sealed[:len(sealed)-1]))
				req.RequestURI = ""
				req.URL, _ = url.Parse(b.url + "/box/a")
				if resp, err := http.DefaultClient.Do(req); err == nil {
					resp.Body.Close()
				}
			})
		}
		return false
	})
	dst := filepath.Join(dir, "dst")
	if _, said := b.onus(nil, 1, "open", "s3://box/a", dst); !strings.Contains(said, "replaced meanwhile") {
		t.Errorf("%s", said)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestFailedSealLeavesNothing denies each request in turn.
func TestFailedSealLeavesNothing(t *testing.T) {
	t.Parallel()
	b := newBucket(t, servers["gofakes3"](t))
	src := putFile(t, filepath.Join(t.TempDir(), "src"), noise(20_000_000))
	for _, denied := range []struct{ method, query string }{{"POST", "uploads"}, {"PUT", "partNumber=2"}, {"PUT", "partNumber=3"}, {"POST", "uploadId="}} {
		b.watch(func(n int, w http.ResponseWriter, r *http.Request, _ func() *httptest.ResponseRecorder) bool {
			if r.Method != denied.method || !strings.Contains(r.URL.RawQuery, denied.query) {
				return false
			}
			io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>")
			return true
		})
		if _, said := b.onus(nil, 1, "seal", src, "s3://box/a"); !strings.Contains(said, "denied: these credentials need s3:PutObject") {
			t.Errorf("%v: %s", denied, said)
		}
		b.watch(nil)
		if b.object("a") != nil || b.uploads() > 0 {
			t.Errorf("%v: %d bytes are there, %d uploads open", denied, len(b.object("a")), b.uploads())
		}
	}
}

// TestKilledAtEachRequest kills the process, as kill -9 does, at each request in turn, before it is carried out and after. The old object or
// the new one is there, and the next run finds what was left open.
func TestKilledAtEachRequest(t *testing.T) {
	t.Parallel()
	b := newBucket(t, servers["gofakes3"](t))
	dir := t.TempDir()
	plaintext := noise(20_000_000)
	src := putFile(t, filepath.Join(dir, "src"), plaintext)
	old := []byte("old")
	went := false
	for _, late := range []bool{false, true} {
		for at := 1; ; at++ {
			name := fmt.Sprintf("killed at request %d (late: %v)", at, late)
			b.watch(nil)
			b.http("PUT", "/box/a", old)
			cmd, out, problems := b.command(t.Context(), nil, "seal", src, "s3://box/a")
			killed := false
			dead := make(chan struct{})
			b.watch(func(n int, w http.ResponseWriter, r *http.Request, pass func() *httptest.ResponseRecorder) bool {
				if n > at { // of a process that is dead
					<-dead
					return false
				}
				if n < at {
					return false
				}
				if late {
					pass()
				}
				killed = true
				cmd.Process.Kill()
				<-dead
				return true
			})
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			err := cmd.Wait()
			close(dead)
			b.watch(nil)
			if !killed {
				if err != nil || at < 6 {
					t.Fatalf("%s: %v\n%s%s", name, err, out, problems)
				}
				break
			}
			if left := b.object("a"); !bytes.Equal(left, old) {
				b.onus(nil, 0, "open", "s3://box/a", filepath.Join(dir, "dst"))
				sameFile(t, filepath.Join(dir, "dst"), plaintext)
			}
			if at%2 == 0 {
				b.onus(nil, 0, "seal", "--abandon")
				if n := b.uploads(); n > 0 {
					t.Errorf("%s: %d uploads are open after --abandon", name, n)
				}
				continue
			}
			said, _ := b.onus(nil, 0, "seal", src, "s3://box/a")
			went = went || strings.Contains(said, "went on with an upload")
			b.onus(nil, 0, "open", "s3://box/a", filepath.Join(dir, "dst"))
			sameFile(t, filepath.Join(dir, "dst"), plaintext)
			if n := b.uploads(); n > 0 {
				t.Errorf("%s: %d uploads are open", name, n)
			}
		}
	}
	if !went {
		t.Error("no run went on with what another had left")
	}
}

// TestInterrupted: who stops a run with Ctrl-C leaves nothing open either.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	b := newBucket(t, servers["gofakes3"](t))
	src := putFile(t, filepath.Join(t.TempDir(), "src"), noise(20_000_000))
	cmd, out, problems := b.command(t.Context(), nil, "seal", src, "s3://box/a")
	var once sync.Once
	b.watch(func(_ int, _ http.ResponseWriter, r *http.Request, _ func() *httptest.ResponseRecorder) bool {
		if strings.Contains(r.URL.RawQuery, "partNumber=2") {
			io.Copy(io.Discard, r.Body) // before that, a server does not see that it is given up
			once.Do(func() { cmd.Process.Signal(os.Interrupt) })
			<-r.Context().Done()
			return true
		}
		return false
	})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	b.watch(nil)
	if code := cmd.ProcessState.ExitCode(); code != 1 || problems.String() != "onus: interrupted\n" || out.Len() > 0 {
		t.Errorf("exit code %d: %s%s", code, out, problems)
	}
	if b.object("a") != nil || b.uploads() > 0 {
		t.Errorf("%d bytes are there, %d uploads open", len(b.object("a")), b.uploads())
	}
}

// TestInterruptedWhileItWaits: who stops a run that waits for a pipe need not wait for it, and what was there stays.
func TestInterruptedWhileItWaits(t *testing.T) {
	t.Parallel()
	b := newBucket(t, servers["gofakes3"](t))
	dir := t.TempDir()
	old := []byte("what was there")
	dst := putFile(t, filepath.Join(dir, "dst"), old)
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, ends := range [][]string{{"seal", "-", dst}, {"seal", "-", "s3://box/a"}, {"seal", pipe, dst}} {
		cmd, _, problems := b.command(t.Context(), nil, ends...)
		var write io.WriteCloser
		var err error
		if ends[1] == "-" {
			cmd.Stdin = nil
			if write, err = cmd.StdinPipe(); err != nil {
				t.Fatal(err)
			}
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if write == nil {
			if write, err = os.OpenFile(pipe, os.O_WRONLY, 0); err != nil { // which waits for the reader
				t.Fatal(err)
			}
		}
		// More than a pipe holds: once it is written, the run reads, and waits for more.
		if _, err := write.Write(noise(1 << 20)); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		write.Close()
		if code := cmd.ProcessState.ExitCode(); code != 1 || problems.String() != "onus: interrupted\n" {
			t.Errorf("%q: exit code %d: %s", ends, code, problems)
		}
	}
	sameFile(t, dst, old)
	if left := hidden(t, dir); len(left) > 0 || b.object("a") != nil {
		t.Errorf("left: %q, and %d bytes in S3", left, len(b.object("a")))
	}
}

// TestAnEndThatCameWithTheSignalIsNone: Ctrl-C also stops the program that writes to the pipe.
func TestAnEndThatCameWithTheSignalIsNone(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	src := stopping{ctx, endingWith(stop)}
	if n, err := src.Read(make([]byte, 10)); n != 0 || err != context.Canceled {
		t.Errorf("%d, %v", n, err)
	}
}

// endingWith is a source that stops a context when it is read, and is at its end.
type endingWith func()

func (e endingWith) Read([]byte) (int, error) { e(); return 0, io.EOF }

// rangeOf is where the range that a request asks for starts.
func rangeOf(r *http.Request) (from int64) {
	fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
	return from
}

// killWhen kills a process, as kill -9 does, when it makes a request of a kind, which is not answered.
func (b *bucket) killWhen(asks func(*http.Request) bool, args ...string) {
	b.t.Helper()
	cmd, out, problems := b.command(b.t.Context(), nil, args...)
	dead := make(chan struct{})
	b.watch(func(_ int, _ http.ResponseWriter, r *http.Request, _ func() *httptest.ResponseRecorder) bool {
		if !asks(r) {
			return false
		}
		cmd.Process.Kill()
		<-dead
		return true
	})
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		b.t.Fatalf("it was not killed: %s%s", out, problems)
	}
	close(dead)
	b.watch(nil)
}

// killOpening kills the process that opens an object, as kill -9 does, once three of its parts are in the file and noted: four are fetched at
// once, so that whoever asks for the seventh has them. A file of that name is not there.
func (b *bucket) killOpening(dst string, args ...string) {
	b.t.Helper()
	b.killWhen(func(r *http.Request) bool {
		from := rangeOf(r)
		return from >= 6*8<<20 && from <= 8*8<<20
	}, append([]string{"open", "s3://box/a", dst}, args...)...)
	if _, err := os.Stat(dst); !errors.Is(err, os.ErrNotExist) {
		b.t.Errorf("a file is there: %v", err)
	}
}

// fetched counts the bytes that a run reads of objects.
func (b *bucket) fetched(do func()) int64 {
	var total atomic.Int64
	b.watch(func(_ int, _ http.ResponseWriter, r *http.Request, _ func() *httptest.ResponseRecorder) bool {
		var from, to int64
		if n, _ := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); n == 2 && r.Method == "GET" {
			total.Add(to - from + 1)
		}
		return false
	})
	do()
	b.watch(nil)
	return total.Load()
}

// hidden are the files in a folder that no name means.
func hidden(t *testing.T, dir string) (paths []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".onus-") {
			paths = append(paths, filepath.Join(dir, entry.Name()))
		}
	}
	return paths
}

// TestKilledWhileOpening: the next run fetches only what is missing, if the object and what is there are unchanged.
func TestKilledWhileOpening(t *testing.T) {
	t.Parallel()
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBucket(t, start(t))
			dir := t.TempDir()
			plaintext := noise(74_000_000)
			src := putFile(t, filepath.Join(dir, "src"), plaintext)
			b.onus(nil, 0, "seal", src, "s3://box/a")
			dst := filepath.Join(dir, "out", "dst")
			notes := filepath.Join(b.state, "downloads")
			var said string
			opens := func() { said, _ = b.onus(nil, 0, "open", "s3://box/a", dst) }
			whole := b.fetched(opens)
			clean := func(what string) {
				t.Helper()
				sameFile(t, dst, plaintext)
				left, err := os.ReadDir(notes)
				if err != nil || len(left) > 0 || len(hidden(t, filepath.Dir(dst))) > 0 {
					t.Errorf("%s: left behind: %v, %v, %v", what, left, hidden(t, filepath.Dir(dst)), err)
				}
				if err := os.Remove(dst); err != nil {
					t.Fatal(err)
				}
			}
			clean("not killed")

			b.killOpening(dst)
			left := hidden(t, filepath.Dir(dst))
			if len(left) != 1 {
				t.Fatalf("left behind: %v", left)
			}
			if info, err := os.Stat(left[0]); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info.Mode(), err)
			}
			if got := b.fetched(opens); got > whole-3*8<<20 || !strings.Contains(said, "went on with a download") {
				t.Errorf("%d bytes were fetched again of %d: %s", got, whole, said)
			}
			clean("gone on with")

			b.killOpening(dst)
			text, err := os.ReadFile(hidden(t, filepath.Dir(dst))[0])
			if err != nil {
				t.Fatal(err)
			}
			text[1000] ^= 1
			putFile(t, hidden(t, filepath.Dir(dst))[0], text)
			if got := b.fetched(opens); got < whole || strings.Contains(said, "went on") {
				t.Errorf("what was there was changed, and %d bytes were fetched of %d: %s", got, whole, said)
			}
			clean("a changed partial")

			b.killOpening(dst)
			b.onus(nil, 0, "seal", src, "s3://box/a") // the same plaintext under another data key
			if got := b.fetched(opens); got < whole || strings.Contains(said, "went on") {
				t.Errorf("the object is another, and %d bytes were fetched of %d: %s", got, whole, said)
			}
			clean("a changed object")

			// Another run says that it is there; --abandon leaves nothing.
			b.killOpening(dst)
			b.onus(nil, 0, "seal", putFile(t, filepath.Join(dir, "small"), []byte("hello")), "s3://box/b")
			if _, problems := b.onus(nil, 0, "open", "s3://box/b", filepath.Join(dir, "out", "b")); !strings.Contains(problems, "a download to "+dst+" is not finished") {
				t.Errorf("said: %q", problems)
			}
			if out, _ := b.onus(nil, 0, "open", "--abandon"); out != "removed what was there of "+dst+"\n" {
				t.Errorf("said: %q", out)
			}
			left, notesLeft := hidden(t, filepath.Dir(dst)), hidden(t, notes)
			if len(left)+len(notesLeft) > 0 {
				t.Errorf("abandoned, and left behind: %v %v", left, notesLeft)
			}
			if out, _ := b.onus(nil, 0, "seal", "--abandon"); out != "no download was left unfinished\nno upload was left open\n" {
				t.Errorf("said: %q", out)
			}
		})
	}
}

// TestKilledFromS3ToS3: an upload whose source is an object goes on, too, since the object says that it is the same and its bytes prove it.
func TestKilledFromS3ToS3(t *testing.T) {
	t.Parallel()
	b := newBucket(t, servers["moto"](t))
	dir := t.TempDir()
	plaintext := noise(40_000_000)
	b.http("PUT", "/box/plain", plaintext)
	kill := func() {
		t.Helper()
		cmd, _, _ := b.command(t.Context(), nil, "seal", "s3://box/plain", "s3://box/a")
		dead := make(chan struct{})
		b.watch(func(_ int, _ http.ResponseWriter, r *http.Request, pass func() *httptest.ResponseRecorder) bool {
			if r.Method != "PUT" || !strings.Contains(r.URL.RawQuery, "partNumber=2&") {
				return false
			}
			pass()
			cmd.Process.Kill()
			<-dead
			return true
		})
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("it was not killed")
		}
		close(dead)
		b.watch(nil)
	}
	for _, changes := range []bool{false, true} {
		kill()
		if changes {
			plaintext[39_000_000] ^= 1
			b.http("PUT", "/box/plain", plaintext)
		}
		said, _ := b.onus(nil, 0, "seal", "s3://box/plain", "s3://box/a")
		if strings.Contains(said, "went on with an upload") == changes {
			t.Errorf("the source changed: %v: %s", changes, said)
		}
		b.onus(nil, 0, "open", "s3://box/a", filepath.Join(dir, "dst"))
		sameFile(t, filepath.Join(dir, "dst"), plaintext)
		if n := b.uploads(); n > 0 {
			t.Errorf("%d uploads are open", n)
		}
	}
}

// TestKMSBesides: a KMS key is one more key that opens; the local key needs none.
func TestKMSBesides(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t)
	b := newBucket(t, bed.URL)
	dir := t.TempDir()
	src := putFile(t, filepath.Join(dir, "src"), []byte("hello"))
	_, answer := b.kms("CreateKey", "{}")
	_, arn, _ := strings.Cut(string(answer), `"Arn": "`)
	arn, _, _ = strings.Cut(arn, `"`)
	if !strings.HasPrefix(arn, "arn:aws:kms:") {
		t.Fatalf("no key: %s", answer)
	}
	b.onus(nil, 0, "seal", "--kms", arn, src, "s3://box/a")
	b.onus(nil, 0, "open", "s3://box/a", filepath.Join(dir, "local"))
	empty := filepath.Join(dir, "no-keys")
	b.onus(nil, 0, "open", "--keys", empty, "--kms", arn, "s3://box/a", filepath.Join(dir, "kms"))
	sameFile(t, filepath.Join(dir, "kms"), []byte("hello"))
	if _, said := b.onus(nil, 1, "open", "--keys", empty, "--kms", arn[:len(arn)-1]+"x", "s3://box/a", filepath.Join(dir, "x")); !strings.Contains(said, "does not open") {
		t.Errorf("another key: %s", said)
	}
	if _, said := b.onus(nil, 2, "seal", "--keys", empty, "--kms", arn, src, "s3://box/b"); !strings.Contains(said, "onus key new") {
		t.Errorf("without a local key: %s", said)
	}
	b.onus(nil, 2, "seal", "--kms", "alias/x", src, "s3://box/b")
}

func (b *bucket) kms(operation, body string) (int, []byte) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), "POST", b.url+"/", strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", "TrentService."+operation)
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAONUS123456789012/20261127/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=00")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, answer
}
