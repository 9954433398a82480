package packets

import (
	"net/netip"
	"slices"

	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/reach"
)

// Undeclared is what of one end of a flow is not among declared sources. Of an end outside it is addresses; of one inside all
// or nothing, and unknown where it is not known whether it belongs to a declared system or tier.
type Undeclared struct {
	Is        estate.Truth
	Addresses netset.Addresses // of an end outside
	Gaps      []estate.Gap
}

// Undeclared compares one end of a flow with sources. An end inside is declared by any of its addresses, its account, or a
// system or tier that it belongs to; one outside by addresses alone.
func (x *Index) Undeclared(f *claims.File, sources []claims.Source, end reach.Party, outside netset.Addresses) Undeclared {
	var prefixes []netip.Prefix
	for _, s := range sources {
		if s.Prefix.IsValid() {
			prefixes = append(prefixes, s.Prefix)
		}
	}
	declared := netset.Of(prefixes...)
	if Outside(end) {
		rest := outside.Minus(declared)
		return Undeclared{Is: estate.Is(!rest.Empty()), Addresses: rest}
	}
	subject := x.Subject(end.Ref)
	is := estate.Is(slices.ContainsFunc(x.Addresses(end), declared.Contains))
	for _, s := range sources {
		switch {
		case s.Account != "":
			is = estate.Or(is, estate.Is(s.Account == end.Ref.Account))
		case s.Tier != (claims.Tier{}):
			is = estate.Or(is, f.Selects(s.Tier, subject))
		}
	}
	u := Undeclared{Is: is.Not()}
	if gap, unread := subject.Tags().Unread(); is == estate.Unknown && unread {
		u.Gaps = []estate.Gap{gap}
	}
	return u
}

// Member is something of a tier, or, with Is unknown, perhaps of it.
type Member struct {
	estate.Subject
	Is   estate.Truth
	Gaps []estate.Gap // that leave it unknown
}

// Members are what of a tier starts or answers connections, in the order of the estate's lists.
func (x *Index) Members(f *claims.File, tier claims.Tier) []Member {
	var all []Member
	for _, s := range x.answering {
		m := Member{Subject: s, Is: f.Selects(tier, s)}
		if gap, unread := s.Tags().Unread(); m.Is == estate.Unknown && unread {
			m.Gaps = []estate.Gap{gap}
		}
		if m.Is != estate.False {
			all = append(all, m)
		}
	}
	return all
}

// Relays reports whether an end only passes on what others send: whoever reaches through it is an answer of its own.
func Relays(p reach.Party) bool { return p.Ref.Kind == "load-balancer" }
