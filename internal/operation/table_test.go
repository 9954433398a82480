package operation_test

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/operation"
)

// actions is a part of the action catalogue; its source is said in its first lines.
//
//go:embed testdata/actions.tsv
var actions string

// TestActionsRead holds each IAM action of the table against the action catalogue: it exists, and it lists or reads.
func TestActionsRead(t *testing.T) {
	t.Parallel()
	level := map[string]string{}
	for line := range strings.Lines(actions) {
		if column := strings.Split(strings.TrimSpace(line), "\t"); len(column) == 3 {
			level[column[0]+":"+column[1]] = column[2]
		}
	}
	all := append(operation.Actions(), operation.OptInActions()...)
	for _, action := range all {
		switch l := level[action]; l {
		case "":
			t.Errorf("%s is not in testdata/actions.tsv: is it spelled as the Service Authorization Reference does?", action)
		case "List", "Read":
		default:
			t.Errorf("%s has access level %s: Onus only lists and reads", action, l)
		}
		delete(level, action)
	}
	for action := range level {
		t.Errorf("%s is in testdata/actions.tsv, but no operation needs it", action)
	}
	if slices.Contains(operation.Actions(), "s3:GetObject") {
		t.Error("the policy for reading admits to read objects: that is for those who opt in")
	}
	if !slices.IsSorted(operation.Actions()) {
		t.Error("Actions are not sorted")
	}
}

// TestActionsFit: a policy of all actions fits into a role. IAM counts no white space.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func TestActionsFit(t *testing.T) {
	t.Parallel()
	const most, around = 10240, 140 // the second for what a policy has besides
	size := around
	for _, action := range operation.Actions() {
		size += len(action) + len(`"",`)
	}
	if size > most {
		t.Errorf("a policy of all actions has %d characters, of which a role takes %d", size, most)
	}
}

// TestRows looks at the form of each row.
func TestRows(t *testing.T) {
	t.Parallel()
	id := regexp.MustCompile(`^[a-z0-9-]+:[A-Z][A-Za-z0-9]+$`)
	parameter := regexp.MustCompile(`^[A-Z][A-Za-z0-9]+$`)
	secret := regexp.MustCompile(`^[A-Z][A-Za-z0-9]*(\[\])?(\.([A-Z][A-Za-z0-9]*(\[\])?|\*))*$`)
	for _, op := range operation.All() {
		if !id.MatchString(string(op.ID)) {
			t.Errorf("%s: the id is not service:Operation", op.ID)
		}
		if op.Scope < operation.PerRegion || op.Scope > operation.PerRegionGlobal {
			t.Errorf("%s: no scope is %d", op.ID, op.Scope)
		}
		if len(op.Actions) == 0 {
			t.Errorf("%s: no IAM action", op.ID)
		}
		for _, name := range op.By {
			if !parameter.MatchString(name) {
				t.Errorf("%s: %q is not the name of a parameter", op.ID, name)
			}
		}
		for _, path := range op.Secret {
			if !secret.MatchString(path) {
				t.Errorf("%s: %q is not a path", op.ID, path)
			}
		}
		if got, ok := operation.Get(op.ID); !ok || got.ID != op.ID {
			t.Errorf("%s: Get finds %q", op.ID, got.ID)
		}
	}
	if _, ok := operation.Get("ec2:DescribeNothing"); ok {
		t.Error("Get finds an operation that is not in the table")
	}
}
