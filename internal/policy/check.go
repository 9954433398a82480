package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Kind is what a document is for. AWS asks different things of each kind.
type Kind int

const (
	IdentityPolicy Kind = iota // of a user, group or role; boundaries and session policies are of this kind too
	ResourcePolicy
	TrustPolicy // who may assume a role
	ServiceControlPolicy
	ResourceControlPolicy
	EndpointPolicy // of a VPC endpoint
)

// Check reads a document as leniently as the service that takes it least strictly, and lists what AWS says against it as a
// document of a kind, in the order of the text. The error, an *Error, is for what nobody could understand; then there is no
// document. What can be understood is read, so that it can be judged: an action of no service matches nothing, an unknown
// operator is never met.
func Check(kind Kind, text []byte) (*Document, []Error, error) {
	c := &checker{kind: kind}
	d, err := parseWith(text, c)
	if err != nil {
		var at *Error
		if errors.As(err, &at) {
			at.AWS, at.Refused = c.against(at), true
		}
		return nil, nil, err
	}
	r := &reader{text: text}
	c.document(r, d)
	slices.SortStableFunc(c.complaints, func(a, b Error) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return d, c.complaints, nil
}

// checker notes where everything stands while a document is read.
type checker struct {
	kind       Kind
	complaints []Error

	element, operator, key, kindOfPrincipal string          // being read
	keys                                    map[string]bool // of the operator, in lower case
	elementAt                               int
	statements                              []int // where each begins
	version                                 int
	actions                                 []noted
	resources, principals                   []noted
	conditions                              []noted
	elements                                []map[string]int // of each statement, with their places
}

// noted is a value and where it stands.
type noted struct {
	statement int
	element   string
	operator  string // of conditions; of principals their type
	text      string
	at        int
}

func (c *checker) statement(r *reader, i int) {
	if c != nil {
		c.statements = append(c.statements, r.at)
		c.elements = append(c.elements, map[string]int{})
	}
}

// spelled notes the name of a member, and gives it the case that AWS's grammar has: read leniently, case does not matter.
func (c *checker) spelled(r *reader, what, name string) string {
	if c == nil {
		return name
	}
	var names []string
	switch what {
	case "a policy document":
		names = []string{"Version", "Id", "Statement"}
	case "a statement":
		names = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
	case "Principal", "NotPrincipal":
		names = []string{"AWS", "Service", "Federated", "CanonicalUser"}
	case "Condition":
		c.operator, c.keys = name, map[string]bool{}
		return name
	default:
		c.key = name
		if c.element == "Condition" {
			if lowered := strings.ToLower(name); c.keys[lowered] {
				c.says(r, r.at, "The condition key %s appears more than once with different capitalization in the same condition block. Remove the duplicate condition keys.", name)
			} else {
				c.keys[lowered] = true
			}
			c.conditions = append(c.conditions, noted{len(c.statements) - 1, "key", c.operator, name, r.at})
		}
		return name
	}
	for _, n := range names {
		if strings.EqualFold(n, name) && n != name {
			c.complain(r, r.at, "", "%s has no element %q: it is written %s", what, name, n)
			name = n
		}
	}
	switch what {
	case "a policy document":
		if name == "Version" {
			c.version = r.at
		}
	case "Principal", "NotPrincipal":
		c.kindOfPrincipal = name
	case "a statement":
		c.element, c.elementAt, c.kindOfPrincipal = name, r.at, ""
		c.elements[len(c.elements)-1][name] = r.at
	}
	return name
}

// value notes a value of a list.
func (c *checker) value(r *reader, text string) {
	if c == nil {
		return
	}
	n := noted{len(c.statements) - 1, c.element, c.operator, text, r.at}
	switch c.element {
	case "Action", "NotAction":
		c.actions = append(c.actions, n)
	case "Resource", "NotResource":
		c.resources = append(c.resources, n)
	case "Principal", "NotPrincipal":
		n.operator = c.kindOfPrincipal
		c.principals = append(c.principals, n)
	case "Condition":
		n.element = "value"
		c.conditions = append(c.conditions, n)
	}
}

// excuses turns a mistake into a complaint, if reading is lenient.
func (c *checker) excuses(mistake error, aws string) bool {
	var at *Error
	if c == nil || !errors.As(mistake, &at) {
		return false
	}
	complaint := *at
	complaint.AWS, complaint.Refused = aws, true
	if aws == "" {
		complaint.AWS = c.ofEmpty()
	}
	c.complaints = append(c.complaints, complaint)
	return true
}

func (c *checker) ofEmpty() string {
	switch c.element {
	case "Action", "NotAction":
		return "Policy statement must contain actions."
	case "Resource", "NotResource":
		return "Policy statement must contain resources."
	}
	return "Syntax errors in policy."
}

func (c *checker) complain(r *reader, at int, aws, format string, args ...any) {
	var e *Error
	if errors.As(r.mistake(at, format, args...), &e) {
		e.AWS, e.Refused = aws, aws != ""
		c.complaints = append(c.complaints, *e)
	}
}

// says complains in AWS's own words, for which it would refuse the document.
func (c *checker) says(r *reader, at int, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	c.complain(r, at, text, "%s", strings.TrimSuffix(text, "."))
	c.complaints[len(c.complaints)-1].Refused = true
}

// notes complains in AWS's own words of what older documents and other services have all the same.
func (c *checker) notes(r *reader, at int, format string, args ...any) {
	c.says(r, at, format, args...)
	c.complaints[len(c.complaints)-1].Refused = false
}

// refuses complains in our words of what AWS would refuse.
func (c *checker) refuses(r *reader, at int, format string, args ...any) {
	c.complain(r, at, "", format, args...)
	c.complaints[len(c.complaints)-1].Refused = true
}

// against are AWS's words for a document that nobody understands.
func (c *checker) against(at *Error) string {
	if strings.HasPrefix(at.Text, "Effect is") {
		for _, effect := range []string{`"allow"`, `"deny"`} {
			if strings.Contains(strings.ToLower(at.Text), "effect is "+effect) {
				return "The policy failed legacy parsing"
			}
		}
	}
	return "Syntax errors in policy."
}

// identity reports whether a document of the kind is of a principal: it names none.
func (k Kind) identity() bool { return k == IdentityPolicy || k == ServiceControlPolicy }

func (c *checker) document(r *reader, d *Document) {
	switch {
	case c.kind == IdentityPolicy && d.Version != "2012-10-17":
		c.notes(r, c.version, "Policy document must be version 2012-10-17 or greater.")
	case c.kind == ResourceControlPolicy && d.Version != "2012-10-17":
		c.complain(r, c.version, "", "a resource control policy is of Version 2012-10-17")
	}
	c.size(r)
	c.checkSids(r, d)
	for _, n := range c.actions {
		c.action(r, n)
	}
	for _, n := range c.resources {
		c.resource(r, n, d.Statements[n.statement].Effect)
		c.variables(r, n, d.Version)
	}
	for _, n := range c.conditions {
		c.condition(r, n, d.Version)
	}
	for _, n := range c.principals {
		c.named(r, n)
	}
	for i := range d.Statements {
		c.principal(r, i, &d.Statements[i])
	}
}

var alphanumeric = regexp.MustCompile(`^[0-9A-Za-z]*$`)

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html
func (c *checker) checkSids(r *reader, d *Document) {
	seen := map[string]bool{}
	for i, s := range d.Statements {
		at, ok := c.elements[i]["Sid"]
		switch {
		case !ok || s.Sid == "":
		case seen[s.Sid]:
			c.says(r, at, "Statement IDs (SID) in a single policy must be unique.")
		case c.kind.identity() && !alphanumeric.MatchString(s.Sid):
			c.notes(r, at, "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*")
		}
		seen[s.Sid] = true
	}
}

var vendor = regexp.MustCompile(`^[a-zA-Z0-9\-_.*?]+$`)

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
func (c *checker) action(r *reader, n noted) {
	if n.text == "*" {
		return
	}
	prefix, name, found := strings.Cut(n.text, ":")
	say := c.says
	if n.text == "" || strings.TrimSpace(n.text) != n.text || strings.Contains(n.text, ",") {
		say = c.notes // it matches nothing, and that is what is asked of it
	}
	switch {
	case !found:
		say(r, n.at, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
	case strings.Contains(name, ":"):
		say(r, n.at, "Actions/Condition can contain only one colon.")
	case !vendor.MatchString(prefix):
		say(r, n.at, "Vendor %s is not valid", prefix)
	case name == "" || strings.ContainsAny(name, " \t,;"):
		c.complain(r, n.at, "", "%q names no action: blanks and commas are not trimmed", n.text)
	case c.kind == TrustPolicy && !strings.EqualFold(prefix, "sts") && !strings.ContainsAny(prefix, "*?"):
		c.says(r, n.at, "AssumeRole policy may only specify STS AssumeRole actions.")
	}
}

var iamPaths = []string{"user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/",
	"sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/"}

// resource checks one ARN. The partition may be a wildcard, the service may not.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
func (c *checker) resource(r *reader, n noted, effect Effect) {
	if n.text == "*" || c.kind == ResourcePolicy && !strings.HasPrefix(n.text, "arn:") {
		return // services take other names in policies of their own resources: /111122223333/queue
	}
	parts := glob{text: n.text}.parts(6)
	part := func(i int) string {
		if i < len(parts) {
			return parts[i].text
		}
		return "*"
	}
	whole := "arn:" + strings.Join([]string{part(1), part(2), part(3), part(4), part(5)}, ":")
	switch {
	case len(parts) < 2:
		c.says(r, n.at, `Resource %s must be in ARN format or "*".`, n.text)
	case part(1) != "*" && !slices.Contains(partitions, part(1)):
		c.says(r, n.at, "Partition %q is not valid for resource %q.", part(1), whole)
	case part(0) != "arn":
		c.says(r, n.at, `Resource %s must be in ARN format or "*".`, n.text)
	case part(2) == "", len(parts) == 5 && part(4) != "" && !strings.HasSuffix(part(4), "*"):
		c.says(r, n.at, "The policy failed legacy parsing")
	case strings.ContainsAny(part(2), "*?") && !(len(parts) == 2 && part(1) == "*"):
		c.says(r, n.at, "Resource vendor must be fully qualified and cannot contain regexes.")
	case len(parts) < 6 && c.kind == ServiceControlPolicy && !mayBeShort(ServiceControlLayer, effect, glob{text: n.text}),
		len(parts) < 6 && c.kind == ResourceControlPolicy:
		c.complain(r, n.at, "", "%s is cut short: an ARN has six parts", n.text)
	case part(2) == "s3" && part(3) != "" && part(3) != "*" && part(4) == "":
		c.says(r, n.at, "Resource %s can not contain region information.", n.text)
	case part(2) == "iam" && part(3) != "" && part(3) != "*":
		c.says(r, n.at, "IAM resource %s cannot contain region information.", n.text)
	case part(2) == "iam" && !iamPath(part(5)):
		c.says(r, n.at, `IAM resource path must either be "*" or start with %s.`, strings.Join(iamPaths, ", "))
	}
}

func iamPath(path string) bool {
	return path == "*" || path == "root" || strings.HasPrefix(path, "*") || strings.HasPrefix(path, "${") ||
		slices.ContainsFunc(iamPaths, func(p string) bool { return strings.HasPrefix(path, p) || strings.HasPrefix(path, "?") })
}

func (c *checker) condition(r *reader, n noted, version string) {
	o, ok := parseOperator(n.operator)
	switch {
	case !ok:
	case n.element == "value":
		c.conditionValue(r, n, o, version)
	case !strings.Contains(n.text, ":") && c.kind == ServiceControlPolicy:
		c.says(r, n.at, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
	case !strings.Contains(n.text, ":"):
		c.complain(r, n.at, "", "The condition key format of %q is not valid. Use the format service:keyname", n.text)
	case slices.ContainsFunc(tagKeys, func(k string) bool { return strings.EqualFold(k, n.text) }):
		c.complain(r, n.at, "", "The condition key %s must include a tag key to control access based on tags: %s/tag-key", n.text, n.text)
	}
}

// principal checks who a statement names: policies of principals nobody, those of resources somebody.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html#policies-grammar-notes
func (c *checker) principal(r *reader, i int, s *Statement) {
	begin := c.statements[i]
	at := func(element string) int {
		if at, ok := c.elements[i][element]; ok {
			return at
		}
		return c.elements[i]["Not"+element]
	}
	names := s.Principal != nil || s.NotPrincipal != nil
	switch c.kind {
	case IdentityPolicy, ServiceControlPolicy:
		if names {
			c.says(r, at("Principal"), "Policy document should not specify a principal.")
		}
	case ResourcePolicy, TrustPolicy:
		if !names {
			c.notes(r, begin, "Missing required field Principal")
		}
	case ResourceControlPolicy:
		// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html
		if !s.Principal.Anyone() {
			c.refuses(r, begin, "a resource control policy is about everybody: \"Principal\": \"*\"")
		}
		if s.Effect != Deny && !allowsAll(s) {
			c.refuses(r, begin, "a resource control policy can only deny")
		}
		if s.NotAction != nil {
			c.refuses(r, at("NotAction"), "a resource control policy has no element NotAction")
		}
	}
	switch {
	case s.Principal != nil && s.Principal.nobody(), s.NotPrincipal != nil && s.NotPrincipal.nobody():
		c.says(r, at("Principal"), "Invalid principal in policy")
	case s.NotPrincipal != nil && c.kind == TrustPolicy:
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
		c.refuses(r, at("Principal"), "a trust policy has no element NotPrincipal")
	case s.NotPrincipal != nil && s.Effect == Allow:
		c.complain(r, at("Principal"), "", "Using Allow with NotPrincipal can be overly permissive. We recommend that you use Principal instead")
	}
	hasResource := s.Resource != nil || s.NotResource != nil
	switch {
	case c.kind == TrustPolicy && hasResource:
		c.notes(r, at("Resource"), "Has prohibited field Resource")
	case !hasResource && c.kind != TrustPolicy && c.kind != ResourcePolicy:
		c.says(r, begin, "Policy statement must contain resources.")
	}
}

// allowsAll reports whether a statement is that of RCPFullAWSAccess.
func allowsAll(s *Statement) bool {
	return slices.Contains(s.Action, "*") && slices.Contains(s.Resource, "*") && len(s.Condition) == 0
}
