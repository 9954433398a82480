package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/load"
)

// first gathers what a first claims file is written from: what holds today as claims, what is broken as questions.
func (f *facts) first() claims.InitFacts {
	e, _ := load.Load(f.set)
	r := f.answers()
	facts := claims.InitFacts{Company: f.declared.Company}
	owners := claims.DefaultOwnerTags()
	seenOwner := map[string]bool{}
	systems := map[string]map[string]bool{} // app -> tiers
	regions := map[string]bool{}
	for _, t := range e.Tagged {
		regions[t.Region] = true
		for _, key := range owners {
			if t.Tags[key] != "" {
				seenOwner[key] = true
			}
		}
		for _, key := range systemTags {
			if app := t.Tags[key]; app != "" {
				name := key + "=" + app
				if systems[name] == nil {
					systems[name] = map[string]bool{}
				}
				for _, tierKey := range tierTags {
					if tier := t.Tags[tierKey]; tier != "" {
						systems[name][tierKey+"="+tier] = true
					}
				}
				break
			}
		}
	}
	facts.Regions = sortedKeys(regions)
	facts.OwnerTags = sortedKeys(seenOwner)
	facts.Systems = guessSystems(systems)
	for _, a := range r.Controls {
		switch a.Verdict {
		case answer.Holds:
			facts.Claims = append(facts.Claims, a.Sentence)
		case answer.Broken:
			facts.Questions = append(facts.Questions, claims.Question{Seen: a.CounterExamples[0].Text + more(len(a.CounterExamples)), Claim: a.Sentence})
		}
	}
	return facts
}

// systemTags and tierTags are the keys under which companies usually write an application's name and a part of it.
var (
	systemTags = []string{"app", "App", "application", "Application", "service", "Service", "project", "Project", "system"}
	tierTags   = []string{"tier", "Tier", "component", "Component", "role", "Role"}
)

func guessSystems(found map[string]map[string]bool) []claims.InitSystem {
	var systems []claims.InitSystem
	for _, name := range sortedKeys(found) {
		key, value, _ := strings.Cut(name, "=")
		s := claims.InitSystem{Name: value, Tags: map[string]string{key: value}}
		for _, tier := range sortedKeys(found[name]) {
			tierKey, tierValue, _ := strings.Cut(tier, "=")
			s.Tiers = append(s.Tiers, claims.InitTier{Name: tierValue, Tags: map[string]string{tierKey: tierValue}})
		}
		systems = append(systems, s)
	}
	return systems
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func more(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(", and %d more", n-1)
}
