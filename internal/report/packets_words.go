package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

func least(a, b string) string {
	for _, truth := range []string{"no", "unknown"} {
		if a == truth || b == truth {
			return truth
		}
	}
	return "yes"
}

// refName names a hop as short as it is exact: "security group sg-0abc (web)".
func refName(r estate.Ref) string {
	switch {
	case r.Kind == "internet":
		return cmp.Or(r.Name, "the Internet")
	case r.Name != "" && r.Name != r.ID:
		return noun(r.Kind) + " " + r.ID + " (" + r.Name + ")"
	}
	return strings.TrimSpace(noun(r.Kind) + " " + r.ID)
}

// partyName names a party for people, its name first.
func partyName(p *PacketParty) string {
	if p == nil {
		return ""
	}
	return strings.TrimSpace(noun(p.Kind) + " " + called(p.Ref))
}

// end is one end as it was asked for, and whom the answer is about where that says more.
func (q PacketQuestion) end(typed string, p *PacketParty) string {
	if strings.EqualFold(typed, "internet") {
		return "the Internet"
	}
	if p == nil || p.Kind == "" {
		return typed
	}
	at := ""
	if p.Address != "" && p.Address != typed {
		at = " at " + p.Address
	}
	if typed == p.ID || strings.EqualFold(typed, p.Name) || typed == p.ARN {
		return partyName(p) + at
	}
	return typed + " (" + partyName(p) + at + ")"
}

func (q PacketQuestion) traffic() string {
	if q.Ports == "" {
		return q.Protocol
	}
	return q.Protocol + " " + q.Ports
}

// session says what a reply means for the protocol.
func (q PacketQuestion) session() string {
	switch q.Protocol {
	case "tcp":
		return "a TCP session is possible"
	case "icmp", "icmpv6":
		return "its answer gets back"
	}
	return "a reply gets back"
}

// sources says from which addresses outside, or to which, the answer is.
func (a *PacketAnswer) sources(q PacketQuestion) string {
	if len(a.Addresses) == 0 || a.Arrives == "no" {
		return ""
	}
	may := map[string]string{"yes": "arrive", "unknown": "may arrive"}[a.Arrives]
	if a.From == nil {
		return "packets " + may + " from " + a.where()
	}
	return "packets " + may + " at " + a.where()
}

// where names the addresses: "everywhere", "all of IPv4", "203.0.113.0/24".
func (a *PacketAnswer) where() string { return addressesName(a.Addresses) }

func addressesName(all []string) string {
	v4, v6 := slices.Contains(all, "0.0.0.0/0"), slices.Contains(all, "::/0")
	switch {
	case v4 && v6:
		return "everywhere"
	case v4 && len(all) == 1:
		return "all of IPv4"
	case v6 && len(all) == 1:
		return "all of IPv6"
	case v4:
		return "all of IPv4 and " + brief(slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == "0.0.0.0/0" }), 3)
	case v6:
		return "all of IPv6 and " + brief(slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == "::/0" }), 3)
	}
	return brief(all, 3)
}

// brief lists a few and counts the others.
func brief(words []string, most int) string {
	if n := len(words) - most; n > 1 {
		return strings.Join(words[:most], ", ") + " and " + number(n) + " more"
	}
	return strings.Join(words, ", ")
}

// by names the way where it is not direct.
func (a *PacketAnswer) by() string {
	if len(a.Through) == 0 {
		return ""
	}
	return "through " + chain(a.Through)
}

func chain(refs []estate.Ref) string {
	var names []string
	for _, r := range refs {
		names = append(names, noun(r.Kind)+" "+called(r))
	}
	return strings.Join(names, ", then ")
}

func gapsOf(a *PacketAnswer) []estate.Gap {
	if a.Arrives == "no" || a.Session != "unknown" && a.Arrives != "unknown" {
		return nil
	}
	gaps := slices.Clone(a.Gaps)
	for _, h := range slices.Concat(a.Path, a.Return) {
		gaps = append(gaps, h.Gaps...)
	}
	return gaps
}
