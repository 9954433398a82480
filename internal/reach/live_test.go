package reach

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/generate"
	"github.com/onus-cloud/onus/internal/netset"
)

// changes makes random changes of one rule each.
type changes struct {
	*rand.Rand
	e *estate.Estate
	// gaps says that a prefix list that was not read may be a rule's peer.
	gaps bool
}

// next is a group with one rule more, one less, or one other.
func (r changes) next() *estate.SecurityGroup {
	old := r.e.SecurityGroups[r.IntN(len(r.e.SecurityGroups))]
	g := *old
	g.Rules = slices.Clone(old.Rules)
	kind := r.IntN(3)
	if len(g.Rules) == 0 {
		kind = 0
	}
	at := 0
	if kind > 0 {
		at = r.IntN(len(g.Rules))
	}
	switch kind {
	case 0:
		g.Rules = append(g.Rules, r.rule(&g, r.IntN(3) == 0))
	case 1:
		g.Rules = slices.Delete(g.Rules, at, at+1)
	default:
		g.Rules[at] = r.rule(&g, g.Rules[at].Egress)
	}
	return &g
}

func (r changes) rule(g *estate.SecurityGroup, egress bool) *estate.SecurityGroupRule {
	x := &estate.SecurityGroupRule{ID: "sgr-new", Egress: egress, Traffic: r.traffic(), Addresses: estate.None[netset.Addresses]()}
	switch n := r.IntN(10); {
	case n < 4: // mostly of its own VPC
		x.Peer = r.peer(g.VPC)
	case n == 4 && r.gaps:
		x.Peer, x.Addresses = "pl-gone", estate.Unread[netset.Addresses](estate.Gap{Operation: "ec2:GetManagedPrefixListEntries", About: "pl-gone"})
	default:
		p := r.cidr(g.VPC)
		x.Peer, x.Addresses = p.String(), estate.Know(netset.Of(p))
	}
	return x
}

func (r changes) peer(vpc string) string {
	var near []string
	for range 200 {
		g := r.e.SecurityGroups[r.IntN(len(r.e.SecurityGroups))]
		if near = append(near, g.Ref().ID); g.VPC == vpc {
			return g.Ref().ID
		}
	}
	return near[0]
}

func (r changes) traffic() netset.Traffic {
	port := []uint16{22, 80, 443, 3306, 5432, 6379, 8080, 8443, 9100, 27017}[r.IntN(10)]
	switch r.IntN(8) {
	case 0:
		return netset.AllTraffic()
	case 1:
		return netset.TrafficOf(netset.ICMP, netset.AllPorts())
	case 2:
		return netset.TrafficOf(netset.UDP, netset.PortsOf(netset.PortRange{First: port, Last: port}))
	case 3:
		return netset.TrafficOf(netset.TCP, netset.PortsOf(netset.PortRange{First: port - port%100, Last: port}))
	}
	return netset.TrafficOf(netset.TCP, netset.PortsOf(netset.PortRange{First: port, Last: port}))
}

// cidr is one that nothing may have named: all, a network, a part of a subnet, an address of an interface.
func (r changes) cidr(vpc string) netip.Prefix {
	x := r.e.NetworkInterfaces[r.IntN(len(r.e.NetworkInterfaces))]
	for range 200 {
		if x.VPC == vpc {
			break
		}
		x = r.e.NetworkInterfaces[r.IntN(len(r.e.NetworkInterfaces))]
	}
	a := netip.MustParseAddr("203.0.113.9")
	if all := slices.Concat(x.Private, x.IPv6, x.IPv6, []netip.Addr{x.Public}); len(all) > 1 {
		if one := all[r.IntN(len(all))]; one.IsValid() {
			a = one
		}
	}
	lengths := []int{0, 8, 13, 19, 23, 26, 28, 31, 32}
	if a.Is6() {
		lengths = []int{0, 32, 56, 64, 122, 126, 128}
	}
	p, err := a.Prefix(lengths[r.IntN(len(lengths))])
	if err != nil {
		panic(err)
	}
	return p
}

