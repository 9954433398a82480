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
	listObjects operation.ID = "s3:ListObjectsV2"
	getObject   operation.ID = "s3:GetObject"
)

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
	return p
}

// finding is what one look at an object comes to.
type finding struct {
	key   string
	bad   string // what is wrong with it; it then counts as a counter-example
	doubt string // or what is not known
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
	listed, _ := p.sample.Listed.Value()
	var bad, doubts []finding
	var gaps []estate.Gap
	for _, o := range p.sample.Objects {
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
			bad = append(bad, finding{key: o.Key, bad: wrong})
		case doubt != "":
			doubts = append(doubts, finding{key: o.Key, doubt: doubt})
		}
	}
	looked := p.looked()
	if listed.Objects > 0 {
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
			p.gap("s3://%s/%s: %s", p.sample.Bucket, doubts[0].key, doubts[0].doubt))
	case listed.Objects == 0 && listed.All:
	case q.all && (!listed.All || int64(len(p.sample.Objects)) < listed.Objects):
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

// looked says how much of what is there was looked at.
func (p *place) looked() string {
	listed, _ := p.sample.Listed.Value()
	n := len(p.sample.Objects)
	switch {
	case !listed.All:
		return fmt.Sprintf("%s of more than %s objects of %s sampled", count(n), rough(listed.Objects), p.text)
	case int64(n) == listed.Objects:
		return fmt.Sprintf("all %s of %s looked at", objects(n), p.text)
	}
	return fmt.Sprintf("%s of %s objects of %s sampled", count(n), rough(listed.Objects), p.text)
}

func (p *place) gap(why string, args ...any) estate.Gap {
	return estate.Gap{Place: p.sample.Place, About: p.text, Why: fmt.Sprintf(why, args...)}
}

// mostFacts bounds the objects that a counter-example names.
const mostFacts = 5

func (p *place) facts(bad []finding) []answer.Fact {
	var facts []answer.Fact
	for _, f := range bad[:min(len(bad), mostFacts)] {
		facts = append(facts, answer.Fact{Text: fmt.Sprintf("s3://%s/%s %s", p.sample.Bucket, f.key, f.bad), Operation: getObject})
	}
	if more := len(bad) - mostFacts; more > 0 {
		facts = append(facts, answer.Fact{Text: "and " + objects(more) + " more", Operation: getObject})
	}
	return facts
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

func objects(n int) string {
	if n == 1 {
		return "1 object"
	}
	return count(n) + " objects"
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
