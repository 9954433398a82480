package simulate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// member is one member of a JSON object: its name, its value, and where the two begin in the object's text.
type member struct {
	name     string
	value    []byte
	at, from int
}

// membersOf lists the members of an object, those that are there twice too. The text must be JSON; of what is no object there are none.
func membersOf(text []byte) (all []member) {
	i := blanks(text, 0)
	if i == len(text) || text[i] != '{' {
		return nil
	}
	for i = blanks(text, i+1); i < len(text) && text[i] == '"'; i = blanks(text, i+1) { // one beyond the comma
		m := member{at: i}
		i = valueEnd(text, i)
		if json.Unmarshal(text[m.at:i], &m.name) != nil {
			return all
		}
		m.from = blanks(text, blanks(text, i)+1) // beyond the colon
		i = valueEnd(text, m.from)
		m.value = text[m.from:i]
		all = append(all, m)
		i = blanks(text, i)
	}
	return all
}

func blanks(text []byte, i int) int {
	for i < len(text) && strings.IndexByte(" \t\r\n", text[i]) >= 0 {
		i++
	}
	return min(i, len(text))
}

// valueEnd is where the value that begins at i ends.
func valueEnd(text []byte, i int) int {
	depth := 0
	for i < len(text) {
		switch text[i] {
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			i = min(i, len(text)-1)
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		last := text[i]
		i++
		if depth == 0 && (strings.IndexByte(`"}]`, last) >= 0 || i < len(text) && strings.IndexByte(",}] \t\r\n", text[i]) >= 0) {
			return i
		}
	}
	return len(text)
}

// twice finds a member of a line, of its request, or of what that holds, that is there twice: nobody knows which of them is meant. Policies
// find their own.
func twice(line []byte) error {
	var among func(of string, begin int, object []byte, deeper ...string) error
	among = func(of string, begin int, object []byte, deeper ...string) error {
		seen := map[string]bool{}
		for _, m := range membersOf(object) {
			lowered := strings.ToLower(m.name)
			if seen[lowered] {
				return fmt.Errorf("column %d: %q is there twice", 1+utf8.RuneCount(line[:begin+m.at]), of+m.name)
			}
			seen[lowered] = true
			if slices.Contains(deeper, lowered) {
				if err := among(of+m.name+".", begin+m.from, m.value, "principal", "context"); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return among("", 0, line, "request", "s3")
}

// notText finds what is no UTF-8 in a line, as JSON must be.
func notText(line []byte) error {
	if utf8.Valid(line) {
		return nil
	}
	at := 0
	for {
		r, n := utf8.DecodeRune(line[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	hint := ""
	if bytes.IndexByte(line, 0) >= 0 {
		hint = "; is it UTF-16?"
	}
	return fmt.Errorf("column %d: it is not UTF-8%s", 1+utf8.RuneCount(line[:at]), hint)
}
