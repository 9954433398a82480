package claims_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onus-cloud/onus/internal/claims"
)

func TestCompileFormsRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		forms []claims.Form
		want  string
	}{
		"a form twice":             {[]claims.Form{{Text: "Data is encrypted."}, {Text: "data is  encrypted"}}, "a sentence could have this form"},
		"a slot that takes a word": {[]claims.Form{{Text: "{word} is encrypted", Example: "data is encrypted"}, {Text: "data is encrypted"}}, "a sentence could have this form"},
		"slots that take the same": {[]claims.Form{{Text: "{tier} is shut", Example: "a is shut"}, {Text: "{word} is shut", Example: "b is shut"}}, "a sentence could have this form"},
		"slots of several words": {[]claims.Form{{Text: "only {principals} can read", Example: "only role/A can read"},
			{Text: "only {sources} can read", Example: "only office can read"}}, "a sentence could have this form"},
		"words within a slot": {[]claims.Form{{Text: "we agree on {text}", Example: "we agree on x"}, {Text: "we agree on {period} on {ports}", Example: "we agree on 1 day on 22"}},
			"a sentence could have this form"},
		"an unknown kind":           {[]claims.Form{{Text: "{colour} is nice", Example: "red is nice"}}, `no slot is of the kind "colour"`},
		"a slot twice":              {[]claims.Form{{Text: "{port} or {port}", Example: "1 or 2"}}, "comes twice"},
		"a slot glued to a word":    {[]claims.Form{{Text: "port{port}", Example: "port22"}}, "is not a slot"},
		"no words":                  {[]claims.Form{{Text: " . "}}, "no words"},
		"no example":                {[]claims.Form{{Text: "nothing reaches {tier}"}}, "needs an example"},
		"the example of another":    {[]claims.Form{{Text: "port {port} is shut", Example: "port 22 is open"}}, "its example"},
		"an example with a bad one": {[]claims.Form{{Text: "port {port} is shut", Example: "port 0 is shut"}}, `"0" is not a port`},
	} {
		_, err := claims.CompileForms(test.forms)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got error %v, want one with %q", name, err, test.want)
		}
	}
}

// Near neighbours that no sentence confuses must stand beside each other.
func TestCompileFormsAccepts(t *testing.T) {
	t.Parallel()
	practices := []string{"security patches are applied", "operating systems, engines and runtimes are supported and current",
		"data is encrypted in transit", "data is encrypted at rest", "declared data is encrypted with a local key before it reaches AWS",
		"backups exist, are fresh, and really restore", "only declared sources reach declared ports",
		"user-facing applications are reached only through a load balancer", "every public application is behind a web application firewall",
		"nobody has more access than they need", "a compromised server, database or cache reaches nothing else", "somebody would notice"}
	var forms []claims.Form
	for _, p := range practices {
		forms = append(forms, claims.Form{Text: p, ID: p})
	}
	for _, f := range someForms {
		if f.ID != "os-updates" && f.ID != "waf" {
			forms = append(forms, f)
		}
	}
	if _, err := claims.CompileForms(forms); err != nil {
		t.Error(err)
	}
}

func TestSentences(t *testing.T) {
	t.Parallel()
	sentences := language(t).Sentences()
	if len(sentences) != len(someForms) {
		t.Fatalf("got %d sentences, want %d", len(sentences), len(someForms))
	}
	for i, s := range sentences {
		if s.Text != someForms[i].Text || s.Example == "" || s.Pending != someForms[i].Pending {
			t.Errorf("got %+v, want %+v", s, someForms[i])
		}
	}
}

const namesForSlots = `groups: {office: [203.0.113.0/24, 198.51.100.7], partner: 444455556666}
systems: {shop: {tags: {app: shop}, tiers: {web: {tags: {tier: web}}, app: {tags: {tier: app}}}}}
`

