package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	const text = `{
  "Version": "2012-10-17",
  "Id": "both",
  "Statement": [
    {"Sid": "one", "Effect": "Allow", "Principal": {"AWS": ["111122223333", "*"], "Service": "logs.amazonaws.com"},
     "Action": "s3:Get*", "Resource": ["arn:aws:s3:::a", "arn:aws:s3:::a/*"],
     "Condition": {"ForAllValues:StringEqualsIfExists": {"aws:TagKeys": ["x", true, 1.2]}, "bool": {"aws:SecureTransport": false}}},
    {"Effect": "Deny", "NotPrincipal": {"Federated": "accounts.google.com", "CanonicalUser": "79a5"}, "NotAction": ["iam:*"], "NotResource": "*"}
  ]
}`
	got, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := &Document{Version: "2012-10-17", ID: "both", Statements: []Statement{
		{Sid: "one", Effect: Allow, Line: 5,
			Principal: &Principal{AWS: []string{"111122223333", "*"}, Service: []string{"logs.amazonaws.com"}},
			Action:    []string{"s3:Get*"}, Resource: []string{"arn:aws:s3:::a", "arn:aws:s3:::a/*"},
			Condition: []Condition{
				{Operator: Operator{ForAllValues: true, Name: "StringEquals", IfExists: true}, Key: "aws:TagKeys", Values: []string{"x", "true", "1.2"}, Line: 7},
				{Operator: Operator{Name: "Bool"}, Key: "aws:SecureTransport", Values: []string{"false"}, Line: 7},
			}},
		{Effect: Deny, Line: 8,
			NotPrincipal: &Principal{Federated: []string{"accounts.google.com"}, Canonical: []string{"79a5"}},
			NotAction:    []string{"iam:*"}, NotResource: []string{"*"}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseSaysWhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{``, "line 1, column 1: it is not JSON: the document ends too early"},
		{`{"Statement": [`, "line 1, column 16: it is not JSON: the document ends too early"},
		{"{\n \"Statement\": x}", "line 2, column 15: it is not JSON: invalid character 'x' looking for beginning of value"},
		{`[]`, "line 1, column 1: a policy document must be an object"},
		{`{}`, "line 1, column 1: the document has no statement"},
		{`{"Version": "2012-10-18"}`, `line 1, column 13: Version "2012-10-18" is not one of the policy language: 2012-10-17 or 2008-10-17`},
		{`{"Statment": []}`, `line 1, column 2: a policy document has no element "Statment"`},
		{`{"Statement": {"Effect": "Allow", "Effect": "Deny"}}`, `line 1, column 35: a statement has "Effect" twice`},
		{"{\"Statement\": [\n  {\"Effect\": \"allow\"}]}", `line 2, column 14: Effect is "allow": it must be Allow or Deny`},
		{"{\"Statement\": [\n  {\"Effect\": \"Allow\"}]}", `line 2, column 3: a statement has neither Action nor NotAction`},
		{`{"Statement": {"Action": "a:b"}}`, `line 1, column 15: a statement has no Effect`},
		{`{"Statement": {"Effect": "Deny", "Action": "a:b", "NotAction": "a:b"}}`, `line 1, column 15: a statement has Action or NotAction, not both`},
		{`{"Statement": {"Effect": "Deny", "Action": ["a:b", 7]}}`, `line 1, column 52: Action must be a string or a list of strings`},
		{`{"Statement": {"Effect": "Deny", "Action": []}}`, `line 1, column 45: Action is an empty list`},
		{`{"Statement": {"Effect": "Deny", "Principal": "me"}}`, `line 1, column 47: Principal is "me": it must be "*", or an object such as {"AWS": "111122223333"}`},
		{`{"Statement": {"Effect": "Deny", "Principal": {"Aws": "*"}}}`, `line 1, column 48: Principal has no type "Aws": it is AWS, Service, Federated or CanonicalUser`},
		{`{"Statement": {"Effect": "Deny", "Sid": "é", "Condition": {"StringIs": {"a:b": 1}}}}`, `line 1, column 60: "StringIs" is not a condition operator`},
		{`{"Statement": {"Effect": "Deny", "Condition": {"NullIfExists": {"a:b": true}}}}`, `line 1, column 48: "NullIfExists" is not a condition operator`},
		{`{"Statement": {"Effect": "Deny", "Condition": {"Bool": {"a:b": [null]}}}}`, `line 1, column 65: a:b must be a string, a number, true or false, or a list of those`},
		{`{"Statement": {"Effect": "Deny", "Condition": []}}`, `line 1, column 47: Condition must be an object`},
	} {
		_, err := Parse([]byte(c.text))
		var at *Error
		if !errors.As(err, &at) || at.Error() != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.text, err, c.want)
		}
	}
}

