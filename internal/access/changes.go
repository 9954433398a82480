package access

import (
	"maps"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/policy"
)

// derivation is a change of what a principal may do, that another can make.
type derivation struct {
	id    string // of the catalogue
	text  string // "attaches a policy that allows everything to user bob"
	made  *Principal
	proof proof
	// silent says that it is told where the tags that it chooses are: by the decisions that take them.
	silent bool
	// minted says that it makes a new principal.
	minted bool
	// several are the gains that it takes, where that is more than one, and of makes it of some of them: see gather.
	several []gain
	of      func([]gain) derivation
}

// administratorARN is of the managed policy that says what an attacker would write.
func (w *World) administratorARN() string {
	return "arn:" + w.partition + ":iam::aws:policy/AdministratorAccess"
}

// modifies lists the changes that p can make to what q may do, the surest of each kind first. It says nothing of whether p can
// act as q.
func (w *prover) modifies(p, q *Principal, allows actionSet) []derivation {
	if p.Account != q.Account || q.reserved() || q.Kind == "root" {
		return nil
	}
	var all []derivation
	empower := func(id, text string, f proof) {
		if f.strength > No {
			all = append(all, derivation{id: id, text: text, made: w.empowered(q), proof: f})
		}
	}
	one := func(action, resource string, given map[string][]string) proof {
		f := proof{strength: Yes}
		f.also(w.check(p, action, resource, given))
		return f
	}
	may := func(action string) bool { return allows.has(actionIndex[strings.ToLower(action)]) }
	bound := map[string][]string{"iam:permissionsboundary": nil}
	if b := q.boundaryARN(); b != "" {
		bound["iam:permissionsboundary"] = []string{b}
	}
	attach := func(action, id, to, arn string, has []string, given map[string][]string) {
		with := map[string][]string{"iam:policyarn": {w.administratorARN()}}
		maps.Copy(with, given)
		f := one(action, arn, with)
		if empower(id, "attaches AdministratorAccess to "+to, f); f.strength < Yes {
			all = append(all, w.attaches(p, q, action, id, to, arn, len(has), given, f.strength, may)...)
		}
	}
	switch q.Kind {
	case "user":
		if may("iam:PutUserPolicy") {
			empower("pf:iam-007", "writes a policy that allows everything into user "+q.Name, one("iam:PutUserPolicy", q.ARN, bound))
		}
		if may("iam:AttachUserPolicy") {
			attach("iam:AttachUserPolicy", "pf:iam-008", "user "+q.Name, q.ARN, q.user.Managed, bound)
		}
		for _, name := range q.Groups {
			g := w.groups[q.Account+"/"+name]
			if g == nil {
				continue
			}
			if may("iam:PutGroupPolicy") {
				empower("pf:iam-011", "writes a policy that allows everything into group "+name, one("iam:PutGroupPolicy", g.Reference.ARN, nil))
			}
			if may("iam:AttachGroupPolicy") {
				attach("iam:AttachGroupPolicy", "pf:iam-010", "group "+name, g.Reference.ARN, g.Managed, nil)
			}
		}
	case "role":
		if may("iam:PutRolePolicy") {
			empower("pf:iam-005", "writes a policy that allows everything into role "+q.Name, one("iam:PutRolePolicy", q.ARN, bound))
		}
		if may("iam:AttachRolePolicy") {
			attach("iam:AttachRolePolicy", "pf:iam-009", "role "+q.Name, q.ARN, q.role.Managed, bound)
		}
	}
	if may("iam:CreatePolicyVersion") || may("iam:SetDefaultPolicyVersion") {
		all = append(all, w.versions(p, q, may)...)
	}
	if may("iam:AddUserToGroup") && q.Kind == "user" {
		all = append(all, w.joins(p, q, may)...)
	}
	return append(append(all, w.frees(p, q, may)...), w.retags(p, q)...)
}

// boundaryARN is the ARN of the permissions boundary; empty for none.
func (p *Principal) boundaryARN() string {
	switch {
	case p.free:
		return ""
	case p.user != nil:
		return p.user.Boundary
	case p.role != nil:
		return p.role.Boundary
	}
	return ""
}

// ofAWS reports whether a managed policy is one of AWS's own.
func ofAWS(arn string) bool { return strings.Contains(arn, ":iam::aws:") }

// managedARNs are the customer's managed policies that a principal has, its groups' too.
func (w *World) managedARNs(q *Principal) []string {
	var arns []string
	add := func(a []string) {
		for _, arn := range a {
			if !ofAWS(arn) {
				arns = append(arns, arn)
			}
		}
	}
	if q.user != nil {
		add(q.user.Managed)
		for _, name := range q.Groups {
			if g := w.groups[q.Account+"/"+name]; g != nil {
				add(g.Managed)
			}
		}
	}
	if q.role != nil {
		add(q.role.Managed)
	}
	return sortedSet(arns)
}

