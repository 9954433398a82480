package claims

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// A claims file uses little of YAML: mappings with plain keys, lists and scalars. What is left of the tree is this node;
// anchors, aliases, merges, tags and further documents are mistakes, so nothing in a file can grow beyond its size.
type node struct {
	kind    nodeKind
	at      place
	text    string // of a scalar
	plain   bool   // a scalar without quotes
	null    bool   // nothing is written
	entries []entry
	items   []node
}

type nodeKind int

const (
	scalarNode nodeKind = iota
	mappingNode
	sequenceNode
)

type entry struct{ key, value node }

type place struct{ line, column int }

// Bounds of a file. The YAML parser takes quadratic time in the depth and in the number of keys.
const (
	maxSize  = 1 << 20
	maxDepth = 16
	maxKeys  = 20_000
)

// document turns the file's bytes into a tree; false means that there is nothing to read, or a mistake that was noted.
func (r *reader) document(src []byte) (node, bool) {
	if len(src) > maxSize {
		r.lines = []string{""}
		r.mistake(place{1, 1}, "is it really a claims file?", "the file is larger than 1 MiB")
		return node{}, false
	}
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(src))
	r.lines = strings.Split(text, "\n")
	for i, line := range r.lines {
		if bad := strings.IndexFunc(line, func(c rune) bool { return c == utf8.RuneError || c < ' ' && c != '\t' || c == 0x7f }); bad >= 0 {
			r.mistake(place{i + 1, utf8.RuneCountInString(line[:bad]) + 1}, "save the file as UTF-8 text", "this is not text")
			return node{}, false
		}
	}
	tokens := lexer.Tokenize(text)
	if !r.admit(tokens) {
		return node{}, false
	}
	file, err := parse(tokens)
	if err != nil {
		r.syntax(err)
		return node{}, false
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return node{}, false
	}
	if len(file.Docs) > 1 {
		at := place{len(r.lines), 1}
		if start := file.Docs[1].Start; start != nil {
			at = where(start)
		}
		r.mistake(at, "take the --- away", "a claims file is one document")
		return node{}, false
	}
	return r.node(file.Docs[0].Body, 0)
}

// parse runs the YAML parser, which has been seen to panic on text that nobody would write.
func parse(tokens token.Tokens) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("not understood")
		}
	}()
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// admit refuses what a claims file does not use, before the parser makes work of it.
func (r *reader) admit(tokens token.Tokens) bool {
	flow, keys, line, marks := 0, 0, 0, 0
	for _, t := range tokens {
		at := where(t)
		if at.line != line {
			line, marks = at.line, 0
		}
		switch t.Type {
		case token.AnchorType:
			r.mistake(at, "if it is part of a text, quote the whole text", "a claims file has no anchors (&)")
		case token.AliasType:
			r.mistake(at, `if * is a pattern, quote it: "*"`, "a claims file has no aliases (*)")
		case token.MergeKeyType:
			r.mistake(at, "write the keys out", "a claims file has no merge keys (<<)")
		case token.TagType:
			r.mistake(at, "if it is part of a text, quote the whole text", "a claims file has no type tags (!)")
		case token.DirectiveType:
			r.mistake(at, "if it is part of a text, quote the whole text", "a claims file has no directives (%%)")
		case token.MappingKeyType:
			r.mistake(at, "write key: value", "a claims file has no complex keys (?)")
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType:
			marks++
		case token.MappingValueType:
			keys++
		}
		if flow > maxDepth || marks > maxDepth {
			r.mistake(at, "", "this is nested too deeply for a claims file")
			return false
		}
		if keys > maxKeys {
			r.mistake(at, "is it really a claims file?", "the file has more than %d keys", maxKeys)
			return false
		}
	}
	return len(r.mistakes) == 0
}

func where(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{1, 1}
	}
	return place{t.Position.Line, t.Position.Column}
}

