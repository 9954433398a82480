package claims_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/onus-cloud/onus/internal/claims"
)

func TestInit(t *testing.T) {
	t.Parallel()
	src := claims.Init(claims.InitFacts{
		Company:   "Acme: the company",
		Regions:   []string{"eu-west-1", "global", "us-east-1"},
		OwnerTags: []string{"Owner"},
		Systems: []claims.InitSystem{
			{Name: "shop", Tags: map[string]string{"app": "shop"}, Tiers: []claims.InitTier{{Name: "web", Tags: map[string]string{"tier": "web"}}}},
			{Name: "Big Data (2)", Tags: map[string]string{"app": "Big Data (2)", "version": "1.10"}},
			{Name: "big", Tags: nil},
		},
		Claims: []string{"no rule admits the internet on 22, 3389", "shop: a restore is tested every 30 days"},
		Questions: []claims.Question{
			{Seen: "jenkins-master\n(i-0abc) answers the internet on 8080", Claim: "port 8080 is reachable only from 203.0.113.0/24"},
			{Seen: "role/ci may do anything in 111122223333"},
		},
	})
	want := `# What we believe is done. onus check answers each sentence; onus sentences lists all that can be written.
# This file was written from what was seen in the accounts. Read it: a claim is yours once you keep it.

company: "Acme: the company"

# Something was seen in these Regions: strike out those that nobody means. Elsewhere nothing is expected.
regions:
  - eu-west-1
  - us-east-1

# These tags seem to name owners.
owner tags:
  - Owner

# Guessed from tags. Give each an owner, and say what its data is: public, internal, confidential or restricted.
systems:
  shop:
    tags: {app: shop}
    tiers:
      web: {tags: {tier: web}}
  Big-Data-2:
    tags: {app: "Big Data (2)", version: "1.10"}

# These hold today, and are surely meant.
claims:
  - "no rule admits the internet on 22, 3389"
  - shop: a restore is tested every 30 days

# Questions. What is there is not therefore meant: take the # away from a claim only if you would say it aloud.
#
# jenkins-master (i-0abc) answers the internet on 8080
# - port 8080 is reachable only from 203.0.113.0/24
#
# role/ci may do anything in 111122223333
`
	if diff := cmp.Diff(want, string(src)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	f := parse(t, string(src))
	if len(f.Claims) != 2 || len(f.Systems) != 2 || f.Company != "Acme: the company" || f.Systems[1].Tags["version"][0] != "1.10" {
		t.Errorf("it reads back as %+v", f)
	}
}

func TestInitOfNothing(t *testing.T) {
	t.Parallel()
	src := claims.Init(claims.InitFacts{Questions: []claims.Question{{Seen: "x", Claim: "a restore is tested every 30 days"}}})
	if f := parse(t, string(src)); len(f.Claims) != 0 {
		t.Error("a question is no claim")
	}
	// Somebody takes the # away from a question.
	lines := strings.Split(string(src), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "# claims:") || strings.HasPrefix(line, "# - ") {
			lines[i] = strings.TrimPrefix(line, "# ")
		}
	}
	if f := parse(t, strings.Join(lines, "\n")); len(f.Claims) != 1 {
		t.Errorf("got %d claims", len(f.Claims))
	}
}

// Whatever AWS let people write into names and tags, the file reads back, with the same tags.
func TestInitReadsBack(t *testing.T) {
	t.Parallel()
	l := language(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"yes", "on", "1.10", "0123", "~", "null", "::/0", "*", "&a", "!x", "%x", "@x", "- x", "a: b", "a #b",
			" x ", "\"", `\`, "'", "{", "]", ",", "?", "|", ">", "\t", "\u2028", "\u0085", "\ufeff", "\ufffd", "\xff", "<<", "---", "2027-01-31", "claims:", "é", "日本", "🔥", "e\u0301"}))
		tags := rapid.MapOfN(text, text, 1, 3)
		var facts claims.InitFacts
		facts.Company = text.Draw(t, "company")
		facts.OwnerTags = rapid.SliceOf(text).Draw(t, "owner tags")
		facts.Claims = []string{"a restore is tested every 30 days"}
		for range rapid.IntRange(0, 3).Draw(t, "systems") {
			facts.Systems = append(facts.Systems, claims.InitSystem{
				Name: text.Draw(t, "name"), Tags: tags.Draw(t, "tags"),
				Tiers: []claims.InitTier{{Name: text.Draw(t, "tier"), Tags: tags.Draw(t, "tier's tags")}},
			})
		}
		facts.Questions = []claims.Question{{Seen: text.Draw(t, "seen"), Claim: text.Draw(t, "claim")}}
		src := claims.Init(facts)
		f, mistakes := l.Parse("onus.yaml", src)
		if len(mistakes) > 0 {
			t.Fatalf("%v\n%s", mistakes, src)
		}
		clean := func(s string) string { return strings.ToValidUTF8(s, "?") }
		if strings.TrimSpace(facts.Company) != "" && f.Company != clean(facts.Company) {
			t.Fatalf("company %q reads back as %q\n%s", facts.Company, f.Company, src)
		}
		var systems []claims.InitSystem
		for _, s := range facts.Systems {
			for key, value := range s.Tags {
				if strings.TrimSpace(key) == "" || strings.TrimSpace(value) == "" || !utf8.ValidString(key+value) {
					delete(s.Tags, key)
				}
			}
			if len(s.Tags) > 0 {
				systems = append(systems, s)
			}
		}
		if len(systems) != len(f.Systems) {
			t.Fatalf("%d systems read back as %d\n%s", len(systems), len(f.Systems), src)
		}
		for i, s := range systems {
			for key, value := range s.Tags {
				if got := f.Systems[i].Tags[key]; len(got) != 1 || got[0] != value {
					t.Fatalf("tag %q=%q reads back as %q\n%s", key, value, got, src)
				}
			}
		}
	})
}
