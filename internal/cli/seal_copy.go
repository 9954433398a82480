package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/onus-cloud/onus/internal/objects"
	"github.com/onus-cloud/onus/internal/report"
	"github.com/onus-cloud/onus/internal/seal"
)

const atOnce = 4 // items of a folder or prefix that are in work

// A tally counts what was done.
type tally struct {
	items, bytes atomic.Int64
	resumed      atomic.Int64 // parts of uploads, bytes of downloads that were there
	before       atomic.Int64 // items that an earlier run had done
	total        atomic.Int64 // bytes of what was begun
}

// something is an error if there was nothing to do: a prefix with a slip in it looks empty.
func (t *tally) something(from end) error {
	if t.items.Load() == 0 {
		return fmt.Errorf("there is nothing in %s", from.text)
	}
	return nil
}

// A job is what seal, open and reseal do with each item of an end.
type job struct {
	doing    string // "sealing"
	from, to end
	items    iter.Seq2[item, error]
	many     bool
	atOnce   int
	do       func(context.Context, item, *tally) error
	done     func(*tally) string // said on stdout in the end
	journal  *seal.Journal       // of what is done, where that is remembered
}

// run does a job, shows how far it is, and tidies up after it.
func (v *vault) run(c *cobra.Command, j job) error {
	var done tally
	stop := showing(c.ErrOrStderr(), j.doing, &done)
	err := each(c.Context(), j.atOnce, j.items, j.many, func(ctx context.Context, i item) error {
		done.total.Add(max(0, i.size))
		err := j.do(ctx, i, &done)
		if err == nil {
			done.items.Add(1)
		}
		return err
	})
	stop()
	v.tidy(c.Context(), c, j.to)
	if err == nil {
		err = done.something(j.from)
	}
	if err != nil {
		return errors.Join(err, j.journal.Close())
	}
	if err := j.journal.Remove(); err != nil {
		return err
	}
	if j.to.stdio {
		return nil
	}
	text := j.done(&done)
	if n := done.before.Load(); n > 0 {
		text += fmt.Sprintf("; of these an earlier run had done %d", n)
	}
	fmt.Fprintln(c.OutOrStdout(), text)
	return nil
}

// digesting is a source that is digested as it is read, from its start.
type digesting struct {
	io.Reader
	digest hash.Hash
}

func (d digesting) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	d.digest.Write(p[:n])
	return n, err
}

// digestingAgain is one that can be read again.
type digestingAgain struct {
	digesting
	seeker io.Seeker
}

// Seek implements io.Seeker for the start alone.
func (d digestingAgain) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekStart {
		return 0, errors.New("what is digested is read again from its start only")
	}
	d.digest.Reset()
	return d.seeker.Seek(offset, whence)
}

// digested wraps a source so that its digest is known when it was read.
func digested(src io.Reader) (io.Reader, hash.Hash) {
	d := digesting{src, sha256.New()}
	if seeker, ok := src.(io.Seeker); ok {
		return digestingAgain{d, seeker}, d.digest
	}
	return d, d.digest
}

// digestOf reads a source to its end.
func digestOf(ctx context.Context, src io.Reader) (string, error) {
	d := sha256.New()
	_, err := io.Copy(d, stopping{ctx, src})
	return hex.EncodeToString(d.Sum(nil)), err
}

// each does something with each item, several at once, and goes on after the error of one. The errors come back joined, at most ten
// of them whole.
func each(ctx context.Context, atOnce int, items iter.Seq2[item, error], many bool, do func(context.Context, item) error) error {
	var mu sync.Mutex
	var failed []error
	var wait sync.WaitGroup
	fail := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		failed = append(failed, err)
	}
	places := make(chan struct{}, atOnce)
	for i, err := range items {
		if err != nil {
			fail(err)
			continue
		}
		if ctx.Err() != nil {
			break
		}
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			if err := do(ctx, i); err != nil {
				if many && !strings.HasPrefix(err.Error(), i.String()+": ") {
					err = fmt.Errorf("%s: %w", report.Plain(i.String(), false), err)
				}
				fail(err)
			}
		})
	}
	wait.Wait()
	if ctx.Err() != nil {
		return errInterrupted
	}
	const shown = 10
	if len(failed) > shown {
		more := len(failed) - shown
		failed = append(failed[:shown:shown], fmt.Errorf("and %d more", more))
	}
	return errors.Join(failed...)
}

// source opens an item for reading, whole.
func (v *vault) source(ctx context.Context, c *cobra.Command, i item) (io.ReadCloser, error) {
	switch {
	case i.stdio:
		return io.NopCloser(newWaiting(ctx, c.InOrStdin())), nil
	case i.remote:
		client, err := v.objects(ctx)
		if err != nil {
			return nil, err
		}
		read := func() io.ReadCloser { return client.Read(ctx, i.object) }
		return &rereadable{read(), read}, nil
	case i.size < 0:
		return openWaiting(ctx, i.path)
	}
	return os.Open(i.path)
}

// rereadable is an object as a stream that can start again. Each read demands the same ETag and version, so that it is the same object.
type rereadable struct {
	io.ReadCloser
	read func() io.ReadCloser
}

// Seek implements io.Seeker for the start alone.
func (r *rereadable) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekStart {
		return 0, errors.New("an object is read again from its start only")
	}
	r.Close()
	r.ReadCloser = r.read()
	return 0, nil
}

// random opens an item for reading anywhere.
func (v *vault) random(ctx context.Context, i item) (io.ReaderAt, func() error, error) {
	if i.remote {
		client, err := v.objects(ctx)
		if err != nil {
			return nil, nil, err
		}
		return client.At(ctx, i.object), func() error { return nil }, nil
	}
	f, err := os.Open(i.path)
	if err != nil {
		return nil, nil, err
	}
	return f, f.Close, nil
}

