package watch

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestEveryHostHasAnOwner(t *testing.T) { t.Parallel(); controltest.Run(t, EveryHostHasAnOwner) }
