package access

import (
	"maps"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/policy"
)

// retag decides a question again, with the tags open that somebody may choose, and looks for values that pass and that he may set.
func (w *prover) retag(p *Principal, request *policy.Request, policies *policy.Policies, given map[string][]string, above Strength) (Strength, Answer) {
	t := &retagging{prover: w, p: p, policies: policies, given: given, best: above, left: 64, keys: map[string]string{}}
	if !t.open(request) {
		return No, Answer{}
	}
	r := *request
	r.Context.Values, r.Context.Absent = maps.Clone(r.Context.Values), maps.Clone(r.Context.Absent)
	for key := range t.keys {
		delete(r.Context.Values, key)
		delete(r.Context.Absent, key)
	}
	t.try(r, nil)
	if t.cut && t.best < Unknown {
		why := policy.Reason{Statement: -1, Text: "whether other tags than those that were tried let it pass"}
		return Unknown, Answer{Principal: p, Action: request.Action, Resource: request.Resource,
			Decision: policy.Decision{Result: policy.Depends, DependsOn: []policy.Dependence{{Reason: why}}}}
	}
	return t.best, t.answer
}

// retagging is one search for tags.
type retagging struct {
	*prover
	p        *Principal
	policies *policy.Policies
	given    map[string][]string
	object   *Object           // whose tags may be chosen; nil for none
	keys     map[string]string // condition keys that are open, in lower case: the tag as policies spell it
	left     int               // tries
	cut      bool              // there was more to try
	best     Strength
	answer   Answer
}

// chosenTag is one tag with the value that it is to have; absent for none.
type chosenTag struct {
	key, value string // the condition key
	absent     bool
}

// open finds the tags that the policies ask for and that may be chosen.
func (t *retagging) open(request *policy.Request) bool {
	if o := t.objects[request.Resource]; o != nil && o.tagsKnown && len(t.labelKeys) > 0 && !sets(request.Action) {
		if set, unset := tagsOf(o.ARN); set != "" && slices.ContainsFunc(t.taggers(), func(x *Principal) bool { return t.mayAllow(x, set) || t.mayAllow(x, unset) }) {
			t.object = o
		}
	}
	own := t.p.tags != nil && t.p.tags.own
	if !own && t.object == nil {
		return false
	}
	services := tagServices(request.Action)
	add := func(key string) {
		name, principal, ok := tagName(key)
		if !ok || principal && !own || !principal && t.object == nil {
			return
		}
		if s, _, _ := strings.Cut(key, ":"); !principal && !slices.Contains(services, strings.ToLower(s)) {
			return
		}
		if key = strings.ToLower(key); t.keys[key] == "" && t.given[key] == nil {
			t.keys[key] = name
		}
	}
	t.statements(request.Action, func(s *policy.Statement) {
		for _, c := range s.Condition {
			add(c.Key)
			for _, v := range c.Values {
				for name := range policy.Variables(v) {
					add(name)
				}
			}
		}
		for _, list := range [][]string{s.Resource, s.NotResource} {
			for _, r := range list {
				for name := range policy.Variables(r) {
					add(name)
				}
			}
		}
	})
	return len(t.keys) > 0
}

// statements visits those about an action, in documents that speak of tags at all.
func (t *retagging) statements(action string, visit func(*policy.Statement)) {
	each(t.policies, func(s *policy.Source) {
		if s == nil || s.Document == nil {
			return
		}
		if d := t.documents.of(s.Document); len(d.labels) == 0 && len(tagKeys(d)) == 0 {
			return
		}
		for i := range s.Document.Statements {
			if st := &s.Document.Statements[i]; covers(st, action) {
				visit(st)
			}
		}
	})
}

// taggers are who may set tags of what the principal acts on: itself, and who chose its own.
func (t *retagging) taggers() []*Principal {
	all := []*Principal{t.p}
	for x := t.p.tags; x != nil; x = x.by.tags {
		all = append(all, x.by)
	}
	return all
}

