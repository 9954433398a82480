package access

import (
	"maps"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/policy"
)

// proof is what one step rests on: the decisions that allow it, what was not read, and how sure it is thereby.
type proof struct {
	strength Strength
	answers  []Answer
	unread   []string
}

func (f *proof) also(s Strength, a ...Answer) bool {
	f.strength = min(f.strength, s)
	for _, x := range a {
		f.answers = append(append(f.answers, x.tagging...), x)
	}
	return f.strength > No
}

func (f *proof) missing(what string) {
	if what != "" {
		f.strength = min(f.strength, Unknown)
		if !slices.Contains(f.unread, what) {
			f.unread = append(f.unread, what)
		}
	}
}

// fork is a proof to go on from in one of several ways.
func (f proof) fork() proof {
	f.answers, f.unread = slices.Clip(f.answers), slices.Clip(f.unread)
	return f
}

var none = proof{}

// becomes are the rules by which one principal takes on another: the catalogue's id, and what it takes of the caller's own policies.
var becomes = []rule{
	{name: "assume", id: "pf:sts-001", verb: "assumes"},
	{name: "trust", id: "pf:iam-012", verb: "rewrites the trust policy of", needs: need("iam:UpdateAssumeRolePolicy")},
	{name: "access-key", id: "pf:iam-002", verb: "makes an access key of", needs: need("iam:CreateAccessKey")},
	{name: "password", id: "pf:iam-004", verb: "sets a password of", needs: need("iam:CreateLoginProfile")},
	{name: "password", id: "pf:iam-006", verb: "sets a password of", needs: need("iam:UpdateLoginProfile")},
}

type rule struct {
	name, id, verb string
	needs          actionSet
	technique      *Technique
}

// ruleset are all rules that lead from one principal to another: those of IAM, and those of workloads, as the catalogue has them.
var ruleset = func() []rule {
	all := slices.Clone(becomes)
	for i := range all {
		for _, t := range techniques {
			if t.ID == all[i].id {
				all[i].technique = t
			}
		}
	}
	for _, t := range techniques {
		if (t.Rule == "new" || t.Rule == "swap" || t.Rule == "existing") && !t.Ended {
			r := rule{name: t.Rule, id: t.ID, technique: t, needs: t.needs}
			switch t.Rule {
			case "new":
				r.verb = "starts something as"
			case "swap":
				r.verb = "puts something to work as"
			default:
				r.verb = "takes over what runs as"
			}
			all = append(all, r)
		}
	}
	for _, t := range techniques {
		switch t.Rule {
		case "cluster":
			all = append(all, rule{name: "cluster", id: t.ID, verb: "administers a cluster that runs something as", technique: t, needs: need("eks:AssociateAccessPolicy")})
		case "pool":
			all = append(all, rule{name: "pool", id: t.ID, verb: poolVerbs[t.ID], technique: t, needs: t.needs})
			if t.ID == setPoolRoles {
				all = append(all, rule{name: "guest", id: t.ID, verb: "has an identity pool give guests, itself among them,", technique: t, needs: t.needs})
			}
		case "provider":
			all = append(all, rule{name: "provider", id: t.ID, verb: "lets in tokens for a client of its own to", technique: t, needs: t.needs})
		}
	}
	return all
}()

// become proves that p can act as q by a rule, on a workload where the rule is about one (nil for one that was not read).
func (w *prover) become(p *Principal, r *rule, q *Principal, x *Workload) proof {
	if p == q || q.ServiceLinked() || q.Kind == "root" {
		return none
	}
	switch r.name {
	case "assume":
		return w.assumeRole(p, q)
	case "trust":
		return w.rewriteTrust(p, q)
	case "access-key":
		return w.makeKey(p, q)
	case "password":
		return w.setPassword(p, r, q)
	case "cluster":
		return w.enter(p, r.technique, q, x)
	case "provider":
		return w.widen(p, q)
	case "pool":
		return w.throughPool(p, r.technique, q, x)
	case "guest":
		return w.letGuests(p, q, x)
	case "existing":
		return w.takeOver(p, r.technique, q, x)
	}
	return w.passRole(p, r.technique, q, x)
}

