package access

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/iamdata"
	"github.com/onus-cloud/onus/internal/policy"
)

const (
	poolKind = "identity-pool"
	cognito  = estate.IdentityPoolIssuer

	setPoolRoles = "pf:cognitoidentity-001"
	openPool     = "x:IdentityPoolGuests"
	changePool   = "x:UpdateIdentityPool"
	vouch        = "x:IdentityPoolDeveloper"
	newPool      = "x:CreateIdentityPool"
)

// An identity pool makes tokens that say of which pool they are (aud) and how one got in (amr): "unauthenticated", or "authenticated" and
// the provider. Neither is chosen by who is let in. In the basic flow, which a pool may allow, he has the token, takes it to STS and names
// whichever role he likes: its trust policy alone decides. In the enhanced flow Cognito asks STS for him, for a role that was set for
// the pool, and narrows what guests have.
// https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html
// https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html

// token decides whether a role lets in a token of a pool, whose id is empty where it is not known.
func (w *World) token(q *Principal, pool, account string, how ...string) (Strength, Answer) {
	key := strings.Join(append([]string{q.ARN, cognito, pool, account}, how...), " ")
	m, ok := w.taken[key]
	if !ok {
		m.strength, m.answer = w.decideToken(q, pool, account, how)
		w.taken[key] = m
	}
	return m.strength, m.answer
}

func (w *World) decideToken(q *Principal, pool, account string, how []string) (Strength, Answer) {
	claims := map[string][]string{}
	if pool != "" {
		claims[cognito+":aud"] = []string{pool}
	}
	if len(how) > 0 {
		claims[cognito+":amr"] = how
	}
	if account != q.Account && !(w.asksClaim(q, "aud") && w.asksClaim(q, "amr")) {
		// Across accounts STS refuses roles that do not ask for both.
		// https://docs.aws.amazon.com/cognito/latest/developerguide/identity-pools-security-best-practices.html
		return No, Answer{}
	}
	return w.webIdentity(q, cognito, claims)
}

// asksClaim reports whether a role's trust policy asks for a claim of the tokens of identity pools.
func (w *World) asksClaim(q *Principal, claim string) bool {
	o := w.objects[q.ARN]
	if o == nil || o.policy == nil || o.policy.Document == nil {
		return true // it may
	}
	return slices.ContainsFunc(o.policy.Document.Statements, func(s policy.Statement) bool {
		return s.Asks(cognito + ":" + claim)
	})
}

// throughPool proves that p gets to be q by an identity pool: one that lets in anybody as it stands, one that p may change or give roles, or
// a new one.
func (w *prover) throughPool(p *Principal, t *Technique, q *Principal, x *Workload) proof {
	switch {
	case q.Kind != "role" || x != nil && x.pool == nil:
		return none
	case t.ID == newPool:
		if x != nil || p.Account != q.Account {
			return none
		}
		return w.poolMade(p, q)
	case x == nil:
		return w.poolUnread(p, t, q)
	case t.ID == openPool:
		return w.poolOpen(q, x)
	case p.Account != x.Account:
		return none // pools have no policies of their own that would let in others
	case t.ID == setPoolRoles:
		return w.poolGiven(p, q, x)
	case t.ID == vouch:
		return w.poolVouched(p, q, x)
	}
	return w.poolChanged(p, q, x)
}

// poolOpen is for everybody: the pool makes tokens for guests, and hands them out.
func (w *prover) poolOpen(q *Principal, x *Workload) proof {
	f := proof{strength: Yes}
	d, known := x.pool.Description.Value()
	if !known {
		f.missing(unreadOf(x.pool.Description))
	} else if !d.Guests || !d.Classic {
		return none
	}
	if !f.also(w.token(q, x.pool.Reference.ID, x.Account, "unauthenticated")) {
		return none
	}
	return f
}

// poolChanged opens the pool: it lets guests in and hands out their tokens, or takes the word of a provider that p has.
// https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_UpdateIdentityPool.html
func (w *prover) poolChanged(p, q *Principal, x *Workload) proof {
	f := proof{strength: Yes}
	if !f.also(w.check(p, "cognito-identity:UpdateIdentityPool", x.ARN, nil)) {
		return none
	}
	return w.admits(f, q, x.pool.Reference.ID, x.Account)
}

// admits is f, and that a role lets in who may change whom a pool lets in.
func (w *prover) admits(f proof, q *Principal, pool, account string) proof {
	best := none
	try := func(most Strength, how ...string) {
		g := f.fork()
		s, a := w.token(q, pool, account, how...)
		if g.also(min(s, most), a); g.strength > best.strength {
			best = g
		}
	}
	try(Yes, "unauthenticated")
	try(Yes, "authenticated")
	for _, provider := range w.named(q.ARN, cognito+":amr") {
		if provider != "authenticated" && provider != "unauthenticated" {
			try(May, "authenticated", provider) // he must get in there
		}
	}
	return best
}

