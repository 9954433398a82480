package access

import (
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/iamdata"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

const (
	serviceControlType  = "SERVICE_CONTROL_POLICY"
	resourceControlType = "RESOURCE_CONTROL_POLICY"

	details operation.ID = "iam:GetAccountAuthorizationDetails"
)

var notTried = operation.NotTried

// Principal is who may act: a user, a role (whoever holds a session of it) or the root user of an account.
type Principal struct {
	ARN     string
	Kind    string // "user", "role", "root"
	Account string
	Name    string // without its path; "root" for the root user
	Ref     estate.Ref
	Caller  policy.Caller
	// Policies are what bears on whatever it asks: identity policies, boundary, service control policies.
	Policies policy.Policies
	Groups   []string // names, of a user
	// Sets is the name of the permission set of IAM Identity Center that the role stands for; empty for none.
	Set string
	// People are who has that permission set in the account: "group Ops", "user ana@acme.example", sorted; nil where that was not read.
	People []string

	user  *estate.User
	role  *estate.Role
	free  bool     // its boundary was taken off
	tags  *tagging // who chooses its tags; nil where they are as the estate has them
	given int      // which kinds of what it could be given it was given: see gather.go
	how   string   // what was done to it, where it is not as the estate has it
	class int      // index in World.classes; -1 where no other principal could be in the same
	id    int
}

// Role returns the role, or nil where it is none.
func (p *Principal) Role() *estate.Role { return p.role }

// User returns the user, or nil where it is none.
func (p *Principal) User() *estate.User { return p.user }

// ServiceLinked reports whether an AWS service made the role for itself: nobody else may change, pass or assume it.
func (p *Principal) ServiceLinked() bool { return p.role != nil && p.role.ServiceLinked() }

// reserved reports whether IAM refuses changes of the role: service-linked roles, and those that IAM Identity Center made.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
func (p *Principal) reserved() bool {
	return p.ServiceLinked() || p.role != nil && strings.Contains(p.ARN, ":role/aws-reserved/")
}

func (w *World) listPrincipals() {
	for _, u := range w.estate.Users {
		p := &Principal{ARN: u.Reference.ARN, Kind: "user", Account: u.Reference.Account, Name: u.Reference.ID, Ref: u.Reference, Groups: u.Groups, user: u}
		p.Caller = policy.Caller{Kind: policy.User, ARN: p.ARN, Account: p.Account}
		p.Policies.Identity = w.attached(p.Account, "user "+p.Name, u.Attached)
		for _, name := range u.Groups {
			if g := w.groups[p.Account+"/"+name]; g != nil {
				p.Policies.Identity = append(p.Policies.Identity, w.attached(p.Account, "group "+name, g.Attached)...)
				continue
			}
			gap := estate.Gap{Place: u.Place(), Operation: details, About: "group " + name, Why: "group " + name + " of user " + p.Name +
				" is not in what " + string(details) + " of account " + p.Account + " gave"}
			p.Policies.Identity = append(p.Policies.Identity, policy.Source{Name: "policies of group " + name, Unread: gap.String()})
		}
		p.Policies.Boundary = w.boundary(p.Account, u.Boundary)
		w.add(p)
	}
	for _, r := range w.estate.Roles {
		p := &Principal{ARN: r.Reference.ARN, Kind: "role", Account: r.Reference.Account, Name: r.Reference.ID, Ref: r.Reference, role: r}
		p.Caller = policy.Caller{Kind: policy.RoleSession, Role: p.ARN, Account: p.Account}
		p.Policies.Identity = w.attached(p.Account, "role "+p.Name, r.Attached)
		p.Policies.Boundary = w.boundary(p.Account, r.Boundary)
		if rest, ok := strings.CutPrefix(p.Name, "AWSReservedSSO_"); ok && strings.Contains(p.ARN, ":role/aws-reserved/") {
			if i := strings.LastIndexByte(rest, '_'); i > 0 {
				p.Set = rest[:i]
				p.People = w.people(p.Account, p.Set)
			}
		}
		w.add(p)
	}
	for _, a := range w.estate.Accounts {
		if len(a.ID) != 12 {
			continue
		}
		p := &Principal{ARN: "arn:" + w.partition + ":iam::" + a.ID + ":root", Kind: "root", Account: a.ID, Name: "root",
			Ref: estate.Ref{Kind: "account", Account: a.ID, Region: estate.Global, ID: a.ID}}
		p.Ref.ARN = p.ARN
		p.Caller = policy.Caller{Kind: policy.RootUser, ARN: p.ARN, Account: a.ID}
		w.add(p)
	}
	slices.SortFunc(w.principals, func(a, b *Principal) int { return strings.Compare(a.ARN, b.ARN) })
	for i, p := range w.principals {
		p.id = i
	}
}

// people are who has a permission set in an account, as far as IAM Identity Center told.
func (w *World) people(account, set string) []string {
	var all []string
	for _, s := range w.estate.PermissionSets {
		assignments, _ := s.Assignments.Value()
		if s.Reference.Name != set {
			continue
		}
		i := slices.IndexFunc(w.estate.IdentityCenters, func(c *estate.IdentityCenter) bool { return c.Reference.ARN == s.Center })
		for _, a := range assignments {
			if i >= 0 && a.Account == account {
				all = append(all, w.estate.IdentityCenters[i].Called(a.Kind, a.ID))
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// partitionOf is the partition of an estate, which lies in one.
func partitionOf(e *estate.Estate) string {
	var arns []string
	for _, u := range e.Users {
		arns = append(arns, u.Reference.ARN)
	}
	for _, r := range e.Roles {
		arns = append(arns, r.Reference.ARN)
	}
	for _, arn := range arns {
		if parts := strings.SplitN(arn, ":", 3); len(parts) == 3 {
			return parts[1]
		}
	}
	for _, a := range e.Accounts {
		for _, r := range a.Seen {
			if r != estate.Global {
				return estate.Partition(r)
			}
		}
	}
	return estate.Partition(estate.Global)
}

// add gives a principal what its account puts on it. Of two with one ARN, seen from two recordings, the first stays.
func (w *World) add(p *Principal) {
	if p.ARN == "" || w.byARN[p.ARN] != nil {
		return
	}
	g := w.guardrails(p.Account)
	p.Caller.ManagesOrganization, p.Caller.CanonicalID = g.manages, w.canonicalOf[p.Account]
	// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html#scp-effects-on-permissions
	if !p.ServiceLinked() {
		p.Policies.ServiceControl = g.service
	}
	w.byARN[p.ARN] = p
	w.principals = append(w.principals, p)
}

// attached are the policies of a user, a group or a role, in the order in which they are read.
func (w *World) attached(account, who string, a estate.Attached) []policy.Source {
	sources := make([]policy.Source, 0, len(a.Inline)+len(a.Managed))
	for _, i := range a.Inline {
		s := policy.Source{Name: "inline policy " + i.Name + " of " + who}
		if d, ok := i.Document.Value(); ok {
			s.Document = w.documents.intern(d)
		} else {
			gap, _ := i.Document.Unread()
			s.Unread = gap.String()
		}
		sources = append(sources, s)
	}
	for _, arn := range a.Managed {
		sources = append(sources, w.managedPolicy(account, arn))
	}
	return sources
}

// managedPolicy is a managed policy in its default version; AWS's own may come from the data that is built in.
func (w *World) managedPolicy(account, arn string) policy.Source {
	_, name, _ := strings.Cut(arn, ":policy/")
	s := policy.Source{Name: "policy " + name}
	m := w.managed[account+" "+arn]
	if m != nil {
		if d, ok := m.Document.Value(); ok {
			s.Document = w.documents.intern(d)
			return s
		}
	}
	if strings.Contains(arn, ":iam::aws:policy/") {
		if d, version := w.awsPolicy(arn); d != nil {
			s.Document, s.Note = d, shipped(version, m)
			return s
		}
	}
	s.Unread = "policy " + arn + " is not in what " + string(details) + " of account " + account + " gave"
	if m != nil {
		gap, _ := m.Document.Unread()
		s.Unread = gap.String()
	}
	return s
}

// shipped says which version of one of AWS's own policies stands in for the account's: the built-in data is of a day, and the account
// may have another.
func shipped(version string, m *estate.ManagedPolicy) string {
	switch {
	case m == nil || m.Default == "":
		return "AWS's version " + version + " as of " + iamdata.ManagedDate
	case m.Default == version:
		return "AWS's version " + version + ", which the account has"
	}
	return "AWS's version " + version + " as of " + iamdata.ManagedDate + ", while the account has " + m.Default
}

// awsPolicy is one of AWS's own policies, as it was when the data that is built in was made, and which version that is; nil for none.
func (w *World) awsPolicy(arn string) (*policy.Document, string) {
	m, known := iamdata.Managed(arn)
	if !known {
		return nil, ""
	}
	if d, ok := w.awsPolicies[arn]; ok {
		return d, m.Version
	}
	var d *policy.Document
	if parsed, err := policy.Parse(m.Document); err == nil {
		d = w.documents.intern(parsed)
	}
	w.awsPolicies[arn] = d
	return d, m.Version
}

func (w *World) boundary(account, arn string) []policy.Source {
	if arn == "" {
		return nil
	}
	return []policy.Source{w.managedPolicy(account, arn)}
}

// guardrails are what an organisation puts on an account.
type guardrails struct {
	manages  bool
	service  []policy.Level
	resource []policy.Level
}

func (w *World) guardrails(account string) guardrails {
	if g, ok := w.control[account]; ok {
		return g
	}
	g := guardrails{manages: w.manages(account)}
	if !g.manages {
		g.service = w.levels(account, serviceControlType)
		g.resource = w.levels(account, resourceControlType)
	}
	w.control[account] = g
	return g
}

func (w *World) manages(account string) bool {
	o := &w.estate.Organization
	return o.Management != "" && o.Management == account || o.Listed.Management != "" && o.Listed.Management == account
}

// levels are the policies of one type at each step from the organisation's root to an account: nil where none apply.
func (w *World) levels(account, kind string) []policy.Level {
	o := &w.estate.Organization
	if types, ok := o.PolicyTypes.Value(); ok && !slices.Contains(types, kind) {
		return nil
	}
	if all, ok := o.AllFeatures.Value(); ok && !all {
		return nil
	}
	if a := w.estate.Account(account); a == nil {
		return nil // nothing of it was read: its own answers are unknown for other reasons
	} else if a.Organization.Absent() {
		return nil
	}
	way := o.Path(account)
	if way.Absent() {
		return nil
	}
	unknown := func(gap estate.Gap) []policy.Level {
		s, ok := w.unread("policies of the organisation", gap)
		if !ok {
			return nil
		}
		return []policy.Level{{Name: "organisation", Sources: []policy.Source{s}}}
	}
	ids, ok := way.Value()
	if !ok {
		gap, _ := way.Unread()
		return unknown(gap)
	}
	if gaps := w.estate.Gaps("organizations:ListPolicies"); len(gaps) > 0 {
		return unknown(gaps[0])
	}
	var levels []policy.Level
	for _, id := range ids {
		level := policy.Level{Name: w.nodeName(id), Sources: []policy.Source{}}
		for _, x := range w.estate.OrganizationPolicies {
			if x.Type != kind {
				continue
			}
			targets, known := x.Targets.Value()
			if known && !slices.Contains(targets, id) {
				continue
			}
			s := policy.Source{Name: "organisation policy " + cmpName(x.Reference)}
			switch d, read := x.Document.Value(); {
			case !known && !x.Targets.Absent():
				gap, _ := x.Targets.Unread()
				s.Unread = gap.String()
			case read:
				s.Document = w.documents.intern(d)
			case x.AWS && (x.Reference.Name == "FullAWSAccess" || x.Reference.Name == "RCPFullAWSAccess"):
				s.Document = w.documents.intern(fullAccess())
			default:
				gap, _ := x.Document.Unread()
				s.Unread = gap.String()
			}
			level.Sources = append(level.Sources, s)
		}
		levels = append(levels, level)
	}
	return levels
}

func cmpName(r estate.Ref) string {
	if r.Name != "" {
		return r.Name
	}
	return r.ID
}

func (w *World) nodeName(id string) string {
	for _, n := range w.estate.Organization.Nodes {
		if n.ID == id && n.Name != "" {
			return n.Name + " (" + id + ")"
		}
	}
	return id
}

// fullAccess is what AWS's FullAWSAccess says.
func fullAccess() *policy.Document {
	return &policy.Document{Version: "2012-10-17", Statements: []policy.Statement{
		{Effect: policy.Allow, Action: []string{"*"}, Resource: []string{"*"}, Line: 1}}}
}
