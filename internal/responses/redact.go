package responses

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/onus-cloud/onus/internal/operation"
)

// Redactor takes secrets out of bodies and messages before anything is kept. In the place of each it puts a digest keyed per
// recording and what was recognised:
//
//	redacted:3f1c0a9be2d47766 (AWS access key id)
//
// Equal secrets show as equal within a recording, and a weak one cannot be found by trying, because the key is not kept.
// Redacting what is redacted changes nothing.
type Redactor struct{ key []byte }

// NewRedactor returns a redactor with that key, or, for nil, with 32 random bytes of its own, which are not kept.
func NewRedactor(key []byte) *Redactor {
	if key == nil {
		key = make([]byte, 32)
		rand.Read(key) // never fails
	}
	return &Redactor{key: slices.Clone(key)}
}

// Redact returns a body of the operation without secrets: members at the operation's Secret paths are replaced as a whole, and
// of every other string the parts in which a secret is recognised, also where it is URL-encoded or base64. The rest of the body
// is left byte for byte. The only error is that the body is not JSON.
func (r *Redactor) Redact(op operation.Operation, body json.RawMessage) (json.RawMessage, error) {
	if !json.Valid(body) {
		return nil, errors.New("the body is not JSON")
	}
	var paths []memberPath
	for _, s := range op.Secret {
		paths = append(paths, strings.Split(strings.ReplaceAll(s, "[]", ".[]"), "."))
	}
	w := walk{r: r, in: body}
	w.value(paths, "")
	if w.out == nil {
		return body, nil
	}
	return append(w.out, body[w.copied:]...), nil
}

// Text returns a text, such as an error message, without the secrets that are recognised in it.
func (r *Redactor) Text(s string) string {
	if !suspicious([]byte(s)) {
		return s
	}
	return r.text(s)
}

// memberPath is what is left of the way to a secret member; an empty one has arrived, and everything below is secret.
type memberPath []string

// walk goes through valid JSON once and copies it only from where something is replaced.
type walk struct {
	r      *Redactor
	in     []byte
	i      int
	out    []byte
	copied int // how much of in is in out
}

func (w *walk) space() {
	for w.i < len(w.in) && (w.in[w.i] == ' ' || w.in[w.i] == '\n' || w.in[w.i] == '\t' || w.in[w.i] == '\r') {
		w.i++
	}
}

// replace puts a string in the place of in[from:w.i].
func (w *walk) replace(from int, text string) {
	w.out = append(w.out, w.in[w.copied:from]...)
	w.out = append(w.out, quote(text)...)
	w.copied = w.i
}

// value goes through one value. name is what it is called, where a name can tell that it is a secret.
func (w *walk) value(paths []memberPath, name string) {
	w.space()
	secret := slices.ContainsFunc(paths, func(p memberPath) bool { return len(p) == 0 })
	start := w.i
	switch w.in[w.i] {
	case '{':
		w.object(paths, secret)
	case '[':
		w.i++
		for w.space(); w.in[w.i] != ']'; w.space() {
			if w.in[w.i] == ',' {
				w.i++
			}
			w.value(below(paths, "[]"), name)
		}
		w.i++
	case '"':
		w.string(secret, name)
	default:
		for w.i < len(w.in) && !bytes.ContainsRune([]byte(",]} \n\t\r"), rune(w.in[w.i])) {
			w.i++
		}
		if literal := string(w.in[start:w.i]); secret && literal != "null" {
			w.replace(start, w.r.mark(literal, "nothing recognised"))
		}
	}
}

func (w *walk) object(paths []memberPath, secret bool) {
	named := w.pair()
	w.i++
	for w.space(); w.in[w.i] != '}'; w.space() {
		if w.in[w.i] == ',' {
			w.i++
			w.space()
		}
		member := w.key()
		w.space()
		w.i++ // the colon
		name := member
		if named != "" && isValue(member) {
			name = named
		}
		w.value(below(paths, member), name)
	}
	w.i++
}

// below are the paths one step further down.
func below(paths []memberPath, step string) []memberPath {
	var next []memberPath
	for _, p := range paths {
		switch {
		case len(p) == 0:
			next = append(next, p)
		case p[0] == step, p[0] == "*" && step != "[]", step != "[]" && strings.EqualFold(p[0], step):
			next = append(next, p[1:])
		}
	}
	return next
}

// key reads a member's name, and takes out the secrets in it.
func (w *walk) key() string {
	start := w.i
	w.string(false, "")
	return unquote(w.in[start:w.i])
}

