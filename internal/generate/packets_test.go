package generate_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/generate"
)

// TestNetwork: it is as large as asked, in order, the same each time, and has what its truth names.
func TestNetwork(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(int, uint64) (*estate.Estate, generate.NetworkTruth){
		"equal": generate.Network, "unequal": generate.UnequalNetwork,
	} {
		for _, n := range []int{300, 3_000} {
			e, truth := make(n, 7)
			if len(e.NetworkInterfaces) != n {
				t.Errorf("%s: there are %d interfaces, want %d", name, len(e.NetworkInterfaces), n)
			}
			sorted(t, e.NetworkInterfaces)
			sorted(t, e.Instances)
			sorted(t, e.SecurityGroups)
			sorted(t, e.Subnets)
			sorted(t, e.RouteTables)
			sorted(t, e.TransitGatewayRouteTables)
			there := map[string]bool{}
			for _, i := range e.NetworkInterfaces {
				there[i.Reference.ID] = true
			}
			if len(truth.Exposures) < 8 || len(truth.NearMisses) < 8 {
				t.Errorf("%s: %d exposures and %d near misses are planted, want some in every VPC", name, len(truth.Exposures), len(truth.NearMisses))
			}
			for _, x := range truth.Exposures {
				if !there[x.Interface] || truth.NearMisses[x.Interface] != "" || x.Sources.Empty() {
					t.Errorf("%s: exposure %+v is not of an interface that is there, or of a near miss", name, x)
				}
			}
			if again, _ := make(n, 7); !reflect.DeepEqual(e, again) {
				t.Errorf("%s: the same arguments gave another estate", name)
			}
		}
	}
}

func sorted[R interface{ Ref() estate.Ref }](t *testing.T, list []R) {
	t.Helper()
	if !slices.IsSortedFunc(list, func(a, b R) int { return strings.Compare(a.Ref().Key(), b.Ref().Key()) }) {
		t.Errorf("the list of %T is not in order", list)
	}
}
