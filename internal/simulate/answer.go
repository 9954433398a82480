package simulate

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/iamdata"
	"github.com/onus-cloud/onus/internal/policy"
)

// Answer is one line of output.
type Answer struct {
	ID        json.RawMessage `json:"id"`
	Decision  string          `json:"decision,omitempty"`
	Because   []Because       `json:"because"`
	DependsOn []DependsOn     `json:"dependsOn"`
	Error     string          `json:"error,omitempty"`
	// Complaints is what AWS says against the policies, the error's included.
	Complaints []Complaint `json:"complaints,omitempty"`
	Ignored    []string    `json:"ignored,omitempty"` // members of the line that mean nothing here
}

// Because is a statement that decided, or a layer in which nothing allows (statement is null).
type Because struct {
	Type      string `json:"type"`
	Policy    string `json:"policy,omitempty"`
	Level     string `json:"level,omitempty"` // of an organisation's policy
	Statement *int   `json:"statement"`
	Sid       string `json:"sid,omitempty"`
	Line      int    `json:"line,omitempty"`
	Effect    string `json:"effect,omitempty"`
	Text      string `json:"text"`
	Quote     string `json:"quote,omitempty"` // the statement on one line
}

// DependsOn is a condition key that nobody knows, with the statement that asks for it.
type DependsOn struct {
	Key string `json:"key,omitempty"`
	Because
}

