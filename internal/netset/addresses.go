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
	// ranges are sorted, IPv4 first, and neither overlap nor touch.
	ranges []addressRange
}

type addressRange struct{ first, last netip.Addr }

// Of returns the addresses of the prefixes. Host bits are ignored and invalid prefixes are left out.
func Of(prefixes ...netip.Prefix) Addresses {
	ranges := make([]addressRange, 0, len(prefixes))
	for _, p := range prefixes {
		if p.IsValid() {
			ranges = append(ranges, addressRange{p.Masked().Addr(), netipx.PrefixLastIP(p)})
		}
	}
	return normal(ranges)
}

// normal sorts ranges and puts together those that overlap or touch. It takes them over.
func normal(ranges []addressRange) Addresses {
	if len(ranges) == 0 {
		return Addresses{}
	}
	slices.SortFunc(ranges, func(a, b addressRange) int { return a.first.Compare(b.first) })
	kept := ranges[:1]
	for _, r := range ranges[1:] {
		last := &kept[len(kept)-1].last
		// Of the last address of a family Next is invalid, which is less than every other.
		if next := last.Next(); r.first.BitLen() != last.BitLen() || next.IsValid() && next.Less(r.first) {
			kept = append(kept, r)
		} else if last.Less(r.last) {
			*last = r.last
		}
	}
	return Addresses{slices.Clip(kept)}
}

// Union returns what is in any of the sets.
func (a Addresses) Union(others ...Addresses) Addresses {
	sum, total := a, len(a.ranges)
	for _, o := range others {
		if len(o.ranges) == 0 || sum.same(o) {
			continue
		}
		if total == 0 {
			sum = o
		}
		total += len(o.ranges)
	}
	if total == len(sum.ranges) {
		return sum
	}
	ranges := append(make([]addressRange, 0, total), a.ranges...)
	for _, o := range others {
		ranges = append(ranges, o.ranges...)
	}
	return normal(ranges)
}

// same reports whether both are one and the same slice, as the results of set operations often are.
func (a Addresses) same(o Addresses) bool {
	return len(a.ranges) == len(o.ranges) && (len(a.ranges) == 0 || &a.ranges[0] == &o.ranges[0])
}

// Intersect returns what is in both sets.
func (a Addresses) Intersect(o Addresses) Addresses {
	if a.same(o) {
		return a
	}
	var both []addressRange
	for i, j := 0, 0; i < len(a.ranges) && j < len(o.ranges); {
		x, y := a.ranges[i], o.ranges[j]
		if first, last := later(x.first, y.first), earlier(x.last, y.last); !last.Less(first) {
			if x == (addressRange{first, last}) && len(a.ranges) == 1 {
				return a
			}
			both = append(both, addressRange{first, last})
		}
		if x.last.Less(y.last) {
			i++
		} else {
			j++
		}
	}
	return Addresses{both}
}

// Minus returns what is in a and not in o.
func (a Addresses) Minus(o Addresses) Addresses {
	if len(a.ranges) == 0 || len(o.ranges) == 0 {
		return a
	}
	var rest []addressRange
	changed := false
	j := 0
	for _, x := range a.ranges {
		for j < len(o.ranges) && o.ranges[j].last.Less(x.first) {
			j++
		}
		whole := true
		for k := j; k < len(o.ranges) && !x.last.Less(o.ranges[k].first); k++ {
			changed = true
			if y := o.ranges[k]; x.first.Less(y.first) {
				rest = append(rest, addressRange{x.first, y.first.Prev()})
			}
			if y := o.ranges[k]; y.last.Less(x.last) {
				x.first = y.last.Next()
			} else {
				whole = false
				break
			}
		}
		if whole {
			rest = append(rest, x)
		}
	}
	if !changed {
		return a
	}
	return Addresses{rest}
}

func later(a, b netip.Addr) netip.Addr {
	if a.Less(b) {
		return b
	}
	return a
}

func earlier(a, b netip.Addr) netip.Addr {
	if a.Less(b) {
		return a
	}
	return b
}

// Empty reports whether there is no address in the set.
func (a Addresses) Empty() bool { return len(a.ranges) == 0 }

// Single returns the address of a set that holds exactly one.
func (a Addresses) Single() (netip.Addr, bool) {
	if len(a.ranges) != 1 || a.ranges[0].first != a.ranges[0].last {
		return netip.Addr{}, false
	}
	return a.ranges[0].first, true
}

// Equal reports whether both sets hold the same addresses.
func (a Addresses) Equal(o Addresses) bool { return slices.Equal(a.ranges, o.ranges) }

// Contains reports whether the address is in the set. An IPv4 address that is written as IPv6 is an IPv6 address.
func (a Addresses) Contains(ip netip.Addr) bool {
	i, found := slices.BinarySearchFunc(a.ranges, ip, func(r addressRange, ip netip.Addr) int { return r.first.Compare(ip) })
	return found || i > 0 && !a.ranges[i-1].last.Less(ip) && ip.BitLen() == a.ranges[i-1].last.BitLen()
}

// ContainsAll reports whether every address of o is in a.
func (a Addresses) ContainsAll(o Addresses) bool { return o.Minus(a).Empty() }

// Prefixes returns the set as the fewest CIDRs, in order, IPv4 first.
func (a Addresses) Prefixes() []netip.Prefix {
	var all []netip.Prefix
	for _, r := range a.ranges {
		all = netipx.IPRangeFrom(r.first, r.last).AppendPrefixes(all)
	}
	return all
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
	if len(a.ranges) == 0 {
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
	for _, r := range a.ranges {
		n := number(r.last.As16()).minus(number(r.first.As16()))
		if r.first.Is4() {
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
