package access

import (
	"slices"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/policy"
)

// path is how somebody gets to administrator, each step as its text.
func (s *small) path(name string) string {
	s.t.Helper()
	path := s.escalates(name)
	if path == nil {
		return "no"
	}
	texts := []string{}
	for _, step := range path.Steps {
		texts = append(texts, step.From.Name+" "+step.Text)
	}
	return strings.Join(append(texts, path.End), "; ")
}

const adminIfTagged = `{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/Level": "admin"}}}`

func TestABACTagUser(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.user(one, "tags-himself", adminIfTagged+`, {"Effect": "Allow", "Action": "iam:TagUser", "Resource": "arn:aws:iam::*:user/tags-himself"}`)
	s.user(one, "cannot", adminIfTagged)
	s.user(one, "tags-others", adminIfTagged+`, {"Effect": "Allow", "Action": "iam:TagUser", "Resource": "arn:aws:iam::*:user/cannot"}`)
	s.user(one, "other-values", adminIfTagged+`, {"Effect": "Allow", "Action": "iam:TagUser", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestTag/Level": ["dev", "test"]}}}`)
	s.user(one, "other-keys", adminIfTagged+`, {"Effect": "Allow", "Action": "iam:TagUser", "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["Team"]}}}`)
	s.user(one, "with-owner", adminIfTagged+`, {"Effect": "Allow", "Action": "iam:TagUser", "Resource": "*", "Condition": {"StringLike": {"aws:RequestTag/Owner": "?*"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["Level", "owner"]}}}`)
	s.user(one, "denied", adminIfTagged+`, {"Effect": "Allow", "Action": "iam:TagUser", "Resource": "*"}, {"Effect": "Deny", "Action": "iam:TagUser", "Resource": "*", "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": "Level"}}}`)
	s.user(one, "has-it", adminIfTagged).Labels = estate.Know(map[string]string{"level": "admin"})
	s.want("tags-himself", "yes x:ABACTagUser")
	s.want("cannot", "no")
	s.want("tags-others", "no") // he cannot act as the one whom he tags
	s.want("other-values", "no")
	s.want("other-keys", "no")
	s.want("with-owner", "yes x:ABACTagUser")
	s.want("denied", "no")
	s.want("has-it", "yes")
	if got, want := s.path("tags-himself"), "tags-himself tags user tags-himself: Level = admin; user tags-himself, with tags of its choice, may do everything"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// The values that were chosen are with the decisions, and each decision can be replayed with them.
func TestChosenTagsAreShown(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.user(one, "tags-himself", adminIfTagged+`, {"Effect": "Allow", "Action": "iam:TagUser", "Resource": "*"}`)
	w := New(s.Estate, Options{})
	p, err := w.Principal("tags-himself")
	if err != nil {
		t.Fatal(err)
	}
	path := w.Escalate(Administrator).Of(p)
	if path == nil || len(path.Steps) != 1 {
		t.Fatal(describe(path))
	}
	tags := path.Steps[0].Answers
	if len(tags) != 1 || tags[0].Action != "iam:TagUser" || !slices.Equal(tags[0].With["aws:requesttag/level"], []string{"admin"}) || !slices.Equal(tags[0].With["aws:tagkeys"], []string{"Level"}) {
		t.Errorf("%+v", tags)
	}
	for _, a := range path.Because {
		if !slices.Equal(a.With["aws:principaltag/level"], []string{"admin"}) || a.Result != policy.Allowed || len(a.Because) == 0 {
			t.Errorf("%s with %v: %s", a.Action, a.With, a.Result)
		}
		request, policies := w.question(p, a.Action, a.Resource, a.With)
		if a.Resource != "*" && service(a.Action) == "iam" {
			if d := policy.Decide(request, policies); d.Result != policy.Allowed {
				t.Errorf("%s again: %s", a.Action, d.Result)
			}
		}
	}
}

func TestABACTagRole(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.role(one, "admin", `{"AWS": "`+one+`"}`, adminIfTagged)
	may := `{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::` + one + `:role/admin"}`
	s.user(one, "tags", may+`, {"Effect": "Allow", "Action": "iam:TagRole", "Resource": "*"}`)
	s.user(one, "assumes", may)
	s.want("tags", "yes pf:sts-001 x:ABACTagRole")
	s.want("assumes", "may pf:sts-001") // his session may bring a tag from elsewhere: nobody knows
	// To be taken on, a role must have a tag of another value; who may tag it may.
	s.role(one, "other", `{"AWS": "`+one+`"}`, everything).Labels = estate.Know(map[string]string{"team": "pay"})
	dev := `{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::` + one + `:role/other", "Condition": {"StringEquals": {"aws:ResourceTag/team": "dev"}}}`
	s.user(one, "dev", dev)
	s.user(one, "dev-tags", dev+`, {"Effect": "Allow", "Action": "iam:TagRole", "Resource": "arn:aws:iam::`+one+`:role/other"}`)
	s.user(one, "dev-tags-dev", dev+`, {"Effect": "Allow", "Action": "iam:TagRole", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/team": "dev"}}}`)
	s.want("dev", "no")
	s.want("dev-tags", "yes x:ABACTagRole pf:sts-001")
	s.want("dev-tags-dev", "no")
	if got, want := s.path("dev-tags"), "dev-tags tags role other: team = dev; dev-tags assumes role other; role other may do everything"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A denial that spares a tag is escaped by having it, or by losing the tag that it is about.
func TestTagsEscapeDenials(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	deny := everything + `, {"Effect": "Deny", "NotAction": "iam:*TagUser", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/suspended": "yes"}}}`
	suspended := estate.Know(map[string]string{"suspended": "yes"})
	s.user(one, "untags", deny).Labels = suspended
	s.user(one, "held", deny+`, {"Effect": "Deny", "Action": ["iam:TagUser", "iam:UntagUser"], "Resource": "*"}`).Labels = suspended
	s.want("untags", "yes x:ABACTagUser")
	s.want("held", "no")
}

func TestABACTagResource(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.role(one, "admin", `{"Service": "ec2.amazonaws.com"}`, everything).Profiles = []string{"arn:aws:iam::" + one + ":instance-profile/admin"}
	i := estate.Resource{Labels: estate.Know(map[string]string{"role": "db"}), Reference: estate.Ref{Kind: "instance", Account: one, Region: "us-east-1", ID: "i-1"}}
	s.Instances = append(s.Instances, &estate.Instance{Resource: i, State: "running", Profile: "arn:aws:iam::" + one + ":instance-profile/admin", Managed: estate.Know(estate.Management{PingStatus: "Online"})})
	for name, key := range map[string]string{"aws": "aws:ResourceTag/role", "ssm": "ssm:resourceTag/role"} {
		session := `{"Effect": "Allow", "Action": "ssm:StartSession", "Resource": "*", "Condition": {"StringEquals": {"` + key + `": "web"}}}`
		s.user(one, name+"-web", session)
		s.user(one, name+"-tags", session+`, {"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "*"}`)
		s.user(one, name+"-new", session+`, {"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "*", "Condition": {"StringEquals": {"ec2:CreateAction": "RunInstances"}}}`)
		s.user(one, name+"-dev", session+`, {"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestTag/role": "dev"}}}`)
		s.want(name+"-web", "no")
		s.want(name+"-tags", "yes x:ABACTagResource pf:ssm-001")
		s.want(name+"-new", "no") // tags of what is made alone
		s.want(name+"-dev", "no")
	}
	if got, want := s.path("ssm-tags"), "ssm-tags tags instance i-1: role = web; ssm-tags takes over instance i-1, which runs as role admin; role admin may do everything"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	// One tags, and another whom he can act as gets in.
	s.role(one, "operator", `{"AWS": "arn:aws:iam::`+one+`:user/tagger"}`, `{"Effect": "Allow", "Action": "ssm:SendCommand", "Resource": "*", "Condition": {"StringEquals": {"ssm:resourceTag/role": "web"}}}, {"Effect": "Allow", "Action": "ssm:SendCommand", "Resource": "arn:aws:ssm:*:*:document/*"}`)
	s.user(one, "tagger", `{"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": "*"}`)
	s.want("operator", "no")
	s.want("tagger", "yes pf:sts-001 x:ABACTagResource pf:ssm-002")
}

func TestSessionTags(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	trust := func(action, condition string) estate.Known[*policy.Document] {
		return estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "` + one + `"}, "Action": ` + action + condition + `}}`))
	}
	both, alone := `["sts:AssumeRole", "sts:TagSession"]`, `"sts:AssumeRole"`
	dev := estate.Know(map[string]string{"Level": "dev"})
	role := func(name, action, condition string) {
		r := s.role(one, name, `{"AWS": "`+one+`"}`, adminIfTagged)
		r.Labels, r.Trust = dev, trust(action, condition)
	}
	role("open", both, "")
	role("closed", alone, "")
	role("limited", both, `, "Condition": {"StringEqualsIfExists": {"aws:RequestTag/Level": "dev"}}`)
	role("keys", both, `, "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["Team"]}}`)
	for _, r := range []string{"open", "closed", "limited", "keys"} {
		s.user(one, "takes-"+r, `{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "arn:aws:iam::`+one+`:role/`+r+`"}`)
	}
	s.user(one, "not-tag", `{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::`+one+`:role/open"}`)
	s.user(one, "his", `{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "*", "Condition": {"StringEquals": {"aws:RequestTag/Level": "${aws:PrincipalTag/Level}"}}}`).Labels = dev
	s.want("takes-open", "yes x:SessionTags") // takes the place of the role's own tag
	s.want("takes-closed", "no")
	s.want("takes-limited", "no")
	s.want("takes-keys", "no")
	s.want("not-tag", "no")
	s.want("his", "no") // he may pass on his own alone
	if got, want := s.path("takes-open"), "takes-open assumes role open with session tags Level = admin; role open, with session tags of choice, may do everything"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A tag that had to be transitive cannot be given another value further on.
func TestTransitiveSessionTagsStay(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	hop := s.role(one, "hop", `{"AWS": "`+one+`"}`, `{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "arn:aws:iam::`+one+`:role/end"}`)
	end := s.role(one, "end", `{"AWS": "`+one+`"}`, adminIfTagged)
	end.Labels = estate.Know(map[string]string{"Level": "dev"})
	let := func(condition string) estate.Known[*policy.Document] {
		return estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "` + one + `"}, "Action": ["sts:AssumeRole", "sts:TagSession"]` + condition + `}}`))
	}
	end.Trust = let("")
	s.user(one, "starts", `{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "arn:aws:iam::`+one+`:role/hop"}`)
	hop.Trust = let("")
	s.want("starts", "yes pf:sts-001 x:SessionTags")
	hop.Trust = let(`, "Condition": {"StringEquals": {"aws:RequestTag/Level": "dev"}, "ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": "Level"}}`)
	s.want("starts", "no")
}

// Where a trust policy wants tags, it must let in sessions that bring them.
func TestSessionsThatMustHaveTags(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	r := s.role(one, "admin", `{"AWS": "`+one+`"}`, everything)
	let := func(action string) estate.Known[*policy.Document] {
		return estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "` + one + `"}, "Action": ` + action + `, "Condition": {"StringLike": {"aws:RequestTag/ticket": "?*"}}}}`))
	}
	s.user(one, "asks", `{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "*"}`)
	r.Trust = let(`["sts:AssumeRole", "sts:TagSession"]`)
	s.want("asks", "yes pf:sts-001")
	r.Trust = let(`"sts:AssumeRole"`)
	s.want("asks", "no")
}

