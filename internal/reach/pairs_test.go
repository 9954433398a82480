package reach

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/generate"
	"github.com/onus-cloud/onus/internal/netset"
)

// privately is what a single question answers about the addresses that Pairs is about: private ones, and those of IPv6 by ways
// that do not leave for the Internet.
func (n *Network) privately(from, to *node, p packet) estate.Truth {
	best := estate.False
	for _, six := range families(p.protocol) {
		for _, fs := range n.places(from) {
			for _, ts := range n.places(to) {
				src, dst := from.address(six, fs), to.address(six, ts)
				if src.Empty() || dst.Empty() || !from.certain(six) || !to.certain(six) {
					continue
				}
				w := &walk{n: n, protocol: p.protocol, six: six, goal: goal{node: to, subnet: ts}}
				w.start(trail{yes: []beam{{src, dst, p.from(), p.to()}}}, from, fs)
				for i := range w.done {
					if t := &w.done[i]; len(t.senders) > 0 && t.senders[len(t.senders)-1].gateway != nil {
						w.done[i].yes, w.done[i].maybe = nil, nil
					}
				}
				best = max(best, w.conclude(beam{src, dst, p.from(), p.to()}, true).Arrives)
			}
		}
	}
	return best
}

// TestPairsAreWhatSingleQuestionsSay samples pairs of generated estates.
func TestPairsAreWhatSingleQuestionsSay(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(int, uint64) (*estate.Estate, generate.NetworkTruth){
		"equal": generate.Network, "unequal": generate.UnequalNetwork,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _ := make(1_500, 3)
			n := Of(e)
			compare(t, n, n.Pairs(), rand.New(rand.NewPCG(1, 2)), 2_000)
		})
	}
}

// PairsAgree compares all pairs of an estate with what single questions say.
func PairsAgree(t interface {
	Fatalf(string, ...any)
}, e *estate.Estate) {
	n := Of(e)
	p := n.Pairs()
	for _, from := range n.nodes {
		for _, to := range n.nodes {
			for _, q := range []packet{{protocol: netset.TCP, port: 22}, {protocol: netset.TCP, port: 443}, {protocol: netset.UDP, port: 53}, {protocol: netset.ICMP, port: 8 << 8}, {protocol: 50}} {
				if from == to {
					continue
				}
				if got, want := p.Reaches(from.iface.Ref().ID, to.iface.Ref().ID, q.protocol, q.port), n.privately(from, to, q); got != want {
					a := n.send(from, to, q)
					t.Fatalf("%s to %s, %v %d: %v, want %v\n%+v", from.iface.Ref().ID, to.iface.Ref().ID, q.protocol, q.port, got, want, a.Path)
				}
			}
		}
	}
}

func compare(t *testing.T, n *Network, p *Pairs, random *rand.Rand, samples int) {
	t.Helper()
	ports := []uint16{22, 53, 80, 443, 3000, 3306, 5432, 6379, 8080, 8443, 9000, 9100, 27017}
	found := map[estate.Truth]int{}
	for range samples {
		from, to := n.nodes[random.IntN(len(n.nodes))], n.nodes[random.IntN(len(n.nodes))]
		if from == to {
			continue
		}
		if random.IntN(3) > 0 { // mostly in one VPC, where something passes
			for to = n.nodes[random.IntN(len(n.nodes))]; to.vpc != from.vpc || to == from; {
				to = n.nodes[random.IntN(len(n.nodes))]
			}
		}
		q := packet{protocol: netset.TCP, port: ports[random.IntN(len(ports))]}
		switch random.IntN(8) {
		case 0:
			q.protocol = netset.UDP
		case 1:
			q = packet{protocol: netset.ICMP, port: 8 << 8}
		}
		want := n.privately(from, to, q)
		got := p.Reaches(from.iface.Ref().ID, to.iface.Ref().ID, q.protocol, q.port)
		found[want]++
		if got != want {
			a := n.send(from, to, q)
			t.Fatalf("%s to %s, %v %d: %v, want %v\n%s", from.iface.Ref().ID, to.iface.Ref().ID, q.protocol, q.port, got, want, fmt.Sprintf("%+v", a.Path))
		}
	}
	t.Logf("arrives: %d, does not: %d, unknown: %d", found[estate.True], found[estate.False], found[estate.Unknown])
}

