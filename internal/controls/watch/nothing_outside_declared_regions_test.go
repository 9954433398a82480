package watch

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestNothingOutsideDeclaredRegions(t *testing.T) {
	t.Parallel()
	controltest.Run(t, NothingOutsideDeclaredRegions)
}
