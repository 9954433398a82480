package waf

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestBlocksRatherThanCounts(t *testing.T) {
	t.Parallel()
	controltest.Run(t, BlocksRatherThanCounts)
}