// syntaxes puts the parser's messages into words for people who write claims, most specific first.
var syntaxes = []struct{ message, text, hint string }{
	{"end character", "a quote is opened here and never closed", ""},
	{"mapping value is not allowed", `there is a second ": " in this value`, "quote the whole text"},
	{"map key-value is pre-defined", `this does not follow from the line above`, `if it is text with ": " in it, quote the whole text`},
	{"end token '}'", "{ is opened here and never closed", ""},
	{"end token ']'", "[ is opened here and never closed", ""},
	{"'}' must be specified", "a comma or } is missing before this", ""},
	{"']' must be specified", "a comma or ] is missing before this", ""},
	{"corresponding to ']'", "] closes nothing", "if it is part of a text, quote the whole text"},
	{"corresponding to '}'", "} closes nothing", "if it is part of a text, quote the whole text"},
	{"but found ','", "there is a comma too many", ""},
	{"reserved character", "a value cannot begin with this character", "quote the whole text"},
	{"could not find map value", "a value is missing here", ""},
	{"block sequence entries", "a list begins on a line of its own", "put the - on the next line"},
	{"line break", "a key and its colon stand on one line", "check the indentation and the colons here"},
	{"non-map value", "here a key and a colon are expected", `check the indentation; keys are written "key: value"`},
	{"document separator", "a claims file is one document", "take the --- away"},
}

// colonFirst finds a value such as ::/0.
var colonFirst = regexp.MustCompile(`[\s,\[{](:[^\s,\]}]+)`)

func (r *reader) syntax(err error) {
	at, message := place{len(r.lines), 1}, ""
	var known yaml.Error
	if errors.As(err, &known) {
		message = known.GetMessage()
		if known.GetToken() != nil {
			at = where(known.GetToken())
		}
	}
	if at.line >= 1 && at.line <= len(r.lines) {
		if line := r.lines[at.line-1]; strings.Contains(line[:len(line)-len(strings.TrimLeft(line, " \t"))], "\t") {
			r.mistake(at, "indent with spaces", "a line of YAML cannot be indented with a tab")
			return
		}
		if m := colonFirst.FindStringSubmatchIndex(r.lines[at.line-1]); m != nil {
			value := r.lines[at.line-1][m[2]:m[3]]
			at.column = utf8.RuneCountInString(r.lines[at.line-1][:m[2]]) + 1
			r.mistake(at, fmt.Sprintf("quote it: %q", value), "YAML cannot read a value that begins with a colon")
			return
		}
	}
	for _, s := range syntaxes {
		if strings.Contains(message, s.message) {
			r.mistake(at, s.hint, "%s", s.text)
			return
		}
	}
	r.mistake(at, "check the indentation, the colons and the quotes here", "this line cannot be read as YAML")
}

