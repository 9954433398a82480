package access

import (
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/policy"
)

// field is all who may act, as the estate has them and as they could be made, and what leads from one to another.
type field struct {
	w                 *World
	nodes             []*node
	byARN             map[string]int   // of those that the estate has
	same              map[string][]int // by ARN: what principals can be made into, and themselves
	byContent         map[string]int   // of those that were made
	groups            []*group
	trusts            map[string]*trust // by the role's ARN
	workloads         []*Workload
	byRole            map[string][]*Workload // by the ARN of their role
	byKind            map[string][]*Workload // by kind and account
	entered           map[string][]*Workload // roles of clusters, by the ARN of who has an access entry there
	all               *targets
	proofs            map[proofKey]proof
	open              map[*rule][]*Workload // see openFunctions
	unlisted          []string              // accounts in which the policies of functions were not read
	out               map[int][]link        // see outward
	changing, jointly actionSet             // see changers
	// sessionable are the roles of which sessions with tags may be begun, and to which tags matter; nil for none.
	sessionable *targets
	thorough    bool // follow also what administrators can make of others
}

// node is a principal, or what one can be made into.
type node struct {
	p     *Principal
	made  int // how many changes from what the estate has
	group *group
	in    []link // who makes it
}

// link leads to a node that somebody makes: from becomes to's principal by a rule, where he is not it already, and changes it.
type link struct {
	from     int
	move     move
	strength Strength
}

// move is one step: a rule on a target, or a change.
type move struct {
	rule     *rule // nil where the caller is the target already
	to       int
	workload *Workload
	change   *derivation // nil for none
	made     int         // the node that the change makes; -1 for none
}

// group is the nodes of one class.
type group struct {
	members []int
	allows  actionSet
	sure    actionSet
	account string
	scopes  map[int]*scope // by action
	prover  *prover
}

type proofKey struct {
	group, to int
	rule      *rule
	workload  *Workload
}

// targets are nodes by what rules ask of them.
type targets struct {
	hubs      map[string]*roster // roles, by the account that they may let in
	open      []int              // roles that may let in anybody
	named     map[string][]int   // roles, by the ARN that they name
	roles     map[string]*roster // by account
	users     map[string]*roster
	by        map[string]*roster // roles, by account and service that may take them on
	federated map[string][]int   // roles that trust OpenID Connect providers, by account
	pooled    []int              // roles that may trust Cognito's identity pools
}

func (w *World) newField(thorough bool) *field {
	f := &field{w: w, entered: map[string][]*Workload{}, thorough: thorough, byARN: map[string]int{}, same: map[string][]int{}, byContent: map[string]int{}, trusts: map[string]*trust{}, byRole: map[string][]*Workload{}, byKind: map[string][]*Workload{}, proofs: map[proofKey]proof{}, open: map[*rule][]*Workload{}}
	for _, c := range w.classes {
		g := &group{allows: c.allows, sure: w.sure(&c.members[0].Policies), scopes: map[int]*scope{}}
		for _, p := range c.members {
			if p.Kind == "root" {
				continue // everything is his already
			}
			g.account = p.Account
			g.members = append(g.members, len(f.nodes))
			f.byARN[p.ARN] = len(f.nodes)
			f.same[p.ARN] = append(f.same[p.ARN], len(f.nodes))
			f.nodes = append(f.nodes, &node{p: p, group: g})
		}
		if len(g.members) > 0 {
			f.groups = append(f.groups, g)
		}
	}
	known := map[*policy.Document]*trust{}
	for _, r := range w.estate.Roles {
		o := w.objects[r.Reference.ARN]
		var s *policy.Source
		if o != nil {
			s = o.policy
		}
		if s != nil && s.Document != nil {
			if known[s.Document] == nil {
				known[s.Document] = trustOf(s)
			}
			f.trusts[r.Reference.ARN] = known[s.Document]
			continue
		}
		f.trusts[r.Reference.ARN] = trustOf(s)
	}
	f.workloads = w.listWorkloads()
	for _, x := range f.workloads {
		if x.Role != "" {
			f.byRole[x.Role] = append(f.byRole[x.Role], x)
		}
		f.byKind[x.Kind+" "+x.Account] = append(f.byKind[x.Kind+" "+x.Account], x)
		if x.cluster != nil && x.Role != "" {
			entries, _ := x.cluster.Entries.Value()
			for _, e := range entries {
				f.entered[e.Principal] = append(f.entered[e.Principal], x)
			}
		}
	}
	for _, a := range w.estate.Accounts {
		if w.object("lambda:UpdateFunctionCode", "arn:"+w.partition+":lambda:"+w.regionOf(a.ID)+":"+a.ID+":function:onus0").policy != nil {
			f.unlisted = append(f.unlisted, a.ID)
		}
	}
	everyone := make([]int, 0, len(f.nodes))
	for i := range f.nodes {
		everyone = append(everyone, i)
	}
	f.all = f.targets(everyone)
	f.changing, f.jointly = w.changers(), w.jointly()
	if len(w.tagKeys) > 0 {
		if of := slices.DeleteFunc(everyone, func(i int) bool { return !w.takesTags(f.nodes[i].p) || !w.asksTags(f.nodes[i].p) }); len(of) > 0 {
			f.sessionable = f.targets(of)
		}
	}
	f.derive()
	return f
}

