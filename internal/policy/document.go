// Package policy is the IAM policy language: it reads documents as AWS keeps them, matches actions and resources as AWS does,
// and judges what one document by itself proves.
//
// Parse promises to refuse what it does not understand, with the line and the column, rather than to pass over it: a document
// that is half understood would be judged wrongly. It accepts what AWS services accept, which is more than IAM does for new
// policies: no Version, an old one, statements without Resource. It never panics, whatever the text says.
package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Document is a policy document.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type Document struct {
	Version    string // "2012-10-17", "2008-10-17", or empty, which means the latter
	ID         string
	Statements []Statement
}

// Statement is one statement. Of Action and NotAction one is given; of the pairs Principal and NotPrincipal, Resource and
// NotResource at most one is.
type Statement struct {
	Sid          string
	Effect       Effect
	Principal    *Principal // nil where the statement has none
	NotPrincipal *Principal
	Action       []string
	NotAction    []string
	Resource     []string
	NotResource  []string
	Condition    []Condition // in the order of the document; all must be met
	Line         int         // where it begins in the document
}

// Effect is what a statement does where it matches.
type Effect int

const (
	Allow Effect = iota + 1
	Deny
)

func (e Effect) String() string {
	switch e {
	case Allow:
		return "Allow"
	case Deny:
		return "Deny"
	}
	return fmt.Sprintf("effect %d", int(e))
}

// Principal is who a statement is about: everyone ("Principal": "*"), or lists by type.
type Principal struct {
	Everyone  bool
	AWS       []string // ARNs, account ids, unique ids, "*"
	Service   []string // "logs.amazonaws.com"
	Federated []string // ARNs of providers, or their names
	Canonical []string // canonical user ids of S3
}

// Anyone reports whether the principal is everybody: "*" and {"AWS": "*"} mean the same.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-anonymous
func (p *Principal) Anyone() bool {
	return p != nil && (p.Everyone || slices.Contains(p.AWS, "*"))
}

// nobody reports whether an element names nobody at all.
func (p *Principal) nobody() bool {
	return !p.Everyone && len(p.AWS)+len(p.Service)+len(p.Federated)+len(p.Canonical) == 0
}

// Condition is one operator on one key; one of the values must match, or for a negated operator none of them.
type Condition struct {
	Operator Operator
	Key      string // as written; keys match in any case
	Values   []string
	Line     int
}

// Is reports whether the condition is on a key.
func (c Condition) Is(key string) bool { return strings.EqualFold(c.Key, key) }

// Asks reports whether a condition of the statement is on a key.
func (s *Statement) Asks(key string) bool {
	return slices.ContainsFunc(s.Condition, func(c Condition) bool { return c.Is(key) })
}

func (c Condition) String() string {
	return fmt.Sprintf("%s %s %s", c.Operator, c.Key, strings.Join(c.Values, ", "))
}

// Operator is a condition operator, taken apart: "ForAllValues:StringEqualsIfExists".
type Operator struct {
	ForAllValues bool // true of a key that is not in the request
	ForAnyValue  bool // false of a key that is not in the request
	Name         string
	IfExists     bool // true of a key that is not in the request, unless ForAnyValue is said
	Unknown      bool // AWS has no operator of that name: a condition with it is never met
}

func (o Operator) String() string {
	s := o.Name
	if o.IfExists {
		s += "IfExists"
	}
	switch {
	case o.ForAllValues:
		return "ForAllValues:" + s
	case o.ForAnyValue:
		return "ForAnyValue:" + s
	}
	return s
}

// Negated reports whether the operator is true of a key that is not in the request, being a denial of a match.
func (o Operator) Negated() bool { return strings.Contains(o.Name, "Not") }

// takesVariables reports whether values of the operator may hold policy variables.
func (o Operator) takesVariables() bool {
	return strings.HasPrefix(o.Name, "String") || strings.HasPrefix(o.Name, "Arn") || o.Name == "Bool"
}

// operators are all that AWS has (the names match in any case).
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
var operators = []string{
	"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
	"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
	"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
	"Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null",
}

func parseOperator(s string) (Operator, bool) {
	var o Operator
	if set, name, ok := strings.Cut(s, ":"); ok {
		switch {
		case strings.EqualFold(set, "ForAllValues"):
			o.ForAllValues = true
		case strings.EqualFold(set, "ForAnyValue"):
			o.ForAnyValue = true
		default:
			return o, false
		}
		s = name
	}
	if n := len(s) - len("IfExists"); n > 0 && strings.EqualFold(s[n:], "IfExists") {
		o.IfExists = true
		s = s[:n]
	}
	for _, name := range operators {
		if strings.EqualFold(name, s) {
			o.Name = name
			return o, !(o.IfExists && name == "Null") // Null asks whether the key exists: AWS has no NullIfExists
		}
	}
	return o, false
}

// Error is a mistake in a document and where it is. Columns count characters, from 1.
type Error struct {
	Line, Column int
	Text         string
	AWS          string // AWS's own words for it, where they are known
	Refused      bool   // AWS would not keep the document as one of its kind
}

