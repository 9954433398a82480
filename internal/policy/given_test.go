package policy

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/onus-cloud/onus/internal/iamdata"
)

func TestGiven(t *testing.T) {
	t.Parallel()
	l := NewLibrary()
	p := source(t, "i", `{"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]},
		{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}},
		{"Effect": "Deny", "Action": "s3:Delete*", "Resource": "arn:aws:s3:::data/keep/*"},
		{"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}`)
	for _, c := range []struct {
		action, pattern string
		surely, perhaps bool
	}{
		{"s3:GetObject", "arn:aws:s3:::data/*", true, true},
		{"s3:GetObject", "arn:aws:s3:::*", false, true},
		{"s3:GetObject", "arn:aws:s3:::other/*", false, false},
		{"s3:DeleteObject", "arn:aws:s3:::data/*", false, true},
		{"s3:DeleteObject", "arn:aws:s3:::data/keep/x", false, false},
		{"s3:DeleteObject", "arn:aws:s3:::data/other/x", true, true},
		{"s3:PutObject", "arn:aws:s3:::data/*", false, false},
		{"iam:PassRole", "arn:aws:iam::111122223333:role/R", false, true},
		{"s3:ListAllMyBuckets", "arn:aws:s3:::data/*", false, false},
	} {
		i := iamdata.Current().Index(c.action)
		surely, perhaps := l.Given([]Source{p}, c.pattern)
		if surely.Has(i) != c.surely || perhaps.Has(i) != c.perhaps {
			t.Errorf("%s on %s: surely %t, perhaps %t", c.action, c.pattern, surely.Has(i), perhaps.Has(i))
		}
	}
}

// What is surely given is allowed whatever the request, what is not even perhaps given never is.
func TestGivenAgreesWithDecide(t *testing.T) {
	t.Parallel()
	l := NewLibrary()
	rapid.Check(t, func(t *rapid.T) {
		sources := drawSources(t, false, 2)
		pattern := rapid.SampledFrom(append([]string{"arn:aws:s3:::b/*", "arn:aws:s3:::*", "arn:aws:iam::*:role/*"}, someResources...)).Draw(t, "pattern")
		surely, perhaps := l.Given(sources, pattern)
		for range 5 {
			r := drawRequest(t)
			r.ResourceAccount = "111122223333"
			r.Caller = someCallers[3+rapid.IntRange(0, 1).Draw(t, "who")]
			r.Resource = strings.NewReplacer("*", rapid.SampledFrom([]string{"", "k", "ann/x", "a:b"}).Draw(t, "star")).Replace(pattern)
			if pattern == "*" {
				r.Resource = "*"
			}
			i := iamdata.Current().Index(r.Action)
			if i < 0 {
				continue
			}
			j := newJudge(r, &Policies{})
			o := j.hear(IdentityLayer, "", true, sources)
			noResource := iamdata.Current().Actions()[i].Resources == nil
			switch {
			case noResource && pattern != "*":
				if surely.Has(i) || perhaps.Has(i) {
					t.Fatalf("%s knows no resource", r.Action)
				}
			case surely.Has(i) && (o.allow.any() != yes || o.deny != no):
				t.Fatalf("%s on %s (%s) is not surely given: %+v", r.Action, r.Resource, pattern, o)
			case !perhaps.Has(i) && o.allow.any() != no && o.deny != yes:
				t.Fatalf("%s on %s (%s) may be given: %+v", r.Action, r.Resource, pattern, o)
			}
		}
	})
}
