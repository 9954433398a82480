package exposure

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/reach"
)

// Analyses are what ranking rests on: those that controls have asked already.
type Analyses struct {
	Packets  *reach.Network
	Access   *access.World
	Reaching func(access.Goal) *access.Escalation
}

// power is the strongest thing that whoever gets into a server can make of its role.
type power fact

// powersOf says what can be made of everything that runs as a role, by Ref.Key. What is not proved is not said.
func powersOf(a Analyses) map[string]power {
	byRole, all := map[string]power{}, map[string]power{}
	crown, rights := a.Reaching(access.Administrator), a.Reaching(access.Goal{Kind: "privileges"})
	for _, x := range a.Access.Workloads() {
		if x.Role == "" {
			continue
		}
		p, asked := byRole[x.Role]
		if !asked {
			if role := a.Access.ByARN(x.Role); role != nil {
				p = powerOf(a.Access, crown, rights, role)
			}
			byRole[x.Role] = p
		}
		if p.weight > all[x.Ref.Key()].weight {
			all[x.Ref.Key()] = p
		}
	}
	return all
}

func powerOf(w *access.World, crown, rights *access.Escalation, role *access.Principal) power {
	if crown.Strength(role) == access.Yes {
		return power{weightCrown, "its role leads to administrator" + steps(crown.Of(role))}
	}
	if rights.Strength(role) == access.Yes {
		return power{weightRights, "its role leads to users and privileges" + steps(rights.Of(role))}
	}
	if s, _ := w.Gives(role); s == access.Yes {
		return power{weightPower, "its role may share data with other accounts"}
	}
	if s, _ := w.Blinds(role); s == access.Yes {
		return power{weightPower, "its role may stop logging or detection"}
	}
	return power{}
}

// steps is how many a path takes: ", in 3 steps".
func steps(p *access.Path) string {
	n := len(p.Steps)
	if p.EndID != "" {
		n++
	}
	switch n {
	case 0:
		return ""
	case 1:
		return ", in 1 step"
	}
	return fmt.Sprintf(", in %d steps", n)
}