func (w *prover) assumeRole(p, q *Principal) proof {
	if q.Kind != "role" {
		return none
	}
	f := proof{strength: Yes}
	s, a := w.check(p, "sts:AssumeRole", q.ARN, nil)
	if !f.also(s, a) {
		return f
	}
	// Where a session must have tags, the trust policy must let in sessions with tags as well.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required
	given := map[string][]string{}
	for key, v := range a.With {
		if name, ok := strings.CutPrefix(key, "aws:requesttag/"); ok && v != nil {
			given[key] = v
			given["aws:tagkeys"] = append(given["aws:tagkeys"], name)
		}
	}
	if len(given) > 0 {
		slices.Sort(given["aws:tagkeys"])
		f.also(w.check(p, "sts:TagSession", q.ARN, given))
	}
	return f
}

// rewriteTrust makes a role trust the caller: within an account that alone is enough to take it on.
func (w *prover) rewriteTrust(p, q *Principal) proof {
	if q.Kind != "role" || p.Account != q.Account || q.reserved() {
		return none
	}
	f := proof{strength: Yes}
	if !f.also(w.check(p, "iam:UpdateAssumeRolePolicy", q.ARN, nil)) {
		return f
	}
	request, policies := w.question(p, "sts:AssumeRole", q.ARN, nil)
	policies.Resource = trusting(p.ARN)
	f.also(w.choose(p, request, policies, nil))
	return f
}

// makeKey needs room: a user has two keys at most. Where both are taken, one must go first.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func (w *prover) makeKey(p, q *Principal) proof {
	if q.Kind != "user" || p.Account != q.Account {
		return none
	}
	f := proof{strength: Yes}
	if !f.also(w.check(p, "iam:CreateAccessKey", q.ARN, nil)) {
		return f
	}
	if c := w.credentials(q); c != nil && c.Keys[0].Exists && c.Keys[1].Exists {
		f.also(w.check(p, "iam:DeleteAccessKey", q.ARN, nil))
	}
	return f
}

// setPassword needs CreateLoginProfile for who has none, UpdateLoginProfile for who has one, and no second factor in the way.
func (w *prover) setPassword(p *Principal, r *rule, q *Principal) proof {
	if q.Kind != "user" || p.Account != q.Account {
		return none
	}
	action, other, wanted := "iam:CreateLoginProfile", "iam:UpdateLoginProfile", estate.False
	if r.id == "pf:iam-006" {
		action, other, wanted = other, action, estate.True
	}
	f := proof{strength: Yes}
	if !f.also(w.check(p, action, q.ARN, nil)) {
		return f
	}
	has := estate.Unknown
	if c := w.credentials(q); c != nil {
		has = c.Password
	}
	switch {
	case has == estate.Unknown:
		if s, _ := w.check(p, other, q.ARN, nil); s < f.strength { // who may do either need not know
			f.missing("whether user " + q.Name + " has a password was not read (iam:GetCredentialReport)")
		}
	case has != wanted:
		return none
	}
	devices, known := q.user.MFADevices.Value()
	if known && len(devices) > 0 {
		f.also(w.check(p, "iam:DeactivateMFADevice", q.ARN, nil))
	} else if gap, unread := q.user.MFADevices.Unread(); unread && !w.assume(gap) {
		f.missing(gap.String())
	}
	return f
}

// credentials is a user's row of the credential report, or nil.
func (w *World) credentials(q *Principal) *estate.Credentials {
	return w.rows[q.Account+"/"+q.Name]
}

