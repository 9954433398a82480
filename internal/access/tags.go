package access

import (
	"maps"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/policy"
)

// tagging is who chooses the tags under which a principal acts: conditions on tags then hold where he may set the tag that they want.
// Which tags those are is not fixed beforehand: each decision asks for its own, and the decisions that let him set them come with it.
type tagging struct {
	by      *Principal
	of      *Principal // as whom, before the tags
	own     bool       // the principal's own tags may be chosen; else those of what it acts on alone
	session bool       // they are those of a session that by begins, not those of the user or the role
	plain   Strength   // how surely the session begins without tags; yes where it is none
}

// tagsDeep is how many choices of tags are followed one on top of the other: who was tagged so that he may tag.
const tagsDeep = 2

func (t *tagging) depth() int {
	if t == nil {
		return 0
	}
	return 1 + t.by.tags.depth()
}

// tagsOf is what sets tags of a resource, and what takes them off; empty where nothing that is known does. What a condition on tags of a
// stack or a build project asks for comes with changes of those themselves.
func tagsOf(arn string) (set, unset string) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return "", ""
	}
	switch parts[2] {
	case "ec2":
		return "ec2:CreateTags", "ec2:DeleteTags"
	case "iam":
		kind, _, _ := strings.Cut(parts[5], "/")
		switch kind {
		case "role", "user", "policy":
			kind = strings.ToUpper(kind[:1]) + kind[1:]
			return "iam:Tag" + kind, "iam:Untag" + kind
		}
	case "sqs":
		return "sqs:TagQueue", "sqs:UntagQueue"
	case "sagemaker":
		return "sagemaker:AddTags", "sagemaker:DeleteTags"
	case "lambda", "ecs", "states", "glue", "dynamodb", "kms", "secretsmanager", "sns", "bedrock-agentcore", "cognito-identity":
		return parts[2] + ":TagResource", parts[2] + ":UntagResource"
	}
	return "", ""
}

// labellers are the actions that set tags of resources, or take them off, by which others' conditions on those can be met.
var labellers = need("ec2:CreateTags", "ec2:DeleteTags", "iam:TagRole", "iam:UntagRole", "iam:TagUser", "iam:UntagUser", "iam:TagPolicy", "lambda:TagResource", "ecs:TagResource",
	"states:TagResource", "glue:TagResource", "dynamodb:TagResource", "kms:TagResource", "secretsmanager:TagResource", "sns:TagResource", "sqs:TagQueue", "sagemaker:AddTags",
	"bedrock-agentcore:TagResource", "cognito-identity:TagResource")

// tagsPrincipals are those that set tags of users and roles, or take them off.
var tagsPrincipals = need("iam:TagRole", "iam:UntagRole", "iam:TagUser", "iam:UntagUser")

func sets(action string) bool {
	i, ok := actionIndex[strings.ToLower(action)]
	return ok && labellers.has(i)
}

// tagName is the tag that a condition key is about, and whether it is the principal's; ok is false for other keys.
func tagName(key string) (name string, principal, ok bool) {
	if len(key) > len("aws:principaltag/") && strings.EqualFold(key[:len("aws:principaltag/")], "aws:principaltag/") {
		return key[len("aws:principaltag/"):], true, true
	}
	service, rest, found := strings.Cut(key, ":")
	if found && service != "" && len(rest) > len("resourcetag/") && strings.EqualFold(rest[:len("resourcetag/")], "resourcetag/") {
		return rest[len("resourcetag/"):], false, true
	}
	return "", false, false
}

// tagServices are the prefixes of the condition keys that an action sees tags of its resource under.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html (iam:ResourceTag)
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2instanceconnect.html (ec2:ResourceTag)
func tagServices(action string) []string {
	switch s := service(action); s {
	case "sts":
		return []string{"aws", "iam"}
	case "ec2-instance-connect":
		return []string{"aws", "ec2"}
	default:
		return []string{"aws", s}
	}
}

// asksTags reports whether what bears on a principal's requests may ask for its tags.
func (w *World) asksTags(q *Principal) bool {
	return w.resourcesAskTags || w.asks(q, func(d *document) bool { return len(tagKeys(d)) > 0 })
}

// asksLabels reports whether what bears on a principal's requests may ask for the tags of what they are about.
func (w *World) asksLabels(q *Principal) bool {
	return len(w.labelKeys) > 0 && w.asks(q, func(d *document) bool { return len(d.labels) > 0 })
}

func (w *World) asks(q *Principal, what func(*document) bool) bool {
	any := func(sources []policy.Source) bool {
		return slices.ContainsFunc(sources, func(s policy.Source) bool { return s.Document != nil && what(w.documents.of(s.Document)) })
	}
	if any(q.Policies.Identity) || any(q.Policies.Boundary) {
		return true
	}
	for _, levels := range [][]policy.Level{q.Policies.ServiceControl, w.guardrails(q.Account).resource} {
		if slices.ContainsFunc(levels, func(l policy.Level) bool { return any(l.Sources) }) {
			return true
		}
	}
	return false
}

