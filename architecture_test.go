package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/onus-cloud/onus"

// TestImportsAreThoseOfArchitecture reads the table of ARCHITECTURE.md and fails on an import that it does not allow, on a
// package that it does not name, and on a row without a package: the page cannot drift from the code.
func TestImportsAreThoseOfArchitecture(t *testing.T) {
	t.Parallel()
	allowed := architecture(t)
	found := map[string]bool{}
	for dir, files := range goFiles(t) {
		row := rowOf(allowed, dir)
		if row == "" {
			t.Errorf("package %s is not in the table of ARCHITECTURE.md: add a row, or put the code where it belongs", dir)
			continue
		}
		found[row] = true
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range parsed.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(imported, "github.com/aws/") && dir != "internal/collect" && dir != "internal/objects" {
					t.Errorf("%s imports %s: only internal/collect and internal/objects may read the AWS SDK, so that all else is tested without it", file, imported)
				}
				ours, ok := strings.CutPrefix(imported, module+"/internal/")
				if ok && !slices.ContainsFunc(allowed[row], func(pattern string) bool { m, _ := path.Match(pattern, ours); return m }) {
					t.Errorf("%s imports internal/%s, which ARCHITECTURE.md does not allow to %s", file, ours, row)
				}
			}
		}
	}
	for row := range allowed {
		if !found[row] {
			t.Errorf("ARCHITECTURE.md names %s, and there is no such package", row)
		}
	}
}

// TestEveryPackageSaysWhatItIs: each package has a comment that starts as godoc wants it.
func TestEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	for dir, files := range goFiles(t) {
		documented := false
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			text := parsed.Doc.Text()
			documented = documented || strings.HasPrefix(text, "Package "+parsed.Name.Name+" ") || strings.HasPrefix(text, "Command ")
		}
		if !documented {
			t.Errorf("package %s has no comment that says what it produces, from what, and what it promises", dir)
		}
	}
}

// architecture returns the table's rows: which of our packages each package may import.
func architecture(t *testing.T) map[string][]string {
	page, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for _, line := range strings.Split(string(page), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "`") {
			continue
		}
		var imports []string
		for _, name := range strings.Split(cells[3], ",") {
			imports = append(imports, strings.TrimSpace(name))
		}
		rows[strings.Trim(strings.TrimSpace(cells[1]), "`")] = imports
	}
	if len(rows) < 10 {
		t.Fatalf("the table of ARCHITECTURE.md has %d rows: it is not found any more", len(rows))
	}
	return rows
}

// rowOf returns the row that is about a folder: its own, or one with a pattern.
func rowOf(rows map[string][]string, dir string) string {
	if _, ok := rows[dir]; ok {
		return dir
	}
	for row := range rows {
		if m, _ := path.Match(row, dir); m {
			return row
		}
	}
	return ""
}

// goFiles returns the Go files that are not tests, by folder. Folders with a go.mod of their own are other modules.
func goFiles(t *testing.T) map[string][]string {
	files := map[string][]string{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".") && name != ".") {
			return fs.SkipDir
		}
		if _, err := os.Stat(filepath.Join(name, "go.mod")); entry.IsDir() && err == nil && name != "." {
			return fs.SkipDir
		}
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			dir := path.Dir(filepath.ToSlash(name))
			files[dir] = append(files[dir], name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
