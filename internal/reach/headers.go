package reach

import (
	"github.com/onus-cloud/onus/internal/netset"
)

// traffic is sorted, disjoint intervals of headers.
type traffic []interval

// interval is headers from first to last, both included. A header is one number: the protocol times 65,536, plus the
// destination port of TCP and UDP, or of ICMP the type times 256 plus the code; of other protocols all stand for one.
type interval struct{ first, last uint32 }

const allHeaders = 256<<16 - 1

// header returns the number of a packet's header.
func header(p netset.Protocol, port uint16) uint32 {
	switch p {
	case netset.TCP, netset.UDP, netset.ICMP, netset.ICMPv6:
		return uint32(p)<<16 | uint32(port)
	}
	return uint32(p) << 16
}

func trafficOf(t netset.Traffic) traffic {
	var all traffic
	for p := range 256 {
		for _, r := range t.Of(netset.Protocol(p)).Ranges() {
			first, last := uint32(p)<<16|uint32(r.First), uint32(p)<<16|uint32(r.Last)
			if n := len(all); n > 0 && all[n-1].last+1 == first {
				all[n-1].last = last
				continue
			}
			all = append(all, interval{first, last})
		}
	}
	return all
}

func (t traffic) has(header uint32) bool {
	for _, i := range t {
		if header <= i.last {
			return header >= i.first
		}
	}
	return false
}

func (t traffic) everything() bool { return len(t) == 1 && t[0] == interval{0, allHeaders} }
