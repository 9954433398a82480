// Package netset computes with sets of addresses and of traffic, from the CIDRs, protocols and ports of rules.
//
// It promises exact unions and intersections, one form for one set (equal sets are equal however they were written), and
// one definition of what "the internet" is (Addresses.CoversInternet). It is pure: no I/O, no clock, no state.
package netset

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"
)

// Addresses is a set of IPv4 and IPv6 addresses. Its zero value is empty. It never changes: methods return new sets.
type Addresses struct {
	set *netipx.IPSet // nil: empty
}

// Of returns the addresses of the prefixes. Host bits are ignored and invalid prefixes are left out.
func Of(prefixes ...netip.Prefix) Addresses {
	var b netipx.IPSetBuilder
	for _, p := range prefixes {
		if p.IsValid() {
			b.AddPrefix(p.Masked())
		}
	}
	return built(&b)
}

func built(b *netipx.IPSetBuilder) Addresses {
	set, err := b.IPSet() // an error names ranges that are not valid; the builder has left them out
	if err != nil || set == nil || len(set.Ranges()) == 0 {
		return Addresses{}
	}
	return Addresses{set}
}

func (a Addresses) builder() *netipx.IPSetBuilder {
	var b netipx.IPSetBuilder
	if a.set != nil {
		b.AddSet(a.set)
	}
	return &b
}

// Union returns what is in any of the sets.
func (a Addresses) Union(others ...Addresses) Addresses {
	b := a.builder()
	for _, o := range others {
		if o.set != nil {
			b.AddSet(o.set)
		}
	}
	return built(b)
}

// Intersect returns what is in both sets.
func (a Addresses) Intersect(o Addresses) Addresses {
	if a.set == nil || o.set == nil {
		return Addresses{}
	}
	b := a.builder()
	b.Intersect(o.set)
	return built(b)
}

// Minus returns what is in a and not in o.
func (a Addresses) Minus(o Addresses) Addresses {
	if a.set == nil || o.set == nil {
		return a
	}
	b := a.builder()
	b.RemoveSet(o.set)
	return built(b)
}

// Empty reports whether there is no address in the set.
func (a Addresses) Empty() bool { return a.set == nil }

// Single returns the address of a set that holds exactly one.
func (a Addresses) Single() (netip.Addr, bool) {
	if a.set == nil {
		return netip.Addr{}, false
	}
	ranges := a.set.Ranges()
	if len(ranges) != 1 || ranges[0].From() != ranges[0].To() {
		return netip.Addr{}, false
	}
	return ranges[0].From(), true
}

// Equal reports whether both sets hold the same addresses.
func (a Addresses) Equal(o Addresses) bool {
	return slices.Equal(a.Prefixes(), o.Prefixes())
}

// Contains reports whether the address is in the set. An IPv4 address that is written as IPv6 is an IPv6 address.
func (a Addresses) Contains(ip netip.Addr) bool { return a.set != nil && a.set.Contains(ip) }

// ContainsAll reports whether every address of o is in a.
func (a Addresses) ContainsAll(o Addresses) bool { return o.Minus(a).Empty() }

// Prefixes returns the set as the fewest CIDRs, in order, IPv4 first.
func (a Addresses) Prefixes() []netip.Prefix {
	if a.set == nil {
		return nil
	}
	return a.set.Prefixes()
}

// String lists the prefixes.
func (a Addresses) String() string {
	var words []string
	for _, p := range a.Prefixes() {
		words = append(words, p.String())
	}
	return strings.Join(words, ", ")
}

