package containment

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestPeeringNarrow(t *testing.T) { t.Parallel(); controltest.Run(t, PeeringNarrow) }
