package permissions

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// Truth reads a strength: what rests on values that the estate cannot know (a second factor, an address) is not known, as what
// was not read is.
func Truth(s access.Strength) estate.Truth {
	switch s {
	case access.Yes:
		return estate.True
	case access.No:
		return estate.False
	}
	return estate.Unknown
}

// Decided reads one decision likewise.
func Decided(d policy.Decision) estate.Truth {
	switch d.Result {
	case policy.Allowed:
		return estate.True
	case policy.Depends:
		return estate.Unknown
	}
	return estate.False
}

// Gaps are what a path depends on, as gaps: calls that were not answered, and values of requests that nobody knows.
func Gaps(p *access.Path) []estate.Gap {
	keys, unread := p.Depends()
	return gapsOf(p.Principal.Account, keys, unread)
}

func gapsOf(account string, keys, unread []string) []estate.Gap {
	var gaps []estate.Gap
	at := estate.Place{Account: account, Region: estate.Global}
	for _, text := range unread {
		gaps = append(gaps, estate.Gap{Place: at, Why: text})
	}
	for _, key := range keys {
		gaps = append(gaps, estate.Gap{Place: at, Outcome: operation.OK, Why: "it depends on " + key + ", whose value is the caller's"})
	}
	return gaps
}

// AnswerGaps are what one decision depends on, as gaps.
func AnswerGaps(a access.Answer) []estate.Gap {
	var keys, unread []string
	for _, d := range a.DependsOn {
		if text := d.Text; d.Key == "" && !slices.Contains(unread, text) {
			unread = append(unread, text)
		} else if d.Key != "" && !slices.Contains(keys, d.Key) {
			keys = append(keys, d.Key)
		}
	}
	return gapsOf(a.Principal.Account, keys, unread)
}

// Steps words a path in one sentence: "assumes role Deploy, then takes over function ops, which runs as role Admin, and may do everything".
func Steps(p *access.Path) string {
	var words []string
	for _, s := range p.Steps {
		words = append(words, s.Text)
	}
	end := p.End
	for _, verb := range []string{" may ", " makes ", " reads ", " writes "} {
		if _, does, ok := strings.Cut(end, verb); ok {
			end = strings.TrimSpace(verb) + " " + does
			break
		}
	}
	if len(words) == 0 {
		return end
	}
	return strings.Join(words, ", then ") + ", and then " + end
}

// Count is how many steps a path takes in words: "at once", "in 1 step", "in 3 steps".
func Count(p *access.Path) string {
	n := len(p.Steps)
	if p.EndID != "" {
		n++
	}
	switch n {
	case 0:
		return "at once"
	case 1:
		return "in 1 step"
	}
	return fmt.Sprintf("in %d steps", n)
}

// Hops is a path as a counter-example carries it: who acts, by which statements, whom he can act as then, from where it begins (a server,
// or nothing) to what is got at the end.
func Hops(from estate.Subject, p *access.Path) []answer.Hop {
	var hops []answer.Hop
	if from != nil {
		ref := from.Ref()
		h := answer.Hop{Kind: ref.Kind, ID: ref.ID, Passes: answer.Passes, Text: "runs as " + p.Principal.Kind + " " + p.Principal.Name}
		if ref.Name != ref.ID {
			h.Name = ref.Name
		}
		hops = append(hops, h)
	}
	at := hopOf(p.Principal)
	for _, s := range p.Steps {
		if from := hopOf(s.From); from.ID != at.ID && len(hops) > 0 {
			hops = append(hops, at)
			at = hopOf(s.From)
		}
		at.Text, at.Rule, at.Passes = s.Text, rules(s.Answers), passage(s.Strength)
		hops = append(hops, at)
		at = hopOf(s.To)
	}
	at.Text, at.Rule = p.End, rules(p.Because[:min(len(p.Because), 1)])
	return append(hops, at)
}

func hopOf(p *access.Principal) answer.Hop {
	return answer.Hop{Kind: p.Kind, ID: p.Account + ":" + p.Kind + "/" + p.Name, Name: p.Name, Passes: answer.Passes}
}

func passage(s access.Strength) answer.Passage {
	if s == access.Yes {
		return answer.Passes
	}
	return answer.MayPass
}