// poolMade makes a pool that lets in anybody. Its id is AWS's choice, but for the Region that it begins with.
func (w *prover) poolMade(p, q *Principal) proof {
	best := none
	regions := []string{w.regionOf(p.Account)}
	if a := w.estate.Account(p.Account); a != nil {
		if all, ok := a.Regions.Value(); ok {
			regions = all
		}
	}
	for _, region := range regions {
		f := proof{strength: Yes}
		s, a := w.check(p, "cognito-identity:CreateIdentityPool", "*", map[string][]string{"aws:requestedregion": {region}})
		if !f.also(s, a) {
			continue
		}
		if f = w.admits(f, q, region+":00000000-0000-0000-0000-000000000000", p.Account); f.strength > best.strength {
			best = f
		}
		if best.strength == Yes {
			break
		}
	}
	return best
}

// poolGiven gives the pool a role for those who signed in, and signs in: by the word of the account's own programs, which p may give, or
// of a provider that lets in p, which nobody can know here. What guests get by it is less than the role: see letGuests.
func (w *prover) poolGiven(p, q *Principal, x *Workload) proof {
	f := w.givesRole(p, q, x)
	if f.strength == No {
		return none
	}
	d, known := x.pool.Description.Value()
	if !known {
		f.missing(unreadOf(x.pool.Description))
		f.also(w.token(q, x.pool.Reference.ID, x.Account))
		return f
	}
	best := none
	if d.Developer != "" {
		// https://docs.aws.amazon.com/cognito/latest/developerguide/developer-authenticated-identities.html
		g := f.fork()
		if g.also(w.check(p, "cognito-identity:GetOpenIdTokenForDeveloperIdentity", x.ARN, nil)) && g.also(w.token(q, x.pool.Reference.ID, x.Account, "authenticated", d.Developer)) {
			best = g
		}
	}
	for _, provider := range d.Providers {
		g := f.fork()
		s, a := w.token(q, x.pool.Reference.ID, x.Account, "authenticated", provider)
		if g.also(min(s, May), a); g.strength > best.strength {
			best = g
		}
	}
	return best
}

// poolVouched is for who may vouch for users of the pool: he signs in as any of them, and has what the pool gives those who signed in; or,
// where it hands out tokens, any role that takes them.
// https://docs.aws.amazon.com/cognito/latest/developerguide/developer-authenticated-identities.html
func (w *prover) poolVouched(p, q *Principal, x *Workload) proof {
	f := proof{strength: Yes}
	d, known := x.pool.Description.Value()
	if !known {
		f.missing(unreadOf(x.pool.Description))
	} else if d.Developer == "" {
		return none
	}
	if !known || !d.Classic {
		switch roles, known := x.pool.Roles.Value(); {
		case !known:
			f.missing(unreadOf(x.pool.Roles))
		case roles.SignedIn != q.ARN:
			return none
		}
	}
	if !f.also(w.check(p, "cognito-identity:GetOpenIdTokenForDeveloperIdentity", x.ARN, nil)) {
		return none
	}
	how := []string{"authenticated", d.Developer}
	if !known {
		how = nil
	}
	if !f.also(w.token(q, x.pool.Reference.ID, x.Account, how...)) {
		return none
	}
	return f
}

// givesRole sets a role for a pool, which takes the right to pass it.
// https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html
func (w *prover) givesRole(p, q *Principal, x *Workload) proof {
	f := proof{strength: Yes}
	if p.Account != q.Account || x != nil && x.Account != p.Account {
		return none // a role can be passed within its account alone
	}
	if f.also(w.check(p, "iam:PassRole", q.ARN, map[string][]string{"iam:passedtoservice": {cognito}})) {
		f.also(w.check(p, "cognito-identity:SetIdentityPoolRoles", "*", nil))
	}
	return f
}

// poolUnread is the same where pools were not read: there may be one that q trusts.
func (w *prover) poolUnread(p *Principal, t *Technique, q *Principal) proof {
	why := w.kindUnread(poolKind, p.Account)
	if why == "" || t.ID == openPool || p.Account != q.Account {
		return none
	}
	f := proof{strength: Yes}
	if t.ID == setPoolRoles {
		f = w.givesRole(p, q, nil)
	} else {
		s, answers := w.checkSome(p, t.Actions[0], p.Account, nil, false)
		f.also(s, answers...)
	}
	if f.strength == No || !f.also(w.token(q, "", p.Account)) {
		return none
	}
	f.missing(why)
	return f
}

// letGuests gives a pool a role for guests, of which there are some; p is one of them, and less than the role: see asGuest.
func (w *prover) letGuests(p, q *Principal, x *Workload) proof {
	if x == nil || x.pool == nil || q.Kind != "role" {
		return none
	}
	f := w.givesRole(p, q, x)
	d, known := x.pool.Description.Value()
	if !known {
		f.missing(unreadOf(x.pool.Description))
	} else if !d.Guests {
		return none
	}
	if f.strength == No || !f.also(w.token(q, x.pool.Reference.ID, x.Account, "unauthenticated")) {
		return none
	}
	return f
}

