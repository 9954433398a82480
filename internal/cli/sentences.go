package cli

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/catalog"
)

func newSentences() *cobra.Command {
	format := "text"
	c := &cobra.Command{
		Use:   "sentences",
		Short: "list every sentence that a claims file may hold",
		RunE: func(c *cobra.Command, _ []string) error {
			suite, err := catalog.Suite()
			if err != nil {
				return err
			}
			type sentence struct {
				Form    string `json:"form"`
				Example string `json:"example"`
				ID      string `json:"answeredBy"`
				Pending string `json:"unknownBecause,omitempty"`
			}
			var all []sentence
			for _, f := range suite.Language.Sentences() {
				all = append(all, sentence{f.Text, f.Example, f.ID, f.Pending})
			}
			out := c.OutOrStdout()
			switch format {
			case "json":
				e := json.NewEncoder(out)
				e.SetIndent("", "  ")
				e.SetEscapeHTML(false)
				return e.Encode(all)
			case "text":
			default:
				return usage("--format %s: text or json is wanted", format)
			}
			fmt.Fprintf(out, "A claims file may hold these sentences, each for everything or for one system (\"shop: ...\").\n\n")
			w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
			for _, s := range all {
				if s.Pending == "" {
					fmt.Fprintf(w, "  %s\t%s\n", s.Example, s.ID)
				}
			}
			if err := w.Flush(); err != nil {
				return err
			}
			fmt.Fprintf(out, "\nThese are accepted and read unknown until what answers them is built:\n\n")
			w = tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
			for _, s := range all {
				if s.Pending != "" {
					fmt.Fprintf(w, "  %s\t%s\n", s.Example, s.Pending)
				}
			}
			return w.Flush()
		},
	}
	c.Flags().StringVar(&format, "format", format, "text or json")
	return c
}
