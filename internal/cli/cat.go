package cli

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/seal"
)

func newCat() *cobra.Command {
	var v vault
	var span string
	c := &cobra.Command{
		Use:   "cat SRC",
		Short: "show what is sealed, or a range of it",
		Long: `Writes the plaintext of SRC, a file or s3://bucket/key, to stdout. With --range only the frames
that hold the range are fetched and opened, each authenticated before it is shown, and the
length is; that the rest is whole is not known then.

A range counts bytes of the plaintext from 0 and has both ends in it, as HTTP has it: 0-99 is
the first hundred, 100- all from there, -100 the last hundred.`,
		Example: "  onus cat s3://acme-backup/access.log --range 0-9999",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			from, err := parseEnd(args[0])
			if err != nil {
				return err
			}
			if !c.Flags().Changed("range") {
				opts, err := v.opening(c)
				if err != nil {
					return err
				}
				return v.tried(v.openAll(c, from, end{text: "-", stdio: true}, opts, "", ""))
			}
			first, last, err := parseRange(span)
			if err != nil {
				return err
			}
			if from.stdio {
				return usage("--range needs a file or an object: - is a stream")
			}
			opts, err := v.opening(c)
			if err != nil {
				return err
			}
			return v.tried(v.catRange(c, from, opts, first, last))
		},
	}
	v.flags(c)
	v.openFlags(c)
	f := c.Flags()
	f.StringArrayVar(&v.names, "key", nil, "the `name` of a key that may open (default: all there are); may be repeated")
	f.StringVar(&v.format, "format", "", "admit only esdk, age or s3ec (has to be named)")
	f.StringVar(&span, "range", "", "only bytes `A-B` of the plaintext, both ends in it")
	return c
}

func (v *vault) catRange(c *cobra.Command, from end, opts seal.OpenOptions, first, last int64) error {
	if opts.Format == seal.S3EC {
		return usage("an object of the S3 Encryption Client is authenticated as a whole: leave --range out")
	}
	ctx := c.Context()
	items, many, err := v.items(ctx, from)
	if err != nil {
		return err
	}
	if many {
		return usage("--range is about one file or object: %s is a folder", from.text)
	}
	for i, err := range items {
		if err != nil {
			return err
		}
		if i.size < 0 {
			return usage("--range needs a regular file: %s is none", i)
		}
		if opts.Context, err = v.demanded(i, opts.Context); err != nil {
			return err
		}
		src, closing, err := v.random(ctx, i)
		if err != nil {
			return err
		}
		defer closing()
		r, size, err := seal.DecryptAt(ctx, src, i.size, opts)
		if errors.Is(err, seal.ErrNoRanges) {
			return fmt.Errorf("%w: leave --range out", err)
		}
		if err != nil {
			return err
		}
		off, to := first, last
		if first < 0 {
			off, to = max(0, size+first), size-1
		}
		if first >= 0 && off >= size && off > 0 { // of nothing, all and the last N bytes are nothing
			return usage("--range starts at %d, and the plaintext has %d bytes", off, size)
		}
		return r.Range(ctx, c.OutOrStdout(), off, min(to, size-1)-off+1)
	}
	return nil
}

// parseRange reads A-B, A- or -N; the last is first < 0.
func parseRange(text string) (first, last int64, err error) {
	a, b, ok := strings.Cut(text, "-")
	wrong := usage("--range %q: A-B, A- or -N is wanted, in bytes from 0", text)
	if !ok || a == "" && b == "" {
		return 0, 0, wrong
	}
	last = math.MaxInt64
	if a == "" {
		n, err := strconv.ParseUint(b, 10, 63)
		if err != nil || n == 0 {
			return 0, 0, wrong
		}
		return -int64(n), last, nil
	}
	n, err := strconv.ParseUint(a, 10, 63)
	if err != nil {
		return 0, 0, wrong
	}
	first = int64(n)
	if b != "" {
		n, err := strconv.ParseUint(b, 10, 63)
		if err != nil || int64(n) < first {
			return 0, 0, wrong
		}
		last = int64(n)
	}
	return first, last, nil
}
