package recovery

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/onus-cloud/onus/internal/estate"
)

const volume = "arn:aws:ec2:us-east-1:111122223333:volume/vol-1"

func equals(key, value string) estate.TagCondition {
	return estate.TagCondition{Operator: "StringEquals", Key: key, Value: value}
}

// The cases are the examples of AWS's page on assigning resources with the CLI, and its notes on how the parts combine.
func TestSelects(t *testing.T) {
	t.Parallel()
	type tags = map[string]string
	notTest := estate.TagCondition{Operator: "StringNotEquals", Key: "stage", Value: "test"}
	unread := estate.Unread[map[string]string](estate.Gap{})
	for name, c := range map[string]struct {
		selection estate.SelectionBody
		arn       string
		tags      estate.Known[map[string]string]
		want      estate.Truth
	}{
		"everything":                              {estate.SelectionBody{Resources: []string{"*"}}, volume, unread, estate.True},
		"nothing said is everything":              {estate.SelectionBody{}, volume, unread, estate.True},
		"a kind":                                  {estate.SelectionBody{Resources: []string{"arn:aws:ec2:*:*:volume/*"}}, volume, unread, estate.True},
		"another kind":                            {estate.SelectionBody{Resources: []string{"arn:aws:rds:*:*:db:*"}}, volume, unread, estate.False},
		"a cluster is no db":                      {estate.SelectionBody{Resources: []string{"arn:aws:rds:*:*:db:*"}}, "arn:aws:rds:us-east-1:111122223333:cluster:a", unread, estate.False},
		"all but a kind":                          {estate.SelectionBody{Resources: []string{"*"}, NotResources: []string{"arn:aws:ec2:*:*:volume/*"}}, volume, unread, estate.False},
		"only exclusions":                         {estate.SelectionBody{NotResources: []string{"arn:aws:rds:*"}}, volume, unread, estate.True},
		"resources and conditions":                {estate.SelectionBody{Resources: []string{"*"}, AllTags: []estate.TagCondition{equals("backup", "true")}}, volume, estate.Know(tags{"backup": "true"}), estate.True},
		"resources without the condition":         {estate.SelectionBody{Resources: []string{"*"}, AllTags: []estate.TagCondition{equals("backup", "true")}}, volume, estate.Know(tags{"backup": "True"}), estate.False},
		"all conditions":                          {estate.SelectionBody{Resources: []string{"*"}, AllTags: []estate.TagCondition{equals("backup", "true"), equals("stage", "prod")}}, volume, estate.Know(tags{"backup": "true"}), estate.False},
		"conditions alone":                        {estate.SelectionBody{AllTags: []estate.TagCondition{equals("backup", "true")}}, volume, estate.Know(tags{"backup": "true"}), estate.True},
		"any tag":                                 {estate.SelectionBody{AnyTag: []estate.TagCondition{equals("a", "1"), equals("b", "2")}}, volume, estate.Know(tags{"b": "2"}), estate.True},
		"tags choose alone":                       {estate.SelectionBody{AnyTag: []estate.TagCondition{equals("a", "1")}}, volume, estate.Know(tags(nil)), estate.False},
		"resources or a tag":                      {estate.SelectionBody{Resources: []string{"arn:aws:rds:*"}, AnyTag: []estate.TagCondition{equals("a", "1")}}, volume, estate.Know(tags{"a": "1"}), estate.True},
		"excluded though tagged":                  {estate.SelectionBody{NotResources: []string{volume}, AnyTag: []estate.TagCondition{equals("a", "1")}}, volume, estate.Know(tags{"a": "1"}), estate.False},
		"a negated condition without the tag":     {estate.SelectionBody{Resources: []string{"*"}, AllTags: []estate.TagCondition{notTest}}, volume, estate.Know(tags(nil)), estate.True},
		"a negated condition with it":             {estate.SelectionBody{Resources: []string{"*"}, AllTags: []estate.TagCondition{notTest}}, volume, estate.Know(tags{"stage": "test"}), estate.False},
		"a name decides though tags were unread":  {estate.SelectionBody{Resources: []string{volume}, AnyTag: []estate.TagCondition{equals("a", "1")}}, volume, unread, estate.True},
		"an exclusion decides too":                {estate.SelectionBody{NotResources: []string{"*"}, AnyTag: []estate.TagCondition{equals("a", "1")}}, volume, unread, estate.False},
		"tags were unread":                        {estate.SelectionBody{AnyTag: []estate.TagCondition{equals("a", "1")}}, volume, unread, estate.Unknown},
		"a tag against a condition: not said":     {estate.SelectionBody{AnyTag: []estate.TagCondition{equals("a", "1")}, AllTags: []estate.TagCondition{equals("b", "2")}}, volume, estate.Know(tags{"a": "1"}), estate.Unknown},
		"a tag with its condition":                {estate.SelectionBody{AnyTag: []estate.TagCondition{equals("a", "1")}, AllTags: []estate.TagCondition{equals("b", "2")}}, volume, estate.Know(tags{"a": "1", "b": "2"}), estate.True},
		"an operator that nobody knows is not so": {estate.SelectionBody{Resources: []string{"*"}, AllTags: []estate.TagCondition{{Operator: "DateBefore", Key: "a", Value: "1"}}}, volume, estate.Know(tags{"a": "1"}), estate.False},
	} {
		if got := Selects(c.selection, c.arn, c.tags); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// Generators are made anew for each test: rapid's are not safe for tests that run at once.
func somePattern() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"*", "ab*", "*b", "a*b*", "ab", "b", "", "*a*a*", "**"})
}

