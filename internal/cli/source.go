package cli

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/catalog"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/collect"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/demo"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/load"
	"github.com/onus-cloud/onus/internal/responses"
)

// source is where a command's facts come from: flags that check, explain, diff and claims init share.
type source struct {
	from   string
	asOf   string
	claims string
	now    string
	// receipts is the folder of receipts; empty for the one that the claims file names.
	receipts string
	live
}

func (s *source) flags(c *cobra.Command) {
	s.where(c)
	f := c.Flags()
	f.StringVar(&s.claims, "claims", "", "the claims file (default: onus.yaml, if there is one)")
	f.StringVar(&s.now, "now", "", "the date by which excuses end, instead of today")
	f.StringVar(&s.receipts, "receipts", "", "the `folder` of receipts of canaries (default: what the claims file names)")
}

// where adds the flags that say what to read: all that a command needs that asks nothing of the claims file.
func (s *source) where(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&s.from, "from", "", "read a recording, a zip of one, a folder of AWS CLI output, or `demo`, instead of AWS")
	f.StringVar(&s.asOf, "as-of", "", "when the AWS CLI output was made, as 2026-11-23 or 2026-11-23T12:00:00Z (default: the newest file's time)")
	s.live.flags(c)
}

// facts are what a source gives: responses, the claims file, and the clock by which excuses end.
type facts struct {
	set      *responses.Set
	declared *claims.File
	suite    control.Suite
	now      time.Time
	isDemo   bool

	receipts estate.Known[[]estate.Receipt]
	problems []responses.Problem // of receipts
}

// open checks the claims file first, so that a mistake in it costs no call, and then reads.
func (s *source) open(c *cobra.Command) (*facts, error) {
	suite, err := catalog.Suite()
	if err != nil {
		return nil, err
	}
	f := &facts{suite: suite, now: time.Now().UTC(), isDemo: s.from == "demo"}
	if s.now != "" {
		if f.now, err = parseTime(s.now); err != nil {
			return nil, usage("--now: %v", err)
		}
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	if f.isDemo {
		if s.now == "" {
			f.now = demo.Now
		}
		if f.declared, err = readClaims(suite, "the demo's onus.yaml", demo.Claims()); err != nil {
			return nil, err
		}
		if s.claims != "" {
			if f.declared, err = s.readClaims(suite); err != nil {
				return nil, err
			}
		}
	} else if f.declared, err = s.readClaims(suite); err != nil {
		return nil, err
	}
	if err := s.readReceipts(f); err != nil {
		return nil, err
	}
	if err := s.live.declare(f.declared); err != nil {
		return nil, err
	}
	f.set, err = s.read(c)
	return f, err
}

// check refuses flags that say two things.
func (s *source) check() error {
	if s.from != "" && s.live.given() {
		return usage("--from reads no AWS account: leave --profile, --role-arn, --org-role, --last-accessed and --sample out, or --from")
	}
	if s.asOf != "" && s.from == "" {
		return usage("--as-of is for a folder of AWS CLI output: name it with --from")
	}
	return nil
}

// read reads what --from names, or AWS.
func (s *source) read(c *cobra.Command) (*responses.Set, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if s.from == "" {
		return s.live.collect(c, nil)
	}
	set, err := readFrom(s.from, s.asOf, s.live.regions...)
	if err == nil && len(s.live.regions) > 0 {
		set.Scope.Regions = s.live.regions
	}
	return set, err
}

// estate reads, says what could not be understood, and returns the estate and where it is from.
func (s *source) estate(c *cobra.Command) (*estate.Estate, string, error) {
	set, err := s.read(c)
	if err != nil {
		return nil, "", err
	}
	e, problems := load.Load(set)
	for _, p := range append(set.Problems, problems...) {
		fmt.Fprintln(c.ErrOrStderr(), "onus: "+p.String())
	}
	return e, set.Source, nil
}

func (s *source) readClaims(suite control.Suite) (*claims.File, error) {
	name := s.claims
	if name == "" {
		name = "onus.yaml"
	}
	src, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && s.claims == "":
		return &claims.File{}, nil
	case err != nil:
		return nil, usage("claims file: %v", err)
	}
	return readClaims(suite, name, src)
}

// readClaims reads a claims file; with a mistake in it nothing is evaluated, and all mistakes are said.
func readClaims(suite control.Suite, name string, src []byte) (*claims.File, error) {
	file, mistakes := suite.Language.Parse(name, src)
	if len(mistakes) == 0 {
		return file, nil
	}
	var lines []string
	for _, m := range mistakes {
		lines = append(lines, m.Error())
	}
	return nil, exit{exitUsage, errors.New(strings.Join(lines, "\n"))}
}

