package access

import (
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/policy"
)

const clusterKind = "kubernetes-cluster"

// cluster is what a Kubernetes cluster lets whoever administers it be: each role that its hosts or pods run as is a workload of its own.
type cluster struct {
	*estate.KubernetesCluster
	namespace string // of the pods that run as the role; empty for any
	issuer    string // of the tokens that the role trusts; empty where it comes by another way
}

// strong are the access policies under which pods can be started.
// https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
var strong = []string{"AmazonEKSClusterAdminPolicy", "AmazonEKSAdminPolicy", "AmazonEKSEditPolicy"}

// listClusters gathers the roles of hosts, of pods with an identity, and those that trust the tokens of a cluster's service accounts.
func (w *World) listClusters(add func(r estate.Ref, role string) *Workload) {
	if len(w.estate.KubernetesClusters) == 0 {
		return
	}
	trusting := w.trustingProviders()
	for _, c := range w.estate.KubernetesClusters {
		bar := func(x *Workload) {
			d, known := c.Description.Value()
			switch {
			case known && d.Authentication == "CONFIG_MAP":
				x.bars["entry"] = true // https://docs.aws.amazon.com/eks/latest/userguide/grant-k8s-access.html#set-cam
			case known && d.Authentication == "":
				x.unread["entry"] = "whether Kubernetes cluster " + c.Reference.ID + " knows access entries was not told (eks:DescribeCluster)"
			case !known:
				x.unread["entry"] = unreadOf(c.Description)
			}
		}
		found := false
		put := func(role string, of cluster) {
			if role == "" {
				return
			}
			found = true
			x := add(c.Reference, role)
			x.cluster = &of
			bar(x)
		}
		gap := ""
		groups, known := c.NodeGroups.Value()
		if !known {
			gap = unreadOf(c.NodeGroups)
		}
		for _, g := range groups {
			if d, ok := g.Description.Value(); ok {
				put(d.Role, cluster{KubernetesCluster: c})
			} else {
				gap = unreadOf(g.Description)
			}
		}
		pods, known := c.Identities.Value()
		if !known {
			gap = unreadOf(c.Identities)
		}
		for _, i := range pods {
			if role, ok := i.Role.Value(); ok {
				put(role, cluster{KubernetesCluster: c, namespace: i.Namespace})
			} else {
				gap = unreadOf(i.Role)
			}
		}
		if d, ok := c.Description.Value(); !ok {
			gap = unreadOf(c.Description) // it would tell the issuer whose tokens roles trust
		} else if d.Issuer != "" {
			for _, t := range trusting[d.Issuer] {
				put(t.role, cluster{KubernetesCluster: c, issuer: t.provider})
			}
		}
		if !found || gap != "" {
			x := add(c.Reference, "")
			x.cluster = &cluster{KubernetesCluster: c}
			x.unread["role"] = gap
			bar(x)
		}
	}
}

// trusted is a role that trusts an OpenID Connect provider, which may be one of another account with the same issuer.
type trusted struct{ role, provider string }

// trustingProviders are the roles that trust providers, by issuer, in the order of the roles.
func (w *World) trustingProviders() map[string][]trusted {
	all := map[string][]trusted{}
	for _, r := range w.estate.Roles {
		for _, provider := range w.providersOf(r.Reference.ARN) {
			_, issuer, _ := strings.Cut(provider, ":oidc-provider/")
			all[issuer] = append(all[issuer], trusted{r.Reference.ARN, provider})
		}
	}
	return all
}

// providersOf are the ARNs of the OpenID Connect providers that a role's trust policy names, sorted.
func (w *World) providersOf(role string) []string {
	o := w.objects[role]
	if o == nil || o.policy == nil || o.policy.Document == nil {
		return nil
	}
	var all []string
	for i := range o.policy.Document.Statements {
		s := &o.policy.Document.Statements[i]
		if s.Effect == policy.Allow && s.Principal != nil && covers(s, "sts:AssumeRoleWithWebIdentity") {
			all = append(all, slices.DeleteFunc(slices.Clone(s.Principal.Federated), func(f string) bool { return !strings.Contains(f, ":oidc-provider/") })...)
		}
	}
	return sortedSet(all)
}

func unreadOf[T any](k estate.Known[T]) string {
	if gap, unread := k.Unread(); unread {
		return gap.String()
	}
	return ""
}

