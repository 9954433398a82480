package claims_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// prelude declares names in one line, so that the lines of a test count from 2.
const prelude = "people: {ops: ops@acme.example}\n"

func TestMistakes(t *testing.T) {
	t.Parallel()
	const excuse = "excuses:\n- {claim: a restore is tested every 30 days, for: i-1, why: w, owner: ops, until: 2027-01-31}\n"
	tests := map[string]struct {
		src  string
		want []string
	}{
		"unknown sentence": {"claims:\n  - port 22 is not reachble from the internet\n", []string{
			`3:5: no sentence reads "port 22 is not reachble from the internet" (perhaps "port {port} is not reachable from the internet")`}},
		"unknown group": {"groups: {office: [10.0.0.0/8]}\nclaims:\n- port 22 is reachable only from ofice\n", []string{
			`4:34: no group is called "ofice" (perhaps office)`}},
		"unknown system": {"systems: {shop: {tags: {app: shop}}}\nclaims:\n- shpo: a restore is tested every 30 days\n", []string{
			`4:3: no system is called "shpo" (perhaps shop)`}},
		"unknown tier": {"systems: {shop: {tags: {app: shop}, tiers: {web: {tags: {t: w}}}}}\nclaims:\n- nothing else talks to shop.wbe\n", []string{
			`4:25: system shop has no tier "wbe" (perhaps shop.web)`}},
		"unknown system of an excuse": {strings.Replace(excuse, "i-1", "{system: shop}", 1), []string{
			`3:60: no system is called "shop" (declare it under systems:)`}},
		"unknown person": {strings.Replace(excuse, "owner: ops", "owner: opps", 1), []string{
			`3:71: nobody is called "opps" (perhaps ops)`}},
		"an address instead of a person": {strings.Replace(excuse, "owner: ops", "owner: x@y.example", 1), nil},
		"host bits": {"groups:\n  office: [203.0.113.7/24]\n", []string{
			`3:12: 203.0.113.7/24 is not a network: bits are set beyond /24 (the network is 203.0.113.0/24; the one address is 203.0.113.7/32)`}},
		"a bad CIDR": {"groups:\n  office:\n  - 203.0.113/24\n", []string{
			`4:5: "203.0.113/24" is not an address, a CIDR or an account id (write it like 203.0.113.0/24, 203.0.113.7, 2001:db8::/32 or 111122223333)`}},
		"an empty group": {"groups: {office: []}\n", []string{`2:10: group office has no members (list addresses, CIDRs or accounts)`}},
		"a date of another country": {strings.Replace(excuse, "2027-01-31", "31.1.2027", 1), []string{
			`3:83: "31.1.2027" is not a date (write 2027-01-31)`}},
		"a day that is not": {strings.Replace(excuse, "2027-01-31", "2027-02-30", 1), []string{
			`3:83: "2027-02-30" is not a date (that month ends on 2027-02-28)`}},
		"no date at all": {strings.Replace(excuse, "2027-01-31", "next spring", 1), []string{
			`3:83: "next spring" is not a date (write year-month-day, such as 2027-01-31)`}},
		"an excuse of only a claim": {"excuses:\n- claim: a restore is tested every 30 days\n", []string{
			`3:3: this excuse has no for (for: what may break it, such as a resource's id, {tags: {app: legacy}} or {system: legacy})`,
			`3:3: this excuse has no why (why: the reason)`,
			`3:3: this excuse has no owner (owner: who answers for it)`,
			`3:3: this excuse has no until (until: its last day, such as 2027-01-31)`}},
		"an excuse with empty values": {"excuses:\n- {claim: a restore is tested every 30 days, for: i-1, why: , owner: \" \", until: }\n", []string{
			`3:60: why is empty`, `3:70: the owner is empty`, `3:81: the date is empty`}},
		"an excuse of a sentence nobody knows": {strings.Replace(excuse, "a restore is tested", "restores are tested", 1), []string{
			`3:11: no sentence reads "restores are tested every 30 days" (perhaps "a restore is tested every {period}")`}},
		"an excuse for two things at once": {strings.Replace(excuse, "i-1", "{tags: {a: b}, system: c}", 1), []string{
			`3:51: for has tags and a system (list the two: [{tags: ...}, {system: ...}] covers either)`}},
		"an excuse for nothing": {strings.Replace(excuse, "i-1", "[]", 1), []string{
			`3:3: this excuse has no for (list what may break the claim)`}},
		"a condition nobody knows": {strings.Replace(excuse, "}", ", while: there is no path}", 1), []string{
			`3:102: no sentence reads "there is no path" (onus sentences lists all)`}},
		"unknown keys": {"sytems: {}\nsystems: {shop: {tag: {a: b}, accounts: [111122223333]}}\n", []string{
			`2:1: a claims file has no key "sytems" (perhaps systems)`, `3:18: system shop has no key "tag" (perhaps tags)`}},
		"an unknown key like none": {"colour: red\n", []string{
			`2:1: a claims file has no key "colour" (its keys are company, regions, people, groups, systems, owner tags, local keys, receipts, claims, excuses)`}},
		"a key twice": {"company: a\nregions: us-east-1\ncompany: b\n", []string{`4:1: the key "company" comes twice (it stands in line 2 already)`}},
		"a system twice": {"systems:\n  s: {accounts: [111122223333]}\n  s: {accounts: [111122223333]}\n", []string{
			`4:3: the key "s" comes twice (it stands in line 3 already)`}},
		"Regions": {"regions: [us-est-1, useast1, us-east-1a, Ireland]\n", []string{
			`2:11: "us-est-1" does not look like a Region (perhaps us-east-1)`,
			`2:21: "useast1" does not look like a Region (perhaps us-east-1)`,
			`2:30: "us-east-1a" does not look like a Region (perhaps us-east-1)`,
			`2:42: "Ireland" does not look like a Region (Regions are written like us-east-1)`}},
		"accounts": {"systems: {shop: {accounts: [12345, 1111-2222-3333]}}\n", []string{
			`2:29: "12345" is not an account id (an account id has 12 digits)`, `2:36: "1111-2222-3333" is not an account id (an account id has 12 digits)`}},
		"a class of data": {"systems: {shop: {tags: {a: b}, data: confidental}}\n", []string{
			`2:38: "confidental" is no class of data (perhaps confidential)`}},
		"a system that chooses nothing": {"systems: {shop: {owner: ops}}\n", []string{`2:11: system shop chooses nothing (give it tags, accounts or arns)`}},
		"names": {"groups: {my office: 10.0.0.0/8}\nsystems: {shop.web: {tags: {a: b}}, only: {tags: {a: b}}}\n", []string{
			`2:10: "my office" cannot be the name of a group (a letter, then letters, digits, - and _)`,
			`3:11: "shop.web" cannot be the name of a system (a letter, then letters, digits, - and _)`,
			`3:37: "only" cannot be the name of a system (sentences need this word; take another)`}},
		"a group called as a system": {"groups: {shop: 10.0.0.0/8}\nsystems: {shop: {tags: {a: b}}}\n", []string{
			`3:11: shop is also the name of a group (a sentence could mean either; rename one)`}},

		"values that YAML misreads": {"systems:\n  s: {tags: {public: yes, on: true, v: 1.10, t: 10:30, z: null, x: 0x1F, o: 0123, i: 7}}\n", []string{
			`3:22: YAML programs read yes as something other than text (quote it: "yes")`,
			`3:27: YAML programs read the key on as something other than text (quote it: "on")`,
			`3:31: YAML programs read true as something other than text (quote it: "true")`,
			`3:40: YAML programs read 1.10 as something other than text (quote it: "1.10")`,
			`3:49: YAML programs read 10:30 as something other than text (quote it: "10:30")`,
			`3:59: YAML programs read null as something other than text (quote it: "null")`,
			`3:68: YAML programs read 0x1F as something other than text (quote it: "0x1F")`,
			`3:77: YAML programs read 0123 as something other than text (quote it: "0123")`}},
		"the same in quotes":            {"systems:\n  s: {tags: {public: 'yes', \"on\": \"true\", v: '1.10'}}\n", nil},
		"a colon first":                 {"groups: {net: ::/0}\n", []string{`2:15: YAML programs read ::/0 as something other than text (quote it: "::/0")`}},
		"a colon first after a comma":   {"groups: {net: [0.0.0.0/0, ::/0]}\n", []string{`2:27: YAML cannot read a value that begins with a colon (quote it: "::/0")`}},
		"a colon first, in quotes":      {"groups: {net: [0.0.0.0/0, '::/0']}\n", nil},
		"a colon last":                  {"groups:\n  office:\n  - fe80::\n", []string{`4:5: a member of office must be a text, and YAML reads this as a mapping (if it is a text with ": " or {} in it, quote it)`}},
		"a star":                        {strings.Replace(excuse, "i-1", "*", 1), []string{"3:51: a claims file has no aliases (*) (if * is a pattern, quote it: \"*\")"}},
		"a sentence with a colon":       {"claims:\n- administrators are exactly: role/Admin\n", []string{`3:3: YAML reads what is before ": " as the name of a system, and "administrators are exactly" is none (if it is one sentence, quote it whole; perhaps "administrators are exactly {principals}")`}},
		"a sentence with two colons":    {"claims:\n- shop: a restore: is tested\n", []string{`3:9: there is a second ": " in this value (quote the whole text)`}},
		"two claims in one":             {"systems: {s: {tags: {a: b}}}\nclaims:\n- s: a restore is tested every 30 days\n  b: a restore is tested every 30 days\n", []string{`4:3: one claim is one sentence (begin each with its own -)`}},
		"a list of lists":               {"claims:\n- [a, b]\n", []string{`3:3: the sentence must be one text, and YAML reads this as a list (if it is a text that begins with - or [, quote it)`}},
		"an empty claim":                {"claims:\n-\n- \"\"\n", []string{`3:2: the sentence is empty`, `4:3: the sentence is empty`}},
		"claims that are no list":       {"claims: {a: b}\n", []string{`2:9: claims must be a list (begin each item with -)`}},
		"systems that are no mapping":   {"systems: [shop]\n", []string{`2:10: systems must be a mapping (write key: value, one to a line)`}},
		"an anchor":                     {"company: &a Acme\n", []string{`2:10: a claims file has no anchors (&) (if it is part of a text, quote the whole text)`}},
		"a merge":                       {"<<: {company: Acme}\n", []string{`2:1: a claims file has no merge keys (<<) (write the keys out)`}},
		"a type":                        {"company: !!str Acme\n", []string{`2:10: a claims file has no type tags (!) (if it is part of a text, quote the whole text)`}},
		"a tab":                         {"systems:\n\tshop: {}\n", []string{`3:1: a line of YAML cannot be indented with a tab (indent with spaces)`}},
		"a quote that is not closed":    {"company: 'Acme\n", []string{`2:10: a quote is opened here and never closed`}},
		"a bracket that is not closed":  {"regions: [us-east-1\n", []string{`2:10: [ is opened here and never closed`}},
		"a brace that is not closed":    {"groups: {a: 10.0.0.0/8\n", []string{`2:9: { is opened here and never closed`}},
		"indentation":                   {"systems:\n    a: {tags: {a: b}}\n  b: {tags: {a: b}}\n", []string{`4:3: this line cannot be read as YAML (check the indentation, the colons and the quotes here)`}},
		"a character YAML keeps":        {"company: @acme\n", []string{`2:10: a value cannot begin with this character (quote the whole text)`}},
		"two documents":                 {"---\ncompany: a\n", []string{`2:1: a claims file is one document (take the --- away)`}},
		"a claim longer than any":       {"claims:\n- port 22" + strings.Repeat(" x", 3000) + "\n", []string{`3:3: this sentence is longer than 4000 bytes (name groups instead of long lists)`}},
		"letters that are not one byte": {"claims: [\"Ünlü Straße\", hello]\n", []string{`2:10: no sentence reads "Ünlü Straße" (onus sentences lists all)`, `2:25: no sentence reads "hello" (onus sentences lists all)`}},
	}
	l := language(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, mistakes := l.Parse("", []byte(prelude+test.src))
			var got []string
			for _, m := range mistakes {
				got = append(got, fmt.Sprintf("%d:%d: %s", m.Line, m.Column, m))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (f == nil) != (len(mistakes) > 0) {
				t.Error("a file with mistakes gives no File, one without gives one")
			}
		})
	}
}

