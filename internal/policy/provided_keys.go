package policy

import "slices"

// customerAlgorithm is the key of a request that brings its own encryption key along (SSE-C).
const customerAlgorithm = "s3:x-amz-server-side-encryption-customer-algorithm"

// DeniesProvidedKeys reports whether a bucket's policy denies everybody to put objects into it under a key that the request brings along.
//
// A statement counts where it denies, names everybody, every object of the bucket and s3:PutObject, which all ways of uploading need, and
// has no condition but that the request names such an algorithm.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html#ssec-require-condition-key
func DeniesProvidedKeys(d *Document, bucket string) bool {
	return slices.ContainsFunc(d.Statements, func(s Statement) bool {
		return s.Effect == Deny && s.NotPrincipal == nil && s.Principal.Anyone() && s.includes("s3:PutObject") &&
			s.coversBucket(bucket+"/", coversPrefix) && !slices.ContainsFunc(s.Condition, func(c Condition) bool { return !c.metByProvidedKey() })
	})
}

// includes reports whether a statement is about an action.
func (s Statement) includes(action string) bool {
	match := func(p string) bool { return MatchAction(p, action) }
	if s.NotAction != nil {
		return !slices.ContainsFunc(s.NotAction, match)
	}
	return slices.ContainsFunc(s.Action, match)
}

// metByProvidedKey reports whether every request that brings a key along meets the condition: the algorithm is then there, and is
// AES256.
func (c Condition) metByProvidedKey() bool {
	if !c.Is(customerAlgorithm) {
		return false
	}
	switch c.Operator.Name {
	case "Null":
		return slices.Contains(c.Values, "false")
	case "StringEquals", "StringLike":
		return slices.ContainsFunc(c.Values, func(v string) bool { return Match(v, "AES256") && !variable(v) })
	}
	return false
}