func TestSlots(t *testing.T) {
	t.Parallel()
	l, f := language(t), parse(t, namesForSlots)
	prefix := func(name, cidr string) claims.Source {
		return claims.Source{Name: name, Prefix: netip.MustParsePrefix(cidr)}
	}
	ports := func(s claims.Slots) any { v, _ := s.Ports("ports"); return v }
	period := func(s claims.Slots) any { v, _ := s.Period("period"); return v }
	sources := func(s claims.Slots) any { v, _ := s.Sources("sources"); return v }
	principals := func(s claims.Slots) any { v, _ := s.Principals("principals"); return v }
	text := func(name string) func(claims.Slots) any {
		return func(s claims.Slots) any { v, _ := s.Text(name); return v }
	}
	for _, test := range []struct {
		sentence string
		get      func(claims.Slots) any
		want     any
	}{
		{"no rule admits the internet on 22", ports, []claims.PortRange{{First: 22, Last: 22}}},
		{"No rule admits the Internet on 8000-8100, 22 and 22.", ports, []claims.PortRange{{First: 22, Last: 22}, {First: 8000, Last: 8100}}},
		{"no rule admits the internet on 53/udp,22", ports, []claims.PortRange{{First: 22, Last: 22}, {First: 53, Last: 53, Protocol: "udp"}}},
		{"only load balancers are reachable from the internet, on 80, 443", ports, []claims.PortRange{{First: 80, Last: 80}, {First: 443, Last: 443}}},
		{"only load balancers are reachable from the internet on 443", ports, []claims.PortRange{{First: 443, Last: 443}}},
		{"port 65535 is not reachable from the internet", func(s claims.Slots) any { v, _ := s.Port("port"); return v }, uint16(65535)},
		{"a restore is tested every 36 hours", period, 36 * time.Hour},
		{"a restore is tested every 1 day", period, 24 * time.Hour},
		{"a restore is tested every day", period, 24 * time.Hour},
		{"a restore is tested every 2 Weeks", period, 14 * 24 * time.Hour},
		{"access keys are younger than 90 days and used within 45 days", func(s claims.Slots) any { v, _ := s.Period("period2"); return v }, 45 * 24 * time.Hour},
		{"passwords have at least 14 characters", func(s claims.Slots) any { v, _ := s.Number("number"); return v }, 14},
		{"port 1 is reachable only from office", sources, []claims.Source{prefix("office", "203.0.113.0/24"), prefix("office", "198.51.100.7/32")}},
		{"port 1 is reachable only from partner and 10.0.0.0/8", sources, []claims.Source{{Name: "partner", Account: "444455556666"}, prefix("10.0.0.0/8", "10.0.0.0/8")}},
		{"port 1 is reachable only from 2001:db8::1, 111122223333", sources, []claims.Source{prefix("2001:db8::1", "2001:db8::1/128"), {Name: "111122223333", Account: "111122223333"}}},
		{"port 1 is reachable only from shop.web, shop", sources, []claims.Source{{Name: "shop.web", Tier: claims.Tier{System: "shop", Name: "web"}}, {Name: "shop", Tier: claims.Tier{System: "shop"}}}},
		{"port 1 is reachable only from the internet", sources, []claims.Source{prefix("the internet", "0.0.0.0/0"), prefix("the internet", "::/0")}},
		{"port 1 is reachable only from ::/0", sources, []claims.Source{prefix("::/0", "::/0")}},
		{"shop.web talks to shop on 1", func(s claims.Slots) any { v, _ := s.Tier("tier"); return v }, claims.Tier{System: "shop", Name: "web"}},
		{"shop.web talks to shop on 1", func(s claims.Slots) any { v, _ := s.Tier("tier2"); return v }, claims.Tier{System: "shop"}},
		{"administrators are exactly role/Admin in every account, permission-set/Operators in 111122223333", principals,
			[]claims.Principal{{Kind: "role", Name: "Admin"}, {Kind: "permission-set", Name: "Operators", Account: "111122223333"}}},
		{"administrators are exactly root in all accounts, user/eng/ann in account 111122223333, role/ci-* and arn:aws:iam::111122223333:role/x", principals,
			[]claims.Principal{{Kind: "root"}, {Kind: "user", Name: "eng/ann", Account: "111122223333"}, {Kind: "role", Name: "ci-*"},
				{ARN: "arn:aws:iam::111122223333:role/x", Account: "111122223333"}}},
		{"only role/Backup in every account can delete backups", principals, []claims.Principal{{Kind: "role", Name: "Backup"}}},
		{"only role/Admin can call iam:PassRole", text("action"), "iam:PassRole"},
		{"s3://exports/patients is encrypted with a local key", text("location"), "s3://exports/patients"},
		{"resources carry the tag Cost-Centre", text("word"), "Cost-Centre"},
		{"it is agreed that We meet, on Mondays.", text("text"), "We meet, on Mondays"},
	} {
		c, mistakes := l.Sentence(f, test.sentence)
		if len(mistakes) > 0 {
			t.Errorf("%s: %v", test.sentence, mistakes)
			continue
		}
		if diff := cmp.Diff(test.want, test.get(c.Slots), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.sentence, diff)
		}
	}
}