func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Text)
}

// Parse reads a document. The error is an *Error.
func Parse(text []byte) (*Document, error) { return parseWith(text, nil) }

func parseWith(text []byte, check *checker) (*Document, error) {
	r := &reader{text: text, check: check}
	var whole json.RawMessage
	if err := json.Unmarshal(text, &whole); err != nil {
		at, why := len(text), "the document ends too early"
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) && int(syntax.Offset) <= len(text) && syntax.Error() != "unexpected end of JSON input" {
			at, why = int(syntax.Offset)-1, syntax.Error()
		}
		return nil, r.mistake(max(at, 0), "it is not JSON: %s", why)
	}
	// From here on the text is one JSON value, so that tokens can be taken without looking for syntax errors.
	r.decoder = json.NewDecoder(bytes.NewReader(text))
	d := &Document{}
	if err := r.document(d); err != nil {
		return nil, err
	}
	return d, nil
}

// reader takes a document token by token; at is where the last one begins.
type reader struct {
	text    []byte
	decoder *json.Decoder
	at      int
	check   *checker // what is noted while reading leniently; nil where every mistake ends the reading
}

func (r *reader) mistake(at int, format string, args ...any) error {
	before := r.text[:min(at, len(r.text))]
	line := 1 + bytes.Count(before, []byte("\n"))
	start := bytes.LastIndexByte(before, '\n') + 1
	return &Error{Line: line, Column: 1 + utf8.RuneCount(before[start:]), Text: fmt.Sprintf(format, args...)}
}

func (r *reader) here(format string, args ...any) error { return r.mistake(r.at, format, args...) }

func (r *reader) line() int { return 1 + bytes.Count(r.text[:min(r.at, len(r.text))], []byte("\n")) }

func (r *reader) next() (json.Token, error) {
	r.at = int(r.decoder.InputOffset())
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[r.at]) >= 0 {
		r.at++
	}
	r.decoder.UseNumber()
	token, err := r.decoder.Token()
	if err != nil {
		return nil, r.here("it is not JSON: %v", err)
	}
	return token, nil
}

// object calls member for every member of an object that begins with the next token.
func (r *reader) object(what string, member func(name string) error) error {
	token, err := r.next()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		return r.here("%s must be an object", what)
	}
	return r.members(what, member)
}

// members goes on after the opening brace.
func (r *reader) members(what string, member func(name string) error) error {
	seen := map[string]bool{}
	for r.decoder.More() {
		token, err := r.next()
		if err != nil {
			return err
		}
		name, ok := token.(string)
		if !ok {
			return r.here("%s must be an object", what)
		}
		name = r.check.spelled(r, what, name)
		if seen[name] {
			return r.here("%s has %q twice", what, name)
		}
		seen[name] = true
		if err := member(name); err != nil {
			return err
		}
	}
	_, err := r.next()
	return err
}

func (r *reader) document(d *Document) error {
	stated := false
	err := r.object("a policy document", func(name string) (err error) {
		switch name {
		case "Version":
			if d.Version, err = r.text1("Version"); err == nil && d.Version != "2012-10-17" && d.Version != "2008-10-17" {
				return r.here("Version %q is not one of the policy language: 2012-10-17 or 2008-10-17", d.Version)
			}
			return err
		case "Id":
			d.ID, err = r.text1("Id")
			return err
		case "Statement":
			stated = true
			return r.statements(d)
		}
		return r.here("a policy document has no element %q", name)
	})
	if err == nil && (!stated || len(d.Statements) == 0) {
		none := r.mistake(0, "the document has no statement")
		if stated && r.check.excuses(none, "Syntax errors in policy.") {
			return nil
		}
		return none
	}
	return err
}

func (r *reader) statements(d *Document) error {
	token, err := r.next()
	if err != nil {
		return err
	}
	one := func() error {
		s := Statement{Line: r.line()}
		r.check.statement(r, len(d.Statements))
		if err := r.statement(&s); err != nil {
			return err
		}
		d.Statements = append(d.Statements, s)
		return nil
	}
	switch token {
	case json.Delim('{'):
		return one()
	case json.Delim('['):
		for r.decoder.More() {
			token, err := r.next()
			if err != nil {
				return err
			}
			if token != json.Delim('{') {
				return r.here("a statement must be an object")
			}
			if err := one(); err != nil {
				return err
			}
		}
		_, err := r.next()
		return err
	}
	return r.here("Statement must be an object or a list of objects")
}