// targets sorts nodes by what rules ask of them. Those that were made are reached by their links alone.
func (f *field) targets(of []int) *targets {
	t := &targets{hubs: map[string]*roster{}, named: map[string][]int{}, roles: map[string]*roster{}, users: map[string]*roster{}, by: map[string]*roster{}, federated: map[string][]int{}}
	of = slices.DeleteFunc(slices.Clone(of), func(i int) bool { return f.nodes[i].made > 0 || f.nodes[i].p.ServiceLinked() })
	slices.SortFunc(of, func(a, b int) int { return strings.Compare(f.nodes[a].p.ARN, f.nodes[b].p.ARN) })
	put := func(in map[string]*roster, key string, i int) {
		if in[key] == nil {
			in[key] = &roster{}
		}
		in[key].add(f.nodes[i].p.ARN, f.nodes[i].p.Account, i)
	}
	for _, i := range of {
		p := f.nodes[i].p
		if p.Kind == "user" {
			put(t.users, p.Account, i)
			continue
		}
		put(t.roles, p.Account, i)
		trust := f.trusts[p.ARN]
		if trust.anyone || trust.unread {
			t.open = append(t.open, i)
		}
		for account := range trust.accounts {
			put(t.hubs, account, i)
		}
		for arn := range trust.arns {
			t.named[arn] = append(t.named[arn], i)
		}
		oidc := false
		for s := range trust.services {
			put(t.by, p.Account+" "+s, i)
			oidc = oidc || strings.HasPrefix(s, "federated:") && strings.Contains(s, ":oidc-provider/")
		}
		if oidc {
			t.federated[p.Account] = append(t.federated[p.Account], i)
		}
		if trust.unread {
			put(t.by, p.Account+" ?", i)
		}
		if trust.unread || trust.services["federated:"+cognito] {
			t.pooled = append(t.pooled, i)
		}
	}
	return t
}

func (f *field) scope(g *group, action int) *scope {
	s := g.scopes[action]
	if s == nil {
		s = f.w.scopeOf(f.nodes[g.members[0]].p, actions[action])
		g.scopes[action] = s
	}
	return s
}

var (
	assumeIndex, passIndex = actionIndex["sts:assumerole"], actionIndex["iam:passrole"]
	ruleNeeds              = map[string]int{"trust": actionIndex["iam:updateassumerolepolicy"], "pf:iam-002": actionIndex["iam:createaccesskey"],
		"pf:iam-004": actionIndex["iam:createloginprofile"], "pf:iam-006": actionIndex["iam:updateloginprofile"]}
)

