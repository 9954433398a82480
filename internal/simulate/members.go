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
	d := json.NewDecoder(bytes.NewReader(text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil
	}
	for d.More() {
		before := int(d.InputOffset())
		name, err := d.Token()
		if err != nil {
			return all
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return all
		}
		all = append(all, member{name: name.(string), value: value, at: before + bytes.IndexByte(text[before:], '"'), from: int(d.InputOffset()) - len(value)})
	}
	return all
}

// twice finds a member of a line, of its request, or of what that holds, that is there twice: nobody knows which of them is meant. Policies
// find their own.
func twice(line []byte, members []member) error {
	var among func(of string, begin int, members []member, deeper ...string) error
	among = func(of string, begin int, members []member, deeper ...string) error {
		seen := map[string]bool{}
		for _, m := range members {
			lowered := strings.ToLower(m.name)
			if seen[lowered] {
				return fmt.Errorf("column %d: %q is there twice", 1+utf8.RuneCount(line[:begin+m.at]), of+m.name)
			}
			seen[lowered] = true
			if slices.Contains(deeper, lowered) {
				if err := among(of+m.name+".", begin+m.from, membersOf(m.value), "principal", "context"); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return among("", 0, members, "request", "s3")
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
