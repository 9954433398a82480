package claims

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The keys that each mapping of a claims file may have. The JSON Schema documents them; a test compares.
var (
	fileKeys   = []string{"company", "regions", "people", "groups", "systems", "owner tags", "local keys", "receipts", "claims", "excuses"}
	systemKeys = []string{"tags", "accounts", "arns", "owner", "data", "tiers"}
	tierKeys   = []string{"tags", "accounts", "arns"}
	excuseKeys = []string{"claim", "for", "why", "owner", "until", "while"}
	coverKeys  = []string{"tags", "system"}
)

var dataClasses = []string{string(Public), string(Internal), string(Confidential), string(Restricted)}

// Parse reads a claims file. name is how mistakes call it. A file with mistakes gives no File; an empty one gives the zero File.
func (l *Language) Parse(name string, src []byte) (*File, []Mistake) {
	r := &reader{name: name, language: l, file: &File{}}
	if root, ok := r.document(src); ok {
		r.root(root)
	}
	if len(r.mistakes) > 0 {
		return nil, sortMistakes(r.mistakes)
	}
	return r.file, nil
}

// reader fills a File from the YAML tree. Mistakes are noted and reading goes on.
type reader struct {
	name     string
	lines    []string
	language *Language
	file     *File
	mistakes []Mistake
}

// maxMistakes is where a file is not a claims file: more would bury the first.
const maxMistakes = 200

func (r *reader) mistake(at place, hint, format string, args ...any) {
	if len(r.mistakes) >= maxMistakes {
		return
	}
	line := min(max(at.line, 1), max(len(r.lines), 1))
	r.mistakes = append(r.mistakes, Mistake{File: r.name, Line: line, Column: max(at.column, 1), Text: fmt.Sprintf(format, args...), Hint: hint})
}

// root reads the whole file: names first, then what uses them, in whatever order they are written.
func (r *reader) root(n node) {
	entries := r.mapping(n, "a claims file", fileKeys)
	for _, key := range []string{"company", "regions", "owner tags", "people", "groups", "systems", "local keys", "receipts", "claims", "excuses"} {
		e, ok := entries[key]
		if !ok || e.null {
			continue // "claims:" with nothing below it says nothing
		}
		switch key {
		case "company":
			r.file.Company, _ = r.text(e, "company")
		case "regions":
			r.file.Regions = r.texts(e, "a Region", checkRegion)
		case "owner tags":
			r.file.OwnerTags = r.texts(e, "the key of a tag", nil)
		case "people":
			r.people(e)
		case "local keys":
			r.localKeys(e)
		case "receipts":
			r.file.Receipts, _ = r.text(e, "the folder of receipts")
		case "groups":
			r.groups(e)
		case "systems":
			r.systems(e)
		case "claims":
			for _, item := range r.list(e, "claims") {
				if c, ok := r.claim(item); ok {
					r.file.Claims = append(r.file.Claims, c)
				}
			}
		case "excuses":
			for _, item := range r.list(e, "excuses") {
				r.excuse(item)
			}
		}
	}
}

// regionPattern is narrower than the SDKs' own patterns (regionRegex in botocore's endpoints.json): every Region so far ends
// in a direction and a number, so that us-est-1 is a slip and not a Region still to come.
var regionPattern = regexp.MustCompile(`^([a-z]{2}|us-gov|us-iso[a-z]?|eu-iso[a-z]?|eusc-[a-z]{2})-(north|south|east|west|central|northeast|northwest|southeast|southwest)-[1-9][0-9]?$`)

// someRegions serve as hints only.
var someRegions = []string{"af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
	"ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ca-central-1", "ca-west-1",
	"eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1",
	"me-central-1", "me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"}

func checkRegion(text string) (problem, hint string) {
	if regionPattern.MatchString(text) {
		return "", ""
	}
	return fmt.Sprintf("%q does not look like a Region", text), suggest(text, someRegions, "Regions are written like us-east-1")
}

func checkAccount(text string) (problem, hint string) {
	if accountID.MatchString(text) {
		return "", ""
	}
	return fmt.Sprintf("%q is not an account id", text), "an account id has 12 digits"
}

