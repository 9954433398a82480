package permissions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// Outsider is an account or an organisation that is not ours, or may not be, and what lets its principals in.
type Outsider struct {
	ID   string       // 12 digits, "o-...", or a canonical user id of S3
	Kind string       // "account", "organization", "canonical-user"
	Ours estate.Truth // False, or Unknown where it may be ours
	Gaps []estate.Gap // what would have told
	Ways []Way
}

// Way is one statement, or one line of a bucket's access control list, that lets an outsider in.
type Way struct {
	Into  estate.Subject // a role, or a resource with a policy
	Text  string         // "statement 2 of the policy of queue orders"
	Quote string         // the statement
	Tells operation.ID
	Key   string // of the cause that is this statement
}

// Outsiders are those that trust policies of roles, policies of resources and access control lists of buckets let in, sorted by id. Who
// is let in with everybody is nobody in particular, and not among them; neither are AWS's services, of which the identities by which
// our CloudFront asks S3 are one. Whose a canonical user id is, only S3 knows: of one that it told of nobody, whether it is ours is not known.
func Outsiders(e *estate.Estate) []*Outsider {
	company, all, canonical := CompanyOf(e), map[string]*Outsider{}, e.CanonicalIDs()
	note := func(n policy.Named, way Way) {
		if owner := canonical[n.Canonical]; owner == estate.CloudFront {
			return
		} else if owner != "" {
			n.Account = owner
		}
		id, kind := n.Account, "account"
		ours, gaps := estate.False, []estate.Gap(nil)
		switch {
		case n.Account != "":
			ours, gaps = company.Owns(n.Account)
		case n.Canonical != "":
			id, kind, ours, gaps = n.Canonical, "canonical-user", estate.Unknown, nameless(n.Canonical)
		case n.Organization == "":
			return
		default:
			id, kind = n.Organization, "organization"
			ours, gaps = company.OwnsOrganization(id)
		}
		if ours == estate.True {
			return
		}
		if all[id] == nil {
			all[id] = &Outsider{ID: id, Kind: kind, Ours: ours, Gaps: gaps}
		}
		if !slices.ContainsFunc(all[id].Ways, func(w Way) bool { return w.Key == way.Key }) {
			all[id].Ways = append(all[id].Ways, way)
		}
	}
	for _, role := range e.Roles {
		document, known := role.Trust.Value()
		if !known || role.ServiceLinked() {
			continue
		}
		for _, n := range document.Named() {
			note(n, Way{Into: role, Text: fmt.Sprintf("statement %s of the trust policy of role %s", n.Name(), role.Ref().ID), Quote: n.Statement.Quote(),
				Tells: "iam:GetAccountAuthorizationDetails", Key: fmt.Sprintf("trust-statement/%s/%d", role.Ref().ARN, n.Index+1)})
		}
	}
	for _, h := range Holders(e) {
		document, known := h.Policy.Value()
		if !known {
			continue
		}
		for _, n := range document.Named() {
			note(n, Way{Into: h.Subject, Text: fmt.Sprintf("statement %s of the policy of %s", n.Name(), h.Name()), Quote: n.Statement.Quote(),
				Tells: h.Tells, Key: h.CauseKey(n.Index)})
		}
	}
	for _, b := range e.Buckets {
		for i, g := range Granted(b) {
			note(policy.Named{Canonical: g.Canonical}, Way{Into: b, Text: "the access control list of bucket " + b.Ref().ID, Quote: g.Permission + " for canonical user id " + g.Canonical,
				Tells: "s3:GetBucketAcl", Key: fmt.Sprintf("list-grant/%s/%d", b.Ref().ARN, i+1)})
		}
	}
	var sorted []*Outsider
	for _, id := range slices.Sorted(maps.Keys(all)) {
		sorted = append(sorted, all[id])
	}
	return sorted
}

// nameless are what would have told whose a canonical user id is.
func nameless(id string) []estate.Gap {
	return []estate.Gap{{Place: estate.Place{Account: "*", Region: estate.Global}, Operation: "s3:ListBuckets", Outcome: operation.NotTried,
		Why: "canonical user id " + id + " is of no account that was read (Owner in s3:ListBuckets of each)"}}
}

// Granted are the lines of a bucket's access control list that count and are for others than its owner and everybody; none where lists
// are off or were not read.
func Granted(b *estate.Bucket) []estate.ACLGrant {
	if ownership, known := b.Ownership.Value(); known && ownership == "BucketOwnerEnforced" || !known && !b.Ownership.Absent() {
		return nil
	}
	list, _ := b.ACL.Value()
	var all []estate.ACLGrant
	for _, g := range list.Grants {
		if g.Canonical != "" && g.Canonical != list.Owner {
			all = append(all, g)
		}
	}
	return all
}

// ListUnread is what would have told whom a bucket's access control list lets in, where that is not known.
func ListUnread(b *estate.Bucket) (estate.Gap, bool) {
	ownership, known := b.Ownership.Value()
	gap, unread := b.Ownership.Unread()
	if list, unknown := b.ACL.Unread(); unknown {
		if unread {
			return gap, true
		}
		return list, !known || ownership != "BucketOwnerEnforced"
	}
	if !unread {
		return gap, false
	}
	list, _ := b.ACL.Value()
	return gap, slices.ContainsFunc(list.Grants, func(g estate.ACLGrant) bool { return g.Canonical != "" && g.Canonical != list.Owner })
}

// Subject is the outsider as a control's subject: of the account that it is.
func (o *Outsider) Subject() estate.Subject {
	ref := estate.Ref{Kind: o.Kind, Account: o.ID, Region: estate.Global, ID: o.ID}
	return &estate.Resource{Reference: ref, Labels: estate.None[map[string]string]()}
}

// Declared returns the system of the claims file that stands for an outsider, and whether it has an owner: a system whose accounts
// it is among ("vendor: {accounts: [999988887777], owner: ops}"). An organisation cannot be declared.
func Declared(f *claims.File, account string) (system string, owned bool) {
	for _, s := range f.Systems {
		if slices.Contains(s.Accounts, account) {
			if s.Owner != "" {
				return s.Name, true
			}
			system = s.Name
		}
	}
	return system, false
}

// Places words where something leads in: "role Audit, bucket acme-exports and 3 more".
func Places(ways []Way) string {
	var words []string
	for _, w := range ways {
		ref := w.Into.Ref()
		word := strings.ReplaceAll(ref.Kind, "-", " ") + " " + ref.ID
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	const most = 4
	more := ""
	if len(words) > most {
		more = fmt.Sprintf(" and %d more", len(words)-most)
		words = words[:most]
	}
	return strings.Join(words, ", ") + more
}
