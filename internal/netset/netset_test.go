package netset

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func prefixes(t *testing.T, texts ...string) []netip.Prefix {
	t.Helper()
	var list []netip.Prefix
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

func TestCoversInternet(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		of   []string
		want bool
	}{
		{"all of IPv4", []string{"0.0.0.0/0"}, true},
		{"two halves", []string{"0.0.0.0/1", "128.0.0.0/1"}, true},
		{"one half", []string{"128.0.0.0/1"}, true},
		{"a quarter", []string{"0.0.0.0/2"}, true},
		{"the quarter that is half reserved", []string{"192.0.0.0/2"}, true},
		{"the smallest /4", []string{"0.0.0.0/4"}, true},
		{"a /4 in /8s", []string{"16.0.0.0/8", "17.0.0.0/8", "18.0.0.0/8", "19.0.0.0/8", "20.0.0.0/8", "21.0.0.0/8", "22.0.0.0/8", "23.0.0.0/8",
			"24.0.0.0/8", "25.0.0.0/8", "26.0.0.0/8", "27.0.0.0/8", "28.0.0.0/8", "29.0.0.0/8", "30.0.0.0/8", "31.0.0.0/8"}, true},
		{"a /5", []string{"16.0.0.0/5"}, false},
		{"one party's /8", []string{"17.0.0.0/8"}, false},
		{"a content network's published ranges", []string{"173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22", "141.101.64.0/18",
			"108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20", "197.234.240.0/22", "198.41.128.0/17", "162.158.0.0/15", "104.16.0.0/13",
			"104.24.0.0/14", "172.64.0.0/13", "131.0.72.0/22", "2400:cb00::/32", "2606:4700::/32", "2803:f800::/32", "2405:b500::/32",
			"2405:8100::/32", "2a06:98c0::/29", "2c0f:f248::/32"}, false},
		{"private", []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fd00::/8"}, false},
		{"multicast and reserved", []string{"224.0.0.0/3"}, false},
		{"documentation", []string{"203.0.113.0/24"}, false},
		{"one address", []string{"8.8.8.8/32"}, false},
		{"all of IPv6", []string{"::/0"}, true},
		{"global unicast", []string{"2000::/3"}, true},
		{"half of it", []string{"2000::/4"}, true},
		{"a continent", []string{"2a00::/12"}, true},
		{"a continent in halves", []string{"2a00::/13", "2a08::/13"}, true},
		{"half a continent", []string{"2a00::/13"}, false},
		{"one party's /16", []string{"2630::/16"}, false},
		{"not given out", []string{"8000::/1"}, false},
		{"link-local and unique local", []string{"fe80::/10", "fc00::/7"}, false},
		{"nothing", nil, false},
	} {
		if got := Of(prefixes(t, test.of...)...).CoversInternet(); got != test.want {
			t.Errorf("%s: %v covers the internet: %v, want %v", test.name, test.of, got, test.want)
		}
	}
}

func TestIPv6SizeIsExact(t *testing.T) {
	t.Parallel()
	_, got := Of(prefixes(t, "2a00::/12", "2600::/128", "2600::8/125")...).size()
	if want := (uint128{hi: 1 << 52, lo: 9}); got != want {
		t.Errorf("size is %x, want %x", got, want)
	}
	if _, got := Of(prefixes(t, "::/0")...).size(); got != (uint128{^uint64(0), ^uint64(0)}) {
		t.Errorf("all of IPv6 counts %x", got)
	}
}

// The twin keeps, of a small part of each family, one bool an address.
const twinBits = 8

type twin struct{ v4, v6 [1 << twinBits]bool }

func address(i int, six bool) netip.Addr {
	if six {
		b := netip.MustParseAddr("2a00::").As16()
		b[15] = byte(i)
		return netip.AddrFrom16(b)
	}
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], 16<<24|uint32(i))
	return netip.AddrFrom4(b)
}

func somePrefixes(t *rapid.T, label string) ([]netip.Prefix, twin) {
	var list []netip.Prefix
	var tw twin
	for range rapid.IntRange(0, 6).Draw(t, label) {
		six := rapid.Bool().Draw(t, "six")
		start, free := rapid.IntRange(0, 1<<twinBits-1).Draw(t, "start"), rapid.IntRange(0, twinBits).Draw(t, "free")
		a := address(start, six)
		list = append(list, netip.PrefixFrom(a, a.BitLen()-free))
		for i := start >> free << free; i < (start>>free+1)<<free; i++ {
			if six {
				tw.v6[i] = true
			} else {
				tw.v4[i] = true
			}
		}
	}
	return list, tw
}

