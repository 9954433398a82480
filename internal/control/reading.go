package control

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// reading says what of the estate was read and what was not, each reason once.
func reading(e *estate.Estate) answer.Reading {
	r := answer.Reading{Resources: e.Resources()}
	for _, a := range e.Accounts {
		regions, ok := a.Regions.Value()
		if !ok {
			regions = a.Seen
		}
		r.Accounts = append(r.Accounts, answer.AccountRead{ID: a.ID, Name: a.Alias, Closed: a.Closed,
			Regions: slices.DeleteFunc(slices.Clone(regions), func(name string) bool { return slices.Contains(a.Closed, name) })})
	}
	members, _ := e.Organization.Members.Value()
	for _, id := range members {
		if e.Account(id) == nil {
			r.OtherAccounts = append(r.OtherAccounts, id)
		}
	}
	for _, k := range e.UnreadKinds {
		r.UnreadKinds = append(r.UnreadKinds, answer.UnreadKind(k))
	}
	groups := map[string]*answer.GapGroup{}
	var order []string
	for _, reading := range e.Readings() {
		r.Calls++
		if reading.Outcome.Complete() {
			continue
		}
		text := whyUnread(reading)
		g := groups[text]
		if g == nil {
			g = &answer.GapGroup{Text: text}
			groups[text] = g
			order = append(order, text)
		}
		g.Calls++
		if len(g.Gaps) < 5 {
			g.Gaps = append(g.Gaps, reading.Gap())
		}
	}
	for _, text := range order {
		r.Gaps = append(r.Gaps, *groups[text])
	}
	slices.SortStableFunc(r.Gaps, func(a, b answer.GapGroup) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), strings.Compare(a.Text, b.Text))
	})
	return r
}

// whyUnread words one failed reading so that the same reason reads the same everywhere.
func whyUnread(r estate.Reading) string {
	switch {
	case r.Code == "RegionClosed":
		return r.Region + " is closed by an organisation policy"
	case r.Code == "RegionDisabled":
		return r.Region + " is not enabled"
	case r.Code == "RegionUnreachable":
		return "no host of " + r.Region + " was found"
	case strings.HasPrefix(r.Code, "ExpiredToken"), r.Code == "RequestExpired":
		return fmt.Sprintf("the credentials for account %s expired while it was read: sign in anew and run it again", r.Account)
	case r.Code == "InputIncomplete":
		return fmt.Sprintf("%s could not be asked, for lack of another answer", r.Operation)
	case r.Operation == "sts:GetCallerIdentity":
		return fmt.Sprintf("account %s could not be entered: %s (%s)", r.Account, r.Outcome, r.Code)
	case r.Outcome == operation.Denied:
		return string(r.Operation) + " was denied"
	}
	text := string(r.Operation) + " " + r.Outcome.String()
	if r.Code != "" {
		text += " (" + r.Code + ")"
	}
	return text
}
