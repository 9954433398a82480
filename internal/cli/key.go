package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/onus-cloud/onus/internal/seal"
)

func newKey() *cobra.Command {
	c := &cobra.Command{
		Use:   "key",
		Short: "make, keep and check the local keys that onus seal uses",
		Long: `Keys are files in a folder of yours, readable by you alone: one file for each version of
each name. The newest version seals; all of them open. A key that is lost takes what it
sealed with it: export it, or split it among several people, before you rely on it.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("there is no command %q: see `onus key --help`", "key "+args[0])
			}
			return c.Help()
		},
	}
	c.AddCommand(newKeyNew(), newKeyList(), newKeyCheck(), newKeyExport(), newKeyImport(), newKeySplit(), newKeyJoin())
	return c
}

// ring is where the keys are: flags that all commands with keys share.
type ring struct {
	dir        string
	passphrase string
}

func (r *ring) flags(c *cobra.Command) {
	c.Flags().StringVar(&r.dir, "keys", "", "the `folder` of keys (default: $ONUS_KEYS, or onus/keys in your configuration)")
	c.Flags().StringVar(&r.passphrase, "passphrase-file", "", "read the passphrase from the first line of a `file`, such as /dev/fd/3 (default: $ONUS_PASSPHRASE, or the terminal)")
}

func (r *ring) open() (seal.Ring, error) {
	if r.dir != "" {
		return seal.NewRing(r.dir), nil
	}
	dir, err := seal.DefaultDir()
	return seal.NewRing(dir), err
}

// saidPassphrase is the passphrase that was given without asking, if any.
func (r *ring) saidPassphrase() (string, bool, error) {
	if r.passphrase == "" {
		text, ok := os.LookupEnv("ONUS_PASSPHRASE")
		return text, ok && text != "", nil
	}
	f, err := os.Open(r.passphrase)
	if err != nil {
		return "", false, fmt.Errorf("reading the passphrase: %w", err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return "", false, fmt.Errorf("reading the passphrase: %w", err)
	}
	line, _, _ := bytes.Cut(raw, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	if len(line) == 0 {
		return "", false, usage("the first line of %s is empty: it is to be the passphrase", r.passphrase)
	}
	return string(line), true, nil
}

// ask asks at the terminal, beside whatever stdin and stdout are.
func ask(c *cobra.Command, prompt string) (string, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil || !term.IsTerminal(int(tty.Fd())) {
		return "", usage("a passphrase is needed, and there is no terminal to ask at: give it with --passphrase-file or ONUS_PASSPHRASE")
	}
	defer tty.Close()
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		return "", err
	}
	type line struct {
		raw []byte
		err error
	}
	typed := make(chan line, 1)
	fmt.Fprint(c.ErrOrStderr(), prompt)
	go func() {
		raw, err := term.ReadPassword(int(tty.Fd()))
		typed <- line{raw, err}
	}()
	defer fmt.Fprintln(c.ErrOrStderr())
	select {
	case l := <-typed:
		return string(l.raw), l.err
	case <-c.Context().Done():
		return "", errors.Join(errInterrupted, term.Restore(int(tty.Fd()), before)) // which shows again what is typed
	}
}

// unlock unlocks a key that needs it.
func (r *ring) unlock(c *cobra.Command, k *seal.Key) error {
	if !k.Locked() {
		return nil
	}
	passphrase, ok, err := r.saidPassphrase()
	if err != nil {
		return err
	}
	if !ok {
		if passphrase, err = ask(c, fmt.Sprintf("passphrase of key %s: ", k.Label())); err != nil {
			return err
		}
	}
	return k.Unlock(passphrase)
}

func newKeyNew() *cobra.Command {
	var r ring
	var kind string
	var next, protect bool
	c := &cobra.Command{
		Use:   "new NAME",
		Short: "make a key, or the next version of one",
		Long: `Makes a key in the folder of keys and never overwrites one. With --next it makes the next
version of a key that is there: from then on that one seals, and the older ones still open.

Kinds: aes-256 (who seals can open), rsa-oaep (who has the public half can only seal), age
(post-quantum; who has the recipient can only seal; for --format age).`,
		Example: "  onus key new backup\n  onus key new backup --next\n  onus key new escrow --kind age --passphrase",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			ring, err := r.open()
			if err != nil {
				return err
			}
			if err := seal.CheckName(args[0]); err != nil {
				return usage("%v", err)
			}
			version := 1
			there, err := ring.Versions(args[0])
			switch {
			case err == nil && !next:
				return usage("key %s exists already: make its next version with --next, or choose another name", args[0])
			case err == nil:
				version = there[0].Version + 1
			case !errors.Is(err, seal.ErrNoKey):
				return err
			case next:
				return usage("%v", err)
			}
			kinds := map[string]seal.Kind{"aes": seal.AES, "rsa": seal.RSA, "age": seal.Age, string(seal.AES): seal.AES, string(seal.RSA): seal.RSA}
			if kind == "" && next {
				kind = string(there[0].Kind)
			} else if kind == "" {
				kind = string(seal.AES)
			}
			chosen, ok := kinds[kind]
			if !ok {
				return usage("--kind %q: aes-256, rsa-oaep or age is wanted", kind)
			}
			passphrase := ""
			if protect || r.passphrase != "" {
				if passphrase, err = r.newPassphrase(c); err != nil {
					return err
				}
			}
			k, err := seal.NewKey(args[0], version, chosen, time.Now())
			if err != nil {
				return usage("%v", err)
			}
			if passphrase != "" {
				if err := k.Protect(passphrase); err != nil {
					return err
				}
			}
			return addKeys(c, ring, []*seal.Key{k})
		},
	}
	r.flags(c)
	f := c.Flags()
	f.StringVar(&kind, "kind", "", "what the key is made of: aes-256 (default), rsa-oaep or age")
	f.BoolVar(&next, "next", false, "make the next version of a key that is there")
	f.BoolVar(&protect, "passphrase", false, "keep the key under a passphrase")
	return c
}

// newPassphrase asks twice, since a slip would lock the key for good.
func (r *ring) newPassphrase(c *cobra.Command) (string, error) {
	passphrase, ok, err := r.saidPassphrase()
	if err != nil || ok {
		return passphrase, err
	}
	if passphrase, err = ask(c, "new passphrase: "); err != nil {
		return "", err
	}
	again, err := ask(c, "once more: ")
	switch {
	case err != nil:
		return "", err
	case passphrase == "":
		return "", usage("the passphrase is empty")
	case again != passphrase:
		return "", usage("the two passphrases differ: try again")
	}
	return passphrase, nil
}

// addKeys adds keys to the ring once each has been proved to work.
func addKeys(c *cobra.Command, ring seal.Ring, keys []*seal.Key) error {
	for _, k := range keys {
		if !k.Locked() {
			if err := k.Check(c.Context()); err != nil {
				return err
			}
		}
	}
	for _, k := range keys {
		path, err := ring.Add(k)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.OutOrStdout(), "key %s (%s%s), fingerprint %s\nin %s\n", k.Label(), k.Kind, about(k), k.Fingerprint(), path)
	}
	return nil
}

// about says what is special of a key.
func about(k *seal.Key) string {
	switch {
	case k.Protected():
		return ", passphrase"
	case !k.CanOpen():
		return ", public half"
	}
	return ""
}

func newKeyList() *cobra.Command {
	var r ring
	format := "text"
	c := &cobra.Command{
		Use:   "list",
		Short: "list the keys and their fingerprints",
		RunE: func(c *cobra.Command, _ []string) error {
			if format != "text" && format != "json" {
				return usage("--format %q: text or json is wanted", format)
			}
			ring, err := r.open()
			if err != nil {
				return err
			}
			keys, problems := ring.Keys()
			if format == "json" {
				if err := listJSON(c.OutOrStdout(), keys); err != nil {
					return err
				}
				return problems
			}
			if len(keys) == 0 {
				if problems == nil {
					fmt.Fprintf(c.ErrOrStderr(), "no keys in %s: onus key new NAME makes one\n", ring.Dir())
				}
				return problems
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "KEY\tKIND\tMADE\tFINGERPRINT\t")
			last := ""
			for _, k := range keys {
				use := "newest"
				if k.Name == last {
					use = "older"
				}
				use += about(k)
				last = k.Name
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", k.Label(), k.Kind, k.Created.Format(time.DateOnly), k.Fingerprint(), use)
			}
			return errors.Join(w.Flush(), problems)
		},
	}
	r.flags(c)
	c.Flags().StringVar(&format, "format", format, "text or json")
	return c
}

func listJSON(w io.Writer, keys []*seal.Key) error {
	type row struct {
		Name        string    `json:"name"`
		Version     int       `json:"version"`
		Kind        seal.Kind `json:"kind"`
		Created     time.Time `json:"created"`
		Fingerprint string    `json:"fingerprint"`
		Namespace   string    `json:"namespace"`
		ID          string    `json:"id"`
		Public      string    `json:"public,omitempty"`
		Opens       bool      `json:"opens"`
		Passphrase  bool      `json:"passphrase"`
	}
	rows := []row{}
	for _, k := range keys {
		rows = append(rows, row{k.Name, k.Version, k.Kind, k.Created, k.Fingerprint(), k.Namespace, k.ID, k.Public, k.CanOpen() || k.Locked(), k.Protected()})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Schema string `json:"schema"`
		Keys   []row  `json:"keys"`
	}{"onus.keys/1", rows})
}

func newKeyCheck() *cobra.Command {
	var r ring
	c := &cobra.Command{
		Use:   "check [NAME[/VERSION]]",
		Short: "prove that a key works, and show its fingerprint",
		Long: `Seals something under each version of the key, or of all keys, opens it again, and sees that
it does not open once it was altered. A fingerprint says which key it is and reveals nothing
of it: declare it where the key is to be recognized.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			ring, err := r.open()
			if err != nil {
				return err
			}
			keys, problems := ring.Keys()
			if len(args) == 1 {
				name, version, err := label(args[0])
				if err != nil {
					return err
				}
				keys, problems = pick(ring, name, version)
			}
			if len(keys) == 0 && problems == nil {
				return usage("there are no keys in %s: onus key new NAME makes one", ring.Dir())
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, k := range keys {
				if k.Locked() {
					if len(args) == 0 {
						if _, ok, err := r.saidPassphrase(); err != nil || !ok {
							fmt.Fprintf(w, "key %s\t%s\tlocked: onus key check %s asks for its passphrase\n", k.Label(), k.Fingerprint(), k.Name)
							problems = errors.Join(problems, err)
							continue
						}
					}
					if err := r.unlock(c, k); err != nil {
						problems = errors.Join(problems, err)
						continue
					}
				}
				if err := k.Check(c.Context()); err != nil {
					problems = errors.Join(problems, err)
					continue
				}
				works := "seals and opens"
				if !k.CanOpen() {
					works = "seals (public half)"
				}
				fmt.Fprintf(w, "key %s\t%s\t%s\n", k.Label(), k.Fingerprint(), works)
			}
			return errors.Join(w.Flush(), problems)
		},
	}
	r.flags(c)
	return c
}

// writeSecret writes a file that only its owner may read, or to stdout for "-", but not to a screen.
func writeSecret(c *cobra.Command, to string, text []byte, secret bool) error {
	if to == "" || to == "-" {
		if f, ok := c.OutOrStdout().(*os.File); ok && to == "" && secret && term.IsTerminal(int(f.Fd())) {
			return usage("this is a secret and would stand on the screen: name a file with -o (or -o - if you mean it)")
		}
		_, err := c.OutOrStdout().Write(text)
		return err
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return usage("%s exists already: name another file with -o", to)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(to)
	}
	return err
}

// pick are the versions that a name means: all of NAME, one of NAME/VERSION.
func pick(ring seal.Ring, name string, version int) ([]*seal.Key, error) {
	keys, err := ring.Versions(name)
	if err != nil || version == 0 {
		return keys, err
	}
	i := slices.IndexFunc(keys, func(k *seal.Key) bool { return k.Version == version })
	if i < 0 {
		return nil, fmt.Errorf("%w: %s/%d; the newest is %s", seal.ErrNoKey, name, version, keys[0].Label())
	}
	return keys[i : i+1], nil
}
