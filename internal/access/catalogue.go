package access

import (
	_ "embed"
	"strings"
)

// escalationsTSV is the catalogue of escalations: one row for each set of permissions that is known to lead to more, with the public
// work that describes it. Rows flagged "unverified" are our own reasoning.
//
//go:embed escalations.tsv
var escalationsTSV string

// actionsTSV is what each action of an escalation is on, from AWS's Service Authorization Reference.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
//
//go:embed actions.tsv
var actionsTSV string

// Technique is one row of the catalogue.
type Technique struct {
	ID         string
	Rule       string   // "new", "existing" and "swap" are about roles of workloads; the others are named in rules.go
	Trusts     []string // services, one of which the role must trust
	Workload   string   // the kind of workload that must exist
	Actions    []string // all are needed
	Unverified bool
	Ended      bool // the service takes no new customers, or is gone
	Sources    string

	needs actionSet
}

// template is a pattern of the ARNs of one kind of resource that an action needs.
type template struct {
	kind     string
	arn      string
	optional bool // any one of the optional ones is enough
}

// pattern is the template in an account, with * where names go.
func (t template) pattern(partition, account string) string {
	var b strings.Builder
	rest := t.arn
	for {
		before, after, ok := strings.Cut(rest, "${")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, tail, _ := strings.Cut(after, "}")
		switch name {
		case "Partition":
			b.WriteString(partition)
		case "Account":
			b.WriteString(account)
		default:
			b.WriteString("*")
		}
		rest = tail
	}
}

var (
	// actions are all that escalations and stores need; the index is by name in lower case, templates are by index.
	actions, actionIndex, templates, everyAction = readActions(actionsTSV)
	techniques                                   = readTechniques(escalationsTSV)
)

func readActions(text string) (names []string, index map[string]int, kinds [][]template, all actionSet) {
	index = map[string]int{}
	for line := range strings.Lines(text) {
		name, rest, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t")
		index[strings.ToLower(name)] = len(names)
		all.add(len(names))
		names = append(names, name)
		var ts []template
		for k := range strings.FieldsSeq(rest) {
			kind, arn, _ := strings.Cut(k, "=")
			ts = append(ts, template{strings.TrimPrefix(kind, "?"), arn, strings.HasPrefix(kind, "?")})
		}
		kinds = append(kinds, ts)
	}
	return names, index, kinds, all
}

func readTechniques(text string) []*Technique {
	var all []*Technique
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(f) < 7 || f[0] == "id" {
			continue
		}
		t := &Technique{ID: f[0], Rule: strings.TrimPrefix(f[1], "rule "), Trusts: strings.Fields(f[2]), Workload: f[3], Actions: strings.Fields(f[4]),
			Unverified: strings.Contains(f[5], "unverified"), Ended: strings.Contains(f[5], "ended"), Sources: f[6]}
		t.needs = need(t.Actions...)
		all = append(all, t)
	}
	return all
}

// Techniques returns the catalogue, in its order.
func Techniques() []*Technique { return techniques }

// objectsOf are the kinds of resources that an action needs; none where it knows none.
func objectsOf(action string) []template {
	i, ok := actionIndex[strings.ToLower(action)]
	if !ok {
		return nil
	}
	return templates[i]
}

// need makes a set of actions.
func need(names ...string) actionSet {
	var s actionSet
	for _, n := range names {
		s.add(actionIndex[strings.ToLower(n)])
	}
	return s
}
