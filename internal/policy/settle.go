package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settleTries bounds the requests that Settle judges in place of one.
const settleTries = 512

// Settle is Decide, and looks closer where that says that it depends: two statements that ask for the same key may together be
// sure of what each alone leaves open ("allow if it is a", "allow if it is not a"). It tries every value of the open keys that
// the policies can tell apart, being missing among them. Where that cannot be done, because variables ask for
// a key, or there are too many, it still depends.
func Settle(r *Request, p *Policies) Decision {
	d := Decide(r, p)
	if d.Result != Depends {
		return d
	}
	keys, values, ok := choices(r, p, d.DependsOn)
	if !ok {
		return d
	}
	seen := map[Result]Decision{}
	trial := *r
	chosen := make([]int, len(keys))
	for {
		trial.Context.Values, trial.Context.Absent = cloneContext(&r.Context)
		for i, k := range keys {
			if v := values[i][chosen[i]]; v == nil {
				trial.Context.Absent[k] = true
			} else {
				trial.Context.Values[k] = v
			}
		}
		one := Decide(&trial, p)
		if one.Result == Depends {
			return d
		}
		seen[one.Result] = one
		if _, allowed := seen[Allowed]; allowed && len(seen) > 1 {
			return d
		}
		if !advance(chosen, values) {
			break
		}
	}
	for _, result := range []Result{Allowed, ImplicitDeny, ExplicitDeny} {
		if settled, ok := seen[result]; ok {
			settled.Because = append(settled.Because, Reason{Layer: NoLayer, Statement: -1, Text: fmt.Sprintf("it is so whatever %s is", strings.Join(spelled(d.DependsOn), ", "))})
			return settled
		}
	}
	return d
}

// spelled are the keys that a decision depends on, each once, as policies write them.
func spelled(depends []Dependence) (keys []string) {
	for _, d := range depends {
		if !slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, d.Key) }) {
			keys = append(keys, d.Key)
		}
	}
	return keys
}

