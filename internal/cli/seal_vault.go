package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/esdk"
	"github.com/onus-cloud/onus/internal/objects"
	"github.com/onus-cloud/onus/internal/seal"
)

// vault is what seal, open, reseal and cat share: keys, contexts, formats, and who asks AWS.
type vault struct {
	ring
	names   []string
	flag    string // that names the keys that seal: "--key" if empty
	kms     []string
	context []string
	format  string
	unbound bool
	profile string
	region  string

	recipients, recipientFiles, identityFiles []string
	suites                                    []string
	sealedAs                                  string

	client *objects.Client
	locked []string // keys that were not tried
}

func (v *vault) flags(c *cobra.Command) {
	v.ring.flags(c)
	f := c.Flags()
	f.StringArrayVar(&v.kms, "kms", nil, "the `ARN` of an AWS KMS key besides; may be repeated")
	f.StringArrayVar(&v.context, "context", nil, "`name=value` that is bound in, readable by everybody; may be repeated")
	f.BoolVar(&v.unbound, "unbound", false, "do not bind bucket and key in, or do not demand it")
	f.StringVar(&v.profile, "profile", "", "the AWS `profile` to use")
	f.StringVar(&v.region, "region", "", "the AWS `Region` to ask first")
}

func (v *vault) sealFlags(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVar(&v.recipients, "recipient", nil, "an age `recipient`, with --format age; may be repeated")
	f.StringArrayVar(&v.recipientFiles, "recipients-file", nil, "a `file` of age recipients, with --format age; may be repeated")
}

func (v *vault) openFlags(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVar(&v.identityFiles, "identity", nil, "a `file` of age identities; may be repeated")
	f.StringArrayVar(&v.suites, "suite", nil, "admit an older `suite` that does not commit to its key, such as 0x0178; may be repeated")
	f.StringVar(&v.sealedAs, "sealed-as", "", "the `s3://bucket/key` that the object was sealed as, if it was moved since")
}

// objects is the client of S3 and KMS.
func (v *vault) objects(ctx context.Context) (*objects.Client, error) {
	if v.client == nil {
		client, err := objects.New(ctx, objects.Options{Profile: v.profile, Region: v.region})
		if err != nil {
			return nil, err
		}
		v.client = client
	}
	return v.client, nil
}

// parseContext reads the --context flags.
func (v *vault) parseContext() (map[string]string, error) {
	pairs := map[string]string{}
	for _, text := range v.context {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, usage("--context %q: name=value is wanted", text)
		}
		if name == seal.ContextBucket || name == seal.ContextKey {
			return nil, usage("--context %s: that is bound in by itself for what is in S3; see --unbound and --sealed-as", name)
		}
		if _, twice := pairs[name]; twice {
			return nil, usage("--context %s is given twice", name)
		}
		pairs[name] = value
	}
	return pairs, nil
}

// parseFormat reads the --format flag; only open knows s3ec.
func (v *vault) parseFormat(admitted ...seal.Format) (seal.Format, error) {
	format := seal.Format(v.format)
	if format != seal.Unknown && !slices.Contains(admitted, format) {
		return "", usage("--format %q: %s is wanted", v.format, list(admitted))
	}
	return format, nil
}

func list(formats []seal.Format) string {
	text := ""
	for i, f := range formats {
		switch {
		case i > 0 && i == len(formats)-1:
			text += " or "
		case i > 0:
			text += ", "
		}
		text += string(f)
	}
	return text
}

