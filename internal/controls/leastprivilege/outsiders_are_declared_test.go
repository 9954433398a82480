package leastprivilege

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestOutsidersAreDeclared(t *testing.T) { t.Parallel(); controltest.Run(t, OutsidersAreDeclared) }
