// Package e2e runs onus as a user does, as a process of its own, against an AWS server that nobody here wrote.
package e2e

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/cli"
	"github.com/onus-cloud/onus/internal/testbed"
)

// asOnus, in the environment, makes the test's own binary be onus: it is built already, with everything in it.
const asOnus = "ONUS_TEST_RUNS_ONUS"

func TestMain(m *testing.M) {
	if os.Getenv(asOnus) != "" {
		os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// result is what one run of onus said.
type result struct {
	stdout, stderr string
	code           int
}

// onus runs a command in a folder of its own.
func onus(t *testing.T, env []string, args ...string) result {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = home
	cmd.Env = append(slices.Clone(env), asOnus+"=1", "HOME="+home)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	r := result{out.String(), problems.String(), cmd.ProcessState.ExitCode()}
	if strings.Contains(r.stderr, "goroutine ") || strings.Contains(r.stderr, "panic:") {
		t.Errorf("onus %s panics:\n%s", strings.Join(args, " "), r.stderr)
	}
	return r
}

// report is what the tests look at of the JSON report.
type report struct {
	Schema    string
	Practices []answer
	Controls  []answer
}

type answer struct {
	ID              string
	Verdict         string
	CounterExamples []struct{ Subject ref }
	Doubts          []struct {
		Subject ref
		Text    string
		Gaps    []struct{ Account, Region, Operation, Code, Why string }
	}
	Held []ref
}

type ref struct{ Kind, Account, Region, ID, ARN, Name string }

// question is one control asked of one subject.
type question struct{ control, account, region, subject string }

func (q question) String() string {
	return fmt.Sprintf("%s of %s/%s/%s", q.control, q.account, q.region, q.subject)
}

func compareQuestions(a, b question) int { return strings.Compare(a.String(), b.String()) }

// verdicts are holds, broken or unknown, by question. A place whose subjects are not all known is a subject too.
type verdicts map[question]string

// check runs `onus check --format json` with these flags and returns the verdicts.
func check(t *testing.T, env []string, flags ...string) (verdicts, result) {
	t.Helper()
	r := onus(t, env, append([]string{"check", "--format", "json"}, flags...)...)
	var said report
	if err := json.Unmarshal([]byte(r.stdout), &said); err != nil {
		t.Fatalf("onus check %s: exit code %d: %v\n%s", strings.Join(flags, " "), r.code, err, r.stderr)
	}
	if said.Schema != "onus.answers/1" || len(said.Practices) != 12 {
		t.Errorf("schema %q, %d practices", said.Schema, len(said.Practices))
	}
	if want := exitCode(said); r.code != want {
		t.Errorf("onus check %s: exit code %d, the practices say %d", strings.Join(flags, " "), r.code, want)
	}
	all := verdicts{}
	for _, a := range said.Controls {
		add := func(s ref, verdict string) {
			all[question{a.ID, s.Account, s.Region, cmp.Or(s.ID, s.ARN)}] = verdict
		}
		for _, s := range a.Held {
			add(s, "holds")
		}
		for _, d := range a.Doubts {
			add(d.Subject, "unknown")
		}
		for _, c := range a.CounterExamples {
			add(c.Subject, "broken")
		}
	}
	return all, r
}

// exitCode is 3 where something is broken, 4 where only something is unknown.
func exitCode(r report) int {
	code := 0
	for _, p := range r.Practices {
		switch p.Verdict {
		case "broken":
			return 3
		case "unknown":
			code = 4
		}
	}
	return code
}

// same fails for every question that the two answer differently.
func same(t *testing.T, name string, want, got verdicts) {
	t.Helper()
	for _, q := range slices.SortedFunc(maps.Keys(want), compareQuestions) {
		if got[q] != want[q] {
			t.Errorf("%s: %s: %s, want %s", name, q, cmp.Or(got[q], "not said"), want[q])
		}
	}
	for _, q := range slices.SortedFunc(maps.Keys(got), compareQuestions) {
		if want[q] == "" {
			t.Errorf("%s: %s: %s, want nothing", name, q, got[q])
		}
	}
}

// weaker fails for every question of which the first answer is another than before, unless it is unknown now or its place is.
func weaker(t *testing.T, name string, before, now verdicts) {
	t.Helper()
	for _, q := range slices.SortedFunc(maps.Keys(now), compareQuestions) {
		if now[q] != "unknown" && now[q] != before[q] {
			t.Errorf("%s: %s: %s, was %s", name, q, now[q], cmp.Or(before[q], "nothing"))
		}
	}
	for _, q := range slices.SortedFunc(maps.Keys(before), compareQuestions) {
		if now[q] == "" && !unknownPlace(now, q) {
			t.Errorf("%s: %s was %s and is not even named as unknown", name, q, before[q])
		}
	}
}

// unknownPlace reports whether the place of a question's subject could not be read.
func unknownPlace(all verdicts, q question) bool {
	for _, place := range []question{
		{q.control, q.account, q.region, q.region}, {q.control, q.account, "global", q.account},
		{q.control, q.account, "*", q.account}, {q.control, "*", "*", "*"},
	} {
		if all[place] == "unknown" {
			return true
		}
	}
	return false
}

// estate is what the seed script prints.
type estate struct {
	Accounts     []string
	Expectations []struct{ Control, Account, Region, Subject, Verdict string }
	Secrets      []string
}

func seed(t *testing.T, bed *testbed.Bed) estate {
	t.Helper()
	var e estate
	if err := json.Unmarshal([]byte(bed.Seed(t, "estate.py")), &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// scope are the flags that read the seeded accounts and Regions.
func (e estate) scope() []string {
	flags := []string{"--region", "us-east-1", "--region", "eu-west-1"}
	for _, account := range e.Accounts {
		flags = append(flags, "--role-arn", "arn:aws:iam::"+account+":role/Onus")
	}
	return flags
}

// leaks fails for every planted secret that the text shows.
func (e estate) leaks(t *testing.T, where, text string) {
	t.Helper()
	for _, secret := range e.Secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%s shows the secret %q", where, secret)
		}
	}
}
