package backups

import (
	"testing"

	"github.com/onus-cloud/onus/internal/control/controltest"
)

func TestPlanCoversEverythingStateful(t *testing.T) {
	t.Parallel()
	controltest.Run(t, PlanCoversEverythingStateful)
}
