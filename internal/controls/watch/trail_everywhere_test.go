package watch

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestTrailEverywhere(t *testing.T) { t.Parallel(); controltest.Run(t, TrailEverywhere) }
