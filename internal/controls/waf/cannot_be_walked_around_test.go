package waf

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestCannotBeWalkedAround(t *testing.T) { t.Parallel(); controltest.Run(t, CannotBeWalkedAround) }
