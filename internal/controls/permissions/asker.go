package permissions

import (
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/policy"
)

// Asker decides questions of which many are alike once: where no policy of a principal tells the resources of an account and Region
// apart, what is so of one is so of the next. It is for resources that have no policy of their own.
type Asker struct {
	world *access.World
	plain map[string]bool
	said  map[string]access.Answer
}

// NewAsker returns one.
func NewAsker(w *access.World) *Asker {
	return &Asker{w, map[string]bool{}, map[string]access.Answer{}}
}

// Can is access.World.Can.
func (x *Asker) Can(p *access.Principal, action, resource string) access.Answer {
	if !x.alike(p, action) {
		return x.world.Can(p, action, resource)
	}
	parts := strings.SplitN(resource, ":", 6)
	if len(parts) < 6 {
		return x.world.Can(p, action, resource)
	}
	kind := parts[5]
	if i := strings.IndexAny(kind, ":/"); i >= 0 {
		kind = kind[:i]
	}
	key := strings.Join([]string{p.ARN, action, parts[2], parts[3], parts[4], kind}, " ")
	a, ok := x.said[key]
	if !ok {
		a = x.world.Can(p, action, resource)
		x.said[key] = a
	}
	a.Resource = resource
	return a
}

// alike reports whether the policies that bear on a principal speak of all resources alike where they speak of an action.
func (x *Asker) alike(p *access.Principal, action string) bool {
	key := p.ARN + " " + action
	plain, ok := x.plain[key]
	if ok {
		return plain
	}
	plain = true
	look := func(sources []policy.Source) {
		for _, source := range sources {
			if source.Document == nil {
				continue // it makes all answers unknown alike
			}
			for _, s := range source.Document.Statements {
				if !about(s, action) {
					continue
				}
				plain = plain && slices.Contains(s.Resource, "*") && !slices.ContainsFunc(s.Condition, func(c policy.Condition) bool {
					return !slices.ContainsFunc([]string{"aws:RequestedRegion", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:PrincipalAccount"}, c.Is)
				})
			}
		}
	}
	look(p.Policies.Identity)
	look(p.Policies.Boundary)
	for _, level := range p.Policies.ServiceControl {
		look(level.Sources)
	}
	x.plain[key] = plain
	return plain
}
