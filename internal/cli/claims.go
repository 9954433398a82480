package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/claims"
)

func newClaims() *cobra.Command {
	c := &cobra.Command{
		Use:   "claims",
		Short: "write a first claims file, or show the schema for editors",
		Args:  cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("there is no command %q: onus claims init, or onus claims schema", "claims "+args[0])
			}
			return c.Help()
		},
	}
	c.AddCommand(newClaimsInit(), newClaimsSchema())
	return c
}

func newClaimsInit() *cobra.Command {
	var s source
	to := "onus.yaml"
	c := &cobra.Command{
		Use:   "init",
		Short: "write a first onus.yaml from what is there",
		Long: `Reads, and writes a first claims file: what holds and is surely meant as claims, and
whatever else it sees as questions in comments. What is there is not therefore permitted.`,
		Example: "  onus claims init\n  onus claims init --from demo -o -",
		RunE: func(c *cobra.Command, _ []string) error {
			if to != "-" {
				if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
					return usage("%s exists already: name another file with -o, or - to see it", to)
				}
			}
			f, err := s.open(c)
			if err != nil {
				return err
			}
			text := claims.Init(f.first())
			if to == "-" {
				_, err := c.OutOrStdout().Write(text)
				return err
			}
			if err := os.WriteFile(to, text, 0o644); err != nil {
				return fmt.Errorf("writing %s: %w", to, err)
			}
			fmt.Fprintf(c.OutOrStdout(), "wrote %s: read it, keep what you mean, then: onus check\n", to)
			return nil
		},
	}
	s.flags(c)
	c.Flags().StringVarP(&to, "output", "o", to, "the `file` to write; - for stdout")
	return c
}

func newClaimsSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "print the JSON Schema of onus.yaml, for editors",
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := c.OutOrStdout().Write(claims.Schema())
			return err
		},
	}
}
