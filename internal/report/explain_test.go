package report

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/answer"
)

func explain(t *testing.T, r *answer.Report, key string) string {
	t.Helper()
	var b bytes.Buffer
	if err := Explain(&b, r, key, Options{Width: 100}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestExplain(t *testing.T) {
	t.Parallel()
	for key, file := range map[string]string{
		"network-lockdown":        "explain-practice.txt",
		"net-bucket-blocked":      "explain-control.txt",
		"claim-2":                 "explain-claim.txt",
		"launch-template/lt-0web": "explain-cause.txt",
		"jenkins":                 "explain-resource.txt",
		"client-side-encryption":  "explain-not-declared.txt",
		"sgr-0bb2":                "explain-rule.txt",
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			golden(t, file, []byte(explain(t, sample(), key)))
		})
	}
}

func TestExplainTakesEveryName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ key, want string }{
		{"NET-BUCKET-BLOCKED", "no bucket is open to everybody"},
		{"shop: operating systems, engines and runtimes are supported and current", "claim-3"},
		{"arn:aws:ec2:us-east-1:111122223333:instance/i-0f3c9a7e51d2b8c46", "instance jenkins"},
		{"i-0f3c9a7e51d2b8c46", "instance jenkins"},
		{"bucket/acme-partner-exports", "its policy lets everybody read"},
		{"--all", "7. listener 80 of shop"},
	} {
		if got := explain(t, sample(), test.key); !strings.Contains(got, test.want) {
			t.Errorf("%s: %q is missing in:\n%s", test.key, test.want, got)
		}
	}
}

func TestExplainListsEveryMember(t *testing.T) {
	t.Parallel()
	const n = 3000
	got := explain(t, many(n, 1), "security-group-rule/sgr-000000")
	if listed := strings.Count(got, "✗ instance"); listed != n {
		t.Errorf("%d counter-examples are listed, want %d", listed, n)
	}
}

func TestExplainSaysWhatWouldHaveTold(t *testing.T) {
	t.Parallel()
	got := strings.Join(strings.Fields(explain(t, sample(), "net-bucket-blocked")), " ")
	for _, want := range []string{"s3:GetBucketPolicy of acme-archive-of-logs", "denied (AccessDenied)", "allow s3:GetBucketPolicy to the role that reads acme-archive"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
}

func TestExplainOfNothingSaysWhatIsNear(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ key, near string }{
		{"net-bucket-blockd", "net-bucket-blocked"},
		{"jenkinz", "jenkins"},
		{"ssh", "net-no-ssh-from-internet"},
		{"claim-9", "claim-1"},
	} {
		var b bytes.Buffer
		err := Explain(&b, sample(), test.key, Options{})
		var notFound *NotFoundError
		if !errors.As(err, &notFound) {
			t.Errorf("%s: got %v, want a NotFoundError", test.key, err)
			continue
		}
		if len(notFound.Near) == 0 || notFound.Near[0] != test.near {
			t.Errorf("%s: near are %q, want %s first", test.key, notFound.Near, test.near)
		}
		if b.Len() > 0 {
			t.Errorf("%s: it writes %q", test.key, b.String())
		}
	}
	for _, key := range []string{"", "zzzzzzzzzzzzzzzzzzzz", strings.Repeat("x", 5000), "\x1b[31m"} {
		if err := Explain(&bytes.Buffer{}, sample(), key, Options{}); err == nil || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: got %v, want an error that can be shown", key, err)
		}
	}
}
