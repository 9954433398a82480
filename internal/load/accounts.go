package load

import (
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// accounts settles which accounts and Regions are in scope, from what was asked for and from what
// account:ListRegions, or else ec2:DescribeRegions, says is enabled.
func (l *loader) accounts() {
	seen := map[string]*estate.Account{}
	add := func(id string) *estate.Account {
		if seen[id] == nil {
			seen[id] = &estate.Account{ID: id}
			l.estate.Accounts = append(l.estate.Accounts, seen[id])
		}
		return seen[id]
	}
	for _, id := range l.scope.Accounts {
		add(id)
	}
	for _, r := range l.estate.Readings() {
		a := add(r.Account)
		if r.Region != estate.Global && !slices.Contains(a.Seen, r.Region) {
			a.Seen = append(a.Seen, r.Region)
		}
		if r.Code == "RegionClosed" && !slices.Contains(a.Closed, r.Region) {
			a.Closed = append(a.Closed, r.Region)
		}
	}
	slices.SortFunc(l.estate.Accounts, func(a, b *estate.Account) int { return strings.Compare(a.ID, b.ID) })
	for _, a := range l.estate.Accounts {
		slices.Sort(a.Seen)
		slices.Sort(a.Closed)
		a.Regions = l.regions(a)
	}
	l.organization()
}

func (l *loader) regions(a *estate.Account) estate.Known[[]string] {
	if len(l.scope.Regions) > 0 {
		return estate.Know(sorted(slices.Clone(l.scope.Regions)))
	}
	place := estate.Place{Account: a.ID, Region: estate.Global}
	type regionList struct {
		Regions []struct {
			RegionName      string
			RegionOptStatus string // account: ENABLED, ENABLED_BY_DEFAULT, DISABLED ...
			OptInStatus     string // ec2: opt-in-not-required, opted-in, not-opted-in
		}
	}
	enabled := map[string]bool{}
	told := false
	for _, op := range []string{"account:ListRegions", "ec2:DescribeRegions"} {
		if told {
			break
		}
		if !l.estate.Reading(place, operation.ID(op), "").Outcome.Complete() {
			continue
		}
		each(l, operation.ID(op), func(p estate.Place, page *regionList) {
			if p != place {
				return
			}
			told = true
			for _, r := range page.Regions {
				switch {
				case r.RegionOptStatus == "DISABLED", r.RegionOptStatus == "DISABLING", r.OptInStatus == "not-opted-in":
				default:
					enabled[r.RegionName] = true
				}
			}
		})
	}
	if !told {
		gap := l.estate.Reading(place, "account:ListRegions", "").Gap()
		gap.Why = "which Regions of " + a.ID + " are enabled could not be read (account:ListRegions, ec2:DescribeRegions): name those you mean with --region"
		gap.Region = "*"
		return estate.Unread[[]string](gap)
	}
	var list []string
	for r := range enabled {
		list = append(list, r)
	}
	return estate.Know(sorted(list))
}

// organization reads which accounts the organisation has; one account that may ask is enough.
func (l *loader) organization() {
	o := &l.estate.Organization
	for _, a := range l.estate.Accounts {
		p := estate.Place{Account: a.ID, Region: estate.Global}
		type description struct {
			Organization struct {
				ID              string `json:"Id"`
				MasterAccountID string `json:"MasterAccountId"`
				FeatureSet      string
			}
		}
		id := only(l, p, "organizations:DescribeOrganization", func(d *description) string {
			o.Management = d.Organization.MasterAccountID
			if d.Organization.FeatureSet != "" {
				o.AllFeatures = estate.Know(d.Organization.FeatureSet == "ALL")
			}
			return d.Organization.ID
		})
		a.Organization = id
		if _, unread := o.ID.Unread(); unread {
			o.ID = id
		}
	}
	type accountList struct {
		Accounts []struct{ ID, Name, Status, Arn string }
	}
	var members []string
	each(l, "organizations:ListAccounts", func(_ estate.Place, page *accountList) {
		for _, m := range page.Accounts {
			members = append(members, m.ID)
			// arn:aws:organizations::111122223333:account/o-acme/222233334444
			if parts := strings.FieldsFunc(m.Arn, func(r rune) bool { return r == ':' || r == '/' }); len(parts) == 7 && o.Listed.ID == "" {
				o.Listed.Management, o.Listed.ID = parts[3], parts[5]
			}
			if a := l.estate.Account(m.ID); a != nil && a.Alias == "" {
				a.Alias = m.Name
			}
		}
	})
	gaps := l.estate.Gaps("organizations:ListAccounts")
	switch {
	case o.ID.Absent():
		o.Members = estate.None[[]string]()
	case len(gaps) > 0:
		o.Members = estate.Unread[[]string](gaps[0])
	default:
		o.Members = estate.Know(slices.Compact(sorted(members)))
	}
}
