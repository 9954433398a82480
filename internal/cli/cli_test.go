package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"onus": func() {
			code := Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
			if err := os.WriteFile(os.Getenv("ONUS_TEST_STATUS"), []byte(strconv.Itoa(code)), 0o600); err != nil {
				panic(err)
			}
			os.Exit(code)
		},
	})
}

// TestScripts runs the command as a user would; each script is a story.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			// No credentials of the machine, and no service that hands them out.
			e.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			e.Setenv("AWS_CONFIG_FILE", "none")
			e.Setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
			e.Setenv("ONUS_TEST_STATUS", filepath.Join(e.WorkDir, ".status"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status},
	})
}

// status compares the exit code of the last onus: "status 3".
func status(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 1 {
		ts.Fatalf("usage: status CODE")
	}
	if got := ts.ReadFile(".status"); got != args[0] {
		ts.Fatalf("the exit code is %s, want %s", got, args[0])
	}
}

// What computes hears no context: it is left where it is.
func TestASignalEndsWhatComputes(t *testing.T) {
	t.Parallel()
	ctx, signal := context.WithCancel(t.Context())
	in, feed := io.Pipe()
	t.Cleanup(func() { feed.Close() })
	go func() {
		io.WriteString(feed, "{") // taken once the command reads; no line follows
		signal()
	}()
	var problems bytes.Buffer
	if code := Main(ctx, []string{"simulate", "-"}, in, io.Discard, &problems); code != exitFailure || problems.String() != "onus: interrupted\n" {
		t.Errorf("exit code %d, %q", code, &problems)
	}
}
