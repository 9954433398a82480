package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/seal"
)

func newKeyExport() *cobra.Command {
	var r ring
	var to string
	var public, raw bool
	c := &cobra.Command{
		Use:   "export NAME[/VERSION]",
		Short: "write a key to a file, to keep it elsewhere or to give it away",
		Long: `Writes all versions of a key, or one, as they are: what is under a passphrase stays so.
onus key import reads it. --public leaves the secret out, for those who are only to seal.
--raw writes the bare key of one version for other tools: 32 bytes of an aes-256 key, PEM of
an rsa-oaep one, the identity of an age key; with --public its recipient or public key.`,
		Example: "  onus key export backup -o backup.keys\n  onus key export escrow --public --raw",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			ring, err := r.open()
			if err != nil {
				return err
			}
			name, version, err := label(args[0])
			if err != nil {
				return err
			}
			keys, err := pick(ring, name, version)
			if err != nil {
				return err
			}
			if raw && version == 0 {
				keys = keys[:1]
			}
			var text bytes.Buffer
			for _, k := range keys {
				if public {
					if k, err = k.PublicHalf(); err != nil {
						return usage("%v", err)
					}
				}
				var one []byte
				if raw {
					if !public {
						if err := r.unlock(c, k); err != nil {
							return err
						}
					}
					one, err = k.Raw(public)
				} else {
					one, err = k.Encode()
				}
				if err != nil {
					return err
				}
				text.Write(one)
			}
			return writeSecret(c, to, text.Bytes(), !public)
		},
	}
	r.flags(c)
	f := c.Flags()
	f.StringVarP(&to, "output", "o", "", "the `file` to write, which must not be there yet; - for stdout")
	f.BoolVar(&public, "public", false, "without the secret")
	f.BoolVar(&raw, "raw", false, "the bare key, for other tools")
	return c
}

// label reads NAME or NAME/VERSION.
func label(text string) (name string, version int, err error) {
	name, number, ok := strings.Cut(text, "/")
	if err := seal.CheckName(name); err != nil {
		return "", 0, usage("%v", err)
	}
	if !ok {
		return name, 0, nil
	}
	if version, err = strconv.Atoi(number); err != nil || version < 1 {
		return "", 0, usage("%q names no key: write NAME or NAME/VERSION", text)
	}
	return name, version, nil
}

func newKeyImport() *cobra.Command {
	var r ring
	var as, namespace, id string
	var protect bool
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "take a key from a file",
		Long: `Takes what onus key export wrote, with its names and versions; or, under the name given with
--as, a bare key: 32 bytes (also in base64 or hexadecimal), an RSA key in PEM, an age identity
or recipient. --namespace and --id are how messages of the AWS Encryption SDK name the key
("provider" and "key id" on AWS's command line), if it was used with that before.`,
		Example: "  onus key import backup.keys\n  onus key import --as legacy --namespace acme --id 2024 raw.key",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			ring, err := r.open()
			if err != nil {
				return err
			}
			text, err := readInput(c, args[0])
			if err != nil {
				return err
			}
			defer clear(text)
			var keys []*seal.Key
			if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
				if as != "" || namespace != "" || id != "" {
					return usage("--as, --namespace and --id are for bare keys: this file says all that itself")
				}
				if keys, err = seal.ReadKeys(bytes.NewReader(text)); err != nil {
					return fmt.Errorf("%s: %w", args[0], err)
				}
			} else {
				if as == "" {
					return usage("%s is a bare key: name it with --as NAME", args[0])
				}
				version := 1
				if there, err := ring.Versions(as); err == nil {
					version = there[0].Version + 1
				} else if !errors.Is(err, seal.ErrNoKey) {
					return err
				}
				k, err := seal.ImportKey(as, version, text, time.Now(), namespace, id)
				if err != nil {
					return fmt.Errorf("%s: %w", args[0], err)
				}
				keys = []*seal.Key{k}
			}
			if err := r.protect(c, keys, protect); err != nil {
				return err
			}
			return addKeys(c, ring, keys)
		},
	}
	r.flags(c)
	f := c.Flags()
	f.StringVar(&as, "as", "", "the `name` of a bare key; if there is one of that name, it becomes its next version")
	f.StringVar(&namespace, "namespace", "", "the key's namespace in messages (default: onus)")
	f.StringVar(&id, "id", "", "the key's id in messages (default: NAME/VERSION)")
	f.BoolVar(&protect, "passphrase", false, "keep the key under a passphrase")
	return c
}