// Complaint is one thing that AWS has against a policy, with its place: line and column count in the policy's own text.
type Complaint struct {
	Policy string `json:"policy"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Text   string `json:"text"`
	AWS    string `json:"aws,omitempty"` // AWS's words, where the text is not in them
}

// simulator answers lines, one at a time. It keeps what it has read of policies: lines share them.
type simulator struct {
	read map[string]reading
	size int // bytes of text in read
}

type reading struct {
	document   *policy.Document
	complaints []policy.Error
	err        error
}

const mostRead = 16 << 20

// answer answers one line.
func (s *simulator) answer(number int, line []byte) (a Answer, wrong bool) {
	var r row
	a.ID, a.Because, a.DependsOn = json.RawMessage("null"), []Because{}, []DependsOn{}
	fail := func(err error) (Answer, bool) {
		a.Error = fmt.Sprintf("line %d: %v", number, err)
		return a, true
	}
	if err := notText(line); err != nil {
		return fail(err)
	}
	if err := json.Unmarshal(line, &r); err != nil {
		var id struct{ ID json.RawMessage }
		if json.Unmarshal(line, &id) == nil && id.ID != nil {
			a.ID = id.ID
		}
		return fail(mistake(err))
	}
	if r.ID != nil {
		a.ID = r.ID
	}
	members := membersOf(line)
	if err := twice(line, members); err != nil {
		return fail(err)
	}
	a.Ignored = ignored(members)
	switch service, name, _ := strings.Cut(r.Request.Action, ":"); {
	case r.Request.Action == "":
		return fail(errors.New(`"request" has no "action": it is such as "s3:GetObject"`))
	case service == "" || name == "":
		return fail(fmt.Errorf(`the action %q has no service: it is such as "s3:GetObject"`, r.Request.Action))
	}
	if len(r.Request.Resource) == 0 {
		r.Request.Resource = stringOrList{"*"}
	}
	context, err := r.context()
	if err != nil {
		return fail(err)
	}
	caller, err := r.caller()
	if err != nil {
		return fail(err)
	}
	g := gather{simulator: s}
	p := g.policies(&r)
	a.Complaints = g.complaints
	if g.unreadable {
		return fail(errors.New(g.first))
	}
	var d policy.Decision
	for i, resource := range r.Request.Resource {
		resource = cmp.Or(resource, "*")
		one := policy.Settle(&policy.Request{Action: r.Request.Action, Resource: resource, ResourceAccount: string(r.Request.ResourceAccount),
			ResourceManagesOrganization: r.ResourceInManagementAccount, AWSManagedKey: r.AWSManagedKey, Caller: caller, Context: context}, p)
		switch {
		case i == 0 || worse(one.Result, d.Result):
			d = one
		case one.Result == d.Result: // each resource has its own reasons
			d.Because = with(d.Because, one.Because)
			d.DependsOn = with(d.DependsOn, one.DependsOn)
		}
	}
	a.decision(d, r.UnknownContext)
	if g.first != "" {
		a.Error = fmt.Sprintf("line %d: %s", number, g.first)
	}
	return a, g.first != ""
}

// with adds what is not among some yet.
func with[T comparable](some, more []T) []T {
	for _, m := range more {
		if !slices.Contains(some, m) {
			some = append(some, m)
		}
	}
	return some
}

// worse orders results by how far they are from Allowed: a request for several resources is as good as its worst.
func worse(a, b policy.Result) bool {
	rank := map[policy.Result]int{policy.Allowed: 0, policy.Depends: 1, policy.ImplicitDeny: 2, policy.ExplicitDeny: 3}
	return rank[a] > rank[b]
}

func (a *Answer) decision(d policy.Decision, unknown string) {
	result := d.Result
	if result == policy.Depends && unknown == "deny" {
		result = policy.ImplicitDeny
		if slices.ContainsFunc(d.DependsOn, func(d policy.Dependence) bool { return d.Effect == policy.Deny }) {
			result = policy.ExplicitDeny
		}
	}
	a.Decision = result.String()
	if result != d.Result { // what nobody knows decides
		d.Because = nil
		for _, o := range d.DependsOn {
			if (o.Effect == policy.Deny) == (result == policy.ExplicitDeny) && !slices.Contains(d.Because, o.Reason) {
				d.Because = append(d.Because, o.Reason)
			}
		}
	}
	for _, r := range d.Because {
		a.Because = append(a.Because, because(r))
	}
	for _, o := range d.DependsOn {
		a.DependsOn = append(a.DependsOn, DependsOn{Key: o.Key, Because: because(o.Reason)})
	}
}

func because(r policy.Reason) Because {
	b := Because{Type: r.Layer.String(), Policy: r.Source, Level: r.Level, Quote: r.Quote(), Sid: r.Sid, Line: r.Line, Text: r.Text}
	if r.Statement >= 0 {
		b.Statement = &r.Statement
	}
	if r.Effect != 0 {
		b.Effect = r.Effect.String()
	}
	return b
}

// gather reads the policies of one line.
type gather struct {
	simulator  *simulator
	complaints []Complaint
	first      string // the first thing for which AWS would refuse a policy
	unreadable bool   // and it leaves nothing to judge
}

func (g *gather) policies(r *row) *policy.Policies {
	p := &policy.Policies{
		Identity: g.list("identityPolicies", policy.IdentityPolicy, r.IdentityPolicies),
		Boundary: g.list("permissionBoundaries", policy.IdentityPolicy, r.PermissionBoundaries),
		Session:  g.list("sessionPolicies", policy.IdentityPolicy, r.SessionPolicies),
		Endpoint: g.list("endpointPolicies", policy.EndpointPolicy, r.EndpointPolicies),
	}
	if r.ResourcePolicy != nil {
		kind := policy.ResourcePolicy
		if len(r.Request.Resource) > 0 && strings.Contains(r.Request.Resource[0], ":iam::") && strings.Contains(r.Request.Resource[0], ":role/") {
			kind = policy.TrustPolicy
		}
		source := g.source("resourcePolicy", kind, *r.ResourcePolicy)
		p.Resource = &source
	}
	for i, l := range r.ServiceControlPolicies {
		p.ServiceControl = append(p.ServiceControl, g.level("serviceControlPolicies", policy.ServiceControlPolicy, i, l))
	}
	for i, l := range r.ResourceControlPolicies {
		p.ResourceControl = append(p.ResourceControl, g.level("resourceControlPolicies", policy.ResourceControlPolicy, i, l))
	}
	for _, k := range r.Grants {
		p.Grants = append(p.Grants, policy.Grant{ID: cmp.Or(k.ID, k.GrantID), Grantee: cmp.Or(k.Grantee, k.GranteePrincipal, k.GranteeServicePrincipal),
			Operations: k.Operations, ContextEquals: k.Constraints.Equals, ContextSubset: k.Constraints.Subset, SourceARN: k.Constraints.SourceARN,
			RetiringPrincipal: cmp.Or(k.RetiringPrincipal, k.RetiringServicePrincipal)})
	}
	if s := r.S3; s != nil {
		p.S3 = &policy.S3Access{Granted: s.Granted, GrantedToPublic: s.GrantedToPublic, AccessPointARN: s.AccessPointARN,
			RestrictPublic: s.PublicAccessBlock.RestrictPublicBuckets, IgnoreACLs: s.PublicAccessBlock.IgnorePublicACLs}
		if s.AccessPoint != nil {
			source := g.source("s3.accessPoint", policy.ResourcePolicy, *s.AccessPoint)
			p.S3.AccessPoint = &source
		}
	}
	return p
}

func (g *gather) level(part string, kind policy.Kind, i int, l level) policy.Level {
	where := fmt.Sprintf("%s[%d]", part, i)
	name := string(l.Level)
	if name == "" {
		name = where
	}
	return policy.Level{Name: name, Sources: g.list(where+".policies", kind, l.Policies)}
}

func (g *gather) list(part string, kind policy.Kind, list policies) (all []policy.Source) {
	for i, n := range list {
		all = append(all, g.source(fmt.Sprintf("%s[%d]", part, i), kind, n))
	}
	return all
}

func (g *gather) source(part string, kind policy.Kind, n named) policy.Source {
	text := []byte(n.Policy)
	var quoted string
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte(`"`)) && json.Unmarshal(text, &quoted) == nil {
		text = []byte(quoted)
	}
	name := n.Name
	if name == "" {
		name = part
	}
	if arn := string(text); strings.HasPrefix(arn, "arn:") {
		managed, ok := iamdata.Managed(arn)
		if !ok {
			g.unreadable = true
			if g.first == "" {
				g.first = fmt.Sprintf("%s: %s is none of AWS's managed policies of %s: give its document", part, arn, iamdata.ManagedDate)
			}
			return policy.Source{Name: name, Unread: "it is not known"}
		}
		text = managed.Document
		if n.Name == "" {
			name = managed.Name
		}
	}
	r := g.simulator.document(kind, text)
	complain := func(e policy.Error, refused bool) {
		c := Complaint{Policy: name, Line: e.Line, Column: e.Column, Text: e.Text, AWS: e.AWS}
		if strings.TrimSuffix(e.AWS, ".") == strings.TrimSuffix(e.Text, ".") {
			c.Text, c.AWS = e.AWS, ""
		}
		g.complaints = append(g.complaints, c)
		if !refused || g.first != "" {
			return
		}
		g.first = fmt.Sprintf("%s (%s), %v", part, name, &e)
		if part == name {
			g.first = fmt.Sprintf("%s, %v", part, &e)
		}
		if e.AWS != "" && strings.TrimSuffix(e.AWS, ".") != strings.TrimSuffix(e.Text, ".") {
			g.first += ": " + e.AWS
		}
	}
	for _, e := range r.complaints {
		complain(e, e.Refused)
	}
	if r.err != nil {
		var at *policy.Error
		if errors.As(r.err, &at) {
			complain(*at, true)
		}
		g.unreadable = true
	}
	return policy.Source{Name: name, Document: r.document}
}

