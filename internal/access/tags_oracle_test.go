package access

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
)

// tagWorlds is the second search for tags, slow and obvious: it really sets them. A state is the tag of everybody, and whom the attacker
// holds, by which session; from each, everything is tried that changes one of them, with every value.
type tagWorlds struct {
	estate  func(labels [tagPrincipals]string) *estate.Estate
	worlds  map[[tagPrincipals]string]*World
	decided map[string]Strength
}

const tagPrincipals = 4

var tagValues = []string{"a", "b", "c"} // no policy names the last

// holding is a principal that the attacker can act as: as it is tagged, or in a session with a tag of its own.
type holding struct {
	who int
	tag string // empty for none
}

type tagState struct {
	labels [tagPrincipals]string
	held   string // sorted
}

func (t *tagWorlds) world(labels [tagPrincipals]string) *World {
	if t.worlds[labels] == nil {
		t.worlds[labels] = New(t.estate(labels), Options{})
	}
	return t.worlds[labels]
}

// as is a holding as a principal of a world.
func (t *tagWorlds) as(w *World, h holding) *Principal {
	p := *w.byARN[tagARN(h.who)]
	if h.tag != "" {
		role := *p.role
		role.Labels = estate.Know(map[string]string{"t": h.tag})
		p.role, p.class = &role, -1
	}
	return &p
}

func tagARN(i int) string {
	if i == 0 {
		return "arn:aws:iam::" + one + ":user/p0"
	}
	return fmt.Sprint("arn:aws:iam::", one, ":role/p", i)
}

// reaches goes through the states: whom he holds he keeps, so all whom he can come to hold are taken before a tag is changed.
func (t *tagWorlds) reaches(start int, labels [tagPrincipals]string) bool {
	type node struct {
		labels [tagPrincipals]string
		held   []holding
	}
	seen := map[tagState]bool{}
	queue := []node{{labels, []holding{{who: start}}}}
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		w := t.world(n.labels)
		hold := func(h holding) {
			if !slices.Contains(n.held, h) {
				n.held = append(n.held, h)
			}
		}
		for i := 0; i < len(n.held); i++ { // grows as it goes
			h := n.held[i]
			p := t.as(w, h)
			if t.may(n.labels, h, "administrator", 0, "", func() Strength { return w.asItIs().administrator(p).strength }) {
				return true
			}
			for q := 1; q < tagPrincipals; q++ {
				if q == h.who {
					continue
				}
				if t.may(n.labels, h, "assume", q, "", func() Strength { return w.asItIs().assumeRole(p, w.byARN[tagARN(q)]).strength }) {
					hold(holding{who: q})
				}
				for _, v := range tagValues {
					if t.may(n.labels, h, "session", q, v, func() Strength {
						assume, _ := w.asItIs().check(p, "sts:AssumeRole", tagARN(q), given(v))
						tag, _ := w.asItIs().check(p, "sts:TagSession", tagARN(q), given(v))
						return min(assume, tag)
					}) {
						hold(holding{q, v})
					}
				}
			}
		}
		slices.SortFunc(n.held, func(a, b holding) int { return strings.Compare(fmt.Sprint(a.who, a.tag), fmt.Sprint(b.who, b.tag)) })
		if s := (tagState{n.labels, fmt.Sprint(n.held)}); seen[s] {
			continue
		} else {
			seen[s] = true
		}
		for _, h := range n.held {
			p := t.as(w, h)
			for q := range tagPrincipals {
				action := "iam:TagRole"
				if q == 0 {
					action = "iam:TagUser"
				}
				for _, v := range tagValues {
					if n.labels[q] != v && t.may(n.labels, h, "tag", q, v, func() Strength { s, _ := w.asItIs().check(p, action, tagARN(q), given(v)); return s }) {
						next := node{n.labels, slices.Clone(n.held)}
						next.labels[q] = v
						queue = append(queue, next)
					}
				}
			}
		}
	}
	return false
}

// given is what a request says that sets the tag.
func given(value string) map[string][]string {
	return map[string][]string{"aws:requesttag/t": {value}, "aws:tagkeys": {"t"}}
}

// may remembers what was decided in a world.
func (t *tagWorlds) may(labels [tagPrincipals]string, h holding, what string, q int, value string, decide func() Strength) bool {
	key := fmt.Sprint(labels, h, what, q, value)
	s, ok := t.decided[key]
	if !ok {
		s = decide()
		t.decided[key] = s
	}
	return s == Yes
}