// readInput reads a small file, or stdin for "-".
func readInput(c *cobra.Command, from string) ([]byte, error) {
	in := c.InOrStdin()
	if from != "-" {
		f, err := os.Open(from)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	const most = 8 << 20
	text, err := io.ReadAll(io.LimitReader(in, most+1))
	if err == nil && len(text) > most {
		err = fmt.Errorf("%s is too long for a key", from)
	}
	return text, err
}

// protect puts keys that come in under a passphrase, where that is asked for or one is given.
func (r *ring) protect(c *cobra.Command, keys []*seal.Key, asked bool) error {
	if !asked && r.passphrase == "" {
		return nil
	}
	passphrase, err := r.newPassphrase(c)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if err := k.Unlock(passphrase); err != nil {
			return err
		}
		if err := k.Protect(passphrase); err != nil {
			return err
		}
	}
	return nil
}

func newKeySplit() *cobra.Command {
	var r ring
	shares, threshold := 5, 3
	to := "."
	c := &cobra.Command{
		Use:   "split NAME[/VERSION]",
		Short: "split a key into shares, of which some restore it",
		Long: `Writes one file for each share of all versions of a key, or of one. Any --threshold of them restore it
with onus key join; fewer tell nothing about it. Give each to another person, and remove
the files here: who has enough of them has the key, without a passphrase.`,
		Example: "  onus key split backup --shares 5 --threshold 3 -o shares",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			ring, err := r.open()
			if err != nil {
				return err
			}
			name, version, err := label(args[0])
			if err != nil {
				return err
			}
			keys, err := pick(ring, name, version)
			if err != nil {
				return err
			}
			for _, k := range keys {
				if err := r.unlock(c, k); err != nil {
					return err
				}
			}
			made, err := seal.Split(c.Context(), keys, shares, threshold)
			if err != nil {
				return usage("%v", err)
			}
			if err := os.MkdirAll(to, 0o700); err != nil {
				return err
			}
			var paths []string
			for _, s := range made {
				var text bytes.Buffer
				path := filepath.Join(to, fmt.Sprintf("%s.share-%d-of-%d.json", s.Name, s.Number, s.Of))
				err := s.Write(&text)
				if err == nil {
					err = writeSecret(c, path, text.Bytes(), true)
				}
				if err != nil { // half a split is none
					for _, path := range paths {
						os.Remove(path)
					}
					return err
				}
				paths = append(paths, path)
			}
			fmt.Fprintf(c.OutOrStdout(), "key %s is in %d shares, of which any %d restore it:\n", args[0], shares, threshold)
			for _, path := range paths {
				fmt.Fprintln(c.OutOrStdout(), "  "+path)
			}
			return nil
		},
	}
	r.flags(c)
	f := c.Flags()
	f.IntVar(&shares, "shares", shares, "how many shares to make")
	f.IntVar(&threshold, "threshold", threshold, "how many of them restore the key")
	f.StringVarP(&to, "output", "o", to, "the `folder` to write to")
	return c
}

func newKeyJoin() *cobra.Command {
	var r ring
	var protect bool
	c := &cobra.Command{
		Use:     "join SHARE...",
		Short:   "restore a key from its shares",
		Long:    "Restores a key into the folder of keys from as many of its shares as it needs.",
		Example: "  onus key join backup.share-1-of-5.json backup.share-3-of-5.json backup.share-4-of-5.json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			ring, err := r.open()
			if err != nil {
				return err
			}
			var shares []*seal.Share
			for _, path := range args {
				f, err := os.Open(path)
				if err != nil {
					return err
				}
				share, err := seal.ReadShare(f)
				f.Close()
				if err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
				shares = append(shares, share)
			}
			keys, err := seal.Join(c.Context(), shares)
			if err != nil {
				return err
			}
			if err := r.protect(c, keys, protect); err != nil {
				return err
			}
			// A version that is there already, and is the same, is no hindrance.
			var missing []*seal.Key
			for _, k := range keys {
				there, err := pick(ring, k.Name, k.Version)
				switch {
				case errors.Is(err, seal.ErrNoKey):
					missing = append(missing, k)
				case err != nil:
					return err
				case there[0].Fingerprint() != k.Fingerprint():
					return fmt.Errorf("key %s is there already and is another one: join into another folder with --keys", k.Label())
				default:
					fmt.Fprintf(c.OutOrStdout(), "key %s is there already, fingerprint %s\n", k.Label(), k.Fingerprint())
				}
			}
			return addKeys(c, ring, missing)
		},
	}
	r.flags(c)
	c.Flags().BoolVar(&protect, "passphrase", false, "keep the key under a passphrase")
	return c
}
