package access

import (
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/policy"
)

const federatedToken = "x:GetFederationToken"

// Persists says whether a user can begin a session of sts:GetFederationToken: for up to 36 hours it may do what the user may and the session's
// own policy lets through, and it goes on when the user's keys are deleted. It gains nothing that the user has not, but for what
// policies of resources give to the session by its name: that is not an escalation but a way to stay. By the API it calls nothing of
// IAM, and of STS GetCallerIdentity alone; in the console, to which it may sign in, IAM is open to it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
func (w *World) Persists(p *Principal) (Strength, []Answer) {
	if p.Kind != "user" || !w.mayAllow(p, "sts:GetFederationToken") {
		return No, nil
	}
	return w.asItIs().checkSome(p, "sts:GetFederationToken", p.Account, nil, true)
}

// federates says whether a user can do an action through such a session, under a name that the resource's own policy lets in.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getfederationtoken.html
func (w *prover) federates(p *Principal, action, resource string) proof {
	best := none
	if p.Kind != "user" || service(action) == "iam" || service(action) == "sts" {
		return best
	}
	o := w.object(action, resource)
	if o.policy == nil || o.policy.Document == nil {
		return best
	}
	for _, name := range w.documents.of(o.policy.Document).sessionsOf(p.Account) {
		f := proof{strength: Yes}
		if !f.also(w.check(p, "sts:GetFederationToken", name, nil)) {
			continue
		}
		session := *p
		session.ARN = name
		session.Caller.Kind, session.Caller.ARN, session.Caller.User = policy.FederatedUser, name, p.ARN
		session.Policies.Session = []policy.Source{{Name: "a session policy that allows everything", Document: w.everything()}}
		_, id, _ := strings.Cut(name, ":federated-user/")
		given := map[string][]string{"aws:principalarn": {name}, "aws:principaltype": {"FederatedUser"}, "aws:userid": {p.Account + ":" + id}, "aws:username": nil}
		request, policies := w.question(&session, action, resource, given)
		s, a := w.settle(&session, request, policies, given)
		a.Principal = p
		if f.also(s, a); f.strength > best.strength {
			best = f
		}
	}
	return best
}

// sessionsOf are the federated sessions of an account that a document's Principal elements name, sorted.
func (c *document) sessionsOf(account string) []string {
	var all []string
	for arn := range c.named {
		if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 && parts[2] == "sts" && parts[4] == account && strings.HasPrefix(parts[5], "federated-user/") {
			all = append(all, arn)
		}
	}
	slices.Sort(all)
	return all
}
