package claims_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/estate"
)

// ofTheDesign is the example of the design.
const ofTheDesign = `company: Acme
regions: [us-east-1, eu-west-1]     # elsewhere nothing is expected, and what is there is a counter-example
people: {ops: ops@acme.example, web: web@acme.example}
groups: {office: [203.0.113.0/24]}
systems:
  shop:
    tags: {app: shop}
    owner: ops
    data: confidential
    tiers: {web: {tags: {tier: web}}, app: {tags: {tier: app}}, db: {tags: {tier: db}}}
owner tags: [owner, team]
claims:
  - port 22 is not reachable from the internet
  - port 8080 is reachable only from office
  - shop: a restore is tested every 30 days
  - shop.web talks to shop.app on 8443
  - administrators are exactly role/Admin in every account, permission-set/Operators in 111122223333
excuses:
  - claim: "shop: operating systems, engines and runtimes are supported and current"
    for: i-0abc123
    why: vendor driver; isolated, no Internet path
    owner: ops@acme.example
    until: 2027-01-31
`

func parse(t testing.TB, src string) *claims.File {
	t.Helper()
	f, mistakes := language(t).Parse("onus.yaml", []byte(src))
	for _, m := range mistakes {
		t.Error(m)
	}
	if f == nil {
		t.FailNow()
	}
	return f
}

func TestFileOfTheDesign(t *testing.T) {
	t.Parallel()
	f := parse(t, ofTheDesign)
	tier := func(name string) claims.Part {
		return claims.Part{Name: name, Selection: claims.Selection{Tags: map[string][]string{"tier": {name}}}}
	}
	want := &claims.File{
		Company:   "Acme",
		Regions:   []string{"us-east-1", "eu-west-1"},
		People:    map[string]string{"ops": "ops@acme.example", "web": "web@acme.example"},
		Groups:    map[string][]claims.Source{"office": {{Name: "office", Prefix: netip.MustParsePrefix("203.0.113.0/24")}}},
		OwnerTags: []string{"owner", "team"},
		Systems: []claims.System{{
			Name: "shop", Owner: "ops", Data: claims.Confidential, Line: 6,
			Selection: claims.Selection{Tags: map[string][]string{"app": {"shop"}}},
			Tiers:     []claims.Part{tier("web"), tier("app"), tier("db")},
		}},
	}
	netips := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
	if diff := cmp.Diff(want, f, netips, cmpopts.IgnoreFields(claims.File{}, "Claims", "Excuses")); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}

	var got []string
	for _, c := range f.Claims {
		got = append(got, c.String()+" -> "+c.Form.ID)
	}
	if diff := cmp.Diff([]string{
		"port 22 is not reachable from the internet -> reach",
		"port 8080 is reachable only from office -> reach",
		"shop: a restore is tested every 30 days -> backup-restored-and-verified",
		"shop.web talks to shop.app on 8443 -> reach",
		"administrators are exactly role/Admin in every account, permission-set/Operators in 111122223333 -> access",
	}, got); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	if c := f.Claims[2]; c.Scope != (claims.Tier{System: "shop"}) || c.Text != "a restore is tested every 30 days" || c.Line != 15 || c.Column != 5 {
		t.Errorf("third claim: scope %q, text %q, place %d:%d", c.Scope, c.Text, c.Line, c.Column)
	}

	e := f.Excuses[0]
	if e.Claim.Form.ID != "os-updates" || e.Claim.Scope.System != "shop" || e.While != nil || e.Owner != "ops@acme.example" {
		t.Errorf("excuse: %+v", e)
	}
	if diff := cmp.Diff([]claims.Cover{{Pattern: "i-0abc123"}}, e.For); diff != "" {
		t.Errorf("cover (-want +got):\n%s", diff)
	}
	lastDay := time.Date(2027, 1, 31, 23, 59, 59, 0, time.UTC)
	if !e.InForce(lastDay) || e.InForce(lastDay.Add(time.Second)) {
		t.Error("an excuse counts to the end of its last day in UTC, and no longer")
	}
}

