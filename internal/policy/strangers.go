package policy

import (
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strings"
)

// Opening is a statement by which a document lets strangers in: callers of accounts that it does not name, or of none.
type Opening struct {
	Index     int // of the statement in the document
	Statement *Statement
	// Despite are the conditions of the statement: a stranger can meet every one of them.
	Despite []Condition
}

// Name is the statement's Sid, or else its number, from 1.
func (o Opening) Name() string { return o.Statement.name(o.Index) }

// Strangers returns the statements that let strangers in. It judges what the conditions prove, not that there are some:
//
//   - A statement that allows everybody, or everybody but somebody (NotPrincipal), is open unless a condition keeps every stranger
//     out: a comparison with fixed values of a key that tells whose caller, network or resource it is. A key that the stranger
//     chooses (aws:UserAgent, aws:PrincipalTag, which his own account sets) keeps nobody out, nor does an operator that is true of a
//     missing key (IfExists, ForAllValues, a negation).
//   - A range of addresses keeps strangers out if it is small: all ranges of a condition together may have as many addresses as a
//     /8 of IPv4 and as a /32 of IPv6, S3's own measure.
//   - What a Deny surely takes from every stranger is not open: one on everybody, on at least the same actions and resources, whose
//     conditions a stranger cannot help meeting ("StringNotEquals aws:PrincipalOrgID o-acme").
//
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
func (d *Document) Strangers() []Opening {
	var open []Opening
	for i := range d.Statements {
		s := &d.Statements[i]
		if s.Effect != Allow || !s.Principal.Anyone() && s.NotPrincipal == nil {
			continue
		}
		if slices.ContainsFunc(s.Condition, Condition.keepsOut) {
			continue
		}
		if slices.ContainsFunc(d.Statements, func(deny Statement) bool { return deny.takesFromStrangers(s) }) {
			continue
		}
		open = append(open, Opening{Index: i, Statement: s, Despite: s.Condition})
	}
	return open
}

// Named is somebody outside that a statement lets in by name.
type Named struct {
	Index        int
	Statement    *Statement
	Account      string // 12 digits
	Organization string // "o-...", where a whole organisation is let in
	Canonical    string // a canonical user id of S3: whose it is the document does not say
}

// Name is the statement's Sid, or else its number, from 1.
func (n Named) Name() string { return n.Statement.name(n.Index) }

// Named returns the accounts and organisations whose principals the statements that allow let in, in the order of the document. Of a statement
// for everybody they are those of its conditions. Principals that were deleted (unique ids) are nobody.
func (d *Document) Named() []Named {
	var all []Named
	for i := range d.Statements {
		s := &d.Statements[i]
		if s.Effect != Allow || s.Principal == nil {
			continue
		}
		add := func(n Named) {
			n.Index, n.Statement = i, s
			if n.Account+n.Organization+n.Canonical != "" && !slices.Contains(all, n) {
				all = append(all, n)
			}
		}
		if !s.Principal.Anyone() {
			for _, p := range s.Principal.AWS {
				add(Named{Account: accountOf(p)})
			}
			for _, id := range s.Principal.Canonical {
				add(Named{Canonical: id})
			}
			continue
		}
		for _, c := range s.Condition {
			if !c.keepsOut() {
				continue
			}
			for _, v := range c.Values {
				switch {
				case c.Is("aws:PrincipalAccount"), c.Is("kms:CallerAccount"), c.Is("aws:PrincipalArn"):
					add(Named{Account: accountOf(v)})
				case c.Is("aws:PrincipalOrgID"), c.Is("aws:PrincipalOrgPaths"):
					id, _, _ := strings.Cut(v, "/")
					add(Named{Organization: id})
				}
			}
		}
	}
	return all
}

