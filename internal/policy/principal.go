package policy

import (
	"slices"
	"strings"
)

// forms says how a Principal element names the caller, because what a resource policy gives depends on it: directly, by its
// role, or by its account, which only delegates.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
type forms struct{ direct, role, account truth }

func (f forms) any() truth { return some(f.direct, f.role, f.account) }

func (f forms) min(t truth) forms {
	return forms{min(f.direct, t), min(f.role, t), min(f.account, t)}
}

func (f forms) max(g forms) forms {
	return forms{max(f.direct, g.direct), max(f.role, g.role), max(f.account, g.account)}
}

// named finds the forms in which an element names the caller.
func (j *judge) named(p *Principal) forms {
	if p.Anyone() {
		return forms{direct: yes}
	}
	var f forms
	c := &j.request.Caller
	for _, a := range p.AWS {
		f = f.max(j.namedBy(a))
	}
	switch c.Kind {
	case Service:
		f.direct = max(f.direct, truthOf(slices.ContainsFunc(p.Service, func(s string) bool { return strings.EqualFold(s, c.ARN) })))
	case WebIdentity, SAML:
		f.direct = max(f.direct, truthOf(slices.ContainsFunc(p.Federated, func(s string) bool { return sameProvider(s, c.ARN) })))
	}
	for _, id := range p.Canonical {
		f = f.max(j.canonical(id))
	}
	return f
}

// canonical judges one canonical user id: it is another name of an account. Whose an id is, only S3 knows: where neither it nor the
// caller's is known, the caller may be meant.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-bucket-user-policy-specifying-principal-intro.html
func (j *judge) canonical(id string) forms {
	c := &j.request.Caller
	if !c.signed() {
		return forms{}
	}
	owner, known := j.policies.Canonical[id]
	switch {
	case c.CanonicalID != "" && c.CanonicalID == id, known && owner == c.Account:
		return j.ofAccount()
	case c.CanonicalID != "", known:
		return forms{}
	}
	return j.ofAccount().min(maybe)
}

// whose is a canonical user id in a statement that may be the caller's, and nobody knows; empty where there is none.
func (j *judge) whose(s *Statement) string {
	for _, p := range []*Principal{s.Principal, s.NotPrincipal} {
		if p == nil {
			continue
		}
		for _, id := range p.Canonical {
			if j.canonical(id).any() == maybe {
				return id
			}
		}
	}
	return ""
}

// sameProvider compares identity providers; one of OpenID Connect may be named by its ARN or by its host.
func sameProvider(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	rest, ok := strings.CutSuffix(a, b)
	return ok && (rest == "" || strings.HasPrefix(a, "arn:") && strings.HasSuffix(rest, ":oidc-provider/"))
}

func (j *judge) ofAccount() forms {
	if j.request.Caller.Kind == RootUser {
		return forms{direct: yes}
	}
	return forms{account: yes}
}

// namedBy judges one entry of type AWS. Nothing in it is a wildcard: a star stands only for everyone, and only by itself.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (j *judge) namedBy(entry string) forms {
	c := &j.request.Caller
	switch c.Kind {
	case Service: // only an origin access identity has an ARN
		return forms{direct: truthOf(entry == c.ARN && strings.HasPrefix(entry, "arn:"))}
	case Anonymous, WebIdentity, SAML:
		return forms{}
	}
	if c.Account != "" && (entry == c.Account || isRootOf(entry, c.Account)) {
		return j.ofAccount()
	}
	switch {
	case entry == c.ARN && c.ARN != "":
		return forms{direct: yes}
	case c.Kind == FederatedUser && c.User != "" && entry == c.User:
		return forms{role: yes} // what it gives to the user, boundary and session policy of the federated user still bound
	case c.Kind != RoleSession:
		return forms{}
	case c.Role != "" && entry == c.Role, c.AnyPath && sameButPath(entry, c.Role):
		return forms{role: yes}
	case c.ARN == "" && j.request.Context.Open && isSessionOf(entry, c.Role):
		return forms{direct: maybe}
	}
	return forms{}
}

// isRootOf reports whether an ARN is that of an account, arn:aws:iam::111122223333:root.
func isRootOf(arn, account string) bool {
	return strings.HasPrefix(arn, "arn:") && arnPart(arn, 2) == "iam" && arnPart(arn, 3) == "" && arnPart(arn, 4) == account && arnPart(arn, 5) == "root"
}

// sameButPath reports whether two ARNs are of roles of one account and one name.
func sameButPath(a, b string) bool {
	const mark = ":role/"
	i, j := strings.Index(a, mark), strings.Index(b, mark)
	return i >= 0 && j >= 0 && a[:i] == b[:j] && a[strings.LastIndexByte(a, '/'):] == b[strings.LastIndexByte(b, '/'):]
}

// isSessionOf reports whether an ARN is that of a session of a role, in which the role's path does not show.
func isSessionOf(session, role string) bool {
	s, r := glob{text: session}.parts(6), glob{text: role}.parts(6)
	if len(s) != 6 || len(r) != 6 || s[1].text != r[1].text || s[2].text != "sts" || s[4].text != r[4].text {
		return false
	}
	name := r[5].text[strings.LastIndexByte(r[5].text, '/')+1:]
	return strings.HasPrefix(s[5].text, "assumed-role/"+name+"/")
}

// spared judges whether a NotPrincipal element leaves the caller out. A Deny spares a session only where the session itself is
// listed: its role alone will not do, and neither will the account, which must be listed besides.
// An Allow gives nothing to whom the element names in any way.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
func (j *judge) spared(effect Effect, p *Principal) truth {
	f := j.named(p)
	c := &j.request.Caller
	switch {
	case effect == Allow:
		return f.any()
	case c.Kind == RoleSession && c.ARN == "" && !j.request.Context.Open:
		return max(f.direct, f.role) // the request names no session: the role stands for itself
	}
	return f.direct
}