// candidates visits everything among targets that a group might become by some rule at least so surely, in the order of the rules,
// until visit says to stop. What it leaves out surely cannot be become so. Roles that name a member are left to named.
func (f *field) candidates(g *group, t *targets, s Strength, visit func(r *rule, to int, x *Workload) bool) {
	allows := g.allows
	if s == Yes {
		allows = g.sure
	}
	for i := range ruleset {
		r := &ruleset[i]
		if r.name == "cluster" {
			if !f.enterable(g, r, t, allows, visit) {
				return
			}
			continue
		}
		if r.name == "pool" || r.name == "guest" {
			if r.name == "pool" && allows.includes(r.needs) && !f.poolable(g, r, t, visit) {
				return
			}
			continue // sessions of guests are nodes of their own: see letIn
		}
		if r.name == "assume" {
			for _, to := range t.open {
				if !visit(r, to, nil) {
					return
				}
			}
			if allows.has(assumeIndex) && !t.hubs[g.account].each(f.scope(g, assumeIndex), func(to int) bool { return visit(r, to, nil) }) {
				return
			}
			continue
		}
		if !allows.includes(r.needs) {
			if r.name == "existing" && f.granted(r, t, visit) {
				return
			}
			continue
		}
		ok := true
		switch r.name {
		case "trust":
			ok = t.roles[g.account].each(f.scope(g, ruleNeeds["trust"]), func(to int) bool { return visit(r, to, nil) })
		case "access-key", "password":
			ok = t.users[g.account].each(f.scope(g, ruleNeeds[r.id]), func(to int) bool { return visit(r, to, nil) })
		case "provider":
			for _, list := range t.federated[g.account] {
				if ok = visit(r, list, nil); !ok {
					break
				}
			}
		case "new":
			ok = f.passable(g, r, t, func(to int) bool { return visit(r, to, nil) })
		case "swap":
			ok = f.passable(g, r, t, func(to int) bool {
				for _, x := range f.byKind[r.technique.Workload+" "+g.account] {
					if !visit(r, to, x) {
						return false
					}
				}
				return f.w.kindUnread(r.technique.Workload, g.account) == "" || visit(r, to, nil)
			})
		case "existing":
			ok = f.existing(g, r, t, visit) && !f.granted(r, t, visit)
		}
		if !ok {
			return
		}
	}
}

// passable visits the roles that a group may pass and that may trust a service of the rule.
func (f *field) passable(g *group, r *rule, t *targets, visit func(to int) bool) bool {
	s := &scope{allow: []*patterns{{all: true}}, deny: &patterns{}}
	if r.needs.has(passIndex) {
		s = f.scope(g, passIndex)
	}
	for _, name := range append(slices.Clone(r.technique.Trusts), "?") {
		if !t.by[g.account+" "+name].each(s, visit) {
			return false
		}
	}
	return true
}

// existing visits the roles of workloads of a rule's kind in the group's account; and those that trust its service where such
// workloads were not read.
func (f *field) existing(g *group, r *rule, t *targets, visit func(r *rule, to int, x *Workload) bool) bool {
	for _, x := range f.byKind[r.technique.Workload+" "+g.account] {
		if to, ok := f.byARN[x.Role]; ok && t.has(f, to) && !visit(r, to, x) {
			return false
		}
		if x.Role == "" && x.unread["role"] != "" && !f.trusting(g.account, r, t, func(to int) bool { return visit(r, to, x) }) {
			return false
		}
	}
	if f.w.kindUnread(r.technique.Workload, g.account) == "" {
		return true
	}
	return f.trusting(g.account, r, t, func(to int) bool { return visit(r, to, nil) })
}

// trusting visits the roles of an account that trust a rule's service.
func (f *field) trusting(account string, r *rule, t *targets, visit func(to int) bool) bool {
	for _, name := range append(slices.Clone(r.technique.Trusts), "?") {
		if list := t.by[account+" "+name]; list != nil {
			for _, to := range list.nodes {
				if !visit(to) {
					return false
				}
			}
		}
	}
	return true
}

