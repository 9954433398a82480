package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/estate"
)

// symbol is the sign beside a verdict's word; it never stands alone.
func symbol(v answer.Verdict) string {
	switch v {
	case answer.Broken:
		return "✗"
	case answer.Unknown:
		return "?"
	case answer.Excused:
		return "~"
	case answer.Holds:
		return "✓"
	case answer.NothingToJudge:
		return "–"
	}
	return "·"
}

// line is what stands beside a verdict's word: the counts of all parts, whatever the word.
//
//	3 causes, 41 instances · 2 excused · 5 could not be read · 7 of 9 asked · 612 hold
func (x *index) line(a *answer.Answer) string {
	var parts []string
	if a.Tally.Broken > 0 {
		parts = append(parts, x.broken(a))
	}
	if n := a.Tally.Excused; n > 0 {
		s := number(n) + " excused"
		if a.Until != "" {
			s += " until " + a.Until
		}
		parts = append(parts, s)
	}
	if n := a.Tally.Unknown; n > 0 {
		parts = append(parts, number(n)+" could not be read")
	}
	if a.Tally.Questions > 0 && a.Tally.Asked < a.Tally.Questions {
		parts = append(parts, fmt.Sprintf("%d of %d asked", a.Tally.Asked, a.Tally.Questions))
	}
	if n := a.Tally.Holds; n > 0 {
		parts = append(parts, number(n)+verb(n, " holds", " hold"))
	}
	if len(parts) == 0 || a.Verdict == answer.NothingToJudge || a.Verdict == answer.NotDeclared {
		parts = append(parts, cmp.Or(a.Note, reason(a.Verdict)))
	}
	return strings.Join(parts, " · ")
}

// broken counts the causes of an answer and, by kind, what they break.
func (x *index) broken(a *answer.Answer) string {
	var subjects []estate.Ref
	for _, e := range x.evidence(a) {
		if e.Excuse == nil {
			subjects = append(subjects, affected(e)...)
		}
	}
	what := kinds(subjects)
	if what == "" {
		what = count(a.Tally.Broken, "counter-example")
	}
	if causes := x.causesOf(a); len(causes) > 0 {
		return count(len(causes), "cause") + ", " + what
	}
	return what
}

// affected are the resources that a counter-example is counted by: those that suffer, or else its subject.
func affected(e answer.CounterExample) []estate.Ref {
	if len(e.Affects) > 0 {
		return e.Affects
	}
	return []estate.Ref{e.Subject}
}

// reason says why a verdict has no counts.
func reason(v answer.Verdict) string {
	switch v {
	case answer.NothingToJudge:
		return "everything was read, and nothing of the kind exists"
	case answer.NotDeclared:
		return "nobody has declared what it needs"
	case answer.Unknown:
		return "nothing was read that could tell"
	}
	return ""
}

// kinds counts references by kind, each reference once, the most frequent first: "41 instances, 1 bucket".
func kinds(refs []estate.Ref) string {
	seen := map[string]bool{}
	of := map[string]int{}
	for _, r := range refs {
		if key := r.Key(); !seen[key] {
			seen[key] = true
			of[r.Kind]++
		}
	}
	var names []string
	for k := range of {
		names = append(names, k)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(of[b], of[a]), cmp.Compare(a, b))
	})
	const most = 3
	var parts []string
	others := 0
	for i, k := range names {
		if i >= most && len(names) > most+1 {
			others += of[k]
			continue
		}
		parts = append(parts, countKind(of[k], k))
	}
	if others > 0 {
		parts = append(parts, number(others)+" of other kinds")
	}
	return strings.Join(parts, ", ")
}

// countKind says "1 bucket", "41 instances".
func countKind(n int, kind string) string {
	one, many := nouns(kind)
	return number(n) + " " + verb(n, one, many)
}

// noun is a kind of resource in words: "network ACL" of "network-acl".
func noun(kind string) string {
	one, _ := nouns(kind)
	return one
}