// Where the words of one form stand in the slot of another, the form whose slots are right is meant.
func TestWordsOrSlot(t *testing.T) {
	t.Parallel()
	for sentence, want := range map[string]string{
		"no rule admits the internet on every port": "net-no-all-ports-from-internet",
		"no rule admits the internet on 22":         "net-no-ssh-from-internet",
	} {
		if c, mistakes := language(t).Sentence(nil, sentence); len(mistakes) > 0 || c.Form.ID != want {
			t.Errorf("%s: got %v, %v, want %s", sentence, c.Form, mistakes, want)
		}
	}
}

func TestSlotsTellWhatTheyLack(t *testing.T) {
	t.Parallel()
	c, mistakes := language(t).Sentence(nil, "a restore is tested every 30 days")
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	if _, ok := c.Slots.Period("period2"); ok {
		t.Error("the sentence has no second period")
	}
	if _, ok := c.Slots.Ports("period"); ok {
		t.Error("a period is not ports")
	}
	if _, ok := (claims.Slots{}).Period("period"); ok {
		t.Error("the zero Slots has none")
	}
}

func TestKeysTellMeaningsApart(t *testing.T) {
	t.Parallel()
	l, f := language(t), parse(t, namesForSlots)
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"no rule admits the internet on 22, 3389", "No rule admits the internet on 3389 and 22.", true},
		{"no rule admits the internet on 22", "no rule admits the internet on 23", false},
		{"no rule admits the internet on 53/udp", "no rule admits the internet on 53", false},
		{"a restore is tested every week", "a restore is tested every 7 days", true},
		{"a restore is tested every week", "shop: a restore is tested every week", false},
		{"shop: a restore is tested every week", "shop.web: a restore is tested every week", false},
		{"port 1 is reachable only from office, shop", "port 1 is reachable only from shop and office", true},
		{"administrators are exactly role/Admin", "administrators are exactly role/Admin in every account", true},
		{"administrators are exactly role/Admin", "administrators are exactly role/Admin in 111122223333", false},
		{"shop.web talks to shop.app on 1", "shop.app talks to shop.web on 1", false},
	} {
		a, wrongA := l.Sentence(f, test.a)
		b, wrongB := l.Sentence(f, test.b)
		if len(wrongA)+len(wrongB) > 0 {
			t.Error(wrongA, wrongB)
		}
		if got := a.Key() == b.Key(); got != test.same {
			t.Errorf("%q and %q: same %v, want %v", a.Key(), b.Key(), got, test.same)
		}
	}
}

