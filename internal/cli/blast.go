package cli

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/exposure"
	"github.com/onus-cloud/onus/internal/reach"
	"github.com/onus-cloud/onus/internal/report"
)

func newBlast() *cobra.Command {
	r := &asking{}
	page := ""
	c := &cobra.Command{
		Use:   "blast RESOURCE",
		Short: "say what is lost with one server, function, task, database, cache, key, user or role",
		Long: `Follows from one thing what somebody gets who has taken it over: what it runs as, what that
can act as, take over and command, hop by hop; which stores he reads, writes and destroys,
the backups among them; whether he becomes administrator, makes users, blinds the watch;
and at what his packets arrive.

RESOURCE is an id, a name or an ARN: of an instance, a function, a task, a database, a cache,
a KMS key (alias/NAME too), anything else that runs as a role; or user/NAME, role/NAME. Of an
access key ask for its user.

Exit code: 0 answered, 4 something in the answer is not known, 2 the question is wrong,
1 failure.`,
		Example: `  onus blast jenkins --from demo
  onus blast role/deploy --html blast.html`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			w, a, err := r.open(c, "blast")
			if err != nil {
				return err
			}
			start, err := blastStart(w, args[0])
			if err != nil {
				return usage("%w", err)
			}
			blast, err := exposure.BlastOf(w, reach.Of(w.Estate()), start)
			if err != nil {
				return usage("%w", err)
			}
			b := report.BlastFrom(blast)
			b.Source, b.Observed, b.Assumed = a.Source, a.Observed, w.Assumed()
			return r.sayBlast(c, b, page)
		},
	}
	r.flags(c)
	c.Flags().StringVar(&page, "html", "", "write a page with a picture to this `file`")
	return c
}

func (r *asking) sayBlast(c *cobra.Command, b *report.Blast, page string) error {
	if page != "" {
		f, err := os.OpenFile(page, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("write the page: %w", err)
		}
		err = report.BlastHTML(f, b)
		if closing := f.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return err
		}
	}
	out := c.OutOrStdout()
	var err error
	if r.format == "json" {
		err = report.BlastJSON(out, b)
	} else {
		width, color, ascii := screen(c, out)
		o := report.Options{Width: width, Color: color, ASCII: ascii, HTMLPath: page}
		if r.all {
			o.Causes = -1
		}
		err = report.BlastText(out, b, o)
	}
	if err == nil && (len(b.Unread) > 0 || slices.ContainsFunc(b.Powers, func(p report.BlastPower) bool { return p.Sure == "unknown" })) {
		return exit{code: exitUnknown}
	}
	return err
}

// accessKey is how the ids of access keys look, those of users and those of sessions.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
var accessKey = regexp.MustCompile(`^A[KS]IA[A-Z2-7]{16}$`)

// blastStart finds what was taken over: a user or role, or something that runs.
func blastStart(w *access.World, text string) (estate.Ref, error) {
	named := strings.HasPrefix(text, "user/") || strings.HasPrefix(text, "role/") || strings.HasPrefix(text, "permission-set/") || strings.Contains(text, ":iam:")
	if !named {
		var found []estate.Ref
		for _, r := range w.Footholds() {
			if r.ID == text || r.Name == text || access.ARNOf(r) == text {
				found = append(found, r)
			}
		}
		for _, k := range w.Estate().Keys {
			if aliases, _ := k.Aliases.Value(); slices.Contains(aliases, text) {
				found = append(found, k.Ref())
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			var arns []string
			for _, r := range found {
				arns = append(arns, access.ARNOf(r))
			}
			return estate.Ref{}, fmt.Errorf("%q is %d things: write which: %s", text, len(found), strings.Join(arns[:min(5, len(arns))], ", "))
		}
	}
	p, err := w.Principal(text)
	if err != nil && accessKey.MatchString(text) {
		return estate.Ref{}, fmt.Errorf("which user has access key %s is not read: ask AWS with aws iam get-access-key-last-used --access-key-id %[1]s, and then for user/NAME", text)
	}
	if err != nil && !named {
		return estate.Ref{}, fmt.Errorf("no server, function, task, cluster, database, cache, key, user or role %q was read%s", text, w.NearFoothold(text))
	}
	if err != nil {
		return estate.Ref{}, err
	}
	return p.Ref, nil
}

func newUnused() *cobra.Command {
	r := &asking{}
	c := &cobra.Command{
		Use:   "unused [PRINCIPAL]",
		Short: "say what was granted and never used, and the smaller policy that keeps what is used",
		Long: `Compares what each user and role is granted with what it used, as far back as AWS keeps
track (400 days at most). Where AWS does not tell actions apart, what is granted is kept,
and said. With a PRINCIPAL, or --all, the smaller policy is shown.

Exit code: 0 answered, 4 for somebody nothing tells what he used, 2 the question is wrong,
1 failure.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			w, a, err := r.open(c, "unused")
			if err != nil {
				return err
			}
			principals := w.Principals()
			if len(args) == 1 {
				p, err := w.Principal(args[0])
				if err != nil {
					return usage("%w", err)
				}
				a.Question.Principal, principals, r.all = args[0], []*access.Principal{p}, true
			}
			a.Unused = []report.AccessUnused{}
			unsure := false
			for _, p := range principals {
				if p.Kind == "root" || p.ServiceLinked() {
					continue
				}
				u := report.UnusedOf(w.Unused(p))
				unsure = unsure || u.Unread != ""
				if u.Unread == "" && len(u.Services)+len(u.Actions) == 0 && len(args) == 0 {
					continue
				}
				a.Unused = append(a.Unused, u)
			}
			return r.say(c, w, a, unsure)
		},
	}
	r.flags(c)
	return c
}
