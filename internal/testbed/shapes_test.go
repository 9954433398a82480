package testbed

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// fixtureResponse is one response for shapes.py.
type fixtureResponse struct {
	Place      string   `json:"place"` // file and member, for messages
	Service    string   `json:"service"`
	Command    string   `json:"command"`
	Parameters []string `json:"parameters"`
	Text       string   `json:"text"`
}

// TestFixtureShapes: what the fixtures of the controls and of load claim that AWS answers has the shape of AWS's answers.
func TestFixtureShapes(t *testing.T) {
	t.Parallel()
	root := Root(t)
	var all []fixtureResponse
	walk := func(file string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(file) != ".txtar" {
			return err
		}
		archive, err := txtar.ParseFile(file)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		all = append(all, fixtureResponses(t, name, archive)...)
		return nil
	}
	for _, folder := range []string{"internal/controls", "internal/load/testdata"} {
		if err := filepath.WalkDir(filepath.Join(root, folder), walk); err != nil {
			t.Fatal(err)
		}
	}
	if len(all) == 0 {
		t.Fatal("no fixtures were found: have they moved?")
	}
	for _, problem := range shapeProblems(t, all) {
		t.Error(problem)
	}
}

// TestShapesAreChecked: a response that AWS would not give is found, with its place, and one that it would give is not.
func TestShapesAreChecked(t *testing.T) {
	t.Parallel()
	archive, err := txtar.ParseFile("testdata/shapes.txtar")
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(shapeProblems(t, fixtureResponses(t, "shapes.txtar", archive)), "\n") + "\n"
	if d := cmp.Diff(string(archive.Comment), got); d != "" {
		t.Error(d)
	}
}

// fixtureResponses are the members of an archive that are named ACCOUNT/[REGION/]SERVICE/COMMAND[-PAGE][--Parameter=VALUE...].json.
func fixtureResponses(t *testing.T, file string, archive *txtar.Archive) []fixtureResponse {
	t.Helper()
	var all []fixtureResponse
	for _, member := range archive.Files {
		parts := strings.Split(member.Name, "/")
		base, isJSON := strings.CutSuffix(path.Base(member.Name), ".json")
		if !isJSON || strings.TrimSpace(string(member.Data)) == "unread" {
			continue
		}
		if member.Name == "receipts.json" {
			continue // what holders of keys signed, not what AWS answers
		}
		if len(parts) < 3 {
			t.Errorf("%s: %s is not named ACCOUNT/[REGION/]SERVICE/COMMAND.json", file, member.Name)
			continue
		}
		words := strings.Split(base, "--")
		r := fixtureResponse{Place: file + ": " + member.Name, Service: parts[len(parts)-2], Command: numbered.ReplaceAllString(words[0], ""), Parameters: []string{}, Text: string(member.Data)}
		for _, parameter := range words[1:] {
			name, _, _ := strings.Cut(parameter, "=")
			r.Parameters = append(r.Parameters, name)
		}
		all = append(all, r)
	}
	return all
}

// numbered ends the names of pages that are saved each to a file of its own.
var numbered = regexp.MustCompile(`-[0-9]+$`)

func shapeProblems(t *testing.T, all []fixtureResponse) []string {
	t.Helper()
	var in, out, problems bytes.Buffer
	encoder := json.NewEncoder(&in)
	for _, r := range all {
		if err := encoder.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), Tool(t, "venv/bin/python"), source(t, "shapes.py"))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &problems
	if err := cmd.Run(); err != nil {
		t.Fatalf("shapes.py: %v\n%s", err, &problems)
	}
	return strings.FieldsFunc(out.String(), func(r rune) bool { return r == '\n' })
}