func (v *vault) wrapping(ctx context.Context) ([]esdk.WrappingKey, error) {
	var keys []esdk.WrappingKey
	for _, arn := range v.kms {
		client, err := v.objects(ctx)
		if err != nil {
			return nil, err
		}
		key, err := client.KMS(arn)
		if err != nil {
			return nil, usage("--kms: %v", err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// sealing finds the keys that seal: those named, or the only one there is.
func (v *vault) sealing(c *cobra.Command) (seal.SealOptions, error) {
	var opts seal.SealOptions
	var err error
	if opts.Format, err = v.parseFormat(seal.ESDK, seal.AgeFormat); err != nil {
		return opts, err
	}
	if opts.Context, err = v.parseContext(); err != nil {
		return opts, err
	}
	if opts.Wrapping, err = v.wrapping(c.Context()); err != nil {
		return opts, err
	}
	if opts.Recipients, err = v.parseRecipients(); err != nil {
		return opts, err
	}
	if len(opts.Recipients) > 0 && opts.Format != seal.AgeFormat {
		return opts, usage("--recipient and --recipients-file are for --format age")
	}
	ring, err := v.ring.open()
	if err != nil {
		return opts, err
	}
	names, flag := v.names, cmp.Or(v.flag, "--key")
	if len(names) == 0 && len(opts.Recipients) == 0 {
		name, err := onlyKey(ring, opts.Format, flag)
		if err != nil {
			return opts, err
		}
		names = []string{name}
	}
	for _, text := range names {
		name, version, err := label(text)
		if err != nil {
			return opts, err
		}
		keys, err := pick(ring, name, version)
		if err != nil {
			return opts, usage("%s: %v", flag, err)
		}
		k := keys[0] // the newest
		if opts.Format == seal.AgeFormat && k.Kind != seal.Age {
			return opts, usage("%s %s is of kind %s: --format age needs one of kind age", flag, text, k.Kind)
		}
		if opts.Format != seal.AgeFormat && k.Kind == seal.Age {
			return opts, usage("%s %s is of kind age: add --format age", flag, text)
		}
		if k.Kind == seal.AES {
			if err := v.unlock(c, k); err != nil {
				return opts, err
			}
		}
		opts.Keys = append(opts.Keys, k)
	}
	return opts, nil
}

// onlyKey is the name of the only key that fits a format.
func onlyKey(ring seal.Ring, format seal.Format, flag string) (string, error) {
	keys, err := ring.Keys()
	if err != nil {
		return "", err
	}
	names := map[string]bool{}
	for _, k := range keys {
		if (k.Kind == seal.Age) == (format == seal.AgeFormat) {
			names[k.Name] = true
		}
	}
	sorted := slices.Sorted(maps.Keys(names))
	switch {
	case len(sorted) == 1:
		return sorted[0], nil
	case len(sorted) == 0 && format == seal.AgeFormat:
		return "", usage("there is no key of kind age in %s: make one with `onus key new NAME --kind age`, or name a --recipient", ring.Dir())
	case len(sorted) == 0:
		return "", usage("there is no key in %s: make one with `onus key new NAME`", ring.Dir())
	}
	return "", usage("there are several keys (%s): choose with %s", strings.Join(sorted, ", "), flag)
}

func (v *vault) parseRecipients() ([]age.Recipient, error) {
	var all []age.Recipient
	for _, text := range v.recipients {
		found, err := age.ParseRecipients(strings.NewReader(text))
		if err != nil {
			return nil, usage("--recipient %q is no age recipient: it starts with age1", text)
		}
		all = append(all, found...)
	}
	for _, path := range v.recipientFiles {
		f, err := os.Open(path)
		if err != nil {
			return nil, usage("--recipients-file: %v", err)
		}
		found, err := age.ParseRecipients(f)
		f.Close()
		if err != nil {
			return nil, usage("--recipients-file %s: it holds no age recipients, one a line", path)
		}
		all = append(all, found...)
	}
	return all, nil
}

// opening finds the keys that may open: those named, or all there are.
func (v *vault) opening(c *cobra.Command) (seal.OpenOptions, error) {
	var opts seal.OpenOptions
	var err error
	if opts.Format, err = v.parseFormat(seal.ESDK, seal.AgeFormat, seal.S3EC); err != nil {
		return opts, err
	}
	if opts.Context, err = v.parseContext(); err != nil {
		return opts, err
	}
	if opts.Wrapping, err = v.wrapping(c.Context()); err != nil {
		return opts, err
	}
	if opts.Suites, err = v.parseSuites(); err != nil {
		return opts, err
	}
	for _, path := range v.identityFiles {
		f, err := os.Open(path)
		if err != nil {
			return opts, usage("--identity: %v", err)
		}
		found, err := age.ParseIdentities(f)
		f.Close()
		if err != nil {
			return opts, usage("--identity %s: it holds no age identities, one a line", path) // age's error may quote one
		}
		opts.Identities = append(opts.Identities, found...)
	}
	opts.Unbound = v.unbound
	ring, err := v.ring.open()
	if err != nil {
		return opts, err
	}
	if err := v.openingKeys(c, ring, &opts); err != nil {
		return opts, err
	}
	// Who names only keys of age means age, which binds nothing to its place.
	aged := len(v.names) > 0 || len(v.identityFiles) > 0
	for _, k := range opts.Keys {
		aged = aged && k.Kind == seal.Age
	}
	if opts.Format == seal.Unknown && aged && len(v.kms) == 0 {
		opts.Format = seal.AgeFormat
	}
	if opts.Format == seal.AgeFormat {
		if len(opts.Context) > 0 {
			return opts, usage("age has no context: leave --context out")
		}
		opts.Unbound = true
	}
	return opts, nil
}

func (v *vault) openingKeys(c *cobra.Command, ring seal.Ring, opts *seal.OpenOptions) error {
	if len(v.names) > 0 {
		for _, text := range v.names {
			name, version, err := label(text)
			if err != nil {
				return err
			}
			keys, err := pick(ring, name, version)
			if err != nil {
				return usage("--key: %v", err)
			}
			for _, k := range keys {
				if err := v.unlock(c, k); err != nil {
					return err
				}
				opts.Keys = append(opts.Keys, k)
			}
		}
		return nil
	}
	if len(v.identityFiles) > 0 {
		return nil
	}
	keys, err := ring.Keys()
	if err != nil {
		return err
	}
	passphrase, said, err := v.saidPassphrase()
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.Locked() && (!said || k.Unlock(passphrase) != nil) {
			v.locked = append(v.locked, k.Label())
			continue
		}
		opts.Keys = append(opts.Keys, k)
	}
	if len(opts.Keys) == 0 && len(v.locked) > 0 && len(opts.Wrapping) == 0 {
		if said {
			return usage("the passphrase that was given is of none of the keys (%s)", strings.Join(v.locked, ", "))
		}
		return usage("all keys are locked (%s): name one with --key to be asked for its passphrase", strings.Join(v.locked, ", "))
	}
	if len(keys) == 0 && len(opts.Wrapping) == 0 {
		return usage("there is no key in %s: import one with `onus key import`, or name the folder with --keys", ring.Dir())
	}
	return nil
}

// tried adds to an error that keys were not tried because they are locked.
func (v *vault) tried(err error) error {
	if errors.Is(err, seal.ErrOpen) && len(v.locked) > 0 {
		return fmt.Errorf("%w; not tried, since locked: %s (name it with --key)", err, strings.Join(v.locked, ", "))
	}
	return err
}

func (v *vault) parseSuites() ([]esdk.Suite, error) {
	if len(v.suites) == 0 {
		return nil, nil
	}
	suites := []esdk.Suite{esdk.AES256GCMCommit, esdk.AES256GCMCommitSigned}
	for _, text := range v.suites {
		n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(text), "0x"), 16, 16)
		if err != nil {
			return nil, usage("--suite %q: a number such as 0x0178 is wanted", text)
		}
		suites = append(suites, esdk.Suite(n))
	}
	return suites, nil
}

// here is the context that a place demands or gives.
func (v *vault) here(pairs map[string]string, at objects.Location, remote bool) map[string]string {
	if !remote || v.unbound {
		return pairs
	}
	all := maps.Clone(pairs)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, seal.PlaceContext(at.Bucket, at.Key))
	return all
}
