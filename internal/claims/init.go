package claims

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// InitFacts is what Init writes a first claims file from. Each part may be empty.
type InitFacts struct {
	Company   string
	Regions   []string // Regions in which something was seen
	OwnerTags []string // keys of tags that seem to name an owner
	Systems   []InitSystem
	// Claims are sentences that are surely meant: they hold, and nobody would want them not to.
	Claims []string
	// Questions are what was seen and may or may not be meant. They are written as comments, for what is there is not
	// therefore permitted.
	Questions []Question
}

// InitSystem is a system guessed from tags. A name that a system cannot have is made fit.
type InitSystem struct {
	Name  string
	Tags  map[string]string
	Tiers []InitTier
}

// InitTier is a tier guessed from tags.
type InitTier struct {
	Name string
	Tags map[string]string
}

// Question is something that was seen, and the line to add to the claims if it is as it should be.
type Question struct {
	Seen  string // "jenkins answers the internet on 8080"
	Claim string // the sentence that would permit or forbid it, or empty
}

// Init writes a first claims file, which Parse accepts if its claims are sentences.
func Init(facts InitFacts) []byte {
	w := &writer{}
	w.comment("What we believe is done. onus check answers each sentence; onus sentences lists all that can be written.")
	w.comment("This file was written from what was seen in the accounts. Read it: a claim is yours once you keep it.")
	if strings.TrimSpace(facts.Company) != "" {
		w.line("")
		w.line("company: " + scalar(facts.Company))
	}
	// The tagging API has things in "global", which is no Region.
	regions := slices.DeleteFunc(slices.Clone(facts.Regions), func(r string) bool { return !regionPattern.MatchString(r) })
	w.list("regions", regions, "Something was seen in these Regions: strike out those that nobody means. Elsewhere nothing is expected.")
	w.list("owner tags", facts.OwnerTags, "These tags seem to name owners.")
	w.systems(facts.Systems)
	w.list("claims", facts.Claims, "These hold today, and are surely meant.")
	w.questions(facts.Questions, len(facts.Claims) > 0)
	return []byte(w.String())
}

type writer struct{ strings.Builder }

func (w *writer) line(s string) { w.WriteString(s + "\n") }

// comment writes one line, whatever is in the text.
func (w *writer) comment(s string) {
	words := strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(c rune) bool {
		return unicode.IsControl(c) || unicode.IsSpace(c) || c == unicode.ReplacementChar
	})
	w.line("# " + strings.Join(words, " "))
}

func (w *writer) list(key string, items []string, comment string) {
	var lines []string
	for _, item := range items {
		line := "  - " + scalar(item)
		if scope, sentence, ok := strings.Cut(item, ": "); ok && key == "claims" && couldBeName(scope) {
			line = "  - " + scope + ": " + scalar(sentence)
		}
		if strings.TrimSpace(item) != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return
	}
	w.line("")
	w.comment(comment)
	w.line(key + ":")
	for _, line := range lines {
		w.line(line)
	}
}

func (w *writer) systems(systems []InitSystem) {
	names := map[string]bool{}
	for _, s := range systems {
		tags := mapping(s.Tags)
		if tags == "" {
			continue
		}
		if len(names) == 0 {
			w.line("")
			w.comment("Guessed from tags. Give each an owner, and say what its data is: public, internal, confidential or restricted.")
			w.line("systems:")
		}
		w.line("  " + fit(s.Name, "system", names) + ":")
		w.line("    tags: " + tags)
		tiers := map[string]bool{}
		for _, t := range s.Tiers {
			tags := mapping(t.Tags)
			if tags == "" {
				continue
			}
			if len(tiers) == 0 {
				w.line("    tiers:")
			}
			w.line("      " + fit(t.Name, "tier", tiers) + ": {tags: " + tags + "}")
		}
	}
}

func (w *writer) questions(questions []Question, claims bool) {
	if len(questions) == 0 {
		return
	}
	w.line("")
	w.comment("Questions. What is there is not therefore meant: take the # away from a claim only if you would say it aloud.")
	if !claims {
		w.line("# claims:")
	}
	for _, q := range questions {
		w.line("#")
		if q.Seen != "" {
			w.comment(q.Seen)
		}
		if q.Claim != "" {
			w.comment("- " + scalar(q.Claim))
		}
	}
}

// mapping writes tags as a flow mapping, or nothing if there are none to go by: a tag that is empty or no UTF-8 can match nothing.
func mapping(tags map[string]string) string {
	var items []string
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if saysSomething(key) && saysSomething(tags[key]) {
			items = append(items, scalar(key)+": "+scalar(tags[key]))
		}
	}
	if len(items) == 0 {
		return ""
	}
	return "{" + strings.Join(items, ", ") + "}"
}

func saysSomething(s string) bool { return strings.TrimSpace(s) != "" && utf8.ValidString(s) }

// safe is text that every YAML program reads as it stands, also within braces.
var safe = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9 ._/@-]*$|^[1-9][0-9]{0,8}$`)

// scalar writes a text for YAML, in quotes where it needs them.
func scalar(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if safe.MatchString(s) && !strings.HasSuffix(s, " ") && !misread(s) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == ' ' || unicode.IsGraphic(c) && !unicode.IsSpace(c) && c != unicode.ReplacementChar && c != '\ufeff':
			b.WriteRune(c)
		case c > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, c)
		default:
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

var unfit = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// fit makes a name that a system or tier may have and that is not taken.
func fit(name, what string, taken map[string]bool) string {
	name = strings.Trim(unfit.ReplaceAllString(name, "-"), "-_")
	if !isName(name) || misread(name) {
		name = strings.Trim(what+"-"+name, "-")
	}
	name = strings.TrimRight(name[:min(len(name), 56)], "-_")
	free := name
	for i := 2; taken[free]; i++ {
		free = fmt.Sprintf("%s-%d", name, i)
	}
	taken[free] = true
	return free
}