// passRole starts something new, or changes something that exists, that then runs as a role the caller may pass.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
func (w *prover) passRole(p *Principal, t *Technique, q *Principal, x *Workload) proof {
	if q.Kind != "role" || p.Account != q.Account {
		return none // a role can be passed within its account alone
	}
	best := none
	for _, name := range w.servicesOf(t) {
		f := proof{strength: Yes}
		s, trusts := w.trustsService(q, name)
		if !f.also(s, trusts) {
			continue
		}
		if slices.Contains(t.Actions, "iam:PassRole") && !f.also(w.check(p, "iam:PassRole", q.ARN, map[string][]string{"iam:passedtoservice": {strings.TrimPrefix(name, "federated:")}})) {
			continue
		}
		if w.needsProfile(t) && !slices.Contains(t.Actions, "iam:CreateInstanceProfile") {
			if q.role.Profiles == nil {
				f.missing("whether role " + q.Name + " has an instance profile is not in what " + string(details) + " gave")
			} else if len(q.role.Profiles) == 0 {
				continue
			}
		}
		if t.Rule == "swap" {
			f.missing(w.workloadMissing(t.Workload, p.Account, x))
		}
		for _, action := range t.Actions {
			if action == "iam:PassRole" {
				continue
			}
			if s, answers := w.used(p, t, action, x); !f.also(s, answers...) {
				break
			}
		}
		if f.strength > best.strength {
			best = f
		}
	}
	return best
}

// used decides an action of a technique that passes a role: on what is made, or on what exists.
func (w *prover) used(p *Principal, t *Technique, action string, x *Workload) (Strength, []Answer) {
	if t.Rule == "new" {
		return w.checkNew(p, action, p.Account, nil)
	}
	return w.onWorkload(p, action, p.Account, x)
}

// needsProfile reports whether the workload takes its role from an instance profile.
func (w *World) needsProfile(t *Technique) bool {
	return slices.Equal(t.Trusts, []string{"ec2.amazonaws.com"})
}

func (w *World) workloadMissing(kind, account string, x *Workload) string {
	if x != nil {
		return ""
	}
	if why := w.kindUnread(kind, account); why != "" {
		return why
	}
	return "no " + kind // never reached: where all were read, some workload is given
}

// onWorkload decides an action on a workload that exists; actions that make something beside it choose its name.
func (w *prover) onWorkload(p *Principal, action, account string, x *Workload) (Strength, []Answer) {
	if x == nil {
		return w.checkSome(p, action, account, nil, false)
	}
	strength := Yes
	var answers []Answer
	for _, t := range objectsOf(action) {
		var s Strength
		var a Answer
		if policy.Match(t.pattern(w.partition, account), x.ARN) || x.Kind == "instance" && t.kind == "instance" {
			s, a = w.check(p, action, x.ARN, nil)
		} else if t.optional {
			continue
		} else {
			s, a = w.bestOf(p, action, t.pattern(w.partition, account), account, nil, true)
		}
		strength = min(strength, s)
		answers = append(answers, a)
		if s == No {
			return No, answers
		}
	}
	if len(answers) == 0 {
		s, a := w.check(p, action, "*", nil)
		return s, []Answer{a}
	}
	return strength, answers
}

// takeOver changes or opens something that runs as a role already.
func (w *prover) takeOver(p *Principal, t *Technique, q *Principal, x *Workload) proof {
	if q.Kind != "role" {
		return none
	}
	f := proof{strength: Yes}
	account := q.Account
	if x == nil || x.Role == "" && x.unread["role"] != "" {
		s, trusts := none.strength, Answer{}
		for _, name := range w.servicesOf(t) {
			if s, trusts = w.trustsService(q, name); s > No {
				break
			}
		}
		if !f.also(s, trusts) {
			return f
		}
		why := ""
		if x == nil {
			why = w.kindUnread(t.Workload, account)
		} else if account == x.Account {
			why = x.unread["role"]
		}
		if why == "" {
			return none
		}
		f.missing(why)
	} else {
		if x.Role != q.ARN {
			return none
		}
		account = x.Account
		for _, need := range opens(t) {
			if x.bars[need] {
				return none
			}
			f.missing(x.unread[need])
		}
	}
	for _, action := range t.Actions {
		if action == "iam:PassRole" {
			if !f.also(w.check(p, action, q.ARN, map[string][]string{"iam:passedtoservice": {t.Trusts[0]}})) {
				return f
			}
			continue
		}
		if s, answers := w.onWorkload(p, action, account, x); !f.also(s, answers...) {
			return f
		}
	}
	return f
}

