package access

import (
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/policy"
)

// Goal is what an attacker wants.
type Goal struct {
	// Kind is "administrator", "privileges" (to change users and what they may do), "organisation" (to rule all accounts), "stores" or "keys".
	Kind   string
	Stores []string // ARNs, of the last two: to read or write one of them, to decrypt with one of them
}

// personal says whether the goal is on resources whose own policies may name principals, and may ask for somebody whom an administrator must
// change first.
func (g Goal) personal() bool { return g.Kind == "stores" || g.Kind == "keys" }

// Administrator is the goal that matters most.
var Administrator = Goal{Kind: "administrator"}

// pillars are what an administrator may do, on things that no policy names: who may do all of it, as far as the account's
// organisation lets anybody, may do everything. The last is an action that no service has.
var pillars = []struct{ action, resource string }{
	{"iam:PutRolePolicy", "arn:PARTITION:iam::ACCOUNT:role/onus0"},
	{"iam:AttachRolePolicy", "arn:PARTITION:iam::ACCOUNT:role/onus0"},
	{"iam:PassRole", "arn:PARTITION:iam::ACCOUNT:role/onus0"},
	{"sts:AssumeRole", "arn:PARTITION:iam::ACCOUNT:role/onus0"},
	{"ec2:RunInstances", "arn:PARTITION:ec2:REGION:ACCOUNT:instance/*"},
	{"s3:GetObject", "arn:PARTITION:s3:::onus0/onus0"},
	{"s3:DeleteBucket", "arn:PARTITION:s3:::onus0"},
	{"secretsmanager:GetSecretValue", "arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:onus0-abcdef"},
	{"lambda:UpdateFunctionCode", "arn:PARTITION:lambda:REGION:ACCOUNT:function:onus0"},
	{"onus:Anything", "*"},
}

// local fills in where something made up lies.
func (w *World) local(arn, account string) string {
	return strings.NewReplacer("PARTITION", w.partition, "REGION", w.regionOf(account), "ACCOUNT", account).Replace(arn)
}

// administrator says how sure it is that a principal may do everything as it stands, with the decisions that say so.
func (w *prover) administrator(p *Principal) proof {
	f := proof{strength: Yes}
	left := w.pillarsOf(p)
	if len(left) == 0 {
		return none
	}
	allows := w.allows(&p.Policies, p.Kind)
	for _, i := range left {
		if at, ok := actionIndex[strings.ToLower(pillars[i].action)]; ok && !allows.has(at) {
			return none
		}
	}
	for _, i := range left {
		if !f.also(w.bare(p, pillars[i].action, w.local(pillars[i].resource, p.Account))) {
			return f
		}
	}
	return f
}

// pillarsOf are those that the organisation leaves to anybody in a principal's account.
func (w *World) pillarsOf(p *Principal) []int {
	key := p.Account
	if p.ServiceLinked() {
		key += "!"
	}
	if left, ok := w.pillars[key]; ok {
		return left
	}
	anybody := *p
	anybody.ARN = "arn:" + w.partition + ":iam::" + p.Account + ":role/onus0" // whom no policy spares
	anybody.Kind, anybody.user, anybody.role = "role", nil, nil
	anybody.Caller = policy.Caller{Kind: policy.RoleSession, Role: anybody.ARN, Account: p.Account, ManagesOrganization: p.Caller.ManagesOrganization}
	anybody.Policies.Boundary, anybody.tags = nil, nil
	anybody.Policies.Identity = []policy.Source{{Name: "a policy that allows everything", Document: w.everything()}}
	var left []int
	for i, pillar := range pillars {
		if s, _ := w.prover().bare(&anybody, pillar.action, w.local(pillar.resource, p.Account)); s > No {
			left = append(left, i)
		}
	}
	w.pillars[key] = left
	return left
}

