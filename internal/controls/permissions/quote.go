package permissions

import (
	"fmt"
	"strings"

	"github.com/onus-cloud/onus/internal/policy"
)

// StatementName is how people find a statement: its Sid, or else its number, from 1.
func StatementName(i int, s policy.Statement) string {
	if s.Sid != "" {
		return s.Sid
	}
	return fmt.Sprint(i + 1)
}

// Quote writes a statement on one line, as its document does: "Allow AWS arn:aws:iam::111122223333:root sts:AssumeRole on * if
// StringEquals sts:ExternalId x". Long lists are cut.
func Quote(s policy.Statement) string {
	words := []string{s.Effect.String()}
	principal := func(not string, p *policy.Principal) {
		if p == nil {
			return
		}
		who := []string{"*"}
		if !p.Everyone {
			who = nil
			for _, kind := range []struct {
				name string
				of   []string
			}{{"AWS", p.AWS}, {"Service", p.Service}, {"Federated", p.Federated}, {"CanonicalUser", p.Canonical}} {
				if len(kind.of) > 0 {
					who = append(who, kind.name+" "+short(kind.of))
				}
			}
		}
		words = append(words, not+strings.Join(who, ", "))
	}
	principal("", s.Principal)
	principal("everybody but ", s.NotPrincipal)
	list := func(before string, not, is []string) {
		switch {
		case not != nil:
			words = append(words, before+"all but "+short(not))
		case is != nil:
			words = append(words, before+short(is))
		}
	}
	list("", s.NotAction, s.Action)
	list("on ", s.NotResource, s.Resource)
	for i, c := range s.Condition {
		join := "and"
		if i == 0 {
			join = "if"
		}
		words = append(words, fmt.Sprintf("%s %s %s %s", join, c.Operator, c.Key, short(c.Values)))
	}
	return strings.Join(words, " ")
}

func short(list []string) string {
	const most = 6
	if len(list) > most {
		return strings.Join(list[:most], ", ") + fmt.Sprintf(" and %d more", len(list)-most)
	}
	return strings.Join(list, ", ")
}