func TestSlotsRefuse(t *testing.T) {
	t.Parallel()
	l, f := language(t), parse(t, namesForSlots)
	for _, test := range []struct{ sentence, want string }{
		{"port 0 is not reachable from the internet", `6: "0" is not a port (ports are numbers from 1 to 65535)`},
		{"port 65536 is not reachable from the internet", `6: "65536" is not a port (ports are numbers from 1 to 65535)`},
		{"port ssh is not reachable from the internet", `6: "ssh" is not a port (write its number: 22)`},
		{"no rule admits the internet on 22 3389", `32: "22 3389" is not a port or a range of ports (put a comma between ports and a hyphen in a range: 22, 8000-8100)`},
		{"no rule admits the internet on 90-80", `32: the range 90-80 ends before it begins (write 80-90)`},
		{"no rule admits the internet on 53/icmp", `32: "icmp" is not a protocol with ports (write 53/udp or 53/tcp)`},
		{"no rule admits the internet on 53/", `32: "" is not a protocol with ports (write 53/udp or 53/tcp)`},
		{"a restore is tested every 30 moons", `27: "30 moons" is not a period (write it like 30 days, 36 hours or 2 weeks)`},
		{"a restore is tested every 30d", `27: "30d" is not a period (write it like 30 days, 36 hours or 2 weeks)`},
		{"a restore is tested every 1 year", `27: "1 year" has no fixed length (say it in days: 30 days, 365 days)`},
		{"a restore is tested every 0 days", `27: a period is longer than nothing (write it like 30 days, 36 hours or 2 weeks)`},
		{"a restore is tested every 999999999 weeks", `27: "999999999 weeks" is more than a hundred years (write it like 30 days, 36 hours or 2 weeks)`},
		{"port 1 is reachable only from Office", `31: no group is called "Office" (perhaps office)`},
		{"port 1 is reachable only from warehouse", `31: no group is called "warehouse" (declare it under groups:)`},
		{"port 1 is reachable only from 10.1.2.3/8", `31: 10.1.2.3/8 is not a network: bits are set beyond /8 (the network is 10.0.0.0/8; the one address is 10.1.2.3/32)`},
		{"port 1 is reachable only from 2001:db8::1/32", `31: 2001:db8::1/32 is not a network: bits are set beyond /32 (the network is 2001:db8::/32; the one address is 2001:db8::1/128)`},
		{"port 1 is reachable only from 10.0.0.0/40", `31: "10.0.0.0/40" is not an address, a CIDR or an account id (/40 is not between /0 and /32)`},
		{"port 1 is reachable only from 1111222233334", `31: "1111222233334" is not an account id (an account id has 12 digits)`},
		{"port 1 is reachable only from shop.wed", `31: system shop has no tier "wed" (perhaps shop.web)`},
		{"shp.web talks to shop.app on 1", `1: no system is called "shp" (perhaps shop)`},
		{"shp: a restore is tested every week", `1: no system is called "shp" (perhaps shop)`},
		{"administrators are exactly Admin", `28: "Admin" is not a principal (write it like role/Admin in every account, user/ann in 111122223333, or an ARN)`},
		{"administrators are exactly rolle/Admin", `28: "rolle/Admin" is not a principal (perhaps role/Admin)`},
		{"administrators are exactly role/Admin in production", `28: "role/Admin in production" is not in an account (write it like role/Admin in every account, user/ann in 111122223333, or an ARN)`},
		{"only role/A can call s3:Get Object", ""},
		{"only role/A can call GetObject", `22: "GetObject" is not an action (write it like s3:GetObject)`},
		{"patients is encrypted with a local key", `1: "patients" is not a place for data (write it like s3://bucket/prefix, table/orders or an ARN)`},
	} {
		_, mistakes := l.Sentence(f, test.sentence)
		if len(mistakes) == 0 {
			t.Errorf("%s: no mistake", test.sentence)
			continue
		}
		m := mistakes[0]
		if got := fmt.Sprintf("%d: %s", m.Column, m.Error()); test.want != "" && got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.sentence, got, test.want)
		}
	}
}

func TestNearestForms(t *testing.T) {
	t.Parallel()
	l := language(t)
	for _, test := range []struct{ sentence, want string }{
		{"port 22 is not reachble from the internet", `perhaps "port {port} is not reachable from the internet"`},
		{"port 22 isn't reachable from the internet", `perhaps "port {port} is not reachable from the internet"`},
		{"port 22 is unreachable from the internet", `perhaps "port {port} is not reachable from the internet"`},
		{"restores are tested every 30 days", `perhaps "a restore is tested every {period}"`},
		{"no rule admits internet on port 22", `perhaps "no rule admits the internet on {ports}"`},
		{"administrators are role/Admin in every account, role/Other in 111122223333", `perhaps "administrators are exactly {principals}"`},
		{"all public applications are behind a web application firewall", `perhaps "every public application is behind a web application firewall"`},
		{"xyzzy", "onus sentences lists all"},
		{"we like tea", "onus sentences lists all"},
	} {
		_, mistakes := l.Sentence(nil, test.sentence)
		if len(mistakes) != 1 || !strings.HasPrefix(mistakes[0].Hint, test.want) || strings.Count(mistakes[0].Hint, "; or ") > 2 {
			t.Errorf("%s: got %v, want a hint that begins with %s", test.sentence, mistakes, test.want)
		}
	}
}
