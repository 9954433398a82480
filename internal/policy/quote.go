package policy

import (
	"fmt"
	"strings"
)

// Quote writes a statement on one line, as its document does: "Allow AWS arn:aws:iam::111122223333:root sts:AssumeRole on * if
// StringEquals sts:ExternalId x". Long lists are cut.
func (s *Statement) Quote() string {
	words := []string{s.Effect.String()}
	principal := func(not string, p *Principal) {
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
					who = append(who, kind.name+" "+firstOf(kind.of))
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
			words = append(words, before+"all but "+firstOf(not))
		case is != nil:
			words = append(words, before+firstOf(is))
		}
	}
	list("", s.NotAction, s.Action)
	list("on ", s.NotResource, s.Resource)
	for i, c := range s.Condition {
		join := "and"
		if i == 0 {
			join = "if"
		}
		words = append(words, fmt.Sprintf("%s %s %s %s", join, c.Operator, c.Key, firstOf(c.Values)))
	}
	return strings.Join(words, " ")
}

func firstOf(list []string) string {
	const most = 6
	if len(list) > most {
		return strings.Join(list[:most], ", ") + fmt.Sprintf(" and %d more", len(list)-most)
	}
	return strings.Join(list, ", ")
}
