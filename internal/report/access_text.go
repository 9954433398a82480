package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// AccessText writes what `onus can`, `onus who-can`, `onus paths`, `onus shells` and `onus unused` say.
func AccessText(w io.Writer, a *Access, o Options) error {
	a = scrubValue(reflect.ValueOf(a), false).Interface().(*Access)
	t := newTerminal(o)
	switch a.Question.Kind {
	case "can":
		t.can(a)
	case "who-can":
		t.whoCan(a)
	case "shells":
		t.shells(a)
	case "unused":
		t.unused(a)
	default:
		t.paths(a)
	}
	t.assumed(a)
	t.next()
	return t.flush(w)
}

func (t *terminal) readFrom(a *Access) {
	t.para("", "", t.in(dim, "read from "+cmp.Or(a.Source, "an unnamed source")+", observed "+when(a.Observed)))
}

// decisions are how results read.
var decisions = map[string]struct {
	mark, words string
	style       style
}{
	"allowed":      {"→", "allowed", green},
	"implicitDeny": {"✗", "not allowed: no policy allows it", red},
	"explicitDeny": {"✗", "denied", red},
	"depends":      {"?", "it depends", yellow},
}

func (t *terminal) can(a *Access) {
	for _, x := range a.Answers {
		t.para("", "  ", t.in(bold, x.Principal.called()+": "+x.Action+" on "+x.Resource))
		t.readFrom(a)
		t.blank()
		d := decisions[x.Decision]
		t.para(d.mark+" ", "  ", t.in(d.style, d.words))
		t.reasons(x)
	}
}

// reasons quotes the statements that decided, and says what the rest depends on.
func (t *terminal) reasons(x AccessAnswer) {
	if len(x.Because) > 0 {
		t.heading("because")
		for _, r := range x.Because {
			t.para("  ", "    ", r.Text)
			t.quote("      ", r)
		}
	}
	if len(x.DependsOn) > 0 {
		t.heading("depends on")
		for _, d := range x.DependsOn {
			t.para("  ", "    ", dependence(d))
		}
	}
}

// quote is the statement in its own words.
func (t *terminal) quote(indent string, r AccessReason) {
	if r.Quote != "" {
		t.para(indent, indent+"  ", t.in(dim, r.Quote))
	}
}

func dependence(d AccessDependence) string {
	if d.Unread {
		return "not read: " + d.Text
	}
	return d.Key + ": " + d.Text
}

func (t *terminal) whoCan(a *Access) {
	t.para("", "  ", t.in(bold, "who can "+a.Question.Action+onWhat(a.Question.Resource)))
	t.readFrom(a)
	groups := []struct {
		decision, title string
	}{{"allowed", "may"}, {"depends", "may, depending on the request or on what was not read"}}
	shown := false
	for _, g := range groups {
		var rows [][]string
		var reasons [][]string
		for _, x := range a.Answers {
			if x.Decision != g.decision {
				continue
			}
			var why []string
			for _, d := range x.DependsOn {
				why = append(why, dependence(d))
			}
			if len(why) == 0 && len(x.Because) > 0 {
				why = append(why, x.said(x.Because[0]))
			}
			rows, reasons = append(rows, []string{x.Principal.called(), x.Principal.Account}), append(reasons, why)
		}
		if len(rows) == 0 {
			continue
		}
		shown = true
		t.heading(g.title + " (" + number(len(rows)) + ")")
		once := ofAll(reasons)
		for _, why := range once {
			t.para("  ", "  ", why)
		}
		for i, why := range reasons {
			why = slices.DeleteFunc(why, func(why string) bool { return slices.Contains(once, why) })
			if len(why) > 0 {
				rows[i] = append(rows[i], strings.Join(why, "; "))
			}
		}
		t.rows(rows)
	}
	if !shown {
		t.para("", "", "nobody that was read")
	}
}

// ofAll are the reasons that several have in common: they are said once.
func ofAll(reasons [][]string) []string {
	if len(reasons) < 3 {
		return nil
	}
	common := slices.Clone(reasons[0])
	for _, why := range reasons[1:] {
		common = slices.DeleteFunc(common, func(c string) bool { return !slices.Contains(why, c) })
	}
	return common
}

func onWhat(resource string) string {
	if resource == "" {
		return " on something"
	}
	return " on " + resource
}

// rows shows a table, or of a long one the first, unless all is asked for.
func (t *terminal) rows(rows [][]string) {
	const most = 30
	if len(rows) > most && t.Causes >= 0 {
		t.table("  ", rows[:most])
		t.para("  ", "  ", t.in(dim, "… and "+number(len(rows)-most)+" more: --all shows them"))
		return
	}
	t.table("  ", rows)
}