// bare decides a question without any policy of the resource.
func (w *prover) bare(p *Principal, action, resource string) (Strength, Answer) {
	key := "bare\x00" + action
	if m, ok := w.memo[key]; ok {
		return m.strength, m.answer
	}
	o := &Object{ARN: resource, account: p.Account, region: "us-east-1"}
	request := &policy.Request{Action: action, Resource: resource, ResourceAccount: p.Account, Caller: p.Caller, Context: w.context(p, action, o, nil)}
	if service(action) != "iam" && service(action) != "sts" {
		delete(request.Context.Values, "aws:requestedregion") // any will do
	}
	policies := p.Policies
	s, a := w.choose(p, request, &policies, nil)
	if w.memo != nil {
		w.memo[key] = remembered{strength: s}
	}
	return s, a
}

// ends says how sure it is that a principal is at a goal as it stands: with the id of the catalogue where that takes a last step.
func (w *prover) ends(p *Principal, allows actionSet, g Goal) (f proof, id, text string) {
	if f, id, text = w.within(p, allows, g); f.strength == No {
		if gap, found := w.beyond(p); found {
			f = proof{strength: Unknown, unread: []string{gap.String()}}
			return f, "", "may assume roles of " + gap.Account + ", where nobody was read"
		}
	}
	return f, id, text
}

// within is ends among the principals that were read.
func (w *prover) within(p *Principal, allows actionSet, g Goal) (f proof, id, text string) {
	switch g.Kind {
	case "administrator":
		return w.administrator(p), "", "may do everything"
	case "privileges":
		f := w.changesPrivileges(p, allows)
		return f, "", "may change users or what they may do"
	case "organisation":
		f, id := w.rules(p, allows)
		return f, id, "may rule the organisation's accounts"
	case "stores":
		best := none
		for _, arn := range g.Stores {
			for _, a := range storeActions(arn) {
				if i, ok := actionIndex[strings.ToLower(a.action)]; ok && !allows.has(i) && w.find(arn) == nil {
					continue
				}
				if a.effect != "reads" && a.effect != "writes" {
					continue
				}
				f := proof{strength: Yes}
				f.also(w.check(p, a.action, a.resource, nil))
				if f.strength > best.strength {
					best, id, text = f, "", a.effect+" "+arn
				}
				if f := w.federates(p, a.action, a.resource); f.strength > best.strength {
					best, id, text = f, federatedToken, a.effect+" "+arn+", in a session of sts:GetFederationToken that its policy lets in"
				}
			}
		}
		return best, id, text
	case "keys":
		return w.decrypts(p, allows, g.Stores)
	}
	return none, "", ""
}

// decrypting are the actions by which whoever has them decrypts with a key: at once, or after he gave himself the right.
// https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
var decrypting = []struct{ id, action, text string }{
	{"", "kms:Decrypt", "may decrypt with "},
	{"x:KMSPutKeyPolicy", "kms:PutKeyPolicy", "may let itself decrypt, by the key's policy, with "},
	{"x:KMSCreateGrant", "kms:CreateGrant", "may let itself decrypt, by a grant, with "},
}

// himself are the values of a request that no service of AWS makes for somebody.
var himself = map[string][]string{"kms:grantisforawsresource": {"false"}}

// decrypts looks for one key that a principal can decrypt with. The key's policy, and grants, may let him whatever his own policies say.
func (w *prover) decrypts(p *Principal, allows actionSet, keys []string) (best proof, id, text string) {
	best = none
	for _, arn := range keys {
		for _, d := range decrypting {
			if i, ok := actionIndex[strings.ToLower(d.action)]; ok && !allows.has(i) && w.find(arn) == nil {
				continue
			}
			f := proof{strength: Yes}
			with := himself
			if d.action != "kms:CreateGrant" {
				with = nil
			}
			f.also(w.check(p, d.action, arn, with))
			if f.strength > best.strength {
				best, id, text = f, d.id, d.text+arn
			}
		}
	}
	return best, id, text
}

// privileged are the actions that make users or change what somebody may do.
var privileged = []string{"iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile", "iam:PutUserPolicy", "iam:AttachUserPolicy",
	"iam:PutGroupPolicy", "iam:AttachGroupPolicy", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion",
	"iam:AddUserToGroup", "iam:UpdateAssumeRolePolicy", "iam:CreateRole", "iam:DeleteUser", "iam:DeleteRole", "iam:DetachUserPolicy", "iam:DetachRolePolicy",
	"iam:DeleteUserPermissionsBoundary", "iam:DeleteRolePermissionsBoundary", "sso:CreateAccountAssignment", "sso:AttachManagedPolicyToPermissionSet", "sso:PutInlinePolicyToPermissionSet"}

