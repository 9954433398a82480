package policy

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/iamdata"
)

// score counts what agrees with other people's expectations, and tells of each difference.
type score struct{ agree, differ, elsewhere int }

func (s *score) check(t *testing.T, name string, agree, differ, elsewhere int) {
	t.Helper()
	t.Logf("%s: %d agree, %d differ, %d not applicable", name, s.agree, s.differ, s.elsewhere)
	if *s != (score{agree, differ, elsewhere}) {
		t.Errorf("%s: want %d, %d, %d", name, agree, differ, elsewhere)
	}
}

// AWS's own words for 78 documents that IAM refuses, and its silence about 54 that it takes. Of the two that differ, one has
// two mistakes, of which we tell the other one; the other holds a date, "01T", that no form of ISO 8601 explains.
// https://www.w3.org/TR/NOTE-datetime
func TestComplaintsAreThoseOfAWS(t *testing.T) {
	t.Parallel()
	var refused, taken score
	for _, r := range motoInvalid(t) {
		_, complaints, err := Check(IdentityPolicy, []byte(r.text))
		var said []string
		for _, c := range complaints {
			said = append(said, strings.TrimSuffix(c.AWS, "."))
		}
		if at, ok := err.(*Error); ok {
			said = append(said, strings.TrimSuffix(at.AWS, "."))
		}
		if slices.Contains(said, strings.TrimSuffix(r.why, ".")) {
			refused.agree++
			continue
		}
		refused.differ++
		t.Logf("AWS: %s\n we: %q\n %s", r.why, said, r.text)
	}
	for _, r := range motoValid(t) {
		_, complaints, err := Check(IdentityPolicy, []byte(r.text))
		if err == nil && !slices.ContainsFunc(complaints, func(e Error) bool { return e.Refused }) {
			taken.agree++
			continue
		}
		taken.differ++
		t.Logf("IAM takes %s\nwe: %v %v", r.text, complaints, err)
	}
	refused.check(t, "moto: refused by IAM", 77, 1, 0)
	taken.check(t, "moto: taken by IAM", 53, 1, 0)
}

// Every policy that AWS keeps for everybody can be read, and nothing is wrong with it.
func TestManagedPoliciesAreRead(t *testing.T) {
	t.Parallel()
	statements, complained := 0, 0
	for _, p := range iamdata.ManagedPolicies() {
		d, complaints, err := Check(IdentityPolicy, p.Document)
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		if strict, err := Parse(p.Document); err != nil || len(strict.Statements) != len(d.Statements) {
			t.Errorf("%s: read strictly: %v", p.Name, err)
		}
		statements += len(d.Statements)
		for _, c := range complaints {
			complained++
			t.Logf("%s: %v (%s)", p.Name, &c, c.AWS)
		}
	}
	t.Logf("%d policies, %d statements, %d complaints", len(iamdata.ManagedPolicies()), statements, complained)
	if statements != 9030 || complained != 0 {
		t.Errorf("%d statements, %d complaints", statements, complained)
	}
}

// Patterns of ARNs against patterns of ARNs, as Parliament compares them. Its linter calls an empty account or Region a mistake
// where a resource type has one, and so says that "*" does not match it; to AWS a star matches nothing too. What it asks of Regions,
// account ids and types is not a comparison.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
func TestParliamentComparesPatterns(t *testing.T) {
	t.Parallel()
	var rows []struct {
		Fn     string
		Args   []string
		Expect bool
	}
	read(t, "parliament/arn_match.json", &rows)
	var s score
	for _, r := range rows {
		switch {
		case r.Fn != "is_arn_match":
			s.elsewhere++
		case OverlapARN(r.Args[1], r.Args[2]) == r.Expect:
			s.agree++
		default:
			s.differ++
			t.Logf("%s and %s: Parliament says %t", r.Args[1], r.Args[2], r.Expect)
		}
	}
	s.check(t, "parliament: patterns", 19, 2, 18)
}