func TestAddressesAgreeWithTheirTwin(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pa, ta := somePrefixes(t, "a")
		pb, tb := somePrefixes(t, "b")
		a, b := Of(pa...), Of(pb...)
		within, empty := true, true
		var v4, v6 uint64
		for i := range 1 << twinBits {
			for _, six := range []bool{false, true} {
				ip, inA, inB := address(i, six), ta.v4[i], tb.v4[i]
				if six {
					inA, inB = ta.v6[i], tb.v6[i]
				}
				for name, c := range map[string][2]bool{
					"a":         {a.Contains(ip), inA},
					"union":     {a.Union(b).Contains(ip), inA || inB},
					"intersect": {a.Intersect(b).Contains(ip), inA && inB},
					"minus":     {a.Minus(b).Contains(ip), inA && !inB},
				} {
					if c[0] != c[1] {
						t.Fatalf("%s of %v and %v: contains %v is %v, want %v", name, pa, pb, ip, c[0], c[1])
					}
				}
				within = within && (inA || !inB)
				empty = empty && !inA
				if inA && six {
					v6++
				} else if inA {
					v4++
				}
			}
		}
		if a.ContainsAll(b) != within || a.Empty() != empty {
			t.Fatalf("%v and %v: contains all %v, empty %v; want %v and %v", pa, pb, a.ContainsAll(b), a.Empty(), within, empty)
		}
		if got4, got6 := a.size(); got4 != v4 || got6 != (uint128{lo: v6}) {
			t.Fatalf("size of %v is %d and %v, want %d and %d", pa, got4, got6, v4, v6)
		}
		if !Of(a.Prefixes()...).Equal(a) || a.Equal(b) != (ta == tb) {
			t.Fatalf("%v and %v: equality is not that of the sets", pa, pb)
		}
	})
}

func TestPortsAgreeWithTheirTwin(t *testing.T) {
	t.Parallel()
	port := rapid.Map(rapid.IntRange(0, 40), func(i int) uint16 { // both ends of the space, where it could wrap
		if i > 20 {
			return uint16(65495 + i)
		}
		return uint16(i)
	})
	ranges := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) PortRange {
		return PortRange{port.Draw(t, "first"), port.Draw(t, "last")}
	}), 0, 5)
	in := func(list []PortRange, p uint16) bool {
		return slices.ContainsFunc(list, func(r PortRange) bool { return r.First <= p && p <= r.Last })
	}
	rapid.Check(t, func(t *rapid.T) {
		ra, rb := ranges.Draw(t, "a"), ranges.Draw(t, "b")
		a, b := PortsOf(ra...), PortsOf(rb...)
		union, both := TrafficOf(TCP, a).Union(TrafficOf(TCP, b)), TrafficOf(UDP, a).Intersect(TrafficOf(UDP, b))
		count := 0
		for i := range 1 << 16 {
			p := uint16(i)
			if in(ra, p) {
				count++
			}
			if a.Contains(p) != in(ra, p) || a.Union(b).Contains(p) != (in(ra, p) || in(rb, p)) || a.Intersect(b).Contains(p) != (in(ra, p) && in(rb, p)) {
				t.Fatalf("%v and %v disagree with their ranges at %d", ra, rb, p)
			}
		}
		if a.Count() != count || a.Empty() != (count == 0) {
			t.Fatalf("%v counts %d, want %d", ra, a.Count(), count)
		}
		if !union.Of(TCP).Equal(a.Union(b)) || !both.Of(UDP).Equal(a.Intersect(b)) || !union.Of(UDP).Empty() {
			t.Fatalf("traffic of %v and %v is not that of the ports", ra, rb)
		}
		if !PortsOf(a.Ranges()...).Equal(a) {
			t.Fatalf("%v is not in its one form", a)
		}
	})
}

func TestTraffic(t *testing.T) {
	t.Parallel()
	all := AllTraffic()
	for p := range 256 {
		if !all.Of(Protocol(p)).Equal(AllPorts()) {
			t.Errorf("all traffic lacks %v", Protocol(p))
		}
	}
	const gre = Protocol(47)
	tunnel := TrafficOf(gre, AllPorts())
	if !tunnel.Intersect(TrafficOf(TCP, AllPorts())).Empty() || !tunnel.Intersect(all).Equal(tunnel) {
		t.Error("a protocol without ports is not apart from the others")
	}
	if got := PortsOf(PortRange{22, 22}, PortRange{8000, 8050}, PortRange{8051, 8100}).String(); got != "22, 8000-8100" {
		t.Errorf("ports print as %q", got)
	}
}

func FuzzAddresses(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 1, 128, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		var list []netip.Prefix
		for ; len(data) >= 5; data = data[5:] {
			list = append(list, netip.PrefixFrom(netip.AddrFrom4([4]byte(data[:4])), int(data[4]%40))) // some of them invalid
		}
		a := Of(list...)
		var one Addresses
		for _, p := range list {
			one = one.Union(Of(p))
			if p.IsValid() && !a.Contains(p.Addr()) {
				t.Errorf("%v is not in %v", p.Addr(), a)
			}
		}
		if !one.Equal(a) || one.CoversInternet() != a.CoversInternet() {
			t.Errorf("%v one by one is %v, together %v", list, one, a)
		}
		if a.Public().CoversInternet() != a.CoversInternet() {
			t.Errorf("%v: what is not public counts", a)
		}
	})
}
