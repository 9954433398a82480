package leastprivilege

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestRootLocked(t *testing.T) { t.Parallel(); controltest.Run(t, RootLocked) }