// TestTheInternetIsTheTruth: what was planted is found, with its ports, addresses and whether it answers, and nothing else is.
func TestTheInternetIsTheTruth(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{1, 2} {
		e, truth := generate.Network(4_000, seed)
		n := Of(e)
		var want []string
		for _, x := range truth.Exposures {
			want = append(want, exposure(x.Interface, x.Protocol, x.Ports, x.Sources, estate.True, estate.Is(x.Answers)))
		}
		var rows []string
		for _, x := range n.Pairs().Internet() {
			for _, id := range x.Interfaces() {
				if why := truth.NearMisses[id]; why != "" {
					t.Errorf("%s is said to be reached, but %s", id, why)
				}
				for _, f := range x.Flows {
					rows = append(rows, exposure(id, f.Protocol, f.Ports, f.Addresses, f.Arrives, f.Session))
				}
			}
		}
		var single []string
		for _, f := range n.Internet() {
			if f.Way == Direct && f.To.Interface != "" {
				single = append(single, exposure(f.To.Interface, f.Protocol, f.Ports, f.Addresses, f.Arrives, f.Session))
			}
		}
		slices.Sort(want)
		slices.Sort(rows)
		slices.Sort(single)
		if d := cmp.Diff(want, rows); d != "" {
			t.Errorf("seed %d: all at once (-truth +answer):\n%s", seed, d)
		}
		if d := cmp.Diff(single, rows); d != "" {
			t.Errorf("seed %d: (-each for itself +all at once):\n%s", seed, d)
		}
	}
}

func exposure(id string, p netset.Protocol, ports netset.Ports, from netset.Addresses, arrives, session estate.Truth) string {
	return fmt.Sprintf("%s %v %v from %d prefixes (%.60s): arrives %v, session %v", id, p, ports, len(from.Prefixes()), from.String(), arrives, session)
}

// BenchmarkPairs measures an estate's all pairs, stage by stage, in seconds of the clock and of the processors.
func BenchmarkPairs(b *testing.B) {
	for _, size := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) { benchmarkPairs(b, size, generate.Network) })
	}
}

// BenchmarkUnequalPairs is the bad case: hardly two interfaces are of one class.
func BenchmarkUnequalPairs(b *testing.B) {
	for _, size := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) { benchmarkPairs(b, size, generate.UnequalNetwork) })
	}
}

func benchmarkPairs(b *testing.B, size int, estateOf func(int, uint64) (*estate.Estate, generate.NetworkTruth)) {
	e, _ := estateOf(size, 1)
	runtime.GC()
	b.ReportAllocs()
	for b.Loop() {
		begin := processorTime()
		n := Of(e)
		ready := processorTime()
		p := n.Pairs()
		compiled := processorTime()
		total := p.Count()
		counted := processorTime()
		exposed := p.Internet()
		told := processorTime()
		b.ReportMetric((ready - begin).Seconds(), "read-cpu-s")
		b.ReportMetric((compiled - ready).Seconds(), "compile-cpu-s")
		b.ReportMetric((counted - compiled).Seconds(), "pairs-cpu-s")
		b.ReportMetric((told - counted).Seconds(), "internet-cpu-s")
		b.ReportMetric(float64(len(exposed)), "exposed-classes")
		b.ReportMetric(float64(len(p.all)), "classes")
		b.ReportMetric(float64(total.Pairs), "pairs")
		b.ReportMetric(float64(total.Entries), "entries")
	}
	b.ReportMetric(float64(peakMemory())/1e6, "peak-MB")
}

// processorTime is what the process has used of all processors.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMemory is the most memory that the process has held, in bytes.
func peakMemory() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return u.Maxrss * 1024
}
