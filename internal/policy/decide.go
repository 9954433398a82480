package policy

import (
	"fmt"
	"strings"
)

// Decide judges a request as AWS does, statement by statement: the readable form of the rules, and the oracle for Evaluator.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func Decide(r *Request, p *Policies) Decision {
	j := newJudge(r, p)
	if d, special := j.special(); special {
		return d
	}
	d := j.hearing().decision(j)
	if why := j.forbidden(); why != "" && d.Result != ExplicitDeny {
		return Decision{Result: ImplicitDeny, Because: []Reason{{Layer: NoLayer, Statement: -1, Text: why}}}
	}
	return d
}

// hearing is what all layers say of one request.
type hearing struct {
	weights
	identity, resource, boundary, session, endpoint opinion
	accessPoint, grants, acl, publicBlock           opinion
	serviceControl, resourceControl                 []opinion
	public                                          truth // public access is restricted, and the caller is of the public
}

func (j *judge) hearing() *hearing {
	p, c := j.policies, &j.request.Caller
	h := &hearing{}
	h.signed = c.signed()
	h.sameAccount = j.sameAccount()
	h.mandatory = j.mandatory()
	h.identityOnly = j.identityOnly()

	h.identity = j.hear(IdentityLayer, "", h.signed, p.Identity)
	h.boundary = j.hear(BoundaryLayer, "", h.signed && p.Boundary != nil, p.Boundary)
	h.session = j.hear(SessionLayer, "", h.signed && p.Session != nil, p.Session)
	h.endpoint = j.hear(EndpointLayer, "", p.Endpoint != nil, p.Endpoint)
	if p.Resource != nil && !h.identityOnly && !j.keepsPolicy() {
		h.resource = j.behindAccessPoint().hear(ResourceLayer, "", true, []Source{*p.Resource})
	}
	if j.underServiceControl() {
		for _, level := range p.ServiceControl {
			h.serviceControl = append(h.serviceControl, j.hear(ServiceControlLayer, level.Name, true, level.Sources))
		}
	}
	if j.underResourceControl() {
		for _, level := range p.ResourceControl {
			h.resourceControl = append(h.resourceControl, j.hear(ResourceControlLayer, level.Name, true, level.Sources))
		}
	}
	j.hearBeside(h)
	j.weigh(h)
	return h
}

// weigh puts the opinions together as weights.
func (j *judge) weigh(h *hearing) {
	h.weights.identity = h.identity.allows()
	if j.request.Caller.Kind == RootUser {
		h.weights.identity = yes // the root user needs no policy of its own
	}
	h.weights.boundary, h.weights.session, h.weights.endpoint = h.boundary.allows(), h.session.allows(), h.endpoint.allows()
	h.weights.serviceControl, h.weights.resourceControl = yes, yes
	for i := range h.serviceControl {
		h.weights.serviceControl = min(h.weights.serviceControl, h.serviceControl[i].allows())
	}
	// RCPFullAWSAccess is attached to every level and cannot be detached: other policies only deny.
	// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
	h.weights.resource = h.resource.allow
	j.weighBeside(h)
	for _, o := range h.opinions() {
		h.weights.deny = max(h.weights.deny, o.deny)
	}
}

// opinions are those of all layers, in the order in which a reader looks for a reason: first what may grant, then what limits.
func (h *hearing) opinions() []*opinion {
	all := []*opinion{&h.identity, &h.resource, &h.accessPoint, &h.grants, &h.acl, &h.boundary, &h.session}
	for i := range h.serviceControl {
		all = append(all, &h.serviceControl[i])
	}
	for i := range h.resourceControl {
		all = append(all, &h.resourceControl[i])
	}
	return append(all, &h.endpoint, &h.publicBlock)
}

// signed reports whether the caller is a principal of an account, with policies of its own.
func (c *Caller) signed() bool {
	switch c.Kind {
	case User, RoleSession, FederatedUser, RootUser:
		return true
	}
	return false
}

