package catalog

import (
	"slices"
	"testing"

	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/operation"
)

// TestEveryControlIsWhole holds the list of controls against the catalogue of questions, the practices, the operation table and the language.
func TestEveryControlIsWhole(t *testing.T) {
	t.Parallel()
	s, err := Suite()
	if err != nil {
		t.Fatal(err)
	}
	questions := map[string]Question{}
	for _, q := range Questions() {
		if _, twice := questions[q.ID]; twice {
			t.Errorf("question %s stands twice", q.ID)
		}
		questions[q.ID] = q
	}
	seen := map[string]bool{}
	for _, c := range s.Controls {
		if seen[c.ID] {
			t.Errorf("control %s stands twice", c.ID)
		}
		seen[c.ID] = true
		q, ok := questions[c.ID]
		if !ok {
			t.Errorf("control %s is not a question of the catalogue", c.ID)
		}
		if q.Practice != c.Practice {
			t.Errorf("control %s is of practice %q, and its question of %q", c.ID, c.Practice, q.Practice)
		}
		for what, text := range map[string]string{"title": c.Title, "sentence": c.Sentence, "asked": c.Asked, "why": c.Why, "fix": c.Fix} {
			if text == "" {
				t.Errorf("control %s has no %s", c.ID, what)
			}
		}
		if c.Severity == 0 || c.Judge == nil || len(c.Needs()) == 0 && !c.Receipts {
			t.Errorf("control %s lacks its severity, its check or the operations that it rests on", c.ID)
		}
		for _, id := range slices.Concat(c.Lists, c.Reads) {
			op, ok := operation.Get(id)
			if !ok {
				t.Errorf("control %s names %s, which is not in the operation table", c.ID, id)
			}
			if slices.Contains(c.Lists, id) && !op.Lists() {
				t.Errorf("control %s lists by %s, which is about one resource", c.ID, id)
			}
		}
		for _, f := range c.Heeds {
			if !slices.ContainsFunc(s.Controls, func(o *control.Control) bool {
				return slices.ContainsFunc(o.Forms(), func(g claims.Form) bool { return g.ID == f.ID && g.Text == f.Text })
			}) {
				t.Errorf("control %s heeds %q, which is no form of %s", c.ID, f.Text, f.ID)
			}
		}
		claim, mistakes := s.Language.Sentence(&claims.File{}, c.Asked)
		if len(mistakes) > 0 || claim.Form.ID != c.ID {
			t.Errorf("control %s asks %q, which is not its own sentence: %v", c.ID, c.Asked, mistakes)
		}
	}
}

// TestEveryPracticeAsksSomething: each of the twelve has questions, and, but for the one that needs a declaration, a control.
func TestEveryPracticeAsksSomething(t *testing.T) {
	t.Parallel()
	s, err := Suite()
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Practices) != 12 {
		t.Errorf("there are %d practices, want 12", len(s.Practices))
	}
	for _, p := range s.Practices {
		if len(p.Questions) == 0 {
			t.Errorf("practice %s implies no question", p.ID)
		}
		asked := 0
		for _, c := range s.Controls {
			if c.Practice == p.ID {
				asked++
			}
		}
		if asked == 0 && p.Declared == "" {
			t.Errorf("practice %s has no control", p.ID)
		}
	}
}
