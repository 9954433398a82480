package cli

import (
	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/report"
)

func newExplain() *cobra.Command {
	var s source
	var all bool
	c := &cobra.Command{
		Use:   "explain CLAIM|CONTROL|PRACTICE|CAUSE|RESOURCE",
		Short: "show why, from what, and how to mend it",
		Long: `Shows for a claim, a control, a practice, a cause or a resource: why it matters, what
decided, what was read and when, every member, the fix in full, and where to see it
in the AWS console.`,
		Example: `  onus explain net-no-ssh-from-internet --from demo
  onus explain claim-2
  onus explain security-group-rule/sgr-0abc --from recording`,
		Args: func(c *cobra.Command, args []string) error {
			if all {
				return cobra.NoArgs(c, args)
			}
			return cobra.ExactArgs(1)(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			if all {
				args = []string{report.All}
			}
			f, err := s.open(c)
			if err != nil {
				return err
			}
			out := c.OutOrStdout()
			width, color, ascii := screen(c, out)
			if err := report.Explain(out, f.answers(), args[0], report.Options{Width: width, Color: color, ASCII: ascii}); err != nil {
				return usage("%w", err)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&all, "all", false, "every cause, worst first")
	s.flags(c)
	return c
}
