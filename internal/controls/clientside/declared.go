package clientside

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/ciphertext"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

const (
	listObjects  operation.ID = "s3:ListObjectsV2"
	listVersions operation.ID = "s3:ListObjectVersions"
	getObject    operation.ID = "s3:GetObject"
)

// sampleReads are the operations that a sample takes.
func sampleReads() []operation.ID {
	return []operation.ID{listObjects, getObject, listVersions, "s3:GetBucketVersioning"}
}

// The two sentences that declare a place. The first is about all of its objects, the second about those that were looked at.
var declares = []claims.Form{
	{Text: "{location} is encrypted with a local key", Example: "s3://acme-vault/payroll is encrypted with a local key"},
	{Text: "sampled objects of {location} are encrypted with a local key", Example: "sampled objects of s3://acme-vault/payroll are encrypted with a local key"},
}

// heeds are the same for the other controls of the practice.
func heeds() []claims.Form {
	forms := slices.Clone(declares)
	for i := range forms {
		forms[i].ID = declaredDataID
	}
	return forms
}

const declaredDataID = "cse-declared-data-is-ciphertext"

// place is a declared place with what was looked at there. It is what the controls judge.
type place struct {
	text   string // as declared: "s3://acme-vault/payroll"
	ref    estate.Ref
	tags   estate.Known[map[string]string]
	sample *estate.Sample // nil where why says what is missing
	keeps  bool           // older versions, or it may
	why    string
	gaps   []estate.Gap
}

func (p *place) Ref() estate.Ref                       { return p.ref }
func (p *place) Tags() estate.Known[map[string]string] { return p.tags }

// places are the declared places, each once, or the one of the claim that is asked.
func places(c *control.Case) []*place {
	if text, one := c.Slots.Text("location"); one {
		return []*place{placeOf(c.Estate, text)}
	}
	var all []*place
	seen := map[string]bool{}
	for _, claim := range c.Heeded() {
		if text, ok := claim.Slots.Text("location"); ok && !seen[text] {
			seen[text] = true
			all = append(all, placeOf(c.Estate, text))
		}
	}
	return all
}

// placeOf finds the bucket of a place, and what was looked at there. A place is a prefix as S3 means it: every key that begins with it.
func placeOf(e *estate.Estate, text string) *place {
	p := &place{text: text, ref: estate.Ref{Kind: "place", Region: estate.Global, ID: text}}
	p.tags = estate.Unread[map[string]string](estate.Gap{Why: "the bucket of " + text + " was not found"})
	at, ok := claims.ParseS3Place(text)
	bucket, prefix := at.Bucket, at.Prefix
	if !ok {
		p.why = "only objects of S3 are looked at, as s3://bucket/prefix"
		return p
	}
	i := slices.IndexFunc(e.Buckets, func(b *estate.Bucket) bool { return b.Ref().ID == bucket })
	if i < 0 {
		p.why = "no account that was read has bucket " + bucket
		p.gaps = e.Gaps("s3:ListBuckets")
		return p
	}
	b := e.Buckets[i]
	p.ref.Account, p.ref.Region, p.tags = b.Ref().Account, b.Ref().Region, b.Tags()
	p.ref.ARN = fmt.Sprintf("%s/%s*", b.Ref().ARN, prefix)
	sample := e.Sample(estate.Place{Account: b.Ref().Account, Region: estate.Global}, bucket, prefix)
	if gap, unread := sample.Listed.Unread(); unread {
		p.gaps = []estate.Gap{gap}
		p.why = "what is at " + text + " could not be listed"
		if gap.Outcome == operation.NotTried && gap.Code == "" {
			p.why = "no object of " + text + " was looked at: onus check --sample 200 does, with s3:ListBucket and s3:GetObject there"
		}
		return p
	}
	p.sample = sample
	versioning, told := b.Versioning.Value()
	p.keeps = !told || versioning != ""
	return p
}

// finding is what one look at an object comes to.
type finding struct {
	key     string
	version string // id of an older version
	bad     string // what is wrong with it; it then counts as a counter-example
	doubt   string // or what is not known
}

// asked is how far a sentence goes.
type asked struct {
	all    bool     // it is about all objects, not only about those that were looked at
	unseen []string // what it is about besides and nobody can see
}