// What Parliament's linter finds that is AWS's to refuse: no JSON, malformed documents, statement ids, ARNs, operators. What it finds
// of style and risk, or of keys and actions that do not go together, AWS takes.
func TestParliamentFindsWhatAWSRefuses(t *testing.T) {
	t.Parallel()
	var rows []struct{ Test, Policy, Assert string }
	read(t, "parliament/lint_expectations.json", &rows)
	var s score
	for _, r := range rows {
		kind := IdentityPolicy
		if strings.Contains(r.Policy, `"Principal"`) {
			kind = ResourcePolicy
		}
		_, complaints, err := Check(kind, []byte(r.Policy))
		refused := err != nil || slices.ContainsFunc(complaints, func(e Error) bool { return e.AWS != "" })
		expected := false
		for _, id := range []string{"MALFORMED", "INVALID_SID", "DUPLICATE_SID", "INVALID_ARN", "UNKNOWN_OPERATOR", "findings) == 1"} {
			expected = expected || strings.Contains(r.Assert, id)
		}
		ours := expected || strings.Contains(r.Assert, "set()") || strings.Contains(r.Assert, "set([])") || strings.Contains(r.Assert, "findings) == 0")
		switch {
		case !ours || strings.Contains(r.Assert, "get_resources"):
			s.elsewhere++
		case refused == expected:
			s.agree++
		default:
			s.differ++
			t.Logf("%s: %s: we say %v %v", r.Test, r.Assert, complaints, err)
		}
	}
	s.check(t, "parliament: findings", 31, 0, 21)
}

// can-i and who-can of IAMSpy, over the files of its cases. Its loose mode asks whether some context allows, its strict mode
// whether the context at hand does.
func TestIAMSpy(t *testing.T) {
	t.Parallel()
	var cases []struct {
		Test string
		Case []json.RawMessage
	}
	read(t, "iamspy/expected.json", &cases)
	var can, who score
	for _, c := range cases {
		var files struct{ Gaads, Resources, SCPs []string }
		var question []json.RawMessage
		decode(t, c.Case[0], &files)
		decode(t, c.Case[1], &question)
		e := spyEstate(t, files.Gaads, files.Resources, files.SCPs)
		got, want := "", string(compact(t, c.Case[2]))
		tally := &who
		switch c.Test {
		case "test_can_i":
			tally = &can
			got = asJSON(t, e.can(t, text(t, question[0]), text(t, question[1]), text(t, question[2]), question[3:]))
		case "test_who_can":
			got = asJSON(t, e.who(t, text(t, question[0]), text(t, question[1]), question[2:]))
		case "test_who_can_batch_resource":
			var resources []string
			decode(t, question[1], &resources)
			pairs := [][2]string{}
			for _, resource := range resources {
				for _, p := range e.who(t, text(t, question[0]), resource, nil) {
					pairs = append(pairs, [2]string{p, resource})
				}
			}
			slices.SortFunc(pairs, func(a, b [2]string) int { return strings.Compare(a[0]+a[1], b[0]+b[1]) })
			got = asJSON(t, pairs)
		}
		if got == want {
			tally.agree++
			continue
		}
		tally.differ++
		t.Logf("%s %s: got %s", c.Test, c.Case, got)
	}
	can.check(t, "iamspy: can-i", 22, 0, 0)
	who.check(t, "iamspy: who-can", 17, 0, 0)
}

type spied struct {
	principals []spiedPrincipal
	resources  map[string]spiedResource
	scp        map[string][]Level // by account
	management string             // the account that manages the organisation: its id is in the ARN of the root
}

type spiedPrincipal struct {
	arn      string
	policies Policies
}

type spiedResource struct {
	account string
	source  Source
}

func (e *spied) can(t *testing.T, principal, action, resource string, rest []json.RawMessage) bool {
	var conditions []string
	strict := false
	if len(rest) > 0 {
		decode(t, rest[0], &conditions)
	}
	if len(rest) > 2 {
		decode(t, rest[2], &strict)
	}
	context := Context{Values: map[string][]string{}, Open: !strict}
	for _, c := range conditions {
		key, value, _ := strings.Cut(c, "=")
		context.Values[strings.ToLower(key)] = []string{value}
	}
	for _, p := range e.principals {
		if p.arn != principal {
			continue
		}
		caller, err := CallerOf(principal, "")
		if err != nil {
			t.Fatal(err)
		}
		caller.ManagesOrganization = caller.Account == e.management
		r := &Request{Action: action, Resource: resource, Caller: caller, Context: context}
		policies := p.policies
		if own, ok := e.resources[resource]; ok {
			policies.Resource, r.ResourceAccount = &own.source, own.account
		} else if bucket, _, isObject := strings.Cut(resource, "/"); isObject {
			if own, ok := e.resources[bucket]; ok {
				policies.Resource, r.ResourceAccount = &own.source, own.account
			}
		}
		policies.ServiceControl = e.scp[caller.Account]
		result := Decide(r, &policies).Result
		return result == Allowed || !strict && result == Depends
	}
	return false // there is no such principal
}