// document reads a policy, unless the same text was read before.
func (s *simulator) document(kind policy.Kind, text []byte) reading {
	key := string(rune('a'+kind)) + string(text)
	if r, ok := s.read[key]; ok {
		return r
	}
	var r reading
	r.document, r.complaints, r.err = policy.Check(kind, text)
	if s.size += len(text); s.size > mostRead || s.read == nil {
		s.read, s.size = map[string]reading{}, len(text)
	}
	s.read[key] = r
	return r
}

// ignored names the members of a line, and of its request, that mean nothing.
func ignored(members []member) (names []string) {
	known := func(name string, among []string) bool {
		return slices.ContainsFunc(among, func(k string) bool { return strings.EqualFold(k, name) })
	}
	for _, m := range members {
		if !known(m.name, parts) {
			names = append(names, m.name)
		}
		if !strings.EqualFold(m.name, "request") {
			continue
		}
		for _, of := range membersOf(m.value) {
			if !known(of.name, requestParts) {
				names = append(names, "request."+of.name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// mistake says what is wrong with a line in words for who wrote it.
func mistake(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind) && kind.Field == "":
		return errors.New(`a JSON object is wanted: {"id": "1", "request": {"action": "s3:GetObject", "resource": "arn:aws:s3:::b/k", "principal": "arn:aws:iam::111122223333:user/u"}}`)
	case errors.As(err, &kind):
		return fmt.Errorf("%q is %s, where %s is wanted", kind.Field, called[kind.Value], wantedAs[kind.Type.Kind()])
	case errors.As(err, &syntax):
		return fmt.Errorf("column %d: it is not JSON: %w", syntax.Offset, err)
	}
	return err
}

// called and wantedAs are the kinds of JSON in words.
var (
	called   = map[string]string{"array": "a list", "object": "an object", "string": "a string", "number": "a number", "bool": "true or false", "null": "null"}
	wantedAs = map[reflect.Kind]string{reflect.Struct: "an object", reflect.Map: "an object", reflect.Slice: "a list", reflect.String: "a string", reflect.Bool: "true or false"}
)
