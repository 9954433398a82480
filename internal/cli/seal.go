package cli

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/esdk"
	"github.com/onus-cloud/onus/internal/seal"
)

func newSeal() *cobra.Command {
	var v vault
	var abandon, sign bool
	c := &cobra.Command{
		Use:   "seal SRC DST",
		Short: "encrypt with a local key: files, folders, stdin, S3",
		Long: `Encrypts SRC to DST with the newest version of a local key. Each is a file, a folder, - or
s3://bucket/key; a folder, or a prefix that ends with /, is taken with all below it, names kept.

What goes to S3 has its bucket and key bound in: it does not open as another object. An object
is there whole or not at all; an upload that was killed goes on with the next run of the same
command if what was sealed of the source is unchanged, else it is ended and starts again
under a new data key. Of a folder, files that were finished and are unchanged are left alone.`,
		Example: `  onus seal books.db s3://acme-backup/books.db
  onus seal --key backup --context team=web photos/ s3://acme-backup/photos/
  pg_dump shop | onus seal - s3://acme-backup/shop.sql
  onus seal --format age --recipient age1... contract.pdf contract.pdf.age
  onus seal --abandon`,
		Args: func(c *cobra.Command, args []string) error {
			if abandon {
				return cobra.NoArgs(c, args)
			}
			return cobra.ExactArgs(2)(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			if abandon {
				return v.runAbandon(c)
			}
			from, to, err := parseEnds(args)
			if err != nil {
				return err
			}
			opts, err := v.sealing(c)
			if err != nil {
				return err
			}
			if sign && opts.Format == seal.AgeFormat {
				return usage("--sign is for --format esdk")
			}
			if sign {
				opts.Suite = esdk.AES256GCMCommitSigned
			}
			return v.seal(c, from, to, opts)
		},
	}
	v.flags(c)
	v.sealFlags(c)
	f := c.Flags()
	f.StringArrayVar(&v.names, "key", nil, "the `name` of the key (default: the only one there is); may be repeated, and each alone opens")
	f.StringVar(&v.format, "format", "", "esdk (AWS Encryption SDK; the default) or age")
	f.BoolVar(&sign, "sign", false, "sign each message as a whole, too (suite 0x0578): slower, has no ranges, does not go on")
	f.BoolVar(&abandon, "abandon", false, "end the uploads, and remove the downloads, that earlier runs left")
	return c
}

func (v *vault) runAbandon(c *cobra.Command) error {
	discarded := discard(c)
	ended, elsewhere, err := v.abandon(c.Context())
	for _, target := range ended {
		fmt.Fprintf(c.OutOrStdout(), "ended an upload to %s\n", target)
	}
	if len(ended) == 0 && err == nil {
		fmt.Fprintln(c.OutOrStdout(), "no upload was left open")
	}
	forgotten, problem := seal.ForgetJournals()
	if forgotten > 0 {
		fmt.Fprintf(c.OutOrStdout(), "forgot what was done of %s\n", count(int64(forgotten), "folder"))
	}
	err = errors.Join(discarded, err, problem)
	if elsewhere > 0 {
		fmt.Fprintf(c.ErrOrStderr(), "onus: %s left open at another endpoint: run it again with AWS_ENDPOINT_URL as it was\n", count(int64(elsewhere), "upload"))
	}
	return err
}

// discard removes what downloads that were killed left.
func discard(c *cobra.Command) error {
	_, downloads, err := seal.DefaultNotes()
	if err != nil {
		return err
	}
	targets, err := downloads.Discard()
	for _, target := range targets {
		fmt.Fprintf(c.OutOrStdout(), "removed what was there of %s\n", target)
	}
	if len(targets) == 0 && err == nil {
		fmt.Fprintln(c.OutOrStdout(), "no download was left unfinished")
	}
	return err
}

// parseEnds reads SRC and DST.
func parseEnds(args []string) (from, to end, err error) {
	if from, err = parseEnd(args[0]); err != nil {
		return from, to, err
	}
	if to, err = parseEnd(args[1]); err != nil {
		return from, to, err
	}
	if abs, err := filepath.Abs(to.text); err == nil && !to.stdio && !to.remote && isDescriptor(abs) {
		return from, to, usage("%s is no place for a file: write - for stdout", to.text)
	}
	if !from.stdio && !from.remote && !to.stdio && !to.remote && contains(from.text, to.text) {
		if info, err := os.Stat(from.text); err == nil && info.IsDir() {
			return from, to, usage("%s lies in %s: choose a place outside", to.text, from.text)
		}
	}
	if from.remote && to.remote && from.at.Bucket == to.at.Bucket && from.folderLike() && strings.HasPrefix(to.below("", true).at.Key, from.at.Key) {
		return from, to, usage("%s lies in %s: choose a place outside", to.text, from.text)
	}
	if same(from, to) {
		return from, to, usage("%s and %s are the same", from.text, to.text)
	}
	if from.stdio && to.folderLike() {
		return from, to, usage("what comes from - needs a name: %s is a folder", to.text)
	}
	return from, to, nil
}

// isDescriptor says whether a path names what a process has open. A file that appears under its name whole would replace that name.
func isDescriptor(path string) bool {
	return path == "/dev/stdin" || path == "/dev/stdout" || path == "/dev/stderr" || strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/")
}

func (v *vault) seal(c *cobra.Command, from, to end, opts seal.SealOptions) error {
	items, many, err := v.items(c.Context(), from)
	if err != nil {
		return err
	}
	if many && to.stdio {
		return usage("a folder does not go to -: name a folder or prefix")
	}
	var journal *seal.Journal
	if many && to.remote {
		if journal, err = v.journal(c, "seal", from, to, opts.Plan()); err != nil {
			return err
		}
	}
	return v.run(c, job{
		doing: "sealing", from: from, to: to, items: items, many: many, atOnce: atOnce, journal: journal,
		do: func(ctx context.Context, i item, done *tally) error {
			return v.sealOne(ctx, c, i, to.below(i.name, many), opts, journal, done)
		},
		done: func(done *tally) string {
			text := fmt.Sprintf("sealed %s, %s, to %s", count(done.items.Load(), "file"), size(done.bytes.Load()), to.text)
			if labels := labels(opts.Keys); labels != "" {
				text += " with key " + labels
			}
			if n := done.resumed.Load(); n > 0 {
				text += fmt.Sprintf("; went on with an upload of which %s were there", count(n, "part"))
			}
			return text
		},
	})
}

func labels(keys []*seal.Key) string {
	var all []string
	for _, k := range keys {
		all = append(all, k.Label())
	}
	return strings.Join(all, ", ")
}

func (v *vault) sealOne(ctx context.Context, c *cobra.Command, i item, to end, opts seal.SealOptions, journal *seal.Journal, done *tally) error {
	src, err := v.source(ctx, c, i)
	if err != nil {
		return err
	}
	defer src.Close()
	if to.remote {
		if !utf8.ValidString(to.at.Key) {
			return errors.New("its name is not UTF-8, which the names of objects are: rename it")
		}
		if opts.Format != seal.AgeFormat {
			opts.Context = v.here(opts.Context, to.at, true)
		}
		u, err := v.upload(ctx, to.at, nil, i.size, done)
		if err != nil {
			return err
		}
		if u.Source, err = i.again(); err != nil {
			return err
		}
		if before, ok := journal.Find(i.name); ok {
			stands, err := v.sealedBefore(ctx, c, i, u, before)
			if stands {
				done.before.Add(1)
			}
			if stands || err != nil {
				return err
			}
		}
		read, digest := io.Reader(src), hash.Hash(nil)
		if journal != nil {
			read, digest = digested(src)
		}
		err = u.Seal(ctx, read, opts)
		for _, warning := range u.Warnings() {
			warn(c.ErrOrStderr(), warning)
		}
		done.resumed.Add(int64(u.Resumed()))
		if err == nil && journal != nil {
			err = journal.Add(seal.Done{Name: i.name, Source: hex.EncodeToString(digest.Sum(nil)), Made: u.Made()})
		}
		return err
	}
	sealTo := func(w io.Writer) error {
		out, err := seal.Encrypt(ctx, w, opts)
		if err != nil {
			return err
		}
		n, err := io.Copy(out, stopping{ctx, src})
		done.bytes.Add(n)
		if err != nil {
			return err
		}
		return errors.Join(out.Close(), ctx.Err()) // what was stopped gets no name
	}
	if to.stdio {
		return sealTo(c.OutOrStdout())
	}
	return file(to.text, 0o666, sealTo)
}

// sealedBefore reports whether an earlier run sealed an item as it is now, and what it made of it stands.
func (v *vault) sealedBefore(ctx context.Context, c *cobra.Command, i item, u *seal.Upload, before seal.Done) (bool, error) {
	stands, err := u.Stands(ctx, before.Made)
	if !stands || err != nil {
		return false, err
	}
	src, err := v.source(ctx, c, i)
	if err != nil {
		return false, err
	}
	defer src.Close()
	digest, err := digestOf(ctx, src)
	return err == nil && digest == before.Source, err
}

// journal is that of a job between two ends. Without one the job is done as well, and begins again if it is killed.
func (v *vault) journal(c *cobra.Command, verb string, from, to end, plan string) (*seal.Journal, error) {
	client, err := v.objects(c.Context())
	if err != nil {
		return nil, err
	}
	name := func(e end) string {
		if abs, err := filepath.Abs(e.text); err == nil && !e.remote {
			return abs
		}
		return e.text
	}
	j, err := seal.OpenJournal(verb, client.Endpoint(), name(from), name(to), plan)
	if err != nil {
		fmt.Fprintf(c.ErrOrStderr(), "onus: what is done will not be remembered: %v\n", err)
	}
	return j, nil
}

var errNoReceipt = errors.New("a receipt is about one object: name one, not a folder or prefix")
