package report

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onus-cloud/onus/internal/answer"
)

// schema is the part of JSON Schema that the page of the answers uses.
type schema struct {
	Ref        string             `json:"$ref"`
	Type       any                `json:"type"`
	Const      any                `json:"const"`
	Enum       []string           `json:"enum"`
	Required   []string           `json:"required"`
	Properties map[string]*schema `json:"properties"`
	Items      *schema            `json:"items"`
	Pattern    string             `json:"pattern"`
	Format     string             `json:"format"`
	Minimum    *float64           `json:"minimum"`
	Defs       map[string]*schema `json:"$defs"`
}

func readSchema(t *testing.T) *schema {
	t.Helper()
	text, err := os.ReadFile("../../docs/answers.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	s := new(schema)
	if err := json.Unmarshal(text, s); err != nil {
		t.Fatal(err)
	}
	return s
}

// resolve follows references into the definitions.
func (s *schema) resolve(root *schema) *schema {
	for s != nil && s.Ref != "" {
		s = root.Defs[strings.TrimPrefix(s.Ref, "#/$defs/")]
	}
	return s
}

// validate lists what is wrong with a value. Stricter than JSON Schema, it also lists what the schema does not describe.
func (s *schema) validate(root *schema, at string, v any) []string {
	if s = s.resolve(root); s == nil {
		return []string{at + ": a reference to nothing"}
	}
	var wrong []string
	if s.Const != nil && v != s.Const {
		wrong = append(wrong, fmt.Sprintf("%s is %v, want %v", at, v, s.Const))
	}
	if text, ok := v.(string); s.Enum != nil && (!ok || !slices.Contains(s.Enum, text)) {
		wrong = append(wrong, fmt.Sprintf("%s is %v, want one of %q", at, v, s.Enum))
	}
	if types := strings.Fields(strings.Trim(fmt.Sprint(s.Type), "[]")); s.Type != nil && !slices.Contains(types, jsonType(v)) {
		wrong = append(wrong, fmt.Sprintf("%s is of type %s, want %v", at, jsonType(v), s.Type))
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				wrong = append(wrong, at+"."+name+" is missing")
			}
		}
		for name, member := range v {
			if s.Properties[name] == nil {
				wrong = append(wrong, at+"."+name+" is not described")
				continue
			}
			wrong = append(wrong, s.Properties[name].validate(root, at+"."+name, member)...)
		}
	case []any:
		for i, item := range v {
			wrong = append(wrong, s.Items.validate(root, fmt.Sprintf("%s[%d]", at, i), item)...)
		}
	case string:
		if s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(v) {
			wrong = append(wrong, fmt.Sprintf("%s is %q, want %s", at, v, s.Pattern))
		}
		if _, err := time.Parse(time.RFC3339, v); s.Format == "date-time" && err != nil {
			wrong = append(wrong, fmt.Sprintf("%s: %v", at, err))
		}
	case float64:
		if s.Minimum != nil && v < *s.Minimum {
			wrong = append(wrong, fmt.Sprintf("%s is %v, want at least %v", at, v, *s.Minimum))
		}
	}
	return wrong
}

func jsonType(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if v == float64(int(v)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

func TestAReportFollowsItsSchema(t *testing.T) {
	t.Parallel()
	root := readSchema(t)
	for name, r := range map[string]*answer.Report{"the sample": sample(), "nothing at all": {Schema: answer.Schema}} {
		var b bytes.Buffer
		if err := JSON(&b, r); err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(b.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		for _, wrong := range root.validate(root, name, v) {
			t.Error(wrong)
		}
	}
}

func TestTheSchemaRefusesWhatIsNoReport(t *testing.T) {
	t.Parallel()
	root := readSchema(t)
	for _, text := range []string{`{}`, `[]`, `{"schema": "onus.answers/2"}`} {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if len(root.validate(root, "report", v)) == 0 {
			t.Errorf("%s passes", text)
		}
	}
}

// The schema describes the fields of the Go types, all of them and no others, and requires those that are always written.
func TestTheSchemaDescribesEveryField(t *testing.T) {
	t.Parallel()
	root := readSchema(t)
	done := map[reflect.Type]bool{}
	var walk func(at string, typ reflect.Type, s *schema)
	walk = func(at string, typ reflect.Type, s *schema) {
		if s = s.resolve(root); s == nil {
			t.Errorf("%s is not described", at)
			return
		}
		switch typ.Kind() {
		case reflect.Pointer:
			walk(at, typ.Elem(), s)
			return
		case reflect.Slice:
			walk(at+"[]", typ.Elem(), s.Items)
			return
		case reflect.Struct:
		default:
			return
		}
		if done[typ] || reflect.PointerTo(typ).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
			return
		}
		done[typ] = true
		described := maps.Clone(s.Properties)
		var fields func(typ reflect.Type)
		fields = func(typ reflect.Type) {
			for f := range typ.Fields() {
				if f.Anonymous {
					fields(f.Type)
					continue
				}
				name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
				if name == "" {
					t.Errorf("%s: field %s has no JSON name", at, f.Name)
					continue
				}
				if always := options == ""; always != slices.Contains(s.Required, name) {
					t.Errorf("%s.%s: always written %t, required %t", at, name, always, !always)
				}
				walk(at+"."+name, f.Type, s.Properties[name])
				delete(described, name)
			}
		}
		fields(typ)
		for name := range described {
			t.Errorf("%s.%s is described, and there is no such field", at, name)
		}
	}
	walk("report", reflect.TypeFor[answer.Report](), root)
}