func (t *retagging) try(r policy.Request, chosen []chosenTag) {
	const most = 4
	switch {
	case t.best == Yes:
		return
	case t.left == 0:
		t.cut = true
		return
	}
	t.left--
	asked := r
	s, a := t.settle(t.p, &asked, t.policies, t.given)
	if a.Result == policy.Depends {
		for _, d := range a.DependsOn {
			key := strings.ToLower(d.Key)
			if t.keys[key] == "" || slices.ContainsFunc(chosen, func(c chosenTag) bool { return c.key == key }) {
				continue
			}
			if len(chosen) == most {
				t.cut = true
				break
			}
			for _, c := range t.valuesFor(key, &r) {
				next := r
				next.Context.Values, next.Context.Absent = maps.Clone(r.Context.Values), maps.Clone(r.Context.Absent)
				t.put(&next, c)
				t.try(next, append(slices.Clone(chosen), c))
			}
			return
		}
	}
	if s <= t.best {
		return
	}
	f, ok := t.allowed(chosen)
	if s = min(s, f.strength); !ok || s <= t.best {
		return
	}
	with := maps.Clone(a.With)
	if with == nil {
		with = map[string][]string{}
	}
	for _, c := range chosen {
		with[c.key] = nil
		if !c.absent {
			with[c.key] = []string{c.value}
		}
	}
	a.With, a.tagging = with, f.answers
	t.best, t.answer = s, a
}

// put sets a tag in a request: a resource's under all the keys that it is seen by.
func (t *retagging) put(r *policy.Request, c chosenTag) {
	name, principal, _ := tagName(c.key)
	for key := range t.keys {
		if n, p, _ := tagName(key); n != name || p != principal {
			continue
		}
		if c.absent {
			r.Context.Absent[key] = true
		} else {
			r.Context.Values[key] = []string{c.value}
		}
	}
}

// now is the value of a tag as it stands.
func (t *retagging) now(key string) (value string, there bool) {
	name, principal, _ := tagName(key)
	labels := map[string]string{}
	if principal {
		labels, _ = t.p.labels()
	} else if t.object != nil {
		labels = t.object.tags
	}
	for k, v := range labels {
		if strings.EqualFold(k, name) {
			return v, true
		}
	}
	return "", false
}

// valuesFor are the values of a tag worth trying: as it stands, those that conditions name, those that variables would have to have, none,
// and one that nothing names.
func (t *retagging) valuesFor(key string, r *policy.Request) []chosenTag {
	const most = 12
	var all []chosenTag
	add := func(v string) {
		if v != "" && !strings.ContainsAny(v, "*?$") && len(v) <= 256 && !slices.ContainsFunc(all, func(c chosenTag) bool { return !c.absent && c.value == v }) {
			all = append(all, chosenTag{key: key, value: v})
		}
	}
	v, there := t.now(key)
	if add(v); !there {
		all = append(all, chosenTag{key: key, absent: true})
	}
	wanted := func(name string) bool { return strings.EqualFold(name, key) }
	t.statements(r.Action, func(s *policy.Statement) {
		for _, c := range s.Condition {
			for _, v := range c.Values {
				switch {
				case c.Is(key) && strings.Contains(v, "${"):
					add(expanded(v, &r.Context))
				case c.Is(key):
					add(strings.ReplaceAll(strings.ReplaceAll(v, "*", "onus0"), "?", "x"))
				default:
					for _, is := range r.Context.Values[strings.ToLower(c.Key)] {
						add(between(v, is, wanted))
					}
				}
			}
		}
		for _, list := range [][]string{s.Resource, s.NotResource} {
			for _, pattern := range list {
				add(between(pattern, r.Resource, wanted))
			}
		}
	})
	if len(all) > most {
		all, t.cut = all[:most], true
	}
	if there {
		all = append(all, chosenTag{key: key, absent: true})
	}
	if add("onus0"); v == "onus0" {
		add("onus1")
	}
	return all
}

// expanded fills the one variable of a text from what is known of a request; empty where that cannot be done.
func expanded(text string, c *policy.Context) string {
	before, after, _ := strings.Cut(text, "${")
	name, after, ok := strings.Cut(after, "}")
	values := c.Values[strings.ToLower(name)]
	if !ok || len(values) != 1 || strings.Contains(after, "${") {
		return ""
	}
	return before + values[0] + after
}

