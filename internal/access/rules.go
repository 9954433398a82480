package access

import (
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
