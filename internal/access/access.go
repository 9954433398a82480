// Package access says who may do what in an estate, and what everyone could make himself: permissions, as reach is packets.
//
// A World holds every principal that was read (users, roles, root users) with all the policies that bear on it, and every
// resource that has a policy of its own. Each answer is one decision of package policy over real documents, with the
// statements that decided. What was not read makes an answer depend on it, with the call that would have told; it never makes
// it a no. The whole is a pure function of the estate: no clock (the time is that of the newest response), no I/O.
package access

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/iamdata"
	"github.com/onus-cloud/onus/internal/policy"
)

// Options say how to read what is not there.
type Options struct {
	// AsRead takes what nobody asked for (calls that were not tried, as when only the authorization details are at hand) as not
	// there, and lists it in Assumed. Calls that were denied or failed stay unknown. Without it both do.
	AsRead bool
}

// World is who may do what.
type World struct {
	estate     *estate.Estate
	options    Options
	principals []*Principal // sorted by ARN
	byARN      map[string]*Principal
	objects    map[string]*Object // by ARN
	documents  *documents
	groups     map[string]*estate.Group // by account and name
	managed    map[string]*estate.ManagedPolicy
	control    map[string]guardrails // by account
	classes    []*class
	apis       map[string]*Object // by Region, account and id
	points     map[string]*Object // recovery points by ARN
	assumed    map[string]estate.Gap
	tagKeys    []string // condition keys on tags of principals that some policy asks for, in lower case
	labelKeys  []string // those on tags of resources
	// resourcesAskTags says that policies of resources ask for tags of principals.
	resourcesAskTags bool
	partition        string            // of all ARNs: "aws", "aws-cn", "aws-us-gov"
	canonical        map[string]string // accounts by their canonical user id, as far as S3 told
	canonicalOf      map[string]string // the ids by account
	mu               sync.Mutex
	rows             map[string]*estate.Credentials // of credential reports, by account and user
	allowAll         *policy.Document
	guests           func() *policy.Document // see asGuest
	pillars          map[string][]int        // by account
	byRef            map[string]*Workload    // workloads by the key of their reference
	sortedARNs       []string
	kinds            map[string]string // see kindUnread
	fields           map[bool]*field
	taken            map[string]remembered // whether a service may take on a role, or a token of a pool lets one in, by both
	awsPolicies      map[string]*policy.Document
	strongest        map[string][]attachable // by account: see ownAttachables
}

// New reads an estate.
func New(e *estate.Estate, o Options) *World {
	w := &World{estate: e, partition: partitionOf(e), options: o, byARN: map[string]*Principal{}, objects: map[string]*Object{}, documents: newDocuments(),
		apis: map[string]*Object{}, points: map[string]*Object{}, groups: map[string]*estate.Group{}, managed: map[string]*estate.ManagedPolicy{}, control: map[string]guardrails{}, assumed: map[string]estate.Gap{},
		rows: map[string]*estate.Credentials{}, pillars: map[string][]int{}, canonicalOf: map[string]string{},
		awsPolicies: map[string]*policy.Document{}, strongest: map[string][]attachable{}, taken: map[string]remembered{}, fields: map[bool]*field{}, kinds: map[string]string{}}
	for _, g := range e.Groups {
		w.groups[g.Reference.Account+"/"+g.Reference.ID] = g
	}
	for _, m := range e.ManagedPolicies {
		w.managed[m.Reference.Account+" "+m.Reference.ARN] = m
	}
	w.allowAll = w.documents.intern(fullAccess())
	w.guests = sync.OnceValue(func() *policy.Document { return w.documents.intern(guestSession()) })
	for _, l := range e.Logins {
		report, _ := l.Report.Value()
		for _, c := range report.Users {
			w.rows[c.Reference.Account+"/"+c.Reference.ID] = c
		}
	}
	w.listObjects()
	w.listPrincipals()
	w.classify()
	return w
}

// Estate returns what the world was read from.
func (w *World) Estate() *estate.Estate { return w.estate }

// Principals returns all principals, sorted by ARN.
func (w *World) Principals() []*Principal { return w.principals }