// string goes through one string.
func (w *walk) string(secret bool, name string) {
	start := w.i
	w.i++
	for w.in[w.i] != '"' {
		if w.in[w.i] == '\\' {
			w.i++
		}
		w.i++
	}
	w.i++
	raw := w.in[start+1 : w.i-1]
	if len(raw) == 0 {
		return
	}
	telling := isSecretName(name)
	if !secret && !telling && !suspicious(raw) {
		return
	}
	s := unquote(w.in[start:w.i])
	switch {
	case isMark(s):
	case secret:
		w.replace(start, w.r.mark(s, recognised(s, telling)))
	case telling && isSecretValue(s):
		w.replace(start, w.r.mark(s, recognised(s, true)))
	default:
		if clean := w.r.text(s); clean != s {
			w.replace(start, clean)
		}
	}
}

// pair looks ahead into an object: of {"Key": "db-password", "Value": "..."} it returns the key.
func (w *walk) pair() (name string) {
	at := w.i
	defer func() { w.i = at }()
	w.i++
	for range 4 { // a tag has two members, an environment variable three at most
		w.space()
		if w.in[w.i] == ',' {
			w.i++
			w.space()
		}
		if w.in[w.i] != '"' {
			return name
		}
		member := w.skip()
		w.space()
		w.i++
		w.space()
		if w.in[w.i] != '"' {
			return name
		}
		value := w.skip()
		switch strings.ToLower(string(member)) {
		case `"key"`, `"name"`, `"tagkey"`:
			name = unquote(value)
		}
	}
	return name
}

// skip goes over a string and returns it with its quotes.
func (w *walk) skip() []byte {
	start := w.i
	for w.i++; w.in[w.i] != '"'; w.i++ {
		if w.in[w.i] == '\\' {
			w.i++
		}
	}
	w.i++
	return w.in[start:w.i]
}

func isValue(member string) bool {
	return strings.EqualFold(member, "value") || strings.EqualFold(member, "tagvalue")
}

// text takes recognised secrets out of one string, as it stands and as it was encoded, until it stays as it is.
func (r *Redactor) text(s string) string {
	for range 8 {
		clean := r.textOnce(s)
		if clean == s {
			return s
		}
		s = clean
	}
	return r.mark(s, "secrets")
}

func (r *Redactor) textOnce(s string) string {
	if plain, err := url.PathUnescape(s); err == nil && plain != s {
		if clean := r.plain(plain); clean != plain {
			return strings.ReplaceAll(url.QueryEscape(clean), "+", "%20")
		}
	}
	if plain, ok := decoded(s); ok {
		if clean := r.plain(plain); clean != plain {
			return base64.StdEncoding.EncodeToString([]byte(clean))
		}
	}
	return r.plain(s)
}

// plain takes recognised secrets out of a text, until it stays as it is: what is left over beside a replacement may be one too.
func (r *Redactor) plain(s string) string {
	for range 8 {
		found := recognise(s)
		if len(found) == 0 {
			return s
		}
		var b strings.Builder
		last := 0
		for _, f := range found {
			b.WriteString(s[last:f.from])
			b.WriteString(r.mark(s[f.from:f.to], f.what))
			last = f.to
		}
		b.WriteString(s[last:])
		s = b.String()
	}
	return r.mark(s, "secrets")
}

// mark is what stands for a secret.
func (r *Redactor) mark(secret, what string) string {
	h := hmac.New(sha256.New, r.key)
	h.Write([]byte(secret))
	return markStart + hex.EncodeToString(h.Sum(nil)[:8]) + " (" + what + ")"
}

const markStart = "redacted:"

// isMark reports whether a whole string is a mark.
func isMark(s string) bool {
	digest, ok := strings.CutPrefix(s, markStart)
	if !ok || len(digest) < 19 || !strings.HasPrefix(digest[16:], " (") || strings.IndexByte(digest, ')') != len(digest)-1 {
		return false
	}
	_, err := hex.DecodeString(digest[:16])
	return err == nil
}

// recognised says in words what is recognised in a secret, for the person who must go and find it.
func recognised(s string, telling bool) string {
	found := recognise(s)
	if plain, ok := decoded(s); ok {
		found = append(found, recognise(plain)...)
	}
	var what []string
	for _, f := range found {
		if !slices.Contains(what, f.what) {
			what = append(what, f.what)
		}
	}
	switch {
	case len(what) > 0:
		return strings.Join(what, ", ")
	case telling:
		return "named like a secret"
	}
	return "nothing recognised"
}

// decoded is the text that a string is the base64 of, if it is.
func decoded(s string) (string, bool) {
	if len(s) < 16 || len(s)%4 != 0 {
		return "", false
	}
	plain, err := base64.StdEncoding.DecodeString(s)
	if err != nil || !utf8.Valid(plain) {
		return "", false
	}
	for _, c := range plain {
		if c < ' ' && c != '\n' && c != '\t' && c != '\r' || c == 0x7f {
			return "", false
		}
	}
	return string(plain), true
}

func unquote(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	json.Unmarshal(raw, &s) // raw is a valid string
	return s
}

func quote(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(s) // a string always has JSON
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
