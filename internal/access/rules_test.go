package access

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

const one, two = "111111111111", "222222222222"

// small is an estate made by hand: everything of IAM was read in two accounts that are in no organisation.
type small struct {
	t *testing.T
	*estate.Estate
}

func newSmall(t *testing.T) *small {
	e := &estate.Estate{Observed: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	for _, a := range []string{one, two} {
		e.Accounts = append(e.Accounts, &estate.Account{ID: a, Regions: estate.Know([]string{"us-east-1"}), Organization: estate.None[string]()})
		for _, o := range operation.All() {
			for _, region := range []string{estate.Global, "us-east-1"} {
				e.Note(estate.Reading{Place: estate.Place{Account: a, Region: region}, Operation: o.ID, Outcome: operation.OK})
			}
		}
	}
	return &small{t, e}
}

func (s *small) document(text string) *policy.Document {
	s.t.Helper()
	d, err := policy.Parse([]byte(text))
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

func (s *small) attached(statements string) estate.Attached {
	if statements == "" {
		return estate.Attached{}
	}
	return estate.Attached{Inline: []estate.Inline{{Name: "inline", Document: estate.Know(s.document(`{"Version": "2012-10-17", "Statement": [` + statements + `]}`))}}}
}

func resourceOf(kind, account, name, arn string) estate.Resource {
	return estate.Resource{Labels: estate.None[map[string]string](), Reference: estate.Ref{Kind: kind, Account: account, Region: estate.Global, ID: name, ARN: arn}}
}

func (s *small) user(account, name, statements string) *estate.User {
	u := &estate.User{Resource: resourceOf("user", account, name, "arn:aws:iam::"+account+":user/"+name), Attached: s.attached(statements), MFADevices: estate.Know([]string{})}
	s.Users = append(s.Users, u)
	return u
}

func (s *small) role(account, name, principal, statements string) *estate.Role {
	r := &estate.Role{Resource: resourceOf("role", account, name, "arn:aws:iam::"+account+":role/"+name), Attached: s.attached(statements), Profiles: []string{},
		Trust: estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": ` + principal + `, "Action": "sts:AssumeRole"}}`))}
	s.Roles = append(s.Roles, r)
	return r
}

const everything = `{"Effect": "Allow", "Action": "*", "Resource": "*"}`

// escalates is how somebody gets to administrator; nil for not at all.
func (s *small) escalates(name string) *Path {
	s.t.Helper()
	w := New(s.Estate, Options{})
	p, err := w.Principal(name)
	if err != nil {
		s.t.Fatal(err)
	}
	return w.Escalate(Administrator).Of(p)
}

// steps are the ids of the catalogue on a user's or role's way to administrator, and how sure it is.
func (s *small) steps(name string) string {
	s.t.Helper()
	path := s.escalates(name)
	if path == nil {
		return "no"
	}
	replays(s.t, name, path)
	ids := []string{path.Strength.String()}
	for _, step := range path.Steps {
		ids = append(ids, step.ID)
	}
	if path.EndID != "" {
		ids = append(ids, path.EndID)
	}
	return strings.Join(ids, " ")
}

func (s *small) want(name, want string) {
	s.t.Helper()
	if got := s.steps(name); got != want {
		s.t.Errorf("%s: %s, want %s", name, got, want)
	}
}

func TestAssumeRoleAcrossAccountsTakesBothSides(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.role(two, "admin", `{"AWS": "`+one+`"}`, everything)
	s.user(one, "asks", `{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::`+two+`:role/admin"}`)
	s.user(one, "silent", `{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}`)
	s.user(two, "native", `{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}`)
	s.want("asks", "yes pf:sts-001")
	s.want("silent", "no")
	s.want("native", "no") // the trust is in account one
}

func TestTrustWithExternalIDIsMay(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	r := s.role(two, "admin", `{"AWS": "`+one+`"}`, everything)
	r.Trust = estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "` + one + `"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "x"}}}}`))
	s.user(one, "asks", `{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}`)
	s.want("asks", "may pf:sts-001")
}

func TestRolesArePassedWithinTheirAccountToServicesThatTheyTrust(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.role(one, "admin", `{"Service": "lambda.amazonaws.com"}`, everything)
	s.user(one, "passes", `{"Effect": "Allow", "Action": ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"], "Resource": "*"}`)
	s.user(one, "elsewhere", `{"Effect": "Allow", "Action": ["iam:PassRole", "glue:CreateDevEndpoint"], "Resource": "*"}`)
	s.user(two, "abroad", `{"Effect": "Allow", "Action": ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"], "Resource": "*"}`)
	s.user(one, "to-glue", `{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition": {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}},
		{"Effect": "Allow", "Action": ["lambda:CreateFunction", "lambda:InvokeFunction"], "Resource": "*"}`)
	s.user(one, "by-name", `{"Effect": "Allow", "Action": ["iam:PassRole"], "Resource": "*"},
		{"Effect": "Allow", "Action": ["lambda:CreateFunction", "lambda:InvokeFunction"], "Resource": "arn:aws:lambda:eu-west-1:*:function:team-*"}`)
	s.want("passes", "yes pf:lambda-001")
	s.want("elsewhere", "no")
	s.want("abroad", "no")
	s.want("to-glue", "no")
	s.want("by-name", "yes pf:lambda-001")
}

