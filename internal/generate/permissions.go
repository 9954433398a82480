package generate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	iam "github.com/onus-cloud/onus/internal/policy"
)

// PermissionTruth is what is so in an estate of Permissions, whatever an analysis says of it.
type PermissionTruth struct {
	// Administrators may do everything as they stand. Planted get there by what is told: the shortest number of steps. May get there
	// if a request has what nobody can know. Everybody else cannot. Keys are ARNs.
	Administrators map[string]bool
	Planted        map[string]int
	May            map[string]bool
	// NearMisses look as if they could and cannot, with the reason.
	NearMisses map[string]string
}

// principalsInAccount is how many users and roles one account has, more or less.
const principalsInAccount = 500

// permissions is an estate being made.
type permissions struct {
	estate *estate.Estate
	truth  PermissionTruth
	random *rand.Rand
	shared map[string]*iam.Document
}

// Permissions is an estate of that many users and roles, as large companies have them: an organisation with units and service
// control policies, accounts whose roles come from a few templates, each with a policy of its own for its own resources, managed
// policies that many share, permission sets, boundaries, groups, cross-account roles of a tools account and of security; and in every
// account a few planted escalations and near misses. The same arguments give the same estate.
func Permissions(principals int, seed uint64) (*estate.Estate, PermissionTruth) {
	accounts := max(4, (principals+principalsInAccount-1)/principalsInAccount)
	m := &permissions{
		estate: &estate.Estate{Observed: Time},
		truth:  PermissionTruth{Administrators: map[string]bool{}, Planted: map[string]int{}, May: map[string]bool{}, NearMisses: map[string]string{}},
		random: rand.New(rand.NewPCG(seed, 3)),
		shared: map[string]*iam.Document{},
	}
	ids := make([]string, accounts)
	for i := range ids {
		ids[i] = fmt.Sprintf("3%011d", i+1)
	}
	m.organization(ids)
	left := principals
	for i, id := range ids {
		n := left / (len(ids) - i)
		left -= n
		m.account(id, ids, n)
	}
	m.sort()
	return m.estate, m.truth
}

func (m *permissions) organization(ids []string) {
	o := &m.estate.Organization
	o.ID, o.Management = estate.Know("o-company"), ids[0]
	o.Members, o.AllFeatures = estate.Know(slices.Clone(ids)), estate.Know(true)
	o.PolicyTypes = estate.Know([]string{"RESOURCE_CONTROL_POLICY", "SERVICE_CONTROL_POLICY"})
	o.Delegated, o.RootFeatures = estate.Know([]estate.DelegatedAdministrator{}), estate.Know([]string{})
	units := []string{"ou-prod", "ou-dev", "ou-sandbox"}
	o.Nodes = append(o.Nodes, estate.OrganizationNode{ID: "r-root", Name: "Root"})
	for _, u := range units {
		o.Nodes = append(o.Nodes, estate.OrganizationNode{ID: u, Name: strings.TrimPrefix(u, "ou-"), Parent: "r-root"})
	}
	var everywhere []string
	for i, id := range ids {
		parent := "r-root"
		if i > 0 {
			parent = units[i%len(units)]
		}
		o.Nodes = append(o.Nodes, estate.OrganizationNode{ID: id, Name: "account-" + id, Parent: parent})
		everywhere = append(everywhere, id)
		m.estate.Accounts = append(m.estate.Accounts, &estate.Account{ID: id, Alias: fmt.Sprintf("company-%03d", i), Regions: estate.Know([]string{"eu-west-1", "us-east-1"}),
			Seen: []string{"eu-west-1", "us-east-1"}, Organization: estate.Know("o-company")})
		m.read(id)
	}
	slices.SortFunc(o.Nodes, func(a, b estate.OrganizationNode) int { return strings.Compare(a.ID, b.ID) })
	everywhere = append(append(everywhere, units...), "r-root")
	slices.Sort(everywhere)
	control := func(id, name string, aws bool, targets []string, d *iam.Document) {
		for _, kind := range []string{"SERVICE_CONTROL_POLICY"} {
			m.estate.OrganizationPolicies = append(m.estate.OrganizationPolicies, &estate.OrganizationPolicy{
				Resource: estate.Resource{Reference: estate.Ref{Kind: "organization-policy", Account: ids[0], Region: global, ID: id, Name: name}},
				Type:     kind, AWS: aws, Document: estate.Know(d), Targets: estate.Know(targets)})
		}
	}
	control("p-FullAWSAccess", "FullAWSAccess", true, everywhere, says(allow("*")))
	control("p-guard", "guard rails", false, []string{"r-root"}, says(
		deny("organizations:LeaveOrganization", "cloudtrail:StopLogging", "cloudtrail:DeleteTrail"),
		when(denyBut("iam:*", "sts:*", "organizations:*", "s3:*", "cloudfront:*", "support:*"), "StringNotEquals", "aws:RequestedRegion", "eu-west-1", "us-east-1")))
	control("p-security", "the security role is security's", false, []string{"ou-prod", "ou-dev"}, says(
		when(on(deny("iam:*"), "arn:aws:iam::*:role/security/*"), "ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:role/security/*")))
	control("p-sandbox", "no rights in the sandbox", false, []string{"ou-sandbox"}, says(
		when(deny("iam:Create*", "iam:Put*", "iam:Attach*", "iam:Update*", "iam:SetDefaultPolicyVersion", "iam:AddUserToGroup", "iam:Delete*"), "ArnNotLike", "aws:PrincipalArn",
			"arn:aws:iam::*:role/OrganizationAccountAccessRole", "arn:aws:iam::*:role/security/*", "arn:aws:iam::*:role/aws-reserved/*")))
}

