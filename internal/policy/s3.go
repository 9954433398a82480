package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// DeniesWithoutTLS reports whether a bucket's policy denies everybody every action on the bucket and on each of its objects
// where the request comes without TLS; if not, it says what comes nearest and what that lacks.
//
// A statement counts where it denies, names everybody, every action of S3, and has no condition but ones that every request
// over plain HTTP meets. aws:SecureTransport is in every request; s3:TlsVersion is not in one over plain HTTP, so that a
// comparison with it misses those, unless it says IfExists or denies a match. Several statements may share the bucket and
// its objects between them. An Allow with aws:SecureTransport true denies nothing: what another policy allows stays allowed.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-securetransport
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
//
// The bucket is named without a partition: S3 stores no policy that names a resource of another one.
func DeniesWithoutTLS(d *Document, bucket string) (ok bool, why string) {
	var onBucket, onObjects bool
	near := ""
	for i, s := range d.Statements {
		if !s.aboutTLS() {
			continue
		}
		lacks := s.lacksForTLS()
		if lacks == "" {
			b, o := s.coversBucket(bucket, Match), s.coversBucket(bucket+"/", coversPrefix)
			onBucket, onObjects = onBucket || b, onObjects || o
			if !b && !o {
				lacks = "is about something else than the bucket and all its objects"
			}
		}
		if lacks != "" && near == "" {
			near = fmt.Sprintf("statement %s %s", s.name(i), lacks)
		}
	}
	switch {
	case onBucket && onObjects:
		return true, ""
	case onBucket:
		return false, "it denies requests without TLS on the bucket but not on its objects"
	case onObjects:
		return false, "it denies requests without TLS on the objects but not on the bucket itself"
	case near != "":
		return false, near
	}
	return false, "no statement denies requests without TLS"
}

func (s Statement) name(i int) string {
	if s.Sid != "" {
		return s.Sid
	}
	return fmt.Sprint(i + 1)
}

// aboutTLS reports whether a statement may deny plain HTTP, or looks as if it were meant to.
func (s Statement) aboutTLS() bool {
	return s.Effect == Deny && len(s.Condition) == 0 ||
		s.Asks("aws:SecureTransport") || s.Asks("s3:TlsVersion")
}

func (s Statement) lacksForTLS() string {
	switch {
	case s.Effect != Deny:
		return "allows with TLS, which denies nothing: other policies may allow without"
	case s.NotPrincipal != nil:
		return "leaves out whom NotPrincipal names"
	case !s.Principal.Anyone():
		return "does not deny everybody"
	case !s.everyActionOf("s3"):
		if len(s.NotAction) > 0 {
			return "leaves out " + strings.Join(s.NotAction, ", ")
		}
		return "denies only " + strings.Join(s.Action, ", ")
	}
	for _, c := range s.Condition {
		if !c.metByPlainHTTP() {
			return fmt.Sprintf("denies only where %s", c)
		}
	}
	return ""
}

// everyActionOf reports whether a statement is about every action of a service.
func (s Statement) everyActionOf(service string) bool {
	if s.NotAction != nil {
		return !slices.ContainsFunc(s.NotAction, func(p string) bool { return meetsPrefix(strings.ToLower(p), service+":") })
	}
	return slices.ContainsFunc(s.Action, func(p string) bool { return coversPrefix(strings.ToLower(p), service+":") })
}

// partitions are the parts of AWS, as ARNs name them.
var partitions = []string{"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"}

// coversBucket reports whether a statement is about the bucket, or with coversPrefix about everything in it. A pattern with a
// policy variable proves nothing.
func (s Statement) coversBucket(name string, match func(pattern, arn string) bool) bool {
	about := func(p string) bool {
		return !variable(p) && slices.ContainsFunc(partitions, func(a string) bool { return match(p, "arn:"+a+":s3:::"+name) })
	}
	mayMeet := func(p string) bool {
		return variable(p) || slices.ContainsFunc(partitions, func(a string) bool {
			arn := "arn:" + a + ":s3:::" + name
			return Match(p, arn) || strings.HasSuffix(name, "/") && meetsPrefix(p, arn)
		})
	}
	if s.NotResource != nil {
		return !slices.ContainsFunc(s.NotResource, mayMeet)
	}
	return slices.ContainsFunc(s.Resource, about)
}

