package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/exposure"
	"github.com/onus-cloud/onus/internal/reach"
	"github.com/onus-cloud/onus/internal/report"
)

// asking is what the commands about permissions share.
type asking struct {
	source
	format string
	all    bool
}

func (r *asking) flags(c *cobra.Command) {
	r.source.where(c)
	c.Flags().StringVar(&r.format, "format", "text", "text or json")
	c.Flags().BoolVar(&r.all, "all", false, "show everything, not only the first of long lists")
}

func (r *asking) check() error {
	if r.format != "text" && r.format != "json" {
		return usage("--format %s: text or json is wanted", r.format)
	}
	return nil
}

// open reads, and makes ready for questions. What nobody asked for is taken as not there, and said: the authorization details alone
// are enough to ask.
func (r *asking) open(c *cobra.Command, kind string) (*access.World, *report.Access, error) {
	if err := r.check(); err != nil {
		return nil, nil, err
	}
	if _, err := useNewestCatalogue(); err != nil {
		return nil, nil, err
	}
	e, from, err := r.estate(c)
	if err != nil {
		return nil, nil, err
	}
	w := access.New(e, access.Options{AsRead: true})
	a := &report.Access{Schema: report.AccessSchema, Source: from, Observed: e.Observed, Unread: w.Gaps()}
	a.Question.Kind = kind
	return w, a, nil
}

// say writes the answer.
func (r *asking) say(c *cobra.Command, w *access.World, a *report.Access, unsure bool, next ...string) error {
	a.Assumed = w.Assumed()
	out := c.OutOrStdout()
	var err error
	if r.format == "json" {
		err = report.AccessJSON(out, a)
	} else {
		width, color, ascii := screen(c, out)
		o := report.Options{Width: width, Color: color, ASCII: ascii}
		if r.all {
			o.Causes = -1
		}
		for _, n := range next {
			if r.source.from != "" {
				n += " --from " + shellWord(r.source.from)
			}
			o.Next = append(o.Next, n)
		}
		err = report.AccessText(out, a, o)
	}
	if err == nil && (unsure || len(a.Unread) > 0) {
		return exit{code: exitUnknown}
	}
	return err
}

func newCan() *cobra.Command {
	r := &asking{}
	c := &cobra.Command{
		Use:   "can PRINCIPAL ACTION [RESOURCE]",
		Short: "say whether a principal may do an action on a resource, and which statements decide",
		Long: `Decides one request as AWS would: identity, group, boundary, resource, service control and
resource control policies together, with the statements that decide.

PRINCIPAL is an ARN, user/NAME, role/NAME, permission-set/NAME, a bare name, or an account
number for its root user; " in ACCOUNT" chooses between accounts. RESOURCE is an ARN, "*"
(the default), or the id or name of something that was read.

Exit code: 0 answered, 4 it depends on something that is not known, 2 the question is wrong,
1 failure.`,
		Example: `  onus can alice s3:GetObject arn:aws:s3:::payroll/2026.csv
  onus can role/Deploy iam:PassRole role/Admin --from recording`,
		Args: cobra.RangeArgs(2, 3),
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkAction(args[1]); err != nil {
				return err
			}
			w, a, err := r.open(c, "can")
			if err != nil {
				return err
			}
			p, err := w.Principal(args[0])
			if err != nil {
				return usage("%w", err)
			}
			resource := "*"
			if len(args) == 3 {
				if resource, err = w.Resource(args[2]); err != nil {
					return usage("%w", err)
				}
			}
			a.Question.Principal, a.Question.Action, a.Question.Resource = args[0], args[1], resource
			answer := report.AnswerOfAccess(w.Can(p, args[1], resource))
			a.Answers = []report.AccessAnswer{answer}
			return r.say(c, w, a, answer.Decision == "depends")
		},
	}
	r.flags(c)
	return c
}

// checkAction refuses what is no action, before anything is read.
func checkAction(action string) error {
	if s, name, ok := strings.Cut(action, ":"); !ok || s == "" || name == "" || strings.ContainsAny(action, " *?") {
		return usage("%q is not an action: write one as in s3:GetObject", shortened(action))
	}
	return nil
}

