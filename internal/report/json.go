package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/onus-cloud/onus/internal/answer"
)

// JSON writes the report as docs/answers.schema.json describes it, indented. Unlike the other renderings it keeps names as
// they are; JSON's own escapes make the control characters among them harmless to a terminal.
func JSON(w io.Writer, r *answer.Report) error { return writeJSON(w, r) }

func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write the answers as JSON: %w", err)
	}
	_, err := w.Write(escapeHidden(b.Bytes()))
	return err
}

// escapeHidden replaces hidden runes beyond ASCII, which stand only within strings, by JSON escapes; encoding/json leaves
// them, and some terminals obey them.
func escapeHidden(text []byte) []byte {
	if !bytes.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf && hidden(r) }) {
		return text
	}
	var b bytes.Buffer
	for _, r := range string(text) {
		if r < utf8.RuneSelf || !hidden(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			b.WriteString(`\u` + strconv.FormatUint(uint64(unit)|0x10000, 16)[1:])
		}
	}
	return b.Bytes()
}

// ReadJSON reads what JSON writes. A field that this version does not know is passed over: a later one may have added it.
func ReadJSON(r io.Reader) (*answer.Report, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read the answers: %w", err)
	}
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, fmt.Errorf("read the answers: %w; a file written by onus check --format json is wanted", err)
	}
	switch {
	case head.Schema == answer.Schema:
	case head.Schema == "":
		return nil, fmt.Errorf(`read the answers: there is no "schema"; a file written by onus check --format json is wanted`)
	case strings.HasPrefix(head.Schema, "onus.answers/"):
		return nil, fmt.Errorf("read the answers: they are of version %q and this onus reads %q; evaluate the recording again with this one", head.Schema, answer.Schema)
	default:
		return nil, fmt.Errorf("read the answers: the schema is %q, and %q is wanted", head.Schema, answer.Schema)
	}
	report := new(answer.Report)
	if err := json.Unmarshal(text, report); err != nil {
		return nil, fmt.Errorf("read the answers: %w", err)
	}
	return report, nil
}