// Assumed lists what nobody asked for and was taken as not there (Options.AsRead), in a fixed order.
func (w *World) Assumed() []estate.Gap {
	w.mu.Lock()
	defer w.mu.Unlock()
	gaps := make([]estate.Gap, 0, len(w.assumed))
	for _, g := range w.assumed {
		gaps = append(gaps, g)
	}
	slices.SortFunc(gaps, func(a, b estate.Gap) int {
		return cmp.Or(cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region), cmp.Compare(a.About, b.About))
	})
	return gaps
}

// Gaps lists the authorization details that were not read: whoever they would have named is missing from every answer.
func (w *World) Gaps() []estate.Gap { return w.estate.Gaps("iam:GetAccountAuthorizationDetails") }

// unread turns a gap into a source whose document is not known; or into none, where it may be assumed away.
func (w *World) unread(name string, g estate.Gap) (policy.Source, bool) {
	if w.assume(g) {
		return policy.Source{}, false
	}
	return policy.Source{Name: name, Unread: g.String()}, true
}

// assume reports whether a gap is to be taken as "not there", and remembers it.
func (w *World) assume(g estate.Gap) bool {
	if !w.options.AsRead || g.Outcome != notTried || g.Why != "" { // with a reason of its own it is more than a call that nobody made
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.assumed[string(g.Operation)+" "+g.Place.String()] = g
	return true
}

// Answer is whether one principal may do one thing.
type Answer struct {
	Principal        *Principal
	Action, Resource string
	policy.Decision
	// With are the values of the request that the caller chose so that it passes; nil where none had to be chosen.
	With map[string][]string

	tagging []Answer // the decisions that let somebody set the tags that it takes
	note    *tagNote // where it sets tags itself: for which step
}

// Can decides one question as AWS would.
func (w *World) Can(p *Principal, action, resource string) Answer {
	a := Answer{Principal: p, Action: action, Resource: resource}
	request, policies := w.question(p, action, resource, nil)
	a.Decision = policy.Decide(request, policies)
	return a
}

// mayAllow reports whether some identity policy of a principal could allow an action: false is sure.
func (w *World) mayAllow(p *Principal, action string) bool {
	if p.Kind == "root" || needless[lower(action)] {
		return true
	}
	for _, s := range p.Policies.Identity {
		if s.Document == nil || w.documents.of(s.Document).mayAllow(action) {
			return true
		}
	}
	return false
}

// needless are the actions that take no permission.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getsessiontoken.html
var needless = map[string]bool{"sts:getcalleridentity": true, "sts:getsessiontoken": true}

func lower(action string) string { return strings.ToLower(action) }

func matchARN(pattern, arn string) bool { return policy.Match(pattern, arn) }

// service is the prefix of an action: "s3" of "s3:GetObject".
func service(action string) string {
	s, _, _ := strings.Cut(action, ":")
	return strings.ToLower(s)
}

// WhoCanAnything lists who may do an action on something: each principal with the resource, real or made up, on which it may most surely.
func (w *World) WhoCanAnything(action string) []Answer {
	var answers []Answer
	memo := make([]*Answer, len(w.classes))
	for _, p := range w.principals {
		if p.class >= 0 && memo[p.class] != nil {
			if a := *memo[p.class]; a.Principal != nil {
				a.Principal = p
				answers = append(answers, a)
			}
			continue
		}
		a := Answer{}
		if w.mayAllow(p, action) {
			a = w.anything(p, action)
		}
		if p.class >= 0 {
			memo[p.class] = &a
		}
		if a.Principal != nil {
			answers = append(answers, a)
		}
	}
	return answers
}

// anything decides an action on whatever a principal may do it on: what its policies name, or everything.
func (w *World) anything(p *Principal, action string) Answer {
	best, answer := No, Answer{}
	try := func(s Strength, a Answer) {
		if s > best {
			best, answer = s, a
		}
	}
	if a, ok := iamdata.Current().Action(action); ok && len(a.Resources) > 0 {
		service, _ := iamdata.Current().Service(a.Service)
		for _, r := range a.Resources {
			if strings.HasPrefix(r.Name, "accesspoint") && len(a.Resources) > 1 {
				continue // another name for a bucket
			}
			for _, arn := range service.Resources[r.Name].ARNs {
				try(w.asItIs().bestOf(p, action, template{arn: arn}.pattern(w.partition, p.Account), p.Account, nil, false))
				if best == Yes {
					return answer
				}
			}
		}
	}
	try(w.asItIs().check(p, action, "*", nil))
	return answer
}