func TestNoFileIsUseful(t *testing.T) {
	t.Parallel()
	for name, src := range map[string]string{"empty": "", "comments": "# nothing\n", "keys without values": "claims:\nsystems:\nexcuses:\n", "an empty mapping": "{}"} {
		f := parse(t, src)
		if len(f.Claims)+len(f.Excuses)+len(f.Systems) != 0 {
			t.Errorf("%s: got %+v", name, f)
		}
	}
	var none *claims.File
	if len(none.Owners()) == 0 || none.Address("ops") != "ops" {
		t.Error("a nil file has default owner tags and knows nobody")
	}
	if got := none.Selects(claims.Tier{System: "shop"}, subject{}); got != estate.False {
		t.Errorf("a nil file has no systems: got %v", got)
	}
}

func TestOrderOfKeysDoesNotMatter(t *testing.T) {
	t.Parallel()
	f := parse(t, "claims: [\"shop: a restore is tested every week\"]\nsystems: {shop: {accounts: 012345678901, owner: ann}}\npeople: {ann: ann@acme.example}\n")
	if f.Claims[0].Scope.System != "shop" || f.Systems[0].Accounts[0] != "012345678901" {
		t.Errorf("got %+v", f)
	}
}

func TestWaysToWriteClaims(t *testing.T) {
	t.Parallel()
	f := parse(t, `systems: {shop: {tags: {app: shop}, tiers: {db: {tags: {tier: db}}}}}
claims:
- shop.db: a restore is tested every 30 days
- "shop.db: A restore  is tested every 30 days."
- {shop.db: a restore is tested every 30 days}
- >
  shop.db: a restore is tested
  every 30 days
- 'shop.db: a restore is tested every 720 hours'
`)
	for _, c := range f.Claims {
		if c.Key() != f.Claims[0].Key() {
			t.Errorf("line %d: key %q, want %q", c.Line, c.Key(), f.Claims[0].Key())
		}
	}
	if len(f.Claims) != 5 {
		t.Errorf("got %d claims", len(f.Claims))
	}
}

type subject struct {
	ref  estate.Ref
	tags estate.Known[map[string]string]
}

func (s subject) Ref() estate.Ref                       { return s.ref }
func (s subject) Tags() estate.Known[map[string]string] { return s.tags }

func tagged(account, arn string, pairs ...string) subject {
	tags := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		tags[pairs[i]] = pairs[i+1]
	}
	return subject{estate.Ref{Account: account, ARN: arn, ID: arn[strings.LastIndexAny(arn, ":/")+1:]}, estate.Know(tags)}
}

