// Package cli is the command line: one file a command. It is the only place that wires packages together: it takes what
// the user typed, lets collect or responses produce a set, load make the estate, control judge it, exposure rank it and
// report show it. stdout is the answer, stderr the conversation; errors are one line that says what to do next.
package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/onus-cloud/onus/internal/report"
)

// The exit codes of the design.
const (
	exitHolds   = 0
	exitFailure = 1
	exitUsage   = 2
	exitBroken  = 3
	exitUnknown = 4
)

// exit is an error that carries an exit code; its text, if any, is shown.
type exit struct {
	code int
	err  error
}

func (e exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e exit) Unwrap() error { return e.err }

// usage marks an error as the user's: exit code 2.
func usage(format string, args ...any) error { return exit{exitUsage, fmt.Errorf(format, args...)} }

// Main runs one command and returns its exit code.
func Main(ctx context.Context, args []string, in io.Reader, out, err io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends what does not hear the first
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(err)
	failure := execute(ctx, root, args)
	if failure == nil {
		return exitHolds
	}
	code := exitFailure
	if e := (exit{}); errors.As(failure, &e) {
		code = e.code
	}
	if failure.Error() != "" {
		warn(err, failure)
	}
	return code
}

// warn tells a person something beside the answer. What came from elsewhere, such as a name in a bucket, does not act on the terminal.
func warn(w io.Writer, err error) {
	fmt.Fprintln(w, report.Plain("onus: "+strings.TrimPrefix(err.Error(), "onus: "), true))
}

var errInterrupted = errors.New("interrupted")

// cleans are the commands that have something to end when they are interrupted: an upload, a file, what a terminal shows.
var cleans = []string{"seal", "open", "reseal", "cat", "key", "collect"}

// execute runs a command until it ends. One that only reads and computes is left where it is when a signal comes.
func execute(ctx context.Context, root *cobra.Command, args []string) error {
	command, _, err := root.Find(args)
	for err == nil && command.HasParent() && command.Parent() != root {
		command = command.Parent()
	}
	if err != nil || slices.Contains(cleans, command.Name()) {
		return root.ExecuteContext(ctx)
	}
	ended := make(chan error, 1)
	go func() { ended <- root.ExecuteContext(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return errInterrupted
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "onus",
		Short: "read AWS accounts and answer what their owners believe",
		Long: `Onus reads AWS accounts and answers sentences about them: each holds, is broken
(with a counter-example), is unknown (naming what could not be read) or is excused
until a date. It only ever reads.

Start with: onus demo`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%v: see `%s --help`", err, c.CommandPath())
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Hidden: true})
	root.AddCommand(
		newDemo(),
		newCheck(),
		newCollect(),
		newExplain(),
		newReach(),
		newSentences(),
		newDiff(),
		newClaims(),
		newPolicy(),
		newKey(),
		newSeal(),
		newOpen(),
		newReseal(),
		newCat(),
		newSimulate(),
		newIAMData(),
		newCan(),
		newWhoCan(),
		newPaths(),
		newBlast(),
		newUnused(),
	)
	for _, c := range root.Commands() {
		argsAreUsage(c)
	}
	root.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usage("there is no command %q: see `onus --help`", args[0])
		}
		return nil
	}
	root.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	return root
}

// argsAreUsage makes wrong arguments a usage error that says how it is done.
func argsAreUsage(c *cobra.Command) {
	check := c.Args
	if check == nil {
		check = cobra.NoArgs
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return usage("%v: see `%s --help`", err, c.CommandPath())
		}
		return nil
	}
	for _, sub := range c.Commands() {
		argsAreUsage(sub)
	}
}

// screen says how wide a stream is and whether it may be coloured. What is piped on, to a pager say, is as wide as the
// terminal that shows the conversation, if one does.
func screen(c *cobra.Command, w io.Writer) (width int, color, ascii bool) {
	locale := cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_CTYPE"), os.Getenv("LANG"))
	ascii = locale != "" && !strings.Contains(strings.ToUpper(locale), "UTF")
	for i, stream := range []any{w, c.ErrOrStderr()} {
		if f, ok := stream.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			if width, _, err := term.GetSize(int(f.Fd())); err == nil {
				return width, i == 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", ascii
			}
		}
	}
	return 100, false, ascii
}