// rules quotes the statements that allow, each once.
func rules(answers []access.Answer) string {
	var texts []string
	for _, g := range grantsOf(answers) {
		texts = append(texts, g.statement)
	}
	return strings.Join(texts, "; ")
}

// Facts are the decisions of a path as a person can check them by hand: for each statement that allows, what it allows of the path.
func Facts(p *access.Path) []answer.Fact {
	var answers []access.Answer
	for _, s := range p.Steps {
		answers = append(answers, s.Answers...)
	}
	return factsOf(append(answers, p.Because...))
}

// AnswerFacts are the statements that allow one decision.
func AnswerFacts(a access.Answer) []answer.Fact { return factsOf([]access.Answer{a}) }

func factsOf(answers []access.Answer) []answer.Fact {
	var facts []answer.Fact
	for _, g := range grantsOf(answers) {
		const most = 4
		what := strings.Join(g.what[:min(len(g.what), most)], ", ")
		if len(g.what) > most {
			what += fmt.Sprintf(" and %d more", len(g.what)-most)
		}
		facts = append(facts, answer.Fact{Text: fmt.Sprintf("%s may %s: %s", g.who, what, g.statement), Operation: g.tells})
	}
	return facts
}

// grant is a statement and what it allows somebody.
type grant struct {
	who, statement string
	what           []string // "iam:PassRole on role/release-host"
	tells          operation.ID
}

// grantsOf gathers decisions by the statements that allow them. What boundaries and the organisation allow as well is left out where
// something else allows: they give nothing by themselves.
func grantsOf(answers []access.Answer) []grant {
	var all []grant
	for _, a := range answers {
		for _, r := range a.Because {
			if r.Effect != policy.Allow || r.Layer.Limits() {
				continue
			}
			who := "a service"
			if a.Principal != nil {
				who = a.Principal.Kind + " " + a.Principal.Name
			}
			statement := quoteReason(r)
			i := slices.IndexFunc(all, func(g grant) bool { return g.who == who && g.statement == statement })
			if i < 0 {
				i = len(all)
				all = append(all, grant{who: who, statement: statement, tells: operationOf(r.Layer)})
			}
			what := a.Action
			if on := short1(a.Resource); on != "" {
				what += " on " + on
			}
			if !slices.ContainsFunc(all[i].what, func(w string) bool { return w == what || strings.HasPrefix(w, a.Action+" on ") && on(a.Resource) == "" }) {
				all[i].what = append(all[i].what, what)
			}
		}
	}
	return all
}

// on is the resource of a decision where it is one that there is; what is made up to stand for any is not said.
func on(resource string) string {
	if resource == "*" || strings.Contains(resource, "onus0") || strings.Contains(resource, "-00000000000000000") {
		return ""
	}
	return resource
}

// short1 is how a fact names a resource: what follows the account.
func short1(resource string) string {
	resource = on(resource)
	if parts := strings.SplitN(resource, ":", 6); len(parts) == 6 && parts[5] != "" {
		return parts[5]
	}
	return resource
}

// StatementName is how people find a statement: its Sid, or else its number, from 1.
func StatementName(i int, sid string) string { return cmp.Or(sid, fmt.Sprint(i+1)) }

// quoteReason is a statement with its place and its words: "statement 1 of inline policy x of role y: Allow ec2:* on *".
func quoteReason(r policy.Reason) string {
	if r.Statement < 0 {
		return r.Text
	}
	text := fmt.Sprintf("statement %s of %s", StatementName(r.Statement, r.Sid), r.Source)
	if r.Note != "" {
		text += " (" + r.Note + ")"
	}
	return text + ": " + r.Quote()
}

func operationOf(l policy.Layer) operation.ID {
	switch l {
	case policy.IdentityLayer, policy.BoundaryLayer:
		return "iam:GetAccountAuthorizationDetails"
	case policy.ServiceControlLayer, policy.ResourceControlLayer:
		return "organizations:DescribePolicy"
	}
	return ""
}

// First is the decision with which a path begins: what to take away so that it ends.
func First(p *access.Path) access.Answer {
	for _, s := range p.Steps {
		for _, a := range s.Answers {
			if a.Principal == p.Principal {
				return a
			}
		}
	}
	if len(p.Because) > 0 {
		return p.Because[0]
	}
	return access.Answer{Principal: p.Principal}
}