// versioned are the customer's managed policies that say what q may do: those that it has, and its boundary.
func (w *World) versioned(q *Principal) []string {
	arns := w.managedARNs(q)
	if b := q.boundaryARN(); b != "" && !ofAWS(b) {
		arns = sortedSet(append(arns, b))
	}
	return arns
}

// versions are the changes through managed policies that q has, or is bounded by: a new version of one, or an old one taken back.
func (w *prover) versions(p, q *Principal, may func(string) bool) []derivation {
	var all []derivation
	has := w.managedARNs(q)
	for _, arn := range w.versioned(q) {
		name := arn[strings.LastIndexByte(arn, '/')+1:]
		bounds := arn == q.boundaryARN()
		if may("iam:CreatePolicyVersion") {
			f := proof{strength: Yes}
			if f.also(w.check(p, "iam:CreatePolicyVersion", arn, nil)) {
				if slices.Contains(has, arn) {
					all = append(all, derivation{id: "pf:iam-001", text: "makes a new version of policy " + name + ", which " + q.called() + " has, that allows everything", made: w.empowered(q), proof: f})
				}
				if bounds {
					all = append(all, derivation{id: "pf:iam-001", text: "makes a new version of policy " + name + ", the boundary of " + q.called() + ", that bounds nothing", made: w.unbounded(q, boundNothing), proof: f})
				}
			}
		}
		if !may("iam:SetDefaultPolicyVersion") {
			continue
		}
		f := proof{strength: Yes}
		if !f.also(w.check(p, "iam:SetDefaultPolicyVersion", arn, nil)) {
			continue
		}
		m := w.managed[q.Account+" "+arn]
		if m == nil || len(m.Versions) == 0 {
			f.missing("the versions of policy " + name + " are not in what " + string(details) + " gave")
			made := w.unbounded(q, boundNothing)
			if slices.Contains(has, arn) {
				made = w.empowered(q)
			}
			all = append(all, derivation{id: "prowler:SetDefaultPolicyVersion", text: "makes another version of policy " + name + " the one that counts", made: made, proof: f})
			continue
		}
		now := w.managedPolicy(q.Account, arn)
		for _, v := range m.Versions {
			d, known := v.Document.Value()
			if v.Default || !known {
				continue
			}
			then := w.documents.intern(d)
			made := w.changed(q, "with version "+v.ID+" of policy "+name, func(s policy.Source) (policy.Source, bool) {
				if s.Name == now.Name {
					s.Document = then
				}
				return s, true
			})
			relation := "has"
			if bounds {
				made.Policies.Boundary = []policy.Source{{Name: now.Name, Document: then}}
				if relation = "is bounded by"; slices.Contains(has, arn) {
					relation = "has and is bounded by"
				}
			}
			all = append(all, derivation{id: "prowler:SetDefaultPolicyVersion", text: "makes version " + v.ID + " of policy " + name + ", which " + q.called() + " " + relation + ", the one that counts", made: made, proof: f})
		}
	}
	return all
}

// frees are the changes that take limits off q: its boundary, or policies that deny.
func (w *prover) frees(p, q *Principal, may func(string) bool) []derivation {
	var all []derivation
	kind := map[string]string{"user": "User", "role": "Role"}[q.Kind]
	if q.boundaryARN() != "" && may("iam:Delete"+kind+"PermissionsBoundary") {
		f := proof{strength: Yes}
		if f.also(w.check(p, "iam:Delete"+kind+"PermissionsBoundary", q.ARN, nil)) {
			id := "pf:iam-022"
			if q.Kind == "role" {
				id = "pf:iam-023"
			}
			all = append(all, derivation{id: id, text: "removes the permissions boundary of " + q.called(), made: w.unbounded(q, "without its boundary"), proof: f})
		}
	}
	if q.boundaryARN() != "" && may("iam:Put"+kind+"PermissionsBoundary") {
		f := proof{strength: Yes}
		if f.also(w.check(p, "iam:Put"+kind+"PermissionsBoundary", q.ARN, map[string][]string{"iam:permissionsboundary": {w.administratorARN()}})) {
			all = append(all, derivation{id: "pf:iam-022", text: "puts a boundary that bounds nothing on " + q.called(), made: w.unbounded(q, boundNothing), proof: f})
		}
		for _, c := range w.attachables(p, "iam:permissionsboundary") {
			if f.strength == Yes || !c.everything {
				continue
			}
			g := proof{strength: Yes}
			if g.also(w.check(p, "iam:Put"+kind+"PermissionsBoundary", q.ARN, map[string][]string{"iam:permissionsboundary": {c.arn}})); g.strength > f.strength {
				f = g
				all = append(all, derivation{id: "pf:iam-022", text: "puts policy " + c.name() + ", which bounds nothing, on " + q.called() + " as its boundary", made: w.unbounded(q, boundNothing), proof: f})
			}
		}
	}
	if !w.allows(&p.Policies, p.Kind).meets(undenying) {
		return all
	}
	return append(all, w.undenies(p, q, may)...)
}

