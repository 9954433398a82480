package cli

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/report"
)

func newDiff() *cobra.Command {
	var s source
	format := "text"
	c := &cobra.Command{
		Use:   "diff BEFORE AFTER",
		Short: "say what became true, what became false and what appeared between two recordings",
		Long: `Answers for two recordings (or saved JSON reports, folders of AWS CLI output, or demo)
and says what became true, what became false, what appeared and what is no longer known.`,
		Example: "  onus diff monday friday",
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return usage("--format %s: text or json is wanted", format)
			}
			var reports [2]*answer.Report
			for i, name := range args {
				r, err := s.reportOf(c, name)
				if err != nil {
					return err
				}
				reports[i] = r
			}
			out := c.OutOrStdout()
			if format == "json" {
				return report.DiffJSON(out, reports[0], reports[1])
			}
			width, color, ascii := screen(c, out)
			return report.Diff(out, reports[0], reports[1], report.Options{Width: width, Color: color, ASCII: ascii})
		},
	}
	c.Flags().StringVar(&s.claims, "claims", "", "the claims file (default: onus.yaml, if there is one)")
	c.Flags().StringVar(&s.now, "now", "", "the date by which excuses end, instead of today")
	c.Flags().StringVar(&format, "format", format, "text or json")
	return c
}

// reportOf reads a saved JSON report, or answers for anything that --from takes.
func (s *source) reportOf(c *cobra.Command, name string) (*answer.Report, error) {
	if strings.HasSuffix(name, ".json") {
		saved, err := os.Open(name)
		if err != nil {
			return nil, usage("%v", err)
		}
		defer saved.Close()
		r, err := report.ReadJSON(saved)
		if err != nil {
			return nil, usage("%s: %v", name, err)
		}
		return r, nil
	}
	one := *s
	one.from = name
	facts, err := one.open(c)
	if err != nil {
		return nil, err
	}
	return facts.answers(), nil
}