func TestNotAMapping(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"hello\n":           "onus.yaml:1:1: a claims file must be a mapping (write key: value, one to a line)",
		"- port 22\n":       "onus.yaml:1:1: a claims file must be a mapping (write key: value, one to a line)",
		"company: \xff\n":   "onus.yaml:1:10: this is not text (save the file as UTF-8 text)",
		"company: a\x00b\n": "onus.yaml:1:11: this is not text (save the file as UTF-8 text)",
		"PK\x03\x04":        "onus.yaml:1:3: this is not text (save the file as UTF-8 text)",
	} {
		_, mistakes := language(t).Parse("onus.yaml", []byte(src))
		if len(mistakes) != 1 || mistakes[0].Error() != want {
			t.Errorf("%q: got %v, want %s", src, mistakes, want)
		}
	}
}

func TestOwnersWithoutPeople(t *testing.T) {
	t.Parallel()
	f := parse(t, "systems: {shop: {tags: {app: shop}, owner: the shop team}}\n")
	if f.Systems[0].Owner != "the shop team" {
		t.Errorf("got %q", f.Systems[0].Owner)
	}
}

func TestLinesOfWindowsAndOldMacs(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"\n", "\r\n", "\r"} {
		_, mistakes := language(t).Parse("onus.yaml", []byte(strings.ReplaceAll("\xef\xbb\xbfcompany: a\nclaims:\n  - hello\n", "\n", end)))
		if len(mistakes) != 1 || mistakes[0].Line != 3 || mistakes[0].Column != 5 {
			t.Errorf("line end %q: got %v, want one mistake at 3:5", end, mistakes)
		}
	}
}