// read says that everything in an account was read.
func (m *permissions) read(account string) {
	for _, id := range operation.All() {
		for _, region := range []string{global, "eu-west-1", "us-east-1"} {
			m.estate.Note(estate.Reading{Place: estate.Place{Account: account, Region: region}, Operation: id.ID, Outcome: operation.OK, Time: Time})
		}
	}
}

// account fills one account: what every account has, then roles from templates up to n principals.
func (m *permissions) account(id string, ids []string, n int) {
	at := slices.Index(ids, id)
	sandbox := at > 0 && at%3 == 2
	arn := func(rest string) string { return "arn:aws:iam::" + id + ":" + rest }
	have := 0
	role := func(path, name string, trust *iam.Document, attached ...any) *estate.Role {
		r := &estate.Role{Resource: m.resource(id, "role", name, arn("role/"+path+name)), Created: Time, Trust: estate.Know(trust), Profiles: []string{}}
		m.attach(&r.Attached, attached)
		m.estate.Roles = append(m.estate.Roles, r)
		have++
		return r
	}
	user := func(name string, groups []string, attached ...any) *estate.User {
		u := &estate.User{Resource: m.resource(id, "user", name, arn("user/"+name)), Created: Time, Groups: groups, MFADevices: estate.Know([]string{"arn:aws:iam::" + id + ":mfa/" + name})}
		m.attach(&u.Attached, attached)
		m.estate.Users = append(m.estate.Users, u)
		have++
		return u
	}
	managed := func(name string, d *iam.Document) string {
		p := &estate.ManagedPolicy{Resource: m.resource(id, "policy", name, arn("policy/"+name)), Document: estate.Know(d)}
		p.Versions = []estate.PolicyVersion{{ID: "v1", Default: true, Document: p.Document}}
		m.estate.ManagedPolicies = append(m.estate.ManagedPolicies, p)
		return p.Reference.ARN
	}
	const administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
	boundary := managed("developer-boundary", says(allow("*"), deny("iam:*", "organizations:*", "account:*")))
	logs := managed("write-logs", says(on(allow("logs:CreateLogStream", "logs:PutLogEvents"), "arn:aws:logs:*:"+id+":log-group:*")))
	deploy := managed("deploy", says(
		allow("cloudformation:Describe*", "cloudformation:ValidateTemplate", "s3:GetObject"),
		on(allow("lambda:CreateFunction", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration", "lambda:InvokeFunction"), "arn:aws:lambda:*:"+id+":function:app-*"),
		when(on(allow("iam:PassRole"), arn("role/app/*")), "StringEquals", "iam:PassedToService", "lambda.amazonaws.com")))
	group := func(name string, d *iam.Document) {
		m.estate.Groups = append(m.estate.Groups, &estate.Group{Resource: m.resource(id, "group", name, arn("group/"+name)),
			Attached: estate.Attached{Inline: []estate.Inline{{Name: name, Document: estate.Know(d)}}}})
	}
	group("readers", m.same("readers", says(allow("s3:Get*", "s3:List*", "ec2:Describe*", "logs:Get*", "cloudwatch:Get*"))))
	group("self-service", m.same("self", says(on(allow("iam:ChangePassword", "iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:ListAccessKeys"), "arn:aws:iam::*:user/${aws:username}"),
		when(deny("ec2:TerminateInstances"), "BoolIfExists", "aws:MultiFactorAuthPresent", "false"))))

	// What every account has.
	role("", "OrganizationAccountAccessRole", m.trusts("arn:aws:iam::"+ids[0]+":root"), administrator)
	m.truth.Administrators[arn("role/OrganizationAccountAccessRole")] = true
	role("security/", "audit", m.trusts("arn:aws:iam::"+ids[1]+":role/security/hub"), "arn:aws:iam::aws:policy/SecurityAudit")
	if at == 1 {
		role("security/", "hub", m.trustsService("lambda.amazonaws.com"), says(on(allow("sts:AssumeRole"), "arn:aws:iam::*:role/security/audit")))
	}
	saml := m.trustsProvider("arn:aws:iam::" + id + ":saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE")
	sets := "aws-reserved/sso.amazonaws.com/"
	role(sets, "AWSReservedSSO_Administrator_0123456789abcdef", saml, administrator)
	m.truth.Administrators[arn("role/"+sets+"AWSReservedSSO_Administrator_0123456789abcdef")] = true
	role(sets, "AWSReservedSSO_ReadOnly_0123456789abcdef", saml, "arn:aws:iam::aws:policy/ReadOnlyAccess")
	role(sets, "AWSReservedSSO_Developer_0123456789abcdef", saml, deploy, logs).Boundary = boundary
	role("aws-service-role/autoscaling.amazonaws.com/", "AWSServiceRoleForAutoScaling", m.trustsService("autoscaling.amazonaws.com"), says(allow("ec2:*", "iam:PassRole")))
	m.plant(id, at, sandbox, ids, role, user, managed)

	// Roles of applications, users of people, up to the number.
	for i := 0; have < n; i++ {
		name := fmt.Sprintf("app-%04d", i)
		switch k := m.random.IntN(20); {
		case k < 9:
			role("app/", name+"-function", m.trustsService("lambda.amazonaws.com"), logs, says(
				on(allow("s3:GetObject", "s3:PutObject"), "arn:aws:s3:::"+name+"-"+id+"/*"), on(allow("dynamodb:GetItem", "dynamodb:PutItem"), "arn:aws:dynamodb:*:"+id+":table/"+name)))
			if m.random.IntN(4) == 0 {
				m.function(id, name, arn("role/app/"+name+"-function"))
			}
		case k < 13:
			role("app/", name+"-task", m.trustsService("ecs-tasks.amazonaws.com"), logs, says(on(allow("secretsmanager:GetSecretValue"), "arn:aws:secretsmanager:*:"+id+":secret:"+name+"/*")))
		case k < 15:
			role("host/", name+"-host", m.trustsService("ec2.amazonaws.com"), "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore").Profiles = []string{arn("instance-profile/" + name)}
		case k < 16:
			role("ci/", name+"-deploy", m.trustsProvider("arn:aws:iam::"+id+":oidc-provider/token.actions.githubusercontent.com"), deploy)
		case k < 17:
			role("cross/", name+"-reader", m.trusts("arn:aws:iam::"+ids[m.random.IntN(len(ids))]+":root"), says(on(allow("s3:GetObject"), "arn:aws:s3:::"+name+"-"+id+"/*")))
		case k < 18:
			role("dev/", name+"-made-by-developer", m.trustsService("lambda.amazonaws.com"), says(allow("s3:*", "iam:*"), on(allow("lambda:*"), "arn:aws:lambda:*:"+id+":function:app-*"))).Boundary = boundary
		default:
			user(name+"-person", []string{"readers", "self-service"})
		}
	}
}

// plant makes a few escalations and near misses in an account.
func (m *permissions) plant(id string, at int, sandbox bool, ids []string, role func(path, name string, trust *iam.Document, attached ...any) *estate.Role,
	user func(name string, groups []string, attached ...any) *estate.User, managed func(string, *iam.Document) string) {
	arn := func(rest string) string { return "arn:aws:iam::" + id + ":" + rest }
	const administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
	planted := func(rest string, steps int) { m.truth.Planted[arn(rest)] = steps }
	miss := func(rest, why string) { m.truth.NearMisses[arn(rest)] = why }

	// A powerful function, and who can pass its role, or change it.
	role("power/", "billing-function", m.trustsService("lambda.amazonaws.com"), administrator)
	m.truth.Administrators[arn("role/power/billing-function")] = true
	m.function(id, "billing", arn("role/power/billing-function"))
	user("passes-role", nil, says(allow("iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction")))
	planted("user/passes-role", 1)
	user("changes-function", nil, says(on(allow("lambda:UpdateFunctionCode"), "arn:aws:lambda:*:"+id+":function:billing")))
	planted("user/changes-function", 1)
	user("changes-another-function", nil, says(on(allow("lambda:UpdateFunctionCode"), "arn:aws:lambda:*:"+id+":function:app-*")))
	miss("user/changes-another-function", "the functions that it may change have weak roles")
	user("passes-weak-role", nil, says(allow("lambda:CreateFunction", "lambda:InvokeFunction"), on(allow("iam:PassRole"), arn("role/app/*"))))
	miss("user/passes-weak-role", "the roles that it may pass are weak")
	user("passes-to-another-service", nil, says(allow("lambda:CreateFunction", "lambda:InvokeFunction"), when(allow("iam:PassRole"), "StringEquals", "iam:PassedToService", "glue.amazonaws.com")))
	miss("user/passes-to-another-service", "it may pass roles to Glue alone, which no powerful role trusts")

	// A chain of roles.
	length := 2 + m.random.IntN(4)
	last := arn("role/power/chain-end")
	role("power/", "chain-end", m.trusts(arn(fmt.Sprintf("role/chain/link-%d", length))), administrator)
	m.truth.Administrators[last] = true
	for i := length; i > 0; i-- {
		from := arn(fmt.Sprintf("role/chain/link-%d", i-1))
		if i == 1 {
			from = arn("user/chain-start")
		}
		role("chain/", fmt.Sprintf("link-%d", i), m.trusts(from), says(on(allow("sts:AssumeRole"), arn("role/chain/*"), arn("role/power/chain-end"))))
		planted(fmt.Sprintf("role/chain/link-%d", i), length-i+1)
	}
	user("chain-start", nil, says(on(allow("sts:AssumeRole"), arn("role/chain/*"))))
	planted("user/chain-start", length+1)

	// Across accounts: the next account's user takes on a role here that rewrites policies.
	next := ids[(at+1)%len(ids)]
	role("cross/", "fixer", m.trusts("arn:aws:iam::"+next+":user/fixer"), says(on(allow("iam:AttachRolePolicy"), arn("role/cross/fixer"))))
	before := ids[(at+len(ids)-1)%len(ids)]
	user("fixer", nil, says(on(allow("sts:AssumeRole"), "arn:aws:iam::"+before+":role/cross/fixer")))
	if sandbox {
		miss("role/cross/fixer", "the organisation forbids it in the sandbox")
	} else {
		planted("role/cross/fixer", 1)
	}
	previous := (at + len(ids) - 1) % len(ids)
	if previous > 0 && previous%3 == 2 {
		miss("user/fixer", "the organisation forbids it in the sandbox")
	} else {
		planted("user/fixer", 2)
	}

	// Itself: by policy, by group, by version; held back by boundary, denial, organisation.
	self := func(rest string) {
		if sandbox {
			miss(rest, "the organisation forbids it in the sandbox")
			return
		}
		planted(rest, 1)
	}
	user("attaches", nil, says(on(allow("iam:AttachUserPolicy"), "arn:aws:iam::*:user/attaches")))
	self("user/attaches")
	version := managed("own-policy", says(on(allow("iam:CreatePolicyVersion"), arn("policy/own-*"))))
	user("versions", nil, version)
	self("user/versions")
	user("joins", nil, says(on(allow("iam:AddUserToGroup"), arn("group/readers"))))
	miss("user/joins", "the group it may join is weak")
	user("attaches-but-bounded", nil, says(allow("iam:AttachUserPolicy", "s3:*"))).Boundary = arn("policy/s3-boundary")
	managed("s3-boundary", says(allow("s3:*", "iam:AttachUserPolicy")))
	if sandbox {
		miss("user/attaches-but-bounded", "the organisation forbids it in the sandbox")
	} else {
		// Bounded itself, it attaches to others; whom it cannot become.
		miss("user/attaches-but-bounded", "its boundary holds whatever it attaches to itself, and it cannot act as others")
	}
	user("denied", nil, says(allow("iam:*"), deny("iam:*")))
	miss("user/denied", "everything that it is allowed is denied")
	user("wants-second-factor", nil, says(when(allow("*"), "Bool", "aws:MultiFactorAuthPresent", "true")))
	m.truth.May[arn("user/wants-second-factor")] = true
}

func (m *permissions) function(account, name, role string) {
	m.estate.Functions = append(m.estate.Functions, &estate.Function{Role: role, ResourcePolicy: estate.None[*iam.Document](), Policy: estate.None[*iam.Document](),
		Resource: estate.Resource{Labels: estate.Know(map[string]string{}), Reference: estate.Ref{Kind: "function", Account: account, Region: "eu-west-1", ID: name,
			ARN: "arn:aws:lambda:eu-west-1:" + account + ":function:" + name}}})
}

func (m *permissions) resource(account, kind, name, arn string) estate.Resource {
	return estate.Resource{Labels: estate.Know(map[string]string{}), Reference: estate.Ref{Kind: kind, Account: account, Region: global, ID: name, ARN: arn}}
}

// attach gives managed policies by ARN and inline ones by document.
func (m *permissions) attach(a *estate.Attached, policies []any) {
	for _, p := range policies {
		switch p := p.(type) {
		case string:
			a.Managed = append(a.Managed, p)
		case *iam.Document:
			a.Inline = append(a.Inline, estate.Inline{Name: "inline", Document: estate.Know(p)})
		}
	}
	slices.Sort(a.Managed)
}

// same keeps one document for all who have it.
func (m *permissions) same(name string, d *iam.Document) *iam.Document {
	if m.shared[name] == nil {
		m.shared[name] = d
	}
	return m.shared[name]
}

func (m *permissions) trusts(arn string) *iam.Document {
	s := allow("sts:AssumeRole")
	s.Resource, s.Principal = nil, &iam.Principal{AWS: []string{arn}}
	return m.same("trust "+arn, says(s))
}

func (m *permissions) trustsService(name string) *iam.Document {
	s := allow("sts:AssumeRole")
	s.Resource, s.Principal = nil, &iam.Principal{Service: []string{name}}
	return m.same("trust "+name, says(s))
}

func (m *permissions) trustsProvider(arn string) *iam.Document {
	s := allow("sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
	s.Resource, s.Principal = nil, &iam.Principal{Federated: []string{arn}}
	return m.same("trust "+arn, says(s))
}

func (m *permissions) sort() {
	key := func(a, b estate.Subject) int { return strings.Compare(a.Ref().Key(), b.Ref().Key()) }
	slices.SortFunc(m.estate.Users, func(a, b *estate.User) int { return key(a, b) })
	slices.SortFunc(m.estate.Groups, func(a, b *estate.Group) int { return key(a, b) })
	slices.SortFunc(m.estate.Roles, func(a, b *estate.Role) int { return key(a, b) })
	slices.SortFunc(m.estate.Functions, func(a, b *estate.Function) int { return key(a, b) })
	slices.SortFunc(m.estate.ManagedPolicies, func(a, b *estate.ManagedPolicy) int { return key(a, b) })
	slices.SortFunc(m.estate.OrganizationPolicies, func(a, b *estate.OrganizationPolicy) int { return key(a, b) })
}

func says(statements ...iam.Statement) *iam.Document {
	for i := range statements {
		statements[i].Line = i + 1
	}
	return &iam.Document{Version: "2012-10-17", Statements: statements}
}

func allow(actions ...string) iam.Statement {
	return iam.Statement{Effect: iam.Allow, Action: actions, Resource: []string{"*"}}
}

func deny(actions ...string) iam.Statement {
	return iam.Statement{Effect: iam.Deny, Action: actions, Resource: []string{"*"}}
}

func denyBut(actions ...string) iam.Statement {
	return iam.Statement{Effect: iam.Deny, NotAction: actions, Resource: []string{"*"}}
}

func on(s iam.Statement, resources ...string) iam.Statement {
	s.Resource = resources
	return s
}

func when(s iam.Statement, operator, key string, values ...string) iam.Statement {
	o := iam.Operator{Name: strings.TrimSuffix(operator, "IfExists"), IfExists: strings.HasSuffix(operator, "IfExists")}
	s.Condition = []iam.Condition{{Operator: o, Key: key, Values: values, Line: 1}}
	return s
}
