package generate_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/generate"
	"github.com/onus-cloud/onus/internal/testbed"
)

// TestShapes: what the generator says that AWS answers has the shapes of botocore's models.
func TestShapes(t *testing.T) {
	t.Parallel()
	set, _ := generate.Acme()
	var in, out, complaints bytes.Buffer
	encoder := json.NewEncoder(&in)
	for r := range set.All() {
		if r.Operation == "s3:GetObject" {
			continue // what is kept of an object is a sample, which is ours and no answer of AWS
		}
		for i, page := range r.Pages {
			err := encoder.Encode(map[string]any{
				"place": fmt.Sprintf("%s/%s %s %s page %d", r.Account, r.Region, r.Operation, r.About(), i+1), "service": r.Operation.Service(),
				"command": command(r.Operation.Name()), "parameters": slices.AppendSeq([]string{}, maps.Keys(r.Parameters)), "text": string(page),
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	shapes := exec.CommandContext(t.Context(), testbed.Tool(t, "venv/bin/python"), filepath.Join(testbed.Root(t), "internal/testbed/shapes.py"))
	shapes.Stdin, shapes.Stdout, shapes.Stderr = &in, &out, &complaints
	if err := shapes.Run(); err != nil {
		t.Fatalf("shapes.py: %v\n%s", err, &complaints)
	}
	for problem := range strings.Lines(out.String()) {
		t.Error(strings.TrimSpace(problem))
	}
}

var humps = regexp.MustCompile(`([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])`)

// command is how the AWS CLI calls an operation: describe-db-instances.
func command(name string) string {
	for _, special := range []string{"ACLs", "ACL"} { // plurals of abbreviations are one word
		name = strings.ReplaceAll(name, special, strings.ToUpper(special[:1])+strings.ToLower(special[1:]))
	}
	return strings.ToLower(humps.ReplaceAllString(humps.ReplaceAllString(name, "$1$3-$2$4"), "$1$3-$2$4"))
}