var goals = map[string]string{
	"administrator": "become administrator", "privileges": "change users or what they may do", "organisation": "rule the organisation's accounts", "stores": "get at the stores",
}

func (t *terminal) paths(a *Access) {
	t.para("", "  ", t.in(bold, "who can "+goals[a.Question.Goal]+", by which steps"))
	t.readFrom(a)
	if len(a.Paths) == 0 {
		who := "nobody that was read"
		if a.Question.Principal != "" {
			who = a.Question.Principal + " cannot, by any way that is known"
		}
		t.para("", "", who)
	}
	detail := a.Question.Principal != "" && len(a.Paths) == 1
	for _, g := range []struct{ reaches, title string }{{"yes", "surely"}, {"may", "depending on requests"}, {"unknown", "not known, because something was not read"}} {
		var these []AccessPath
		for _, p := range a.Paths {
			if p.Reaches == g.reaches {
				these = append(these, p)
			}
		}
		if len(these) == 0 {
			continue
		}
		if !detail {
			t.heading(g.title + " (" + number(len(these)) + ")")
		}
		const most = 25
		for i, p := range these {
			if i == most && t.Causes >= 0 {
				t.para("  ", "  ", t.in(dim, "… and "+number(len(these)-most)+" more: --all shows them"))
				break
			}
			t.path(p, detail)
		}
	}
	if len(a.Latent) > 0 {
		t.heading("hold all that a way takes, and there is nothing to take it on (" + number(len(a.Latent)) + ")")
		var rows [][]string
		for _, l := range a.Latent {
			rows = append(rows, []string{l.Principal.called(), strings.Join(l.IDs, ", ") + ": " + l.Lacks})
		}
		t.rows(rows)
	}
}

func (t *terminal) path(p AccessPath, detail bool) {
	t.para("  ", "    ", t.in(bold, p.Principal.called())+t.in(dim, " · "+p.Principal.Account))
	for i, s := range p.Steps {
		sure := ""
		if s.Sure != "yes" {
			sure = " (" + s.Sure + ")"
		}
		if s.Unverified {
			sure += " (by our own reasoning)"
		}
		t.para("    "+strconv.Itoa(i+1)+" ", "      ", s.From.called()+" "+s.Text+sure+t.in(dim, " · "+s.ID))
		if detail {
			t.stepReasons(s.Decisions)
		}
	}
	end := p.End
	if p.EndID != "" {
		end += t.in(dim, " · "+p.EndID)
	}
	t.para("    = ", "      ", end)
	if detail {
		t.stepReasons(p.Because[:min(len(p.Because), 3)])
	}
	if len(p.DependsOn) > 0 {
		t.para("    ? ", "      ", "depends on "+strings.Join(p.DependsOn, ", "))
	}
	const few = 3
	for i, u := range p.Unread {
		if i == few && !detail {
			t.para("    ? ", "      ", "and "+number(len(p.Unread)-few)+" more")
			break
		}
		t.para("    ? ", "      ", u)
	}
}

// said is a reason where what is asked for stands beside it.
func (a AccessAnswer) said(r AccessReason) string {
	if short, ok := strings.CutSuffix(r.Text, " "+a.Action+" on "+a.Resource); ok {
		return short + " it"
	}
	return r.Text
}

// stepReasons quotes the statements that grant a step. Policies that only limit, and let it pass, are in the JSON.
func (t *terminal) stepReasons(decisions []AccessAnswer) {
	for _, d := range decisions {
		line := d.Action + " on " + d.Resource
		for _, key := range slices.Sorted(maps.Keys(d.With)) {
			line += ", with " + key + " " + cmp.Or(strings.Join(d.With[key], ", "), "left out")
		}
		t.para("        ", "          ", t.in(dim, line))
		for _, r := range d.Because {
			if r.Limits {
				continue
			}
			t.para("          ", "            ", d.said(r))
			t.quote("              ", r)
		}
		for _, x := range d.DependsOn {
			t.para("          ", "            ", dependence(x))
		}
	}
}

// assumed says what the answers rest on that nobody asked for.
func (t *terminal) assumed(a *Access) {
	if len(a.Assumed) > 0 {
		t.heading("not read, and taken as not there")
		const most = 6
		for i, g := range a.Assumed {
			if i == most && t.Causes >= 0 {
				t.para("  ", "  ", t.in(dim, "… and "+number(len(a.Assumed)-most)+" more: --all shows them"))
				break
			}
			t.para("  ", "    ", g.String())
		}
	}
	if len(a.Unread) > 0 {
		t.heading("accounts whose users and roles were not read")
		for _, g := range a.Unread {
			t.para("  ", "    ", g.String())
		}
	}
}

