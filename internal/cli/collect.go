package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/catalog"
	"github.com/onus-cloud/onus/internal/collect"
	"github.com/onus-cloud/onus/internal/responses"
)

func newCollect() *cobra.Command {
	var l live
	var sampled source // only its claims file
	dir := ""
	c := &cobra.Command{
		Use:   "collect -o DIR",
		Short: "record what AWS says, to be answered from later",
		Long: `Reads AWS accounts as ` + "`onus check`" + ` does and writes a recording. A recording is a map of
weak spots: its files can be read by you alone, and secrets in it are digests. Keep it so.`,
		Example: "  onus collect -o monday\n  onus check --from monday",
		RunE: func(c *cobra.Command, _ []string) error {
			if dir == "" {
				return usage("say where the recording goes: onus collect -o DIR")
			}
			if err := l.check(); err != nil {
				return err
			}
			if err := sampled.declares(&l); err != nil {
				return err
			}
			w, err := responses.Create(dir, time.Now().UTC())
			if err != nil {
				return usage("%w", err)
			}
			set, err := l.collect(c, w.Put)
			if err != nil {
				return err
			}
			if err := w.Close(set.Scope, time.Now().UTC()); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "recorded in %s; answer with: onus check --from %s\n", dir, dir)
			return nil
		},
	}
	c.Flags().StringVarP(&dir, "output", "o", "", "the `folder` of the recording; it must be new or empty")
	l.flags(c)
	c.Flags().StringVar(&sampled.claims, "claims", "", "the claims file that says where --sample looks (default: onus.yaml)")
	return c
}

// declares gives the places of the claims file to what is read, if they are to be looked into.
func (s *source) declares(l *live) error {
	if l.sample == 0 {
		return nil
	}
	suite, err := catalog.Suite()
	if err != nil {
		return err
	}
	file, err := s.readClaims(suite)
	if err != nil {
		return err
	}
	return l.declare(file)
}

// collect reads AWS. Each response goes to keep; without it they are gathered into the set that is returned.
func (l *live) collect(c *cobra.Command, keep func(responses.Response) error) (*responses.Set, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	set := &responses.Set{Source: "live"}
	if keep == nil {
		keep = func(r responses.Response) error {
			set.Responses = append(set.Responses, r)
			return nil
		}
	}
	if len(l.prefixes) > 0 {
		fmt.Fprintf(c.ErrOrStderr(), "looking at the first KiB of up to %d objects in each of %d declared places; of each, at most %d keys are listed\n",
			l.sample, len(l.prefixes), collect.MaxListed)
	}
	p := newProgress(c.ErrOrStderr())
	defer p.done()
	scope, err := collect.Collect(c.Context(), collect.Options{
		Profile: l.profile, Regions: l.regions, RoleARNs: l.roleARNs, OrgRole: l.orgRole, LastAccessed: l.lastAccessed,
		Sample: collect.Sample{Objects: l.sample, Prefixes: l.prefixes}, Keep: keep, Progress: p.show,
	})
	if err != nil {
		return nil, err
	}
	set.Scope = scope
	return set, nil
}
