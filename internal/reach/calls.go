package reach

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// Calls yields what an end can send, or may, to what stands in the estate and takes it directly, and to the Internet: what From lists
// with Filter.Direct, in the same order. Each receiver is asked about only when its turn comes, so that whoever has seen enough
// and stops does not pay for the others.
func (n *Network) Calls(end End, f Filter) iter.Seq[Flow] {
	f.Direct = true
	senders := n.parties(end)
	if len(senders.nodes) != 1 || senders.internet { // the flows of several are in one order
		return slices.Values(n.From(end, f))
	}
	x := senders.nodes[0]
	return func(yield func(Flow) bool) {
		out := n.flowsOut(x, publicAddresses(false).Union(publicAddresses(true)), f)
		sortFlows(out)
		for to, flows := range n.kinds().inOrder(x, f) {
			for len(out) > 0 && compareParties(out[0].To, to.party()) <= 0 {
				if !yield(out[0]) {
					return
				}
				out = out[1:]
			}
			told := make([]Flow, 0, len(flows))
			for _, one := range flows {
				told = append(told, n.kinds().tell(one, x, to, f))
			}
			sortFlows(told)
			for _, one := range told {
				if !yield(one) {
					return
				}
			}
		}
		for _, one := range out {
			if !yield(one) {
				return
			}
		}
	}
}

// inOrder yields those to which packets of a node may come by a direct way, and are not idle, in the order of sortFlows.
func (k *kinds) inOrder(x *node, f Filter) iter.Seq2[*node, []Flow] {
	type receiver struct {
		node  *node
		party Party
		kind  uint32
	}
	var all []receiver
	for _, i := range k.candidates(x, f, false) {
		if to := k.another(i, x); to == nil || k.sieve.refuses(to, x, f) {
			continue
		}
		for _, y := range k.nodes[i] {
			if y != x && y.idle == "" {
				all = append(all, receiver{y, y.party(), i})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b receiver) int { return compareParties(a.party, b.party) })
	filter := f.key()
	return func(yield func(*node, []Flow) bool) {
		known := map[uint32][]Flow{}
		for _, to := range all {
			flows, ok := known[to.kind]
			if !ok {
				flows = k.withKind(x, to.kind, f, filter, false)
				known[to.kind] = flows
			}
			if len(flows) > 0 && !yield(to.node, flows) {
				return
			}
		}
	}
}

func compareParties(a, b Party) int {
	return cmp.Or(strings.Compare(a.Ref.Key(), b.Ref.Key()), strings.Compare(a.Interface, b.Interface))
}
