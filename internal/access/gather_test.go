package access

import (
	"fmt"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
)

func (s *small) group(name, statements string) *estate.Group {
	g := &estate.Group{Resource: resourceOf("group", one, name, "arn:aws:iam::"+one+":group/"+name), Attached: s.attached(statements)}
	s.Groups = append(s.Groups, g)
	return g
}

func (s *small) managed(name, statements string) string {
	arn := "arn:aws:iam::" + one + ":policy/" + name
	s.ManagedPolicies = append(s.ManagedPolicies, &estate.ManagedPolicy{Resource: resourceOf("policy", one, name, arn),
		Document: estate.Know(s.document(`{"Version": "2012-10-17", "Statement": [` + statements + `]}`))})
	return arn
}

func allow(actions, resource, condition string) string {
	if condition != "" {
		condition = `, "Condition": ` + condition
	}
	return `{"Effect": "Allow", "Action": ["` + strings.ReplaceAll(actions, " ", `", "`) + `"], "Resource": "` + resource + `"` + condition + `}`
}

// Whoever writes a policy that bounds somebody writes what bounds him.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
func TestBoundaryIsRewritten(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	b := s.managed("b", allow("s3:* iam:CreatePolicyVersion", "*", ""))
	s.user(one, "bounded", everything).Boundary = b
	s.want("bounded", "yes pf:iam-001")
	s.ManagedPolicies[0].Document = estate.Know(s.document(`{"Version": "2012-10-17", "Statement": ` + allow("s3:* iam:CreatePolicyVersion", "arn:aws:iam::*:policy/other", "") + `}`))
	s.want("bounded", "no")
}

func TestBoundaryGoesBackToAVersionThatBoundsNothing(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	b := s.managed("b", allow("s3:* iam:SetDefaultPolicyVersion", "*", ""))
	m := s.ManagedPolicies[0]
	m.Versions = []estate.PolicyVersion{{ID: "v1", Document: estate.Know(s.document(`{"Version": "2012-10-17", "Statement": ` + everything + `}`))}, {ID: "v2", Default: true, Document: m.Document}}
	s.user(one, "bounded", everything).Boundary = b
	s.want("bounded", "yes prowler:SetDefaultPolicyVersion")
	m.Versions[0].Document = estate.Know(s.document(`{"Version": "2012-10-17", "Statement": ` + allow("s3:* ec2:*", "*", "") + `}`))
	s.want("bounded", "no")
}

func TestAnotherBoundaryIsPutOn(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	wide := s.managed("wide", everything)
	b := s.managed("b", allow("s3:*", "*", "")+","+allow("iam:PutUserPermissionsBoundary", "*", `{"StringLike": {"iam:PermissionsBoundary": "arn:aws:iam::*:policy/w*"}}`))
	s.user(one, "bounded", everything).Boundary = b
	s.want("bounded", "yes pf:iam-022")
	s.ManagedPolicies[0].Reference.ARN = strings.Replace(wide, "wide", "other", 1)
	s.want("bounded", "no")
}

// iam:PolicyARN holds attaching to some policies: those lead as far as what they say.
func TestOtherPoliciesAreAttached(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ condition, more, want string }{
		{`{"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::111111111111:policy/strong"}}`, "", "yes pf:iam-008"},
		{`{"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::111111111111:policy/weak"}}`, "", "no"},
		{`{"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::111111111111:policy/weak"}}`, "," + allow("iam:CreatePolicyVersion", "arn:aws:iam::*:policy/weak", ""), "yes pf:iam-001"},
		{`{"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/IAMFullAccess"}}`, "", "yes pf:iam-008"},
		{`{"ArnNotEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}}`, "", "yes pf:iam-008"},
		{`{"ArnNotEquals": {"iam:PolicyARN": ["arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/IAMFullAccess"]}}`, "", "yes pf:iam-008"},
		{`{"ArnLike": {"iam:PolicyARN": "arn:aws:iam::111111111111:policy/new/*"}}`, "", "no"},
		{`{"ArnLike": {"iam:PolicyARN": "arn:aws:iam::111111111111:policy/new/*"}}`, "," + allow("iam:CreatePolicy", "*", ""), "yes awspx:CreatePolicyAttach"},
		{`{"ArnLike": {"iam:PolicyARN": "arn:aws:iam::111111111111:policy/new/*"}}`, "," + allow("iam:CreatePolicy", "arn:aws:iam::*:policy/old/*", ""), "no"},
	} {
		s := newSmall(t)
		s.managed("strong", everything)
		s.managed("weak", allow("s3:GetObject", "*", ""))
		s.user(one, "attaches", allow("iam:AttachUserPolicy", "*", x.condition)+x.more)
		if got := s.steps("attaches"); !strings.HasPrefix(got, x.want) {
			t.Errorf("%s%s: %s, want %s", x.condition, x.more, got, x.want)
		}
	}
}

