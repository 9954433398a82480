package netset

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Protocol is an IP protocol by its IANA number.
type Protocol uint8

// The protocols that have something to tell traffic apart by.
const (
	ICMP   Protocol = 1
	TCP    Protocol = 6
	UDP    Protocol = 17
	ICMPv6 Protocol = 58
)

var protocolNames = map[Protocol]string{ICMP: "icmp", TCP: "tcp", UDP: "udp", ICMPv6: "icmpv6"}

func (p Protocol) String() string {
	if name, ok := protocolNames[p]; ok {
		return name
	}
	return "protocol " + strconv.Itoa(int(p))
}

// selectors lists the protocols whose traffic has a selector: ports of TCP and UDP; of ICMP the type and the code.
var selectors = [...]Protocol{ICMP, TCP, UDP, ICMPv6}

// Ports is a set of 16-bit numbers: ports, or types and codes of ICMP. Its zero value is empty; it never changes.
type Ports struct {
	ranges []PortRange // sorted, disjoint, with gaps between
}

// PortRange is a range of ports, both ends included.
type PortRange struct{ First, Last uint16 }

// AllPorts are all of them.
func AllPorts() Ports { return Ports{[]PortRange{{0, 65535}}} }

// PortsOf returns the ports of the ranges. A range that ends before it begins is empty.
func PortsOf(ranges ...PortRange) Ports {
	all := slices.Clone(ranges)
	all = slices.DeleteFunc(all, func(r PortRange) bool { return r.First > r.Last })
	slices.SortFunc(all, func(a, b PortRange) int { return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last)) })
	merged := all[:0]
	for _, r := range all {
		if n := len(merged); n > 0 && uint32(r.First) <= uint32(merged[n-1].Last)+1 {
			merged[n-1].Last = max(merged[n-1].Last, r.Last)
			continue
		}
		merged = append(merged, r)
	}
	if len(merged) == 0 {
		return Ports{}
	}
	return Ports{merged}
}

// Ranges returns the set as the fewest ranges, in order.
func (p Ports) Ranges() []PortRange { return slices.Clone(p.ranges) }

// Count returns how many there are, up to 65,536.
func (p Ports) Count() int {
	n := 0
	for _, r := range p.ranges {
		n += int(r.Last) - int(r.First) + 1
	}
	return n
}

// Empty reports whether there is none.
func (p Ports) Empty() bool { return len(p.ranges) == 0 }

// Contains reports whether the port is in the set.
func (p Ports) Contains(port uint16) bool {
	_, ok := slices.BinarySearchFunc(p.ranges, port, func(r PortRange, port uint16) int {
		switch {
		case r.Last < port:
			return -1
		case r.First > port:
			return 1
		}
		return 0
	})
	return ok
}

// Union returns what is in either set.
func (p Ports) Union(o Ports) Ports { return PortsOf(slices.Concat(p.ranges, o.ranges)...) }

// Intersect returns what is in both sets.
func (p Ports) Intersect(o Ports) Ports {
	var both []PortRange
	for i, j := 0, 0; i < len(p.ranges) && j < len(o.ranges); {
		a, b := p.ranges[i], o.ranges[j]
		if first, last := max(a.First, b.First), min(a.Last, b.Last); first <= last {
			both = append(both, PortRange{first, last})
		}
		if a.Last < b.Last {
			i++
		} else {
			j++
		}
	}
	return Ports{both}
}

// Minus returns what is in p and not in o.
func (p Ports) Minus(o Ports) Ports {
	var left []PortRange
	for _, r := range p.ranges {
		first := uint32(r.First)
		for _, cut := range o.ranges {
			if uint32(cut.Last) < first || cut.First > r.Last {
				continue
			}
			if uint32(cut.First) > first {
				left = append(left, PortRange{uint16(first), cut.First - 1})
			}
			first = uint32(cut.Last) + 1
		}
		if first <= uint32(r.Last) {
			left = append(left, PortRange{uint16(first), r.Last})
		}
	}
	return Ports{left}
}

// Equal reports whether both sets are the same.
func (p Ports) Equal(o Ports) bool { return slices.Equal(p.ranges, o.ranges) }

func (p Ports) String() string {
	var words []string
	for _, r := range p.ranges {
		if r.First == r.Last {
			words = append(words, strconv.Itoa(int(r.First)))
		} else {
			words = append(words, fmt.Sprintf("%d-%d", r.First, r.Last))
		}
	}
	return strings.Join(words, ", ")
}

// Traffic is a set of what packets can be: of each IP protocol all or nothing, and of TCP and UDP the destination ports,
// of ICMP and ICMPv6 the type times 256 plus the code. Its zero value is empty; it never changes.
type Traffic struct {
	whole [4]uint64             // bit n: protocol n, of those without selector
	part  [len(selectors)]Ports // of those with one
}

// AllTraffic is everything.
func AllTraffic() Traffic { return everything }

var everything = func() Traffic {
	var t Traffic
	for i := range t.whole {
		t.whole[i] = ^uint64(0)
	}
	for i, p := range selectors {
		t.whole[p/64] &^= 1 << (p % 64)
		t.part[i] = AllPorts()
	}
	return t
}()

// TrafficOf returns the traffic of one protocol to those ports. A protocol without ports is all or, with no ports at all, nothing.
func TrafficOf(p Protocol, ports Ports) Traffic {
	var t Traffic
	if i := slices.Index(selectors[:], p); i >= 0 {
		t.part[i] = ports
	} else if !ports.Empty() {
		t.whole[p/64] |= 1 << (p % 64)
	}
	return t
}

// Of returns the ports of one protocol that are in the set: all or none of a protocol without ports.
func (t Traffic) Of(p Protocol) Ports {
	if i := slices.Index(selectors[:], p); i >= 0 {
		return t.part[i]
	}
	if t.whole[p/64]&(1<<(p%64)) != 0 {
		return AllPorts()
	}
	return Ports{}
}

// Union returns what is in either set.
func (t Traffic) Union(o Traffic) Traffic {
	for i := range t.whole {
		t.whole[i] |= o.whole[i]
	}
	for i := range t.part {
		t.part[i] = t.part[i].Union(o.part[i])
	}
	return t
}

// Intersect returns what is in both sets.
func (t Traffic) Intersect(o Traffic) Traffic {
	for i := range t.whole {
		t.whole[i] &= o.whole[i]
	}
	for i := range t.part {
		t.part[i] = t.part[i].Intersect(o.part[i])
	}
	return t
}

// Empty reports whether there is nothing in the set.
func (t Traffic) Empty() bool { return t.Equal(Traffic{}) }

// Equal reports whether both sets are the same.
func (t Traffic) Equal(o Traffic) bool {
	if t.whole != o.whole {
		return false
	}
	for i := range t.part {
		if !t.part[i].Equal(o.part[i]) {
			return false
		}
	}
	return true
}
