package answer

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// TestVerdictAlgebra is the table of the design, row by row, with the neighbours that each row must beat.
func TestVerdictAlgebra(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tally Tally
		want  Verdict
	}{
		"a counter-example beats everything":                    {Tally{Broken: 1, Excused: 1, Unknown: 1, Holds: 1, Asked: 1, Questions: 2}, Broken},
		"unknown beats excused and holds":                       {Tally{Unknown: 1, Excused: 1, Holds: 1}, Unknown},
		"a question not asked is unknown":                       {Tally{Holds: 9, Asked: 7, Questions: 9}, Unknown},
		"a question not asked is unknown beside an excuse":      {Tally{Excused: 1, Asked: 7, Questions: 9}, Unknown},
		"excused beats holds":                                   {Tally{Excused: 1, Holds: 9}, Excused},
		"all excused":                                           {Tally{Excused: 2}, Excused},
		"everything holds":                                      {Tally{Holds: 1}, Holds},
		"an umbrella holds when all are asked":                  {Tally{Holds: 1, Asked: 9, Questions: 9}, Holds},
		"nothing of the kind":                                   {Tally{}, NothingToJudge},
		"an umbrella of nothing to judge":                       {Tally{Asked: 9, Questions: 9}, NothingToJudge},
		"nobody declared":                                       {Tally{Undeclared: true}, NotDeclared},
		"a declaration is not needed where something was found": {Tally{Undeclared: true, Holds: 1}, Holds},
	} {
		if got := test.tally.Verdict(); got != test.want {
			t.Errorf("%s: %+v is %q, want %q", name, test.tally, got, test.want)
		}
	}
}

// TestUmbrellaAddsUp: nothing to judge and not declared are neutral, and adding a question never makes a verdict better.
func TestUmbrellaAddsUp(t *testing.T) {
	t.Parallel()
	rank := map[Verdict]int{NotDeclared: 0, NothingToJudge: 0, Holds: 1, Excused: 2, Unknown: 3, Broken: 4}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) Tally {
			n := rapid.IntRange(0, 2)
			return Tally{Broken: n.Draw(t, name), Excused: n.Draw(t, name), Unknown: n.Draw(t, name), Holds: n.Draw(t, name),
				Undeclared: rapid.Bool().Draw(t, name)}
		}
		a, b := draw("a"), draw("b")
		sum := a.Add(b).Verdict()
		if want := max(rank[a.Verdict()], rank[b.Verdict()]); rank[sum] != want {
			t.Fatalf("%q and %q add up to %q", a.Verdict(), b.Verdict(), sum)
		}
		if sum != b.Add(a).Verdict() {
			t.Fatalf("the order of %+v and %+v matters", a, b)
		}
	})
}

func TestWordsReadBack(t *testing.T) {
	t.Parallel()
	type words struct {
		V Verdict
		S Severity
	}
	for v := Unknown; v <= NotDeclared; v++ {
		for s := Low; s <= Critical; s++ {
			text, err := json.Marshal(words{v, s})
			if err != nil {
				t.Fatal(err)
			}
			var got words
			if err := json.Unmarshal(text, &got); err != nil || got != (words{v, s}) {
				t.Errorf("%s reads back as %+v (%v)", text, got, err)
			}
		}
	}
	if err := new(Verdict).UnmarshalText([]byte("fine")); err == nil {
		t.Error(`"fine" reads as a verdict`)
	}
}
