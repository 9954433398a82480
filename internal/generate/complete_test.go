package generate_test

import (
	"testing"

	"github.com/onus-cloud/onus/internal/generate"
	"github.com/onus-cloud/onus/internal/operation"
)

// TestComplete: every listing of the table is answered everywhere, every other operation somewhere, and nothing twice.
func TestComplete(t *testing.T) {
	t.Parallel()
	set, _ := generate.Acme()
	answered, somewhere := map[string]bool{}, map[operation.ID]bool{}
	for r := range set.All() {
		key := r.Account + "/" + r.Region + " " + string(r.Operation) + " " + r.About()
		if answered[key] {
			t.Errorf("%s is answered twice", key)
		}
		answered[key], somewhere[r.Operation] = true, true
	}
	for _, op := range operation.All() {
		if !somewhere[op.ID] {
			t.Errorf("nothing answers %s", op.ID)
		}
		if !op.Lists() || op.Scope == operation.PerOrganization {
			continue
		}
		for _, account := range set.Scope.Accounts {
			var places []string
			if op.Scope != operation.PerAccount {
				places = append(places, "us-east-1", "eu-west-1")
			}
			if op.Scope != operation.PerRegion {
				places = append(places, "global")
			}
			for _, place := range places {
				if !answered[account+"/"+place+" "+string(op.ID)+" "] {
					t.Errorf("%s is not answered in %s/%s", op.ID, account, place)
				}
			}
		}
	}
}