// between is what a variable must be for a text to match a pattern; empty where the pattern does not have that variable, or cannot match.
func between(pattern, text string, variable func(name string) bool) string {
	before, after, ok := strings.Cut(pattern, "${")
	if !ok {
		return ""
	}
	name, after, ok := strings.Cut(after, "}")
	if !ok || !variable(name) {
		return ""
	}
	before = filledUp(before, text)
	rest, ok := strings.CutPrefix(text, before)
	if !ok {
		return ""
	}
	end := strings.IndexAny(after, "*?$")
	switch {
	case after == "" || end == 0:
		return rest
	case end < 0:
		rest, ok = strings.CutSuffix(rest, after)
		if !ok {
			return ""
		}
		return rest
	}
	rest, _, ok = strings.Cut(rest, after[:end])
	if !ok {
		return ""
	}
	return rest
}

// filledUp puts into the parts of an ARN's head that are wildcards what the text has there.
func filledUp(head, text string) string {
	if !strings.ContainsAny(head, "*?") {
		return head
	}
	is, want := strings.SplitN(text, ":", 6), strings.SplitN(head, ":", 6)
	if len(is) < 6 || len(want) < 6 || strings.ContainsAny(want[5], "*?") {
		return head
	}
	for i := range 5 {
		if policy.Match(want[i], is[i]) {
			want[i] = is[i]
		}
	}
	return strings.Join(want, ":")
}

// allowed decides whether the tags may be set: each by one request with its keys and values.
func (t *retagging) allowed(chosen []chosenTag) (proof, bool) {
	own, labels := map[string]chosenTag{}, map[string]chosenTag{}
	for _, c := range chosen {
		v, there := t.now(c.key)
		if there != c.absent && v == c.value {
			continue // as it stands
		}
		name, principal, _ := tagName(c.key)
		if principal {
			own[name] = c
		} else {
			labels[name] = c
		}
	}
	f := proof{strength: Yes}
	if x := t.p.tags; x != nil && x.session {
		best := proof{strength: x.plain}
		if len(own) > 0 {
			best = none
		}
		if g := t.begins(x, own); len(own) > 0 && g.strength > best.strength {
			best = g
		}
		for _, c := range chosen { // a session may bring the tag that the role has anyway
			if name, principal, _ := tagName(c.key); principal && !c.absent {
				own[name] = c
			}
		}
		if g := t.begins(x, own); len(own) > 0 && g.strength > best.strength {
			best = g
		}
		if !f.also(best.strength, best.answers...) {
			return none, false
		}
	} else if len(own) > 0 {
		g := t.relabels(x.by, t.p.ARN, own)
		if x.by.ARN == t.p.ARN && t.contradicts(g, chosen, own) {
			return none, false
		}
		if !f.also(min(g.strength, x.plain), g.answers...) {
			return none, false
		}
	} else if x != nil && !f.also(x.plain) {
		return none, false
	}
	if len(labels) == 0 {
		return f, true
	}
	best := none
	for _, x := range t.taggers() {
		if g := t.relabels(x, t.object.ARN, labels); g.strength > best.strength {
			best = g
		}
	}
	return f, f.also(best.strength, best.answers...)
}

// contradicts reports whether the tags under which somebody tags himself are not those that he is to keep.
func (t *retagging) contradicts(f proof, chosen []chosenTag, changed map[string]chosenTag) bool {
	for _, a := range f.answers {
		for _, c := range chosen {
			name, principal, _ := tagName(c.key)
			if _, is := changed[name]; is || !principal {
				continue
			}
			if v, ok := a.With[c.key]; ok && (c.absent != (v == nil) || v != nil && v[0] != c.value) {
				return true
			}
		}
	}
	return false
}

