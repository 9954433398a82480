package control

import (
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/reach"
)

// PathOf is the path of an answer about packets as a counter-example carries it, both ends included: it begins outside where
// the packet does, and ends with what it arrives at. A thing that the packet meets several times in a row is said once for
// each rule.
func PathOf(a reach.Answer) []answer.Hop {
	var path []answer.Hop
	for _, h := range a.Path {
		hop := hopOf(h.At)
		hop.Rule, hop.Text = h.Rule, h.Text
		switch h.Passes {
		case estate.False:
			hop.Passes = answer.Stops
		case estate.Unknown:
			hop.Passes = answer.MayPass
		}
		if n := len(path); n > 0 && path[n-1] == hop {
			continue
		}
		path = append(path, hop)
	}
	if first := hopOf(a.From.Ref); len(path) == 0 || !same(path[0], first) {
		path = append([]answer.Hop{first}, path...)
	}
	if last := hopOf(a.To.Ref); !same(path[len(path)-1], last) {
		switch a.Arrives {
		case estate.False:
			last.Passes = answer.Stops
		case estate.Unknown:
			last.Passes = answer.MayPass
		}
		path = append(path, last)
	}
	return path
}

// hopOf names a resource as a hop; nothing is the Internet.
func hopOf(r estate.Ref) answer.Hop {
	if r.Kind == "" || r.Kind == "internet" {
		return answer.Hop{Kind: "internet", ID: "internet", Passes: answer.Passes}
	}
	h := answer.Hop{Kind: r.Kind, ID: r.ID, Passes: answer.Passes}
	if r.Name != r.ID {
		h.Name = r.Name
	}
	return h
}

func same(a, b answer.Hop) bool { return a.Kind == b.Kind && a.ID == b.ID }
