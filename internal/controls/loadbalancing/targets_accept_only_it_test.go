package loadbalancing

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestTargetsAcceptOnlyIt(t *testing.T) { t.Parallel(); controltest.Run(t, TargetsAcceptOnlyIt) }