func newWhoCan() *cobra.Command {
	r := &asking{}
	c := &cobra.Command{
		Use:   "who-can ACTION [RESOURCE]",
		Short: "list who may do an action on a resource, and which statements decide",
		Long: `Decides one request for every principal that was read, as onus can does for one. Without
RESOURCE it says who may do the action on anything at all.

  onus who-can s3:GetObject arn:aws:s3:::payroll/2026.csv
  onus who-can iam:CreateUser
  onus who-can shell i-0abc         who can open a shell on a server, by which way

Exit code: 0 answered, 4 something in the list depends on what is not known, 2 the question
is wrong, 1 failure.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			if args[0] == "shell" {
				return r.shells(c, args[1:])
			}
			if err := checkAction(args[0]); err != nil {
				return err
			}
			w, a, err := r.open(c, "who-can")
			if err != nil {
				return err
			}
			a.Question.Action = args[0]
			var answers []access.Answer
			if len(args) == 2 {
				resource, err := w.Resource(args[1])
				if err != nil {
					return usage("%w", err)
				}
				a.Question.Resource = resource
				answers = w.WhoCan(args[0], resource)
			} else {
				answers = w.WhoCanAnything(args[0])
			}
			a.Answers = []report.AccessAnswer{}
			unsure := false
			for _, x := range answers {
				answer := report.AnswerOfAccess(x)
				unsure = unsure || answer.Decision == "depends"
				a.Answers = append(a.Answers, answer)
			}
			return r.say(c, w, a, unsure)
		},
	}
	r.flags(c)
	return c
}

func newPaths() *cobra.Command {
	r := &asking{}
	goal := ""
	var stores []string
	c := &cobra.Command{
		Use:   "paths [PRINCIPAL]",
		Short: "say who can become administrator, by which steps",
		Long: `Follows every known way from one principal to another, in any number of steps and across
accounts: taking on roles, passing them to new workloads, taking over workloads that have
one, and changing users, groups, roles and policies. Each step is decided on real targets:
the role can be passed, it trusts the service, the workload exists.

Of each principal the surest and then the shortest way is shown. "may" depends on values
of requests, such as a second factor; "unknown" on something that was not read.

Exit code: 0 nobody can, 3 somebody can, 4 nobody surely can and something is not known,
2 the question is wrong, 1 failure.`,
		Example: `  onus paths --from demo
  onus paths role/jenkins --from demo
  onus paths --to privileges
  onus paths --store payroll --format json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			kinds := []string{"administrator", "privileges", "organisation", "stores"}
			if len(stores) > 0 && !c.Flags().Changed("to") {
				goal = "stores"
			}
			if !slices.Contains(kinds, goal) {
				return usage("--to %s: administrator, privileges, organisation or stores is wanted", goal)
			}
			if goal == "stores" && len(stores) == 0 {
				return usage("--to stores: name them with --store")
			}
			w, a, err := r.open(c, "paths")
			if err != nil {
				return err
			}
			g := access.Goal{Kind: goal}
			for _, s := range stores {
				arn, err := w.Resource(s)
				if err != nil {
					return usage("--store: %w", err)
				}
				g.Stores = append(g.Stores, arn)
			}
			a.Question.Goal = goal
			var only *access.Principal
			if len(args) == 1 {
				if only, err = w.Principal(args[0]); err != nil {
					return usage("%w", err)
				}
				a.Question.Principal = args[0]
			}
			return r.paths(c, w, a, g, only)
		},
	}
	r.flags(c)
	c.Flags().StringVar(&goal, "to", "administrator", "the `goal`: administrator, privileges (to change users and rights), organisation, stores")
	c.Flags().StringArrayVar(&stores, "store", nil, "a store to get at: an ARN, id or name; may be repeated")
	return c
}

func (r *asking) paths(c *cobra.Command, w *access.World, a *report.Access, g access.Goal, only *access.Principal) error {
	e := w.Escalate(g)
	a.Paths = []report.AccessPath{}
	sure, unsure := false, false
	add := func(p *access.Path) {
		if p == nil {
			return
		}
		sure, unsure = sure || p.Strength == access.Yes, unsure || p.Strength != access.Yes
		a.Paths = append(a.Paths, report.PathOf(p))
	}
	if only != nil {
		add(e.Of(only))
	} else {
		for _, p := range e.Paths() {
			add(p)
		}
		report.SortPaths(a.Paths)
	}
	for _, l := range e.Latent() {
		if only != nil && l.Principal != only || g.Kind != "administrator" {
			continue
		}
		a.Latent = append(a.Latent, report.LatentOf(l))
	}
	var next []string
	if only == nil && len(a.Paths) > 0 {
		longest := 0
		for i, p := range a.Paths {
			if p.Reaches == "yes" && len(p.Steps) > len(a.Paths[longest].Steps) {
				longest = i
			}
		}
		next = append(next, "onus paths "+shellWord(a.Paths[longest].Principal.Kind+"/"+a.Paths[longest].Principal.Name))
	}
	err := r.say(c, w, a, unsure, next...)
	if err == nil && sure || sure && isExit(err, exitUnknown) {
		return exit{code: exitBroken}
	}
	return err
}

// isExit reports whether an error is an exit code.
func isExit(err error, code int) bool {
	e, ok := err.(exit)
	return ok && e.code == code
}

// shells says who can open a shell on one server, or on each.
func (r *asking) shells(c *cobra.Command, args []string) error {
	w, a, err := r.open(c, "shells")
	if err != nil {
		return err
	}
	var servers []estate.Ref
	for _, x := range w.Workloads() {
		if x.Kind == "instance" || x.Kind == "task" {
			servers = append(servers, x.Ref)
		}
	}
	if len(args) == 1 {
		a.Question.Resource = args[0]
		servers = slices.DeleteFunc(servers, func(s estate.Ref) bool { return s.ID != args[0] && s.Name != args[0] && access.ARNOf(s) != args[0] })
		if len(servers) == 0 {
			return usage("no instance or task %q was read%s", shortened(args[0]), w.NearServer(args[0]))
		}
	}
	a.Shells = []report.AccessShell{}
	network := reach.Of(w.Estate())
	unsure := false
	for _, s := range servers {
		for _, shell := range exposure.Shells(w, network, s) {
			unsure = unsure || shell.Strength != access.Yes
			a.Shells = append(a.Shells, report.ShellOf(shell))
		}
	}
	return r.say(c, w, a, unsure)
}