func TestEmptyGroupIsJoinedAndWrittenInto(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.group("ops", "")
	s.group("other", "")
	s.user(one, "writes", allow("iam:AddUserToGroup iam:PutGroupPolicy", "arn:aws:iam::*:group/ops", ""))
	s.user(one, "apart", allow("iam:AddUserToGroup", "arn:aws:iam::*:group/ops", "")+","+allow("iam:PutGroupPolicy", "arn:aws:iam::*:group/other", ""))
	s.want("writes", "yes pf:iam-013 pf:iam-011")
	s.want("apart", "no")
}

// Two users who may do the same are told apart, once they were put into a group, by what that lets them do to one of them.
func TestUsersInAGroupAreToldApartByItsPolicies(t *testing.T) {
	t.Parallel()
	for _, named := range []string{"a", "b"} {
		s := newSmall(t)
		s.group("x", allow("iam:PutUserPolicy", "arn:aws:iam::*:user/"+named, ""))
		s.user(one, "a", allow("iam:AddUserToGroup", "*", ""))
		s.user(one, "b", allow("iam:AddUserToGroup", "*", ""))
		for _, name := range []string{"a", "b"} {
			want := "no"
			if name == named {
				want = "yes pf:iam-013 pf:iam-007"
			}
			s.want(name, want)
		}
	}
}

// Of several policies at once a path tells those that it takes, and a single one that suffices comes first.
func TestPathTellsTheFewestPolicies(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	only := `{"ArnLike": {"iam:PolicyARN": "arn:aws:iam::*:policy/p/*"}}`
	for i := range 4 {
		s.managed(fmt.Sprint("p/b", i), allow("s3:GetObject", fmt.Sprintf("arn:aws:s3:::b%d/*", i), ""))
	}
	s.managed("p/make", allow("iam:CreateRole", "*", ""))
	s.managed("p/put", allow("iam:PutRolePolicy", "*", ""))
	s.user(one, "attaches", allow("iam:AttachUserPolicy", "*", only))
	path := s.escalates("attaches")
	if got := s.steps("attaches"); got != "yes pf:iam-008 awspx:CreateRolePut" {
		t.Fatal(got)
	}
	if text := path.Steps[0].Text; text != "attaches policies make, put to user attaches" && text != "attaches policies put, make to user attaches" {
		t.Error(text)
	}
	s.managed("p/own", allow("iam:PutUserPolicy", "*", ""))
	if text := s.escalates("attaches").Steps[0].Text; text != "attaches policy own to user attaches" {
		t.Error(text)
	}
}

// What several groups allow together counts, however many there are, and the search stays small.
func TestGroupsAreJoinedTogether(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	for i := range 40 {
		s.group(fmt.Sprintf("g%02d", i), allow("s3:GetObject", fmt.Sprintf("arn:aws:s3:::b%d/*", i), ""))
	}
	s.group("key", allow("iam:CreateAccessKey", "arn:aws:iam::*:user/other", ""))
	s.group("put", allow("iam:PutUserPolicy", "arn:aws:iam::*:user/other", ""))
	s.user(one, "other", "")
	s.user(one, "joins", allow("iam:AddUserToGroup", "*", ""))
	s.want("other", "no")
	if got := s.steps("joins"); !strings.HasPrefix(got, "yes pf:iam-013") {
		t.Errorf("joins: %s", got)
	}
	if nodes := len(New(s.Estate, Options{}).fieldOf(false).nodes); nodes > 100 {
		t.Errorf("%d nodes", nodes)
	}
}