// enter makes p an administrator of a cluster, and thereby each role that something in it runs as: by a new access entry, by a policy for
// the entry that it has, or as it stands.
// https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
func (w *prover) enter(p *Principal, t *Technique, q *Principal, x *Workload) proof {
	if q.Kind != "role" {
		return none
	}
	f := proof{strength: Yes}
	if x == nil || x.Role == "" { // a cluster that was not read, or of which not all roles were
		if p.Account != q.Account || x != nil && (x.Account != p.Account || x.unread["role"] == "" || x.bars["entry"]) || !w.mayRunInCluster(q) {
			return none
		}
		if x == nil {
			f.missing(w.kindUnread(clusterKind, p.Account))
		} else {
			f.missing(x.unread["role"])
		}
		for _, action := range t.Actions {
			if s, answers := w.checkSome(p, action, p.Account, nil, false); !f.also(s, answers...) {
				return f
			}
		}
		return f
	}
	if x.Role != q.ARN || x.bars["entry"] || x.cluster == nil {
		return none
	}
	f.missing(x.unread["entry"])
	if x.cluster.issuer != "" {
		if !f.also(w.webIdentity(q, x.cluster.issuer, nil)) {
			return none
		}
	}
	entries, read := x.cluster.Entries.Value()
	at := slices.IndexFunc(entries, func(e estate.AccessEntry) bool { return e.Principal == p.ARN })
	if at >= 0 {
		policies, known := entries[at].Policies.Value()
		if slices.ContainsFunc(policies, func(a estate.AccessPolicy) bool {
			_, name, _ := strings.Cut(a.ARN, "cluster-access-policy/")
			return slices.Contains(strong, name) && (a.Scope == "cluster" || x.cluster.namespace != "" && slices.ContainsFunc(a.Namespaces, func(n string) bool { return policy.Match(n, x.cluster.namespace) }))
		}) {
			// What the cluster asks for is a signed request of GetCallerIdentity.
			f.also(w.check(p, "sts:GetCallerIdentity", "*", nil))
			return f
		}
		if !known { // he may be in already
			g := f
			g.missing(unreadOf(entries[at].Policies))
			g.also(w.check(p, "sts:GetCallerIdentity", "*", nil))
			if s := w.associates(p, x, f); s.strength > g.strength {
				return s
			}
			return g
		}
		return w.associates(p, x, f)
	}
	if p.Account != x.Account {
		return none // clusters have no policies of their own that would let in others
	}
	// Where the entries were not read, there may be one already: then to make one fails, and is not needed.
	s, made := w.check(p, "eks:CreateAccessEntry", x.ARN, map[string][]string{"eks:principalarn": {p.ARN}, "eks:accessentrytype": {"STANDARD"}})
	if s == No && !read {
		f.missing(unreadOf(x.cluster.Entries))
	} else if !f.also(s, made) {
		return none
	}
	return w.associates(p, x, f)
}

// associates gives p's access entry a policy that is strong enough.
func (w *prover) associates(p *Principal, x *Workload, so proof) proof {
	if p.Account != x.Account {
		return none
	}
	best := none
	entry := strings.Replace(x.ARN, ":cluster/", ":access-entry/", 1) + "/" + p.Kind + "/" + p.Account + "/" + p.Name + "/onus0"
	for _, name := range strong {
		f := so.fork()
		f.also(w.check(p, "eks:AssociateAccessPolicy", entry, map[string][]string{
			"eks:policyarn": {"arn:" + w.partition + ":eks::aws:cluster-access-policy/" + name}, "eks:accessscope": {"cluster"}, "eks:namespaces": nil}))
		if f.strength > best.strength {
			best = f
		}
		if best.strength == so.strength {
			break
		}
	}
	return best
}

// mayRunInCluster reports whether a role may be that of pods or hosts of some cluster.
func (w *World) mayRunInCluster(q *Principal) bool {
	o := w.objects[q.ARN]
	if o == nil || o.policy == nil {
		return false
	}
	t := trustOf(o.policy)
	return t.unread || t.services["pods.eks.amazonaws.com"] || t.services["ec2.amazonaws.com"] || slices.ContainsFunc(w.providersOf(q.ARN), func(p string) bool { return strings.Contains(p, ":oidc-provider/oidc.eks.") })
}

