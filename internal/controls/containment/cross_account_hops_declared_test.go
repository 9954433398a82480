package containment

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestCrossAccountHopsDeclared(t *testing.T) {
	t.Parallel()
	controltest.Run(t, CrossAccountHopsDeclared)
}
