package policy

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// What AWS says against documents of each kind, and where: ▸ marks the place. Refused documents AWS would not keep; the others it
// keeps, and its Access Analyzer warns. A row without a mark is complained of in no way. TestComplaintsAreThoseOfAWS has others.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
func TestComplaintsSayWhere(t *testing.T) {
	t.Parallel()
	const (
		kept    = false
		refused = true
		allow   = `"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"`
		assume  = `"Effect": "Deny", "Action": "sts:AssumeRole"`
		deny    = `"Effect": "Deny", "Action": "s3:*", "Resource": "*"`
	)
	of := func(key, value string) string { return allow + `, "Condition": {` + key + `: {` + value + `}}` }
	for _, c := range []struct {
		rule    string
		kind    Kind
		text    string // of a document, or of what is between the braces of its one statement
		refused bool
		says    string
	}{
		{"a list", IdentityPolicy, `▸[]`, refused, "must be an object"},
		{"null", IdentityPolicy, `▸null`, refused, "must be an object"},
		{"nothing at all", IdentityPolicy, `▸`, refused, "it is not JSON: the document ends too early"},
		{"no statement", IdentityPolicy, `▸{"Version": "2012-10-17"}`, refused, "no statement"},
		{"an element twice", IdentityPolicy, `"Effect": "Allow", ▸"Effect": "Deny", "Action": "*", "Resource": "*"`, refused, `has "Effect" twice`},
		{"an element twice in another case", IdentityPolicy, allow + `, ▸"action": "iam:*"`, refused, `has "Action" twice`},
		{"two Statements", IdentityPolicy, `{"Statement": [],` + "\n" + ` ▸"Statement": []}`, refused, `has "Statement" twice`},
		{"a Version of today", IdentityPolicy, `{"Version": ▸"2026-11-27", "Statement": []}`, refused, "2012-10-17 or 2008-10-17"},
		{"an older Version", IdentityPolicy, `{▸"Version": "2008-10-17", "Statement": [{` + allow + `}]}`, kept, "version 2012-10-17 or greater"},
		{"an empty action", IdentityPolicy, `"Effect": "Allow", "Action": ▸"", "Resource": "*"`, kept, "prefaced by a vendor"},
		{"an empty list of actions", IdentityPolicy, `"Effect": "Allow", "Action": [▸], "Resource": "*"`, refused, "empty list"},
		{"a Principal in an identity policy", IdentityPolicy, allow + `, ▸"Principal": "*"`, refused, "should not specify a principal"},
		{"a Condition that is a text", IdentityPolicy, allow + `, "Condition": ▸"x"`, refused, "must be an object"},
		{"an empty Condition", IdentityPolicy, allow + `, "Condition": {}`, kept, ""},
		{"unicode escapes", IdentityPolicy, `"Effect": "All\u006fw", "Action": "s3:\u002a", "Resource": "\u002a"`, kept, ""},
		{"one statement without a list", IdentityPolicy, `{"Version": "2012-10-17", "Statement": {` + allow + `}}`, kept, ""},
		{"elements in lower case", IdentityPolicy, `{▸"version": "2012-10-17", "statement": [{` + allow + `}]}`, kept, "it is written Version"},

		{"a trailing comma", IdentityPolicy, allow + `,▸`, refused, "it is not JSON"},
		{"a missing comma", IdentityPolicy, `"Effect": "Allow" ▸"Action": "*", "Resource": "*"`, refused, "it is not JSON"},
		{"a comment", IdentityPolicy, "{▸// all\n\"Statement\": []}", refused, "it is not JSON"},
		{"a byte order mark", IdentityPolicy, "▸\ufeff{}", refused, "it is not JSON"},
		{"cut off", IdentityPolicy, "{\"Statement\": [{\"Effect\": \"Allow\",\n \"Action\": ▸", refused, "ends too early"},
		{"something behind", IdentityPolicy, `{"Statement": {` + allow + `}} ▸x`, refused, "it is not JSON"},

		{"an unknown set operator", IdentityPolicy, of(`▸"ForSomeValues:StringEquals"`, `"aws:x": "a"`), refused, "is not a condition operator"},
		{"a value that is null", IdentityPolicy, of(`"StringEquals"`, `"aws:x": ▸null`), refused, "must be a string"},
		{"a key twice in another case", IdentityPolicy, of(`"StringEquals"`, `"aws:x": "a", ▸"AWS:X": "a"`), refused, "more than once with different capitalization"},
		{"a key without vendor", IdentityPolicy, of(`"StringEquals"`, `▸"x": "a"`), kept, "Use the format service:keyname"},
		{"a tag's key that is missing", IdentityPolicy, of(`"StringEquals"`, `▸"aws:ResourceTag": "a"`), kept, "must include a tag key"},
		{"a date that is none", IdentityPolicy, of(`"DateLessThan"`, `"aws:CurrentTime": ▸"soon"`), refused, "is no date"},
		{"a range that is none", IdentityPolicy, of(`"IpAddress"`, `"aws:SourceIp": ["10.0.0.0/8", ▸"10.0.0.0/33"]`), kept, "invalid IP range"},
		{"a number that is none", IdentityPolicy, of(`"NumericNotEquals"`, `"s3:max-keys": ▸"ten"`), kept, "valid numeric value"},
		{"a truth value that is none", IdentityPolicy, of(`"Bool"`, `"aws:SecureTransport": ▸"yes"`), kept, "valid Boolean value"},
		{"a Null of neither", IdentityPolicy, of(`"Null"`, `"aws:SourceArn": ▸"maybe"`), kept, "valid Boolean value"},
		{"an ARN that is none", IdentityPolicy, of(`"ArnNotLike"`, `"aws:SourceArn": ▸"topic"`), kept, "no ARN"},
		{"bytes that are none", IdentityPolicy, of(`"BinaryEquals"`, `"k:b": ▸"?"`), kept, "base64"},
		{"a variable with numbers", IdentityPolicy, of(`"NumericEquals"`, `"s3:max-keys": ▸"${aws:x}"`), kept, "only be used with String and ARN operators"},
		{"a variable with truth values", IdentityPolicy, of(`"Bool"`, `"aws:SecureTransport": "${aws:x}"`), kept, ""},
		{"a variable without its brace", IdentityPolicy, `"Effect": "Allow", "Action": "*", "Resource": ▸"arn:aws:s3:::b/${aws:username/*"`, kept, "missing a closing curly brace"},
		{"an empty variable", IdentityPolicy, `"Effect": "Allow", "Action": "*", "Resource": ▸"arn:aws:s3:::b/${}"`, kept, "Empty policy variable"},
		{"a default without quotes", IdentityPolicy, of(`"StringLike"`, `"aws:x": ▸"${aws:username, ann}"`), kept, "must begin and end with a single quote"},
		{"escapes and defaults", IdentityPolicy, of(`"StringLike"`, `"aws:x": "${*}${aws:username, 'ann'}${$}"`), kept, ""},
		{"a variable before its version", ResourcePolicy, `{"Statement": [{"Principal": "*", "Effect": "Deny", "Action": "*", "Resource": ▸"arn:aws:s3:::b/${aws:username}"}]}`, kept, "use the policy version 2012-10-17"},

		{"no Principal", ResourcePolicy, `{"Statement": [▸{` + allow + `}]}`, kept, "Missing required field Principal"},
		{"an empty Principal", ResourcePolicy, `▸"Principal": {}, ` + allow, refused, "Invalid principal"},
		{"an empty list of principals", ResourcePolicy, `▸"Principal": {"AWS": []}, ` + allow, refused, "Invalid principal"},
		{"a Principal that is a bare ARN", ResourcePolicy, `"Principal": ▸"arn:aws:iam::111122223333:user/ann", ` + allow, refused, "it must be"},
		{"a Principal of an unknown type", ResourcePolicy, `"Principal": {▸"IAM": "111122223333"}, ` + allow, refused, `no type "IAM"`},
		{"a star in a principal's ARN", ResourcePolicy, `"Principal": {"AWS": ▸"arn:aws:iam::111122223333:user/*"}, ` + allow, refused, "names no principal"},
		{"a principal that is no ARN", ResourcePolicy, `"Principal": {"AWS": ["*", ▸"ann"]}, ` + allow, refused, "names no principal"},
		{"a principal of eleven digits", ResourcePolicy, `"Principal": {"AWS": ▸"11112222333"}, ` + allow, refused, "names no principal"},
		{"a group", ResourcePolicy, `"Principal": {"AWS": ▸"arn:aws:iam::111122223333:group/g"}, ` + allow, refused, "names no principal"},
		{"a service that is none", ResourcePolicy, `"Principal": {"Service": ▸"ec2"}, ` + allow, refused, "names no principal"},
		{"principals of every form", ResourcePolicy, `"Principal": {"AWS": ["111122223333", "arn:aws-cn:iam::111122223333:root", "arn:aws:iam::111122223333:user/a/b",
			"arn:aws:sts::111122223333:assumed-role/R/s", "arn:aws:sts::111122223333:federated-user/f", "AIDAEXAMPLEAAAAAAAAAA",
			"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"], "Service": ["ec2.amazonaws.com", "logs.us-east-1.amazonaws.com"],
			"Federated": ["arn:aws:iam::111122223333:saml-provider/s", "accounts.google.com"], "CanonicalUser": "79a5"}, ` + allow, kept, ""},
		{"NotPrincipal with Allow", ResourcePolicy, `▸"NotPrincipal": {"AWS": "999988887777"}, ` + allow, kept, "overly permissive"},
		{"NotPrincipal in a trust policy", TrustPolicy, `▸"NotPrincipal": {"AWS": "999988887777"}, ` + assume, refused, "no element NotPrincipal"},
		{"another service's action in a trust policy", TrustPolicy, `"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": ▸"s3:GetObject"`, refused, "only specify STS AssumeRole actions"},
		{"a Resource in a trust policy", TrustPolicy, assume + `, "Principal": "*", ▸"Resource": "*"`, kept, "prohibited field Resource"},

		{"service control with a Principal", ServiceControlPolicy, allow + `, ▸"Principal": "*"`, refused, "should not specify a principal"},
		{"service control with all elements", ServiceControlPolicy, `"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::b/*", "Condition": {"Bool": {"aws:x": "true"}}`, kept, ""},
		{"resource control that allows", ResourceControlPolicy, `{"Version": "2012-10-17", "Statement": [▸{"Principal": "*", ` + allow + `}]}`, refused, "can only deny"},
		{"resource control of one principal", ResourceControlPolicy, `{"Version": "2012-10-17", "Statement": [▸{"Principal": {"AWS": "111122223333"}, ` + deny + `}]}`, refused, "about everybody"},
		{"resource control with NotAction", ResourceControlPolicy, `"Principal": "*", "Effect": "Deny", ▸"NotAction": "s3:*", "Resource": "*"`, refused, "no element NotAction"},
		{"resource control without Version", ResourceControlPolicy, `▸{"Statement": [{"Principal": "*", ` + deny + `}]}`, kept, "of Version 2012-10-17"},
		{"resource control as AWS keeps it for all", ResourceControlPolicy, `"Principal": "*", "Effect": "Allow", "Action": "*", "Resource": "*"`, kept, ""},
		{"too large", ServiceControlPolicy, `▸{"Version": "2012-10-17", "Statement": {` + allow + `, "Sid": "` + strings.Repeat("a", 5120) + `"}}`, kept, "too large"},
		{"as large as it may be", ResourceControlPolicy, `"Principal": "*", "Sid": "` + strings.Repeat("a", 4000) + `", ` + deny, kept, ""},
	} {
		text := c.text
		if strings.HasPrefix(strings.TrimPrefix(text, "▸"), `"`) {
			text = "{\"Version\": \"2012-10-17\", \"Statement\": [\n  {" + text + "}]}"
		}
		before, after, marked := strings.Cut(text, "▸")
		complaints, err := complaintsOf(c.kind, before+after)
		if marked != (c.says != "") || !marked && len(complaints) > 0 {
			t.Errorf("%s: unexpected: %v", c.rule, complaints)
			continue
		}
		if !marked {
			continue
		}
		line := 1 + strings.Count(before, "\n")
		column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
		found := false
		for _, e := range complaints {
			found = found || e.Line == line && e.Column == column && e.Refused == c.refused && strings.Contains(e.Text+" "+e.AWS, c.says)
		}
		if !found {
			t.Errorf("%s: line %d, column %d: no complaint of %q: %v %v", c.rule, line, column, c.says, complaints, err)
		}
	}
}

// complaintsOf are all complaints of a document, what nobody could understand included.
func complaintsOf(kind Kind, text string) ([]Error, error) {
	_, complaints, err := Check(kind, []byte(text))
	var at *Error
	if errors.As(err, &at) {
		complaints = append(complaints, *at)
	}
	return complaints, err
}