// nouns are the singular and the plural of a kind of resource.
func nouns(kind string) (one, many string) {
	if kind == "" {
		return "resource", "resources"
	}
	words := strings.Split(kind, "-")
	for i, w := range words {
		if full, ok := abbreviations[w]; ok {
			words[i] = full
		}
	}
	one = strings.Join(words, " ")
	return one, plural(one)
}

// abbreviations are the words of kinds that are not written as they are spoken.
var abbreviations = map[string]string{
	"acl": "ACL", "acm": "ACM", "ami": "AMI", "db": "database", "dlm": "DLM", "ebs": "EBS", "iam": "IAM", "kms": "KMS", "mfa": "MFA",
	"rds": "RDS", "region": "Region", "ssm": "SSM", "vpc": "VPC", "waf": "WAF",
}

// plural is regular English, which all kinds follow.
func plural(noun string) string {
	switch {
	case strings.HasSuffix(noun, "y") && len(noun) > 1 && !strings.ContainsRune("aeiou", rune(noun[len(noun)-2])):
		return noun[:len(noun)-1] + "ies"
	case strings.HasSuffix(noun, "s"), strings.HasSuffix(noun, "x"), strings.HasSuffix(noun, "ch"), strings.HasSuffix(noun, "sh"):
		return noun + "es"
	}
	return noun + "s"
}

// count says "1 cause", "2,301 causes".
func count(n int, noun string) string {
	return number(n) + " " + verb(n, noun, plural(noun))
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// number writes thousands apart: 100,000.
func number(n int) string {
	s := strconv.Itoa(n)
	from := 0
	if n < 0 {
		from = 1
	}
	for i := len(s) - 3; i > from; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// called names a resource for people: what they call it, and its id where that is something else.
func called(r estate.Ref) string {
	if r.Name != "" && r.Name != r.ID {
		return r.Name + " (" + r.ID + ")"
	}
	return r.ID
}

// list joins words as a sentence does: "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// when writes a time to the minute, in UTC; the zero time is not known.
func when(t time.Time) string {
	if t.IsZero() {
		return "at an unknown time"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// concerns says whom something is for.
func concerns(owners []string) string {
	if len(owners) == 0 {
		return "no owner known"
	}
	return "for " + list(owners)
}

// regions lists the distinct Regions of all accounts, sorted.
func (x *index) regions() []string {
	var all []string
	for _, a := range x.Reading.Accounts {
		all = append(all, a.Regions...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// scope is the line under the title: "3 accounts · 2 Regions · 412 resources · 187 calls".
func (x *index) scope() []string {
	return []string{
		count(len(x.Reading.Accounts), "account"), count(len(x.regions()), "Region"),
		count(x.Reading.Resources, "resource"), count(x.Reading.Calls, "call"),
	}
}

// sentence is the whole sentence of an answer, with its system.
func sentence(a *answer.Answer) string {
	if a.System != "" {
		return a.System + ": " + a.Sentence
	}
	return a.Sentence
}

// summary counts the practices by verdict, the worst word first: "12 practices: 8 broken, 2 unknown, 1 holds, 1 not declared".
func (x *index) summary() string {
	of := map[answer.Verdict]int{}
	for i := range x.Practices {
		of[x.Practices[i].Verdict]++
	}
	var parts []string
	for _, v := range []answer.Verdict{answer.Broken, answer.Unknown, answer.Excused, answer.Holds, answer.NothingToJudge, answer.NotDeclared} {
		if n := of[v]; n > 0 {
			word := v.String()
			if v == answer.Holds {
				word = verb(n, "holds", "hold")
			}
			parts = append(parts, number(n)+" "+word)
		}
	}
	if len(parts) == 0 {
		return "no practice was asked"
	}
	return count(len(x.Practices), "practice") + ": " + strings.Join(parts, ", ")
}