// upload prepares the writing of an object.
func (v *vault) upload(ctx context.Context, to objects.Location, replacing *objects.Object, size int64, done *tally) (*seal.Upload, error) {
	client, err := v.objects(ctx)
	if err != nil {
		return nil, err
	}
	notes, _, err := seal.DefaultNotes()
	if err != nil {
		return nil, err
	}
	target := client.Target(to)
	if replacing != nil {
		target = client.Replacing(*replacing)
	}
	return &seal.Upload{
		Store: target, Notes: notes, Where: client.Endpoint(), Target: to.String(), Size: size, Now: time.Now,
		Sent: func(n int) { done.bytes.Add(int64(n)) },
	}, nil
}

// A place is where a file is to be that appears whole or not at all.
type place struct {
	folder *seal.Folder
	name   string
	mode   fs.FileMode
}

// placeOf is the place of a file: that which a link names, not the link, is replaced, and what is there keeps its mode.
func placeOf(to string, mode fs.FileMode) (place, error) {
	if resolved, err := filepath.EvalSymlinks(to); err == nil {
		to = resolved
	} else if info, lerr := os.Lstat(to); lerr == nil && info.Mode()&fs.ModeSymlink != 0 {
		return place{}, fmt.Errorf("%s is a link to what is not there (%w): name the file itself", to, err)
	}
	if info, err := os.Stat(to); err == nil && info.Mode().IsRegular() {
		mode = info.Mode().Perm()
	}
	folder, err := openFolder(filepath.Dir(to))
	return place{folder, filepath.Base(to), mode}, err
}

// openFolder opens a folder to write to. What downloads left there that can go on is kept.
func openFolder(dir string) (*seal.Folder, error) {
	folder, err := seal.OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	if _, downloads, err := seal.DefaultNotes(); err == nil {
		downloads.Keep(folder)
	}
	return folder, nil
}

// file writes a file. What is no secret is made with its mode, which the umask narrows.
func file(to string, mode fs.FileMode, write func(io.Writer) error) error {
	p, err := placeOf(to, mode)
	if err != nil {
		return err
	}
	defer p.folder.Close()
	f, err := p.folder.Create(p.name, p.mode)
	if err != nil {
		return err
	}
	return fill(f, write)
}

// private writes a file of plaintext, which nobody else may read before it is whole.
func (p place) private(write func(io.Writer) error) error {
	f, err := p.folder.CreatePrivate(p.name, p.mode)
	if err != nil {
		return err
	}
	return fill(f, write)
}

func fill(f *seal.File, write func(io.Writer) error) error {
	defer f.Abort()
	if err := write(f); err != nil {
		return err
	}
	return f.Commit()
}

// counting counts what is written through it.
type counting struct {
	io.Writer
	done *tally
}

func (w counting) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.done.bytes.Add(int64(n))
	return n, err
}

// showing shows on a terminal how far it is, until it is stopped.
func showing(w io.Writer, what string, done *tally) (stop func()) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func() {}
	}
	start := time.Now()
	tick := time.NewTicker(200 * time.Millisecond)
	ended, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		for {
			select {
			case <-ended:
				fmt.Fprint(f, "\r\x1b[K")
				return
			case <-tick.C:
				n := done.bytes.Load()
				text := fmt.Sprintf("%s: %s", what, size(n))
				if total := done.total.Load(); total > 0 {
					text += " of " + size(total)
				}
				text += fmt.Sprintf(", %s a second, %d done", size(int64(float64(n)/time.Since(start).Seconds())), done.items.Load())
				fmt.Fprintf(f, "\r\x1b[K%s", text)
			}
		}
	}()
	return func() {
		tick.Stop()
		close(ended)
		<-over
	}
}

// size is a number of bytes for people.
func size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n), ""
	for _, unit = range []string{"kB", "MB", "GB", "TB"} {
		if value /= 1000; value < 999.95 {
			break
		}
	}
	return fmt.Sprintf("%.1f %s", value, unit)
}

// count is a number with its word.
func count(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// abandon ends what earlier runs left open at this endpoint and nobody works on.
func (v *vault) abandon(ctx context.Context) ([]string, int, error) {
	client, err := v.objects(ctx)
	if err != nil {
		return nil, 0, err
	}
	notes, _, err := seal.DefaultNotes()
	if err != nil {
		return nil, 0, err
	}
	ended, err := notes.Abandon(ctx, client.Endpoint(), func(target string) (seal.Store, error) {
		at, err := objects.ParseLocation(target)
		if err != nil {
			return nil, err
		}
		return client.Target(at), nil
	})
	return ended, notes.Elsewhere(client.Endpoint()), err
}

// tidy is abandon after a run that wrote to S3, and names the downloads that can go on. What it says goes to stderr and changes no outcome.
func (v *vault) tidy(ctx context.Context, c *cobra.Command, to end) {
	if _, downloads, err := seal.DefaultNotes(); err == nil {
		for _, target := range downloads.Unfinished() {
			fmt.Fprintf(c.ErrOrStderr(), "onus: a download to %s is not finished: run it again to go on, or onus open --abandon to remove what is there\n", target)
		}
	}
	if _, _, err := seal.DefaultNotes(); err != nil || !to.remote || ctx.Err() != nil || v.client == nil { // where nothing was written, the run said why
		return
	}
	ended, _, err := v.abandon(ctx)
	for _, target := range ended {
		fmt.Fprintf(c.ErrOrStderr(), "onus: ended an upload to %s that an earlier run had left open\n", target)
	}
	if err != nil {
		warn(c.ErrOrStderr(), err)
	}
}