// serviceLinked reports whether the caller is the session of a role that a service made for itself.
// The session does not tell the path, the role's name does.
func (c *Caller) serviceLinked() bool {
	return strings.Contains(c.Role, ":role/aws-service-role/") || strings.Contains(c.Role, ":role/AWSServiceRoleFor")
}

// underServiceControl reports whether service control policies bind the caller: not in the management account, not roles that
// services made for themselves, and nobody who is of no account.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html#not-restricted-by-scp
func (j *judge) underServiceControl() bool {
	c := &j.request.Caller
	return j.policies.ServiceControl != nil && c.signed() && !c.ManagesOrganization && !c.serviceLinked()
}

func (h *hearing) decision(j *judge) Decision {
	d := Decision{Result: h.result()}
	switch d.Result {
	case ExplicitDeny:
		for _, o := range h.opinions() {
			for _, hit := range o.hits {
				if hit.Effect == Deny && hit.truth == yes {
					d.Because = append(d.Because, hit.told(j))
				}
			}
		}
	case Allowed:
		d.Because = h.grounds(j)
	case ImplicitDeny:
		d.Because = h.lacks(j)
	case Depends:
		d.Because = h.grounds(j)
		d.DependsOn = h.dependences(j)
	}
	return d
}

// grounds are the statements that surely allow.
func (h *hearing) grounds(j *judge) []Reason {
	var all []Reason
	if j.request.Caller.Kind == RootUser && h.sameAccount && !h.mandatory {
		all = append(all, Reason{Layer: IdentityLayer, Statement: -1, Effect: Allow,
			Text: "the root user may do everything in its own account"})
	}
	for _, o := range h.opinions() {
		for _, hit := range o.hits {
			if hit.Effect == Allow && hit.truth == yes {
				all = append(all, hit.told(j))
			}
		}
	}
	return all
}

// dependences are the statements that may match, by the key that nobody knows, and the policies that were not read: those that can
// change the answer.
func (h *hearing) dependences(j *judge) []Dependence {
	var all []Dependence
	matters := h.matters(j)
	for i, o := range h.opinions() {
		for _, s := range o.unread {
			if o.layer == ACLLayer && !matters[i] {
				continue // lists deny nothing
			}
			why := s.Unread
			if why == "" {
				why = "it was not read"
			}
			reason := Reason{Layer: o.layer, Source: s.Name, Statement: -1}
			reason.Text = reason.called() + " is not known: " + why
			all = append(all, Dependence{Reason: reason})
		}
		for _, hit := range o.hits {
			// A statement that surely matches by the caller's account may match by a session's name besides, which gives more.
			if hit.truth != maybe && hit.forms.direct != maybe && hit.forms.role != maybe {
				continue
			}
			if sure := o.allow.sure(); hit.Effect == Allow && (!matters[i] || sure.max(hit.forms) == sure) {
				continue
			}
			reason := hit.told(j)
			for _, key := range hit.keys {
				all = append(all, Dependence{Key: key, Reason: reason})
			}
			if len(hit.keys) == 0 {
				all = append(all, Dependence{Reason: reason})
			}
		}
	}
	return all
}

