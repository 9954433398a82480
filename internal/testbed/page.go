package testbed

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// paging is how an operation hands out its listing: paths of members of its output, as the wire names them.
type paging struct {
	lists [][]string
	token []string
	more  []string // the member that says whether there is more, where there is one
}

// ours are the tokens that page hands out: which answer, from which element on.
var ours = regexp.MustCompile(`testbed-page-(\d+)-(\d+)`)

// page answers with n elements of the listing. Whether moto knows the operation's paging does not matter: it is asked once, for
// everything, and later pages are cut from that answer. An operation that has no pages is passed on.
func (p *proxy) page(w http.ResponseWriter, r *http.Request, body []byte, c Call, n int, repeat bool) int {
	shape, ok := p.models.paging(p.tb, c.Service, c.Operation)
	if !ok {
		return p.pass(w, r, body)
	}
	var answer saved
	from := 0
	id := 0
	if m := ours.FindStringSubmatch(r.URL.RequestURI() + string(body)); m != nil {
		id, _ = strconv.Atoi(m[1])
		from, _ = strconv.Atoi(m[2])
		p.mu.Lock()
		answer = p.pages[id]
		p.mu.Unlock()
	} else {
		status, header, whole, err := p.fetch(r, body)
		if err != nil {
			return hangUp(w)
		}
		if status != http.StatusOK {
			write(w, status, header, whole)
			return status
		}
		answer = saved{header, whole}
		p.mu.Lock()
		id = len(p.pages)
		p.pages = append(p.pages, answer)
		p.mu.Unlock()
	}
	next := fmt.Sprintf("testbed-page-%d-%d", id, from+n)
	if repeat {
		next = fmt.Sprintf("testbed-page-%d-%d", id, from)
	}
	cut := cutXML
	if first := bytes.TrimSpace(answer.body); len(first) > 0 && first[0] == '{' {
		cut = cutJSON
	}
	part, err := cut(answer.body, shape, from, n, next)
	if err != nil {
		p.tb.Errorf("testbed: cannot cut %s:%s into pages: %v", c.Service, c.Operation, err)
		part = answer.body
	}
	write(w, http.StatusOK, answer.header, part)
	return http.StatusOK
}

// saved is an answer of moto from which pages are cut.
type saved struct {
	header http.Header
	body   []byte
}

// cutter counts the elements of all lists of an answer as one sequence, of which it keeps a stretch.
type cutter struct{ from, to, seen int }

func (c *cutter) keep() bool {
	c.seen++
	return c.from < c.seen && c.seen <= c.to
}

// more reports whether elements come after the stretch.
func (c *cutter) more() bool { return c.seen > c.to }

func cutJSON(body []byte, shape paging, from, n int, next string) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var root map[string]any
	if err := decoder.Decode(&root); err != nil {
		return nil, err
	}
	holder := func(path []string) map[string]any {
		at := root
		for _, name := range parent(path) {
			at, _ = at[name].(map[string]any)
		}
		return at
	}
	cut := cutter{from: from, to: from + n}
	for _, path := range shape.lists {
		at, name := holder(path), last(path)
		all, ok := at[name].([]any)
		if !ok {
			continue
		}
		kept := []any{}
		for _, v := range all {
			if cut.keep() {
				kept = append(kept, v)
			}
		}
		at[name] = kept
	}
	if cut.more() {
		holder(shape.token)[last(shape.token)] = next
		if shape.more != nil {
			holder(shape.more)[last(shape.more)] = true
		}
	}
	return json.Marshal(root)
}

// element is any XML element. Clients of AWS do not look at namespaces, so those are dropped.
type element struct {
	XMLName  xml.Name
	Text     string    `xml:",chardata"`
	Children []element `xml:",any"`
}

func (e *element) plain() {
	e.XMLName.Space = ""
	for i := range e.Children {
		e.Children[i].plain()
	}
}

// find returns the element at the path, or nil.
func (e *element) find(path []string) *element {
	for _, name := range path {
		i := slices.IndexFunc(e.Children, func(c element) bool { return c.XMLName.Local == name })
		if i < 0 {
			return nil
		}
		e = &e.Children[i]
	}
	return e
}

// set gives the child of that name the text, and adds it where it is missing.
func (e *element) set(name, text string) {
	child := e.find([]string{name})
	if child == nil {
		e.Children = append(e.Children, element{XMLName: xml.Name{Local: name}})
		child = &e.Children[len(e.Children)-1]
	}
	child.Text = text
}

