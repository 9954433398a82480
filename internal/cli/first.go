package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/estate"
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
	facts.Questions = append(administrators(e), facts.Questions...)
	return facts
}

// administrators asks whether those who may do everything at once are meant to.
func administrators(e *estate.Estate) []claims.Question {
	w := access.Of(e)
	reaching := w.Escalate(access.Administrator)
	accounts := map[string][]string{} // by how the claims file names them
	for _, p := range w.Principals() {
		if p.Kind == "root" || p.ServiceLinked() || reaching.Strength(p) != access.Yes {
			continue
		}
		if path := reaching.Of(p); path == nil || len(path.Steps) > 0 || path.EndID != "" {
			continue
		}
		name := p.Kind + "/" + p.Name
		if p.Set != "" {
			name = "permission-set/" + p.Set
		}
		accounts[name] = append(accounts[name], p.Account)
	}
	var names []string
	for _, name := range sortedKeys(accounts) {
		if len(accounts[name]) == len(e.Accounts) {
			names = append(names, name+" in every account")
			continue
		}
		for _, account := range accounts[name] {
			names = append(names, name+" in "+account)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []claims.Question{{Seen: fmt.Sprintf("these may do everything: %s", strings.Join(names, ", ")), Claim: "administrators are exactly " + strings.Join(names, ", ")}}
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