func checkARN(text string) (problem, hint string) {
	if strings.HasPrefix(text, "arn:") || strings.HasPrefix(text, "*") {
		return "", ""
	}
	return fmt.Sprintf("%q is not an ARN", text), "write it like arn:aws:s3:::shop-*"
}

var emailPattern = regexp.MustCompile(`^[^\s@<>,;:]+@[^\s@<>,;:]+$`)

func (r *reader) people(n node) {
	r.file.People = map[string]string{}
	for _, e := range r.entries(n, "people") {
		r.checkName(e.key, "a person")
		address, ok := r.text(e.value, "the address of "+e.key.text)
		if ok && !emailPattern.MatchString(address) {
			r.mistake(e.value.at, "write it like ops@acme.example", "%q is not an e-mail address", address)
		}
		r.file.People[e.key.text] = address
	}
}

// fingerprintPattern is what package seal makes of a key: 160 bits in base32.
var fingerprintPattern = regexp.MustCompile(`^[a-z2-7]{4}(-[a-z2-7]{4}){7}$`)

func (r *reader) localKeys(n node) {
	for _, e := range r.entries(n, "local keys") {
		r.checkName(e.key, "a local key")
		text, ok := r.text(e.value, "the fingerprint of "+e.key.text)
		if ok && !fingerprintPattern.MatchString(text) {
			r.mistake(e.value.at, "onus key list shows it: eight groups of four letters and digits", "%q is not the fingerprint of a key", text)
		}
		r.file.LocalKeys = append(r.file.LocalKeys, LocalKey{Name: e.key.text, Fingerprint: text, Line: e.key.at.line})
	}
}

func (r *reader) groups(n node) {
	r.file.Groups = map[string][]Source{}
	for _, e := range r.entries(n, "groups") {
		r.checkName(e.key, "a group")
		members, before := []Source{}, len(r.mistakes)
		for _, item := range r.list(e.value, "group "+e.key.text) {
			text, ok := r.text(item, "a member of "+e.key.text)
			if !ok {
				continue
			}
			m, problems := parseMember(text)
			r.problems(item, problems)
			m.Name = e.key.text
			members = append(members, m)
		}
		if len(members) == 0 && len(r.mistakes) == before {
			r.mistake(e.key.at, "list addresses, CIDRs or accounts", "group %s has no members", e.key.text)
		}
		r.file.Groups[e.key.text] = members
	}
}

func (r *reader) systems(n node) {
	for _, e := range r.entries(n, "systems") {
		r.checkName(e.key, "a system")
		if _, ok := r.file.Groups[e.key.text]; ok {
			r.mistake(e.key.at, "a sentence could mean either; rename one", "%s is also the name of a group", e.key.text)
		}
		s := System{Name: e.key.text, Line: e.key.at.line}
		fields := r.mapping(e.value, "system "+s.Name, systemKeys)
		s.Selection = r.selection(fields)
		if len(s.Tags)+len(s.Accounts)+len(s.ARNs) == 0 {
			r.mistake(e.key.at, "give it tags, accounts or arns", "system %s chooses nothing", s.Name)
		}
		if owner, ok := fields["owner"]; ok {
			s.Owner = r.owner(owner)
		}
		if data, ok := fields["data"]; ok {
			text, ok := r.text(data, "data")
			if ok && !slices.Contains(dataClasses, text) {
				r.mistake(data.at, suggest(text, dataClasses, "one of "+strings.Join(dataClasses, ", ")), "%q is no class of data", text)
			}
			s.Data = Data(text)
		}
		if tiers, ok := fields["tiers"]; ok {
			for _, t := range r.entries(tiers, "tiers") {
				r.checkName(t.key, "a tier")
				part := Part{Name: t.key.text, Selection: r.selection(r.mapping(t.value, "tier "+t.key.text, tierKeys))}
				if len(part.Tags)+len(part.Accounts)+len(part.ARNs) == 0 {
					r.mistake(t.key.at, "give it tags, accounts or arns", "tier %s chooses nothing", t.key.text)
				}
				s.Tiers = append(s.Tiers, part)
			}
		}
		r.file.Systems = append(r.file.Systems, s)
	}
}

