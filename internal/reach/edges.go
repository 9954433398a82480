package reach

import (
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// aclAt filters at the edge of a subnet.
func (w *walk) aclAt(t *trail, s *subnet, egress bool) {
	if w.survey {
		t.edges = append(slices.Clip(t.edges), edge{s, egress})
		return
	}
	if s.bare {
		return
	}
	h := Hop{At: reference("network-acl", s.Place, "of "+s.id)}
	if s.acl != nil {
		h.At = s.acl.Ref()
	}
	switch {
	case t.quiet:
	case egress:
		h.Text = "out of " + called(s.ref())
	default:
		h.Text = "into " + called(s.ref())
	}
	t.pass(h, func(b beam) verdict { return s.byACL(egress, w.protocol, b) })
}

// groupsAt filters by the security groups of a node.
func (w *walk) groupsAt(t *trail, x *node, egress bool, peer *node, id identity) {
	if x.open {
		return
	}
	var h Hop
	if !t.quiet {
		h.Text = direction(egress) + " rules of " + called(x.ref)
	}
	if len(x.groups) > 0 {
		h.At = reference("security-group", x.Place, x.groups[0])
		if g := n0(w.n.groups, x.Region, x.groups[0]); g != nil {
			h.At = g.Ref()
		}
	}
	t.pass(h, func(b beam) verdict {
		return w.n.byGroups(x, egress, w.protocol, b, peer, id)
	})
	decides := t.hops[len(t.hops)-1].Rule
	// The group whose rule decides is the hop.
	for _, group := range x.groups {
		if g := n0(w.n.groups, x.Region, group); g != nil && strings.Contains(decides, group+" allows ") {
			t.hops[len(t.hops)-1].At = g.Ref()
		}
	}
}

func n0[R any](m map[regional]R, region, id string) R { return m[regional{region, id}] }

// block asks VPC Block Public Access.
func (w *walk) block(t *trail, s *subnet, egress, onlyOut bool) {
	blocked, text, gaps := w.n.blocked(s, egress, onlyOut)
	h := Hop{At: reference("vpc-block-public-access", s.Place, s.Region), Rule: text}
	switch blocked {
	case estate.True:
		h.Text = "public access to VPCs is blocked"
		t.stop(h)
	case estate.Unknown:
		t.unsure(h, gaps, "")
	}
}
