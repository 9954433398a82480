package generate_test

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onus-cloud/onus/internal/catalog"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/generate"
	"github.com/onus-cloud/onus/internal/load"
	"github.com/onus-cloud/onus/internal/responses"
)

// TestLargeTruth: every control says of a large estate what is so.
func TestLargeTruth(t *testing.T) {
	t.Parallel()
	const wanted = 12_000
	set, truth := generate.Large(wanted)
	if truth.Resources < wanted || truth.Resources > wanted*11/10 {
		t.Errorf("there are %d resources, want about %d", truth.Resources, wanted)
	}
	e, problems := load.Load(set)
	for _, p := range problems {
		t.Error(p)
	}
	suite, err := catalog.Suite()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range control.Run(e, suite, nil, generate.Time).Controls {
		broken := map[string]bool{}
		for _, x := range c.CounterExamples {
			broken[x.Subject.ID] = true
		}
		if d := cmp.Diff(slices.Sorted(maps.Keys(truth.Broken[c.ID])), slices.Sorted(maps.Keys(broken))); d != "" {
			t.Errorf("%s: broken subjects (-truth +verdict):\n%s", c.ID, d)
		}
		if len(c.Doubts) > 0 {
			t.Errorf("%s: %d subjects are unknown, want none: %s", c.ID, len(c.Doubts), c.Doubts[0].Text)
		}
		delete(truth.Broken, c.ID)
	}
	if len(truth.Broken) > 0 {
		t.Errorf("no control judges %v", slices.Sorted(maps.Keys(truth.Broken)))
	}
}

// TestSame: the same call gives the same responses.
func TestSame(t *testing.T) {
	t.Parallel()
	for name, estate := range map[string]func() (*responses.Set, generate.Truth){
		"Acme":  generate.Acme,
		"Large": func() (*responses.Set, generate.Truth) { return generate.Large(2_000) },
	} {
		one, _ := estate()
		two, _ := estate()
		if !reflect.DeepEqual(one, two) {
			t.Errorf("%s differs from itself", name)
		}
	}
}

const many = 100_000

func BenchmarkLoad(b *testing.B) {
	set, truth := generate.Large(many)
	var size int64
	for _, r := range set.Responses {
		for _, page := range r.Pages {
			size += int64(len(page))
		}
	}
	b.SetBytes(size)
	for b.Loop() {
		if e, problems := load.Load(set); len(problems) > 0 || len(e.Accounts) == 0 {
			b.Fatal("the estate does not load", problems)
		}
	}
	b.ReportMetric(float64(truth.Resources)*float64(b.N)/b.Elapsed().Seconds(), "resources/s")
}

func BenchmarkEvaluate(b *testing.B) {
	set, truth := generate.Large(many)
	e, _ := load.Load(set)
	suite, err := catalog.Suite()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if r := control.Run(e, suite, nil, generate.Time); len(r.Controls) == 0 {
			b.Fatal("nothing was asked")
		}
	}
	b.ReportMetric(float64(truth.Resources)*float64(b.N)/b.Elapsed().Seconds(), "resources/s")
}

func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		generate.Large(many)
	}
	b.ReportMetric(many*float64(b.N)/b.Elapsed().Seconds(), "resources/s")
}