// special are the addresses that no host of the public Internet has: the entries of the IANA special-purpose registries
// that are not globally reachable, multicast, and what is reserved.
// https://www.iana.org/assignments/iana-ipv4-special-registry and https://www.iana.org/assignments/iana-ipv6-special-registry
var special = Of(
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("10.0.0.0/8"),      // RFC 1918
	netip.MustParsePrefix("100.64.0.0/10"),   // RFC 6598, behind carriers' NAT
	netip.MustParsePrefix("127.0.0.0/8"),     // loopback
	netip.MustParsePrefix("169.254.0.0/16"),  // link-local
	netip.MustParsePrefix("172.16.0.0/12"),   // RFC 1918
	netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments
	netip.MustParsePrefix("192.0.2.0/24"),    // documentation
	netip.MustParsePrefix("192.88.99.0/24"),  // 6to4 relays, deprecated
	netip.MustParsePrefix("192.168.0.0/16"),  // RFC 1918
	netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"), // documentation
	netip.MustParsePrefix("203.0.113.0/24"),  // documentation
	netip.MustParsePrefix("224.0.0.0/4"),     // multicast
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved, and broadcast
	netip.MustParsePrefix("2001::/23"),       // protocol assignments
	netip.MustParsePrefix("2001:db8::/32"),   // documentation
	netip.MustParsePrefix("2002::/16"),       // 6to4, deprecated
	netip.MustParsePrefix("3fff::/20"),       // documentation
)

// public are the addresses that a host of the public Internet may have: IPv4 but for the special ones, and of IPv6 what
// IANA gives out as global unicast (2000::/3).
var public = Of(netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("2000::/3")).Minus(special)

// Public returns the part of the set that hosts of the public Internet may have: private, special and reserved addresses
// are left out.
func (a Addresses) Public() Addresses { return a.Intersect(public) }

// The Internet is where anybody may be. A set covers it if its public part is so large that it cannot be a list of
// somebody's own networks, in IPv4 or in IPv6:
//
//   - IPv4: one sixteenth of the public addresses. A /4 counts (0.0.0.0/2 is 28 %, one half of the Internet 50 %), whole or in
//     pieces. What one party has does not: a /8 is 0.45 %, the content networks publish a few /12 to /20, and all
//     that the largest cloud announces is some 4 %.
//   - IPv6: one 512th of 2000::/3, that is a /12, which IANA hands to the registry of a continent. The whole of what is given
//     out is less than a dozen of those, so a larger measure would miss a rule that admits Europe and America; the largest
//     that any one party holds is a /16.
const (
	internetIPv4 = 16
	internetIPv6 = 512
)

// CoversInternet reports whether the set is, for practical purposes, the whole Internet: whoever wants in finds an
// address in it. Private and reserved addresses never count.
func (a Addresses) CoversInternet() bool {
	if a.set == nil {
		return false
	}
	v4, v6 := a.Public().size()
	return v4 >= publicIPv4/internetIPv4 || !v6.less(wholeIPv6.shiftRight(bits.TrailingZeros(internetIPv6)))
}

// publicIPv4 is how many public IPv4 addresses there are, and wholeIPv6 how many addresses are in 2000::/3.
var (
	publicIPv4, _ = public.size()
	wholeIPv6     = uint128{hi: 1 << 61}
)

// size counts the set's addresses. Of IPv6 it counts no more than 2^128-1.
func (a Addresses) size() (v4 uint64, v6 uint128) {
	if a.set == nil {
		return 0, uint128{}
	}
	for _, r := range a.set.Ranges() {
		from, to := r.From().As16(), r.To().As16()
		n := number(to).minus(number(from))
		if r.From().Is4() {
			v4 += n.lo + 1
			continue
		}
		v6 = v6.plus(n).plus(uint128{lo: 1})
	}
	return v4, v6
}

type uint128 struct{ hi, lo uint64 }

func number(b [16]byte) uint128 {
	return uint128{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func (u uint128) minus(v uint128) uint128 {
	lo, borrow := bits.Sub64(u.lo, v.lo, 0)
	hi, _ := bits.Sub64(u.hi, v.hi, borrow)
	return uint128{hi, lo}
}

func (u uint128) plus(v uint128) uint128 {
	lo, carry := bits.Add64(u.lo, v.lo, 0)
	hi, over := bits.Add64(u.hi, v.hi, carry)
	if over != 0 {
		return uint128{^uint64(0), ^uint64(0)}
	}
	return uint128{hi, lo}
}

func (u uint128) less(v uint128) bool { return u.hi < v.hi || u.hi == v.hi && u.lo < v.lo }

func (u uint128) shiftRight(n int) uint128 {
	return uint128{u.hi >> n, u.lo>>n | u.hi<<(64-n)}
}
