package access

import (
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/onus-cloud/onus/internal/policy"
)

// class is principals that no identity policy, boundary or organisation policy can tell apart: what one may do to a resource
// that does not name them, all may. Resource policies and actions on oneself are looked at for each principal anyway.
type class struct {
	members []*Principal
	allows  actionSet // what some identity policy might allow; all, where one was not read
}

// classify sorts principals into classes. Two are told apart by their account and kind, the policies they have, and, where one of
// those asks for what differs between them (a tag, a name), by how they answer it.
func (w *World) classify() {
	index := map[string]int{}
	var tags []string
	for _, p := range w.principals {
		key, alone, asked := w.classKey(p)
		tags = append(tags, asked...)
		if alone {
			key = p.ARN
		}
		i, ok := index[key]
		if !ok {
			i = len(w.classes)
			index[key] = i
			w.classes = append(w.classes, &class{allows: w.allows(&p.Policies, p.Kind)})
		}
		w.classes[i].members = append(w.classes[i].members, p)
		p.class = i
	}
	w.tagKeys = tags
	for i := range w.objects {
		if o := w.objects[i]; o.policy != nil && o.policy.Document != nil {
			keys := tagKeys(w.documents.of(o.policy.Document))
			w.tagKeys = append(w.tagKeys, keys...)
			w.resourcesAskTags = w.resourcesAskTags || len(keys) > 0
		}
	}
	w.tagKeys = sortedSet(w.tagKeys)
	for _, d := range w.documents.list {
		w.labelKeys = append(w.labelKeys, d.labels...)
	}
	w.labelKeys = sortedSet(w.labelKeys)
}

func tagKeys(d *document) []string {
	var keys []string
	for _, k := range append(append([]string(nil), d.keys...), d.variables...) {
		if strings.HasPrefix(k, "aws:principaltag/") {
			keys = append(keys, k)
		}
	}
	return keys
}

// allows are the actions of escalations that the identity policies might allow.
func (w *World) allows(ps *policy.Policies, kind string) actionSet {
	var set actionSet
	for _, s := range ps.Identity {
		if s.Document == nil {
			return everyAction
		}
		set = set.union(w.documents.of(s.Document).allows)
	}
	if kind == "root" {
		return everyAction
	}
	return set
}

// sure are the actions of escalations that the identity policies might allow surely.
func (w *World) sure(ps *policy.Policies) actionSet {
	var set actionSet
	for _, s := range ps.Identity {
		if s.Document != nil {
			set = set.union(w.documents.of(s.Document).sure)
		}
	}
	return set
}

// classKey is what tells principals apart; alone says that no other can be like it; asked are the keys on tags that were asked for.
func (w *World) classKey(p *Principal) (key string, alone bool, asked []string) {
	var b strings.Builder
	b.WriteString(p.Account)
	b.WriteString(p.Kind)
	if p.ServiceLinked() {
		b.WriteByte('!')
	}
	if p.tags != nil { // who chooses them says which they may be
		by, alone, _ := w.classKey(p.tags.by)
		if alone || p.tags.own {
			by += p.tags.by.ARN
		}
		b.WriteString("tags of " + p.ARN + strconv.FormatBool(p.tags.own) + strconv.FormatBool(p.tags.session) + " by (" + by + ")")
	}
	var ids []int
	var documents []*document
	add := func(sources []policy.Source) {
		ids = ids[:0]
		for _, s := range sources {
			if s.Document == nil {
				b.WriteString("|" + s.Unread)
				continue
			}
			d := w.documents.of(s.Document)
			ids = append(ids, d.id)
			documents = append(documents, d)
		}
		sort.Ints(ids)
		for _, id := range ids {
			b.WriteByte(',')
			b.WriteString(strconv.Itoa(id))
		}
	}
	add(p.Policies.Identity)
	b.WriteByte('/')
	add(p.Policies.Boundary)
	if p.Policies.Session != nil {
		b.WriteByte('/')
		add(p.Policies.Session)
	}
	for _, levels := range [][]policy.Level{p.Policies.ServiceControl, w.guardrails(p.Account).resource} {
		for _, l := range levels {
			for _, s := range l.Sources {
				if s.Document != nil {
					documents = append(documents, w.documents.of(s.Document))
				}
			}
		}
	}
	for _, d := range documents {
		asked = append(asked, tagKeys(d)...)
		if len(d.variables) > 0 {
			alone = true // it may name a resource, or be compared, in too many ways
		}
		for _, k := range d.keys {
			value, one := principalValue(p, k)
			if !one {
				alone = true
				continue
			}
			if strings.HasPrefix(k, "aws:principaltag/") {
				b.WriteString("\x00" + k + "=" + value)
				continue
			}
			for _, pattern := range d.patterns[k] {
				if policy.Match(pattern, value) {
					b.WriteString("\x00" + k + "~" + pattern)
				}
				if strings.EqualFold(pattern, value) {
					b.WriteString("\x00" + k + "=" + value)
				}
				if strings.Contains(pattern, "${") {
					alone = true
				}
			}
		}
	}
	return b.String(), alone, asked
}

// onThemselves are the changes that a policy may allow somebody on himself and not on others who are alike.
var onThemselves = need("iam:PutUserPolicy", "iam:AttachUserPolicy", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:DeleteUserPermissionsBoundary",
	"iam:DeleteRolePermissionsBoundary", "iam:PutUserPermissionsBoundary", "iam:PutRolePermissionsBoundary", "iam:DetachUserPolicy", "iam:DetachRolePolicy",
	"iam:DeleteUserPolicy", "iam:DeleteRolePolicy").union(tagsPrincipals)

var intoVersions = need("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion")

// madeKey is what tells apart principals that somebody changed: two of one key can be made into the same from there on.
func (w *World) madeKey(p *Principal) string {
	key, alone, _ := w.classKey(p)
	if p.unlimited() {
		return key
	}
	for _, sources := range [][]policy.Source{p.Policies.Identity, p.Policies.Boundary} {
		for _, s := range sources {
			alone = alone || s.Document != nil && w.documents.of(s.Document).picks
		}
	}
	if alone {
		key += p.ARN
	}
	key += "\x00" + strconv.Itoa(p.given) + "\x00" + strings.Join(sortedSet(slices.Clone(p.Groups)), ",")
	if w.allows(&p.Policies, p.Kind).meets(intoVersions) {
		key += "\x00" + strings.Join(w.versioned(p), ",")
	}
	return key
}

// principalValue is what a principal answers to a key that differs between principals, and whether that is known and one value.
func principalValue(p *Principal, key string) (string, bool) {
	switch key {
	case "aws:principalarn":
		return p.ARN, true
	case "aws:username":
		if p.Kind == "user" {
			return p.Name, true
		}
		return "", true
	case "aws:userid":
		return "", false
	}
	labels, ok := p.labels()
	if !ok {
		return "", false
	}
	name := strings.TrimPrefix(key, "aws:principaltag/")
	for k, v := range labels {
		if strings.EqualFold(k, name) {
			return "+" + v, true
		}
	}
	return "", true
}

// labels are the tags of a user or role, and whether they are known.
func (p *Principal) labels() (map[string]string, bool) {
	switch {
	case p.user != nil:
		l, ok := p.user.Labels.Value()
		return l, ok || p.user.Labels.Absent()
	case p.role != nil:
		l, ok := p.role.Labels.Value()
		return l, ok || p.role.Labels.Absent()
	}
	return nil, true
}
