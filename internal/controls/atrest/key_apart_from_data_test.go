package atrest

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestKeyApartFromData(t *testing.T) { t.Parallel(); controltest.Run(t, KeyApartFromData) }