func (t *terminal) shells(a *Access) {
	t.para("", "  ", t.in(bold, "who can get a shell on "+cmp.Or(a.Question.Resource, "each server")))
	t.readFrom(a)
	if len(a.Shells) == 0 {
		t.para("", "", "nobody that was read")
	}
	type opened struct {
		server estate.Ref
		rows   [][]string // one for all whom a way lets in for the same reason
	}
	var servers []opened
	for _, of := range alike(a.Shells, func(s AccessShell) string { return s.Server.Key() }) {
		o := opened{server: of[0].Server}
		for _, same := range alike(of, func(s AccessShell) string { return s.Opens + "\x00" + s.Way + "\x00" + s.note() }) {
			var who []string
			for i := range same {
				who = append(who, same[i].called())
			}
			s := &same[0]
			o.rows = append(o.rows, []string{s.Opens, strings.ReplaceAll(s.Way, "-", " "), strings.Join(present([]string{s.note(), strings.Join(who, ", ")}), ": ")})
		}
		servers = append(servers, o)
	}
	for _, same := range alike(servers, func(o opened) string { return o.server.Account + "\x00" + fmt.Sprintf("%q", o.rows) }) {
		var names []string
		for _, o := range same {
			names = append(names, refName(o.server))
		}
		t.heading(t.first(names) + " · " + same[0].server.Account)
		t.rows(same[0].rows)
	}
}

// alike gathers those of a list that say the same, in the order of the first of each.
func alike[T any](list []T, says func(T) string) (groups [][]T) {
	at := map[string]int{}
	for _, x := range list {
		key := says(x)
		i, known := at[key]
		if !known {
			i = len(groups)
			at[key], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], x)
	}
	return groups
}

// called is who opens the shell; of another account with its number.
func (s *AccessShell) called() string {
	switch {
	case s.Principal.ARN == "":
		return "whoever has the key"
	case s.Principal.Account != s.Server.Account:
		return s.Principal.called() + " in " + s.Principal.Account
	}
	return s.Principal.called()
}

// note is what there is to say of the way.
func (s *AccessShell) note() string {
	notes := present([]string{s.Note})
	if len(s.DependsOn) > 0 {
		notes = append(notes, "depends on "+strings.Join(s.DependsOn, ", "))
	}
	return strings.Join(append(notes, s.Unread...), "; ")
}

func (t *terminal) unused(a *Access) {
	t.para("", "  ", t.in(bold, "what was granted and never used"))
	t.readFrom(a)
	if len(a.Unused) == 0 {
		t.para("", "", "nothing that was read")
	}
	t.notAsked(a.Unused)
	asked := slices.DeleteFunc(slices.Clone(a.Unused), func(u AccessUnused) bool { return u.NotAsked })
	smaller := false
	for _, same := range alike(asked, func(u AccessUnused) string {
		if t.Causes < 0 { // each has its own policy
			return u.Principal.ARN
		}
		return fmt.Sprintf("%q", []any{u.Unread, u.Services, u.Actions, u.Kept})
	}) {
		var who []string
		for _, u := range same {
			who = append(who, u.Principal.called()+" in "+u.Principal.Account)
		}
		t.heading(t.first(who))
		u := same[0]
		if u.Unread != "" {
			t.para("  ? ", "    ", u.Unread)
			continue
		}
		if len(u.Services) > 0 {
			t.para("  ", "    ", "never used: "+t.first(u.Services))
		}
		if len(u.Actions) > 0 {
			t.para("  ", "    ", "of what is used, never: "+t.first(u.Actions))
		}
		for _, k := range u.Kept {
			t.para("  ", "    ", k)
		}
		if u.Policy != "" && t.Causes < 0 {
			t.blank()
			t.block("    ", string(u.Policy))
		}
		smaller = smaller || u.Policy != ""
	}
	if smaller && t.Causes >= 0 {
		t.blank()
		t.para("", "", "onus unused PRINCIPAL shows the smaller policy, which keeps what is used")
	}
}

// notAsked says once of everybody that nobody asked what he used.
func (t *terminal) notAsked(all []AccessUnused) {
	var who []string
	for _, u := range all {
		if u.NotAsked {
			who = append(who, u.Principal.called()+" in "+u.Principal.Account)
		}
	}
	if len(who) > 0 {
		t.heading("not known, since AWS was not asked for their reports: onus collect --last-accessed")
		t.para("  ? ", "    ", t.first(who))
	}
}

// first are the first of a long list, or all where everything is to be shown.
func (t *terminal) first(list []string) string {
	const most = 12
	if len(list) <= most || t.Causes < 0 {
		return strings.Join(list, ", ")
	}
	return strings.Join(list[:most], ", ") + " and " + strconv.Itoa(len(list)-most) + " more"
}
