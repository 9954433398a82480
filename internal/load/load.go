// Package load turns responses into the estate: one file per AWS service, no SDK, no I/O.
//
// It is the same code for a live account, a recording, the demo and an import. What a response does not tell stays
// unknown in the estate; a body that does not fit is a Problem with its place, and only that part is unknown.
package load

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

// services load in this order: who and where first, then what is there, then what joins.
var services = []func(*loader){
	(*loader).accounts,
	(*loader).tagging,
	(*loader).regionDefaults,
	(*loader).instances,
	(*loader).images,
	(*loader).launchTemplates,
	(*loader).autoScaling,
	(*loader).systemsManager,
	(*loader).functions,
	(*loader).containers,
	(*loader).kubernetes,
	(*loader).volumes,
	(*loader).rds,
	(*loader).dynamodb,
	(*loader).caches,
	(*loader).warehouses,
	(*loader).kms,
	(*loader).snapshots,
	(*loader).backup,
	(*loader).dlm,
	(*loader).identity,
	(*loader).identityPools,
	(*loader).workloads, // some name their roles by name alone
	(*loader).buckets,
	(*loader).samples,
	(*loader).accessPoints,
	(*loader).stores,
	(*loader).guarded,
	(*loader).network,
	(*loader).securityGroups,
	(*loader).loadBalancers,
	(*loader).distributions,
	(*loader).originIdentities,
	(*loader).vpcOrigins,
	(*loader).accelerators,
	(*loader).apis,
	(*loader).webACLs,
	(*loader).certificates,
	(*loader).organizationPolicies,
	(*loader).organizationTree,
	(*loader).singleSignOn,
	(*loader).trails,
	(*loader).detectors,
}

// Load builds the estate of a set of responses, and says which parts of them could not be understood.
func Load(set *responses.Set) (*estate.Estate, []responses.Problem) {
	l := &loader{
		estate: &estate.Estate{},
		scope:  set.Scope,
		lists:  map[operation.ID][]*responses.Response{},
		single: map[singleKey]*responses.Response{},
	}
	for r := range set.All() {
		op, ok := operation.Get(r.Operation)
		if !ok {
			l.problem(r, fmt.Sprintf("operation %s is not one that onus reads: it is passed over", r.Operation))
			continue
		}
		if op.Lists() {
			l.lists[r.Operation] = append(l.lists[r.Operation], r)
		}
		key := singleKey{placeOf(r), r.Operation, r.About()}
		if old := l.single[key]; old == nil || !old.Outcome.Complete() {
			l.single[key] = r
		}
		l.estate.Note(estate.Reading{Place: placeOf(r), Operation: r.Operation, About: r.About(), Time: r.Time,
			Outcome: r.Outcome, Code: r.Code, Message: r.Message})
	}
	for _, service := range services {
		service(l)
	}
	l.unreadKinds()
	return l.estate, l.problems
}

type loader struct {
	estate   *estate.Estate
	scope    responses.Scope
	lists    map[operation.ID][]*responses.Response // listings, in the order of places
	single   map[singleKey]*responses.Response      // of several responses to one question, the first complete one
	tags     tagIndex
	problems []responses.Problem
}

type singleKey struct {
	estate.Place
	op    operation.ID
	about string
}

func placeOf(r *responses.Response) estate.Place {
	return estate.Place{Account: r.Account, Region: r.Region}
}

func (l *loader) problem(r *responses.Response, text string) {
	place := r.Origin
	if place == "" {
		place = fmt.Sprintf("%s/%s/%s", r.Account, r.Region, r.Operation)
	}
	l.problems = append(l.problems, responses.Problem{Place: place, Text: text})
}

// each calls do with every page of every response of a listing, in the order of places; pages that came before a listing
// broke off count too. A page that does not decode makes the listing there incomplete.
func each[Page any](l *loader, op operation.ID, do func(p estate.Place, page *Page)) {
	for _, r := range l.lists[op] {
		for i := range r.Pages {
			var page Page
			if !l.decode(r, i, &page) {
				continue
			}
			do(placeOf(r), &page)
		}
	}
}

// about returns what a call about one resource told: known from its pages, absent if AWS said so, else unknown.
func about[Page, T any](l *loader, p estate.Place, op operation.ID, resource string, read func(pages []Page) T) estate.Known[T] {
	r := l.single[singleKey{p, op, resource}]
	if r == nil {
		return estate.Unread[T](l.estate.Reading(p, op, resource).Gap())
	}
	switch r.Outcome {
	case operation.Absent:
		return estate.None[T]()
	case operation.OK:
		pages := make([]Page, len(r.Pages))
		for i := range r.Pages {
			if !l.decode(r, i, &pages[i]) {
				return estate.Unread[T](l.estate.Reading(p, op, resource).Gap())
			}
		}
		return estate.Know(read(pages))
	}
	return estate.Unread[T](l.estate.Reading(p, op, resource).Gap())
}

// only returns what a listing that answers about its place as a whole told (the account's password policy, a Region's default).
func only[Page, T any](l *loader, p estate.Place, op operation.ID, read func(page *Page) T) estate.Known[T] {
	if r := l.single[singleKey{p, op, ""}]; r != nil {
		switch {
		case r.Outcome == operation.Absent:
			return estate.None[T]()
		case r.Outcome == operation.OK && len(r.Pages) > 0:
			var page Page
			if l.decode(r, 0, &page) {
				return estate.Know(read(&page))
			}
		}
	}
	return estate.Unread[T](l.estate.Reading(p, op, "").Gap())
}

// decode reads page i of a response; names match in any case. What does not fit is a problem, and the reading fails.
func (l *loader) decode(r *responses.Response, i int, into any) bool {
	err := json.Unmarshal(r.Pages[i], into)
	if err == nil {
		return true
	}
	where := ""
	if n := len(r.Pages); n > 1 {
		where = fmt.Sprintf("page %d of %d: ", i+1, n)
	}
	l.problem(r, fmt.Sprintf("%s%v: what it would have told is unknown", where, err))
	l.estate.Withdraw(estate.Reading{Place: placeOf(r), Operation: r.Operation, About: r.About(), Time: r.Time,
		Outcome: operation.Failed, Code: "BadBody"})
	return false
}

// byKey puts resources into the estate's order and, of two readings of one resource, keeps the first: the owner's own,
// where prefer says so.
func byKey[R interface{ Ref() estate.Ref }](all []R) []R {
	slices.SortStableFunc(all, func(a, b R) int { return strings.Compare(a.Ref().Key(), b.Ref().Key()) })
	return slices.CompactFunc(all, func(a, b R) bool { return a.Ref().Key() == b.Ref().Key() })
}

func sorted(s []string) []string { slices.Sort(s); return s }

// resource is what all resources have in common, for services that list tags with the resource. The Name tag names it.
func resource(p estate.Place, kind, id, arn string, tags []tag) estate.Resource {
	m := tagMap(tags)
	return estate.Resource{
		Reference: estate.Ref{Kind: kind, Account: p.Account, Region: p.Region, ID: id, ARN: arn, Name: m["Name"]},
		Labels:    estate.Know(m),
	}
}
