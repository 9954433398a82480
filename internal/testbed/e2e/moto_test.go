package e2e

import (
	"cmp"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/onus-cloud/onus/internal/testbed"
)

// TestMoto reads the seeded estate whole, then with everything that can go wrong.
func TestMoto(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t)
	estate := seed(t, bed)
	whole, _ := check(t, bed.Env(""), estate.scope()...)

	t.Run("verdicts", func(t *testing.T) {
		t.Parallel()
		for _, want := range estate.Expectations {
			q := question{want.Control, want.Account, want.Region, want.Subject}
			if got := whole[q]; got != want.Verdict {
				t.Errorf("%s: %s, want %s", q, cmp.Or(got, "not said"), want.Verdict)
			}
		}
	})

	t.Run("recording", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(t.TempDir(), "recording")
		if r := onus(t, bed.Env(""), append([]string{"collect", "-o", dir}, estate.scope()...)...); r.code != 0 {
			t.Fatalf("exit code %d: %s", r.code, r.stderr)
		}
		recorded, r := check(t, nil, "--from", dir)
		same(t, "from the recording", whole, recorded)

		estate.leaks(t, "the JSON report", r.stdout)
		estate.leaks(t, "stderr", r.stderr)
		for name, text := range recordingFiles(t, dir) {
			estate.leaks(t, name, text)
		}
		for _, format := range []string{"text", "html"} {
			r := onus(t, nil, "check", "--from", dir, "--format", format, "--all")
			estate.leaks(t, "the report as "+format, r.stdout)
			if len(r.stdout) < 500 {
				t.Errorf("the report as %s is empty: %s", format, r.stderr)
			}
		}
	})

	t.Run("AWS CLI", func(t *testing.T) { t.Parallel(); fromAWSCLI(t, bed, estate) })

	// The rest reads one account.
	one := []string{"--region", "us-east-1", "--region", "eu-west-1", "--role-arn", "arn:aws:iam::111122223333:role/Onus"}
	undisturbed, _ := check(t, bed.Env(""), one...)

	// Things that pass: the answers are those of an undisturbed reading.
	for _, test := range []struct {
		name string
		rule testbed.Rule
	}{
		{"throttled now and then", testbed.Rule{Probability: 0.1, Fault: testbed.Throttle}},
		{"an error now and then", testbed.Rule{Probability: 0.03, Fault: testbed.ServerError}},
		{"a reset now and then", testbed.Rule{Probability: 0.03, Fault: testbed.Reset}},
		{"a broken-off body now and then", testbed.Rule{Probability: 0.03, Fault: testbed.Truncate}},
		{"pages of one", testbed.Rule{Fault: testbed.Pages(1)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, _ := check(t, bed.With(t, test.rule).Env(""), one...)
			same(t, test.name, undisturbed, got)
		})
	}

	// Things that stay: what could not be read is unknown, and nothing else changes.
	for _, test := range []struct {
		name    string
		rule    testbed.Rule
		unknown question // one that must have become unknown
	}{
		{"volumes denied", testbed.Rule{Operation: "DescribeVolumes", Region: "us-east-1", Fault: testbed.Deny},
			question{"rest-volume-encrypted", "111122223333", "us-east-1", "us-east-1"}},
		{"volumes throttled for ever", testbed.Rule{Operation: "DescribeVolumes", Region: "us-east-1", Fault: testbed.Throttle},
			question{"rest-volume-encrypted", "111122223333", "us-east-1", "us-east-1"}},
		{"volumes always break off", testbed.Rule{Operation: "DescribeVolumes", Region: "us-east-1", Fault: testbed.Truncate},
			question{"rest-volume-encrypted", "111122223333", "us-east-1", "us-east-1"}},
		{"volumes hand out one token again and again", testbed.Rule{Operation: "DescribeVolumes", Region: "us-east-1", Fault: testbed.RepeatToken(1)},
			question{"rest-volume-encrypted", "111122223333", "us-east-1", "us-east-1"}},
		{"a Region that the account has not enabled", testbed.Rule{Region: "eu-west-1", Fault: testbed.RegionDisabled},
			question{"rest-volume-encrypted", "111122223333", "eu-west-1", "eu-west-1"}},
		{"a Region that the organisation closes", testbed.Rule{Region: "eu-west-1", Fault: testbed.DenyByOrganization},
			question{"rest-volume-encrypted", "111122223333", "eu-west-1", "eu-west-1"}},
		{"one bucket's policy denied", testbed.Rule{Service: "s3", Operation: "GetBucketPolicy", About: "half-111122223333", Fault: testbed.Deny},
			question{"tls-s3-required", "111122223333", "us-east-1", "half-111122223333"}},
		{"all of IAM fails", testbed.Rule{Service: "iam", Fault: testbed.ServerError},
			question{"lp-console-users-mfa", "111122223333", "global", "111122223333"}},
		{"the token expires", testbed.Rule{Service: "ec2", Region: "us-east-1", Operation: "DescribeVolumes", Fault: testbed.ExpiredToken},
			question{"rest-volume-encrypted", "111122223333", "us-east-1", "us-east-1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, r := check(t, bed.With(t, test.rule).Env(""), one...)
			weaker(t, test.name, undisturbed, got)
			if got[test.unknown] != "unknown" && !unknownPlace(got, test.unknown) {
				t.Errorf("%s: %s, want unknown", test.unknown, cmp.Or(got[test.unknown], "not said"))
			}
			estate.leaks(t, "stderr", r.stderr)
		})
	}
}

// recordingFiles returns what stands in a recording's files, uncompressed, and fails for files that others can read.
func recordingFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v: others can read it", name, info.Mode())
		}
		if entry.IsDir() {
			return nil
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		var r io.Reader = f
		if strings.HasSuffix(name, ".zst") {
			d, err := zstd.NewReader(f)
			if err != nil {
				return err
			}
			defer d.Close()
			r = d
		}
		text, err := io.ReadAll(r)
		texts[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(texts) < 20 {
		t.Errorf("the recording has only %d files", len(texts))
	}
	return texts
}
