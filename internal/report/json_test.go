package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJSONReadsBack(t *testing.T) {
	t.Parallel()
	var first, second bytes.Buffer
	if err := JSON(&first, sample()); err != nil {
		t.Fatal(err)
	}
	r, err := ReadJSON(bytes.NewReader(first.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), r); diff != "" {
		t.Errorf("what is read back differs (-want +got):\n%s", diff)
	}
	if err := JSON(&second, r); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("written again, it differs")
	}
}

func TestJSONKeepsNamesAndHidesNothing(t *testing.T) {
	t.Parallel()
	const name = "a\x1b[31m\u202eb\u009b<é"
	r := sample()
	r.Company = name
	var b bytes.Buffer
	if err := JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	if i := strings.IndexFunc(b.String(), func(r rune) bool { return r != '\n' && hidden(r) }); i >= 0 {
		t.Errorf("a hidden rune at %d: %q", i, b.String()[i:i+8])
	}
	var back struct{ Company string }
	if err := json.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if back.Company != name {
		t.Errorf("got %q, want %q", back.Company, name)
	}
}

func TestReadJSONSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"another version", `{"schema": "onus.answers/2"}`, `they are of version "onus.answers/2" and this onus reads "onus.answers/1"`},
		{"another schema", `{"schema": "onus.changes/1"}`, `the schema is "onus.changes/1"`},
		{"no schema", `{"practices": []}`, `there is no "schema"`},
		{"no object", `[]`, "onus check --format json is wanted"},
		{"cut off", `{"schema": "onus.answers/1", "pra`, "onus check --format json is wanted"},
		{"empty", ``, "onus check --format json is wanted"},
		{"an unknown verdict", `{"schema": "onus.answers/1", "controls": [{"verdict": "fine"}]}`, `unknown verdict "fine"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := ReadJSON(strings.NewReader(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}
