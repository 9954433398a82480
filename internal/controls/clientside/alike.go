package clientside

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/control"
)

// alike says what of the secrets, parameters, aliases of keys and sampled objects that were read is named like a declared local key: for
// somebody to look whether it holds a copy. No name proves that, and that nothing is named so proves nothing.
func alike(c *control.Case) []string {
	var found []string
	for _, k := range c.Declared.LocalKeys {
		about := func(what, name string) {
			if why := likeness(name, k.Name, k.Fingerprint); why != "" {
				found = append(found, fmt.Sprintf("%s %s %s local key %s: look whether it holds a copy", what, name, why, k.Name))
			}
		}
		for _, s := range c.Estate.Secrets {
			about("secret", control.Called(s.Ref()))
		}
		for _, p := range c.Estate.Parameters {
			about("parameter", p.Ref().ID)
		}
		for _, key := range c.Estate.Keys {
			aliases, _ := key.Aliases.Value()
			for _, alias := range aliases {
				about("key of KMS", alias)
			}
		}
		for _, s := range c.Estate.Samples {
			for _, o := range s.Objects {
				if keyFile(k.Name).MatchString(o.Key) {
					about("object", "s3://"+s.Bucket+"/"+o.Key)
				}
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

var (
	wordEnds = regexp.MustCompile(`[^a-z0-9]+`)
	keyWords = []string{"key", "keys", "kek", "wrapping", "onus"}
)

// keyFile is how onus names the file of a key: payroll.1.key
func keyFile(name string) *regexp.Regexp {
	return regexp.MustCompile(`(^|[^a-z0-9])` + regexp.QuoteMeta(strings.ToLower(name)) + `\.[0-9]+\.key($|[^a-z0-9])`)
}

// likeness is what a name has of a local key; "" for nothing. Its name alone is not enough: the password of the payroll's database is no key.
func likeness(name, key, fingerprint string) string {
	name, key = strings.ToLower(name), strings.ToLower(key)
	switch words := wordEnds.Split(name, -1); {
	case fingerprint != "" && strings.Contains(name, strings.ToLower(fingerprint)):
		return "has in its name the fingerprint of"
	case keyFile(key).MatchString(name):
		return "is named as the file of"
	case strings.Contains("-"+strings.Join(words, "-")+"-", "-"+strings.Join(wordEnds.Split(key, -1), "-")+"-") &&
		slices.ContainsFunc(words, func(w string) bool { return slices.Contains(keyWords, w) }):
		return "is named like"
	}
	return ""
}
