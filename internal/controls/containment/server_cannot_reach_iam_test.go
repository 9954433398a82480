package containment

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestServerCannotReachIAM(t *testing.T) { t.Parallel(); controltest.Run(t, ServerCannotReachIAM) }