// Tags that variables compare with each other are chosen so that they are alike.
func TestTagsThatVariablesWant(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.role(one, "pay-admin", `{"AWS": "`+one+`"}`, everything).Labels = estate.Know(map[string]string{"team": "pay"})
	self := `, {"Effect": "Allow", "Action": "iam:TagUser", "Resource": "arn:aws:iam::*:user/${aws:username}"}`
	s.user(one, "by-tag", `{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}}`+self)
	s.user(one, "by-name", `{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/${aws:PrincipalTag/team}-admin"}`+self)
	s.user(one, "neither", `{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/${aws:PrincipalTag/team}-admin"}`)
	s.want("by-tag", "yes x:ABACTagUser pf:sts-001")
	s.want("by-name", "yes x:ABACTagUser pf:sts-001")
	s.want("neither", "no")
}

// TestTagsThatWereNotTriedAreUnknown: of twenty values that a condition takes the last alone may be set. Fewer are tried, and that is said.
func TestTagsThatWereNotTriedAreUnknown(t *testing.T) {
	t.Parallel()
	values := []string{}
	for c := 'a'; c < 'u'; c++ {
		values = append(values, `"`+string(c)+`"`)
	}
	s := newSmall(t)
	s.user(one, "last", `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/Level": [`+strings.Join(values, ", ")+`]}}},
		{"Effect": "Allow", "Action": "iam:TagUser", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestTag/Level": "t"}}}`)
	w := New(s.Estate, Options{})
	p, err := w.Principal("last")
	if err != nil {
		t.Fatal(err)
	}
	tagged := w.withTags(p, p, tagging{own: true})
	strength, a := (&prover{World: w}).check(tagged, "s3:ListAllMyBuckets", "*", nil)
	if strength != Unknown || len(a.DependsOn) != 1 || !strings.Contains(a.DependsOn[0].Text, "other tags") {
		t.Errorf("%s: %+v", strength, a)
	}
}
