package access

import (
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/policy"
)

// mints are the new users and roles that p can make, act as, and give rights: those that it may write or attach, or groups.
func (w *prover) mints(p *Principal, allows actionSet) []derivation {
	var all []derivation
	for _, kind := range []string{"User", "Role"} {
		if !allows.includes(need("iam:Create"+kind)) || !allows.meets(need("iam:Attach"+kind+"Policy", "iam:Put"+kind+"Policy", "iam:AddUserToGroup")) {
			continue
		}
		best := No
		for _, arn := range w.newNames(p, kind) {
			ways := w.mintsAs(p, allows, kind, arn)
			best = max(best, unlimitedBy(ways))
			if all = append(all, ways...); best == Yes {
				break
			}
		}
	}
	return all
}

// newNames are ARNs that p may give to what it makes: those that its policies speak of, since all steps must be allowed on one.
func (w *prover) newNames(p *Principal, kind string) []string {
	const tries = 8
	var names []string
	pattern := "arn:" + w.partition + ":iam::" + p.Account + ":" + strings.ToLower(kind) + "/*"
	for _, action := range []string{"iam:Create" + kind, "iam:Put" + kind + "Policy", "iam:Attach" + kind + "Policy", "iam:CreateAccessKey", "iam:CreateLoginProfile"} {
		for _, name := range w.names(p, action, pattern) {
			if name = made(name, "", p.Account); !slices.Contains(names, name) && w.byARN[name] == nil && len(names) < tries {
				names = append(names, name)
			}
		}
	}
	return names
}

// mintsAs are the ways to a new principal of one name.
func (w *prover) mintsAs(p *Principal, allows actionSet, kind, arn string) []derivation {
	f := proof{strength: Yes}
	s, a := w.creates(p, "iam:Create"+kind, arn)
	if !f.also(s, a) {
		return nil
	}
	lower := strings.ToLower(kind)
	fresh := w.fresh(p, lower, arn, a.With["iam:permissionsboundary"])
	if s, answers := w.enters(p, fresh, allows); !f.also(s, answers...) {
		return nil
	}
	var told func(d derivation) derivation
	told = func(d derivation) derivation {
		g := f.fork()
		g.also(d.proof.strength, d.proof.answers...)
		g.unread = append(g.unread, d.proof.unread...)
		if id, ok := mintedBy[d.id]; ok {
			d.id = id
		}
		d.text, d.proof, d.minted = "makes a new "+lower+", "+fresh.Name+", and "+d.text, g, true
		if some := d.of; some != nil {
			d.of = func(gs []gain) derivation { return told(some(gs)) }
		}
		return d
	}
	var all []derivation
	for _, d := range w.modifies(p, fresh, allows) {
		all = append(all, told(d))
	}
	return all
}

// creates decides on making a user or role: without a boundary, or else under the one that bounds least of those that it may have.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate
func (w *prover) creates(p *Principal, action, arn string) (Strength, Answer) {
	under := func(boundary []string) (Strength, Answer) {
		return w.checkOn(p, action, arn, map[string][]string{"iam:permissionsboundary": boundary}, true)
	}
	best, answer := under(nil)
	if best == Yes {
		return best, answer
	}
	for _, c := range w.attachables(p, "iam:permissionsboundary") {
		if s, a := under([]string{c.arn}); s > best {
			best, answer = s, a
		}
		if best == Yes {
			return best, answer
		}
	}
	if s, a := w.checkOn(p, action, arn, nil, true); s > best { // one that was not read
		best, answer = s, a
	}
	return best, answer
}

// mintedBy are the ids of the catalogue for new principals, by how they are given rights.
var mintedBy = map[string]string{"pf:iam-005": "awspx:CreateRolePut", "pf:iam-009": "awspx:CreateRoleAttach", "pf:iam-007": "awspx:CreateUserKey",
	"pf:iam-008": "awspx:CreateUserKey", "pf:iam-013": "awspx:CreateUserAddGroup"}

// enters says how surely p can act as a user or role that it makes: with a key or a password; or since the trust policy of the role names
// it, which is enough within an account unless something denies it; or through a service that it passes the role to.
func (w *prover) enters(p, fresh *Principal, allows actionSet) (Strength, []Answer) {
	if fresh.Kind == "user" {
		best, answer := No, Answer{}
		for _, action := range []string{"iam:CreateAccessKey", "iam:CreateLoginProfile"} {
			if !allows.includes(need(action)) {
				continue
			}
			if s, a := w.check(p, action, fresh.ARN, nil); s > best {
				best, answer = s, a
			}
		}
		return best, []Answer{answer}
	}
	request, policies := w.question(p, "sts:AssumeRole", fresh.ARN, nil)
	policies.Resource = trusting(p.ARN)
	best, answer := w.choose(p, request, policies, nil)
	answers := []Answer{answer}
	for _, t := range techniques {
		if best == Yes {
			break
		}
		if t.Rule != "new" || t.Ended || w.needsProfile(t) || !slices.Contains(t.Actions, "iam:PassRole") || !allows.includes(t.needs) {
			continue
		}
		s, a := w.check(p, "iam:PassRole", fresh.ARN, map[string][]string{"iam:passedtoservice": {strings.TrimPrefix(t.Trusts[0], "federated:")}})
		through := []Answer{a}
		for _, action := range t.Actions {
			if action != "iam:PassRole" && s > best {
				some, more := w.checkNew(p, action, p.Account, nil)
				s, through = min(s, some), append(through, more...)
			}
		}
		if s > best {
			best, answers = s, through
		}
	}
	return best, answers
}

// fresh is a user or role that p makes, with nothing that it may do, under a boundary or none.
func (w *World) fresh(p *Principal, kind, arn string, boundary []string) *Principal {
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	n := &Principal{ARN: arn, Kind: kind, Account: p.Account, Name: name, class: -1, how: "new"}
	at := estate.Resource{Reference: estate.Ref{Kind: kind, Account: p.Account, Region: estate.Global, ID: name, ARN: arn}, Labels: estate.None[map[string]string]()}
	n.Ref = at.Reference
	bound := ""
	if len(boundary) == 1 {
		bound = boundary[0]
		n.Policies.Boundary = w.boundary(p.Account, bound)
	}
	if kind == "user" {
		n.user = &estate.User{Resource: at, Boundary: bound, MFADevices: estate.Know([]string{})}
		n.Caller = policy.Caller{Kind: policy.User, ARN: arn, Account: p.Account}
	} else {
		n.role = &estate.Role{Resource: at, Boundary: bound, Profiles: []string{}}
		n.Caller = policy.Caller{Kind: policy.RoleSession, Role: arn, Account: p.Account}
	}
	n.Caller.ManagesOrganization, n.Caller.CanonicalID = p.Caller.ManagesOrganization, p.Caller.CanonicalID
	n.Policies.ServiceControl = w.guardrails(p.Account).service
	return n
}
