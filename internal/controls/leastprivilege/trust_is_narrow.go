package leastprivilege

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// TrustIsNarrow is lp-trust-is-narrow: each statement of a trust policy that lets somebody assume the role says exactly whom. What a
// condition proves counts, not that there is one.
//
//   - Everybody, even of the own organisation or from some network only, is nobody in particular, unless a condition names callers
//     or their accounts. An account of ours is named exactly: its administrators say who of it.
//   - Principals of accounts outside the organisation need an external id too: they may work for others as well, who could have
//     them take this role by mistake. https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
//   - A provider of OpenID Connect tokens serves others too: a condition on the token's subject has to name one of ours
//     ("repo:acme/shop:*", "system:serviceaccount:shop:*"); for identity pools and the login of big companies the audience will do.
//     A SAML provider is one's own. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html
//   - An identity pool that has guests lets in anybody on the Internet, where the role does not ask for who signed in. See guestsOf.
//   - An AWS service that works for all its customers is held to our accounts or resources where it says for whom it asks. Most do not:
//     those that are given a role by iam:PassRole, which never leaves the account, and EC2 and Lambda, who tell nothing. See sayForWhom.
//
// Roles that AWS's services made for themselves are not judged: nobody else can change their trust.
var TrustIsNarrow = &control.Control{
	ID:       "lp-trust-is-narrow",
	Practice: "least-privilege",
	Title:    "Trust policies say exactly who may assume a role",
	Sentence: "trust policies say exactly who may assume a role",
	Asked:    "trust policies say exactly who may assume a role",
	Why:      "Whoever a trust policy lets in by mistake has all that the role may do, without breaking into anything.",
	Fix:      "Name the principals; ask outsiders for an external id, tokens for their subject, and services for the account they work for.",
	Severity: answer.High,
	Lists:    []operation.ID{authorizationDetails},
	Reads:    []operation.ID{"organizations:DescribeOrganization", "organizations:ListAccounts", listPools, describePool, poolRoles},
	Judge: func(c *control.Case) {
		company := permissions.CompanyOf(c.Estate)
		for _, role := range c.Estate.Roles {
			if !role.ServiceLinked() && c.Concerns(role) {
				judgeTrust(c, company, role)
			}
		}
	},
}

func judgeTrust(c *control.Case, company permissions.Company, role *estate.Role) {
	document, known := role.Trust.Value()
	if gap, unread := role.Trust.Unread(); unread {
		c.Unknown(role, "its trust policy could not be understood", gap)
		return
	}
	if !known {
		c.Holds(role)
		return
	}
	open := map[int]bool{}
	for _, o := range document.Strangers() {
		open[o.Index] = true
	}
	fine := true
	for i, s := range document.Statements {
		if s.Effect != policy.Allow || !assumes(s) {
			continue
		}
		wide, gaps := wideTrust(company, s, open[i])
		for _, w := range wide {
			c.Breaks(role, wideCounter(role, i, s, w))
			fine = false
		}
		if len(wide) == 0 && len(gaps) > 0 {
			c.Unknown(role, "whether an account that it trusts is one of ours could not be read", gaps...)
			fine = false
		}
		if len(wide) > 0 {
			continue
		}
		guests, gaps := guestsOf(c, role, document, i)
		for _, g := range guests {
			c.Breaks(role, g)
			fine = false
		}
		if len(guests) == 0 && len(gaps) > 0 {
			c.Unknown(role, "whether an identity pool that it trusts has guests could not be read", gaps...)
			fine = false
		}
	}
	if fine {
		c.Holds(role)
	}
}

// assumes reports whether a statement is about taking the role.
func assumes(s policy.Statement) bool {
	takes := func(patterns []string) bool {
		return slices.ContainsFunc([]string{"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"}, func(action string) bool {
			return slices.ContainsFunc(patterns, func(p string) bool { return policy.MatchAction(p, action) })
		})
	}
	return takes(s.Action) || s.NotAction != nil
}

// wide is one way in which a statement lets in more than it names.
type wide struct{ text, fix string }

