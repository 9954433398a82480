package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"strings"

	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/seal"
)

func newReseal() *cobra.Command {
	var v vault
	var to []string
	var fromFormat string
	c := &cobra.Command{
		Use:   "reseal TARGET",
		Short: "seal again, in place, with the newest key",
		Long: `Opens TARGET with any version of your keys and seals it again, in its place, with the newest
version, a new data key and the same context. TARGET is a file, a folder, s3://bucket/key
or a prefix that ends with /. Each is replaced at once when it is whole, and an object only
while it is still the one that was read.

The body is always written anew. Two headers of one message would be authenticated under the
same key and nonce, and who sees both could forge the rest: docs/seal.md says more.`,
		Example: `  onus key new backup --next
  onus reseal s3://acme-backup/photos/
  onus reseal --from-format s3ec --key legacy --to backup s3://acme-old/report.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			target, err := parseEnd(args[0])
			if err != nil {
				return err
			}
			if target.stdio {
				return usage("- has no place to be replaced in: onus open - - | onus seal - -")
			}
			return v.reseal(c, target, to, fromFormat)
		},
	}
	v.flags(c)
	v.openFlags(c)
	v.sealFlags(c)
	f := c.Flags()
	f.StringArrayVar(&v.names, "key", nil, "the `name` of a key that may open (default: all there are); may be repeated")
	f.StringArrayVar(&to, "to", nil, "the `name` of the key to seal with (default: the only one there is); may be repeated")
	f.StringVar(&v.format, "format", "", "the format to write, esdk or age (default: that which is there)")
	f.StringVar(&fromFormat, "from-format", "", "admit only esdk, age or s3ec (has to be named)")
	return c
}

func (v *vault) reseal(c *cobra.Command, target end, to []string, fromFormat string) error {
	toFormat, err := v.parseFormat(seal.ESDK, seal.AgeFormat)
	if err != nil {
		return err
	}
	opener := *v
	opener.format, opener.kms = fromFormat, v.kms
	open, err := opener.opening(c)
	if err != nil {
		return err
	}
	// The options to seal with, by format, are found when they are first needed: of two formats, one may have no key.
	sealers := map[seal.Format]seal.SealOptions{}
	sealer := func(format seal.Format) (seal.SealOptions, error) {
		if opts, ok := sealers[format]; ok {
			return opts, nil
		}
		s := *v
		s.names, s.flag, s.format = to, "--to", string(format)
		if format == seal.AgeFormat {
			s.kms = nil
		} else {
			s.recipients, s.recipientFiles = nil, nil
		}
		opts, err := s.sealing(c)
		if err == nil {
			sealers[format] = opts
		}
		return opts, err
	}
	if toFormat != seal.Unknown {
		if _, err := sealer(toFormat); err != nil {
			return err
		}
	}
	items, many, err := v.items(c.Context(), target)
	if err != nil {
		return err
	}
	var with string
	return v.run(c, job{
		// One after the other: asking for a passphrase is no work for several.
		doing: "resealing", from: target, to: target, items: items, many: many, atOnce: 1,
		do: func(ctx context.Context, i item, done *tally) error {
			p, closing, err := opener.plaintext(ctx, c, i, open)
			if err != nil {
				return opener.tried(err)
			}
			defer closing()
			format := toFormat
			if format == seal.Unknown && p.Format != seal.S3EC {
				format = p.Format
			} else if format == seal.Unknown {
				format = seal.ESDK
			}
			opts, err := sealer(format)
			if err != nil {
				return err
			}
			if format == seal.ESDK {
				opts.Context = v.kept(p.Context, opts.Context, i)
			}
			with = labels(opts.Keys)
			return v.replace(ctx, i, p, opts, done)
		},
		done: func(done *tally) string {
			return fmt.Sprintf("resealed %s, %s, written anew in %s with key %s", count(done.items.Load(), "file"), size(done.bytes.Load()), target.text, with)
		},
	})
}

// kept is the context of what is sealed again: what was stored, what is asked for besides, and the place.
func (v *vault) kept(stored, more map[string]string, i item) map[string]string {
	all := map[string]string{}
	for name, value := range stored {
		if !strings.HasPrefix(name, "aws-crypto-") {
			all[name] = value
		}
	}
	maps.Copy(all, more)
	return v.here(all, i.object.Location, i.remote)
}

// replace seals a plaintext to where it comes from.
func (v *vault) replace(ctx context.Context, i item, p *seal.Plain, opts seal.SealOptions, done *tally) error {
	if i.remote {
		u, err := v.upload(ctx, i.object.Location, &i.object, -1, done)
		if err != nil {
			return err
		}
		return u.Seal(ctx, stopping{ctx, p}, opts)
	}
	return file(i.path, 0o666, func(w io.Writer) error {
		out, err := seal.Encrypt(ctx, w, opts)
		if err != nil {
			return err
		}
		if _, err := p.WriteTo(counting{stoppingWriter{ctx, out}, done}); err != nil {
			return err
		}
		return out.Close()
	})
}