// accountOf is the account of an ARN or an account's number; empty where there is none.
func accountOf(principal string) string {
	if isAccount(principal) {
		return principal
	}
	if parts := strings.SplitN(principal, ":", 6); len(parts) == 6 && isAccount(parts[4]) {
		return parts[4]
	}
	return ""
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// tellsWhose are the keys whose values a stranger cannot choose: whose caller, network, or resource behind a service it is.
var tellsWhose = []string{"aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:userid",
	"aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceOwner", "aws:SourceVpc", "aws:SourceVpce", "aws:SourceVpcArn",
	"aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths", "kms:CallerAccount", "s3:DataAccessPointAccount", "s3:DataAccessPointArn",
	"lambda:SourceFunctionArn", "ec2:SourceInstanceARN"}

// keepsOut reports whether no stranger can meet the condition.
func (c Condition) keepsOut() bool {
	o := c.Operator
	if o.IfExists || o.ForAllValues || o.Negated() {
		return false // met by requests without the key
	}
	switch {
	case c.Is("aws:SourceIp"):
		return o.Name == "IpAddress" && !manyAddresses(c.Values)
	case c.Is("aws:PrincipalIsAWSService"):
		return o.Name == "Bool" && !slices.ContainsFunc(c.Values, func(v string) bool { return !strings.EqualFold(v, "true") })
	case c.Is("elasticfilesystem:AccessedViaMountTarget"):
		// Packets must get to a mount target, which stands in a VPC.
		// https://docs.aws.amazon.com/efs/latest/ug/access-control-block-public-access.html
		return o.Name == "Bool" && !slices.ContainsFunc(c.Values, func(v string) bool { return !strings.EqualFold(v, "true") })
	case !slices.ContainsFunc(tellsWhose, c.Is):
		return false
	}
	return !slices.ContainsFunc(c.Values, func(v string) bool { return !c.namesOwner(v) })
}

// takesFromStrangers reports whether a statement surely denies every stranger what another allows.
func (s Statement) takesFromStrangers(allowed *Statement) bool {
	everybody := s.Principal.Anyone() || s.NotPrincipal != nil && !s.NotPrincipal.Anyone()
	if s.Effect != Deny || !everybody || s.NotAction != nil || s.NotResource != nil || allowed.NotAction != nil || allowed.NotResource != nil {
		return false
	}
	within := func(ours, theirs []string, fold func(string) string) bool {
		return !slices.ContainsFunc(theirs, func(p string) bool {
			return !slices.ContainsFunc(ours, func(q string) bool { return !strings.Contains(q, "?") && !variable(q) && Match(fold(q), fold(p)) })
		})
	}
	same := func(s string) string { return s }
	return within(s.Action, allowed.Action, strings.ToLower) && within(s.Resource, allowed.Resource, same) &&
		!slices.ContainsFunc(s.Condition, func(c Condition) bool { return !c.metByStrangers() })
}

// metByStrangers reports whether no stranger can help meeting the condition of a Deny.
func (c Condition) metByStrangers() bool {
	o := c.Operator
	switch {
	case c.Is("aws:SourceIp"):
		return o.Name == "NotIpAddress" && !o.ForAnyValue && !manyAddresses(c.Values)
	case c.Is("aws:PrincipalIsAWSService"):
		return o.Name == "Bool" && o.IfExists && slices.Equal(c.Values, []string{"false"})
	case !slices.ContainsFunc(tellsWhose, c.Is) || o.ForAnyValue || !o.Negated():
		return false // ForAnyValue is false of a missing key, even where it denies a match
	}
	return !slices.ContainsFunc(c.Values, func(v string) bool { return !c.namesOwner(v) })
}

// namesOwner reports whether only what belongs to somebody in particular has a value that a pattern matches: the owner's
// account, organisation, network or bucket stands in it in full.
func (c Condition) namesOwner(v string) bool {
	pattern := !strings.HasPrefix(c.Operator.Name, "StringEquals") && !strings.HasPrefix(c.Operator.Name, "StringNotEquals")
	open := func(s string) bool { return variable(s) || pattern && strings.ContainsAny(s, "*?") }
	switch {
	case v == "":
		return false
	case strings.HasPrefix(v, "arn:"):
		parts := strings.SplitN(v, ":", 6)
		if len(parts) < 6 {
			return false
		}
		// Names of buckets are unique in the world, but everybody may take one that begins alike.
		return isAccount(parts[4]) || parts[4] == "" && !open(v)
	case c.Is("aws:userid"): // "AROAEXAMPLEID:session", "AIDAEXAMPLEID", an account's number for its root user
		id, _, _ := strings.Cut(v, ":")
		return !open(id)
	case c.Is("aws:PrincipalOrgPaths"), c.Is("aws:SourceOrgPaths"), c.Is("aws:VpceOrgPaths"):
		id, _, _ := strings.Cut(v, "/")
		return !open(id)
	}
	return !open(v)
}

// manyAddresses reports whether ranges have more addresses together than a /8 of IPv4 or a /32 of IPv6. What is no range counts
// as all.
func manyAddresses(values []string) bool {
	var ranges []netip.Prefix
	for _, v := range values {
		prefix, err := netip.ParsePrefix(v)
		if addr, bare := netip.ParseAddr(v); bare == nil {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return true
		}
		ranges = append(ranges, prefix.Masked())
	}
	slices.SortFunc(ranges, func(a, b netip.Prefix) int { return a.Bits() - b.Bits() })
	var counted []netip.Prefix
	four, six := new(big.Int), new(big.Int)
	for _, r := range ranges {
		if slices.ContainsFunc(counted, func(wider netip.Prefix) bool { return wider.Overlaps(r) }) {
			continue
		}
		counted = append(counted, r)
		size := new(big.Int).Lsh(big.NewInt(1), uint(r.Addr().BitLen()-r.Bits()))
		if r.Addr().Is4() {
			four.Add(four, size)
		} else {
			six.Add(six, size)
		}
	}
	most := func(bits uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), bits) }
	return four.Cmp(most(32-8)) > 0 || six.Cmp(most(128-32)) > 0
}

// Says words an opening for a person: "statement 2 allows everybody s3:GetObject, and has no condition".
func (o Opening) Says() string {
	who := "everybody"
	if o.Statement.NotPrincipal != nil {
		who = "everybody but those it names"
	}
	what := strings.Join(o.Statement.Action, ", ")
	if o.Statement.NotAction != nil {
		what = "everything but " + strings.Join(o.Statement.NotAction, ", ")
	}
	text := fmt.Sprintf("statement %s allows %s %s", o.Name(), who, what)
	if len(o.Despite) == 0 {
		return text + ", without a condition"
	}
	var conditions []string
	for _, c := range o.Despite {
		conditions = append(conditions, c.String())
	}
	return text + ", and everybody can meet its condition (" + strings.Join(conditions, "; ") + ")"
}