func variable(s string) bool { return strings.Contains(s, "${") }

// metByPlainHTTP reports whether every request over plain HTTP meets the condition. There aws:SecureTransport is "false" and
// s3:TlsVersion is missing.
func (c Condition) metByPlainHTTP() bool {
	o := c.Operator
	switch {
	case c.Is("aws:SecureTransport"):
		has := func(value string) bool {
			return slices.ContainsFunc(c.Values, func(v string) bool { return strings.EqualFold(v, value) })
		}
		switch o.Name {
		case "Bool", "StringEquals", "StringEqualsIgnoreCase", "StringLike":
			return has("false")
		case "StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike":
			return len(c.Values) > 0 && !slices.ContainsFunc(c.Values, func(v string) bool { return Match(strings.ToLower(v), "false") })
		case "Null":
			return has("false")
		}
	case c.Is("s3:TlsVersion"):
		if o.Name == "Null" {
			return slices.Contains(c.Values, "true")
		}
		return !o.ForAnyValue && (o.IfExists || o.ForAllValues || o.Negated())
	}
	return false
}

// GrantsPublic reports whether S3 calls the document public: some statement allows everybody, and no condition holds it to
// fixed values of a key that names who asks or from where. It judges the document alone: a public access block may still
// cut off what it grants.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
func (d *Document) GrantsPublic() bool {
	return slices.ContainsFunc(d.Statements, Statement.grantsPublic)
}

func (s Statement) grantsPublic() bool {
	if s.Effect != Allow || !s.Principal.Anyone() && s.NotPrincipal == nil {
		return false
	}
	return !slices.ContainsFunc(s.Condition, Condition.narrows)
}

// fixedKeys are the keys whose fixed values make a grant to everybody a grant to somebody.
var fixedKeys = []string{"aws:SourceArn", "aws:SourceVpc", "aws:SourceVpce", "aws:SourceOwner", "aws:SourceAccount",
	"aws:userid", "aws:PrincipalOrgID", "aws:PrincipalArn", "aws:PrincipalAccount", "aws:SourceOrgID",
	"s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:DataAccessPointArn", "s3:DataAccessPointAccount"}

func (c Condition) narrows() bool {
	o := c.Operator
	if o.IfExists || o.ForAllValues || len(c.Values) == 0 {
		return false // met by requests without the key
	}
	if c.Is("aws:SourceIp") {
		return o.Name == "IpAddress" && !slices.ContainsFunc(c.Values, broad)
	}
	if !slices.ContainsFunc(fixedKeys, c.Is) {
		return false
	}
	switch o.Name {
	case "StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike":
		return !slices.ContainsFunc(c.Values, func(v string) bool { return !c.fixed(v) })
	}
	return false
}

// fixed reports whether a value names something, rather than a pattern: StringEquals takes * for a letter like others, S3
// takes it for a wildcard all the same. An access point's ARN may leave its name open.
func (c Condition) fixed(v string) bool {
	if c.Is("s3:DataAccessPointArn") {
		v = strings.TrimSuffix(v, "/*")
	}
	return v != "" && !strings.ContainsAny(v, "*?") && !variable(v)
}

// broad reports whether S3 takes a range of addresses for everybody: wider than /8, for IPv6 than
// /32.
func broad(value string) bool {
	prefix, err := netip.ParsePrefix(value)
	if err != nil {
		if addr, err := netip.ParseAddr(value); err == nil {
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		} else {
			return true
		}
	}
	if prefix.Addr().Is6() {
		return prefix.Bits() < 32
	}
	return prefix.Bits() < 8
}
