package demo_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/catalog"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/demo"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/generate"
	"github.com/onus-cloud/onus/internal/load"
	"github.com/onus-cloud/onus/internal/responses"
	"github.com/onus-cloud/onus/internal/seal"
)

// asked is everything that the demo asks of a set of responses.
type asked struct {
	suite    control.Suite
	declared *claims.File
	receipts estate.Known[[]estate.Receipt]
}

func newAsked(t *testing.T) asked {
	t.Helper()
	suite, err := catalog.Suite()
	if err != nil {
		t.Fatal(err)
	}
	declared, mistakes := suite.Language.Parse("onus.yaml", demo.Claims())
	for _, m := range mistakes {
		t.Error(m)
	}
	if len(mistakes) > 0 {
		t.FailNow()
	}
	all, err := seal.ReadReceipts(demo.Receipts())
	if err != nil {
		t.Fatal(err)
	}
	var receipts []estate.Receipt
	for _, r := range all {
		if err := r.Verify(r.Fingerprint); err != nil {
			t.Error(err)
		}
		receipts = append(receipts, estate.Receipt{Holder: r.Holder, Key: r.Key, Fingerprint: r.Fingerprint, Object: r.Object, Opened: r.Opened, Digest: r.Digest})
	}
	return asked{suite, declared, estate.Know(receipts)}
}

func (a asked) report(set *responses.Set) (*answer.Report, []responses.Problem) {
	e, problems := load.Load(set)
	e.Receipts = a.receipts
	return control.Run(e, a.suite, a.declared, demo.Now), problems
}

// TestTruth: each control says of the made-up company what is so, subject by subject.
func TestTruth(t *testing.T) {
	t.Parallel()
	a := newAsked(t)
	set, err := demo.Recording()
	if err != nil {
		t.Fatal(err)
	}
	report, problems := a.report(set)
	for _, p := range problems {
		t.Error(p)
	}
	_, truth := generate.Acme()
	asks := map[string]bool{}
	for _, c := range report.Controls {
		asks[c.ID] = true
		for _, x := range c.CounterExamples {
			if truth.Broken[c.ID][name(x.Subject)] == "" {
				t.Errorf("%s: %s is broken, and should not be: %s", c.ID, name(x.Subject), x.Text)
			}
		}
		broken, unknown := map[string]bool{}, map[string]bool{}
		for _, x := range c.CounterExamples {
			broken[name(x.Subject)] = true
		}
		for _, d := range c.Doubts {
			unknown[name(d.Subject)] = true
		}
		if d := cmp.Diff(sorted(truth.Broken[c.ID]), sorted(broken)); d != "" {
			t.Errorf("%s: broken subjects (-truth +verdict):\n%s", c.ID, d)
		}
		if d := cmp.Diff(sorted(truth.Unknown[c.ID]), sorted(unknown)); d != "" {
			t.Errorf("%s: unknown subjects (-truth +verdict):\n%s", c.ID, d)
		}
	}
	for _, id := range append(sorted(truth.Broken), sorted(truth.Unknown)...) {
		if !asks[id] {
			t.Errorf("the truth has %s, which is no control", id)
		}
	}
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// name is how the truth calls a subject.
func name(r estate.Ref) string {
	if r.Kind == "region" {
		return r.Account + "/" + r.Region
	}
	return r.ID
}