func cutXML(body []byte, shape paging, from, n int, next string) ([]byte, error) {
	var document element
	if err := xml.Unmarshal(body, &document); err != nil {
		return nil, err
	}
	document.plain()
	root := &document
	// The query protocol wraps the output into <OperationResult>.
	if i := slices.IndexFunc(document.Children, func(c element) bool { return strings.HasSuffix(c.XMLName.Local, "Result") }); i >= 0 {
		root = &document.Children[i]
	}
	// Where the protocol puts one member of the output into the body, the body is that member (CloudFront's lists).
	if len(shape.token) > 1 && shape.token[0] == root.XMLName.Local {
		root = &element{Children: []element{document}}
	}
	cut := cutter{from: from, to: from + n}
	for _, path := range shape.lists {
		if list := root.find(path); list != nil {
			list.Children = slices.DeleteFunc(list.Children, func(element) bool { return !cut.keep() })
		}
	}
	if cut.more() {
		root.find(parent(shape.token)).set(last(shape.token), next)
		if shape.more != nil {
			root.find(parent(shape.more)).set(last(shape.more), "true")
		}
	}
	if root.XMLName.Local == "" {
		return xml.Marshal(root.Children[0])
	}
	return xml.Marshal(document)
}

func parent(path []string) []string { return path[:len(path)-1] }
func last(path []string) string     { return path[len(path)-1] }

// models reads botocore's descriptions of the services, which come with the AWS CLI.
type models struct {
	mu       sync.Mutex
	services map[string]*model
}

type model struct {
	paginators struct {
		Pagination map[string]struct {
			OutputToken json.RawMessage `json:"output_token"`
			MoreResults string          `json:"more_results"`
			ResultKey   json.RawMessage `json:"result_key"`
		}
	}
	service struct {
		Operations map[string]struct {
			Output struct{ Shape string }
		}
		Shapes map[string]struct {
			Members map[string]struct {
				Shape        string
				LocationName string
			}
		}
	}
}

// byHand are listings that have pages although botocore offers no paginator.
var byHand = map[string]paging{
	"wafv2:ListWebACLs":    {lists: [][]string{{"WebACLs"}}, token: []string{"NextMarker"}},
	"wafv2:ListRuleGroups": {lists: [][]string{{"RuleGroups"}}, token: []string{"NextMarker"}},
}

func (m *models) paging(t testing.TB, service, operation string) (paging, bool) {
	if p, ok := byHand[service+":"+operation]; ok {
		return p, true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	known, ok := m.services[service]
	if !ok {
		var err error
		if known, err = readModel(t, service); err != nil {
			t.Errorf("testbed: botocore's model of %s: %v", service, err)
			known = new(model)
		}
		if m.services == nil {
			m.services = map[string]*model{}
		}
		m.services[service] = known
	}
	pages, ok := known.paginators.Pagination[operation]
	if !ok {
		return paging{}, false
	}
	output := known.service.Operations[operation].Output.Shape
	var p paging
	for _, key := range oneOrMore(pages.ResultKey) {
		p.lists = append(p.lists, known.wire(output, key))
	}
	if tokens := oneOrMore(pages.OutputToken); len(tokens) > 0 {
		p.token = known.wire(output, strings.TrimSpace(strings.Split(tokens[0], "||")[0]))
	}
	if pages.MoreResults != "" {
		p.more = known.wire(output, pages.MoreResults)
	}
	return p, len(p.lists) > 0 && len(p.token) > 0
}

// wire turns a path of member names into the names that go over the wire.
func (m *model) wire(shape, path string) []string {
	names := strings.Split(path, ".")
	for i, name := range names {
		member := m.service.Shapes[shape].Members[name]
		if member.LocationName != "" {
			names[i] = member.LocationName
		}
		shape = member.Shape
	}
	return names
}

func oneOrMore(raw json.RawMessage) []string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}
	}
	var many []string
	json.Unmarshal(raw, &many) // of botocore: it is one or the other
	return many
}

func readModel(t testing.TB, service string) (*model, error) {
	versions, err := filepath.Glob(filepath.Join(filepath.Dir(Tool(t, "venv/pins.txt")), "lib/python3*/site-packages/botocore/data", service, "*"))
	if err != nil {
		return nil, err
	}
	if len(versions) == 0 {
		return nil, fmt.Errorf("botocore has no service of that name")
	}
	newest := slices.Max(versions)
	m := new(model)
	for file, into := range map[string]any{"paginators-1.json": &m.paginators, "service-2.json.gz": &m.service} {
		f, err := os.Open(filepath.Join(newest, file))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		var r io.Reader = f
		if strings.HasSuffix(file, ".gz") {
			if r, err = gzip.NewReader(f); err != nil {
				return nil, err
			}
		}
		if err := json.NewDecoder(r).Decode(into); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return m, nil
}
