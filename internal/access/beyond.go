package access

import (
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/policy"
)

// beyond finds an account of the estate whose principals were not read, and one of whose roles a principal's own policies may let it
// assume: what it can make itself there, nobody knows. Denials are passed over, since which role they would be about is not known.
func (w *World) beyond(p *Principal) (estate.Gap, bool) {
	for _, gap := range w.Gaps() {
		if gap.Account == p.Account || gap.Account == "*" || w.assume(gap) {
			continue
		}
		roles := "arn:*:iam::" + gap.Account + ":role/*"
		for _, source := range p.Policies.Identity {
			if source.Document != nil && slices.ContainsFunc(source.Document.Statements, func(s policy.Statement) bool { return mayAssume(s, roles) }) {
				return gap, true
			}
		}
	}
	return estate.Gap{}, false
}

// mayAssume reports whether a statement may allow to assume one of the roles that a pattern names.
func mayAssume(s policy.Statement, roles string) bool {
	named := func(patterns []string) bool {
		return slices.ContainsFunc(patterns, func(a string) bool { return policy.MatchAction(a, "sts:AssumeRole") })
	}
	switch {
	case s.Effect != policy.Allow:
		return false
	case s.NotAction != nil && named(s.NotAction), s.NotAction == nil && !named(s.Action):
		return false
	case s.NotResource != nil:
		return true
	}
	return slices.ContainsFunc(s.Resource, func(r string) bool { return policy.OverlapARN(r, roles) })
}