func TestInstanceRolesNeedAProfile(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	r := s.role(one, "admin", `{"Service": "ec2.amazonaws.com"}`, everything)
	s.user(one, "runs", `{"Effect": "Allow", "Action": ["iam:PassRole", "ec2:RunInstances"], "Resource": "*"}`)
	s.want("runs", "no")
	r.Profiles = []string{"arn:aws:iam::" + one + ":instance-profile/admin"}
	s.want("runs", "yes pf:ec2-001")
	r.Profiles = nil
	s.want("runs", "unknown pf:ec2-001")
}

func TestExistingFunctionIsTakenOver(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.role(one, "admin", `{"Service": "lambda.amazonaws.com"}`, everything)
	s.user(one, "changes", `{"Effect": "Allow", "Action": "lambda:UpdateFunctionCode", "Resource": "arn:aws:lambda:*:*:function:f"}`)
	s.want("changes", "no")
	f := resourceOf("function", one, "f", "arn:aws:lambda:us-east-1:"+one+":function:f")
	f.Reference.Region = "us-east-1"
	s.Functions = append(s.Functions, &estate.Function{Resource: f, Role: "arn:aws:iam::" + one + ":role/admin", ResourcePolicy: estate.None[*policy.Document]()})
	s.want("changes", "yes pf:lambda-003")
}

func TestUnreadWorkloadsAreUnknown(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.role(one, "admin", `{"Service": "codebuild.amazonaws.com"}`, everything)
	s.user(one, "builds", `{"Effect": "Allow", "Action": "codebuild:StartBuild", "Resource": "*"}`)
	s.want("builds", "no")
	s.Withdraw(estate.Reading{Place: estate.Place{Account: one, Region: "us-east-1"}, Operation: "codebuild:BatchGetProjects", Outcome: operation.Denied, Code: "AccessDenied"})
	s.want("builds", "unknown pf:codebuild-002")
}

func TestBoundaryHoldsUntilItIsRemoved(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.ManagedPolicies = append(s.ManagedPolicies, &estate.ManagedPolicy{Resource: resourceOf("policy", one, "b", "arn:aws:iam::"+one+":policy/b"),
		Document: estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["iam:PutUserPolicy", "iam:DeleteUserPermissionsBoundary"], "Resource": "*"}}`))})
	held := s.user(one, "held", `{"Effect": "Allow", "Action": "iam:PutUserPolicy", "Resource": "*"}`)
	held.Boundary = "arn:aws:iam::" + one + ":policy/b"
	free := s.user(one, "free", `{"Effect": "Allow", "Action": ["iam:PutUserPolicy", "iam:DeleteUserPermissionsBoundary"], "Resource": "*"}`)
	free.Boundary = held.Boundary
	s.Users = s.Users[:1]
	s.want("held", "yes pf:iam-007 pf:iam-022") // it allows itself to remove what bounds it
	s.ManagedPolicies[0].Document = estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["iam:PutUserPolicy"], "Resource": "*"}}`))
	s.want("held", "no")
}