// readFrom reads what --from names; regions are those of --region.
func readFrom(from, asOf string, regions ...string) (*responses.Set, error) {
	if from == "demo" {
		return demo.Recording()
	}
	info, err := os.Stat(from)
	if err != nil {
		return nil, usage("--from: %v: name a recording, a folder of AWS CLI output, or demo", err)
	}
	var folder fs.FS = os.DirFS(from)
	if !info.IsDir() {
		body, err := os.ReadFile(from)
		if err != nil {
			return nil, usage("--from: %v", err)
		}
		if folder, err = zip.NewReader(bytes.NewReader(body), int64(len(body))); err != nil {
			return nil, usage("--from %s: neither a folder nor a zip of a recording: %v", from, err)
		}
	}
	if responses.IsRecording(folder) {
		if asOf != "" {
			return nil, usage("--as-of is for a folder of AWS CLI output: a recording knows its own time")
		}
		return responses.ReadRecording(folder, "recording "+from)
	}
	when, err := importTime(folder, asOf)
	if err != nil {
		return nil, err
	}
	set, err := responses.ReadAWSCLI(folder, "AWS CLI output in "+from, when, responses.NewRedactor(nil), regions...)
	if err != nil {
		return nil, usage("--from: %v", err)
	}
	return set, nil
}

// importTime is what --as-of says, or else the time of the newest file.
func importTime(folder fs.FS, asOf string) (time.Time, error) {
	if asOf != "" {
		t, err := parseTime(asOf)
		if err != nil {
			return t, usage("--as-of: %v", err)
		}
		return t, nil
	}
	var newest time.Time
	err := fs.WalkDir(folder, ".", func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil // the import itself names what it cannot read
		}
		if info, err := entry.Info(); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
		return nil
	})
	return newest.UTC(), err
}

func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time: write 2026-11-23 or 2026-11-23T12:00:00Z", s)
}

// live are the flags that say which accounts to read.
type live struct {
	profile  string
	regions  []string
	roleARNs []string
	orgRole  string
	// sample is how many objects are looked at under each of prefixes, which the claims file declares; 0 for none.
	sample   int
	prefixes []collect.Prefix
	// lastAccessed has AWS report what each principal used: it takes minutes in a large account.
	lastAccessed bool
}

func (l *live) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&l.profile, "profile", "", "the profile of the AWS configuration to use")
	f.StringSliceVar(&l.regions, "region", nil, "read only this Region; may be repeated (default: every enabled Region)")
	f.StringArrayVar(&l.roleARNs, "role-arn", nil, "read the account of this role instead, by assuming it; may be repeated")
	f.IntVar(&l.sample, "sample", 0, "look at the first KiB of up to this `number` of objects in each place that a claim says is encrypted with a local key")
	f.StringVar(&l.orgRole, "org-role", "", "read every account of the organisation, by assuming the role of this `name` in each")
	f.BoolVar(&l.lastAccessed, "last-accessed", false, "read as well what each user, group and role last used: two calls or more for each")
}

func (l *live) given() bool {
	return l.profile != "" || len(l.roleARNs) > 0 || l.orgRole != "" || l.lastAccessed || l.sample != 0
}

func (l *live) check() error {
	for _, r := range l.regions {
		if strings.ContainsAny(r, " /") || strings.Count(r, "-") < 2 {
			return usage("--region %s: that is not the name of a Region: us-east-1, eu-west-1 ...", r)
		}
	}
	for _, arn := range l.roleARNs {
		if parts := strings.Split(arn, ":"); len(parts) != 6 || parts[2] != "iam" || !strings.HasPrefix(parts[5], "role/") {
			return usage("--role-arn %s: that is not a role's ARN: arn:aws:iam::111122223333:role/Reader", arn)
		}
	}
	if l.sample < 0 || l.sample > mostSampled {
		return usage("--sample %d: 1 to %d objects of each place", l.sample, mostSampled)
	}
	if slices.Contains(l.regions, "global") {
		return usage("--region global: services without Regions are always read")
	}
	return nil
}

const mostSampled = 100_000

// declare takes the places to look into from the claims file: nothing else is ever looked into.
func (l *live) declare(file *claims.File) error {
	if l.sample <= 0 { // what is below, check refuses
		return nil
	}
	for _, p := range file.S3Places() {
		l.prefixes = append(l.prefixes, collect.Prefix(p))
	}
	if len(l.prefixes) == 0 {
		return usage(`--sample: no claim says where to look: write "s3://bucket/prefix is encrypted with a local key" into the claims file`)
	}
	return nil
}