// relabels decides whether somebody may give a resource the tags, and take off those that are to go.
func (t *retagging) relabels(by *Principal, arn string, tags map[string]chosenTag) proof {
	set, unset := tagsOf(arn)
	f := proof{strength: Yes}
	on, off := map[string][]string{}, map[string][]string{}
	var says []string
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		c := tags[name]
		spelled := t.keys[c.key]
		if c.absent {
			off["aws:tagkeys"] = append(off["aws:tagkeys"], spelled)
			says = append(says, "no "+spelled)
			continue
		}
		on["aws:tagkeys"] = append(on["aws:tagkeys"], spelled)
		on["aws:requesttag/"+name] = []string{c.value}
		says = append(says, spelled+" = "+c.value)
	}
	if strings.HasPrefix(set, "ec2:") {
		on["ec2:createaction"] = nil // it is in requests that make something, not in this
	}
	note := &tagNote{by: by, to: by, id: "x:ABACTagResource", text: "tags " + t.thing(arn) + ": " + strings.Join(says, ", ")}
	switch set {
	case "iam:TagRole":
		note.id = "x:ABACTagRole"
	case "iam:TagUser":
		note.id = "x:ABACTagUser"
	}
	for _, x := range []struct {
		action string
		given  map[string][]string
	}{{set, on}, {unset, off}} {
		if len(x.given["aws:tagkeys"]) == 0 {
			continue
		}
		s, a := t.proverOf(by).check(by, x.action, arn, x.given)
		a.note = note
		if !f.also(s, a) {
			return none
		}
	}
	return f
}

// begins decides whether somebody may begin a session with the tags: such a tag takes the place of the role's own of that name, and none
// takes one away. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_know
func (t *retagging) begins(x *tagging, tags map[string]chosenTag) proof {
	given := map[string][]string{}
	kept := t.passedOn(x.by)
	var says []string
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		c := tags[name]
		if c.absent || kept[name] {
			return none
		}
		given["aws:tagkeys"] = append(given["aws:tagkeys"], t.keys[c.key])
		given["aws:requesttag/"+name] = []string{c.value}
		says = append(says, t.keys[c.key]+" = "+c.value)
	}
	note := &tagNote{by: x.by, to: t.p, id: "x:SessionTags", text: "assumes " + x.of.called() + " with session tags " + strings.Join(says, ", ")}
	f := proof{strength: Yes}
	for _, action := range []string{"sts:AssumeRole", "sts:TagSession"} {
		s, a := t.proverOf(x.by).check(x.by, action, t.p.ARN, given)
		a.note = note
		if !f.also(s, a) {
			return none
		}
	}
	return f
}

// proverOf decides for another principal than the one whose decisions are remembered.
func (t *retagging) proverOf(p *Principal) *prover {
	if p == t.p {
		return t.prover
	}
	return t.World.prover()
}

// thing is what texts call a resource.
func (t *retagging) thing(arn string) string {
	if p := t.byARN[arn]; p != nil {
		return p.called()
	}
	if o := t.objects[arn]; o != nil && o.Ref != (estate.Ref{}) {
		return strings.ReplaceAll(o.Ref.Kind, "-", " ") + " " + o.Ref.ID
	}
	return arn
}

// tagNote says of a decision that it sets tags: the step that it stands for.
type tagNote struct {
	by, to   *Principal
	id, text string
}

// tagSteps are the steps by which tags were set among decisions, each once, and the other decisions.
func (w *World) tagSteps(answers []Answer) (steps []Step, others []Answer) {
	at := map[string]int{}
	for _, a := range answers {
		if a.note == nil {
			others = append(others, a)
			continue
		}
		key := a.note.by.ARN + a.note.text
		i, ok := at[key]
		if !ok {
			i = len(steps)
			at[key] = i
			steps = append(steps, w.step(a.note.by, a.note.to, a.note.id, a.note.text, proof{strength: Yes}, nil))
		}
		if !slices.ContainsFunc(steps[i].Answers, func(b Answer) bool { return b.Action == a.Action }) {
			steps[i].Answers = append(steps[i].Answers, a)
			steps[i].Strength = min(steps[i].Strength, strengthOf(&a.Decision))
		}
	}
	return steps, others
}
