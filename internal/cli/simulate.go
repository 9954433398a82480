package cli

import (
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/simulate"
)

func newSimulate() *cobra.Command {
	return &cobra.Command{
		Use:   "simulate FILE|-",
		Short: "decide written-down requests as AWS would",
		Long: `Decide requests as AWS would, without an account: each line of the file is a JSON
object with a request and the policies that bear on it, and each line of the
output the decision with the statements that made it. What is left out does not
apply.

  {"id": 1,
   "request": {"action": "s3:GetObject", "resource": "arn:aws:s3:::b/k",
               "principal": "arn:aws:iam::111122223333:user/ann",
               "context": {"aws:SourceIp": "203.0.113.7"}},
   "identityPolicies": [{"name": "read", "policy": {...}}]}

The decision is allowed, implicitDeny, explicitDeny or depends. With
"unknownContext": "depends", a condition key that the context lacks may have any
value. A line that is wrong is answered with what is wrong and where; then the exit
code is 2.

docs/simulate.md describes everything that a line may hold.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var in io.Reader = c.InOrStdin()
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return usage("%v", err)
				}
				defer f.Close()
				in = f
			}
			if _, err := useNewestCatalogue(); err != nil {
				return err
			}
			sum, err := simulate.Run(c.Context(), in, c.OutOrStdout())
			if err != nil {
				return err
			}
			if sum.Wrong > 0 {
				return usage("%d of %d lines are wrong: see their \"error\"", sum.Wrong, sum.Lines)
			}
			return nil
		},
	}
}
