package access

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// plain is the second search, slow and obvious: for each principal, everything that it gets to and that can be made of what it
// got to, each step decided for each pair, until nothing is new.
func plain(w *World, g Goal) map[string]Strength {
	all := map[string]Strength{}
	workloads := append([]*Workload{nil}, w.listWorkloads()...)
	became := map[string]Strength{}
	for _, p := range w.principals {
		if p.Kind == "root" {
			continue
		}
		for _, s := range []Strength{Unknown, May, Yes} {
			if plainReaches(w, g, workloads, became, p, s) {
				all[p.ARN] = s
			}
		}
	}
	return all
}

func plainReaches(w *World, g Goal, workloads []*Workload, became map[string]Strength, start *Principal, s Strength) bool {
	states := []*Principal{start}
	changes := []int{0}
	key := func(p *Principal) string {
		content, alone, _ := w.classKey(p)
		if p.how == "" || alone {
			return p.ARN + p.how + content
		}
		return w.madeKey(p)
	}
	seen := map[string]bool{key(start): true}
	add := func(p *Principal, n int) {
		if k := key(p); !seen[k] {
			seen[k] = true
			states, changes = append(states, p), append(changes, n)
		}
	}
	for before := -1; before != len(states); {
		before = len(states)
		for i := range before {
			x := states[i]
			if f, _, _ := w.prover().ends(x, w.allows(&x.Policies, x.Kind), g); f.strength >= s {
				return true
			}
			for _, q := range w.principals {
				for r := range ruleset {
					for _, workload := range workloads {
						rule := &ruleset[r]
						if rule.name == "guest" && q.ARN != x.ARN && w.prover().letGuests(x, q, workload).strength >= s {
							add(w.asGuest(q), 1)
						}
						if q.ARN == x.ARN || !fits(w, rule, q, workload) {
							continue
						}
						step := fmt.Sprint(key(x), x.ARN, r, q.ARN, workload)
						strength, ok := became[step]
						if !ok {
							strength = w.prover().become(x, rule, q, workload).strength
							became[step] = strength
						}
						if strength >= s {
							add(q, 0)
						}
					}
				}
			}
			for j := range before {
				if changes[j] >= maxChanges {
					continue
				}
				all := append(w.prover().modifies(x, states[j], everyAction), w.prover().sessions(x, states[j])...)
				if j == i {
					all = append(all, w.prover().mints(x, everyAction)...)
				}
				for _, d := range all {
					if d.proof.strength >= s {
						add(d.made, changes[j]+1)
					}
				}
			}
		}
	}
	return false
}

// fits reports whether a rule is about a workload: of its kind, or of none that was read.
func fits(w *World, r *rule, q *Principal, x *Workload) bool {
	switch r.name {
	case "pool":
		return x == nil || x.Kind == poolKind
	case "guest":
		return false // a change of whom it makes: see below
	case "cluster":
		return x == nil && w.kindUnread(clusterKind, q.Account) != "" || x != nil && x.Kind == clusterKind
	case "existing":
		return x == nil && w.kindUnread(r.technique.Workload, q.Account) != "" || x != nil && x.Kind == r.technique.Workload
	case "swap":
		return x == nil && w.kindUnread(r.technique.Workload, q.Account) != "" || x != nil && x.Kind == r.technique.Workload && x.Account == q.Account
	}
	return x == nil
}

func TestSearchAgreesWithPlainSearch(t *testing.T) {
	t.Parallel()
	reached, notReached, seeds := 0, 0, 40
	if testing.Short() {
		seeds = 12
	}
	for seed := range uint64(seeds) {
		e := randomEstate(rand.New(rand.NewPCG(seed, 5)), seed != 0) // of tags there are too many choices to look at each principal by itself
		goals := []Goal{Administrator, {Kind: "privileges"}}
		if seed == 0 { // it looks at each principal by itself, and takes longer
			goals = append(goals, Goal{Kind: "keys", Stores: []string{"arn:aws:kms:us-east-1:111111111111:key/k"}})
		}
		some, others := agrees(t, fmt.Sprint("seed ", seed), e, Options{AsRead: seed%2 == 0}, goals)
		reached, notReached = reached+some, notReached+others
	}
	if reached < 4*seeds || notReached < 4*seeds {
		t.Errorf("%d reached and %d not: the estates tell nothing", reached, notReached)
	}
}