// judge goes through the objects of a place: one that is bad breaks it; else one that is in doubt, or could not be read, or was not looked at
// and is asked about, makes it unknown. An empty object holds no data. A place without objects has nothing to judge.
func judge(c *control.Case, p *place, q asked, look func(ciphertext.Facts) (bad, doubt string), counter func([]finding) control.Counter) {
	if p.sample == nil {
		c.Note(p.why)
		c.Unknown(p, p.why, p.gaps...)
		return
	}
	listed, older := p.listings()
	var bad, doubts []finding
	var gaps []estate.Gap
	for _, o := range p.objects() {
		if gap, unread := o.Facts.Unread(); unread {
			gaps = append(gaps, gap)
			continue
		}
		facts, ok := o.Facts.Value()
		if !ok {
			continue
		}
		switch wrong, doubt := look(facts); {
		case wrong != "":
			bad = append(bad, finding{key: o.Key, version: o.Version, bad: wrong})
		case doubt != "":
			doubts = append(doubts, finding{key: o.Key, version: o.Version, doubt: doubt})
		}
	}
	looked := p.looked()
	if listed.Objects+older.Objects > 0 {
		c.Note(looked)
	}
	switch {
	case len(bad) > 0:
		x := counter(bad)
		x.Facts = append(append(p.facts(bad), x.Facts...), answer.Fact{Text: looked, Operation: listObjects})
		c.Breaks(p, x)
	case len(gaps) > 0:
		c.Unknown(p, fmt.Sprintf("%s of the objects chosen at %s could not be read", count(len(gaps)), p.text), gaps[:min(len(gaps), 5)]...)
	case len(doubts) > 0:
		c.Unknown(p, fmt.Sprintf("of %s at %s it cannot be told: %s", objects(len(doubts)), p.text, doubts[0].doubt),
			p.gap("%s: %s", p.named(doubts[0]), doubts[0].doubt))
	case p.keeps && unread(p.sample.Older):
		gap, _ := p.sample.Older.Unread()
		c.Unknown(p, "older versions of objects at "+p.text+" were not looked at, and the bucket may keep some: that takes s3:ListBucketVersions and s3:GetObjectVersion", gap)
	case listed.Objects == 0 && listed.All && older.Objects == 0 && older.All:
	case q.all && (!listed.All || int64(len(p.sample.Objects)) < listed.Objects || !older.All || int64(len(p.sample.Versions)) < older.Objects):
		c.Unknown(p, looked+", and no counter-example is among them; the sentence is about all objects",
			p.gap("the other objects at %s were not looked at", p.text))
	case len(q.unseen) > 0:
		var gaps []estate.Gap
		for _, why := range q.unseen {
			gaps = append(gaps, p.gap("%s", why))
		}
		c.Unknown(p, "", gaps...)
	default:
		c.Holds(p)
	}
}

// objects are those that were looked at, and in a bucket that keeps versions the older versions.
func (p *place) objects() []*estate.Object {
	if !p.keeps {
		return p.sample.Objects
	}
	return slices.Concat(p.sample.Objects, p.sample.Versions)
}

// listings say how much there is. Of a bucket that keeps no versions there are none, and all are known.
func (p *place) listings() (newest, older estate.Listing) {
	newest, _ = p.sample.Listed.Value()
	if !p.keeps {
		return newest, estate.Listing{All: true}
	}
	older, _ = p.sample.Older.Value()
	return newest, older
}

func unread[T any](k estate.Known[T]) bool { _, is := k.Unread(); return is }

// looked says how much of what is there was looked at.
func (p *place) looked() string {
	listed, older := p.listings()
	n, versions := len(p.sample.Objects), len(p.sample.Versions)
	some := ""
	switch {
	case older.Objects == 0:
	case !older.All:
		some = fmt.Sprintf(" and %s of more than %s older versions", count(versions), rough(older.Objects))
	default:
		some = fmt.Sprintf(" and %s of %s older versions", count(versions), rough(older.Objects))
	}
	switch {
	case !listed.All:
		return fmt.Sprintf("%s of more than %s objects%s of %s sampled", count(n), rough(listed.Objects), some, p.text)
	case int64(n) == listed.Objects && int64(versions) == older.Objects && older.All:
		if older.Objects > 0 {
			some = " and all " + counted(versions, "older version")
		}
		return fmt.Sprintf("all %s%s of %s looked at", objects(n), some, p.text)
	}
	return fmt.Sprintf("%s of %s objects%s of %s sampled", count(n), rough(listed.Objects), some, p.text)
}

// named is an object as a person finds it.
func (p *place) named(f finding) string {
	name := "s3://" + p.sample.Bucket + "/" + f.key
	if f.version != "" {
		name += " (version " + f.version + ")"
	}
	return name
}

func (p *place) gap(why string, args ...any) estate.Gap {
	return estate.Gap{Place: p.sample.Place, About: p.text, Why: fmt.Sprintf(why, args...)}
}

// mostFacts bounds the objects that a counter-example names.
const mostFacts = 5

func (p *place) facts(bad []finding) []answer.Fact {
	var facts []answer.Fact
	for _, f := range bad[:min(len(bad), mostFacts)] {
		facts = append(facts, answer.Fact{Text: p.named(f) + " " + f.bad, Operation: getObject})
	}
	if more := len(bad) - mostFacts; more > 0 {
		facts = append(facts, answer.Fact{Text: "and " + objects(more) + " more", Operation: getObject})
	}
	return facts
}

// mending are the commands that mend the first object that is bad, and the first older version, which nothing but deleting it mends.
func (p *place) mending(bad []finding, format string) []string {
	var commands []string
	if i := slices.IndexFunc(bad, func(f finding) bool { return f.version == "" }); i >= 0 {
		commands = append(commands, fmt.Sprintf(format, control.ShellQuote("s3://"+p.sample.Bucket+"/"+bad[i].key)))
	}
	if i := slices.IndexFunc(bad, func(f finding) bool { return f.version != "" }); i >= 0 {
		commands = append(commands, fmt.Sprintf("aws s3api delete-object --bucket %s --key %s --version-id %s",
			control.ShellQuote(p.sample.Bucket), control.ShellQuote(bad[i].key), control.ShellQuote(bad[i].version)))
	}
	return commands
}

// each judges every declared place, or says that none is declared.
func each(c *control.Case, do func(p *place)) {
	all := places(c)
	if len(all) == 0 {
		c.NotDeclared()
	}
	for _, p := range all {
		do(p)
	}
}

func objects(n int) string { return counted(n, "object") }

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}

// count writes a number with commas.
func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// rough writes large numbers as people say them: 4.1 million.
func rough(n int64) string {
	if n < 1_000_000 {
		return count(int(n))
	}
	return strings.TrimSuffix(strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64), ".0") + " million"
}