// What would make the YAML parser work for minutes, or use all memory, is refused in no time.
func TestBombs(t *testing.T) {
	t.Parallel()
	const size = 1 << 18
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	for name, test := range map[string]struct{ src, want string }{
		"too large":     {strings.Repeat("# c\n", size+1), "larger than 1 MiB"},
		"brackets":      {fill("["), "nested too deeply"},
		"braces":        {fill("{a: "), "nested too deeply"},
		"dashes":        {fill("- "), "nested too deeply"},
		"keys":          {fill("a: b\n"), "more than 20000 keys"},
		"question":      {fill("? "), "complex keys"},
		"anchors":       {fill("&a "), "anchors"},
		"types":         {fill("!a "), "type tags"},
		"an alias bomb": {"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "anchors"},
		"claims":        {"claims:\n" + fill("- port 22 is reachabel from\n"), "no sentence reads"},
		"deep blocks": {func() string {
			var b strings.Builder
			for i := range 500 {
				b.WriteString(strings.Repeat(" ", i) + "a:\n")
			}
			return b.String()
		}(), "nested too deeply"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			f, mistakes := language(t).Parse("onus.yaml", []byte(test.src))
			if f != nil || len(mistakes) == 0 || !strings.Contains(mistakes[0].Text, test.want) {
				t.Fatalf("got %v, want a mistake with %q", mistakes[:min(len(mistakes), 3)], test.want)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}