var privilegedNeeds = need(privileged...)

// changesPrivileges looks for one action on something that exists, or that may be made.
func (w *prover) changesPrivileges(p *Principal, allows actionSet) proof {
	best := none
	if !allows.meets(privilegedNeeds) {
		return best
	}
	for _, action := range privileged {
		if !allows.has(actionIndex[strings.ToLower(action)]) {
			continue
		}
		f := proof{strength: Yes}
		if strings.HasPrefix(action, "iam:Create") && action != "iam:CreateAccessKey" && action != "iam:CreateLoginProfile" && action != "iam:CreatePolicyVersion" || strings.HasPrefix(action, "sso:") {
			s, answers := w.checkNew(p, action, p.Account, nil)
			f.also(s, answers...)
		} else {
			f = w.onSome(p, action)
		}
		if f.strength > best.strength {
			best = f
		}
		if best.strength == Yes {
			break
		}
	}
	return best
}

// onSome decides an action of IAM on whatever of its kind the account has, until one passes.
func (w *prover) onSome(p *Principal, action string) proof {
	best := none
	s := w.scopeOf(p, action)
	if s.empty() {
		return best
	}
	try := func(arn string) bool {
		if !s.has(arn) {
			return false
		}
		f := proof{strength: Yes}
		f.also(w.check(p, action, arn, nil))
		if f.strength > best.strength {
			best = f
		}
		return best.strength == Yes
	}
	switch {
	case strings.HasSuffix(action, "PolicyVersion"):
		for _, m := range w.estate.ManagedPolicies {
			if m.Reference.Account == p.Account && !ofAWS(m.Reference.ARN) && try(m.Reference.ARN) {
				return best
			}
		}
	case strings.Contains(action, "Group"):
		for _, g := range w.estate.Groups {
			if g.Reference.Account == p.Account && try(g.Reference.ARN) {
				return best
			}
		}
	default:
		kind := "user"
		if strings.Contains(action, "Role") {
			kind = "role"
		}
		for _, q := range w.principals {
			if q.Account == p.Account && q.Kind == kind && !q.reserved() && try(q.ARN) {
				return best
			}
		}
	}
	return best
}

// rules says whether a principal may rule the organisation: change what binds its accounts, or be root in them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html
func (w *prover) rules(p *Principal, allows actionSet) (proof, string) {
	if !p.Caller.ManagesOrganization && !w.delegated(p.Account) {
		return none, ""
	}
	best, id := none, ""
	if f := w.administrator(p); f.strength > best.strength && p.Caller.ManagesOrganization {
		best = f
	}
	for _, x := range []struct{ id, action string }{{"x:UpdateSCP", "organizations:UpdatePolicy"}, {"x:DetachSCP", "organizations:DetachPolicy"},
		{"x:MoveAccount", "organizations:MoveAccount"}, {"x:AssumeRoot", "sts:AssumeRoot"}, {"pf:sso-003", "sso:PutInlinePolicyToPermissionSet"},
		{"pf:sso-002", "sso:AttachManagedPolicyToPermissionSet"}, {"pf:sso-001", "sso:CreateAccountAssignment"}} {
		if !allows.has(actionIndex[strings.ToLower(x.action)]) || best.strength == Yes {
			continue
		}
		f := proof{strength: Yes}
		s, answers := w.checkNew(p, x.action, "*", nil)
		if f.also(s, answers...); f.strength > best.strength {
			best, id = f, x.id
		}
	}
	return best, id
}

// delegated reports whether an account administers identities for the whole organisation.
func (w *World) delegated(account string) bool {
	all, _ := w.estate.Organization.Delegated.Value()
	for _, d := range all {
		if d.Account == account {
			services, _ := d.Services.Value()
			return slices.Contains(services, "sso.amazonaws.com") || slices.Contains(services, "iam.amazonaws.com")
		}
	}
	return false
}
