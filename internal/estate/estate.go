// Package estate is the typed model of the accounts that were read: resources, the values that separate calls provide
// (Known), and how complete each reading is.
//
// It holds our own small types, only what some control needs, one file per area. Resources are keyed by owner account,
// Region, kind and id, and each list is in that order, whatever order the collector worked in. It does no I/O and has no
// clock: load fills it, analyses and controls read it.
package estate

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/operation"
)

// Estate is everything that was read, at one time or nearly.
type Estate struct {
	// Accounts in scope, sorted by id: those that were asked for, whether or not anything could be read in them.
	Accounts []*Account
	// Organization is what organizations:DescribeOrganization and ListAccounts say.
	Organization Organization
	// Observed is the time of the newest response: the clock by which facts are aged.
	Observed time.Time

	Compute
	Network
	Data
	Backups
	FrontDoors
	Identity
	Watching

	// Tagged is every resource that the tagging API shows, of whatever kind, sorted by ARN.
	Tagged []Tagged

	// UnreadKinds are the kinds of resources among Tagged that nothing reads yet, sorted.
	UnreadKinds []UnreadKind

	// Receipts are those of canaries that holders of local keys opened. They are no answers of AWS: who wires the packages
	// together puts verified ones here. Unknown where nobody said where they are.
	Receipts Known[[]Receipt]

	readings map[readingKey]Reading
}

// UnreadKind is a kind of resource that exists and that nothing reads.
type UnreadKind struct {
	Service string // "sqs"
	Type    string // "queue"; empty where the ARN does not say
	Count   int
}

// Account is one AWS account in scope.
type Account struct {
	ID    string
	Alias string
	// Regions in scope, sorted: those that were asked for, or else every enabled one. Unknown if nothing told which are enabled.
	Regions Known[[]string]
	// Seen are the Regions in which anything was asked, sorted: all that is known where nothing told which are enabled.
	Seen []string
	// Closed are Regions that an organisation policy closes: asked once, then left alone.
	Closed []string
	// Organization is the id of the organisation that it says it belongs to; absent if it belongs to none.
	Organization Known[string]
	// Canonical is the canonical user id by which S3 names the account; empty where nothing told.
	Canonical string
	// OriginIdentities are the canonical user ids of its origin access identities, by which CloudFront asks S3.
	OriginIdentities []string
}

// Tagged is a resource as the tagging API shows it.
type Tagged struct {
	ARN string
	Place
	Tags map[string]string
}

// Ref names one resource so that a person can find it.
type Ref struct {
	Kind    string `json:"kind"`              // "instance", "security-group", "bucket", "account", "region"
	Account string `json:"account,omitempty"` // 12 digits
	Region  string `json:"region,omitempty"`  // "global" for services without Regions
	ID      string `json:"id"`                // "i-0abc", a bucket's name, an account's number
	ARN     string `json:"arn,omitempty"`     // where AWS has one
	Name    string `json:"name,omitempty"`    // what people call it: the Name tag, or the name it was given
}

// Key orders and tells apart references.
func (r Ref) Key() string { return strings.Join([]string{r.Account, r.Region, r.Kind, r.ID}, "/") }

// Resource is what all resources have in common; kinds embed it.
type Resource struct {
	Reference Ref
	// Labels are the tags. Those of some services come with the listing, those of others only from the tagging API.
	Labels Known[map[string]string]
}

// Ref returns the resource's reference.
func (r *Resource) Ref() Ref { return r.Reference }

// Tags returns the resource's tags.
func (r *Resource) Tags() Known[map[string]string] { return r.Labels }

// Place returns where the resource is.
func (r *Resource) Place() Place {
	return Place{Account: r.Reference.Account, Region: r.Reference.Region}
}

// Subject is whatever a control judges: a resource, an account, a Region.
type Subject interface {
	Ref() Ref
	Tags() Known[map[string]string]
}

// Ref returns the account as a subject.
func (a *Account) Ref() Ref {
	return Ref{Kind: "account", Account: a.ID, Region: Global, ID: a.ID, Name: a.Alias}
}

// Tags returns none: tags of accounts are not read.
func (a *Account) Tags() Known[map[string]string] { return None[map[string]string]() }

// RegionOf is one Region of one account as a subject.
type RegionOf Place

// Ref returns the Region as a subject.
func (r RegionOf) Ref() Ref {
	return Ref{Kind: "region", Account: r.Account, Region: r.Region, ID: r.Region}
}

// Tags returns none: Regions have no tags.
func (r RegionOf) Tags() Known[map[string]string] { return None[map[string]string]() }

// Resources counts the resources of every list in the estate. It finds the lists by reflection, so that a new one counts.
func (e *Estate) Resources() int {
	n := 0
	subject := reflect.TypeFor[Subject]()
	for _, area := range []any{e.Compute, e.Network, e.Data, e.Backups, e.FrontDoors, e.Identity, e.Watching} {
		n += countSubjects(reflect.ValueOf(area), subject)
	}
	return n
}

