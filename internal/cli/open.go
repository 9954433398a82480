package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/objects"
	"github.com/onus-cloud/onus/internal/seal"
)

func newOpen() *cobra.Command {
	var v vault
	var receipts, holder string
	var abandon bool
	c := &cobra.Command{
		Use:   "open SRC DST",
		Short: "decrypt what onus seal, AWS's Encryption SDK or age sealed",
		Long: `Decrypts SRC to DST with any version of your keys. Each is a file, a folder, - or
s3://bucket/key; a folder, or a prefix that ends with /, is taken with all below it.

A file is there whole or not at all; a download that was killed goes on with the next run of
the same command if the object and what was opened of it are unchanged, else it starts again.
To - goes what is authenticated as it comes: only exit code 0 says that it was whole. An object
of S3 has to have been sealed as that very object.`,
		Example: `  onus open s3://acme-backup/books.db books.db
  onus open s3://acme-backup/photos/ photos/
  onus open --format s3ec --key legacy s3://acme-old/report.csv report.csv
  onus open --receipt receipts --holder "Ada Lovelace" s3://acme-backup/canary canary
  onus open --abandon`,
		Args: func(c *cobra.Command, args []string) error {
			if abandon {
				return cobra.NoArgs(c, args)
			}
			return cobra.ExactArgs(2)(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			if abandon {
				return discard(c)
			}
			from, to, err := parseEnds(args)
			if err != nil {
				return err
			}
			if (receipts == "") != (holder == "") {
				return usage("a receipt needs both: --receipt FOLDER and --holder NAME")
			}
			opts, err := v.opening(c)
			if err != nil {
				return err
			}
			return v.tried(v.openAll(c, from, to, opts, receipts, holder))
		},
	}
	v.flags(c)
	v.openFlags(c)
	f := c.Flags()
	f.StringArrayVar(&v.names, "key", nil, "the `name` of a key that may open (default: all there are); may be repeated")
	f.StringVar(&v.format, "format", "", "admit only esdk, age or s3ec (Amazon S3 Encryption Client; has to be named)")
	f.StringVar(&receipts, "receipt", "", "write to this `folder` a signed receipt of the opening")
	f.BoolVar(&abandon, "abandon", false, "remove what downloads that were killed left")
	f.StringVar(&holder, "holder", "", "who opens, for the receipt")
	return c
}

func (v *vault) openAll(c *cobra.Command, from, to end, opts seal.OpenOptions, receipts, holder string) error {
	items, many, err := v.items(c.Context(), from)
	switch {
	case err != nil:
		return err
	case many && to.stdio:
		return usage("a folder does not go to -: name a folder or prefix")
	case many && receipts != "":
		return usage("%v", errNoReceipt)
	case many && v.sealedAs != "":
		return usage("--sealed-as is about one object, not a folder or prefix")
	}
	var folder *seal.Folder
	if many && !to.remote {
		if folder, err = openFolder(to.text); err != nil {
			return err
		}
		defer folder.Close()
	}
	var journal *seal.Journal
	if folder != nil && from.remote {
		demanded := fmt.Sprint(opts.Format, opts.Context, v.unbound)
		if journal, err = v.journal(c, "open", from, to, demanded); err != nil {
			return err
		}
	}
	return v.run(c, job{
		doing: "opening", from: from, to: to, items: items, many: many, atOnce: atOnce, journal: journal,
		do: func(ctx context.Context, i item, done *tally) error {
			o := &opened{item: i}
			if receipts != "" || journal != nil {
				o.digest = sha256.New()
			}
			var err error
			if before, ok := journal.Find(i.name); ok {
				stands, err := openedBefore(ctx, to.below(i.name, many).text, i, before)
				if stands {
					done.before.Add(1)
				}
				if stands || err != nil {
					return err
				}
			}
			switch to := to.below(i.name, many); {
			case to.stdio || to.remote:
				err = v.send(ctx, c, to, o, opts, done)
			case folder != nil:
				err = v.save(ctx, c, place{folder, i.name, 0o600}, o, opts, done)
			default:
				var at place
				if at, err = placeOf(to.text, 0o600); err == nil {
					err = v.save(ctx, c, at, o, opts, done)
					at.folder.Close()
				}
			}
			if err == nil && receipts != "" {
				err = o.receipt(receipts, holder)
			}
			if err == nil && journal != nil {
				err = journal.Add(seal.Done{Name: i.name, Source: i.state(), Made: hex.EncodeToString(o.digest.Sum(nil))})
			}
			return err
		},
		done: func(done *tally) string {
			text := fmt.Sprintf("opened %s, %s, to %s", count(done.items.Load(), "file"), size(done.bytes.Load()), to.text)
			if n := done.resumed.Load(); n > 0 {
				text += fmt.Sprintf("; went on with a download of which %s were there", size(n))
			}
			return text
		},
	})
}

// openedBefore reports whether an earlier run opened an object as it is now, and the file that it made is as it was.
func openedBefore(ctx context.Context, path string, i item, before seal.Done) (bool, error) {
	if before.Source != i.state() {
		return false, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	digest, err := digestOf(ctx, f)
	return err == nil && digest == before.Made, err
}

// plaintext opens an item.
func (v *vault) plaintext(ctx context.Context, c *cobra.Command, i item, opts seal.OpenOptions) (*seal.Plain, func(), error) {
	if opts.Format == seal.S3EC {
		return v.plaintextS3EC(ctx, i, opts)
	}
	var err error
	if opts.Context, err = v.demanded(i, opts.Context); err != nil {
		return nil, nil, err
	}
	src, err := v.source(ctx, c, i)
	if err != nil {
		return nil, nil, err
	}
	p, err := seal.Decrypt(ctx, src, opts)
	if err != nil {
		src.Close()
		return nil, nil, err
	}
	return p, func() { src.Close() }, nil
}

// demanded is the context that an item has to have: what was asked for, and of an object of S3 its place.
func (v *vault) demanded(i item, pairs map[string]string) (map[string]string, error) {
	if v.sealedAs == "" {
		return v.here(pairs, i.object.Location, i.remote), nil
	}
	from, err := parseEnd(v.sealedAs)
	if err != nil || !from.remote || from.at.Key == "" {
		return nil, usage("--sealed-as %q: s3://bucket/key is wanted", v.sealedAs)
	}
	return v.here(pairs, from.at, true), nil
}

func (v *vault) plaintextS3EC(ctx context.Context, i item, opts seal.OpenOptions) (*seal.Plain, func(), error) {
	if !i.remote {
		return nil, nil, usage("--format s3ec opens objects in S3, where their metadata is: %s is none", i)
	}
	client, err := v.objects(ctx)
	if err != nil {
		return nil, nil, err
	}
	if i.object, err = client.Stat(ctx, i.object.Location); err != nil { // a list tells no metadata
		return nil, nil, err
	}
	again := func() io.ReadCloser { return client.Read(ctx, i.object) }
	p, err := seal.DecryptS3EC(ctx, again, i.object.Size, i.object.Metadata, opts)
	return p, func() {}, err
}

// opened is one item on its way.
type opened struct {
	item   item
	key    *seal.Key // that opened it
	digest hash.Hash // of the plaintext; nil: nobody asks for it
}

// send opens an item to stdout or S3.
func (v *vault) send(ctx context.Context, c *cobra.Command, to end, o *opened, opts seal.OpenOptions, done *tally) error {
	p, closing, err := v.plaintext(ctx, c, o.item, opts)
	if err != nil {
		return err
	}
	defer closing()
	o.key = p.Key
	if to.stdio {
		return o.copy(ctx, p, done)(c.OutOrStdout())
	}
	u, err := v.upload(ctx, to.at, nil, -1, done)
	if err != nil {
		return err
	}
	var src io.Reader = p
	if o.digest != nil {
		src = io.TeeReader(p, o.digest)
	}
	return u.Send(ctx, stopping{ctx, src})
}

// save opens an item to a file.
func (v *vault) save(ctx context.Context, c *cobra.Command, at place, o *opened, opts seal.OpenOptions, done *tally) error {
	// Of what one request fetches nothing is worth going on with.
	if o.item.remote && o.item.size > objects.RangeBytes && opts.Format != seal.S3EC {
		err := v.download(ctx, c, at, o, opts, done)
		if !errors.Is(err, seal.ErrNoRanges) {
			return err
		}
	}
	p, closing, err := v.plaintext(ctx, c, o.item, opts)
	if err != nil {
		return err
	}
	defer closing()
	o.key = p.Key
	return at.private(o.copy(ctx, p, done))
}

// download opens an object to a file by ranges, and goes on with what a run that was killed had opened.
func (v *vault) download(ctx context.Context, c *cobra.Command, at place, o *opened, opts seal.OpenOptions, done *tally) error {
	var err error
	if opts.Context, err = v.demanded(o.item, opts.Context); err != nil {
		return err
	}
	client, err := v.objects(ctx)
	if err != nil {
		return err
	}
	_, notes, err := seal.DefaultNotes()
	if err != nil {
		return err
	}
	object := o.item.object
	d := &seal.Download{
		Notes: notes, Where: client.Endpoint(), Source: object.String(), ETag: object.ETag, Version: object.Version, Size: object.Size, Mode: at.mode,
		Hash: o.digest, Sent: func(n int) { done.bytes.Add(int64(n)) }, Now: time.Now,
	}
	o.key, err = d.Open(ctx, client.At(ctx, object), opts, at.folder, at.name)
	for _, warning := range d.Warnings() {
		warn(c.ErrOrStderr(), warning)
	}
	done.resumed.Add(d.Resumed())
	return err
}

// copy copies a plaintext to a writer.
func (o *opened) copy(ctx context.Context, p *seal.Plain, done *tally) func(io.Writer) error {
	return func(w io.Writer) error {
		out := io.Writer(counting{stoppingWriter{ctx, w}, done})
		if o.digest != nil {
			out = io.MultiWriter(out, o.digest)
		}
		_, err := p.WriteTo(out)
		return err
	}
}

// stoppingWriter ends when the context does.
type stoppingWriter struct {
	ctx context.Context
	io.Writer
}

func (s stoppingWriter) Write(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.Writer.Write(p)
}

// receipt writes who opened what, signed with the key that opened.
func (o *opened) receipt(dir, holder string) error {
	if o.key == nil {
		return errors.New("no key of yours opened it, so there is nothing to sign a receipt with")
	}
	about := o.item.String()
	if !o.item.remote && !o.item.stdio {
		if abs, err := filepath.Abs(about); err == nil {
			about = abs
		}
	}
	receipt, err := seal.NewReceipt(o.key, holder, about, time.Now(), [sha256.Size]byte(o.digest.Sum(nil)))
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := receipt.Write(&text); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	return file(filepath.Join(dir, receipt.FileName()), 0o666, func(w io.Writer) error {
		_, err := w.Write(text.Bytes())
		return err
	})
}