func (e *spied) who(t *testing.T, action, resource string, rest []json.RawMessage) []string {
	all := []string{}
	for _, p := range e.principals {
		if e.can(t, p.arn, action, resource, rest) {
			all = append(all, p.arn)
		}
	}
	slices.Sort(all)
	return all
}

type spyDetail struct {
	Arn                     string
	RolePolicyList          []spyInline
	UserPolicyList          []spyInline
	AttachedManagedPolicies []struct{ PolicyArn string }
	PermissionsBoundary     *struct{ PermissionsBoundaryArn string }
}

type spyInline struct {
	PolicyName     string
	PolicyDocument json.RawMessage
}

func spyEstate(t *testing.T, gaads, resources, scps []string) *spied {
	t.Helper()
	e := &spied{resources: map[string]spiedResource{}, scp: map[string][]Level{}}
	for _, name := range gaads {
		var g struct {
			UserDetailList, RoleDetailList []spyDetail
			Policies                       []struct {
				Arn               string
				PolicyVersionList []struct {
					Document         json.RawMessage
					IsDefaultVersion bool
				}
			}
		}
		read(t, "iamspy/tests/files/"+name, &g)
		managed := map[string]Source{}
		for _, p := range g.Policies {
			for _, v := range p.PolicyVersionList {
				if v.IsDefaultVersion {
					managed[p.Arn] = checked(t, p.Arn, IdentityPolicy, v.Document)
				}
			}
		}
		of := func(arn string) Source {
			if s, ok := managed[arn]; ok {
				return s
			}
			if p, ok := iamdata.Managed(arn); ok {
				return checked(t, arn, IdentityPolicy, p.Document)
			}
			return Source{Name: arn, Unread: "the file lacks it"}
		}
		for _, d := range append(g.UserDetailList, g.RoleDetailList...) {
			p := spiedPrincipal{arn: d.Arn}
			for _, i := range append(d.UserPolicyList, d.RolePolicyList...) {
				p.policies.Identity = append(p.policies.Identity, checked(t, i.PolicyName, IdentityPolicy, i.PolicyDocument))
			}
			for _, a := range d.AttachedManagedPolicies {
				p.policies.Identity = append(p.policies.Identity, of(a.PolicyArn))
			}
			if d.PermissionsBoundary != nil {
				p.policies.Boundary = []Source{of(d.PermissionsBoundary.PermissionsBoundaryArn)}
			}
			e.principals = append(e.principals, p)
		}
	}
	for _, name := range resources {
		var list []struct {
			Resource, Account string
			Policy            json.RawMessage
		}
		read(t, "iamspy/tests/files/"+name, &list)
		for _, r := range list {
			e.resources[r.Resource] = spiedResource{r.Account, checked(t, r.Resource, ResourcePolicy, r.Policy)}
		}
	}
	for _, name := range scps {
		var root spyNode
		read(t, "iamspy/tests/files/"+name, &root)
		e.management = strings.Split(root.ARN, ":")[4]
		root.walk(t, nil, e.scp)
	}
	return e
}

// spyNode is an organisation's root, a unit or an account.
type spyNode struct {
	ID, Name, Type, ARN string
	Policies            []struct {
		Name    string
		Content json.RawMessage
	}
	Children []spyNode
}

func (n *spyNode) walk(t *testing.T, above []Level, into map[string][]Level) {
	l := Level{Name: n.Name}
	for _, p := range n.Policies {
		l.Sources = append(l.Sources, checked(t, p.Name, ServiceControlPolicy, p.Content))
	}
	here := append(slices.Clone(above), l)
	if n.Type == "Account" {
		into[n.ID] = here
	}
	for i := range n.Children {
		n.Children[i].walk(t, here, into)
	}
}

func checked(t *testing.T, name string, kind Kind, text []byte) Source {
	t.Helper()
	d, _, err := Check(kind, text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return Source{Name: name, Document: d}
}

func decode(t *testing.T, raw json.RawMessage, into any) {
	t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
}

func text(t *testing.T, raw json.RawMessage) (s string) { decode(t, raw, &s); return s }

func compact(t *testing.T, raw json.RawMessage) []byte {
	var v any
	decode(t, raw, &v)
	return []byte(asJSON(t, v))
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