// undenying are the actions that take policies off.
var undenying = need("iam:DetachUserPolicy", "iam:DetachRolePolicy", "iam:DetachGroupPolicy", "iam:DeleteUserPolicy", "iam:DeleteRolePolicy", "iam:DeleteGroupPolicy", "iam:RemoveUserFromGroup")

// undenies takes every policy that denies off q, where p can take off all of them.
func (w *prover) undenies(p, q *Principal, may func(string) bool) []derivation {
	f := proof{strength: Yes}
	kind := map[string]string{"user": "User", "role": "Role"}[q.Kind]
	id, found := "", false
	off := map[*policy.Document]bool{}
	drop := func(d estate.Known[*policy.Document]) bool {
		document, ok := d.Value()
		return ok && w.documents.of(w.documents.intern(document)).denies
	}
	take := func(a estate.Attached, kind, on string) bool {
		for _, i := range a.Inline {
			if !drop(i.Document) {
				continue
			}
			found = true
			action := "iam:Delete" + kind + "Policy"
			if !may(action) || !f.also(w.check(p, action, on, nil)) {
				return false
			}
			d, _ := i.Document.Value()
			id, off[w.documents.intern(d)] = "x:DeleteDenyInline", true
		}
		for _, arn := range a.Managed {
			s := w.managedPolicy(q.Account, arn)
			if s.Document == nil || !w.documents.of(s.Document).denies {
				continue
			}
			found = true
			action := "iam:Detach" + kind + "Policy"
			if !may(action) || !f.also(w.check(p, action, on, map[string][]string{"iam:policyarn": {arn}})) {
				return false
			}
			id, off[s.Document] = "x:DetachDeny"+kind, true
		}
		return true
	}
	ok := true
	if q.user != nil {
		ok = take(q.user.Attached, kind, q.ARN)
		for _, name := range q.Groups {
			g := w.groups[q.Account+"/"+name]
			if g == nil || !ok {
				continue
			}
			deny := false
			for _, s := range w.attached(q.Account, "", g.Attached) {
				deny = deny || s.Document != nil && w.documents.of(s.Document).denies
			}
			if !deny {
				continue
			}
			found = true
			if leaves, a := w.check(p, "iam:RemoveUserFromGroup", g.Reference.ARN, nil); may("iam:RemoveUserFromGroup") && leaves > No {
				f.also(leaves, a)
				for _, s := range w.attached(q.Account, "", g.Attached) {
					if s.Document != nil {
						off[s.Document] = true
					}
				}
				id = "x:RemoveFromGroup"
				continue
			}
			ok = take(g.Attached, "Group", g.Reference.ARN)
		}
	} else if q.role != nil {
		ok = take(q.role.Attached, kind, q.ARN)
	}
	if !ok || !found || f.strength == No || id == "" {
		return nil
	}
	made := w.changed(q, "without the policies that deny", func(s policy.Source) (policy.Source, bool) {
		return s, s.Document == nil || !off[s.Document]
	})
	return []derivation{{id: id, text: "takes off " + q.called() + " the policies that deny", made: made, proof: f}}
}

// called is how texts name a principal.
func (p *Principal) called() string {
	if p.Kind == "root" {
		return "the root user of " + p.Account
	}
	return p.Kind + " " + p.Name
}

// empowered is q after somebody has allowed it everything: what its boundary, its organisation and the denials it has leave.
func (w *World) empowered(q *Principal) *Principal {
	made := w.changed(q, "allowed everything", func(s policy.Source) (policy.Source, bool) {
		return s, s.Document != nil && w.documents.of(s.Document).denies
	})
	made.Policies.Identity = append(made.Policies.Identity, policy.Source{Name: "a policy that allows everything", Document: w.everything()})
	return made
}

// boundNothing is how a principal is whose boundary was replaced or rewritten.
const boundNothing = "with a boundary that bounds nothing"

// unbounded is q with no boundary that limits it.
func (w *World) unbounded(q *Principal, how string) *Principal {
	made := w.changed(q, how, nil)
	made.Policies.Boundary, made.free = nil, true
	return made
}

func (w *World) everything() *policy.Document { return w.allowAll }

// changed is a copy of q with other identity policies.
func (w *World) changed(q *Principal, how string, keep func(policy.Source) (policy.Source, bool)) *Principal {
	made := *q
	made.class, made.how = -1, how
	if q.how != "" {
		made.how = q.how + ", " + how
	}
	if keep != nil {
		made.Policies.Identity = nil
		for _, s := range q.Policies.Identity {
			if s, ok := keep(s); ok {
				made.Policies.Identity = append(made.Policies.Identity, s)
			}
		}
	}
	return &made
}