func TestGroupsAndVersionsLead(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.Groups = append(s.Groups, &estate.Group{Resource: resourceOf("group", one, "admins", "arn:aws:iam::"+one+":group/admins"), Attached: s.attached(everything)})
	s.user(one, "joins", `{"Effect": "Allow", "Action": "iam:AddUserToGroup", "Resource": "*"}`)
	m := &estate.ManagedPolicy{Resource: resourceOf("policy", one, "m", "arn:aws:iam::"+one+":policy/m"),
		Document: estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:SetDefaultPolicyVersion", "Resource": "*"}}`))}
	m.Versions = []estate.PolicyVersion{{ID: "v1", Document: estate.Know(s.document(`{"Version": "2012-10-17", "Statement": ` + everything + `}`))}, {ID: "v2", Default: true, Document: m.Document}}
	s.ManagedPolicies = append(s.ManagedPolicies, m)
	s.user(one, "goes-back", "").Managed = []string{m.Reference.ARN}
	s.want("joins", "yes pf:iam-013")
	s.want("goes-back", "yes prowler:SetDefaultPolicyVersion")
	m.Versions = m.Versions[1:]
	s.want("goes-back", "no") // there is no other version to go back to
}

func TestPasswordNeedsToFitAndTheSecondFactorToGo(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	target := s.user(one, "boss", everything)
	s.user(one, "resets", `{"Effect": "Allow", "Action": "iam:UpdateLoginProfile", "Resource": "*"}`)
	login := func(password estate.Truth) {
		row := &estate.Credentials{Resource: resourceOf("user", one, "boss", target.Reference.ARN), Password: password}
		s.Logins = []*estate.Login{{Account: s.Accounts[0], Report: estate.Know(estate.CredentialReport{Users: []*estate.Credentials{row}})}}
	}
	s.want("resets", "unknown pf:iam-006")
	login(estate.True)
	s.want("resets", "yes pf:iam-006")
	login(estate.False)
	s.want("resets", "no")
	login(estate.True)
	target.MFADevices = estate.Know([]string{"arn:aws:iam::" + one + ":mfa/boss"})
	s.want("resets", "no")
}

func TestTwoWaysTogetherLead(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	// The start becomes a user who may change the worker, and the worker: neither alone leads anywhere.
	s.user(one, "start", `{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}`)
	s.role(one, "changer", `{"AWS": "arn:aws:iam::`+one+`:user/start"}`, `{"Effect": "Allow", "Action": "iam:PutRolePolicy", "Resource": "arn:aws:iam::`+one+`:role/worker"}`)
	s.role(one, "worker", `{"AWS": "arn:aws:iam::`+one+`:user/start"}`, "")
	s.want("start", "yes pf:sts-001 pf:sts-001 pf:iam-005")
	s.want("changer", "no")
	s.want("worker", "no")
}

func TestServiceLinkedRolesAreNobodys(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	r := s.role(one, "AWSServiceRoleForX", `{"Service": "lambda.amazonaws.com"}`, everything)
	r.Reference.ARN = "arn:aws:iam::" + one + ":role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
	s.user(one, "passes", `{"Effect": "Allow", "Action": ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction", "iam:UpdateAssumeRolePolicy"], "Resource": "*"}`)
	s.want("passes", "no")
}

func TestMissingPolicyAndGroupAreUnknown(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.user(one, "missing", "").Managed = []string{"arn:aws:iam::" + one + ":policy/gone"}
	s.user(one, "dangling", "").Groups = []string{"gone"}
	s.want("missing", "unknown")
	s.want("dangling", "unknown")
	w := New(s.Estate, Options{})
	p, err := w.Principal("missing")
	if err != nil {
		t.Fatal(err)
	}
	a := w.Can(p, "s3:GetObject", "arn:aws:s3:::b/x")
	if a.Result != policy.Depends || !slices.ContainsFunc(a.DependsOn, func(d policy.Dependence) bool { return strings.Contains(d.Text, "policy/gone") }) {
		t.Errorf("%v %v, want that it depends on the missing policy", a.Result, a.DependsOn)
	}
}

func TestEmptyEstateAndTrustCircle(t *testing.T) {
	t.Parallel()
	w := New(&estate.Estate{}, Options{})
	if paths := w.Escalate(Administrator).Paths(); len(paths) != 0 || len(w.Gaps()) == 0 {
		t.Errorf("%d paths and %d gaps of an empty estate", len(paths), len(w.Gaps()))
	}
	s := newSmall(t)
	s.role(one, "a", `{"AWS": "arn:aws:iam::`+one+`:role/b"}`, "")
	s.role(one, "b", `{"AWS": "arn:aws:iam::`+one+`:role/a"}`, "")
	s.want("a", "no")
	s.want("b", "no")
}

func TestOrganizationBinds(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.Organization.ID, s.Organization.Management = estate.Know("o-1"), two
	s.Organization.Nodes = []estate.OrganizationNode{{ID: one, Parent: "r-1"}, {ID: two, Parent: "r-1"}, {ID: "r-1"}}
	s.Organization.PolicyTypes = estate.Know([]string{"SERVICE_CONTROL_POLICY"})
	for _, a := range s.Accounts {
		a.Organization = estate.Know("o-1")
	}
	s.OrganizationPolicies = []*estate.OrganizationPolicy{
		{Resource: resourceOf("organization-policy", two, "p-FullAWSAccess", ""), Type: "SERVICE_CONTROL_POLICY", AWS: true, Document: estate.Know(fullAccess()), Targets: estate.Know([]string{one, two, "r-1"})},
		{Resource: resourceOf("organization-policy", two, "p-no", ""), Type: "SERVICE_CONTROL_POLICY", Targets: estate.Know([]string{"r-1"}),
			Document: estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "iam:AttachUserPolicy", "Resource": "*"}}`))}}
	s.user(one, "member", `{"Effect": "Allow", "Action": "iam:AttachUserPolicy", "Resource": "*"}`)
	s.user(two, "manager", `{"Effect": "Allow", "Action": "iam:AttachUserPolicy", "Resource": "*"}`)
	s.want("member", "no")
	s.want("manager", "yes pf:iam-008") // no service control policy binds the management account
	s.OrganizationPolicies[1].Document = estate.Unread[*policy.Document](estate.Gap{Operation: "organizations:DescribePolicy", Outcome: operation.Denied})
	s.want("member", "unknown pf:iam-008")
}

func TestRegionIsTheCallersToChoose(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.user(one, "anywhere", everything+`, {"Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-central-1"}}}`)
	s.want("anywhere", "yes")
}

func TestNewRolesMustHaveTheirBoundary(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.ManagedPolicies = append(s.ManagedPolicies, &estate.ManagedPolicy{Resource: resourceOf("policy", one, "b", "arn:aws:iam::"+one+":policy/b"),
		Document: estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}`))})
	s.user(one, "bound", `{"Effect": "Allow", "Action": ["iam:CreateRole", "iam:PutRolePolicy"], "Resource": "arn:aws:iam::`+one+`:role/app/*", "Condition": {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::`+one+`:policy/b"}}}`)
	s.user(one, "loose", `{"Effect": "Allow", "Action": ["iam:CreateRole", "iam:PutRolePolicy"], "Resource": "arn:aws:iam::`+one+`:role/app/*"}`)
	s.want("bound", "no")
	s.want("loose", "yes awspx:CreateRolePut")
}

