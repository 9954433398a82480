package reach

import (
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// trail is one way through the network as far as it was followed: the beams that are under way, and the hops so far.
type trail struct {
	yes, maybe []beam
	hops       []Hop
	gaps       []estate.Gap
	why        string // why it is not known, where no gap says it

	// stopped says that a hop lets nothing through. What follows is then tried with the ghost, what would be under way
	// otherwise, so as to say what else would stop it.
	stopped bool
	ghost   []beam

	id        identity // how those at the far end see the sender's groups
	senders   []locus  // who the reply must find: the sender, then each NAT gateway that took its place
	transited bool     // it came over a transit gateway
	lost      bool     // who passed it on is not known: nor is the way back
	inspected []string // the firewall endpoints whose stateful engine saw it
	partly    []string // of those, where stateless rules let a part of it pass by the engine
	// either are the addresses of which a NAT gateway took one in the sender's place, nobody knows which.
	either netset.Addresses
	// referred says that an outgoing rule of the sender's admits it by a reference to a group only.
	referred bool
	steps    int
	quiet    bool // nobody reads the hops: they say what passes, without words

	// Of a survey: the edges of subnets that it crossed, and whether it got to the goal.
	edges    []edge
	arrived  bool
	firewall bool // it passed one
}

// locus is where a packet was sent from, as seen by what comes after.
type locus struct {
	subnet   *subnet
	address  netset.Addresses // private, or IPv6
	mapped   []mapping        // public addresses that stand for its own
	publicly bool             // it has one that is not known
	denies   bool             // it takes nothing from internet gateways over IPv6
	ports    netset.Ports     // it sent from
	service  bool             // through a gateway endpoint, straight from its subnet
	gateway  *vpc             // the VPC whose internet gateway it left through; nil if by none
	through  string           // that gateway's id; empty for an egress-only one, which no route table is for
}

// enoughSteps is how many routers a packet passes before its routes go in a circle.
const enoughSteps = 24

func (t trail) clone() trail {
	t.hops, t.gaps = slices.Clip(t.hops), slices.Clip(t.gaps)
	t.senders = slices.Clone(t.senders)
	t.inspected, t.partly = slices.Clip(t.inspected), slices.Clip(t.partly)
	return t
}

// live are the beams to follow: those under way, or the ghost.
func (t *trail) live() []beam {
	if t.stopped {
		return t.ghost
	}
	return append(slices.Clip(t.yes), t.maybe...)
}

// pass takes the trail through a filter.
func (t *trail) pass(h Hop, filter func(beam) verdict) {
	var yes, maybe []beam
	passes, may := false, false
	var gaps []estate.Gap
	why := ""
	take := func(b beam, sure bool) {
		v := filter(b)
		if !t.quiet && v.rule != nil && (h.Rule == "" || len(v.yes) > 0 && !passes) {
			h.Rule = v.rule()
		}
		passes, may = passes || len(v.yes) > 0, may || len(v.maybe) > 0
		if sure {
			yes, maybe = append(yes, v.yes...), append(maybe, v.maybe...)
		} else {
			maybe = append(append(maybe, v.yes...), v.maybe...)
		}
		if len(v.maybe) > 0 {
			gaps, why = append(gaps, v.gaps...), v.why
		}
	}
	if t.stopped {
		for _, b := range t.ghost {
			take(b, false)
		}
	} else {
		for _, b := range t.yes {
			take(b, true)
		}
		for _, b := range t.maybe {
			take(b, false)
		}
	}
	switch {
	case passes:
		h.Passes = estate.True
	case may:
		h.Passes, h.Gaps = estate.Unknown, gaps
	default:
		h.Passes = estate.False
	}
	if !passes && may || len(maybe) > 0 {
		t.doubt(gaps, why)
	}
	t.hops = append(t.hops, h)
	switch {
	case t.stopped:
		if len(maybe) > 0 {
			t.ghost = merged(maybe)
		}
	case h.Passes == estate.False:
		t.ghost, t.stopped = t.live(), true
		t.yes, t.maybe = nil, nil
	default:
		t.yes, t.maybe = merged(yes), merged(maybe)
	}
}

func (t *trail) doubt(gaps []estate.Gap, why string) {
	for _, g := range gaps {
		if !slices.Contains(t.gaps, g) {
			t.gaps = append(t.gaps, g)
		}
	}
	if t.why == "" {
		t.why = why
	}
}

// note adds a hop that everything passes.
func (t *trail) note(h Hop) {
	h.Passes = estate.True
	t.hops = append(t.hops, h)
}

// stop adds a hop that nothing passes.
func (t *trail) stop(h Hop) {
	h.Passes = estate.False
	t.hops = append(t.hops, h)
	if !t.stopped {
		t.ghost, t.stopped = t.live(), true
		t.yes, t.maybe = nil, nil
	}
}

// unsure adds a hop that everything may pass.
func (t *trail) unsure(h Hop, gaps []estate.Gap, why string) {
	h.Passes, h.Gaps = estate.Unknown, gaps
	if h.Text == "" {
		h.Text = why
	}
	t.hops = append(t.hops, h)
	if !t.stopped {
		t.maybe = merged(append(t.maybe, t.yes...))
		t.yes = nil
		t.doubt(gaps, why)
	}
}

// unlisted adds the hop of an active route whose target is not among those that were listed. AWS makes a route a blackhole when
// its target goes, so that the two contradict each other: it may have come, or gone, between the two calls.
func (t *trail) unlisted(h Hop, id string, gaps []estate.Gap) {
	why := ""
	if gaps == nil {
		why = "a route leads to " + id + " and is active, but " + id + " was not among those that were listed"
	}
	t.unsure(h, gaps, why)
}

// echo reports whether all that is under way is echo requests.
func (t *trail) echo(p netset.Protocol) bool {
	echo := map[netset.Protocol]uint16{netset.ICMP: 8 << 8, netset.ICMPv6: 128 << 8}[p] // RFC 792, RFC 4443
	only := netset.PortsOf(netset.PortRange{First: echo, Last: echo})
	return echo != 0 && !slices.ContainsFunc(t.live(), func(b beam) bool { return !b.to.Equal(only) })
}

// change rewrites all beams.
func (t *trail) change(f func(*beam)) {
	for _, list := range []*[]beam{&t.yes, &t.maybe, &t.ghost} {
		*list = slices.Clone(*list)
		for i := range *list {
			f(&(*list)[i])
		}
	}
}

// translate puts public addresses in the place of the private ones for which they stand, of senders on the way out, and the
// other way round of receivers on the way in. What has none goes no further.
func (t *trail) translate(mapped []mapping, out bool, none Hop) {
	change := func(list []beam) []beam {
		var all []beam
		for _, b := range list {
			for _, m := range mapped {
				x := b
				if out {
					if x.src = intersect(m.inside, b.src); !x.src.Empty() {
						x.src = hosts(m.public)
					}
				} else if x.dst = intersect(hosts(m.public), b.dst); !x.dst.Empty() {
					x.dst = m.inside
				}
				if !x.empty() {
					all = append(all, x)
				}
			}
		}
		return merged(all)
	}
	yes, maybe, ghost := change(t.yes), change(t.maybe), change(t.ghost)
	if !t.stopped && len(yes)+len(maybe) == 0 {
		t.stop(none)
		return
	}
	t.yes, t.maybe = yes, maybe
	if len(ghost) > 0 {
		t.ghost = ghost
	}
}

// lets reports whether everything of another trail is under way in this one too.
func (t *trail) lets(all *trail) bool {
	same := func(a, b []beam) bool {
		return len(a) == len(b) && !slices.ContainsFunc(b, func(b beam) bool {
			return !slices.ContainsFunc(a, func(a beam) bool {
				return a.src.Equal(b.src) && a.dst.Equal(b.dst) && a.from.Equal(b.from) && a.to.Equal(b.to)
			})
		})
	}
	return t.stopped == all.stopped && same(t.yes, all.yes) && same(t.maybe, all.maybe)
}

// bound leaves what is for some destinations.
func (t *trail) bound(to netset.Addresses) {
	for _, list := range []*[]beam{&t.yes, &t.maybe, &t.ghost} {
		var kept []beam
		for _, b := range *list {
			if b = b.within(false, to, b.to); !b.empty() {
				kept = append(kept, b)
			}
		}
		*list = kept
	}
}
