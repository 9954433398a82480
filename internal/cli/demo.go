package cli

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

func newDemo() *cobra.Command {
	html := ""
	c := &cobra.Command{
		Use:   "demo",
		Short: "answer for a made-up company, without credentials or network",
		Long: `Reads a recording that is built into onus, of a made-up company with three accounts,
and answers as ` + "`onus check`" + ` does: the same loader, controls and report. Also writes the
HTML report.`,
		RunE: func(c *cobra.Command, _ []string) error {
			s := source{from: "demo"}
			f, err := s.open(c)
			if err != nil {
				return err
			}
			o := output{format: "text", html: html}
			if o.html == "" {
				o.html = demoReport()
			}
			return o.write(c, f.answers(), []string{
				"onus explain CAUSE --from demo",
				"onus check",
				"onus claims init",
			})
		},
	}
	c.Flags().StringVar(&html, "html", "", "where the HTML report goes (default: onus-report.html here)")
	return c
}

// demoReport is a file here, or, where nothing can be written, among the temporary ones.
func demoReport() string {
	const name = "onus-report.html"
	if probe, err := os.CreateTemp(".", ".onus-*"); err == nil {
		probe.Close()
		os.Remove(probe.Name())
		return name
	}
	return filepath.Join(os.TempDir(), name)
}
