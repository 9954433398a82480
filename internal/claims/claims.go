// Package claims reads the claims file, onus.yaml: what its writer believes is done, in sentences that a manager can read.
//
// Out of the file's bytes and a Language (the forms of the sentences it may hold) it produces a File: systems, groups,
// people, claims and excuses, with every name resolved and every value typed. It promises all or nothing: a file with a
// mistake gives no File but every mistake in it, in order, each with its line, its column and what was meant perhaps.
// It never panics, whatever the file says. It knows no control; the forms arrive as a parameter.
package claims

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/estate"
)

// File is a claims file without mistakes. Its zero value stands for "no claims file".
type File struct {
	Company string
	// Regions that are meant to be used; empty means that nothing was said.
	Regions []string
	// People maps a short name to an e-mail address.
	People map[string]string
	// Groups maps a name to its members: addresses and accounts.
	Groups  map[string][]Source
	Systems []System // in the order of the file
	// OwnerTags are the keys of tags that name an owner; see Owners for the default.
	OwnerTags []string
	// LocalKeys are the keys that data is encrypted with before it reaches AWS, in the order of the file.
	LocalKeys []LocalKey
	// Receipts is the folder in which holders of local keys put receipts; empty where the file does not say.
	Receipts string
	Claims   []Claim
	Excuses  []Excuse
}

// DefaultOwnerTags are the tags that name an owner where the file does not say.
func DefaultOwnerTags() []string { return []string{"owner", "Owner", "team", "Team"} }

// Owners returns the keys of tags that name an owner, most trusted first.
func (f *File) Owners() []string {
	if f == nil || len(f.OwnerTags) == 0 {
		return DefaultOwnerTags()
	}
	return f.OwnerTags
}

// System returns the system of that name.
func (f *File) System(name string) (System, bool) {
	if f != nil {
		for _, s := range f.Systems {
			if s.Name == name {
				return s, true
			}
		}
	}
	return System{}, false
}

// Address returns a person's e-mail address: people are written by name or by address.
func (f *File) Address(person string) string {
	if f != nil {
		if address, ok := f.People[person]; ok {
			return address
		}
	}
	return person
}

// System is a named part of the estate.
type System struct {
	Name string
	Selection
	Owner string // a name in People, or an e-mail address
	Data  Data
	Tiers []Part // in the order of the file
	Line  int
}

// Tier returns the tier of that name.
func (s System) Tier(name string) (Part, bool) {
	for _, t := range s.Tiers {
		if t.Name == name {
			return t, true
		}
	}
	return Part{}, false
}

// Part is a tier of a system: what its Selection takes out of the system's.
type Part struct {
	Name string
	Selection
}

// LocalKey is a key that is not in AWS.
type LocalKey struct {
	Name string
	// Fingerprint tells the key apart and lets receipts be verified; it reveals nothing. onus key list shows it.
	Fingerprint string
	Line        int
}

// Data says how much harm the loss of a system's data would do.
type Data string

const (
	Unclassified Data = "" // nobody said
	Public       Data = "public"
	Internal     Data = "internal"
	Confidential Data = "confidential"
	Restricted   Data = "restricted"
)

// Selection chooses resources. Of the kinds that are given all must match: tags and accounts together choose what is in one
// of the accounts and bears the tags. Its zero value chooses nothing.
type Selection struct {
	// Tags must all be there. Each maps a key to the values that will do; a value may hold *, which stands for any text.
	Tags map[string][]string
	// Accounts are 12-digit ids; one of them must own the resource.
	Accounts []string
	// ARNs are patterns in which * stands for any text; one of them must match.
	ARNs []string
}

// S3Place is what a claim about s3://bucket/prefix is about: the objects of the bucket whose keys begin with the prefix, which may be
// empty.
type S3Place struct{ Bucket, Prefix string }

// ParseS3Place reads "s3://bucket/prefix".
func ParseS3Place(location string) (S3Place, bool) {
	rest, ok := strings.CutPrefix(location, "s3://")
	bucket, prefix, _ := strings.Cut(rest, "/")
	return S3Place{bucket, prefix}, ok && bucket != ""
}

// S3Places are the places that claims of the file are about, each once, in the order of the file.
func (f *File) S3Places() []S3Place {
	var places []S3Place
	for _, c := range f.Claims {
		location, _ := c.Slots.Text("location")
		if p, ok := ParseS3Place(location); ok && !slices.Contains(places, p) {
			places = append(places, p)
		}
	}
	return places
}

// Claim is a sentence with its slots filled.
type Claim struct {
	Form  *Form // of the Language that read it
	Slots Slots
	// Scope limits the claim to a system or a tier of one; its zero value means everything.
	Scope Tier
	// Text is the sentence as written, without the scope: white space and the full stop made regular.
	Text   string
	Line   int
	Column int
}

// String returns the claim as a claims file would hold it.
func (c Claim) String() string {
	if c.Scope != (Tier{}) {
		return c.Scope.String() + ": " + c.Text
	}
	return c.Text
}

// Key tells claims apart by what they mean: "Port 22 ..." and "port  22 ..." have one key. It is how an excuse finds its claim.
func (c Claim) Key() string {
	key := c.Scope.String() + ": "
	if c.Form != nil {
		key += c.Form.Text
	}
	for _, v := range c.Slots.values {
		key += "; " + v.name + "=" + v.canonical
	}
	return key
}