// webIdentity decides whether a role lets in a token of a provider; values of claims are given by the condition keys that they are under.
func (w *World) webIdentity(role *Principal, provider string, claims map[string][]string) (Strength, Answer) {
	o := w.objects[role.ARN]
	_, issuer, _ := strings.Cut(provider, ":oidc-provider/")
	r := &policy.Request{Action: "sts:AssumeRoleWithWebIdentity", Resource: role.ARN, ResourceAccount: role.Account,
		Caller: policy.Caller{Kind: policy.WebIdentity, ARN: provider},
		Context: policy.Context{Open: true, Absent: map[string]bool{}, Values: map[string][]string{
			"aws:federatedprovider": {provider}, "aws:resourceaccount": {role.Account}}}}
	for k, v := range claims {
		r.Context.Values[k] = v
	}
	ps := &policy.Policies{ResourceControl: w.resourceControl(role.Account, "sts:AssumeRole")}
	if o != nil {
		ps.Resource = o.policy
	}
	s, a := w.settle(nil, r, ps, claims)
	if s == May && claims == nil { // who makes the tokens chooses what they say
		for _, d := range a.DependsOn {
			if !strings.HasPrefix(strings.ToLower(d.Key), strings.ToLower(issuer)+":") {
				return s, a
			}
		}
		s = Yes
	}
	return s, a
}

// widen lets in tokens for an audience of p's own: whoever the issuer gives tokens for it, and whom the rest of the trust policy admits.
// That takes a client of that issuer, which no estate can tell.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddClientIDToOpenIDConnectProvider.html
func (w *prover) widen(p, q *Principal) proof {
	best := none
	if q.Kind != "role" || p.Account != q.Account {
		return best
	}
	for _, provider := range w.providersOf(q.ARN) {
		_, issuer, _ := strings.Cut(provider, ":oidc-provider/")
		if strings.HasPrefix(issuer, "oidc.eks.") {
			continue // a cluster's tokens are made by who administers it, for any audience: nobody else is a client
		}
		audiences, unread, exists := w.audiences(provider)
		if !exists {
			continue
		}
		f := proof{strength: Yes}
		if !f.also(w.check(p, "iam:AddClientIDToOpenIDConnectProvider", provider, nil)) {
			continue
		}
		for _, audience := range append(w.named(q.ARN, issuer+":aud"), "onus0") {
			if slices.Contains(audiences, audience) {
				continue // it is let in already: nothing is widened
			}
			g := f.fork()
			if audience != "onus0" {
				g.missing(unread)
			}
			s, a := w.webIdentity(q, provider, map[string][]string{strings.ToLower(issuer) + ":aud": {audience}})
			if g.also(min(s, May), a); g.strength > best.strength {
				best = g
			}
		}
	}
	return best
}

// audiences are the client ids that a provider takes tokens for, what would have told them, and whether there is such a provider.
func (w *World) audiences(provider string) (known []string, unread string, exists bool) {
	for _, x := range w.estate.Providers {
		if x.Reference.ARN == provider {
			known, _ = x.Audiences.Value()
			return known, unreadOf(x.Audiences), true
		}
	}
	account := accountOf(provider)
	for _, gap := range w.estate.Gaps("iam:ListOpenIDConnectProviders") {
		if (gap.Account == account || gap.Account == "*") && !w.assume(gap) {
			return nil, gap.String(), true
		}
	}
	if w.estate.Complete(estate.Place{Account: account, Region: estate.Global}, "iam:ListOpenIDConnectProviders") {
		return nil, "", false // a trust policy may name what is gone
	}
	return nil, "", true
}

// named are the values of a condition key that a role's trust policy names.
func (w *World) named(role, key string) []string {
	o := w.objects[role]
	if o == nil || o.policy == nil || o.policy.Document == nil {
		return nil
	}
	var all []string
	for i := range o.policy.Document.Statements {
		for _, c := range o.policy.Document.Statements[i].Condition {
			if c.Is(key) {
				all = append(all, slices.DeleteFunc(slices.Clone(c.Values), func(v string) bool { return strings.ContainsAny(v, "*?$") })...)
			}
		}
	}
	return sortedSet(all)
}

func accountOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return ""
}