// matrix is who reaches whom with a header, by the numbers of the nodes.
type matrix [][]uint64

func matrixOf(p *Pairs, mode int, header uint32) matrix {
	n := len(p.of)
	m := make(matrix, n)
	r := p.newRow()
	if !p.doubt {
		mode = surely
	}
	for c := range p.all {
		if p.all[c].size == 0 {
			continue
		}
		sources := make([]uint64, (n+63)/64)
		r.compute(mode, uint32(c), header, span{0, uint32(p.words())})
		each(p, wordsOf(r.bits), func(i uint32) { sources[i/64] |= 1 << (i % 64) })
		for _, to := range p.nodes[c] {
			m[to] = slices.Clone(sources)
			m[to][to/64] &^= 1 << (to % 64)
		}
	}
	return m
}

// each calls yield with every node of the classes in a set of faces.
func each(p *Pairs, words []word, yield func(uint32)) {
	for _, w := range words {
		for ; w.bits != 0; w.bits &= w.bits - 1 {
			face := w.at*64 + uint32(bits.TrailingZeros64(w.bits))
			for _, node := range p.nodes[p.faces[face].class] {
				yield(node)
			}
		}
	}
}

func wordsOf(b bitset) []word {
	var all []word
	for i, w := range b {
		all = append(all, word{uint32(i), w})
	}
	return all
}

// apply makes of a matrix what a difference says that it becomes.
func (d *Difference) apply(m matrix, mode int, header uint32) {
	if !d.l.doubt {
		mode = surely
	}
	flip := func(to, from uint32, on bool) {
		if to == from {
			return
		}
		if m[to][from/64] &^= 1 << (from % 64); on {
			m[to][from/64] |= 1 << (from % 64)
		}
	}
	for _, s := range d.rows {
		if s.headers.first <= header && header <= s.headers.last {
			for on, b := range [][]word{s.lost[mode], s.gained[mode]} {
				for _, to := range d.l.nodes[s.class] {
					each(d.l.Pairs, b, func(from uint32) { flip(to, from, on == 1) })
				}
			}
		}
	}
	for _, s := range d.columns {
		if s.headers.first <= header && header <= s.headers.last {
			for on, b := range [][]word{s.lost[mode], s.gained[mode]} {
				for _, from := range d.l.nodes[s.class] {
					each(d.l.Pairs, b, func(to uint32) { flip(to, from, on == 1) })
				}
			}
		}
	}
}

// TestLiveIsAFullRecomputation: after each of many random changes, who reaches whom, what the Internet reaches and what the
// change is said to have made are what computing everything before and after gives.
func TestLiveIsAFullRecomputation(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			make := generate.Network
			if seed == 3 {
				make = generate.UnequalNetwork
			}
			e, _ := make(500, seed)
			LiveAgrees(t, e, rand.New(rand.NewPCG(seed, 7)), 40, seed > 1)
		})
	}
}

// LiveAgrees makes random changes of an estate and compares what is said after each with what computing everything gives.
func LiveAgrees(t interface {
	Fatalf(string, ...any)
}, e *estate.Estate, random *rand.Rand, steps int, gaps bool) {
	l := Of(e).Live()
	for step := range steps {
		before := Of(l.Estate()).Pairs()
		g := changes{random, l.Estate(), gaps}.next()
		d, err := l.Replace(g)
		if err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
		after := Of(l.Estate()).Pairs()
		headers := []uint32{header(netset.TCP, 22), header(netset.ICMP, 8<<8), header(50, 0)}
		for _, s := range slices.Concat(d.rows, d.columns) {
			headers = append(headers, s.headers.first, s.headers.last)
		}
		random.Shuffle(len(headers), func(i, j int) { headers[i], headers[j] = headers[j], headers[i] })
		for _, h := range headers[:min(6, len(headers))] {
			for mode := range modes {
				want := matrixOf(after, mode, h)
				if got := matrixOf(l.Pairs, mode, h); !slices.EqualFunc(got, want, slices.Equal) {
					t.Fatalf("step %d, %s, header %x, mode %d: live says other than a full computation", step, g.Ref().ID, h, mode)
				}
				was := matrixOf(before, mode, h)
				if d.apply(was, mode, h); !slices.EqualFunc(was, want, slices.Equal) {
					t.Fatalf("step %d, %s, header %x, mode %d: the difference is not what changed", step, g.Ref().ID, h, mode)
				}
			}
		}
		if d := cmp.Diff(exposures(after.Internet()), exposures(l.Internet())); d != "" {
			t.Fatalf("step %d: the Internet (-full +live):\n%s", step, d)
		}
	}
}

