package collect

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// encode writes an answer of the SDK as JSON with the member names of the API reference, in the order of its members. What AWS
// did not send is left out: nil pointers, nil lists and maps, empty enumerations, zero times. So are page tokens, which say
// nothing about the account. Times are RFC 3339 in UTC, bytes are base64, as the AWS CLI writes them.
func encode(answer any) json.RawMessage {
	v := reflect.ValueOf(answer).Elem()
	var b []byte
	b = append(b, '{')
	for name, member := range membersOf(v) {
		if slices.ContainsFunc(tokens, func(t struct{ from, to string }) bool { return t.from == name }) {
			continue
		}
		b = appendMember(b, name, member)
	}
	return append(b, '}')
}

var timeType = reflect.TypeFor[time.Time]()

// membersOf yields the members of a struct that AWS sent.
func membersOf(v reflect.Value) func(yield func(string, reflect.Value) bool) {
	return func(yield func(string, reflect.Value) bool) {
		t := v.Type()
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() || f.Name == "ResultMetadata" || unsent(v.Field(i)) {
				continue
			}
			if !yield(f.Name, v.Field(i)) {
				return
			}
		}
	}
}

// unsent reports whether a member is as the SDK leaves it when AWS does not send it.
func unsent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return v.IsNil() || v.Kind() == reflect.Pointer && v.Type().Elem() == timeType && v.Elem().IsZero()
	case reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return v.Type() == timeType && v.IsZero()
	}
	return false
}

func appendMember(b []byte, name string, v reflect.Value) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = appendString(b, name)
	b = append(b, ':')
	return appendValue(b, v)
}

func appendValue(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return append(b, "null"...)
		}
		return appendValue(b, v.Elem())
	case reflect.Interface:
		return appendUnion(b, v)
	case reflect.String:
		return appendString(b, v.String())
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(b, v.Int(), 10)
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return strconv.AppendFloat(b, f, 'g', -1, v.Type().Bits())
		}
		return append(b, "null"...)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			b = append(b, '"')
			b = base64.StdEncoding.AppendEncode(b, v.Bytes())
			return append(b, '"')
		}
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, v.Index(i))
		}
		return append(b, ']')
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
		b = append(b, '{')
		for _, key := range keys {
			b = appendMember(b, key.String(), v.MapIndex(key))
		}
		return append(b, '}')
	case reflect.Struct:
		if v.Type() == timeType {
			b = append(b, '"')
			b = v.Interface().(time.Time).UTC().AppendFormat(b, time.RFC3339Nano)
			return append(b, '"')
		}
		b = append(b, '{')
		for name, member := range membersOf(v) {
			b = appendMember(b, name, member)
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

// appendUnion writes a union as AWS does: an object with the one member that is set. The SDK has a type for each member, named
// after both ("ChoiceMemberFirst" for the member First of Choice), and "Value" in it.
func appendUnion(b []byte, v reflect.Value) []byte {
	if v.IsNil() { // an element of a list that AWS sent empty
		return append(b, "{}"...)
	}
	member := reflect.Indirect(v.Elem())
	_, name, ok := strings.Cut(member.Type().Name(), "Member")
	value := reflect.Value{}
	if member.Kind() == reflect.Struct {
		value = member.FieldByName("Value")
	}
	if !ok || !value.IsValid() {
		// A member that the SDK does not know, or a document: nothing is made up for it.
		return append(b, "{}"...)
	}
	b = append(b, '{')
	b = appendMember(b, name, value)
	return append(b, '}')
}

// appendString writes a JSON string. Most of what AWS sends needs no escapes.
func appendString(b []byte, s string) []byte {
	plain := true
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			plain = false
			break
		}
	}
	if plain {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	text := bytes.NewBuffer(b)
	e := json.NewEncoder(text)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil { // no string is without JSON
		return append(b, `""`...)
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}
