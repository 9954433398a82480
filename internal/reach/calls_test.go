package reach_test

import (
	order "cmp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/reach"
)

// filters are those by which lists are compared: of everything at private addresses, and of one port.
func filters() []reach.Filter {
	ssh := netset.PortsOf(netset.PortRange{First: 22, Last: 22})
	return []reach.Filter{{Direct: true, Private: true}, {Direct: true, Protocol: netset.TCP, Ports: ssh}}
}

// brief is a flow without words.
type brief struct {
	From, To         string
	Protocol         netset.Protocol
	Ports            string
	Arrives, Session estate.Truth
}

func briefly(f reach.Flow) brief {
	return brief{f.From.Interface, f.To.Interface, f.Protocol, f.Ports.String(), f.Arrives, f.Session}
}

// TestListsAreWhatEachPairIsAsked: the lists, which skip most pairs unasked, hold what following packets between each two interfaces
// finds.
func TestListsAreWhatEachPairIsAsked(t *testing.T) {
	t.Parallel()
	onEstates(t, func(t failing, d *drawn) {
		e := d.done()
		n := reach.Of(e)
		for _, f := range filters() {
			senders := map[string][]brief{}
			for _, y := range e.NetworkInterfaces {
				for _, one := range n.To(end(e, y.Ref().ID), f) {
					senders[one.From.Interface] = append(senders[one.From.Interface], briefly(one))
				}
			}
			for _, x := range e.NetworkInterfaces {
				var plain, listed []brief
				back := senders[x.Ref().ID]
				for _, y := range e.NetworkInterfaces {
					if x == y {
						continue
					}
					for _, one := range n.Between(end(e, x.Ref().ID), end(e, y.Ref().ID), f) {
						plain = append(plain, briefly(one))
					}
				}
				for _, one := range n.From(end(e, x.Ref().ID), f) {
					if one.To.Interface != "" {
						listed = append(listed, briefly(one))
					}
				}
				for _, list := range [][]brief{plain, listed, back} {
					slices.SortFunc(list, compareBrief)
				}
				if diff := cmp.Diff(plain, listed); diff != "" {
					t.Fatalf("From(%s) with %v (-each pair +list):\n%s\n%s", x.Ref().ID, f, diff, sketch(e))
				}
				if diff := cmp.Diff(plain, back); diff != "" {
					t.Fatalf("To, from %s with %v (-each pair +list):\n%s\n%s", x.Ref().ID, f, diff, sketch(e))
				}
			}
		}
	})
}

// TestCallsAreFromInOrder: asking each receiver when its turn comes gives what the whole list holds, in its order, and as much of
// it as is wanted.
func TestCallsAreFromInOrder(t *testing.T) {
	t.Parallel()
	onEstates(t, func(t failing, d *drawn) {
		e := d.done()
		n := reach.Of(e)
		for _, f := range filters() {
			for _, x := range e.NetworkInterfaces {
				from := end(e, x.Ref().ID)
				want, got := n.From(from, f), slices.Collect(n.Calls(from, f))
				if diff := cmp.Diff(briefs(want), briefs(got)); diff != "" {
					t.Fatalf("Calls(%s) with %v (-From +Calls):\n%s\n%s", x.Ref().ID, f, diff, sketch(e))
				}
				count := 0
				for one := range n.Calls(from, f) {
					if diff := cmp.Diff(briefly(want[count]), briefly(one)); diff != "" {
						t.Fatalf("Calls(%s), flow %d (-From +Calls):\n%s", x.Ref().ID, count, diff)
					}
					if count++; 2*count > len(want) {
						break
					}
				}
			}
		}
	})
}

func briefs(flows []reach.Flow) []brief {
	var all []brief
	for _, f := range flows {
		all = append(all, briefly(f))
	}
	return all
}

func compareBrief(a, b brief) int {
	return order.Or(strings.Compare(a.From, b.From), strings.Compare(a.To, b.To), order.Compare(a.Protocol, b.Protocol), strings.Compare(a.Ports, b.Ports))
}