// randomTags is a user and three roles whose rights hang on a tag that each of them has.
func randomTags(t *testing.T, seed uint64) (*tagWorlds, [tagPrincipals]string) {
	r := rand.New(rand.NewPCG(seed, 11))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	condition := func(keys ...string) string {
		key := pick(append(keys, "")...)
		if key == "" {
			return ""
		}
		value := pick("a", "b", "a", "b", "${aws:PrincipalTag/t}")
		if strings.Contains(key, "Principal") {
			value = pick("a", "b")
		}
		return `, "Condition": {"` + pick("StringEquals", "StringEquals", "StringNotEquals") + `": {"` + key + `": "` + value + `"}}`
	}
	var rights, trusts [tagPrincipals]string
	for i := range tagPrincipals {
		var statements []string
		for range 1 + r.IntN(3) {
			resource := pick(`"*"`, `"`+tagARN(r.IntN(tagPrincipals))+`"`, `["`+tagARN(r.IntN(tagPrincipals))+`", "`+tagARN(r.IntN(tagPrincipals))+`"]`)
			switch r.IntN(4) {
			case 0:
				statements = append(statements, `{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": `+resource+condition("aws:ResourceTag/t", "aws:PrincipalTag/t", "aws:RequestTag/t")+`}`)
			case 1, 2:
				statements = append(statements, `{"Effect": "Allow", "Action": "iam:`+pick("TagRole", "TagUser", "Tag*")+`", "Resource": `+resource+condition("aws:ResourceTag/t", "aws:PrincipalTag/t", "aws:RequestTag/t")+`}`)
			default:
				statements = append(statements, `{"Effect": "Deny", "Action": "`+pick("iam:Tag*", "sts:TagSession", "sts:*")+`", "Resource": `+resource+condition("aws:ResourceTag/t", "aws:PrincipalTag/t", "aws:RequestTag/t")+`}`)
			}
		}
		if r.IntN(3) == 0 {
			statements = append(statements, `{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/t": "`+pick("a", "b")+`"}}}`)
		}
		rights[i] = strings.Join(statements, ", ")
		trusts[i] = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "` + pick(one, one, tagARN(r.IntN(tagPrincipals))) + `"}, "Action": ` +
			pick(`"sts:AssumeRole"`, `["sts:AssumeRole", "sts:TagSession"]`) + condition("aws:PrincipalTag/t", "aws:RequestTag/t", "") + `}}`
	}
	var labels [tagPrincipals]string
	for i := range labels {
		labels[i] = pick("a", "b")
	}
	return &tagWorlds{worlds: map[[tagPrincipals]string]*World{}, decided: map[string]Strength{}, estate: func(labels [tagPrincipals]string) *estate.Estate {
		s := newSmall(t)
		s.user(one, "p0", rights[0]).Labels = estate.Know(map[string]string{"t": labels[0]})
		for i := 1; i < tagPrincipals; i++ {
			x := s.role(one, fmt.Sprint("p", i), `{"AWS": "`+one+`"}`, rights[i])
			x.Labels, x.Trust = estate.Know(map[string]string{"t": labels[i]}), estate.Know(s.document(trusts[i]))
		}
		return s.Estate
	}}, labels
}

// TestTagsAgreeWithSettingThem holds the search against one that really sets every tag that it may.
func TestTagsAgreeWithSettingThem(t *testing.T) {
	t.Parallel()
	reached, tagged, not := 0, 0, 0
	for seed := range uint64(tagSeeds) {
		x, labels := randomTags(t, seed)
		w := New(x.estate(labels), Options{})
		e := w.Escalate(Administrator)
		for i := range tagPrincipals {
			p := w.byARN[tagARN(i)]
			got, want := e.Strength(p) == Yes, x.reaches(i, labels)
			path := e.Of(p)
			if got != want {
				t.Errorf("seed %d: %s becomes administrator: %t, by setting tags %t\n%s", seed, p.ARN, got, want, describe(path))
			}
			if !got {
				not++
				continue
			}
			reached++
			replays(t, fmt.Sprintf("seed %d: %s", seed, p.ARN), path)
			if slices.ContainsFunc(path.Steps, func(s Step) bool { return strings.HasPrefix(s.ID, "x:") }) {
				tagged++
			}
		}
	}
	t.Logf("%d reached, %d of them by tags, %d not", reached, tagged, not)
	if tagged < 20 || not < 20 {
		t.Errorf("%d reached by tags and %d not: the estates tell nothing", tagged, not)
	}
}

const tagSeeds = 60
