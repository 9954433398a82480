package control

import (
	"testing"
	"time"

	"github.com/onus-cloud/onus/internal/estate"
)

func TestAge(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		age  time.Duration
		want string
	}{
		{0, "0 minutes"}, {time.Minute, "1 minute"}, {119 * time.Minute, "119 minutes"}, {2 * time.Hour, "2 hours"},
		{47 * time.Hour, "47 hours"}, {48 * time.Hour, "2 days"}, {1862 * 24 * time.Hour, "1,862 days"},
		{100000 * 24 * time.Hour, "100,000 days"}, {-5 * time.Minute, "-5 minutes"},
	} {
		if got := Age(test.age); got != test.want {
			t.Errorf("Age(%v) = %q, want %q", test.age, got, test.want)
		}
	}
}

func TestCauseKey(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		ref  estate.Ref
		want string
	}{
		{estate.Ref{Kind: "instance", Account: "111122223333", Region: "us-east-1", ID: "i-0abc"}, "instance/i-0abc/image"},
		{estate.Ref{Kind: "auto-scaling-group", Account: "111122223333", Region: "us-east-1", ID: "web"}, "auto-scaling-group/111122223333/us-east-1/web/image"},
	} {
		if got := CauseKey(test.ref, "image"); got != test.want {
			t.Errorf("CauseKey(%v) = %q, want %q", test.ref, got, test.want)
		}
	}
}

func TestShellQuote(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"web-asg": "web-asg", "": "''", "two words": "'two words'", "$(id)": "'$(id)'", "a'; id; '": `'a'\''; id; '\'''`,
		"arn:aws:lambda:us-east-1:111122223333:function:f": "arn:aws:lambda:us-east-1:111122223333:function:f",
	} {
		if got := ShellQuote(in); got != want {
			t.Errorf("ShellQuote(%q) = %s, want %s", in, got, want)
		}
	}
}
