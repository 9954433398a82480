package watch

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestFlowLogsOn(t *testing.T) { t.Parallel(); controltest.Run(t, FlowLogsOn) }
