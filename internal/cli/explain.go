package cli

import (
	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/report"
)

func newExplain() *cobra.Command {
	var s source
	c := &cobra.Command{
		Use:   "explain CLAIM|CONTROL|CAUSE",
		Short: "show why, from what, and how to mend it",
		Long: `Shows for a claim, a control, a practice, a cause or a resource: why it matters, what
decided, what was read and when, every member, the fix in full, and where to see it
in the AWS console.`,
		Example: `  onus explain net-no-ssh-from-internet --from demo
  onus explain claim-2
  onus explain security-group-rule/sgr-0abc --from recording`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
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
	s.flags(c)
	return c
}