func (r *reader) selection(fields map[string]node) Selection {
	var s Selection
	if n, ok := fields["tags"]; ok {
		s.Tags = r.tags(n)
	}
	if n, ok := fields["accounts"]; ok {
		s.Accounts = r.texts(n, "an account id", checkAccount)
	}
	if n, ok := fields["arns"]; ok {
		s.ARNs = r.texts(n, "an ARN", checkARN)
	}
	return s
}

func (r *reader) tags(n node) map[string][]string {
	tags := map[string][]string{}
	for _, e := range r.entries(n, "tags") {
		before := len(r.mistakes)
		values := r.texts(e.value, "the value of tag "+e.key.text, nil)
		if len(values) == 0 && len(r.mistakes) == before {
			r.mistake(e.key.at, `write "*" for any value`, "tag %s has no value", e.key.text)
		}
		tags[e.key.text] = values
	}
	return tags
}

// owner reads one of the people, or an e-mail address; without people any text will do.
func (r *reader) owner(n node) string {
	text, ok := r.text(n, "the owner")
	if !ok || emailPattern.MatchString(text) || len(r.file.People) == 0 {
		return text
	}
	if _, ok := r.file.People[text]; !ok {
		names := slices.Sorted(maps.Keys(r.file.People))
		r.mistake(n.at, suggest(text, names, "declare them under people:, or write an e-mail address"), "nobody is called %q", text)
	}
	return text
}

func (r *reader) checkName(n node, what string) {
	switch {
	case !namePattern.MatchString(n.text):
		r.mistake(n.at, "a letter, then letters, digits, - and _", "%q cannot be the name of %s", n.text, what)
	case !isName(n.text):
		r.mistake(n.at, "sentences need this word; take another", "%q cannot be the name of %s", n.text, what)
	}
}

// claim reads a sentence, or "scope: sentence" as YAML reads it.
func (r *reader) claim(n node) (Claim, bool) {
	c := Claim{Line: n.at.line, Column: n.at.column}
	before := len(r.mistakes)
	switch {
	case n.kind == mappingNode && len(n.entries) == 1:
		e := n.entries[0]
		if strings.Contains(e.key.text, " ") {
			whole := e.key.text + ": " + e.value.text
			hint := "if it is one sentence, quote it whole"
			if near := r.nearest(whole); len(near) > 0 {
				hint += "; perhaps " + strings.Join(near, "; or ")
			}
			r.mistake(e.key.at, hint, `YAML reads what is before ": " as the name of a system, and %q is none`, shorten(e.key.text))
			return c, false
		}
		scope, problems := r.file.tier(e.key.text)
		r.problems(e.key, problems)
		text, ok := r.text(e.value, "the sentence")
		if !ok {
			return c, false
		}
		c, problems = r.sentence(text, r.language.unscoped)
		c.Scope = scope
		r.problems(e.value, problems)
	case n.kind == mappingNode:
		r.mistake(n.at, "begin each with its own -", "one claim is one sentence")
	default:
		text, ok := r.text(n, "the sentence")
		if !ok {
			return c, false
		}
		var problems []problem
		c, problems = r.sentence(text, r.language.sentence)
		r.problems(n, problems)
	}
	c.Line, c.Column = n.at.line, n.at.column
	return c, len(r.mistakes) == before
}

// maxHints bounds the sentences for which the nearest forms are sought.
const maxHints = 50

func (r *reader) sentence(text string, read func(*File, string, bool) (Claim, []problem)) (Claim, []problem) {
	return read(r.file, text, len(r.mistakes) < maxHints)
}

func (r *reader) nearest(text string) []string {
	if len(r.mistakes) >= maxHints || len(text) > maxSentence {
		return nil
	}
	return r.language.nearest(split(regular(text)))
}

