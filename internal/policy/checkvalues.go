package policy

import (
	"encoding/base64"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// sizes are how many characters AWS takes of a kind of document; IAM does not count white space. Identity policies are not among
// them: how many it takes of those rests on what they are attached to, and AWS's own are larger than any.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html#min-max-values
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
// https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html
var sizes = map[Kind]int{TrustPolicy: 4096, ServiceControlPolicy: 5120, ResourceControlPolicy: 5120, EndpointPolicy: 20480}

func (c *checker) size(r *reader) {
	most, ok := sizes[c.kind]
	if !ok || len(r.text) <= most {
		return
	}
	count := utf8.RuneCount(r.text)
	if c.kind == TrustPolicy {
		for _, char := range string(r.text) {
			if unicode.IsSpace(char) {
				count--
			}
		}
	}
	if count > most {
		c.complain(r, 0, "", "the document is too large: AWS takes %d characters of such a policy, and it has %d", most, count)
	}
}

var (
	uniqueID       = regexp.MustCompile(`^A[A-Z0-9]{15,}$`)
	namedPrincipal = regexp.MustCompile(`^arn:aws[a-z0-9-]*:(iam::([0-9]{12}|cloudfront):(root|user/.+|role/.+)|sts::[0-9]{12}:(assumed-role/.+|federated-user/.+|self))$`)
	provider       = regexp.MustCompile(`^arn:aws[a-z0-9-]*:iam::[0-9]{12}:(saml-provider|oidc-provider)/.+$`)
	hostName       = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(/.*)?$`)
)

// named checks whom an entry of a principal names. Nothing in it is a wildcard, but one star by itself.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (c *checker) named(r *reader, n noted) {
	ok := true
	switch n.operator {
	case "AWS":
		ok = n.text == "*" || accountID.MatchString(n.text) || uniqueID.MatchString(n.text) ||
			namedPrincipal.MatchString(n.text) && !strings.ContainsAny(n.text, "*?")
	case "Service":
		ok = n.text == "*" || hostName.MatchString(n.text)
	case "Federated":
		ok = n.text == "*" || provider.MatchString(n.text) && !strings.ContainsAny(n.text, "*?") || hostName.MatchString(n.text)
	}
	if !ok {
		c.complain(r, n.at, "Invalid principal in policy", "%q names no principal: it is an ARN without wildcards, an account's id, or a service or provider by its name", n.text)
	}
}

// tagKeys are keys that want a tag's key besides.
var tagKeys = []string{"aws:PrincipalTag", "aws:RequestTag", "aws:ResourceTag"}

// conditionValue checks that an operator can compare with a value. AWS keeps what it cannot: such a condition is not met.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
func (c *checker) conditionValue(r *reader, n noted, o Operator, version string) {
	base := strings.Replace(o.Name, "Not", "", 1)
	if strings.Contains(n.text, "${") {
		if o.takesVariables() {
			c.variables(r, n, version)
		} else {
			c.complain(r, n.at, "", "Policy variables can only be used with String and ARN operators")
		}
		return
	}
	switch {
	case strings.HasPrefix(base, "Date"):
		if !isDate(n.text) {
			c.complain(r, n.at, "The policy failed legacy parsing", "%q is no date: 2026-01-02T15:04:05Z, or seconds since 1970", n.text)
		}
	case strings.HasPrefix(base, "Numeric"):
		if !isNumber(n.text) {
			c.complain(r, n.at, "", "Add a valid numeric value for the condition operator %s: %q is none", o.Name, n.text)
		}
	case base == "Bool" || o.Name == "Null":
		if !isBool(n.text) {
			c.complain(r, n.at, "", "Add a valid Boolean value for the condition operator %s: %q is none", o.Name, n.text)
		}
	case base == "IpAddress":
		if _, ok := parseRange(n.text); !ok {
			c.complain(r, n.at, "", "The condition operator %s is used with an invalid IP range value %q. Specify the IP range in standard CIDR format", o.Name, n.text)
		}
	case strings.HasPrefix(base, "Arn"):
		if g := (glob{text: n.text}); !g.everything() && len(g.parts(6)) < 6 {
			c.complain(r, n.at, "", "The condition operator %s is used with %q, which is no ARN: an ARN has six parts", o.Name, n.text)
		}
	case base == "BinaryEquals":
		if _, err := base64.StdEncoding.DecodeString(n.text); err != nil {
			c.complain(r, n.at, "", "Add a valid base64-encoded string value for the condition operator %s: %q is none", o.Name, n.text)
		}
	}
}

// variables checks how policy variables are written.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func (c *checker) variables(r *reader, n noted, version string) {
	_, rest, found := strings.Cut(n.text, "${")
	if found && version != "2012-10-17" {
		c.complain(r, n.at, "", "To include variables in your policy, use the policy version 2012-10-17 or later: here %q is text like others", n.text)
		return
	}
	for found {
		name, after, closed := strings.Cut(rest, "}")
		key, _, hasDefault := defaultOf(name)
		switch {
		case !closed:
			c.complain(r, n.at, "", "The policy variable is missing a closing curly brace. Add } after the variable text")
			return
		case key == "":
			c.complain(r, n.at, "", "Empty policy variable. Remove the variable structure or provide a variable within the structure")
		case strings.Contains(name, ",") && !hasDefault:
			c.complain(r, n.at, "", "The policy variable default value must begin and end with a single quote. Add the missing quote")
		}
		_, rest, found = strings.Cut(after, "${")
	}
}