func TestSelection(t *testing.T) {
	t.Parallel()
	const here, there, bucket = "111122223333", "444455556666", "arn:aws:s3:::shop-orders"
	unread := subject{ref: estate.Ref{Account: here, ARN: bucket}}
	untagged := subject{ref: estate.Ref{Account: here, ARN: bucket}, tags: estate.None[map[string]string]()}
	app := map[string][]string{"app": {"shop", "store-*"}}
	tests := map[string]struct {
		selection claims.Selection
		subject   subject
		want      estate.Truth
	}{
		"nothing given chooses nothing": {claims.Selection{}, tagged(here, bucket, "app", "shop"), estate.False},
		"a tag":                         {claims.Selection{Tags: app}, tagged(here, bucket, "app", "shop"), estate.True},
		"another value":                 {claims.Selection{Tags: app}, tagged(here, bucket, "app", "store-eu"), estate.True},
		"no value of the list":          {claims.Selection{Tags: app}, tagged(here, bucket, "app", "shops"), estate.False},
		"values have a case":            {claims.Selection{Tags: app}, tagged(here, bucket, "app", "Shop"), estate.False},
		"all tags must be there": {claims.Selection{Tags: map[string][]string{"app": {"shop"}, "env": {"*"}}},
			tagged(here, bucket, "app", "shop"), estate.False},
		"tags unread":             {claims.Selection{Tags: app}, unread, estate.Unknown},
		"tags absent":             {claims.Selection{Tags: app}, untagged, estate.False},
		"the account decides":     {claims.Selection{Tags: app, Accounts: []string{there}}, unread, estate.False},
		"the account and unread":  {claims.Selection{Tags: app, Accounts: []string{here}}, unread, estate.Unknown},
		"the account alone":       {claims.Selection{Accounts: []string{there, here}}, unread, estate.True},
		"an ARN":                  {claims.Selection{ARNs: []string{"arn:aws:s3:::shop-*"}}, unread, estate.True},
		"an ARN of another":       {claims.Selection{ARNs: []string{"arn:aws:s3:::shop"}}, unread, estate.False},
		"all kinds must match":    {claims.Selection{ARNs: []string{"*:shop-*"}, Accounts: []string{there}}, unread, estate.False},
		"a thing without an ARN":  {claims.Selection{ARNs: []string{"*"}}, subject{ref: estate.Ref{Account: here}}, estate.False},
		"a star is not a segment": {claims.Selection{ARNs: []string{"arn:*orders"}}, unread, estate.True},
	}
	for name, test := range tests {
		if got := test.selection.Selects(test.subject); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestTiersAreWithinTheirSystem(t *testing.T) {
	t.Parallel()
	f := parse(t, ofTheDesign)
	web := claims.Tier{System: "shop", Name: "web"}
	for name, test := range map[string]struct {
		scope   claims.Tier
		subject subject
		want    estate.Truth
	}{
		"both":                          {web, tagged("1", "a", "app", "shop", "tier", "web"), estate.True},
		"the tier of another system":    {web, tagged("1", "a", "app", "blog", "tier", "web"), estate.False},
		"another tier":                  {web, tagged("1", "a", "app", "shop", "tier", "db"), estate.False},
		"the system alone":              {claims.Tier{System: "shop"}, tagged("1", "a", "app", "shop"), estate.True},
		"no scope is everything":        {claims.Tier{}, subject{}, estate.True},
		"a system that is not declared": {claims.Tier{System: "blog"}, tagged("1", "a", "app", "blog"), estate.False},
		"a tier that is not declared":   {claims.Tier{System: "shop", Name: "x"}, tagged("1", "a", "app", "shop"), estate.False},
		"tags unread":                   {web, subject{}, estate.Unknown},
	} {
		if got := f.Selects(test.scope, test.subject); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestExcusesCover(t *testing.T) {
	t.Parallel()
	const instance = "arn:aws:ec2:us-east-1:111122223333:instance/i-0abc"
	host := tagged("111122223333", instance, "app", "legacy", "Name", "old box")
	host.ref.Name = "old box"
	unread := subject{ref: host.ref}
	const rule = "security-group-rule/sgr-0abc"
	for _, test := range []struct {
		cover   string
		subject subject
		want    estate.Truth
	}{
		{"i-0abc", host, estate.True},
		{"i-0ab", host, estate.False},
		{`"i-*"`, host, estate.True},
		{instance, host, estate.True},
		{"old box", host, estate.True},
		{rule, host, estate.True},
		{"security-group-rule/sgr-0abd", host, estate.False},
		{`"*:111122223333:*"`, host, estate.True},
		{"{tags: {app: legacy}}", host, estate.True},
		{"{tags: {app: legacy, env: prod}}", host, estate.False},
		{"{tags: {app: legacy}}", unread, estate.Unknown},
		{"{system: legacy}", host, estate.True},
		{"{system: legacy}", unread, estate.Unknown},
		{"{system: legacy.box}", host, estate.True},
		{"{system: shop}", host, estate.False},
		{"legacy", host, estate.True}, // a system's name alone
		{"legacy", unread, estate.Unknown},
		{"legacy.box", host, estate.True},
		{"shop", host, estate.False},
		{"[i-1, {system: legacy}]", host, estate.True},
		{"[i-0abc, {system: legacy}]", unread, estate.True},
		{"[i-1, {system: shop}]", host, estate.False},
	} {
		f := parse(t, `systems:
  legacy: {tags: {app: legacy}, tiers: {box: {arns: "*"}}}
  shop: {tags: {app: shop}}
excuses:
- {claim: every public application is behind a web application firewall, why: w, owner: o, until: 2027-01-31, for: `+test.cover+`}
`)
		if got := f.Covers(f.Excuses[0], test.subject, rule); got != test.want {
			t.Errorf("for: %s: got %v, want %v", test.cover, got, test.want)
		}
	}
}