func exposures(list []Exposed) []string {
	var all []string
	for _, x := range list {
		for _, id := range x.Interfaces() {
			for _, f := range x.Flows {
				all = append(all, exposure(id, f.Protocol, f.Ports, f.Addresses, f.Arrives, f.Session))
			}
		}
	}
	slices.Sort(all)
	return all
}

// TestColumnsAreRowsTurnedRound: whom a class reaches is everybody whose row holds it.
func TestColumnsAreRowsTurnedRound(t *testing.T) {
	t.Parallel()
	e, _ := generate.Network(800, 5)
	l := Of(e).Live()
	random := rand.New(rand.NewPCG(5, 5))
	columnsAreRows(t, l)
	for range 100 {
		if _, err := l.Replace(changes{random, l.Estate(), true}.next()); err != nil {
			t.Fatal(err)
		}
	}
	columnsAreRows(t, l)
}

func columnsAreRows(t *testing.T, l *Live) {
	t.Helper()
	c := l.columns.newColumn()
	into := make(bitset, l.words())
	r := l.newRow()
	for _, h := range []uint32{header(netset.TCP, 443), header(netset.TCP, 9100), header(netset.ICMP, 8<<8)} {
		var got, want []string
		for s := range l.all {
			clear(into)
			c.compute(surely, uint32(s), h, into)
			r.compute(surely, uint32(s), h, span{0, uint32(l.words())})
			for other := range l.all {
				if into.has(l.all[other].first) {
					got = append(got, fmt.Sprintf("%06d to %06d", s, other))
				}
				if r.bits.has(l.all[other].first) {
					want = append(want, fmt.Sprintf("%06d to %06d", other, s))
				}
			}
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("header %x: %d pairs by columns, %d by rows", h, len(got), len(want))
		}
	}
}

// BenchmarkOneRule measures random changes of one rule: everything answers anew, and what the change made of who reaches whom
// is told in full.
func BenchmarkOneRule(b *testing.B) {
	for _, size := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			e, _ := generate.Network(size, 1)
			random := rand.New(rand.NewPCG(1, 1))
			begin := time.Now()
			l := Of(e).Live()
			b.ReportMetric(time.Since(begin).Seconds(), "ready-s")
			runtime.GC()
			defer debug.SetGCPercent(debug.SetGCPercent(-1)) // its time is not the changes'
			var all, cpu []time.Duration
			for b.Loop() {
				for range 1000 {
					g := changes{random, l.Estate(), false}.next()
					begin, used := time.Now(), processorTime()
					if _, err := l.Replace(g); err != nil {
						b.Fatal(err)
					}
					all, cpu = append(all, time.Since(begin)), append(cpu, processorTime()-used)
				}
			}
			slices.Sort(all)
			slices.Sort(cpu)
			at := func(of []time.Duration, part float64) float64 {
				return float64(of[int(part*float64(len(of)-1))].Microseconds())
			}
			b.ReportMetric(at(all, 0.5), "p50-us")
			b.ReportMetric(at(all, 0.99), "p99-us")
			b.ReportMetric(at(all, 1), "max-us")
			b.ReportMetric(at(cpu, 0.5), "p50-cpu-us")
			b.ReportMetric(at(cpu, 0.99), "p99-cpu-us")
			b.ReportMetric(float64(l.renewed), "renewed")
			b.ReportMetric(float64(peakMemory())/1e6, "peak-MB")
		})
	}
}
