package access

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/onus-cloud/onus/internal/iamdata"
	"github.com/onus-cloud/onus/internal/policy"
)

// managedMost is how many managed policies AWS lets a user, a group or a role have at most (10, where nobody asked for more).
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const managedMost = 20

// candidatesMost is how many of an account's own policies are tried where AdministratorAccess is refused: those that allow most.
const candidatesMost = 48

// attaches are the ways by which p lets q do more through a managed policy other than AdministratorAccess, which conditions on
// iam:PolicyARN keep from him: one that allows everything, or that he writes so; else those that he may attach. Only what is surer than
// "than" is wanted. To names what it is attached to, which has some already: q, or a group that q is in.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
func (w *prover) attaches(p, q *Principal, action, id, to, arn string, has int, given map[string][]string, than Strength, may func(string) bool) []derivation {
	if s, _ := w.check(p, action, arn, given); s <= than {
		return nil
	}
	attach := func(policyARN string) proof {
		with := maps.Clone(given)
		if with == nil {
			with = map[string][]string{}
		}
		with["iam:policyarn"] = []string{policyARN}
		f := proof{strength: Yes}
		f.also(w.check(p, action, arn, with))
		return f
	}
	best := than // of those that lead to everything
	var all []derivation
	powers := func(id, text string, f proof) {
		if f.strength > best {
			best = f.strength
			all = append(all, derivation{id: id, text: text, made: w.empowered(q), proof: f})
		}
	}
	var gains []gain
	for _, c := range w.attachables(p, "iam:policyarn") {
		f := attach(c.arn)
		if f.strength == No {
			continue
		}
		if c.everything {
			powers(id, "attaches policy "+c.name()+", which allows everything, to "+to, f)
		}
		if g := f.fork(); may("iam:CreatePolicyVersion") && !ofAWS(c.arn) && g.also(w.check(p, "iam:CreatePolicyVersion", c.arn, nil)) {
			powers("pf:iam-001", "makes a new version of policy "+c.name()+" that allows everything and attaches it to "+to, g)
		}
		if c.weight == 0 || q.given&givenPolicies != 0 {
			continue
		}
		gains = append(gains, gain{c.name(), []policy.Source{c.source}, f})
	}
	if may("iam:CreatePolicy") && best < Yes {
		own := "arn:" + w.partition + ":iam::" + p.Account + ":policy/"
		for _, pattern := range append(w.policyARNs(p, "iam:policyarn"), w.names(p, "iam:CreatePolicy", own+"*")...) {
			name := made(pattern, "", p.Account)
			if !strings.HasPrefix(name, own) || w.managed[p.Account+" "+name] != nil {
				continue
			}
			f := attach(name)
			if s, a := w.checkOn(p, "iam:CreatePolicy", name, nil, true); f.strength > No && f.also(s, a) {
				powers("awspx:CreatePolicyAttach", "makes a policy that allows everything and attaches it to "+to, f)
			}
		}
	}
	gains = slices.DeleteFunc(gains, func(g gain) bool {
		return g.proof.strength <= best || slices.Contains(q.Policies.Identity, g.sources[0])
	})
	return append(all, w.gather(q, gains, givenPolicies, managedMost-has, func(made *Principal, names []string) derivation {
		what := listed("policy", names)
		made.how = "with " + what
		return derivation{id: id, text: "attaches " + what + " to " + to}
	})...)
}

// What a principal was given already (Principal.given).
const (
	givenGroups = 1 << iota
	givenPolicies
)

// gain is something that a principal can be given: a group to be in, or a managed policy to have.
type gain struct {
	name    string
	sources []policy.Source
	proof   proof
}

