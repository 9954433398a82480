package atrest

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestVolumeDefaultEveryRegion(t *testing.T) {
	t.Parallel()
	controltest.Run(t, VolumeDefaultEveryRegion)
}