func (r *reader) excuse(n node) {
	before := len(r.mistakes)
	fields := r.mapping(n, "an excuse", excuseKeys)
	if n.kind != mappingNode {
		return
	}
	x := Excuse{Line: n.at.line, Column: n.at.column}
	missing := func(key, hint string) {
		r.mistake(n.at, hint, "this excuse has no %s", key)
	}
	for _, required := range []struct{ key, hint string }{
		{"claim", "claim: the sentence that may be broken for a while"},
		{"for", "for: what may break it, such as a resource's id, {tags: {app: legacy}} or {system: legacy}"},
		{"why", "why: the reason"},
		{"owner", "owner: who answers for it"},
		{"until", "until: its last day, such as 2027-01-31"},
	} {
		if _, ok := fields[required.key]; !ok {
			missing(required.key, required.hint)
		}
	}
	if f, ok := fields["claim"]; ok {
		x.Claim, _ = r.claim(f)
	}
	if f, ok := fields["for"]; ok {
		if f.kind == sequenceNode {
			for _, item := range f.items {
				x.For = append(x.For, r.cover(item))
			}
			if len(f.items) == 0 {
				missing("for", "list what may break the claim")
			}
		} else {
			x.For = []Cover{r.cover(f)}
		}
	}
	if f, ok := fields["why"]; ok {
		x.Why, _ = r.text(f, "why")
	}
	if f, ok := fields["owner"]; ok {
		x.Owner = r.owner(f)
	}
	if f, ok := fields["until"]; ok {
		x.Until = r.date(f)
	}
	if f, ok := fields["while"]; ok {
		if c, ok := r.claim(f); ok {
			x.While = &c
		}
	}
	if len(r.mistakes) == before {
		r.file.Excuses = append(r.file.Excuses, x)
	}
}

func (r *reader) cover(n node) Cover {
	if n.kind != mappingNode {
		text, _ := r.text(n, "what the excuse is for")
		c := Cover{Pattern: text}
		if scope, problems := r.file.tier(text); len(problems) == 0 {
			c.Scope = scope // it may be meant as either
		}
		return c
	}
	var c Cover
	before := len(r.mistakes)
	fields := r.mapping(n, "for", coverKeys)
	tags, hasTags := fields["tags"]
	system, hasSystem := fields["system"]
	switch {
	case hasTags && hasSystem:
		r.mistake(n.at, "list the two: [{tags: ...}, {system: ...}] covers either", "for has tags and a system")
	case hasTags:
		if c.Tags = r.tags(tags); len(c.Tags) == 0 && len(r.mistakes) == before {
			r.mistake(tags.at, "for: {tags: {app: legacy}}", "no tag is named")
		}
	case hasSystem:
		if text, ok := r.text(system, "the system"); ok {
			var problems []problem
			c.Scope, problems = r.file.tier(text)
			r.problems(system, problems)
		}
	case len(r.mistakes) == before:
		r.mistake(n.at, "for: i-0abc, {tags: {app: legacy}} or {system: legacy}", "for names nothing")
	}
	return c
}

func (r *reader) date(n node) time.Time {
	text, ok := r.text(n, "the date")
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, text)
	if err == nil {
		return t
	}
	hint := "write year-month-day, such as 2027-01-31"
	for _, layout := range []string{"2006-1-2", "2006/1/2", "2006.1.2", "2.1.2006", "2 January 2006", "2 Jan 2006", "January 2, 2006", "20060102", time.RFC3339, "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			hint = "write " + t.Format(time.DateOnly)
		}
	}
	if len(text) == len(time.DateOnly) && strings.Contains(err.Error(), "out of range") {
		if first, err := time.Parse("2006-01", text[:7]); err == nil {
			hint = fmt.Sprintf("that month ends on %s", first.AddDate(0, 1, -1).Format(time.DateOnly))
		}
	}
	r.mistake(n.at, hint, "%q is not a date", text)
	return time.Time{}
}

// problems notes what is wrong with pieces of a scalar, each at its own column where the source shows it.
func (r *reader) problems(n node, problems []problem) {
	for _, p := range problems {
		r.mistake(r.locate(n.at, p.at), p.hint, "%s", p.text)
	}
}
