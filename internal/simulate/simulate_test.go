package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// answers runs lines and takes the output apart.
func answersTo(t *testing.T, in io.Reader) ([]Answer, Summary) {
	t.Helper()
	var out bytes.Buffer
	sum, err := Run(context.Background(), in, &out)
	if err != nil {
		t.Fatal(err)
	}
	var all []Answer
	for line := range bytes.Lines(out.Bytes()) {
		var a Answer
		if err := json.Unmarshal(line, &a); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, a)
	}
	return all, sum
}

// Each line of testdata/rules.jsonl is one rule, a case of it, and what AWS answers.
func TestRules(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/rules.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	all, _ := answersTo(t, bytes.NewReader(text))
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	if len(all) != len(lines) {
		t.Fatalf("%d answers to %d lines", len(all), len(lines))
	}
	for i, line := range lines {
		var row struct {
			ID         int
			Rule, Want string
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		a := all[i]
		if a.Decision != row.Want || string(a.ID) != fmt.Sprint(row.ID) {
			t.Errorf("%d: %s: %s, want %s: %v %s\n%s", row.ID, row.Rule, a.Decision, row.Want, a.Because, a.Error, line)
		}
		if (a.Decision == "depends") != (len(a.DependsOn) > 0) && row.Want == "depends" {
			t.Errorf("%d: %s: depends on %v", row.ID, row.Rule, a.DependsOn)
		}
	}
}

func TestLinesThatAreWrong(t *testing.T) {
	t.Parallel()
	const policy = `{"name": "p", "policy": %s}`
	line := func(policies string) string {
		return `{"id": "x", "request": {"action": "s3:GetObject", "resource": "arn:aws:s3:::b/k", "principal": "111122223333"}, "identityPolicies": [` + policies + `]}`
	}
	for _, c := range []struct{ line, id, want string }{
		{`nonsense`, `null`, "line 2: column 2: it is not JSON"},
		{`[]`, `null`, "line 2: a JSON object is wanted"},
		{`{"id": 7, "request": 5}`, `7`, `"request" is a number, where an object is wanted`},
		{`{"id": 7, "request": {"action": ["s3:GetObject"]}}`, `7`, `"request.action" is a list, where a string is wanted`},
		{`{"request": {"action": "s3:GetObject", "resourceAccount": true}}`, `null`, `"request.resourceAccount" is true or false, where a string is wanted`},
		{`{"request": {"action": "s3:GetObject", "principal": {"name": "x"}}}`, `null`, `principal names nobody`},
		{`{"id": "é", "id": 2, "request": {"action": "s3:GetObject"}}`, `2`, `line 2: column 13: "id" is there twice`},
		{`{"request": {"action": "s3:GetObject"}, "Request": {}}`, `null`, `line 2: column 41: "Request" is there twice`},
		{"{\"id\": \"\xff\"}", `null`, "line 2: column 9: it is not UTF-8"},
		{"{\x00\"\x00\xff", `null`, "it is not UTF-8; is it UTF-16?"},
		{`{"id": {"a": 1}}`, `{"a":1}`, `"request" has no "action"`},
		{`{"request": {"action": "s3:GetObject", "principal": "me"}}`, `null`, `the principal "me" is no ARN`},
		{`{"request": {"action": "s3:GetObject", "principal": "arn:aws:iam::111122223333:group/g"}}`, `null`, "a group, which cannot call"},
		{`{"request": {"action": "GetObject"}}`, `null`, `the action "GetObject" has no service`},
		{`{"request": {"action": "s3:GetObject", "resource": 7}}`, `null`, `resource is a string or a list of strings`},
		{`{"request": {"action": "s3:GetObject", "context": {"aws:x": "1", "AWS:X": "1"}}}`, `null`, `column 66: "request.context.AWS:X" is there twice`},
		{`{"request": {"action": "s3:GetObject", "context": {"aws:x": {}}}}`, `null`, "context key aws:x: a value is a string"},
		{`{"request": {"action": "s3:GetObject"}, "unknownContext": "maybe"}`, `null`, `unknownContext is "maybe"`},
		{line(fmt.Sprintf(policy, `{"Statement": [{"Effect": "allow"}]}`)), `"x"`, `line 2: identityPolicies[0] (p), line 1, column 27: Effect is "allow": it must be Allow or Deny: The policy failed legacy parsing`},
		{line(fmt.Sprintf(policy, `"{\n \"Statment\": []}"`)), `"x"`, `identityPolicies[0] (p), line 2, column 2: a policy document has no element "Statment": Syntax errors in policy.`},
		{line(`{"Statement": {"Effect": "Allow", "Action": "GetObject", "Resource": "*"}}`), `"x"`, `identityPolicies[0], line 1, column 45: Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc`},
		{line(`"arn:aws:iam::aws:policy/NoSuchAccess"`), `"x"`, "identityPolicies[0]: arn:aws:iam::aws:policy/NoSuchAccess is none of AWS's managed policies"},
		{line(`{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "b"}}`), `"x"`, `Resource b must be in ARN format or "*"`},
	} {
		all, sum := answersTo(t, strings.NewReader("\n"+c.line+"\n\n"+line("")))
		if len(all) != 2 || sum != (Summary{Lines: 2, Wrong: 1}) || !strings.Contains(all[0].Error, c.want) || string(all[0].ID) != c.id || all[1].Decision != "allowed" {
			t.Errorf("%s\n got %+v of %+v\nwant %s", c.line, all, sum, c.want)
		}
	}
}

// What means nothing is told: a misspelt member would otherwise be taken for one that was left out.
func TestMembersThatMeanNothing(t *testing.T) {
	t.Parallel()
	all, _ := answersTo(t, strings.NewReader(`{"comment": 1, "identityPolicy": [], "request": {"action": "s3:GetObject", "ressource": "*", "Principal": "*"}}`))
	if want := []string{"comment", "identityPolicy", "request.ressource"}; !slices.Equal(all[0].Ignored, want) {
		t.Errorf("%v, want %v", all[0].Ignored, want)
	}
}

// Of several resources each has its reasons told.
func TestReasonsOfSeveralResources(t *testing.T) {
	t.Parallel()
	line := func(resources, extra string) string {
		return `{"unknownContext": "depends", "request": {"action": "s3:GetObject", "resource": ` + resources + `, "principal": "arn:aws:iam::111122223333:user/ann"}, ` +
			`"identityPolicies": {"Version": "2012-10-17", "Statement": [` +
			`{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::a/*"` + extra + `}, {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::b/*"` + extra + `}]}}`
	}
	const both = `["arn:aws:s3:::a/k", "arn:aws:s3:::b/k"]`
	all, _ := answersTo(t, strings.NewReader(line(both, "")+"\n"+line(both, `, "Condition": {"Null": {"aws:SourceVpc": "true"}}`)))
	if all[0].Decision != "allowed" || len(all[0].Because) != 2 || all[1].Decision != "depends" || len(all[1].DependsOn) != 2 {
		t.Errorf("%+v", all)
	}
}

// Where nobody knows and the answer is no, the statements that might have matched are its reasons.
func TestReasonsWhereNobodyKnows(t *testing.T) {
	t.Parallel()
	const statement = `{"Effect": "%s", "Action": "*", "Resource": "*"%s}`
	const mfa = `, "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}, "Null": {"aws:SourceVpc": "false"}}`
	for _, c := range []struct {
		statements, want string
		index            int
	}{
		{fmt.Sprintf(statement, "Allow", mfa), "implicitDeny", 0},
		{fmt.Sprintf(statement, "Allow", "") + "," + fmt.Sprintf(statement, "Deny", mfa), "explicitDeny", 1},
	} {
		all, _ := answersTo(t, strings.NewReader(
			`{"unknownContext": "deny", "request": {"action": "s3:GetObject", "resource": "arn:aws:s3:::b/k", "principal": "arn:aws:iam::111122223333:user/ann"}, `+
				`"identityPolicies": {"Version": "2012-10-17", "Statement": [`+c.statements+`]}}`))
		a := all[0]
		if a.Decision != c.want || len(a.Because) != 1 || a.Because[0].Statement == nil || *a.Because[0].Statement != c.index || len(a.DependsOn) != 2 {
			t.Errorf("%s: %+v, want %s by statement %d alone", c.statements, a, c.want, c.index)
		}
	}
}

// The stream is as long as it likes, the answers come in its order, and the memory does not grow with it.
func TestLongStreamsAreAnsweredInOrder(t *testing.T) {
	t.Parallel()
	const n = 5000
	in, feed := io.Pipe()
	go func() {
		for i := range n {
			fmt.Fprintf(feed, `{"id": %d, "request": {"action": "s3:GetObject", "principal": "111122223333", "resource": "arn:aws:s3:::b/%d"}}`+"\n", i, i)
		}
		feed.Close()
	}()
	all, sum := answersTo(t, in)
	if sum != (Summary{Lines: n}) {
		t.Errorf("%+v", sum)
	}
	for i, a := range all {
		if string(a.ID) != fmt.Sprint(i) || a.Decision != "allowed" {
			t.Fatalf("answer %d is %+v", i, a)
		}
	}
}

// Whoever asks one line at a time gets each answer before the next question.
func TestOneLineAtATime(t *testing.T) {
	t.Parallel()
	in, ask := io.Pipe()
	answer, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := Run(context.Background(), in, out)
		out.Close()
		done <- err
	}()
	decoder := json.NewDecoder(answer)
	for i := range 3 {
		fmt.Fprintf(ask, `{"id": %d, "request": {"action": "s3:GetObject"}}`+"\n", i)
		var a Answer
		if err := decoder.Decode(&a); err != nil || string(a.ID) != fmt.Sprint(i) || a.Decision != "implicitDeny" {
			t.Fatalf("%+v %v", a, err)
		}
	}
	ask.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func FuzzLine(f *testing.F) {
	text, err := os.ReadFile("testdata/rules.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		a, wrong := (&simulator{}).answer(1, line)
		if wrong != (a.Error != "") || !wrong && a.Decision == "" {
			t.Errorf("%s: %+v", line, a)
		}
		if _, err := json.Marshal(a); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	})
}