// enterable visits the roles of clusters that a group might administer: those of its account, and those that let in a member already; and
// the roles that trust pods where clusters were not read.
func (f *field) enterable(g *group, r *rule, t *targets, allows actionSet, visit func(r *rule, to int, x *Workload) bool) bool {
	enter := func(x *Workload) bool {
		to, ok := f.byARN[x.Role]
		return !ok || !t.has(f, to) || visit(r, to, x)
	}
	perhaps := func(x *Workload) bool {
		seen := map[int]bool{}
		for _, list := range [][]int{nodesOf(t.by[g.account+" pods.eks.amazonaws.com"]), nodesOf(t.by[g.account+" ec2.amazonaws.com"]), nodesOf(t.by[g.account+" ?"]), t.federated[g.account]} {
			for _, to := range list {
				if !seen[to] && f.w.mayRunInCluster(f.nodes[to].p) && !visit(r, to, x) {
					return false
				}
				seen[to] = true
			}
		}
		return true
	}
	may := allows.includes(r.needs)
	if may {
		for _, x := range f.byKind[clusterKind+" "+g.account] {
			if x.Role == "" && x.unread["role"] != "" {
				if !perhaps(x) {
					return false
				}
			} else if !enter(x) {
				return false
			}
		}
		if f.w.kindUnread(clusterKind, g.account) != "" && !perhaps(nil) {
			return false
		}
	}
	if len(f.entered) == 0 {
		return true
	}
	for _, n := range g.members {
		for _, x := range f.entered[f.nodes[n].p.ARN] {
			if (!may || x.Account != g.account) && !enter(x) {
				return false
			}
		}
	}
	return true
}

func nodesOf(r *roster) []int {
	if r == nil {
		return nil
	}
	return r.nodes
}

// granted visits workloads whose own policy lets in others to do what a rule needs, whatever those are allowed themselves; and those
// whose policy was not read, which may.
func (f *field) granted(r *rule, t *targets, visit func(r *rule, to int, x *Workload) bool) (stopped bool) {
	if r.technique.Workload != "function" {
		return false // others have no such policies
	}
	for _, x := range f.openFunctions(r) {
		if to, ok := f.byARN[x.Role]; ok && t.has(f, to) && !visit(r, to, x) {
			return true
		}
	}
	for _, account := range f.unlisted {
		for _, name := range append(slices.Clone(r.technique.Trusts), "?") {
			if list := t.by[account+" "+name]; list != nil {
				for _, to := range list.nodes {
					if !visit(r, to, nil) {
						return true
					}
				}
			}
		}
	}
	return false
}

// openFunctions are those whose own policy may let in others by a rule.
func (f *field) openFunctions(r *rule) []*Workload {
	open, ok := f.open[r]
	if !ok {
		for _, x := range f.workloads {
			o := f.w.objects[x.ARN]
			if x.Kind == "function" && o != nil && o.policy != nil && (o.policy.Document == nil || f.w.documents.of(o.policy.Document).mayAllow(r.technique.Actions[0])) {
				open = append(open, x)
			}
		}
		f.open[r] = open
	}
	return open
}

// has reports whether a node is among the targets.
func (t *targets) has(f *field, node int) bool {
	p := f.nodes[node].p
	in := t.roles
	if p.Kind == "user" {
		in = t.users
	}
	r := in[p.Account]
	if r == nil {
		return false
	}
	_, ok := slices.BinarySearch(r.arns, p.ARN)
	return ok
}

// prove decides a rule for a member of a group. What is true of one member is true of all, unless the target's own policy tells
// them apart.
func (f *field) prove(node int, r *rule, to int, x *Workload) proof {
	n := f.nodes[node]
	key := proofKey{group: n.group.members[0], rule: r, to: to, workload: x}
	personal := f.personal(r, to, x) || node == to
	if !personal {
		if known, ok := f.proofs[key]; ok {
			return known
		}
	}
	result := f.prover(n.group, personal).become(n.p, r, f.nodes[to].p, x)
	if !personal {
		f.proofs[key] = proof{strength: result.strength}
	}
	return result
}

// prover decides for a group: what it decided once counts for all members, unless a target tells them apart.
func (f *field) prover(g *group, personal bool) *prover {
	if personal {
		return f.w.prover()
	}
	if g.prover == nil {
		g.prover = &prover{World: f.w, memo: map[string]remembered{}}
	}
	return g.prover
}

// personal reports whether a target's own policy may tell members of a group apart.
func (f *field) personal(r *rule, to int, x *Workload) bool {
	arn := f.nodes[to].p.ARN
	if r.name == "cluster" {
		return true // an entry is one principal's
	}
	if r.name == "existing" && x != nil {
		arn = x.ARN
	} else if r.name != "assume" {
		return false
	}
	o := f.w.objects[arn]
	if o == nil || o.policy == nil || o.policy.Document == nil {
		return false
	}
	return f.w.documents.of(o.policy.Document).tells()
}