// lacks names the layers in which nothing allows.
func (h *hearing) lacks(j *judge) []Reason {
	var all []Reason
	lack := func(layer Layer, name, format string, args ...any) {
		all = append(all, Reason{Layer: layer, Source: name, Statement: -1, Text: fmt.Sprintf(format, args...)})
	}
	what := j.what()
	for _, o := range h.serviceControl {
		if o.allows() == no {
			lack(ServiceControlLayer, o.name, "no service control policy at %s allows %s", quoted(o.name), what)
		}
	}
	if h.weights.endpoint == no {
		lack(EndpointLayer, "", "the policy of the VPC endpoint does not allow %s", what)
	}
	h.lacksBeside(lack)
	if len(all) > 0 && h.ownAndResource() != no {
		return all
	}
	if h.signed {
		own := []struct {
			layer Layer
			t     truth
			text  string
		}{
			{IdentityLayer, h.weights.identity, "no identity policy of the caller allows %s"},
			{BoundaryLayer, h.weights.boundary, "the permissions boundary does not allow %s"},
			{SessionLayer, h.weights.session, "the session policy does not allow %s"},
		}
		for _, o := range own {
			if o.t == no {
				lack(o.layer, "", o.text, what)
			}
		}
	}
	if h.identityOnly || h.weights.resource.any() != no {
		if len(all) == 0 {
			lack(IdentityLayer, "", "nothing lets the caller have %s", what)
		}
		return all
	}
	switch {
	case !h.signed:
		lack(ResourceLayer, "", "no policy of the resource lets the caller have %s", what)
	case !h.sameAccount:
		lack(ResourceLayer, "", "the resource is of account %s, and no policy of it lets the caller have %s", j.resourceAccount, what)
	case h.mandatory:
		lack(ResourceLayer, "", "the policy of the resource lets neither the caller nor its account have %s", what)
	default:
		lack(ResourceLayer, "", "no policy of the resource lets the caller have %s", what)
	}
	return all
}

func (h *hearing) ownAndResource() truth {
	w := h.weights
	w.serviceControl, w.resourceControl, w.endpoint = yes, yes, yes
	return w.allowed()
}

func (j *judge) what() string {
	if j.resource == "*" {
		return j.request.Action
	}
	return j.request.Action + " on " + j.resource
}

func quoted(name string) string {
	if name == "" {
		return "without a name"
	}
	return fmt.Sprintf("%q", name)
}

// told is the statement with one sentence for a person.
func (h hit) told(j *judge) Reason {
	r := h.Reason
	verb := "allows"
	if r.Effect == Deny {
		verb = "denies"
	}
	if h.truth == maybe {
		verb = map[Effect]string{Allow: "may allow", Deny: "may deny"}[r.Effect]
	}
	r.Text = fmt.Sprintf("%s %s %s", r.place(), verb, j.what())
	if r.Note != "" {
		r.Text += " (" + r.Note + ")"
	}
	if h.whose != "" {
		r.Text += ", which depends on whether canonical user id " + h.whose + " is the caller's account"
	}
	switch {
	case len(h.keys) > 0:
		r.Text += ", which depends on " + strings.Join(h.keys, ", ")
	case h.forms.direct == maybe:
		r.Text += ", which depends on the name of the session"
	}
	return r
}

// place is where to find it: `statement 2 (Read) on line 7 of identity policy "reader"`.
func (r Reason) place() string {
	s := ""
	if r.Statement >= 0 {
		s = fmt.Sprintf("statement %d", r.Statement+1)
		if r.Sid != "" {
			s += " (" + r.Sid + ")"
		}
		if r.Line > 0 {
			s += fmt.Sprintf(" on line %d", r.Line)
		}
		s += " of "
	}
	s += r.called()
	if r.Level != "" {
		s += " at " + quoted(r.Level)
	}
	return s
}

// called is the policy by its name. Names that an estate gives say what they name already, and are not quoted.
func (r Reason) called() string {
	if strings.HasPrefix(r.Source, "inline policy ") || strings.Contains(r.Source, "policy of ") {
		return r.Source
	}
	for _, noun := range []string{"organisation policy ", "policy "} {
		if name, ok := strings.CutPrefix(r.Source, noun); ok {
			return r.Layer.String() + " " + name
		}
	}
	return r.Layer.String() + " " + quoted(r.Source)
}

var layers = [...]string{"identity policy", "resource policy", "permissions boundary", "session policy", "service control policy",
	"resource control policy", "endpoint policy", "grant", "access point policy", "access control list", "public access block", "no policy"}

func (l Layer) String() string { return layers[l] }