// node copies a tree of the parser; false means that a mistake was noted.
func (r *reader) node(n ast.Node, depth int) (node, bool) {
	if depth > maxDepth {
		r.mistake(where(n.GetToken()), "", "this is nested too deeply for a claims file")
		return node{}, false
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return r.copyMapping(n, n.Values, depth)
	case *ast.MappingValueNode:
		return r.copyMapping(n, []*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		s := node{kind: sequenceNode, at: where(n.GetToken())}
		all := true
		for _, value := range n.Values {
			item, ok := r.node(value, depth+1)
			all = all && ok
			s.items = append(s.items, item)
		}
		return s, all
	case *ast.LiteralNode:
		return node{at: where(n.Start), text: strings.TrimSpace(n.Value.Value)}, true
	case *ast.NullNode:
		return node{at: where(n.Token), text: n.Token.Value, plain: true, null: n.Token.Type == token.ImplicitNullType}, true
	case *ast.StringNode:
		plain := n.Token.Type != token.SingleQuoteType && n.Token.Type != token.DoubleQuoteType
		return node{at: where(n.Token), text: n.Value, plain: plain}, true
	case ast.ScalarNode:
		return node{at: where(n.GetToken()), text: n.GetToken().Value, plain: true}, true
	}
	at := place{1, 1}
	if n != nil {
		at = where(n.GetToken())
	}
	r.mistake(at, "check the indentation, the colons and the quotes here", "this line cannot be read as YAML")
	return node{}, false
}

func (r *reader) copyMapping(n ast.Node, values []*ast.MappingValueNode, depth int) (node, bool) {
	m, all := node{kind: mappingNode, at: where(n.GetToken())}, true
	if len(values) > 0 && n.GetToken().Type != token.MappingStartType {
		m.at = where(values[0].Key.GetToken())
	}
	for _, v := range values {
		key, ok := r.node(v.Key, depth+1)
		if !ok || key.kind != scalarNode {
			return m, false
		}
		value, ok := r.node(v.Value, depth+1)
		all = all && ok
		m.entries = append(m.entries, entry{key, value})
	}
	return m, all
}

// entries returns the entries of a mapping with keys of the writer's choice; nothing written means none.
func (r *reader) entries(n node, what string) []entry {
	if n.null {
		return nil
	}
	if n.kind != mappingNode {
		r.mistake(n.at, "write key: value, one to a line", "%s must be a mapping", what)
		return nil
	}
	first := map[string]place{}
	var entries []entry
	for _, e := range n.entries {
		if at, ok := first[e.key.text]; ok {
			r.mistake(e.key.at, fmt.Sprintf("it stands in line %d already", at.line), "the key %q comes twice", e.key.text)
			continue
		}
		if e.key.plain && misread(e.key.text) && !digits.MatchString(e.key.text) {
			r.mistake(e.key.at, fmt.Sprintf("quote it: %q", e.key.text), "YAML programs read the key %s as something other than text", e.key.text)
		}
		first[e.key.text] = e.key.at
		entries = append(entries, e)
	}
	return entries
}

// mapping returns the values of a mapping whose keys are ours.
func (r *reader) mapping(n node, what string, keys []string) map[string]node {
	values := map[string]node{}
	for _, e := range r.entries(n, what) {
		if !slices.Contains(keys, e.key.text) {
			r.mistake(e.key.at, suggest(e.key.text, keys, "its keys are "+strings.Join(keys, ", ")), "%s has no key %q", what, e.key.text)
			continue
		}
		values[e.key.text] = e.value
	}
	return values
}

// list returns the items of a list; one thing alone is a list of it.
func (r *reader) list(n node, what string) []node {
	switch {
	case n.null:
		return nil
	case n.kind == sequenceNode:
		return n.items
	case n.kind == mappingNode:
		r.mistake(n.at, "begin each item with -", "%s must be a list", what)
		return nil
	}
	return []node{n}
}

// texts returns a list of texts, each checked.
func (r *reader) texts(n node, what string, check func(string) (problem, hint string)) []string {
	var texts []string
	for _, item := range r.list(n, what) {
		text, ok := r.text(item, what)
		if !ok {
			continue
		}
		if check != nil {
			if problem, hint := check(text); problem != "" {
				r.mistake(item.at, hint, "%s", problem)
			}
		}
		if slices.Contains(texts, text) {
			r.mistake(item.at, "", "%q comes twice", text)
		}
		texts = append(texts, text)
	}
	return texts
}

var (
	// booleans are what YAML 1.1 or 1.2 reads as true, false or nothing.
	booleans = []string{"yes", "no", "on", "off", "y", "n", "true", "false", "null", "~"}
	// numbers are what either reads as a number; plain decimal digits are left alone, as are account ids.
	numbers = regexp.MustCompile(`^[-+]?(0[0-9_]+|0[xob][0-9a-fA-F_]+|[0-9][0-9_]*_[0-9_]*|[0-9][0-9_]*(:[0-5]?[0-9])+|[0-9]*\.[0-9]*([eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+|\.(inf|Inf|INF)|\.(nan|NaN|NAN))$|^[-+][0-9]+$`)
)

// misread reports whether some YAML program would not read a plain scalar as the text that it shows.
func misread(text string) bool {
	return strings.HasPrefix(text, ":") || slices.Contains(booleans, strings.ToLower(text)) || numbers.MatchString(text) && !accountID.MatchString(text)
}

// text returns a scalar's text; false means that a mistake was noted.
func (r *reader) text(n node, what string) (string, bool) {
	switch {
	case n.kind == mappingNode:
		r.mistake(n.at, `if it is a text with ": " or {} in it, quote it`, "%s must be a text, and YAML reads this as a mapping", what)
		return "", false
	case n.kind == sequenceNode:
		r.mistake(n.at, "if it is a text that begins with - or [, quote it", "%s must be one text, and YAML reads this as a list", what)
		return "", false
	case n.null, strings.TrimSpace(n.text) == "":
		r.mistake(n.at, "", "%s is empty", what)
		return "", false
	case n.plain && misread(n.text):
		r.mistake(n.at, fmt.Sprintf("quote it: %q", n.text), "YAML programs read %s as something other than text", n.text)
		return "", false
	}
	return n.text, true
}

// source returns up to n characters of the file.
func (r *reader) source(at place, n int) string {
	if at.line < 1 || at.line > len(r.lines) {
		return ""
	}
	line := []rune(r.lines[at.line-1])
	if at.column < 1 || at.column > len(line) {
		return ""
	}
	line = line[at.column-1:]
	return string(line[:min(n, len(line))])
}

// locate finds a piece of a scalar in the scalar's first line, or else returns the scalar's own place.
func (r *reader) locate(at place, piece string) place {
	rest := r.source(at, maxSentence)
	if i := strings.Index(rest, piece); i > 0 {
		at.column += utf8.RuneCountInString(rest[:i])
	}
	return at
}
