package policy

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

var (
	accountID = regexp.MustCompile(`^[0-9]{12}$`)
	canonical = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// providers are identity providers that policies name without an ARN.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-federated-web-identity
var providers = []string{"cognito-identity.amazonaws.com", "www.amazon.com", "graph.facebook.com", "accounts.google.com"}

// CallerOf makes a caller of the way policies name one: the ARN of a user, a role, a session, a federated user, an account's root
// user or an identity provider; an account's id; the name of a service or a provider; "*", "anonymous" or nothing for anybody.
//
// An account stands for its root user. A role stands for one of its sessions, whose name is open. A session does not tell the
// path of its role: role says it where it is known, else the role may have any.
func CallerOf(name, role string) (Caller, error) {
	switch {
	case name == "" || name == "*" || strings.EqualFold(name, "anonymous"):
		return Caller{}, nil
	case accountID.MatchString(name):
		return Caller{Kind: RootUser, ARN: "arn:aws:iam::" + name + ":root", Account: name}, nil
	case canonical.MatchString(name):
		return Caller{Kind: RootUser, CanonicalID: name}, nil
	}
	for _, p := range providers {
		if name == p {
			return Caller{Kind: WebIdentity, ARN: name}, nil
		}
	}
	parts := glob{text: name}.parts(6)
	if len(parts) < 6 || parts[0].text != "arn" {
		if strings.HasSuffix(name, ".amazonaws.com") || strings.HasSuffix(name, ".amazonaws.com.cn") || strings.HasSuffix(name, ".amazon.com") {
			return Caller{Kind: Service, ARN: name}, nil
		}
		if strings.Contains(name, ".") && !strings.ContainsAny(name, " :*") {
			return Caller{Kind: WebIdentity, ARN: name}, nil // a provider by its host: token.actions.githubusercontent.com
		}
		return Caller{}, fmt.Errorf("the principal %q is no ARN, no account id, no service such as ec2.amazonaws.com, and not \"*\"", name)
	}
	c := Caller{ARN: name, Account: parts[4].text}
	kind, rest, _ := strings.Cut(parts[5].text, "/")
	switch service := parts[2].text; {
	case service == "iam" && parts[5].text == "root":
		c.Kind = RootUser
	case service == "iam" && kind == "user" && c.Account == "cloudfront":
		// An origin access identity calls in no account's name.
		// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
		c.Kind, c.Account = Service, ""
	case service == "iam" && kind == "user" && rest != "":
		c.Kind = User
	case service == "iam" && kind == "role" && rest != "":
		c.Kind, c.ARN, c.Role = RoleSession, "", name
	case service == "sts" && kind == "assumed-role" && rest != "":
		c.Kind, c.Role = RoleSession, role
		if role == "" {
			roleName, _, _ := strings.Cut(rest, "/")
			c.Role, c.AnyPath = "arn:"+parts[1].text+":iam::"+c.Account+":role/"+roleName, true
		}
	case service == "sts" && kind == "federated-user" && rest != "":
		c.Kind, c.ID = FederatedUser, c.Account+":"+rest
	case service == "iam" && kind == "saml-provider":
		c.Kind, c.Account = SAML, ""
	case service == "iam" && kind == "oidc-provider":
		c.Kind, c.Account = WebIdentity, ""
	case service == "iam" && kind == "group":
		return Caller{}, errors.New("the principal is a group, which cannot call anything: name one of its users, with the group's policies")
	default:
		return Caller{}, fmt.Errorf("the principal %q is neither a user, a role, a session, a federated user, a provider nor an account's root", name)
	}
	return c, nil
}
