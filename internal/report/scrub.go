package report

import (
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/onus-cloud/onus/internal/answer"
)

// scrub returns a copy of the report in which every string is safe to show: control characters, those that turn text round or
// are invisible, and bytes that are not UTF-8 appear as escapes. Line breaks stay only in the text of a fix and in a Block, which
// are laid out in lines on purpose. It walks the whole value, so that a field added to the report is covered the day it is added.
func scrub(r *answer.Report) *answer.Report {
	return scrubValue(reflect.ValueOf(r), false).Interface().(*answer.Report)
}

func scrubValue(v reflect.Value, lines bool) reflect.Value {
	lines = lines || v.Type() == reflect.TypeFor[answer.Fix]() || v.Type() == reflect.TypeFor[Block]()
	switch v.Kind() {
	case reflect.String:
		s := v.String()
		clean := escape(s, lines)
		if clean == s {
			return v
		}
		return reflect.ValueOf(clean).Convert(v.Type())
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		c := reflect.New(v.Type().Elem())
		c.Elem().Set(scrubValue(v.Elem(), lines))
		return c
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			c.Index(i).Set(scrubValue(v.Index(i), lines))
		}
		return c
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return v
		}
		c := reflect.New(v.Type()).Elem()
		c.Set(v)
		for i := range v.NumField() {
			c.Field(i).Set(scrubValue(v.Field(i), lines))
		}
		return c
	}
	return v
}

// Block is text that is laid out in lines.
type Block string

// Plain makes text from anywhere, such as a name in a bucket, safe to show on a terminal: what acts on the terminal appears as escapes. lines says
// whether the text has several lines on purpose.
func Plain(text string, lines bool) string { return escape(text, lines) }

// escape makes a string safe to show on a terminal.
func escape(s string, lines bool) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return hidden(r) || r == utf8.RuneError }) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(s[i])|0x100, 16)[1:])
		case lines && (r == '\n' || r == '\t'):
			b.WriteRune(r)
		case hidden(r):
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

// hidden reports whether a rune acts on the terminal or on its neighbours rather than showing itself: the categories Cc
// (control), Cf (format, among them the overrides of direction), Zl and Zp (line and paragraph separators), and Co.
func hidden(r rune) bool {
	return r < 0x20 || r == 0x7f || r > 0x7f && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co)
}
