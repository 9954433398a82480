package iamdata

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// ReferenceURL is where AWS publishes its service reference: an index of one JSON file for each service.
// https://docs.aws.amazon.com/service-authorization/latest/reference/service-reference.html
const ReferenceURL = "https://servicereference.us-east-1.amazonaws.com/"

// ReferenceEntry is one entry of the index.
type ReferenceEntry struct {
	Service string `json:"service"`
	URL     string `json:"url"`
}

// ReadIndex reads the index of the service reference.
func ReadIndex(text []byte) ([]ReferenceEntry, error) {
	var all []ReferenceEntry
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("the index of services is not a list of {\"service\", \"url\"}: %w", err)
	}
	if len(all) == 0 {
		return nil, errors.New("the index names no service")
	}
	return all, nil
}

// referenceService is one file of the service reference.
type referenceService struct {
	Name    string
	Actions []struct {
		Name                string
		ActionConditionKeys []string
		Annotations         struct {
			Properties struct{ IsList, IsPermissionManagement, IsTaggingOnly, IsWrite bool }
		}
		Resources []struct{ Name string }
	}
	ConditionKeys []struct {
		Name  string
		Types []string
	}
	Resources []struct {
		Name          string
		ARNFormats    []string
		ConditionKeys []string
	}
}

// FromReference makes a catalogue of the files of the service reference. What they do not tell comes from an older catalogue:
// which resources an action requires, and which other actions it depends on. Services that the files lack stay as they were.
func FromReference(files [][]byte, date time.Time, old *Catalogue) (*Catalogue, error) {
	services := map[string]Service{}
	actions := map[string][]Action{}
	for _, prefix := range old.Services() {
		s := *old.services[prefix]
		services[s.Prefix] = s
		actions[s.Prefix] = old.Of(prefix)
	}
	for _, text := range files {
		var r referenceService
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("a file of the service reference: %w", err)
		}
		if r.Name == "" || len(r.Actions) == 0 {
			return nil, fmt.Errorf("a file of the service reference (%q) names no action", r.Name)
		}
		s := Service{Prefix: r.Name, Resources: map[string]Resource{}, Keys: map[string]string{}}
		for _, x := range r.Resources {
			s.Resources[x.Name] = Resource{Name: x.Name, ARNs: x.ARNFormats, Keys: x.ConditionKeys}
		}
		for _, k := range r.ConditionKeys {
			s.Keys[k.Name] = strings.Join(k.Types, "/")
		}
		var own []Action
		for _, x := range r.Actions {
			a := Action{Service: r.Name, Name: x.Name, Keys: x.ActionConditionKeys, Level: "Read"}
			switch p := x.Annotations.Properties; {
			case p.IsPermissionManagement:
				a.Level = "Permissions management"
			case p.IsTaggingOnly:
				a.Level = "Tagging"
			case p.IsWrite:
				a.Level = "Write"
			case p.IsList:
				a.Level = "List"
			}
			before, _ := old.Action(r.Name + ":" + x.Name)
			for _, resource := range x.Resources {
				n := ActionResource{Name: resource.Name}
				if before != nil {
					n.Required = slices.Contains(before.Resources, ActionResource{Name: resource.Name, Required: true})
				}
				a.Resources = append(a.Resources, n)
			}
			if before != nil {
				a.Dependent = before.Dependent
			}
			own = append(own, a)
		}
		services[r.Name], actions[r.Name] = s, own
	}
	return New(date, slices.Collect(maps.Values(services)), actions)
}