// An answer that depends names the keys that can change it, and no other.
func TestDependsOnWhatMatters(t *testing.T) {
	t.Parallel()
	statement := func(effect, key, principal string) string {
		condition := ""
		if key != "" {
			condition = fmt.Sprintf(`, "Condition": {"StringEquals": {%q: "1"}}`, key)
		}
		if principal != "" {
			principal = fmt.Sprintf(`, "Principal": {"AWS": %q}`, principal)
		}
		return fmt.Sprintf(`{"Effect": %q, "Action": "*", "Resource": "*"%s%s}`, effect, condition, principal)
	}
	document := func(statements ...string) string {
		return `{"Version": "2012-10-17", "Statement": [` + strings.Join(statements, ",") + `]}`
	}
	const ann, account = "arn:aws:iam::111122223333:user/ann", "111122223333"
	for _, c := range []struct {
		name, parts string
		want        []string
	}{
		{"an allow beside one that is sure", `"identityPolicies": ` + document(statement("Allow", "", ""), statement("Allow", "aws:a", "")) +
			`, "permissionBoundaries": ` + document(statement("Allow", "aws:b", "")), []string{"aws:b"}},
		{"a key and a variable that it is compared with", `"identityPolicies": ` + document(`{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::${aws:r}/*", "Condition": {"StringEquals": {"aws:a": ["${aws:b}", "${aws:c, 'x'}", "1"]}}}`),
			[]string{"aws:r", "aws:a", "aws:b", "aws:c"}},
		{"variables of a resource that cannot match", `"identityPolicies": ` + document(`{"Effect": "Allow", "Action": "*", "Resource": ["arn:aws:s3:::other/${aws:o}", "arn:aws:s3:::b/${aws:r}${aws:s}"]}`),
			[]string{"aws:r", "aws:s"}},
		{"a delegation where identity decides", `"identityPolicies": ` + document(statement("Allow", "aws:a", "")) +
			`, "resourcePolicy": ` + document(statement("Allow", "aws:b", account)), []string{"aws:a"}},
		{"both ways to an allow", `"identityPolicies": ` + document(statement("Allow", "aws:a", "")) +
			`, "resourcePolicy": ` + document(statement("Allow", "aws:b", ann)), []string{"aws:a", "aws:b"}},
		{"what the resource gives, past identity and its boundary", `"identityPolicies": ` + document(statement("Allow", "aws:a", "")) +
			`, "permissionBoundaries": ` + document(statement("Allow", "aws:b", "")) +
			`, "resourcePolicy": ` + document(statement("Allow", "", ann), statement("Deny", "aws:c", ann)), []string{"aws:c"}},
		{"an allow of resource control", `"identityPolicies": ` + document(statement("Allow", "aws:a", "")) +
			`, "resourceControlPolicies": ` + document(statement("Allow", "aws:b", "*"), statement("Deny", "aws:c", "*")), []string{"aws:a", "aws:c"}},
		{"service control, of which one level is sure", `"identityPolicies": ` + document(statement("Allow", "", "")) +
			`, "serviceControlPolicies": [{"level": "root", "policies": [` + document(statement("Allow", "", "")) + `, ` + document(statement("Allow", "aws:a", "")) +
			`]}, {"level": "account", "policies": [` + document(statement("Allow", "aws:b", "")) + `]}]`, []string{"aws:b"}},
	} {
		all, _ := answersTo(t, strings.NewReader(`{"unknownContext": "depends", "request": {"action": "s3:GetObject", "resource": "arn:aws:s3:::b/k", "principal": "`+ann+`"}, `+c.parts+`}`))
		var keys []string
		for _, d := range all[0].DependsOn {
			keys = append(keys, d.Key)
		}
		if all[0].Decision != "depends" || !slices.Equal(keys, c.want) {
			t.Errorf("%s: %s on %v, want %v", c.name, all[0].Decision, keys, c.want)
		}
	}
}
