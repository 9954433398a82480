package backups

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestPointWithinRPO(t *testing.T) { t.Parallel(); controltest.Run(t, PointWithinRPO) }
