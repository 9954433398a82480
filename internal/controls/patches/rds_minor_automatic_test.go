package patches

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestRDSMinorAutomatic(t *testing.T) { t.Parallel(); controltest.Run(t, RDSMinorAutomatic) }