func wideTrust(company permissions.Company, s policy.Statement, open bool) (all []wide, gaps []estate.Gap) {
	if s.Principal == nil || s.Principal.Anyone() {
		switch {
		case open:
			return []wide{{"lets everybody assume it, of whatever account", "Name the principals that may assume the role."}}, nil
		case !slices.ContainsFunc(s.Condition, namesCallers):
			return []wide{{"lets everybody assume it where " + conditions(s), "Name the principals that may assume the role, beside the condition."}}, nil
		}
		return nil, nil
	}
	var outside []string
	for _, p := range s.Principal.AWS {
		account := p
		if parts := strings.SplitN(p, ":", 6); len(parts) == 6 {
			account = parts[4]
		}
		if len(account) != 12 || slices.ContainsFunc(s.Condition, externalID) {
			continue // a principal that is gone, or one that needs to know the id
		}
		switch ours, unread := company.Owns(account); ours {
		case estate.False:
			outside = append(outside, p)
		case estate.Unknown:
			gaps = append(gaps, unread...)
		}
	}
	if len(outside) > 0 {
		all = append(all, wide{"lets " + strings.Join(outside, ", ") + ", outside the organisation, assume it without an external id",
			"Agree on an external id with them, and ask for it: StringEquals sts:ExternalId."})
	}
	for _, provider := range s.Principal.Federated {
		if issuer, ok := openID(provider); ok && !slices.ContainsFunc(s.Condition, func(c policy.Condition) bool { return namesSubject(c, issuer) }) {
			fix := "Ask for the subject of the token, as narrow as it goes: StringEquals " + issuer + ":sub."
			if issuer == cognito {
				fix = "Ask for the identity pool: StringEquals " + issuer + ":aud."
			}
			all = append(all, wide{"lets every token of " + issuer + " assume it" + despite(s), fix})
		}
	}
	for _, service := range s.Principal.Service {
		if page := sayForWhom[service]; page != "" && !slices.ContainsFunc(s.Condition, source) {
			all = append(all, wide{"lets " + service + " assume it for whomever it works" + despite(s), "Hold the service to our account: StringEquals aws:SourceAccount, ArnLike aws:SourceArn. See " + page})
		}
	}
	return all, gaps
}

// sayForWhom are services whose own pages ask for aws:SourceArn or aws:SourceAccount in the trust of the roles that they take, each with
// the page. Asking EC2 or Lambda for it would lock them out.
var sayForWhom = map[string]string{
	"autoscaling.amazonaws.com":   "https://docs.aws.amazon.com/autoscaling/ec2/userguide/cross-service-confused-deputy-prevention.html",
	"bedrock.amazonaws.com":       "https://docs.aws.amazon.com/bedrock/latest/userguide/agents-permissions.html",
	"ecs-tasks.amazonaws.com":     "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html",
	"events.amazonaws.com":        "https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html",
	"iot.amazonaws.com":           "https://docs.aws.amazon.com/iot/latest/developerguide/cross-service-confused-deputy-prevention.html",
	"personalize.amazonaws.com":   "https://docs.aws.amazon.com/personalize/latest/dg/cross-service-confused-deputy-prevention.html",
	"scheduler.amazonaws.com":     "https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html",
	"states.amazonaws.com":        "https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html",
	"transfer.amazonaws.com":      "https://docs.aws.amazon.com/transfer/latest/userguide/confused-deputy.html",
	"vpc-flow-logs.amazonaws.com": "https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html",
	// The pages of these were not at hand when the others were looked up.
	"codebuild.amazonaws.com": "https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html",
	"pipes.amazonaws.com":     "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-permissions.html",
}

// positive reports whether an operator is false of a key that is not in the request.
func positive(o policy.Operator) bool {
	return !o.IfExists && !o.ForAllValues && !o.Negated() && o.Name != "Null"
}

// fixed reports whether a value is no pattern, or names enough before its first wildcard: all of a part that ends in one of the
// separators, after what every such value begins with.
func fixed(o policy.Operator, value, separators string, begins ...string) bool {
	if strings.HasPrefix(o.Name, "StringEquals") {
		return value != "" && !strings.Contains(value, "${")
	}
	prefix, _, pattern := strings.Cut(strings.NewReplacer("?", "*", "${", "*").Replace(value), "*")
	for _, b := range begins {
		if rest, ok := strings.CutPrefix(prefix, b); ok {
			prefix = rest
			break
		}
	}
	if !pattern {
		return prefix != ""
	}
	return strings.IndexAny(prefix, separators) > 0
}

