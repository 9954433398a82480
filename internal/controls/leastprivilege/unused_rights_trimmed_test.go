package leastprivilege

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestUnusedRightsTrimmed(t *testing.T) { t.Parallel(); controltest.Run(t, UnusedRightsTrimmed) }