// opens are the ways into a workload that a technique needs open.
func opens(t *Technique) []string {
	switch t.ID {
	case "pf:ssm-001", "pf:ssm-002":
		return []string{"ssm"}
	case "pf:ecs-006":
		return []string{"exec"}
	case "iamvuln:SerialConsoleSSH":
		return []string{"serial"}
	}
	return nil
}

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
}

// anything is the policy that an attacker would write, or the managed one that says the same.
const administratorAccess = ":iam::aws:policy/AdministratorAccess"

func (w *World) administratorARN(p *Principal) string {
	return strings.Join(strings.SplitN(p.ARN, ":", 3)[:2], ":") + administratorAccess
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
	attach := func(action, id, to, arn string, given map[string][]string) {
		with := map[string][]string{"iam:policyarn": {w.administratorARN(q)}}
		maps.Copy(with, given)
		f := one(action, arn, with)
		if empower(id, "attaches AdministratorAccess to "+to, f); f.strength < Yes {
			all = append(all, w.attaches(p, q, action, id, to, arn, given, f.strength, may)...)
		}
	}
	switch q.Kind {
	case "user":
		if may("iam:PutUserPolicy") {
			empower("pf:iam-007", "writes a policy that allows everything into user "+q.Name, one("iam:PutUserPolicy", q.ARN, bound))
		}
		if may("iam:AttachUserPolicy") {
			attach("iam:AttachUserPolicy", "pf:iam-008", "user "+q.Name, q.ARN, bound)
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
				attach("iam:AttachGroupPolicy", "pf:iam-010", "group "+name, g.Reference.ARN, nil)
			}
		}
	case "role":
		if may("iam:PutRolePolicy") {
			empower("pf:iam-005", "writes a policy that allows everything into role "+q.Name, one("iam:PutRolePolicy", q.ARN, bound))
		}
		if may("iam:AttachRolePolicy") {
			attach("iam:AttachRolePolicy", "pf:iam-009", "role "+q.Name, q.ARN, bound)
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

// managedARNs are the customer's managed policies that a principal has, its groups' too.
func (w *World) managedARNs(q *Principal) []string {
	var arns []string
	add := func(a []string) {
		for _, arn := range a {
			if !strings.Contains(arn, ":iam::aws:") {
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
	if b := q.boundaryARN(); b != "" && !strings.Contains(b, ":iam::aws:") {
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
					all = append(all, derivation{id: "pf:iam-001", text: "makes a new version of policy " + name + ", the boundary of " + q.called() + ", that bounds nothing", made: w.unbounded(q), proof: f})
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
			made := w.unbounded(q)
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
			made := w.changed(q, "without its boundary", nil)
			made.Policies.Boundary, made.free = nil, true
			id := "pf:iam-022"
			if q.Kind == "role" {
				id = "pf:iam-023"
			}
			all = append(all, derivation{id: id, text: "removes the permissions boundary of " + q.called(), made: made, proof: f})
		}
	}
	if q.boundaryARN() != "" && may("iam:Put"+kind+"PermissionsBoundary") {
		f := proof{strength: Yes}
		if f.also(w.check(p, "iam:Put"+kind+"PermissionsBoundary", q.ARN, map[string][]string{"iam:permissionsboundary": {w.administratorARN(q)}})) {
			all = append(all, derivation{id: "pf:iam-022", text: "puts a boundary that bounds nothing on " + q.called(), made: w.unbounded(q), proof: f})
		}
		for _, c := range w.attachables(p, "iam:permissionsboundary") {
			if f.strength == Yes || !c.everything {
				continue
			}
			g := proof{strength: Yes}
			if g.also(w.check(p, "iam:Put"+kind+"PermissionsBoundary", q.ARN, map[string][]string{"iam:permissionsboundary": {c.arn}})); g.strength > f.strength {
				f = g
				all = append(all, derivation{id: "pf:iam-022", text: "puts policy " + c.name() + ", which bounds nothing, on " + q.called() + " as its boundary", made: w.unbounded(q), proof: f})
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

// unbounded is q with a boundary that bounds nothing.
func (w *World) unbounded(q *Principal) *Principal {
	made := w.changed(q, "with a boundary that bounds nothing", nil)
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