// gather is what becomes of q with each of several gains, and with as many together as there is room for. What denies nothing only ever
// adds: whatever some of it leads to, all of it leads to, so that the sets that there are of dozens of groups need not be tried. Each kind
// of gain is given once.
func (w *prover) gather(q *Principal, gains []gain, kind, room int, derive func(made *Principal, names []string) derivation) []derivation {
	if room <= 0 {
		return nil
	}
	var all []derivation
	var of func(gs []gain) derivation
	of = func(gs []gain) derivation {
		made := w.changed(q, "", nil)
		made.Policies.Identity = slices.Clone(q.Policies.Identity)
		made.given |= kind
		f := proof{strength: Yes}
		var names []string
		for _, g := range gs {
			names = append(names, g.name)
			made.Policies.Identity = append(made.Policies.Identity, g.sources...)
			f.also(g.proof.strength, g.proof.answers...)
		}
		d := derive(made, names)
		made.how = strings.TrimPrefix(q.how+", "+made.how, ", ")
		d.made, d.proof = made, f
		if len(gs) > 1 {
			d.several, d.of = gs, of
		}
		return d
	}
	add := func(gs ...gain) { all = append(all, of(gs)) }
	slices.SortStableFunc(gains, func(a, b gain) int { return w.weight(b.sources) - w.weight(a.sources) })
	before := 0
	if q.given == 0 { // one by one for shorter ways alone, so not on top of another kind
		before = 1
		for _, g := range gains {
			add(g)
		}
	}
	harmless := slices.DeleteFunc(slices.Clone(gains), func(g gain) bool { return w.deny(g.sources) })
	for _, s := range []Strength{Yes, May, Unknown} {
		together := slices.DeleteFunc(slices.Clone(harmless), func(g gain) bool { return g.proof.strength < s })
		together = together[:min(len(together), room)]
		if len(together) > before {
			add(together...)
			before = len(together)
		}
	}
	for _, g := range gains {
		if w.deny(g.sources) && (len(harmless) > 0 && room > 1 || q.given != 0) {
			add(append([]gain{g}, harmless[:min(len(harmless), room-1)]...)...)
		}
	}
	return all
}

// least is a change without those of its gains that it does not take.
func (d derivation) least(suffices func(made *Principal) bool) derivation {
	for i := len(d.several) - 1; i >= 0 && len(d.several) > 1; i-- {
		if less := d.of(slices.Delete(slices.Clone(d.several), i, i+1)); suffices(less.made) {
			if d = less; d.several == nil {
				break
			}
		}
	}
	return d
}

// weight puts policies in an order: those first that surely change most of what somebody may do, then those that allow most of what
// escalations take; 0 for none of it.
func (w *World) weight(sources []policy.Source) int {
	ps := &policy.Policies{Identity: sources}
	return w.sure(ps).meet(changing).size()*len(actions) + w.allows(ps, "").size()
}

func (w *World) deny(sources []policy.Source) bool {
	return slices.ContainsFunc(sources, func(s policy.Source) bool { return s.Document != nil && w.documents.of(s.Document).denies })
}

// groupsMost is how many groups a user may be in.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const groupsMost = 10

// joins are the groups of its account that a user is not in and could be put into: those that have policies, or could be given some.
func (w *prover) joins(p, q *Principal, may func(string) bool) []derivation {
	if q.given&givenGroups != 0 {
		return nil
	}
	var gains []gain
	for _, g := range w.estate.Groups {
		if g.Reference.Account != q.Account || slices.Contains(q.Groups, g.Reference.ID) {
			continue
		}
		if len(g.Inline)+len(g.Managed) == 0 && !may("iam:PutGroupPolicy") && !may("iam:AttachGroupPolicy") {
			continue
		}
		f := proof{strength: Yes}
		if f.also(w.check(p, "iam:AddUserToGroup", g.Reference.ARN, nil)) {
			gains = append(gains, gain{g.Reference.ID, w.attached(q.Account, "group "+g.Reference.ID, g.Attached), f})
		}
	}
	return w.gather(q, gains, givenGroups, groupsMost-len(q.Groups), func(made *Principal, names []string) derivation {
		made.Groups = append(slices.Clone(q.Groups), names...)
		what := listed("group", names)
		made.how = "in " + what
		return derivation{id: "pf:iam-013", text: "puts " + q.called() + " into " + what}
	})
}

