package atrest

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestKeyNotPublic(t *testing.T) { t.Parallel(); controltest.Run(t, KeyNotPublic) }
