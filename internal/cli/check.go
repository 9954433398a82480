package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/report"
)

func newCheck() *cobra.Command {
	var s source
	var o output
	c := &cobra.Command{
		Use:   "check",
		Short: "read and answer: the main job",
		Long: `Reads AWS accounts (or, with --from, what was read before) and answers the twelve
practices and the claims of onus.yaml. Exit code: 0 all hold, 3 something is broken,
4 nothing is broken but something is unknown.`,
		Example: `  onus check
  onus check --profile audit --region us-east-1 --region eu-west-1
  onus check --org-role OnusReader --html onus-report.html
  onus check --from recording --format json`,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			f, err := s.open(c)
			if err != nil {
				return err
			}
			r := f.answers()
			again := "onus explain ID"
			if s.from != "" {
				again += " --from " + s.from
			}
			if err := o.write(c, r, []string{again}); err != nil {
				return err
			}
			if code := exitCode(r); code != exitHolds {
				return exit{code: code}
			}
			return nil
		},
	}
	s.flags(c)
	o.flags(c)
	return c
}

// exitCode says in one number how the practices and claims stand.
func exitCode(r *answer.Report) int {
	code := exitHolds
	for _, answers := range [][]answer.Answer{r.Practices, r.Claims} {
		for _, a := range answers {
			switch a.Verdict {
			case answer.Broken:
				return exitBroken
			case answer.Unknown:
				code = exitUnknown
			}
		}
	}
	return code
}

// output is where a report goes and in which form.
type output struct {
	format string
	html   string
	all    bool
}

func (o *output) flags(c *cobra.Command) {
	c.Flags().StringVar(&o.format, "format", "text", "text, json or html, on stdout")
	c.Flags().StringVar(&o.html, "html", "", "also write the HTML report to this `file`")
	c.Flags().BoolVar(&o.all, "all", false, "show every cause, not only the worst")
}

func (o *output) check() error {
	switch o.format {
	case "text", "json", "html":
		return nil
	}
	return usage("--format %s: text, json or html is wanted", o.format)
}

func (o *output) write(c *cobra.Command, r *answer.Report, next []string) error {
	if o.html != "" {
		if err := writeFile(o.html, func(w io.Writer) error { return report.HTML(w, r) }); err != nil {
			return err
		}
		if o.format != "text" {
			fmt.Fprintln(c.ErrOrStderr(), "the report is in "+o.html)
		}
	}
	out := c.OutOrStdout()
	switch o.format {
	case "json":
		return report.JSON(out, r)
	case "html":
		return report.HTML(out, r)
	}
	width, color, ascii := screen(c, out)
	options := report.Options{Width: width, Color: color, ASCII: ascii, HTMLPath: o.html, Next: next}
	if o.all {
		options.Causes = -1
	}
	return report.Text(out, r, options)
}

// writeFile writes a file that only its owner may read, whole or not at all.
func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".onus-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w: name another file", name, err)
	}
	defer os.Remove(f.Name())
	if err := write(f); err != nil {
		f.Close()
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}