func TestFunctionPolicyLetsInWhoIsAllowedNothing(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.role(two, "admin", `{"Service": "lambda.amazonaws.com"}`, everything)
	f := resourceOf("function", two, "f", "arn:aws:lambda:us-east-1:"+two+":function:f")
	f.Reference.Region = "us-east-1"
	s.Functions = append(s.Functions, &estate.Function{Resource: f, Role: "arn:aws:iam::" + two + ":role/admin",
		ResourcePolicy: estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::` + two + `:user/native"}, "Action": "lambda:UpdateFunctionCode", "Resource": "` + f.Reference.ARN + `"}}`))})
	s.user(two, "native", "")
	s.user(two, "other", "")
	s.want("native", "yes pf:lambda-003")
	s.want("other", "no")
}

func TestWhoCan(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.user(one, "reads", `{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"}`)
	s.user(one, "factor", `{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}`)
	s.user(one, "writes", `{"Effect": "Allow", "Action": "s3:Put*", "Resource": "*"}`)
	s.user(two, "named", "")
	s.user(two, "asks", `{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}`)
	b := resourceOf("bucket", one, "b", "arn:aws:s3:::b")
	s.Buckets = append(s.Buckets, &estate.Bucket{Resource: b, Ownership: estate.Know("BucketOwnerEnforced"), Policy: estate.Know(s.document(
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::` + two + `:user/named", "arn:aws:iam::` + two + `:user/asks"]}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}}`))})
	w := New(s.Estate, Options{})
	got := map[string]string{}
	for _, a := range w.WhoCan("s3:GetObject", "arn:aws:s3:::b/x") {
		if a.Principal.Kind != "root" {
			got[a.Principal.Name] = a.Result.String()
		}
		if again := w.Can(a.Principal, a.Action, a.Resource); again.Result != a.Result {
			t.Errorf("%s: who-can says %s, can says %s", a.Principal.ARN, a.Result, again.Result)
		}
	}
	if len(got) != 3 || got["reads"] != "allowed" || got["factor"] != "depends" || got["asks"] != "allowed" {
		t.Errorf("%v, want reads and asks allowed, and factor depends", got)
	}
	anything := map[string]bool{}
	for _, a := range w.WhoCanAnything("s3:PutObject") {
		anything[a.Principal.Name] = true
	}
	if !anything["writes"] || !anything["asks"] || anything["reads"] || anything["named"] {
		t.Errorf("who can write something: %v", anything)
	}
}

func TestNamesThatNobodyHas(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.user(one, "alice", "")
	s.user(two, "alice", "")
	s.role(one, "Deploy", `{"AWS": "`+one+`"}`, "")
	w := New(s.Estate, Options{})
	for _, c := range []struct{ text, want string }{
		{"user/alise", "did you mean user/alice?"}, {"alice", `"alice" is 2 principals`}, {"Deplo", "did you mean role/Deploy?"}, {"zzzzzzzzzz", "write an ARN"},
	} {
		if _, err := w.Principal(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q in it", c.text, err, c.want)
		}
	}
	for _, text := range []string{"alice in " + two, two + "/alice", "arn:aws:iam::" + two + ":user/alice"} {
		if p, err := w.Principal(text); err != nil || p.Account != two {
			t.Errorf("%s: %v %v", text, p, err)
		}
	}
	if p, err := w.Principal("arn:aws:sts::" + one + ":assumed-role/Deploy/session"); err != nil || p.Name != "Deploy" {
		t.Errorf("a session: %v %v", p, err)
	}
}

func TestShells(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	i := estate.Resource{Labels: estate.None[map[string]string](), Reference: estate.Ref{Kind: "instance", Account: one, Region: "us-east-1", ID: "i-1"}}
	host := &estate.Instance{Resource: i, State: "running", KeyPair: "ops", Managed: estate.Know(estate.Management{PingStatus: "Online"})}
	s.Instances = append(s.Instances, host)
	s.RegionDefaults = append(s.RegionDefaults, &estate.RegionDefaults{Place: estate.Place{Account: one, Region: "us-east-1"}, SerialConsole: estate.Know(false)})
	s.user(one, "session", `{"Effect": "Allow", "Action": "ssm:StartSession", "Resource": "*"}`)
	s.user(one, "serial", `{"Effect": "Allow", "Action": "ec2-instance-connect:SendSerialConsoleSSHPublicKey", "Resource": "*"}`)
	s.user(one, "restarts", `{"Effect": "Allow", "Action": ["ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"], "Resource": "*"}`)
	s.user(one, "stops", `{"Effect": "Allow", "Action": ["ec2:StopInstances", "ec2:StartInstances"], "Resource": "*"}`)
	s.user(two, "abroad", `{"Effect": "Allow", "Action": "*", "Resource": "*"}`)
	ways := func() []string {
		var all []string
		for _, x := range New(s.Estate, Options{}).Shells(i.Reference) {
			name := "key"
			if x.Principal != nil {
				name = x.Principal.Name
			}
			if name != "root" {
				all = append(all, x.Strength.String()+" "+x.Way+" "+name)
			}
		}
		return all
	}
	if got, want := ways(), []string{"yes session-manager session", "yes user-data restarts", "may key-pair key"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	host.Managed = estate.None[estate.Management]()
	if got, want := ways(), []string{"yes user-data restarts", "may key-pair key"}; !slices.Equal(got, want) {
		t.Errorf("not managed: %v, want %v", got, want)
	}
}

func TestUnused(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	u := s.user(one, "broad", `{"Effect": "Allow", "Action": ["s3:*", "sqs:*", "ec2:Describe*"], "Resource": "*"}, {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}`)
	w := New(s.Estate, Options{})
	p, err := w.Principal("broad")
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Unused(p); got.Unread == nil {
		t.Errorf("nothing was read, and something is said: %+v", got)
	}
	used := s.Observed.AddDate(0, -1, 0)
	u.Accessed = estate.Know(estate.Accessed{Services: []estate.AccessedService{
		{Namespace: "ec2", Last: used, Actions: estate.None[[]estate.AccessedAction]()},
		{Namespace: "s3", Last: used, Actions: estate.Know([]estate.AccessedAction{{Name: "GetObject", Last: used}, {Name: "DeleteBucket"}, {Name: "CreateBucket"}})},
		{Namespace: "sqs"},
	}})
	got := w.Unused(p)
	if !slices.Equal(got.Services, []string{"sqs"}) || !slices.Contains(got.Actions, "s3:CreateBucket") || slices.Contains(got.Actions, "s3:GetObject") {
		t.Errorf("services %v, actions %v", got.Services, got.Actions)
	}
	if kept := strings.Join(got.Kept, "; "); !strings.Contains(kept, "granted of ec2 is kept") || !strings.Contains(kept, "of s3 are not tracked") {
		t.Errorf("kept: %s", kept)
	}
	d, err := policy.Parse(got.Smaller)
	if err != nil {
		t.Fatalf("%v: %s", err, got.Smaller)
	}
	allows := func(action string) bool {
		x := policy.Decide(&policy.Request{Action: action, Resource: "*", Caller: p.Caller}, &policy.Policies{Identity: []policy.Source{{Document: d}}})
		return x.Result == policy.Allowed
	}
	for action, want := range map[string]bool{"s3:GetObject": true, "s3:CreateBucket": false, "s3:PutObject": true, "sqs:SendMessage": false, "ec2:DescribeInstances": true, "s3:DeleteBucket": false} {
		if allows(action) != want {
			t.Errorf("the smaller policy allows %s: %t, want %t\n%s", action, !want, want, got.Smaller)
		}
	}
	if !json.Valid(got.Smaller) {
		t.Error("the smaller policy is no JSON")
	}
}

func TestCatalogueIsWhole(t *testing.T) {
	t.Parallel()
	if len(Techniques()) != 148 { // 144 of the catalogue, and four of identity pools
		t.Errorf("%d techniques, want 148", len(Techniques()))
	}
	seen := map[string]bool{}
	for _, x := range Techniques() {
		if seen[x.ID] || x.Sources == "" {
			t.Errorf("%s is twice in the catalogue, or names no source", x.ID)
		}
		seen[x.ID] = true
		for _, a := range x.Actions {
			if _, ok := actionIndex[strings.ToLower(a)]; !ok {
				t.Errorf("%s needs %s, which actions.tsv lacks", x.ID, a)
			}
		}
		if x.Unverified != strings.HasPrefix(x.ID, "x:") {
			t.Errorf("%s: unverified is %t", x.ID, x.Unverified)
		}
	}
	for _, r := range ruleset {
		if r.technique == nil {
			t.Errorf("rule %s names %s, which is not in the catalogue", r.name, r.id)
		}
	}
}

// Whoever may assume roles of an account whose principals were not read may become anything there; others are as before.
func TestRolesOfAnAccountThatWasNotReadAreUnknown(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.Withdraw(estate.Reading{Place: estate.Place{Account: two, Region: estate.Global}, Operation: details, Outcome: operation.Denied})
	s.user(one, "asks", `{"Effect": "Allow", "Action": "sts:*", "Resource": "arn:aws:iam::`+two+`:role/deploy"}`)
	s.user(one, "elsewhere", `{"Effect": "Allow", "Action": "sts:*", "Resource": "arn:aws:iam::`+one+`:role/*"}`)
	s.role(one, "taken", `{"AWS": "arn:aws:iam::`+one+`:user/elsewhere"}`, "")
	s.want("asks", "unknown")
	s.want("elsewhere", "no")
	s.want("taken", "no")
}

// In China and in GovCloud ARNs are of another partition, and EC2 has another name in China.
func TestOtherPartitions(t *testing.T) {
	t.Parallel()
	for partition, ec2 := range map[string]string{"aws": "ec2.amazonaws.com", "aws-us-gov": "ec2.amazonaws.com", "aws-cn": "ec2.amazonaws.com.cn"} {
		s := newSmall(t)
		in := func(text string) string { return strings.ReplaceAll(text, "arn:aws:", "arn:"+partition+":") }
		move := func(r *estate.Resource) { r.Reference.ARN = in(r.Reference.ARN) }
		admin := s.role(one, "admin", `{"Service": "`+ec2+`"}`, everything)
		admin.Profiles = []string{in("arn:aws:iam::" + one + ":instance-profile/admin")}
		move(&admin.Resource)
		passes := s.user(one, "passes", in(allow("iam:PassRole", "arn:aws:iam::*:role/*", `{"StringEquals": {"iam:PassedToService": "`+ec2+`"}}`)+","+allow("ec2:RunInstances", "arn:aws:ec2:*:*:*", "")))
		move(&passes.Resource)
		makes := s.user(one, "makes", in(allow("iam:CreateRole iam:PutRolePolicy", "arn:aws:iam::*:role/apps/*", "")))
		move(&makes.Resource)
		s.want("passes", "yes pf:ec2-001")
		s.want("makes", "yes awspx:CreateRolePut")
	}
}