// Excuse says why one thing may break a claim for a while, and who answers for it.
type Excuse struct {
	// Claim is the excused sentence. Nobody need have made the claim: the sentence of any form or practice will do.
	Claim Claim
	For   []Cover // one of them must cover what is excused
	Why   string
	Owner string    // a name in File.People, or an e-mail address
	Until time.Time // the last day, at 00:00 UTC; see InForce
	// While is a condition: the excuse holds only while this claim does. Nil means none.
	While  *Claim
	Line   int
	Column int
}

// InForce reports whether the excuse has not ended: its last day counts, to midnight UTC.
func (e Excuse) InForce(now time.Time) bool { return now.Before(e.Until.AddDate(0, 0, 1)) }

// Cover is what an excuse is for; one of its fields is given, or Pattern and Scope: a name alone may be a resource's or a system's.
type Cover struct {
	// Pattern matches a resource's id, ARN or name, or the key of a cause ("security-group-rule/sgr-0abc"); * stands for any text.
	Pattern string
	Tags    map[string][]string // as in Selection
	Scope   Tier                // a system or a tier
}

// Source is where packets may come from; one of Prefix, Account and Tier is given. The Internet is two sources, 0.0.0.0/0
// and ::/0.
type Source struct {
	Name    string // how the file calls it: the group's name, else as written
	Prefix  netip.Prefix
	Account string // 12 digits
	Tier    Tier
}

// Tier names a system, or one tier of it.
type Tier struct {
	System string
	Name   string // empty for the whole system
}

func (t Tier) String() string {
	if t.Name == "" {
		return t.System
	}
	return t.System + "." + t.Name
}

// PortRange is a range of ports, both ends included.
type PortRange struct {
	First, Last uint16
	Protocol    string // "tcp", "udp", or empty where the sentence does not say
}

// Principal is who may do something: role/Admin in every account, permission-set/Operators in 111122223333, or an ARN.
type Principal struct {
	Kind    string // "role", "user", "group", "permission-set", "root"; empty for an ARN
	Name    string // with its path if it was written; * stands for any text; empty for root
	Account string // 12 digits; empty for every account
	ARN     string
}

// Selects reports whether a selection chooses a subject. Tags that were not read leave it unknown, unless something else decides.
func (s Selection) Selects(subject estate.Subject) estate.Truth {
	if len(s.Tags) == 0 && len(s.Accounts) == 0 && len(s.ARNs) == 0 {
		return estate.False
	}
	ref, truth := subject.Ref(), estate.True
	if len(s.Accounts) > 0 {
		truth = estate.And(truth, estate.Is(slices.Contains(s.Accounts, ref.Account)))
	}
	if len(s.ARNs) > 0 {
		truth = estate.And(truth, estate.Is(ref.ARN != "" && matchAny(s.ARNs, ref.ARN)))
	}
	if len(s.Tags) > 0 {
		truth = estate.And(truth, hasTags(subject.Tags(), s.Tags))
	}
	return truth
}

// Selects reports whether a subject is within a scope: a system, a tier, or with the zero Tier everything. Nothing is
// within a system that the file does not have.
func (f *File) Selects(tier Tier, subject estate.Subject) estate.Truth {
	if tier == (Tier{}) {
		return estate.True
	}
	system, ok := f.System(tier.System)
	if !ok {
		return estate.False
	}
	truth := system.Selects(subject)
	if tier.Name != "" {
		part, _ := system.Tier(tier.Name)
		truth = estate.And(truth, part.Selects(subject))
	}
	return truth
}

// Covers reports whether an excuse is for a subject that breaks its claim for the given cause (answer.Cause.Key). It looks
// neither at the claim nor at the time.
func (f *File) Covers(e Excuse, subject estate.Subject, cause string) estate.Truth {
	covered := estate.False
	for _, c := range e.For {
		covered = estate.Or(covered, f.covers(c, subject, cause))
	}
	return covered
}

func (f *File) covers(c Cover, subject estate.Subject, cause string) estate.Truth {
	switch {
	case c.Pattern != "":
		ref := subject.Ref()
		for _, name := range []string{ref.ID, ref.ARN, ref.Name, cause} {
			if name != "" && match(c.Pattern, name) {
				return estate.True
			}
		}
		if c.Scope != (Tier{}) {
			return f.Selects(c.Scope, subject)
		}
		return estate.False
	case len(c.Tags) > 0:
		return hasTags(subject.Tags(), c.Tags)
	case c.Scope != (Tier{}):
		return f.Selects(c.Scope, subject)
	}
	return estate.False
}

func hasTags(have estate.Known[map[string]string], want map[string][]string) estate.Truth {
	return have.Holds(false, func(tags map[string]string) bool {
		for key, values := range want {
			if value, ok := tags[key]; !ok || !matchAny(values, value) {
				return false
			}
		}
		return true
	})
}

func matchAny(patterns []string, s string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, s) })
}

// match matches the whole of s; * in the pattern stands for any text, and every other character for itself.
func match(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, rest, ok := strings.Cut(s, part)
		if !ok {
			return false
		}
		s = rest
	}
	return true
}
