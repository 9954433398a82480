package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/onus-cloud/onus/internal/objects"
	"github.com/onus-cloud/onus/internal/seal"
)

const atOnce = 4 // items of a folder or prefix that are in work

// A tally counts what was done.
type tally struct {
	items, bytes atomic.Int64
	resumed      atomic.Int64
	total        atomic.Int64 // bytes of what was begun
}

// something is an error if there was nothing to do: a prefix with a slip in it looks empty.
func (t *tally) something(from end) error {
	if t.items.Load() == 0 {
		return fmt.Errorf("there is nothing in %s", from.text)
	}
	return nil
}

// each does something with each item, several at once, and goes on after the error of one. The errors come back joined, at most ten
// of them whole.
func each(ctx context.Context, items iter.Seq2[item, error], many bool, do func(context.Context, item) error) error {
	return eachOf(ctx, atOnce, items, many, do)
}

func eachOf(ctx context.Context, atOnce int, items iter.Seq2[item, error], many bool, do func(context.Context, item) error) error {
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
				if many {
					err = fmt.Errorf("%s: %w", i, err)
				}
				fail(err)
			}
		})
	}
	wait.Wait()
	if ctx.Err() != nil {
		return errors.New("interrupted")
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
		return io.NopCloser(c.InOrStdin()), nil
	case i.remote:
		client, err := v.objects(ctx)
		if err != nil {
			return nil, err
		}
		return client.Read(ctx, i.object), nil
	}
	return os.Open(i.path)
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
	dir, err := seal.DefaultNotes()
	if err != nil {
		return nil, err
	}
	target := client.Target(to)
	if replacing != nil {
		target = client.Replacing(*replacing)
	}
	return &seal.Upload{
		Store: target, Notes: seal.NewNotes(dir), Where: client.Endpoint(), Target: to.String(), Size: size, Now: time.Now,
		Sent: func(n int) { done.bytes.Add(int64(n)) },
	}, nil
}

// file writes a file that appears whole or not at all.
func file(to string, mode fs.FileMode, write func(io.Writer) error) error {
	if resolved, err := filepath.EvalSymlinks(to); err == nil {
		to = resolved // the file that a link names, not the link, is replaced
	}
	if info, err := os.Stat(to); err == nil && info.Mode().IsRegular() {
		mode = info.Mode().Perm() // as it was
	}
	folder, err := seal.OpenFolder(filepath.Dir(to))
	if err != nil {
		return err
	}
	defer folder.Close()
	return within(folder, filepath.Base(to), mode, write)
}

func within(folder *seal.Folder, name string, mode fs.FileMode, write func(io.Writer) error) error {
	f, err := folder.Create(name, mode)
	if err != nil {
		return err
	}
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
	dir, err := seal.DefaultNotes()
	if err != nil {
		return nil, 0, err
	}
	notes := seal.NewNotes(dir)
	ended, err := notes.Abandon(ctx, client.Endpoint(), func(target string) (seal.Store, error) {
		at, err := objects.ParseLocation(target)
		if err != nil {
			return nil, err
		}
		return client.Target(at), nil
	})
	return ended, notes.Elsewhere(client.Endpoint()), err
}

// tidy is abandon after a run that wrote to S3: what it says goes to stderr and changes no outcome.
func (v *vault) tidy(ctx context.Context, c *cobra.Command, to end) {
	if !to.remote || ctx.Err() != nil {
		return
	}
	ended, _, err := v.abandon(ctx)
	for _, target := range ended {
		fmt.Fprintf(c.ErrOrStderr(), "onus: ended an upload to %s that an earlier run had left open\n", target)
	}
	if err != nil {
		fmt.Fprintf(c.ErrOrStderr(), "onus: %v\n", err)
	}
}
