package cli

import (
	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/report"
)

// mostPassages is how much of a whole estate is listed without --all.
const mostPassages = 2_000

// runPairs answers for the whole estate at once.
func (r *reaching) runPairs(c *cobra.Command, args []string) error {
	if len(args) > 0 || r.to != "" || r.protocol != "" || r.clientPort != 0 || r.batch != "" {
		return usage("--pairs is about all interfaces and all packets: leave ends, --to, --protocol, --source-port and --batch out")
	}
	n, head, err := r.open(c)
	if err != nil {
		return err
	}
	most := mostPassages
	if r.all {
		most = -1
	}
	p := report.PairsOf(n.Pairs(), most)
	p.Schema, p.Source, p.Observed, p.Accounts, p.Unread = head.Schema, head.Source, head.Observed, head.Accounts, head.Unread
	p.Question.Kind = "pairs"
	out := c.OutOrStdout()
	if r.format == "json" {
		err = report.PairsJSON(out, &p)
	} else {
		width, color, ascii := screen(c, out)
		o := report.Options{Width: width, Color: color, ASCII: ascii}
		if r.all {
			o.Causes = -1
		}
		err = report.PairsText(out, &p, o)
	}
	if err == nil && (p.Total.Unknown > 0 || len(p.Unread) > 0) {
		return exit{code: exitUnknown}
	}
	return err
}