// Permit is the statement of a principal's own policies that allows a decision, as the cause of what comes of it: one for all that the
// statement allows. Where a policy of the resource allows it, or the statement is not told, the principal itself is the cause, and
// the title says of what.
func Permit(a access.Answer, title string) answer.Cause {
	p := a.Principal
	ref := Subject(p).Ref()
	for _, r := range a.Because {
		if r.Effect != policy.Allow || r.Layer != policy.IdentityLayer || r.Statement < 0 {
			continue
		}
		name := StatementName(r.Statement, r.Sid)
		of := r.Source
		if !strings.HasSuffix(of, " of "+p.Kind+" "+p.Name) {
			of += ", which " + p.Kind + " " + p.Name + " has"
		}
		fix := fmt.Sprintf("Hold statement %s of %s to the actions and resources that are meant.", name, r.Source)
		if arn := managedARN(p, strings.TrimPrefix(r.Source, "policy ")); strings.Contains(arn, ":iam::aws:") {
			fix = fmt.Sprintf("Give %s %s a policy with what it needs in the place of %s, which is AWS's.", p.Kind, p.Name, r.Source)
		}
		return answer.Cause{
			Key:     fmt.Sprintf("allowed/%s/%s/%d", p.ARN, r.Source, r.Statement+1),
			Subject: ref,
			Title:   fmt.Sprintf("statement %s of %s in %s allows too much: %s", name, of, p.Account, r.Quote()),
			Fix:     answer.Fix{Text: fix, CLI: editOf(p, r.Source)},
		}
	}
	return answer.Cause{
		Key: "allowed/" + p.ARN + "/" + a.Action, Subject: ref, Title: title,
		Fix: answer.Fix{Text: fmt.Sprintf("Deny %s %s %s, or take it from the policy that allows it.", p.Kind, p.Name, a.Action),
			CLI: []string{"aws iam simulate-principal-policy --policy-source-arn " + control.ShellQuote(p.ARN) + " --action-names " + a.Action}},
	}
}

// editOf are the commands by which a person changes the policy of a principal that a decision names.
func editOf(p *access.Principal, source string) []string {
	name := control.ShellQuote(p.Name)
	kind, owner := p.Kind, name
	if inline, rest, ok := strings.Cut(strings.TrimPrefix(source, "inline policy "), " of "); ok && strings.HasPrefix(source, "inline policy ") {
		if group, ok := strings.CutPrefix(rest, "group "); ok {
			kind, owner = "group", control.ShellQuote(group)
		}
		return []string{
			fmt.Sprintf("aws iam get-%s-policy --%s-name %s --policy-name %s --query PolicyDocument > policy.json", kind, kind, owner, control.ShellQuote(inline)),
			fmt.Sprintf("aws iam put-%s-policy --%s-name %s --policy-name %s --policy-document file://policy.json   # after the change", kind, kind, owner, control.ShellQuote(inline)),
		}
	}
	arn := managedARN(p, strings.TrimPrefix(source, "policy "))
	if arn == "" || strings.Contains(arn, ":iam::aws:") {
		if arn == "" {
			arn = "ARN"
		}
		return []string{
			fmt.Sprintf("aws iam attach-%s-policy --%s-name %s --policy-arn NARROWER", kind, kind, owner),
			fmt.Sprintf("aws iam detach-%s-policy --%s-name %s --policy-arn %s", kind, kind, owner, control.ShellQuote(arn)),
		}
	}
	return []string{
		fmt.Sprintf("aws iam get-policy-version --policy-arn %s --version-id VERSION --query PolicyVersion.Document > policy.json", control.ShellQuote(arn)),
		fmt.Sprintf("aws iam create-policy-version --policy-arn %s --policy-document file://policy.json --set-as-default   # after the change", control.ShellQuote(arn)),
	}
}

func managedARN(p *access.Principal, name string) string {
	var arns []string
	switch {
	case p.Role() != nil:
		arns = p.Role().Managed
	case p.User() != nil:
		arns = p.User().Managed
	}
	for _, arn := range arns {
		if strings.HasSuffix(arn, ":policy/"+name) {
			return arn
		}
	}
	return ""
}
