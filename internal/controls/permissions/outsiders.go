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

// Way is one statement that lets an outsider in.
type Way struct {
	Into      estate.Subject // a role, or a resource with a policy
	Text      string         // "statement 2 of the policy of queue orders"
	Quote     string         // the statement
	Tells     operation.ID
	Key       string // of the cause that is this statement
	Statement policy.Statement
}

// Outsiders are those that trust policies of roles and policies of resources let in, sorted by id. Who is let in by a statement that
// lets in everybody is nobody in particular, and not among them.
func Outsiders(e *estate.Estate) []*Outsider {
	company, all := CompanyOf(e), map[string]*Outsider{}
	note := func(n policy.Named, way Way) {
		if n.Account == "" && n.Organization == "" {
			return // S3 alone knows whose a canonical id is
		}
		id, kind := n.Account, "account"
		ours, gaps := estate.False, []estate.Gap(nil)
		switch {
		case n.Account != "":
			ours, gaps = company.Owns(n.Account)
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
				Tells: "iam:GetAccountAuthorizationDetails", Key: fmt.Sprintf("trust-statement/%s/%d", role.Ref().ARN, n.Index+1), Statement: *n.Statement})
		}
	}
	for _, h := range Holders(e) {
		document, known := h.Policy.Value()
		if !known {
			continue
		}
		for _, n := range document.Named() {
			note(n, Way{Into: h.Subject, Text: fmt.Sprintf("statement %s of the policy of %s", n.Name(), h.Name()), Quote: n.Statement.Quote(),
				Tells: h.Tells, Key: h.CauseKey(n.Index), Statement: *n.Statement})
		}
	}
	var sorted []*Outsider
	for _, id := range slices.Sorted(maps.Keys(all)) {
		sorted = append(sorted, all[id])
	}
	return sorted
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
