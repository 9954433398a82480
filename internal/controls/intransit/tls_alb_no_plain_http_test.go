package intransit

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestALBNoPlainHTTP(t *testing.T) { t.Parallel(); controltest.Run(t, ALBNoPlainHTTP) }