// What two public projects collected of documents that AWS accepts and refuses. IAM refuses more than other services do:
// a document without Version, an action of no service, a resource that is no ARN. Such documents are out there in other
// services' hands, so Parse reads them; each number says how far that goes, and changes only on purpose. An empty list of
// actions, which IAM refuses and the second project's types allow, is refused.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		rows           []row
		agree, differs int
	}{
		{"moto: accepted by IAM", motoValid(t), 54, 0},
		{"moto: refused by IAM", motoInvalid(t), 44, 34},
		{"micahhausler: bucket policies", bucketPolicies(t), 26, 0},
		{"micahhausler: statements", shapes(t, "policy_statement_test.json", `{"Version": "2012-10-17", "Statement": %s}`), 9, 0},
		{"micahhausler: principals", shapes(t, "principal_test.json", `{"Statement": {"Effect": "Allow", "Action": "s3:*", "Principal": %s}}`), 19, 0},
		{"micahhausler: strings", shapes(t, "string_slice_test.json", `{"Statement": {"Effect": "Allow", "Action": %s}}`), 9, 2},
		{"micahhausler: condition values", shapes(t, "condition_value_test.json", `{"Statement": {"Effect": "Allow", "Action": "s3:*", "Condition": {"StringEquals": {"aws:x": %s}}}}`), 18, 0},
	} {
		agree, differs := 0, 0
		for _, r := range c.rows {
			_, err := Parse([]byte(r.text))
			if (err == nil) == r.valid {
				agree++
				continue
			}
			differs++
			t.Logf("%s: accepted there: %t (%s); here: %v: %s", c.name, r.valid, r.why, err, r.text)
		}
		if agree != c.agree || differs != c.differs {
			t.Errorf("%s: %d agree and %d differ, want %d and %d", c.name, agree, differs, c.agree, c.differs)
		}
	}
}

type row struct {
	text, why string
	valid     bool
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func motoValid(t *testing.T) (rows []row) {
	var documents []json.RawMessage
	read(t, "moto/valid_policy_documents.json", &documents)
	for _, d := range documents {
		rows = append(rows, row{text: string(d), valid: true})
	}
	return rows
}

func motoInvalid(t *testing.T) (rows []row) {
	var cases []struct {
		Document     json.RawMessage
		ErrorMessage string `json:"error_message"`
	}
	read(t, "moto/invalid_policy_document_test_cases.json", &cases)
	for _, c := range cases {
		text := string(c.Document)
		var quoted string
		if json.Unmarshal(c.Document, &quoted) == nil {
			text = quoted
		}
		rows = append(rows, row{text: text, why: c.ErrorMessage})
	}
	return rows
}

func bucketPolicies(t *testing.T) (rows []row) {
	var documents []json.RawMessage
	read(t, "micahhausler/valid_bucket_policies.json", &documents)
	for _, d := range documents {
		rows = append(rows, row{text: string(d), valid: true})
	}
	return rows
}

// shapes puts each JSON text of a table into a document that has nothing else wrong. Rows that are about building values in
// the library that they test, and hold no text, are passed over.
func shapes(t *testing.T, name, document string) (rows []row) {
	var tables map[string][]map[string]json.RawMessage
	read(t, "micahhausler/"+name, &tables)
	for table, cases := range tables {
		for _, c := range cases {
			var in, want string
			invalid := strings.Contains(table, "Invalid") || len(c["wantErr"]) > 0 && string(c["wantErr"]) != "null"
			switch {
			case json.Unmarshal(c["in"], &in) == nil && in != "":
				text := fmt.Sprintf(document, in)
				if table == "TestDisallowUnknownFields" {
					text = in
				}
				rows = append(rows, row{text: text, why: name + " " + table, valid: !invalid})
			case !invalid && json.Unmarshal(c["want"], &want) == nil && want != "" && !strings.Contains(table, "Statement"):
				rows = append(rows, row{text: fmt.Sprintf(document, want), why: name + " " + table, valid: true})
			}
		}
	}
	return rows
}

func FuzzParse(f *testing.F) {
	f.Add(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`)
	f.Add(`{"Statement": [{"Effect": "Deny", "Principal": {"AWS": ["*"]}, "NotAction": ["s3:*"], "Condition": {"Bool": {"aws:SecureTransport": [false, 1]}}}]}`)
	f.Add(`{"Statement": {"Effect": "Allow", "NotPrincipal": "*", "Action": "é", "NotResource": ["\ud800"]}} `)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse([]byte(text))
		for kind := IdentityPolicy; kind <= EndpointPolicy; kind++ {
			lenient, complaints, failed := Check(kind, []byte(text))
			if (lenient == nil) != (failed != nil) || err == nil && (failed != nil || len(lenient.Statements) != len(d.Statements)) {
				t.Errorf("%q: read strictly %v, leniently %v", text, err, failed)
			}
			for _, c := range complaints {
				if c.Line < 1 || c.Column < 1 || c.Text == "" {
					t.Errorf("%q: complaint %+v is nowhere", text, c)
				}
			}
		}
		if err != nil {
			var at *Error
			if !errors.As(err, &at) || at.Line < 1 || at.Column < 1 || at.Line > 1+strings.Count(text, "\n") {
				t.Errorf("%q: error %v is nowhere in the text", text, err)
			}
			return
		}
		if len(d.Statements) == 0 || !json.Valid([]byte(text)) {
			t.Errorf("%q was read as %+v", text, d)
		}
		DeniesWithoutTLS(d, "bucket")
		d.GrantsPublic()
	})
}
