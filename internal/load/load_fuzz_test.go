package load_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/onus-cloud/onus/internal/load"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

// FuzzLoad puts any bytes in the place of one response among those of a small estate, so that calls about one resource
// find that resource. Whatever they are, load gives an estate: it reads no more out of the bytes than they can hold, and
// out of what is not JSON nothing, of which it says so.
func FuzzLoad(f *testing.F) {
	estates := fixtures(f)
	for i, set := range estates {
		for j, r := range set.Responses {
			for _, page := range r.Pages {
				f.Add(uint16(i), uint16(j), []byte(page))
			}
		}
	}
	f.Add(uint16(0), uint16(0), []byte(`[`))
	f.Add(uint16(0), uint16(0), []byte(`{"Reservations":[{"Instances":[{"LaunchTime":1e308,"PublicIpAddress":"::1%eth0"}]}]}`))
	f.Fuzz(func(t *testing.T, i, j uint16, body []byte) {
		set := estates[int(i)%len(estates)]
		at := int(j) % len(set.Responses)
		with := func(pages ...json.RawMessage) *responses.Set {
			s := &responses.Set{Scope: set.Scope, Responses: slices.Clone(set.Responses)}
			s.Responses[at].Outcome, s.Responses[at].Code, s.Responses[at].Pages = operation.OK, "", pages
			return s
		}
		read, problems := load.Load(with(bytes.Clone(body)))
		without, _ := load.Load(with())
		if got, most := read.Resources(), without.Resources()+len(body); got > most {
			t.Errorf("%d bytes of %s make %d resources, where %d would be without them", len(body), set.Responses[at].Operation, got, without.Resources())
		}
		if json.Valid(body) {
			return
		}
		if got, want := read.Resources(), without.Resources(); got != want {
			t.Errorf("what is not JSON makes %d resources of %s, want %d", got, set.Responses[at].Operation, want)
		}
		r := set.Responses[at]
		for _, p := range problems {
			if p.Place != r.Origin {
				continue
			}
			for _, reading := range read.Readings() {
				if reading.Account == r.Account && reading.Region == r.Region && reading.Operation == r.Operation && reading.About == r.About() && reading.Outcome.Complete() {
					t.Errorf("%s is not understood and counts as complete", r.Operation)
				}
			}
		}
	})
}

// fixtures are the estates on which the controls are tested.
func fixtures(f *testing.F) []*responses.Set {
	files, err := filepath.Glob(filepath.Join("..", "controls", "*", "testdata", "*", "*.txtar"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no fixtures: %v", err)
	}
	var sets []*responses.Set
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		folder := fstest.MapFS{}
		for _, member := range archive.Files {
			if strings.HasSuffix(member.Name, ".json") {
				folder[member.Name] = &fstest.MapFile{Data: member.Data}
			}
		}
		set, err := responses.ReadAWSCLI(folder, file, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), responses.NewRedactor(nil))
		if err != nil {
			f.Fatalf("%s: %v", file, err)
		}
		if len(set.Responses) > 0 {
			sets = append(sets, set)
		}
	}
	return sets
}
