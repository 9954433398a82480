package cli

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/operation"
)

func newPolicy() *cobra.Command {
	return &cobra.Command{
		Use:   "policy",
		Short: "print the least-privilege IAM policy that reading needs",
		Long: `Prints the IAM policy that onus needs to read an account: exactly the actions of the
operations that it calls, all of access level List or Read, generated from the same
table. Reading other accounts needs sts:AssumeRole on their roles besides, which this
policy leaves to you.`,
		Example: `  onus policy > onus-reader.json
  aws iam create-policy --policy-name OnusReader --policy-document file://onus-reader.json`,
		RunE: func(c *cobra.Command, _ []string) error {
			type statement struct {
				Sid      string
				Effect   string
				Action   []string
				Resource string
			}
			e := json.NewEncoder(c.OutOrStdout())
			e.SetIndent("", "  ")
			return e.Encode(struct {
				Version   string
				Statement []statement
			}{"2012-10-17", []statement{{"OnusReads", "Allow", operation.Actions(), "*"}}})
		},
	}
}