func someText() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.SampledFrom([]rune("ab")), 0, 6, -1)
}

func someKey() *rapid.Generator[string] { return rapid.SampledFrom([]string{"k", "l"}) }

func someTags() *rapid.Generator[map[string]string] { return rapid.MapOfN(someKey(), someText(), 0, 2) }

func someTest() *rapid.Generator[estate.TagCondition] {
	return rapid.Custom(func(t *rapid.T) estate.TagCondition {
		operator := rapid.SampledFrom([]string{"StringEquals", "StringNotEquals", "StringLike", "StringNotLike"}).Draw(t, "operator")
		return estate.TagCondition{Operator: operator, Key: someKey().Draw(t, "key"), Value: somePattern().Draw(t, "value")}
	})
}

func someSelection() *rapid.Generator[estate.SelectionBody] {
	return rapid.Custom(func(t *rapid.T) estate.SelectionBody {
		patterns := rapid.SliceOfN(somePattern(), 0, 2)
		any := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) estate.TagCondition {
			return equals(someKey().Draw(t, "key"), someText().Draw(t, "value"))
		}), 0, 2)
		return estate.SelectionBody{Resources: patterns.Draw(t, "resources"), NotResources: patterns.Draw(t, "not"),
			AnyTag: any.Draw(t, "any"), AllTags: rapid.SliceOfN(someTest(), 0, 2).Draw(t, "all")}
	})
}

// glob is match by way of a regular expression.
func glob(pattern, s string) bool {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$").MatchString(s)
}

func TestMatchIsThatOfARegularExpression(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pattern, s := rapid.StringOfN(rapid.SampledFrom([]rune("ab*")), 0, 6, -1).Draw(t, "pattern"), someText().Draw(t, "text")
		if got, want := match(pattern, s), glob(pattern, s); got != want {
			t.Fatalf("match(%q, %q) is %v, want %v", pattern, s, got, want)
		}
	})
}

// The oracle writes the sets out: what Resources leave after Conditions, what tags add, what NotResources take away.
func TestSelectsIsWhatTheSetsSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, arn, tags := someSelection().Draw(t, "selection"), someText().Draw(t, "arn"), someTags().Draw(t, "tags")
		if len(s.AnyTag) > 0 && len(s.AllTags) > 0 {
			s.AllTags = nil // AWS does not say
		}
		chosen := len(s.Resources) == 0 && len(s.AnyTag) == 0
		for _, p := range s.Resources {
			chosen = chosen || glob(p, arn)
		}
		for _, c := range s.AllTags {
			value, ok := tags[c.Key]
			switch c.Operator {
			case "StringEquals":
				chosen = chosen && ok && value == c.Value
			case "StringNotEquals":
				chosen = chosen && !(ok && value == c.Value)
			case "StringLike":
				chosen = chosen && ok && glob(c.Value, value)
			case "StringNotLike":
				chosen = chosen && !(ok && glob(c.Value, value))
			}
		}
		for _, c := range s.AnyTag {
			if value, ok := tags[c.Key]; ok && value == c.Value {
				chosen = true
			}
		}
		for _, p := range s.NotResources {
			if glob(p, arn) {
				chosen = false
			}
		}
		if got := Selects(s, arn, estate.Know(tags)); got != estate.Is(chosen) {
			t.Fatalf("%+v of %q with %v: %s, want %v", s, arn, tags, got, chosen)
		}
	})
}

// What is said without knowing the tags is true whatever they are.
func TestSelectsWithoutTagsIsNeverWrong(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, arn, tags := someSelection().Draw(t, "selection"), someText().Draw(t, "arn"), someTags().Draw(t, "tags")
		before := Selects(s, arn, estate.Unread[map[string]string](estate.Gap{}))
		if after := Selects(s, arn, estate.Know(tags)); before != estate.Unknown && after != before {
			t.Fatalf("%+v of %q is %s with tags unread and %s with %v", s, arn, before, after, tags)
		}
	})
}