func all(values []string, is func(string) bool) bool {
	return len(values) > 0 && !slices.ContainsFunc(values, func(v string) bool { return !is(v) })
}

// namesCallers reports whether a condition names callers or their accounts. That it keeps strangers out is known already.
func namesCallers(c policy.Condition) bool {
	return positive(c.Operator) && slices.ContainsFunc([]string{"aws:PrincipalArn", "aws:PrincipalAccount", "aws:userid"}, c.Is)
}

func externalID(c policy.Condition) bool {
	return c.Is("sts:ExternalId") && positive(c.Operator) && all(c.Values, func(v string) bool { return fixed(c.Operator, v, "") })
}

// source reports whether a condition says for whom a service may ask.
func source(c policy.Condition) bool {
	keys := []string{"aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SourceOrgPaths"}
	if !positive(c.Operator) || !slices.ContainsFunc(keys, c.Is) {
		return false
	}
	return all(c.Values, func(v string) bool {
		if parts := strings.SplitN(v, ":", 6); len(parts) == 6 && parts[0] == "arn" {
			return len(parts[4]) == 12 && !strings.ContainsAny(parts[4], "*?") || parts[4] == "" && !strings.ContainsAny(parts[5], "*?")
		}
		return fixed(c.Operator, v, "/")
	})
}

// openID is the issuer of a provider of OpenID Connect tokens; SAML providers have none.
func openID(provider string) (string, bool) {
	if _, issuer, ok := strings.Cut(provider, ":oidc-provider/"); ok {
		return issuer, true
	}
	return provider, !strings.HasPrefix(provider, "arn:")
}

// namesSubject reports whether a condition holds the tokens of an issuer to subjects of ours.
func namesSubject(c policy.Condition, issuer string) bool {
	key, ok := strings.CutPrefix(strings.ToLower(c.Key), strings.ToLower(issuer)+":")
	if !ok || !positive(c.Operator) {
		return false
	}
	switch key {
	case "aud", "app_id": // for AWS itself says what is whose: an identity pool, an application
		if !slices.Contains([]string{cognito, "accounts.google.com", "www.amazon.com", "graph.facebook.com"}, issuer) {
			return false
		}
		return all(c.Values, func(v string) bool { return fixed(c.Operator, v, "") })
	case "amr", "azp", "iat", "jti":
		return false
	}
	return all(c.Values, func(v string) bool {
		return fixed(c.Operator, v, "/:", "repo:", "repository:", "system:serviceaccount:", "organization:", "project_path:", "org/")
	})
}

func conditions(s policy.Statement) string {
	var words []string
	for _, c := range s.Condition {
		words = append(words, c.String())
	}
	return strings.Join(words, " and ")
}

func despite(s policy.Statement) string {
	if len(s.Condition) == 0 {
		return ""
	}
	return ", which " + conditions(s) + " does not prevent"
}

func wideCounter(role *estate.Role, i int, s policy.Statement, w wide) control.Counter {
	ref := role.Ref()
	name := permissions.StatementName(i, s.Sid)
	text := fmt.Sprintf("role %s: statement %s of its trust policy %s", ref.ID, name, w.text)
	return control.Counter{
		Text:  text,
		Facts: []answer.Fact{{Text: fmt.Sprintf("statement %s of AssumeRolePolicyDocument: %s", name, s.Quote()), Operation: authorizationDetails}},
		Cause: answer.Cause{
			Key:     fmt.Sprintf("trust-statement/%s/%d", ref.ARN, i+1),
			Subject: ref,
			Title:   text,
			Fix: answer.Fix{Text: w.fix, CLI: []string{
				fmt.Sprintf("aws iam get-role --role-name %s --query Role.AssumeRolePolicyDocument > trust.json", control.ShellQuote(ref.ID)),
				fmt.Sprintf("aws iam update-assume-role-policy --role-name %s --policy-document file://trust.json   # after the change", control.ShellQuote(ref.ID)),
			}},
		},
	}
}
