package simulate

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// The members of an object are those that encoding/json finds, with the last of each name's values.
func FuzzMembers(f *testing.F) {
	text, err := os.ReadFile("testdata/rules.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		f.Add(line)
	}
	for _, s := range []string{`{}`, `[1]`, `{ "a\"b" : [ {"x": "}"} , 2 ] , "c":1e3 ,"d":null,"a\"b":"\\"}`, ` {"\u0061":-0,"":{"":""}} `} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		all := membersOf(object)
		var want map[string]json.RawMessage
		if json.Unmarshal(object, &want) != nil {
			return // it is enough that nothing panicked
		}
		got := map[string]json.RawMessage{}
		for _, m := range all {
			got[m.name] = m.value
			if object[m.at] != '"' || !bytes.HasPrefix(object[m.from:], m.value) {
				t.Errorf("%s: member %q stands elsewhere", object, m.name)
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d members, want %d", object, len(got), len(want))
		}
		for name, value := range want {
			if string(got[name]) != string(value) {
				t.Errorf("%s: member %q is %s, want %s", object, name, got[name], value)
			}
		}
	})
}