func (r *reader) statement(s *Statement) error {
	begin := r.at
	has := map[string]bool{}
	err := r.members("a statement", func(name string) (err error) {
		has[name] = true
		switch name {
		case "Sid":
			s.Sid, err = r.text1("Sid")
		case "Effect":
			var effect string
			if effect, err = r.text1("Effect"); err != nil {
				return err
			}
			switch effect {
			case "Allow":
				s.Effect = Allow
			case "Deny":
				s.Effect = Deny
			default:
				return r.here("Effect is %q: it must be Allow or Deny", effect)
			}
		case "Principal":
			s.Principal, err = r.principal(name)
		case "NotPrincipal":
			s.NotPrincipal, err = r.principal(name)
		case "Action":
			s.Action, err = r.texts(name)
		case "NotAction":
			s.NotAction, err = r.texts(name)
		case "Resource":
			s.Resource, err = r.texts(name)
		case "NotResource":
			s.NotResource, err = r.texts(name)
		case "Condition":
			s.Condition, err = r.conditions()
		default:
			return r.here("a statement has no element %q", name)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, pair := range [][2]string{{"Action", "NotAction"}, {"Resource", "NotResource"}, {"Principal", "NotPrincipal"}} {
		if has[pair[0]] && has[pair[1]] {
			return r.mistake(begin, "a statement has %s or %s, not both", pair[0], pair[1])
		}
	}
	switch {
	case s.Effect == 0:
		return r.mistake(begin, "a statement has no Effect")
	case !has["Action"] && !has["NotAction"]:
		missing := r.mistake(begin, "a statement has neither Action nor NotAction")
		if !r.check.excuses(missing, "Policy statement must contain actions.") {
			return missing
		}
	}
	return nil
}

func (r *reader) principal(name string) (*Principal, error) {
	token, err := r.next()
	if err != nil {
		return nil, err
	}
	p := &Principal{}
	switch token := token.(type) {
	case string:
		if token != "*" {
			bare := r.here("%s is %q: it must be \"*\", or an object such as {\"AWS\": \"111122223333\"}", name, token)
			if r.check.excuses(bare, "Invalid principal in policy") {
				r.check.value(r, token)
				p.AWS = []string{token}
				return p, nil
			}
			return nil, r.here("%s is %q: it must be \"*\", or an object such as {\"AWS\": \"111122223333\"}", name, token)
		}
		p.Everyone = true
		return p, nil
	case json.Delim:
		if token != '{' {
			break
		}
		return p, r.members(name, func(kind string) (err error) {
			switch kind {
			case "AWS":
				p.AWS, err = r.texts(kind)
			case "Service":
				p.Service, err = r.texts(kind)
			case "Federated":
				p.Federated, err = r.texts(kind)
			case "CanonicalUser":
				p.Canonical, err = r.texts(kind)
			default:
				return r.here("%s has no type %q: it is AWS, Service, Federated or CanonicalUser", name, kind)
			}
			return err
		})
	}
	return nil, r.here("%s must be \"*\" or an object", name)
}

func (r *reader) conditions() ([]Condition, error) {
	var all []Condition
	err := r.object("Condition", func(name string) error {
		operator, ok := parseOperator(name)
		at := r.at
		return r.object(name, func(key string) error {
			if !ok { // an operator without a key is void, and AWS takes it whatever it is called
				unknown := r.mistake(at, "%q is not a condition operator", name)
				if !r.check.excuses(unknown, "Syntax errors in policy.") {
					return unknown
				}
				operator = Operator{Name: name, Unknown: true}
			}
			c := Condition{Operator: operator, Key: key, Line: r.line()}
			values, err := r.list(key, func(token json.Token) (string, bool) {
				switch v := token.(type) {
				case string:
					return v, true
				case json.Number:
					return v.String(), true
				case bool:
					return fmt.Sprint(v), true
				}
				return "", false
			}, "a string, a number, true or false, or a list of those", keepNull)
			c.Values = values
			all = append(all, c)
			return err
		})
	})
	return all, err
}

func (r *reader) text1(what string) (string, error) {
	token, err := r.next()
	if err != nil {
		return "", err
	}
	s, ok := token.(string)
	if !ok {
		return "", r.here("%s must be a string", what)
	}
	return s, nil
}

// texts reads a string or a list of at least one. A null among others in the list names nothing: AWS takes it.
func (r *reader) texts(what string) ([]string, error) {
	values, err := r.list(what, func(token json.Token) (string, bool) { s, ok := token.(string); return s, ok }, "a string or a list of strings", skipNull)
	if err == nil && len(values) == 0 {
		empty := r.here("%s is an empty list", what)
		if !r.check.excuses(empty, "") {
			return nil, empty
		}
	}
	return values, err
}

const (
	keepNull = false
	skipNull = true
)

func (r *reader) list(what string, value func(json.Token) (string, bool), wanted string, nulls bool) ([]string, error) {
	token, err := r.next()
	if err != nil {
		return nil, err
	}
	if s, ok := value(token); ok {
		r.check.value(r, s)
		return []string{s}, nil
	}
	if token != json.Delim('[') {
		return nil, r.here("%s must be %s", what, wanted)
	}
	values := []string{}
	for r.decoder.More() {
		token, err := r.next()
		if err != nil {
			return nil, err
		}
		if token == nil && nulls {
			continue
		}
		s, ok := value(token)
		if !ok {
			return nil, r.here("%s must be %s", what, wanted)
		}
		r.check.value(r, s)
		values = append(values, s)
	}
	_, err = r.next()
	return values, err
}