// withTags is q under tags that by chooses. Where nothing that lets by choose them asks for by's own tags, these are left as they are.
func (w *World) withTags(q, by *Principal, like tagging) *Principal {
	if by.tags != nil && by.tags.plain == Yes && !w.asksTags(by) {
		by = by.tags.of
	}
	of := q
	if q.tags != nil {
		of = q.tags.of
	}
	how := "with tags of its choice"
	if like.session {
		how = "with session tags of choice"
	}
	made := w.changed(of, how, nil)
	made.tags = &tagging{by: by, of: of, own: like.own, session: like.session, plain: Yes}
	if q.tags != nil {
		made.tags.plain = q.tags.plain
	}
	if like.session {
		made.tags.plain = w.prover().assumeRole(by, of).strength
	}
	return made
}

// retags is the change of q's tags, and of those of what q acts on, by p. That it can set some tag is enough here: whether it may set the
// one that a decision takes is asked there.
func (w *prover) retags(p, q *Principal) []derivation {
	if p.tags.depth() >= tagsDeep || q.tags != nil && p.ARN != q.ARN {
		return nil
	}
	f := proof{strength: No}
	own := false
	if kind := map[string]string{"user": "User", "role": "Role"}[q.Kind]; kind != "" && w.asksTags(q) {
		for _, action := range []string{"iam:Tag" + kind, "iam:Untag" + kind} {
			if !w.mayAllow(p, action) {
				continue
			}
			if s, a := w.check(p, action, q.ARN, nil); s > No {
				own = true
				f.answers = append(f.answers, a)
			}
		}
	}
	labels := p.ARN != q.ARN && w.asksLabels(q) && w.allows(&p.Policies, p.Kind).meets(labellers) && !w.labelsToo(q, p)
	if !own && !labels {
		return nil
	}
	f.strength = Yes
	return []derivation{{text: "chooses tags of " + q.called(), made: w.withTags(q, p, tagging{own: own}), proof: f, silent: true}}
}

// labelsToo reports whether q surely may set all the tags of resources that p may: it has every policy of p's that lets it, and nothing that
// takes from that. Then p has nothing to set for it.
func (w *World) labelsToo(q, p *Principal) bool {
	if q.Account != p.Account || q.Policies.Boundary != nil || p.tags != nil || q.tags != nil {
		return false
	}
	has := map[*policy.Document]bool{}
	for _, s := range q.Policies.Identity {
		if s.Document == nil {
			return false
		}
		if d := w.documents.of(s.Document); d.denies || d.varies() {
			return false
		}
		has[s.Document] = true
	}
	for _, s := range p.Policies.Identity {
		if s.Document == nil {
			return false
		}
		if d := w.documents.of(s.Document); !has[s.Document] && (d.varies() || d.allows.meets(labellers)) {
			return false
		}
	}
	return true
}

// sessions is the session of q that p begins with tags that it chooses.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
func (w *prover) sessions(p, q *Principal) []derivation {
	if p == q || p.ARN == q.ARN || q.tags != nil || p.tags.depth() >= tagsDeep || !w.takesTags(q) || !w.asksTags(q) {
		return nil
	}
	f := w.assumeRole(p, q)
	if f.strength == No || !f.also(w.check(p, "sts:TagSession", q.ARN, nil)) {
		return nil
	}
	f.strength = Yes // with which tags it may begin is asked where it takes them
	return []derivation{{text: "chooses session tags of " + q.called(), made: w.withTags(q, p, tagging{own: true, session: true}), proof: f, silent: true}}
}

// takesTags reports whether a role's trust policy may let in sessions with tags: within an account, too, it must allow sts:TagSession.
func (w *World) takesTags(q *Principal) bool {
	if q.role == nil || q.ServiceLinked() {
		return false
	}
	o := w.objects[q.ARN]
	return o != nil && o.policy != nil && (o.policy.Document == nil || w.documents.of(o.policy.Document).mayAllow("sts:TagSession"))
}

// passedOn are the tags that every session of a role has had to bring as transitive, in lower case: whoever goes on from there cannot give
// them other values. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
func (w *World) passedOn(q *Principal) map[string]bool {
	o := w.objects[q.ARN]
	if q.role == nil || o == nil || o.policy == nil || o.policy.Document == nil {
		return nil
	}
	var all map[string]bool
	for i := range o.policy.Document.Statements {
		s := &o.policy.Document.Statements[i]
		if s.Effect != policy.Allow || !covers(s, "sts:TagSession") && !covers(s, "sts:AssumeRole") {
			continue
		}
		one := map[string]bool{}
		for _, c := range s.Condition {
			if c.Is("sts:transitivetagkeys") && !c.Operator.ForAllValues && !c.Operator.IfExists && !c.Operator.Negated() && len(c.Values) == 1 {
				one[strings.ToLower(c.Values[0])] = true
			}
		}
		if covers(s, "sts:AssumeRole") && !covers(s, "sts:TagSession") && len(one) == 0 {
			continue // it lets in, and says nothing of tags: another statement does
		}
		if all == nil {
			all = one
		}
		maps.DeleteFunc(all, func(k string, _ bool) bool { return !one[k] })
	}
	return all
}