func countSubjects(area reflect.Value, subject reflect.Type) int {
	n := 0
	for i := range area.NumField() {
		switch f := area.Field(i); {
		case f.Kind() == reflect.Slice && f.Type().Elem().Implements(subject):
			n += f.Len()
		case f.Kind() == reflect.Struct && area.Type().Field(i).Anonymous:
			n += countSubjects(f, subject)
		}
	}
	return n
}

type readingKey struct {
	Place
	op    operation.ID
	about string
}

// Note remembers a reading. Of two readings of one thing the more complete stays, then the newer.
func (e *Estate) Note(r Reading) {
	if e.readings == nil {
		e.readings = map[readingKey]Reading{}
	}
	key := readingKey{r.Place, r.Operation, r.About}
	if old, ok := e.readings[key]; ok && !better(r, old) {
		return
	}
	e.readings[key] = r
	if r.Time.After(e.Observed) {
		e.Observed = r.Time
	}
}

// Withdraw makes a reading incomplete whose call succeeded but whose answer could not be understood.
func (e *Estate) Withdraw(r Reading) {
	delete(e.readings, readingKey{r.Place, r.Operation, r.About})
	e.Note(r)
}

func better(a, b Reading) bool {
	if ac, bc := a.Outcome.Complete(), b.Outcome.Complete(); ac != bc {
		return ac
	}
	return a.Time.After(b.Time)
}

// Reading returns what became of one call: about is empty for a listing, else the resource asked about (the values of the
// operation's By parameters, joined by a space). A call that nobody made was "not tried".
func (e *Estate) Reading(p Place, op operation.ID, about string) Reading {
	if r, ok := e.readings[readingKey{p, op, about}]; ok {
		return r
	}
	return Reading{Place: p, Operation: op, About: about}
}

// Readings returns all readings in a fixed order.
func (e *Estate) Readings() []Reading {
	return slices.SortedFunc(maps.Values(e.readings), func(a, b Reading) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region),
			cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.About, b.About))
	})
}

// Complete reports whether a listing told everything there is at a place.
func (e *Estate) Complete(p Place, op operation.ID) bool {
	if o, _ := operation.Get(op); o.Scope == operation.PerOrganization {
		return len(e.Gaps(op)) == 0
	}
	return e.Reading(p, op, "").Outcome.Complete()
}

// Places returns where a listing has to be asked to be complete, as far as that is known; see Gaps for the rest.
func (e *Estate) Places(op operation.ID) []Place {
	o, _ := operation.Get(op)
	var places []Place
	for _, a := range e.Accounts {
		if o.Scope == operation.PerRegion || o.Scope == operation.PerRegionGlobal {
			regions, ok := a.Regions.Value()
			if !ok {
				regions = a.Seen
			}
			for _, r := range regions {
				places = append(places, Place{a.ID, r})
			}
		}
		if o.Scope != operation.PerRegion {
			places = append(places, Place{a.ID, Global})
		}
	}
	return places
}

// Gaps returns where a listing is not complete, in the order of places: one Gap for each place that could not be read in
// full, one for each account whose Regions are not known, one in all where no account is.
func (e *Estate) Gaps(op operation.ID) []Gap {
	if len(e.Accounts) == 0 {
		return []Gap{{Place: Place{"*", "*"}, Operation: op, Why: "no account was read"}}
	}
	o, _ := operation.Get(op)
	var gaps []Gap
	for _, p := range e.Places(op) {
		if r := e.Reading(p, op, ""); !r.Outcome.Complete() {
			gap := r.Gap()
			if slices.Contains(e.Account(p.Account).Closed, p.Region) {
				gap.Outcome, gap.Why = operation.Denied, p.String()+" is closed by an organisation policy"
			}
			gaps = append(gaps, gap)
		} else if o.Scope == operation.PerOrganization {
			return nil // one account that may ask is enough
		}
	}
	if o.Scope == operation.PerOrganization {
		return gaps[:1]
	}
	if o.Scope != operation.PerAccount {
		for _, a := range e.Accounts {
			if gap, ok := a.Regions.Unread(); ok {
				gaps = append(gaps, gap)
			}
		}
	}
	return gaps
}

// Account returns the account with that id, or nil.
func (e *Estate) Account(id string) *Account {
	i, ok := slices.BinarySearchFunc(e.Accounts, id, func(a *Account, id string) int { return strings.Compare(a.ID, id) })
	if !ok {
		return nil
	}
	return e.Accounts[i]
}

// Partition is the part of AWS that a Region is in, as ARNs name it: "aws" for most, and for what has no Region.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
func Partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}