// choices finds, for every key that a decision depends on, the values that conditions can tell apart; nil stands for none, the key being
// missing.
func choices(r *Request, p *Policies, depends []Dependence) (keys []string, values [][][]string, ok bool) {
	for _, d := range depends {
		if d.Key == "" {
			return nil, nil, false
		}
		if k := strings.ToLower(d.Key); !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	j := newJudge(r, p)
	asked := make([][]*Condition, len(keys))
	for _, s := range p.all() {
		if s.Document == nil {
			return nil, nil, false
		}
		for i := range s.Document.Statements {
			statement := &s.Document.Statements[i]
			if j.action(statement) == no {
				continue
			}
			if mentions(statement, keys) {
				return nil, nil, false
			}
			for c := range statement.Condition {
				if at := slices.Index(keys, strings.ToLower(statement.Condition[c].Key)); at >= 0 {
					asked[at] = append(asked[at], &statement.Condition[c])
				}
			}
		}
	}
	for i := range p.Grants {
		for at, key := range keys {
			asked[at] = append(asked[at], p.Grants[i].asks(key)...)
		}
	}
	tries := 1
	for i := range keys {
		v, ok := apart(asked[i])
		if tries *= len(v) + 1; !ok || tries > settleTries {
			return nil, nil, false
		}
		values = append(values, append(v, nil))
	}
	return keys, values, true
}

// asks are the constraints of a grant on a key, as conditions.
func (g *Grant) asks(key string) (all []*Condition) {
	if g.SourceARN != "" && key == sourceARN {
		all = append(all, &Condition{Operator: Operator{Name: "StringEquals"}, Key: key, Values: []string{g.SourceARN}})
	}
	for _, wanted := range []map[string]string{g.ContextEquals, g.ContextSubset} {
		for k, v := range wanted {
			if strings.EqualFold(encryptionContext+k, key) {
				all = append(all, &Condition{Operator: Operator{Name: "StringEquals"}, Key: key, Values: []string{v}})
			}
		}
	}
	return all
}

// all are the sources of every layer.
func (p *Policies) all() []Source {
	all := slices.Concat(p.Identity, p.Boundary, p.Session, p.Endpoint)
	if p.Resource != nil {
		all = append(all, *p.Resource)
	}
	if p.S3 != nil && p.S3.AccessPoint != nil {
		all = append(all, *p.S3.AccessPoint)
	}
	for _, l := range slices.Concat(p.ServiceControl, p.ResourceControl) {
		all = append(all, l.Sources...)
	}
	return all
}

// mentions reports whether a statement fills one of the keys in as a variable.
func mentions(s *Statement, keys []string) bool {
	texts := slices.Concat(s.Resource, s.NotResource)
	for _, c := range s.Condition {
		texts = append(texts, c.Values...)
	}
	for _, text := range texts {
		text = strings.ToLower(text)
		for _, k := range keys {
			if strings.Contains(text, "${") && strings.Contains(text, k) {
				return true
			}
		}
	}
	return false
}

// mostMembers bounds the values of which every set is tried.
const mostMembers = 5

// apart finds values such that any value is judged by the conditions as one of them is, and where a set operator is among them, sets of
// values; not ok where it cannot.
func apart(asked []*Condition) (lists [][]string, ok bool) {
	families, sets := map[string]bool{}, false
	var texts []*Condition
	var values []string
	for _, c := range asked {
		sets = sets || c.Operator.ForAllValues || c.Operator.ForAnyValue
		base := strings.Replace(c.Operator.Name, "Not", "", 1)
		for _, family := range []string{"Numeric", "Date"} {
			if strings.HasPrefix(base, family) {
				base = family
			}
		}
		if base == "Null" || c.Operator.Unknown {
			continue
		}
		if strings.HasPrefix(base, "String") || strings.HasPrefix(base, "Arn") || base == "Bool" {
			base = "text"
			texts = append(texts, c)
		}
		families[base] = true
		if slices.ContainsFunc(c.Values, variable) {
			return nil, false
		}
		values = append(values, c.Values...)
	}
	if len(families) > 1 || families["BinaryEquals"] { // of bytes one value has several spellings
		return nil, false
	}
	const other = "\x01none of them"
	switch {
	case families["Numeric"]:
		values, ok = between(values, func(s string) (float64, bool) { f, err := strconv.ParseFloat(s, 64); return f, err == nil },
			func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) })
		values = append(values, other)
	case families["Date"]:
		values, ok = between(values, func(s string) (float64, bool) {
			t, ok := parseDate(s)
			return float64(t.Unix()), ok && t.Nanosecond() == 0
		},
			func(f float64) string { return time.Unix(0, int64(f*1e9)).UTC().Format(time.RFC3339Nano) })
		values = append(values, other)
	case families["IpAddress"]:
		values, ok = edges(values)
		values = append(values, other)
	default:
		values, ok = witnesses(texts, sets)
	}
	slices.Sort(values)
	values = slices.Compact(values)
	switch {
	case !ok, sets && len(values) > mostMembers:
		return nil, false
	case !sets:
		for _, v := range values {
			lists = append(lists, []string{v})
		}
		return lists, true
	}
	lists = append(lists, []string{""}) // an empty text is an empty set, and yet there
	for choice := 1; choice < 1<<len(values); choice++ {
		var set []string
		for i, v := range values {
			if choice>>i&1 == 1 {
				set = append(set, v)
			}
		}
		lists = append(lists, set)
	}
	return lists, true
}

// between gives every value, one between each two neighbours, and one beyond each end.
func between(texts []string, parse func(string) (float64, bool), format func(float64) string) (values []string, ok bool) {
	var all []float64
	for _, s := range texts {
		f, ok := parse(s)
		if !ok || f > 1e12 || f < -1e12 {
			return nil, false
		}
		all = append(all, f)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	for i, f := range all {
		values = append(values, format(f))
		if i > 0 {
			values = append(values, format((f+all[i-1])/2))
		}
	}
	if len(all) > 0 {
		values = append(values, format(all[0]-1), format(all[len(all)-1]+1))
	}
	return values, true
}

// edges gives the first address of every range, and the first behind it.
func edges(texts []string) (values []string, ok bool) {
	values = []string{"0.0.0.0", "::"}
	for _, s := range texts {
		p, ok := parseRange(s)
		if !ok {
			return nil, false
		}
		values = append(values, p.Addr().String())
		if behind := last(p).Next(); behind.IsValid() {
			values = append(values, behind.String())
		}
	}
	return values, true
}

func last(p netip.Prefix) netip.Addr {
	bytes := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 1 << (7 - bit%8)
	}
	a, _ := netip.AddrFromSlice(bytes)
	return a
}

func advance(chosen []int, values [][][]string) bool {
	for i := range chosen {
		if chosen[i]++; chosen[i] < len(values[i]) {
			return true
		}
		chosen[i] = 0
	}
	return false
}

func cloneContext(c *Context) (map[string][]string, map[string]bool) {
	values, absent := map[string][]string{}, map[string]bool{}
	for k, v := range c.Values {
		values[k] = v
	}
	for k, v := range c.Absent {
		absent[k] = v
	}
	return values, absent
}
