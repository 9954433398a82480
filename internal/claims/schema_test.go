package claims

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSchemaKnowsTheKeys(t *testing.T) {
	t.Parallel()
	type object struct {
		Properties           map[string]json.RawMessage `json:"properties"`
		AdditionalProperties *bool                      `json:"additionalProperties"`
		Required             []string                   `json:"required"`
		Enum                 []string                   `json:"enum"`
	}
	var defs struct {
		Defs map[string]json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal(Schema(), &defs); err != nil {
		t.Fatal(err)
	}
	read := func(raw []byte) object {
		t.Helper()
		var o object
		if err := json.Unmarshal(raw, &o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	for name, test := range map[string]struct {
		object object
		keys   []string
	}{
		"file":   {read(Schema()), fileKeys},
		"system": {read(defs.Defs["system"]), systemKeys},
		"tier":   {read(defs.Defs["tier"]), tierKeys},
		"excuse": {read(defs.Defs["excuse"]), excuseKeys},
		"for":    {read(defs.Defs["coverOf"]), coverKeys},
	} {
		var got []string
		for key := range test.object.Properties {
			got = append(got, key)
		}
		slices.Sort(got)
		if diff := cmp.Diff(slices.Sorted(slices.Values(test.keys)), got); diff != "" {
			t.Errorf("keys of %s (-parser +schema):\n%s", name, diff)
		}
		if test.object.AdditionalProperties == nil || *test.object.AdditionalProperties {
			t.Errorf("%s: the parser refuses other keys, the schema does not", name)
		}
	}
	if diff := cmp.Diff(dataClasses, read(read(defs.Defs["system"]).Properties["data"]).Enum); diff != "" {
		t.Errorf("classes of data (-parser +schema):\n%s", diff)
	}
	var region struct {
		Pattern string `json:"pattern"`
	}
	if err := json.Unmarshal(defs.Defs["region"], &region); err != nil || region.Pattern != regionPattern.String() {
		t.Errorf("pattern of a Region: parser %s, schema %s", regionPattern, region.Pattern)
	}
}