// agrees holds the search against the plain one, and counts who gets there and who does not.
func agrees(t *testing.T, name string, e *estate.Estate, o Options, goals []Goal) (reached, notReached int) {
	t.Helper()
	w := New(e, o)
	for _, g := range goals {
		x, want := w.Escalate(g), plain(New(e, o), g)
		for _, p := range w.Principals() {
			if p.Kind == "root" {
				continue
			}
			got := x.Strength(p)
			if got != want[p.ARN] {
				t.Errorf("%s: %s to %s: %s, the plain search says %s\n%s", name, p.ARN, g.Kind, got, want[p.ARN], describe(x.Of(p)))
			}
			if got == No {
				notReached++
				continue
			}
			reached++
			replays(t, name+": "+p.ARN, x.Of(p))
		}
	}
	return reached, notReached
}

// replays holds a path against its decisions: each step is as sure as the whole at least, follows on the one before, and says why.
func replays(t *testing.T, name string, p *Path) {
	t.Helper()
	if p == nil {
		t.Errorf("%s: it is reached, and there is no path", name)
		return
	}
	held := []string{p.Principal.ARN} // who can be acted as so far
	for _, s := range p.Steps {
		if s.Strength < p.Strength {
			t.Errorf("%s: step %q is %s, the path %s", name, s.Text, s.Strength, p.Strength)
		}
		if !slices.Contains(held, s.From.ARN) {
			t.Errorf("%s: step %q is by %s, who was not reached", name, s.Text, s.From.ARN)
		}
		if len(s.Answers) == 0 {
			t.Errorf("%s: step %q rests on no decision", name, s.Text)
		}
		for _, a := range s.Answers {
			if a.Result != policy.Allowed && a.Result != policy.Depends {
				t.Errorf("%s: step %q rests on %s of %s", name, s.Text, a.Result, a.Action)
			}
		}
		held = append(held, s.To.ARN)
	}
	if p.End == "" || len(p.Because) == 0 && len(p.Unread) == 0 {
		t.Errorf("%s: the path has no end: %s", name, describe(p))
	}
}

func describe(p *Path) string {
	if p == nil {
		return "no path"
	}
	var b strings.Builder
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "  %s: %s %s (%s)\n", s.ID, s.From.called(), s.Text, s.Strength)
	}
	return b.String() + "  = " + p.End
}