// listed is "group a", or "groups a, b".
func listed(what string, names []string) string {
	if len(names) == 1 {
		return what + " " + names[0]
	}
	return map[string]string{"group": "groups ", "policy": "policies "}[what] + strings.Join(names, ", ")
}

// attachable is a managed policy that is worth attaching.
type attachable struct {
	arn        string
	source     policy.Source
	everything bool // it allows everything, and denies nothing
	weight     int  // see World.weight
}

func (a *attachable) name() string { return a.arn[strings.LastIndexByte(a.arn, '/')+1:] }

// attachables are policies of p's account, those first that allow most of what escalations take; with them those of AWS's that conditions
// on a key name in p's policies, and to attach AWS's strongest.
func (w *World) attachables(p *Principal, key string) []attachable {
	all := slices.Clone(w.ownAttachables(p.Account))
	add := func(arn string) {
		if c, ok := w.attachable(p.Account, arn); ok && !slices.ContainsFunc(all, func(x attachable) bool { return x.arn == arn }) {
			all = append(all, c)
		}
	}
	for _, arn := range w.policyARNs(p, key) {
		if strings.Contains(arn, ":iam::aws:policy/") && !strings.ContainsAny(arn, "*?") {
			add(arn)
		}
	}
	if key == "iam:policyarn" {
		for _, arn := range strongestOfAWS() {
			add("arn:" + w.partition + ":" + arn)
		}
	}
	slices.SortStableFunc(all, func(a, b attachable) int { return b.weight - a.weight })
	return all
}

// strongestOfAWS are those of AWS's policies that allow most of what escalations take without conditions, without their partition.
var strongestOfAWS = sync.OnceValue(func() []string {
	const most = 16
	weights := map[string]int{}
	var arns []string
	for _, m := range iamdata.ManagedPolicies() {
		d, err := policy.Parse(m.Document)
		if err != nil || m.Name == "AdministratorAccess" {
			continue
		}
		_, arn, _ := strings.Cut(strings.TrimPrefix(m.ARN, "arn:"), ":")
		weights[arn] = newDocument(d, 0).sure.size()
		arns = append(arns, arn)
	}
	slices.SortFunc(arns, func(a, b string) int { return cmp.Or(weights[b]-weights[a], strings.Compare(a, b)) })
	return arns[:min(len(arns), most)]
})

// policyARNs are the patterns that conditions of p's policies compare a key with whose values are ARNs of policies.
func (w *World) policyARNs(p *Principal, key string) []string {
	all := comparedWith(&p.Policies, key)
	for i, v := range all {
		all[i] = w.filled(p, v)
	}
	return all
}

func (w *World) ownAttachables(account string) []attachable {
	w.mu.Lock()
	all, ok := w.strongest[account]
	w.mu.Unlock()
	if ok {
		return all
	}
	for _, m := range w.estate.ManagedPolicies {
		if m.Reference.Account == account && !ofAWS(m.Reference.ARN) {
			if c, ok := w.attachable(account, m.Reference.ARN); ok {
				all = append(all, c)
			}
		}
	}
	slices.SortFunc(all, func(a, b attachable) int { return cmp.Or(b.weight-a.weight, strings.Compare(a.arn, b.arn)) })
	all = all[:min(len(all), candidatesMost)]
	w.mu.Lock()
	w.strongest[account] = all
	w.mu.Unlock()
	return all
}

func (w *World) attachable(account, arn string) (attachable, bool) {
	c := attachable{arn: arn, source: w.managedPolicy(account, arn)}
	if c.source.Document == nil {
		return c, false
	}
	d := w.documents.of(c.source.Document)
	c.weight = w.weight([]policy.Source{c.source})
	c.everything = !d.denies && slices.ContainsFunc(d.Statements, func(s policy.Statement) bool {
		return s.Effect == policy.Allow && len(s.Condition) == 0 && slices.Contains(s.Action, "*") && slices.Contains(s.Resource, "*")
	})
	return c, true
}