// asGuest is a role as guests of a pool have it in the enhanced flow: under a session policy of Cognito's, which lets through a list of
// services. https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html#access-policies
func (w *World) asGuest(q *Principal) *Principal {
	made := w.changed(q, "as guests of an identity pool have it", nil)
	made.Policies.Session = []policy.Source{{Name: "Cognito's session policy for guests", Document: w.guests()}}
	return made
}

// guestSession is what Cognito lets guests do at most: the policy that its guide prints, and one of AWS's managed policies beside it.
// https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html#access-policies
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonCognitoUnAuthedIdentitiesSessionPolicy.html
func guestSession() *policy.Document {
	d := &policy.Document{Version: "2012-10-17", Statements: []policy.Statement{{Effect: policy.Allow, Resource: []string{"*"}, Line: 1, Action: strings.Fields(`
		appsync:* cloudwatch:* codewhisperer:* cognito-identity:* cognito-idp:* cognito-sync:* comprehend:* dynamodb:* execute-api:* firehose:*
		gamelift:* iot:* kinesis:* lambda:* lex:* logs:* machinelearning:* mobileanalytics:* mobiletargeting:* personalize:* polly:* rekognition:*
		s3:* sagemaker:InvokeEndpoint sdb:* ses:* sns:* sqs:* textract:AnalyzeDocument textract:DetectDocumentText transcribe:* translate:*`)}}}
	if m, ok := iamdata.Managed("AmazonCognitoUnAuthedIdentitiesSessionPolicy"); ok {
		var more struct{ Statement []struct{ Action []string } }
		if json.Unmarshal(m.Document, &more) == nil {
			for _, s := range more.Statement {
				d.Statements[0].Action = append(d.Statements[0].Action, s.Action...)
			}
		}
	}
	return d
}

// poolVerbs are what is done to an identity pool, by the id of the catalogue.
var poolVerbs = map[string]string{
	setPoolRoles: "has an identity pool give who signs in, itself among them,",
	openPool:     "gets a token of an identity pool, as anybody may, and takes it to",
	changePool:   "lets itself into an identity pool, and takes its token to",
	vouch:        "signs in to an identity pool by its own word, and is given",
	newPool:      "makes an identity pool, and takes its token to",
}

func poolText(r *rule, x *Workload, q *Principal) string {
	if r.name == "guest" {
		return "has identity pool " + x.Ref.Name + " give guests, itself among them, " + q.called()
	}
	return strings.Replace(r.verb, "an identity pool", "identity pool "+x.Ref.Name, 1) + " " + q.called()
}

// poolable visits the roles that a group might get by a rule from identity pools: those of its account; any where that lets in anybody;
// none, where the rule makes one, or where they were not read.
func (f *field) poolable(g *group, r *rule, t *targets, visit func(r *rule, to int, x *Workload) bool) bool {
	if len(t.pooled) == 0 {
		return true
	}
	for _, x := range f.workloads {
		if x.pool == nil || r.id == newPool || r.id != openPool && x.Account != g.account {
			continue
		}
		if d, known := x.pool.Description.Value(); r.id == openPool && known && !(d.Guests && d.Classic) {
			continue
		}
		for _, to := range t.pooled {
			if !visit(r, to, x) {
				return false
			}
		}
	}
	if r.id == openPool || r.id != newPool && f.w.kindUnread(poolKind, g.account) == "" {
		return true
	}
	for _, to := range t.pooled {
		if f.nodes[to].p.Account == g.account && !visit(r, to, nil) {
			return false
		}
	}
	return true
}

// letIn adds the roles as guests of pools have them, for the members of a group that may give them.
func (f *field) letIn(g *group) {
	if len(f.all.pooled) == 0 {
		return // nearly always
	}
	f.guests(g, func(m move, s Strength) {
		for _, n := range g.members {
			if n != m.to {
				f.make(n, m, s)
			}
		}
	})
}

// guests visits the roles that a group may give guests of pools, as these have them.
func (f *field) guests(g *group, visit func(m move, s Strength)) {
	if len(f.all.pooled) == 0 {
		return
	}
	for i := range ruleset {
		r := &ruleset[i]
		if r.name != "guest" || !g.allows.includes(r.needs) {
			continue
		}
		for _, x := range f.workloads {
			if x.pool == nil || x.Account != g.account {
				continue
			}
			for _, to := range f.all.pooled {
				q := f.nodes[to].p
				if s := f.prover(g, false).letGuests(f.nodes[g.members[0]].p, q, x).strength; s > No {
					visit(move{rule: r, to: to, workload: x, change: &derivation{id: r.id, made: f.w.asGuest(q)}, made: -1}, s)
				}
			}
		}
	}
}