// randomEstate makes a few principals in two accounts whose policies are drawn from what escalations are made of.
func randomEstate(r *rand.Rand, tags bool) *estate.Estate {
	e := &estate.Estate{Observed: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	accounts := []string{"111111111111", "222222222222"}
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	some := func(p float64) bool { return r.Float64() < p }
	for _, a := range accounts {
		e.Accounts = append(e.Accounts, &estate.Account{ID: a, Regions: estate.Know([]string{"us-east-1"}), Organization: estate.None[string]()})
		for _, id := range []operation.ID{"iam:GetAccountAuthorizationDetails", "iam:GetCredentialReport"} {
			e.Note(estate.Reading{Place: estate.Place{Account: a, Region: estate.Global}, Operation: id, Outcome: operation.OK})
		}
		if some(0.8) {
			for _, id := range []operation.ID{"lambda:ListFunctions", "ec2:DescribeInstances", "ecs:ListClusters", "cloudformation:DescribeStacks", "codebuild:BatchGetProjects"} {
				e.Note(estate.Reading{Place: estate.Place{Account: a, Region: "us-east-1"}, Operation: id, Outcome: operation.OK})
			}
		}
	}
	var roles, users []string
	for i, a := range accounts {
		for n := range 2 + r.IntN(3) {
			roles = append(roles, "arn:aws:iam::"+a+":role/"+pick("", "team/")+fmt.Sprintf("r%d%d", i, n))
		}
		users = append(users, "arn:aws:iam::"+a+":user/u"+fmt.Sprint(i))
	}
	principals := append(slices.Clone(roles), users...)
	account := func(arn string) string { return strings.Split(arn, ":")[4] }
	name := func(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
	resource := func(kind, arn string) estate.Resource {
		return estate.Resource{Reference: estate.Ref{Kind: kind, Account: account(arn), Region: estate.Global, ID: name(arn), ARN: arn}, Labels: estate.None[map[string]string]()}
	}
	condition := func(s *policy.Statement) {
		equals := func(operator, key, value string) {
			s.Condition = []policy.Condition{{Operator: policy.Operator{Name: operator}, Key: key, Values: []string{value}, Line: 1}}
		}
		kinds := 18
		if tags {
			kinds = 22
		}
		kind := r.IntN(kinds)
		if !tags && kind >= 4 {
			return
		}
		switch kind {
		case 0:
			s.Condition = []policy.Condition{{Operator: policy.Operator{Name: "Bool"}, Key: "aws:MultiFactorAuthPresent", Values: []string{"true"}, Line: 1}}
		case 1:
			s.Condition = []policy.Condition{{Operator: policy.Operator{Name: "StringEquals"}, Key: "iam:PassedToService", Values: []string{"lambda.amazonaws.com"}, Line: 1}}
		case 2:
			s.Condition = []policy.Condition{{Operator: policy.Operator{Name: "StringEquals"}, Key: "aws:RequestedRegion", Values: []string{"eu-west-1", "us-east-1"}, Line: 1}}
		case 3:
			s.Condition = []policy.Condition{{Operator: policy.Operator{Name: "ArnNotLike"}, Key: "aws:PrincipalArn", Values: []string{principals[r.IntN(len(principals))]}, Line: 1}}
		case 4:
			equals(pick("StringEquals", "StringNotEquals"), "aws:PrincipalTag/t", pick("a", "b"))
		case 5:
			equals("StringEquals", "aws:ResourceTag/t", pick("a", "b", "${aws:PrincipalTag/t}"))
		case 6:
			equals("StringEquals", "aws:RequestTag/t", pick("a", "b", "${aws:PrincipalTag/t}"))
		case 7, 8:
			equals(pick("ArnEquals", "ArnEquals", "ArnNotEquals"), pick("iam:PolicyARN", "iam:PolicyARN", "iam:PermissionsBoundary"),
				pick("arn:aws:iam::111111111111:policy/p0", "arn:aws:iam::*:policy/p1", "arn:aws:iam::*:policy/new*", "arn:aws:iam::aws:policy/AdministratorAccess"))
		}
	}
	statement := func() policy.Statement {
		s := policy.Statement{Effect: policy.Allow, Line: 1}
		if some(0.12) {
			s.Effect = policy.Deny
		}
		for range 1 + r.IntN(3) {
			s.Action = append(s.Action, pick("iam:PassRole", "lambda:*", "lambda:CreateFunction", "lambda:InvokeFunction", "lambda:UpdateFunctionCode", "sts:AssumeRole", "sts:AssumeRole", "iam:Put*", "iam:PutRolePolicy",
				"iam:AttachUserPolicy", "iam:CreateAccessKey", "iam:UpdateAssumeRolePolicy", "iam:AddUserToGroup", "iam:CreatePolicyVersion", "iam:DeleteRolePermissionsBoundary", "iam:CreateLoginProfile", pick("iam:TagRole", "iam:TagUser", "iam:Tag*", "sts:*"),
				"iam:*", "ec2:*", "s3:*", "*", "iam:CreateUser", "iam:CreateRole", "iam:AttachRolePolicy", "iam:CreatePolicy", "iam:PutUserPermissionsBoundary", "iam:DetachRolePolicy", "iam:DeleteUserPermissionsBoundary", "cloudformation:*"))
		}
		switch r.IntN(6) {
		case 0, 1:
			s.Resource = []string{"*"}
		case 2:
			s.NotResource = []string{principals[r.IntN(len(principals))]}
		case 3:
			s.Resource = []string{pick("arn:aws:iam::*:role/*", "arn:aws:iam::111111111111:*", "arn:aws:iam::*:role/team/*", "arn:aws:iam::*:policy/p0", "arn:aws:iam::*:group/*", "arn:aws:lambda:*:*:function:f*",
				"arn:aws:iam::*:user/${aws:username}")}
		default:
			s.Resource = []string{principals[r.IntN(len(principals))], principals[r.IntN(len(principals))]}
		}
		condition(&s)
		return s
	}
	document := func() *policy.Document {
		d := &policy.Document{Version: "2012-10-17"}
		for range 1 + r.IntN(2) {
			d.Statements = append(d.Statements, statement())
		}
		return d
	}
	all := &policy.Document{Version: "2012-10-17", Statements: []policy.Statement{{Effect: policy.Allow, Action: []string{"*"}, Resource: []string{"*"}, Line: 1}}}
	for _, a := range accounts {
		for n := range 2 {
			m := &estate.ManagedPolicy{Resource: resource("policy", "arn:aws:iam::"+a+":policy/p"+fmt.Sprint(n)), Document: estate.Know(document())}
			m.Versions = []estate.PolicyVersion{{ID: "v1", Document: estate.Know(document())}, {ID: "v2", Default: true, Document: m.Document}}
			e.ManagedPolicies = append(e.ManagedPolicies, m)
		}
		for _, g := range []string{"g", "h"} {
			e.Groups = append(e.Groups, &estate.Group{Resource: resource("group", "arn:aws:iam::"+a+":group/"+g), Attached: estate.Attached{Inline: []estate.Inline{{Name: "i", Document: estate.Know(document())}}}})
		}
	}
	labelled := func(kind, arn string) estate.Resource {
		x := resource(kind, arn)
		if some(0.5) {
			x.Labels = estate.Know(map[string]string{"t": pick("a", "b")})
		}
		return x
	}
	attached := func(arn string) estate.Attached {
		var x estate.Attached
		if some(0.6) {
			x.Inline = append(x.Inline, estate.Inline{Name: "i", Document: estate.Know(document())})
		}
		if some(0.3) {
			x.Managed = append(x.Managed, "arn:aws:iam::"+account(arn)+":policy/p"+fmt.Sprint(r.IntN(2)))
		}
		if some(0.08) {
			x.Inline = append(x.Inline, estate.Inline{Name: "admin", Document: estate.Know(all)})
		}
		if some(0.04) {
			x.Managed = append(x.Managed, "arn:aws:iam::"+account(arn)+":policy/missing")
		}
		return x
	}
	boundary := func(arn string) string {
		if some(0.2) {
			return "arn:aws:iam::" + account(arn) + ":policy/p" + fmt.Sprint(r.IntN(2))
		}
		return ""
	}
	for _, arn := range users {
		u := &estate.User{Resource: labelled("user", arn), Attached: attached(arn), Boundary: boundary(arn), MFADevices: estate.Know([]string{})}
		if some(0.3) {
			u.Groups = []string{"g"}
		}
		e.Users = append(e.Users, u)
	}
	for _, arn := range roles {
		trust := policy.Statement{Effect: policy.Allow, Action: []string{"sts:AssumeRole"}, Line: 1, Principal: &policy.Principal{}}
		switch r.IntN(6) {
		case 0:
			trust.Principal.AWS = []string{account(arn)}
		case 1:
			trust.Principal.AWS = []string{"arn:aws:iam::" + accounts[r.IntN(2)] + ":root"}
		case 2:
			trust.Principal.Everyone = some(0.3)
			trust.Principal.Service = []string{"lambda.amazonaws.com", "ec2.amazonaws.com"}
		case 3:
			trust.Principal.Service = []string{pick("lambda.amazonaws.com", "ec2.amazonaws.com", "cloudformation.amazonaws.com")}
		default:
			trust.Principal.AWS = []string{principals[r.IntN(len(principals))]}
		}
		condition(&trust)
		if some(0.3) {
			trust.Action = append(trust.Action, "sts:TagSession")
		}
		role := &estate.Role{Resource: labelled("role", arn), Attached: attached(arn), Boundary: boundary(arn), Profiles: []string{},
			Trust: estate.Know(&policy.Document{Version: "2012-10-17", Statements: []policy.Statement{trust}})}
		if some(0.3) {
			role.Profiles = []string{"arn:aws:iam::" + account(arn) + ":instance-profile/" + name(arn)}
		}
		e.Roles = append(e.Roles, role)
		if some(0.2) {
			e.Functions = append(e.Functions, &estate.Function{Role: arn, ResourcePolicy: estate.None[*policy.Document](), Resource: estate.Resource{Labels: estate.None[map[string]string](), Reference: estate.Ref{Kind: "function",
				Account: account(arn), Region: "us-east-1", ID: "f-" + name(arn), ARN: "arn:aws:lambda:us-east-1:" + account(arn) + ":function:f-" + name(arn)}}})
		}
	}
	key := func(a, b estate.Subject) int { return strings.Compare(a.Ref().Key(), b.Ref().Key()) }
	slices.SortFunc(e.Users, func(a, b *estate.User) int { return key(a, b) })
	slices.SortFunc(e.Roles, func(a, b *estate.Role) int { return key(a, b) })
	slices.SortFunc(e.ManagedPolicies, func(a, b *estate.ManagedPolicy) int { return key(a, b) })
	return e
}
